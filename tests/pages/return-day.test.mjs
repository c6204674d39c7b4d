// The morning after: whoever has an open visit of yesterday gets a number of today at the desk, in the department where the
// patient was seen last, also where a transfer had led there.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, Hospital, SIZES, TODAY, TOMORROW } from './hospital.mjs';

const HEART = 'renmin.xinnei.liming';
const EYES = 'renmin.yanke.wangfang';

let hospital;
let browser;
let desk;

before(async () => {
  hospital = await new Hospital({ start: `${TODAY}T18:00:00+08:00` }).open();
  await hospital.define();
  browser = await new Browser(hospital.base).start();
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

const walkIn = async (name, serial) => hospital.call('POST', '/tickets', { queue: HEART, patient: await hospital.person(name, '1970-01-01', serial) }, hospital.desk);
/** The doctor comes, sees whoever is next, and stays at work over night. */
const sees = async (name, department, room, ticket) => {
  const doctor = await hospital.signIn(name);
  const { assignment } = await hospital.call('POST', '/work/start', { department, service_point: `${department}.${room}` }, doctor);
  const { called } = await hospital.call('POST', '/calls/next', { department, assignment, in_hand: null, outcome: null }, doctor);
  if (ticket) assert.equal(called.ticket, ticket);
  await hospital.call('POST', '/tickets/finish-service', { ticket: called.ticket }, doctor);
};
const comesBack = async (name, department) => {
  await desk.selectOption('[data-action=choose_department]', department);
  await desk.fill('#search', name);
  await desk.click('.found [data-action=return_day]');
};

test('who was here yesterday, and who was sent on, gets a number of today in the same visit', async () => {
  const [here, sent] = [await walkIn('何伟', 1), await walkIn('张小三', 2)];
  await hospital.call('POST', '/tickets/transfer', { ticket: sent.ticket, to: EYES, reason: '转科' }, hospital.desk);
  await sees('liming', 'renmin.xinnei', 'r3', here.ticket);
  await sees('wangfang', 'renmin.yanke', 'r1', null);
  await hospital.sleepUntil(`${TOMORROW}T08:00:00+08:00`);
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  for (const [name, of, queue, number] of [['何伟', here, HEART, 'A001'], ['张小三', sent, EYES, 'E001']]) {
    await comesBack(name, queue.slice(0, queue.lastIndexOf('.')));
    await desk.waitForSelector(`[data-slip] .number:text-is("${number}")`);
    const slip = await desk.$eval('[data-slip]', (e) => e.dataset.slip);
    assert.notEqual(slip, of.ticket, 'a new ticket');
    await desk.waitForSelector(`[data-queue="${queue}"] [data-row="${slip}"][data-state=waiting]`);
    const again = await hospital.call('POST', `/departments/${queue.slice(0, queue.lastIndexOf('.'))}/appointments/find`, { text: name }, hospital.desk);
    assert.deepEqual([again.visits, again.tickets.map((ticket) => ticket.ticket)], [[], [slip]], 'is back');
  }
  assert.deepEqual(browser.complaints, []);
});
