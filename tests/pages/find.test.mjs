// Finding on the phone, in real Chromium at 390×844: by a few letters and with keys alone, what is not there, another place in
// place of a full one, and the nearest hospital first without a word about where the phone is.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, Hospital, residentNumber, sayWho, signInPhone, SIZES, TODAY, TOMORROW } from './hospital.mjs';

let hospital;
let browser;
let phone;
/** What the page has sent: addresses and bodies. @type {{url: string, body: string}[]} */
const sent = [];

/** A hospital with an eye department, where a session of tomorrow has a place. */
async function another(id, name, latitude, longitude) {
  const put = (resource, body) => hospital.call('PUT', resource, body);
  await put('/sites', { id, name, time_zone: 'Asia/Shanghai', latitude, longitude });
  await put('/departments', { id: `${id}.yan`, name: '眼科门诊', speciality: '白内障、青光眼' });
  await put('/doctors', { id: `${id}.zhang`, name: '张重', title: '主任医师', departments: [`${id}.yan`] });
  await put('/queues', { id: `${id}.yan.q`, name: '眼科', prefix: 'E', doctors: [] });
  await put('/sessions', {
    id: `${id}.yan.s1`, date: TOMORROW, period: 'morning', queue: `${id}.yan.q`, doctor: `${id}.zhang`, registration_class: '普通', slots: [{ start: '09:00', minutes: 30, capacity: 3 }],
  });
}

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define([{ start: '10:00', minutes: 60, capacity: 1 }]);
  await another('dong', '城东医院', 31.3, 121.6);
  await another('xi', '城西医院', 31.2, 121.3);
  browser = await new Browser(hospital.base).start();
  phone = await browser.open('/patient', SIZES.phone);
  phone.on('request', (request) => sent.push({ url: request.url(), body: request.postData() || '' }));
  await signInPhone(phone, hospital, '13912345678');
  await sayWho(phone, '张小三', residentNumber('1990-03-07', 17));
  await phone.click('[data-action=open_booking]');
  await phone.waitForSelector('[data-field=find]');
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

const look = (text) => phone.fill('[data-field=find]', text);
const found = (list) => phone.$$eval(`[data-found=${list}] [data-id]`, (rows) => rows.map((row) => row.dataset.id));

test('a department is found by its letters and opened with keys alone, with its next free place', async () => {
  await phone.focus('[data-field=find]');
  await phone.keyboard.type('xnk');
  await phone.waitForSelector('[data-found=departments] [data-id="renmin.xinnei"]');
  assert.deepEqual(await found('departments'), ['renmin.xinnei']);
  assert.match(await phone.innerText('[data-id="renmin.xinnei"]'), /人民医院[^]*最近有号 .*10:00,余 1/);
  assert.match(await phone.innerText('[data-find-said][role=status]'), /1 个科室/);
  assert.equal(await phone.evaluate(() => document.activeElement.name), 'find', 'who is typing stays there');
  for (let tabs = 0; tabs < 4; tabs += 1) {
    await phone.keyboard.press('Tab');
    if (await phone.evaluate(() => document.activeElement.dataset.id)) break;
  }
  await phone.keyboard.press('Enter');
  await phone.waitForSelector('[data-session="renmin.xinnei.s1"] [data-action=hold_slot]');
  await phone.click('[data-action=booking_back]');
  await phone.waitForSelector('[data-found=departments]');
});

test('a doctor is found by any reading of the name or by what is treated, and comes first in the day', async () => {
  await look('zhoujing');
  await phone.waitForSelector('[data-id="renmin.zhoujing"]');
  await phone.click('[data-id="renmin.zhoujing"]');
  await phone.waitForSelector('[data-session="renmin.xinnei.s2"]');
  assert.equal(await phone.getAttribute('.offer', 'data-session'), 'renmin.xinnei.s2');
  await phone.click('[data-action=booking_back]');
  for (const text of ['zhangchong', 'zhangzhong']) {
    await look(text);
    await phone.waitForSelector('[data-id="dong.zhang"]');
    assert.deepEqual(await found('doctors'), ['dong.zhang', 'xi.zhang'], text);
  }
  await look('bnz');
  await phone.waitForSelector('[data-id="dong.yan"]');
  assert.deepEqual(await found('departments'), ['dong.yan', 'xi.yan']);
});

test('what is not there is said, and an empty field shows the list again', async () => {
  await look('不存在的科');
  await phone.waitForSelector('.empty');
  assert.equal(await phone.innerText('[data-find-said]'), '没有找到');
  await look('');
  await phone.waitForSelector('[data-action=choose_department], [data-action=choose_site]');
  assert.equal(await phone.innerText('[data-find-said]'), '');
});

test('the nearest hospital stands first after a tap, and the house hears nothing of where the phone is', async () => {
  await look('yanke');
  await phone.waitForSelector('[data-id="dong.yan"]');
  assert.deepEqual(await found('departments'), ['renmin.yanke', 'dong.yan', 'xi.yan']);
  await phone.context().grantPermissions(['geolocation'], { origin: hospital.base });
  await phone.context().setGeolocation({ latitude: 31.2345, longitude: 121.3456 });
  await phone.click('[data-action=nearest_first]');
  await phone.waitForSelector('[data-action=nearest_first][aria-pressed=true]');
  assert.deepEqual(await found('departments'), ['xi.yan', 'dong.yan', 'renmin.yanke']);
  assert.match(await phone.innerText('[data-id="xi.yan"]'), /约 5\.8 公里/);
  await phone.click('[data-action=nearest_first]');
  await phone.waitForSelector('[data-action=nearest_first][aria-pressed=false]');
  assert.deepEqual(await found('departments'), ['renmin.yanke', 'dong.yan', 'xi.yan']);
});

test('in place of a full session others of its class are offered and opened', async () => {
  const patient = await hospital.person('赵六', '1970-01-01', 31);
  await hospital.book('renmin.yanke.s1', '10:00', patient);
  await phone.click('[data-id="renmin.yanke"]');
  await phone.click(`[data-action=choose_date][data-date="${TODAY}"]`);
  await phone.click('[data-session="renmin.yanke.s1"] [data-action=find_elsewhere]');
  await phone.waitForSelector('[data-elsewhere="renmin.yanke.s1"] [data-id="dong.yan.s1"]');
  const offered = await phone.$$eval('[data-elsewhere] [data-id]', (rows) => rows.map((row) => row.dataset.id));
  assert.deepEqual(offered.sort(), ['dong.yan.s1', 'xi.yan.s1']);
  await phone.click('[data-elsewhere] [data-id="dong.yan.s1"]');
  await phone.click('[data-session="dong.yan.s1"] [data-action=hold_slot]:not([disabled])');
  await phone.waitForSelector('[data-held]');
  await phone.click('[data-held] [data-action=cancel_appointment]');
});

test('what was looked for stands in no address, and where the phone is in nothing that was sent', () => {
  assert.ok(sent.some(({ body }) => body.includes('xnk')), 'it was sent');
  for (const { url, body } of sent) {
    assert.doesNotMatch(decodeURIComponent(url), /xnk|zhoujing|不存在/, url);
    assert.doesNotMatch(url + body, /31\.23|121\.34/, url);
  }
});
