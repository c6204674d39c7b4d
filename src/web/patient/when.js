// When somebody who waits is called, as far as it is known: their own slot, when the clinic is to begin, or that nothing can be
// said yet.

import { clockOf } from '../lib/clock.js';
import { t } from '../lib/i18n.js';
import { prefix } from '../lib/site.js';

/** When the clinic that a ticket waits for is to begin, with what was announced; null once that has come, or where it is not known.
 * @param {import('./model.js').Model} model @param {any} ticket @param {any} a its appointment, or a ticket of none */
function beginsAt(model, ticket, a) {
  const { clock } = model.page.protocol;
  const now = clock.now();
  const isOfIt = (/** @type {any} */ session) => (a.session ? session.session === a.session : session.queue === ticket.queue);
  const sessions = model.site(prefix(ticket.ticket, 1)).sessions(prefix(ticket.ticket, 2), model.dateOf(a)).filter((session) => session.open !== false && session.slots.length && isOfIt(session));
  const goesOn = sessions.filter(({ slots }) => Date.parse(slots[slots.length - 1].end) > now).map(({ slots }) => slots[0].start).sort();
  if (!goesOn.length) return null;
  const at = Date.parse(goesOn[0]) + (ticket.delay_min || 0) * 60000;
  return at > now ? clock.wallAt(at, goesOn[0]).clock : null;
}

/** @param {import('./model.js').Model} model @param {any} ticket @param {any} a @param {boolean} isForeseen its range of the wait is shown */
export function whenWords(model, ticket, a, isForeseen) {
  const words = [];
  if (a.appointment && a.slot_start && a.slot_end) words.push(t('patient.own_slot', { from: clockOf(a.slot_start), to: clockOf(a.slot_end) }));
  const begins = isForeseen ? null : beginsAt(model, ticket, a);
  if (begins) words.push(t(ticket.delay_min ? 'patient.begins_about' : 'patient.begins', { time: begins }));
  else if (!isForeseen) words.push(t('patient.no_estimate'));
  return words.join(' · ');
}
