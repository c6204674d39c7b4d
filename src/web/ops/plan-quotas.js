// What of each slot is kept for whom, when what is not used of it is given back, and from when referrals can book: the fields
// of a template, the same in words, and the rules of the department.

import { fieldView } from '../components/fields.js';
import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { isOffline, known } from './plan-data.js';
import { changeRules } from './plan-rules.js';
import { clockAt, minutesOf } from './plan-words.js';

/** @typedef {{online: number, desk: number, referral: number}} Quotas */

/** For whom places can be kept. @type {('online'|'desk'|'referral')[]} */
const CHANNELS = ['online', 'desk', 'referral'];
/** A day, and an hour, in minutes. */
const DAY = 1440;
const HOUR = 60;
/** Nothing is given back earlier. */
const BACK_MAX = 43200;

/** @returns {Quotas} */
export const noQuotas = () => ({ online: 0, desk: 0, referral: 0 });

/** Whether more is kept than there is. @param {Quotas} quotas @param {number} capacity */
export const isTooMany = (quotas, capacity) => CHANNELS.reduce((n, one) => n + quotas[one], 0) > capacity;

/** What is kept, in words; empty where nothing is. @param {Quotas} quotas @param {string} key */
export function keptWords(quotas, key) {
  const kept = CHANNELS.filter((one) => quotas[one]).map((one) => t('planning.kept_of', { channel: t(`planning.channel.${one}`), n: quotas[one] }));
  return kept.length ? t(key, { kept: kept.join(t('list.comma')) }) : '';
}

/** What is kept in the slots of a template. @param {any} template */
export function keptOf(template) {
  if (template.start) return keptWords(template.quotas, 'planning.kept_each');
  const sum = noQuotas();
  template.slots.forEach((/** @type {any} */ slot) => CHANNELS.forEach((one) => {
    sum[one] += slot.quotas ? slot.quotas[one] : 0;
  }));
  return keptWords(sum, 'planning.kept_all');
}

/** What stands in the fields. @param {any} elements of the form @returns {Quotas} */
export const quotasIn = (elements) => ({ online: Number(elements.quota_online.value), desk: Number(elements.quota_desk.value), referral: Number(elements.quota_referral.value) });

/** The fields of a template. @param {string} key @param {Quotas} start @param {string|undefined} wrong */
export function quotaFields(key, start, wrong) {
  return h('fieldset', { class: `field plain quotas${wrong ? ' wrong' : ''}`, key: `quotas-${key}`, 'data-wrong': wrong ? 'quotas' : undefined, 'data-field-of': 'quotas' },
    h('legend', null, t('planning.quotas')),
    h('div', { class: 'three' }, CHANNELS.map((one) => fieldView({ name: `quota_${one}`, words: t(`planning.channel.${one}`), type: 'number', min: '0', max: '100000', required: true, value: String(start[one]) }))),
    wrong ? h('small', { class: 'bad', role: 'alert', key: 'wrong' }, wrong) : null,
    h('small', { key: 'hint' }, t('planning.quotas_hint')));
}

/** How long before a slot. @param {number} minutes */
function beforeWords(minutes) {
  if (minutes && minutes % DAY === 0) return t('planning.before_days', { n: minutes / DAY });
  return minutes && minutes % HOUR === 0 ? t('planning.before_hours', { n: minutes / HOUR }) : t('planning.before_minutes', { n: minutes });
}

/** The rules of the department. @param {any} rules */
function rulesWords(rules) {
  const back = CHANNELS.filter((one) => rules[`${one}_back_min`] !== null).map((one) => t('planning.gives_back', { channel: t(`planning.channel.${one}`), before: beforeWords(rules[`${one}_back_min`]) }));
  const said = back.length ? back : [t('planning.gives_nothing_back')];
  const days = rules.referral_release_days;
  if (days !== null) said.push(t('planning.referral_from', { days, time: clockAt(rules.referral_release_min) }));
  return said.join(' ');
}

/** The rules, and a way to change them. @param {import('../lib/page.js').Page} page @param {import('./kinds.js').Look} look */
export function quotaRules(page, look) {
  return h('p', { class: 'card pad ahead', key: 'quota-rules', 'data-quota-rules': '' }, h('span', null, rulesWords(known.plan.quota_rules)),
    h('button', { type: 'button', class: 'btn small', 'data-action': 'change_quota_rules', 'aria-label': t('ops.edit_of', { name: t('planning.rules_title') }), disabled: isOffline(page), onclick: () => changeQuotaRules(page, look) }, t('ops.edit')));
}

/** @param {import('../lib/page.js').Page} page @param {import('./kinds.js').Look} look */
function changeQuotaRules(page, look) {
  const was = { ...known.plan.quota_rules };
  return changeRules(page, look, {
    title: t('planning.rules_title'),
    command: 'define_quota_rules',
    fields: (wrong) => {
      const number = (/** @type {string} */ name, /** @type {number} */ max) => fieldView({ name, words: t(`planning.rules.${name}`), wrong: wrong[name], type: 'number', min: '0', max: String(max), value: was[name] === null ? '' : String(was[name]) });
      return [h('p', { key: 'hint' }, t('planning.rules_hint')), number('online_back_min', BACK_MAX), number('desk_back_min', BACK_MAX), number('referral_back_min', BACK_MAX),
        h('p', { key: 'referral' }, t('planning.rules_referral_hint')), number('referral_release_days', 366),
        fieldView({ name: 'referral_release_min', words: t('planning.rules.referral_release_min'), wrong: wrong.referral_release_min, type: 'time', required: true, value: clockAt(was.referral_release_min) })];
    },
    body: (elements) => {
      const of = (/** @type {string} */ name) => (elements[name].value === '' ? undefined : Number(elements[name].value));
      return { online_back_min: of('online_back_min'), desk_back_min: of('desk_back_min'), referral_back_min: of('referral_back_min'), referral_release_days: of('referral_release_days'), referral_release_min: minutesOf(elements.referral_release_min.value) };
    },
  });
}
