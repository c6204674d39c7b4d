// 排班计划 on /ops: what comes every week is said by keys alone, stands in the calendar and on phones; holidays, substitutes, changes by
// hand and frozen sessions; without a connection what was read stands there and nothing can be pressed.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, drawn, Hospital, looks, PASSWORD, residentNumber, sayWho, signInPhone, SIZES } from './hospital.mjs';

const D = 'renmin.xinnei';
const PHONE = '13912345680';
/** Monday is today: Wednesday of this week, and the Wednesday after. */
const WEDNESDAY = '2026-11-25';
const NEXT_WEDNESDAY = '2026-12-02';
const WIDTHS = [{ width: 1440, height: 900 }, { width: 1024, height: 768 }, { width: 390, height: 844 }];

let house;
let chrome;
let ops;
let phone;

before(async () => {
  house = await new Hospital({ speed: 1 }).open();
  await house.define();
  chrome = await new Browser(house.base).start();
  ops = await chrome.staff('/ops', SIZES.console, 'yunxing');
  phone = await chrome.open('/patient', SIZES.phone);
  await signInPhone(phone, house, PHONE);
  await sayWho(phone, '张小三', residentNumber('1990-03-07', 17));
});

after(async () => {
  await chrome?.close();
  await house?.close();
  assert.deepEqual(chrome.complaints, []);
});

/** The plan as its own reading has it. */
const plan = () => house.call('GET', `/departments/${D}/plan`, undefined, house.desk);
const sessionsOn = async (date) => (await plan()).days.find((day) => day.date === date).sessions;

/** Opens a view of the plan. */
async function view(page, name) {
  await page.click('[data-part=plan]');
  await page.waitForSelector(`[data-plan="${D}"]`);
  await page.click(`[data-view-of=${name}]`);
  await page.waitForSelector(`.plan[data-view=${name}]`);
}

/** A day of the calendar. */
async function day(page, date) {
  await page.click(`[data-date="${date}"]`);
  await page.waitForSelector(`.of-day[data-day="${date}"]`);
}

/** The clinic stands in the form: what is typed before is written over by it. */
async function edit() {
  await ops.click('[data-action=edit]');
  await ops.waitForSelector('[data-form=define_template]:not([data-editing=""])');
}

/** What the phone offers on a day. */
async function phoneOn(date) {
  if (!(await phone.$('[data-action=choose_date]'))) {
    await phone.click('[data-action=open_booking]');
    await phone.click(`[data-action=choose_department][data-department="${D}"]`);
  }
  await phone.click(`[data-action=choose_date][data-date="${date}"]`);
}

/** Tab until an element has the keys. */
async function tabTo(page, selector) {
  for (let n = 0; n < 80; n += 1) {
    if (await page.evaluate((one) => document.activeElement?.matches(one), selector)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`no way by keys to ${selector}`);
}

test('nothing is planned yet, and the page says what to do; from when sessions can be booked is said here', async () => {
  await view(ops, 'weekly');
  await ops.waitForSelector('.plan .empty:has-text("还没有每周排班")');
  await ops.waitForSelector('.ahead:has-text("班次提前 28 天排好;每个班次提前 7 天的 07:00 放号")');
  await ops.click('[data-action=change_ahead]');
  await ops.fill('dialog [name=release_days]', '2');
  await ops.click('dialog [data-action=dialog_go]');
  await ops.waitForSelector('.ahead:has-text("提前 2 天的 07:00")');
  await ops.click('[data-view-of=exceptions]');
  await ops.waitForSelector('.plan .empty:has-text("以后没有例外")');
  await ops.click('[data-view-of=calendar]');
  await ops.waitForSelector('.of-day .empty');
  assert.equal(await ops.locator('[data-date]').count(), 28);
});

test('whoever is booked for the next day is reminded at a time of the department\'s, or nobody is', async () => {
  await view(ops, 'weekly');
  await ops.waitForSelector('[data-reminder=""]:has-text("不提醒第二天有预约的人")');
  await ops.click('[data-action=change_reminder]');
  await ops.fill('dialog [name=at_min]', '18:00');
  await looks(ops);
  await ops.click('dialog [data-action=dialog_go]');
  await ops.waitForSelector('[data-reminder="18:00"]:has-text("每天 18:00 提醒第二天有预约的人")');
  assert.equal((await house.call('GET', `/departments/${D}/plan`)).reminder_min, 1080);
  // Nobody is woken.
  await ops.click('[data-action=change_reminder]');
  await ops.evaluate(() => document.querySelector('dialog form').setAttribute('novalidate', ''));
  await ops.fill('dialog [name=at_min]', '06:00');
  await ops.click('dialog [data-action=dialog_go]');
  await ops.waitForSelector('dialog [role=alert]:has-text("夜里不打扰人")');
  await ops.fill('dialog [name=at_min]', '');
  await ops.click('dialog [data-action=dialog_go]');
  await ops.waitForSelector('[data-reminder=""]');
});

test('by keys alone: who, which days, from when to when; the sentence says what it comes to', async () => {
  await view(ops, 'weekly');
  await ops.waitForSelector('[data-form=define_template]');
  await tabTo(ops, '[name=doctor]');
  await ops.keyboard.press('ArrowDown');
  await drawn(ops);
  assert.equal(await ops.inputValue('[name=doctor]'), 'renmin.liming');
  assert.equal(await ops.inputValue('[name=queue]'), `${D}.liming`, 'the queue follows the doctor');
  assert.equal(await ops.inputValue('[name=registration_class]'), '主任');
  // As in the doctor's last clinic.
  assert.deepEqual([await ops.inputValue('[name=service_point]'), await ops.inputValue('[name=fee_fen]'), await ops.inputValue('[name=capacity]')], [`${D}.r3`, '50', '6']);
  for (const weekday of [1, 3]) {
    await tabTo(ops, `[data-weekday="${weekday}"]`);
    await ops.keyboard.press('Space');
    await ops.waitForSelector(`[data-weekday="${weekday}"][aria-pressed=true]`);
  }
  await tabTo(ops, '[name=end]');
  await ops.keyboard.type('1130AM');
  await tabTo(ops, '[name=capacity]');
  await ops.keyboard.type('4');
  await ops.waitForSelector('[data-said=whole]:has-text("每周一、三 08:00–11:30,3号诊室,主任 50 元,7 段 × 4 人 = 28 个号")');
  assert.equal(await ops.$('[data-doubts]'), null);
  await tabTo(ops, '[name=fee_fen]');
  await ops.keyboard.type('0');
  await ops.waitForSelector('[data-doubts]:has-text("费用是 0 元,对吗?")');
  await ops.selectOption('[name=service_point]', '');
  await ops.waitForSelector('[data-doubts="2"]:has-text("没有选诊室")');
  if (process.env.SHOTS) await ops.screenshot({ path: `${process.env.SHOTS}/plan-doubts.png` });
  await ops.selectOption('[name=service_point]', `${D}.r3`);
  await ops.fill('[name=fee_fen]', '');
  await ops.focus('[name=fee_fen]');
  await ops.keyboard.type('12.50');
  await ops.keyboard.press('Enter');
  const row = await ops.waitForSelector('[data-template]');
  assert.match(await row.textContent(), /李明.*12\.50 元.*每周一、三.*7 段 × 4 人 = 28 个号/);
  await ops.waitForSelector('.notices :text("新排 8 个班次")');
  const [template] = (await plan()).templates;
  assert.deepEqual([template.fee_fen, template.weekdays, template.start, template.end, template.capacity], [1250, [1, 3], '08:00', '11:30', 4]);
  assert.match(template.id, /^renmin\.xinnei\.liming-[a-z]{5}$/, 'nobody was asked for an id');
});

test('the sessions stand in the calendar, and on a phone those that are released', async () => {
  await view(ops, 'calendar');
  await day(ops, WEDNESDAY);
  await ops.waitForSelector('[data-standing=made]:has-text("李明"):has-text("08:00–11:30"):has-text("已约 0 / 28"):has-text("已放号")');
  await day(ops, NEXT_WEDNESDAY);
  await ops.waitForSelector('[data-standing=made]:has-text("11月30日 周一 07:00 放号")');
  await phone.waitForSelector('[data-action=open_booking]');
  await phoneOn(WEDNESDAY);
  // Until the page has drawn anew, what today has stands there.
  await phone.waitForSelector('[data-session$="d20261125"] [data-action=hold_slot]:enabled');
  assert.equal(await phone.locator('[data-session] [data-action=hold_slot]:enabled').count(), 7);
  // What comes on Monday can be booked on Saturday only.
  await phoneOn('2026-11-30');
  await phone.waitForSelector('[data-session$="d20261130"]');
  assert.equal(await phone.locator('[data-action=hold_slot]:enabled').count(), 0);
  await phoneOn(WEDNESDAY);
  await phone.waitForSelector('[data-action=hold_slot]:enabled');
});

test('it is changed; what is plainly wrong, and what the department refuses, is said at its field', async () => {
  await view(ops, 'weekly');
  await edit();
  await ops.fill('[name=end]', '11:20');
  await ops.waitForSelector('[data-said=not_yet]');
  await ops.click('[data-action=define_template]');
  await ops.waitForSelector('[data-wrong=end] [role=alert]:has-text("整段")');
  assert.equal(await ops.evaluate(() => document.activeElement.name), 'end', 'the keys are where it is wrong');
  await ops.fill('[name=end]', '11:00');
  await ops.fill('[name=until]', '2026-11-01');
  await ops.click('[data-action=define_template]');
  await ops.waitForSelector('[data-wrong=until] [role=alert]');
  await ops.fill('[name=until]', '2027-06-30');
  await ops.click('[data-action=define_template]');
  await ops.waitForSelector('[data-template]:has-text("08:00–11:00"):has-text("到 2027年6月30日 周三为止")');
  await ops.waitForSelector('.notices :text("改了 8 个班次")');
  assert.deepEqual((await sessionsOn(WEDNESDAY)).map((one) => one.places), [24]);
  // What only the department knows: somebody is booked with the doctor who is to be changed.
  const patient = await house.person('李桂芳', '1946-03-07', 18, '13912345681');
  const { session } = (await sessionsOn(WEDNESDAY))[0];
  const { appointment } = await house.call('POST', '/appointments', { session, slot: `${session}.0800`, patient }, house.desk);
  await edit();
  await ops.selectOption('[name=doctor]', 'renmin.zhoujing');
  await drawn(ops);
  await ops.click('[data-action=define_template]');
  await ops.waitForSelector('[data-form=define_template] [role=alert]:has-text("11月25日 周三"):has-text("不能换医生")');
  await house.call('POST', '/appointments/cancel', { appointment }, house.desk);
  await ops.click('[data-action=edit_cancel]');
});

test('a second clinic of the doctor at the same time is said before it is saved, by its hours', async () => {
  await house.call('PUT', '/sessions', {
    id: `${D}.byhand`, date: '2026-11-26', period: 'morning', queue: `${D}.liming`, doctor: 'renmin.liming', registration_class: '主任', fee_fen: 5000, slots: [{ start: '09:00', minutes: 30, capacity: 6 }],
  });
  await ops.reload();
  await view(ops, 'weekly');
  await ops.selectOption('[name=doctor]', 'renmin.liming');
  await drawn(ops);
  await ops.click('[data-weekday="4"]');
  await ops.click('[data-form=define_template] [data-action=define_template]');
  await ops.waitForSelector('dialog h2:has-text("李明这些时间已有班次,还要再排一个吗?")');
  assert.match(await ops.textContent('dialog .planned-list'), /11月26日 周四 09:00–09:30/);
  await looks(ops);
  if (process.env.SHOTS) await ops.screenshot({ path: `${process.env.SHOTS}/plan-overlap.png` });
  await ops.click('dialog [data-action=dialog_cancel]');
  await drawn(ops);
  assert.equal((await plan()).templates.length, 1, 'nothing was saved');
  await house.call('POST', '/sessions/close', { session: `${D}.byhand`, settlements: [] }, house.desk);
  // What was typed is nobody's.
  await ops.reload();
});

test('what another operator has changed meanwhile is not written over in silence', async () => {
  await house.call('PUT', '/staff', { id: 'yunxing2', role: 'operator', password: PASSWORD, site: 'renmin' });
  const other = await chrome.staff('/ops', SIZES.console, 'yunxing2');
  await view(other, 'weekly');
  await other.click('[data-action=edit]');
  await view(ops, 'weekly');
  await edit();
  await ops.fill('[name=capacity]', '5');
  await ops.click('[data-action=define_template]');
  await ops.waitForSelector('[data-template]:has-text("6 段 × 5 人")');
  await other.fill('[name=capacity]', '9');
  await other.click('[data-action=define_template]');
  await other.waitForSelector('dialog [data-meanwhile="capacity"]:has-text("每段几个号")');
  await other.click('[data-action=dialog_cancel]');
  await other.click('[data-action=plan_again]');
  await other.waitForSelector('[data-template]:has-text("6 段 × 5 人")');
  assert.equal((await plan()).templates[0].capacity, 5);
  await other.context().close();
});

test('places are kept for the desk and for referrals; the phone sees what is left for it, and all of it when it is given back', async () => {
  await view(ops, 'weekly');
  await ops.waitForSelector('[data-quota-rules]:has-text("没人约也不还给大家")');
  await edit();
  const capacity = Number(await ops.inputValue('[name=capacity]'));
  await ops.fill('[name=quota_desk]', String(capacity));
  await ops.fill('[name=quota_referral]', '1');
  await ops.click('[data-action=define_template]');
  await ops.waitForSelector('[data-wrong=quotas] [role=alert]:has-text("比这段的号还多")');
  await ops.fill('[name=quota_desk]', String(capacity - 1));
  await ops.waitForSelector(`[data-said=whole]:has-text("每段留:窗口和电话 ${capacity - 1}、基层转诊 1")`);
  await ops.click('[data-action=define_template]');
  await ops.waitForSelector(`[data-template] [data-kept]:has-text("窗口和电话 ${capacity - 1}、基层转诊 1")`);
  const [template] = (await plan()).templates;
  assert.deepEqual(template.quotas, { online: 0, desk: capacity - 1, referral: 1 });
  await phoneOn(WEDNESDAY);
  await phone.waitForSelector('[data-session] [data-action=hold_slot]:disabled:has-text("网上已约满")');
  assert.equal(await phone.locator('[data-session] [data-action=hold_slot]:enabled').count(), 0);
  // Whom the desk books by a referral has the place that is kept for it.
  const patient = await house.person('王秀英', '1951-04-08', 26, '13912345682');
  const { session } = (await sessionsOn(WEDNESDAY))[0];
  const { appointment } = await house.call('POST', '/appointments', { session, slot: `${session}.0800`, patient, referral: 'ZZ-2026-7' }, house.desk);
  await house.call('POST', '/appointments/cancel', { appointment }, house.desk);
  // A week before is long ago: what is kept for the desk is everybody's at once.
  await ops.click('[data-action=change_quota_rules]');
  await ops.fill('dialog [name=desk_back_min]', '10080');
  await ops.fill('dialog [name=referral_release_days]', '29');
  await ops.click('dialog [data-action=dialog_go]');
  await ops.waitForSelector('[data-quota-rules]:has-text("留给窗口和电话的号没人约,提前 7 天还给大家"):has-text("转诊提前 29 天的 07:00 起可约")');
  await phone.waitForSelector(`[data-session] [data-action=hold_slot]:enabled:has-text("剩 ${capacity - 1}")`);
  assert.equal((await plan()).made_to, '2026-12-22', 'sessions are made for the referrals');
  await house.call('PUT', '/quota-rules', { department: D });
  await edit();
  for (const one of ['quota_desk', 'quota_referral']) await ops.fill(`[name=${one}]`, '0');
  await ops.click('[data-action=define_template]');
  await ops.waitForFunction(() => !document.querySelector('[data-template] [data-kept]'));
});

test('a holiday closes, says why, and comes back when it is taken back', async () => {
  await view(ops, 'exceptions');
  await ops.fill('[name=from]', NEXT_WEDNESDAY);
  await ops.fill('[name=to]', '2026-12-01');
  await ops.fill('[name=text]', '院庆');
  await ops.click('[data-action=except_days]');
  await ops.waitForSelector('[data-wrong=to] [role=alert]');
  await ops.fill('[name=to]', NEXT_WEDNESDAY);
  await ops.click('[data-action=except_days]');
  await ops.waitForSelector('[data-exception]:has-text("12月2日 周三"):has-text("全科 不出诊:院庆")');
  await ops.waitForSelector('.notices :text("取消 1 个班次")');
  await view(ops, 'calendar');
  await day(ops, NEXT_WEDNESDAY);
  await ops.waitForSelector('[data-standing=closed]:has-text("院庆")');
  await ops.waitForSelector(`[data-date="${NEXT_WEDNESDAY}"].closed:has-text("院庆")`);
  await ops.click('[data-view-of=exceptions]');
  await ops.click('[data-action=withdraw_exception]');
  await ops.waitForSelector('dialog :text("这 1 个班次会照每周排班恢复")');
  await ops.waitForSelector('dialog li:has-text("12月2日 周三 李明 上午")');
  await ops.click('dialog [data-action=dialog_go]');
  await ops.waitForSelector('.plan .empty:has-text("以后没有例外")');
  // Somebody else was sooner.
  await house.call('PUT', '/exceptions', { id: `${D}.soon`, from: NEXT_WEDNESDAY, to: NEXT_WEDNESDAY, does: { closed: { reason: '停电' } } });
  await ops.click('[data-action=plan_again]');
  await ops.click('[data-action=withdraw_exception]');
  await ops.waitForSelector('dialog li');
  await house.call('POST', '/exceptions/withdraw', { id: `${D}.soon` });
  await ops.click('dialog [data-action=dialog_go]');
  await ops.waitForSelector('.notices :text("别人刚撤销过了")');
  await ops.waitForSelector('.plan .empty:has-text("以后没有例外")');
  assert.deepEqual((await sessionsOn(NEXT_WEDNESDAY)).map((one) => one.standing), ['made']);
});

test('a doctor away and a substitute; a workday that was moved', async () => {
  await view(ops, 'exceptions');
  await ops.check('[data-kind=substitute]');
  await ops.selectOption('[name=doctor]', 'renmin.liming');
  await drawn(ops);
  assert.equal(await ops.locator('[name=substitute] option[value="renmin.liming"]').count(), 0, 'nobody is their own substitute');
  await ops.selectOption('[name=substitute]', 'renmin.zhoujing');
  await ops.fill('[name=from]', NEXT_WEDNESDAY);
  await ops.click('[data-action=except_days]');
  await ops.waitForSelector('[data-exception]:has-text("周静 替 李明")');
  await view(ops, 'calendar');
  await day(ops, NEXT_WEDNESDAY);
  await ops.waitForSelector('[data-standing=made]:has-text("周静"):has-text("替 李明")');
  await ops.click('[data-view-of=exceptions]');
  await ops.check('[data-kind=moved]');
  await ops.fill('[name=from]', '2026-11-28');
  await ops.selectOption('[name=as_weekday]', '1');
  await ops.click('[data-action=except_days]');
  await ops.waitForSelector('[data-exception]:has-text("11月28日 周六"):has-text("全科 按周一上班")');
  await view(ops, 'calendar');
  await day(ops, '2026-11-28');
  await ops.waitForSelector('[data-standing=made]:has-text("李明")');
  await ops.click('[data-view-of=exceptions]');
  for (let left = 2; left; left -= 1) {
    await ops.click('[data-action=withdraw_exception]');
    await ops.click('dialog [data-action=dialog_go]');
    await ops.waitForFunction((n) => document.querySelectorAll('[data-exception]').length === n, left - 1);
  }
});

test('a holiday of the whole hospital goes to its departments one after the other, says which have not taken it, and is taken back everywhere', async () => {
  await house.call('PUT', '/departments', { id: 'renmin.zhongyi', name: '中医科', name_en: 'Chinese medicine' });
  const page = await chrome.staff('/ops', SIZES.console, 'yunxing');
  await view(page, 'exceptions');
  await page.fill('[name=from]', '2026-12-09');
  await page.fill('[name=text]', '停水');
  await page.check('[name=is_all]');
  // The page still knows it.
  await house.call('POST', '/departments/retire', { id: 'renmin.zhongyi' });
  await page.click('[data-action=except_days]');
  await page.waitForSelector('[data-round=failed]:has-text("3 个科室里 2 个已办好") [data-failed="renmin.zhongyi"]:has-text("中医科"):has-text("已停用")');
  await looks(page);
  await page.click('[data-action=round_again]');
  await page.waitForSelector('[data-round=failed]:has-text("1 个科室里 0 个已办好")');
  await page.click('[data-action=round_close]');
  const ofEyes = async () => (await house.call('GET', '/departments/renmin.yanke/plan')).exceptions.map((one) => one.does.closed.reason);
  assert.deepEqual(await ofEyes(), ['停水']);
  assert.equal(await page.locator('[data-exception]').count(), 1, 'tried again it is not there twice');
  await page.click('[data-action=withdraw_exception]');
  await page.click('dialog [data-action=dialog_go_all]');
  await page.waitForSelector('[data-round]:not([data-round=running])');
  await page.waitForSelector('.plan .empty');
  assert.deepEqual(await ofEyes(), []);
  await page.context().close();
});

test('what was changed by hand stays so until it is given back', async () => {
  const [{ session }] = await sessionsOn(WEDNESDAY);
  await house.call('PUT', '/sessions', { id: session, date: WEDNESDAY, period: 'morning', queue: `${D}.liming`, doctor: 'renmin.liming', registration_class: '主任', fee_fen: 1250, slots: [{ start: '09:00', minutes: 30, capacity: 2 }] });
  await view(ops, 'calendar');
  await day(ops, WEDNESDAY);
  await ops.click('[data-action=plan_again]');
  await ops.waitForSelector('[data-standing=by_hand]:has-text("09:00–09:30"):has-text("手工改过")');
  await ops.click('[data-action=plan_session]');
  await ops.waitForSelector('dialog :text("李明 08:00–11:00")');
  await ops.click('dialog [data-action=dialog_go]');
  await ops.waitForSelector('[data-standing=made]:has-text("08:00–11:00")');
});

test('a session that takes no bookings says so on the phone, with its people as they were, and takes them again', async () => {
  await phoneOn(WEDNESDAY);
  await phone.waitForSelector('[data-action=hold_slot]:enabled');
  await view(ops, 'calendar');
  await day(ops, WEDNESDAY);
  await ops.click('[data-action=freeze_session]');
  await ops.click('dialog [data-choice]');
  await ops.click('dialog [data-action=dialog_go]');
  await ops.waitForSelector('[data-standing=frozen]:has-text("已停止预约")');
  await phone.waitForSelector('[data-frozen]:has-text("这个班次暂停预约")');
  assert.equal(await phone.locator('[data-action=hold_slot]:enabled').count(), 0);
  await phoneOn(WEDNESDAY);
  await phone.waitForSelector(`[data-action=choose_date][data-date="${WEDNESDAY}"]:has-text("不可约")`);
  await ops.click('[data-action=unfreeze_session]');
  await ops.click('dialog [data-choice]');
  await ops.waitForSelector('[data-standing=made]');
  await phone.waitForSelector('[data-frozen]', { state: 'detached' });
  await phone.waitForSelector('[data-action=hold_slot]:enabled');
});

test('what ought to go and has somebody in it stands first, with what is to be done', async () => {
  const patient = await house.person('王芳芳', '1980-01-01', 20, '13912345682');
  const [{ session }] = await sessionsOn(WEDNESDAY);
  const { appointment } = await house.call('POST', '/appointments', { session, slot: `${session}.0800`, patient }, house.desk);
  await house.call('PUT', '/exceptions', { id: `${D}.away`, from: WEDNESDAY, to: WEDNESDAY, doctor: 'renmin.liming', does: { closed: { reason: '生病' } } });
  await view(ops, 'calendar');
  await day(ops, NEXT_WEDNESDAY);
  await ops.click('[data-action=plan_again]');
  await ops.waitForSelector('[data-view-of=calendar]:has-text("1 个要处理")');
  await ops.click('[data-unsettled="1"] [data-action=see_day]');
  await ops.waitForSelector(`.of-day[data-day="${WEDNESDAY}"] [data-standing=to_go]:has-text("有 1 人约了")`);
  assert.equal(await ops.locator('[data-standing=to_go] .acts button').count(), 0, 'nothing that would undo the plan');
  await house.call('POST', '/appointments/cancel', { appointment }, house.desk);
  await ops.click('[data-action=plan_again]');
  await ops.waitForSelector('[data-standing=closed]:has-text("生病")');
  await house.call('POST', '/exceptions/withdraw', { id: `${D}.away` });
});

test('in English no word is missing, and it looks right at three widths', async () => {
  await house.call('PUT', '/exceptions', { id: `${D}.away2`, from: NEXT_WEDNESDAY, to: NEXT_WEDNESDAY, doctor: 'renmin.liming', does: { substitute: { doctor: 'renmin.zhoujing' } } });
  const patient = await house.person('赵小红', '1990-01-01', 22, '13912345683');
  const [{ session }] = await sessionsOn(WEDNESDAY);
  const { appointment } = await house.call('POST', '/appointments', { session, slot: `${session}.0800`, patient }, house.desk);
  await house.call('PUT', '/exceptions', { id: `${D}.away3`, from: WEDNESDAY, to: WEDNESDAY, doctor: 'renmin.liming', does: { closed: { reason: '学习' } } });
  for (const size of WIDTHS) {
    const page = await chrome.staff('/ops', size, 'yunxing');
    for (const name of ['weekly', 'exceptions', 'calendar']) {
      await view(page, name);
      if (name === 'calendar') await day(page, WEDNESDAY);
      await drawn(page);
      await looks(page);
      await fits(page, `${name} at ${size.width}`);
    }
    await page.click('jh-language button');
    for (const name of ['weekly', 'exceptions', 'calendar']) {
      await view(page, name);
      await drawn(page);
      const text = await page.textContent('#main');
      assert.doesNotMatch(text, /(ops|planning)\.[a-z]/, `a word is missing: ${name}`);
      assert.doesNotMatch(text, /\{\w+\}/, `a value is missing: ${name}`);
      await fits(page, `${name} at ${size.width} in English`);
    }
    await page.context().close();
  }
  await house.call('POST', '/appointments/cancel', { appointment }, house.desk);
  for (const id of [`${D}.away2`, `${D}.away3`]) await house.call('POST', '/exceptions/withdraw', { id });
});

/** Nothing is wider than where it stands. */
async function fits(page, what) {
  const wide = await page.evaluate(() => [document.documentElement, ...document.querySelectorAll('.plan, .plan *')]
    .filter((one) => one.clientWidth && one.scrollWidth > one.clientWidth + 4 && !one.matches('.visually-hidden, input, select') && getComputedStyle(one).display !== 'inline')
    .map((one) => `${one.tagName}.${one.className} ${one.scrollWidth} > ${one.clientWidth}`));
  assert.deepEqual(wide, [], what);
}

test('without a connection what was read stands with its time and nothing can be pressed; back, it is read again', async () => {
  await view(ops, 'calendar');
  await day(ops, WEDNESDAY);
  await ops.click('[data-action=plan_again]');
  await ops.waitForSelector('[data-action=freeze_session]:enabled');
  await ops.click('[data-view-of=weekly]');
  chrome.serverIsDown = true;
  await house.end('SIGKILL');
  await ops.waitForSelector('.read-when[data-old]:has-text("连接断开:以下是"):has-text("读到的")');
  assert.match(await ops.textContent('.read-when'), /\d\d:\d\d/);
  await ops.waitForSelector('[data-template]:has-text("李明")');
  for (const action of ['define_template', 'retire_template', 'change_ahead', 'change_quota_rules', 'change_reminder', 'plan_again']) await ops.waitForSelector(`[data-action=${action}]:disabled`);
  await ops.click('[data-view-of=calendar]');
  await day(ops, WEDNESDAY);
  await ops.waitForSelector('[data-action=freeze_session]:disabled');
  await house.open();
  await ops.waitForSelector('jh-connection[state=live]');
  await ops.waitForSelector('[data-action=freeze_session]:enabled');
  await ops.waitForSelector('.read-when:not([data-old])');
  chrome.serverIsDown = false;
  // Of what another has ended meanwhile it is said so.
  await ops.click('[data-view-of=weekly]');
  await edit();
  const [{ id }] = (await house.call('GET', `/departments/${D}/plan`)).templates;
  await house.call('POST', '/templates/retire', { id });
  await ops.click('[data-action=define_template]');
  await ops.waitForSelector('[data-form=define_template] [role=alert]:has-text("别人刚停用")');
});
