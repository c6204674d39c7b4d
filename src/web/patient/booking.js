// Booking on the phone: hospital, department, day, doctor with slots as chips, then confirm while the place is held.

import { addDays, clockOf, wall, weekdayOf } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { isPassing, within } from '../lib/http.js';
import { named, t } from '../lib/i18n.js';
import { rememberSite, sitesByName } from '../lib/houses.js';
import { isAhead } from '../lib/places.js';
import { prefix, Site } from '../lib/site.js';
import { LiveStream } from '../lib/stream.js';
import { dateWord, dayAndClock, numberClassWord, periodWord, titleWord, wordsOf, yuan } from '../lib/words.js';
import { Finding } from './finding.js';
import { feeOf, isPaidHere, payView } from './fees.js';
import { Line, releaseNear } from './line.js';
import { leftWords } from './held.js';
import { isFree, leftOf, whose } from './places.js';
import { waitFor } from './waiting.js';

/** A hold may be prolonged once, in its last two minutes. */
const PROLONG_UNDER_S = 120;
const DAYS = 7;
/** What could not be read is asked for again by itself: first after this time, then after twice as long each time, never later
 * than this, and not all phones at once. */
const AGAIN_MS = 2000;
const AGAIN_MAX_MS = 60000;
/** A network that says nothing is none. */
const OPENS_WITHIN_MS = 10000;

/** The way through a booking. */
export class Booking {
  /** @param {import('../lib/page.js').Page} page @param {() => import('./model.js').Model} model
   * @param {(patient: string) => string} nameOf @param {() => void} done */
  constructor(page, model, nameOf, done) {
    this.page = page;
    this.model = model;
    this.nameOf = nameOf;
    this.done = done;
    /** @type {any[]|null} */
    this.sites = null;
    /** Why the hospitals could not be read, and from when on they are asked for again (null: by a press alone); null: they could,
     * or were not asked for yet. @type {{refusal: any, again: number|null}|null} */
    this.failed = null;
    this.tries = 0;
    this.opening = false;
    /** @type {Site|null} */
    this.site = null;
    /** @type {any} */
    this.department = null;
    this.date = '';
    /** @type {any[]|null} */
    this.sessions = null;
    /** @type {any} */
    this.held = null;
    this.busy = false;
    /** @type {LiveStream[]} */
    this.streams = [];
    this.finding = new Finding(page, (place) => this.openPlace(place));
    this.line = new Line(page, () => model().patient);
    /** Whose sessions come first: the doctor's who was found. */
    this.wanted = '';
  }

  async open() {
    if (this.sites || this.opening) return;
    const booked = this.model().live().map((a) => prefix(a.department, 1));
    this.opening = true;
    try {
      this.sites = await within(OPENS_WITHIN_MS, (signal) => sitesByName(this.page.session, booked, signal));
      this.failed = null;
      this.tries = 0;
    } catch (refusal) {
      const own = Math.min(AGAIN_MAX_MS, AGAIN_MS * Math.pow(2, this.tries));
      const wait = refusal.retryAfterS ? refusal.retryAfterS * 1000 : own;
      this.tries += 1;
      this.failed = { refusal, again: isPassing(refusal) ? performance.now() + wait * (1 + Math.random() / 2) : null };
    }
    this.opening = false;
    this.page.draw();
    if (!this.sites) return;
    if (this.sites.length === 1) await this.chooseSite(this.sites[0]);
    this.page.draw();
  }

  /** Another view, which begins at its top wherever the last one was scrolled to. */
  anew() {
    window.scrollTo(0, 0);
    this.page.draw();
  }

  /** @param {any} site */
  async chooseSite(site) {
    this.site = new Site(this.page.session, site.site, this.page.protocol.clock);
    this.anew();
    try {
      await this.site.read();
      rememberSite(this.site.id);
    } catch (refusal) {
      this.page.notify(wordsOf(refusal));
      this.site = null;
    }
    this.page.draw();
  }

  /** What was found, as if it had been come to through the lists. @param {import('./finding.js').Place} place */
  async openPlace({ site, department, date, doctor }) {
    this.unfollow();
    this.department = null;
    if (!this.site || this.site.id !== site || !this.site.view) await this.chooseSite({ site });
    if (!this.site || !this.site.view) return;
    // Who has chosen a hospital wants to see what it has, and not what was found any more.
    if (!department) this.finding.typed('');
    this.wanted = doctor;
    this.department = this.site.one('departments', department);
    if (this.department) this.chooseDate(date || this.today());
    this.anew();
  }

  /** Today's date at the site that is chosen. */
  today() {
    const now = this.page.protocol.clock.now();
    return wall(now, /** @type {Site} */ (this.site).offsetAt(now)).date;
  }

  /** @param {any} department */
  chooseDepartment(department) {
    this.department = department;
    this.wanted = '';
    this.chooseDate(this.today());
    this.anew();
  }

  /** @param {string} date */
  async chooseDate(date) {
    this.date = date;
    this.sessions = null;
    this.page.draw();
    const site = /** @type {Site} */ (this.site);
    try {
      await site.read();
    } catch (refusal) {
      this.page.notify(wordsOf(refusal));
    }
    if (this.date !== date || !this.department) return;
    const first = (/** @type {any} */ s) => Number(!!this.wanted && s.doctor !== this.wanted);
    this.sessions = site.sessions(this.department.id, date).filter((s) => s.open !== false).sort((a, b) => first(a) - first(b));
    this.follow();
    this.page.draw();
  }

  /** Places left change under the eye. */
  follow() {
    this.unfollow();
    this.streams = (this.sessions || []).map((session) => new LiveStream(this.page.protocol, `session:${session.session}`, (value) => {
      if (value) Object.assign(session, value);
      this.page.draw();
    }));
  }

  unfollow() {
    for (const stream of this.streams) stream.close();
    this.streams = [];
  }

  back() {
    if (this.held) return;
    this.unfollow();
    this.line.close();
    if (this.department) this.department = null;
    else this.site = null;
    this.anew();
  }

  /** @param {string} name @param {any} body */
  async send(name, body) {
    if (this.busy) return null;
    this.busy = true;
    this.page.draw();
    try {
      return await this.page.command(name, body);
    } catch {
      return null; // said on the page
    } finally {
      this.busy = false;
      this.page.draw();
    }
  }

  /** @param {any} session @param {any} slot */
  async hold(session, slot) {
    const { patient } = this.model();
    const result = await this.send('hold_slot', { session: session.session, slot: slot.slot, patient });
    if (result) {
      this.held = { ...result, session, slot, patient };
      this.line.close();
      this.anew();
    } else {
      // Who was behind others has entered with it: where, is said above.
      if (this.department && releaseNear([session], this.page.protocol.clock.now())) this.line.enter(this.department.id);
      this.chooseDate(this.date);
    }
    this.page.draw();
  }

  async confirm() {
    const result = await this.send('confirm_appointment', { appointment: this.held.appointment, patient: this.held.patient });
    if (!result) return;
    this.page.notify(t('patient.did_book_number', { number: result.number || '' }), 'good');
    this.leave();
  }

  /** What was paid on the provider's page is the booking without a word from here. */
  changed() {
    const known = this.held && this.model().appointment(this.held.appointment);
    if (!known || this.busy) return;
    // Given back on the page of today.
    if (known.state === 'cancelled') this.chooseAgain();
    if (known.state !== 'booked') return;
    this.page.notify(t('patient.did_book_number', { number: known.number || '' }), 'good');
    this.leave();
  }

  async prolong() {
    const result = await this.send('prolong_hold', { appointment: this.held.appointment });
    if (!result) return;
    this.held = { ...this.held, expires_at: result.expires_at };
    this.page.notify(t('patient.did_prolong'), 'good');
  }

  async letGo() {
    if (await this.send('cancel_appointment', { appointment: this.held.appointment })) this.chooseAgain();
  }

  /** The held place is gone. */
  chooseAgain() {
    this.held = null;
    this.chooseDate(this.date);
    this.anew();
  }

  leave() {
    this.held = null;
    this.department = null;
    this.unfollow();
    this.line.close();
    this.done();
  }

  view() {
    if (this.held) return this.heldView();
    if (!this.sites) return this.openingView();
    if (!this.site) return this.siteList();
    if (!this.site.view) return h('div', { class: 'block', key: 'loading', 'aria-busy': 'true' }, h('p', { class: 'skeleton' }));
    return this.department ? this.dayView() : this.departmentList();
  }

  /** While the hospitals are read; why they are not, which mends itself once the network is back. */
  openingView() {
    const { failed } = this;
    if (!failed) return h('div', { class: 'block', key: 'loading', 'aria-busy': 'true' }, h('p', { class: 'skeleton' }));
    if (failed.again !== null && this.page.protocol.status === 'live' && !document.hidden && performance.now() > failed.again) this.open();
    const words = failed.refusal.code === 'offline' ? t('patient.no_way_to_book') : wordsOf(failed.refusal);
    return h('section', { class: 'block card', key: 'failed', 'data-booking': 'failed' }, h('div', { class: 'inside' },
      h('p', { class: 'big-words', role: 'status' }, words),
      h('button', { type: 'button', class: 'btn primary big wide', 'data-action': 'try_again', disabled: this.opening, 'aria-busy': String(this.opening), onclick: () => this.open() }, t('patient.try_again'))));
  }

  siteList() {
    const sites = this.sites || [];
    return [
      sites.length ? h('h2', { key: 'h' }, t('patient.choose_site')) : h('p', { class: 'empty', key: 'none' }, h('b', null, t('patient.no_sites')), t('patient.no_sites_more')),
      this.finding.view(h('div', { class: 'block rows', key: 'sites' }, sites.map((site) => h('button', {
        type: 'button', key: site.site, 'data-action': 'choose_site', 'data-site': site.site, onclick: () => this.chooseSite(site),
      }, named(site.name, site.name_en), h('span', { class: 'end', 'aria-hidden': 'true' }, '›'))))),
    ];
  }

  departmentList() {
    const departments = this.site ? this.site.all('departments') : [];
    return [
      this.crumb('patient.choose_department'),
      this.finding.view(h('div', { class: 'block rows', key: 'departments' }, departments.map((d) => h('button', {
        type: 'button', key: d.id, 'data-action': 'choose_department', 'data-department': d.id, onclick: () => this.chooseDepartment(d),
      }, named(d.name, d.name_en), h('span', { class: 'end', 'aria-hidden': 'true' }, '›'))))),
      departments.length ? null : h('p', { class: 'empty', key: 'none' }, h('b', null, t('patient.no_departments')), t('patient.no_sites_more')),
    ];
  }

  /** @param {string} words */
  crumb(words) {
    const many = this.department || this.site;
    return h('h2', { key: 'crumb' }, many
      ? h('button', { type: 'button', class: 'btn quiet small', 'data-action': 'booking_back', onclick: () => this.back() }, `‹ ${t('patient.back')}`)
      : null, ` ${this.department ? named(this.department.name, this.department.name_en) : t(words)}`);
  }

  /** How many places a day has, as the directory knew it; empty where there is no clinic. @param {string} date */
  placesLeft(date) {
    const site = /** @type {Site} */ (this.site);
    const sessions = site.sessions(this.department.id, date).filter((s) => s.open !== false);
    if (!sessions.length) return '';
    const now = this.page.protocol.clock.now();
    const open = (/** @type {any} */ slot) => isAhead(slot, now);
    const free = sessions.reduce((all, s) => all + (s.slots || []).filter(open).reduce((/** @type {number} */ n, /** @type {any} */ slot) => n + leftOf(slot), 0), 0);
    return free ? t('patient.left', { n: free }) : t(sessions.every((s) => s.frozen) ? 'patient.slot_closed' : 'patient.full');
  }

  dayView() {
    const today = this.today();
    const days = Array.from({ length: DAYS + 1 }, (_, i) => addDays(today, i));
    // A place that was found may be of a later day.
    if (!days.includes(this.date)) days.push(this.date);
    return [
      this.crumb('patient.choose_department'),
      h('div', { class: 'days', key: 'days' }, days.map((date, i) => this.day(date, i === 0))),
      this.line.view(this.department.id, this.sessions || []),
      this.sessions === null ? h('div', { class: 'block', key: 'loading', 'aria-busy': 'true' }, h('p', { class: 'skeleton' })) : this.sessions.map((s) => this.offer(s)),
      this.sessions && !this.sessions.length ? h('p', { class: 'empty', key: 'none' }, h('b', null, t('patient.no_sessions')), t('patient.no_sessions_more')) : null,
    ];
  }

  /** @param {string} date @param {boolean} isToday */
  day(date, isToday) {
    const left = this.placesLeft(date);
    return h('button', {
      type: 'button', key: date, 'data-action': 'choose_date', 'data-date': date, 'aria-pressed': String(date === this.date), 'data-none': left || isToday ? undefined : '', onclick: () => this.chooseDate(date),
    }, h('small', null, isToday ? t('patient.today') : t(`weekday.${weekdayOf(date)}`)), dateWord(date, 'date.strip'), h('small', { class: 'num' }, left || t('patient.no_clinic')));
  }

  /** @param {any} session */
  offer(session) {
    const site = /** @type {Site} */ (this.site);
    const doctor = session.doctor ? site.one('doctors', session.doctor) : null;
    const now = this.page.protocol.clock.now();
    return h('section', { class: 'block card offer', key: session.session, 'data-session': session.session },
      h('div', { class: 'title' },
        h('span', null, whose(site, session),
          h('small', null, [doctor && titleWord(doctor.title), numberClassWord(session.registration_class), periodWord(session.period)].filter(Boolean).join(' · '))),
        h('span', { class: 'num' }, session.fee_fen ? t('patient.fee', { yuan: yuan(session.fee_fen) }) : t('patient.free'))),
      session.delay_min ? h('p', { class: 'notice soon', key: 'delay' }, t('patient.delay', { n: session.delay_min })) : null,
      session.frozen ? h('p', { class: 'notice soon', role: 'status', key: 'frozen', 'data-frozen': session.frozen }, t('patient.frozen')) : null,
      h('div', { class: 'slots' }, (session.slots || []).map((/** @type {any} */ slot) => {
        const open = isFree(slot, now);
        return h('button', {
          type: 'button', key: slot.slot, class: 'num', 'data-action': 'hold_slot', 'data-slot': slot.slot, disabled: !open || this.busy,
          onclick: () => this.hold(session, slot),
        }, clockOf(slot.start), h('small', null, open ? t('patient.left', { n: leftOf(slot) }) : t(leftOf(slot) ? 'patient.slot_closed' : slot.free ? 'patient.full_online' : 'patient.full')));
      })),
      waitFor(this, session),
      (session.slots || []).some((/** @type {any} */ slot) => isFree(slot, now)) ? null : this.finding.insteadView(session));
  }

  /** Once: whether it has been is on the patient's stream. */
  mayProlong() {
    const known = this.model().appointment(this.held.appointment);
    return !!known && known.state === 'held' && !known.prolonged;
  }

  /** When whoever takes the held place is expected, by the announced delay. @param {any} held */
  lateBy(held) {
    return this.page.protocol.clock.wallAt(Date.parse(held.slot.start) + held.session.delay_min * 60000, held.slot.start).clock;
  }

  heldView() {
    const { held } = this;
    const site = /** @type {Site} */ (this.site);
    const left = Math.max(0, (Date.parse(held.expires_at) - this.page.protocol.clock.now()) / 1000);
    const doctor = held.session.doctor ? site.one('doctors', held.session.doctor) : null;
    const fact = (/** @type {string} */ key, /** @type {string} */ value) => [h('dt', { key: `t-${key}` }, t(key)), h('dd', { key: `d-${key}`, class: 'num' }, value)];
    if (left <= 0) {
      return h('section', { class: 'block card hold', key: 'expired' }, h('p', { class: 'big-words' }, t('error.hold_expired')),
        h('button', {
          type: 'button', class: 'btn primary big wide', 'data-action': 'choose_again',
          onclick: () => this.chooseAgain(),
        }, t('patient.choose_again')));
    }
    const known = this.model().appointment(held.appointment);
    // Whether it is paid here is known before anything is pressed.
    const fee = known ? feeOf({ page: this.page, model: this.model() }, known) : undefined;
    return h('section', { class: 'block card hold', key: 'held', 'data-held': held.appointment },
      h('p', null, t('patient.held_for')), h('p', { class: 'left num', role: 'timer' }, leftWords(left * 1000)),
      h('dl', null,
        fact('patient.fact_patient', this.nameOf(held.patient)),
        fact('patient.fact_site', site.view ? named(site.view.name, site.view.name_en) : ''),
        fact('patient.fact_department', named(this.department.name, this.department.name_en)),
        // Of a clinic that several doctors share none is named.
        doctor ? fact('patient.fact_doctor', `${named(doctor.name, doctor.name_en)} ${titleWord(doctor.title)}`) : null,
        fact('patient.fact_time', dayAndClock(held.slot.start)),
        held.session.delay_min ? fact('patient.fact_expected', t('patient.expected_at', { n: held.session.delay_min, time: this.lateBy(held) })) : null,
        fact('patient.fact_fee', held.session.fee_fen ? t('patient.fee', { yuan: yuan(held.session.fee_fen) }) : t('patient.free'))),
      isPaidHere(fee)
        ? payView(this.page, known, fee)
        : h('button', { type: 'button', class: 'btn primary big wide', key: 'confirm', 'data-action': 'confirm_appointment', 'data-appointment': held.appointment, disabled: this.busy || fee === undefined, onclick: () => this.confirm() }, t('patient.confirm_booking')),
      left < PROLONG_UNDER_S && this.mayProlong()
        ? h('button', { type: 'button', class: 'btn big wide', key: 'prolong', 'data-action': 'prolong_hold', 'data-appointment': held.appointment, disabled: this.busy, onclick: () => this.prolong() }, t('patient.prolong'))
        : null,
      h('button', { type: 'button', class: 'btn big wide', 'data-action': 'cancel_appointment', 'data-appointment': held.appointment, disabled: this.busy, onclick: () => this.letGo() }, t('patient.let_go')));
  }
}
