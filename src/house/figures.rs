//! Figures of the node and its process for `/metrics`: what an alarm is set on. (What is counted where it happens is not
//! here.)

use std::sync::OnceLock;

use jiaohao_actors::shell::{Shell, clock};

/// Linux counts memory in pages of this size wherever this program runs.
const PAGE_BYTES: f64 = 4096.0;

/// Notes what is true now; once a second.
pub fn note(shell: &Shell) {
    static STARTED_AT_MS: OnceLock<i64> = OnceLock::new();
    let started_at_ms = *STARTED_AT_MS.get_or_init(|| {
        describe();
        clock::wall_ms()
    });
    metrics::gauge!("process_start_time_seconds").set(started_at_ms as f64 / 1_000.0);
    metrics::gauge!("build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    metrics::gauge!("storage_level").set(f64::from(shell.storage_level()));
    metrics::gauge!("clock_alarm").set(f64::from(u8::from(shell.clock.is_alarmed())));
    metrics::gauge!("clock_drift_seconds").set(shell.clock.drift_ms() as f64 / 1_000.0);
    metrics::gauge!("owners_running").set(shell.running_owners() as f64);
    metrics::gauge!("owners_closed").set(shell.closed_owners().len() as f64);
    if let Some(pages) = resident_pages() {
        metrics::gauge!("process_resident_memory_bytes").set(pages * PAGE_BYTES);
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        metrics::gauge!("process_open_fds").set(open.count() as f64);
    }
}

fn resident_pages() -> Option<f64> {
    std::fs::read_to_string("/proc/self/statm").ok()?.split_whitespace().nth(1)?.parse().ok()
}

/// The lines of help, and counters from 0 on, so that the first event of each is a change.
fn describe() {
    for (name, help) in [
        ("process_start_time_seconds", "When the process started, UTC seconds."),
        ("process_resident_memory_bytes", "Memory of the process."),
        ("process_open_fds", "Open files and sockets of the process."),
        ("build_info", "1, with the version."),
        ("disk_free_bytes", "Free space where the data folder is."),
        ("storage_level", "0 well; 1 below data.reserve_mib, bookings are refused; 2 read-only."),
        ("clock_alarm", "1 while the wall clock is not believed."),
        ("clock_drift_seconds", "How far the wall clock is ahead of clinic time while it is not believed."),
        ("owners_running", "Owners in memory."),
        ("owners_closed", "Owners that stay closed after repeated failures (owner_failed)."),
        ("checkpoint_timestamp_seconds", "When the last checkpoint was made, UTC seconds."),
        ("start_replay_seconds", "How long the last start's replay took."),
        ("store_set_aside", "1 when the last start set the store aside and made it again."),
    ] {
        metrics::describe_gauge!(name, help);
    }
    metrics::describe_counter!(
        "audit_lines_left_out_total",
        "Lines of the audit that found no room or could not be written."
    );
    metrics::counter!("audit_lines_left_out_total").increment(0);
    metrics::describe_counter!("person_keys_unreadable_total", "Times that a person's key was damaged or lost.");
    metrics::counter!("person_keys_unreadable_total").increment(0);
    metrics::describe_counter!(
        "certificate_reload_failures_total",
        "Times that a changed certificate or key could not be used."
    );
    metrics::counter!("certificate_reload_failures_total").increment(0);
}
