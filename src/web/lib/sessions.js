// What is said of a session wherever sessions are listed: when it is, whose it is, how many places are taken.

import { clockOf } from './clock.js';
import { named } from './i18n.js';

/** From when to when a session is. @param {any} session */
export function hoursOf(session) {
  const slots = session.slots || [];
  return slots.length ? `${clockOf(slots[0].start)}–${clockOf(slots[slots.length - 1].end)}` : '';
}

/** @param {any} session @returns {{places: number, taken: number}} */
export function placesOf(session) {
  let [places, free] = [0, 0];
  (session.slots || []).forEach((/** @type {any} */ slot) => {
    places += slot.capacity;
    free += slot.free;
  });
  return { places, taken: places - free };
}

/** Its doctor's name, or its queue's; nothing of what is not known. @param {any} session @param {import('./site.js').Site|null} site */
export function whoseOf(session, site) {
  const one = site && ((session.doctor && site.one('doctors', session.doctor)) || site.one('queues', session.queue));
  return one ? named(one.name, one.name_en) : '';
}
