// What a phone is told stands above whatever it shows, whoever of the family it is about, and only what was drawn is confirmed.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, drawn, Hospital, looks, ONE_SLOT, pause, residentNumber, sayWho, signInPhone, SIZES } from './hospital.mjs';

const PARENT = '13912345671';

let hospital;
let browser;
let phone;
let token;
let child;
let doctor;

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  child = await hospital.person('张天佑', '2018-11-24', 13, PARENT);
  browser = await new Browser(hospital.base).start();
  doctor = await browser.staff('/doctor', SIZES.console, 'liming');
  await doctor.click('[data-action=start_work][data-service-point="renmin.xinnei.r3"]');
  phone = await browser.open('/patient', SIZES.phone);
  await signInPhone(phone, hospital, PARENT);
  await sayWho(phone, '张小芳', residentNumber('1985-05-05', 22));
  await phone.click('[data-action=open_me]');
  await phone.click('[data-action=add_person]');
  await sayWho(phone, '张天佑', residentNumber('2018-11-24', 13), 'child');
  await phone.waitForSelector('.who:has-text("张天佑")');
  await phone.click('nav [data-action=open_me]');
  await phone.click(`[data-action=look_after]:not([data-patient="${child}"])`);
  await phone.waitForSelector('.who:has-text("张小芳")');
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

/** The child's notices, as the house has them. */
async function notices() {
  token ??= await phone.evaluate(async () => (await (await fetch('/api/v1/session/refresh', { method: 'POST' })).json()).access_token);
  const { snapshot } = await hospital.call('GET', `/streams/patient:${child}`, undefined, token);
  return Object.values(snapshot.notices);
}

async function comesTo(about, state) {
  for (let tries = 0; tries < 400; tries += 1) {
    if ((await notices()).some((one) => one.about === about && one.state === state)) return;
    await pause(50);
  }
  throw new Error(`${about} is not ${state}: ${JSON.stringify(await notices())}`);
}

test('what lies behind a dialog is not confirmed before it is seen', async () => {
  await phone.click('[data-action=choose_person]');
  await phone.waitForSelector('dialog[open]');
  await hospital.call('POST', '/tickets', { queue: 'renmin.xinnei.liming', patient: child }, hospital.desk);
  await phone.waitForSelector('[data-told-about=three_before]');
  await pause(2500);
  assert.deepEqual((await notices()).map((one) => one.state), ['telling']);
  await phone.keyboard.press('Escape');
  await comesTo('three_before', 'reached');
});

test('the parent books for themselves, and reads above it that the child is near', async () => {
  await phone.click('nav [data-action=open_book]');
  await phone.waitForSelector(`[data-told][data-patient="${child}"]:has-text("张天佑"):has-text("快轮到您了")`);
  await phone.waitForSelector('[data-action=choose_department]');
  await looks(phone);
  for (const font of ['', '32px']) {
    await phone.evaluate((size) => document.documentElement.style.setProperty('font-size', size), font);
    await drawn(phone);
    assert.ok(await phone.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), font);
    const { height } = await (await phone.$('[data-action=put_notice_away]')).boundingBox();
    assert.ok(height >= 44, `${height}`);
    if (process.env.SHOTS) await phone.screenshot({ path: `${process.env.SHOTS}/told${font}.png` });
  }
  await phone.evaluate(() => document.documentElement.style.removeProperty('font-size'));
  await phone.click('nav [data-action=open_me]');
  await phone.waitForSelector('[data-told]');
  await phone.click('[data-action=add_person]');
  await phone.waitForSelector('[data-form=register_person]');
  await phone.waitForSelector('[data-told]');
  await phone.click('[data-action=register_cancel]');
  await phone.click('[data-action=put_notice_away]');
  await phone.waitForSelector('[data-told]', { state: 'detached' });
});

test('a call has the whole screen, and is confirmed by it', async () => {
  await doctor.click('[data-action=call_next_patient]');
  await phone.waitForSelector('[data-called][data-state=called]');
  await comesTo('called', 'reached');
  await phone.click('[data-action=seen_call]');
  await drawn(phone);
  assert.equal(await phone.$('[data-told]'), null);
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
