// A room's door while its doctor's clinic does not take place: it says so, and when, as the board does; on old browsers too.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, Hospital, looks, ONE_SLOT, SIZES, withoutModules } from './hospital.mjs';

const [AM, PM] = ['renmin.xinnei.s1', 'renmin.xinnei.pm'];
let hospital;
let browser;
let doors;
let board;

before(async () => {
  hospital = await new Hospital({ speed: 1, start: '2026-11-23T07:50:00+08:00' }).open();
  await hospital.define(ONE_SLOT);
  const own = (await hospital.call('GET', '/site/renmin', undefined, hospital.desk)).sessions.find((one) => one.session === AM);
  await hospital.call('PUT', '/sessions', {
    id: PM, date: own.date, period: 'afternoon', queue: own.queue, doctor: own.doctor, registration_class: own.registration_class, service_point: 'renmin.xinnei.r5',
    slots: [{ start: '14:00', minutes: 30, capacity: 2 }],
  });
  browser = await new Browser(hospital.base).start();
  const hang = async (where, ...more) => {
    const page = await browser.open(where, SIZES.screen, ...more);
    const code = await (await page.waitForSelector('[data-pairing-code]')).getAttribute('data-pairing-code');
    await hospital.call('POST', '/screens/approve', { code, board: 'renmin.b3f' }, hospital.desk);
    return page;
  };
  board = await hang('/board/renmin.b3f');
  doors = [await hang('/door/renmin.xinnei.r3'), await hang('/door/renmin.xinnei.r3', withoutModules)];
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

const stop = (session) => hospital.call('POST', '/sessions/stop', { session, reason: '医生身体不适' }, hospital.desk);
/** @param {string} zh @param {string} en */
const say = async (zh, en) => {
  for (const door of doors) {
    await door.waitForSelector(`body:has-text("${zh}"):has-text("${en}")`);
    assert.match(await door.textContent('body'), /李明/, 'whose it is');
    assert.doesNotMatch(await door.textContent('body'), /暂无门诊|暂无医生/);
  }
};

test('a morning that is stopped is said to be that, and the afternoon beside it is announced', async () => {
  await doors[0].waitForSelector('[data-says="board.opens"]');
  await stop(AM);
  await doors[0].waitForSelector('[data-says="door.stopped"]');
  await say('医生今天上午停诊', 'The doctor does not see patients this morning');
  await board.waitForSelector('body:has-text("李明医生今天上午停诊")');
  await looks(doors[0]);
  if (process.env.PICTURES) {
    await doors[0].screenshot({ path: `${process.env.PICTURES}/door-stopped.png` });
    await doors[1].screenshot({ path: `${process.env.PICTURES}/old-door-stopped.png` });
  }
});

test('a whole day that is stopped is today', async () => {
  await stop(PM);
  await say('医生今天停诊', 'The doctor does not see patients today');
  await board.waitForSelector('body:has-text("李明医生今天停诊")');
  assert.doesNotMatch(await board.textContent('body'), /上午停诊/);
});

test('no page complained', () => assert.deepEqual(browser.complaints, []));
