// What the pages' sources must keep: complete catalogues, no literal words in code, the Chromium 70 rule of the screens,
// nothing from other origins, nothing inline, files of at most 500 lines, and at most 150 kB a page as it is sent (gzip).

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import zlib from 'node:zlib';
import { parse } from 'acorn';

const WEB = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../src/web');
const PAGES = ['index', 'board', 'door', 'doctor', 'caller', 'desk', 'kiosk', 'patient', 'ops', 'setup', 'nowhere'].filter((p) => fs.existsSync(path.join(WEB, `${p}.html`)));
const SCREENS = ['board', 'door'];

const files = (ext, under = WEB) => fs.readdirSync(under, { withFileTypes: true }).flatMap((e) => {
  const full = path.join(under, e.name);
  return e.isDirectory() ? files(ext, full) : full.endsWith(ext) ? [full] : [];
});
const read = (file) => fs.readFileSync(file, 'utf8');
const short = (file) => path.relative(WEB, file);
const tree = (file, ecmaVersion = 'latest', sourceType = 'module') => parse(read(file), { ecmaVersion, sourceType });

function walk(node, see) {
  if (!node || typeof node.type !== 'string') return;
  see(node);
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) value.forEach((one) => walk(one, see));
    else if (value && typeof value.type === 'string') walk(value, see);
  }
}

function imports(file) {
  const found = [];
  walk(tree(file), (node) => {
    if ((node.type === 'ImportDeclaration' || node.type === 'ExportNamedDeclaration') && node.source) found.push(path.resolve(path.dirname(file), node.source.value));
  });
  return found;
}

/** Everything a page loads. */
function loads(page) {
  const html = read(path.join(WEB, `${page}.html`));
  const seen = new Set();
  const add = (file) => {
    if (seen.has(file)) return;
    seen.add(file);
    if (file.endsWith('.js') && !file.endsWith('old.js')) imports(file).forEach(add);
  };
  for (const [, ref] of html.matchAll(/(?:href|src)="\/web\/([^"]+)"/g)) add(path.join(WEB, ref));
  return seen;
}

const words = async (name) => (await import(pathToFileURL(path.join(WEB, `i18n/${name}.js`)))).default;
/** With what only operations, the plan, fees, phones, kiosks, screens, the waitlist, single slots, the first set-up and notifications load. */
const catalogue = async (lang) => Object.assign({}, ...(await Promise.all(['', 'desk_', 'slots_', 'patient_', 'rating_', 'ops_', 'reports_', 'plan_', 'kiosk_', 'setup_', 'fees_', 'waiting_', 'paying_', 'quotas_', 'screen_', 'push_'].map((part) => words(part + lang)))));

test('both catalogues have the same keys, and the same values to fill in', async () => {
  const [zh, en] = [await catalogue('zh'), await catalogue('en')];
  assert.deepEqual(Object.keys(zh).sort(), Object.keys(en).sort());
  const holes = (text) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
  for (const key of Object.keys(zh)) assert.deepEqual(holes(zh[key]), holes(en[key]), key);
});

test('no key stands twice in a catalogue', () => {
  for (const lang of ['zh', 'en']) {
    const seen = new Map();
    for (const file of files(`${lang}.js`, path.join(WEB, 'i18n'))) {
      walk(tree(file), (node) => {
        if (node.type !== 'Property' || node.key.type !== 'Literal') return;
        assert.equal(seen.get(node.key.value), undefined, `${node.key.value} in ${short(file)} and ${seen.get(node.key.value)}`);
        seen.set(node.key.value, short(file));
      });
    }
  }
});

test('each key that is used exists; each key of the catalogue is used', async () => {
  const zh = await catalogue('zh');
  const keys = Object.keys(zh);
  const used = new Set();
  const missing = [];
  const begun = new Set();
  for (const file of files('.js').filter((f) => !f.includes('/i18n/') || f.endsWith('lib/i18n.js'))) {
    walk(tree(file), (node) => {
      if (node.type === 'Literal' && typeof node.value === 'string') {
        if (keys.includes(node.value)) used.add(node.value);
        else if (/^[a-z_]+$/.test(node.value)) begun.add(`${node.value}.`);
      }
      if (node.type === 'TemplateLiteral' && node.quasis.length > 1) {
        const [first, ...rest] = node.quasis.map((q) => q.value.cooked);
        if (/^[a-z_]+(\.[a-z_]+)*[._]$/.test(first)) begun.add(first);
        if (first === '' && rest[0] && rest[0].startsWith('_')) keys.filter((k) => k.endsWith(rest[0])).forEach((k) => used.add(k));
      }
      if (node.type === 'CallExpression' && ['t', 'two', 'has'].includes(node.callee.name)) {
        const options = (n) => (n?.type === 'ConditionalExpression' ? [...options(n.consequent), ...options(n.alternate)] : [n]);
        for (const key of options(node.arguments[0])) {
          if (key?.type === 'Literal' && !keys.includes(key.value)) missing.push(`${short(file)}: ${key.value}`);
          if (key?.type === 'TemplateLiteral') {
            const start = key.quasis[0].value.cooked;
            if (start && !keys.some((k) => k.startsWith(start))) missing.push(`${short(file)}: ${start}…`);
          }
        }
      }
    });
  }
  for (const file of files('.html')) {
    for (const [, key] of read(file).matchAll(/data-t(?:-label|-hint)?="([^"]+)"/g)) {
      used.add(key);
      if (!keys.includes(key)) missing.push(`${short(file)}: ${key}`);
    }
    for (const [, key] of read(file).matchAll(/ words="([^"]+)"/g)) used.add(key).add(`${key}_never`);
  }
  assert.deepEqual(missing, []);
  const idle = keys.filter((k) => !used.has(k) && ![...begun].some((start) => k.startsWith(start)));
  assert.deepEqual(idle, [], 'keys that nothing uses');
});

test('the guide for the desk calls everything as the page does', async () => {
  const words = new Set();
  for (const name of ['zh', 'desk_zh', 'slots_zh', 'fees_zh', 'waiting_zh', 'quotas_zh']) {
    const catalogue = (await import(pathToFileURL(path.join(WEB, `i18n/${name}.js`)))).default;
    for (const word of Object.values(catalogue)) words.add(word);
  }
  const guide = read(path.resolve(WEB, '../../docs/a-morning-at-the-desk.md'));
  const named = [...guide.matchAll(/「([^」]+)」/g)].map(([, word]) => word);
  assert.ok(named.length > 30);
  assert.deepEqual(named.filter((word) => !words.has(word)), []);
});

test('no words of a human language stand in code or HTML', () => {
  for (const file of files('.js').filter((f) => !short(f).startsWith('i18n/'))) {
    walk(tree(file), (node) => {
      const text = node.type === 'Literal' ? String(node.value) : node.type === 'TemplateElement' ? node.value.cooked : '';
      assert.doesNotMatch(text, /\p{Script=Han}/u, short(file));
    });
  }
  // The page of a server that still starts comes alone: no catalogue; it says the same in both languages.
  for (const file of files('.html').filter((f) => short(f) !== 'starting.html')) {
    assert.equal(read(file).replace(/<[^>]*>/g, '').trim(), '', short(file));
  }
});

test('what browsers without modules load is of before them, in the words of the catalogues', async () => {
  const old = ['i18n/old.js', 'old/old.js', 'old/phone.js'].map((file) => path.join(WEB, file));
  old.forEach((file) => assert.doesNotThrow(() => tree(file, 5, 'script'), short(file)));
  const page = {};
  new Function('window', read(old[0]))(page);
  const said = page.jiaohaoOld;
  const [zh, en] = [await catalogue('zh'), await catalogue('en')];
  const own = Object.keys(said).filter((key) => !(key in zh));
  assert.deepEqual(own, ['board.old', 'patient.too_old', 'board.too_old']);
  for (const key of Object.keys(said)) if (key in zh) assert.deepEqual(said[key], [zh[key], en[key]], key);
  const used = read(old[1]) + read(old[2]);
  const made = ["'pairing.unknown_'", "'board.state.'", "'door.'"].filter((stem) => used.includes(stem));
  const isSaid = (key) => used.includes(`'${key}'`) || made.some((stem) => `'${key}`.startsWith(stem.slice(0, -1)));
  assert.deepEqual(Object.keys(said).filter((key) => !isSaid(key)), []);
});

test('screens keep to the syntax and the interfaces of Chromium 70', () => {
  const later = /\.(replaceAll|flatMap|replaceChildren|matchAll|at)\(|Object\.fromEntries|Promise\.(allSettled|any)|globalThis|structuredClone|randomUUID|queueMicrotask|\.append\(\.\.\.|\bBigInt\b/;
  for (const page of SCREENS) {
    for (const file of loads(page)) {
      if (file.endsWith('.css')) {
        const css = read(file).replace(/\/\*[^]*?\*\//g, '');
        assert.doesNotMatch(css, /\b(inset|aspect-ratio|place-items|accent-color):|\b(clamp|min|max)\(|:focus-visible|:is\(|:where\(|@layer|dvh/, short(file));
        assert.doesNotMatch(css, /(?<!grid-)(?<!row-)(?<!column-)\bgap:/, `${short(file)}: no gaps in flex boxes, and grid-gap in grids`);
      }
      if (!file.endsWith('.js') || file.endsWith('old.js')) continue;
      assert.doesNotThrow(() => tree(file, 2018), `${short(file)} of /${page}`);
      walk(tree(file), (node) => {
        assert.ok(!['PropertyDefinition', 'PrivateIdentifier', 'ChainExpression', 'ImportExpression'].includes(node.type), short(file));
      });
      assert.doesNotMatch(read(file).replace(/^\s*(\/\/|\*).*$/gm, ''), later, short(file));
    }
  }
});

test('phones keep to the syntax and the style of Chromium 80 and Safari 13.1', () => {
  const later = /\.(replaceChildren|at|findLast|toSorted|hasOwn)\(|Object\.hasOwn|Promise\.any|structuredClone|randomUUID|AbortSignal\.timeout|\(\?<[=!]/;
  for (const file of loads('patient')) {
    if (file.endsWith('.css')) {
      const css = read(file).replace(/\/\*[^]*?\*\//g, '').replace('html:has(.told > *) { scroll-padding-top: 10rem; }', '');
      assert.doesNotMatch(css, /\b(inset|aspect-ratio):|:is\(|:where\(|:has\(|@layer|@container|dvh|color-mix/, short(file));
    }
    if (!file.endsWith('.js')) continue;
    assert.doesNotThrow(() => tree(file, 2020, /\bold[./]/.test(short(file)) ? 'script' : 'module'), short(file));
    walk(tree(file), (node) => assert.ok(!['PropertyDefinition', 'PrivateIdentifier', 'StaticBlock'].includes(node.type), short(file)));
    assert.doesNotMatch(read(file).replace(/^\s*(\/\/|\*).*$/gm, ''), later, short(file));
  }
});

test('nothing is inline and nothing comes from elsewhere', () => {
  for (const file of files('.html')) {
    const html = read(file);
    assert.doesNotMatch(html, / style="|<style| on[a-z]+="|https?:\/\//, short(file));
    assert.doesNotMatch(html, /<script(?![^>]* src="\/web\/)/, short(file));
  }
  for (const file of [...files('.js'), ...files('.css')]) {
    const text = read(file).replace('http://www.w3.org/2000/svg', '');
    assert.doesNotMatch(text, /https?:\/\/|innerHTML|outerHTML|insertAdjacentHTML|\beval\(|new Function|document\.write/, short(file));
    if (file.endsWith('.css')) assert.doesNotMatch(text, /@import|url\(/, short(file));
  }
});

test('every colour is a token\'s, but on paper', () => {
  // Paper is black on white; what lets shine through is a share of black, of white or of the ink.
  const own = /#[0-9a-fA-F]{3,8}\b|\b(?:hsla?|rgb)\(|:\s*(?:white|black|red|green|gr[ae]y)\b/;
  const tokens = read(path.join(WEB, 'tokens.css'));
  // What browsers without variables load has the tokens' values.
  for (const [colour] of read(path.join(WEB, 'old/old.css')).matchAll(/#[0-9a-fA-F]{3,8}\b/g)) assert.ok(tokens.includes(`${colour};`), `old/old.css: ${colour}`);
  for (const file of files('.css').filter((f) => !['tokens.css', 'old/old.css'].includes(short(f)))) {
    const css = read(file).replace(/\/\*[^]*?\*\//g, '').replace(/@media print \{[^]*?\n\}/g, '');
    assert.doesNotMatch(css.replace(/[^{};]*\{/g, '{'), own, short(file));
    for (const [, name] of css.matchAll(/var\((--[\w-]+)\)/g)) assert.ok(tokens.includes(`${name}:`) || css.includes(`${name}:`) || files('.js').some((f) => read(f).includes(`'${name}'`)), `${short(file)}: ${name}`);
  }
  for (const file of files('.js')) assert.doesNotMatch(read(file), /['"`]#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?['"`]/, short(file));
  for (const file of files('.html')) for (const [colour] of read(file).matchAll(/#[0-9a-fA-F]{6}\b/g)) assert.ok(tokens.includes(colour), `${short(file)}: ${colour}`);
});

test('every file says what lives there, in at most 500 lines', () => {
  for (const file of [...files('.js'), ...files('.css')]) {
    assert.match(read(file), /^(\/\/ |\/\* )\S/, short(file));
    assert.ok(read(file).split('\n').length <= 501, short(file));
  }
});

test('every page loads what exists, and no more than 150 kB', () => {
  for (const page of PAGES) {
    let size = zlib.gzipSync(read(path.join(WEB, `${page}.html`))).length;
    for (const file of loads(page)) size += zlib.gzipSync(fs.readFileSync(file)).length;
    assert.ok(size < 150_000, `${page}: ${size}`);
  }
});
