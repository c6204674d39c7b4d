// What the parts of the plan share: a question before something is done, what a refusal says and at which field, the days from
// one to another.

import { fieldView, focusWrong, wrongField } from '../components/fields.js';
import { h } from '../lib/dom.js';
import { has, t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';
import { wordsOf } from '../lib/words.js';
import { dayWords, partsOf } from './plan-words.js';

/** So many days are named where more are meant. */
const NAMED = 6;

/**
 * Says what will be done, and asks.
 * @param {string} title @param {string[]} says @param {string} go @param {string[]} [list] what is named beneath
 * @param {string} [goAll] words of doing it everywhere
 * @returns {Promise<boolean|'all'>}
 */
export const sure = (title, says, go, list, goAll) => ask(title, (close) => h('div', { class: 'form' }, says.filter(Boolean).map((words, n) => h('p', { key: n }, words)),
  list && list.length ? h('ul', { class: 'planned-list', key: 'list' }, list.map((words) => h('li', { key: words }, words))) : null,
  h('div', { class: 'buttons' },
    h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', autofocus: true, onclick: () => close(false) }, t('cancel')),
    goAll ? h('button', { type: 'button', class: 'btn danger', 'data-action': 'dialog_go_all', onclick: () => close('all') }, goAll) : null,
    h('button', { type: 'button', class: 'btn danger', 'data-action': 'dialog_go', onclick: () => close(true) }, go))));

/** So many of a list, and how many more there are. @param {string[]} all */
export const some = (all) => (all.length > NAMED ? [...all.slice(0, NAMED), t('planning.and_more', { n: all.length - NAMED })] : all);

/** What a refusal says, in the words of the plan where it has any. @param {string} field @param {any} refusal @param {string} today */
function refusedWords(field, refusal, today) {
  const { sessions } = refusal.validNow;
  if (refusal.code === 'not_settled' && sessions) {
    const days = some([...new Set(sessions.map((/** @type {string} */ id) => partsOf(id).date))].map((date) => dayWords(String(date), today)));
    return t('planning.wrong.not_settled', { n: sessions.length, days: days.join(t('list.comma')) });
  }
  const own = `planning.wrong.${refusal.code === 'invalid_field' ? '' : `${refusal.code}.`}${field || 'form'}`;
  return has(own) ? t(own) : wordsOf(refusal);
}

/**
 * What is wrong, by field; of no field that the form shows: of the form.
 * @param {any} refusal @param {any} form @param {string} today @param {Object<string, string>} [called] fields of the command that the form calls otherwise
 */
export function wrongOf(refusal, form, today, called) {
  const told = wrongField(refusal);
  const field = (called && called[told]) || told;
  const isShown = !!field && (!!form.elements[field] || !!form.querySelector(`[data-field-of="${field}"]`));
  return { [isShown ? field : 'form']: refusedWords(field, refusal, today) };
}

/** Draws what is wrong and puts the keys there. @param {any} form @param {Object<string, string>} wrong @param {() => void} draw */
export function sayWrong(form, wrong, draw) {
  draw();
  focusWrong(form, wrong);
}

/**
 * A command that changes what is listed. What somebody else has changed meanwhile is refused, and said in words of its own.
 * @param {import('../lib/page.js').Page} page @param {string} command @param {any} body @returns {Promise<any>} null: refused, and said on the page
 */
export async function doNow(page, command, body) {
  try {
    return (await page.command(command, body)) || {};
  } catch (refused) {
    const { code } = /** @type {any} */ (refused);
    const key = `planning.wrong.${command}.${code}`;
    if (has(key)) page.notify(t(key), 'soon', code);
    return null;
  }
}

/** @param {Object<string, string>} wrong */
export const formWrong = (wrong) => (wrong.form ? h('p', { class: 'notice alarm', role: 'alert', key: 'wrong' }, wrong.form) : null);

/** A choice of one. @param {{name: string, words: string, key: string, wrong?: string, hint?: string, value: string, none?: string, more?: any}} o @param {{value: string, words: string}[]} all */
export function choiceOf(o, all) {
  const { name, words, key, wrong, hint, value, none, more } = o;
  return fieldView({ name, words, key, wrong, hint }, h('select', { class: 'input', name, 'data-field': name, 'aria-invalid': wrong ? 'true' : undefined, ...more },
    none === undefined ? null : h('option', { key: 'none', value: '', selected: value === '' }, none),
    all.map((one) => h('option', { key: one.value, value: one.value, selected: one.value === value }, one.words))));
}

/** Doctors who sit in a department. @param {import('../lib/site.js').Site} site @param {string} department @returns {any[]} */
export const doctorsOf = (site, department) => site.all('doctors').filter((doctor) => doctor.departments.includes(department));
