//! What a process costs, as Linux says it under `/proc`. None: it has ended, or the system does not say.

use std::time::Duration;

/// Clock ticks of `/proc/*/stat` in a second: the kernel shows them so on every machine, whatever its timer does.
const TICKS: f64 = 100.0;

/// The time of processors that it has had so far, its own and the kernel's for it.
pub fn cpu(pid: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Its name may hold anything, a bracket too. What follows is numbered from 3; 14 and 15 are user and system time.
    let mut fields = stat.rsplit(')').next()?.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some(Duration::from_secs_f64((ticks()? + ticks()?) / TICKS))
}

/// Its memory, in KiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// What it has now.
    pub now_kib: u64,
    /// The most that it has had.
    pub max_kib: u64,
}

/// See [`Memory`].
pub fn memory(pid: u32) -> Option<Memory> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().trim_end_matches(" kB").trim().parse().ok()
    };
    Some(Memory { now_kib: kib("VmRSS:")?, max_kib: kib("VmHWM:")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_memory_and_time_and_one_that_is_not_there_has_neither() {
        let own = std::process::id();
        let memory = memory(own).unwrap();
        assert!(memory.now_kib > 0 && memory.max_kib >= memory.now_kib, "{memory:?}");
        assert!(cpu(own).is_some_and(|time| time < Duration::from_secs(86_400)));
        assert_eq!((cpu(u32::MAX), super::memory(u32::MAX)), (None, None));
    }
}
