// Whether everything is here: a beat that asks for an answer, which stands behind all that had left the server before.
// Chromium 70 syntax: screens use it.

/** So many questions are waited for, and so many round trips kept. */
const MOST = 8;

/** What a page asks its server to know how it stands. */
export class Questions {
  /** @param {{ask: () => string, isOpen: () => boolean, isWhole: () => boolean}} options `isWhole`: no stream waits for what it is now */
  constructor(options) {
    this.options = options;
    /** It asks with each beat. */
    this.withBeats = false;
    /** Local time of the last question that has an answer: what had left the server by then is here. */
    this.knownAt = -Infinity;
    /** How long the last ones took, ms. @type {number[]} */
    this.roundTrips = [];
    /** Without an answer: id → when it was asked. @type {Map<string, number>} */
    this.open = new Map();
    /** @type {Set<() => void>} */
    this.listeners = new Set();
  }

  /** Told at each answer. @param {() => void} listener */
  onAnswer(listener) {
    this.listeners.add(listener);
  }

  ask() {
    const { ask, isOpen, isWhole } = this.options;
    if (!isOpen()) return;
    const counts = isWhole();
    const id = ask();
    if (!counts) return;
    if (this.open.size >= MOST) this.open.delete(this.open.keys().next().value || '');
    this.open.set(id, performance.now());
  }

  /** @param {string} id */
  answered(id) {
    const asked = this.open.get(id);
    this.open.delete(id);
    if (asked === undefined || !this.options.isWhole()) return;
    this.knownAt = asked;
    this.roundTrips.push(performance.now() - asked);
    if (this.roundTrips.length > MOST) this.roundTrips.shift();
    this.listeners.forEach((f) => f());
  }

  /** The connection is gone, and what was asked on it. */
  forget() {
    this.open.clear();
  }
}
