// What a session is made of: its period cut into equal slots, their table where each can be another, the class that goes
// with a doctor's title.

import '../i18n/slots.js';
import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';

/** @typedef {{start: string, minutes: number, capacity: number, quotas?: {online: number, desk: number, referral: number}}} Slot */

/** From when to when a period is usually open. @type {Object<string, [string, string]>} */
export const USUAL = { morning: ['08:00', '12:00'], afternoon: ['14:00', '17:30'], evening: ['18:00', '20:30'], night: ['20:30', '24:00'], day: ['08:00', '17:00'] };

/** The periods of a day. */
export const PERIODS = Object.keys(USUAL);
/** Titles whose patients register in a class of their own. */
const RANKS = ['chief', 'associate'];
/** The usual classes. */
export const CLASSES = ['ordinary', 'associate', 'chief', 'special'];

/** The registration class that a doctor's title usually means. @param {string|null|undefined} title */
export function classOfTitle(title) {
  const rank = RANKS.find((one) => t(`doctor_title.${one}`, null, 'zh') === title);
  return t(`registration_class.${rank || 'ordinary'}`, null, 'zh');
}

/** @param {string} clock */
const minutesOf = (clock) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
/** @param {number} minutes */
const clockOf = (minutes) => `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

/**
 * Equal slots from one time to another; what is left at the end and is shorter than a slot is one too. `00:00` at the end
 * is midnight; of any other end that is not after the beginning there are no slots.
 * @param {string} from @param {string} until @param {number} minutes @param {number} capacity @returns {Slot[]}
 */
export function slotsBetween(from, until, minutes, capacity) {
  const end = until === '00:00' ? 24 * 60 : minutesOf(until);
  /** @type {Slot[]} */
  const slots = [];
  if (minutes < 1) return slots;
  for (let at = minutesOf(from); at < end; at += minutes) slots.push({ start: clockOf(at), minutes: Math.min(minutes, end - at), capacity });
  return slots;
}

/**
 * The fields of a period: from, until, minutes of a slot, places of a slot. @param {{from: string, until: string, minutes?: number, capacity?: number, key?: string}} o
 */
export function periodFields(o) {
  const field = (/** @type {string} */ name, /** @type {any} */ props) => h('label', { class: 'field', key: name }, h('span', null, t(`slots.${name}`)),
    h('input', { class: 'input', name, 'data-field': name, required: true, ...props }));
  return h('div', { class: 'four', key: o.key || 'period' },
    field('from', { type: 'time', value: o.from }),
    field('until', { type: 'time', value: o.until === '24:00' ? '00:00' : o.until }),
    field('slot_minutes', { type: 'number', min: '1', max: '720', value: String(o.minutes || 30) }),
    field('places', { type: 'number', min: '0', max: '100000', value: String(o.capacity === undefined ? 6 : o.capacity) }));
}

/** What was filled into [`periodFields`]. @param {any} elements of the form @returns {Slot[]} */
export function periodSlots(elements) {
  return slotsBetween(elements.from.value, elements.until.value, Number(elements.slot_minutes.value), Number(elements.places.value));
}

/** What a period comes to, before it is saved; or that it is none. @param {Slot[]} slots */
export function periodSaid(slots) {
  const last = slots[slots.length - 1];
  const ok = !!last && !!last.start && last.minutes > 0;
  const places = slots.reduce((n, slot) => n + slot.capacity, 0);
  return h('p', { class: `notice${ok ? '' : ' alarm'}`, role: 'status', key: 'said', 'data-slots': String(slots.length) },
    ok ? t('slots.said', { n: slots.length, places, until: clockOf(minutesOf(last.start) + last.minutes) }) : t('desk.wrong.slots'));
}

/**
 * The table of slots: each a row that can be changed or taken out. Changes `rows` in place.
 * @param {Slot[]} rows @param {() => void} draw
 */
export function slotTable(rows, draw) {
  const input = (/** @type {Slot} */ row, /** @type {'start'|'minutes'|'capacity'} */ name, /** @type {any} */ props) => h('td', { key: name }, h('input', {
    class: 'input', 'aria-label': t(`slots.${name}`), 'data-slot': name, required: true, value: String(row[name]), ...props,
    oninput: (/** @type {any} */ event) => Object.assign(row, { [name]: name === 'start' ? event.target.value : Number(event.target.value) }),
  }));
  const add = () => {
    const last = rows[rows.length - 1];
    rows.push(last ? { ...last, start: clockOf(Math.min(minutesOf(last.start) + last.minutes, 24 * 60 - 1)) } : { start: '08:00', minutes: 30, capacity: 6 });
    draw();
  };
  return h('div', { class: 'slots', key: 'table' },
    rows.length
      ? h('table', null, h('thead', null, h('tr', null, ['start', 'minutes', 'capacity'].map((head) => h('th', { scope: 'col', key: head }, t(`slots.${head}`))), h('td', { key: 'end' }))),
        h('tbody', null, rows.map((row, n) => h('tr', { key: n },
          input(row, 'start', { type: 'time' }), input(row, 'minutes', { type: 'number', min: '1', max: '720' }), input(row, 'capacity', { type: 'number', min: '0', max: '100000' }),
          h('td', { key: 'out' }, h('button', {
            type: 'button', class: 'btn quiet small', 'data-action': 'slot_out', 'aria-label': t('slots.out_of', { start: row.start }),
            onclick: () => {
              rows.splice(n, 1);
              draw();
            },
          }, t('slots.out')))))))
      : h('p', { class: 'muted', key: 'none' }, t('slots.none')),
    h('button', { type: 'button', class: 'btn small', key: 'add', 'data-action': 'slot_add', onclick: add }, t('slots.add')));
}
