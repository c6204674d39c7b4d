// /ops: operations. Live figures, the house's configuration, screens. Holds no rule of the clinic.

import { screensView } from '../components/screens.js';
import { clockOf, wall } from '../lib/clock.js';
import { find, h, render } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { openPage } from '../lib/page.js';
import { rememberSite, sitesByName } from '../lib/houses.js';
import { prefix, Site } from '../lib/site.js';
import { LiveStream } from '../lib/stream.js';
import { periodWord, wordsOf } from '../lib/words.js';
import { auditView } from './audit.js';
import { formView, isUnder } from './form.js';
import { KINDS } from './kinds.js';
import { overview } from './overview.js';
import { leaveVoice, voiceView } from './voice.js';

/** @type {LiveStream|null} */
let figures = null;
/** @type {any[]} */
let sites = [];
/** @type {Site|null} */
let site = null;
/** @type {any[]} */
let sessions = [];
let reading = false;
let part = 'figures';
let department = '';
/** @type {any} */
let editing = null;

/** Known from `start` on, which may be called before `openPage` returns. @type {import('../lib/page.js').Page} */
let page;

openPage({ mode: 'staff', roles: ['operator'], start, draw });

/** @param {import('../lib/page.js').Page} opened */
async function start(opened) {
  page = opened;
  figures = new LiveStream(opened.protocol, 'ops', onFigures, opened.draw);
  await readSites();
  // What others define or pair meanwhile.
  setInterval(reread, 20000);
}

/** The stream names every site that this operator may see: one that is new here is read. @param {any} value */
function onFigures(value) {
  const unknown = value ? value.sites.filter((/** @type {any} */ one) => !sites.some((s) => (s.site || s.id) === one.site)) : [];
  if (unknown.length && !reading) {
    reading = true;
    readSites().finally(() => {
      reading = false;
    });
  }
  page.draw();
}

async function readSites() {
  const own = page.session.who.site;
  try {
    sites = (await sitesByName(page.session, own ? [own] : [])).filter((s) => !own || s.site === own);
  } catch (refusal) {
    page.refuse(refusal);
  }
  const first = site ? site.id : sites.length ? sites[0].site : '';
  if (first) await openSite(first);
  page.draw();
}

/** @param {string} id */
async function openSite(id) {
  const opened = new Site(page.session, id, page.protocol.clock);
  try {
    await opened.read();
    site = opened;
  } catch (refusal) {
    page.notify(wordsOf(refusal));
  }
  const departments = site ? site.all('departments') : [];
  if (!departments.some((d) => d.id === department)) department = departments.length ? departments[0].id : '';
  readSessions();
}

function readSessions() {
  const all = (site && site.view && site.view.sessions) || [];
  sessions = all.filter((/** @type {any} */ s) => prefix(s.session, 2) === department);
  page.draw();
}

/** @param {string} name @param {any} body */
async function send(name, body) {
  try {
    const result = await page.command(name, body);
    page.notify(t('ops.saved'), 'good');
    return result;
  } catch {
    return null; // said on the page
  }
}

/** @param {any} kind @param {any} body */
async function define(kind, body) {
  if (!(await send(kind.command, body))) return;
  editing = null;
  if (kind.kind === 'site') {
    if (!sites.some((s) => (s.site || s.id) === body.id)) sites.push({ site: body.id, name: body.name });
    rememberSite(body.id);
    await openSite(body.id);
  } else await reread();
}

/** @param {any} kind @param {any} one */
async function retire(kind, one) {
  if (await send(kind.retire, { id: one.id || one.session })) await reread();
}

async function reread() {
  if (site) {
    await site.read().catch((refusal) => page.notify(wordsOf(refusal)));
    if (!department) department = (site.all('departments')[0] || { id: '' }).id;
  }
  readSessions();
}

function draw() {
  top();
  const kind = KINDS.find((k) => k.kind === part);
  return h('div', { class: 'house', key: 'house' }, menu(),
    h('section', { class: 'part', key: part }, partView(kind)));
}

/** @param {any} kind */
function partView(kind) {
  if (part === 'figures') return overview(figures && figures.value, page.draw);
  if (part === 'audit') return auditView(page, new Date(figures && figures.value ? figures.value.now : Date.now()).toISOString().slice(0, 10));
  if (part === 'voice') return site ? voiceView(page, site.id) : noSite();
  return part === 'screens' ? screensPart() : kindView(kind);
}

/** @param {any} kind @returns {any[]} */
function things(kind) {
  if (kind.kind === 'site') return sites;
  if (kind.kind === 'session') return sessions;
  const all = site ? site.all(kind.list) : [];
  return kind.under === 'department' ? all.filter((one) => isUnder(one, department)) : all;
}

function menu() {
  const item = (/** @type {string} */ name, /** @type {string} */ words, /** @type {any} */ count) => h('button', {
    type: 'button', class: 'btn', key: name, 'data-part': name, 'aria-current': name === part ? 'page' : undefined,
    onclick: () => {
      if (part === 'voice' && name !== 'voice') leaveVoice();
      part = name;
      editing = null;
      page.draw();
    },
  }, words, count === null ? null : h('span', { class: 'num' }, String(count)));
  return h('nav', { class: 'menu' },
    item('figures', t('ops.figures'), null),
    item('screens', t('ops.screens'), site ? site.all('screens').length : 0),
    item('voice', t('ops.voice'), null),
    page.session.who.site ? null : item('audit', t('ops.audit'), null),
    h('hr', { key: 'hr' }),
    KINDS.map((kind) => item(kind.kind, t(`ops.kind.${kind.kind}`), kind.kind === 'staff' ? null : kind.kind === 'site' ? sites.length : site && kind.kind !== 'session' ? site.all(kind.list).length : null)),
    h('hr', { key: 'hr2' }),
    h('a', { key: 'metrics', href: '/metrics' }, t('ops.metrics')),
    h('a', { key: 'openapi', href: '/openapi.json' }, t('ops.openapi')));
}

function screensPart() {
  return [h('h1', { key: 'h' }, t('ops.screens')),
    site ? h('div', { class: 'card pad screens', key: 's' }, screensView({ site, send, after: reread })) : noSite()];
}

function noSite() {
  return h('p', { class: 'empty card', key: 'none' }, h('b', null, t('ops.no_site')), t('ops.no_site_more'));
}

/** @param {any} kind */
function kindView(kind) {
  const clock = page.protocol.clock;
  const o = clock.offsetMinutes;
  const two = (/** @type {number} */ n) => String(Math.floor(Math.abs(n))).padStart(2, '0');
  const look = { site, sites, department, editing, offset: `${o < 0 ? '-' : '+'}${two(o / 60)}:${two(Math.abs(o) % 60)}` };
  if (!site && kind.kind !== 'site' && kind.kind !== 'staff') {
    return noSite();
  }
  const list = things(kind);
  return [h('h1', { key: 'h' }, t(`ops.kind.${kind.kind}`)), h('p', { class: 'muted', key: 'm' }, t(`ops.about.${kind.kind}`)),
    kind.under === 'department' ? departmentChoice() : null,
    h('div', { class: 'pair', key: 'pair' },
      list.length
        ? h('ul', { class: 'things' }, list.map((one) => thing(kind, one)))
        : kind.kind === 'staff'
          ? h('p', { class: 'empty card' }, t('ops.staff_not_listed'))
          : h('p', { class: 'empty card' }, h('b', null, t('ops.none_yet')), t('ops.none_yet_more')),
      formView(kind, look, (body) => define(kind, body), () => {
        editing = null;
        page.draw();
      }))];
}

function departmentChoice() {
  return h('label', { class: 'field pad', key: 'department' }, h('span', null, t('ops.kind.department')),
    h('select', {
      class: 'input', 'data-action': 'choose_department',
      onchange: (/** @type {any} */ e) => {
        department = e.target.value;
        editing = null;
        readSessions();
      },
    }, (site ? site.all('departments') : []).map((d) => h('option', { key: d.id, value: d.id, selected: d.id === department }, named(d.name, d.name_en)))));
}

/** @param {any} kind @param {any} one */
function thing(kind, one) {
  const id = one.id || one.session || one.site;
  const doctor = one.session && one.doctor && site ? site.one('doctors', one.doctor) : null;
  const queue = one.session && one.queue && site ? site.one('queues', one.queue) : null;
  const slots = one.slots || [];
  const times = one.session && slots.length ? `${clockOf(slots[0].start)}–${clockOf(slots[slots.length - 1].end)}` : '';
  const more = [one.date, periodWord(one.period), times, one.title, one.prefix, id].filter(Boolean).join(' · ');
  const name = one.session ? [doctor ? doctor.name : queue ? queue.name : '', one.registration_class].filter(Boolean).join(' · ') : named(one.name, one.name_en);
  return h('li', { key: id, 'data-thing': id },
    h('span', null, name || id, h('small', null, more)),
    h('span', { class: 'acts' },
      h('button', {
        type: 'button', class: 'btn small', 'data-action': 'edit', 'data-thing': id,
        onclick: () => {
          editing = one;
          page.draw();
        },
      }, t('ops.edit')),
      kind.retire
        ? h('button', { type: 'button', class: 'btn small danger', 'data-action': kind.retire, 'data-thing': id, onclick: () => retire(kind, one) }, t('ops.retire'))
        : null));
}

function top() {
  const clock = page.protocol.clock;
  render(find('#clock'), clock.known ? wall(clock.now(), clock.offsetMinutes).clock : '');
  render(find('#me'), page.session.access
    ? h('button', { type: 'button', class: 'btn quiet small', 'data-action': 'sign_out', onclick: () => page.session.signOut() }, t('sign_out'))
    : []);
  render(find('#sites'), sites.length
    ? h('select', { class: 'input', 'aria-label': t('ops.kind.site'), 'data-action': 'choose_site', onchange: (/** @type {any} */ e) => openSite(e.target.value) },
      sites.map((s) => h('option', { key: s.site || s.id, value: s.site || s.id, selected: !!site && site.id === (s.site || s.id) }, named(s.name, s.name_en))))
    : []);
}
