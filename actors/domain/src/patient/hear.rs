//! What a department says of a ticket, and what it changes here. Said again, or later than what is newer, it changes nothing
//! and is answered all the same.

use serde::{Deserialize, Serialize};

use crate::ids::TicketId;
use crate::owner::{Context, Draft};
use crate::time::Timestamp;
use crate::vocabulary::{AppointmentEnd, TicketNews, TicketStands};

use super::decide::{BOOKING_WORD_S, blocked_until, end};
use super::event::Event;
use super::state::*;
use super::{Patient, TICKETS_KEPT};

/// What a news of a ticket changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Change {
    /// Nothing: it is old, or of something that is forgotten here.
    None,
    /// Where the reservation stands that the ticket is of.
    Reservation {
        /// Now.
        standing: Standing,
        /// When to ask what became of it.
        ask_at: Option<Timestamp>,
    },
    /// A ticket without a reservation; those of earlier days go, but who waits over midnight.
    Ticket {
        /// Which go.
        forgotten: Vec<TicketId>,
    },
}

pub(super) fn hear(draft: &mut Draft<'_, Patient>, news: TicketNews, context: &Context) {
    let change = change(draft.state(), &news, context);
    let of_reservation = news.appointment.clone().filter(|_| matches!(change, Change::Reservation { .. }));
    let before = of_reservation.as_ref().and_then(|id| Some(draft.state().reservations.get(id)?.standing));
    let corrected = of_reservation.clone().filter(|_| {
        before == Some(Standing::Ended(AppointmentEnd::NoShow))
            && news.stands != TicketStands::Ended(AppointmentEnd::NoShow)
    });
    if let (Some(appointment), TicketStands::Ended(how)) = (of_reservation, news.stands)
        && matches!(how, AppointmentEnd::Cancelled | AppointmentEnd::GivenBack | AppointmentEnd::NoShow)
        && before != Some(Standing::Ended(how))
        && corrected.is_none()
    {
        end(draft, appointment, how, context);
    }
    draft.emit(Event::TicketHeard { news, change });
    if let Some(appointment) = corrected {
        let others = draft.state().no_shows.iter().filter(|(_, other)| *other != appointment);
        let limits = draft.state().reservations.get(&appointment).map(|reservation| reservation.limits);
        let blocked_until = blocked_until(others.map(|(at, _)| *at), limits.unwrap_or_default());
        draft.emit(Event::NoShowCorrected { appointment, blocked_until });
    }
}

fn change(state: &State, news: &TicketNews, context: &Context) -> Change {
    let Some(reservation) = news.appointment.as_ref().and_then(|id| state.reservations.get(id)) else {
        return if news.appointment.is_some() { Change::None } else { of_ticket(state, news) };
    };
    if news.n <= reservation.heard || is_final(reservation.standing) {
        return Change::None;
    }
    let ask_at = Some(reservation.end.max(context.now).plus_s(BOOKING_WORD_S));
    match news.stands {
        TicketStands::Booked => Change::Reservation { standing: Standing::Booked, ask_at },
        TicketStands::CheckedIn => Change::Reservation { standing: Standing::CheckedIn, ask_at },
        TicketStands::Ended(how) => Change::Reservation { standing: Standing::Ended(how), ask_at: None },
    }
}

/// What got no place stays ended; everything else may be undone or corrected, and a hold that has expired may be paid late.
fn is_final(standing: Standing) -> bool {
    matches!(standing, Standing::Ended(AppointmentEnd::Refused))
}

/// A ticket without a reservation. Of an earlier day than what is known here it is only answered: that day is forgotten.
fn of_ticket(state: &State, news: &TicketNews) -> Change {
    match state.tickets.get(&news.ticket) {
        Some(known) if known.n >= news.n => return Change::None,
        None if state.tickets.values().any(|known| known.date > news.date) => return Change::None,
        _ => {}
    }
    let others = || state.tickets.iter().filter(|(id, _)| **id != news.ticket);
    // Who came before midnight may be here still: that ends by a news of its own, or with one of a day later.
    let is_kept = |known: &TicketNews| {
        let may_be_here = matches!(known.stands, TicketStands::CheckedIn) && known.date >= news.date.plus_days(-1);
        known.date >= news.date || may_be_here
    };
    let mut forgotten: Vec<TicketId> =
        others().filter(|(_, known)| !is_kept(known)).map(|(id, _)| id.clone()).collect();
    let mut kept: Vec<_> = others().filter(|(_, known)| is_kept(known)).collect();
    kept.sort_by_key(|(id, known)| (matches!(known.stands, TicketStands::CheckedIn), known.n, (*id).clone()));
    let too_many = (kept.len() + 1).saturating_sub(TICKETS_KEPT);
    forgotten.extend(kept.into_iter().take(too_many).map(|(id, _)| id.clone()));
    Change::Ticket { forgotten }
}
