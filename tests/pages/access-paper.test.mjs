// `docs/accessibility.md` against the list of WCAG 2.2 and the tests that it names; and the contrast of what is not text,
// reckoned from the tokens.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';

const read = (file) => fs.readFileSync(new URL(file, import.meta.url), 'utf8');
const PAPER = read('../../docs/accessibility.md');
const TOKENS = read('../../src/web/tokens.css');

/** The success criteria of levels A and AA: 1.1.1 … 4.1.3. 4.1.1 is no more. */
const CRITERIA = {
  A: '1.1.1 1.2.1 1.2.2 1.2.3 1.3.1 1.3.2 1.3.3 1.4.1 1.4.2 2.1.1 2.1.2 2.1.4 2.2.1 2.2.2 2.3.1 2.4.1 2.4.2 2.4.3 2.4.4 2.5.1 2.5.2 2.5.3 2.5.4 3.1.1 3.2.1 3.2.2 3.2.6 3.3.1 3.3.2 3.3.7 4.1.2',
  AA: '1.2.4 1.2.5 1.3.4 1.3.5 1.4.3 1.4.4 1.4.5 1.4.10 1.4.11 1.4.12 1.4.13 2.4.5 2.4.6 2.4.7 2.4.11 2.5.7 2.5.8 3.1.2 3.2.3 3.2.4 3.3.3 3.3.4 3.3.8 4.1.3',
};
const cells = (line) => line.split('|').slice(1, -1).map((cell) => cell.trim());
const rows = PAPER.split('\n').filter((line) => /^\| \d/.test(line)).map(cells);
const tests = PAPER.split('\n').filter((line) => /^\| \w+ \| `/.test(line)).map(cells);

test('every criterion of WCAG 2.2 A and AA stands there once, judged for every page, with how', () => {
  const [, of] = /^\| criterion \| level \| (.*) \| how \|$/m.exec(PAPER);
  const pages = of.split(' | ').length;
  for (const [level, numbers] of Object.entries(CRITERIA)) {
    assert.deepEqual(rows.filter((row) => row[1] === level).map(([name]) => name.split(' ')[0]), numbers.split(' '), level);
  }
  assert.equal(rows.length, 55);
  for (const [name, , ...rest] of rows) {
    const how = rest.pop();
    assert.equal(rest.length, pages, name);
    assert.ok(rest.every((mark) => ['✓', '–', '**✗**'].includes(mark)), `${name}: ${rest}`);
    assert.ok(how.length > 4, name);
    // What does not hold is said in words, too.
    if (rest.includes('**✗**')) assert.ok(PAPER.slice(0, PAPER.indexOf('## What was not checked')).includes(`(${name.split(' ')[0]})`), name);
  }
});

test('each test that the paper names exists, and each name in brackets is one of them', () => {
  assert.ok(tests.length > 20);
  for (const [name, file, title] of tests) {
    assert.ok(read(file.replaceAll('`', '')).includes(`test('${title}'`), `${name}: ${file} has no test “${title}”`);
  }
  const names = new Set(tests.map(([name]) => name));
  for (const row of rows) for (const [, named] of row.at(-1).matchAll(/\[(\w+)\]/g)) assert.ok(names.has(named), `${row[0]}: ${named}`);
});

/** How light a colour `#rrggbb` is, as WCAG reckons it. */
function light(colour) {
  const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
const contrast = (one, other) => {
  const [more, less] = [light(one), light(other)].sort((a, b) => b - a);
  return (more + 0.05) / (less + 0.05);
};
const token = (name) => new RegExp(`--${name}: (#[0-9a-f]{6});`).exec(TOKENS)[1];

test('lines, signs and the focus are told from their ground, text from its own', () => {
  const signs = ['field-line', 'teal', 'blue', 'amber', 'green', 'red'];
  for (const ground of ['card', 'paper']) for (const sign of signs) assert.ok(contrast(token(sign), token(ground)) >= 3, `${sign} on ${ground}: ${contrast(token(sign), token(ground))}`);
  for (const text of ['ink', 'ink-2', 'ink-3', 'teal', 'blue', 'red']) for (const ground of ['card', 'paper']) assert.ok(contrast(token(text), token(ground)) >= 4.5, `${text} on ${ground}`);
  for (const [text, ground] of [['teal', 'teal-tint'], ['amber', 'amber-tint'], ['amber-strong', 'amber-tint'], ['red-deep', 'red-tint'], ['blue', 'blue-tint'], ['on-teal', 'teal'], ['on-teal', 'amber-strong']]) {
    assert.ok(contrast(token(text), token(ground)) >= 4.5, `${text} on ${ground}`);
  }
});
