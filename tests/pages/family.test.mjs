// Who acts for whom, in real Chromium: a grown-up agrees by a code to their own phone and takes it back; a guardian is told
// before and after the 18th birthday; the desk gives the word of who stands there, and ends it; so does whose phone is on file.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, choose, Hospital, ONE_SLOT, residentNumber, sayWho, signInPhone, SIZES } from './hospital.mjs';

const DAUGHTER = '13912340001';
const MOTHER = '13912340002';
const SON = '13912340003';
const OWN = '13912340004';

let hospital;
let browser;
let daughter;
let desk;

before(async () => {
  // A quarter of an hour before midnight: fifteen seconds.
  hospital = await new Hospital({ start: '2026-11-23T23:45:00+08:00', speed: 60 }).open();
  await hospital.define(ONE_SLOT);
  browser = await new Browser(hospital.base).start();
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

/** A phone that is signed in. */
async function phone(number) {
  const page = await browser.open('/patient', SIZES.phone);
  await signInPhone(page, hospital, number);
  return page;
}

test('a guardian is told when the child comes of age, and after it that the grown-up has to agree', async () => {
  daughter = await phone(DAUGHTER);
  await sayWho(daughter, '张小芳', residentNumber('1985-05-05', 22));
  await daughter.click('[data-action=open_me]');
  await daughter.click('[data-action=add_person]');
  await sayWho(daughter, '张天佑', residentNumber('2008-11-24', 13), 'child');
  await daughter.click('[data-action=open_me]');
  await daughter.waitForSelector('[data-family]:has-text("张天佑"):has-text("2026年11月24日满18岁")');
  // Midnight ends the connection; the next token knows the child no more.
  await daughter.waitForSelector('.who:has-text("张小芳")');
  await daughter.waitForFunction(() => !document.body.textContent.includes('▾'));
  await daughter.click('[data-action=open_today]');
  await daughter.click('[data-action=open_me]');
  await daughter.waitForSelector('[data-grown]:has-text("已满18岁,请本人同意")');
  assert.equal(await daughter.$('[data-family]'), null);
});

test('a grown-up agrees by a code to their own phone', async () => {
  browser.serverIsDown = true; // the browser notes refusals that are expected here
  await daughter.click('[data-action=add_person]');
  await sayWho(daughter, '李秀英', residentNumber('1950-05-05', 24), 'parent');
  await daughter.waitForSelector('[data-consent=needed]');
  await daughter.fill('[name=own_phone]', MOTHER);
  await daughter.click('[data-action=register_person]');
  await daughter.waitForSelector('[data-consent=sent]');
  await daughter.fill('[name=consent_code]', hospital.codeOf(MOTHER) === '000000' ? '000001' : '000000');
  await daughter.click('[data-action=register_person]');
  await daughter.waitForSelector('[data-notice=wrong_credentials]');
  await daughter.fill('[name=consent_code]', hospital.codeOf(MOTHER));
  await daughter.click('[data-action=register_person]');
  await daughter.waitForSelector('.who:has-text("李秀英")');
  await daughter.click('[data-action=open_me]');
  await daughter.waitForSelector('[data-family]:has-text("李秀英"):has-text("本人手机已同意")');
  const small = await daughter.$$eval('button', (all) => all.filter((e) => e.offsetParent && e.getBoundingClientRect().height < 44).map((e) => e.outerHTML.slice(0, 80)));
  assert.deepEqual(small, []);
  assert.ok(await daughter.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
});

test('the person sees on the own phone who acts, and takes the word back', async () => {
  const mother = await phone(MOTHER);
  await mother.waitForSelector('[data-agreement]:has-text("张*芳"):has-text("父母")');
  await mother.click('[data-action=withdraw_agreement]');
  await mother.click('dialog [data-action=dialog_go]');
  await mother.waitForSelector('[data-agreement]', { state: 'detached' });
  await daughter.waitForSelector('.who:has-text("张小芳")');
  await daughter.click('[data-action=open_today]');
  await daughter.click('[data-action=open_me]');
  await daughter.waitForSelector('[data-family]', { state: 'detached' });
  browser.serverIsDown = false;
});

test('the desk gives the word of who stands there, and ends it', async () => {
  const patient = await hospital.person('王建国', '1948-08-08', 15);
  await hospital.call('POST', '/tickets', { queue: 'renmin.xinnei.liming', patient }, hospital.desk);
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await choose(desk, 'A001');
  await desk.click('[data-action=read_acting]');
  await desk.waitForSelector('dialog:has-text("没有人")');
  await desk.fill('[data-form=grant_relation] [name=phone]', SON);
  await desk.selectOption('[data-form=grant_relation] [name=relation]', 'parent');
  await desk.click('dialog [data-action=grant_relation]');
  await desk.waitForSelector('#undo:has-text("已添加")');
  const token = await hospital.signInPhone(SON);
  const family = await hospital.call('GET', '/family', undefined, token);
  assert.deepEqual(family.family.map((one) => [one.patient, one.agreed]), [[patient, 'at_desk']]);
  await desk.click('[data-action=read_acting]');
  await desk.waitForSelector('dialog [data-acting=at_desk]:has-text("父母")');
  await desk.click('dialog [data-action=end_relation]');
  await desk.waitForSelector('#undo:has-text("已结束")');
  await desk.click('[data-action=read_acting]');
  await desk.waitForSelector('dialog:has-text("没有人")');
  await desk.click('dialog [data-action=dialog_cancel]');
});

test('whose phone is on file sees who acts by the desk alone, and ends it', async () => {
  const patient = await hospital.person('陈桂英', '1952-02-02', 26, OWN);
  await hospital.call('POST', '/tickets', { queue: 'renmin.xinnei.liming', patient }, hospital.desk);
  await hospital.call('POST', '/family', { patient, phone: SON, relation: 'parent' }, hospital.desk);
  const own = await phone(OWN);
  await sayWho(own, '陈桂英', residentNumber('1952-02-02', 26));
  await own.click('[data-action=open_me]');
  await own.waitForSelector('[data-acting=at_desk]:has-text("父母"):has-text("本人在分诊台同意")');
  await own.click('[data-action=end_acting]');
  await own.click('dialog [data-action=dialog_go]');
  await own.waitForSelector('[data-acting]', { state: 'detached' });
  const token = await hospital.signInPhone(SON);
  assert.deepEqual((await hospital.call('GET', '/family', undefined, token)).family, []);
});

test('who typed a wrong number gives it up: what was booked by it is named, goes with it, and the right one is typed', async () => {
  const number = '13912340009';
  await hospital.call('PUT', '/sessions', {
    id: 'renmin.xinnei.later', date: '2026-11-27', period: 'morning', queue: 'renmin.xinnei.liming', doctor: 'renmin.liming', service_point: 'renmin.xinnei.r3', registration_class: '主任', fee_fen: 0, slots: ONE_SLOT,
  });
  const own = await phone(number);
  // The page's own token: another code for the same phone is to be waited for.
  const named = own.waitForRequest((request) => request.url().endsWith('/api/v1/persons'));
  await sayWho(own, '赵国强', residentNumber('1960-06-06', 31));
  await own.waitForSelector('.who:has-text("赵国强")');
  const token = (await named).headers().authorization.replace('Bearer ', '');
  const family = async () => (await hospital.call('GET', '/family', undefined, token)).family;
  const [{ patient }] = await family();
  const place = { session: 'renmin.xinnei.later', slot: 'renmin.xinnei.later.0830', patient };
  await hospital.call('POST', '/appointments', place, token);
  await own.waitForSelector('[data-appointment][data-state=booked]');
  await own.click('[data-action=open_me]');
  await own.waitForSelector('[data-said]:has-text("请带证件给分诊台看一下")');
  await own.click('[data-action=give_up_number]');
  await own.waitForSelector('dialog [data-give-up="1"]:has-text("用这个证件号约的 1 个号会一起取消"):has-text("11月27日")');
  await own.click('dialog [data-action=dialog_cancel]');
  assert.equal((await family()).length, 1, 'nothing has happened');
  await own.click('[data-action=give_up_number]');
  await own.click('dialog [data-action=dialog_go]');
  await own.waitForSelector('[data-form=register_person]');
  assert.deepEqual(await family(), []);
  // The place is free, and the right number is another person, with nothing booked.
  await sayWho(own, '赵国强', residentNumber('1960-06-06', 33));
  await own.waitForSelector('.who:has-text("赵国强")');
  const [right] = await family();
  assert.notEqual(right.patient, patient);
  assert.equal(await own.$('[data-appointment]'), null);
  await hospital.call('POST', '/appointments', { ...place, patient: right.patient }, token);
  await own.click('[data-action=open_today]');
  await own.waitForSelector('[data-appointment][data-state=booked]');
});

test('no page complained', () => {
  assert.deepEqual(browser.complaints, []);
});
