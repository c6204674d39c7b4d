//! The store: snapshots of owners and the deadline index, in sled. Always behind the log, always rebuildable from it.
//!
//! sled's `flush` is not an fsync and its `open` may panic on damage or come up with less than it had. So: `open` runs
//! behind `catch_unwind`, a flush that matters is followed by `sync_data` on the database file, each row carries a
//! checksum, and a mark beside the database says how much was there at the last sync: less than that is damage, and a
//! damaged store is set aside and made again from the log. What a full disk does to sled is in [`database`].

mod database;
mod mark;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiaohao_domain::{OwnerKind, OwnerRef, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::codec;
use database::Database;
pub use mark::{Mark, Reached};

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk said no: nothing is wrong with what is on it.
    #[error("the store: {0}")]
    Io(#[from] std::io::Error),
    /// Damage: to be set aside and rebuilt.
    #[error("the store is damaged: {0}")]
    Damaged(String),
}

impl From<sled::Error> for StoreError {
    fn from(error: sled::Error) -> Self {
        match error {
            sled::Error::Io(error) => Self::Io(error),
            damage => Self::Damaged(damage.to_string()),
        }
    }
}

impl StoreError {
    /// Whether the disk has no room: then nothing is wrong with the store.
    pub fn is_full_disk(&self) -> bool {
        use std::io::ErrorKind;
        matches!(self, Self::Io(error) if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded))
    }
}

/// One owner's snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its last record.
    pub owner_seq: u64,
    /// Version of the format of `bytes`.
    pub version: u32,
    /// Its next deadline.
    pub deadline: Option<Timestamp>,
    /// What a replay up to `owner_seq` must come to (I10).
    pub hash: StateHash,
    /// Ledger and state.
    pub bytes: Vec<u8>,
    /// Whether it must run to send or ask something again; none: a row of the first format, which does not say it.
    pub is_owing: Option<bool>,
}

/// A row of the first format.
#[derive(Serialize, Deserialize)]
struct FirstRow {
    owner_seq: u64,
    version: u32,
    deadline: Option<Timestamp>,
    hash: StateHash,
    bytes: Vec<u8>,
}

impl From<FirstRow> for Snapshot {
    fn from(row: FirstRow) -> Self {
        let FirstRow { owner_seq, version, deadline, hash, bytes } = row;
        Self { owner_seq, version, deadline, hash, bytes, is_owing: None }
    }
}

/// SHA-256 of an owner's ledger and state as bytes: equal states have equal bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateHash([u8; 32]);

impl StateHash {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl Snapshot {
    /// With the hash of its bytes, of an owner that owes nothing.
    pub fn new(owner_seq: u64, version: u32, deadline: Option<Timestamp>, bytes: Vec<u8>) -> Self {
        Self { owner_seq, version, deadline, hash: StateHash::of(&bytes), bytes, is_owing: Some(false) }
    }

    /// Of one that owes or asks something.
    pub fn owing(self, is_owing: bool) -> Self {
        Self { is_owing: Some(is_owing), ..self }
    }
}

/// The store of one node.
pub struct Store {
    folder: PathBuf,
    history: String,
    database: Database,
    totals: Mutex<Totals>,
    mark: Mutex<Option<Mark>>,
    #[cfg(test)]
    refuses: std::sync::atomic::AtomicBool,
}

/// How much is in it: sums that only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Totals {
    rows: u64,
    seq_sum: u64,
}

// What is locked is replaced whole: a panic elsewhere leaves it as it was.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    /// Opens the store of this log (`history`), or says that it is damaged. `last_commit` is the log's: a store that
    /// has seen more than the log is damaged too.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] calls for [`Store::set_aside`].
    pub fn open(folder: &Path, history: &str, last_commit: u64, cache_bytes: u64) -> Result<Self, StoreError> {
        std::fs::create_dir_all(folder)?;
        let mark = Mark::read(folder)?;
        let database = Database::open(folder.join("sled"), cache_bytes)?;
        let store = Self {
            folder: folder.to_owned(),
            history: history.to_owned(),
            database,
            totals: Mutex::default(),
            mark: Mutex::default(),
            #[cfg(test)]
            refuses: std::sync::atomic::AtomicBool::new(false),
        };
        let totals = store.count()?;
        if let Some(mark) = &mark {
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
        *lock(&store.totals) = totals;
        *lock(&store.mark) = mark;
        Ok(store)
    }

    /// A store that goes with the process, for a disk that cannot be written: everything is replayed from the log. Not on
    /// that disk, if the system has memory for files.
    ///
    /// # Errors
    /// That other place cannot be written either.
    pub fn temporary(history: &str, cache_bytes: u64) -> Result<(Self, Temporary), StoreError> {
        let memory = Path::new("/dev/shm");
        let within = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = Temporary(within.join(format!("jiaohao-store-{}", std::process::id())));
        // Of an earlier process with this number.
        match std::fs::remove_dir_all(&folder.0) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        Ok((Self::open(&folder.0, history, 0, cache_bytes)?, folder))
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
        for row in self.rows() {
            totals.rows += 1;
            totals.seq_sum += row?.1.owner_seq;
        }
        Ok(totals)
    }

    /// Whether it holds no snapshot.
    pub fn is_empty(&self) -> bool {
        lock(&self.totals).rows == 0
    }

    /// Up to which commit everything is in snapshots (0 without a mark).
    pub fn floor_commit(&self) -> u64 {
        lock(&self.mark).as_ref().map_or(0, |mark| mark.floor_commit)
    }

    /// No owner's instance was higher at the last checkpoint (0 when that is not known).
    pub fn highest_instance(&self) -> u64 {
        lock(&self.mark).as_ref().map_or(0, |mark| mark.highest_instance)
    }

    /// Clinic time at the last checkpoint.
    pub fn clinic(&self) -> Option<Timestamp> {
        lock(&self.mark).as_ref().map(|mark| mark.clinic)
    }

    /// Floors to which the log has not been pruned yet.
    pub fn reached(&self) -> Vec<Reached> {
        lock(&self.mark).as_ref().map_or_else(Vec::new, |mark| mark.reached.clone())
    }

    /// The owner's snapshot.
    pub fn snapshot(&self, owner: &OwnerRef) -> Result<Option<Snapshot>, StoreError> {
        self.row(&key(owner))
    }

    fn row(&self, key: &[u8]) -> Result<Option<Snapshot>, StoreError> {
        match self.database.get(key)? {
            Some(value) => unseal(&value).map(Some).map_err(StoreError::Damaged),
            None => Ok(None),
        }
    }

    /// Every owner that has a snapshot, with that.
    pub fn rows(&self) -> impl Iterator<Item = Result<(OwnerRef, Snapshot), StoreError>> + '_ {
        let (rows, unreadable) = match self.database.tree() {
            Ok(tree) => (Some(tree.iter()), None),
            Err(why) => (None, Some(Err(why))),
        };
        let rows = rows.into_iter().flatten().map(|row| {
            let (key, value) = row?;
            let owner = owner_of(&key).ok_or_else(|| StoreError::Damaged("a key names no owner".into()))?;
            let snapshot = unseal(&value).map_err(|why| StoreError::Damaged(format!("{owner:?}: {why}")))?;
            Ok((owner, snapshot))
        });
        rows.chain(unreadable)
    }

    /// Every owner of a kind that has a snapshot.
    pub fn owners(&self, kind: OwnerKind) -> impl Iterator<Item = OwnerRef> + '_ {
        self.owners_named(kind, "")
    }

    /// Every owner of a kind that has a snapshot and an id that begins so.
    pub fn owners_named(&self, kind: OwnerKind, beginning: &str) -> impl Iterator<Item = OwnerRef> + '_ {
        let beginning = key(&OwnerRef::new(kind, beginning));
        let tree = self.database.tree().ok();
        tree.into_iter()
            .flat_map(move |tree| tree.scan_prefix(&beginning).keys())
            .filter_map(|key| owner_of(&key.ok()?))
    }

    /// Writes snapshots (not yet synced). Of an owner that is there twice the newest counts.
    ///
    /// # Errors
    /// The disk's, also when it has too little room; the rows are to be put again then.
    pub fn put(&self, rows: &[(OwnerRef, Snapshot)]) -> Result<(), StoreError> {
        #[cfg(test)]
        if self.refuses.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(std::io::Error::from(std::io::ErrorKind::StorageFull).into());
        }
        let mut newest: BTreeMap<Vec<u8>, &Snapshot> = BTreeMap::new();
        for (owner, snapshot) in rows {
            let kept = newest.entry(key(owner)).or_insert(snapshot);
            if snapshot.owner_seq >= kept.owner_seq {
                *kept = snapshot;
            }
        }
        let mut batch = BTreeMap::new();
        let mut totals = lock(&self.totals);
        let mut after = *totals;
        for (key, snapshot) in newest {
            let before = self.row(&key)?;
            after.rows += u64::from(before.is_none());
            after.seq_sum += snapshot.owner_seq.saturating_sub(before.map_or(0, |before| before.owner_seq));
            batch.insert(key, seal(snapshot));
        }
        self.database.put(batch)?;
        *totals = after;
        Ok(())
    }

    /// As a database does that hides a row.
    #[cfg(test)]
    pub(crate) fn lose(&self, owner: &OwnerRef) {
        self.database.tree().expect("is open").remove(key(owner)).expect("is removed");
    }

    /// As a full disk would.
    #[cfg(test)]
    pub(crate) fn refuse(&self, refuses: bool) {
        self.refuses.store(refuses, std::sync::atomic::Ordering::Relaxed);
    }

    /// Writes every row as the first format had it.
    #[cfg(test)]
    pub(crate) fn as_the_first_format(&self) {
        let old = |row: Result<(OwnerRef, Snapshot), StoreError>| {
            let (owner, Snapshot { owner_seq, version, deadline, hash, bytes, .. }) = row.expect("is read");
            (key(&owner), seal(&FirstRow { owner_seq, version, deadline, hash, bytes }))
        };
        self.database.put(self.rows().map(old).collect()).expect("is put");
        self.sync().expect("is synced");
    }

    /// As a write that finds no room after all would leave it.
    #[cfg(test)]
    pub(crate) fn stick(&self) {
        self.database.stick();
    }

    /// Makes everything put so far durable, without moving the floor.
    ///
    /// # Errors
    /// The disk's.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.database.sync()
    }

    /// Makes everything durable and states that all up to `floor_commit` is in snapshots, and that no instance higher than
    /// `highest_instance` wrote any of it.
    ///
    /// # Errors
    /// The disk's.
    pub fn sync_with_floor(
        &self,
        floor_commit: u64,
        highest_instance: u64,
        clinic: Timestamp,
        reached: Vec<Reached>,
    ) -> Result<(), StoreError> {
        let Totals { rows, seq_sum } = *lock(&self.totals);
        self.sync()?;
        let history = self.history.clone();
        let mark = Mark { history, floor_commit, rows, seq_sum, highest_instance, clinic, reached };
        mark.write(&self.folder)?;
        *lock(&self.mark) = Some(mark);
        Ok(())
    }
}

/// The folder of a temporary store: removed with this value.
#[derive(Debug)]
pub struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // What stays is a few files in memory.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Whether the disk takes a few bytes there.
fn probe(folder: &Path) -> std::io::Result<()> {
    let file = folder.join("probe.new");
    let written = File::create(&file).and_then(|mut probe| {
        probe.write_all(&[1; 8192])?;
        probe.sync_all()
    });
    let removed = std::fs::remove_file(&file);
    written.and(removed)
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

fn seal<T: Serialize>(row: &T) -> Vec<u8> {
    let mut bytes = codec::encode(row).expect("snapshots encode: plain owned data");
    let checksum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes
}

fn unseal(bytes: &[u8]) -> Result<Snapshot, String> {
    let (body, checksum) = bytes.split_last_chunk::<4>().ok_or("too short")?;
    if crc32fast::hash(body) != u32::from_le_bytes(*checksum) {
        return Err("its checksum is wrong".into());
    }
    // A row of the first format ends before what today's says last.
    let first = |_| codec::decode::<FirstRow>(body).map(Snapshot::from);
    codec::decode(body).or_else(first).map_err(|e| e.to_string())
}
