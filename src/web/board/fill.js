// How the waiting part is filled: so many rooms on a page and so many lines of numbers for each as there is space for, and what
// does not fit in its turn. Lengths in rem, as in board.css. Chromium 70 syntax.

/** A screen that lies. */
const LYING = { width: 120, height: 67.5 };
/** What stands above and below the rooms: header, the part's own head, the missed, padding and lines. */
const AROUND = 18.75;
/** On a screen that stands the calls are above the waiting. */
const CALLS_ABOVE = 52.75;
/** The foot of a notice, and one of none. */
const FOOT_WITH_NOTICE = 8.25;
const FOOT_WITH_NOTICE_UPRIGHT = 9.4;
const FOOT = 4.75;
/** Bands, and where the screen stands, in two lines. */
const EMERGENCY_BAND = 8;
const OFFLINE_BAND = 6.6;
const BAND_UPRIGHT = 13;
/** Above the list of calls on a screen that lies, from its top; a call of the list; so many at the most. */
const CALLS_HEAD = 32.65;
const CALL = 5.6;
const MOST_CALLS = 4;
/** The panel of the newest call, whose place rows have while there is none; so many then at the most. */
const PANEL = 22.65;
const MOST_CALLS_ALONE = 8;
/** What is not a room's: on a screen that lies the calls beside it. */
const BESIDE = 75.5;
const BESIDE_UPRIGHT = 7.25;
/** The line that says how many rooms are not here. */
const LEFT_OUT = 3.2;
/** A room without its numbers, and one line of them. */
const ROOM = 6.2;
const LINE = 3.85;
/** So much more where a room's wait stands big, in a line for each language. */
const WIDE = 2.18;
/** A character of a number, and the space to the next number; the same of who was missed. */
const CHARACTER = 2.1;
const SPACE = 1.9;
const MISSED_CHARACTER = 1.9;
const MISSED_SPACE = 1;
/** What stands beside the missed numbers. */
const MISSED_WORDS = 17.6;

const ROOMS_A_PAGE = 4;
/** So many pages of one room's numbers take turns at the most. */
const MAX_PAGES = 3;

/**
 * The space for the waiting, and for how many calls beside the newest, and without one.
 * @param {{width: number, height: number}|undefined} size of the screen @param {{notice: boolean, emergency: boolean, off: boolean}} on what else stands there
 */
export function spaceFor(size, on) {
  const { width, height } = size || LYING;
  const upright = height > width;
  const band = !on.off && !on.emergency ? 0 : upright ? BAND_UPRIGHT : on.off ? OFFLINE_BAND : EMERGENCY_BAND;
  const left = height - band - (!on.notice ? FOOT : upright ? FOOT_WITH_NOTICE_UPRIGHT : FOOT_WITH_NOTICE);
  const rows = (/** @type {number} */ head, /** @type {number} */ most) => Math.max(1, Math.min(most, Math.floor((left - head) / CALL)));
  return {
    width: width - (upright ? BESIDE_UPRIGHT : BESIDE),
    height: left - AROUND - (upright ? CALLS_ABOVE : 0),
    calls: upright ? MOST_CALLS : rows(CALLS_HEAD, MOST_CALLS),
    callsAlone: upright ? MOST_CALLS_ALONE : rows(CALLS_HEAD - PANEL, MOST_CALLS_ALONE),
  };
}

/** @param {string[]} numbers */
const longest = (numbers) => numbers.reduce((most, one) => Math.max(most, one.length), 4);

/** @param {any} room at the door first */
const numbersOf = (room) => {
  const door = room.at_door || [];
  return door.concat((room.waiting || []).filter((/** @type {string} */ n) => door.indexOf(n) < 0));
};

/**
 * Numbers in pages of so many cells: what is to come and what came before take a cell each.
 * @param {string[]} numbers @param {number} cells @param {number} most pages
 * @returns {{from: number, numbers: string[], more: number}[]}
 */
function inPages(numbers, cells, most) {
  const pages = [];
  let from = 0;
  do {
    const rest = numbers.length - from;
    const free = cells - (from ? 1 : 0);
    const shown = rest <= free ? rest : Math.max(1, free - 1);
    pages.push({ from, numbers: numbers.slice(from, from + shown), more: rest - shown });
    from += shown;
  } while (from < numbers.length && pages.length < most);
  return pages;
}

/** The lines of each: one, then one more by turns to who needs it. @param {number[]} needs lines @param {number} lines that there are */
function share(needs, lines) {
  const given = needs.map(() => 1);
  let left = lines - needs.length;
  for (let more = 2; left > 0 && needs.some((need) => need >= more); more += 1) {
    needs.forEach((need, n) => {
      if (need < more || left <= 0) return;
      given[n] += 1;
      left -= 1;
    });
  }
  return given;
}

/**
 * The rooms of this turn with their numbers; wide where all of them stand there and height is left.
 * @param {any[]} rooms @param {number} rowsMax beyond so many a second screen is asked for, and the glass says that there are more
 * @param {{width: number, height: number}} space @param {number} turn
 * @returns {{page: number, pages: number, columns: number, left: number, isWide: boolean, rooms: {room: any, from: number, numbers: string[], more: number}[]}}
 */
export function fill(rooms, rowsMax, space, turn) {
  const there = rooms.slice(0, rowsMax);
  const left = rooms.length - there.length;
  const height = space.height - (left ? LEFT_OUT : 0);
  const columns = Math.max(2, Math.floor(space.width / (longest(there.reduce((all, room) => all.concat(numbersOf(room)), [])) * CHARACTER + SPACE)));
  const fit = Math.max(1, Math.min(ROOMS_A_PAGE, Math.floor(height / (ROOM + LINE))));
  const roomPages = Math.max(1, Math.ceil(there.length / fit));
  // Pages of even length: none shows one room in an empty panel while the others share theirs.
  const aPage = Math.max(1, Math.ceil(there.length / roomPages));
  // Who stands on one of several pages of rooms is seen in every round: numbers take turns only where rooms do not.
  const most = roomPages > 1 ? 1 : MAX_PAGES;
  const first = (turn % roomPages) * aPage;
  const shown = there.slice(first, first + aPage);
  const numbers = shown.map(numbersOf);
  const needs = numbers.map((all) => Math.max(1, Math.ceil(all.length / columns)));
  const linesOf = (/** @type {number} */ aRoom) => Math.floor((height - shown.length * aRoom) / LINE);
  const isWide = roomPages === 1 && needs.reduce((all, need) => all + need, 0) <= linesOf(ROOM + WIDE);
  const given = share(needs, linesOf(isWide ? ROOM + WIDE : ROOM));
  const parts = numbers.map((all, n) => inPages(all, given[n] * columns, most));
  const pages = Math.max.apply(null, [roomPages].concat(parts.map((part) => part.length)));
  return { page: turn % pages, pages, columns, left, isWide, rooms: shown.map((room, n) => Object.assign({ room }, parts[n][turn % pages % parts[n].length])) };
}

/** The missed numbers of this turn. @param {string[]} missed @param {{width: number}} space @param {number} turn */
export function missedNow(missed, space, turn) {
  const fit = Math.max(1, Math.floor((space.width - MISSED_WORDS) / (longest(missed) * MISSED_CHARACTER + MISSED_SPACE)));
  const pages = Math.max(1, Math.ceil(missed.length / fit));
  const page = turn % pages;
  return { page, pages, numbers: missed.slice(page * fit, (page + 1) * fit) };
}
