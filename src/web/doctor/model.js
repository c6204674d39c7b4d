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

  /** Where the doctor works; the room's own facts are the department's. @returns {any} */
  get work() {
    const work = this.value && this.value.at_work;
    if (!work) return null;
    const room = this.room(work.service_point) || {};
    const point = this.site.one('service_points', work.service_point);
    return {
      ...work,
      service_point_name: work.service_point_name || room.name || (point && point.name) || '',
      paused: !!(room.paused === undefined ? work.paused : room.paused),
      back_at: room.back_at || work.back_at || null,
    };
  }

  /** A room as the queues tell it. @param {string} servicePoint @returns {any} */
  room(servicePoint) {
    for (const queue of this.queues()) {
      const room = (queue.rooms || []).find((/** @type {any} */ r) => r.service_point === servicePoint);
      if (room) return room;
    }
    return null;
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
    const work = this.value && this.value.at_work;
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
    const room = this.room(work.service_point);
    const told = room && room.in_hand !== undefined ? room.in_hand : this.value.in_hand;
    const id = told && (told.ticket || told);
    return id ? this.ticket(id) || (told.ticket ? told : null) : null;
  }

  /** Tickets at this room's door, in order. @returns {string[]} */
  atDoor() {
    const work = this.work;
    const room = work && this.room(work.service_point);
    return (room && room.at_door) || [];
  }

  /** The day's figures: what the stream says, else what can be counted here. @returns {any} */
  today() {
    return (this.value && this.value.today) || { seen: this.list('ended').length, waiting: this.list('waiting').length };
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
