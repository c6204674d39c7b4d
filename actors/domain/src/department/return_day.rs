//! Returning on a later day of an open visit: the own doctor's queue of that day if the doctor sits, else the pool.

use super::State;
use crate::clinic::SessionStanding;
use crate::floor::{StepKind, Ticket};
use crate::ids::*;
use crate::time::{BusinessDate, Timestamp};
use crate::{Code, Rejection};

/// The queue for somebody of this visit whom the desk sends nowhere in particular. Rejects `invalid_field` where there is
/// neither doctor nor pool: the desk names a queue.
pub(super) fn queue(state: &State, visit: &VisitId, date: BusinessDate, now: Timestamp) -> Result<QueueId, Rejection> {
    let own = own_doctor(state, visit).and_then(|doctor| of_doctor(state, doctor, date, now));
    own.or_else(|| pool(state, visit, date)).ok_or_else(|| {
        Rejection::new(Code::InvalidField, "the own doctor does not sit and there is no pool: name the queue")
    })
}

/// Its tickets here, the newest first.
fn tickets<'a>(state: &'a State, visit: &VisitId) -> impl Iterator<Item = &'a Ticket> {
    let ids = state.floor.visits.get(visit).into_iter().flat_map(|visit| visit.tickets.iter().rev());
    ids.filter_map(|id| state.floor.tickets.get(id))
}

/// Who has seen the patient last in this visit; else whose queue or session the last ticket was of.
fn own_doctor<'a>(state: &'a State, visit: &VisitId) -> Option<&'a DoctorId> {
    let last = tickets(state, visit).find_map(seen_by).or_else(|| {
        tickets(state, visit).find_map(|ticket| {
            let of_session = || state.clinic.sessions.get(ticket.opened.session.as_ref()?)?.doctor.as_ref();
            doctor_of(state, &ticket.opened.queue).or_else(of_session)
        })
    });
    let registered = || state.floor.visits.get(visit)?.outside.as_ref().map(|outside| &outside.queue);
    last.or_else(|| doctor_of(state, registered()?))
}

/// Who has had the ticket in hand last; called by mistake or in vain does not count.
fn seen_by(ticket: &Ticket) -> Option<&DoctorId> {
    let had = ticket.steps.iter().rev().filter(|step| {
        !step.undone && !matches!(step.what, StepKind::Returned | StepKind::Missed | StepKind::Cancelled)
    });
    had.filter_map(|step| step.before.as_ref()?.standing.call()).map(|call| &call.doctor).next()
}

/// Whose queue it is, if it is one doctor's.
fn doctor_of<'a>(state: &'a State, queue: &QueueId) -> Option<&'a DoctorId> {
    match &state.config.queues.get(queue)?.is.doctors[..] {
        [doctor] => Some(doctor),
        _ => None,
    }
}

/// Where a doctor's patients wait that day: by a session that is not over, else by being at work here. None: does not sit.
fn of_doctor(state: &State, doctor: &DoctorId, date: BusinessDate, now: Timestamp) -> Option<QueueId> {
    let is_over = |session: &crate::clinic::Session| {
        let ends = session.slots.iter().filter_map(|slot| state.clinic.slots.get(slot)).map(|slot| slot.end);
        ends.max().is_none_or(|end| end.plus_min(i64::from(session.delay_min)) <= now)
    };
    let sessions = state.clinic.sessions.values().filter(|session| {
        session.doctor.as_ref() == Some(doctor)
            && session.date == date
            && session.standing == SessionStanding::Open
            && !is_over(session)
            && is_open(state, &session.queue)
    });
    let start = |session: &&crate::clinic::Session| {
        session.slots.iter().filter_map(|slot| state.clinic.slots.get(slot)).map(|slot| slot.start).min()
    };
    let by_session = sessions.min_by_key(start).map(|session| session.queue.clone());
    by_session.or_else(|| state.floor.work.get(doctor)?.queues.first().cloned())
}

/// The pool: the one where the patient has waited before, else one with a session of that day, else the first by id.
fn pool(state: &State, visit: &VisitId, date: BusinessDate) -> Option<QueueId> {
    let is_pool = |id: &QueueId| {
        is_open(state, id) && state.config.queues.get(id).is_some_and(|queue| queue.is.doctors.is_empty())
    };
    let before = tickets(state, visit).map(|ticket| &ticket.opened.queue);
    let sessions = state.clinic.sessions.values();
    let today = sessions.filter(|session| session.date == date && session.standing == SessionStanding::Open);
    let known = before.chain(today.map(|session| &session.queue)).chain(state.config.queues.keys());
    known.into_iter().find(|id| is_pool(id)).cloned()
}

fn is_open(state: &State, queue: &QueueId) -> bool {
    state.config.queue(queue).is_ok()
}
