//! Transfers: within the department at once, to another one by way of *in transit*. The target decides which came
//! first, the taking or the recall; a refused or recalled ticket goes back to its old place.

use super::event::{Entry, Event, Number};
use super::state::{Opened, Standing, Ticket};
use super::{calls, doors, emit, numbers, ticket_of, wrong_state};
use crate::department::{Department, State};
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::queue::Came;
use crate::time::Timestamp;
use crate::vocabulary::*;
use crate::{Code, Rejection};

/// 转科 / 改派. From waiting, summoned, called or serving.
pub fn transfer(
    draft: &mut Draft<'_, Department>,
    command: &TransferTicket,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    let ticket = ticket_of(state, &command.ticket)?;
    match &ticket.standing {
        Standing::Waiting | Standing::Summoned(_) => {}
        Standing::Called(call) | Standing::Serving { call, .. } => calls::own_hand(call, context)?,
        _ => return Err(wrong_state(ticket)),
    }
    if command.to == ticket.opened.queue {
        return Err(Rejection::new(Code::InvalidField, "the ticket is in that queue"));
    }
    let id = command.ticket.clone();
    if command.to.department() == state.config.id {
        state.config.queue(&command.to)?;
        move_within(draft, &id, &command.to, &command.reason, context.now);
        doors::fill(draft, context.now);
        return Ok(Answer::Transferred { ticket: id, state: "waiting".to_owned() });
    }
    if command.to.department().site() != state.config.id.site() {
        return Err(Rejection::new(Code::InvalidField, "a ticket does not leave its site"));
    }
    let opened = &ticket.opened;
    let transfer = TransferredTicket {
        ticket: id.clone(),
        visit: opened.visit.clone(),
        to: command.to.clone(),
        brief: opened.brief.clone(),
        class: opened.class.clone(),
        slot_start: opened.slot_start,
        checked_in_at: opened.checked_in_at,
        walk_in: opened.walk_in,
        reason: command.reason.clone(),
        date: opened.date,
    };
    let over = calls::ending(state, ticket);
    emit(draft, Event::TransferSent { transfer, over, at: context.now });
    doors::fill(draft, context.now);
    Ok(Answer::Transferred { ticket: id, state: "in_transit".to_owned() })
}

/// Moves a live ticket to another queue of the department: it keeps its number unless that is in use there.
pub(crate) fn move_within(draft: &mut Draft<'_, Department>, id: &TicketId, to: &QueueId, reason: &str, at: Timestamp) {
    let state = draft.state();
    let ticket = &state.floor.tickets[id];
    let number = numbers::is_taken(state, to, ticket.opened.date, &ticket.opened.number).then(|| {
        let n = numbers::next(state, to, ticket.opened.date);
        Number { n, shown: numbers::shown(state, to, n) }
    });
    let serial = state.floor.serial + 1;
    let opened = Opened { sequence: doors::new_sequence(serial), ..ticket.opened.clone() };
    let event = Event::TicketMoved {
        ticket: id.clone(),
        queue: to.clone(),
        session: doors::slot_at(state, to, opened.date, at).map(|slot| slot.session.clone()),
        number,
        serial,
        reason: reason.to_owned(),
        sequence: opened.sequence,
        placement: doors::place(state, to, &opened, Came::Transferred, opened.class.as_deref(), None, at),
        over: calls::ending(state, ticket),
        at,
    };
    emit(draft, event);
}

/// The desk of the source wants it back. The target decides which came first.
pub fn recall(
    draft: &mut Draft<'_, Department>,
    command: &RecallTransfer,
    context: &Context,
) -> Result<Answer, Rejection> {
    let ticket = ticket_of(draft.state(), &command.ticket)?;
    let Standing::InTransit { to, recalled, .. } = &ticket.standing else { return Err(wrong_state(ticket)) };
    if !recalled {
        let to = to.clone();
        emit(draft, Event::TransferRecalled { ticket: command.ticket.clone(), to, at: context.now });
    }
    Ok(Answer::Transferred { ticket: command.ticket.clone(), state: "in_transit".to_owned() })
}

/// At the target: take it under a new number, or refuse it. Total; a repeated or recalled one changes nothing.
pub fn take(draft: &mut Draft<'_, Department>, transfer: TransferredTicket, context: &Context) -> Answer {
    let state = draft.state();
    if state.floor.received.get(&transfer.ticket).is_some_and(Option::is_some) {
        return Answer::Done;
    }
    if let Err(refused) = state.config.queue(&transfer.to) {
        let reason = refused.detail;
        emit(draft, Event::TransferDeclined { ticket: transfer.ticket, reason, at: context.now });
        return Answer::Done;
    }
    let serial = state.floor.serial + 1;
    let number = numbers::next(state, &transfer.to, transfer.date);
    let opened = Opened {
        ticket: TicketId::numbered(&state.config.id, 't', serial),
        visit: transfer.visit,
        appointment: None,
        session: None,
        number: numbers::shown(state, &transfer.to, number),
        queue: transfer.to,
        date: transfer.date,
        brief: transfer.brief,
        class: transfer.class,
        walk_in: transfer.walk_in,
        addition: false,
        slot_start: transfer.slot_start,
        sequence: doors::new_sequence(serial),
        checked_in_at: transfer.checked_in_at,
        linked_from: Some(transfer.ticket),
    };
    let class = opened.class.as_deref();
    let placement = doors::place(state, &opened.queue, &opened, Came::Transferred, class, None, context.now);
    emit(draft, Event::TransferReceived(Entry { opened, placement, number: Some(number), serial, at: context.now }));
    doors::fill(draft, context.now);
    Answer::Done
}

/// At the target: the source wants it back. What has been taken stays, and what has been refused is back already: the
/// source has been told either. A transfer that is not known here is refused.
pub fn recalled(draft: &mut Draft<'_, Department>, source: TicketId, context: &Context) -> Answer {
    if !draft.state().floor.received.contains_key(&source) {
        let reason = "recalled".to_owned();
        emit(draft, Event::TransferDeclined { ticket: source, reason, at: context.now });
    }
    Answer::Done
}

/// At the source: taken.
pub fn taken(
    draft: &mut Draft<'_, Department>,
    ticket: TicketId,
    new_ticket: TicketId,
    new_number: String,
    context: &Context,
) -> Answer {
    if in_transit(draft.state(), &ticket) {
        emit(draft, Event::TransferCompleted { ticket, new_ticket, new_number, at: context.now });
    }
    Answer::Done
}

/// At the source: refused or given back.
pub fn refused(draft: &mut Draft<'_, Department>, ticket: TicketId, reason: String, context: &Context) -> Answer {
    if in_transit(draft.state(), &ticket) {
        let returned = doors::returned(draft.state(), &draft.state().floor.tickets[&ticket]);
        emit(draft, Event::TransferReturned { ticket, reason, returned, at: context.now });
        doors::fill(draft, context.now);
    }
    Answer::Done
}

fn in_transit(state: &State, ticket: &TicketId) -> bool {
    let found: Option<&Ticket> = state.floor.tickets.get(ticket);
    found.is_some_and(|ticket| matches!(ticket.standing, Standing::InTransit { .. }))
}
