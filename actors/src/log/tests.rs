//! Tests of the log.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiaohao_domain::Timestamp;

use super::contract::{self, Factory};
use super::{FolderLock, FolderLockError, HistoryId, Log, MemoryLog, SegmentLog, SegmentOptions};

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

/// Copies the files of the log that `is_wanted` takes by name, as docs/operations.md says of a backup.
fn copy(from: &Path, to: &Path, is_wanted: impl Fn(&str) -> bool) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_file() && is_wanted(&name) {
            std::fs::copy(entry.path(), to.join(&name)).unwrap();
        }
    }
}

#[test]
fn a_copy_is_sound_with_the_mark_first_and_not_with_the_mark_last() {
    let mut source = InFolder::new(SegmentOptions { mark_every_ms: 0, ..small(2000) });
    let mut log = source.open();
    let mut seq = 0;
    let mut write = |log: &mut SegmentLog| {
        for _ in 0..60 {
            seq += 1;
            log.append(&mut [contract::commit(vec![contract::record("s", "a", seq, &[7; 100])])]).unwrap();
        }
        seq
    };
    let rest = |name: &str| name != "mark" && !name.ends_with(".new");
    let (mark_first, mark_last) = (InFolder::new(small(2000)), InFolder::new(small(2000)));
    let before = write(&mut log);
    copy(&source.path(), &mark_first.path(), |name| name == "mark");
    copy(&source.path(), &mark_last.path(), rest);
    // Segments are closed while it copies.
    write(&mut log);
    copy(&source.path(), &mark_first.path(), rest);
    copy(&source.path(), &mark_last.path(), |name| name == "mark");
    let (copied, _) = SegmentLog::open(&mark_first.path(), small(2000)).unwrap();
    assert!(copied.last_commit() >= before);
    assert_eq!(contract::read(&copied, 0).len() as u64, copied.last_commit());
    assert!(SegmentLog::open(&mark_last.path(), small(2000)).is_err(), "it ends short of its mark");
}
