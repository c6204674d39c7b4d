//! The key of each person, outside log and snapshots. A key is on disk before it is used; destroying it leaves of the
//! person's sealed fields, wherever they are kept, nothing that anybody can read.
//!
//! On disk: up to 1,024 files, each a row of records of 72 bytes: 32 bytes that name the person (SHA-256 of the id),
//! 32 bytes of key, 8 bytes of checksum. A destroyed record is all zeros. A torn last record (it was never
//! acknowledged) is overwritten by the next; anything else that does not fit its checksum is reported, never used.
//!
//! Calls read and sync files: make them where blocking is allowed.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiaohao_domain::PatientId;
use sha2::{Digest, Sha256};

use super::keys::{Key, make_dir, sync_dir};

const BUCKETS: usize = 1024;
const NAME: usize = 32;
const RECORD: usize = NAME + 32 + 8;

/// Why a person's key cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum PersonKeyError {
    /// The disk said no.
    #[error("{path}: {error}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// A record does not fit its checksum.
    #[error("{path}: the record at byte {at} is damaged: restore the file from the backup")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Where.
        at: usize,
    },
}

/// The keys of all persons of a house.
#[derive(Debug)]
pub struct PersonKeys {
    dir: PathBuf,
    /// One writer for each file.
    writers: Vec<Mutex<()>>,
}

impl PersonKeys {
    /// Opens the keys in `dir` (made if it is not there).
    pub fn open(dir: &Path) -> Result<Self, PersonKeyError> {
        make_dir(dir).map_err(|error| PersonKeyError::Io { path: dir.to_owned(), error })?;
        Ok(Self { dir: dir.to_owned(), writers: (0..BUCKETS).map(|_| Mutex::new(())).collect() })
    }

    /// The person's key, if there is one.
    pub fn get(&self, patient: &PatientId) -> Result<Option<Key>, PersonKeyError> {
        let name = name_of(patient);
        let bucket = bucket_of(&name);
        let _one_at_a_time = self.writer(bucket);
        Ok(self.find(bucket, &name)?.1.map(|(_, key)| key))
    }

    /// The person's key; a new one, durable when this returns, when there was none.
    pub fn make(&self, patient: &PatientId) -> Result<Key, PersonKeyError> {
        let name = name_of(patient);
        let bucket = bucket_of(&name);
        let _one_at_a_time = self.writer(bucket);
        let (end, found) = self.find(bucket, &name)?;
        if let Some((_, key)) = found {
            return Ok(key);
        }
        let key = Key::random();
        let mut record = [0; RECORD];
        record[..NAME].copy_from_slice(&name);
        record[NAME..NAME + 32].copy_from_slice(key.reveal());
        let sum = checksum(&record);
        record[NAME + 32..].copy_from_slice(&sum);
        self.write(bucket, end, &record)?;
        Ok(key)
    }

    /// Destroys the person's key, durably. False when there was none. What was sealed with it can never be opened again.
    pub fn destroy(&self, patient: &PatientId) -> Result<bool, PersonKeyError> {
        let name = name_of(patient);
        let bucket = bucket_of(&name);
        let _one_at_a_time = self.writer(bucket);
        let Some((at, _)) = self.find(bucket, &name)?.1 else { return Ok(false) };
        self.write(bucket, at, &[0; RECORD])?;
        Ok(true)
    }

    fn writer(&self, bucket: usize) -> MutexGuard<'_, ()> {
        self.writers[bucket].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, bucket: usize) -> PathBuf {
        self.dir.join(format!("{bucket:03x}.keys"))
    }

    /// The end of the whole records, and the person's record: where it is and the key.
    #[allow(clippy::type_complexity, reason = "used twice, above")]
    fn find(&self, bucket: usize, name: &[u8; NAME]) -> Result<(usize, Option<(usize, Key)>), PersonKeyError> {
        let path = self.path(bucket);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, None)),
            Err(error) => return Err(PersonKeyError::Io { path, error }),
        };
        let end = bytes.len() - bytes.len() % RECORD;
        for (at, record) in bytes[..end].chunks_exact(RECORD).enumerate().map(|(n, record)| (n * RECORD, record)) {
            if record[..NAME] != *name {
                continue;
            }
            if checksum(record) != record[NAME + 32..] {
                return Err(PersonKeyError::Damaged { path, at });
            }
            let key = record[NAME..NAME + 32].try_into().expect("invariant: the slice has 32 bytes");
            return Ok((end, Some((at, Key::from_bytes(key)))));
        }
        // Not here: be sure that it is not only hidden by damage before anybody makes a second key.
        for (at, record) in bytes[..end].chunks_exact(RECORD).enumerate().map(|(n, record)| (n * RECORD, record)) {
            if checksum(record) != record[NAME + 32..] && record.iter().any(|byte| *byte != 0) {
                return Err(PersonKeyError::Damaged { path, at });
            }
        }
        Ok((end, None))
    }

    fn write(&self, bucket: usize, at: usize, record: &[u8; RECORD]) -> Result<(), PersonKeyError> {
        let path = self.path(bucket);
        let write = || -> io::Result<()> {
            let is_new = !path.exists();
            let file: File = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
            file.write_all_at(record, at as u64)?;
            file.sync_data()?;
            if is_new { sync_dir(&self.dir) } else { Ok(()) }
        };
        write().map_err(|error| PersonKeyError::Io { path: path.clone(), error })
    }
}

fn name_of(patient: &PatientId) -> [u8; NAME] {
    Sha256::digest(patient.as_str().as_bytes()).into()
}

fn bucket_of(name: &[u8; NAME]) -> usize {
    usize::from(u16::from_le_bytes([name[0], name[1]])) % BUCKETS
}

fn checksum(record: &[u8]) -> [u8; 8] {
    Sha256::digest(&record[..NAME + 32])[..8].try_into().expect("invariant: a digest has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patient(n: usize) -> PatientId {
        PatientId::new(format!("p-{n}"))
    }

    fn file_of(keys: &PersonKeys, patient: &PatientId) -> PathBuf {
        keys.path(bucket_of(&name_of(patient)))
    }

    #[test]
    fn a_key_is_made_once_and_is_there_after_a_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = PersonKeys::open(folder.path()).expect("opens");
        assert_eq!(keys.get(&patient(1)).expect("read"), None);
        let made: Vec<Key> = (0..300).map(|n| keys.make(&patient(n)).expect("made")).collect();
        let again = PersonKeys::open(folder.path()).expect("opens");
        for (n, key) in made.iter().enumerate() {
            assert_eq!(again.get(&patient(n)).expect("read").as_ref(), Some(key));
            assert_eq!(&again.make(&patient(n)).expect("there"), key);
        }
        assert_eq!(made.iter().map(|key| *key.reveal()).collect::<std::collections::BTreeSet<_>>().len(), 300);
    }

    #[test]
    fn a_destroyed_key_is_gone_from_the_disk_and_the_others_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = PersonKeys::open(folder.path()).expect("opens");
        let gone = keys.make(&patient(1)).expect("made");
        let other = keys.make(&patient(2)).expect("made");
        assert!(keys.destroy(&patient(1)).expect("destroyed"));
        assert!(!keys.destroy(&patient(1)).expect("nothing left"));
        assert_eq!(keys.get(&patient(1)).expect("read"), None);
        assert_eq!(keys.get(&patient(2)).expect("read"), Some(other));
        let bytes = std::fs::read(file_of(&keys, &patient(1))).expect("there");
        assert!(!bytes.windows(32).any(|window| window == gone.reveal()), "the key is still on disk");
        assert_ne!(keys.make(&patient(1)).expect("a new one"), gone);
    }

    #[test]
    fn a_torn_record_is_overwritten_and_a_damaged_one_reported() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = PersonKeys::open(folder.path()).expect("opens");
        keys.make(&patient(1)).expect("made");
        let path = file_of(&keys, &patient(1));
        let whole = std::fs::read(&path).expect("there");
        std::fs::write(&path, &whole[..RECORD - 5]).expect("torn");
        assert_eq!(keys.get(&patient(1)).expect("torn is not there"), None);
        let again = keys.make(&patient(1)).expect("made again");
        assert_eq!(keys.get(&patient(1)).expect("read"), Some(again));
        for at in [3, NAME + 3, NAME + 32 + 3] {
            let mut damaged = std::fs::read(&path).expect("there");
            damaged[at] ^= 1;
            std::fs::write(&path, &damaged).expect("damaged");
            assert!(matches!(keys.get(&patient(1)), Err(PersonKeyError::Damaged { at: 0, .. })), "byte {at}");
            assert!(keys.make(&patient(1)).is_err(), "no second key beside a damaged one");
            damaged[at] ^= 1;
            std::fs::write(&path, &damaged).expect("mended");
        }
    }

    #[test]
    fn many_at_once_get_one_key_each() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = PersonKeys::open(folder.path()).expect("opens");
        let made: Vec<Key> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|n| {
                    scope.spawn({
                        let keys = &keys;
                        move || keys.make(&patient(n % 2)).expect("made")
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        assert_eq!(made.iter().map(|key| *key.reveal()).collect::<std::collections::BTreeSet<_>>().len(), 2);
    }
}
