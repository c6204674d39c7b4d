//! The announcement line of one board: what is spoken when. `rules` decides, `plan` orders and times, `texts` words, `clips`
//! says them with a voice pack.

pub mod clips;
pub mod load;
pub mod plan;
pub mod planned;
mod receipts;
pub mod rules;
pub mod texts;

#[cfg(test)]
mod tests;

pub use rules::{Announcement, Board, DropReason, Event, Receipt, State};
