// 预检, one question a screen: for kiosks and phones. What was answered can be changed by going back; nothing is kept after it.

import '../i18n/kiosks.js';
import { h } from '../lib/dom.js';
import { said, t } from '../lib/i18n.js';
import { choicesOf, DEGREES, NOT_MEASURED } from '../lib/pre-check.js';

const DIGITS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0'];

/** One person's turn at the questions. */
export class OneByOne {
  /** @param {any} asked @param {{done: (preCheck: any) => void, changed: () => void, left: () => void}} page `left`: back from the first one */
  constructor(asked, page) {
    this.asked = asked;
    this.page = page;
    this.at = 0;
    /** @type {Object<string, string>} */
    this.answers = {};
    /** Digits of a temperature. */
    this.typed = '';
  }

  get question() {
    return this.asked.questions[this.at];
  }

  /** @param {string} answer */
  answer(answer) {
    this.answers[this.question.id] = answer;
    this.typed = '';
    if (this.at + 1 < this.asked.questions.length) {
      this.at += 1;
      this.page.changed();
    } else this.page.done({ version: this.asked.version, answers: this.answers });
  }

  back() {
    this.typed = '';
    if (!this.at) {
      this.page.left();
      return;
    }
    this.at -= 1;
    this.page.changed();
  }

  /** Two digits, a point, one digit. */
  get degrees() {
    return this.typed.length > 2 ? `${this.typed.slice(0, 2)}.${this.typed.slice(2)}` : this.typed;
  }

  view() {
    const { question } = this;
    return h('div', { class: 'one-question', key: `question-${question.id}`, 'data-question': question.id },
      h('p', { class: 'step', key: 'step' }, t('pre_check.step', { n: this.at + 1, of: this.asked.questions.length })),
      h('p', { class: 'say', key: 'text', id: 'question' }, said(question.text)),
      question.kind === 'temperature' ? this.temperature() : h('div', { class: 'answers', key: 'answers', role: 'group', 'aria-labelledby': 'question' },
        choicesOf(question).map(([id, words]) => h('button', {
          type: 'button', class: 'btn answer', key: id, 'data-answer': id, 'aria-pressed': String(this.answers[question.id] === id), onclick: () => this.answer(id),
        }, words))),
      h('button', { type: 'button', class: 'btn quiet', key: 'back', 'data-action': 'question_back', onclick: () => this.back() }, t(this.at ? 'pre_check.back' : 'cancel')));
  }

  temperature() {
    const ready = DEGREES.test(this.degrees);
    return h('div', { class: 'temperature', key: 'temperature' },
      h('output', { class: `degrees num${this.typed ? '' : ' none'}`, key: 'typed', 'aria-labelledby': 'question' }, this.typed ? `${this.degrees} ℃` : t('pre_check.degrees_hint')),
      h('div', { class: 'pad', key: 'pad' }, DIGITS.map((digit) => h('button', {
        type: 'button', class: 'btn key', key: digit, 'data-digit': digit, disabled: this.typed.length >= 3,
        onclick: () => {
          this.typed += digit;
          this.page.changed();
        },
      }, digit)),
      h('button', {
        type: 'button', class: 'btn key wide-key', key: 'out', 'data-action': 'rub_out', disabled: !this.typed,
        onclick: () => {
          this.typed = this.typed.slice(0, -1);
          this.page.changed();
        },
      }, t('kiosk.rub_out'))),
      this.typed.length === 3 && !ready ? h('p', { class: 'notice soon', key: 'wrong', role: 'alert' }, t('pre_check.wrong_degrees')) : null,
      h('button', { type: 'button', class: 'btn primary answer', key: 'go', 'data-action': 'degrees_go', disabled: !ready, onclick: () => this.answer(this.degrees) }, t('pre_check.on')),
      h('button', { type: 'button', class: 'btn answer', key: 'none', 'data-answer': NOT_MEASURED, onclick: () => this.answer(NOT_MEASURED) }, t('pre_check.not_measured')));
  }
}
