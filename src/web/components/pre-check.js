// 预检: all questions of the site in one form, for the desk, and what was answered before, at a ticket. Nothing is answered
// beforehand; a digit chooses and goes on to the next question.

import { clockOf } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { said, t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';
import { alertText, answerWord, askedBy, choicesOf, DEGREES, degreesOf, NOT_MEASURED } from '../lib/pre-check.js';
import { onScanInDialog } from '../lib/scan.js';
import { wordsOf } from '../lib/words.js';

/** A digit chooses; the next question has the keys then. @param {any} event */
function pickByDigit(event) {
  const box = event.currentTarget;
  const radios = box.querySelectorAll('input[type=radio]');
  const radio = /^[1-9]$/.test(event.key) && !event.ctrlKey && !event.altKey && !event.metaKey ? radios[Number(event.key) - 1] : null;
  if (!radio) return;
  event.preventDefault();
  radio.checked = true;
  const all = Array.from(box.form.querySelectorAll('[data-question]'));
  const next = all[all.indexOf(box) + 1];
  const place = next ? next.querySelector('input') : box.form.querySelector('[data-action=pre_check_go]');
  if (place) place.focus();
}

/** @param {any} question @param {boolean} first */
function temperatureField(question, first) {
  return h('fieldset', { class: 'plain question', key: question.id, 'data-question': question.id },
    h('legend', null, said(question.text)),
    h('div', { class: 'choices' },
      h('label', { class: 'degrees' },
        h('input', {
          class: 'input', name: question.id, inputmode: 'decimal', autocomplete: 'off', maxlength: '6', required: true, autofocus: first, 'aria-label': said(question.text),
          onchange: (/** @type {any} */ event) => {
            event.target.value = degreesOf(event.target.value);
            event.target.setCustomValidity(DEGREES.test(event.target.value) ? '' : t('pre_check.wrong_degrees'));
          },
        }), h('span', { 'aria-hidden': 'true' }, '℃')),
      h('label', { class: 'choice' },
        h('input', {
          type: 'checkbox', name: `${question.id}.none`,
          onchange: (/** @type {any} */ event) => {
            const field = event.target.form.elements[question.id];
            field.disabled = event.target.checked;
            field.required = !event.target.checked;
          },
        }), h('span', null, t('pre_check.not_measured')))));
}

/** @param {any} question @param {boolean} first */
function questionField(question, first) {
  if (question.kind === 'temperature') return temperatureField(question, first);
  return h('fieldset', { class: 'plain question', key: question.id, 'data-question': question.id, onkeydown: pickByDigit },
    h('legend', null, said(question.text)),
    h('div', { class: 'choices' }, choicesOf(question).map(([id, words], n) => h('label', { class: 'choice', key: id },
      h('input', { type: 'radio', name: question.id, value: id, required: true, autofocus: first && n === 0 }),
      h('span', null, words), h('kbd', { 'aria-hidden': 'true' }, String(n + 1))))));
}

/** What the form says, as the command's `pre_check`. @param {any} asked @param {any} form */
function preCheckOf(asked, form) {
  /** @type {Object<string, string>} */
  const answers = {};
  for (const { id, kind } of asked.questions) {
    if (kind === 'temperature') answers[id] = form.elements[`${id}.none`].checked ? NOT_MEASURED : degreesOf(form.elements[id].value);
    else answers[id] = form.querySelector(`[name="${id}"]:checked`).value;
  }
  return { version: asked.version, answers };
}

/**
 * Asks the site's questions. Resolves with the `pre_check`, with `{leave_out: true}` when nobody is to be asked, with
 * `{scanned: true}` when a scanner has answered them, or null.
 * @param {any} asked @param {string} who @param {string} again why they are asked once more; '': they are not
 * @returns {Promise<any>}
 */
export function askPreCheck(asked, who, again) {
  let off = () => {};
  const given = ask(t('pre_check.title', { who }), (close) => {
    off();
    off = onScanInDialog(() => close({ scanned: true }));
    return h('form', {
      class: 'form pre-check', 'data-form': 'pre_check', 'data-version': String(asked.version),
      onsubmit: (/** @type {any} */ event) => {
        event.preventDefault();
        close(preCheckOf(asked, event.target));
      },
    },
    again ? h('p', { class: 'notice soon', key: 'again', role: 'status' }, again) : null,
    asked.questions.map((/** @type {any} */ question, /** @type {number} */ n) => questionField(question, n === 0)),
    h('div', { class: 'buttons', key: 'buttons' },
      h('button', { type: 'button', class: 'btn quiet', 'data-action': 'leave_out', onclick: () => close({ leave_out: true }) }, t('pre_check.leave_out')),
      h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', onclick: () => close(null) }, t('cancel')),
      h('button', { class: 'btn primary', 'data-action': 'pre_check_go' }, t('pre_check.go'))));
  });
  given.then(() => off());
  return given;
}

/** Who has heard an alert: an account's own name. @param {any} alert */
const heardBy = (alert) => String(alert.acknowledged_by).replace(/^a-(staff-)?/, '');

/** Question by question; null: its answer is on its way. @param {string} state @param {any[]} asked @param {Object<string, string|null>} answers */
function answersList(state, asked, answers) {
  return h('dl', { key: 'answers', 'data-answers': state, 'aria-busy': String(state === 'reading') }, asked.filter(({ id }) => id in answers).map((question) => {
    const { id } = question;
    return [h('dt', { key: `${id}-q` }, said(question.text)), h('dd', { key: `${id}-a`, class: 'num' }, answers[id] === null ? '…' : answerWord(question, answers[id]))];
  }));
}

/** What was answered: read for this ticket, on its way, not read, or gone. @param {any} ticket @param {import('../lib/site.js').Site} site @param {import('../lib/answers.js').Answers} answers */
function answersPart(ticket, site, answers) {
  const { said: read, refusal: unread } = answers.of(ticket);
  const { asked, refusal: unasked } = answers.questions(site, ticket.pre_check.version);
  const refusal = unread || unasked;
  if (refusal) {
    return h('p', { class: 'notice soon', key: 'not-read', role: 'status', 'data-answers': 'not_read' },
      h('span', null, t('pre_check.not_read', { why: wordsOf(refusal) })),
      h('button', { type: 'button', class: 'btn small', 'data-action': 'read_pre_check', onclick: () => answers.again(ticket) }, t('pre_check.read_again')));
  }
  // As high as it will be: nothing below it moves under a hand.
  if (!read || !asked) return ticket.pre_check.not_asked ? null : answersList('reading', asked || [], Object.fromEntries((asked || []).map((one) => [one.id, null])));
  if (!read.answers) return h('p', { class: 'notice', key: 'gone', 'data-answers': 'gone' }, t('pre_check.gone'));
  if (!Object.keys(read.answers).length) return null;
  return answersList('read', asked, read.answers);
}

/**
 * What came of the questions before the queue, at a ticket of the own department, and what was answered.
 * @param {any} ticket @param {import('../lib/site.js').Site} site @param {import('../lib/answers.js').Answers} answers
 * @param {() => void} [ask] asks who waits and was not asked: the desk's
 */
export function preCheckPart(ticket, site, answers, ask) {
  const checked = ticket.pre_check;
  const asks = ask && askedBy(site) && (ticket.state === 'waiting' || ticket.state === 'summoned')
    ? h('button', { type: 'button', class: 'btn', key: 'ask', 'data-action': 'answer_pre_check', 'data-ticket': ticket.ticket, onclick: ask }, t('pre_check.ask_now')) : null;
  if (ticket.unasked) {
    return h('div', { class: 'pre-checked', key: 'unasked', 'data-unasked': '' },
      h('b', null, t('pre_check.checked')), h('p', { class: 'notice soon' }, t('pre_check.unasked_more')), asks);
  }
  if (!checked) return null;
  const department = checked.sent_to && site.one('departments', checked.sent_to);
  const { alert } = checked;
  const reasons = answers.of(ticket).said || {};
  return h('div', { class: 'pre-checked', key: 'pre-check', 'data-pre-check': checked.rule || '' },
    h('b', null, t('pre_check.checked')),
    alert ? h('p', { class: `notice ${alert.acknowledged_by ? '' : alert.level === 'urgent' ? 'alarm' : 'soon'}`, key: 'alert' }, alertText(checked, site),
      alert.acknowledged_by ? h('small', null, t('pre_check.heard', { who: heardBy(alert), time: clockOf(alert.acknowledged_at) })) : null) : null,
    checked.note ? h('p', { class: 'notice soon', key: 'note' }, said(checked.note)) : null,
    department ? h('p', { key: 'sent' }, t('pre_check.was_sent', { where: said({ zh: department.name, en: department.name_en }) }),
      checked.all_the_same ? withReason('joined_all_the_same', reasons.all_the_same) : '') : null,
    checked.not_asked ? h('p', { key: 'not-asked' }, withReason('was_not_asked', reasons.not_asked)) : null,
    answersPart(ticket, site, answers),
    checked.not_asked ? asks : null);
}

/** With the desk's reason, where it can be read. @param {string} what @param {string|null|undefined} reason */
const withReason = (what, reason) => (reason ? t(`pre_check.${what}`, { reason }) : t(`pre_check.${what}_plain`));
