// Fees in operations: what a department wants and gives back, what is to be decided, and what a day's appointments have paid.
// Read by `import()` when it is opened first. Who grants a refund does not hand it out: that is the desk's.

import { accountWord, askable, askRefund, isDesks, owedOf, refundsOf, refundWords, wayWord } from '../components/fees.js';
import { fieldView } from '../components/fields.js';
import { addDays, clockOf, wall } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { Refusal } from '../lib/http.js';
import { named, t } from '../lib/i18n.js';
import { askText } from '../lib/page.js';
import { dateWord, dayAndClock, wordsOf, yuan } from '../lib/words.js';
import { askRules } from './ask-rules.js';
import { saveTable } from './fees-table.js';

/** @typedef {import('./kinds.js').Look} Look */
/** @typedef {import('../lib/page.js').Page} Page */

/** Between two readings while the part is open, milliseconds; and where the department did not answer. */
const AGAIN_MS = 20000;
const FAILED_MS = 5000;
const WHEN = ['none', 'at_check_in', 'at_booking'];
const BACK = ['full', 'none'];

/**
 * What was read last: of the day that is looked at, and of all days what is to be decided or given back.
 * @type {{department: string, day: string, list: any, open: any, error: any, busy: boolean, readAt: number, at: string}}
 */
const known = { department: '', day: '', list: null, open: null, error: null, busy: false, readAt: 0, at: '' };

/** @param {Page} page */
const isOffline = (page) => page.protocol.status === 'offline';

/** @param {Page} page */
async function read(page) {
  const { department, day } = known;
  Object.assign(known, { busy: true, readAt: performance.now() });
  page.draw();
  const path = `/api/v1/departments/${department}/payments`;
  /** @type {any} */
  let news;
  try {
    const [open, list] = await Promise.all([page.session.http('GET', path), page.session.http('GET', `${path}?day=${day}`)]);
    const { clock } = page.protocol;
    news = { open, list, error: null, at: wall(clock.now(), clock.offsetMinutes).clock };
  } catch (refusal) {
    news = { error: refusal };
  }
  // What has been asked for meanwhile is another one.
  if (known.department !== department || known.day !== day) return;
  Object.assign(known, { ...news, busy: false });
  page.draw();
}

/** Reads what is not known or too old. @param {Page} page @param {string} department @param {string} day */
function keepReading(page, department, day) {
  if (known.department !== department || known.day !== day) {
    const isOther = known.department !== department;
    Object.assign(known, { department, day, list: null, error: null, busy: false, readAt: 0, open: isOther ? null : known.open });
  }
  if (known.busy || isOffline(page)) return;
  if (!known.readAt || performance.now() - known.readAt > (known.error ? FAILED_MS : AGAIN_MS)) queueMicrotask(() => read(page));
}

/** @param {Page} page @param {Look} look @param {any} choice of the department, where there are several */
export function feesView(page, look, choice) {
  const head = [h('h1', { key: 'h' }, t('ops.fees')), h('p', { class: 'muted', key: 'm' }, t('fees.about'))];
  if (!look.department) return [head, h('p', { class: 'empty card', key: 'none' }, h('b', null, t('ops.no_department')), t('ops.no_department_more'))];
  keepReading(page, look.department, known.department === look.department && known.day ? known.day : look.today);
  const isRead = !!(known.open && known.list);
  return [head, h('div', { class: 'plan-top', key: 'top' }, choice, known.open ? readWhen(page) : null),
    h('div', { class: 'fees', key: `fees-${look.department}`, 'data-fees': isRead ? known.department : '', 'aria-busy': String(!isRead && !known.error) }, content(page, look))];
}

/** How old it is what one sees. @param {Page} page */
function readWhen(page) {
  const off = isOffline(page);
  return h('p', { class: `read-when${off || known.error ? ' notice soon' : ''}`, role: 'status', key: 'when' },
    h('span', null, off ? t('fees.read_offline', { time: known.at }) : known.error ? wordsOf(known.error) : t('fees.read_at', { time: known.at })), againButton(page));
}

/** @param {Page} page */
const againButton = (page) => h('button', { type: 'button', class: 'btn small', 'data-action': 'fees_again', disabled: isOffline(page), 'aria-busy': String(known.busy), onclick: () => read(page) }, t('fees.again'));

/** @param {Page} page @param {Look} look */
function content(page, look) {
  if (known.open) return [rules(page, look), toSettle(page, look), theDay(page, look)];
  if (known.error || isOffline(page)) {
    return h('p', { class: 'notice alarm', role: 'alert', key: 'error' }, h('span', null, known.error ? wordsOf(known.error) : t('error.offline')), againButton(page));
  }
  return skeleton();
}

const skeleton = () => [h('p', { class: 'visually-hidden', role: 'status', key: 'm' }, t('fees.reading')), [1, 2, 3].map((n) => h('p', { class: 'skeleton', key: n, 'aria-hidden': 'true' }))];

/** The rules, and a way to change them. @param {Page} page @param {Look} look */
function rules(page, look) {
  const { when, late_cancel: late, no_show: noShow } = known.open;
  const said = t(`fees.when_said.${when}`) + (when === 'none' ? '' : ` ${t('fees.back_said', { late: t(`fees.back.${late}`), no_show: t(`fees.back.${noShow}`) })}`);
  return h('p', { class: 'card pad ahead', key: 'rules', 'data-when': when }, h('span', null, said),
    h('button', { type: 'button', class: 'btn small', 'data-action': 'change_fees', 'aria-label': t('ops.edit_of', { name: t('fees.rules') }), disabled: isOffline(page), onclick: () => changeRules(page, look) }, t('ops.edit')));
}

/** @param {Page} page @param {Look} look */
async function changeRules(page, look) {
  const was = { ...known.open };
  const choice = (/** @type {string} */ name, /** @type {string} */ prefix, /** @type {string[]} */ all, /** @type {Object<string, string>} */ wrong) => fieldView(
    { name, words: t(`fees.rules.${name}`), wrong: wrong[name] }, h('select', { class: 'input', name, 'data-field': name },
      (all.includes(was[name]) ? all : [...all, was[name]]).map((one) => h('option', { key: one, value: one, selected: one === was[name] }, t(`fees.${prefix}.${one}`)))));
  const done = await askRules({
    title: t('fees.rules'),
    command: 'define_payment',
    fields: (wrong) => [choice('when', 'when', WHEN, wrong), h('p', { key: 'always', class: 'notice' }, t('fees.rules_always')),
      choice('late_cancel', 'back', BACK, wrong), choice('no_show', 'back', BACK, wrong), h('p', { key: 'later', class: 'muted' }, t('fees.rules_later'))],
    send: (f) => send(page, 'define_payment', { department: look.department, when: f.when.value, late_cancel: f.late_cancel.value, no_show: f.no_show.value }),
    wrongOf: (refusal, form) => {
      const field = refusal.validNow && refusal.validNow.field;
      // Refused is a time at which nobody could take it.
      return { [field && form.elements[field] ? field : 'form']: field === 'when' ? t('fees.no_provider') : wordsOf(refusal) };
    },
  });
  if (!done) return;
  page.notify(t('ops.saved'), 'good');
  await read(page);
}

/** What is pressed now must not happen later. @param {Page} page @param {string} name @param {any} body */
async function send(page, name, body) {
  if (isOffline(page)) throw new Refusal({ code: 'offline' });
  return (await page.protocol.command(name, body)) || {};
}

/** Which appointment: its number, when and with whom. @param {Look} look @param {any} one */
function whichWords(look, one) {
  const doctor = look.site && one.doctor && look.site.one('doctors', one.doctor);
  const said = [one.number, one.slot_start && dayAndClock(one.slot_start), doctor && named(doctor.name, doctor.name_en)].filter(Boolean).join(' · ');
  return said || one.appointment;
}

/** What is to be decided and what the desk is to give back, of all days. @param {Page} page @param {Look} look */
function toSettle(page, look) {
  const of = (/** @type {string} */ standing) => known.open.appointments.flatMap((/** @type {any} */ one) => refundsOf(one.orders, standing).map(({ order, refund }) => ({ one, order, refund })));
  const [asked, owed] = [of('asked'), of('owed')];
  const row = (/** @type {any} */ { one, order, refund }) => h('li', { key: refund.refund, 'data-refund': refund.refund, 'data-standing': refund.standing },
    h('div', null, h('b', null, `${t('fees.refund', { yuan: yuan(refund.amount_fen) })} · ${whichWords(look, one)}`),
      h('small', null, [refundWords(refund), t('fees.of_paid', { yuan: yuan(order.amount_fen), way: wayWord(order.way) })].join(' · '))),
    refund.standing === 'owed' ? whoseTurn(page, look, one, order, refund) : decisions(page, look, one, refund));
  return h('section', { key: 'open', class: 'of-fees', 'data-open': String(asked.length + owed.length) }, h('h2', null, t('fees.to_settle')),
    asked.length + owed.length
      ? h('ul', { class: 'things', key: 'list' }, [...owed, ...asked].map(row))
      : h('p', { class: 'empty card', key: 'none' }, t('fees.none_open')),
    known.open.left_out ? h('p', { class: 'muted', key: 'left' }, t('fees.left_out', { n: known.open.left_out })) : null);
}

/** Who gives back what is owed; a provider that gives no answer can be asked once more. @param {Page} page @param {Look} look @param {any} one @param {any} order @param {any} refund */
function whoseTurn(page, look, one, order, refund) {
  if (isDesks(order, refund)) return h('span', { class: 'tag soon' }, t('fees.at_the_desk'));
  if (!refund.stuck) return h('span', { class: 'tag' }, t('fees.on_its_way'));
  return h('span', { class: 'acts' }, h('span', { class: 'tag alarm', key: 'stuck', 'data-stuck': '' }, t('fees.stuck', { n: refund.tries })),
    h('button', {
      type: 'button', class: 'btn small primary', key: 'retry', 'data-action': 'retry_refund', disabled: isOffline(page),
      'aria-label': t('fees.retry_of', { yuan: yuan(refund.amount_fen), which: whichWords(look, one) }), onclick: () => retry(page, refund),
    }, t('fees.retry')));
}

/** @param {Page} page @param {any} refund */
async function retry(page, refund) {
  try {
    await page.command('retry_refund', { refund: refund.refund });
    page.notify(t('fees.did_retry', { yuan: yuan(refund.amount_fen) }), 'good');
  } catch {
    // said on the page
  }
  await read(page);
}

/** Yes or no, by somebody else than who asked. @param {Page} page @param {Look} look @param {any} one @param {any} refund */
function decisions(page, look, one, refund) {
  const isOwn = refund.asked_by === look.account;
  const button = (/** @type {boolean} */ granted) => h('button', {
    type: 'button', class: `btn small${granted ? ' primary' : ''}`, key: String(granted), 'data-action': granted ? 'grant_refund' : 'decline_refund', disabled: isOffline(page),
    'aria-label': t(granted ? 'fees.grant_of' : 'fees.decline_of', { yuan: yuan(refund.amount_fen), which: whichWords(look, one) }), onclick: () => decide(page, look, one, refund, granted),
  }, t(granted ? 'fees.grant' : 'fees.decline'));
  return h('span', { class: 'acts' }, isOwn ? h('span', { class: 'tag', key: 'own', 'data-own': '' }, t('fees.second_person')) : button(true), button(false));
}

/** @param {Page} page @param {Look} look @param {any} one @param {any} refund @param {boolean} granted */
async function decide(page, look, one, refund, granted) {
  const about = { yuan: yuan(refund.amount_fen), which: whichWords(look, one) };
  const reason = await askText(t(granted ? 'fees.grant_of' : 'fees.decline_of', about), {
    more: refundWords(refund), usual: (granted ? ['agreed', 'wrong'] : ['no_ground', 'given']).map((name) => t(`fees.decided.${name}`)), go: t(granted ? 'fees.grant_go' : 'fees.decline_go'),
  });
  if (!reason) return;
  try {
    await page.command('decide_refund', { refund: refund.refund, granted, reason });
    page.notify(t(granted ? 'fees.did_grant' : 'fees.did_decline', about), 'good');
  } catch {
    // said on the page
  }
  await read(page);
}

/** What the appointments of a day have paid. @param {Page} page @param {Look} look */
function theDay(page, look) {
  const day = h('label', { class: 'field', key: 'day' }, h('span', null, t('fees.day')),
    h('input', {
      class: 'input', type: 'date', name: 'day', required: true, value: known.day, 'data-field': 'day',
      onchange: (/** @type {any} */ event) => event.target.value && goTo(page, event.target.value),
    }));
  const step = (/** @type {number} */ days, /** @type {string} */ words, /** @type {string} */ sign) => h('button', {
    type: 'button', class: 'btn small', key: words, 'data-action': words, 'aria-label': t(`fees.${words}`), onclick: () => goTo(page, addDays(known.day, days)),
  }, sign);
  const { list } = known;
  return h('section', { key: 'day', class: 'of-fees', 'data-day': list ? known.day : '' }, h('h2', null, t('fees.of_day', { day: dateWord(known.day, 'date.long') })),
    h('div', { class: 'report-choice', key: 'choice' }, h('div', { class: 'days-of' }, step(-1, 'day_before', '‹'), day, step(1, 'day_after', '›')),
      h('div', { class: 'tags out' }, h('button', {
        type: 'button', class: 'btn small', 'data-action': 'fees_csv', disabled: !list || !list.appointments.length,
        onclick: () => saveTable(list.appointments, (one) => doctorName(look, one), `${t('ops.fees')} ${known.day}`),
      }, t('ops.reports.csv')))),
    list ? [sums(list), list.appointments.length ? table(page, look, list) : h('p', { class: 'empty card', key: 'none' }, t('fees.none_of_day')),
      list.left_out ? h('p', { class: 'muted', key: 'left' }, t('fees.left_out', { n: list.left_out })) : null] : skeleton());
}

/** @param {Page} page @param {string} day */
function goTo(page, day) {
  keepReading(page, known.department, day);
  page.draw();
}

/** @param {any} list */
const sums = (list) => h('dl', { class: 'sums', key: 'sums' }, ['paid', 'given', 'owed', 'kept'].map((name) => h('div', { key: name, 'data-sum': name },
  h('dt', null, t(`fees.sum.${name}`)), h('dd', { class: 'num' }, t('fees.yuan', { yuan: yuan(list[`${name}_fen`]) })))));

/** @param {Look} look @param {any} one */
function doctorName(look, one) {
  const doctor = look.site && one.doctor && look.site.one('doctors', one.doctor);
  return doctor ? named(doctor.name, doctor.name_en) : '';
}

const HEADS = ['number', 'time', 'doctor', 'state', 'paid', 'way', 'by', 'back'];

/** @param {Page} page @param {Look} look @param {any} list */
function table(page, look, list) {
  // What is still to be done stands first, then by the clock.
  const rank = (/** @type {any} */ one) => `${owedOf(one.orders) ? 0 : refundsOf(one.orders, 'asked').length ? 1 : 2} ${one.slot_start || ''} ${one.appointment}`;
  const all = list.appointments.slice().sort((/** @type {any} */ a, /** @type {any} */ b) => (rank(a) < rank(b) ? -1 : 1));
  return h('div', { class: 'card scroll', key: 'rows', tabindex: '0', role: 'region', 'aria-label': t('ops.fees') }, h('table', { class: 'reported paid' },
    h('thead', null, h('tr', null, HEADS.map((head) => h('th', { scope: 'col', key: head }, t(`fees.head.${head}`))), h('td', { key: 'acts' }))),
    h('tbody', null, all.map((/** @type {any} */ one) => one.orders.map((/** @type {any} */ order, /** @type {number} */ n) => row(page, look, one, order, n))))));
}

/** @param {Page} page @param {Look} look @param {any} one @param {any} order @param {number} n of the appointment's orders */
function row(page, look, one, order, n) {
  const isAskable = askable(one.orders) === order;
  return h('tr', { key: order.order, 'data-order': order.order },
    h('th', { scope: 'row', class: 'num' }, n ? '' : one.number || '–'), h('td', { class: 'num' }, n || !one.slot_start ? '' : clockOf(one.slot_start)), h('td', null, n ? '' : doctorName(look, one)),
    h('td', null, n || !one.state ? '' : t(`appointment.${one.state}`)), h('td', { class: 'num' }, t('fees.yuan', { yuan: yuan(order.amount_fen) })), h('td', null, wayWord(order.way)),
    h('td', null, `${clockOf(order.at)} ${accountWord(order.by)}`),
    h('td', { class: 'back' }, order.refunds.map((/** @type {any} */ refund) => h('div', { key: refund.refund, 'data-refund': refund.refund, title: refundWords(refund) },
      h('span', { class: 'num' }, t('fees.yuan', { yuan: yuan(refund.amount_fen) })), ' ', h('span', { class: `tag${refund.standing === 'given' ? ' good' : ['owed', 'asked'].includes(refund.standing) ? ' soon' : ''}` }, t(`fees.standing.${refund.standing}`)),
      h('small', null, ` ${refundWords(refund)}`)))),
    h('td', { key: 'acts' }, isAskable ? h('button', {
      type: 'button', class: 'btn small', 'data-action': 'ask_refund', disabled: isOffline(page), 'aria-label': t('fees.ask_title', { who: whichWords(look, one) }),
      onclick: async () => {
        const asked = await askRefund(page, one.appointment, order, whichWords(look, one));
        if (asked) page.notify(t('fees.did_ask', { yuan: yuan(asked) }), 'good');
        await read(page);
      },
    }, t('fees.ask')) : null));
}
