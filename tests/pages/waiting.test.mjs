// 候补: who finds a session full waits for a place, is offered the one that somebody gives back, takes it or lets the next one
// have it; the desk puts anybody on the line.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, Hospital, looks, residentNumber, sayWho, signInPhone, SIZES, TODAY } from './hospital.mjs';

const DEPARTMENT = 'renmin.xinnei';
/** Full sessions of the next days, and whose place it is. */
const DAYS = { tuesday: '2026-11-24', wednesday: '2026-11-25', thursday: '2026-11-26' };

let hospital;
let browser;
let phone;
let desk;
const booked = {};

const sessionOf = (name) => `${DEPARTMENT}.${name}`;
const free = async (name) => (await hospital.call('GET', `/streams/session:${sessionOf(name)}`, undefined, hospital.desk)).snapshot.slots[0].free;
const giveBack = (name) => hospital.call('POST', '/appointments/cancel', { appointment: booked[name] }, hospital.desk);

before(async () => {
  hospital = await new Hospital({ speed: 1, start: `${TODAY}T09:50:00+08:00` }).open();
  await hospital.define();
  const own = (await hospital.call('GET', '/site/renmin', undefined, hospital.desk)).sessions.find((one) => one.session === sessionOf('s1'));
  for (const [name, date] of Object.entries(DAYS)) {
    await hospital.call('PUT', '/sessions', {
      id: sessionOf(name), date, period: 'morning', queue: own.queue, doctor: own.doctor, registration_class: own.registration_class,
      slots: [{ start: '09:00', minutes: 30, capacity: 1 }],
    });
    booked[name] = await hospital.book(sessionOf(name), '09:00', await hospital.person('王先到', '1951-01-01', 33));
  }
  browser = await new Browser(hospital.base).start();
  phone = await browser.open('/patient', SIZES.phone);
  await signInPhone(phone, hospital, '13912345680');
  await sayWho(phone, '张小三', residentNumber('1990-03-07', 17));
  await phone.click('[data-action=open_booking]');
  await phone.click(`[data-action=choose_department][data-department="${DEPARTMENT}"]`);
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

/** On the way to a booking: the day, and what can be waited for there. */
async function ask(name) {
  await phone.click('[data-action=open_book]');
  await phone.click(`[data-action=choose_date][data-date="${DAYS[name]}"]`);
  await phone.click(`[data-session="${sessionOf(name)}"] [data-action=join_waitlist]:has-text("有号了告诉我")`);
  await phone.waitForSelector('dialog [data-form=join_waitlist]');
}

test('a full session is waited for with two presses, and what is waited for stands on the first page', async () => {
  await ask('tuesday');
  await looks(phone);
  await phone.focus('dialog [data-action=wait_for_session]');
  await phone.keyboard.press('Enter');
  await phone.waitForSelector(`[data-session="${sessionOf('tuesday')}"] [data-waits]:has-text("已经在等")`);
  assert.equal(await phone.$(`[data-session="${sessionOf('tuesday')}"] [data-action=join_waitlist]`), null);
  await phone.click('[data-action=open_today]');
  await phone.waitForSelector('[data-wish]:has-text("11月24日"):has-text("李明")');
  await looks(phone);
});

test('what is given back is offered, nobody else can have it, and yes books it', async () => {
  await giveBack('tuesday');
  await phone.waitForSelector('[data-offered] .big-words:has-text("11月24日 周二 09:00,李明,要吗?")');
  await phone.waitForSelector('[data-offered] .until:has-text("留到今天 10:")');
  // It is the first thing on this page, and has been seen; on another page it is told above.
  await phone.waitForSelector('[data-notice][data-about=offered][data-state=reached]');
  assert.equal(await phone.$('[data-told-about=offered]'), null);
  await phone.click('[data-action=open_me]');
  await phone.waitForSelector('[data-told-about=offered]:has-text("有号了")');
  await phone.click('[data-action=open_today]');
  if (process.env.SHOTS) await phone.screenshot({ path: `${process.env.SHOTS}/offer.png` });
  assert.equal(await free('tuesday'), 0);
  await looks(phone);
  await phone.click('[data-offered] [data-action=confirm_appointment]:has-text("要,就约这个")');
  await phone.waitForSelector('[data-appointment][data-state=booked]:has-text("11月24日")');
  await phone.waitForSelector('[data-offered]', { state: 'detached' });
  await phone.waitForSelector('[data-wish]', { state: 'detached' });
  await phone.waitForSelector('[data-told-about=offered]', { state: 'detached' });
});

test('any doctor of the class on some days is one wish, and it can be left', async () => {
  await ask('wednesday');
  await phone.check(`dialog [name=date][value="${DAYS.thursday}"]`);
  await phone.click('dialog [data-action=wait_for_any]');
  await phone.click('[data-action=open_today]');
  await phone.waitForSelector('[data-wish]:has-text("11月25日"):has-text("11月26日"):has-text("哪位医生都行")');
  await phone.click('[data-wish] [data-action=leave_waitlist]');
  await looks(phone);
  await phone.click('dialog [data-action=dialog_go]');
  await phone.waitForSelector('[data-wish]', { state: 'detached' });
});

test('the desk puts somebody on the line, who gets the place that the phone does not want', async () => {
  await ask('wednesday');
  await phone.click('dialog [data-action=wait_for_session]');
  await phone.waitForSelector('[data-waits]');
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  const form = '[data-form=register_walk_in]';
  await desk.fill(`${form} [name=name]`, '李后来');
  await desk.fill(`${form} [name=number]`, residentNumber('1950-01-01', 31));
  await desk.click('[data-action=join_waitlist]:has-text("登记候补")');
  await desk.waitForSelector('dialog [name=session]');
  await desk.selectOption('dialog [name=session]', sessionOf('wednesday'));
  await looks(desk);
  await desk.click('dialog [data-action=wait_for_session]:has-text("11月25日")');
  await desk.waitForSelector(':text("前面有 1 位")');
  await giveBack('wednesday');
  await phone.click('[data-action=open_today]');
  await phone.waitForSelector('[data-offered]');
  await phone.click('[data-offered] [data-action=cancel_appointment]:has-text("不要,谢谢")');
  await phone.waitForSelector('[data-offered]', { state: 'detached' });
  assert.equal(await free('wednesday'), 0, 'the next one has it');
  await phone.waitForSelector('[data-wish]');
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
