// The screen's voice: says each announcement at its planned moment by server time, with a voice of this machine only (a
// voice of some cloud would hear who is called). When it cannot speak it says why: `device`, `gesture`, `speed`, `off`.
// Chromium 70 syntax.

/** Later than this after its planned start an announcement is not begun any more: its turn is over. */
const TOO_LATE_MS = 4000;

/** Speaks what the board's line plans. */
export class Voice {
  /**
   * @param {{clock: import('../lib/clock.js').ServerClock, onSpoken: (announcement: string) => void, onChange: () => void}} options
   */
  constructor(options) {
    this.clock = options.clock;
    this.onSpoken = options.onSpoken;
    this.onChange = options.onChange;
    /** Why it is silent; null when it can speak. @type {string|null} */
    this.silent = 'device';
    /** @type {Map<string, {timer: number, startsAt: string}>} */
    this.planned = new Map();
    /** What is being said now. @type {string|null} */
    this.saying = null;
    /** @type {Set<string>} */
    this.begun = new Set();
    this.blocked = false;
    this.synth = window.speechSynthesis || null;
    if (this.synth) {
      this.synth.onvoiceschanged = () => this.look();
      ['click', 'keydown'].forEach((what) => document.addEventListener(what, () => this.unlock()));
    }
    this.speaks = true;
    this.look();
  }

  /** @param {string} lang */
  voiceFor(lang) {
    const voices = this.synth ? this.synth.getVoices() : [];
    return voices.filter((v) => v.localService && v.lang.toLowerCase().replace('_', '-').indexOf(lang) === 0)[0] || null;
  }

  look() {
    const before = this.silent;
    if (!this.speaks) this.silent = 'off';
    else if (this.clock.rate !== 1) this.silent = 'speed';
    else if (!this.voiceFor('zh')) this.silent = 'device';
    else this.silent = this.blocked ? 'gesture' : null;
    if (before !== this.silent) this.onChange();
  }

  unlock() {
    if (this.blocked) {
      this.blocked = false;
      this.look();
    }
  }

  /** @param {any[]} announcements as in the board's value @param {boolean} speaks whether this board speaks at all */
  plan(announcements, speaks) {
    this.speaks = speaks;
    this.look();
    const wanted = new Set(announcements.map((a) => a.announcement));
    this.planned.forEach((plan, id) => {
      const now = announcements.filter((a) => a.announcement === id)[0];
      if (!now || now.starts_at !== plan.startsAt) {
        clearTimeout(plan.timer);
        this.planned.delete(id);
      }
    });
    if (this.saying && !wanted.has(this.saying) && this.synth) {
      // Its call is over: nothing more of it is said.
      this.saying = null;
      this.synth.cancel();
    }
    if (this.silent && this.silent !== 'gesture') return;
    announcements.forEach((a) => {
      if (this.planned.has(a.announcement) || this.begun.has(a.announcement)) return;
      const wait = this.clock.until(a.starts_at);
      if (wait < -TOO_LATE_MS) return;
      const timer = /** @type {any} */ (setTimeout(() => this.say(a), Math.max(0, wait)));
      this.planned.set(a.announcement, { timer, startsAt: a.starts_at });
    });
  }

  /** @param {any} a */
  say(a) {
    this.planned.delete(a.announcement);
    if (this.begun.has(a.announcement) || this.silent) return;
    this.begun.add(a.announcement);
    /** @type {{text: string, lang: string}[]} */
    const parts = [];
    const once = () => {
      if (a.zh) parts.push({ text: a.zh, lang: 'zh' });
      if (a.en && this.voiceFor('en')) parts.push({ text: a.en, lang: 'en' });
    };
    once();
    if (a.repeat) once();
    if (parts.length === 0) return;
    this.saying = a.announcement;
    this.next(a.announcement, parts);
  }

  /** @param {string} announcement @param {{text: string, lang: string}[]} parts */
  next(announcement, parts) {
    if (this.saying !== announcement) return;
    const part = parts.shift();
    if (!part) {
      this.saying = null;
      this.onSpoken(announcement);
      return;
    }
    const utterance = new SpeechSynthesisUtterance(part.text);
    utterance.voice = this.voiceFor(part.lang);
    utterance.lang = utterance.voice ? utterance.voice.lang : part.lang;
    utterance.rate = 0.95;
    utterance.onend = () => this.next(announcement, parts);
    utterance.onerror = (event) => {
      if (/** @type {any} */ (event).error === 'not-allowed') {
        this.blocked = true;
        this.look();
      }
    };
    this.synth.speak(utterance);
  }
}
