// What comes again every week, as a list to be read: who, on which days, from when to when, how many places, since when. And
// how far ahead it is made, and from when it can be booked.

import { fieldView } from '../components/fields.js';
import { h } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { periodWord, registrationWord } from '../lib/words.js';
import { isOffline, known, readPlan } from './plan-data.js';
import { doNow, some, sure } from './plan-parts.js';
import { keptOf, quotaRules } from './plan-quotas.js';
import { reminderRule } from './plan-reminder.js';
import { changeRules } from './plan-rules.js';
import { editedTemplate, freshTemplate, intoForm, templateForm } from './plan-template.js';
import { clockAt, feeWords, isLeft, measureWords, minutesOf, plannedWords, seasonWords, sessionWords, templateTitle, WEEK, weekWords, whose } from './plan-words.js';

/** @typedef {import('./kinds.js').Look} Look */
/** @typedef {import('../lib/page.js').Page} Page */

/** Shorter lists are seen at a glance. */
const SEARCHED_FROM = 8;

/** What the list is searched for. */
let typed = '';

/** Whether a row says all of what is searched for. @param {any} one @param {import('../lib/site.js').Site} site */
function isWanted(one, site) {
  const text = `${templateTitle(one, site)} ${weekWords(one.weekdays)} ${measureWords(one)} ${one.name}`.toLowerCase();
  return typed.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

/** @param {Page} page */
const search = (page) => h('input', {
  class: 'input search', type: 'search', key: 'search', 'data-field': 'search', 'aria-label': t('planning.search'), placeholder: t('planning.search'), value: typed, autocomplete: 'off',
  oninput: (/** @type {any} */ event) => {
    typed = event.target.value;
    page.draw();
  },
});

/** @param {Page} page @param {Look} look */
export function weeklyView(page, look) {
  const site = /** @type {import('../lib/site.js').Site} */ (look.site);
  const all = known.plan.templates.slice().sort((/** @type {any} */ a, /** @type {any} */ b) => rank(a, site).localeCompare(rank(b, site), 'zh'));
  const living = all.filter((/** @type {any} */ one) => !one.retired);
  const ending = all.filter((/** @type {any} */ one) => one.retired);
  const isLong = living.length >= SEARCHED_FROM;
  const wanted = isLong ? living.filter((/** @type {any} */ one) => isWanted(one, site)) : living;
  return h('div', { class: 'pair', key: 'weekly' },
    h('div', { key: 'there' }, isLong ? search(page) : null, living.length && !wanted.length ? h('p', { class: 'empty card', key: 'nothing' }, t('ops.none_found')) : null,
      living.length ? h('ul', { class: 'things weekly', key: 'list', hidden: !wanted.length }, wanted.map((/** @type {any} */ one) => row(page, look, one)))
        : h('p', { class: 'empty card', key: 'none' }, h('b', null, t('planning.none')), t('planning.none_more')),
      ending.length ? [h('h2', { key: 'ending-h', class: 'plan-h' }, t('planning.ending')), h('ul', { class: 'things weekly', key: 'ending' }, ending.map((/** @type {any} */ one) => row(page, look, one)))] : null,
      ahead(page, look), quotaRules(page, look), reminderRule(page, look)),
    templateForm(page, look));
}

/** Whose they are, and then by the clock. @param {any} one @param {import('../lib/site.js').Site} site */
const rank = (one, site) => `${whose(one, site)} ${one.start || (one.slots[0] || {}).start || ''} ${one.weekdays.join('')} ${one.id}`;

/** @param {Page} page @param {Look} look @param {any} one */
function row(page, look, one) {
  const site = /** @type {import('../lib/site.js').Site} */ (look.site);
  const title = templateTitle(one, site);
  const room = site.one('service_points', one.service_point);
  const kept = keptOf(one);
  return h('li', { key: one.id, 'data-template': one.id, class: one.id === editedTemplate() ? 'editing' : '' },
    h('div', { class: 'who' }, h('b', null, whose(one, site)), h('small', null, [periodWord(one.period), registrationWord(one.registration_class), feeWords(one.fee_fen), room && named(room.name, room.name_en)].filter(Boolean).join(' · '))),
    h('div', { class: 'when' },
      h('span', { class: 'marks', 'aria-hidden': 'true' }, WEEK.map((day) => h('i', { key: day, class: one.weekdays.includes(day) ? 'on' : '' }, one.weekdays.includes(day) ? t(`planning.day.${day}`) : '·'))),
      h('span', { class: 'visually-hidden' }, `${weekWords(one.weekdays)} `),
      h('span', { class: 'num' }, measureWords(one)), kept ? h('small', { key: 'kept', 'data-kept': '' }, kept) : null, h('small', null, one.retired ? t('planning.is_ending') : seasonWords(one, look.today))),
    one.retired ? null : h('span', { class: 'acts' },
      h('button', {
        type: 'button', class: 'btn small', 'data-action': 'edit', 'data-thing': one.id, 'aria-label': t('ops.edit_of', { name: `${title} ${weekWords(one.weekdays)}` }),
        onclick: () => {
          freshTemplate(look, one);
          page.draw();
          intoForm();
        },
      }, t('ops.edit')),
      h('button', { type: 'button', class: 'btn small danger', 'data-action': 'retire_template', 'data-thing': one.id, disabled: isOffline(page), 'aria-label': t('ops.retire_of', { name: `${title} ${weekWords(one.weekdays)}` }), onclick: () => retire(page, look, one) }, t('ops.retire'))));
}

/** @param {Page} page @param {Look} look @param {any} one */
async function retire(page, look, one) {
  const site = /** @type {import('../lib/site.js').Site} */ (look.site);
  const name = `${templateTitle(one, site)} ${weekWords(one.weekdays)}`;
  const there = known.plan.days.flatMap((/** @type {any} */ day) => (day.date > look.today ? day.sessions : [])).filter((/** @type {any} */ session) => session.template === one.id && session.open);
  const busy = there.filter((/** @type {any} */ session) => session.taken);
  const says = [t('planning.retire_does', { n: there.length - busy.length }), busy.length ? t('planning.retire_busy', { n: busy.length }) : ''];
  if (!(await sure(t('planning.retire_title', { name }), says, t('ops.retire'), some(busy.map((/** @type {any} */ session) => sessionWords(session.session, site, known.plan.templates, look.today)))))) return;
  const planned = await doNow(page, 'retire_template', { id: one.id });
  if (planned) page.notify(`${t('planning.retired', { name })} ${plannedWords(planned)}`, isLeft(planned) ? 'soon' : 'good');
  if (editedTemplate() === one.id) freshTemplate(look);
  await readPlan(page, look.today);
}

/** How far ahead, and from when it can be booked. @param {Page} page @param {Look} look */
function ahead(page, look) {
  const { plan } = known;
  return h('p', { class: 'card pad ahead', key: 'ahead', 'data-horizon': plan.horizon_days }, h('span', null, t('planning.ahead', { horizon: plan.horizon_days, release: plan.release_days, time: clockAt(plan.release_min) })),
    h('button', { type: 'button', class: 'btn small', 'data-action': 'change_ahead', disabled: isOffline(page), onclick: () => changeAhead(page, look) }, t('ops.edit')));
}

/** @param {Page} page @param {Look} look */
function changeAhead(page, look) {
  const was = { ...known.plan };
  return changeRules(page, look, {
    title: t('planning.ahead_title'),
    command: 'define_planning',
    fields: (wrong) => {
      const number = (/** @type {string} */ name, /** @type {string} */ min) => fieldView({ name, words: t(`planning.ahead.${name}`), hint: t(`planning.ahead_hint.${name}`), wrong: wrong[name], type: 'number', min, max: '366', required: true, value: String(was[name]) });
      return [number('horizon_days', '1'), number('release_days', '0'),
        fieldView({ name: 'release_min', words: t('planning.ahead.release_min'), wrong: wrong.release_min, type: 'time', required: true, value: clockAt(was.release_min) })];
    },
    body: (elements) => ({ horizon_days: Number(elements.horizon_days.value), release_days: Number(elements.release_days.value), release_min: minutesOf(elements.release_min.value) }),
  });
}
