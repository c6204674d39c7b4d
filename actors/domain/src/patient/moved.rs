//! A booking that another one takes the place of: what becomes of the two is decided here alone, by whatever word it is
//! first heard that the new one stands, or that the old one stays.

use crate::ids::AppointmentId;
use crate::owner::Draft;

use super::Patient;
use super::decide::ask;
use super::event::{Event, Wish};
use super::state::*;

/// Something was heard of this appointment, which stood so before. As soon as the new one of a move stands, the old one is
/// given up; who has come under the old number keeps that, and the new one is given up. Once: what the desk makes of the
/// two afterwards is no move any more.
pub(super) fn heard(draft: &mut Draft<'_, Patient>, new: &AppointmentId, before: Option<Standing>) {
    let reservations = &draft.state().reservations;
    let Some(after) = reservations.get(new) else { return };
    let was_open = matches!(before, Some(Standing::Asked | Standing::Held { .. }));
    if !was_open || !has_stood(after.standing) || is_to_end(after) {
        return;
    }
    let Some((old, replaced)) = after.replaces.as_ref().and_then(|old| reservations.get_key_value(old)) else { return };
    match replaced.standing {
        Standing::CheckedIn if after.standing == Standing::Booked => ask(draft, new.clone(), Wish::Replace),
        Standing::Asked | Standing::Held { .. } | Standing::Booked if !is_to_end(replaced) => {
            let old = old.clone();
            ask(draft, old, Wish::Replace);
        }
        _ => {}
    }
}

/// The department could not end it: the patient has come, or it is too late for who asked. Has the patient come under the
/// old number of a move, the new place is given up.
pub(super) fn kept(draft: &mut Draft<'_, Patient>, appointment: AppointmentId) {
    let known = draft.state().reservations.get(&appointment);
    let Some(wish) = known.and_then(|reservation| reservation.wish).filter(|wish| wish.is_end()) else { return };
    draft.emit(Event::WishSettled { appointment: appointment.clone() });
    let new = draft.state().replaced_by(&appointment).filter(|(_, new)| !is_to_end(new));
    if let Some(new) = new.filter(|_| wish == Wish::Replace).map(|(new, _)| new.clone()) {
        ask(draft, new, Wish::Replace);
    }
}

fn is_to_end(reservation: &Reservation) -> bool {
    reservation.wish.is_some_and(Wish::is_end)
}

fn has_stood(standing: Standing) -> bool {
    use crate::vocabulary::AppointmentEnd::{Fulfilled, GivenUp, NoShow};
    matches!(standing, Standing::Booked | Standing::CheckedIn | Standing::Ended(Fulfilled | GivenUp | NoShow))
}
