// The rules of a department that differ between hospitals, as fields. What is left empty keeps the default; ranges and
// defaults are the domain's (a test compares them). What a value means and whether it fits is the department's to say.

import { h } from '../lib/dom.js';
import { has, t } from '../lib/i18n.js';
import { spelt } from '../i18n/pinyin.js';

/**
 * Figures: where in the settings, the default (null: none), the least and the most (null: as many as one likes).
 * @type {[string, number|null, number, number|null][]}
 */
const FIGURES = [
  ['queue.door_cap', 2, 0, null],
  ['queue.senior_age', 80, 0, null],
  ['queue.limit_factor', 3, 1, null],
  ['booking.hold_ttl_s', 600, 10, 86400],
  ['booking.check_in_opens_min', 60, 0, 1440],
  ['booking.cancel_until_min', 1020, 0, 1439],
  ['booking.late_booking_undo_min', 30, 0, 1440],
  ['booking.visit_days', 3, 0, 30],
  ['booking.no_show_grace_min', null, 0, 1440],
  ['booking.limits.per_day', 3, 1, 20],
  ['booking.limits.no_shows', 3, 1, 20],
  ['booking.limits.no_show_days', 90, 1, 366],
  ['calling.missed_after_calls', 2, 1, 10],
  ['calling.missed_after_s', 90, 0, 3600],
  ['calling.missed_stands', 3, 1, 20],
];
/** Minutes after midnight that are shown as a time of day. */
const CLOCKS = ['booking.cancel_until_min'];
/** How somebody who comes back is put in, and one per how many by default. @type {[string, number][]} */
const INSERTIONS = [['queue.returning', 2], ['queue.missed', 3], ['queue.late', 3]];
const WAYS = ['one_per', 'end_of_slot', 'end_of_period', 'as_ordinary'];
const ORDINARY = ['by_slot', 'by_check_in', 'equal_by_check_in', 'ratio'];
const SEVERAL = ['own_first', 'in_turn', 'by_waiting_time'];
/** @type {[string, boolean][]} */
const SWITCHES = [['booking.number_at_booking', true], ['queue.appointments_first', false]];
const GROUPS = ['queue', 'booking', 'calling'];
const TREATMENTS = ['moved_up', 'one_per', 'always_first'];
/** The classes of a department that has not said otherwise. */
const CLASSES = ['military', 'disabled', 'late_pregnancy', 'senior'];

/** Priority classes as the form shows them now, and of which form they are. @type {{of: string, rows: any[]}} */
let classes = { of: '', rows: [] };

/** @param {any} settings @param {string} path */
const at = (settings, path) => path.split('.').reduce((part, name) => (part === null || part === undefined ? part : part[name]), settings);

/** @param {any} settings @param {string} path @param {any} value */
function put(settings, path, value) {
  const names = path.split('.');
  const last = /** @type {string} */ (names.pop());
  names.reduce((part, name) => {
    part[name] = part[name] || {};
    return part[name];
  }, settings)[last] = value;
}

/** A rule's name and its figure: `one_per`, 2. @param {any} rule @returns {[string, any]} */
const split = (rule) => (rule && typeof rule === 'object' ? /** @type {[string, any]} */ (Object.entries(rule)[0]) : [rule, null]);

/** @param {number} minutes */
const clock = (minutes) => `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

/** What is allowed, and what holds when nothing is said. @param {[string, number|null, number, number|null]} figure */
function range([path, usual, least, most]) {
  if (CLOCKS.includes(path)) return t('ops.rule_usual', { usual: clock(usual || 0) });
  const bounds = most === null ? t('ops.rule_from', { least }) : t('ops.rule_range', { least, most });
  return usual === null ? bounds : `${bounds} · ${t('ops.rule_usual', { usual })}`;
}

/** @param {string} name @param {string} words @param {any} control @param {string} [hint] @param {string} [wrong] */
function field(name, words, control, hint, wrong) {
  return h('label', { class: `field${wrong ? ' wrong' : ''}`, key: name, 'data-wrong': wrong ? `settings.${name}` : undefined }, h('span', null, words), control,
    wrong ? h('small', { class: 'bad', role: 'alert', key: 'wrong' }, wrong) : null, hint ? h('small', { key: 'hint' }, hint) : null);
}

/** @param {[string, number|null, number, number|null]} figure @param {any} settings @param {Object<string, string>} wrong */
function figureField(figure, settings, wrong) {
  const [path, usual, least, most] = figure;
  const is = at(settings, path);
  const value = is === undefined || is === null || is === usual ? '' : is;
  const isClock = CLOCKS.includes(path);
  return field(path, t(`ops.rule.${path}`), h('input', {
    class: 'input', name: path, 'data-rule': path, autocomplete: 'off', type: isClock ? 'time' : 'number', min: isClock ? undefined : String(least),
    max: most === null || isClock ? undefined : String(most), placeholder: usual === null ? '' : String(usual), value: isClock && value !== '' ? clock(value) : String(value),
  }), range(figure), wrong[`settings.${path}`]);
}

/**
 * A choice; the figures beside it are only there for the value that has any.
 * @param {string} name @param {string[]} values @param {string} chosen @param {string} words where their words begin @param {string} [withFigures]
 */
function select(name, values, chosen, words, withFigures) {
  const onchange = (/** @type {any} */ event) => {
    for (const figure of event.target.parentNode.querySelectorAll('.short')) figure.hidden = event.target.value !== withFigures;
  };
  return h('select', { class: 'input', name, 'data-rule': name, onchange: withFigures ? onchange : undefined }, values.map((value) => h('option', { key: value, value, selected: value === chosen }, t(`${words}.${value}`))));
}

/** @param {string} name @param {any} value @param {boolean} isThere @param {string} words */
const small = (name, value, isThere, words) => h('input', { class: 'input short', name, 'data-rule': name, type: 'number', min: '1', 'aria-label': words, title: words, value: String(value), hidden: !isThere });

/** @param {any} settings @param {Object<string, string>} wrong */
function lines(settings, wrong) {
  const ordinary = split(at(settings, 'queue.ordinary') || 'by_slot');
  const ratio = ordinary[1] || { appointments: 3, walk_ins: 1 };
  return [
    INSERTIONS.map(([path, usual]) => {
      const [way, n] = split(at(settings, path) || { one_per: usual });
      return field(path, t(`ops.rule.${path}`), h('span', { class: 'pick' }, select(path, WAYS, way, 'ops.way', 'one_per'), small(`${path}.n`, n || usual, way === 'one_per', t('ops.rule_n'))), '', wrong[`settings.${path}`]);
    }),
    field('queue.ordinary', t('ops.rule.queue.ordinary'), h('span', { class: 'pick' }, select('queue.ordinary', ORDINARY, ordinary[0], 'ops.ordinary', 'ratio'),
      small('queue.ordinary.a', ratio.appointments, !!ordinary[1], t('ops.rule_appointments')), small('queue.ordinary.w', ratio.walk_ins, !!ordinary[1], t('ops.rule_walk_ins'))), '', wrong['settings.queue.ordinary']),
    field('queue.several_queues', t('ops.rule.queue.several_queues'), select('queue.several_queues', SEVERAL, at(settings, 'queue.several_queues') || 'own_first', 'ops.several')),
  ];
}

/** @param {any} settings @param {string} group */
function switches(settings, group) {
  return SWITCHES.filter(([path]) => path.startsWith(group)).map(([path, usual]) => {
    const is = at(settings, path);
    return h('label', { class: 'check', key: path }, h('input', { type: 'checkbox', name: path, 'data-rule': path, checked: is === undefined ? usual : is }), t(`ops.rule.${path}`));
  });
}

/** @param {any} settings @param {string} of @param {() => void} draw @param {string} [wrong] */
function classTable(settings, of, draw, wrong) {
  if (classes.of !== of) {
    const usual = CLASSES.map((name) => ({ name, zh: t(`ops.usual_class.${name}`, null, 'zh'), en: t(`ops.usual_class.${name}`, null, 'en'), treatment: { moved_up: 3 } }));
    const is = at(settings, 'queue.classes') || usual;
    classes = { of, rows: is.map((/** @type {any} */ one) => ({ name: one.name, zh: one.zh, en: one.en, way: split(one.treatment)[0], n: split(one.treatment)[1] || 3 })) };
  }
  const { rows } = classes;
  const text = (/** @type {any} */ row, /** @type {string} */ name) => h('input', {
    class: 'input', 'data-class': name, 'aria-label': t(`ops.class.${name}`), maxlength: '60', required: true, value: row[name],
    oninput: (/** @type {any} */ event) => Object.assign(row, { [name]: event.target.value }),
  });
  return h('div', { class: `field${wrong ? ' wrong' : ''}`, key: 'classes' }, h('span', null, t('ops.rule.queue.classes')),
    wrong ? h('small', { class: 'bad', role: 'alert', key: 'wrong' }, wrong) : null,
    h('ul', { class: 'classes', key: 'rows' }, rows.map((row, n) => h('li', { key: n }, text(row, 'zh'), text(row, 'en'),
      h('select', { class: 'input', 'aria-label': t('ops.class.way'), 'data-class': 'way', onchange: (/** @type {any} */ event) => Object.assign(row, { way: event.target.value }) },
        TREATMENTS.map((way) => h('option', { key: way, value: way, selected: way === row.way }, t(`ops.treatment.${way}`)))),
      h('input', { class: 'input short', type: 'number', min: '1', 'data-class': 'n', 'aria-label': t('ops.rule_n'), value: String(row.n), oninput: (/** @type {any} */ event) => Object.assign(row, { n: Number(event.target.value) }) }),
      h('button', {
        type: 'button', class: 'btn quiet small', 'data-action': 'class_out', 'aria-label': t('ops.class.out_of', { name: row.zh }),
        onclick: () => {
          rows.splice(n, 1);
          draw();
        },
      }, t('ops.class.out'))))),
    h('button', {
      type: 'button', class: 'btn small', key: 'add', 'data-action': 'class_add',
      onclick: () => {
        rows.push({ name: '', zh: '', en: '', way: 'moved_up', n: 3 });
        draw();
      },
    }, t('ops.class.add')),
    h('small', { key: 'hint' }, t('ops.class.hint')));
}

/**
 * @param {any} settings of the department that is changed; undefined: of a new one @param {string} of which form it is
 * @param {Object<string, string>} wrong what is wrong, by field from `settings.` on @param {() => void} draw
 */
export function rulesView(settings, of, wrong, draw) {
  const isWrong = (/** @type {string} */ group) => Object.keys(wrong).some((name) => name.startsWith(`settings.${group}`));
  return h('div', { class: 'rules', key: 'rules' }, h('span', { class: 'label' }, t('ops.rules')), h('p', { class: 'muted' }, t('ops.rules_more')),
    GROUPS.map((group) => h('details', { key: group, 'data-rules': group, ...(isWrong(group) ? { open: true } : {}) }, h('summary', null, t(`ops.rules.${group}`)),
      h('div', { class: 'form' },
        group === 'queue' ? lines(settings, wrong) : null,
        h('div', { class: 'two', key: 'figures' }, FIGURES.filter(([path]) => path.startsWith(group)).map((figure) => figureField(figure, settings, wrong))),
        switches(settings, group),
        group === 'queue' ? classTable(settings, of, draw, wrong['settings.queue.classes']) : null))));
}

/** What was filled in, as the command's `settings`. @param {any} form */
export function rulesOf(form) {
  /** @type {any} */
  const settings = {};
  const value = (/** @type {string} */ name) => form.elements[name].value.trim();
  for (const [path] of FIGURES) {
    const text = value(path);
    if (text !== '') put(settings, path, CLOCKS.includes(path) ? Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5)) : Number(text));
  }
  for (const [path] of SWITCHES) put(settings, path, form.elements[path].checked);
  for (const [path] of INSERTIONS) put(settings, path, value(path) === 'one_per' ? { one_per: Number(value(`${path}.n`)) } : value(path));
  const ordinary = value('queue.ordinary');
  put(settings, 'queue.ordinary', ordinary === 'ratio' ? { ratio: { appointments: Number(value('queue.ordinary.a')), walk_ins: Number(value('queue.ordinary.w')) } } : ordinary);
  put(settings, 'queue.several_queues', value('queue.several_queues'));
  put(settings, 'queue.classes', classes.rows.map((row) => ({
    name: row.name || spelt(row.zh, 'class') || spelt(row.en, 'class'), zh: row.zh.trim(), en: row.en.trim(), treatment: row.way === 'always_first' ? row.way : { [row.way]: row.n },
  })));
  return settings;
}

/** Forgets what was changed in the table of classes and not saved. */
export function forgetRules() {
  classes = { of: '', rows: [] };
}

/** The words for a rule by its place in the settings. @param {string} name from `settings.` on */
export function ruleWord(name) {
  const key = `ops.rule.${name.replace(/^settings\./, '')}`;
  return has(key) ? t(key) : name;
}
