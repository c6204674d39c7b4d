//! 停诊: the desk says from when a session does not take place. Who waits is taken along together; whoever is called or with
//! the doctor is settled there. 替诊: somebody sits instead, where they are taken to.

use super::{Department, State, emit_clinic};
use crate::clinic::{self, Session, SessionStanding};
use crate::floor::{Standing, left_over, transfer};
use crate::ids::{DoctorId, QueueId, SessionId, TicketId};
use crate::owner::{Context, Draft};
use crate::time::Timestamp;
use crate::vocabulary::{Answer, DefineSession, DefineSlot, StopSession};
use crate::{Code, Rejection};

/// So many who wait are taken along by one command; said again it takes the next ones.
const MOVED_AT_ONCE: usize = 500;
/// So many sessions of substitutes one session can have had.
const SUBSTITUTES_MAX: usize = 20;

/// Rejects what [`clinic::decide_stop`] does, and `invalid_field` for a queue that is not another one of the department's, or
/// a substitute who does not call from it.
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
    if let Some(doctor) = &command.substitute {
        may_sit_instead(state, command, doctor)?;
    }
    let decision = clinic::decide_stop(&state.clinic, command, context)?;
    let from = stops_from(state, &command.session, &decision);
    let waiting = match (&command.to, from) {
        (Some(to), Some(from)) => who_waits(state, &command.session, from, to, context.now),
        _ => Vec::new(),
    };
    let instead = match (&command.to, &command.substitute, from) {
        (Some(to), Some(doctor), Some(from)) => {
            sits_instead(state, &command.session, from, (doctor, to), &waiting, context)?
        }
        _ => None,
    };
    let answer = emit_clinic(draft, decision);
    if let Some(instead) = instead {
        emit_clinic(draft, instead);
    }
    for (to, ticket) in command.to.iter().flat_map(|to| waiting.iter().map(move |ticket| (to, ticket))) {
        transfer::move_within(draft, ticket, to, "stop_session", context.now);
    }
    crate::floor::doors::fill(draft, context.now);
    Ok(answer)
}

/// From when on the session does not take place, once that is done.
fn stops_from(state: &State, session: &SessionId, decision: &clinic::Decision) -> Option<Timestamp> {
    let now = decision.events.iter().find_map(|event| match event {
        clinic::Event::SessionStopped { from, .. } => Some(*from),
        _ => None,
    });
    let before = || Some(state.clinic.sessions.get(session)?.stopped.as_ref()?.from);
    now.or_else(before)
}

/// In the order in which they came. Of a stop that is still to come, only who is there for a slot of it: whoever came for
/// an earlier one is seen.
fn who_waits(state: &State, session: &SessionId, from: Timestamp, to: &QueueId, now: Timestamp) -> Vec<TicketId> {
    let mut waiting: Vec<_> = state
        .floor
        .tickets
        .values()
        .filter(|ticket| matches!(ticket.standing, Standing::Waiting | Standing::Summoned(_)))
        .filter(|ticket| ticket.opened.session.as_ref() == Some(session) && ticket.opened.queue != *to)
        .filter(|ticket| from <= now || ticket.opened.slot_start.is_some_and(|start| from <= start))
        .filter(|ticket| !left_over::is_left_over(state, ticket, now))
        .collect();
    waiting.sort_by_key(|ticket| (ticket.opened.checked_in_at, ticket.id().clone()));
    waiting.into_iter().take(MOVED_AT_ONCE).map(|ticket| ticket.id().clone()).collect()
}

/// Rejects `forbidden` for a doctor of another department, `invalid_field` for the session's own, or for one who does not call
/// from where they are taken to.
fn may_sit_instead(state: &State, command: &StopSession, doctor: &DoctorId) -> Result<(), Rejection> {
    let wrong = |what: &str| Err(Rejection::field("substitute", what));
    let Some(to) = &command.to else { return wrong("to says where a substitute sits") };
    if !state.config.works_here(doctor) {
        return Err(Rejection::new(Code::Forbidden, "no such doctor in this department").with("field", "substitute"));
    }
    let of = &state.config.queue(to)?.doctors;
    if !of.is_empty() && !of.contains(doctor) {
        return wrong("does not call from that queue");
    }
    let session = state.clinic.sessions.get(&command.session);
    if session.is_some_and(|session| session.doctor.as_ref() == Some(doctor)) {
        return wrong("nobody is their own substitute");
    }
    Ok(())
}

/// What does not take place does at the substitute's: the same slots, but for the places of those who are taken along. Said
/// again it stays as it is by then.
fn sits_instead(
    state: &State,
    stopped: &SessionId,
    from: Timestamp,
    (doctor, to): (&DoctorId, &QueueId),
    waiting: &[TicketId],
    context: &Context,
) -> Result<Option<clinic::Decision>, Rejection> {
    let State { config, clinic, floor, .. } = state;
    let session = clinic.sessions.get(stopped).ok_or(Code::Forbidden)?;
    let is_theirs = |other: &Session| {
        other.standing == SessionStanding::Open && other.doctor.as_ref() == Some(doctor) && other.queue == *to
    };
    let Some(id) = id_instead(stopped, |id| clinic.sessions.get(id).is_none_or(is_theirs)) else {
        return Err(Rejection::new(Code::AlreadyExists, "too many substitutes of one session"));
    };
    if clinic.sessions.contains_key(&id) {
        return Ok(None);
    }
    let slots = session.slots.iter().filter_map(|slot| clinic.slots.get(slot)).filter(|slot| from <= slot.start);
    let slots = slots.map(|slot| {
        let is_of = |ticket: &&TicketId| floor.tickets[*ticket].opened.slot_start == Some(slot.start);
        let taken_along = waiting.iter().filter(is_of).count() as u32;
        DefineSlot {
            start: config.zone().clock(slot.start),
            minutes: u32::try_from((slot.end.0 - slot.start.0) / 60_000).unwrap_or_default(),
            capacity: slot.capacity.saturating_sub(taken_along),
        }
    });
    let defined = DefineSession {
        id,
        date: session.date,
        period: session.period.clone(),
        queue: to.clone(),
        doctor: Some(doctor.clone()),
        service_point: None,
        registration_class: session.registration_class.clone(),
        fee_fen: session.fee_fen,
        slots: slots.collect(),
        high_demand: false,
        released_at: None,
    };
    clinic::decide_define_session(clinic, &defined, context, &config.settings.booking, config.zone()).map(Some)
}

/// `<session>-sub`, then with a number.
fn id_instead(session: &SessionId, is_free: impl Fn(&SessionId) -> bool) -> Option<SessionId> {
    let ids = (1..=SUBSTITUTES_MAX).map(|n| match n {
        1 => SessionId::from(format!("{session}-sub")),
        n => SessionId::from(format!("{session}-sub{n}")),
    });
    ids.into_iter().find(is_free)
}
