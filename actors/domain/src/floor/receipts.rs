//! What boards report about calls: a round that nobody in the area has seen or heard is marked for the caller and the
//! desk.

use super::event::Event;
use super::{Floor, NotAnnounced, Standing, Ticket, emit};
use crate::department::Department;
use crate::ids::{BoardId, CallId};
use crate::owner::{Context, Draft};
use crate::vocabulary::{AnnouncementProblem, Answer};

impl Ticket {
    /// The call or summons that it stands by, and in which round.
    fn announced(&self) -> Option<(&CallId, u32)> {
        match &self.standing {
            Standing::Summoned(summons) => Some((&summons.call, 1)),
            Standing::Called(call) => Some((&call.call, call.rounds)),
            _ => None,
        }
    }
}

/// What is wrong with the announcement that the ticket stands by, if anything: of this round, not of an earlier one.
pub fn problem(floor: &Floor, ticket: &Ticket) -> Option<AnnouncementProblem> {
    let (call, round) = ticket.announced()?;
    floor.not_announced.get(call).filter(|mark| mark.round == round).map(|mark| mark.problem)
}

/// From a board. Total: a call that is over, or a round that has been followed by another, needs no mark.
pub(crate) fn not_announced(
    draft: &mut Draft<'_, Department>,
    call: CallId,
    round: u32,
    board: BoardId,
    problem: AnnouncementProblem,
    context: &Context,
) -> Answer {
    let stands = |ticket: &&Ticket| ticket.announced() == Some((&call, round));
    let ticket = draft.state().floor.tickets.values().find(stands).map(|ticket| ticket.id().clone());
    if let Some(ticket) = ticket {
        emit(draft, Event::CallNotAnnounced { ticket, call, round, board, problem, at: context.now });
    }
    Answer::Done
}

/// Applies the mark. Marks of calls that are over go with it.
pub(super) fn mark(floor: &mut Floor, call: &CallId, round: u32, problem: AnnouncementProblem) {
    let tickets = &floor.tickets;
    let is_live = |call: &CallId| tickets.values().any(|ticket| ticket.announced().is_some_and(|(it, _)| it == call));
    floor.not_announced.retain(|call, _| is_live(call));
    floor.not_announced.insert(call.clone(), NotAnnounced { round, problem });
}
