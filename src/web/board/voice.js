// The screen's voice: says each announcement at its planned moment by server time, with the site's voice pack, else with a
// voice of this machine. It says nothing that may have been moved or stopped since it last knew of everything: two voices
// never speak at once in an area. When it cannot speak it says why: `device`, `gesture`, `slow`, `speed`, `off`.
// Chromium 70 syntax.

import { Clips } from './clips.js';
import { Speech } from './speech.js';

/** Later than this after its planned start an announcement is not begun any more: nothing is spoken late. */
const TOO_LATE_MS = 250;
/** The line's own figures (`BEGINS_BY_MS`, `GOES_ON_BY_MS`): by how old a knowledge of it a voice begins, and goes on. */
const LIMITS = { beginsByMs: 2000, goesOnByMs: 3500 };
/** While a voice is due, it asks so often whether it knows of everything, from so long before it. */
const ASK_EVERY_MS = 500;
const ASK_BEFORE_MS = 4000;
/** How often it looks whether it may go on. */
const LOOK_EVERY_MS = 250;
/** The house is too far: the clock that it gives is off by as much, and the next voice begins half a second later. */
const FAR_MS = 150;
/** One answer alone says little: a busy page reads it late. */
const ANSWERS = 4;
/** A pack's clips are given to the sound card so long before their moment. */
const AHEAD_MS = 1500;

/** Speaks what the board's line plans. */
export class Voice {
  /**
   * @param {{site: string, protocol: import('../lib/protocol.js').Protocol, onSpoken: (announcement: string) => void, onChange: () => void}} options
   */
  constructor(options) {
    this.questions = options.protocol.questions;
    this.clock = options.protocol.clock;
    this.onChange = options.onChange;
    /** Why it is silent; null when it can speak. @type {string|null} */
    this.silent = 'device';
    /** @type {Map<string, {timer: number, startsAt: string, endsAt: string}>} */
    this.planned = new Map();
    /** @type {Set<string>} */
    this.begun = new Set();
    this.asked = 0;
    const { onSpoken } = options;
    const onChange = () => this.look();
    this.clips = new Clips({ site: options.site, onSpoken, onChange });
    this.speech = new Speech({ clock: this.clock, onSpoken, onChange });
    ['click', 'keydown'].forEach((what) => document.addEventListener(what, () => this.unlock()));
    this.speaks = true;
    this.questions.withBeats = true;
    this.questions.onAnswer(() => {
      this.look();
      this.clips.allow(this.agoMs(), LIMITS);
    });
    setInterval(() => this.goOn(), LOOK_EVERY_MS);
    this.look();
  }

  /** So long ago it knew of everything. */
  agoMs() {
    return performance.now() - this.questions.knownAt;
  }

  /** The soonest of the last answers took longer than a clock may be off. */
  get isFar() {
    const { roundTrips } = this.questions;
    return roundTrips.length >= ANSWERS && Math.min.apply(null, roundTrips) > FAR_MS;
  }

  /** Asks while a voice is due, and stops what it may not go on with. */
  goOn() {
    const now = performance.now();
    let due = false;
    this.planned.forEach((plan) => {
      due = due || (this.clock.until(plan.startsAt) < ASK_BEFORE_MS && this.clock.until(plan.endsAt) > 0);
    });
    if (due && this.speaks && this.clock.rate === 1 && now - this.asked >= ASK_EVERY_MS) {
      this.asked = now;
      this.questions.ask();
    }
    this.clips.allow(this.agoMs(), LIMITS);
    if (this.speech.saying && this.agoMs() > LIMITS.goesOnByMs) this.speech.cut(this.speech.saying);
  }

  look() {
    const before = this.silent;
    const ways = [this.clips.silent, this.speech.silent];
    if (!this.speaks) this.silent = 'off';
    else if (this.clock.rate !== 1) this.silent = 'speed';
    else if (this.isFar) this.silent = 'slow';
    else if (ways.indexOf(null) >= 0) this.silent = null;
    else this.silent = ways.indexOf('gesture') >= 0 ? 'gesture' : 'device';
    if (before !== this.silent) this.onChange();
  }

  unlock() {
    this.clips.resume();
    this.speech.unlock();
    this.look();
  }

  /** @param {any[]} announcements as in the board's value @param {boolean} speaks whether this board speaks at all @param {string|null} pack */
  plan(announcements, speaks, pack) {
    this.speaks = speaks;
    this.clips.use(speaks ? pack : null);
    this.look();
    const wanted = new Map(announcements.map((a) => /** @type {[string, any]} */ ([a.announcement, a])));
    this.planned.forEach((plan, id) => {
      const now = wanted.get(id);
      // As long as before, it says what it said before.
      if (now && now.starts_at === plan.startsAt && now.ends_at === plan.endsAt) return;
      clearTimeout(plan.timer);
      this.clips.cut(id);
      this.planned.delete(id);
      // What has not come to its moment may get another one.
      if (now && this.clock.until(plan.startsAt) > 0) this.begun.delete(id);
    });
    this.begun.forEach((id) => {
      if (!wanted.has(id)) this.begun.delete(id);
    });
    const { saying } = this.speech;
    if (saying && !wanted.has(saying)) this.speech.cut(saying);
    announcements.forEach((a) => {
      if (!a.zh || this.planned.has(a.announcement) || this.begun.has(a.announcement)) return;
      const wait = this.clock.until(a.starts_at);
      if (wait < -TOO_LATE_MS) return;
      const timer = /** @type {any} */ (setTimeout(() => this.prepare(a), Math.max(0, wait - AHEAD_MS)));
      this.planned.set(a.announcement, { timer, startsAt: a.starts_at, endsAt: a.ends_at });
    });
    this.goOn();
  }

  /** Its moment is near: the pack's clips are given away now, other voices begin at the moment. @param {any} a */
  prepare(a) {
    const wait = this.clock.until(a.starts_at);
    if (this.clips.can(a) && (this.silent === null || this.silent === 'gesture')) {
      this.begun.add(a.announcement);
      this.clips.say(a, wait);
      this.clips.allow(this.agoMs(), LIMITS);
      return;
    }
    const plan = this.planned.get(a.announcement);
    if (plan) plan.timer = /** @type {any} */ (setTimeout(() => this.say(a), Math.max(0, wait)));
  }

  /** @param {any} a */
  say(a) {
    if (this.begun.has(a.announcement) || this.speech.silent || this.silent) return;
    this.begun.add(a.announcement);
    const wait = this.clock.until(a.starts_at);
    if (wait < -TOO_LATE_MS || this.agoMs() + wait > LIMITS.beginsByMs) return;
    this.speech.say(a);
  }
}
