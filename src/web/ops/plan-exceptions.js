// Days on which it is otherwise: a holiday, a doctor away, somebody in a doctor's place, a workday that was moved. One form, the
// list of what comes, and taking it back after saying what that brings. A holiday of the whole hospital is said to its
// departments one after the other.

import { fieldView } from '../components/fields.js';
import { addDays } from '../lib/clock.js';
import { find, h } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { usualReasons } from '../lib/page.js';
import { titleWord, wordsOf } from '../lib/words.js';
import { isOffline, known, newId, readDays, readPlan, sendNow } from './plan-data.js';
import { choiceOf, doctorsOf, doNow, formWrong, sayWrong, some, sure, wrongOf } from './plan-parts.js';
import { intoForm } from './plan-template.js';
import { daysWords, exceptionWords, isLeft, kindOf, plannedWords, sessionWords, templateTitle, WEEK, weekdayWord, weekWords } from './plan-words.js';

/** @typedef {import('./kinds.js').Look} Look */
/** @typedef {import('../lib/page.js').Page} Page */

const KIND_NAMES = ['holiday', 'away', 'substitute', 'moved'];
/** What can be said of every department alike. */
const OF_ALL = ['holiday', 'moved'];
/** As many days as a reading of the plan has at most. */
const DAYS_READ = 62;

/**
 * The form; `doctor` whom it is about, which the other fields follow.
 * @type {{key: string, department: string, kind: string, doctor: string, start: any, editing: any, wrong: Object<string, string>, busy: boolean}}
 */
const form = { key: '', department: '', kind: 'holiday', doctor: '', start: {}, editing: null, wrong: {}, busy: false };
/**
 * What is on its way through the departments: `make` says what is sent to each; said again it has the same ids.
 * @type {{site: string, all: any[], done: number, failed: {department: any, why: string}[], make: (department: string) => [string, any], isRunning: boolean}|null}
 */
let round = null;
/** How ids begin of what was said to all departments: in each the rest is the same. */
const TO_ALL = 'all';
let forms = 0;

/** @param {Look} look @param {any} [editing] */
export function freshException(look, editing) {
  forms += 1;
  const tomorrow = addDays(look.today, 1);
  const does = editing ? editing.does : {};
  Object.assign(form, {
    key: `exception-${forms}`, department: look.department, editing: editing || null, wrong: {}, kind: editing ? kindOf(editing) : form.kind, doctor: editing ? doctorOf(editing) : '',
    start: {
      from: editing ? editing.from : tomorrow, to: editing ? editing.to : tomorrow, template: (editing && editing.template) || '', reason: does.closed ? does.closed.reason : '',
      substitute: does.substitute ? does.substitute.doctor : '', as_weekday: does.open && does.open.as_weekday ? String(does.open.as_weekday) : '', is_all: false,
    },
  });
}

/** @param {any} one */
function doctorOf(one) {
  const template = known.plan.templates.find((/** @type {any} */ other) => other.id === one.template);
  return one.doctor || (template && template.doctor) || '';
}

/** @param {Page} page @param {Look} look */
export function exceptionsView(page, look) {
  if (form.department !== look.department || !form.key) freshException(look);
  const all = known.plan.exceptions.slice().sort((/** @type {any} */ a, /** @type {any} */ b) => (a.from + a.to + a.id < b.from + b.to + b.id ? -1 : 1));
  return h('div', { class: 'pair', key: 'exceptions' },
    h('div', { key: 'there' }, roundView(page, look),
      all.length ? h('ul', { class: 'things excepted', key: 'list' }, all.map((/** @type {any} */ one) => row(page, look, one)))
        : h('p', { class: 'empty card', key: 'none' }, h('b', null, t('planning.no_exceptions')), t('planning.no_exceptions_more'))),
    formOf(page, look));
}

/** @param {Page} page @param {Look} look @param {any} one */
function row(page, look, one) {
  const site = /** @type {import('../lib/site.js').Site} */ (look.site);
  const kind = kindOf(one);
  const words = exceptionWords(one, site, known.plan.templates);
  const days = daysWords(one.from, one.to, look.today);
  return h('li', { key: one.id, 'data-exception': one.id, class: form.editing && form.editing.id === one.id ? 'editing' : '' },
    h('div', { class: 'who' }, h('span', { class: `tag ${kind === 'holiday' || kind === 'away' ? 'soon' : 'info'}` }, t(`planning.kind.${kind}`)), h('b', null, days), h('small', null, words)),
    h('span', { class: 'acts' },
      h('button', {
        type: 'button', class: 'btn small', 'data-action': 'edit', 'data-thing': one.id, 'aria-label': t('ops.edit_of', { name: `${words} ${days}` }),
        onclick: () => {
          freshException(look, one);
          page.draw();
          requestAnimationFrame(() => requestAnimationFrame(() => find('.plan-form input[type=date]')?.focus()));
        },
      }, t('ops.edit')),
      h('button', { type: 'button', class: 'btn small danger', 'data-action': 'withdraw_exception', 'data-thing': one.id, disabled: isOffline(page), 'aria-label': t('planning.withdraw_of', { name: `${words} ${days}` }), onclick: () => withdraw(page, look, one) }, t('planning.withdraw'))));
}

/** Sessions that are as they are by this exception. @param {any} session @param {any} one @param {any[]} templates */
function isBy(session, one, templates) {
  const template = templates.find((other) => other.id === session.template);
  if (one.template && one.template !== session.template) return false;
  if (one.does.substitute) return session.expected_doctor === one.does.substitute.doctor && !!template && template.doctor !== session.expected_doctor;
  if (one.doctor && (!template || (session.expected_doctor || template.doctor) !== one.doctor)) return false;
  if (one.does.closed) return session.standing === 'to_go' || (session.standing === 'closed' && session.reason === one.does.closed.reason);
  return session.open;
}

/** Says what comes back, and takes it back. @param {Page} page @param {Look} look @param {any} one */
async function withdraw(page, look, one) {
  const site = /** @type {import('../lib/site.js').Site} */ (look.site);
  // Days as text are in their order.
  const [, from] = [one.from, look.today].sort();
  const [to] = [one.to, addDays(from, DAYS_READ - 1)].sort();
  /** @type {any} */
  let plan;
  try {
    plan = await readDays(page, look.department, from, to);
  } catch (refusal) {
    page.refuse(refusal);
    return;
  }
  const there = plan.days.flatMap((/** @type {any} */ day) => (day.date > look.today ? day.sessions : [])).filter((/** @type {any} */ session) => isBy(session, one, plan.templates));
  const kind = Object.keys(one.does)[0];
  const says = [`${exceptionWords(one, site, plan.templates)}, ${daysWords(one.from, one.to, look.today)}`, t(there.length ? `planning.withdraw_does.${kind}` : 'planning.withdraw_nothing', { n: there.length })];
  const own = one.id.slice(look.department.length + 1);
  const ofAll = own.startsWith(`${TO_ALL}-`) ? t('planning.withdraw_all') : '';
  const answer = await sure(t('planning.withdraw_title'), says, t(ofAll ? 'planning.withdraw_here' : 'planning.withdraw'), some(there.map((/** @type {any} */ session) => sessionWords(session.session, site, plan.templates, look.today))), ofAll);
  if (!answer) return;
  if (answer === 'all') {
    await goRound(page, look, site.all('departments'), (department) => ['withdraw_exception', { id: `${department}.${own}` }]);
    return;
  }
  const planned = await doNow(page, 'withdraw_exception', { id: one.id });
  if (planned) page.notify(`${t('planning.withdrawn')} ${plannedWords(planned)}`, isLeft(planned) ? 'soon' : 'good');
  if (form.editing && form.editing.id === one.id) freshException(look);
  await readPlan(page, look.today);
}

/** @param {any} element of the form @returns {any} what the command says but its id */
function bodyOf(element) {
  const f = element.elements;
  const { kind } = form;
  const of = (/** @type {string} */ name) => (f[name] ? f[name].value.trim() : '');
  const does = kind === 'substitute' ? { substitute: { doctor: of('substitute') } }
    : kind === 'moved' ? { open: of('as_weekday') ? { as_weekday: Number(of('as_weekday')) } : {} } : { closed: { reason: of('text') } };
  const template = of('template') || (kind === 'moved' && form.editing && form.editing.template) || undefined;
  return { from: of('from'), to: of('to'), template, doctor: template ? undefined : of('doctor') || (kind === 'moved' && form.editing && form.editing.doctor) || undefined, does };
}

/** @param {Page} page @param {Look} look @param {any} element */
async function save(page, look, element) {
  if (form.busy) return;
  const body = bodyOf(element);
  form.wrong = body.to < body.from ? { to: t('planning.wrong.to_before') } : {};
  if (form.wrong.to) {
    sayWrong(element, form.wrong, page.draw);
    return;
  }
  if (element.elements.is_all && element.elements.is_all.checked && !form.editing) {
    const site = /** @type {import('../lib/site.js').Site} */ (look.site);
    const own = newId('', TO_ALL, []).slice(1);
    freshException(look);
    await goRound(page, look, site.all('departments'), (department) => ['except_days', { id: `${department}.${own}`, ...body }]);
    return;
  }
  form.busy = true;
  page.draw();
  const { key, editing } = form;
  try {
    if (editing && !(await isStill(page, look, editing))) throw Object.assign(new Error('gone'), { code: 'gone', validNow: {} });
    const planned = await sendNow(page, 'except_days', { id: editing ? editing.id : newId(look.department, form.kind, known.plan.exceptions), ...body });
    page.notify(`${t('ops.saved')} ${plannedWords(planned)}`, isLeft(planned) ? 'soon' : 'good');
    if (form.key === key) {
      freshException(look);
      intoForm(true);
    }
    await readPlan(page, look.today);
  } catch (refusal) {
    if (form.key !== key) page.refuse(refusal);
    else {
      form.wrong = refusal.code === 'gone' ? { form: t('planning.changed_meanwhile') } : wrongOf(refusal, element, look.today, { does: 'substitute', reason: 'text' });
      sayWrong(element, form.wrong, page.draw);
    }
  } finally {
    form.busy = false;
    page.draw();
  }
}

/** Whether it is as it was when the form was opened. @param {Page} page @param {Look} look @param {any} was */
async function isStill(page, look, was) {
  const plan = isOffline(page) ? null : await readPlan(page, look.today);
  if (!plan || known.error) return true;
  const now = plan.exceptions.find((/** @type {any} */ one) => one.id === was.id);
  // What stands there now is what the next press changes.
  if (now) form.editing = now;
  return JSON.stringify(now) === JSON.stringify(was);
}

/**
 * Each department has its plan: what one refuses the others do all the same, and it can be tried again.
 * @param {Page} page @param {Look} look @param {any[]} departments @param {(department: string) => [string, any]} make
 */
async function goRound(page, look, departments, make) {
  const going = { site: /** @type {import('../lib/site.js').Site} */ (look.site).id, all: departments, done: 0, failed: /** @type {{department: any, why: string}[]} */ ([]), make, isRunning: true };
  round = going;
  for (const department of departments) {
    page.draw();
    const [command, body] = make(department.id);
    try {
      await sendNow(page, command, body);
    } catch (refusal) {
      // Where it is not, nothing has to be taken back.
      const isGone = command === 'withdraw_exception' && refusal.code === 'forbidden';
      if (!isGone) going.failed.push({ department, why: wordsOf(refusal) });
    }
    going.done += 1;
  }
  going.isRunning = false;
  await readPlan(page, look.today);
}

/** How far a holiday has come, and who has not taken it. @param {Page} page @param {Look} look */
function roundView(page, look) {
  const site = /** @type {import('../lib/site.js').Site} */ (look.site);
  if (!round || round.site !== site.id) return null;
  const going = round;
  const nameOf = (/** @type {any} */ one) => named(one.name, one.name_en);
  const well = going.done - going.failed.length;
  return h('section', { class: 'card pad round', key: 'round', 'data-round': going.isRunning ? 'running' : going.failed.length ? 'failed' : 'done', 'aria-live': 'polite' },
    h('p', null, t(going.isRunning ? 'planning.round_running' : 'planning.round_done', { n: going.isRunning ? going.done : well, all: going.all.length })),
    going.isRunning ? h('progress', { max: String(going.all.length), value: String(going.done), 'aria-label': t('planning.round') }) : null,
    going.failed.length ? [h('p', { class: 'bad', key: 'failed' }, t('planning.round_failed')), h('ul', { key: 'list' }, going.failed.map(({ department, why }) => h('li', { key: department.id, 'data-failed': department.id }, `${nameOf(department)}: ${why}`)))] : null,
    going.isRunning ? null : h('div', { class: 'buttons', key: 'buttons' },
      going.failed.length ? h('button', { type: 'button', class: 'btn primary', 'data-action': 'round_again', disabled: isOffline(page), onclick: () => goRound(page, look, going.failed.map(({ department }) => department), going.make) }, t('planning.round_again')) : null,
      h('button', {
        type: 'button', class: 'btn', 'data-action': 'round_close',
        onclick: () => {
          round = null;
          page.draw();
        },
      }, t('close'))));
}

/** @param {Page} page @param {Look} look */
function formOf(page, look) {
  const site = /** @type {import('../lib/site.js').Site} */ (look.site);
  const { start, wrong, editing, kind, key } = form;
  const isOfDoctor = kind === 'away' || kind === 'substitute';
  const words = (/** @type {string} */ name) => t(`planning.field.${name}`);
  const doctors = (/** @type {string} */ but) => doctorsOf(site, look.department).filter((one) => one.id !== but).map((one) => ({ value: one.id, words: [named(one.name, one.name_en), titleWord(one.title)].filter(Boolean).join(' ') }));
  const templates = known.plan.templates.filter((/** @type {any} */ one) => !one.retired && one.doctor === form.doctor);
  const on = (/** @type {'kind'|'doctor'} */ name) => (/** @type {any} */ event) => {
    form[name] = event.target.value;
    form.wrong = {};
    page.draw();
  };
  const date = (/** @type {string} */ name) => fieldView({ name, words: words(name), wrong: wrong[name], key: `${name}-${key}`, type: 'date', required: true, min: editing ? undefined : look.today, value: start[name],
    onchange: name === 'from' ? (/** @type {any} */ event) => {
      const { to } = event.target.form.elements;
      if (to.value < event.target.value) to.value = event.target.value;
    } : undefined });
  return h('form', {
    class: 'card form plan-form', key, 'data-form': 'except_days', 'data-editing': editing ? editing.id : '',
    onsubmit: (/** @type {any} */ event) => {
      event.preventDefault();
      save(page, look, event.target);
    },
  }, h('h2', null, t(editing ? 'planning.change_exception' : 'planning.add_exception')),
  editing ? h('p', { key: 'kind' }, h('span', { class: 'tag' }, t(`planning.kind.${kind}`)))
    : h('fieldset', { class: 'field plain', key: 'kinds' }, h('legend', null, words('kind')), h('div', { class: 'kinds' }, KIND_NAMES.map((one) => h('label', { class: 'choice', key: one },
      h('input', { type: 'radio', name: 'kind', value: one, 'data-kind': one, checked: one === kind, onchange: on('kind') }), t(`planning.kind.${one}`))))),
  h('p', { class: 'muted', key: `about-${kind}` }, t(`planning.about.${kind}`)),
  isOfDoctor ? [
    choiceOf({ name: 'doctor', words: words(kind === 'away' ? 'doctor' : 'replaced'), key: `doctor-${key}`, wrong: wrong.doctor, value: form.doctor, none: t('ops.choose'), more: { required: true, onchange: on('doctor') } }, doctors('')),
    choiceOf({ name: 'template', words: words('template'), key: `template-${key}-${form.doctor}`, wrong: wrong.template, value: start.template, none: t('planning.all_of_doctor') },
      templates.map((/** @type {any} */ one) => ({ value: one.id, words: `${templateTitle(one, site)} ${weekWords(one.weekdays)}` })))] : null,
  kind === 'substitute' ? choiceOf({ name: 'substitute', words: words('substitute'), key: `substitute-${key}-${form.doctor}`, wrong: wrong.substitute, value: start.substitute, none: t('ops.choose'), more: { required: true } }, doctors(form.doctor)) : null,
  h('div', { class: 'two', key: `days-${key}` }, date('from'), date('to')),
  kind === 'moved' ? choiceOf({ name: 'as_weekday', words: words('as_weekday'), key: `as_weekday-${key}`, wrong: wrong.as_weekday, value: start.as_weekday, none: t('planning.own_weekday') }, WEEK.map((day) => ({ value: String(day), words: t('planning.as_on', { day: weekdayWord(day) }) }))) : null,
  kind === 'holiday' || kind === 'away' ? [
    fieldView({ name: 'text', words: words('reason'), wrong: wrong.text, key: `reason-${key}`, required: true, maxlength: '60', value: start.reason }),
    h('div', { key: `usual-${kind}` }, usualReasons(t(`planning.usual.${kind}`).split('|')))] : null,
  OF_ALL.includes(kind) && !editing && site.all('departments').length > 1 ? h('label', { class: 'check', key: `all-${key}` }, h('input', { type: 'checkbox', name: 'is_all', 'data-field': 'is_all' }), t('planning.for_all', { n: site.all('departments').length })) : null,
  formWrong(wrong),
  h('div', { class: 'buttons' },
    editing ? h('button', {
      type: 'button', class: 'btn', 'data-action': 'edit_cancel',
      onclick: () => {
        freshException(look);
        page.draw();
      },
    }, t('cancel')) : null,
    h('button', { class: 'btn primary', 'data-action': 'except_days', disabled: isOffline(page) || !!(round && round.isRunning), 'aria-busy': String(form.busy) }, t('save'))));
}
