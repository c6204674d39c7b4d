// /board/{id}: the waiting area's screen. Shows the board stream, confirms what it has shown and said, turns pages of rooms,
// and says itself when it is not current or silent. Chromium 70 syntax.

import '../i18n/screens.js';
import { drawing, find, render } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { Screen } from '../lib/screen.js';
import { LiveStream } from '../lib/stream.js';
import { HELD_MS, key, NOW_MS, Turns } from './calls.js';
import { boardView } from './view.js';
import { Voice } from './voice.js';

const PAGE_TURNS_MS = 12000;
const SHIFT_EVERY_MS = 60000;
/** While somebody who is called has not been shown yet. */
const LOOK_AGAIN_MS = 200;

/** @type {LiveStream|null} */
let stream = null;
/** Call and round → when it came up here. @type {Map<string, number>} */
const seen = new Map();
/** @type {Map<string, any>} */
const last = new Map();
/** @type {Set<string>} */
const shown = new Set();
/** The calls that the stream had last. @type {Set<string>} */
let stood = new Set();
const turns = new Turns();
let soon = 0;
let page = 0;
let shift = 0;

const draw = drawing(drawNow);
const screen = new Screen({ kind: 'board', draw, onStart: start });
const voice = new Voice({
  site: screen.id.split('.')[0], protocol: screen.protocol, onChange: draw, onSpoken: (id) => report('report_spoken', id),
});

// Operations learn which screen cannot speak; one that is not to speak is not silent.
screen.protocol.about = () => ({ client: screen.client, silent: ['device', 'gesture', 'slow'].indexOf(voice.silent || '') >= 0 });

/** @param {string} command @param {string} announcement */
function report(command, announcement) {
  if (!screen.isScreen) return;
  // The line of announcements marks what nobody confirmed; a screen has nobody to tell.
  screen.protocol.command(command, { announcement }).catch(() => {});
}

function start() {
  if (stream) stream.close();
  stream = new LiveStream(screen.protocol, `board:${screen.id}`, onBoard, () => screen.refused());
}

/** This screen's in rem: the width is 120, of one that stands 67.5 (`screens.css`). */
function size() {
  const width = window.innerHeight > window.innerWidth ? 67.5 : 120;
  return { width, height: width * window.innerHeight / window.innerWidth };
}

/**
 * When a call that was called before and comes back came up: what undoes a finish calls nobody. One of the last seconds stays new.
 * @param {any} c @param {any[]} events what came with it @param {number} local
 */
function cameUp(c, events, local) {
  const clock = screen.protocol.clock;
  const before = seen.get(key(c));
  const calledMs = (clock.now() - Date.parse(c.at)) / (clock.rate || 1);
  const isBack = before !== undefined || (events.some(([name]) => name === 'step_undone') && calledMs >= HELD_MS);
  if (!isBack) return local;
  return before !== undefined && local - before < HELD_MS ? before : local - NOW_MS;
}

/** @param {any} value @param {any[]} [events] */
function onBoard(value, events) {
  if (!value) return;
  const local = performance.now();
  const first = last.size === 0 && seen.size === 0;
  screen.protocol.clock.zoneOf(value.now);
  (value.calls || []).forEach((c) => {
    const k = key(c);
    // What was there before this screen looked is not news.
    if (first) seen.set(k, local - Math.max(0, screen.protocol.clock.now() - Date.parse(c.at)));
    else if (c.state === 'called' && !stood.has(c.call)) seen.set(k, cameUp(c, events || [], local));
    else if (!seen.has(k)) seen.set(k, local);
    last.set(c.call, c);
  });
  stood = new Set((value.calls || []).map((/** @type {any} */ c) => c.call));
  // A call that is still there came up once, however long it stands: it is not new again.
  const there = new Set((value.calls || []).map(key));
  seen.forEach((at, k) => {
    if (local - at > 600000 && !there.has(k)) seen.delete(k);
  });
  voice.plan(value.announcements || [], !!value.board.speaks, value.voice || null);
  draw();
}

/**
 * The stream's calls and those that left before their time was up: not one whose patient stands elsewhere, nor one whose room
 * has called the next. Whose patient waits again was taken back: that is said as long, for they have got up.
 * @param {any} value @param {number} local
 */
function held(value, local) {
  const calls = value.calls || [];
  const there = new Set(calls.map((c) => c.call));
  const elsewhere = new Set(calls.map((c) => c.number).concat(value.missed || []));
  const waiting = new Set();
  (value.rooms || []).forEach((r) => {
    (r.waiting || []).forEach((n) => waiting.add(n));
    (r.at_door || []).forEach((n) => elsewhere.add(n));
  });
  const rooms = new Set(calls.filter((c) => c.state !== 'summoned').map((c) => c.place));
  last.forEach((c, id) => {
    if (there.has(id)) return;
    const isBack = waiting.has(c.number) && !elsewhere.has(c.number);
    const one = isBack && c.state === 'called' ? Object.assign({}, c, { state: 'withdrawn' }) : c;
    if (one !== c) {
      last.set(id, one);
      seen.set(key(one), local);
    }
    const stays = one.state === 'withdrawn' ? isBack : one.state === 'called' && !elsewhere.has(one.number) && !rooms.has(one.place);
    if (!stays || local - (seen.get(key(one)) || 0) > HELD_MS) last.delete(id);
  });
  const left = Array.from(last.values()).filter((c) => !there.has(c.call));
  return calls.concat(left);
}

function drawNow() {
  const main = find('#main');
  const value = stream && stream.value;
  document.title = value ? value.board.name : t('board.title');
  // What was shown before the pairing ended is not shown any more.
  if (!value || screen.pairing) {
    screen.drawPairing(main);
    return;
  }
  // Nobody sees it: no call has its turn meanwhile.
  if (document.hidden) return;
  const local = performance.now();
  const clock = screen.protocol.clock;
  const calls = held(value, local);
  render(main, boardView(Object.assign({}, value, { calls }), {
    seen, turns, local, page, shift, size: size(), off: screen.off, lastData: screen.lastData,
    serverNow: clock.now(), offsetMinutes: clock.offsetMinutes, silent: voice.silent === 'off' ? null : voice.silent,
    lacksChinese: screen.lacksChinese,
  }));
  clearTimeout(soon);
  if (turns.hurries) soon = /** @type {any} */ (setTimeout(draw, LOOK_AGAIN_MS));
  const announced = value.announcements || [];
  // A screen runs for weeks: what is over is not kept.
  shown.forEach((id) => {
    if (!announced.some((/** @type {any} */ a) => a.announcement === id)) shown.delete(id);
  });
  if (screen.off) return;
  announced.forEach((/** @type {any} */ a) => {
    // What had no place on the glass is not confirmed: whoever has called hears of it.
    if (shown.has(a.announcement) || !calls.some((c) => c.call === a.call && c.state !== 'withdrawn' && turns.wasShown(c, local))) return;
    shown.add(a.announcement);
    report('report_shown', a.announcement);
  });
}

draw();
screen.begin();
setInterval(() => {
  page += 1;
  draw();
}, PAGE_TURNS_MS);
setInterval(() => {
  shift = shift >= 4 ? -4 : shift + 2;
  draw();
}, SHIFT_EVERY_MS);
setInterval(draw, 1000);
