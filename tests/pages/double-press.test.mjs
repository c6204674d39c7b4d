// Slips of the hand at the console: a key or a button pressed twice ends nobody who was called a moment ago, what was ended by
// mistake comes back with one press, and the board shows who is back as called then. And who was put before others is said to them.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, Hospital, inHand, ONE_SLOT, pause, seenByHand, SIZES } from './hospital.mjs';

const A = 'renmin.xinnei.liming';
/** A call stands apart as new for so long. */
const NEW_MS = 20000;

let hospital;
let browser;
let board;
let doctor;

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  for (const [n, name] of ['张小三', '欧阳雪', '何伟', '司马光'].entries()) {
    await hospital.call('POST', '/tickets', { queue: A, patient: await hospital.person(name, `198${n}-01-01`, 50 + n) }, hospital.desk);
  }
  browser = await new Browser(hospital.base).start();
  board = await browser.open('/board/renmin.b3f', SIZES.screen);
  await hospital.call('POST', '/screens/approve', { code: await board.getAttribute('[data-pairing-code]', 'data-pairing-code'), board: 'renmin.b3f' });
  await board.waitForSelector('.live:not(.off)');
  doctor = await browser.staff('/doctor', SIZES.console, 'liming');
  await doctor.click('[data-action=start_work][data-service-point="renmin.xinnei.r3"]');
  await doctor.waitForSelector('.next-up[data-next]:has-text("A001")');
});
after(async () => {
  await browser?.close();
  await hospital?.close();
  assert.deepEqual(browser.complaints, []);
});

const picture = async (page, name) => process.env.PICTURES && page.screenshot({ path: `${process.env.PICTURES}/double-press-${name}.png` });
const ASKS = '[data-notice=just_called]:has-text("A001 刚叫"):has-text("看完了就再按一次")';
const ended = () => doctor.textContent('[data-tab=ended]');

test('the key pressed twice, or three times in one go, asks first; pressed again it is meant', async () => {
  await doctor.keyboard.press('F8');
  await inHand(doctor, 'A001');
  await doctor.waitForSelector('[data-outcome=seen]:enabled');
  await doctor.keyboard.press('F8');
  await doctor.keyboard.press('F8');
  await doctor.waitForSelector(ASKS);
  await picture(doctor, 'asks');
  await pause(600);
  await inHand(doctor, 'A001');
  assert.equal(await ended(), '已结束 0');
  await doctor.waitForSelector('#undo[shown] [data-action=undo_last]');
  await doctor.keyboard.press('F8');
  await inHand(doctor, 'A002');
  assert.equal(await ended(), '已结束 1');
});

test('called by mistake after that, the one who was ended comes back with one press', async () => {
  await doctor.keyboard.press('F4');
  await doctor.waitForSelector('#undo[shown] [data-action=undo_ended]:has-text("A001 也改回“已叫号”")');
  await picture(doctor, 'back-too');
  await doctor.click('[data-action=undo_ended]');
  await inHand(doctor, 'A001');
  await doctor.waitForSelector('.hand [data-state=called]');
  assert.equal(await ended(), '已结束 0');
});

test('back by an undo it is on the board a call of then, and not the newest', async () => {
  await pause(NEW_MS);
  await doctor.keyboard.press('Control+F8');
  await inHand(doctor, null);
  await board.waitForSelector('[data-call] .number:text-is("A001")', { state: 'detached', timeout: NEW_MS + 10000 });
  await doctor.click('#undo [data-action=undo_last]');
  await inHand(doctor, 'A001');
  await board.waitForSelector('.call[data-state=called]:has-text("A001") .state:has-text("叫过")');
  assert.equal(await board.$('.newest .number'), null);
  await picture(board, 'back');
  // A call that is made now is one.
  await doctor.click('[data-action=recall_patient]');
  await board.waitForSelector('.newest.new .number:text-is("A001")');
  // The screen may hear of it before the console, whose keys wait for the answer.
  await doctor.waitForSelector('[data-action=finish_service]:enabled');
  await doctor.keyboard.press('Control+F8');
  await inHand(doctor, null);
});

test('a double click is one press', async () => {
  const press = async (selector, clickCount) => {
    const { x, y, width, height } = await (await doctor.waitForSelector(selector)).boundingBox();
    await doctor.mouse.move(x + width / 2, y + height / 2);
    await doctor.mouse.down({ clickCount });
    await doctor.mouse.up({ clickCount });
  };
  await press('[data-action=call_next_patient]:enabled', 1);
  await inHand(doctor, 'A002');
  await press('[data-outcome=seen]:enabled', 2);
  await pause(500);
  await inHand(doctor, 'A002');
  assert.equal(await ended(), '已结束 1');
});

test('who waits behind a priority reads of it, on the console and at the desk', async () => {
  await hospital.call('POST', '/tickets', { queue: A, patient: await hospital.person('老人家', '1938-01-01', 70) }, hospital.desk);
  await doctor.waitForSelector('[data-row][data-number=A003] .why:has-text("有 1 位老年优先排到前面")');
  const desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await desk.waitForSelector('[data-row][data-number=A003] [data-where]:has-text("有 1 位老年优先排到前面")');
  assert.doesNotMatch(await desk.textContent('[data-row][data-number=A005] [data-where]'), /排到前面/);
  await desk.click('[data-row][data-number=A003]');
  await desk.waitForSelector('[data-chosen] [data-ahead]:has-text("1 位老年 · 08:30 段")');
  await picture(doctor, 'behind-doctor');
  await picture(desk, 'behind-desk');
  // Whose number of the slot is the earlier one stands before by it, whenever they came, and has passed nobody.
  const elder = await hospital.book('renmin.xinnei.s1', '08:30', await hospital.person('早约', '1937-01-01', 71));
  const younger = await hospital.book('renmin.xinnei.s1', '08:30', await hospital.person('晚约', '1987-01-01', 72));
  const comes = (appointment) => hospital.call('POST', '/appointments/check-in', { appointment }, hospital.desk);
  const { number } = await comes(younger);
  const { number: before } = await comes(elder);
  const where = (of) => `[data-row][data-number=${of}] [data-where]`;
  await desk.waitForSelector(where(before));
  const rows = await desk.$$eval('[data-row]', (all) => all.map((one) => one.dataset.number));
  assert.ok(rows.indexOf(before) < rows.indexOf(number), 'by the slot');
  assert.doesNotMatch(await desk.textContent(where(number)), /排到前面/);
});

test('two clicks too slow for a double click ask too, on the console and in the small window; pressed again it is meant', async () => {
  const caller = await browser.staff('/caller', SIZES.caller, 'liming');
  const now = () => doctor.getAttribute('.hand', 'data-in-hand');
  const comesAfter = (was) => doctor.waitForSelector(`.hand[data-in-hand]:not([data-in-hand="${was}"])`);
  for (const [page, name] of [[doctor, 'console'], [caller, 'caller']]) {
    const before = await now();
    await seenByHand(page);
    await comesAfter(before);
    const called = await now();
    const already = await ended();
    await pause(700);
    await page.click('[data-outcome=seen]:enabled');
    await page.waitForSelector('[data-notice=just_called]:has-text("看完了就再按一次")');
    await picture(page, `asks-${name}`);
    await pause(600);
    assert.equal(await now(), called, `${name}: nobody is ended`);
    assert.equal(await ended(), already);
    await page.click('[data-outcome=seen]:enabled');
    await comesAfter(called);
  }
});
