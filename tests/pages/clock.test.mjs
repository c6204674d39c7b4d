// The page's reading of the server's clock, in virtual time: no browser is needed.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';

const source = await readFile(new URL('../../src/web/lib/clock.js', import.meta.url), 'utf8');
const { ServerClock } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

const NINE = Date.parse('2026-11-23T09:00:00+08:00');
const BEAT_MS = 2000;

/** A page that has read beats of a server; `beat(n, late)` is the n-th, read so many milliseconds late. */
function page(speed = 1) {
  let local = 5000;
  const clock = new ServerClock(() => local);
  const serverAt = () => NINE + (local - 5000) * speed;
  return {
    clock,
    serverAt,
    beat(n, late = 0) {
      local = 5000 + n * BEAT_MS + late;
      clock.follow(NINE + n * BEAT_MS * speed);
    },
    event(ago) {
      clock.atLeast(new Date(serverAt() - ago).toISOString());
    },
    off: () => Math.round(clock.now() - serverAt()),
  };
}

test('a beat that a busy page reads late sets the clock back by nothing, and is no rate', () => {
  const screen = page();
  for (let n = 0; n < 30; n += 1) {
    screen.beat(n, n % 5 === 3 ? 1400 : n % 7);
    assert.equal(screen.clock.rate, 1, `after beat ${n}`);
    assert.ok(Math.abs(screen.off()) <= 6, `after beat ${n}: ${screen.off()} ms`);
  }
});

test('a welcome that was read late is made good by the first beat, or an event before it', () => {
  const screen = page();
  screen.beat(0, 700);
  assert.equal(screen.off(), -700);
  screen.event(20);
  assert.equal(screen.off(), -20);
  screen.beat(1, 5);
  assert.equal(screen.off(), -5);
  screen.beat(2, 300);
  assert.equal(screen.off(), -5);
});

test('a server whose clock is set is followed: forward at once, a little back after the beats that are kept, far back at once', () => {
  for (const [by, beats] of [[1500, 1], [-900, 8], [-60000, 1], [60000, 2]]) {
    let local = 0;
    let set = 0;
    const clock = new ServerClock(() => local);
    const beat = () => {
      local += BEAT_MS;
      clock.follow(NINE + local + set);
    };
    for (let n = 0; n < 10; n += 1) beat();
    set = by;
    for (let n = 0; n < beats; n += 1) beat();
    assert.equal(clock.now() - local - NINE, by);
    beat();
    assert.equal(clock.rate, 1, `set by ${by} ms`);
  }
});

test('a clinic clock that runs faster is followed from its first beat on, and one that no longer does', () => {
  for (const speed of [20, 60, 600]) {
    const screen = page(speed);
    screen.beat(0);
    for (let n = 1; n < 10; n += 1) {
      screen.beat(n);
      assert.equal(screen.clock.rate, speed);
      assert.equal(screen.off(), 0);
    }
    const { clock } = screen;
    const from = clock.now();
    let local = 0;
    clock.local = () => local;
    clock.beats = [{ at: from, seen: 0 }];
    for (let n = 1; n < 4; n += 1) {
      local += BEAT_MS;
      clock.follow(from + local);
      assert.equal(clock.rate, 1);
      assert.equal(clock.now(), from + local);
    }
  }
});
