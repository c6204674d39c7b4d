// What was answered before the queue: asked for a ticket at a time, because each look is on the audit, and kept in memory only.

import { questionsOf } from './pre-check.js';
import { Recent } from './recent.js';

/** A morning's patients of a console. */
const KEPT = 200;
/** Longer than the house takes for anything. */
const PATIENCE_MS = 10000;

/** @typedef {{said?: any, refusal?: any}} Read `said` as the house gives it, or why it was not read; neither: on its way */

/** Answers given again at the same ticket are others. @param {any} ticket */
const keyOf = (ticket) => `${ticket.ticket} ${ticket.pre_check.at}`;

/** A cache of what was answered, by ticket. */
export class Answers {
  /** @param {import('./session.js').Session} session @param {() => void} onChange */
  constructor(session, onChange) {
    this.session = session;
    this.onChange = onChange;
    /** @type {Recent<Read>} */
    this.known = new Recent(KEPT);
    /** Versions of the questions that were read for, by version. @type {Map<number, Read>} */
    this.versions = new Map();
  }

  /**
   * What was asked in a version. Who has the page open since before it was saved reads the site once more.
   * @param {import('./site.js').Site} site @param {number} version @returns {{asked?: any[], refusal?: any}} neither: on its way
   */
  questions(site, version) {
    const asked = questionsOf(site, version);
    if (asked) return { asked };
    if (!this.versions.has(version)) this.readVersion(site, version);
    return /** @type {Read} */ (this.versions.get(version));
  }

  /** @param {import('./site.js').Site} site @param {number} version */
  async readVersion(site, version) {
    this.versions.set(version, {});
    try {
      await site.read();
      if (!questionsOf(site, version)) this.versions.set(version, { refusal: { code: 'no_answer' } });
    } catch (refusal) {
      this.versions.set(version, { refusal });
    }
    this.onChange();
  }

  /** What is known by now; asked for at the first call. @param {any} ticket @returns {Read} */
  of(ticket) {
    const known = this.known.get(keyOf(ticket));
    if (known) return known;
    this.known.set(keyOf(ticket), {});
    this.read(ticket);
    return {};
  }

  /** Once more, after it was not read. @param {any} ticket */
  again(ticket) {
    this.known.delete(keyOf(ticket));
    this.versions.delete(ticket.pre_check.version);
    this.onChange();
  }

  /** @param {any} ticket */
  async read(ticket) {
    const patience = new AbortController();
    const late = setTimeout(() => patience.abort(), PATIENCE_MS);
    try {
      const said = await this.session.http('GET', `/api/v1/tickets/${encodeURIComponent(ticket.ticket)}/pre-check`, undefined, { signal: patience.signal });
      this.known.set(keyOf(ticket), { said });
    } catch (failed) {
      this.known.set(keyOf(ticket), { refusal: failed.name === 'AbortError' ? { code: 'no_answer' } : failed });
    } finally {
      clearTimeout(late);
    }
    this.onChange();
  }
}
