// 预检, one question a screen: for kiosks and phones. What was answered can be changed by going back, and is shown once before it
// goes; nothing is kept after it.

import '../i18n/kiosks.js';
import { h } from '../lib/dom.js';
import { said, t } from '../lib/i18n.js';
import { answerWord, choicesOf, DEGREES, NOT_MEASURED } from '../lib/pre-check.js';

/** Who taps twice has not read what stands there after the first tap: for so long nothing there is pressed. */
const UNREAD_MS = 500;
const DIGITS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0'];

/** One person's turn at the questions. */
export class OneByOne {
  /** @param {any} asked @param {{done: (preCheck: any) => void, changed: () => void, left: () => void}} page `left`: back from the first one */
  constructor(asked, page) {
    this.asked = asked;
    this.page = page;
    /** Behind the last question: all answers. */
    this.at = 0;
    /** @type {Object<string, string>} */
    this.answers = {};
    /** Digits of a temperature. */
    this.typed = '';
    /** What stands there, and since when. */
    this.shown = -1;
    this.since = 0;
  }

  get question() {
    return this.asked.questions[this.at];
  }

  /** A press of what has stood there long enough to be read. @param {() => void} act */
  pressed(act) {
    return () => {
      if (performance.now() - this.since >= UNREAD_MS) act();
    };
  }

  /** @param {number} at */
  go(at) {
    this.at = at;
    const { question } = this;
    const before = (question && this.answers[question.id]) || '';
    this.typed = DEGREES.test(before) ? before.replace('.', '') : '';
    this.page.changed();
  }

  /** The first that is not answered yet; behind the last: none is. */
  get next() {
    const left = this.asked.questions.findIndex((/** @type {any} */ one) => !(one.id in this.answers));
    return left < 0 ? this.asked.questions.length : left;
  }

  /** Whether an answer is changed, and the others stand. */
  get isChange() {
    return this.next === this.asked.questions.length;
  }

  /** On to what is not answered yet: who changes one answer is not asked the rest again. @param {string} answer */
  answer(answer) {
    this.answers[this.question.id] = answer;
    this.go(this.next);
  }

  /** To the question before; from an answer that was to be changed to all of them, as they were. */
  back() {
    if (this.isChange) this.go(this.next);
    else if (this.at) this.go(this.at - 1);
    else this.page.left();
  }

  /** Two digits, a point, one digit. */
  get degrees() {
    return this.typed.length > 2 ? `${this.typed.slice(0, 2)}.${this.typed.slice(2)}` : this.typed;
  }

  view() {
    if (this.shown !== this.at) {
      this.shown = this.at;
      this.since = performance.now();
    }
    const { question } = this;
    if (!question) return this.all();
    return h('div', { class: 'one-question', key: `question-${question.id}`, 'data-question': question.id },
      h('p', { class: 'step', key: 'step' }, t('pre_check.step', { n: this.at + 1, of: this.asked.questions.length })),
      h('p', { class: 'say', key: 'text', id: 'question' }, said(question.text)),
      question.kind === 'temperature' ? this.temperature() : h('div', { class: 'answers', key: 'answers', role: 'group', 'aria-labelledby': 'question' },
        choicesOf(question).map(([id, words]) => h('button', {
          type: 'button', class: 'btn answer', key: id, 'data-answer': id, 'aria-pressed': String(this.answers[question.id] === id), onclick: this.pressed(() => this.answer(id)),
        }, words))),
      h('button', { type: 'button', class: 'btn quiet', key: 'back', 'data-action': 'question_back', onclick: this.pressed(() => this.back()) }, t(this.isChange ? 'pre_check.to_all' : this.at ? 'pre_check.back' : 'cancel')));
  }

  /** All answers, before they go. */
  all() {
    const { questions, version } = this.asked;
    return h('div', { class: 'one-question', key: 'all', 'data-all-answers': String(questions.length) },
      h('p', { class: 'say', key: 'text', role: 'status' }, t('pre_check.all')),
      h('ul', { class: 'given', key: 'given' }, questions.map((/** @type {any} */ one, /** @type {number} */ n) => h('li', { key: one.id, 'data-given': one.id },
        h('span', { class: 'grow' }, said(one.text), h('b', null, answerWord(one, this.answers[one.id]))),
        h('button', {
          type: 'button', class: 'btn', 'data-action': 'change_answer', 'aria-label': `${t('pre_check.change')}: ${said(one.text)}`, onclick: this.pressed(() => this.go(n)),
        }, t('pre_check.change'))))),
      h('button', {
        type: 'button', class: 'btn primary answer', key: 'go', 'data-action': 'send_answers', onclick: this.pressed(() => this.page.done({ version, answers: { ...this.answers } })),
      }, t('pre_check.all_go')),
      h('button', { type: 'button', class: 'btn quiet', key: 'left', 'data-action': 'questions_left', onclick: this.pressed(() => this.page.left()) }, t('cancel')));
  }

  temperature() {
    const ready = DEGREES.test(this.degrees);
    return h('div', { class: 'temperature', key: 'temperature' },
      h('output', { class: `degrees num${this.typed ? '' : ' none'}`, key: 'typed', 'aria-labelledby': 'question' }, this.typed ? `${this.degrees} ℃` : t('pre_check.degrees_hint')),
      h('div', { class: 'pad', key: 'pad' }, DIGITS.map((digit) => h('button', {
        type: 'button', class: 'btn key', key: digit, 'data-digit': digit, disabled: this.typed.length >= 3,
        onclick: this.pressed(() => {
          this.typed += digit;
          this.page.changed();
        }),
      }, digit)),
      h('button', {
        type: 'button', class: 'btn key wide-key', key: 'out', 'data-action': 'rub_out', disabled: !this.typed,
        onclick: () => {
          this.typed = this.typed.slice(0, -1);
          this.page.changed();
        },
      }, t('kiosk.rub_out'))),
      this.typed.length === 3 && !ready ? h('p', { class: 'notice soon', key: 'wrong', role: 'alert' }, t('pre_check.wrong_degrees')) : null,
      h('button', { type: 'button', class: 'btn primary answer', key: 'go', 'data-action': 'degrees_go', disabled: !ready, onclick: this.pressed(() => this.answer(this.degrees)) }, t('pre_check.on')),
      h('button', { type: 'button', class: 'btn answer', key: 'none', 'data-answer': NOT_MEASURED, onclick: this.pressed(() => this.answer(NOT_MEASURED)) }, t('pre_check.not_measured')));
  }
}
