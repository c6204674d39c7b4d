// Whom a delay has not reached at home, by name: with the telephone on file, and that the desk has told them.

import { clockOf } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { bioOf } from '../components/ticket.js';
import { ask } from '../lib/page.js';
import { whoseOf } from '../lib/sessions.js';
import { periodWord, phoneWords, wordsOf, yuan } from '../lib/words.js';

/** So many other clinics are named. */
const NAMED = 3;

/** What was said of the clinic, and how many are to be rung. @param {any} floor @param {any} session @param {number} n */
function title(floor, session, n) {
  const what = session.stopped_from ? 'stopped' : session.delay_min ? 'delayed' : 'as_planned';
  return t(`desk.not_reached.ring_${what}`, { n, whose: whoseOf(session, floor.site), period: periodWord(session.period), delay: session.delay_min });
}

/** Where there are places today that the desk can offer instead. @param {any} floor @param {any} session @param {number} now */
function instead(floor, session, now) {
  if (!session.stopped_from) return null;
  const all = floor.sessions.filter((/** @type {any} */ one) => one.session !== session.session && one.open !== false && !one.stopped_from).map((/** @type {any} */ one) => {
    const free = (one.slots || []).filter((/** @type {any} */ slot) => slot.open && slot.free_for.desk > 0 && Date.parse(slot.end) > now);
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
  /** Whom the desk has told since, by ticket. @type {Set<string>} */
  const told = new Set();
  let refused = '';
  await ask(title(floor, session, appointments.length + leftOut), (close, redraw) => {
    const mark = async (/** @type {any} */ one, /** @type {string} */ how) => {
      const isTold = told.has(one.ticket);
      refused = '';
      try {
        await page.protocol.command('mark_reached', { ticket: one.ticket, how: isTold ? 'not_reached' : how });
        if (isTold) told.delete(one.ticket);
        else told.add(one.ticket);
      } catch (refusal) {
        refused = wordsOf(refusal, 'mark_reached');
      }
      redraw();
    };
    return h('div', { class: 'form', 'data-form': 'not_reached' },
      instead(floor, session, page.protocol.clock.now()),
      appointments.length
        ? h('ul', { class: 'list', key: 'list' }, appointments.map((/** @type {any} */ one) => row(persons, one, told.has(one.ticket), page.protocol.clock.now(), (how) => mark(one, how))))
        : h('p', { class: 'empty', key: 'none' }, t('desk.empty.not_reached')),
      leftOut ? h('p', { class: 'muted', key: 'more' }, t('desk.not_reached.more', { n: leftOut })) : null,
      refused ? h('p', { class: 'notice alarm', key: 'refused', role: 'alert' }, refused) : null,
      h('div', { class: 'buttons', key: 'buttons' }, h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', autofocus: true, onclick: () => close(null) }, t('close'))));
  });
}

/** @param {any} persons @param {any} one @param {boolean} isTold @param {number} now @param {(how: string) => void} mark */
function row(persons, one, isTold, now, mark) {
  const person = persons.get(one.patient);
  const phone = person && person.phone;
  // Nobody can have been rung who has left no number.
  const how = phone ? 'by_phone' : 'in_person';
  return h('li', { key: one.appointment, 'data-missed': one.appointment, 'data-told': String(isTold) },
    h('span', { class: 'grow' }, h('b', { class: 'num' }, one.number || ''), ` ${persons.nameOf(one)} `, person ? `${bioOf(person, now)} ` : '',
      h('small', { class: 'muted' }, t('desk.booked_for', { time: clockOf(one.slot_start) }))),
    phone ? h('b', { class: 'num', 'data-phone': '' }, phoneWords(phone)) : h('span', { class: 'muted' }, t('desk.not_reached.none')),
    h('button', { type: 'button', class: `btn${phone && !isTold ? ' primary' : ''}`, 'data-action': isTold ? 'take_told_back' : `told_${how}`, onclick: () => mark(how) },
      t(isTold ? 'undo.take' : `desk.told_go.${how}`)));
}
