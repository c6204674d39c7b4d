// What a department still needs until it can call, in the order in which it is made: each line leads to where it is made.
// A reading of what there is; whether somebody can be called is the department's to say.

import { whereHangs } from '../components/screens.js';
import { h } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { whoseOf } from '../lib/sessions.js';
import { periodWord } from '../lib/words.js';

/** @typedef {import('./kinds.js').Look} Look */

/** @param {Look} look @param {string} [department] the chosen one, if no other @returns {{name: string, part: string, there: string[]}[]} each need with what there is of it */
export function needs(look, department = look.department) {
  const { site } = look;
  const words = (/** @type {any[]} */ all) => all.map((one) => named(one.name, one.name_en) || one.id);
  const of = (/** @type {string} */ list) => (site && department ? site.of(list, department) : []);
  const doctors = site ? site.all('doctors').filter((doctor) => doctor.departments.includes(department)) : [];
  const boards = site ? site.all('boards').filter((board) => board.queues.some((/** @type {string} */ id) => id.startsWith(`${department}.`))) : [];
  const staff = (/** @type {(one: any) => boolean} */ fits) => look.staff.filter(fits).map((one) => one.id);
  const isDesk = (/** @type {any} */ one) => one.role === 'desk' && !!site && one.site === site.id && (!one.departments.length || one.departments.includes(department));
  return [
    { name: 'department', part: 'department', there: site && department ? words([site.one('departments', department)].filter(Boolean)) : [] },
    { name: 'service_point', part: 'service_point', there: words(of('service_points')) },
    { name: 'doctor', part: 'doctor', there: words(doctors) },
    { name: 'queue', part: 'queue', there: of('queues').map((queue) => `${queue.prefix} ${named(queue.name, queue.name_en)}`) },
    { name: 'doctor_account', part: 'staff', there: staff((one) => one.role === 'doctor' && doctors.some((doctor) => doctor.id === one.doctor)) },
    { name: 'desk_account', part: 'staff', there: staff(isDesk) },
    { name: 'board', part: 'board', there: words(boards) },
    { name: 'screen', part: 'screens', there: site ? site.all('screens').filter((screen) => boards.some((board) => board.id === screen.board)).map((screen) => whereHangs(screen, site)) : [] },
    { name: 'session', part: 'session', there: site ? site.sessions(department, look.today).filter((one) => one.open !== false).map((one) => `${whoseOf(one, site)} ${periodWord(one.period)}`.trim()) : [] },
  ];
}

/** How much a department lacks. @param {Look} look @param {string} department */
export const lacksOf = (look, department) => needs(look, department).filter((need) => !need.there.length).length;

/** How much is missing: each department has its own needs. @param {Look} look */
export function missingCount(look) {
  const departments = look.site ? look.site.all('departments').map((one) => one.id) : [];
  return (departments.length ? departments : ['']).reduce((n, department) => n + lacksOf(look, department), 0);
}

/**
 * Without a channel a clinic can call, and reaches only who has the page open: said, and not counted as missing.
 * @param {string[]|null} channels those that are set up; null while that is not known
 */
const reachView = (channels) => (channels ? h('p', { class: 'muted reach', key: 'reach', 'data-channels': channels.join(' ') },
  channels.length ? t('ops.reach', { channels: channels.map((channel) => t(`ops.channel.${channel}`)).join(t('list.comma')) }) : t('ops.reach_none')) : null);

/** @param {Look} look @param {(part: string, name: string) => void} go @param {any} choice of the department @param {string[]|null} channels see `reachView` */
export function missingView(look, go, choice, channels) {
  const all = needs(look);
  const left = all.filter((need) => !need.there.length);
  const next = left[0];
  const department = look.site && look.site.all('departments').length > 1 ? look.site.one('departments', look.department) : null;
  const whose = department ? `${named(department.name, department.name_en)} · ` : '';
  return [h('h1', { key: 'h' }, t('ops.missing')), h('p', { class: 'muted', key: 'm' }, t('ops.missing_more')), choice,
    left.length
      ? h('p', { class: 'verdict soon', role: 'status', key: 'verdict', 'data-missing': String(left.length) }, h('i', { class: 'mark', 'aria-hidden': 'true' }, String(left.length)), whose + t('ops.missing_left', { n: left.length }))
      : h('p', { class: 'verdict good', role: 'status', key: 'verdict', 'data-missing': '0' }, h('i', { class: 'mark', 'aria-hidden': 'true' }, '✓'), whose + t('ops.missing_none')),
    h('ol', { class: 'things needs', key: 'needs' }, all.map((need) => h('li', { key: need.name, 'data-need': need.name, 'data-there': String(need.there.length) },
      h('i', { class: `mark ${need.there.length ? '' : 'open'}`, 'aria-hidden': 'true' }, need.there.length ? '✓' : '·'),
      h('span', null, h('b', null, t(`ops.need.${need.name}`)), h('span', { class: 'visually-hidden' }, t(need.there.length ? 'ops.need_there' : 'ops.need_missing')),
        h('small', null, need.there.length ? need.there.slice(0, 6).join(t('list.comma')) + (need.there.length > 6 ? ' …' : '') : t(`ops.need_more.${need.name}`))),
      h('button', { type: 'button', class: `btn small${need === next ? ' primary' : ''}`, 'data-action': 'need', 'data-part-of': need.name, onclick: () => go(need.part, need.name) },
        t(need.there.length ? 'ops.need_look' : 'ops.need_make'))))),
    left.length ? null : h('p', { class: 'card pad ready', key: 'ready' }, t('ops.ready'), ' ', h('a', { href: '/desk' }, '/desk'), ' · ', h('a', { href: '/doctor' }, '/doctor')), reachView(channels)];
}

/** Whose account a need asks for. @type {Object<string, string>} */
export const ROLE_OF = { doctor_account: 'doctor', desk_account: 'desk' };

/**
 * The way on to what is missing next, where that is not made right here.
 * @param {Look} look @param {string} part where one is @param {(part: string, name: string) => void} go
 */
export function nextView(look, part, go) {
  const next = needs(look).find((need) => !need.there.length);
  if (!next || (next.part === part && (!ROLE_OF[next.name] || ROLE_OF[next.name] === look.role))) return null;
  return h('p', { class: 'next', key: 'next' }, t('ops.missing_next'),
    h('button', { type: 'button', class: 'btn small', 'data-action': 'next_need', 'data-next': next.name, onclick: () => go(next.part, next.name) }, t(`ops.need.${next.name}`)));
}
