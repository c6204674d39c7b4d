// A clinic's announced delay, as the desk and the doctor read it.

import { clockOf } from '../lib/clock.js';
import { t } from '../lib/i18n.js';

/** Those of a queue's clinics that are not over by their delay. @param {any} queue @param {number} now @returns {any[]} */
export const lateOf = (queue, now) => (queue.late || []).filter((/** @type {any} */ one) => Date.parse(one.ends_at) > now);

/** By how much, and until it has begun, when it begins. @param {any} one @param {number} now */
export function lateWords(one, now) {
  const begins = Date.parse(one.begins_at) > now;
  return t(begins ? 'late.begins' : 'late.about', { n: one.delay_min, time: clockOf(one.begins_at) });
}
