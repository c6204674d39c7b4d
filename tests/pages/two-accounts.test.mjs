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

test('who was written down while the server was away is of whoever wrote it: another account in that tab neither sees nor sends it', async () => {
  const page = await chrome.staff('/desk', SIZES.desk, 'fenzhen');
  await page.waitForSelector('[data-queue="renmin.xinnei.liming"]');
  chrome.serverIsDown = true;
  await house.end('SIGKILL');
  await page.waitForSelector('[data-away]');
  await page.click('#search');
  await page.keyboard.type('没有这个人\n');
  await page.waitForSelector('[data-entry=written]');
  // Nothing of it is answered before they leave.
  const asked = [];
  await page.route('**/appointments/find', (route) => {
    asked.push(route.request().postDataJSON().text);
  });
  await house.open();
  await page.waitForSelector('jh-connection[state=live]');
  const leave = async () => {
    await Promise.all([page.waitForEvent('load'), page.click('[data-action=sign_out]')]);
    await page.waitForSelector('[data-action=sign_in]');
  };
  const signInHere = async (name) => {
    await page.fill('[name=name]', name);
    await page.fill('[name=password]', PASSWORD);
    asked.length = 0;
    await page.click('[data-action=sign_in]');
    await page.waitForSelector('jh-connection[state=live]');
    await page.waitForSelector('.columns [data-queue]');
  };
  await leave();
  await page.evaluate(() => {
    const kept = JSON.parse(sessionStorage.getItem('jiaohao.desk.away'));
    const own = { id: 1, text: '别的人', by: 'a-staff-yanke', at: kept[0].at, department: 'renmin.yanke', state: 'conflict', said: [{ key: 'away.none' }] };
    sessionStorage.setItem('jiaohao.desk.away', JSON.stringify([...kept, own]));
  });
  await signInHere('yanke');
  await page.waitForSelector('[data-away="1"] [data-entry=conflict]:has-text("别的人")');
  assert.doesNotMatch(await page.textContent('#main'), /没有这个人/);
  // What they put away takes nothing of the other's along.
  await page.click('[data-entry] [data-action=remove_entry]');
  await page.waitForSelector('[data-away]', { state: 'detached' });
  assert.deepEqual(asked, []);
  await leave();
  await page.unroute('**/appointments/find');
  await signInHere('fenzhen');
  await page.waitForSelector('[data-entry=conflict]:has-text("没有这个人")');
  chrome.serverIsDown = false;
});
