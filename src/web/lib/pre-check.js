// 预检: what the site asks before somebody joins a queue, and what was answered, in words. What follows from it is the
// department's to say.

import { Refusal } from './http.js';
import { named, said, t } from './i18n.js';

/** Said of a temperature that nobody has taken. */
export const NOT_MEASURED = 'not_measured';
/** Degrees as the command has them. */
export const DEGREES = /^(3\d|4[0-4])(\.\d)?$|^45(\.0)?$/;

/** What a site asks; null: nothing. @param {import('./site.js').Site|null} site @returns {any} */
export function askedBy(site) {
  const asked = site && site.view && site.view.questions;
  return asked && asked.questions.length ? asked : null;
}

/** What can be chosen, each with its words. @param {any} question @returns {[string, string][]} */
export function choicesOf(question) {
  if (question.kind === 'yes_no') return [['yes', t('pre_check.yes')], ['no', t('pre_check.no')]];
  return question.choices.map((/** @type {any} */ choice) => [choice.id, said(choice.text)]);
}

/** Degrees however they were typed: full-width, with a comma, with their sign. @param {string} text */
export function degreesOf(text) {
  return text.normalize('NFKC').replace(/[,。、]/g, '.').replace(/[^\d.]/g, '').replace(/^(\d\d)(\d)$/, '$1.$2');
}

/** An answer in words. @param {any} question @param {string} answer */
export function answerWord(question, answer) {
  if (answer === NOT_MEASURED) return t('pre_check.not_measured');
  if (!question || question.kind === 'temperature') return question ? `${answer} ℃` : answer;
  const chosen = choicesOf(question).find(([id]) => id === answer);
  return chosen ? chosen[1] : answer;
}

/** A department's name. @param {import('./site.js').Site} site @param {string|null} id */
export function whereOf(site, id) {
  const department = id && site.one('departments', id);
  return department ? named(department.name, department.name_en) : '';
}

/** What the alert of a ticket's pre-check says: the rule's words, or what has become of who was sent elsewhere. @param {any} checked @param {import('./site.js').Site} site */
export function alertText(checked, site) {
  const { about, text } = checked.alert;
  if (about === 'not_taken') return t('pre_check.not_taken', { where: whereOf(site, checked.sent_to) });
  if (about === 'sent_before') return t('pre_check.sent_before', { where: whereOf(site, checked.sent_before.to) });
  return said(text);
}

/** Whether the department where the pre-check sends has not taken a ticket, which stands in no line. @param {any} ticket */
export const isNotTaken = (ticket) => !!(ticket.pre_check && ticket.pre_check.alert && ticket.pre_check.alert.about === 'not_taken');

/** The questions that were asked in a version; null: one that this page has not read. @param {import('./site.js').Site} site @param {number} version @returns {any[]|null} */
export function questionsOf(site, version) {
  const view = site.view || {};
  const all = [view.questions, ...(view.questions_before || [])].filter(Boolean);
  const asked = all.find((one) => one.version === version);
  return asked ? asked.questions : null;
}

/**
 * Sends an arrival with what was answered; the two refusals that the person can do something about are not said as failures.
 * @param {import('./page.js').Page} page @param {string} command @param {any} body @param {any} [preCheck]
 */
export async function sendArrival(page, command, body, preCheck) {
  try {
    // What is pressed now must not happen later.
    if (page.protocol.status === 'offline') throw new Refusal({ code: 'offline' });
    const result = await page.protocol.command(command, preCheck ? { ...body, pre_check: preCheck } : body);
    page.notify('');
    return result;
  } catch (refusal) {
    if (!isAboutAnswers(refusal)) page.refuse(refusal, command);
    throw refusal;
  }
}

/** Whether somebody is to answer (again), or to go elsewhere. @param {any} refusal */
export const isAboutAnswers = (refusal) => refusal.code === 'questions_changed' || refusal.code === 'sent_elsewhere';
