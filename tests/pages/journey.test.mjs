// A morning in real Chromium against the real program: each action of the ticket's state table from the page it belongs to.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import test, { after, before } from 'node:test';
import { browser, defineHouse, open, residentNumber, signIn, startHouse } from './house.mjs';

const PEOPLE = [
  ['张小三', '11010519590101001'], ['欧阳雪', '11010519720202002'], ['何伟', '11010519650303003'], ['孙磊', '11010519870505005'],
];
const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const complaints = [];
let house;
let chrome;
let desk;
let doctor;
let board;

before(async () => {
  house = await startHouse();
  await defineHouse(house);
  chrome = await browser();
});
after(async () => {
  await chrome?.close();
  await house?.stop();
});

/** The state of a ticket as the desk's column says it. */
const atDesk = (number, state) => desk.waitForSelector(`[data-row][data-number="${number}"][data-state="${state}"]`);
const filter = (name) => desk.click(`[data-filter=${name}]`);
const choose = (number) => desk.click(`[data-row][data-number="${number}"]`);
const inHand = (number) => doctor.waitForFunction((n) => document.querySelector('.hand .person .number')?.textContent === n, number);
const nobody = () => doctor.waitForSelector('.hand .nobody');
const give = async (page) => page.click('dialog [data-choice]');

test('the desk registers walk-ins, who wait in order', async () => {
  desk = await open(chrome, house.base, { width: 1440, height: 900 }, '/desk', complaints);
  await signIn(desk, 'fenzhen');
  for (const [i, [name, number]] of PEOPLE.entries()) {
    const form = '[data-form=register_walk_in]';
    await desk.fill(`${form} [name=name]`, name);
    await desk.fill(`${form} [name=number]`, residentNumber(number));
    await desk.click(`${form} [data-action=register_walk_in]`);
    await atDesk(`A00${i + 1}`, 'waiting');
  }
  const rows = await desk.$$eval('[data-queue="renmin.xinnei.liming"] [data-row]', (all) => all.map((row) => row.dataset.number));
  assert.deepEqual(rows, ['A001', 'A002', 'A003', 'A004']);
});

test('a screen shows its code, is approved at the desk, and shows the area', async () => {
  board = await open(chrome, house.base, { width: 1920, height: 1080 }, '/board/renmin.b3f', complaints);
  const code = await board.getAttribute('[data-pairing-code]', 'data-pairing-code');
  await desk.click('[data-side=screens]');
  await desk.fill('[name=code]', code);
  await desk.click('[data-action=approve_screen]');
  await board.waitForSelector('.board [data-live=on]');
});

test('the doctor begins, calls by key, and the screen shows it', async () => {
  doctor = await open(chrome, house.base, { width: 1440, height: 900 }, '/doctor', complaints);
  await signIn(doctor, 'liming');
  await doctor.click('[data-action=start_work]');
  await nobody();
  await doctor.keyboard.press('F8');
  await inHand('A001');
  await board.waitForFunction(() => document.querySelector('.newest .number')?.textContent === 'A001');
  await atDesk('A001', 'called');
});

test('called by mistake: undone from the bar, or returned with a reason', async () => {
  await doctor.click('[data-action=undo_last]');
  await nobody();
  await doctor.click('[data-action=call_next_patient]');
  await inHand('A001');
  await doctor.click('[data-action=return_to_waiting]');
  await give(doctor);
  await nobody();
  await atDesk('A001', 'waiting');
});

test('recall, start, off to tests, back by the desk', async () => {
  await doctor.click('[data-action=call_next_patient]');
  await inHand('A001');
  await doctor.click('[data-action=recall_patient]');
  await doctor.click('[data-action=start_service]');
  await doctor.waitForSelector('.hand [data-state=serving]');
  await doctor.click('[data-action=send_for_tests]');
  await nobody();
  await filter('away');
  await choose('A001');
  await desk.click('[data-chosen] [data-action=report_back]');
  await filter('waiting');
  await atDesk('A001', 'waiting');
});

test('seen, next; and not here is too early', async () => {
  await doctor.click('[data-action=call_next_patient]');
  await doctor.waitForSelector('[data-outcome=seen]');
  const first = await doctor.textContent('.hand .person .number');
  await doctor.click('[data-outcome=seen]');
  await doctor.waitForFunction((n) => document.querySelector('.hand .person .number')?.textContent !== n, first);
  await doctor.click('[data-outcome=not_here]');
  await doctor.waitForSelector('[data-notice=too_early]');
  await doctor.click('[data-action=finish_service]');
  await nobody();
  await doctor.click('[data-tab=ended]');
  await doctor.waitForSelector(`[data-row][data-number="${first}"][data-state=ended]`);
  await doctor.click('[data-tab=waiting]');
});

test('priority with proof, transfer within the department by two clicks, undone from the history', async () => {
  await desk.click('[data-queue="renmin.xinnei.liming"] [data-row][data-state=waiting]');
  const number = await desk.textContent('[data-chosen] .number');
  await desk.selectOption('[data-form=set_priority] [name=class]', 'military');
  await desk.fill('[data-form=set_priority] [name=proof]', '军官证');
  await desk.click('[data-action=set_priority]');
  await desk.waitForSelector('.history li:has-text("改优先")');
  await desk.click('[data-chosen] [data-action=transfer_ticket]');
  await desk.click('[data-action=transfer_here]');
  await desk.waitForSelector(`[data-queue="renmin.xinnei.putong"] [data-number="${number}"]`);
  await desk.click('.history [data-action=undo]');
  await give(desk);
  await desk.waitForSelector(`[data-queue="renmin.xinnei.liming"] [data-number="${number}"]`);
});

test('the desk calls a chosen ticket; the doctor sees it; wrong person', async () => {
  await desk.click('[data-queue="renmin.xinnei.liming"] [data-row][data-state=waiting]');
  const number = await desk.textContent('[data-chosen] .number');
  await desk.click('[data-chosen] [data-action=call_ticket]');
  await desk.fill('dialog [name=reason]', '病情需要');
  await desk.click('dialog [data-action=dialog_go]');
  await inHand(number);
  await doctor.click('[data-action=start_service]');
  await doctor.waitForSelector('.hand [data-state=serving]');
  await doctor.click('[data-action=return_to_waiting]');
  await give(doctor);
  await nobody();
});

test('a chosen call from the console; transfer to another department', async () => {
  await doctor.click('.tickets [data-action=call_ticket]');
  await give(doctor);
  await doctor.waitForSelector('.hand .person');
  await doctor.click('.hand [data-action=transfer_ticket]');
  await doctor.click('dialog [data-target="renmin.yanke.pool"]');
  await doctor.click('dialog [data-action=dialog_go]');
  await nobody();
});

test('pause and resume; cancel at the desk; end of work', async () => {
  await doctor.click('[data-action=pause_work]');
  await give(doctor);
  await doctor.click('[data-action=resume_work]');
  await doctor.waitForSelector('[data-action=pause_work]');
  await desk.click('[data-queue="renmin.xinnei.liming"] [data-row][data-state=waiting]');
  await desk.click('[data-chosen] [data-action=cancel_ticket]');
  await give(desk);
  await desk.waitForSelector('[data-chosen][data-state=ended]');
  await doctor.click('[data-action=stop_work]');
  await doctor.waitForSelector('[data-action=start_work]');
});

test('desk, console, screen, phone and start page pass WCAG 2.2 AA as far as a program can tell', async () => {
  const phone = await open(chrome, house.base, { width: 390, height: 844 }, '/patient', complaints);
  await phone.waitForSelector('[data-action=send_code]');
  const start = await open(chrome, house.base, { width: 1440, height: 900 }, '/', complaints);
  await start.waitForSelector('[data-action=sign_in]');
  for (const page of [desk, doctor, board, phone, start]) {
    await page.evaluate(AXE);
    const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] }));
    const faults = found.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(' | ')}`);
    assert.deepEqual(faults, [], page.url());
  }
});

test('operations define and retire a room', async () => {
  const ops = await open(chrome, house.base, { width: 1440, height: 900 }, '/ops', complaints);
  await signIn(ops, 'yunxing');
  await ops.click('[data-part=service_point]');
  await ops.fill('[data-field=id]', 'r9');
  await ops.fill('[data-field=name]', '9号诊室');
  await ops.click('form [data-action=define_service_point]');
  await ops.click('[data-action=retire_service_point][data-thing="renmin.xinnei.r9"]');
  await ops.waitForSelector('[data-thing="renmin.xinnei.r9"]', { state: 'detached' });
});

test('a screen that loses the server says so within five seconds, with the time of its last data', async () => {
  await board.context().setOffline(true);
  await house.stop();
  house = null;
  const began = Date.now();
  const band = await board.waitForSelector('[data-band=offline]', { timeout: 6000 });
  assert.ok(Date.now() - began < 5000, `${Date.now() - began} ms`);
  assert.match(await band.textContent(), /\d\d:\d\d/);
  assert.equal(await board.getAttribute('[data-live]', 'data-live'), 'off');
});

test('no page complained', () => {
  assert.deepEqual(complaints.filter((c) => !/ERR_CONNECTION_REFUSED|ERR_INTERNET_DISCONNECTED|WebSocket connection/.test(c)), []);
});
