// Finding on the phone: a hospital, a department or a doctor by a few letters, each with its next free place; others of the
// same class in place of a full session; the nearest first, which only the phone reckons: finding tells nobody where it is.

import { h } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { prefix } from '../lib/site.js';
import { dayAndClock, numberClassWord, titleWord, wordsOf } from '../lib/words.js';

/** Whoever is still typing is not answered. */
const PAUSE_MS = 300;
/** How long the phone may take to know where it is, and how old what it knows may be. */
const WHERE = { timeout: 10000, maximumAge: 300000 };
const EARTH_KM = 6371;

/** @typedef {{site: string, department: string, date: string, doctor: string}} Place where a tap leads; an empty `department`: to the hospital */

/** Kilometres along the ground. @param {{latitude: number, longitude: number}} a @param {{latitude: number, longitude: number}} b */
export function kilometres(a, b) {
  const rad = (/** @type {number} */ degrees) => (degrees * Math.PI) / 180;
  const half = (/** @type {number} */ from, /** @type {number} */ to) => Math.sin(rad(to - from) / 2) ** 2;
  const across = Math.cos(rad(a.latitude)) * Math.cos(rad(b.latitude));
  return 2 * EARTH_KM * Math.asin(Math.sqrt(Math.min(1, half(a.latitude, b.latitude) + across * half(a.longitude, b.longitude))));
}

/** @param {number} km */
const far = (km) => t('patient.find.far', { n: km < 10 ? km.toFixed(1) : String(Math.round(km)) });

/** What is looked for, and what was found. */
export class Finding {
  /** @param {import('../lib/page.js').Page} page @param {(place: Place) => void} open */
  constructor(page, open) {
    this.page = page;
    this.open = open;
    this.text = '';
    /** @type {any} */
    this.found = null;
    this.failed = '';
    /** Of which question the answer is awaited: what comes late is not shown. */
    this.asked = 0;
    this.timer = 0;
    /** Where this phone is, once somebody has asked for the nearest. @type {{latitude: number, longitude: number}|null} */
    this.here = null;
    this.locating = false;
    /** Others in place of a session: its id, and what was found (null: asked). @type {{session: string, found: any}|null} */
    this.instead = null;
  }

  /** @param {string} text */
  typed(text) {
    this.text = text;
    clearTimeout(this.timer);
    this.asked += 1;
    if (!text.trim()) {
      this.found = null;
      this.failed = '';
    } else this.timer = window.setTimeout(() => this.ask(), PAUSE_MS);
    this.page.draw();
  }

  async ask() {
    clearTimeout(this.timer);
    const text = this.text.trim();
    if (!text) return;
    this.asked += 1;
    const { asked } = this;
    let found = null;
    let failed = '';
    try {
      found = await this.page.session.http('POST', '/api/v1/places/find', { text });
    } catch (refusal) {
      failed = wordsOf(refusal);
    }
    if (asked !== this.asked) return;
    Object.assign(this, { found, failed });
    this.page.draw();
  }

  /** Others of the class and kind of a session. @param {string} session */
  async elsewhere(session) {
    this.instead = { session, found: null };
    const asked = this.instead;
    this.page.draw();
    try {
      const found = await this.page.session.http('POST', '/api/v1/places/find', { instead_of: session });
      asked.found = found;
    } catch (refusal) {
      if (this.instead === asked) this.instead = null;
      this.page.notify(wordsOf(refusal));
    }
    this.page.draw();
  }

  /** Asked for once, by a tap. */
  locate() {
    this.locating = true;
    this.page.draw();
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      this.here = { latitude: coords.latitude, longitude: coords.longitude };
      this.locating = false;
      this.page.draw();
    }, () => {
      this.locating = false;
      this.page.notify(t('patient.find.no_place'));
      this.page.draw();
    }, WHERE);
  }

  /** How far a hospital is, in kilometres; null: one of both is not known. @param {any[]} sites @param {string} id */
  distance(sites, id) {
    const site = sites.find((one) => one.site === id);
    return this.here && site && site.latitude !== null ? kilometres(this.here, site) : null;
  }

  /** The nearest first, where that is wanted; what is alike far stays as it was. @param {any} found @param {any[]} list @returns {any[]} */
  nearest(found, list) {
    if (!this.here) return list;
    const km = (/** @type {any} */ one) => {
      const known = this.distance(found.sites, one.site);
      return known === null ? Number.POSITIVE_INFINITY : known;
    };
    return list.map((one, at) => ({ one, at, km: km(one) })).sort((a, b) => (a.km === b.km ? a.at - b.at : a.km - b.km)).map(({ one }) => one);
  }

  /** The field, and what was found by it; `list` is shown while nobody looks for anything. @param {any} list */
  view(list) {
    const looks = !!this.text.trim();
    return [
      h('form', {
        class: 'block find', key: 'find', role: 'search',
        onsubmit: (/** @type {any} */ event) => {
          event.preventDefault();
          this.ask();
        },
      }, h('label', { class: 'field' }, h('span', null, t('patient.find')),
        h('input', {
          class: 'input', type: 'search', name: 'find', 'data-field': 'find', value: this.text, maxlength: '50', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false',
          enterkeyhint: 'search', placeholder: t('patient.find.hint'), oninput: (/** @type {any} */ event) => this.typed(event.target.value),
        }))),
      h('p', { class: 'find-said', key: 'find-said', role: 'status', 'data-find-said': '' }, looks ? this.said() : ''),
      looks ? [this.found && this.isSomething() ? this.nearestSwitch() : null, this.results()] : list,
    ];
  }

  isSomething() {
    return this.fitting().length + this.found.departments.length + this.found.doctors.length > 0;
  }

  /** @returns {any[]} */
  fitting() {
    return this.found.sites.filter((/** @type {any} */ one) => one.fits);
  }

  said() {
    if (this.failed) return this.failed;
    if (!this.found) return '';
    if (!this.isSomething()) return t('patient.find.none');
    const said = t('patient.find.found', { sites: this.fitting().length, departments: this.found.departments.length, doctors: this.found.doctors.length });
    return this.found.left_out ? said + t('patient.find.left_out', { n: this.found.left_out }) : said;
  }

  nearestSwitch() {
    // From an address in the house without TLS the browser does not say where it is.
    if (!window.isSecureContext || !navigator.geolocation) return null;
    return h('div', { class: 'block', key: 'nearest' }, h('button', {
      type: 'button', class: 'btn wide', 'data-action': 'nearest_first', 'aria-pressed': String(!!this.here), disabled: this.locating, 'aria-busy': String(this.locating),
      onclick: () => {
        if (!this.here) return this.locate();
        this.here = null;
        return this.page.draw();
      },
    }, t(this.here ? 'patient.find.is_nearest' : 'patient.find.nearest')),
    h('p', { class: 'muted' }, t('patient.find.where_goes')));
  }

  results() {
    const { found } = this;
    if (!found) return this.failed ? null : h('div', { class: 'block', key: 'loading', 'aria-busy': 'true' }, h('p', { class: 'skeleton' }));
    if (!this.isSomething()) return h('p', { class: 'empty', key: 'none' }, t('patient.find.none_more'));
    const groups = [
      ['sites', this.nearest(found, this.fitting()).map((one) => this.siteRow(one))],
      ['departments', this.nearest(found, found.departments).map((one) => this.row(one, one.department, named(one.name, one.name_en), [one.speciality]))],
      ['doctors', this.nearest(found, found.doctors).map((one) => this.row(one, one.doctor, named(one.name, one.name_en), [titleWord(one.title), one.speciality]))],
    ];
    return groups.filter(([, rows]) => rows.length).map(([name, rows]) => h('section', { key: `found-${name}` },
      h('h2', null, t(`patient.find.${name}`)), h('div', { class: 'block rows', 'data-found': name }, rows)));
  }

  /** @param {any} one a hospital */
  siteRow(one) {
    const km = this.distance(this.found.sites, one.site);
    return h('button', {
      type: 'button', key: one.site, 'data-action': 'open_found', 'data-id': one.site,
      onclick: () => this.open({ site: one.site, department: '', date: '', doctor: '' }),
    }, h('span', null, named(one.name, one.name_en), km === null ? null : h('small', { class: 'num' }, far(km))), h('span', { class: 'end', 'aria-hidden': 'true' }, '›'));
  }

  /** A department or a doctor. @param {any} one @param {string} id @param {string} title @param {string[]} about */
  row(one, id, title, about) {
    const department = one.department || (one.next ? one.next.department : one.departments[0]) || '';
    const site = this.found.sites.find((/** @type {any} */ at) => at.site === one.site);
    const km = this.distance(this.found.sites, one.site);
    const where = [site && named(site.name, site.name_en), km === null ? '' : far(km)];
    return h('button', {
      type: 'button', key: id, 'data-action': 'open_found', 'data-id': id,
      onclick: () => this.open({ site: one.site, department, date: one.next ? one.next.date : '', doctor: one.doctor || '' }),
    }, h('span', null, title, h('small', null, [...where, ...about].filter(Boolean).join(' · ')), h('small', { class: 'say num' }, this.free(one, department))),
    h('span', { class: 'end', 'aria-hidden': 'true' }, '›'));
  }

  /** The next free place in words. @param {any} one @param {string} department */
  free(one, department) {
    if (one.next) return t('patient.find.next', { time: dayAndClock(one.next.start), n: one.next.free });
    if (this.found.silent.includes(department)) return t('patient.find.silent');
    return one.opens_at ? t('patient.find.opens', { time: dayAndClock(one.opens_at) }) : t('patient.full');
  }

  /** Under a full session: the way to others of its class, or those. @param {any} session */
  insteadView(session) {
    if (!this.instead || this.instead.session !== session.session) {
      return h('button', {
        type: 'button', class: 'btn wide', key: 'elsewhere', 'data-action': 'find_elsewhere', onclick: () => this.elsewhere(session.session),
      }, t('patient.find.elsewhere'));
    }
    const { found } = this.instead;
    if (!found) return h('div', { key: 'elsewhere', 'aria-busy': 'true' }, h('p', { class: 'skeleton' }));
    const places = this.nearest(found, found.places);
    return h('div', { key: 'elsewhere', 'data-elsewhere': session.session },
      h('p', { role: 'status', class: 'muted' }, places.length ? t('patient.find.elsewhere_found', { n: places.length }) : t('patient.find.elsewhere_none')),
      h('div', { class: 'rows' }, places.map((place) => this.placeRow(found, place))));
  }

  /** @param {any} found @param {any} place */
  placeRow(found, place) {
    const site = found.sites.find((/** @type {any} */ one) => one.site === place.site);
    const who = place.doctor_name ? `${named(place.doctor_name, place.doctor_name_en)} ${titleWord(place.doctor_title)}` : t('patient.pool');
    const km = this.distance(found.sites, place.site);
    const where = [site && named(site.name, site.name_en), named(place.department_name, place.department_name_en), km === null ? '' : far(km)];
    return h('button', {
      type: 'button', key: place.slot, 'data-action': 'open_found', 'data-id': place.session,
      onclick: () => this.open({ site: place.site, department: prefix(place.session, 2), date: place.date, doctor: place.doctor || '' }),
    }, h('span', null, who, h('small', null, [numberClassWord(place.registration_class), ...where].filter(Boolean).join(' · ')),
      h('small', { class: 'say num' }, t('patient.find.next', { time: dayAndClock(place.start), n: place.free }))), h('span', { class: 'end', 'aria-hidden': 'true' }, '›'));
  }
}
