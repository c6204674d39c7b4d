// Calling somebody out of turn, at the desk and at the console: what becomes of who is in the room is said by whoever calls,
// to a named patient, and is named afterwards and in the undo.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, choose, columnIs, Hospital, inHand, looks, ONE_SLOT, pause, SIZES } from './hospital.mjs';

const A = 'renmin.xinnei.liming';

let hospital;
let browser;
let desk;
let doctor;

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  for (const [i, name] of ['张小三', '周雨桐', '何伟'].entries()) {
    await hospital.call('POST', '/tickets', { queue: A, patient: await hospital.person(name, `198${i}-01-01`, 50 + i) }, hospital.desk);
  }
  browser = await new Browser(hospital.base).start();
  doctor = await browser.staff('/doctor', SIZES.console, 'liming');
  await doctor.click('[data-action=start_work][data-service-point="renmin.xinnei.r3"]');
  await doctor.click('[data-action=call_next_patient]');
  await inHand(doctor, 'A001');
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

/** The open dialog names who is in the room, and nothing of it is answered beforehand. */
async function asksAbout(page, who) {
  await page.waitForSelector(`dialog [data-settle] legend:has-text("3号诊室"):has-text("${who}")`);
  assert.equal(await page.$('dialog [data-outcome]:checked'), null);
  await page.click('dialog [data-choice]');
  await page.click('dialog [data-action=dialog_go]');
  await pause(300);
  assert.ok(await page.$('dialog[open]'), 'without a word about who is inside nobody is called');
}

test('the desk calls somebody to a room with a patient: who that is, what becomes of them, both in the bar and its undo', async () => {
  await choose(desk, 'A002');
  await desk.click('[data-chosen] [data-action=call_ticket]');
  await asksAbout(desk, 'A001 张小三');
  await desk.check('dialog [data-outcome=seen]');
  await desk.click('dialog [data-action=dialog_go]');
  await inHand(doctor, 'A002');
  await desk.waitForSelector('#undo:has-text("A001 张小三 看完,已叫 A002 周雨桐 到3号诊室")');
  await desk.click('[data-action=undo_last]');
  await inHand(doctor, 'A001');
  await columnIs(desk, A, ['A001', 'A002', 'A003']);
});

test('the doctor calls a chosen ticket with somebody in hand: the same question, no answer beforehand', async () => {
  await doctor.click('.hand [data-action=start_service]');
  await doctor.click('[data-row][data-number=A003] [data-action=call_ticket]');
  await asksAbout(doctor, 'A001 张小三');
  // Who is with the doctor has come.
  assert.equal(await doctor.$('dialog [data-outcome=not_here]'), null);
  await doctor.check('dialog [data-outcome=seen]');
  await doctor.click('dialog [data-action=dialog_go]');
  await inHand(doctor, 'A003');
  await doctor.waitForSelector('#undo:has-text("A001 看完,已叫 A003 何伟")');
});

test('who cannot be said to be missed yet is not offered as that, and a refusal leaves the dialog and its reason', async () => {
  await doctor.click('[data-tab=waiting]');
  await doctor.click('[data-row][data-number=A002] [data-action=call_ticket]');
  await doctor.waitForSelector('dialog [data-outcome=not_here]:disabled');
  assert.match(await doctor.innerText('dialog label:has([data-outcome=not_here])'), /没来,记过号\s*— 先复呼一次\(F2\)/);
  await doctor.waitForSelector('dialog h2:has-text("叫 A002 周雨桐(男 45岁)")');
  // The key that it names is heard here.
  await doctor.focus('dialog [data-outcome=waits]');
  await doctor.keyboard.press('F2');
  await doctor.waitForFunction(() => !/复呼/.test(document.querySelector('dialog label:has([data-outcome=not_here])').innerText));
  if (process.env.SHOTS) await doctor.screenshot({ path: `${process.env.SHOTS}/call-this.png` });
  await looks(doctor);
  await doctor.check('dialog [data-outcome=waits]');
  await doctor.fill('dialog [name=text]', '病情变化');
  // Meanwhile the one who is to be called has gone.
  const { ticket } = await doctor.$eval('[data-row][data-number=A002]', (row) => ({ ticket: row.dataset.row }));
  await hospital.call('POST', '/tickets/cancel', { ticket, reason: 'left' }, hospital.desk);
  await doctor.click('dialog [data-action=dialog_go]');
  await doctor.waitForSelector('dialog [data-refused]');
  assert.equal(await doctor.inputValue('dialog [name=text]'), '病情变化');
  assert.equal(await doctor.$('dialog [data-settle]'), null, 'who gave way is out of the room already');
  await doctor.click('dialog [data-action=dialog_cancel]');
  await inHand(doctor, '');
});

test('who is inside gives way with the place kept', async () => {
  const emergency = await hospital.call('POST', '/tickets', { queue: A, patient: await hospital.person('急来的', '1990-01-01', 60), class: 'emergency' }, hospital.desk);
  await doctor.click('[data-action=call_next_patient]');
  await inHand(doctor, emergency.number);
  await doctor.click('[data-row][data-number=A003] [data-action=call_ticket]');
  await doctor.check('dialog [data-outcome=waits]');
  await doctor.click('dialog [data-choice]');
  await doctor.click('dialog [data-action=dialog_go]');
  await inHand(doctor, 'A003');
  await doctor.waitForSelector(`#undo:has-text("${emergency.number} 先等,位置不变;已叫 A003 何伟 到3号诊室")`);
  await columnIs(desk, A, ['A003', emergency.number]);
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
