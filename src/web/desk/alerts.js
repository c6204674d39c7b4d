// Alerts of the pre-check: seen and heard at once, of every department of this desk, until somebody says that they have heard.
// Below them, quietly, whom the pre-check has sent elsewhere today without a number.

import { Chime } from '../lib/chime.js';
import { h } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { readKept, writeKept } from '../lib/kept.js';
import { alertText, whereOf } from '../lib/pre-check.js';
import { prefix } from '../lib/site.js';
import { LiveStream } from '../lib/stream.js';
import { minutesSince } from '../lib/words.js';
import { askPriority } from './ticket-panel.js';

/** How often an urgent one rings until it has been heard. */
const RINGS_EVERY_MS = 6000;
/** So many urgent ones stand there in full; the others wait in the list. */
const IN_FULL = 3;
/** Which alerts were taken over while the house could not be told, kept in this tab. */
const KEPT = 'jiaohao.desk.heard';
/** What got no answer is said again. */
const AGAIN_MS = 10000;
/** More queues of other departments than one desk looks after. */
const QUEUES_MAX = 40;

/** @param {number} n minutes */
const sinceWords = (n) => (n ? t('pre_check.since', { n }) : t('pre_check.just_now'));

/** An alert: the same ticket may have another one later. @param {any} ticket */
const alertOf = (ticket) => `${ticket.ticket} ${ticket.pre_check.alert.at}`;

/** What nobody has heard yet. */
export class Alerts {
  /**
   * @param {import('../lib/page.js').Page} page @param {import('../lib/site.js').Site} site
   * @param {{floor: () => import('./floor.js').Floor|null, acts: any, persons: any, show: (ticket: any) => void}} desk
   */
  constructor(page, site, desk) {
    this.page = page;
    this.site = site;
    this.desk = desk;
    this.chime = new Chime(page.draw);
    /** Which have rung. @type {Set<string>} */
    this.rang = new Set();
    this.rangAt = 0;
    this.by = page.session.who.account;
    /** Taken over here while the server was away, by alert; whether the house has been told. Nobody answers for another's. @type {Map<string, boolean>} */
    this.noted = new Map(readKept(KEPT).filter((one) => one.by === this.by).map((one) => [one.alert, false]));
    this.telling = false;
    /** Whether the list of those that do not stand in full is open. */
    this.isOpen = false;
    /** Queues of the own departments that are not open, by stream. @type {Map<string, LiveStream>} */
    this.elsewhere = new Map();
    setInterval(() => this.look(), 1000);
    const tell = () => page.protocol.status === 'live' && this.tell();
    setInterval(tell, AGAIN_MS);
    page.protocol.onStatus(tell);
  }

  untold() {
    return Array.from(this.noted.keys()).filter((one) => !this.noted.get(one));
  }

  keep() {
    writeKept(KEPT, this.untold().map((alert) => ({ by: this.by, alert })));
    this.page.draw();
  }

  /** Tells the house who was taken over meanwhile. What it refuses rings again, unless somebody else has taken it. */
  async tell() {
    if (this.telling) return;
    this.telling = true;
    try {
      for (const alert of this.untold()) {
        try {
          await this.page.protocol.command('acknowledge_alert', { ticket: alert.split(' ')[0] });
          this.noted.set(alert, true);
        } catch (refusal) {
          if (refusal.code === 'offline' || refusal.code === 'no_answer') return;
          this.noted.delete(alert);
        }
        this.keep();
      }
    } finally {
      this.telling = false;
    }
  }

  /** Follows the queues of the other departments, as long as the site asks anything. */
  follow() {
    const asks = !!this.site.view && !!this.site.view.questions;
    const floor = this.desk.floor();
    const others = asks ? this.site.ownDepartments().filter((d) => !floor || d.id !== floor.department) : [];
    const wanted = new Set(others.reduce((/** @type {string[]} */ all, d) => all.concat(this.site.of('queues', d.id).map((q) => q.id)), []).slice(0, QUEUES_MAX));
    this.elsewhere.forEach((stream, id) => {
      if (wanted.has(id)) return;
      stream.close();
      this.elsewhere.delete(id);
    });
    wanted.forEach((id) => {
      if (!this.elsewhere.has(id)) this.elsewhere.set(id, new LiveStream(this.page.protocol, `queue:${id}`, () => this.look(), this.page.draw));
    });
  }

  /** The queues of this desk's departments. @returns {any[]} */
  queues() {
    const floor = this.desk.floor();
    return [...(floor ? floor.queues() : []), ...Array.from(this.elsewhere.values()).map((stream) => stream.value).filter(Boolean)];
  }

  /** Whom the pre-check has sent elsewhere today and who has no number here, the last first. @returns {any[]} */
  sent() {
    const all = this.queues().reduce((/** @type {any[]} */ some, queue) => some.concat(Object.values(queue.sent_elsewhere || {})), []);
    return all.sort((a, b) => (a.at < b.at ? 1 : -1));
  }

  /** Tickets whose alert nobody has heard, the urgent first, then the oldest. @returns {any[]} */
  open() {
    const all = this.queues().reduce((/** @type {any[]} */ some, queue) => some.concat(Object.values(queue.tickets)), []);
    const rank = (/** @type {any} */ ticket) => `${ticket.pre_check.alert.level === 'urgent' ? 0 : 1}${ticket.pre_check.alert.at}`;
    return all.filter((ticket) => ticket.pre_check && ticket.pre_check.alert && ticket.pre_check.alert.open)
      .sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  }

  /** Rings for what is new, and again for what is urgent. */
  look() {
    this.follow();
    const open = this.open();
    // Somebody is with them, whether or not the house knows it yet: who has noted it here, or a doctor.
    const loud = open.filter((ticket) => !this.noted.has(alertOf(ticket)) && !['called', 'serving'].includes(ticket.state));
    const isNew = loud.some((ticket) => !this.rang.has(alertOf(ticket)));
    const isUrgent = loud.some((ticket) => ticket.pre_check.alert.level === 'urgent');
    const now = performance.now();
    if ((isNew || (isUrgent && now - this.rangAt >= RINGS_EVERY_MS)) && this.chime.canRing) {
      this.chime.ring();
      this.rangAt = now;
      this.rang = new Set(open.map(alertOf));
    }
    if (open.length || isNew) this.page.draw();
  }

  /** @param {any} ticket */
  async heard(ticket) {
    if (this.page.protocol.status === 'offline') {
      this.noted.set(alertOf(ticket), false);
      this.keep();
      return;
    }
    if (!(await this.desk.acts.send('acknowledge_alert', { ticket: ticket.ticket }))) return;
    const { acts, persons } = this.desk;
    const more = ['waiting', 'summoned'].includes(ticket.state)
      ? { action: 'move_to_front', words: t('pre_check.move_to_front'), go: () => this.front(ticket) } : undefined;
    acts.done(t('pre_check.did_hear', { who: `${ticket.number} ${persons.nameOf(ticket)}` }), null, undefined, more);
  }

  /** The ticket, at what makes it go first. @param {any} ticket */
  front(ticket) {
    this.desk.show(ticket);
    requestAnimationFrame(askPriority);
  }

  view() {
    const now = this.page.protocol.clock.now();
    const open = this.open();
    if (!open.length) this.isOpen = false;
    if (!open.length) return this.sentView(now);
    const full = open.filter((ticket) => ticket.pre_check.alert.level === 'urgent').slice(0, IN_FULL);
    const rest = open.slice(full.length);
    return [
      h('div', { class: `alert-band${full.length > 1 ? ' many' : ''}`, key: 'band' },
        h('div', { class: 'in-full', key: 'full', hidden: !full.length }, full.map((ticket) => this.alertView(ticket, now))),
        rest.length ? this.restView(rest, !full.length) : null),
      rest.length && this.isOpen ? h('div', { class: 'alert-list', key: 'list', id: 'alert-list' }, rest.map((ticket) => this.alertView(ticket, now))) : null,
      this.chime.canRing ? null : h('p', { class: 'alert silent', key: 'silent' }, t('pre_check.silent')),
      full.length ? null : this.sentView(now)];
  }

  /** @param {any} ticket @param {number} now */
  alertView(ticket, now) {
    const { alert } = ticket.pre_check;
    const isUrgent = alert.level === 'urgent';
    const department = this.site.one('departments', prefix(ticket.ticket, 2));
    return h('div', { class: `alert${isUrgent ? ' urgent' : ''}`, key: ticket.ticket, 'data-alert': ticket.ticket, 'data-level': alert.level },
      h('b', { class: 'sign', 'aria-hidden': 'true' }, '!'),
      h('span', { class: 'grow' },
        h('b', null, `${t(isUrgent ? 'pre_check.urgent' : 'pre_check.look')}: ${alertText(ticket.pre_check, this.site)}`),
        h('span', { class: 'num' }, [`${ticket.number} ${this.desk.persons.nameOf(ticket)}`, department ? named(department.name, department.name_en) : '', sinceWords(minutesSince(alert.at, now))].filter(Boolean).join(' · '))),
      h('button', { type: 'button', class: 'btn', 'data-action': 'show_alert', onclick: () => this.desk.show(ticket) }, t('pre_check.show')),
      this.noted.has(alertOf(ticket))
        ? h('span', { class: 'tag soon', key: 'noted', role: 'status', 'data-noted': '' }, t('pre_check.noted'))
        : h('button', { type: 'button', class: 'btn primary', key: 'hear', 'data-action': 'acknowledge_alert', onclick: () => this.heard(ticket) }, t('pre_check.hear')));
  }

  /** How many more there are, and the way to them. @param {any[]} rest @param {boolean} isAlone */
  restView(rest, isAlone) {
    const urgent = rest.filter((ticket) => ticket.pre_check.alert.level === 'urgent').length;
    const words = [urgent ? t('pre_check.more_urgent', { n: urgent }) : '', rest.length > urgent ? t('pre_check.more_look', { n: rest.length - urgent }) : ''].filter(Boolean);
    return h('button', {
      type: 'button', class: `alert-rest${isAlone ? ' alone' : ''}`, key: 'rest', 'data-action': 'open_alerts', 'data-alerts-more': String(rest.length),
      'aria-expanded': String(this.isOpen), 'aria-controls': this.isOpen ? 'alert-list' : undefined,
      onclick: () => {
        this.isOpen = !this.isOpen;
        this.page.draw();
      },
    }, h('span', null, words.map((text, n) => h('span', { key: String(n), class: 'words' }, text))), h('span', { class: 'sign', 'aria-hidden': 'true' }, this.isOpen ? '▴' : '▾'));
  }

  /** One line, opened on a press: nothing is to be done, and nothing rings. @param {number} now */
  sentView(now) {
    const sent = this.sent();
    if (!sent.length) return null;
    return h('details', { class: 'sent-elsewhere', key: 'sent-elsewhere', 'data-sent-elsewhere': String(sent.length) },
      h('summary', null, t('pre_check.sent_today', { n: sent.length })),
      h('ul', null, sent.map((one) => h('li', { key: one.patient, 'data-sent': one.patient, class: 'num' },
        t('pre_check.sent_one', { who: one.masked_name, where: whereOf(this.site, one.to), since: sinceWords(minutesSince(one.at, now)) })))));
  }
}
