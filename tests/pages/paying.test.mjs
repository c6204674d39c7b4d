// Paying by phone: a place that is paid before it is the booking, on the page of a payment provider that is played; who comes
// back without having paid, money that comes back by itself, a provider that does not answer.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import test, { after, before } from 'node:test';
import { Browser, freePort, Hospital, looks, ONE_SLOT, PROGRAM, residentNumber, sayWho, signInPhone, SIZES } from './hospital.mjs';

const D = 'renmin.xinnei';
const PHONE = '13912345670';
const HELD = '[data-held]';

let house;
let chrome;
let phone;
let gateway;
let provider;

/** Plays the provider on a port until it is killed. */
async function play(port) {
  const played = spawn(PROGRAM, ['sandbox', 'pay', '--port', String(port), '--callback', house.base, '--report-after-ms', '300']);
  await new Promise((resolve, reject) => {
    played.stdout.once('data', resolve);
    played.once('exit', () => reject(new Error('the provider did not come up')));
  });
  return played;
}

before(async () => {
  const [port, own] = [await freePort(), await freePort()];
  gateway = `http://127.0.0.1:${port}`;
  house = new Hospital({ speed: 1, start: '2026-11-23T08:32:00+08:00' }, {
    JIAOHAO_PAYMENT__URL: gateway, JIAOHAO_PAYMENT__MERCHANT: 'sandbox', JIAOHAO_PAYMENT__SECRET: 'sandbox-pay-secret',
  });
  house.port = own;
  house.base = `http://127.0.0.1:${own}`;
  provider = await play(port);
  await house.open();
  await house.define(ONE_SLOT);
  await house.call('PUT', '/payment', { department: D, when: 'at_booking' });
  chrome = await new Browser(house.base).start();
  chrome.outside.push(gateway);
  phone = await chrome.open('/patient', SIZES.phone);
  await signInPhone(phone, house, PHONE);
  await sayWho(phone, '冯手机', residentNumber('1949-03-07', 17));
});
after(async () => {
  provider?.kill();
  await chrome?.close();
  await house?.close();
  assert.deepEqual(chrome.complaints, []);
});

const SHOTS = process.env.SHOTS;
/** @param {import('playwright-core').Page} page */
const shot = (page, name) => SHOTS && page.screenshot({ path: `${SHOTS}/${name}.png` });

/** Holds the first place of the morning. */
async function hold() {
  await phone.click('[data-action=open_booking]');
  await phone.click(`[data-action=choose_department][data-department="${D}"]`);
  await phone.click('[data-session="renmin.xinnei.s1"] [data-action=hold_slot]:not([disabled])');
  await phone.waitForSelector(`${HELD} [data-pay=due]`);
}

/** From the provider's page to the house's, as with the key that goes back. */
async function goBack() {
  while (!phone.url().startsWith(house.base)) await phone.goBack();
}

async function pay() {
  await phone.waitForURL(`${gateway}/pay/*`);
  await phone.click('button');
  await phone.waitForSelector('form:has-text("已付款")');
  await goBack();
}

test('a held place is paid on the provider\'s page, and is the booking when one comes back', async () => {
  await hold();
  await phone.waitForSelector(`${HELD} [data-pay=due]:has-text("这个号要先付 50.00 元")`);
  assert.equal(await phone.locator('[data-action=confirm_appointment]').count(), 0, 'nothing else makes it the booking');
  await looks(phone);
  await shot(phone, 'phone-pay-held');
  await phone.click('[data-action=pay_appointment]:has-text("去付款 50.00 元")');
  await pay();
  await phone.waitForSelector('[data-ticket][data-state=booked] [data-fee=done]:has-text("挂号费 50.00 元,已缴")');
  await looks(phone);
  await shot(phone, 'phone-pay-booked');
});

test('what was paid through the provider comes back by itself', async () => {
  await phone.click('[data-action=cancel_appointment]');
  await phone.click('dialog [data-action=dialog_go]');
  await phone.waitForSelector('[data-refund-of] [data-fee=done]:has-text("50.00 元")');
  assert.equal(await phone.locator('[data-refund-of]:has-text("分诊台")').count(), 0, 'nobody is sent to the desk for it');
  // A word of its own beside what was cancelled, which the page itself has done: read, and kept among the messages.
  const told = '[data-told-about=refunded]';
  await phone.waitForSelector(`${told}:has-text("50.00 元已原路退回")`);
  assert.equal(await phone.locator('[data-told]').count(), 1);
  await looks(phone);
  await shot(phone, 'phone-pay-back');
  await phone.click(`${told} [data-action=put_notice_away]`);
  await phone.waitForSelector('.messages [data-about=refunded][data-state=reached]', { state: 'attached' });
});

test('who comes back without having paid is told to wait for the word, and can go again', async () => {
  await hold();
  await phone.click('[data-action=pay_appointment]');
  await phone.waitForURL(`${gateway}/pay/*`);
  await goBack();
  await phone.waitForSelector('[data-pay=waits]:has-text("正在等付款结果")');
  await looks(phone);
  await shot(phone, 'phone-pay-waits');
  await phone.click('[data-action=pay_appointment]:has-text("还没付,再去付款")');
  await pay();
  await phone.waitForSelector('[data-ticket][data-state=booked] [data-fee=done]');
});

test('a provider that does not answer is said so, and the place is kept', async () => {
  const kept = await house.call('GET', `/departments/${D}/payments?day=2026-11-23`, undefined, house.desk);
  const paid = kept.appointments.find((one) => one.state === 'booked');
  provider.kill();
  await phone.click('[data-action=cancel_appointment]');
  await phone.click('dialog [data-action=dialog_go]');
  await phone.waitForSelector('[data-refund-of] [data-fee=done]:has-text("原路退回")');
  await hold();
  chrome.serverIsDown = true;
  await phone.click('[data-action=pay_appointment]');
  await phone.waitForSelector('.notices :text("支付方现在没有回应")');
  chrome.serverIsDown = false;
  await phone.waitForSelector(`${HELD} [data-pay=due]`);
  await shot(phone, 'phone-pay-silent');
  await phone.context().close();
  // So often the house asks by itself.
  for (let hour = 9; hour < 21; hour += 1) await house.sleepUntil(`2026-11-23T${String(hour).padStart(2, '0')}:40:00+08:00`);
  const ops = await chrome.staff('/ops', SIZES.console, 'yunxing');
  await ops.click('[data-part=fees]');
  await ops.waitForSelector('[data-standing=owed] [data-stuck]:has-text("支付方没有回应")');
  await looks(ops);
  await shot(ops, 'ops-stuck');
  await ops.click('[data-action=retry_refund]');
  await ops.waitForSelector('[data-standing=owed]:has-text("正在原路退回")');
  assert.ok(paid);
});
