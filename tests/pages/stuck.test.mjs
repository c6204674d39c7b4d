// A transfer that does not arrive: the other department does not answer, both desks say so, and the one that sent the patient
// takes the number back. The program is built with the feature `planted-bugs`, as `./check` does: it makes departments deaf.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, choose, columnIs, Hospital, ONE_SLOT, SIZES } from './hospital.mjs';

const HEART = 'renmin.xinnei.liming';
const EYES = 'renmin.yanke.wangfang';

let hospital;
let browser;
let desk;
let there;

before(async () => {
  hospital = await new Hospital({ speed: 30 }, { JIAOHAO_PLANT: 'deaf' }).open();
  await hospital.define(ONE_SLOT);
  for (const [i, name] of ['何伟', '张小三'].entries()) {
    await hospital.call('POST', '/tickets', { queue: HEART, patient: await hospital.person(name, '1970-01-01', i + 1) }, hospital.desk);
  }
  browser = await new Browser(hospital.base).start();
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  there = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await there.selectOption('[data-action=choose_department]', 'renmin.yanke');
  await there.waitForSelector(`[data-queue="${EYES}"]`);
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

test('who is on the way for too long is said at both desks; asked back, the number is at its old place', async () => {
  await columnIs(desk, HEART, ['A001', 'A002']);
  await choose(desk, 'A001');
  await desk.click('[data-chosen] [data-action=transfer_ticket]');
  await desk.selectOption('[data-form=transfer_ticket] [name=to]', EYES);
  await desk.click('[data-action=transfer_go]:visible');
  await desk.waitForSelector(`[data-stuck="${HEART}"]:has-text("A001")`);
  await there.waitForSelector(`[data-awaited="${EYES}"]:has-text("A001"):has-text("心内科")`);
  await columnIs(desk, HEART, ['A002']);
  await columnIs(there, EYES, []);
  await choose(desk, 'A001', 'in_transit');
  await desk.click('[data-chosen] [data-action=recall_transfer]');
  await columnIs(desk, HEART, ['A001', 'A002']);
  await desk.waitForSelector(`[data-stuck="${HEART}"]`, { state: 'detached' });
  await there.waitForSelector(`[data-awaited="${EYES}"]`, { state: 'detached' });
  assert.deepEqual(browser.complaints, []);
});
