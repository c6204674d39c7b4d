// Fields that name a person, for the desk and the phone: document, name, phone; sex and birth date where the document
// does not carry them.

import { h } from './dom.js';
import { t } from './i18n.js';

export const DOCUMENTS = [
  'resident_id', 'household_register', 'birth_certificate', 'hong_kong_macao_permit', 'taiwan_permit', 'permanent_residence', 'passport',
];
/** At the desk also somebody without any: an emergency, a newborn. */
const AT_DESK = [...DOCUMENTS, 'none'];
/** Documents whose number carries sex and birth date. */
const TELLING = ['resident_id', 'household_register'];

/** What a resident number says of its person; the door checks it. @param {string} number */
function factsOf(number) {
  const n = number.replace(/[\s-]/g, '');
  if (!/^\d{17}[\dXx]$/.test(n)) return null;
  return { birth_date: `${n.slice(6, 10)}-${n.slice(10, 12)}-${n.slice(12, 14)}`, sex: Number(n[16]) % 2 ? 'male' : 'female' };
}

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** Whether a resident number has its check character (GB 11643); said at the field, before anything is sent. @param {string} number */
function isResidentNumber(number) {
  const n = number.replace(/[\s-]/g, '').toUpperCase();
  if (!/^\d{17}[\dX]$/.test(n)) return false;
  const sum = WEIGHTS.reduce((all, weight, i) => all + weight * Number(n[i]), 0);
  return n[17] === '10X98765432'[sum % 11];
}

/** @param {any} field @param {string} kind */
function checkNumber(field, kind) {
  const wrong = TELLING.includes(kind) && field.value !== '' && !isResidentNumber(field.value);
  field.setCustomValidity(wrong ? t('person.number_wrong') : '');
}

/** The name in a form; somebody who cannot say it has a word for one. @param {any} f */
export const nameOf = (f) => f.name.value.trim() || t('person.nameless');

/**
 * The body of `POST /api/v1/persons` from a form's elements.
 * @param {any} f elements: name, kind, number, phone, and sex and birth_date where shown
 */
export function personBody(f) {
  const kind = f.kind.value;
  const facts = TELLING.includes(kind) ? factsOf(f.number.value) : null;
  return {
    document_kind: kind,
    document_number: f.number.value.replace(/[\s-]/g, '').toUpperCase(),
    name: nameOf(f),
    sex: facts ? facts.sex : (f.sex && f.sex.value) || 'unknown',
    birth_date: facts ? facts.birth_date : (f.birth_date && f.birth_date.value) || null,
    phone: f.phone.value.trim() || null,
  };
}

/**
 * @param {{kind: string, kinds?: string[], setKind: (kind: string) => void, phone: boolean, own?: boolean}} o `own`: about whoever types it, so that the
 *   phone may fill it in
 */
export function personFields(o) {
  const filledIn = (/** @type {string} */ what) => (o.own ? what : 'off');
  return [
    h('label', { class: 'field', key: 'name' }, h('span', null, t(o.kind === 'none' ? 'person.name_if_known' : 'person.name')),
      h('input', { class: 'input', name: 'name', required: o.kind !== 'none', maxlength: '60', autocomplete: filledIn('name') })),
    h('label', { class: 'field', key: 'kind' }, h('span', null, t('person.document')),
      h('select', { class: 'input', name: 'kind', onchange: (/** @type {any} */ e) => {
        o.setKind(e.target.value);
        if (e.target.form.elements.number) checkNumber(e.target.form.elements.number, e.target.value);
      } },
        (o.kinds || (o.phone ? AT_DESK : DOCUMENTS)).map((kind) => h('option', { key: kind, value: kind }, t(`document.${kind}`))))),
    o.kind === 'none' ? h('input', { key: 'none', type: 'hidden', name: 'number', value: '' }) : h('label', { class: 'field', key: 'number' }, h('span', null, t('person.number')),
      h('input', {
        class: 'input', name: 'number', oninput: (/** @type {any} */ e) => checkNumber(e.target, o.kind), required: true, maxlength: '24', autocomplete: 'off', autocapitalize: 'characters',
      })),
    TELLING.includes(o.kind) ? null : h('div', { class: 'two', key: 'facts' },
      h('label', { class: 'field' }, h('span', null, t('person.sex')),
        h('select', { class: 'input', name: 'sex', required: true, autocomplete: filledIn('sex') }, h('option', { key: '', value: '' }, t('person.choose')), ['female', 'male', 'unknown'].map((sex) => h('option', { key: sex, value: sex, selected: o.kind === 'none' && sex === 'unknown' }, t(`person.sex.${sex}`))))),
      h('label', { class: 'field' }, h('span', null, t(o.kind === 'none' ? 'person.birth_date_if_known' : 'person.birth_date')),
        h('input', { class: 'input', name: 'birth_date', type: 'date', required: o.kind !== 'none', autocomplete: filledIn('bday') }))),
    o.phone ? h('label', { class: 'field', key: 'phone' }, h('span', null, t('person.phone')),
      h('input', { class: 'input', name: 'phone', type: 'tel', pattern: '\\+?[0-9]{6,15}', autocomplete: 'off' })) : h('input', { key: 'phone', type: 'hidden', name: 'phone', value: '' }),
  ];
}
