//! Returning on a later day of an open visit: which visits are open, and the own doctor's queue of that day if the doctor
//! sits, else the pool. A visit of another department is known here by the tickets that came from there: so that department
//! tells this one when it is off.

use std::collections::{BTreeMap, BTreeSet};

use super::{State, outside};
use crate::clinic::SessionStanding;
use crate::floor::left_over::is_here;
use crate::floor::{Standing, StepKind, Ticket, TicketEnd};
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

/// The same, of somebody who comes back today.
pub fn queue_today(state: &State, visit: &VisitId, now: Timestamp) -> Option<QueueId> {
    queue(state, visit, state.config.today(now), now).ok()
}

/// A visit whose patient may come back.
#[derive(Clone, Copy, Debug)]
pub struct ToReturn<'a> {
    /// Which.
    pub visit: &'a VisitId,
    /// Its newest ticket here.
    pub last: &'a Ticket,
    /// Its last day.
    pub open_until: BusinessDate,
}

/// Visits of earlier days that are open, have no ticket of today here and nobody who is here by one.
pub fn to_return(state: &State, now: Timestamp) -> Vec<ToReturn<'_>> {
    let today = state.config.today(now);
    let mut newest: BTreeMap<&VisitId, &Ticket> = BTreeMap::new();
    let mut here: BTreeSet<&VisitId> = BTreeSet::new();
    for ticket in state.floor.tickets.values() {
        if is_here(state, ticket, now) {
            here.insert(&ticket.opened.visit);
        }
        let last = newest.entry(&ticket.opened.visit).or_insert(ticket);
        if entered_at(ticket) > entered_at(last) {
            *last = ticket;
        }
    }
    let before_today = newest.into_iter().filter(|(visit, last)| last.opened.date < today && !here.contains(visit));
    let open = before_today.filter_map(|(visit, last)| {
        let open_until = open_until(state, visit, &last.opened.brief.patient)?;
        (open_until >= today).then_some(ToReturn { visit, last, open_until })
    });
    open.collect()
}

/// The last day of this patient's visit, as far as it is known here; none where it is not, or the visit is off.
pub(super) fn open_until(state: &State, id: &VisitId, patient: &PatientId) -> Option<BusinessDate> {
    if outside::is_off(state, id) {
        return None;
    }
    if let Some(visit) = state.floor.visits.get(id) {
        return (visit.brief.patient == *patient).then_some(visit.open_until);
    }
    // What was registered here for a return day keeps no visit open.
    let came = state.floor.tickets.values().filter(|ticket| {
        let opened = &ticket.opened;
        let is_back = matches!(ticket.standing, Standing::Ended { how: TicketEnd::GivenBack, .. });
        opened.visit == *id && opened.brief.patient == *patient && opened.linked_from.is_some() && !is_back
    });
    let first = came.map(|ticket| ticket.opened.date).min().filter(|_| id.department() != state.config.id)?;
    Some(first.plus_days(state.config.settings.booking.visit_days.max(1) - 1))
}

/// The visit's tickets here, the newest first.
fn tickets<'a>(state: &'a State, visit: &VisitId) -> impl Iterator<Item = &'a Ticket> {
    let mut tickets: Vec<&Ticket> =
        state.floor.tickets.values().filter(|ticket| ticket.opened.visit == *visit).collect();
    tickets.sort_by_key(|ticket| std::cmp::Reverse(entered_at(ticket)));
    tickets.into_iter()
}

/// Not when the patient checked in: a transfer keeps that.
fn entered_at(ticket: &Ticket) -> Option<Timestamp> {
    ticket.steps.first().map(|step| step.at)
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
    let sessions = state.clinic.sessions.values().filter(|session| {
        session.doctor.as_ref() == Some(doctor)
            && session.date == date
            && session.standing == SessionStanding::Open
            && !state.clinic.is_over(session, now)
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
