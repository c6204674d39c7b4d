// A screen hangs for weeks: a week of a waiting room in virtual time, in the real page. The page's clock and its socket are ours
// (a clinic of six rooms at the other end of it, whose clock runs a little faster than the screen's); everything else is the page
// as it is. Half of what is said comes from a voice pack, the rest from the voice of the machine. Its maps, its nodes, its shift and what
// it gives to the sound card stay bounded, no voice is late or said twice, and no call stands out a second time.
// `--full` plays the week, the share the first hours of it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, Hospital, ONE_SLOT, SIZES } from './hospital.mjs';

const HOURS = process.env.JIAOHAO_FULL ? 7 * 24 : 4;
/** What each map and set of the page holds at the most: by its file and name. */
const BOUNDS = {
  // Those called, at a door or with a doctor, and their rounds of the last ten minutes.
  'board.js seen': 60,
  // The stream's calls, and those that are held for the rest of their twenty seconds.
  'board.js last': 20,
  // Announcements that have not ended.
  'board.js shown': 12,
  // The newest and four rows, or eight rows while nobody is newly called; who waits for the next turn.
  'calls.js up': 8,
  'calls.js left': 20,
  'voice.js planned': 12,
  'voice.js begun': 12,
  // What is given to the sound card.
  'clips.js playing': 2,
  // One stream, asked for once; receipts that are not answered yet; who hears of the connection and of a full disk.
  'protocol.js streams': 1,
  'protocol.js asked': 1,
  'protocol.js commands': 24,
  'protocol.js listeners': 1,
  'questions.js open': 8,
  'questions.js listeners': 1,
  'protocol.js readOnlyListeners': 1,
  'session.js listeners': 1,
  'i18n.js listeners': 2,
};
const NODES_MAX = 400;
/** The board moves so far to each side, so that nothing burns in. */
const SHIFT_PX = 4;
/** A voice begins at its moment, as near as a timer is. */
const ON_TIME_MS = 60;
/** After a connection that was lost it may begin so late (voice.js), later not at all. */
const TOO_LATE_MS = 250;

let hospital;
let browser;

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  browser = await new Browser(hospital.base).start();
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

/** Runs in the page before anything of it: the clock, the maps that are made, the voice and the house are ours. */
function world() {
  const real = { Date: window.Date, Map: window.Map };
  // The clock: virtual from the moment at which `world.go` is first called, until then the machine's.
  const began = { date: Date.now(), local: performance.now() };
  let now = 0;
  let serial = 0;
  /** A heap of timers, the earliest first. */
  const heap = [];
  const before_ = (a, b) => a.at < b.at || (a.at === b.at && a.id < b.id);
  const push = (one) => {
    heap.push(one);
    for (let i = heap.length - 1; i > 0;) {
      const up = (i - 1) >> 1;
      if (!before_(heap[i], heap[up])) break;
      [heap[i], heap[up]] = [heap[up], heap[i]];
      i = up;
    }
  };
  const pop = () => {
    const top = heap[0];
    const last = heap.pop();
    if (heap.length) {
      heap[0] = last;
      for (let i = 0; ;) {
        let least = i;
        for (const child of [2 * i + 1, 2 * i + 2]) if (child < heap.length && before_(heap[child], heap[least])) least = child;
        if (least === i) break;
        [heap[i], heap[least]] = [heap[least], heap[i]];
        i = least;
      }
    }
    return top;
  };
  const live = new Map();
  const add = (run, ms, every) => {
    serial += 1;
    const one = { id: serial, at: now + Math.max(0, Number(ms) || 0), run, every };
    live.set(one.id, one);
    push(one);
    return one.id;
  };
  const clear = (id) => live.delete(id);
  window.setTimeout = (run, ms) => add(run, ms, 0);
  window.setInterval = (run, ms) => add(run, ms, Math.max(1, Number(ms) || 0));
  window.clearTimeout = clear;
  window.clearInterval = clear;
  window.requestAnimationFrame = (run) => add(() => run(performance.now()), 16, 0);
  window.cancelAnimationFrame = clear;
  performance.now = () => began.local + now;
  window.Date = class extends real.Date {
    constructor(...given) {
      super(...(given.length ? given : [began.date + now]));
    }

    static now() {
      return began.date + now;
    }
  };

  // The maps and sets that the page makes while it starts live as long as it does.
  const made = [];
  let counts = true;
  const named = (Kind) => class extends Kind {
    constructor(...given) {
      super(...given);
      if (!counts) return;
      const frame = String(new Error().stack).split('\n').find((line) => /\/web\//.test(line)) || '';
      const [, file, line] = /\/web\/([^:)]+):(\d+)/.exec(frame) || [];
      if (file) made.push({ file, line: Number(line), it: this });
    }
  };
  window.Map = named(Map);
  window.Set = named(Set);

  // The voice of this machine: says what it is given, as fast as people speak, and writes it down.
  const said = [];
  const speech = { queue: [], timer: 0, busy: false };
  const next = () => {
    const one = speech.queue[0];
    speech.busy = !!one;
    if (!one) return;
    said.push({ text: one.text, at: house.serverNow() });
    speech.timer = add(() => {
      speech.queue.shift();
      speech.busy = false;
      if (one.onend) one.onend();
      if (!speech.busy) next();
    }, one.text.startsWith('Number') ? 2600 : 3600, 0);
  };
  Object.defineProperty(window, 'speechSynthesis', { value: {
    getVoices: () => ['zh-CN', 'en-US'].map((lang) => ({ lang, localService: true })),
    speak: (one) => {
      speech.queue.push(one);
      if (!speech.busy) next();
    },
    cancel: () => {
      speech.queue.length = 0;
      speech.busy = false;
      clear(speech.timer);
    },
  } });
  window.SpeechSynthesisUtterance = class {
    constructor(text) {
      this.text = text;
    }
  };

  // The sound card: plays the pack's clips, and counts what is given to it and not given back.
  const PACK = { 'zh/请': 1.2, 'zh/到': 2.1, 'en/number': 2.4 };
  const card = { sources: 0, gains: 0 };
  const ended = (source) => {
    if (!source.isGiven) return;
    source.isGiven = false;
    card.sources -= 1;
    clear(source.begins);
    clear(source.ends);
    if (source.onended) source.onended();
  };
  window.AudioContext = class {
    constructor() {
      this.state = 'running';
      this.destination = {};
    }

    get currentTime() {
      return now / 1000;
    }

    decodeAudioData(name) {
      return Promise.resolve({ name, duration: PACK[name] });
    }

    createGain() {
      return {
        gain: {
          value: 1,
          plan: [],
          cancelScheduledValues(from) {
            this.plan = this.plan.filter((one) => one.at < from);
          },
          setValueAtTime(value, at) {
            this.plan.push({ value, at });
          },
          setTargetAtTime(value, at) {
            this.plan.push({ value, at });
          },
          /** How loud it is now. */
          now() {
            return this.plan.reduce((value, one) => (one.at <= now / 1000 ? one.value : value), this.value);
          },
        },
        connect: () => {
          card.gains += 1;
        },
        disconnect: () => {
          card.gains -= 1;
        },
      };
    }

    createBufferSource() {
      return {
        connect({ gain }) {
          this.gain = gain;
        },
        start(when, skipped) {
          this.isGiven = true;
          card.sources += 1;
          const heard = () => this.gain.now() && said.push({ text: `pack ${house.packed()}`, at: house.serverNow() });
          if (this.buffer.name === 'zh/请') this.begins = add(heard, when * 1000 - now, 0);
          this.ends = add(() => ended(this), (when + this.buffer.duration - (skipped || 0)) * 1000 - now, 0);
        },
        stop(when) {
          clear(this.ends);
          this.ends = add(() => ended(this), when * 1000 - now, 0);
        },
      };
    }
  };
  const { fetch: reach } = window;
  const clips = Object.keys(PACK).map((name) => ({ language: name.slice(0, 2), clip: name.slice(3), file: name }));
  window.fetch = (path, ...more) => {
    const [, file] = /^\/voice\/renmin\/v1\/(.*)/.exec(path) || [];
    if (!file) return reach(path, ...more);
    return Promise.resolve({ ok: true, text: () => Promise.resolve(JSON.stringify({ clips })), arrayBuffer: () => Promise.resolve(decodeURIComponent(file)) });
  };

  // The house: one board, six rooms, ten to four doctors' minutes each, and a clock of its own.
  let seed = 7;
  const draw = (n) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >> 8) % n;
  };
  const MIDNIGHT = real.Date.parse('2026-11-23T00:00:00+08:00');
  const iso = (ms) => `${new real.Date(ms + 8 * 3600000).toISOString().slice(0, -1)}+08:00`;
  const rooms = [1, 2, 3, 4, 5, 6].map((n) => ({ n, call: null, until: 0 }));
  const house = {
    sockets: 0, plans: new real.Map(), gaps: [], confirmed: { report_shown: 0, report_spoken: 0 }, calls: 0, offset: 0, log: [], freeAt: 0, number: 0,
    // Fifty millionths faster than the screen's: four seconds a day.
    serverNow: () => MIDNIGHT + 7.9 * 3600000 + now * 1.00005,
    value: {
      board: { id: 'renmin.b3f', name: '心内科 候诊区', name_en: 'Cardiology', speaks: true, english: true, yao: false, rows_max: 12 },
      voice: 'v1', now: '', calls: [], rooms: [], missed: [], announcements: [], notices: [],
    },
    socket: null,
    /** The last ones that are said with the pack, and which of them it is that begins or is said again now: they do not overlap. */
    packs: [],
    packed: () => {
      const away = ({ starts, ms }) => Math.min(...[0, ms].map((later) => Math.abs(starts + later - house.serverNow())));
      return house.packs.reduce((best, one) => (away(one) < away(best) ? one : best)).id;
    },
  };
  const emit = (stem, parts) => {
    const at = iso(house.serverNow());
    Object.assign(house.value, parts);
    house.offset += 1;
    const event = { offset: house.offset, at, event: { [stem]: JSON.parse(JSON.stringify(parts)) } };
    house.log.push(event);
    if (house.log.length > 256) house.log.shift();
    if (house.socket && house.socket.follows) house.socket.say({ type: 'events', stream: 'board:renmin.b3f', after: house.offset - 1, events: [event] });
  };
  const going = () => house.value.announcements.filter((one) => real.Date.parse(one.ends_at) > house.serverNow());
  const announce = (call, kind) => {
    const at = house.serverNow();
    house.number += 1;
    const id = `renmin.b3f.n${house.number}`;
    const starts = Math.max(house.freeAt + 500, at + 600);
    const [english, repeat] = [starts - at < 20000, starts - at < 40000];
    const ends = starts + (3900 + (english ? 2900 : 0)) * (repeat ? 2 : 1);
    house.freeAt = ends;
    // Every other one is said with the pack, the rest by the voice of this machine.
    const ms = (ends - starts) / (repeat ? 2 : 1);
    const parts = [['zh/请', 0], ['zh/到', 1400], ...(english ? [['en/number', 3700]] : [])];
    const said = house.number % 2 ? { ms, clips: parts.map(([clip, at_ms]) => ({ clip, at_ms })) } : null;
    if (said) house.packs = [...house.packs.slice(-20), { id, starts, ms }];
    const one = {
      announcement: id, call: call.call, kind, shown: call.number, starts_at: iso(starts), ends_at: iso(ends), zh: `请 ${call.number} 号 ${id}`, en: english ? `Number ${call.number} ${id}` : null, repeat, said,
    };
    house.plans.set(id, { starts, ends, times: (repeat ? 2 : 1) * (english ? 2 : 1), cut: Infinity });
    return one;
  };
  const over = (call) => house.value.announcements.forEach((one) => {
    if (call && one.call === call.call) {
      house.plans.get(one.announcement).cut = house.serverNow();
      // What was to speak does not: the line is free again.
      house.freeAt = Math.min(house.freeAt, Math.max(house.serverNow(), ...going().filter((other) => other !== one).map((other) => real.Date.parse(other.ends_at))));
    }
  });
  const without = (call) => going().filter((one) => !call || one.call !== call.call);
  const minute = () => {
    const at = house.serverNow();
    const hour = ((at - MIDNIGHT) / 3600000) % 24;
    const open = hour > 8 && hour < 17.5;
    rooms.forEach((room) => {
      if (at < room.until) {
        if (room.call && draw(40) === 0 && room.call.state === 'called') {
          room.call = { ...room.call, at: iso(at) };
          emit('patient_recalled', { calls: house.value.calls.map((one) => (one.call === room.call.call ? room.call : one)) });
          emit('announcement_scheduled', { announcements: [...going(), announce(room.call, 'recall')] });
        }
        return;
      }
      const last = room.call;
      over(last);
      if (!open && !last) return;
      house.calls += 1;
      const serial = house.calls;
      const call = open && draw(12) > 0 ? {
        call: `renmin.xinnei.c${serial}`, number: `${'ABCDEF'[room.n - 1]}${String(serial % 1000).padStart(3, '0')}`, name: '张*三', place: `${room.n}号诊室`, place_en: `Room ${room.n}`, state: 'called', at: iso(at), emergency: draw(200) === 0,
      } : null;
      const missed = last && draw(6) === 0 ? [...house.value.missed, last.number].slice(-20) : house.value.missed;
      room.call = call;
      // Some are with the doctor for long, and nobody presses that they have begun.
      room.until = at + (3 + draw(draw(5) === 0 ? 25 : 8)) * 60000;
      const calls = [...(call ? [call] : []), ...house.value.calls.filter((one) => one !== last && (!last || one.call !== last.call))];
      const waiting = open ? [1, 2, 3].map((k) => `${'ABCDEF'[room.n - 1]}${String((serial + k) % 1000).padStart(3, '0')}`) : [];
      const shown = house.value.rooms.filter((one) => one.place !== `${room.n}号诊室`);
      if (open) shown.push({ place: `${room.n}号诊室`, place_en: `Room ${room.n}`, doctor: '李明', title: '主任医师', waiting, at_door: [], paused: false, expected: { from: iso(at + 600000), to: iso(at + 1800000) } });
      emit('patient_called', { calls, rooms: shown.sort((a, b) => (a.place < b.place ? -1 : 1)), missed, announcements: without(last) });
      if (call) emit('announcement_scheduled', { announcements: [...going(), announce(call, call.emergency ? 'emergency' : 'first_call')] });
    });
    if (!open && hour > 18 && house.value.missed.length) emit('days_tidied', { missed: [], rooms: [], announcements: going() });
    // The network is gone for a while, now and then.
    if (draw(90) === 0 && house.socket) house.socket.break(1000 + draw(20000));
  };
  let unreachable = 0;
  window.WebSocket = class {
    constructor() {
      this.readyState = 0;
      this.follows = false;
      house.sockets += 1;
      add(() => {
        if (now < unreachable) return this.break(0);
        this.readyState = 1;
        house.socket = this;
        this.onopen?.();
        this.beat = add(() => this.say({ type: 'beat', now: iso(house.serverNow()) }), 2000, 2000);
        return undefined;
      }, 20, 0);
    }

    /** Frames take a few milliseconds. */
    say(frame) {
      const text = JSON.stringify(frame);
      add(() => this.readyState === 1 && this.onmessage?.({ data: text }), 5, 0);
    }

    break(ms) {
      unreachable = Math.max(unreachable, now + ms);
      house.gaps.push([house.serverNow(), house.serverNow() + ms + 16000]);
      this.close();
      this.onclose?.();
    }

    close() {
      this.readyState = 3;
      clear(this.beat);
      if (house.socket === this) house.socket = null;
    }

    send(text) {
      const frame = JSON.parse(text);
      const stream = 'board:renmin.b3f';
      if (frame.type === 'hello') this.say({ type: 'welcome', reply_to: frame.id, now: iso(house.serverNow()), beat_s: 2, server: 'week' });
      if (frame.type === 'subscribe') {
        this.follows = true;
        const position = { epoch: 'e', offset: house.offset };
        const first = house.log.length ? house.log[0].offset : 1;
        if (frame.since && frame.since.offset >= first - 1) this.say({ type: 'subscribed', reply_to: frame.id, stream, position, missed: house.log.filter((one) => one.offset > frame.since.offset) });
        else this.say({ type: 'subscribed', reply_to: frame.id, stream, position, snapshot: { ...JSON.parse(JSON.stringify(house.value)), announcements: going(), now: iso(house.serverNow()) } });
      }
      if (frame.type === 'beat' && frame.id) this.say({ type: 'beat', reply_to: frame.id, now: iso(house.serverNow()) });
      if (frame.type === 'command') {
        const [name] = Object.keys(frame.command);
        house.confirmed[name] += 1;
        this.say({ type: 'done', reply_to: frame.id, result: {} });
      }
    }
  };
  add(minute, 30000, 30000);

  // What the page shows and holds, looked at once a minute.
  const most = { nodes: 0, sources: 0, gains: 0, shift: 0, rows: 0, maps: {}, twice: [], off: 0, clock: 0 };
  /** Call and round → until when it stands out. */
  const stood = new real.Map();
  const look = () => {
    const board = document.querySelector('.board');
    if (!board) return;
    most.nodes = Math.max(most.nodes, document.querySelectorAll('*').length);
    most.sources = Math.max(most.sources, card.sources);
    most.gains = Math.max(most.gains, card.gains);
    most.rows = Math.max(most.rows, document.querySelectorAll('.calls .call').length);
    const [, x, y] = /translate\((-?[\d.]+)px,\s*(-?[\d.]+)px/.exec(board.style.transform) || [0, 0, 0];
    most.shift = Math.max(most.shift, Math.abs(x), Math.abs(y) * 2);
    made.forEach((one) => {
      const name = `${one.file}:${one.line}`;
      most.maps[name] = Math.max(most.maps[name] || 0, one.it.size);
    });
    const shows = document.querySelector('.clock .time')?.textContent;
    if (document.querySelector('[data-live=on]') && ![0, 1000].some((ms) => iso(house.serverNow() - ms).slice(11, 16) === shows)) most.clock += 1;
  };
  const standsOut = () => {
    const one = document.querySelector('.newest.new[data-call]');
    if (!one || document.querySelector('[data-live=off]')) return;
    const call = house.value.calls.find((other) => other.call === one.dataset.call);
    if (!call) return;
    const round = `${call.call}@${call.at}`;
    const first = stood.get(round) ?? now;
    stood.set(round, first);
    if (now - first > 22000) most.twice.push(`${round} after ${Math.round((now - first) / 1000)} s`);
    if (stood.size > 400) stood.delete(stood.keys().next().value);
  };
  add(look, 60000, 60000);
  add(standsOut, 1000, 1000);

  window.world = {
    /** Lets so much time pass. */
    go: async (ms) => {
      const until = now + ms;
      while (heap.length && heap[0].at <= until) {
        const one = pop();
        if (!live.has(one.id)) continue;
        now = Math.max(now, one.at);
        if (one.every) {
          one.at = now + one.every;
          push(one);
        } else live.delete(one.id);
        one.run();
        // What was promised comes before the next timer.
        for (let i = 0; i < 4; i += 1) await null;
      }
      now = until;
    },
    /** The page is up: what it makes from now on does not live as long as it. */
    up: () => {
      counts = false;
    },
    look: () => ({
      most, said: said.splice(0), plans: [...house.plans].splice(0), gaps: house.gaps, confirmed: house.confirmed, calls: house.calls, sockets: house.sockets, timers: live.size, ended: house.serverNow(),
    }),
  };
}

/**
 * The name of what a line makes for as long as the page lives: a module's `const seen = new Map()`, an object's
 * `this.planned = new Map()`. None: it is of one drawing.
 */
async function nameOf(at) {
  const [file, line] = at.split(':');
  const text = (await (await fetch(`${hospital.base}/web/${file}`)).text()).split('\n')[Number(line) - 1];
  const [, own, of] = /^(?:const (\w+)|\s+this\.(\w+)) = new (?:Map|Set)/.exec(text) ?? [];
  return own || of ? `${file.split('/').pop()} ${own || of}` : null;
}

test('a week on the wall leaves nothing behind in the page, and nothing is said late or twice', async () => {
  const token = hospital.issueToken('--role', 'screen', '--site', 'renmin', '--board', 'renmin.b3f', '--screen', 'renmin.wall', '--ttl-s', String(30 * 86400));
  const page = await browser.open(`/board/renmin.b3f#token=${token}`, SIZES.screen, world);
  page.setDefaultTimeout(600000);
  // Signing in is real; its answers come between two steps of the clock.
  for (let tries = 0; tries < 400 && !(await page.$('.board')); tries += 1) {
    await page.evaluate(() => window.world.go(50));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(await page.$('.board'), 'it is up');
  await page.evaluate(() => window.world.go(180000).then(window.world.up));
  const began = Date.now();
  const said = [];
  let seen;
  for (let hour = 0; hour < HOURS; hour += 1) {
    await page.evaluate(() => window.world.go(3600000));
    seen = await page.evaluate(() => window.world.look());
    said.push(...seen.said);
  }
  const { most, plans, gaps, confirmed, calls, sockets, timers, ended } = seen;
  const held = {};
  for (const [at, size] of Object.entries(most.maps)) {
    const name = await nameOf(at);
    if (name) held[name] = Math.max(held[name] ?? 0, size);
  }
  console.log(`${HOURS} hours in ${Math.round((Date.now() - began) / 1000)} s: ${calls} calls, ${plans.length} announcements, ${sockets} connections; at the most ${most.nodes} nodes, ${JSON.stringify(held)}`);
  assert.ok(calls > 12 * HOURS && sockets > HOURS / 4, 'it was as long as it was to be');
  assert.deepEqual(Object.keys(held).filter((name) => !(name in BOUNDS)), [], 'every map of the page has a bound here');
  for (const [name, bound] of Object.entries(BOUNDS)) assert.ok(held[name] <= bound, `${name}: ${held[name]} is more than ${bound}`);
  assert.ok(most.nodes < NODES_MAX, `${most.nodes} nodes`);
  // Two announcements of three clips, each said twice.
  assert.ok(most.sources > 0 && most.sources <= 12 && most.gains <= 2, `${most.sources} sounds and ${most.gains} gains at the sound card`);
  assert.ok(said.some(({ text }) => text.startsWith('pack')), 'the pack has spoken');
  assert.ok(said.some(({ text }) => text.startsWith('请')), 'and the voice of the machine');
  assert.ok(most.rows <= 8, `${most.rows} rows of calls`);
  assert.ok(most.shift > 0 && most.shift <= SHIFT_PX, `it moves by ${most.shift} px`);
  assert.ok(timers < 40, `${timers} timers`);
  assert.equal(most.clock, 0, 'the clock on the wall is the house’s');
  assert.deepEqual(most.twice.slice(0, 3), [], 'a call stands out once');
  const times = new Map();
  for (const { text, at } of said) {
    const id = /renmin\.b3f\.n\d+/.exec(text)[0];
    times.set(id, [...(times.get(id) ?? []), at]);
  }
  let onTime = 0;
  for (const [id, plan] of plans) {
    const heard = times.get(id) ?? [];
    // Where the connection was lost around it, it may be late, or not be heard at all.
    const isSure = !gaps.some(([from, to]) => plan.starts > from - 20000 && plan.starts < to) && plan.cut > plan.starts && plan.starts < ended - 1000;
    assert.ok(heard.length <= plan.times, `${id} is said ${heard.length} times: ${heard.map((at) => Math.round(at - plan.starts))} of ${JSON.stringify(plan)}`);
    if (heard.length) assert.ok(heard[0] - plan.starts > -ON_TIME_MS && heard[0] - plan.starts < TOO_LATE_MS + ON_TIME_MS, `${id} is said ${heard[0] - plan.starts} ms after its moment`);
    if (!isSure) continue;
    assert.ok(heard.length && Math.abs(heard[0] - plan.starts) < ON_TIME_MS, `${id} is said ${heard[0] - plan.starts} ms after its moment`);
    onTime += 1;
  }
  assert.ok(onTime > plans.length / 2, `${onTime} of ${plans.length} were on time`);
  assert.ok(confirmed.report_shown >= onTime && confirmed.report_spoken > onTime / 2, JSON.stringify(confirmed));
  assert.deepEqual(browser.complaints, []);
});
