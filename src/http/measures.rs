//! What `/metrics` shows: the recorder of this process. It is there before anything is recorded; the table of
//! docs/metrics.md is its help, and what it lists without labels counts from 0 on, so that the first event is a change.

use std::sync::OnceLock;

use metrics::{Key, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// A row: name, kind, labels, meaning.
const TABLE: &str = include_str!("../../docs/metrics.md");
/// Counters with a label that an alarm is set on.
const ALARMED: [(&str, &str, &str); 2] =
    [("live_byes_total", "code", "too_slow"), ("overloaded_total", "what", "mailbox")];

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
    for (name, label, value) in ALARMED {
        let key = Key::from_parts(name, vec![metrics::Label::new(label, value)]);
        recorder.register_counter(&key, &metadata).increment(0);
    }
}
