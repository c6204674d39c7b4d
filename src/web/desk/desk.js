// /desk: the triage desk. Wires session, the department's streams, search, columns and the side; holds no rule of the clinic.

import '../i18n/desks.js';
import '../i18n/slots.js';
import '../components/undo-bar.js';
import { lateOf, lateWords } from '../components/late.js';
import { Slips } from '../components/slip.js';
import { alertTag, isUrgent, slotWords, unaskedTag, waited, whyBehind } from '../components/ticket.js';
import { Answers } from '../lib/answers.js';
import { clockOf, wall } from '../lib/clock.js';
import { find, h, render } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { openPage } from '../lib/page.js';
import { Persons } from '../lib/persons.js';
import { prefix, Site } from '../lib/site.js';
import { standingWord, wordsOf } from '../lib/words.js';
import { Acts } from './acts.js';
import { Alerts } from './alerts.js';
import { Away } from './away.js';
import { Floor } from './floor.js';
import { notReachedTag } from './reached.js';
import { Search } from './search.js';
import { farTag, ticketPanel } from './ticket-panel.js';
import { WalkIn } from './walk-in.js';

const FILTERS = ['waiting', 'not_reached', 'away', 'missed', 'in_transit', 'left_over', 'ended'];
/** Shown only while there are any: most days nobody was left over. */
const RARE = ['left_over', 'not_reached'];
/** The department that this desk had last. */
const DEPARTMENT = 'jiaohao.desk.department';
/** How often the desk reads the house again: a queue that is made, a screen that falls silent or goes dark is seen here too. */
const SITE_EVERY_MS = 20000;
/** A slip waits no longer for its code. */
const SLIP_WITHIN_MS = 2000;
const SIDES = ['walk_in', 'ticket', 'sessions', 'screens'];

/** @type {Floor|null} */
let floor = null;
/** The departments that this desk has opened: away from the server, their last order is all there is. @type {Map<string, Floor>} */
const floors = new Map();
/** @type {Site|null} */
let site = null;
/** @type {any} */
let persons = null;
/** @type {any} */
let answers = null;
/** @type {any} */
let acts = null;
/** @type {any} */
let search = null;
/** @type {any} */
let walkIn = null;
/** @type {any} */
let slips = null;
/** @type {Away|null} */
let away = null;
/** @type {Alerts|null} */
let alerts = null;
/** Tabs at which nobody looks most of the day, once they have been read. @type {Object<string, (f: Floor) => any>} */
const seldom = {};
let isReading = false;
let filter = 'waiting';
let side = 'walk_in';
/** @type {string|null} */
let chosen = null;
/** @type {string|null} */
let moving = null;
/** Calls that no screen has shown, and that were called out here. @type {Set<string>} */
const calledOut = new Set();
/** The ticket whose document is shown. @type {string|null} */
let shown = null;

/** @param {import('../lib/page.js').Page} page */
async function start(page) {
  const who = page.session.who;
  persons = new Persons(page.session, page.draw);
  answers = new Answers(page.session, page.draw);
  site = new Site(page.session, who.site, page.protocol.clock);
  await site.follow(page, SITE_EVERY_MS, () => (floor ? floor.onSite() : page.draw()));
  const getFloor = () => /** @type {Floor} */ (floor);
  acts = new Acts(page, getFloor, persons);
  alerts = new Alerts(page, site, { floor: () => floor, acts, persons, show: showAlert });
  slips = new Slips(page);
  walkIn = new WalkIn(page, acts, getFloor, persons, slips, {
    show: (hit) => (hit.ticket ? pick(hit.ticket) : search.look(hit.number)),
    departments,
    goThere: (hit) => {
      openDepartment(hit.department);
      search.look(hit.number || persons.nameOf(hit));
    },
  });
  acts.onDone = (body) => walkIn.after(body);
  acts.onPrint = printSlip;
  search = new Search(page, {
    floor: getFloor, persons, acts, pick, returnDay, departments, open: openDepartment,
    department: (id) => /** @type {Site} */ (site).one('departments', id),
    register: (text) => {
      side = 'walk_in';
      walkIn.startWith(text);
    },
    writeDown: (text) => away && page.protocol.status === 'offline' ? away.add(text) : null,
  });
  openDepartment(departments().find((d) => d.id === remembered()) || departments()[0]);
  page.protocol.onStatus(keepCursor);
  away = new Away(page, { floor: getFloor, persons, acts, look: (text) => search.look(text) });
  // Once it is drawn: an input method begins where the cursor is, not where the first key would lead.
  page.draw();
  requestAnimationFrame(() => keepCursor('live'));
}

const page = openPage({ mode: 'staff', roles: ['desk'], start, draw });

/** The form is not to be typed into without the server: who comes is written down in the box, and goes on being typed there. @param {string} status */
function keepCursor(status) {
  const { activeElement: on } = document;
  const isLost = !on || on === document.body || (status === 'offline' && !!on.closest('.side .body'));
  const field = find('#search');
  if (!field || !isLost || !['offline', 'live'].includes(status) || document.querySelector('dialog[open]')) return;
  field.focus();
  // What was looked for before is written over.
  field.select();
}

function departments() {
  return site ? site.ownDepartments() : [];
}

function remembered() {
  try {
    return localStorage.getItem(DEPARTMENT);
  } catch {
    return null;
  }
}

/** @param {any} department */
function openDepartment(department) {
  if (!department || !site) return;
  try {
    localStorage.setItem(DEPARTMENT, department.id);
  } catch {
    // Chosen anew next time.
  }
  if (floor) floor.close();
  chosen = null;
  moving = null;
  floor = floors.get(department.id) || new Floor(page, site, department.id);
  floors.set(department.id, floor);
  floor.open();
  page.draw();
}

/** @param {string|null} ticket */
function pick(ticket) {
  chosen = ticket;
  shown = null;
  moving = null;
  side = ticket ? 'ticket' : 'walk_in';
  page.draw();
}

/** The slip of a number that has just been taken, with its code where that comes soon. Who is called already needs none. @param {string} ticket */
async function printSlip(ticket) {
  const f = /** @type {Floor} */ (floor);
  await f.comes(ticket);
  const queue = f.queueOf(ticket);
  pick(ticket);
  if (!queue || !queue.order.includes(ticket)) return;
  const late = new Promise((give) => {
    setTimeout(give, SLIP_WITHIN_MS);
  });
  await Promise.race([slips.whole(ticket), late]);
  page.draw();
  requestAnimationFrame(() => window.print());
}

/** The ticket of an alert, of whatever department of this desk. @param {any} ticket */
function showAlert(ticket) {
  const department = departments().find((d) => d.id === prefix(ticket.ticket, 2));
  if (department && floor && department.id !== floor.department) openDepartment(department);
  pick(ticket.ticket);
}

/** A new number in an open visit; its slip stands at the side. @param {any} visit */
async function returnDay(visit) {
  const done = await walkIn.returnDay(visit);
  if (done) pick(null);
  return done;
}

/** @param {any} queue */
function moveTo(queue) {
  const ticket = floor && moving ? floor.ticket(moving) : null;
  moving = null;
  const reason = find('#transfer-reason');
  if (ticket) acts.transfer(ticket, queue.id, named(queue.name, queue.name_en), (reason && reason.value.trim()) || t('reason.needs_other'));
  page.draw();
}

function draw() {
  top();
  if (!floor || !site) return h('div', { class: 'place', key: 'skeleton', 'aria-busy': 'true' }, h('p', { class: 'skeleton' }));
  return h('div', { class: 'place', key: 'place' },
    h('section', { class: 'floor' }, search.view(), filters(), columns()),
    aside(),
    page.protocol.status === 'offline' && away ? away.paper() : null);
}

function filters() {
  const f = /** @type {Floor} */ (floor);
  const count = (/** @type {string} */ name) => f.queues().reduce((n, q) => n + f.count(q, name), 0);
  const all = (/** @type {string} */ name) => f.queues().reduce((/** @type {any[]} */ tickets, q) => tickets.concat(f.list(q, name)), []);
  const shownFilters = FILTERS.filter((name) => !RARE.includes(name) || name === filter || count(name));
  return h('div', { class: 'filters' },
    h('div', { class: 'tabs', role: 'tablist' }, shownFilters.map((name) => h('button', {
      type: 'button', class: 'btn', role: 'tab', key: name, 'data-filter': name, 'aria-selected': String(name === filter),
      onclick: () => {
        filter = name;
        page.draw();
      },
    }, `${t(`desk.filter.${name}`)} ${count(name)}`))),
    filter === 'left_over' && count(filter)
      ? h('button', { type: 'button', class: 'btn', key: 'settle', 'data-action': 'settle_left_over', onclick: () => acts.settle(f, all(filter)) }, t('desk.settle_left_over'))
      : h('span', { class: 'muted', key: 'how' }, how(f)));
}

/** What can be done with a number; without the server, of when the order is. @param {Floor} f */
function how(f) {
  if (page.protocol.status !== 'offline') return t(moving ? 'desk.moving' : 'desk.columns_how');
  return f.queues().length ? t('away.order_of', { time: f.readAt === null ? '' : clockAt(f.readAt) }) : '';
}

/** @param {number} ms */
const clockAt = (ms) => wall(ms, page.protocol.clock.offsetMinutes).clock;

function columns() {
  const f = /** @type {Floor} */ (floor);
  const queues = f.queues();
  if (!queues.length) {
    const defined = site ? site.of('queues', f.department).length : 0;
    if (defined && page.protocol.status === 'offline') return h('p', { class: 'empty card', key: 'unread', 'data-unread': f.department }, h('b', null, t('away.no_order')), t('away.no_order_more'));
    return h('p', { class: 'empty card', key: 'empty' }, h('b', null, t(defined ? 'desk.loading' : 'desk.no_queues')), t(defined ? 'desk.loading_more' : 'desk.no_queues_more'));
  }
  return h('div', { class: 'columns', key: 'columns' }, queues.map(column));
}

/** @param {any} queue */
function column(queue) {
  const f = /** @type {Floor} */ (floor);
  const tickets = f.list(queue, filter);
  const unheard = Object.values(queue.tickets).filter((one) => one.not_announced && !calledOut.has(roundOf(one)));
  const said = (/** @type {string} */ what, /** @type {string} */ words, /** @type {any[]} */ of, /** @type {(one: any) => string} */ number, /** @type {any} */ more = null) => (of.length
    ? h('p', { class: 'notice soon', key: what, [`data-${what}`]: queue.queue.id }, t(`desk.${words}`, { numbers: of.map(number).join(' ') }), more)
    : null);
  const source = moving ? f.queueOf(moving) : null;
  const target = !!moving && source !== queue;
  return h('section', {
    class: `column${target ? ' target' : ''}`, key: queue.queue.id, 'data-queue': queue.queue.id,
    ondragover: (/** @type {any} */ e) => e.dataTransfer.types.includes('text/ticket') && e.preventDefault(),
    ondrop: (/** @type {any} */ e) => {
      e.preventDefault();
      const dropped = e.dataTransfer.getData('text/ticket');
      moving = f.queueOf(dropped) === queue ? null : dropped;
      if (moving) moveTo(queue.queue);
    },
  },
  h('header', null,
    h('h2', null, h('span', null, named(queue.queue.name, queue.queue.name_en)), h('span', { class: 'num', 'data-count': filter }, `${t(`desk.filter.${filter}`)} ${f.count(queue, filter)}`)),
    urgentLine(queue),
    lateLines(queue),
    h('div', { class: 'rooms' }, (queue.rooms || []).map((/** @type {any} */ room) => roomLine(room))),
    target
      ? h('button', { type: 'button', class: 'btn primary small here', key: 'here', 'data-action': 'transfer_here', 'data-target': queue.queue.id, onclick: () => moveTo(queue.queue) }, t('desk.transfer_here'))
      : null,
    said('stuck', 'in_transit_long', f.stuck(queue), numberOf),
    said('awaited', 'coming_long', f.awaited(queue), whence),
    said('unheard', 'not_announced', unheard, numberOf, h('button', { type: 'button', class: 'btn small', 'data-action': 'put_away', onclick: () => putAway(unheard) }, t('close')))),
  h('ol', null, tickets.map((ticket) => h('li', { key: ticket.ticket }, row(ticket))),
    tickets.length ? null : h('li', { class: 'empty', key: 'none' }, t(`desk.empty.${filter}`)),
    filter === 'ended' && queue.ended_left_out ? h('li', { class: 'empty', key: 'earlier', 'data-left-out': String(queue.ended_left_out) }, t('desk.ended_left_out', { n: queue.ended_left_out })) : null));
}

/** Emergencies that wait to be called: they stay in sight however far the column is scrolled. @param {any} queue */
function urgentLine(queue) {
  const urgent = queue.order.map((/** @type {string} */ id) => queue.tickets[id]).filter((/** @type {any} */ one) => one && isUrgent(one));
  if (!urgent.length) return null;
  const who = urgent.map((/** @type {any} */ one) => `${one.number} ${persons.nameOf(one)}`).join(t('list.comma'));
  return h('button', { type: 'button', class: 'urgent', key: 'urgent', 'data-action': 'show_urgent', 'data-urgent': urgent[0].ticket, onclick: () => pick(urgent[0].ticket) }, t('desk.emergency_next', { who }));
}

/** @param {any} ticket */
const numberOf = (ticket) => ticket.number;

/** One call of a ticket: called again, it is another. @param {any} ticket */
const roundOf = (ticket) => `${ticket.call} ${ticket.rounds}`;

/** The nurse has called them out: of these calls the column says no more. @param {any[]} tickets */
function putAway(tickets) {
  tickets.forEach((one) => calledOut.add(roundOf(one)));
  page.draw();
  // The button is gone: the keyboard is where it usually is.
  requestAnimationFrame(() => keepCursor('live'));
}

/** A number of another department, and of which. @param {any} coming */
function whence(coming) {
  const department = site && site.one('departments', coming.department);
  return t('desk.number_of', { number: coming.number, department: department ? named(department.name, department.name_en) : '' });
}

/** The delay of a column's clinics, with whose it is where there are several. @param {any} queue */
function lateLines(queue) {
  const now = page.protocol.clock.now();
  const late = lateOf(queue, now);
  return late.map((one) => h('p', { class: 'late num', key: one.session, 'data-late': one.session },
    [late.length > 1 && one.doctor ? named(one.doctor_name, one.doctor_name_en) : '', lateWords(one, now)].filter(Boolean).join(' '),
    delayOverButton(queue, one, now)));
}

/** Takes the notice down: once somebody was called before the time that was announced, and as long as it stands after that time. @param {any} queue @param {any} late @param {number} now */
function delayOverButton(queue, late, now) {
  const isEarlier = cameEarlier(queue, late);
  if (!isEarlier && now < Date.parse(late.begins_at)) return null;
  return h('button', {
    type: 'button', class: 'btn small', key: 'over', 'data-action': 'delay_over', disabled: page.protocol.status === 'offline', onclick: () => acts.delayOver(queue, late),
  }, t(isEarlier ? 'desk.delay_over' : 'desk.delay_take_down'));
}

/** Somebody has been called before the time that was announced: what was announced is not so any more. @param {any} queue @param {any} late */
function cameEarlier(queue, late) {
  const begins = Date.parse(late.begins_at);
  // A walk-in is of no session: where one room calls it is this one's.
  const { today } = /** @type {Floor} */ (floor);
  const isOf = (/** @type {any} */ one) => one.session === late.session || (one.walk_in && one.date === today && (queue.rooms || []).length < 2);
  return Object.values(queue.tickets).some((one) => one.first_called_at && isOf(one) && Date.parse(one.first_called_at) < begins);
}

/** @param {any} room */
function roomLine(room) {
  const hand = room.in_hand && /** @type {Floor} */ (floor).ticket(room.in_hand.ticket || room.in_hand);
  const place = named(room.name, room.name_en);
  const action = room.paused ? 'resume' : 'pause';
  return h('div', { class: 'room', key: room.service_point, 'data-room': room.service_point },
    h('span', null, h('b', null, place), ` ${named(room.doctor_name, room.doctor_name_en)} `,
      room.paused ? h('span', { class: 'tag soon' }, room.back_at ? t('desk.room_paused_until', { time: clockOf(room.back_at) }) : t('desk.room_paused'))
        : hand ? h('span', { class: 'tag good' }, hand.number) : h('span', { class: 'tag' }, t('desk.room_free'))),
    room.assignment
      ? h('button', {
        type: 'button', class: 'btn small', 'data-action': `${action}_work`, 'aria-label': t(`desk.${action}_room_label`, { room: place }),
        disabled: page.protocol.status === 'offline', onclick: () => acts[action](room),
      }, t(`desk.${action}_room`))
      : null);
}

/** @param {any} ticket */
function row(ticket) {
  const f = /** @type {Floor} */ (floor);
  const now = page.protocol.clock.now();
  const kind = isUrgent(ticket) ? 'emergency' : ticket.state;
  return h('button', {
    type: 'button', class: `ticket ${kind}`, 'data-row': ticket.ticket, 'data-number': ticket.number, 'data-state': ticket.state,
    'data-action': 'show_ticket', 'aria-pressed': String(ticket.ticket === chosen), draggable: 'true',
    onclick: () => pick(ticket.ticket),
    ondragstart: (/** @type {any} */ e) => e.dataTransfer.setData('text/ticket', ticket.ticket),
  },
  h('span', { class: 'number' }, ticket.number),
  h('span', { class: 'name' }, persons.nameOf(ticket), h('span', { class: 'of num' }, slotWords(ticket)),
    h('small', { 'data-where': '' }, ticket.state === 'waiting' ? whyBehind(ticket, f.queueOf(ticket.ticket), /** @type {Site} */ (site)) : ticket.state === 'summoned' ? f.doorOf(ticket) : standingWord(ticket)),
    rowTags(ticket)),
  h('span', { class: 'wait num' }, ticket.state === 'ended' ? '' : waited(ticket, now)));
}

/** What somebody is to see to, beside where the patient is. @param {any} ticket */
function rowTags(ticket) {
  const unheard = ticket.not_announced ? h('span', { class: 'tag soon', key: 'not-announced', 'data-not-announced': ticket.not_announced }, t(`desk.not_announced.${ticket.not_announced}`)) : null;
  const tags = [alertTag(ticket, /** @type {Site} */ (site)), unaskedTag(ticket), unheard, notReachedTag(ticket), farTag(ticket)].filter(Boolean);
  return tags.length ? h('span', { class: 'marks', key: 'marks' }, tags) : null;
}

function aside() {
  const f = /** @type {Floor} */ (floor);
  const clock = page.protocol.clock;
  const ticket = chosen ? f.ticket(chosen) : null;
  /** @type {Object<string, () => any>} */
  const bodies = {
    walk_in: () => walkIn.view(),
    ticket: () => (ticket
      ? ticketPanel({
        floor: f, acts, persons, answers, slips, now: clock.now(), moving, shown, close: () => pick(null),
        walkIn: (one) => {
          side = 'walk_in';
          walkIn.for({ patient: one.patient, name: persons.nameOf(one) });
        },
        returnDay,
        // Asked for anew: this look is on the audit.
        show: (one) => {
          persons.known.delete(one.patient);
          shown = one.ticket;
          page.draw();
        },
        setMoving: (id) => {
          moving = id;
          page.draw();
        },
      }, ticket)
      : h('p', { class: 'empty', key: 'none' }, h('b', null, t('desk.no_ticket')), t('desk.no_ticket_more'))),
    sessions: () => (seldom.sessions ? seldom.sessions(f) : readTab(readSessions)),
    screens: () => (seldom.screens ? seldom.screens(f) : readTab(readScreens)),
  };
  const screens = site ? site.all('screens') : [];
  const faults = ['not_seen', 'silent'].filter((fault) => screens.some((one) => (fault === 'silent' ? one.online && one.silent : !one.online)));
  const left = Math.min(1, f.areaLeftMs() / 60000);
  return h('aside', { class: 'side' },
    h('div', { class: 'tabs', role: 'tablist', hidden: page.protocol.status === 'offline' }, SIDES.map((name) => h('button', {
      type: 'button', class: 'btn', role: 'tab', key: name, 'data-side': name, 'aria-selected': String(name === side),
      onclick: () => {
        side = name;
        moving = null;
        page.draw();
      },
    }, t(`desk.side.${name}`), name === 'screens' ? faults.map((fault) => h('span', { class: 'tag soon', key: fault }, t(`screens.${fault}`))) : null))),
    away && away.isThere ? h('div', { class: `body away${away.isOffline ? ' alone' : ''}`, key: 'away' }, away.view()) : null,
    h('fieldset', { class: 'body', key: 'body', disabled: page.protocol.status === 'offline', hidden: page.protocol.status === 'offline' }, bodies[side]()),
    h('div', { class: 'area', 'data-area-code': f.area ? f.area.code : '' },
      h('small', null, t('desk.area_code')), h('b', { class: 'num' }, f.area ? f.area.code : '––––––'),
      h('span', { class: 'left', vars: { '--left': `${Math.round(left * 100)}%` } }, h('i', null))));
}

async function readSessions() {
  const [{ sessionsView }, { OpenSession }] = await Promise.all([import('./sessions.js'), import('./open-session.js')]);
  const opening = new OpenSession(page, () => /** @type {Floor} */ (floor), acts);
  seldom.sessions = (f) => sessionsView(page, f, acts, persons, opening);
}

async function readScreens() {
  const { screensView } = await import('../components/screens.js');
  seldom.screens = () => screensView({ site: /** @type {Site} */ (site), send: (name, body) => acts.send(name, body), after: reread });
}

/** Reads a tab when it is first opened. Until then its place is held. @param {() => Promise<void>} read */
function readTab(read) {
  // What could not be read is asked for again with one of the next drawings.
  if (!isReading) {
    isReading = true;
    read().then(page.draw, () => {}).then(() => {
      isReading = false;
    });
  }
  return h('p', { class: 'skeleton', key: 'reading' });
}

async function reread() {
  try {
    await /** @type {Site} */ (site).read();
  } catch (refusal) {
    page.notify(wordsOf(refusal));
  }
  page.draw();
}

function top() {
  const clock = page.protocol.clock;
  find('#undo').again();
  render(find('#clock'), clock.known ? wall(clock.now(), clock.offsetMinutes).clock : '');
  render(find('#me'), page.session.access
    ? h('button', { type: 'button', class: 'btn quiet small', 'data-action': 'sign_out', onclick: () => page.session.signOut() }, t('sign_out'))
    : []);
  render(find('#alerts'), alerts ? alerts.view() : []);
  render(find('#departments'), floor
    ? h('select', {
      class: 'input', 'aria-label': t('desk.department'), 'data-action': 'choose_department',
      onchange: (/** @type {any} */ e) => openDepartment(departments().find((d) => d.id === e.target.value)),
    }, departments().map((d) => h('option', { key: d.id, value: d.id, selected: !!floor && d.id === floor.department }, named(d.name, d.name_en))))
    : []);
}
