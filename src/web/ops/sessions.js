// Today's sessions of a site, behind its figure: the house's own list of them, read when it is opened and again while it is
// open, in the order of the day.

import { clockOf, ServerClock } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { hoursOf, placesOf, whoseOf } from '../lib/sessions.js';
import { prefix, Site } from '../lib/site.js';
import { periodWord, registrationWord, wordsOf } from '../lib/words.js';

/** Between two readings while the list is open, milliseconds. */
const AGAIN_MS = 10000;

/** @type {{site: Site|null, error: any, busy: boolean, readAt: number}} */
const shown = { site: null, error: null, busy: false, readAt: 0 };

/** @param {import('../lib/page.js').Page} page @param {Site} site */
async function read(page, site) {
  shown.busy = true;
  shown.readAt = performance.now();
  const error = await site.read().then(() => null, (refusal) => refusal);
  // Another site's list was opened meanwhile.
  if (site !== shown.site) return;
  Object.assign(shown, { busy: false, error });
  page.draw();
}

/** @param {any} one */
function state(one) {
  if (!one.open) return h('span', { class: 'tag', 'data-state': 'closed' }, t('ops.is_closed'));
  if (one.stopped_from) return h('span', { class: 'tag alarm', 'data-state': 'stopped' }, t('ops.session.stopped', { time: clockOf(one.stopped_from) }));
  if (one.delay_min) return h('span', { class: 'tag soon', 'data-state': 'delayed' }, t('ops.session.delayed', { n: one.delay_min }));
  return h('span', { 'data-state': 'open' }, t('ops.session.open'));
}

/** @param {Site} site @param {any} one */
function cells(site, one) {
  const nameOf = (/** @type {string} */ list, /** @type {string} */ id) => {
    const known = site.one(list, id);
    return known ? named(known.name, known.name_en) : '';
  };
  const department = prefix(one.queue, 2);
  const { places, taken } = placesOf(one);
  return [
    hoursOf(one) || periodWord(one.period), nameOf('departments', department) || department,
    [whoseOf(one, site), registrationWord(one.registration_class)].filter(Boolean).join(' · '),
    nameOf('service_points', one.service_point) || '–', `${taken} / ${places}`, state(one),
  ];
}

/**
 * @param {import('../lib/page.js').Page} page @param {string} id of the site
 * @param {(heads: string[], rows: any[]) => any} table @param {(key: string, className: string, cells: any[]) => any} row
 */
export function sessionsOf(page, id, table, row) {
  // With a clock of its own: the page's goes by the site that is set up there.
  if (!shown.site || shown.site.id !== id) Object.assign(shown, { site: new Site(page.session, id, new ServerClock()), error: null, busy: false, readAt: 0 });
  const site = /** @type {Site} */ (shown.site);
  if (!shown.busy && (!shown.readAt || performance.now() - shown.readAt > AGAIN_MS)) queueMicrotask(() => read(page, site));
  const { error } = shown;
  if (!site.view) {
    return error ? h('p', { class: 'notice alarm', role: 'alert' }, wordsOf(error))
      : [h('p', { class: 'muted', role: 'status', key: 'm' }, t('ops.session.reading')), h('p', { class: 'skeleton', key: 's', 'aria-hidden': 'true' })];
  }
  const today = site.view.sessions.filter((/** @type {any} */ one) => one.date === site.view.today)
    .sort((/** @type {any} */ a, /** @type {any} */ b) => (startOf(a) + a.session < startOf(b) + b.session ? -1 : 1));
  return [
    error ? h('p', { class: 'notice soon', role: 'status', key: 'old' }, wordsOf(error)) : null,
    today.length
      ? table(['hours', 'department', 'session', 'room', 'taken', 'online'], today.map((/** @type {any} */ one) => row(one.session, one.open ? '' : 'muted', cells(site, one))))
      : h('p', { class: 'muted', key: 'none' }, t('ops.session.none'))];
}

/** @param {any} one */
const startOf = (one) => (one.slots && one.slots.length ? one.slots[0].start : '');
