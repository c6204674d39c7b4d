// The one search box: name, phone, document, number, appointment or a scanned code. What is found stands below it; Enter
// does what is obvious for the only match.

import { bioOf } from '../components/ticket.js';
import { clockOf } from '../lib/clock.js';
import { find, h, isEditing } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { listenScans } from '../lib/scan.js';
import { whoseOf } from '../lib/sessions.js';
import { standingWord, stateWord } from '../lib/words.js';
import { homeNotReached } from './reached.js';

const AFTER_MS = 220;

/** Whether a number is meant by how people say it, without its letter or noughts: A015 by `15` or `A15`. @param {string} number @param {string} text in capitals */
export function isSaidAs(number, text) {
  const [of, said] = [number, text].map((one) => /^([A-Z]*)0*(\d+)$/.exec(one));
  return !!of && !!said && said[2] === of[2] && (!said[1] || said[1] === of[1]);
}

/** Search of the desk. */
export class Search {
  /**
   * @param {import('../lib/page.js').Page} page
   * @param {{floor: () => any, persons: any, acts: any, pick: (ticket: string) => void, returnDay: (visit: any) => Promise<boolean>, departments: () => any[], department: (id: string) => any, open: (department: any) => void, writeDown: (text: string) => boolean|null, register: (text: string) => void}} desk
   *   `writeDown` puts a text on the list of who came while the server is away; null while it is there; `register` begins
   *   a walk-in with it
   */
  constructor(page, desk) {
    this.page = page;
    this.desk = desk;
    this.text = '';
    /** @type {any[]} */
    this.appointments = [];
    /** Tickets of today that the house found, beyond those whose names this page knows. @type {any[]} */
    this.found = [];
    /** Open visits of earlier days: whose patients may come back. @type {any[]} */
    this.visits = [];
    /** Who waits for a place, and what is kept for them. @type {any[]} */
    this.wishes = [];
    /** What is shown and done with these, once it is read. @type {typeof import('./wishes.js')|null} */
    this.waiting = null;
    /** What other departments have, when this one has nothing. @type {any[]} */
    this.elsewhere = [];
    this.asked = 0;
    this.asking = false;
    /** Which of the hits the arrow keys have chosen; -1: none. */
    this.at = -1;
    /** Enter came before the answer, as from a scanner: what it may do is done when the answer is here. */
    this.entered = false;
    /** The text that something is being done for: pressed again, it is the same wish. @type {string|null} */
    this.doing = null;
    /** Whether the page says that one of several is to be chosen. */
    this.isTold = false;
    document.addEventListener('keydown', (event) => this.catchKey(event));
    document.addEventListener('click', (event) => this.catchClick(event));
    // Before the next dialog or field answers it.
    listenScans('#search', (text) => this.scanned(text));
  }

  /** In focus whenever nothing else is: typing or a scanner's burst lands here. @param {KeyboardEvent} event */
  catchKey(event) {
    if (event.key === 'Escape' && this.text) this.clear();
    const typed = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== ' ';
    const field = find('#search');
    if (typed && field && !isEditing(event) && !document.querySelector('dialog[open]')) field.focus();
  }

  /** On nothing that can be pressed, selected or typed into: the box has the keys again, and an input method begins in it. @param {MouseEvent} event */
  catchClick(event) {
    const on = /** @type {Element} */ (event.target);
    const field = find('#search');
    if (field && document.activeElement === document.body && on.isConnected && !on.closest('dialog') && String(getSelection()) === '') field.focus();
  }

  clear() {
    this.type('');
    const field = find('#search');
    if (field) field.value = '';
  }

  /** @param {string} text */
  type(text) {
    this.text = text.trim();
    this.at = -1;
    if (this.isTold) this.page.notify('');
    this.isTold = false;
    clearTimeout(this.timer);
    // What was found for another text is not what Enter means.
    this.forget();
    this.asking = this.text.length >= 2 && this.page.protocol.status !== 'offline';
    if (this.asking) this.timer = setTimeout(() => this.ask(), AFTER_MS);
    this.page.draw();
  }

  forget() {
    this.asked += 1;
    this.entered = false;
    this.appointments = [];
    this.found = [];
    this.visits = [];
    this.wishes = [];
    this.elsewhere = [];
  }

  async ask() {
    clearTimeout(this.timer);
    this.asked += 1;
    const mine = this.asked;
    const own = this.desk.floor().department;
    /** @type {any} */
    let here = null;
    try {
      here = await this.find(own);
      if (here.wishes.length && !this.waiting) this.waiting = await import('./wishes.js');
    } catch (refusal) {
      this.page.refuse(refusal);
    }
    if (mine !== this.asked) return;
    this.asking = false;
    this.appointments = (here && here.appointments) || [];
    this.found = (here && here.tickets) || [];
    this.desk.floor().remember(this.found);
    this.visits = (here && here.visits) || [];
    this.wishes = (here && here.wishes) || [];
    this.elsewhere = [];
    if (this.appointments.some((a) => a.fee && (a.fee.due_fen || a.fee.paid_fen || a.fee.owed_fen))) this.desk.acts.readFees();
    this.page.draw();
    if (!here) this.entered = false;
    if (!here || this.appointments.length || this.tickets().length || this.visits.length || this.wishes.length) {
      if (this.entered) this.enter();
      return;
    }
    this.asking = true;
    const others = this.desk.departments().filter((d) => d.id !== own);
    const there = await Promise.all(others.map((department) => this.find(department.id).then(
      (answer) => [...answer.appointments, ...answer.tickets, ...answer.wishes].map((hit) => ({ ...hit, department })), () => /** @type {any[]} */ ([]))));
    if (mine !== this.asked) return;
    this.asking = false;
    this.elsewhere = there.reduce((all, some) => all.concat(some), /** @type {any[]} */ ([])).slice(0, 12);
    this.page.draw();
    if (this.entered) this.enter();
  }

  /** In the body, never in the address: it may be somebody's phone or document. @param {string} department @returns {Promise<any>} */
  find(department) {
    return this.page.session.http('POST', `/api/v1/departments/${department}/appointments/find`, { text: this.text });
  }

  /** Tickets of today that fit: known without asking, or found by the house; who is still here first. */
  tickets() {
    const floor = this.desk.floor();
    const text = this.text.toUpperCase();
    /** @type {any[]} */
    const hits = [];
    const found = new Set(this.found.map((hit) => hit.ticket));
    for (const queue of floor.queues()) {
      for (const ticket of Object.values(queue.tickets)) {
        const name = this.desk.persons.nameOf(ticket);
        const fits = String(ticket.number).toUpperCase().startsWith(text) || isSaidAs(ticket.number, text) || name.includes(this.text)
          || ticket.ticket === this.text || ticket.appointment === this.text || found.has(ticket.ticket);
        if (fits && ticket.ended !== 'undone') hits.push(ticket);
      }
    }
    for (const { ticket, whole } of this.found) if (whole && whole.ended !== 'undone' && !floor.queueOf(ticket)) hits.push(whole);
    return hits.sort((a, b) => Number(a.state === 'ended') - Number(b.state === 'ended')).slice(0, 12);
  }

  /** What can be chosen with the arrow keys, in the order in which it stands there. @returns {(() => void)[]} */
  choices() {
    return [
      ...this.appointments.map((a) => () => (this.isToCome(a) ? this.checkIn(a) : this.openFees(a))),
      ...this.tickets().map((ticket) => () => this.settle(ticket)),
      ...this.wishes.map((wish) => () => this.answer(wish)),
      ...this.visits.map((visit) => () => this.returnDay(visit)),
      ...this.elsewhere.map((hit) => () => this.goThere(hit)),
    ];
  }

  /** What a ticket that was found is there for. @param {any} ticket */
  settle(ticket) {
    if (ticket.state === 'away' || ticket.state === 'missed') this.reportBack(ticket);
    else this.pick(ticket);
  }

  /** Over to the department where somebody is expected; the text stays. @param {any} hit */
  goThere(hit) {
    this.desk.open(hit.department);
    this.forget();
    this.ask();
  }

  /** What Enter may do: what is chosen, else exactly one thing that is obvious. @returns {(() => void)|null} */
  obvious() {
    if (this.at >= 0) return this.choices()[this.at] || null;
    const tickets = this.tickets().filter((ticket) => ticket.state !== 'ended');
    const booked = this.appointments.filter((a) => this.isToCome(a));
    if (booked.length === 1 && !tickets.length) return () => this.checkIn(booked[0]);
    const offered = this.wishes.filter((wish) => this.waiting && this.waiting.openOffer(this, wish));
    if (offered.length === 1 && !tickets.length && !booked.length) return () => this.answer(offered[0]);
    if (tickets.length !== 1 || booked.length) return null;
    return () => this.settle(tickets[0]);
  }

  /** @param {any} event */
  onKey(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const many = this.choices().length;
    if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && many) {
      event.preventDefault();
      this.at = (this.at + (event.key === 'ArrowDown' ? 1 : this.at < 0 ? 0 : -1) + many) % many;
      this.page.draw();
    }
    if (event.key !== 'Enter') return;
    // The key that opens a dialog does not answer it.
    event.preventDefault();
    if (event.ctrlKey) this.register();
    else this.go(event.target);
  }

  /** @param {string} text */
  scanned(text) {
    this.look(text);
    this.go(find('#search'));
  }

  /** Somebody without an appointment, by what was typed. */
  register() {
    const { text } = this;
    this.clear();
    this.desk.register(text);
  }

  /** Enter. @param {any} field */
  go(field) {
    // What is scanned next takes the place of this text.
    field.select();
    if (!this.asking || this.at >= 0) this.enter();
    else if (!this.entered) {
      this.entered = true;
      this.ask();
    }
  }

  /** A text from elsewhere on the page. @param {string} text */
  look(text) {
    const field = find('#search');
    field.value = text;
    field.focus();
    this.type(text);
  }

  /** Does what Enter may do. */
  enter() {
    this.entered = false;
    const written = this.text ? this.desk.writeDown(this.text) : null;
    if (written) this.clear();
    if (written !== null) return;
    const act = this.obvious();
    if (act) act();
    else if (this.choices().length > 1) {
      this.isTold = true;
      this.page.notify(t('desk.choose_one'), 'soon', 'choose_one');
    }
  }

  /** Does it once; then the box is empty, unless the next text is in it by then. @param {() => Promise<boolean>} act */
  async once(act) {
    const { text } = this;
    if (this.doing === text) return;
    this.doing = text;
    const done = await act();
    if (this.doing === text) this.doing = null;
    if (done && this.text === text) this.clear();
  }

  /** Whether it can be checked in: of another day it is here for the money that goes back. @param {any} a */
  isToCome(a) {
    return a.state === 'booked' && a.date === this.desk.floor().today;
  }

  /** What was paid and goes back, where there is something. @param {any} a */
  async openFees(a) {
    const { fees } = this.desk.acts;
    if (!fees || !fees.line(a)) return;
    await fees.open(a);
    if (this.text) this.ask();
  }

  /** @param {any} appointment */
  checkIn(appointment) {
    return this.once(() => this.desk.acts.checkIn(appointment));
  }

  /** @param {any} appointment */
  correctNoShow(appointment) {
    return this.once(() => this.desk.acts.correctNoShow(appointment));
  }

  /** @param {any} ticket */
  reportBack(ticket) {
    return this.once(() => this.desk.acts.reportBack(ticket));
  }

  /** @param {any} visit */
  returnDay(visit) {
    return this.once(() => this.desk.returnDay(visit));
  }

  /** What is offered to who waits, or whether they wait on. @param {any} wish */
  answer(wish) {
    const { waiting } = this;
    return waiting ? this.once(() => waiting.answer(this, wish)) : Promise.resolve();
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
        class: 'input', id: 'search', type: 'search', autocomplete: 'off', autofocus: true, placeholder: t(this.page.protocol.status === 'offline' ? 'away.hint' : 'desk.search_hint'), 'data-action': 'search',
        oninput: (/** @type {any} */ event) => this.type(event.target.value),
        onkeydown: (/** @type {any} */ event) => this.onKey(event),
      }),
      this.text ? this.results() : null);
  }

  results() {
    const tickets = this.tickets();
    const only = this.at < 0 && !!this.obvious();
    const booked = this.appointments.length;
    const open = booked + tickets.length;
    const waits = open + this.wishes.length;
    const any = waits + this.visits.length + this.elsewhere.length > 0;
    const nothing = !this.asking && !any;
    const is = (/** @type {number} */ n) => only || this.at === n;
    if (!nothing && !any) return null;
    return h('div', { class: 'found', key: 'found', role: 'region', 'aria-label': t('desk.found') },
      booked ? h('h3', { key: 'ha' }, t('desk.found_appointments')) : null,
      this.appointments.map((a, n) => this.appointmentHit(a, is(n))),
      tickets.length ? h('h3', { key: 'ht' }, t('desk.found_tickets')) : null,
      tickets.map((ticket, n) => this.ticketHit(ticket, is(booked + n) && (this.at >= 0 || ticket.state !== 'ended'))),
      this.wishes.length ? h('h3', { key: 'hw' }, t('desk.found_wishes')) : null,
      this.wishes.map((wish, n) => this.waiting && this.waiting.wishHit(this, wish, this.at === open + n || (only && !open && !!this.waiting.openOffer(this, wish)))),
      this.visits.length ? h('h3', { key: 'hv' }, t('desk.found_visits')) : null,
      this.visits.map((visit, n) => this.visitHit(visit, this.at === waits + n)),
      this.elsewhere.length ? h('h3', { key: 'he' }, t('desk.found_elsewhere')) : null,
      this.elsewhere.map((hit, n) => this.elsewhereHit(hit, this.at === n)),
      nothing ? h('p', { class: 'empty', key: 'none', role: 'status' }, h('b', null, t(this.text.length < 2 ? 'desk.type_more' : 'desk.found_none')), t('desk.found_none_more')) : null,
      nothing ? h('div', { class: 'buttons', key: 'register' }, h('button', {
        type: 'button', class: 'btn', 'data-action': 'walk_in_with', onclick: () => this.register(),
      }, t('desk.walk_in_with'), h('kbd', { 'aria-hidden': 'true' }, 'Ctrl+Enter'))) : null);
  }

  /** Name, sex and age: two may have one name. @param {any} hit */
  who(hit) {
    const { persons } = this.desk;
    const bio = bioOf(persons.get(hit.patient) || hit, this.page.protocol.clock.now());
    return [`${persons.nameOf(hit)} `, bio ? h('span', { class: 'bio num', key: 'bio' }, bio) : null];
  }

  /** Whose clinic it is, what for, and how the telephone ends. @param {any} hit @param {string} what */
  more(hit, what) {
    const floor = this.desk.floor();
    const session = floor.sessions.find((/** @type {any} */ one) => one.session === hit.session);
    const person = this.desk.persons.get(hit.patient);
    const phone = (person && person.phone) || '';
    return [whoseOf(session || hit, floor.site), what, phone ? t('desk.phone_ends', { end: phone.slice(-4) }) : ''].filter(Boolean).join(' · ');
  }

  /** @param {any} visit @param {boolean} only */
  visitHit(visit, only) {
    return h('div', { class: `hit${only ? ' only' : ''}`, key: visit.visit, 'data-visit': visit.visit },
      h('span', { class: 'grow' }, this.who(visit), h('small', { class: 'num' }, t('desk.visit_of', { date: visit.date, number: visit.number, until: visit.open_until }))),
      h('button', { type: 'button', class: 'btn primary', 'data-action': 'return_day', 'data-visit': visit.visit, onclick: () => this.returnDay(visit) }, t('desk.return_day')));
  }

  /** @param {any} hit @param {boolean} only */
  elsewhereHit(hit, only) {
    const time = hit.slot_start ? t('desk.booked_for', { time: clockOf(hit.slot_start) }) : hit.wish ? t(hit.offer ? 'desk.has_offer' : 'desk.waits_there') : stateWord(hit.state);
    return h('div', { class: `hit${only ? ' only' : ''}`, key: hit.appointment || hit.ticket || hit.wish, 'data-elsewhere': hit.department.id },
      h('span', { class: 'number' }, hit.number || ''),
      h('span', { class: 'grow' }, this.who(hit), h('small', { class: 'num' }, `${named(hit.department.name, hit.department.name_en)} · ${time}`)),
      h('button', { type: 'button', class: 'btn', 'data-action': 'go_there', onclick: () => this.goThere(hit) }, t('desk.go_there')));
  }

  /** Where the pre-check has sent somebody before. @param {any} a */
  sentTo(a) {
    const department = this.desk.department(a.sent_to);
    return t('desk.sent_to', { where: department ? named(department.name, department.name_en) : a.sent_to });
  }

  /** @param {any} a @param {boolean} only */
  appointmentHit(a, only) {
    const { fees } = this.desk.acts;
    const { today } = this.desk.floor();
    const booked = a.slot_start ? t('desk.booked_for', { time: `${a.date === today ? '' : `${a.date} `}${clockOf(a.slot_start)}` }) : t('appointment.booked');
    return h('div', { class: `hit${only ? ' only' : ''}`, key: a.appointment, 'data-appointment': a.appointment },
      h('span', { class: 'number' }, a.number || ''),
      h('span', { class: 'grow' }, this.who(a), h('small', { class: 'num' }, this.more(a, booked)),
        a.sent_to ? h('small', { class: 'soon', 'data-sent-to': a.sent_to }, this.sentTo(a)) : null, homeNotReached(a), fees && fees.line(a)),
      this.isToCome(a)
        ? h('button', { type: 'button', class: 'btn primary', 'data-action': 'check_in', 'data-appointment': a.appointment, onclick: () => this.checkIn(a) },
          t('desk.check_in'), only ? h('kbd', null, '↵') : null)
        : h('span', { class: 'tag' }, t(`appointment.${a.state}`)),
      fees && fees.button(a, () => this.openFees(a)),
      a.state === 'no_show'
        ? h('button', {
          type: 'button', class: 'btn small', 'data-action': 'correct_no_show', 'data-appointment': a.appointment,
          onclick: () => this.correctNoShow(a),
        }, t('desk.correct_no_show'))
        : null,
      a.date === today && ['cancelled', 'given_back', 'stopped'].includes(a.state)
        ? h('button', {
          type: 'button', class: 'btn small', 'data-action': 'restore_appointment', 'data-appointment': a.appointment,
          onclick: () => this.desk.acts.restore(a).then(() => this.text && this.ask()),
        }, t('desk.restore'))
        : null,
      this.isToCome(a) && !a.outside
        ? h('button', {
          type: 'button', class: 'btn small', 'data-action': 'cancel_appointment', 'data-appointment': a.appointment,
          onclick: () => this.desk.acts.cancelAppointment(a).then(() => this.text && this.ask()),
        }, t('desk.cancel_appointment'))
        : null);
  }

  /** @param {any} ticket @param {boolean} only */
  ticketHit(ticket, only) {
    const back = ticket.state === 'away' || ticket.state === 'missed';
    return h('div', { class: `hit${only ? ' only' : ''}`, key: ticket.ticket, 'data-hit': ticket.ticket },
      h('span', { class: 'number' }, ticket.number),
      h('span', { class: 'grow' }, this.who(ticket), h('small', { class: 'num' }, this.more(ticket, standingWord(ticket)))),
      back
        ? h('button', { type: 'button', class: 'btn primary', 'data-action': 'report_back', 'data-ticket': ticket.ticket, onclick: () => this.reportBack(ticket) },
          t('desk.report_back'), only ? h('kbd', null, '↵') : null)
        : null,
      h('button', { type: 'button', class: 'btn', 'data-action': 'show_ticket', 'data-ticket': ticket.ticket, onclick: () => this.pick(ticket) }, t('desk.show')));
  }
}
