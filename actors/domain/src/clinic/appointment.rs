//! Decisions about places: hold, book, confirm, cancel, expire, no-show. The patient's owner has reserved before it
//! asks here; it asks again until it is answered, so every request is total: it is done, or refused on the record.

use chrono::NaiveTime;

use crate::codes::{Code, Rejection};
use crate::ids::*;
use crate::owner::Context;
use crate::person::PatientBrief;
use crate::principal::Role;
use crate::settings::BookingSettings;
use crate::time::{BusinessDate, Timestamp, Zone};
use crate::vocabulary::{Answer, AppointmentEnd, Channel};

use super::again::{has_place, instead_of};
use super::channel::given_back;
use super::event::{Event, Standing};
use super::state::*;
use super::stop::{go_on, stopped};
use super::{Decision, REMEMBERED_DAYS};

/// Records that one passing of deadlines makes at most; what is left is decided by the next passing.
pub(super) const EVENTS_AT_ONCE: usize = 1000;

impl Clinic {
    /// Whether the slot would take one more by that channel at `now`: step 0 of a booking, read before anything is reserved. A slot that has
    /// ended takes nobody, whatever delay is announced: who bought it would pass those who wait in later ones. The
    /// rejection (`slot_full` names the session's next slot that is free for the channel, and the channel where only what is
    /// kept for others is left) leaves nothing behind.
    pub fn place_free(&self, slot_id: &SlotId, channel: Channel, now: Timestamp, zone: Zone) -> Result<(), Rejection> {
        let (slot, session) = self.takes_anybody(slot_id, channel, now, zone)?;
        let is_over = |slot: &Slot| now >= slot.end;
        if slot.free_for(channel) == 0 {
            let is_free = |id: &&SlotId| self.slots.get(*id).is_some_and(|s| s.free_for(channel) > 0 && !is_over(s));
            let next = session.slots.iter().find(|id| is_free(id) && !self.is_stopped(id));
            let full = match slot.free() {
                0 => Rejection::from(Code::SlotFull),
                _ => Rejection::new(Code::SlotFull, "what is left is kept for others").with("channel", channel.name()),
            };
            return Err(match next {
                Some(next) => full.with("next_free", next.as_str()),
                None => full,
            });
        }
        Ok(())
    }

    /// Whether the slot would take anybody by that channel, if there is a place.
    pub(super) fn takes_anybody(
        &self,
        slot_id: &SlotId,
        channel: Channel,
        now: Timestamp,
        zone: Zone,
    ) -> Result<(&Slot, &Session), Rejection> {
        let (Some(slot), Some(session)) = (self.slots.get(slot_id), self.session_of(slot_id)) else {
            return Err(Code::Forbidden.into());
        };
        if !self.takes_place(session, slot_id, slot, now) {
            return Err(Code::SlotClosed.into());
        }
        if session.frozen_by_plan {
            return Err(Rejection::new(Code::SlotClosed, "the session is to go by the plan").with("frozen", "by_plan"));
        }
        if self.released_at(session, channel, zone).is_some_and(|released_at| now < released_at) {
            return Err(Code::SlotClosed.into());
        }
        Ok((slot, session))
    }

    /// Whether a slot of that session takes place and is not over.
    pub(super) fn takes_place(&self, session: &Session, id: &SlotId, slot: &Slot, now: Timestamp) -> bool {
        session.standing == SessionStanding::Open && now < slot.end && !self.is_stopped(id)
    }
}

/// A place asked for by the patient's owner, idempotent by appointment id: a hold, or hold and confirm in one.
/// `number` gives the next number of the session's queue and day; it is called only when the place becomes a booking
/// and the settings give numbers then.
#[allow(clippy::too_many_arguments)]
pub fn decide_request_place(
    clinic: &Clinic,
    appointment: &AppointmentId,
    slot_id: &SlotId,
    brief: &PatientBrief,
    confirm: bool,
    channel: Channel,
    context: &Context,
    settings: &BookingSettings,
    zone: Zone,
    number: impl FnOnce(&Session) -> String,
) -> Result<Decision, Rejection> {
    if let Some(known) = repeat(clinic, appointment, &brief.patient, context, zone) {
        let first = clinic.appointments.get(appointment).map(|known| first_answer(clinic, appointment, known));
        return known.map(|decision| Decision { answer: first.unwrap_or(decision.answer), ..decision });
    }
    let Some(session) = clinic.session_of(slot_id).filter(|s| appointment.date() == Some(s.date)) else {
        return Ok(decide_refuse(appointment, &brief.patient, Code::Forbidden.into()));
    };
    if let Err(rejection) = clinic.place_free(slot_id, channel, context.now, zone) {
        return Ok(decide_refuse(appointment, &brief.patient, rejection));
    }
    if session.frozen.is_some() && channel != Channel::Desk {
        let frozen = Rejection::new(Code::SlotClosed, "the session is frozen").with("frozen", "by_hand");
        return Ok(decide_refuse(appointment, &brief.patient, frozen));
    }
    let slot = clinic.slots.get(slot_id).expect("invariant: place_free answers only for a known slot");
    let (appointment, brief, sequence) = (appointment.clone(), brief.clone(), slot.issued + 1);
    if confirm {
        let number = settings.number_at_booking.then(|| number(session));
        let answer =
            Answer::Booked { appointment: appointment.clone(), number: number.clone(), slot_start: slot.start };
        let (slot_start, at, slot) = (slot.start, context.now, slot_id.clone());
        let booked = Event::PlaceBooked { appointment, slot, brief, channel, sequence, number, slot_start, at };
        return Ok(Decision { events: vec![booked], answer });
    }
    let expires_at = context.now.plus_s(settings.hold_ttl_s).min(slot.end);
    let answer = Answer::Held { appointment: appointment.clone(), expires_at };
    let held = Event::PlaceHeld { appointment, slot: slot_id.clone(), brief, channel, sequence, expires_at };
    Ok(Decision { events: vec![held], answer })
}

/// The hold becomes the booking. One moment after its end it does not any more, deadline handled or not.
pub fn decide_confirm(
    clinic: &Clinic,
    id: &AppointmentId,
    patient: &PatientId,
    context: &Context,
    settings: &BookingSettings,
    zone: Zone,
    number: impl FnOnce(&Session) -> String,
) -> Result<Decision, Rejection> {
    if let Some(known) = clinic.appointments.get(id)
        && known.brief.patient == *patient
        && let AppointmentState::Held { expires_at } = known.state
        && context.now < expires_at
        && !clinic.is_stopped(&known.slot)
        && let (Some(slot), Some(session)) = (clinic.slots.get(&known.slot), clinic.session_of(&known.slot))
    {
        let number = settings.number_at_booking.then(|| number(session));
        let answer = Answer::Booked { appointment: id.clone(), number: number.clone(), slot_start: slot.start };
        let confirmed = Event::AppointmentConfirmed {
            appointment: id.clone(),
            patient: patient.clone(),
            number,
            slot_start: slot.start,
            at: context.now,
        };
        return Ok(Decision { events: vec![confirmed], answer });
    }
    // A hold that was confirmed once is answered so again, wherever it stands by now.
    let is_confirmed = |known: &&Appointment| known.held_until.is_some() && known.booked_at.is_some();
    let confirmed = clinic.appointments.get(id).filter(is_confirmed);
    match repeat(clinic, id, patient, context, zone) {
        Some(again) => again.map(|decision| Decision {
            answer: confirmed.map_or(decision.answer, |known| as_booked(clinic, id, known)),
            ..decision
        }),
        None => Ok(decide_refuse(id, patient, Code::HoldExpired.into())),
    }
}

/// The hold gets its time once more, but does not outlive its slot. Once; rejects `already_prolonged`, `hold_expired`,
/// `slot_closed` (the slot ends with the hold), `wrong_appointment_state`.
pub fn decide_prolong(
    clinic: &Clinic,
    id: &AppointmentId,
    now: Timestamp,
    settings: &BookingSettings,
) -> Result<Decision, Rejection> {
    let known = clinic.appointments.get(id).ok_or(Code::Forbidden)?;
    let held_until = match known.state {
        AppointmentState::Held { .. } if clinic.is_stopped(&known.slot) => return Err(Code::SlotClosed.into()),
        AppointmentState::Held { expires_at } if now < expires_at => expires_at,
        AppointmentState::Held { .. } | AppointmentState::Expired => return Err(Code::HoldExpired.into()),
        state => return Err(Rejection::from(Code::WrongAppointmentState).with("state", state.name())),
    };
    if known.prolonged {
        return Err(Code::AlreadyProlonged.into());
    }
    let over_at = clinic.slots.get(&known.slot).map_or(held_until, |slot| slot.end);
    let expires_at = held_until.plus_s(settings.hold_ttl_s).min(over_at);
    if expires_at <= held_until {
        return Err(Code::SlotClosed.into());
    }
    let (appointment, patient) = (id.clone(), known.brief.patient.clone());
    let answer = Answer::Held { appointment: appointment.clone(), expires_at };
    Ok(Decision { events: vec![Event::HoldProlonged { appointment, patient, expires_at }], answer })
}

/// What became of the request with this id? If nothing is known of it, it is refused now, so that a late request with
/// that id fails: with `timed_out`, because the place itself may be free. Whoever asks again by the same key while the
/// patient's owner has not heard of it yet is told so, and the next time the command is decided anew.
pub fn decide_ask_place(
    clinic: &Clinic,
    id: &AppointmentId,
    patient: &PatientId,
    context: &Context,
    zone: Zone,
) -> Result<Decision, Rejection> {
    let decision = match repeat(clinic, id, patient, context, zone) {
        Some(known) => known?,
        None => decide_refuse(id, patient, Code::TimedOut.into()),
    };
    Ok(Decision::done(decision.events))
}

/// Cancels in time, gives back after the cut-off (`cancel_until_min` on the previous day), or lets go of a hold. A
/// booking made after the cut-off may be undone for a while as if in time. After the slot's end (announced delay
/// included) only the desk gives back. Cancelling again changes nothing.
pub fn decide_cancel(
    clinic: &Clinic,
    id: &AppointmentId,
    reason: Option<&str>,
    context: &Context,
    settings: &BookingSettings,
    zone: Zone,
) -> Result<Decision, Rejection> {
    let known = clinic.appointments.get(id).ok_or(Code::Forbidden)?;
    let told = |code: Code| {
        let (appointment, patient) = (id.clone(), known.brief.patient.clone());
        let standing = match known.state {
            AppointmentState::Booked | AppointmentState::CheckedIn => Standing::Kept,
            _ => standing(clinic, known),
        };
        let events = vec![Event::StandingRepeated { appointment, patient, standing }];
        Decision { events, answer: Answer::Refused(code.into()) }
    };
    match known.state {
        AppointmentState::Held { .. } | AppointmentState::Booked => {
            let end = end(clinic, id, known, reason, context.now, settings, zone)?;
            let slot = clinic.slots.get(&known.slot);
            let is_over = slot.is_some_and(|slot| context.now >= slot.end.plus_min(clinic.delay_min(&known.slot)));
            if matches!(end, Event::AppointmentGivenBack { .. }) && is_over && context.principal.role != Role::Desk {
                return Ok(told(Code::CancelCutOff));
            }
            Ok(Decision::done(vec![end]))
        }
        AppointmentState::Cancelled
        | AppointmentState::GivenBack
        | AppointmentState::Expired
        | AppointmentState::Stopped => Ok(Decision { answer: Answer::Done, ..told(Code::WrongAppointmentState) }),
        AppointmentState::CheckedIn
        | AppointmentState::Fulfilled
        | AppointmentState::NoShow
        | AppointmentState::GivenUp => Ok(told(Code::WrongAppointmentState)),
    }
}

/// Another place of the patient stands instead of this one: it ends whatever the time, unless the patient has come under
/// its number, and is told so. Total, as every request of the patient's owner.
pub fn decide_replace(
    clinic: &Clinic,
    id: &AppointmentId,
    patient: &PatientId,
    context: &Context,
    settings: &BookingSettings,
    zone: Zone,
) -> Result<Decision, Rejection> {
    let known = clinic.appointments.get(id).filter(|known| known.brief.patient == *patient);
    match known.map(|known| (known, known.state)) {
        Some((known, AppointmentState::Held { .. } | AppointmentState::Booked)) => {
            Ok(Decision::done(vec![end(clinic, id, known, Some("replaced"), context.now, settings, zone)?]))
        }
        Some((_, AppointmentState::CheckedIn)) => decide_cancel(clinic, id, None, context, settings, zone),
        _ => decide_ask_place(clinic, id, patient, context, zone),
    }
}

/// The end of a hold or booking by somebody's wish: cancelled in time, given back after the cut-off. A booking made after
/// it counts as in time for a while.
fn end(
    clinic: &Clinic,
    id: &AppointmentId,
    known: &Appointment,
    reason: Option<&str>,
    now: Timestamp,
    settings: &BookingSettings,
    zone: Zone,
) -> Result<Event, Rejection> {
    if clinic.is_stopped(&known.slot) {
        return Ok(stopped(id, known));
    }
    let (appointment, patient, reason) = (id.clone(), known.brief.patient.clone(), reason.map(str::to_owned));
    let in_time = match known.state {
        AppointmentState::Booked => {
            clinic.session_of(&known.slot).ok_or(Code::Internal)?;
            cancel_until(clinic, known, settings, zone).is_some_and(|until| now < until)
        }
        _ => true,
    };
    Ok(match in_time {
        true => Event::AppointmentCancelled { appointment, patient, reason },
        false => Event::AppointmentGivenBack { appointment, patient, reason },
    })
}

/// Whether it was a booking and was cancelled or stopped; a hold that was let go was none.
pub fn may_be_restored(known: &Appointment) -> bool {
    use AppointmentState::{Cancelled, GivenBack, Stopped};
    matches!(known.state, Cancelled | GivenBack | Stopped) && known.booked_at.is_some()
}

/// Undoes a cancellation: booked again with the place in the slot's order and the number that it had, which nobody else
/// is ever given (I2). Rejects what a new booking of that slot would be rejected with (`slot_full` when the place is
/// taken meanwhile, `slot_closed`), `limit_department_day` when the patient has booked again for that day, and
/// `wrong_appointment_state` for what was not a booking. A place that is kept back since (`is_kept`) is there for it.
pub fn decide_restore(
    clinic: &Clinic,
    id: &AppointmentId,
    reason: &str,
    context: &Context,
    zone: Zone,
    is_kept: bool,
) -> Result<Decision, Rejection> {
    let known = clinic.appointments.get(id).ok_or(Code::Forbidden)?;
    if !may_be_restored(known) {
        return Err(Rejection::from(Code::WrongAppointmentState).with("state", known.state.name()));
    }
    has_place(clinic, known, is_kept, context.now, zone)?;
    let slot = clinic.slots.get(&known.slot).ok_or(Code::Internal)?;
    if let Some(other) = instead_of(clinic, known) {
        return Err(Rejection::from(Code::LimitDepartmentDay).with("appointment", other.as_str()));
    }
    let answer = Answer::Booked { appointment: id.clone(), number: known.number.clone(), slot_start: slot.start };
    let restored = Event::AppointmentRestored { appointment: id.clone(), reason: reason.to_owned() };
    Ok(Decision { events: vec![restored], answer })
}

/// What the passed deadlines come to: holds expire, whoever is booked and has not come is a no-show. Nobody who has
/// checked in is ever touched here.
pub fn decide_deadline(clinic: &Clinic, context: &Context) -> Decision {
    let no_show = |(id, known)| not_seen(id, known);
    // What of a place that is back goes to who waits is decided with it: a hold counts for three.
    let (mut events, mut more) = (Vec::new(), 0);
    for deadline in clinic.overdue(context.now) {
        match deadline {
            Deadline::Hold(id) => {
                if let Some(known) = clinic.appointments.get(id).filter(|known| !clinic.is_followed(&known.slot)) {
                    events.push(Event::HoldExpired { appointment: id.clone(), patient: known.brief.patient.clone() });
                    more += 2;
                }
            }
            Deadline::NoShow(slot) if clinic.is_followed(slot) => {}
            Deadline::NoShow(slot) => {
                let expected = clinic.slots.get(slot).into_iter().flat_map(|s| &s.expected);
                let booked = expected.filter_map(|id| Some((id, clinic.appointments.get(id)?)));
                events.extend(booked.filter(|(_, known)| known.is_under_slot_limit()).map(no_show));
            }
            Deadline::ComeAgain(id) => {
                let known = clinic.appointments.get_key_value(id);
                events.extend(known.filter(|(_, known)| !clinic.is_followed(&known.slot)).map(no_show));
            }
            Deadline::Follows(session) => events.extend(go_on(clinic, session, context.now)),
            Deadline::GiveBack(slot, channel) => events.push(given_back(slot, *channel)),
            Deadline::Over(session) => {
                events.push(Event::SessionOver { session: session.clone(), at: context.now });
            }
        }
        if events.len() + more >= EVENTS_AT_ONCE {
            break;
        }
    }
    events.truncate(EVENTS_AT_ONCE);
    Decision::done(events)
}

/// What becomes of somebody booked who has not checked in by the limit. Who came and was sent to another department first
/// is no no-show.
pub(super) fn not_seen(id: &AppointmentId, known: &Appointment) -> Event {
    let (appointment, patient) = (id.clone(), known.brief.patient.clone());
    match &known.sent_to {
        Some(to) => Event::AppointmentGivenBack { appointment, patient, reason: Some(format!("sent to {to}")) },
        None => Event::NoShowRecorded { appointment, patient },
    }
}

/// A visit from outside counts in a slot: never refused, whatever the capacity. A slot that is not known here counts
/// nothing.
pub fn decide_outside_place(clinic: &Clinic, slot: &SlotId) -> Decision {
    let placed = clinic.slots.get(slot).map(|s| Event::OutsidePlaced { slot: slot.clone(), sequence: s.issued + 1 });
    Decision::done(placed.into_iter().collect())
}

/// A visit from outside counts in that slot no longer.
pub fn decide_outside_gone(clinic: &Clinic, slot: &SlotId) -> Decision {
    let counted = clinic.slots.get(slot).is_some_and(|s| s.outside > 0);
    Decision::done(counted.then(|| Event::OutsideGone { slot: slot.clone() }).into_iter().collect())
}

/// What the request for this appointment was answered when it first came: a repeat gets the same, whatever became of it.
fn first_answer(clinic: &Clinic, id: &AppointmentId, known: &Appointment) -> Answer {
    match known.held_until {
        Some(expires_at) => Answer::Held { appointment: id.clone(), expires_at },
        None => as_booked(clinic, id, known),
    }
}

/// What the booking was answered.
fn as_booked(clinic: &Clinic, id: &AppointmentId, known: &Appointment) -> Answer {
    let slot_start = clinic.slots.get(&known.slot).map_or(Timestamp(0), |slot| slot.start);
    Answer::Booked { appointment: id.clone(), number: known.number.clone(), slot_start }
}

/// What the id is known as, told again; none when it is new here.
fn repeat(
    clinic: &Clinic,
    id: &AppointmentId,
    patient: &PatientId,
    context: &Context,
    zone: Zone,
) -> Option<Result<Decision, Rejection>> {
    let (appointment, patient) = (id.clone(), patient.clone());
    if let Some(known) = clinic.appointments.get(id) {
        if known.brief.patient != patient {
            return Some(Err(Code::Forbidden.into()));
        }
        if let AppointmentState::Held { expires_at } = known.state
            && (expires_at <= context.now || clinic.is_stopped(&known.slot))
        {
            let events = vec![Event::HoldExpired { appointment, patient }];
            return Some(Ok(Decision { events, answer: Answer::Refused(Code::HoldExpired.into()) }));
        }
        let standing = standing(clinic, known);
        let answer = match &standing {
            Standing::Held { expires_at } => Answer::Held { appointment: appointment.clone(), expires_at: *expires_at },
            Standing::Booked { number, slot_start } => {
                Answer::Booked { appointment: appointment.clone(), number: number.clone(), slot_start: *slot_start }
            }
            Standing::Ended { how: AppointmentEnd::Expired } => Answer::Refused(Code::HoldExpired.into()),
            Standing::Ended { .. } | Standing::Kept => Answer::Refused(Code::WrongAppointmentState.into()),
        };
        let events = vec![Event::StandingRepeated { appointment, patient, standing }];
        return Some(Ok(Decision { events, answer }));
    }
    let code = clinic.refused.get(id).copied().or_else(|| {
        let day = id.date().filter(|_| id.prefix(2) == clinic.department.as_str());
        let forgotten = day.is_none_or(|day| is_forgotten(clinic, day, context.now, zone));
        forgotten.then_some(Code::SlotClosed)
    })?;
    let standing = Standing::Ended { how: AppointmentEnd::Refused };
    let events = vec![Event::StandingRepeated { appointment, patient, standing }];
    Some(Ok(Decision { events, answer: Answer::Refused(code.into()) }))
}

/// The first business day whose ids are still known.
pub(super) fn first_remembered(clinic: &Clinic, now: Timestamp, zone: Zone) -> BusinessDate {
    let by_clock = zone.date(now).plus_days(-REMEMBERED_DAYS);
    clinic.forgotten_before.map_or(by_clock, |before| before.max(by_clock))
}

/// Whether the ids of that business day are no longer known.
pub fn is_forgotten(clinic: &Clinic, day: BusinessDate, now: Timestamp, zone: Zone) -> bool {
    day < first_remembered(clinic, now, zone)
}

/// This id gets no place, now or later.
pub fn decide_refuse(id: &AppointmentId, patient: &PatientId, rejection: Rejection) -> Decision {
    let refused = Event::PlaceRefused { appointment: id.clone(), patient: patient.clone(), code: rejection.code };
    Decision { events: vec![refused], answer: Answer::Refused(rejection) }
}

fn standing(clinic: &Clinic, known: &Appointment) -> Standing {
    let ended = |how| Standing::Ended { how };
    match known.state {
        AppointmentState::Held { expires_at } => Standing::Held { expires_at },
        AppointmentState::Booked | AppointmentState::CheckedIn => Standing::Booked {
            number: known.number.clone(),
            slot_start: clinic.slots.get(&known.slot).map_or(Timestamp(0), |slot| slot.start),
        },
        AppointmentState::Fulfilled => ended(AppointmentEnd::Fulfilled),
        AppointmentState::Cancelled => ended(AppointmentEnd::Cancelled),
        AppointmentState::GivenBack => ended(AppointmentEnd::GivenBack),
        AppointmentState::NoShow => ended(AppointmentEnd::NoShow),
        AppointmentState::Expired => ended(AppointmentEnd::Expired),
        AppointmentState::GivenUp => ended(AppointmentEnd::GivenUp),
        AppointmentState::Stopped => ended(AppointmentEnd::Stopped),
    }
}

/// Until when a booking is cancelled as if in time: the cut-off of the previous day; of one made after it, for a while more,
/// which ends with its slot (announced delay included): who did not come has nothing to undo. None for what is not booked.
pub fn cancel_until(clinic: &Clinic, known: &Appointment, settings: &BookingSettings, zone: Zone) -> Option<Timestamp> {
    let (slot, session) = clinic.slots.get(&known.slot).zip(clinic.session_of(&known.slot))?;
    let cut_off = cut_off(session.date, settings, zone);
    let over = slot.end.plus_min(i64::from(session.delay_min));
    let late = known.booked_at.filter(|at| *at >= cut_off);
    let late = late.map(|at| at.plus_min(settings.late_booking_undo_min).min(over));
    (known.state == AppointmentState::Booked).then(|| late.unwrap_or(cut_off))
}

/// Until when a booking for that day is cancelled in time: a wall-clock time of the day before.
fn cut_off(date: BusinessDate, settings: &BookingSettings, zone: Zone) -> Timestamp {
    let minutes = settings.cancel_until_min.clamp(0, 24 * 60 - 1) as u32;
    let time = NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0).unwrap_or(NaiveTime::MIN);
    zone.moment(date.plus_days(-1), time)
}
