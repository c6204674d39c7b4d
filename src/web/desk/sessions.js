// Today's sessions at the desk: places left, announcing a delay, closing with a settlement for everybody not ended.

import { changeQuotas } from '../components/slot-quotas.js';
import { clockOf } from '../lib/clock.js';
import { find, h } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';
import { hoursOf, placesOf } from '../lib/sessions.js';
import { dateWord } from '../lib/words.js';
import { showNotReached } from './not-reached.js';
import { homeNotReached } from './reached.js';
import { stopButton, stoppedWords } from './stop.js';
import { sessionName } from './walk-in.js';

/** So many tickets are settled by one command. */
const PART = 200;

/**
 * @param {import('../lib/page.js').Page} page @param {import('./floor.js').Floor} floor @param {import('./acts.js').Acts} acts @param {any} persons
 * @param {import('./open-session.js').OpenSession} opening
 */
export function sessionsView(page, floor, acts, persons, opening) {
  return [opening.view(), floor.sessions.length
    ? sessionList(page, floor, acts, persons)
    : h('p', { class: 'empty', key: 'none' }, h('b', null, t('desk.no_sessions')), t('desk.no_sessions_more')), otherDays(page, floor, persons)];
}

/** Clinics of later days of which somebody at home does not know yet. @param {import('../lib/page.js').Page} page @param {import('./floor.js').Floor} floor @param {any} persons */
function otherDays(page, floor, persons) {
  const missed = (floor.site.view.sessions || []).filter((/** @type {any} */ one) => one.date > floor.today && missedOf(floor, one));
  return missed.length ? h('div', { class: 'sessions', key: 'other-days' }, missed.map((/** @type {any} */ one) => h('section', { class: 'session', key: one.session, 'data-session': one.session, 'data-other-day': one.date },
    h('b', null, sessionName(one, floor)), h('span', { class: 'num' }, `${dateWord(one.date, 'date.long')} ${hoursOf(one)}`), whoMissed(page, floor, persons, one)))) : null;
}

/** When and where. @param {any} session @param {import('./floor.js').Floor} floor */
function whereOf(session, floor) {
  const room = session.service_point && floor.site.one('service_points', session.service_point);
  return [hoursOf(session), room ? named(room.name, room.name_en) : t('desk.room_open')].filter(Boolean).join(' · ');
}

/** How many of the places left are the desk's, where that is not all of them. @param {any} session */
function keptAway(session) {
  const sum = (/** @type {(slot: any) => number} */ of) => (session.slots || []).reduce((/** @type {number} */ n, /** @type {any} */ slot) => n + of(slot), 0);
  const desk = sum((slot) => slot.free_for.desk);
  return desk < sum((slot) => slot.free) ? ` · ${t('desk.places_left', { n: desk })}` : '';
}

/** @param {import('../lib/page.js').Page} page @param {import('./floor.js').Floor} floor @param {import('./acts.js').Acts} acts @param {any} persons */
function sessionList(page, floor, acts, persons) {
  return h('div', { class: 'sessions', key: 'sessions' }, floor.sessions.map((session) => {
    return h('section', { class: 'session', key: session.session, 'data-session': session.session },
      h('b', null, sessionName(session, floor)), h('span', { class: 'num', 'data-when': '' }, whereOf(session, floor)),
      // Of a clinic that is off nothing is booked or late.
      isOff(page, session) ? null : h('span', { class: 'muted num', key: 'places' }, t('desk.places', placesOf(session)), keptAway(session),
        session.delay_min ? ` · ${t('desk.delayed', { n: session.delay_min })}` : ''),
      session.stopped_from ? h('span', { key: 'stopped' }, h('span', { class: 'tag alarm', 'data-stopped': session.stopped_from }, stoppedWords(session))) : null,
      toldHome(page, floor, session),
      whoMissed(page, floor, persons, session),
      session.open === false
        ? h('span', null, h('span', { class: 'tag' }, t('desk.session_closed')))
        : h('form', {
          class: 'buttons',
          onsubmit: (/** @type {any} */ event) => {
            event.preventDefault();
            delay(floor, acts, session, Number(event.target.elements.minutes.value));
          },
        },
        isOff(page, session) ? null : delayFields(session),
        isOff(page, session) ? null : h('button', {
          type: 'button', class: 'btn', key: 'quotas', 'data-action': 'slot_quotas', 'data-session': session.session, 'aria-label': t('quotas.open_of', { name: sessionName(session, floor) }),
          onclick: () => quotas(page, floor, acts, session),
        }, t('quotas.open')),
        stopButton(page, floor, acts, session),
        h('button', {
          type: 'button', class: 'btn danger', 'data-action': 'close_session', 'data-session': session.session,
          onclick: () => close(page, floor, acts, persons, session),
        }, t('desk.close_session'))));
  }));
}

/** What of each slot is kept for whom. @param {import('../lib/page.js').Page} page @param {import('./floor.js').Floor} floor @param {import('./acts.js').Acts} acts @param {any} session */
async function quotas(page, floor, acts, session) {
  const name = sessionName(session, floor);
  const back = await changeQuotas(page, session.session, name, '');
  if (!back) return;
  find('#undo').offer(t('quotas.did', { name }), () => back().then(() => {
    acts.done(t('quotas.did_back'), null);
    floor.readSite();
  }, (refusal) => page.refuse(refusal)));
  floor.readSite();
}

/** @param {any} session */
const delayFields = (session) => [
  h('label', { class: 'visually-hidden', key: 'label', for: `delay-${session.session}` }, t('desk.delay_minutes')),
  h('select', { class: 'input small', key: 'minutes', name: 'minutes', id: `delay-${session.session}` },
    [0, 10, 20, 30, 45, 60, 90, 120].map((n) => h('option', { key: n, value: String(n), selected: n === (session.delay_min || 0) },
      n ? t('desk.delay_by', { n }) : t('desk.delay_none')))),
  h('button', { class: 'btn', key: 'go', 'data-action': 'delay_session', 'data-session': session.session }, t('desk.delay_go'))];

/** Whether nothing of it takes place any more. @param {import('../lib/page.js').Page} page @param {any} session */
function isOff(page, session) {
  const [first] = session.slots || [];
  const from = session.stopped_from;
  return !!from && (Date.parse(from) <= page.protocol.clock.now() || (!!first && first.start >= from));
}

/** What the desk is told of those at home. @param {import('./floor.js').Floor} floor @param {any} session */
const toldOf = (floor, session) => floor.queues().flatMap((queue) => queue.delays || []).find((one) => one.session === session.session);

/** @param {import('./floor.js').Floor} floor @param {any} session @returns {number} */
function missedOf(floor, session) {
  const told = toldOf(floor, session);
  return told ? told.not_reached + told.of_bookings_not_reached : 0;
}

/** Whom it has not reached: the figure by name. @param {import('../lib/page.js').Page} page @param {import('./floor.js').Floor} floor @param {any} persons @param {any} session */
function whoMissed(page, floor, persons, session) {
  const missed = missedOf(floor, session);
  return missed
    ? h('button', { type: 'button', class: 'btn', key: 'missed', 'data-action': 'show_not_reached', 'data-session': session.session, onclick: () => showNotReached(page, floor, persons, session) },
      t('desk.not_reached.show', { n: missed }))
    : null;
}

/** How many at home know of its delay, or that there is none any more; who does not is to be rung. @param {import('../lib/page.js').Page} page @param {import('./floor.js').Floor} floor @param {any} session */
function toldHome(page, floor, session) {
  const told = toldOf(floor, session);
  if (!told || !told.told) return null;
  const word = session.delay_min || session.stopped_from ? 'told_home' : 'told_home_planned';
  const held = told.not_before && Date.parse(told.not_before) > page.protocol.clock.now();
  const { told: n, reached, not_reached: missed } = told;
  const parts = /** @type {[string, number][]} */ ([['not_reached', missed], ['reached', reached], ['telling', n - reached - missed]]).filter(([, count]) => count > 0);
  return h('span', { class: `num ${missed && !held ? 'rings' : 'muted'}`, key: 'told', 'data-told-home': String(n), 'data-reached': String(reached), 'data-home-not-reached': String(missed) },
    held ? t(`desk.${word}.held`, { n, time: clockOf(told.not_before) }) : t(`desk.${word}`, { n }) + parts.map(([what, count]) => t(`desk.told_home.${what}`, { n: count })).join(t('desk.not_reached.or')));
}

/** @param {any} floor @param {any} acts @param {any} session @param {number} minutes */
async function delay(floor, acts, session, minutes) {
  if (!(await acts.send('delay_session', { session: session.session, minutes }))) return;
  const before = session.delay_min || 0;
  const queue = floor.site.one('queues', session.queue);
  const text = t(minutes ? 'desk.did.delay_session' : 'desk.did.delay_over', { n: minutes, whose: queue ? named(queue.name, queue.name_en) : '' });
  find('#undo').offer(text, before === minutes ? null : () => delay(floor, acts, { ...session, delay_min: minutes }, before));
  floor.readSite();
}

/** What closing does; it cannot be undone. @param {any} session @param {any} floor @returns {Promise<any>} */
const isSure = (session, floor) => ask(t('desk.close_sure'), (done) => h('div', { class: 'form' },
  h('p', null, h('b', null, sessionName(session, floor)), ` ${whereOf(session, floor)}`), h('p', null, t('desk.close_does')),
  h('div', { class: 'buttons' },
    h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', autofocus: true, onclick: () => done(null) }, t('cancel')),
    h('button', { type: 'button', class: 'btn danger', 'data-action': 'close_sure', onclick: () => done(true) }, t('desk.close_go')))));

/** Asks the department who is not ended; settles each; closes. @param {any} page @param {any} floor @param {any} acts @param {any} persons @param {any} session */
async function close(page, floor, acts, persons, session) {
  if (!(await isSure(session, floor))) return;
  /** @type {any[]} */
  let settlements = [];
  for (;;) {
    try {
      while (settlements.length > PART) {
        await page.protocol.command('settle_tickets', { department: floor.department, settlements: settlements.slice(0, PART) });
        settlements = settlements.slice(PART);
      }
      await page.protocol.command('close_session', { session: session.session, settlements });
      acts.done(t('desk.did.close_session'), null);
      floor.readSite();
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
      const { settle } = await import('./settle.js');
      const settled = await settle(floor, persons, ids, {
        queues: floor.site.of('queues', floor.department).filter((/** @type {any} */ q) => q.id !== session.queue),
        how: t(again.length ? 'desk.settle_inside' : 'desk.settle_how'), go: t('desk.settle_go'), again,
      });
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
      h('span', null, h('b', { class: 'num' }, a.number || ''), ` ${persons.nameOf(a)}`, h('small', { class: 'muted' }, ` ${t('desk.booked_for', { time: clockOf(a.slot_start) })}`), homeNotReached(a)),
      h('button', { type: 'button', class: 'btn small danger', 'data-action': 'cancel_appointment', onclick: () => done(a) }, t('desk.cancel_appointment'))))),
    h('div', { class: 'buttons' }, h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', onclick: () => done(null) }, t('close')))));
  if (chosen) await acts.cancelAppointment(chosen);
}
