// The desk's bar after a check-in: the slip, and a way back that takes back what was done here and nothing that somebody did
// since. And a desk that is open all day: a queue that is made meanwhile has a column.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, choose, columnIs, Hospital, ONE_SLOT, SIZES } from './hospital.mjs';

const B = 'renmin.xinnei.zhoujing';

let hospital;
let browser;
let desk;

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  browser = await new Browser(hospital.base).start();
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await desk.waitForSelector(`[data-queue="${B}"]`);
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

/** Booked and checked in at the desk by its button. @returns {Promise<any>} the ticket */
async function checkIn(name, serial) {
  await hospital.book('renmin.xinnei.s2', '08:30', await hospital.person(name, '1966-06-06', serial));
  await desk.fill('#search', name);
  await desk.click('[data-action=check_in]');
  // Not the bar of whoever came before.
  await desk.waitForSelector(`#undo[shown]:has-text("${name}") [data-action=undo_last]`);
  const { snapshot } = await hospital.call('GET', `/streams/queue:${B}`, undefined, hospital.desk);
  return snapshot.tickets[snapshot.order.at(-1)];
}

test('who is checked in has the slip by one press', async () => {
  const { ticket, number } = await checkIn('周海', 41);
  await desk.evaluate(() => {
    window.print = () => {
      window.printed = document.querySelector('.slip.on-paper .number').textContent;
    };
  });
  await desk.click('#undo [data-action=print_done]');
  await desk.waitForFunction(() => window.printed);
  assert.equal(await desk.evaluate(() => window.printed), number);
  await desk.waitForSelector(`[data-chosen="${ticket}"]`);
});

test('the way back takes back what was done here: a call that a doctor has made since is not ours', async () => {
  const { ticket, number } = await checkIn('周瑜', 43);
  const doctor = await hospital.signIn('zhoujing');
  const department = 'renmin.xinnei';
  const { assignment } = await hospital.call('POST', '/work/start', { department, service_point: 'renmin.xinnei.r5' }, doctor);
  await desk.waitForSelector('[data-room="renmin.xinnei.r5"]');
  await hospital.call('POST', '/calls', { department, assignment, in_hand: null, outcome: null, ticket, reason: '结果到了' }, doctor);
  await desk.waitForSelector(`[data-row][data-number="${number}"][data-state=called]`);
  await desk.click('#undo [data-action=undo_last]');
  await desk.waitForSelector('[data-notice=cannot_undo]');
  const { snapshot } = await hospital.call('GET', `/streams/queue:${B}`, undefined, hospital.desk);
  assert.equal(snapshot.tickets[ticket].state, 'called');
});

test('who was seen while the house was away is put down as seen, and called no more; undone', async () => {
  const { number } = await checkIn('周立', 45);
  await choose(desk, number);
  await desk.click('[data-chosen] [data-action=settle_tickets]');
  await desk.selectOption('dialog [data-settle]', 'seen');
  await desk.click('dialog [data-action=dialog_go]');
  await columnIs(desk, B, [number], 'ended');
  await desk.click('#undo [data-action=undo_last]');
  await columnIs(desk, B, [], 'ended');
});

test('a queue that is made while the desk is open has a column, without anybody reloading', async () => {
  await hospital.call('PUT', '/queues', { id: 'renmin.xinnei.wanjian', name: '晚间门诊', prefix: 'W', doctors: [] });
  await desk.waitForSelector('[data-queue="renmin.xinnei.wanjian"]', { timeout: 60000 });
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
