// What the console knows: the doctor's stream, the streams of the queues called from, and what follows for the page.

import { LiveStream } from '../lib/stream.js';
import { prefix } from '../lib/site.js';

/** Joins the doctor's stream with those of the queues. */
export class Model {
  /** @param {import('../lib/page.js').Page} page @param {import('../lib/site.js').Site} site @param {string} doctor */
  constructor(page, site, doctor) {
    this.page = page;
    this.site = site;
    this.doctor = doctor;
    /** @type {Map<string, LiveStream>} */
    this.streams = new Map();
    this.own = new LiveStream(page.protocol, `doctor:${doctor}`, () => this.changed(), (error) => {
      this.refused = error;
      page.draw();
    });
    /** @type {any} */
    this.refused = null;
  }

  get value() {
    return this.own.value;
  }

  get work() {
    return (this.value && this.value.at_work) || null;
  }

  changed() {
    const wanted = new Set(this.queueIds());
    this.streams.forEach((stream, id) => {
      if (wanted.has(id)) return;
      stream.close();
      this.streams.delete(id);
    });
    wanted.forEach((id) => {
      if (this.streams.has(id)) return;
      this.streams.set(id, new LiveStream(this.page.protocol, `queue:${id}`, () => this.page.draw()));
    });
    this.page.draw();
  }

  queueIds() {
    const work = this.work;
    if (!work) return [];
    const told = ((this.value && this.value.queues) || []).map((/** @type {any} */ q) => q.queue.id);
    return told.length ? told : this.site.queuesFor(work.department, this.doctor).map((q) => q.id);
  }

  /** The queues' values, the freshest we have. @returns {any[]} */
  queues() {
    const told = (this.value && this.value.queues) || [];
    return this.queueIds()
      .map((/** @type {string} */ id) => {
        const stream = this.streams.get(id);
        return (stream && stream.value) || told.find((/** @type {any} */ q) => q.queue.id === id);
      })
      .filter(Boolean);
  }

  /** @param {string} id @returns {any} */
  ticket(id) {
    for (const queue of this.queues()) if (queue.tickets[id]) return queue.tickets[id];
    return null;
  }

  /** The patient in hand, as the freshest stream says. @returns {any} */
  inHand() {
    const work = this.work;
    if (!work) return null;
    const own = this.value.in_hand;
    const id = own && (own.ticket || own);
    return id ? this.ticket(id) || (own.ticket ? own : null) : null;
  }

  /** Tickets at this room's door, in order. @returns {string[]} */
  atDoor() {
    const work = this.work;
    for (const queue of this.queues()) {
      const room = (queue.rooms || []).find((/** @type {any} */ r) => work && r.service_point === work.service_point);
      if (room && (room.at_door || []).length) return room.at_door;
    }
    return [];
  }

  /** All tickets in a state, in the order of being called for those who wait. @param {string} tab */
  list(tab) {
    /** @type {any[]} */
    const found = [];
    for (const queue of this.queues()) {
      if (tab === 'waiting') {
        for (const id of queue.order) if (queue.tickets[id]) found.push(queue.tickets[id]);
      } else {
        const states = tab === 'ended' ? ['ended'] : tab === 'away' ? ['away', 'in_transit'] : [tab];
        for (const ticket of Object.values(queue.tickets)) if (states.includes(ticket.state)) found.push(ticket);
      }
    }
    return tab === 'waiting' ? found : found.sort((a, b) => (lastAt(a) < lastAt(b) ? 1 : -1));
  }

  /** The queue of a ticket. @param {any} ticket */
  queueOf(ticket) {
    return this.queues().find((q) => q.tickets[ticket.ticket]) || null;
  }

  /** The newest steps of the day. @param {number} n */
  steps(n) {
    /** @type {any[]} */
    const all = [];
    for (const queue of this.queues()) {
      for (const ticket of Object.values(queue.tickets)) {
        for (const step of ticket.steps || []) all.push({ ...step, number: ticket.number });
      }
    }
    return all.sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, n);
  }

  get departmentName() {
    const work = this.work;
    const department = work && this.site.one('departments', work.department);
    return department || null;
  }

  get siteId() {
    return prefix(this.doctor, 1);
  }
}

/** @param {any} ticket */
export function lastAt(ticket) {
  const steps = ticket.steps || [];
  return steps.length ? steps[steps.length - 1].at : ticket.checked_in_at || '';
}

/** The newest step of a ticket that can be undone. @param {any} ticket @returns {any} */
export function lastUndoable(ticket) {
  const steps = (ticket && ticket.steps) || [];
  for (let i = steps.length - 1; i >= 0; i -= 1) if (steps[i].undoable) return steps[i];
  return null;
}
