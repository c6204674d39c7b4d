// /setup: the first steps in a house that nobody has set up. The one-time link's token makes the first administrator, who
// then signs in (which ends the link) and names the hospital. Holds no rule: the commands are those of operations.

import '../i18n/setting-up.js';
import '../components/language.js';
import { fieldView, focusWrong, wrongField } from '../components/fields.js';
import { find, h, render } from '../lib/dom.js';
import { call, Refusal } from '../lib/http.js';
import { applyWords, onLanguage, t } from '../lib/i18n.js';
import { proposedId } from '../lib/ids.js';
import { rememberSite } from '../lib/houses.js';
import { Session } from '../lib/session.js';
import { wordsOf } from '../lib/words.js';

/** Under which this tab keeps the link's token until it is used: a page that is loaded again needs it. */
const KEPT = 'jiaohao.setup';
/** Where the hospital is when the browser does not say, and what a machine says that nobody has told. */
const HOME = 'Asia/Shanghai';
const UNTOLD = ['UTC', 'Etc/UTC', 'GMT'];
const FULL = ['storage_low', 'read_only'];
/** Zones of China come before the hundreds of others. */
const NEAR = [HOME, 'Asia/Urumqi', 'Asia/Hong_Kong', 'Asia/Macau', 'Asia/Taipei'];
/** What comes next on /ops, in this order. */
const STEPS = ['department', 'people', 'board', 'today'];

const session = new Session();
/** @type {'asking'|'form'|'spent'|'offline'|'done'} */
let at = 'asking';
/** @type {string|null} */
let token = null;
/** @type {string[]} */
let zones = [HOME];
/** The administrator is there and has signed in: only the hospital is missing. */
let signedIn = false;
let busy = false;
/** What is wrong, by field; `form`: with all of it. @type {Object<string, string>} */
let wrong = {};
let idIsOwn = false;

/** The token of the address, which is taken out of it at once. */
function given() {
  const found = /[#&]token=([^&]+)/.exec(location.hash);
  try {
    if (found) sessionStorage.setItem(KEPT, decodeURIComponent(found[1]));
    if (location.hash) history.replaceState(null, '', location.pathname);
    return sessionStorage.getItem(KEPT);
  } catch {
    return found ? decodeURIComponent(found[1]) : null;
  }
}

function forget() {
  token = null;
  try {
    sessionStorage.removeItem(KEPT);
  } catch {
    // It was not kept.
  }
}

async function begin() {
  token = given();
  at = 'asking';
  draw();
  try {
    const [known] = await Promise.all([call('GET', '/api/v1/time-zones'), token ? call('GET', '/api/v1/sites', { token }) : null]);
    const all = /** @type {string[]} */ (known.time_zones);
    zones = [...NEAR.filter((zone) => all.includes(zone)), ...all.filter((zone) => !NEAR.includes(zone))];
    at = token ? 'form' : 'spent';
  } catch (refusal) {
    at = refusal instanceof Refusal && refusal.code === 'unauthenticated' ? 'spent' : 'offline';
    if (at === 'spent') forget();
  }
  draw();
}

/** @param {any} event */
async function submit(event) {
  event.preventDefault();
  if (busy) return;
  const form = event.target;
  const of = (/** @type {string} */ name) => form.elements[name].value.trim();
  wrong = {};
  if (!signedIn && form.elements.password.value !== form.elements.again.value) {
    wrong = { again: t('setup.differ') };
    draw();
    focusWrong(form, wrong);
    return;
  }
  busy = true;
  draw();
  try {
    if (!signedIn) await makeAdministrator(of('admin'), form.elements.password.value);
    await session.http('PUT', '/api/v1/sites', { id: of('id'), name: of('name'), name_en: of('name_en'), time_zone: of('time_zone') });
    rememberSite(of('id'));
    at = 'done';
  } catch (refusal) {
    refused(refusal);
  }
  busy = false;
  draw();
  if (at === 'form') focusWrong(form, wrong);
  else find('#main').scrollIntoView();
}

/** Defines the account and signs it in: from then on the link opens nothing. @param {string} name @param {string} password */
async function makeAdministrator(name, password) {
  try {
    await call('PUT', '/api/v1/staff', { body: { id: name, role: 'operator', password, may_issue: true }, token });
  } catch (refusal) {
    // Its id is the name to sign in with.
    if (refusal instanceof Refusal && refusal.validNow.field === 'id') refusal.validNow.field = 'admin';
    throw refusal;
  }
  await session.signIn({ name, password });
  signedIn = true;
  forget();
}

/** @param {any} refusal */
function refused(refusal) {
  if (refusal.code === 'unauthenticated' && !signedIn) {
    forget();
    at = 'spent';
    return;
  }
  // Who sets up is who can make room: where, and how much. (What the house adds in words is English.)
  const { folder, free_mib: free, needed_mib: needed, what } = refusal.validNow || {};
  if (FULL.includes(refusal.code) && !what) {
    wrong = { form: folder ? t('setup.no_room_in', { folder, free, needed }) : t('setup.no_room') };
    return;
  }
  const field = wrongField(refusal);
  const own = { name: 'setup.wrong.name', id: 'setup.wrong.id', admin: 'setup.wrong.admin', password: 'setup.wrong.password' }[field];
  wrong = own ? { [field]: t(own) } : { [field || 'form']: wordsOf(refusal) };
}

/** The id follows the name until somebody writes another. @param {any} event */
function onInput(event) {
  const f = event.currentTarget.elements;
  if (event.target.name === 'id') idIsOwn = event.target.value !== '';
  if (!idIsOwn && /^name/.test(event.target.name)) f.id.value = proposedId('site', f.name.value, f.name_en.value, () => false);
}

/** The browser's zone, where it has been told one. */
function likelyZone() {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zones.includes(here) && !UNTOLD.includes(here) ? here : HOME;
}

function formView() {
  const likely = likelyZone();
  const field = (/** @type {string} */ name, /** @type {any} */ more) => fieldView({ name, words: t(`setup.${name}`), wrong: wrong[name], ...more });
  return h('form', { class: 'form', key: 'form', 'data-form': 'setup', onsubmit: submit, oninput: onInput },
    h('section', { class: 'card', key: 'house' }, h('h2', null, h('i', { 'aria-hidden': 'true' }, '1'), t('setup.house')),
      h('div', { class: 'two' },
        field('name', { required: true, maxlength: '60', placeholder: t('setup.name_hint'), autofocus: true }),
        field('name_en', { maxlength: '60', hint: t('setup.optional') })),
      h('div', { class: 'two' },
        field('id', { required: true, pattern: '[a-z0-9_\\-]+', autocapitalize: 'off', hint: t('setup.id_hint') }),
        fieldView({ name: 'time_zone', words: t('setup.time_zone'), wrong: wrong.time_zone },
          h('select', { class: 'input', name: 'time_zone', 'data-field': 'time_zone' }, zones.map((zone) => h('option', { key: zone, value: zone, selected: zone === likely }, zone)))))),
    signedIn
      ? h('p', { class: 'notice', key: 'signed' }, t('setup.signed_in'))
      : h('section', { class: 'card', key: 'admin' }, h('h2', null, h('i', { 'aria-hidden': 'true' }, '2'), t('setup.administrator')),
        h('p', { class: 'muted' }, t('setup.administrator_more')),
        h('div', { class: 'three' },
          field('admin', { required: true, value: 'admin', pattern: '[a-z0-9_\\-]{1,48}', autocapitalize: 'off', autocomplete: 'username', hint: t('setup.admin_hint') }),
          field('password', { type: 'password', required: true, minlength: '12', autocomplete: 'new-password', hint: t('setup.password_hint') }),
          field('again', { type: 'password', required: true, minlength: '12', autocomplete: 'new-password' }))),
    wrong.form ? h('p', { class: 'notice alarm', role: 'alert', key: 'wrong' }, wrong.form) : null,
    h('button', { class: 'btn primary go', key: 'go', 'data-action': 'setup', disabled: busy, 'aria-busy': String(busy) }, t('setup.go')));
}

function spentView() {
  return h('section', { class: 'card', key: 'spent', 'data-setup': 'spent' }, h('h2', null, t('setup.spent')), h('p', null, t('setup.spent_more')),
    h('p', null, t('setup.spent_in')), h('a', { class: 'btn primary', href: '/ops' }, t('setup.sign_in')),
    h('p', null, t('setup.spent_restart')), h('p', null, t('setup.spent_issue')),
    h('code', null, 'jiaohao token issue --role operator --may-issue'), h('p', { class: 'muted' }, t('setup.spent_token')));
}

function doneView() {
  return h('section', { class: 'card done', key: 'done', 'data-setup': 'done' }, h('h1', null, t('setup.done')), h('p', { class: 'muted' }, t('setup.done_more')),
    h('ol', { class: 'steps' }, STEPS.map((step) => h('li', { key: step }, h('span', null, t(`setup.step.${step}`), h('small', null, t(`setup.step_more.${step}`)))))),
    h('a', { class: 'btn primary go', href: '/ops#missing', 'data-action': 'open_ops' }, t('setup.open_ops')));
}

function draw() {
  const head = [h('h1', { key: 'h' }, t('setup.title')), h('p', { class: 'lead', key: 'lead' }, t('setup.lead'))];
  /** @type {Object<string, () => any>} */
  const views = {
    asking: () => [head, h('p', { class: 'skeleton', key: 'skeleton' })],
    form: () => [head, formView()],
    spent: () => [head, spentView()],
    offline: () => [head, h('section', { class: 'card', key: 'offline' }, h('p', { class: 'notice soon' }, t('setup.offline')),
      h('button', { type: 'button', class: 'btn', 'data-action': 'again', onclick: begin }, t('setup.again_ask')))],
    done: doneView,
  };
  render(find('#main'), views[at]());
}

applyWords(document);
onLanguage(draw);
begin();
