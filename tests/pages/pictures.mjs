// Takes the pictures of the pages that the documents show: `node tests/pages/pictures.mjs [folder]`. A made-up busy morning is
// played at speed against the real program, then the clock goes on at its own pace and each page is taken at its size.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { Browser, Hospital, PASSWORD, pause, residentNumber, sayWho, seenByHand, signInPhone, SIZES, TODAY } from './hospital.mjs';

const OUT = process.argv[2] ?? path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../docs/pictures');
const SPEED = 120;
const A = 'renmin.xinnei.liming';
const B = 'renmin.xinnei.zhoujing';
const C = 'renmin.xinnei.pool';
const AT_LI = [
  ['陈秀英', '1953-04-12'], ['张建国', '1961-09-30'], ['王淑珍', '1944-01-08'], ['刘志强', '1978-06-21'], ['赵丽华', '1969-11-03'],
  ['欧阳明', '1957-02-17'], ['黄伟', '1990-08-25'], ['周桂兰', '1949-12-01'], ['吴晓燕', '1985-05-14'],
];
const AT_ZHOU = [['徐海涛', '1972-03-09'], ['孙玉梅', '1964-07-28'], ['马文军', '1981-10-19'], ['朱秀兰', '1955-05-05'], ['胡永强', '1988-02-23']];
const WALK_INS = [['林美玲', '1993-09-09'], ['何国栋', '1968-04-04'], ['高雪', '2001-01-15'], ['罗建平', '1959-08-18']];
const WOMEN = ['陈秀英', '王淑珍', '赵丽华', '周桂兰', '吴晓燕', '孙玉梅', '朱秀兰', '林美玲', '高雪'];
/** Seen before the picture's hour, so that the doctors' pace is known. */
const EARLY = [
  ['郑国平', '1966-02-02'], ['谢长江', '1973-05-06'], ['唐文斌', '1958-07-07'], ['韩立新', '1980-08-08'], ['曹志远', '1976-04-01'],
  ['邓小军', '1983-03-14'], ['许家明', '1962-10-10'], ['傅宏', '1959-12-12'], ['沈建华', '1971-01-21'], ['曾庆', '1986-06-16'],
];
const PHONE = '13800001234';
const save = (page, name) => page.screenshot({ path: path.join(OUT, `${name}.png`) });

const hospital = await new Hospital({ start: `${TODAY}T07:55:00+08:00`, speed: SPEED }).open();
const browser = new Browser(hospital.base);
try {
  await firstSteps();
  await play();
  await slowDown();
  await take();
} finally {
  await browser.close();
  await hospital.close();
}

/** Lets minutes of the clinic's clock pass. */
function minutes(n) {
  return pause((n * 60000) / SPEED);
}

/** While nobody has set the folder up: what the printed link opens. */
async function firstSteps() {
  fs.mkdirSync(OUT, { recursive: true });
  await browser.start();
  const setup = await browser.open(hospital.link.slice(hospital.base.length), SIZES.desk);
  await setup.fill('[name=name]', '市人民医院');
  await setup.fill('[name=name_en]', 'City Hospital');
  for (const name of ['password', 'again']) await setup.fill(`[name=${name}]`, 'a-long-password');
  await save(setup, 'setup');
  await browser.close();
}

async function play() {
  await hospital.define();
  const put = (resource, body) => hospital.call('PUT', resource, body);
  await put('/service-points', { id: 'renmin.xinnei.r3', name: '3号诊室', name_en: 'Room 3', order: 3, door_cap: 1 });
  await put('/service-points', { id: 'renmin.xinnei.r7', name: '7号诊室', name_en: 'Room 7', order: 7, door_cap: 1 });
  const departments = ['renmin.xinnei'];
  await put('/doctors', { id: 'renmin.liming', name: '李明', name_en: 'Li Ming', title: '主任医师', departments });
  await put('/doctors', { id: 'renmin.zhoujing', name: '周静', name_en: 'Zhou Jing', title: '副主任医师', departments });
  await put('/doctors', { id: 'renmin.wuwei', name: '吴薇', name_en: 'Wu Wei', title: '主治医师', departments });
  await put('/queues', { id: A, name: '李明门诊', name_en: 'Dr Li Ming', prefix: 'A', doctors: ['renmin.liming'] });
  await put('/queues', { id: B, name: '周静门诊', name_en: 'Dr Zhou Jing', prefix: 'B', doctors: ['renmin.zhoujing'] });
  await put('/queues', { id: C, name: '普通门诊', name_en: 'General clinic', prefix: 'C', doctors: ['renmin.wuwei'] });
  await put('/sessions', {
    id: 'renmin.xinnei.s3', date: TODAY, period: 'morning', queue: C, doctor: null, service_point: 'renmin.xinnei.r7',
    registration_class: '普通', fee_fen: 1000, slots: [{ start: '08:00', minutes: 30, capacity: 8 }, { start: '09:00', minutes: 30, capacity: 8 }, { start: '09:30', minutes: 30, capacity: 8 }, { start: '10:00', minutes: 30, capacity: 8 }],
  });
  await put('/boards', { id: 'renmin.b3f', name: '心内科 候诊区 3F', name_en: 'Cardiology', english: true, speaks: false, queues: [A, B, C] });
  await put('/staff', { id: 'wuwei', role: 'doctor', password: 'a-long-password', site: 'renmin', doctor: 'renmin.wuwei' });
  let serial = 100;
  // The last figure of the serial says the sex.
  const person = ([name, birth]) => {
    serial += 2;
    return hospital.person(name, birth, WOMEN.includes(name) ? serial : serial + 1);
  };
  const booked = [];
  for (const [people, session] of [[AT_LI, 'renmin.xinnei.s1'], [AT_ZHOU, 'renmin.xinnei.s2']]) {
    for (const [i, [name, birth]] of people.entries()) {
      const patient = await person([name, birth]);
      booked.push({ name, appointment: await hospital.book(session, ['08:30', '09:00', '09:30'][Math.floor(i / 3)], patient) });
    }
  }
  const arrive = async (name) => (await hospital.call('POST', '/appointments/check-in', { appointment: booked.find((b) => b.name === name).appointment }, hospital.desk)).ticket;
  const walkIn = async (who, queue, more = {}) => (await hospital.call('POST', '/tickets', { queue, patient: await person(who), ...more }, hospital.desk)).ticket;
  const doctors = {};
  const begin = async (name, point) => {
    const token = await hospital.signIn(name);
    const { assignment } = await hospital.call('POST', '/work/start', { department: 'renmin.xinnei', service_point: `renmin.xinnei.${point}` }, token);
    doctors[name] = { token, assignment, hand: null };
  };
  const next = async (name, outcome = 'seen') => {
    const d = doctors[name];
    const answer = await hospital.call('POST', '/calls/next', {
      department: 'renmin.xinnei', assignment: d.assignment, in_hand: d.hand && d.hand.ticket, outcome: d.hand ? outcome : null,
    }, d.token);
    d.hand = answer.called;
  };
  const act = (name, resource, body) => hospital.call('POST', resource, body, doctors[name].token);
  await begin('liming', 'r3');
  await begin('zhoujing', 'r5');
  await begin('wuwei', 'r7');
  for (const [i, early] of EARLY.entries()) await walkIn(early, i % 2 ? A : B);
  for (const length of [5, 8, 4, 7, 6]) {
    await next('liming');
    await next('zhoujing');
    await minutes(length);
  }
  for (const name of ['陈秀英', '张建国', '徐海涛', '孙玉梅', '王淑珍']) await arrive(name);
  await walkIn(WALK_INS[0], C);
  await minutes(3);
  await next('liming');
  await next('zhoujing');
  await next('wuwei');
  for (const name of ['刘志强', '赵丽华', '马文军']) await arrive(name);
  await minutes(6);
  await next('liming');
  await act('liming', '/tickets/send-for-tests', { ticket: doctors.liming.hand.ticket });
  const away = doctors.liming.hand.ticket;
  doctors.liming.hand = null;
  await next('liming');
  await walkIn(WALK_INS[1], C);
  await minutes(7);
  await act('zhoujing', '/calls/recall', { call: doctors.zhoujing.hand.call });
  await next('zhoujing', 'not_here');
  for (const name of ['欧阳明', '黄伟', '周桂兰', '朱秀兰', '胡永强']) await arrive(name);
  await minutes(6);
  await next('liming');
  await act('wuwei', '/tickets/start-service', { ticket: doctors.wuwei.hand.ticket });
  await hospital.call('POST', '/tickets/report-back', { ticket: away }, hospital.desk);
  await walkIn(WALK_INS[2], C);
  await walkIn(WALK_INS[3], A, { class: 'military' });
  await minutes(5);
  await next('zhoujing');
  await act('zhoujing', '/tickets/start-service', { ticket: doctors.zhoujing.hand.ticket });
  await minutes(6);
  await hospital.call('POST', '/sessions/delay', { session: 'renmin.xinnei.s2', minutes: 20 }, hospital.desk);
  hospital.doctors = doctors;
}

/** From here on the clock goes at its own pace: the folder's mark and its copy say so, each with its checksum. */
async function slowDown() {
  await hospital.end('SIGTERM');
  for (const mark of ['data/folder.json', 'data/persons/folder.json']) {
    const file = path.join(hospital.dir, mark);
    const [json] = fs.readFileSync(file, 'utf8').split('\n');
    const text = JSON.stringify({ ...JSON.parse(json), speed: 1 });
    fs.writeFileSync(file, `${text}\n${crc32(text).toString(16).padStart(8, '0')}\n`);
  }
  hospital.speed = 1;
  await hospital.open();
}

async function take() {
  browser.base = hospital.base;
  await browser.start();
  const ops = await browser.staff('/ops', SIZES.desk, 'yunxing');
  const desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  const board = await browser.open('/board/renmin.b3f', SIZES.screen);
  const door = await browser.open('/door/renmin.xinnei.r3', SIZES.screen);
  await desk.click('[data-side=screens]');
  for (const screen of [board, door]) {
    await desk.fill('[data-form=approve_screen] [name=code]', await screen.getAttribute('[data-pairing-code]', 'data-pairing-code'));
    await desk.click('[data-action=approve_screen]');
    await screen.waitForSelector('.live:not(.off)');
  }
  const phone = await browser.open('/patient?site=renmin', SIZES.phone);
  await signInPhone(phone, hospital, PHONE);
  await sayWho(phone, '李晓红', residentNumber('1984-10-02', 304));
  await phone.click('[data-action=open_booking]');
  await phone.click('[data-action=choose_department][data-department="renmin.xinnei"]');
  await phone.waitForSelector('[data-action=hold_slot]');
  await save(phone, 'patient-booking');
  await phone.click('[data-session="renmin.xinnei.s1"] [data-action=hold_slot]:not([disabled])');
  await phone.click('[data-action=confirm_appointment]');
  await phone.fill('[data-form=check_in] [name=code]', await desk.$eval('[data-area-code]', (e) => e.dataset.areaCode));
  await phone.click('[data-form=check_in] [data-action=check_in]');
  await phone.waitForSelector('[data-ticket][data-state=waiting]');
  // What a queue says of its waits is at most a minute old.
  await phone.waitForSelector('[data-ticket] .track .range', { timeout: 150000 });
  await save(phone, 'patient');
  await phone.evaluate(() => {
    localStorage.setItem('jiaohao.elder', '1');
    localStorage.setItem('jiaohao.language', 'en');
  });
  await phone.reload();
  await phone.click('body');
  await phone.waitForSelector('.elder [data-ticket] .track .range', { timeout: 150000 });
  await phone.waitForSelector('[data-silent]', { state: 'detached' });
  await save(phone, 'patient-elder-en');
  await phone.evaluate(() => localStorage.clear());
  await phone.reload();
  await phone.click('body');
  const doctor = await browser.staff('/doctor', SIZES.console, 'liming');
  await doctor.click('[data-outcome=seen], [data-action=call_next_patient]');
  await board.waitForSelector('.newest.new');
  await pause(1200);
  await save(board, 'board');
  await board.setViewportSize({ width: 1080, height: 1920 });
  await pause(800);
  await save(board, 'board-upright');
  await board.setViewportSize({ width: 3840, height: 2160 });
  await pause(1500);
  await save(board, 'board-4k');
  await board.setViewportSize(SIZES.screen);
  await save(door, 'door');
  await doctor.waitForSelector('.hand .person');
  await pause(600);
  await save(doctor, 'doctor');
  await desk.click(`[data-queue="${A}"] li:nth-child(3) [data-row]`);
  await pause(600);
  await save(desk, 'desk');
  const start = await browser.open('/', SIZES.desk);
  await pause(500);
  await save(start, 'start');
  await doctor.click('[data-action=start_service]');
  for (let i = 0; i < 30 && !(await phone.$('[data-called][data-state=called]')); i += 1) {
    await seenByHand(doctor, '[data-action=call_next_patient]:not([data-outcome=not_here])');
    await pause(700);
  }
  await save(phone, 'patient-called');
  await ops.waitForSelector('[data-part=screens]:has-text("2")', { timeout: 30000 });
  await save(ops, 'ops');
  await ops.click('[data-part=missing]');
  await ops.hover('#clock');
  await pause(600);
  await save(ops, 'ops-missing');
  await ops.click('[data-part=reports]');
  await ops.waitForSelector('table');
  await pause(600);
  await save(ops, 'reports');
  const template = (name, doctor, point, grade, fee, weekdays, end) => hospital.call('PUT', '/templates', {
    id: `renmin.xinnei.${name}`, name, queue: `renmin.xinnei.${doctor}`, doctor: `renmin.${doctor}`, service_point: `renmin.xinnei.${point}`, period: 'morning', registration_class: grade, fee_fen: fee,
    weekdays, from: '2026-11-23', start: '08:00', end, slot_min: 30, capacity: 6,
  });
  await template('li', 'liming', 'r3', '主任', 5000, [1, 3], '11:30');
  await template('zhou', 'zhoujing', 'r5', '副主任', 3000, [1, 2, 3, 4, 5], '12:00');
  await hospital.call('PUT', '/exceptions', { id: 'renmin.xinnei.rest', from: '2026-12-09', to: '2026-12-11', doctor: 'renmin.zhoujing', does: { closed: { reason: '外出开会' } } });
  await ops.click('[data-part=plan]');
  await ops.click('[data-view-of=calendar]');
  await pause(600);
  await save(ops, 'ops-plan');
  await ops.click('[data-part=voice]');
  await pause(1500);
  await save(ops, 'recorder');
  await hospital.call('PUT', '/staff', { id: 'zizhu', role: 'kiosk', password: PASSWORD, site: 'renmin', departments: ['renmin.xinnei'] });
  const kiosk = await browser.staff('/kiosk', { width: 1080, height: 1920 }, 'zizhu');
  await kiosk.waitForSelector('[data-area-code] img');
  await save(kiosk, 'kiosk');
  await kiosk.setViewportSize({ width: 1920, height: 1080 });
  await pause(300);
  await save(kiosk, 'kiosk-lying');
  const caller = await browser.staff('/caller', SIZES.caller, 'liming');
  await caller.waitForSelector('.who .number');
  await pause(600);
  await save(caller, 'caller');
  for (const complaint of browser.complaints) console.error(complaint);
  if (browser.complaints.length) process.exitCode = 1;
}
