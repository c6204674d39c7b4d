// /kiosk: check-in, reporting back of a missed number, slip, without anybody's help. It shows the area's code for phones, finds
// by what only the patient has, and forgets everybody by itself.

import '../i18n/kiosks.js';
import '../i18n/phone.js';
import { OneByOne } from '../components/one-question.js';
import { codePicture, drawn, printedAt, slipLines } from '../components/slip.js';
import { readAreaCode } from '../lib/area.js';
import { clockOf, rangeLeft, wall } from '../lib/clock.js';
import { find, h, render } from '../lib/dom.js';
import { language, named, setLanguage, t } from '../lib/i18n.js';
import { openPage } from '../lib/page.js';
import { askedBy } from '../lib/pre-check.js';
import { whoseOf } from '../lib/sessions.js';
import { Site } from '../lib/site.js';
import { placeWord, stateWord, titleWord, yuan } from '../lib/words.js';
import { Arrival } from './arrival.js';
import { Typing } from './typing.js';

/** So many departments' codes at once; more take turns. */
const CODES_MAX = 3;
const CODES_MS = 10000;
/** Nobody touches it for so long: the next person must not find the last one's number. */
const IDLE_MS = 60000;
/** It asks for so long before that. */
const ASKS_MS = 20000;
/** A number that was taken is shown so long. */
const DONE_MS = 45000;
/** How often the house is read again: it runs for weeks, and rooms, queues and names change seldom. */
const READ_EVERY_MS = 300000;

/** @type {Site|null} */
let site = null;
/** @type {Arrival|null} */
let arrival = null;
/** The waiting areas' codes with their pictures for phones, and until when by this page's clock.
 * @type {{codes: {name: string, code: string, picture: string}[], until: number}|null} */
let area = null;
let reading = false;
/** start, document, number, birthday, found, questions, sent, done */
let view = 'start';
/** The number that the birthday is asked for. */
let number = '';
/** What was looked for last and found nobody, for as long as this person stands here. @type {{view: 'document'|'number', text: string}|null} */
let tried = null;
/** The picture on the slip. */
let picture = '';
let busy = false;
/** The questions before somebody joins a queue, while they are answered. @type {OneByOne|null} */
let questions = null;
/** The department where the answers send. */
let sentTo = '';
/** Whose turn it is: what comes for the person before is nobody's. */
let turn = 0;
let touchedAt = performance.now();

const page = openPage({ mode: 'staff', roles: ['kiosk'], start, draw });
const typing = new Typing({
  onCode: (code) => look({ code }),
  onEnter: () => enter(),
  changed: () => page.draw(),
  takes: isTyping,
});
['pointerdown', 'keydown'].forEach((what) => document.addEventListener(what, touched, true));

/** @param {import('../lib/page.js').Page} opened */
async function start(opened) {
  site = new Site(opened.session, opened.session.who.site, opened.protocol.clock);
  await site.follow(opened, READ_EVERY_MS);
  arrival = new Arrival(opened, departments);
  readArea();
  setInterval(tick, 1000);
}

function departments() {
  return site ? site.ownDepartments() : [];
}

function tick() {
  if (area && area.until <= performance.now() && !reading) readArea();
  if ((view !== 'start' || language() !== 'zh') && leftMs() < 0) home();
  page.draw();
}

/** The codes that phones type or scan: each department has its own. */
async function readArea() {
  const here = departments();
  if (!here.length || reading) return;
  reading = true;
  try {
    const read = await Promise.all(here.map((d) => readAreaCode(page.session, d.id)));
    const codes = await Promise.all(read.map(async ({ code }, n) => ({
      name: nameHere(here[n]), code, picture: await drawn(page.session, `${location.origin}/patient#code=${code}`),
    })));
    area = { codes, until: Math.min(...read.map(({ until }) => until)) };
  } catch {
    area = null;
    setTimeout(readArea, 5000);
  }
  reading = false;
  page.draw();
}

/** How long until the kiosk forgets who stands there; a touch anywhere begins it anew. */
function leftMs() {
  return (view === 'done' ? DONE_MS : IDLE_MS) - (performance.now() - touchedAt);
}

function touched() {
  touchedAt = performance.now();
}

/** Nothing of who stood here is left, and nothing that still comes for them is shown. */
function forget() {
  turn += 1;
  busy = false;
  if (arrival) arrival.forget();
  picture = '';
  questions = null;
  sentTo = '';
  render(find('#slip'), []);
}

function home() {
  forget();
  // The next person reads Chinese until they choose otherwise.
  if (language() !== 'zh') setLanguage('zh');
  view = 'start';
  number = '';
  tried = null;
  typing.begin(0);
  page.notify('');
  page.draw();
}

/** @param {'document'|'number'|'birthday'} to */
function ask(to) {
  view = to;
  typing.begin({ document: 20, number: 8, birthday: 4 }[to]);
  page.notify('');
  page.draw();
}

/** Once more, from what was typed: one digit was wrong, and not all of them. */
function again() {
  const { view: to, text } = tried || { view: /** @type {'number'} */ ('number'), text: '' };
  ask(to);
  typing.text = text;
  page.draw();
}

/** Whether something is being typed. */
function isTyping() {
  return ['document', 'number', 'birthday'].includes(view);
}

/** Whether what was typed can be looked for. */
function isReady() {
  return typing.text.length >= { document: 5, number: 1, birthday: 4 }[/** @type {'document'|'number'|'birthday'} */ (view)];
}

function enter() {
  if (busy || !isReady()) return;
  if (view === 'document') look({ document: typing.text });
  else if (view === 'number') {
    number = typing.text;
    ask('birthday');
  } else look({ number: { number, birthday: typing.text } });
}

/** Whether it is still the same person's turn. @param {number} of */
const isTurn = (of) => of === turn;

/** The page as it speaks to who stands here now: what is said after they have gone is said to nobody. */
function pageOfTurn() {
  const mine = turn;
  const toThem = (/** @type {(...words: any[]) => void} */ say) => (/** @type {any[]} */ ...words) => {
    if (isTurn(mine)) say(...words);
  };
  return { ...page, notify: toThem(page.notify), refuse: toThem(page.refuse) };
}

/** @param {any} by */
async function look(by) {
  if (busy || !arrival || page.protocol.status === 'offline') return;
  touched();
  // Who scans may be the next one already.
  forget();
  tried = by.code ? null : by.document ? { view: 'document', text: by.document } : { view: 'number', text: by.number.number };
  const mine = turn;
  busy = true;
  if (!isTyping()) view = 'start';
  page.notify('');
  page.draw();
  try {
    const items = await arrival.find(by);
    if (!isTurn(mine)) return;
    // How late a clinic is changes within the day.
    if (site && items.some((item) => item.appointment)) site.read().then(page.draw, () => {});
    arrival.take(items);
    if (items.length) tried = null;
    const [only] = items;
    if (items.length === 1 && arrival.isHere(only)) shown(only);
    else view = 'found';
  } catch (refusal) {
    if (!isTurn(mine)) return;
    page.refuse(refusal, 'find_arrivals');
  }
  busy = false;
  page.draw();
}

/** @param {any} item */
async function shown(item) {
  const mine = turn;
  view = 'done';
  picture = '';
  touched();
  /** @type {Arrival} */ (arrival).show(item);
  const drawnCode = await codePicture(page.session, item.ticket);
  if (!isTurn(mine)) return;
  picture = drawnCode;
  page.draw();
}

/** The site's questions, one a screen: asked because the department, which has looked at the time, says so. @param {any} item */
function askFirst(item) {
  const asked = askedBy(site);
  if (!asked) return;
  view = 'questions';
  questions = new OneByOne(asked, {
    done: (preCheck) => arrive(item, preCheck),
    changed: () => page.draw(),
    left: () => {
      view = 'found';
      page.draw();
    },
  });
  page.draw();
}

/** Checks in or reports back. @param {any} item @param {any} preCheck */
async function arrive(item, preCheck) {
  if (busy) return;
  const mine = turn;
  busy = true;
  page.draw();
  try {
    const now = await /** @type {Arrival} */ (arrival).arrive(item, preCheck, pageOfTurn());
    if (!isTurn(mine)) return;
    busy = false;
    await shown(now);
  } catch (refusal) {
    if (isTurn(mine)) await takeRefusal(item, refusal, !!preCheck);
  }
  if (isTurn(mine)) busy = false;
  page.draw();
}

/**
 * The questions come first, or others than those that were `answered`, or another department; anything else is said, and the
 * desk can help. @param {any} item @param {any} refusal @param {boolean} answered
 */
async function takeRefusal(item, refusal, answered) {
  questions = null;
  if (refusal.code === 'sent_elsewhere') {
    sentTo = refusal.validNow.department;
    view = 'sent';
  } else if (refusal.code === 'questions_changed') {
    const mine = turn;
    const known = askedBy(site);
    if (!known || String(known.version) !== String(refusal.validNow.version)) await /** @type {Site} */ (site).read().catch(pageOfTurn().refuse);
    if (!isTurn(mine)) return;
    if (answered) page.notify(t('error.questions_changed'), 'soon');
    view = 'found';
    askFirst(item);
  } else view = 'found';
}

function draw() {
  top();
  if (!site || !arrival) return h('p', { class: 'skeleton', key: 'skeleton', 'aria-busy': 'true' });
  if (page.protocol.status === 'offline') {
    return h('section', { class: 'stage', key: 'offline', 'data-view': 'offline' }, h('p', { class: 'say', role: 'status' }, t('kiosk.offline')), h('p', { class: 'more' }, t('kiosk.offline_more')));
  }
  /** @type {Object<string, () => any>} */
  const views = {
    start: startView,
    document: () => typing.view({ label: t('kiosk.document'), hint: t('kiosk.document_hint'), go: t('kiosk.find'), ready: isReady(), busy, extra: ['X'], hidden: true }),
    number: () => typing.view({ label: t('kiosk.number'), hint: t('kiosk.number_hint'), go: t('kiosk.go_on'), ready: isReady(), busy, extra: prefixes() }),
    birthday: () => typing.view({ label: t('kiosk.birthday', { number }), hint: t('kiosk.birthday_hint'), go: t('kiosk.find'), ready: isReady(), busy, keepHint: true }),
    found: foundView,
    questions: () => questions && questions.view(),
    sent: sentView,
    done: doneView,
  };
  const away = view !== 'start';
  const left = leftMs();
  return [
    h('section', { class: `stage ${view}`, key: view, 'data-view': view }, views[view]()),
    away
      ? h('footer', { class: 'under', key: 'under' },
        h('button', { type: 'button', class: 'btn', 'data-action': 'home', onclick: home }, t(view === 'done' ? 'kiosk.finish' : 'kiosk.home')),
        left < ASKS_MS ? h('p', { class: 'notice soon', role: 'status', key: 'left' }, t('kiosk.still_there', { s: Math.max(0, Math.ceil(left / 1000)) })) : null)
      : areaView(),
  ];
}

/** The letters with which numbers of this area begin. */
function prefixes() {
  const all = departments().map((d) => /** @type {Site} */ (site).of('queues', d.id)).reduce((some, more) => some.concat(more), /** @type {any[]} */ ([]));
  return Array.from(new Set(all.map((queue) => queue.prefix).filter((one) => /^[A-Z]$/.test(one || '')))).sort();
}

function startView() {
  const way = (/** @type {string} */ name, /** @type {(() => void)|null} */ go) => {
    const inside = [h('span', { class: 'sign', 'aria-hidden': 'true', key: 'sign' }, t(`kiosk.sign.${name}`)), h('b', { key: 'b' }, t(`kiosk.way.${name}`)), h('span', { key: 'more' }, t(`kiosk.way.${name}_more`))];
    return go
      ? h('button', { type: 'button', class: 'way', key: name, 'data-way': name, onclick: go }, inside)
      : h('div', { class: 'way still', key: name, 'data-way': name }, inside);
  };
  return [
    h('p', { class: 'say', key: 'say', role: 'status' }, t(busy ? 'kiosk.finding' : 'kiosk.welcome')),
    h('div', { class: 'ways', key: 'ways' },
      way('code', null), way('document', () => ask('document')), way('number', () => ask('number'))),
  ];
}

function areaView() {
  const all = area ? area.codes : [{ name: '', code: '––––––', picture: '' }];
  const many = all.length > 1;
  const turns = Math.ceil(all.length / CODES_MAX);
  const first = (Math.floor(performance.now() / CODES_MS) % turns) * CODES_MAX;
  const codes = all.slice(first, first + CODES_MAX);
  const image = (/** @type {{name: string, picture: string}} */ { name, picture }) => (picture
    ? h('img', { src: picture, alt: [t('kiosk.area_picture'), many ? name : ''].filter(Boolean).join(' · '), key: 'picture' })
    : null);
  return h('footer', { class: `area${many ? ' many' : ''}`, key: 'area', 'data-area-code': area ? codes[0].code : '' },
    many ? null : image(all[0]),
    h('p', { key: 'words' }, h('b', null, t('kiosk.area')), h('span', null, t(many ? 'kiosk.area_yours' : 'kiosk.area_more'))),
    codes.map((one) => h('span', { class: 'code', key: one.name, 'data-code': one.code },
      many ? [h('small', { key: 'name' }, one.name), image(one)] : null, h('b', { class: 'num', key: 'code' }, one.code))));
}

/** A department as it may stand on a screen in the hall. @param {any} department */
const nameHere = (department) => (department ? department.neutral_name || named(department.name, department.name_en) : '');

/** Of which department and queue: what the hall is not to read says no more than the neutral name. @param {any} item */
function whereOf(item) {
  const s = /** @type {Site} */ (site);
  const department = s.one('departments', item.department);
  if (department && department.neutral_name) return nameHere(department);
  const queue = s.one('queues', item.queue);
  return [nameHere(department), queue ? named(queue.name, queue.name_en) : ''].filter(Boolean).join(' · ');
}

/** Whose clinic a booking is for, when, and how late that is. @param {any} item */
function bookedWords(item) {
  const s = /** @type {Site} */ (site);
  const at = t('kiosk.booked_for', { time: clockOf(item.slot_start) });
  const session = ((s.view && s.view.sessions) || []).find((/** @type {any} */ one) => one.session === item.session);
  const department = s.one('departments', item.department);
  if (!session || (department && department.neutral_name)) return at;
  const doctor = session.doctor && s.one('doctors', session.doctor);
  return [[whoseOf(session, s), doctor ? titleWord(doctor.title) : ''].filter(Boolean).join(' '), at, session.delay_min ? t('kiosk.late', { n: session.delay_min }) : ''].filter(Boolean).join(' · ');
}

function foundView() {
  const a = /** @type {Arrival} */ (arrival);
  if (!a.items.length) {
    return h('div', { class: 'nothing', key: 'nothing', role: 'status', 'data-found': '0' },
      h('p', { class: 'say' }, t('kiosk.nothing')), h('p', { class: 'more' }, t('kiosk.nothing_more')),
      tried ? h('button', { type: 'button', class: 'btn primary go', key: 'again', 'data-action': 'try_again', onclick: again }, t('kiosk.try_again')) : null);
  }
  return [
    h('p', { class: 'say', key: 'say' }, t('kiosk.found', { name: a.items[0].masked_name })),
    h('ul', { class: 'items', key: 'items' }, a.items.map((item) => h('li', { key: item.appointment || item.ticket, 'data-ticket': item.ticket, 'data-state': item.state },
      h('b', { class: 'number' }, item.number || ''),
      h('span', { class: 'grow' }, whereOf(item), h('small', null, item.slot_start ? bookedWords(item) : stateWord(item.state)),
        item.fee && item.fee.due_fen && !paysFirst(a, item) ? h('small', { class: 'due', key: 'due', 'data-due': String(item.fee.due_fen) }, t('kiosk.fee_due', { yuan: yuan(item.fee.due_fen) })) : null),
      paysFirst(a, item) ? payFirst(item) : itemButton(a, item)))),
  ];
}

/** Whether the item can be checked in by now, and would be refused for its fee. @param {Arrival} a @param {any} item */
const paysFirst = (a, item) => a.commandOf(item) === 'check_in' && !!item.fee && !!item.fee.due_fen && Date.parse(item.check_in_from) <= page.protocol.clock.now();

/** One thing to do: whoever pays at the desk is checked in there. @param {any} item */
const payFirst = ({ fee }) => h('p', { class: 'pays', key: 'pays', role: 'status', 'data-due': String(fee.due_fen) }, t(fee.by_phone ? 'kiosk.pay_by_phone' : 'kiosk.pay_at_desk', { yuan: yuan(fee.due_fen) }));

/** @param {Arrival} a @param {any} item */
function itemButton(a, item) {
  const command = a.commandOf(item);
  if (command === 'check_in' && Date.parse(item.check_in_from) > page.protocol.clock.now()) {
    return h('p', { class: 'opens', key: 'opens', role: 'status', 'data-opens': '' }, t('check_in.opens', { time: clockOf(item.check_in_from) }));
  }
  if (command) return h('button', { type: 'button', class: 'btn primary', 'data-action': command, disabled: busy, onclick: () => arrive(item, null) }, t(`kiosk.${command}`));
  if (a.isHere(item)) return h('button', { type: 'button', class: 'btn', 'data-action': 'show_place', onclick: () => shown(item) }, t('kiosk.show_place'));
  return h('span', { class: 'tag' }, stateWord(item.state));
}

/** What the person does now. @param {any} place */
function todo(place) {
  if (place.to_desk) return t('pre_check.to_desk');
  if (place.desk_first) return t('pre_check.desk_first');
  if (place.state === 'called') return t('patient.go_now', { place: placeWord(place) });
  if (place.state === 'summoned') return t('patient.wait_at_door', { place: placeWord(place) });
  if (place.state === 'waiting' && place.ahead !== null) return place.ahead ? t('patient.ahead', { n: place.ahead }) : t('patient.you_are_next');
  return stateWord(place.state);
}

/** Where to go instead, in words for everybody. */
function sentView() {
  const department = /** @type {Site} */ (site).one('departments', sentTo);
  return [
    h('p', { class: 'say go-there', key: 'where', role: 'status', 'data-sent-to': sentTo }, t('pre_check.sent_title', { where: nameHere(department) })),
    h('p', { class: 'more', key: 'more' }, t('pre_check.sent_more')),
  ];
}

function doneView() {
  const { item, place } = /** @type {Arrival} */ (arrival);
  const now = (place && place.value) || item;
  const where = whereOf({ ...item, queue: now.queue || item.queue });
  const clock = page.protocol.clock;
  const waits = now.state === 'waiting';
  const goes = now.to_desk || now.desk_first || now.state === 'called' || now.state === 'summoned';
  const left = waits && !goes ? rangeLeft(now.expected, clock.now()) : null;
  render(find('#slip'), slipLines({
    where, area: /** @type {Site} */ (site).areasOf(now.queue || item.queue), say: goes ? todo(now) : '', number: now.number, name: item.masked_name, ahead: waits && !goes && now.ahead !== undefined ? now.ahead : null, expected: now.expected, picture,
    now: clock.now(), at: printedAt(clock),
  }));
  return [
    h('p', { class: 'more', key: 'where' }, where),
    h('b', { class: 'number', key: 'number', 'data-number': now.number }, now.number),
    h('p', { class: `say${goes ? ' go-there' : ''}`, key: 'todo', role: 'status' }, todo(now)),
    left ? h('p', { class: 'more', key: 'left' }, t(left.from ? 'slip.about' : 'slip.about_by', left)) : null,
    now.desk_first ? h('p', { class: 'more', key: 'first' }, t('pre_check.desk_first_more')) : null,
    (waits && !goes) || now.state === 'called' ? h('p', { class: 'more', key: 'sit' }, t(waits ? 'kiosk.sit' : 'kiosk.called')) : null,
    h('button', { type: 'button', class: 'btn primary go', key: 'print', 'data-action': 'print_slip', onclick: () => window.print() }, t('kiosk.print')),
  ];
}

function top() {
  const clock = page.protocol.clock;
  const here = departments();
  const name = site && site.view ? named(site.view.name, site.view.name_en) : '';
  render(find('#where'), [name, here.length === 1 ? named(here[0].name, here[0].name_en) : ''].filter(Boolean).join(' · '));
  render(find('#clock'), clock.known ? wall(clock.now(), clock.offsetMinutes).clock : '');
}
