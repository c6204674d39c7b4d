// /patient: the phone. Wires session, who is looked after, tabs and views; holds no rule of the clinic.

import '../i18n/phone.js';
import { Chime } from '../lib/chime.js';
import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { ask, openPage } from '../lib/page.js';
import { personBody, personFields } from '../lib/person-form.js';
import { Persons } from '../lib/persons.js';
import { Booking } from './booking.js';
import { Consent, FamilyView } from './family.js';
import { calledView, homeView, isCallShown } from './home.js';
import { Model } from './model.js';
import { banners, confirmSeen } from './notices.js';
import { Ways } from './ways.js';

const TABS = ['today', 'book', 'me'];
const ELDER = 'jiaohao.elder';

/** Everybody on the account, followed all the time: whoever is called interrupts whatever is shown. @type {Map<string, Model>} */
const models = new Map();
/** Who is shown. @type {Model|null} */
let model = null;
/** @type {Booking|null} */
let booking = null;
/** @type {Persons|null} */
let persons = null;
/** @type {FamilyView|null} */
let family = null;
/** @type {Consent|null} */
let consent = null;
/** @type {Ways|null} */
let ways = null;
/** @type {{patient: string, relation?: string}[]} */
let mine = [];
let tab = 'today';
let kind = 'resident_id';
let adding = false;
let busy = false;
const seen = new Set();
/** The area's code, where the phone has scanned it from a kiosk. */
let scanned = (/[#&]code=(\d{6})/.exec(location.hash) || ['', ''])[1];
if (scanned) history.replaceState(null, '', location.pathname + location.search + location.hash.replace(/[#&]code=\d{6}/, ''));

/** Rings for a call; woken by the first touch, be it the sign-in's. */
const chime = new Chime(() => page.draw());
const page = openPage({ mode: 'phone', roles: ['patient'], start, draw, leave, beside: elderSwitch });

/** @param {import('../lib/page.js').Page} opened */
function start(opened) {
  persons = new Persons(opened.session, opened.draw);
  booking = new Booking(opened, () => /** @type {Model} */ (model), nameOf, () => go('today'));
  family = new FamilyView(opened, (patient) => nameOf(patient) || t('patient.somebody'), {
    add,
    changed: () => opened.session.renew().then(() => takePatients()),
    live: (patient) => (models.get(patient) ? /** @type {Model} */ (models.get(patient)).live() : []),
  });
  consent = new Consent(opened);
  ways = new Ways(opened, () => Array.from(models.values()));
  takePatients();
  if (mine.length) ways.wechat.begin(!scanned);
  // Whose phone has agreed to something sees it before saying who they are.
  if (!mine.length) family.read();
  // A right may have ended meanwhile, or begun: the next token says so.
  opened.session.onChange(takePatients);
  setInterval(opened.draw, 1000);
}

function takePatients() {
  const told = (page.session.who && page.session.who.patients) || [];
  mine = told.map((/** @type {any} */ one) => (typeof one === 'string' ? { patient: one } : one));
  follow();
  if (model && mine.some((one) => one.patient === /** @type {Model} */ (model).patient)) return;
  model = null;
  if (mine.length) lookAfter(mine[0].patient);
}

function add() {
  adding = true;
  if (consent) consent.forget();
  page.draw();
}

/** Somebody on the account has news. */
function changed() {
  if (booking) booking.changed();
  page.draw();
}

/** Follows everybody who is on the account. */
function follow() {
  mine.forEach(({ patient }) => {
    // Its name is asked for before anybody chooses.
    if (persons) persons.get(patient);
    if (!models.has(patient)) models.set(patient, new Model(page, patient, changed));
  });
  models.forEach((one, patient) => {
    if (mine.some((kept) => kept.patient === patient)) return;
    one.close();
    models.delete(patient);
  });
}

/** @param {string} patient */
function lookAfter(patient) {
  model = models.get(patient) || model;
  page.draw();
}

/** Shows whose ticket it is; a booking under way stays where it is. @param {string} patient */
function show(patient) {
  if (booking && booking.held) return;
  lookAfter(patient);
  go('today');
}

/** @param {string} to */
function go(to) {
  tab = to;
  adding = false;
  page.notify('');
  if (to === 'book' && booking) booking.open();
  if (to === 'me' && family) family.read();
  if (to === 'me' && ways) ways.read();
  window.scrollTo(0, 0);
  page.draw();
}

/** @param {string} patient */
function nameOf(patient) {
  const person = persons && persons.get(patient);
  const known = models.get(patient);
  return (person && person.name) || (known && known.value && known.value.masked_name) || '';
}

function elder() {
  try {
    return localStorage.getItem(ELDER) === '1';
  } catch {
    return false;
  }
}

/** From here on, in pixels of the root's text, the bar of tabs would take too much of the phone. */
const LARGE_TEXT_PX = 28;

/** The phone's own text size may change at any time. */
function lookAtTextSize() {
  const root = document.documentElement;
  root.classList.toggle('large-text', parseFloat(getComputedStyle(root).fontSize) >= LARGE_TEXT_PX);
}

/** On both: what is counted in `rem` grows with the root. @param {boolean} on */
function sizes(on) {
  document.documentElement.classList.toggle('elder-root', on);
  document.body.classList.toggle('elder', on);
}

/** @param {boolean} on */
function setElder(on) {
  try {
    localStorage.setItem(ELDER, on ? '1' : '0');
  } catch {
    // Kept for this visit only.
  }
  sizes(on);
  page.draw();
}
sizes(elder());

/** Large text: who needs it needs it before anything else. */
function elderSwitch() {
  return h('label', { key: 'elder', class: 'check big-text' }, t('patient.elder'),
    h('span', { class: 'end' }, h('input', { type: 'checkbox', 'data-action': 'elder', checked: elder(), onchange: (/** @type {any} */ e) => setElder(e.target.checked) })));
}

function draw() {
  lookAtTextSize();
  if (!model) return registerView();
  const everybody = [model, ...Array.from(models.values()).filter((one) => one !== model)];
  const home = {
    page, model, family: everybody, nameOf, go, show, seen, scanned, chime,
    used: () => {
      scanned = '';
    },
  };
  // Once it is drawn.
  requestAnimationFrame(() => confirmSeen(page, everybody, (ticket, of) => isCallShown(home, ticket, of)));
  if (adding) return [banners(everybody, nameOf, page.draw, false), registerView()];
  const views = { today: () => homeView(home), book: () => /** @type {Booking} */ (booking).view(), me: meView };
  const call = calledView(home);
  // Behind a call that takes the whole screen there is nothing to be found by keyboard or ear.
  const inert = !!call;
  return [
    h('header', { class: 'top', key: 'top', inert }, h('h1', null, t(`patient.tab.${tab}`)),
      h('button', { type: 'button', class: 'who', 'data-action': 'choose_person', onclick: choosePerson }, nameOf(model.patient) || t('patient.me'), mine.length > 1 ? ' ▾' : '')),
    banners(everybody, nameOf, page.draw, inert, tab === 'today' ? { patient: model.patient, isFirst: !model.waits() } : undefined),
    h('div', { key: tab, inert }, views[/** @type {'today'|'book'|'me'} */ (tab)]()),
    h('nav', { key: 'nav', inert }, TABS.map((one) => h('button', {
      type: 'button', key: one, 'data-action': `open_${one}`, 'aria-current': one === tab ? 'page' : undefined, onclick: () => go(one),
    }, t(`patient.tab.${one}`)))),
    call,
  ];
}

async function leave() {
  if (ways) await ways.leave();
}

async function signOut() {
  busy = true;
  page.draw();
  await leave();
  busy = false;
  await page.session.signOut();
}

async function choosePerson() {
  if (mine.length < 2) {
    go('me');
    return;
  }
  const chosen = await ask(t('patient.for_whom'), (close) => h('div', { class: 'form' }, mine.map((one) => h('button', {
    type: 'button', class: 'btn big wide', key: one.patient, 'data-patient': one.patient, onclick: () => close(one.patient),
  }, nameOf(one.patient) || t('patient.somebody')))));
  if (chosen) lookAfter(chosen);
}

function meView() {
  return h('div', null,
    h('div', { class: 'block rows' },
      mine.map((one) => h('button', { type: 'button', key: one.patient, 'data-action': 'look_after', 'data-patient': one.patient, onclick: () => lookAfter(one.patient) },
        nameOf(one.patient) || t('patient.somebody'),
        h('span', { class: 'end' }, model && model.patient === one.patient ? t('patient.shown_now') : '›'))),
      h('button', {
        type: 'button', key: 'add', 'data-action': 'add_person', onclick: add,
      }, t('patient.add_person'), h('span', { class: 'end', 'aria-hidden': 'true' }, '+'))),
    family && family.view(),
    ways && model && ways.view(model),
    h('div', { class: 'block rows' },
      elderSwitch(),
      h('div', { key: 'language' }, t('patient.language'), h('span', { class: 'end' }, h('jh-language'))),
      h('button', { type: 'button', key: 'out', 'data-action': 'sign_out', disabled: busy, onclick: signOut }, t('sign_out'))));
}

/** Who are you? For the first visit, and for a member of the family. */
function registerView() {
  const first = !mine.length;
  return [h('section', { class: 'centred', key: 'register' }, h('div', { class: 'card' },
    h('h1', null, t(first ? 'patient.register' : 'patient.add_person')),
    h('p', { class: 'muted' }, t(first ? 'patient.register_more' : 'patient.add_person_more')),
    h('form', { class: 'form', 'data-form': 'register_person', onsubmit: register },
      personFields({
        kind, phone: false, own: first,
        setKind: (chosen) => {
          kind = chosen;
          page.draw();
        },
      }),
      first ? null : h('label', { class: 'field', key: 'relation' }, h('span', null, t('patient.relation')),
        h('select', { class: 'input', name: 'relation' }, ['child', 'parent', 'spouse', 'other'].map((r) => h('option', { key: r, value: r }, t(`relation.${r}`))))),
      consent && consent.fields(),
      h('button', { class: 'btn primary big wide', key: 'go', 'data-action': 'register_person', disabled: busy, 'aria-busy': String(busy) },
        t(consent && consent.needed && !consent.phone ? 'family.ask' : 'patient.register_go')),
      first
        ? h('button', { type: 'button', class: 'btn quiet wide', key: 'out', 'data-action': 'sign_out', disabled: busy, onclick: signOut }, t('sign_out'))
        : h('button', { type: 'button', class: 'btn wide', key: 'cancel', 'data-action': 'register_cancel', onclick: () => go('me') }, t('cancel'))))),
  first && family && h('div', { key: 'family' }, family.view())];
}

/** @param {any} event */
async function register(event) {
  event.preventDefault();
  const f = event.target.elements;
  busy = true;
  page.draw();
  try {
    const relation = f.relation ? f.relation.value : 'self';
    const body = { ...personBody(f), relation, ...(consent && consent.body(f)) };
    if (consent && consent.needed && !consent.phone) {
      await consent.ask(body);
      page.notify('');
      busy = false;
      page.draw();
      return;
    }
    const answer = await page.session.http('POST', '/api/v1/persons', body);
    // The right to the new person is in the next token.
    await page.session.renew();
    takePatients();
    if (!mine.some((one) => one.patient === answer.patient)) mine.push({ patient: answer.patient, relation });
    follow();
    if (persons) persons.put({ patient: answer.patient, name: f.name.value.trim() });
    page.notify('');
    adding = false;
    if (consent) consent.forget();
    tab = 'today';
    lookAfter(answer.patient);
    if (ways) ways.wechat.begin(!scanned);
  } catch (refusal) {
    if (consent && consent.takes(refusal)) page.notify('');
    else if (consent && consent.needed) consent.refuse(refusal);
    else page.refuse(refusal);
  }
  busy = false;
  page.draw();
}
