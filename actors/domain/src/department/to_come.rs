//! Which clinics of a day are still to come: a board and a door say the same of them.

use super::State;
use crate::clinic::{Session, SessionStanding};
use crate::floor::StepKind;
use crate::ids::SessionId;
use crate::time::Timestamp;

/// Whether a session takes place, and is not over.
pub fn takes_place(state: &State, session: &Session, now: Timestamp) -> bool {
    let clinic = &state.clinic;
    session.standing == SessionStanding::Open && !clinic.is_stopped_whole(session) && !clinic.is_over(session, now)
}

/// Whether anybody of a session was asked to a door or called.
pub fn has_begun(state: &State, session: &SessionId) -> bool {
    let mut own = state.floor.tickets.values().filter(|ticket| ticket.opened.session.as_ref() == Some(session));
    own.any(|ticket| ticket.steps.iter().any(|step| matches!(step.what, StepKind::Summoned | StepKind::Called)))
}
