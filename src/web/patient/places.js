// Places as the phone offers them, when somebody books and in place of a clinic that does not take place.

import { named, t } from '../lib/i18n.js';
import { isFree as isFreeFor } from '../lib/places.js';

/** How many places of a slot a phone can still have. @param {any} slot @returns {number} */
export const leftOf = (slot) => slot.free_for.online;

/** Whether a slot's place can be had. @param {any} slot @param {number} now server time */
export const isFree = (slot, now) => isFreeFor(slot, now, 'online');

/** Whose session it is: the doctor's, else the queue's. @param {import('../lib/site.js').Site} site @param {any} session */
export function whose(site, session) {
  const doctor = session.doctor && site.one('doctors', session.doctor);
  const queue = site.one('queues', session.queue);
  return doctor ? named(doctor.name, doctor.name_en) : queue ? named(queue.name, queue.name_en) : t('patient.pool');
}
