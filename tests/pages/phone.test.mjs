// A patient's way on the phone, in real Chromium at 390×844: signs in with a code, says who they are, books, checks in with
// the area's code, waits, is called, goes for tests, comes back, leaves. And operations, who define what there is.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, drawn, Hospital, inHand, looks, ONE_SLOT, pause, residentNumber, sayWho, seenByHand, signInPhone, SIZES } from './hospital.mjs';

const A = 'renmin.xinnei.liming';
const PHONE = '13912345678';
const OTHER_PHONE = '13912345679';
const SPEED = 30;

let hospital;
let browser;
let phone;
let desk;
let doctor;

before(async () => {
  hospital = await new Hospital({ speed: SPEED }).open();
  await hospital.define(ONE_SLOT);
  browser = await new Browser(hospital.base).start();
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

const card = (state) => phone.waitForSelector(`[data-ticket][data-state=${state}]`);
const says = (words) => phone.waitForSelector(`.big-words:has-text("${words}")`);
const areaCode = () => desk.$eval('[data-area-code]', (area) => area.dataset.areaCode);

/** Holds the first open place of a session. */
async function hold(session) {
  await phone.click('[data-action=open_book]');
  await phone.click(`[data-action=choose_department][data-department="${session.slice(0, session.lastIndexOf('.'))}"]`);
  await phone.click(`[data-session="${session}"] [data-action=hold_slot]:not([disabled])`);
  await phone.waitForSelector('[data-held] [role=timer]');
}

test('signs in with a phone and its code; says who they are', async () => {
  phone = await browser.open('/patient', SIZES.phone);
  await signInPhone(phone, hospital, PHONE);
  await sayWho(phone, '张小三', residentNumber('1990-03-07', 17));
  await phone.waitForSelector('[data-action=open_booking]');
});

test('holds a place, lets it go, holds another and confirms', async () => {
  await hold('renmin.xinnei.s1');
  await phone.click('[data-held] [data-action=cancel_appointment]');
  await phone.click('[data-session="renmin.xinnei.s1"] [data-action=hold_slot]:not([disabled])');
  await phone.click('[data-held] [data-action=confirm_appointment]');
  await card('booked');
  await phone.waitForSelector('[data-ticket] .line b:text-is("A001"), [data-ticket] .line b:text-is("A002")');
});

test('at text of 200 % no bar stands before what is typed, and the field comes before what it is for', async () => {
  await phone.evaluate(() => document.documentElement.style.setProperty('font-size', '32px'));
  await phone.waitForSelector('.large-text', { state: 'attached' });
  const seen = () => phone.evaluate(() => {
    const box = (what) => document.querySelector(what).getBoundingClientRect();
    return { bar: getComputedStyle(document.querySelector('nav')).position, field: box('.input.code'), more: box('.inside > .sub'), end: document.querySelector('nav').getBoundingClientRect().bottom - document.documentElement.scrollHeight + scrollY };
  });
  const { bar, field, more, end } = await seen();
  assert.equal(bar, 'static');
  assert.ok(field.bottom < more.top, `${field.bottom} ${more.top}`);
  assert.ok(Math.abs(end) < 2, 'the bar ends the page');
  await phone.focus('.input.code');
  const focused = (await seen()).field;
  assert.ok(focused.top >= 0 && focused.bottom <= SIZES.phone.height, `${focused.top} ${focused.bottom}`);
  await looks(phone);
  if (process.env.PICTURES) await phone.screenshot({ path: `${process.env.PICTURES}/phone-200.png` });
  await phone.evaluate(() => document.documentElement.style.removeProperty('font-size'));
  await phone.waitForSelector('.large-text', { state: 'detached' });
});

test('checks in with the code shown at the desk; a wrong one is refused', async () => {
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await desk.waitForSelector('[data-area-code]:not([data-area-code=""])');
  const code = await areaCode();
  await phone.fill('[data-form=check_in] [name=code]', code === '000000' ? '000001' : '000000');
  await phone.click('[data-form=check_in] [data-action=check_in]');
  await phone.waitForSelector('.notice.alarm');
  await phone.fill('[data-form=check_in] [name=code]', await areaCode());
  await phone.click('[data-form=check_in] [data-action=check_in]');
  await card('waiting');
  await desk.waitForSelector(`[data-queue="${A}"] [data-row][data-state=waiting]:has-text("张小三")`);
});

test('the card says what is known of when: the own slot, when the clinic is to begin, else that nothing can be said yet', async () => {
  assert.match(await phone.textContent('[data-ticket] [data-when]'), /您约的是 \d\d:\d\d–\d\d:\d\d/);
  const said = await phone.evaluate(async () => {
    const { whenWords } = await import('/web/patient/when.js');
    const at = (clock) => `2026-11-23T${clock}:00.000+08:00`;
    const own = { appointment: 'b', session: 's', slot_start: at('08:30'), slot_end: at('09:00') };
    const sessions = [{ session: 's', queue: 'q', open: true, slots: [{ start: at('08:00'), end: at('08:30') }, { start: at('08:30'), end: at('09:00') }] }];
    const words = (now, delay, a, isForeseen) => whenWords({
      page: { protocol: { clock: { now: () => Date.parse(at(now)), wallAt: (ms) => ({ clock: new Date(ms + 8 * 3600000).toISOString().slice(11, 16) }) } } },
      dateOf: () => '2026-11-23', site: () => ({ sessions: () => sessions }),
    }, { ticket: 'h.d.t1', queue: 'q', delay_min: delay }, a, isForeseen);
    return [words('07:56', 20, own, false), words('07:56', 0, { appointment: null }, false), words('08:20', 20, own, false), words('07:56', 20, own, true)];
  });
  assert.deepEqual(said, ['您约的是 08:30–09:00 · 门诊约 08:20 开始', '门诊 08:00 开始', '您约的是 08:30–09:00 · 现在还估不出时间', '您约的是 08:30–09:00']);
});

test('an emergency goes before: how many are ahead is right at once', async () => {
  await says('下一位就是您');
  const emergency = await hospital.person('赵急', '1960-01-01', 61);
  await hospital.call('POST', '/tickets', { queue: A, patient: emergency, class: 'emergency' }, hospital.desk);
  await says('前面还有 1 位');
  // Why the place fell back, and what holds everybody up.
  await phone.waitForSelector('[data-held-up]:has-text("来了 1 位急诊")');
  await hospital.call('POST', '/sessions/delay', { session: 'renmin.xinnei.s1', minutes: 20 }, hospital.desk);
  await phone.waitForSelector('[data-held-up]:has-text("门诊延迟约20分钟")');
  doctor = await browser.staff('/doctor', SIZES.console, 'liming');
  await doctor.click('[data-action=start_work][data-service-point="renmin.xinnei.r3"]');
  await doctor.click('[data-action=call_next_patient]');
  await doctor.waitForSelector('.hand .person:has-text("赵急")');
  await says('下一位就是您');
});

test('is called: the whole screen says where to go; then inside', async () => {
  await seenByHand(doctor);
  await doctor.waitForSelector('.hand .person:has-text("张小三")');
  await phone.waitForSelector('[data-called][data-state=called]:has-text("请现在到3号诊室就诊")');
  await phone.click('[data-action=seen_call]');
  await card('called');
  await doctor.click('[data-action=start_service]');
  await card('serving');
});

test('goes for tests and reports back with the code', async () => {
  await doctor.click('[data-action=send_for_tests]');
  await card('away');
  await phone.fill('[data-form=report_back] [name=code]', await areaCode());
  await phone.click('[data-form=report_back] [data-action=report_back]');
  await card('waiting');
  await doctor.waitForSelector('.tickets [data-row]:has-text("回诊")');
});

test('misses a call and reports back', async () => {
  await doctor.click('[data-action=call_next_patient]');
  await doctor.waitForSelector('.hand .person:has-text("张小三")');
  await phone.click('[data-action=cannot_come]');
  await phone.waitForSelector('[data-called] .more:has-text("医生会再叫一次")');
  // Pressed twice in one place: nothing that ends the number comes up there.
  await phone.click('[data-action=cannot_come]');
  assert.equal(await phone.$('[data-called] [data-action=cancel_ticket], dialog'), null);
  await doctor.click('[data-action=recall_patient]');
  // A recall is news: the whole screen again, as it is before anything was pressed on it.
  await phone.waitForSelector('[data-called] [data-action=cannot_come]');
  await phone.click('[data-action=seen_call]');
  await doctor.waitForSelector('.eyebrow:has-text("第 2 次")');
  await pause(90000 / SPEED + 400);
  // Whatever is shown: who has missed the call reads it until they say so, and what to do is then on the home page.
  await phone.click('nav [data-action=open_book]');
  await doctor.click('.hand [data-action=mark_missed]');
  await inHand(doctor, null);
  await phone.waitForSelector('[data-called][data-state=missed]:has-text("刚才叫过您了"):has-text("分诊台")');
  await phone.click('[data-action=seen_call]');
  await card('missed');
  // "Go to room 3 now" is not so any more.
  await phone.waitForSelector('[data-about=called][data-gone=missed] s:has-text("3号诊室")');
  await phone.fill('[data-form=report_back] [name=code]', await areaCode());
  await phone.click('[data-form=report_back] [data-action=report_back]');
  await card('waiting');
});

test('is transferred: the phone goes on with the new number; leaves with a reason', async () => {
  await desk.click(`[data-queue="${A}"] [data-row][data-state=waiting]:has-text("张小三")`);
  await desk.click('[data-chosen] [data-action=transfer_ticket]');
  await desk.selectOption('[data-form=transfer_ticket] [name=to]', 'renmin.yanke.wangfang');
  await desk.click('[data-action=transfer_go]');
  await phone.waitForSelector('[data-ticket][data-state=waiting]:has-text("眼科") .line b:text-is("E001")');
  // A reason is a choice; the red button alone gives the number up.
  await phone.click('[data-action=cancel_ticket]');
  await phone.click('dialog [data-choice]');
  assert.equal(await phone.inputValue('dialog [name=text]'), '来不了');
  // The way out is the big one, and comes first.
  const ways = await phone.$$eval('dialog [data-action]', (all) => all.map((one) => [one.textContent, one.getBoundingClientRect().top, one.getBoundingClientRect().height]));
  assert.deepEqual(ways.map(([words]) => words), ['保留我的号', '退号']);
  assert.ok(ways[0][1] < ways[1][1] && ways[0][2] > ways[1][2], JSON.stringify(ways));
  await pause(500);
  await card('waiting');
  await phone.click('dialog [data-action=dialog_go]');
  await phone.waitForSelector('[data-ticket]', { state: 'detached' });
  await doctor.waitForSelector('.tickets [data-row]', { state: 'detached' });
});

test('a number given at the desk is on the phone, and goes when its registration is undone', async () => {
  // The phone's claim of the person has an id of its own; the desk finds it by the document.
  const me = await hospital.found('renmin.xinnei', residentNumber('1990-03-07', 17));
  const { ticket } = await hospital.call('POST', '/tickets', { queue: 'renmin.yanke.wangfang', patient: me }, hospital.desk);
  await phone.waitForSelector(`[data-ticket="${ticket}"][data-state=waiting]:has-text("眼科")`);
  await hospital.call('POST', '/tickets/undo', { event: `${ticket}@1`, reason: '操作失误' }, hospital.desk);
  await phone.waitForSelector(`[data-ticket="${ticket}"]`, { state: 'detached' });
});

test('a call of a child reaches the phone that shows the parent, after a reload too; what is over is said', async () => {
  await phone.click('nav [data-action=open_me]');
  await phone.click('[data-action=add_person]');
  await phone.fill('[data-form=register_person] [name=name]', '李小明');
  await phone.fill('[data-form=register_person] [name=number]', residentNumber('2021-05-05', 13));
  await phone.click('[data-action=register_person]');
  await phone.waitForSelector('.who:has-text("李小明")');
  await phone.click('nav [data-action=open_me]');
  const patient = await phone.getAttribute('[data-action=look_after]:has-text("李小明")', 'data-patient');
  await phone.click('[data-action=look_after]:has-text("张小三")');
  await phone.click('nav [data-action=open_today]');
  const { ticket } = await hospital.call('POST', '/tickets', { queue: 'renmin.yanke.wangfang', patient }, hospital.desk);
  await phone.waitForSelector(`[data-family-ticket="${ticket}"][data-state=waiting]:has-text("李小明")`);
  assert.equal(await phone.$('.big-words:has-text("今天没有要看的号")'), null);
  const eyes = await browser.staff('/doctor', SIZES.console, 'wangfang');
  await eyes.click('[data-action=start_work][data-service-point="renmin.yanke.r1"]');
  await eyes.click('[data-action=call_next_patient]');
  const called = () => phone.waitForSelector('[data-called][data-state=called]:has-text("李小明"):has-text("请现在到眼科1诊室就诊")');
  await called();
  await phone.reload();
  await called();
  await phone.click('[data-action=seen_call]');
  await phone.waitForSelector('.who:has-text("李小明")');
  await card('called');
  await eyes.click('.hand [data-action=start_service]');
  await card('serving');
  await eyes.click('.hand [data-action=finish_service]');
  await phone.waitForSelector('[data-done]:has-text("已看完")');
  await phone.click('[data-action=choose_person]');
  await phone.click('dialog [data-patient]:has-text("张小三")');
  await eyes.context().close();
});

test('books another day, keeps the hold for longer, and cancels the appointment', async () => {
  await hospital.call('PUT', '/departments', {
    id: 'renmin.yanke', name: '眼科', name_en: 'Ophthalmology', settings: { booking: { hold_ttl_s: 119 } },
  });
  await hospital.call('PUT', '/sessions', {
    id: 'renmin.yanke.s2', date: '2026-11-24', period: 'morning', queue: 'renmin.yanke.wangfang', doctor: 'renmin.wangfang',
    service_point: 'renmin.yanke.r1', registration_class: '普通', fee_fen: 1000, slots: ONE_SLOT,
  });
  await phone.click('[data-action=open_book]');
  await phone.click('[data-action=choose_department][data-department="renmin.yanke"]');
  await phone.waitForSelector('[data-date="2026-11-25"]:has-text("11/25"):has-text("无门诊")');
  const speak = (lang) => phone.evaluate((to) => import('/web/lib/i18n.js').then((words) => words.setLanguage(to)), lang);
  await speak('en');
  await phone.waitForSelector('[data-date="2026-11-25"]:has-text("25 Nov"):has-text("No clinic")');
  await speak('zh');
  await phone.click('[data-action=choose_date][data-date="2026-11-24"]');
  await phone.waitForSelector('[data-session="renmin.yanke.s2"]:has-text("普通号 · 上午")');
  await phone.click('[data-session="renmin.yanke.s2"] [data-action=hold_slot]:not([disabled])');
  await phone.waitForSelector('[data-held]:has-text("11月24日 周二 ")');
  await phone.click('[data-held] [data-action=prolong_hold]:has-text("多保留一会儿")');
  await phone.waitForSelector('[data-held] [data-action=prolong_hold]', { state: 'detached' });
  await phone.click('[data-held] [data-action=confirm_appointment]');
  const row = await phone.waitForSelector('[data-appointment][data-state=booked]');
  assert.match(await row.textContent(), /眼科.*11月24日/s);
  await phone.click('[data-state=booked] [data-action=cancel_appointment]');
  await phone.waitForSelector('dialog:has-text("17:00前都可以取消")');
  await phone.click('dialog [data-action=dialog_go]');
  await phone.waitForSelector('[data-appointment][data-state=booked]', { state: 'detached' });
});

test('nothing on the phone is wider than it, and what is pressed is at least 44 px', async () => {
  for (const tab of ['today', 'book', 'me']) {
    await phone.click(`nav [data-action=open_${tab}]`);
    await pause(300);
    assert.ok(await phone.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), tab);
    const small = await phone.$$eval('button:not([hidden]), select, input:not([type=hidden]):not([type=checkbox])', (all) => all
      .filter((e) => e.offsetParent && e.getBoundingClientRect().height < 44).map((e) => `${e.outerHTML.slice(0, 80)} ${e.getBoundingClientRect().height}`));
    assert.deepEqual(small, [], tab);
  }
});

test('a one-click link opens the page of its role at once', async () => {
  const token = hospital.issueToken('--role', 'operator', '--site', 'renmin', '--account', 'somebody');
  const ops = await browser.open(`/ops#token=${token}`, { width: 1440, height: 900 });
  await ops.waitForSelector('[data-part=department] .num:text-is("2")');
  assert.equal(new URL(ops.url()).hash, '', 'the token does not stay in the address');
  const fresh = await hospital.signInPhone(OTHER_PHONE);
  const person = { document_kind: 'resident_id', document_number: residentNumber('1991-09-09', 19), name: '上官桂芳', sex: 'male', birth_date: '1991-09-09', relation: 'self' };
  const { patient } = await hospital.call('POST', '/persons', person, fresh);
  const linked = await browser.open(`/patient#token=${fresh}&patient=${patient}`, SIZES.phone);
  await linked.waitForSelector('.who:has-text("上官桂芳")');
  // No code is asked for: the hospitals stand there by name.
  await linked.click('[data-action=open_book]');
  await linked.waitForSelector('[data-action=choose_department]');
});

test('in a real house a link signs nobody in who does not say so', async () => {
  const token = hospital.issueToken('--role', 'operator', '--site', 'renmin', '--account', 'somebody');
  const page = await browser.open('/', { width: 1440, height: 900 });
  await page.route('**/healthz', (route) => route.fulfill({ body: 'alive' }));
  const asked = [];
  page.on('dialog', (dialog) => {
    asked.push(dialog.message());
    return asked.length === 1 ? dialog.dismiss() : dialog.accept();
  });
  await page.goto(`${hospital.base}/ops#token=${token}`);
  await page.waitForSelector('[name=password]');
  await page.goto('about:blank');
  await page.goto(`${hospital.base}/ops#token=${token}`);
  await page.waitForSelector('[data-part=department] .num:text-is("2")');
  assert.equal(asked.length, 2);
  assert.match(asked[0], /别人选好的账号/);
});

test('operations define a room, correct it and retire it', async () => {
  const ops = await browser.staff('/ops', { width: 1440, height: 900 }, 'yunxing');
  const define = async (kind, fields) => {
    await ops.click(`[data-part=${kind}]`);
    await drawn(ops);
    for (const [name, value] of Object.entries(fields)) await ops.fill(`[data-form=define_${kind}] [data-field=${name}]`, value);
    await ops.click(`[data-form=define_${kind}] [data-action=define_${kind}]`);
  };
  await define('department', { id: 'erke', name: '儿科' });
  await ops.waitForSelector('[data-thing="renmin.erke"]');
  await ops.click('[data-part=service_point]');
  await ops.selectOption('[data-action=choose_department]', 'renmin.erke');
  await define('service_point', { id: 'r9', name: '9号诊室' });
  await ops.click('[data-thing="renmin.erke.r9"] [data-action=edit]');
  await ops.waitForSelector('form [data-action=edit_cancel]');
  await ops.fill('form [data-field=name]', '19号诊室');
  await ops.click('form [data-action=define_service_point]');
  await ops.waitForSelector('[data-thing="renmin.erke.r9"]:has-text("19号诊室")');
  await ops.click('[data-action=retire_service_point][data-thing="renmin.erke.r9"]');
  await ops.click('dialog [data-action=dialog_go]');
  await ops.waitForSelector('[data-thing="renmin.erke.r9"]', { state: 'detached' });
  await define('queue', { id: 'pool', name: '儿科门诊', prefix: 'K' });
  await ops.waitForSelector('[data-thing="renmin.erke.pool"]');
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
