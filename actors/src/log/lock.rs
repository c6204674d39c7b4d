//! One process a folder: `LOCK` is held as long as the process lives, and says by whom.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use jiaohao_domain::{Timestamp, time::Zone};
use serde::{Deserialize, Serialize};

use super::user;

/// Who holds a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Process id.
    pub pid: u32,
    /// Since when, UTC.
    pub since: Timestamp,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let since = format!(" since {}", Zone::utc().rfc3339(self.since));
        write!(f, " by process {}{since}", self.pid)
    }
}

/// Why a folder could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum FolderLockError {
    /// Another process has it.
    #[error("{} is in use{}: stop that process first", .folder.display(), .holder.as_ref().map(Holder::to_string).unwrap_or_default())]
    Held {
        /// Which folder.
        folder: PathBuf,
        /// By whom, when it says so.
        holder: Option<Holder>,
    },
    /// Root is at work in somebody else's folder.
    #[error(
        "{} is {owner}'s, and this is root: what root writes there {owner} cannot use. Run it as its owner, `sudo -u {owner} \
         jiaohao …`",
        .folder.display()
    )]
    Anothers {
        /// Which folder.
        folder: PathBuf,
        /// Whose it is.
        owner: String,
    },
    /// The lock file cannot be made or locked.
    #[error("{}: {error}", .file.display())]
    Io {
        /// The lock file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

/// What a holder that ends by itself adds to the lock file; after a crash or a kill it is not there.
const ENDED: &str = "ended";

/// A folder that this process holds until the value is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct FolderLock {
    file: File,
    /// Who it is stands in the file.
    is_named: bool,
    /// Who held it before and did not come to its end.
    fallen: Option<Holder>,
}

/// The lock's file, by device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId(u64, u64);

impl FileId {
    fn of(file: &std::fs::Metadata) -> Self {
        Self(file.dev(), file.ino())
    }

    /// Whether it still is the lock of the folder of that name, which may have been moved or removed under its holder.
    pub fn is_of(self, folder: &Path) -> std::io::Result<bool> {
        match std::fs::metadata(folder.join("LOCK")) {
            Ok(there) => Ok(Self::of(&there) == self),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        if self.is_named {
            // On a full disk the next start takes it for a crash, which costs a line in its log.
            let _ = self.file.write_all(format!("{ENDED}\n").as_bytes());
        }
    }
}

impl FolderLock {
    /// Takes the folder (which must exist), to write in it. Does not wait.
    pub fn take(folder: &Path, now: Timestamp) -> Result<Self, FolderLockError> {
        let path = folder.join("LOCK");
        let io = |error| FolderLockError::Io { file: path.clone(), error };
        if let Some(owner) = user::anothers(folder).map_err(io)? {
            return Err(FolderLockError::Anothers { folder: folder.to_path_buf(), owner });
        }
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
        let mut file = Self::hold(folder, &path, opened)?;
        let mut before = String::new();
        let fallen = (&mut file).take(4096).read_to_string(&mut before).ok().and_then(|_| {
            let mut lines = before.lines();
            let holder = serde_json::from_str(lines.next()?).ok()?;
            (lines.next() != Some(ENDED)).then_some(holder)
        });
        let holder = Holder { pid: std::process::id(), since: now };
        let line = serde_json::to_string(&holder).expect("invariant: two numbers are JSON");
        // On a full disk the lock holds without a name.
        let named = file.set_len(0).and_then(|()| file.rewind());
        let is_named = named.and_then(|()| file.write_all(format!("{line}\n").as_bytes())).is_ok();
        Ok(Self { file, is_named, fallen })
    }

    /// Who held the folder before and was killed, or fell with the machine.
    pub fn fallen(&self) -> Option<&Holder> {
        self.fallen.as_ref()
    }

    /// By what the folder is known while it is held.
    pub fn file_id(&self) -> std::io::Result<FileId> {
        self.file.metadata().map(|held| FileId::of(&held))
    }

    /// Takes the folder for reading: nothing is written. None when nobody has ever held it, so that there is nothing to
    /// hold.
    pub fn take_to_read(folder: &Path) -> Result<Option<Self>, FolderLockError> {
        let path = folder.join("LOCK");
        match File::open(&path) {
            Ok(file) => Self::hold(folder, &path, file).map(|file| Some(Self { file, is_named: false, fallen: None })),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(FolderLockError::Io { file: path, error }),
        }
    }

    fn hold(folder: &Path, path: &Path, mut file: File) -> Result<File, FolderLockError> {
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Who holds it may be just about to write who it is: then it stays unnamed.
                let holder = (&mut file)
                    .take(4096)
                    .read_to_string(&mut text)
                    .ok()
                    .and_then(|_| serde_json::from_str(&text).ok());
                Err(FolderLockError::Held { folder: folder.to_path_buf(), holder })
            }
            Err(TryLockError::Error(error)) => Err(FolderLockError::Io { file: path.to_path_buf(), error }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_writes_in_nobody_elses_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let taken = FolderLock::take(folder.path(), Timestamp(1));
        assert!(taken.is_ok(), "{taken:?}");
        drop(taken);
        // Only root can give a folder away, and only root is refused.
        if std::os::unix::fs::chown(folder.path(), Some(4_000_000), None).is_ok() {
            let refused = FolderLock::take(folder.path(), Timestamp(2)).expect_err("it is another's").to_string();
            assert!(refused.contains("is '#4000000''s, and this is root") && refused.contains("sudo -u"), "{refused}");
            assert!(FolderLock::take_to_read(folder.path()).is_ok(), "who reads writes nothing");
        }
    }

    #[test]
    fn who_was_killed_is_told_from_who_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let take = |at| FolderLock::take(folder.path(), Timestamp(at)).expect("free");
        assert_eq!(take(1).fallen(), None, "nobody was here");
        assert_eq!(take(2).fallen(), None, "it has ended");
        let written = take(3);
        let path = folder.path().join("LOCK");
        let alive = std::fs::read(&path).expect("there");
        assert!(
            matches!(FolderLock::take(folder.path(), Timestamp(4)), Err(FolderLockError::Held { holder: Some(holder), .. }) if holder.since == Timestamp(3))
        );
        drop(FolderLock::take_to_read(folder.path()).expect_err("held"));
        drop(written);
        drop(FolderLock::take_to_read(folder.path()).expect("free"));
        // As a kill leaves it.
        std::fs::write(&path, alive).expect("written");
        let next = take(5);
        assert_eq!(next.fallen().map(|holder| holder.since), Some(Timestamp(3)));
        drop(next);
        assert_eq!(take(6).fallen(), None);
    }
}
