// English names of queues and doctors, offered by their spelling and never taken; a doctor's registration class, where the
// doctor's sessions begin.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, drawn, Hospital, looks, ONE_SLOT, SIZES } from './hospital.mjs';

const A = 'renmin.xinnei.liming';

let hospital;
let browser;
/** Of 李明, who works in r3, and what they sign with. */
let assignment;
let token;

before(async () => {
  hospital = await new Hospital({ speed: 30 }).open();
  await hospital.define(ONE_SLOT);
  browser = await new Browser(hospital.base).start();
});
after(async () => {
  await browser?.close();
  await hospital?.close();
  assert.deepEqual(browser.complaints, []);
});

const doctor = async (id) => (await hospital.call('GET', '/site/renmin')).doctors.find((one) => one.id === id);

test('operations offer the spelling of a name, keep what was written, and begin a session with the doctor\'s class', async () => {
  const ops = await browser.staff('/ops', SIZES.desk, 'yunxing');
  await ops.click('[data-part=doctor]');
  await ops.click('[data-action=edit][data-thing="renmin.zhoujing"]');
  await ops.waitForSelector('[data-form=define_doctor][data-editing="renmin.zhoujing"] [data-action=take_spelt]:has-text("Zhou Jing")');
  assert.equal(await ops.inputValue('[name=name_en]'), '', 'offered, not taken');
  await looks(ops);
  await ops.click('[data-action=take_spelt]');
  assert.equal(await ops.inputValue('[name=name_en]'), 'Zhou Jing');
  await ops.fill('[name=registration_class]', '特需');
  await ops.click('[data-action=define_doctor]');
  await ops.waitForSelector('[data-form=define_doctor][data-editing=""]');
  const zhou = await doctor('renmin.zhoujing');
  assert.deepEqual([zhou.name_en, zhou.registration_class], ['Zhou Jing', '特需']);
  await ops.click('[data-part=session]');
  await ops.selectOption('[data-form=define_session] [name=doctor]', 'renmin.zhoujing');
  await drawn(ops);
  assert.equal(await ops.inputValue('[data-form=define_session] [name=registration_class]'), '特需');
  await ops.context().close();
});

test('in English the pages say the English names, and the Chinese where there is none', async () => {
  await hospital.call('PUT', '/queues', { id: A, name: '李明门诊', name_en: 'Dr Li Ming', prefix: 'A', doctors: ['renmin.liming'] });
  await hospital.call('PUT', '/doctors', { id: 'renmin.liming', name: '李明', name_en: 'Li Ming', title: '主任医师', departments: ['renmin.xinnei'] });
  token = await hospital.signIn('liming');
  ({ assignment } = await hospital.call('POST', '/work/start', { department: 'renmin.xinnei', service_point: 'renmin.xinnei.r3' }, token));
  const desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await desk.waitForSelector(`[data-queue="${A}"] h2:has-text("李明门诊")`);
  await desk.click('jh-language button');
  await desk.waitForSelector(`[data-queue="${A}"] h2:has-text("Dr Li Ming")`);
  await desk.waitForSelector(`[data-queue="${A}"] .rooms:has-text("Li Ming")`);
  await desk.waitForSelector('[data-queue="renmin.xinnei.zhoujing"] h2:has-text("周静门诊")');
  const board = await hospital.call('GET', '/streams/board:renmin.b3f', undefined, hospital.desk);
  assert.deepEqual(board.snapshot.rooms.map((room) => [room.doctor, room.doctor_en]), [['李明', 'Li Ming']]);
  const door = await hospital.call('GET', '/streams/door:renmin.xinnei.r3', undefined, hospital.desk);
  assert.equal(door.snapshot.doctor_en, 'Li Ming');
});

test('a department that is not to be named has its neutral name on its screens, and numbers alone', async () => {
  const screen = await browser.open('/board/renmin.b3f', SIZES.screen);
  const code = await screen.getAttribute('[data-pairing-code]', 'data-pairing-code');
  await hospital.call('POST', '/screens/approve', { code, board: 'renmin.b3f' }, hospital.desk);
  await screen.waitForSelector('h1:text-is("心内科 候诊区 3F")');
  const ticket = await hospital.call('POST', '/tickets', { queue: A, patient: await hospital.person('张小三', '1980-01-01', 70) }, hospital.desk);
  await hospital.call('POST', '/calls/next', { department: 'renmin.xinnei', assignment, in_hand: null, outcome: null }, token);
  await screen.waitForSelector(`[data-call]:has-text("${ticket.number}"):has-text("张*三")`);
  const { departments } = await hospital.call('GET', '/site/renmin');
  const { settings } = departments.find(({ id }) => id === 'renmin.xinnei');
  await hospital.call('PUT', '/departments', { id: 'renmin.xinnei', name: '心内科', name_en: 'Cardiology', neutral_name: '第三诊区', number_only: true, settings });
  await screen.waitForSelector('h1:text-is("第三诊区")');
  await screen.waitForFunction(() => !document.body.textContent.includes('张'));
  assert.doesNotMatch(await screen.textContent('body'), /心内科|Cardiology|李明门诊/);
  assert.match(await screen.textContent('body'), new RegExp(ticket.number));
});
