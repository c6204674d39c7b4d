//! Whether a start would take the data folder, asked beforehand: by the same looks as a start, and nothing is written or held.

use std::io;
use std::path::Path;

use jiaohao_actors::log::{FolderLockError, user};
use rustix::fs::Access;

use super::folder::{self, FolderError, io_at};

/// Folders within a data folder in which every start writes.
const WRITTEN: [&str; 4] = ["log", "persons", "audit", "store"];

/// What a start as this user would be refused for. That another process is at work in the folder is no fault of it: the
/// server may be running.
///
/// # Errors
/// See [`FolderError`].
pub fn check(dir: &Path, is_test: bool) -> Result<(), FolderError> {
    let looked = folder::look(dir)?;
    looked.fits(is_test, dir)?;
    if !dir.exists() {
        if dir.is_symlink() {
            return Err(io_at(dir, dir)(io::ErrorKind::AlreadyExists.into()));
        }
        if let Some(nowhere) = folder::nowhere(dir) {
            return Err(nowhere);
        }
        let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        return may_write(parent).map_err(io_at(dir, dir));
    }
    if let Some(owner) = user::anothers(dir).map_err(io_at(dir, dir))? {
        return Err(FolderError::Lock(FolderLockError::Anothers { folder: dir.to_owned(), owner }));
    }
    may_write(dir).map_err(io_at(dir, dir))?;
    let lock = dir.join("LOCK");
    if lock.exists() {
        access(&lock, Access::READ_OK | Access::WRITE_OK).map_err(io_at(dir, &lock))?;
    }
    let parts = WRITTEN.map(|part| dir.join(part));
    parts.iter().filter(|part| part.exists()).try_for_each(|part| may_write(part).map_err(io_at(dir, part)))
}

fn may_write(folder: &Path) -> io::Result<()> {
    access(folder, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK)
}

fn access(path: &Path, how: Access) -> io::Result<()> {
    Ok(rustix::fs::access(path, how)?)
}
