// What axe cannot see of WCAG 2.2 A and AA: every control is reached and left by keyboard and shows the focus, no key of one
// character does anything, time can be had, targets are big enough, nothing moves, is cut off or lost when people make it
// bigger, wider or their own colours. The paper is `docs/accessibility.md`.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, choose, columnIs, CONTROLS, giveReason, Hospital, inHand, ONE_SLOT, PASSWORD, residentNumber, seenByHand, SIZES, smallTargets } from './hospital.mjs';
import { controls, walksThrough } from './walking.mjs';

const A = 'renmin.xinnei.liming';
const B = 'renmin.xinnei.zhoujing';
const PHONE = '13912345678';
const KIOSK = { width: 1080, height: 1920 };
/** A window of 1440 × 900 at 200 %, and the least that WCAG asks for. */
const TWICE = { width: 720, height: 450 };
const NARROW = { width: 320, height: 640 };
/** The phone held across. */
const ACROSS = { width: 844, height: 390 };

let hospital;
let browser;
let desk;
let doctor;
let ops;
let phone;

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  await hospital.call('PUT', '/staff', { id: 'zizhu', role: 'kiosk', password: PASSWORD, site: 'renmin', departments: ['renmin.xinnei'] });
  for (const [i, name] of ['张小三', '欧阳雪', '何伟', '周雨桐'].entries()) {
    await hospital.call('POST', '/tickets', { queue: A, patient: await hospital.person(name, `198${i}-01-01`, 50 + i) }, hospital.desk);
  }
  browser = await new Browser(hospital.base).start();
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await choose(desk, 'A002');
  doctor = await browser.staff('/doctor', SIZES.console, 'liming');
  await doctor.click('[data-action=start_work][data-service-point="renmin.xinnei.r3"]');
  await doctor.click('[data-action=call_next_patient]');
  await inHand(doctor, 'A001');
  ops = await browser.staff('/ops', SIZES.desk, 'yunxing');
  await ops.waitForSelector('[data-verdict]');
  phone = await browser.open('/patient', SIZES.phone);
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

async function signInPhone() {
  await phone.fill('[name=phone]', PHONE);
  await phone.click('[data-action=send_code]');
  await phone.waitForSelector('[name=code]');
}

test('the consoles are walked through by Tab alone, and the focus is seen', async () => {
  const start = await browser.open('/', SIZES.desk);
  await start.waitForSelector('[data-action=sign_in]');
  await walksThrough(start, '/');
  await start.context().close();
  await walksThrough(doctor, '/doctor');
  await walksThrough(desk, '/desk');
  for (const side of ['sessions', 'screens', 'walk_in']) {
    await desk.click(`[data-side=${side}]`);
    await desk.waitForSelector(`[data-side=${side}][aria-selected=true]`);
    await walksThrough(desk, `/desk ${side}`);
  }
  for (const part of ['figures', 'plan', 'session', 'board', 'screens']) {
    await ops.click(`[data-part=${part}]`);
    await ops.waitForSelector(`[data-part=${part}][aria-current=page]`);
    await walksThrough(ops, `/ops ${part}`);
  }
  const caller = await browser.staff('/caller', SIZES.caller, 'liming');
  await caller.waitForSelector('.who .number');
  await walksThrough(caller, '/caller');
  await caller.context().close();
});

test('a dialog takes the focus, keeps it, and gives it back', async () => {
  await doctor.focus('.hand [data-action=transfer_ticket]');
  await doctor.keyboard.press('Enter');
  await doctor.waitForSelector('dialog[open]');
  const inside = () => doctor.evaluate(() => !!document.activeElement.closest('dialog') || document.activeElement === document.body);
  for (let i = 0; i < 12; i += 1) {
    assert.ok(await inside());
    await doctor.keyboard.press('Tab');
  }
  await doctor.keyboard.press('Escape');
  await doctor.waitForSelector('dialog', { state: 'detached' });
  assert.equal(await doctor.evaluate(() => document.activeElement.dataset.action), 'transfer_ticket');
});

test('whoever presses a key of the hand by keyboard stays in the hand', async () => {
  await seenByHand(doctor, '[data-outcome=seen]', async (button) => {
    await doctor.focus(button);
    await doctor.keyboard.press('Enter');
  });
  await inHand(doctor, 'A002');
  await doctor.waitForSelector('.hand [data-outcome=seen]:not([disabled])');
  await doctor.keyboard.press('Tab');
  assert.ok(await doctor.evaluate(() => !!document.activeElement.closest('.hand')), await doctor.evaluate(() => document.activeElement.outerHTML.slice(0, 120)));
  await doctor.keyboard.press('Control+z');
  await inHand(doctor, 'A001');
});

test('no single character is a key of the console, and its keys can be changed', async () => {
  await doctor.evaluate(() => document.activeElement.blur());
  const before = await doctor.textContent('.hand .person');
  await doctor.keyboard.type('abcdefghijklmnopqrstuvwxyz0123456789 .,;/-=');
  assert.equal(await doctor.textContent('.hand .person'), before);
  assert.equal(await doctor.$('dialog'), null);
  await doctor.click('[data-action=edit_keys]');
  const field = '#key-recall_patient';
  for (const [pressed, kept] of [['r', 'F2'], ['Shift+R', 'F2'], ['Alt+r', 'Alt+R']]) {
    await doctor.press(field, pressed);
    assert.equal(await doctor.inputValue(field), kept);
  }
  await doctor.press(field, 'Tab');
  assert.notEqual(await doctor.evaluate(() => document.activeElement.id), 'key-recall_patient', 'the field of a key is left by Tab');
  await doctor.keyboard.press('Escape');
  // At the desk a character is text for the one search box, and nothing else.
  await desk.evaluate(() => document.activeElement.blur());
  await desk.keyboard.type('q');
  assert.equal(await desk.inputValue('#search'), 'q');
  await desk.press('#search', 'Escape');
});

test('a transfer needs no dragging: by keyboard from the row to the column', async () => {
  await desk.focus('[data-row][data-number=A004]');
  await desk.keyboard.press('Enter');
  await desk.focus('[data-chosen] [data-action=transfer_ticket]');
  await desk.keyboard.press('Enter');
  await desk.focus(`[data-action=transfer_here][data-target="${B}"]`);
  await desk.keyboard.press('Enter');
  await columnIs(desk, A, ['A001', 'A002', 'A003']);
});

test('after the undo bar has gone the history still takes it back', async () => {
  const page = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await page.clock.install();
  await choose(page, 'A003');
  await page.selectOption('[data-form=set_priority] [name=class]', 'military');
  await page.fill('[data-form=set_priority] [name=proof]', '军官证');
  await page.click('[data-action=set_priority]');
  await page.waitForSelector('#undo[shown]');
  await page.clock.runFor(11000);
  await page.waitForSelector('#undo:not([shown])', { state: 'attached' });
  await page.context().close();
  // The history is the ticket's, not the page's.
  await choose(desk, 'A003');
  await columnIs(desk, A, ['A001', 'A003', 'A002']);
  await desk.click('[data-chosen] .history [data-action=undo]');
  await giveReason(desk);
  await columnIs(desk, A, ['A001', 'A002', 'A003']);
});

test('the kiosk warns 20 seconds before it forgets, and a touch prolongs', async () => {
  const kiosk = await browser.staff('/kiosk', KIOSK, 'zizhu');
  await kiosk.waitForSelector('[data-way=number]');
  await kiosk.clock.install();
  await kiosk.click('[data-way=number]');
  await kiosk.keyboard.type('A1');
  const warned = (state) => kiosk.waitForSelector('.under .notice[role=status]', { state });
  for (let times = 0; times < 2; times += 1) {
    await kiosk.clock.runFor(42000);
    await warned('attached');
    assert.match(await kiosk.textContent('.under .notice'), /(20|1\d) 秒/);
    await kiosk.click('.typing .label');
    await kiosk.clock.runFor(1000);
    await warned('detached');
    assert.equal(await kiosk.textContent('[data-typed]'), 'A1');
  }
  await kiosk.clock.runFor(62000);
  await kiosk.waitForSelector('[data-view=start]');
  await walksThrough(kiosk, '/kiosk');
  await kiosk.context().close();
});

test('targets of the consoles are at least 44 px each way, of the small caller 24', async () => {
  await choose(desk, 'A003');
  for (const page of [desk, doctor, ops]) assert.deepEqual(await smallTargets(page), [], page.url());
  for (const side of ['walk_in', 'sessions', 'screens', 'ticket']) {
    await desk.click(`[data-side=${side}]`);
    assert.deepEqual(await smallTargets(desk), [], side);
  }
  await desk.fill('#search', '张');
  await desk.waitForSelector('.found .hit');
  assert.deepEqual(await smallTargets(desk), [], 'found');
  await desk.press('#search', 'Escape');
  await doctor.click('[data-action=pause_work]');
  assert.deepEqual(await smallTargets(doctor), []);
  await doctor.keyboard.press('Escape');
  const caller = await browser.staff('/caller', SIZES.caller, 'liming');
  await caller.click('[data-action=recall_patient]');
  await caller.waitForSelector('#undo[shown]');
  assert.deepEqual(await smallTargets(caller), []);
  await caller.context().close();
});

test('nobody has to remember or solve anything to sign in: codes and passwords are pasted and filled in', async () => {
  const staff = await browser.open('/doctor', SIZES.console);
  await staff.waitForSelector('[name=password]');
  const takesPaste = (page, name) => page.$eval(`[name=${name}]`, (field) => {
    field.focus();
    const went = field.dispatchEvent(new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: new DataTransfer() }));
    return [went, field.autocomplete];
  });
  assert.deepEqual(await takesPaste(staff, 'name'), [true, 'username']);
  assert.deepEqual(await takesPaste(staff, 'password'), [true, 'current-password']);
  await staff.context().close();
  assert.deepEqual(await takesPaste(phone, 'phone'), [true, 'tel']);
  await signInPhone();
  assert.deepEqual(await takesPaste(phone, 'code'), [true, 'one-time-code']);
  await phone.keyboard.insertText(hospital.codeOf(PHONE));
  await phone.keyboard.press('Enter');
  await phone.waitForSelector('[data-form=register_person]');
  // Who says who they are for the first time may have it filled in.
  assert.equal(await phone.getAttribute('[name=name]', 'autocomplete'), 'name');
  await phone.fill('[data-form=register_person] [name=name]', '李晓红');
  await phone.fill('[data-form=register_person] [name=number]', residentNumber('1990-03-07', 17));
  await phone.keyboard.press('Enter');
  await phone.waitForSelector('[data-action=open_booking]');
});

/** What lies beside the window, or is cut off without a way to scroll to it. */
const lost = (page) => page.evaluate(() => {
  const out = [];
  if (document.documentElement.scrollWidth > innerWidth) out.push(`${document.documentElement.scrollWidth} wide in ${innerWidth}`);
  for (const one of document.querySelectorAll('body *')) {
    const style = getComputedStyle(one);
    const cuts = (axis) => /hidden|clip/.test(style[`overflow${axis}`]);
    if (!one.checkVisibility() || one.closest('.visually-hidden, svg') || !one.textContent.trim()) continue;
    if ((cuts('X') && one.scrollWidth > one.clientWidth + 1) || (cuts('Y') && one.scrollHeight > one.clientHeight + 1)) {
      const right = one.getBoundingClientRect().right;
      const over = [...one.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > right + 1).map((e) => `${e.localName}.${e.className} ${e.textContent.slice(0, 20)}`);
      out.push(`cut: ${one.outerHTML.slice(0, 60)} by ${over.slice(-3).join(', ')}`);
    }
  }
  return out;
});

/** A style of the reader's own. The page's policy takes none from the page itself. */
const ownStyle = (page, css) => page.evaluate((text) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  document.adoptedStyleSheets = text ? [sheet] : [];
}, css);
const SPACED = '* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }';

test('the phone at 320 px, at 200 % text, with wide spacing, in elderly mode: nothing cut off, nothing sideways', async () => {
  const states = {
    today: () => phone.click('nav [data-action=open_today]'),
    me: () => phone.click('nav [data-action=open_me]'),
    book: () => phone.click('nav [data-action=open_book]'),
    held: () => phone.click('[data-session="renmin.xinnei.s1"] [data-action=hold_slot]:not([disabled])'),
    card: () => phone.click('[data-held] [data-action=confirm_appointment]'),
  };
  for (const [state, go] of Object.entries(states)) {
    await go();
    if (state === 'book') await phone.click('[data-action=choose_department][data-department="renmin.xinnei"]');
    await phone.waitForSelector({ today: '[data-action=open_booking]', me: '[data-action=elder]', book: '[data-action=hold_slot]', held: '[data-held]', card: '[data-ticket][data-state=booked]' }[state]);
    assert.deepEqual(await smallTargets(phone), [], `${state}: too small for a finger`);
    const as = { plain: '', 'text of 200 %': 'html { font-size: 32px !important; }', spacing: SPACED };
    for (const elder of [false, true]) {
      await phone.evaluate((on) => document.body.classList.toggle('elder', on), elder);
      if (elder) assert.deepEqual(await smallTargets(phone, 56), [], `${state}: too small in elderly mode`);
      for (const size of [SIZES.phone, NARROW, ACROSS]) {
        await phone.setViewportSize(size);
        for (const [how, css] of Object.entries(as)) {
          await ownStyle(phone, css);
          assert.deepEqual(await lost(phone), [], `${state}, ${how}, ${size.width} px, elderly ${elder}`);
        }
        await ownStyle(phone, '');
      }
    }
    await phone.evaluate(() => document.body.classList.remove('elder'));
    await phone.setViewportSize(SIZES.phone);
    await walksThrough(phone, `/patient ${state}`);
  }
});

test('the desk, the console and operations with wide spacing: no name and no reason is cut off', async () => {
  const { number } = await hospital.call('POST', '/tickets', { queue: A, patient: await hospital.person('阿卜杜热合曼·买买提明·吐尔逊', '1988-08-08', 88) }, hospital.desk);
  await choose(desk, number);
  // The columns of a floor with many queues are as narrow as here.
  await desk.setViewportSize({ width: 1010, height: SIZES.desk.height });
  for (const page of [desk, doctor, ops]) {
    await ownStyle(page, SPACED);
    assert.deepEqual(await lost(page), [], page.url());
    await ownStyle(page, '');
  }
  await desk.setViewportSize(SIZES.desk);
});

test('a call takes the whole phone: the focus is in it, and nothing behind it is reached', async () => {
  const appointment = await phone.getAttribute('[data-ticket] [data-action=cancel_appointment]', 'data-appointment');
  const { ticket } = await hospital.call('POST', '/appointments/check-in', { appointment }, hospital.desk);
  await phone.waitForSelector('[data-ticket][data-state=waiting]');
  await seenByHand(doctor, '[data-action=finish_service]');
  await inHand(doctor, null);
  await doctor.click(`[data-action=call_ticket][data-ticket="${ticket}"]`);
  await giveReason(doctor);
  await phone.waitForSelector('[data-called][data-state=called]');
  await phone.waitForFunction(() => document.activeElement.matches('.called .go'));
  await walksThrough(phone, '/patient called');
  assert.deepEqual((await controls(phone)).map((one) => JSON.parse(one.slice(0, one.indexOf('}') + 1)).action), ['seen_call', 'cannot_come']);
  await phone.setViewportSize(NARROW);
  assert.deepEqual(await lost(phone), []);
  await phone.setViewportSize(SIZES.phone);
});

test('at 200 % and at 320 px the consoles have everything that they have at full size', async () => {
  const start = await browser.open('/', SIZES.desk);
  await start.waitForSelector('[data-action=sign_in]');
  await choose(desk, 'A003');
  const pages = [start, doctor, desk];
  for (const part of ['figures', 'plan', 'session', 'screens']) {
    pages.push({ page: ops, part });
  }
  for (const one of pages) {
    const page = one.page || one;
    if (one.part) {
      await ops.click(`[data-part=${one.part}]`);
      await ops.waitForSelector(`[data-part=${one.part}][aria-current=page]`);
    }
    const whole = await controls(page);
    for (const size of [TWICE, NARROW]) {
      await page.setViewportSize(size);
      const state = `${page.url()} ${one.part || ''} ${size.width} px`;
      assert.deepEqual(await controls(page), whole, state);
      const { wide, out } = await page.evaluate((selector) => ({
        wide: document.documentElement.scrollWidth - innerWidth,
        // Tables and the desk's columns have a scroll bar of their own.
        out: [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility() && !e.closest('.scroll, .columns') && (e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1))
          .map((e) => e.outerHTML.slice(0, 100)),
      }), CONTROLS);
      assert.deepEqual(out, [], state);
      assert.ok(wide <= 0, `${state}: ${wide} px sideways`);
    }
    await page.setViewportSize(SIZES.desk);
  }
  await start.context().close();
  const caller = await browser.staff('/caller', SIZES.caller, 'liming');
  await caller.waitForSelector('.who');
  await caller.waitForSelector('.do .btn');
  const whole = await controls(caller);
  await caller.setViewportSize({ width: 160, height: 60 });
  assert.deepEqual(await controls(caller), whole);
  assert.deepEqual(await lost(caller), [], 'the caller at 200 %');
  await walksThrough(caller, '/caller at 200 %');
  await caller.context().close();
});

test('who wants nothing to move sees nothing move', async () => {
  for (const page of [doctor, desk, ops, phone]) {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    const moving = await page.evaluate(() => [...document.querySelectorAll('*')].filter((one) => {
      const style = getComputedStyle(one);
      const long = (value) => value.split(',').some((part) => Number.parseFloat(part) > 0);
      return long(style.transitionDuration) || (style.animationName !== 'none' && long(style.animationDuration));
    }).map((one) => one.outerHTML.slice(0, 100)));
    assert.deepEqual(moving, [], page.url());
    await page.emulateMedia({ reducedMotion: null });
  }
});

test('in colours of the reader’s own, what is chosen is still told from the rest', async () => {
  for (const page of [doctor, desk, ops]) {
    await page.emulateMedia({ forcedColors: 'active' });
    const chosen = await page.$$eval('[aria-selected=true], [aria-pressed=true], [aria-current]', (all) => all.filter((one) => one.checkVisibility()).map((one) => getComputedStyle(one).borderTopWidth));
    assert.ok(chosen.length > 0 && chosen.every((width) => width === '3px'), `${page.url()}: ${chosen}`);
    await page.keyboard.press('Tab');
    assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), 'none');
    await page.emulateMedia({ forcedColors: null });
  }
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
