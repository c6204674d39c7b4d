//! What people at home are told: of their clinic everybody who is booked there and has not come, and of their own booking
//! what somebody else than their own phone has done to it. A notice of an appointment
//! is one of the ticket that it will be, so that the check-in ends it, or what the ticket is told takes its place. How the
//! person is told is decided there, as of every notice ([`crate::patient`]).

use std::collections::{BTreeMap, BTreeSet};

use super::emit;
use super::event::Event;
use super::notices::{NotReached, Told, department_name, leave};
use super::state::{Floor, Ticket};
use crate::clinic::{self, AppointmentState, SessionStanding};
use crate::department::{self, Department, State};
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::principal::Role;
use crate::reach::{About, waits_until};
use crate::time::Timestamp;
use crate::vocabulary::{Channel, ClinicNews, NoticeDue};
use crate::waitlist::{self, Offered};

/// So many are told by one decision; the others follow at once.
pub const TOLD_AT_ONCE: usize = 500;

/// Of how many people at home it is known what came of a notice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToldCount {
    /// They are told, or will be in the morning.
    pub told: u32,
    /// They have it, or the desk has told them.
    pub reached: u32,
    /// Nothing has reached them.
    pub not_reached: u32,
    /// They are not told before this.
    pub not_before: Option<Timestamp>,
    /// Whom nothing has told of what was done to their own booking. Counted in nothing else.
    pub of_bookings_not_reached: u32,
}

/// By session of a queue, where anybody is told of it.
pub fn counts(state: &State, queue: &QueueId) -> BTreeMap<SessionId, ToldCount> {
    let mut counts: BTreeMap<SessionId, ToldCount> = BTreeMap::new();
    let all = state.floor.notices.told.values();
    for (told, about, clinic) in all.filter_map(|told| Some((told, told.about?, told.clinic.as_ref()?))) {
        let is_of_the_booking = about.is_of_the_booking();
        let is_counted = about.is_of_the_clinic() || is_of_the_booking && told.is_missed();
        if !is_counted {
            continue;
        }
        let session = clinic.slot.session();
        if state.clinic.sessions.get(&session).is_none_or(|session| session.queue != *queue) {
            continue;
        }
        let count = counts.entry(session).or_default();
        if is_of_the_booking {
            count.of_bookings_not_reached += 1;
            continue;
        }
        count.told += 1;
        count.reached += u32::from(told.reached || told.is_told_by_desk());
        count.not_reached += u32::from(told.is_missed());
        count.not_before = count.not_before.max(told.not_before);
    }
    counts
}

/// Of what somebody at home has not been told, if nothing has reached them.
pub fn not_reached(floor: &Floor, appointment: &AppointmentId) -> Option<NotReached> {
    let told = floor.notices.told.get(&appointment.ticket());
    told.filter(|told| told.clinic.is_some())?.not_reached()
}

/// What has reached nobody at home, nor has the desk told it, of the appointments of a session: under what it was told, and
/// of which appointment. Of one there may be two: its clinic's, and its money's.
pub fn all_not_reached<'a>(
    state: &'a State,
    session: &SessionId,
) -> impl Iterator<Item = (&'a TicketId, AppointmentId, NotReached)> {
    let at_home = state
        .floor
        .notices
        .told
        .iter()
        .filter(|(_, told)| told.clinic.as_ref().is_some_and(|clinic| clinic.slot.prefix(3) == session.as_str()));
    at_home.filter_map(|(ticket, told)| Some((ticket, ticket.told_of()?, told.not_reached()?)))
}

/// After a decision: a delay is told to everybody it is news to, also to who is to come only now or again; what was told to
/// somebody who is no longer to come is over; whose booking somebody of the hospital has made or cancelled is told of that.
/// What the own phone does is answered there, and read.
pub(crate) fn tell(draft: &mut Draft<'_, Department>, context: &Context) {
    let now = context.now;
    let is_staff = matches!(context.principal.role, Role::Desk | Role::Doctor | Role::Operator);
    let (mut sessions, mut offered) = (BTreeSet::new(), BTreeSet::new());
    let mut appointments: BTreeMap<AppointmentId, Option<About>> = BTreeMap::new();
    let mut touch = |id: &AppointmentId, done: Option<About>| {
        let known = appointments.entry(id.clone()).or_default();
        *known = done.or(*known);
    };
    for event in draft.events() {
        let event = match event {
            department::Event::Clinic(event) => event,
            department::Event::Waitlist(
                waitlist::Event::OfferAnswered { appointment, .. } | waitlist::Event::OfferEnded { appointment, .. },
            ) => {
                touch(appointment, None);
                offered.insert(appointment.clone());
                continue;
            }
            _ => continue,
        };
        match event {
            clinic::Event::SessionDelayed { session, .. } => {
                sessions.insert(session.clone());
            }
            clinic::Event::PlaceBooked { appointment, channel, .. } if is_of_hospital(*channel) => {
                touch(appointment, Some(About::Booked));
            }
            clinic::Event::AppointmentConfirmed { appointment, .. } => {
                let known = draft.state().clinic.appointments.get(appointment);
                touch(appointment, known.filter(|known| is_of_hospital(known.channel)).map(|_| About::Booked));
            }
            clinic::Event::AppointmentCancelled { appointment, .. }
            | clinic::Event::AppointmentGivenBack { appointment, .. } => {
                touch(appointment, is_staff.then_some(About::Cancelled));
            }
            clinic::Event::AppointmentRestored { appointment, .. } => {
                touch(appointment, is_staff.then_some(About::Booked));
            }
            clinic::Event::AppointmentStopped { appointment, .. }
            | clinic::Event::AppointmentSentElsewhere { appointment, .. }
            | clinic::Event::NoShowRecorded { appointment, .. }
            | clinic::Event::CheckInUndone { appointment, .. }
            | clinic::Event::NoShowCorrected { appointment, .. } => touch(appointment, None),
            _ => {}
        }
    }
    // Who takes an offered place, on the phone or by the desk, knows it, whoever had put them on the list.
    for (_, done) in appointments.iter_mut().filter(|(id, _)| offered.contains(*id)) {
        *done = done.filter(|done| *done != About::Booked);
    }
    let dues: Vec<_> = appointments.iter().filter_map(|(id, done)| due(draft.state(), id, *done, now)).collect();
    state_all(draft, dues);
    for session in sessions {
        tell_session(draft, session, now);
    }
}

/// Whether somebody of the hospital has booked, for a person who need not be looking at any page.
fn is_of_hospital(channel: Channel) -> bool {
    matches!(channel, Channel::Desk | Channel::Referral)
}

/// What says when the one person is expected, and holds until that changes.
fn is_of_own_time(about: About) -> bool {
    matches!(about, About::Booked | About::Reminder)
}

/// The next part of those that one decision could not tell.
pub(crate) fn go_on(draft: &mut Draft<'_, Department>, now: Timestamp) {
    let telling = &draft.state().floor.notices.telling;
    let sessions: Vec<_> = telling.iter().filter(|(_, at)| **at <= now).map(|(session, _)| session.clone()).collect();
    for session in sessions {
        tell_session(draft, session, now);
    }
}

/// When the next part is told.
pub(crate) fn next_deadline(floor: &Floor) -> Option<Timestamp> {
    floor.notices.telling.values().min().copied()
}

pub(super) fn goes_on(floor: &mut Floor, session: &SessionId, more: bool, at: Timestamp) {
    if more {
        floor.notices.telling.insert(session.clone(), at);
    } else {
        floor.notices.telling.remove(session);
    }
}

fn tell_session(draft: &mut Draft<'_, Department>, session: SessionId, now: Timestamp) {
    let state = draft.state();
    let slots = state.clinic.sessions.get(&session).into_iter().flat_map(|session| &session.slots);
    let expected = slots.filter_map(|slot| state.clinic.slots.get(slot)).flat_map(|slot| &slot.expected);
    let mut dues = expected.filter_map(|id| due(state, id, None, now));
    let part: Vec<_> = dues.by_ref().take(TOLD_AT_ONCE).collect();
    let more = dues.next().is_some();
    let was_more = state.floor.notices.telling.contains_key(&session);
    state_all(draft, part);
    if more || was_more {
        emit(draft, Event::TellingGoesOn { session, more, at: now });
    }
}

pub(super) fn state_all(draft: &mut Draft<'_, Department>, dues: Vec<NoticeDue>) {
    dues.into_iter().for_each(|due| leave(draft, due, false));
}

/// What there is to tell of an appointment beside what has been told: a delay with its minutes, that one is taken back which
/// the person may have heard of, or that what was told is over. Whose place was asked for since the delay was announced has
/// seen it then, and is told with the next announcement alone. `done`: what somebody of the hospital has just done to it, or
/// that whoever is to come is reminded.
pub(super) fn due(state: &State, id: &AppointmentId, done: Option<About>, now: Timestamp) -> Option<NoticeDue> {
    let ticket = id.ticket();
    // Whoever has come is told as the ticket.
    if state.floor.tickets.get(&ticket).is_some_and(Ticket::is_live) {
        return None;
    }
    let known = state.clinic.appointments.get(id)?;
    let (slot, session) = (state.clinic.slots.get(&known.slot)?, state.clinic.session_of(&known.slot)?);
    // What is left of a ticket whose check-in was undone tells nobody at home.
    let told = state.floor.notices.told.get(&ticket).filter(|told| told.clinic.is_some());
    let was_announced = known.sequence <= slot.issued_before_delay;
    let before = told.and_then(|told| Some((told.about?, told.clinic.as_ref()?.delay_min)));
    // Of an offered place nothing has been told but that.
    let told = told.filter(|told| told.about != Some(About::Offered));
    let heard_of_min = match told {
        Some(told) => {
            let heard = has_left(told, now).then(|| told.clinic.as_ref().map_or(0, |clinic| clinic.delay_min));
            // Who was told of a booking, and of no delay, has none to be taken back.
            heard.filter(|min| *min > 0 || told.about.is_some_and(About::is_of_the_clinic))
        }
        None => Some(session.delay_before_min).filter(|min| was_announced && *min > 0),
    };
    let (knows, delay_min) = (heard_of_min.is_some(), session.delay_min);
    // Whoever goes by a later time comes by that, unless the new one reaches them.
    let until = slot.end.plus_min(i64::from(delay_min.max(heard_of_min.unwrap_or(0))));
    let is_ahead = known.sent_to.is_none() && session.standing == SessionStanding::Open && now < until;
    let is_to_come = is_ahead && known.state == AppointmentState::Booked;
    let is_held = matches!(known.state, AppointmentState::Held { .. });
    let is_offered = is_held && state.waitlist.offers.get(id).is_some_and(Offered::is_open);
    let is_cancelled = matches!(known.state, AppointmentState::Cancelled | AppointmentState::GivenBack);
    let was_told = told.and_then(|told| told.about);
    // A booking that waits for the morning is told with the time that it has then.
    let is_unheard = told.is_some_and(|told| !has_left(told, now));
    let about = match (is_to_come, delay_min) {
        _ if is_ahead && is_offered => Some(About::Offered),
        (false, _) if is_ahead && known.state == AppointmentState::Stopped => Some(About::Stopped),
        (false, _) if is_ahead && is_cancelled && known.booked_at.is_some() => {
            // That it is off is no news to whom nobody has told yet that it is on.
            let is_new = was_told != Some(About::Booked) || !is_unheard;
            done.or(was_told).filter(|about| *about == About::Cancelled && is_new)
        }
        (false, _) => None,
        // A cancellation that is undone is a booking again; of a stop that is, it is told that the clinic takes place.
        (true, _) if was_told == Some(About::Cancelled) => Some(About::Booked),
        (true, _) if done == Some(About::Booked) && was_told != Some(About::Stopped) => Some(About::Booked),
        // Who knows of it by what was told of its time, or of whom the desk is to make sure, needs no reminder.
        (true, 0) if done == Some(About::Reminder) && !knows && !is_unheard && !told.is_some_and(Told::is_missed) => {
            done
        }
        (true, min)
            if was_told.is_some_and(is_of_own_time) && (is_unheard || before == was_told.map(|about| (about, min))) =>
        {
            was_told
        }
        (true, 0) => knows.then_some(About::AsPlanned),
        (true, _) => (told.is_some() || was_announced).then_some(About::Delayed),
    };
    if about.map(|about| (about, delay_min)) == before {
        return None;
    }
    // Who has heard that it is off knows of it, too: what is told now takes that back.
    let known_before = knows || was_told == Some(About::Cancelled) && !is_unheard;
    due_of(state, known, ticket, about, known_before, now)
}

/// What is told of an appointment and its clinic as they are now, to be numbered by whoever lets it go.
pub(super) fn due_of(
    state: &State,
    known: &clinic::Appointment,
    ticket: TicketId,
    about: Option<About>,
    known_before: bool,
    now: Timestamp,
) -> Option<NoticeDue> {
    let clinic = news(state, known, known_before)?;
    let (place, place_en) = department_name(state);
    Some(NoticeDue {
        ticket,
        n: 0,
        patient: known.brief.patient.clone(),
        about,
        call: None,
        date: state.config.today(now),
        number: known.number.clone().unwrap_or_default(),
        place,
        place_en,
        not_before: about.and_then(|about| waits_until(about, clinic.slot_start, now, state.config.zone())),
        at: now,
        clinic: Some(Box::new(clinic)),
    })
}

/// The clinic of an appointment, as it is told of.
fn news(state: &State, known: &clinic::Appointment, known_before: bool) -> Option<ClinicNews> {
    let (slot, session) = (state.clinic.slots.get(&known.slot)?, state.clinic.session_of(&known.slot)?);
    let doctor = session.doctor.as_ref().filter(|_| !state.config.is_discreet());
    let whose = doctor.and_then(|id| state.config.doctors.get(id));
    Some(ClinicNews {
        slot: known.slot.clone(),
        slot_start: slot.start,
        delay_min: session.delay_min,
        expected_at: slot.start.plus_min(i64::from(session.delay_min)),
        doctor: whose.map(|doctor| doctor.is.name.clone()).unwrap_or_default(),
        doctor_en: whose.map(|doctor| state.config.name_en(doctor.is.id.as_str()).to_owned()).unwrap_or_default(),
        known_before,
    })
}

/// Whether the person may have heard: of this notice, or of one that it took the place of.
fn has_left(told: &Told, now: Timestamp) -> bool {
    let Some(clinic) = &told.clinic else { return false };
    clinic.known_before || told.not_before.is_none_or(|at| at <= now)
}
