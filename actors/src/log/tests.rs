//! Tests of the log.

use super::contract::{self, Factory};
use super::{HistoryId, MemoryLog};

/// `n` cases a property, more by `PROPTEST_CASES`; failing seeds are printed, not kept in files.
pub fn few_cases(n: u32) -> proptest::test_runner::Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    proptest::test_runner::Config { cases: asked.unwrap_or(n), failure_persistence: None, ..Default::default() }
}

impl Factory for MemoryLog {
    type Log = Self;
    fn open(&mut self) -> Self {
        self.clone()
    }
}

#[test]
fn a_log_in_memory_keeps_the_contract() {
    contract::run(|| MemoryLog::new(HistoryId(1)));
}
