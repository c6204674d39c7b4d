// Nine doctors press "next" at one moment, more than a board has rows: whoever is called stands on the glass within five seconds
// and long enough to be read, and is confirmed by then, not before. On a board, and on one in a browser without modules.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, Hospital, ONE_SLOT, PASSWORD, pause, SIZES, TODAY, withoutModules } from './hospital.mjs';

const LETTERS = [...'FGHIJKLMN'];
/** A receipt is waited for so long (DOMAIN, Receipts). */
const CONFIRMED_WITHIN_MS = 5000;
/** What nobody can read in less. */
const READ_MS = 500;

const board = 'renmin.b3f';
const queue = (letter) => `renmin.xinnei.q${letter.toLowerCase()}`;

let hospital;
let browser;
let screens;
/** What each doctor does to call. */
let presses;

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  const put = (resource, body) => hospital.call('PUT', resource, body);
  for (const [n, letter] of LETTERS.entries()) {
    const name = letter.toLowerCase();
    const [doctor, point] = [`renmin.d${name}`, `renmin.xinnei.r1${name}`];
    await put('/service-points', { id: point, name: `${n + 11}号诊室`, name_en: `Room ${n + 11}`, order: n + 11, door_cap: 0 });
    await put('/doctors', { id: doctor, name: '孙悦', title: '主治医师', departments: ['renmin.xinnei'] });
    await put('/queues', { id: queue(letter), name: `${letter} 门诊`, prefix: letter, doctors: [doctor] });
    await put('/sessions', {
      id: `renmin.xinnei.s${name}`, date: TODAY, period: 'morning', queue: queue(letter), doctor, service_point: point, registration_class: '普通', fee_fen: 1000, slots: ONE_SLOT,
    });
    await put('/staff', { id: `d${name}`, role: 'doctor', password: PASSWORD, site: 'renmin', doctor });
  }
  await put('/boards', { id: board, name: '心内科 候诊区 3F', name_en: 'Cardiology', english: true, speaks: false, queues: LETTERS.map(queue) });
  presses = [];
  for (const [n, letter] of LETTERS.entries()) {
    const name = letter.toLowerCase();
    await hospital.call('POST', '/tickets', { queue: queue(letter), patient: await hospital.person(`张小${'一二三四五六七八九'[n]}`, `19${60 + n}-02-03`, n + 1) }, hospital.desk);
    const token = await hospital.signIn(`d${name}`);
    const { assignment } = await hospital.call('POST', '/work/start', { department: 'renmin.xinnei', service_point: `renmin.xinnei.r1${name}` }, token);
    presses.push(() => hospital.call('POST', '/calls/next', { department: 'renmin.xinnei', assignment, in_hand: null, outcome: null }, token));
  }
  browser = await new Browser(hospital.base).start();
  screens = {};
  for (const [name, listen] of [['board', null], ['old', withoutModules]]) {
    const page = await browser.open('/', SIZES.screen, listen);
    await page.addInitScript(watch);
    await page.goto(`${hospital.base}/board/${board}`);
    const code = await page.getAttribute('[data-pairing-code]', 'data-pairing-code');
    await hospital.call('POST', '/screens/approve', { code, board });
    await page.waitForSelector('[data-room]');
    screens[name] = page;
  }
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

/** Runs in the page before anything of it: how long each call has stood on the glass when the screen confirms it. */
function watch() {
  const glass = { stood: {}, calls: {}, confirmed: {} };
  window.glass = glass;
  let last = performance.now();
  const look = () => {
    const now = performance.now();
    for (const { dataset } of document.querySelectorAll('[data-call]')) glass.stood[dataset.call] = (glass.stood[dataset.call] ?? 0) + now - last;
    last = now;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', ({ data }) => {
        const frame = JSON.parse(data);
        const parts = [frame.snapshot, ...(frame.events ?? []).flatMap(({ event }) => Object.values(event))];
        for (const one of parts.flatMap((part) => part?.announcements ?? [])) glass.calls[one.announcement] = one.call;
      });
    }

    send(text) {
      const { command } = JSON.parse(text);
      const call = glass.calls[command?.report_shown?.announcement];
      if (call) glass.confirmed[call] = glass.stood[call] ?? 0;
      super.send(text);
    }
  };
}

test('more are called at one moment than there are rows: each is shown, and then confirmed, in time', async () => {
  const began = performance.now();
  await Promise.all(presses.map((press) => press()));
  for (const [name, page] of Object.entries(screens)) {
    await page.waitForFunction((all) => Object.keys(window.glass.confirmed).length === all, LETTERS.length);
    const took = performance.now() - began;
    const stood = Object.values(await page.evaluate(() => window.glass.confirmed));
    assert.ok(Math.min(...stood) > READ_MS, `${name}: they had stood there for ${stood.map(Math.round)} ms`);
    assert.ok(took < CONFIRMED_WITHIN_MS, `${name}: ${Math.round(took)} ms`);
    if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/calls-at-once-${name}.png` });
  }
  await pause(CONFIRMED_WITHIN_MS);
  for (const letter of LETTERS) {
    const { snapshot } = await hospital.call('GET', `/streams/queue:${queue(letter)}`, undefined, hospital.desk);
    assert.deepEqual(Object.values(snapshot.tickets).map((ticket) => [ticket.state, ticket.not_announced ?? null]), [['called', null]], letter);
  }
});

test('who is called stays on the glass, by turns', async () => {
  for (const page of Object.values(screens)) {
    const stood = await page.evaluate(() => ({ ...window.glass.stood }));
    await page.waitForFunction((then) => Object.keys(then).every((call) => window.glass.stood[call] > then[call] + 1000), stood);
  }
});

test('no page complained', () => assert.deepEqual(browser.complaints, []));
