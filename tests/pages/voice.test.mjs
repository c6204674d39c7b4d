// The voice pack in real Chromium: what goes to the loudspeaker is listened to, on two screens of one area and one of another.
// Each announcement is heard word for word at its planned moment, on both, alone, and nowhere else; a call that is over is cut;
// a screen that needs a finger first says so.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, Hospital, ONE_SLOT, pause, SIZES } from './hospital.mjs';

const A = 'renmin.xinnei.liming';
const B = 'renmin.xinnei.zhoujing';
const E = 'renmin.yanke.wangfang';
const AREA = 'renmin.b3f';
const OTHER = 'renmin.b1f';
/** Whose calls are said there. */
const SAYS = { [AREA]: 'renmin.xinnei.', [OTHER]: 'renmin.yanke.' };
const WITHIN_MS = 100;
/** What is quieter than this is silence: 1 is full scale. */
const SILENT = 0.001;
/** Loudness is compared in pieces of this. */
const PIECE_MS = 20;
/** How exactly it is known when a clip begins, and the moment found at which an announcement was heard. */
const STEP_MS = 5;
/** How like what was to be said what was heard is: 1 is the same. Other words are as loud at other moments. */
const ALIKE = 0.97;
/** What an ear tells within this of a moment sets the sound's clock by the wall's: one word told by a busy machine is told late. */
const AROUND_MS = 1500;
/** A screen gives an announcement to its loudspeaker so long before: a machine that stops all sound after that plays it late. */
const GIVEN_MS = 1500;
/** A screen that hears nothing of its house goes on for so long at the most (`GOES_ON_BY_MS`), and as long as it takes to see it. */
const GOES_ON_MS = 3500 + 250;
/** A piece of silence at the edge of a clip is still that clip. */
const EDGE_MS = 30;

let hospital;
let browser;
/** Screens that may speak at once: two of the area, one of the other. @type {{page: import('playwright-core').Page, board: string}[]} */
let screens;
let doctors;

/** Writes down how much energy each block has that goes to the loudspeaker, by the sound's own clock, and how far that is from the wall's. */
function listen() {
  // In the thread of the sound: no block of it is missed however busy the page is.
  const ear = `registerProcessor('ear', class extends AudioWorkletProcessor {
    blocks = [];
    process([[samples = []]]) {
      this.blocks.push([currentTime, samples.reduce((sum, one) => sum + one * one, 0) / (samples.length || 1)]);
      if (this.blocks.length === 64) this.port.postMessage(this.blocks.splice(0));
      return true;
    }
  });`;
  window.heard = [];
  const { connect } = AudioNode.prototype;
  const ears = new WeakMap();
  AudioNode.prototype.connect = function to(target, ...more) {
    if (target === this.context.destination) {
      const { context } = this;
      if (!ears.has(context)) throw new Error('sound before anybody listens');
      connect.call(this, ears.get(context));
    }
    return connect.call(this, target, ...more);
  };
  window.AudioContext = class extends window.AudioContext {
    constructor() {
      super();
      this.audioWorklet.addModule(`data:text/javascript,${encodeURIComponent(ear)}`).then(() => {
        const node = new AudioWorkletNode(this, 'ear');
        ears.set(this, node);
        node.port.onmessage = ({ data }) => {
          const { contextTime, performanceTime } = this.getOutputTimestamp();
          const ahead = Date.now() - performance.now() + performanceTime - contextTime * 1000;
          window.heard.push([ahead, data]);
        };
        connect.call(node, this.destination);
      });
    }
  };
}

/** A paired screen with an ear, which is no script of the house. @param {string} board */
async function hang(board) {
  const page = await browser.open(`/board/${board}`, SIZES.screen, listen, { bypassCSP: true });
  await pair(page, board);
  return { page, board };
}

/**
 * What came out of a screen, in order, by the sound's own clock: a busy machine stops it for a moment, and goes on where it was.
 * @returns {Promise<{blocks: [number, number][], clock: [number, number][]}>} moments (ms) and energies; moments, and how far ahead of them the wall's clock was
 */
async function heardOn({ page }) {
  const messages = await page.evaluate(() => window.heard);
  const blocks = messages.flatMap(([, some]) => some.map(([at, energy]) => [at * 1000, energy]));
  return { blocks, clock: messages.map(([ahead, some]) => [some.at(-1)[0] * 1000, ahead]) };
}
/** When it was not silent. */
const sounds = ({ blocks }) => blocks.filter(([, energy]) => energy > SILENT ** 2).map(([at]) => at);
/** How far ahead of a sound's clock the wall's was around a moment of the wall's. */
function wallAhead({ clock }, moment) {
  const near = clock.filter(([at, one]) => Math.abs(at + one - moment) < AROUND_MS).map(([, one]) => one).toSorted((a, b) => a - b);
  return near[Math.floor(near.length / 2)];
}
/**
 * How far the wall's clock has gone ahead of a sound's since before a screen gave it what was to be heard at a moment: the sound itself has stood so long.
 * What was given before it stood is late by that; what was given after it is not.
 */
const stood = (heard, moment) => wallAhead(heard, moment) - wallAhead(heard, moment - GIVEN_MS - AROUND_MS);

const forget = () => Promise.all(screens.map(({ page }) => page.evaluate(() => {
  window.heard = [];
})));

/** How far clinic time is ahead of the wall clock of this machine, at least and at most: by every answer, each said between being asked for and being there. */
const ahead = { least: -Infinity, most: Infinity };

/** What the board's stream holds now. @param {string} board */
async function look(board) {
  const before = Date.now();
  const { snapshot } = await hospital.call('GET', `/streams/board:${board}`);
  const now = Date.parse(snapshot.now);
  // Either is said in whole milliseconds.
  ahead.least = Math.max(ahead.least, now - Date.now() - 1);
  ahead.most = Math.min(ahead.most, now + 1 - before);
  return snapshot;
}
const wall = (time) => Date.parse(time) - (ahead.least + ahead.most) / 2;

/** What a board's line has planned: seen as it comes, for what has ended is not there any more. */
async function planned(board, many) {
  const seen = new Map();
  for (const until = Date.now() + 60000; Date.now() < until; await pause(100)) {
    for (const one of (await look(board)).announcements) seen.set(one.announcement, one);
    if (seen.size >= many && [...seen.values()].every((one) => wall(one.ends_at) < Date.now() - 1000)) break;
  }
  return [...seen.values()].toSorted((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at));
}

/** Nobody speaks any more, and nobody is about to: what one screen has said is gone from the line while another still says its last word. */
async function quiet() {
  let over = 0;
  const until = Date.now() + 60000;
  do {
    await pause(100);
    assert.ok(Date.now() < until, 'it does not come to an end');
    for (const board of [AREA, OTHER]) {
      for (const one of (await look(board)).announcements) over = Math.max(over, wall(one.ends_at) + 500);
    }
  } while (Date.now() < over);
}

/** The energy of each clip of the pack, step by step, as a screen decodes it. @type {Object<string, number[]>} */
let clips;
async function readPack() {
  const { voice } = await look(AREA);
  clips = await screens[0].page.evaluate(async ([folder, stepMs]) => {
    const found = {};
    const { clips: all } = await (await fetch(`${folder}/manifest.json`)).json();
    const context = new OfflineAudioContext(1, 1, 44100);
    for (const { language, clip, file } of all) {
      const bytes = await (await fetch(`${folder}/${encodeURIComponent(file)}`)).arrayBuffer();
      const samples = (await context.decodeAudioData(bytes)).getChannelData(0);
      const step = context.sampleRate * stepMs / 1000;
      found[`${language}/${clip}`] = Array.from({ length: Math.ceil(samples.length / step) }, (_, n) => {
        const some = samples.subarray(n * step, (n + 1) * step);
        return some.reduce((sum, one) => sum + one * one, 0) / step;
      });
    }
    return found;
  }, [`/voice/renmin/${voice}`, STEP_MS]);
}

/** How loud an announcement is to be, piece by piece. */
function toBeHeard(one) {
  const energy = new Array(Math.ceil((Date.parse(one.ends_at) - Date.parse(one.starts_at)) / PIECE_MS)).fill(0);
  for (let time = 0; time < (one.repeat ? 2 : 1); time += 1) {
    for (const { clip, at_ms } of one.said.clips) {
      const at = time * one.said.ms + at_ms;
      clips[clip].forEach((part, n) => {
        const piece = Math.floor((at + n * STEP_MS) / PIECE_MS);
        energy[piece] = (energy[piece] ?? 0) + part * STEP_MS / PIECE_MS;
      });
    }
  }
  return energy.map(Math.sqrt);
}

/** How loud it was from a moment on, piece by piece. */
function loudness({ blocks: heard }, from, many) {
  const [energy, blocks] = [new Array(many).fill(0), new Array(many).fill(0)];
  for (const [at, one] of heard) {
    const n = Math.floor((at - from) / PIECE_MS);
    if (n < 0 || n >= many) continue;
    energy[n] += one;
    blocks[n] += 1;
  }
  return energy.map((sum, n) => Math.sqrt(sum / (blocks[n] || 1)));
}

/** How like each other two stretches are: 1 is the same, 0 nothing. */
function likeness(one, other) {
  const product = (a, b) => a.reduce((sum, part, n) => sum + part * b[n], 0);
  const around = (all) => all.map((part) => part - all.reduce((sum, some) => sum + some, 0) / all.length);
  const [a, b] = [around(one), around(other)];
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b) || 1);
}

/** Its own lateness is looked for around the moment, also where the sound has stood for `still` (ms) meanwhile. */
const between = (still, ms) => ({ least: Math.min(0, still) - ms, most: Math.max(0, still) + ms });

/** When an announcement was heard, by what it sounds like: its first and last sound by the sound's clock, how late it was, and how far the wall's clock was ahead. */
function found(heard, one, still) {
  const wanted = toBeHeard(one);
  const planned = wall(one.starts_at);
  const wallIs = wallAhead(heard, planned);
  let best = { like: 0, late: 0 };
  const { least, most } = between(still, 3 * WITHIN_MS);
  for (let late = least; late <= most; late += STEP_MS) {
    const like = likeness(wanted, loudness(heard, planned - wallIs + late, wanted.length));
    if (like > best.like) best = { like, late };
  }
  const from = planned - wallIs + best.late;
  const loud = (part) => part > SILENT;
  return { ...best, wallIs, from: from + wanted.findIndex(loud) * PIECE_MS, to: from + (wanted.findLastIndex(loud) + 1) * PIECE_MS };
}

/** Chromium without a head asks for no finger: this one does. */
function asksForAFinger() {
  window.AudioContext = class extends window.AudioContext {
    constructor() {
      super();
      this.suspend();
    }

    resume() {
      return navigator.userActivation.hasBeenActive ? super.resume() : Promise.resolve();
    }
  };
}

/** A screen far from its house: what it asks takes 300 ms to get there. */
function isFar() {
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function late(text) {
    setTimeout(() => this.readyState === 1 && send.call(this, text), 300);
  };
}

async function pair(page, board = AREA) {
  const code = await page.getAttribute('[data-pairing-code]', 'data-pairing-code');
  await hospital.call('POST', '/screens/approve', { code, board }, hospital.desk);
  await page.waitForSelector('.live:not(.off)');
}

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  await hospital.call('PUT', '/boards', { id: OTHER, name: '眼科 候诊区 1F', name_en: 'Ophthalmology', english: true, speaks: true, queues: [E] });
  browser = await new Browser(hospital.base).start(['--autoplay-policy=no-user-gesture-required']);
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

async function next(name) {
  const { department, assignment, inHand, token } = doctors[name];
  const { called } = await hospital.call('POST', '/calls/next', { department, assignment, in_hand: inHand, outcome: inHand ? 'seen' : null }, token);
  doctors[name].inHand = called.ticket;
  return called;
}

/** Listens to what the rooms call with `act`, and compares what each screen has played with the plan of its own line. */
async function measure(act) {
  await quiet();
  await forget();
  // The sound's clock is set by the wall's before anything is given to it.
  await pause(AROUND_MS);
  await act();
  const [area, other] = await Promise.all([planned(AREA, 2), planned(OTHER, 1)]);
  const lines = { [AREA]: area, [OTHER]: other };
  assert.ok(area.length >= 2 && other.length >= 1, 'three calls, and whom they bring to the doors');
  assert.ok(ahead.most >= ahead.least && ahead.most - ahead.least < WITHIN_MS / 4, `the clocks have met: ${JSON.stringify(ahead)}`);
  /** Who speaks in an area, and when. @type {{board: string, of: string, from: number, to: number}[]} */
  const voices = [];
  for (const [n, screen] of screens.entries()) {
    const heard = await heardOn(screen);
    const turns = lines[screen.board].map((one) => {
      assert.ok(one.said && one.repeat && one.call.startsWith(SAYS[screen.board]), JSON.stringify(one));
      const still = stood(heard, wall(one.starts_at));
      const turn = found(heard, one, still);
      const what = `screen ${n}, ${one.zh}: ${turn.late} ms late, ${turn.like.toFixed(3)} alike, the sound stood for ${Math.round(still)} ms`;
      assert.ok(turn.like >= ALIKE, `${what}: not what was to be said, or not alone`);
      const { least, most } = between(still, WITHIN_MS);
      assert.ok(turn.late > least && turn.late < most, what);
      voices.push({ board: screen.board, of: one.announcement, from: turn.from + turn.wallIs, to: turn.to + turn.wallIs });
      return turn;
    });
    const stray = sounds(heard).filter((at) => !turns.some(({ from, to }) => at > from - EDGE_MS && at < to + EDGE_MS));
    const around = () => turns.map(({ from, to }) => [from - stray[0], to - stray[0]].map(Math.round).join(' to '));
    assert.equal(stray.length, 0, `screen ${n} has made a sound for ${Math.round(stray.at(-1) - stray[0])} ms that its line has not planned; it speaks from ${around().join(', from ')} after it`);
  }
  for (const one of voices) {
    for (const other of voices.filter(({ board, of }) => board === one.board && of !== one.of)) {
      assert.ok(one.to <= other.from || other.to <= one.from, `two voices at once: ${JSON.stringify([one, other])}`);
    }
  }
}

test('without a pack and without a voice of its own a screen says that it is silent', async () => {
  screens = [await hang(AREA), await hang(AREA), await hang(OTHER)];
  await screens[0].page.waitForSelector('[data-silent=device]');
});

test('the computer reads the pack: the screens load it and can speak', async () => {
  const made = await hospital.call('POST', '/voice/renmin/make', {});
  assert.deepEqual(made.left_out, []);
  for (const { page } of screens) await page.waitForSelector('[data-silent]', { state: 'detached' });
  await readPack();
});

test('three rooms of two areas call at once: each is heard alone in its turn, on its own area\'s screens at the planned moment, and confirmed', async () => {
  doctors = {};
  for (const [name, department, room] of [['liming', 'renmin.xinnei', 'r3'], ['zhoujing', 'renmin.xinnei', 'r5'], ['wangfang', 'renmin.yanke', 'r1']]) {
    const token = await hospital.signIn(name);
    const work = await hospital.call('POST', '/work/start', { department, service_point: `${department}.${room}` }, token);
    doctors[name] = { department, token, assignment: work.assignment, inHand: null };
  }
  for (const [i, name] of ['张小三', '欧阳雪', '何伟', '司马光', '赵明', '孙立', '周正'].entries()) {
    await hospital.call('POST', '/tickets', { queue: [A, B, E][i % 3], patient: await hospital.person(name, `198${i}-01-01`, 70 + i) }, hospital.desk);
  }
  let calls = [];
  await measure(async () => {
    calls = await Promise.all(Object.keys(doctors).map(next));
  });
  await measure(() => Promise.all(calls.map(({ call }) => hospital.call('POST', '/calls/recall', { call }, hospital.desk))));
  // Who is in hand was announced: nobody is asked to call at the door.
  for (const queue of [A, B, E]) {
    const { snapshot } = await hospital.call('GET', `/streams/queue:${queue}`, undefined, hospital.desk);
    assert.doesNotMatch(JSON.stringify(snapshot), /not_spoken|dropped/);
  }
});

test('what a busy page begins late joins in where it would be by now, and runs into nothing', async () => {
  const page = await browser.open('/', SIZES.screen);
  const began = await page.evaluate(async () => {
    const { Clips } = await import('/web/board/clips.js');
    const board = new Clips({ site: 'renmin', onSpoken: () => {}, onChange: () => {} });
    const context = board.open();
    await context.suspend();
    const starts = [];
    window.AudioBufferSourceNode.prototype.start = (when, offset) => starts.push([when, offset]);
    board.sounds = new Map(['zh/a', 'zh/b'].map((clip) => [clip, context.createBuffer(1, 44100, 44100)]));
    board.say({ announcement: 'n1', repeat: false, said: { ms: 2000, clips: [{ clip: 'zh/a', at_ms: 0 }, { clip: 'zh/b', at_ms: 1000 }] } }, -100);
    return starts;
  });
  const [[first, skipped], [second, whole]] = began;
  assert.ok(skipped > 0.05 && skipped < 0.25, `${skipped} s are gone`);
  assert.ok(Math.abs(second - first - (1 - skipped)) < 0.001 && !whole, JSON.stringify(began));
  await page.context().close();
});

test('what became shorter at the same moment is said as it is now', async () => {
  const page = await browser.open('/', SIZES.screen);
  const said = await page.evaluate(async () => {
    const { Voice } = await import('/web/board/voice.js');
    const protocol = { clock: { rate: 1, until: (at) => Date.parse(at) - Date.now() }, questions: { roundTrips: [], knownAt: performance.now(), ask: () => {}, onAnswer: () => {} } };
    const voice = new Voice({ site: 'renmin', protocol, onSpoken: () => {}, onChange: () => {} });
    const given = [];
    voice.clips = { silent: null, can: () => true, use: () => {}, cut: () => {}, resume: () => {}, allow: () => {}, say: (one) => given.push(one.en) };
    const [starts_at, long, short] = [1900, 9000, 5000].map((ms) => new Date(Date.now() + ms).toISOString());
    const one = { announcement: 'n1', starts_at, zh: '请 A 零 零 一 号', repeat: true };
    voice.plan([{ ...one, ends_at: long, en: 'Number A 0 0 1' }], true, 'v1');
    voice.plan([{ ...one, ends_at: short, en: null }], true, 'v1');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return given;
  });
  assert.deepEqual(said, [null]);
  await page.context().close();
});

test('a call that is over is not spoken to its end', async () => {
  await quiet();
  await forget();
  const called = await next('liming');
  const until = Date.now() + 20000;
  while (!sounds(await heardOn(screens[0])).length) {
    assert.ok(Date.now() < until, 'it has not begun');
    await pause(50);
  }
  await pause(600);
  for (const act of ['start-service', 'finish-service']) await hospital.call('POST', `/tickets/${act}`, { ticket: called.ticket }, doctors.liming.token);
  const over = Date.now();
  doctors.liming.inHand = null;
  await pause(4000);
  for (const screen of screens.filter(({ board }) => board === AREA)) {
    const heard = await heardOn(screen);
    const last = sounds(heard).at(-1) + wallAhead(heard, over);
    assert.ok(last < over + 500, `heard for ${Math.round(last - over)} ms after it was over`);
  }
});

test('a screen that hears nothing of its house falls silent, and what was to begin meanwhile is not begun late', async () => {
  await quiet();
  await forget();
  await next('liming');
  const until = Date.now() + 20000;
  while (!sounds(await heardOn(screens[0])).length) {
    assert.ok(Date.now() < until, 'it has not begun');
    await pause(50);
  }
  // Its turn comes after the one that speaks.
  await next('zhoujing');
  let [speaking, waiting] = [];
  // A call is answered once it is kept; that the board has it takes a moment more.
  for (; !waiting; await pause(50)) {
    assert.ok(Date.now() < until, 'the second is not planned');
    [speaking, waiting] = (await look(AREA)).announcements.toSorted((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at));
  }
  const stopped = Date.now();
  const restMs = wall(speaking.ends_at) - stopped;
  assert.ok(restMs > 6000, `only ${restMs} ms are left to say`);
  hospital.program.kill('SIGSTOP');
  try {
    await pause(wall(waiting.starts_at) - stopped + 3000);
  } finally {
    hospital.program.kill('SIGCONT');
  }
  const again = Date.now();
  await pause(4000);
  for (const screen of screens.filter(({ board }) => board === AREA)) {
    const heard = await heardOn(screen);
    const all = sounds(heard).map((at) => at + wallAhead(heard, stopped));
    const last = all.filter((at) => at < again).at(-1);
    assert.ok(last < stopped + GOES_ON_MS, `heard for ${Math.round(last - stopped)} ms after its house was silent`);
    const said = (await look(AREA)).announcements.filter((one) => wall(one.starts_at) > again);
    if (!said.length) assert.deepEqual(all.filter((at) => at > again), [], 'nothing is spoken late');
  }
});

test('a screen whose house is far says that it is, and says nothing else', async () => {
  const far = new Browser(hospital.base);
  await far.start();
  try {
    const board = await far.open(`/board/${AREA}`, SIZES.screen, isFar);
    await pair(board, AREA);
    await board.waitForSelector('[data-silent=slow]', { timeout: 30000 });
    const desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
    await desk.click('[data-side=screens]');
    await desk.waitForSelector('[data-silent]', { timeout: 60000 });
    await desk.context().close();
    assert.deepEqual(far.complaints, []);
  } finally {
    await far.close();
  }
});

test('a screen that needs a finger first says so to whoever looks, and speaks after it', async () => {
  const careful = await new Browser(hospital.base).start();
  try {
    const board = await careful.open(`/board/${AREA}`, SIZES.screen, asksForAFinger);
    await pair(board);
    await board.waitForSelector('[data-silent=gesture]');
    const desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
    await desk.click('[data-side=screens]');
    await desk.waitForSelector('[data-silent]', { timeout: 60000 });
    await board.click('body');
    await board.waitForSelector('[data-silent]', { state: 'detached' });
    assert.deepEqual(careful.complaints, []);
  } finally {
    await careful.close();
  }
});

test('no page complained, and none asked another origin', () => assert.deepEqual(browser.complaints, []));
