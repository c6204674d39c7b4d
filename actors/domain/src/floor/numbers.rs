//! Numbers (I2): one more than the last of the queue and day, shown with the queue's prefix, never given again.

use super::state::Numbers;
use crate::BusinessDate;
use crate::department::State;
use crate::ids::{QueueId, VisitId};
use crate::vocabulary::is_same_number;

/// The next own number: above every one given, and not one that has been shown there already (the hospital's, one that
/// came with a ticket, one under an earlier prefix).
pub fn next(state: &State, queue: &QueueId, date: BusinessDate) -> u32 {
    let given = state.floor.numbers.get(&(date, queue.clone()));
    let mut n = given.map_or(0, |numbers| numbers.last) + 1;
    while given.is_some_and(|numbers| holders(numbers, &shown(state, queue, n)).next().is_some()) {
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
    let is_its_own = |holder: &VisitId| match by {
        Bearer::Visit(visit) => holder == visit,
        Bearer::Hospital(visit_id) => {
            let known = state.floor.visits.get(holder).and_then(|visit| visit.outside.as_ref());
            known.is_some_and(|outside| outside.visit_id == visit_id)
        }
    };
    given.is_some_and(|numbers| holders(numbers, number).any(|holder| !holder.as_ref().is_some_and(is_its_own)))
}

/// For whom that number, or one that is the same to whoever hears it, has been shown.
fn holders<'a>(numbers: &'a Numbers, number: &'a str) -> impl Iterator<Item = &'a Option<VisitId>> {
    numbers.shown.iter().filter(move |(shown, _)| is_same_number(shown, number)).map(|(_, holder)| holder)
}

/// Who asks for a number.
#[derive(Clone, Copy, Debug)]
pub enum Bearer<'a> {
    /// A visit that is known here.
    Visit(&'a VisitId),
    /// The hospital's visit id.
    Hospital(&'a str),
}
