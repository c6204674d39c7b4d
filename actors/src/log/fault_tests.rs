//! Disks that fail, machines that go down, bits that flip: what was acknowledged survives, nothing pending is released,
//! nothing is lost in silence. `JIAOHAO_ROUNDS` and `JIAOHAO_SEED` choose how much and which.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::contract::{commit, prune, read, record};
use super::faults::{Fault, FaultDisk};
use super::tests::small;
use super::{Commit, Log, LogError, Record, SegmentLog, SegmentOptions};

/// SplitMix64, seeded.
pub struct Chance(u64);

impl Chance {
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

fn rounds(usual: u64) -> u64 {
    std::env::var("JIAOHAO_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

fn seeded(what: &str) -> Chance {
    #[expect(clippy::disallowed_methods, reason = "a test of chance says its seed")]
    let seed = std::env::var("JIAOHAO_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or_else(rand::random);
    println!("{what}: JIAOHAO_SEED={seed}");
    Chance(seed)
}

fn on(disk: &FaultDisk, segment_bytes: u64) -> SegmentOptions {
    SegmentOptions { disk: Arc::new(disk.clone()), mark_every_ms: 0, ..small(segment_bytes) }
}

fn some_commits(chance: &mut Chance, n: u64) -> Vec<Commit> {
    (0..1 + chance.draw() % 3)
        .map(|_| {
            let records = 1 + chance.draw() % 3;
            commit(
                (0..records)
                    .map(|i| record("site:a", "a", n * 10 + i, &vec![n as u8; (chance.draw() % 300) as usize]))
                    .collect(),
            )
        })
        .collect()
}

/// What a run on a failing disk came to: the acknowledged records, and those whose append failed.
#[derive(Default)]
struct Ran {
    acknowledged: Vec<Record>,
    pending: Vec<Record>,
}

/// Appends, marks and prunes until something fails; then asserts that the log accepts nothing more.
fn run(disk: &FaultDisk, chance: &mut Chance, steps: u64) -> Ran {
    let mut ran = Ran::default();
    let options =
        SegmentOptions { mark_every_ms: if chance.draw().is_multiple_of(2) { 0 } else { 1 << 40 }, ..on(disk, 1500) };
    let Ok((mut log, _)) = SegmentLog::open(Path::new("/d/log"), options) else { return ran };
    ran.acknowledged = read(&log, 0);
    for n in 0..steps {
        let mut commits = some_commits(chance, n);
        if log.append(&mut commits).is_err() {
            ran.pending = commits.into_iter().flatten().collect();
        } else {
            ran.acknowledged.extend(commits.into_iter().flatten());
        }
        let marked = if chance.draw().is_multiple_of(8) { log.mark() } else { Ok(()) };
        if chance.draw().is_multiple_of(8) {
            // A pruning that fails has removed nothing that is needed.
            let up_to = chance.draw() % (log.last_commit() + 1);
            let _ = prune(&mut log, up_to);
        }
        if !ran.pending.is_empty() || marked.is_err() {
            assert!(
                log.append(&mut [commit(vec![record("site:a", "a", 1, b"")])]).is_err(),
                "a failed log accepts nothing"
            );
            break;
        }
    }
    ran
}

/// Opens after the fault: acknowledged records are there, then perhaps the pending ones, and nothing else.
fn check(disk: &FaultDisk, ran: &Ran, what: &str) -> Vec<Record> {
    let (mut log, _) =
        SegmentLog::open(Path::new("/d/log"), on(disk, 1500)).unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut there = read(&log, 0);
    let whole: Vec<Record> = ran.acknowledged.iter().chain(&ran.pending).cloned().collect();
    assert!(there == ran.acknowledged || there == whole, "{what}: {} of {} there", there.len(), ran.acknowledged.len());
    let mut next = vec![commit(vec![record("site:a", "a", 1, b"next")])];
    log.append(&mut next).unwrap();
    there.extend(next.into_iter().flatten());
    drop(log);
    let (log, opened) = SegmentLog::open(Path::new("/d/log"), on(disk, 1500)).unwrap();
    assert_eq!(opened.torn, None, "{what}: what was cut is not found again");
    assert_eq!(read(&log, 0), there, "{what}");
    there
}

#[test]
fn what_was_acknowledged_survives_every_fault_at_every_operation() {
    let mut chance = seeded("faults");
    for fault in [Fault::Full, Fault::Sync, Fault::Crash] {
        for crash in [false, true] {
            let stride = if rounds(60) >= 500 { 1 } else { 5 + chance.draw() % 4 };
            let mut at = 0;
            loop {
                let disk = FaultDisk::default();
                disk.fail_at(at, fault);
                let ran = run(&disk, &mut Chance(at), 40);
                let done = disk.operations() <= at;
                disk.heal();
                if crash || fault == Fault::Crash {
                    disk.crash(&mut || chance.draw());
                }
                let what = format!("{fault:?} at {at}, crash {crash}");
                let there = check(&disk, &ran, &what);
                // What was found after a failed sync and built upon is on the disk, not only shown.
                disk.crash(&mut || chance.draw());
                let (log, _) = SegmentLog::open(Path::new("/d/log"), on(&disk, 1500)).unwrap();
                assert_eq!(read(&log, 0), there, "{what}");
                if done {
                    break;
                }
                // Each operation of the making of the log, then a share of the rest.
                at += if at < 20 { 1 } else { stride };
            }
            assert!(at > 100, "the run is long enough to be struck everywhere");
        }
    }
}

#[test]
fn crash_after_crash_also_in_recovery_loses_nothing() {
    let mut chance = seeded("crashes");
    for round in 0..rounds(60) {
        let disk = FaultDisk::default();
        let mut there = Vec::new();
        for life in 0..6 {
            disk.fail_at(chance.draw() % 60, if chance.draw().is_multiple_of(2) { Fault::Sync } else { Fault::Crash });
            let ran = run(&disk, &mut chance, 10);
            disk.crash(&mut || chance.draw());
            // A start that failed has acknowledged nothing of its own: what was there before still is.
            let ran = if ran.acknowledged.is_empty() { Ran { acknowledged: there, pending: ran.pending } } else { ran };
            there = check(&disk, &ran, &format!("round {round}, life {life}"));
        }
    }
}

type AFolder = (Vec<(PathBuf, Vec<u8>)>, Vec<Record>, u64);

/// A log with archives, closed segments and a live one with several batches beyond the mark, as files; its records; and
/// the last commit before its last batch.
fn a_folder(chance: &mut Chance) -> AFolder {
    loop {
        if let Some(folder) = try_a_folder(chance) {
            return folder;
        }
    }
}

fn try_a_folder(chance: &mut Chance) -> Option<AFolder> {
    let disk = FaultDisk::default();
    let options = SegmentOptions { mark_every_ms: 1 << 40, ..on(&disk, 3000) };
    let (mut log, _) = SegmentLog::open(Path::new("/d/log"), options).unwrap();
    let (mut written, mut before_last) = (Vec::new(), 0);
    for n in 0..40 {
        let mut commits = some_commits(chance, n);
        before_last = log.last_commit();
        log.append(&mut commits).unwrap();
        written.extend(commits.into_iter().flatten());
        if n == 20 {
            let up_to = log.last_commit() / 2;
            prune(&mut log, up_to).unwrap();
        }
        if n == 36 {
            log.mark().unwrap();
        }
    }
    let marked = super::files::MarkFile::read(&folder(&disk), log.history_id()).unwrap().commit;
    let files = disk.files();
    (marked < before_last).then_some((files, written, before_last))
}

fn folder(disk: &FaultDisk) -> super::files::Folder {
    super::files::Folder { disk: Arc::new(disk.clone()), path: "/d/log".into() }
}

fn put(files: &BTreeMap<PathBuf, Vec<u8>>) -> FaultDisk {
    use super::disk::Disk;
    let disk = FaultDisk::default();
    for (path, bytes) in files {
        let file = disk.create(path).unwrap();
        file.write_at(bytes, 0).unwrap();
        file.sync().unwrap();
    }
    disk
}

/// What opening and reading a folder that may be damaged comes to; `None`: damage was named.
fn open_and_read(disk: &FaultDisk) -> Option<(Vec<Record>, Option<super::TornTail>)> {
    let named = |error: LogError| match error {
        LogError::Damaged { place, what } => assert!(!place.is_empty() && !what.is_empty()),
        other => panic!("not named as damage: {other}"),
    };
    let (log, opened) = SegmentLog::open(Path::new("/d/log"), on(disk, 3000)).map_err(named).ok()?;
    let mut records = Vec::new();
    log.replay(0, &mut |record| records.push(record)).map_err(named).ok()?;
    Some((records, opened.torn))
}

#[test]
fn a_flipped_bit_is_harmless_named_or_a_reported_loss_beyond_the_mark() {
    let mut chance = seeded("bit flips");
    let (mut same, mut refused, mut lost) = (0, 0, 0);
    for round in 0..rounds(60) {
        let (files, written, before_last) = a_folder(&mut chance);
        let disk = put(&files.iter().cloned().collect());
        assert_eq!(open_and_read(&disk).map(|(records, _)| records).as_ref(), Some(&written), "sound before");
        for _ in 0..10 {
            let mut damaged: BTreeMap<_, _> = files.iter().cloned().collect();
            let (path, _) = &files[(chance.draw() % files.len() as u64) as usize];
            let bytes = damaged.get_mut(path).unwrap();
            // Half of the flips hit the end of the file, where the live segment's fate is decided.
            let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0) as u64 + 1;
            let from = if chance.draw().is_multiple_of(2) { used.saturating_sub(400) } else { 0 };
            let bit = from * 8 + chance.draw() % ((used - from) * 8);
            bytes[(bit / 8) as usize] ^= 1 << (bit % 8);
            let what = format!("round {round}, {} bit {bit}", path.display());
            let disk = put(&damaged);
            match catch_unwind(AssertUnwindSafe(|| open_and_read(&disk))).unwrap_or_else(|_| panic!("panic: {what}")) {
                None => refused += 1,
                Some((records, _)) if records == written => same += 1,
                Some((records, torn)) => {
                    assert!(torn.is_some(), "a silent loss: {what}");
                    assert!(written.starts_with(&records), "other records: {what}");
                    let last = records.last().map_or(0, |record| record.commit);
                    assert!(last >= before_last, "more than the last batch, itself beyond the mark, is lost: {what}");
                    lost += 1;
                }
            }
        }
    }
    println!("the same {same}, refused {refused}, reported loss {lost}");
    assert!(same > 0 && refused > 0 && lost > 0, "each answer was seen: {same}, {refused}, {lost}");
}

#[test]
fn any_bytes_in_any_file_are_read_without_a_panic() {
    let mut chance = seeded("any bytes");
    let (files, _, _) = a_folder(&mut chance);
    for round in 0..rounds(60) {
        let mut damaged: BTreeMap<_, _> = files.iter().cloned().collect();
        let (path, _) = &files[(chance.draw() % files.len() as u64) as usize];
        let bytes = damaged.get_mut(path).unwrap();
        let at = (chance.draw() % bytes.len() as u64) as usize;
        match chance.draw() % 3 {
            0 => bytes.truncate(at),
            1 => bytes[at..].iter_mut().for_each(|byte| *byte = chance.draw() as u8),
            _ => bytes.iter_mut().for_each(|byte| *byte = chance.draw() as u8),
        }
        let disk = put(&damaged);
        let read = catch_unwind(AssertUnwindSafe(|| open_and_read(&disk)));
        assert!(read.is_ok(), "panic in round {round} with {}", path.display());
    }
}

#[test]
fn a_missing_file_is_named_or_made_again() {
    let (files, written, _) = a_folder(&mut Chance(3));
    for (path, _) in &files {
        let mut rest: BTreeMap<_, _> = files.iter().cloned().collect();
        rest.remove(path);
        match open_and_read(&put(&rest)) {
            None => {}
            Some((records, torn)) => {
                assert!(records == written && torn.is_none(), "{} is missing in silence", path.display());
                let name = path.to_string_lossy();
                assert!(
                    name.ends_with(".manifest") || name.ends_with(".new") || name.contains("/archive/"),
                    "{name} is not needed?"
                );
            }
        }
    }
}
