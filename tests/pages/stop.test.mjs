// 停诊 at the desk: whoever is booked reads it on the phone and books the same class elsewhere with one tap, who waits is taken
// along, whom it has not reached stands on the list, and it is taken back in two presses.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, drawn, Hospital, looks, ONE_SLOT, residentNumber, sayWho, signInPhone, SIZES } from './hospital.mjs';

const SESSION = '[data-session="renmin.xinnei.s1"]';
const TOMORROW = 'renmin.xinnei.t1';

let hospital;
let browser;
let phone;
let desk;
let waits;

before(async () => {
  hospital = await new Hospital({ speed: 1, start: '2026-11-23T07:50:00+08:00' }).open();
  await hospital.define(ONE_SLOT);
  const own = (await hospital.call('GET', '/site/renmin', undefined, hospital.desk)).sessions.find((one) => one.session === 'renmin.xinnei.s1');
  await hospital.call('PUT', '/sessions', {
    id: 'renmin.xinnei.pm', date: own.date, period: 'afternoon', queue: own.queue, doctor: own.doctor, registration_class: own.registration_class,
    slots: [{ start: '14:00', minutes: 30, capacity: 2 }],
  });
  // Not to be had before noon, by the desk neither.
  await hospital.call('PUT', '/sessions', {
    id: 'renmin.xinnei.a1', date: own.date, period: 'evening', queue: own.queue, doctor: own.doctor, registration_class: own.registration_class,
    slots: [{ start: '18:00', minutes: 30, capacity: 2 }], released_at: '2026-11-23T12:00:00+08:00',
  });
  await hospital.call('PUT', '/sessions', {
    id: TOMORROW, date: '2026-11-24', period: 'morning', queue: own.queue, doctor: own.doctor, registration_class: own.registration_class,
    slots: [{ start: '09:00', minutes: 30, capacity: 2 }],
  });
  browser = await new Browser(hospital.base).start();
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  phone = await browser.open('/patient', SIZES.phone);
  await signInPhone(phone, hospital, '13912345680');
  await sayWho(phone, '张小三', residentNumber('1990-03-07', 17));
  await phone.click('[data-action=open_booking]');
  await phone.click('[data-action=choose_department][data-department="renmin.xinnei"]');
  await phone.click(`${SESSION} [data-action=hold_slot]:not([disabled])`);
  await phone.click('[data-held] [data-action=confirm_appointment]');
  await phone.waitForSelector('[data-ticket][data-state=booked]');
  const comes = await hospital.book('renmin.xinnei.s1', '08:30', await hospital.person('李来了', '1950-01-01', 31));
  waits = await hospital.call('POST', '/appointments/check-in', { appointment: comes }, hospital.desk);
  await hospital.book('renmin.xinnei.s1', '08:30', await hospital.person('王未达', '1951-01-01', 33, '+8613900001010'));
  await desk.click('[data-side=sessions]');
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

const stop = async (to) => {
  await drawn(desk);
  await desk.click(`${SESSION} [data-action=stop_session]`);
  const form = 'dialog [data-form=stop]';
  await desk.waitForSelector(form);
  await looks(desk);
  if (to) await desk.selectOption(`${form} [name=to]`, to);
  await desk.click(`${form} [data-choice="医生身体不适"]`);
  await desk.click(`${form} [data-action=dialog_go]`);
  await desk.waitForSelector(`${SESSION} [data-stopped]:has-text("今天停诊")`);
};

test('the desk stops a session, and who waits goes to the queue that it has chosen', async () => {
  const to = 'renmin.xinnei.zhoujing';
  await stop(to);
  const moved = (await hospital.call('GET', `/streams/ticket:${waits.ticket}`, undefined, hospital.desk)).snapshot;
  assert.deepEqual([moved.queue, moved.state], [to, 'waiting']);
  assert.equal(await desk.$(`${SESSION} [data-action=stop_session]`), null);
  await desk.waitForSelector('#undo:has-text("已停诊:李明 08:30 起")');
  assert.equal(await desk.$(`${SESSION} [data-action=delay_session]`), null, 'what is off is not late');
  assert.doesNotMatch(await desk.textContent(SESSION), /已约 0/);
  if (process.env.SHOTS) await desk.screenshot({ path: `${process.env.SHOTS}/stop-card.png` });
});

test('the phone says what happened and offers the same class elsewhere', async () => {
  await phone.waitForSelector('[data-told-about=stopped]:has-text("停诊,您 08:30 不用来,请改约")');
  await phone.waitForSelector('[data-notice][data-about=stopped][data-state=reached]:has-text("您已看到")');
  await phone.waitForSelector('[data-stopped]:has-text("停诊了,不用来"):has-text("不算您爽约")');
  await looks(phone);
  assert.doesNotMatch(await phone.textContent('body'), /身体不适/, 'why is no patient\'s business');
});

test('whom it has not reached stands on the telephone list', async () => {
  await desk.click(`${SESSION} [data-action=show_not_reached]:has-text("还不知道的 1 人是谁")`);
  const row = 'dialog [data-form=not_reached] [data-missed]:has-text("王未达")';
  await desk.waitForSelector('dialog h2:has-text("李明上午停诊:请打电话告诉这 1 位")');
  await desk.waitForSelector(`${row} [data-phone]:text-is("139 0000 1010")`);
  assert.match(await desk.textContent('dialog [data-instead]'), /可改约:.*(李明|周静) \d\d:\d\d 起还有 \d+ 个,费用 \d+\.00 元/);
  assert.doesNotMatch(await desk.textContent('dialog [data-instead]'), /18:00/, 'what the house would not give');
  await looks(desk);
  if (process.env.SHOTS) await desk.screenshot({ path: `${process.env.SHOTS}/stop-list.png` });
  // Rung in vain: the next nurse sees it, and may still tell them.
  await desk.click(`${row} [data-action=told_no_answer]`);
  await desk.waitForSelector(`${row}[data-told=false][data-tried=no_answer]:has-text("打过,没人接")`);
  await looks(desk);
  await desk.click('dialog [data-action=dialog_cancel]');
  await desk.click(`${SESSION} [data-action=show_not_reached]:has-text("还不知道的 1 人是谁")`);
  await desk.waitForSelector(`${row}[data-tried=no_answer]`);
  await desk.click(`${row} [data-action=told_by_phone]`);
  await desk.waitForSelector(`${row}[data-told=true]`);
  await desk.click('dialog [data-action=dialog_cancel]');
  await desk.waitForSelector(`${SESSION} [data-action=show_not_reached]`, { state: 'detached' });
});

test('of a clinic of another day the list is there too', async () => {
  await hospital.book(TOMORROW, '09:00', await hospital.person('赵明日', '1952-01-01', 35, '+8613900001012'));
  await hospital.call('POST', '/sessions/stop', { session: TOMORROW, reason: '进修' }, hospital.desk);
  const day = '[data-other-day="2026-11-24"]';
  await desk.click(`${day}:has-text("11月24日") [data-action=show_not_reached]:has-text("还不知道的 1 人是谁")`);
  await desk.waitForSelector('dialog [data-form=not_reached] [data-missed]:has-text("赵明日") [data-phone]:text-is("139 0000 1012")');
  await looks(desk);
  await desk.click('dialog [data-missed] [data-action=told_by_phone]');
  await desk.click('dialog [data-action=dialog_cancel]');
  await desk.waitForSelector(day, { state: 'detached' });
});

test('it is taken back in two presses: the booking is what it was, and the phone says so', async () => {
  await desk.click(`${SESSION} [data-action=resume_session]`);
  await desk.click('dialog [data-action=dialog_go]');
  await desk.waitForSelector(`${SESSION} [data-stopped]`, { state: 'detached' });
  await phone.waitForSelector('[data-ticket][data-state=booked]');
  await phone.waitForSelector('[data-told-about=as_planned]:has-text("李明医生的门诊照常开诊,请您 08:30 来")');
  assert.equal(await phone.$('[data-stopped]'), null);
});

test('one tap books the other place, and what is stopped is said no more', async () => {
  await stop('');
  await phone.click('[data-stopped] [data-action=book_slot][data-slot="renmin.xinnei.pm.1400"]:has-text("14:00")');
  await phone.waitForSelector('[data-ticket][data-state=booked]:has-text("14:00"), [data-appointment]:has-text("14:00")');
  await phone.waitForSelector('[data-stopped]', { state: 'detached' });
});

test('a substitute sits instead: in the stop itself, and whoever is at home books there', async () => {
  await hospital.call('PUT', '/doctors', { id: 'renmin.chenxin', name: '陈新', title: '主任医师', departments: ['renmin.xinnei'] });
  await hospital.call('PUT', '/queues', { id: 'renmin.xinnei.chenxin', name: '陈新门诊', prefix: 'C', doctors: ['renmin.chenxin'] });
  await desk.click(`${SESSION} [data-action=resume_session]`);
  await desk.click('dialog [data-action=dialog_go]');
  await desk.waitForSelector(`${SESSION} [data-stopped]`, { state: 'detached' });
  const late = await hospital.book('renmin.xinnei.s1', '08:30', await hospital.person('赵等着', '1953-01-01', 37));
  const { ticket } = await hospital.call('POST', '/appointments/check-in', { appointment: late }, hospital.desk);
  const form = 'dialog [data-form=stop]';
  await desk.click(`${SESSION} [data-action=stop_session]`);
  await desk.waitForSelector(`${form} [name=to] option[value="renmin.chenxin"]:text-is("替诊:陈新接着看(到陈新门诊排队)")`, { state: 'attached' });
  assert.equal(await desk.$(`${form} [name=to] option[value="renmin.zhoujing"]`), null, 'who sits already is gone to by the queue');
  await desk.selectOption(`${form} [name=to]`, 'renmin.chenxin');
  await looks(desk);
  if (process.env.SHOTS) await desk.screenshot({ path: `${process.env.SHOTS}/stop-substitute.png` });
  await desk.click(`${form} [data-choice="医生身体不适"]`);
  await desk.click(`${form} [data-action=dialog_go]`);
  await desk.waitForSelector('[data-session="renmin.xinnei.s1-sub"]:has-text("陈新")');
  const moved = (await hospital.call('GET', `/streams/ticket:${ticket}`, undefined, hospital.desk)).snapshot;
  assert.deepEqual([moved.queue, moved.state], ['renmin.xinnei.chenxin', 'waiting']);
  const places = (await hospital.call('GET', '/streams/session:renmin.xinnei.s1-sub', undefined, hospital.desk)).snapshot;
  assert.equal(places.slots[0].open, true);
  if (process.env.SHOTS) await desk.screenshot({ path: `${process.env.SHOTS}/stop-substituted.png` });
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
