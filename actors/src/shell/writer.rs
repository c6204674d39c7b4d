//! The log's one writer thread: takes all that is waiting, appends one batch, syncs, and only then lets go of it.
//! No timer: the sync in progress is the gathering window.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use flume::{Receiver, RecvTimeoutError, Sender};
use jiaohao_domain::OwnerRef;

use super::clock;
use super::ends::OwnerEnds;
use super::message::{Release, Submission};
use super::projector::ToProjector;
use crate::log::{Commit, Log, LogError};

/// A batch closes at this many records …
pub const BATCH_RECORDS: usize = 256;
/// … or this many bytes of payload.
pub const BATCH_BYTES: usize = 1 << 20;
/// How many submissions may wait; a full queue makes the submitting owner wait (backpressure, never loss).
pub const QUEUE: usize = 8_192;

/// Without work for so long, the log's mark catches up.
const MARK_WHEN_IDLE: Duration = Duration::from_millis(500);

/// Called with the cause when the log can no longer be written. The process must not go on.
pub type OnFailure = Box<dyn FnOnce(String) + Send>;

/// How far every owner has come.
pub struct Written {
    /// Instance and last record of those that were replayed, or have written, and have not left.
    pub owners: HashMap<OwnerRef, (u64, u64)>,
    /// The last record of the others. Of an owner that has left only that is kept: its instance has nothing more to write.
    pub ends: Arc<OwnerEnds>,
}

/// Since when the writer has been at the batch in progress, in process time.
#[derive(Debug)]
pub struct InProgress(AtomicI64);

/// Between two batches.
const NO_BATCH: i64 = i64::MAX;

impl Default for InProgress {
    fn default() -> Self {
        Self(AtomicI64::new(NO_BATCH))
    }
}

impl InProgress {
    fn begin(&self) {
        self.0.store(clock::process_ms(), Ordering::Relaxed);
    }

    fn end(&self) {
        self.0.store(NO_BATCH, Ordering::Relaxed);
    }

    /// How long it has taken so far, in milliseconds; 0 between two batches.
    pub fn ms(&self) -> i64 {
        match self.0.load(Ordering::Relaxed) {
            NO_BATCH => 0,
            since => (clock::process_ms() - since).max(0),
        }
    }
}

/// Starts the writer thread. What is written must go on from what `written` says.
pub fn start(
    log: Box<dyn Log>,
    submissions: Receiver<Submission>,
    released: Sender<ToProjector>,
    durable: Arc<AtomicU64>,
    in_progress: Arc<InProgress>,
    written: Written,
    on_failure: OnFailure,
) -> std::io::Result<JoinHandle<Box<dyn Log>>> {
    let writer = Writer { log, submissions, released, durable, in_progress, written };
    std::thread::Builder::new().name("log-writer".into()).spawn(move || writer.run(on_failure))
}

struct Writer {
    log: Box<dyn Log>,
    submissions: Receiver<Submission>,
    released: Sender<ToProjector>,
    durable: Arc<AtomicU64>,
    in_progress: Arc<InProgress>,
    written: Written,
}

/// One batch: commits in order, and for each submission whether it has one.
#[derive(Default)]
struct Batch {
    commits: Vec<Commit>,
    releases: Vec<(bool, Release)>,
    records: usize,
    bytes: usize,
}

impl Writer {
    fn run(mut self, on_failure: OnFailure) -> Box<dyn Log> {
        loop {
            self.in_progress.end();
            let mut batch = Batch::default();
            let received = self.submissions.recv_timeout(MARK_WHEN_IDLE);
            self.in_progress.begin();
            let first = match received {
                Ok(first) => first,
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(error) = self.log.mark() {
                        on_failure(format!("the log's mark: {error}"));
                        return self.log;
                    }
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return self.log,
            };
            let mut next = Some(first);
            let mut ending = false;
            while let Some(submission) = next.take() {
                match submission {
                    Submission::Commit(commit, release) => {
                        if let Err(why) = self.admit(&commit) {
                            on_failure(why);
                            return self.log;
                        }
                        batch.records += commit.len();
                        batch.bytes += commit.iter().map(|r| r.payload.len() + 128).sum::<usize>();
                        batch.commits.push(commit);
                        batch.releases.push((true, release));
                    }
                    Submission::Barrier(release) => batch.releases.push((false, release)),
                    Submission::Forget(owner) => {
                        self.written.owners.remove(&owner);
                    }
                    Submission::Prune(prunable) => match self.log.prune(prunable) {
                        Ok(freed_bytes) => tracing::debug!(freed_bytes, "log pruned"),
                        Err(error) => tracing::error!(%error, "the log could not be pruned"),
                    },
                    Submission::Stop => ending = true,
                }
                if ending || batch.records >= BATCH_RECORDS || batch.bytes >= BATCH_BYTES {
                    break;
                }
                next = self.submissions.try_recv().ok();
            }
            if !batch.commits.is_empty() {
                let began = clock::monotonic();
                if let Err(error) = self.log.append(&mut batch.commits) {
                    on_failure(match error {
                        LogError::Io(error) => format!("the log could not be written: {error}"),
                        error => format!("the log could not be written: {error}"),
                    });
                    return self.log;
                }
                metrics::histogram!("log_sync_seconds").record(began.elapsed().as_secs_f64());
                metrics::counter!("log_records_total").increment(batch.records as u64);
                metrics::histogram!("log_batch_records").record(batch.records as f64);
                crate::crash::at("appended");
                self.durable.store(self.log.last_commit(), Ordering::Release);
            }
            if !batch.releases.is_empty() && self.released.send(ToProjector::Released(batch.into_released())).is_err() {
                return self.log;
            }
            if ending {
                return self.log;
            }
        }
    }

    /// Refuses what is not the next record of the owner's newest instance.
    fn admit(&mut self, commit: &Commit) -> Result<(), String> {
        let Written { owners, ends } = &mut self.written;
        for record in commit {
            let owner = &record.owner;
            let (instance, seq) = owners.entry(owner.clone()).or_insert_with(|| (0, ends.of(owner)));
            if record.owner_instance < *instance {
                return Err(format!("{owner}: an older instance wrote"));
            }
            if record.owner_seq != *seq + 1 {
                return Err(format!("{owner}: record {} after {seq}", record.owner_seq));
            }
            (*instance, *seq) = (record.owner_instance, record.owner_seq);
        }
        Ok(())
    }
}

impl Batch {
    fn into_released(self) -> Vec<(Commit, Release)> {
        let mut commits = self.commits.into_iter();
        self.releases
            .into_iter()
            .map(|(has, release)| (if has { commits.next().unwrap_or_default() } else { Commit::new() }, release))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{HistoryId, MemoryLog, Record, ShardId};
    use jiaohao_domain::{OwnerKind, Timestamp};

    fn record(owner_seq: u64) -> Record {
        Record {
            shard: ShardId("site:s".into()),
            owner: OwnerRef::new(OwnerKind::Probe, "s.a"),
            owner_seq,
            owner_instance: 2,
            kind: 900,
            version: 1,
            offset: 0,
            commit: 0,
            index: 0,
            count: 1,
            at: Timestamp(0),
            meta: None,
            payload: Vec::new(),
        }
    }

    /// What a writer makes of these: how many commits it has written, and what it says when it could not go on.
    fn written(running: (u64, u64), end: u64, what: impl IntoIterator<Item = Submission>) -> (u64, Option<String>) {
        let owner = record(0).owner;
        let ends = Arc::new(OwnerEnds::default());
        ends.set(&owner, end);
        let written = Written { owners: HashMap::from([(owner, running)]), ends };
        let (submissions, waiting) = flume::unbounded();
        let (released, _kept) = flume::unbounded();
        let (failed, failure) = flume::unbounded();
        for submission in what.into_iter().chain([Submission::Stop]) {
            submissions.send(submission).unwrap();
        }
        let log = Box::new(MemoryLog::new(HistoryId(1)));
        let on_failure = Box::new(move |why| failed.send(why).unwrap());
        let writer = start(log, waiting, released, Arc::default(), Arc::default(), written, on_failure).unwrap();
        (writer.join().unwrap().last_commit(), failure.try_recv().ok())
    }

    fn commit(record: Record) -> Submission {
        Submission::Commit(vec![record], Release::default())
    }

    #[test]
    fn after_a_start_nothing_is_written_twice_with_a_hole_or_by_an_older_instance() {
        for (instance, seq, is_next) in [(2, 5, false), (2, 6, true), (2, 7, false), (1, 6, true), (0, 6, false)] {
            let next = commit(Record { owner_instance: instance, ..record(seq) });
            let (commits, failure) = written((1, 5), 0, [next]);
            assert_eq!(commits, u64::from(is_next));
            assert_eq!(failure.is_none(), is_next, "record {seq} of instance {instance} after 5 of 1");
        }
    }

    #[test]
    fn who_has_left_goes_on_behind_its_last_record_and_begins_nothing_anew() {
        for (end, seq, is_next) in
            [(5, 1, false), (5, 5, false), (5, 6, true), (5, 7, false), (0, 1, true), (0, 2, false)]
        {
            let left = Submission::Forget(record(0).owner);
            let (commits, failure) = written((1, 9), end, [left, commit(record(seq))]);
            assert_eq!(commits, u64::from(is_next));
            let says = (!is_next).then(|| format!("{}: record {seq} after {end}", record(0).owner));
            assert_eq!(failure, says);
        }
    }
}
