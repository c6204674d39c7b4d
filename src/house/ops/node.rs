//! The node itself: rates, latencies, sockets, refusals, log, disk, store, owners, audit, clock.

use jiaohao_actors::log::{self, owner_kind_name};
use jiaohao_domain::OwnerKind;
use serde_json::{Value, json};

use super::House;
use super::problems::{Level, Problems};
use super::recent::{Counted, Hour, Point};
use super::totals::Totals;
use crate::reach::port::ChannelName;

/// A p99 of commits above this is worth a look, in ms.
const SYNC_SLOW_MS: f64 = 100.0;
/// A last checkpoint older than this with commits since is worth a look, in seconds.
const CHECKPOINT_LATE_S: i64 = 900;
/// So many closed owners are named.
const CLOSED_MAX: usize = 100;

/// The counters whose rates are shown.
pub fn counted(totals: &Totals) -> Counted {
    Counted {
        calls: totals.with("events_total", "event", "patient_called"),
        bookings: totals.with("events_total", "event", "appointment_booked"),
        outbox_drops: outbox_drops(totals),
    }
}

/// Frames that gave way to a snapshot, and connections that were closed because they did not read.
fn outbox_drops(totals: &Totals) -> f64 {
    totals.sum("fanout_snapshots_total") + totals.with("live_byes_total", "code", "too_slow")
}

/// The charts' next point, off a picture.
pub fn point(node: &Value) -> Point {
    let number = |group: &str, name: &str| node[group][name].as_f64();
    Point {
        calls_per_min: number("rates", "calls_per_min").unwrap_or_default(),
        bookings_per_min: number("rates", "bookings_per_min").unwrap_or_default(),
        wait_p50_min: node["latency"]["wait_p50_min"].as_i64(),
        wait_p90_min: node["latency"]["wait_p90_min"].as_i64(),
        sync_p99_ms: number("latency", "sync_p99_ms"),
        sockets: number("doors", "sockets").unwrap_or_default(),
        outbox_drops_per_min: number("rates", "outbox_drops_per_min").unwrap_or_default(),
    }
}

fn whole(value: f64) -> u64 {
    value as u64
}

fn level_name(level: u8) -> &'static str {
    match level {
        0 => "well",
        1 => "low",
        _ => "full",
    }
}

impl House {
    /// Everything but the sites.
    pub(super) fn node_now(
        &self,
        totals: &Totals,
        per_min: Counted,
        waits_min: [Option<i64>; 2],
        hour: &Hour,
    ) -> Value {
        self.ops.notices.note(totals, self.shell.clock.clinic(), self.zone_of(None));
        let sync_ms = ["0.5", "0.99"].map(|quantile| totals.quantile_ms("log_sync_seconds", quantile));
        let command_ms = ["0.5", "0.99"].map(|quantile| totals.quantile_ms("command_seconds", quantile));
        let closed = self.shell.closed_owners();
        // a person's id stays out: the kind says enough
        let is_named = |kind: OwnerKind| !matches!(kind, OwnerKind::Patient | OwnerKind::Account);
        let named = closed.iter().filter(|owner| is_named(owner.kind)).take(CLOSED_MAX);
        let named: Vec<Value> =
            named.map(|owner| json!({ "kind": owner_kind_name(owner.kind), "id": &*owner.id })).collect();
        let size = log::size(&self.ops.log).unwrap_or_default();
        let lag = self.shell.store_lag();
        let storage = self.shell.storage_level();
        let left_out = totals.sum("audit_lines_left_out_total");
        let mut refusals: Vec<(&str, f64)> = totals.by("rejected_total", "code").into_iter().collect();
        refusals.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let mut limits = totals.by("limit_refusals_total", "limit");
        limits.retain(|_, count| *count > 0.0);

        let mut problems = Problems::default();
        problems.note_if(storage == 2, "storage_full", Level::Alarm, 1);
        problems.note_if(storage == 1, "storage_low", Level::Alarm, 1);
        problems.note_if(self.stalled_s().is_some(), "log_stalled", Level::Alarm, 1);
        problems.note_if(!closed.is_empty(), "owner_failed", Level::Alarm, closed.len());
        let unheard = self.shell.unheard();
        problems.note_if(unheard > 0, "effects_unheard", Level::Alarm, unheard);
        problems.note_if(self.shell.store_fails(), "store_unwritten", Level::Alarm, 1);
        let lost = totals.sum("person_keys_lost");
        problems.note_if(lost > 0.0, "person_keys_lost", Level::Alarm, lost as usize);
        let (clock_alarm, clock_stands) = (self.shell.clock.is_alarmed(), self.shell.clock.stands());
        problems.note_if(clock_alarm && !clock_stands, "clock_jumped", Level::Alarm, 1);
        problems.note_if(clock_alarm && clock_stands, "clock_stands", Level::Alarm, 1);
        problems.note_if(self.is_not_set_up(), "not_set_up", Level::Warning, 1);
        problems.note_if(self.audit.is_failing(), "audit_unwritten", Level::Alarm, 1);
        problems.note_if(left_out > 0.0, "audit_left_out", Level::Alarm, left_out as usize);
        for failing in self.reach.failing(self.machine_now()) {
            // notifications are an extra, and their parties are the browsers'
            let level = if failing.channel == ChannelName::Push { Level::Warning } else { Level::Alarm };
            problems.note("channel_failing", level, failing.channel.wire(), 1);
        }
        let drops = per_min.outbox_drops.ceil();
        problems.note_if(drops > 0.0, "clients_too_slow", Level::Warning, drops as usize);
        problems.note_if(sync_ms[1].is_some_and(|ms| ms > SYNC_SLOW_MS), "sync_slow", Level::Warning, 1);
        let is_late = lag.commits > 0 && lag.checkpoint_age_s > CHECKPOINT_LATE_S;
        problems.note_if(is_late, "checkpoint_late", Level::Warning, 1);

        json!({
            "now": self.zone_of(None).rfc3339(self.machine_now()),
            "version": env!("CARGO_PKG_VERSION"),
            "uptime_s": self.ops.began.elapsed().as_secs(),
            "problems": problems.worst_first(),
            "rates": {
                "calls_per_min": per_min.calls,
                "bookings_per_min": per_min.bookings,
                "outbox_drops_per_min": per_min.outbox_drops,
            },
            "latency": {
                "command_p50_ms": command_ms[0],
                "command_p99_ms": command_ms[1],
                "sync_p50_ms": sync_ms[0],
                "sync_p99_ms": sync_ms[1],
                "wait_p50_min": waits_min[0],
                "wait_p90_min": waits_min[1],
            },
            "channels": self.reach.names(),
            "notices": self.ops.notices.figures(totals, self.zone_of(None)),
            "doors": {
                "sockets": whole(totals.sum("live_connections")),
                "outbox_bytes": whole(totals.sum("outbox_bytes")),
                "outbox_drops": whole(outbox_drops(totals)),
            },
            "refusals": refusals.iter().map(|(code, n)| json!({ "code": code, "count": whole(*n) })).collect::<Vec<_>>(),
            "limits": limits.iter().map(|(limit, n)| json!({ "limit": limit, "count": whole(*n) })).collect::<Vec<_>>(),
            "letting_go": self.ops.letting_go.shown(self.shell.clock.clinic()),
            "storage": {
                "level": level_name(storage),
                "free_bytes": whole(totals.sum("disk_free_bytes")),
                "log_bytes": size.bytes,
                "log_segments": size.segments,
                "archive_bytes": size.archive_bytes,
                "store_lag_commits": lag.commits,
                "checkpoint_age_s": lag.checkpoint_age_s,
            },
            "owners": { "running": self.shell.running_owners(), "closed_count": closed.len(), "closed": named },
            "audit": { "left_out": whole(left_out) },
            "clock": { "alarm": clock_alarm, "stands": clock_stands, "speed": self.shell.clock.speed() },
            "last_hour": hour,
        })
    }

    /// What is measured and not counted, for whoever scrapes.
    pub(super) fn set_gauges(&self) {
        let lag = self.shell.store_lag();
        let size = log::size(&self.ops.log).unwrap_or_default();
        metrics::gauge!("owners_running").set(self.shell.running_owners() as f64);
        metrics::gauge!("owners_closed").set(self.shell.closed_owners().len() as f64);
        metrics::gauge!("storage_level").set(f64::from(self.shell.storage_level()));
        metrics::gauge!("log_bytes").set(size.bytes as f64);
        metrics::gauge!("log_segments").set(size.segments as f64);
        metrics::gauge!("store_lag_commits").set(lag.commits as f64);
        metrics::gauge!("checkpoint_age_seconds").set(lag.checkpoint_age_s as f64);
        self.reach.set_gauges(self.machine_now());
        metrics::gauge!("audit_unwritten").set(f64::from(u8::from(self.audit.is_failing())));
        metrics::gauge!("clock_alarm").set(f64::from(u8::from(self.shell.clock.is_alarmed())));
    }
}
