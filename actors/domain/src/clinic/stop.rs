//! 停诊: from a moment on a session does not take place. Who is booked there is no no-show, and is put back when it does take
//! place after all. What is too much for one command follows by [`super::decide_deadline`].

use std::collections::{BTreeMap, BTreeSet};

use crate::codes::{Code, Rejection};
use crate::ids::*;
use crate::owner::Context;
use crate::time::Timestamp;
use crate::vocabulary::StopSession;

use super::Decision;
use super::channel::Places;
use super::event::Event;
use super::state::*;

/// So many appointments are stopped or put back by one record: each is told to its person with it.
const STOPPED_AT_ONCE: usize = 500;

impl Clinic {
    /// Whether a slot does not take place.
    pub fn is_stopped(&self, slot: &SlotId) -> bool {
        let from = self.session_of(slot).and_then(|session| Some(session.stopped.as_ref()?.from));
        from.is_some_and(|from| self.slots.get(slot).is_some_and(|slot| from <= slot.start))
    }

    /// Whether what a stop or its end comes to for people in that slot is decided by the next passing of deadlines.
    pub(super) fn is_followed(&self, slot: &SlotId) -> bool {
        self.session_of(slot).is_some_and(|session| session.follows.is_some())
    }
}

/// From when on; nothing is decided again for who is stopped already. Rejects `invalid_field` for a moment outside the
/// session or later than what stands (it takes place before that only if it is resumed), `session_closed`.
pub fn decide_stop(clinic: &Clinic, command: &StopSession, context: &Context) -> Result<Decision, Rejection> {
    let (id, now) = (&command.session, context.now);
    let session = clinic.sessions.get(id).ok_or(Code::Forbidden)?;
    if session.standing != SessionStanding::Open {
        return Err(Code::SessionClosed.into());
    }
    if command.reason.trim().is_empty() {
        return Err(Rejection::field("reason", "a reason is given"));
    }
    let slots = || session.slots.iter().filter_map(|slot| clinic.slots.get(slot));
    let begins = slots().map(|slot| slot.start).min();
    let ends = slots().map(|slot| slot.end).max();
    let from = match command.from {
        Some(from) => from,
        None => {
            let is_to_come = |slot: &&Slot| now < slot.end.plus_min(i64::from(session.delay_min));
            let next = slots().filter(is_to_come).map(|slot| slot.start).min().ok_or(Code::SessionClosed)?;
            session.stopped.as_ref().map_or(next, |stop| stop.from.min(next))
        }
    };
    if begins.is_none_or(|begins| from < begins) || ends.is_none_or(|ends| from >= ends) {
        return Err(Rejection::field("from", "a moment of the session"));
    }
    match &session.stopped {
        Some(stop) if stop.from < from => {
            return Err(Rejection::field("from", "it is stopped from earlier: resume it first"));
        }
        Some(stop) if stop.from == from => return Ok(Decision::done(Vec::new())),
        _ => {}
    }
    let mut part = to_stop(clinic, session, from);
    let more = part.len() > STOPPED_AT_ONCE;
    part.truncate(STOPPED_AT_ONCE);
    let (session, reason, to) = (id.clone(), command.reason.clone(), command.to.clone());
    let mut events = vec![Event::SessionStopped { session, from, reason, to, at: now, more }];
    events.extend(part.into_iter().map(|(id, known)| stopped(id, known)));
    Ok(Decision::done(events))
}

/// It takes place after all: whoever was stopped is booked again as they were, where the slot still has a place and they
/// have taken no other of that day here.
pub fn decide_resume(clinic: &Clinic, id: &SessionId, context: &Context) -> Result<Decision, Rejection> {
    let session = clinic.sessions.get(id).ok_or(Code::Forbidden)?;
    if session.standing != SessionStanding::Open {
        return Err(Code::SessionClosed.into());
    }
    if session.stopped.is_none() {
        return Ok(Decision::done(Vec::new()));
    }
    let (resumed, back) = put_back(clinic, id, session, None, context.now);
    Ok(Decision::done(std::iter::once(resumed).chain(back).collect()))
}

/// The next part. What says that it was the last stands behind it: if it is cut off, it comes again.
pub(super) fn go_on(clinic: &Clinic, id: &SessionId, now: Timestamp) -> Vec<Event> {
    let Some(session) = clinic.sessions.get(id) else { return Vec::new() };
    match &session.stopped {
        Some(stop) => {
            let part = to_stop(clinic, session, stop.from);
            let mut events: Vec<Event> =
                part.iter().take(STOPPED_AT_ONCE - 1).map(|(id, known)| stopped(id, known)).collect();
            if part.len() < STOPPED_AT_ONCE {
                let (from, reason, to) = (stop.from, stop.reason.clone(), stop.to.clone());
                events.push(Event::SessionStopped { session: id.clone(), from, reason, to, at: now, more: false });
            }
            events
        }
        None => {
            let after = session.follows.as_ref().and_then(|follows| follows.after.as_ref());
            let (resumed, back) = put_back(clinic, id, session, after, now);
            back.into_iter().chain([resumed]).collect()
        }
    }
}

/// Whoever is to come in a slot from then on, and whoever has been recorded as not having come.
fn to_stop<'a>(clinic: &'a Clinic, session: &'a Session, from: Timestamp) -> Vec<(&'a AppointmentId, &'a Appointment)> {
    let slots = session.slots.iter().filter_map(|id| Some((id, clinic.slots.get(id)?)));
    let slots: BTreeMap<&SlotId, &Slot> = slots.filter(|(_, slot)| from <= slot.start).collect();
    let of_slots = clinic.appointments.iter().filter(|(_, known)| slots.contains_key(&known.slot));
    use AppointmentState::{Booked, Held, NoShow};
    of_slots.filter(|(_, known)| matches!(known.state, Held { .. } | Booked | NoShow)).collect()
}

/// What becomes of somebody in a slot that does not take place: a hold ends, a booking is stopped.
pub(super) fn stopped(id: &AppointmentId, known: &Appointment) -> Event {
    let (appointment, patient) = (id.clone(), known.brief.patient.clone());
    match known.state {
        AppointmentState::Held { .. } => Event::HoldExpired { appointment, patient },
        _ => Event::AppointmentStopped { appointment, patient },
    }
}

/// The next part of who is put back, by time and then by the order in which they booked, and the word how far it goes.
fn put_back(
    clinic: &Clinic,
    id: &SessionId,
    session: &Session,
    after: Option<&AppointmentId>,
    now: Timestamp,
) -> (Event, Vec<Event>) {
    let of_session = |(_, known): &(&AppointmentId, &Appointment)| {
        known.state == AppointmentState::Stopped && known.slot.session() == *id
    };
    let mut stopped: Vec<_> = clinic.appointments.iter().filter(of_session).collect();
    let order = |known: &Appointment| (clinic.slots.get(&known.slot).map(|slot| slot.start), known.sequence);
    stopped.sort_by_key(|(id, known)| (order(known), (*id).clone()));
    let last = after.and_then(|id| Some((order(clinic.appointments.get(id)?), id)));
    let behind = stopped.iter().filter(|(id, known)| last.is_none_or(|last| (order(known), *id) > last));
    let mut part: Vec<_> = behind.take(STOPPED_AT_ONCE).collect();
    let more = part.len() == STOPPED_AT_ONCE && session.standing == SessionStanding::Open;
    part.truncate(STOPPED_AT_ONCE - 1);
    if session.standing != SessionStanding::Open {
        part.clear();
    }
    let mut elsewhere = with_another(clinic, session, part.iter().map(|(_, known)| &known.brief.patient));
    let mut places: BTreeMap<&SlotId, Places> = BTreeMap::new();
    let mut back = Vec::new();
    for (appointment, known) in &part {
        let Some(slot) = clinic.slots.get(&known.slot).filter(|slot| now < slot.end) else { continue };
        let left = places.entry(&known.slot).or_insert_with(|| Places::of(slot));
        if left.free_for(known.channel) > 0 && elsewhere.insert(&known.brief.patient) {
            left.take(known.channel);
            let reason = "resumed".to_owned();
            back.push(Event::AppointmentRestored { appointment: (*appointment).clone(), reason });
        }
    }
    let after = part.last().filter(|_| more).map(|(id, _)| (*id).clone());
    (Event::SessionResumed { session: id.clone(), at: now, after }, back)
}

/// Of these patients those who have another place of that day here: they have chosen.
fn with_another<'a>(
    clinic: &'a Clinic,
    session: &Session,
    patients: impl Iterator<Item = &'a PatientId>,
) -> BTreeSet<&'a PatientId> {
    use AppointmentState::{Booked, CheckedIn, Fulfilled, Held};
    let patients: BTreeSet<&PatientId> = patients.collect();
    let others = clinic.appointments.values().filter(|other| {
        matches!(other.state, Held { .. } | Booked | CheckedIn | Fulfilled)
            && patients.contains(&other.brief.patient)
            && clinic.session_of(&other.slot).is_some_and(|of| of.date == session.date)
    });
    others.map(|other| &other.brief.patient).collect()
}
