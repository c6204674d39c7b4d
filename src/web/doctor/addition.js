// 加号 at the console: somebody who stands there with their document is added to an own session of today.

import { arrive } from '../components/arrive.js';
import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';
import { DOCUMENTS, personBody, personFields } from '../lib/person-form.js';
import { hoursOf } from '../lib/sessions.js';
import { periodWord } from '../lib/words.js';

/** Own sessions of today that are open. @param {import('../lib/site.js').Site} site @param {string} doctor @returns {any[]} */
const openSessions = (site, doctor) => ((site.view && site.view.sessions) || [])
  .filter((/** @type {any} */ one) => one.doctor === doctor && one.date === site.view.today && one.open);

/** Who is to be added, and to which session. @param {any[]} sessions @param {string} kind @returns {Promise<any>} */
async function askWhom(sessions, kind) {
  const chosen = await ask(t('doctor.add_title'), (close) => h('form', {
    class: 'form', 'data-form': 'addition',
    onsubmit: (/** @type {any} */ event) => {
      event.preventDefault();
      const f = event.target.elements;
      close({ person: personBody(f), session: sessions.find((one) => one.session === f.session.value) || sessions[0] });
    },
  },
  h('p', { class: 'notice', key: 'how' }, t('doctor.add_how')),
  sessions.length > 1
    ? h('label', { class: 'field', key: 'session' }, h('span', null, t('doctor.add_to')),
      h('select', { class: 'input', name: 'session' }, sessions.map((one) => h('option', { key: one.session, value: one.session }, `${periodWord(one.period)} ${hoursOf(one)}`))))
    : h('input', { type: 'hidden', key: 'session', name: 'session', value: sessions[0].session }),
  personFields({ kind, kinds: DOCUMENTS, setKind: (other) => close({ kind: other }), phone: true }),
  h('div', { class: 'buttons', key: 'buttons' },
    h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', onclick: () => close(null) }, t('cancel')),
    h('button', { class: 'btn primary', 'data-action': 'add_patient' }, t('doctor.add_go')))));
  return chosen && chosen.kind ? askWhom(sessions, chosen.kind) : chosen;
}

/**
 * @param {import('../lib/page.js').Page} page @param {import('../lib/site.js').Site} site @param {string} doctor
 * @returns {Promise<any>} the ticket as answered; null: not done, which is said
 */
export async function addition(page, site, doctor) {
  try {
    await site.read();
    const sessions = openSessions(site, doctor);
    if (!sessions.length) {
      page.notify(t('doctor.add_no_session'));
      return null;
    }
    const chosen = await askWhom(sessions, 'resident_id');
    if (!chosen) return null;
    const { patient } = await page.session.http('POST', '/api/v1/persons', chosen.person);
    const { session } = chosen;
    return await arrive({ page, site }, 'register_walk_in', { queue: session.queue, patient, addition_to: session.session }, chosen.person.name);
  } catch (refusal) {
    page.refuse(refusal);
    return null;
  }
}
