// What the waiting area's screen draws, from the board stream's value alone. Chromium 70 syntax.

import { h } from '../lib/dom.js';
import { clockOf, rangeLeft, wall } from '../lib/clock.js';
import { t } from '../lib/i18n.js';
import { arrange, isOld, key } from './calls.js';
import { fill, missedNow, spaceFor } from './fill.js';

/** A clinic that ought to have begun so long ago does not begin any more. */
const LONG_AGO_MS = 3600000;

/** The Chinese and the English of a key, for people who read one of them. @param {string} key @param {any} [values] */
function two(key, values) {
  return h('span', null, `${t(key, values, 'zh')} `, h('span', { lang: 'en' }, t(key, values, 'en')));
}

/** Nobody is asked to listen where nothing is said; to a nurse, once the screen is not current. @param {any} value @param {any} s */
function quietKey(value, s) {
  if (s.off) return 'board.quiet';
  if (value.board.speaks === false) return (value.calls || []).length ? 'board.quiet_look' : 'board.quiet_none';
  return s.silent ? 'board.quiet_silent' : 'board.quiet';
}

/** What is to be done while nobody is newly called. @param {string} key */
function quiet(key) {
  return h('section', { class: 'newest quiet', key: 'quiet' }, h('p', null, t(key, null, 'zh')), h('small', { lang: 'en' }, t(key, null, 'en')));
}

/** @param {any} c @param {boolean} isNew @param {boolean} off what is shown may be over by now: said as the last call */
function newestCall(c, isNew, off) {
  return h('section', {
    class: `newest${isNew && !off ? ' new' : ''}${c.emergency ? ' emergency' : ''}`, key: key(c), 'data-call': c.call, 'data-state': c.state,
  },
  h('div', { class: 'label' }, h('i', null),
    off ? two('board.last_call', { time: clockOf(c.at) }) : two(c.emergency ? 'board.emergency' : 'board.now_calling')),
  h('div', { class: 'row' },
    h('span', { class: 'number num' }, c.number), h('span', { class: 'name' }, c.emergency ? null : c.name)),
  h('div', { class: 'to' }, h('span', null, `→ ${c.place}`), h('small', { lang: 'en' }, c.place_en)));
}

/** @param {string} key @param {any} [values] the Chinese with the English small beside it */
function withSmall(key, values) {
  return [t(key, values, 'zh'), h('small', { lang: 'en' }, t(key, values, 'en'))];
}

/** @param {any} c @param {boolean} hot @param {boolean} off @param {boolean} old called long ago, and nothing said since */
function callRow(c, hot, off, old) {
  if (c.state === 'withdrawn') {
    return h('div', { class: 'call withdrawn', key: c.call, 'data-call': c.call, 'data-state': c.state },
      h('span', { class: 'number num' }, c.number), h('span', { class: 'name' }, c.emergency ? null : c.name), h('span', { class: 'back' }, withSmall('board.withdrawn')));
  }
  return h('div', {
    class: `call${hot ? ' hot' : ''}${c.emergency ? ' emergency' : ''}`, key: c.call, 'data-call': c.call, 'data-state': c.state,
  },
  h('span', { class: 'number num' }, c.number),
  h('span', { class: 'name' }, c.emergency ? null : c.name),
  h('span', { class: 'place' }, c.place, h('small', { lang: 'en' }, c.place_en)),
  h('span', { class: 'state' }, standing(c, off, old)));
}

/** What a row says: without news only what was last asked of them, with the time. @param {any} c @param {boolean} off @param {boolean} old */
function standing(c, off, old) {
  const time = clockOf(c.at);
  if (off && c.state === 'summoned') return withSmall('board.asked_at', { time });
  if (c.state === 'called' && (off || old)) return withSmall('board.called_at', { time });
  return off ? null : withSmall(`board.state.${c.state}`);
}

/** When somebody is to begin; without news a beginning that has passed since is not said, and who was not there is not said not to be. @param {any} r @param {any} s */
function begins(r, s) {
  const opens = clockOf(r.opens);
  if (Date.parse(r.opens) > s.serverNow) return { key: 'board.opens', time: opens };
  if (!s.off) return { key: 'board.not_begun', time: '' };
  return opens <= s.lastData ? { key: 'board.not_begun_at', time: s.lastData } : null;
}

/**
 * When who comes now is called, as far as it is still to come. That it is theirs is said: who waits already would take it for their own.
 * Without news nobody knows.
 * @param {any} r @param {{serverNow: number, off: boolean, lastData: string}} s
 */
function when(r, s) {
  if (r.paused) return h('span', { class: 'paused' }, two('board.paused'));
  if (r.opens) {
    const said = begins(r, s);
    return said && ['zh', 'en'].map((lang) => h(lang === 'zh' ? 'span' : 'small', { key: lang, lang: lang === 'en' ? 'en' : undefined }, t(said.key, { time: said.time }, lang)));
  }
  if (s.off) return null;
  const now = s.serverNow;
  const left = rangeLeft(r.expected, now);
  if (!left) return null;
  const say = (/** @type {string} */ lang) => t(left.from ? 'board.about' : 'board.about_by', left, lang);
  return [h('span', { key: 'zh' }, say('zh')), h('small', { key: 'en', lang: 'en' }, say('en'))];
}

/**
 * The rows of the waiting part. People who wait for several rooms at once (a pool) stand once, above those rooms, which
 * show their own doors only: the same number four times would be counted as four people.
 * Of several such lines each is named by the letter of its numbers, by which people find their own.
 * Where somebody ought to have begun long ago and nobody waits, nobody is expected.
 * @param {any[]} all @param {number} now UTC milliseconds @returns {any[]}
 */
function waitingRows(all, now) {
  const rooms = all.filter((r) => !r.opens || r.waiting.length || now - Date.parse(r.opens) < LONG_AGO_MS);
  const line = (/** @type {any} */ r) => (r.waiting || []).join(' ');
  /** @type {Object<string, number>} */
  const shared = {};
  rooms.forEach((r) => {
    shared[line(r)] = (shared[line(r)] || 0) + 1;
  });
  /** @type {any[]} */
  const rows = [];
  const stands = new Set();
  rooms.forEach((r) => {
    const common = line(r);
    if (!common || shared[common] < 2) {
      rows.push(r);
    } else if (!stands.has(common)) {
      stands.add(common);
      const own = rooms.filter((other) => line(other) === common);
      const known = own.find((other) => other.expected);
      rows.push({ common: true, letter: '', place: '', waiting: r.waiting, at_door: [], expected: known ? known.expected : null });
      own.forEach((other) => rows.push(Object.assign({}, other, { waiting: [], expected: null, of_pool: true })));
    }
  });
  if (stands.size > 1) rows.forEach((row) => row.common && Object.assign(row, { letter: lettersOf(row.waiting) }));
  return rows;
}

/** What their numbers begin with: `A`; `A B` where they came from two queues. @param {string[]} numbers */
function lettersOf(numbers) {
  const all = numbers.map((n) => n.replace(/\d+$/, '')).filter(Boolean);
  return all.filter((one, n) => all.indexOf(one) === n).join(' ');
}

/**
 * A room with those of its numbers whose turn it is.
 * @param {{room: any, from: number, numbers: string[], more: number}} part @param {number} columns @param {any} s
 */
function room(part, columns, s) {
  const { room: r, from, numbers, more } = part;
  const door = r.at_door || [];
  const expected = when(r, s);
  return h('div', { class: `room${r.common ? ' common' : ''}`, key: r.common ? `line/${r.waiting[0]}` : `${r.place}/${r.doctor}`, 'data-room': r.place },
    h('span', { class: 'doctor' },
      r.common ? h('b', null, r.letter ? two('board.common_of', { letter: r.letter }) : two('board.common')) : [h('b', { key: 'p' }, r.place), [r.doctor, r.title].filter(Boolean).join(' '), r.doctor_en ? h('span', { class: 'en', lang: 'en', key: 'en' }, r.doctor_en) : null]),
    numbers.length
      ? h('div', { class: 'queue num', key: 'queue', vars: { 'grid-template-columns': `repeat(${columns}, minmax(0, 1fr))` } },
        from ? h('span', { class: 'from', key: 'from' }, withSmall('board.from')) : null,
        numbers.map((n) => h('span', { key: n, class: door.indexOf(n) < 0 ? undefined : 'door' }, n)),
        more ? h('span', { class: 'more', key: 'more' }, withSmall('board.more', { n: more })) : null)
      : (r.paused && r.of_pool) || r.opens ? null : h('span', { class: 'none', key: 'none' }, two(r.of_pool ? 'board.from_common' : 'board.nobody')),
    expected ? h('span', { class: 'expected num', key: 'expected' }, expected) : null);
}

/**
 * @param {any} value the stream's value
 * @param {{seen: Map<string, number>, turns: import('./calls.js').Turns, local: number, page: number, off: boolean, lastData: string, serverNow: number,
 *   offsetMinutes: number, silent: string|null, shift: number, lacksChinese?: boolean, size?: {width: number, height: number}}} s how things stand on this
 *   screen, `page` counts on, `size` in rem
 */
export function boardView(value, s) {
  const calls = value.calls || [];
  // What has the band stands there alone, by its number: of an emergency the name is often not known, and nobody's business.
  const emergency = s.off ? null : calls.find((c) => c.emergency && c.state === 'called');
  const arranged = arrange(calls.filter((c) => c !== emergency), s.seen, s.local, s.off);
  const { newest, isNew } = arranged;
  const wallNow = wall(s.serverNow, s.offsetMinutes);
  const notices = value.notices || [];
  const notice = notices.length ? notices[s.page % notices.length] : null;
  const missed = value.missed || [];
  const space = spaceFor(s.size, { notice: !!notice, emergency: !!emergency, off: s.off });
  // Where nobody stands apart and the rows do not hold all, they have the whole side.
  const isAlone = !newest && arranged.rows.filter((c) => c.state !== 'serving').length > space.calls;
  const places = isAlone ? space.callsAlone : space.calls;
  const rows = s.turns.choose(arranged, places, s.local, emergency);
  const waiting = fill(waitingRows(value.rooms || [], s.serverNow), value.board.rows_max, space, s.page);
  const gone = missedNow(missed, space, s.page);
  // What the marked numbers are is said with one of them, where there is one.
  const atDoor = waiting.rooms.reduce((found, { room: r, numbers }) => found || numbers.filter((n) => (r.at_door || []).indexOf(n) >= 0)[0] || '', '');
  return h('div', {
    class: `board${s.off ? ' is-off' : ''}`, key: 'board', vars: { transform: `translate(${s.shift}px, ${s.shift / 2}px)` },
  },
  h('header', null,
    h('h1', null, value.board.name), h('span', { class: 'en', lang: 'en' }, value.board.name_en),
    h('div', { class: 'clock' },
      h('span', { class: 'date' }, ['zh', 'en'].map((lang) => h('span', { key: lang, lang: lang === 'en' ? 'en' : undefined },
        t('date.long', { month: t(`month.${wallNow.month}`, null, lang), day: wallNow.day, weekday: t(`weekday.${wallNow.weekday}`, null, lang) }, lang)))),
      h('span', { class: 'time num' }, wallNow.clock))),
  bands(s, emergency),
  h('main', null,
    h('section', { class: `calls${isAlone ? ' alone' : ''}` },
      newest ? newestCall(newest, isNew, s.off) : isAlone ? null : quiet(quietKey(value, s)),
      h('div', { class: 'list', key: 'list', vars: { 'grid-template-rows': `repeat(${places}, minmax(0, 1fr))` } },
        rows.map((c) => callRow(c, c.state !== 'serving' && !isOld(c, s.seen, s.local), s.off, isOld(c, s.seen, s.local))))),
    h('section', { class: 'waiting' },
      h('h2', null,
        two('board.waiting'),
        atDoor ? h('em', { key: 'door' }, h('b', { class: 'num' }, atDoor), two('board.at_door')) : null,
        waiting.pages > 1 ? h('span', { class: 'pages num', key: 'pages' }, `${waiting.page + 1}/${waiting.pages}`) : null),
      h('div', { class: `rooms${waiting.isWide ? ' wide' : ''}` }, waiting.rooms.length ? null : h('p', { class: 'none', key: 'none' }, withSmall('board.no_rooms')),
        waiting.rooms.map((one) => room(one, waiting.columns, s))),
      waiting.left ? h('div', { class: 'left', key: 'left', 'data-left': String(waiting.left) }, two('board.left', { n: waiting.left })) : null,
      h('div', { class: `missed${missed.length ? '' : ' nobody'}` },
        h('span', null, withSmall('board.missed')),
        missed.length
          ? [gone.numbers.map((n) => h('b', { class: 'num', key: n }, n)),
            gone.pages > 1 ? h('span', { class: 'pages num', key: 'pages' }, `${gone.page + 1}/${gone.pages}`) : null,
            h('span', { class: 'say', key: 'say' }, withSmall('board.to_desk'))]
          : h('span', { class: 'say' }, two('board.none_missed'))))),
  h('footer', { class: notice ? 'says' : undefined },
    h('div', { class: `notice${notice && notice.zh && notice.en ? ' both' : ''}` }, notice ? [notice.zh ? h('p', { key: 'zh' }, notice.zh) : null, notice.en ? h('p', { key: 'en', lang: 'en' }, notice.en) : null] : null),
    h('span', { class: 'end' },
      s.silent ? h('span', { class: 'silent', 'data-silent': s.silent }, two(`board.silent.${s.silent}`)) : null,
      // Boxes that are current are not what anybody came to read.
      s.lacksChinese && !s.off
        ? h('span', { class: 'live off', key: 'no-font', 'data-live': 'unreadable' }, h('span', { class: 'dot' }), h('span', { lang: 'en' }, t('board.no_font', null, 'en')))
        : h('span', { class: `live${s.off ? ' off' : ''}`, key: 'live', 'data-live': s.off ? 'off' : 'on' },
          h('span', { class: 'dot' }), h('span', null, two(s.off ? 'connection.offline' : 'connection.live'))))));
}

/** @param {any} s @param {any} emergency */
function bands(s, emergency) {
  return h('div', { role: 'status' },
    s.off
      ? h('div', { class: 'band off', key: 'off', 'data-band': 'offline' },
        s.lastData ? t('offline.screen', { time: s.lastData }, 'zh') : t('offline.screen_never', null, 'zh'),
        h('small', { lang: 'en' }, s.lastData ? t('offline.screen', { time: s.lastData }, 'en') : t('offline.screen_never', null, 'en')))
      : null,
    emergency
      ? h('div', { class: 'band alarm', key: 'alarm', 'data-band': 'emergency' },
        two('board.emergency'), h('b', { class: 'num' }, emergency.number), h('span', { class: 'place' }, `→ ${emergency.place}`), h('small', { lang: 'en' }, emergency.place_en))
      : null);
}
