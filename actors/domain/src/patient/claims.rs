//! Two ids of one person: a claim whose document's bearer is confirmed since, and a further document or a provisional id that
//! the desk has found to be somebody's who is known. The owner of the other id keeps who it is; what was booked under it counts
//! with that person: it tells their owner which of its places are live, and again when that changes.

use crate::codes::{Code, Rejection};
use crate::ids::{AppointmentId, PatientId};
use crate::owner::Draft;
use crate::vocabulary::{Answer, Place};

use super::Patient;
use super::event::Event;
use super::state::*;

type Outcome = Result<Answer, Rejection>;

impl Place {
    fn of(reservation: &Reservation) -> Self {
        let Reservation { slot, date, start, end, .. } = reservation;
        Self { slot: slot.clone(), date: *date, start: *start, end: *end }
    }
}

/// Of a claim: its account has proved to act for this bearer. What is live now counts there from now on; what the claim
/// may take later, should the account lose the bearer again, does not. Of a document or a provisional id: it is this person's,
/// as long as nobody says otherwise ([`part`]), and takes no places of its own (`already_exists`: it is another's already).
pub(super) fn join(draft: &mut Draft<'_, Patient>, bearer: PatientId) -> Outcome {
    let state = draft.state();
    if bearer.is_claim() || bearer == state.id {
        return Err(Code::Forbidden.into());
    }
    if let Some(other) = bound_to(state).filter(|other| **other != bearer) {
        return Err(bound(other));
    }
    let new = state.live().map(|(id, _)| id).filter(|id| !state.counted.contains_key(*id));
    let counts: Vec<AppointmentId> = new.cloned().collect();
    if !counts.is_empty() || state.bearer.as_ref() != Some(&bearer) {
        draft.emit(Event::ClaimJoined { bearer, counts });
    }
    Ok(Answer::Done)
}

/// Of a document or a provisional id: it is that person's no more. What counted there counts here alone.
pub(super) fn part(draft: &mut Draft<'_, Patient>, bearer: PatientId) -> Outcome {
    let state = draft.state();
    match bound_to(state) {
        None => return Ok(Answer::Done),
        Some(other) if *other != bearer => return Err(bound(other)),
        Some(_) => {}
    }
    let told: Vec<AppointmentId> = state.counted.iter().filter(|(_, told)| **told).map(|(id, _)| id.clone()).collect();
    for appointment in told {
        draft.emit(Event::PlaceCounted { bearer: bearer.clone(), appointment, place: None });
    }
    draft.emit(Event::BearerParted { bearer });
    Ok(Answer::Done)
}

/// Whose document or provisional id this is: places are taken for them, and no longer under it.
pub(super) fn bound_to(state: &State) -> Option<&PatientId> {
    state.bearer.as_ref().filter(|_| !state.id.is_claim())
}

/// The refusal that names whose it is.
pub fn bound(bearer: &PatientId) -> Rejection {
    Rejection::new(Code::AlreadyExists, "that is a document of somebody known by another")
        .with("patient", bearer.as_str())
}

/// After whatever was decided: tells the bearer of each place that counts there whether it is live, where that is news.
pub(super) fn tell_bearer(draft: &mut Draft<'_, Patient>) {
    let state = draft.state();
    let Some(bearer) = state.bearer.clone() else { return };
    let now = |id: &AppointmentId| state.reservations.get(id).filter(|known| known.is_live()).map(Place::of);
    let told = state.counted.iter().map(|(id, told)| (id.clone(), *told, now(id)));
    let news: Vec<_> = told.filter(|(_, told, place)| place.is_some() != *told).collect();
    for (appointment, _, place) in news {
        draft.emit(Event::PlaceCounted { bearer: bearer.clone(), appointment, place });
    }
}

/// Of a bearer: a place of a claim or of another document of theirs is live, or no longer.
pub(super) fn heard(draft: &mut Draft<'_, Patient>, appointment: AppointmentId, place: Option<Place>) -> Outcome {
    if draft.state().claimed.get(&appointment) != place.as_ref() {
        draft.emit(Event::ClaimedPlace { appointment, place });
    }
    Ok(Answer::Done)
}
