// A place that is only held: no booking yet, and gone by itself after some minutes. It says so, and how long it is kept.

import { clockOf } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { whoseOf } from '../lib/sessions.js';
import { prefix } from '../lib/site.js';
import { dayAndClock, yuan } from '../lib/words.js';
import { feeOf, isPaidHere, payView } from './fees.js';

/** How long a place is kept still, in words that nobody takes for a clock time. @param {number} ms */
export function leftWords(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  return s < 60 ? t('patient.left_s', { s }) : t('patient.left_min_s', { min: Math.floor(s / 60), s: s % 60 });
}

/** Places that the person has chosen and not confirmed, and can still have; what was offered is `waiting.js`'s. @param {import('./model.js').Model} model @returns {any[]} */
export function heldOf(model) {
  const now = model.page.protocol.clock.now();
  return model.live().filter((a) => a.state === 'held' && !a.wish && now < Date.parse(a.expires_at));
}

/** @param {import('./home.js').Home} home @param {string} name @param {any} body @param {string} words */
async function send(home, name, body, words) {
  try {
    const done = await home.page.command(name, body);
    home.page.notify(t(words, { number: (done && done.number) || '' }), 'good');
    // The card is gone: what has come of it is said at the top.
    window.scrollTo(0, 0);
  } catch {
    // said on the page
  }
}

/** @param {import('./home.js').Home} home @param {any} a @param {(a: any) => string} where */
function card(home, a, where) {
  const { clock } = home.page.protocol;
  const isToday = a.slot_start.startsWith(clock.wallAt(clock.now(), a.slot_start).date);
  const fee = feeOf(home, a);
  const site = home.model.site(prefix(a.department, 1));
  const session = ((site.view && site.view.sessions) || []).find((/** @type {any} */ one) => one.session === a.session);
  return h('section', { class: 'block card hold', key: `held/${a.appointment}`, 'data-held-place': a.appointment },
    h('h2', { class: 'big-words' }, t('patient.held_not_booked', { time: isToday ? clockOf(a.slot_start) : dayAndClock(a.slot_start) })),
    h('p', { class: 'left num', role: 'timer' }, leftWords(Date.parse(a.expires_at) - clock.now())),
    h('p', { class: 'sub' }, where(a)),
    session ? h('p', { class: 'sub', key: 'whose', 'data-held-whose': '' }, [whoseOf(session, site), session.fee_fen ? t('patient.fee', { yuan: yuan(session.fee_fen) }) : t('patient.free')].filter(Boolean).join(' · ')) : null,
    isPaidHere(fee)
      ? payView(home.page, a, fee)
      : h('button', {
        type: 'button', class: 'btn primary big wide', key: 'confirm', 'data-action': 'confirm_appointment', 'data-appointment': a.appointment, disabled: fee === undefined,
        onclick: () => send(home, 'confirm_appointment', { appointment: a.appointment, patient: home.model.patient }, 'patient.did_book_number'),
      }, t('patient.confirm_booking')),
    h('button', {
      type: 'button', class: 'btn big wide', key: 'back', 'data-action': 'cancel_appointment', 'data-appointment': a.appointment,
      onclick: () => send(home, 'cancel_appointment', { appointment: a.appointment }, 'patient.did_give_back'),
    }, t('patient.let_go')));
}

/** Held places of whoever is shown, before what is booked. @param {import('./home.js').Home} home @param {(a: any) => string} where */
export const heldCards = (home, where) => heldOf(home.model).map((a) => card(home, a, where));
