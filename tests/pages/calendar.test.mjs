// An appointment in the phone's own calendar: the file that the button hands over, what it says after a delay and a cancelling,
// and what is said in a browser that saves no file.

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import test, { after, before } from 'node:test';
import { Browser, Hospital, looks, ONE_SLOT, pause, residentNumber, sayWho, signInPhone, SIZES, TODAY } from './hospital.mjs';

const IN_WECHAT = { userAgent: 'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120.0.0.0 Mobile MicroMessenger/8.0.49(0x28003133)' };
const ADD = '[data-ticket] [data-action=add_to_calendar]';

let hospital;
let browser;
let phone;
let appointment;
let other;

before(async () => {
  hospital = await new Hospital().open();
  await hospital.define(ONE_SLOT);
  await hospital.call('PUT', '/sessions', {
    id: 'renmin.yanke.s2', date: TODAY, period: 'afternoon', queue: 'renmin.yanke.wangfang', doctor: 'renmin.wangfang', registration_class: '普通', fee_fen: 1000,
    slots: [{ start: '14:00', minutes: 30, capacity: 3 }],
  });
  browser = await new Browser(hospital.base).start();
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

/** Whose phone it is. */
async function whoIs(page) {
  await page.click('nav [data-action=open_me]');
  const patient = await page.getAttribute('[data-action=look_after]', 'data-patient');
  await page.click('nav [data-action=open_today]');
  return patient;
}

/** Presses it and reads the file, each line whole. @returns {Promise<Object<string, string>>} the first value by name */
async function taken(page, button) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(button)]);
  assert.equal(download.suggestedFilename(), 'appointment.ics');
  const text = await fs.readFile(await download.path(), 'utf8');
  text.split('\r\n').forEach((line) => assert.ok(Buffer.byteLength(line) <= 75, line));
  const lines = text.replaceAll('\r\n ', '').trim().split('\r\n');
  assert.ok(!text.includes('张'), 'no name, masked or not');
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]).reverse());
}

test('a booking is handed over as a file for the calendar', async () => {
  phone = await browser.open('/patient', SIZES.phone);
  await signInPhone(phone, hospital, '13912345678');
  await sayWho(phone, '张小三', residentNumber('1990-03-07', 17));
  await phone.waitForSelector('[data-action=open_booking]');
  const patient = await whoIs(phone);
  appointment = await hospital.book('renmin.xinnei.s1', '08:30', patient);
  await phone.waitForSelector(`[data-ticket] [data-appointment="${appointment}"]`);
  const file = await taken(phone, ADD);
  assert.deepEqual([file.METHOD, file.STATUS, file.SEQUENCE, file.TRIGGER], ['PUBLISH', 'CONFIRMED', '0', '-PT2H']);
  assert.deepEqual([file.SUMMARY, file.LOCATION], ['心内科 · 李明', '人民医院 · 3号诊室']);
  assert.equal(file.DTSTART, '20261123T003000Z');
  await phone.waitForSelector('.notice.good:has-text("日历文件")');
  other = await hospital.book('renmin.yanke.s2', '14:00', patient);
  await phone.waitForSelector(`.rows [data-appointment="${other}"] [data-action=add_to_calendar]`);
  await looks(phone);
});

test('after a delay the same button hands over what is now, in the language of the page', async () => {
  await hospital.call('POST', '/sessions/delay', { session: 'renmin.xinnei.s1', minutes: 20 }, hospital.desk);
  await phone.waitForSelector('[data-held-up]:has-text("门诊延迟约20分钟")');
  await phone.click('nav [data-action=open_me]');
  await phone.click('[data-action=switch_language]');
  await phone.click('nav [data-action=open_today]');
  const file = await taken(phone, `${ADD}:has-text("Add to calendar")`);
  assert.deepEqual([file.METHOD, file.SEQUENCE, file.DTSTART], ['PUBLISH', '1', '20261123T005000Z']);
  assert.equal(file.LOCATION, "People's Hospital · Room 3");
  assert.match(file.DESCRIPTION, /about 20 minutes late/);
  await looks(phone);
  await phone.click('nav [data-action=open_me]');
  await phone.click('[data-action=switch_language]');
  await phone.click('nav [data-action=open_today]');
});

test('what was cancelled is offered to be taken out where it was put in, and only there', async () => {
  for (const id of [appointment, other]) {
    await phone.click(`[data-action=cancel_appointment][data-appointment="${id}"]`);
    await phone.click('dialog [data-action=dialog_go]');
    await phone.waitForSelector(`[data-action=cancel_appointment][data-appointment="${id}"]`, { state: 'detached' });
  }
  await phone.reload();
  await phone.waitForSelector(`[data-in-calendar="${appointment}"]:has-text("心内科")`);
  assert.equal((await phone.$$('[data-in-calendar]')).length, 1, 'the other one never was in a calendar');
  await looks(phone);
  const file = await taken(phone, '[data-action=remove_from_calendar]');
  assert.deepEqual([file.METHOD, file.STATUS, file.SEQUENCE, file.TRIGGER], ['CANCEL', 'CANCELLED', '2', undefined]);
  assert.match(file.SUMMARY, /^已取消 · /);
  assert.equal(file.UID, `${appointment.split('.').at(-1)}@jiaohao`);
  await phone.waitForSelector('[data-in-calendar]', { state: 'detached' });
  await phone.reload();
  await phone.waitForSelector('[data-action=open_booking]');
  assert.equal(await phone.$('[data-in-calendar]'), null);
});

test('in WeChat, which saves no file, the way to a browser that does is said', async () => {
  const page = await browser.open('/patient', SIZES.phone, null, IN_WECHAT);
  await signInPhone(page, hospital, '13912345679');
  await sayWho(page, '李建国', residentNumber('1985-05-05', 31));
  await page.waitForSelector('[data-action=open_booking]');
  const patient = await whoIs(page);
  await hospital.book('renmin.xinnei.s2', '08:30', patient);
  let files = 0;
  page.on('download', () => {
    files += 1;
  });
  await page.click(ADD);
  await page.waitForSelector('[data-calendar-elsewhere]:has-text("在浏览器中打开")');
  await looks(page);
  await page.click('[data-calendar-elsewhere] [data-action=dialog_cancel]');
  await pause(500);
  assert.equal(files, 0);
  assert.deepEqual(browser.complaints, []);
});
