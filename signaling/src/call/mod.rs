//! Calls between the peers of a room: the offer/answer/candidate machine. Ephemeral: nothing of it is journaled.

pub mod rules;

#[cfg(test)]
mod tests;

pub use rules::{CallError, Exchange, Input, Output, Side};
