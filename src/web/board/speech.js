// The screen's own voice, where it has one: of this machine only (a voice of some cloud would hear who is called).
// Chromium 70 syntax.

/** Two voices never speak at once: what is not said by the end of its turn and this is cut. */
const OVER_BY_MS = 300;

/** Says an announcement's words. */
export class Speech {
  /** @param {{clock: import('../lib/clock.js').ServerClock, onSpoken: (announcement: string) => void, onChange: () => void}} options */
  constructor(options) {
    this.clock = options.clock;
    this.onSpoken = options.onSpoken;
    this.onChange = options.onChange;
    /** What is being said now. @type {string|null} */
    this.saying = null;
    this.blocked = false;
    this.cutting = 0;
    this.synth = window.speechSynthesis || null;
    if (this.synth) this.synth.onvoiceschanged = () => this.onChange();
  }

  /** Why it cannot speak; null: it can. */
  get silent() {
    if (!this.voiceFor('zh')) return 'device';
    return this.blocked ? 'gesture' : null;
  }

  unlock() {
    this.blocked = false;
  }

  /** @param {string} lang */
  voiceFor(lang) {
    const voices = this.synth ? this.synth.getVoices() : [];
    return voices.filter((v) => v.localService && v.lang.toLowerCase().replace('_', '-').indexOf(lang) === 0)[0] || null;
  }

  /** @param {any} a */
  say(a) {
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
    clearTimeout(this.cutting);
    this.cutting = /** @type {any} */ (setTimeout(() => this.cut(a.announcement), this.clock.until(a.ends_at) + OVER_BY_MS));
    this.next(a.announcement, parts);
  }

  /** Its call is over, or its turn is: nothing more of it is said. @param {string} announcement */
  cut(announcement) {
    if (this.saying !== announcement || !this.synth) return;
    this.saying = null;
    this.synth.cancel();
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
        this.onChange();
      }
    };
    this.synth.speak(utterance);
  }
}
