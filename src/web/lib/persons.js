// Names for a page that is entitled to them: asked for by id, fifty at a time, kept in memory only.

import { Recent } from './recent.js';

const AT_ONCE = 50;
/** Many more than any page shows at once; a console is open for weeks, and the names of last month are nobody's business there. */
const KEPT = 2000;

/** A cache of persons by patient id. */
export class Persons {
  /** @param {import('./session.js').Session} session @param {() => void} onChange */
  constructor(session, onChange) {
    this.session = session;
    this.onChange = onChange;
    /** @type {Recent<any>} */
    this.known = new Recent(KEPT);
    /** @type {Set<string>} */
    this.wanted = new Set();
    /** On their way. @type {Map<string, Promise<void>>} */
    this.reading = new Map();
    this.waiting = 0;
  }

  /** The person, if known by now; asks for it otherwise. @param {string} id @returns {any} */
  get(id) {
    if (!id) return null;
    const known = this.known.get(id);
    if (known !== undefined) return known;
    this.wanted.add(id);
    if (!this.waiting) this.waiting = /** @type {any} */ (setTimeout(() => this.ask(), 30));
    return null;
  }

  /** The name of a ticket's patient; masked until it is known. @param {any} ticket */
  nameOf(ticket) {
    const person = this.get(ticket.patient);
    return (person && person.name) || ticket.masked_name || '';
  }

  /** Resolves when these are known, or cannot be. @param {string[]} ids */
  async ready(ids) {
    ids.forEach((id) => this.known.has(id) || this.wanted.add(id));
    while (this.wanted.size) await this.ask();
    await Promise.all(ids.map((id) => this.reading.get(id)));
  }

  /** As `nameOf`, once it is known or cannot be: what is asked or said of somebody names them. @param {any} ticket @returns {Promise<string>} */
  async nameFor(ticket) {
    if (ticket.patient) await this.ready([ticket.patient]);
    return this.nameOf(ticket);
  }

  /** @param {any} person as the door gave it */
  put(person) {
    if (person && person.patient) this.known.set(person.patient, person);
  }

  /** @param {string[]} ids */
  async read(ids) {
    try {
      const answer = await this.session.http('POST', '/api/v1/persons/read', { ids });
      (answer.persons || []).forEach((/** @type {any} */ p) => this.put(p));
    } catch (refusal) {
      // None of them is to be seen here: they stay masked.
      if (refusal.code !== 'forbidden') setTimeout(() => ids.forEach((id) => this.known.get(id) === null && this.known.delete(id)), 3000);
    }
  }

  async ask() {
    const ids = Array.from(this.wanted).slice(0, AT_ONCE);
    ids.forEach((id) => {
      this.wanted.delete(id);
      this.known.set(id, null);
    });
    const reading = this.read(ids);
    ids.forEach((id) => this.reading.set(id, reading));
    await reading;
    ids.forEach((id) => this.reading.delete(id));
    this.waiting = this.wanted.size ? /** @type {any} */ (setTimeout(() => this.ask(), 30)) : 0;
    this.onChange();
  }
}
