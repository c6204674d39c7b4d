//! What the stream `session:{id}` shows: the session with its slots and what is free in them.

use serde_json::{Value, json};

use crate::ids::*;
use crate::time::{Timestamp, Zone};
use crate::vocabulary::{ByChannel, Channel};

use super::event::Event;
use super::state::*;

/// The session as its stream's snapshot. No clock is asked: each slot says from when and until when it can be booked.
pub fn snapshot(clinic: &Clinic, session_id: &str, zone: Zone) -> Option<Value> {
    let session = clinic.sessions.get(session_id)?;
    let slots: Vec<Value> = session.slots.iter().filter_map(|slot| slot_view(clinic, slot, zone)).collect();
    Some(json!({
        "session": session_id,
        "date": session.date,
        "period": session.period,
        "queue": session.queue,
        "doctor": session.doctor,
        "service_point": session.service_point,
        "registration_class": session.registration_class,
        "fee_fen": session.fee_fen,
        "high_demand": session.high_demand,
        "released_at": session.released_at.map(|at| zone.rfc3339(at)),
        "delay_min": session.delay_min,
        "open": session.standing == SessionStanding::Open,
        "frozen": frozen(session),
        "frozen_reason": session.frozen,
        "stopped_from": session.stopped.as_ref().map(|stop| zone.rfc3339(stop.from)),
        "slots": slots,
    }))
}

/// By whom: the plan's word is the stronger one, because it holds for the desk too.
fn frozen(session: &Session) -> Option<&'static str> {
    match (session.frozen_by_plan, &session.frozen) {
        (true, _) => Some("by_plan"),
        (false, Some(_)) => Some("by_hand"),
        (false, None) => None,
    }
}

/// One slot as pages show it. It can be booked by a channel while it is `open`, what is free for the channel is above 0, and
/// clinic time is at or after `bookable_from` (null: at once; of referrals `referral_from`) and before `bookable_until`.
pub fn slot_view(clinic: &Clinic, id: &SlotId, zone: Zone) -> Option<Value> {
    let (slot, session) = (clinic.slots.get(id)?, clinic.session_of(id)?);
    Some(json!({
        "slot": id,
        "start": zone.rfc3339(slot.start),
        "end": zone.rfc3339(slot.end),
        "capacity": slot.capacity,
        "free": slot.free(),
        "free_for": free_for(slot),
        "quotas": slot.quotas,
        "given_back": slot.given_back,
        "open": session.standing == SessionStanding::Open && !session.is_frozen() && !clinic.is_stopped(id),
        "bookable_from": session.released_at.map(|at| zone.rfc3339(at)),
        "referral_from": clinic.released_at(session, Channel::Referral, zone).map(|at| zone.rfc3339(at)),
        "bookable_until": zone.rfc3339(slot.end),
    }))
}

/// What is left for each channel.
fn free_for(slot: &Slot) -> ByChannel {
    let free = |channel| slot.free_for(channel);
    ByChannel { online: free(Channel::Online), desk: free(Channel::Desk), referral: free(Channel::Referral) }
}

/// What an event says on `session:` streams, in the state after it. An event that changed a slot says the slot, one that
/// changed the session says all of it; none says whose place it was.
pub fn emissions(clinic: &Clinic, event: &Event, _at: Timestamp, zone: Zone) -> Vec<(String, Value)> {
    let (_, stem) = super::event_kind(event);
    if let Event::SessionDefined { session, .. }
    | Event::SessionRetired { session }
    | Event::SessionClosed { session }
    | Event::SessionStopped { session, .. }
    | Event::SessionResumed { session, .. }
    | Event::SessionFrozen { session, .. }
    | Event::QuotasDefined { session, .. }
    | Event::SessionDelayed { session, .. } = event
    {
        let body = snapshot(clinic, session.as_str(), zone);
        return body.map(|body| (format!("session:{session}"), json!({ stem: body }))).into_iter().collect();
    }
    let slot = match event {
        Event::PlaceHeld { slot, .. }
        | Event::PlaceBooked { slot, .. }
        | Event::OutsidePlaced { slot, .. }
        | Event::QuotaGivenBack { slot, .. }
        | Event::OutsideGone { slot } => Some(slot),
        Event::HoldExpired { appointment, .. }
        | Event::AppointmentCancelled { appointment, .. }
        | Event::AppointmentGivenBack { appointment, .. }
        | Event::NoShowCorrected { appointment, .. }
        | Event::AppointmentRestored { appointment, .. } => clinic.appointments.get(appointment).map(|a| &a.slot),
        _ => None,
    };
    slot.and_then(|id| Some((format!("session:{}", id.session()), json!({ stem: slot_view(clinic, id, zone)? }))))
        .into_iter()
        .collect()
}
