//! Rules that differ between hospitals, with DOMAIN's defaults. Each field's doc is its text in the configuration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of one department.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DepartmentSettings {
    /// Who is next.
    pub queue: crate::queue::QueueSettings,
    /// Booking and arrival.
    pub booking: BookingSettings,
    /// Calling and 过号.
    pub calling: CallingSettings,
}

/// What is wrong with settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// In which field, from the settings on (`booking.hold_ttl_s`).
    pub field: String,
    /// One sentence for the operator.
    pub what: String,
}

impl Problem {
    /// Of that field.
    pub(crate) fn new(field: &str, what: impl Into<String>) -> Self {
        Self { field: field.to_owned(), what: what.into() }
    }
}

impl DepartmentSettings {
    /// What is wrong with these settings; `None` when they can be used.
    pub fn problem(&self) -> Option<Problem> {
        self.queue.problem().or_else(|| self.booking.problem()).or_else(|| self.calling.problem())
    }
}

/// The first of the figures that is outside its range.
fn outside_range(of: &str, figures: &[(&str, i64, std::ops::RangeInclusive<i64>)]) -> Option<Problem> {
    let (name, _, range) = figures.iter().find(|(_, value, range)| !range.contains(value))?;
    let field = format!("{of}.{name}");
    Some(Problem::new(&field, format!("`{field}` is allowed from {} to {}", range.start(), range.end())))
}

/// Booking and arrival.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BookingSettings {
    /// How long a hold counts, in seconds (default 600). Allowed: 10 to 86400.
    pub hold_ttl_s: i64,
    /// Check-in opens this many minutes before the slot (default 60). Allowed: 0 to 1440.
    pub check_in_opens_min: i64,
    /// Cancel until this many minutes after midnight of the previous day (default 17:00 = 1020).
    /// Allowed: 0 to 1439.
    pub cancel_until_min: i64,
    /// A booking made after the cut-off may be undone for this many minutes (default 30). Allowed: 0 to 1440.
    pub late_booking_undo_min: i64,
    /// How many days a visit stays open (default 3). Allowed: 0 to 30.
    pub visit_days: i64,
    /// The number is given at booking (default) or at check-in.
    pub number_at_booking: bool,
    /// No-show: this many minutes after the slot's end; absent: at the end of the session's last slot.
    /// Allowed: 0 to 1440.
    pub no_show_grace_min: Option<i64>,
    /// What one patient may book.
    pub limits: PatientLimits,
}

/// What one patient may book, across departments. Decided by the patient's owner with the limits of the department that
/// is asked for a place; a no-show counts by those under which it was booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PatientLimits {
    /// Live appointments of one patient on one day (default 3). Allowed: 1 to 20.
    pub per_day: u32,
    /// So many no-shows within `no_show_days` block online booking (default 3). Allowed: 1 to 20.
    pub no_shows: u32,
    /// For how long a no-show counts, and for how long online booking is blocked then, in days (default 90).
    /// Allowed: 1 to 366.
    pub no_show_days: i64,
}

impl PatientLimits {
    /// No setting makes a no-show count for longer than this, in days.
    pub const NO_SHOW_DAYS_MAX: i64 = 366;
}

impl Default for PatientLimits {
    fn default() -> Self {
        Self { per_day: 3, no_shows: 3, no_show_days: 90 }
    }
}

/// Calling and 过号.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CallingSettings {
    /// Missed is possible from this many calls on … (default 2). Allowed: 1 to 10.
    pub missed_after_calls: u32,
    /// … and this many seconds after the first (default 90). Allowed: 0 to 3600.
    pub missed_after_s: i64,
    /// Missed this many times only the desk brings a ticket back (default 3). Allowed: 1 to 20.
    pub missed_stands: u32,
}

impl Default for CallingSettings {
    fn default() -> Self {
        Self { missed_after_calls: 2, missed_after_s: 90, missed_stands: 3 }
    }
}

impl CallingSettings {
    fn problem(&self) -> Option<Problem> {
        let figures = [
            ("missed_after_calls", i64::from(self.missed_after_calls), 1..=10),
            ("missed_after_s", self.missed_after_s, 0..=3600),
            ("missed_stands", i64::from(self.missed_stands), 1..=20),
        ];
        outside_range("calling", &figures)
    }
}

impl BookingSettings {
    fn problem(&self) -> Option<Problem> {
        let PatientLimits { per_day, no_shows, no_show_days } = self.limits;
        let figures = [
            ("hold_ttl_s", self.hold_ttl_s, 10..=86_400),
            ("check_in_opens_min", self.check_in_opens_min, 0..=1440),
            ("cancel_until_min", self.cancel_until_min, 0..=1439),
            ("late_booking_undo_min", self.late_booking_undo_min, 0..=1440),
            ("visit_days", self.visit_days, 0..=30),
            ("no_show_grace_min", self.no_show_grace_min.unwrap_or(0), 0..=1440),
            ("limits.per_day", i64::from(per_day), 1..=20),
            ("limits.no_shows", i64::from(no_shows), 1..=20),
            ("limits.no_show_days", no_show_days, 1..=PatientLimits::NO_SHOW_DAYS_MAX),
        ];
        outside_range("booking", &figures)
    }
}

impl Default for BookingSettings {
    fn default() -> Self {
        Self {
            hold_ttl_s: 600,
            check_in_opens_min: 60,
            cancel_until_min: 1020,
            late_booking_undo_min: 30,
            visit_days: 3,
            number_at_booking: true,
            no_show_grace_min: None,
            limits: PatientLimits::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_outside_its_range_is_named() {
        assert_eq!(DepartmentSettings::default().problem(), None);
        let with = |change: &dyn Fn(&mut DepartmentSettings)| {
            let mut settings = DepartmentSettings::default();
            change(&mut settings);
            settings.problem().map(|problem| problem.what).unwrap_or_default()
        };
        assert_eq!(with(&|s| s.booking.limits.per_day = 0), "`booking.limits.per_day` is allowed from 1 to 20");
        assert_eq!(
            with(&|s| s.booking.no_show_grace_min = Some(-1)),
            "`booking.no_show_grace_min` is allowed from 0 to 1440"
        );
        assert_eq!(with(&|s| s.calling.missed_after_s = 3601), "`calling.missed_after_s` is allowed from 0 to 3600");
        assert!(with(&|s| s.queue.limit_factor = 0).contains("limit_factor"));
        let mut late = DepartmentSettings::default();
        late.queue.late = crate::queue::InsertionRule::OnePer(0);
        assert_eq!(late.problem().map(|problem| problem.field), Some("queue.late".to_owned()));
    }
}
