// What the desk does: each function is one command of the vocabulary, with its undo offered where there is one.

import { arrive } from '../components/arrive.js';
import { askCall, didCall, sendCall } from '../components/call-this.js';
import { bioOf, stepAfter, stepCounts, undoneWords } from '../components/ticket.js';
import { clockOf } from '../lib/clock.js';
import { find } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { askText } from '../lib/page.js';
import { isNotTaken } from '../lib/pre-check.js';
import { Recent } from '../lib/recent.js';
import { prefix } from '../lib/site.js';
import { whoseOf } from '../lib/sessions.js';
import { classWord, wordsOf } from '../lib/words.js';

/** A ticket's way on is looked at while the ticket is. */
const LINKS_KEPT = 200;

/**
 * What an undo does not take back: the words of the button that says how far it goes, what stays, and the way to that.
 * @typedef {{take: string, words: string, more: import('../components/undo-bar.js').More}} Stays
 */

/** Commands of the desk. */
export class Acts {
  /** @param {import('../lib/page.js').Page} page @param {() => import('./floor.js').Floor} floor @param {any} persons */
  constructor(page, floor, persons) {
    this.page = page;
    this.floor = floor;
    this.persons = persons;
    /** Hears of each command that was done, by what it was of. @type {(body: any) => void} */
    this.onDone = () => {};
    /** How many steps each ticket had when the last command left. @type {Map<string, number>} */
    this.before = new Map();
    /** Prints the slip of a ticket. @type {(ticket: string) => void} */
    this.onPrint = () => {};
    /** Where transferred tickets went on, by their new ids. @type {Recent<any>} */
    this.links = new Recent(LINKS_KEPT);
    /** Once they are read. @type {import('./fees.js').Fees|null} */
    this.fees = null;
    /** @type {Promise<import('./fees.js').Fees|null>|null} */
    this.readingFees = null;
  }

  /** @param {string} name @param {any} body @param {(refusal: any) => void} [told] hears why it was not done */
  async send(name, body, told) {
    this.before = stepCounts(this.floor().queues());
    try {
      const result = await this.page.command(name, body);
      this.onDone(body);
      return result;
    } catch (refusal) {
      if (told) told(refusal);
      return null; // said on the page
    }
  }

  /**
   * An arrival, with the site's questions before it. Who is registered where the answers send is told on the way.
   * @param {string} name @param {any} body @param {string} who @param {{spared?: boolean, opensAt?: string|null, waits?: boolean, pays?: (() => Promise<boolean>)|null}} [of] as of `arrive`
   * @returns {Promise<any>} the answer; without a number when it goes on elsewhere; null: not done, which is said
   */
  async arrive(name, body, who, of) {
    this.before = stepCounts(this.floor().queues());
    try {
      const result = await arrive({ page: this.page, site: this.floor().site }, name, body, who, of);
      if (result) this.onDone(body);
      if (result && !result.number) await this.tellSentOn(result.ticket);
      return result;
    } catch (refusal) {
      if (refusal.code === 'already_exists' && name !== 'check_in') throw refusal;
      return null;
    }
  }

  /** It is on its way to another department: which number it has there. @param {string} id */
  async tellSentOn(id) {
    const taken = await this.floor().taken(id);
    // That nobody takes it rings by itself.
    if (isNotTaken(this.floor().ticket(id) || {})) return;
    const link = taken && (await this.linkOf(taken));
    this.done(link ? t('pre_check.did_send', { to: link.where, new: link.number }) : t('pre_check.did_send_off'), null);
  }

  /**
   * @param {string|(() => string)} text @param {string|null} ticket none: there is no way back
   * @param {string} [what] the step that it was, which the bar's undo takes back @param {import('../components/undo-bar.js').More} [more]
   * @param {Stays} [stays]
   */
  done(text, ticket, what, more, stays) {
    const after = (ticket && this.before.get(ticket)) || 0;
    find('#undo').offer(text, ticket && what ? () => this.undoSteps(ticket, [what], after, stays) : null, more, stays && stays.take);
    this.page.draw();
  }

  /** Somebody has a number from now on, which can be had on paper. @param {string|(() => string)} text @param {string} ticket @param {string} what @param {Stays} [stays] */
  doneWithSlip(text, ticket, what, stays) {
    this.done(text, ticket, what, { action: 'print_done', words: t('desk.print'), go: () => this.onPrint(ticket) }, stays);
  }

  /** Somebody by name, sex and age, so that a wrong person is noticed. @param {any} of */
  who(of) {
    const bio = bioOf(of.sex ? of : this.persons.get(of.patient) || of, this.page.protocol.clock.now());
    const name = this.persons.nameOf(of);
    return bio ? t('desk.who', { name, bio }) : name;
  }

  /**
   * Of who is in the queue now: who that is, whose queue, which priority, and how many are before them, as far as it is here by now.
   * @param {string} key what has been done @param {{ticket: string, number: string}} result @param {any} of the person's, as it was found
   */
  arrivedWords(key, { ticket: id, number }, of) {
    const floor = this.floor();
    const ticket = floor.ticket(id);
    const queue = floor.queueOf(id);
    const ahead = queue ? queue.order.indexOf(id) : -1;
    const session = floor.sessions.find((/** @type {any} */ one) => one.session === of.session);
    return [
      t(key, { number, who: this.who(ticket || of) }),
      queue ? named(queue.queue.name, queue.queue.name_en) : whoseOf(session || of, floor.site),
      ticket && ticket.class && ticket.class !== 'none' ? classWord(ticket.class, floor.site.classesOf(floor.department)) : '',
      ahead < 0 ? '' : t('desk.ahead', { n: ahead }),
    ].filter(Boolean).join(' · ');
  }

  /**
   * The steps of what was done in one go, where nothing came after them: what somebody else has done since is not ours to take back.
   * @param {string} id @param {string[]} whats newest first @param {number} [after] of so many steps before @param {Stays} [stays]
   */
  async undoSteps(id, whats, after = 0, stays) {
    const { service_point: point } = this.floor().ticket(id) || {};
    const mine = whats.map((what) => stepAfter(this.floor().ticket(id), what, after));
    for (const step of mine) {
      if (!step) return this.page.notify(t('error.cannot_undo'));
      if (!(await this.send('undo', { event: step.event, reason: t('undo.reason') }))) return undefined;
    }
    const [last] = mine.slice(-1);
    const undone = this.undone(id, last.event, point);
    return stays ? this.done(() => `${undone()} · ${stays.words}`, null, undefined, stays.more) : this.done(undone, null);
  }

  /** @param {string} id @param {string} event @param {string|null} point the room it was called or sent to, before */
  undone(id, event, point) {
    return () => {
      const floor = this.floor();
      const room = floor.rooms().find((one) => one.service_point === point);
      const inHand = room && room.in_hand && floor.ticket(room.in_hand.ticket || room.in_hand);
      return undoneWords(floor.ticket(id), event, inHand, room ? named(room.name, room.name_en) : '', (of) => `${of.number} ${this.persons.nameOf(of)}`);
    };
  }

  /** A step of the history, with a reason on the record: the one that is given, else it is asked for. @param {any} step @param {string} [given] */
  async undo(step, given) {
    const reason = given || await askText(t('desk.undo_title'), { usual: [t('undo.reason'), t('reason.wrong_person')], go: t('undo.take') });
    const id = step.event.slice(0, step.event.lastIndexOf('@'));
    const { service_point: point } = this.floor().ticket(id) || {};
    if (reason && (await this.send('undo', { event: step.event, reason }))) this.done(this.undone(id, step.event, point), null);
  }

  /** Read when there is a fee to see: many departments take none. @returns {Promise<import('./fees.js').Fees|null>} null: it cannot be read now */
  readFees() {
    this.readingFees = this.readingFees || import('./fees.js').then(({ Fees }) => {
      this.fees = new Fees(this);
      this.page.draw();
      return this.fees;
    }, () => {
      this.readingFees = null;
      return null;
    });
    return this.readingFees;
  }

  /** @param {any} appointment */
  async checkIn(appointment) {
    const { fee } = appointment;
    const fees = fee && (fee.due_fen || fee.paid_fen) ? await this.readFees() : null;
    /** @type {import('./fees.js').Taken} */
    let first = {};
    const pays = fees && fee.due_fen ? async () => {
      const taken = await fees.takeFirst(appointment);
      first = taken || first;
      return !!taken;
    } : null;
    const result = await this.arrive('check_in', { appointment: appointment.appointment }, this.persons.nameOf(appointment), { opensAt: appointment.check_in_from, pays });
    const did = result && result.number && (() => [first.words, this.arrivedWords('desk.did.check_in', result, appointment)].filter(Boolean).join(' · '));
    if (did) this.doneWithSlip(did, result.ticket, 'checked_in', fees && first.fen ? fees.stays(appointment, first) : undefined);
    // Whoever has paid and is sent elsewhere, or not checked in, gets it back here.
    else if (fees && (first.words || (result && fee.paid_fen))) await fees.open(appointment);
    return !!result;
  }

  /**
   * Checks in who came while the server was away, once somebody has said that it is this one: the fee is asked for as at any
   * check-in, the pre-check afterwards. A refusal is thrown on.
   * @param {any} appointment @param {string} cameAt @returns {Promise<{number: string, isPaid: boolean}|null>} null: left at the fee
   */
  async checkInOfList(appointment, cameAt) {
    const { fee } = appointment;
    const fees = fee && fee.due_fen ? await this.readFees() : null;
    const first = fees ? await fees.takeFirst(appointment) : {};
    if (!first) return null;
    this.before = stepCounts(this.floor().queues());
    const result = await this.page.protocol.command('check_in', { appointment: appointment.appointment, came_at: cameAt });
    this.doneWithSlip(() => [first.words, this.arrivedWords('desk.did.check_in', result, appointment)].filter(Boolean).join(' · '), result.ticket, 'checked_in', fees && first.fen ? fees.stays(appointment, first) : undefined);
    return { number: result.number, isPaid: !!first.words };
  }

  /** Asks who waits and was not asked at the arrival: what follows is what would have followed then. @param {any} ticket */
  async askAfterwards(ticket) {
    const result = await this.arrive('answer_pre_check', { ticket: ticket.ticket }, this.persons.nameOf(ticket), { waits: true });
    if (result && result.number) this.done(t('pre_check.did_ask', { number: result.number }), null);
  }

  /** Gives a place back; its undo brings back place and number, unless the place is taken meanwhile. @param {any} appointment */
  async cancelAppointment(appointment) {
    const name = await this.persons.nameFor(appointment);
    const who = { number: appointment.number || '', name, time: clockOf(appointment.slot_start) };
    const reason = await askText(t('desk.cancel_appointment_title', who), {
      usual: [t('reason.asked_by_patient'), t('reason.registered_twice')], go: t('desk.cancel_appointment'), keep: t('desk.keep'), danger: true,
    });
    if (!reason || !(await this.send('cancel_appointment', { appointment: appointment.appointment, reason }))) return;
    find('#undo').offer(t('desk.did.cancel_appointment', who), () => this.restore(appointment, t('undo.reason')));
    this.page.draw();
  }

  /** Undoes a cancellation. @param {any} appointment @param {string} [given] the reason, else it is asked for */
  async restore(appointment, given) {
    const name = await this.persons.nameFor(appointment);
    const reason = given || (await askText(t('desk.restore_title', { name }), {
      usual: [t('undo.reason'), t('reason.asked_by_patient')], go: t('desk.restore'),
    }));
    const again = reason && (await this.send('restore_appointment', { appointment: appointment.appointment, reason }));
    if (again) this.done(t('desk.did.restore_appointment', { name, number: again.number || '' }), null);
    return !!again;
  }

  /** @param {any} appointment */
  async correctNoShow(appointment) {
    const reason = await askText(t('desk.correct_no_show_sure'), {
      usual: [t('reason.was_here'), t('reason.recorded_wrongly')], go: t('desk.correct_no_show'),
    });
    const result = reason && (await this.send('correct_no_show', { appointment: appointment.appointment, reason }));
    if (result) this.done(t('desk.did.correct_no_show', { number: appointment.number || '' }), null);
    return !!result;
  }

  /** @param {any} ticket */
  async reportBack(ticket) {
    const result = await this.send('report_back', { ticket: ticket.ticket });
    if (result) this.doneWithSlip(() => this.arrivedWords('desk.did.report_back', ticket, ticket), ticket.ticket, 'reported_back');
    return !!result;
  }

  /** @param {any} ticket @param {string} cls @param {string} proof */
  async setPriority(ticket, cls, proof) {
    if (await this.send('set_priority', { ticket: ticket.ticket, class: cls, proof })) {
      this.done(t('desk.did.set_priority', { number: ticket.number }), ticket.ticket, 'prioritised');
    }
  }

  /** @param {any} ticket @param {string} to @param {string} name @param {string} reason */
  async transfer(ticket, to, name, reason) {
    const result = await this.send('transfer_ticket', { ticket: ticket.ticket, to, reason });
    if (!result) return;
    const text = t('desk.did.transfer_ticket', { number: ticket.number, to: name });
    if (result.state === 'waiting') this.done(text, ticket.ticket, 'moved');
    else this.tellWhereTo(ticket, text);
  }

  /** Elsewhere it is another number: says which, and the way back. @param {any} ticket @param {string} text */
  async tellWhereTo(ticket, text) {
    this.done(text, null);
    const taken = await this.floor().taken(ticket.ticket);
    const link = taken && (await this.linkOf(taken));
    if (!link) {
      find('#undo').offer(text, () => this.recallTransfer(ticket));
      return;
    }
    find('#undo').offer(t('desk.did.transfer_away', { number: ticket.number, to: link.where, new: link.number }), () => this.bringBack(taken));
    this.page.draw();
  }

  /**
   * Where a transferred ticket went on, once asked for.
   * @param {any} ticket @returns {Promise<{ticket: string, number: string, where: string}|null>}
   */
  async linkOf(ticket) {
    // Whoever asks while it is being asked waits for the same answer.
    const known = this.links.get(ticket.linked_to);
    if (known) return known.asked;
    /** @type {{now: any, asked: Promise<any>}} */
    const link = { now: null, asked: this.askLink(ticket.linked_to) };
    this.links.set(ticket.linked_to, link);
    link.now = await link.asked;
    // Nothing new is not drawn: drawing asks again.
    if (link.now) this.page.draw();
    return link.now;
  }

  /** @param {string} id of the ticket that it goes on as @returns {Promise<any>} null: it is not for this desk to see, or cannot be read now */
  async askLink(id) {
    try {
      const { snapshot } = await this.page.session.http('GET', `/api/v1/streams/ticket:${id}`);
      const department = this.floor().site.one('departments', prefix(snapshot.queue, 2));
      const where = [department ? named(department.name, department.name_en) : '', named(snapshot.queue_name, snapshot.queue_name_en)].filter(Boolean).join(' · ');
      return { ticket: id, number: snapshot.number, where };
    } catch (refusal) {
      if (refusal.code !== 'forbidden') this.links.delete(id);
      return null;
    }
  }

  /** The same, as far as it is known now. @param {any} ticket */
  link(ticket) {
    if (!ticket.linked_to) return null;
    this.linkOf(ticket);
    const known = this.links.get(ticket.linked_to);
    return known ? known.now : null;
  }

  /** Transfers the ticket that goes on elsewhere back to the queue that it came from. @param {any} ticket */
  async bringBack(ticket) {
    const back = await this.send('transfer_ticket', { ticket: ticket.linked_to, to: ticket.queue, reason: t('undo.reason') });
    if (back) this.done(t('desk.did.bring_back', { number: ticket.number }), null);
  }

  /** @param {any} ticket */
  async recallTransfer(ticket) {
    if (await this.send('recall_transfer', { ticket: ticket.ticket })) this.done(t(isNotTaken(ticket) ? 'pre_check.did_join_here' : 'desk.did.recall_transfer', { number: ticket.number }), null);
  }

  /** @param {any} ticket */
  async cancel(ticket) {
    const reason = await askText(t('desk.cancel_title', { number: ticket.number, name: await this.persons.nameFor(ticket) }), {
      usual: [t('reason.asked_by_patient'), t('reason.left'), t('reason.registered_twice')], go: t('desk.cancel_go'), keep: t('desk.keep'), danger: true,
    });
    if (reason && (await this.send('cancel_ticket', { ticket: ticket.ticket, reason }))) {
      this.done(t('desk.did.cancel_ticket', { number: ticket.number }), ticket.ticket, 'cancelled');
    }
  }

  /** Read when it is first asked for: most days nobody is left over. @param {import('./floor.js').Floor} floor @param {any[]} tickets */
  async settle(floor, tickets) {
    const { settleTickets } = await import('./settle.js');
    await settleTickets(floor, this, this.persons, tickets);
  }

  /** @param {any} ticket */
  async recall(ticket) {
    if (await this.send('recall_patient', { call: ticket.call })) this.done(t('desk.did.recall_patient', { number: ticket.number }), null);
  }

  /** @param {any} ticket */
  async returnToWaiting(ticket) {
    const reason = await askText(t('doctor.return_title', { number: ticket.number }), {
      usual: [t('reason.wrong_call'), t('reason.wrong_person'), t('reason.not_ready')], go: t('doctor.return_go'),
    });
    if (reason && (await this.send('return_to_waiting', { ticket: ticket.ticket, reason }))) {
      this.done(t('doctor.did.return_to_waiting', { number: ticket.number }), ticket.ticket, 'returned');
    }
  }

  /** A doctor called away says so at the desk. @param {any} room */
  async pause(room) {
    const place = named(room.name, room.name_en);
    // Read when it is first asked: most days no desk does.
    const { askPause } = await import('../components/pause.js');
    const said = await askPause(t('desk.pause_title', { room: place, doctor: named(room.doctor_name, room.doctor_name_en) }), this.page.protocol.clock);
    if (said) await this.pauseFor(room, said);
  }

  /** @param {any} room @param {{reason: string, back_at: string|null}} said */
  async pauseFor(room, said) {
    if (!(await this.send('pause_work', { department: this.floor().department, assignment: room.assignment, ...said }))) return;
    this.doneInRoom('pause_work', room, () => this.resume(room));
  }

  /** Its undo is the same pause, as far as it is still to come. @param {any} room as it was */
  async resume(room) {
    if (!(await this.send('resume_work', { department: this.floor().department, assignment: room.assignment }))) return;
    const isToCome = room.back_at && Date.parse(room.back_at) > this.page.protocol.clock.now();
    this.doneInRoom('resume_work', room, room.paused ? () => this.pauseFor(room, { reason: t('undo.reason'), back_at: isToCome ? room.back_at : null }) : null);
  }

  /** @param {string} name the command's @param {any} room @param {(() => void)|null} undo */
  doneInRoom(name, room, undo) {
    find('#undo').offer(t(`desk.did.${name}`, { room: named(room.name, room.name_en) }), undo);
    this.page.draw();
  }

  /** The delay that was announced is none any more. @param {any} queue @param {any} late */
  async delayOver(queue, late) {
    const said = (/** @type {number} */ minutes) => this.send('delay_session', { session: late.session, minutes });
    if (!(await said(0))) return;
    find('#undo').offer(t('desk.did.delay_over', { whose: named(queue.queue.name, queue.queue.name_en) }), () => said(late.delay_min));
    this.page.draw();
  }

  /** The rooms at work, those without a patient first. @returns {import('../components/call-this.js').Room[]} */
  callRooms() {
    const rooms = this.floor().rooms().filter((r) => r.assignment && !r.paused).map((r) => {
      const place = named(r.name, r.name_en);
      const id = r.in_hand && (r.in_hand.ticket || r.in_hand);
      const hand = id ? this.floor().ticket(id) || { ticket: id, number: '', state: 'serving' } : null;
      const who = hand ? `${hand.number} ${this.persons.nameOf(hand)}`.trim() : '';
      const label = t(hand ? 'desk.room_has' : 'desk.room_empty', { room: place, doctor: named(r.doctor_name, r.doctor_name_en), who });
      return { id: r.service_point, assignment: r.assignment, place, label, hand, who };
    });
    return rooms.sort((one, other) => Number(!!one.hand) - Number(!!other.hand));
  }

  /** Calls a chosen ticket to a room at work. @param {any} ticket */
  async callTicket(ticket) {
    await askCall(`${ticket.number} ${this.who(ticket)}`, this.callRooms(), { empty: t('desk.no_rooms'), now: () => this.page.protocol.clock.now(), go: (said) => this.callTo(ticket, said) });
  }

  /** @param {any} ticket @param {any} said @returns {Promise<string>} why it was not done */
  async callTo(ticket, said) {
    const { room, outcome } = said;
    const { result, refusal } = await sendCall(said, (name, body, told) => this.send(name, body, told), {
      department: this.floor().department, assignment: room.assignment, ticket: ticket.ticket,
    });
    if (!result) return wordsOf(refusal, 'call_ticket');
    this.done(didCall(`${ticket.number} ${this.persons.nameOf(ticket)}`, room, outcome), ticket.ticket, 'called');
    return '';
  }
}
