//! 停诊: the desk says from when a session does not take place. Who waits is taken along together; whoever is called or with
//! the doctor is settled there.

use super::{Department, State, emit_clinic};
use crate::Rejection;
use crate::clinic;
use crate::floor::{Standing, left_over, transfer};
use crate::ids::{QueueId, TicketId};
use crate::owner::{Context, Draft};
use crate::time::Timestamp;
use crate::vocabulary::{Answer, StopSession};

/// So many who wait are taken along by one command; said again it takes the next ones.
const MOVED_AT_ONCE: usize = 500;

/// Rejects what [`clinic::decide_stop`] does, and `invalid_field` for a queue that is not another one of the department's.
pub(super) fn stop_session(
    draft: &mut Draft<'_, Department>,
    command: &StopSession,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    let own = state.clinic.sessions.get(&command.session).map(|session| &session.queue);
    if let Some(to) = &command.to {
        state.config.queue(to)?;
        if own == Some(to) {
            return Err(Rejection::field("to", "to names another queue"));
        }
    }
    let decision = clinic::decide_stop(&state.clinic, command, context)?;
    let answer = emit_clinic(draft, decision);
    if let Some(to) = &command.to {
        for ticket in who_waits(draft.state(), command, to, context.now) {
            transfer::move_within(draft, &ticket, to, "stop_session", context.now);
        }
    }
    crate::floor::doors::fill(draft, context.now);
    Ok(answer)
}

/// In the order in which they came. Of a stop that is still to come, only who is there for a slot of it: whoever came for
/// an earlier one is seen.
fn who_waits(state: &State, command: &StopSession, to: &QueueId, now: Timestamp) -> Vec<TicketId> {
    let stop = state.clinic.sessions.get(&command.session).and_then(|session| session.stopped.as_ref());
    let Some(from) = stop.map(|stop| stop.from) else { return Vec::new() };
    let mut waiting: Vec<_> = state
        .floor
        .tickets
        .values()
        .filter(|ticket| matches!(ticket.standing, Standing::Waiting | Standing::Summoned(_)))
        .filter(|ticket| ticket.opened.session.as_ref() == Some(&command.session) && ticket.opened.queue != *to)
        .filter(|ticket| from <= now || ticket.opened.slot_start.is_some_and(|start| from <= start))
        .filter(|ticket| !left_over::is_left_over(state, ticket, now))
        .collect();
    waiting.sort_by_key(|ticket| (ticket.opened.checked_in_at, ticket.id().clone()));
    waiting.into_iter().take(MOVED_AT_ONCE).map(|ticket| ticket.id().clone()).collect()
}
