//! The change of day. Streams and doors show a day's tickets and figures, so that a new day is an event like any other.

use super::{Department, State};
use crate::clinic::Session;
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

/// The midnight by which a department that has tickets, has sent somebody elsewhere or has said something of its clinics
/// tidies again; it need not wait for the day's first patient.
pub(super) fn ends_at(state: &State) -> Option<Timestamp> {
    let of_tickets = state.floor.tickets.values().next().map(|ticket| ticket.opened.date);
    let of_sent = || state.floor.sent_elsewhere.values().next().map(|kept| kept.sent.date);
    let is_told = |session: &&Session| session.delay_min > 0 || session.stopped.is_some();
    let of_clinics = || state.clinic.sessions.values().filter(is_told).map(|session| session.date).min();
    let any = of_tickets.or_else(of_sent).or_else(of_clinics)?;
    let visit_days = state.config.settings.booking.visit_days.max(1);
    let tidied_on = state.floor.tidied_to.map_or(any, |before| before.plus_days(visit_days));
    Some(state.config.zone().moment(tidied_on.plus_days(1), chrono::NaiveTime::MIN))
}
