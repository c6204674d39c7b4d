// Every page in the states that people meet it in (signed out, empty, busy, asking, refusing, offline), in both languages and
// at its size: axe finds nothing against WCAG 2.2 A and AA, nothing lies beside the window, and no target is
// smaller than 44 px (the small caller: 24). What axe cannot see is in
// `access-hands.test.mjs`; the paper is `docs/accessibility.md`.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import test, { after, afterEach, before } from 'node:test';
import { Browser, choose, giveReason, Hospital, inHand, ONE_SLOT, PASSWORD, residentNumber, seenByHand, SIZES, smallTargets } from './hospital.mjs';

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const A = 'renmin.xinnei.liming';
const PHONE = '13912345678';
const KIOSK = { width: 1080, height: 1920 };

let hospital;
let browser;
let doctor;
/** What was found, by state. @type {string[]} */
let found = [];

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  await hospital.call('PUT', '/staff', { id: 'zizhu', role: 'kiosk', password: PASSWORD, site: 'renmin', departments: ['renmin.xinnei'] });
  await hospital.call('PUT', '/staff', { id: 'zongkong', role: 'operator', password: PASSWORD });
  browser = await new Browser(hospital.base).start();
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});
// A test goes through all of its states, and says all that is wrong in them.
afterEach(() => {
  const all = found;
  found = [];
  assert.deepEqual(all, []);
});

/** Reads the page as it stands. @param {import('playwright-core').Page} page @param {string} state named when something is found */
async function looks(page, state) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  const faults = await page.evaluate(async (rules) => {
    // A colour on its way is none.
    for (const one of document.getAnimations()) one.finish();
    const { violations } = await window.axe.run(document, { runOnly: rules });
    const found = violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.html.slice(0, 160)} (${n.failureSummary.split('\n')[1] || ''})`).join(' | ')}`);
    const root = document.documentElement;
    if (!document.title) found.push('no title');
    if (!/^(zh-CN|en)$/.test(root.lang)) found.push(`language ${root.lang}`);
    if (!document.querySelector('h1')) found.push('no heading');
    // English among Chinese is read out as English only where it says so.
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (root.lang === 'zh-CN' && texts.nextNode()) {
      const { data, parentElement: holder } = texts.currentNode;
      if (/(?<![\w.:-])[a-z]{2,} [a-z]{2,}(?![\w.:-])/i.test(data) && holder.closest('[lang]').lang !== 'en') found.push(`English unmarked: ${data}`);
    }
    // And Chinese among English, where a house typed it so. What was asked or said before the language was changed stays as it was said.
    const theirs = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (root.lang === 'en' && theirs.nextNode()) {
      const { data, parentElement: holder } = theirs.currentNode;
      if (/[\u3400-\u9fff]/.test(data) && !/[A-Za-z]{2}/.test(data) && holder.closest('[lang]').lang !== 'zh-CN' && !holder.closest('dialog, #undo')) found.push(`Chinese unmarked: ${data}`);
    }
    if (root.scrollWidth > innerWidth) found.push(`${root.scrollWidth} wide in ${innerWidth}`);
    return found;
  }, RULES);
  found.push(...faults.concat((await smallTargets(page)).map((one) => `too small: ${one}`)).map((fault) => `${state}: ${fault}`));
}

/** The same words in the other language, whatever is open. */
const speak = (page, lang) => page.evaluate((to) => import('/web/lib/i18n.js').then((words) => words.setLanguage(to)), lang).then(() => page.waitForSelector(`html[lang^=${lang}]`));

/** A state that stays, in both languages. */
async function both(page, state) {
  await looks(page, `${state}, zh`);
  await speak(page, 'en');
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await looks(page, `${state}, en`);
  await speak(page, 'zh');
}

/** Without a connection, and back. */
async function offline(page, state, shown = 'jh-offline-band[shown]') {
  browser.serverIsDown = true;
  await page.context().setOffline(true);
  await page.waitForSelector(shown);
  await looks(page, `${state} offline`);
  await page.context().setOffline(false);
  await page.waitForSelector(shown, { state: 'detached' });
  browser.serverIsDown = false;
}

/** A sign-in that is refused. Chromium notes the answer as an error. */
async function refused(page, state) {
  browser.serverIsDown = true;
  await page.fill('[name=name]', 'niemand');
  await page.fill('[name=password]', 'not-the-password');
  await page.click('[data-action=sign_in]');
  await page.waitForSelector('.notice.alarm');
  await looks(page, `${state}, sign-in refused`);
  browser.serverIsDown = false;
}

async function signIn(page, name) {
  await page.fill('[name=name]', name);
  await page.fill('[name=password]', PASSWORD);
  await page.click('[data-action=sign_in]');
  await page.waitForSelector('jh-connection[state=live]');
}

test('the start leads to every page', async () => {
  const page = await browser.open('/', SIZES.desk);
  const ways = await page.$$eval('nav a', (all) => all.map((a) => a.getAttribute('href')));
  assert.deepEqual(ways, ['/patient', '/doctor', '/desk', '/caller', '/kiosk', '/ops']);
  for (const way of ways) assert.ok((await fetch(hospital.base + way)).ok, way);
});

test('the start, an address that is none, and a house that is still starting', async () => {
  const page = await browser.open('/', SIZES.desk);
  await page.waitForSelector('[data-action=sign_in]');
  await both(page, '/');
  await refused(page, '/');
  browser.serverIsDown = true;
  await page.goto(`${hospital.base}/nothere`);
  await page.waitForSelector('h1:has-text("没有这一页")');
  await both(page, 'nowhere');
  const starting = fs.readFileSync(new URL('../../src/web/starting.html', import.meta.url), 'utf8');
  await page.route('**/desk', (route) => route.fulfill({ status: 503, contentType: 'text/html', body: starting }));
  await page.goto(`${hospital.base}/desk`);
  await page.waitForSelector('h1:has-text("系统正在启动")');
  await looks(page, 'starting');
  // It loads what was wanted once the house is up, and not before. Whether it is says that page itself: nobody else is asked,
  // since a proxy keeps for itself how the house is.
  await page.clock.install();
  await page.goto(`${hospital.base}/desk`);
  const asked = page.waitForRequest((request) => request.resourceType() === 'xhr' && request.url() === `${hospital.base}/desk`);
  await page.clock.runFor(4000);
  await asked;
  await page.waitForSelector('h1:has-text("系统正在启动")');
  await page.unroute('**/desk');
  await page.clock.runFor(4000);
  await page.waitForSelector('[data-action=sign_in]');
  browser.serverIsDown = false;
  await page.context().close();
});

test('the screens: code, unknown, quiet', async () => {
  const desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await desk.click('[data-side=screens]');
  for (const where of ['/board/renmin.b3f', '/door/renmin.xinnei.r3']) {
    for (const size of [SIZES.screen, KIOSK]) {
      const screen = await browser.open(where, size);
      const code = await screen.getAttribute('[data-pairing-code]', 'data-pairing-code');
      await looks(screen, `${where} pairing`);
      await desk.fill('[data-form=approve_screen] [name=code]', code);
      await desk.click('[data-action=approve_screen]');
      await screen.waitForSelector('.live:not(.off)');
      await looks(screen, `${where} quiet`);
      await screen.context().close();
    }
  }
  await both(desk, '/desk screens');
  await desk.context().close();
  browser.serverIsDown = true;
  const unknown = await browser.open('/board/renmin.nothere', SIZES.screen);
  await unknown.waitForSelector('[data-unknown]');
  await looks(unknown, '/board unknown');
  browser.serverIsDown = false;
  await unknown.context().close();
});

test('the console: sign-in, where to begin, nobody there', async () => {
  doctor = await browser.open('/doctor', SIZES.console);
  await doctor.waitForSelector('[data-action=sign_in]');
  await both(doctor, '/doctor');
  await refused(doctor, '/doctor');
  await signIn(doctor, 'liming');
  await doctor.waitForSelector('[data-action=start_work]');
  await both(doctor, '/doctor begin');
  await doctor.click('[data-action=start_work][data-service-point="renmin.xinnei.r3"]');
  await inHand(doctor, null);
  await both(doctor, '/doctor empty');
  for (const tab of ['away', 'missed', 'ended', 'waiting']) {
    await doctor.click(`[data-tab=${tab}]`);
    await looks(doctor, `/doctor empty ${tab}`);
  }
});

test('the desk: sign-in, empty, busy, found, chosen, asking, offline', async () => {
  const desk = await browser.open('/desk', SIZES.desk);
  await desk.waitForSelector('[data-action=sign_in]');
  await both(desk, '/desk');
  await refused(desk, '/desk');
  await signIn(desk, 'fenzhen');
  await desk.waitForSelector('[data-queue]');
  await both(desk, '/desk empty');
  for (const [i, name] of ['张小三', '欧阳雪', '何伟', '周雨桐', '赵丽'].entries()) {
    const patient = await hospital.person(name, `198${i}-01-01`, 50 + i);
    if (i < 2) await hospital.book('renmin.xinnei.s1', '08:30', patient);
    else await hospital.call('POST', '/tickets', { queue: A, patient, ...(i === 4 && { class: 'emergency' }) }, hospital.desk);
  }
  await desk.fill('#search', '张小三');
  await desk.waitForSelector('.found [data-action=check_in]');
  await both(desk, '/desk found');
  await desk.fill('#search', '无此人');
  await desk.waitForSelector('.found .empty');
  await both(desk, '/desk found nothing');
  await desk.fill('#search', '欧阳雪');
  await desk.waitForSelector('.found [data-action=check_in]');
  await desk.press('#search', 'Enter');
  await desk.waitForSelector('#undo[shown]');
  await looks(desk, '/desk undo');
  await choose(desk, 'A003');
  await both(desk, '/desk chosen');
  await desk.click('[data-chosen] [data-action=transfer_ticket]');
  await both(desk, '/desk moving');
  await desk.click('[data-chosen] [data-action=transfer_ticket]');
  await desk.click('[data-chosen] [data-action=read_document]');
  await looks(desk, '/desk document');
  for (const action of ['cancel_ticket', 'call_ticket', 'read_acting']) {
    await desk.click(`[data-chosen] [data-action=${action}]`);
    await desk.waitForSelector('dialog[open]');
    await looks(desk, `/desk ${action}`);
    await desk.keyboard.press('Escape');
    await desk.waitForSelector('dialog', { state: 'detached' });
  }
  for (const filter of ['away', 'missed', 'in_transit', 'ended', 'waiting']) {
    await desk.click(`[data-filter=${filter}]`);
    await looks(desk, `/desk ${filter}`);
  }
  await desk.click('[data-side=sessions]');
  await desk.waitForSelector('[data-session]');
  await both(desk, '/desk sessions');
  await desk.click('[data-session="renmin.xinnei.s1"] [data-action=close_session]');
  await desk.waitForSelector('dialog[open]');
  await both(desk, '/desk closing, asked');
  await desk.click('[data-action=close_sure]');
  await desk.waitForSelector('dialog[open]:not(:has([data-action=close_sure]))');
  await both(desk, '/desk closing');
  await desk.keyboard.press('Escape');
  await desk.click('[data-side=walk_in]');
  const form = '[data-form=register_walk_in]';
  await desk.selectOption(`${form} [name=kind]`, 'passport');
  await desk.selectOption(`${form} [name=class]`, 'military');
  await both(desk, '/desk walk-in');
  browser.serverIsDown = true;
  await desk.click('[data-side=screens]');
  await desk.fill('[data-form=approve_screen] [name=code]', '000000');
  await desk.click('[data-action=approve_screen]');
  await desk.waitForSelector('.notice.alarm');
  await looks(desk, '/desk refused');
  await offline(desk, '/desk');
  await desk.context().close();
});

test('the console and the caller: somebody in hand, asking, refusing, paused, offline', async () => {
  await doctor.click('[data-action=call_next_patient]');
  await doctor.waitForSelector('#undo[shown]');
  await looks(doctor, '/doctor undo');
  await doctor.waitForSelector('.tickets [data-row]');
  await both(doctor, '/doctor busy');
  for (const action of ['.hand [data-action=transfer_ticket]', '[data-action=edit_keys]', '[data-action=pause_work]', '.tickets [data-action=call_ticket]']) {
    await doctor.click(action);
    await doctor.waitForSelector('dialog[open]');
    await both(doctor, `/doctor ${action}`);
    await doctor.keyboard.press('Escape');
    await doctor.waitForSelector('dialog', { state: 'detached' });
  }
  const caller = await browser.open('/caller', SIZES.caller);
  await caller.waitForSelector('[data-action=sign_in]');
  await both(caller, '/caller');
  await signIn(caller, 'liming');
  await caller.waitForSelector('.who .number');
  await both(caller, '/caller busy');
  await caller.click('[data-action=recall_patient]');
  await caller.waitForSelector('#undo[shown]');
  await looks(caller, '/caller undo');
  await offline(caller, '/caller', 'jh-connection[state=offline]');
  await doctor.click('[data-action=pause_work]');
  await giveReason(doctor);
  await doctor.waitForSelector('.paused');
  await both(doctor, '/doctor paused');
  await caller.waitForSelector('.who [data-paused]:has-text("暂停")');
  await both(caller, '/caller paused');
  await seenByHand(doctor, '[data-action=finish_service]');
  await caller.waitForSelector('[data-action=resume_work]');
  await both(caller, '/caller nobody');
  await doctor.click('[data-action=resume_work]');
  await offline(doctor, '/doctor');
  await caller.context().close();
});

test('the screens: called, an emergency, offline', async () => {
  const desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await desk.click('[data-side=screens]');
  const screens = [];
  for (const where of ['/board/renmin.b3f', '/door/renmin.xinnei.r3']) {
    const screen = await browser.open(where, SIZES.screen);
    await desk.fill('[data-form=approve_screen] [name=code]', await screen.getAttribute('[data-pairing-code]', 'data-pairing-code'));
    await desk.click('[data-action=approve_screen]');
    await screen.waitForSelector('.live:not(.off)');
    screens.push(screen);
  }
  await hospital.call('POST', '/tickets', { queue: A, patient: await hospital.person('赵急', '1960-01-01', 61), class: 'emergency' }, hospital.desk);
  await hospital.call('POST', '/sessions/delay', { session: 'renmin.xinnei.s1', minutes: 20 }, hospital.desk);
  await doctor.click('[data-action=call_next_patient]:not([disabled])');
  await screens[0].waitForSelector('[data-band=emergency]');
  await screens[1].waitForSelector('.now.called');
  for (const screen of screens) {
    await looks(screen, `${screen.url()} called`);
    await offline(screen, screen.url(), '[data-band=offline]');
    await screen.context().close();
  }
  await seenByHand(doctor, '[data-action=finish_service]');
  await inHand(doctor, null);
  await desk.context().close();
});

test('the kiosk: sign-in, each way, nothing found, a number, offline', async () => {
  const kiosk = await browser.open('/kiosk', KIOSK);
  await kiosk.waitForSelector('[data-action=sign_in]');
  await both(kiosk, '/kiosk');
  await signIn(kiosk, 'zizhu');
  await kiosk.waitForSelector('[data-area-code]:not([data-area-code=""]) img');
  await both(kiosk, '/kiosk start');
  await kiosk.click('[data-way=number]');
  await both(kiosk, '/kiosk number');
  await kiosk.click('[data-action=letters]');
  await looks(kiosk, '/kiosk letters');
  await kiosk.click('[data-action=home]');
  await kiosk.click('[data-way=document]');
  await both(kiosk, '/kiosk document');
  await kiosk.keyboard.type(residentNumber('1999-09-09', 9));
  await kiosk.click('[data-action=find]');
  await kiosk.waitForSelector('[data-found="0"]');
  await both(kiosk, '/kiosk nothing found');
  await kiosk.click('[data-action=home]');
  await kiosk.click('[data-way=document]');
  await kiosk.keyboard.type(residentNumber('1980-01-01', 50));
  await kiosk.click('[data-action=find]');
  await kiosk.waitForSelector('[data-action=check_in]');
  await both(kiosk, '/kiosk found');
  await kiosk.click('[data-action=check_in]');
  await kiosk.waitForSelector('[data-view=done]');
  await both(kiosk, '/kiosk done');
  await kiosk.click('[data-action=home]');
  await offline(kiosk, '/kiosk');
  await kiosk.context().close();
});

test('the phone: sign-in, who, nothing yet, booking, card, called, family, elderly mode, offline', async () => {
  const phone = await browser.open('/patient', SIZES.phone);
  await phone.waitForSelector('[data-action=send_code]');
  await both(phone, '/patient');
  await phone.fill('[name=phone]', PHONE);
  await phone.click('[data-action=send_code]');
  await phone.waitForSelector('[name=code]');
  await both(phone, '/patient code');
  browser.serverIsDown = true;
  await phone.fill('[name=code]', '00000000');
  await phone.click('[data-action=sign_in]');
  await phone.waitForSelector('.notice.alarm');
  await looks(phone, '/patient wrong code');
  browser.serverIsDown = false;
  await phone.fill('[name=code]', hospital.codeOf(PHONE));
  await phone.click('[data-action=sign_in]');
  await phone.waitForSelector('[data-form=register_person]');
  await both(phone, '/patient who');
  await phone.fill('[data-form=register_person] [name=name]', '李晓红');
  await phone.fill('[data-form=register_person] [name=number]', residentNumber('1990-03-07', 17));
  await phone.click('[data-action=register_person]');
  await phone.waitForSelector('[data-action=open_booking]');
  for (const elder of [false, true]) {
    const mode = elder ? '/patient elderly' : '/patient';
    await phone.click('nav [data-action=open_me]');
    if (elder) await phone.check('[data-action=elder]');
    await both(phone, `${mode} me`);
    await phone.click('[data-action=add_person]');
    await both(phone, `${mode} somebody else`);
    await phone.click('[data-action=register_cancel]');
    await phone.click('nav [data-action=open_book]');
    if (!elder) {
      await phone.fill('[data-field=find]', 'xn');
      await phone.waitForSelector('[data-found=departments]');
      await both(phone, `${mode} found`);
      await phone.fill('[data-field=find]', '');
    }
    if (!elder) await phone.click('[data-action=choose_department][data-department="renmin.xinnei"]');
    await phone.waitForSelector('[data-action=hold_slot]');
    await both(phone, `${mode} slots`);
    await phone.click('[data-session="renmin.xinnei.s1"] [data-action=hold_slot]:not([disabled])');
    await phone.waitForSelector('[data-held]');
    await both(phone, `${mode} held`);
    if (!elder) await phone.click('[data-held] [data-action=cancel_appointment]');
  }
  await phone.click('[data-held] [data-action=confirm_appointment]');
  await phone.waitForSelector('[data-ticket][data-state=booked]');
  for (const elder of [true, false]) {
    await phone.click('nav [data-action=open_me]');
    await phone.setChecked('[data-action=elder]', elder);
    await phone.click('nav [data-action=open_today]');
    await both(phone, `/patient booked, elderly ${elder}`);
  }
  await phone.click('[data-ticket] [data-action=cancel_appointment]');
  await phone.waitForSelector('dialog[open]');
  await both(phone, '/patient sure');
  await phone.click('dialog [data-action=dialog_cancel]');
  const appointment = await phone.getAttribute('[data-ticket] [data-action=cancel_appointment]', 'data-appointment');
  const { ticket } = await hospital.call('POST', '/appointments/check-in', { appointment }, hospital.desk);
  await phone.waitForSelector('[data-ticket][data-state=waiting]');
  await both(phone, '/patient waiting');
  await offline(phone, '/patient');
  await doctor.click(`[data-action=call_ticket][data-ticket="${ticket}"]`);
  await giveReason(doctor);
  await phone.waitForSelector('[data-called][data-state=called]');
  await both(phone, '/patient called');
  await phone.click('[data-action=cannot_come]');
  await looks(phone, '/patient cannot come');
  await phone.click('[data-action=seen_call]');
  await looks(phone, '/patient called, seen');
  await phone.context().close();
});

test('operations: sign-in, figures, every list and its form, refused, offline', async () => {
  const ops = await browser.open('/ops', SIZES.desk);
  await ops.waitForSelector('[data-action=sign_in]');
  await both(ops, '/ops');
  await refused(ops, '/ops');
  await signIn(ops, 'zongkong');
  await ops.waitForSelector('[data-verdict]');
  await ops.click('[data-site=renmin] [data-fact=waiting]');
  await ops.waitForSelector('[data-site=renmin] tbody tr');
  await both(ops, '/ops figures');
  for (const part of await ops.$$eval('[data-part]', (all) => all.map((one) => one.dataset.part))) {
    await ops.click(`[data-part=${part}]`);
    await ops.waitForSelector(`[data-part=${part}][aria-current=page]`);
    await both(ops, `/ops ${part}`);
  }
  await ops.click('[data-part=audit]');
  await ops.click('[data-action=read_audit]');
  await ops.waitForSelector('#main tbody tr');
  await looks(ops, '/ops audit read');
  await ops.click('[data-part=service_point]');
  await ops.click('[data-thing="renmin.xinnei.r3"] [data-action=edit]');
  await looks(ops, '/ops editing');
  browser.serverIsDown = true;
  await ops.click('[data-part=queue]');
  await ops.click('[data-action=retire_queue]');
  await looks(ops, '/ops retire?');
  await ops.click('dialog [data-action=dialog_go]');
  await ops.waitForSelector('.notice');
  await looks(ops, '/ops refused');
  await ops.click('[data-part=figures]');
  await offline(ops, '/ops');
  await ops.context().close();
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
