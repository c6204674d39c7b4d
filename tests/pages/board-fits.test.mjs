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
  render(place, boardView(v, { seen: new Map(), local: 0, page: 0, off: false, lastData: '', silent: 'speed', shift: 0, offsetMinutes: 480, ...s }));
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

/** Rooms with so many who wait in all, by turns. */
const crowd = (count, waiting, prefix = '') => {
  const all = Array.from({ length: count }, (_, n) => ({ place: `${n + 1}号诊室`, doctor: '欧阳震华', doctor_en: 'Ouyang Zhenhua', title: '副主任医师', paused: false, expected: range, at_door: [], waiting: [] }));
  for (let i = 0; i < waiting; i += 1) all[i % count].waiting.push(`${prefix}${'ABCDEFGH'[i % count]}${String(i).padStart(3, '0')}`);
  return { ...value, rooms: all };
};
/** How many numbers stand there, and what of the waiting part is below its end. */
const standing = () => board.evaluate(() => {
  const end = document.querySelector('#fits .missed').getBoundingClientRect().top;
  const rooms = Array.from(document.querySelectorAll('#fits .room'));
  const over = rooms.map((room, n) => room.lastElementChild.getBoundingClientRect().bottom - (n + 1 < rooms.length ? rooms[n + 1].getBoundingClientRect().top : end)).filter((px) => px > 1);
  return { numbers: Array.from(document.querySelectorAll('#fits .queue > span:not(.more):not(.from)'), (one) => one.textContent), over };
});

test('who waits stands there as far as there is space, with and without a notice, an emergency and a longer number', async () => {
  for (const [count, waiting, prefix, least] of [[1, 5, '', 5], [1, 30, '', 30], [1, 80, '', 31], [3, 5, '', 5], [3, 30, '', 17], [3, 80, '', 17], [8, 80, '', 12], [8, 80, 'AB', 8]]) {
    for (const more of [{}, { notices: [] }, { calls: [{ ...value.calls[0], emergency: true }] }]) {
      await draws({ ...crowd(count, waiting, prefix), ...more }, {});
      const { numbers, over } = await standing();
      const saves = more.calls ? 12 : 0;
      assert.deepEqual([await cut(), over], [[], []], `${count} rooms, ${waiting} wait`);
      assert.ok(numbers.length >= Math.min(waiting, least) - saves, `${count} rooms, ${waiting} wait: ${numbers.length} stand there`);
    }
  }
});

test('who does not fit comes in turn, each once, and it is said from where on', async () => {
  const seen = [];
  for (let page = 0; page < 3; page += 1) {
    await draws(crowd(1, 80), { page });
    seen.push(...(await standing()).numbers);
    assert.equal(await board.textContent('#fits .waiting .pages'), `${page + 1}/3`);
    assert.equal(/第\d+位起/.test(await board.textContent('#fits .queue')), page > 0);
  }
  assert.deepEqual(seen, crowd(1, 80).rooms[0].waiting);
  const missed = [];
  for (let page = 0; page < 2; page += 1) {
    await draws(value, { page });
    missed.push(...await board.$$eval('#fits .missed b', (all) => all.map((one) => one.textContent)));
  }
  assert.deepEqual(missed, value.missed);
});

test('a notice is as big as a row of the list', async () => {
  await draws(value, {});
  const sizes = await board.evaluate(() => ['.notice p', '.call .number', '.queue span', '.missed b'].map((what) => parseFloat(getComputedStyle(document.querySelector(`#fits ${what}`)).fontSize)));
  assert.ok(sizes[0] >= 56 && sizes[1] >= 56 && sizes[2] >= 56 && sizes[3] >= 48, `${sizes}`);
});

test('a screen that stands has what one that lies has', async () => {
  await board.setViewportSize({ width: 1080, height: 1920 });
  for (const [count, waiting] of [[1, 80], [4, 30], [8, 80]]) {
    for (const more of [{}, { calls: [{ ...value.calls[0], emergency: true }] }]) {
      await draws({ ...crowd(count, waiting), ...more }, { size: { width: 67.5, height: 120 } });
      const { numbers, over } = await standing();
      assert.deepEqual(over, [], `${count} rooms, ${waiting} wait`);
      assert.ok(numbers.length >= (count === 1 ? (more.calls ? 20 : 30) : more.calls ? 10 : 15), `${count} rooms, ${waiting} wait: ${numbers.length}`);
    }
  }
  await board.setViewportSize(SIZES.screen);
});
