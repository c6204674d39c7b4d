//! The clinic part of a department: sessions, slots, appointments. A department's owner holds a [`Clinic`], emits the
//! [`Event`]s that the `decide_*` functions return, and applies them with [`apply`].
//!
//! I1 (no hold or booking is accepted that exceeds a slot's capacity) lives here alone; [`Clinic::check`] states it.

mod again;
mod apply;
mod appointment;
mod arrival;
mod channel;
mod event;
mod free;
mod session;
mod state;
mod stop;
#[cfg(test)]
mod tests;
pub mod view;

pub use again::decide_take_again;
pub use apply::apply;
pub use appointment::{
    cancel_until, decide_ask_place, decide_cancel, decide_confirm, decide_deadline, decide_outside_gone,
    decide_outside_place, decide_prolong, decide_refuse, decide_replace, decide_request_place, decide_restore,
    is_forgotten, may_be_restored,
};
pub use arrival::{
    Arrival, TicketFate, check_in_eligible, check_in_from, decide_check_in, decide_check_in_of_then,
    decide_correct_no_show, decide_follow_ticket,
};
pub use channel::{Places, check_quotas, decide_quota_rules, decide_quotas, is_kept_as};
pub use event::{Event, SlotDefined, SlotQuotas, Standing, event_kind, outgoing};
pub use free::{FREE_SESSIONS, Free, FreeSession, ReleasedPlaces};
pub(crate) use session::wall_slots;
pub use session::{
    decide_close_session, decide_define_session, decide_delay, decide_freeze, decide_put_back, decide_retire_session,
    is_session_as, is_somebody_in,
};
pub use state::{Appointment, AppointmentState, Clinic, Deadline, Follows, Session, SessionStanding, Slot, Stop};
pub use stop::{decide_resume, decide_stop};

use crate::vocabulary::Answer;

/// Days after its business day for which the clinic remembers an appointment id; older ids are answered *refused*.
pub const REMEMBERED_DAYS: i64 = 30;

/// After an undone check-in the patient may come again for at least so many minutes, also past the slot's limit.
pub const COME_AGAIN_MIN: i64 = 15;

/// What a decision of the clinic comes to: the events to emit, in order, and what to answer then.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// To be emitted in order. Empty: nothing has changed.
    pub events: Vec<Event>,
    /// The answer that goes with them.
    pub answer: Answer,
}

impl Decision {
    fn done(events: Vec<Event>) -> Self {
        Self { events, answer: Answer::Done }
    }
}
