//! One person waits once in a queue, whichever way leads into it.

use super::left_over::is_here;
use super::state::{Standing, Ticket};
use crate::department::State;
use crate::ids::*;
use crate::time::Timestamp;
use crate::{Code, Rejection};

/// Rejects `already_exists` with the ticket and visit by which somebody waits in that queue now, stands at its doors, or
/// is called from it, if that is not `but`.
pub(crate) fn waits_once(
    state: &State,
    queue: &QueueId,
    who: &PatientId,
    but: Option<&TicketId>,
    now: Timestamp,
) -> Result<(), Rejection> {
    let waits = state.floor.tickets.values().find(|ticket| {
        let opened = &ticket.opened;
        let is_there = matches!(ticket.standing, Standing::Waiting | Standing::Summoned(_) | Standing::Called(_));
        let is_another = but != Some(ticket.id());
        is_there && is_another && opened.queue == *queue && opened.brief.patient == *who && is_here(state, ticket, now)
    });
    let Some(waits) = waits else { return Ok(()) };
    let why = "the person waits in that queue already, by this ticket; `register_walk_in` with the `visit` gives a second one";
    let (ticket, visit) = (waits.id().as_str(), waits.opened.visit.as_str());
    Err(Rejection::new(Code::AlreadyExists, why).with("ticket", ticket).with("visit", visit))
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
