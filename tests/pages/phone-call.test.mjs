// A first visit by phone, counted and listened to: taps to a booking, the page on the home screen, the range of the wait and
// its bar, the slip of 58 mm, and what a call sounds like. And the end of the clinic on the console, which is the house's.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, choose, drawn, Hospital, inHand, looks, ONE_SLOT, residentNumber, seenByHand, SIZES } from './hospital.mjs';

const B = 'renmin.xinnei.zhoujing';
const PHONE = '13912345678';
/** Taps that a patient may need, from the page's first sight to the booking. */
const TAPS_MAX = 12;

let hospital;
let browser;
let phone;
let doctor;
let desk;

before(async () => {
  hospital = await new Hospital({ speed: 60 }).open();
  await hospital.define(ONE_SLOT);
  browser = await new Browser(hospital.base).start();
});
after(async () => {
  await browser?.close();
  await hospital?.close();
  assert.deepEqual(browser.complaints, []);
});

/** Counts what sounds, shakes and is tapped. */
function listen() {
  const heard = { tones: 0, shaken: [], taps: 0 };
  window.heard = heard;
  const make = AudioContext.prototype.createOscillator;
  AudioContext.prototype.createOscillator = function tone() {
    heard.tones += 1;
    return make.call(this);
  };
  navigator.vibrate = (pattern) => heard.shaken.push(pattern) > 0;
  addEventListener('pointerdown', () => {
    heard.taps += 1;
  }, true);
}
const heard = () => phone.evaluate(() => window.heard);

async function write(field, text) {
  await phone.tap(field);
  await phone.keyboard.type(text);
}

test('the phone takes the page to its home screen', async () => {
  phone = await browser.open('/patient', SIZES.phone, listen);
  const devtools = await phone.context().newCDPSession(phone);
  const manifest = await devtools.send('Page.getAppManifest');
  assert.deepEqual(manifest.errors, []);
  assert.equal(new URL(manifest.url).pathname, '/web/patient/manifest.webmanifest');
  const { start_url: start, icons } = JSON.parse(manifest.data);
  assert.equal(start, '/patient');
  for (const { src, sizes } of icons) {
    const side = await phone.evaluate((address) => fetch(address).then((a) => a.blob()).then(createImageBitmap).then((map) => map.width), src);
    assert.equal(`${side}x${side}`, sizes, src);
  }
  // A window of a test keeps nothing, and says so.
  const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors');
  assert.deepEqual(installabilityErrors.map((one) => one.errorId).filter((id) => id !== 'in-incognito'), []);
});

test(`a first booking takes at most ${TAPS_MAX} taps, the sign-in and the person's own data with them`, async () => {
  await write('[name=phone]', PHONE);
  await phone.tap('[data-action=send_code]');
  await phone.waitForSelector('[name=code]');
  await drawn(phone);
  // No text messages are set up here: the code is not called one's.
  assert.equal(await phone.textContent('.field:has([name=code]) > span'), '验证码');
  await write('[name=code]', hospital.codeOf(PHONE));
  await phone.tap('[data-action=sign_in]');
  await phone.waitForSelector('[data-form=register_person]');
  await drawn(phone);
  await write('[data-form=register_person] [name=name]', '张小三');
  await write('[data-form=register_person] [name=number]', residentNumber('1990-03-07', 17));
  await phone.tap('[data-action=register_person]');
  await phone.tap('[data-action=open_booking]');
  await phone.tap('[data-action=choose_department][data-department="renmin.xinnei"]');
  await phone.tap('[data-session="renmin.xinnei.s2"] [data-action=hold_slot]:not([disabled])');
  await phone.tap('[data-held] [data-action=confirm_appointment]');
  await phone.waitForSelector('[data-ticket][data-state=booked]');
  const { taps } = await heard();
  assert.ok(taps > 6 && taps <= TAPS_MAX, `${taps} taps`);
});

test('the range of the wait stands on the phone with its bar, on the slip of 58 mm, and as the end of the clinic', async () => {
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  for (let n = 1; n <= 9; n += 1) {
    await hospital.call('POST', '/tickets', { queue: B, patient: await hospital.person(`候${'一二三四五六七八九'[n - 1]}`, `196${n}-01-01`, 20 + n) }, hospital.desk);
  }
  const { appointments } = await hospital.call('POST', '/departments/renmin.xinnei/appointments/find', { text: '张小三' }, hospital.desk);
  doctor = await browser.staff('/doctor', SIZES.console, 'zhoujing');
  await doctor.click('[data-action=start_work][data-service-point="renmin.xinnei.r5"]');
  await doctor.click('[data-action=call_next_patient]');
  for (let turn = 0; turn < 6; turn += 1) {
    const before = await doctor.getAttribute('.hand', 'data-in-hand');
    await seenByHand(doctor);
    await doctor.waitForSelector(`.hand[data-in-hand]:not([data-in-hand="${before}"]):not([data-in-hand=""])`);
  }
  await hospital.call('POST', '/appointments/check-in', { appointment: appointments[0].appointment }, hospital.desk);
  await phone.waitForSelector('[data-ticket][data-state=waiting] .track .range');
  const number = await phone.textContent('[data-ticket] .line b');
  const ticket = await phone.getAttribute('[data-ticket]', 'data-ticket');
  // What each page says is what the house has foreseen: of the same moment, for it changes with the minutes.
  const agree = async (look, what) => {
    for (let tries = 0; ; tries += 1) {
      const [said, foreseen] = [await look(), await what()];
      const [from, to] = foreseen ? [foreseen.from.slice(11, 16), foreseen.to.slice(11, 16)] : ['?', '?'];
      if (said.includes(to) && (said.includes(`${from}–${to}`) || said.includes(`${to} 前`) || !said.includes('–'))) return;
      assert.ok(tries < 50, `${said} is not ${from}–${to}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const own = async () => (await hospital.call('GET', `/streams/ticket:${ticket}`, undefined, hospital.desk)).snapshot.expected;
  await agree(() => phone.innerText('.big-words'), own);
  assert.match(await phone.innerText('.big-words'), /大约/);
  await agree(() => phone.innerText('.marks'), own);
  const [from, width] = await phone.$eval('.track', (track) => ['--from', '--width'].map((name) => parseFloat(getComputedStyle(track).getPropertyValue(name))));
  assert.ok(from >= 0 && width >= 2 && from + width <= 100, `${from} ${width}`);

  await choose(desk, number);
  await desk.waitForSelector('.on-slip:has-text("大约") img', { state: 'attached' });
  const pdf = await desk.pdf({ width: '58mm', height: '150mm' });
  assert.equal(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g).length, 1, 'one slip is one page');

  const newcomer = async () => (await hospital.call('GET', `/streams/queue:${B}`, undefined, hospital.desk)).snapshot.newcomer;
  await agree(() => doctor.innerText('[data-figure="doctor.day_ends"] b'), newcomer);
  assert.match(await doctor.innerText('[data-figure="doctor.day_seen"] b'), /^6$/);
  assert.match(await doctor.innerText('[data-figure="doctor.day_waiting"] b'), /^\d$/);
  assert.match(await doctor.innerText('[data-figure="doctor.day_mean"] b'), /^1/);
});

test('a page that nobody has touched says that a call would not ring, until it is touched', async () => {
  assert.equal(await phone.$('[data-silent]'), null, 'it has been touched');
  await phone.reload();
  await phone.waitForSelector('[data-ticket] [data-silent]');
  assert.doesNotMatch(await phone.textContent('[data-ticket]'), /这里会变色并响/, 'it does not say both');
  await phone.tap('.stages');
  await phone.waitForSelector('[data-silent]', { state: 'detached' });
  assert.equal((await heard()).tones, 0);
});

test('without a network the card promises no sound: it says where to look and to listen', async () => {
  assert.match(await phone.textContent('[data-ticket]'), /这里会变色并响/);
  browser.serverIsDown = true;
  await phone.context().setOffline(true);
  await phone.waitForSelector('[data-ticket] [data-silent=offline]:has-text("叫到您时这里不会响,请看大屏、听护士")');
  assert.doesNotMatch(await phone.textContent('[data-ticket]'), /这里会变色并响/);
  await looks(phone);
  if (process.env.PICTURES) await phone.screenshot({ path: `${process.env.PICTURES}/phone-offline.png` });
  await phone.context().setOffline(false);
  await phone.waitForSelector('[data-ticket] [data-silent=offline]', { state: 'detached' });
  browser.serverIsDown = false;
});

/** Without a network the whole screen says of when it is, in grey, and nothing of it is told twice. */
async function saysOfWhen() {
  const ground = () => phone.$eval('[data-called]', (one) => getComputedStyle(one).backgroundColor);
  const current = await ground();
  assert.equal(await phone.$('[data-called] [data-stale]'), null);
  browser.serverIsDown = true;
  await phone.context().setOffline(true);
  await phone.waitForSelector('[data-called] [data-stale]');
  const [said, time] = await phone.$eval('[data-called] [data-stale]', (line) => [line.textContent, line.dataset.stale]);
  assert.match(said, /网络断开,以下是 \d\d:\d\d 的情况/);
  assert.ok(said.includes(time));
  await phone.waitForFunction((was) => getComputedStyle(document.querySelector('[data-called]')).backgroundColor !== was, current);
  const [red, green, blue] = (await ground()).match(/\d+/g).map(Number);
  assert.ok(Math.max(red, green, blue) - Math.min(red, green, blue) < 20, `grey: ${red} ${green} ${blue}`);
  // It lies on the screen, and nothing on it.
  assert.equal(await phone.$eval('[data-stale]', (line) => {
    const { left, top, width, height } = line.getBoundingClientRect();
    return line.contains(document.elementFromPoint(left + width / 2, top + height / 2));
  }), true);
  if (process.env.PICTURES) await phone.screenshot({ path: `${process.env.PICTURES}/phone-called-offline.png` });
  await looks(phone);
  await phone.context().setOffline(false);
  await phone.waitForSelector('[data-stale]', { state: 'detached' });
  browser.serverIsDown = false;
  await phone.waitForFunction((was) => getComputedStyle(document.querySelector('[data-called]')).backgroundColor === was, current);
}

test('to the door and into the room: each rings once and shakes once', async () => {
  // Whoever stands before them, one by one, until it is their turn.
  let rung = 0;
  for (const state of ['summoned', 'called']) {
    while (!await phone.$(`[data-called][data-state=${state}]`)) {
      const before = await doctor.getAttribute('.hand', 'data-in-hand');
      await seenByHand(doctor);
      await doctor.waitForSelector(`.hand[data-in-hand]:not([data-in-hand="${before}"])`);
      await phone.waitForSelector(`[data-called][data-state=${state}]`, { timeout: 700 }).catch(() => null);
    }
    rung += 1;
    const { tones, shaken } = await heard();
    assert.equal(tones, 3 * rung, `${state}: three notes`);
    assert.deepEqual(shaken.length, rung);
    await drawn(phone);
    assert.equal((await heard()).tones, 3 * rung, 'not again at each drawing');
    if (state === 'called') await saysOfWhen();
    await phone.tap('[data-action=seen_call]');
    await phone.waitForSelector('[data-called]', { state: 'detached' });
  }
  await inHand(doctor, await phone.textContent('[data-ticket] .line b'));
});

test(`where there are several hospitals and another day is wanted, a first booking takes at most ${TAPS_MAX} taps too`, async () => {
  const put = (resource, body) => hospital.call('PUT', resource, body);
  await put('/sites', { id: 'tieludong', name: '铁路东医院', name_en: 'East Railway Hospital', time_zone: 'Asia/Shanghai' });
  await put('/departments', { id: 'tieludong.erke', name: '儿科', name_en: 'Paediatrics' });
  await put('/queues', { id: 'tieludong.erke.pool', name: '儿科普通', prefix: 'P', doctors: [] });
  await put('/sessions', {
    id: 'tieludong.erke.s1', date: '2026-11-24', period: 'morning', queue: 'tieludong.erke.pool', registration_class: '普通', fee_fen: 1000, slots: [{ start: '09:00', minutes: 30, capacity: 3 }],
  });
  await phone.context().close();
  phone = await browser.open('/patient', SIZES.phone, listen);
  const other = '13912345679';
  await write('[name=phone]', other);
  await phone.tap('[data-action=send_code]');
  // The code's field waits for the code: nobody taps on it.
  await phone.waitForSelector('[name=code]:focus');
  await phone.keyboard.type(hospital.codeOf(other));
  await phone.tap('[data-action=sign_in]');
  await phone.waitForSelector('[data-form=register_person]');
  await drawn(phone);
  await write('[data-form=register_person] [name=name]', '王小五');
  await write('[data-form=register_person] [name=number]', residentNumber('1991-03-07', 19));
  await phone.tap('[data-action=register_person]');
  await phone.tap('[data-action=open_booking]');
  await phone.tap('[data-action=choose_site][data-site=tieludong]');
  await phone.tap('[data-action=choose_department][data-department="tieludong.erke"]');
  await phone.tap('[data-action=choose_date][data-date="2026-11-24"]');
  await phone.tap('[data-action=hold_slot]:not([disabled])');
  await phone.tap('[data-held] [data-action=confirm_appointment]');
  await phone.waitForSelector('[data-other-ticket][data-state=booked], [data-appointment][data-state=booked]');
  const { taps } = await heard();
  assert.ok(taps > 6 && taps <= TAPS_MAX, `${taps} taps`);
});
