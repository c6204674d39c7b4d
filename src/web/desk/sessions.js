// Today's sessions at the desk: places left, announcing a delay, closing with a settlement for everybody not ended.

import { h } from '../lib/dom.js';
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
  acts.done(t(minutes ? 'desk.did.delay_session' : 'desk.did.delay_over', { n: minutes }), null);
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
      const open = refusal.code === 'not_settled' && !refusal.validNow.to_come && !refusal.validNow.not_yet && refusal.validNow.tickets;
      if (!open) {
        page.refuse(refusal);
        return;
      }
      const ids = String(open).split(/[ ,]+/).filter(Boolean);
      const settled = await settle(floor, persons, session, ids);
      if (!settled) return;
      settlements = settlements.filter((s) => !ids.includes(s.ticket)).concat(settled);
    }
  }
}

/** @param {any} floor @param {any} persons @param {any} session @param {string[]} ids @returns {Promise<any[]|null>} */
function settle(floor, persons, session, ids) {
  const queues = floor.site.of('queues', floor.department).filter((/** @type {any} */ q) => q.id !== session.queue);
  return ask(t('desk.settle_title', { n: ids.length }), (done) => h('form', {
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
  h('p', { class: 'muted' }, t('desk.settle_how')),
  h('div', { class: 'settle' }, ids.map((id) => {
    const ticket = floor.ticket(id) || { number: id, masked_name: '', state: '' };
    return h('label', { key: id },
      h('span', { class: 'number' }, ticket.number),
      h('span', null, persons.nameOf(ticket), h('small', { class: 'muted' }, ` ${stateWord(ticket.state)}`)),
      h('select', { class: 'input', name: `how-${id}`, 'data-settle': id, 'aria-label': t('desk.settle_with', { number: ticket.number }) },
        SETTLEMENTS.filter((s) => s !== 'move' || (queues.length && !['away', 'missed'].includes(ticket.state))).map((s) => h('option', { key: s, value: s }, t(`settle.${s}`)))),
      h('select', { class: 'input', name: `to-${id}`, 'aria-label': t('transfer.to') }, queues.map((/** @type {any} */ q) => h('option', { key: q.id, value: q.id }, q.name))));
  })),
  h('div', { class: 'buttons' },
    h('button', { type: 'button', class: 'btn', onclick: () => done(null) }, t('cancel')),
    h('button', { class: 'btn primary', 'data-action': 'dialog_go' }, t('desk.settle_go')))));
}
