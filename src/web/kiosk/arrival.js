// Who stands at the kiosk: what they have today, found by what only they have, and what they do with it.

import { sendArrival } from '../lib/pre-check.js';
import { prefix } from '../lib/site.js';
import { COMES_BACK, IS_HERE } from '../lib/standing.js';
import { LiveStream } from '../lib/stream.js';

/**
 * Something of today: `appointment` or `ticket`, and the department that it is of.
 * @typedef {any} Item
 */

/** One person's turn at the kiosk. */
export class Arrival {
  /** @param {import('../lib/page.js').Page} page @param {() => {id: string}[]} departments that this kiosk is for */
  constructor(page, departments) {
    this.page = page;
    this.departments = departments;
    /** @type {Item[]} */
    this.items = [];
    /** The number that was taken or is shown. @type {Item|null} */
    this.item = null;
    /** Its place in the line, live. @type {LiveStream|null} */
    this.place = null;
  }

  /** Asks only: whose turn it is by then, the page knows. @param {any} by what was scanned or typed @returns {Promise<Item[]>} */
  async find(by) {
    const departments = this.departments().map((department) => department.id);
    const { appointments, tickets } = await this.page.session.http('POST', '/api/v1/arrivals/find', { departments, by });
    const all = [...appointments, ...tickets].map((one) => ({ ...one, department: prefix(one.ticket, 2) }));
    const rank = (/** @type {Item} */ one) => (this.commandOf(one) ? 0 : IS_HERE.includes(one.state) ? 1 : 2);
    return all.sort((a, b) => rank(a) - rank(b));
  }

  /** What was found of who stands here. @param {Item[]} items */
  take(items) {
    this.items = items;
  }

  /** What can be done with it here. @param {Item} item @returns {'check_in'|'report_back'|null} */
  commandOf(item) {
    if (item.appointment && item.state === 'booked') return 'check_in';
    return COMES_BACK.includes(item.state) ? 'report_back' : null;
  }

  /** Whether it stands in a line. @param {Item} item */
  isHere(item) {
    return IS_HERE.includes(item.state);
  }

  /**
   * Checks in, with what was answered where the site asks, or reports back.
   * @param {Item} item @param {any} preCheck @param {import('../lib/page.js').Page} page says what was refused
   * @returns {Promise<Item>} as it is now
   */
  async arrive(item, preCheck, page) {
    const command = this.commandOf(item) || '';
    const which = command === 'check_in' ? { appointment: item.appointment } : { ticket: item.ticket };
    return { ...item, ...(await sendArrival(page, command, which, preCheck)) };
  }

  /** @param {Item} item */
  show(item) {
    this.item = item;
    this.place = new LiveStream(this.page.protocol, `ticket:${item.ticket}`, this.page.draw, this.page.draw);
    this.page.draw();
  }

  /** The next person comes. */
  forget() {
    if (this.place) this.place.close();
    this.place = null;
    this.item = null;
    this.items = [];
  }
}
