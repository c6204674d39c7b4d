//! The house's own keys, in `data/keys/`: made at the first start, synced before anything uses them, in every backup.
//!
//! A key file is 40 bytes: the key and the first 8 bytes of its SHA-256. A key with a flipped bit would make strangers of
//! all persons without a word.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::chance;

/// What a key is for. One key, one use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyName {
    /// Signs access tokens. A new one ends every token.
    Token,
    /// Makes patient ids out of document numbers. Never rotated: a new one would make every person a stranger.
    SiteGroup,
    /// Hashes phone numbers, one-time codes and refresh tokens.
    Hash,
    /// Makes the rotating codes of the waiting areas.
    Area,
}

impl KeyName {
    /// All keys of a house.
    pub const ALL: [KeyName; 4] = [Self::Token, Self::SiteGroup, Self::Hash, Self::Area];

    fn file(self) -> &'static str {
        match self {
            Self::Token => "token.key",
            Self::SiteGroup => "site-group.key",
            Self::Hash => "hash.key",
            Self::Area => "area.key",
        }
    }
}

/// A key of 256 bits. It prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Key {
    /// A key from its bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
    /// A new random key.
    pub fn random() -> Self {
        Self(chance::bytes())
    }
    /// The bytes.
    pub fn reveal(&self) -> &[u8; 32] {
        &self.0
    }
    /// HMAC-SHA256 of the parts, each with its length before it, so that no two lists of parts look alike.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac =
            <Hmac<Sha256> as Mac>::new_from_slice(&self.0).expect("invariant: HMAC takes a key of any length");
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The folder has a past, but a key is gone. Nothing is made up in its place.
    #[error("{} is missing although the data folder has been used: restore it from the backup", .0.display())]
    Missing(PathBuf),
    /// A key file is not as it was written.
    #[error("{} is damaged (its checksum does not match): restore it from the backup", .0.display())]
    Damaged(PathBuf),
    /// The disk said no.
    #[error("{path}: {error}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
}

/// All keys of a house.
#[derive(Clone, Debug)]
pub struct Keys {
    keys: [Key; KeyName::ALL.len()],
}

impl Keys {
    /// Opens the keys in `dir`. On the `first_start` of a data folder the missing ones are made; later a missing key is
    /// an error.
    pub fn open(dir: &Path, first_start: bool) -> Result<Self, KeyError> {
        let mut keys = Vec::with_capacity(KeyName::ALL.len());
        for name in KeyName::ALL {
            let path = dir.join(name.file());
            keys.push(match read(&path)? {
                Some(key) => key,
                None if first_start => make(dir, path)?,
                None => return Err(KeyError::Missing(path)),
            });
        }
        Ok(Self { keys: keys.try_into().expect("invariant: one key was pushed for each name") })
    }

    /// For each file, what shows that it is this key and does not give it away.
    pub fn check_values(&self) -> BTreeMap<String, String> {
        let check = |name: KeyName| HEXLOWER.encode(&self.get(name).mac(&[b"check"])[..8]);
        KeyName::ALL.into_iter().map(|name| (name.file().to_owned(), check(name))).collect()
    }

    /// One of them.
    pub fn get(&self, name: KeyName) -> &Key {
        &self.keys[name as usize]
    }
}

/// A key that may be lost without harm to the record (the one of Web Push): read, or made when it is not there.
///
/// # Errors
/// It is damaged, or the disk said no.
pub fn read_or_make(dir: &Path, file: &str) -> Result<Key, KeyError> {
    let path = dir.join(file);
    match read(&path)? {
        Some(key) => Ok(key),
        None => make(dir, path),
    }
}

fn make(dir: &Path, path: PathBuf) -> Result<Key, KeyError> {
    let key = Key::random();
    let bytes = [key.reveal().as_slice(), &checksum(key.reveal())].concat();
    write_new(dir, &path, &bytes).map_err(|error| KeyError::Io { path, error })?;
    Ok(key)
}

fn read(path: &Path) -> Result<Option<Key>, KeyError> {
    match fs::read(path) {
        Ok(bytes) => match bytes.split_first_chunk::<32>() {
            Some((key, sum)) if *sum == checksum(key) => Ok(Some(Key(*key))),
            _ => Err(KeyError::Damaged(path.to_owned())),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(KeyError::Io { path: path.to_owned(), error }),
    }
}

fn checksum(key: &[u8; 32]) -> [u8; 8] {
    *Sha256::digest(key).first_chunk().expect("invariant: a digest has 32 bytes")
}

/// Writes a file that only its owner may read, whole or not at all, and durable when this returns.
fn write_new(dir: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    make_dir(dir)?;
    let unfinished = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    sync_dir(dir)
}

/// Makes a folder that only its owner may enter, durable when this returns; one that is there is closed to others.
pub fn make_dir(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        let is_open = dir.metadata()?.permissions().mode() & 0o077 != 0;
        return if is_open { fs::set_permissions(dir, fs::Permissions::from_mode(0o700)) } else { Ok(()) };
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    dir.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(Ok(()), sync_dir)
}

/// Makes what was created or renamed in a folder durable.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_only_at_the_first_start() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("data/keys");
        assert!(matches!(Keys::open(&dir, false), Err(KeyError::Missing(_))));
        let made = Keys::open(&dir, true).expect("made");
        let again = Keys::open(&dir, false).expect("read");
        for name in KeyName::ALL {
            assert_eq!(made.get(name), again.get(name));
            let mode = fs::metadata(dir.join(name.file())).expect("there").permissions().mode();
            assert_eq!(mode & 0o077, 0, "{name:?} can be read by others");
        }
        assert_ne!(made.get(KeyName::Token), made.get(KeyName::Area));
        assert_eq!(format!("{:?}", made.get(KeyName::Token)), "***");
    }

    #[test]
    fn a_key_that_may_be_lost_is_made_when_it_is_not_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let made = read_or_make(folder.path(), "push.key").expect("made");
        assert_eq!(read_or_make(folder.path(), "push.key").expect("read"), made);
        fs::remove_file(folder.path().join("push.key")).expect("removed");
        assert_ne!(read_or_make(folder.path(), "push.key").expect("made anew"), made);
        fs::write(folder.path().join("push.key"), b"short").expect("written");
        assert!(matches!(read_or_make(folder.path(), "push.key"), Err(KeyError::Damaged(_))));
    }

    #[test]
    fn a_lost_or_damaged_key_refuses_the_start() {
        let folder = tempfile::tempdir().expect("a folder");
        Keys::open(folder.path(), true).expect("made");
        fs::remove_file(folder.path().join("site-group.key")).expect("removed");
        assert!(
            matches!(Keys::open(folder.path(), false), Err(KeyError::Missing(path)) if path.ends_with("site-group.key"))
        );
        fs::write(folder.path().join("site-group.key"), b"short").expect("written");
        assert!(matches!(Keys::open(folder.path(), true), Err(KeyError::Damaged(_))));
    }

    #[test]
    fn no_flipped_bit_of_a_key_goes_unseen() {
        let folder = tempfile::tempdir().expect("a folder");
        Keys::open(folder.path(), true).expect("made");
        let path = folder.path().join("hash.key");
        let sound = fs::read(&path).expect("there");
        for bit in 0..sound.len() * 8 {
            let mut damaged = sound.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &damaged).expect("damaged");
            assert!(matches!(Keys::open(folder.path(), false), Err(KeyError::Damaged(_))), "bit {bit}");
        }
        fs::write(&path, vec![0; sound.len()]).expect("zeroed");
        assert!(matches!(Keys::open(folder.path(), false), Err(KeyError::Damaged(_))));
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let key = Key::random();
        assert_ne!(key.mac(&[b"ab", b"c"]), key.mac(&[b"a", b"bc"]));
        assert_eq!(key.mac(&[b"a"]), key.mac(&[b"a"]));
    }
}
