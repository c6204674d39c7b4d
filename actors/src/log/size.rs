//! How much disk a log takes, for operations: looked up in the folder, not counted along the way.

use std::path::Path;

use super::LogError;
use super::files::{Folder, about};
use super::journal::os_folder;

/// What a log takes of the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogSize {
    /// Segments that are not archived and removed yet.
    pub segments: u64,
    /// What they take up, in bytes, the room prepared for what comes next included.
    pub bytes: u64,
    /// Bytes of the archive.
    pub archive_bytes: u64,
}

/// What the log in a folder takes of the disk now. A file that goes away meanwhile counts nothing.
///
/// # Errors
/// The folder cannot be read.
pub fn size(log: &Path) -> Result<LogSize, LogError> {
    let folder = os_folder(log);
    let live = folder.segments()?;
    let archived = match folder.disk.list(&folder.archive()) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        names => names.map_err(|error| about(&folder.archive(), error))?,
    };
    let taken = |path: &Path| folder.disk.taken_bytes(path).unwrap_or(0);
    Ok(LogSize {
        segments: live.len() as u64,
        bytes: live.iter().map(|number| taken(&folder.segment(*number))).sum::<u64>() + prepared(&folder),
        archive_bytes: archived.iter().map(|name| taken(&folder.archive().join(name))).sum(),
    })
}

fn prepared(folder: &Folder) -> u64 {
    folder.disk.taken_bytes(&folder.next()).unwrap_or(0)
}
