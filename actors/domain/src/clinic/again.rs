//! A place that is taken again: whether the slot has one, and whether the patient has not another one instead.

use crate::Rejection;
use crate::ids::*;
use crate::owner::Context;
use crate::time::{Timestamp, Zone};
use crate::vocabulary::Channel;

use super::event::Event;
use super::state::*;

/// The live appointment of the same patient and day that stands instead of this one.
pub(super) fn instead_of<'a>(clinic: &'a Clinic, known: &Appointment) -> Option<&'a AppointmentId> {
    use AppointmentState::{Booked, CheckedIn, Held};
    let date = clinic.session_of(&known.slot)?.date;
    let is_instead = |(_, other): &(&AppointmentId, &Appointment)| {
        other.brief.patient == known.brief.patient
            && matches!(other.state, Held { .. } | Booked | CheckedIn)
            && clinic.session_of(&other.slot).is_some_and(|of| of.date == date)
    };
    clinic.appointments.iter().find(is_instead).map(|(id, _)| id)
}

/// Whether the slot has a place for who had one in it: the own one, while it is kept back (`is_kept`), else one that is
/// free. A slot that was made smaller since, or that others have filled from outside, keeps none.
pub(super) fn has_place(
    clinic: &Clinic,
    known: &Appointment,
    is_kept: bool,
    now: Timestamp,
    zone: Zone,
) -> Result<(), Rejection> {
    let is_there = |slot: &Slot| slot.taken.saturating_add(slot.outside) < slot.capacity;
    if is_kept && clinic.slots.get(&known.slot).is_some_and(is_there) {
        return clinic.takes_anybody(&known.slot, known.channel, now, zone).map(drop);
    }
    clinic.place_free(&known.slot, known.channel, now, zone)
}

/// A hold that has expired becomes the booking after all, because its fee was paid: in the same slot, if that has a place
/// for whoever comes now by the same channel, or keeps its own one back (`is_kept`). Its patient's owner has let go of it and
/// hears of it as of what was undone. None: there is no such place.
pub fn decide_take_again(
    clinic: &Clinic,
    id: &AppointmentId,
    context: &Context,
    zone: Zone,
    is_kept: bool,
    number: impl FnOnce(&Session) -> Option<String>,
) -> Option<Vec<Event>> {
    let known = clinic.appointments.get(id).filter(|known| known.state == AppointmentState::Expired)?;
    let (slot, session) = (clinic.slots.get(&known.slot)?, clinic.session_of(&known.slot)?);
    has_place(clinic, known, is_kept, context.now, zone).ok()?;
    let is_frozen = session.frozen.is_some() && known.channel != Channel::Desk;
    if is_frozen || instead_of(clinic, known).is_some() {
        return None;
    }
    let (appointment, patient) = (id.clone(), known.brief.patient.clone());
    let (number, slot_start, at) = (number(session), slot.start, context.now);
    Some(vec![
        Event::AppointmentRestored { appointment: appointment.clone(), reason: "paid".to_owned() },
        Event::AppointmentConfirmed { appointment, patient, number, slot_start, at },
    ])
}
