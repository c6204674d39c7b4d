// Home on the phone: what matters now. The ticket card when there is one, else the next appointment, else booking; and the
// whole screen when the patient is called.

import '../i18n/kiosks.js';
import { isOff, lastDataClock } from '../components/connection.js';
import { codePicture } from '../components/slip.js';
import { clockOf, rangeLeft } from '../lib/clock.js';
import { find, h } from '../lib/dom.js';
import { named, said, t } from '../lib/i18n.js';
import { lazy } from '../lib/lazy.js';
import { ask, askText } from '../lib/page.js';
import { prefix } from '../lib/site.js';
import { dayAndClock, placeWord, stateWord, yuan } from '../lib/words.js';
import { checkIn, sentWords } from './arriving.js';
import { addToCalendar, stillInCalendar } from './calendar.js';
import { feeLines, feeNotes, feeOf, followRefund, payView, refundCards } from './fees.js';
import { heldCards, heldOf } from './held.js';
import { messages } from './notices.js';
import { seenCard } from './seen.js';
import { stoppedCards } from './stopped.js';
import { familyOffers, offerCards, offersOf, wishesView } from './waiting.js';
import { whenWords } from './when.js';
import { where } from './where.js';

/**
 * @typedef {import('./model.js').Model} Model
 * @typedef {{page: import('../lib/page.js').Page, model: Model, family: Model[], nameOf: (patient: string) => string,
 *   go: (tab: string) => void, show: (patient: string) => void, seen: Set<string>, scanned: string, used: () => void,
 *   chime: import('../lib/chime.js').Chime}} Home
 *   `model` is who is shown, and the first of the family; `scanned` the area's code that came with the address
 */

/** For so many days after a visit's day it is asked how it was; the house takes it for somewhat longer. */
const ASKED_DAYS = 7;
/** Wanted once somebody was seen. */
const rating = lazy(() => import('./rating.js'));

/** @param {Home} home */
function ratingPart(home) {
  const seen = home.model.seenSince(ASKED_DAYS);
  const part = seen.length ? rating(home.page.draw) : null;
  return part ? part.ratingView(home, seen, (ticket) => whereWords(home, ticket)) : null;
}

/** @param {Home} home */
export function homeView(home) {
  const { model } = home;
  if (model.refused) return h('p', { class: 'empty', key: 'refused' }, h('b', null, t('patient.refused')), t('patient.refused_more'));
  if (!model.value) return h('div', { class: 'block', key: 'skeleton', 'aria-busy': 'true' }, h('p', { class: 'skeleton' }));
  const now = model.now();
  // Whose number has been given up or seen is nothing to keep any more.
  const over = (/** @type {any} */ a) => (model.ticketOf(a) || {}).state === 'ended';
  const offered = offersOf(model);
  const held = heldOf(model);
  const rest = model.live().filter((a) => !over(a) && a.state !== 'held' && (!now || a.ticket !== now.appointment.ticket));
  const others = home.family.slice(1).reduce((all, one) => all.concat(one.liveTickets().map((live) => ({ ...live, patient: one.patient }))), /** @type {any[]} */ ([]));
  others.sort((a, b) => a.rank - b.rank);
  const done = seenCard(home);
  const stopped = stoppedCards(home);
  const refunds = refundCards(home, (a) => [whereWords(home, a), dayWords(a)]);
  const where = (/** @type {any} */ a) => whereWords(home, a);
  const isEmpty = !offered.length && !held.length && !now && !rest.length && !others.length && !done && !stopped.length;
  const card = now ? ticketCard(home, now.ticket, now.appointment) : null;
  const waits = model.waits();
  return [
    waits ? card : null,
    ...heldCards(home, where),
    ...offerCards(home, where),
    ...familyOffers(home, where),
    ...stopped,
    ...refunds,
    waits ? null : card,
    done,
    // Whoever still waits has other things in mind.
    now ? null : ratingPart(home),
    others.length ? h('h2', { key: 'family-h' }, t('patient.family_today')) : null,
    others.length ? h('div', { class: 'block rows', key: 'family' }, others.map((one) => familyRow(home, one))) : null,
    rest.length ? h('h2', { key: 'h' }, t(now ? 'patient.also_booked' : 'patient.booked')) : null,
    rest.length ? h('div', { class: 'block rows', key: 'rest' }, rest.map((a) => appointmentRow(home, a))) : null,
    wishesView(home, where),
    stillInCalendar(home.page, model, (a) => [whereWords(home, a), dayWords(a)]),
    isEmpty ? nothing(home) : null,
    messages(model),
    isEmpty ? null : h('div', { class: 'block', key: 'book' },
      h('button', { type: 'button', class: 'btn wide', 'data-action': 'open_booking', onclick: () => home.go('book') }, t('patient.book_another'))),
  ];
}

/** @param {Home} home */
function nothing(home) {
  return h('section', { class: 'block card', key: 'nothing' },
    h('div', { class: 'inside' },
      h('p', { class: 'big-words' }, t('patient.nothing')), h('p', { class: 'sub' }, t('patient.nothing_more')),
      h('button', { type: 'button', class: 'btn primary big wide', 'data-action': 'open_booking', onclick: () => home.go('book') }, t('patient.book'))));
}

/** A live ticket of somebody else on the account; opens that person. @param {Home} home @param {any} one */
function familyRow(home, one) {
  const { ticket, patient } = one;
  return h('button', {
    type: 'button', key: `family/${ticket.ticket}`, 'data-action': 'show_family', 'data-patient': patient, 'data-family-ticket': ticket.ticket, 'data-state': ticket.state,
    onclick: () => home.show(patient),
  },
  h('span', null, [home.nameOf(patient), ticket.number].filter(Boolean).join(' · '),
    h('small', null, lineWords(home, ticket)), h('small', { class: 'say' }, words(ticket))),
  h('span', { class: 'end', 'aria-hidden': 'true' }, '›'));
}

/** @param {Home} home @param {any} a an appointment or a ticket */
function whereWords(home, a) {
  const id = a.department || prefix(a.ticket, 2);
  const site = home.model.site(prefix(id, 1));
  const department = home.model.department(id);
  return [site.view ? named(site.view.name || (site.view.site && site.view.site.name), site.view.name_en) : '', department ? named(department.name, department.name_en) : ''].filter(Boolean).join(' · ');
}

/** The same with whom the line is for. @param {Home} home @param {any} ticket */
function lineWords(home, ticket) {
  const department = home.model.department(prefix(ticket.ticket, 2));
  const isNamed = ticket.queue_name && !(department && department.neutral_name);
  return [whereWords(home, ticket), isNamed ? named(ticket.queue_name, ticket.queue_name_en) : ''].filter(Boolean).join(' · ');
}

/** @param {any} a */
const dayWords = (a) => (a.slot_start ? dayAndClock(a.slot_start) : '');

/** @param {Home} home @param {any} a */
function appointmentRow(home, a) {
  const fee = a.state === 'booked' ? feeOf(home, a) : null;
  if (!a.appointment) {
    return h('div', { key: a.ticket, 'data-other-ticket': a.ticket, 'data-state': a.state },
      h('span', null, whereWords(home, a), h('small', { class: 'num' }, a.number)));
  }
  return h('div', { class: 'wraps', key: a.appointment, 'data-appointment': a.appointment, 'data-state': a.state },
    h('span', null, whereWords(home, a), h('small', { class: 'num' }, [dayWords(a), a.number, a.state === 'asked' ? t('appointment.asked') : ''].filter(Boolean).join(' · ')),
      delayOf(home, a) ? h('small', null, t('patient.delay', { n: delayOf(home, a) })) : null, a.state === 'booked' ? feeLines(home, a) : null),
    h('span', { class: 'end choices' },
      a.state === 'booked' ? addToCalendar(home.page, a, 'btn') : null,
      h('button', { type: 'button', class: 'btn', key: 'cancel', 'data-action': 'cancel_appointment', 'data-appointment': a.appointment, onclick: () => cancelAppointment(home, a) }, t('patient.cancel'))),
    payView(home.page, a, fee));
}

/** @param {Home} home @param {string} name @param {any} body @param {string} words */
async function send(home, name, body, words) {
  try {
    const result = await home.page.command(name, body);
    home.page.notify(words, 'good');
    return result;
  } catch {
    return null; // said on the page
  }
}

/** The announced delay of an appointment of today, in minutes. @param {Home} home @param {any} a */
function delayOf(home, a) {
  return (home.model.ticketOf(a) || {}).delay_min || 0;
}

/** What becomes of the fee: until when the department takes a cancelling as in time. @param {Home} home @param {any} a */
async function feeWords(home, a) {
  let ticket = home.model.ticketOf(a);
  try {
    ticket = ticket || (await home.page.session.http('GET', `/api/v1/streams/ticket:${a.ticket}`)).snapshot;
  } catch {
    return ''; // what is not known is not said
  }
  if (!ticket.cancel_until) return '';
  const { clock } = home.page.protocol;
  if (Date.parse(ticket.cancel_until) <= clock.now()) return t(ticket.fee && ticket.fee.paid_fen ? 'patient.cancel_late_paid' : 'patient.cancel_late');
  const time = ticket.cancel_until.startsWith(clock.wallAt(clock.now(), ticket.cancel_until).date) ? clockOf(ticket.cancel_until) : dayWords({ slot_start: ticket.cancel_until });
  return t(ticket.fee && ticket.fee.paid_fen ? 'patient.cancel_in_time' : 'patient.cancel_until', { time });
}

/** @param {Home} home @param {any} a */
async function cancelAppointment(home, a) {
  const fee = await feeWords(home, a);
  const sure = await ask(t('patient.cancel_sure'), (close) => h('div', { class: 'form' },
    h('p', null, whereWords(home, a), h('br', null), h('b', { class: 'num' }, dayWords(a))),
    h('p', null, [t('patient.cancel_more'), fee].filter(Boolean).join(' ')),
      h('button', { type: 'button', class: 'btn primary big wide', 'data-action': 'dialog_cancel', onclick: () => close(false) }, t('patient.keep_booking')),
      h('button', { type: 'button', class: 'btn danger wide', 'data-action': 'dialog_go', onclick: () => close(true) }, t('patient.cancel_go'))));
  if (sure && (await send(home, 'cancel_appointment', { appointment: a.appointment }, t('patient.did_cancel')))) await followRefund(home, a);
}

/** @param {Home} home @param {any} ticket */
async function cancelTicket(home, ticket) {
  const reason = await askText(t('patient.leave_sure'), {
    more: t('patient.leave_more'), usual: [t('reason.cannot_come'), t('reason.not_needed')], go: t('patient.leave_go'), keep: t('patient.keep'), danger: true,
  });
  if (reason) await send(home, 'cancel_ticket', { ticket: ticket.ticket, reason }, t('patient.did_leave'));
}

/** When it is likely to be called. @param {Home} home @param {any} ticket */
function expectation(home, ticket) {
  return rangeLeft(ticket.expected, home.page.protocol.clock.now());
}

/** @param {{from: string, to: string}} left */
const about = (left) => t(left.from ? 'patient.about' : 'patient.about_by', left);

/** Shows nearness in clock time. @param {Home} home @param {any} ticket */
function track(home, ticket) {
  const left = expectation(home, ticket);
  if (!left) return null;
  const clock = home.page.protocol.clock;
  const now = clock.now();
  const { expected } = ticket;
  const [from, to] = [Math.max(now, Date.parse(expected.from)), Date.parse(expected.to)];
  const end = Math.max(to + (to - from), now + 1800000, to + 900000);
  const part = (/** @type {number} */ at) => Math.max(0, Math.min(100, (100 * (at - now)) / (end - now)));
  return h('div', { key: 'track' },
    h('div', { class: 'track', 'aria-hidden': 'true', vars: { '--from': `${part(from)}%`, '--width': `${Math.max(2, part(to) - part(from))}%` } },
      h('div', { class: 'rail' }), h('div', { class: 'range' }), h('div', { class: 'now' })),
    h('div', { class: 'marks num' },
      h('span', null, t('patient.now', { time: clock.wallAt(now, expected.from).clock })),
      h('b', null, left.from ? `${left.from}–${left.to}` : about(left))));
}

/** What is to be paid before the check-in. @param {any} ticket */
const dueFirst = (ticket) => (ticket.state === 'booked' && ticket.fee && ticket.fee.due_fen ? ticket.fee : null);

/** @param {any} ticket */
function words(ticket) {
  const place = placeWord(ticket);
  const due = dueFirst(ticket);
  if (due) return t(due.by_phone ? 'patient.fee_first_here' : 'patient.fee_first', { yuan: yuan(due.due_fen) });
  if (ticket.to_desk) return t('pre_check.to_desk');
  if (ticket.desk_first) return t('pre_check.desk_first');
  if (ticket.state === 'called') return t('patient.go_now', { place });
  if (ticket.state === 'summoned') return t('patient.wait_at_door', { place });
  if (ticket.state === 'waiting' && ticket.ahead === null) return t('patient.left_over');
  if (ticket.state === 'waiting') return ticket.ahead ? t('patient.ahead', { n: ticket.ahead }) : t('patient.you_are_next');
  return t(`patient.state.${ticket.state}`);
}

/** The same with the room's name on one line. @param {any} ticket */
function inOnePiece(ticket) {
  const [before, after] = t(ticket.state === 'called' ? 'patient.go_now' : 'patient.wait_at_door', { place: '\n' }).split('\n');
  return [before, h('span', { class: 'keep' }, placeWord(ticket)), after];
}

/** Until when whoever is booked is not late, in UTC milliseconds: the slot's end with the announced delay. @param {any} ticket @param {any} a */
const onTimeUntil = (ticket, a) => Date.parse(a.slot_end) + (ticket.delay_min || 0) * 60000;

/** What to do before the check-in. @param {Home} home @param {any} ticket @param {any} a */
function bookedWords(home, ticket, a) {
  const late = onTimeUntil(ticket, a) <= home.page.protocol.clock.now();
  const opens = Date.parse(ticket.check_in_from) > home.page.protocol.clock.now();
  const due = dueFirst(ticket);
  const stem = due ? (due.by_phone ? 'patient.due_here' : 'patient.due') : 'patient.slot';
  return t(`${stem}_${late ? 'over' : opens ? 'opens' : 'at'}`, { time: clockOf(ticket.slot_start || a.slot_start), from: clockOf(ticket.check_in_from) });
}

/** Whether nobody but one doctor calls from its queue. @param {Home} home @param {any} ticket */
function isOneDoctors(home, ticket) {
  const queue = home.model.site(prefix(ticket.queue, 1)).one('queues', ticket.queue);
  return !!queue && (queue.doctors || []).length === 1;
}

/** What holds everybody up or has put this place back, as far as it goes on. @param {Home} home @param {any} ticket @param {any} a */
function reasons(home, ticket, a) {
  const { clock } = home.page.protocol;
  const said = [];
  if (home.model.takenBack(ticket.ticket)) said.push(`${t('patient.taken_back')} ${backWords(ticket)}`);
  if (ticket.state === 'waiting' && ticket.emergencies_ahead) said.push(t('patient.emergency_ahead', { n: ticket.emergencies_ahead }));
  if (ticket.state === 'waiting' && home.model.isPassed(ticket)) said.push(t('patient.passed'));
  if (ticket.rooms_paused) {
    const backAt = ticket.back_at && Date.parse(ticket.back_at) > clock.now() ? clockOf(ticket.back_at) : '';
    const rooms = isOneDoctors(home, ticket) ? 'patient.room_paused' : 'patient.rooms_paused';
    said.push(t(backAt ? `${rooms}_until` : rooms, { n: ticket.rooms_paused, time: backAt }));
  }
  if (ticket.delay_min) {
    const until = a.slot_end && ticket.state === 'booked' && onTimeUntil(ticket, a) > clock.now() ? clock.wallAt(onTimeUntil(ticket, a), a.slot_end).clock : '';
    said.push(t('patient.delay', { n: ticket.delay_min }) + (until ? t('patient.delay_until', { time: until }) : ''));
  }
  return said.map((text) => h('p', { class: 'notice soon', key: text, 'data-held-up': '' }, text));
}

/** That a call would not be heard, and what helps. @param {Home} home @param {any} ticket */
function silence(home, ticket) {
  if (!['waiting', 'summoned'].includes(ticket.state)) return null;
  if (isOff(home.page.protocol)) return h('p', { class: 'notice soon', key: 'silent', 'data-silent': 'offline' }, t('patient.rings_not_offline'));
  if (home.chime.canRing) return null;
  return h('p', { class: 'notice soon', key: 'silent', 'data-silent': '' }, t(home.chime.isKnown ? 'patient.silent' : 'patient.never_rings'));
}

/** @param {Home} home @param {any} ticket @param {any} a */
function ticketCard(home, ticket, a) {
  const tone = ticket.to_desk || ticket.desk_first || ticket.state === 'summoned' || ticket.state === 'missed' ? ' soon' : ticket.state === 'booked' ? ' calm' : '';
  const why = said(ticket.why);
  const expected = ticket.state === 'waiting' && !ticket.to_desk && expectation(home, ticket);
  const when = ticket.state === 'waiting' && ticket.ahead !== null && !ticket.to_desk && whenWords(home.model, ticket, a, !!expected);
  const sent = ticket.state === 'booked' ? sentWords(home.model, a.appointment) : '';
  // Whoever is called is still outside.
  const stage = ['waiting', 'summoned', 'serving'].indexOf(ticket.state === 'called' ? 'summoned' : ticket.state);
  return h('section', { class: 'block card', key: ticket.ticket, 'data-ticket': ticket.ticket, 'data-state': ticket.state },
    h('div', { class: `head${tone}` },
      h('p', null, [lineWords(home, ticket), placeWord(ticket)].filter(Boolean).join(' · ')),
      h('div', { class: 'line' }, h('b', { class: 'num' }, ticket.number || '–'), h('span', null, stateWord(ticket.state)))),
    h('div', { class: 'inside' },
      h('p', { class: 'big-words', role: 'status' }, words(ticket),
        expected ? [h('br', null), h('span', { class: 'keep' }, about(expected))] : null),
      when ? h('p', { class: 'sub', key: 'when', 'data-when': '' }, when) : null,
      // Nothing rings here without a network.
      ticket.state === 'waiting' && !ticket.to_desk && !ticket.desk_first && isOff(home.page.protocol) ? null : h('p', { class: 'sub' }, ticket.state === 'booked' ? bookedWords(home, ticket, a) : t(ticket.to_desk ? 'pre_check.to_desk_more' : ticket.desk_first ? 'pre_check.desk_first_more' : `patient.do.${ticket.state}${ticket.state === 'waiting' && !home.chime.canRing ? '_silent' : ''}`)),
      silence(home, ticket),
      a.appointment ? feeNotes(home, a) : null,
      ticket.state === 'waiting' && !ticket.to_desk ? track(home, ticket) : null,
      reasons(home, ticket, a),
      why && ticket.state === 'waiting' ? h('p', { class: 'notice', key: 'why' }, why) : null,
      sent ? h('p', { class: 'notice soon', key: 'sent' }, sent) : null,
      codeForm(home, ticket, a),
      h('div', { class: 'buttons' }, leave(home, ticket, a))),
    stage >= 0
      ? h('ol', { class: 'stages' }, ['area', 'door', 'room'].map((name, i) => h('li', { key: name, class: stage === i ? 'on' : '', 'aria-current': stage === i ? 'step' : undefined }, t(`patient.stage.${name}`))))
      : null);
}

/** @param {Home} home @param {any} ticket @param {any} a */
function leave(home, ticket, a) {
  if (ticket.state === 'booked') {
    return [
      addToCalendar(home.page, a, 'btn wide'),
      h('button', { type: 'button', class: 'btn wide', key: 'cancel', 'data-action': 'cancel_appointment', 'data-appointment': a.appointment, onclick: () => cancelAppointment(home, a) }, t('patient.cancel')),
    ];
  }
  if (['waiting', 'summoned', 'called'].includes(ticket.state)) {
    return h('button', { type: 'button', class: 'btn wide', 'data-action': 'cancel_ticket', 'data-ticket': ticket.ticket, onclick: () => cancelTicket(home, ticket) }, t('patient.leave'));
  }
  return null;
}

/** Checked in: to wait, or to the desk at once. @param {Home} home @param {string} ticket */
async function tellArrived(home, ticket) {
  const { snapshot } = await home.page.session.http('GET', `/api/v1/streams/ticket:${ticket}`).catch(() => ({ snapshot: null }));
  if (snapshot && snapshot.to_desk) home.page.notify(t('pre_check.to_desk'), 'alarm');
  else if (snapshot && snapshot.desk_first) home.page.notify(t('pre_check.desk_first'), 'soon');
  else home.page.notify(t('patient.did_check_in'), 'good');
}

/** Pressed twice, an arrival is one. */
let isArriving = false;

/** Check-in and reporting back with the area's code. @param {Home} home @param {any} ticket @param {any} a */
function codeForm(home, ticket, a) {
  const arriving = ticket.state === 'booked';
  if (!arriving && ticket.state !== 'away' && ticket.state !== 'missed') return null;
  const action = arriving ? 'check_in' : 'report_back';
  const due = dueFirst(ticket);
  const own = (/** @type {boolean} */ isFirst) => h('button', { type: 'button', class: `btn wide${isFirst ? ' primary big' : ''}`, key: 'show', 'data-action': 'show_code', onclick: () => showCode(home, ticket) }, t('patient.show_code'));
  // Who has to pay first cannot check in alone: at the desk the number's own code is wanted.
  if (due) return h('div', { class: 'code-form', key: 'code-due', 'data-pays-first': '' }, own(!due.by_phone));
  return h('form', {
    class: 'code-form', key: `code-${ticket.state}`, 'data-form': action,
    onsubmit: async (/** @type {any} */ event) => {
      event.preventDefault();
      if (isArriving) return;
      isArriving = true;
      const form = event.target;
      const code = form.elements.code.value.replace(/\s/g, '');
      const done = await (arriving
        ? checkIn(home.page, home.model, a, code)
        : where().then((here) => send(home, action, { ticket: ticket.ticket, code, ...here }, t('patient.did_report_back')))
      ).finally(() => {
        isArriving = false;
      });
      if (done && arriving) await tellArrived(home, ticket.ticket);
      if (done) {
        home.used();
        form.reset();
      }
    },
  },
  h('label', { class: 'field' }, h('span', null, t(arriving ? 'patient.code_check_in' : 'patient.code_report_back')),
    h('input', { class: 'input code', name: 'code', inputmode: 'numeric', autocomplete: 'one-time-code', pattern: '[0-9 ]{6,7}', maxlength: '7', required: true, value: home.scanned || undefined, onfocus: where })),
  h('button', { class: 'btn primary big wide', 'data-action': action }, t(arriving ? 'patient.check_in' : 'patient.report_back')),
  own(false));
}

/** The number's own code, for the scanner of a kiosk or the desk. @param {Home} home @param {any} ticket */
async function showCode(home, ticket) {
  const picture = await codePicture(home.page.session, ticket.ticket);
  if (!picture) home.page.notify(t('error.offline'));
  else await ask(t('patient.show_code'), (close) => h('div', { class: 'form own-code' },
    h('img', { src: picture, alt: t('slip.code') }), h('b', { class: 'num' }, ticket.number),
    h('p', null, t('patient.show_code_more')),
    h('button', { type: 'button', class: 'btn primary big wide', 'data-action': 'dialog_cancel', onclick: () => close(null) }, t('close'))));
}

/** Where to wait when the call was taken back. @param {any} ticket */
const backWords = (ticket) => t(`patient.taken_back.${ticket.state}`, { place: placeWord(ticket) });

/** What takes the whole screen: a call, a summons, a missed number; and that a call was taken back. */
const OVERLAID = ['called', 'summoned', 'missed'];

/**
 * The whole screen while somebody on the account is called, or has missed the call, until they say they have seen it:
 * whatever is shown, whoever is looked after. @param {Home} home
 */
export function calledView(home) {
  /** @type {any[]} */
  const live = home.family.reduce((all, one) => all.concat(one.liveTickets().map((x) => ({ ...x, patient: one.patient, back: one.takenBack(x.ticket.ticket) }))), /** @type {any[]} */ ([]));
  live.filter(({ ticket }) => ticket.state !== 'missed').forEach(({ ticket }) => [missedMark(ticket), `${missedMark(ticket)}!`].forEach((mark) => home.seen.delete(mark)));
  const news = live.filter(({ ticket, back }) => (back || OVERLAID.includes(ticket.state)) && !home.seen.has(markOf(ticket, back))).sort((a, b) => a.rank - b.rank)[0];
  if (!news) return null;
  return news.back ? takenBackView(home, news) : overlay(home, news.ticket, news.patient);
}

/** Whether a call stands on the screen, or was put away there. @param {Home} home @param {string} ticket @param {string} call */
export function isCallShown(home, ticket, call) {
  const shown = find('.called');
  if (shown && shown.dataset.called === ticket && shown.dataset.state === 'called') return true;
  return Array.from(home.seen).some((mark) => mark.startsWith(`${ticket}/called/${call}/`) && !/[!?]$/.test(mark));
}

/** @param {any} ticket */
const missedMark = (ticket) => `${ticket.ticket}/missed`;
/** A recall is news again; so is the next call missed. @param {any} ticket @param {string} [back] the call that was taken back */
const markOf = (ticket, back) => (back ? `${ticket.ticket}/back/${back}` : ticket.state === 'missed' ? missedMark(ticket) : `${ticket.ticket}/${ticket.state}/${ticket.call || ''}/${ticket.rounds || ''}`);

/** Of when what the whole screen says is, while the page is not current: the band of the page lies under it. @param {any} protocol */
function staleLine(protocol) {
  if (!isOff(protocol)) return null;
  const time = lastDataClock(protocol);
  return h('p', { class: 'stale', key: 'stale', role: 'status', 'data-stale': time }, time ? t('offline.patient', { time }) : t('offline.patient_never'));
}

/** The page goes where the news that took the whole screen is of. @param {Home} home @param {string} mark @param {string} patient @param {boolean} goes */
function putAway(home, mark, patient, goes) {
  home.seen.add(mark);
  if (goes || patient !== home.model.patient) home.show(patient);
  home.page.draw();
}

/** Once, when it comes up: it has the focus and is felt. @param {Home} home @param {string} mark @param {number[]} pattern */
function comesUp(home, mark, pattern) {
  if (home.seen.has(`${mark}!`)) return false;
  home.seen.add(`${mark}!`);
  requestAnimationFrame(() => find('.called .go') && find('.called .go').focus());
  const { userActivation } = /** @type {any} */ (navigator);
  // A page that nobody has touched may not.
  if (navigator.vibrate && (!userActivation || userActivation.hasBeenActive)) navigator.vibrate(pattern);
  return true;
}

/** Whoever was called has got up by now. @param {Home} home @param {any} news */
function takenBackView(home, { ticket, patient, back }) {
  const mark = markOf(ticket, back);
  comesUp(home, mark, [200]);
  return h('section', { class: 'called door', key: mark, role: 'alertdialog', 'aria-modal': 'true', 'aria-label': t('patient.taken_back'), 'data-called': ticket.ticket, 'data-state': 'taken_back' },
    staleLine(home.page.protocol),
    h('p', { class: 'whose' }, [home.nameOf(patient), lineWords(home, ticket)].filter(Boolean).join(' · ')),
    h('p', { class: 'number' }, ticket.number),
    h('p', { class: 'say' }, t('patient.taken_back')),
    h('p', { class: 'more' }, backWords(ticket)),
    h('button', { type: 'button', class: 'go', 'data-action': 'seen_call', onclick: () => putAway(home, mark, patient, true) }, t('close')));
}

/** @param {Home} home @param {any} ticket @param {string} patient */
function overlay(home, ticket, patient) {
  const mark = markOf(ticket);
  const { state } = ticket;
  if (comesUp(home, mark, state === 'called' ? [300, 150, 300, 150, 600] : [200]) && state !== 'missed') home.chime.ring();
  const seen = () => putAway(home, mark, patient, state === 'missed');
  const explained = home.seen.has(`${mark}?`);
  return h('section', { class: `called${state === 'called' ? '' : ' door'}`, key: mark, role: 'alertdialog', 'aria-modal': 'true', 'aria-label': words(ticket), 'data-called': ticket.ticket, 'data-state': state },
    staleLine(home.page.protocol),
    h('p', { class: 'whose' }, [home.nameOf(patient), lineWords(home, ticket)].filter(Boolean).join(' · ')),
    h('p', { class: 'number' }, ticket.number),
    h('p', { class: 'say' }, state === 'missed' || ticket.to_desk || ticket.desk_first ? words(ticket) : inOnePiece(ticket)),
    h('p', { class: 'more' }, t(explained ? 'patient.cannot_more' : ticket.to_desk ? 'pre_check.to_desk_more' : ticket.desk_first ? 'pre_check.desk_first_more' : `patient.${state}_more`)),
    h('button', { type: 'button', class: 'go', 'data-action': 'seen_call', onclick: seen }, t(state === 'missed' || explained ? 'close' : 'patient.going')),
    // Pressed twice it is as pressed once: nothing that ends something comes up under the finger.
    state === 'missed' ? null : h('button', {
      type: 'button', class: 'cannot', key: 'cannot', 'data-action': 'cannot_come', 'aria-expanded': String(explained),
      onclick: () => {
        home.seen.add(`${mark}?`);
        home.page.draw();
      },
    }, t('patient.cannot')));
}
