//! A report: the days of one or several departments put together by doctor, week, department or cause.

use std::collections::BTreeMap;

use chrono::Datelike;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::KEPT_DAYS;
use super::figures::{Figures, Ratings};
use super::rating::RATE_DAYS;
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
    /// The last day on which one of its ratings may come or change; none: none may any more.
    pub rated_until: Option<BusinessDate>,
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
    /// Monday of the first week whose ratings are not all in and do not count yet; none: all are in.
    pub ratings_open_from: Option<BusinessDate>,
}

/// Monday of the week of a date.
fn monday(date: BusinessDate) -> BusinessDate {
    date.plus_days(-i64::from(date.0.weekday().num_days_from_monday()))
}

/// Of which doctor, department and week a row is.
type Of = (Option<DoctorId>, Option<DepartmentId>, Option<BusinessDate>);

/// Puts days of a range together.
///
/// Ratings count by whole weeks of a doctor that lie in the range, each only from [`RATINGS_FROM`] up and only when no
/// rating of it may come or change any more: so two reports never differ by the rating of fewer, whenever they are
/// asked for. Late starts and pauses count by whole minutes of a doctor's day, so that rows add up to the total.
pub fn report(by: By, mut days: Vec<Day>, from: BusinessDate, to: BusinessDate, today: BusinessDate) -> Report {
    let ratings_open_from = keep_closed_ratings(&mut days, from, to, today);
    for figures in days.iter_mut().map(|day| &mut day.figures) {
        figures.late_s -= figures.late_s % 60;
        figures.paused_s -= figures.paused_s % 60;
    }
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
    Report { rows: rows.into_iter().map(row).collect(), causes, total, ratings_open_from }
}

/// What the ratings of a doctor's week in a department stand at.
#[derive(Default)]
struct Week {
    count: u32,
    /// One may come or change until then.
    until: Option<BusinessDate>,
}

/// Leaves the ratings of whole weeks that are closed and not too few; says from which Monday on some are not closed.
fn keep_closed_ratings(
    days: &mut [Day],
    from: BusinessDate,
    to: BusinessDate,
    today: BusinessDate,
) -> Option<BusinessDate> {
    let week_of = |day: &Day| (day.doctor.clone(), day.department.clone(), monday(day.date));
    let mut weeks: BTreeMap<_, Week> = BTreeMap::new();
    for day in days.iter() {
        let week = weeks.entry(week_of(day)).or_default();
        week.count += day.figures.ratings.count();
        week.until = week.until.max(day.rated_until);
    }
    // Of a week whose Monday is forgotten the ratings would go day by day.
    let from = from.max(today.plus_days(-KEPT_DAYS));
    let is_whole = |monday: BusinessDate| from <= monday && monday.plus_days(6) <= to;
    let is_closed = |monday: BusinessDate, week: &Week| {
        week.until.max(Some(monday.plus_days(6 + RATE_DAYS))).is_some_and(|until| until < today)
    };
    for day in days {
        let key = week_of(day);
        let counts = |week: &Week| is_whole(key.2) && is_closed(key.2, week) && week.count >= RATINGS_FROM;
        if !weeks.get(&key).is_some_and(counts) {
            day.figures.ratings = Ratings::default();
        }
    }
    let open = weeks.iter().filter(|((.., monday), week)| is_whole(*monday) && !is_closed(*monday, week));
    open.map(|((.., monday), _)| *monday).min()
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
