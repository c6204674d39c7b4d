// From an empty folder to the first called patient, with the pages alone: the printed link, /setup, /ops, the desk, a
// screen, the doctor. No command is given but by a page.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, Hospital, SIZES } from './hospital.mjs';

const ADMIN = '一句好记的管理员密码吧';

let hospital;
let browser;
let ops;

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  browser = await new Browser(hospital.base).start();
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

const link = () => hospital.link.slice(hospital.base.length);
const isThere = (page, selector) => page.waitForSelector(selector);

test('the printed link opens the first steps, and is gone from the address', async () => {
  ops = await browser.open(link(), SIZES.desk);
  await isThere(ops, '[data-form=setup]');
  assert.equal(new URL(ops.url()).hash, '');
  assert.equal(await ops.inputValue('[name=time_zone]'), 'Asia/Shanghai');
  await ops.reload();
  await isThere(ops, '[data-form=setup]');
});

test('what is wrong is said at its field, and nothing is lost by it', async () => {
  await ops.fill('[name=name]', '市人民医院');
  assert.equal(await ops.inputValue('[name=id]'), 'shirenminyiyuan');
  await ops.fill('[name=id]', 'renmin');
  await ops.fill('[name=name_en]', 'City Hospital');
  assert.equal(await ops.inputValue('[name=id]'), 'renmin', 'what somebody wrote stays');
  await ops.fill('[name=password]', `${ADMIN}!`);
  await ops.fill('[name=again]', ADMIN.padEnd(12, '?'));
  await ops.click('[data-action=setup]');
  await isThere(ops, '[data-wrong=again]:has-text("不一样")');
  assert.equal(await ops.inputValue('[name=name]'), '市人民医院');
});

test('the first administrator is made, signed in, and led on', async () => {
  await ops.fill('[name=password]', `${ADMIN}!`);
  await ops.fill('[name=again]', `${ADMIN}!`);
  await ops.click('[data-action=setup]');
  await isThere(ops, '[data-setup=done] li:nth-child(4)');
  browser.serverIsDown = true; // a refusal on purpose is noted by the browser
  const second = await browser.open(link(), SIZES.desk);
  await isThere(second, '[data-setup=spent]:has-text("jiaohao token issue")');
  await second.context().close();
  browser.serverIsDown = false;
  await ops.click('[data-action=open_ops]');
  await isThere(ops, 'jh-connection[state=live]');
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
