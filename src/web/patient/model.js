// What the phone knows: the patient's stream, and the place in line of every appointment and ticket of today, and of who
// came before midnight and is here.

import { addDays, wall } from '../lib/clock.js';
import { prefix, Site } from '../lib/site.js';
import { LiveStream } from '../lib/stream.js';

/** Appointments that are still to be kept. */
const LIVE = ['asked', 'held', 'booked', 'checked_in'];
/** Which ticket matters most now. */
const URGENCY = ['called', 'summoned', 'serving', 'waiting', 'away', 'missed', 'in_transit', 'booked'];
/** Where a ticket is again when its call was taken back. */
const BEFORE_A_CALL = ['waiting', 'summoned'];

/** How often it is seen whether another day has begun. */
const DAY_LOOKED_AT_MS = 60000;

/** When it begins; what has no slot comes last. @param {any} a */
const startOf = (a) => (a.slot_start ? Date.parse(a.slot_start) : Number.POSITIVE_INFINITY);

/** One patient's streams. */
export class Model {
  /** @param {import('../lib/page.js').Page} page @param {string} patient @param {() => void} onChange */
  constructor(page, patient, onChange) {
    this.page = page;
    this.patient = patient;
    this.onChange = onChange;
    /** @type {Map<string, LiveStream>} */
    this.tickets = new Map();
    /** @type {Map<string, Site>} */
    this.sites = new Map();
    /** How many were ahead of a ticket, and since when more are than before. @type {Map<string, {ahead: number, passed: boolean}>} */
    this.places = new Map();
    /** The line of a ticket, its call, and where it stands since that call was taken back. @type {Map<string, {line: string, call: string, back: string}>} */
    this.calls = new Map();
    /** @type {any} */
    this.refused = null;
    this.stream = new LiveStream(page.protocol, `patient:${patient}`, () => this.changed(), (error) => {
      this.refused = error;
      page.draw();
      // Whom this phone still acts for, the next token says.
      page.session.renew().catch(() => {});
    });
    // A day begins without a word of the house: what was to come is today's then.
    this.timer = setInterval(() => this.changed(), DAY_LOOKED_AT_MS);
  }

  close() {
    clearInterval(this.timer);
    this.stream.close();
    this.tickets.forEach((stream) => stream.close());
  }

  /** @returns {any} */
  get value() {
    return this.stream.value;
  }

  /** Today's date where an appointment or ticket is. @param {any} a */
  todayOf(a) {
    const { clock } = this.page.protocol;
    const now = clock.now();
    return a.slot_start ? clock.wallAt(now, a.slot_start).date : wall(now, this.site(prefix(a.department, 1)).offsetAt(now)).date;
  }

  /** @param {string} id @returns {any} */
  appointment(id) {
    return ((this.value && this.value.appointments) || []).find((/** @type {any} */ a) => a.appointment === id) || null;
  }

  /** Appointments still to be kept, and tickets of none (walk-ins, transfers). @returns {any[]} the earliest first */
  live() {
    if (!this.value) return [];
    const tickets = Object.values(this.value.tickets || {}).map((/** @type {any} */ ticket) => ({ ...ticket, appointment: null }));
    return [...(this.value.appointments || []), ...tickets].filter((/** @type {any} */ a) => LIVE.includes(a.state))
      .sort((/** @type {any} */ a, /** @type {any} */ b) => (startOf(a) < startOf(b) ? -1 : 1));
  }

  /** @param {any} a */
  dateOf(a) {
    return a.date || String(a.slot_start).slice(0, 10);
  }

  /** Whether an appointment or ticket is of today. @param {any} a */
  isOfToday(a) {
    return this.dateOf(a) === this.todayOf(a);
  }

  /** Whether its place in line is followed: who has come yesterday may be here still, which the place says. @param {any} a */
  isFollowed(a) {
    if (!a.ticket || a.state === 'held' || a.state === 'asked') return false;
    return this.isOfToday(a) || (a.state === 'checked_in' && this.dateOf(a) === addDays(this.todayOf(a), -1));
  }

  changed() {
    const first = this.live().find((a) => a.slot_start);
    if (first) this.page.protocol.clock.zoneOf(first.slot_start);
    const wanted = new Set(this.live().filter((a) => this.isFollowed(a)).map((a) => a.ticket));
    this.tickets.forEach((stream, id) => {
      if (wanted.has(id)) return;
      stream.close();
      this.tickets.delete(id);
    });
    wanted.forEach((id) => {
      if (this.tickets.has(id)) return;
      this.tickets.set(id, new LiveStream(this.page.protocol, `ticket:${id}`, (ticket) => {
        this.follow(ticket);
        this.changed();
      }, this.page.draw));
    });
    for (const a of this.live()) this.site(prefix(a.department, 1));
    this.onChange();
  }

  /** The place in line of an appointment, or of a ticket of none. @param {any} a @returns {any} */
  ticketOf(a) {
    const stream = this.tickets.get(a.ticket);
    return (stream && stream.value) || null;
  }

  /** Tickets of today that have not ended, and those of yesterday by which somebody is here, with their appointments. @returns {{rank: number, ticket: any, appointment: any}[]} the most urgent first */
  liveTickets() {
    const tickets = this.live().map((appointment) => {
      const place = this.ticketOf(appointment);
      const ticket = place && (place.here || this.isOfToday(appointment)) ? place : null;
      return { rank: ticket ? URGENCY.indexOf(ticket.state) : -1, ticket, appointment };
    });
    return tickets.filter((one) => one.rank >= 0).sort((a, b) => a.rank - b.rank);
  }

  /** The ticket that matters now. @returns {{ticket: any, appointment: any}|null} */
  now() {
    return this.liveTickets()[0] || null;
  }

  /** Whether somebody has come and is not seen yet: that is what the page is about then. */
  waits() {
    const now = this.now();
    return !!now && now.ticket.state !== 'booked';
  }

  /** Appointments and tickets that ended as seen, today or in so many days before. @param {number} days @returns {any[]} the newest first */
  seenSince(days) {
    const tickets = /** @type {any[]} */ (Object.values((this.value && this.value.tickets) || {}));
    const all = [...((this.value && this.value.appointments) || []), ...tickets];
    // What goes on elsewhere is not over.
    const goesOn = new Set(tickets.map((ticket) => ticket.linked_from));
    const isIn = (/** @type {string} */ date, /** @type {string} */ today) => date >= addDays(today, -days) && date <= today;
    return all.filter((a) => a.state === 'fulfilled' && !goesOn.has(a.ticket) && isIn(this.dateOf(a), this.todayOf(a)))
      .sort((a, b) => (this.dateOf(a) < this.dateOf(b) ? 1 : -1));
  }

  /** Whether somebody who is no emergency has come before a ticket since it waits; by which rule, its place does not say. @param {any} ticket */
  isPassed(ticket) {
    const known = this.places.get(ticket.ticket);
    return !!known && known.passed;
  }

  /** The call that was taken back, as long as the ticket stands where that has put it; empty: none. @param {string} ticket */
  takenBack(ticket) {
    const known = this.calls.get(ticket);
    return known && known.back ? known.call : '';
  }

  /** @param {any} ticket */
  followCall(ticket) {
    const { ticket: id, state, line } = ticket;
    const known = this.calls.get(id) || { line: '', call: '', back: '' };
    // After a gap somebody may be back from a missed call or from tests: in a line of its own.
    const isBack = !!known.call && line === known.line && [state, ''].includes(known.back);
    if (state === 'called') this.calls.set(id, { line, call: ticket.call, back: '' });
    else if (BEFORE_A_CALL.includes(state)) this.calls.set(id, { line, call: isBack ? known.call : '', back: isBack ? state : '' });
    else this.calls.delete(id);
  }

  /** @param {any} ticket */
  follow(ticket) {
    if (ticket) this.followCall(ticket);
    if (!ticket || ticket.state !== 'waiting' || ticket.ahead === null) {
      if (ticket) this.places.delete(ticket.ticket);
      return;
    }
    const ahead = ticket.ahead - ticket.emergencies_ahead;
    const known = this.places.get(ticket.ticket);
    if (!known || ahead !== known.ahead) this.places.set(ticket.ticket, { ahead, passed: !!known && ahead > known.ahead });
  }

  /** The site's configuration, asked for when first needed. @param {string} id @returns {Site} */
  site(id) {
    const known = this.sites.get(id);
    if (known) return known;
    const site = new Site(this.page.session, id, this.page.protocol.clock);
    this.sites.set(id, site);
    site.read().then(this.page.draw, () => this.sites.delete(id));
    return site;
  }

  /** @param {string} department @returns {any} */
  department(department) {
    return this.site(prefix(department, 1)).one('departments', department);
  }
}
