// A screen hangs for weeks: a day of calls, played at speed, leaves nothing behind in the page: as many nodes and listeners at
// its end as in its morning, and no more memory that is held. `--full` plays eight hours, the share one.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, Hospital, ONE_SLOT, pause, SIZES } from './hospital.mjs';

const SPEED = 600;
const HOURS = process.env.JIAOHAO_FULL ? 8 : 1;
/** Memory that the browser's own bookkeeping moves by. */
const SLACK_BYTES = 1_500_000;

let hospital;
let browser;
let board;
let devtools;

before(async () => {
  hospital = await new Hospital({ start: '2026-11-23T08:00:00+08:00', speed: SPEED }).open();
  await hospital.define(ONE_SLOT);
  browser = await new Browser(hospital.base).start();
  board = await browser.open(`/board/renmin.b3f#token=${hospital.issueToken('--role', 'screen', '--site', 'renmin', '--board', 'renmin.b3f', '--screen', 'renmin.wall')}`, SIZES.screen);
  await board.waitForSelector('.board');
  devtools = await board.context().newCDPSession(board);
  await devtools.send('Performance.enable');
});
after(async () => {
  await browser?.close();
  await hospital?.close();
  assert.deepEqual(browser.complaints, []);
});

/** What the page holds, after its rubbish is gone. */
async function held() {
  await devtools.send('HeapProfiler.collectGarbage');
  const { metrics } = await devtools.send('Performance.getMetrics');
  const of = (name) => metrics.find((one) => one.name === name).value;
  return { nodes: of('Nodes'), listeners: of('JSEventListeners'), heap: of('JSHeapUsedSize') };
}

test('a day of calls leaves nothing behind in the page', async () => {
  const token = await hospital.signIn('liming');
  const { assignment } = await hospital.call('POST', '/work/start', { department: 'renmin.xinnei', service_point: 'renmin.xinnei.r3' }, token);
  const people = [];
  for (let n = 0; n < 40; n += 1) people.push(await hospital.person(`张${'甲乙丙丁戊己庚辛'[n % 8]}${n}`, `19${50 + n}-02-03`, n + 1));
  let hand = null;
  let calls = 0;
  /** So many minutes of the clinic: somebody comes, the next is called, somebody has been seen. */
  const work = async (minutes) => {
    const until = Date.now() + (minutes * 60000) / SPEED;
    while (Date.now() < until) {
      const body = { queue: 'renmin.xinnei.liming', patient: people[calls % people.length] };
      await hospital.call('POST', '/tickets', body, hospital.desk).catch((refused) => assert.match(refused.message, /already_exists/));
      const next = { department: 'renmin.xinnei', assignment, in_hand: hand, outcome: hand ? 'seen' : null };
      const { called } = await hospital.call('POST', '/calls/next', next, token);
      hand = called ? called.ticket : null;
      calls += 1;
      await pause(100);
    }
  };
  await work(20);
  const morning = await held();
  await work(HOURS * 60);
  await board.waitForSelector('[data-live=on]');
  const evening = await held();
  console.log(`${calls} calls: ${JSON.stringify(morning)} then ${JSON.stringify(evening)}`);
  assert.ok(calls > 20 * HOURS, `${calls} calls were enough to see it`);
  assert.ok(evening.nodes < morning.nodes * 1.5 + 200, 'no nodes are left over');
  assert.ok(evening.listeners <= morning.listeners * 1.5 + 20, 'no listeners are left over');
  assert.ok(evening.heap < morning.heap + SLACK_BYTES, 'no memory is held');
});
