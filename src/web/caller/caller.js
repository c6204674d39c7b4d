// /caller: a small window beside the doctor's own program. The console's model and actions in three buttons; no rule of the
// clinic, and nothing that the console does not have.

import '../components/undo-bar.js';
import { isOff, lastDataClock } from '../components/connection.js';
import { isUrgent, notYet } from '../components/ticket.js';
import { find, h, render } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { openPage } from '../lib/page.js';
import { stateWord, wordsOf } from '../lib/words.js';
import { onceOf } from '../doctor/actions.js';
import { openConsole } from '../doctor/open.js';
import { beginView } from '../doctor/view.js';

/** @type {import('../doctor/open.js').Console|null} */
let opened = null;

/** @param {import('../lib/page.js').Page} page */
async function start(page) {
  opened = await openConsole(page);
}

const page = openPage({ mode: 'staff', roles: ['doctor'], start, draw });

function draw() {
  const model = opened && opened.model;
  find('#undo').again();
  foot(model);
  document.body.classList.toggle('choosing', !!model && !!model.value && !model.work);
  if (model && model.refused) return h('p', { class: 'empty' }, h('b', null, t('doctor.refused')), wordsOf(model.refused));
  if (!opened || !model || !model.value) return h('p', { class: 'skeleton', key: 'skeleton', 'aria-busy': 'true' });
  const { actions, persons, site } = opened;
  actions.lookAtUndo();
  const now = page.protocol.clock.now();
  if (!model.work) return beginView(/** @type {any} */ ({ model, actions, persons, now }), site);
  const hand = model.inHand();
  return [whoLine(model, persons, hand), hand ? handButtons(model, actions, hand, now) : freeButtons(model, actions)];
}

/** The room and who waits; without a connection what to do instead, and since when; while nobody has shown or spoken the call, that instead: somebody has to go to the door. @param {import('../doctor/model.js').Model|null} model */
function foot(model) {
  const work = model && model.work;
  const hand = work && /** @type {import('../doctor/model.js').Model} */ (model).inHand();
  const off = isOff(page.protocol);
  const unheard = hand && page.protocol.status === 'live' && hand.not_announced;
  find('#place').parentElement.classList.toggle('unheard', !!unheard || off);
  // While it is connected its words are for ears: the sentence has the line.
  find('.foot jh-connection').classList.toggle('visually-hidden', !!unheard || off);
  if (off) {
    const time = lastDataClock(page.protocol);
    render(find('#place'), [h('b', { 'data-off': '' }, time ? t('caller.off', { time }) : t('caller.off_never'))]);
    return;
  }
  if (unheard) {
    render(find('#place'), [h('b', { 'data-not-announced': unheard }, t(`not_announced.${unheard}`))]);
    return;
  }
  const today = model && model.value ? model.today() : {};
  render(find('#place'), work
    ? [work.service_point_name, t('caller.waiting', { n: today.waiting || 0 })].filter(Boolean).join(' · ')
    : []);
}

/** A pause has the place of who comes next, since nobody does; an emergency is said all the same. @param {import('../doctor/model.js').Model} model @param {import('../lib/persons.js').Persons} persons @param {any} hand */
function whoLine(model, persons, hand) {
  const next = model.next();
  const emergency = next && isUrgent(next);
  return h('div', { class: 'who', key: 'who', 'data-in-hand': hand ? hand.ticket : '' },
    hand
      ? [h('span', { class: 'number', key: 'number' }, hand.number), h('span', { class: 'name', key: 'name' }, persons.nameOf(hand)),
        h('span', { class: 'state', key: 'state', 'data-state': hand.state }, stateWord(hand.state))]
      : h('span', { class: 'state nobody', key: 'nobody' }, t('doctor.nobody')),
    model.work.paused && !emergency ? h('span', { class: 'paused', key: 'paused', 'data-paused': '' }, t('caller.paused')) : null,
    next && (emergency || !model.work.paused)
      ? h('span', { class: `next ${emergency ? 'emergency' : ''}`, key: 'next', 'data-next': next.ticket }, t('caller.next', { number: next.number }))
      : null);
}

/** @param {import('../doctor/model.js').Model} model @param {import('../doctor/actions.js').Actions} actions */
function freeButtons(model, actions) {
  const o = { type: 'button', class: 'btn primary', key: 'go', 'data-key': 'primary', disabled: actions.busy };
  return h('div', { class: 'do', key: 'free' }, model.work.paused
    ? h('button', { ...o, 'data-action': 'resume_work', onclick: () => actions.resume() }, t('doctor.resume'))
    : h('button', { ...o, 'data-action': 'call_next_patient', onclick: onceOf(() => actions.callNext(null)) }, t('doctor.next')));
}

/** @param {import('../doctor/model.js').Model} model @param {import('../doctor/actions.js').Actions} actions @param {any} hand @param {number} now */
function handButtons(model, actions, hand, now) {
  const called = hand.state === 'called';
  const tooEarly = notYet(hand, now);
  const o = (/** @type {string} */ key, /** @type {boolean} */ off) => ({ type: 'button', key, 'data-key': key, disabled: actions.busy || off });
  return h('div', { class: 'do', key: 'hand' },
    h('button', { ...o('primary', false), class: 'btn primary', 'data-action': 'call_next_patient', 'data-outcome': 'seen', onclick: onceOf(() => actions.seenNext()) }, t(model.work.paused ? 'doctor.finish' : 'doctor.seen_next')),
    h('button', {
      ...o('not_here', !called || !!tooEarly), class: 'btn', 'data-action': 'call_next_patient', 'data-outcome': 'not_here', title: tooEarly,
      onclick: () => actions.callNext('not_here'),
    }, t('caller.not_here')),
    h('button', { ...o('recall_patient', !called), class: 'btn', 'data-action': 'recall_patient', onclick: () => actions.recall() }, t('doctor.recall')));
}

