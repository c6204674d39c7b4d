// A screen hangs for weeks: a day of calls, played at speed, leaves nothing behind in the board's page or the door's: as many
// nodes and listeners at its end as in its morning, and no more memory that is held. `--full` plays eight hours, the share one.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, Hospital, ONE_SLOT, pause, SIZES } from './hospital.mjs';

const SPEED = 600;
const HOURS = process.env.JIAOHAO_FULL ? 8 : 1;
/** Memory that the browser's own bookkeeping moves by. */
const SLACK_BYTES = 1_500_000;

let hospital;
let browser;
/** The board and a door, each with what its browser says of it. @type {Object<string, {page: any, devtools: any}>} */
let screens;

before(async () => {
  hospital = await new Hospital({ start: '2026-11-23T08:00:00+08:00', speed: SPEED }).open();
  await hospital.define(ONE_SLOT);
  browser = await new Browser(hospital.base).start();
  // A code is good for a second at this speed: both come with a token.
  const hung = async (kind, address, ...role) => {
    const page = await browser.open(`${address}#token=${hospital.issueToken('--site', 'renmin', '--role', ...role)}`, SIZES.screen);
    await page.waitForSelector(`.${kind}`);
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Performance.enable');
    return { page, devtools };
  };
  screens = {
    board: await hung('board', '/board/renmin.b3f', 'screen', '--board', 'renmin.b3f', '--screen', 'renmin.wall'),
    door: await hung('door', '/door/renmin.xinnei.r3', 'desk'),
  };
});
after(async () => {
  await browser?.close();
  await hospital?.close();
  assert.deepEqual(browser.complaints, []);
});

/** What a page holds, after its rubbish is gone. */
async function held({ devtools }) {
  await devtools.send('HeapProfiler.collectGarbage');
  const { metrics } = await devtools.send('Performance.getMetrics');
  const of = (name) => metrics.find((one) => one.name === name).value;
  return { nodes: of('Nodes'), listeners: of('JSEventListeners'), heap: of('JSHeapUsedSize') };
}

test('a day of calls leaves nothing behind in the pages of the screens', async () => {
  const token = await hospital.signIn('liming');
  const { assignment } = await hospital.call('POST', '/work/start', { department: 'renmin.xinnei', service_point: 'renmin.xinnei.r3' }, token);
  const people = [];
  for (let n = 0; n < 40; n += 1) people.push(await hospital.person(`张${'甲乙丙丁戊己庚辛'[n % 8]}${n}`, `19${50 + n}-02-03`, n + 1));
  let hand = null;
  let calls = 0;
  /** So many minutes of the clinic and so many calls, however slow the machine is: somebody comes, the next is called, somebody has been seen. */
  const work = async (minutes, least) => {
    const until = Date.now() + (minutes * 60000) / SPEED;
    const all = calls + least;
    while (Date.now() < until || calls < all) {
      const body = { queue: 'renmin.xinnei.liming', patient: people[calls % people.length] };
      await hospital.call('POST', '/tickets', body, hospital.desk).catch((refused) => assert.match(refused.message, /already_exists/));
      const next = { department: 'renmin.xinnei', assignment, in_hand: hand, outcome: hand ? 'seen' : null };
      const { called } = await hospital.call('POST', '/calls/next', next, token);
      hand = called ? called.ticket : null;
      calls += 1;
      await pause(100);
    }
  };
  await work(20, 5);
  const morning = { board: await held(screens.board), door: await held(screens.door) };
  await work(HOURS * 60, 20 * HOURS);
  for (const [name, screen] of Object.entries(screens)) {
    await screen.page.waitForSelector('.live:not(.off)');
    const [then, now] = [morning[name], await held(screen)];
    console.log(`${name}, ${calls} calls: ${JSON.stringify(then)} then ${JSON.stringify(now)}`);
    assert.ok(now.nodes < then.nodes * 1.5 + 200, `${name}: no nodes are left over`);
    assert.ok(now.listeners <= then.listeners * 1.5 + 20, `${name}: no listeners are left over`);
    assert.ok(now.heap < then.heap + SLACK_BYTES, `${name}: no memory is held`);
  }
});
