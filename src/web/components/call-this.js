// The dialog by which somebody is called out of turn: to which room, what becomes of who is in it, and why. Nothing of it is
// answered beforehand.

import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { ask, usualReasons } from '../lib/page.js';
import { stateWord } from '../lib/words.js';

/**
 * @typedef {{ticket: string, number: string, state: string}} Hand a ticket
 * @typedef {{id: string, place: string, label: string, hand: Hand|null, who: string}} Room `who`: number and name of the hand
 */

/**
 * @param {string} number of the ticket to call
 * @param {Room[]} rooms one: it is the one; more: one is chosen
 * @param {{more?: string, empty?: string}} [options] `more`: a sentence above; `empty`: where there is no room
 * @returns {Promise<{room: Room, outcome: string|null, reason: string}|null>}
 */
export function askCall(number, rooms, options) {
  const o = options || {};
  /** @type {Room|null} */
  let room = rooms.length === 1 ? rooms[0] : null;
  return ask(t('doctor.call_this', { number }), (close, redraw) => h('form', {
    class: 'form', 'data-form': 'call_ticket',
    onsubmit: (/** @type {any} */ event) => {
      event.preventDefault();
      const f = event.target.elements;
      close({ room, outcome: room && room.hand ? f.outcome.value : null, reason: f.text.value.trim() });
    },
  },
  o.more ? h('p', { class: 'notice soon', key: 'more' }, o.more) : null,
  rooms.length ? null : h('p', { class: 'notice soon', key: 'none' }, o.empty),
  rooms.length > 1
    ? h('label', { class: 'field', key: 'room' }, h('span', null, t('desk.call_to')),
      h('select', {
        class: 'input', name: 'room', required: true,
        onchange: (/** @type {any} */ event) => {
          room = rooms.find((one) => one.id === event.target.value) || null;
          redraw();
        },
      }, h('option', { key: '', value: '' }, t('desk.call_choose')), rooms.map((one) => h('option', { key: one.id, value: one.id }, one.label))))
    : null,
  rooms.length === 1 && room && !room.hand ? h('p', { key: 'to' }, `${t('desk.call_to')} ${room.label}`) : null,
  room && room.hand ? settle(room, room.hand) : null,
  usualReasons([t('reason.condition'), t('reason.report_ready'), t('reason.agreed')]),
  h('label', { class: 'field', key: 'reason' }, h('span', null, t('reason')), h('input', { class: 'input', name: 'text', required: true, maxlength: '200' })),
  h('div', { class: 'buttons', key: 'buttons' },
    h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', autofocus: true, onclick: () => close(null) }, t('cancel')),
    h('button', { class: 'btn primary', 'data-action': 'dialog_go', disabled: !rooms.length }, t('doctor.call_this_go')))));
}

/** What becomes of who is in the room: said by whoever calls, not by the page. @param {Room} room @param {Hand} hand */
function settle(room, hand) {
  const outcomes = hand.state === 'called' ? ['seen', 'not_here'] : ['seen'];
  return h('fieldset', { class: 'plain', key: `settle/${hand.ticket}`, 'data-settle': hand.ticket },
    h('legend', null, t('doctor.first_settle', { place: room.place, who: room.who, state: stateWord(hand.state) })),
    outcomes.map((outcome) => h('label', { class: 'check', key: outcome },
      h('input', { type: 'radio', name: 'outcome', value: outcome, required: true, 'data-outcome': outcome }), t(`doctor.outcome_${outcome}`))));
}

/** What the call has done, to both. @param {string} who is called @param {Room} room @param {string|null} outcome */
export function didCall(who, room, outcome) {
  const key = !room.hand ? 'did_call' : outcome === 'not_here' ? 'did_miss_call' : 'did_seen_call';
  return t(`doctor.${key}`, { number: room.who, who, place: room.place });
}
