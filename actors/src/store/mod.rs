//! The store: snapshots of owners and the deadline index, in sled. Always behind the log, always rebuildable from it.
//!
//! sled's `flush` is not an fsync and its `open` may panic on damage or come up with less than it had. So: `open` runs
//! behind `catch_unwind`, a flush that matters is followed by `sync_data` on the database file, each row carries a
//! checksum, and a mark beside the database says how much was there at the last sync: less than that is damage, and a
//! damaged store is set aside and made again from the log.

mod mark;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use jiaohao_domain::{OwnerKind, OwnerRef, Timestamp};
use serde::{Deserialize, Serialize};

use crate::codec;
pub use mark::Mark;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk or sled said no.
    #[error("the store: {0}")]
    Sled(#[from] sled::Error),
    /// The disk said no.
    #[error("the store: {0}")]
    Io(#[from] std::io::Error),
    /// Damage: to be set aside and rebuilt.
    #[error("the store is damaged: {0}")]
    Damaged(String),
}

/// One owner's snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its last record.
    pub owner_seq: u64,
    /// Version of the state's format.
    pub version: u16,
    /// Its next deadline.
    pub deadline: Option<Timestamp>,
    /// Ledger and state.
    pub bytes: Vec<u8>,
}

/// The store of one node.
pub struct Store {
    folder: PathBuf,
    db: sled::Db,
    snapshots: sled::Tree,
    totals: std::sync::Mutex<Totals>,
}

/// How much is in it: sums that only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Totals {
    rows: u64,
    seq_sum: u64,
}

impl Store {
    /// Opens the store of this log (`history`), or says that it is damaged. `last_commit` is the log's: a store that
    /// has seen more than the log is damaged too.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] calls for [`Store::set_aside`].
    pub fn open(folder: &Path, history: &str, last_commit: u64, cache_bytes: u64) -> Result<Self, StoreError> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join("sled");
        let opened = catch_unwind(|| {
            sled::Config::new().path(path).cache_capacity(cache_bytes).flush_every_ms(Some(1_000)).open()
        });
        let db = match opened {
            Ok(Ok(db)) => db,
            Ok(Err(error)) => return Err(StoreError::Damaged(error.to_string())),
            Err(_) => return Err(StoreError::Damaged("it cannot be opened".into())),
        };
        let snapshots = db.open_tree("snapshots")?;
        let store = Self { folder: folder.to_owned(), db, snapshots, totals: std::sync::Mutex::default() };
        let totals = store.count()?;
        if let Some(mark) = Mark::read(folder)? {
            if mark.history != history {
                return Err(StoreError::Damaged("it belongs to another log".into()));
            }
            if mark.floor_commit > last_commit {
                return Err(StoreError::Damaged(format!(
                    "it is ahead of the log: {} > {last_commit}",
                    mark.floor_commit
                )));
            }
            if totals.rows < mark.rows || totals.seq_sum < mark.seq_sum {
                return Err(StoreError::Damaged("it has lost rows".into()));
            }
        }
        *store.totals.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = totals;
        Ok(store)
    }

    /// Moves a damaged store out of the way; the next [`Store::open`] begins an empty one.
    ///
    /// # Errors
    /// The disk's.
    pub fn set_aside(folder: &Path) -> std::io::Result<PathBuf> {
        for n in 1.. {
            let aside = folder.with_extension(format!("damaged-{n}"));
            if !aside.exists() {
                std::fs::rename(folder, &aside)?;
                return Ok(aside);
            }
        }
        unreachable!("some number is free")
    }

    fn count(&self) -> Result<Totals, StoreError> {
        let mut totals = Totals::default();
        for row in self.snapshots.iter() {
            let (key, value) = row?;
            let snapshot = unseal(&value).map_err(|why| StoreError::Damaged(format!("row {}: {why}", key.len())))?;
            totals.rows += 1;
            totals.seq_sum += snapshot.owner_seq;
        }
        Ok(totals)
    }

    /// Up to which commit everything is in snapshots (0 without a mark).
    pub fn floor_commit(&self) -> Result<u64, StoreError> {
        Ok(Mark::read(&self.folder)?.map_or(0, |mark| mark.floor_commit))
    }

    /// Clinic time at the last checkpoint.
    pub fn clinic(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(Mark::read(&self.folder)?.map(|mark| mark.clinic))
    }

    /// The owner's snapshot.
    pub fn snapshot(&self, owner: &OwnerRef) -> Result<Option<Snapshot>, StoreError> {
        match self.snapshots.get(key(owner))? {
            Some(value) => unseal(&value).map(Some).map_err(StoreError::Damaged),
            None => Ok(None),
        }
    }

    /// Every owner that has a snapshot, with its deadline.
    pub fn deadlines(&self) -> impl Iterator<Item = Result<(OwnerRef, Option<Timestamp>), StoreError>> + '_ {
        self.snapshots.iter().map(|row| {
            let (key, value) = row?;
            let snapshot = unseal(&value).map_err(StoreError::Damaged)?;
            let owner = owner_of(&key).ok_or_else(|| StoreError::Damaged("a key names no owner".into()))?;
            Ok((owner, snapshot.deadline))
        })
    }

    /// Every owner of a kind that has a snapshot.
    pub fn owners(&self, kind: OwnerKind) -> impl Iterator<Item = OwnerRef> + '_ {
        self.snapshots.scan_prefix([kind as u8]).keys().filter_map(|key| owner_of(&key.ok()?))
    }

    /// Writes snapshots (not yet synced).
    ///
    /// # Errors
    /// sled's.
    pub fn put(&self, rows: &[(OwnerRef, Snapshot)]) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        let mut totals = self.totals.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (owner, snapshot) in rows {
            let before = self.snapshot(owner)?.map_or(0, |s| s.owner_seq);
            totals.rows += u64::from(before == 0);
            totals.seq_sum += snapshot.owner_seq.saturating_sub(before);
            batch.insert(key(owner), seal(snapshot));
        }
        self.snapshots.apply_batch(batch)?;
        Ok(())
    }

    /// Makes everything put so far durable, without moving the floor.
    ///
    /// # Errors
    /// The disk's.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.db.flush()?;
        File::open(self.folder.join("sled").join("db"))?.sync_data()?;
        Ok(())
    }

    /// Makes everything durable and states that all up to `floor_commit` is in snapshots.
    ///
    /// # Errors
    /// The disk's.
    pub fn sync_with_floor(&self, history: &str, floor_commit: u64, clinic: Timestamp) -> Result<(), StoreError> {
        let totals = *self.totals.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.sync()?;
        let mark =
            Mark { history: history.to_owned(), floor_commit, rows: totals.rows, seq_sum: totals.seq_sum, clinic };
        mark.write(&self.folder)?;
        Ok(())
    }
}

fn key(owner: &OwnerRef) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + owner.id.len());
    key.push(owner.kind as u8);
    key.extend_from_slice(owner.id.as_bytes());
    key
}

fn owner_of(key: &[u8]) -> Option<OwnerRef> {
    let (kind, id) = key.split_first()?;
    let kind = match kind {
        1 => OwnerKind::Site,
        2 => OwnerKind::Department,
        3 => OwnerKind::Doctor,
        4 => OwnerKind::Patient,
        5 => OwnerKind::Account,
        6 => OwnerKind::Board,
        7 => OwnerKind::Room,
        250 => OwnerKind::Probe,
        _ => return None,
    };
    Some(OwnerRef::new(kind, std::str::from_utf8(id).ok()?))
}

fn seal(snapshot: &Snapshot) -> Vec<u8> {
    let mut bytes = codec::encode(snapshot).expect("snapshots encode: plain owned data");
    let checksum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes
}

fn unseal(bytes: &[u8]) -> Result<Snapshot, String> {
    let (body, checksum) = bytes.split_last_chunk::<4>().ok_or("too short")?;
    if crc32fast::hash(body) != u32::from_le_bytes(*checksum) {
        return Err("its checksum is wrong".into());
    }
    codec::decode(body).map_err(|e| e.to_string())
}
