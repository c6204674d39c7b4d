// What the desk does: each function is one command of the vocabulary, with its undo offered where there is one.

import { lastUndoable } from '../components/ticket.js';
import { find, h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { ask, askText } from '../lib/page.js';

/** Commands of the desk. */
export class Acts {
  /** @param {import('../lib/page.js').Page} page @param {() => import('./floor.js').Floor} floor @param {any} persons */
  constructor(page, floor, persons) {
    this.page = page;
    this.floor = floor;
    this.persons = persons;
  }

  /** @param {string} name @param {any} body */
  async send(name, body) {
    try {
      return await this.page.command(name, body);
    } catch {
      return null; // said on the page
    }
  }

  /** @param {string} text @param {string|null} ticket */
  done(text, ticket) {
    find('#undo').offer(text, ticket ? () => this.undoLast(ticket) : null);
    this.page.draw();
  }

  /** @param {string} id */
  async undoLast(id) {
    const step = lastUndoable(this.floor().ticket(id));
    if (!step) this.page.notify(t('error.cannot_undo'));
    else if (await this.send('undo', { event: step.event, reason: t('undo.reason') })) this.done(t('undo.done'), null);
  }

  /** A step of the history, with a reason on the record. @param {any} step */
  async undo(step) {
    const reason = await askText(t('desk.undo_title'), { usual: [t('undo.reason'), t('reason.wrong_person')], go: t('undo.take') });
    if (reason && (await this.send('undo', { event: step.event, reason }))) this.done(t('undo.done'), null);
  }

  /** @param {any} appointment */
  async checkIn(appointment) {
    const result = await this.send('check_in', { appointment: appointment.appointment });
    if (result) this.done(t('desk.did.check_in', { number: result.number, position: result.position }), result.ticket);
    return !!result;
  }

  /** @param {any} appointment */
  async cancelAppointment(appointment) {
    const reason = await askText(t('desk.cancel_appointment'), { usual: [t('reason.asked_by_patient')], go: t('desk.cancel_go'), danger: true });
    if (reason && (await this.send('cancel_appointment', { appointment: appointment.appointment, reason }))) {
      this.done(t('desk.did.cancel_appointment', { number: appointment.number || '' }), null);
    }
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
    if (result) this.done(t('desk.did.report_back', { number: ticket.number }), ticket.ticket);
    return !!result;
  }

  /** @param {any} ticket @param {string} cls @param {string} proof */
  async setPriority(ticket, cls, proof) {
    if (await this.send('set_priority', { ticket: ticket.ticket, class: cls, proof })) {
      this.done(t('desk.did.set_priority', { number: ticket.number }), ticket.ticket);
    }
  }

  /** @param {any} ticket @param {string} to @param {string} name @param {string} reason */
  async transfer(ticket, to, name, reason) {
    const result = await this.send('transfer_ticket', { ticket: ticket.ticket, to, reason });
    if (result) this.done(t('desk.did.transfer_ticket', { number: ticket.number, to: name }), ticket.ticket);
  }

  /** @param {any} ticket */
  async recallTransfer(ticket) {
    if (await this.send('recall_transfer', { ticket: ticket.ticket })) this.done(t('desk.did.recall_transfer', { number: ticket.number }), null);
  }

  /** @param {any} ticket */
  async cancel(ticket) {
    const reason = await askText(t('desk.cancel_title', { number: ticket.number }), {
      usual: [t('reason.asked_by_patient'), t('reason.left'), t('reason.registered_twice')], go: t('desk.cancel_go'), danger: true,
    });
    if (reason && (await this.send('cancel_ticket', { ticket: ticket.ticket, reason }))) {
      this.done(t('desk.did.cancel_ticket', { number: ticket.number }), ticket.ticket);
    }
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
      this.done(t('doctor.did.return_to_waiting', { number: ticket.number }), ticket.ticket);
    }
  }

  /** Calls a chosen ticket to a room at work. @param {any} ticket */
  async callTicket(ticket) {
    const rooms = this.floor().rooms().filter((r) => r.assignment && !r.paused);
    const chosen = await ask(t('doctor.call_this', { number: ticket.number }), (close) => h('form', {
      class: 'form',
      onsubmit: (/** @type {any} */ event) => {
        event.preventDefault();
        const f = event.target.elements;
        close({ room: rooms.find((r) => r.service_point === f.room.value), outcome: f.outcome.value, reason: f.reason.value.trim() });
      },
    },
    h('label', { class: 'field' }, h('span', null, t('desk.call_to')),
      h('select', { class: 'input', name: 'room', required: true }, rooms.map((r) => h('option', { key: r.service_point, value: r.service_point },
        `${r.name} ${r.doctor_name || ''}`)))),
    h('label', { class: 'field' }, h('span', null, t('desk.call_outcome')),
      h('select', { class: 'input', name: 'outcome' },
        h('option', { value: 'seen' }, t('doctor.outcome_seen')), h('option', { value: 'not_here' }, t('doctor.outcome_not_here')))),
    h('label', { class: 'field' }, h('span', null, t('reason')), h('input', { class: 'input', name: 'reason', required: true, maxlength: '200' })),
    rooms.length ? null : h('p', { class: 'notice soon' }, t('desk.no_rooms')),
    h('div', { class: 'buttons' },
      h('button', { type: 'button', class: 'btn', onclick: () => close(null) }, t('cancel')),
      h('button', { class: 'btn primary', 'data-action': 'dialog_go', disabled: !rooms.length }, t('doctor.call_this_go')))));
    if (!chosen || !chosen.room) return;
    const hand = chosen.room.in_hand && (chosen.room.in_hand.ticket || chosen.room.in_hand);
    const result = await this.send('call_ticket', {
      department: this.floor().department, assignment: chosen.room.assignment, in_hand: hand || null,
      outcome: hand ? chosen.outcome : null, ticket: ticket.ticket, reason: chosen.reason,
    });
    if (result) this.done(t('doctor.did_call', { who: ticket.number, place: chosen.room.name }), ticket.ticket);
  }
}
