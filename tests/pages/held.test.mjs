// A place that is only held, on the phone: it says how long it is kept in words that are no clock time, stands first on the page
// of today as not booked yet, and is confirmed or given back there. Each view of a booking begins at its top; one that cannot be
// begun says why, and goes on by itself.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, drawn, Hospital, looks, residentNumber, sayWho, signInPhone, SIZES } from './hospital.mjs';

const PHONE = '13912345678';
const SHOTS = process.env.PICTURES;
/** A clinic that several doctors share, on the other days too: a long page of places. */
const POOL = 'renmin.yanke.pool';
const HALF_HOURS = ['09:00', '09:30', '10:00', '10:30', '11:00', '11:30'].map((start) => ({ start, minutes: 30, capacity: 6 }));

let hospital;
let browser;
let phone;

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define();
  await hospital.call('PUT', '/queues', { id: POOL, name: '眼科普通门诊', name_en: 'Eye clinic', prefix: 'P', doctors: [] });
  await hospital.call('PUT', '/sessions', {
    id: 'renmin.yanke.p1', date: '2026-11-23', period: 'morning', queue: POOL, doctor: null, service_point: null, registration_class: '普通', fee_fen: 1000, slots: HALF_HOURS,
  });
  browser = await new Browser(hospital.base).start();
  phone = await browser.open('/patient', SIZES.phone);
  await signInPhone(phone, hospital, PHONE);
  await sayWho(phone, '张小三', residentNumber('1941-03-07', 17));
  await phone.waitForSelector('[data-action=open_booking]');
  await phone.click('nav [data-action=open_me]');
  await phone.check('[data-action=elder]');
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

const shot = (name) => SHOTS && phone.screenshot({ path: `${SHOTS}/${name}.png` });
const speak = (lang) => phone.evaluate((to) => import('/web/lib/i18n.js').then((words) => words.setLanguage(to)), lang);
/** How far the page is scrolled, once what was pressed is drawn. */
const scrolled = async () => {
  await drawn(phone);
  return phone.evaluate(() => window.scrollY);
};

/** Holds the last place of the clinic, far down on the page. */
async function hold() {
  await phone.click('nav [data-action=open_book]');
  await phone.click('[data-session="renmin.yanke.p1"] [data-slot="renmin.yanke.p1.1130"]:not([disabled])');
  await phone.waitForSelector('[data-held] [role=timer]');
}

test('the hold begins at its top, says the time left in words, and of a shared clinic no doctor', async () => {
  await phone.click('nav [data-action=open_book]');
  await phone.click('[data-action=choose_department][data-department="renmin.yanke"]');
  await hold();
  assert.equal(await scrolled(), 0);
  assert.match(await phone.innerText('[data-held] [role=timer]'), /^还剩 9 分 \d+ 秒$/);
  assert.doesNotMatch(await phone.innerText('[data-held] dl'), /医生/);
  await shot('held-zh');
  await speak('en');
  await phone.waitForSelector('[data-held] [role=timer]:has-text("s left")');
  assert.match(await phone.innerText('[data-held] [role=timer]'), /^9 min \d+ s left$/);
  await phone.waitForSelector('[data-held] [data-action=cancel_appointment]:has-text("Give it back")');
  await looks(phone);
  await shot('held-en');
  await phone.click('[data-held] [data-action=cancel_appointment]');
  await phone.waitForSelector('[data-session="renmin.yanke.p1"]:has-text("Ordinary clinic")');
  assert.equal(await scrolled(), 0);
  await speak('zh');
});

test('on the page of today it stands first, as not booked yet, also after a reload', async () => {
  await hold();
  await phone.click('nav [data-action=open_today]');
  const first = 'main .block >> nth=0';
  for (const again of [false, true]) {
    if (again) await phone.reload();
    await phone.waitForSelector('[data-held-place]:has-text("还没约好:11:30 的号替您留着"):has-text("还剩 9 分")');
    await phone.waitForSelector('[data-held-place] [data-held-whose]:has-text("眼科普通门诊 · 10.00元")');
    // The price is the clinic's; what is owed is asked for by itself, and until it is known nothing can be confirmed.
    await phone.waitForSelector('[data-held-place] [data-action=confirm_appointment]:enabled');
    assert.notEqual(await phone.getAttribute(first, 'data-held-place'), null);
    assert.equal(await phone.locator('h2:text-is("已预约")').count(), 0, 'nothing is booked');
  }
  await looks(phone);
  await shot('held-today');
  await speak('en');
  await phone.waitForSelector('[data-held-place]:has-text("Not booked yet: 11:30 is kept for you")');
  await shot('held-today-en');
  await speak('zh');
});

test('given back there, it is no hold any more; confirmed there, the page begins with the number', async () => {
  await phone.click('nav [data-action=open_book]');
  await phone.click('[data-action=choose_department][data-department="renmin.yanke"]');
  await phone.waitForSelector('[data-action=hold_slot]');
  await phone.click('nav [data-action=open_today]');
  await phone.click('[data-held-place] [data-action=cancel_appointment]:has-text("不要了")');
  await phone.waitForSelector('[data-held-place]', { state: 'detached' });
  await hold();
  await phone.click('nav [data-action=open_today]');
  await phone.click('[data-held-place] [data-action=cancel_appointment]');
  await phone.waitForSelector('[data-held-place]', { state: 'detached' });
  // The hold that was open under the other tab is over too.
  await hold();
  await phone.click('nav [data-action=open_today]');
  await phone.click('[data-held-place] [data-action=confirm_appointment]:has-text("确认预约")');
  await phone.waitForSelector('[data-ticket][data-state=booked]');
  assert.equal(await scrolled(), 0);
  await shot('held-booked');
});

test('booking that is opened without a network says so, and goes on by itself once it is back', async () => {
  // A page that has not asked for the hospitals yet.
  await phone.reload();
  await phone.waitForSelector('[data-ticket][data-state=booked]');
  browser.serverIsDown = true;
  await hospital.end('SIGKILL');
  await phone.click('nav [data-action=open_book]');
  await phone.waitForSelector('[data-booking=failed]:has-text("现在连不上,约不了号。网络恢复后自动继续。") [data-action=try_again]:has-text("再试一次"):enabled');
  await phone.waitForSelector('jh-offline-band[shown]');
  await looks(phone);
  await shot('book-offline');
  await phone.click('[data-action=try_again]');
  await phone.waitForSelector('[data-booking=failed] [data-action=try_again]:enabled');
  await hospital.open();
  await phone.waitForSelector('[data-action=choose_department]');
  browser.serverIsDown = false;
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
