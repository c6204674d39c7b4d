//! Figures of a process, quantiles, and what the machine was doing meanwhile.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hdrhistogram::Histogram;
use jiaohao::simulate::process;

use crate::Outcome;

/// User and system time that these processes have used.
pub fn cpu(pids: &[u32]) -> Duration {
    pids.iter().filter_map(|pid| process::cpu(*pid)).sum()
}

/// Resident memory of these processes, in KiB.
pub fn rss_kib(pids: &[u32]) -> f64 {
    pids.iter().filter_map(|pid| process::memory(*pid)).map(|memory| memory.now_kib as f64).sum()
}

/// The children of a process.
pub fn children(pid: u32) -> Vec<u32> {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    children.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// How many processes wanted to run in the last minute: above the number of cores the figures are those of a crowd.
pub fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or_default().to_owned()
}

/// A histogram of nanoseconds up to a minute.
pub fn quantiles() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("invariant: the bounds are in order")
}

/// Quantiles in milliseconds.
pub fn ms(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    histogram.value_at_quantile(quantile) as f64 / 1e6
}

/// The middle one.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Where data goes.
pub fn folder() -> PathBuf {
    std::env::var_os("JIAOHAO_BENCH_DIR").map_or_else(|| env!("CARGO_TARGET_TMPDIR").into(), PathBuf::from)
}

/// Bytes of all files of a folder.
pub fn size(folder: &Path) -> Outcome<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { size(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}
