// Today's sessions of a site, behind its figure: the house's own list of them, read when it is opened and again while it is
// open, in the order of the day.

import { clockOf } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { periodWord, registrationWord, wordsOf } from '../lib/words.js';

/** Between two readings while the list is open, milliseconds. */
const AGAIN_MS = 10000;

/** @type {{site: string, found: any, error: any, busy: boolean, readAt: number}} */
const shown = { site: '', found: null, error: null, busy: false, readAt: 0 };

/** @param {import('../lib/page.js').Page} page @param {string} site */
async function read(page, site) {
  shown.busy = true;
  shown.readAt = performance.now();
  let found = null;
  let error = null;
  try {
    found = await page.session.http('GET', `/api/v1/site/${encodeURIComponent(site)}`);
  } catch (refusal) {
    error = refusal;
  }
  // Another site's list was opened meanwhile.
  if (site !== shown.site) return;
  Object.assign(shown, { busy: false, error, found: found || shown.found });
  page.draw();
}

/** @param {any} one */
function state(one) {
  if (!one.open) return h('span', { class: 'tag', 'data-state': 'closed' }, t('ops.is_closed'));
  if (one.stopped_from) return h('span', { class: 'tag alarm', 'data-state': 'stopped' }, t('ops.session.stopped', { time: clockOf(one.stopped_from) }));
  if (one.delay_min) return h('span', { class: 'tag soon', 'data-state': 'delayed' }, t('ops.session.delayed', { n: one.delay_min }));
  return h('span', { 'data-state': 'open' }, t('ops.session.open'));
}

/** @param {any} view of the site @param {string} list @param {string|null} id */
function nameOf(view, list, id) {
  const one = id && view[list].find((/** @type {any} */ some) => some.id === id);
  return one ? named(one.name, one.name_en) : '';
}

/** @param {any} view of the site @param {any} one */
function cells(view, one) {
  const slots = one.slots || [];
  const places = slots.reduce((/** @type {number} */ n, /** @type {any} */ slot) => n + slot.capacity, 0);
  const free = slots.reduce((/** @type {number} */ n, /** @type {any} */ slot) => n + slot.free, 0);
  const department = one.queue.split('.').slice(0, 2).join('.');
  return [
    slots.length ? `${clockOf(slots[0].start)}–${clockOf(slots[slots.length - 1].end)}` : periodWord(one.period),
    nameOf(view, 'departments', department) || department,
    [nameOf(view, 'doctors', one.doctor) || nameOf(view, 'queues', one.queue), registrationWord(one.registration_class)].filter(Boolean).join(' · '),
    nameOf(view, 'service_points', one.service_point) || '–', `${places - free} / ${places}`, state(one),
  ];
}

/**
 * @param {import('../lib/page.js').Page} page @param {string} site
 * @param {(heads: string[], rows: any[]) => any} table @param {(key: string, className: string, cells: any[]) => any} row
 */
export function sessionsOf(page, site, table, row) {
  if (shown.site !== site) Object.assign(shown, { site, found: null, error: null, busy: false, readAt: 0 });
  if (!shown.busy && (!shown.readAt || performance.now() - shown.readAt > AGAIN_MS)) queueMicrotask(() => read(page, site));
  const { found, error } = shown;
  if (!found) {
    return error ? h('p', { class: 'notice alarm', role: 'alert' }, wordsOf(error))
      : [h('p', { class: 'muted', role: 'status', key: 'm' }, t('ops.session.reading')), h('p', { class: 'skeleton', key: 's', 'aria-hidden': 'true' })];
  }
  const today = found.sessions.filter((/** @type {any} */ one) => one.date === found.today)
    .sort((/** @type {any} */ a, /** @type {any} */ b) => (startOf(a) + a.session < startOf(b) + b.session ? -1 : 1));
  return [
    error ? h('p', { class: 'notice soon', role: 'status', key: 'old' }, wordsOf(error)) : null,
    today.length
      ? table(['hours', 'department', 'session', 'room', 'taken', 'online'], today.map((/** @type {any} */ one) => row(one.session, one.open ? '' : 'muted', cells(found, one))))
      : h('p', { class: 'muted', key: 'none' }, t('ops.session.none'))];
}

/** @param {any} one */
const startOf = (one) => (one.slots && one.slots.length ? one.slots[0].start : '');
