//! The database itself, in sled, on a disk that may fail. Three things of sled 0.34 are kept away from here:
//!
//! - After an error of a background write it refuses every further one until it is opened anew. So: it is opened anew,
//!   and what was put since the last sync is put again.
//! - When a large value finds no room, sled keeps the buffer that it had reserved; the next flush, and the closing, wait
//!   for it for ever. So: nothing is written without room for it; and where a write fails all the same, nothing more is
//!   written there: once there is room, everything in it is copied to a fresh database, which takes its place, and the old
//!   one is left to the end of the process.
//! - Its own threads hold the file's lock for a moment after it was closed. So: whoever opens it waits for that, and a lock
//!   that stays held is no damage.

use std::collections::BTreeMap;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

use super::{StoreError, lock};
use crate::shell::clock;

/// Nothing is written when less is free: a page that is written again may be larger than what is new in it.
const ROOM_BYTES: u64 = 16 << 20;
/// So much is kept for an opening anew; beyond, it is synced first.
const UNSYNCED_BYTES: usize = 32 << 20;
/// Rows copied in one batch.
const COPIED_AT_ONCE: usize = 512;
/// One that was closed lets go of its lock so soon, and is looked at so often until then.
const LET_GO_WITHIN: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(10);

pub(super) struct Database {
    path: PathBuf,
    cache_bytes: u64,
    /// None: its disk failed, and it could not be opened anew yet.
    open: RwLock<Option<Open>>,
    unsynced: Mutex<Unsynced>,
    /// A write has failed in a way that only a fresh database heals.
    is_stuck: AtomicBool,
    /// Fresh databases begun.
    tries: AtomicU32,
}

struct Open {
    db: sled::Db,
    snapshots: sled::Tree,
}

impl Open {
    fn at(path: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        let config = sled::Config::new().path(path).cache_capacity(cache_bytes).flush_every_ms(Some(1_000));
        let until = clock::monotonic() + LET_GO_WITHIN;
        let why = loop {
            match catch_unwind(AssertUnwindSafe(|| config.open())) {
                Ok(Ok(db)) => return Ok(Self { snapshots: db.open_tree("snapshots")?, db }),
                Ok(Err(error)) if is_held(&error) && clock::monotonic() < until => std::thread::sleep(LOOK_EVERY),
                Ok(Err(error)) if is_held(&error) => return Err(error.into()),
                Ok(Err(error)) => break error.to_string(),
                Err(_) => break "it cannot be opened".into(),
            }
        };
        // On a disk that cannot be written a sound database cannot be opened either.
        super::probe(path.parent().unwrap_or(path))?;
        Err(StoreError::Damaged(why))
    }

    fn has_failed(&self) -> bool {
        self.db.context.global_error().is_err()
    }
}

/// sled says so in words alone.
fn is_held(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(error) if error.to_string().starts_with("could not acquire lock"))
}

/// Rows put since the last sync.
#[derive(Default)]
struct Unsynced {
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    bytes: usize,
}

impl Database {
    pub(super) fn open(path: PathBuf, cache_bytes: u64) -> Result<Self, StoreError> {
        let open = RwLock::new(Some(Open::at(&path, cache_bytes)?));
        Ok(Self {
            path,
            cache_bytes,
            open,
            unsynced: Mutex::default(),
            is_stuck: AtomicBool::new(false),
            tries: AtomicU32::new(0),
        })
    }

    /// To read from.
    pub(super) fn tree(&self) -> Result<sled::Tree, StoreError> {
        if let Some(open) = &*self.open.read().unwrap_or_else(PoisonError::into_inner) {
            return Ok(open.snapshots.clone());
        }
        self.open_anew()
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<sled::IVec>, StoreError> {
        // Nothing of the old one is held while it is opened anew.
        let got = self.tree()?.get(key);
        match got {
            Err(_) if self.has_failed() => Ok(self.open_anew()?.get(key)?),
            got => Ok(got?),
        }
    }

    fn has_failed(&self) -> bool {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.as_ref().is_none_or(Open::has_failed)
    }

    /// To write so many bytes to.
    fn writable(&self, bytes: usize) -> Result<sled::Tree, StoreError> {
        self.check_room(4 * bytes as u64)?;
        if self.is_stuck.load(Ordering::Relaxed) {
            self.replace()?;
        }
        if self.has_failed() { self.open_anew() } else { self.tree() }
    }

    fn check_room(&self, bytes: u64) -> Result<(), StoreError> {
        let disk = rustix::fs::statvfs(&self.path).map_err(std::io::Error::from)?;
        match disk.f_bavail.saturating_mul(disk.f_frsize) < ROOM_BYTES + bytes {
            true => Err(std::io::Error::from(std::io::ErrorKind::StorageFull).into()),
            false => Ok(()),
        }
    }

    /// Everything goes to a fresh database in this one's place: it can be read, and never written or closed again. Called by
    /// whoever writes, so that nothing is written meanwhile.
    fn replace(&self) -> Result<(), StoreError> {
        self.check_room(2 * folder_bytes(&self.path)?)?;
        // The place of one that failed itself is held until the process ends.
        let n = self.tries.fetch_add(1, Ordering::Relaxed);
        let beside = self.path.with_extension(format!("new-{n}"));
        if beside.exists() {
            std::fs::remove_dir_all(&beside)?;
        }
        let fresh = Open::at(&beside, self.cache_bytes)?;
        if let Err(error) = copy(&self.tree()?, &fresh.snapshots) {
            std::mem::forget(fresh);
            return Err(error);
        }
        File::open(beside.join("db"))?.sync_data()?;
        drop(fresh);
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let here = rustix::fs::CWD;
        rustix::fs::renameat_with(here, &beside, here, &self.path, rustix::fs::RenameFlags::EXCHANGE)
            .map_err(std::io::Error::from)?;
        if let Some(folder) = self.path.parent() {
            File::open(folder)?.sync_all()?;
        }
        // None until it is open: then it is opened anew by whoever comes next.
        std::mem::forget(open.take());
        self.is_stuck.store(false, Ordering::Relaxed);
        *lock(&self.unsynced) = Unsynced::default();
        *open = Some(Open::at(&self.path, self.cache_bytes)?);
        tracing::warn!("a write of the store had failed; it is written again, in a fresh database");
        if let Err(error) = std::fs::remove_dir_all(&beside) {
            tracing::warn!(%error, folder = %beside.display(), "the old database could not be removed; it may be");
        }
        Ok(())
    }

    /// As a write that finds no room after all.
    #[cfg(test)]
    pub(super) fn stick(&self) {
        self.is_stuck.store(true, Ordering::Relaxed);
    }

    fn open_anew(&self) -> Result<sled::Tree, StoreError> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(sound) = open.as_ref().filter(|open| !open.has_failed()) {
            return Ok(sound.snapshots.clone());
        }
        // One that has failed writes nothing when it is closed.
        drop(open.take());
        let fresh = Open::at(&self.path, self.cache_bytes)?;
        let rows = lock(&self.unsynced).rows.clone();
        tracing::warn!(rows = rows.len(), "the disk of the store had failed; the store is open again");
        fresh.snapshots.apply_batch(batch_of(&rows))?;
        Ok(open.insert(fresh).snapshots.clone())
    }

    pub(super) fn put(&self, rows: BTreeMap<Vec<u8>, Vec<u8>>) -> Result<(), StoreError> {
        let bytes = rows.values().map(Vec::len).sum();
        if let Err(error) = self.writable(bytes)?.apply_batch(batch_of(&rows)) {
            if !self.has_failed() {
                self.is_stuck.store(true, Ordering::Relaxed);
            }
            return Err(error.into());
        }
        let is_much = {
            let mut unsynced = lock(&self.unsynced);
            unsynced.rows.extend(rows);
            unsynced.bytes += bytes;
            unsynced.bytes > UNSYNCED_BYTES
        };
        if is_much { self.sync() } else { Ok(()) }
    }

    /// Makes everything put so far durable. sled's flush is no fsync.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        let tree = self.writable(0)?;
        let mut unsynced = lock(&self.unsynced);
        tree.flush()?;
        File::open(self.path.join("db"))?.sync_data()?;
        *unsynced = Unsynced::default();
        Ok(())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.is_stuck.load(Ordering::Relaxed) {
            // To close it would take for ever; it goes with the process.
            std::mem::forget(self.open.get_mut().unwrap_or_else(PoisonError::into_inner).take());
        }
    }
}

/// Rows from one to the other, synced but for the disk's own cache.
fn copy(from: &sled::Tree, to: &sled::Tree) -> Result<(), StoreError> {
    let mut rows = BTreeMap::new();
    for row in from.iter() {
        let (key, value) = row?;
        rows.insert(key.to_vec(), value.to_vec());
        if rows.len() >= COPIED_AT_ONCE {
            to.apply_batch(batch_of(&std::mem::take(&mut rows)))?;
        }
    }
    to.apply_batch(batch_of(&rows))?;
    to.flush()?;
    Ok(())
}

/// What its files take, blobs too.
fn folder_bytes(folder: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        bytes += if about.is_dir() { folder_bytes(&entry.path())? } else { about.len() };
    }
    Ok(bytes)
}

fn batch_of(rows: &BTreeMap<Vec<u8>, Vec<u8>>) -> sled::Batch {
    let mut batch = sled::Batch::default();
    for (key, value) in rows {
        batch.insert(key.as_slice(), value.as_slice());
    }
    batch
}
