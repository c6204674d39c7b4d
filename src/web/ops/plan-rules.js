// Rules of a department about its plan, changed in a form over the page: asked, sent, and said what became of the sessions.

import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';
import { readPlan, sendNow } from './plan-data.js';
import { formWrong, wrongOf } from './plan-parts.js';
import { isLeft, plannedWords } from './plan-words.js';

/**
 * @param {import('../lib/page.js').Page} page @param {import('./kinds.js').Look} look
 * @param {{title: string, command: string, fields: (wrong: Object<string, string>) => any[], body: (elements: any) => any}} rules `fields` with what is wrong, by field; `body` of the command, but for the department
 */
export async function changeRules(page, look, { title, command, fields, body }) {
  /** @type {Object<string, string>} */
  let wrong = {};
  const done = await ask(title, (close, redraw) => h('form', {
    class: 'form', 'data-form': command,
    onsubmit: async (/** @type {any} */ event) => {
      event.preventDefault();
      try {
        close(await sendNow(page, command, { department: look.department, ...body(event.target.elements) }));
      } catch (refusal) {
        wrong = wrongOf(refusal, event.target, look.today);
        redraw();
      }
    },
  }, ...fields(wrong), formWrong(wrong),
  h('div', { class: 'buttons' },
    h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', onclick: () => close(null) }, t('cancel')),
    h('button', { class: 'btn primary', 'data-action': 'dialog_go' }, t('save')))));
  if (!done) return;
  page.notify(`${t('ops.saved')} ${plannedWords(done)}`, isLeft(done) ? 'soon' : 'good');
  await readPlan(page, look.today);
}
