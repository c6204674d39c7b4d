// Who has been seen today. A number can end by mistake, with its patient still on the way: for a while it is said where to go then.

import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { dueNote } from './fees.js';

/** So long after the call, or after this page has seen the number end, somebody may still stand at the door. */
const DOUBTED_MS = 600000;

/** When this page knew a number to be going on, the last time. @type {Map<string, number>} */
const wasLive = new Map();

/** Whether a number has ended so lately that it may have been a mistake. @param {import('./model.js').Model} model @param {string} ticket */
function isDoubtful(model, ticket) {
  const notices = /** @type {any[]} */ (Object.values((model.value && model.value.notices) || {}));
  const calls = notices.filter((notice) => notice.about === 'called' && notice.ticket === ticket).map((notice) => Date.parse(notice.at));
  return model.page.protocol.clock.now() - Math.max(wasLive.get(ticket) || 0, ...calls) < DOUBTED_MS;
}

/** @param {string[]} numbers */
function words(numbers) {
  const [first, second] = numbers;
  if (numbers.length === 2) return t('patient.seen_two', { first, second });
  return t(second ? 'patient.seen_all' : 'patient.seen', { numbers: numbers.join(t('waiting.and')) });
}

/** The numbers of today that have been seen; beside one that goes on only as long as that may be a mistake. @param {import('./home.js').Home} home */
export function seenCard(home) {
  const { model } = home;
  const now = model.page.protocol.clock.now();
  model.liveTickets().forEach(({ ticket }) => wasLive.set(ticket.ticket, now));
  const all = model.seenSince(0);
  const doubtful = all.filter((one) => isDoubtful(model, one.ticket));
  const shown = model.now() ? doubtful : all;
  if (!shown.length) return null;
  const numbers = shown.map((one) => one.number);
  return h('section', { class: 'block card', key: 'done', 'data-done': numbers.join(' ') },
    h('div', { class: 'inside' },
      h('p', { class: 'big-words' }, words(numbers)), h('p', { class: 'sub' }, t('patient.seen_more')),
      doubtful.length ? h('p', { class: 'notice soon', key: 'not', 'data-not-seen': doubtful.map((one) => one.number).join(' ') }, t('patient.seen_not')) : null,
      // Who was let in unpaid was told to pay afterwards: that is now.
      shown.filter((one) => one.appointment).map((one) => dueNote(home, one))));
}
