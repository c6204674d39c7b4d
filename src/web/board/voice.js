// The screen's voice: says each announcement at its planned moment by server time, with the site's voice pack, else with a
// voice of this machine. When it cannot speak it says why: `device`, `gesture`, `speed`, `off`. Chromium 70 syntax.

import { Clips } from './clips.js';
import { Speech } from './speech.js';

/** Later than this after its planned start an announcement is not begun any more: its turn is over. */
const TOO_LATE_MS = 4000;
/** A pack's clips are given to the sound card so long before their moment. */
const AHEAD_MS = 1500;

/** Speaks what the board's line plans. */
export class Voice {
  /**
   * @param {{site: string, clock: import('../lib/clock.js').ServerClock, onSpoken: (announcement: string) => void, onChange: () => void}} options
   */
  constructor(options) {
    this.clock = options.clock;
    this.onChange = options.onChange;
    /** Why it is silent; null when it can speak. @type {string|null} */
    this.silent = 'device';
    /** @type {Map<string, {timer: number, startsAt: string, endsAt: string}>} */
    this.planned = new Map();
    /** @type {Set<string>} */
    this.begun = new Set();
    const { onSpoken } = options;
    const onChange = () => this.look();
    this.clips = new Clips({ site: options.site, onSpoken, onChange });
    this.speech = new Speech({ clock: options.clock, onSpoken, onChange });
    ['click', 'keydown'].forEach((what) => document.addEventListener(what, () => this.unlock()));
    this.speaks = true;
    this.look();
  }

  look() {
    const before = this.silent;
    const ways = [this.clips.silent, this.speech.silent];
    if (!this.speaks) this.silent = 'off';
    else if (this.clock.rate !== 1) this.silent = 'speed';
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
  }

  /** Its moment is near: the pack's clips are given away now, other voices begin at the moment. @param {any} a */
  prepare(a) {
    const wait = this.clock.until(a.starts_at);
    if (this.clips.can(a) && (this.silent === null || this.silent === 'gesture')) {
      this.begun.add(a.announcement);
      this.clips.say(a, wait);
      return;
    }
    const plan = this.planned.get(a.announcement);
    if (plan) plan.timer = /** @type {any} */ (setTimeout(() => this.say(a), Math.max(0, wait)));
  }

  /** @param {any} a */
  say(a) {
    if (this.begun.has(a.announcement) || this.speech.silent || this.silent) return;
    this.begun.add(a.announcement);
    this.speech.say(a);
  }
}
