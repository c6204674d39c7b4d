//! What every log keeps, whatever it is made of: one suite, run by each implementation.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiaohao_domain::{OwnerKind, OwnerRef, Timestamp};
use proptest::prelude::*;

use super::{Commit, Log, LogError, MAX_COMMIT_RECORDS, MAX_META_BYTES, MAX_PAYLOAD_BYTES, Meta, Record, ShardId};

/// Makes logs of one kind. `open` on the same value opens the same log again.
pub trait Factory {
    /// What is tested.
    type Log: Log;
    /// Opens it (again).
    fn open(&mut self) -> Self::Log;
}

/// A record as an owner hands it over.
pub fn record(shard: &str, owner: &str, seq: u64, payload: &[u8]) -> Record {
    Record {
        shard: ShardId(Arc::from(shard)),
        owner: OwnerRef::new(OwnerKind::Probe, owner),
        owner_seq: seq,
        owner_instance: 1,
        kind: 7,
        version: 2,
        offset: 0,
        commit: 0,
        index: 0,
        count: 1,
        at: Timestamp(1_700_000_000_000 + seq as i64),
        meta: None,
        payload: payload.to_vec(),
    }
}

fn meta(version: u8, bytes: Vec<u8>) -> Meta {
    Meta { version, bytes }
}

/// A commit of these records, numbered as it must be; the first carries a meta.
pub fn commit(mut records: Vec<Record>) -> Commit {
    let count = records.len() as u16;
    for (index, record) in records.iter_mut().enumerate() {
        record.index = index as u16;
        record.count = count;
    }
    if let Some(first) = records.first_mut() {
        first.meta = Some(meta(1, b"who".to_vec()));
    }
    records
}

/// Everything above `after`.
pub fn read(log: &dyn Log, after: u64) -> Vec<Record> {
    let mut records = Vec::new();
    log.replay(after, &mut |record| records.push(record)).unwrap();
    records
}

/// Prunes as the shell does: checked beside the writer, removed by it.
pub fn prune(log: &mut dyn Log, up_to_commit: u64) -> Result<u64, LogError> {
    let prunable = log.reader().prunable(up_to_commit)?;
    log.prune(prunable)
}

fn shard_end(log: &dyn Log, shard: &str) -> u64 {
    log.shard_ends().get(&ShardId(shard.into())).copied().unwrap_or(0)
}

/// Runs the suite; `make` gives a fresh, empty log's factory each time.
pub fn run<F: Factory>(make: impl Fn() -> F) {
    an_empty_log_is_empty(make());
    numbers_are_given(make());
    what_was_written_is_read_and_survives(make());
    limits_are_refused_and_the_log_goes_on(make());
    a_reader_sees_what_is_durable_from_any_thread(make());
    pruning_loses_nothing(make());
    random_days(&make);
}

fn an_empty_log_is_empty<F: Factory>(mut factory: F) {
    let mut log = factory.open();
    assert_eq!(log.last_commit(), 0);
    assert_eq!(shard_end(&log, "site:a"), 0);
    assert!(read(&log, 0).is_empty());
    log.append(&mut []).unwrap();
    log.mark().unwrap();
    assert_eq!(prune(&mut log, 0).unwrap(), 0);
    assert_eq!(log.last_commit(), 0);
    let history = log.history_id();
    drop(log);
    assert_eq!(factory.open().history_id(), history);
}

fn numbers_are_given<F: Factory>(mut factory: F) {
    let mut log = factory.open();
    let mut commits = vec![
        commit(vec![record("site:a", "a", 1, b"1"), record("slice:3", "p", 1, b"2"), record("site:a", "a", 2, b"3")]),
        commit(vec![record("slice:3", "p", 2, b"4")]),
    ];
    log.append(&mut commits).unwrap();
    let given: Vec<_> = commits.iter().flatten().map(|r| (r.offset, r.commit)).collect();
    assert_eq!(given, [(1, 1), (1, 1), (2, 1), (2, 2)]);
    assert_eq!(log.last_commit(), 2);
    assert_eq!(shard_end(&log, "site:a"), 2);
    assert_eq!(shard_end(&log, "slice:3"), 2);
    assert_eq!(shard_end(&log, "slice:4"), 0);
    drop(log);
    let mut log = factory.open();
    let mut commits = vec![commit(vec![record("site:a", "a", 3, b"5")])];
    log.append(&mut commits).unwrap();
    assert_eq!((commits[0][0].offset, commits[0][0].commit), (3, 3));
}

fn what_was_written_is_read_and_survives<F: Factory>(mut factory: F) {
    let mut written = Vec::new();
    for round in 0..3 {
        let mut log = factory.open();
        for n in 0..20_u64 {
            let mut records: Vec<_> =
                (0..=n % 3).map(|i| record("site:a", "a", n * 3 + i, &vec![n as u8; 40 * i as usize])).collect();
            records[0].owner_instance = round + 1;
            let mut commits = vec![commit(records)];
            commits[0][0].meta =
                [None, Some(meta(1, Vec::new())), Some(meta(2 + n as u8, vec![9; 30]))][(n % 3) as usize].clone();
            log.append(&mut commits).unwrap();
            written.extend(commits.into_iter().flatten());
        }
        assert_eq!(read(&log, 0), written);
    }
    let log = factory.open();
    for after in [0, 1, 19, 20, 21, 59, 60, 61, u64::MAX] {
        let expected: Vec<_> = written.iter().filter(|r| r.commit > after).cloned().collect();
        assert_eq!(read(&log, after), expected, "after {after}");
    }
}

fn limits_are_refused_and_the_log_goes_on<F: Factory>(mut factory: F) {
    let mut log = factory.open();
    let many = |n| commit(vec![record("site:a", "a", 1, b""); n]);
    let mut long_payload = many(1);
    long_payload[0].payload = vec![0; MAX_PAYLOAD_BYTES + 1];
    let mut long_meta = many(1);
    long_meta[0].meta = Some(meta(1, vec![0; MAX_META_BYTES + 1]));
    let mut unversioned_meta = many(1);
    unversioned_meta[0].meta = Some(meta(0, Vec::new()));
    let mut long_owner = many(1);
    long_owner[0].owner.id = "x".repeat(256).into();
    let mut long_shard = many(1);
    long_shard[0].shard = ShardId("x".repeat(256).into());
    let mut misnumbered = many(2);
    misnumbered[1].index = 0;
    let mut miscounted = many(2);
    miscounted[0].count = 3;
    for bad in [
        Vec::new(),
        many(MAX_COMMIT_RECORDS + 1),
        long_payload,
        long_meta,
        unversioned_meta,
        long_owner,
        long_shard,
        misnumbered,
        miscounted,
    ] {
        // A good commit beside a bad one is not written either.
        let error = log.append(&mut [many(1), bad]).unwrap_err();
        assert!(matches!(error, LogError::Refused(_)), "{error}");
    }
    assert_eq!(log.last_commit(), 0);
    let mut largest = many(1);
    largest[0].payload = vec![7; MAX_PAYLOAD_BYTES];
    largest[0].meta = Some(meta(255, vec![8; MAX_META_BYTES]));
    largest[0].owner.id = "x".repeat(255).into();
    let mut commits = vec![many(MAX_COMMIT_RECORDS), largest];
    log.append(&mut commits).unwrap();
    drop(log);
    let read = read(&factory.open(), 0);
    assert!(read == commits.into_iter().flatten().collect::<Vec<_>>());
}

fn a_reader_sees_what_is_durable_from_any_thread<F: Factory>(mut factory: F) {
    let mut log = factory.open();
    let reader = log.reader();
    log.append(&mut [commit(vec![record("site:a", "a", 1, b"1")])]).unwrap();
    assert_eq!(reader.last_commit(), 1);
    let watching = std::thread::spawn(move || {
        let mut seen = 0;
        while seen < 200 {
            let mut commits = Vec::new();
            let durable = reader.last_commit();
            reader.replay(seen, &mut |record| commits.push(record.commit)).unwrap();
            assert!(commits.len() as u64 >= durable - seen);
            for commit in commits {
                assert_eq!(commit, seen + 1, "in order, without gap or repeat");
                seen = commit;
            }
        }
    });
    for n in 2..=200 {
        log.append(&mut [commit(vec![record("site:a", "a", n, &[n as u8; 100])])]).unwrap();
    }
    watching.join().unwrap();
}

fn pruning_loses_nothing<F: Factory>(mut factory: F) {
    let mut log = factory.open();
    let mut written = Vec::new();
    for n in 1..=100 {
        let mut commits = vec![commit(vec![record("site:a", "a", n, &[n as u8; 200])])];
        log.append(&mut commits).unwrap();
        written.extend(commits.into_iter().flatten());
    }
    for up_to in [0, 30, 30, 70, 100] {
        prune(&mut log, up_to).unwrap();
        for after in [0, 15, up_to, 99] {
            assert_eq!(read(&log, after), &written[after as usize..], "pruned to {up_to}, read after {after}");
        }
    }
    let mut next = vec![commit(vec![record("site:a", "a", 101, b"")])];
    log.append(&mut next).unwrap();
    assert_eq!((next[0][0].offset, next[0][0].commit), (101, 101));
    written.extend(next.into_iter().flatten());
    drop(log);
    let log = factory.open();
    assert_eq!(shard_end(&log, "site:a"), 101);
    assert_eq!(read(&log, 0), written);
}

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<Vec<(u8, Vec<u8>)>>),
    Mark,
    Prune(u64),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let a_commit = prop::collection::vec((0..4_u8, prop::collection::vec(any::<u8>(), 0..120)), 1..5);
    prop::collection::vec(
        prop_oneof![
            8 => prop::collection::vec(a_commit, 0..4).prop_map(Step::Append),
            1 => Just(Step::Mark),
            1 => (0..60_u64).prop_map(Step::Prune),
            2 => Just(Step::Reopen),
        ],
        1..40,
    )
}

/// Against the obvious model: a vector of records.
fn random_days<F: Factory>(make: &impl Fn() -> F) {
    proptest!(super::tests::few_cases(12), |(steps in steps())| {
        let mut factory = make();
        let mut log = Some(factory.open());
        let mut model: Vec<Record> = Vec::new();
        let (mut ends, mut last) = (BTreeMap::<ShardId, u64>::new(), 0);
        for step in steps {
            let open = log.as_mut().expect("open");
            match step {
                Step::Append(commits) => {
                    let mut commits: Vec<Commit> = commits.into_iter().map(|records| {
                        commit(records.into_iter().map(|(s, p)| record(&format!("slice:{s}"), "p", 1, &p)).collect())
                    }).collect();
                    open.append(&mut commits).unwrap();
                    for commit in commits {
                        last += 1;
                        for record in commit {
                            let end = ends.entry(record.shard.clone()).or_default();
                            *end += 1;
                            prop_assert_eq!((record.offset, record.commit), (*end, last));
                            model.push(record);
                        }
                    }
                }
                Step::Mark => open.mark().unwrap(),
                Step::Prune(up_to) => drop(prune(open, up_to.min(last)).unwrap()),
                Step::Reopen => { drop(log.take()); log = Some(factory.open()); }
            }
            let open = log.as_ref().expect("open");
            prop_assert_eq!(open.last_commit(), last);
            prop_assert_eq!(&open.shard_ends(), &ends);
            prop_assert_eq!(&read(open, 0), &model);
        }
    });
}
