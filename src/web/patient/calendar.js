// An appointment in the phone's own calendar: the house makes the file, the phone opens it. This browser keeps which ones it has
// handed over, so that it can offer to take one out again once it does not take place.

import { h } from '../lib/dom.js';
import { language, t } from '../lib/i18n.js';
import { ask } from '../lib/page.js';
import { HERE } from './wechat.js';

const REMEMBERED = 'jiaohao.calendar';
/** So many are remembered, the newest. */
const REMEMBERED_MAX = 50;
/** What does not take place any more. */
const OFF = ['cancelled', 'given_back', 'stopped'];
/** After so long whoever opens the file has it, in milliseconds. */
const TAKEN_WITHIN = 60000;

/** @returns {string[]} by appointment */
function remembered() {
  try {
    const ids = JSON.parse(localStorage.getItem(REMEMBERED) || '[]');
    return Array.isArray(ids) ? ids : [];
  } catch {
    return [];
  }
}

/** Also where the browser keeps nothing, for this visit. */
let added = remembered();

/** @param {string} appointment @param {boolean} isIn whether the calendar has it from now on */
function remember(appointment, isIn) {
  const others = added.filter((id) => id !== appointment);
  added = isIn ? [...others.slice(1 - REMEMBERED_MAX), appointment] : others;
  try {
    localStorage.setItem(REMEMBERED, JSON.stringify(added));
  } catch {
    // For this visit only.
  }
}

/** @param {string} text */
function handOver(text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/calendar;charset=utf-8' }));
  link.download = 'appointment.ics';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), TAKEN_WITHIN);
}

/** WeChat's browser saves no file, and says nothing when it does not. */
function sayHow() {
  return ask(t('patient.calendar.wechat'), (close) => h('div', { class: 'form', 'data-calendar-elsewhere': '' },
    h('p', null, t('patient.calendar.wechat_more')),
    h('button', { type: 'button', class: 'btn primary big wide', 'data-action': 'dialog_cancel', autofocus: true, onclick: () => close(null) }, t('close'))));
}

/** @param {import('../lib/page.js').Page} page @param {string} appointment @param {boolean} isIn whether the calendar has it afterwards */
async function take(page, appointment, isIn) {
  if (HERE) {
    await sayHow();
    return;
  }
  try {
    const { calendar } = await page.session.http('GET', `/api/v1/appointments/${appointment}/calendar?language=${language()}`);
    handOver(calendar);
  } catch (refusal) {
    page.refuse(refusal);
    return;
  }
  remember(appointment, isIn);
  page.notify(t(isIn ? 'patient.calendar.did_add' : 'patient.calendar.did_remove'), 'good');
}

/** Into the calendar, or as it is now if it was put there before. @param {import('../lib/page.js').Page} page @param {any} a @param {string} looks */
export function addToCalendar(page, a, looks) {
  return h('button', {
    type: 'button', class: looks, key: 'calendar', 'data-action': 'add_to_calendar', 'data-appointment': a.appointment,
    onclick: () => take(page, a.appointment, true),
  }, t('patient.calendar.add'));
}

/**
 * What this browser has put into a calendar and does not take place, as long as it would lie before anybody.
 * @param {import('../lib/page.js').Page} page @param {import('./model.js').Model} model @param {(a: any) => string[]} words where and when
 */
export function stillInCalendar(page, model, words) {
  const all = (model.value && model.value.appointments) || [];
  const now = page.protocol.clock.now();
  const gone = all.filter((/** @type {any} */ a) => OFF.includes(a.state) && added.includes(a.appointment) && Date.parse(a.slot_end) > now);
  if (!gone.length) return null;
  return [
    h('h2', { key: 'calendar-h' }, t('patient.calendar.gone')),
    h('div', { class: 'block rows', key: 'calendar' }, gone.map((/** @type {any} */ a) => {
      const [where, when] = words(a);
      return h('div', { class: 'wraps', key: a.appointment, 'data-in-calendar': a.appointment },
        h('span', null, where, h('small', { class: 'num' }, [when, t(`appointment.${a.state}`)].join(' · '))),
        h('span', { class: 'end' }, h('button', {
          type: 'button', class: 'btn', 'data-action': 'remove_from_calendar', 'data-appointment': a.appointment,
          onclick: () => take(page, a.appointment, false),
        }, t('patient.calendar.remove'))));
    })),
  ];
}
