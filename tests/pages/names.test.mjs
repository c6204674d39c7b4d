// English names of queues and doctors, offered by their spelling and never taken; a doctor's registration class, where the
// doctor's sessions begin.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, drawn, Hospital, looks, ONE_SLOT, SIZES } from './hospital.mjs';

const A = 'renmin.xinnei.liming';

let hospital;
let browser;

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
  const token = await hospital.signIn('liming');
  await hospital.call('POST', '/work/start', { department: 'renmin.xinnei', service_point: 'renmin.xinnei.r3' }, token);
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
