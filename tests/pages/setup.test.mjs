// From an empty folder to the first called patient, with the pages alone: the printed link, /setup, /ops, the desk, a
// screen, the doctor. No command is given but by a page.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, Hospital, inHand, looks, PASSWORD, residentNumber, seenByHand, SIZES } from './hospital.mjs';
import { walksThrough } from './walking.mjs';

const ADMIN = '一句好记的管理员密码吧';

let hospital;
let browser;
let ops;
let desk;
let board;
let doctor;

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  browser = await new Browser(hospital.base).start();
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

const link = () => hospital.link.slice(hospital.base.length);
const isThere = (page, selector) => page.waitForSelector(selector);

test('the printed link opens the first steps, and is gone from the address', async () => {
  ops = await browser.open(link(), SIZES.desk);
  await isThere(ops, '[data-form=setup]');
  assert.equal(new URL(ops.url()).hash, '');
  assert.equal(await ops.inputValue('[name=time_zone]'), 'Asia/Shanghai');
  const zones = await ops.$$eval('[name=time_zone] option', (all) => all.map((one) => one.value));
  assert.deepEqual(zones.slice(0, 5), ['Asia/Shanghai', 'Asia/Urumqi', 'Asia/Hong_Kong', 'Asia/Macau', 'Asia/Taipei']);
  assert.equal(new Set(zones).size, zones.length);
  await looks(ops);
  await ops.reload();
  await isThere(ops, '[data-form=setup]');
});

test('the first steps stand whole on a desk monitor, in both languages', async () => {
  for (const language of ['zh', 'en']) {
    if (language === 'en') await ops.click('jh-language button');
    await ops.waitForSelector(`html[lang^=${language}]`);
    const { y, height } = await (await ops.waitForSelector('[data-action=setup]')).boundingBox();
    assert.ok(y + height + 16 <= SIZES.desk.height, `${language}: the button ends at ${y + height}`);
    if (process.env.PICTURES) await ops.screenshot({ path: `${process.env.PICTURES}/setup-${language}.png` });
  }
  await ops.click('jh-language button');
  await ops.waitForSelector('html[lang^=zh]');
});

test('the first steps are walked through by Tab alone; without the house they say so, and go on when it is back', async () => {
  await walksThrough(ops, '/setup');
  browser.serverIsDown = true; // what cannot be reached is noted by the browser
  await ops.route('**/api/v1/**', (route) => route.abort());
  await ops.reload();
  await isThere(ops, '[data-action=again]');
  await looks(ops);
  await ops.click('[data-action=again]');
  await isThere(ops, '[data-action=again]');
  await ops.unroute('**/api/v1/**');
  browser.serverIsDown = false;
  await ops.focus('[data-action=again]');
  await ops.keyboard.press('Enter');
  await isThere(ops, '[data-form=setup]');
});

test('what is wrong is said at its field, and nothing is lost by it', async () => {
  await ops.fill('[name=name]', '市人民医院');
  assert.equal(await ops.inputValue('[name=id]'), 'shirenminyiyuan');
  await ops.fill('[name=id]', 'renmin');
  await ops.fill('[name=name_en]', 'City Hospital');
  assert.equal(await ops.inputValue('[name=id]'), 'renmin', 'what somebody wrote stays');
  await ops.fill('[name=password]', `${ADMIN}!`);
  await ops.fill('[name=again]', ADMIN.padEnd(12, '?'));
  await ops.click('[data-action=setup]');
  await isThere(ops, '[data-wrong=again]:has-text("不一样")');
  assert.equal(await ops.inputValue('[name=name]'), '市人民医院');
});

test('a full disk is told to who can make room, with where and how much', async () => {
  browser.serverIsDown = true; // a refusal on purpose is noted by the browser
  const full = {
    code: 'read_only', title: 'Read only', detail: '3 MiB are free in /srv/data, and data.last_reserve_mib = 64: free some space there', valid_now: { folder: '/srv/data', free_mib: 3, needed_mib: 64 },
  };
  await ops.route('**/api/v1/staff', (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify(full) }));
  await ops.fill('[name=password]', `${ADMIN}!`);
  await ops.fill('[name=again]', `${ADMIN}!`);
  await ops.click('[data-action=setup]');
  await isThere(ops, '[data-form=setup]:has-text("数据放在 /srv/data,那块盘只剩 3 MB,至少要有 64 MB")');
  assert.doesNotMatch(await ops.textContent('[data-form=setup]'), /are free|free some/, 'in her language alone');
  await looks(ops);
  await ops.unroute('**/api/v1/staff');
  browser.serverIsDown = false;
});

test('the first administrator is made, signed in, and led on', async () => {
  await ops.fill('[name=password]', `${ADMIN}!`);
  await ops.fill('[name=again]', `${ADMIN}!`);
  await ops.click('[data-action=setup]');
  await isThere(ops, '[data-setup=done] li:nth-child(4)');
  browser.serverIsDown = true; // a refusal on purpose is noted by the browser
  const second = await browser.open(link(), SIZES.desk);
  await isThere(second, '[data-setup=spent]:has-text("jiaohao token issue")');
  await looks(second);
  await second.context().close();
  browser.serverIsDown = false;
  await ops.click('[data-action=open_ops]');
  await isThere(ops, 'jh-connection[state=live]');
});

/** What is still missing, as the page says it. */
const needs = (page) => page.$$eval('[data-need]', (rows) => rows.filter((row) => row.dataset.there === '0').map((row) => row.dataset.need));

/** Fills the form of a kind in and saves it. @param {string} command @param {Object<string, string>} fields */
async function make(command, fields) {
  const form = `[data-form=${command}]`;
  for (const [name, value] of Object.entries(fields)) {
    const field = ops.locator(`${form} [name=${name}]`);
    if ((await field.evaluate((e) => e.tagName)) === 'SELECT') await field.selectOption(value);
    else await field.fill(value);
  }
  await ops.click(`${form} [data-action=${command}]`);
}

test('operations say what is missing, and each line leads to where it is made', async () => {
  await isThere(ops, '[data-missing="9"]');
  await ops.click('[data-part-of=department]');
  await make('define_department', { name: '心内科', name_en: 'Cardiology' });
  await isThere(ops, '[data-thing="renmin.xinnei"]');
  await ops.click('[data-part=missing]');
  await isThere(ops, '[data-missing="8"]');
  await ops.click('[data-part-of=service_point]');
  await make('define_service_point', { name: '3号诊室' });
  await isThere(ops, '[data-thing="renmin.xinnei.r3"]');
  await ops.click('[data-next=doctor]');
  await make('define_doctor', { name: '李明', title: '主任医师' });
  await isThere(ops, '[data-thing="renmin.liming"]:has-text("主任医师 · 心内科")');
  await ops.click('[data-part=queue]');
  assert.equal(await ops.inputValue('[name=prefix]'), 'A', 'the first free letter');
  await ops.check('[data-choice="renmin.liming"]');
  await make('define_queue', { name: '李明门诊' });
  await isThere(ops, '[data-thing="renmin.xinnei.liming"]');
});

test('a field that is refused says why beside itself', async () => {
  await make('define_queue', { name: '普通门诊', prefix: 'a' });
  await isThere(ops, '[data-wrong=prefix]:has-text("李明门诊")');
  assert.equal(await ops.inputValue('[data-form=define_queue] [name=id]'), 'putong');
  await make('define_queue', { prefix: 'B' });
  await isThere(ops, '[data-thing="renmin.xinnei.putong"]');
});

test('rules are fields with their ranges; a thing is changed in the same form', async () => {
  await ops.click('[data-part=department]');
  await ops.click('[data-action=edit][data-thing="renmin.xinnei"]');
  await isThere(ops, '[data-form=define_department][data-editing="renmin.xinnei"]');
  await ops.click('[data-rules=calling] summary');
  await ops.fill('[data-rule="calling.missed_after_s"]', '9999');
  await ops.click('[data-action=define_department]');
  assert.equal(await ops.$eval('[data-rule="calling.missed_after_s"]', (e) => e.validity.rangeOverflow), true);
  await ops.fill('[data-rule="calling.missed_after_s"]', '0');
  await ops.click('[data-rules=queue] summary');
  await ops.fill('[data-rule="queue.door_cap"]', '0');
  await ops.selectOption('[data-rule="queue.late"]', 'end_of_slot');
  await ops.click('[data-action=class_add]');
  await ops.fill('.classes li:nth-child(5) [data-class=zh]', '献血者');
  await ops.fill('.classes li:nth-child(5) [data-class=en]', 'Blood donors');
  await ops.click('[data-action=define_department]');
  await isThere(ops, '[data-form=define_department][data-editing=""]');
  await ops.click('[data-action=edit][data-thing="renmin.xinnei"]');
  for (const group of ['queue', 'calling']) await ops.click(`[data-rules=${group}] summary`);
  await isThere(ops, '.classes li:nth-child(5)');
  assert.equal(await ops.inputValue('[data-rule="queue.late"]'), 'end_of_slot');
  assert.equal(await ops.inputValue('[data-rule="calling.missed_after_s"]'), '0');
  assert.equal(await ops.inputValue('[data-rule="calling.missed_after_calls"]'), '', 'the default');
});

test('accounts, a board and what is retired', async () => {
  await ops.click('[data-part=missing]');
  await ops.click('[data-part-of=doctor_account]');
  assert.equal(await ops.inputValue('[data-form=define_staff] [name=id]'), 'liming', 'as the doctor');
  await make('define_staff', { password: PASSWORD });
  await isThere(ops, '[data-thing=liming]:has-text("医生 · 李明")');
  await ops.click('[data-next=desk_account]');
  await isThere(ops, '[data-form=define_staff] [name=site]');
  await make('define_staff', { password: PASSWORD });
  await isThere(ops, '[data-thing=fenzhen]');
  await ops.click('[data-next=board]');
  await make('define_board', { name: '心内科候诊区' });
  await isThere(ops, '[data-thing^="renmin.xinnei"]:has-text("李明门诊、普通门诊")');
  await ops.click('[data-part=queue]');
  await ops.click('[data-action=retire_queue][data-thing="renmin.xinnei.putong"]');
  await isThere(ops, 'dialog:has-text("前缀可以给别的队列")');
  await ops.click('[data-action=dialog_go]');
  await ops.waitForSelector('[data-thing="renmin.xinnei.putong"]', { state: 'detached' });
  await ops.click('[data-part=missing]');
  await isThere(ops, '[data-missing="2"]');
  assert.deepEqual(await needs(ops), ['screen', 'session']);
});

test('a screen is paired by its digits on the operations page', async () => {
  await ops.click('[data-part-of=screen]');
  await isThere(ops, '.part:has-text("/board/renmin.xinneike")');
  board = await browser.open('/board/renmin.xinneike', SIZES.screen);
  await ops.fill('[data-form=approve_screen] [name=code]', await board.getAttribute('[data-pairing-code]', 'data-pairing-code'));
  await ops.click('[data-action=approve_screen]');
  await isThere(board, '.live:not(.off)');
  await isThere(ops, '[data-next=session]');
});

test('the desk opens a session of today and gives the first number', async () => {
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await desk.click('[data-side=sessions]');
  await desk.click('[data-action=open_session]');
  const form = '[data-form=define_session]';
  await isThere(desk, `${form} [name=who]`);
  assert.equal(await desk.inputValue(`${form} [name=registration_class]`), '主任', 'by the title');
  assert.equal(await desk.inputValue(`${form} [name=from]`), '08:30', 'not before now');
  await desk.fill(`${form} [name=slot_minutes]`, '0');
  assert.equal(await desk.$eval(`${form} [name=slot_minutes]`, (e) => e.validity.rangeUnderflow), true);
  await desk.fill(`${form} [name=slot_minutes]`, '60');
  await desk.fill(`${form} [name=places]`, '8');
  await isThere(desk, '[data-slots="4"]:has-text("将开 4 段、32 个号,到 12:00")');
  await desk.fill(`${form} [name=until]`, '08:00');
  await isThere(desk, '[data-slots="0"].alarm');
  await desk.click('[data-action=define_session]');
  assert.equal(await desk.$eval(`${form} [name=until]`, (e) => e.validity.customError), true, 'no session until midnight by a slip of the hand');
  await desk.fill(`${form} [name=until]`, '00:00');
  await isThere(desk, '[data-slots="16"]:has-text("到 24:00")');
  await desk.fill(`${form} [name=until]`, '12:00');
  await desk.selectOption(`${form} [name=service_point]`, 'renmin.xinnei.r3');
  await desk.click('[data-action=define_session]');
  await isThere(desk, '[data-session]:has-text("李明 · 上午 · 主任"):has-text("0 / 32")');
  await isThere(desk, '[data-session] [data-when]:has-text("08:30–12:00 · 3号诊室")');
  await desk.click('[data-action=open_session]');
  await isThere(desk, `${form} [name=who]`);
  await desk.click('[data-action=define_session]');
  await isThere(desk, 'dialog:has-text("李明今天上午已经有班次(08:30–12:00)")');
  await desk.click('dialog [data-action=dialog_cancel]');
  await desk.click('[data-action=open_session_cancel]');
  assert.equal(await desk.locator('[data-session]:has([data-when])').count(), 1);
  await desk.click('[data-side=walk_in]');
  await desk.fill('[data-form=register_walk_in] [name=number]', residentNumber('1980-05-06', 21));
  await desk.fill('[data-form=register_walk_in] [name=name]', '陈小华');
  // The class that was added on /ops is given at the desk, under its own name.
  const classes = await desk.$$eval('[data-form=register_walk_in] [name=class] option', (all) => all.map((one) => one.textContent));
  assert.deepEqual(classes, ['无', '急诊', '军人', '残疾人', '孕晚期', '老年', '献血者']);
  await desk.selectOption('[data-form=register_walk_in] [name=class]', { label: '献血者' });
  await desk.fill('[data-form=register_walk_in] [name=proof]', '献血证');
  await desk.click('[data-action=register_walk_in]');
  await isThere(desk, '[data-slip]:has-text("A001")');
  await desk.click('[data-row][data-number=A001]');
  await isThere(desk, '[data-chosen] .tag:text-is("献血者")');
  assert.equal(await desk.locator('[data-form=set_priority] [name=class] option:text-is("献血者")').count(), 1);
  await desk.keyboard.press('Escape');
});

test('nothing is missing any more: the doctor calls, and the screen shows it', async () => {
  await ops.click('[data-part=missing]');
  await ops.reload();
  await ops.click('[data-part=missing]');
  await isThere(ops, '[data-missing="0"]');
  doctor = await browser.staff('/doctor', SIZES.console, 'liming');
  await doctor.click('[data-action=start_work][data-service-point="renmin.xinnei.r3"]');
  await doctor.click('[data-action=call_next_patient]');
  await inHand(doctor, 'A001');
  await isThere(doctor, '.hand .tag:text-is("献血者")');
  await isThere(board, '[data-call] .number:text-is("A001")');
  assert.match(await board.textContent('.newest'), /陈\*华/);
});

test('a session is changed in its form with what it had, and closed at the desk as any other', async () => {
  await ops.click('[data-part=session]');
  await ops.click('[data-action=edit]');
  await isThere(ops, '[data-form=define_session]:not([data-editing=""])');
  assert.equal(await ops.$$eval('[data-slot=start]', (all) => all.map((e) => e.value).join(' ')), '08:30 09:30 10:30 11:30');
  await ops.fill('tr:nth-child(4) [data-slot=capacity]', '3');
  await ops.click('[data-action=define_session]');
  await isThere(ops, '.things li:has-text("27 人")');
  await seenByHand(doctor);
  await inHand(doctor, null);
  await desk.click('[data-side=sessions]');
  await desk.click('[data-action=close_session]');
  await isThere(desk, 'dialog:has-text("今天不再放号,不能恢复")');
  await desk.click('dialog [data-action=dialog_cancel]');
  await desk.waitForSelector('dialog', { state: 'detached' });
  await isThere(desk, '[data-action=close_session]');
  await desk.click('[data-action=close_session]');
  await desk.click('dialog [data-action=close_sure]');
  await isThere(desk, '[data-session]:has-text("已结束")');
});

test('every form passes WCAG 2.2 AA as far as a program can tell, in both languages', async () => {
  await desk.click('[data-action=open_session]');
  await isThere(desk, '[data-form=define_session] [name=who]');
  await looks(desk);
  for (const part of ['missing', 'screens', 'site', 'department', 'service_point', 'doctor', 'queue', 'session', 'board', 'staff']) {
    await ops.click(`[data-part=${part}]`);
    await isThere(ops, `[data-part=${part}][aria-current=page]`);
    if (await ops.$('.pair')) {
      await ops.locator('[data-action=edit]').first().click();
      await isThere(ops, 'form:not([data-editing=""])');
    }
    await ops.$$eval('[data-rules]', (all) => all.forEach((rules) => rules.setAttribute('open', '')));
    await looks(ops);
  }
  await ops.click('[data-action=switch_language]');
  await isThere(ops, 'html[lang=en]');
  assert.doesNotMatch(await ops.textContent('#main'), /(ops|slots)\.[a-z]/, 'a word is missing');
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
