// What comes in the next four weeks: a day for each square, and of the chosen day each session with how it stands. What
// somebody has to settle stands first.

import { changeQuotas } from '../components/slot-quotas.js';
import { addDays, weekdayOf } from '../lib/clock.js';
import { find, h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { askText } from '../lib/page.js';
import { dateWord, periodWord, registrationWord } from '../lib/words.js';
import { DAYS_SHOWN, isOffline, known, readPlan } from './plan-data.js';
import { hoursOfOther } from './plan-overlaps.js';
import { doNow, sure } from './plan-parts.js';
import { keptWords } from './plan-quotas.js';
import { dayWords, daysFrom, doctorName, feeWords, measureWords, partsOf, releaseWords, sessionWords, todoWords, WEEK, whose, whyWords } from './plan-words.js';

/** @typedef {import('./kinds.js').Look} Look */
/** @typedef {import('../lib/page.js').Page} Page */

/** What asks somebody to do something. */
const TO_DO = ['to_go', 'to_settle', 'refused'];
/** How a standing is shown. @type {Object<string, string>} */
const TAGS = { made: 'good', ahead: '', closed: '', by_hand: 'info', to_go: 'alarm', to_settle: 'alarm', frozen: 'soon', refused: 'alarm' };
/** So much to do is named. */
const NAMED = 8;

/** The day that is looked at; empty: the first with a session. */
let chosen = '';

/** @param {Page} page @param {Look} look */
export function calendarView(page, look) {
  const { plan } = known;
  const byDate = new Map(plan.days.map((/** @type {any} */ day) => [day.date, day.sessions]));
  const isSeen = byDate.has(chosen);
  if (!isSeen) {
    const first = plan.days.find((/** @type {any} */ day) => day.sessions.length);
    chosen = first ? first.date : look.today;
  }
  const pick = (/** @type {string} */ date) => {
    chosen = date;
    page.draw();
  };
  const sessions = (byDate.get(chosen) || []).slice().sort((/** @type {any} */ a, /** @type {any} */ b) => (rank(a) < rank(b) ? -1 : 1));
  return h('div', { class: 'plan-calendar', key: 'calendar' }, unsettled(look, pick),
    h('div', { class: 'squares', key: 'squares' }, WEEK.map((day) => h('span', { class: 'head', key: day, 'aria-hidden': 'true' }, t(`planning.day.${day}`))),
      // The first week begins on its Monday.
      WEEK.slice(0, (weekdayOf(look.today) + 6) % 7).map((day) => h('span', { key: `before-${day}` })),
      daysFrom(look.today, DAYS_SHOWN).map((date) => square(date, byDate.get(date) || [], look, pick))),
    h('section', { class: 'of-day', key: 'day', 'data-day': chosen, 'aria-label': dayWords(chosen, look.today) },
      h('h2', null, dayWords(chosen, look.today), h('small', null, chosen === look.today ? t('planning.today') : '')),
      sessions.length ? h('ul', { class: 'things planned' }, sessions.map((/** @type {any} */ session) => row(page, look, session)))
        : h('p', { class: 'empty card', key: 'none' }, h('b', null, t('planning.no_session')), known.plan.templates.length ? t('planning.no_session_more') : t('planning.none_more'))));
}

/** By the clock, then by whose they are. @param {any} session */
const rank = (session) => `${session.start || '~'} ${session.session}`;

/** Whether patients are seen there. @param {any} session */
const isHeld = (session) => session.standing !== 'closed' && session.standing !== 'refused' && (session.open || session.standing === 'ahead');

/** @param {string} date @param {any[]} sessions @param {Look} look @param {(date: string) => void} pick */
function square(date, sessions, look, pick) {
  const held = sessions.filter(isHeld);
  const closed = sessions.filter((one) => one.standing === 'closed');
  const todo = sessions.filter((one) => TO_DO.includes(one.standing)).length;
  const overlaps = held.some((one) => one.overlaps.length);
  const reason = closed.length && !held.length ? closed[0].reason || t('planning.closed_day') : '';
  const places = held.reduce((n, one) => n + one.places, 0);
  const words = held.length ? t('planning.square', { n: held.length, places }) : reason || t('planning.square_none');
  const dayOf = date.slice(8) === '01' || date === look.today ? dateWord(date, 'date.strip') : String(Number(date.slice(8)));
  return h('button', {
    type: 'button', class: `square${held.length ? '' : ' none'}${reason ? ' closed' : ''}`, key: date, 'data-date': date, 'aria-pressed': String(date === chosen),
    'aria-label': `${dayWords(date, look.today)} ${words}${overlaps ? ` ${t('planning.square_overlaps')}` : ''}${todo ? ` ${t('planning.square_todo', { n: todo })}` : ''}`, onclick: () => pick(date),
  }, h('b', { class: 'num' }, dayOf),
  held.length
    ? [h('span', { class: 'of near', key: 'near' }, t('planning.square_near', { n: held.length })), h('span', { class: 'of far', key: 'n' }, t('planning.square_n', { n: held.length })), h('span', { class: 'of far', key: 'p' }, t('planning.places', { n: places }))]
    : h('span', { class: 'of', key: 'n' }, reason || '–'),
  overlaps ? h('span', { class: 'todo', key: 'overlaps', 'data-square-overlaps': '' }, h('i', null, '!'), h('span', { class: 'far' }, t('planning.square_overlaps'))) : null,
  todo ? h('span', { class: 'todo', key: 'todo' }, h('i', null, '!'), h('span', { class: 'far' }, t('planning.square_todo', { n: todo }))) : null);
}

/** What somebody has to settle, on whatever day. @param {Look} look @param {(date: string) => void} pick */
function unsettled(look, pick) {
  const { plan } = known;
  const site = /** @type {import('../lib/site.js').Site} */ (look.site);
  if (!plan.unsettled.length) return null;
  const n = plan.unsettled.length + plan.unsettled_left_out;
  const last = addDays(look.today, DAYS_SHOWN - 1);
  return h('section', { class: 'notice soon unsettled', key: 'unsettled', 'data-unsettled': String(n) }, h('p', null, t('planning.unsettled', { n })),
    h('ul', null, plan.unsettled.slice(0, NAMED).map((/** @type {any} */ one) => {
      const words = `${sessionWords(one.session, site, plan.templates, look.today)} · ${t(`planning.standing.${one.standing}`)}`;
      return h('li', { key: one.session }, one.date <= last ? h('button', {
        type: 'button', class: 'btn small', 'data-action': 'see_day', 'data-session': one.session,
        onclick: () => {
          pick(one.date);
          requestAnimationFrame(() => requestAnimationFrame(() => find('.of-day')?.scrollIntoView({ block: 'nearest' })));
        },
      }, words) : words);
    })),
    n > NAMED ? h('p', { key: 'more' }, t('planning.and_more', { n: n - NAMED })) : null);
}

/** @param {Page} page @param {Look} look @param {any} session */
function row(page, look, session) {
  const site = /** @type {import('../lib/site.js').Site} */ (look.site);
  const { plan } = known;
  const template = plan.templates.find((/** @type {any} */ one) => one.id === session.template);
  const isOn = session.period !== null;
  const who = isOn ? whose(session, site) : template ? whose(template, site) : '';
  const replaced = isOn && template && template.doctor && session.doctor && session.doctor !== template.doctor ? t('planning.replaces', { doctor: doctorName(site, template.doctor) }) : '';
  const period = session.period || (template && template.period);
  const what = isOn ? [periodWord(period), registrationWord(session.registration_class), feeWords(session.fee_fen || 0)] : [periodWord(period), template ? measureWords(template) : ''];
  const todo = todoWords(session, site);
  const overlaps = session.overlaps.length ? t('planning.overlaps', { sessions: session.overlaps.map((/** @type {string} */ id) => hoursOfOther(id, look)).join(t('list.comma')) }) : '';
  const { clock } = page.protocol;
  return h('li', { key: session.session, 'data-planned': session.session, 'data-standing': session.standing },
    h('div', { class: 'who' }, h('b', null, who, replaced ? h('small', { class: 'beside' }, replaced) : null), h('small', null, what.filter(Boolean).join(' · ')),
      todo ? h('small', { class: 'soon', key: 'todo' }, todo) : null, overlaps ? h('small', { class: 'soon', key: 'overlaps', 'data-overlaps': '' }, overlaps) : null),
    h('div', { class: 'when' },
      session.start ? h('span', { class: 'num' }, `${session.start}–${session.end}`, ' · ', session.open ? t('planning.taken', { taken: session.taken, places: session.places }) : t('planning.places', { n: session.places }), keptWords(session.quotas, 'planning.kept_session')) : null,
      session.start ? h('small', null, releaseWords(session, clock.known ? clock.now() : Date.now(), look.today)) : null),
    h('div', { class: 'stands' }, h('span', { class: `tag ${TAGS[session.standing]}` }, t(`planning.standing.${session.standing}`)),
      session.standing === 'by_hand' && session.frozen ? h('span', { class: 'tag soon', key: 'frozen' }, t('planning.standing.frozen')) : null,
      session.reason ? h('small', { key: 'reason' }, session.reason) : null, session.code ? h('small', { class: 'soon', key: 'code' }, whyWords(session.code)) : null,
      h('span', { class: 'acts' }, acts(page, look, session, `${who} ${periodWord(period)}`))));
}

/** What can be done with a session. @param {Page} page @param {Look} look @param {any} session @param {string} who */
function acts(page, look, session, who) {
  const off = isOffline(page);
  const name = `${who} ${dayWords(partsOf(session.session).date, look.today)}`;
  const button = (/** @type {string} */ action, /** @type {string} */ words, /** @type {() => void} */ onclick) => h('button', {
    type: 'button', class: 'btn small', key: action.replace('un', ''), 'data-action': action, 'data-session': session.session, disabled: off, 'aria-label': `${words} ${name}`, onclick,
  }, words);
  const isFrozenByHand = session.standing === 'frozen' || (session.standing === 'by_hand' && session.frozen);
  return [
    session.standing === 'by_hand' && partsOf(session.session).date > look.today ? button('plan_session', t('planning.back'), () => back(page, look, session, name)) : null,
    isFrozenByHand ? button('unfreeze_session', t('planning.unfreeze'), () => freeze(page, look, session, false)) : null,
    // Of what is to go nothing is kept otherwise: that would undo the plan.
    session.open && ['made', 'by_hand', 'frozen'].includes(session.standing) ? button('slot_quotas', t('quotas.open'), () => quotas(page, look, session, name)) : null,
    session.open && !session.frozen && ['made', 'by_hand'].includes(session.standing) ? button('freeze_session', t('planning.freeze'), () => freeze(page, look, session, true)) : null,
  ];
}

/** @param {Page} page @param {Look} look @param {any} session @param {boolean} frozen */
async function freeze(page, look, session, frozen) {
  const reason = await askText(t(frozen ? 'planning.freeze_title' : 'planning.unfreeze_title'), {
    usual: t(frozen ? 'planning.freeze_usual' : 'planning.unfreeze_usual').split('|'), go: t(frozen ? 'planning.freeze' : 'planning.unfreeze'), danger: frozen,
    more: t(frozen ? 'planning.freeze_more' : 'planning.unfreeze_more'),
  });
  if (reason) await done(page, look, 'freeze_session', { session: session.session, frozen, reason }, t(frozen ? 'planning.freeze_did' : 'planning.unfreeze_did'));
}

/** What of each slot is kept for whom. @param {Page} page @param {Look} look @param {any} session @param {string} name */
async function quotas(page, look, session, name) {
  if (!(await changeQuotas(page, session.session, name, session.template && session.standing !== 'by_hand' ? t('quotas.by_hand') : ''))) return;
  page.notify(t('quotas.did', { name }), 'good');
  await readPlan(page, look.today);
}

/** @param {Page} page @param {Look} look @param {any} session @param {string} name */
async function back(page, look, session, name) {
  const template = known.plan.templates.find((/** @type {any} */ one) => one.id === session.template);
  const says = [name, session.expected_doctor === null && !(template && !template.doctor) ? t('planning.back_gone') : t('planning.back_more', { measure: template ? measureWords(template) : '', who: doctorName(/** @type {any} */ (look.site), session.expected_doctor) || t('planning.pool') })];
  if (await sure(t('planning.back_title'), says, t('planning.back'))) await done(page, look, 'plan_session', { session: session.session }, t('planning.back_did'));
}

/** @param {Page} page @param {Look} look @param {string} command @param {any} body @param {string} did */
async function done(page, look, command, body, did) {
  if (await doNow(page, command, body)) page.notify(did, 'good');
  await readPlan(page, look.today);
}
