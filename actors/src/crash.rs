//! Named points at which a test ends the process as `kill -9` would (feature `crash-points`; otherwise nothing). The
//! environment variable `JIAOHAO_CRASH_AT=point:n` chooses the n-th passing of a point; on a way whose length is known
//! `JIAOHAO_CRASH_AT=point:n%` chooses how much of it is done then. With `JIAOHAO_CRASH_FROM=file` passings count from when
//! there is such a file on.

#[cfg(feature = "crash-points")]
mod wanted {
    use std::path::PathBuf;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    struct Wanted {
        point: String,
        n: u64,
        is_part: bool,
        from: Option<PathBuf>,
    }

    fn wanted() -> Option<&'static Wanted> {
        static WANTED: OnceLock<Option<Wanted>> = OnceLock::new();
        let read = || {
            let text = std::env::var("JIAOHAO_CRASH_AT").ok()?;
            let (point, n) = text.split_once(':')?;
            let is_part = n.ends_with('%');
            let from = std::env::var_os("JIAOHAO_CRASH_FROM").map(PathBuf::from);
            Some(Wanted { point: point.to_owned(), n: n.trim_end_matches('%').parse().ok()?, is_part, from })
        };
        WANTED.get_or_init(read).as_ref()
    }

    pub(super) fn is_passing(point: &str) -> bool {
        static PASSED: AtomicU64 = AtomicU64::new(0);
        wanted().is_some_and(|wanted| {
            !wanted.is_part
                && wanted.point == point
                && wanted.from.as_ref().is_none_or(|file| file.exists())
                && PASSED.fetch_add(1, Ordering::Relaxed) + 1 == wanted.n
        })
    }

    pub(super) fn is_part(point: &str, done: u64, all: u64) -> bool {
        wanted().is_some_and(|wanted| {
            wanted.is_part && wanted.point == point && done.saturating_mul(100) >= all.saturating_mul(wanted.n)
        })
    }

    pub(super) fn end() {
        // Nothing is flushed, dropped or said: as a kill from outside. It cannot fail on ourselves.
        if let Some(me) = rustix::process::Pid::from_raw(i32::try_from(std::process::id()).unwrap_or(0)) {
            let _ = rustix::process::kill_process(me, rustix::process::Signal::KILL);
        }
    }
}

/// Ends the process here if a test has asked for it.
#[cfg(feature = "crash-points")]
pub fn at(point: &str) {
    if wanted::is_passing(point) {
        wanted::end();
    }
}

/// Ends the process here if a test has asked for it.
#[cfg(not(feature = "crash-points"))]
#[inline(always)]
pub fn at(_point: &str) {}

/// Ends the process here if a test has asked for it and so much of a way is done.
#[cfg(feature = "crash-points")]
pub fn on_the_way(point: &str, done: u64, all: u64) {
    if wanted::is_part(point, done, all) {
        wanted::end();
    }
}

/// Ends the process here if a test has asked for it and so much of a way is done.
#[cfg(not(feature = "crash-points"))]
#[inline(always)]
pub fn on_the_way(_point: &str, _done: u64, _all: u64) {}
