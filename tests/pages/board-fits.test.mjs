// The waiting area's screen at its own size: four doctors with titles, waits and a delay stand there whole, in both languages.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, Hospital, SIZES } from './hospital.mjs';

let hospital;
let browser;
let board;

before(async () => {
  hospital = await new Hospital().open();
  await hospital.define();
  browser = await new Browser(hospital.base).start();
  board = await browser.open('/board/renmin.b3f', SIZES.screen);
  await board.waitForSelector('[data-pairing-code]');
});
after(async () => {
  await browser?.close();
  await hospital?.close();
  assert.deepEqual(browser.complaints, []);
});

/** Draws the board as the page does, beside it. @param {any} value @param {any} how */
const draws = (value, how) => board.evaluate(async ([v, s]) => {
  const { boardView } = await import('/web/board/view.js');
  const { render } = await import('/web/lib/dom.js');
  const place = document.querySelector('#fits') || document.body.appendChild(Object.assign(document.createElement('div'), { id: 'fits', style: 'position:fixed;top:0;left:0;width:100%;background:#f6f5f1' }));
  render(place, boardView(v, { seen: new Map(), local: 0, page: 0, off: false, lastData: '', silent: 'speed', shift: 0, notice: 0, offsetMinutes: 480, ...s }));
}, [value, { serverNow: Date.parse('2026-11-23T08:30:00+08:00'), ...how }]);

/** What stands there cut at the side or below: an ink box that its own box hides a part of. */
const cut = () => board.evaluate(() => Array.from(document.querySelectorAll('#fits *')).filter((one) => {
  const style = getComputedStyle(one);
  if (style.overflowX === 'visible') return false;
  const isText = Array.from(one.childNodes).some((node) => node.nodeType === 3) || one.matches('.doctor, .none, .say');
  // The tails of g and y reach 0.22 of the size below the line's middle part: a line of less than 1.28 hides them.
  const hidesTails = isText && parseFloat(style.height) < 1.28 * parseFloat(style.fontSize);
  return one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1 || hidesTails;
}).map((one) => `${one.className} ${one.textContent}`));

const doctors = [['李明', 'Li Ming', '主任医师'], ['欧阳震华', 'Ouyang Zhenhua', '副主任医师'], ['周静', 'Zhou Jing', '副主任医师'], ['王芳', 'Wang Fang', '主治医师']];
const range = { from: '2026-11-23T08:50:00+08:00', to: '2026-11-23T09:25:00+08:00' };
const rooms = doctors.map(([doctor, english, title], n) => ({
  place: `${n + 1}号诊室`, doctor, doctor_en: english, title, paused: n === 3, expected: n === 3 ? null : range,
  at_door: n === 1 ? ['B014'] : [], waiting: n === 2 ? [] : [1, 2, 3, 4, 5].map((i) => `${'ABCD'[n]}01${i}`).filter((number) => number !== 'B014'),
}));
const value = {
  board: { name: '心内科 候诊区 3F', name_en: 'Cardiology, waiting area' }, missed: ['A001', 'B002', 'C013', 'A007', 'D021'], rooms,
  notices: [{ zh: '李明医生门诊延迟约20分钟', en: 'Dr Li Ming is running about 20 minutes late' }],
  calls: [
    { call: 'c1', at: '2026-11-23T08:29:00+08:00', state: 'called', number: 'A009', name: '张*三', place: '1号诊室', place_en: 'Room 1' },
    { call: 'c2', at: '2026-11-23T08:20:00+08:00', state: 'serving', number: 'B013', name: '李*', place: '2号诊室', place_en: 'Room 2' },
  ],
};

test('four doctors with titles, waits and a delay: nothing is cut', async () => {
  await draws(value, {});
  assert.deepEqual(await cut(), []);
  const text = await board.textContent('#fits');
  for (const [, english, title] of doctors) assert.ok(text.includes(title) && text.includes(english), `${title} ${english}`);
  if (process.env.PICTURES) await board.screenshot({ path: `${process.env.PICTURES}/board-fits.png` });
});

test('the wait stands in its own line under the room', async () => {
  const [doctor, expected, numbers] = await board.$eval('#fits .room', (room) => ['.doctor', '.expected', '.queue'].map((part) => room.querySelector(part).getBoundingClientRect().top));
  assert.ok(doctor < expected && expected < numbers, `${doctor} ${expected} ${numbers}`);
  assert.match(await board.textContent('#fits .room .expected'), /预计 Wait 08:50–09:25/);
});

test('with an emergency above it every room keeps to its own lines', async () => {
  await draws({ ...value, calls: [{ ...value.calls[0], emergency: true }] }, {});
  await board.waitForSelector('#fits [data-band=emergency]');
  const over = await board.$$eval('#fits .room', (all) => all.map((room) => room.lastElementChild.getBoundingClientRect().bottom - room.getBoundingClientRect().bottom));
  assert.ok(over.every((px) => px < 8), `${over}`);
  if (process.env.PICTURES) await board.screenshot({ path: `${process.env.PICTURES}/board-emergency.png` });
});
