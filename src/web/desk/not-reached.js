// Whom a delay has not reached at home, by name: with the telephone on file, and that the desk has told them.

import { clockOf } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';
import { wordsOf } from '../lib/words.js';

/**
 * Reads and shows them; nobody is asked for before the desk wants to see them.
 * @param {import('../lib/page.js').Page} page @param {any} persons @param {any} session
 */
export async function showNotReached(page, persons, session) {
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
  await ask(t('desk.not_reached.who'), (close, redraw) => {
    const mark = async (/** @type {any} */ one) => {
      const isTold = told.has(one.ticket);
      refused = '';
      try {
        await page.protocol.command('mark_reached', { ticket: one.ticket, how: isTold ? 'not_reached' : 'by_phone' });
        if (isTold) told.delete(one.ticket);
        else told.add(one.ticket);
      } catch (refusal) {
        refused = wordsOf(refusal, 'mark_reached');
      }
      redraw();
    };
    return h('div', { class: 'form', 'data-form': 'not_reached' },
      appointments.length
        ? h('ul', { class: 'list', key: 'list' }, appointments.map((/** @type {any} */ one) => row(persons, one, told.has(one.ticket), () => mark(one))))
        : h('p', { class: 'empty', key: 'none' }, t('desk.empty.not_reached')),
      leftOut ? h('p', { class: 'muted', key: 'more' }, t('desk.not_reached.more', { n: leftOut })) : null,
      refused ? h('p', { class: 'notice alarm', key: 'refused', role: 'alert' }, refused) : null,
      h('div', { class: 'buttons', key: 'buttons' }, h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', autofocus: true, onclick: () => close(null) }, t('close'))));
  });
}

/** @param {any} persons @param {any} one @param {boolean} isTold @param {() => void} mark */
function row(persons, one, isTold, mark) {
  const person = persons.get(one.patient);
  const phone = person && person.phone;
  return h('li', { key: one.appointment, 'data-missed': one.appointment, 'data-told': String(isTold) },
    h('span', { class: 'grow' }, h('b', { class: 'num' }, one.number || ''), ` ${persons.nameOf(one)} `,
      h('small', { class: 'muted' }, t('desk.booked_for', { time: clockOf(one.slot_start) }))),
    phone ? h('b', { class: 'num', 'data-phone': '' }, phone) : h('span', { class: 'muted' }, t('desk.not_reached.none')),
    h('button', { type: 'button', class: `btn${phone && !isTold ? ' primary' : ''}`, 'data-action': isTold ? 'take_told_back' : 'told_by_phone', onclick: mark },
      t(isTold ? 'undo.take' : 'desk.told_go.by_phone')));
}
