// /caller, 320 × 120, beside the doctor's own program: the whole way of a call by three buttons, in step with the console,
// and nothing cut off.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, columnIs, Hospital, inHand, looks, ONE_SLOT, PASSWORD, seenByKey, SIZES } from './hospital.mjs';

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

test('it is signed in to at its own size, in both languages, by the keyboard', async () => {
  for (const language of ['zh', 'en']) {
    const small = await browser.open('/caller', SIZES.caller, language === 'en' ? () => localStorage.setItem('jiaohao.language', 'en') : null);
    await small.waitForSelector('[data-action=sign_in]');
    const cut = await small.$$eval('input, button, label span', (all) => all.map((one) => ({ is: one.name || one.textContent, box: one.getBoundingClientRect(), wide: one.scrollWidth > one.clientWidth + 1 && one.localName !== 'span' }))
      .filter(({ box, wide }) => wide || box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight).map(({ is }) => is));
    assert.deepEqual(cut, [], language);
    await looks(small);
    assert.equal(await small.evaluate(() => document.activeElement.name), 'name');
    if (process.env.PICTURES) await small.screenshot({ path: `${process.env.PICTURES}/caller-${language}.png` });
    await small.keyboard.type('liming');
    await small.keyboard.press('Tab');
    await small.keyboard.type('not the password');
    browser.serverIsDown = true; // a refused sign-in is on the browser's console too
    await small.keyboard.press('Enter');
    await small.waitForSelector('.notice.alarm');
    browser.serverIsDown = false;
    const { bottom } = await small.$eval('.notice.alarm', (one) => one.getBoundingClientRect());
    assert.ok(bottom <= SIZES.caller.height, `why not is seen too: ${bottom}`);
    if (process.env.PICTURES) await small.screenshot({ path: `${process.env.PICTURES}/caller-wrong-${language}.png` });
    await small.fill('[name=password]', PASSWORD);
    await small.keyboard.press('Enter');
    await small.waitForSelector('.foot jh-connection[state=live]');
    await small.context().close();
  }
});

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
  await seenByKey(doctor);
  await has('A003');
  await seenByKey(caller);
  await has(null);
  const desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await columnIs(desk, 'renmin.xinnei.liming', ['A002', 'A003'], 'ended');
  await desk.context().close();
});

test('that nobody has shown a call is not covered by what was done; a call that the console takes back is not offered back here', async () => {
  await hospital.call('POST', '/tickets', { queue: 'renmin.xinnei.liming', patient: await hospital.person('司马光', '1950-02-05', 5) }, hospital.desk);
  await caller.click('[data-action=call_next_patient]:enabled');
  await has('A004');
  // No screen is switched on here. The clinic's five seconds are short, and the way back is there for ten.
  await caller.waitForSelector('.foot [data-not-announced]');
  await caller.waitForSelector('#undo[shown] [data-action=undo_last]');
  const seen = (selector) => caller.$eval(selector, (one) => {
    const { left, right, top, height } = one.getBoundingClientRect();
    return [left + 1, (left + right) / 2, right - 1].every((x) => one.contains(document.elementFromPoint(x, top + height / 2)));
  });
  assert.ok(await seen('.foot [data-not-announced]'), 'the whole sentence');
  assert.ok(await seen('#undo [data-action=undo_last]'), 'and the way back');
  if (process.env.PICTURES) await caller.screenshot({ path: `${process.env.PICTURES}/caller-unheard.png` });
  await looks(caller);
  await doctor.keyboard.press('F4');
  await has(null);
  await caller.waitForSelector('#undo:not([shown])', { state: 'attached', timeout: 2000 });
  await doctor.keyboard.press('F8');
  await has('A004');
  await seenByKey(doctor);
  await has(null);
});

test('a pause is said, and work goes on from here', async () => {
  await doctor.click('[data-action=pause_work]');
  await doctor.click('dialog [data-choice]');
  await caller.waitForSelector('.who [data-paused]:has-text("暂停")');
  await caller.click('[data-action=resume_work]');
  await caller.waitForSelector('[data-action=call_next_patient]');
  await fits();
});

test('without a connection the foot says since when, and what to do instead', async () => {
  browser.serverIsDown = true;
  await hospital.end('SIGKILL');
  const words = await (await caller.waitForSelector('.foot [data-off]')).textContent();
  assert.match(words, /^\d\d:\d\d 断开,请到门口口头叫号$/);
  // What was done last has gone from before it.
  await caller.waitForSelector('#undo:not([shown])', { state: 'attached' });
  await fits();
  await looks(caller);
  if (process.env.PICTURES) await caller.screenshot({ path: `${process.env.PICTURES}/caller-off.png` });
  await hospital.open();
  await caller.waitForSelector('.foot [data-off]', { state: 'detached' });
  await caller.waitForSelector('.foot #place:has-text("诊室")');
  browser.serverIsDown = false;
});
