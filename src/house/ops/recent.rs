//! What has just been: rates over the last minute, and a point every half a minute for the last hour. Both are rings in
//! memory; a restart begins anew.

use std::collections::VecDeque;

use serde::Serialize;

/// Between two points, in seconds of machine time.
pub const POINT_EVERY_S: i64 = 30;
/// Points kept: an hour.
const POINTS: usize = 120;
/// Rates are over this long.
const RATE_OVER_MS: i64 = 60_000;

/// Counters whose rates are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counted {
    /// Calls.
    pub calls: f64,
    /// Appointments booked.
    pub bookings: f64,
    /// Frames that gave way to a snapshot, and connections closed as too slow.
    pub outbox_drops: f64,
}

/// One point of the charts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// Calls a minute.
    pub calls_per_min: f64,
    /// Bookings a minute.
    pub bookings_per_min: f64,
    /// Median of the waits, in minutes.
    pub wait_p50_min: Option<i64>,
    /// What a tenth of the waits exceed, in minutes.
    pub wait_p90_min: Option<i64>,
    /// Commit latency, in ms.
    pub sync_p99_ms: Option<f64>,
    /// Open sockets.
    pub sockets: f64,
    /// Outbox drops a minute.
    pub outbox_drops_per_min: f64,
}

/// The last hour as columns, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Hour {
    every_s: i64,
    calls_per_min: Vec<f64>,
    bookings_per_min: Vec<f64>,
    wait_p50_min: Vec<Option<i64>>,
    wait_p90_min: Vec<Option<i64>>,
    sync_p99_ms: Vec<Option<f64>>,
    sockets: Vec<f64>,
    outbox_drops_per_min: Vec<f64>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Recent {
    counted: VecDeque<(i64, Counted)>,
    points: VecDeque<Point>,
}

impl Recent {
    /// The counters as they stand at a moment (machine ms).
    pub fn count(&mut self, now_ms: i64, counted: Counted) {
        self.counted.push_back((now_ms, counted));
        // one older than the span stays, so that the rates are over all of it
        while self.counted.get(1).is_some_and(|(at_ms, _)| now_ms - at_ms >= RATE_OVER_MS) {
            self.counted.pop_front();
        }
    }

    /// A minute's worth of each counter, by the last minute (less after a start; 0 before the second count).
    pub fn per_min(&self) -> Counted {
        let (Some((from_ms, from)), Some((to_ms, to))) = (self.counted.front(), self.counted.back()) else {
            return Counted::default();
        };
        let span_ms = (to_ms - from_ms) as f64;
        let rate = |from: f64, to: f64| {
            let per_min = if span_ms > 0.0 { (to - from).max(0.0) * 60_000.0 / span_ms } else { 0.0 };
            (per_min * 10.0).round() / 10.0
        };
        Counted {
            calls: rate(from.calls, to.calls),
            bookings: rate(from.bookings, to.bookings),
            outbox_drops: rate(from.outbox_drops, to.outbox_drops),
        }
    }

    /// The next point of the charts.
    pub fn point(&mut self, point: Point) {
        if self.points.len() == POINTS {
            self.points.pop_front();
        }
        self.points.push_back(point);
    }

    /// The charts.
    pub fn hour(&self) -> Hour {
        fn column<T>(points: &VecDeque<Point>, of: impl Fn(&Point) -> T) -> Vec<T> {
            points.iter().map(of).collect()
        }
        let points = &self.points;
        Hour {
            every_s: POINT_EVERY_S,
            calls_per_min: column(points, |point| point.calls_per_min),
            bookings_per_min: column(points, |point| point.bookings_per_min),
            wait_p50_min: column(points, |point| point.wait_p50_min),
            wait_p90_min: column(points, |point| point.wait_p90_min),
            sync_p99_ms: column(points, |point| point.sync_p99_ms),
            sockets: column(points, |point| point.sockets),
            outbox_drops_per_min: column(points, |point| point.outbox_drops_per_min),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(calls: f64) -> Counted {
        Counted { calls, ..Counted::default() }
    }

    #[test]
    fn rates_are_over_the_last_minute() {
        let mut recent = Recent::default();
        assert_eq!(recent.per_min(), Counted::default());
        recent.count(0, calls(100.0));
        assert_eq!(recent.per_min().calls, 0.0, "one count is no rate");
        recent.count(5_000, calls(101.0));
        assert_eq!(recent.per_min().calls, 12.0);
        for n in 2..=40 {
            recent.count(n * 5_000, calls(101.0));
        }
        assert_eq!(recent.per_min().calls, 0.0, "what is older than a minute is forgotten");
        assert!(recent.counted.len() <= 14);
        recent.count(205_000, calls(3.0));
        assert_eq!(recent.per_min().calls, 0.0, "a counter that began anew is no negative rate");
    }

    #[test]
    fn an_hour_is_kept_and_no_more() {
        let mut recent = Recent::default();
        (0..POINTS + 5).for_each(|n| recent.point(Point { sockets: n as f64, ..Point::default() }));
        let hour = recent.hour();
        assert_eq!((hour.sockets.len(), hour.sockets[0], hour.sockets[POINTS - 1]), (POINTS, 5.0, 124.0));
        assert_eq!(hour.wait_p50_min.len(), POINTS);
    }
}
