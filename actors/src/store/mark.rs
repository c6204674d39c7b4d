//! The mark beside the database: what was in it at the last sync, and which floors wait to be pruned to. Replaced as a
//! whole (write, sync, rename, sync folder); with a checksum, because everything that a start does not replay hangs on it.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::sealed;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The log's history that the store belongs to.
    pub history: String,
    /// Everything up to this commit is in snapshots.
    pub floor_commit: u64,
    /// Rows at least.
    pub rows: u64,
    /// Sum of their sequence numbers at least.
    pub seq_sum: u64,
    /// No owner's instance was higher then. Marks of before this was kept have none: 0.
    #[serde(default)]
    pub highest_instance: u64,
    /// Clinic time then.
    pub clinic: jiaohao_domain::Timestamp,
    /// Floors to which the log has not been pruned yet, oldest first.
    pub reached: Vec<Reached>,
}

/// A floor and when it was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// Machine time, in UTC milliseconds.
    pub at_ms: i64,
    /// The floor.
    pub commit: u64,
}

impl Mark {
    /// The mark in the folder, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it is not as it was written.
    pub fn read(folder: &Path) -> Result<Option<Self>, StoreError> {
        let bytes = match fs::read(folder.join("mark")) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let text = sealed::open(&bytes).map_err(|what| StoreError::Damaged(format!("a mark {what}")))?;
        serde_json::from_str(text).map(Some).map_err(|error| StoreError::Damaged(format!("not a mark: {error}")))
    }

    /// Replaces the mark, durably.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        let fresh = folder.join("mark.new");
        let mut file = File::create(&fresh)?;
        file.write_all(&sealed::seal(&serde_json::to_string(self)?))?;
        file.sync_all()?;
        fs::rename(&fresh, folder.join("mark"))?;
        File::open(folder)?.sync_all()
    }
}
