// What the desk reads off its page: how many a column lists, at whose door somebody stands, which button undoes what, and
// that the buttons of several rooms do not touch. And what English looks like on pages that are Chinese first.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, choose, Hospital, looks, SIZES } from './hospital.mjs';

const POOL = 'renmin.xinnei.pool';

let hospital;
let browser;
let desk;

before(async () => {
  hospital = await new Hospital().open();
  await hospital.define();
  await hospital.call('PUT', '/queues', { id: POOL, name: '普通门诊', name_en: 'General clinic', prefix: 'P', doctors: [] });
  for (const [name, room] of [['liming', 'r3'], ['zhoujing', 'r5']]) {
    await hospital.call('POST', '/work/start', { department: 'renmin.xinnei', service_point: `renmin.xinnei.${room}` }, await hospital.signIn(name));
  }
  for (let n = 1; n <= 4; n += 1) {
    await hospital.call('POST', '/tickets', { queue: POOL, patient: await hospital.person(`候${'一二三四'[n - 1]}`, `196${n}-01-01`, 20 + n) }, hospital.desk);
  }
  browser = await new Browser(hospital.base).start();
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await desk.waitForSelector(`[data-queue="${POOL}"] [data-row][data-state=summoned]`);
});
after(async () => {
  await browser?.close();
  await hospital?.close();
  assert.deepEqual(browser.complaints, []);
});

const picture = (name) => process.env.PICTURES && desk.screenshot({ path: `${process.env.PICTURES}/${name}.png` });

async function speak(page, lang) {
  if (!await page.$(`html[lang^=${lang}]`)) await page.click('jh-language button');
  await page.waitForSelector(`html[lang^=${lang}]`);
}

test('the number above a column is of what the column lists, and says of what', async () => {
  const above = (filter) => desk.waitForSelector(`[data-queue="${POOL}"] h2 [data-count=${filter}]`).then((one) => one.textContent());
  assert.equal(await above('waiting'), '候诊 4');
  await desk.click('[data-filter=missed]');
  assert.equal(await above('missed'), '过号 0');
  await choose(desk, 'P004');
  await desk.click('[data-chosen] [data-action=cancel_ticket]');
  await desk.click('dialog [data-choice]');
  if (await desk.$('dialog[open]')) await desk.click('dialog [data-action=dialog_go]');
  await desk.waitForSelector(`[data-queue="${POOL}"] h2 [data-count=waiting]:text-is("候诊 3")`);
  await desk.click('[data-filter=ended]');
  assert.match(await above('ended'), / 1$/);
});

test('the buttons that pause the rooms of one queue stand apart', async () => {
  const boxes = await desk.$$eval(`[data-queue="${POOL}"] [data-action=pause_work]`, (all) => all.map((one) => one.getBoundingClientRect()).map(({ top, bottom, height }) => ({ top, bottom, height })));
  assert.equal(boxes.length, 2);
  assert.ok(boxes[1].top - boxes[0].bottom >= 4, `${boxes[0].bottom} ${boxes[1].top}`);
});

test('whoever stands at a door stands at that door in the panel too', async () => {
  await desk.click('[data-filter=waiting]');
  await choose(desk, await desk.getAttribute('[data-row][data-state=summoned]', 'data-number'));
  assert.equal(await desk.textContent('[data-chosen] [data-standing=summoned]'), '已请到5号诊室门口');
});

test('the two ways to undo the newest step say how they differ, on one line each, in both languages', async () => {
  const said = {};
  for (const lang of ['zh', 'en']) {
    await speak(desk, lang);
    await choose(desk, 'P002');
    const buttons = await desk.$$eval('[data-chosen] .history .undos .btn', (all) => all.map((one) => {
      const range = document.createRange();
      range.selectNodeContents(one);
      return { words: one.textContent, lines: range.getClientRects().length, right: one.getBoundingClientRect().right, edge: one.closest('.body').getBoundingClientRect().right, inside: one.scrollWidth <= one.clientWidth };
    }));
    said[lang] = buttons.map((one) => one.words);
    for (const one of buttons) assert.ok(one.lines === 1 && one.inside && one.right <= one.edge, JSON.stringify(one));
    await desk.$eval('[data-chosen] .history', (list) => list.scrollIntoView({ block: 'center' }));
    await picture(`desk-history-${lang}`);
  }
  assert.deepEqual(said, { zh: ['按错了,撤销', '撤销,写原因…'], en: ['By mistake: undo', 'Undo, with a reason…'] });
  await looks(desk);
});

test('an apostrophe in English takes no whole character\'s place', async () => {
  const width = () => desk.evaluate(() => {
    const one = Object.assign(document.createElement('span'), { textContent: '\u2019', style: 'font-size:100px;position:absolute' });
    document.body.append(one);
    const { width: wide } = one.getBoundingClientRect();
    one.remove();
    return wide;
  });
  await speak(desk, 'en');
  assert.ok(await width() < 50, `${await width()} of 100`);
  await speak(desk, 'zh');
});

test('a page that was opened under another address says so, and where to open it', async () => {
  browser.serverIsDown = true; // a refusal on purpose is noted by the browser
  for (const [valid, said] of [[undefined, /系统不认这个网址/], [{ origin: 'https://jiaohao.example.org' }, /请改从 https:\/\/jiaohao\.example\.org 打开/]]) {
    const page = await browser.open('/ops', SIZES.console);
    await page.waitForSelector('[name=password]');
    await page.route('**/api/v1/session', (route) => route.fulfill({
      status: 403, contentType: 'application/problem+json', body: JSON.stringify({ code: 'forbidden', title: 'forbidden', detail: 'another origin', valid_now: valid }),
    }));
    await page.fill('[name=name]', 'yunxing');
    await page.fill('[name=password]', 'a-long-password');
    await page.click('[data-action=sign_in]');
    const words = await (await page.waitForSelector('.notice.alarm')).textContent();
    assert.match(words, said);
    assert.ok(words.includes(hospital.base), 'from where it was opened');
    await page.context().close();
  }
  browser.serverIsDown = false;
});
