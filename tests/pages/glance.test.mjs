// What the desk and the console say without being asked: who it is, what was done to whom, and that an emergency has come.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, choose, drawn, Hospital, looks, ONE_SLOT, seenByHand, SIZES } from './hospital.mjs';

const A = 'renmin.xinnei.liming';

let hospital;
let browser;
let desk;
let doctor;

const shot = async (page, name) => process.env.SHOTS && page.screenshot({ path: `${process.env.SHOTS}/${name}.png` });

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  for (const [session, born, serial, phone] of [['s1', '1988-03-03', 11, '13900000002'], ['s2', '1942-04-04', 12, '13900000417']]) {
    await hospital.book(`renmin.xinnei.${session}`, '08:30', await hospital.person('刘志强', born, serial, phone));
  }
  browser = await new Browser(hospital.base).start();
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await desk.waitForSelector(`[data-queue="${A}"]`);
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

test('two of one name are told apart by sex, age, doctor and telephone, and the bar says whose check-in it was', async () => {
  await desk.fill('#search', '刘志强');
  await desk.waitForSelector('.found [data-appointment]:nth-of-type(2)');
  await desk.waitForSelector('.found .bio');
  assert.deepEqual((await desk.$$eval('.found [data-appointment] .grow', (all) => all.map((one) => one.innerText.replace(/\s+/g, ' ')))).sort(), [
    '刘志强 女 84岁 周静 · 预约 08:30 · 手机尾号 0417', '刘志强 男 38岁 李明 · 预约 08:30 · 手机尾号 0002',
  ]);
  await looks(desk);
  await shot(desk, '01-two-of-one-name');
  await desk.click('.found [data-appointment]:has-text("0417") [data-action=check_in]');
  await desk.waitForSelector('#undo:has-text("已签到:B001 刘志强(女 84岁) · 周静门诊 · 老年 · 前面 0 位")');
  await shot(desk, '01-bar');
});

/** As an emergency without papers. @returns {Promise<string>} the number */
async function emergency(queue) {
  const { patient } = await hospital.call('POST', '/persons', { document_kind: 'none', document_number: '', name: '急诊某', sex: 'unknown' }, hospital.desk);
  return (await hospital.call('POST', '/tickets', { queue, patient, class: 'emergency' }, hospital.desk)).number;
}

/** Whatever stands in a row of the queue's table stands within the table that is seen. */
const cutOff = (page) => page.evaluate(() => {
  const seen = document.querySelector('.queue .scroll').getBoundingClientRect();
  return [...document.querySelectorAll('.tickets td, .tickets .btn')].filter((one) => one.getBoundingClientRect().right > seen.right + 0.5).map((one) => one.textContent);
});

test('the console has a queue of long names whole, in both languages, also at the door', async () => {
  doctor = await browser.staff('/doctor', SIZES.console, 'liming');
  const names = ['阿依古丽·买买提江·阿卜杜热西提', '欧阳震华', '王芳', '李小四', '何晓燕'];
  for (const [i, name] of names.entries()) {
    const patient = await hospital.person(name, `19${40 + i * 8}-05-05`, 30 + i);
    await hospital.call('POST', '/tickets', { queue: A, patient }, hospital.desk);
  }
  await doctor.waitForSelector('[data-planned][data-service-point="renmin.xinnei.r3"]:has-text("今天排的是这里")');
  await doctor.waitForSelector('[data-service-point="renmin.xinnei.r5"]:not([data-planned]):has-text("今天是周静的")');
  await looks(doctor);
  await shot(doctor, '13-rooms');
  await doctor.click('[data-action=start_work][data-service-point="renmin.xinnei.r5"]');
  await doctor.waitForSelector('[data-row][data-state=summoned] [data-action=mark_missed]');
  for (const lang of ['en', 'zh']) {
    await doctor.click('jh-language button');
    await drawn(doctor);
    assert.deepEqual(await cutOff(doctor), [], lang);
    await shot(doctor, `10-table-${lang}`);
  }
  await looks(doctor);
});

test('an emergency stands above the button that calls it, and in the head of the column, until it is called', async () => {
  await doctor.click('[data-action=call_next_patient]');
  await doctor.waitForSelector('[data-action=call_next_patient][data-outcome=seen]');
  assert.equal(await doctor.$('[data-urgent]'), null);
  const number = await emergency(A);
  await doctor.waitForSelector(`[role=alert][data-urgent]:has-text("来了一位急诊:${number} 急诊某,下一位就是这位")`);
  const [bar, go] = await Promise.all(['[data-urgent]', '.hand .primary'].map((one) => doctor.locator(one).boundingBox()));
  assert.ok(bar.y > 0 && bar.y + bar.height <= go.y, 'above the primary button');
  await desk.waitForSelector(`[data-queue="${A}"] header [data-urgent]:has-text("急诊:${number} 急诊某")`);
  await looks(doctor);
  await looks(desk);
  await shot(doctor, '03-doctor');
  await shot(desk, '03-desk');
  await seenByHand(doctor, '.hand .primary');
  await doctor.waitForSelector(`.hand .number:text-is("${number}")`);
  await doctor.waitForSelector('[data-urgent]', { state: 'detached' });
  await desk.waitForSelector('[data-urgent]', { state: 'detached' });
  await doctor.click('[data-action=undo_last]');
  await doctor.waitForSelector(`#undo:has-text("已撤销:A002 阿依古丽·买买提江·阿卜杜热西提 又在您这里,${number} 急诊某")`);
  await shot(doctor, '12-undone');
});

test('a row says how somebody has come and for which slot, the side who goes first and why', async () => {
  await desk.waitForSelector('[data-row][data-number=A006]:has-text("现场号 · 08:30 段")');
  await choose(desk, 'A006');
  await desk.waitForSelector('[data-chosen] [data-ahead]:has-text("1 位急诊"):has-text("位现场号 · 08:30 段")');
  await looks(desk);
  await shot(desk, '08-ahead');
});

test('after a click on nothing the search box has the keys; what it has asked is not said of the next search', async () => {
  await desk.click('.filters .muted');
  assert.equal(await desk.evaluate(() => document.activeElement.id), 'search');
  await hospital.book('renmin.xinnei.s2', '08:30', await hospital.person('刘志强', '1950-04-04', 13, '13900000418'));
  await desk.fill('#search', '刘志');
  await desk.waitForSelector('.found .hit >> nth=1');
  await desk.press('#search', 'Enter');
  await desk.waitForSelector('[data-notice=choose_one]');
  await desk.fill('#search', '');
  await desk.waitForSelector('[data-notice=choose_one]', { state: 'detached' });
});

test('who does not wait any longer today: one question, about this one', async () => {
  await choose(desk, 'A006');
  await desk.click('[data-chosen] [data-action=settle_tickets]:has-text("今天不看了…")');
  await desk.waitForSelector('dialog h2:has-text("A006 何晓燕:今天不看了,怎么办?")');
  assert.equal((await desk.$$('dialog select')).length, 1, 'no list of nothing');
  await looks(desk);
  await shot(desk, '16-not-today');
  await desk.selectOption('dialog [data-settle]', 'return_day');
  await desk.click('dialog [data-action=dialog_go]');
  await desk.waitForSelector('[data-chosen] [data-standing=ended]');
});

test('the paper says which hospital, clinic and slot, and how many are ahead at which time, in both languages', async () => {
  await choose(desk, 'B001');
  await desk.waitForSelector('.slip.on-paper .number', { state: 'attached' });
  assert.match(await desk.textContent('.slip.on-paper'), /人民医院 心内科.*周静门诊 5号诊室.*时段 08:30.*08:\d\d 时下一位就是您.*You are next, at 08:\d\d/);
  if (process.env.SHOTS) {
    await desk.emulateMedia({ media: 'print' });
    await shot(desk, '25-paper');
    await desk.emulateMedia({ media: 'screen' });
  }
});

test('a doctor who comes before the announced time: the desk takes the delay down by one press', async () => {
  await hospital.call('POST', '/sessions/delay', { session: 'renmin.xinnei.s2', minutes: 45 }, hospital.desk);
  await desk.waitForSelector('[data-late="renmin.xinnei.s2"]');
  assert.equal(await desk.$('[data-action=delay_over]'), null, 'nobody has begun');
  const other = await browser.staff('/doctor', SIZES.console, 'zhoujing');
  await other.click('[data-action=start_work][data-service-point="renmin.xinnei.r3"]');
  await other.click('[data-action=call_next_patient]');
  await desk.waitForSelector('[data-late="renmin.xinnei.s2"] [data-action=delay_over]');
  await looks(desk);
  await shot(desk, '06-delay-over');
  await desk.click('[data-action=delay_over]');
  await desk.waitForSelector('[data-late]', { state: 'detached' });
  await desk.waitForSelector('#undo:has-text("周静门诊已取消延迟")');
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
