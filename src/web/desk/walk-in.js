// The walk-in form: who, by which document, phone, which queue; a priority seen and an addition where wanted. Registers the
// person and takes the number in one go, then shows the slip.

import { clockOf, wall } from '../lib/clock.js';
import { find, h } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';
import { nameOf, personBody, personFields } from '../lib/person-form.js';
import { whoseOf } from '../lib/sessions.js';
import { periodWord, registrationWord, standingWord } from '../lib/words.js';
import { classOptions, printButton, slipFacts } from './ticket-panel.js';

/** The form's state. */
export class WalkIn {
  /**
   * @param {import('../lib/page.js').Page} page @param {any} acts @param {() => import('./floor.js').Floor} floor @param {any} persons @param {import('../components/slip.js').Slips} slips
   * @param {{show: (hit: any) => void, departments: () => any[], goThere: (hit: any) => void}} desk
   *   `show` shows a number that there is already; `goThere` a booking in another of the desk's `departments`
   */
  constructor(page, acts, floor, persons, slips, desk) {
    this.desk = desk;
    this.page = page;
    this.acts = acts;
    this.floor = floor;
    this.persons = persons;
    this.slips = slips;
    this.kind = 'resident_id';
    /** Somebody who is known already. @type {any} */
    this.person = null;
    /** @type {any} */
    this.slip = null;
    this.busy = false;
    this.round = 0;
    /** The priority class that is chosen. */
    this.class = 'none';
  }

  /** @param {any} person */
  for(person) {
    this.person = person;
    this.slip = null;
    this.page.draw();
  }

  /** Begins with what was typed in the search box; the next field has the focus. @param {string} text */
  startWith(text) {
    this.begin();
    this.slip = null;
    this.page.draw();
    requestAnimationFrame(() => {
      const form = find('[data-form=register_walk_in]');
      if (!form) return;
      const is = fieldOf(text);
      form.elements[is].value = text;
      (is === 'name' && text ? form.elements.number : form.elements.name).focus();
    });
  }

  /** @param {any} event */
  async submit(event) {
    event.preventDefault();
    if (this.busy) return;
    const f = event.target.elements;
    this.busy = true;
    this.page.draw();
    try {
      const patient = this.person ? this.person.patient : await this.register(f);
      const found = patient && (await this.found(f));
      if (!found || !(await this.isNew(patient, found))) return;
      const there = this.standing(patient, f.queue.value);
      if (!there.length && !(await this.isUnbooked(patient, found))) return;
      const visit = there.length ? await this.another(f, there) : undefined;
      if (visit !== null) await this.take(f, patient, visit);
    } finally {
      this.busy = false;
      this.page.draw();
    }
  }

  /** For whom the form is, a place that somebody gives back. @param {any} form */
  async wait(form) {
    const f = form.elements;
    if (this.busy || !form.reportValidity()) return;
    this.busy = true;
    this.page.draw();
    try {
      const patient = this.person ? this.person.patient : await this.register(f);
      const { waitFor } = await import('./waitlist.js');
      if (patient && (await waitFor(this.page, this.floor(), this.acts, patient))) this.begin();
    } finally {
      this.busy = false;
      this.page.draw();
    }
  }

  /** @param {any} f @param {number} [replaces] the document's bearer was put down wrongly before: by which confirmation */
  async register(f, replaces) {
    const meant = replaces === undefined ? {} : { replace: true, replaces };
    try {
      const answer = await this.page.session.http('POST', '/api/v1/persons', { ...personBody(f), ...meant });
      this.page.notify('');
      const { name, sex, birth_date, phone } = personBody(f);
      this.persons.put({ patient: answer.patient, name, sex, birth_date, phone });
      return answer.patient;
    } catch (refusal) {
      if (refusal.validNow && refusal.validNow.differs) {
        return (await isToReplace(refusal.validNow.differs)) ? this.register(f, refusal.validNow.confirmed) : null;
      }
      this.page.refuse(refusal);
      return null;
    }
  }

  /**
   * What the department has today under the document that was typed, else under the name, and what the desk's others have
   * (`elsewhere`); null: not known, which is said. @param {any} f @returns {Promise<any>}
   */
  async found(f) {
    const text = this.person ? this.person.name || '' : personBody(f).document_number;
    if (!text) return { tickets: [], appointments: [], elsewhere: [] };
    const own = this.floor().department;
    const find = (/** @type {string} */ id) => this.page.session.http('POST', `/api/v1/departments/${id}/appointments/find`, { text });
    // One that does not answer keeps nobody from a number here.
    const others = this.desk.departments().filter((one) => one.id !== own).map((department) => find(department.id).then(
      (answer) => answer.appointments.map((/** @type {any} */ hit) => ({ ...hit, department })), () => []));
    try {
      const found = await find(own);
      return { ...found, elsewhere: (await Promise.all(others)).flat() };
    } catch (refusal) {
      this.page.refuse(refusal);
      return null;
    }
  }

  /**
   * Whether nobody is here with a number under the same document: a phone may have claimed it, and whoever stands at the desk
   * has that number in the pocket. Asked, not decided: a claim may also be a stranger's.
   * @param {string} patient @param {any} found
   */
  async isNew(patient, found) {
    if (this.person || this.kind !== 'resident_id') return true;
    const stands = (/** @type {any} */ hit) => hit.patient !== patient && !['ended', 'cancelled', 'given_back', 'no_show', 'fulfilled', 'expired'].includes(hit.state);
    const other = [...found.tickets, ...found.appointments].find(stands);
    if (!other) return true;
    const goesOn = await ask(t('desk.has_number_title', { number: other.number }), (close) => h('div', { class: 'form', 'data-has-number': other.number },
      h('p', null, t('desk.has_number', { number: other.number, name: other.masked_name || '' })),
      h('button', { type: 'button', class: 'btn primary wide', 'data-action': 'use_number', autofocus: true, onclick: () => close('use') }, t('desk.same_person', { number: other.number })),
      h('button', { type: 'button', class: 'btn wide', 'data-action': 'another_number', onclick: () => close('go') }, t('desk.other_person')),
      backButton(close)));
    if (goesOn === 'use') this.use(other);
    return goesOn === 'go';
  }

  /** Whether whoever has no number here has no booking of today either, or is to have a number beside it. @param {string} patient @param {any} found */
  async isUnbooked(patient, found) {
    const booked = [...found.appointments, ...found.elsewhere].filter((/** @type {any} */ one) => one.patient === patient && one.state === 'booked');
    if (!booked.length) return true;
    const floor = this.floor();
    const about = (/** @type {any} */ one) => {
      const session = floor.sessions.find((/** @type {any} */ s) => s.session === one.session);
      const where = one.department || (session && floor.site.one('queues', session.queue)) || floor.site.one('departments', floor.department);
      return { name: this.persons.nameOf(one), time: clockOf(one.slot_start), queue: where ? named(where.name, where.name_en) : '' };
    };
    const isEarly = (/** @type {any} */ one) => Date.parse(one.check_in_from) > this.page.protocol.clock.now();
    const chosen = await ask(t('desk.has_booking', about(booked[0])), (close) => h('div', { class: 'form', 'data-has-booking': booked[0].appointment },
      booked.map((/** @type {any} */ one, /** @type {number} */ n) => h('div', { key: one.appointment },
        isEarly(one) ? h('p', null, t('check_in.opens', { time: clockOf(one.check_in_from) })) : h('button', {
          type: 'button', class: `btn wide${n ? '' : ' primary'}`, 'data-action': one.department ? 'go_there' : 'check_in', 'data-appointment': one.appointment, autofocus: n === 0, onclick: () => close(one),
        }, t(one.department ? 'desk.go_to_booking' : 'desk.check_in_booking', about(one))))),
      h('button', { type: 'button', class: 'btn wide', key: 'another', 'data-action': 'another_number', onclick: () => close('go') }, t('desk.other_number')),
      backButton(close)));
    if (chosen && chosen.department) {
      this.begin();
      this.desk.goThere(chosen);
    } else if (chosen && chosen.appointment && (await this.acts.checkIn(chosen))) this.begin();
    return chosen === 'go';
  }

  /** With which numbers somebody is here, that of the queue in question first. @param {string} patient @param {string} queue @returns {any[]} */
  standing(patient, queue) {
    const floor = this.floor();
    const all = floor.queues().reduce((/** @type {any[]} */ some, one) => some.concat(Object.values(one.tickets)), []);
    return all.filter((ticket) => ticket.patient === patient && ticket.state !== 'ended' && !floor.isLeftOver(ticket))
      .sort((one, other) => Number(other.queue === queue) - Number(one.queue === queue));
  }

  /**
   * Asks whoever is here with a number already, before anything else is asked: mostly it is lost or forgotten.
   * @param {any} f @param {any[]} there @returns {Promise<string|null>} the visit in which another one is meant; null: none is
   */
  async another(f, there) {
    const floor = this.floor();
    const queueName = (/** @type {string} */ id) => {
      const queue = floor.site.one('queues', id);
      return queue ? named(queue.name, queue.name_en) : '';
    };
    const [first] = there;
    const about = (/** @type {any} */ ticket) => ({ name: this.persons.nameOf(ticket), number: ticket.number, queue: queueName(ticket.queue), state: standingWord(ticket) });
    const chosen = await ask(t('desk.has_today', about(first)), (close) => h('div', { class: 'form', 'data-has-today': first.ticket },
      h('p', null, t('desk.has_today_more')),
      there.map((ticket, n) => h('button', {
        type: 'button', class: `btn wide${n ? '' : ' primary'}`, key: ticket.ticket, 'data-action': 'use_number', 'data-ticket': ticket.ticket, autofocus: n === 0, onclick: () => close({ use: ticket }),
      }, t('desk.use_number', about(ticket)))),
      h('button', { type: 'button', class: 'btn wide', key: 'another', 'data-action': 'another_number', onclick: () => close({ visit: first.visit }) }, t('desk.another_in', { queue: queueName(f.queue.value) })),
      backButton(close)));
    if (chosen && chosen.use) this.use(chosen.use);
    return (chosen && chosen.visit) || null;
  }

  /** The number that there is, in place of a new one. @param {any} hit */
  use(hit) {
    this.begin();
    this.desk.show(hit);
  }

  /**
   * Takes a number; a second one for who waits there already only knowingly, in the same visit.
   * @param {any} f @param {string} patient @param {string} [visit]
   */
  async take(f, patient, visit) {
    /** @type {any} */
    const body = visit ? { queue: f.queue.value, patient, visit } : { queue: f.queue.value, patient };
    const { class: cls, proof } = { class: f.class.value, proof: f.proof ? f.proof.value.trim() : '' };
    // An emergency is seen, not proved. Every other class is given with its proof on the record.
    if (cls === 'emergency') body.class = cls;
    if (f.addition_to.value) body.addition_to = f.addition_to.value;
    let result;
    const who = (this.person && (this.person.name || this.person.masked_name)) || nameOf(f);
    try {
      result = await this.acts.arrive('register_walk_in', body, who, { spared: cls === 'emergency' });
    } catch (refusal) {
      if (visit) return; // said on the page
      // Taken a moment ago, elsewhere.
      this.page.notify('');
      const waits = await this.floor().comes(refusal.validNow.ticket);
      const again = waits && (await this.another(f, [waits]));
      if (again) await this.take(f, patient, again);
      return;
    }
    if (!result) return;
    if (!result.number) {
      this.begin();
      return;
    }
    const given = needsProof(cls) && (await this.acts.send('set_priority', { ticket: result.ticket, class: cls, proof }));
    if (given) result = { ...result, position: given.position || result.position };
    const queue = this.floor().site.one('queues', body.queue);
    this.give(result, queue);
    this.begin();
    this.goOn();
    const steps = given ? ['prioritised', 'registered'] : ['registered'];
    find('#undo').offer(this.takenWords(result, { patient, queue: body.queue }), () => this.acts.undoSteps(result.ticket, steps));
  }

  /** @param {any} result @param {any} of */
  takenWords(result, of) {
    return () => this.acts.arrivedWords('desk.did.register_walk_in', result, of);
  }

  /** The slip of a number, as of this moment. @param {any} result @param {any} queue */
  give(result, queue) {
    const where = queue ? named(queue.name, queue.name_en) : '';
    const area = queue ? this.floor().site.areasOf(queue.id) : '';
    this.slip = { number: result.number, where, area, position: result.position, ticket: result.ticket, at: this.page.protocol.clock.now() };
  }

  /** The slip is put away with the next thing that is done, of whomever else. @param {any} body of a command */
  after(body) {
    if (this.slip && body.ticket !== this.slip.ticket) this.slip = null;
  }

  /** The next name, for whoever has typed this one. */
  goOn() {
    const form = find('[data-form=register_walk_in]');
    const hand = document.activeElement;
    if (!form || (hand && hand !== document.body && !form.contains(hand))) return;
    this.page.draw();
    requestAnimationFrame(() => {
      const name = find('[data-form=register_walk_in] [name=name]');
      if (name) name.focus();
    });
  }

  /** The next form begins as the first one: what it shows is what it asks for. */
  begin() {
    this.person = null;
    this.kind = 'resident_id';
    this.round += 1;
    this.class = 'none';
  }

  /** On a later day of an open visit: the department finds the queue, and the slip says which. @param {any} of with visit and patient */
  async returnDay(of) {
    const body = { visit: of.visit, patient: of.patient, department: this.floor().department };
    const result = await this.acts.arrive('register_return', body, this.persons.nameOf(of)).catch(() => null);
    if (!result) return false;
    if (!result.number) return true;
    const ticket = this.floor().ticket(result.ticket);
    const queue = ticket && this.floor().site.one('queues', ticket.queue);
    this.give(result, queue);
    find('#undo').offer(this.takenWords(result, of), () => this.acts.undoSteps(result.ticket, ['registered']));
    return true;
  }

  view() {
    const floor = this.floor();
    const given = this.slip && floor.ticket(this.slip.ticket);
    if (given && given.state === 'ended') this.slip = null;
    return h('div', { class: 'walk-in', key: 'walk-in' },
      h('form', { class: 'form', key: `form-${this.round}`, id: 'walk-in', 'data-form': 'register_walk_in', onsubmit: (/** @type {any} */ e) => this.submit(e) },
        h('h2', null, t('desk.walk_in')),
        this.fields(floor)),
      h('div', { class: 'foot print', key: 'foot' },
        h('button', { class: 'btn primary wide', key: 'go', form: 'walk-in', 'data-action': 'register_walk_in', disabled: this.busy, 'aria-busy': String(this.busy) }, t('desk.walk_in_go')),
        h('button', { type: 'button', class: 'btn quiet wide', key: 'wait', 'data-action': 'join_waitlist', disabled: this.busy, onclick: () => this.wait(find('#walk-in')) }, t('desk.wait')),
        this.slip ? this.slipView(given) : null));
  }

  /** Who, and where to; of who has no document where to comes first: it is an emergency mostly. @param {import('./floor.js').Floor} floor */
  fields(floor) {
    const where = [
      h('label', { class: 'field', key: 'queue' }, h('span', null, t('desk.queue')),
        h('select', { class: 'input', name: 'queue', required: true },
          floor.site.of('queues', floor.department).map((q) => h('option', { key: q.id, value: q.id }, `${q.prefix || ''} ${named(q.name, q.name_en)}`)))),
      h('div', { class: 'two', key: 'more' },
        h('label', { class: 'field' }, h('span', null, t('desk.class')),
          h('select', {
            class: 'input', name: 'class',
            onchange: (/** @type {any} */ event) => {
              this.class = event.target.value;
              this.page.draw();
            },
          }, classOptions(floor.site, floor.department))),
        h('label', { class: 'field' }, h('span', null, t('desk.addition')),
          h('select', { class: 'input', name: 'addition_to' }, h('option', { value: '' }, t('desk.addition_none')),
            floor.sessions.map((s) => h('option', { key: s.session, value: s.session }, sessionName(s, floor)))))),
      needsProof(this.class)
        ? h('label', { class: 'field', key: 'proof' }, h('span', null, t('desk.proof')),
          h('input', { class: 'input', name: 'proof', required: true, maxlength: '100', placeholder: t('desk.proof_hint') }))
        : null,
    ];
    if (this.person) {
      return [h('p', { class: 'notice', key: 'person' }, t('desk.walk_in_for', { name: this.person.name || this.person.masked_name }),
        h('button', { type: 'button', class: 'btn quiet small', 'data-action': 'walk_in_other', onclick: () => this.for(null) }, t('desk.walk_in_other'))), where];
    }
    const who = personFields({ kind: this.kind, phone: true, setKind: (kind) => this.setKind(kind) });
    const first = this.kind === 'none' ? 2 : who.length;
    return [who.slice(0, first), where, who.slice(first)];
  }

  /** Who has no document is an emergency, unless the nurse says otherwise. @param {string} kind */
  setKind(kind) {
    const preset = kind === 'none' ? 'emergency' : this.kind === 'none' && this.class === 'emergency' ? 'none' : this.class;
    this.kind = kind;
    this.class = preset;
    const field = find('[data-form=register_walk_in] [name=class]');
    if (field) field.value = preset;
    this.page.draw();
  }

  /** A line on the page, the whole of it on paper. @param {any} ticket */
  slipView(ticket) {
    const { number, where } = this.slip;
    // Others may have been put before them since; the paper says of when it is.
    const queue = this.floor().queueOf(this.slip.ticket);
    const at = queue ? queue.order.indexOf(this.slip.ticket) : -1;
    const ahead = at < 0 ? this.slip.position - 1 : at;
    // Of a queue that is not followed here it is as it was when the number was taken.
    const { clock } = this.page.protocol;
    const since = at < 0 ? t('slip.as_of', { time: wall(this.slip.at, clock.offsetMinutes).clock }) : '';
    const place = ticket && ['called', 'serving'].includes(ticket.state) ? standingWord(ticket) : since + t(ahead > 0 ? 'slip.ahead' : 'slip.next', { n: ahead });
    const name = (ticket && ticket.masked_name) || '';
    return h('div', { class: 'given', key: 'slip', 'data-slip': this.slip.ticket },
      h('p', { class: 'line', key: 'line' }, h('b', { class: 'number num' }, number),
        h('span', null, `${where} · ${place}`), printButton()),
      h('div', { class: 'slip on-paper', key: 'paper' }, this.slips.view({ ...slipFacts(this.floor(), ticket), ...this.slip, name })));
  }
}

/** Which field of a walk-in a text is for. @param {string} text */
function fieldOf(text) {
  if (/^\d{17}[\dXx]$/.test(text)) return 'number';
  return /^\+?\d{6,15}$/.test(text) ? 'phone' : 'name';
}

/** @param {(value: any) => void} close */
const backButton = (close) => h('div', { class: 'buttons', key: 'back' }, h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', onclick: () => close(null) }, t('cancel')));

/** Whether what was confirmed of a document's bearer before is to become what is typed now. @param {string[]} differs */
const isToReplace = (differs) => ask(t('person.replace_title'), (close) => h('div', { class: 'form', 'data-replaces': differs.join(' ') },
  h('p', null, t('person.replace', { fields: differs.map((field) => t(`person.${field}`)).join(', ') })),
  h('button', { type: 'button', class: 'btn primary wide', 'data-action': 'replace_person', onclick: () => close(true) }, t('person.replace_go')),
  backButton(close)));

/** @param {string} cls */
const needsProof = (cls) => cls !== 'none' && cls !== 'emergency';

/** @param {any} session @param {any} floor */
export function sessionName(session, floor) {
  return [whoseOf(session, floor.site), periodWord(session.period), registrationWord(session.registration_class)].filter(Boolean).join(' · ');
}
