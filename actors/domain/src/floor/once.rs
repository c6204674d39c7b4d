//! One person waits once in a queue, whichever way leads into it.

use super::left_over::is_here;
use super::state::{Standing, Ticket};
use crate::department::State;
use crate::ids::*;
use crate::time::Timestamp;
use crate::{Code, Rejection};

/// Why another department does not take somebody.
pub(super) const WAITS_THERE: &str = "the person waits in that queue already, by another ticket";

/// Who waits in that queue now, stands at its doors, or is called from it.
pub fn waiting_in<'a>(state: &'a State, queue: &'a QueueId, now: Timestamp) -> impl Iterator<Item = &'a Ticket> {
    state.floor.tickets.values().filter(move |ticket| {
        let is_there = matches!(ticket.standing, Standing::Waiting | Standing::Summoned(_) | Standing::Called(_));
        is_there && ticket.opened.queue == *queue && is_here(state, ticket, now)
    })
}

/// The refusal that names by which ticket, and which visit, somebody waits there.
pub fn waits_by(ticket: &TicketId, visit: &VisitId) -> Rejection {
    let why = "the person waits in that queue already, by this ticket; `register_walk_in` with the `visit` gives a second one";
    Rejection::new(Code::AlreadyExists, why).with("ticket", ticket.as_str()).with("visit", visit.as_str())
}

/// Rejects `already_exists` with the ticket and visit by which somebody waits in that queue now, stands at its doors, or
/// is called from it, if that is not `but`. (Whether another id of theirs does, asks who knows what is one person's.)
pub(crate) fn waits_once(
    state: &State,
    queue: &QueueId,
    who: &PatientId,
    but: Option<&TicketId>,
    now: Timestamp,
) -> Result<(), Rejection> {
    let mut theirs = waiting_in(state, queue, now).filter(|ticket| ticket.opened.brief.patient == *who);
    let another = theirs.find(|ticket| but != Some(ticket.id()));
    another.map_or(Ok(()), |waits| Err(waits_by(waits.id(), &waits.opened.visit)))
}

/// The same of a ticket that is to wait in that queue now or again.
pub(super) fn waits_once_more(
    state: &State,
    ticket: &Ticket,
    queue: &QueueId,
    now: Timestamp,
) -> Result<(), Rejection> {
    let opened = &ticket.opened;
    waits_once(state, queue, &opened.brief.patient, Some(ticket.id()), now)
}
