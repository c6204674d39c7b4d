//! How what has happened changes a patient's state.

use crate::ids::AppointmentId;
use crate::vocabulary::{AppointmentEnd, TicketNews};

use super::event::{Event, Wish};
use super::hear::Change;
use super::notices;
use super::offers;
use super::state::*;

pub(super) fn apply(state: &mut State, event: &Event) {
    match event {
        Event::Identified { identity } => {
            state.identity = Some(identity.clone());
            state.confirmed += u64::from(identity.real_name);
        }
        Event::IdentityConfirmed { identity, on_file, .. } => {
            state.identity = Some(identity.clone());
            state.confirmed += 1;
            state.on_file = on_file.clone();
        }
        Event::PhoneOffFile { .. } => {}
        Event::RelationGranted { account, relation } => {
            state.accounts.insert(account.clone(), relation.clone());
        }
        Event::RelationEnded { account } => {
            state.accounts.remove(account);
            state.addresses.retain(|(of, _), _| of != account);
        }
        Event::PlaceReserved { appointment, slot, date, start, end, channel, replaces, limits, .. } => {
            let reservation = Reservation {
                slot: slot.clone(),
                date: *date,
                start: *start,
                end: *end,
                channel: *channel,
                replaces: replaces.clone(),
                standing: Standing::Asked,
                number: None,
                wish: None,
                ask_at: None,
                prolonged: false,
                heard: 0,
                limits: *limits,
                offered: None,
            };
            state.reservations.insert(appointment.clone(), reservation);
        }
        Event::PlaceOffered { offer, ask_at } => offers::reserve(state, offer, *ask_at),
        Event::OfferAnswered { .. } => {}
        Event::WishTold { news } => offers::keep(&mut state.wishes, news),
        Event::DepartmentAsked { appointment, wish, ask_at, .. } => with(state, appointment, |r| {
            r.wish = Some(*wish);
            r.ask_at = *ask_at;
        }),
        Event::PlaceHeld { appointment, expires_at, ask_at } => with(state, appointment, |r| {
            r.standing = Standing::Held { expires_at: *expires_at };
            r.wish = r.wish.filter(|wish| *wish != Wish::Tell);
            r.ask_at = Some(*ask_at);
        }),
        Event::AppointmentBooked { appointment, number, ask_at } => with(state, appointment, |r| {
            r.standing = Standing::Booked;
            r.number = number.clone();
            r.wish = r.wish.filter(|wish| wish.is_end());
            r.ask_at = Some(*ask_at);
        }),
        Event::WishSettled { appointment } => with(state, appointment, |r| r.wish = None),
        Event::AppointmentEnded { appointment, how, at } => {
            with(state, appointment, |r| {
                r.standing = Standing::Ended(*how);
                r.wish = None;
                r.ask_at = None;
            });
            match how {
                AppointmentEnd::NoShow => {
                    state.no_shows.insert((*at, appointment.clone()));
                }
                AppointmentEnd::GivenBack => state.given_back += 1,
                _ => {}
            }
        }
        Event::OnlineBookingBlocked { until } => state.blocked_until = Some(*until),
        Event::ReservationsForgotten { appointments, no_shows_before } => {
            for appointment in appointments {
                state.reservations.remove(appointment);
                state.counted.remove(appointment);
            }
            state.no_shows.retain(|(at, _)| at >= no_shows_before);
        }
        Event::HoldProlonged { appointment, expires_at, ask_at } => with(state, appointment, |r| {
            r.standing = Standing::Held { expires_at: *expires_at };
            r.wish = r.wish.filter(|wish| *wish != Wish::Tell);
            r.ask_at = Some(*ask_at);
            r.prolonged = true;
        }),
        Event::TicketHeard { news, change } => hear(state, news, change),
        Event::NoShowCorrected { appointment, blocked_until } => {
            state.no_shows.retain(|(_, other)| other != appointment);
            state.blocked_until = *blocked_until;
        }
        Event::ClaimJoined { bearer, counts } => {
            state.bearer = Some(bearer.clone());
            state.counted.extend(counts.iter().map(|appointment| (appointment.clone(), false)));
        }
        Event::BearerParted { .. } => {
            state.bearer = None;
            state.counted.clear();
        }
        Event::PlaceCounted { appointment, place, .. } => {
            state.counted.insert(appointment.clone(), place.is_some());
        }
        Event::ClaimedPlace { appointment, place: Some(place) } => {
            state.claimed.insert(appointment.clone(), place.clone());
        }
        Event::ClaimedPlace { appointment, place: None } => {
            state.claimed.remove(appointment);
        }
        Event::NoticeHeard { .. }
        | Event::NoticeOfMoney { .. }
        | Event::NoticeSent { .. }
        | Event::NoticeTaken { .. }
        | Event::NoticeFailed { .. }
        | Event::NoticeConfirmed { .. }
        | Event::NoticeNotReached { .. }
        | Event::NoticeAnswerHeard { .. } => notices::apply(&mut state.notices, event),
        Event::AddressBound { account, way, sealed } => {
            state.addresses.insert((account.clone(), *way), sealed.clone());
        }
        Event::AddressUnbound { account, way } => {
            state.addresses.remove(&(account.clone(), *way));
        }
    }
}

fn hear(state: &mut State, news: &TicketNews, change: &Change) {
    match (change, &news.appointment) {
        (Change::Reservation { standing, ask_at }, Some(appointment)) => {
            let given_back = Standing::Ended(AppointmentEnd::GivenBack);
            let before = state.reservations.get(appointment).map(|reservation| reservation.standing);
            if before == Some(given_back) && *standing != given_back {
                state.given_back = state.given_back.saturating_sub(1);
            }
            with(state, appointment, |r| {
                r.standing = *standing;
                r.number = news.number.clone();
                r.wish = r.wish.filter(|_| r.is_live());
                r.ask_at = *ask_at;
                r.heard = news.n;
            });
        }
        (Change::Ticket { forgotten }, _) => {
            for ticket in forgotten {
                state.tickets.remove(ticket);
            }
            state.tickets.insert(news.ticket.clone(), news.clone());
        }
        _ => {}
    }
}

fn with(state: &mut State, appointment: &AppointmentId, change: impl FnOnce(&mut Reservation)) {
    if let Some(reservation) = state.reservations.get_mut(appointment) {
        change(reservation);
    }
}
