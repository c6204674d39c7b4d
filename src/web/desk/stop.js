// 停诊 at the desk: from which slot on, why, and where those go who wait; and that it takes place after all.

import { clockOf } from '../lib/clock.js';
import { find, h } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { ask, usualReasons } from '../lib/page.js';
import { whoseOf } from '../lib/sessions.js';
import { sessionName } from './walk-in.js';

/** Since when it does not take place, in words; empty while it does. @param {any} session */
export function stoppedWords(session) {
  if (!session.stopped_from) return '';
  const first = (session.slots || [])[0];
  return first && first.start >= session.stopped_from ? t('desk.stopped') : t('desk.stopped_from', { time: clockOf(session.stopped_from) });
}

/** Stops it, or says that it takes place after all. @param {any} page @param {any} floor @param {any} acts @param {any} session */
export function stopButton(page, floor, acts, session) {
  return session.stopped_from
    ? h('button', { type: 'button', class: 'btn', key: 'resume', 'data-action': 'resume_session', 'data-session': session.session, onclick: () => resume(floor, acts, session) }, t('desk.resume_session'))
    : h('button', { type: 'button', class: 'btn danger', key: 'stop', 'data-action': 'stop_session', 'data-session': session.session, onclick: () => stop(page, floor, acts, session) }, t('desk.stop_session'));
}

/** Whom the desk has in line by that session. @param {any} floor @param {any} session */
const waiting = (floor, session) => {
  const queue = floor.queues().find((/** @type {any} */ one) => one.queue && one.queue.id === session.queue);
  return queue ? queue.order.length : 0;
};

/**
 * Who could sit instead, and from which queue they would call: the own one, else a pool. Not who sits then already: to them one
 * goes by their queue.
 * @param {any} floor @param {any} session @param {any[]} queues @returns {{doctor: any, queue: any}[]}
 */
function substitutes(floor, session, queues) {
  const sits = new Set(floor.sessions.filter((/** @type {any} */ one) => one.open !== false && !one.stopped_from && one.period === session.period).map((/** @type {any} */ one) => one.doctor));
  const free = floor.site.all('doctors').filter((/** @type {any} */ one) => one.departments.includes(floor.department) && one.id !== session.doctor && !sits.has(one.id));
  return free.map((/** @type {any} */ doctor) => ({
    doctor, queue: queues.find((one) => one.doctors.includes(doctor.id)) || queues.find((one) => !one.doctors.length),
  })).filter((/** @type {any} */ one) => one.queue);
}

/** @param {any} page @param {any} floor @param {any} acts @param {any} session */
async function stop(page, floor, acts, session) {
  const now = page.protocol.clock.now();
  const slots = (session.slots || []).filter((/** @type {any} */ slot) => Date.parse(slot.end) + session.delay_min * 60000 > now);
  if (!slots.length) {
    page.notify(t('error.session_closed'));
    return;
  }
  const queues = floor.site.of('queues', floor.department).filter((/** @type {any} */ queue) => queue.id !== session.queue);
  const instead = substitutes(floor, session, queues);
  const said = await ask(t('desk.stop_title'), (done) => h('form', {
    class: 'form', 'data-form': 'stop',
    onsubmit: (/** @type {any} */ event) => {
      event.preventDefault();
      const { from, to, text } = event.target.elements;
      const by = instead.find((one) => one.doctor.id === to.value);
      done({ from: from.value, to: by ? by.queue.id : to.value || null, substitute: by ? by.doctor.id : null, reason: text.value.trim() });
    },
  },
  h('p', null, h('b', null, sessionName(session, floor))),
  h('p', { class: 'notice soon' }, t('desk.stop_does')),
  h('label', { class: 'field' }, h('span', null, t('desk.stop_from')),
    h('select', { class: 'input', name: 'from' }, slots.map((/** @type {any} */ slot) => h('option', { key: slot.slot, value: slot.start }, t('desk.stop_from_slot', { time: clockOf(slot.start) }))))),
  h('label', { class: 'field' }, h('span', null, t('desk.stop_to', { n: waiting(floor, session) })),
    h('select', { class: 'input', name: 'to' },
      h('option', { key: '', value: '' }, t('desk.stop_stay')),
      queues.map((/** @type {any} */ queue) => h('option', { key: queue.id, value: queue.id }, t('desk.stop_to_queue', { queue: named(queue.name, queue.name_en) }))),
      instead.map(({ doctor, queue }) => h('option', { key: doctor.id, value: doctor.id }, t('desk.stop_to_substitute', { name: named(doctor.name, doctor.name_en), queue: named(queue.name, queue.name_en) }))))),
  instead.length ? h('p', { class: 'muted', key: 'substitute' }, t('desk.stop_substitute_does')) : null,
  usualReasons([t('desk.stop.ill'), t('desk.stop.emergency'), t('desk.stop.meeting')]),
  h('label', { class: 'field' }, h('span', null, t('reason')), h('input', { class: 'input', name: 'text', required: true, maxlength: '200' })),
  h('div', { class: 'buttons' },
    h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', autofocus: true, onclick: () => done(null) }, t('cancel')),
    h('button', { class: 'btn danger', 'data-action': 'dialog_go' }, t('desk.stop_go')))));
  if (!said || !(await acts.send('stop_session', { session: session.session, ...said }))) return;
  find('#undo').offer(t('desk.did.stop_session', { time: clockOf(said.from), whose: whoseOf(session, floor.site) }), () => again(floor, acts, session));
  floor.readSite();
}

/** @param {any} floor @param {any} acts @param {any} session */
async function resume(floor, acts, session) {
  const sure = await ask(t('desk.resume_sure'), (done) => h('div', { class: 'form' },
    h('p', null, h('b', null, sessionName(session, floor))), h('p', null, t('desk.resume_does')),
    h('div', { class: 'buttons' },
      h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', autofocus: true, onclick: () => done(null) }, t('cancel')),
      h('button', { type: 'button', class: 'btn primary', 'data-action': 'dialog_go', onclick: () => done(true) }, t('desk.resume_go')))));
  if (sure) await again(floor, acts, session);
}

/** @param {any} floor @param {any} acts @param {any} session */
async function again(floor, acts, session) {
  if (!(await acts.send('resume_session', { session: session.session }))) return;
  acts.done(t('desk.did.resume_session'), null);
  floor.readSite();
}
