// A number that has ended: for a while the phone says where to go for whoever still stands at the door, then no more; and how
// several of a day are said.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, Hospital, looks, ONE_SLOT, residentNumber, sayWho, signInPhone, SIZES } from './hospital.mjs';

const PHONE = '13912345678';
const DOCUMENT = residentNumber('1990-03-07', 17);
const SHOTS = process.env.PICTURES;

let hospital;
let browser;
let phone;
let patient;

before(async () => {
  hospital = await new Hospital({ speed: 30 }).open();
  await hospital.define(ONE_SLOT);
  browser = await new Browser(hospital.base).start();
  phone = await browser.open('/patient', SIZES.phone);
  await signInPhone(phone, hospital, PHONE);
  await sayWho(phone, '张小三', DOCUMENT);
  await phone.waitForSelector('[data-action=open_booking]');
  await phone.click('nav [data-action=open_me]');
  patient = await phone.getAttribute('[data-action=look_after]', 'data-patient');
  await phone.click('nav [data-action=open_today]');
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

/** A number is given, called, and ended as seen. @param {string} doctor @param {string} queue @param {string} point */
async function ends(doctor, queue, point) {
  const department = queue.slice(0, queue.lastIndexOf('.'));
  const token = await hospital.signIn(doctor);
  const { ticket, number } = await hospital.call('POST', '/tickets', { queue, patient }, hospital.desk);
  const { assignment } = await hospital.call('POST', '/work/start', { department, service_point: point }, token);
  await hospital.call('POST', '/calls/next', { department, assignment, in_hand: null, outcome: null }, token);
  await phone.waitForSelector(`[data-called="${ticket}"]`);
  await phone.click('[data-action=seen_call]');
  await hospital.call('POST', '/calls/next', { department, assignment, in_hand: ticket, outcome: 'seen' }, token);
  return number;
}

test('whoever was not seen after all is told where to go, also after a reload; some time later no more', async () => {
  const number = await ends('liming', 'renmin.xinnei.liming', 'renmin.xinnei.r3');
  const said = `[data-done]:has-text("${number} 已看完") [data-not-seen="${number}"]:has-text("还没有看?请到分诊台说一声")`;
  await phone.waitForSelector(said);
  await looks(phone);
  if (SHOTS) await phone.screenshot({ path: `${SHOTS}/seen-doubt.png` });
  await phone.reload();
  await phone.waitForSelector(said);
  await phone.waitForSelector('[data-not-seen]', { state: 'detached' });
  await phone.waitForSelector(`[data-done="${number}"]`);
});

test('two of a day are both seen, in each language', async () => {
  const number = await ends('wangfang', 'renmin.yanke.wangfang', 'renmin.yanke.r1');
  const card = await phone.waitForSelector('[data-done]:has-text("都看完了")');
  assert.match(await card.innerText(), /^(A001、E001|E001、A001) 都看完了/);
  assert.equal(await phone.getAttribute('[data-not-seen]', 'data-not-seen'), number);
  await phone.evaluate(() => import('/web/lib/i18n.js').then((words) => words.setLanguage('en')));
  await phone.waitForSelector('[data-done]:has-text("both seen")');
  assert.match(await phone.innerText('[data-done]'), /^(A001 and E001|E001 and A001): both seen/);
  if (SHOTS) await phone.screenshot({ path: `${SHOTS}/seen-two-en.png` });
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
