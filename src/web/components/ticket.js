// Parts of a ticket that several pages show: its tags, its row, its steps.

import { clockOf } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { said, t } from '../lib/i18n.js';
import { alertText } from '../lib/pre-check.js';
import { prefix } from '../lib/site.js';
import { classWord, lineWord, minutesSince, sexWord, standingWord, stepWord } from '../lib/words.js';

/** Whether somebody waits as an emergency. @param {any} ticket */
export const isUrgent = (ticket) => ticket.class === 'emergency';

/** @param {any} ticket */
const hasClass = (ticket) => !!ticket.class && ticket.class !== 'none';

/** Lines that say nothing a person needs to be told. */
const PLAIN_LINES = ['ordinary', 'appointments', 'walk_ins'];

/** @param {any} ticket @param {number} nowMs server time */
export function ageOf(ticket, nowMs) {
  return ticket.birth_year ? Math.max(0, new Date(nowMs).getUTCFullYear() - ticket.birth_year) : null;
}

/** Sex and age, as far as they are known. @param {any} of a ticket, or a person @param {number} nowMs server time */
export function bioOf(of, nowMs) {
  const age = ageOf({ birth_year: of.birth_year || Number((of.birth_date || '').slice(0, 4)) }, nowMs);
  return [sexWord(of.sex), age === null ? '' : t('age', { n: age })].filter(Boolean).join(' ');
}

/** What sets somebody apart from who has booked and comes in time. @param {any} ticket @param {import('../lib/site.js').Site} site */
function marks(ticket, site) {
  const classes = site.classesOf(prefix(ticket.ticket, 2));
  const mark = (/** @type {any} */ is, /** @type {string} */ kind, /** @type {() => string} */ words) => (is ? [{ kind, words: words() }] : []);
  return [
    ...mark(ticket.walk_in, '', () => t('ticket.walk_in')),
    ...mark(ticket.addition, '', () => t('ticket.addition')),
    ...mark(hasClass(ticket), ticket.class === 'emergency' ? 'alarm' : 'soon', () => classWord(ticket.class, classes)),
    ...mark(ticket.line && !PLAIN_LINES.includes(ticket.line) && ticket.line !== ticket.class, 'info', () => lineWord(ticket.line)),
    ...mark(ticket.missed_times, 'soon', () => t('ticket.missed_times', { n: ticket.missed_times })),
  ];
}

/** @param {any} ticket @param {import('../lib/site.js').Site} site */
export function tags(ticket, site) {
  return h('div', { class: 'tags' },
    ticket.slot_start ? h('span', { class: 'tag' }, t('ticket.slot', { time: clockOf(ticket.slot_start) })) : null,
    marks(ticket, site).map(({ kind, words }) => h('span', { class: `tag ${kind}`.trim(), key: words }, words)));
}

/** How somebody has come, and for which slot: what is asked when somebody else goes first. @param {any} ticket */
export function slotWords(ticket) {
  const how = t(ticket.walk_in ? 'ticket.walk_in' : 'ticket.booked');
  return ticket.slot_start ? t('ticket.of_slot', { how, time: clockOf(ticket.slot_start) }) : how;
}

/** By what somebody goes first: an emergency, a line of its own, or the slot. @param {any} ticket @param {import('../lib/site.js').Site} site */
export function kindWords(ticket, site) {
  if (isUrgent(ticket)) return t('class.emergency');
  if (hasClass(ticket)) {
    const words = classWord(ticket.class, site.classesOf(prefix(ticket.ticket, 2)));
    return ticket.slot_start ? t('ticket.of_slot', { how: words, time: clockOf(ticket.slot_start) }) : words;
  }
  return ticket.line && !PLAIN_LINES.includes(ticket.line) ? lineWord(ticket.line) : slotWords(ticket);
}

/** The same in one line of a list. @param {any} ticket @param {import('../lib/site.js').Site} site */
export function marksLine(ticket, site) {
  const words = marks(ticket, site).map((mark) => mark.words).join(' · ');
  return words ? h('small', { class: 'marks', key: 'marks' }, words) : null;
}

/** `41 min` waited. @param {any} ticket @param {number} nowMs */
export function waited(ticket, nowMs) {
  return ticket.checked_in_at ? t('minutes', { n: minutesSince(ticket.checked_in_at, nowMs) }) : '';
}

/** A call that no screen has confirmed, at the desk: it is called out where people wait. @param {any} ticket */
export function notAnnounced(ticket) {
  const unheard = ticket.not_announced;
  return unheard ? h('p', { class: 'notice soon', key: 'not-announced', 'data-not-announced': unheard }, t(`desk.not_announced.${unheard}`)) : null;
}

/** What is still missing before the patient can be said to be missed; empty when nothing is. @param {any} hand @param {number} now @param {string} [key] that calls again */
export function notYet(hand, now, key) {
  if (hand.state !== 'called') return '';
  if (hand.calls_to_go) return key ? t('doctor.call_again_first_by', { key }) : t('doctor.call_again_first');
  const seconds = Math.ceil((Date.parse(hand.missed_from) - now) / 1000);
  return seconds > 0 ? t('doctor.wait_seconds', { s: seconds }) : '';
}

/** With whom the patient is: somebody sees to them. */
const SEEN_TO = ['called', 'serving', 'ended'];

/** An alert of the pre-check; quieter once somebody has taken it over, which is not yet a look at the patient. @param {any} ticket @param {import('../lib/site.js').Site} site */
export function alertTag(ticket, site) {
  const alert = ticket.pre_check && ticket.pre_check.alert;
  if (!alert) return null;
  const isSeen = SEEN_TO.includes(ticket.state);
  const isQuiet = !!alert.acknowledged_by || isSeen;
  const tone = isQuiet ? (alert.level === 'urgent' && !isSeen ? 'soon' : '') : alert.level === 'urgent' ? 'alarm' : 'soon';
  return h('span', { class: `tag ${tone}`, key: 'alert', 'data-flag': isQuiet ? 'quiet' : alert.level },
    alert.acknowledged_at ? t('pre_check.seen_at', { time: clockOf(alert.acknowledged_at), text: alertText(ticket.pre_check, site) }) : alertText(ticket.pre_check, site));
}

/** Nothing was asked of somebody who waits, although the site asks: whoever sees them asks. @param {any} ticket */
export function unaskedTag(ticket) {
  return ticket.unasked ? h('span', { class: 'tag soon', key: 'unasked', 'data-flag': 'unasked' }, t('pre_check.unasked')) : null;
}

/** Why it stands where it stands, in one sentence. @param {any} ticket */
export function why(ticket) {
  return said(ticket.why);
}

/**
 * Why it stands there, and of an ordinary one before whom the house has put somebody with a class, that: who looks at the slots
 * alone finds no reason.
 * @param {any} ticket @param {any} queue @param {import('../lib/site.js').Site} site
 */
export function whyBehind(ticket, queue, site) {
  if (!queue || !PLAIN_LINES.includes(ticket.line) || hasClass(ticket)) return why(ticket);
  const before = queue.order.slice(0, Math.max(queue.order.indexOf(ticket.ticket), 0)).map((/** @type {string} */ id) => queue.tickets[id]);
  const put = before.filter((/** @type {any} */ one) => one && one.put_before.includes(ticket.ticket));
  if (!put.length) return why(ticket);
  const classes = site.classesOf(prefix(ticket.ticket, 2));
  const names = Array.from(new Set(put.map((/** @type {any} */ one) => one.class)));
  const of = names.map((name) => t('ticket.put_one', { n: put.filter((/** @type {any} */ one) => one.class === name).length, words: classWord(name, classes) }));
  return t('ticket.put_before', { of: of.join(t('list.comma')) });
}

/**
 * The ticket's history, newest first; `undo` for the steps that can be undone. The newest of them goes with one press more:
 * mostly it was a slip of the hand.
 * @param {any} ticket @param {((step: any, reason?: string) => void)|null} undo
 */
export function history(ticket, undo) {
  const newest = lastUndoable(ticket);
  const steps = (ticket.steps || []).slice().reverse();
  return h('ol', { class: 'history' }, steps.map((/** @type {any} */ step) => h('li', { key: step.event },
    h('span', { class: 'num' }, clockOf(step.at)),
    h('span', { class: 'what' }, stepWord(step, ticket)),
    step.undoable && undo
      ? h('span', { class: 'undos', key: 'acts' },
        step === newest
          ? h('button', {
            type: 'button', class: 'btn small', key: 'slip', 'data-action': 'undo_slip', 'data-event': step.event, onclick: () => undo(step, t('undo.reason')),
          }, t('undo.slip'))
          : null,
        h('button', { type: 'button', class: 'btn small', key: 'undo', 'data-action': 'undo', 'data-event': step.event, onclick: () => undo(step) }, t('undo.with_reason')))
      : null)),
  ticket.steps_before ? h('li', { class: 'muted', key: 'before' }, t('ticket.steps_before', { n: ticket.steps_before })) : null);
}

/** How many steps each ticket of these queues has had. @param {any[]} queues @returns {Map<string, number>} */
export function stepCounts(queues) {
  const counts = new Map();
  for (const queue of queues) {
    for (const ticket of Object.values(queue.tickets)) counts.set(ticket.ticket, ticket.steps_before + ticket.steps.length);
  }
  return counts;
}

/** The first step of a kind that a ticket has after so many. @param {any} ticket @param {string|undefined} what @param {number} after @returns {any} */
export function stepAfter(ticket, what, after) {
  const steps = (ticket && ticket.steps) || [];
  return steps.find((/** @type {any} */ step) => step.what === what && Number(step.event.slice(ticket.ticket.length + 1)) > after);
}

/**
 * What has become of an undone step: who is in the room again, and where the ticket is now; until that is here, that it is undone.
 * @param {any} ticket whose step it was @param {string} event
 * @param {any} hand who is in hand in its room now @param {string} place where that is, in words @param {(ticket: any) => string} label
 */
export function undoneWords(ticket, event, hand, place, label) {
  const step = ticket && ticket.steps.find((/** @type {any} */ one) => one.event === event);
  if (!step || !step.undone) return t('undo.done');
  const isIn = !!hand && hand.ticket === ticket.ticket;
  const said = [
    hand ? t('undo.in_hand', { who: label(hand), place }) : '',
    isIn ? '' : ticket.ended === 'undone' ? label(ticket) : t('undo.stands', { who: label(ticket), state: standingWord(ticket) }),
  ].filter(Boolean);
  return t('undo.done_so', { said: said.join(t('undo.and')) });
}

/** The newest step of a ticket that can be undone. @param {any} ticket @returns {any} */
export function lastUndoable(ticket) {
  const steps = (ticket && ticket.steps) || [];
  for (let i = steps.length - 1; i >= 0; i -= 1) if (steps[i].undoable) return steps[i];
  return null;
}
