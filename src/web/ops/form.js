// One form for every kind of thing: draws its fields and makes the command's body of what was filled in.

import { h } from '../lib/dom.js';
import { has, named, t } from '../lib/i18n.js';
import { prefix } from '../lib/site.js';
import { slotsOf } from './kinds.js';

/**
 * @typedef {{site: import('../lib/site.js').Site|null, sites: any[], department: string, editing: any, offset: string}} Look
 */

/** @param {any} one */
const idOf = (one) => one.id || one.session || one.site;

/** What can be chosen for a field. @param {any} field @param {Look} look @returns {{value: string, words: string}[]} */
function options(field, look) {
  if (field.options) {
    return field.options.map((/** @type {string} */ value) => ({ value, words: has(`role.${value}`) ? t(`role.${value}`) : t(`period.${value}`) }));
  }
  if (field.of === 'sites') return look.sites.map((s) => ({ value: idOf(s), words: named(s.name, s.name_en) || idOf(s) }));
  const all = look.site ? look.site.all(field.of) : [];
  return all.map((one) => ({ value: one.id, words: `${named(one.name, one.name_en)} (${one.id})` }));
}

/** @param {any} field @param {Look} look */
function under(field, look) {
  if (field.under === 'site') return look.site ? `${look.site.id}.` : '';
  if (field.under === 'department') return look.department ? `${look.department}.` : '';
  return '';
}

/** @param {any} field @param {Look} look */
function startOf(field, look) {
  const e = look.editing;
  if (!e) {
    if (field.name === 'site' && look.site) return look.site.id;
    return field.start === undefined ? '' : field.start;
  }
  const value = field.name === 'id' ? idOf(e) : e[field.name];
  if (field.type === 'slots') return (value || []).map((/** @type {any} */ s) => `${String(s.start).replace(/.*T(\d\d:\d\d).*/, '$1')} ${s.minutes || 30} ${s.capacity}`).join('\n');
  if (field.type === 'json') return value ? JSON.stringify(value, null, 1) : '';
  if (field.type === 'money') return value === undefined ? '' : String(value / 100);
  if (field.type === 'time_at') return value ? String(value).slice(0, 16) : '';
  return value === undefined || value === null ? '' : value;
}

/** @param {any} field @param {Look} look */
function input(field, look) {
  const start = startOf(field, look);
  const common = { class: 'input', name: field.name, required: !!field.required, 'data-field': field.name };
  if (field.type === 'id') {
    const parent = under(field, look);
    return h('span', { class: 'idpart' }, parent ? h('span', null, parent) : null,
      h('input', {
        ...common, value: String(start).startsWith(parent) ? String(start).slice(parent.length) : String(start), pattern: '[a-z0-9_.\\-]+', autocapitalize: 'off', autocomplete: 'off',
        readonly: !!look.editing,
      }));
  }
  if (field.type === 'choose') {
    return h('select', common, field.required ? null : h('option', { value: '' }, t('ops.none')),
      options(field, look).map((o) => h('option', { key: o.value, value: o.value, selected: o.value === start }, o.words)));
  }
  if (field.type === 'slots' || field.type === 'json') return h('textarea', { ...common, rows: '6', value: String(start), spellcheck: 'false' });
  const type = { number: 'number', money: 'number', date: 'date', time_at: 'datetime-local', password: 'password' }[/** @type {'number'} */ (field.type)] || 'text';
  return h('input', {
    ...common, type, value: String(start), min: type === 'number' ? '0' : undefined, step: field.type === 'money' ? '0.01' : undefined,
    autocomplete: type === 'password' ? 'new-password' : 'off', minlength: type === 'password' ? '12' : undefined,
  });
}

/** @param {any} field @param {Look} look @param {string} kind */
function fieldView(field, look, kind) {
  const words = has(`ops.field.${kind}.${field.name}`) ? t(`ops.field.${kind}.${field.name}`) : t(`ops.field.${field.name}`);
  const key = `${field.name}-${look.editing ? idOf(look.editing) : 'new'}-${look.department}`;
  if (field.type === 'check') {
    return h('label', { class: 'check', key }, h('input', { type: 'checkbox', name: field.name, 'data-field': field.name, checked: !!startOf(field, look) }), words);
  }
  if (field.type === 'choose_many') {
    const chosen = startOf(field, look) || [];
    const all = options(field, look);
    return h('fieldset', { class: 'field plain', key }, h('span', null, words),
      h('div', { class: 'choices' }, all.map((o) => h('label', { class: 'check', key: o.value },
        h('input', { type: 'checkbox', name: field.name, value: o.value, 'data-choice': o.value, checked: chosen.includes(o.value) }), o.words)),
      all.length ? null : h('p', { class: 'muted' }, t('ops.nothing_to_choose'))));
  }
  return h('label', { class: 'field', key }, h('span', null, words), input(field, look),
    has(`ops.hint.${field.name}`) ? h('small', null, t(`ops.hint.${field.name}`)) : null);
}

/**
 * @param {import('./kinds.js').Kind} kind @param {Look} look
 * @param {(body: any) => void} send @param {() => void} cancel
 */
export function formView(kind, look, send, cancel) {
  return h('form', {
    class: 'card form', key: `${kind.kind}-${look.editing ? idOf(look.editing) : 'new'}`, 'data-form': kind.command,
    onsubmit: (/** @type {any} */ event) => {
      event.preventDefault();
      send(bodyOf(kind, look, event.target));
    },
  },
  h('h2', null, t(look.editing ? 'ops.change' : 'ops.add', { kind: t(`ops.kind.${kind.kind}`) })),
  kind.fields.map((field) => fieldView(field, look, kind.kind)),
  h('div', { class: 'buttons' },
    look.editing ? h('button', { type: 'button', class: 'btn', 'data-action': 'edit_cancel', onclick: cancel }, t('cancel')) : null,
    h('button', { class: 'btn primary', 'data-action': kind.command }, t('save'))));
}

/** The command's body: fields left empty are left out. @param {import('./kinds.js').Kind} kind @param {Look} look @param {any} form */
export function bodyOf(kind, look, form) {
  /** @type {any} */
  const body = {};
  for (const field of kind.fields) {
    const element = form.elements[field.name];
    if (field.type === 'choose_many') {
      body[field.name] = Array.from(form.querySelectorAll(`input[name="${field.name}"]:checked`), (/** @type {any} */ x) => x.value);
    } else if (field.type === 'check') body[field.name] = element.checked;
    else if (element.value.trim() === '') continue;
    else if (field.type === 'id') body.id = look.editing ? idOf(look.editing) : under(field, look) + element.value.trim();
    else if (field.type === 'number') body[field.name] = Number(element.value);
    else if (field.type === 'money') body[field.name] = Math.round(Number(element.value) * 100);
    else if (field.type === 'slots') body.slots = slotsOf(element.value);
    else if (field.type === 'json') body[field.name] = JSON.parse(element.value);
    else if (field.type === 'time_at') body[field.name] = `${element.value}:00${look.offset}`;
    else body[field.name] = field.type === 'password' ? element.value : element.value.trim();
  }
  return body;
}

/** Whether a thing stands under a department. @param {any} one @param {string} department */
export function isUnder(one, department) {
  return prefix(idOf(one), 2) === department;
}
