// A long day at the desk: more numbers have ended than a queue shows, and each of them is found and undone all the same.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, choose, giveReason, Hospital, SIZES } from './hospital.mjs';

const QUEUE = 'renmin.yanke.wangfang';
const ENDED = 203;

let hospital;
let browser;

before(async () => {
  hospital = await new Hospital().open();
  await hospital.define();
  browser = await new Browser(hospital.base).start();
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

test('the desk sees the newest that have ended, is told of the others, and finds and undoes one of them', async () => {
  const patient = await hospital.person('何伟', '1970-01-01', 1);
  for (let n = 0; n < ENDED; n += 1) {
    const { ticket } = await hospital.call('POST', '/tickets', { queue: QUEUE, patient }, hospital.desk);
    await hospital.call('POST', '/tickets/cancel', { ticket, reason: 'went home' }, hospital.desk);
  }
  const desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await desk.selectOption('[data-action=choose_department]', 'renmin.yanke');
  await desk.waitForSelector(`[data-queue="${QUEUE}"]`);
  await desk.click('[data-filter=ended]');
  await desk.waitForSelector(`[data-queue="${QUEUE}"] [data-left-out="3"]`);
  assert.match(await desk.textContent('[data-filter=ended]'), new RegExp(` ${ENDED}$`));
  assert.equal((await desk.$$(`[data-queue="${QUEUE}"] [data-row]`)).length, ENDED - 3);
  assert.equal(await desk.$('[data-row][data-number="E002"]'), null);
  await desk.click('#search');
  await desk.keyboard.type('E002');
  await desk.click('[data-hit]:has(.number:text-is("E002")) [data-action=show_ticket]');
  await desk.waitForSelector('[data-chosen] .number:text-is("E002")');
  assert.equal((await desk.$$('[data-chosen] .history li')).length, 2);
  await desk.click('[data-chosen] .history [data-action=undo]');
  await giveReason(desk);
  await choose(desk, 'E002');
  assert.deepEqual(browser.complaints, []);
});
