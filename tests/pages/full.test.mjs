// The server's disk is full: every page of the staff says so before anybody presses anything, with what to do, and says it
// no more when there is room again.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, Hospital, looks, SIZES } from './hospital.mjs';

/** More than is free, in MiB: the most that can be set. */
const FULL = { JIAOHAO_DATA__RESERVE_MIB: '1048576', JIAOHAO_DATA__LAST_RESERVE_MIB: '1048575' };

let hospital;
let browser;

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define();
  browser = await new Browser(hospital.base).start();
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

test('a band says on all pages of the staff that nothing is saved and what to do, until there is room', async () => {
  const pages = {
    desk: await browser.staff('/desk', SIZES.desk, 'fenzhen'),
    doctor: await browser.staff('/doctor', SIZES.console, 'liming'),
    ops: await browser.staff('/ops', SIZES.desk, 'yunxing'),
  };
  for (const page of Object.values(pages)) assert.ok(!(await page.isVisible('jh-offline-band')));
  browser.serverIsDown = true;
  await hospital.end('SIGTERM');
  hospital.settings = FULL;
  await hospital.open();
  const says = { desk: /不能取号、签到.*先用纸笔.*通知信息科/, doctor: /口头叫号.*通知信息科/, ops: /腾出空间/ };
  for (const [name, page] of Object.entries(pages)) {
    await page.waitForSelector('jh-offline-band[shown]:has-text("磁盘已满")');
    await page.waitForSelector('jh-connection[state=live]');
    assert.match(await page.textContent('jh-offline-band'), says[name], name);
    if (process.env.JIAOHAO_PICTURES) await page.screenshot({ path: `${process.env.JIAOHAO_PICTURES}/full-${name}.png` });
  }
  await looks(pages.desk);
  await hospital.end('SIGTERM');
  hospital.settings = {};
  await hospital.open();
  for (const page of Object.values(pages)) {
    await page.waitForSelector('jh-connection[state=live]');
    await page.waitForSelector('jh-offline-band', { state: 'hidden' });
  }
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
