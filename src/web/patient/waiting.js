// 候补 on the phone: "tell me when a place is free" where a session is full, what somebody waits for, and a place that is
// offered: until when, yes or no.

import { isFull, wantedWords, wishForm } from '../components/wish.js';
import { clockOf } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';
import { prefix } from '../lib/site.js';
import { dayAndClock } from '../lib/words.js';
import { feeOf, isPaidHere, payView } from './fees.js';
import { leftOf, whose } from './places.js';

/** Ends that the person has not brought about, and is told of as long as the days are not over. */
const SAID_ENDS = ['not_taken', 'closed'];

/** What the person waits for. @param {any} model @returns {any[]} the first made first */
function wishes(model) {
  const all = /** @type {any[]} */ (Object.values((model.value && model.value.wishes) || {}));
  return all.sort((a, b) => Date.parse(a.joined_at) - Date.parse(b.joined_at));
}

/** Under a session on the way to a booking: wait for a place in it. @param {import('./booking.js').Booking} booking @param {any} session */
export function waitFor(booking, session) {
  if (!isFull(session, booking.page.protocol.clock.now(), leftOf)) return null;
  const waits = wishes(booking.model()).find((wish) => !wish.ended && wish.wanted.session === session.session);
  if (waits) return h('p', { class: 'notice', role: 'status', key: 'waits', 'data-waits': waits.wish }, t('waiting.waits'));
  return h('button', {
    type: 'button', class: 'btn wide', key: 'wait', 'data-action': 'join_waitlist', disabled: booking.busy, onclick: () => join(booking, session),
  }, t('waiting.tell_me'));
}

/** @param {import('./booking.js').Booking} booking @param {any} session */
async function join(booking, session) {
  const site = /** @type {import('../lib/site.js').Site} */ (booking.site);
  const what = await ask(t('waiting.tell_me'), (close) => wishForm(session, whose(site, session), close));
  if (!what) return;
  const done = await booking.send('join_waitlist', { patient: booking.model().patient, wanted: what });
  if (done) booking.page.notify(t(done.place > 1 ? 'waiting.did_join_behind' : 'waiting.did_join', { n: done.place - 1 }), 'good');
  else booking.chooseDate(booking.date);
}

/** Places that are offered and can still be taken. @param {any} model @returns {any[]} */
export function offersOf(model) {
  const now = model.page.protocol.clock.now();
  return model.live().filter((/** @type {any} */ a) => a.state === 'held' && a.wish && now < Date.parse(a.expires_at));
}

/** @param {any} home @param {string} name @param {any} body @param {string} words */
async function send(home, name, body, words) {
  try {
    const done = await home.page.command(name, body);
    home.page.notify(t(words, { number: (done && done.number) || '' }), 'good');
  } catch {
    // said on the page
  }
}

/** @param {any} home @param {any} a */
function untilWords(home, a) {
  const { clock } = home.page.protocol;
  const isToday = a.expires_at.startsWith(clock.wallAt(clock.now(), a.expires_at).date);
  return isToday ? t('waiting.until_today', { time: clockOf(a.expires_at) }) : t('waiting.until', { time: dayAndClock(a.expires_at) });
}

/** @param {any} home @param {any} a @param {(a: any) => string} where */
function offerCard(home, a, where) {
  const site = home.model.site(prefix(a.department, 1));
  const session = ((site.view && site.view.sessions) || []).find((/** @type {any} */ one) => one.session === a.session);
  const left = Math.max(0, Math.ceil((Date.parse(a.expires_at) - home.page.protocol.clock.now()) / 60000));
  const fee = feeOf(home, a);
  return h('section', { class: 'block card hold', key: `offer/${a.appointment}`, 'data-offered': a.appointment, 'data-offered-ticket': a.ticket },
    h('p', { class: 'sub', key: 'what' }, t('waiting.offered')),
    h('p', { class: 'big-words', role: 'status', key: 'which' }, t('waiting.want', { when: dayAndClock(a.slot_start), who: session ? whose(site, session) : '' })),
    h('p', { class: 'sub', key: 'where' }, where(a)),
    h('p', { class: 'until num', key: 'until' }, h('b', null, untilWords(home, a)), h('br', null), t('waiting.left', { n: left })),
    isPaidHere(fee)
      ? payView(home.page, a, fee)
      : h('button', {
        type: 'button', class: 'btn primary big wide', key: 'yes', 'data-action': 'confirm_appointment', 'data-appointment': a.appointment, disabled: fee === undefined,
        onclick: () => send(home, 'confirm_appointment', { appointment: a.appointment, patient: home.model.patient }, 'patient.did_book_number'),
      }, t('waiting.take')),
    h('button', {
      type: 'button', class: 'btn big wide', key: 'no', 'data-action': 'cancel_appointment', 'data-appointment': a.appointment,
      onclick: () => send(home, 'cancel_appointment', { appointment: a.appointment }, 'waiting.did_decline'),
    }, t('waiting.no')));
}

/** Offered places of whoever is shown, above all else. @param {any} home @param {(a: any) => string} where */
export const offerCards = (home, where) => offersOf(home.model).map((a) => offerCard(home, a, where));

/** Offered to somebody else on the account: opens that person. @param {any} home @param {(a: any) => string} where */
export function familyOffers(home, where) {
  return home.family.slice(1).map((/** @type {any} */ model) => offersOf(model).map((a) => h('button', {
    type: 'button', class: 'btn primary big wide', key: `offer/${a.appointment}`, 'data-action': 'show_family', 'data-patient': model.patient, 'data-family-offer': a.appointment,
    onclick: () => home.show(model.patient),
  }, t('waiting.offered_to', { name: home.nameOf(model.patient) || t('patient.somebody'), where: where(a), time: clockOf(a.expires_at) }))));
}

/** @param {any} model @param {any} wish */
const wishWords = (model, wish) => wantedWords(wish, model.site(prefix(wish.department, 1)));

/** @param {any} home @param {any} wish */
async function leave(home, wish) {
  const sure = await ask(t('waiting.leave_sure'), (close) => h('div', { class: 'form' },
    h('p', null, wishWords(home.model, wish)),
    h('button', { type: 'button', class: 'btn danger big wide', 'data-action': 'dialog_go', onclick: () => close(true) }, t('waiting.leave_go')),
    h('button', { type: 'button', class: 'btn big wide', 'data-action': 'dialog_cancel', onclick: () => close(false) }, t('waiting.stay'))));
  if (sure) await send(home, 'leave_waitlist', { patient: home.model.patient, wish: wish.wish }, 'waiting.did_leave');
}

/** What whoever is shown waits for. @param {any} home @param {(a: any) => string} where */
export function wishesView(home, where) {
  const now = home.page.protocol.clock.now();
  const shown = wishes(home.model).filter((wish) => Date.parse(wish.until) > now && (!wish.ended || SAID_ENDS.includes(wish.ended)));
  if (!shown.length) return null;
  return [
    h('h2', { key: 'wishes-h' }, t('waiting.title')),
    h('div', { class: 'block rows', key: 'wishes' }, shown.map((wish) => h('div', { class: 'wraps', key: wish.wish, 'data-wish': wish.wish, 'data-ended': wish.ended || undefined },
      h('span', null, wishWords(home.model, wish), h('small', { key: 'where' }, where(wish)),
        h('small', { key: 'what', class: 'say' }, t(wish.ended ? `waiting.ended.${wish.ended}` : 'waiting.tells'))),
      wish.ended ? null : h('span', { class: 'end choices' },
        h('button', { type: 'button', class: 'btn', 'data-action': 'leave_waitlist', 'data-wish': wish.wish, onclick: () => leave(home, wish) }, t('waiting.leave')))))),
  ];
}
