//! 排班: which sessions there ought to be: templates by weekday and season, the days on which it is otherwise, how far ahead
//! sessions are made and from when they can be booked. Pure values; the department compares what ought to be with what is
//! there and lets its clinic decide the difference (`department::planning`).

pub mod ahead;
pub mod calendar;
pub mod decide;
mod event;
mod state;
#[cfg(test)]
mod tests;

pub use ahead::{Ahead, Ought, quotas_on, reaching};
pub use event::{Became, Event, event_kind};
pub use state::{Kept, Outcome, Plan, Round, Standing, Template, apply};

/// Most templates of a department, the retired ones included of which sessions are still to come.
pub const TEMPLATES_MAX: usize = 500;
/// Most exceptions of a department.
pub const EXCEPTIONS_MAX: usize = 2_000;
/// Longest exception, in days.
pub const EXCEPTION_DAYS_MAX: i64 = 366;
/// Most sessions of a department that the plan knows of tomorrow and later.
pub const SESSIONS_AHEAD_MAX: usize = 5_000;
/// Longest id of a template: ids of its sessions and slots begin with it.
pub const TEMPLATE_ID_MAX: usize = 80;
