// What a page that stays open for weeks remembers has a bound: names, slips, ways on. The board's own is in board-week.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Persons } from '../../src/web/lib/persons.js';
import { Recent } from '../../src/web/lib/recent.js';

test('what was used last is kept, what was not used for longest goes', () => {
  const kept = new Recent(3);
  for (const key of ['a', 'b', 'c']) kept.set(key, key.toUpperCase());
  assert.equal(kept.get('a'), 'A');
  kept.set('d', 'D');
  assert.deepEqual([...kept.keys()], ['c', 'a', 'd']);
  kept.set('c', null);
  assert.equal(kept.get('c'), null, 'asked for, and nothing known yet');
  assert.deepEqual([...kept.keys()], ['a', 'd', 'c']);
  assert.equal(kept.get('b'), undefined);
  assert.equal(kept.size, 3);
});

test('a console that is open for a month knows the persons of the last days', async () => {
  const asked = [];
  const session = {
    http: async (_method, _path, { ids }) => {
      asked.push(...ids);
      return { persons: ids.map((patient) => ({ patient, name: `名${patient}` })) };
    },
  };
  const persons = new Persons(session, () => {});
  for (let day = 0; day < 30; day += 1) {
    await persons.ready(Array.from({ length: 200 }, (_, n) => `p-${day}-${n}`));
    assert.ok(persons.known.size <= 2000);
  }
  assert.equal(asked.length, 6000);
  assert.equal(persons.nameOf({ patient: 'p-29-7' }), '名p-29-7');
  assert.equal(persons.nameOf({ patient: 'p-0-7', masked_name: '张*' }), '张*', 'asked for again');
  await persons.ready(['p-0-7']);
  assert.equal(persons.nameOf({ patient: 'p-0-7' }), '名p-0-7');
});
