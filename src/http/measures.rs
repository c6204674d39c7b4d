//! What `/metrics` shows: the recorder of this process. It is there before anything is recorded; the table of
//! docs/metrics.md is its help, and what it lists without labels counts from 0 on, so that the first event is a change.

use std::sync::OnceLock;

use metrics::{Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// A row: name, kind, labels, meaning.
const TABLE: &str = include_str!("../../docs/metrics.md");
/// Counters with one label whose values are known.
const KNOWN: [(&str, &str, &[&str]); 5] = [
    ("fanout_snapshots_total", "reason", &["slow", "coalesced"]),
    ("live_byes_total", "code", &["too_slow"]),
    ("notices_ended_total", "way", &["app", "wechat", "push", "sms", "none"]),
    ("payment_asked_total", "outcome", &["answered", "failed"]),
    ("overloaded_total", "what", &["mailbox", "codes", "notices", "delivery_reports", "payments"]),
];
/// Of each channel: a counter with a label beside `channel`.
const OF_CHANNELS: [(&str, &str, &[&str]); 2] = [
    ("reach_sent_total", "outcome", &["taken", "refused", "not_now"]),
    ("reach_reports_total", "arrived", &["yes", "no"]),
];
const CHANNELS: [&str; 3] = ["sms", "wechat", "push"];

/// What this process has counted and measured, as Prometheus text.
pub fn metrics_text() -> String {
    handle().render()
}

/// Records from now on.
pub fn record() {
    handle();
}

/// The process's recorder: installed once, shared by all servers of the process.
fn handle() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let recorder = PrometheusBuilder::new().build_recorder();
        describe(&recorder);
        let handle = recorder.handle();
        // somebody else's recorder (a test's) stays; then `/metrics` shows nothing of theirs
        let _ = metrics::set_global_recorder(recorder);
        handle
    })
}

fn describe(recorder: &PrometheusRecorder) {
    let metadata = Metadata::new(module_path!(), Level::INFO, None);
    for row in TABLE.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = row.trim_matches('|').split('|').map(str::trim);
        let (Some(name), Some(kind), Some(labels), Some(help)) =
            (cells.next(), cells.next(), cells.next(), cells.next())
        else {
            continue;
        };
        let name = name.trim_matches('`');
        match kind {
            "counter" => {
                recorder.describe_counter(name.into(), None, help.into());
                if labels.is_empty() {
                    recorder.register_counter(&Key::from_name(name), &metadata).increment(0);
                }
            }
            "gauge" => recorder.describe_gauge(name.into(), None, help.into()),
            "histogram" => recorder.describe_histogram(name.into(), None, help.into()),
            _ => {}
        }
    }
    let begin = |name: &'static str, labels: &[(&'static str, &str)]| {
        let labels: Vec<_> = labels.iter().map(|(label, value)| Label::new(*label, (*value).to_owned())).collect();
        recorder.register_counter(&Key::from_parts(name, labels), &metadata).increment(0);
    };
    for (name, label, values) in KNOWN {
        values.iter().for_each(|value| begin(name, &[(label, *value)]));
    }
    for (name, label, values) in OF_CHANNELS {
        for channel in CHANNELS {
            values.iter().for_each(|value| begin(name, &[("channel", channel), (label, *value)]));
        }
    }
    limits().for_each(|limit| begin("limit_refusals_total", &[("limit", limit)]));
}

/// The names of limits, as the document's second table has them in its last cell.
fn limits() -> impl Iterator<Item = &'static str> {
    let rows =
        TABLE.split("\n## Limits\n").nth(1).unwrap_or_default().lines().filter(|line| line.starts_with("| ")).skip(1);
    let cells = rows.filter_map(|row| row.trim_end_matches([' ', '|']).rsplit('|').next()).map(str::trim);
    cells.filter(|cell| cell.starts_with('`')).flat_map(|cell| cell.split(", ")).map(|name| name.trim_matches('`'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_whose_labels_are_known_begins_at_0() {
        let recorder = PrometheusBuilder::new().build_recorder();
        describe(&recorder);
        let text = recorder.handle().render();
        for series in [
            "reach_sent_total{channel=\"sms\",outcome=\"not_now\"} 0",
            "reach_reports_total{channel=\"wechat\",arrived=\"no\"} 0",
            "notices_ended_total{way=\"none\"} 0",
            "fanout_snapshots_total{reason=\"slow\"} 0",
            "limit_refusals_total{limit=\"sign_in\"} 0",
            "limit_refusals_total{limit=\"screens\"} 0",
            "payment_asked_total{outcome=\"failed\"} 0",
            "live_byes_total{code=\"too_slow\"} 0",
            "overloaded_total{what=\"mailbox\"} 0",
        ] {
            assert!(text.lines().any(|line| line == series), "{series}\n{text}");
        }
        let limits: Vec<&str> = limits().collect();
        assert!(limits.len() == 17 && limits.iter().all(|name| !name.contains(['`', '(', ' ', '|'])), "{limits:?}");
    }
}
