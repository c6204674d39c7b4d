// Whom nothing has reached at home, by name: with the telephone on file, and that the desk has told them or what came of its try.

import { clockOf } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { bioOf } from '../components/ticket.js';
import { ask } from '../lib/page.js';
import { isFree } from '../lib/places.js';
import { whoseOf } from '../lib/sessions.js';
import { periodWord, phoneWords, wordsOf, yuan } from '../lib/words.js';

/** So many other clinics are named. */
const NAMED = 3;

/** What is told to one person of their own booking or its money, and not to everybody of the clinic. */
const OF_THE_BOOKING = ['booked', 'cancelled', 'refunded', 'refund_at_desk'];
/** What a try by telephone comes to that reaches nobody. */
const TRIES = ['no_answer', 'wrong_number'];

/** What was said of the clinic, and how many are to be rung. @param {any} floor @param {any} session @param {any[]} appointments @param {number} n */
function title(floor, session, appointments, n) {
  const isOfBookings = appointments.every((one) => OF_THE_BOOKING.includes(one.not_reached.about));
  const what = isOfBookings ? 'bookings' : session.stopped_from ? 'stopped' : session.delay_min ? 'delayed' : 'as_planned';
  return t(`desk.not_reached.ring_${what}`, { n, whose: whoseOf(session, floor.site), period: periodWord(session.period), delay: session.delay_min });
}

/** Where there are places today that the desk can offer instead. @param {any} floor @param {any} session @param {number} now */
function instead(floor, session, now) {
  if (!session.stopped_from) return null;
  const all = floor.sessions.filter((/** @type {any} */ one) => one.session !== session.session && one.open !== false && !one.stopped_from).map((/** @type {any} */ one) => {
    const free = (one.slots || []).filter((/** @type {any} */ slot) => isFree(slot, now, 'desk'));
    const n = free.reduce((/** @type {number} */ sum, /** @type {any} */ slot) => sum + slot.free_for.desk, 0);
    return n ? t('desk.not_reached.instead_one', {
      n, whose: whoseOf(one, floor.site), time: clockOf(free[0].start), fee: one.fee_fen ? t('desk.not_reached.instead_fee', { yuan: yuan(one.fee_fen) }) : t('desk.not_reached.instead_free'),
    }) : '';
  }).filter(Boolean);
  return h('p', { class: 'notice', key: 'instead', 'data-instead': String(all.length) }, all.length ? t('desk.not_reached.instead', { all: all.slice(0, NAMED).join(t('desk.not_reached.or')) }) : t('desk.not_reached.instead_none'));
}

/**
 * Reads and shows them; nobody is asked for before the desk wants to see them.
 * @param {import('../lib/page.js').Page} page @param {any} floor @param {any} persons @param {any} session
 */
export async function showNotReached(page, floor, persons, session) {
  /** @type {any} */
  let read;
  try {
    read = await page.session.http('GET', `/api/v1/sessions/${encodeURIComponent(session.session)}/not-reached`);
  } catch (refusal) {
    page.refuse(refusal);
    return;
  }
  const { appointments, left_out: leftOut } = read;
  await persons.ready(appointments.map((/** @type {any} */ one) => one.patient));
  /** Whom the desk has told or tried since, and how, by ticket. @type {Map<string, string>} */
  const marked = new Map(appointments.map((/** @type {any} */ one) => [one.ticket, one.not_reached.tried || '']));
  let refused = '';
  await ask(title(floor, session, appointments, appointments.length + leftOut), (close, redraw) => {
    const mark = async (/** @type {any} */ one, /** @type {string} */ how) => {
      refused = '';
      try {
        await page.protocol.command('mark_reached', { ticket: one.ticket, how: how || 'not_reached' });
        marked.set(one.ticket, how);
      } catch (refusal) {
        refused = wordsOf(refusal, 'mark_reached');
      }
      redraw();
      // What was pressed may be gone: the keyboard stays in the row.
      /** @type {HTMLElement|null} */
      const next = document.querySelector(`dialog [data-missed="${CSS.escape(one.ticket)}"] button`);
      if (next) next.focus();
    };
    return h('div', { class: 'form', 'data-form': 'not_reached' },
      instead(floor, session, page.protocol.clock.now()),
      appointments.length
        ? h('ul', { class: 'list', key: 'list' }, appointments.map((/** @type {any} */ one) => row(persons, one, marked.get(one.ticket) || '', page.protocol.clock.now(), (how) => mark(one, how))))
        : h('p', { class: 'empty', key: 'none' }, t('desk.empty.not_reached')),
      leftOut ? h('p', { class: 'muted', key: 'more' }, t('desk.not_reached.more', { n: leftOut })) : null,
      refused ? h('p', { class: 'notice alarm', key: 'refused', role: 'alert' }, refused) : null,
      h('div', { class: 'buttons', key: 'buttons' }, h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', autofocus: true, onclick: () => close(null) }, t('close'))));
  });
}

/** @param {any} persons @param {any} one @param {string} marked how the desk has told them, or tried to @param {number} now @param {(how: string) => void} mark an empty one takes the mark back */
function row(persons, one, marked, now, mark) {
  const person = persons.get(one.patient);
  const phone = person && person.phone;
  // Nobody can have been rung who has left no number.
  const how = phone ? 'by_phone' : 'in_person';
  const isTried = TRIES.includes(marked);
  const isTold = !!marked && !isTried;
  const { about, refund } = one.not_reached;
  const button = (/** @type {string} */ to, /** @type {string} */ looks, /** @type {string} */ words) => h('button', {
    type: 'button', class: `btn${looks}`, key: to || 'back', 'data-action': to ? `told_${to}` : 'take_told_back', onclick: () => mark(to),
  }, words);
  return h('li', { key: one.ticket, 'data-missed': one.ticket, 'data-appointment': one.appointment, 'data-told': String(isTold), 'data-tried': isTried ? marked : undefined },
    h('span', { class: 'grow' }, h('b', { class: 'num' }, one.number || ''), ` ${persons.nameOf(one)} `, person ? `${bioOf(person, now)} ` : '',
      h('small', { class: 'muted' }, t('desk.booked_for', { time: clockOf(one.slot_start) }), OF_THE_BOOKING.includes(about) ? ` · ${t(`desk.not_reached.${about}`, { amount: refund && yuan(refund.amount_fen) })}` : ''),
      isTried ? h('small', { class: 'tag soon', key: 'tried' }, t(`desk.not_reached.tried.${marked}`)) : null),
    phone ? h('b', { class: 'num', 'data-phone': '' }, phoneWords(phone)) : h('span', { class: 'muted' }, t('desk.not_reached.none')),
    isTold
      ? button('', '', t('undo.take'))
      : [phone ? TRIES.filter((one) => one !== marked).map((one) => button(one, ' small', t(`desk.told_go.${one}`))) : null,
        button(how, phone ? ' primary' : '', t(`desk.told_go.${how}`))]);
}
