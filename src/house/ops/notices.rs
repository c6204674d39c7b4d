//! What came of the notices of today: what `/metrics` has counted since midnight of the house's zone, or since the start where
//! that was later. Of this node, like all that is counted.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiaohao_domain::reach::Way;
use jiaohao_domain::time::Zone;
use jiaohao_domain::{BusinessDate, Timestamp};
use serde_json::{Value, json};

use super::totals::Totals;

const ENDED: &str = "notices_ended_total";
const NOBODY: &str = "none";

/// Since when it is counted, and what had been counted by then.
#[derive(Default)]
pub struct Today(Mutex<Since>);

#[derive(Default)]
struct Since {
    day: Option<BusinessDate>,
    at: Timestamp,
    before: BTreeMap<String, f64>,
}

impl Today {
    /// A new day begins with what has been counted by then; the first one with nothing.
    pub fn note(&self, totals: &Totals, now: Timestamp, zone: Zone) {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let today = Some(zone.date(now));
        if since.day == today {
            return;
        }
        let before = totals.by(ENDED, "way").into_iter().map(|(way, count)| (way.to_owned(), count));
        let before = if since.day.is_some() { before.collect() } else { BTreeMap::new() };
        *since = Since { day: today, at: now, before };
    }

    /// How many were told, by what they were reached, and how many were not. Who was reached after all is both.
    pub fn figures(&self, totals: &Totals, zone: Zone) -> Value {
        let since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = |way: &str| {
            let before = since.before.get(way).copied().unwrap_or_default();
            (totals.with(ENDED, "way", way) - before).max(0.0) as u64
        };
        let ways = Way::ALL.map(|way| (way.wire(), count(way.wire())));
        let not_reached = count(NOBODY);
        let mut figures = json!({
            "since": zone.rfc3339(since.at),
            "told": ways.iter().map(|(_, count)| count).sum::<u64>() + not_reached,
            "not_reached": not_reached,
        });
        for (way, count) in ways {
            figures[way] = json!(count);
        }
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_day_begins_at_nothing() {
        let zone = Zone::named("Asia/Shanghai").expect("a zone");
        let counted = |app: u32, none: u32| {
            let text = format!("{ENDED}{{way=\"app\"}} {app}\n{ENDED}{{way=\"none\"}} {none}\n");
            Totals::read(&text)
        };
        let (today, monday) = (Today::default(), Timestamp(1_795_393_800_000));
        today.note(&counted(2, 0), monday, zone);
        today.note(&counted(3, 1), monday.plus_s(3600), zone);
        let figures = today.figures(&counted(3, 1), zone);
        assert_eq!((&figures["told"], &figures["app"], &figures["not_reached"]), (&json!(4), &json!(3), &json!(1)));
        assert_eq!(figures["since"], "2026-11-23T08:30:00.000+08:00");
        today.note(&counted(3, 1), monday.plus_s(86_400), zone);
        let figures = today.figures(&counted(5, 1), zone);
        assert_eq!((&figures["told"], &figures["app"], &figures["not_reached"]), (&json!(2), &json!(2), &json!(0)));
    }
}
