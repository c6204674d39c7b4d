//! What a calendar shows of an appointment. Calendars are kept in others' clouds and shared: nothing of who the patient is
//! stands there, and of a department that hides its name from screens neither that name nor whatever tells it.

use super::{Config, State, paying};
use crate::clinic::{AppointmentState, Session, cancel_until, check_in_from};
use crate::ids::AppointmentId;
use crate::time::{Timestamp, Zone};
use crate::vocabulary::Language;
use crate::{Code, Rejection};

/// Why an appointment does not take place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// It was cancelled or given back.
    Cancelled,
    /// 停诊.
    Stopped,
}

/// An appointment as a calendar shows it, in the language of who reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Begin of the slot, by the announced delay.
    pub start: Timestamp,
    /// End of the slot, by the announced delay.
    pub end: Timestamp,
    /// The announced delay, in minutes.
    pub delay_min: u32,
    /// Grows with every change of it that a calendar has to show (`SEQUENCE`).
    pub sequence: u32,
    /// None: it takes place, or did.
    pub off: Option<Off>,
    /// By the name that the department's screens bear; empty: they bear none that may be told.
    pub department: String,
    /// Whose it is: the doctor, else the queue; empty where the department hides what it is.
    pub whose: String,
    /// Where, if known beforehand and not hidden.
    pub room: String,
    /// The number, if given at booking.
    pub number: Option<String>,
    /// From when the patient can check in, while they are to come.
    pub check_in_from: Option<Timestamp>,
    /// Until when it is cancelled in time, while they are to come.
    pub cancel_until: Option<Timestamp>,
    /// There is a fee that comes back then: it is wanted here, or was paid.
    pub has_fee: bool,
}

/// The name in that language; in Chinese where there is none in English.
pub fn named<'a>(language: Language, name: &'a str, name_en: &'a str) -> &'a str {
    if language == Language::En && !name_en.is_empty() { name_en } else { name }
}

/// The appointment as a calendar shows it.
///
/// # Errors
/// `wrong_appointment_state` for what never was a booking (a hold, or one that was let go), `slot_closed` for an ended one
/// whose slot is gone, `forbidden` for one that is not known.
pub fn entry(state: &State, id: &AppointmentId, language: Language, zone: Zone) -> Result<Entry, Rejection> {
    let (clinic, config) = (&state.clinic, &state.config);
    let known = clinic.appointments.get(id).ok_or(Code::Forbidden)?;
    if known.booked_at.is_none() {
        return Err(Rejection::from(Code::WrongAppointmentState).with("state", known.state.name()));
    }
    let (slot, session) = clinic.slots.get(&known.slot).zip(clinic.session_of(&known.slot)).ok_or(Code::SlotClosed)?;
    let off = match known.state {
        AppointmentState::Stopped => Some(Off::Stopped),
        state => (!state.takes_place()).then_some(Off::Cancelled),
    };
    let definition = config.definition.as_ref();
    let neutral = definition.and_then(|definition| definition.neutral_name.as_deref());
    let open = definition.filter(|_| !config.is_discreet());
    let department = neutral.or_else(|| Some(named(language, &open?.name, &open?.name_en))).unwrap_or_default();
    let (whose, room) = open.map(|_| whose_and_where(config, session, language)).unwrap_or_default();
    let delay_min = i64::from(session.delay_min);
    Ok(Entry {
        start: slot.start.plus_min(delay_min),
        end: slot.end.plus_min(delay_min),
        delay_min: session.delay_min,
        sequence: session.changes.saturating_add(known.changes),
        off,
        department: department.to_owned(),
        whose: whose.to_owned(),
        room: room.to_owned(),
        number: known.number.clone(),
        check_in_from: check_in_from(clinic, id, &config.settings.booking, zone),
        has_fee: paying::due_fen(state, id).is_some() || state.payments.paid(id).is_some(),
        cancel_until: cancel_until(clinic, known, &config.settings.booking, zone),
    })
}

/// The doctor's name, else the queue's, and the room's.
fn whose_and_where<'a>(config: &'a Config, session: &Session, language: Language) -> (&'a str, &'a str) {
    let by_id = |id: &str, name: &'a str| named(language, name, config.name_en(id));
    let doctor = session.doctor.as_ref().and_then(|id| config.doctors.get(id));
    let doctor = doctor.map(|doctor| by_id(doctor.is.id.as_str(), &doctor.is.name));
    let queue = || config.queues.get(&session.queue).map(|queue| by_id(queue.is.id.as_str(), &queue.is.name));
    let point = session.service_point.as_ref().and_then(|id| config.service_points.get(id));
    let room = point.map(|point| named(language, &point.is.name, &point.is.name_en));
    (doctor.or_else(queue).unwrap_or_default(), room.unwrap_or_default())
}
