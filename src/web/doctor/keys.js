// The console's keys: function keys by default, changeable, off while a field is edited. None that a browser keeps.

import { h, isEditing } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';

const REMEMBERED = 'jiaohao.doctor.keys';

/** @type {Object<string, string>} */
const DEFAULT_KEYS = {
  primary: 'F8',
  not_here: 'F9',
  recall_patient: 'F2',
  start_service: 'Shift+F8',
  send_for_tests: 'Shift+F2',
  finish_service: 'Ctrl+F8',
  mark_missed: 'Shift+F9',
  return_to_waiting: 'F4',
  transfer_ticket: 'Shift+F4',
};

/** @type {Object<string, string>} */
let keys = { ...DEFAULT_KEYS, ...read() };

function read() {
  try {
    return JSON.parse(localStorage.getItem(REMEMBERED) || '{}');
  } catch {
    return {};
  }
}

/** The key of an action. @param {string} action */
export function keyOf(action) {
  return keys[action] || '';
}

/** @param {KeyboardEvent} event */
function nameOf(event) {
  if (['Control', 'Shift', 'Alt', 'Meta'].includes(event.key)) return '';
  const name = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  return [event.ctrlKey && 'Ctrl', event.altKey && 'Alt', event.shiftKey && 'Shift', name].filter(Boolean).join('+');
}

/** @param {string} name whether a key can be one: a function key, or a character with Ctrl or Alt */
const fit = (name) => /(^|\+)F([2-46-9]|10)$/.test(name) || /^(Ctrl\+|Alt\+)/.test(name);

/** Whether a key that was pressed is an action's. @param {KeyboardEvent} event @param {string} action */
export const isKeyOf = (event, action) => !event.repeat && !!keys[action] && nameOf(event) === keys[action];

/** Presses the button that stands for a key. @param {() => boolean} active */
export function listenKeys(active) {
  document.addEventListener('keydown', (event) => {
    if (event.repeat || isEditing(event) || document.querySelector('dialog[open]') || !active()) return;
    const name = nameOf(event);
    const action = Object.keys(keys).find((a) => keys[a] === name);
    if (!action) return;
    event.preventDefault();
    const button = /** @type {any} */ (document.querySelector(`[data-key="${action}"]`));
    if (button && !button.disabled) button.click();
  });
}

/** The dialog in which keys are changed: press the new key in its field. @param {() => void} done */
export async function editKeys(done) {
  const draft = { ...keys };
  const field = (/** @type {string} */ action) => [
    h('label', { for: `key-${action}`, key: `l-${action}` }, t(`doctor.key.${action}`)),
    h('input', {
      class: 'input', id: `key-${action}`, key: `i-${action}`, readonly: true, value: draft[action],
      onkeydown: (/** @type {any} */ event) => {
        const name = nameOf(event);
        if (!name || name === 'Tab' || name === 'Shift+Tab' || name === 'Escape') return;
        event.preventDefault();
        if (fit(name) && !Object.keys(draft).some((a) => a !== action && draft[a] === name)) {
          draft[action] = name;
          event.target.value = name;
        }
      },
    }),
  ];
  const saved = await ask(t('doctor.keys'), (close) => h('div', { class: 'form' },
    h('p', { class: 'muted' }, t('doctor.keys_how')),
    h('div', { class: 'keys' }, Object.keys(DEFAULT_KEYS).map(field)),
    h('div', { class: 'buttons' },
      h('button', { type: 'button', class: 'btn', onclick: () => close('default') }, t('doctor.keys_default')),
      h('button', { type: 'button', class: 'btn', onclick: () => close(null) }, t('cancel')),
      h('button', { type: 'button', class: 'btn primary', 'data-action': 'keys_save', onclick: () => close('save') }, t('save')))));
  if (saved) {
    keys = saved === 'save' ? draft : { ...DEFAULT_KEYS };
    try {
      localStorage.setItem(REMEMBERED, JSON.stringify(keys));
    } catch {
      // Kept for this visit only.
    }
  }
  done();
}

/** @param {string} action */
export function keyCap(action) {
  const key = keyOf(action);
  return key ? h('kbd', { 'aria-hidden': 'true' }, key) : null;
}

