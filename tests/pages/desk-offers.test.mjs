// 候补 at the desk, for who has no phone: what somebody waits for is found with them, what is kept for them is taken or let go
// by the keyboard, and what can be taken back is.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, Hospital, looks, residentNumber, sayWho, signInPhone, SIZES, TODAY } from './hospital.mjs';

const DEPARTMENT = 'renmin.xinnei';
const DATE = '2026-11-24';
const FULL = `${DEPARTMENT}.full`;

let hospital;
let browser;
let desk;
let booked;
const people = {};

before(async () => {
  hospital = await new Hospital({ speed: 1, start: `${TODAY}T09:00:00+08:00` }, {
    JIAOHAO_PAYMENT__URL: 'http://127.0.0.1:9', JIAOHAO_PAYMENT__MERCHANT: 'sandbox', JIAOHAO_PAYMENT__SECRET: 'sandbox-pay-secret',
  }).open();
  await hospital.define();
  const own = (await hospital.call('GET', '/site/renmin', undefined, hospital.desk)).sessions.find((one) => one.session === `${DEPARTMENT}.s1`);
  await hospital.call('PUT', '/sessions', {
    id: FULL, date: DATE, period: 'morning', queue: own.queue, doctor: own.doctor, registration_class: own.registration_class,
    fee_fen: 5000, slots: [{ start: '09:00', minutes: 30, capacity: 1 }],
  });
  for (const [name, serial] of [['王先到', 33], ['张小三', 35], ['李后来', 37], ['陈再后', 39]]) people[name] = await hospital.person(name, '1950-01-01', serial, `+86139000010${serial}`);
  booked = await hospital.book(FULL, '09:00', people['王先到']);
  for (const name of ['张小三', '李后来']) await hospital.call('POST', '/waitlist', { patient: people[name], wanted: { session: FULL } }, hospital.desk);
  browser = await new Browser(hospital.base).start();
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

const picture = (name) => process.env.SHOTS && desk.screenshot({ path: `${process.env.SHOTS}/${name}.png` });
const free = async () => (await hospital.call('GET', `/streams/session:${FULL}`, undefined, hospital.desk)).snapshot.slots[0].free;
const row = (more) => `.found [data-found-wish]${more}`;

/** Looks for somebody until what is found is as meant: an offer is made a moment after the place is free. */
async function look(name, selector) {
  for (let tries = 0; ; tries += 1) {
    await desk.fill('#search', '');
    await desk.fill('#search', name);
    await desk.waitForSelector(row(`:has-text("${name}")`));
    if (await desk.$(selector)) return;
    if (tries === 100) assert.fail(`${name} is not found as ${selector}: ${await desk.textContent('.found')}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

test('who waits is found by name, with what for and how many are before', async () => {
  await look('李后来', row(':not([data-offer]):has-text("11月24日"):has-text("上午 李明"):has-text("前面有 1 位"):has-text("尾号 1037")'));
  await looks(desk);
  await picture('wish');
  assert.equal(await desk.$('[data-found-wish] [data-action=take_offer]'), null, 'there is nothing to take');
});

test('a place that is kept for somebody is taken with two presses of Enter, and nobody else can have it', async () => {
  await hospital.call('POST', '/appointments/cancel', { appointment: booked }, hospital.desk);
  await look('张小三', row('[data-offer]:has-text("11月24日 周二 09:00 李明") [data-kept]:has-text("给他留到 09:1"):has-text("分钟")'));
  await looks(desk);
  await picture('offer');
  await desk.focus('#search');
  await desk.keyboard.press('Enter');
  await desk.waitForSelector('dialog [data-form=answer_offer]:has-text("09:00 李明")');
  await looks(desk);
  await picture('offer-asked');
  await desk.keyboard.press('Enter');
  await desk.waitForSelector('#undo:has-text("已替 张小三 约上 11月24日 周二 09:00 李明")');
  await picture('offer-taken');
  assert.equal(await free(), 0);
  assert.equal(await desk.inputValue('#search'), '');
});

test('taken by mistake it is taken back, after it is said what goes with it, and the next one is asked', async () => {
  await desk.keyboard.press('Control+z');
  await desk.waitForSelector('dialog [data-form=decline_offer]:has-text("张小三 也不再排候补")');
  await looks(desk);
  await desk.click('dialog [data-action=dialog_go]');
  await desk.waitForSelector('#undo:has-text("张小三 不再排候补")');
  await look('李后来', row('[data-offer]'));
});

test('what is not wanted goes to the next one, which is said before', async () => {
  await hospital.call('POST', '/waitlist', { patient: people['陈再后'], wanted: { session: FULL } }, hospital.desk);
  await desk.click(row(':has-text("李后来") [data-action=decline_offer]'));
  await desk.waitForSelector('dialog [data-form=decline_offer]:has-text("收不回来")');
  await looks(desk);
  await desk.click('dialog [data-action=dialog_go]');
  await desk.waitForSelector('#undo:has-text("李后来 没要,号给下一位了")');
  await look('陈再后', row('[data-offer]'));
  await look('李后来', row(':not([data-offer]):has-text("排在最前面")'));
});

test('off the line is asked first, and back on it is said to be the last', async () => {
  await desk.click(row(':has-text("李后来") [data-action=leave_waitlist]'));
  await desk.waitForSelector('dialog [data-form=leave_waitlist]:has-text("排到最后")');
  await desk.click('dialog [data-action=dialog_go]');
  await desk.waitForSelector('#undo:has-text("李后来 不再候补"):has-text("重新登记(排最后)")');
  await desk.keyboard.press('Escape');
  await desk.keyboard.press('Control+z');
  await desk.waitForSelector('#undo:has-text("前面有 1 位")');
  await look('李后来', row(':not([data-offer]):has-text("前面有 1 位")'));
});

test('what a phone would pay before it is booked the desk takes, and the place is theirs with it', async () => {
  const phone = await browser.open('/patient', SIZES.phone);
  await signInPhone(phone, hospital, '13912345680');
  await sayWho(phone, '周手机', residentNumber('1990-03-07', 17));
  await phone.click('[data-action=open_booking]');
  await phone.click(`[data-action=choose_department][data-department="${DEPARTMENT}"]`);
  await phone.click(`[data-action=choose_date][data-date="${DATE}"]`);
  await phone.click(`[data-session="${FULL}"] [data-action=join_waitlist]`);
  await phone.click('dialog [data-action=wait_for_session]');
  await phone.waitForSelector('[data-waits]');
  await phone.close();
  await hospital.call('PUT', '/payment', { department: DEPARTMENT, when: 'at_booking' });
  for (const name of ['陈再后', '李后来']) {
    await look(name, row('[data-offer]'));
    await desk.click(row(`:has-text("${name}") [data-action=leave_waitlist]`));
    await desk.waitForSelector('dialog [data-form=leave_waitlist]:has-text("马上给下一位")');
    await desk.click('dialog [data-action=dialog_go]');
  }
  await look('周手机', row('[data-offer]'));
  await desk.click(row('[data-offer] [data-action=take_offer]'));
  await desk.waitForSelector('dialog [data-form=take_payment]:has-text("号也就约上了")');
  assert.equal(await desk.$('dialog [data-action=take_later]'), null, 'unpaid it is nobody\'s');
  await picture('offer-fee');
  await desk.click('dialog [data-action=take_cash]');
  await desk.waitForSelector('#undo:has-text("50.00"):has-text("已替 周手机 约上")');
  await desk.keyboard.press('Escape');
  await desk.keyboard.press('Control+z');
  await desk.click('dialog [data-form=decline_offer] [data-action=dialog_go]');
  await desk.waitForSelector('#undo:has-text("周手机 不再排候补") [data-action=open_fees]');
  await hospital.call('PUT', '/payment', { department: DEPARTMENT, when: 'none' });
});

test('somebody of another department is led there', async () => {
  booked = await hospital.book(FULL, '09:00', people['王先到']);
  await hospital.call('POST', '/waitlist', { patient: people['李后来'], wanted: { session: FULL } }, hospital.desk);
  await desk.selectOption('#departments select', { index: 1 });
  await desk.fill('#search', '李后来');
  await desk.waitForSelector('[data-elsewhere]:has-text("在候补")');
  await desk.click('[data-elsewhere] [data-action=go_there]');
  await desk.waitForSelector(row(':has-text("李后来")'));
  assert.equal((await desk.$$(row(''))).length, 1);
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
