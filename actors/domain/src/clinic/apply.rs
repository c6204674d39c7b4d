//! Applies the clinic's events. No rule, no clock: each event states a result.

use crate::ids::*;
use crate::time::Timestamp;

use super::event::{Event, SlotDefined};
use super::state::*;

/// Applies one event.
pub fn apply(clinic: &mut Clinic, event: &Event) {
    match event {
        Event::SessionDefined { .. } => define(clinic, event),
        Event::SessionRetired { session } => stand(clinic, session, SessionStanding::Retired),
        Event::SessionClosed { session } => stand(clinic, session, SessionStanding::Closed),
        Event::SessionDelayed { session, minutes, no_show_at } => {
            if let Some(session) = clinic.sessions.get_mut(session) {
                session.delay_min = *minutes;
            }
            for (slot, at) in no_show_at {
                move_no_show(clinic, slot, *at);
            }
        }
        Event::PlaceHeld { appointment, slot, brief, channel, sequence, expires_at } => {
            let held = Appointment {
                slot: slot.clone(),
                brief: brief.clone(),
                state: AppointmentState::Held { expires_at: *expires_at },
                channel: *channel,
                sequence: *sequence,
                number: None,
                booked_at: None,
                held_until: Some(*expires_at),
                prolonged: false,
            };
            place(clinic, appointment, held);
        }
        Event::PlaceBooked { appointment, slot, brief, channel, sequence, number, at, .. } => {
            let booked = Appointment {
                slot: slot.clone(),
                brief: brief.clone(),
                state: AppointmentState::Booked,
                channel: *channel,
                sequence: *sequence,
                number: number.clone(),
                booked_at: Some(*at),
                held_until: None,
                prolonged: false,
            };
            place(clinic, appointment, booked);
        }
        Event::AppointmentConfirmed { appointment, number, at, .. } => {
            change(clinic, appointment, AppointmentState::Booked);
            if let Some(appointment) = clinic.appointments.get_mut(appointment) {
                appointment.number = number.clone();
                appointment.booked_at = Some(*at);
            }
        }
        Event::PlaceRefused { appointment, code, .. } => {
            clinic.refused.insert(appointment.clone(), *code);
        }
        Event::HoldExpired { appointment, .. } => change(clinic, appointment, AppointmentState::Expired),
        Event::AppointmentCancelled { appointment, .. } => change(clinic, appointment, AppointmentState::Cancelled),
        Event::AppointmentGivenBack { appointment, .. } => change(clinic, appointment, AppointmentState::GivenBack),
        Event::AppointmentCheckedIn { appointment } => change(clinic, appointment, AppointmentState::CheckedIn),
        Event::CheckInUndone { appointment } | Event::AppointmentRestored { appointment, .. } => {
            change(clinic, appointment, AppointmentState::Booked)
        }
        Event::AppointmentFulfilled { appointment, .. } => change(clinic, appointment, AppointmentState::Fulfilled),
        Event::NoShowRecorded { appointment, .. } => change(clinic, appointment, AppointmentState::NoShow),
        Event::HoldProlonged { appointment, expires_at, .. } => {
            change(clinic, appointment, AppointmentState::Held { expires_at: *expires_at });
            if let Some(appointment) = clinic.appointments.get_mut(appointment) {
                appointment.prolonged = true;
            }
        }
        Event::AppointmentGivenUp { appointment } => change(clinic, appointment, AppointmentState::GivenUp),
        Event::AppointmentReopened { appointment } => change(clinic, appointment, AppointmentState::CheckedIn),
        Event::NoShowCorrected { appointment, booked, .. } => {
            let to = if *booked { AppointmentState::Booked } else { AppointmentState::GivenBack };
            change(clinic, appointment, to);
        }
        Event::StandingRepeated { .. } => {}
        Event::OutsidePlaced { slot, sequence } => {
            if let Some(slot) = clinic.slots.get_mut(slot) {
                slot.outside += 1;
                slot.issued = *sequence;
            }
        }
        Event::OutsideGone { slot } => {
            if let Some(slot) = clinic.slots.get_mut(slot) {
                slot.outside = slot.outside.saturating_sub(1);
            }
        }
        Event::DaysForgotten { before } => {
            let gone: Vec<SessionId> =
                clinic.sessions.iter().filter(|(_, s)| s.date < *before).map(|(id, _)| id.clone()).collect();
            for id in gone {
                for slot in clinic.sessions.remove(&id).map(|s| s.slots).unwrap_or_default() {
                    remove_slot(clinic, &slot);
                }
            }
            let slots = &clinic.slots;
            clinic.appointments.retain(|_, appointment| slots.contains_key(&appointment.slot));
            clinic.refused.retain(|id, _| id.date().is_some_and(|date| date >= *before));
            clinic.forgotten_before = Some(*before);
        }
    }
}

fn define(clinic: &mut Clinic, event: &Event) {
    let Event::SessionDefined {
        session,
        date,
        period,
        queue,
        doctor,
        service_point,
        registration_class,
        fee_fen,
        high_demand,
        released_at,
        slots,
    } = event
    else {
        return;
    };
    let before = clinic.sessions.remove(session);
    for gone in before.iter().flat_map(|s| &s.slots).filter(|old| !slots.iter().any(|new| new.slot == **old)) {
        remove_slot(clinic, gone);
    }
    for defined in slots {
        define_slot(clinic, defined);
    }
    let defined = Session {
        date: *date,
        period: period.clone(),
        queue: queue.clone(),
        doctor: doctor.clone(),
        service_point: service_point.clone(),
        registration_class: registration_class.clone(),
        fee_fen: *fee_fen,
        high_demand: *high_demand,
        released_at: *released_at,
        delay_min: before.as_ref().map_or(0, |s| s.delay_min),
        standing: before.as_ref().map_or(SessionStanding::Open, |s| s.standing),
        slots: slots.iter().map(|s| s.slot.clone()).collect(),
    };
    clinic.sessions.insert(session.clone(), defined);
}

fn define_slot(clinic: &mut Clinic, defined: &SlotDefined) {
    if clinic.slots.contains_key(&defined.slot) {
        move_no_show(clinic, &defined.slot, defined.no_show_at);
    }
    let slot = clinic.slots.entry(defined.slot.clone()).or_insert_with(|| Slot {
        start: defined.start,
        end: defined.end,
        capacity: 0,
        taken: 0,
        outside: 0,
        issued: 0,
        no_show_at: defined.no_show_at,
        expected: Default::default(),
        booked: 0,
    });
    slot.start = defined.start;
    slot.end = defined.end;
    slot.capacity = defined.capacity;
}

fn remove_slot(clinic: &mut Clinic, id: &SlotId) {
    let Some(slot) = clinic.slots.remove(id) else { return };
    clinic.deadlines.remove(&(slot.no_show_at, Deadline::NoShow(id.clone())));
    for appointment in slot.expected {
        if let Some(Appointment { state: AppointmentState::Held { expires_at }, .. }) =
            clinic.appointments.get(&appointment)
        {
            clinic.deadlines.remove(&(*expires_at, Deadline::Hold(appointment.clone())));
        }
    }
}

fn stand(clinic: &mut Clinic, session: &SessionId, standing: SessionStanding) {
    if let Some(session) = clinic.sessions.get_mut(session) {
        session.standing = standing;
    }
}

fn move_no_show(clinic: &mut Clinic, id: &SlotId, at: Timestamp) {
    let Some(slot) = clinic.slots.get_mut(id) else { return };
    if slot.booked > 0 && slot.no_show_at != at {
        clinic.deadlines.remove(&(slot.no_show_at, Deadline::NoShow(id.clone())));
        clinic.deadlines.insert((at, Deadline::NoShow(id.clone())));
    }
    slot.no_show_at = at;
}

fn place(clinic: &mut Clinic, id: &AppointmentId, appointment: Appointment) {
    let (slot, to, sequence) = (appointment.slot.clone(), appointment.state, appointment.sequence);
    clinic.appointments.insert(id.clone(), appointment);
    count(clinic, id, &slot, None, to);
    if let Some(slot) = clinic.slots.get_mut(&slot) {
        slot.issued = sequence;
    }
}

fn change(clinic: &mut Clinic, id: &AppointmentId, to: AppointmentState) {
    let Some(appointment) = clinic.appointments.get_mut(id) else { return };
    let from = std::mem::replace(&mut appointment.state, to);
    let slot = appointment.slot.clone();
    count(clinic, id, &slot, Some(from), to);
}

/// Keeps the slot's counts and the deadlines in step with one appointment's change of state.
fn count(
    clinic: &mut Clinic,
    id: &AppointmentId,
    slot_id: &SlotId,
    from: Option<AppointmentState>,
    to: AppointmentState,
) {
    if let Some(AppointmentState::Held { expires_at }) = from {
        clinic.deadlines.remove(&(expires_at, Deadline::Hold(id.clone())));
    }
    if let AppointmentState::Held { expires_at } = to {
        clinic.deadlines.insert((expires_at, Deadline::Hold(id.clone())));
    }
    let Some(slot) = clinic.slots.get_mut(slot_id) else { return };
    let took = from.is_some_and(AppointmentState::takes_place);
    slot.taken = slot.taken + u32::from(to.takes_place()) - u32::from(took);
    if matches!(to, AppointmentState::Held { .. } | AppointmentState::Booked) {
        slot.expected.insert(id.clone());
    } else {
        slot.expected.remove(id);
    }
    let was_booked = slot.booked;
    slot.booked =
        slot.booked + u32::from(to == AppointmentState::Booked) - u32::from(from == Some(AppointmentState::Booked));
    match (was_booked, slot.booked) {
        (0, 1) => {
            clinic.deadlines.insert((slot.no_show_at, Deadline::NoShow(slot_id.clone())));
        }
        (1, 0) => {
            clinic.deadlines.remove(&(slot.no_show_at, Deadline::NoShow(slot_id.clone())));
        }
        _ => {}
    }
}
