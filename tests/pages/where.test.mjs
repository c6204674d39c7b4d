// Where the phone is when it checks in, in real Chromium at 390×844: one that was allowed it says it without a word, and the desk
// sees at 1440×900 how far away that is; one that was not is not asked; one that does not know is not kept waiting.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, Hospital, looks, ONE_SLOT, residentNumber, sayWho, signInPhone, SIZES } from './hospital.mjs';

const FAR = { geolocation: { latitude: 31.2, longitude: 121.5, accuracy: 20 }, permissions: ['geolocation'] };

let hospital;
let browser;
let desk;

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  await hospital.call('PUT', '/sites', { id: 'renmin', name: '人民医院', name_en: "People's Hospital", time_zone: 'Asia/Shanghai', latitude: 31.231706, longitude: 121.472644 });
  browser = await new Browser(hospital.base).start();
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await desk.waitForSelector('[data-area-code]:not([data-area-code=""])');
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

/** Runs in the page before anything of it: how often it asks where it is, and what it sends. */
function noted() {
  window.asked = 0;
  window.sent = [];
  const { getCurrentPosition } = Geolocation.prototype;
  Geolocation.prototype.getCurrentPosition = function counted(...all) {
    window.asked += 1;
    getCurrentPosition.apply(this, all);
  };
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function kept(frame) {
    window.sent.push(frame);
    send.call(this, frame);
  };
}

/** Somebody books on a phone and checks in: the phone. `isSilent`: it finds out nothing. */
async function comes(name, number, serial, context, isSilent) {
  const phone = await browser.open('/patient', SIZES.phone, noted, context);
  await signInPhone(phone, hospital, number);
  await sayWho(phone, name, residentNumber('1990-03-07', serial));
  await phone.click('[data-action=open_booking]');
  await phone.click('[data-action=choose_department][data-department="renmin.xinnei"]');
  await phone.click('[data-session="renmin.xinnei.s1"] [data-action=hold_slot]:not([disabled])');
  await phone.click('[data-held] [data-action=confirm_appointment]');
  await phone.waitForSelector('[data-ticket][data-state=booked]');
  if (isSilent) {
    await phone.evaluate(() => {
      Geolocation.prototype.getCurrentPosition = () => {
        window.asked += 1;
      };
    });
  }
  await phone.fill('[data-form=check_in] [name=code]', await desk.$eval('[data-area-code]', (area) => area.dataset.areaCode));
  await phone.click('[data-form=check_in] [data-action=check_in]');
  await phone.waitForSelector('[data-ticket][data-state=waiting]');
  await desk.waitForSelector(row(name));
  return phone;
}

const row = (name) => `[data-queue="renmin.xinnei.liming"] [data-row][data-state=waiting]:has-text("${name}")`;
/** What the phone has sent to check in. */
const checkedIn = (phone) => phone.evaluate(() => window.sent.map((frame) => JSON.parse(frame)).find(({ command }) => command?.check_in).command.check_in);

test('a phone that may not say where it is is not asked, and checks in', async () => {
  const phone = await comes('李近', '13912345670', 17);
  assert.equal(await phone.evaluate(() => window.asked), 0);
  assert.deepEqual(Object.keys(await checkedIn(phone)), ['appointment', 'code']);
  assert.equal(await desk.$('[data-far]'), null);
});

test('of a phone that may the desk sees, in the row and at the ticket, that it was far away', async () => {
  const phone = await comes('张远', '13912345671', 19, FAR);
  assert.ok(await phone.evaluate(() => window.asked) > 0);
  assert.deepEqual((await checkedIn(phone)).position, { latitude_deg: 31.2, longitude_deg: 121.5, accuracy_m: 20 });
  await desk.waitForSelector(`${row('张远')} [data-far="4"]:has-text("报到时手机离医院约 4 公里")`);
  await desk.click(row('张远'));
  await desk.waitForSelector('[data-chosen] [data-far="4"]');
  assert.equal((await desk.$$('[data-row] [data-far]')).length, 1);
  await looks(desk);
  if (process.env.SHOTS) await Promise.all([[desk, 'far-desk'], [phone, 'far-phone']].map(([page, name]) => page.screenshot({ path: `${process.env.SHOTS}/${name}.png` })));
});

test('a phone that may and does not know in time checks in without', async () => {
  const phone = await comes('王静', '13912345672', 21, FAR, true);
  assert.ok(await phone.evaluate(() => window.asked) > 0);
  assert.deepEqual(Object.keys(await checkedIn(phone)), ['appointment', 'code']);
});

test('no page has complained', () => assert.deepEqual(browser.complaints, []));
