// Checking in on the phone with the area's code. Code and time are looked at before anybody is asked anything: who is asked is
// asked because the department says so. Where the answers send elsewhere, the phone says where to.

import { OneByOne } from '../components/one-question.js';
import { h } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';
import { askedBy, sendArrival } from '../lib/pre-check.js';
import { prefix } from '../lib/site.js';
import { where } from './where.js';

/** What was answered for an appointment, while its code is typed again. @type {Map<string, any>} */
const answered = new Map();
/** Where the answers have sent an appointment. @type {Map<string, string>} */
const sent = new Map();

/** Where the answers have sent, in words. @param {import('./model.js').Model} model @param {string} appointment */
export function sentWords(model, appointment) {
  const to = sent.get(appointment);
  const department = to && model.department(to);
  return department ? t('pre_check.sent_to', { where: named(department.name, department.name_en) }) : '';
}

/** One question a screen. @param {any} asked @returns {Promise<any>} null: left */
function answer(asked) {
  /** @type {OneByOne|null} */
  let questions = null;
  return ask(t('pre_check.before'), (close, redraw) => {
    questions = questions || new OneByOne(asked, { done: close, changed: redraw, left: () => close(null) });
    return questions.view();
  });
}

/**
 * What is asked in a version, which may be another than this page has read.
 * @param {import('../lib/page.js').Page} page @param {import('../lib/site.js').Site} site @param {any} version @param {boolean} again other questions were answered a moment ago
 * @returns {Promise<any>} null: left, or not read
 */
async function answerNow(page, site, version, again) {
  const known = askedBy(site);
  if (!known || String(known.version) !== String(version)) {
    try {
      await site.read();
    } catch (failed) {
      page.refuse(failed);
      return null;
    }
  }
  if (again) page.notify(t('error.questions_changed'), 'soon');
  const asked = askedBy(site);
  return asked ? answer(asked) : null;
}

/**
 * Checks in. Resolves with what the department says, or null.
 * @param {import('../lib/page.js').Page} page @param {import('./model.js').Model} model @param {any} a the appointment @param {string} code
 * @returns {Promise<any>}
 */
export async function checkIn(page, model, a, code) {
  const id = a.appointment;
  const site = model.site(prefix(a.ticket, 1));
  const arrival = { appointment: id, code, ...(await where()) };
  for (;;) {
    try {
      const done = await sendArrival(page, 'check_in', arrival, answered.get(id));
      answered.delete(id);
      sent.delete(id);
      return done;
    } catch (refusal) {
      // A wrong code: the answers stay for the next one.
      if (refusal.code !== 'questions_changed' && refusal.code !== 'sent_elsewhere') return null;
      const again = answered.delete(id);
      if (refusal.code === 'sent_elsewhere') {
        sent.set(id, refusal.validNow.department);
        await sayWhere(model, refusal.validNow.department);
        return null;
      }
      const given = await answerNow(page, site, refusal.validNow.version, again);
      if (!given) return null;
      answered.set(id, given);
    }
  }
}

/** @param {import('./model.js').Model} model @param {string} to */
function sayWhere(model, to) {
  const department = model.department(to);
  const where = department ? named(department.name, department.name_en) : '';
  return ask(t('pre_check.sent_title', { where }), (close) => h('div', { class: 'form', 'data-sent-to': to },
    h('p', null, t('pre_check.sent_more')),
    h('button', { type: 'button', class: 'btn primary big wide', 'data-action': 'dialog_cancel', autofocus: true, onclick: () => close(null) }, t('close'))));
}
