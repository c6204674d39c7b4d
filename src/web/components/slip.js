// The slip of a number: what stands on paper. The code is made by the house and drawn there; without one (no connection) the
// slip is still a slip.

import '../i18n/kiosks.js';
import { rangeLeft, wall } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { language, t } from '../lib/i18n.js';
import { Recent } from '../lib/recent.js';

/** A code that could not be had is asked for again after this long, not at every drawing. */
const ASK_AGAIN_MS = 10000;

/** A desk gives hundreds of slips a day and shows one at a time: one that comes again after these is asked for again. */
const KEPT = 20;

/** A text as a picture to be scanned. @param {import('../lib/session.js').Session} session @param {string} text @returns {Promise<string>} an image's address */
export async function drawn(session, text) {
  const { svg } = await session.http('POST', '/api/v1/qr-codes', { text });
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
}

/** The picture of a ticket's code, or nothing. @param {import('../lib/session.js').Session} session @param {string} ticket @returns {Promise<string>} */
export async function codePicture(session, ticket) {
  try {
    const { code } = await session.http('GET', `/api/v1/tickets/${encodeURIComponent(ticket)}/code`);
    return await drawn(session, code);
  } catch {
    return '';
  }
}

/**
 * What stands on a slip.
 * @param {{house?: string, where: string, room?: string, slot?: string, area: string, say?: string, number: string, name: string, ahead: number|null, expected: any, picture: string, now: number, at: string}} slip
 *   `house`: which hospital and department; `room`: of that clinic; `slot`: its time; `area`: where to wait; `at`: the clinic's time, as it is printed; `say`: where to go now, of who is called
 */
export function slipLines(slip) {
  const left = rangeLeft(slip.expected, slip.now);
  return h('div', { class: 'on-slip', key: 'on-slip' },
    slip.house ? h('p', { key: 'house' }, slip.house) : null,
    h('p', { key: 'where' }, [slip.where, slip.room].filter(Boolean).join(' ')),
    h('b', { class: 'number num', key: 'number' }, slip.number),
    slip.name ? h('span', { class: 'name', key: 'name' }, slip.name) : null,
    slip.say ? h('p', { key: 'say' }, h('b', null, slip.say)) : null,
    slip.area && !slip.say ? h('p', { key: 'area' }, t('slip.area', { area: slip.area })) : null,
    slip.slot ? h('p', { key: 'slot' }, t('ticket.slot', { time: slip.slot })) : null,
    slip.ahead === null ? null : aheadLines(slip.ahead, slip.at),
    left ? h('p', { key: 'expected' }, t(left.from ? 'slip.about' : 'slip.about_by', left)) : null,
    slip.picture ? h('img', { key: 'code', src: slip.picture, alt: t('slip.code') }) : null,
    h('p', { key: 'keep' }, t('slip.keep')),
    h('p', { key: 'at' }, t('slip.at', { time: slip.at })));
}

/**
 * How many were before them, and when that was; in both languages, since nobody can ask a paper.
 * @param {number} n @param {string} at date and time
 */
function aheadLines(n, at) {
  const said = { n, time: at.slice(at.indexOf(' ') + 1) };
  const other = language() === 'zh' ? 'en' : 'zh';
  return [language(), other].map((lang) => h('p', { key: `ahead-${lang}`, class: lang === other ? 'other' : '', lang: lang === 'zh' ? 'zh-CN' : lang }, t(n ? 'slip.ahead_at' : 'slip.next_at', said, lang)));
}

/** The slips of a page: what is known of a number stands at once, its code and the range of its wait when they have come. */
export class Slips {
  /** @param {import('../lib/page.js').Page} page */
  constructor(page) {
    this.page = page;
    /** @type {Recent<{picture: string, expected: any, whole: Promise<void>}>} */
    this.known = new Recent(KEPT);
  }

  /** @param {{ticket: string, house?: string, where: string, room?: string, slot?: string, area: string, number: string, name: string, position: number|null, at?: number}} slip `at`: of when the position is, if not of now */
  view(slip) {
    const { clock } = this.page.protocol;
    const at = slip.at === undefined ? clock.now() : slip.at;
    const known = this.known.get(slip.ticket) || this.ask(slip.ticket);
    const ahead = slip.position === null ? null : slip.position - 1;
    return slipLines({ ...slip, ...known, ahead, now: at, at: printedAt(clock, at) });
  }

  /** @param {string} ticket */
  ask(ticket) {
    const { session } = this.page;
    const place = session.http('GET', `/api/v1/streams/ticket:${encodeURIComponent(ticket)}`).catch(() => null);
    const slip = {
      picture: '',
      expected: /** @type {any} */ (null),
      whole: Promise.all([codePicture(session, ticket), place]).then(([picture, now]) => {
        slip.picture = picture;
        slip.expected = now && now.snapshot.expected;
        if (picture) this.page.draw();
        else setTimeout(() => this.known.delete(ticket), ASK_AGAIN_MS);
      }),
    };
    this.known.set(ticket, slip);
    return slip;
  }

  /** When a slip has its code and its range, or will not have them for now. @param {string} ticket @returns {Promise<void>} */
  whole(ticket) {
    return (this.known.get(ticket) || this.ask(ticket)).whole;
  }
}

/** The time as it is printed. @param {import('../lib/clock.js').ServerClock} clock @param {number} [at] in UTC milliseconds, if not now */
export function printedAt(clock, at) {
  const now = wall(at === undefined ? clock.now() : at, clock.offsetMinutes);
  return `${now.date} ${now.clock}`;
}
