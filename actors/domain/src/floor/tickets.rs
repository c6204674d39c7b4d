//! Decisions of the desk on a ticket: report back, priority, cancel, settle.

use super::event::Event;
use super::state::Standing;
use super::{calls, doors, emit, left_over, once, pre_check, ticket_of, wrong_state};
use crate::department::Department;
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::person::is_readable;
use crate::queue::{self, Came};
use crate::time::Timestamp;
use crate::vocabulary::*;
use crate::{Code, Rejection};

/// 过号报到 / 回诊: waits again, in the missed or the returning line. Phones prove by the area's code that they are
/// there (`wrong_area_code`). Only on the ticket's own day (`check_in_too_late`): on a later day of the visit the desk
/// registers a new ticket.
pub fn report_back(
    draft: &mut Draft<'_, Department>,
    command: &ReportBack,
    presence_proved: bool,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    let ticket = ticket_of(state, &command.ticket)?;
    if !matches!(ticket.standing, Standing::Away { .. } | Standing::Missed { .. }) {
        return Err(wrong_state(ticket));
    }
    calls::may_come_back(state, ticket, context)?;
    if !presence_proved {
        return Err(Rejection::from(Code::WrongAreaCode));
    }
    once::waits_once_more(state, ticket, &ticket.opened.queue, context.now)?;
    let came = if matches!(ticket.standing, Standing::Away { .. }) { Came::Returning } else { Came::Missed };
    let opened = &ticket.opened;
    let placement = doors::place(state, &opened.queue, opened, came, opened.class.as_deref(), None, context.now);
    emit(draft, Event::PatientReportedBack { ticket: command.ticket.clone(), placement, at: context.now });
    doors::fill(draft, context.now);
    Ok(waiting(draft, &command.ticket))
}

/// A priority class with proof seen; the one that it has changes nothing. Who stood at a door is taken back first and placed anew.
pub fn set_priority(
    draft: &mut Draft<'_, Department>,
    command: &SetPriority,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    let ticket = ticket_of(state, &command.ticket)?;
    if !matches!(ticket.standing, Standing::Waiting | Standing::Summoned(_)) {
        return Err(wrong_state(ticket));
    }
    left_over::refuse(state, ticket, context.now)?;
    if !state.config.settings.queue.knows(&command.class) {
        return Err(Rejection::field("class", "no such priority class"));
    }
    let class = (command.class != queue::NO_CLASS).then(|| command.class.clone());
    if class == ticket.opened.class {
        return Ok(waiting(draft, &command.ticket));
    }
    // An emergency is seen, not proved.
    if class.as_deref().is_some_and(|class| class != queue::EMERGENCY) && !is_readable(&command.proof) {
        return Err(Rejection::field("proof", "a class has its proof on the record"));
    }
    doors::withdraw(draft, &command.ticket, context.now);
    let state = draft.state();
    let ticket = &state.floor.tickets[&command.ticket];
    let came = doors::place_of(state, ticket).map_or(Came::CheckIn, |place| place.came);
    let named = Some(command.class.as_str());
    let placement = doors::place(state, &ticket.opened.queue, &ticket.opened, came, named, None, context.now);
    let (ticket, proof) = (command.ticket.clone(), command.proof.clone());
    let event = Event::PrioritySet { ticket, class, proof, placement, at: context.now };
    emit(draft, event);
    doors::fill(draft, context.now);
    Ok(waiting(draft, &command.ticket))
}

/// Leaves the queue: from waiting, summoned or called; or goes, though another department has not taken whom the pre-check
/// sent there.
pub fn cancel(
    draft: &mut Draft<'_, Department>,
    command: &CancelTicket,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    let ticket = ticket_of(state, &command.ticket)?;
    match &ticket.standing {
        Standing::Waiting | Standing::Summoned(_) => {}
        Standing::Called(call) => calls::own_hand(call, context)?,
        Standing::InTransit { .. } if pre_check::is_not_taken(state, ticket) => {}
        _ => return Err(wrong_state(ticket)),
    }
    let over = calls::ending(state, ticket);
    let event = Event::TicketCancelled {
        ticket: command.ticket.clone(),
        reason: command.reason.clone(),
        over,
        at: context.now,
    };
    emit(draft, event);
    doors::fill(draft, context.now);
    Ok(Answer::Done)
}

/// What a ticket that waits is answered with.
pub(crate) fn waiting(draft: &Draft<'_, Department>, id: &TicketId) -> Answer {
    let state = draft.state();
    let ticket = &state.floor.tickets[id];
    let place = doors::place_of(state, ticket).expect("a ticket that waits has a place");
    Answer::Waiting {
        ticket: id.clone(),
        visit: ticket.opened.visit.clone(),
        number: ticket.opened.number.clone(),
        line: place.line.name().to_owned(),
        position: place.position,
    }
}

/// Settles one ticket. The caller has checked that it can be.
pub(crate) fn settle(draft: &mut Draft<'_, Department>, settlement: &Settlement, reason: &str, at: Timestamp) {
    let id = &settlement.ticket;
    if let (SettlementKind::Move, Some(to)) = (settlement.how, &settlement.to) {
        super::transfer::move_within(draft, id, to, reason, at);
        return;
    }
    let over = calls::ending(draft.state(), &draft.state().floor.tickets[id]);
    emit(draft, Event::TicketSettled { ticket: id.clone(), how: settlement.how, over, at });
}

/// Whether the desk may settle a ticket that stands like this.
pub(crate) fn may_settle(standing: &Standing) -> bool {
    matches!(standing, Standing::Waiting | Standing::Summoned(_) | Standing::Away { .. } | Standing::Missed { .. })
}
