// A clinic morning in real Chromium against the real program: each action of the ticket's state table from the page of the
// person who does it, and after each what the other pages show.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, choose, columnIs, giveReason, Hospital, inHand, looks, ONE_SLOT, pause, residentNumber, seenByHand, SIZES } from './hospital.mjs';

const A = 'renmin.xinnei.liming';
const B = 'renmin.xinnei.zhoujing';
const SPEED = 30;
/** Ninety seconds of the clinic's clock, and a little more. */
const NINETY_S_MS = 90000 / SPEED + 400;

let hospital;
let browser;
let desk;
let doctor;
let board;
let door;

before(async () => {
  hospital = await new Hospital({ speed: SPEED }).open();
  await hospital.define(ONE_SLOT);
  for (const [i, name] of ['张小三', '欧阳雪', '何伟'].entries()) {
    await hospital.book('renmin.xinnei.s1', '08:30', await hospital.person(name, `19${60 + i * 7}-02-0${i + 1}`, i + 1));
  }
  browser = await new Browser(hospital.base).start();
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

/** A walk-in of cardiology's first queue, by the desk's form. */
async function register(name, birthDate, serial, number) {
  const form = '[data-form=register_walk_in]';
  await desk.click('[data-side=walk_in]');
  await desk.fill(`${form} [name=name]`, name);
  await desk.fill(`${form} [name=number]`, residentNumber(birthDate, serial));
  await desk.selectOption(`${form} [name=queue]`, A);
  await press(desk, 'register_walk_in');
  await desk.waitForSelector(`[data-slip] .number:text-is("${number}")`);
}

const press = (page, action) => page.click(`[data-action=${action}]:visible`);
/** The newest call on the waiting area's screen. */
const newest = (number, state = 'called') => board.waitForSelector(`.newest[data-state=${state}] .number:text-is("${number}")`);
/** A call anywhere on the screen, in a state. */
const onBoard = (number, state) => board.waitForSelector(`[data-call][data-state=${state}] .number:text-is("${number}")`);
const notOnBoard = (number) => board.waitForFunction((n) => ![...document.querySelectorAll('[data-call] .number')].some((e) => e.textContent === n), number);
/** Whatever stands on the screen stands within the panel that holds it. */
const nothingCutOff = async () => assert.deepEqual(await board.evaluate(() => [...document.querySelectorAll('.board header, .newest, .call, .waiting, .rooms, .room, .missed, .board footer')]
  .flatMap((panel) => [...panel.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > panel.getBoundingClientRect().right + 1).map((e) => `${panel.className}: ${e.textContent}`))), []);
const missedOnBoard = (number) => board.waitForSelector(`.missed b:text-is("${number}")`);
const onDoor = (number) => door.waitForSelector(number ? `.now[data-number="${number}"]` : '.now:not([data-number])');
const atDesk = (number, state) => desk.waitForSelector(`[data-row][data-number="${number}"][data-state=${state}]`);
const inList = (number, state, tab) => doctor.click(`[data-tab=${tab}]`).then(() => doctor.waitForSelector(`.tickets [data-row][data-number="${number}"][data-state=${state}]`));

test('a screen for the waiting area and one for a door show a code and are approved at the desk', async () => {
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  board = await browser.open('/board/renmin.b3f', SIZES.screen);
  door = await browser.open('/door/renmin.xinnei.r3', SIZES.screen);
  await desk.click('[data-side=screens]');
  for (const screen of [board, door]) {
    const code = await screen.getAttribute('[data-pairing-code]', 'data-pairing-code');
    await desk.fill('[data-form=approve_screen] [name=code]', code);
    await press(desk, 'approve_screen');
    await screen.waitForSelector('.live:not(.off)');
  }
  await board.waitForSelector('.board [data-live=on]');
  await board.waitForSelector('.newest.quiet');
  // Which of the screens is which: its id says where it hangs.
  await desk.waitForSelector('[data-screen^="renmin.b3f-"]');
  await desk.waitForSelector('[data-screen^="renmin.door-xinnei-r3-"]');
});

test('check in at the desk: four letters and Enter on the only match, the button, and undone', async () => {
  await desk.focus('#search');
  await desk.keyboard.type('zhan');
  await desk.waitForSelector('.found [data-action=check_in]');
  await desk.keyboard.press('Enter');
  await atDesk('A001', 'waiting');
  for (const [name, number] of [['欧阳雪', 'A002'], ['何伟', 'A003']]) {
    await desk.fill('#search', name);
    await desk.click('.found [data-action=check_in]');
    await atDesk(number, 'waiting');
  }
  await columnIs(desk, A, ['A001', 'A002', 'A003']);
  // The focus is in the empty search box, as always: the key undoes from there.
  await desk.press('#search', 'Control+z');
  await columnIs(desk, A, ['A001', 'A002']);
  // Undone is not ended.
  await columnIs(desk, A, [], 'ended');
  await desk.click('[data-filter=waiting]');
  await desk.fill('#search', '何伟');
  await desk.click('.found [data-action=check_in]');
  await columnIs(desk, A, ['A001', 'A002', 'A003']);
});

test('a walk-in gets a number and a slip', async () => {
  await register('孙磊', '1987-05-05', 5, 'A004');
  await columnIs(desk, A, ['A001', 'A002', 'A003', 'A004']);
});

test('an empty form after somebody without a document; a wrong number is said at its field', async () => {
  const form = '[data-form=register_walk_in]';
  await desk.selectOption(`${form} [name=kind]`, 'none');
  assert.equal(await desk.inputValue(`${form} [name=sex]`), 'unknown', 'nobody is a woman by default');
  assert.equal(await desk.inputValue(`${form} [name=class]`), 'emergency');
  for (const name of ['class', 'queue', 'sex']) {
    const [field, go] = await Promise.all([desk.locator(`${form} [name=${name}]`).boundingBox(), desk.locator('[data-action=register_walk_in]').boundingBox()]);
    assert.ok(field.y > 0 && field.y + field.height <= go.y, `${name} is in sight`);
  }
  await desk.selectOption(`${form} [name=queue]`, B);
  await press(desk, 'register_walk_in');
  await desk.waitForSelector('[data-slip] .number:text-is("B001")');
  await desk.waitForSelector(`${form} [name=number]:visible`);
  assert.equal(await desk.inputValue(`${form} [name=kind]`), 'resident_id');
  assert.equal(await desk.inputValue(`${form} [name=class]`), 'none', 'the next one is nobody’s emergency');
  await desk.fill(`${form} [name=name]`, '无此人');
  await desk.fill(`${form} [name=number]`, '110105198705050051');
  assert.equal(await desk.$eval(`${form} [name=number]`, (field) => field.validity.customError), true);
  await desk.fill(`${form} [name=name]`, '');
  await desk.fill(`${form} [name=number]`, '');
  await choose(desk, 'B001');
  await desk.click('[data-chosen] [data-action=cancel_ticket]');
  await giveReason(desk);
});

test('search finds by a part of the name, by phone, an ended number, and somebody of another department', async () => {
  const finds = async (text, what) => {
    await desk.fill('#search', '');
    await desk.waitForSelector('.found', { state: 'detached' });
    await desk.fill('#search', text);
    await desk.waitForSelector(`.found ${what}`);
  };
  await finds('小三', '[data-hit]:has-text("A001")');
  await finds('B001', '[data-hit]:has-text("已退号")');
  const patient = await hospital.call('POST', '/persons', {
    document_kind: 'resident_id', document_number: residentNumber('1977-07-07', 78), name: '阿依古丽·买买提', sex: 'female', birth_date: '1977-07-07', phone: '13900000001',
  }, hospital.desk);
  await hospital.book('renmin.yanke.s1', '08:30', patient.patient);
  for (const text of ['古丽', '13900000001']) await finds(text, '[data-elsewhere="renmin.yanke"]:has-text("眼科")');
  await desk.press('#search', 'ArrowDown');
  await desk.press('#search', 'Enter');
  await desk.waitForSelector('.found [data-appointment]:has-text("阿依古丽")');
  await desk.press('#search', 'Escape');
  // The desk comes back to the department that it had last, also after a reload.
  await desk.selectOption('[data-action=choose_department]', 'renmin.xinnei');
  await desk.reload();
  await desk.waitForSelector(`[data-queue="${A}"] [data-number=A001]`);
});

test('priority with proof seen moves up; undone with a reason from the history', async () => {
  await choose(desk, 'A004');
  assert.equal(await desk.inputValue('[data-form=set_priority] [name=class]'), '', 'nobody is an emergency by default');
  await desk.selectOption('[data-form=set_priority] [name=class]', 'military');
  await desk.fill('[data-form=set_priority] [name=proof]', '军官证');
  await press(desk, 'set_priority');
  await columnIs(desk, A, ['A004', 'A001', 'A002', 'A003']);
  await desk.waitForSelector('[data-chosen] .history li:has-text("改优先")');
  await desk.click('[data-chosen] .history [data-action=undo]');
  await giveReason(desk);
  await columnIs(desk, A, ['A001', 'A002', 'A003', 'A004']);
});

test('the doctor begins work; the screens say where', async () => {
  doctor = await browser.staff('/doctor', SIZES.console, 'liming');
  await doctor.click('[data-action=start_work][data-service-point="renmin.xinnei.r3"]');
  await inHand(doctor, null);
  // Who comes later sees that the room is taken.
  const late = await browser.staff('/doctor', SIZES.console, 'zhoujing');
  await late.waitForSelector('[data-service-point="renmin.xinnei.r3"][disabled]:has-text("李明 正在用")');
  await late.context().close();
  await board.waitForSelector('[data-room="3号诊室"]:has-text("李明")');
  await board.waitForSelector('[data-room="3号诊室"] .queue:has-text("A001")');
  await door.waitForSelector('.who:has-text("李明")');
  await door.waitForSelector('.next b:text-is("A001")');
  await desk.waitForSelector(`[data-queue="${A}"] .rooms:has-text("3号诊室")`);
  assert.deepEqual(await doctor.$$eval('.tickets [data-row]', (rows) => rows.map((r) => r.dataset.number)), ['A001', 'A002', 'A003', 'A004']);
});

test('call next: on the screens, at the desk, in the hand; recalled from console and desk', async () => {
  await doctor.keyboard.press('F8');
  await inHand(doctor, 'A001');
  await newest('A001');
  assert.match(await board.textContent('.newest'), /张\*三.*3号诊室/s);
  await onDoor('A001');
  await door.waitForSelector('.next b:text-is("A002")');
  if (process.env.PICTURES) await door.screenshot({ path: `${process.env.PICTURES}/door-next.png` });
  await atDesk('A001', 'called');
  await press(doctor, 'recall_patient');
  await doctor.waitForSelector('.eyebrow:has-text("第 2 次")');
  await choose(desk, 'A001');
  await desk.click('[data-chosen] [data-action=recall_patient]');
  await doctor.waitForSelector('.eyebrow:has-text("第 3 次")');
  await newest('A001');
});

test('start; wrong person: back at the old place', async () => {
  await press(doctor, 'start_service');
  await onBoard('A001', 'serving');
  await door.waitForSelector('.now:not(.called)[data-number="A001"]');
  await atDesk('A001', 'serving');
  await doctor.keyboard.press('F4');
  await inHand(doctor, null);
  await columnIs(desk, A, ['A001', 'A002', 'A003', 'A004']);
  await notOnBoard('A001');
  await onDoor(null);
});

test('called by mistake: undone from the bar, or returned by the desk', async () => {
  await press(doctor, 'call_next_patient');
  await inHand(doctor, 'A001');
  await press(doctor, 'undo_last');
  await inHand(doctor, null);
  await columnIs(desk, A, ['A001', 'A002', 'A003', 'A004']);
  await press(doctor, 'call_next_patient');
  await inHand(doctor, 'A001');
  await choose(desk, 'A001');
  await desk.click('[data-chosen] [data-action=return_to_waiting]');
  await giveReason(desk);
  await inHand(doctor, null);
  await columnIs(desk, A, ['A001', 'A002', 'A003', 'A004']);
});

test('sent for tests; reports back at the desk into the returning line', async () => {
  await press(doctor, 'call_next_patient');
  await inHand(doctor, 'A001');
  await press(doctor, 'send_for_tests');
  await inHand(doctor, null);
  await inList('A001', 'away', 'away');
  await doctor.click('[data-tab=waiting]');
  await columnIs(desk, A, ['A001'], 'away');
  await choose(desk, 'A001', 'away');
  await desk.click('[data-chosen] [data-action=report_back]');
  await columnIs(desk, A, ['A002', 'A003', 'A001', 'A004']);
  await doctor.waitForSelector('[data-row][data-number=A001]:has-text("回诊")');
});

test('not here: too early at first, then missed, and the next is called', async () => {
  await press(doctor, 'call_next_patient');
  await inHand(doctor, 'A002');
  await doctor.waitForSelector('[data-outcome=not_here][disabled]:has-text("先复呼一次")');
  await press(doctor, 'recall_patient');
  await doctor.waitForSelector('[data-outcome=not_here][disabled]:has-text("再等")');
  await pause(NINETY_S_MS);
  await doctor.click('[data-outcome=not_here]:not([disabled])');
  await inHand(doctor, 'A003');
  await doctor.waitForSelector('#undo:has-text("A002 过号,已叫 A003")');
  await newest('A003');
  await missedOnBoard('A002');
  await nothingCutOff();
  await columnIs(desk, A, ['A002'], 'missed');
});

test('finish; a missed patient at the door is taken back', async () => {
  await seenByHand(doctor, '[data-action=finish_service]');
  await inHand(doctor, null);
  await inList('A003', 'ended', 'ended');
  await inList('A002', 'missed', 'missed');
  await press(doctor, 'take_back');
  await inHand(doctor, 'A002');
  await newest('A002');
  await doctor.click('[data-tab=waiting]');
  await desk.click('[data-filter=waiting]');
  await atDesk('A002', 'called');
});

test('seen, next: the due insertion comes; undone from the list of the ended', async () => {
  await seenByHand(doctor);
  await inHand(doctor, 'A001');
  await newest('A001');
  await seenByHand(doctor, '[data-action=finish_service]');
  await inHand(doctor, null);
  await doctor.click('[data-tab=ended]');
  await doctor.click('[data-row][data-number=A001] [data-action=undo]');
  await inHand(doctor, 'A001');
  await seenByHand(doctor, '[data-action=finish_service]');
  await inHand(doctor, null);
  await doctor.click('[data-tab=waiting]');
});

test('a chosen call with its reason; missed alone; reports back at the desk', async () => {
  await doctor.click('[data-row][data-number=A004] [data-action=call_ticket]');
  await giveReason(doctor);
  await inHand(doctor, 'A004');
  await newest('A004');
  await press(doctor, 'recall_patient');
  await doctor.waitForSelector('.eyebrow:has-text("第 2 次")');
  await pause(NINETY_S_MS);
  await doctor.click('.hand [data-action=mark_missed]');
  await inHand(doctor, null);
  await missedOnBoard('A004');
  await choose(desk, 'A004', 'missed');
  await desk.click('[data-chosen] [data-action=report_back]');
  await columnIs(desk, A, ['A004']);
  await doctor.waitForSelector('[data-row][data-number=A004]:has-text("过号报到")');
});

test('the desk calls a chosen ticket to a room at work', async () => {
  await choose(desk, 'A004');
  await desk.click('[data-chosen] [data-action=call_ticket]');
  await desk.fill('dialog [name=text]', '病情需要');
  await desk.click('dialog [data-action=dialog_go]');
  await inHand(doctor, 'A004');
  await newest('A004');
  await doctor.keyboard.press('F4');
  await inHand(doctor, null);
});

test('transfer within the department: at once waiting there; undone', async () => {
  await choose(desk, 'A004');
  await desk.click('[data-chosen] [data-action=transfer_ticket]');
  await desk.click(`[data-action=transfer_here][data-target="${B}"]`);
  await columnIs(desk, A, []);
  await desk.waitForSelector(`[data-queue="${B}"] [data-row][data-state=waiting]`);
  await doctor.waitForSelector('.tickets [data-row]', { state: 'detached' });
  await press(desk, 'undo_last');
  await columnIs(desk, A, ['A004']);
  await columnIs(desk, B, []);
  // And once more from the history, with a reason.
  await choose(desk, 'A004');
  await desk.click('[data-chosen] [data-action=transfer_ticket]');
  await desk.click(`[data-action=transfer_here][data-target="${B}"]`);
  await columnIs(desk, A, []);
  await desk.click('[data-chosen] .history [data-action=undo]');
  await giveReason(desk);
  await columnIs(desk, A, ['A004']);
});

test('the doctor transfers somebody who waits, from the row; undone', async () => {
  const transfer = '.tickets [data-row][data-number=A004] [data-action=transfer_ticket]';
  const { width, height } = await (await doctor.waitForSelector(transfer)).boundingBox();
  assert.ok(width >= 44 && height >= 44, `${width} × ${height}`);
  if (process.env.PICTURES) await doctor.screenshot({ path: `${process.env.PICTURES}/doctor-row.png` });
  await doctor.click(transfer);
  await doctor.click(`dialog [data-target="${B}"]`);
  await doctor.click('dialog [data-action=dialog_go]');
  await doctor.waitForSelector('.tickets [data-row]', { state: 'detached' });
  await desk.waitForSelector(`[data-queue="${B}"] [data-row][data-state=waiting]`);
  await doctor.waitForSelector('#undo:has-text("A004 已改派到周静门诊")');
  await press(doctor, 'undo_last');
  await columnIs(desk, A, ['A004']);
  await columnIs(desk, B, []);
  await doctor.waitForSelector('.tickets [data-row][data-number=A004][data-state=waiting]');
});

test('the third missed stands: the doctor cannot take the patient back, the desk can', async () => {
  // Missed once already.
  const miss = async () => {
    await inHand(doctor, 'A004');
    await press(doctor, 'recall_patient');
    await doctor.waitForSelector('.eyebrow:has-text("第 2 次")');
    await pause(NINETY_S_MS);
    await doctor.click('.hand [data-action=mark_missed]:not([disabled])');
    await inHand(doctor, null);
  };
  const takeBack = '.tickets [data-row][data-number=A004] [data-action=take_back]';
  await press(doctor, 'call_next_patient');
  await miss();
  await doctor.click('[data-tab=missed]');
  await doctor.click(takeBack);
  await miss();
  await doctor.click(takeBack);
  await doctor.waitForSelector('.notices:has-text("过号次数已满")');
  await inHand(doctor, null);
  await columnIs(desk, A, []);
  await doctor.click('[data-tab=waiting]');
  await choose(desk, 'A004', 'missed');
  await desk.click('[data-chosen] [data-action=report_back]');
  await columnIs(desk, A, ['A004']);
});

test('a room with a door: the next is summoned to it, and missed there', async () => {
  const second = await browser.staff('/doctor', SIZES.console, 'zhoujing');
  await second.click('[data-action=start_work][data-service-point="renmin.xinnei.r5"]');
  const patients = [await hospital.person('周海燕', '1979-03-03', 22), await hospital.person('李芳', '1985-06-06', 24), await hospital.person('郭娟', '1986-06-06', 26)];
  for (const patient of patients) await hospital.call('POST', '/tickets', { queue: B, patient }, hospital.desk);
  await onBoard('B002', 'summoned');
  await atDesk('B002', 'summoned');
  // Called by mistake from the door: in front there again, and whom the free place had brought goes back.
  await press(second, 'call_next_patient');
  await inHand(second, 'B002');
  await onBoard('B003', 'summoned');
  await second.keyboard.press('F4');
  await inHand(second, null);
  await onBoard('B002', 'summoned');
  await atDesk('B003', 'waiting');
  await second.waitForSelector('[data-next]:has-text("已请到门口")');
  await pause(NINETY_S_MS);
  await second.click('[data-row][data-number=B002] [data-action=mark_missed]');
  await onBoard('B003', 'summoned');
  await missedOnBoard('B002');
  await press(second, 'call_next_patient');
  await inHand(second, 'B003');
  await newest('B003');
  // The wrong key: one undo takes back both, the next one called and the one missed.
  await press(second, 'recall_patient');
  await pause(NINETY_S_MS);
  await second.click('[data-outcome=not_here]:not([disabled])');
  await inHand(second, 'B004');
  await missedOnBoard('B003');
  await second.keyboard.press('Control+z');
  await inHand(second, 'B003');
  await onBoard('B004', 'summoned');
  await columnIs(desk, B, ['B002'], 'missed');
  await seenByHand(second, '[data-action=finish_service]');
  // The room pauses, and later closes: whoever stood at its door waits at the old place, ahead of who came after.
  await hospital.call('POST', '/tickets', { queue: B, patient: await hospital.person('郭晓梅', '1987-06-06', 28) }, hospital.desk);
  const noLongerAtTheDoor = async () => {
    await columnIs(desk, B, ['B004', 'B005']);
    await atDesk('B004', 'waiting');
    await board.waitForFunction(() => ![...document.querySelectorAll('[data-call][data-state=summoned] .number')].some((e) => e.textContent === 'B004'));
  };
  await press(second, 'pause_work');
  await giveReason(second);
  await noLongerAtTheDoor();
  await press(second, 'resume_work');
  await onBoard('B004', 'summoned');
  await atDesk('B004', 'summoned');
  await press(second, 'stop_work');
  await second.waitForSelector('[data-action=start_work]');
  await noLongerAtTheDoor();
  await second.context().close();
});

test('transfer to another department: a new number there, linked; refused by a queue that is no more', async () => {
  await press(doctor, 'call_next_patient');
  await inHand(doctor, 'A004');
  await doctor.click('.hand [data-action=transfer_ticket]');
  await doctor.click('dialog [data-target="renmin.yanke.wangfang"]');
  await doctor.click('dialog [data-action=dialog_go]');
  await inHand(doctor, null);
  await columnIs(desk, A, []);
  await columnIs(desk, A, ['A001', 'A002', 'A003', 'A004'], 'ended');
  // Where it went on, and the number there.
  await choose(desk, 'A004', 'ended');
  await desk.waitForSelector('[data-goes-on]:has-text("眼科 · 王芳门诊"):has-text("E0")');
  const other = await browser.staff('/doctor', SIZES.console, 'wangfang');
  await other.click('[data-action=start_work]');
  await other.waitForSelector('.tickets [data-row][data-number=E002][data-state=waiting]');
  await other.click('[data-action=call_next_patient]');
  await inHand(other, 'E002');
  // The list of targets at the desk is older than the end of this queue.
  await register('钱学文', '1970-01-01', 31, 'A005');
  await hospital.call('PUT', '/queues', { id: 'renmin.yanke.wanjian', name: '晚间门诊', prefix: 'W', doctors: [] });
  await desk.reload();
  await desk.waitForSelector('jh-connection[state=live]');
  await choose(desk, 'A005');
  await desk.click('[data-chosen] [data-action=transfer_ticket]');
  await hospital.call('POST', '/queues/retire', { id: 'renmin.yanke.wanjian' });
  await desk.selectOption('[data-form=transfer_ticket] [name=to]', 'renmin.yanke.wanjian');
  await press(desk, 'transfer_go');
  await desk.waitForSelector('[data-notice=unknown_id]');
  await columnIs(desk, A, ['A005']);
  await other.context().close();
});

test('the desk brings back whom another department has taken', async () => {
  await choose(desk, 'A005');
  await desk.click('[data-chosen] [data-action=transfer_ticket]');
  await desk.selectOption('[data-form=transfer_ticket] [name=to]', 'renmin.yanke.wangfang');
  await press(desk, 'transfer_go');
  await desk.waitForSelector('#undo:has-text("已转到眼科 · 王芳门诊")');
  await press(desk, 'undo_last');
  await columnIs(desk, A, ['A006']);
});

test('pause and resume: desk, screens and door say so', async () => {
  await press(doctor, 'pause_work');
  await giveReason(doctor);
  await doctor.waitForSelector('.paused');
  await door.waitForSelector('.now:has-text("暂停叫号")');
  await desk.waitForSelector(`[data-queue="${A}"] .rooms:has-text("暂停")`);
  await press(doctor, 'resume_work');
  await doctor.waitForSelector('[data-action=pause_work]');
  await door.waitForSelector('.now:not(:has-text("暂停叫号"))');
});

test('a pause says when the doctor is back: by the keyboard, to a time of the clock, at the desk too, and undone there', async () => {
  await doctor.focus('[data-action=pause_work]');
  await doctor.keyboard.press('Enter');
  await doctor.waitForSelector('dialog [name=back]:focus');
  await looks(doctor);
  await doctor.keyboard.press('ArrowRight');
  await doctor.keyboard.press('ArrowRight');
  if (process.env.PICTURES) await doctor.screenshot({ path: `${process.env.PICTURES}/pause-doctor.png` });
  await giveReason(doctor);
  const said = /预计 (\d\d:\d\d) 回来/.exec(await (await doctor.waitForSelector('.paused:has-text("回来")')).textContent());
  assert.ok(said);
  await board.waitForSelector(`.board footer:has-text("${said[1]}")`);
  const room = `[data-queue="${A}"] [data-room]`;
  await desk.waitForSelector(`${room}:has-text("暂停至 ${said[1]}")`);
  if (process.env.PICTURES) await desk.screenshot({ path: `${process.env.PICTURES}/pause-desk.png` });
  await desk.click(`${room} [data-action=resume_work]`);
  await doctor.waitForSelector('.paused', { state: 'detached' });
  await press(desk, 'undo_last');
  await doctor.waitForSelector(`.paused:has-text("${said[1]}")`);
  await press(desk, 'undo_last');
  await doctor.waitForSelector('.paused', { state: 'detached' });
  await desk.click(`${room} [data-action=pause_work]`);
  await looks(desk);
  await desk.fill('dialog [name=time]', '00:01');
  assert.equal(await desk.$eval('dialog form', (form) => form.checkValidity()), false, 'that has passed');
  await desk.fill('dialog [name=time]', '23:58');
  await giveReason(desk);
  await doctor.waitForSelector('.paused:has-text("23:58")');
  await desk.waitForSelector('#undo:has-text("已暂停叫号")');
  await press(desk, 'undo_last');
  await doctor.waitForSelector('.paused', { state: 'detached' });
});

test('cancel at the desk with a reason; undone', async () => {
  await choose(desk, 'A006');
  await desk.click('[data-chosen] [data-action=cancel_ticket]');
  await giveReason(desk);
  await desk.waitForSelector('[data-chosen][data-state=ended]');
  await doctor.waitForSelector('.tickets [data-row]', { state: 'detached' });
  await press(desk, 'undo_last');
  await columnIs(desk, A, ['A006']);
  await doctor.waitForSelector('.tickets [data-row][data-number=A006]');
});

test('the desk settles who does not come back from tests; undone', async () => {
  await press(doctor, 'call_next_patient');
  await inHand(doctor, 'A006');
  await press(doctor, 'send_for_tests');
  await choose(desk, 'A006', 'away');
  await desk.click('[data-chosen] [data-action=settle_tickets]');
  await desk.selectOption('dialog [data-settle]', 'return_day');
  await desk.click('dialog [data-action=dialog_go]');
  await desk.waitForSelector('[data-chosen][data-state=ended]');
  assert.equal(await desk.$('[data-filter=left_over]'), null, 'nobody is of an earlier day');
  await press(desk, 'undo_last');
  await desk.waitForSelector('[data-chosen][data-state=away]');
  await desk.click('[data-filter=waiting]');
});

test('the desk cancels an appointment by name, and brings it back by undo', async () => {
  const patient = await hospital.person('唐晓东', '1966-06-06', 66);
  await hospital.book('renmin.xinnei.s1', '08:30', patient);
  await desk.fill('#search', '唐晓东');
  await desk.click('.found [data-action=cancel_appointment]');
  await desk.waitForSelector('dialog h2:has-text("唐晓东")');
  await giveReason(desk);
  await desk.waitForSelector('.found [data-action=restore_appointment]');
  const number = await desk.textContent('.found [data-appointment] .number');
  await press(desk, 'undo_last');
  // The same number: nobody else is ever given it.
  await desk.waitForSelector(`#undo:has-text("已恢复 唐晓东 的预约,原号 ${number}")`);
  await desk.press('#search', 'Escape');
});

test('a delay is announced on the screen, and taken back', async () => {
  await desk.click('[data-side=sessions]');
  const session = '[data-session="renmin.xinnei.s1"]';
  await desk.selectOption(`${session} [name=minutes]`, '20');
  await desk.click(`${session} [data-action=delay_session]`);
  await desk.waitForSelector(`${session}:has-text("延迟约20分钟")`);
  await board.waitForSelector('.notice:has-text("20")');
  await press(desk, 'undo_last');
  await desk.waitForSelector(`${session}:not(:has-text("延迟约20分钟"))`);
});

test('desk, console, screen, phone and start page pass WCAG 2.2 AA as far as a program can tell', async () => {
  const phone = await browser.open('/patient', SIZES.phone);
  await phone.waitForSelector('[data-action=send_code]');
  const start = await browser.open('/', SIZES.desk);
  await start.waitForSelector('[data-action=sign_in]');
  for (const page of [desk, doctor, board, phone, start]) await looks(page);
  for (const page of [desk, doctor]) {
    await page.click('[data-action=switch_language]');
    await page.waitForSelector('html[lang=en]');
    await looks(page);
    await page.click('[data-action=switch_language]');
  }
});

test('a mistyped address is answered with words and a way back; a program gets a problem', async () => {
  const page = await fetch(`${hospital.base}/nothere`, { headers: { accept: 'text/html' } });
  assert.deepEqual([page.status, (await page.text()).includes('data-action="go_home"')], [404, true]);
  const problem = await fetch(`${hospital.base}/nothere`);
  assert.deepEqual([problem.status, problem.headers.get('content-type').split(';')[0]], [404, 'application/problem+json']);
  // The browser itself complains of the 404.
  browser.serverIsDown = true;
  await browser.open('/nothere', SIZES.desk).then((shown) => shown.waitForSelector('h1:has-text("没有这一页")'));
  browser.serverIsDown = false;
});

test('without a connection nothing can be pressed, and the page says it once', async () => {
  browser.serverIsDown = true;
  await doctor.context().setOffline(true);
  await doctor.waitForSelector('jh-offline-band[shown]:has-text("按键暂停")', { timeout: 15000 });
  await doctor.waitForSelector('[data-action=call_next_patient][disabled]');
  await doctor.waitForSelector('jh-connection[state=offline]');
  await doctor.context().setOffline(false);
  await doctor.waitForSelector('jh-connection[state=live]');
  await doctor.waitForSelector('[data-action=call_next_patient]:not([disabled])');
  browser.serverIsDown = false;
});

test('the doctor stops; the desk closes the session and settles who is left', async () => {
  await press(doctor, 'stop_work');
  await doctor.waitForSelector('[data-action=start_work]');
  await door.waitForSelector('.now:has-text("暂无门诊")');
  const close = async () => {
    await desk.click('[data-session="renmin.xinnei.s1"] [data-action=close_session]');
    await desk.click('dialog [data-action=close_sure]');
  };
  await close();
  // Still to come: by name, with what can be done.
  await desk.waitForSelector('dialog [data-to-come]:has-text("唐晓东")');
  await desk.click('dialog [data-to-come] [data-action=cancel_appointment]');
  await giveReason(desk);
  await desk.waitForSelector('#undo:has-text("已取消"):has-text("唐晓东")');
  await register('毛小平', '1971-11-11', 71, 'A008');
  await desk.click('[data-side=sessions]');
  await close();
  assert.equal(await desk.inputValue('dialog [data-settle]'), '', 'nobody is sent home by default');
  for (const ticket of await desk.$$eval('dialog [data-settle]', (all) => all.map((e) => e.dataset.settle))) {
    await desk.selectOption(`dialog [data-settle="${ticket}"]`, 'return_day');
  }
  await desk.click('dialog [data-action=dialog_go]');
  await desk.waitForSelector('[data-session="renmin.xinnei.s1"]:has-text("已结束")');
  // Who came from another department belongs to the session that received them, and is settled with it.
  await columnIs(desk, A, []);
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
