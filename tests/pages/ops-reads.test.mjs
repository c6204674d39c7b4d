// What operations read: English lists in English words, and nothing that is squeezed, touches, or lies on a line.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, Hospital, SIZES } from './hospital.mjs';

let hospital;
let browser;
let ops;

before(async () => {
  hospital = await new Hospital().open();
  await hospital.define();
  // A department with two sessions of one class, and two rooms.
  await hospital.call('PUT', '/sessions', {
    id: 'renmin.yanke.s2', date: '2026-11-23', period: 'afternoon', queue: 'renmin.yanke.wangfang', doctor: 'renmin.wangfang', service_point: 'renmin.yanke.r1', registration_class: '普通', fee_fen: 1000,
    slots: [{ start: '14:00', minutes: 30, capacity: 6 }],
  });
  await hospital.call('PUT', '/service-points', { id: 'renmin.yanke.r2', name: '眼科2诊室', name_en: 'Eye room 2', order: 2, door_cap: 0 });
  for (const what of [{ board: 'renmin.b3f' }, { door: 'renmin.xinnei.r3' }]) {
    const { code } = await hospital.call('POST', '/screens', what);
    await hospital.call('POST', '/screens/approve', { code, board: 'renmin.b3f' }, hospital.desk);
  }
  browser = await new Browser(hospital.base).start();
  ops = await browser.staff('/ops', SIZES.console, 'yunxing');
});
after(async () => {
  await browser?.close();
  await hospital?.close();
  assert.deepEqual(browser.complaints, []);
});

const picture = (name) => process.env.PICTURES && ops.screenshot({ path: `${process.env.PICTURES}/${name}.png` });

test('in English no list has a Chinese comma, and sessions and titles are called as elsewhere', async () => {
  await ops.click('jh-language button');
  await ops.waitForSelector('html[lang=en]');
  await ops.click('[data-part=missing]');
  await ops.waitForSelector('[data-need=session]');
  await ops.selectOption('.of-department select', 'renmin.yanke');
  await ops.waitForSelector('[data-need=service_point] small:text-is("Eye room 1, Eye room 2")');
  assert.equal(await ops.textContent('[data-need=session] small'), '王芳 Morning, 王芳 Afternoon');
  for (const part of ['missing', 'doctor', 'queue', 'board', 'session', 'staff']) {
    await ops.click(`[data-part=${part}]`);
    await ops.waitForSelector('.things li');
    assert.doesNotMatch(await ops.textContent('#main'), /、/, part);
  }
  await ops.click('[data-part=queue]');
  const choices = await (await ops.waitForSelector('[data-form=define_queue]')).textContent();
  assert.match(choices, /Attending physician/);
  assert.doesNotMatch(choices, /主治医师/);
  await ops.click('jh-language button');
  await ops.waitForSelector('html[lang^=zh]');
});

test('a tick box is as big as the others, whatever stands beside it', async () => {
  await ops.click('[data-part=department]');
  await ops.waitForSelector('[data-form=define_department]');
  for (const language of ['zh', 'en']) {
    const sizes = await ops.$$eval('#main input[type=checkbox]', (all) => all.filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect()).map(({ width, height }) => `${width}×${height}`));
    assert.ok(sizes.length > 0);
    assert.deepEqual([...new Set(sizes)], ['20×20'], language);
    await picture(`ops-department-${language}`);
    await ops.click('jh-language button');
  }
});

test('of a paired screen the chip stands off the line and the id in one piece, at the desk and here', async () => {
  const desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await desk.click('[data-side=screens]');
  await ops.click('[data-part=screens]');
  for (const page of [desk, ops]) {
    await page.waitForSelector('.paired li:nth-child(2)');
    const rows = await page.$$eval('.paired li', (all) => all.map((row) => {
      const range = document.createRange();
      range.selectNodeContents(row.querySelector('small'));
      const tags = Array.from(row.querySelectorAll('.tag'), (tag) => tag.getBoundingClientRect());
      const { top, bottom } = row.getBoundingClientRect();
      return { lines: range.getClientRects().length, above: Math.min(...tags.map((tag) => tag.top - top)), below: Math.min(...tags.map((tag) => bottom - tag.bottom)) };
    }));
    for (const row of rows) assert.ok(row.lines === 1 && row.above >= 4 && row.below >= 4, JSON.stringify(row));
  }
  await picture('ops-screens');
  if (process.env.PICTURES) await desk.screenshot({ path: `${process.env.PICTURES}/desk-screens.png` });
});

test('a key of the recorder stands apart from its word', async () => {
  await ops.click('[data-part=voice]');
  const gaps = await (await ops.waitForSelector('[data-recorder]')).$$eval('.buttons .btn', (all) => all.map((one) => {
    const range = document.createRange();
    range.selectNodeContents(one.firstChild);
    return one.querySelector('kbd').getBoundingClientRect().left - range.getBoundingClientRect().right;
  }));
  assert.equal(gaps.length, 4);
  assert.ok(gaps.every((px) => px >= 6), `${gaps}`);
  await picture('ops-recorder');
});
