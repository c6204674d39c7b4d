// A call by mistake, where the one who was called looks: the door keeps whom it has sent for, the board sends back whom it has
// called and shows nobody's old call as one of now, and the phone says that the call was taken back.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, faint, Hospital, looks, ONE_SLOT, residentNumber, signInPhone, SIZES, sayWho } from './hospital.mjs';

/** What is taken back is said for so long. */
const HELD_MS = 20000;

let hospital;
let browser;
let board;
let door;
let phone;
/** What a doctor does: by name. @type {Object<string, {next: () => Promise<any>, back: (ticket: string) => Promise<any>}>} */
let doctors;

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  browser = await new Browser(hospital.base).start();
  const hung = async (address) => {
    const page = await browser.open(address, SIZES.screen);
    const code = await page.getAttribute('[data-pairing-code]', 'data-pairing-code');
    await hospital.call('POST', '/screens/approve', { code, board: 'renmin.b3f' });
    await page.waitForSelector('.live:not(.off)');
    return page;
  };
  board = await hung('/board/renmin.b3f');
  door = await hung('/door/renmin.xinnei.r5');
  doctors = {};
  for (const [name, room] of [['liming', 'r3'], ['zhoujing', 'r5']]) {
    const token = await hospital.signIn(name);
    const { assignment } = await hospital.call('POST', '/work/start', { department: 'renmin.xinnei', service_point: `renmin.xinnei.${room}` }, token);
    doctors[name] = {
      next: () => hospital.call('POST', '/calls/next', { department: 'renmin.xinnei', assignment, in_hand: null, outcome: null }, token),
      back: (ticket) => hospital.call('POST', '/tickets/return-to-waiting', { ticket, reason: '叫错了' }, token),
    };
  }
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

const picture = async (page, name) => process.env.PICTURES && page.screenshot({ path: `${process.env.PICTURES}/taken-back-${name}.png` });

test('who is sent to the door reads there that they wait there and are next, as the board says', async () => {
  await door.waitForSelector('.now:has-text("请在候诊区等候叫号")');
  await hospital.call('POST', '/tickets', { queue: 'renmin.xinnei.zhoujing', patient: await hospital.person('王淑珍', '1962-01-01', 2) }, hospital.desk);
  await board.waitForSelector('[data-call][data-state=summoned] .number:text-is("B001")');
  const here = await door.waitForSelector('.now[data-at-door=B001]:has-text("请在门口等候,马上叫您"):has-text("you are next"):has-text("王*珍")');
  assert.ok(!(await here.textContent()).includes('候诊区'));
  assert.equal((await door.textContent('main')).split('B001').length, 2, 'large, and not once more as the next');
  assert.deepEqual(await faint(door), []);
  await picture(door, 'at-the-door');
});

test('without news a door says what was so, and since when, and asks nobody for anything', async () => {
  const others = {};
  await hospital.call('PUT', '/boards', { id: 'renmin.b2f', name: '眼科 候诊区 2F', name_en: 'Ophthalmology', english: true, speaks: false, queues: ['renmin.yanke.wangfang'] });
  for (const [room, on] of [['renmin.xinnei.r3', 'renmin.b3f'], ['renmin.yanke.r1', 'renmin.b2f']]) {
    others[room] = await browser.open(`/door/${room}`, SIZES.screen);
    await hospital.call('POST', '/screens/approve', { code: await others[room].getAttribute('[data-pairing-code]', 'data-pairing-code'), board: on });
    await others[room].waitForSelector('.live:not(.off)');
  }
  const says = (page, text) => page.waitForSelector(`.now:has-text("${text}")`).then((one) => one.innerText());
  await says(others['renmin.xinnei.r3'], '请在候诊区等候叫号');
  // As the board says it, before its doctor comes and with no delay announced.
  await says(others['renmin.yanke.r1'], '医生还没到,请在候诊区稍等');
  assert.match(await others['renmin.yanke.r1'].innerText('.who'), /王芳\s*主治医师/);
  assert.doesNotMatch(await others['renmin.yanke.r1'].innerText('body'), /暂无/);
  assert.deepEqual(await faint(others['renmin.yanke.r1']), []);
  await picture(others['renmin.yanke.r1'], 'not-begun');
  browser.serverIsDown = true;
  await hospital.end('SIGKILL');
  assert.match(await says(others['renmin.xinnei.r3'], '时没有叫号'), /08:\d\d 时没有叫号\s+Nobody was being called at 08:\d\d/);
  assert.match(await says(others['renmin.yanke.r1'], '时医生还没到'), /^08:\d\d 时医生还没到/);
  assert.match(await says(door, '时在门口等候'), /08:\d\d 时在门口等候\s+Asked to wait at this door, 08:\d\d\s+B001/);
  for (const page of [door, ...Object.values(others)]) {
    assert.doesNotMatch(await page.innerText('main'), /马上叫您|请在|you are next/);
    assert.deepEqual(await faint(page), []);
  }
  await picture(door, 'off-at-the-door');
  await picture(others['renmin.yanke.r1'], 'off-not-begun');
  await hospital.open();
  await says(door, '请在门口等候,马上叫您');
  browser.serverIsDown = false;
  await Promise.all([board, door].map((page) => page.waitForSelector('.live:not(.off)')));
  for (const page of Object.values(others)) await page.context().close();
});

test('a clinic that is late is one: its door says when it begins and whose it is, and not that there is no clinic', async () => {
  await hospital.call('POST', '/sessions/delay', { session: 'renmin.yanke.s1', minutes: 20 }, hospital.desk);
  const other = await browser.open('/door/renmin.yanke.r1', SIZES.screen);
  const code = await other.getAttribute('[data-pairing-code]', 'data-pairing-code');
  await hospital.call('POST', '/screens/approve', { code, board: 'renmin.b2f' });
  await other.waitForSelector('[data-held-up=delay]:has-text("门诊延迟约20分钟")');
  await other.waitForSelector('.now:has-text("约 08:50 开诊"):has-text("Starts about 08:50")');
  await other.waitForSelector('.who:has-text("王芳")');
  assert.doesNotMatch(await other.textContent('body'), /暂无/);
  assert.deepEqual(await faint(other), []);
  await picture(other, 'late');
  await other.context().close();
});

test('called by mistake: the phone says so over the whole screen, the board in a row, and nobody else becomes the call of now', async () => {
  phone = await browser.open('/patient', SIZES.phone);
  await signInPhone(phone, hospital, '13912345678');
  await sayWho(phone, '张建国', residentNumber('1990-03-07', 17));
  await phone.click('[data-action=open_booking]');
  await phone.click('[data-action=choose_department][data-department="renmin.xinnei"]');
  await phone.click('[data-session="renmin.xinnei.s1"] [data-action=hold_slot]:not([disabled])');
  await phone.click('[data-held] [data-action=confirm_appointment]');
  const ticket = await phone.getAttribute('[data-ticket][data-state=booked]', 'data-ticket');
  const { appointments } = await hospital.call('POST', '/departments/renmin.xinnei/appointments/find', { text: '张建国' }, hospital.desk);
  await hospital.call('POST', '/appointments/check-in', { appointment: appointments[0].appointment }, hospital.desk);
  await phone.waitForSelector('[data-ticket][data-state=waiting]');
  await doctors.zhoujing.next();
  await board.waitForSelector('.newest.new[data-state=called] .number:text-is("B001")');
  await doctors.liming.next();
  await board.waitForSelector('.newest.new[data-state=called] .number:text-is("A001")');
  await phone.waitForSelector('[data-called][data-state=called]');
  await phone.click('[data-action=seen_call]');
  await phone.waitForSelector('[data-about=called]:not([data-gone])');
  await doctors.liming.back(ticket);
  await board.waitForSelector('.call[data-state=withdrawn]:has-text("A001"):has-text("请回候诊区等候"):has-text("please wait in the waiting area")');
  assert.deepEqual(await faint(board), []);
  await picture(board, 'board');
  await phone.waitForSelector('[data-called][data-state=taken_back]:has-text("刚才的叫号取消了,对不起"):has-text("请回候诊区等,您的位置没有变")');
  await picture(phone, 'phone');
  await looks(phone);
  await phone.click('[data-action=seen_call]');
  await phone.waitForSelector('[data-ticket][data-state=waiting] [data-held-up]:has-text("刚才的叫号取消了")');
  await phone.waitForSelector('[data-about=called][data-gone=taken_back]:has-text("这条已取消") s:has-text("3号诊室")');
  await picture(phone, 'card');
  await board.waitForSelector('.call[data-state=withdrawn]', { state: 'detached', timeout: HELD_MS + 10000 });
  assert.equal(await board.$('.newest.new'), null);
  await board.waitForSelector('.newest.quiet');
  await board.waitForSelector('.call[data-state=called] .number:text-is("B001")');
  await picture(board, 'board-later');
});

test('called again it is a call like any other, and nothing speaks of the one that was taken back', async () => {
  await doctors.liming.next();
  await board.waitForSelector('.newest.new .number:text-is("A001")');
  await phone.waitForSelector('[data-called][data-state=called]:has-text("请现在到3号诊室就诊")');
  await phone.click('[data-action=seen_call]');
  // One order stands among the messages, the one that is so; the other lies folded among the earlier ones.
  await phone.waitForSelector('.earlier:not([open]) summary:has-text("旧消息")');
  await phone.waitForSelector('.messages > [data-about=called]:not([data-earlier])');
  assert.equal((await phone.$$('[data-about=called]:not([data-earlier])')).length, 1);
  assert.equal((await phone.$$('[data-about=called][data-earlier]')).length, 1);
  assert.equal(await phone.$('[data-held-up]:has-text("取消")'), null);
});

test('no page complained', () => assert.deepEqual(browser.complaints, []));
