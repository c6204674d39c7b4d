// Fees in words, for the desk and for operations: amounts, what was paid and what goes back; and the form in which a refund
// is asked for.

import '../i18n/money.js';
import { fieldView } from './fields.js';
import { h } from '../lib/dom.js';
import { has, t } from '../lib/i18n.js';
import { ask, usualReasons } from '../lib/page.js';
import { whenWord, wordsOf, yuan } from '../lib/words.js';

/** What was typed, in fen. @param {string} text */
export const fenOf = (text) => Math.round(Number(text) * 100);

/** How it was paid. @param {string} way */
export const wayWord = (way) => (has(`fees.way.${way}`) ? t(`fees.way.${way}`) : way);

/** Who has done it: staff by the name that they sign in with. @param {string|null} account */
export const accountWord = (account) => (account || '').replace(/^a-staff-/, '');

/** What is owed of orders, in fen. @param {any[]} orders */
export const owedOf = (orders) => refundsOf(orders, 'owed').reduce((sum, { refund }) => sum + refund.amount_fen, 0);

/** The refunds of a standing, with their orders. @param {any[]} orders @param {string} standing */
export const refundsOf = (orders, standing) => orders.reduce((all, order) => all.concat(order.refunds
  .filter((/** @type {any} */ refund) => refund.standing === standing).map((/** @type {any} */ refund) => ({ order, refund }))), /** @type {any[]} */ ([]));

/** The order that pays for an appointment now, if something of it may still be asked back. @param {any[]} orders */
export function askable(orders) {
  const last = orders[orders.length - 1];
  return last && last.kept_fen && !last.refunds.some((/** @type {any} */ refund) => refund.standing === 'asked') ? last : null;
}

/** Why money goes back, and where it stands. @param {any} refund */
export const refundWords = (refund) => [
  has(`fees.cause.${refund.cause}`) ? t(`fees.cause.${refund.cause}`) : refund.cause, refund.reason, refund.asked_by && t('fees.asked_by', { by: accountWord(refund.asked_by) }),
  refund.receipt && t('fees.receipt_of', { receipt: refund.receipt })].filter(Boolean).join(' · ');

/** @param {any} order */
const orderWords = (order) => [wayWord(order.way), order.by ? t('fees.taken_by', { time: whenWord(order.at), by: accountWord(order.by) }) : whenWord(order.at),
  order.receipt && t('fees.receipt_of', { receipt: order.receipt })].filter(Boolean).join(' · ');

/** Whether the desk gives it: what came through a provider goes back through it, unless it has said that it never does. @param {any} order @param {any} refund */
export const isDesks = (order, refund) => order.way !== 'online' || !!refund.refused;

const TONES = /** @type {Object<string, string>} */ ({ asked: 'soon', owed: 'soon', given: 'good' });

/**
 * What was paid and what goes back of it, each with what can be done.
 * @param {any[]} orders @param {(order: any, refund: any) => any} acts what stands at a refund
 */
export const ordersView = (orders, acts) => h('ul', { class: 'orders', key: 'orders' }, orders.map((order) => [
  h('li', { key: order.order, 'data-order': order.order }, h('b', { class: 'num' }, t('fees.yuan', { yuan: yuan(order.amount_fen) })), h('span', { class: 'grow' }, orderWords(order))),
  order.refunds.map((/** @type {any} */ refund) => h('li', { class: 'refund', key: refund.refund, 'data-refund': refund.refund, 'data-standing': refund.standing },
    h('b', { class: 'num' }, t('fees.refund', { yuan: yuan(refund.amount_fen) })),
    h('span', { class: 'grow' }, h('span', { class: `tag ${TONES[refund.standing] || ''}` }, t(`fees.standing.${refund.standing}`)), ` ${refundWords(refund)}`),
    acts(order, refund))),
]));

/**
 * Asks for a refund: how much, and why.
 * @param {import('../lib/page.js').Page} page @param {string} appointment @param {any} order that pays for it @param {string} who
 * @returns {Promise<number|null>} how much was asked for, in fen
 */
export function askRefund(page, appointment, order, who) {
  const most = yuan(order.kept_fen);
  let wrong = '';
  let refused = '';
  return ask(t('fees.ask_title', { who }), (close, redraw) => h('form', {
    class: 'form', 'data-form': 'ask_refund', novalidate: true,
    onsubmit: async (/** @type {any} */ event) => {
      event.preventDefault();
      const f = event.target.elements;
      const fen = fenOf(f.amount.value);
      wrong = fen >= 1 && fen <= order.kept_fen ? '' : t('fees.ask_wrong', { yuan: most });
      refused = '';
      if (!wrong && f.text.value.trim()) {
        try {
          await page.protocol.command('ask_refund', { appointment, amount_fen: fen, reason: f.text.value.trim() });
          close(fen);
          return;
        } catch (refusal) {
          refused = wordsOf(refusal, 'ask_refund');
        }
      }
      redraw();
      (wrong ? f.amount : f.text).focus();
    },
  },
  h('p', { class: 'notice', key: 'how' }, t('fees.ask_how')),
  fieldView({ name: 'amount', words: t('fees.ask_amount'), hint: t('fees.ask_amount_hint', { yuan: most }), wrong, type: 'number', min: '0.01', max: most, step: '0.01', required: true, value: most }),
  usualReasons(['twice', 'wrong', 'waited'].map((one) => t(`fees.reason.${one}`))),
  h('label', { class: 'field', key: 'reason' }, h('span', null, t('reason')), h('input', { class: 'input', name: 'text', required: true, maxlength: '200', autocomplete: 'off', autofocus: true })),
  refused ? h('p', { class: 'notice alarm', key: 'refused', role: 'alert' }, refused) : null,
  h('div', { class: 'buttons', key: 'buttons' },
    h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', onclick: () => close(null) }, t('cancel')),
    h('button', { class: 'btn primary', 'data-action': 'dialog_go' }, t('fees.ask_go')))));
}
