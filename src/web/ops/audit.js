// Who saw and did what: lines of a day, about an id or of an account, page by page. Reading them is itself a line.

import { clockOf } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { wordsOf } from '../lib/words.js';

/** @type {{asked: {day: string, about: string, account: string}|null, lines: any[], next: number|null, busy: boolean, error: any}} */
const shown = { asked: null, lines: [], next: null, busy: false, error: null };

/** @param {import('../lib/page.js').Page} page @param {number|null} after */
async function read(page, after) {
  const { asked } = shown;
  if (!asked) return;
  shown.busy = true;
  page.draw();
  // In the body: what is typed here may be a document or a phone, and proxies write addresses down.
  const query = { day: asked.day, about: asked.about || null, account: asked.account || null, after };
  try {
    const found = await page.session.http('POST', '/api/v1/audit/read', query);
    shown.lines = after === null ? found.lines : shown.lines.concat(found.lines);
    shown.next = found.next;
    shown.error = null;
  } catch (refusal) {
    shown.error = refusal;
  }
  shown.busy = false;
  page.draw();
}

/** @param {string} name @param {string} type @param {any} props */
function field(name, type, props) {
  return h('label', { class: 'field', key: name }, h('span', null, t(`ops.audit.${name}`)),
    h('input', { class: 'input', name, type, autocomplete: 'off', 'data-field': name, ...props }));
}

/** @param {import('../lib/page.js').Page} page @param {string} today */
export function auditView(page, today) {
  const form = h('form', {
    class: 'card pad ask', key: 'form', 'data-form': 'read_audit',
    onsubmit: (/** @type {any} */ event) => {
      event.preventDefault();
      const of = (/** @type {string} */ name) => event.target.elements[name].value.trim();
      shown.asked = { day: of('day'), about: of('about'), account: of('account') };
      read(page, null);
    },
  }, field('day', 'date', { required: true, value: shown.asked ? shown.asked.day : today }), field('about', 'text', {}), field('account', 'text', {}),
  h('button', { class: 'btn primary', 'data-action': 'read_audit', 'aria-busy': String(shown.busy) }, t('ops.audit.read')));
  return [h('h1', { key: 'h' }, t('ops.audit')), h('p', { class: 'muted', key: 'm' }, t('ops.audit.about_it')), form,
    shown.error ? h('p', { class: 'notice alarm', role: 'alert', key: 'error' }, wordsOf(shown.error)) : null, lines(page)];
}

/** @param {import('../lib/page.js').Page} page */
function lines(page) {
  if (!shown.asked || shown.error) return null;
  if (!shown.lines.length && shown.next === null) {
    return shown.busy ? null : h('p', { class: 'empty card', key: 'none' }, h('b', null, t('ops.audit.none')), t('ops.audit.none_more'));
  }
  const heads = ['at', 'account', 'what', 'about', 'outcome'];
  return [h('div', { class: 'card scroll', key: 'lines' }, h('table', null,
    h('thead', null, h('tr', null, heads.map((head) => h('th', { scope: 'col', key: head }, t(`ops.audit.${head}`))))),
    h('tbody', null, shown.lines.map((line, n) => h('tr', { key: n, class: line.outcome && line.outcome !== 'done' ? 'bad' : '' },
      h('td', { class: 'num' }, line.at ? clockOf(line.at) : ''), h('td', null, line.account || '', ' ', h('small', null, line.role || '')),
      h('td', null, line.count ? t('ops.audit.left_out', { n: line.count }) : line.what), h('td', null, (line.about || []).join(' ')), h('td', null, line.outcome || '')))))),
  shown.next === null ? null : h('div', { class: 'buttons', key: 'more' }, h('button', { type: 'button', class: 'btn', 'data-action': 'more_audit', onclick: () => read(page, shown.next) }, t('ops.audit.more')))];
}
