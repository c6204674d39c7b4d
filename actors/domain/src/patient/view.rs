//! What the stream `patient:{id}` shows: the person masked, the appointments, who acts for them. A person goes to sites of
//! several zones: each thing's times are its own site's.

use serde_json::{Map, Value, json};

use crate::ids::*;
use crate::reach::Way;
use crate::time::{Timestamp, Zone};
use crate::vocabulary::{AppointmentEnd, TicketNews, TicketStands, WishNews};

use super::event::Event;
use super::hear::Change;
use super::notices::{Notice, NoticeChange, NoticeStanding};
use super::state::*;

/// The zone in which the times of what has this id are told: its site's; the house's of a person.
pub type ZoneOf<'a> = &'a dyn Fn(&str) -> Zone;

/// The snapshot of `patient:{id}`.
pub fn snapshot(state: &State, stream_kind: &str, id: &str, zone_of: ZoneOf<'_>) -> Option<Value> {
    if stream_kind != "patient" || id != state.id.as_str() {
        return None;
    }
    let mut appointments: Vec<_> = state.reservations.iter().collect();
    appointments.sort_by_key(|(id, r)| (r.start, (*id).clone()));
    let appointments: Vec<Value> = appointments.into_iter().map(|(id, r)| appointment(id, r, zone_of)).collect();
    Some(json!({
        "patient": state.id,
        "masked_name": state.identity.as_ref().map(|identity| &identity.brief.masked_name),
        "real_name": state.identity.as_ref().is_some_and(|identity| identity.real_name),
        "online_booking_blocked_until": state.blocked_until.map(|at| zone_of(id).rfc3339(at)),
        "given_back": state.given_back,
        "appointments": appointments,
        "tickets": state.tickets.iter().map(|(id, news)| (id.to_string(), ticket(news, zone_of))).collect::<Map<_, _>>(),
        "family": family(state),
        "ways": ways(state),
        "wishes": state.wishes.values().map(|one| (one.wish.to_string(), wish(one, zone_of))).collect::<Map<_, _>>(),
        "notices": state.notices.list.iter().map(|one| (one.id.to_string(), notice(one, zone_of))).collect::<Map<_, _>>(),
    }))
}

/// Who acts for the person: as what, and not who.
fn family(state: &State) -> Value {
    state.accounts.values().map(|relation| json!({ "relation": relation })).collect()
}

/// By which ways outside the person is told: whose address it is, and what, stays sealed.
fn ways(state: &State) -> Value {
    let bound: std::collections::BTreeSet<Way> = state.addresses.keys().map(|(_, way)| *way).collect();
    json!(bound.into_iter().map(Way::wire).collect::<Vec<_>>())
}

/// What the person was told, and what has come of it.
fn notice(notice: &Notice, zone_of: ZoneOf<'_>) -> Value {
    let due = &notice.due;
    let zone = zone_of(due.ticket.as_str());
    let (state, by) = match notice.standing {
        NoticeStanding::Held => ("held", None),
        NoticeStanding::Telling => ("telling", None),
        NoticeStanding::Reached { by, .. } => ("reached", Some(by.wire())),
        NoticeStanding::NotReached { .. } => ("not_reached", None),
        NoticeStanding::Over => ("over", None),
    };
    json!({
        "notice": notice.id,
        "about": due.about.map(|about| about.wire()),
        "ticket": due.ticket,
        "call": due.call,
        // A place that is offered has none yet.
        "number": Some(&due.number).filter(|number| !number.is_empty()),
        "place": due.place,
        "place_en": due.place_en,
        "at": zone.rfc3339(due.at),
        "state": state,
        "by": by,
        "refund": notice.amount_fen.map(|fen| json!({ "refund": due.ticket.refund(), "amount_fen": fen })),
        "clinic": due.clinic.as_ref().map(|clinic| json!({
            "slot_start": zone.rfc3339(clinic.slot_start),
            "delay_min": clinic.delay_min,
            "expected_at": zone.rfc3339(clinic.expected_at),
            "doctor": clinic.doctor,
            "doctor_en": clinic.doctor_en,
        })),
    })
}

/// The notices of a ticket: a new one ends those before it.
fn notices_of(state: &State, ticket: &TicketId, zone_of: ZoneOf<'_>) -> Value {
    let of_ticket = state.notices.list.iter().filter(|one| one.due.ticket == *ticket);
    let shown: Map<String, Value> = of_ticket.map(|one| (one.id.to_string(), notice(one, zone_of))).collect();
    json!({ "notices": shown })
}

/// A ticket of no reservation: the place in line is the stream `ticket:{id}`.
fn ticket(news: &TicketNews, zone_of: ZoneOf<'_>) -> Value {
    let zone = zone_of(news.ticket.as_str());
    let standing = match news.stands {
        TicketStands::Booked => Standing::Booked,
        TicketStands::CheckedIn => Standing::CheckedIn,
        TicketStands::Ended(how) => Standing::Ended(how),
    };
    json!({
        "ticket": news.ticket,
        "department": news.ticket.department(),
        "queue": news.queue,
        "date": news.date,
        "number": news.number,
        "slot_start": news.slot_start.map(|at| zone.rfc3339(at)),
        "state": state_name(standing),
        "linked_from": news.linked_from,
        "linked_to": news.linked_to,
    })
}

fn appointment(id: &AppointmentId, reservation: &Reservation, zone_of: ZoneOf<'_>) -> Value {
    let zone = zone_of(id.as_str());
    let expires_at = match reservation.standing {
        Standing::Held { expires_at } => Some(zone.rfc3339(expires_at)),
        _ => None,
    };
    json!({
        "appointment": id,
        "ticket": id.ticket(),
        "session": reservation.slot.session(),
        "department": reservation.slot.department(),
        "slot": reservation.slot,
        "date": reservation.date,
        "slot_start": zone.rfc3339(reservation.start),
        "slot_end": zone.rfc3339(reservation.end),
        "state": state_name(reservation.standing),
        "number": reservation.number,
        "expires_at": expires_at,
        "prolonged": reservation.prolonged,
        "replaces": reservation.replaces,
        "wish": reservation.offered,
    })
}

/// What the person waits for, or how that has ended.
fn wish(news: &WishNews, zone_of: ZoneOf<'_>) -> Value {
    let zone = zone_of(news.wish.as_str());
    json!({
        "wish": news.wish,
        "department": news.wish.department(),
        "wanted": news.wanted,
        "dates": news.dates,
        "until": zone.rfc3339(news.until),
        "joined_at": zone.rfc3339(news.joined_at),
        "ended": news.ended.map(|how| how.name()),
    })
}

pub(super) fn state_name(standing: Standing) -> &'static str {
    match standing {
        Standing::Asked => "asked",
        Standing::Held { .. } => "held",
        Standing::Booked => "booked",
        Standing::Ended(AppointmentEnd::Refused) => "refused",
        Standing::Ended(AppointmentEnd::Expired) => "expired",
        Standing::Ended(AppointmentEnd::Cancelled) => "cancelled",
        Standing::Ended(AppointmentEnd::GivenBack) => "given_back",
        Standing::Ended(AppointmentEnd::Fulfilled) => "fulfilled",
        Standing::Ended(AppointmentEnd::NoShow) => "no_show",
        Standing::Ended(AppointmentEnd::GivenUp) => "given_up",
        Standing::Ended(AppointmentEnd::Stopped) => "stopped",
        Standing::CheckedIn => "checked_in",
    }
}

/// What an event says on the patient's stream, in the state after it: the appointment as it is now, whole.
pub fn emissions(state: &State, event: &Event, _at: Timestamp, zone_of: ZoneOf<'_>) -> Vec<(String, Value)> {
    let own = zone_of(state.id.as_str());
    let body = match event {
        Event::Identified { identity } | Event::IdentityConfirmed { identity, .. } => {
            json!({ "masked_name": identity.brief.masked_name, "real_name": identity.real_name })
        }
        Event::RelationGranted { .. } => json!({ "family": family(state) }),
        Event::RelationEnded { .. } => json!({ "family": family(state), "ways": ways(state) }),
        Event::OnlineBookingBlocked { until } => json!({ "online_booking_blocked_until": own.rfc3339(*until) }),
        Event::NoShowCorrected { blocked_until, .. } => {
            json!({ "online_booking_blocked_until": blocked_until.map(|at| own.rfc3339(at)) })
        }
        Event::TicketHeard { change: Change::None, .. } => return Vec::new(),
        Event::TicketHeard { news, change: Change::Ticket { forgotten } } => {
            let mut tickets: Map<String, Value> =
                forgotten.iter().map(|ticket| (ticket.to_string(), Value::Null)).collect();
            tickets.insert(news.ticket.to_string(), ticket(news, zone_of));
            json!({ "tickets": tickets })
        }
        Event::TicketHeard { news, change: Change::Reservation { .. } } => {
            let known = news.appointment.as_ref().and_then(|id| Some((id, state.reservations.get(id)?)));
            let Some((id, reservation)) = known else { return Vec::new() };
            json!({ "appointment": appointment(id, reservation, zone_of) })
        }
        Event::AppointmentEnded { appointment: id, .. } => {
            let Some(reservation) = state.reservations.get(id) else { return Vec::new() };
            json!({ "appointment": appointment(id, reservation, zone_of), "given_back": state.given_back })
        }
        Event::PlaceReserved { appointment: id, .. }
        | Event::HoldProlonged { appointment: id, .. }
        | Event::PlaceHeld { appointment: id, .. }
        | Event::AppointmentBooked { appointment: id, .. } => {
            let Some(reservation) = state.reservations.get(id) else { return Vec::new() };
            json!({ "appointment": appointment(id, reservation, zone_of) })
        }
        Event::PlaceOffered { offer, .. } => {
            let Some(reservation) = state.reservations.get(&offer.appointment) else { return Vec::new() };
            json!({ "appointment": appointment(&offer.appointment, reservation, zone_of) })
        }
        Event::WishTold { news } => {
            let Some(known) = state.wishes.get(&news.wish) else { return Vec::new() };
            json!({ "wishes": { known.wish.as_str(): wish(known, zone_of) } })
        }
        Event::NoticeHeard { change: NoticeChange::Nothing, .. } => return Vec::new(),
        Event::NoticeHeard { due, .. } => notices_of(state, &due.ticket, zone_of),
        Event::NoticeSent { notice: id, .. }
        | Event::NoticeOfMoney { notice: id, .. }
        | Event::NoticeConfirmed { notice: id, .. }
        | Event::NoticeNotReached { notice: id, .. } => {
            let Some(known) = state.notices.get(id) else { return Vec::new() };
            json!({ "notices": { id.as_str(): notice(known, zone_of) } })
        }
        Event::AddressBound { .. } | Event::AddressUnbound { .. } => json!({ "ways": ways(state) }),
        Event::DepartmentAsked { .. }
        | Event::OfferAnswered { .. }
        | Event::NoticeTaken { .. }
        | Event::NoticeFailed { .. }
        | Event::NoticeAnswerHeard { .. }
        | Event::WishSettled { .. }
        | Event::ReservationsForgotten { .. }
        | Event::ClaimJoined { .. }
        | Event::BearerParted { .. }
        | Event::PlaceCounted { .. }
        | Event::PhoneOffFile { .. }
        | Event::ClaimedPlace { .. } => return Vec::new(),
    };
    let (_, stem) = super::event::kind(event);
    vec![(format!("patient:{}", state.id), json!({ stem: body }))]
}
