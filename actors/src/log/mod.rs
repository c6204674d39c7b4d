//! The log: what has happened, durable before anyone hears of it. Record format: `LOG.md`.
//!
//! A node writes all its shards into one row of segment files. This module knows bytes, order and disk; what the
//! bytes mean is the codec's and the owners' business.

use jiaohao_domain::{OwnerRef, Timestamp};

/// A shard: a site (`site:renmin`) or one of the 64 slices of patients and accounts (`slice:0` … `slice:63`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardId(pub std::sync::Arc<str>);

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
    /// On the first event of a command: principal, command name, key, body hash, answer; opaque here.
    pub meta: Option<Vec<u8>>,
    /// The event; opaque here.
    pub payload: Vec<u8>,
}

/// One command's events: written whole or not at all. 4,096 records at most.
pub type Commit = Vec<Record>;

/// Why an append did not happen. After any error the log accepts nothing more.
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
}

/// A log. One writer.
pub trait Log: Send + 'static {
    /// Gives each record its offset and commit number, appends all commits as one batch, and returns when they are
    /// durable (`fdatasync`).
    fn append(&mut self, commits: &mut [Commit]) -> Result<(), LogError>;
    /// The last durable commit number (0: nothing yet).
    fn last_commit(&self) -> u64;
    /// Reads all records with commit number above `after`, in order.
    fn replay(&self, after: u64, visit: &mut dyn FnMut(Record)) -> Result<(), LogError>;
    /// Every record up to this commit is in verified snapshots and older than the resume window: closed segments that
    /// hold nothing newer are archived and removed. Returns the bytes given back to the disk.
    fn prune(&mut self, up_to_commit: u64) -> Result<u64, LogError>;
}
