// 候补 at the desk, for anybody: which full session, and what is waited for. Loaded when it is first asked for.

import { isFull, sessionWords, wishForm } from '../components/wish.js';
import { find, h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';
import { whoseOf } from '../lib/sessions.js';
import { prefix } from '../lib/site.js';

/**
 * Asks what the person waits for, and says so to the department.
 * @param {import('../lib/page.js').Page} page @param {import('./floor.js').Floor} floor @param {import('./acts.js').Acts} acts @param {string} patient
 * @returns {Promise<boolean>} whether they wait
 */
export async function waitFor(page, floor, acts, patient) {
  const { site } = floor;
  await site.read().catch((/** @type {any} */ refusal) => page.refuse(refusal));
  const now = page.protocol.clock.now();
  const all = ((site.view && site.view.sessions) || []).filter((/** @type {any} */ one) => prefix(one.session, 2) === floor.department);
  const full = all.filter((/** @type {any} */ one) => isFull(one, now, (slot) => slot.free_for.desk));
  full.sort((/** @type {any} */ a, /** @type {any} */ b) => (a.date + a.session < b.date + b.session ? -1 : 1));
  let [chosen] = full;
  const wanted = await ask(t('waiting.desk'), (close, draw) => h('div', { class: 'form' },
    full.length
      ? [
        h('label', { class: 'field', key: 'which' }, h('span', null, t('waiting.which')),
          h('select', {
            class: 'input', name: 'session',
            onchange: (/** @type {any} */ event) => {
              chosen = full.find((/** @type {any} */ one) => one.session === event.target.value);
              draw();
            },
          }, full.map((/** @type {any} */ one) => h('option', { key: one.session, value: one.session, selected: one === chosen }, sessionWords(one, whoseOf(one, site)))))),
        wishForm(chosen, whoseOf(chosen, site), close),
      ]
      : [
        h('p', { key: 'none' }, t('waiting.none_full')),
        h('button', { type: 'button', class: 'btn', key: 'close', 'data-action': 'dialog_cancel', onclick: () => close(null) }, t('close')),
      ]));
  if (!wanted) return false;
  const done = await acts.send('join_waitlist', { patient, wanted });
  if (!done) return false;
  find('#undo').offer(t(done.place > 1 ? 'waiting.desk_did_behind' : 'waiting.desk_did', { n: done.place - 1 }), async () => {
    if (await acts.send('leave_waitlist', { patient, wish: done.wish })) acts.done(t('waiting.desk_did_not_wait'), null);
  });
  page.draw();
  return true;
}
