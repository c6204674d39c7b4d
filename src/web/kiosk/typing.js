// Typing at a kiosk: big keys on the glass, a keyboard where there is one, and the scanner, which types too: a burst that ends
// with Enter.

import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { BURST_MS, OF_CODES } from '../lib/scan.js';

/** Longer than any code. */
const TEXT_MAX = 100;
/** So much of a hidden text is seen, to see what one types. */
const SEEN = 3;
const LETTERS = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z'];
const DIGITS = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];

/** What was typed, and from where. */
export class Typing {
  /** @param {{onCode: (code: string) => void, onEnter: () => void, changed: () => void, takes: () => boolean}} kiosk */
  constructor(kiosk) {
    this.kiosk = kiosk;
    this.text = '';
    this.max = TEXT_MAX;
    /** Whether letters are on the keys. */
    this.letters = false;
    /** Everything since the last Enter, for a code. */
    this.burst = '';
    this.typedAt = 0;
    /** Whether all of a text that others must not read is shown. */
    this.open = false;
    document.addEventListener('keydown', (event) => this.onKey(event));
  }

  /** @param {number} max */
  begin(max) {
    this.text = '';
    this.max = max;
    this.letters = false;
    this.burst = '';
    this.open = false;
  }

  /** @param {string} char */
  add(char) {
    if (this.text.length < this.max) this.text += char.toUpperCase();
    this.kiosk.changed();
  }

  back() {
    this.text = this.text.slice(0, -1);
    this.kiosk.changed();
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Enter' && this.burst.includes(OF_CODES)) {
      event.preventDefault();
      const code = this.burst;
      this.burst = '';
      this.kiosk.onCode(code);
      return;
    }
    // A scanner does not pause; what somebody typed before is no part of what it reads.
    if (event.timeStamp - this.typedAt > BURST_MS) this.burst = '';
    this.typedAt = event.timeStamp;
    if (event.key.length === 1) this.burst = (this.burst + event.key).slice(-TEXT_MAX);
    if (event.key === 'Enter') this.burst = '';
    if (!this.kiosk.takes()) return;
    if (/^[a-z0-9]$/i.test(event.key)) this.add(event.key);
    else if (event.key === 'Backspace') this.back();
    // A key of the page that has the focus is pressed by Enter itself.
    else if (event.key === 'Enter' && !(/** @type {any} */ (event.target).closest('button'))) this.kiosk.onEnter();
  }

  /** The field and its keys. @param {{label: string, hint: string, go: string, ready: boolean, busy: boolean, extra?: string[], hidden?: boolean, keepHint?: boolean}} field `extra`: letters that are always
   *   there; `hidden`: the hall must not read it */
  view(field) {
    const shown = field.hidden && !this.open ? this.text.slice(0, -SEEN).replace(/./g, '*') + this.text.slice(-SEEN) : this.text;
    const extra = field.extra || [];
    // As on a telephone: three in a row. One letter has the place beside the 0, more stand above.
    const [above, beside] = extra.length > 1 ? [extra, []] : [[], extra];
    const key = (/** @type {string} */ one) => h('button', { type: 'button', class: 'btn key', key: one, 'data-key': one, onclick: () => this.add(one) }, one);
    const back = h('button', { type: 'button', class: `btn key${this.letters ? ' wide-key' : ''}`, key: 'back', 'data-action': 'rub_out', disabled: !this.text, onclick: () => this.back() }, t('kiosk.rub_out'));
    const pad = [...DIGITS.map(key), beside.length ? key(beside[0]) : h('span', { key: 'none' }), key('0'), back];
    return h('div', { class: 'typing', key: 'typing' },
      h('p', { class: 'label', key: 'label', id: 'typed-label' }, field.label),
      h('output', { class: `typed num${this.text ? '' : ' none'}`, key: 'typed', 'aria-labelledby': 'typed-label', 'data-typed': String(this.text.length) }, shown || field.hint),
      field.hidden && this.text
        ? h('button', {
          type: 'button', class: 'btn', key: 'open', 'data-action': 'show_typed', 'aria-pressed': String(this.open),
          onclick: () => {
            this.open = !this.open;
            this.kiosk.changed();
          },
        }, t('kiosk.show_typed'))
        : null,
      field.hint && this.text && field.keepHint ? h('p', { class: 'more', key: 'hint' }, field.hint) : null,
      above.length && !this.letters ? h('div', { class: 'keys above', key: 'above' }, above.map(key)) : null,
      h('div', { class: `keys${this.letters ? ' letters' : ''}`, key: 'keys' },
        this.letters ? LETTERS.map(key) : pad,
        field.extra
          ? h('button', {
            type: 'button', class: 'btn key wide-key', key: 'letters', 'data-action': 'letters', 'aria-pressed': String(this.letters),
            onclick: () => {
              this.letters = !this.letters;
              this.kiosk.changed();
            },
          }, t(this.letters ? 'kiosk.digits' : 'kiosk.letters'))
          : null,
        this.letters ? back : null),
      h('button', {
        type: 'button', class: 'btn primary go', key: 'go', 'data-action': 'find', disabled: !field.ready || field.busy, 'aria-busy': String(field.busy), onclick: () => this.kiosk.onEnter(),
      }, field.go));
  }
}
