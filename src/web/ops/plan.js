// 排班计划: what a department plans. What comes again every week, the days on which it is otherwise, and what that comes to in the
// next four weeks. Read by `import()` when it is opened first.

import '../i18n/planning.js';
import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { wordsOf } from '../lib/words.js';
import { calendarView } from './plan-calendar.js';
import { isOffline, keepReading, known, readPlan } from './plan-data.js';
import { exceptionsView } from './plan-exceptions.js';
import { weeklyView } from './plan-weekly.js';

/** @typedef {import('./kinds.js').Look} Look */
/** @typedef {import('../lib/page.js').Page} Page */

/** The three views, in the order of their use. @type {[string, (page: Page, look: Look) => any][]} */
const VIEWS = [['weekly', weeklyView], ['exceptions', exceptionsView], ['calendar', calendarView]];

let view = 'weekly';

/** @param {Page} page @param {Look} look @param {any} choice of the department, where there are several */
export function planView(page, look, choice) {
  const head = [h('h1', { key: 'h' }, t('ops.plan')), h('p', { class: 'muted', key: 'm' }, t('planning.about'))];
  if (!look.department) return [head, h('p', { class: 'empty card', key: 'none' }, h('b', null, t('ops.no_department')), t('ops.no_department_more'))];
  keepReading(page, look.department, look.today);
  return [head, h('div', { class: 'plan-top', key: 'top' }, choice, views(page), known.plan ? readWhen(page, look) : null),
    h('div', { class: 'plan', key: `plan-${look.department}`, 'data-view': view, 'data-plan': known.plan ? known.department : '', 'aria-busy': String(!known.plan && !known.error) }, content(page, look))];
}

/** @param {Page} page */
function views(page) {
  const unsettled = known.plan ? known.plan.unsettled.length + known.plan.unsettled_left_out : 0;
  return h('div', { class: 'tags views', role: 'group', 'aria-label': t('ops.plan'), key: 'views' }, VIEWS.map(([name]) => h('button', {
    type: 'button', class: 'btn', key: name, 'data-view-of': name, 'aria-pressed': String(name === view),
    onclick: () => {
      view = name;
      page.draw();
    },
  }, t(`planning.view.${name}`), name === 'calendar' && unsettled ? h('span', { class: 'count', key: 'n' }, t('planning.square_todo', { n: unsettled })) : null)));
}

/** How old it is what one sees. @param {Page} page @param {Look} look */
function readWhen(page, look) {
  const off = isOffline(page);
  const old = off || known.error;
  return h('p', { class: `read-when${old ? ' notice soon' : ''}`, role: 'status', key: 'when', 'data-old': old ? '' : undefined },
    h('span', null, t(off ? 'planning.read_offline' : known.error ? 'planning.read_failed' : known.plan.more ? 'planning.read_more' : 'planning.read_at', { time: known.at, why: known.error ? wordsOf(known.error) : '' })),
    h('button', { type: 'button', class: 'btn small', 'data-action': 'plan_again', disabled: off, 'aria-busy': String(known.busy), onclick: () => readPlan(page, look.today) }, t('planning.again')));
}

/** @param {Page} page @param {Look} look */
function content(page, look) {
  if (known.plan) return /** @type {any} */ (VIEWS.find(([name]) => name === view))[1](page, look);
  if (known.error || isOffline(page)) {
    return h('p', { class: 'notice alarm', role: 'alert', key: 'error' }, h('span', null, known.error ? wordsOf(known.error) : t('error.offline')),
      h('button', { type: 'button', class: 'btn small', 'data-action': 'plan_again', disabled: isOffline(page), onclick: () => readPlan(page, look.today) }, t('planning.again')));
  }
  return [h('p', { class: 'visually-hidden', role: 'status', key: 'm' }, t('planning.reading')), [1, 2, 3].map((n) => h('p', { class: 'skeleton', key: n, 'aria-hidden': 'true' }))];
}
