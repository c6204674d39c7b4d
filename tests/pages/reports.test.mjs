// After the visit the phone asks once how it was; operations read what days came to, sort it, print it, take it along.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import test, { after, before } from 'node:test';
import { Browser, drawn, Hospital, looks, ONE_SLOT, residentNumber, sayWho, signInPhone, SIZES } from './hospital.mjs';

const A = 'renmin.xinnei.liming';
const PHONE = '13912345670';

let house;
let chrome;
let doctor;
let assignment;

before(async () => {
  house = await new Hospital({ speed: 30 }).open();
  await house.define(ONE_SLOT);
  chrome = await new Browser(house.base).start();
  doctor = await house.signIn('liming');
  assignment = (await house.call('POST', '/work/start', { department: 'renmin.xinnei', service_point: 'renmin.xinnei.r3' }, doctor)).assignment;
});

after(async () => {
  await chrome?.close();
  await house?.close();
  assert.deepEqual(chrome.complaints, []);
});

/** A walk-in is called and seen. @param {string} patient @returns {Promise<string>} the ticket */
async function seen(patient) {
  const { ticket } = await house.call('POST', '/tickets', { queue: A, patient }, house.desk);
  const { called } = await house.call('POST', '/calls/next', { department: 'renmin.xinnei', assignment, in_hand: null, outcome: null }, doctor);
  assert.equal(called.ticket, ticket);
  await house.call('POST', '/tickets/finish-service', { ticket }, doctor);
  return ticket;
}

/** Who has said on the page who they are. @param {import('playwright-core').Page} phone @returns {Promise<string>} */
async function whoIs(phone) {
  const session = await phone.evaluate(() => fetch('/api/v1/session/refresh', { method: 'POST' }).then((answer) => answer.json()));
  return session.patients[0].patient;
}

test('once seen, the phone asks how it was, takes it, and lets it be said otherwise', async () => {
  const phone = await chrome.open('/patient', SIZES.phone);
  await signInPhone(phone, house, PHONE);
  await sayWho(phone, '张小三', residentNumber('1990-03-07', 17));
  await phone.waitForSelector('[data-action=open_booking]');
  assert.equal(await phone.locator('[data-rating]').count(), 0, 'nothing to ask about');
  const ticket = await seen(await whoIs(phone));
  await phone.waitForSelector(`[data-rating="${ticket}"][data-stars="0"]`);
  const box = await phone.locator('[data-star="3"]').boundingBox();
  assert.ok(box.width >= 44 && box.height >= 44, `${box.width} × ${box.height}`);
  await phone.click('[data-star="4"]');
  await phone.waitForSelector('[data-rating][data-stars="4"] [data-star="4"][aria-pressed=true]');
  await phone.click('[data-about=waiting]');
  await phone.waitForSelector('[data-about=waiting][aria-pressed=true]');
  await looks(phone);
  await phone.click('[data-action=rating_close]');
  await phone.waitForSelector('[data-rated]:has-text("满意")');
  await phone.reload();
  await phone.waitForSelector('[data-rated]:has-text("满意")');
  assert.equal(await phone.locator('[data-rating]').count(), 0, 'asked once');
  await phone.click('[data-action=rate_again]');
  await phone.click('[data-star="5"]');
  await phone.waitForSelector('[data-rating][data-stars="5"]');
  await phone.click('[data-action=rating_close]');
  await phone.waitForSelector('[data-rated]:has-text("非常满意")');
});

test('in elderly mode the stars stand under each other, and it can be left unsaid', async () => {
  const phone = await chrome.open('/patient', SIZES.phone);
  await signInPhone(phone, house, '13912345671');
  await sayWho(phone, '李桂芳', residentNumber('1946-03-07', 18));
  await phone.click('[data-action=open_me]');
  await phone.check('[data-action=elder]');
  await phone.click('[data-action=open_today]');
  await seen(await whoIs(phone));
  await phone.waitForSelector('[data-rating]');
  await drawn(phone);
  const boxes = await Promise.all([1, 2].map((star) => phone.locator(`[data-star="${star}"]`).boundingBox()));
  assert.ok(boxes[1].y >= boxes[0].y + 56, 'one under the other');
  await looks(phone);
  await phone.click('[data-action=rating_close]');
  await phone.waitForSelector('[data-rating]', { state: 'detached' });
  assert.equal(await phone.locator('[data-rated]').count(), 0);
});

test('operations read the week by doctor, sort it, and see no rating before all are in', async () => {
  const page = await chrome.staff('/ops', SIZES.console, 'yunxing');
  await page.click('[data-part=reports]');
  await page.waitForSelector('[data-report=doctor] [data-row="renmin.liming"]');
  const cell = (column, row = '"renmin.liming"') => page.textContent(`[data-row=${row}] [data-column=${column}]`);
  assert.equal(await cell('seen'), '2');
  assert.equal(await cell('stars'), '–', 'one rating is nobody\'s business');
  await Promise.all([3, 4, 5, 6].map(async (n) => {
    const own = await house.signInPhone(`1391234567${n}`);
    const person = { document_kind: 'resident_id', document_number: residentNumber('1980-01-01', n), name: `王${n}`, sex: n % 2 ? 'male' : 'female', birth_date: '1980-01-01', relation: 'self' };
    return { own, patient: (await house.call('POST', '/persons', person, own)).patient };
  })).then(async (people) => {
    for (const { own, patient } of people) {
      const ticket = await seen(patient);
      await house.call('POST', '/tickets/rate', { ticket, stars: 3 }, own);
    }
  });
  await page.click('[data-by=department]');
  await page.waitForSelector('[data-report=department] [data-row="renmin.xinnei"]');
  assert.equal(await cell('seen', '"renmin.xinnei"'), '6');
  assert.equal(await cell('stars', '"renmin.xinnei"'), '–', 'nor five of a week that runs: the newest one would be known');
  await page.waitForSelector('[data-ratings-open="2026-11-23"]:has-text("还在收")');
  assert.equal(await page.textContent('[data-total] [data-column=seen]'), '6');
  await page.click('[data-by=doctor]');
  await page.waitForSelector('[data-report=doctor]');
  await page.click('[data-sort=name]');
  await page.waitForSelector('th[aria-sort=ascending]:has([data-sort=name])');
  await page.click('[data-sort=seen]');
  await page.waitForSelector('th[aria-sort=descending]:has([data-sort=seen])');
  assert.match(await page.getAttribute('th:has([data-sort=missed])', 'title'), /叫了没有来/);
  await looks(page);
});

test('by week and by cause; a range without anybody says so; a wrong one is said', async () => {
  const page = await chrome.staff('/ops', SIZES.console, 'yunxing');
  await page.click('[data-part=reports]');
  await page.click('[data-by=week]');
  await page.waitForSelector('[data-report=week] [data-row="2026-11-23"]');
  await page.click('[data-by=cause]');
  await page.waitForSelector('[data-causes=end] [data-cause=seen]');
  assert.match(await page.textContent('[data-causes=end] [data-cause=seen]'), /看完\s*6/);
  await page.click('[data-by=doctor]');
  await page.click('[data-range=last_month]');
  await page.waitForSelector('[data-report=doctor] .empty');
  assert.equal(await page.inputValue('[data-field=from]'), '2026-10-01');
  assert.equal(await page.inputValue('[data-field=to]'), '2026-10-31');
  await page.fill('[data-field=to]', '2026-09-01');
  await page.waitForSelector('.report [role=alert]');
  await page.click('jh-language button');
  await page.click('[data-range=this_week]');
  await page.waitForSelector('[data-row="renmin.liming"]');
  assert.doesNotMatch(await page.textContent('#main'), /(ops|rating)\.[a-z]/, 'a word is missing');
});

test('on paper it lies across, says whose it is, heads every page and has its total once', async () => {
  const page = await chrome.staff('/ops', SIZES.console, 'yunxing');
  await page.click('[data-part=reports]');
  await page.waitForSelector('[data-row="renmin.liming"]');
  await page.emulateMedia({ media: 'print' });
  assert.match(await page.innerText('.paper-only'), /^人民医院 · 按医生 · 2026-11-23 – 2026-11-29$/);
  const display = (selector) => page.locator(selector).first().evaluate((one) => getComputedStyle(one).display);
  assert.equal(await display('.reported tfoot'), 'table-row-group', 'else it stands under every page');
  assert.equal(await display('.reported .sort'), 'contents', 'a button is not painted again in the head of a second page');
  assert.equal(await page.locator('.menu').isVisible(), false);
  const paper = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
  assert.match(paper, /\/MediaBox \[0 0 84\d[.\d]* 59\d/, 'A4, across');
});

test('the table is taken along for a spreadsheet', async () => {
  const page = await chrome.staff('/ops', SIZES.console, 'yunxing');
  await page.click('[data-part=reports]');
  await page.waitForSelector('[data-row="renmin.liming"]');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-action=report_csv]')]);
  const text = fs.readFileSync(await download.path(), 'utf8');
  assert.match(text, /^\uFEFF医生或科室,编号,到院人次,/);
  assert.match(text, /\n李明,renmin\.liming,6,/);
});

test('today stands on each site\'s card, and every chart leads to what is behind it', async () => {
  const page = await chrome.staff('/ops', SIZES.console, 'yunxing');
  await page.waitForSelector('[data-site=renmin] [data-today=seen] b:text-is("6")');
  await page.waitForSelector('[data-site=renmin] [data-hours] svg[aria-label*=" 点 "]');
  await page.click('[data-site=renmin] [data-today=seen]');
  await page.waitForSelector('[data-site=renmin] .lists th:has-text("今天已看")');
  await page.click('[data-site=renmin] [data-today=seen]');
  await page.waitForSelector('[data-site=renmin] .lists', { state: 'detached' });
  await page.click('[data-figure=calls_per_min]');
  await page.waitForSelector('[data-site=renmin] .lists tbody tr');
  await looks(page);
  await page.click('[data-figure=sync_p99_ms]');
  await page.waitForFunction(() => document.activeElement?.classList.contains('node'));
  await page.click('[data-figure=bookings_per_min]');
  await page.waitForSelector('[data-part=reports][aria-current=page]');
});

test('a board on which more is planned than it can say is warned of where it is planned', async () => {
  const crowd = {
    id: 'renmin.xinnei.crowd', date: '2026-11-24', period: 'morning', queue: A, registration_class: '普通', slots: [{ start: '08:00', minutes: 60, capacity: 600 }],
  };
  await house.call('PUT', '/sessions', crowd);
  const page = await chrome.staff('/ops', SIZES.console, 'yunxing');
  await page.click('[data-problem=board_overfull]');
  await page.waitForSelector('[data-overfull="renmin.b3f"]:has-text("建议再加一块屏")');
  await page.click('[data-part=board]');
  await page.waitForSelector('[data-warns="renmin.b3f"]:has-text("建议再加一块屏")');
  await page.click('[data-action=edit][data-thing="renmin.b3f"]');
  await drawn(page);
  await page.click('[data-action=define_board]');
  await page.waitForSelector('[data-notice=board_overfull]:has-text("心内科 候诊区 3F")');
  await looks(page);
  await house.call('PUT', '/sessions', { ...crowd, slots: [{ start: '08:00', minutes: 60, capacity: 6 }] });
  await page.waitForSelector('[data-warns]', { state: 'detached' });
});

test('a board with more rooms than it can show is warned of where it is planned', async () => {
  const many = Array.from({ length: 13 }, (_, n) => n + 1);
  for (const n of many) {
    await house.call('PUT', '/service-points', { id: `renmin.xinnei.many${n}`, name: `${n + 20}号诊室`, order: n + 20 });
    await house.call('PUT', '/doctors', { id: `renmin.many${n}`, name: `李明${n}`, title: '主任医师', departments: ['renmin.xinnei'] });
    await house.call('PUT', '/queues', { id: `renmin.xinnei.many${n}`, name: `多${n}`, prefix: `M${'ABCDEFGHIJKLM'[n - 1]}`, doctors: [`renmin.many${n}`] });
  }
  const b3f = { id: 'renmin.many', name: '多诊室 候诊区', name_en: 'Many rooms', speaks: false, queues: many.map((n) => `renmin.xinnei.many${n}`) };
  await house.call('PUT', '/boards', b3f);
  const page = await chrome.staff('/ops', SIZES.console, 'yunxing');
  await page.click('[data-problem=board_too_many_rooms]');
  await page.waitForSelector('[data-too-many-rooms="renmin.many"]:has-text("忙时有 13 行")');
  await page.click('[data-part=board]');
  await page.waitForSelector('[data-warns="renmin.many"]:has-text("建议再加一块屏")');
  await looks(page);
  await house.call('PUT', '/boards', { ...b3f, queues: b3f.queues.slice(1) });
  await page.waitForSelector('[data-warns="renmin.many"]', { state: 'detached' });
});

test('a report is of a site: what lies in one is none, and is not answered as if it were', async () => {
  const asked = (site) => fetch(`${house.base}/api/v1/reports?site=${site}&from=2026-11-23&to=2026-11-23&by=doctor`, { headers: { authorization: `Bearer ${house.token}` } });
  assert.equal((await asked('renmin')).status, 200);
  for (const none of ['renmin.x', 'renmin.xinnei', 'nobody']) {
    const answer = await asked(none);
    assert.deepEqual([answer.status, (await answer.json()).code], [403, 'forbidden'], none);
  }
});

test('no two columns of the boards have one name', async () => {
  const page = await chrome.open('/ops', SIZES.console);
  const words = await page.evaluate(async () => {
    const [{ t }] = await Promise.all(['/web/lib/i18n.js', '/web/i18n/operations.js'].map((file) => import(file)));
    return ['zh', 'en'].map((lang) => ['board', 'screens', 'speaks', 'not_announced', 'overfull'].map((head) => t(`ops.head.${head}`, null, lang)));
  });
  for (const heads of words) assert.equal(new Set(heads).size, heads.length, heads.join(' '));
  await page.context().close();
});
