// Home on the phone: what matters now. The ticket card when there is one, else the next appointment, else booking; and the
// whole screen when the patient is called.

import { clockOf, wall, weekdayOf } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { named, said, t } from '../lib/i18n.js';
import { ask, askText } from '../lib/page.js';
import { prefix } from '../lib/site.js';
import { placeWord, stateWord } from '../lib/words.js';

/**
 * @typedef {{page: import('../lib/page.js').Page, model: import('./model.js').Model, name: () => string,
 *   go: (tab: string) => void, seen: Set<string>}} Home
 */

/** @param {Home} home */
export function homeView(home) {
  const { model } = home;
  if (model.refused) return h('p', { class: 'empty', key: 'refused' }, h('b', null, t('patient.refused')), t('patient.refused_more'));
  if (!model.value) return h('div', { class: 'block', key: 'skeleton', 'aria-busy': 'true' }, h('p', { class: 'skeleton' }));
  const now = model.now();
  // Whose number has been given up or seen is nothing to keep any more.
  const over = (/** @type {any} */ a) => (model.ticketOf(a) || {}).state === 'ended';
  const rest = model.live().filter((a) => !over(a) && (!now || a.ticket !== now.appointment.ticket));
  return [
    now ? ticketCard(home, now.ticket, now.appointment) : null,
    rest.length ? h('h2', { key: 'h' }, t(now ? 'patient.also_booked' : 'patient.booked')) : null,
    rest.length ? h('div', { class: 'block rows', key: 'rest' }, rest.map((a) => appointmentRow(home, a))) : null,
    !now && !rest.length ? nothing(home) : null,
    !now && !rest.length ? null : h('div', { class: 'block', key: 'book' },
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

/** @param {Home} home @param {any} a an appointment or a ticket */
function whereWords(home, a) {
  const id = a.department || prefix(a.ticket, 2);
  const site = home.model.site(prefix(id, 1));
  const department = home.model.department(id);
  return [site.view ? named(site.view.name || (site.view.site && site.view.site.name), site.view.name_en) : '', department ? named(department.name, department.name_en) : ''].filter(Boolean).join(' · ');
}

/** @param {any} a */
function dayWords(a) {
  if (!a.slot_start) return '';
  const date = String(a.slot_start).slice(0, 10);
  return `${t('date.short', { month: Number(date.slice(5, 7)), day: Number(date.slice(8, 10)) })} ${t(`weekday.${weekdayOf(date)}`)} ${clockOf(a.slot_start)}`;
}

/** @param {Home} home @param {any} a */
function appointmentRow(home, a) {
  const held = a.state === 'held';
  if (!a.appointment) {
    return h('div', { key: a.ticket, 'data-other-ticket': a.ticket, 'data-state': a.state },
      h('span', null, whereWords(home, a), h('small', { class: 'num' }, a.number)));
  }
  return h('div', { key: a.appointment, 'data-appointment': a.appointment, 'data-state': a.state },
    h('span', null, whereWords(home, a), h('small', { class: 'num' }, [dayWords(a), a.number, held || a.state === 'asked' ? t(`appointment.${a.state}`) : ''].filter(Boolean).join(' · '))),
    h('span', { class: 'end' },
      held
        ? h('button', { type: 'button', class: 'btn primary', 'data-action': 'confirm_appointment', 'data-appointment': a.appointment, onclick: () => confirm(home, a) }, t('patient.confirm'))
        : h('button', { type: 'button', class: 'btn', 'data-action': 'cancel_appointment', 'data-appointment': a.appointment, onclick: () => cancelAppointment(home, a) }, t('patient.cancel'))));
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

/** @param {Home} home @param {any} a */
function confirm(home, a) {
  return send(home, 'confirm_appointment', { appointment: a.appointment, patient: home.model.patient }, t('patient.did_book'));
}

/** @param {Home} home @param {any} a */
async function cancelAppointment(home, a) {
  const sure = await ask(t('patient.cancel_sure'), (close) => h('div', { class: 'form' },
    h('p', null, whereWords(home, a), h('br', null), h('b', { class: 'num' }, dayWords(a))),
    h('p', { class: 'muted' }, t('patient.cancel_more')),
    h('button', { type: 'button', class: 'btn danger big wide', 'data-action': 'dialog_go', onclick: () => close(true) }, t('patient.cancel_go')),
    h('button', { type: 'button', class: 'btn big wide', 'data-action': 'dialog_cancel', onclick: () => close(false) }, t('patient.keep'))));
  if (sure) await send(home, 'cancel_appointment', { appointment: a.appointment }, t('patient.did_cancel'));
}

/** @param {Home} home @param {any} ticket */
async function cancelTicket(home, ticket) {
  const reason = await askText(t('patient.leave_sure'), {
    usual: [t('reason.cannot_come'), t('reason.not_needed')], go: t('patient.leave_go'), keep: t('patient.keep'), danger: true,
  });
  if (reason) await send(home, 'cancel_ticket', { ticket: ticket.ticket, reason }, t('patient.did_leave'));
}

/** When it is likely to be called; a time that has passed is no expectation. @param {Home} home @param {any} ticket */
function expectation(home, ticket) {
  const { expected } = ticket;
  return expected && Date.parse(expected.to) > home.page.protocol.clock.now() ? expected : null;
}

/** Shows nearness in clock time. @param {Home} home @param {any} ticket */
function track(home, ticket) {
  const expected = expectation(home, ticket);
  if (!expected) return null;
  const clock = home.page.protocol.clock;
  const now = clock.now();
  const [from, to] = [Date.parse(expected.from), Date.parse(expected.to)];
  const end = Math.max(to + (to - from), now + 1800000, to + 900000);
  const part = (/** @type {number} */ at) => Math.max(0, Math.min(100, (100 * (at - now)) / (end - now)));
  return h('div', { key: 'track' },
    h('div', { class: 'track', 'aria-hidden': 'true', vars: { '--from': `${part(from)}%`, '--width': `${Math.max(2, part(to) - part(from))}%` } },
      h('div', { class: 'rail' }), h('div', { class: 'range' }), h('div', { class: 'now' })),
    h('div', { class: 'marks num' },
      h('span', null, t('patient.now', { time: wall(now, clock.offsetMinutes).clock })),
      h('b', null, `${clockOf(expected.from)}–${clockOf(expected.to)}`),
      h('span', null, wall(end, clock.offsetMinutes).clock)));
}

/** @param {any} ticket */
function words(ticket) {
  const place = placeWord(ticket);
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

/** Whether the slot of an appointment has ended by now. @param {Home} home @param {any} a */
function isOver(home, a) {
  return Date.parse(a.slot_end) <= home.page.protocol.clock.now();
}

/** @param {Home} home @param {any} ticket @param {any} a */
function ticketCard(home, ticket, a) {
  const tone = ticket.state === 'summoned' || ticket.state === 'missed' ? ' soon' : ticket.state === 'booked' ? ' calm' : '';
  const why = said(ticket.why);
  const expected = ticket.state === 'waiting' && expectation(home, ticket);
  // Whoever is called is still outside.
  const stage = ['waiting', 'summoned', 'serving'].indexOf(ticket.state === 'called' ? 'summoned' : ticket.state);
  return h('section', { class: 'block card', key: ticket.ticket, 'data-ticket': ticket.ticket, 'data-state': ticket.state },
    h('div', { class: `head${tone}` },
      h('p', null, [whereWords(home, ticket), placeWord(ticket)].filter(Boolean).join(' · ')),
      h('div', { class: 'line' }, h('b', { class: 'num' }, ticket.number || '–'), h('span', null, stateWord(ticket.state)))),
    h('div', { class: 'inside' },
      h('p', { class: 'big-words', role: 'status' }, words(ticket),
        expected ? [h('br', null), t('patient.about', { from: clockOf(expected.from), to: clockOf(expected.to) })] : null),
      h('p', { class: 'sub' }, ticket.state === 'booked' ? t(isOver(home, a) ? 'patient.slot_over' : 'patient.slot_at', { time: clockOf(ticket.slot_start || a.slot_start) }) : t(`patient.do.${ticket.state}`)),
      ticket.state === 'waiting' ? track(home, ticket) : null,
      why && ticket.state === 'waiting' ? h('p', { class: 'notice soon' }, why) : null,
      codeForm(home, ticket, a),
      h('div', { class: 'buttons' }, leave(home, ticket, a))),
    stage >= 0
      ? h('ol', { class: 'stages' }, ['area', 'door', 'room'].map((name, i) => h('li', { key: name, class: stage === i ? 'on' : '', 'aria-current': stage === i ? 'step' : undefined }, t(`patient.stage.${name}`))))
      : null);
}

/** @param {Home} home @param {any} ticket @param {any} a */
function leave(home, ticket, a) {
  if (ticket.state === 'booked') {
    return h('button', { type: 'button', class: 'btn wide', 'data-action': 'cancel_appointment', 'data-appointment': a.appointment, onclick: () => cancelAppointment(home, a) }, t('patient.cancel'));
  }
  if (['waiting', 'summoned', 'called'].includes(ticket.state)) {
    return h('button', { type: 'button', class: 'btn wide', 'data-action': 'cancel_ticket', 'data-ticket': ticket.ticket, onclick: () => cancelTicket(home, ticket) }, t('patient.leave'));
  }
  return null;
}

/** Check-in and reporting back with the area's code. @param {Home} home @param {any} ticket @param {any} a */
function codeForm(home, ticket, a) {
  const arriving = ticket.state === 'booked';
  if (!arriving && ticket.state !== 'away' && ticket.state !== 'missed') return null;
  const action = arriving ? 'check_in' : 'report_back';
  return h('form', {
    class: 'code-form', key: `code-${ticket.state}`, 'data-form': action,
    onsubmit: async (/** @type {any} */ event) => {
      event.preventDefault();
      const form = event.target;
      const code = form.elements.code.value.replace(/\s/g, '');
      const body = arriving ? { appointment: a.appointment, code } : { ticket: ticket.ticket, code };
      if (await send(home, action, body, t(arriving ? 'patient.did_check_in' : 'patient.did_report_back'))) form.reset();
    },
  },
  h('label', { class: 'field' }, h('span', null, t(arriving ? 'patient.code_check_in' : 'patient.code_report_back')),
    h('input', { class: 'input code', name: 'code', inputmode: 'numeric', autocomplete: 'one-time-code', pattern: '[0-9 ]{6,7}', maxlength: '7', required: true })),
  h('button', { class: 'btn primary big wide', 'data-action': action }, t(arriving ? 'patient.check_in' : 'patient.report_back')));
}

/** The whole screen while the patient is called, until they say they have seen it. @param {Home} home */
export function calledView(home) {
  const now = home.model.value && home.model.now();
  if (!now || (now.ticket.state !== 'called' && now.ticket.state !== 'summoned')) return null;
  const { ticket } = now;
  // A recall is news again.
  const mark = `${ticket.ticket}/${ticket.state}/${ticket.call || ''}/${ticket.rounds || ''}`;
  if (home.seen.has(mark)) return null;
  const called = ticket.state === 'called';
  if (!home.seen.has(`${mark}!`)) {
    home.seen.add(`${mark}!`);
    if (navigator.vibrate) navigator.vibrate(called ? [300, 150, 300, 150, 600] : [200]);
  }
  const done = () => {
    home.seen.add(mark);
    home.page.draw();
  };
  return h('section', { class: `called${called ? '' : ' door'}`, key: mark, role: 'alertdialog', 'aria-label': words(ticket), 'data-called': ticket.ticket, 'data-state': ticket.state },
    h('p', { class: 'whose' }, [home.name(), whereWords(home, ticket)].filter(Boolean).join(' · ')),
    h('p', { class: 'number' }, ticket.number),
    h('p', { class: 'say' }, inOnePiece(ticket)),
    h('p', { class: 'more' }, t(called ? 'patient.called_more' : 'patient.summoned_more')),
    h('button', { type: 'button', class: 'go', 'data-action': 'seen_call', onclick: done }, t('patient.going')),
    h('button', {
      type: 'button', class: 'cannot', 'data-action': 'cannot_come',
      onclick: () => {
        done();
        home.page.notify(t('patient.cannot_more'), 'soon');
      },
    }, t('patient.cannot')));
}
