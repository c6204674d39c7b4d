//! The online consultation room 线上诊室: who is in it, what was said, what may be heard and recorded, how it ends.
//! `state` is what it knows, `rules` decides. Sockets and media are elsewhere.

pub mod recording;
pub mod rules;
pub mod state;

#[cfg(test)]
mod tests;

pub use rules::{Command, Event, Room};
pub use state::{Part, Participant, Recording, RecordingPolicy, State};
