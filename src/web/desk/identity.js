// Further documents at the desk: of who came without any the one that is seen later, and of who is known another one or a
// hospital card. Both are one person from then on; the undo parts them.

import { find, h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';
import { DOCUMENTS, nameOf, personBody, personFields } from '../lib/person-form.js';

/** @param {(value: any) => void} close @param {(f: any) => any} given @param {any} fields */
const form = (close, given, fields) => h('form', {
  class: 'form', 'data-form': 'bind_person',
  onsubmit: (/** @type {any} */ event) => {
    event.preventDefault();
    close(given(event.target.elements));
  },
}, fields, h('div', { class: 'buttons' },
  h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', onclick: () => close(null) }, t('cancel')),
  h('button', { class: 'btn primary', 'data-action': 'bind_person' }, t('desk.bind_go'))));

/** Of who came without a document: who they are by the one in hand. @param {string} name @param {string} kind @returns {Promise<any>} */
async function askWho(name, kind) {
  const chosen = await ask(t('desk.bind_first', { name }), (close) => form(close, (f) => ({ person: { ...personBody(f), name: nameOf(f) } }), [
    h('p', { class: 'notice', key: 'how' }, t('desk.bind_first_how')),
    personFields({ kind, setKind: (other) => close({ kind: other }), phone: true }),
  ]));
  return chosen && chosen.kind ? askWho(name, chosen.kind) : chosen;
}

/** Of who is known: another document, or the hospital's card. @param {string} name @param {string} site @returns {Promise<any>} */
const askFurther = (name, site) => ask(t('desk.bind_further', { name }), (close) => form(close, (f) => ({
  document: { document_kind: f.kind.value, document_number: f.number.value.trim(), site: f.kind.value === 'hospital_card' ? site : null },
}), [
  h('p', { class: 'notice', key: 'how' }, t('desk.bind_further_how')),
  h('label', { class: 'field', key: 'kind' }, h('span', null, t('person.document')),
    h('select', { class: 'input', name: 'kind' }, ['hospital_card', ...DOCUMENTS].map((kind) => h('option', { key: kind, value: kind }, t(`document.${kind}`))))),
  h('label', { class: 'field', key: 'number' }, h('span', null, t('person.number')),
    h('input', { class: 'input', name: 'number', required: true, maxlength: '64', autocomplete: 'off', autocapitalize: 'characters' })),
]));

/**
 * Whoever has this ticket is known by one more document.
 * @param {import('../lib/page.js').Page} page @param {any} persons @param {any} ticket @param {boolean} isNew nothing is known of who this is
 */
export async function bindDialog(page, persons, ticket, isNew) {
  const name = persons.nameOf(ticket);
  const http = (/** @type {string} */ path, /** @type {any} */ body) => page.session.http('POST', `/api/v1/persons${path}`, body);
  const chosen = isNew ? await askWho(name, 'resident_id') : await askFurther(name, ticket.ticket.split('.')[0]);
  if (!chosen) return;
  try {
    const body = chosen.person
      ? { patient: (await http('', chosen.person)).patient, provisional: ticket.patient }
      : { patient: ticket.patient, document: chosen.document };
    const again = () => {
      persons.known.delete(ticket.patient);
      persons.get(ticket.patient);
    };
    await http('/bind', body);
    again();
    find('#undo').offer(t('desk.did.bind_person', { name }), () => http('/bind', { ...body, undo: true }).then(again, (/** @type {any} */ refusal) => page.refuse(refusal)));
  } catch (refusal) {
    page.refuse(refusal);
  }
  page.draw();
}
