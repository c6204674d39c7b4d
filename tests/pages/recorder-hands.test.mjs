// A nurse who is quick, goes away, or whose microphone does: what the recorder of /ops plays, keeps and says. The microphone is
// Chromium's fake one; the page's loudspeaker plays each clip for ever, so that what is not stopped is seen.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, Hospital, ONE_SLOT, PASSWORD, pause, SIZES } from './hospital.mjs';

/** Long enough for a beep. */
const BEEP_MS = 1300;
const CLIP = '**/api/v1/voice/*/clip?*';

let hospital;
let browser;
/** @type {import('playwright-core').Page} */
let ops;
/** What was asked of the voice's doors, as `METHOD path`. @type {string[]} */
let asked = [];

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  browser = await new Browser(hospital.base).start([
    '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required',
  ]);
  ops = await browser.open('/ops', SIZES.console, standIn);
  ops.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith('/api/v1/voice')) asked.push(`${request.method()} ${pathname}`);
  });
  await ops.fill('[name=name]', 'yunxing');
  await ops.fill('[name=password]', PASSWORD);
  await ops.click('[data-action=sign_in]');
  await ops.waitForSelector('jh-connection[state=live]');
  await enter();
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

/**
 * Runs in the page before anything of it: `given`: the microphones that it got; `played`: what it plays; `wait`: what the next microphone
 * waits for; `tooLong`: ends the recording whose end was forgotten. That time does not pass by itself: a machine that is busy for
 * so long would end any recording.
 */
function standIn() {
  const seen = { given: [], played: [], wait: null, isAsked: false, tooLong: null };
  Object.assign(window, { seen });
  const { setTimeout: later } = window;
  window.setTimeout = (does, ms, ...more) => {
    if (ms !== 8000) return later(does, ms, ...more);
    seen.tooLong = does;
    return 0;
  };
  const give = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (what) => {
    seen.isAsked = true;
    await seen.wait;
    const stream = await give(what);
    seen.given.push(stream);
    return stream;
  };
  const { play } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.play = function () {
    this.loop = true;
    seen.played.push(this);
    return play.call(this);
  };
}

const until = (state) => ops.waitForSelector(`[data-recorder=${state}]`);
const shows = (clip) => ops.waitForSelector(`[data-clip="${clip}"]`);
const isPlaying = () => ops.evaluate(() => window.seen.played.some((one) => !one.paused));
const plays = () => ops.evaluate(() => window.seen.played.length);
const listens = () => ops.evaluate(() => window.seen.given.some((stream) => stream.active));
const said = (what) => ops.textContent(`[data-recorder] [data-${what}]`);
/** What the two doors of a clip were asked. */
const of = (method) => asked.filter((one) => one.startsWith(method) && one.endsWith('/clip'));

async function enter() {
  await ops.click('[data-part=voice]');
  await until('still');
}

async function leave() {
  await ops.click('[data-part=screens]');
  await ops.waitForSelector('[data-recorder]', { state: 'detached' });
}

async function begin() {
  await ops.keyboard.press('Space');
  await until('listening');
}

async function choose(clip) {
  await ops.click(`[data-choose-clip="zh/${clip}"]`);
  await shows(clip);
}

/** Requests of a kind wait from now on; resolves with what lets them go, and with what waits for the first. */
async function hold(method) {
  let first;
  const came = new Promise((resolve) => {
    first = resolve;
  });
  let free;
  const freed = new Promise((resolve) => {
    free = resolve;
  });
  await ops.route(CLIP, async (route) => {
    if (route.request().method() !== method) return route.continue();
    first();
    await freed;
    return route.continue();
  });
  const letGo = async () => {
    const answered = ops.waitForResponse((response) => response.request().method() === method && response.url().includes('/clip?'));
    free();
    await answered;
    await ops.unroute(CLIP);
    // The page has its answer and has drawn.
    await ops.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  };
  return { came, letGo };
}

test('a microphone never hears the page: what is played ends when a recording begins, and when she goes on', async () => {
  await shows('请');
  await begin();
  await pause(BEEP_MS);
  await ops.keyboard.press('Space');
  await ops.waitForFunction(() => window.seen.played.some((one) => !one.paused));
  await begin();
  assert.equal(await isPlaying(), false, 'it is heard by the microphone');
  await pause(BEEP_MS);
  await ops.keyboard.press('Space');
  await ops.waitForFunction(() => window.seen.played.some((one) => !one.paused));
  await ops.keyboard.press('ArrowRight');
  await shows('号');
  assert.equal(await isPlaying(), false, 'the clip before is played at the next');
  await ops.keyboard.press('ArrowLeft');
  await shows('请');
  // Both keys come while what she wants to hear is on its way.
  for (const key of ['Space', 'ArrowRight']) {
    const [before, get] = [await plays(), await hold('GET')];
    await ops.keyboard.press('ArrowDown');
    await get.came;
    await ops.keyboard.press(key);
    await (key === 'Space' ? until('listening') : shows('号'));
    await get.letGo();
    assert.equal(await plays(), before, `played after ${key}`);
    if (key === 'Space') {
      await pause(BEEP_MS);
      await ops.keyboard.press('Space');
      await until('still');
      await ops.waitForFunction((n) => window.seen.played.length > n, before);
    }
  }
});

test('the key to go on is not lost while a clip is kept, nor is the one to begin', async () => {
  await choose('到');
  const [before, put] = [await plays(), await hold('PUT')];
  asked = [];
  await begin();
  await pause(BEEP_MS);
  await ops.keyboard.press('Space');
  await put.came;
  assert.equal(await ops.getAttribute('[data-recorder]', 'data-recorder'), 'keeping');
  await ops.keyboard.press('ArrowRight');
  await ops.keyboard.press('ArrowRight');
  await put.letGo();
  await shows('门口候诊');
  assert.equal(await ops.getAttribute('[data-choose-clip="zh/到"]', 'data-mark'), 'is_recorded');
  await choose('就诊');
  const again = await hold('PUT');
  await begin();
  await pause(BEEP_MS);
  await ops.keyboard.press('Space');
  await again.came;
  await ops.keyboard.press('ArrowRight');
  await ops.keyboard.press('Space');
  await again.letGo();
  await shows('门口候诊');
  await until('listening');
  assert.equal(await plays(), before, 'who goes on does not hear it');
  assert.deepEqual(of('GET'), []);
  await pause(BEEP_MS);
  await ops.keyboard.press('Space');
  await until('still');
});

test('while it listens the key to go on ends and keeps the clip, a click too, and Esc throws it away', async () => {
  const onRecord = () => ops.waitForFunction(() => document.activeElement.dataset.action === 'record_clip');
  await choose('请');
  asked = [];
  await begin();
  await pause(BEEP_MS);
  await ops.keyboard.press('ArrowRight');
  await shows('号');
  await until('still');
  assert.equal(of('PUT').length, 1, 'kept');
  await begin();
  await pause(BEEP_MS);
  assert.equal(await ops.isDisabled('[data-action=hear_clip]'), true);
  await ops.click('[data-action=clip_next]');
  await onRecord();
  await shows('到');
  await until('still');
  await onRecord();
  assert.equal(of('PUT').length, 2);
  await begin();
  await ops.keyboard.press('Escape');
  await until('still');
  await shows('到');
  assert.match(await said('said'), /没有保存/);
  await onRecord();
  // While the browser asks, too: and the next key begins.
  await leave();
  await enter();
  await choose('到');
  await ops.evaluate(() => {
    window.seen.isAsked = false;
    window.seen.wait = new Promise((resolve) => {
      window.seen.allow = resolve;
    });
  });
  await ops.keyboard.press('Space');
  await until('opening');
  await ops.waitForFunction(() => window.seen.isAsked);
  await ops.keyboard.press('Escape');
  await until('still');
  const given = await ops.evaluate(() => window.seen.given.length);
  await ops.evaluate(() => {
    window.seen.wait = null;
    window.seen.allow();
  });
  await ops.waitForFunction((n) => window.seen.given.length > n && !window.seen.given.some((stream) => stream.active), given);
  await begin();
  await pause(BEEP_MS);
  await ops.keyboard.press('ArrowLeft');
  await shows('号');
  await until('still');
  assert.equal(of('PUT').length, 3, 'of what was thrown away nothing was kept');
});

test('the part is left while the browser asks for the microphone: nobody listens', async () => {
  await leave();
  assert.equal(await listens(), false);
  await enter();
  await ops.evaluate(() => {
    window.seen.isAsked = false;
    window.seen.wait = new Promise((resolve) => {
      window.seen.allow = resolve;
    });
  });
  const before = await ops.evaluate(() => window.seen.given.length);
  await ops.keyboard.press('Space');
  await until('opening');
  await ops.waitForFunction(() => window.seen.isAsked);
  await leave();
  await ops.evaluate(() => {
    window.seen.wait = null;
    window.seen.allow();
  });
  await ops.waitForFunction((n) => window.seen.given.length > n, before);
  await ops.waitForFunction(() => !window.seen.given.some((stream) => stream.active));
  await enter();
  assert.equal(await ops.getAttribute('[data-recorder]', 'data-recorder'), 'still');
  await begin();
});

test('the part is left in the midst of a clip: nothing of it is kept, and of one that was read all is', async () => {
  asked = [];
  await leave();
  assert.equal(await listens(), false);
  await enter();
  const clip = await ops.getAttribute('[data-clip]', 'data-clip');
  const put = await hold('PUT');
  await begin();
  await pause(BEEP_MS);
  const before = await plays();
  await ops.keyboard.press('Space');
  await leave();
  await put.came;
  await put.letGo();
  assert.deepEqual(asked.filter((one) => one.endsWith('/clip')), ['PUT /api/v1/voice/renmin/clip'], 'the one that was read, at its site, and it is not listened to');
  assert.equal(await plays(), before);
  await enter();
  assert.equal(await ops.getAttribute(`[data-choose-clip="zh/${clip}"]`, 'data-mark'), 'is_recorded');
});

test('a microphone that is unplugged is said, and when it is back it is asked for again', async () => {
  await begin();
  const given = await ops.evaluate(() => window.seen.given.length);
  asked = [];
  await ops.evaluate(() => window.seen.given.at(-1).getTracks()[0].stop());
  await until('still');
  assert.match(await said('error'), /话筒断开了/);
  assert.equal(await ops.getAttribute('[data-recorder] [data-error]', 'role'), 'alert');
  assert.deepEqual(of('PUT'), []);
  await begin();
  assert.equal(await ops.evaluate(() => window.seen.given.length), given + 1);
  assert.equal(await ops.$('[data-error]'), null, 'the error is over');
});

test('a recording whose end was forgotten is not kept, and the pack is not used meanwhile', async () => {
  asked = [];
  const done = await ops.getAttribute('[data-progress]', 'data-progress');
  assert.equal(await ops.getAttribute('[data-action=use_voice]', 'aria-disabled'), 'true');
  await ops.dispatchEvent('[data-action=use_voice]', 'click');
  await ops.waitForFunction(() => Number(getComputedStyle(document.querySelector('[data-level]')).getPropertyValue('--level')) > 0.3);
  await ops.evaluate(() => window.seen.tooLong());
  await until('still');
  assert.match(await said('error'), /太长/);
  assert.deepEqual(asked, [], 'neither kept nor used');
  assert.equal(await ops.getAttribute('[data-progress]', 'data-progress'), done);
  assert.equal(await ops.getAttribute('[data-action=use_voice]', 'aria-disabled'), 'false');
});

test('she is told how many are still needed, when it will do, when it is all, and what comes after the last', async () => {
  const { clips } = await hospital.call('GET', '/voice/renmin');
  const needed = clips.filter((clip) => clip.needed && clip.language === 'zh' && clip.recorded_ms === null).length;
  assert.equal(await ops.getAttribute('[data-needed-left]', 'data-needed-left'), String(needed));
  const isPrimary = () => ops.$eval('[data-action=use_voice]', (one) => one.classList.contains('primary'));
  assert.equal(await isPrimary(), false);
  const answerWith = async (needed_left, isRead) => {
    await ops.unrouteAll();
    await ops.route('**/api/v1/voice/renmin', async (route) => {
      const voice = await (await route.fetch()).json();
      await route.fulfill({ json: { ...voice, needed_left, clips: voice.clips.map((clip) => ({ ...clip, recorded_ms: isRead(clip) ? 500 : null })) } });
    });
    await leave();
    await enter();
  };
  await answerWith(0, (clip) => clip.needed && clip.language === 'zh');
  assert.match(await said('needed-left'), /都录好了/);
  assert.equal(await isPrimary(), true);
  const places = clips.filter((clip) => clip.place && clip.language === 'zh').length;
  assert.equal(await ops.getAttribute('[data-places-left]', 'data-places-left'), String(places), 'English is not begun');
  assert.match(await said('places-left'), /不说去哪里/);
  assert.ok(await ops.$('[data-clips="zh/needed"] ~ [data-clips="zh/places"] [data-choose-clip="zh/号诊室"]'), 'apart, and before the rest');
  await answerWith(0, (clip) => (clip.needed || clip.place) && clip.language === 'zh');
  assert.equal(await ops.$('[data-places-left]'), null);
  assert.match(await said('hint'), /yāo/);
  await answerWith(1, (clip) => clip.clip !== '号' && clip.clip !== clips.at(-1).clip);
  assert.equal(await said('needed-left'), '必读的还差 1 条');
  await ops.click(`[data-choose-clip="en/${clips.at(-1).clip}"]`);
  await ops.waitForSelector('[data-tongue=en]');
  await ops.keyboard.press('ArrowRight');
  await shows('号');
  assert.match(await said('said'), /第一条没录的/);
  assert.equal(await ops.getAttribute('[data-tongue]', 'data-tongue'), 'zh');
  await answerWith(0, () => true);
  assert.match(await said('needed-left'), /全部录好了/);
  await ops.unrouteAll();
});

test('no page complained', () => {
  assert.deepEqual(browser.complaints, []);
});
