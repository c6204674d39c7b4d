//! What all who act in a simulation share: the doors, the clock, the plan of the city and of the day, the ledger.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{Duration, NaiveTime, Timelike};
use jiaohao_domain::Timestamp;
use jiaohao_domain::time::{BusinessDate, Zone};
use serde_json::{Value, json};

use super::actor::Actor;
use super::ledger::Ledger;
use super::patients::Acts;
use super::phones::Phone;
use crate::clients::city::City;
use crate::clients::clock::ClinicClock;
use crate::clients::http::Door;
use crate::clients::people::MadeUp;

/// Patients of one doctor in half an hour.
const PACE: usize = 6;
/// Places for a hundred patients: fewer than wish for one.
const PLACES_OF_100_WISHES: usize = 68;

/// The half-hours of the clinic, on one hospital-local day.
#[derive(Clone, Debug)]
pub struct Day {
    /// The date.
    pub date: BusinessDate,
    /// Start of the first slot, UTC ms.
    pub start_ms: i64,
    /// When booking opens, UTC ms.
    pub released_ms: i64,
    /// How many half-hours.
    pub slots: usize,
    zone: Zone,
}

impl Day {
    /// The next day's part that is long enough: booking opens 5 minutes from now, the first slot begins 25 minutes later
    /// at the earliest. Over midnight it waits for the next day.
    pub fn plan(now_ms: i64, slots: usize) -> Self {
        let zone = Zone::named("Asia/Shanghai").expect("invariant: it is in the database");
        let released = Timestamp(now_ms).plus_min(5);
        let earliest = released.plus_min(25);
        let (date, clock) = (zone.date(earliest), zone.clock(earliest));
        let clock = NaiveTime::parse_from_str(&clock, "%H:%M").unwrap_or_default();
        let minutes = i64::from(clock.num_seconds_from_midnight() / 60).div_euclid(30) * 30 + 30;
        let half_hours = i64::try_from(slots).unwrap_or(16);
        let (date, minutes) =
            if minutes + half_hours * 30 > 24 * 60 - 60 { (date.plus_days(1), 30) } else { (date, minutes) };
        let start = NaiveTime::MIN + Duration::minutes(minutes);
        Self { date, start_ms: zone.moment(date, start).0, released_ms: released.0, slots, zone }
    }

    /// End of the last slot, UTC ms.
    pub fn end_ms(&self) -> i64 {
        Timestamp(self.start_ms).plus_min(30 * i64::try_from(self.slots).unwrap_or(0)).0
    }

    /// `HH:MM` of a slot's start.
    pub fn slot_clock(&self, slot: usize) -> String {
        self.zone.clock(Timestamp(self.slot_ms(slot)))
    }

    /// Start of a slot, UTC ms.
    pub fn slot_ms(&self, slot: usize) -> i64 {
        Timestamp(self.start_ms).plus_min(30 * i64::try_from(slot).unwrap_or(0)).0
    }

    /// `YYYY-MM-DD`.
    pub fn date_text(&self) -> String {
        self.date.0.to_string()
    }

    /// RFC 3339 of when booking opens.
    pub fn released_at(&self) -> String {
        self.zone.rfc3339(Timestamp(self.released_ms))
    }
}

/// How far the day is, for the bars.
#[derive(Default)]
pub struct Progress {
    /// Patients whose part in bookings and arrival is over.
    pub arrived: AtomicUsize,
    /// Patients seen.
    pub seen: AtomicUsize,
    /// Doctors gone home.
    pub home: AtomicUsize,
    /// Follow-ups (returns, missed and back) under way.
    pub under_way: AtomicUsize,
}

/// See the module.
pub struct World {
    /// Where the server is.
    pub door: Arc<Door>,
    /// Clinic time.
    pub clock: Arc<ClinicClock>,
    /// What the city consists of.
    pub city: City,
    /// The clinic's hours.
    pub day: Day,
    /// The desk of each site.
    pub desks: Vec<Actor>,
    /// Their tokens, for reading.
    pub desk_tokens: Vec<String>,
    /// Who comes: patient id and person, by site.
    pub people: Vec<(String, MadeUp)>,
    /// Seed of the run.
    pub seed: u64,
    /// The judge.
    pub ledger: Arc<Ledger>,
    /// An operator's token that may issue others.
    pub operator: String,
    /// Phones that go on watching when their owners have done what they came for.
    pub phones: Mutex<Vec<Phone>>,
    /// How far it is.
    pub progress: Progress,
    /// What became of those who wait.
    pub acts: Acts,
}

impl World {
    /// Half-hours that so many patients need.
    pub fn half_hours(patients: usize, doctors: usize) -> usize {
        patients.div_ceil(doctors.max(1)).div_ceil(PACE).clamp(2, 20)
    }

    /// The department of a patient.
    pub fn department_of(&self, patient: usize) -> usize {
        patient % self.city.doctors.len() % self.city.departments.len()
    }

    /// In which of the department's queues a patient waits: index into its queues.
    pub fn line_of(&self, patient: usize) -> usize {
        self.city.departments[self.department_of(patient)].line_of(patient / self.city.doctors.len())
    }

    /// The queue of a patient.
    pub fn queue_of(&self, patient: usize) -> &str {
        self.city.departments[self.department_of(patient)].queues()[self.line_of(patient)]
    }

    /// The sessions of the day: one of each queue, with places for most of the wishes.
    pub fn sessions(city: &City, day: &Day, patients: usize) -> Vec<Value> {
        let per_doctor = patients as f64 / city.doctors.len() as f64;
        let session = |n: usize, line: usize| {
            let at = &city.departments[n];
            let all: usize = (0..at.queues().len()).map(|line| at.share(line)).sum();
            let wishes = per_doctor * at.doctors.len() as f64 * at.share(line) as f64 / all as f64;
            let places = wishes * PLACES_OF_100_WISHES as f64 / 100.0 / day.slots as f64;
            let capacity = (places.round() as usize).max(1);
            let slots: Vec<Value> =
                (0..day.slots).map(|slot| json!({ "start": day.slot_clock(slot), "capacity": capacity })).collect();
            json!({
                "id": city.session_id(n, line, &day.date_text()),
                "date": day.date_text(),
                "period": "day",
                "queue": at.queues()[line],
                "registration_class": "普通",
                "fee_fen": 1000,
                "slots": slots,
                "released_at": day.released_at(),
            })
        };
        let lines = |n: usize| (0..city.departments[n].queues().len()).map(move |line| session(n, line));
        (0..city.departments.len()).flat_map(lines).collect()
    }

    /// How long a consultation takes on average, clinic seconds: so that a day's patients fit into its hours.
    pub fn service_s(&self) -> f64 {
        let hours_s = (self.day.end_ms() - self.day.start_ms) as f64 / 1000.0;
        let per_doctor = self.people.len() as f64 / self.city.doctors.len() as f64;
        (hours_s / per_doctor.max(1.0) * 0.6).clamp(30.0, 600.0)
    }

    /// Whether nobody is on the way any more.
    pub fn is_quiet(&self) -> bool {
        self.progress.arrived.load(Ordering::Acquire) >= self.people.len()
            && self.progress.under_way.load(Ordering::Acquire) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_fits_into_its_date() {
        let zone = Zone::named("Asia/Shanghai").unwrap();
        let date = BusinessDate::from_compact("20261123").unwrap();
        for minute in (0..24 * 60).step_by(7) {
            let now = zone.moment(date, NaiveTime::MIN + Duration::minutes(minute));
            let day = Day::plan(now.0, 8);
            assert!(day.start_ms >= now.plus_min(30).0, "{minute}");
            assert_eq!(zone.date(Timestamp(day.start_ms)), day.date);
            assert_eq!(zone.date(Timestamp(day.end_ms())), day.date, "{minute}");
        }
    }
}
