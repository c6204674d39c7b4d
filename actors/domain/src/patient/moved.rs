//! A booking that another one takes the place of: what becomes of the two is decided here alone, by whatever word it is
//! first heard that the new one stands, or that the patient has come under the old number.

use crate::ids::AppointmentId;
use crate::owner::Draft;

use super::Patient;
use super::decide::ask;
use super::event::{Event, Wish};
use super::state::*;

/// Something was heard of this appointment. Once the new one of a move stands, the old one is given up; who has come
/// under the old number keeps that, and the new one is given up.
pub(super) fn heard(draft: &mut Draft<'_, Patient>, appointment: &AppointmentId) {
    let state = draft.state();
    let Some(known) = state.reservations.get(appointment) else { return };
    let new = state.replaced_by(appointment).map(|(new, _)| (appointment.clone(), new.clone()));
    let moves = known.replaces.clone().map(|old| (old, appointment.clone())).into_iter().chain(new);
    for (old, new) in moves.collect::<Vec<_>>() {
        let reservations = &draft.state().reservations;
        let (Some(before), Some(after)) = (reservations.get(&old), reservations.get(&new)) else { continue };
        let is_to_end = |reservation: &Reservation| reservation.wish.is_some_and(Wish::is_end);
        if is_to_end(after) || !has_stood(after.standing) {
            continue;
        }
        match before.standing {
            Standing::CheckedIn if after.standing == Standing::Booked => ask(draft, new, Wish::Replace),
            Standing::Asked | Standing::Held { .. } | Standing::Booked if !is_to_end(before) => {
                ask(draft, old, Wish::Replace);
            }
            _ => {}
        }
    }
}

/// The department could not end it: the patient has come, or it is too late for who asked.
pub(super) fn kept(draft: &mut Draft<'_, Patient>, appointment: AppointmentId) {
    let known = draft.state().reservations.get(&appointment);
    let Some(wish) = known.and_then(|reservation| reservation.wish).filter(|wish| wish.is_end()) else { return };
    draft.emit(Event::WishSettled { appointment: appointment.clone() });
    let new = draft.state().replaced_by(&appointment);
    match (wish, new) {
        // Asked for once more it would be refused once more.
        (Wish::Replace, Some((new, after))) if !after.wish.is_some_and(Wish::is_end) => {
            let new = new.clone();
            ask(draft, new, Wish::Replace);
        }
        (Wish::Replace, _) => {}
        _ => heard(draft, &appointment),
    }
}

fn has_stood(standing: Standing) -> bool {
    use crate::vocabulary::AppointmentEnd::{Fulfilled, GivenUp, NoShow};
    matches!(standing, Standing::Booked | Standing::CheckedIn | Standing::Ended(Fulfilled | GivenUp | NoShow))
}
