// The phone's page in WeChat's own browser: WeChat says who holds the phone, and tells them too, until they turn it off.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, drawn, Hospital, looks, ONE_SLOT, residentNumber, Sandbox, sayWho, SIZES } from './hospital.mjs';

const IN_WECHAT = { userAgent: 'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120.0.0.0 Mobile MicroMessenger/8.0.49(0x28003133)' };
const BACK = /\/patient\?(code=[0-9a-f]+&)?state=[0-9a-f]+$/;

/** The codes and states that pages came back with. @type {Set<string>} */
const secrets = new Set();

let sandbox;
let hospital;
let browser;

before(async () => {
  sandbox = await new Sandbox().start();
  hospital = await new Hospital({}, sandbox.settings).open();
  await hospital.define(ONE_SLOT);
  // Somebody calls, so that turns come near.
  await hospital.call('POST', '/work/start', { department: 'renmin.xinnei', service_point: 'renmin.xinnei.r3' }, await hospital.signIn('liming'));
  browser = await new Browser(hospital.base).start();
  browser.outside = [sandbox.base];
});
after(async () => {
  await browser?.close();
  await hospital?.close();
  sandbox?.close();
});

/** Somebody new on a page, and the addresses that the page has been at. */
async function arrive(number, name, serial, more = IN_WECHAT) {
  const page = await browser.open('/patient', SIZES.phone, null, more);
  const been = [];
  page.on('request', (request) => {
    if (!request.isNavigationRequest()) return;
    been.push(request.url());
    if (BACK.test(request.url())) new URL(request.url()).searchParams.forEach((value) => secrets.add(value));
  });
  await sandbox.signIn(page, number);
  await page.waitForSelector('[data-form=register_person]');
  await sayWho(page, name, residentNumber('1985-05-05', serial));
  return { page, been };
}

const isTold = (page) => page.evaluate(async () => {
  const { access_token: token } = await (await fetch('/api/v1/session/refresh', { method: 'POST' })).json();
  const { family } = await (await fetch('/api/v1/family', { headers: { authorization: `Bearer ${token}` } })).json();
  return family.map((one) => one.wechat);
});

test('in WeChat it is asked by itself, once, told by WeChat from then on, and turned off for good', async () => {
  await sandbox.hold('as=8001');
  const { page, been } = await arrive('13912345101', '李建国', 31);
  await page.waitForSelector('[data-notice=wechat_bound]:has-text("用微信告诉您")');
  assert.equal(new URL(page.url()).search, '', 'neither code nor state stays in the address');
  assert.ok(been.some((url) => BACK.test(url)), been.join(' '));
  await page.click('nav [data-action=open_me]');
  await page.waitForSelector('[data-action=stop_wechat]:has-text("微信")');
  assert.deepEqual(await isTold(page), [true]);
  const patient = await page.getAttribute('[data-action=look_after]', 'data-patient');
  await hospital.call('POST', '/tickets', { queue: 'renmin.xinnei.liming', patient }, hospital.desk);
  const message = await sandbox.came((one) => one.channel === 'wechat');
  assert.deepEqual([message.to, message.template], ['o-follower-8001', 'three_before']);
  await page.click('[data-action=stop_wechat]');
  await page.waitForSelector('[data-action=allow_wechat]:has-text("用微信接收通知")');
  await looks(page);
  assert.deepEqual(await isTold(page), [false]);
  been.length = 0;
  await page.reload();
  await page.click('nav [data-action=open_me]');
  await page.waitForSelector('[data-action=allow_wechat]');
  assert.deepEqual(been.filter((url) => url.startsWith(sandbox.base)), [], 'what is turned off stays off');
  // And on again, by hand.
  await page.click('[data-action=allow_wechat]');
  await page.waitForSelector('[data-notice=wechat_bound]');
  assert.deepEqual(await isTold(page), [true]);
  await page.context().close();
  assert.deepEqual(browser.complaints, []);
});

test('WeChat that does not allow it, an answer that is over and a silent WeChat are said in words', async () => {
  await sandbox.hold('refuses=true');
  const { page } = await arrive('13912345103', '赵秀兰', 32);
  await page.waitForSelector('[data-notice=wechat_denied]:has-text("微信没有允许")');
  assert.equal(new URL(page.url()).search, '');
  browser.serverIsDown = true;
  await page.goto(`${hospital.base}/patient?code=0123abcd&state=0123abcd`);
  await page.waitForSelector('[data-notice=authorization_over]:has-text("再点一次")');
  await sandbox.hold('as=0005');
  await page.click('nav [data-action=open_me]');
  await page.click('[data-action=allow_wechat]');
  await page.waitForSelector('[data-notice=channel_failed]:has-text("微信没有回应")');
  assert.deepEqual(await isTold(page), [false]);
  await page.context().close();
  browser.serverIsDown = false;
  assert.deepEqual(browser.complaints, []);
});

test('whoever comes back signed out is asked to sign in first, and another account gets nothing of it', async () => {
  await sandbox.hold('as=8003');
  const { page, been } = await arrive('13912345105', '钱多', 33);
  await page.waitForSelector('[data-notice=wechat_bound]');
  const url = been.find((one) => BACK.test(one));
  browser.serverIsDown = true;
  const other = await browser.open(new URL(url).pathname + new URL(url).search, SIZES.phone, null, IN_WECHAT);
  await other.waitForSelector('[name=phone]');
  assert.equal(new URL(other.url()).search, '');
  await sandbox.hold('as=8004');
  await sandbox.signIn(other, '13912345107');
  await other.waitForSelector('[data-form=register_person]');
  await sayWho(other, '孙少', residentNumber('1985-05-05', 34));
  await other.waitForSelector('[data-notice=authorization_over]');
  assert.deepEqual(await isTold(other), [false]);
  browser.serverIsDown = false;
  for (const one of [page, other]) await one.context().close();
  assert.deepEqual(browser.complaints, []);
});

test('elsewhere nobody is sent to WeChat, and the page says where it works', async () => {
  const { page, been } = await arrive('13912345109', '周末', 35, {});
  await page.click('nav [data-action=open_me]');
  await page.waitForSelector('.ways:has-text("在微信里打开这一页")');
  assert.equal(await page.$('[data-action=allow_wechat]'), null);
  await page.click('[data-action=switch_language]');
  await page.waitForSelector('.ways:has-text("Open this page in WeChat")');
  await drawn(page);
  assert.deepEqual(been.filter((url) => url.startsWith(sandbox.base)), []);
  await page.context().close();
  assert.deepEqual(browser.complaints, []);
});

test('neither openid nor code nor state stands in what the program says or counts', async () => {
  const metrics = await (await fetch(`${hospital.base}/metrics`)).text();
  assert.ok(secrets.size >= 6, 'codes and states that were seen');
  for (const text of [hospital.said(), metrics]) {
    for (const secret of ['o-follower', ...secrets]) assert.ok(!text.includes(secret), secret);
  }
});
