// The slots of one session: what of each is taken, what is left for whom, and so many places that are kept for a channel, to be
// changed slot by slot.

import '../i18n/quotas.js';
import { clockOf } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';
import { wordsOf } from '../lib/words.js';

/** For whom places can be kept. @type {('online'|'desk'|'referral')[]} */
const CHANNELS = ['online', 'desk', 'referral'];

/** @typedef {import('../lib/page.js').Page} Page */

/** As it stands this moment. @param {Page} page @param {string} id @returns {Promise<any>} */
const read = (page, id) => page.session.http('GET', `/api/v1/streams/session:${encodeURIComponent(id)}`).then((/** @type {any} */ answer) => answer.snapshot);

/** What was typed for a slot. @param {any} elements of the form @param {number} n */
const typed = (elements, n) => {
  /** @type {Object<string, number>} */
  const quotas = {};
  CHANNELS.forEach((one) => {
    quotas[one] = Number(elements[`${one}-${n}`].value);
  });
  return quotas;
};

/** @param {any} quotas */
const sumOf = (quotas) => CHANNELS.reduce((n, one) => n + quotas[one], 0);

/** @param {any} one @param {any} other */
const isSame = (one, other) => CHANNELS.every((channel) => one[channel] === other[channel]);

/** The session as it is, with these quotas in these slots. @param {any} session @param {Map<string, any>} quotas by slot */
function definition(session, quotas) {
  const { date, period, queue, doctor, service_point: point, registration_class: cls, fee_fen: fee, high_demand: demand, released_at: released } = session;
  return {
    id: session.session, date, period, queue, doctor: doctor || undefined, service_point: point || undefined, registration_class: cls, fee_fen: fee, high_demand: demand, released_at: released || undefined,
    slots: session.slots.map((/** @type {any} */ slot) => ({
      start: clockOf(slot.start), minutes: Math.round((Date.parse(slot.end) - Date.parse(slot.start)) / 60000), capacity: slot.capacity, quotas: quotas.get(slot.slot) || slot.quotas,
    })),
  };
}

/**
 * Over what stands by now: a slot that somebody else has changed meanwhile, and this hand has not, stays.
 * @param {Page} page @param {string} id @param {Map<string, any>} quotas
 * @returns {Promise<boolean>} whether anything is otherwise by it: what stands so already is not written
 */
async function write(page, id, quotas) {
  if (page.protocol.status === 'offline') throw { code: 'offline' };
  const session = await read(page, id);
  const isNew = session.slots.some((/** @type {any} */ slot) => quotas.has(slot.slot) && !isSame(quotas.get(slot.slot), slot.quotas));
  if (isNew) await page.protocol.command('define_session', definition(session, quotas));
  return isNew;
}

/** Whether all of what is kept for a channel is common by now. @param {any} slot @param {string} channel */
const isBack = (slot, channel) => slot.given_back.includes(channel) && slot.quotas[channel] > 0;

/** @param {any} slot @param {number} n @param {boolean} isOver @param {string|undefined} wrong */
function row(slot, n, isOver, wrong) {
  const time = clockOf(slot.start);
  return [
    h('tr', { key: slot.slot, 'data-slot': slot.slot, 'data-wrong': wrong ? 'quotas' : undefined },
      h('th', { scope: 'row', class: 'num' }, time), h('td', { class: 'num' }, String(slot.capacity)), h('td', { class: 'num', 'data-taken': '' }, String(slot.capacity - slot.free)),
      CHANNELS.map((one) => h('td', { class: 'num', key: `free-${one}`, 'data-free': one }, String(slot.free_for[one]))),
      CHANNELS.map((one) => h('td', { key: one }, h('input', {
        class: 'input num', type: 'number', name: `${one}-${n}`, min: '0', max: String(slot.capacity), required: true, value: String(slot.quotas[one]), disabled: isOver,
        'aria-label': t('quotas.field', { time, channel: t(`quotas.channel.${one}`) }),
      }), isBack(slot, one) ? h('small', { class: 'muted', key: 'back', 'data-given-back': one }, t('quotas.back')) : null))),
    wrong ? h('tr', { key: `${slot.slot}-wrong` }, h('td', { colspan: '9', class: 'bad', role: 'alert' }, wrong)) : null,
  ];
}

/** @param {any} session @param {number} now @param {Object<number, string>} wrong by row */
function table(session, now, wrong) {
  const head = (/** @type {string} */ key) => CHANNELS.map((one) => h('th', { scope: 'col', key: `${key}-${one}` }, t(`quotas.short.${one}`)));
  return h('table', { class: 'slot-quotas', key: 'slots' },
    h('thead', null,
      h('tr', null, h('th', { scope: 'col', rowspan: '2' }, t('quotas.slot')), h('th', { scope: 'col', rowspan: '2' }, t('quotas.places')), h('th', { scope: 'col', rowspan: '2' }, t('quotas.taken')),
        h('th', { scope: 'colgroup', colspan: '3' }, t('quotas.left')), h('th', { scope: 'colgroup', colspan: '3' }, t('quotas.kept'))),
      h('tr', null, head('free'), head('kept'))),
    h('tbody', null, session.slots.map((/** @type {any} */ slot, /** @type {number} */ n) => row(slot, n, Date.parse(slot.end) <= now, wrong[n]))));
}

/**
 * Shows the slots of a session, and keeps places in them otherwise.
 * @param {Page} page @param {string} id of the session @param {string} name what it is called @param {string} says what else follows from a change
 * @returns {Promise<(() => Promise<any>)|null>} the way back; null: nothing was changed, or it could not be read, which is said
 */
export async function changeQuotas(page, id, name, says) {
  /** @type {any} */
  let session;
  try {
    session = await read(page, id);
  } catch (refusal) {
    page.notify(wordsOf(refusal));
    return null;
  }
  /** @type {Object<number, string>} */
  let wrong = {};
  let refused = '';
  let busy = false;
  return ask(t('quotas.title', { name }), (close, redraw) => {
    const submit = async (/** @type {any} */ event) => {
      event.preventDefault();
      if (busy) return;
      const { elements } = event.target;
      const [before, after] = [new Map(), new Map()];
      wrong = {};
      refused = '';
      session.slots.forEach((/** @type {any} */ slot, /** @type {number} */ n) => {
        const quotas = typed(elements, n);
        if (isSame(quotas, slot.quotas)) return;
        if (sumOf(quotas) > slot.capacity) wrong[n] = t('quotas.too_many', { time: clockOf(slot.start), n: slot.capacity });
        before.set(slot.slot, slot.quotas);
        after.set(slot.slot, quotas);
      });
      const [first] = Object.keys(wrong);
      if (first !== undefined) {
        redraw();
        elements[`online-${first}`].focus();
        return;
      }
      busy = true;
      try {
        if (after.size && (await write(page, id, after))) close(() => write(page, id, before));
        else {
          close(null);
          page.notify(t('quotas.same', { name }), 'soon');
        }
      } catch (refusal) {
        refused = wordsOf(/** @type {any} */ (refusal), 'define_session');
      }
      busy = false;
      redraw();
    };
    return h('form', { class: 'form', 'data-form': 'slot_quotas', onsubmit: submit },
      h('p', { key: 'how' }, t('quotas.how')), says ? h('p', { class: 'notice', key: 'says' }, says) : null,
      table(session, page.protocol.clock.now(), wrong),
      refused ? h('p', { class: 'notice alarm', key: 'refused', role: 'alert' }, refused) : null,
      h('div', { class: 'buttons', key: 'buttons' },
        h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', onclick: () => close(null) }, t('cancel')),
        h('button', { class: 'btn primary', 'data-action': 'dialog_go' }, t('quotas.go'))));
  });
}
