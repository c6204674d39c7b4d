// Two operators at one thing: what somebody else has changed since a form was opened is named before it is written over.

import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';
import { fieldWords } from './form.js';
import { fieldsOf } from './kinds.js';

/** A value as a form has it: of slots their times and places, whoever is booked in them. @param {any} value @param {string} type */
function asInForm(value, type) {
  if (type !== 'slots') return JSON.stringify(value === undefined ? null : value);
  return JSON.stringify((value || []).map((/** @type {any} */ slot) => [slot.start, slot.end, slot.capacity]));
}

/**
 * Fields of a form that are not as they were when it was opened.
 * @param {import('./kinds.js').Kind} kind @param {import('./kinds.js').Look} look @param {any} now the thing as it is
 */
export function changedMeanwhile(kind, look, now) {
  const was = look.editing;
  if (!was || !now) return [];
  const differs = (/** @type {any} */ field) => asInForm(was[field.name], field.type) !== asInForm(now[field.name], field.type);
  return fieldsOf(kind, look).filter((field) => field.type !== 'password' && differs(field));
}

/** Whether they are to be written over all the same. @param {import('./kinds.js').Kind} kind @param {import('./kinds.js').Look} look @param {import('./kinds.js').Field[]} fields @returns {Promise<boolean>} */
export const askToOverwrite = (kind, look, fields) => ask(t('ops.meanwhile'), (close) => h('div', { class: 'form', 'data-meanwhile': fields.map(({ name }) => name).join(' ') },
  h('p', null, t('ops.meanwhile_more', { fields: fields.map((field) => fieldWords(kind, field, look)).join(', ') })),
  h('div', { class: 'buttons' },
    h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', autofocus: true, onclick: () => close(false) }, t('cancel')),
    h('button', { type: 'button', class: 'btn danger', 'data-action': 'overwrite', onclick: () => close(true) }, t('ops.meanwhile_go')))));
