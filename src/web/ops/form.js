// One form for every kind of thing: draws its fields, proposes ids, and makes the command's body of what was filled in.

import { fieldView, focusWrong } from '../components/fields.js';
import { classOfTitle, periodFields, periodSaid, periodSlots, slotTable, USUAL } from '../components/slots.js';
import { h } from '../lib/dom.js';
import { has, named, t } from '../lib/i18n.js';
import { isNumberOnlyByName } from '../i18n/number-only.js';
import { romanised } from '../i18n/pinyin.js';
import { proposedId } from '../lib/ids.js';
import { titleWord } from '../lib/words.js';
import { fieldsOf, idOf, isUnder, parentOf } from './kinds.js';
import { rulesOf, rulesView } from './rules.js';
import { inWords } from './things.js';

/** @typedef {import('./kinds.js').Look} Look */
/** @typedef {import('./kinds.js').Field} Field */
/** @typedef {import('./kinds.js').Kind} Kind */

/** Somebody ticked or cleared the box of this form: it follows the names no more. */
let ownBoxOf = '';

/** Somebody wrote an id into the form of this name: it follows the names no more. */
let ownIdOf = '';

/** The fields from which slots are cut. */
const CUTS = ['period', 'from', 'until', 'slot_minutes', 'places'];

/** @param {Field} field @returns {string[]} what is usually written there: it goes to patients as it is */
const suggestions = (field) => (field.options || []).map((option) => t(field.name === 'title' ? `doctor_title.${option}` : `registration_class.${option}`, null, 'zh'));

/** What can be chosen for a field. @param {Field} field @param {Look} look @returns {{value: string, words: string}[]} */
function options(field, look) {
  if (field.options) return field.options.map((value) => ({ value, words: has(`role.${value}`) ? t(`role.${value}`) : t(`period.${value}`) }));
  if (field.of === 'sites') {
    const own = look.sites.filter((s) => !look.ownSite || s.site === look.ownSite);
    return own.map((s) => ({ value: idOf(s), words: named(s.name, s.name_en) || idOf(s) }));
  }
  const all = look.site ? look.site.all(field.of || '') : [];
  const isHere = (/** @type {any} */ one) => !field.here || (one.departments ? one.departments.includes(look.department) : isUnder(one, look.department));
  return all.filter(isHere).map((one) => ({ value: one.id, words: [one.prefix, named(one.name, one.name_en), titleWord(one.title)].filter(Boolean).join(' ') }));
}

/** @param {Field} field @param {Look} look */
function startOf(field, look) {
  const e = look.editing;
  if (!e) {
    if (field.name === 'role') return look.role;
    if (field.name === 'site') return field.required ? look.site && look.site.id : look.ownSite || '';
    return typeof field.start === 'function' ? field.start(look) : field.start === undefined ? '' : field.start;
  }
  if (field.name === 'role') return look.role;
  const value = field.name === 'id' ? idOf(e) : e[field.name];
  if (field.type === 'money') return value === undefined ? '' : String(value / 100);
  if (field.type === 'time_at') return value ? String(value).slice(0, 16) : '';
  return value === undefined || value === null ? '' : value;
}

/** @param {Kind} kind @param {Field} field @param {Look} look @param {any} common */
function idInput(kind, field, look, common) {
  const parent = parentOf(kind, look);
  const start = String(startOf(field, look));
  return h('span', { class: 'idpart' }, parent ? h('span', null, parent) : null,
    h('input', {
      ...common, value: start.startsWith(parent) ? start.slice(parent.length) : start, pattern: '[a-z0-9_\\-]+', autocapitalize: 'off', autocomplete: 'off',
      spellcheck: 'false', maxlength: String(field.max || 40), readonly: !!look.editing,
    }));
}

/** @param {Kind} kind @param {Field} field @param {Look} look */
function input(kind, field, look) {
  // Whoever runs one site makes accounts of that site.
  const isNeeded = !!field.required || (field.name === 'site' && !!look.ownSite);
  const common = { class: 'input', name: field.name, required: isNeeded, 'data-field': field.name, 'aria-invalid': look.wrong[field.name] ? 'true' : undefined };
  if (field.type === 'id') return idInput(kind, field, look, common);
  const start = startOf(field, look);
  if (field.type === 'choose' || field.type === 'zone') {
    const all = field.type === 'zone' ? look.zones.map((zone) => ({ value: zone, words: zone })) : options(field, look);
    return h('select', { ...common, onchange: field.name === 'role' ? (/** @type {any} */ event) => Object.assign(look, { role: event.target.value }).draw() : undefined },
      isNeeded
        ? start === '' && all.length !== 1 ? h('option', { key: 'choose', value: '', selected: true }, t('ops.choose')) : null
        : h('option', { key: 'none', value: '' }, t(has(`ops.none.${field.name}`) ? `ops.none.${field.name}` : 'ops.none')),
      all.map((o) => h('option', { key: o.value, value: o.value, selected: o.value === start }, o.words)));
  }
  if (field.type === 'degrees') return h('input', { ...common, type: 'number', step: 'any', min: String(-Number(field.max)), max: String(field.max), value: String(start), autocomplete: 'off' });
  const type = { number: 'number', money: 'number', date: 'date', time_at: 'datetime-local', password: 'password' }[/** @type {'number'} */ (field.type)] || 'text';
  return h('input', {
    ...common, type, value: String(start), min: type === 'number' ? '0' : type === 'date' && !look.editing ? look.today : undefined, step: field.type === 'money' ? '0.01' : undefined,
    autocomplete: type === 'password' ? 'new-password' : 'off', minlength: type === 'password' ? '12' : undefined, maxlength: field.max ? String(field.max) : undefined,
    list: field.type === 'suggested' ? `of-${field.name}` : undefined, required: isNeeded || (type === 'password' && !look.editing),
  });
}

/** What a field is called. @param {Kind} kind @param {Field} field @param {Look} look */
export function fieldWords(kind, field, look) {
  const own = field.type === 'password' && !look.editing ? 'ops.field.new_password' : `ops.field.${kind.kind}.${field.name}`;
  return t(has(own) ? own : `ops.field.${field.name}`);
}

/** @param {Kind} kind @param {Field} field @param {Look} look */
function view(kind, field, look) {
  const words = fieldWords(kind, field, look);
  const key = `${field.name}-${look.form}-${look.role}-${look.department}`;
  const wrong = look.wrong[field.name];
  if (field.type === 'check') {
    return h('label', { class: 'check', key }, h('input', { type: 'checkbox', name: field.name, 'data-field': field.name, checked: !!startOf(field, look) }), words);
  }
  if (field.type === 'rules') return rulesView(look.editing ? look.editing.settings : undefined, look.form, look.wrong, look.draw);
  if (field.type === 'slots') return slotsField(look, key, words);
  if (field.type === 'choose_many') {
    const chosen = startOf(field, look) || [];
    const all = options(field, look);
    return h('fieldset', { class: `field plain${wrong ? ' wrong' : ''}`, key, 'data-wrong': wrong ? field.name : undefined }, h('span', null, words),
      h('div', { class: 'choices' }, all.map((o) => h('label', { class: 'check', key: o.value },
        h('input', { type: 'checkbox', name: field.name, value: o.value, 'data-choice': o.value, checked: chosen.includes(o.value) }), o.words)),
      all.length ? null : h('p', { class: 'muted' }, t(has(`ops.nothing.${field.name}`) ? `ops.nothing.${field.name}` : 'ops.nothing_to_choose'))),
      wrong ? h('small', { class: 'bad', role: 'alert', key: 'wrong' }, wrong) : null,
      has(`ops.hint.${kind.kind}.${field.name}`) ? h('small', { key: 'hint' }, t(`ops.hint.${kind.kind}.${field.name}`)) : null);
  }
  const hint = has(`ops.hint.${kind.kind}.${field.name}`) ? t(`ops.hint.${kind.kind}.${field.name}`) : has(`ops.hint.${field.name}`) ? t(`ops.hint.${field.name}`) : '';
  const asSpelt = kind.kind === 'doctor' && field.name === 'name_en' ? romanised(look.name) : '';
  return [fieldView({ name: field.name, words, wrong, hint, key }, [input(kind, field, look),
    field.type === 'suggested' ? h('datalist', { id: `of-${field.name}`, key: 'list' }, suggestions(field).map((word) => h('option', { key: word, value: word }))) : null]),
  asSpelt ? h('button', {
    type: 'button', class: 'btn small spelt', key: `spelt-${key}`, 'data-action': 'take_spelt',
    onclick: (/** @type {any} */ event) => {
      event.currentTarget.form.elements.name_en.value = asSpelt;
    },
  }, t('ops.take_spelt'), h('span', { lang: 'en' }, asSpelt)) : null];
}

/** The slots: cut from a period, then each as it is to be. @param {Look} look @param {string} key @param {string} words */
function slotsField(look, key, words) {
  const wrong = look.wrong.slots;
  const cut = (/** @type {any} */ event) => {
    look.slots.splice(0, look.slots.length, ...periodSlots(event.target.form.elements));
    look.draw();
  };
  return h('fieldset', { class: `field plain${wrong ? ' wrong' : ''}`, key, 'data-wrong': wrong ? 'slots' : undefined }, h('span', null, words),
    periodFields({ from: USUAL.morning[0], until: USUAL.morning[1], key: `period-${look.form}` }),
    look.editing && h('button', { type: 'button', class: 'btn small', key: 'cut', 'data-action': 'slots_cut', onclick: cut }, t('slots.cut')),
    periodSaid(look.slots), slotTable(look.slots, look.draw), wrong ? h('small', { class: 'bad', role: 'alert', key: 'wrong' }, wrong) : null);
}

/** Everything of a kind that the page knows, also of other sites. @param {Kind} kind @param {Look} look @returns {any[]} */
function allOf(kind, look) {
  if (kind.kind === 'staff') return look.staff;
  if (kind.kind === 'site') return look.sites;
  if (!look.site) return [];
  return kind.kind === 'session' ? (look.site.view && look.site.view.sessions) || [] : look.site.all(kind.list);
}

/** What has that id already. @param {Kind} kind @param {Look} look @param {string} id */
export const holderOf = (kind, look, id) => allOf(kind, look).find((one) => idOf(one) === id) || null;

/** Ids in use, by their own part. @param {Kind} kind @param {Look} look */
function taken(kind, look) {
  const parent = parentOf(kind, look);
  const ids = allOf(kind, look).map(idOf);
  return (/** @type {string} */ own) => ids.includes(parent + own);
}

/** Puts the proposed id into the form, unless somebody wrote another. @param {Kind} kind @param {Look} look @param {any} form */
function propose(kind, look, form) {
  if (look.editing || ownIdOf === look.form || !form.elements.id) return;
  const of = (/** @type {string} */ name) => (form.elements[name] ? form.elements[name].value || '' : '');
  const last = (/** @type {string} */ id) => id.split('.').pop() || '';
  const free = taken(kind, look);
  if (kind.kind === 'session') {
    form.elements.id.value = of('date') && of('queue') ? proposedId('session', `${of('date').replace(/-/g, '')}-${of('period')}-${last(of('queue'))}`, '', free) : '';
  } else if (kind.kind === 'staff') {
    const from = { doctor: last(of('doctor')), desk: 'fenzhen', kiosk: 'zizhu', operator: 'yunxing', integrator: 'his' }[/** @type {'desk'} */ (look.role)] || '';
    form.elements.id.value = proposedId('staff', from, '', free);
  } else form.elements.id.value = of('name') || of('name_en') ? proposedId(kind.kind, of('name'), of('name_en'), free) : '';
}

/** What else follows from what was just chosen. @param {Kind} kind @param {Look} look @param {any} event */
function onInput(kind, look, event) {
  const form = event.currentTarget;
  const f = form.elements;
  const { name } = event.target;
  if (kind.kind === 'doctor' && name === 'name') {
    look.name = event.target.value;
    look.draw();
  }
  if (kind.kind === 'department') proposeNumberOnly(look, f, name);
  if (name === 'id') ownIdOf = event.target.value === '' ? '' : look.form;
  if (kind.kind === 'queue' && name === 'prefix') event.target.value = event.target.value.toUpperCase();
  if (kind.kind === 'session' && !look.editing) {
    if (name === 'period') [f.from.value, f.until.value] = USUAL[f.period.value].map((clock) => (clock === '24:00' ? '00:00' : clock));
    if (CUTS.includes(name)) {
      look.slots.splice(0, look.slots.length, ...periodSlots(f));
      look.draw();
    }
    if (name === 'queue' || name === 'doctor') followQueue(look, f, name);
  }
  if (name !== 'id') propose(kind, look, form);
}

/** Ticks the box for names that say too much beside a patient's, in a new form, until somebody sets it. @param {Look} look @param {any} f @param {string} changed */
function proposeNumberOnly(look, f, changed) {
  if (changed === 'number_only') ownBoxOf = look.form;
  if (!look.editing && ownBoxOf !== look.form) f.number_only.checked = isNumberOnlyByName([f.name.value, f.name_en.value]);
}

/** The doctor of the queue that is chosen, and the class that goes with the doctor. @param {Look} look @param {any} f @param {string} changed */
function followQueue(look, f, changed) {
  const { site } = look;
  const queue = site && site.one('queues', f.queue.value);
  if (changed === 'queue' && queue) f.doctor.value = queue.doctors[0] || '';
  const doctor = site && site.one('doctors', f.doctor.value);
  f.registration_class.value = (doctor && doctor.registration_class) || classOfTitle(doctor && doctor.title);
}

/** A new form begins with what follows from what is chosen in it. @param {Kind} kind @param {Look} look @param {any} form */
export function begin(kind, look, form) {
  if (kind.kind === 'session' && !look.editing) followQueue(look, form.elements, 'queue');
  propose(kind, look, form);
}

/**
 * @param {Kind} kind @param {Look} look
 * @param {(body: any, form: any) => void} send @param {() => void} cancel @param {(one: any) => void} edit
 */
export function formView(kind, look, send, cancel, edit) {
  const fields = fieldsOf(kind, look);
  return h('form', {
    class: 'card form', key: look.form, 'data-form': kind.command, 'data-editing': look.editing ? idOf(look.editing) : '',
    oninput: (/** @type {any} */ event) => onInput(kind, look, event),
    onsubmit: (/** @type {any} */ event) => {
      event.preventDefault();
      const form = event.target;
      // A new thing that belongs nowhere is of no use; a box that is not ticked says nothing of its own.
      const bare = look.editing ? undefined : fields.find((field) => field.type === 'choose_many' && field.required && !form.querySelector(`input[name="${field.name}"]:checked`));
      if (bare) {
        look.wrong = { [bare.name]: t('ops.choose_one') };
        look.draw();
        focusWrong(form, look.wrong);
      } else send(bodyOf(kind, look, form), form);
    },
  },
  h('h2', null, t(look.editing ? 'ops.change' : 'ops.add', { kind: t(`ops.one.${kind.kind}`) })),
  // A right that one has not is not shown for giving.
  fields.filter((field) => field.name !== 'may_issue' || look.mayIssue).map((field) => [view(kind, field, look),
    field.name === 'id' && look.taken ? takenView(kind, look, edit) : null]),
  look.wrong.form ? h('p', { class: 'notice alarm', role: 'alert', key: 'wrong' }, look.wrong.form) : null,
  h('div', { class: 'buttons' },
    look.editing ? h('button', { type: 'button', class: 'btn', 'data-action': 'edit_cancel', onclick: cancel }, t('cancel')) : null,
    h('button', { class: 'btn primary', 'data-action': kind.command }, t('save'))));
}

/** The way to what has the id already. @param {Kind} kind @param {Look} look @param {(one: any) => void} edit */
function takenView(kind, look, edit) {
  const { taken: one } = look;
  return h('button', { type: 'button', class: 'btn small', key: 'taken', 'data-action': 'edit_taken', onclick: () => edit(one) },
    t('ops.edit_of', { name: inWords(kind, one, look).title }));
}

/** How far the site's wall clock is from UTC when it shows that time, as a time is written. @param {import('../lib/site.js').Site} site @param {string} local */
function offsetWords(site, local) {
  const ms = Date.parse(`${local}Z`);
  const minutes = site.offsetAt(ms - site.offsetAt(ms) * 60000);
  const two = (/** @type {number} */ n) => String(Math.floor(n)).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}

/** The command's body: fields left empty are left out. @param {Kind} kind @param {Look} look @param {any} form */
export function bodyOf(kind, look, form) {
  /** @type {any} */
  const body = {};
  for (const field of fieldsOf(kind, look)) {
    const element = form.elements[field.name];
    if (field.type === 'choose_many') {
      body[field.name] = Array.from(form.querySelectorAll(`input[name="${field.name}"]:checked`), (/** @type {any} */ x) => x.value);
    } else if (field.type === 'check') body[field.name] = element ? element.checked : !!(look.editing && look.editing[field.name]);
    else if (field.type === 'rules') body.settings = rulesOf(form);
    else if (field.type === 'slots') body.slots = look.slots.map((slot) => ({ ...slot }));
    else if (element.value.trim() === '') continue;
    else if (field.type === 'id') body.id = look.editing ? idOf(look.editing) : parentOf(kind, look) + element.value.trim();
    else if (field.type === 'number' || field.type === 'degrees') body[field.name] = Number(element.value);
    else if (field.type === 'money') body[field.name] = Math.round(Number(element.value) * 100);
    else if (field.type === 'time_at') body[field.name] = `${element.value}:00${offsetWords(/** @type {import('../lib/site.js').Site} */ (look.site), element.value)}`;
    else body[field.name] = field.type === 'password' ? element.value : element.value.trim();
  }
  return body;
}
