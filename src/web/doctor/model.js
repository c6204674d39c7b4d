// What the console knows: the doctor's stream, the streams of the queues called from, and what follows for the page.

import { lateOf } from '../components/late.js';
import { named, t } from '../lib/i18n.js';
import { LiveStream } from '../lib/stream.js';
import { prefix } from '../lib/site.js';
import { reasonWord } from '../lib/words.js';

/** Joins the doctor's stream with those of the queues. */
export class Model {
  /** @param {import('../lib/page.js').Page} page @param {import('../lib/site.js').Site} site @param {string} doctor */
  constructor(page, site, doctor) {
    this.page = page;
    this.site = site;
    this.doctor = doctor;
    /** @type {Map<string, LiveStream>} */
    this.streams = new Map();
    /** Each room's own screen, while the doctor chooses one: who sits there. @type {Map<string, LiveStream>} */
    this.doors = new Map();
    this.own = new LiveStream(page.protocol, `doctor:${doctor}`, (_value, events) => this.changed(events), (error) => {
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
      service_point_name: point ? named(point.name, point.name_en) : work.service_point_name || room.name || '',
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

  /** @param {any[]} events */
  changed(events) {
    // The answer to `start_work` comes before the department has said that the room is free.
    events.forEach(([name, payload]) => {
      if (name === 'work_refused') this.page.notify(t('doctor.work_refused', { why: reasonWord(payload.reason) }), 'alarm', 'work_refused');
      // What the snapshot says of the queues is of the work before.
      if (name === 'work_began' && this.value) this.value.queues = [];
    });
    this.lookAtDoors(!!this.value && !this.value.at_work);
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

  /** @param {boolean} choosing */
  lookAtDoors(choosing) {
    if (!choosing) {
      this.doors.forEach((stream) => stream.close());
      this.doors.clear();
      return;
    }
    this.places().forEach((point) => {
      if (!this.doors.has(point.id)) this.doors.set(point.id, new LiveStream(this.page.protocol, `door:${point.id}`, () => this.page.draw(), () => this.page.draw()));
    });
  }

  /** Departments in which the doctor may sit. @returns {any[]} */
  departments() {
    const doctor = this.site.one('doctors', this.doctor);
    return this.site.all('departments').filter((d) => !doctor || (doctor.departments || []).includes(d.id));
  }

  /** Rooms of those. @returns {any[]} */
  places() {
    return this.departments().reduce((all, d) => all.concat(this.site.of('service_points', d.id)), /** @type {any[]} */ ([]));
  }

  /** Who sits in a room now; empty when it is free. @param {string} servicePoint */
  sitsIn(servicePoint) {
    const stream = this.doors.get(servicePoint);
    const door = stream && stream.value;
    return door && door.state !== 'closed' ? named(door.doctor, door.doctor_en) : '';
  }

  /** The room at whose door a ticket stands, when it is not this one. @param {any} ticket */
  atOtherDoor(ticket) {
    const work = this.work;
    if (ticket.state !== 'summoned' || (work && ticket.service_point === work.service_point)) return '';
    const room = this.room(ticket.service_point);
    return room ? named(room.name, room.name_en) : '';
  }

  /** The queues called from, in the department's order. @returns {string[]} */
  queueIds() {
    const work = this.value && this.value.at_work;
    if (!work) return [];
    // Where work has only been asked for they are not told yet, and those of the place before are over.
    return (this.value.calls_from || []).filter((/** @type {string} */ id) => prefix(id, 2) === work.department);
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

  /** Whom a call of the next calls, as the department says. @returns {any} */
  next() {
    const ticket = this.value && this.ticket(this.value.next);
    const hand = this.inHand();
    // Who has just been called is told by one stream a moment before the other says who is next now.
    return ticket && !(hand && hand.ticket === ticket.ticket) ? ticket : null;
  }

  /** The announced delays of this doctor's clinics, and of pools. @param {number} now @returns {any[]} */
  late(now) {
    const all = this.queues().reduce((/** @type {any[]} */ some, queue) => some.concat(lateOf(queue, now)), []);
    return all.filter((one) => !one.doctor || one.doctor === this.doctor);
  }

  /** The day's figures: what the stream says, else what can be counted here. @returns {any} */
  today() {
    return (this.value && this.value.today) || { seen: this.list('ended').length, waiting: this.list('waiting').length };
  }

  /** When those who wait now have been called, as the house foresees it for whoever comes now: of the queue that lasts longest. @returns {any} */
  ends() {
    const known = this.queues().map((q) => q.newcomer).filter(Boolean);
    return known.sort((a, b) => (a.to < b.to ? 1 : -1))[0] || null;
  }

  /** All tickets in a state; those who wait queue by queue, in the order of being called. @param {string} tab */
  list(tab) {
    /** @type {any[]} */
    const found = [];
    for (const queue of this.queues()) {
      if (tab === 'waiting') found.push(...this.waiting(queue));
      else {
        const states = tab === 'ended' ? ['ended'] : tab === 'away' ? ['away', 'in_transit'] : [tab];
        for (const ticket of Object.values(queue.tickets)) if (states.includes(ticket.state) && ticket.ended !== 'undone') found.push(ticket);
      }
    }
    return tab === 'waiting' ? found : found.sort((a, b) => (lastAt(a) < lastAt(b) ? 1 : -1));
  }

  /** Of a queue in its order; last those whom other rooms have at their doors, who do not come to this one. @param {any} queue @returns {any[]} */
  waiting(queue) {
    const door = this.atDoor();
    const here = queue.order.map((/** @type {string} */ id) => queue.tickets[id]).filter(Boolean);
    const isElsewhere = (/** @type {any} */ ticket) => ticket.state === 'summoned' && !door.includes(ticket.ticket);
    return [...here.filter((/** @type {any} */ ticket) => !isElsewhere(ticket)), ...here.filter(isElsewhere)];
  }

  /** The newest steps of the day. @param {number} n */
  steps(n) {
    /** @type {any[]} */
    const all = [];
    for (const queue of this.queues()) {
      for (const ticket of Object.values(queue.tickets)) {
        for (const step of ticket.steps || []) all.push({ ...step, number: ticket.number, of: ticket });
      }
    }
    return all.reverse().sort(newestFirst).slice(0, n);
  }

  get departmentName() {
    const work = this.work;
    const department = work && this.site.one('departments', work.department);
    return department || null;
  }
}

/** @param {any} ticket */
function lastAt(ticket) {
  const steps = ticket.steps || [];
  return steps.length ? steps[steps.length - 1].at : ticket.checked_in_at || '';
}

/** What one press has done is of one moment: who was called by it stands above who was ended. @param {any} one @param {any} other */
function newestFirst(one, other) {
  if (one.at !== other.at) return one.at < other.at ? 1 : -1;
  return Number(other.what === 'called') - Number(one.what === 'called');
}
