// The waiting area's screen at its own size: four doctors with titles, waits and a delay stand there whole, in both languages.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, faint, Hospital, SIZES } from './hospital.mjs';

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
  const { Turns } = await import('/web/board/calls.js');
  const { render } = await import('/web/lib/dom.js');
  const place = document.querySelector('#fits') || document.body.appendChild(Object.assign(document.createElement('div'), { id: 'fits', style: 'position:fixed;top:0;left:0;width:100%;background:#f6f5f1' }));
  render(place, boardView(v, { seen: new Map(), turns: new Turns(), local: 0, page: 0, off: false, lastData: '', silent: 'speed', shift: 0, offsetMinutes: 480, ...s }));
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
  board: { name: '心内科 候诊区 3F', name_en: 'Cardiology, waiting area', rows_max: 12 }, missed: ['A001', 'B002', 'C013', 'A007', 'D021'], rooms,
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

test('the wait stands in its own line under the numbers of the room, and says that it is of who comes now', async () => {
  const [doctor, numbers, expected] = await board.$eval('#fits .room', (room) => ['.doctor', '.queue', '.expected'].map((part) => room.querySelector(part).getBoundingClientRect().top));
  assert.ok(doctor < numbers && numbers < expected, `${doctor} ${numbers} ${expected}`);
  assert.equal(await board.textContent('#fits .room .expected'), '现在来的,约 08:50–09:25 叫到If you come now: about 08:50–09:25');
  await draws(value, { serverNow: Date.parse('2026-11-23T09:00:00+08:00') });
  assert.equal(await board.textContent('#fits .room .expected'), '现在来的,09:25 前叫到If you come now: by 09:25');
});

test('before anybody works it is said who comes and when, until that has long passed', async () => {
  const coming = rooms.map((room, n) => ({ ...room, paused: false, expected: null, at_door: [], waiting: n ? [] : ['A001', 'A002'], opens: '2026-11-23T08:20:00+08:00' }));
  const said = () => board.$$eval('#fits .room', (all) => all.map((one) => `${one.dataset.room} ${one.querySelector('.expected').textContent}`));
  const at = (time) => draws({ ...value, calls: [], rooms: coming }, { serverNow: Date.parse(`2026-11-23T${time}:00+08:00`) });
  await at('07:40');
  assert.deepEqual(await said(), [1, 2, 3, 4].map((n) => `${n}号诊室 约 08:20 开诊Starts about 08:20`));
  assert.deepEqual(await cut(), []);
  await at('08:20');
  assert.deepEqual(await said(), [1, 2, 3, 4].map((n) => `${n}号诊室 医生还没到,请稍等The doctor is not here yet`));
  assert.deepEqual(await cut(), []);
  await at('09:20');
  assert.deepEqual(await said(), ['1号诊室 医生还没到,请稍等The doctor is not here yet'], 'who waits is told, where nobody waits nobody comes any more');
});

test('what is read from afar is big: the wait where height is left, and the English that tells a call from a summons', async () => {
  const size = (what) => board.$eval(`#fits ${what}`, (one) => parseFloat(getComputedStyle(one).fontSize));
  const few = { ...crowd(3, 12), calls: value.calls };
  await draws(few, {});
  assert.deepEqual([await cut(), (await standing()).over], [[], []]);
  assert.ok(await size('.expected > span') >= 44 && await size('.expected small') >= 30, 'three rooms');
  assert.ok(await size('.call .state small') >= 30 && await size('.call .place small') >= 30);
  assert.match(await board.textContent('#fits .call .place'), /2号诊室.*Room 2/);
  // Nobody gives up a line for it.
  await draws(crowd(3, 30), {});
  assert.ok(await size('.expected > span') >= 36 && (await standing()).numbers.length >= 17, 'three rooms with more numbers');
});

test('what the marked numbers are is said with one of them, and not where there is none', async () => {
  await draws(value, {});
  assert.equal(await board.textContent('#fits .waiting h2 em'), 'B014在门口 At the door');
  await draws(crowd(3, 5), {});
  assert.equal(await board.$('#fits .waiting h2 em'), null);
});

test('with an emergency above it every room keeps to its own lines', async () => {
  await draws({ ...value, calls: [{ ...value.calls[0], emergency: true }] }, {});
  await board.waitForSelector('#fits [data-band=emergency]');
  // Once, by its number: not in the block and in no row.
  assert.equal(await board.textContent('#fits [data-band=emergency]'), '急诊优先 EmergencyA009→ 1号诊室Room 1');
  assert.equal((await board.$$('#fits [data-call]')).length, 0);
  const over = await board.$$eval('#fits .room', (all) => all.map((room) => room.lastElementChild.getBoundingClientRect().bottom - room.getBoundingClientRect().bottom));
  assert.ok(over.every((px) => px < 8), `${over}`);
  if (process.env.PICTURES) await board.screenshot({ path: `${process.env.PICTURES}/board-emergency.png` });
});

/** Rooms with so many who wait in all, by turns. */
const crowd = (count, waiting, prefix = '') => {
  const all = Array.from({ length: count }, (_, n) => ({ place: `${n + 1}号诊室`, doctor: '欧阳震华', doctor_en: 'Ouyang Zhenhua', title: '副主任医师', paused: false, expected: range, at_door: [], waiting: [] }));
  for (let i = 0; i < waiting; i += 1) all[i % count].waiting.push(`${prefix}${'ABCDEFGHIJKLMN'[i % count]}${String(i).padStart(3, '0')}`);
  return { ...value, rooms: all };
};
/** How many numbers stand there, and what of the waiting part is below its end. */
const standing = () => board.evaluate(() => {
  const end = document.querySelector('#fits .missed').getBoundingClientRect().top;
  const rooms = Array.from(document.querySelectorAll('#fits .room'));
  const over = rooms.map((room, n) => room.lastElementChild.getBoundingClientRect().bottom - (n + 1 < rooms.length ? rooms[n + 1].getBoundingClientRect().top : end)).filter((px) => px > 1);
  return { numbers: Array.from(document.querySelectorAll('#fits .queue > span:not(.more):not(.from)'), (one) => one.textContent), over };
});

test('rows of who is to wait at a door, and of who is to come back, say all of it in both languages', async () => {
  const row = (n, state) => ({ call: `d${n}`, at: `2026-11-23T08:2${n}:00+08:00`, state, number: `A00${n}`, name: '欧阳*华', place: `${n}号诊室`, place_en: `Room ${n}` });
  await draws({ ...value, calls: [row(1, 'called'), row(2, 'summoned'), row(3, 'withdrawn'), row(4, 'summoned'), row(5, 'withdrawn')] }, {});
  assert.deepEqual(await cut(), []);
  assert.match(await board.textContent('#fits [data-call=d2]'), /2号诊室Room 2请在门口候诊Wait at door/);
  const over = await board.$$eval('#fits .call', (all) => all.flatMap((one) => [...one.children].map((part) => part.getBoundingClientRect().bottom - one.getBoundingClientRect().bottom)));
  assert.ok(over.every((px) => px <= 0), `${over}`);
  if (process.env.PICTURES) await board.screenshot({ path: `${process.env.PICTURES}/board-rows.png` });
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
    assert.equal(/接上页.*continued/.test(await board.textContent('#fits .queue')), page > 0);
  }
  assert.deepEqual(seen, crowd(1, 80).rooms[0].waiting);
  const missed = [];
  for (let page = 0; page < 2; page += 1) {
    await draws(value, { page });
    missed.push(...await board.$$eval('#fits .missed b', (all) => all.map((one) => one.textContent)));
  }
  assert.deepEqual(missed, value.missed);
});

test('two shared lines on one board have a name each: the letter of their numbers', async () => {
  const pool = (prefix, first) => [0, 1].map((n) => ({
    ...rooms[0], place: `${first + n}号诊室`, paused: false, at_door: [], waiting: [1, 2, 3].map((i) => `${prefix}00${i}`),
  }));
  const lines = () => board.$$eval('#fits .room.common .doctor', (all) => all.map((one) => one.textContent));
  await draws({ ...value, rooms: pool('A', 1) }, {});
  assert.deepEqual(await lines(), ['共同候诊 Shared line']);
  await draws({ ...value, rooms: [...pool('A', 1), ...pool('HJ', 3)] }, {});
  const first = await lines();
  if (process.env.PICTURES) await board.screenshot({ path: `${process.env.PICTURES}/board-pools.png` });
  assert.deepEqual(await cut(), []);
  await draws({ ...value, rooms: [...pool('A', 1), ...pool('HJ', 3)] }, { page: 1 });
  assert.deepEqual([...first, ...await lines()], ['A 号共同候诊 Shared line A', 'HJ 号共同候诊 Shared line HJ']);
});

test('a notice is as big as a row of the list', async () => {
  await draws(value, {});
  const sizes = await board.evaluate(() => ['.notice p', '.call .number', '.queue span', '.missed b'].map((what) => parseFloat(getComputedStyle(document.querySelector(`#fits ${what}`)).fontSize)));
  assert.ok(sizes[0] >= 56 && sizes[1] >= 56 && sizes[2] >= 56 && sizes[3] >= 48, `${sizes}`);
});

test('twelve rows of rooms take turns, and how many rooms are not there stands on the glass all the time', async () => {
  for (const more of [{}, { notices: [] }]) {
    const seen = new Set();
    for (let page = 0; page < 6; page += 1) {
      await draws({ ...crowd(14, 30), ...more }, { page });
      assert.deepEqual([await cut(), (await standing()).over], [[], []]);
      assert.equal(await board.textContent('#fits [data-left]'), '另有2间诊室,请问分诊台 2 more rooms: ask the desk');
      for (const room of await board.$$eval('#fits [data-room]', (all) => all.map((one) => one.dataset.room))) seen.add(room);
    }
    assert.deepEqual([...seen], Array.from({ length: 12 }, (_, n) => `${n + 1}号诊室`));
  }
  if (process.env.PICTURES) await board.screenshot({ path: `${process.env.PICTURES}/board-left.png` });
  await draws(crowd(12, 30), {});
  assert.equal(await board.$('#fits [data-left]'), null);
});

test('the three newest calls are held above the others, the newest first, each for its twenty seconds', async () => {
  const [now, later] = await board.evaluate(async () => {
    const { arrange, key } = await import('/web/board/calls.js');
    const call = (n, state = 'called') => ({ call: `c${n}`, at: `2026-11-23T08:0${n}:00+08:00`, state, number: `A00${n}` });
    const calls = [call(1), call(2), call(3), call(4), call(5, 'summoned'), call(6, 'serving')];
    const seen = new Map(calls.map((c) => [key(c), 0]));
    return [19999, 20000].map((at) => {
      const { newest, isNew, rows, fresh } = arrange(calls, seen, at);
      return [newest.number, isNew, rows.map((c) => c.number), fresh.map((c) => c.number)];
    });
  });
  assert.deepEqual(now, ['A004', true, ['A003', 'A002', 'A005', 'A001', 'A006'], ['A004', 'A003', 'A002']]);
  assert.deepEqual(later, ['A004', false, ['A005', 'A003', 'A002', 'A001', 'A006'], []]);
});

test('a call stands apart because it was made, not because a later one has gone, and not for ever', async () => {
  const apart = await board.evaluate(async () => {
    const { arrange, key } = await import('/web/board/calls.js');
    const [first, second] = [1, 2].map((n) => ({ call: `c${n}`, at: `2026-11-23T08:0${n}:00+08:00`, state: 'called', number: `A00${n}` }));
    const seen = new Map([[key(first), -30000], [key(second), 0]]);
    const at = (calls, now, off) => (arrange(calls, seen, now, off).newest || { number: null }).number;
    return [at([second, first], 30000), at([first], 30000), at([{ ...second, state: 'serving' }, first], 30000), at([second], 179999), at([second], 180000), at([second], 180000, true)];
  });
  assert.deepEqual(apart, ['A002', null, null, 'A002', null, 'A002']);
  await draws(value, { local: 180000 });
  await board.waitForSelector('#fits .newest.quiet');
  assert.equal(await board.textContent('#fits .call[data-state=called]:not(.hot) .state'), '08:29 叫过called 08:29');
  assert.deepEqual(await cut(), []);
  if (process.env.PICTURES) await board.screenshot({ path: `${process.env.PICTURES}/board-old-call.png` });
});

test('more calls at once than rows: each is shown within four seconds and counts as shown by then, not before; then they take turns', async () => {
  for (const places of [3, 4]) {
    const { rows, shown, away, held } = await board.evaluate(async (most) => {
      const { arrange, key, Turns } = await import('/web/board/calls.js');
      const calls = Array.from({ length: 12 }, (_, n) => ({ call: `c${n}`, at: `2026-11-23T08:00:${10 + n}+08:00`, state: 'called' }));
      const seen = new Map(calls.map((c) => [key(c), 0]));
      const turns = new Turns();
      const all = new Map(calls.map((c) => [c, { stood: 0, gone: 0, away: 0, shown: null }]));
      const found = { rows: 0, held: true };
      for (let now = 0; now < 60000; now += 200) {
        const arranged = arrange(calls, seen, now);
        const chosen = turns.choose(arranged, most, now);
        const here = [arranged.newest, ...chosen];
        found.rows = Math.max(found.rows, chosen.length);
        if (now > 4000 && now < 20000) found.held = found.held && calls.slice(-3).every((c) => here.includes(c));
        for (const [c, one] of all) {
          if (!one.shown && turns.wasShown(c, now)) one.shown = [now, one.stood];
          one.gone = here.includes(c) ? 0 : one.gone + 200;
          if (now > 20000) one.away = Math.max(one.away, one.gone);
          if (here.includes(c)) one.stood += 200;
        }
      }
      const each = [...all.values()];
      return { ...found, shown: each.map((one) => one.shown), away: Math.max(...each.map((one) => one.away)) };
    }, places);
    assert.equal(rows, places);
    assert.ok(shown.every((one) => one && one[0] <= 4000 && one[1] >= 800), JSON.stringify(shown));
    assert.ok(held, 'the three newest stay for their twenty seconds');
    // A turn for each of those who share the rows, and one more when the held have given up theirs.
    assert.ok(away > 0 && away <= (Math.ceil(11 / places) + 1) * 5000, `nobody is away for longer than ${away} ms`);
  }
});

/** So many who were asked to the door, the newest first, by minute. */
const asked = (count) => Array.from({ length: count }, (_, n) => ({
  call: `q${n}`, at: `2026-11-23T08:${28 - n}:00+08:00`, state: 'summoned', number: `A0${30 - n}`, name: '欧阳*华', place: `${n + 1}号诊室`, place_en: `Room ${n + 1}`,
}));
const rowsOf = () => board.$$eval('#fits .call .number', (all) => all.map((one) => one.textContent));

test('while nobody is newly called, rows that do not fit below the panel have the whole side, the newest first', async () => {
  for (const [width, height] of [[1920, 1080], [1080, 1920]]) {
    await board.setViewportSize({ width, height });
    const size = width > height ? { width: 120, height: 67.5 } : { width: 67.5, height: 120 };
    await draws({ ...value, notices: [], calls: asked(7) }, { size });
    assert.equal(await board.$('#fits .newest'), null);
    assert.deepEqual(await rowsOf(), asked(7).map((c) => c.number));
    assert.deepEqual(await cut(), []);
    if (process.env.PICTURES) await board.screenshot({ path: `${process.env.PICTURES}/board-${width}-alone.png` });
  }
  await board.setViewportSize(SIZES.screen);
  await draws({ ...value, notices: [], calls: asked(3) }, {});
  await board.waitForSelector('#fits .newest.quiet');
});

test('an old call yields to whoever is asked to a door, and whom the last minutes have asked stays', async () => {
  const [early, later] = await board.evaluate(async () => {
    const { arrange, key, Turns } = await import('/web/board/calls.js');
    const call = (n, state) => ({ call: `c${n}`, at: `2026-11-23T08:0${n}:00+08:00`, state, number: `A00${n}` });
    // Five called long ago, three asked to the door long ago, one a minute ago.
    const calls = [1, 2, 3, 4, 5].map((n) => call(n, 'called')).concat([6, 7, 8, 9].map((n) => call(n, 'summoned')));
    const seen = new Map(calls.map((c) => [key(c), -600000]));
    seen.set(key(calls[8]), -60000);
    const turns = new Turns();
    const found = [new Set(), new Set()];
    for (let now = 0; now < 60000; now += 200) {
      const chosen = turns.choose(arrange(calls, seen, now), 4, now).map((c) => c.number);
      if (now > 6000) found[0].add(chosen.join(' '));
    }
    for (let now = 60000; now < 90000; now += 200) turns.choose(arrange(calls, seen, now), 6, now).forEach((c) => found[1].add(c.number));
    return found.map((one) => [...one]);
  });
  assert.deepEqual(early, ['A009 A008 A007 A006']);
  assert.equal(later.length, 9, 'with room for them they take turns');
});

test('a screen that cannot speak asks nobody to listen', async () => {
  const says = async (how, board_of = {}, calls = []) => {
    await draws({ ...value, board: { ...value.board, ...board_of }, calls }, how);
    assert.deepEqual(await cut(), []);
    return board.textContent('#fits .newest.quiet');
  };
  assert.equal(await says({ silent: null }), '请留意屏幕和叫号Please watch and listen for your number');
  assert.equal(await says({ silent: 'device' }), '请看屏幕,叫号没有声音Please watch the screen: no sound today');
  if (process.env.PICTURES) await board.screenshot({ path: `${process.env.PICTURES}/board-quiet-silent.png` });
  assert.equal(await says({ silent: null }, { speaks: false }), '还没有叫号,请坐着等Nobody has been called yet: please take a seat');
  const serving = [{ ...value.calls[1], at: '2026-11-23T08:05:00+08:00' }];
  assert.equal(await says({ silent: null }, { speaks: false }, serving), '请看屏幕Please watch the screen');
  assert.equal(await says({ silent: 'device', off: true, lastData: '08:29' }), '请留意屏幕和叫号Please watch and listen for your number', 'a nurse calls now');
});

test('offline a row keeps what was last asked of its patient, with the time', async () => {
  await draws({ ...value, calls: [...asked(2), { ...value.calls[0], at: '2026-11-23T08:05:00+08:00' }] }, { off: true, lastData: '08:29' });
  const said = Object.fromEntries(await board.$$eval('#fits [data-call]', (all) => all.map((one) => [one.dataset.call, (one.querySelector('.state') || { textContent: '' }).textContent])));
  assert.deepEqual([said.q0, said.q1], ['08:28 门口候诊to the door 08:28', '08:27 门口候诊to the door 08:27']);
  await draws({ ...value, calls: [{ ...value.calls[0], call: 'c9', at: '2026-11-23T08:28:00+08:00' }, { ...value.calls[0], at: '2026-11-23T08:05:00+08:00' }] }, { off: true, lastData: '08:29' });
  assert.equal(await board.textContent('#fits .call[data-call=c1] .state'), '08:05 叫过called 08:05');
  assert.deepEqual(await cut(), []);
  if (process.env.PICTURES) await board.screenshot({ path: `${process.env.PICTURES}/board-off-rows.png` });
});

test('offline no time is promised to who comes now, and no doctor is said not to be there now', async () => {
  const to_come = (place, opens) => ({ place, doctor: '李明', doctor_en: 'Li Ming', title: '主任医师', paused: false, expected: null, at_door: [], waiting: [`${place[0]}001`], opens: `2026-11-23T${opens}:00+08:00` });
  const says = async (here, how) => {
    await draws({ ...value, notices: [], rooms: here }, how);
    assert.deepEqual(await cut(), []);
    return board.$$eval('#fits .room', (each) => each.map((one) => (one.querySelector('.expected') || { textContent: '' }).textContent));
  };
  const late = [to_come('7号诊室', '08:10'), to_come('8号诊室', '08:29'), to_come('9号诊室', '09:30')];
  assert.deepEqual(await says([rooms[0]], {}), ['现在来的,约 08:50–09:25 叫到If you come now: about 08:50–09:25']);
  assert.deepEqual(await says(late, {}), ['医生还没到,请稍等The doctor is not here yet', '医生还没到,请稍等The doctor is not here yet', '约 09:30 开诊Starts about 09:30']);
  const off = { off: true, lastData: '08:20' };
  assert.deepEqual(await says([rooms[0]], off), ['']);
  assert.deepEqual(await says(late, off), ['08:20 时医生还没到The doctor was not here yet at 08:20', '', '约 09:30 开诊Starts about 09:30']);
  if (process.env.PICTURES) await board.screenshot({ path: `${process.env.PICTURES}/board-off-times.png` });
});

test('pages of rooms are of even length', async () => {
  const lengths = [];
  for (let page = 0; page < 3; page += 1) {
    await draws({ ...crowd(9, 40), notices: [] }, { page });
    lengths.push((await board.$$('#fits .room')).length);
  }
  assert.deepEqual(lengths, [3, 3, 3]);
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

/** What lies on something else or off the glass: the middle of each line of letters, as far as it is to be seen, against every other's. */
const overlaps = () => board.evaluate(() => {
  const lines = [];
  const walker = document.createTreeWalker(document.querySelector('#fits'), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.data.trim()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      let { left, right } = box;
      for (let one = node.parentElement; one.id !== 'fits'; one = one.parentElement) {
        if (getComputedStyle(one).overflowX === 'visible') continue;
        const around = one.getBoundingClientRect();
        [left, right] = [Math.max(left, around.left), Math.min(right, around.right)];
      }
      if (right > left) lines.push({ text: node.data, left, right, top: box.top + box.height * 0.2, bottom: box.bottom - box.height * 0.2 });
    }
  }
  const found = lines.filter((one) => one.left < -1 || one.top < -1 || one.right > innerWidth + 1 || one.bottom > innerHeight + 1).map((one) => `${one.text} is off the glass`);
  lines.forEach((a, n) => lines.slice(n + 1).forEach((b) => {
    if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1) found.push(`${a.text} on ${b.text}`);
  }));
  return found;
});

test('at every size, plain, in an emergency, offline, silent and with a notice, nothing is cut, nothing lies on anything else and every word stands out 7:1', async () => {
  const states = {
    plain: [{ notices: [] }, { silent: null }], notice: [{}, { silent: null }], silent: [{}, { silent: 'device' }], gesture: [{}, { silent: 'gesture' }], speed: [{ notices: [] }, { silent: 'speed' }],
    emergency: [{ calls: [{ ...value.calls[0], emergency: true }, value.calls[1]] }, { silent: 'device' }],
    door: [{ calls: value.calls.map((call) => ({ ...call, state: 'summoned' })) }, { silent: null }], quiet: [{ calls: [], missed: [] }, { silent: null }],
    offline: [{}, { off: true, lastData: '08:29', silent: 'device' }], never: [{ notices: [] }, { off: true, lastData: '', silent: null }],
  };
  const wrong = [];
  const crowds = { own: value, one: crowd(1, 80), four: crowd(4, 60), fourteen: crowd(14, 80, 'AB') };
  await board.emulateMedia({ reducedMotion: 'reduce' });
  for (const [width, height] of [[1920, 1080], [1080, 1920], [3840, 2160]]) {
    await board.setViewportSize({ width, height });
    const size = width > height ? { width: 120, height: 67.5 } : { width: 67.5, height: 120 };
    for (const [name, [more, how]] of Object.entries(states)) {
      for (const [count, rooms] of Object.entries(crowds).filter(([count]) => name === 'plain' || name === 'emergency' || count === 'own')) {
        await draws({ ...rooms, ...more }, { size, ...how });
        for (const one of [...await cut(), ...(await standing()).over, ...await overlaps(), ...await faint(board, '#fits')]) wrong.push(`${width}×${height} ${name} ${count}: ${one}`);
      }
      if (process.env.PICTURES) await board.screenshot({ path: `${process.env.PICTURES}/board-${width}-${name}.png` });
    }
  }
  assert.deepEqual(wrong, []);
  await board.setViewportSize(SIZES.screen);
});
