// Which of several payments pays for an appointment the department says; pages do not work it out.

import assert from 'node:assert/strict';
import test from 'node:test';

// No page is drawn here: what components need only to be defined.
globalThis.HTMLElement ??= class {};
globalThis.customElements ??= { define() {} };
const { askable } = await import('../../src/web/components/fees.js');
const { Fees } = await import('../../src/web/desk/fees.js');

const refund = (cause, amount_fen, standing) => ({ refund: `${cause}1`, cause, amount_fen, standing });
const fee = { order: 'o1', pays: true, amount_fen: 5000, kept_fen: 5000, refunds: [] };
/** Paid once too often: it stands last, and all of it went back. */
const surplus = { order: 'o2', pays: false, amount_fen: 7000, kept_fen: 0, refunds: [refund('surplus', 7000, 'given')] };

test('a refund is asked of what pays, whatever was paid after it', () => {
  assert.equal(askable([fee, surplus]), fee);
  assert.equal(askable([surplus]), null);
  assert.equal(askable([{ ...fee, kept_fen: 0 }, surplus]), null, 'nothing of it is kept');
  assert.equal(askable([{ ...fee, refunds: [refund('by_hand', 100, 'asked')] }]), null, 'one at a time');
});

test('the desk says what was paid for the ticket, and not what was paid beside it', () => {
  const fees = new Fees({ page: { draw() {} }, persons: { nameOf: () => '' } });
  const said = (orders) => {
    fees.known.set('a', { of: 'waiting ', at: performance.now(), one: { due_fen: 0, orders } });
    return JSON.stringify(fees.part({ appointment: 'a', state: 'waiting', number: 'A001' }));
  };
  assert.match(said([fee, surplus]), /50/);
  assert.doesNotMatch(said([fee, surplus]), /70/);
  assert.match(said([surplus]), /70/, 'it went back');
});
