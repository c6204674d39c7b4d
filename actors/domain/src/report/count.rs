//! What a ticket and an appointment count as, as they stand.

use std::collections::{BTreeMap, BTreeSet};

use super::attendance::{Attendance, Span};
use super::figures::{Figures, LONG_WAIT_MIN};
use super::rating::{self, Rated};
use super::table::Day;
use super::{KEPT_DAYS, Whose, end_of};
use crate::clinic::{Appointment, AppointmentState};
use crate::department::State;
use crate::floor::{Standing, StepKind, Ticket, TicketEnd};
use crate::ids::*;
use crate::time::{BusinessDate, Timestamp};

/// A cause of a long wait lies in it for at least so long, milliseconds.
const CAUSE_FROM_MS: i64 = 5 * 60 * 1000;

/// The days of a range by doctor, up to today: what is in the book, and what is still known as it stands.
pub fn days(state: &State, from: BusinessDate, to: BusinessDate, now: Timestamp) -> Vec<Day> {
    let to = to.min(state.config.today(now));
    let from = from.max(to.plus_days(-KEPT_DAYS));
    let is_asked = |date: BusinessDate| from <= date && date <= to;
    let mut days: BTreeMap<Whose, Figures> = BTreeMap::new();
    let mut add = |whose: Whose, figures: &Figures| {
        if is_asked(whose.0) {
            days.entry(whose).or_default().add(figures);
        }
    };
    let reports = &state.reports;
    for (date, of_day) in reports.book.iter().filter(|(date, _)| is_asked(**date)) {
        of_day.iter().for_each(|(doctor, figures)| add((*date, doctor.clone()), figures));
    }
    for (date, of_day) in reports.attendance.iter().filter(|(date, _)| is_asked(**date)) {
        let until = now.min(end_of(*date, state.config.zone()));
        of_day.iter().for_each(|(doctor, at_work)| add((*date, Some(doctor.clone())), &at_work.figures(until)));
    }
    let mut rated_until: BTreeMap<Whose, BusinessDate> = BTreeMap::new();
    let mut may_rate = |whose: Whose, until: BusinessDate| {
        rated_until.entry(whose).and_modify(|last| *last = until.max(*last)).or_insert(until);
    };
    for rated in reports.rated.values() {
        may_rate((rated.date, rated.doctor.clone()), rated.until);
        if let Some(rating) = &rated.rating {
            add((rated.date, rated.doctor.clone()), &Figures::of_rating(rating));
        }
    }
    let sessions = Crowds::of(state);
    for ticket in state.floor.tickets.values().filter(|ticket| is_asked(ticket.opened.date)) {
        if let Some((whose, mut figures)) = of_ticket(state, &sessions, ticket) {
            if let Some(rating) = reports.ratings.get(ticket.id()).filter(|_| figures.seen > 0) {
                figures.ratings.take(rating);
            }
            may_rate(whose.clone(), rating::until(state, &ticket.opened));
            add(whose, &figures);
        }
    }
    for appointment in state.clinic.appointments.values() {
        if let Some((whose, figures)) = of_appointment(state, appointment) {
            add(whose, &figures);
        }
    }
    let department = &state.config.id;
    let filled = days.into_iter().filter(|(_, figures)| !figures.is_empty());
    let day = |(whose, figures): (Whose, Figures)| {
        let rated_until = rated_until.get(&whose).copied();
        Day { department: department.clone(), date: whose.0, doctor: whose.1, figures, rated_until }
    };
    filled.map(day).collect()
}

/// The doctor whose session or queue it is; none: a pool's.
pub(super) fn doctor_of(state: &State, named: Option<&DoctorId>, queue: &QueueId) -> Option<DoctorId> {
    let only = || match state.config.queues.get(queue)?.is.doctors.as_slice() {
        [only] => Some(only),
        _ => None,
    };
    named.or_else(only).cloned()
}

/// Tickets that a tidying up to that day may forget, and as what they count; with whom may still rate one.
pub(super) fn old_tickets(state: &State, before: BusinessDate) -> Vec<(TicketId, Whose, Figures, Option<Rated>)> {
    let sessions = Crowds::of(state);
    let old = state.floor.tickets.values().filter(|ticket| !ticket.is_live() && ticket.opened.date < before);
    let counted = old.filter_map(|ticket| {
        let (whose, figures) = of_ticket(state, &sessions, ticket)?;
        let rated = (figures.seen > 0).then(|| Rated {
            patient: ticket.opened.brief.patient.clone(),
            date: whose.0,
            doctor: whose.1.clone(),
            until: rating::until(state, &ticket.opened),
            rating: None,
        });
        Some((ticket.id().clone(), whose, figures, rated))
    });
    counted.collect()
}

/// Appointments of days before that one, and as what they count.
pub(super) fn old_appointments(state: &State, before: BusinessDate) -> Vec<(AppointmentId, Whose, Figures)> {
    let old = state.clinic.appointments.iter().filter_map(|(id, appointment)| {
        let (whose, figures) = of_appointment(state, appointment)?;
        (whose.0 < before).then(|| (id.clone(), whose, figures))
    });
    old.collect()
}

/// Sessions in which more people came than there are places.
#[derive(Default)]
pub(super) struct Crowds<'a>(BTreeSet<&'a SessionId>);

impl<'a> Crowds<'a> {
    fn of(state: &'a State) -> Self {
        let mut came: BTreeMap<&SessionId, u32> = BTreeMap::new();
        for ticket in state.floor.tickets.values().filter(|ticket| has_come(ticket)) {
            if let Some(session) = &ticket.opened.session {
                *came.entry(session).or_default() += 1;
            }
        }
        let places = |session: &SessionId| -> Option<u32> {
            let slots = state.clinic.sessions.get(session)?.slots.iter();
            Some(slots.filter_map(|slot| state.clinic.slots.get(slot)).map(|slot| slot.capacity).sum())
        };
        let over = |(session, came): &(&SessionId, u32)| places(session).is_some_and(|places| *came > places);
        Self(came.into_iter().filter(over).map(|(session, _)| session).collect())
    }
}

/// Whose check-in was undone, or who was given back to another department, has not come here.
fn has_come(ticket: &Ticket) -> bool {
    !matches!(ticket.standing, Standing::Ended { how: TicketEnd::Undone | TicketEnd::GivenBack, .. })
}

pub(super) fn of_ticket(state: &State, crowds: &Crowds<'_>, ticket: &Ticket) -> Option<(Whose, Figures)> {
    if !has_come(ticket) {
        return None;
    }
    let opened = &ticket.opened;
    let mut figures = Figures { came: 1, walk_ins: u32::from(opened.walk_in), ..Figures::default() };
    match &ticket.standing {
        Standing::Ended { how, .. } => match how {
            TicketEnd::Seen => figures.seen = 1,
            TicketEnd::Cancelled => figures.left = 1,
            TicketEnd::Transferred => figures.transferred = 1,
            TicketEnd::ReturnDay => figures.return_day = 1,
            TicketEnd::Refund => figures.refunded = 1,
            TicketEnd::Undone | TicketEnd::GivenBack => {}
        },
        _ => figures.open = 1,
    }
    let calls = Calls::of(ticket);
    (figures.missed, figures.tests) = (calls.missed, calls.tests);
    let session = opened.session.as_ref().and_then(|session| state.clinic.sessions.get(session));
    let named = calls.doctor.or(session.and_then(|session| session.doctor.as_ref()));
    let doctor = doctor_of(state, named, &opened.queue);
    if let Some(wait) = calls.wait(ticket) {
        figures.waits.take(wait.within_ms(wait));
        let at_work = doctor.as_ref().and_then(|doctor| state.reports.attendance.get(&opened.date)?.get(doctor));
        let is_crowded = opened.session.as_ref().is_some_and(|session| crowds.0.contains(session));
        causes(&mut figures, wait, at_work, ticket, is_crowded);
    }
    Some(((opened.date, doctor), figures))
}

/// Why a long wait was long.
fn causes(figures: &mut Figures, wait: Span, at_work: Option<&Attendance>, ticket: &Ticket, is_crowded: bool) {
    if figures.waits.quantile_min(100).is_none_or(|min| min <= LONG_WAIT_MIN) {
        return;
    }
    let lay_in = |spans: &[Span]| spans.iter().map(|span| span.within_ms(wait)).sum::<i64>() >= CAUSE_FROM_MS;
    let long = &mut figures.long;
    long.count = 1;
    long.late_start = u32::from(at_work.is_some_and(|at_work| lay_in(&at_work.late)));
    long.paused = u32::from(at_work.is_some_and(|at_work| lay_in(&at_work.paused)));
    long.inserted = u32::from(ticket.place.as_ref().is_some_and(|place| place.passed > 0));
    long.over_planned = u32::from(is_crowded);
    let known = long.late_start + long.paused + long.inserted + long.over_planned;
    long.other = u32::from(known == 0);
}

/// What a ticket's steps say of its calls. What was undone has not been.
#[derive(Default)]
struct Calls<'a> {
    missed: u32,
    tests: u32,
    /// Since when it has waited.
    came_at: Option<Timestamp>,
    /// The first call that was none by mistake.
    called_at: Option<Timestamp>,
    /// Who called it last.
    doctor: Option<&'a DoctorId>,
}

impl<'a> Calls<'a> {
    fn of(ticket: &'a Ticket) -> Self {
        let mut calls = Self::default();
        for step in ticket.steps.iter().filter(|step| !step.undone) {
            let call = step.before.as_ref().and_then(|before| before.standing.call());
            match step.what {
                StepKind::CheckedIn | StepKind::Registered | StepKind::Received => {
                    (calls.came_at, calls.called_at, calls.doctor) = (Some(step.at), None, None);
                }
                StepKind::Called => {
                    calls.called_at.get_or_insert(step.at);
                }
                StepKind::Returned => calls.called_at = None,
                StepKind::Missed => calls.missed += 1,
                StepKind::SentForTests => calls.tests += 1,
                _ => {}
            }
            if let Some(call) = call.filter(|_| step.what != StepKind::Returned) {
                calls.doctor = Some(&call.doctor);
            }
        }
        calls.doctor = ticket.standing.call().map(|call| &call.doctor).or(calls.doctor);
        calls
    }

    /// From check-in, or from the slot's start if that was later and the patient had an appointment, to the call.
    fn wait(&self, ticket: &Ticket) -> Option<Span> {
        let opened = &ticket.opened;
        let slot = opened.slot_start.filter(|_| !opened.walk_in && opened.linked_from.is_none());
        let came = self.came_at?;
        Some(Span { from: slot.map_or(came, |slot| slot.max(came)), to: self.called_at? })
    }
}

pub(super) fn of_appointment(state: &State, appointment: &Appointment) -> Option<(Whose, Figures)> {
    let mut figures = Figures { booked: 1, ..Figures::default() };
    match appointment.state {
        AppointmentState::Booked
        | AppointmentState::CheckedIn
        | AppointmentState::Fulfilled
        | AppointmentState::GivenUp => {}
        AppointmentState::NoShow => figures.no_shows = 1,
        // A hold that was let go was no booking.
        AppointmentState::Cancelled if appointment.booked_at.is_some() => figures.cancelled = 1,
        AppointmentState::GivenBack => figures.given_back = 1,
        // Nor is what the hospital has stopped, which nobody could keep.
        AppointmentState::Held { .. }
        | AppointmentState::Cancelled
        | AppointmentState::Expired
        | AppointmentState::Stopped => return None,
    }
    let session = state.clinic.session_of(&appointment.slot)?;
    let doctor = doctor_of(state, session.doctor.as_ref(), &session.queue);
    Some(((session.date, doctor), figures))
}
