// What the phone is told beside the screens: says that it was seen, once it really is; and the list of messages.

import { clockOf } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';

/** So many messages are listed, the newest first. */
const LISTED = 5;
/** A notice that still looks for somebody, and one that was taken to have found nobody. */
const OPEN = ['telling', 'not_reached'];

/** Those that this page has confirmed, by id: once is enough. @type {Set<string>} */
const confirmed = new Set();

/** @param {import('./model.js').Model} model @returns {any[]} the newest first */
function newest(model) {
  const all = /** @type {any[]} */ (Object.values((model.value && model.value.notices) || {}));
  return all.sort((a, b) => (a.at < b.at ? 1 : -1));
}

/**
 * Confirms what stands on the screen, of everybody on the account. A call stands there as long as it takes the whole
 * screen, or once it was put away. A page that nobody sees confirms nothing.
 * @param {import('../lib/page.js').Page} page @param {import('./model.js').Model[]} models @param {(ticket: string, call: string) => boolean} isShown
 */
export function confirmSeen(page, models, isShown) {
  if (document.visibilityState !== 'visible' || page.protocol.status !== 'live') return;
  models.forEach((model) => newest(model).forEach((notice) => {
    if (!OPEN.includes(notice.state) || confirmed.has(notice.notice)) return;
    if (notice.about === 'called' && !isShown(notice.ticket, notice.call)) return;
    confirmed.add(notice.notice);
    page.protocol.command('confirm_notice', { patient: model.patient, notice: notice.notice })
      // Not now: at one of the next drawings.
      .catch(() => confirmed.delete(notice.notice));
  }));
}

/** @param {any} notice */
function state(notice) {
  if (notice.state === 'reached') return t(`notice.by.${notice.by}`);
  return t(`notice.state.${notice.state}`);
}

/** The messages of whoever is shown; nothing where there are none. @param {import('./model.js').Model} model */
export function messages(model) {
  const list = newest(model).slice(0, LISTED);
  if (!list.length) return null;
  return [
    h('h2', { key: 'messages-h' }, t('notice.title')),
    h('ol', { class: 'block rows messages', key: 'messages' }, list.map((notice) => h('li', {
      key: notice.notice, 'data-notice': notice.notice, 'data-about': notice.about, 'data-state': notice.state,
    },
    h('span', null, t(`notice.about.${notice.about}`, { number: notice.number, place: named(notice.place, notice.place_en) }),
      h('small', null, state(notice))),
    h('span', { class: 'end num' }, clockOf(notice.at))))),
  ];
}
