// A screen on a machine without a Chinese font: every character is a box. It says so of itself, in English, before it is
// paired and after, and operations read it in their list of screens.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { Browser, Hospital, SIZES } from './hospital.mjs';

/** Latin letters alone. */
const LATIN = '/usr/share/fonts/truetype/dejavu';

let hospital;
let boxes;
let usual;

before(async () => {
  hospital = await new Hospital().open();
  await hospital.define();
  usual = await new Browser(hospital.base).start();
  const config = path.join(hospital.dir, 'fonts.conf');
  fs.writeFileSync(config, `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${LATIN}</dir><cachedir>${hospital.dir}/fonts</cachedir></fontconfig>`);
  process.env.FONTCONFIG_FILE = config;
  boxes = await new Browser(hospital.base).start();
  delete process.env.FONTCONFIG_FILE;
});
after(async () => {
  await usual?.close();
  await boxes?.close();
  await hospital?.close();
  assert.deepEqual([...usual.complaints, ...boxes.complaints], []);
});

/** Approves the code that a screen shows. @param {import('playwright-core').Page} screen */
async function approve(screen) {
  const code = await screen.getAttribute('[data-pairing-code]', 'data-pairing-code');
  await hospital.call('POST', '/screens/approve', { code, board: 'renmin.b3f' }, hospital.desk);
}

test('with a Chinese font a screen is live and nothing is said', async () => {
  assert.ok(fs.existsSync(LATIN), `there are no fonts at ${LATIN}`);
  const board = await usual.open('/board/renmin.b3f', SIZES.screen);
  await board.waitForSelector('[data-pairing-code]');
  assert.equal(await board.$('[data-no-font]'), null);
  await approve(board);
  await board.waitForSelector('[data-live=on]');
  const width = await board.evaluate(() => {
    const one = Object.assign(document.createElement('span'), { textContent: '\u2019', lang: 'en', style: 'font-size:100px;position:absolute' });
    document.body.append(one);
    return one.getBoundingClientRect().width;
  });
  assert.ok(width < 50, `an English apostrophe is ${width} of 100 wide`);
  await board.context().close();
});

for (const where of ['/board/renmin.b3f', '/door/renmin.xinnei.r3']) {
  test(`without one ${where} says so where it would say that it is live`, async () => {
    const screen = await boxes.open(where, SIZES.screen);
    await screen.waitForSelector('[data-pairing-code]');
    assert.match(await screen.textContent('[data-no-font]'), /No Chinese font: install fonts-noto-cjk/);
    await approve(screen);
    const said = await (await screen.waitForSelector('[data-live=unreadable]')).textContent();
    assert.match(said, /No Chinese font/);
    if (process.env.PICTURES) await screen.screenshot({ path: `${process.env.PICTURES}/no-font-${where.split('/')[1]}.png` });
    const own = await screen.$eval('[data-live=unreadable]', (one) => one.getBoundingClientRect().right <= innerWidth && one.scrollWidth <= one.clientWidth);
    assert.ok(own, 'it stands there whole');
  });
}

test('operations read it in their list of screens', async () => {
  const ops = await usual.staff('/ops', SIZES.console, 'yunxing');
  await ops.click('[data-site=renmin] [data-fact=screens]');
  await ops.waitForSelector('.lists td:has-text("no Chinese font")');
});
