// Places that are kept in a single slot: operations and the desk see of each slot what is taken and what is left for whom, and
// keep places in one of them; the phone sees it, and it is taken back.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, Hospital, looks, SIZES, TODAY, TOMORROW } from './hospital.mjs';

const D = 'renmin.xinnei';
const S1 = `${D}.s1`;
const NINE = `[data-slot="${S1}.0900"]`;
const FORM = 'dialog [data-form=slot_quotas]';

let house;
let chrome;
let desk;
let ops;

before(async () => {
  house = await new Hospital({ speed: 1, start: `${TODAY}T08:40:00+08:00` }).open();
  await house.define();
  await house.book(S1, '09:00', await house.person('王先到', '1951-01-01', 33));
  await house.call('PUT', '/templates', {
    id: `${D}.am`, name: '李明上午', queue: `${D}.liming`, doctor: 'renmin.liming', period: 'morning', registration_class: '专家', fee_fen: 5000, weekdays: [2], from: TOMORROW,
    start: '08:00', end: '09:00', slot_min: 30, capacity: 4,
  });
  chrome = await new Browser(house.base).start();
  desk = await chrome.staff('/desk', SIZES.desk, 'fenzhen');
  ops = await chrome.staff('/ops', SIZES.console, 'yunxing');
});
after(async () => {
  await chrome?.close();
  await house?.close();
});

const picture = (page, name) => process.env.SHOTS && page.screenshot({ path: `${process.env.SHOTS}/${name}.png` });
const slotsOf = async (session) => (await house.call('GET', `/streams/session:${session}`, undefined, house.desk)).snapshot.slots;
const nine = async () => (await slotsOf(S1)).find((one) => one.slot === `${S1}.0900`);
const cell = (page, kind) => page.textContent(`${FORM} ${NINE} ${kind}`);

test('the desk sees of each slot what is taken and what is left for whom', async () => {
  await desk.click('[data-side=sessions]');
  await desk.click(`[data-action=slot_quotas][data-session="${S1}"]`);
  await desk.waitForSelector(`${FORM} ${NINE}`);
  await looks(desk);
  await picture(desk, 'quotas-desk');
  assert.deepEqual([await cell(desk, '[data-taken]'), await cell(desk, '[data-free=online]'), await cell(desk, '[data-free=desk]')], ['1', '5', '5']);
  assert.ok(await desk.isDisabled(`${FORM} [data-slot="${S1}.0800"] input`), 'what is over stays as it was');
});

test('more than there is is said at its slot, by the keyboard alone', async () => {
  await desk.focus(`${FORM} ${NINE} input >> nth=1`);
  await desk.keyboard.press('Control+a');
  await desk.keyboard.type('4');
  await desk.keyboard.press('Tab');
  await desk.keyboard.press('Control+a');
  await desk.keyboard.type('3');
  await desk.keyboard.press('Enter');
  await desk.waitForSelector(`${FORM} [role=alert]:has-text("09:00 只有 6 个号")`);
  assert.deepEqual((await nine()).quotas, { online: 0, desk: 0, referral: 0 });
});

test('kept for the desk and for referrals in that one slot, the phone has so many less there, and only there', async () => {
  await desk.fill(`${FORM} ${NINE} input >> nth=2`, '1');
  await desk.keyboard.press('Enter');
  await desk.waitForSelector('#undo:has-text("已改"):has-text("李明")');
  const slots = await slotsOf(S1);
  assert.deepEqual((await nine()).quotas, { online: 0, desk: 4, referral: 1 });
  assert.equal((await nine()).free_for.online, 1);
  assert.ok(slots.filter((one) => one.slot !== `${S1}.0900`).every((one) => one.free_for.online === one.capacity), 'the others are as they were');
});

test('it is taken back, and another slot that somebody else has changed meanwhile stays as they left it', async () => {
  const own = (await house.call('GET', `/streams/session:${S1}`, undefined, house.desk)).snapshot;
  const as = (slot) => ({ start: slot.start.slice(11, 16), minutes: 30, capacity: slot.capacity, quotas: slot.slot.endsWith('1000') ? { online: 2, desk: 0, referral: 0 } : slot.quotas });
  await house.call('PUT', '/sessions', {
    id: S1, date: own.date, period: own.period, queue: own.queue, doctor: own.doctor, registration_class: own.registration_class, fee_fen: own.fee_fen, high_demand: own.high_demand,
    service_point: own.service_point ?? undefined, released_at: own.released_at ?? undefined, slots: own.slots.map(as),
  });
  await desk.keyboard.press('Control+z');
  await desk.waitForSelector('#undo:has-text("留的号和原来一样")');
  assert.deepEqual((await nine()).quotas, { online: 0, desk: 0, referral: 0 });
  assert.equal((await slotsOf(S1)).find((one) => one.slot.endsWith('1000')).quotas.online, 2);
});

test('operations do the same in a day of the plan, and hear that the session is one by hand then', async () => {
  await ops.click('[data-part=plan]');
  await ops.waitForSelector(`[data-plan="${D}"]`);
  await ops.click('[data-view-of=calendar]');
  await ops.click(`[data-date="${TOMORROW}"]`);
  const row = `[data-planned]:has-text("李明")`;
  await ops.click(`${row} [data-action=slot_quotas]`);
  await ops.waitForSelector(`${FORM}:has-text("按手工的算")`);
  await looks(ops);
  await picture(ops, 'quotas-ops');
  await ops.fill(`${FORM} tbody tr:first-child input >> nth=0`, '3');
  await ops.click(`${FORM} [data-action=dialog_go]`);
  await ops.waitForSelector(`${row}[data-standing=by_hand]:has-text("留:手机 3")`);
  const session = await ops.getAttribute(row, 'data-planned');
  assert.deepEqual((await slotsOf(session)).map((one) => one.quotas.online), [3, 0]);
  // Opened and left as it is: nothing is written, and so it is said.
  await ops.click(`${row} [data-action=slot_quotas]`);
  await ops.click(`${FORM} [data-action=dialog_go]`);
  await ops.waitForSelector(FORM, { state: 'detached' });
  await ops.waitForSelector('#notice:has-text("没有改")');
});

test('what another hand has made so meanwhile is not said to have been changed', async () => {
  await desk.click(`[data-action=slot_quotas][data-session="${S1}"]`);
  await desk.fill(`${FORM} ${NINE} input >> nth=1`, '2');
  const own = (await house.call('GET', `/streams/session:${S1}`, undefined, house.desk)).snapshot;
  await house.call('PUT', '/sessions', {
    id: S1, date: own.date, period: own.period, queue: own.queue, doctor: own.doctor, registration_class: own.registration_class, fee_fen: own.fee_fen, high_demand: own.high_demand,
    service_point: own.service_point ?? undefined, released_at: own.released_at ?? undefined,
    slots: own.slots.map((slot) => ({ start: slot.start.slice(11, 16), minutes: 30, capacity: slot.capacity, quotas: slot.slot.endsWith('0900') ? { ...slot.quotas, desk: 2 } : slot.quotas })),
  });
  await desk.click(`${FORM} [data-action=dialog_go]`);
  await desk.waitForSelector(FORM, { state: 'detached' });
  await desk.waitForSelector('#notice:has-text("没有改"):has-text("李明")');
  assert.equal(await desk.$('#undo:has-text("已改")'), null);
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(chrome.complaints, []));
