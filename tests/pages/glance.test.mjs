// What the desk and the console say without being asked: who it is, what was done to whom, and that an emergency has come.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, drawn, Hospital, looks, ONE_SLOT, SIZES } from './hospital.mjs';

const A = 'renmin.xinnei.liming';

let hospital;
let browser;
let desk;

const shot = async (page, name) => process.env.SHOTS && page.screenshot({ path: `${process.env.SHOTS}/${name}.png` });

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  for (const [session, born, serial, phone] of [['s1', '1988-03-03', 11, '13900000002'], ['s2', '1942-04-04', 12, '13900000417']]) {
    await hospital.book(`renmin.xinnei.${session}`, '08:30', await hospital.person('刘志强', born, serial, phone));
  }
  browser = await new Browser(hospital.base).start();
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await desk.waitForSelector(`[data-queue="${A}"]`);
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

test('two of one name are told apart by sex, age, doctor and telephone, and the bar says whose check-in it was', async () => {
  await desk.fill('#search', '刘志强');
  await desk.waitForSelector('.found [data-appointment]:nth-of-type(2)');
  await desk.waitForSelector('.found .bio');
  assert.deepEqual((await desk.$$eval('.found [data-appointment] .grow', (all) => all.map((one) => one.innerText.replace(/\s+/g, ' ')))).sort(), [
    '刘志强 女 84岁 周静 · 预约 08:30 · 手机尾号 0417', '刘志强 男 38岁 李明 · 预约 08:30 · 手机尾号 0002',
  ]);
  await looks(desk);
  await shot(desk, '01-two-of-one-name');
  await desk.click('.found [data-appointment]:has-text("0417") [data-action=check_in]');
  await desk.waitForSelector('#undo:has-text("已签到:B001 刘志强(女 84岁) · 周静门诊 · 前面 0 位")');
  await shot(desk, '01-bar');
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
