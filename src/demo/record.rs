//! What has happened in the city: how often in all, and of what a queue knows in which hospital in which hour.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::TOUR;

/// An hour, in ms.
pub const HOUR_MS: i64 = 3_600_000;
/// Whatever chance brings, each thing is due again in each hospital after so much clinic time, in ms.
const DUE_AGAIN_MS: i64 = 20 * 60_000;
/// And after so much when nothing came of it: the house refused, or somebody was quicker.
const TRY_AGAIN_MS: i64 = 10 * 60_000;

/// See the module.
#[derive(Default)]
pub struct Record(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    counts: BTreeMap<String, u64>,
    /// By start of the hour and hospital.
    hours: BTreeMap<(i64, usize), BTreeSet<&'static str>>,
    /// When somebody has last taken it upon them.
    taken_on: BTreeMap<(usize, &'static str), i64>,
    /// When it has last happened.
    happened: BTreeMap<(usize, &'static str), i64>,
}

impl Record {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something was done in a hospital, at this moment of clinic time.
    pub fn count(&self, site: usize, what: &str, now_ms: i64) {
        let mut kept = self.kept();
        *kept.counts.entry(what.to_owned()).or_default() += 1;
        if let Some(rule) = TOUR.into_iter().find(|rule| *rule == what) {
            kept.hours.entry((now_ms.div_euclid(HOUR_MS) * HOUR_MS, site)).or_default().insert(rule);
            kept.happened.insert((site, rule), now_ms);
        }
    }

    /// Whether one of [`TOUR`] is to happen now in this hospital, whatever chance says. Who asks does it.
    pub fn is_due(&self, site: usize, what: &'static str, now_ms: i64) -> bool {
        let mut kept = self.kept();
        let is_past =
            |moments: &BTreeMap<_, i64>, ms: i64| moments.get(&(site, what)).is_none_or(|at_ms| now_ms - at_ms >= ms);
        let is_due = is_past(&kept.taken_on, TRY_AGAIN_MS) && is_past(&kept.happened, DUE_AGAIN_MS);
        if is_due {
            kept.taken_on.insert((site, what), now_ms);
        }
        is_due
    }

    /// What has not happened in a hospital in the hour that began then.
    pub fn missing(&self, site: usize, hour_ms: i64) -> Vec<&'static str> {
        let kept = self.kept();
        let happened = kept.hours.get(&(hour_ms, site));
        TOUR.into_iter().filter(|rule| !happened.is_some_and(|happened| happened.contains(rule))).collect()
    }

    /// How often each thing was done.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.kept().counts.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_counts_in_its_hour_and_hospital_alone() {
        let record = Record::default();
        record.count(1, TOUR[0], 2 * HOUR_MS - 1);
        record.count(1, "frames on screens", HOUR_MS);
        assert_eq!(record.missing(1, HOUR_MS), TOUR[1..]);
        assert_eq!((record.missing(0, HOUR_MS), record.missing(1, 2 * HOUR_MS)), (TOUR.to_vec(), TOUR.to_vec()));
        assert_eq!(record.counts().into_values().collect::<Vec<_>>(), [1, 1]);
    }

    #[test]
    fn one_alone_takes_a_thing_on_until_it_is_due_again() {
        let record = Record::default();
        assert!(record.is_due(0, TOUR[0], 5) && record.is_due(1, TOUR[0], 5) && record.is_due(0, TOUR[1], 5));
        assert!(!record.is_due(0, TOUR[0], 4 + TRY_AGAIN_MS));
        // nothing has come of it
        assert!(record.is_due(0, TOUR[0], 5 + TRY_AGAIN_MS));
        record.count(0, TOUR[0], 6 + TRY_AGAIN_MS);
        assert!(!record.is_due(0, TOUR[0], 5 + TRY_AGAIN_MS + DUE_AGAIN_MS));
        assert!(record.is_due(0, TOUR[0], 6 + TRY_AGAIN_MS + DUE_AGAIN_MS));
    }
}
