//! Decisions about sessions: define, retire, close, delay.

use crate::codes::{Code, Rejection};
use crate::ids::*;
use crate::owner::Context;
use crate::settings::BookingSettings;
use crate::time::{AHEAD_DAYS, Timestamp, Zone, minute_of_day};
use crate::vocabulary::{DefineSession, DefineSlot, FreezeSession};

use super::Decision;
use super::appointment::{EVENTS_AT_ONCE, first_remembered, not_seen};
use super::event::{Event, SlotDefined};
use super::state::*;
use super::stop::stopped;

/// Most slots of one session.
pub const SLOTS_MAX: usize = 200;
/// Most places of one slot.
pub const CAPACITY_MAX: u32 = 100_000;

/// A session with its slots, or what it is from now on: a slot may grow, shrink not below what is taken, and go only
/// while nobody is or was in it. The date stays. Defining the same again changes nothing. (Whether queue, doctor and
/// service point exist is the department's to check.)
pub fn decide_define_session(
    clinic: &Clinic,
    command: &DefineSession,
    context: &Context,
    settings: &BookingSettings,
    zone: Zone,
) -> Result<Decision, Rejection> {
    define(clinic, command, context, settings, zone, false)
}

/// The same also of one that is retired, which is open with that: of what the plan of the department has retired.
pub fn decide_put_back(
    clinic: &Clinic,
    command: &DefineSession,
    context: &Context,
    settings: &BookingSettings,
    zone: Zone,
) -> Result<Decision, Rejection> {
    define(clinic, command, context, settings, zone, true)
}

fn define(
    clinic: &Clinic,
    command: &DefineSession,
    context: &Context,
    settings: &BookingSettings,
    zone: Zone,
    puts_back: bool,
) -> Result<Decision, Rejection> {
    let id = &command.id;
    if !is_directly_under(id.as_str(), clinic.department.as_str()) || command.queue.department() != clinic.department {
        return Err(Code::IdNotUnderParent.into());
    }
    for (field, text) in [("period", &command.period), ("registration_class", &command.registration_class)] {
        if text.is_empty() {
            return Err(Rejection::field(field, "period and registration_class must be given"));
        }
    }
    let before = clinic.sessions.get(id);
    if let Some(before) = before {
        match before.standing {
            SessionStanding::Open => {}
            SessionStanding::Closed => return Err(Code::SessionClosed.into()),
            SessionStanding::Retired if puts_back => {}
            SessionStanding::Retired => return Err(Code::Retired.into()),
        }
        if before.date != command.date {
            return Err(Rejection::new(Code::AlreadyExists, "a session keeps its date; define another session"));
        }
    } else if command.date < zone.date(context.now) {
        return Err(Rejection::field("date", "the date is over"));
    } else if command.date > zone.date(context.now).plus_days(AHEAD_DAYS) {
        return Err(Rejection::field("date", "date is from today to a year ahead"));
    }
    let slots = slots(command, before.map_or(0, |s| i64::from(s.delay_min)), settings, zone)?;
    for defined in &slots {
        if let Some(slot) = clinic.slots.get(&defined.slot) {
            if defined.capacity < slot.taken {
                return Err(Rejection::field("slots", "a slot's capacity cannot be less than what is taken")
                    .with("slot", defined.slot.as_str())
                    .with("taken", slot.taken));
            }
            if slot.taken > 0 && slot.end != defined.end {
                return Err(Rejection::field("slots", "a slot that somebody is in keeps its length")
                    .with("slot", defined.slot.as_str()));
            }
        }
    }
    let gone = before.iter().flat_map(|s| &s.slots).filter(|old| !slots.iter().any(|new| new.slot == **old));
    for old in gone {
        let is_in_use = clinic.slots.get(old).is_some_and(|slot| slot.taken > 0 || slot.outside > 0);
        // Who was booked there is put back when it takes place after all.
        let is_stopped = |known: &Appointment| known.slot == *old && known.state == AppointmentState::Stopped;
        if is_in_use || clinic.is_stopped(old) && clinic.appointments.values().any(is_stopped) {
            return Err(
                Rejection::new(Code::NotSettled, "somebody is in a slot that would go").with("slot", old.as_str())
            );
        }
    }
    let mut events = forget(clinic, context.now, zone);
    let defined = Event::SessionDefined {
        session: id.clone(),
        date: command.date,
        period: command.period.clone(),
        queue: command.queue.clone(),
        doctor: command.doctor.clone(),
        service_point: command.service_point.clone(),
        registration_class: command.registration_class.clone(),
        fee_fen: command.fee_fen,
        high_demand: command.high_demand,
        released_at: command.released_at,
        slots,
    };
    let is_new =
        |session: &Session| session.standing != SessionStanding::Open || describe(clinic, id, session) != defined;
    if before.is_none_or(is_new) {
        events.push(defined);
    }
    Ok(Decision::done(events))
}

/// Whether the session is open and as the command says, whatever its limits for no-shows are.
pub fn is_session_as(clinic: &Clinic, command: &DefineSession, settings: &BookingSettings, zone: Zone) -> bool {
    let Some(session) = clinic.sessions.get(&command.id).filter(|is| is.standing == SessionStanding::Open) else {
        return false;
    };
    let is_alike = session.date == command.date
        && session.period == command.period
        && session.queue == command.queue
        && session.doctor == command.doctor
        && session.service_point == command.service_point
        && session.registration_class == command.registration_class
        && session.fee_fen == command.fee_fen
        && session.high_demand == command.high_demand
        && session.released_at == command.released_at;
    let Ok(slots) = slots(command, 0, settings, zone) else { return false };
    let is_slot = |(id, defined): (&SlotId, &SlotDefined)| {
        let known = clinic.slots.get(id).map(|slot| (slot.start, slot.end, slot.capacity));
        *id == defined.slot && known == Some((defined.start, defined.end, defined.capacity))
    };
    is_alike && session.slots.len() == slots.len() && session.slots.iter().zip(&slots).all(is_slot)
}

/// Whether somebody is in a session, or was stopped there and is put back when it takes place after all.
pub fn is_somebody_in(clinic: &Clinic, id: &SessionId) -> bool {
    let Some(session) = clinic.sessions.get(id) else { return false };
    let in_use = |slot: &SlotId| clinic.slots.get(slot).is_some_and(|slot| slot.taken > 0 || slot.outside > 0);
    let is_put_back =
        |known: &Appointment| known.state == AppointmentState::Stopped && session.slots.contains(&known.slot);
    session.slots.iter().any(in_use) || session.stopped.is_some() && clinic.appointments.values().any(is_put_back)
}

/// It takes no new patients of their own accord, or does so again. Rejects `invalid_field` without a reason,
/// `session_closed`. Saying the same again changes nothing.
pub fn decide_freeze(clinic: &Clinic, command: &FreezeSession) -> Result<Decision, Rejection> {
    let session = clinic.sessions.get(&command.session).ok_or(Code::Forbidden)?;
    if session.standing != SessionStanding::Open {
        return Err(Code::SessionClosed.into());
    }
    if command.reason.trim().is_empty() {
        return Err(Rejection::field("reason", "a reason is given"));
    }
    let is_so = match &session.frozen {
        Some(reason) => command.frozen && *reason == command.reason,
        None => !command.frozen,
    };
    let (session, frozen, reason) = (command.session.clone(), command.frozen, command.reason.clone());
    let changed = (!is_so).then_some(Event::SessionFrozen { session, frozen, by_plan: false, reason });
    Ok(Decision::done(changed.into_iter().collect()))
}

/// No more of a session; only while nobody is held, booked or checked in.
pub fn decide_retire_session(clinic: &Clinic, id: &SessionId) -> Result<Decision, Rejection> {
    let session = clinic.sessions.get(id).ok_or(Code::Forbidden)?;
    if session.standing == SessionStanding::Retired {
        return Ok(Decision::done(Vec::new()));
    }
    let in_use = |slot: &&SlotId| clinic.slots.get(*slot).is_some_and(|s| s.taken > 0 || s.outside > 0);
    if let Some(slot) = session.slots.iter().find(in_use) {
        return Err(Rejection::new(Code::NotSettled, "somebody is booked in this session").with("slot", slot.as_str()));
    }
    Ok(Decision::done(vec![Event::SessionRetired { session: id.clone() }]))
}

/// Who is held or booked for a slot of the session that is not over yet (announced delay included), or may come again:
/// still to come.
fn to_come<'a>(clinic: &'a Clinic, id: &SessionId, now: Timestamp) -> Vec<&'a AppointmentId> {
    let Some(session) = clinic.sessions.get(id) else { return Vec::new() };
    let slots = session.slots.iter().filter_map(|slot| clinic.slots.get(slot));
    let comes_again = |id: &AppointmentId| {
        clinic.appointments.get(id).and_then(|known| known.come_until).is_some_and(|until| now < until)
    };
    let expected = slots.flat_map(|slot| {
        let is_running = now < slot.end.plus_min(i64::from(session.delay_min));
        slot.expected.iter().filter(move |id| is_running || comes_again(id))
    });
    expected.collect()
}

/// The desk closes a session (its tickets are the floor's to settle). Who is booked for a slot that is not over yet is
/// still to come: `not_settled`. Who is booked for one that is over is a no-show with the closing; where they are too many
/// for one command, the rest at their own limit, by [`super::decide_deadline`].
pub fn decide_close_session(clinic: &Clinic, id: &SessionId, context: &Context) -> Result<Decision, Rejection> {
    let session = clinic.sessions.get(id).ok_or(Code::Forbidden)?;
    if session.standing != SessionStanding::Open {
        return Err(Code::SessionClosed.into());
    }
    let to_come = to_come(clinic, id, context.now);
    if !to_come.is_empty() {
        return Err(not_settled(&to_come));
    }
    let slots = session.slots.iter().filter_map(|slot| clinic.slots.get(slot));
    let expected = slots.flat_map(|slot| &slot.expected).filter_map(|id| Some((id, clinic.appointments.get(id)?)));
    let over = expected.take(EVENTS_AT_ONCE).map(|(id, known)| match known.state {
        AppointmentState::Held { .. } => {
            Event::HoldExpired { appointment: id.clone(), patient: known.brief.patient.clone() }
        }
        _ if clinic.is_stopped(&known.slot) => stopped(id, known),
        _ => not_seen(id, known),
    });
    let mut events: Vec<Event> = over.collect();
    events.push(Event::SessionClosed { session: id.clone() });
    Ok(Decision::done(events))
}

/// Says how many are to come, and which.
fn not_settled(to_come: &[&AppointmentId]) -> Rejection {
    let named: Vec<String> = to_come.iter().map(|id| id.to_string()).collect();
    Rejection::new(Code::NotSettled, "booked patients are still to come: cancel or wait")
        .with("to_come", u32::try_from(to_come.len()).unwrap_or(u32::MAX))
        .with("appointments", named)
}

/// The announced delay is `minutes` in all (0 takes it back); it moves every limit that a patient stands under.
pub fn decide_delay(
    clinic: &Clinic,
    id: &SessionId,
    minutes: u32,
    settings: &BookingSettings,
) -> Result<Decision, Rejection> {
    let session = clinic.sessions.get(id).ok_or(Code::Forbidden)?;
    if session.standing != SessionStanding::Open {
        return Err(Code::SessionClosed.into());
    }
    if minutes > 24 * 60 {
        return Err(Rejection::field("minutes", "a delay is at most a day"));
    }
    if session.delay_min == minutes {
        return Ok(Decision::done(Vec::new()));
    }
    let slots = || session.slots.iter().filter_map(|slot| Some((slot, clinic.slots.get(slot)?)));
    let last_end = slots().map(|(_, slot)| slot.end).max().unwrap_or_default();
    let no_show_at =
        slots().map(|(id, slot)| (id.clone(), no_show_at(slot.end, last_end, i64::from(minutes), settings))).collect();
    Ok(Decision::done(vec![Event::SessionDelayed { session: id.clone(), minutes, no_show_at }]))
}

/// When somebody who has not come is a no-show: at the end of the period, or at the end of the slot + grace.
fn no_show_at(end: Timestamp, last_end: Timestamp, delay_min: i64, settings: &BookingSettings) -> Timestamp {
    settings.no_show_grace_min.map_or(last_end, |grace| end.plus_min(grace.max(0))).plus_min(delay_min)
}

/// Reads the slots of the command: wall-clock times into moments, in order, not overlapping, within the day.
fn slots(
    command: &DefineSession,
    delay_min: i64,
    settings: &BookingSettings,
    zone: Zone,
) -> Result<Vec<SlotDefined>, Rejection> {
    let mut slots: Vec<SlotDefined> = Vec::with_capacity(command.slots.len());
    for (slot, (start_min, end_min)) in command.slots.iter().zip(wall_slots(&command.slots)?) {
        let (start, end) = (zone.at_minute(command.date, start_min), zone.at_minute(command.date, end_min));
        if start >= end {
            return Err(Rejection::field("slots", "that time does not exist on that day: the clocks go forward"));
        }
        slots.push(SlotDefined {
            slot: SlotId::from(format!("{}.{:02}{:02}", command.id, start_min / 60, start_min % 60)),
            start,
            end,
            capacity: slot.capacity,
            no_show_at: Timestamp(0),
        });
    }
    let last_end = slots.last().map_or(Timestamp(0), |slot| slot.end);
    for slot in &mut slots {
        slot.no_show_at = no_show_at(slot.end, last_end, delay_min, settings);
    }
    Ok(slots)
}

/// Start and end of each slot as minutes after midnight: in order, not overlapping, within the day.
pub(crate) fn wall_slots(slots: &[DefineSlot]) -> Result<Vec<(u32, u32)>, Rejection> {
    if slots.is_empty() || slots.len() > SLOTS_MAX {
        return Err(Rejection::field("slots", "a session has 1 to 200 slots"));
    }
    let mut previous_end_min = 0;
    let read = slots.iter().map(|slot| {
        let (start_min, end_min) =
            minutes_of_day(slot).ok_or_else(|| Rejection::field("slots", "a slot is HH:MM and 1 to 720 minutes"))?;
        if start_min < previous_end_min {
            return Err(
                Rejection::field("slots", "slots are in order and do not overlap").with("slot", slot.start.clone())
            );
        }
        if slot.capacity > CAPACITY_MAX {
            return Err(Rejection::field("slots", "a slot has at most 100000 places"));
        }
        previous_end_min = end_min;
        Ok((start_min, end_min))
    });
    read.collect()
}

/// Start and end of a slot as minutes after midnight; the end may be midnight (24:00).
fn minutes_of_day(slot: &DefineSlot) -> Option<(u32, u32)> {
    let start = minute_of_day(&slot.start)?;
    let fits = (1..=720).contains(&slot.minutes) && start + slot.minutes <= 24 * 60;
    fits.then(|| (start, start + slot.minutes))
}

/// What the session is now, as the event that would define it.
fn describe(clinic: &Clinic, id: &SessionId, session: &Session) -> Event {
    let slots = session.slots.iter().filter_map(|slot_id| {
        let slot = clinic.slots.get(slot_id)?;
        Some(SlotDefined {
            slot: slot_id.clone(),
            start: slot.start,
            end: slot.end,
            capacity: slot.capacity,
            no_show_at: slot.no_show_at,
        })
    });
    Event::SessionDefined {
        session: id.clone(),
        date: session.date,
        period: session.period.clone(),
        queue: session.queue.clone(),
        doctor: session.doctor.clone(),
        service_point: session.service_point.clone(),
        registration_class: session.registration_class.clone(),
        fee_fen: session.fee_fen,
        high_demand: session.high_demand,
        released_at: session.released_at,
        slots: slots.collect(),
    }
}

/// Days that nobody may ask for any more go when a new session comes: no timer is needed for it, because ids of such
/// days are answered by their date alone.
fn forget(clinic: &Clinic, now: Timestamp, zone: Zone) -> Vec<Event> {
    let before = first_remembered(clinic, now, zone);
    let old = clinic.sessions.values().any(|session| session.date < before);
    if old { vec![Event::DaysForgotten { before }] } else { Vec::new() }
}
