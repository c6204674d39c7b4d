// What somebody may wait for where a session is full: a place in it, or with any doctor of its class on some days.

import '../i18n/waiting.js';
import { addDays } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { isAhead } from '../lib/places.js';
import { whoseOf } from '../lib/sessions.js';
import { prefix } from '../lib/site.js';
import { dateWord, dayAndClock, numberClassWord, periodWord } from '../lib/words.js';

/** So many days on are offered to wait for. */
const DAYS = 7;

/** Whether a session is full and still to come: then a place may be waited for. @param {any} session @param {number} now server time @param {(slot: any) => number} left places for who asks */
export function isFull(session, now, left) {
  const slots = session.slots || [];
  const isToCome = (/** @type {any} */ slot) => slot.open && now < Date.parse(slot.start);
  const isReleased = slots.every((/** @type {any} */ slot) => !slot.bookable_from || now >= Date.parse(slot.bookable_from));
  const isFree = (/** @type {any} */ slot) => isAhead(slot, now) && left(slot) > 0;
  return session.open !== false && !session.frozen && isReleased && slots.some(isToCome) && !slots.some(isFree);
}

/** A session in words. @param {any} session @param {string} who whose it is */
export const sessionWords = (session, who) => [dateWord(session.date, 'date.long'), periodWord(session.period), who].join(' ');

/**
 * The question: this session, or any of its class on the days that are ticked.
 * @param {any} session @param {string} who whose it is @param {(wanted: any) => void} close
 */
export function wishForm(session, who, close) {
  const dates = Array.from({ length: DAYS }, (_, n) => addDays(session.date, n));
  return h('form', {
    class: 'form', 'data-form': 'join_waitlist', key: session.session,
    onsubmit: (/** @type {any} */ event) => {
      event.preventDefault();
      const chosen = Array.from(event.target.querySelectorAll('[name=date]:checked')).map((/** @type {any} */ box) => box.value);
      if (chosen.length) close({ any_of: { department: prefix(session.session, 2), registration_class: session.registration_class, dates: chosen } });
    },
  },
  h('p', { key: 'how' }, t('waiting.how')),
  h('button', { type: 'button', class: 'btn primary big wide', key: 'this', 'data-action': 'wait_for_session', onclick: () => close({ session: session.session }) }, t('waiting.this_one', { what: sessionWords(session, who) })),
  h('fieldset', { class: 'form', key: 'any' },
    h('legend', null, t('waiting.any', { class: numberClassWord(session.registration_class) })),
    dates.map((date, n) => h('label', { class: 'check', key: date },
      h('input', { type: 'checkbox', name: 'date', value: date, checked: n === 0 }), dateWord(date, 'date.long')))),
  h('button', { class: 'btn big wide', key: 'go', 'data-action': 'wait_for_any' }, t('waiting.any_go')),
  h('button', { type: 'button', class: 'btn wide', key: 'cancel', 'data-action': 'dialog_cancel', onclick: () => close(null) }, t('cancel')));
}

/** Whether an offer can still be answered. @param {any} offer @param {number} now server time */
export const isOpen = (offer, now) => !!offer && now < Date.parse(offer.expires_at);

/** @param {any} site @param {string} id */
const sessionOf = (site, id) => ((site.view && site.view.sessions) || []).find((/** @type {any} */ one) => one.session === id);

/** When the place is that is offered, and whose. @param {any} offer @param {any} site */
export function offerWords(offer, site) {
  const session = sessionOf(site, offer.session);
  return [dayAndClock(offer.slot_start), session ? whoseOf(session, site) : ''].filter(Boolean).join(' ');
}

/** What is waited for. @param {any} wish @param {any} site */
export function wantedWords(wish, site) {
  const { session, any_of: any } = wish.wanted;
  const dates = wish.dates.map((/** @type {string} */ date) => dateWord(date)).join(t('waiting.and'));
  if (session) {
    const known = sessionOf(site, session);
    return [dates, known && periodWord(known.period), known && whoseOf(known, site)].filter(Boolean).join(' ');
  }
  const doctor = any.doctor && site.one('doctors', any.doctor);
  return [dates, numberClassWord(any.registration_class), doctor ? named(doctor.name, doctor.name_en) : t('waiting.any_doctor')].join(' ');
}
