//! What can have happened with a release. Stored types: append only.

use serde::{Deserialize, Serialize};

use crate::department::versions::Versions;
use crate::time::Timestamp;

/// A fact about releases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// From now on somebody can be there for it. What is published of the seed is its hash.
    ReleasePrepared {
        /// When sessions are released.
        released_at: Timestamp,
        /// What the order will be made by.
        seed: String,
        /// Earlier lots of which nothing is known any more.
        forgotten: Vec<Timestamp>,
    },
    /// The moment has come: the seed is published.
    ReleaseDrawn {
        /// Which.
        released_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// Those who were there are in order.
    ReleaseOrdered {
        /// Which.
        released_at: Timestamp,
        /// How many were there.
        present: u32,
        /// See [`super::lot::order_sha256`].
        order_sha256: String,
    },
    /// Sessions were defined when their moment had passed, or nobody was awake then: there is no lot.
    ReleasesPassed {
        /// Of all moments until then.
        until: Timestamp,
    },
}

/// The stable number (290–293) and the stem name of an event's kind.
pub fn event_kind(event: &Event) -> (u16, &'static str) {
    match event {
        Event::ReleasePrepared { .. } => (290, "release_prepared"),
        Event::ReleaseDrawn { .. } => (291, "release_drawn"),
        Event::ReleaseOrdered { .. } => (292, "release_ordered"),
        Event::ReleasesPassed { .. } => (293, "releases_passed"),
    }
}

impl Versions for Event {}
