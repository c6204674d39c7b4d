// A field of a form with its words, its hint and what is wrong with it, and which field a refusal is about.

import { h } from '../lib/dom.js';

/** Which field is meant where a refusal does not name one. @type {Object<string, string>} */
const FIELD_OF = { prefix_taken: 'prefix', id_not_under_parent: 'id', already_exists: 'id', retired: 'id', malformed: 'id' };

/** The field that a refusal is about; empty when it is about none. @param {any} refusal */
export function wrongField(refusal) {
  const named = refusal && refusal.validNow && refusal.validNow.field;
  return named || (refusal && FIELD_OF[refusal.code]) || '';
}

/** Puts the keys where something is wrong. @param {any} form @param {Object<string, string>} wrong */
export function focusWrong(form, wrong) {
  const [name] = Object.keys(wrong);
  requestAnimationFrame(() => {
    const place = name && form.querySelector(`[data-wrong="${name}"] input, [data-wrong="${name}"] select, [data-wrong="${name}"] textarea`);
    if (place) place.focus();
  });
}

/**
 * A labelled field. Without a `control` it is an input with the rest of `o` as its properties.
 * @param {{name: string, words: string, hint?: string, wrong?: string, key?: string, [more: string]: any}} o
 * @param {any} [control]
 */
export function fieldView(o, control) {
  const { name, words, hint, wrong, key, ...more } = o;
  return h('label', { class: `field${wrong ? ' wrong' : ''}`, key: key || name, 'data-wrong': wrong ? name : undefined }, h('span', null, words),
    control || h('input', { class: 'input', name, 'data-field': name, autocomplete: 'off', 'aria-invalid': wrong ? 'true' : undefined, ...more }),
    wrong ? h('small', { class: 'bad', role: 'alert', key: 'wrong' }, wrong) : null,
    hint ? h('small', { key: 'hint' }, hint) : null);
}
