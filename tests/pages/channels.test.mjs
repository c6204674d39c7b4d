// The outside channels as a patient has them, against the sandbox's parties: the code to sign in comes by text message, and a
// notification is shown by the service worker when no page is open.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, drawn, Hospital, ONE_SLOT, pause, residentNumber, Sandbox, sayWho, SIZES } from './hospital.mjs';

const PHONE = '13912345678';

let sandbox;
let parties;
let hospital;
let browser;

before(async () => {
  sandbox = await new Sandbox().start();
  parties = sandbox.base;
  hospital = await new Hospital({}, sandbox.settings).open();
  await hospital.define(ONE_SLOT);
  // Somebody calls, so that turns come near.
  await hospital.call('POST', '/work/start', { department: 'renmin.xinnei', service_point: 'renmin.xinnei.r3' }, await hospital.signIn('liming'));
  browser = await new Browser(hospital.base).start();
});
after(async () => {
  await browser?.close();
  await hospital?.close();
  sandbox?.close();
});

const came = (fits) => sandbox.came(fits);

test('the code to sign in comes by text message, and the page says so', async () => {
  const phone = await browser.open('/patient', SIZES.phone);
  await phone.fill('[name=phone]', PHONE);
  await phone.click('[data-action=send_code]');
  const message = await came((one) => one.channel === 'sms' && one.to === `+86${PHONE}`);
  assert.equal(message.template, 'code');
  assert.match(message.content.code, /^\d{6}$/);
  await phone.waitForSelector(`.notice:has-text("验证码已发到 ${PHONE}")`);
  await drawn(phone);
  await phone.fill('[name=code]', message.content.code);
  await phone.click('[data-action=sign_in]');
  await phone.waitForSelector('[data-form=register_person]');
  await phone.context().close();
  assert.deepEqual(browser.complaints, []);
});

test('a notification is shown by the worker, in its language, with number and place', async () => {
  const page = await browser.open('/patient', SIZES.phone);
  await page.context().grantPermissions(['notifications']);
  const { key, channels } = await (await fetch(`${hospital.base}/api/v1/push-key`)).json();
  assert.deepEqual(channels, ['sms', 'wechat', 'push']);
  assert.equal(Buffer.from(key, 'base64url').length, 65, 'a point of P-256');
  const devtools = await page.context().newCDPSession(page);
  const registered = new Promise((resolve) => devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
    if (registrations[0]) resolve(registrations[0].registrationId);
  }));
  await devtools.send('ServiceWorker.enable');
  await page.evaluate(async () => {
    await navigator.serviceWorker.register('/push-worker.js', { type: 'module', scope: '/' });
    await navigator.serviceWorker.ready;
  });
  const registrationId = await registered;
  const worker = page.context().serviceWorkers()[0] ?? await page.context().waitForEvent('serviceworker');
  // What the worker asks the browser to show: to ask the browser what it shows may end a notification that it has not shown yet.
  await worker.evaluate(() => {
    self.asked = [];
    self.registration.showNotification = async (title, { body, lang, tag }) => self.asked.push({ title, body, lang, tag });
  });
  const shown = async (data) => {
    await devtools.send('ServiceWorker.deliverPushMessage', { origin: hospital.base, registrationId, data });
    return worker.evaluate(async () => {
      for (let tries = 0; !self.asked.length && tries < 1200; tries += 1) await new Promise((resolve) => setTimeout(resolve, 25));
      return self.asked.shift();
    });
  };
  const told = { id: 'n-1', about: 'called', number: 'A012', place: '3号诊室', site: '仁民医院', language: 'zh' };
  assert.deepEqual(await shown(JSON.stringify(told)), { title: '请到3号诊室就诊', body: 'A012 · 3号诊室 · 仁民医院', lang: 'zh', tag: 'n-1' });
  const inEnglish = { ...told, id: 'n-2', about: 'three_before', language: 'en' };
  assert.deepEqual(await shown(JSON.stringify(inEnglish)), { title: 'It is nearly your turn', body: 'A012 · 3号诊室 · 仁民医院', lang: 'en', tag: 'n-2' });
  assert.deepEqual(await shown('no JSON'), { title: '有新消息,请打开查看', body: '', lang: 'zh', tag: 'news' });
  await page.context().close();
  assert.deepEqual(browser.complaints, []);
});

/** A phone whose browser subscribes at the sandbox's push service: Chromium's own lies outside. */
async function pushPhone(number, name, document) {
  const { key } = await (await fetch(`${hospital.base}/api/v1/push-key`)).json();
  const { endpoint, keys } = await (await fetch(`${parties}/push/subscriptions?key=${key}`, { method: 'POST' })).json();
  const page = await browser.open('/patient', SIZES.phone, { content: `
    const subscription = ${JSON.stringify({ endpoint })};
    subscription.toJSON = () => (${JSON.stringify({ endpoint, keys })});
    subscription.unsubscribe = async () => localStorage.removeItem('subscribed');
    PushManager.prototype.subscribe = async () => (localStorage.setItem('subscribed', '1'), subscription);
    PushManager.prototype.getSubscription = async () => (localStorage.getItem('subscribed') ? subscription : null);
    Notification.requestPermission = async () => 'granted';` });
  await sandbox.signIn(page, number);
  await page.waitForSelector('[data-form=register_person]');
  if (name) await sayWho(page, name, document);
  await page.click('nav [data-action=open_me]');
  return page;
}

/** Whether the account of a page is told of somebody by notifications, as the house has it. */
const isBound = (page, patient) => page.evaluate(async (who) => {
  const { access_token: token } = await (await fetch('/api/v1/session/refresh', { method: 'POST' })).json();
  const { family } = await (await fetch('/api/v1/family', { headers: { authorization: `Bearer ${token}` } })).json();
  return !!family.find((one) => one.patient === who).push;
}, patient);

test('each phone has its own switch for notifications, and signing out turns it off', async () => {
  const [MOTHER, FATHER] = ['13912345001', '13912345003'];
  const child = await hospital.person('张天佑', '2018-11-24', 13);
  const phones = [];
  for (const [number, name, serial] of [[MOTHER, '李小芳', 22], [FATHER, '张大山', 23]]) {
    const page = await pushPhone(number, name, residentNumber('1985-05-05', serial));
    await hospital.call('POST', '/family', { patient: child, phone: number, relation: 'child' }, hospital.desk);
    await page.reload();
    await page.click('nav [data-action=open_me]');
    await page.click(`[data-action=look_after][data-patient="${child}"]`);
    phones.push(page);
  }
  const [mother, father] = phones;
  await mother.click('[data-action=allow_push]');
  await mother.waitForSelector('[data-action=stop_push]');
  await father.waitForSelector('[data-ways~=push]');
  await father.click('[data-action=allow_push]');
  await father.waitForSelector('[data-action=stop_push]');
  await father.click('[data-action=stop_push]');
  await father.waitForSelector('[data-action=allow_push]');
  assert.deepEqual([await isBound(mother, child), await isBound(father, child)], [true, false]);
  await mother.click('[data-action=sign_out]');
  await mother.waitForSelector('[name=phone]');
  assert.equal(await mother.evaluate(() => localStorage.getItem('subscribed')), null);
  await father.waitForSelector('[data-ways]:not([data-ways~=push])');
  // The house hears nothing any more: whoever signs out is signed out all the same.
  await father.click('[data-action=allow_push]');
  await father.waitForSelector('[data-action=stop_push]');
  await father.route('**/api/v1/family', () => {});
  await father.route('**/api/v1/channels/unbind', () => {});
  await father.click('[data-action=sign_out]');
  await father.waitForSelector('[name=phone]');
  assert.equal(await father.evaluate(() => localStorage.getItem('subscribed')), null);
  for (const page of phones) await page.context().close();
  assert.deepEqual(browser.complaints, []);
});

test('who says on a shared phone that it is somebody else leaves no notifications behind', async () => {
  const page = await pushPhone('13912345005', '王小红', residentNumber('1985-05-05', 24));
  await page.click('[data-action=allow_push]');
  await page.waitForSelector('[data-action=stop_push]');
  // Another account signs in in another tab of it, and this page asks for its next token.
  const number = '13912345007';
  const { device } = await hospital.call('POST', '/session/code', { phone: number });
  const { content } = await came((one) => one.template === 'code' && one.to === `+86${number}`);
  await page.evaluate((proof) => fetch('/api/v1/session', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(proof),
  }), { phone: number, code: content.code, device });
  await page.click('[data-action=add_person]');
  await sayWho(page, '王小宝', residentNumber('2019-05-05', 25), 'child');
  await page.waitForSelector('dialog [data-action=sign_in_anew]');
  // The form stands as soon as the socket has heard that it is over; the page is loaded anew behind that.
  await Promise.all([page.waitForEvent('load'), page.click('[data-action=sign_in_anew]')]);
  await page.waitForSelector('[name=phone]');
  assert.equal(await page.evaluate(() => localStorage.getItem('subscribed')), null);
  await page.context().close();
  assert.deepEqual(browser.complaints, []);
});

test('a house that does not answer holds nobody who signs out', async () => {
  const page = await browser.open('/patient', SIZES.phone);
  await sandbox.signIn(page, '13912345009');
  await page.waitForSelector('[data-form=register_person]');
  let asked = 0;
  await page.route('**/api/v1/session', (route) => {
    if (route.request().method() !== 'DELETE') return route.continue();
    asked += 1;
    return asked > 1 ? route.continue() : undefined;
  });
  await page.clock.install();
  await page.click('[data-action=sign_out]');
  for (let tries = 0; !asked && tries < 200; tries += 1) await pause(25);
  assert.equal(asked, 1);
  await Promise.all([page.waitForEvent('load'), page.clock.fastForward(5100)]);
  // What was not heard is said again, before that sign-in lets anybody in.
  await page.waitForSelector('[name=phone]');
  assert.equal(asked, 2);
  assert.equal(await page.evaluate(async () => (await fetch('/api/v1/session/refresh', { method: 'POST' })).status), 401);
  await page.context().close();
  assert.deepEqual(browser.complaints, []);
});

test('whom nobody can reach, because no phone is known, is called so, and operations count them', async () => {
  const patient = await hospital.person('陈无号', '1949-03-03', 26);
  // Somebody acts for them whose phone has never signed in here.
  await hospital.call('POST', '/family', { patient, phone: '13912345011', relation: 'parent' }, hospital.desk);
  await hospital.call('POST', '/tickets', { queue: 'renmin.xinnei.liming', patient }, hospital.desk);
  const desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await desk.click('[data-filter=not_reached]:has-text("1")');
  await drawn(desk);
  await desk.click('[data-row]:has-text("陈无号")');
  await desk.waitForSelector('[data-chosen] [data-not-reached=three_before]:has-text("没有可用的联系方式")');
  assert.equal(await desk.$('[data-chosen] [data-not-reached]:has-text("手机没有回应")'), null);
  await desk.context().close();
  const ops = await browser.staff('/ops', SIZES.console, 'yunxing');
  await ops.waitForSelector('[data-notices] [data-notices-of=not_reached]:text-is("1")');
  assert.deepEqual(await ops.$$eval('[data-notices] th', (heads) => heads.map((head) => head.textContent)), ['共通知', '页面上看到', '微信', '手机通知', '短信', '没联系上']);
  await ops.context().close();
  assert.deepEqual(browser.complaints, []);
});

test('operations say which channels there are', async () => {
  const page = await browser.staff('/ops', SIZES.console, 'yunxing');
  await page.click('[data-part=missing]');
  await page.waitForSelector('[data-channels="sms wechat push"]:has-text("用短信、微信、浏览器通知告诉他们")');
  await page.context().close();
  assert.deepEqual(browser.complaints, []);
});
