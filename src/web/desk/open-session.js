// Opening a session of today at the desk: who sits, from when to when, how many places a slot. Whether the desk may, and
// whether it fits, is the department's to say.

import { focusWrong, wrongField } from '../components/fields.js';
import { CLASSES, classOfTitle, PERIODS, periodFields, periodSaid, periodSlots, USUAL } from '../components/slots.js';
import { wall } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { has, named, t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';
import { hoursOf } from '../lib/sessions.js';
import { periodWord, wordsOf } from '../lib/words.js';

/** A period begins at the half hour that is running. */
const STEP_MIN = 30;

/** The form, and whether it is open. */
export class OpenSession {
  /** @param {import('../lib/page.js').Page} page @param {() => import('./floor.js').Floor} floor @param {any} acts */
  constructor(page, floor, acts) {
    this.page = page;
    this.floor = floor;
    this.acts = acts;
    this.open = false;
    this.busy = false;
    this.round = 0;
    /** @type {Object<string, string>} */
    this.wrong = {};
    /** What the period comes to as it is filled in. @type {import('../components/slots.js').Slot[]} */
    this.slots = [];
  }

  /** Minutes after midnight, on the clinic's wall. */
  get minute() {
    const clock = this.page.protocol.clock;
    const [hours, minutes] = wall(clock.now(), clock.offsetMinutes).clock.split(':').map(Number);
    return hours * 60 + minutes;
  }

  /** The period that is running, or is next. */
  get period() {
    const end = (/** @type {string} */ period) => Number(USUAL[period][1].slice(0, 2)) * 60 + Number(USUAL[period][1].slice(3));
    return ['morning', 'afternoon', 'evening'].find((period) => this.minute < end(period)) || 'night';
  }

  /** From when to when: the usual hours, but not before now. @param {string} period @returns {{from: string, until: string}} */
  hours(period) {
    const [from, until] = USUAL[period];
    const now = Math.floor(this.minute / STEP_MIN) * STEP_MIN;
    const running = `${String(Math.floor(now / 60)).padStart(2, '0')}:${String(now % 60).padStart(2, '0')}`;
    return { from: running > from && running < until ? running : from, until };
  }

  /** Who can sit: each doctor by the own queue, then from the pools. @returns {{queue: any, doctor: any}[]} */
  whos() {
    const { site, department } = this.floor();
    const queues = site.of('queues', department);
    const doctors = site.all('doctors').filter((doctor) => doctor.departments.includes(department));
    const own = queues.flatMap((queue) => queue.doctors.map((/** @type {string} */ id) => ({ queue, doctor: site.one('doctors', id) })));
    const pools = queues.filter((queue) => !queue.doctors.length);
    return [...own.filter((who) => who.doctor), ...pools.map((queue) => ({ queue, doctor: null })), ...pools.flatMap((queue) => doctors.map((doctor) => ({ queue, doctor })))];
  }

  /** What is usual for who was chosen: the class, and what it cost last. @param {any} form */
  follow(form) {
    const who = this.whos()[Number(form.elements.who.value)];
    if (!who) return;
    const cls = (who.doctor && who.doctor.registration_class) || classOfTitle(who.doctor && who.doctor.title);
    form.elements.registration_class.value = cls;
    const before = this.floor().site.view.sessions.filter((/** @type {any} */ s) => s.registration_class === cls);
    form.elements.fee.value = before.length ? String(before[before.length - 1].fee_fen / 100) : '0';
  }

  /** @param {any} event */
  onInput(event) {
    const form = event.currentTarget;
    if (event.target.name === 'who') this.follow(form);
    if (event.target.name === 'period') {
      const { from, until } = this.hours(event.target.value);
      form.elements.from.value = from;
      form.elements.until.value = until === '24:00' ? '00:00' : until;
    }
    this.cut(form);
  }

  /** @param {any} form */
  cut(form) {
    this.slots = periodSlots(form.elements);
    form.elements.until.setCustomValidity(this.slots.length ? '' : t('desk.wrong.slots'));
    this.page.draw();
  }

  /** Whether it is meant: the doctor sits in this period of today already. @param {any} body */
  async isMeant(body) {
    const { site } = this.floor();
    const other = body.doctor && site.view.sessions.find((/** @type {any} */ s) => s.open !== false && s.date === body.date && s.period === body.period && s.doctor === body.doctor);
    if (!other) return true;
    const doctor = site.one('doctors', body.doctor);
    return ask(t('desk.session_twice_title'), (close) => h('div', { class: 'form' },
      h('p', null, t('desk.session_twice', { name: doctor ? named(doctor.name, doctor.name_en) : '', period: periodWord(body.period), hours: hoursOf(other) })),
      h('div', { class: 'buttons' },
        h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', autofocus: true, onclick: () => close(null) }, t('cancel')),
        h('button', { type: 'button', class: 'btn primary', 'data-action': 'dialog_go', onclick: () => close(true) }, t('desk.session_twice_go')))));
  }

  /** @param {any} event */
  async submit(event) {
    event.preventDefault();
    if (this.busy) return;
    const form = event.target;
    const f = form.elements;
    const floor = this.floor();
    const who = this.whos()[Number(f.who.value)];
    const date = floor.site.view.today || floor.today;
    // A session that was opened before is another one, closed or not.
    const id = `${floor.department}.d${date.replace(/-/g, '')}-${String(Math.floor(this.page.protocol.clock.now() / 1000) % 86400).padStart(5, '0')}`;
    const body = {
      id, date, period: f.period.value, queue: who.queue.id, doctor: who.doctor ? who.doctor.id : null, service_point: f.service_point.value || null,
      registration_class: f.registration_class.value.trim(), fee_fen: Math.round(Number(f.fee.value) * 100), slots: periodSlots(f),
    };
    if (!(await this.isMeant(body))) return;
    this.busy = true;
    this.wrong = {};
    this.page.draw();
    try {
      await this.page.protocol.command('define_session', body);
      this.open = false;
      this.round += 1;
      this.acts.done(t('desk.did.open_session', { name: who.doctor ? named(who.doctor.name, who.doctor.name_en) : named(who.queue.name, who.queue.name_en) }), null);
      await floor.readSite();
    } catch (refusal) {
      const field = wrongField(refusal) === 'slots' ? 'slots' : 'form';
      this.wrong = { [field]: has(`desk.wrong.${field}`) ? t(`desk.wrong.${field}`) : wordsOf(refusal) };
    }
    this.busy = false;
    this.page.draw();
    if (this.open) focusWrong(form, this.wrong);
  }

  toggle() {
    this.open = !this.open;
    this.wrong = {};
    this.page.draw();
    requestAnimationFrame(() => {
      const form = /** @type {any} */ (document.querySelector('[data-form=define_session]'));
      if (!form) return;
      this.follow(form);
      this.cut(form);
      form.elements.who.focus();
    });
  }

  view() {
    const whos = this.whos();
    if (!whos.length) return null;
    if (!this.open) return h('button', { type: 'button', class: 'btn wide', key: 'open', 'data-action': 'open_session', onclick: () => this.toggle() }, t('desk.open_session'));
    const { site, department } = this.floor();
    const { from, until } = this.hours(this.period);
    return h('form', {
      class: 'form session', key: `form-${this.round}`, 'data-form': 'define_session', onsubmit: (/** @type {any} */ e) => this.submit(e), oninput: (/** @type {any} */ e) => this.onInput(e),
    },
    h('b', null, t('desk.open_session')),
    h('label', { class: 'field', key: 'who' }, h('span', null, t('desk.who_sits')), h('select', { class: 'input', name: 'who', required: true },
      whos.map(({ queue, doctor }, n) => h('option', { key: n, value: String(n) }, doctor ? `${named(doctor.name, doctor.name_en)} · ${queue.prefix} ${named(queue.name, queue.name_en)}` : t('desk.pool_of', { queue: `${queue.prefix} ${named(queue.name, queue.name_en)}` }))))),
    h('div', { class: 'two', key: 'where' },
      h('label', { class: 'field' }, h('span', null, t('desk.period')), h('select', { class: 'input', name: 'period' },
        PERIODS.map((period) => h('option', { key: period, value: period, selected: period === this.period }, periodWord(period))))),
      h('label', { class: 'field' }, h('span', null, t('desk.room')), h('select', { class: 'input', name: 'service_point' }, h('option', { value: '' }, t('desk.room_open')),
        site.of('service_points', department).map((point) => h('option', { key: point.id, value: point.id }, named(point.name, point.name_en)))))),
    periodFields({ from, until }),
    periodSaid(this.slots),
    this.wrong.slots ? h('p', { class: 'notice alarm', role: 'alert', key: 'slots' }, this.wrong.slots) : null,
    h('div', { class: 'two', key: 'class' },
      h('label', { class: 'field' }, h('span', null, t('desk.registration_class')), h('input', { class: 'input', name: 'registration_class', list: 'classes', required: true, maxlength: '60', autocomplete: 'off' }),
        h('datalist', { id: 'classes' }, CLASSES.map((name) => h('option', { key: name, value: t(`registration_class.${name}`, null, 'zh') })))),
      h('label', { class: 'field' }, h('span', null, t('desk.fee')), h('input', { class: 'input', name: 'fee', type: 'number', min: '0', step: '0.01', required: true }))),
    this.wrong.form ? h('p', { class: 'notice alarm', role: 'alert', key: 'wrong' }, this.wrong.form) : null,
    h('div', { class: 'buttons', key: 'go' },
      h('button', { type: 'button', class: 'btn', 'data-action': 'open_session_cancel', onclick: () => this.toggle() }, t('cancel')),
      h('button', { class: 'btn primary', 'data-action': 'define_session', disabled: this.busy, 'aria-busy': String(this.busy) }, t('desk.open_session_go'))));
  }
}
