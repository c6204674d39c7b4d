// The house's configuration as pages need it: departments, queues, service points, doctors, boards by id.

import { offsetOfZone } from './clock.js';
import { named, t } from './i18n.js';

/** What could not be read is asked for again after so long. */
const AGAIN_MS = 5000;

/** The first `n` parts of an id. @param {string} id @param {number} n */
export function prefix(id, n) {
  return (id || '').split('.').slice(0, n).join('.');
}

/** One site's configuration, as it was read last. */
export class Site {
  /**
   * @param {import('./session.js').Session} session @param {string} id
   * @param {import('./clock.js').ServerClock} clock goes by the site's zone from its first reading on
   */
  constructor(session, id, clock) {
    this.session = session;
    this.id = id;
    this.clock = clock;
    /** @type {any} */
    this.view = null;
  }

  async read() {
    const view = await this.session.http('GET', `/api/v1/site/${encodeURIComponent(this.id)}`);
    // Of a department that does not answer now stands what it said before.
    const before = (this.view && this.view.sessions) || [];
    view.sessions = view.sessions.concat(before.filter((/** @type {any} */ one) => one.date >= view.today && (view.silent || []).includes(prefix(one.session, 2))));
    this.view = view;
    this.clock.zoneNamed(this.view.time_zone);
    return this.view;
  }

  /**
   * Reads it until it is there, and again every so often: what is defined meanwhile is there without a reload.
   * @param {import('./page.js').Page} page @param {number} everyMs @param {() => void} [heard] after each reading
   */
  async follow(page, everyMs, heard) {
    const then = heard || page.draw;
    const isRead = () => this.read().then(() => true, (refusal) => {
      page.refuse(refusal);
      return false;
    });
    while (!(await isRead())) {
      await new Promise((again) => {
        setTimeout(again, AGAIN_MS);
      });
    }
    then();
    // That the house is away is said elsewhere.
    setInterval(() => this.read().then(then, () => {}), everyMs);
  }

  /** How far its wall clock is from UTC at a moment, in minutes. @param {number} ms */
  offsetAt(ms) {
    const minutes = this.view ? offsetOfZone(this.view.time_zone, ms) : null;
    return minutes === null ? this.clock.offsetMinutes : minutes;
  }

  /** @param {string} list for example `queues` @returns {any[]} what is not retired, each with its id */
  all(list) {
    const found = (this.view && this.view[list]) || [];
    const things = Array.isArray(found) ? found : Object.keys(found).map((id) => ({ id, ...found[id] }));
    return things.filter((one) => !one.retired);
  }

  /** Those that who is signed in is for; none named: all. @returns {any[]} */
  ownDepartments() {
    const own = this.session.who.departments || [];
    return this.all('departments').filter((d) => !own.length || own.includes(d.id));
  }

  /** @param {string} list @param {string} id @returns {any} */
  one(list, id) {
    return this.all(list).find((one) => one.id === id) || null;
  }

  /** @param {string} list @param {string} department */
  of(list, department) {
    return this.all(list).filter((one) => prefix(one.id, 2) === department);
  }

  /** Priority classes that a department gives; emergency, which is seen and not proved, is none of them. @param {string} department @returns {any[]} */
  classesOf(department) {
    const found = this.one('departments', department);
    return (found && found.settings.queue.classes) || [];
  }

  /** The waiting areas whose screens call a queue, by name. @param {string} queue */
  areasOf(queue) {
    return this.all('boards').filter((one) => one.queues.includes(queue)).map((one) => named(one.name, one.name_en)).join(t('list.comma'));
  }

  /** Sessions of a department on a date, as the directory knew them. @param {string} department @param {string} date @returns {any[]} */
  sessions(department, date) {
    const all = (this.view && this.view.sessions) || [];
    return all.filter((/** @type {any} */ s) => s.date === date && prefix(s.session, 2) === department);
  }

  /** Where somebody can be transferred from a queue: those of its own department first, each with its department's name before its own. @param {string} from @returns {any[]} */
  targetsFrom(from) {
    const isNear = (/** @type {any} */ queue) => Number(prefix(queue.id, 2) === prefix(from, 2));
    const targets = this.all('queues').filter((queue) => queue.id !== from);
    targets.sort((a, b) => isNear(b) - isNear(a) || (a.id < b.id ? -1 : 1));
    return targets.map((queue) => {
      const department = this.one('departments', prefix(queue.id, 2));
      return { ...queue, label: `${department ? named(department.name, department.name_en) : ''} · ${named(queue.name, queue.name_en)}` };
    });
  }
}
