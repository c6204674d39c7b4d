// A delay that the desk announces: whoever is booked and at home reads it on the phone with the own new time, which says that it
// was seen; the desk sees how many have it; taken back it is told too. And a pause with its end, to who waits.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, drawn, Hospital, looks, ONE_SLOT, residentNumber, sayWho, signInPhone, SIZES } from './hospital.mjs';

const PHONE = '13912345670';
const SESSION = '[data-session="renmin.xinnei.s1"]';

let hospital;
let browser;
let phone;
let desk;
let doctor;

before(async () => {
  hospital = await new Hospital({ speed: 1, start: '2026-11-23T07:30:00+08:00' }).open();
  await hospital.define(ONE_SLOT);
  browser = await new Browser(hospital.base).start();
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  phone = await browser.open('/patient', SIZES.phone);
  await signInPhone(phone, hospital, PHONE);
  await sayWho(phone, '张小三', residentNumber('1990-03-07', 17));
  await phone.click('[data-action=open_booking]');
  await phone.click('[data-action=choose_department][data-department="renmin.xinnei"]');
  await phone.click(`${SESSION} [data-action=hold_slot]:not([disabled])`);
  await phone.click('[data-held] [data-action=confirm_appointment]');
  await phone.waitForSelector('[data-ticket][data-state=booked]');
  // Nobody has a telephone of theirs, and no page of theirs is open.
  await hospital.book('renmin.xinnei.s1', '08:30', await hospital.person('李未达', '1950-01-01', 31));
  await desk.click('[data-side=sessions]');
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

const announce = async (minutes) => {
  await drawn(desk);
  await desk.selectOption(`${SESSION} [name=minutes]`, String(minutes));
  await desk.click(`${SESSION} [data-action=delay_session]`);
};

test('a delay announced at the desk is read on the phone with the own new time, and confirmed', async () => {
  await announce(20);
  await phone.waitForSelector('[data-told-about=delayed]:has-text("李明医生的门诊比原来晚约 20 分钟。您的时间大约是 08:50,不用提前来")');
  await phone.waitForSelector('[data-notice][data-about=delayed][data-state=reached]:has-text("您已看到")');
});

test('the delay stands at the head of the doctor\'s column at the desk, and on the doctor\'s console', async () => {
  await desk.waitForSelector('[data-queue="renmin.xinnei.liming"] [data-late="renmin.xinnei.s1"]:has-text("约延迟20分钟(08:50 开诊)")');
  assert.equal((await desk.$$('[data-late]')).length, 1);
  doctor = await browser.staff('/doctor', SIZES.console, 'liming');
  await doctor.click('[data-action=start_work][data-service-point="renmin.xinnei.r3"]');
  await doctor.waitForSelector('[data-late]:has-text("已告知患者:约延迟20分钟(08:50 开诊)")');
  if (process.env.SHOTS) await Promise.all([[desk, 'late-desk'], [doctor, 'late-doctor']].map(([page, name]) => page.screenshot({ path: `${process.env.SHOTS}/${name}.png` })));
});

test('the desk sees at the session how many have it, and at the appointment whom it has not reached, and has no alarm', async () => {
  await desk.waitForSelector(`${SESSION} [data-told-home="2"][data-reached="1"][data-home-not-reached="1"]:has-text("在家的 2 人:1 人还不知道,请打电话;1 人收到了")`);
  assert.equal(await desk.$('[data-filter=not_reached]:has-text("1")'), null);
  await desk.fill('#search', '李未达');
  await desk.waitForSelector('.found [data-appointment] [data-not-reached=delayed]:has-text("门诊延迟的消息没有送到")');
  await desk.press('#search', 'Escape');
});

test('the desk reads whom it has not reached, with the telephone on file, and marks whom it has told', async () => {
  await desk.click(`${SESSION} [data-action=show_not_reached]:has-text("还不知道的 1 人是谁")`);
  const row = 'dialog [data-form=not_reached] [data-missed]';
  await desk.waitForSelector(`${row}:has-text("李未达"):has-text("预约 08:30"):has-text("没有留电话")`);
  assert.equal((await desk.$$(row)).length, 1);
  await desk.waitForSelector('dialog h2:has-text("李明上午延迟约 20 分钟:请打电话告诉这 1 位")');
  assert.match(await desk.textContent(row), /男 76岁/, 'two may have one name');
  // Nobody has rung who has no number.
  assert.equal(await desk.$(`${row} [data-action=told_by_phone]`), null);
  await looks(desk);
  if (process.env.PICTURES) await desk.screenshot({ path: `${process.env.PICTURES}/not-reached.png` });
  await desk.click(`${row} [data-action=told_in_person]:has-text("当面告诉了")`);
  await desk.waitForSelector(`${row}[data-told=true]`);
  await desk.waitForSelector(`${SESSION} [data-reached="2"][data-home-not-reached="0"]`);
  await desk.click(`${row} [data-action=take_told_back]`);
  await desk.waitForSelector(`${row}[data-told=false]`);
  await desk.click(`${row} [data-action=told_in_person]`);
  await desk.waitForSelector(`${row}[data-told=true]`);
  await desk.click('dialog [data-action=dialog_cancel]');
  await desk.waitForSelector(`${SESSION} [data-action=show_not_reached]`, { state: 'detached' });
});

test('another one takes its place, in both languages', async () => {
  await announce(30);
  await phone.waitForSelector('[data-told-about=delayed]:has-text("晚约 30 分钟。您的时间大约是 09:00")');
  await phone.waitForSelector('[data-notice][data-about=delayed][data-state=over], [data-notice][data-about=delayed][data-state=reached] ~ [data-notice]');
  assert.equal((await phone.$$('[data-told-about=delayed]')).length, 1);
  await doctor.waitForSelector('[data-late]:has-text("约延迟30分钟(09:00 开诊)")');
  // The first one is struck out, and it is said in words what holds now.
  await phone.waitForSelector('[data-notice][data-gone=replaced]:has-text("已更改,以新消息为准") s:has-text("晚约 20 分钟")');
  assert.equal(await phone.$('[data-notice][data-gone] s:has-text("晚约 30 分钟")'), null);
  await phone.click('nav [data-action=open_me]');
  await phone.click('[data-action=switch_language]');
  await phone.waitForSelector('[data-told-about=delayed]:has-text("about 30 minutes late. Your time is about 09:00")');
  await phone.click('[data-action=switch_language]');
  await phone.waitForSelector('[data-told-about=delayed]:has-text("晚约 30 分钟")');
  await phone.click('nav [data-action=open_today]');
});

test('who books into the delay reads the time at the booking and is sent nothing', async () => {
  const other = await browser.open('/patient', SIZES.phone);
  await signInPhone(other, hospital, '13912345671');
  await sayWho(other, '王小五', residentNumber('1991-03-07', 19));
  await other.click('[data-action=open_booking]');
  await other.click('[data-action=choose_department][data-department="renmin.xinnei"]');
  await other.click(`${SESSION} [data-action=hold_slot]:not([disabled])`);
  await other.waitForSelector('[data-held]:has-text("约 09:00(门诊延迟约30分钟)")');
  await other.click('[data-held] [data-action=confirm_appointment]');
  await other.waitForSelector('[data-ticket][data-state=booked]');
  assert.equal(await other.$('[data-notice]'), null);
  // Taken back it is news for both.
  await announce(0);
  for (const page of [phone, other]) {
    await page.waitForSelector('[data-told-about=as_planned]:has-text("李明医生的门诊照常开诊,请您 08:30 来")');
    await page.waitForSelector('[data-notice][data-about=as_planned][data-state=reached]');
  }
  await desk.waitForSelector(`${SESSION} [data-told-home="3"][data-reached="2"]:has-text("照常开诊,在家的 3 人:")`);
  if (process.env.SHOTS) await desk.screenshot({ path: `${process.env.SHOTS}/planned.png` });
  await Promise.all([desk, doctor].map((page) => page.waitForSelector('[data-late]', { state: 'detached' })));
  // Taken back: what was said of the delay is struck out, what holds stands.
  await phone.waitForSelector('[data-notice][data-gone=withdrawn]:has-text("作废,以新消息为准") s:has-text("晚约 30 分钟")');
  assert.deepEqual(await phone.$$eval('[data-notice]', (all) => all.map((one) => [one.dataset.about, one.dataset.gone])), [['as_planned', undefined], ['delayed', 'withdrawn'], ['delayed', 'withdrawn']]);
  if (process.env.SHOTS) await phone.screenshot({ path: `${process.env.SHOTS}/withdrawn.png`, fullPage: true });
  await other.close();
});

test('who waits reads that the room has paused, and until when', async () => {
  const token = await hospital.signIn('liming');
  const { assignment } = (await hospital.call('GET', '/streams/doctor:renmin.liming', undefined, token)).snapshot.at_work;
  const appointment = await phone.$eval('[data-ticket]', (card) => card.dataset.ticket.replace('.t', '.b'));
  await hospital.call('POST', '/appointments/check-in', { appointment }, hospital.desk);
  await phone.waitForSelector('[data-ticket][data-state=waiting]');
  // Who is here is told nothing of home: the ticket says so first, the notices a moment later.
  await phone.waitForSelector('[data-told-about=as_planned]', { state: 'detached' });
  await hospital.call('POST', '/work/pause', { department: 'renmin.xinnei', assignment, reason: '开会', back_at: '2026-11-23T10:20:00+08:00' }, token);
  await phone.waitForSelector('[data-held-up]:has-text("医生暂时离开,预计 10:20 继续叫号")');
  assert.doesNotMatch(await phone.textContent('body'), /开会/, 'why is no patient\'s business');
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
