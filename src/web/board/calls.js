// Which calls stand on the glass: the newest apart, of the others as many as there are rows. Where there are more of them they
// take turns, so that whoever is called stands there within seconds, however many are called at once. Chromium 70 syntax.

/** Newest calls stand apart this long; a call that has left the board stays so long, unless a newer one needs the place. */
export const HELD_MS = 20000;
/** So long a call is one of now; of an older one it is said when it was. */
export const NOW_MS = 180000;
/** So long on the glass, and a call has been shown. Turns are as short while others wait for it: four of them fit into the time
 * within which a call is to be confirmed (DOMAIN, Receipts). */
const SHOWN_MS = 800;
/** Once all have been shown. */
const TURN_MS = 5000;

/** One call in one of its rounds: a recall stands out anew. @param {any} c */
export function key(c) {
  return `${c.call}@${c.state === 'called' ? c.at : c.state}`;
}

/** Whether somebody was called so long ago that it is no call of now. @param {any} c @param {Map<string, number>} seen @param {number} now local time */
export function isOld(c, seen, now) {
  return c.state === 'called' && now - (seen.get(key(c)) || 0) >= NOW_MS;
}

/**
 * Calls in the order of the screen: those held as new first (newest on top), then the rest, newest first. Apart stands the one
 * that was made last, while it is one of now: none takes its place because a later one has gone.
 * @param {any[]} calls @param {Map<string, number>} seen call → local time when it came up @param {number} now local time
 * @param {boolean} [off] what is shown is as it was: no call grows old
 */
export function arrange(calls, seen, now, off) {
  let made = -Infinity;
  seen.forEach((at, k) => {
    if (!/@(summoned|serving|withdrawn)$/.test(k)) made = Math.max(made, at);
  });
  const isLast = (/** @type {any} */ c) => c.state === 'called' && (seen.get(key(c)) || 0) >= made && (off || !isOld(c, seen, now));
  const isNew = (/** @type {any} */ c) => c.state !== 'serving' && now - (seen.get(key(c)) || 0) < HELD_MS;
  const sorted = calls.slice().sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  const fresh = sorted.filter((c) => isNew(c) && c.state === 'called').slice(0, 3);
  const rest = sorted.filter((c) => fresh.indexOf(c) < 0);
  const asked = rest.filter((c) => c.state !== 'serving');
  const serving = rest.filter((c) => c.state === 'serving');
  const newest = fresh[0] || asked.find(isLast) || null;
  const rows = fresh.concat(asked, serving).filter((c) => c !== newest);
  // Whom the last minutes have asked for something yields to nobody; an old call, of which only the time is said, to everybody.
  const lately = asked.filter((c) => now - (seen.get(key(c)) || 0) < NOW_MS);
  const old = asked.filter((c) => isOld(c, seen, now));
  return { newest, isNew: !!fresh[0], rows, fresh, lately, old };
}

/** The rows of calls by turns, and what has been shown. */
export class Turns {
  constructor() {
    /** Call and round → since when it is on the glass. @type {Map<string, number>} */
    this.up = new Map();
    /** Call and round → when it left the glass, having been shown. @type {Map<string, number>} */
    this.left = new Map();
    this.turned = 0;
    /** Somebody who is called has not been shown yet: the board is to be drawn again soon. */
    this.hurries = false;
  }

  /** Whether a call has been on the glass for long enough. @param {any} c @param {number} now local time */
  wasShown(c, now) {
    const since = this.up.get(key(c));
    return this.left.has(key(c)) || (since !== undefined && now - since >= SHOWN_MS);
  }

  /**
   * The calls that have a row now, in their order. Whoever is being shown for the first time stays, whoever has not been is
   * next; then come those held as new, then whom the last minutes have asked for something, then the others, and old calls when
   * there is room; of each of these who has been away for longest. Who is with the doctor fills what is left.
   * @param {{newest: any, rows: any[], fresh: any[], lately: any[], old: any[]}} arranged @param {number} places @param {number} now local time
   * @param {any} [band] the call that stands across the screen
   * @returns {any[]}
   */
  choose({ newest, rows, fresh, lately, old }, places, now, band) {
    const asked = rows.filter((c) => c.state !== 'serving');
    const isOver = now - this.turned >= TURN_MS;
    if (isOver) this.turned = now;
    const isUp = (/** @type {any} */ c) => this.up.has(key(c));
    const rank = (/** @type {any} */ c) => {
      if (!this.wasShown(c, now)) return isUp(c) ? 0 : 1;
      if (fresh.indexOf(c) >= 0) return 2;
      const group = lately.indexOf(c) >= 0 ? 0 : old.indexOf(c) < 0 ? 1 : 2;
      return 3 + 2 * group + (isUp(c) && !isOver ? 0 : 1);
    };
    const away = (/** @type {any} */ c) => (isUp(c) ? now : this.left.get(key(c)) || 0);
    // Of those who have waited as long for it, whoever was called first.
    const next = asked.slice().reverse().sort((a, b) => rank(a) - rank(b) || away(a) - away(b)).slice(0, places);
    const chosen = asked.filter((c) => next.indexOf(c) >= 0);
    const apart = [newest, band].filter(Boolean);
    this.note(apart.concat(asked), apart.concat(chosen), now);
    this.hurries = apart.concat(asked).some((c) => !this.wasShown(c, now));
    return chosen.concat(rows.filter((c) => c.state === 'serving')).slice(0, places);
  }

  /** @param {any[]} all who are called @param {any[]} here those of them on the glass @param {number} now */
  note(all, here, now) {
    const gone = new Set(this.up.keys());
    here.forEach((c) => {
      gone.delete(key(c));
      if (!this.up.has(key(c))) this.up.set(key(c), now);
    });
    all.forEach((c) => {
      if (gone.has(key(c)) && this.wasShown(c, now)) this.left.set(key(c), now);
    });
    gone.forEach((k) => this.up.delete(k));
    const called = new Set(all.map(key));
    this.left.forEach((_at, k) => {
      if (!called.has(k)) this.left.delete(k);
    });
  }
}
