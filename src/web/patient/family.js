// Whom this phone acts for and who acts for whose phone it is, as the house says it; and a grown-up's consent, asked by a
// code to their own phone. The house decides who has to agree: the page asks when it is told so.

import { clockOf } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';
import { dateWord, wordsOf } from '../lib/words.js';

/** What can be given back from a phone. */
const BOOKED = ['asked', 'held', 'booked'];

/** @param {string|null} time an RFC 3339 time, as a day */
const dayWords = (time) => (time ? dateWord(time, 'date.full') : '');

/** The family of whoever is signed in. */
export class FamilyView {
  /**
   * @param {import('../lib/page.js').Page} page @param {(patient: string) => string} name
   * @param {{add: () => void, changed: () => Promise<void>, live: (patient: string) => any[]}} does `live`: what somebody has booked and not kept yet
   */
  constructor(page, name, does) {
    this.page = page;
    this.name = name;
    this.does = does;
    /** @type {{family: any[], grown: any[], agreements: any[], acting: any[]}|null} */
    this.value = null;
  }

  async read() {
    try {
      this.value = await this.page.session.http('GET', '/api/v1/family');
    } catch (refusal) {
      this.page.refuse(refusal);
    }
    this.page.draw();
  }

  /** Until when, and by whose word, this phone acts for somebody. @param {string} patient */
  words(patient) {
    const one = this.value && this.value.family.find((known) => known.patient === patient);
    if (!one || one.relation === 'self') return '';
    return [t(`relation.${one.relation}`), one.ends_at ? t('family.until', { day: dayWords(one.ends_at) }) : t(`family.agreed.${one.agreed}`)].join(' · ');
  }

  /** @param {string} title @param {string} go @param {any} body of the command */
  async end(title, go, body) {
    const sure = await ask(title, (close) => h('div', { class: 'form' },
      h('button', { type: 'button', class: 'btn danger big wide', 'data-action': 'dialog_go', onclick: () => close(true) }, go),
      h('button', { type: 'button', class: 'btn big wide', 'data-action': 'dialog_cancel', onclick: () => close(false) }, t('cancel'))));
    if (!sure) return;
    try {
      await this.page.command('end_relation', body);
    } catch {
      return; // said on the page
    }
    await this.does.changed();
    await this.read();
    this.page.notify(t('family.did_end'), 'good');
  }

  /**
   * The own number was typed wrongly: it is given up, and what was booked by it goes first. Who stands in a line by it keeps it
   * until that is over.
   * @param {any} one
   */
  async giveUp(one) {
    const live = this.does.live(one.patient);
    const bookings = live.filter((/** @type {any} */ a) => a.appointment && BOOKED.includes(a.state));
    const inLine = live.find((/** @type {any} */ a) => !bookings.includes(a));
    const sure = await ask(t('family.wrong_sure', { name: this.name(one.patient) }), (close) => h('div', { class: 'form', 'data-give-up': String(bookings.length) },
      h('p', { key: 'what' }, inLine ? t('family.wrong_in_line', { number: inLine.number || '' }) : bookings.length ? t('family.wrong_bookings', { n: bookings.length }) : t('family.wrong_nothing')),
      inLine || !bookings.length ? null : h('ul', { class: 'list', key: 'bookings' }, bookings.map((/** @type {any} */ a) => h('li', { key: a.appointment, class: 'num' },
        [dayWords(a.date || a.slot_start), clockOf(a.slot_start), a.number].filter(Boolean).join(' · ')))),
      inLine ? null : h('p', { class: 'muted', key: 'then' }, t('family.wrong_then')),
      inLine ? null : h('button', { type: 'button', class: 'btn danger big wide', key: 'go', 'data-action': 'dialog_go', onclick: () => close(true) }, t(bookings.length ? 'family.wrong_go_all' : 'family.wrong_go')),
      h('button', { type: 'button', class: 'btn big wide', key: 'keep', 'data-action': 'dialog_cancel', onclick: () => close(false) }, t(inLine ? 'close' : 'family.wrong_keep'))));
    if (!sure) return;
    try {
      for (const { appointment } of bookings) await this.page.command('cancel_appointment', { appointment });
      await this.page.command('end_relation', { patient: one.patient });
    } catch {
      return; // said on the page; what is not cancelled stays, and so does the number
    }
    await this.does.changed();
    await this.read();
    this.page.notify(t('family.did_wrong'), 'good');
  }

  /** Somebody who acts for whose phone it is. @param {any} one @param {any} marks @param {string} words @param {string} action */
  whoActs(one, marks, words, action) {
    const name = one.masked_name || t('family.no_name');
    return h('div', { key: `${one.account} ${one.patient}`, ...marks },
      h('span', null, name, h('small', null, words)),
      h('span', { class: 'end' }, h('button', {
        type: 'button', class: 'btn', 'data-action': action, 'data-patient': one.patient,
        onclick: () => this.end(t('family.withdraw_sure', { name }), t('family.withdraw'), { patient: one.patient, account: one.account }),
      }, t('family.withdraw'))));
  }

  view() {
    if (!this.value) return null;
    const { family, grown, agreements, acting } = this.value;
    const others = family.filter((one) => one.relation !== 'self');
    // By a number alone: nobody has seen the document.
    const said = family.find((one) => one.relation === 'self' && one.agreed === 'own');
    return [
      grown.map((one) => h('div', { class: 'block notice', key: `grown ${one.patient}`, 'data-grown': one.patient },
        h('span', null, t('family.grown', { name: one.masked_name || t('patient.somebody') })),
        h('button', { type: 'button', class: 'btn small', 'data-action': 'add_grown', onclick: this.does.add }, t('family.ask_again')))),
      said ? h('div', { class: 'block rows', key: 'said' }, h('div', { key: said.patient, 'data-said': said.patient },
        h('span', null, this.name(said.patient), h('small', null, t('family.said'))),
        h('span', { class: 'end' }, h('button', { type: 'button', class: 'btn', 'data-action': 'give_up_number', onclick: () => this.giveUp(said) }, t('family.wrong'))))) : null,
      others.length ? h('h2', { key: 'mine' }, t('family.mine')) : null,
      others.length ? h('div', { class: 'block rows', key: 'family' }, others.map((one) => h('div', { key: one.patient, 'data-family': one.patient },
        h('span', null, this.name(one.patient), h('small', null, this.words(one.patient))),
        h('span', { class: 'end' }, h('button', {
          type: 'button', class: 'btn', 'data-action': 'end_relation', 'data-patient': one.patient,
          onclick: () => this.end(t('family.end_sure', { name: this.name(one.patient) }), t('family.end_go'), { patient: one.patient }),
        }, t('family.end')))))) : null,
      agreements.length || acting.length ? h('h2', { key: 'who' }, t('family.who_acts')) : null,
      agreements.length || acting.length ? h('div', { class: 'block rows', key: 'agreements' },
        agreements.map((one) => this.whoActs(one, { 'data-agreement': one.patient }, t('family.since', { relation: t(`relation.${one.relation}`), day: dayWords(one.since) }), 'withdraw_agreement')),
        acting.map((one) => this.whoActs(one, { 'data-acting': one.agreed }, t('family.acts', { relation: t(`relation.${one.relation}`), agreed: t(`family.agreed.${one.agreed}`) }), 'end_acting'))) : null,
    ];
  }
}

/** A grown-up's consent within the form that adds them. */
export class Consent {
  /** @param {import('../lib/page.js').Page} page */
  constructor(page) {
    this.page = page;
    this.forget();
  }

  forget() {
    /** The house has said that the person has to agree. */
    this.needed = false;
    /** The phone that was asked. @type {string|null} */
    this.phone = null;
    /** Where the code went. @type {string|undefined} */
    this.sentTo = undefined;
  }

  /** What the form adds to the body. @param {any} f the form's elements */
  body(f) {
    if (!this.needed) return null;
    return { phone: this.phone || f.own_phone.value.trim(), code: this.phone && f.consent_code ? f.consent_code.value.trim() : undefined };
  }

  /** Asks the person's own phone. @param {any} body of the person */
  async ask(body) {
    const answer = await this.page.session.http('POST', '/api/v1/persons/consent', body);
    this.phone = body.phone;
    this.sentTo = answer.sent_to;
  }

  /** Whether this refusal says that the person has to agree. @param {any} refusal */
  takes(refusal) {
    if (refusal.code !== 'consent_needed' || this.needed) return false;
    this.needed = true;
    return true;
  }

  /** @param {any} refusal */
  refuse(refusal) {
    this.page.notify(wordsOf(refusal, 'ask_consent'), 'alarm', refusal.code);
  }

  fields() {
    if (!this.needed) return null;
    return h('div', { class: 'form', key: 'consent', 'data-consent': this.phone ? 'sent' : 'needed' },
      h('p', { class: 'notice', key: 'why' }, t(this.phone ? (this.sentTo === 'local_outbox' ? 'family.code_at_desk' : 'family.code_sent') : 'family.consent_needed', { phone: this.phone || '' })),
      this.phone ? null : h('label', { class: 'field', key: 'phone' }, h('span', null, t('family.own_phone')),
        h('input', { class: 'input', name: 'own_phone', type: 'tel', inputmode: 'tel', pattern: '\\+?[0-9]{6,15}', required: true, autocomplete: 'off' })),
      this.phone ? h('label', { class: 'field', key: 'code' }, h('span', null, t('family.code')),
        h('input', { class: 'input code', name: 'consent_code', inputmode: 'numeric', pattern: '[0-9]{4,8}', required: true, autocomplete: 'off' })) : null,
      this.phone ? h('button', {
        type: 'button', class: 'btn quiet wide', key: 'other', 'data-action': 'other_own_phone',
        onclick: () => {
          this.phone = null;
          this.page.draw();
        },
      }, t('family.other_phone')) : null);
  }
}
