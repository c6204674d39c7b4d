// What becomes of tickets that have not ended: asked of the desk for each, when a session closes and for those left over.

import { h } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';
import { COMES_BACK } from '../lib/standing.js';
import { stateWord } from '../lib/words.js';

const SETTLEMENTS = ['return_day', 'move', 'refund', 'seen'];

/** Tickets of an earlier day, or whose patients do not come back: each ends as the desk says. @param {any} floor @param {any} acts @param {any} persons @param {any[]} tickets */
export async function settleTickets(floor, acts, persons, tickets) {
  const ids = tickets.map((ticket) => ticket.ticket);
  const [only] = ids.length === 1 && !floor.isLeftOver(tickets[0]) ? tickets : [];
  const title = only ? t('desk.not_today_title', { who: `${only.number} ${persons.nameOf(only)}` }) : '';
  const how = t(only ? 'desk.not_today_how' : 'desk.settle_only_how');
  const settlements = await settle(floor, persons, ids, { queues: [], title, how, go: t('desk.settle_only_go'), again: [] });
  if (settlements && (await acts.send('settle_tickets', { department: floor.department, settlements }))) {
    acts.done(t('desk.did.settle_tickets', { n: ids.length }), ids.length === 1 ? ids[0] : null, settlements[0].how === 'move' ? 'moved' : 'settled');
  }
}

/**
 * @param {any} floor @param {any} persons @param {string[]} ids
 * @param {{queues: any[], title?: string, how: string, go: string, again: string[]}} about where to they can be moved, and those whom the
 *   department would not let go as said: they are with the doctor
 * @returns {Promise<any[]|null>}
 */
export function settle(floor, persons, ids, { queues, title, how: words, go, again }) {
  /** @type {Object<string, string>} */
  const said = {};
  return ask(title || t('desk.settle_title', { n: ids.length }), (done, redraw) => h('form', {
    class: 'form',
    onsubmit: (/** @type {any} */ event) => {
      event.preventDefault();
      const f = event.target.elements;
      done(ids.map((ticket) => {
        const how = f[`how-${ticket}`].value;
        return how === 'move' ? { ticket, how, to: f[`to-${ticket}`].value } : { ticket, how };
      }));
    },
  },
  h('p', { class: again.length ? 'notice soon' : 'muted' }, words),
  h('div', { class: 'settle' }, ids.map((id) => {
    const ticket = floor.ticket(id) || { number: id, masked_name: '', state: '' };
    const movable = queues.length && !COMES_BACK.includes(ticket.state) && !floor.isLeftOver(ticket);
    return h('label', { key: id },
      h('span', { class: 'number' }, ticket.number),
      h('span', null, persons.nameOf(ticket), h('small', { class: again.includes(id) ? 'tag soon' : 'muted' }, ` ${stateWord(ticket.state)}`)),
      h('select', {
        class: 'input', name: `how-${id}`, 'data-settle': id, required: true, 'aria-label': t('desk.settle_with', { number: ticket.number }),
        onchange: (/** @type {any} */ event) => {
          said[id] = event.target.value;
          redraw();
        },
      },
      h('option', { key: '', value: '' }, t('desk.settle_choose')),
      SETTLEMENTS.filter((x) => x !== 'move' || movable).map((x) => h('option', { key: x, value: x }, t(`settle.${x}`)))),
      queues.length
        ? h('select', { class: 'input', name: `to-${id}`, disabled: said[id] !== 'move', 'aria-label': t('transfer.to') },
          queues.map((/** @type {any} */ q) => h('option', { key: q.id, value: q.id }, named(q.name, q.name_en))))
        : null);
  })),
  h('div', { class: 'buttons' },
    h('button', { type: 'button', class: 'btn', onclick: () => done(null) }, t('cancel')),
    h('button', { class: 'btn primary', 'data-action': 'dialog_go' }, go))));
}
