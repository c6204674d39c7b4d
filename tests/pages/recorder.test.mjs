// A nurse records the voice pack on /ops, by keyboard: what was read is kept, can be left and continued, and is used by the
// screens. The microphone is Chromium's fake one: it beeps.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import test, { after, before } from 'node:test';
import { Browser, Hospital, ONE_SLOT, pause, SIZES } from './hospital.mjs';

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let hospital;
let browser;
/** @type {import('playwright-core').Page} */
let ops;

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  browser = await new Browser(hospital.base).start([
    '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required',
  ]);
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

async function openVoice() {
  ops = await browser.staff('/ops', SIZES.console, 'yunxing');
  await ops.click('[data-part=voice]');
  await ops.waitForSelector('[data-recorder=still]');
}

/** Records the clip that is shown, long enough for a beep, with the key that is said on the page. */
async function recordHere() {
  await ops.keyboard.press('Space');
  await ops.waitForSelector('[data-recorder=listening]');
  await pause(1300);
  await ops.keyboard.press('Space');
  await ops.waitForSelector('[data-recorder=still]');
}

const focused = async () => {
  await pause(100);
  return ops.evaluate(() => document.activeElement.dataset.action);
};
const shows = (clip) => ops.waitForSelector(`[data-clip="${clip}"]`);

test('two clips are read by keyboard; the page is left and goes on with the third', async () => {
  await openVoice();
  assert.equal(await ops.getAttribute('[data-voice]', 'data-voice'), 'none');
  for (const [i, clip] of ['请', '号'].entries()) {
    await shows(clip);
    await recordHere();
    assert.equal(await ops.getAttribute('[data-progress]', 'data-progress'), String(i + 1));
    await ops.keyboard.press('ArrowRight');
  }
  await ops.context().close();
  await openVoice();
  await shows('到');
  assert.equal(await ops.getAttribute('[data-progress]', 'data-progress'), '2');
  assert.equal(await focused(), 'record_clip', 'the keys are the recorder\'s as soon as the page is there');
  await ops.evaluate(() => document.activeElement.blur());
  await ops.keyboard.press('ArrowLeft');
  await shows('号');
  await ops.click('[data-action=clip_before]');
  await shows('请');
  assert.equal(await focused(), 'record_clip', 'after a step with the mouse too');
  await ops.click('[data-action=clip_next]');
  await shows('号');
  await ops.evaluate(() => document.activeElement.blur());
  await ops.keyboard.press('Space');
  await ops.waitForSelector('[data-recorder=listening]');
  await pause(1300);
  await ops.keyboard.press('Space');
  await ops.waitForSelector('[data-recorder=still]');
  await ops.focus('[data-action=choose_site]');
  await ops.keyboard.press('ArrowRight');
  await shows('号');
  await ops.focus('[data-action=hear_clip]');
  const listened = ops.waitForRequest((request) => request.method() === 'GET' && request.url().includes('/voice/renmin/clip?'));
  await ops.keyboard.press('ArrowDown');
  await listened;
});

test('a recording that is not whole is not used, and the page says what is missing', async () => {
  await ops.click('[data-action=use_voice]');
  await ops.waitForSelector('#notice :text("必读")');
});

test('nothing is wrong with the part for whoever cannot see it', async () => {
  await ops.evaluate(AXE);
  const { violations } = await ops.evaluate(() => window.axe.run('#main'));
  assert.deepEqual(violations.map((one) => `${one.id}: ${one.nodes[0].html}`), []);
  await ops.click('jh-language button');
  await ops.waitForSelector('h1:has-text("Voice")');
  assert.doesNotMatch(await ops.textContent('#main'), /ops\.[a-z]/, 'a word is missing');
  await ops.click('jh-language button');
});

test('when all that is needed has been read, the screens speak with it', async () => {
  const { clips } = await hospital.call('GET', '/voice/renmin');
  const needed = clips.filter((clip) => clip.needed && clip.language === 'zh' && clip.recorded_ms === null);
  // The whole pack by its keys: on to the next with one, begun and ended with the other.
  let keys = 0;
  await ops.click(`[data-choose-clip="zh/${clips[0].clip}"]`);
  for (const clip of clips.filter((one) => one.language === 'zh')) {
    await shows(clip.clip);
    if (needed.includes(clip)) {
      await recordHere();
      keys += 2;
    }
    if (needed.indexOf(clip) === needed.length - 1) break;
    await ops.keyboard.press('ArrowRight');
    keys += 1;
  }
  const letters = clips.filter((clip) => clip.needed && clip.language === 'zh' && /^[A-Z]$/.test(clip.clip));
  assert.ok(letters.length > 0, 'the numbers of this hospital have letters');
  const said = /begin with A and B needs (\d+) clips in Chinese/.exec(fs.readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8').replace(/\s+/g, ' '));
  assert.equal(Number(said?.[1]), needed.length + 2 - letters.length + 2, 'as the paper says');
  // Three keys for a clip that is read, one for a clip that is passed; twenty minutes leave ten seconds for each and more.
  const passed = clips.filter(({ language }) => language === 'zh').length - needed.length;
  assert.ok(keys <= 3 * needed.length + passed, `${keys} keys for ${needed.length} clips`);
  assert.ok(clips.filter((clip) => clip.needed).length * 10 <= 20 * 60, `${clips.length} clips in twenty minutes`);
  console.log(`${keys} keys`);
  const mark = (clip) => ops.getAttribute(`[data-choose-clip="${clip}"]`, 'data-mark');
  assert.deepEqual([await mark('en/number'), await mark('en/please')], ['not_yet', 'not_yet'], 'English is needed only once it is begun');
  // One clip of English: what it lacks is said before, and keeps nothing from being used.
  const english = clips.filter((clip) => clip.needed && clip.language === 'en').length;
  await ops.click('[data-choose-clip="en/number"]');
  await shows('number');
  await recordHere();
  await ops.waitForSelector(`[data-english-left="${english - 1}"]`);
  assert.equal(await mark('en/please'), 'needed');
  assert.equal(await ops.getAttribute('[data-needed-left]', 'data-needed-left'), '0');
  await ops.click('[data-action=use_voice]');
  await ops.waitForSelector('[data-voice=recorded]');
  const notice = await ops.textContent('#notice');
  assert.match(notice, /英文没有录齐/);
  assert.match(notice, /号诊室/);
  assert.doesNotMatch(notice, /[Zz幺]|number/, 'what nothing here is said with is not missed');
  const { snapshot } = await hospital.call('GET', '/streams/board:renmin.b3f');
  const pack = await (await fetch(`${hospital.base}/voice/renmin/${snapshot.voice}/manifest.json`)).json();
  assert.equal(pack.made_by, 'recorded');
  assert.equal(pack.clips.length, needed.length + 2);
  for (const clip of pack.clips) assert.ok(clip.ms > 50 && clip.ms < 3000, `${clip.clip}: ${clip.ms} ms`);
});

test('no page complained', () => {
  // What was refused on purpose is in the console too.
  assert.deepEqual(browser.complaints.filter((one) => !/status of 422/.test(one)), []);
});
