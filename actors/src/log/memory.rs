//! A log in memory: for tests and for what need not survive. Its clones share one history.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Commit, HistoryId, Log, LogError, LogReader, Prunable, Record, ShardId, check_commits};

/// Keeps every record in memory; a clone is the same log. Nothing is pruned away: its memory is its archive.
#[derive(Clone)]
pub struct MemoryLog {
    history: HistoryId,
    kept: Arc<Kept>,
}

#[derive(Default)]
struct Kept(Mutex<Contents>);

#[derive(Default)]
struct Contents {
    records: Vec<Record>,
    last_commit: u64,
    ends: BTreeMap<ShardId, u64>,
}

impl Kept {
    // A visitor that panics leaves the contents whole: they change only in `append`, which calls nobody.
    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MemoryLog {
    /// An empty log of that history.
    pub fn new(history: HistoryId) -> Self {
        Self { history, kept: Arc::default() }
    }
}

impl Log for MemoryLog {
    fn append(&mut self, commits: &mut [Commit]) -> Result<(), LogError> {
        check_commits(commits)?;
        let mut contents = self.kept.lock();
        for commit in commits {
            contents.last_commit += 1;
            for record in commit {
                record.commit = contents.last_commit;
                let end = contents.ends.entry(record.shard.clone()).or_default();
                *end += 1;
                record.offset = *end;
                contents.records.push(record.clone());
            }
        }
        Ok(())
    }
    fn last_commit(&self) -> u64 {
        self.kept.lock().last_commit
    }
    fn shard_ends(&self) -> BTreeMap<ShardId, u64> {
        self.kept.lock().ends.clone()
    }
    fn history_id(&self) -> HistoryId {
        self.history
    }
    fn reader(&self) -> Arc<dyn LogReader> {
        self.kept.clone()
    }
    fn prune(&mut self, _: Prunable) -> Result<u64, LogError> {
        Ok(0)
    }
}

impl LogReader for Kept {
    fn last_commit(&self) -> u64 {
        self.lock().last_commit
    }
    fn replay(&self, after: u64, visit: &mut dyn FnMut(Record)) -> Result<(), LogError> {
        let records: Vec<Record> = {
            let contents = self.lock();
            let from = contents.records.partition_point(|record| record.commit <= after);
            contents.records[from..].to_vec()
        };
        records.into_iter().for_each(visit);
        Ok(())
    }
    fn prunable(&self, up_to_commit: u64) -> Result<Prunable, LogError> {
        Ok(Prunable { up_to_commit, ..Prunable::default() })
    }
}
