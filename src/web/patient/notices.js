// What the phone is told beside the screens: above whatever is shown, until it is put away; says that it was seen, once it
// really is; and the list of messages.

import { clockOf } from '../lib/clock.js';
import { find, h } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { dayAndClock, yuan } from '../lib/words.js';

/** So many messages are listed, the newest first. */
const LISTED = 5;
/** A notice that still looks for somebody, and one that was taken to have found nobody. */
const OPEN = ['telling', 'not_reached'];
/** For so long a message about money is a new one. */
const NEW_MS = 24 * 3600 * 1000;
/** Who stands so in line may still be near. */
const NEAR = ['waiting', 'summoned'];

/** Those that this page has confirmed, by id: once is enough. @type {Set<string>} */
const confirmed = new Set();
/** Those that somebody has put away here. @type {Set<string>} */
const putAway = new Set();

/** @param {import('./model.js').Model} model @returns {any[]} the newest first */
function newest(model) {
  const all = /** @type {any[]} */ (Object.values((model.value && model.value.notices) || {}));
  return all.sort((a, b) => (Date.parse(a.at) < Date.parse(b.at) ? 1 : -1));
}

/** What is said of a clinic's time to those at home: whoever has come has it on the card. */
const OF_THE_TIME = ['delayed', 'as_planned', 'booked'];

/** Whether somebody has come since a message about the time was sent. @param {import('./model.js').Model} model @param {any} notice */
function hasCome(model, notice) {
  const place = model.tickets.get(notice.ticket);
  return OF_THE_TIME.includes(notice.about) && !!place && !!place.value && place.value.state !== 'booked';
}

/** Whether the page that is shown has the offered place at its top. @param {any} notice @param {any} shown */
const isOnPage = (notice, shown) => notice.about === 'offered' && !!shown && shown.isFirst;

/** What has the whole screen is no banner. @param {any} notice */
const hasScreen = (notice) => notice.about === 'called';

/**
 * Who is shown on the page of today: whether an offered place is the first thing on it, or stands below a number that waits.
 * @typedef {{patient: string, isFirst: boolean}} Shown
 */

/**
 * Whether a message stands above whatever is shown: as long as it looks for somebody, and once it was seen here, until it is put
 * away or not so any more.
 * @param {import('./model.js').Model} model @param {any} notice
 */
function stands(model, notice) {
  if (hasScreen(notice) || putAway.has(notice.notice)) return false;
  if (OPEN.includes(notice.state)) return true;
  if (hasCome(model, notice)) return false;
  if (!confirmed.has(notice.notice) || notice.state !== 'reached') return false;
  const later = newest(model).find((one) => one.ticket === notice.ticket);
  // Once the time has come that it tells, there is nothing more to tell.
  if (notice.clinic && !notice.refund && Date.parse(notice.clinic.expected_at) < model.page.protocol.clock.now()) return false;
  // An offer that was answered, or is over, is said no more.
  if (notice.about === 'offered') return later === notice && model.live().some((a) => a.state === 'held' && a.wish && a.ticket === notice.ticket);
  const place = model.tickets.get(notice.ticket);
  return later === notice && (notice.about !== 'three_before' || !!(place && place.value && NEAR.includes(place.value.state)));
}

/**
 * The messages of everybody on the account, above every tab and whoever is shown.
 * @param {import('./model.js').Model[]} models @param {(patient: string) => string} nameOf @param {() => void} draw
 * @param {boolean} inert behind what has the whole screen @param {Shown} [shown]
 */
export function banners(models, nameOf, draw, inert, shown) {
  const isOf = (/** @type {import('./model.js').Model} */ model) => (shown && shown.patient === model.patient ? shown : undefined);
  return h('div', { class: 'told', key: 'told', role: 'status', inert }, models.map((model) => newest(model).filter((notice) => stands(model, notice) && !isOnPage(notice, isOf(model))).map((notice) => h('div', {
    key: notice.notice, 'data-told': notice.notice, 'data-told-about': notice.about, 'data-patient': model.patient,
  },
  h('p', null, models.length > 1 ? h('b', null, nameOf(model.patient) || t('patient.somebody')) : null, words(model, notice, !!isOf(model))),
  h('button', {
    type: 'button', class: 'btn', 'data-action': 'put_notice_away',
    onclick: () => {
      putAway.add(notice.notice);
      draw();
    },
  }, t('close'))))));
}

/** Whether a banner, or the place that it offers, is what is seen where it stands: nothing lies over it, and it is not scrolled away. @param {any} notice */
function isBannerSeen(notice) {
  const text = find(`[data-told="${CSS.escape(notice.notice)}"] p`) || find(`[data-offered-ticket="${CSS.escape(notice.ticket || '')}"] .big-words`);
  if (!text) return false;
  const { left, top, width, height } = text.getBoundingClientRect();
  return text.contains(document.elementFromPoint(left + width / 2, top + height / 2));
}

/**
 * Confirms what was drawn, of everybody on the account: a banner that is seen; a call as long as it takes the whole screen, or
 * once it was put away. A page that nobody sees confirms nothing.
 * @param {import('../lib/page.js').Page} page @param {import('./model.js').Model[]} models @param {(ticket: string, call: string) => boolean} isCallShown
 */
export function confirmSeen(page, models, isCallShown) {
  if (document.visibilityState !== 'visible' || page.protocol.status !== 'live') return;
  models.forEach((model) => newest(model).forEach((notice) => {
    if (!OPEN.includes(notice.state) || confirmed.has(notice.notice)) return;
    if (hasScreen(notice) ? !isCallShown(notice.ticket, notice.call) : !putAway.has(notice.notice) && !isBannerSeen(notice)) return;
    confirmed.add(notice.notice);
    page.protocol.command('confirm_notice', { patient: model.patient, notice: notice.notice })
      // Not now: at one of the next drawings.
      .catch(() => confirmed.delete(notice.notice));
  }));
}

/** A clock time of its site, of another day than today there with its date. @param {import('./model.js').Model} model @param {string} time */
function timeWords(model, time) {
  const { clock } = model.page.protocol;
  return time.slice(0, 10) === clock.wallAt(clock.now(), time).date ? clockOf(time) : dayAndClock(time);
}

/** @param {import('./model.js').Model} model @param {any} notice @param {boolean} [isBelow] what it offers stands further down */
function words(model, notice, isBelow) {
  const { clinic } = notice;
  const place = named(notice.place, notice.place_en);
  const doctor = clinic && named(clinic.doctor, clinic.doctor_en);
  return t(`notice.about.${notice.about}${isBelow && notice.about === 'offered' ? '.below' : ''}`, {
    number: notice.number, place, who: doctor ? t('notice.doctor', { name: doctor }) : place,
    n: clinic && clinic.delay_min, time: clinic && timeWords(model, clinic.expected_at),
    amount: notice.refund && yuan(notice.refund.amount_fen),
  });
}

/** @param {any} notice */
function state(notice) {
  if (notice.state === 'reached') return t(`notice.by.${notice.by}`);
  return t(`notice.state.${notice.state}`);
}

/**
 * What a later word about the same clinic has made of a message, or that the call it speaks of was missed or taken back; empty: it stands.
 * @param {import('./model.js').Model} model @param {any} notice @param {any[]} all newest first
 */
function undone(model, notice, all) {
  const place = model.tickets.get(notice.ticket);
  if (notice.about === 'called' && notice.call && model.takenBack(notice.ticket) === notice.call) return 'taken_back';
  if (['called', 'three_before'].includes(notice.about) && place && place.value && place.value.state === 'missed') return 'missed';
  const later = notice.clinic && all.find((one) => one.clinic && one.ticket === notice.ticket);
  if (!later || later === notice) return '';
  return later.about === 'as_planned' && notice.about !== 'as_planned' ? 'withdrawn' : 'replaced';
}

/**
 * Whether a message is of before: what it asks for has been done, or is not asked for any more.
 * @param {import('./model.js').Model} model @param {any} notice @param {any[]} all newest first
 */
function isEarlier(model, notice, all) {
  if (notice.state === 'over') return true;
  // Money is a matter of its own: what is to be fetched stands until it is.
  if (notice.refund) return notice.about === 'refunded' && model.page.protocol.clock.now() - Date.parse(notice.at) > NEW_MS;
  if (notice.clinic) return hasCome(model, notice) || Date.parse(notice.clinic.expected_at) < model.page.protocol.clock.now();
  const stream = model.tickets.get(notice.ticket);
  const place = stream && stream.value;
  if (!place) return true;
  if (notice.about === 'called') return place.state !== 'called' || place.call !== notice.call;
  // After a call that was no mistake somebody is near for another reason.
  const called = all.find((one) => one.about === 'called' && one.ticket === notice.ticket);
  return !NEAR.includes(place.state) || (!!called && Date.parse(called.at) > Date.parse(notice.at) && called.call !== model.takenBack(notice.ticket));
}

/** What stands no more is struck out, and said to be so: a voice does not read a line. @param {import('./model.js').Model} model @param {any} notice @param {string} gone */
function messageRow(model, notice, gone) {
  return h('li', { key: notice.notice, class: gone ? 'gone' : undefined, 'data-notice': notice.notice, 'data-about': notice.about, 'data-state': notice.state, 'data-gone': gone || undefined },
    h('span', null,
      gone ? [h('b', { key: 'gone' }, t(`notice.${gone}`)), h('s', { key: 's' }, words(model, notice))] : [words(model, notice), h('small', { key: 'state' }, state(notice))]),
    h('span', { class: 'end num' }, clockOf(notice.at)));
}

/** The messages of whoever is shown; nothing where there are none. @param {import('./model.js').Model} model */
export function messages(model) {
  const all = newest(model);
  const list = all.slice(0, LISTED).map((notice) => ({ notice, gone: undone(model, notice, all) }));
  if (!list.length) return null;
  const earlier = list.filter(({ notice, gone }) => !gone && isEarlier(model, notice, all));
  const now = list.filter((one) => !earlier.includes(one));
  return [
    h('h2', { key: 'messages-h' }, t('notice.title')),
    now.length ? h('ol', { class: 'block rows messages', key: 'messages' }, now.map(({ notice, gone }) => messageRow(model, notice, gone))) : null,
    earlier.length ? h('details', { class: 'block rows earlier', key: 'earlier' },
      h('summary', null, t('notice.earlier', { n: earlier.length })),
      h('ol', { class: 'messages' }, earlier.map(({ notice }) => h('li', { key: notice.notice, 'data-notice': notice.notice, 'data-about': notice.about, 'data-state': notice.state, 'data-earlier': '' },
        h('span', null, words(model, notice)), h('span', { class: 'end num' }, clockOf(notice.at)))))) : null,
  ];
}
