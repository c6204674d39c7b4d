// Reaching people: a phone whose page is open confirms by showing the call; one that is closed is marked at the desk, which
// tells the patient itself and may take that back.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, choose, drawn, Hospital, inHand, ONE_SLOT, residentNumber, sayWho, signInPhone, SIZES } from './hospital.mjs';

const A = 'renmin.xinnei.liming';
const PHONE = '13912345670';

let hospital;
let browser;
let phone;
let desk;
let doctor;

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  browser = await new Browser(hospital.base).start();
  doctor = await browser.staff('/doctor', SIZES.console, 'liming');
  await doctor.click('[data-action=start_work][data-service-point="renmin.xinnei.r3"]');
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  phone = await browser.open('/patient', SIZES.phone);
  await signInPhone(phone, hospital, PHONE);
  await sayWho(phone, '张小三', residentNumber('1990-03-07', 17));
  await phone.click('[data-action=open_booking]');
  await phone.click('[data-action=choose_department][data-department="renmin.xinnei"]');
  await phone.click('[data-session="renmin.xinnei.s1"] [data-action=hold_slot]:not([disabled])');
  await phone.click('[data-held] [data-action=confirm_appointment]');
  await phone.waitForSelector('[data-ticket][data-state=booked]');
  await desk.waitForSelector('[data-area-code]:not([data-area-code=""])');
  await phone.fill('[data-form=check_in] [name=code]', await desk.$eval('[data-area-code]', (area) => area.dataset.areaCode));
  await phone.click('[data-form=check_in] [data-action=check_in]');
  await phone.waitForSelector('[data-ticket][data-state=waiting]');
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

const notice = (about, state) => phone.waitForSelector(`[data-notice][data-about=${about}][data-state=${state}]`);

test('an open page confirms what it shows, and the messages say so', async () => {
  await notice('three_before', 'reached');
  await doctor.click('[data-action=call_next_patient]');
  await phone.waitForSelector('[data-called][data-state=called]');
  await phone.click('[data-action=seen_call]');
  await notice('called', 'reached');
  assert.equal(await desk.$('[data-not-reached]'), null);
  // By which ways they are told: this hospital sends neither text messages nor notifications, and promises none.
  await phone.click('nav [data-action=open_me]');
  await phone.waitForSelector('[data-ways] [data-no-sms]:has-text("本院没有短信")');
  assert.doesNotMatch(await phone.textContent('[data-ways]'), /发到您/);
  assert.equal(await phone.$('[data-action=allow_push]'), null);
  await phone.click('nav [data-action=open_today]');
});

test('a closed page is not waited for: the desk sees who was not reached, and what to do', async () => {
  await doctor.click('[data-action=return_to_waiting]');
  await inHand(doctor, null);
  await phone.close();
  await doctor.click('[data-action=call_next_patient]');
  await desk.waitForSelector('[data-filter=not_reached]:has-text("1")');
  await desk.waitForSelector(`[data-queue="${A}"] [data-row] [data-not-reached=called]`);
  await desk.click('[data-filter=not_reached]');
  await drawn(desk);
  await desk.click('[data-row]:has-text("张小三")');
  await desk.waitForSelector('[data-chosen] [data-not-reached=called]:has-text("没有留电话")');
  await desk.waitForSelector('[data-chosen] [data-not-reached=called]:has-text("手机页面没有打开")');
  const state = await desk.textContent(`[data-queue="${A}"] [data-row]:has([data-not-reached]) [data-where]`);
  assert.notEqual(state, '', 'the tag stands beside where the patient is');
});

test('the desk has told them, takes it back, and tells them again', async () => {
  await desk.click('[data-chosen] [data-action=told_in_person]');
  await desk.waitForSelector('[data-chosen] [data-told-by-desk=in_person]');
  await desk.click('[data-action=undo_last]');
  await desk.waitForSelector('[data-chosen] [data-not-reached=called]');
  await desk.click('[data-chosen] [data-action=told_in_person]');
  await desk.click('[data-chosen] [data-action=take_told_back]');
  await desk.waitForSelector('[data-chosen] [data-not-reached=called]');
  await doctor.click('.hand [data-action=start_service]');
  await desk.waitForSelector('[data-chosen][data-state=serving]');
  assert.equal(await desk.$('[data-chosen] [data-not-reached]'), null);
  await desk.click('[data-filter=waiting]');
  await drawn(desk);
  await choose(desk, 'A001');
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
