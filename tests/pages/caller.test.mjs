// /caller, 320 × 120, beside the doctor's own program: the whole way of a call by three buttons, in step with the console,
// and nothing cut off.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, columnIs, Hospital, inHand, ONE_SLOT, SIZES } from './hospital.mjs';

let hospital;
let browser;
let caller;
let doctor;

before(async () => {
  hospital = await new Hospital({ speed: 60 }).open();
  await hospital.define(ONE_SLOT);
  for (const [i, name] of ['张小三', '欧阳雪莉', '何伟'].entries()) {
    const appointment = await hospital.book('renmin.xinnei.s1', '08:30', await hospital.person(name, `19${60 + i * 7}-02-0${i + 1}`, i + 1));
    await hospital.call('POST', '/appointments/check-in', { appointment }, hospital.desk);
  }
  browser = await new Browser(hospital.base).start();
});
after(async () => {
  await browser?.close();
  await hospital?.close();
  assert.deepEqual(browser.complaints, []);
});

/** Whom the caller has in hand. */
const has = (number) => caller.waitForSelector(number ? `.who .number:text-is("${number}")` : '.who .nobody');
/** Everything that can be pressed or read lies inside the window. */
async function fits() {
  const cut = await caller.$$eval('button, .who > *, .foot > *', (all) => all
    .filter((one) => one.getClientRects().length)
    .map((one) => ({ text: one.textContent, box: one.getBoundingClientRect() }))
    .filter(({ box }) => box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight)
    .map(({ text }) => text));
  assert.deepEqual(cut, []);
}

test('the console opens the small window; both are one doctor at work', async () => {
  doctor = await browser.staff('/doctor', SIZES.console, 'liming');
  await doctor.click('[data-action=start_work][data-service-point="renmin.xinnei.r3"]');
  const popup = doctor.waitForEvent('popup');
  await doctor.click('[data-action=open_caller]');
  caller = await popup;
  await caller.setViewportSize(SIZES.caller);
  await has(null);
  await caller.waitForSelector('[data-next]:has-text("A001")');
  await fits();
});

test('next, again, not here, next: one press each, and the console shows the same', async () => {
  await caller.click('[data-action=call_next_patient]');
  await has('A001');
  await inHand(doctor, 'A001');
  await fits();
  assert.ok(await caller.isDisabled('[data-outcome=not_here]'), 'not before two calls and a minute and a half');
  await caller.click('[data-action=recall_patient]');
  await caller.waitForSelector('[data-outcome=not_here]:not([disabled])');
  await caller.click('[data-outcome=not_here]');
  await has('A002');
  await inHand(doctor, 'A002');
  await caller.waitForSelector('#undo[shown]');
  await fits();
  await doctor.keyboard.press('F8');
  await has('A003');
  await caller.keyboard.press('F8');
  await has(null);
  const desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await columnIs(desk, 'renmin.xinnei.liming', ['A002', 'A003'], 'ended');
  await desk.context().close();
});

test('a pause is said, and work goes on from here', async () => {
  await doctor.click('[data-action=pause_work]');
  await doctor.click('dialog [data-choice]');
  await caller.waitForSelector('#place:has-text("暂停")');
  await caller.click('[data-action=resume_work]');
  await caller.waitForSelector('[data-action=call_next_patient]');
  await fits();
});
