//! Applies the clinic's events. No rule, no clock: each event states a result.

use crate::ids::*;
use crate::time::Timestamp;

use super::channel;
use super::event::{Event, SlotDefined};
use super::state::*;

/// Applies one event.
pub fn apply(clinic: &mut Clinic, event: &Event) {
    match event {
        Event::SessionDefined { .. } => define(clinic, event),
        Event::SessionRetired { session } => stand(clinic, session, SessionStanding::Retired),
        Event::SessionClosed { session } => stand(clinic, session, SessionStanding::Closed),
        Event::SessionDelayed { session: id, minutes, no_show_at } => {
            unwatch_end(clinic, id);
            if let Some(session) = clinic.sessions.get_mut(id) {
                session.delay_before_min = std::mem::replace(&mut session.delay_min, *minutes);
                session.changes = session.changes.saturating_add(1);
                for id in &session.slots {
                    if let Some(slot) = clinic.slots.get_mut(id) {
                        slot.issued_before_delay = slot.issued;
                    }
                }
            }
            for (slot, at) in no_show_at {
                move_no_show(clinic, slot, *at);
            }
            watch_end(clinic, id);
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
                come_until: None,
                sent_to: None,
                changes: 0,
                referral: None,
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
                come_until: None,
                sent_to: None,
                changes: 0,
                referral: None,
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
        Event::CheckInUndone { appointment, come_until } => {
            change_under(clinic, appointment, AppointmentState::Booked, *come_until);
        }
        Event::AppointmentRestored { appointment, .. } => change(clinic, appointment, AppointmentState::Booked),
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
        Event::AppointmentSentElsewhere { appointment, to } => {
            if let Some(appointment) = clinic.appointments.get_mut(appointment) {
                appointment.sent_to = Some(to.clone());
            }
        }
        Event::SessionStopped { session, from, reason, to, at, more } => {
            let stop = Stop { from: *from, reason: reason.clone(), to: to.clone() };
            follow(clinic, session, Some(stop), more.then_some(Follows { at: *at, after: None }));
        }
        Event::SessionResumed { session, at, after } => {
            let follows = after.clone().map(|after| Follows { at: *at, after: Some(after) });
            follow(clinic, session, None, follows);
        }
        Event::AppointmentStopped { appointment, .. } => change(clinic, appointment, AppointmentState::Stopped),
        Event::SessionFrozen { session, frozen, by_plan, reason } => {
            if let Some(session) = clinic.sessions.get_mut(session) {
                match by_plan {
                    true => session.frozen_by_plan = *frozen,
                    false => session.frozen = frozen.then(|| reason.clone()),
                }
            }
        }
        Event::QuotasDefined { session, quotas } => channel::keep(clinic, session, quotas),
        Event::QuotaGivenBack { slot, channel } => channel::give_back(clinic, slot, *channel),
        Event::QuotaRulesDefined(rules) => channel::define(clinic, rules),
        Event::ReferralNoted { appointment, referral } => {
            if let Some(appointment) = clinic.appointments.get_mut(appointment) {
                appointment.referral = Some(referral.clone());
            }
        }
        Event::SessionOver { session, .. } => unwatch_end(clinic, session),
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
                follow(clinic, &id, None, None);
                unwatch_end(clinic, &id);
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
    unwatch_end(clinic, session);
    let before = clinic.sessions.remove(session);
    for gone in before.iter().flat_map(|s| &s.slots).filter(|old| !slots.iter().any(|new| new.slot == **old)) {
        remove_slot(clinic, gone);
    }
    for defined in slots {
        define_slot(clinic, defined);
    }
    let is_elsewhere =
        before.as_ref().is_some_and(|s| (&s.doctor, &s.service_point, &s.queue) != (doctor, service_point, queue));
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
        delay_before_min: before.as_ref().map_or(0, |s| s.delay_before_min),
        // Only the plan defines again what was retired, and puts it back with that.
        standing: SessionStanding::Open,
        slots: slots.iter().map(|s| s.slot.clone()).collect(),
        stopped: before.as_ref().and_then(|s| s.stopped.clone()),
        changes: before.as_ref().map_or(0, |s| s.changes.saturating_add(u32::from(is_elsewhere))),
        follows: before.as_ref().and_then(|s| s.follows.clone()),
        frozen_by_plan: before.as_ref().is_some_and(|s| s.frozen_by_plan),
        frozen: before.and_then(|s| s.frozen),
    };
    clinic.sessions.insert(session.clone(), defined);
    watch_end(clinic, session);
}

fn define_slot(clinic: &mut Clinic, defined: &SlotDefined) {
    if clinic.slots.contains_key(&defined.slot) {
        move_no_show(clinic, &defined.slot, defined.no_show_at);
    }
    channel::unwatch(clinic, &defined.slot);
    let slot = clinic.slots.entry(defined.slot.clone()).or_insert_with(|| Slot {
        start: defined.start,
        end: defined.end,
        capacity: 0,
        taken: 0,
        outside: 0,
        kept_back: 0,
        issued: 0,
        issued_before_delay: 0,
        no_show_at: defined.no_show_at,
        expected: Default::default(),
        booked: 0,
        quotas: Default::default(),
        given_back: Default::default(),
        taken_by: Default::default(),
    });
    slot.start = defined.start;
    slot.end = defined.end;
    slot.capacity = defined.capacity;
    channel::watch(clinic, &defined.slot);
}

fn remove_slot(clinic: &mut Clinic, id: &SlotId) {
    channel::unwatch(clinic, id);
    let Some(slot) = clinic.slots.remove(id) else { return };
    clinic.deadlines.remove(&(slot.no_show_at, Deadline::NoShow(id.clone())));
    for appointment in slot.expected {
        match clinic.appointments.get(&appointment) {
            Some(Appointment { state: AppointmentState::Held { expires_at }, .. }) => {
                clinic.deadlines.remove(&(*expires_at, Deadline::Hold(appointment)));
            }
            Some(Appointment { come_until: Some(at), .. }) => {
                clinic.deadlines.remove(&(*at, Deadline::ComeAgain(appointment)));
            }
            _ => {}
        }
    }
}

/// Closed or retired, a session is nobody's to wait for.
fn stand(clinic: &mut Clinic, session: &SessionId, standing: SessionStanding) {
    unwatch_end(clinic, session);
    if let Some(session) = clinic.sessions.get_mut(session) {
        session.standing = standing;
    }
}

/// Waits until a session is over: before whatever moves that, it is taken back.
fn watch_end(clinic: &mut Clinic, id: &SessionId) {
    let over_at = clinic.sessions.get(id).and_then(|session| clinic.over_at(session));
    clinic.deadlines.extend(over_at.map(|at| (at, Deadline::Over(id.clone()))));
}

fn unwatch_end(clinic: &mut Clinic, id: &SessionId) {
    if let Some(at) = clinic.sessions.get(id).and_then(|session| clinic.over_at(session)) {
        clinic.deadlines.remove(&(at, Deadline::Over(id.clone())));
    }
}

/// Stopped, or no longer, and what of it is still to come.
fn follow(clinic: &mut Clinic, id: &SessionId, stopped: Option<Stop>, follows: Option<Follows>) {
    let Some(session) = clinic.sessions.get_mut(id) else { return };
    if let Some(before) = session.follows.take() {
        clinic.deadlines.remove(&(before.at, Deadline::Follows(id.clone())));
    }
    clinic.deadlines.extend(follows.as_ref().map(|follows| (follows.at, Deadline::Follows(id.clone()))));
    (session.stopped, session.follows) = (stopped, follows);
}

fn move_no_show(clinic: &mut Clinic, id: &SlotId, at: Timestamp) {
    let Some(slot) = clinic.slots.get_mut(id) else { return };
    if slot.booked > 0 && slot.no_show_at != at {
        clinic.deadlines.remove(&(slot.no_show_at, Deadline::NoShow(id.clone())));
        clinic.deadlines.insert((at, Deadline::NoShow(id.clone())));
    }
    slot.no_show_at = at;
    // A limit of the own that is no longer later is none.
    let appointments = &clinic.appointments;
    let has_come_to =
        |id: &&AppointmentId| appointments.get(*id).and_then(|known| known.come_until).is_some_and(|until| until <= at);
    let under_it: Vec<AppointmentId> = slot.expected.iter().filter(has_come_to).cloned().collect();
    for id in under_it {
        change(clinic, &id, AppointmentState::Booked);
    }
}

fn place(clinic: &mut Clinic, id: &AppointmentId, appointment: Appointment) {
    let (slot, sequence) = (appointment.slot.clone(), appointment.sequence);
    clinic.appointments.insert(id.clone(), appointment);
    count(clinic, id, None);
    if let Some(slot) = clinic.slots.get_mut(&slot) {
        slot.issued = sequence;
    }
}

fn change(clinic: &mut Clinic, id: &AppointmentId, to: AppointmentState) {
    change_under(clinic, id, to, None);
}

/// With a limit of its own in place of the slot's, if there is one.
fn change_under(clinic: &mut Clinic, id: &AppointmentId, to: AppointmentState, come_until: Option<Timestamp>) {
    let Some(appointment) = clinic.appointments.get_mut(id) else { return };
    let before = Stands::of(appointment);
    let is_turned = before.state.takes_place() != to.takes_place();
    appointment.changes = appointment.changes.saturating_add(u32::from(is_turned));
    appointment.state = to;
    appointment.come_until = come_until;
    count(clinic, id, Some(before));
}

/// What the counts and deadlines rest on.
#[derive(Clone, Copy)]
struct Stands {
    state: AppointmentState,
    come_until: Option<Timestamp>,
    is_under_slot_limit: bool,
}

impl Stands {
    fn of(appointment: &Appointment) -> Self {
        let Appointment { state, come_until, .. } = *appointment;
        Self { state, come_until, is_under_slot_limit: appointment.is_under_slot_limit() }
    }

    /// The deadline that is the appointment's alone.
    fn deadline(self, id: &AppointmentId) -> Option<(Timestamp, Deadline)> {
        match self.state {
            AppointmentState::Held { expires_at } => Some((expires_at, Deadline::Hold(id.clone()))),
            _ => self.come_until.map(|at| (at, Deadline::ComeAgain(id.clone()))),
        }
    }
}

/// Keeps the slot's counts and the deadlines in step with one appointment's change.
fn count(clinic: &mut Clinic, id: &AppointmentId, before: Option<Stands>) {
    let Some(appointment) = clinic.appointments.get(id) else { return };
    let now = Stands::of(appointment);
    if let Some(passed) = before.and_then(|before| before.deadline(id)) {
        clinic.deadlines.remove(&passed);
    }
    clinic.deadlines.extend(now.deadline(id));
    let Some(slot) = clinic.slots.get_mut(&appointment.slot) else { return };
    let took = before.is_some_and(|before| before.state.takes_place());
    slot.taken = slot.taken + u32::from(now.state.takes_place()) - u32::from(took);
    if let Some(taken_by) = slot.taken_by.of_mut(appointment.channel) {
        *taken_by = *taken_by + u32::from(now.state.takes_place()) - u32::from(took);
    }
    if matches!(now.state, AppointmentState::Held { .. } | AppointmentState::Booked) {
        slot.expected.insert(id.clone());
    } else {
        slot.expected.remove(id);
    }
    let was_booked = slot.booked;
    let was_under_it = before.is_some_and(|before| before.is_under_slot_limit);
    slot.booked = slot.booked + u32::from(now.is_under_slot_limit) - u32::from(was_under_it);
    let deadline = || (slot.no_show_at, Deadline::NoShow(appointment.slot.clone()));
    match (was_booked, slot.booked) {
        (0, 1) => drop(clinic.deadlines.insert(deadline())),
        (1, 0) => drop(clinic.deadlines.remove(&deadline())),
        _ => {}
    }
}
