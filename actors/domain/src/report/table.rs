//! A report: the days of one or several departments put together by doctor, week, department or cause.

use std::collections::BTreeMap;

use chrono::Datelike;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::figures::{Figures, Ratings};
use crate::ids::{DepartmentId, DoctorId};
use crate::time::BusinessDate;

/// Ratings of fewer than so many are not shown: nobody is to guess who has rated.
pub const RATINGS_FROM: u32 = 5;

/// By what a report is put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A row a doctor; of those whom nobody called, one a department.
    Doctor,
    /// A row a week, from Monday.
    Week,
    /// A row a department.
    Department,
    /// How tickets and appointments ended, and why waits were long.
    Cause,
}

/// A doctor's day in a department.
#[derive(Clone, Debug, PartialEq)]
pub struct Day {
    /// Where.
    pub department: DepartmentId,
    /// When.
    pub date: BusinessDate,
    /// Whose; none: of those whom nobody called and who came to no doctor in particular.
    pub doctor: Option<DoctorId>,
    /// What it came to.
    pub figures: Figures,
}

/// A row; what it is not by is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// The doctor.
    pub doctor: Option<DoctorId>,
    /// The department.
    pub department: Option<DepartmentId>,
    /// The week's Monday.
    pub week: Option<BusinessDate>,
    /// What it came to.
    pub figures: Figures,
}

/// One line of a report by cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// `end`: how it ended; `wait`: why a long wait was long.
    pub of: &'static str,
    /// Which.
    pub cause: &'static str,
    /// How often.
    pub count: u32,
}

/// A report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// By doctor, week or department.
    pub rows: Vec<Row>,
    /// By cause.
    pub causes: Vec<Cause>,
    /// All together.
    pub total: Figures,
}

/// Monday of the week of a date.
fn monday(date: BusinessDate) -> BusinessDate {
    date.plus_days(-i64::from(date.0.weekday().num_days_from_monday()))
}

/// Of which doctor, department and week a row is.
type Of = (Option<DoctorId>, Option<DepartmentId>, Option<BusinessDate>);

/// Puts days of a range together.
///
/// Ratings count by whole weeks of a doctor that lie in the range, each only from [`RATINGS_FROM`] up: so two reports
/// never differ by the rating of fewer.
pub fn report(by: By, mut days: Vec<Day>, from: BusinessDate, to: BusinessDate) -> Report {
    few_ratings_out(&mut days, from, to);
    let mut total = Figures::default();
    let mut rows: BTreeMap<Of, Figures> = BTreeMap::new();
    for day in days {
        total.add(&day.figures);
        let key = match by {
            By::Doctor if day.doctor.is_some() => (day.doctor, None, None),
            By::Doctor | By::Department => (None, Some(day.department), None),
            By::Week => (None, None, Some(monday(day.date))),
            By::Cause => continue,
        };
        rows.entry(key).or_default().add(&day.figures);
    }
    let causes = if by == By::Cause { causes(&total) } else { Vec::new() };
    let row = |((doctor, department, week), figures)| Row { doctor, department, week, figures };
    Report { rows: rows.into_iter().map(row).collect(), causes, total }
}

fn few_ratings_out(days: &mut [Day], from: BusinessDate, to: BusinessDate) {
    let mut counts: BTreeMap<(Option<DoctorId>, DepartmentId, BusinessDate), u32> = BTreeMap::new();
    let week_of = |day: &Day| (day.doctor.clone(), day.department.clone(), monday(day.date));
    for day in days.iter() {
        *counts.entry(week_of(day)).or_default() += day.figures.ratings.count();
    }
    for day in days {
        let week = week_of(day);
        let is_whole = from <= week.2 && week.2.plus_days(6) <= to;
        if !is_whole || counts.get(&week).is_none_or(|count| *count < RATINGS_FROM) {
            day.figures.ratings = Ratings::default();
        }
    }
}

fn causes(total: &Figures) -> Vec<Cause> {
    let ends = [
        ("seen", total.seen),
        ("no_show", total.no_shows),
        ("cancelled", total.cancelled),
        ("given_back", total.given_back),
        ("left", total.left),
        ("transferred", total.transferred),
        ("return_day", total.return_day),
        ("refunded", total.refunded),
        ("open", total.open),
    ];
    let long = &total.long;
    let waits = [
        ("late_start", long.late_start),
        ("paused", long.paused),
        ("inserted", long.inserted),
        ("over_planned", long.over_planned),
        ("other", long.other),
    ];
    let cause = |of| move |(cause, count)| Cause { of, cause, count };
    ends.into_iter().map(cause("end")).chain(waits.into_iter().map(cause("wait"))).collect()
}
