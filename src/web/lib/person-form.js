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
export function factsOf(number) {
  const n = number.replace(/[\s-]/g, '');
  if (!/^\d{17}[\dXx]$/.test(n)) return null;
  return { birth_date: `${n.slice(6, 10)}-${n.slice(10, 12)}-${n.slice(12, 14)}`, sex: Number(n[16]) % 2 ? 'male' : 'female' };
}

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
    name: f.name.value.trim(),
    sex: facts ? facts.sex : (f.sex && f.sex.value) || 'unknown',
    birth_date: facts ? facts.birth_date : (f.birth_date && f.birth_date.value) || null,
    phone: f.phone.value.trim() || null,
  };
}

/**
 * @param {{kind: string, setKind: (kind: string) => void, phone: boolean, name?: string}} o
 */
export function personFields(o) {
  return [
    h('label', { class: 'field', key: 'name' }, h('span', null, t('person.name')),
      h('input', { class: 'input', name: 'name', required: true, maxlength: '60', autocomplete: 'off' })),
    h('label', { class: 'field', key: 'kind' }, h('span', null, t('person.document')),
      h('select', { class: 'input', name: 'kind', onchange: (/** @type {any} */ e) => o.setKind(e.target.value) },
        (o.phone ? AT_DESK : DOCUMENTS).map((kind) => h('option', { key: kind, value: kind }, t(`document.${kind}`))))),
    o.kind === 'none' ? h('input', { key: 'none', type: 'hidden', name: 'number', value: '' }) : h('label', { class: 'field', key: 'number' }, h('span', null, t('person.number')),
      h('input', { class: 'input', name: 'number', required: true, maxlength: '24', autocomplete: 'off', autocapitalize: 'characters' })),
    TELLING.includes(o.kind) ? null : h('div', { class: 'two', key: 'facts' },
      h('label', { class: 'field' }, h('span', null, t('person.sex')),
        h('select', { class: 'input', name: 'sex' }, ['female', 'male', 'unknown'].map((sex) => h('option', { key: sex, value: sex }, t(`person.sex.${sex}`))))),
      h('label', { class: 'field' }, h('span', null, t('person.birth_date')),
        h('input', { class: 'input', name: 'birth_date', type: 'date', required: true }))),
    o.phone ? h('label', { class: 'field', key: 'phone' }, h('span', null, t('person.phone')),
      h('input', { class: 'input', name: 'phone', type: 'tel', pattern: '\\+?[0-9]{6,15}', autocomplete: 'off' })) : h('input', { key: 'phone', type: 'hidden', name: 'phone', value: '' }),
  ];
}
