//! Which versions the department's stored events have: each part says it of its own kinds.

use super::config::ConfigEvent;
use super::{Event, clinic, floor, payment, plan, release, waitlist};
use crate::owner::Payload;

/// The stored events of one part of the department. All kinds are as they were at first, unless the part says otherwise.
pub(crate) trait Versions: Sized {
    /// See [`crate::Owner::event_version`].
    fn event_version(_kind: u16) -> u16 {
        1
    }
    /// See [`crate::Owner::upcast`].
    fn upcast<P: Payload>(_kind: u16, _version: u16, _payload: &P) -> Option<Result<Self, String>> {
        None
    }
}

/// A part of the department that has events of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Config,
    Clinic,
    Floor,
    Plan,
    Payment,
    Waitlist,
    Release,
}

impl Part {
    /// Whose kind it is, by its number.
    pub(super) fn of(kind: u16) -> Option<Self> {
        match kind {
            200..=206 | 295 | 297 => Some(Self::Config),
            220..=228 | 234 => Some(Self::Plan),
            230..=233 | 235 | 250..=277 | 296 => Some(Self::Clinic),
            240..=249 | 278 | 279 => Some(Self::Payment),
            280..=288 => Some(Self::Waitlist),
            290..=293 => Some(Self::Release),
            300..=399 => Some(Self::Floor),
            _ => None,
        }
    }

    fn event_version(self, kind: u16) -> u16 {
        match self {
            Self::Config => ConfigEvent::event_version(kind),
            Self::Clinic => clinic::Event::event_version(kind),
            Self::Floor => floor::Event::event_version(kind),
            Self::Plan => plan::Event::event_version(kind),
            Self::Payment => payment::Event::event_version(kind),
            Self::Waitlist => waitlist::Event::event_version(kind),
            Self::Release => release::Event::event_version(kind),
        }
    }
}

/// The version in which events of that kind are written.
pub(super) fn event_version(kind: u16) -> u16 {
    Part::of(kind).map_or(1, |part| part.event_version(kind))
}

/// An event of an earlier version as today's.
pub(super) fn upcast<P: Payload>(kind: u16, version: u16, payload: &P) -> Option<Result<Event, String>> {
    fn of<P: Payload, E: Versions>(
        (kind, version, payload): (u16, u16, &P),
        event: fn(E) -> Event,
    ) -> Option<Result<Event, String>> {
        E::upcast(kind, version, payload).map(|old| old.map(event))
    }
    let stored = (kind, version, payload);
    match Part::of(kind)? {
        Part::Config => of(stored, Event::Config),
        Part::Clinic => of(stored, Event::Clinic),
        Part::Floor => of(stored, Event::Floor),
        Part::Plan => of(stored, Event::Plan),
        Part::Payment => of(stored, Event::Payment),
        Part::Waitlist => of(stored, Event::Waitlist),
        Part::Release => of(stored, Event::Release),
    }
}
