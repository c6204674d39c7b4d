//! Figures of the node and its process for `/metrics`: what an alarm is set on. (What is counted where it happens is not
//! here.)

use std::sync::OnceLock;

use jiaohao_actors::shell::{Shell, clock};

/// Linux counts memory in pages of this size wherever this program runs.
const PAGE_BYTES: f64 = 4096.0;

/// Notes what is true now; once a second.
pub fn note(shell: &Shell) {
    static STARTED_AT_MS: OnceLock<i64> = OnceLock::new();
    let started_at_ms = *STARTED_AT_MS.get_or_init(clock::wall_ms);
    metrics::gauge!("process_start_time_seconds").set(started_at_ms as f64 / 1_000.0);
    metrics::gauge!("build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    metrics::gauge!("storage_level").set(f64::from(shell.storage_level()));
    metrics::gauge!("clock_alarm").set(f64::from(u8::from(shell.clock.is_alarmed())));
    metrics::gauge!("clock_drift_seconds").set(shell.clock.drift_ms() as f64 / 1_000.0);
    metrics::gauge!("log_writing_seconds").set(shell.writing_ms() as f64 / 1_000.0);
    metrics::gauge!("owners_running").set(shell.running_owners() as f64);
    metrics::gauge!("owners_closed").set(shell.closed_owners().len() as f64);
    metrics::gauge!("effects_unheard").set(shell.unheard() as f64);
    metrics::gauge!("store_unwritten").set(f64::from(u8::from(shell.store_fails())));
    if let Some(pages) = resident_pages() {
        metrics::gauge!("process_resident_memory_bytes").set(pages * PAGE_BYTES);
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        metrics::gauge!("process_open_fds").set(open.count() as f64);
    }
    if let Some(most) = rustix::process::getrlimit(rustix::process::Resource::Nofile).current {
        metrics::gauge!("process_max_fds").set(most as f64);
    }
}

fn resident_pages() -> Option<f64> {
    std::fs::read_to_string("/proc/self/statm").ok()?.split_whitespace().nth(1)?.parse().ok()
}
