//! Numbers (I2): one more than the last of the queue and day, shown with the queue's prefix, never given again.

use crate::BusinessDate;
use crate::department::State;
use crate::ids::{AppointmentId, QueueId, SlotId, VisitId};
use crate::vocabulary::as_heard;

/// The next own number: above every one given, and not one that has been shown there already (the hospital's, one that
/// came with a ticket, one under an earlier prefix).
pub fn next(state: &State, queue: &QueueId, date: BusinessDate) -> u32 {
    let given = state.floor.numbers.get(&(date, queue.clone()));
    let mut n = given.map_or(0, |numbers| numbers.last) + 1;
    while given.is_some_and(|numbers| numbers.shown.contains_key(&shown(state, queue, n))) {
        n += 1;
    }
    n
}

/// How a number is shown: `A012`.
pub fn shown(state: &State, queue: &QueueId, n: u32) -> String {
    let prefix = state.config.queues.get(queue).map_or("", |queue| queue.is.prefix.as_str());
    format!("{prefix}{n:03}")
}

/// Whether that number has been shown in that queue on that day for somebody else than this visit. A visit that the
/// hospital has registered anew is the same one.
pub fn is_taken(state: &State, queue: &QueueId, date: BusinessDate, number: &str, by: Bearer<'_>) -> bool {
    let given = state.floor.numbers.get(&(date, queue.clone()));
    let Some(holder) = given.and_then(|numbers| numbers.shown.get(&as_heard(number))) else { return false };
    match (holder, by) {
        (None, Bearer::Appointment(id)) => booked_with(state, queue, date, number).any(|other| other != id),
        (None, _) | (Some(_), Bearer::Appointment(_)) => true,
        (Some(holder), Bearer::Visit(visit)) => holder != visit,
        (Some(holder), Bearer::Hospital(visit_id)) => {
            let known = state.floor.visits.get(holder).and_then(|visit| visit.outside.as_ref());
            known.is_none_or(|outside| outside.visit_id != visit_id)
        }
    }
}

/// The appointments of a queue's day that were given that number at booking.
fn booked_with<'a>(
    state: &'a State,
    queue: &'a QueueId,
    date: BusinessDate,
    number: &'a str,
) -> impl Iterator<Item = &'a AppointmentId> {
    let with_number =
        state.clinic.appointments.iter().filter(move |(_, booked)| booked.number.as_deref() == Some(number));
    let is_there = move |slot: &SlotId| {
        state.clinic.session_of(slot).is_some_and(|session| session.queue == *queue && session.date == date)
    };
    with_number.filter(move |(_, booked)| is_there(&booked.slot)).map(|(id, _)| id)
}

/// Who asks for a number.
#[derive(Clone, Copy, Debug)]
pub enum Bearer<'a> {
    /// An appointment whose patient has not come yet.
    Appointment(&'a AppointmentId),
    /// A visit that is known here.
    Visit(&'a VisitId),
    /// The hospital's visit id.
    Hospital(&'a str),
}
