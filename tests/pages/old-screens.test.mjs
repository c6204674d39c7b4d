// Screens in browsers without modules: the calls in plain rows, silent and saying so, honest when the house is away, paired and
// unpaired as every screen; one that has no sockets either says that it is too old, and looks again by itself.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, Hospital, ONE_SLOT, pause, SIZES, withoutModules } from './hospital.mjs';

const BOARD = '/board/renmin.b3f';
const DOOR = '/door/renmin.xinnei.r3';
let hospital;
let browser;
let board;
let doctor;
/** The doctor's work, and who is in hand. */
let assignment;
let hand;

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  browser = await new Browser(hospital.base).start();
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

/** Of the board's area, the door too. */
async function pair(page) {
  const code = await page.getAttribute('[data-pairing-code]', 'data-pairing-code');
  await hospital.call('POST', '/screens/approve', { code, board: 'renmin.b3f' }, hospital.desk);
}

const walkIn = async (name, serial) => hospital.call('POST', '/tickets', { queue: 'renmin.xinnei.liming', patient: await hospital.person(name, '1970-01-01', serial) }, hospital.desk);

test('is paired with six digits, and shows who is called, where, and who waits', async () => {
  await walkIn('张小三', 1);
  await walkIn('欧阳雪莉', 2);
  await walkIn('何伟', 3);
  board = await browser.open(BOARD, SIZES.screen, withoutModules);
  await board.waitForSelector('[data-pairing-code]');
  if (process.env.PICTURES) await board.screenshot({ path: `${process.env.PICTURES}/old-pairing.png` });
  await pair(board);
  await board.waitForSelector('[data-old=silent]:has-text("没有语音"):has-text("no voice")');
  await board.waitForSelector('[data-room="3号诊室"]:has-text("李明"):has-text("A001 A002 A003")');
  const token = await hospital.signIn('liming');
  doctor = (resource, body) => hospital.call('POST', resource, body, token);
  ({ assignment } = await doctor('/work/start', { department: 'renmin.xinnei', service_point: 'renmin.xinnei.r3' }));
  const { called } = await doctor('/calls/next', { department: 'renmin.xinnei', assignment, in_hand: null, outcome: null });
  await board.waitForSelector('[data-call][data-state=called]:has-text("A001"):has-text("张*三"):has-text("3号诊室"):has-text("请就诊")');
  await board.waitForSelector('[data-room="3号诊室"]:has-text("A002 A003")');
  assert.ok(!(await board.textContent('body')).includes('张小三'));
  const wide = await board.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth && document.documentElement.scrollHeight <= window.innerHeight);
  assert.ok(wide, 'nothing has to be scrolled');
  if (process.env.PICTURES) await board.screenshot({ path: `${process.env.PICTURES}/old-board.png` });
  // It has confirmed what it shows, and operations see it as one that cannot speak.
  const { snapshot } = await hospital.call('GET', '/streams/ops');
  const [screen] = snapshot.sites.flatMap((site) => site.screens);
  assert.deepEqual([screen.online, screen.silent, screen.client], [true, true, 'page for old browsers']);
  hand = called.ticket;
  await doctor('/tickets/start-service', { ticket: hand });
  await board.waitForSelector('[data-call][data-state=serving]:has-text("A001"):has-text("就诊中")');
});

test('where a department shows numbers alone, no name stands there, nor the word for none', async () => {
  await hospital.call('PUT', '/departments', { id: 'renmin.xinnei', name: '心内科', name_en: 'Cardiology', number_only: true });
  await board.waitForFunction(() => document.querySelector('[data-call] .old-name').textContent === '');
  await hospital.call('PUT', '/departments', { id: 'renmin.xinnei', name: '心内科', name_en: 'Cardiology' });
  await board.waitForSelector('[data-call]:has-text("张*三")');
});

test('a door says whom it asks in, and who is next', async () => {
  const door = await browser.open(DOOR, SIZES.screen, withoutModules);
  await door.waitForSelector('[data-pairing-code]');
  await pair(door);
  await door.waitForSelector('[data-number="A001"]:has-text("就诊中"):has-text("With the doctor")');
  if (process.env.PICTURES) await door.screenshot({ path: `${process.env.PICTURES}/old-door.png` });
  await door.context().close();
});

test('says that it is not current while the house is away, and is back by itself with its pairing', async () => {
  browser.serverIsDown = true;
  await hospital.end('SIGKILL');
  await board.waitForSelector('.old-off .old-band:has-text("屏幕暂停更新"):has-text("please listen for the nurse")', { timeout: 5000 });
  await board.waitForSelector('[data-call]:has-text("最后叫号")');
  if (process.env.PICTURES) await board.screenshot({ path: `${process.env.PICTURES}/old-away.png` });
  await hospital.open();
  await board.waitForSelector('.old:not(.old-off) [data-call][data-state=serving]');
  browser.serverIsDown = false;
  await board.reload();
  await board.waitForSelector('.old:not(.old-off) [data-call][data-state=serving]');
});

test('sent away by operations it shows nothing more, and asks for its pairing', async () => {
  const { snapshot } = await hospital.call('GET', '/streams/ops');
  const [{ screen }] = snapshot.sites.flatMap((site) => site.screens).filter((one) => one.online);
  await hospital.call('POST', '/screens/revoke', { screen });
  await board.waitForSelector('[data-pairing-code]');
  assert.equal(await board.$('[data-call]'), null);
  await board.context().close();
});

test('a box whose clock is years off confirms what it shows by the time of the house', async () => {
  const token = await hospital.signIn('liming');
  for (const years of [-30, 10]) {
    const box = await browser.open('/', SIZES.screen, withoutModules);
    await box.addInitScript((by) => {
      const { now } = Date;
      Date.now = () => now() + by * 365 * 86400000;
    }, years);
    /** Report → what came of it. */
    const answers = new Map();
    box.on('websocket', (socket) => {
      socket.on('framesent', ({ payload }) => {
        const frame = JSON.parse(String(payload));
        if (frame.type === 'command') answers.set(frame.id, null);
      });
      socket.on('framereceived', ({ payload }) => {
        const frame = JSON.parse(String(payload));
        if (answers.has(frame.reply_to)) answers.set(frame.reply_to, frame.error ? frame.error.code : frame.type);
      });
    });
    await box.goto(hospital.base + BOARD);
    await box.waitForSelector('[data-pairing-code]');
    await pair(box);
    await box.waitForSelector('[data-call]');
    const next = { department: 'renmin.xinnei', assignment, in_hand: hand, outcome: 'seen' };
    const { called } = await hospital.call('POST', '/calls/next', next, token);
    hand = called.ticket;
    await box.waitForSelector('[data-call][data-state=called]');
    for (let tries = 0; !answers.size || [...answers.values()].includes(null); tries += 1) {
      assert.ok(tries < 200, `${years} years: no report, or no answer to it: ${[...answers]}`);
      await pause(50);
    }
    assert.deepEqual([...answers.values()], ['done'], `${years} years`);
    assert.match(await box.textContent('.old-time'), /^08:[345]\d$/);
    await box.context().close();
  }
});

test('without sockets it says that it is too old, in both languages, and looks again by itself', async () => {
  const page = await browser.open('/', SIZES.screen, withoutModules);
  await page.addInitScript(() => delete window.WebSocket);
  await page.clock.install();
  let asked = 0;
  page.on('request', (request) => {
    if (request.url() === hospital.base + BOARD) asked += 1;
  });
  await page.goto(hospital.base + BOARD);
  await page.waitForSelector('#main:has-text("请听护士叫号"):has-text("listen for the nurse")');
  assert.equal(asked, 1);
  await page.clock.fastForward(61000);
  for (let tries = 0; asked < 2; tries += 1) {
    assert.ok(tries < 100, 'it does not look again');
    await pause(50);
  }
  await page.waitForLoadState();
  await page.context().close();
});

test('a phone that is too old for its page says whom to ask', async () => {
  browser.serverIsDown = true;
  const before = browser.complaints.length;
  const phone = await browser.open('/', SIZES.phone);
  await phone.route('**/web/patient/patient.js', (route) => route.fulfill({ contentType: 'text/javascript', body: 'let page ??! 1;' }));
  await phone.goto(`${hospital.base}/patient`);
  await phone.waitForSelector('.too-old:has-text("请到分诊台")');
  await phone.waitForSelector('.too-old[lang=en]');
  assert.equal(browser.complaints.splice(before).length, 1, 'the browser says that it cannot read it');
  await phone.unroute('**/web/patient/patient.js');
  await phone.reload();
  await phone.waitForSelector('jh-sign-in');
  assert.equal(await phone.$('.too-old'), null);
  await phone.context().close();
  browser.serverIsDown = false;
});

test('no page complained', () => assert.deepEqual(browser.complaints, []));
