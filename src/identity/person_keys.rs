//! The key of each person, outside log and snapshots. A key is on disk before it is used; destroying it leaves of the
//! person's sealed fields, wherever they are kept, nothing that anybody can read.
//!
//! On disk: up to 1,024 files, each a row of records of 72 bytes: 32 bytes that name the person (SHA-256 of the id),
//! 32 bytes of key, 8 bytes of checksum. A destroyed key is all zeros in a record that still names the person: so a key
//! that was destroyed and one that was lost are two things. A torn last record (it was never acknowledged) is
//! overwritten by the next; anything else that does not fit its checksum is reported, never used. Records never move: what
//! a backup has and the file has not is put behind the others ([`PersonKeys::take_from`]), because a file that is copied
//! back takes with it everybody who was made known since.
//!
//! Calls read and sync files: make them where blocking is allowed.

use std::collections::{BTreeSet, HashSet};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiaohao_actors::log::user;
use jiaohao_domain::PatientId;
use sha2::{Digest, Sha256};

use super::keys::{Key, make_dir, sync_dir};

const BUCKETS: usize = 1024;
const NAME: usize = 32;
const RECORD: usize = NAME + 32 + 8;
/// What stands in place of a destroyed key; none that is drawn is all zeros.
const DESTROYED: [u8; 32] = [0; 32];

/// What to do about keys that are damaged or lost.
const MEND: &str = "stop the server, take what is missing from the backup with `jiaohao persons mend --from BACKUP`, and copy \
                    no file over it: it has the keys of everybody made known since";

/// The data folder that holds `persons/` or a file in it.
fn data_of(path: &Path) -> &Path {
    let persons = path.ancestors().find(|at| at.extension().is_none()).unwrap_or(path);
    persons.parent().unwrap_or(persons)
}

/// What to do about a file that this user may not read; nothing where the error says enough.
fn next(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => format!(": {}", user::closed(path, data_of(path))),
        _ => String::new(),
    }
}

/// Why a person's key cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum PersonKeyError {
    /// The disk said no.
    #[error("{}: {error}{}", .path.display(), next(.path, .error))]
    Io {
        /// Which file.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// The person has been made known, and there is no key.
    #[error("{}: the person's key is not there: {MEND}", .path.display())]
    Lost {
        /// In which file it must be.
        path: PathBuf,
    },
    /// A record does not fit its checksum.
    #[error("{}: the record at byte {at} is damaged: {MEND}", .path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Where.
        at: usize,
    },
}

/// What is kept for a person.
#[derive(Debug, PartialEq, Eq)]
pub enum Kept {
    /// The key.
    Key(Key),
    /// It has been destroyed.
    Destroyed,
    /// Nothing: the person has not been made known, or the key was lost.
    Nothing,
}

/// The keys of all persons of a house.
#[derive(Debug)]
pub struct PersonKeys {
    dir: PathBuf,
    /// One writer for each file.
    writers: Vec<Mutex<()>>,
    /// How many persons were without a key that can be read when that was counted.
    missing: AtomicUsize,
}

impl PersonKeys {
    /// Opens the keys in `dir` (made if it is not there).
    pub fn open(dir: &Path) -> Result<Self, PersonKeyError> {
        make_dir(dir).map_err(|error| PersonKeyError::Io { path: dir.to_owned(), error })?;
        let writers = (0..BUCKETS).map(|_| Mutex::new(())).collect();
        Ok(Self { dir: dir.to_owned(), writers, missing: AtomicUsize::new(0) })
    }

    /// So many persons are without a key that can be read: what alarms say from now on.
    pub fn note_missing(&self, persons: usize) {
        self.missing.store(persons, Ordering::Relaxed);
        metrics::gauge!("person_keys_lost").set(persons as f64);
    }

    /// How many persons were without a key that can be read when that was counted.
    pub fn missing(&self) -> usize {
        self.missing.load(Ordering::Relaxed)
    }

    /// What is kept for the person.
    pub fn get(&self, patient: &PatientId) -> Result<Kept, PersonKeyError> {
        let name = name_of(patient);
        let bucket = bucket_of(&name);
        let _one_at_a_time = self.writer(bucket);
        self.find(bucket, &name)?.sure(|| self.path(bucket))
    }

    /// The key of somebody who has been made known; none when it has been destroyed.
    ///
    /// # Errors
    /// [`PersonKeyError`], lost ones too.
    pub fn of_known(&self, patient: &PatientId) -> Result<Option<Key>, PersonKeyError> {
        match self.get(patient)? {
            Kept::Key(key) => Ok(Some(key)),
            Kept::Destroyed => Ok(None),
            Kept::Nothing => Err(PersonKeyError::Lost { path: self.path(bucket_of(&name_of(patient))) }),
        }
    }

    /// The person's key; a new one, durable when this returns, when there was none that can be read: for somebody who is
    /// not known yet, or whose key was found ([`Self::of_known`]). Damage of others' records keeps no newcomer out.
    pub fn make(&self, patient: &PatientId) -> Result<Key, PersonKeyError> {
        let name = name_of(patient);
        let bucket = bucket_of(&name);
        let _one_at_a_time = self.writer(bucket);
        let found = self.find(bucket, &name)?;
        if let Kept::Key(key) = found.kept {
            return Ok(key);
        }
        let key = Key::random();
        self.write(bucket, found.at, &record_of(&name, key.reveal()))?;
        Ok(key)
    }

    /// Destroys the person's key, durably. False when there was none. What was sealed with it can never be opened again.
    pub fn destroy(&self, patient: &PatientId) -> Result<bool, PersonKeyError> {
        let name = name_of(patient);
        let bucket = bucket_of(&name);
        let _one_at_a_time = self.writer(bucket);
        let found = self.find(bucket, &name)?;
        let at = found.at;
        if !matches!(found.sure(|| self.path(bucket))?, Kept::Key(_)) {
            return Ok(false);
        }
        self.write(bucket, at, &record_of(&name, &DESTROYED))?;
        Ok(true)
    }

    /// Takes from another folder of keys (a backup's) what is here neither sound nor destroyed; how many. What is here stays
    /// as it is, so that it can be done again and nobody's newer key is lost.
    pub fn take_from(&self, other: &Path) -> Result<usize, PersonKeyError> {
        let mut taken = 0;
        for bucket in 0..BUCKETS {
            let _one_at_a_time = self.writer(bucket);
            let theirs = read(&other.join(file_name(bucket)))?;
            let ours = read(&self.path(bucket))?;
            let mut known: BTreeSet<&[u8]> = sound(&ours).map(|(_, record)| &record[..NAME]).collect();
            let mut end = ours.len() - ours.len() % RECORD;
            for (_, record) in sound(&theirs) {
                if known.insert(&record[..NAME]) {
                    self.write(bucket, end, record)?;
                    end += RECORD;
                    taken += 1;
                }
            }
        }
        Ok(taken)
    }

    /// Everybody of whom there is a sound record, of a destroyed key too: each file is read once.
    ///
    /// # Errors
    /// The disk's.
    pub fn recorded(&self) -> Result<Recorded, PersonKeyError> {
        let mut recorded = HashSet::new();
        for bucket in 0..BUCKETS {
            let bytes = read(&self.path(bucket))?;
            recorded.extend(sound(&bytes).map(|(_, record)| short(&record[..NAME])));
        }
        Ok(Recorded(recorded))
    }

    fn writer(&self, bucket: usize) -> MutexGuard<'_, ()> {
        self.writers[bucket].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, bucket: usize) -> PathBuf {
        self.dir.join(file_name(bucket))
    }

    /// What stands in the file about the person of that name.
    fn find(&self, bucket: usize, name: &[u8; NAME]) -> Result<Found, PersonKeyError> {
        let bytes = read(&self.path(bucket))?;
        if let Some((at, record)) = sound(&bytes).find(|(_, record)| record[..NAME] == *name) {
            let key: [u8; 32] = record[NAME..NAME + 32].try_into().expect("invariant: the slice has 32 bytes");
            let kept = if key == DESTROYED { Kept::Destroyed } else { Kept::Key(Key::from_bytes(key)) };
            return Ok(Found { at, kept, damaged_at: None });
        }
        let damaged_at = records(&bytes).find(|(_, record)| !is_sound(record)).map(|(at, _)| at);
        Ok(Found { at: bytes.len() - bytes.len() % RECORD, kept: Kept::Nothing, damaged_at })
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

/// What a file says of a person.
struct Found {
    /// Where the record is, or the next one belongs.
    at: usize,
    kept: Kept,
    /// The person's record is not there, and one that cannot be read is.
    damaged_at: Option<usize>,
}

impl Found {
    /// What is kept, unless it may be hidden by damage.
    fn sure(self, path: impl FnOnce() -> PathBuf) -> Result<Kept, PersonKeyError> {
        match self.damaged_at {
            Some(at) => Err(PersonKeyError::Damaged { path: path(), at }),
            None => Ok(self.kept),
        }
    }
}

fn file_name(bucket: usize) -> String {
    format!("{bucket:03x}.keys")
}

/// A file's bytes; none when it is not there.
fn read(path: &Path) -> Result<Vec<u8>, PersonKeyError> {
    match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read.map_err(|error| PersonKeyError::Io { path: path.to_owned(), error }),
    }
}

/// Whole records, with where each begins.
fn records(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8; RECORD])> {
    bytes.as_chunks().0.iter().enumerate().map(|(n, record)| (n * RECORD, record))
}

fn is_sound(record: &[u8; RECORD]) -> bool {
    checksum(record) == record[NAME + 32..]
}

fn sound(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8; RECORD])> {
    records(bytes).filter(|(_, record)| is_sound(record))
}

/// Whose keys are on record, by the first eight bytes of their names.
pub struct Recorded(HashSet<u64>);

impl Recorded {
    /// Whether there is one of this person.
    pub fn has(&self, patient: &PatientId) -> bool {
        self.0.contains(&short(&name_of(patient)))
    }
}

fn short(name: &[u8]) -> u64 {
    u64::from_le_bytes(name[..8].try_into().expect("invariant: a name has 32 bytes"))
}

fn record_of(name: &[u8; NAME], key: &[u8; 32]) -> [u8; RECORD] {
    let mut record = [0; RECORD];
    record[..NAME].copy_from_slice(name);
    record[NAME..NAME + 32].copy_from_slice(key);
    let sum = checksum(&record);
    record[NAME + 32..].copy_from_slice(&sum);
    record
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
        assert_eq!(keys.get(&patient(1)).expect("read"), Kept::Nothing);
        let made: Vec<Key> = (0..300).map(|n| keys.make(&patient(n)).expect("made")).collect();
        let again = PersonKeys::open(folder.path()).expect("opens");
        for (n, key) in made.iter().enumerate() {
            assert_eq!(again.get(&patient(n)).expect("read"), Kept::Key(key.clone()));
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
        assert_eq!(keys.of_known(&patient(1)).expect("read"), None);
        assert_eq!(keys.get(&patient(2)).expect("read"), Kept::Key(other));
        let bytes = std::fs::read(file_of(&keys, &patient(1))).expect("there");
        assert!(!bytes.windows(32).any(|window| window == gone.reveal()), "the key is still on disk");
        assert_ne!(keys.make(&patient(1)).expect("a new one"), gone);
        assert_eq!(std::fs::read(file_of(&keys, &patient(1))).expect("there").len(), RECORD, "in its old place");
    }

    #[test]
    fn who_has_no_sound_record_is_found_in_one_reading() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = PersonKeys::open(folder.path()).expect("opens");
        let all: Vec<PatientId> = (0..100).map(patient).collect();
        for who in &all {
            keys.make(who).expect("made");
        }
        keys.destroy(&all[1]).expect("destroyed");
        let without = || {
            let recorded = keys.recorded().expect("read");
            all.iter().filter(|who| !recorded.has(who)).collect::<Vec<_>>()
        };
        assert!(without().is_empty(), "what was destroyed was not lost");
        std::fs::remove_file(file_of(&keys, &all[7])).expect("lost");
        let mut bytes = std::fs::read(file_of(&keys, &all[9])).expect("there");
        bytes.iter_mut().skip(40).step_by(RECORD).for_each(|byte| *byte ^= 1);
        std::fs::write(file_of(&keys, &all[9]), bytes).expect("damaged");
        let lost = without();
        assert!(lost.contains(&&all[7]) && lost.contains(&&all[9]) && lost.len() < 10, "{lost:?}");
    }

    #[test]
    fn what_was_lost_is_not_what_was_destroyed() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = PersonKeys::open(folder.path()).expect("opens");
        keys.make(&patient(1)).expect("made");
        let path = file_of(&keys, &patient(1));
        let whole = std::fs::read(&path).expect("there");
        for lost in [&[], &whole[..30]] {
            std::fs::write(&path, lost).expect("cut");
            let found = keys.of_known(&patient(1));
            assert!(matches!(&found, Err(PersonKeyError::Lost { path: named }) if *named == path), "{found:?}");
        }
        std::fs::write(&path, vec![0; RECORD]).expect("zeroed");
        assert!(matches!(keys.of_known(&patient(1)), Err(PersonKeyError::Damaged { at: 0, .. })));
        std::fs::remove_file(&path).expect("removed");
        assert!(matches!(keys.of_known(&patient(1)), Err(PersonKeyError::Lost { .. })));
    }

    #[test]
    fn a_damaged_record_hides_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = PersonKeys::open(folder.path()).expect("opens");
        let of = |n: usize| bucket_of(&name_of(&patient(n)));
        let other = (1..).find(|n| of(*n) == of(0)).expect("somebody shares the file");
        keys.make(&patient(0)).expect("made");
        let key = keys.make(&patient(other)).expect("made");
        let path = file_of(&keys, &patient(0));
        let mut bytes = std::fs::read(&path).expect("there");
        bytes[NAME] ^= 1;
        std::fs::write(&path, bytes).expect("damaged");
        assert!(matches!(keys.of_known(&patient(0)), Err(PersonKeyError::Damaged { at: 0, .. })));
        assert_eq!(keys.of_known(&patient(other)).expect("read"), Some(key));
    }

    #[test]
    fn a_torn_record_is_overwritten_and_a_damaged_one_reported() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = PersonKeys::open(folder.path()).expect("opens");
        keys.make(&patient(1)).expect("made");
        let path = file_of(&keys, &patient(1));
        let whole = std::fs::read(&path).expect("there");
        std::fs::write(&path, &whole[..RECORD - 5]).expect("torn");
        assert_eq!(keys.get(&patient(1)).expect("torn is not there"), Kept::Nothing);
        let again = keys.make(&patient(1)).expect("made again");
        assert_eq!(keys.get(&patient(1)).expect("read"), Kept::Key(again));
        for at in [3, NAME + 3, NAME + 32 + 3] {
            let mut damaged = std::fs::read(&path).expect("there");
            damaged[at] ^= 1;
            std::fs::write(&path, &damaged).expect("damaged");
            assert!(matches!(keys.get(&patient(1)), Err(PersonKeyError::Damaged { at: 0, .. })), "byte {at}");
            damaged[at] ^= 1;
            std::fs::write(&path, &damaged).expect("mended");
        }
    }

    #[test]
    fn what_a_backup_has_is_taken_and_what_was_made_since_stays() {
        for lost in [false, true] {
            let (folder, backup) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
            let keys = PersonKeys::open(folder.path()).expect("opens");
            let of = |n: usize| bucket_of(&name_of(&patient(n)));
            let in_one_file: Vec<usize> = (0..).filter(|n| of(*n) == of(0)).take(5).collect();
            let [old, gone, erased, since, newcomer] = in_one_file[..] else { panic!("five") };
            let before = [old, gone, erased].map(|n| keys.make(&patient(n)).expect("made"));
            let file = file_of(&keys, &patient(0));
            std::fs::copy(&file, backup.path().join(file.file_name().expect("a name"))).expect("backed up");
            let kept = keys.make(&patient(since)).expect("made since");
            keys.destroy(&patient(erased)).expect("destroyed since");
            if lost {
                std::fs::remove_file(&file).expect("lost");
            } else {
                let mut bytes = std::fs::read(&file).expect("there");
                bytes[RECORD + NAME] ^= 1;
                std::fs::write(&file, bytes).expect("damaged");
            }
            let new = keys.make(&patient(newcomer)).expect("damage keeps no newcomer out");
            assert!(keys.of_known(&patient(gone)).is_err());
            assert_eq!(keys.take_from(backup.path()).expect("mended"), if lost { 3 } else { 1 });
            assert_eq!(keys.take_from(backup.path()).expect("again"), 0);
            for (n, key) in [old, gone].into_iter().zip(before) {
                assert_eq!(keys.of_known(&patient(n)).expect("read"), Some(key));
            }
            assert_eq!(keys.of_known(&patient(newcomer)).expect("read"), Some(new));
            if !lost {
                assert_eq!(keys.of_known(&patient(since)).expect("read"), Some(kept));
                assert_eq!(keys.of_known(&patient(erased)).expect("read"), None, "what was destroyed stays so");
            }
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
