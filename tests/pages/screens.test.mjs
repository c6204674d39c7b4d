// The screens in real Chromium: a board and a door pair by a code approved at the desk, show each call, say within five
// seconds that the server is gone, and miss nothing when it is back. The server is killed with SIGKILL.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, faint, Hospital, inHand, ONE_SLOT, pause, seenByHand, SIZES } from './hospital.mjs';

const A = 'renmin.xinnei.liming';
const B = 'renmin.xinnei.zhoujing';

let hospital;
let browser;
let board;
let door;
let doctor;

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  browser = await new Browser(hospital.base).start();
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

const shows = (page, number) => page.waitForSelector(`[data-call] .number:text-is("${number}")`);

test('a wrong code is refused, the right one pairs the screen for good', async () => {
  const desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await desk.click('[data-side=screens]');
  board = await browser.open('/board/renmin.b3f', SIZES.screen);
  door = await browser.open('/door/renmin.xinnei.r3', SIZES.screen);
  for (const screen of [board, door]) assert.deepEqual(await faint(screen), []);
  const code = await board.getAttribute('[data-pairing-code]', 'data-pairing-code');
  assert.match(code, /^\d{6}$/);
  await desk.fill('[data-form=approve_screen] [name=code]', code === '000000' ? '000001' : '000000');
  await desk.click('[data-action=approve_screen]');
  await desk.waitForSelector('[data-notice]:not([data-notice=""])');
  for (const screen of [board, door]) {
    await desk.fill('[data-form=approve_screen] [name=code]', await screen.getAttribute('[data-pairing-code]', 'data-pairing-code'));
    await desk.click('[data-action=approve_screen]');
    await screen.waitForSelector('.live:not(.off)');
  }
  await board.reload();
  await board.waitForSelector('[data-live=on]');
  await desk.context().close();
});

test('each call comes up, on every screen it belongs to', async () => {
  for (const [i, name] of ['张小三', '欧阳雪', '何伟', '司马光'].entries()) {
    await hospital.call('POST', '/tickets', { queue: i < 3 ? A : B, patient: await hospital.person(name, `198${i}-01-01`, 50 + i) }, hospital.desk);
  }
  doctor = await browser.staff('/doctor', SIZES.console, 'liming');
  await doctor.click('[data-action=start_work][data-service-point="renmin.xinnei.r3"]');
  await doctor.click('[data-action=call_next_patient]');
  await inHand(doctor, 'A001');
  await shows(board, 'A001');
  assert.match(await board.textContent('.newest'), /张\*三/);
  assert.doesNotMatch(await board.textContent('body'), /张小三/);
  await door.waitForSelector('.now.called[data-number=A001]');
  assert.deepEqual(await faint(door), []);
  // It was shown, so nobody is asked to call at the door.
  await pause(6000);
  assert.equal(await doctor.$('.hand [data-not-announced=not_shown]'), null);
});

test('the server is killed: within five seconds the screens say so, and since when', async () => {
  browser.serverIsDown = true;
  await hospital.end('SIGKILL');
  const began = performance.now();
  const band = await board.waitForSelector('[data-band=offline]', { timeout: 6000 });
  const after_ms = performance.now() - began;
  assert.ok(after_ms < 5000, `${Math.round(after_ms)} ms`);
  assert.match(await band.textContent(), /屏幕暂停更新\(08:\d\d起\),请听护士叫号/);
  await door.waitForSelector('[data-band=offline]');
  for (const screen of [board, door]) assert.deepEqual(await faint(screen), []);
  assert.equal(await board.getAttribute('[data-live]', 'data-live'), 'off');
});

test('the server is back: what was called meanwhile is there, and nothing is shown twice', async () => {
  await hospital.open();
  const zhoujing = await hospital.signIn('zhoujing');
  const work = await hospital.call('POST', '/work/start', { department: 'renmin.xinnei', service_point: 'renmin.xinnei.r5' }, zhoujing);
  const next = { department: 'renmin.xinnei', assignment: work.assignment, in_hand: null, outcome: null };
  const { called } = await hospital.call('POST', '/calls/next', next, zhoujing);
  assert.ok(called);
  await shows(board, 'B001');
  await shows(board, 'A001');
  await board.waitForSelector('[data-band=offline]', { state: 'detached' });
  await door.waitForSelector('[data-band=offline]', { state: 'detached' });
  assert.equal((await board.$$('[data-call] .number:text-is("A001")')).length, 1);
  browser.serverIsDown = false;
  // The console is back too: the same patient in hand, and the next press counts once.
  await doctor.waitForSelector('jh-connection[state=live]');
  await inHand(doctor, 'A001');
  await seenByHand(doctor);
  await inHand(doctor, 'A002');
  await shows(board, 'A002');
  await door.waitForSelector('.now.called[data-number=A002]');
});

test('the network dies in silence, no socket closes: within five seconds board and door say so, and show at once what came when it is back', async () => {
  browser.serverIsDown = true;
  // A process that stands answers nothing and closes nothing: so it looks from a screen whose switch has lost its power.
  hospital.program.kill('SIGSTOP');
  const began = performance.now();
  await Promise.all([board, door].map(async (screen) => {
    await screen.waitForSelector('[data-band=offline]', { timeout: 6000 });
    const after_ms = performance.now() - began;
    assert.ok(after_ms < 5000, `${Math.round(after_ms)} ms`);
  }));
  hospital.program.kill('SIGCONT');
  for (const screen of [board, door]) await screen.waitForSelector('[data-band=offline]', { state: 'detached' });
  browser.serverIsDown = false;
  await doctor.waitForSelector('jh-connection[state=live]');
  await shows(board, 'A002');
  await door.waitForSelector('.now.called[data-number=A002]');
});

test('an emergency takes a band across the screen; a paused room says so', async () => {
  const emergency = await hospital.person('赵急', '1960-01-01', 61);
  await hospital.call('POST', '/tickets', { queue: A, patient: emergency, class: 'emergency' }, hospital.desk);
  await seenByHand(doctor);
  await board.waitForSelector('[data-band=emergency]:has-text("3号诊室") .num:text-is("A004")');
  assert.doesNotMatch(await board.textContent('body'), /赵\*/);
  const { width } = await board.$eval('[data-band=emergency]', (band) => band.getBoundingClientRect());
  assert.equal(width, SIZES.screen.width);
  await doctor.click('[data-action=pause_work]');
  await doctor.click('dialog [data-choice]');
  await board.waitForSelector('[data-room="3号诊室"] .paused:has-text("暂停")');
  await door.waitForSelector('[data-held-up=paused]');
  for (const screen of [board, door]) assert.deepEqual(await faint(screen), []);
});

const kept = () => board.evaluate(() => JSON.parse(localStorage.getItem('jiaohao.screen.board.renmin.b3f')));

test('a board that cannot be had now is asked for again: the screen says that it shows nothing, and stays paired', async () => {
  const paired = await kept();
  await board.addInitScript(() => {
    window.WebSocket = class extends WebSocket {
      send(text) {
        const frame = JSON.parse(text);
        if (frame.type !== 'subscribe' || sessionStorage.getItem('refused')) return super.send(text);
        sessionStorage.setItem('refused', 'once');
        const error = { code: 'unknown_stream', title: 'Unknown stream' };
        setTimeout(() => this.onmessage({ data: JSON.stringify({ type: 'rejected', reply_to: frame.id, error }) }));
        return undefined;
      }
    };
  });
  await board.reload();
  await board.waitForFunction(() => sessionStorage.getItem('refused'));
  await board.waitForSelector('[data-away]:has-text("请听护士叫号")');
  assert.equal(await board.$('[data-pairing-code]'), null);
  await board.waitForSelector('.board [data-live=on]');
  assert.deepEqual(await kept(), paired);
});

test('another house at the same address unpairs no screen, a word of its own house does', async () => {
  browser.serverIsDown = true;
  const paired = await kept();
  assert.ok(paired.secret && /^[0-9a-f]{32}$/.test(paired.house), JSON.stringify(paired));
  await hospital.end('SIGTERM');
  // As when the disk is not mounted: an empty folder is served at the same address.
  const stranger = new Hospital({ speed: 1 });
  stranger.port = hospital.port;
  await stranger.open();
  const refused = (page) => page.waitForResponse((response) => response.url().endsWith('/api/v1/session') && response.status() === 401);
  const asked = refused(board);
  await board.reload();
  await asked;
  await board.waitForSelector('[data-away]:has-text("请听护士叫号")');
  assert.equal(await board.$('[data-pairing-code]'), null);
  assert.deepEqual(await kept(), paired);
  await stranger.close();
  await hospital.open();
  await board.waitForSelector('[data-live=on]');
  assert.deepEqual(await kept(), paired);
  await hospital.call('POST', '/screens/revoke', { screen: paired.screen });
  await board.waitForSelector('[data-pairing-code]');
  assert.equal(await kept(), null);
  browser.serverIsDown = false;
});

test('unpaired, it is paired anew as it hangs there, as often as it is: each time one code, and then its board', async () => {
  const codes = [];
  board.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/api/v1/screens')) codes.push(request.url());
  });
  for (const times of [1, 2, 3]) {
    const code = await board.getAttribute('[data-pairing-code]', 'data-pairing-code');
    await hospital.call('POST', '/screens/approve', { code, board: 'renmin.b3f' });
    await board.waitForSelector('.board [data-live=on]');
    await board.waitForSelector('.board h1:text-is("心内科 候诊区 3F")');
    await hospital.call('POST', '/screens/revoke', { screen: (await kept()).screen });
    await board.waitForSelector('[data-pairing-code]');
    // A second one would be asked for at once.
    await pause(500);
    assert.equal(codes.length, times);
  }
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
