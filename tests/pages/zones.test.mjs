// One person with appointments at hospitals in two time zones: the phone shows each at its hospital's clock.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, Hospital, residentNumber, sayWho, signInPhone, SIZES, TOMORROW } from './hospital.mjs';

const PHONE = '13912345672';
/** The same morning, said by each wall clock; the sun has them the other way round. */
const STARTS = { 'renmin.xinnei.t1': '11:00', 'tianshan.neike.t1': '10:00' };

let hospital;
let browser;
let phone;

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define();
  const put = (resource, body) => hospital.call('PUT', resource, body);
  await put('/sites', { id: 'tianshan', name: '天山医院', time_zone: 'Asia/Urumqi' });
  await put('/departments', { id: 'tianshan.neike', name: '内科' });
  await put('/queues', { id: 'tianshan.neike.q', name: '内科', prefix: 'T' });
  const session = (id, queue) => put('/sessions', {
    id, date: TOMORROW, period: 'morning', queue, registration_class: '普通', slots: [{ start: STARTS[id], minutes: 30, capacity: 3 }],
  });
  await session('renmin.xinnei.t1', 'renmin.xinnei.liming');
  await session('tianshan.neike.t1', 'tianshan.neike.q');
  browser = await new Browser(hospital.base).start();
  phone = await browser.open('/patient', SIZES.phone);
  await signInPhone(phone, hospital, PHONE);
  await sayWho(phone, '张小芳', residentNumber('1985-05-05', 22));
  await phone.waitForSelector('.who:has-text("张小芳")');
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

test('each appointment stands at the clock of its own hospital, the earlier one first, also after the page was opened again', async () => {
  const { access_token: token, patients } = await phone.evaluate(async () => (await fetch('/api/v1/session/refresh', { method: 'POST' })).json());
  const appointments = {};
  for (const [id, start] of Object.entries(STARTS)) {
    const body = { session: id, slot: `${id}.${start.replace(':', '')}`, patient: patients[0].patient };
    appointments[id] = (await hospital.call('POST', '/appointments', body, token)).appointment;
  }
  const look = async () => {
    for (const [id, start] of Object.entries(STARTS)) {
      const row = await phone.waitForSelector(`[data-appointment="${appointments[id]}"][data-state=booked]`);
      assert.match(await row.textContent(), new RegExp(`周. ${start}`));
    }
    // 11:00 in the east is before 10:00 in the west.
    const shown = await phone.$$eval('div[data-appointment]', (rows) => rows.map((row) => row.dataset.appointment));
    assert.deepEqual(shown, Object.values(appointments));
  };
  await look();
  await phone.reload();
  await look();
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
