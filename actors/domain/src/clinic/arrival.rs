//! Arrival: who may check in when, and how an appointment ends by being seen.

use crate::codes::{Code, Rejection};
use crate::ids::*;
use crate::person::PatientBrief;
use crate::settings::BookingSettings;
use crate::time::{BusinessDate, Timestamp, Zone};

use super::Decision;
use super::event::Event;
use super::state::*;

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
/// the period (or the slot's grace), announced delay included.
pub fn check_in_eligible(
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
        AppointmentState::Booked => {}
        AppointmentState::NoShow => return Err(Code::CheckInTooLate.into()),
        _ => {
            return Err(Rejection::from(Code::WrongAppointmentState).with("state", known.state.name()));
        }
    }
    if session.standing != SessionStanding::Open {
        return Err(Code::SessionClosed.into());
    }
    let (today, opens_at) = (zone.date(now), slot.start.plus_min(-settings.check_in_opens_min));
    if today < session.date || now < opens_at {
        let not_before = if today < session.date { opens_at.max(day_start(session, zone)) } else { opens_at };
        return Err(Rejection::from(Code::CheckInTooEarly).with("not_before", zone.rfc3339(not_before)));
    }
    if now >= slot.no_show_at {
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

fn day_start(session: &Session, zone: Zone) -> Timestamp {
    zone.moment(session.date, chrono::NaiveTime::MIN)
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

/// The check-in was a mistake: booked again (and a no-show, when its limit has passed and the patient does not come).
pub fn decide_undo_check_in(clinic: &Clinic, id: &AppointmentId) -> Result<Decision, Rejection> {
    match clinic.appointments.get(id).ok_or(Code::Forbidden)?.state {
        AppointmentState::CheckedIn => Ok(Decision::done(vec![Event::CheckInUndone { appointment: id.clone() }])),
        state => Err(Rejection::from(Code::WrongAppointmentState).with("state", state.name())),
    }
}

/// Seen. Said again it changes nothing.
pub fn decide_fulfilled(clinic: &Clinic, id: &AppointmentId) -> Result<Decision, Rejection> {
    let known = clinic.appointments.get(id).ok_or(Code::Forbidden)?;
    match known.state {
        AppointmentState::CheckedIn => Ok(Decision::done(vec![Event::AppointmentFulfilled {
            appointment: id.clone(),
            patient: known.brief.patient.clone(),
        }])),
        AppointmentState::Fulfilled => Ok(Decision::done(Vec::new())),
        state => Err(Rejection::from(Code::WrongAppointmentState).with("state", state.name())),
    }
}
