// An arrival at the desk or with the doctor: asked first where the site asks, and nobody is asked who is too early; sent on
// where the answers say so, or let in with a reason.

import { askPreCheck } from './pre-check.js';
import { h } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { ask, askText } from '../lib/page.js';
import { askedBy, isAboutAnswers, sendArrival } from '../lib/pre-check.js';

/**
 * Does an arrival; a refusal that is not about answers is said and thrown on.
 * @param {{page: import('../lib/page.js').Page, site: import('../lib/site.js').Site}} desk
 * @param {string} command @param {any} body @param {string} who
 * @param {{spared?: boolean, opensAt?: string|null, waits?: boolean, pays?: (() => Promise<boolean>)|null}} [of]
 *   `spared`: an emergency; `opensAt`: from when the arrival is taken; `waits`: has a number already; `pays`: asks for the fee,
 *   once, after the questions and before the house has looked at the answers: who is sent on gets it back; false: left there
 * @returns {Promise<any>} the answer; null: not done
 */
export async function arrive(desk, command, body, who, { spared, opensAt, waits, pays } = {}) {
  let changed = false;
  let hasPaid = !pays;
  // The house says that it is too early, and from when: the questions come only if it asks for them.
  let early = !!opensAt && Date.parse(opensAt) > desk.page.protocol.clock.now();
  /** @type {any} */
  let preCheck = null;
  for (;;) {
    const asked = spared ? null : askedBy(desk.site);
    if (asked && !preCheck && !early) {
      preCheck = await answersOf(asked, who, changed);
      if (!preCheck) return null;
    }
    if (!hasPaid && pays && !early) {
      hasPaid = await pays();
      if (!hasPaid) return null;
    }
    try {
      return await sendArrival(desk.page, command, body, preCheck);
    } catch (refusal) {
      if (!isAboutAnswers(refusal)) throw refusal;
      if (refusal.code === 'questions_changed') {
        changed = !!preCheck;
        preCheck = null;
        early = false;
        await desk.site.read().catch((/** @type {any} */ failed) => desk.page.refuse(failed));
        continue;
      }
      const goesOn = await askWhere(desk.site, refusal.validNow.department, who, !!waits);
      if (!goesOn) return null;
      preCheck = { ...preCheck, ...goesOn };
    }
  }
}

/** @param {any} asked @param {string} who @param {boolean} changed */
async function answersOf(asked, who, changed) {
  let given = await askPreCheck(asked, who, changed ? t('pre_check.changed') : '');
  while (given && given.scanned) given = await askPreCheck(asked, who, t('scan.in_dialog'));
  if (!given || !given.leave_out) return given;
  const reason = await askText(t('pre_check.leave_out_title'), {
    usual: [t('pre_check.asked_elsewhere'), t('pre_check.no_words'), t('pre_check.in_a_hurry')], go: t('pre_check.leave_out_go'),
  });
  return reason ? { not_asked: reason } : null;
}

/** Where the answers send: registered there, let in all the same, or on foot. @param {import('../lib/site.js').Site} site @param {string} id @param {string} who @param {boolean} waits stays in line unless something is chosen */
async function askWhere(site, id, who, waits) {
  const department = site.one('departments', id);
  const where = department ? named(department.name, department.name_en) : id;
  const queues = site.of('queues', id);
  const chosen = await ask(t('pre_check.send_title', { where }), (close) => h('div', { class: 'form', 'data-sent-to': id },
    h('p', null, t(waits ? 'pre_check.send_more_waits' : 'pre_check.send_more', { who, where })),
    queues.map((queue, n) => h('button', {
      type: 'button', class: 'btn primary wide', key: queue.id, 'data-action': 'register_there', 'data-queue-there': queue.id, autofocus: n === 0, onclick: () => close({ to: queue.id }),
    }, queues.length > 1 ? t('pre_check.register_in', { where, queue: named(queue.name, queue.name_en) }) : t('pre_check.register_there', { where }))),
    h('div', { class: 'buttons' },
      h('button', { type: 'button', class: 'btn', 'data-action': 'all_the_same', onclick: () => close({ all_the_same: '' }) }, t('pre_check.all_the_same')),
      h('button', { type: 'button', class: 'btn', 'data-action': 'goes_alone', onclick: () => close(null) }, t(waits ? 'pre_check.not_yet' : 'pre_check.goes_alone')))));
  if (!chosen || chosen.to) return chosen;
  const reason = await askText(t('pre_check.all_the_same_title'), {
    usual: [t('pre_check.seen_there'), t('pre_check.measured_again')], go: t('pre_check.all_the_same'),
  });
  return reason ? { all_the_same: reason } : null;
}
