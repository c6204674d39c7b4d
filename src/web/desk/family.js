// Who acts for a person, at the desk: shown, ended, and given by the person's own word while they stand here.

import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';

const RELATIONS = ['self', 'child', 'parent', 'spouse', 'other'];

/**
 * Shows who acts for the patient of a ticket, until the dialog is closed.
 * @param {import('../lib/page.js').Page} page @param {any} acts @param {any} ticket @param {string} name
 */
export async function familyDialog(page, acts, ticket, name) {
  const { patient } = ticket;
  /** @type {any[]} */
  let acting = [];
  try {
    acting = (await page.session.http('GET', `/api/v1/family/${patient}`)).acting;
  } catch (refusal) {
    page.refuse(refusal);
    return;
  }
  const chosen = await ask(t('desk.family_title', { name }), (close) => h('div', { class: 'form', 'data-family-of': patient },
    acting.length ? null : h('p', { class: 'muted', key: 'none' }, t('desk.family_none')),
    acting.map((one) => h('p', { class: 'notice', key: one.account, 'data-acting': one.agreed },
      h('span', null, `${[one.masked_name || t('desk.family_somebody'), t(`desk.relation.${one.relation}`), t(`desk.agreed.${one.agreed}`)].join(' · ')} `),
      h('button', {
        type: 'button', class: 'btn small danger', 'data-action': 'end_relation', onclick: () => close({ command: 'end_relation', body: { patient, account: one.account } }),
      }, t('desk.family_end')))),
    h('form', {
      class: 'form', key: 'grant', 'data-form': 'grant_relation',
      onsubmit: (/** @type {any} */ event) => {
        event.preventDefault();
        const f = event.target.elements;
        close({ command: 'grant_relation', body: { patient, phone: f.phone.value.trim(), relation: f.relation.value } });
      },
    },
    h('p', { class: 'notice' }, t('desk.family_how')),
    h('div', { class: 'two' },
      h('label', { class: 'field' }, h('span', null, t('desk.family_phone')),
        h('input', { class: 'input', name: 'phone', type: 'tel', pattern: '\\+?[0-9]{6,15}', required: true, autocomplete: 'off' })),
      h('label', { class: 'field' }, h('span', null, t('desk.family_relation')),
        h('select', { class: 'input', name: 'relation', required: true }, h('option', { key: '', value: '' }, t('desk.class_choose')),
          RELATIONS.map((r) => h('option', { key: r, value: r }, t(`desk.relation.${r}`)))))),
    h('div', { class: 'buttons' },
      h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', onclick: () => close(null) }, t('close')),
      h('button', { class: 'btn primary', 'data-action': 'grant_relation' }, t('desk.family_grant'))))));
  if (chosen && (await acts.send(chosen.command, chosen.body))) acts.done(t(`desk.did.${chosen.command}`), null);
}
