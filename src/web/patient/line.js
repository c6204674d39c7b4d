// The line of a release on the phone: there before it, in line after it, and whose turn it is.

import { clockOf } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';

/** From so long before a release to so long after it there is a line, in minutes, as the departments have it. */
const BEFORE_MIN = 5;
const AFTER_MIN = 30;

/** The moment near `now` at which something of these sessions is released: the last that has come, else the next; empty: none.
 * @param {any[]} sessions @param {number} now server time @returns {string} */
export function releaseNear(sessions, now) {
  const moments = sessions.flatMap((session) => (session.slots || []).map((/** @type {any} */ slot) => slot.bookable_from)).filter(Boolean);
  const since = (/** @type {string} */ moment) => (now - Date.parse(moment)) / 60000;
  const near = [...new Set(moments)].filter((moment) => since(moment) >= -BEFORE_MIN && since(moment) < AFTER_MIN);
  near.sort((a, b) => Date.parse(a) - Date.parse(b));
  return near.filter((moment) => since(moment) >= 0).pop() || near[0] || '';
}

/** What stands above the sessions of a department that releases some of them. */
export class Line {
  /** @param {import('../lib/page.js').Page} page @param {() => string} patient for whom */
  constructor(page, patient) {
    this.page = page;
    this.patient = patient;
    /** @type {any} what was answered last */
    this.told = null;
    this.department = '';
    this.timer = 0;
  }

  /** Nothing is asked any more; the position stays. */
  close() {
    clearTimeout(this.timer);
    this.told = null;
    this.department = '';
  }

  /** There, or still there: asked again when the house says so. @param {string} department */
  async enter(department) {
    clearTimeout(this.timer);
    const patient = this.patient();
    this.department = department;
    try {
      const told = await this.page.protocol.command('enter_release', { department, patient });
      if (this.department !== department || this.patient() !== patient) return;
      this.told = { ...told, patient };
      if (told.ask_again_ms !== null && !told.over) this.timer = /** @type {any} */ (setTimeout(() => this.enter(department), told.ask_again_ms));
    } catch (refusal) {
      this.told = null;
      // Nothing to wait for: the list of slots says what there is.
      if (/** @type {any} */ (refusal).code !== 'slot_closed') this.page.refuse(refusal, 'enter_release');
    }
    this.page.draw();
  }

  async leave() {
    const { department } = this;
    this.close();
    try {
      await this.page.command('leave_release', { department, patient: this.patient() });
    } catch {
      // said on the page
    }
    this.page.draw();
  }

  /** @param {string} department @param {any[]} sessions */
  view(department, sessions) {
    const moment = releaseNear(sessions, this.page.protocol.clock.now());
    const told = this.department === department && this.told && this.told.patient === this.patient() ? this.told : null;
    if (!moment || (told && told.over)) return null;
    const time = clockOf(moment);
    const standing = told ? told.standing : '';
    const isIn = ['present', 'waiting', 'let_in'].includes(standing);
    return h('section', { class: 'block card', key: 'line', 'data-line': standing || 'none' },
      h('p', { class: standing === 'let_in' ? 'big-words' : '', role: 'status' }, this.words(told, time)),
      told && told.begun_anew ? h('p', { key: 'anew' }, t('patient.line_anew')) : null,
      told && told.number ? h('p', { class: 'num', key: 'number' }, t('patient.line_number', { n: told.number, left: told.places_left })) : null,
      isIn
        ? h('button', { type: 'button', class: 'btn big wide', key: 'leave', 'data-action': 'leave_release', onclick: () => this.leave() }, t('patient.line_leave'))
        : h('button', { type: 'button', class: 'btn primary big wide', key: 'enter', 'data-action': 'enter_release', onclick: () => this.enter(department) }, t('patient.line_enter')));
  }

  /** @param {any} told @param {string} time of the release */
  words(told, time) {
    if (!told) return t('patient.line_soon', { time });
    switch (told.standing) {
      case 'present':
        return t('patient.line_present', { time });
      case 'waiting': {
        const ahead = told.ahead ? t('patient.line_waiting', { n: told.ahead }) : t('patient.line_next');
        const [from, to] = [told.wait_from_s, told.wait_to_s].map((s) => Math.ceil(s / 60));
        return told.ahead && told.wait_to_s !== null ? `${ahead} ${t('patient.line_wait', { from, to })}` : ahead;
      }
      case 'let_in':
        return t('patient.line_let_in', { time: clockOf(told.until) });
      case 'served':
        return t('patient.line_served');
      default:
        return t('patient.line_gone');
    }
  }
}
