//! Arrival: who may check in when, and how an appointment ends by being seen.

use crate::codes::{Code, Rejection};
use crate::ids::*;
use crate::person::PatientBrief;
use crate::settings::BookingSettings;
use crate::time::{BusinessDate, Timestamp, Zone};

use super::event::Event;
use super::state::*;
use super::stop::stopped;
use super::{COME_AGAIN_MIN, Decision};

/// Somebody with an appointment who may check in now, with all that the floor needs for the ticket.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// The appointment.
    pub appointment: AppointmentId,
    /// Who.
    pub brief: PatientBrief,
    /// The session.
    pub session: SessionId,
    /// The session's business day: the ticket's, also after midnight.
    pub date: BusinessDate,
    /// Where the ticket waits.
    pub queue: QueueId,
    /// The slot.
    pub slot: SlotId,
    /// Its begin.
    pub slot_start: Timestamp,
    /// Issue sequence within the slot.
    pub sequence: u32,
    /// The number given at booking, if one was.
    pub number: Option<String>,
    /// After the slot's end + announced delay: the ticket goes to the late line.
    pub late: bool,
}

/// Whether the appointment may check in at `now`: on its day, from `check_in_opens_min` before the slot, until the end of
/// the period (or the slot's grace), announced delay included, or as long as an undone check-in has given.
pub fn check_in_eligible(
    clinic: &Clinic,
    id: &AppointmentId,
    now: Timestamp,
    settings: &BookingSettings,
    zone: Zone,
) -> Result<Arrival, Rejection> {
    match clinic.appointments.get(id) {
        Some(known) if known.state == AppointmentState::NoShow => Err(Code::CheckInTooLate.into()),
        _ => came(clinic, id, now, settings, zone),
    }
}

/// As [`check_in_eligible`], also of somebody who has been recorded as a no-show since.
fn came(
    clinic: &Clinic,
    id: &AppointmentId,
    now: Timestamp,
    settings: &BookingSettings,
    zone: Zone,
) -> Result<Arrival, Rejection> {
    let known = clinic.appointments.get(id).ok_or(Code::Forbidden)?;
    let (Some(slot), Some(session)) = (clinic.slots.get(&known.slot), clinic.session_of(&known.slot)) else {
        return Err(Code::Forbidden.into());
    };
    match known.state {
        AppointmentState::Booked | AppointmentState::NoShow => {}
        AppointmentState::Stopped => return Err(Code::SessionClosed.into()),
        _ => {
            return Err(Rejection::from(Code::WrongAppointmentState).with("state", known.state.name()));
        }
    }
    if session.standing != SessionStanding::Open || clinic.is_stopped(&known.slot) {
        return Err(Code::SessionClosed.into());
    }
    let opens_at = opens_at(slot, session, settings, zone);
    if now < opens_at {
        return Err(Rejection::from(Code::CheckInTooEarly).with("not_before", zone.rfc3339(opens_at)));
    }
    if now >= known.come_until.unwrap_or(slot.no_show_at) {
        return Err(Code::CheckInTooLate.into());
    }
    Ok(Arrival {
        appointment: id.clone(),
        brief: known.brief.clone(),
        session: known.slot.session(),
        date: session.date,
        queue: session.queue.clone(),
        slot: known.slot.clone(),
        slot_start: slot.start,
        sequence: known.sequence,
        number: known.number.clone(),
        late: now > slot.end.plus_min(i64::from(session.delay_min)),
    })
}

/// From when an appointment may check in; none where it is not known, or no longer booked.
pub fn check_in_from(clinic: &Clinic, id: &AppointmentId, settings: &BookingSettings, zone: Zone) -> Option<Timestamp> {
    let known = clinic.appointments.get(id).filter(|known| known.state == AppointmentState::Booked)?;
    Some(opens_at(clinic.slots.get(&known.slot)?, clinic.session_of(&known.slot)?, settings, zone))
}

/// So long before the slot, on the session's own day.
fn opens_at(slot: &Slot, session: &Session, settings: &BookingSettings, zone: Zone) -> Timestamp {
    let day = zone.moment(session.date, chrono::NaiveTime::MIN);
    slot.start.plus_min(-settings.check_in_opens_min).max(day)
}

/// The patient has come (the same checks as [`check_in_eligible`]).
pub fn decide_check_in(
    clinic: &Clinic,
    id: &AppointmentId,
    now: Timestamp,
    settings: &BookingSettings,
    zone: Zone,
) -> Result<(Arrival, Decision), Rejection> {
    let arrival = check_in_eligible(clinic, id, now, settings, zone)?;
    Ok((arrival, Decision::done(vec![Event::AppointmentCheckedIn { appointment: id.clone() }])))
}

/// The patient came at `came_at`, and it is said now: whoever was there in time is no no-show, whatever has been recorded
/// since.
pub fn decide_check_in_of_then(
    clinic: &Clinic,
    id: &AppointmentId,
    came_at: Timestamp,
    settings: &BookingSettings,
    zone: Zone,
) -> Result<(Arrival, Decision), Rejection> {
    let arrival = came(clinic, id, came_at, settings, zone)?;
    let is_no_show = clinic.appointments.get(id).is_some_and(|known| known.state == AppointmentState::NoShow);
    let reason = format!("came at {}", zone.rfc3339(came_at));
    let corrected = is_no_show.then(|| Event::NoShowCorrected { appointment: id.clone(), reason, booked: true });
    let checked_in = Event::AppointmentCheckedIn { appointment: id.clone() };
    Ok((arrival, Decision::done(corrected.into_iter().chain([checked_in]).collect())))
}

/// How an appointment's ticket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketFate {
    /// Checked in, and not ended.
    Here,
    /// Seen, or gone on in another department.
    Seen,
    /// Given up, or settled without having been seen.
    GivenUp,
    /// The check-in was undone.
    Undone {
        /// When.
        at: Timestamp,
    },
    /// Given back to the department that it came from (a ticket of no appointment here).
    GivenBack,
}

/// From check-in on an appointment follows its ticket, wherever that goes. Total: one that follows already, or was over
/// before check-in, stays as it is. Booked again it may come until its slot's limit, and for [`COME_AGAIN_MIN`] at least.
pub fn decide_follow_ticket(clinic: &Clinic, id: &AppointmentId, ticket: TicketFate) -> Decision {
    let Some(known) = clinic.appointments.get(id) else { return Decision::done(Vec::new()) };
    let (appointment, patient) = (id.clone(), known.brief.patient.clone());
    use AppointmentState::{CheckedIn, Fulfilled, GivenUp};
    let event = match (known.state, ticket) {
        (Fulfilled | GivenUp, TicketFate::Here) => Event::AppointmentReopened { appointment },
        (CheckedIn | GivenUp, TicketFate::Seen) => Event::AppointmentFulfilled { appointment, patient },
        (CheckedIn | Fulfilled, TicketFate::GivenUp) => Event::AppointmentGivenUp { appointment },
        (CheckedIn | Fulfilled | GivenUp, TicketFate::Undone { .. }) if clinic.is_stopped(&known.slot) => {
            Event::AppointmentStopped { appointment, patient }
        }
        (CheckedIn | Fulfilled | GivenUp, TicketFate::Undone { at }) => {
            let until = at.plus_min(COME_AGAIN_MIN);
            let is_later = clinic.slots.get(&known.slot).is_some_and(|slot| slot.no_show_at < until);
            Event::CheckInUndone { appointment, come_until: is_later.then_some(until) }
        }
        _ => return Decision::done(Vec::new()),
    };
    Decision::done(vec![event])
}

/// It was no no-show. While the patient may still come (the limit was moved since) it is booked again, else given back.
/// Rejects `wrong_appointment_state`.
pub fn decide_correct_no_show(
    clinic: &Clinic,
    id: &AppointmentId,
    reason: &str,
    now: Timestamp,
) -> Result<Decision, Rejection> {
    let known = clinic.appointments.get(id).ok_or(Code::Forbidden)?;
    if known.state != AppointmentState::NoShow {
        return Err(Rejection::from(Code::WrongAppointmentState).with("state", known.state.name()));
    }
    let open = clinic.session_of(&known.slot).is_some_and(|session| session.standing == SessionStanding::Open);
    let may_come = clinic.slots.get(&known.slot).is_some_and(|slot| now < slot.no_show_at);
    if clinic.is_stopped(&known.slot) {
        return Ok(Decision::done(vec![stopped(id, known)]));
    }
    let (appointment, reason) = (id.clone(), reason.to_owned());
    Ok(Decision::done(vec![Event::NoShowCorrected { appointment, reason, booked: open && may_come }]))
}
