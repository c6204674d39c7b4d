//! Whether a data folder stands where it stood at the last start. A restored backup is a copy that goes on with the
//! history of the folder that was lost, and tells something else under the same offsets: a copy has a name of its own, which
//! is part of every stream's epoch. A file system's own way back to an earlier moment leaves no trace: there
//! docs/operations.md has the file deleted.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use crate::identity::chance;

/// States where it lies itself.
pub const FILE: &str = "place";
/// While it is written.
pub const UNFINISHED: &str = "place.new";

#[derive(Serialize, Deserialize)]
struct Place {
    name: String,
    inode: u64,
    /// When the file was made, where the file system says so.
    born_ns: Option<u64>,
}

/// The folder's name as long as nobody copies it. A disk that takes no file gives a name for this one start.
pub fn name(dir: &Path) -> String {
    let file = dir.join(FILE);
    let known = fs::read(&file).ok().and_then(|text| serde_json::from_slice::<Place>(&text).ok());
    if let (Some(known), Ok(at)) = (known, fs::metadata(&file).map(|at| whereabouts(&at)))
        && (known.inode, known.born_ns) == at
    {
        return known.name;
    }
    let name = data_encoding::HEXLOWER.encode(&chance::bytes::<4>());
    if let Err(error) = write(dir, &name) {
        tracing::warn!(%error, file = %file.display(), "not written: clients take fresh snapshots after the next start");
    }
    name
}

fn whereabouts(at: &fs::Metadata) -> (u64, Option<u64>) {
    let born = at.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    (at.ino(), born.and_then(|born| u64::try_from(born.as_nanos()).ok()))
}

fn write(dir: &Path, name: &str) -> io::Result<()> {
    let unfinished = dir.join(UNFINISHED);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    let (inode, born_ns) = whereabouts(&file.metadata()?);
    serde_json::to_writer(&file, &Place { name: name.to_owned(), inode, born_ns })?;
    file.flush()?;
    file.sync_all()?;
    fs::rename(&unfinished, dir.join(FILE))?;
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_name_and_a_copy_has_another() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = name(here.path());
        assert_eq!(name(here.path()), first, "started again");
        fs::copy(here.path().join(FILE), there.path().join(FILE)).unwrap();
        let copied = name(there.path());
        assert_ne!(copied, first, "a restored backup");
        assert_eq!(name(there.path()), copied, "and started again");
        // copied back over the old one: the same bytes in another file
        fs::copy(here.path().join(FILE), there.path().join("saved")).unwrap();
        fs::remove_file(here.path().join(FILE)).unwrap();
        fs::copy(there.path().join("saved"), here.path().join(FILE)).unwrap();
        assert_ne!(name(here.path()), first);
    }

    #[test]
    fn a_damaged_one_is_made_anew() {
        let here = tempfile::tempdir().unwrap();
        let first = name(here.path());
        fs::write(here.path().join(FILE), "{").unwrap();
        assert_ne!(name(here.path()), first);
    }
}
