// Words for what the engine says in codes: refusals, ticket states, classes, lines. Chromium 70 syntax: screens use it.

import { clockOf, offsetOf, secondsOfAny, wall, weekdayOf } from './clock.js';
import { has, language, named, t } from './i18n.js';

/** An amount as people write it. @param {number} fen */
export const yuan = (fen) => (fen / 100).toFixed(2);

/**
 * What a refusal means for the person: what happened and, where the door said it, what would be possible now.
 * @param {any} refusal @param {string} [command] what was asked for, where that makes other words
 */
export function wordsOf(refusal, command) {
  const code = (refusal && refusal.code) || 'internal';
  if (isAnotherOrigin(refusal)) return originWords(refusal.validNow);
  const own = `error.${command}.${code}`;
  const key = has(own) ? own : `error.${code}`;
  const title = has(key) ? '' : (refusal && (refusal.title || refusal.detail)) || '';
  let text = title || t(has(key) ? key : 'error.internal', { code });
  const valid = (refusal && refusal.validNow) || {};
  const from = `${key}.from`;
  const isOfItsOwn = !!valid.what && has(`${key}.${valid.what}`);
  if (valid.not_before && has(from)) text = t(from, { date: dateWord(valid.not_before), time: clockOf(valid.not_before) });
  else if (isOfItsOwn) text = t(`${key}.${valid.what}`);
  else if (valid.due_fen && has(`${key}.due`)) text = t(`${key}.due`, { yuan: yuan(valid.due_fen) });
  else if (valid.not_before) text += t('error.not_before', { time: secondsOfAny(valid.not_before) });
  // What the door adds in words is English.
  if (language() === 'en' && !isOfItsOwn && (code === 'invalid_field' || code === 'malformed') && refusal.detail) text += t('error.detail', { detail: refusal.detail });
  if (title) text += t('error.code', { code });
  return text;
}

/** The page was opened under another address than the house's own: nothing can be done here, by anybody. @param {any} refusal */
const isAnotherOrigin = (refusal) => !!refusal && refusal.code === 'forbidden' && refusal.detail === 'another origin';

/** @param {any} valid the house's own address as `origin`, where the door says it */
function originWords(valid) {
  const here = location.origin;
  return valid.origin ? t('error.another_origin.at', { here, origin: valid.origin }) : t('error.another_origin', { here });
}

/**
 * A day in words; in English with its month's name: figures are read in two orders.
 * @param {string} date `YYYY-MM-DD`, or a time on the wire @param {string} [key] another form
 */
export function dateWord(date, key) {
  const weekday = t(`weekday.${weekdayOf(date.slice(0, 10))}`);
  return t(key || 'date.short', { year: date.slice(0, 4), month: t(`month.${Number(date.slice(5, 7))}`), day: Number(date.slice(8, 10)), weekday });
}

/** A day with its weekday, and the time of its wall clock. @param {string} time on the wire */
export const dayAndClock = (time) => `${dateWord(time, 'date.long')} ${clockOf(time)}`;

/**
 * When something was by the clock of this machine or the house's, with the date where that is not today's.
 * @param {string} time as on the wire
 */
export function whenWord(time) {
  const today = wall(Date.now(), offsetOf(time) || 0).date;
  return time.slice(0, 10) === today ? clockOf(time) : `${dateWord(time)} ${clockOf(time)}`;
}

/** @param {string} prefix @param {string|null|undefined} value */
function wordFor(prefix, value) {
  if (!value) return '';
  return has(`${prefix}.${value}`) ? t(`${prefix}.${value}`) : value;
}

/** @param {string} state */
export const stateWord = (state) => wordFor('state', state);
/** A ticket's state; of one that has ended, how. @param {any} ticket */
export const standingWord = (ticket) => (ticket.state === 'ended' && ticket.ended ? wordFor('ended', ticket.ended) : stateWord(ticket.state));
/** Why a doctor's work could not begin. @param {string} value */
export const reasonWord = (value) => wordFor('work_refused', (value || '').replace(/ /g, '_'));
/** A priority class, as its department calls it. @param {string|null|undefined} value @param {any[]} classes of the department */
export function classWord(value, classes) {
  const own = classes.find((one) => one.name === value);
  return own ? named(own.zh, own.en) : wordFor('class', value);
}
/** @param {string} value */
export const lineWord = (value) => wordFor('line', value);
/** What was done with a ticket. @param {any} step @param {any} ticket */
export const stepWord = (step, ticket) => wordFor('step', step.what === 'registered' && ticket.addition ? 'added' : step.what);
/** @param {string} value */
export const periodWord = (value) => wordFor('period', value);
/** @param {string} value */
export const sexWord = (value) => wordFor('sex', value);

/** What doctors' titles are called. */
const TITLES = ['chief', 'associate', 'attending', 'resident'];
/** The usual registration classes. */
const CLASSES = ['ordinary', 'associate', 'chief', 'special'];

/** A Chinese word that is one of ours, in the language in use. @param {string} prefix @param {string[]} all @param {string|null|undefined} word @param {string} [lang] @param {string} [said] as something else */
function ownWord(prefix, all, word, lang, said) {
  const known = all.find((one) => t(`${prefix}.${one}`, null, 'zh') === word);
  return known ? t(`${said || prefix}.${known}`, null, lang) : word || '';
}

/** A doctor's title. @param {string|null|undefined} title @param {string} [lang] another language than the one in use */
export const titleWord = (title, lang) => ownWord('doctor_title', TITLES, title, lang);
/** A registration class. @param {string|null|undefined} value */
export const registrationWord = (value) => ownWord('registration_class', CLASSES, value);
/** The same beside a doctor's title, which has the same words: as what is booked. @param {string|null|undefined} value */
export const numberClassWord = (value) => ownWord('registration_class', CLASSES, value, undefined, 'number_class');

/** The place in the language in use. @param {any} row */
export function placeWord(row) {
  return (language() === 'en' && row.place_en) || row.place || '';
}

/** Minutes between a wire time and the server's now, at least 0. @param {string|null} time @param {number} nowMs */
export function minutesSince(time, nowMs) {
  return time ? Math.max(0, Math.floor((nowMs - Date.parse(time)) / 60000)) : 0;
}

/** A telephone as it is dialled here: a mobile one in groups, without the country that needs no dialling. @param {string} phone */
export function phoneWords(phone) {
  const own = phone.replace(/^\+86(?=1\d{10}$)/, '');
  return /^1\d{10}$/.test(own) ? `${own.slice(0, 3)} ${own.slice(3, 7)} ${own.slice(7)}` : own;
}

/** How much of a number is shown, before and after what is left out: a document's, a phone's, another. @param {string} number */
const SHOWN_OF = (number) => (number.length >= 15 ? [4, 4] : number.length >= 11 ? [3, 4] : [2, 2]);
/** Whoever passes by may read it: numbers of documents and phones in a text as `1101…0019`. @param {string} text */
export const masked = (text) => text.replace(/[A-Za-z]{0,2}\d{7,}[\dXx]?/g, (number) => {
  const [before, after] = SHOWN_OF(number);
  return `${number.slice(0, before)}…${number.slice(-after)}`;
});
