// Fees: the desk takes one with one key before the check-in or lets in who has not paid, gives back what is owed and asks for
// what is not; operations say what is wanted and decide as a second person; phone and kiosk say what to do.

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import test, { after, before } from 'node:test';
import { Browser, choose, drawn, Hospital, looks, ONE_SLOT, PASSWORD, pause, residentNumber, sayWho, signInPhone, SIZES, TODAY, TOMORROW } from './hospital.mjs';

const D = 'renmin.xinnei';

let house;
const PHONE = '13912345699';

let chrome;
let desk;
let ops;

before(async () => {
  house = await new Hospital({ speed: 1, start: '2026-11-23T08:32:00+08:00' }).open();
  await house.define(ONE_SLOT);
  await house.call('PUT', '/staff', { id: 'zizhu', role: 'kiosk', password: PASSWORD, site: 'renmin', departments: [D] });
  chrome = await new Browser(house.base).start();
  ops = await chrome.staff('/ops', SIZES.console, 'yunxing');
  desk = await chrome.staff('/desk', SIZES.desk, 'fenzhen');
});
after(async () => {
  await chrome?.close();
  await house?.close();
  assert.deepEqual(chrome.complaints, []);
});

const SHOTS = process.env.SHOTS;
/** @param {import('playwright-core').Page} page */
const shot = (page, name) => SHOTS && page.screenshot({ path: `${SHOTS}/${name}.png` });

let serial = 40;
/** Somebody who is booked today for 50.00 yuan. */
async function booked(name) {
  serial += 1;
  const patient = await house.person(name, `1951-03-${String(serial % 28 + 1).padStart(2, '0')}`, serial, `139123400${serial}`);
  return house.book('renmin.xinnei.s1', '08:30', patient);
}

/** What the department's books have of an appointment. */
const books = async (appointment) => (await house.call('GET', `/departments/${D}/payments?appointment=${appointment}`, undefined, house.desk)).appointments[0];

/** Types into the search box, until the only match stands there. */
async function look(name) {
  await desk.fill('#search', name);
  await desk.waitForSelector(`.found .hit:has-text("${name}")`);
  await drawn(desk);
}

/** A digit chooses how it is paid, Enter books it: as far apart as a finger's keys. */
async function takes(digit) {
  await desk.keyboard.press(digit);
  await pause(120);
  await desk.keyboard.press('Enter');
}

/** The part of fees in operations. */
async function open(page) {
  await page.click('[data-part=fees]');
  await page.waitForSelector(`[data-fees="${D}"]`);
}

test('nothing is wanted until operations say so: when the fee is paid, and what of it goes back', async () => {
  const appointment = await booked('郑规则');
  await look('郑规则');
  assert.equal(await desk.locator('.found [data-fee]').count(), 0);
  await open(ops);
  await ops.waitForSelector('[data-when=none]:has-text("签到前不用缴费")');
  await ops.waitForSelector('.fees .empty:has-text("没有要退的,也没有要批的")');
  await ops.click('[data-action=change_fees]');
  await ops.waitForSelector('dialog [data-form=define_payment]');
  await looks(ops);
  await shot(ops, 'ops-rules');
  await ops.focus('dialog [name=when]');
  await ops.keyboard.press('ArrowDown');
  await ops.selectOption('dialog [name=no_show]', 'none');
  await ops.click('dialog [data-action=dialog_go]');
  await ops.waitForSelector('[data-when=at_check_in]:has-text("签到前要缴"):has-text("才退号:全退;没来就诊:不退")');
  const { when, late_cancel: late, no_show: noShow } = await house.call('GET', `/departments/${D}/payments`, undefined, house.desk);
  assert.deepEqual([when, late, noShow], ['at_check_in', 'full', 'none']);
  assert.equal((await books(appointment)).due_fen, 5000);
  await house.call('POST', '/appointments/cancel', { appointment, reason: '试一试' }, house.desk);
});

test('a fee that is not paid stands at the appointment; a digit and Enter take it and check in, and neither alone takes money', async () => {
  const appointment = await booked('赵现金');
  await look('赵现金');
  await desk.waitForSelector('.found [data-fee=due]:has-text("挂号费 50.00 元,还没缴")');
  await shot(desk, 'desk-hit');
  await desk.press('#search', 'Enter');
  await desk.waitForSelector('dialog [data-form=take_payment]');
  await looks(desk);
  await shot(desk, 'desk-take');
  await desk.keyboard.press('Enter');
  await drawn(desk);
  assert.deepEqual((await books(appointment)).orders, [], 'pressed once more it is no money');
  await desk.fill('dialog [name=receipt]', '0001231');
  await desk.keyboard.press('1');
  assert.equal(await desk.inputValue('dialog [name=receipt]'), '00012311', 'in a field a digit is a digit');
  await desk.focus('dialog [data-action=take_card]');
  await desk.keyboard.press('1');
  await desk.waitForSelector('dialog [data-action=take_cash]:focus');
  await drawn(desk);
  assert.deepEqual((await books(appointment)).orders, [], 'chosen is not booked');
  await takes('1');
  await desk.waitForSelector('#undo:has-text("收了 50.00 元(现金)"):has-text("签到")');
  const { orders, due_fen: due, state } = await books(appointment);
  assert.deepEqual([orders.length, orders[0].amount_fen, orders[0].way, orders[0].receipt, due, state], [1, 5000, 'cash', '00012311', 0, 'checked_in']);
});

test('who has not paid is let in all the same; it stands at the number, and the card pays it later', async () => {
  const appointment = await booked('钱以后');
  await look('钱以后');
  await desk.click('.found [data-action=check_in]');
  await desk.waitForSelector('dialog [data-form=take_payment]');
  await takes('3');
  await desk.waitForSelector('#undo:has-text("签到")');
  const { number, state, due_fen: due } = await books(appointment);
  assert.deepEqual([state, due], ['checked_in', 5000]);
  await choose(desk, number);
  await desk.waitForSelector('[data-chosen] [data-fee=due]:has-text("还没缴")');
  await shot(desk, 'desk-ticket');
  await looks(desk);
  await desk.click('[data-chosen] [data-action=open_fees]');
  await desk.waitForSelector('dialog [data-due="5000"]');
  await looks(desk);
  await desk.click('dialog [data-action=take_card]');
  await desk.waitForSelector('dialog [role=status]:has-text("收了 50.00 元(刷卡)")');
  await desk.waitForSelector('dialog [data-order]:has-text("刷卡"):has-text("fenzhen 收")');
  await shot(desk, 'desk-fees');
  await desk.click('dialog [data-action=dialog_cancel]');
  await desk.waitForSelector('[data-chosen] [data-fee=paid]:has-text("挂号费 50.00 元,已缴")');
  assert.equal((await books(appointment)).orders[0].way, 'card');
});

test('what another desk has taken meanwhile is not taken twice, and nobody is asked once more who has paid', async () => {
  const appointment = await booked('孙两处');
  await look('孙两处');
  await desk.press('#search', 'Enter');
  await desk.waitForSelector('dialog [data-form=take_payment]');
  await house.call('POST', '/payments', { appointment, amount_fen: 5000, way: 'card' }, house.desk);
  await takes('1');
  await desk.waitForSelector('#undo:has-text("别人已经收过了"):has-text("签到")');
  assert.equal((await books(appointment)).orders.length, 1);
  const other = await booked('李已缴');
  await house.call('POST', '/payments', { appointment: other, amount_fen: 5000, way: 'cash' }, house.desk);
  await look('李已缴');
  await desk.waitForSelector('.found [data-fee=paid]:has-text("已缴")');
  await desk.press('#search', 'Enter');
  await desk.waitForSelector('#undo:has-text("李已缴"):has-text("签到")');
  assert.equal((await books(other)).state, 'checked_in');
});

test('who cancels gets it back at the desk, once', async () => {
  const appointment = await booked('周不来');
  await house.call('POST', '/payments', { appointment, amount_fen: 5000, way: 'cash' }, house.desk);
  await look('周不来');
  await desk.click('.found [data-action=cancel_appointment]');
  await desk.click('dialog [data-choice]');
  await desk.click('dialog [data-action=dialog_go]');
  await desk.waitForSelector('.found [data-fee=owed]:has-text("要退给患者 50.00 元")');
  await shot(desk, 'desk-owed');
  await desk.click('.found [data-action=open_fees]');
  await desk.waitForSelector('dialog [data-standing=owed]');
  await looks(desk);
  await shot(desk, 'desk-give');
  await desk.fill('dialog [name=receipt]', 'T7');
  await desk.click('dialog [data-action=give_refund]');
  await desk.waitForSelector('dialog [data-standing=given]:has-text("票据 T7")');
  assert.equal(await desk.locator('dialog [data-action=give_refund]').count(), 0);
  await desk.click('dialog [data-action=dialog_cancel]');
  await desk.waitForFunction(() => !document.querySelector('.found [data-fee]'));
  const [order] = (await books(appointment)).orders;
  assert.deepEqual([order.kept_fen, order.refunds[0].standing, order.refunds[0].cause], [0, 'given', order.refunds[0].cause]);
});

test('who comes for the money on another day is found by name, and is not checked in', async () => {
  const slots = ONE_SLOT;
  await house.call('PUT', '/sessions', {
    id: `${D}.next`, date: TOMORROW, period: 'morning', queue: `${D}.liming`, doctor: 'renmin.liming', registration_class: '主任', fee_fen: 2050, slots,
  });
  const appointment = await house.book(`${D}.next`, '08:30', await house.person('许改天', '1952-05-06', 77, '13912340077'));
  await house.call('POST', '/payments', { appointment, amount_fen: 2050, way: 'card' }, house.desk);
  await desk.fill('#search', '许改天');
  await desk.waitForSelector('.found .empty');
  await house.call('POST', '/appointments/cancel', { appointment, reason: '不来了' }, house.desk);
  await look('许改天');
  await desk.waitForSelector(`.found .hit:has-text("${TOMORROW} 08:30") [data-fee=owed]:has-text("要退给患者 20.50 元")`);
  assert.equal(await desk.locator('.found [data-action=check_in], .found [data-action=restore_appointment]').count(), 0);
  await shot(desk, 'desk-other-day');
  await desk.press('#search', 'ArrowDown');
  await desk.press('#search', 'Enter');
  await desk.click('dialog [data-action=give_refund]');
  await desk.waitForSelector('dialog [data-standing=given]');
  await desk.click('dialog [data-action=dialog_cancel]');
  await desk.waitForSelector('.found .empty');
});

test('the desk asks for a refund: not more than was paid, with a reason', async () => {
  const appointment = await booked('吴等久');
  await house.call('POST', '/payments', { appointment, amount_fen: 5000, way: 'card' }, house.desk);
  await look('吴等久');
  await desk.click('.found [data-action=open_fees]');
  await desk.click('dialog [data-action=ask_refund]');
  const form = 'dialog [data-form=ask_refund]';
  await desk.fill(`${form} [name=amount]`, '50.01');
  await desk.fill(`${form} [name=text]`, '等得太久');
  await desk.keyboard.press('Enter');
  await desk.waitForSelector(`${form} [role=alert]:has-text("从 0.01 元到 50.00 元")`);
  await shot(desk, 'desk-ask');
  await desk.fill(`${form} [name=amount]`, '12.50');
  await desk.click(`${form} [data-action=dialog_go]`);
  await desk.waitForSelector('dialog [data-standing=asked]:has-text("12.50 元"):has-text("等得太久"):has-text("fenzhen 申请")');
  assert.equal(await desk.locator('dialog [data-action=ask_refund]').count(), 0, 'one at a time');
  await desk.click('dialog [data-form=fees] [data-action=dialog_cancel]');
  assert.equal((await books(appointment)).orders[0].refunds[0].amount_fen, 1250);
  assert.equal((await house.call('GET', `/departments/${D}/payments?day=${TODAY}`, undefined, house.desk)).appointments.length, 6);
});

test('operations decide what somebody else has asked for; the desk gives it back, and the day adds up', async () => {
  await ops.click('[data-action=fees_again]');
  await ops.waitForSelector('.fees [data-standing=asked]:has-text("退 12.50 元"):has-text("李明"):has-text("等得太久"):has-text("fenzhen 申请")');
  await shot(ops, 'ops-asked');
  await ops.click('[data-action=grant_refund]');
  await ops.waitForSelector('dialog :text("缴了"), dialog :text("等得太久")');
  await ops.click('dialog [data-choice]');
  await ops.waitForSelector('.fees .things [data-standing=owed]:has-text("等分诊台退")');
  // What an operator has asked for, the same operator does not grant.
  const row = ops.locator('.paid tr:has-text("刷卡"):has([data-action=ask_refund])').first();
  await row.locator('[data-action=ask_refund]').click();
  await ops.fill('dialog [name=text]', '收错了');
  await ops.click('dialog [data-action=dialog_go]');
  await ops.waitForSelector('.fees .things [data-standing=asked] [data-own]:has-text("要另一个人批")');
  assert.equal(await ops.locator('.things [data-standing=asked] [data-action=grant_refund]').count(), 0);
  await looks(ops);
  await shot(ops, 'ops-own');
  await house.call('PUT', '/staff', { id: 'yunxing2', role: 'operator', password: PASSWORD, site: 'renmin' });
  const other = await chrome.staff('/ops', SIZES.console, 'yunxing2');
  await open(other);
  await other.click('.things [data-standing=asked] [data-action=decline_refund]');
  await other.fill('dialog [name=text]', '没有收错');
  await other.click('dialog [data-action=dialog_go]');
  await other.waitForFunction(() => !document.querySelector('.things [data-standing=asked]'));
  await other.context().close();
  await look('吴等久');
  await desk.click('.found [data-action=open_fees]');
  await desk.click('dialog [data-action=give_refund]:has-text("退回卡上了")');
  await desk.waitForSelector('dialog [data-standing=given]');
  await desk.click('dialog [data-action=dialog_cancel]');
  await ops.click('[data-action=fees_again]');
  await ops.waitForSelector('.fees .empty:has-text("没有要退的,也没有要批的")');
  const sums = Object.fromEntries(await ops.$$eval('[data-sum]', (all) => all.map((one) => [one.dataset.sum, one.querySelector('dd').textContent])));
  assert.deepEqual(sums, { paid: '300.00 元', given: '62.50 元', owed: '0.00 元', kept: '237.50 元' });
  await shot(ops, 'ops-day');
  await ops.setViewportSize(SIZES.phone);
  await looks(ops);
  assert.equal(await ops.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), true, 'nothing sticks out');
  if (SHOTS) await ops.screenshot({ path: `${SHOTS}/ops-narrow.png`, fullPage: true });
  await ops.setViewportSize(SIZES.console);
});

test('a day goes into a spreadsheet as it stands; another day has nothing', async () => {
  const [file] = await Promise.all([ops.waitForEvent('download'), ops.click('[data-action=fees_csv]')]);
  assert.equal(file.suggestedFilename(), `挂号费 ${TODAY}.csv`);
  const lines = (await fs.readFile(await file.path(), 'utf8')).trimEnd().split('\r\n');
  assert.match(lines[0], /^\uFEFF号码,时段,医生,状态,收费,方式,票据号,谁收的/);
  assert.equal(lines.length, 7);
  assert.ok(lines.some((line) => /,李明,已签到,50\.00,现金,00012311,fenzhen,/.test(line)), lines.join('\n'));
  await ops.click('[data-action=day_after]');
  await ops.waitForSelector(`[data-day="${TOMORROW}"] .paid tr:has-text("20.50 元")`);
  for (let days = 2; days; days -= 1) {
    await ops.click('[data-action=day_before]');
    await drawn(ops);
  }
  await ops.waitForSelector(`[data-day="2026-11-22"] .empty:has-text("没有收过钱")`);
});

test('the phone says where to pay, what is paid and what comes back; a kiosk sends to the desk', async () => {
  const phone = await chrome.open('/patient', SIZES.phone);
  await signInPhone(phone, house, PHONE);
  await sayWho(phone, '冯手机', residentNumber('1949-03-07', 17));
  await phone.click('[data-action=open_booking]');
  await phone.click(`[data-action=choose_department][data-department="${D}"]`);
  await phone.click('[data-session="renmin.xinnei.s1"] [data-action=hold_slot]:not([disabled])');
  await phone.click('[data-held] [data-action=confirm_appointment]');
  const card = '[data-ticket][data-state=booked]';
  await phone.waitForSelector(`${card} .big-words:has-text("到了先在分诊台缴挂号费 50.00 元")`);
  await phone.waitForSelector(`${card} .sub:has-text("缴费时分诊台会替您签到")`);
  // One thing to do: who would be refused is not asked to check in, and shows the number's code at the desk.
  assert.equal(await phone.locator('[data-action=check_in], [name=code], [data-fee=open]').count(), 0);
  await phone.waitForSelector('[data-pays-first] [data-action=show_code].primary');
  await looks(phone);
  await shot(phone, 'phone-due');
  const kiosk = await chrome.staff('/kiosk', { width: 1080, height: 1920 }, 'zizhu');
  const found = (await house.call('POST', `/departments/${D}/appointments/find`, { text: '冯手机' }, house.desk)).appointments[0];
  const scan = async () => {
    const { code: slip } = await house.call('GET', `/tickets/${found.ticket}/code`, undefined, house.desk);
    await kiosk.keyboard.type(`${slip}\n`);
    await kiosk.waitForSelector(`[data-view=found] [data-ticket="${found.ticket}"]`);
  };
  await scan();
  await kiosk.waitForSelector('[data-due="5000"]:has-text("请到分诊台缴挂号费 50.00 元,护士会同时替您签到")');
  // Who would be refused is not asked to press anything; what to do is read from where one stands.
  assert.equal(await kiosk.locator('[data-action=check_in]').count(), 0);
  assert.ok(await kiosk.$eval('[data-due]', (words) => parseFloat(getComputedStyle(words).fontSize) >= 36));
  await looks(kiosk);
  await shot(kiosk, 'kiosk-due');
  await house.call('POST', '/payments', { appointment: found.appointment, amount_fen: 5000, way: 'cash' }, house.desk);
  await phone.waitForSelector('[data-fee=done]:has-text("挂号费 50.00 元,已缴")');
  await shot(phone, 'phone-paid');
  await phone.click('[data-action=cancel_appointment]');
  await phone.click('dialog [data-action=dialog_go]');
  await phone.waitForSelector('[data-refund-of] [data-fee=open]:has-text("要退给您 50.00 元:请到分诊台领")');
  await looks(phone);
  await shot(phone, 'phone-owed');
  // Let in by the desk without having paid: the place in line is kept, and is not to be left for a till.
  const again = await house.book('renmin.xinnei.s1', '08:30', found.patient);
  await house.call('POST', '/appointments/check-in', { appointment: again }, house.desk);
  await phone.waitForSelector('[data-ticket][data-state=waiting] [data-fee=open]:has-text("您已签到,排队不受影响。挂号费 50.00 元还没缴,看完再到分诊台缴也可以")');
  await looks(phone);
  await shot(phone, 'phone-in-unpaid');
  await kiosk.context().close();
  await phone.context().close();
});

test('who came while the network was gone is asked for the fee like everybody, with the way back', async () => {
  const asked = await booked('赵断网');
  await desk.click('[data-side=walk_in]');
  await desk.focus('[data-form=register_walk_in] [name=name]');
  chrome.serverIsDown = true;
  await house.end('SIGKILL');
  await desk.waitForSelector('jh-offline-band[shown]');
  await desk.waitForFunction(() => document.activeElement.id === 'search');
  assert.match(await desk.getAttribute('#search', 'placeholder'), /网断了:来的人在这里记/);
  // An input method does not press keys: what it puts in goes where the cursor is.
  await desk.keyboard.insertText('赵断');
  await desk.keyboard.press('Enter');
  await desk.waitForSelector('[data-entry=written]:has-text("赵断")');
  await shot(desk, 'gap-offline');
  await house.open();
  await desk.waitForSelector('jh-connection[state=live]');
  await desk.waitForFunction(() => document.activeElement.id === 'search');
  const entry = '[data-entry=conflict]:has-text("赵断网")';
  await desk.waitForSelector(`${entry} [data-fee=due]:has-text("挂号费 50.00 元,还没缴")`);
  chrome.serverIsDown = false;
  await shot(desk, 'gap-asks');
  await looks(desk);
  await desk.click(`${entry} [data-action=take_entry]`);
  await desk.waitForSelector('dialog [data-form=take_payment]');
  await desk.click('dialog [data-action=dialog_cancel]');
  assert.equal((await books(asked)).state, 'booked', 'left at the fee nobody is checked in');
  await desk.click(`${entry} [data-action=take_entry]`);
  await desk.waitForSelector('dialog [data-form=take_payment]');
  await takes('3');
  await desk.waitForSelector('#undo:has-text("签到"):has-text("赵断网") [data-action=undo_last]');
  await shot(desk, 'gap-done');
  assert.deepEqual(await desk.$$eval('[data-entry]', (all) => all.map((one) => one.dataset.entry)), ['merged']);
  await desk.click('[data-action=undo_last]');
  await desk.waitForSelector('#undo:has-text("已撤销")');
  assert.equal((await books(asked)).state, 'booked');
});

test('what a scanner types while a fee or the questions are asked books and answers nothing, and is said', async () => {
  const card = residentNumber('1973-01-12', 21);
  const appointment = await booked('冯扫码');
  await look('冯扫码');
  await desk.press('#search', 'Enter');
  const fee = 'dialog [data-form=take_payment]';
  await desk.waitForSelector(fee);
  // A whole card, and one so short that it might be typed, but not so fast.
  for (const text of [card, '12']) {
    await desk.keyboard.type(`${text}\n`);
    await desk.waitForSelector(`${fee} [role=alert]:has-text("有人扫了码")`);
    await drawn(desk);
    assert.deepEqual((await books(appointment)).orders, []);
  }
  await looks(desk);
  await shot(desk, 'desk-scanned');
  await desk.click('dialog [data-action=dialog_cancel]');
  // The questions come before the money.
  const usual = await fetch(`${house.base}/api/v1/questions/usual?site=renmin`).then((r) => r.json());
  await house.call('PUT', '/questions', { ...usual, version: 1 });
  await desk.reload();
  await look('冯扫码');
  await desk.press('#search', 'Enter');
  const form = 'dialog [data-form=pre_check]';
  await desk.waitForSelector(form);
  await desk.keyboard.type(`${card}\n`);
  await desk.waitForSelector(`${form} .notice:has-text("有人扫了码")`);
  assert.equal(await desk.locator(`${form} :checked`).count(), 0);
  assert.equal(await desk.inputValue(`${form} [name=temperature]`), '');
  await looks(desk);
  await desk.click('dialog [data-action=dialog_cancel]');
  assert.deepEqual((await books(appointment)).orders, [], 'who is left at the questions has paid nothing');
  await desk.press('#search', 'Enter');
  await desk.waitForSelector(form);
  await desk.keyboard.press('2');
  await desk.keyboard.type('36.6');
  await desk.check('[data-question=contact] [value=no]');
  await desk.click('[data-action=pre_check_go]');
  await desk.waitForSelector(fee);
  await takes('2');
  await desk.waitForSelector('#undo:has-text("收了 50.00 元(刷卡)"):has-text("签到")');
  await house.call('PUT', '/questions', { ...usual, version: 2, questions: [], rules: [] });
  await desk.reload();
});

test('an undone check-in says that the money stays, and leads to it', async () => {
  const appointment = await booked('蒋撤销');
  await look('蒋撤销');
  await desk.press('#search', 'Enter');
  await desk.waitForSelector('dialog [data-form=take_payment]');
  await takes('1');
  await desk.waitForSelector('#undo [data-action=undo_last]:has-text("撤销签到")');
  await desk.click('#undo [data-action=undo_last]');
  await desk.waitForSelector('#undo:has-text("已撤销"):has-text("50.00 元仍记着收了(现金)")');
  await shot(desk, 'desk-undone');
  const { orders, state } = await books(appointment);
  assert.deepEqual([orders.length, state], [1, 'booked']);
  await desk.click('#undo [data-action=open_fees]');
  await desk.waitForSelector('dialog [data-form=fees] [data-action=ask_refund]');
  await desk.click('dialog [data-action=dialog_cancel]');
});
