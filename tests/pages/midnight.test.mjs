// What a phone follows over midnight, in virtual time: no browser and no server are needed.

import assert from 'node:assert/strict';
import test from 'node:test';
import { ServerClock } from '../../src/web/lib/clock.js';
import { Model } from '../../src/web/patient/model.js';

const BEFORE = Date.parse('2026-11-23T23:50:00+08:00');
const AFTER = Date.parse('2026-11-24T00:10:00+08:00');

/** A phone's page at that time, and the streams that it follows. */
function phone() {
  let now = BEFORE;
  /** @type {Map<string, any>} */
  const streams = new Map();
  const clock = new ServerClock(() => 0);
  clock.now = () => now;
  clock.offsetMinutes = 8 * 60;
  const protocol = {
    clock,
    subscribe: (name, on) => {
      streams.set(name, on);
      return { close: () => streams.delete(name) };
    },
  };
  const page = { protocol, session: { http: () => new Promise(() => {}), renew: async () => {} }, draw: () => {} };
  const model = new Model(page, 'p-1', () => {});
  return {
    model,
    to: (at) => {
      now = at;
      model.changed();
    },
    hear: (name, snapshot) => {
      streams.get(name).onSnapshot(snapshot);
      streams.get(name).onBatch();
    },
    follows: () => [...streams.keys()].filter((name) => name.startsWith('ticket:')),
  };
}

const ticket = (id, date, state = 'checked_in') => ({ ticket: id, department: 's.d', date, state, number: 'A012', slot_start: null });
const place = (id, state, here) => ({ ticket: id, state, here, ahead: state === 'waiting' ? 0 : null, emergencies_ahead: 0, number: 'A012', line: 'ordinary' });

test('who came before midnight is called on the phone after it', (context) => {
  const { model, to, hear, follows } = phone();
  context.after(() => model.close());
  const tickets = [ticket('s.d.t1', '2026-11-23'), ticket('s.d.t2', '2026-11-23'), ticket('s.d.t0', '2026-11-21')];
  hear('patient:p-1', { appointments: [], tickets: Object.fromEntries(tickets.map((one) => [one.ticket, one])) });
  assert.deepEqual(follows(), ['ticket:s.d.t1', 'ticket:s.d.t2'], 'and nothing older');
  hear('ticket:s.d.t1', place('s.d.t1', 'waiting', true));
  hear('ticket:s.d.t2', place('s.d.t2', 'missed', true));
  assert.deepEqual(model.liveTickets().map((one) => one.ticket.ticket), ['s.d.t1', 's.d.t2']);
  to(AFTER);
  assert.deepEqual(follows(), ['ticket:s.d.t1', 'ticket:s.d.t2']);
  // The new day says of whom it is still true.
  hear('ticket:s.d.t2', place('s.d.t2', 'missed', false));
  hear('ticket:s.d.t1', place('s.d.t1', 'called', true));
  assert.deepEqual(model.liveTickets().map((one) => [one.ticket.ticket, one.ticket.state]), [['s.d.t1', 'called']]);
  assert.equal(model.waits(), true);
  to(AFTER + 24 * 3600 * 1000);
  assert.deepEqual(follows(), [], 'no day longer');
});
