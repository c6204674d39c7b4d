// The plan in words: weekdays, seasons, slots and places, who sits, what an exception does, how a session stands.

import { addDays } from '../lib/clock.js';
import { has, named, t } from '../lib/i18n.js';
import { whoseOf } from '../lib/sessions.js';
import { dateWord, periodWord, registrationWord, wordsOf } from '../lib/words.js';

/** @typedef {import('../lib/site.js').Site} Site */

/** The days of a week as the plan counts them: 1 is Monday. */
export const WEEK = [1, 2, 3, 4, 5, 6, 7];

/** @param {string} clock */
export const minutesOf = (clock) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
/** @param {number} minutes */
export const clockAt = (minutes) => `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
/** A day of the week by its whole name. @param {number} day */
export const weekdayWord = (day) => t(`weekday.${day % 7}`);

/** @param {number[]} days */
export function weekWords(days) {
  const all = days.slice().sort();
  if (all.length === 7) return t('planning.daily');
  if (all.join('') === '12345') return t('planning.workdays');
  return t('planning.every', { days: all.map((day) => t(`planning.day.${day}`)).join(t('list.comma')) });
}

/**
 * From when to when, in how many slots, with how many places; null where these are no whole slots.
 * @param {any} template @returns {{from: string, until: string, n: number, each: number|null, places: number}|null}
 */
export function measuresOf(template) {
  if (!template.start) {
    const slots = (template.slots || []).filter((/** @type {any} */ slot) => slot.start && slot.minutes > 0);
    if (!slots.length) return null;
    const last = slots[slots.length - 1];
    return { from: slots[0].start, until: clockAt(minutesOf(last.start) + last.minutes), n: slots.length, each: null, places: slots.reduce((/** @type {number} */ n, /** @type {any} */ slot) => n + slot.capacity, 0) };
  }
  const length = minutesOf(template.end || '') - minutesOf(template.start);
  const n = length / template.slot_min;
  if (!(length > 0) || !(n >= 1) || n % 1 || !Number.isInteger(template.capacity)) return null;
  return { from: template.start, until: template.end, n, each: template.capacity, places: n * template.capacity };
}

/** What a template comes to. @param {any} template @param {string} [key] */
export function measureWords(template, key) {
  const found = measuresOf(template);
  if (!found) return '';
  const stem = key || 'planning.measure';
  return t(found.each === null ? `${stem}_listed` : stem, { days: weekWords(template.weekdays), hours: `${found.from}–${found.until}`, n: found.n, each: found.each, places: found.places });
}

/** The same before it is saved, with all that a patient will read of it. @param {any} template @param {Site} site */
export function saidWords(template, site) {
  const found = measuresOf(template);
  if (!found) return '';
  const room = site.one('service_points', template.service_point);
  const what = [registrationWord(template.registration_class), feeWords(template.fee_fen)].filter(Boolean).join(' ');
  const slots = t(found.each === null ? 'planning.said_slots_listed' : 'planning.said_slots', { n: found.n, each: found.each, places: found.places });
  return [`${weekWords(template.weekdays)} ${found.from}–${found.until}`, room && named(room.name, room.name_en), what, slots].filter(Boolean).join(t('planning.comma'));
}

/** A day, with the year where it is not this one. @param {string} date @param {string} today */
export const dayWords = (date, today) => dateWord(date, date.slice(0, 4) === today.slice(0, 4) ? 'date.long' : 'planning.date_of_year');

/** @param {string} from @param {string} to @param {string} today */
export function daysWords(from, to, today) {
  if (from === to) return dayWords(from, today);
  const n = Math.round((Date.parse(to) - Date.parse(from)) / 86400000) + 1;
  return t('planning.days', { from: dayWords(from, today), to: dayWords(to, today), n });
}

/** @param {any} template @param {string} today */
export function seasonWords(template, today) {
  const begins = template.from > today ? dayWords(template.from, today) : '';
  if (!template.until) return begins ? t('planning.season_from', { from: begins }) : t('planning.season_open');
  if (template.until < today) return t('planning.season_over', { until: dayWords(template.until, today) });
  return begins ? t('planning.season', { from: begins, until: dayWords(template.until, today) }) : t('planning.season_until', { until: dayWords(template.until, today) });
}

/** @param {Site} site @param {string|null|undefined} id */
export function doctorName(site, id) {
  const doctor = id ? site.one('doctors', id) : null;
  return doctor ? named(doctor.name, doctor.name_en) : id ? String(id.split('.').pop()) : '';
}

/** Whose template or session it is. @param {any} one @param {Site} site */
export const whose = (one, site) => whoseOf(one, site) || (one.doctor ? doctorName(site, one.doctor) : t('planning.pool'));

/** @param {any} template @param {Site} site */
export const templateTitle = (template, site) => [whose(template, site), periodWord(template.period), registrationWord(template.registration_class)].filter(Boolean).join(' · ');

/** @param {number} fen */
export const feeWords = (fen) => (fen ? t('planning.fee', { yuan: fen % 100 ? (fen / 100).toFixed(2) : fen / 100 }) : t('planning.free'));

/** What kind of exception it is. @param {any} one */
export function kindOf(one) {
  if (one.does.substitute) return 'substitute';
  if (one.does.open) return 'moved';
  return one.doctor || one.template ? 'away' : 'holiday';
}

/** Whom or what an exception concerns. @param {any} one @param {Site} site @param {any[]} templates */
function concerned(one, site, templates) {
  const template = templates.find((other) => other.id === one.template);
  if (template) return `${templateTitle(template, site)} ${weekWords(template.weekdays)}`;
  return one.doctor ? doctorName(site, one.doctor) : t('planning.all_department');
}

/** @param {any} one an exception @param {Site} site @param {any[]} templates */
export function exceptionWords(one, site, templates) {
  const who = concerned(one, site, templates);
  if (one.does.substitute) return t('planning.said.substitute', { who, substitute: doctorName(site, one.does.substitute.doctor) });
  if (one.does.closed) return t('planning.said.closed', { who, reason: one.does.closed.reason });
  return one.does.open.as_weekday ? t('planning.said.moved_as', { who, day: weekdayWord(one.does.open.as_weekday) }) : t('planning.said.moved', { who });
}

/** The template of a session of the plan, and its day, by its id. @param {string} session @returns {{template: string, date: string}} */
export function partsOf(session) {
  const found = /^(.*)-d(\d{4})(\d\d)(\d\d)$/.exec(session);
  return found ? { template: found[1], date: `${found[2]}-${found[3]}-${found[4]}` } : { template: session, date: '' };
}

/** A session by its day and whose it is. @param {string} session @param {Site} site @param {any[]} templates @param {string} today */
export function sessionWords(session, site, templates, today) {
  const { template, date } = partsOf(session);
  const found = templates.find((one) => one.id === template);
  return [date ? dayWords(date, today) : '', found ? `${whose(found, site)} ${periodWord(found.period)}` : date ? '' : session].filter(Boolean).join(' ');
}

/** What a change has come to. @param {any} planned as the command answers */
export function plannedWords(planned) {
  const count = (/** @type {string} */ what) => (Array.isArray(planned[what]) ? planned[what].length : planned[what]);
  const said = ['made', 'changed', 'gone', 'refused', 'to_go', 'to_settle'].filter((what) => count(what)).map((what) => t(`planning.planned.${what}`, { n: count(what) }));
  if (planned.more) said.push(t('planning.planned.more'));
  return said.length ? said.join(t('planning.semicolon')) : t('planning.planned.nothing');
}

/** Whether what was carried out asks somebody to do something. @param {any} planned */
export const isLeft = (planned) => !!(planned && (planned.refused || (planned.to_go || []).length || (planned.to_settle || []).length));

/** When a session can be booked. @param {any} session @param {number} now UTC milliseconds @param {string} today */
export function releaseWords(session, now, today) {
  const at = session.released_at;
  if (!at || Date.parse(at) <= now) return t('planning.released');
  return t('planning.released_at', { when: `${dayWords(at.slice(0, 10), today)} ${at.slice(11, 16)}` });
}

/** Why the clinic refused a session of the plan. @param {string} code */
export const whyWords = (code) => t('planning.standing.refused_why', { why: wordsOf({ code }) });

/** Who has to be asked or told before a session can go. @param {any} session @param {Site} site */
export function todoWords(session, site) {
  const key = `planning.todo.${session.standing}`;
  return has(key) ? t(key, { n: session.taken, doctor: doctorName(site, session.doctor), expected: doctorName(site, session.expected_doctor) || t('planning.pool') }) : '';
}

/** The days that a page shows, whole weeks from a Monday on. @param {string} from @param {number} n */
export const daysFrom = (from, n) => Array.from({ length: n }, (_, i) => addDays(from, i));
