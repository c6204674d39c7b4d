// The server's time on the page, and how times are said. Clinic time may run faster than ours: the rate is measured from
// the beats. Times on the wire carry the site's offset; a wall clock is read from them, never computed through our zone.
// Chromium 70 syntax: screens use it.

/** So many beats are kept: one that a busy page reads late says too little, and the one read soonest is believed. */
const BEATS = 8;
/** A beat that is off by less is late: the server's clock runs no faster for it. */
const LATE_MS = 1000;
/** The same as a share of what has passed. */
const LATE_SHARE = 0.2;
/** A rate is not measured over less. */
const MEASURED_MS = 900;

/** Follows the server's clock through the `now` of welcome and beats. */
export class ServerClock {
  /** @param {() => number} [local] milliseconds, monotonic */
  constructor(local) {
    this.local = local || (() => performance.now());
    this.at = Date.now();
    this.seen = this.local();
    /** The last beats since the rate was measured: server and local time. @type {{at: number, seen: number}[]} */
    this.beats = [];
    /** Server milliseconds per local millisecond; 1 unless the clinic clock is accelerated. */
    this.rate = 1;
    this.offsetMinutes = -new Date().getTimezoneOffset();
    /** The site has said its zone: the house's own, in `now`, says nothing any more. */
    this.zoned = false;
    this.known = false;
  }

  /** @param {string|number} now as in `welcome.now` */
  follow(now) {
    const at = typeof now === 'number' ? now : Date.parse(now);
    if (!Number.isFinite(at)) return;
    this.measure({ at, seen: this.local() });
    this.known = true;
    if (typeof now === 'string' && !this.zoned) this.setOffset(offsetOf(now));
  }

  /** @param {{at: number, seen: number}} beat */
  measure(beat) {
    const [first] = this.beats;
    const last = this.beats[this.beats.length - 1];
    if (!last || beat.at < last.at) this.beats = [beat];
    else if (asFastAsHere(first, beat)) {
      this.rate = 1;
      this.beats.push(beat);
      if (this.beats.length > BEATS) this.beats.shift();
    } else if (beat.seen - last.seen > MEASURED_MS) {
      this.rate = asFastAsHere(last, beat) ? 1 : (beat.at - last.at) / (beat.seen - last.seen);
      this.beats = [beat];
    }
    // A beat is never read early.
    const all = this.rate === 1 ? this.beats.concat(beat) : [beat];
    const soonest = all.reduce((one, other) => (other.at - other.seen > one.at - one.seen ? other : one));
    this.at = soonest.at;
    this.seen = soonest.seen;
  }

  /** The server was at least this far: an event's time, between beats. @param {string} time */
  atLeast(time) {
    const at = Date.parse(time);
    if (!this.known || !(at > this.now())) return;
    this.at = at;
    this.seen = this.local();
    if (this.rate === 1) this.beats.push({ at, seen: this.seen });
  }

  /** Takes the site's offset from a time that carries it. @param {string} time */
  zoneOf(time) {
    const minutes = offsetOf(time);
    if (minutes !== null) this.zoned = true;
    this.setOffset(minutes);
  }

  /** Takes a site's zone by its name (`Asia/Shanghai`), as it is now. @param {string} name */
  zoneNamed(name) {
    const minutes = offsetOfZone(name, this.known ? this.now() : Date.now());
    if (minutes !== null) this.zoned = true;
    this.setOffset(minutes);
  }

  /** @param {number|null} minutes */
  setOffset(minutes) {
    if (minutes === null) return;
    this.offsetMinutes = minutes;
    siteOffset = minutes;
  }

  /**
   * Wall clock of a moment where the site of another time is, which that one's offset says.
   * @param {number} ms @param {string|null|undefined} time
   */
  wallAt(ms, time) {
    const minutes = /Z$/.test(time || '') ? 0 : offsetOf(time || '');
    return wall(ms, minutes === null ? this.offsetMinutes : minutes);
  }

  /** Server time, UTC milliseconds. */
  now() {
    return this.at + (this.local() - this.seen) * this.rate;
  }

  /** Local milliseconds until a server moment (negative when past). @param {string} time */
  until(time) {
    return (Date.parse(time) - this.now()) / (this.rate || 1);
  }
}

/** Whether the server's time passed as fast as the page's between two beats. @param {{at: number, seen: number}} from @param {{at: number, seen: number}} to */
function asFastAsHere(from, to) {
  const passed = to.seen - from.seen;
  return Math.abs(to.at - from.at - passed) <= Math.max(LATE_MS, passed * LATE_SHARE);
}

/** The site's offset as last seen on this page, for times that come without one. */
let siteOffset = -new Date().getTimezoneOffset();

/** `HH:MM:SS` of a wire time as its site's wall clock shows it; of UTC milliseconds, on the page's. @param {any} time */
export function secondsOfAny(time) {
  const own = offsetOf(String(time));
  const at = wall(/^\d{11,}$/.test(String(time)) ? Number(time) : Date.parse(time), own === null ? siteOffset : own);
  return `${at.clock}:${two(at.seconds)}`;
}

/** Offset in minutes of a named zone at a moment; null when the browser does not know it. @param {string} zone @param {number} ms */
export function offsetOfZone(zone, ms) {
  try {
    const parts = new Intl.DateTimeFormat('en-US', {
      timeZone: zone, hour12: false, year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
    }).formatToParts(new Date(ms));
    const n = (/** @type {string} */ type) => Number((parts.find((part) => part.type === type) || { value: '0' }).value);
    const there = Date.UTC(n('year'), n('month') - 1, n('day'), n('hour') % 24, n('minute'), n('second'));
    return Math.round((there - ms) / 60000);
  } catch (_unknown) {
    return null;
  }
}

/** Offset in minutes of an RFC 3339 time; null when it is UTC written as Z or no time. @param {string} time */
export function offsetOf(time) {
  const m = /([+-])(\d\d):?(\d\d)$/.exec(time || '');
  return m ? (m[1] === '-' ? -1 : 1) * (Number(m[2]) * 60 + Number(m[3])) : null;
}

/** `HH:MM` of an RFC 3339 time as its site's wall clock shows it. @param {string|null|undefined} time */
export function clockOf(time) {
  const m = /T(\d\d:\d\d)/.exec(time || '');
  return m ? m[1] : '';
}

/**
 * What is left of an expected range: it was said some time ago. Nothing once it has passed; no start that has passed or will within the minute.
 * @param {any} expected @param {number} now UTC milliseconds @returns {{from: string, to: string}|null} `HH:MM` each; no `from`: by `to`
 */
export function rangeLeft(expected, now) {
  if (!expected || !(Date.parse(expected.to) > now)) return null;
  return { from: Date.parse(expected.from) - now < 60000 ? '' : clockOf(expected.from), to: clockOf(expected.to) };
}

/** @param {number} n */
const two = (n) => (n < 10 ? `0${n}` : String(n));

/** Wall clock of a moment at an offset. @param {number} ms @param {number} offsetMinutes */
export function wall(ms, offsetMinutes) {
  const d = new Date(ms + offsetMinutes * 60000);
  return {
    date: `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`,
    month: d.getUTCMonth() + 1,
    day: d.getUTCDate(),
    weekday: d.getUTCDay(),
    clock: `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`,
    seconds: d.getUTCSeconds(),
  };
}

/** The date `days` after a `YYYY-MM-DD`. @param {string} date @param {number} days */
export function addDays(date, days) {
  const d = new Date(`${date}T00:00:00Z`);
  d.setUTCDate(d.getUTCDate() + days);
  return d.toISOString().slice(0, 10);
}

/** Weekday 0–6 (Sunday is 0) of a `YYYY-MM-DD`. @param {string} date */
export function weekdayOf(date) {
  return new Date(`${date}T00:00:00Z`).getUTCDay();
}
