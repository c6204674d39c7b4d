//! The log: what has happened, durable before anyone hears of it. Record format: `LOG.md`.
//!
//! A node writes all its shards into one row of segment files. This module knows bytes, order and disk; what the
//! bytes mean is the codec's and the owners' business.

mod disk;
mod files;
mod format;
pub mod journal;
mod keeper;
mod lock;
mod memory;
mod read;
mod recover;
mod salvage;
mod scan;
mod segment;
mod size;
mod transfer;
pub mod user;

#[cfg(test)]
mod contract;
#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod journal_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod transfer_tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiaohao_domain::{OwnerRef, Timestamp};

pub use format::owner_kind_name;
pub use lock::{FileId, FolderLock, FolderLockError, Holder};
pub use memory::MemoryLog;
pub use read::Prunable;
pub use recover::TornTail;
pub use segment::{Opened, SegmentLog, SegmentOptions};
pub use size::{LogSize, size};

/// A shard: a site (`site:renmin`) or one of the 64 slices of patients and accounts (`slice:0` … `slice:63`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardId(pub Arc<str>);

/// One event as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose log.
    pub shard: ShardId,
    /// Who decided.
    pub owner: OwnerRef,
    /// Dense from 1 within the owner.
    pub owner_seq: u64,
    /// Rises with each activation of the owner; an older one may no longer write.
    pub owner_instance: u64,
    /// The event's kind (see `Owner::event_kind`) and format version.
    pub kind: u16,
    /// Version of the kind's payload.
    pub version: u16,
    /// Rising within the shard; given by the log at append (0 before).
    pub offset: u64,
    /// Rising over the node, one per command; given by the log at append (0 before).
    pub commit: u64,
    /// Which event of its command this is, and of how many.
    pub index: u16,
    /// How many events the command made.
    pub count: u16,
    /// When.
    pub at: Timestamp,
    /// On the first event of a command: principal, command name, key, body hash, answer.
    pub meta: Option<Meta>,
    /// The event; opaque here.
    pub payload: Vec<u8>,
}

/// What stands beside a command; opaque here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// The version of its form, from 1.
    pub version: u8,
    /// In that form.
    pub bytes: Vec<u8>,
}

/// One command's events: written whole or not at all. 4,096 records at most.
pub type Commit = Vec<Record>;

/// Most records of one command.
pub const MAX_COMMIT_RECORDS: usize = 4096;
/// Longest payload of a record, in bytes.
pub const MAX_PAYLOAD_BYTES: usize = 4 << 20;
/// Longest meta of a record, in bytes.
pub const MAX_META_BYTES: usize = 1 << 20;
/// Longest name of a shard or id of an owner, in bytes.
pub const MAX_NAME_BYTES: usize = 255;
/// Most bytes of one append (all its commits together, as encoded).
pub const MAX_BATCH_BYTES: usize = 64 << 20;

/// Names the one history that a log tells: drawn when the log is made, part of every stream's epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HistoryId(pub u128);

impl std::fmt::Display for HistoryId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Why the log did not do what it was asked. After any error of `append` or `mark` but [`LogError::Refused`] the log
/// accepts nothing more. A `prune` that could not be done has removed nothing that is still needed, and the log goes on.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The disk said no.
    #[error("the log could not be written or synced: {0}")]
    Io(#[from] std::io::Error),
    /// Damage: a hole, a broken chain, an end short of the mark. The start is refused.
    #[error("damaged at {place}: {what}")]
    Damaged {
        /// Segment file and byte.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// Not a log of this version.
    #[error("{0}")]
    Format(String),
    /// A commit that no log takes (too many records, too long, misnumbered). Nothing of the append was written and
    /// the log goes on.
    #[error("refused: {0}")]
    Refused(String),
}

/// A log. One writer.
pub trait Log: Send + 'static {
    /// Gives each record its offset and commit number, appends all commits as one batch, and returns when they are
    /// durable (`fdatasync`).
    fn append(&mut self, commits: &mut [Commit]) -> Result<(), LogError>;
    /// The last durable commit number (0: nothing yet).
    fn last_commit(&self) -> u64;
    /// The offset of the last durable record of every shard that has one.
    fn shard_ends(&self) -> BTreeMap<ShardId, u64>;
    /// Which history this log tells.
    fn history_id(&self) -> HistoryId;
    /// Reads beside the writer, from any thread.
    fn reader(&self) -> Arc<dyn LogReader>;
    /// Makes the mark (how far the log is known to be durable) catch up with the log. Call it when half a second has
    /// passed without an append; a busy log does it by itself.
    fn mark(&mut self) -> Result<(), LogError> {
        Ok(())
    }
    /// Removes segments whose archives have been checked (see [`LogReader::prunable`]). Returns the bytes given back to
    /// the disk.
    fn prune(&mut self, prunable: Prunable) -> Result<u64, LogError>;
    /// Reads all records with commit number above `after`, in order; see [`LogReader::replay`].
    fn replay(&self, after: u64, visit: &mut dyn FnMut(Record)) -> Result<(), LogError> {
        self.reader().replay(after, visit)
    }
}

/// Reads a log while it is being written. What it shows is durable.
pub trait LogReader: Send + Sync + 'static {
    /// The last durable commit number (0: nothing yet).
    fn last_commit(&self) -> u64;
    /// Reads all records with commit number above `after`, in order, up to what was durable when the call began.
    /// What has been pruned is read from the archive; an archive that is needed and not there is
    /// [`LogError::Damaged`], never a gap.
    fn replay(&self, after: u64, visit: &mut dyn FnMut(Record)) -> Result<(), LogError>;
    /// Every record up to this commit is in verified snapshots and older than the resume window: finds the closed
    /// segments that hold nothing newer and reads their archives back. The long part of a pruning, beside the writer.
    fn prunable(&self, up_to_commit: u64) -> Result<Prunable, LogError>;
}

/// What every log checks before it takes an append: at least one record a commit and at most
/// [`MAX_COMMIT_RECORDS`], `index` and `count` as they stand, lengths within the limits.
pub fn check_commits(commits: &[Commit]) -> Result<(), LogError> {
    let refuse = |what: String| Err(LogError::Refused(what));
    for commit in commits {
        if commit.is_empty() || commit.len() > MAX_COMMIT_RECORDS {
            return refuse(format!("a commit of {} records (1 to {MAX_COMMIT_RECORDS})", commit.len()));
        }
        for (index, record) in commit.iter().enumerate() {
            if usize::from(record.index) != index || usize::from(record.count) != commit.len() {
                return refuse(format!("record {index} of {} says {} of {}", commit.len(), record.index, record.count));
            }
            if record.meta.as_ref().is_some_and(|meta| meta.version == 0) {
                return refuse("a meta of version 0 (they begin with 1)".into());
            }
            for (what, length, most) in [
                ("a payload", record.payload.len(), MAX_PAYLOAD_BYTES),
                ("a meta", record.meta.as_ref().map_or(0, |meta| meta.bytes.len()), MAX_META_BYTES),
                ("an owner id", record.owner.id.len(), MAX_NAME_BYTES),
                ("a shard name", record.shard.0.len(), MAX_NAME_BYTES),
            ] {
                if length > most {
                    return refuse(format!("{what} of {length} bytes (at most {most})"));
                }
            }
        }
    }
    let bytes: usize = commits.iter().flatten().map(format::record_bytes).sum();
    if bytes > MAX_BATCH_BYTES {
        return refuse(format!("an append of {bytes} bytes (at most {MAX_BATCH_BYTES})"));
    }
    Ok(())
}
