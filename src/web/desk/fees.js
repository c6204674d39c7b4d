// Fees at the desk, read when there is one to see: taken before the check-in, given back, asked back. Whoever has not paid
// can be checked in all the same: no care waits for money.

import { askable, askRefund, givenOf, isDesks, ordersView, owedOf, wayWord } from '../components/fees.js';
import { find, h, isEditing } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';
import { Recent } from '../lib/recent.js';
import { isFast, onScanInDialog } from '../lib/scan.js';
import { prefix } from '../lib/site.js';
import { wordsOf, yuan } from '../lib/words.js';

const WAYS = ['cash', 'card'];
/** What was read of a chosen ticket is read again after this time: another desk takes fees too. */
const AGAIN_MS = 20000;
/** Tickets are looked at one after the other. */
const KEPT = 50;

/**
 * Whose fee it is.
 * @typedef {{appointment: string, patient: string, number: string|null, masked_name: string}} Payer
 */

/**
 * What came of a fee that was asked for before a check-in: `fen` if it was taken here.
 * @typedef {{words?: string, fen?: number, way?: string}} Taken
 */

/** Fees of the department that is open. */
export class Fees {
  /** @param {import('./acts.js').Acts} acts */
  constructor(acts) {
    this.acts = acts;
    this.page = acts.page;
    /** What was read last, by appointment. @type {Recent<{of: string, at: number, one: any}>} */
    this.known = new Recent(KEPT);
    /** When the last key was pressed where a fee is asked for. */
    this.keyAt = 0;
  }

  /** @param {Payer} payer */
  who(payer) {
    return [payer.number, this.acts.persons.nameOf(payer)].filter(Boolean).join(' ');
  }

  /** How it stands with one appointment. @param {string} id @returns {Promise<any>} null: nobody knows it any more */
  async read(id) {
    const read = await this.page.session.http('GET', `/api/v1/departments/${prefix(id, 2)}/payments?appointment=${encodeURIComponent(id)}`);
    return read.appointments[0] || null;
  }

  /** Sends a command; what is pressed now must not happen later. @param {string} name @param {any} body */
  send(name, body) {
    if (this.page.protocol.status === 'offline') return Promise.reject({ code: 'offline' });
    return this.page.protocol.command(name, body);
  }

  /** What the search says of a fee. @param {any} a an appointment that was found */
  line(a) {
    const { due_fen: due, paid_fen: paid, owed_fen: owed } = a.fee || {};
    const words = [due && t('fees.due', { yuan: yuan(due) }), paid && t('fees.paid', { yuan: yuan(paid) }), owed && t('fees.owed', { yuan: yuan(owed) })].filter(Boolean);
    return words.length ? h('small', { class: due || owed ? 'soon' : '', key: 'fee', 'data-fee': due ? 'due' : owed ? 'owed' : 'paid' }, words.join(' · ')) : null;
  }

  /** The way to all that was paid. @param {any} a @param {() => void} go */
  button(a, go) {
    if (!this.line(a)) return null;
    return h('button', {
      type: 'button', class: 'btn small', key: 'fees', 'data-action': 'open_fees', 'data-appointment': a.appointment, 'aria-label': t('fees.open_of', { who: this.who(a) }),
      onclick: go,
    }, t('fees.open'));
  }

  /** The same at a chosen ticket, once it is read. @param {any} ticket */
  part(ticket) {
    const id = ticket.appointment;
    const of = `${ticket.state} ${ticket.ended || ''}`;
    const known = this.known.get(id);
    if (!known || known.of !== of || performance.now() - known.at > AGAIN_MS) {
      const asked = { of, at: performance.now(), one: known ? known.one : null };
      this.known.set(id, asked);
      this.read(id).then((one) => {
        asked.one = one;
        this.page.draw();
      }, () => {}); // what is not known is not said; it is asked again soon
    }
    const { one } = /** @type {any} */ (this.known.get(id));
    if (!one || (!one.due_fen && !one.orders.length)) return null;
    const owed = owedOf(one.orders);
    // What was paid beside it says nothing of the fee.
    const pays = one.orders.find((/** @type {any} */ order) => order.pays);
    const settled = pays ? t('fees.paid', { yuan: yuan(pays.amount_fen) }) : t('fees.refund', { yuan: yuan(givenOf(one.orders)) });
    const words = one.due_fen ? t('fees.due', { yuan: yuan(one.due_fen) }) : owed ? t('fees.owed', { yuan: yuan(owed) }) : settled;
    return h('p', { class: `notice fee${one.due_fen || owed ? ' soon' : ''}`, key: 'fee', 'data-fee': one.due_fen ? 'due' : owed ? 'owed' : 'paid' }, h('span', null, words),
      h('button', {
        type: 'button', class: 'btn small', 'data-action': 'open_fees', 'aria-label': t('fees.open_of', { who: this.who(ticket) }),
        onclick: () => this.open({ ...ticket, appointment: id }),
      }, t('fees.open')));
  }

  /**
   * Asks for the fee before a check-in.
   * @param {any} a an appointment that was found @param {{how?: string, later?: boolean}} [of] the words; without `later` only paid
   * @returns {Promise<Taken|null>} null: no check-in
   */
  takeFirst(a, { how = 'fees.take_how', later = true } = {}) {
    let due = a.fee.due_fen;
    let refused = '';
    let busy = false;
    let off = () => {};
    const taken = ask(t('fees.take_title', { yuan: yuan(due), who: this.who(a) }), (close, redraw) => {
      const scanned = () => {
        refused = t('scan.in_dialog');
        find('dialog [data-how]').focus();
        redraw();
      };
      off();
      off = onScanInDialog(scanned);
      const take = async (/** @type {string} */ way) => {
        if (busy) return;
        busy = true;
        try {
          await this.take(a.appointment, due, way, find('dialog [name=receipt]').value.trim());
          close({ words: this.did('fees.did_take', due, way), fen: due, way });
        } catch (refusal) {
          if (refusal.code === 'nothing_due') {
            // On the bar: a notice would go when the check-in that follows is done.
            close({ words: t('fees.already') });
            return;
          }
          if (refusal.validNow && refusal.validNow.due_fen) {
            due = refusal.validNow.due_fen;
            refused = t('fees.amount_changed', { yuan: yuan(due) });
          } else refused = wordsOf(refusal, 'take_payment');
        }
        busy = false;
        redraw();
      };
      const choices = [...WAYS.map((way) => ({ name: way, go: () => take(way) })), ...(later ? [{ name: 'later', go: () => close({}) }] : [])];
      return h('div', { class: 'form', 'data-form': 'take_payment', onkeydown: (/** @type {any} */ event) => this.onKey(event, scanned) },
        // Enter pressed once more is no money.
        h('p', { class: 'notice', key: 'how', tabindex: '-1', autofocus: true, 'data-how': '' }, t(how)),
        refused ? h('p', { class: 'notice alarm', key: 'refused', role: 'alert' }, refused) : null,
        h('div', { class: 'pay-by', key: 'ways' }, choices.map((one, n) => h('button', {
          type: 'button', class: `btn wide${one.name === 'later' ? '' : ' primary'}`, key: one.name, 'data-action': `take_${one.name}`, onclick: one.go,
        }, t(`fees.take.${one.name}`), h('kbd', { 'aria-hidden': 'true' }, String(n + 1))))),
        receiptField(),
        h('div', { class: 'buttons', key: 'buttons' }, h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', onclick: () => close(null) }, t('cancel'))));
    });
    taken.then(() => off());
    return taken;
  }

  /**
   * A digit chooses, Enter books: no single key is money, nor what a scanner types.
   * @param {any} event @param {() => void} scanned
   */
  onKey(event, scanned) {
    const since = event.timeStamp - this.keyAt;
    this.keyAt = event.timeStamp;
    // A receipt may be scanned into its field.
    if (isEditing(event)) return;
    // The Enter that has opened this, held down, is neither a scanner nor a press.
    if (event.repeat) {
      event.preventDefault();
      return;
    }
    if (event.key === 'Enter' && isFast(since)) {
      event.preventDefault();
      scanned();
      return;
    }
    const one = event.currentTarget.querySelectorAll('.pay-by button')[Number(event.key) - 1];
    if (!one || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    one.focus();
  }

  /** Of a fee that was taken with a check-in: undone, that leaves the money where it is. @param {Payer} payer @param {Taken} taken @returns {import('./acts.js').Stays} */
  stays(payer, { fen = 0, way = '' }) {
    return {
      take: t('fees.undo_check_in'),
      words: t('fees.stays', { yuan: yuan(fen), way: wayWord(way) }),
      more: { action: 'open_fees', words: t('fees.open'), go: () => this.open(payer) },
    };
  }

  /** @param {string} appointment @param {number} fen @param {string} way @param {string} receipt */
  take(appointment, fen, way, receipt) {
    this.known.delete(appointment);
    return this.send('take_payment', { appointment, amount_fen: fen, way, receipt: receipt || undefined });
  }

  /** What was done with money stands on the bar for a moment; the books have no way back but a refund. @param {string} key @param {number} fen @param {string} way */
  did(key, fen, way) {
    const words = t(key, { yuan: yuan(fen), way: wayWord(way) });
    find('#undo').offer(words, null);
    return words;
  }

  /** All that was paid for an appointment: taken, given back and asked back here. @param {Payer} payer */
  async open(payer) {
    const id = payer.appointment;
    /** @type {any} */
    let one = null;
    let isRead = false;
    let refused = '';
    let done = '';
    let busy = false;
    const readAgain = async (/** @type {() => void} */ redraw) => {
      try {
        one = await this.read(id);
        isRead = true;
      } catch (refusal) {
        refused = wordsOf(refusal);
      }
      redraw();
    };
    await ask(t('fees.of', { who: this.who(payer) }), (close, redraw) => {
      if (!isRead && !busy) {
        busy = true;
        readAgain(redraw).finally(() => {
          busy = false;
        });
      }
      /** @param {() => Promise<any>} act @param {() => string} words */
      const go = async (act, words) => {
        if (busy) return;
        busy = true;
        [refused, done] = ['', ''];
        try {
          await act();
          done = words();
        } catch (refusal) {
          refused = wordsOf(refusal);
        }
        this.known.delete(id);
        await readAgain(redraw);
        busy = false;
        find('dialog [data-action=dialog_cancel]')?.focus();
      };
      return this.dialog(payer, { one, isRead, refused, done, go, close });
    });
    this.known.delete(id);
    this.page.draw();
  }

  /** @param {Payer} payer @param {any} state of the dialog */
  dialog(payer, { one, isRead, refused, done, go, close }) {
    const id = payer.appointment;
    const orders = one ? one.orders : [];
    const last = askable(orders);
    const due = one ? one.due_fen : 0;
    const receipt = () => find('dialog [name=receipt]').value.trim();
    /** @param {any} order @param {any} refund */
    const give = (order, refund) => (refund.standing === 'owed' && isDesks(order, refund)
      ? h('button', {
        type: 'button', class: 'btn primary', 'data-action': 'give_refund',
        onclick: () => go(() => this.send('give_refund', { refund: refund.refund, receipt: receipt() || undefined }), () => this.did('fees.did_give', refund.amount_fen, order.way)),
      }, t(`fees.give.${order.way}`))
      : null);
    return h('div', { class: 'form', 'data-form': 'fees' },
      done ? h('p', { class: 'notice', key: 'done', role: 'status' }, done) : null,
      refused ? h('p', { class: 'notice alarm', key: 'refused', role: 'alert' }, refused) : null,
      !isRead && !refused ? h('p', { class: 'muted', key: 'reading', 'aria-busy': 'true' }, t('fees.reading')) : null,
      isRead && !due && !orders.length ? h('p', { class: 'empty', key: 'nothing' }, t('fees.nothing')) : null,
      due ? h('p', { class: 'notice soon', key: 'due', 'data-due': String(due) }, t('fees.due', { yuan: yuan(due) })) : null,
      due ? h('div', { class: 'pay-by', key: 'ways' }, WAYS.map((way) => h('button', {
        type: 'button', class: 'btn primary wide', key: way, 'data-action': `take_${way}`,
        onclick: () => go(() => this.take(id, due, way, receipt()), () => this.did('fees.did_take', due, way)),
      }, t(`fees.take.${way}`)))) : null,
      owedOf(orders) ? h('p', { class: 'notice', key: 'how' }, t('fees.give_how')) : null,
      orders.length ? ordersView(orders, give) : null,
      due || owedOf(orders) ? receiptField() : null,
      h('div', { class: 'buttons', key: 'buttons' },
        last ? h('button', {
          type: 'button', class: 'btn', key: 'ask', 'data-action': 'ask_refund',
          onclick: () => {
            let asked = 0;
            go(async () => {
              asked = (await askRefund(this.page, id, last, this.who(payer))) || 0;
            }, () => (asked ? t('fees.did_ask', { yuan: yuan(asked) }) : ''));
          },
        }, t('fees.ask')) : null,
        h('button', { type: 'button', class: 'btn', key: 'close', 'data-action': 'dialog_cancel', autofocus: true, onclick: () => close(null) }, t('close'))));
  }
}

const receiptField = () => h('label', { class: 'field', key: 'receipt' }, h('span', null, t('fees.receipt')), h('input', { class: 'input', name: 'receipt', maxlength: '64', autocomplete: 'off' }));
