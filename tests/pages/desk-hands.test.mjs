// The desk with many hands on it: who takes a number twice, alerts by the dozen, slips one after another.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, columnIs, drawn, Hospital, looks, ONE_SLOT, pause, residentNumber, SIZES } from './hospital.mjs';

const A = 'renmin.xinnei.liming';
const B = 'renmin.xinnei.zhoujing';
const FORM = '[data-form=register_walk_in]';

let hospital;
let browser;
let desk;

const shot = async (name) => process.env.SHOTS && desk.screenshot({ path: `${process.env.SHOTS}/${name}.png` });

before(async () => {
  hospital = await new Hospital({ speed: 30 }).open();
  await hospital.define(ONE_SLOT);
  const usual = await fetch(`${hospital.base}/api/v1/questions/usual?site=renmin&department=renmin.yanke`).then((r) => r.json());
  // A fever is looked at here, nobody is sent on.
  const rules = usual.rules.map((rule) => (rule.does.send_to ? { ...rule, does: { alert: { level: 'notice', text: { zh: '发烧,请去看一看', en: 'A fever, please have a look' } } } } : rule));
  await hospital.call('PUT', '/questions', { ...usual, rules, version: 1 });
  browser = await new Browser(hospital.base).start();
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await desk.waitForSelector(`[data-queue="${A}"]`);
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

/** The form of the walk-ins, filled in and sent by Enter. (By keys alone: staff-hands.test.mjs.) */
async function fill(name, born, serial, queue) {
  await desk.click('[data-side=walk_in]');
  await drawn(desk);
  await desk.fill(`${FORM} [name=name]`, name);
  await desk.fill(`${FORM} [name=number]`, residentNumber(born, serial));
  await desk.selectOption(`${FORM} [name=queue]`, queue);
  await desk.press(`${FORM} [name=number]`, 'Enter');
}

async function answer(fever = '2') {
  await desk.waitForSelector('dialog [data-form=pre_check]');
  await drawn(desk);
  await desk.keyboard.press(fever);
  await desk.keyboard.type(fever === '1' ? '38.2' : '36.6');
  await desk.check('dialog [data-question=contact] [value=no]');
  await desk.keyboard.press('Enter');
}

test('after a number was taken the name has the keys, and the button is still to be seen', async () => {
  await fill('孙丽', '1979-09-09', 8, A);
  await answer();
  await desk.waitForSelector('[data-slip] .number:text-is("A001")');
  await desk.waitForSelector(`${FORM} [name=name]:focus`);
  await columnIs(desk, A, ['A001']);
  const go = await (await desk.$('[data-action=register_walk_in]')).boundingBox();
  const print = await (await desk.$('[data-slip] [data-action=print_slip]')).boundingBox();
  const area = await (await desk.$('.area')).boundingBox();
  assert.ok(go.y > 0 && go.y + go.height <= print.y, `the slip stands below the form: ${JSON.stringify([go, print])}`);
  assert.ok(print.y + print.height <= area.y, 'and is to be seen');
  await looks(desk);
  await shot('slip');
  await desk.emulateMedia({ media: 'print' });
  assert.deepEqual(await desk.$$eval('.side .number', (all) => all.filter((one) => one.getClientRects().length).map((one) => one.closest('.on-slip') && one.textContent)), ['A001'], 'the whole slip, on paper alone');
  assert.ok(await desk.$eval('.on-slip .number', (one) => parseFloat(getComputedStyle(one).fontSize)) > 50, 'as large as ever');
  assert.equal(await desk.isVisible('[data-action=register_walk_in], [data-action=print_slip]'), false);
  await shot('slip-paper');
  await desk.emulateMedia({ media: 'screen' });
});

test('who waits already is asked about before the questions, in this queue and in another', async () => {
  await fill('孙丽', '1979-09-09', 8, A);
  await desk.waitForSelector('dialog [data-has-today]');
  assert.match(await desk.innerText('dialog'), /孙丽今天已有号 A001\(李明门诊,候诊\)/);
  await looks(desk);
  await shot('has-today');
  await desk.keyboard.press('Enter');
  await desk.waitForSelector('[data-chosen] .number:text-is("A001")');
  await desk.waitForSelector('[data-chosen] [data-action=print_slip]');
  await fill('孙丽', '1979-09-09', 8, B);
  await desk.waitForSelector('dialog [data-has-today]');
  await desk.click('dialog [data-action=dialog_cancel]');
  await columnIs(desk, B, []);
  assert.equal(await desk.inputValue(`${FORM} [name=name]`), '孙丽', 'what was typed stays');
  await desk.press(`${FORM} [name=number]`, 'Enter');
  await desk.click('dialog [data-action=another_number]:has-text("在周静门诊再取一个号")');
  await answer();
  await columnIs(desk, B, ['B001']);
  const { snapshot } = await hospital.call('GET', `/streams/queue:${B}`, undefined, hospital.desk);
  const first = await hospital.call('GET', `/streams/queue:${A}`, undefined, hospital.desk);
  const [one, other] = [first.snapshot, snapshot].map((queue) => Object.values(queue.tickets)[0].visit);
  assert.equal(one, other, 'of one visit');
  // Both are named now; and the same queue once more.
  await fill('孙丽', '1979-09-09', 8, B);
  await desk.waitForSelector('dialog [data-has-today]:has-text("B001"):has-text("A001")');
  await desk.click('dialog [data-action=another_number]');
  await answer();
  await columnIs(desk, B, ['B001', 'B002']);
});

test('a slip says place and time of one moment, and goes with the next patient or with its number', async () => {
  await fill('周杰', '1995-04-01', 11, A);
  await answer();
  await desk.waitForSelector('[data-slip] .number:text-is("A002")');
  await desk.waitForSelector('[data-slip] img', { state: 'attached' });
  const lines = () => desk.$eval('[data-slip]', (slip) => slip.textContent);
  const before = await lines();
  assert.match(before, /打印于 2026-11-23 \d\d:\d\d/);
  const clock = await desk.innerText('#clock');
  await desk.waitForFunction((was) => document.querySelector('#clock').textContent !== was, clock);
  await drawn(desk);
  assert.equal(await lines(), before);
  await shot('slip-2');
  const booked = await hospital.book('renmin.xinnei.s1', '08:30', await hospital.person('陈静', '1985-02-03', 6));
  await hospital.call('POST', '/appointments/check-in', { appointment: booked, pre_check: { version: 1, not_asked: '门口已经问过' } }, hospital.desk);
  await desk.waitForSelector('[data-row]:has-text("陈静")');
  assert.equal(await desk.$$eval('[data-slip]', (all) => all.length), 1, 'what others do leaves it');
  // The next one at this desk.
  await hospital.book('renmin.xinnei.s1', '08:30', await hospital.person('刘洋', '2000-12-12', 7));
  await desk.fill('#search', '刘洋');
  await desk.waitForSelector('.found [data-appointment]');
  await desk.press('#search', 'Enter');
  await answer();
  await desk.waitForSelector('[data-row]:has-text("刘洋")');
  await desk.waitForSelector('[data-slip]', { state: 'detached' });
  // Its number ends.
  await fill('吴敏', '1961-04-01', 12, A);
  await answer();
  await desk.waitForSelector('[data-slip]');
  const ticket = await desk.$eval('[data-slip]', (slip) => slip.dataset.slip);
  await hospital.call('POST', '/tickets/cancel', { ticket, reason: '走了' }, hospital.desk);
  await desk.waitForSelector('[data-slip]', { state: 'detached' });
});

test('who has only a booking of today is asked about it before a number is taken', async () => {
  const booked = await hospital.book('renmin.xinnei.s1', '08:30', await hospital.person('王芳', '1988-09-09', 21));
  await fill('王芳', '1988-09-09', 21, B);
  await desk.waitForSelector(`dialog:has-text("王芳今天 08:30 有预约(李明门诊)") [data-has-booking="${booked}"]`);
  await looks(desk);
  await shot('has-booking');
  await desk.click('dialog [data-action=dialog_cancel]');
  await desk.waitForSelector('dialog[open]', { state: 'detached' });
  // The number all the same. While the form is off, Enter in it does nothing.
  await desk.waitForSelector('[data-action=register_walk_in]:enabled');
  await desk.press(`${FORM} [name=number]`, 'Enter');
  await desk.click('dialog [data-has-booking] [data-action=another_number]');
  await answer();
  await desk.waitForSelector('[data-slip] .number:text-matches("^B")');
  await hospital.call('POST', '/tickets/cancel', { ticket: await desk.$eval('[data-slip]', (slip) => slip.dataset.slip), reason: '走了' }, hospital.desk);
  await desk.waitForSelector('[data-slip]', { state: 'detached' });
  // The booking.
  await fill('王芳', '1988-09-09', 21, B);
  await desk.click(`dialog [data-has-booking] [data-action=check_in][data-appointment="${booked}"]`);
  await answer();
  await desk.waitForSelector('[data-row]:has-text("王芳")');
  // The row may stand there before the answer has come; then the form begins anew.
  await desk.waitForFunction((form) => document.querySelector(`${form} [name=name]`).value === '', FORM);
});

test('a booking of today in another department of the desk is asked about too, and found there by one press', async () => {
  const booked = await hospital.book('renmin.yanke.s1', '08:30', await hospital.person('段誉', '1991-01-19', 23));
  await fill('段誉', '1991-01-19', 23, B);
  await desk.waitForSelector(`dialog:has-text("段誉今天 08:30 有预约(眼科)") [data-has-booking="${booked}"]`);
  await looks(desk);
  await shot('has-booking-elsewhere');
  // The number here all the same.
  await desk.click('dialog [data-has-booking] [data-action=another_number]');
  await answer();
  await desk.waitForSelector('[data-slip] .number:text-matches("^B")');
  await hospital.call('POST', '/tickets/cancel', { ticket: await desk.$eval('[data-slip]', (slip) => slip.dataset.slip), reason: '走了' }, hospital.desk);
  await desk.waitForSelector('[data-slip]', { state: 'detached' });
  // The booking there.
  await fill('段誉', '1991-01-19', 23, B);
  await desk.click(`dialog [data-has-booking] [data-action=go_there][data-appointment="${booked}"]`);
  await desk.waitForSelector('[data-queue="renmin.yanke.wangfang"]');
  await desk.waitForSelector(`.found [data-action=check_in][data-appointment="${booked}"]`);
  await desk.press('#search', 'Enter');
  await answer();
  await desk.waitForSelector('[data-queue="renmin.yanke.wangfang"] [data-row]:has-text("段誉")');
  await desk.selectOption('[data-action=choose_department]', 'renmin.xinnei');
  await desk.waitForSelector(`[data-queue="${B}"]`);
  assert.equal(await desk.inputValue(`${FORM} [name=name]`), '', 'the form begins anew');
});

test('however many are to be looked at, the search box is in sight: urgent ones in full, the others behind one button', async () => {
  const comes = async (name, born, serial) => {
    const answers = { fever: 'yes', temperature: '38.2', contact: 'no' };
    await hospital.call('POST', '/tickets', { queue: B, patient: await hospital.person(name, born, serial), pre_check: { version: 1, answers } }, hospital.desk);
  };
  const top = async () => (await (await desk.$('#search')).boundingBox()).y;
  const [bare, band] = [await top(), 140];
  for (let n = 1; n <= 10; n += 1) await comes('周海燕', '1970-01-01', 400 + n);
  await desk.waitForSelector('[data-alerts-more="10"]:has-text("10 位请看一看")');
  assert.equal(await desk.$('[data-alert]'), null);
  assert.ok((await top()) - bare <= 60, `${await top()}`);
  await looks(desk);
  await shot('alerts-amber');
  for (let n = 1; n <= 4; n += 1) {
    await comes('小明', `2022-01-0${n}`, 420 + n);
    await desk.waitForSelector(`[data-alerts-more="${n > 3 ? 11 : 10}"]`);
    await desk.waitForFunction((many) => document.querySelectorAll('[data-alert][data-level=urgent]').length === many, Math.min(n, 3));
    assert.ok((await top()) - bare <= band, `${n}: ${await top()}`);
    await shot(`alerts-${n}`);
  }
  assert.match(await desk.innerText('[data-alerts-more]'), /还有 1 位要马上处理\s+10 位请看一看/);
  await looks(desk);
  await desk.click('[data-action=open_alerts]');
  await desk.waitForFunction(() => document.querySelectorAll('.alert-list [data-alert]').length === 11);
  const box = await (await desk.$('#search')).boundingBox();
  assert.ok(box.y + box.height < 700, 'in sight with the list open too');
  await looks(desk);
  await shot('alerts-open');
  await desk.click('.alert-list [data-alert][data-level=notice] [data-action=acknowledge_alert]');
  await desk.waitForSelector('[data-alerts-more="10"]');
  await desk.click('.alert-list [data-alert][data-level=notice] [data-action=show_alert]');
  await desk.waitForSelector('[data-chosen]');
  await desk.click('[data-action=switch_language]');
  await desk.waitForSelector('[data-alerts-more]:has-text("9 to have a look at")');
  await desk.click('[data-action=open_alerts]');
  await desk.waitForSelector('.alert-list', { state: 'detached' });
  await shot('alerts-en');
});

test('without the server an alert is taken over all the same: it rings no more, and the house hears of it when it is back', async () => {
  await desk.evaluate(() => {
    const make = BaseAudioContext.prototype.createOscillator;
    BaseAudioContext.prototype.createOscillator = function counted() {
      window.tones = (window.tones || 0) + 1;
      return make.call(this);
    };
  });
  await desk.waitForFunction(() => window.tones > 0);
  browser.serverIsDown = true;
  await hospital.end('SIGKILL');
  await desk.waitForSelector('jh-offline-band[shown]');
  const urgent = '[data-alert][data-level=urgent]';
  for (const ticket of await desk.$$eval(urgent, (all) => all.map((one) => one.dataset.alert))) await desk.click(`[data-alert="${ticket}"] [data-action=acknowledge_alert]`);
  assert.equal(await desk.innerText(`${urgent} [data-noted]`), 'Noted as yours, sent when back online');
  await shot('alerts-noted');
  // The fourth of them, in the list.
  await desk.click('[data-action=open_alerts]');
  await desk.click(`.alert-list ${urgent} [data-action=acknowledge_alert]`);
  const tones = await desk.evaluate(() => window.tones);
  await pause(8000);
  assert.equal(await desk.evaluate(() => window.tones), tones, 'who is being dealt with rings no more');
  // What was noted outlives the page.
  assert.equal(await desk.evaluate(() => JSON.parse(sessionStorage.getItem('jiaohao.desk.heard')).length), 4);
  await hospital.open();
  await desk.waitForFunction((which) => !document.querySelector(which), urgent);
  browser.serverIsDown = false;
  await desk.waitForFunction(() => sessionStorage.getItem('jiaohao.desk.heard') === null);
});

test('a child whom a doctor has called rings no more, and is no alert any more once it was seen', async () => {
  const token = await hospital.signIn('wangfang');
  const department = 'renmin.yanke';
  const { assignment } = await hospital.call('POST', '/work/start', { department, service_point: 'renmin.yanke.r1' }, token);
  const patient = await hospital.person('小红红', '2022-08-08', 131);
  const { ticket } = await hospital.call('POST', '/tickets', { queue: 'renmin.yanke.wangfang', patient, pre_check: { version: 1, answers: { fever: 'yes', temperature: 'not_measured', contact: 'no' } } }, hospital.desk);
  await desk.selectOption('[data-action=choose_department]', department);
  await desk.waitForSelector(`[data-alert="${ticket}"][data-level=urgent]`);
  const tones = () => desk.evaluate(() => window.tones);
  const before = await tones();
  await desk.waitForFunction((was) => window.tones > was, before);
  await hospital.call('POST', '/calls', { department, assignment, in_hand: null, outcome: null, ticket, reason: '孩子发烧' }, token);
  await desk.waitForSelector(`[data-row="${ticket}"][data-state=called]`);
  const then = await tones();
  await pause(8000);
  assert.equal(await tones(), then, 'a doctor is with them');
  assert.ok(await desk.$(`[data-alert="${ticket}"]`), 'and nobody has taken it over yet');
  await hospital.call('POST', '/tickets/finish-service', { ticket }, token);
  await desk.waitForSelector(`[data-alert="${ticket}"]`, { state: 'detached' });
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
