// Today's sessions at the desk: places left, announcing a delay, closing with a settlement for everybody not ended.

import { clockOf } from '../lib/clock.js';
import { find, h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';
import { stateWord } from '../lib/words.js';
import { sessionName } from './walk-in.js';

const SETTLEMENTS = ['return_day', 'move', 'refund', 'seen'];

/** @param {import('../lib/page.js').Page} page @param {import('./floor.js').Floor} floor @param {import('./acts.js').Acts} acts @param {any} persons */
export function sessionsView(page, floor, acts, persons) {
  if (!floor.sessions.length) return h('p', { class: 'empty', key: 'none' }, h('b', null, t('desk.no_sessions')), t('desk.no_sessions_more'));
  return h('div', { class: 'sessions', key: 'sessions' }, floor.sessions.map((session) => {
    const slots = session.slots || [];
    const free = slots.reduce((/** @type {number} */ n, /** @type {any} */ s) => n + s.free, 0);
    const places = slots.reduce((/** @type {number} */ n, /** @type {any} */ s) => n + s.capacity, 0);
    return h('section', { class: 'session', key: session.session, 'data-session': session.session },
      h('b', null, sessionName(session, floor)),
      h('span', { class: 'muted num' }, t('desk.places', { taken: places - free, places }),
        session.delay_min ? ` · ${t('desk.delayed', { n: session.delay_min })}` : ''),
      session.open === false
        ? h('span', null, h('span', { class: 'tag' }, t('desk.session_closed')))
        : h('form', {
          class: 'buttons',
          onsubmit: (/** @type {any} */ event) => {
            event.preventDefault();
            delay(floor, acts, session, Number(event.target.elements.minutes.value));
          },
        },
        h('label', { class: 'visually-hidden', for: `delay-${session.session}` }, t('desk.delay_minutes')),
        h('select', { class: 'input small', name: 'minutes', id: `delay-${session.session}` },
          [0, 10, 20, 30, 45, 60, 90, 120].map((n) => h('option', { key: n, value: String(n), selected: n === (session.delay_min || 0) },
            n ? t('desk.delay_by', { n }) : t('desk.delay_none')))),
        h('button', { class: 'btn', 'data-action': 'delay_session', 'data-session': session.session }, t('desk.delay_go')),
        h('button', {
          type: 'button', class: 'btn danger', 'data-action': 'close_session', 'data-session': session.session,
          onclick: () => close(page, floor, acts, persons, session),
        }, t('desk.close_session'))));
  }));
}

/** @param {any} floor @param {any} acts @param {any} session @param {number} minutes */
async function delay(floor, acts, session, minutes) {
  if (!(await acts.send('delay_session', { session: session.session, minutes }))) return;
  const before = session.delay_min || 0;
  const text = t(minutes ? 'desk.did.delay_session' : 'desk.did.delay_over', { n: minutes });
  find('#undo').offer(text, before === minutes ? null : () => delay(floor, acts, { ...session, delay_min: minutes }, before));
  floor.readSessions();
}

/** Asks the department who is not ended; settles each; closes. @param {any} page @param {any} floor @param {any} acts @param {any} persons @param {any} session */
async function close(page, floor, acts, persons, session) {
  /** @type {any[]} */
  let settlements = [];
  for (;;) {
    try {
      await page.protocol.command('close_session', { session: session.session, settlements });
      acts.done(t('desk.did.close_session'), null);
      floor.readSessions();
      return;
    } catch (refusal) {
      const { appointments, tickets, not_yet: notYet } = refusal.code === 'not_settled' ? refusal.validNow : {};
      if (appointments) {
        await showToCome(page, floor, acts, persons, appointments);
        return;
      }
      if (!tickets && !notYet) {
        page.refuse(refusal);
        return;
      }
      const again = (notYet || []).map((/** @type {string} */ said) => said.split(' ')[0]);
      const ids = (tickets || []).concat(again);
      const settled = await settle(floor, persons, session, ids, again);
      if (!settled) return;
      settlements = settlements.filter((x) => !ids.includes(x.ticket)).concat(settled);
    }
  }
}

/** Who is booked and still to come: each by number and name, with what can be done. @param {any} page @param {any} floor @param {any} acts @param {any} persons @param {string[]} ids */
async function showToCome(page, floor, acts, persons, ids) {
  const path = `/api/v1/departments/${floor.department}/appointments/find`;
  const asked = ids.slice(0, 40).map((text) => page.session.http('POST', path, { text }).then((/** @type {any} */ a) => a.appointments, () => []));
  const booked = (await Promise.all(asked)).reduce((all, some) => all.concat(some), [])
    .sort((/** @type {any} */ a, /** @type {any} */ b) => (a.slot_start + a.number < b.slot_start + b.number ? -1 : 1));
  await Promise.all([persons.ready(booked.map((/** @type {any} */ a) => a.patient))]);
  const chosen = await ask(t('desk.to_come_title', { n: ids.length }), (done) => h('div', { class: 'form' },
    h('p', { class: 'muted' }, t('desk.to_come_how')),
    h('ul', { class: 'list' }, booked.map((/** @type {any} */ a) => h('li', { key: a.appointment, 'data-to-come': a.appointment },
      h('span', null, h('b', { class: 'num' }, a.number || ''), ` ${persons.nameOf(a)}`, h('small', { class: 'muted' }, ` ${t('desk.booked_for', { time: clockOf(a.slot_start) })}`)),
      h('button', { type: 'button', class: 'btn small danger', 'data-action': 'cancel_appointment', onclick: () => done(a) }, t('desk.cancel_appointment'))))),
    h('div', { class: 'buttons' }, h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', onclick: () => done(null) }, t('close')))));
  if (chosen) await acts.cancelAppointment(chosen);
}

/**
 * @param {any} floor @param {any} persons @param {any} session @param {string[]} ids
 * @param {string[]} again those whom the department would not let go as said: they are with the doctor
 * @returns {Promise<any[]|null>}
 */
function settle(floor, persons, session, ids, again) {
  const queues = floor.site.of('queues', floor.department).filter((/** @type {any} */ q) => q.id !== session.queue);
  /** @type {Object<string, string>} */
  const said = {};
  return ask(t('desk.settle_title', { n: ids.length }), (done, redraw) => h('form', {
    class: 'form',
    onsubmit: (/** @type {any} */ event) => {
      event.preventDefault();
      const f = event.target.elements;
      done(ids.map((ticket) => {
        const how = f[`how-${ticket}`].value;
        return how === 'move' ? { ticket, how, to: f[`to-${ticket}`].value } : { ticket, how };
      }));
    },
  },
  h('p', { class: again.length ? 'notice soon' : 'muted' }, t(again.length ? 'desk.settle_inside' : 'desk.settle_how')),
  h('div', { class: 'settle' }, ids.map((id) => {
    const ticket = floor.ticket(id) || { number: id, masked_name: '', state: '' };
    return h('label', { key: id },
      h('span', { class: 'number' }, ticket.number),
      h('span', null, persons.nameOf(ticket), h('small', { class: again.includes(id) ? 'tag soon' : 'muted' }, ` ${stateWord(ticket.state)}`)),
      h('select', {
        class: 'input', name: `how-${id}`, 'data-settle': id, required: true, 'aria-label': t('desk.settle_with', { number: ticket.number }),
        onchange: (/** @type {any} */ event) => {
          said[id] = event.target.value;
          redraw();
        },
      },
      h('option', { key: '', value: '' }, t('desk.settle_choose')),
      SETTLEMENTS.filter((x) => x !== 'move' || (queues.length && !['away', 'missed'].includes(ticket.state))).map((x) => h('option', { key: x, value: x }, t(`settle.${x}`)))),
      h('select', { class: 'input', name: `to-${id}`, disabled: said[id] !== 'move', 'aria-label': t('transfer.to') },
        queues.map((/** @type {any} */ q) => h('option', { key: q.id, value: q.id }, q.name))));
  })),
  h('div', { class: 'buttons' },
    h('button', { type: 'button', class: 'btn', onclick: () => done(null) }, t('cancel')),
    h('button', { class: 'btn primary', 'data-action': 'dialog_go' }, t('desk.settle_go')))));
}
