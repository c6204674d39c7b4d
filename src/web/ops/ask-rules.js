// Rules of a department, changed in a form over the page: asked, sent, and what is refused said at its field.

import { focusWrong } from '../components/fields.js';
import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';

/**
 * @param {{title: string, command: string, fields: (wrong: Object<string, string>) => any[], send: (elements: any) => Promise<any>,
 *   wrongOf: (refusal: any, form: any) => Object<string, string>}} rules `fields` with what is wrong, by field; under `form` what is of none
 * @returns {Promise<any>} what the command answered; null: left
 */
export function askRules({ title, command, fields, send, wrongOf }) {
  /** @type {Object<string, string>} */
  let wrong = {};
  return ask(title, (close, redraw) => h('form', {
    class: 'form', 'data-form': command,
    onsubmit: async (/** @type {any} */ event) => {
      event.preventDefault();
      try {
        close((await send(event.target.elements)) || {});
      } catch (refusal) {
        wrong = wrongOf(refusal, event.target);
        redraw();
        focusWrong(event.target, wrong);
      }
    },
  }, ...fields(wrong), wrong.form ? h('p', { class: 'notice alarm', role: 'alert', key: 'wrong' }, wrong.form) : null,
  h('div', { class: 'buttons' },
    h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', onclick: () => close(null) }, t('cancel')),
    h('button', { class: 'btn primary', 'data-action': 'dialog_go' }, t('save')))));
}
