//! Whose phone was far from the site when it said that somebody had come: a mark for the desk to look at. The area's code has
//! proved the presence before, and nothing is decided by the mark.

use super::emit;
use super::event::Event;
use super::state::{Floor, Ticket};
use crate::department::Department;
use crate::owner::Draft;
use crate::time::Timestamp;
use crate::vocabulary::Answer;

/// Marks the ticket that an arrival was answered with, if it was let in.
pub(crate) fn mark(draft: &mut Draft<'_, Department>, answer: &Answer, km: u32, at: Timestamp) {
    if let Answer::Waiting { ticket, .. } = answer {
        emit(draft, Event::PhoneFarAway { ticket: ticket.clone(), km, at });
    }
}

/// So many kilometres, of a ticket that has not ended.
pub fn km(floor: &Floor, ticket: &Ticket) -> Option<u32> {
    floor.far_away.get(ticket.id()).copied().filter(|_| ticket.is_live())
}
