//! Transfers: within the department at once, to another one by way of *in transit*. The target decides what a recall
//! comes to: what nobody has called there yet it gives back. A refused or recalled ticket goes to its old place.

use super::event::{Entry, Event, Number, RECALLED};
use super::numbers::Bearer;
use super::state::{Opened, Standing, Ticket, TicketEnd};
use super::{calls, doors, emit, left_over, numbers, once, pre_check, ticket_of, wrong_state};
use crate::department::{Department, State, outside};
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::queue::Came;
use crate::time::Timestamp;
use crate::vocabulary::*;
use crate::{Code, Rejection};

/// 转科 / 改派. From waiting, summoned, called or serving; and from in transit, where another department has not taken whom
/// the pre-check sent there.
pub fn transfer(
    draft: &mut Draft<'_, Department>,
    command: &TransferTicket,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    let ticket = ticket_of(state, &command.ticket)?;
    match &ticket.standing {
        Standing::Waiting | Standing::Summoned(_) => left_over::refuse(state, ticket, context.now)?,
        Standing::Called(call) | Standing::Serving { call, .. } => calls::own_hand(call, context)?,
        Standing::InTransit { .. } if pre_check::is_not_taken(state, ticket) => {}
        _ => return Err(wrong_state(ticket)),
    }
    if outside::is_off(state, &ticket.opened.visit) {
        return Err(Rejection::new(Code::WrongTicketState, outside::IS_OFF));
    }
    if command.to == ticket.opened.queue {
        return Err(Rejection::field("to", "the ticket is in that queue"));
    }
    let id = command.ticket.clone();
    if command.to.department() == state.config.id {
        state.config.queue(&command.to)?;
        once::waits_once_more(state, ticket, &command.to, context.now)?;
        move_within(draft, &id, &command.to, &command.reason, context.now);
        doors::fill(draft, context.now);
        return Ok(Answer::Transferred { ticket: id, state: "waiting".to_owned() });
    }
    if command.to.department().site() != state.config.id.site() {
        return Err(Rejection::field("to", "a ticket does not leave its site"));
    }
    Ok(send(draft, &id, &command.to, &command.reason, context.now))
}

/// Sends a ticket on its way to another department of the site. Fills the doors.
pub(crate) fn send(
    draft: &mut Draft<'_, Department>,
    id: &TicketId,
    to: &QueueId,
    reason: &str,
    at: Timestamp,
) -> Answer {
    let state = draft.state();
    let ticket = &state.floor.tickets[id];
    let opened = &ticket.opened;
    let transfer = TransferredTicket {
        ticket: id.clone(),
        visit: opened.visit.clone(),
        to: to.clone(),
        brief: opened.brief.clone(),
        class: opened.class.clone(),
        slot_start: opened.slot_start,
        checked_in_at: opened.checked_in_at,
        walk_in: opened.walk_in,
        reason: reason.to_owned(),
        date: opened.date,
    };
    let over = calls::ending(state, ticket);
    emit(draft, Event::TransferSent { transfer, over, at });
    pre_check::pass_on(draft, id, to.department());
    doors::fill(draft, at);
    Answer::Transferred { ticket: id.clone(), state: "in_transit".to_owned() }
}

/// Moves a waiting ticket to another queue of the department: it keeps its number unless that is somebody else's there.
pub(crate) fn move_within(draft: &mut Draft<'_, Department>, id: &TicketId, to: &QueueId, reason: &str, at: Timestamp) {
    let state = draft.state();
    let ticket = &state.floor.tickets[id];
    let number = new_number(state, ticket, to);
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

/// The number that it is given in that queue, if its own is somebody else's there.
pub(crate) fn new_number(state: &State, ticket: &Ticket, to: &QueueId) -> Option<Number> {
    let Opened { date, number, visit, .. } = &ticket.opened;
    numbers::is_taken(state, to, *date, number, Bearer::Visit(visit)).then(|| {
        let n = numbers::next(state, to, *date);
        Number { n, shown: numbers::shown(state, to, n) }
    })
}

/// The desk of the source wants it back, in transit or taken: the target decides. Only on its business day, and not into a
/// queue that is retired since. Whom the pre-check sent there and nobody has taken the desk puts into the line here, at once.
pub fn recall(
    draft: &mut Draft<'_, Department>,
    command: &RecallTransfer,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    let ticket = ticket_of(state, &command.ticket)?;
    if pre_check::is_not_taken(state, ticket) {
        state.config.queue(&ticket.opened.queue)?;
        put_back(draft, command.ticket.clone(), RECALLED.to_owned(), context.now);
        return Ok(Answer::Transferred { ticket: command.ticket.clone(), state: "waiting".to_owned() });
    }
    let to = match &ticket.standing {
        Standing::InTransit { recalled: true, .. } => None,
        Standing::InTransit { to, .. } => Some(to.clone()),
        standing if is_transferred(standing) && ticket.opened.date == state.config.today(context.now) => {
            Some(transferred_to(ticket).ok_or_else(|| wrong_state(ticket))?)
        }
        _ => return Err(wrong_state(ticket)),
    };
    if let Some(to) = to {
        // In transit it has kept its queue in use.
        state.config.queue(&ticket.opened.queue)?;
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
    let refused = match state.config.queue(&transfer.to) {
        Err(why) => Some(why.detail),
        Ok(_) if outside::is_off(state, &transfer.visit) => Some(outside::IS_OFF.to_owned()),
        Ok(_) => {
            let once = once::waits_once(state, &transfer.to, &transfer.brief.patient, None, context.now);
            once.is_err().then(|| once::WAITS_THERE.to_owned())
        }
    };
    if let Some(reason) = refused {
        emit(draft, Event::TransferDeclined { ticket: transfer.ticket, reason, at: context.now });
        return Answer::Done;
    }
    let serial = state.floor.serial + 1;
    let number = numbers::next(state, &transfer.to, transfer.date);
    let opened = Opened {
        ticket: TicketId::numbered(&state.config.id, 't', serial),
        visit: transfer.visit,
        appointment: None,
        session: doors::slot_at(state, &transfer.to, transfer.date, context.now).map(|slot| slot.session.clone()),
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

/// At the target: the source wants it back. Who waits and was never called is given back; anybody else stays, and the
/// source is told so. What has been refused is back already. A transfer that is not known here is refused.
pub fn recalled(draft: &mut Draft<'_, Department>, source: TicketId, context: &Context) -> Answer {
    let (state, at) = (draft.state(), context.now);
    let Some(taken) = state.floor.received.get(&source) else {
        emit(draft, Event::TransferDeclined { ticket: source, reason: RECALLED.to_owned(), at });
        return Answer::Done;
    };
    let Some(ticket) = taken.as_ref().and_then(|ticket| state.floor.tickets.get(ticket)) else { return Answer::Done };
    let (id, number) = (ticket.id().clone(), ticket.opened.number.clone());
    if matches!(ticket.standing, Standing::Waiting | Standing::Summoned(_)) && !ticket.was_called() {
        let over = calls::ending(state, ticket);
        emit(draft, Event::TransferGivenBack { ticket: id, source, over, at });
        doors::fill(draft, at);
    } else {
        emit(draft, Event::TransferKept { source, ticket: id, number, at });
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

/// At the source: refused or given back. The word that it was taken may have come before. Whom the pre-check sends there is
/// in no line of this department by that: the desk decides.
pub fn refused(draft: &mut Draft<'_, Department>, ticket: TicketId, reason: String, context: &Context) -> Answer {
    let Some(known) = draft.state().floor.tickets.get(&ticket) else { return Answer::Done };
    let is_on_the_way = matches!(known.standing, Standing::InTransit { .. });
    if is_on_the_way && pre_check::stays_out(draft.state(), known) {
        let visit = known.opened.visit.clone();
        if !pre_check::is_not_taken(draft.state(), known) {
            emit(draft, Event::TransferNotTaken { ticket, reason, at: context.now });
        }
        outside::end_if_off(draft, &visit, context.now);
    } else if is_on_the_way || is_transferred(&known.standing) {
        put_back(draft, ticket, reason, context.now);
    }
    Answer::Done
}

/// To its old place. Fills the doors.
fn put_back(draft: &mut Draft<'_, Department>, ticket: TicketId, reason: String, at: Timestamp) {
    let known = &draft.state().floor.tickets[&ticket];
    let (visit, returned) = (known.opened.visit.clone(), doors::returned(draft.state(), known));
    emit(draft, Event::TransferReturned { ticket, reason, returned, at });
    outside::end_if_off(draft, &visit, at);
    doors::fill(draft, at);
}

fn in_transit(state: &State, ticket: &TicketId) -> bool {
    let found: Option<&Ticket> = state.floor.tickets.get(ticket);
    found.is_some_and(|ticket| matches!(ticket.standing, Standing::InTransit { .. }))
}

fn is_transferred(standing: &Standing) -> bool {
    matches!(standing, Standing::Ended { how: TicketEnd::Transferred, .. })
}

/// The queue that a ticket went to, from the step before it was taken there.
fn transferred_to(ticket: &Ticket) -> Option<QueueId> {
    ticket.steps.iter().rev().find_map(|step| match &step.before.as_ref()?.standing {
        Standing::InTransit { to, .. } => Some(to.clone()),
        _ => None,
    })
}
