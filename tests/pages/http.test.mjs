// What a page asks for and does not get in time: no browser is needed.

import assert from 'node:assert/strict';
import test from 'node:test';
import { within } from '../../src/web/lib/http.js';

/** An answer that never comes, as fetch gives one up. @param {AbortSignal} signal */
const never = (signal) => new Promise((_answer, refuse) => {
  signal.addEventListener('abort', () => refuse(new DOMException('given up', 'AbortError')));
});

test('what takes too long is as good as no answer', async () => {
  await assert.rejects(within(20, never), { code: 'offline' });
});

test('what comes in time, or is refused in time, stands', async () => {
  assert.equal(await within(1000, async () => 'here'), 'here');
  await assert.rejects(within(1000, async () => {
    throw new TypeError('refused');
  }), TypeError);
});

test('a browser that cannot give up waits', async () => {
  const { AbortController: means } = globalThis;
  delete globalThis.AbortController;
  try {
    assert.equal(await within(1, (signal) => new Promise((answer) => setTimeout(() => answer(signal), 20))), undefined);
  } finally {
    globalThis.AbortController = means;
  }
});
