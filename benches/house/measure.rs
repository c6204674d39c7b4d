//! Figures of a process, quantiles, and what the machine was doing meanwhile.

use std::path::PathBuf;
use std::time::Duration;

use hdrhistogram::Histogram;

/// Clock ticks of `/proc/*/stat` in a second.
const TICKS: f64 = 100.0;

/// User and system time that these processes have used.
pub fn cpu(pids: &[u32]) -> Duration {
    let of = |pid: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        let ticks: f64 = after_name.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<f64>().ok()).sum();
        ticks / TICKS
    };
    Duration::from_secs_f64(pids.iter().map(of).sum())
}

/// Resident memory of these processes, in KiB.
pub fn rss_kib(pids: &[u32]) -> f64 {
    let of = |pid: &u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default().to_owned();
        line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0)
    };
    pids.iter().map(of).sum()
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
