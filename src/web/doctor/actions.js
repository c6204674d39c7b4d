// What the console does: each function is one command of the vocabulary, with its undo offered where there is one.

import { askCall, sendCall } from '../components/call-this.js';
import { askPause } from '../components/pause.js';
import { bioOf, lastUndoable, stepAfter, stepCounts, undoneWords } from '../components/ticket.js';
import { find, h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { ask, askText } from '../lib/page.js';
import { stateWord, wordsOf } from '../lib/words.js';
import { addition } from './addition.js';
import { isKeyOf, keyOf } from './keys.js';

/** The step that each command on the hand alone puts upon its ticket. @type {Object<string, string>} */
const STEPS = { start_service: 'started', send_for_tests: 'sent_for_tests', finish_service: 'finished', mark_missed: 'missed' };

/** Of who was called so lately nobody presses on purpose that they have been seen. */
const JUST_CALLED_MS = 5000;
/** A press so soon after the question is the same slip of the hand. */
const SAME_SLIP_MS = 500;
/** Who was called for longer may well have been seen, when the next call turns out to be a mistake. */
const SHORT_VISIT_MS = 60000;

/** A double click is one press: the button of the next step stands where the first one stood. @param {(event: any) => void} press */
export const onceOf = (press) => (/** @type {any} */ event) => {
  if (event.detail < 2) press(event);
};

/** The console's actions upon a model. */
export class Actions {
  /** @param {import('../lib/page.js').Page} page @param {import('./model.js').Model} model @param {import('../lib/persons.js').Persons} persons */
  constructor(page, model, persons) {
    this.page = page;
    this.model = model;
    this.persons = persons;
    this.sending = false;
    /** Whose end has been asked about, and when. @type {{call: string, at: number}|null} */
    this.asked = null;
    /** What was offered back last: the way, and the step that it takes back. @type {any} */
    this.offered = {};
    /** How many steps each ticket had when the last command left. @type {Map<string, number>} */
    this.before = new Map();
  }

  /** Whether keys and buttons are off: a command is on its way, or nothing goes through. */
  get busy() {
    return this.sending || this.page.protocol.status !== 'live';
  }

  /**
   * Says what was done, with the way back of it alone: what another console has done with the ticket since is not taken back.
   * @param {string|(() => string)} text @param {string|null} ticket @param {string} [what] the step that the last command has put upon it
   * @param {import('../components/undo-bar.js').More} [more]
   */
  done(text, ticket, what, more) {
    const after = (ticket && this.before.get(ticket)) || 0;
    const undo = ticket ? () => this.undoStep(this.eventAfter(ticket, after, what)) : null;
    this.offered = { undo, ticket, after, what };
    find('#undo').offer(text, undo, more);
  }

  /** Once another console has put away again whom the way back is about, it is offered no more. */
  lookAtUndo() {
    const bar = find('#undo');
    const { undo, ticket, after, what } = this.offered;
    const hand = this.model.inHand();
    const step = undo && bar.undo === undo && !(hand && hand.ticket === ticket) && stepAfter(this.model.ticket(ticket), what, after);
    if (step && !step.undoable) bar.clear();
  }

  /** Whether a press, by hand or by key, waits for a second one: it would end the visit of somebody called a moment ago, who is still on the way in. */
  asks() {
    const hand = this.model.inHand();
    if (!hand || hand.state !== 'called') return false;
    const forMs = -this.page.protocol.clock.until(hand.first_called_at);
    if (!(forMs < JUST_CALLED_MS)) return false;
    const now = performance.now();
    if (this.asked && this.asked.call === hand.call) return now - this.asked.at < SAME_SLIP_MS;
    this.asked = { call: hand.call, at: now };
    this.page.notify(t('doctor.just_called', { number: hand.number, s: Math.max(1, Math.round(forMs / 1000)) }), 'soon', 'just_called');
    return true;
  }

  /** Whom the press that called the one in hand has ended, although they had hardly been called: the step. @param {any} hand */
  endedWith(hand) {
    const lastOf = (/** @type {any} */ ticket, /** @type {string} */ what) => (ticket.steps || []).filter((/** @type {any} */ step) => step.what === what && !step.undone).pop();
    const called = lastOf(hand, 'called');
    const all = called ? this.model.list('ended') : [];
    for (const ticket of all.filter((one) => one.ticket !== hand.ticket)) {
      const [step, before, started] = [lastUndoable(ticket), lastOf(ticket, 'called'), lastOf(ticket, 'started')];
      const isOne = !!step && !!before && step.what === 'finished' && step.at === called.at && !(started && started.at >= before.at);
      if (isOne && Date.parse(step.at) - Date.parse(before.at) < SHORT_VISIT_MS) return { step, number: ticket.number };
    }
    return null;
  }

  /** Of a ticket that is not shown here, the next one. @param {string} id @param {number} after @param {string} [what] */
  eventAfter(id, after, what) {
    const own = stepAfter(this.model.ticket(id), what, after);
    return own ? own.event : `${id}@${after + 1}`;
  }

  /** @param {string} id */
  label(id) {
    const ticket = this.model.ticket(id);
    return ticket ? `${ticket.number} ${this.persons.nameOf(ticket)}` : '';
  }

  /**
   * One command at a time: a second press while the first is on its way is the same wish.
   * @param {string} name @param {any} body @param {(refusal: any) => void} [told] hears why it was not done
   */
  async send(name, body, told) {
    if (this.busy) return null;
    this.sending = true;
    this.before = stepCounts(this.model.queues());
    this.page.draw();
    try {
      return await this.page.command(name, body);
    } catch (refusal) {
      if (refusal.code === 'stale_console') this.tellStale(refusal);
      if (told) told(refusal);
      return null; // said on the page
    } finally {
      this.sending = false;
      this.page.draw();
    }
  }

  /** The console acted on an old view: say what is in hand now. @param {any} refusal */
  tellStale(refusal) {
    const now = refusal.validNow.in_hand;
    const ticket = now && now !== 'null' ? this.model.ticket(now) : null;
    const text = ticket
      ? t('doctor.stale', { who: `${ticket.number} ${this.persons.nameOf(ticket)}`, state: stateWord(ticket.state) })
      : t(now && now !== 'null' ? 'doctor.stale_other' : 'doctor.stale_nobody');
    this.page.notify(text, 'soon', 'stale_console');
  }

  here() {
    const work = this.model.work;
    return { assignment: work.assignment, department: work.department };
  }

  /** @param {'seen'|'not_here'|null} outcome */
  async callNext(outcome) {
    const hand = this.model.inHand();
    const { paused } = this.model.work;
    const result = await this.send('call_next_patient', {
      ...this.here(), in_hand: hand ? hand.ticket : null, outcome: hand ? outcome : null,
    });
    if (result) this.tellCalled(result, hand, outcome, paused);
  }

  /** Who is in hand has been seen, and the next one comes. */
  async seenNext() {
    if (!this.asks()) await this.callNext('seen');
  }

  /** Who is in hand has been seen; nobody is called. */
  async finish() {
    if (!this.asks()) await this.onHand('finish_service');
  }

  /** @param {any} result @param {any} hand @param {string|null} outcome @param {boolean} [paused] nobody was to be called */
  tellCalled(result, hand, outcome, paused) {
    if (result.called) {
      const place = this.model.work.service_point_name;
      const key = !hand ? 'did_call' : outcome === 'not_here' ? 'did_miss_call' : outcome === 'waits' ? 'did_wait_call' : 'did_seen_call';
      this.done(t(`doctor.${key}`, { number: hand && hand.number, who: this.label(result.called.ticket), place }), result.called.ticket, 'called');
    } else if (hand) {
      this.done(t(`doctor.did_${outcome === 'seen' ? 'finish' : 'miss'}_${paused ? 'paused' : 'last'}`, { number: hand.number }), hand.ticket, outcome === 'seen' ? 'finished' : 'missed');
    }
  }

  /** @param {any} ticket */
  async callTicket(ticket) {
    const hand = this.model.inHand();
    const elsewhere = this.model.atOtherDoor(ticket);
    const more = elsewhere ? t('doctor.call_from_door', { place: elsewhere }) : '';
    const place = this.model.work.service_point_name;
    const room = { id: place, place, label: place, hand, who: hand ? `${hand.number} ${this.persons.nameOf(hand)}` : '' };
    const bio = bioOf(ticket, this.page.protocol.clock.now());
    const name = this.persons.nameOf(ticket);
    const who = `${ticket.number} ${bio ? t('desk.who', { name, bio }) : name}`.trim();
    if (hand) {
      const press = (/** @type {KeyboardEvent} */ event) => {
        if (!isKeyOf(event, 'recall_patient')) return;
        event.preventDefault();
        if (hand.state === 'called') this.recall();
      };
      await askCall(who, [room], {
        more, key: keyOf('recall_patient'), now: () => this.page.protocol.clock.now(), hand: () => this.model.ticket(hand.ticket), press, go: (said) => this.callTo(ticket, said),
      });
      return;
    }
    const reason = await askText(t('doctor.call_this', { number: who }), {
      more, usual: [t('reason.condition'), t('reason.report_ready'), t('reason.agreed')], go: t('doctor.call_this_go'),
    });
    if (reason) await this.callTo(ticket, { room, outcome: null, reason });
  }

  /** @param {any} ticket @param {any} said @returns {Promise<string>} why it was not done */
  async callTo(ticket, said) {
    const { hand } = said.room;
    const { result, refusal } = await sendCall(said, (name, body, told) => this.send(name, body, told), { ...this.here(), ticket: ticket.ticket });
    if (!result) return wordsOf(refusal, 'call_ticket');
    this.tellCalled(result, hand, said.outcome);
    return '';
  }

  async recall() {
    const hand = this.model.inHand();
    if (hand && (await this.send('recall_patient', { call: hand.call }))) this.done(t('doctor.did_recall', { number: hand.number }), null);
  }

  /** A command that takes the ticket in hand alone. @param {string} name */
  async onHand(name) {
    const hand = this.model.inHand();
    if (hand && (await this.send(name, { ticket: hand.ticket }))) this.done(t(`doctor.did.${name}`, { number: hand.number }), hand.ticket, STEPS[name]);
  }

  /** At once: the wrong person is on the way in. The button says the reason; the undo bar takes it back. */
  async returnToWaiting() {
    const hand = this.model.inHand();
    if (!hand) return;
    const reason = t(hand.state === 'called' ? 'reason.wrong_call' : 'reason.wrong_person');
    const ended = this.endedWith(hand);
    if ((await this.send('return_to_waiting', { ticket: hand.ticket, reason }))) {
      this.done(t('doctor.did.return_to_waiting', { number: hand.number }), hand.ticket, 'returned', ended
        ? { action: 'undo_ended', words: t('doctor.back_too', { number: ended.number }), go: () => this.undoStep(ended.step.event) }
        : undefined);
    }
  }

  /** @param {any} ticket */
  async takeBack(ticket) {
    if (await this.send('take_back', { ticket: ticket.ticket })) this.done(t('doctor.did.take_back', { number: ticket.number }), ticket.ticket, 'called');
  }

  /** Told to wait at this room's door and not there. @param {any} ticket */
  async missAtDoor(ticket) {
    if (await this.send('mark_missed', { ticket: ticket.ticket })) this.done(t('doctor.did.mark_missed', { number: ticket.number }), ticket.ticket, 'missed');
  }

  /** @param {any} ticket */
  async transfer(ticket) {
    const target = await chooseQueue(this.model.site, ticket.queue, t('transfer.title', { number: ticket.number }));
    if (!target) return;
    const result = await this.send('transfer_ticket', { ticket: ticket.ticket, to: target.to, reason: target.reason });
    if (!result) return;
    // Within the department it is one step more, of a queue that this console need not show. Who is on the way to another
    // one is asked back by the desk.
    this.done(t('doctor.did.transfer_ticket', { number: ticket.number, to: target.name }), result.state === 'waiting' ? ticket.ticket : null, 'moved');
  }

  /** 加号: somebody who stands here. */
  async add() {
    const added = await addition(this.page, this.model.site, this.model.doctor);
    if (!added) return;
    const text = added.number ? t('doctor.did.add', { number: added.number }) : t('pre_check.did_send_off');
    find('#undo').offer(text, added.number ? () => this.undoStep(`${added.ticket}@1`) : null);
    this.page.draw();
  }

  /** @param {string} event */
  async undoStep(event) {
    if (!(await this.send('undo', { event, reason: t('undo.reason') }))) return;
    const id = event.slice(0, event.lastIndexOf('@'));
    this.done(() => undoneWords(this.model.ticket(id), event, this.model.inHand(), t('undo.with_you'), (of) => this.label(of.ticket)), null);
  }

  /** @param {string} department @param {string} servicePoint */
  startWork(department, servicePoint) {
    return this.send('start_work', { department, service_point: servicePoint });
  }

  async pause() {
    const said = await askPause(t('doctor.pause_title'), this.page.protocol.clock);
    if (said) await this.send('pause_work', { ...this.here(), ...said });
  }

  resume() {
    return this.send('resume_work', this.here());
  }

  stop() {
    return this.send('stop_work', this.here());
  }
}

/**
 * Asks for a target queue and a reason.
 * @param {import('../lib/site.js').Site} site @param {string} from the queue it comes from @param {string} title
 * @returns {Promise<{to: string, name: string, reason: string}|null>}
 */
function chooseQueue(site, from, title) {
  const targets = site.targetsFrom(from);
  return ask(title, (close) => h('form', {
    class: 'transfer',
    onsubmit: (/** @type {any} */ event) => {
      event.preventDefault();
      const to = event.target.elements.to.value;
      const target = targets.find((q) => q.id === to);
      if (target) close({ to, name: target.name, reason: event.target.elements.reason.value.trim() });
    },
  },
  h('label', { class: 'field' }, h('span', null, t('reason')),
    h('input', { class: 'input', name: 'reason', required: true, maxlength: '200', autofocus: true, value: t('reason.needs_other') })),
  h('div', { class: 'targets', role: 'radiogroup', 'aria-label': t('transfer.to') }, targets.map((q) => h('label', { class: 'check', key: q.id },
    h('input', { type: 'radio', name: 'to', value: q.id, required: true, 'data-target': q.id }), q.label))),
  h('div', { class: 'buttons' },
    h('button', { type: 'button', class: 'btn', 'data-action': 'dialog_cancel', onclick: () => close(null) }, t('cancel')),
    h('button', { class: 'btn primary', 'data-action': 'dialog_go' }, t('transfer.go')))));
}
