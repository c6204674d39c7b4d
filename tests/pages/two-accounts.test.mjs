// Two people, one browser: a page never goes on in the name of whoever signed in last.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, Hospital, PASSWORD, SIZES } from './hospital.mjs';

let house;
let chrome;

before(async () => {
  // Each call of a page needs a newer token.
  house = await new Hospital({}, { JIAOHAO_IDENTITY__ACCESS_TOKEN_TTL_S: '30' }).open();
  await house.define();
  await house.call('PUT', '/staff', { id: 'yanke', role: 'desk', password: PASSWORD, site: 'renmin', departments: ['renmin.yanke'] });
  chrome = await new Browser(house.base).start();
});

after(async () => {
  await chrome?.close();
  await house?.close();
  assert.deepEqual(chrome.complaints, []);
});

/** Somebody else signs in in the same browser, as in another tab of it. */
const signInElsewhere = (page, name) => page.evaluate(([user, password]) => fetch('/api/v1/session', {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: user, password }),
}).then((answer) => answer.ok), [name, PASSWORD]);

test('a desk stops when another desk signs in in its browser, and says so', async () => {
  const page = await chrome.staff('/desk', SIZES.desk, 'fenzhen');
  await page.waitForSelector('[data-queue="renmin.xinnei.liming"]');
  assert.ok(await signInElsewhere(page, 'yanke'));
  await page.fill('#search', '13800000000');
  await page.press('#search', 'Enter');
  await page.waitForSelector('dialog:has-text("fenzhen"):has-text("yanke")');
  await page.press('dialog', 'Escape');
  await page.waitForSelector('dialog [data-action=go_on_as_other]');
  await page.click('[data-action=go_on_as_other]');
  await page.waitForSelector('[data-queue="renmin.yanke.wangfang"]');
  await page.waitForSelector('[data-queue="renmin.xinnei.liming"]', { state: 'detached' });
});
