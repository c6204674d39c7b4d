// Hands of staff where they meet: a walk-in by the keyboard alone, an input method beside keys that do something, two
// consoles of one doctor at once, one doctor's several queues and two departments, the mark of a call that nobody heard,
// a first reading that fails, screens that are sent away.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, columnIs, drawn, Hospital, inHand, ONE_SLOT, PASSWORD, pause, residentNumber, seenByHand, seenByKey, SIZES } from './hospital.mjs';

const A = 'renmin.xinnei.liming';
const B = 'renmin.xinnei.zhoujing';
const C = 'renmin.xinnei.texu';
/** A pool that stands before 周静's own queue by its id. */
const P = 'renmin.xinnei.putong';
const F = 'renmin.yanke.putong';

let hospital;
let browser;
let desk;
let doctor;
let second;

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  await hospital.call('PUT', '/queues', { id: C, name: '李明特需', prefix: 'C', doctors: ['renmin.liming'] });
  await hospital.call('PUT', '/queues', { id: P, name: '普通门诊', prefix: 'P', doctors: [] });
  await hospital.call('PUT', '/queues', { id: F, name: '眼科普通', prefix: 'F', doctors: [] });
  await hospital.call('PUT', '/service-points', { id: 'renmin.xinnei.r7', name: '7号诊室', order: 7, door_cap: 0 });
  await hospital.call('PUT', '/doctors', { id: 'renmin.zhoujing', name: '周静', title: '副主任医师', departments: ['renmin.xinnei', 'renmin.yanke'] });
  browser = await new Browser(hospital.base).start();
});
after(async () => {
  await browser?.close();
  await hospital?.close();
  assert.deepEqual(browser.complaints, []);
});

/** Somebody takes a number of a queue. @returns {Promise<string>} the number */
async function takeNumber(queue, name, serial, more = {}) {
  const patient = await hospital.person(name, '1968-01-01', serial);
  return (await hospital.call('POST', '/tickets', { queue, patient, ...more }, hospital.desk)).number;
}

/** Presses Tab until something has the focus. */
async function tabTo(page, selector, most = 12) {
  for (let n = 0; n <= most; n += 1) {
    if (await page.evaluate((what) => document.activeElement.matches(what), selector)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`${selector} is not reached by Tab`);
}

test('on a full floor a walk-in by the keyboard alone; then its number and Enter', async () => {
  const letters = '赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章';
  for (const [n, family] of [...letters].entries()) {
    await hospital.call('POST', '/tickets', { queue: B, patient: await hospital.person(`${family}多`, `19${30 + n}-06-01`, 100 + n) }, hospital.desk);
  }
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await desk.waitForSelector(`[data-queue="${B}"] li:nth-child(40) [data-row]`);
  for (const [n, [name, born]] of [['张小三', '1980-01-01'], ['欧阳雪', '1981-01-01']].entries()) {
    // The first name is typed into the search, with forty rows before the form; after a number was taken the form has the keys.
    await tabTo(desk, n ? '[data-form=register_walk_in] [name=name]' : '#search', n ? 0 : 12);
    await desk.keyboard.type(name);
    if (!n) await desk.keyboard.press('Control+Enter');
    await desk.waitForFunction((said) => document.querySelector('[data-form=register_walk_in] [name=name]').value === said, name);
    await tabTo(desk, '[data-form=register_walk_in] [name=number]');
    await desk.keyboard.type(residentNumber(born, 50 + n));
    // The first queue stands there; another one is the next by the arrow.
    await tabTo(desk, '[data-form=register_walk_in] [name=queue]');
    await desk.keyboard.press('ArrowDown');
    await desk.keyboard.press('ArrowUp');
    await tabTo(desk, '[data-action=register_walk_in]');
    await desk.keyboard.press('Enter');
    await desk.waitForSelector(`[data-slip] .number:text-is("A00${n + 1}")`);
  }
  await columnIs(desk, A, ['A001', 'A002']);
  // Letters land in the search wherever one is, but for a field.
  await desk.evaluate(() => document.activeElement.blur());
  await desk.keyboard.type('A002');
  await desk.keyboard.press('Enter');
  await desk.waitForSelector('[data-chosen] .number:text-is("A002")');
});

test('by the letters of a name and Enter, and a step is taken back with two presses after its bar is gone', async () => {
  for (const typed of ['oyx', 'ouyangx']) {
    await desk.fill('#search', '');
    await desk.click('[data-row][data-number=A001]');
    await desk.waitForSelector('[data-chosen] .number:text-is("A001")');
    await desk.fill('#search', '');
    await desk.focus('#search');
    await desk.keyboard.type(typed);
    await desk.keyboard.press('Enter');
    await desk.waitForSelector('[data-chosen] .number:text-is("A002")');
  }
  const gone = await hospital.call('POST', '/tickets', { queue: A, patient: await hospital.person('钱小五', '1970-05-05', 75) }, hospital.desk);
  await columnIs(desk, A, ['A001', 'A002', 'A003']);
  // One press on the row, one on what was pressed wrongly.
  await desk.click(`[data-row="${gone.ticket}"]`);
  await desk.click('[data-chosen] [data-action=undo_slip]');
  await columnIs(desk, A, ['A001', 'A002']);
});

test('what an input method is still composing is no key of ours', async () => {
  for (const [composing, found] of [[{ isComposing: true }, false], [{ keyCode: 229 }, false], [{}, true]]) {
    await desk.fill('#search', '');
    await desk.click('[data-row][data-number=A001]');
    await desk.waitForSelector('[data-chosen] .number:text-is("A001")');
    await desk.fill('#search', '欧阳雪');
    await desk.waitForSelector('.found [data-hit]');
    await desk.$eval('#search', (field, how) => field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...how })), composing);
    await pause(400);
    assert.equal(await desk.$('[data-chosen] .number:text-is("A002")') !== null, found, JSON.stringify(composing));
  }
  // And of a real one: Enter ends it, the next one finds.
  const devtools = await desk.context().newCDPSession(desk);
  await desk.fill('#search', '');
  await desk.click('[data-row][data-number=A001]');
  await desk.waitForSelector('[data-chosen] .number:text-is("A001")');
  await desk.focus('#search');
  await devtools.send('Input.imeSetComposition', { text: '欧阳雪', selectionStart: 3, selectionEnd: 3 });
  await desk.keyboard.press('Enter');
  await pause(400);
  assert.ok(await desk.$('[data-chosen] .number:text-is("A001")'), 'nobody is found by what is still composed');
  await devtools.send('Input.imeSetComposition', { text: '', selectionStart: 0, selectionEnd: 0 });
  await desk.fill('#search', '');
  await devtools.send('Input.imeSetComposition', { text: 'ouyang', selectionStart: 6, selectionEnd: 6 });
  await devtools.send('Input.insertText', { text: '欧阳雪' });
  await desk.waitForSelector('.found [data-hit]');
  assert.equal(await desk.inputValue('#search'), '欧阳雪');
  await desk.keyboard.press('Enter');
  await desk.waitForSelector('[data-chosen] .number:text-is("A002")');
  doctor = await browser.staff('/doctor', SIZES.console, 'liming');
  await doctor.click('[data-action=start_work][data-service-point="renmin.xinnei.r3"]');
  await doctor.waitForSelector('[data-action=call_next_patient]');
  for (const how of [{ isComposing: true }, { keyCode: 229 }]) {
    await doctor.evaluate((more) => document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'F8', bubbles: true, cancelable: true, ...more })), how);
  }
  await pause(400);
  await inHand(doctor, null);
});

test('a doctor\'s two queues stand apart on the console and are called in one order', async () => {
  for (const [n, [queue, name]] of [[C, '何伟'], [A, '司马光'], [C, '李芳']].entries()) {
    await hospital.call('POST', '/tickets', { queue, patient: await hospital.person(name, `197${n}-01-01`, 60 + n) }, hospital.desk);
  }
  await doctor.waitForSelector(`table[data-queue="${A}"] caption:text-is("李明门诊")`);
  await doctor.waitForSelector(`table[data-queue="${C}"] caption:text-is("李明特需")`);
  await doctor.waitForSelector(`table[data-queue="${C}"] [data-row][data-number=C002]`);
  const rows = (queue) => doctor.$$eval(`table[data-queue="${queue}"] [data-row]`, (all) => all.map((row) => row.dataset.number));
  assert.deepEqual([await rows(A), await rows(C)], [['A001', 'A002', 'A004'], ['C001', 'C002']]);
  await doctor.waitForSelector('[data-figure="doctor.day_waiting"] b:text-is("5")');
  const next = () => doctor.waitForSelector('.next-up[data-next]').then((one) => one.textContent());
  const called = [];
  for (let n = 0; n < 3; n += 1) {
    const said = await next();
    await seenByKey(doctor);
    const before = called[called.length - 1];
    await doctor.waitForFunction((was) => {
      const number = document.querySelector('.hand .person .number');
      return number && number.textContent !== was;
    }, before);
    const number = await doctor.textContent('.hand .person .number');
    assert.ok(said.includes(number), `${said} was to be next, not ${number}`);
    called.push(number);
  }
  assert.deepEqual(called, ['A001', 'A002', 'A004'], 'one queue after the other, as the department has it');
});

test('the doctor adds somebody who stands there to the own session, and takes it back', async () => {
  await doctor.click('.day [data-action=add_patient]');
  await doctor.waitForSelector('dialog [data-form=addition]');
  await drawn(doctor);
  await doctor.fill('[data-form=addition] [name=name]', '孙大夫');
  await doctor.fill('[data-form=addition] [name=number]', residentNumber('1970-02-03', 77));
  if (process.env.SHOTS) await doctor.screenshot({ path: `${process.env.SHOTS}/addition.png` });
  await doctor.click('[data-form=addition] [data-action=add_patient]');
  await doctor.waitForSelector('#undo[shown]:has-text("已加号")');
  const number = (await doctor.textContent('#undo')).match(/[A-Z]\d{3}/)[0];
  await doctor.waitForSelector(`[data-row][data-number=${number}]:has-text("孙大夫")`);
  if (process.env.SHOTS) await doctor.screenshot({ path: `${process.env.SHOTS}/added.png` });
  const history = await doctor.$$eval('.day .steps li', (all) => all.map((one) => one.textContent));
  assert.ok(history.some((step) => step.endsWith(`${number} 加号`)), `it is no walk-in: ${history}`);
  await doctor.click('#undo [data-action=undo_last]');
  await doctor.waitForSelector(`[data-row][data-number=${number}]`, { state: 'detached' });
});

test('a call that nobody showed or spoke is marked on the console and on the small caller, in both languages', async () => {
  await doctor.waitForSelector('.hand [data-not-announced=not_shown]:has-text("请到门口叫一声")');
  for (const language of ['zh', 'en']) {
    const caller = await browser.open('/caller', SIZES.caller, language === 'en' ? () => localStorage.setItem('jiaohao.language', 'en') : null);
    await caller.fill('[name=name]', 'liming');
    await caller.fill('[name=password]', PASSWORD);
    await caller.click('[data-action=sign_in]');
    await caller.waitForSelector('.foot.unheard [data-not-announced=not_shown]');
    const cut = await caller.$$eval('button, .who > *, .foot > *, .foot [data-not-announced]', (all) => all.filter((one) => one.getClientRects().length)
      .map((one) => ({ text: one.textContent, box: one.getBoundingClientRect(), wide: one.scrollWidth > one.clientWidth + 1 && one.id === 'place' }))
      .filter(({ box, wide }) => wide || box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight).map(({ text }) => text));
    assert.deepEqual(cut, [], language);
    if (process.env.PICTURES) await caller.screenshot({ path: `${process.env.PICTURES}/caller-unheard-${language}.png` });
    await caller.context().close();
  }
});

test('two consoles of one doctor press at once: one call, and the one that came late is told', async () => {
  // The news of both are held back, as a slow network does: neither sees the other's press before its own.
  const opened = async () => {
    const page = await browser.open('/doctor', SIZES.console);
    let held = null;
    await page.routeWebSocket(/\/ws/, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((message) => {
        if (held) held.push(message);
        else socket.send(message);
      });
      page.hold = () => { held = []; };
      page.release = () => {
        const kept = held;
        held = null;
        kept.forEach((message) => socket.send(message));
      };
    });
    await page.fill('[name=name]', 'liming');
    await page.fill('[name=password]', PASSWORD);
    await page.click('[data-action=sign_in]');
    await inHand(page, 'A004');
    return page;
  };
  const both = [await opened(), await opened()];
  // Of who was called a moment ago the key asks first.
  await pause(5000);
  both.forEach((page) => page.hold());
  await Promise.all(both.map((page) => page.keyboard.press('F8')));
  const winner = async () => {
    const { snapshot } = await hospital.call('GET', '/streams/doctor:renmin.liming', undefined, await hospital.signIn('liming'));
    return snapshot.in_hand.number;
  };
  for (let tries = 0; await winner() === 'A004'; tries += 1) assert.ok(tries < 100, 'nobody was called');
  await pause(300);
  both.forEach((page) => page.release());
  await Promise.all([doctor, ...both].map((page) => inHand(page, 'C001')));
  const notice = '[data-notice=stale_console]:has-text("C001")';
  await Promise.any(both.map((page) => page.waitForSelector(notice)));
  // Both have had their answers: their keys are on again.
  await Promise.all(both.map((page) => page.waitForSelector('[data-action=call_next_patient][data-outcome=seen]:enabled')));
  const told = await Promise.all([doctor, ...both].map((page) => page.$(notice)));
  assert.equal(told.filter(Boolean).length, 1, 'the one that came late, and it alone');
  const { snapshot } = await hospital.call('GET', `/streams/queue:${C}`, undefined, hospital.desk);
  assert.deepEqual(snapshot.order.map((id) => snapshot.tickets[id].number), ['C002'], 'one call');
  for (const page of both) await page.context().close();
});

test('work begun on the open page: console and small caller say whom the key calls, by every setting of several queues', async () => {
  for (const [n, name] of ['司马相如', '卓文君'].entries()) await takeNumber(P, name, 200 + n);
  second = await browser.staff('/doctor', SIZES.console, 'zhoujing');
  const small = await browser.staff('/caller', SIZES.caller, 'zhoujing');
  await second.click('[data-action=start_work][data-service-point="renmin.xinnei.r7"]');
  const calls = async (number) => {
    await second.waitForSelector(`.next-up[data-next]:has-text("${number}")`);
    await small.waitForSelector(`.who [data-next]:has-text("${number}")`);
    await seenByKey(second);
    await inHand(second, number);
  };
  for (const [several, number] of [['own_first', 'B001'], ['in_turn', 'P001'], ['by_waiting_time', 'B002']]) {
    await hospital.call('PUT', '/departments', { id: 'renmin.xinnei', name: '心内科', name_en: 'Cardiology', settings: { queue: { several_queues: several } } });
    await calls(number);
  }
  // Of two emergencies the one that has waited longer, whatever queue it is in.
  const urgent = [await takeNumber(B, '霍去病', 210, { class: 'emergency' }), await takeNumber(P, '卫青', 211, { class: 'emergency' })];
  for (const number of urgent) await calls(number);
  await small.context().close();
});

test('the bar takes back what it was shown for, and nothing that another console has done since', async () => {
  const other = await browser.staff('/doctor', SIZES.console, 'zhoujing');
  await second.waitForSelector('.next-up[data-next]:has-text("B003")');
  await seenByKey(second);
  await inHand(other, 'B003');
  await other.click('.hand [data-action=start_service]');
  await second.waitForSelector('.hand [data-state=serving]');
  await second.click('#undo [data-action=undo_last]');
  await second.waitForSelector('[data-notice=cannot_undo]');
  await second.waitForSelector('.hand [data-state=serving]');
  await other.click('#undo [data-action=undo_last]');
  await second.waitForSelector('.hand [data-state=called]');
  await other.context().close();
});

test('a page that was loaded at work in one department follows and calls the queues of the other one, when work begins there', async () => {
  await second.reload();
  await inHand(second, 'B003');
  await seenByHand(second, '[data-action=finish_service]');
  await inHand(second, null);
  await second.click('[data-action=stop_work]');
  await second.click('[data-action=start_work][data-service-point="renmin.yanke.r1"]');
  await takeNumber(F, '蔡文姬', 220);
  await second.waitForSelector('.next-up[data-next]:has-text("F001")');
  assert.deepEqual(await second.$$eval('[data-row]', (all) => all.map((row) => row.dataset.number)), ['F001']);
  await second.keyboard.press('F8');
  await inHand(second, 'F001');
});

test('a console that cannot read the house at first reads it again, and a new room comes without a reload', async () => {
  // What is done every five minutes is done twice a second.
  const page = await browser.open('/doctor', SIZES.console, () => {
    const real = window.setInterval;
    window.setInterval = (work, ms) => real(work, ms === 300000 ? 500 : ms);
  });
  let failed = 0;
  await page.route('**/api/v1/site/renmin', (route) => {
    failed += 1;
    return route.abort();
  });
  browser.serverIsDown = true;
  await page.fill('[name=name]', 'wangfang');
  await page.fill('[name=password]', PASSWORD);
  await page.click('[data-action=sign_in]');
  while (!failed) await pause(50);
  await page.waitForSelector('jh-connection[state=live]');
  await drawn(page);
  assert.ok(await page.$('.begin[aria-busy]') && !await page.$('.begin .empty'), 'nobody is sent to operations for a department');
  await page.unroute('**/api/v1/site/renmin');
  await page.waitForSelector('[data-action=start_work][data-service-point="renmin.yanke.r1"]');
  browser.serverIsDown = false;
  await hospital.call('PUT', '/service-points', { id: 'renmin.yanke.r2', name: '眼科2诊室', order: 2, door_cap: 0 });
  await page.waitForSelector('[data-action=start_work][data-service-point="renmin.yanke.r2"]');
  await page.context().close();
});

test('a screen is sent away from the desk and from operations; that it is silent stands on both, that it is off on the desk’s tab', async () => {
  // A voice of some cloud would hear who is called: it is none.
  const foreign = () => Object.defineProperty(window, 'speechSynthesis', { value: { getVoices: () => [{ lang: 'zh-CN', localService: false }], speak: () => {}, cancel: () => {} } });
  const board = await browser.open('/board/renmin.b3f', SIZES.screen, foreign);
  const pair = async () => hospital.call('POST', '/screens/approve', { code: await board.getAttribute('[data-pairing-code]', 'data-pairing-code'), board: 'renmin.b3f' }, hospital.desk);
  await pair();
  await board.waitForSelector('[data-live=on]');
  await board.waitForSelector('[data-silent=device]');
  const ops = await browser.staff('/ops', SIZES.desk, 'yunxing');
  await desk.click('[data-side=screens]');
  await desk.waitForSelector('[data-screen] [data-silent]');
  await desk.waitForSelector('[data-side=screens] .tag:text-is("没有声音")');
  await ops.click('[data-part=screens]');
  await ops.waitForSelector('[data-screen] [data-silent]');
  await desk.click('[data-action=revoke_screen]');
  await board.waitForSelector('[data-pairing-code]');
  await desk.waitForSelector('[data-screen]', { state: 'detached' });
  await pair();
  await board.waitForSelector('[data-live=on]');
  await ops.reload();
  await ops.click('[data-part=screens]');
  await ops.click('[data-action=revoke_screen]');
  await board.waitForSelector('[data-pairing-code]');
  await ops.waitForSelector('[data-screen]', { state: 'detached' });
  await pair();
  await board.waitForSelector('[data-live=on]');
  await board.context().close();
  // The desk reads that every twenty seconds, whatever is open on its side.
  await desk.click('[data-side=walk_in]');
  await desk.waitForSelector('[data-side=screens] .tag:text-is("离线")', { timeout: 60000 });
  if (process.env.PICTURES) await desk.screenshot({ path: `${process.env.PICTURES}/screen-off.png` });
  await desk.click('[data-side=screens]');
  await desk.click('[data-action=revoke_screen]');
  await desk.waitForSelector('[data-side=screens] .tag', { state: 'detached' });
});
