//! What was booked under a claim, once the bearer of the document is confirmed and the two are one person: the claim's owner
//! tells the bearer's which of its places are live, and again when that changes, so that the bearer's limits count them.

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
/// may take later, should the account lose the bearer again, does not.
pub(super) fn join(draft: &mut Draft<'_, Patient>, bearer: PatientId) -> Outcome {
    let state = draft.state();
    if !state.id.is_claim() || bearer.is_claim() {
        return Err(Code::Forbidden.into());
    }
    let new = state.live().map(|(id, _)| id).filter(|id| !state.counted.contains_key(*id));
    let counts: Vec<AppointmentId> = new.cloned().collect();
    if !counts.is_empty() || state.bearer.as_ref() != Some(&bearer) {
        draft.emit(Event::ClaimJoined { bearer, counts });
    }
    Ok(Answer::Done)
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

/// Of a bearer: a place of a claim of theirs is live, or no longer.
pub(super) fn heard(draft: &mut Draft<'_, Patient>, appointment: AppointmentId, place: Option<Place>) -> Outcome {
    if draft.state().claimed.get(&appointment) != place.as_ref() {
        draft.emit(Event::ClaimedPlace { appointment, place });
    }
    Ok(Answer::Done)
}
