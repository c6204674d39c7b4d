//! What a department's days came to, by doctor: who came, was seen, missed, did not come, why waits were long, how visits
//! were rated. Nothing in it says who.
//!
//! What is still known is counted when somebody asks, from tickets and appointments as they stand: an undo needs no
//! counting back. What the department forgets goes into the book in that moment and stays there for [`KEPT_DAYS`]. Only
//! what nobody else keeps is noted as it happens: late starts, pauses, ratings.

mod attendance;
mod count;
mod figures;
mod rating;
mod table;
#[cfg(test)]
mod tests;
mod today;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use attendance::{Attendance, Span};
pub use count::days;
pub use figures::{Figures, LONG_WAIT_MIN, LongWaits, Ratings, WAIT_MAX_MIN, Waits};
pub use rating::{RATE_DAYS, Rated, Rating, rate};
pub use table::{By, Cause, Day, RATINGS_FROM, Report, Row, report};
pub use today::{Today, today};

use crate::department::{Event, State};
use crate::ids::{AppointmentId, DoctorId, TicketId};
use crate::time::{BusinessDate, Timestamp, Zone};
use crate::{clinic, floor};

/// For so many days the book is kept, and so long a range may be asked for.
pub const KEPT_DAYS: i64 = 400;
/// For so many days late starts and pauses are kept one by one: as long as a ticket of then may still be known.
const SPANS_KEPT_DAYS: i64 = 30;

/// Whose day: a doctor's, or of nobody in particular (a pool's patients whom nobody has called).
type Whose = (BusinessDate, Option<DoctorId>);

/// What a department keeps for reports.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reports {
    /// What has been forgotten elsewhere, by day and doctor.
    book: BTreeMap<BusinessDate, BTreeMap<Option<DoctorId>, Figures>>,
    /// Late starts and pauses, by day and doctor.
    attendance: BTreeMap<BusinessDate, BTreeMap<DoctorId, Attendance>>,
    /// Ratings of tickets that are known.
    ratings: BTreeMap<TicketId, Rating>,
    /// Tickets seen that are known no more and may still be rated.
    rated: BTreeMap<TicketId, Rated>,
}

impl Reports {
    fn add(&mut self, (date, doctor): Whose, figures: &Figures) {
        self.book.entry(date).or_default().entry(doctor).or_default().add(figures);
    }

    /// Of a ticket that was seen and is known no more: whose it was.
    pub fn patient_of(&self, ticket: &TicketId) -> Option<&crate::ids::PatientId> {
        self.rated.get(ticket).map(|rated| &rated.patient)
    }
}

/// What an event is about to make the department forget, counted.
#[derive(Debug, Default)]
pub(crate) struct Leaving {
    tickets: Vec<(TicketId, Whose, Figures, Option<Rated>)>,
    appointments: Vec<(AppointmentId, Whose, Figures)>,
}

/// To be asked before the event is applied.
pub(crate) fn leaving(state: &State, event: &Event) -> Leaving {
    match event {
        Event::Floor(floor::Event::DaysTidied { before, .. }) => {
            Leaving { tickets: count::old_tickets(state, *before), ..Leaving::default() }
        }
        Event::Clinic(clinic::Event::DaysForgotten { before }) => {
            Leaving { appointments: count::old_appointments(state, *before), ..Leaving::default() }
        }
        _ => Leaving::default(),
    }
}

/// Notes what only this event says, and puts into the book what it has made the department forget.
pub(crate) fn learn(state: &mut State, event: &Event, leaving: Leaving) {
    for (id, whose, figures) in leaving.appointments {
        if !state.clinic.appointments.contains_key(&id) {
            state.reports.add(whose, &figures);
        }
    }
    for (id, whose, figures, rated) in leaving.tickets {
        if state.floor.tickets.contains_key(&id) {
            continue;
        }
        state.reports.add(whose, &figures);
        let rating = state.reports.ratings.remove(&id);
        if let Some(rated) = rated {
            state.reports.rated.insert(id, Rated { rating, ..rated });
        }
    }
    let Event::Floor(event) = event else { return };
    match event {
        floor::Event::WorkBegan { doctor, date, at, .. } => {
            let due = attendance::due(state, doctor, *date, *at);
            state.reports.of(*date, doctor).begin(due, *at);
        }
        floor::Event::WorkPaused { doctor, at, .. } => {
            let date = state.config.today(*at);
            state.reports.of(date, doctor).pause(*at);
        }
        floor::Event::WorkResumed { doctor, at } => state.reports.resume(doctor, *at, state.config.zone()),
        floor::Event::WorkStopped { doctor, at, .. } => {
            state.reports.resume(doctor, *at, state.config.zone());
            let date = state.config.today(*at);
            state.reports.of(date, doctor).stop(*at);
        }
        floor::Event::VisitRated { ticket, stars, about, at } => {
            let rating = Rating { stars: *stars, about: about.clone(), at: *at };
            match state.reports.rated.get_mut(ticket) {
                Some(rated) => rated.rating = Some(rating),
                None => drop(state.reports.ratings.insert(ticket.clone(), rating)),
            }
        }
        floor::Event::DaysTidied { before, at } => {
            let today = state.config.today(*at);
            state.reports.tidy(*before, today, state.config.zone());
        }
        _ => {}
    }
}

impl Reports {
    fn of(&mut self, date: BusinessDate, doctor: &DoctorId) -> &mut Attendance {
        self.attendance.entry(date).or_default().entry(doctor.clone()).or_default()
    }

    /// A pause is of the day on which it began, and ends with it: who forgets it on Friday has not paused until Monday.
    fn resume(&mut self, doctor: &DoctorId, at: Timestamp, zone: Zone) {
        let own = self.attendance.iter_mut().rev().filter_map(|(date, of_day)| Some((date, of_day.get_mut(doctor)?)));
        if let Some((date, attendance)) = own.into_iter().find(|(_, attendance)| attendance.is_paused()) {
            attendance.resume(at.min(end_of(*date, zone)));
        }
    }

    /// Puts away what is no longer changed, and forgets what is older than the book is kept.
    fn tidy(&mut self, before: BusinessDate, today: BusinessDate, zone: Zone) {
        let over: Vec<TicketId> =
            self.rated.iter().filter(|(_, rated)| rated.until < today).map(|(id, _)| id.clone()).collect();
        for rated in over.iter().filter_map(|id| self.rated.remove(id)).collect::<Vec<_>>() {
            if let Some(rating) = &rated.rating {
                self.add((rated.date, rated.doctor), &Figures::of_rating(rating));
            }
        }
        let young = self.attendance.split_off(&before.plus_days(-SPANS_KEPT_DAYS));
        for (date, of_day) in std::mem::replace(&mut self.attendance, young) {
            for (doctor, attendance) in of_day {
                self.add((date, Some(doctor)), &attendance.figures(end_of(date, zone)));
            }
        }
        self.book = self.book.split_off(&today.plus_days(-KEPT_DAYS));
    }
}

/// The midnight after a day.
pub(crate) fn end_of(date: BusinessDate, zone: Zone) -> Timestamp {
    zone.moment(date.plus_days(1), chrono::NaiveTime::MIN)
}
