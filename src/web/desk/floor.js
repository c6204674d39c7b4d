// What the desk knows: the department's queues live, its sessions of today, the area's code.

import { readAreaCode } from '../lib/area.js';
import { wall } from '../lib/clock.js';
import { named, t } from '../lib/i18n.js';
import { isNotTaken } from '../lib/pre-check.js';
import { IS_SETTLED_FROM } from '../lib/standing.js';
import { LiveStream } from '../lib/stream.js';
import { stateWord } from '../lib/words.js';

/** Another department takes a ticket at once; longer than this is said to be on the way. */
const TAKEN_WITHIN_MS = 5000;

/** So many found tickets are kept until the next search. */
const EARLIER_MOST = 100;

/** After this time in transit the desk is told. */
const TRANSIT_MS = 10000;

/** What is there at once or in a moment. @param {() => any} find @returns {Promise<any>} null when it is not there after some seconds */
function soon(find) {
  return new Promise((resolve) => {
    const until = performance.now() + TAKEN_WITHIN_MS;
    const look = () => {
      const found = find();
      if (found || performance.now() > until) resolve(found || null);
      else setTimeout(look, 100);
    };
    look();
  });
}

/** One department as the desk sees it. */
export class Floor {
  /** @param {import('../lib/page.js').Page} page @param {import('../lib/site.js').Site} site @param {string} department */
  constructor(page, site, department) {
    this.page = page;
    this.site = site;
    this.department = department;
    /** @type {LiveStream[]} */
    this.streams = [];
    /** @type {any[]} */
    this.sessions = [];
    /** Ended tickets that the search has brought and no queue shows any more, by id. @type {Map<string, any>} */
    this.earlier = new Map();
    /** The code of the waiting area, and until when it is the code by this page's own clock: it changes with the
     * machine's minutes, whatever the clinic's clock says. @type {{code: string, until: number}|null} */
    this.area = null;
    /** When what it has was read, in UTC milliseconds of the clinic, while that is not now: it was left, or opened again
     * without the server. @type {number|null} */
    this.leftAt = null;
  }

  /** Follows the department. Without the server it keeps what was read before. */
  open() {
    this.close();
    const was = this.page.protocol.status === 'live' ? [] : this.streams;
    this.streams = [];
    this.isOpen = true;
    this.follow(was);
    this.timer = setInterval(() => this.tick(), 1000);
    this.readSite();
    this.readArea();
  }

  /** Follows the queues that the department has now: also one that was made since. @param {LiveStream[]} [was] what was read of them before */
  follow(was = []) {
    const came = () => {
      this.leftAt = null;
      this.page.draw();
    };
    const names = this.site.of('queues', this.department).map(({ id }) => `queue:${id}`);
    const before = this.streams;
    before.filter((one) => !names.includes(one.stream)).forEach((one) => one.close());
    this.streams = names.map((name) => before.find((one) => one.stream === name) || Object.assign(
      new LiveStream(this.page.protocol, name, came, this.page.draw),
      { value: (was.find((one) => one.stream === name) || { value: null }).value },
    ));
  }

  close() {
    if (this.isOpen) this.leftAt = this.readAt;
    this.isOpen = false;
    for (const stream of this.streams) stream.close();
    clearInterval(this.timer);
  }

  /** When the order was read, in UTC milliseconds of the clinic; null: never. */
  get readAt() {
    return this.leftAt === null ? this.page.protocol.lastDataAt : this.leftAt;
  }

  tick() {
    if (this.area && this.areaLeftMs() <= 0 && !this.reading) this.readArea();
    this.page.draw();
  }

  get today() {
    const clock = this.page.protocol.clock;
    return wall(clock.now(), clock.offsetMinutes).date;
  }

  /** Reads the site after something of it was changed here. */
  async readSite() {
    try {
      await this.site.read();
    } catch {
      // What was known stays; it is read again soon.
    }
    this.onSite();
  }

  /** The site has been read: which queues there are, which sessions of today. */
  onSite() {
    if (this.isOpen) this.follow();
    this.sessions = this.site.sessions(this.department, this.site.view.today || this.today);
    this.page.draw();
  }

  async readArea() {
    this.reading = true;
    try {
      this.area = await readAreaCode(this.page.session, this.department);
    } catch {
      this.area = null;
      setTimeout(() => this.isOpen && this.readArea(), 5000);
    }
    this.reading = false;
    this.page.draw();
  }

  /** How long the code is still the code, in milliseconds. */
  areaLeftMs() {
    return this.area ? Math.max(0, this.area.until - performance.now()) : 0;
  }

  /** @returns {any[]} */
  queues() {
    return this.streams.map((s) => s.value).filter(Boolean);
  }

  /** @param {string} id @returns {any} */
  ticket(id) {
    for (const queue of this.queues()) if (queue.tickets[id]) return queue.tickets[id];
    return this.earlier.get(id) || null;
  }

  /** A ticket that the house has, once it is here: the next moment. @param {string} id @returns {Promise<any>} null: it does not come */
  comes(id) {
    return soon(() => this.ticket(id));
  }

  /** What the search has found: a queue shows the newest of those who have ended, the house knows all. @param {any[]} found */
  remember(found) {
    if (this.earlier.size > EARLIER_MOST) this.earlier.clear();
    found.forEach((hit) => hit.whole && this.earlier.set(hit.ticket, hit.whole));
  }

  /**
   * The ticket, once the other department has taken it: a moment after it was sent.
   * @param {string} id @returns {Promise<any>} null when it is still on the way after some seconds
   */
  taken(id) {
    return soon(() => {
      const ticket = this.ticket(id);
      return ticket && ticket.linked_to ? ticket : null;
    });
  }

  /** @param {string} id @returns {any} */
  queueOf(id) {
    return this.queues().find((q) => q.tickets[id]) || null;
  }

  /** Tickets of a queue under a filter: who waits (with who is called or inside, first), who was left over, whom nothing has reached, or one state. @param {any} queue @param {string} filter */
  list(queue, filter) {
    const all = /** @type {any[]} */ (Object.values(queue.tickets));
    if (filter === 'waiting') {
      const inside = all.filter((x) => x.state === 'called' || x.state === 'serving');
      return inside.concat(queue.order.map((/** @type {string} */ id) => queue.tickets[id]).filter(Boolean));
    }
    if (filter === 'not_reached') return all.filter((x) => x.not_reached).sort((a, b) => (a.not_reached.since < b.not_reached.since ? -1 : 1));
    if (filter === 'left_over') return all.filter((x) => this.isLeftOver(x)).sort((a, b) => (a.number < b.number ? -1 : 1));
    return all.filter((x) => x.state === filter && x.ended !== 'undone').sort((a, b) => (a.number < b.number ? -1 : 1));
  }

  /** How many a queue has under a filter: whoever is called or inside waits no more, and of the ended not all are here. @param {any} queue @param {string} filter */
  count(queue, filter) {
    if (filter === 'waiting') return queue.order.length;
    return this.list(queue, filter).length + (filter === 'ended' ? queue.ended_left_out || 0 : 0);
  }

  /** Of an earlier day and not ended, and nobody is going to be called by it: for the desk to settle. @param {any} ticket */
  isLeftOver(ticket) {
    const queue = this.queueOf(ticket.ticket);
    return ticket.date < this.today && IS_SETTLED_FROM.includes(ticket.state) && !(queue && queue.order.includes(ticket.ticket));
  }

  /** At whose door a summoned ticket stands. @param {any} ticket */
  doorOf(ticket) {
    const room = this.rooms().find((r) => r.service_point === ticket.service_point);
    return room ? t('doctor.at_door_of', { place: named(room.name, room.name_en) }) : stateWord(ticket.state);
  }

  /** Tickets that have been on the way to another department for too long; of one that was refused there its alert speaks. @param {any} queue @returns {any[]} */
  stuck(queue) {
    const now = this.page.protocol.clock.now();
    return this.list(queue, 'in_transit').filter((x) => !isNotTaken(x) && now - Date.parse(x.transfer_since) > TRANSIT_MS);
  }

  /** Tickets that have been on the way here from another department for too long. @param {any} queue @returns {any[]} */
  awaited(queue) {
    const now = this.page.protocol.clock.now();
    const coming = /** @type {any[]} */ (Object.values(queue.coming || {}));
    return coming.filter((x) => now - Date.parse(x.since) > TRANSIT_MS).sort((a, b) => (a.since < b.since ? -1 : 1));
  }

  /** Rooms at work in this department. @returns {any[]} */
  rooms() {
    /** @type {Map<string, any>} */
    const rooms = new Map();
    for (const queue of this.queues()) for (const room of queue.rooms || []) rooms.set(room.service_point, room);
    return Array.from(rooms.values());
  }
}
