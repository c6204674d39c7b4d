//! Tests of the log.

use std::path::PathBuf;
use std::sync::Arc;

use jiaohao_domain::Timestamp;

use super::contract::{self, Factory};
use super::{FolderLock, FolderLockError, HistoryId, MemoryLog, SegmentLog, SegmentOptions};

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

/// Options for small segments; the clock stands still and nothing runs beside the writer.
pub fn small(segment_bytes: u64) -> SegmentOptions {
    SegmentOptions {
        segment_bytes,
        first_prepared_bytes: segment_bytes,
        history: Some(HistoryId(0x5eed)),
        with_keeper_thread: false,
        ..SegmentOptions::new(Arc::new(|| 0))
    }
}

/// A log of segment files in a folder of its own.
pub struct InFolder {
    folder: tempfile::TempDir,
    pub options: SegmentOptions,
}

impl InFolder {
    pub fn new(options: SegmentOptions) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), options }
    }
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Factory for InFolder {
    type Log = SegmentLog;
    fn open(&mut self) -> SegmentLog {
        let (log, opened) = SegmentLog::open(&self.path(), self.options.clone()).unwrap();
        assert_eq!(opened.torn, None);
        log
    }
}

#[test]
fn a_log_of_segments_keeps_the_contract() {
    contract::run(|| InFolder::new(small(2000)));
}

#[test]
fn a_log_of_segments_with_its_keeper_thread_keeps_the_contract() {
    contract::run(|| InFolder::new(SegmentOptions { with_keeper_thread: true, mark_every_ms: 0, ..small(1000) }));
}

#[test]
fn a_log_of_one_segment_keeps_the_contract() {
    contract::run(|| InFolder::new(SegmentOptions { first_prepared_bytes: 0, ..small(64 << 20) }));
}

#[test]
fn a_second_process_is_told_who_holds_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let lock = FolderLock::take(folder.path(), Timestamp(5)).unwrap();
    let error = FolderLock::take(folder.path(), Timestamp(6)).unwrap_err();
    assert!(error.to_string().contains(&format!("by process {}", std::process::id())), "{error}");
    assert!(matches!(error, FolderLockError::Held { holder: Some(holder), .. } if holder.since == Timestamp(5)));
    drop(lock);
    FolderLock::take(folder.path(), Timestamp(7)).unwrap();
}
