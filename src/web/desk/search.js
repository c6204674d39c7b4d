// The one search box: name, phone, document, number, appointment or a scanned code. What is found stands below it; Enter
// does what is obvious for the only match.

import { clockOf } from '../lib/clock.js';
import { find, h, isEditing } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { stateWord } from '../lib/words.js';

const AFTER_MS = 220;

/** Search of the desk. */
export class Search {
  /**
   * @param {import('../lib/page.js').Page} page
   * @param {{floor: () => any, persons: any, acts: any, pick: (ticket: string) => void}} desk
   */
  constructor(page, desk) {
    this.page = page;
    this.desk = desk;
    this.text = '';
    /** @type {any[]} */
    this.appointments = [];
    this.asked = 0;
    document.addEventListener('keydown', (event) => this.catchKey(event));
  }

  /** In focus whenever nothing else is: typing or a scanner's burst lands here. @param {KeyboardEvent} event */
  catchKey(event) {
    if (event.key === 'Escape' && this.text) this.clear();
    const typed = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== ' ';
    const field = find('#search');
    if (typed && field && !isEditing(event) && !document.querySelector('dialog[open]')) field.focus();
  }

  clear() {
    this.type('');
    const field = find('#search');
    if (field) field.value = '';
  }

  /** @param {string} text */
  type(text) {
    this.text = text.trim();
    clearTimeout(this.timer);
    if (this.text.length < 2) {
      this.appointments = [];
    } else this.timer = setTimeout(() => this.ask(), AFTER_MS);
    this.page.draw();
  }

  async ask() {
    this.asked += 1;
    const mine = this.asked;
    const text = this.text;
    const floor = this.desk.floor();
    /** @type {any} */
    let answer = null;
    try {
      // In the body, never in the address: it may be somebody's phone or document.
      answer = await this.page.session.http('POST', `/api/v1/departments/${floor.department}/appointments/find`, { text });
    } catch (refusal) {
      this.page.refuse(refusal);
    }
    if (mine !== this.asked) return;
    this.appointments = (answer && answer.appointments) || [];
    this.page.draw();
  }

  /** Tickets of today that fit, known without asking. */
  tickets() {
    const floor = this.desk.floor();
    const text = this.text.toUpperCase();
    /** @type {any[]} */
    const hits = [];
    for (const queue of floor.queues()) {
      for (const ticket of Object.values(queue.tickets)) {
        const name = this.desk.persons.nameOf(ticket);
        const fits = String(ticket.number).toUpperCase().startsWith(text) || name.includes(this.text)
          || ticket.ticket === this.text || ticket.appointment === this.text;
        if (fits && ticket.state !== 'ended') hits.push(ticket);
      }
    }
    return hits.slice(0, 12);
  }

  /** What Enter may do: exactly one thing that is obvious. @returns {(() => void)|null} */
  obvious() {
    const tickets = this.tickets();
    const booked = this.appointments.filter((a) => a.state === 'booked');
    if (booked.length === 1 && !tickets.length) return () => this.checkIn(booked[0]);
    if (tickets.length !== 1 || booked.length) return null;
    const ticket = tickets[0];
    if (ticket.state === 'away' || ticket.state === 'missed') return () => this.reportBack(ticket);
    return () => this.pick(ticket);
  }

  /** @param {any} appointment */
  async checkIn(appointment) {
    if (await this.desk.acts.checkIn(appointment)) this.clear();
  }

  /** @param {any} appointment */
  async correctNoShow(appointment) {
    if (await this.desk.acts.correctNoShow(appointment)) this.clear();
  }

  /** @param {any} ticket */
  async reportBack(ticket) {
    if (await this.desk.acts.reportBack(ticket)) this.clear();
  }

  /** @param {any} ticket */
  pick(ticket) {
    this.clear();
    this.desk.pick(ticket.ticket);
  }

  view() {
    return h('div', { class: 'search', role: 'search' },
      h('label', { class: 'visually-hidden', for: 'search' }, t('desk.search')),
      h('input', {
        class: 'input', id: 'search', type: 'search', autocomplete: 'off', autofocus: true, placeholder: t('desk.search_hint'), 'data-action': 'search',
        oninput: (/** @type {any} */ event) => this.type(event.target.value),
        onkeydown: (/** @type {any} */ event) => {
          if (event.key !== 'Enter' || event.isComposing) return;
          const act = this.obvious();
          if (act) act();
        },
      }),
      this.text ? this.results() : null);
  }

  results() {
    const tickets = this.tickets();
    const only = !!this.obvious();
    const nothing = !tickets.length && !this.appointments.length;
    return h('div', { class: 'found', key: 'found', role: 'region', 'aria-label': t('desk.found') },
      this.appointments.length ? h('h3', { key: 'ha' }, t('desk.found_appointments')) : null,
      this.appointments.map((a) => this.appointmentHit(a, only)),
      tickets.length ? h('h3', { key: 'ht' }, t('desk.found_tickets')) : null,
      tickets.map((ticket) => this.ticketHit(ticket, only)),
      nothing ? h('p', { class: 'empty', key: 'none' }, h('b', null, t(this.text.length < 2 ? 'desk.type_more' : 'desk.found_none')), t('desk.found_none_more')) : null);
  }

  /** @param {any} a @param {boolean} only */
  appointmentHit(a, only) {
    const name = this.desk.persons.nameOf(a);
    return h('div', { class: `hit${only ? ' only' : ''}`, key: a.appointment, 'data-appointment': a.appointment },
      h('span', { class: 'number' }, a.number || ''),
      h('span', { class: 'grow' }, name, h('small', { class: 'num' }, t('desk.booked_for', { time: `${a.state === 'no_show' ? `${a.date} ` : ''}${clockOf(a.slot_start)}` }))),
      a.state === 'booked'
        ? h('button', { type: 'button', class: 'btn primary', 'data-action': 'check_in', 'data-appointment': a.appointment, onclick: () => this.checkIn(a) },
          t('desk.check_in'), only ? h('kbd', null, '↵') : null)
        : h('span', { class: 'tag' }, t(`appointment.${a.state}`)),
      a.state === 'no_show'
        ? h('button', {
          type: 'button', class: 'btn small', 'data-action': 'correct_no_show', 'data-appointment': a.appointment,
          onclick: () => this.correctNoShow(a),
        }, t('desk.correct_no_show'))
        : null,
      a.state === 'booked'
        ? h('button', {
          type: 'button', class: 'btn small', 'data-action': 'cancel_appointment', 'data-appointment': a.appointment,
          onclick: () => this.desk.acts.cancelAppointment(a),
        }, t('desk.cancel_appointment'))
        : null);
  }

  /** @param {any} ticket @param {boolean} only */
  ticketHit(ticket, only) {
    const back = ticket.state === 'away' || ticket.state === 'missed';
    return h('div', { class: `hit${only ? ' only' : ''}`, key: ticket.ticket, 'data-hit': ticket.ticket },
      h('span', { class: 'number' }, ticket.number),
      h('span', { class: 'grow' }, this.desk.persons.nameOf(ticket), h('small', null, stateWord(ticket.state))),
      back
        ? h('button', { type: 'button', class: 'btn primary', 'data-action': 'report_back', 'data-ticket': ticket.ticket, onclick: () => this.reportBack(ticket) },
          t('desk.report_back'), only ? h('kbd', null, '↵') : null)
        : null,
      h('button', { type: 'button', class: 'btn', 'data-action': 'show_ticket', 'data-ticket': ticket.ticket, onclick: () => this.pick(ticket) }, t('desk.show')));
  }
}
