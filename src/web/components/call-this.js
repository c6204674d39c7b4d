// The dialog by which somebody is called out of turn: to which room, what becomes of who is in it, and why. Nothing of it is
// answered beforehand.

import { notYet } from './ticket.js';
import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { ask, usualReasons } from '../lib/page.js';
import { stateWord } from '../lib/words.js';

const AGAIN_MS = 1000;

/**
 * @typedef {any} Hand a ticket
 * @typedef {{id: string, place: string, label: string, hand: Hand|null, who: string}} Room `who`: number and name of the hand
 */

/** What was said of a call. @typedef {{room: Room, outcome: string|null, reason: string}} Said */

/**
 * Asks, and stays open with what was said until it is done.
 * @param {string} who is called: number, name, and what tells two of one name apart
 * @param {Room[]} rooms one: it is the one; more: one is chosen
 * @param {{go: (said: Said) => Promise<string>, now: () => number, more?: string, empty?: string, key?: string, hand?: () => Hand|null, press?: (event: KeyboardEvent) => void}} o `go` does it, and says why it
 *   was not done; `now`: the server's time; `more`: a sentence above; `empty`: where there is no room; `key`: that calls again; `hand`: who is
 *   in the room by now; `press`: hears the keys
 * @returns {Promise<boolean|null>}
 */
export async function askCall(who, rooms, o) {
  /** @type {Room|null} */
  let room = rooms.length === 1 ? rooms[0] : null;
  let refused = '';
  let isGoing = false;
  let again = () => {};
  // The seconds that are still to be waited go on, and what was called again counts.
  const timer = setInterval(() => again(), AGAIN_MS);
  const form = (/** @type {(done: any) => void} */ close, /** @type {() => void} */ redraw) => h('form', {
    class: 'form', 'data-form': 'call_ticket', onkeydown: o.press,
    onsubmit: async (/** @type {any} */ event) => {
      event.preventDefault();
      if (isGoing || !room) return;
      const f = event.target.elements;
      isGoing = true;
      refused = await o.go({ room, outcome: room.hand ? f.outcome.value : null, reason: f.text.value.trim() });
      isGoing = false;
      if (refused) redraw();
      else close(true);
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
  room && room.hand ? settle(room, room.hand, notYet((o.hand && o.hand()) || room.hand, o.now(), o.key)) : null,
  usualReasons([t('reason.condition'), t('reason.report_ready'), t('reason.agreed')]),
  h('label', { class: 'field', key: 'reason' }, h('span', null, t('reason')), h('input', { class: 'input', name: 'text', required: true, maxlength: '200' })),
  refused ? h('p', { class: 'notice alarm', key: 'refused', role: 'alert', 'data-refused': '' }, refused) : null,
  h('div', { class: 'buttons', key: 'buttons' },
    h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', autofocus: true, onclick: () => close(null) }, t('cancel')),
    h('button', { class: 'btn primary', 'data-action': 'dialog_go', disabled: !rooms.length }, t('doctor.call_this_go'))));
  try {
    return await ask(t('doctor.call_this', { number: who }), (close, redraw) => {
      again = redraw;
      return form(close, redraw);
    });
  } finally {
    clearInterval(timer);
  }
}

/** What becomes of who is in the room: said by whoever calls, not by the page. @param {Room} room @param {Hand} hand @param {string} tooEarly why they cannot be said to be missed yet */
function settle(room, hand, tooEarly) {
  const outcomes = hand.state === 'called' ? ['seen', 'not_here', 'waits'] : ['seen', 'waits'];
  return h('fieldset', { class: 'plain', key: `settle/${hand.ticket}`, 'data-settle': hand.ticket },
    h('legend', null, t('doctor.first_settle', { place: room.place, who: room.who, state: stateWord(hand.state) })),
    outcomes.map((outcome) => h('label', { class: 'check', key: outcome },
      h('input', { type: 'radio', name: 'outcome', value: outcome, required: true, disabled: outcome === 'not_here' && !!tooEarly, 'data-outcome': outcome }), t(`doctor.outcome_${outcome}`),
      outcome === 'not_here' && tooEarly ? h('small', { class: 'muted', key: 'too-early' }, `— ${tooEarly}`) : null)));
}

/**
 * The call itself. Whoever gives way goes back first, and the room is free for the call.
 * @param {Said} said
 * @param {(name: string, body: any, told: (why: any) => void) => Promise<any>} send says what was refused
 * @param {any} body of the call: where to, and whom
 * @returns {Promise<{result: any, refusal: any}>}
 */
export async function sendCall({ room, outcome, reason }, send, body) {
  let refusal = /** @type {any} */ ({ code: 'offline' });
  const told = (/** @type {any} */ why) => {
    refusal = why;
  };
  if (room.hand && outcome === 'waits') {
    if (!(await send('return_to_waiting', { ticket: room.hand.ticket, reason }, told))) return { result: null, refusal };
    room.hand = null;
  }
  const { hand } = room;
  return { result: await send('call_ticket', { ...body, in_hand: hand && hand.ticket, outcome: hand ? outcome : null, reason }, told), refusal };
}

/** What the call has done, to both. @param {string} who is called @param {Room} room @param {string|null} outcome */
export function didCall(who, room, outcome) {
  const key = outcome === 'waits' ? 'did_wait_call' : !room.hand ? 'did_call' : outcome === 'not_here' ? 'did_miss_call' : 'did_seen_call';
  return t(`doctor.${key}`, { number: room.who, who, place: room.place });
}
