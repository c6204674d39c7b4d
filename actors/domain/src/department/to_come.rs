//! Which clinics of a day are still to come: a board and a door say the same of them.

use super::State;
use crate::clinic::{Session, SessionStanding};
use crate::floor::StepKind;
use crate::ids::SessionId;
use crate::time::Timestamp;

/// A clinic that is to come.
#[derive(Clone, Copy, Debug)]
pub struct Coming<'a> {
    /// Which.
    pub session: &'a Session,
    /// When it begins by plan.
    pub planned: Timestamp,
    /// The same with the delay that was told.
    pub told: Timestamp,
}

/// Of today's clinics that are `meant` the next: one that takes place and is not over, of which nobody was called yet, and
/// for which nobody works already, here or elsewhere.
pub fn next<'a>(state: &'a State, meant: impl Fn(&Session) -> bool, now: Timestamp) -> Option<Coming<'a>> {
    let today = state.config.today(now);
    let awaited = state.clinic.sessions.iter().filter(|(id, session)| {
        session.date == today
            && meant(session)
            && takes_place(state, session, now)
            && !is_worked(state, session)
            && !has_begun(state, id)
    });
    let coming = awaited.filter_map(|(_, session)| {
        let planned = state.clinic.slots.get(session.slots.first()?)?.start;
        Some(Coming { session, planned, told: planned.plus_min(i64::from(session.delay_min)) })
    });
    coming.min_by_key(|coming| coming.planned)
}

/// Whether a session takes place, and is not over.
pub fn takes_place(state: &State, session: &Session, now: Timestamp) -> bool {
    let clinic = &state.clinic;
    session.standing == SessionStanding::Open && !clinic.is_stopped_whole(session) && !clinic.is_over(session, now)
}

/// Whether its doctor works, in whichever room; of a pool's, whether a room calls from its queue.
fn is_worked(state: &State, session: &Session) -> bool {
    match &session.doctor {
        Some(doctor) => state.floor.work.contains_key(doctor),
        None => state.floor.work.values().any(|work| work.queues.contains(&session.queue)),
    }
}

/// Whether anybody of a session was asked to a door or called.
fn has_begun(state: &State, session: &SessionId) -> bool {
    let mut own = state.floor.tickets.values().filter(|ticket| ticket.opened.session.as_ref() == Some(session));
    own.any(|ticket| ticket.steps.iter().any(|step| matches!(step.what, StepKind::Summoned | StepKind::Called)))
}
