// The lists of operations: what there is of a kind, found by a few letters, each with what it is in a line; changed in the
// form beside it, retired after saying what that does.

import { h } from '../lib/dom.js';
import { has, named, t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';
import { hoursOf, placesOf, whoseOf } from '../lib/sessions.js';
import { periodWord, registrationWord, titleWord } from '../lib/words.js';
import { idOf } from './kinds.js';

/** @typedef {import('./kinds.js').Look} Look */
/** @typedef {import('./kinds.js').Kind} Kind */

/** Shorter lists are seen at a glance. */
const SEARCHED_FROM = 6;

/** @param {Look} look @param {string} list @param {string[]} ids */
const namesOf = (look, list, ids) => ids.map((id) => look.site && look.site.one(list, id)).filter(Boolean).map((one) => named(one.name, one.name_en)).join(t('list.comma'));

/** @param {Look} look @param {string} id */
function siteName(look, id) {
  const site = look.sites.find((one) => one.site === id);
  return (site && named(site.name, site.name_en)) || id;
}

/** @param {any} one a session @param {Look} look */
function sessionTitle(one, look) {
  return [whoseOf(one, look.site), registrationWord(one.registration_class)].filter(Boolean).join(' · ');
}

/** What stands under the name, by kind. @type {Object<string, (one: any, look: Look) => any[]>} */
const ABOUT = {
  site: (one) => [one.time_zone],
  department: (one, look) => [
    look.site && t('ops.has_rooms', { n: look.site.of('service_points', one.id).length }), look.site && t('ops.has_queues', { n: look.site.of('queues', one.id).length }),
    one.number_only && t('ops.is_number_only')],
  service_point: (one) => [one.door_cap === null || one.door_cap === undefined ? '' : t('ops.has_door', { n: one.door_cap })],
  doctor: (one, look) => [titleWord(one.title), registrationWord(one.registration_class), namesOf(look, 'departments', one.departments)],
  queue: (one, look) => [t('ops.has_prefix', { prefix: one.prefix }), one.doctors.length ? namesOf(look, 'doctors', one.doctors) : t('ops.is_pool')],
  session: (one) => [one.date, periodWord(one.period), hoursOf(one), t('ops.has_places', { n: placesOf(one).places }), one.open === false && t('ops.is_closed')],
  board: (one, look) => [namesOf(look, 'queues', one.queues), t('ops.has_screens', { n: look.site ? look.site.all('screens').filter((screen) => screen.board === one.id).length : 0 }), `/board/${one.id}`],
  staff: (one, look) => [t(`role.${one.role}`), one.doctor ? namesOf(look, 'doctors', [one.doctor]) || one.doctor
    : one.departments.length ? namesOf(look, 'departments', one.departments) : one.site ? t('ops.of_site', { site: siteName(look, one.site) }) : t('ops.of_all_sites')],
};

/** @param {Kind} kind @param {any} one @param {Look} look @returns {{title: string, more: string}} */
export function inWords(kind, one, look) {
  const id = idOf(one);
  const title = kind.kind === 'session' ? sessionTitle(one, look) : kind.kind === 'staff' ? one.id : named(one.name, one.name_en);
  const more = [...ABOUT[kind.kind](one, look), kind.kind === 'staff' ? '' : id].filter(Boolean).join(' · ');
  return { title: title || id, more };
}

/** In which order a list stands. @param {Kind} kind @param {any[]} all */
function inOrder(kind, all) {
  const rank = (/** @type {any} */ one) => (kind.kind === 'service_point' ? String(one.order).padStart(6, '0')
    : kind.kind === 'session' ? `${one.date} ${one.slots && one.slots.length ? one.slots[0].start : ''}` : kind.kind === 'queue' ? one.prefix : '');
  return all.slice().sort((a, b) => (rank(a) + idOf(a) < rank(b) + idOf(b) ? -1 : 1));
}

/**
 * @param {Kind} kind @param {any[]} all @param {Look} look @param {string} typed what the list is searched for
 * @param {{edit: (one: any) => void, retire: (one: any) => void, search: (text: string) => void, warns: (one: any) => string}} on `warns`: what is to be said of a thing
 */
export function thingsView(kind, all, look, typed, on) {
  if (!all.length) {
    return h('p', { class: 'empty card', key: 'none' }, h('b', null, t('ops.none_yet')), t(`ops.first.${kind.kind}`));
  }
  const wanted = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = inOrder(kind, all).map((one) => ({ one, id: idOf(one), ...inWords(kind, one, look) }))
    .filter((row) => wanted.every((word) => `${row.title} ${row.more} ${row.one.name_en || ''}`.toLowerCase().includes(word)));
  return h('div', { class: 'listed', key: 'listed' },
    all.length >= SEARCHED_FROM || typed
      ? h('input', {
        class: 'input', type: 'search', key: 'search', 'data-field': 'search', 'aria-label': t('ops.search'), placeholder: t('ops.search'), value: typed, autocomplete: 'off',
        oninput: (/** @type {any} */ event) => on.search(event.target.value),
      })
      : null,
    rows.length
      ? h('ul', { class: 'things', key: 'things' }, rows.map((row) => h('li', { key: row.id, 'data-thing': row.id, class: look.editing && idOf(look.editing) === row.id ? 'editing' : '' },
        h('span', null, h('b', null, row.title), h('small', null, row.more), on.warns(row.one) ? h('small', { class: 'soon', 'data-warns': row.id }, on.warns(row.one)) : null),
        h('span', { class: 'acts' },
          h('button', { type: 'button', class: 'btn small', 'data-action': 'edit', 'data-thing': row.id, 'aria-label': t('ops.edit_of', { name: row.title }), onclick: () => on.edit(row.one) }, t('ops.edit')),
          kind.retire && row.one.open !== false
            ? h('button', { type: 'button', class: 'btn small danger', 'data-action': kind.retire, 'data-thing': row.id, 'aria-label': t('ops.retire_of', { name: row.title }), onclick: () => on.retire(row.one) }, t('ops.retire'))
            : null))))
      : h('p', { class: 'empty card', key: 'nothing' }, t('ops.none_found')));
}

/** @param {any} one an account */
const isOfAllSites = (one) => one.role === 'operator' && !one.site;

/** Says what retiring does and what stands against it, and asks. @param {Kind} kind @param {any} one @param {Look} look @returns {Promise<any>} */
export function askToRetire(kind, one, look) {
  const { title } = inWords(kind, one, look);
  const isLast = kind.kind === 'staff' && isOfAllSites(one) && look.staff.filter(isOfAllSites).length === 1;
  const isOwn = kind.kind === 'staff' && look.account === `a-staff-${one.id}`;
  return ask(t('ops.retire_title', { name: title }), (close) => h('div', { class: 'form' },
    isOwn ? h('p', { class: 'notice alarm', key: 'own', 'data-own': '' }, t('ops.retire_own')) : null,
    isLast ? h('p', { class: 'notice alarm', key: 'last', 'data-last': '' }, t('ops.in_use.last_operator')) : null,
    h('p', null, t(`ops.retire_does.${kind.kind}`)), isLast ? null : h('p', { class: 'muted' }, t(`ops.retire_not.${kind.kind}`)),
    h('div', { class: 'buttons' },
      h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', autofocus: true, onclick: () => close(null) }, t('ops.keep')),
      isLast ? null : h('button', { type: 'button', class: 'btn danger', 'data-action': 'dialog_go', onclick: () => close(true) }, t('ops.retire')))));
}

/** Who uses what was to be retired, from the refusal. @param {any} refusal @param {Look} look */
export function usersOf(refusal, look) {
  const v = refusal.validNow;
  if (v.last_operator) return t('ops.in_use.last_operator');
  if (v.last_issuer) return t('ops.in_use.last_issuer');
  const count = (/** @type {string} */ what) => (v[what] && v[what].length ? t(`ops.in_use.${what}`, { n: v[what].length, names: v[what].map(wordOf).join(t('list.comma')) }) : '');
  /** @param {string} id */
  function wordOf(id) {
    const rule = ((look.site && look.site.view.questions) || { rules: [] }).rules.findIndex((/** @type {any} */ one) => one.id === id);
    if (v.rules && v.rules.includes(id) && rule >= 0) return String(rule + 1);
    const doctor = look.site && look.site.one('doctors', id);
    return doctor ? named(doctor.name, doctor.name_en) : id.split('.').pop();
  }
  const place = v.service_point && look.site && look.site.one('service_points', v.service_point);
  const said = [...['tickets', 'visits', 'sessions', 'doctors', 'rules'].map(count), place ? t('ops.in_use.room', { room: named(place.name, place.name_en) }) : ''].filter(Boolean);
  const code = has(`error.${refusal.code}`) ? t(`error.${refusal.code}`, { code: refusal.code }) : refusal.code;
  return said.length ? `${code} (${said.join('; ')})` : code;
}
