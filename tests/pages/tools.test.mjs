// Types (JSDoc, checked by tsc) and lint (Biome) of the pages.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const run = (tool, ...args) => {
  const done = spawnSync(path.join(HERE, 'node_modules/.bin', tool), args, { cwd: HERE, encoding: 'utf8' });
  return { status: done.status, said: `${done.stdout}${done.stderr}` };
};

test('the pages are typed', () => {
  const { status, said } = run('tsc', '-p', 'tsconfig.json');
  assert.equal(status, 0, said);
});

test('the pages pass the lint, warnings denied', () => {
  const { status, said } = run('biome', 'lint', '--config-path=.', '--error-on-warnings', '../../src/web');
  assert.equal(status, 0, said);
});
