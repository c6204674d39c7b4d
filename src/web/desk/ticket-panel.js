// The chosen ticket at the desk: who, why it stands there, everything that can be done with it in its state, its history.

import { preCheckPart } from '../components/pre-check.js';
import { bioOf, history, kindWords, notAnnounced, tags, waited, why } from '../components/ticket.js';
import { clockOf } from '../lib/clock.js';
import { find, h } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { isNotTaken } from '../lib/pre-check.js';
import { prefix } from '../lib/site.js';
import { classWord, standingWord } from '../lib/words.js';
import { reachedPart } from './reached.js';

/** What the desk can give: an emergency, with proof seen a class of the department, or none. @param {import('../lib/site.js').Site} site @param {string} department */
export function classOptions(site, department) {
  const classes = site.classesOf(department);
  return ['none', 'emergency', ...classes.map((one) => one.name)].map((name) => h('option', { key: name, value: name }, classWord(name, classes)));
}

/** The phone of who says to be here was somewhere else: for a nurse to look, not to be refused. @param {any} ticket */
export const farTag = (ticket) => (ticket.far_km ? h('span', { class: 'tag', key: 'far', 'data-far': String(ticket.far_km) }, t('desk.far', { n: ticket.far_km })) : null);

export const printButton = () => h('button', { type: 'button', class: 'btn', key: 'print', 'data-action': 'print_slip', onclick: () => window.print() }, t('desk.print'));

/**
 * @typedef {{floor: import('./floor.js').Floor, acts: import('./acts.js').Acts, persons: any, answers: import('../lib/answers.js').Answers, slips: import('../components/slip.js').Slips, now: number,
 *   moving: string|null, shown: string|null, show: (ticket: any) => void, returnDay: (ticket: any) => void, walkIn: (ticket: any) => void, setMoving: (ticket: string|null) => void, close: () => void}} Look
 */

/** Read when it is first asked for, as the next one: most tickets need neither. @param {any} acts @param {any} ticket @param {string} name */
async function openFamily(acts, ticket, name) {
  const { familyDialog } = await import('./family.js');
  await familyDialog(acts.page, acts, ticket, name);
}

/** @param {Look} look @param {any} ticket @param {boolean} isNew */
async function openDocuments(look, ticket, isNew) {
  const { bindDialog } = await import('./identity.js');
  await bindDialog(look.acts.page, look.persons, ticket, isNew);
}

/** @param {Look} look @param {any} ticket */
export function ticketPanel(look, ticket) {
  const { acts, persons } = look;
  return h('div', { class: 'chosen form', key: ticket.ticket, 'data-chosen': ticket.ticket, 'data-state': ticket.state },
    h('div', { class: 'top' },
      h('span', { class: 'number' }, ticket.number), h('b', null, persons.nameOf(ticket)),
      h('span', { class: 'muted' }, bioOf(ticket, look.now))),
    h('div', { class: 'tags' }, h('span', { class: 'tag good', 'data-standing': ticket.state }, ticket.state === 'summoned' ? look.floor.doorOf(ticket) : standingWord(ticket)),
      ticket.checked_in_at ? h('span', { class: 'tag' }, t('ticket.checked_in_waited', { time: clockOf(ticket.checked_in_at), waited: waited(ticket, look.now) })) : null,
      farTag(ticket)),
    tags(ticket, look.floor.site),
    notAnnounced(ticket),
    reachedPart(acts, ticket, persons.get(ticket.patient)),
    ticket.state === 'ended' ? null : why(ticket) ? h('p', { class: 'why' }, why(ticket)) : null,
    aheadPart(look, ticket),
    preCheckPart(ticket, look.floor.site, look.answers, () => acts.askAfterwards(ticket)),
    mayGoFirst(ticket) && !look.floor.isLeftOver(ticket) ? h('button', { type: 'button', class: 'btn', key: 'front', 'data-action': 'move_to_front', onclick: askPriority }, t('pre_check.move_to_front')) : null,
    goesOn(look, ticket),
    feePart(acts, ticket),
    h('div', { class: 'acts' }, buttons(look, ticket)),
    again(look, ticket),
    look.moving === ticket.ticket ? transferForm(look, ticket) : null,
    h('h3', { key: 'history' }, t('desk.history')),
    history(ticket, (step, reason) => acts.undo(step, reason)),
    canBePrioritised(ticket) && !look.floor.isLeftOver(ticket) ? priorityForm(look, ticket) : null,
    documentPart(look, ticket),
    h('button', {
      type: 'button', class: 'btn quiet', key: 'family', 'data-action': 'read_acting', onclick: () => openFamily(acts, ticket, persons.nameOf(ticket)),
    }, t('desk.family')),
    ticket.date < look.floor.today
      ? h('button', { type: 'button', class: 'btn', key: 'return', 'data-action': 'return_day', 'data-visit': ticket.visit, onclick: () => look.returnDay(ticket) }, t('desk.return_day'))
      : null,
    h('button', { type: 'button', class: 'btn quiet', 'data-action': 'walk_in_for', 'data-patient': ticket.patient, onclick: () => look.walkIn(ticket) }, t('desk.walk_in_again')),
    h('button', { type: 'button', class: 'btn quiet', 'data-action': 'close_ticket', onclick: look.close }, t('desk.close_ticket')));
}

/** Somebody of whom an alert speaks, as long as they wait. @param {any} ticket */
const mayGoFirst = (ticket) => !!ticket.pre_check && !!ticket.pre_check.alert && ['waiting', 'summoned'].includes(ticket.state) && ticket.class !== 'emergency';

/** Goes to what makes the chosen ticket go first: a class, and the proof that was seen. */
export function askPriority() {
  const field = find('[data-form=set_priority] [name=class]');
  if (field) field.focus();
}

/** Who goes first, counted by why: what to say to who asks. @param {Look} look @param {any} ticket */
function aheadPart(look, ticket) {
  const queue = look.floor.queueOf(ticket.ticket);
  const at = queue ? queue.order.indexOf(ticket.ticket) : -1;
  if (at < 1) return null;
  /** @type {Map<string, number>} */
  const kinds = new Map();
  for (const one of queue.order.slice(0, at).map((/** @type {string} */ id) => queue.tickets[id]).filter(Boolean)) {
    const words = kindWords(one, look.floor.site);
    kinds.set(words, (kinds.get(words) || 0) + 1);
  }
  const of = Array.from(kinds, ([words, n]) => t('desk.ahead_of', { n, words })).join(t('list.comma'));
  return h('p', { class: 'num', key: 'ahead', 'data-ahead': String(at) }, t('desk.ahead_are', { n: at, of }));
}

/** What a slip says of its clinic. @param {import('./floor.js').Floor} floor @param {any} ticket as far as it is here by now */
export function slipFacts(floor, ticket) {
  const { site } = floor;
  const department = site.one('departments', floor.department);
  const house = [named(site.view.name, site.view.name_en), department ? named(department.name, department.name_en) : ''].filter(Boolean).join(' ');
  if (!ticket) return { house };
  const { rooms = [] } = floor.queueOf(ticket.ticket) || {};
  const session = floor.sessions.find((one) => one.session === ticket.session);
  // Where the clinic is now, else where it is planned.
  const room = rooms.length === 1 ? rooms[0] : session && session.service_point && site.one('service_points', session.service_point);
  return { house, room: room ? named(room.name, room.name_en) : '', slot: clockOf(ticket.slot_start) };
}

/** What has to be paid or goes back. @param {import('./acts.js').Acts} acts @param {any} ticket */
function feePart(acts, ticket) {
  if (!ticket.appointment || acts.page.protocol.status === 'offline') return null;
  if (!acts.fees) acts.readFees();
  return acts.fees && acts.fees.part(ticket);
}

/** The slip once more, for whoever has lost it: on paper only. @param {Look} look @param {any} ticket */
function again(look, ticket) {
  const queue = look.floor.queueOf(ticket.ticket);
  const at = queue ? queue.order.indexOf(ticket.ticket) : -1;
  if (at < 0) return null;
  return [
    h('div', { class: 'slip print on-paper', key: 'slip' }, look.slips.view({ ...slipFacts(look.floor, ticket), ticket: ticket.ticket, where: named(queue.queue.name, queue.queue.name_en), area: look.floor.site.areasOf(queue.queue.id), number: ticket.number, name: ticket.masked_name || '', position: at + 1 })),
    printButton(),
  ];
}

/** Of a ticket that another department has taken: its number there, and the way back. @param {Look} look @param {any} ticket */
function goesOn(look, ticket) {
  const link = look.acts.link(ticket);
  if (!link) return null;
  return h('p', { class: 'notice', key: 'goes-on', 'data-goes-on': link.ticket },
    h('span', null, `${t('desk.goes_on', { to: link.where })} `, h('b', { class: 'num' }, link.number)),
    h('button', { type: 'button', class: 'btn small', 'data-action': 'bring_back', onclick: () => look.acts.bringBack(ticket) }, t('desk.bring_back')));
}

/** The document's number: on a click only. @param {Look} look @param {any} ticket */
function documentPart(look, ticket) {
  if (look.shown !== ticket.ticket) {
    return h('button', { type: 'button', class: 'btn quiet', key: 'document', 'data-action': 'read_document', 'data-ticket': ticket.ticket, onclick: () => look.show(ticket) }, t('desk.read_document'));
  }
  const person = look.persons.get(ticket.patient);
  const documents = (person && person.documents) || [];
  return h('div', { key: 'documents', 'data-documents': String(documents.length) },
    h('p', { class: 'num' }, documents.map((/** @type {any} */ d) => h('span', { key: d.number }, `${t(`document.${d.kind}`)} ${d.number} `)),
      documents.length ? null : t('document.none'), person && person.phone ? ` · ${person.phone}` : null),
    // What a phone alone has said is nobody's yet.
    ticket.patient.startsWith('pc-') ? null : h('button', {
      type: 'button', class: 'btn', 'data-action': 'bind_document', onclick: () => openDocuments(look, ticket, !documents.length),
    }, t(documents.length ? 'desk.bind_another' : 'desk.bind_one')));
}

/** @param {any} ticket */
function canBePrioritised(ticket) {
  return ticket.state === 'waiting' || ticket.state === 'summoned';
}

/** Commands of the state table, by state. @type {Object<string, string[]>} */
const POSSIBLE = {
  // Seen while the house was away, or somewhere else: settled, and called no more.
  waiting: ['call_ticket', 'transfer_ticket', 'settle_tickets', 'cancel_ticket'],
  summoned: ['call_ticket', 'transfer_ticket', 'settle_tickets', 'cancel_ticket'],
  called: ['recall_patient', 'return_to_waiting', 'transfer_ticket', 'cancel_ticket'],
  serving: ['return_to_waiting', 'transfer_ticket'],
  away: ['report_back', 'settle_tickets'],
  missed: ['report_back', 'call_ticket', 'settle_tickets'],
  left_over: ['settle_tickets'],
  in_transit: ['recall_transfer'],
  not_taken: ['transfer_ticket', 'recall_transfer', 'cancel_ticket'],
  transferred: ['recall_transfer'],
  ended: [],
};

/** @param {Look} look @param {any} ticket */
function buttons(look, ticket) {
  const { acts } = look;
  /** @type {Object<string, () => void>} */
  const press = {
    call_ticket: () => acts.callTicket(ticket),
    transfer_ticket: () => look.setMoving(look.moving === ticket.ticket ? null : ticket.ticket),
    cancel_ticket: () => acts.cancel(ticket),
    recall_patient: () => acts.recall(ticket),
    return_to_waiting: () => acts.returnToWaiting(ticket),
    report_back: () => acts.reportBack(ticket),
    recall_transfer: () => acts.recallTransfer(ticket),
    settle_tickets: () => acts.settle(look.floor, [ticket]),
  };
  // Once it goes on elsewhere, `goesOn` has the way back.
  const goneElsewhere = ticket.ended === 'transferred' && !acts.link(ticket);
  const state = isNotTaken(ticket) ? 'not_taken' : goneElsewhere ? 'transferred' : look.floor.isLeftOver(ticket) ? 'left_over' : ticket.state;
  return (POSSIBLE[state] || []).map((action) => h('button', {
    type: 'button', key: action, 'data-action': action, 'data-ticket': ticket.ticket, onclick: press[action],
    class: `btn${action === 'report_back' || (action === 'recall_transfer' && state !== 'not_taken') ? ' primary full' : ''}${action === 'cancel_ticket' ? ' danger' : ''}`,
    'aria-pressed': action === 'transfer_ticket' ? String(look.moving === ticket.ticket) : undefined,
  }, t(state === 'not_taken' && action === 'recall_transfer' ? 'pre_check.join_here' : state !== 'left_over' && action === 'settle_tickets' ? 'desk.not_today' : `desk.act.${action}`)));
}

/** @param {Look} look @param {any} ticket */
function transferForm(look, ticket) {
  const { floor } = look;
  const targets = floor.site.targetsFrom(ticket.queue);
  return h('form', {
    class: 'form', key: 'transfer', 'data-form': 'transfer_ticket',
    onsubmit: (/** @type {any} */ event) => {
      event.preventDefault();
      const f = event.target.elements;
      const target = targets.find((q) => q.id === f.to.value);
      look.setMoving(null);
      if (target) look.acts.transfer(ticket, target.id, target.name, f.reason.value.trim());
    },
  },
  h('p', { class: 'notice' }, t('desk.transfer_how')),
  h('label', { class: 'field' }, h('span', null, t('transfer.to')),
    h('select', { class: 'input', name: 'to', required: true }, targets.map((q) => h('option', { key: q.id, value: q.id }, q.label)))),
  h('label', { class: 'field' }, h('span', null, t('reason')),
    h('input', { class: 'input', name: 'reason', required: true, maxlength: '200', id: 'transfer-reason', value: t('reason.needs_other') })),
  h('button', { class: 'btn primary wide', 'data-action': 'transfer_go' }, t('transfer.go')));
}

/** @param {Look} look @param {any} ticket */
function priorityForm(look, ticket) {
  return h('form', {
    class: 'form', key: 'priority', 'data-form': 'set_priority',
    onsubmit: (/** @type {any} */ event) => {
      event.preventDefault();
      const f = event.target.elements;
      look.acts.setPriority(ticket, f.class.value, f.proof.value.trim());
      event.target.reset();
    },
  },
  h('h3', null, t('desk.priority')),
  h('div', { class: 'two' },
    h('label', { class: 'field' }, h('span', null, t('desk.class')),
      h('select', { class: 'input', name: 'class', required: true }, h('option', { key: '', value: '' }, t('desk.class_choose')), classOptions(look.floor.site, prefix(ticket.ticket, 2)))),
    h('label', { class: 'field' }, h('span', null, t('desk.proof')),
      h('input', { class: 'input', name: 'proof', required: true, maxlength: '100', placeholder: t('desk.proof_hint') }))),
  h('button', { class: 'btn wide', 'data-action': 'set_priority', 'data-ticket': ticket.ticket }, t('desk.priority_go')));
}
