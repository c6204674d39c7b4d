// 候补 of somebody whom the desk has found: what they wait for, what is kept for them just now and until when; taken or let go
// for whoever telephones or has no phone. Loaded when somebody is found who waits.

import { isOpen, offerWords, wantedWords } from '../components/wish.js';
import { clockOf } from '../lib/clock.js';
import { find, h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';

/** @typedef {import('./search.js').Search} Search */

/** The offer, as long as it can be answered. @param {Search} search @param {any} wish */
export const openOffer = (search, wish) => (isOpen(wish.offer, search.page.protocol.clock.now()) ? wish.offer : null);

/** @param {Search} search @param {any} wish */
const nameOf = (search, wish) => search.desk.persons.nameFor(wish);

/** What was found changes with what is done. @param {Search} search */
const again = (search) => {
  if (search.text) search.ask();
};

/** Books it for them, with the fee where a phone would have paid it. @param {Search} search @param {any} wish */
export async function take(search, wish) {
  const { acts } = search.desk;
  const { offer } = wish;
  const name = await nameOf(search, wish);
  const payer = { ...wish, appointment: offer.appointment, number: null, fee: offer.fee };
  /** @type {any} */
  let result;
  let paid = '';
  const fees = offer.fee.due_fen ? await acts.readFees() : null;
  if (fees) {
    const taken = await fees.takeFirst(payer, { how: 'fees.take_how_offer', later: false });
    if (!taken) return false;
    paid = taken.words || '';
    result = {};
  } else result = await acts.send('confirm_appointment', { appointment: offer.appointment, patient: wish.patient });
  again(search);
  if (!result) return false;
  const text = [paid, t('waiting.desk_did_take', { name, what: offerWords(offer, search.desk.floor().site), number: result.number || '' })].filter(Boolean).join(' · ');
  find('#undo').offer(text, async () => {
    if (!(await isToGo(search, wish, name, 'waiting.desk_undo_take_does')) || !(await acts.send('cancel_appointment', { appointment: offer.appointment, reason: t('undo.reason') }))) return;
    // What was paid goes back by hand.
    acts.done(t('waiting.desk_did_undo_take', { name }), null, undefined, fees ? { action: 'open_fees', words: t('fees.open'), go: () => fees.open(payer) } : undefined);
    again(search);
  });
  return true;
}

/** Asked before a place is let go, because it goes to the next one at once, and the turn with it. @param {Search} search @param {any} wish @param {string} name @param {string} does */
const isToGo = (search, wish, name, does) => ask(t('waiting.desk_decline', { name }), (close) => h('div', { class: 'form', 'data-form': 'decline_offer' },
  h('p', null, h('b', null, offerWords(wish.offer, search.desk.floor().site))), h('p', { class: 'notice soon' }, t(does, { name })),
  h('div', { class: 'buttons' },
    h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', autofocus: true, onclick: () => close(null) }, t('cancel')),
    h('button', { type: 'button', class: 'btn danger', 'data-action': 'dialog_go', onclick: () => close(true) }, t('waiting.desk_decline_go')))));

/** Not wanted. @param {Search} search @param {any} wish */
export async function decline(search, wish) {
  const name = await nameOf(search, wish);
  const { offer } = wish;
  const sure = await isToGo(search, wish, name, 'waiting.desk_decline_does');
  if (!sure || !(await search.desk.acts.send('cancel_appointment', { appointment: offer.appointment }))) return false;
  search.desk.acts.done(t('waiting.desk_did_decline', { name }), null);
  again(search);
  return true;
}

/** Off the line; back on it they are the last. @param {Search} search @param {any} wish */
export async function leave(search, wish) {
  const name = await nameOf(search, wish);
  const { acts } = search.desk;
  const sure = await ask(t('waiting.desk_leave', { name }), (close) => h('div', { class: 'form', 'data-form': 'leave_waitlist' },
    h('p', null, h('b', null, wantedWords(wish, search.desk.floor().site))), h('p', { class: 'notice soon' }, t(openOffer(search, wish) ? 'waiting.desk_leave_does_offer' : 'waiting.desk_leave_does')),
    h('div', { class: 'buttons' },
      h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', autofocus: true, onclick: () => close(null) }, t('cancel')),
      h('button', { type: 'button', class: 'btn danger', 'data-action': 'dialog_go', onclick: () => close(true) }, t('waiting.desk_leave_go')))));
  if (!sure || !(await acts.send('leave_waitlist', { patient: wish.patient, wish: wish.wish }))) return false;
  find('#undo').offer(t('waiting.desk_did_leave', { name }), async () => {
    const back = await acts.send('join_waitlist', { patient: wish.patient, wanted: wish.wanted });
    if (back) acts.done(t(back.place > 1 ? 'waiting.desk_did_behind' : 'waiting.desk_did', { n: back.place - 1 }), null);
    again(search);
  }, undefined, t('waiting.desk_join_again'));
  again(search);
  return true;
}

/** By the keyboard: what is offered is answered in one dialog, yes first; of who only waits it is asked whether they wait on. @param {Search} search @param {any} wish */
export async function answer(search, wish) {
  const offer = openOffer(search, wish);
  if (!offer) return leave(search, wish);
  const name = await nameOf(search, wish);
  const said = await ask(t('waiting.desk_offered', { name }), (close) => h('div', { class: 'form', 'data-form': 'answer_offer' },
    h('p', null, h('b', null, offerWords(offer, search.desk.floor().site))), h('p', { class: 'num' }, keptWords(search, offer)),
    h('button', { type: 'button', class: 'btn primary wide', 'data-action': 'take_offer', autofocus: true, onclick: () => close('take') }, t('waiting.desk_take')),
    h('button', { type: 'button', class: 'btn wide', 'data-action': 'decline_offer', onclick: () => close('decline') }, t('waiting.desk_no')),
    h('div', { class: 'buttons' }, h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', onclick: () => close(null) }, t('cancel')))));
  if (said === 'take') return take(search, wish);
  return said === 'decline' && decline(search, wish);
}

/** Until when it is kept, and how long that is. @param {Search} search @param {any} offer */
function keptWords(search, offer) {
  const left = Math.max(0, Math.ceil((Date.parse(offer.expires_at) - search.page.protocol.clock.now()) / 60000));
  return t('waiting.desk_kept', { time: clockOf(offer.expires_at), n: left });
}

/** @param {Search} search @param {any} wish @param {boolean} only */
export function wishHit(search, wish, only) {
  const { site } = search.desk.floor();
  const offer = openOffer(search, wish);
  const button = (/** @type {string} */ action, /** @type {string} */ cls, /** @type {string} */ words, /** @type {() => any} */ go, /** @type {any} */ key) => h('button', {
    type: 'button', class: cls, key: action, 'data-action': action, 'data-wish': wish.wish, onclick: go,
  }, t(words), key);
  return h('div', { class: `hit${only ? ' only' : ''}`, key: wish.wish, 'data-found-wish': wish.wish, 'data-offer': offer ? offer.appointment : undefined },
    h('span', { class: 'number' }, h('span', { class: `tag${offer ? ' good' : ''}` }, t(offer ? 'waiting.offered' : 'waiting.desk_tag'))),
    h('span', { class: 'grow' }, search.who(wish),
      offer
        ? [h('small', { class: 'num', key: 'what' }, search.more(wish, offerWords(offer, site))), h('small', { class: 'soon num', key: 'kept', 'data-kept': '' }, keptWords(search, offer))]
        : h('small', { class: 'num', key: 'what' }, search.more(wish, [wantedWords(wish, site), wish.place > 1 ? t('waiting.desk_behind', { n: wish.place - 1 }) : t('waiting.desk_first')].join(' · ')))),
    offer ? button('take_offer', 'btn primary', 'waiting.desk_take', () => take(search, wish), only ? h('kbd', { key: 'enter' }, '↵') : null) : null,
    offer ? button('decline_offer', 'btn', 'waiting.desk_no', () => decline(search, wish), null) : null,
    button('leave_waitlist', 'btn small', 'waiting.leave', () => leave(search, wish), null));
}
