// The morning after: who was left waiting yesterday is called by nobody, and the desk settles each.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, Hospital, SIZES, TODAY, TOMORROW } from './hospital.mjs';

const QUEUE = 'renmin.yanke.wangfang';

let hospital;
let browser;

before(async () => {
  hospital = await new Hospital({ start: `${TODAY}T13:30:00+08:00` }).open();
  await hospital.define();
  browser = await new Browser(hospital.base).start();
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

const walkIn = async (name, serial) => hospital.call('POST', '/tickets', { queue: QUEUE, patient: await hospital.person(name, '1970-01-01', serial) }, hospital.desk);

test('the desk sees who was left over apart, and settles them', async () => {
  const left = await walkIn('何伟', 1);
  await hospital.sleepUntil(`${TOMORROW}T08:00:00+08:00`);
  const today = await walkIn('张小三', 2);
  assert.deepEqual([left.position, today.position], [1, 1], 'nobody is ahead');
  const desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await desk.selectOption('[data-action=choose_department]', 'renmin.yanke');
  await desk.waitForSelector(`[data-queue="${QUEUE}"] [data-row="${today.ticket}"]`);
  assert.equal(await desk.$(`[data-row="${left.ticket}"]`), null, 'not among those who wait');
  await desk.click('[data-filter=left_over]');
  await desk.click(`[data-row="${left.ticket}"]`);
  await desk.waitForSelector('[data-chosen] [data-action=settle_tickets]');
  assert.deepEqual(await desk.$$eval('[data-chosen] .acts button', (all) => all.map((e) => e.dataset.action)), ['settle_tickets']);
  await desk.click('[data-action=settle_left_over]');
  await desk.selectOption('dialog [data-settle]', 'return_day');
  await desk.click('dialog [data-action=dialog_go]');
  // Of an earlier day and ended: it is on the desk no more.
  await desk.waitForSelector('[data-chosen]', { state: 'detached' });
  await desk.waitForSelector(`[data-queue="${QUEUE}"] .empty`);
  assert.deepEqual(browser.complaints, []);
});
