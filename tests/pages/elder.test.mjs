// The patient's phone in elderly mode: one column, text of 24 px, three big buttons, nothing to press that is lower than 56 px.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, Hospital, ONE_SLOT, pause, residentNumber, sayWho, signInPhone, SIZES } from './hospital.mjs';

const PHONE = '13912345678';
const QUEUE = 'renmin.xinnei.liming';
const TEXT_PX = 24;
const TARGET_PX = 56;

let hospital;
let browser;
let phone;
let doctor;

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  browser = await new Browser(hospital.base).start();
  phone = await browser.open('/patient', SIZES.phone);
  await signInPhone(phone, hospital, PHONE);
  await sayWho(phone, '张小三', residentNumber('1941-03-07', 17));
  await phone.waitForSelector('[data-action=open_booking]');
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

/** What on the page is too small, too low, or beside something else, in words. */
const faults = () => phone.evaluate(([text, target]) => {
  const seen = (e) => e.offsetParent !== null && e.getBoundingClientRect().height > 1 && getComputedStyle(e).visibility === 'visible';
  const what = (e, said) => `${said}: <${e.tagName.toLowerCase()} class="${e.className}"> ${e.textContent.trim().slice(0, 20)}`;
  const found = [];
  const sizeOf = (e) => parseFloat(getComputedStyle(e).fontSize);
  for (const e of document.body.querySelectorAll('*')) {
    if (!seen(e)) continue;
    const hasText = [...e.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if ((hasText || e.matches('input, select')) && sizeOf(e) < text) found.push(what(e, `${sizeOf(e)} px`));
    const pressed = e.matches('input[type=checkbox], input[type=radio]') ? e.closest('label') || e : e;
    const { height } = pressed.getBoundingClientRect();
    if (e.matches('a[href], button, select, input, [role=button], summary') && height < target - 0.5) found.push(what(e, `${height} px high`));
    if (e.getBoundingClientRect().right > window.innerWidth + 1) found.push(what(e, 'wider than the phone'));
  }
  // One column: what is chosen from stands one below the other.
  for (const list of document.querySelectorAll('.days, .slots, .stages, .rows, .form')) {
    const items = [...list.children].filter(seen).map((e) => e.getBoundingClientRect());
    if (items.some((one, i) => i && one.top < items[i - 1].bottom - 1)) found.push(what(list, 'side by side'));
  }
  return found;
}, [TEXT_PX, TARGET_PX]);

async function isForOldEyes(where) {
  await pause(300);
  assert.deepEqual(await faults(), [], where);
  assert.ok(await phone.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), where);
}

const open = (tab) => phone.click(`nav [data-action=open_${tab}]`);

test('large text is chosen once and stays; three big buttons lead everywhere', async () => {
  await open('me');
  assert.notDeepEqual(await faults(), [], 'as it is for everybody else, it is smaller');
  await phone.check('[data-action=elder]');
  await isForOldEyes('me');
  await phone.reload();
  await phone.waitForSelector('nav [data-action=open_today]');
  const buttons = await phone.$$eval('nav button', (all) => all.map((e) => e.getBoundingClientRect()).map((box) => [Math.round(box.width), Math.round(box.height)]));
  assert.equal(buttons.length, 3);
  for (const [width, height] of buttons) assert.ok(width >= 100 && height >= 72, `${width} × ${height}`);
  await isForOldEyes('today, nothing yet');
});

test('books: hospital, department, day, slot, the hold with its time', async () => {
  await open('book');
  await phone.waitForSelector('[data-action=choose_department]');
  await isForOldEyes('departments');
  await phone.click('[data-action=choose_department][data-department="renmin.xinnei"]');
  await phone.waitForSelector('[data-session="renmin.xinnei.s1"] [data-action=hold_slot]');
  await isForOldEyes('days and slots');
  await phone.click('[data-session="renmin.xinnei.s1"] [data-action=hold_slot]:not([disabled])');
  await phone.waitForSelector('[data-held] [role=timer]');
  await isForOldEyes('the hold');
  await phone.click('[data-held] [data-action=confirm_appointment]');
  await phone.waitForSelector('[data-ticket][data-state=booked]');
  await isForOldEyes('booked');
});

test('waits, leaves a question open, is called', async () => {
  const { appointments } = await hospital.call('POST', '/departments/renmin.xinnei/appointments/find', { text: '张小三' }, hospital.desk);
  await hospital.call('POST', '/appointments/check-in', { appointment: appointments[0].appointment }, hospital.desk);
  await phone.waitForSelector('[data-ticket][data-state=waiting]');
  await isForOldEyes('waiting');
  await phone.click('[data-action=cancel_ticket]');
  await phone.waitForSelector('dialog[open]');
  await isForOldEyes('a question');
  await phone.click('dialog [data-action=dialog_cancel]');
  doctor = await browser.staff('/doctor', SIZES.console, 'liming');
  await doctor.click('[data-action=start_work]');
  await doctor.click('[data-action=call_next_patient]');
  await phone.waitForSelector('.called .say');
  await isForOldEyes(`called from ${QUEUE}`);
  const [sentence, room] = await phone.$$eval('.called .say, .called .say .keep', (all) => all.map((e) => parseFloat(getComputedStyle(e).fontSize)));
  assert.ok(room >= sentence, `the room at ${room} px in a sentence of ${sentence} px`);
  await phone.click('[data-action=cannot_come]');
  await phone.waitForSelector('.called:has-text("退号")');
  await isForOldEyes('called, and what if late');
  await phone.click('.called [data-action=seen_call]');
  await phone.click('[data-ticket] [data-action=cancel_ticket]');
  await phone.waitForSelector('dialog:has-text("退掉这个号")');
  await phone.click('dialog [data-choice]');
  await phone.click('dialog [data-action=dialog_go]');
  await phone.waitForSelector('.called', { state: 'detached' });
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
