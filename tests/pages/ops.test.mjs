// /ops: what is wrong stands first, every figure leads to the list behind it, the audit is read and put down.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, Hospital, PASSWORD, SIZES } from './hospital.mjs';

let house;
let chrome;

before(async () => {
  house = await new Hospital().open();
  await house.define();
  await house.call('PUT', '/staff', { id: 'zongkong', role: 'operator', password: PASSWORD });
  chrome = await new Browser(house.base).start();
});

after(async () => {
  await chrome?.close();
  await house?.close();
  assert.deepEqual(chrome.complaints, []);
});

test('a house without screens and patients is calm, and its figures lead to their lists', async () => {
  const page = await chrome.staff('/ops', SIZES.console, 'yunxing');
  // of the node itself a slow machine may have something to say
  await page.waitForSelector('[data-site=renmin] .calm');
  assert.equal(await page.locator('[data-figure]').count(), 6);
  await page.click('[data-site=renmin] [data-fact=waiting]');
  await page.waitForSelector('[data-site=renmin] tbody tr:nth-child(2)');
  assert.equal(await page.getAttribute('[data-site=renmin] [data-fact=waiting]', 'aria-expanded'), 'true');
  assert.equal(await page.getAttribute('[data-site=renmin] [data-fact=doctors]', 'aria-expanded'), 'false');
  assert.match(await page.textContent('[data-node=storage]'), /GB|TB|MB/);
  assert.equal(await page.locator('[data-part=audit]').count(), 0, 'the audit is of the whole house');
});

test('a screen that is paired and away is named, in both languages', async () => {
  const offer = await house.call('POST', '/screens', { board: 'renmin.b3f' });
  await house.call('POST', '/screens/approve', { code: offer.code, board: 'renmin.b3f' });
  const page = await chrome.staff('/ops', SIZES.console, 'yunxing');
  await page.click('[data-problem=board_dark]');
  await page.waitForSelector('[data-verdict=soon]');
  await page.waitForSelector('[data-site=renmin] td:has-text("0/1")');
  await page.click('[data-site=renmin] [data-fact=screens]');
  await page.waitForSelector('[data-site=renmin] tr.bad');
  await page.click('jh-language button');
  await page.waitForSelector('[data-verdict]:has-text("to look at")');
  assert.doesNotMatch(await page.textContent('#main'), /ops\.[a-z]/, 'a word is missing');
});

test('an operator of all sites reads the audit, and that is a line of it', async () => {
  const page = await chrome.staff('/ops', SIZES.console, 'zongkong');
  await page.waitForSelector('[data-verdict]');
  await page.click('[data-part=audit]');
  await page.click('[data-action=read_audit]');
  await page.waitForSelector('#main td:has-text("approve_screen")');
  await page.fill('[data-field=account]', 'a-staff-zongkong');
  await page.click('[data-action=read_audit]');
  await page.waitForSelector('#main td:has-text("read_audit")');
  await page.waitForSelector('#main td:has-text("approve_screen")', { state: 'detached' });
});
