// Whom nothing has reached: what to do about it, at the chosen ticket.

import { clockOf } from '../lib/clock.js';
import { find, h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { phoneWords } from '../lib/words.js';

/** What could not be asked is asked again after this long. */
const ASK_AGAIN_MS = 5000;
/** By which ways outside the pages the house tells people; null: not known yet. @type {string[]|null} */
let channels = null;
let asked = false;

/** Whether the open page is the only way by which this house tells people. @param {import('../lib/page.js').Page} page */
function isPageAlone(page) {
  if (!asked) {
    asked = true;
    page.session.http('GET', '/api/v1/push-key').then((answer) => {
      channels = answer.channels;
      page.draw();
    }, () => setTimeout(() => (asked = false), ASK_AGAIN_MS));
  }
  return !!channels && !channels.length;
}

/** @param {import('./acts.js').Acts} acts @param {any} ticket @param {string} how */
async function mark(acts, ticket, how) {
  if (!(await acts.send('mark_reached', { ticket: ticket.ticket, how }))) return;
  const undone = how === 'not_reached';
  find('#undo').offer(t(undone ? 'undo.done' : `desk.did.told_${how}`, { number: ticket.number }), undone ? null : () => mark(acts, ticket, 'not_reached'));
  acts.page.draw();
}

/** A mark for the row. @param {any} ticket */
export function notReachedTag(ticket) {
  return ticket.not_reached ? h('span', { class: 'tag soon', key: 'not-reached', 'data-not-reached': ticket.not_reached.about }, t('desk.not_reached.tag')) : null;
}

/** The same of somebody at home, whom a word about the clinic has not reached. @param {any} appointment */
export function homeNotReached(appointment) {
  const { not_reached: notReached } = appointment;
  return notReached ? h('small', { class: 'soon', key: 'not-reached', 'data-not-reached': notReached.about }, t(`desk.not_reached.${notReached.about}`)) : null;
}

/**
 * Of the chosen ticket: what did not arrive, the telephone on file, and that the desk has told them.
 * @param {import('./acts.js').Acts} acts @param {any} ticket @param {any} person as far as it is known
 */
export function reachedPart(acts, ticket, person) {
  if (ticket.told_by_desk) {
    return h('p', { class: 'notice', key: 'told', 'data-told-by-desk': ticket.told_by_desk },
      h('span', null, t(`desk.told.${ticket.told_by_desk}`)),
      h('button', { type: 'button', class: 'btn small', 'data-action': 'take_told_back', onclick: () => mark(acts, ticket, 'not_reached') }, t('undo.take')));
  }
  if (!ticket.not_reached) return null;
  const phone = person && person.phone;
  // Where no phone is known, nothing was there that could have answered.
  const why = isPageAlone(acts.page) ? '.page' : person && !phone ? '.no_phone' : '';
  return h('div', { class: 'notice soon reach', key: 'not-reached', 'data-not-reached': ticket.not_reached.about },
    h('p', null, h('b', null, t('desk.not_reached.tag')), t(`desk.not_reached.${ticket.not_reached.about}${why}`, { time: clockOf(ticket.not_reached.since) }),
      ticket.not_reached.tried ? ` ${t(`desk.not_reached.tried.${ticket.not_reached.tried}`)}` : ''),
    h('p', null, phone ? [t('desk.not_reached.phone'), ' ', h('b', { class: 'num' }, phoneWords(phone))] : t('desk.not_reached.no_phone')),
    h('div', { class: 'buttons' },
      phone ? h('button', { type: 'button', class: 'btn', 'data-action': 'told_by_phone', onclick: () => mark(acts, ticket, 'by_phone') }, t('desk.told_go.by_phone')) : null,
      h('button', { type: 'button', class: 'btn', 'data-action': 'told_in_person', onclick: () => mark(acts, ticket, 'in_person') }, t('desk.told_go.in_person'))));
}
