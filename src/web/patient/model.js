// What the phone knows: the patient's stream, and the place in line of every appointment and ticket of today.

import { wall } from '../lib/clock.js';
import { prefix, Site } from '../lib/site.js';
import { LiveStream } from '../lib/stream.js';

/** Appointments that are still to be kept. */
const LIVE = ['asked', 'held', 'booked', 'checked_in'];
/** Which ticket matters most now. */
const URGENCY = ['called', 'summoned', 'serving', 'waiting', 'away', 'missed', 'in_transit', 'booked'];

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
    /** @type {any} */
    this.refused = null;
    this.stream = new LiveStream(page.protocol, `patient:${patient}`, () => this.changed(), (error) => {
      this.refused = error;
      page.draw();
    });
  }

  close() {
    this.stream.close();
    this.tickets.forEach((stream) => stream.close());
  }

  /** @returns {any} */
  get value() {
    return this.stream.value;
  }

  get today() {
    const clock = this.page.protocol.clock;
    return wall(clock.now(), clock.offsetMinutes).date;
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
      .sort((/** @type {any} */ a, /** @type {any} */ b) => (String(a.slot_start) < String(b.slot_start) ? -1 : 1));
  }

  /** @param {any} a */
  dateOf(a) {
    return a.date || String(a.slot_start).slice(0, 10);
  }

  changed() {
    const first = this.live().find((a) => a.slot_start);
    if (first) this.page.protocol.clock.zoneOf(first.slot_start);
    const wanted = new Set(this.live().filter((a) => a.ticket && this.dateOf(a) === this.today && a.state !== 'held' && a.state !== 'asked').map((a) => a.ticket));
    this.tickets.forEach((stream, id) => {
      if (wanted.has(id)) return;
      stream.close();
      this.tickets.delete(id);
    });
    wanted.forEach((id) => {
      if (this.tickets.has(id)) return;
      this.tickets.set(id, new LiveStream(this.page.protocol, `ticket:${id}`, () => this.changed(), this.page.draw));
    });
    for (const a of this.live()) this.site(prefix(a.department, 1));
    this.onChange();
  }

  /** The place in line of an appointment, or of a ticket of none. @param {any} a @returns {any} */
  ticketOf(a) {
    const stream = this.tickets.get(a.ticket);
    return (stream && stream.value) || null;
  }

  /** The ticket that matters now, with its appointment. @returns {{ticket: any, appointment: any}|null} */
  now() {
    /** @type {any} */
    let best = null;
    for (const appointment of this.live()) {
      const ticket = this.ticketOf(appointment);
      const rank = ticket ? URGENCY.indexOf(ticket.state) : -1;
      if (rank >= 0 && (!best || rank < best.rank)) best = { rank, ticket, appointment };
    }
    return best;
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
