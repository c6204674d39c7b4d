// 停诊 on the phone: what happened to a booking, and the same class elsewhere with one tap.

import { h } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { prefix } from '../lib/site.js';
import { dayAndClock } from '../lib/words.js';
import { feeNotes } from './fees.js';
import { isFree, whose } from './places.js';

/** So many other places are offered. */
const OFFERED = 3;
/** Sites whose places were read for this page. @type {Set<string>} */
const read = new Set();

/**
 * Bookings whose clinic does not take place and that nothing has come in place of.
 * @param {import('./model.js').Model} model @returns {any[]}
 */
function stopped(model) {
  const all = (model.value && model.value.appointments) || [];
  const live = model.live();
  const now = model.page.protocol.clock.now();
  return all.filter((/** @type {any} */ a) => a.state === 'stopped' && Date.parse(a.slot_end) > now
    && !live.some((one) => one.department === a.department && model.dateOf(one) >= model.todayOf(a)));
}

/**
 * The first free place of each session of the same class: the same department and day before others.
 * @param {import('./model.js').Model} model @param {any} a @returns {{session: any, slot: any}[]}
 */
function elsewhere(model, a) {
  const site = model.site(prefix(a.department, 1));
  const sessions = (site.view && site.view.sessions) || [];
  const own = sessions.find((/** @type {any} */ one) => one.session === a.session);
  if (!own) return [];
  const now = model.page.protocol.clock.now();
  const offers = sessions.filter((/** @type {any} */ one) => one.registration_class === own.registration_class)
    .map((/** @type {any} */ session) => ({ session, slot: (session.slots || []).find((/** @type {any} */ slot) => isFree(slot, now)) }))
    .filter((/** @type {any} */ one) => one.slot);
  const rank = (/** @type {any} */ one) => `${Number(prefix(one.session.session, 2) !== a.department)}${Number(one.session.date !== a.date)}${one.slot.start}`;
  return offers.sort((/** @type {any} */ x, /** @type {any} */ y) => (rank(x) < rank(y) ? -1 : 1)).slice(0, OFFERED);
}

/** @param {any} home @param {any} offer */
async function book(home, offer) {
  const { page, model } = home;
  try {
    const { number } = await page.command('book_slot', { session: offer.session.session, slot: offer.slot.slot, patient: model.patient });
    page.notify(t('patient.did_book_number', { number: number || '' }), 'good');
  } catch {
    // Said on the page; the places are not what they were.
    model.site(prefix(offer.session.session, 1)).read().then(page.draw, () => {});
  }
}

/** @param {any} home @param {any} a */
function card(home, a) {
  const { model } = home;
  const site = model.site(prefix(a.department, 1));
  if (site.view && !read.has(a.appointment)) {
    read.add(a.appointment);
    site.read().then(home.page.draw, () => {});
  }
  const own = ((site.view && site.view.sessions) || []).find((/** @type {any} */ one) => one.session === a.session);
  const department = model.department(a.department);
  const offers = elsewhere(model, a);
  return h('section', { class: 'block card', key: `stopped/${a.appointment}`, 'data-stopped': a.appointment },
    h('div', { class: 'inside' },
      h('p', { class: 'big-words' }, t('patient.stopped')),
      h('p', { class: 'sub' }, [department && named(department.name, department.name_en), own && whose(site, own), dayAndClock(a.slot_start)].filter(Boolean).join(' · ')),
      h('p', { class: 'sub' }, t('patient.stopped_more')),
      feeNotes(home, a),
      offers.length ? h('p', { key: 'elsewhere' }, h('b', null, t('patient.same_class'))) : null,
      offers.map((offer) => h('button', {
        type: 'button', class: 'btn wide', key: offer.slot.slot, 'data-action': 'book_slot', 'data-slot': offer.slot.slot, onclick: () => book(home, offer),
      }, t('patient.book_instead', { who: whose(site, offer.session), time: dayAndClock(offer.slot.start) }))),
      h('button', { type: 'button', class: 'btn quiet wide', key: 'other', 'data-action': 'open_booking', onclick: () => home.go('book') }, t('patient.book_other'))));
}

/** @param {any} home @returns {any[]} */
export const stoppedCards = (home) => stopped(home.model).map((a) => card(home, a));
