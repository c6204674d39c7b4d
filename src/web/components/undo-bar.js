// <jh-undo-bar>: for ten seconds after an action, what was done and one way back (button or Ctrl+Z).

import { h, isEditing, render } from '../lib/dom.js';
import { onLanguage, t } from '../lib/i18n.js';

const FOR_S = 10;

/** Whether there is something typed that the browser itself would undo. @param {KeyboardEvent} event */
function isTyping(event) {
  const field = /** @type {any} */ (event.target);
  return isEditing(event) && (field.isContentEditable || field.value !== '');
}

/**
 * What else may follow from what was done.
 * @typedef {{action: string, words: string, go: () => void}} More
 */

/** Call `offer(text, undo)` after each action. */
class UndoBar extends HTMLElement {
  constructor() {
    super();
    this.left = 0;
    /** @type {string|(() => string)} */
    this.text = '';
    /** @type {(() => void)|null} */
    this.undo = null;
    /** @type {More|null} */
    this.more = null;
    this.words = '';
    this.off = () => {};
    this.onKey = (/** @type {KeyboardEvent} */ event) => {
      if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === 'z' && !isTyping(event) && this.undo) {
        event.preventDefault();
        this.take();
      }
    };
  }

  connectedCallback() {
    this.setAttribute('role', 'status');
    document.addEventListener('keydown', this.onKey);
    // What was said in the other language is not said again.
    this.off = onLanguage(() => this.clear());
  }

  disconnectedCallback() {
    this.off();
    document.removeEventListener('keydown', this.onKey);
    clearInterval(this.timer);
  }

  /**
   * @param {string|(() => string)} text what was done; of what is not all known yet: asked for each time
   * @param {(() => void)|null} undo takes it back; null shows the words only
   * @param {More} [more] @param {string} [words] of the button, where it does not take back all that was done
   */
  offer(text, undo, more, words) {
    this.text = text;
    this.undo = undo;
    this.more = more || null;
    this.words = words || t('undo.take');
    this.left = FOR_S;
    clearInterval(this.timer);
    this.timer = setInterval(() => {
      this.left -= 1;
      if (this.left <= 0) this.clear();
      else this.draw();
    }, 1000);
    this.setAttribute('shown', '');
    this.draw();
  }

  /** What was not all known yet may be by now. */
  again() {
    if (typeof this.text === 'function' && this.hasAttribute('shown')) this.draw();
  }

  clear() {
    clearInterval(this.timer);
    this.undo = null;
    this.more = null;
    this.removeAttribute('shown');
  }

  take() {
    const undo = this.undo;
    this.clear();
    if (undo) undo();
  }

  draw() {
    const { more } = this;
    render(this, [
      h('span', null, typeof this.text === 'function' ? this.text() : this.text),
      h('span', { class: 'left num', 'aria-hidden': 'true' }, t('undo.left', { s: this.left })),
      more ? h('button', { type: 'button', key: 'more', 'data-action': more.action, onclick: more.go }, more.words) : null,
      this.undo
        ? h('button', { type: 'button', key: 'undo', 'data-action': 'undo_last', onclick: () => this.take() }, this.words, h('kbd', null, 'Ctrl+Z'))
        : null,
    ]);
  }
}

customElements.define('jh-undo-bar', UndoBar);
