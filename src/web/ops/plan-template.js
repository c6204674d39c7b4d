// The form of a session that comes again every week, in the words of whoever runs the outpatients: who sits on which days from
// when to when, with how many places; beneath it the sentence that it comes to.

import { fieldView } from '../components/fields.js';
import { CLASSES, classOfTitle, PERIODS, slotTable, USUAL } from '../components/slots.js';
import { addDays } from '../lib/clock.js';
import { find, h } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { periodWord, titleWord } from '../lib/words.js';
import { fieldWords } from './form.js';
import { askToOverwrite } from './meanwhile.js';
import { isOffline, known, newId, readPlan, sendNow } from './plan-data.js';
import { overlapsOf } from './plan-overlaps.js';
import { choiceOf, doctorsOf, formWrong, sayWrong, some, sure, wrongOf } from './plan-parts.js';
import { isTooMany, keptOf, noQuotas, quotaFields, quotasIn } from './plan-quotas.js';
import { doctorName, isLeft, measureWords, plannedWords, saidWords, templateTitle, WEEK, weekdayWord } from './plan-words.js';

/** @typedef {import('./kinds.js').Look} Look */
/** @typedef {import('../lib/page.js').Page} Page */

/** What the words of a change by somebody else are taken from. @type {any} */
const KIND = { kind: 'template' };
/** What of a template a form can change. */
const FIELDS = ['queue', 'doctor', 'service_point', 'period', 'registration_class', 'fee_fen', 'high_demand', 'weekdays', 'from', 'until', 'start', 'end', 'slot_min', 'capacity', 'quotas', 'slots'];
/** Who sits where nobody is named: none of the ids. */
const POOL = '*';

/**
 * The form: what it began with (`start`), what stands in it (`now`), and slots that are listed one by one (none: all alike).
 * @type {{key: string, department: string, editing: any, start: any, now: any, slots: import('../components/slots.js').Slot[], isListed: boolean, wrong: Object<string, string>, busy: boolean}}
 */
const form = { key: '', department: '', editing: null, start: {}, now: {}, slots: [], isListed: false, wrong: {}, busy: false };
let round = 0;

/** @param {Look} look @param {any} [editing] */
export function freshTemplate(look, editing) {
  round += 1;
  const [start, end] = USUAL.morning;
  const begun = editing
    ? { ...editing, weekdays: editing.weekdays.slice(), doctor: editing.doctor || POOL, until: editing.until || '' }
    : { doctor: '', queue: '', service_point: '', period: 'morning', registration_class: '', fee_fen: 0, high_demand: false, weekdays: [], from: addDays(look.today, 1), until: '', start, end, slot_min: 30, capacity: 4, quotas: noQuotas() };
  Object.assign(form, {
    key: `template-${round}`, department: look.department, editing: editing || null, start: begun, now: { ...begun, weekdays: begun.weekdays.slice() }, wrong: {},
    isListed: !!editing && !editing.start, slots: editing ? (editing.slots || []).map((/** @type {any} */ slot) => ({ ...slot })) : [],
  });
}

/** Which template is being changed. */
export const editedTemplate = () => (form.editing ? form.editing.id : '');

/** Puts the keys into the form. @param {boolean} [stays] what is seen stays where it is */
export const intoForm = (stays) => requestAnimationFrame(() => requestAnimationFrame(() => {
  const first = find('.plan-form select, .plan-form input');
  if (first) first.focus({ preventScroll: !!stays });
}));

/** What stands in the form, for the sentence. @param {any} element */
function takeIn(element) {
  const f = element.elements;
  const of = (/** @type {string} */ name) => (f[name] ? f[name].value : '');
  Object.assign(form.now, {
    doctor: of('doctor'), queue: of('queue'), service_point: of('service_point'), period: of('period'), registration_class: of('registration_class').trim(),
    fee_fen: Math.round(Number(of('fee_fen')) * 100), high_demand: f.high_demand.checked, from: of('from'), until: of('until'),
  });
  if (!form.isListed) Object.assign(form.now, { start: of('start'), end: of('end') === '00:00' ? '24:00' : of('end'), slot_min: Number(of('slot_min')), capacity: Number(of('capacity')), quotas: quotasIn(f) });
}

/** What stands in the form as a template has it. */
const asTemplate = () => (form.isListed ? { ...form.now, start: null, end: null, capacity: null, quotas: noQuotas(), slots: form.slots } : { ...form.now, slots: [] });

/** A doctor's last clinic, as it was planned or made by hand: what is usually so again. @param {import('../lib/site.js').Site} site @param {string} doctor */
function lastOf(site, doctor) {
  const planned = known.plan.templates.filter((/** @type {any} */ one) => one.doctor === doctor && !one.retired).sort((/** @type {any} */ a, /** @type {any} */ b) => (a.from < b.from ? 1 : -1))[0];
  if (planned) return { ...planned, capacity: planned.capacity || (planned.slots[0] || {}).capacity };
  const made = ((site.view && site.view.sessions) || []).filter((/** @type {any} */ one) => one.doctor === doctor).sort((/** @type {any} */ a, /** @type {any} */ b) => (a.date < b.date ? 1 : -1))[0];
  return made ? { ...made, capacity: ((made.slots || [])[0] || {}).capacity } : null;
}

/** What follows from what was chosen: the last clinic of a doctor, else the queue and the class of a doctor, the usual fee of a class, the hours of a period. @param {Look} look @param {any} event */
function onInput(look, event) {
  const element = event.currentTarget;
  const f = element.elements;
  const { name } = event.target;
  let isLast = false;
  const site = /** @type {import('../lib/site.js').Site} */ (look.site);
  if (name === 'doctor') {
    const doctor = f.doctor.value === POOL ? '' : f.doctor.value;
    const queues = site.of('queues', look.department);
    const own = queues.find((queue) => (doctor ? queue.doctors.includes(doctor) : !queue.doctors.length)) || (doctor && queues.find((queue) => !queue.doctors.length));
    f.queue.value = own ? own.id : '';
    const found = site.one('doctors', doctor);
    f.registration_class.value = (found && found.registration_class) || classOfTitle(found && found.title);
    const last = doctor && !form.editing ? lastOf(site, doctor) : null;
    if (last) {
      f.registration_class.value = last.registration_class || f.registration_class.value;
      if (Array.from(f.service_point.options).some((/** @type {any} */ one) => one.value === last.service_point)) f.service_point.value = last.service_point;
      if (!form.isListed && last.capacity) f.capacity.value = String(last.capacity);
      f.fee_fen.value = String(last.fee_fen / 100);
      isLast = true;
    }
  }
  if ((name === 'doctor' && !isLast) || name === 'registration_class') {
    const same = known.plan && known.plan.templates.find((/** @type {any} */ one) => one.registration_class === f.registration_class.value);
    if (same && !form.editing) f.fee_fen.value = String(same.fee_fen / 100);
  }
  if (name === 'period' && !form.isListed && !form.editing) [f.start.value, f.end.value] = USUAL[f.period.value].map((clock) => (clock === '24:00' ? '00:00' : clock));
  takeIn(element);
  if (form.wrong[name]) delete form.wrong[name];
  look.draw();
}

/** A name for the lists of those who import and export; nobody is asked for it. @param {Look} look @param {any} one */
function nameOf(look, one) {
  const site = /** @type {import('../lib/site.js').Site} */ (look.site);
  const who = (one.doctor && site.one('doctors', one.doctor)) || site.one('queues', one.queue);
  return `${who ? who.name : ''}${t(`period.${one.period}`, null, 'zh')}`;
}

/** @param {Look} look */
function bodyOf(look) {
  const one = asTemplate();
  const doctor = one.doctor === POOL ? undefined : one.doctor;
  const stem = String((doctor || one.queue).split('.').pop());
  const { editing } = form;
  const isOwnName = !editing || editing.name === nameOf(look, editing);
  return {
    id: editing ? editing.id : newId(look.department, stem, known.plan.templates), name: isOwnName ? nameOf(look, { ...one, doctor }) : editing.name, queue: one.queue, doctor,
    service_point: one.service_point || undefined, period: one.period, registration_class: one.registration_class, fee_fen: one.fee_fen, high_demand: one.high_demand,
    weekdays: one.weekdays, from: one.from, until: one.until || undefined,
    ...(form.isListed ? { slots: form.slots.map((slot) => ({ ...slot })) } : { start: one.start, end: one.end, slot_min: one.slot_min, capacity: one.capacity, quotas: one.quotas }),
  };
}

/** What is plainly wrong before anybody is asked. @returns {Object<string, string>} */
function wrongNow() {
  if (!form.now.weekdays.length) return { weekdays: t('planning.wrong.weekdays') };
  if (!measureWords(asTemplate())) return form.isListed ? { slots: t('planning.wrong.slots') } : { end: t('planning.wrong.end') };
  if (!form.isListed && isTooMany(form.now.quotas, form.now.capacity)) return { quotas: t('planning.wrong.quotas') };
  return form.now.until && form.now.until < form.now.from ? { until: t('planning.wrong.until') } : {};
}

/** @param {Page} page @param {Look} look @param {any} element */
async function save(page, look, element) {
  if (form.busy) return;
  takeIn(element);
  form.wrong = wrongNow();
  if (Object.keys(form.wrong).length) {
    sayWrong(element, form.wrong, page.draw);
    return;
  }
  form.busy = true;
  page.draw();
  const { key } = form;
  try {
    if (form.editing && !(await mayChange(page, look))) return;
    if (!(await mayOverlap(look, form.editing))) return;
    const body = bodyOf(look);
    const planned = await sendNow(page, 'define_template', body);
    page.notify(`${t('planning.saved', { name: templateTitle(body, /** @type {any} */ (look.site)) })} ${plannedWords(planned)}`, isLeft(planned) ? 'soon' : 'good');
    // Somebody may have gone on to another one meanwhile.
    if (form.key === key) {
      freshTemplate(look);
      intoForm(true);
    }
    await readPlan(page, look.today);
  } catch (refusal) {
    if (form.key !== key) page.refuse(refusal);
    else {
      form.wrong = wrongOf(refusal, element, look.today);
      sayWrong(element, form.wrong, page.draw);
    }
  } finally {
    form.busy = false;
    page.draw();
  }
}

/** Whether it is meant, where the doctor has another clinic at that time already. @param {Look} look @param {any} editing */
async function mayOverlap(look, editing) {
  const there = overlapsOf(asTemplate(), look, editing ? editing.id : '');
  return !there.length || !!(await sure(t('planning.overlap_title', { doctor: doctorName(/** @type {any} */ (look.site), form.now.doctor) }), [t('planning.overlap_does')], t('planning.overlap_go'), some(there)));
}

/** Whether nobody has changed or ended meanwhile what is changed here, or that is to go. @param {Page} page @param {Look} look */
async function mayChange(page, look) {
  const was = form.editing;
  const plan = isOffline(page) ? null : await readPlan(page, look.today);
  if (!plan || known.error) return true;
  const now = plan.templates.find((/** @type {any} */ one) => one.id === was.id);
  if (!now || now.retired) {
    form.wrong = { form: t('planning.gone') };
    return false;
  }
  const changed = FIELDS.filter((name) => JSON.stringify(was[name] ?? null) !== JSON.stringify(now[name] ?? null)).map((name) => /** @type {any} */ ({ name, type: 'text' }));
  return !changed.length || (await askToOverwrite(KIND, look, changed));
}

/** What is mostly an oversight: patients book what stands there. @param {any} now */
const doubtsOf = (now) => [...(now.service_point ? [] : ['planning.doubt.room']), ...(now.fee_fen ? [] : ['planning.doubt.fee'])];

/** The form of a template. @param {Page} page @param {Look} look */
export function templateForm(page, look) {
  if (form.department !== look.department || !form.key) freshTemplate(look);
  const site = /** @type {import('../lib/site.js').Site} */ (look.site);
  if (!site.of('queues', look.department).length) return h('p', { class: 'empty card', key: 'no-queue' }, h('b', null, t('planning.no_queue')), t('planning.no_queue_more'));
  const { start, wrong, editing, key } = form;
  const words = (/** @type {string} */ name) => fieldWords(KIND, /** @type {any} */ ({ name, type: 'text' }), look);
  const input = (/** @type {string} */ name, /** @type {any} */ props) => fieldView({ name, words: words(name), wrong: wrong[name], key: `${name}-${key}`, ...props });
  const choice = (/** @type {string} */ name, /** @type {any[]} */ all, /** @type {any} */ more) => choiceOf({ name, words: words(name), wrong: wrong[name], key: `${name}-${key}`, value: start[name] || '', ...more }, all);
  const listed = (/** @type {any[]} */ all) => all.map((one) => ({ value: one.id, words: [one.prefix, named(one.name, one.name_en), titleWord(one.title)].filter(Boolean).join(' ') }));
  const doctors = [...listed(doctorsOf(site, look.department)), { value: POOL, words: t('planning.pool_choice') }];
  const measured = form.now.weekdays.length ? saidWords(asTemplate(), site) : '';
  const said = measured && [measured, keptOf(asTemplate())].filter(Boolean).join(' ');
  const doubts = said ? doubtsOf(form.now) : [];
  return h('form', {
    class: 'card form plan-form', key, 'data-form': 'define_template', 'data-editing': editedTemplate(),
    oninput: (/** @type {any} */ event) => onInput(look, event),
    onsubmit: (/** @type {any} */ event) => {
      event.preventDefault();
      save(page, look, event.target);
    },
  }, h('h2', null, t(editing ? 'planning.change' : 'planning.add')),
  choice('doctor', doctors, { none: t('ops.choose'), more: { required: true } }),
  choice('queue', listed(site.of('queues', look.department)), { none: t('ops.choose'), more: { required: true }, hint: t('planning.hint.queue') }),
  weekdays(page, words('weekdays')),
  h('div', { class: 'two', key: `two-1-${key}` }, choice('period', PERIODS.map((one) => ({ value: one, words: periodWord(one) })), {}),
    choice('service_point', listed(site.of('service_points', look.department)), { none: t('ops.none.service_point') })),
  form.isListed ? slotsOneByOne(page, words('slots')) : h('div', { class: 'four', key: `hours-${key}` },
    input('start', { type: 'time', required: true, value: start.start }), input('end', { type: 'time', required: true, value: start.end === '24:00' ? '00:00' : start.end }),
    input('slot_min', { type: 'number', min: '1', max: '720', required: true, value: String(start.slot_min) }),
    input('capacity', { type: 'number', min: '0', max: '100000', required: true, value: String(start.capacity) })),
  form.isListed ? null : quotaFields(key, start.quotas, wrong.quotas),
  h('div', { class: 'two', key: `two-2-${key}` },
    h('div', { key: 'class' }, input('registration_class', { required: true, maxlength: '60', list: 'planning-classes', value: start.registration_class }),
      h('datalist', { id: 'planning-classes', key: 'list' }, CLASSES.map((one) => t(`registration_class.${one}`, null, 'zh')).map((word) => h('option', { key: word, value: word })))),
    input('fee_fen', { type: 'number', min: '0', max: '1000000', step: '0.01', required: true, value: String(start.fee_fen / 100) })),
  h('div', { class: 'two', key: `two-3-${key}` }, input('from', { type: 'date', required: true, value: start.from }), input('until', { type: 'date', value: start.until, hint: t('planning.hint.until') })),
  h('label', { class: 'check', key: `high-${key}` }, h('input', { type: 'checkbox', name: 'high_demand', 'data-field': 'high_demand', checked: !!start.high_demand }), words('high_demand')),
  formWrong(wrong),
  h('div', { class: 'buttons' },
    h('p', { class: `notice${said ? '' : ' soon'}`, role: 'status', key: 'said', 'data-said': said ? 'whole' : 'not_yet' }, said || t(form.now.weekdays.length ? 'planning.wrong.end' : 'planning.said_no_days')),
    doubts.length ? h('p', { class: 'notice soon', role: 'status', key: 'doubts', 'data-doubts': String(doubts.length) }, doubts.map((one) => h('span', { key: one, class: 'doubt' }, t(one)))) : null,
    editing ? h('button', {
      type: 'button', class: 'btn', 'data-action': 'edit_cancel',
      onclick: () => {
        freshTemplate(look);
        page.draw();
      },
    }, t('cancel')) : null,
    h('button', { class: 'btn primary', 'data-action': 'define_template', disabled: isOffline(page), 'aria-busy': String(form.busy) }, t('save'))));
}

/** @param {Page} page @param {string} words */
function weekdays(page, words) {
  const wrong = form.wrong.weekdays;
  const press = (/** @type {number} */ day) => {
    const { weekdays: days } = form.now;
    form.now.weekdays = days.includes(day) ? days.filter((/** @type {number} */ one) => one !== day) : [...days, day].sort();
    delete form.wrong.weekdays;
    page.draw();
  };
  return h('fieldset', { class: `field plain${wrong ? ' wrong' : ''}`, key: `weekdays-${form.key}`, 'data-wrong': wrong ? 'weekdays' : undefined, 'data-field-of': 'weekdays' }, h('legend', null, words),
    h('div', { class: 'weekdays' }, WEEK.map((day) => h('button', {
      type: 'button', class: 'btn', key: day, 'data-weekday': day, 'aria-label': weekdayWord(day), 'aria-pressed': String(form.now.weekdays.includes(day)), onclick: () => press(day),
    }, t(`planning.day.${day}`)))),
    wrong ? h('small', { class: 'bad', role: 'alert', key: 'wrong' }, wrong) : null);
}

/** What was imported may have its slots one by one: they stay so until somebody wants them alike. @param {Page} page @param {string} words */
function slotsOneByOne(page, words) {
  const wrong = form.wrong.slots;
  const alike = () => {
    const [start, end] = USUAL[form.now.period] || USUAL.morning;
    const [first] = form.slots;
    const each = { start, end, slot_min: 30, capacity: first ? first.capacity : 4, quotas: (first && first.quotas) || noQuotas() };
    Object.assign(form, { isListed: false, start: { ...form.start, ...each } });
    Object.assign(form.now, each);
    page.draw();
  };
  return h('fieldset', { class: `field plain${wrong ? ' wrong' : ''}`, key: `slots-${form.key}`, 'data-wrong': wrong ? 'slots' : undefined, 'data-field-of': 'slots' }, h('legend', null, words),
    slotTable(form.slots, page.draw), wrong ? h('small', { class: 'bad', role: 'alert', key: 'wrong' }, wrong) : null,
    h('button', { type: 'button', class: 'btn small', key: 'alike', 'data-action': 'slots_alike', onclick: alike }, t('planning.slots_alike')));
}
