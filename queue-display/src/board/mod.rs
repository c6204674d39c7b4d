//! The picture on a waiting area's screens: a projection of the departments' states and the board's announcement line.
//! `rules` makes the view and masks it, `input` reads the departments, `stream` says what goes on `board:{id}`.

pub mod input;
pub mod rules;
pub mod stream;

#[cfg(test)]
mod tests;
#[cfg(test)]
#[path = "tests/week.rs"]
mod week;

/// So many rows of rooms take turns on a screen, as its board says (`rows_max`).
pub const ROWS_MAX: usize = 12;

pub use stream::{board_emission, boards_shown_by, department_emission, departments_of, snapshot};
