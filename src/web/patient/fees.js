// The fee of an appointment on the phone: what has to be paid and where, what was paid, what comes back.

import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { lazy } from '../lib/lazy.js';
import { prefix } from '../lib/site.js';
import { yuan } from '../lib/words.js';

/** What is not live is read again after this time. */
const AGAIN_MS = 60000;

/** Wanted where a fee is paid by phone. */
const paying = lazy(() => import('./paying.js'));

/** What was read of appointments of other days, of held places, and of those that are over; undefined until it is; what the page had heard of each by then. @type {Map<string, {at: number, heard: string, fee: any}>} */
const known = new Map();
/** Those cancelled here that had been paid: their money is on its way. @type {Set<string>} */
const cancelled = new Set();

/** What the page has heard of an appointment by itself: where it stands, and what the person was told of it and its money. With another word the fee may be another. @param {any} home @param {any} a */
function heardOf(home, a) {
  const { appointments = [], notices = {} } = home.model.value || {};
  const own = appointments.find((/** @type {any} */ one) => one.ticket === a.ticket);
  // What is told of a refund has the refund's own part behind the ticket.
  const told = /** @type {any[]} */ (Object.values(notices)).filter((one) => `${one.ticket}.`.startsWith(`${a.ticket}.`));
  return [own ? own.state : '', ...told.map((one) => one.notice).sort()].join(' ');
}

/** Reads it anew. @param {any} home @param {any} a @returns {Promise<any>} null: none, or not to be read now */
export async function readFee(home, a) {
  const one = { at: performance.now(), heard: heardOf(home, a), fee: (known.get(a.ticket) || { fee: undefined }).fee };
  known.set(a.ticket, one);
  try {
    const { snapshot } = await home.page.session.http('GET', `/api/v1/streams/ticket:${a.ticket}`);
    one.fee = snapshot.fee || null;
  } catch {
    // What is not known is not said; it is asked again soon.
    one.fee = one.fee || null;
  }
  home.page.draw();
  return one.fee;
}

/** Whether nothing can be due of it by what the page has read of its session; undefined: the house is not read yet. @param {any} home @param {any} a */
function isFree(home, a) {
  const { view } = home.model.site(prefix(a.department, 1));
  if (!view) return undefined;
  const session = (view.sessions || []).find((/** @type {any} */ one) => one.session === a.session);
  return !!session && !session.fee_fen;
}

/** How it stands with the fee: of today it comes by itself, else it is read. @param {any} home @param {any} a @returns {any} undefined: not read yet */
export function feeOf(home, a) {
  const ticket = home.model.ticketOf(a);
  if (ticket && ticket.fee) return ticket.fee;
  const free = a.appointment ? isFree(home, a) : true;
  if (free) return null;
  if (free === undefined) return undefined;
  const one = known.get(a.ticket);
  if (!one || one.heard !== heardOf(home, a) || performance.now() - one.at > AGAIN_MS) readFee(home, a);
  return one ? one.fee : undefined;
}

/** Whether a phone pays what is due. @param {any} fee */
export const isPaidHere = (fee) => !!fee && !!fee.due_fen && fee.by_phone;

/** The way to pay what is due by phone, where there is one. @param {import('../lib/page.js').Page} page @param {any} a @param {any} fee */
export function payView(page, a, fee) {
  if (!isPaidHere(fee)) return null;
  const part = paying(page.draw);
  return part ? part.payPart(page, a, fee) : h('p', { class: 'skeleton', key: 'pay', 'aria-busy': 'true' });
}

/** Before the check-in; after it nobody loses the place for money, and who is with the doctor or has been is no longer waiting. */
const BEFORE = ['asked', 'held', 'booked'];
const WITH_DOCTOR = ['serving', 'away'];
const SEEN = ['ended', 'fulfilled'];

/** @param {string} state of the number */
const dueKey = (state) => (BEFORE.includes(state) ? 'fee_due' : WITH_DOCTOR.includes(state) ? 'fee_due_after' : SEEN.includes(state) ? 'fee_due_seen' : 'fee_due_in');

/** What is due, in words. @param {any} fee @param {string} state of the number */
const dueWords = (fee, state) => t(`patient.${dueKey(state)}`, { yuan: yuan(fee.due_fen) });

/** What to do about it, or what was done. @param {any} fee @param {string} state of the number @returns {{words: string, isOpen: boolean}[]} */
function said(fee, state) {
  const byDesk = fee.owed_fen - fee.owed_by_provider_fen;
  return [
    // Before the check-in the way to pay says it.
    fee.due_fen && !(fee.by_phone && BEFORE.includes(state)) ? { words: dueWords(fee, state), isOpen: true } : null,
    fee.paid_fen ? { words: t('patient.fee_paid', { yuan: yuan(fee.paid_fen) }), isOpen: false } : null,
    fee.owed_by_provider_fen ? { words: t('patient.fee_owed_by_itself', { yuan: yuan(fee.owed_by_provider_fen) }), isOpen: false } : null,
    byDesk ? { words: t('patient.fee_owed', { yuan: yuan(byDesk) }), isOpen: true } : null,
    fee.given_fen ? { words: t('patient.fee_given', { yuan: yuan(fee.given_fen) }), isOpen: false } : null,
  ].filter(/** @returns {one is {words: string, isOpen: boolean}} */ (one) => !!one);
}

/** Where the number of an appointment stands; of another day nothing is followed, and nobody has come. @param {any} home @param {any} a */
const stateOf = (home, a) => (home.model.ticketOf(a) || a).state;

/** On a card, whose heading says what is due before the check-in. @param {any} home @param {any} a */
export function feeNotes(home, a) {
  const fee = feeOf(home, a);
  return fee ? [payView(home.page, a, fee), ...said(stateOf(home, a) === 'booked' ? { ...fee, due_fen: 0 } : fee, stateOf(home, a)).map(({ words, isOpen }) => h('p', { class: `notice${isOpen ? ' soon' : ''}`, key: words, 'data-fee': isOpen ? 'open' : 'done' }, words))] : [];
}

/** What is still due, of somebody who has been seen; null: nothing, or it is not read yet. @param {any} home @param {any} a */
export function dueNote(home, a) {
  const fee = feeOf(home, a);
  if (!fee || !fee.due_fen) return null;
  return [payView(home.page, a, fee), h('p', { class: 'notice soon', key: `due/${a.appointment}`, 'data-fee': 'open' }, dueWords(fee, 'ended'))];
}

/** In a row. @param {any} home @param {any} a */
export function feeLines(home, a) {
  const fee = feeOf(home, a);
  return fee ? said(fee, stateOf(home, a)).map(({ words, isOpen }) => h('small', { class: isOpen ? 'soon' : '', key: words, 'data-fee': isOpen ? 'open' : 'done' }, words)) : [];
}

/** Cancelled on this page: whether money comes back is said at once and stays. @param {any} home @param {any} a */
export async function followRefund(home, a) {
  const fee = await readFee(home, a);
  if (fee && (fee.owed_fen || fee.given_fen)) cancelled.add(a.appointment);
  home.page.draw();
}

/** What comes back of appointments that were cancelled here. @param {any} home @param {(a: any) => string[]} wordsOf where and when it was */
export function refundCards(home, wordsOf) {
  const all = ((home.model.value && home.model.value.appointments) || []).filter((/** @type {any} */ a) => cancelled.has(a.appointment));
  return all.map((/** @type {any} */ a) => {
    const notes = feeNotes(home, a);
    return notes.length
      ? h('section', { class: 'block card', key: `refund/${a.appointment}`, 'data-refund-of': a.appointment },
        h('div', { class: 'inside' }, h('p', { class: 'sub' }, wordsOf(a).filter(Boolean).join(' · ')), notes))
      : null;
  });
}
