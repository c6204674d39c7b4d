// A pause of a doctor's calls: until when, as far as it is known, and why. For the console and for the desk.

import { wall } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';

/** How long a pause usually is, in minutes. */
const MINUTES = [10, 20, 30];
const MINUTE_MS = 60000;

/** @param {number} ms @returns {string} as the commands have it */
const onWire = (ms) => new Date(ms).toISOString();

/** The next moment that the site's clock shows this time, today. @param {import('../lib/clock.js').ServerClock} clock @param {string} time `HH:MM` */
function momentOf(clock, time) {
  const { date } = wall(clock.now(), clock.offsetMinutes);
  return Date.parse(`${date}T${time}:00Z`) - clock.offsetMinutes * MINUTE_MS;
}

/** When back, as the form says it; null: not said. @param {import('../lib/clock.js').ServerClock} clock @param {any} form @returns {string|null} */
function backAt(clock, form) {
  const { back, time } = form.elements;
  if (back.value === 'unknown') return null;
  if (back.value === 'at') return onWire(momentOf(clock, time.value));
  // A whole minute, as the screens say it.
  return onWire(Math.ceil((clock.now() + Number(back.value) * MINUTE_MS) / MINUTE_MS) * MINUTE_MS);
}

/**
 * Asks until when and why; a usual reason is the answer. The arrow keys choose the time.
 * @param {string} title @param {import('../lib/clock.js').ServerClock} clock
 * @returns {Promise<{reason: string, back_at: string|null}|null>}
 */
export function askPause(title, clock) {
  const usual = [t('reason.ward'), t('reason.rest'), t('reason.urgent')];
  const chosen = (/** @type {any} */ event) => {
    const { time } = event.target.form.elements;
    time.setCustomValidity('');
    time.required = event.target.value === 'at';
  };
  const choice = (/** @type {string} */ value, /** @type {any} */ words) => h('label', { class: 'choice', key: value },
    h('input', { type: 'radio', name: 'back', value, checked: value === 'unknown', autofocus: value === 'unknown', onchange: chosen }), words);
  return ask(title, (close) => h('form', {
    class: 'form pause', 'data-form': 'pause_work',
    onsubmit: (/** @type {any} */ event) => {
      event.preventDefault();
      close({ reason: event.target.elements.text.value.trim(), back_at: backAt(clock, event.target) });
    },
  },
  h('fieldset', { class: 'plain', key: 'back' }, h('legend', null, t('pause.back')),
    h('div', { class: 'choices' },
      choice('unknown', t('pause.unknown')), MINUTES.map((n) => choice(String(n), t('pause.minutes', { n }))),
      choice('at', t('pause.at')), h('input', {
        class: 'input short', type: 'time', name: 'time', key: 'time', 'aria-label': t('pause.at_label'),
        oninput: (/** @type {any} */ event) => {
          event.target.form.elements.back.value = 'at';
          event.target.required = true;
          event.target.setCustomValidity(event.target.value && momentOf(clock, event.target.value) <= clock.now() ? t('pause.over') : '');
        },
      }))),
  h('div', { class: 'tags', key: 'usual' }, usual.map((reason) => h('button', {
    type: 'button', class: 'btn small', 'data-choice': reason, key: reason,
    onclick: (/** @type {any} */ event) => {
      event.target.form.elements.text.value = reason;
      event.target.form.requestSubmit();
    },
  }, reason))),
  h('label', { class: 'field', key: 'text' }, h('span', null, t('reason')), h('input', { class: 'input', name: 'text', required: true, maxlength: '200' })),
  h('div', { class: 'buttons', key: 'buttons' },
    h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', onclick: () => close(null) }, t('cancel')),
    h('button', { class: 'btn primary', 'data-action': 'dialog_go' }, t('doctor.pause_go')))));
}
