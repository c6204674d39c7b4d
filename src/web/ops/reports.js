// Reports: what days came to, by doctor, week, department or cause, as a table with small bars, to be sorted, printed and
// taken into a spreadsheet. All of it is the house's own answer; nothing is computed here but what is shown of a column.

import { h } from '../lib/dom.js';
import { file } from '../lib/http.js';
import { language, named, t } from '../lib/i18n.js';
import { wordsOf } from '../lib/words.js';

/** Between two readings while today is in the range, milliseconds. */
const AGAIN_MS = 30000;
const DAYS_MAX = 400;
const BYS = ['doctor', 'department', 'week', 'cause'];
const RANGES = ['this_week', 'last_week', 'this_month', 'last_month'];
/** Figures in the order of their columns; of these a bar shows how they compare. */
const COLUMNS = ['came', 'seen', 'wait_p50_min', 'wait_p90_min', 'long_waits', 'missed', 'no_shows', 'booked', 'walk_ins', 'late_min', 'paused_min', 'stars'];
const BARS = ['came', 'seen', 'wait_p50_min', 'wait_p90_min', 'long_waits'];

/** @type {{from: string, to: string, by: string, site: string, report: any, busy: boolean, error: any, readAt: number, sort: string, falling: boolean}} */
const shown = { from: '', to: '', by: 'doctor', site: '', report: null, busy: false, error: null, readAt: 0, sort: 'came', falling: true };

/** @param {string} date @param {number} days */
const plus = (date, days) => new Date(Date.parse(date) + days * 86400000).toISOString().slice(0, 10);

/** @param {string} today @param {string} range @returns {[string, string]} */
function rangeOf(today, range) {
  const monday = plus(today, -((new Date(Date.parse(today)).getUTCDay() + 6) % 7));
  if (range === 'this_week') return [monday, plus(monday, 6)];
  if (range === 'last_week') return [plus(monday, -7), plus(monday, -1)];
  const first = `${today.slice(0, 8)}01`;
  if (range === 'this_month') return [first, plus(`${plus(first, 31).slice(0, 8)}01`, -1)];
  return [`${plus(first, -1).slice(0, 8)}01`, plus(first, -1)];
}

const query = () => new URLSearchParams({ site: shown.site, from: shown.from, to: shown.to, by: shown.by });

/** @param {import('../lib/page.js').Page} page */
async function read(page) {
  const asked = query().toString();
  shown.busy = true;
  shown.readAt = performance.now();
  page.draw();
  try {
    const report = await page.session.http('GET', `/api/v1/reports?${asked}`);
    // What has been asked for meanwhile is another one.
    if (asked !== query().toString()) return;
    shown.report = report;
    shown.error = null;
  } catch (refusal) {
    if (asked !== query().toString()) return;
    shown.error = refusal;
  }
  shown.busy = false;
  page.draw();
}

/** @param {import('../lib/page.js').Page} page @param {Partial<typeof shown>} next */
function ask(page, next) {
  Object.assign(shown, next, { report: null, error: null });
  read(page);
}

/** @param {import('../lib/page.js').Page} page */
async function take(page) {
  try {
    const blob = await file(`/api/v1/reports?${query()}&language=${language()}`, 'text/csv', await page.session.token());
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = `${t(`ops.reports.by.${shown.by}`)} ${shown.from} ${shown.to}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  } catch (refusal) {
    page.refuse(refusal);
  }
}

const isRange = () => shown.from && shown.to && shown.from <= shown.to && plus(shown.from, DAYS_MAX) >= shown.to;

/** @param {import('../lib/page.js').Page} page @param {import('../lib/site.js').Site} site @param {string} today of the site */
export function reportsView(page, site, today) {
  if (!shown.from) [shown.from, shown.to] = rangeOf(today, 'this_week');
  if (shown.site !== site.id) {
    Object.assign(shown, { site: site.id, report: null });
    queueMicrotask(() => read(page));
  } else if (isRange() && !shown.busy && shown.to >= today && performance.now() - shown.readAt > AGAIN_MS) queueMicrotask(() => read(page));
  return [h('h1', { key: 'h' }, t('ops.reports')), h('p', { class: 'muted', key: 'm' }, t('ops.reports.about')),
    choice(page, today), h('div', { key: 'report', class: 'report', 'aria-busy': String(shown.busy), 'data-report': shown.report ? shown.report.by : '' }, answer(page, site))];
}

/** @param {import('../lib/page.js').Page} page @param {string} today */
function choice(page, today) {
  const range = RANGES.find((one) => rangeOf(today, one).join() === [shown.from, shown.to].join());
  const day = (/** @type {'from'|'to'} */ name) => h('label', { class: 'field', key: name }, h('span', null, t(`ops.reports.${name}`)),
    h('input', {
      class: 'input', type: 'date', name, required: true, value: shown[name], 'data-field': name,
      onchange: (/** @type {any} */ event) => {
        shown[name] = event.target.value;
        if (isRange()) ask(page, {});
        else page.draw();
      },
    }));
  return h('div', { class: 'card pad report-choice', key: 'choice' },
    h('div', { class: 'tags', role: 'group', 'aria-label': t('ops.reports.range'), key: 'ranges' }, RANGES.map((one) => h('button', {
      type: 'button', class: 'btn small', key: one, 'data-range': one, 'aria-pressed': String(one === range),
      onclick: () => {
        const [from, to] = rangeOf(today, one);
        ask(page, { from, to });
      },
    }, t(`ops.reports.${one}`)))),
    h('div', { class: 'days-of', key: 'days' }, day('from'), day('to')),
    h('div', { class: 'tags', role: 'group', 'aria-label': t('ops.reports.by'), key: 'bys' }, BYS.map((one) => h('button', {
      type: 'button', class: 'btn small', key: one, 'data-by': one, 'aria-pressed': String(one === shown.by), onclick: () => ask(page, { by: one }),
    }, t(`ops.reports.by.${one}`)))),
    h('div', { class: 'tags out', key: 'out' },
      h('button', { type: 'button', class: 'btn small', 'data-action': 'report_csv', disabled: !shown.report, onclick: () => take(page) }, t('ops.reports.csv')),
      h('button', { type: 'button', class: 'btn small', 'data-action': 'report_print', disabled: !shown.report, onclick: () => window.print() }, t('ops.reports.print'))));
}

/** @param {import('../lib/page.js').Page} page @param {import('../lib/site.js').Site} site */
function answer(page, site) {
  const { report } = shown;
  if (!isRange()) return h('p', { class: 'notice alarm', role: 'alert', key: 'range' }, t('ops.reports.wrong_range'));
  if (shown.error && !report) return h('p', { class: 'notice alarm', role: 'alert', key: 'error' }, wordsOf(shown.error));
  if (!report) return [h('p', { class: 'muted', role: 'status', key: 'm' }, t('ops.reports.reading')), [1, 2, 3].map((n) => h('p', { class: 'skeleton', key: n, 'aria-hidden': 'true' }))];
  const department = (/** @type {string} */ id) => {
    const known = site.one('departments', id);
    return known ? named(known.name, known.name_en) : id;
  };
  const notes = [
    h('p', { class: 'paper-only', key: 'paper' }, [site.view && named(site.view.name, site.view.name_en), t(`ops.reports.by.${report.by}`), `${report.from} – ${report.to}`].filter(Boolean).join(' · ')),
    report.silent.length ? h('p', { class: 'notice soon', role: 'status', key: 'silent' }, t('ops.reports.silent', { names: report.silent.map(department).join(t('list.comma')) })) : null,
  ];
  if (report.by === 'cause') return [notes, causesOf(report, 'end'), causesOf(report, 'wait')];
  // That nobody came is not known of who did not answer.
  if (!report.rows.length && report.silent.length) return notes;
  if (!report.rows.length) return [notes, h('p', { class: 'empty card', key: 'none' }, h('b', null, t('ops.reports.none')), t('ops.reports.none_more'))];
  return [notes, table(page, report), report.rows_left_out ? h('p', { class: 'muted', key: 'left' }, t('ops.reports.left_out', { n: report.rows_left_out })) : null,
    report.ratings_open_from ? h('p', { class: 'notice', key: 'open', 'data-ratings-open': report.ratings_open_from }, t('ops.reports.stars_open', { date: report.ratings_open_from })) : null,
    h('p', { class: 'muted', key: 'few' }, t('ops.reports.stars_few'))];
}

/** @param {any} row */
function nameOf(row) {
  if (row.week) return t('ops.reports.week_of', { date: row.week });
  const name = named(row.name, row.name_en) || row.doctor || row.department;
  return shown.by === 'doctor' && !row.doctor ? `${name} · ${t('ops.reports.nobody')}` : name;
}

/** @param {any} row @param {string} column @returns {number|string} */
const sortedBy = (row, column) => (column === 'name' ? row.week || nameOf(row) : row.figures[column] === null ? -1 : row.figures[column]);

/** @param {any} figures @param {string} column */
function words(figures, column) {
  const value = figures[column];
  if (value === null) return '–';
  if (column === 'stars') return t('ops.stars', { stars: value, n: figures.ratings });
  return column.endsWith('_min') ? t('ops.min', { n: value }) : String(value);
}

/** @param {any[]} rows */
function sorted(rows) {
  const { sort, falling } = shown;
  const order = (/** @type {any} */ a, /** @type {any} */ b) => {
    const [one, other] = [sortedBy(a, sort), sortedBy(b, sort)];
    const by = typeof one === 'string' ? one.localeCompare(String(other), language()) : one - Number(other);
    return falling ? -by : by;
  };
  return rows.slice().sort(order);
}

/** @param {import('../lib/page.js').Page} page @param {any} report */
function table(page, report) {
  const most = Object.fromEntries(BARS.map((column) => [column, Math.max(1, ...report.rows.map((/** @type {any} */ row) => row.figures[column] || 0))]));
  const head = (/** @type {string} */ column) => h('th', { scope: 'col', key: column, title: t(`ops.report_about.${column}`), 'aria-sort': shown.sort === column ? (shown.falling ? 'descending' : 'ascending') : undefined },
    h('button', {
      type: 'button', class: 'sort', 'data-sort': column, 'aria-description': t(`ops.report_about.${column}`),
      onclick: () => {
        const falling = shown.sort === column ? !shown.falling : column !== 'name';
        Object.assign(shown, { sort: column, falling });
        page.draw();
      },
    }, t(`ops.report.${column}`), h('i', { 'aria-hidden': 'true' }, shown.sort !== column ? '' : shown.falling ? ' ▾' : ' ▴')));
  const cells = (/** @type {any} */ figures, /** @type {boolean} */ bars) => COLUMNS.map((column) => h('td', { key: column, class: 'num', 'data-column': column }, words(figures, column),
    bars && most[column] ? h('span', { class: `bar${column.startsWith('wait') || column === 'long_waits' ? ' wait' : ''}`, 'aria-hidden': 'true', vars: { '--part': `${(100 * (figures[column] || 0)) / most[column]}%` } }) : null));
  return h('div', { class: 'card scroll', key: 'rows', tabindex: '0', role: 'region', 'aria-label': t('ops.reports') }, h('table', { class: 'reported' },
    h('caption', { class: 'visually-hidden' }, t('ops.reports.sorted')),
    h('thead', null, h('tr', null, head('name'), COLUMNS.map(head))),
    h('tbody', null, sorted(report.rows).map((row) => h('tr', { key: row.doctor || row.week || row.department, 'data-row': row.doctor || row.week || row.department }, h('th', { scope: 'row' }, nameOf(row)), cells(row.figures, true)))),
    h('tfoot', null, h('tr', { 'data-total': '' }, h('th', { scope: 'row' }, t('ops.reports.total')), cells(report.total, false)))));
}

/** @param {any} report @param {string} of */
function causesOf(report, of) {
  const causes = report.causes.filter((/** @type {any} */ one) => one.of === of);
  const all = of === 'wait' ? report.total.long_waits : causes.reduce((/** @type {number} */ n, /** @type {any} */ one) => n + one.count, 0);
  const most = Math.max(1, ...causes.map((/** @type {any} */ one) => one.count));
  return h('section', { class: 'card pad causes', key: of, 'data-causes': of },
    h('h2', null, t(`ops.reports.of.${of}`)), of === 'wait' ? h('p', { class: 'muted' }, t('ops.reports.of.wait_more')) : null,
    all
      ? h('table', { class: 'reported' },
        h('thead', null, h('tr', null, ['cause', 'count', 'share'].map((one) => h('th', { scope: 'col', key: one }, t(`ops.reports.${one}`))))),
        h('tbody', null, causes.map((/** @type {any} */ one) => h('tr', { key: one.cause, 'data-cause': one.cause }, h('th', { scope: 'row' }, t(`ops.cause.${one.cause}`)), h('td', { class: 'num' }, String(one.count)),
          h('td', { class: 'num' }, `${Math.round((100 * one.count) / all)} %`, h('span', { class: `bar${of === 'wait' ? ' wait' : ''}`, 'aria-hidden': 'true', vars: { '--part': `${(100 * one.count) / most}%` } }))))))
      : h('p', { class: 'muted' }, t('ops.none_so_far')));
}
