// How the house is: what is wrong first, the last hour as small charts, a card for each site with the lists behind its
// figures, then the node itself. All of it is the `ops` stream's newest snapshot; nothing is computed from anything else.

import { lastDataClock } from '../components/connection.js';
import { clockOf } from '../lib/clock.js';
import { find, h } from '../lib/dom.js';
import { has, named, t } from '../lib/i18n.js';
import { whenWord } from '../lib/words.js';
import { sessionsOf } from './sessions.js';

const CHART = { width: 200, height: 44 };

/** How far the computer is with reading the words aloud. @param {{done: number, all: number}} reading */
export const readingWords = (reading) => t('ops.voice.reading', { done: reading.done, all: reading.all });

/** The site whose lists are open, which of them, and what was pressed for it. */
const open = { site: '', list: '', by: '' };

/** @param {any} value @param {string} [unit] */
const figure = (value, unit) => (value === null || value === undefined ? '–' : `${Math.round(value * 10) / 10}${unit || ''}`);

/** @param {number} bytes */
function size(bytes) {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let n = bytes;
  let unit = 0;
  while (n >= 1000 && unit < units.length - 1) {
    n /= 1000;
    unit += 1;
  }
  return `${n >= 100 || unit === 0 ? Math.round(n) : n.toFixed(1)} ${units[unit]}`;
}

/** @param {number|null} s */
function span(s) {
  if (s === null || s === undefined) return '–';
  if (s < 120) return t('ops.span.s', { n: s });
  if (s < 7200) return t('ops.span.min', { n: Math.floor(s / 60) });
  if (s < 172800) return t('ops.span.h', { n: Math.floor(s / 3600) });
  return t('ops.span.d', { n: Math.floor(s / 86400) });
}

/** A line through the values that are there; gaps stay gaps. @param {(number|null)[]} values @param {number} most */
function path(values, most) {
  const step = CHART.width / Math.max(1, values.length - 1);
  let pen = 'M';
  return values.map((value, n) => {
    if (value === null) {
      pen = 'M';
      return '';
    }
    const at = `${pen}${(n * step).toFixed(1)} ${(CHART.height - 2 - (value / most) * (CHART.height - 6)).toFixed(1)}`;
    pen = 'L';
    return at;
  }).join('');
}

/**
 * @param {string} name @param {string} now what it is at this moment @param {(number|null)[][]} lines the last hour, the
 * more important first @param {{alarm?: boolean, lead: () => void}} more `lead`: to the list behind it
 */
function chart(name, now, lines, more) {
  const known = lines.flatMap((line) => line.filter((v) => v !== null));
  const highest = Math.max(0, ...(/** @type {number[]} */ (known)));
  const most = Math.max(1, highest);
  const enough = lines.some((line) => line.filter((v) => v !== null).length > 1);
  return h('button', { type: 'button', class: `card chart${more.alarm ? ' alarm' : ''}`, key: name, 'data-figure': name, onclick: more.lead },
    h('span', { class: 'muted' }, t(`ops.figure.${name}`)),
    h('b', { class: 'num' }, now),
    enough
      ? h('svg', { viewBox: `0 0 ${CHART.width} ${CHART.height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': t('ops.chart_about', { name: t(`ops.figure.${name}`), most: figure(highest) }) },
        lines.map((line, n) => h('path', { d: path(line, most), class: n ? 'second' : 'first' })))
      : h('span', { class: 'soon muted' }, t('ops.chart_soon')),
    h('small', { class: 'muted num' }, enough ? t('ops.chart_most', { most: figure(highest) }) : ''));
}

/** Opens the departments of the site where most wait, or the first: what is counted of all is made of these. @param {any} v @param {() => void} draw */
function toDepartments(v, draw) {
  const most = v.sites.slice().sort((/** @type {any} */ a, /** @type {any} */ b) => b.waiting - a.waiting)[0];
  if (!most) return;
  Object.assign(open, { site: most.site, list: 'departments', by: 'figure' });
  draw();
  lookAt(`[data-site="${most.site}"]`);
}

/** @param {string} what to be seen and to have the focus */
function lookAt(what) {
  requestAnimationFrame(() => requestAnimationFrame(() => {
    const place = find(what);
    if (!place) return;
    place.setAttribute('tabindex', '-1');
    place.focus({ preventScroll: true });
    place.scrollIntoView({ block: 'start' });
  }));
}

/** @param {any} v @param {() => void} draw @param {(part: string) => void} go */
function charts(v, draw, go) {
  const departments = () => toDepartments(v, draw);
  const node = () => lookAt('.node');
  const hour = v.last_hour;
  const { rates, latency, doors } = v;
  /** The last hour, and this moment. @param {(number|null)[]} line @param {number|null|undefined} now */
  const toNow = (line, now) => [...line, now === undefined ? null : now];
  return h('div', { class: 'charts', key: 'charts' },
    chart('calls_per_min', figure(rates.calls_per_min), [toNow(hour.calls_per_min, rates.calls_per_min)], { lead: departments }),
    chart('bookings_per_min', figure(rates.bookings_per_min), [toNow(hour.bookings_per_min, rates.bookings_per_min)], { lead: () => go('reports') }),
    chart('waits', `${figure(latency.wait_p50_min)} / ${figure(latency.wait_p90_min)}`, [toNow(hour.wait_p50_min, latency.wait_p50_min), toNow(hour.wait_p90_min, latency.wait_p90_min)], { lead: departments }),
    chart('sync_p99_ms', figure(latency.sync_p99_ms, ' ms'), [toNow(hour.sync_p99_ms, latency.sync_p99_ms)], { lead: node }),
    chart('sockets', figure(doors.sockets), [toNow(hour.sockets, doors.sockets)], { lead: node }),
    chart('outbox_drops_per_min', figure(rates.outbox_drops_per_min), [toNow(hour.outbox_drops_per_min, rates.outbox_drops_per_min)], { alarm: rates.outbox_drops_per_min > 0, lead: node }));
}

/** @param {string} what */
const wordOf = (what) => (has(`ops.problem.${what}`) ? t(`ops.problem.${what}`) : what);

/** Which list of a site a problem leads to. @param {string} what */
const listOf = (what) => (what.startsWith('screen') ? 'screens' : what.startsWith('board') || what === 'voice_not_made' || what === 'calls_not_announced' ? 'boards' : 'departments');

/** What a thing of a site is called; of a screen, its board and which it is. @param {string} id @param {any} site none: of the node */
function nameOf(id, site) {
  const own = id.split('.').slice(1).join('.') || id;
  if (!site) return own;
  const screen = site.screens.find((/** @type {any} */ one) => one.screen === id);
  const board = site.boards.find((/** @type {any} */ one) => one.board === (screen ? screen.board : id));
  const thing = board || site.departments.find((/** @type {any} */ one) => one.department === id);
  return thing ? [named(thing.name, thing.name_en), screen ? own : ''].filter(Boolean).join(' ') : own;
}

/** @param {any} problem @param {any} site none: of the node @param {() => void} draw */
function problemView(problem, site, draw) {
  const content = [h('i', { class: 'mark', 'aria-hidden': 'true' }, problem.level === 'alarm' ? '!' : '·'),
    h('span', null, wordOf(problem.what), problem.count > 1 ? h('b', { class: 'num' }, ` ${problem.count}`) : null,
      problem.ids.length ? h('small', null, problem.ids.map((/** @type {string} */ id) => nameOf(id, site)).join(t('list.comma'))) : null)];
  const props = { class: `problem ${problem.level}`, key: `${problem.level}-${problem.what}`, 'data-problem': problem.what };
  if (!site) return h('div', props, content);
  return h('button', { ...props, type: 'button', onclick: () => show(site.site, listOf(problem.what), problem.what, draw) }, content);
}

/** @param {string} site @param {string} list @param {string} by @param {() => void} draw */
function show(site, list, by, draw) {
  const same = open.site === site && open.by === by;
  open.site = same ? '' : site;
  open.list = same ? '' : list;
  open.by = same ? '' : by;
  draw();
}

/** The one sentence. @param {any} v @param {import('../lib/protocol.js').Protocol} protocol */
function verdict(v, protocol) {
  // What was well a while ago says nothing of now.
  if (protocol.status === 'offline') {
    const time = lastDataClock(protocol);
    return h('p', { class: 'verdict soon', role: 'status', key: 'verdict', 'data-verdict': 'offline' },
      h('i', { class: 'mark', 'aria-hidden': 'true' }, '!'), t('ops.verdict.offline', { time }));
  }
  const all = v.problems.concat(...v.sites.map((/** @type {any} */ s) => s.problems));
  const alarms = all.filter((/** @type {any} */ p) => p.level === 'alarm').length;
  const level = alarms ? 'alarm' : all.length ? 'soon' : 'good';
  const words = alarms ? t('ops.verdict.alarm', { n: alarms }) : all.length ? t('ops.verdict.warning', { n: all.length }) : t('ops.verdict.well');
  return h('p', { class: `verdict ${level}`, role: 'status', key: 'verdict', 'data-verdict': level },
    h('i', { class: 'mark', 'aria-hidden': 'true' }, level === 'good' ? '✓' : '!'), words);
}

/** @param {import('../lib/page.js').Page} page @param {any} site @param {(part: string) => void} go */
function siteCard(page, site, go) {
  const { draw } = page;
  const isOff = page.protocol.status === 'offline';
  const online = site.screens.filter((/** @type {any} */ s) => s.online).length;
  const item = (/** @type {string} */ list, /** @type {string} */ name, /** @type {any} */ value) => h('button', {
    type: 'button', key: name, class: 'fact', 'data-list': list, 'data-fact': name, 'aria-expanded': String(open.site === site.site && open.by === name),
    onclick: () => show(site.site, list, name, draw),
  }, h('b', { class: 'num' }, value), h('span', null, t(`ops.fact.${name}`)));
  return h('section', { class: `card site${open.site === site.site ? ' open' : ''}`, key: site.site, 'data-site': site.site },
    h('h2', null, named(site.name, site.name_en), h('small', null, site.site)),
    site.problems.length
      ? h('div', { class: 'problems' }, site.problems.map((/** @type {any} */ p) => problemView(p, site, draw)))
      : isOff ? null : h('p', { class: 'calm' }, t('ops.site_well')),
    site.voice ? h('p', { class: 'muted voice-reading', role: 'status', 'data-voice-reading': String(site.voice.all) }, readingWords(site.voice)) : null,
    h('div', { class: 'facts' },
      item('departments', 'doctors', site.doctors),
      item('departments', 'waiting', site.waiting),
      item('sessions', 'sessions', `${site.sessions_open}/${site.sessions}`),
      item('screens', 'screens', `${online}/${site.screens.length + site.screens_left_out}`)),
    todayView(site, draw, go),
    open.site === site.site ? h('div', { class: 'lists' }, listView(page, site)) : null);
}

/** How today goes at a site: its departments together. @param {any} site */
function todayOf(site) {
  const all = site.departments.map((/** @type {any} */ one) => one.today);
  const sum = (/** @type {string} */ name) => all.reduce((/** @type {number} */ n, /** @type {any} */ one) => n + one[name], 0);
  const hours = Array.from({ length: 24 }, (_, hour) => all.reduce((/** @type {number} */ n, /** @type {any} */ one) => n + one.seen_by_hour[hour], 0));
  const known = hours.map((n, hour) => ({ n, hour })).filter((one) => one.n);
  const [from, to] = known.length ? [Math.min(7, known[0].hour), Math.max(18, known[known.length - 1].hour)] : [0, 0];
  return { sum, hours: hours.slice(from, to + 1), from, known };
}

/** Today in four figures and small bars, an hour each. @param {any} site @param {() => void} draw @param {(part: string) => void} go */
function todayView(site, draw, go) {
  const { sum, hours, from, known } = todayOf(site);
  const figureOf = (/** @type {string} */ name) => h('button', {
    type: 'button', key: name, class: 'fact', 'data-today': name, 'aria-expanded': String(open.site === site.site && open.by === name), onclick: () => show(site.site, 'departments', name, draw),
  }, h('b', { class: 'num' }, sum(name)), h('span', null, t(`ops.today.${name}`)));
  const most = Math.max(1, ...hours);
  const width = CHART.width / Math.max(1, hours.length);
  return h('div', { class: 'today', key: 'today' },
    h('h3', null, t('ops.today'), h('button', { type: 'button', class: 'btn quiet small', 'data-action': 'to_reports', onclick: () => go('reports') }, t('ops.today.to_reports'))),
    h('div', { class: 'facts' }, ['came', 'seen', 'missed', 'no_shows'].map(figureOf)),
    known.length
      ? h('figure', { 'data-hours': String(known.length) },
        h('svg', { viewBox: `0 0 ${CHART.width} ${CHART.height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': t('ops.today.by_hour_said', { hours: known.map((one) => t('ops.today.hour', one)).join(', ') }) },
          hours.map((n, at) => h('rect', { key: at, x: (at * width + 1).toFixed(1), width: (width - 2).toFixed(1), y: (CHART.height - (n / most) * CHART.height).toFixed(1), height: ((n / most) * CHART.height).toFixed(1) }))),
        h('figcaption', { class: 'num' }, h('span', null, `${from}:00`), h('span', null, t('ops.today.by_hour')), h('span', null, `${from + hours.length}:00`)))
      : h('p', { class: 'muted' }, t('ops.today.none')));
}

/** @param {string[]} heads @param {any[]} rows */
function table(heads, rows) {
  return h('div', { class: 'scroll' }, h('table', null,
    h('thead', null, h('tr', null, heads.map((head) => h('th', { scope: 'col', key: head }, t(`ops.head.${head}`))))),
    h('tbody', null, rows)));
}

/** @param {string} key @param {string} className @param {any[]} cells */
const row = (key, className, cells) => h('tr', { key, class: className }, cells.map((cell) => h('td', null, cell)));

/** @param {import('../lib/page.js').Page} page @param {any} site */
function listView(page, site) {
  if (open.list === 'sessions') return sessionsOf(page, site.site, table, row);
  if (open.list === 'screens') {
    if (!site.screens.length) return h('p', { class: 'muted' }, t('ops.no_screens'));
    return [table(['screen', 'board', 'online', 'since', 'last_seen', 'voice', 'client'], site.screens.map((/** @type {any} */ s) => row(s.screen, s.online ? '' : 'bad', [
      s.screen.split('.').pop(), s.board, s.online ? t('ops.online') : t('ops.offline'), s.since ? whenWord(s.since) : t('ops.not_yet'), s.last_seen ? whenWord(s.last_seen) : t('ops.not_yet'),
      s.silent === null ? '–' : s.silent ? t('ops.silent') : t('ops.speaks'), s.client || '–',
    ]))), site.screens_left_out ? h('p', { class: 'muted' }, t('ops.left_out', { n: site.screens_left_out })) : null];
  }
  if (open.list === 'boards') {
    return table(['board', 'screens', 'speaks', 'not_announced', 'overfull'], site.boards.map((/** @type {any} */ b) => row(b.board, b.calls_not_announced ? 'bad' : '', [
      [named(b.name, b.name_en), ' ', h('small', null, b.board), b.too_many_rooms ? h('p', { 'data-too-many-rooms': b.board, class: 'soon' }, roomsWords(b.too_many_rooms)) : null], `${b.screens_online}/${b.screens}`, b.speaks ? t('ops.yes') : t('ops.no'), b.calls_not_announced, b.overfull ? h('span', { 'data-overfull': b.board, class: 'soon' }, overfullWords(b.overfull)) : '–',
    ])));
  }
  return table(['department', 'sessions', 'doctors', 'waiting', 'in_hand', 'missed', 'of_earlier_days', 'seen_today', 'no_shows', 'waits', 'not_announced'], site.departments.map((/** @type {any} */ d) => row(d.department, d.calls_not_announced ? 'bad' : '', [
    [named(d.name, d.name_en), ' ', h('small', null, d.department)], `${d.sessions_open}/${d.sessions}`, d.doctors_paused ? t('ops.of_paused', { n: d.doctors, paused: d.doctors_paused }) : d.doctors, d.waiting, d.in_hand, d.missed, d.of_earlier_days, d.today.seen, d.today.no_shows,
    `${figure(d.wait_p50_min)} / ${figure(d.wait_p90_min)}`, d.calls_not_announced,
  ])));
}

/** What came of what patients were told today: a way only where the house has it, or where it has reached somebody. @param {any} v */
function noticesView(v) {
  const of = v.notices;
  const ways = ['app', 'wechat', 'push', 'sms'].filter((way) => way === 'app' || v.channels.includes(way) || of[way]);
  const columns = ['told', ...ways, 'not_reached'];
  return h('section', { class: 'card told', key: 'notices', 'data-notices': String(of.told) },
    h('h2', null, t('ops.notices'), h('small', null, t('ops.notices.since', { time: clockOf(of.since) }))),
    of.told
      ? h('div', { class: 'scroll' }, h('table', null,
        h('thead', null, h('tr', null, columns.map((one) => h('th', { scope: 'col', key: one }, t(`ops.notices.${one}`))))),
        h('tbody', null, h('tr', null, columns.map((one) => h('td', { class: `num${one === 'not_reached' && of[one] ? ' bad' : ''}`, key: one, 'data-notices-of': one }, of[one]))))))
      : h('p', { class: 'muted' }, t('ops.notices.none')));
}

const LETTING_GO = ['held', 'expired', 'cancelled', 'again', 'passed_on'];

/** Phones' accounts that take places and let them go: what scalpers do, and what somebody is to look at. None: nothing is said. @param {any} v */
function lettingGoView(v) {
  if (!v.letting_go.length) return null;
  return h('section', { class: 'card told', key: 'letting-go', 'data-letting-go': String(v.letting_go.length) },
    h('h2', null, t('ops.letting_go'), h('small', null, t('ops.letting_go.more'))),
    table(['account', ...LETTING_GO], v.letting_go.map((/** @type {any} */ one) => row(one.account, one.passed_on ? 'bad' : '', [one.account, ...LETTING_GO.map((name) => one[name])]))));
}

/** What was counted: refusals by their code, limits by their name. What people are only told to report stands here as what it is. @param {any} one */
function countedWord(one) {
  const own = `ops.refused.${one.code}`;
  const key = !one.code ? `ops.limit.${one.limit}` : has(own) ? own : `error.${one.code}`;
  return has(key) ? t(key) : one.code || one.limit;
}

/** @param {any} v */
function nodeView(v) {
  const line = (/** @type {string} */ name, /** @type {string} */ value, /** @type {boolean} */ bad = false) => h('div', { key: name, class: bad ? 'bad' : '', 'data-node': name },
    h('dt', null, t(`ops.node.${name}`)), h('dd', { class: 'num' }, value));
  const { storage: s, owners, clock, latency, doors } = v;
  const counts = (/** @type {string} */ name, /** @type {any[]} */ list) => h('div', { key: name, class: 'counts' }, h('h3', null, t(`ops.node.${name}`)),
    list.length
      ? h('ul', null, list.slice(0, 8).map((one) => h('li', { key: one.code || one.limit }, h('span', null, countedWord(one)), h('b', { class: 'num' }, one.count))))
      : h('p', { class: 'muted' }, t('ops.none_so_far')));
  return h('section', { class: 'card node', key: 'node' },
    h('h2', null, t('ops.node')),
    h('dl', null,
      line('version', `${v.version} · ${span(v.uptime_s)}`),
      line('clock', clock.alarm ? t(clock.stands ? 'ops.clock_stands' : 'ops.clock_alarm') : clock.speed === 1 ? t('ops.clock_well') : t('ops.clock_speed', { n: clock.speed }), clock.alarm),
      line('storage', `${t(`ops.level.${s.level}`)} · ${size(s.free_bytes)}`, s.level !== 'well'),
      line('log', `${size(s.log_bytes)} · ${t('ops.segments', { n: s.log_segments })} · ${t('ops.archive', { size: size(s.archive_bytes) })}`),
      line('checkpoint', `${span(s.checkpoint_age_s)} · ${t('ops.lag', { n: s.store_lag_commits })}`),
      line('sync', `${figure(latency.sync_p50_ms)} / ${figure(latency.sync_p99_ms)} ms`),
      line('commands', `${figure(latency.command_p50_ms)} / ${figure(latency.command_p99_ms)} ms`),
      line('outboxes', `${size(doors.outbox_bytes)} · ${t('ops.drops', { n: doors.outbox_drops })}`),
      line('owners', `${t('ops.running', { n: owners.running })} · ${t('ops.closed', { n: owners.closed_count })}`, owners.closed_count > 0),
      line('audit', v.audit.left_out ? t('ops.audit_left_out', { n: v.audit.left_out }) : t('ops.audit_whole'), v.audit.left_out > 0)),
    owners.closed.length ? h('p', { class: 'bad' }, owners.closed.map((/** @type {any} */ o) => `${o.kind} ${o.id}`).join(', ')) : null,
    h('div', { class: 'pair-counts' }, counts('refusals', v.refusals), counts('limits', v.limits)));
}

function skeleton() {
  return [h('div', { class: 'charts', key: 'charts', 'aria-hidden': 'true' }, [1, 2, 3, 4, 5, 6].map((n) => h('div', { class: 'card chart', key: n }, h('span', { class: 'skeleton' }), h('span', { class: 'skeleton' })))),
    h('p', { class: 'muted', key: 'm', role: 'status' }, t('ops.no_figures_more'))];
}

/** @param {{calls_per_hour: number, calls_per_hour_max: number}} over */
const overfullWords = (over) => t('ops.overfull', { calls: over.calls_per_hour, most: over.calls_per_hour_max });

/** @param {{rows: number, rows_max: number}} over */
const roomsWords = (over) => t('ops.too_many_rooms', { rows: over.rows, most: over.rows_max });

/** What is too much for a board; nothing if all is well. @param {any} board */
export const tooMuchWords = (board) => [board.overfull ? overfullWords(board.overfull) : '', board.too_many_rooms ? roomsWords(board.too_many_rooms) : ''].filter(Boolean).join(' ');

/** @param {any} v the newest snapshot, or null @param {import('../lib/page.js').Page} page @param {(part: string) => void} go to another part */
export function overview(v, page, go) {
  const { draw, protocol } = page;
  const head = h('h1', { key: 'h' }, t('ops.figures'));
  if (!v) return [head, skeleton()];
  return [head, verdict(v, protocol),
    v.problems.length ? h('div', { class: 'problems', key: 'problems' }, v.problems.map((/** @type {any} */ p) => problemView(p, null, draw))) : null,
    charts(v, draw, go),
    v.sites.length
      ? h('div', { class: 'sites', key: 'sites' }, v.sites.map((/** @type {any} */ site) => siteCard(page, site, go)))
      : h('p', { class: 'empty card', key: 'none' }, h('b', null, t('ops.no_site')), t('ops.no_site_more')),
    v.sites_left_out ? h('p', { class: 'muted', key: 'more' }, t('ops.left_out', { n: v.sites_left_out })) : null,
    noticesView(v),
    lettingGoView(v),
    nodeView(v)];
}
