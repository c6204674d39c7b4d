// Who came while the server could not be reached: a list of what was typed, with the time, kept in this tab; merged in its order
// when the server is there again. What does not fit exactly one person is named and left to the nurse. And the last order on paper.

import { bioOf } from '../components/ticket.js';
import { clockOf, wall } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { readKept, writeKept } from '../lib/kept.js';
import { askedBy } from '../lib/pre-check.js';
import { COMES_BACK, IS_HERE } from '../lib/standing.js';
import { masked, stateWord, wordsOf } from '../lib/words.js';
import { isSaidAs } from './search.js';

const KEPT = 'jiaohao.desk.away';
const AGAIN_MS = 10000;
/** So far off the page's clock may be. */
const CLOCK_MS = 1000;
/** More than come in a long morning. */
const LIST_MAX = 300;

/**
 * @typedef {{key?: string, values?: Object<string, any>, why?: any}} Said words by key, or why it was refused: the language is that of who reads it
 * @typedef {{id: number, text: string, by?: string, at: number, department: string, state: 'written'|'merged'|'conflict', said: Said[]|string, only?: any, unasked?: boolean, owes?: any}} Entry
 *   `by` the account; `at` in UTC milliseconds of the clinic's time; `only`: the one whom a part of a name or number fits; `unasked`: is here, and the pre-check is still to be
 *   asked; `owes`: the appointment of who is here and has not paid
 */

/** Whether a text is all of it: a number as people say it, a code, a document or a phone. @param {string} text @param {any} found */
function isWhole(text, found) {
  const typed = text.toUpperCase();
  return text.includes('~') || isSaidAs(String(found.number || ''), typed) || String(found.number || '').toUpperCase() === typed || /^[A-Z0-9]*\d{7}[0-9X]*$/.test(typed);
}

/** A refusal as it is kept. @param {any} refusal @returns {Said[]} */
const refused = ({ code, title, detail, validNow }) => [{ why: { code, title, detail, validNow } }];

/** The list. */
export class Away {
  /**
   * @param {import('../lib/page.js').Page} page
   * @param {{floor: () => import('./floor.js').Floor, persons: any, acts: import('./acts.js').Acts, look: (text: string) => void}} desk `look` puts a text into the search
   */
  constructor(page, desk) {
    this.page = page;
    this.desk = desk;
    /** Who writes here: what another account has written in this tab is neither shown nor sent, and stays for that one. */
    this.by = page.session.who.account;
    const isOwn = (/** @type {Entry} */ entry) => !entry.by || entry.by === this.by;
    const kept = readKept(KEPT);
    /** @type {Entry[]} */
    this.entries = kept.filter(isOwn);
    /** @type {Entry[]} */
    this.others = kept.filter((entry) => !isOwn(entry));
    this.merging = false;
    /** Whose check-in or report is with the house: it can be struck off no more. @type {Entry|null} */
    this.sent = null;
    this.taking = false;
    page.protocol.onStatus((status) => {
      if (status === 'live') this.merge();
    });
    // What got no answer is asked again while the connection stands.
    setInterval(() => {
      if (page.protocol.status === 'live') this.merge();
    }, AGAIN_MS);
  }

  get isOffline() {
    return this.page.protocol.status === 'offline';
  }

  /** Whether there is anything to show. */
  get isThere() {
    return this.isOffline || this.entries.length > 0;
  }

  keep() {
    writeKept(KEPT, this.others.concat(this.entries.filter((entry) => entry.state !== 'merged')));
    this.page.draw();
  }

  /** @param {string} text @returns {boolean} whether it stands there now */
  add(text) {
    if (!text || this.entries.length >= LIST_MAX) return false;
    const id = 1 + this.entries.reduce((max, entry) => Math.max(max, entry.id), 0);
    this.entries.push({
      id, text, by: this.by, at: this.page.protocol.clock.now(), department: this.desk.floor().department, state: 'written', said: [],
    });
    this.keep();
    return true;
  }

  /** @param {Entry} entry */
  remove(entry) {
    this.entries = this.entries.filter((one) => one !== entry);
    this.keep();
  }

  /** Whether an entry has not been struck off meanwhile. @param {Entry} entry */
  stands(entry) {
    return this.entries.includes(entry);
  }

  /** In the order in which they came. What the connection breaks off goes on when it is back. */
  async merge() {
    if (this.merging || !this.entries.some((entry) => entry.state === 'written')) return;
    this.merging = true;
    try {
      await this.mergeAll();
    } finally {
      this.merging = false;
    }
  }

  async mergeAll() {
    // What the site asks may have changed while nobody could read it.
    const isRead = await this.desk.floor().site.read().then(() => true, () => false);
    for (const entry of isRead ? this.entries.filter((one) => one.state === 'written') : []) {
      // Who has left while the others were merged is not to wait.
      if (!this.stands(entry)) continue;
      try {
        await this.mergeOne(entry);
      } catch (refusal) {
        if (refusal.code === 'offline' || refusal.code === 'no_answer') break;
        Object.assign(entry, { state: 'conflict', said: refused(refusal) });
      } finally {
        this.sent = null;
      }
      this.keep();
    }
  }

  /** @param {Entry} entry */
  async mergeOne(entry) {
    const { appointments, tickets } = await this.page.session.http('POST', `/api/v1/departments/${entry.department}/appointments/find`, { text: entry.text });
    if (!this.stands(entry)) return;
    // Who was there in time is no no-show, whatever was recorded since.
    const today = this.desk.floor().today;
    const booked = appointments.filter((/** @type {any} */ a) => a.state === 'booked' || (a.state === 'no_show' && a.date === today));
    const all = [...booked, ...tickets.filter((/** @type {any} */ x) => COMES_BACK.includes(x.state) || IS_HERE.includes(x.state))];
    const [only] = all;
    if (!only) Object.assign(entry, { state: 'conflict', said: [{ key: 'away.none' }] });
    else if (all.length > 1) Object.assign(entry, { state: 'conflict', said: [{ key: 'away.several', values: { n: all.length } }] });
    else if (isWhole(entry.text, only)) {
      this.sent = entry;
      this.page.draw();
      await this.settle(entry, only);
    }
    // A part of a name or of a number fits nobody for certain: one look, one press.
    else Object.assign(entry, { state: 'conflict', said: [{ key: 'away.is_it' }], only });
  }

  /** When somebody came, as the door takes it: before now, by a clock that this page knows but for a moment. @param {Entry} entry */
  cameAt(entry) {
    return new Date(Math.min(entry.at, this.page.protocol.clock.now() - CLOCK_MS)).toISOString();
  }

  /** Checks in or reports back whom an entry means. @param {Entry} entry @param {any} only @param {{number: string, isPaid: boolean}} [done] checked in already */
  async settle(entry, only, done) {
    const { protocol } = this.page;
    if (only.appointment) {
      const { number } = done || await protocol.command('check_in', { appointment: only.appointment, came_at: this.cameAt(entry) });
      const unasked = !!askedBy(this.desk.floor().site);
      const owes = !(done && done.isPaid) && only.fee && only.fee.due_fen ? only : undefined;
      Object.assign(entry, { state: 'merged', unasked, owes, said: [{ key: 'away.checked_in', values: { number } }, ...(unasked ? [{ key: 'pre_check.unasked_more' }] : [])] });
    } else if (COMES_BACK.includes(only.state)) {
      await protocol.command('report_back', { ticket: only.ticket });
      Object.assign(entry, { state: 'merged', said: [{ key: 'away.reported_back', values: { number: only.number } }] });
    } else Object.assign(entry, { state: 'merged', said: [{ key: 'away.here', values: { number: only.number } }] });
  }

  /** It is the one who was found. @param {Entry} entry */
  async take(entry) {
    const { only } = entry;
    // Pressed twice it is the same wish.
    if (this.taking) return;
    this.taking = true;
    try {
      const done = only.appointment ? await this.desk.acts.checkInOfList(only, this.cameAt(entry)) : undefined;
      if (done === null) return;
      await this.settle(entry, only, done);
      delete entry.only;
    } catch (refusal) {
      entry.said = refused(refusal);
    } finally {
      this.taking = false;
    }
    this.keep();
  }

  /** What is still to be paid by whom an entry means. @param {Entry} entry */
  feeLine(entry) {
    const { acts } = this.desk;
    const owes = entry.only || entry.owes;
    if (!owes || !owes.fee || !owes.fee.due_fen) return null;
    if (acts.fees) return acts.fees.line(owes);
    acts.readFees();
    return null;
  }

  /** Takes it now, or sees that it has been taken. @param {Entry} entry */
  async openFees(entry) {
    const fees = await this.desk.acts.readFees();
    const { owes } = entry;
    if (!fees || !owes) return;
    await fees.open(owes);
    const one = await fees.read(owes.appointment).catch(() => ({ due_fen: owes.fee.due_fen }));
    if (!one || !one.due_fen) delete entry.owes;
    this.keep();
  }

  /** @param {number} ms */
  clock(ms) {
    return wall(ms, this.page.protocol.clock.offsetMinutes).clock;
  }

  /** The last order on paper, with its time. */
  print() {
    document.body.classList.add('on-paper-order');
    window.print();
    document.body.classList.remove('on-paper-order');
  }

  /** @param {Entry} entry */
  said(entry) {
    if (typeof entry.said === 'string') return entry.said;
    return entry.said.map(({ key = '', values, why }) => (why ? wordsOf(why, 'check_in') : t(key, key === 'away.is_it' ? { who: this.who(entry.only || {}) } : values))).join(' · ');
  }

  /** Who was found, by the name that was typed. @param {any} only */
  who(only) {
    const { persons } = this.desk;
    const bio = bioOf(persons.get(only.patient) || only, this.page.protocol.clock.now());
    const booked = only.slot_start ? t('desk.booked_for', { time: clockOf(only.slot_start) }) : '';
    return [[only.number, persons.nameOf(only), bio].filter(Boolean).join(' '), booked].filter(Boolean).join(' · ');
  }

  view() {
    const conflicts = this.entries.filter((entry) => entry.state === 'conflict');
    const open = conflicts.length;
    // Who needs a look stands first, then who is still to be asked.
    const fits = this.entries.filter((entry) => entry.state !== 'conflict');
    // With whom nothing is left to do is folded away.
    const isLeft = (/** @type {Entry} */ entry) => entry.unasked || !!entry.owes;
    const done = fits.filter((entry) => entry.state === 'merged' && !isLeft(entry));
    const inOrder = conflicts.concat(fits.filter(isLeft), fits.filter((entry) => entry.state === 'written'));
    const line = (/** @type {Entry} */ entry) => h('li', { class: entry.only ? 'asks' : '', key: String(entry.id), 'data-entry': entry.state, 'data-unasked': entry.unasked },
      h('span', { class: 'grow' }, masked(entry.text), h('small', { class: 'num' }, [this.clock(entry.at), this.said(entry)].filter(Boolean).join(' · ')), this.feeLine(entry)),
      this.button(entry));
    const left = this.entries.filter((entry) => entry.state === 'written').length;
    const over = !this.isOffline && !left && !open;
    const close = () => h('button', {
      type: 'button', class: 'btn primary', key: 'close', 'data-action': 'close_away',
      onclick: () => {
        this.entries = [];
        this.keep();
      },
    }, t('close'));
    const doneList = () => h('details', { key: 'done', 'data-done-entries': String(done.length) }, h('summary', null, t(inOrder.length ? 'away.all_done' : 'away.nothing_left', { n: done.length })),
      h('ul', { class: 'list' }, done.map(line)), inOrder.length ? null : h('p', { class: 'muted', key: 'seen' }, t('away.seen_how')));
    // One line, once nothing is left to do: what stands below it is what is looked at now.
    if (over && done.length && !inOrder.length) return h('div', { class: 'over', key: 'away', 'data-away': String(this.entries.length) }, doneList(), close());
    return h('div', { class: 'form', key: 'away', 'data-away': String(this.entries.length) },
      h('h2', null, t('away.title')),
      h('p', { class: 'muted' }, this.isOffline ? t('away.how') : open ? t('away.look', { n: open }) : t(left ? 'away.merging' : 'away.over')),
      this.isOffline ? h('button', { type: 'button', class: 'btn', key: 'print', 'data-action': 'print_order', onclick: () => this.print() }, t('away.print')) : null,
      this.entries.length
        ? h('ul', { class: 'list', key: 'list' }, inOrder.map(line))
        : h('p', { class: 'empty', key: 'none' }, t('away.nobody')),
      done.length ? doneList() : null,
      this.isOffline ? null : h('p', { class: 'muted', key: 'seen' }, t('away.seen_how')),
      over && this.entries.length ? close() : null);
  }

  /** @param {Entry} entry */
  button(entry) {
    const take = (/** @type {string} */ words) => h('button', { type: 'button', class: 'btn small', key: 'take', 'data-action': 'remove_entry', disabled: this.sent === entry, onclick: () => this.remove(entry) }, t(words));
    if (entry.state === 'written') return take('away.strike');
    if (entry.state === 'merged') {
      return entry.owes ? h('button', { type: 'button', class: 'btn small', key: 'fees', 'data-action': 'open_fees', onclick: () => this.openFees(entry) }, t('away.fees')) : null;
    }
    return [
      entry.only ? h('button', { type: 'button', class: 'btn primary small', key: 'yes', 'data-action': 'take_entry', onclick: () => this.take(entry) }, t('away.yes')) : null,
      h('button', { type: 'button', class: 'btn small', key: 'look', 'data-action': 'look_entry', onclick: () => this.desk.look(entry.text) }, t('desk.search')),
      take('away.done'),
    ];
  }

  /** What is printed: each queue as it stood, with the time; and who was written down. */
  paper() {
    const floor = this.desk.floor();
    const { site, readAt: at } = floor;
    const queues = floor.queues();
    const department = site.one('departments', floor.department);
    // An order that was never read is not an empty one.
    const unread = site.of('queues', floor.department).filter((one) => !queues.some((queue) => queue.queue.id === one.id));
    return h('section', { class: 'paper', key: 'paper', 'aria-hidden': 'true' },
      h('h2', null, [department ? named(department.name, department.name_en) : '', queues.length ? t('away.paper', { time: at === null ? '' : this.clock(at) }) : t('away.no_order')].filter(Boolean).join(' · ')),
      queues.length ? unread.map((one) => h('p', { key: one.id }, `${named(one.name, one.name_en)}: ${t('away.no_order_queue')}`)) : null,
      queues.map((queue) => h('div', { key: queue.queue.id },
        h('h3', null, named(queue.queue.name, queue.queue.name_en)),
        h('ol', null, floor.list(queue, 'waiting').map((ticket) => h('li', { key: ticket.ticket }, `${ticket.number} ${ticket.masked_name || ''} ${stateWord(ticket.state)}`))))),
      this.entries.length ? h('h3', { key: 'written' }, t('away.title')) : null,
      h('ol', { key: 'entries' }, this.entries.map((entry) => h('li', { key: String(entry.id) }, `${this.clock(entry.at)} ${masked(entry.text)}`))));
  }
}
