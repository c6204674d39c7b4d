//! The change of day. Streams and doors show a day's tickets and figures, so that a new day is an event like any other.

use super::{Department, State};
use crate::floor;
use crate::owner::Draft;
use crate::time::{BusinessDate, Timestamp};

/// Once a day, what is over for longer than a visit stays open is forgotten.
pub(super) fn tidy(draft: &mut Draft<'_, Department>, today: BusinessDate, at: Timestamp) {
    let state = draft.state();
    let before = today.plus_days(-state.config.settings.booking.visit_days.max(1));
    if state.floor.tidied_to.is_none_or(|done| done < before) {
        floor::emit(draft, floor::Event::DaysTidied { before, at });
    }
}

/// The midnight by which a department that has tickets, or has sent somebody elsewhere, tidies again; it need not wait for the day's first patient.
pub(super) fn ends_at(state: &State) -> Option<Timestamp> {
    let of_tickets = state.floor.tickets.values().next().map(|ticket| ticket.opened.date);
    let any = of_tickets.or_else(|| state.floor.sent_elsewhere.values().next().map(|kept| kept.sent.date))?;
    let visit_days = state.config.settings.booking.visit_days.max(1);
    let tidied_on = state.floor.tidied_to.map_or(any, |before| before.plus_days(visit_days));
    Some(state.config.zone().moment(tidied_on.plus_days(1), chrono::NaiveTime::MIN))
}
