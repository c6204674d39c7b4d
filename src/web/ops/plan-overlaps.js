// Other clinics of a doctor at the time of one that is planned: of the plan, and those that were made by hand for one day.

import { clockOf, weekdayOf } from '../lib/clock.js';
import { t } from '../lib/i18n.js';
import { known } from './plan-data.js';
import { dayWords, measuresOf } from './plan-words.js';

/** @typedef {import('./kinds.js').Look} Look */

/** From when to when a session of the site's is, by its wall clock. @param {any} session */
function hours(session) {
  const slots = session.slots || [];
  return slots.length ? { start: clockOf(slots[0].start), end: clockOf(slots[slots.length - 1].end) } : { start: '', end: '' };
}

/** All sessions that are known, each once. @param {Look} look @returns {{id: string, template: string, doctor: string, date: string, start: string, end: string}[]} */
function sessions(look) {
  const planned = known.plan.days.flatMap((/** @type {any} */ day) => day.sessions.filter((/** @type {any} */ one) => one.start && !['closed', 'refused'].includes(one.standing)).map((/** @type {any} */ one) => ({ ...one, id: one.session, date: day.date })));
  const site = /** @type {import('../lib/site.js').Site} */ (look.site);
  const made = ((site.view && site.view.sessions) || []).filter((/** @type {any} */ one) => one.open !== false && !planned.some((/** @type {any} */ other) => other.id === one.session))
    .map((/** @type {any} */ one) => ({ ...one, id: one.session, template: '', ...hours(one) }));
  return [...planned, ...made];
}

/** A session that overlaps another one, by its hours: its id is nobody's business. @param {string} id @param {Look} look */
export function hoursOfOther(id, look) {
  const found = sessions(look).find((one) => one.id === id);
  return found && found.start ? `${found.start}–${found.end}` : t('planning.overlap_other');
}

/** @param {any} template as it would be saved @param {Look} look @param {string} own the id of the one that is changed @returns {string[]} in words, by day */
export function overlapsOf(template, look, own) {
  const found = measuresOf(template);
  if (!found) return [];
  const isOn = (/** @type {string} */ date) => date > look.today && date >= template.from && (!template.until || date <= template.until) && template.weekdays.includes(weekdayOf(date) || 7);
  return sessions(look).filter((one) => one.doctor === template.doctor && (!own || !one.id.startsWith(`${own}-d`)) && isOn(one.date) && one.start < found.until && found.from < one.end)
    .sort((a, b) => (`${a.date} ${a.start}` < `${b.date} ${b.start}` ? -1 : 1)).map((one) => t('planning.overlap_one', { day: dayWords(one.date, look.today), hours: `${one.start}–${one.end}` }));
}
