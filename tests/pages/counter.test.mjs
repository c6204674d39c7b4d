// The counter and the corridor in a hurry: a scanner at the desk, a clinic clock that is not the machine's, a network that
// goes away, and what each page then says.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, choose, columnIs, Hospital, inHand, ONE_SLOT, pause, residentNumber, SIZES } from './hospital.mjs';

const A = 'renmin.xinnei.liming';
const NAMES = ['张小三', '欧阳雪', '何伟', '司马光', '周海燕', '李芳'];

let hospital;
let browser;
let desk;
let door;

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  for (const [i, name] of NAMES.entries()) {
    await hospital.book('renmin.xinnei.s1', '08:30', await hospital.person(name, `19${60 + i * 7}-02-0${i + 1}`, i + 1));
  }
  browser = await new Browser(hospital.base).start();
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await desk.waitForSelector(`[data-queue="${A}"]`);
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

/** A scanner: the keys of a text and Enter, eight milliseconds each. */
async function scan(text, page = desk, gapMs = 0) {
  await page.keyboard.type(text.slice(0, 6), { delay: 8 });
  if (gapMs) await pause(gapMs);
  await page.keyboard.type(text.slice(6), { delay: 8 });
  await page.keyboard.press('Enter');
}

test('a scanner: Enter at once checks in, also one number after another', async () => {
  await desk.click('#search');
  await scan('A001');
  await columnIs(desk, A, ['A001']);
  // As some scanners do it: Enter twice. It is one wish.
  await scan('A002');
  await desk.keyboard.press('Enter');
  await columnIs(desk, A, ['A001', 'A002']);
  for (const number of ['A003', 'A004']) {
    await scan(number);
    await pause(700);
  }
  await columnIs(desk, A, ['A001', 'A002', 'A003', 'A004']);
  assert.equal(await desk.inputValue('#search'), '');
  assert.equal(await desk.$('[data-notice]'), null);
  // What nobody has stays marked: the next scan takes its place.
  await scan('X999');
  await desk.waitForSelector('.found .empty');
  await scan('A005');
  await columnIs(desk, A, ['A001', 'A002', 'A003', 'A004', 'A005']);
});

test('the check-in code changes with its own minute, whatever the clinic\'s clock says', async () => {
  const codes = ['111111', '222222'];
  let asked = 0;
  await desk.route('**/area-code', (route) => {
    asked += 1;
    // As from a machine that is days ahead of the clinic.
    return route.fulfill({ json: { code: codes[Math.min(asked, 2) - 1], valid_until: '2030-01-01T08:00:00.000+08:00', valid_s: asked === 1 ? 1 : 50 } });
  });
  await desk.reload();
  await desk.waitForSelector('[data-area-code="111111"]');
  await desk.waitForSelector('[data-area-code="222222"]', { timeout: 6000 });
  await pause(1500);
  assert.equal(asked, 2, 'asked once a minute');
  await desk.unroute('**/area-code');
});

test('a walk-in with a priority: the proof is asked for and stays on the record; one undo takes the number back', async () => {
  const form = '[data-form=register_walk_in]';
  const fill = async (name, serial) => {
    await desk.fill(`${form} [name=name]`, name);
    await desk.fill(`${form} [name=number]`, residentNumber('1977-05-05', serial));
    await desk.selectOption(`${form} [name=queue]`, A);
    await desk.selectOption(`${form} [name=class]`, 'disabled');
    await desk.fill(`${form} [name=proof]`, '残疾人证');
    await desk.click('[data-action=register_walk_in]');
  };
  assert.equal(await desk.$(`${form} [name=proof]`), null);
  await fill('孙磊', 5);
  await columnIs(desk, A, ['A001', 'A002', 'A007', 'A003', 'A004', 'A005']);
  assert.equal(await desk.$(`${form} [name=proof]`), null);
  await choose(desk, 'A007');
  await desk.waitForSelector('[data-chosen] .history li:has-text("改优先")');
  await desk.click('[data-side=walk_in]');
  await desk.waitForSelector('[data-slip]:has-text("前面还有 2 位")');
  await desk.click('[data-action=undo_last]');
  await columnIs(desk, A, ['A001', 'A002', 'A003', 'A004', 'A005']);
});

test('who has a number from the phone gets no second one at the desk without a word', async () => {
  const phone = '13911112222';
  const { device } = await hospital.call('POST', '/session/code', { phone });
  const { access_token: token } = await hospital.call('POST', '/session', { phone, code: hospital.codeOf(phone), device });
  const person = {
    document_kind: 'resident_id', document_number: residentNumber('1988-08-08', 7), name: '郑和', sex: 'male', birth_date: '1988-08-08', relation: 'self',
  };
  const { patient } = await hospital.call('POST', '/persons', person, token);
  const appointment = await hospital.book('renmin.xinnei.s1', '08:30', patient);
  const { ticket, number } = await hospital.call('POST', '/appointments/check-in', { appointment }, hospital.desk);
  const form = '[data-form=register_walk_in]';
  const slips = () => desk.$$eval('[data-slip]', (all) => all.map((slip) => slip.dataset.slip));
  const before = await slips();
  await desk.fill(`${form} [name=name]`, person.name);
  await desk.fill(`${form} [name=number]`, person.document_number);
  await desk.selectOption(`${form} [name=queue]`, A);
  await desk.click('[data-action=register_walk_in]');
  await desk.waitForSelector(`dialog [data-has-number="${number}"]`);
  await desk.click('dialog [data-action=dialog_cancel]');
  await desk.waitForSelector('[data-action=register_walk_in][aria-busy=false]');
  assert.deepEqual(await slips(), before, 'no number was taken');
  await hospital.call('POST', '/tickets/cancel', { ticket, reason: 'test' }, hospital.desk);
});

test('a lost slip: found by how people say the number, and printed once more', async () => {
  await desk.click('#search');
  for (const text of ['a3', '3']) {
    await desk.fill('#search', '');
    await desk.fill('#search', text);
    await desk.waitForSelector('.found [data-hit]:has-text("A003")');
  }
  await desk.fill('#search', 'a6');
  await desk.waitForSelector('.found [data-appointment]:has-text("A006")');
  await desk.press('#search', 'Escape');
  await choose(desk, 'A003');
  await desk.waitForSelector('[data-chosen] [data-action=print_slip]');
  await desk.emulateMedia({ media: 'print' });
  assert.deepEqual(await desk.$$eval('.side .number', (all) => all.filter((e) => e.getClientRects().length).map((e) => e.textContent)), ['A003']);
  assert.match(await desk.innerText('.slip'), /李明门诊.*A003.*请在 .+ 候诊.*前面还有 2 位/s);
  await desk.click('[data-side=walk_in]', { force: true }).catch(() => {});
  await desk.emulateMedia({ media: 'screen' });
});

test('what is scanned answers no dialog and stands in no other field', async () => {
  const code = 'renmin.xinnei.t1~AB12cd34';
  await desk.click('[data-side=walk_in]');
  const name = '[data-form=register_walk_in] [name=name]';
  await desk.fill(name, '钱');
  await desk.focus(name);
  await scan(code);
  await desk.waitForSelector('.found .empty');
  assert.equal(await desk.inputValue('#search'), code);
  assert.equal(await desk.inputValue(name), '钱');
  await desk.press('#search', 'Escape');
  await desk.fill(name, '');
  // A row that has the focus is not chosen by it, either.
  await desk.focus('[data-row][data-number=A002]');
  await scan(code);
  await desk.waitForSelector('.found .empty');
  assert.equal(await desk.$('[data-chosen]'), null);
  await desk.press('#search', 'Escape');
  await choose(desk, 'A005');
  await desk.click('[data-action=cancel_ticket]');
  await desk.waitForSelector('dialog [name=text]');
  await scan(code);
  await pause(300);
  assert.equal(await desk.inputValue('dialog [name=text]'), '');
  await desk.click('dialog [data-action=dialog_cancel]');
  await desk.waitForSelector('dialog', { state: 'detached' });
  await columnIs(desk, A, ['A001', 'A002', 'A003', 'A004', 'A005']);
});

test('who is not found is registered with what was typed, by two keys', async () => {
  await desk.fill('#search', '钱进');
  await desk.waitForSelector('.found [data-action=walk_in_with]');
  await desk.press('#search', 'Control+Enter');
  const form = '[data-form=register_walk_in]';
  await desk.waitForFunction((number) => document.activeElement === document.querySelector(number), `${form} [name=number]`);
  assert.equal(await desk.inputValue(`${form} [name=name]`), '钱进');
  assert.equal(await desk.inputValue('#search'), '');
  await desk.fill('#search', '13900001111');
  await desk.waitForSelector('.found [data-action=walk_in_with]');
  await desk.press('#search', 'Tab');
  await desk.keyboard.press('Enter');
  await desk.waitForFunction((name) => document.activeElement === document.querySelector(name), `${form} [name=name]`);
  assert.equal(await desk.inputValue(`${form} [name=phone]`), '13900001111');
  await desk.fill(`${form} [name=phone]`, '');
});

test('a call that nobody announced is marked in the row and above its column; the tab counts who waits', async () => {
  const doctor = await browser.staff('/doctor', SIZES.console, 'liming');
  await doctor.click('[data-action=start_work][data-service-point="renmin.xinnei.r3"]');
  await doctor.click('[data-action=call_next_patient]');
  await inHand(doctor, 'A001');
  // The hand was last on the button that says seen, and something is scanned: neither calls the next one.
  // A scanner by radio stops in the middle for a moment.
  for (const [text, gapMs] of [['6901234567892', 0], ['6901234567892', 150], ['renmin.xinnei.t1~AB12cd34', 0]]) {
    await doctor.focus('[data-action=call_next_patient]');
    await scan(text, doctor, gapMs);
    await pause(400);
    await inHand(doctor, 'A001');
  }
  await desk.click('[data-filter=waiting]');
  await desk.waitForSelector('[data-row][data-number=A001][data-state=called]');
  await desk.waitForSelector('[data-filter=waiting]:text-is("候诊 4")');
  await desk.waitForSelector('[data-row][data-number=A001] [data-not-announced]');
  await desk.waitForSelector(`[data-unheard="${A}"]:has-text("A001")`);
  // Called out by the nurse, it is put away by the keyboard alone; the row keeps its mark, and the next call says it anew.
  await desk.focus(`[data-unheard="${A}"] [data-action=put_away]`);
  await desk.keyboard.press('Enter');
  await desk.waitForSelector(`[data-unheard="${A}"]`, { state: 'detached' });
  await desk.waitForFunction(() => document.activeElement.id === 'search');
  await desk.waitForSelector('[data-row][data-number=A001] [data-not-announced]');
  await doctor.click('[data-action=recall_patient]');
  await desk.waitForSelector(`[data-unheard="${A}"]:has-text("A001")`);
  await doctor.context().close();
});

test('screens: an address that is none says so; the list says where each hangs and whether it is there', async () => {
  browser.serverIsDown = true; // the browser notes the refusal
  const nowhere = await browser.open('/board/renmin.nothere', SIZES.screen);
  await nowhere.waitForSelector('[data-unknown="renmin.nothere"]:has-text("没有编号是 renmin.nothere 的候诊区")');
  await nowhere.context().close();
  browser.serverIsDown = false;
  await desk.click('[data-side=screens]');
  door = await browser.open('/door/renmin.xinnei.r3', SIZES.screen);
  await desk.fill('[data-form=approve_screen] [name=code]', await door.getAttribute('[data-pairing-code]', 'data-pairing-code'));
  await desk.click('[data-action=approve_screen]');
  await door.waitForSelector('.now.called[data-number=A001]');
  await desk.click('[data-side=walk_in]');
  await desk.click('[data-side=screens]');
  await desk.reload();
  await desk.click('[data-side=screens]');
  await desk.waitForSelector('[data-screen]:has-text("3号诊室 门口"):has-text("在线")');
});

test('what was said goes when the language is another; a wrong password is said as one', async () => {
  await desk.fill('#search', 'A006');
  await desk.press('#search', 'Enter');
  await desk.waitForSelector('#undo[shown]');
  await desk.click('[data-action=switch_language]');
  await desk.waitForSelector('#undo:not([shown])', { state: 'attached' });
  await desk.click('[data-action=switch_language]');
  browser.serverIsDown = true;
  const other = await browser.open('/desk', SIZES.desk);
  await other.fill('[name=name]', 'fenzhen');
  await other.fill('[name=password]', 'not-the-password');
  await other.click('[data-action=sign_in]');
  await other.waitForSelector('[role=alert]:text-is("用户名或密码不对")');
  await other.context().close();
  browser.serverIsDown = false;
});

test('the phone says at once that its network is gone', async () => {
  const phone = await browser.open('/patient', SIZES.phone);
  await phone.fill('[name=phone]', '13800000001');
  await phone.click('[data-action=send_code]');
  await phone.waitForSelector('[name=code]');
  await phone.fill('[name=code]', hospital.codeOf('13800000001'));
  await phone.click('[data-action=sign_in]');
  await phone.waitForSelector('[data-form=register_person]');
  browser.serverIsDown = true;
  await phone.context().setOffline(true);
  await phone.waitForSelector('jh-offline-band[shown]', { timeout: 4000 });
  await phone.context().setOffline(false);
  await phone.waitForSelector('jh-offline-band:not([shown])', { state: 'attached' });
  await phone.context().close();
  browser.serverIsDown = false;
});

test('without the server: the desk can press nothing, the door calls nobody; back again, no old complaint stands', async () => {
  browser.serverIsDown = true;
  await hospital.end('SIGKILL');
  await desk.waitForSelector('jh-offline-band[shown]', { timeout: 15000 });
  assert.ok(!(await desk.isVisible('[data-side=sessions]')), 'what nobody can do is not offered');
  await desk.waitForFunction(() => [...document.querySelectorAll('.side fieldset.body button')].every((e) => e.matches(':disabled')));
  await door.waitForSelector('[data-band=offline]:has-text("屏幕暂停更新"):has-text("nurse")');
  await door.waitForSelector('.now .label:has-text("最后叫号"):has-text("Last call")');
  assert.doesNotMatch(await door.textContent('.now'), /请就诊|come in/i);
  await desk.fill('#search', 'A006');
  await desk.press('#search', 'Enter');
  await desk.waitForSelector('[data-entry=written]:has-text("A006")');
  await desk.click('[data-row]');
  await hospital.open();
  await desk.waitForSelector('jh-connection[state=live]');
  await desk.waitForSelector('[data-notice=offline]', { state: 'detached', timeout: 5000 });
  await door.waitForSelector('.now .label:has-text("请就诊")');
  browser.serverIsDown = false;
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
