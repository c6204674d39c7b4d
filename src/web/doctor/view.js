// What the console draws: the patient in hand, the queue in calling order, the day.

import { lateWords } from '../components/late.js';
import { preCheckPart } from '../components/pre-check.js';
import { ageOf, alertTag, bioOf, isUrgent, lastUndoable, marksLine, notYet, tags, unaskedTag, waited, why, whyBehind } from '../components/ticket.js';
import { clockOf, rangeLeft } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { whoseOf } from '../lib/sessions.js';
import { standingWord, stateWord, stepWord } from '../lib/words.js';
import { onceOf } from './actions.js';
import { keyCap } from './keys.js';

const TABS = ['waiting', 'away', 'missed', 'ended'];

/**
 * @typedef {{model: import('./model.js').Model, actions: import('./actions.js').Actions,
 *   persons: import('../lib/persons.js').Persons, answers: import('../lib/answers.js').Answers, tab: string, setTab: (tab: string) => void, now: number,
 *   offsetMinutes: number, keys: () => void, caller: () => void}} Look
 */

/**
 * @param {string} action the command's name, for keys and tests
 * @param {string} words key of its text
 * @param {(event: any) => void} press
 * @param {{class?: string, key?: string, disabled?: boolean, ticket?: string}} [options]
 */
function button(action, words, press, options) {
  const o = options || {};
  return h('button', {
    type: 'button', class: `btn spread ${o.class || ''}`, key: words, 'data-action': action, 'data-key': o.key || action,
    'data-ticket': o.ticket, disabled: !!o.disabled, onclick: press,
  }, t(words), keyCap(o.key || action));
}

/** @param {Look} look */
export function workView(look) {
  return h('div', { class: 'work', key: 'work' }, handPart(look), queuePart(look), dayPart(look));
}

/** @param {Look} look */
function handPart(look) {
  const { model, actions } = look;
  const hand = model.inHand();
  const work = model.work;
  const busy = actions.busy;
  return h('section', { class: `hand${hand && hand.pre_check ? ' answered' : ''}`, 'aria-label': t('doctor.in_hand'), 'data-in-hand': hand ? hand.ticket : '' },
    hand ? personPart(look, hand) : nobodyPart(model.list('waiting').length),
    emergencyPart(look),
    work.paused
      ? h('div', { class: 'paused', key: 'paused' }, work.back_at ? t('doctor.paused_until', { time: clockOf(work.back_at) }) : t('doctor.paused'))
      : null,
    hand ? handButtons(look, hand, busy) : h('div', { class: 'form', key: 'no-hand' },
      work.paused
        ? button('resume_work', 'doctor.resume', () => actions.resume(), { class: 'primary', key: 'primary', disabled: busy })
        : button('call_next_patient', 'doctor.next', onceOf(() => actions.callNext(null)), { class: 'primary', key: 'primary', disabled: busy })),
    nextUp(look));
}

/** Until they are called: however far the list is scrolled, whoever presses the button below knows who comes. @param {Look} look */
function emergencyPart(look) {
  const { model, persons } = look;
  const door = model.atDoor();
  const urgent = model.list('waiting').filter((ticket) => isUrgent(ticket) && (ticket.state === 'waiting' || door.includes(ticket.ticket)));
  if (!urgent.length) return null;
  const next = model.next();
  const who = urgent.map((ticket) => `${ticket.number} ${persons.nameOf(ticket)}`).join(t('list.comma'));
  return h('p', { class: 'urgent', key: 'urgent', role: 'alert', 'data-urgent': urgent[0].ticket }, t(next && isUrgent(next) ? 'doctor.emergency_next' : 'doctor.emergency', { who }));
}

/** @param {number} waiting */
function nobodyPart(waiting) {
  return h('div', { class: 'nobody', key: 'nobody' },
    h('b', null, t('doctor.nobody')), h('span', null, waiting ? t('doctor.nobody_waiting', { n: waiting }) : t('doctor.nobody_empty')));
}

/** Where the patient stands, and since when; while nobody has shown or spoken the call, that: it takes no other place, so nothing moves under a hand. @param {any} hand */
function headLine(hand) {
  const unheard = hand.not_announced;
  return h('div', { class: `eyebrow${unheard ? ' unheard' : ''}` },
    h('b', { 'data-state': hand.state }, stateWord(hand.state)),
    unheard
      ? h('b', { key: 'not-announced', role: 'alert', 'data-not-announced': unheard }, t(`not_announced.${unheard}`))
      : h('span', { class: 'num', key: 'called' }, hand.first_called_at ? t('doctor.called_at', { time: clockOf(hand.first_called_at), n: hand.rounds || 1 }) : ''));
}

/** @param {Look} look @param {any} hand */
function personPart(look, hand) {
  return h('div', { class: 'form', key: 'person' },
    headLine(hand),
    h('div', { class: 'person' },
      h('span', { class: 'number' }, hand.number),
      h('span', { class: 'name' }, look.persons.nameOf(hand)),
      h('span', { class: 'age' }, bioOf(hand, look.now))),
    tags(hand, look.model.site),
    preCheckPart(hand, look.model.site, look.answers),
    h('dl', { class: 'facts' },
      h('dt', null, t('ticket.checked_in')),
      h('dd', { class: 'num' }, hand.checked_in_at ? t('ticket.checked_in_waited', { time: clockOf(hand.checked_in_at), waited: waited(hand, look.now) }) : '–'),
      h('dt', null, t('ticket.why_short')), h('dd', null, why(hand) || '–')));
}

/** @param {Look} look @param {any} hand @param {boolean} busy */
function handButtons(look, hand, busy) {
  const { actions } = look;
  const called = hand.state === 'called';
  const { paused } = look.model.work;
  const ticket = hand.ticket;
  const tooEarly = notYet(hand, look.now);
  const o = (/** @type {any} */ more) => ({ disabled: busy, ticket, ...more });
  return h('div', { class: 'form', key: 'buttons' },
    h('button', {
      type: 'button', class: 'btn spread primary', 'data-action': 'call_next_patient', 'data-outcome': 'seen', 'data-key': 'primary',
      'data-ticket': ticket, disabled: busy, onclick: onceOf(() => actions.seenNext()),
    }, t(paused ? 'doctor.finish' : 'doctor.seen_next'), keyCap('primary')),
    h('button', {
      type: 'button', class: 'btn spread second', 'data-action': 'call_next_patient', 'data-outcome': 'not_here', 'data-key': 'not_here',
      'data-ticket': ticket, disabled: busy || !called || !!tooEarly, onclick: () => actions.callNext('not_here'),
    }, t(paused ? 'caller.not_here' : 'doctor.not_here_next'), tooEarly ? h('small', { class: 'not-yet', 'data-not-yet': '' }, tooEarly) : keyCap('not_here')),
    h('div', { class: 'grid2' },
      button('recall_patient', 'doctor.recall', () => actions.recall(), o({ disabled: busy || !called })),
      button('start_service', 'doctor.start', () => actions.onHand('start_service'), o({ disabled: busy || !called })),
      button('send_for_tests', 'doctor.tests', () => actions.onHand('send_for_tests'), o({})),
      button('transfer_ticket', 'doctor.transfer', () => actions.transfer(hand), o({})),
      button('return_to_waiting', called ? 'doctor.wrong_call' : 'doctor.wrong_person', () => actions.returnToWaiting(), o({})),
      button('mark_missed', 'doctor.miss', () => actions.onHand('mark_missed'), o({ disabled: busy || !called || !!tooEarly })),
      button('finish_service', 'doctor.finish', onceOf(() => actions.finish()), o({}))));
}

/** @param {Look} look */
function nextUp(look) {
  const next = look.model.next();
  if (!next) return h('div', { class: 'next-up none', key: 'next' }, t('doctor.no_next'));
  const atDoor = look.model.atDoor().includes(next.ticket);
  return h('div', { class: `next-up${isUrgent(next) ? ' emergency' : ''}`, key: 'next', 'data-next': next.ticket },
    t(atDoor ? 'doctor.next_at_door' : 'doctor.next_is', { who: `${next.number} ${look.persons.nameOf(next)}` }));
}

/** @param {Look} look */
function queuePart(look) {
  const { model } = look;
  return h('section', { class: 'queue', 'aria-label': t('doctor.queue') },
    h('div', { class: 'head' },
      h('h2', null, t('doctor.queue'), look.tab === 'waiting' ? h('small', null, t('doctor.queue_order')) : null),
      h('div', { class: 'tabs', role: 'tablist' }, TABS.map((tab) => h('button', {
        type: 'button', class: 'btn', role: 'tab', key: tab, 'data-tab': tab, 'aria-selected': String(tab === look.tab),
        onclick: () => look.setTab(tab),
      }, `${t(`doctor.tab.${tab}`)} ${model.list(tab).length}`)))),
    h('div', { class: 'scroll' }, tables(look)));
}

/** @param {Look} look */
function tables(look) {
  const { model } = look;
  const tickets = model.list(look.tab);
  if (!tickets.length) {
    return h('p', { class: 'empty card', key: 'empty' }, h('b', null, t(`doctor.empty.${look.tab}`)), t(`doctor.empty_more.${look.tab}`));
  }
  const queues = model.queues();
  if (look.tab !== 'waiting' || queues.length < 2) return table(look, tickets, null);
  return queues.map((queue) => {
    const own = tickets.filter((ticket) => queue.tickets[ticket.ticket]);
    return own.length ? table(look, own, queue.queue) : null;
  });
}

/** @param {Look} look @param {any[]} tickets @param {any} queue */
function table(look, tickets, queue) {
  const waiting = look.tab === 'waiting';
  const heads = ['number', 'name', 'slot_head', waiting ? 'waited' : 'state', 'why'];
  const door = look.model.atDoor();
  return h('table', { class: 'tickets', key: queue ? queue.id : 'all', 'data-queue': queue ? queue.id : '' },
    queue ? h('caption', null, named(queue.name, queue.name_en)) : null,
    h('thead', null, h('tr', null, heads.map((k) => h('th', { key: k, scope: 'col', class: k }, t(`ticket.${k}`))),
      h('th', { key: 'do', class: 'do' }, h('span', { class: 'visually-hidden' }, t('ticket.do'))))),
    h('tbody', null, tickets.map((ticket) => row(look, ticket, door.includes(ticket.ticket)))));
}

/** @param {Look} look @param {any} ticket @param {boolean} atDoor */
function row(look, ticket, atDoor) {
  const age = ageOf(ticket, look.now);
  const elsewhere = look.model.atOtherDoor(ticket);
  const kind = isUrgent(ticket) ? 'emergency' : atDoor ? 'at-door' : elsewhere ? 'elsewhere' : '';
  const last = (ticket.steps || [])[(ticket.steps || []).length - 1];
  return h('tr', { key: ticket.ticket, class: kind, 'data-row': ticket.ticket, 'data-state': ticket.state, 'data-number': ticket.number },
    h('td', { class: 'number' }, ticket.number),
    h('td', { class: 'who' }, look.persons.nameOf(ticket), age === null ? null : h('span', { class: 'age' }, ` · ${age}`), ' ', alertTag(ticket, look.model.site), unaskedTag(ticket), marksLine(ticket, look.model.site)),
    h('td', { class: 'num' }, clockOf(ticket.slot_start) || '–'),
    h('td', { class: 'num' }, look.tab === 'waiting' ? waited(ticket, look.now) : standingWord(ticket)),
    h('td', { class: 'why' }, look.tab === 'waiting' ? (atDoor ? t('doctor.at_this_door') : elsewhere ? t('doctor.at_door_of', { place: elsewhere }) : whyBehind(ticket, look.model.queues().find((one) => one.tickets[ticket.ticket]), look.model.site)) : last ? `${clockOf(last.at)} ${stepWord(last, ticket)}` : ''),
    h('td', { class: 'do' }, h('div', null, rowButtons(look, ticket))));
}

/** @param {Look} look @param {any} ticket */
function rowButtons(look, ticket) {
  const { actions } = look;
  const small = (/** @type {string} */ action, /** @type {string} */ words, /** @type {() => void} */ press) => h('button', {
    type: 'button', class: 'btn small', key: action, 'data-action': action, 'data-ticket': ticket.ticket, disabled: actions.busy, onclick: press,
  }, t(words));
  const whileWaiting = [
    small('call_ticket', 'doctor.call_row', () => actions.callTicket(ticket)),
    small('transfer_ticket', 'doctor.transfer', () => actions.transfer(ticket)),
  ];
  if (ticket.state === 'summoned' && look.model.atDoor().includes(ticket.ticket)) {
    return [
      small('mark_missed', 'doctor.miss', () => actions.missAtDoor(ticket)),
      ...whileWaiting,
    ];
  }
  if (ticket.state === 'waiting' || ticket.state === 'summoned') return whileWaiting;
  if (ticket.state === 'missed') {
    // One way for one wish: with free hands it is a return, else the one in hand has to be settled with it.
    return look.model.inHand()
      ? small('call_ticket', 'doctor.call_row', () => actions.callTicket(ticket))
      : small('take_back', 'doctor.take_back', () => actions.takeBack(ticket));
  }
  const step = lastUndoable(ticket);
  return step ? small('undo', 'undo.take', () => actions.undoStep(step.event)) : null;
}

/** @param {Look} look */
function dayPart(look) {
  const { model, actions } = look;
  const today = model.today();
  const work = model.work;
  const mean = today.mean_service_s;
  const ends = rangeLeft(model.ends(), look.now);
  const figure = (/** @type {any} */ value, /** @type {string} */ words, wide = false) => h('div', { key: words, class: wide ? 'wide' : '', 'data-figure': words }, h('b', { class: 'num' }, value), h('span', null, t(words)));
  const hand = model.inHand();
  return h('aside', { class: 'day', 'aria-label': t('doctor.day') },
    h('div', { class: 'figures' },
      figure(today.seen === undefined ? '–' : today.seen, 'doctor.day_seen'),
      figure(today.waiting === undefined ? '–' : today.waiting, 'doctor.day_waiting'),
      figure(mean ? t('minutes_short', { n: Math.max(1, Math.round(mean / 60)) }) : '–', 'doctor.day_mean', true),
      figure(ends ? [ends.from, ends.to].filter(Boolean).join('–') : '–', 'doctor.day_ends', true)),
    model.late(look.now).map((one) => h('p', { class: 'notice soon num', key: one.session, 'data-late': one.session }, t('doctor.late', { late: lateWords(one, look.now) }))),
    h('ol', { class: 'steps num', 'aria-label': t('doctor.history') }, model.steps(9).map((step) => h('li', { key: step.event },
      `${clockOf(step.at)} ${step.number} ${stepWord(step, step.of)}`))),
    h('div', { class: 'bottom' },
      work.paused
        ? (hand ? button('resume_work', 'doctor.resume', () => actions.resume(), { disabled: actions.busy }) : null)
        : button('pause_work', 'doctor.pause', () => actions.pause(), { disabled: actions.busy }),
      button('add_patient', 'doctor.add', () => actions.add(), { disabled: actions.busy }),
      button('stop_work', 'doctor.stop', () => actions.stop(), { disabled: actions.busy || !!hand }),
      h('button', { type: 'button', class: 'btn quiet', 'data-action': 'open_caller', onclick: look.caller }, t('doctor.caller')),
      h('button', { type: 'button', class: 'btn quiet', 'data-action': 'edit_keys', onclick: look.keys }, t('doctor.keys'))));
}

/** Whose room it is by today's plan. @param {import('./model.js').Model} model @returns {(point: string) => {isOwn: boolean, whose: string}} */
function plannedIn({ site, doctor }) {
  const { sessions = [], today = '' } = site.view || {};
  const open = sessions.filter((/** @type {any} */ one) => one.date === today && one.doctor && one.open !== false);
  return (point) => {
    const here = open.filter((/** @type {any} */ one) => one.service_point === point);
    const others = new Set(here.map((/** @type {any} */ one) => whoseOf(one, site)).filter(Boolean));
    return { isOwn: here.some((/** @type {any} */ one) => one.doctor === doctor), whose: Array.from(others).join(t('list.comma')) };
  };
}

/** @param {any[]} points @param {(point: string) => {isOwn: boolean}} plan */
const ownFirst = (points, plan) => points.slice().sort((one, other) => Number(plan(other.id).isOwn) - Number(plan(one.id).isOwn));

/** Before work begins: where? @param {Look} look @param {import('../lib/site.js').Site} site */
export function beginView(look, site) {
  const departments = look.model.departments();
  const plan = plannedIn(look.model);
  const place = (/** @type {any} */ department, /** @type {any} */ point) => {
    const { isOwn, whose } = plan(point.id);
    const taken = look.model.sitsIn(point.id);
    return h('button', {
      type: 'button', class: `btn${isOwn ? ' primary' : ''}`, key: point.id, 'data-planned': isOwn, 'data-action': 'start_work', 'data-service-point': point.id,
      disabled: look.actions.busy || !!taken, onclick: () => look.actions.startWork(department.id, point.id),
    }, named(point.name, point.name_en),
    taken ? h('small', { key: 'taken' }, t('doctor.room_taken', { who: taken }))
      : isOwn ? h('small', { key: 'own' }, t('doctor.room_yours'))
        : whose ? h('small', { key: 'whose' }, t('doctor.room_of', { who: whose })) : null);
  };
  if (!site.view) return h('div', { class: 'begin', key: 'unread', 'aria-busy': 'true' }, h('p', { class: 'skeleton' }));
  return h('section', { class: 'begin', key: 'begin' },
    h('h1', null, t('doctor.begin')), h('p', null, t('doctor.begin_how')),
    departments.map((department) => h('div', { key: department.id },
      h('h2', null, named(department.name, department.name_en)),
      h('div', { class: 'places' }, ownFirst(site.of('service_points', department.id), plan).map((point) => place(department, point))))),
    departments.length ? null : h('p', { class: 'empty card' }, h('b', null, t('doctor.no_departments')), t('doctor.no_departments_more')));
}
