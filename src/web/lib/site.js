// The house's configuration as pages need it: departments, queues, service points, doctors, boards by id.

import { offsetOfZone } from './clock.js';

/** The first `n` parts of an id. @param {string} id @param {number} n */
export function prefix(id, n) {
  return (id || '').split('.').slice(0, n).join('.');
}

/** One site's configuration, read once and again when asked. */
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
    this.view = await this.session.http('GET', `/api/v1/site/${encodeURIComponent(this.id)}`);
    this.clock.zoneNamed(this.view.time_zone);
    return this.view;
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

  /** Sessions of a department on a date, as the directory knew them. @param {string} department @param {string} date @returns {any[]} */
  sessions(department, date) {
    const all = (this.view && this.view.sessions) || [];
    return all.filter((/** @type {any} */ s) => s.date === date && prefix(s.session, 2) === department);
  }

  /** Queues from which a doctor may call in a department. @param {string} department @param {string} doctor */
  queuesFor(department, doctor) {
    return this.of('queues', department).filter((q) => !(q.doctors || []).length || q.doctors.includes(doctor));
  }
}
