//! The floor of a department: tickets in their states, doctors at work, calls, doors, transfers, undo. The rules of who
//! is next are in [`crate::queue`]; who may come when is in [`crate::clinic`]; [`crate::department`] puts them together.

mod apply;
pub mod at_home;
pub mod calls;
mod change;
pub(crate) mod doors;
mod event;
pub mod far_away;
pub mod left_over;
pub mod notices;
pub(crate) mod numbers;
pub(crate) mod once;
mod outgoing;
pub mod pre_check;
pub mod receipts;
pub(crate) mod refunds;
pub(crate) mod reminders;
mod state;
pub mod tickets;
pub mod told;
pub mod transfer;
pub mod undo;
mod visit;
pub mod waits;
pub mod work;

pub use apply::apply;
pub use event::{Called, Entry, Event, Number, Over, Say, Summoned, Undone};
pub use pre_check::{AlertAbout, PreCheckKept, PreChecked, SENT_MAX, SentBefore, SentElsewhere, SentKept};
pub use state::*;
pub use visit::*;

use crate::department::{self, Department, State};
use crate::ids::TicketId;
use crate::owner::Draft;
use crate::{Code, Rejection};

pub(crate) fn emit(draft: &mut Draft<'_, Department>, event: Event) {
    draft.emit(department::Event::Floor(event));
}

/// The ticket; an unknown one is answered like one that is not allowed.
pub(crate) fn ticket_of<'a>(state: &'a State, id: &TicketId) -> Result<&'a Ticket, Rejection> {
    state.floor.tickets.get(id).ok_or_else(|| Rejection::new(Code::Forbidden, "no such ticket"))
}

/// The state does not allow it; says which state, and what it takes.
pub(crate) fn wrong_state(ticket: &Ticket) -> Rejection {
    let standing = &ticket.standing;
    Rejection::from(Code::WrongTicketState).with("state", standing.name()).with("takes", standing.takes())
}
