// /ops: operations. Live figures, what is still missing, the house's configuration, screens. Holds no rule of the clinic.

import '../i18n/operations.js';
import { focusWrong, wrongField } from '../components/fields.js';
import { screensView } from '../components/screens.js';
import { slotsBetween, USUAL } from '../components/slots.js';
import { wall } from '../lib/clock.js';
import { find, h, render } from '../lib/dom.js';
import { rememberSite, sitesByName } from '../lib/houses.js';
import { Refusal } from '../lib/http.js';
import { has, named, t } from '../lib/i18n.js';
import { openPage } from '../lib/page.js';
import { prefix, Site } from '../lib/site.js';
import { LiveStream } from '../lib/stream.js';
import { wordsOf } from '../lib/words.js';
import { auditView } from './audit.js';
import { begin, formView, holderOf } from './form.js';
import { idOf, isUnder, KINDS } from './kinds.js';
import { askToOverwrite, changedMeanwhile } from './meanwhile.js';
import { lacksOf, missingCount, missingView, nextView, ROLE_OF } from './missing.js';
import { tooMuchWords, overview } from './overview.js';
import { forgetRules, ruleWord } from './rules.js';
import { askToRetire, inWords, thingsView, usersOf } from './things.js';

/** @type {LiveStream|null} */
let figures = null;
let reading = false;
let saving = false;
let part = location.hash === '#missing' ? 'missing' : 'figures';
/** What the list is searched for. */
let typed = '';
/** The figures come every second, and what they rest on is read within the next: so often they are looked at after saving. */
const LOOKS_AFTER_SAVING = 4;
/** What was planned last, until the figures have been looked at. @type {{board: string, queue: string, looks: number}|null} */
let planned = null;
/** Each saved or left form is another one than the next. */
let round = 0;

/** What the forms know. @type {import('./kinds.js').Look} */
const look = {
  site: null, sites: [], staff: [], zones: [], department: '', editing: null, role: 'doctor', ownSite: null, mayIssue: false, account: '',
  wrong: {}, taken: null, form: '', name: '', slots: [], today: '', draw: () => page.draw(),
};

/** Known from `start` on, which may be called before `openPage` returns. @type {import('../lib/page.js').Page} */
let page;

openPage({ mode: 'staff', roles: ['operator'], start, draw });

/** @param {import('../lib/page.js').Page} opened */
async function start(opened) {
  page = opened;
  look.ownSite = opened.session.who.site || null;
  look.mayIssue = !!opened.session.who.may_issue;
  look.account = opened.session.who.account || '';
  figures = new LiveStream(opened.protocol, 'ops', onFigures, opened.draw);
  await readSites();
  opened.session.http('GET', '/api/v1/time-zones').then((answer) => {
    look.zones = answer.time_zones;
  }, opened.refuse);
  // What others define or pair meanwhile.
  setInterval(reread, 20000);
}

/** The stream names every site that this operator may see: one that is new here is read. @param {any} value */
function onFigures(value) {
  const unknown = value ? value.sites.filter((/** @type {any} */ one) => !look.sites.some((s) => s.site === one.site)) : [];
  if (unknown.length && !reading) {
    reading = true;
    readSites().finally(() => {
      reading = false;
    });
  }
  warnOfPlanned();
  page.draw();
}

async function readSites() {
  try {
    look.sites = (await sitesByName(page.session, look.ownSite ? [look.ownSite] : [])).filter((s) => !look.ownSite || s.site === look.ownSite);
  } catch (refusal) {
    page.refuse(refusal);
  }
  const first = look.site ? look.site.id : look.sites.length ? look.sites[0].site : '';
  if (first) await openSite(first);
  else if (part === 'missing') show('site');
  await readStaff();
  page.draw();
}

async function readStaff() {
  try {
    const answer = await page.session.http('GET', look.ownSite ? `/api/v1/staff?site=${look.ownSite}` : '/api/v1/staff');
    look.staff = answer.staff;
  } catch (refusal) {
    page.notify(wordsOf(refusal));
  }
}

/** @param {string} id */
async function openSite(id) {
  const opened = new Site(page.session, id, page.protocol.clock);
  try {
    await opened.read();
    look.site = opened;
  } catch (refusal) {
    page.notify(wordsOf(refusal));
  }
  chooseDepartment();
  page.draw();
}

/** The department that was chosen, while it is there. */
function chooseDepartment() {
  const departments = look.site ? look.site.all('departments') : [];
  if (!departments.some((d) => d.id === look.department)) look.department = departments.length ? departments[0].id : '';
  look.today = (look.site && look.site.view && look.site.view.today) || '';
}

async function reread() {
  if (look.site) await look.site.read().catch((refusal) => page.notify(wordsOf(refusal)));
  await readStaff();
  chooseDepartment();
  page.draw();
}

/** A form that nothing has been written into. @param {any} [editing] */
function freshForm(editing) {
  round += 1;
  look.editing = editing || null;
  look.wrong = {};
  look.taken = null;
  look.name = (editing && editing.name) || '';
  look.form = `${part}-${round}-${editing ? idOf(editing) : 'new'}`;
  if (editing && editing.role) look.role = editing.role;
  look.slots = part !== 'session' ? [] : editing
    ? (editing.slots || []).map(slotOf)
    : slotsBetween(USUAL.morning[0], USUAL.morning[1], 30, 6);
  forgetRules();
  page.draw();
  requestAnimationFrame(() => {
    const form = find('.pair form.form');
    const kind = KINDS.find((k) => k.kind === part);
    if (form && kind) begin(kind, look, form);
  });
}

/** A slot of the directory as the command has it. @param {any} slot */
function slotOf(slot) {
  return { start: String(slot.start).replace(/.*T(\d\d:\d\d).*/, '$1'), minutes: Math.round((Date.parse(slot.end) - Date.parse(slot.start)) / 60000), capacity: slot.capacity, quotas: slot.quotas };
}

/** @param {string} name of a part */
function show(name) {
  if (part === 'voice' && name !== 'voice' && parts.voice) parts.voice.leaveVoice();
  part = name;
  typed = '';
  freshForm();
  // Where the menu stands above, what was chosen is brought into sight.
  if (matchMedia('(max-width: 1000px)').matches) requestAnimationFrame(() => requestAnimationFrame(() => find('.part')?.scrollIntoView()));
}

/** @param {string} name @param {any} body of a command about screens */
async function send(name, body) {
  try {
    const result = await page.command(name, body);
    page.notify(t('ops.saved'), 'good');
    return result;
  } catch {
    return null; // said on the page
  }
}

/** @param {any} kind @param {any} body @param {any} form */
async function define(kind, body, form) {
  // A second press on the same form is not a second thing.
  if (saving) return;
  saving = true;
  await defineOnce(kind, body, form).finally(() => {
    saving = false;
  });
}

/** @param {any} kind @param {any} body @param {any} form */
async function defineOnce(kind, body, form) {
  look.wrong = {};
  look.taken = null;
  try {
    // What is pressed now must not happen later.
    if (page.protocol.status === 'offline') throw new Refusal({ code: 'offline' });
    if (!look.editing) await refuseTaken(kind, body.id);
    else if (!(await mayOverwrite(kind))) return;
    // Names of accounts are one name space of the house, and not all of it is seen here.
    await page.protocol.command(kind.command, kind.kind === 'staff' && !look.editing ? { ...body, new: true } : body);
  } catch (refusal) {
    const field = wrongField(refusal) || (kind.kind === 'staff' && !look.editing && refusal.code === 'forbidden' ? 'id' : '');
    look.wrong = { [field && (form.elements[field] || field.startsWith('settings.') || field === 'slots') ? field : 'form']: wrongWords(kind, field, refusal) };
    page.draw();
    focusWrong(form, look.wrong);
    return;
  }
  const name = body.name || (kind.kind === 'staff' ? body.id : '');
  if (['board', 'queue', 'session'].includes(kind.kind)) planned = { board: kind.kind === 'board' ? body.id : '', queue: kind.kind === 'session' ? body.queue : body.id, looks: LOOKS_AFTER_SAVING };
  page.notify(name ? t('ops.saved_named', { name }) : t('ops.saved'), 'good');
  if (kind.kind === 'site') {
    rememberSite(body.id);
    await readSites();
    await openSite(body.id);
  } else await reread();
  if (kind.kind === 'department' && !look.editing) look.department = body.id;
  freshForm();
}

/** The boards of this site as the figures have them last. @returns {any[]} */
function boardsNow() {
  const value = figures && figures.value;
  const here = value && look.site && value.sites.find((/** @type {any} */ one) => one.site === /** @type {Site} */ (look.site).id);
  return here ? here.boards : [];
}

/** What is planned for a board of this site, if it is too much; of any other thing nothing. @param {string} id */
function overfullOf(id) {
  const board = boardsNow().find((one) => one.board === id);
  return board ? tooMuchWords(board) : '';
}

/** After something was planned: whether a board that it concerns can say it in time, as soon as the figures know. */
function warnOfPlanned() {
  if (!planned) return;
  const { board, queue } = planned;
  const defined = look.site ? look.site.all('boards') : [];
  const concerned = (/** @type {any} */ one) => one.board === board || defined.some((b) => b.id === one.board && b.queues.includes(queue));
  const full = boardsNow().find((one) => tooMuchWords(one) && concerned(one));
  if (full) page.notify(t('ops.overfull_saved', { name: named(full.name, full.name_en), words: tooMuchWords(full) }), 'soon', full.overfull ? 'board_overfull' : 'board_too_many_rooms');
  planned.looks -= 1;
  if (full || !planned.looks) planned = null;
}

/** Whether nobody else has changed what is changed here since it was opened, or that is to go. @param {any} kind */
async function mayOverwrite(kind) {
  const { editing } = look;
  await reread();
  // The list of hospitals has names only.
  const all = kind.kind === 'site' ? [look.site && { ...look.site.view, id: look.site.id }] : things(kind);
  const changed = changedMeanwhile(kind, look, all.find((/** @type {any} */ one) => one && idOf(one) === idOf(editing)));
  return !changed.length || askToOverwrite(kind, look, changed);
}

/** A new thing is not written over what is there: it is said at the id, with the way to what has it. @param {any} kind @param {string} id */
async function refuseTaken(kind, id) {
  await reread();
  const holder = holderOf(kind, look, id);
  // Of what is retired the server says so.
  if (!holder || holder.retired) return;
  look.taken = things(kind).includes(holder) ? holder : null;
  throw new Refusal({ code: 'already_exists', valid_now: { field: 'id', name: inWords(kind, holder, look).title } });
}

/** What is wrong with a field, in the words of the page where it has any. @param {any} kind @param {string} field @param {any} refusal */
function wrongWords(kind, field, refusal) {
  if (refusal.validNow.last_operator) return t('ops.in_use.last_operator');
  if (refusal.validNow.last_issuer) return t('ops.in_use.last_issuer');
  if (field.startsWith('settings.')) return t('ops.wrong.settings', { rule: ruleWord(field) });
  const own = `ops.wrong.${refusal.code === 'invalid_field' ? '' : `${refusal.code}.`}${kind.kind}.${field}`;
  const any = `ops.wrong.${refusal.code === 'invalid_field' ? '' : `${refusal.code}.`}${field}`;
  const queue = refusal.validNow.queue && look.site && look.site.one('queues', refusal.validNow.queue);
  const about = { queue: queue ? named(queue.name, queue.name_en) : '', name: refusal.validNow.name || '' };
  if (field === 'id' && about.name) return t('ops.wrong.taken', about);
  if (has(own)) return t(own, about);
  return has(any) ? t(any, about) : wordsOf(refusal);
}

/** @param {any} kind @param {any} one */
async function retire(kind, one) {
  if (!(await askToRetire(kind, one, look))) return;
  try {
    if (page.protocol.status === 'offline') throw new Refusal({ code: 'offline' });
    await page.protocol.command(kind.retire, { id: idOf(one) });
  } catch (refusal) {
    page.notify(usersOf(refusal, look), 'alarm', refusal.code);
    return;
  }
  page.notify(t('ops.retired', { name: inWords(kind, one, look).title }), 'good');
  if (look.editing && idOf(look.editing) === idOf(one)) freshForm();
  await reread();
}

function draw() {
  top();
  return h('div', { class: 'house', key: 'house' }, menu(), h('section', { class: 'part', key: part }, partView()));
}

/** What is seldom opened is read when it is: by its name, once it is there. @type {Object<string, any>} */
const parts = {};

/** @param {string} name @param {() => Promise<any>} load @returns {any} null: it comes in a moment */
function read(name, load) {
  if (!(name in parts)) {
    parts[name] = null;
    load().then((there) => {
      parts[name] = there;
      page.draw();
    }, () => {
      delete parts[name];
      page.refuse(new Refusal({ code: 'offline' }));
    });
  }
  return parts[name];
}

/** Where one is stands there at once. @param {string} title */
const skeleton = (title) => [h('h1', { key: 'h' }, title), h('div', { key: 'skeleton', 'aria-busy': 'true' }, h('p', { class: 'skeleton' }))];

function partView() {
  if (part === 'figures') return overview(figures && figures.value, page, show);
  if (part === 'audit') return auditView(page, new Date(figures && figures.value ? figures.value.now : Date.now()).toISOString().slice(0, 10));
  const kind = KINDS.find((k) => k.kind === part);
  if (!look.site && part !== 'site') {
    return h('p', { class: 'empty card', key: 'none' }, h('b', null, t('ops.no_site')), t('ops.no_site_more'),
      h('span', { class: 'buttons' }, h('button', { type: 'button', class: 'btn primary', 'data-action': 'first_site', onclick: () => show('site') }, t('ops.add', { kind: t('ops.one.site') }))));
  }
  if (part === 'missing') return missingView(look, go, departmentChoice((id) => lacksOf(look, id)), figures && figures.value && figures.value.channels);
  if (part === 'questions') {
    const questions = read('questions', () => import('./questions.js'));
    return questions ? questions.questionsView(page, /** @type {Site} */ (look.site), reread) : skeleton(t('questions.title'));
  }
  if (part === 'plan') {
    const plan = read('plan', () => import('./plan.js'));
    return plan ? plan.planView(page, look, departmentChoice()) : skeleton(t('ops.plan'));
  }
  if (part === 'fees') {
    const fees = read('fees', () => import('./fees.js'));
    return fees ? fees.feesView(page, look, departmentChoice()) : skeleton(t('ops.fees'));
  }
  if (part === 'reports') {
    const reports = read('reports', () => import('./reports.js'));
    return reports ? reports.reportsView(page, /** @type {Site} */ (look.site), look.today) : skeleton(t('ops.reports'));
  }
  if (part === 'voice') {
    const voice = read('voice', () => import('./voice.js'));
    return voice ? voice.voiceView(page, /** @type {Site} */ (look.site).id, standing()) : skeleton(t('ops.voice'));
  }
  return part === 'screens' ? screensPart() : kindView(kind);
}

/** The site that is looked at, as the figures have it. */
const standing = () => (figures && figures.value && look.site ? figures.value.sites.find((/** @type {any} */ one) => one.site === look.site?.id) || null : null);

/** From a line of what is missing to where it is made. @param {string} name @param {string} need */
function go(name, need) {
  look.role = ROLE_OF[need] || look.role;
  show(name);
}

/** @param {any} kind @returns {any[]} */
function things(kind) {
  if (kind.kind === 'site') return look.sites;
  if (kind.kind === 'staff') {
    const at = (/** @type {any} */ one) => one.site || prefix(one.doctor, 1);
    return look.staff.filter((one) => !look.site || !at(one) || at(one) === look.site.id);
  }
  const all = !look.site ? [] : kind.kind === 'session' ? look.site.view.sessions : look.site.all(kind.list);
  return kind.under === 'department' ? all.filter((/** @type {any} */ one) => isUnder(one, look.department) && !one.retired) : all;
}

function menu() {
  const item = (/** @type {string} */ name, /** @type {string} */ words, /** @type {any} */ count) => h('button', {
    type: 'button', class: 'btn', key: name, 'data-part': name, 'aria-current': name === part ? 'page' : undefined, onclick: () => show(name),
  }, words, count === null ? null : h('span', { class: 'num' }, String(count)));
  const missing = look.site ? missingCount(look) : 0;
  const countOf = (/** @type {any} */ kind) => {
    if (kind.kind === 'site' || kind.kind === 'staff') return things(kind).length;
    return look.site && kind.kind !== 'session' ? look.site.all(kind.list).length : null;
  };
  return h('nav', { class: 'menu' },
    item('figures', t('ops.figures'), null),
    item('reports', t('ops.reports'), null),
    item('missing', t('ops.missing'), missing ? missing : look.site ? '✓' : null),
    item('screens', t('ops.screens'), look.site ? look.site.all('screens').length : 0),
    item('plan', t('ops.plan'), null),
    item('fees', t('ops.fees'), null),
    item('questions', t('questions.menu'), null),
    item('voice', t('ops.voice'), null),
    page.session.who.site ? null : item('audit', t('ops.audit'), null),
    h('hr', { key: 'hr' }),
    KINDS.map((kind) => item(kind.kind, t(`ops.kind.${kind.kind}`), countOf(kind))),
    h('hr', { key: 'hr2' }),
    h('a', { key: 'metrics', href: '/metrics' }, t('ops.metrics')),
    h('a', { key: 'openapi', href: '/openapi.json' }, t('ops.openapi')));
}

function screensPart() {
  const boards = look.site ? look.site.all('boards') : [];
  return [h('h1', { key: 'h' }, t('ops.screens')),
    boards.length
      ? [h('p', { class: 'muted', key: 'm' }, t('ops.screens_more', { address: `${location.origin}/board/${boards[0].id}` })),
        h('div', { class: 'card pad screens', key: 's' }, screensView({ site: /** @type {Site} */ (look.site), send, after: reread }))]
      : h('p', { class: 'empty card', key: 'none' }, h('b', null, t('ops.no_board')), t('ops.no_board_more')),
    nextView(look, part, go)];
}

/** @param {any} kind */
function kindView(kind) {
  if (!look.department && (kind.under === 'department' || kind.kind === 'doctor' || kind.kind === 'board')) {
    return [h('h1', { key: 'h' }, t(`ops.kind.${kind.kind}`)), h('p', { class: 'empty card', key: 'none' }, h('b', null, t('ops.no_department')), t('ops.no_department_more'))];
  }
  if (!look.form.startsWith(`${kind.kind}-`)) freshForm();
  const on = {
    edit: (/** @type {any} */ one) => (kind.kind === 'site' ? editSite(one.site) : freshForm(one)),
    retire: (/** @type {any} */ one) => retire(kind, one),
    warns: (/** @type {any} */ one) => (kind.kind === 'board' ? overfullOf(one.id) : ''),
    search: (/** @type {string} */ text) => {
      typed = text;
      page.draw();
    },
  };
  return h('div', { class: 'pair', key: 'pair' },
    h('div', { key: 'there' }, h('h1', { key: 'h' }, t(`ops.kind.${kind.kind}`)), h('p', { class: 'muted', key: 'm' }, t(`ops.about.${kind.kind}`)),
      kind.under === 'department' ? departmentChoice() : null, thingsView(kind, things(kind), look, typed, on), nextView(look, part, go)),
    // Who runs one site makes no other.
    kind.kind === 'site' && look.ownSite && !look.editing
      ? h('p', { class: 'empty card', key: 'own' }, t('ops.own_site'))
      : formView(kind, look, (body, form) => define(kind, body, form), () => freshForm(), on.edit));
}

/** The list has names only: the whole site is read first. @param {string} id */
async function editSite(id) {
  await openSite(id);
  if (look.site) freshForm({ ...look.site.view, id });
}

/** @param {(department: string) => number} [lacks] how much each lacks, where that is said */
function departmentChoice(lacks) {
  const all = look.site ? look.site.all('departments') : [];
  if (all.length < 2) return null;
  return h('label', { class: 'field of-department', key: 'department' }, h('span', null, t('ops.kind.department')),
    h('select', {
      class: 'input', 'data-action': 'choose_department',
      onchange: (/** @type {any} */ e) => {
        look.department = e.target.value;
        freshForm();
      },
    }, all.map((d) => h('option', { key: d.id, value: d.id, selected: d.id === look.department },
      lacks && lacks(d.id) ? `${named(d.name, d.name_en)} (${t('ops.missing_left', { n: lacks(d.id) })})` : named(d.name, d.name_en)))));
}

function top() {
  const clock = page.protocol.clock;
  render(find('#clock'), clock.known ? wall(clock.now(), clock.offsetMinutes).clock : '');
  render(find('#me'), page.session.access
    ? h('button', { type: 'button', class: 'btn quiet small', 'data-action': 'sign_out', onclick: () => page.session.signOut() }, t('sign_out'))
    : []);
  render(find('#sites'), look.sites.length
    ? h('select', { class: 'input', 'aria-label': t('ops.kind.site'), 'data-action': 'choose_site', onchange: (/** @type {any} */ e) => openSite(e.target.value).then(() => freshForm()) },
      look.sites.map((s) => h('option', { key: s.site, value: s.site, selected: !!look.site && look.site.id === s.site }, named(s.name, s.name_en))))
    : []);
}
