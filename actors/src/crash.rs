//! Named points at which a test ends the process as `kill -9` would (feature `crash-points`; otherwise nothing). The
//! environment variable `JIAOHAO_CRASH_AT=point:n` chooses the n-th passing of a point.

/// Ends the process here if a test has asked for it.
#[cfg(feature = "crash-points")]
pub fn at(point: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    static WANTED: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static PASSED: AtomicU64 = AtomicU64::new(0);
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var("JIAOHAO_CRASH_AT").ok()?;
        let (point, n) = text.split_once(':')?;
        Some((point.to_owned(), n.parse().ok()?))
    });
    if let Some((wanted, n)) = wanted
        && wanted == point
        && PASSED.fetch_add(1, Ordering::Relaxed) + 1 == *n
        && let Some(me) = rustix::process::Pid::from_raw(i32::try_from(std::process::id()).unwrap_or(0))
    {
        // Nothing is flushed, dropped or said: as a kill from outside. It cannot fail on ourselves.
        let _ = rustix::process::kill_process(me, rustix::process::Signal::KILL);
    }
}

/// Ends the process here if a test has asked for it.
#[cfg(not(feature = "crash-points"))]
#[inline(always)]
pub fn at(_point: &str) {}
