// What a site asks before somebody joins a queue: the usual set to take over, every question and rule to change, and what was
// asked before. Saving makes the next version; nothing is asked until somebody has saved something.

import { wall } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { Refusal } from '../lib/http.js';
import { named, said, t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';
import { wordsOf } from '../lib/words.js';

const KINDS = ['yes_no', 'choice', 'temperature'];
/** What a rule does, as the form has it. */
const THENS = ['send_to', 'urgent', 'notice', 'note'];

/** The form; `of`: the site and version that it began with. @type {{of: string, questions: any[], rules: any[], wrong: any, busy: boolean, round: number}} */
const form = { of: '', questions: [], rules: [], wrong: null, busy: false, round: 0 };

/** @param {any[]} all @param {string} letter an id that none of them has */
function freeId(all, letter) {
  let n = all.length + 1;
  while (all.some((one) => one.id === `${letter}${n}`)) n += 1;
  return `${letter}${n}`;
}

/** A rule as the form has it. @param {any} rule */
function ruleRow(rule) {
  const { alert, note, send_to: to } = rule.does;
  const { text } = alert || note || { text: { zh: '', en: '' } };
  return {
    id: rule.id, any: (rule.when.any || []).map((/** @type {any} */ one) => ({ question: one.question, is: one.is[0] || '', at_least: one.at_least || '' })),
    under_age: rule.when.under_age === null ? '' : String(rule.when.under_age), from_age: rule.when.from_age === null ? '' : String(rule.when.from_age),
    does: alert ? alert.level : note ? 'note' : 'send_to', department: to ? to.department : '', zh: text.zh, en: text.en,
  };
}

/** @param {string} of @param {any} asked */
function begin(of, asked) {
  form.of = of;
  form.wrong = null;
  form.round += 1;
  form.questions = asked ? asked.questions.map((/** @type {any} */ q) => ({
    id: q.id, zh: q.text.zh, en: q.text.en, kind: q.kind, choices: (q.choices || []).map((/** @type {any} */ c) => ({ id: c.id, zh: c.text.zh, en: c.text.en })),
  })) : [];
  // A rule on several answers of one question is one condition for each of them.
  form.rules = asked ? asked.rules.map((/** @type {any} */ rule) => ruleRow({
    ...rule, when: { ...rule.when, any: rule.when.any.flatMap((/** @type {any} */ one) => (one.is.length > 1 ? one.is.map((/** @type {string} */ is) => ({ ...one, is: [is] })) : [one])) },
  })) : [];
}

/** What was filled in, as the command has it. @param {string} site @param {number} version */
function bodyOf(site, version) {
  const age = (/** @type {string} */ text) => (text === '' ? null : Number(text));
  const words = (/** @type {any} */ one) => ({ zh: one.zh.trim(), en: one.en.trim() });
  const follows = (/** @type {any} */ rule) => {
    if (rule.does === 'send_to') return { send_to: { department: rule.department } };
    return rule.does === 'note' ? { note: { text: words(rule) } } : { alert: { level: rule.does, text: words(rule) } };
  };
  return {
    site, version,
    questions: form.questions.map((q) => ({ id: q.id, text: words(q), kind: q.kind, choices: q.kind === 'choice' ? q.choices.map((/** @type {any} */ c) => ({ id: c.id, text: words(c) })) : [] })),
    rules: form.rules.map((rule) => ({
      id: rule.id,
      when: {
        any: rule.any.map((/** @type {any} */ one) => ({ question: one.question, is: kindOf(one.question) === 'temperature' ? [] : [one.is], at_least: kindOf(one.question) === 'temperature' ? one.at_least : null })),
        under_age: age(rule.under_age), from_age: age(rule.from_age),
      },
      does: follows(rule),
    })),
  };
}

/** @param {string} id */
const kindOf = (id) => (form.questions.find((q) => q.id === id) || { kind: '' }).kind;

/**
 * @param {import('../lib/page.js').Page} page @param {import('../lib/site.js').Site} site @param {() => Promise<any>} reread
 */
export function questionsView(page, site, reread) {
  const asked = site.view.questions;
  const version = asked ? asked.version : 0;
  const of = `${site.id}/${version}`;
  if (form.of !== of && !form.busy) begin(of, asked);
  const send = async (/** @type {any} */ body, /** @type {string} */ words) => {
    if (form.busy) return;
    form.busy = true;
    form.wrong = null;
    page.draw();
    try {
      if (page.protocol.status === 'offline') throw new Refusal({ code: 'offline' });
      await page.protocol.command('define_questions', body);
      form.of = '';
      page.notify(words, 'good');
    } catch (refusal) {
      const { field, about, covered_by: by } = refusal.validNow || {};
      const place = (/** @type {string} */ id) => form.rules.findIndex((rule) => rule.id === id) + 1;
      form.wrong = { field, about, words: by ? t('questions.covered', { of: place(about), n: place(by) }) : !form.questions.length ? t('questions.no_question') : refusal.code === 'invalid_field' ? t(about ? 'questions.wrong' : 'questions.wrong_all') : ['old_version', 'already_exists'].includes(refusal.code) ? t('questions.others') : wordsOf(refusal) };
    }
    form.busy = false;
    await reread();
  };
  return h('div', { class: 'questions', key: 'questions' },
    h('h1', { key: 'h' }, t('questions.title')), h('p', { class: 'muted', key: 'm' }, t('questions.about')),
    h('p', { class: 'verdict', key: 'now', 'data-asked': String(asked ? asked.questions.length : 0) },
      asked && asked.questions.length ? t('questions.now', { version, n: asked.questions.length, since: since(page, asked) }) : t('questions.nothing')),
    toNowhere(site, asked),
    form.questions.length || form.rules.length ? editor(page, site, () => send(bodyOf(site.id, version + 1), t('questions.saved', { version: version + 1 })), asked) : takeOver(page, site),
    asked && asked.questions.length ? h('button', {
      type: 'button', class: 'btn', key: 'stop', 'data-action': 'ask_nothing',
      onclick: async () => {
        if (await sure()) send({ site: site.id, version: version + 1, questions: [], rules: [] }, t('questions.stopped'));
      },
    }, t('questions.stop')) : null,
    before(page, site));
}

/** What is asked now sends to a department that takes nobody: said above the form, whatever the form has. @param {import('../lib/site.js').Site} site @param {any} asked */
function toNowhere(site, asked) {
  const rules = asked ? asked.rules.map(ruleRow) : [];
  const wrong = rules.map((/** @type {any} */ rule, /** @type {number} */ n) => (retiredTo(site, rule) ? n + 1 : 0)).filter(Boolean);
  return wrong.length ? h('p', { class: 'notice alarm', key: 'nowhere', role: 'alert', 'data-to-retired': wrong.join(' ') }, t('questions.to_retired', { rules: wrong.join(', ') })) : null;
}

/** @returns {Promise<any>} */
function sure() {
  return ask(t('questions.stop_title'), (close) => h('div', { class: 'form' }, h('p', null, t('questions.stop_more')),
    h('div', { class: 'buttons' },
      h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', autofocus: true, onclick: () => close(null) }, t('cancel')),
      h('button', { type: 'button', class: 'btn danger', 'data-action': 'dialog_go', onclick: () => close(true) }, t('questions.stop')))));
}

/** @param {import('../lib/page.js').Page} page @param {any} asked */
function since(page, asked) {
  const at = wall(Date.parse(asked.since), page.protocol.clock.offsetMinutes);
  return `${at.date} ${at.clock}`;
}

/** Nothing is asked: the usual set, or an empty form. @param {import('../lib/page.js').Page} page @param {import('../lib/site.js').Site} site */
function takeOver(page, site) {
  return h('form', {
    class: 'card pad form take-over', key: 'take-over', 'data-form': 'take_over',
    onsubmit: async (/** @type {any} */ event) => {
      event.preventDefault();
      const { of } = form;
      const to = event.target.elements.department.value;
      try {
        const usual = await page.session.http('GET', `/api/v1/questions/usual?${new URLSearchParams(to ? { site: site.id, department: to } : { site: site.id })}`);
        begin(of, usual);
      } catch (refusal) {
        page.refuse(refusal);
      }
      page.draw();
    },
  },
  h('b', null, t('questions.usual')), h('p', { class: 'muted' }, t('questions.usual_more')),
  h('label', { class: 'field' }, h('span', null, t('questions.fever_clinic')), departmentSelect(site, '', 'department', () => {}, true)),
  h('div', { class: 'buttons' },
    h('button', {
      type: 'button', class: 'btn', 'data-action': 'own_questions',
      onclick: () => {
        form.questions.push({ id: 'q1', zh: '', en: '', kind: 'yes_no', choices: [] });
        page.draw();
      },
    }, t('questions.own')),
    h('button', { class: 'btn primary', 'data-action': 'take_over' }, t('questions.take_over'))));
}

/** The department to which a rule sends, where it is retired: nobody arrives there. @param {import('../lib/site.js').Site} site @param {any} rule @returns {any} */
function retiredTo(site, rule) {
  if (rule.does !== 'send_to' || !rule.department || site.one('departments', rule.department)) return null;
  return ((site.view && site.view.departments) || []).find((/** @type {any} */ d) => d.id === rule.department) || { id: rule.department, name: rule.department };
}

/** @param {import('../lib/site.js').Site} site @param {string} value @param {string} name @param {(value: string) => void} change @param {boolean} none @param {any} [retired] chosen before it was retired */
function departmentSelect(site, value, name, change, none, retired) {
  return h('select', { class: 'input', name, required: !none, 'aria-label': t('questions.department'), onchange: (/** @type {any} */ e) => change(e.target.value) },
    none || !value ? h('option', { key: '', value: '' }, t(none ? 'questions.no_fever_clinic' : 'desk.class_choose')) : null,
    // As a choice that is none: it is to be changed, and is not taken for another.
    retired ? h('option', { key: retired.id, value: '', selected: true }, t('questions.retired', { name: named(retired.name, retired.name_en) })) : null,
    site.all('departments').map((d) => h('option', { key: d.id, value: d.id, selected: d.id === value }, named(d.name, d.name_en))));
}

/** @param {import('../lib/page.js').Page} page @param {import('../lib/site.js').Site} site @param {() => void} save @param {any} asked */
function editor(page, site, save, asked) {
  const change = (/** @type {() => void} */ what) => () => {
    what();
    page.draw();
  };
  return h('form', {
    class: 'form', key: `editor-${form.round}`, 'data-form': 'define_questions',
    onsubmit: (/** @type {any} */ event) => {
      event.preventDefault();
      save();
    },
  },
  h('h2', { key: 'hq' }, t('questions.questions')),
  form.questions.map((question, n) => questionRow(page, question, n, change)),
  h('button', { type: 'button', class: 'btn small', key: 'add-q', 'data-action': 'add_question', onclick: change(() => form.questions.push({ id: freeId(form.questions, 'q'), zh: '', en: '', kind: 'yes_no', choices: [] })) }, t('questions.add')),
  h('h2', { key: 'hr' }, t('questions.rules')), h('p', { class: 'muted', key: 'mr' }, t('questions.rules_more')),
  form.rules.map((rule, n) => ruleView(page, site, rule, n, change)),
  h('button', {
    type: 'button', class: 'btn small', key: 'add-r', 'data-action': 'add_rule', disabled: !form.questions.length,
    onclick: change(() => form.rules.push({ id: freeId(form.rules, 'r'), any: [{ question: form.questions[0].id, is: 'yes', at_least: '37.3' }], under_age: '', from_age: '', does: 'urgent', department: '', zh: '', en: '' })),
  }, t('questions.add_rule')),
  form.wrong ? h('p', { class: 'notice alarm', key: 'wrong', role: 'alert', 'data-wrong': form.wrong.field || 'form' }, form.wrong.words) : null,
  h('div', { class: 'buttons', key: 'buttons' },
    h('button', {
      type: 'button', class: 'btn', 'data-action': 'questions_back',
      onclick: change(() => begin(form.of, asked)),
    }, t('questions.back')),
    h('button', { class: 'btn primary', 'data-action': 'save_questions', disabled: form.busy, 'aria-busy': String(form.busy) }, t('questions.save'))));
}

/** @param {any} row @param {string} name @param {string} words @param {any} [more] */
const text = (row, name, words, more) => h('input', {
  class: 'input', 'aria-label': words, placeholder: words, maxlength: '120', autocomplete: 'off', value: row[name], 'data-text': name, ...more,
  oninput: (/** @type {any} */ event) => Object.assign(row, { [name]: event.target.value }),
});

/** @param {any} one @param {string} field */
const isWrong = (one, field) => !!form.wrong && form.wrong.field === field && form.wrong.about === one.id;

/** @param {any[]} all @param {number} n @param {(what: () => void) => () => void} change @param {string} what */
function moves(all, n, change, what) {
  return h('span', { class: 'acts' },
    h('button', { type: 'button', class: 'btn quiet small', disabled: n === 0, 'aria-label': t(`questions.up_${what}`, { n: n + 1 }), 'data-action': 'up', onclick: change(() => all.splice(n - 1, 2, all[n], all[n - 1])) }, '↑'),
    h('button', { type: 'button', class: 'btn quiet small', 'aria-label': t(`questions.out_${what}`, { n: n + 1 }), 'data-action': `out_${what}`, onclick: change(() => all.splice(n, 1)) }, t('questions.out')));
}

/** @param {import('../lib/page.js').Page} page @param {any} question @param {number} n @param {(what: () => void) => () => void} change */
function questionRow(page, question, n, change) {
  return h('fieldset', { class: `plain card pad row${isWrong(question, 'questions') ? ' wrong' : ''}`, key: `q-${question.id}`, 'data-row': question.id },
    h('legend', { class: 'visually-hidden' }, t('questions.nth', { n: n + 1 })),
    h('div', { class: 'line' }, h('b', { class: 'num' }, String(n + 1)), text(question, 'zh', t('questions.zh'), { required: true }), text(question, 'en', t('questions.en')),
      h('select', {
        class: 'input', 'aria-label': t('questions.kind'), 'data-kind': '',
        onchange: (/** @type {any} */ event) => {
          question.kind = event.target.value;
          if (question.kind === 'choice' && !question.choices.length) question.choices = [{ id: 'c1', zh: '', en: '' }, { id: 'c2', zh: '', en: '' }];
          page.draw();
        },
      }, KINDS.map((kind) => h('option', { key: kind, value: kind, selected: kind === question.kind }, t(`questions.kind.${kind}`)))),
      moves(form.questions, n, change, 'question')),
    question.kind === 'choice' ? h('ul', { class: 'of-choice', key: 'choices' }, question.choices.map((/** @type {any} */ choice, /** @type {number} */ at) => h('li', { key: choice.id },
      text(choice, 'zh', t('questions.choice_zh'), { required: true }), text(choice, 'en', t('questions.choice_en')),
      h('button', { type: 'button', class: 'btn quiet small', 'aria-label': t('questions.out_choice', { n: at + 1 }), disabled: question.choices.length < 3, onclick: change(() => question.choices.splice(at, 1)) }, t('questions.out')))),
    h('li', { key: 'add' }, h('button', { type: 'button', class: 'btn small', 'data-action': 'add_choice', onclick: change(() => question.choices.push({ id: freeId(question.choices, 'c'), zh: '', en: '' })) }, t('questions.add_choice')))) : null);
}

/** @param {any} one of a rule's conditions @param {number} n @param {any} rule @param {import('../lib/page.js').Page} page @param {(what: () => void) => () => void} change */
function condition(one, n, rule, page, change) {
  const question = form.questions.find((q) => q.id === one.question);
  const answers = !question || question.kind === 'temperature' ? [] : question.kind === 'yes_no'
    ? [['yes', t('pre_check.yes')], ['no', t('pre_check.no')]]
    : question.choices.map((/** @type {any} */ c) => [c.id, c.zh]);
  if (answers.length && !answers.some(([id]) => id === one.is)) [[one.is]] = answers;
  return h('div', { class: 'line', key: n },
    h('span', null, t(n ? 'questions.or' : 'questions.when')),
    h('select', {
      class: 'input', 'aria-label': t('questions.which'),
      onchange: (/** @type {any} */ event) => {
        one.question = event.target.value;
        one.at_least = one.at_least || '37.3';
        page.draw();
      },
    }, question ? null : h('option', { key: '', value: '', selected: true }, t('questions.gone')), form.questions.map((q) => h('option', { key: q.id, value: q.id, selected: q.id === one.question }, q.zh || q.id))),
    question && question.kind === 'temperature'
      ? [h('span', { key: 'least' }, t('questions.at_least')), text(one, 'at_least', t('questions.degrees'), { class: 'input short', pattern: '(3[0-9]|4[0-4])(\\.[0-9])?|45', required: true, maxlength: '4', key: 'degrees' })]
      : h('select', { class: 'input', key: 'is', 'aria-label': t('questions.answer'), onchange: (/** @type {any} */ event) => Object.assign(one, { is: event.target.value }) },
        answers.map(([id, words]) => h('option', { key: id, value: id, selected: id === one.is }, words))),
    h('button', { type: 'button', class: 'btn quiet small', 'aria-label': t('questions.out_condition', { n: n + 1 }), onclick: change(() => rule.any.splice(n, 1)) }, t('questions.out')));
}

/** @param {import('../lib/page.js').Page} page @param {import('../lib/site.js').Site} site @param {any} rule @param {number} n @param {(what: () => void) => () => void} change */
function ruleView(page, site, rule, n, change) {
  const retired = retiredTo(site, rule);
  return h('fieldset', { class: `plain card pad row${retired || isWrong(rule, 'rules') ? ' wrong' : ''}`, key: `r-${rule.id}`, 'data-rule-row': rule.id },
    h('legend', { class: 'visually-hidden' }, t('questions.nth_rule', { n: n + 1 })),
    h('div', { class: 'line' }, h('b', { class: 'num' }, String(n + 1)), h('span', { class: 'grow' }), moves(form.rules, n, change, 'rule')),
    rule.any.map((/** @type {any} */ one, /** @type {number} */ at) => condition(one, at, rule, page, change)),
    h('div', { class: 'line', key: 'ages' },
      h('button', { type: 'button', class: 'btn small', 'data-action': 'add_condition', onclick: change(() => rule.any.push({ question: form.questions[0] ? form.questions[0].id : '', is: 'yes', at_least: '37.3' })) }, t('questions.add_condition')),
      h('label', { class: 'age' }, t('questions.from_age'), text(rule, 'from_age', t('questions.from_age'), { class: 'input short', type: 'number', min: '0', max: '130', placeholder: '' })),
      h('label', { class: 'age' }, t('questions.under_age'), text(rule, 'under_age', t('questions.under_age'), { class: 'input short', type: 'number', min: '1', max: '130', placeholder: '' }))),
    h('div', { class: 'line', key: 'then' }, h('span', null, t('questions.then')),
      h('select', {
        class: 'input', 'aria-label': t('questions.then'), 'data-then': '',
        onchange: (/** @type {any} */ event) => {
          rule.does = event.target.value;
          page.draw();
        },
      }, THENS.map((then) => h('option', { key: then, value: then, selected: then === rule.does }, t(`questions.then.${then}`)))),
      rule.does === 'send_to'
        ? departmentSelect(site, rule.department, `department-${rule.id}`, (to) => {
          rule.department = to;
          page.draw();
        }, false, retired)
        : [text(rule, 'zh', t('questions.says_zh'), { required: true, key: 'zh' }), text(rule, 'en', t('questions.says_en'), { key: 'en' })]),
    retired ? h('p', { class: 'notice alarm', key: 'retired', role: 'alert', 'data-retired': retired.id }, t('questions.retired_more', { name: named(retired.name, retired.name_en) })) : null);
}

/** What was asked before. @param {import('../lib/page.js').Page} page @param {import('../lib/site.js').Site} site */
function before(page, site) {
  const all = site.view.questions_before || [];
  if (!all.length) return null;
  return h('section', { key: 'before' }, h('h2', null, t('questions.before')),
    h('ul', { class: 'things' }, all.map((/** @type {any} */ asked) => h('li', { key: asked.version, 'data-version': String(asked.version) },
      h('span', null, h('b', null, t('questions.version', { version: asked.version, since: since(page, asked) })),
        h('small', null, asked.questions.length ? asked.questions.map((/** @type {any} */ q) => said(q.text)).join(' · ') : t('questions.nothing'))),
      asked.questions.length ? h('button', {
        type: 'button', class: 'btn small', 'data-action': 'use_again',
        onclick: () => {
          begin(form.of, asked);
          page.draw();
          window.scrollTo(0, 0);
        },
      }, t('questions.use_again')) : null))));
}
