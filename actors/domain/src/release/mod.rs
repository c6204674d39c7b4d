//! 放号: the minute at which sessions can be booked for the first time. Who was there in the five minutes before is put in
//! order by a lot ([`lot`]), who comes later follows by arrival ([`line`]). The department keeps what the lot's honesty
//! rests on: the seed, which is published as its hash before and as itself after. Who is there is nobody's record: it is
//! known in memory only, and a restart says so.

mod event;
pub mod line;
pub mod lot;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

pub use event::{Event, event_kind};

/// So long before the release somebody can be there for the lot, in minutes.
pub const PRESENT_MIN: i64 = 5;
/// So long after it there is a line, in minutes: then who comes books.
pub const LINE_MIN: i64 = 30;
/// So many lots are remembered.
pub const LOTS_KEPT: usize = 30;

/// The lot of one release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// What the order is made by; secret until it is drawn.
    pub seed: String,
    /// When the seed was published.
    pub drawn_at: Option<Timestamp>,
    /// How many were there, and the hash of their order; none before it is told.
    pub order: Option<Ordered>,
}

/// What the order of those who were there came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ordered {
    /// How many.
    pub present: u32,
    /// See [`lot::order_sha256`].
    pub order_sha256: String,
}

impl Lot {
    /// What is published before.
    pub fn seed_sha256(&self) -> String {
        lot::sha256(&self.seed)
    }

    /// The seed, once everybody may know it.
    pub fn published_seed(&self) -> Option<&str> {
        self.drawn_at.map(|_| self.seed.as_str())
    }
}

/// The releases of one department.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Releases {
    /// Moments at which sessions are released and of which nothing is decided yet.
    pub ahead: BTreeSet<Timestamp>,
    /// By moment; the last ones.
    pub lots: BTreeMap<Timestamp, Lot>,
    /// Of moments until then that nothing was decided of there will be no lot.
    pub passed_until: Option<Timestamp>,
}

impl Releases {
    /// A session is released then.
    pub fn foresee(&mut self, released_at: Timestamp) {
        let is_over = self.passed_until.is_some_and(|until| released_at <= until);
        if !is_over && !self.lots.contains_key(&released_at) {
            self.ahead.insert(released_at);
        }
    }

    /// When there is something to decide next: a lot is prepared, or drawn.
    pub fn due_at(&self) -> Option<Timestamp> {
        let prepared = self.ahead.first().map(|at| at.plus_min(-PRESENT_MIN));
        prepared.into_iter().chain(self.undrawn().map(|(at, _)| *at)).min()
    }

    /// Lots whose moment is still to come. They are drawn in the order of their moments: the last ones.
    pub fn undrawn(&self) -> impl Iterator<Item = (&Timestamp, &Lot)> {
        self.lots.iter().rev().take_while(|(_, lot)| lot.drawn_at.is_none())
    }

    /// Lots that people are there for or wait in line for at `now`, or will.
    pub fn lasting(&self, now: Timestamp) -> impl Iterator<Item = (Timestamp, &Lot)> {
        self.lots.iter().map(|(at, lot)| (*at, lot)).filter(move |(at, _)| !is_over(*at, now))
    }
}

/// Of the moments of a department's releases the one that people are there for or wait in line for at `now`: the last that
/// has begun, else the next.
pub fn current(moments: impl Iterator<Item = Timestamp>, now: Timestamp) -> Option<Timestamp> {
    let (begun, next): (Vec<_>, Vec<_>) = moments.filter(|at| !is_over(*at, now)).partition(|at| *at <= now);
    begun.into_iter().max().or_else(|| next.into_iter().min())
}

/// Whether there is no line any more of what was released then: who comes books.
pub fn is_over(released_at: Timestamp, now: Timestamp) -> bool {
    released_at.plus_min(LINE_MIN) <= now
}

/// Whether there is a line of it at `now`.
pub fn has_line(released_at: Timestamp, now: Timestamp) -> bool {
    released_at <= now && !is_over(released_at, now)
}

/// Applies one event.
pub fn apply(releases: &mut Releases, event: &Event) {
    match event {
        Event::ReleasePrepared { released_at, seed, forgotten } => {
            releases.ahead.remove(released_at);
            forgotten.iter().for_each(|at| drop(releases.lots.remove(at)));
            releases.lots.insert(*released_at, Lot { seed: seed.clone(), drawn_at: None, order: None });
        }
        Event::ReleaseDrawn { released_at, at } => {
            if let Some(lot) = releases.lots.get_mut(released_at) {
                lot.drawn_at = Some(*at);
            }
        }
        Event::ReleaseOrdered { released_at, present, order_sha256 } => {
            if let Some(lot) = releases.lots.get_mut(released_at) {
                lot.order = Some(Ordered { present: *present, order_sha256: order_sha256.clone() });
            }
        }
        Event::ReleasesPassed { until } => {
            releases.ahead.retain(|at| until < at);
            releases.passed_until = Some(*until);
        }
    }
}
