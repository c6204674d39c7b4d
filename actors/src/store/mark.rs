//! The mark beside the database: what was in it at the last sync. Replaced as a whole (write, sync, rename, sync folder).

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

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
    /// Clinic time then.
    pub clinic: jiaohao_domain::Timestamp,
}

impl Mark {
    /// The mark in the folder, if there is one.
    pub fn read(folder: &Path) -> std::io::Result<Option<Self>> {
        match fs::read(folder.join("mark.json")) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(std::io::Error::other),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces the mark, durably.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        let fresh = folder.join("mark.new");
        let mut file = File::create(&fresh)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.sync_all()?;
        fs::rename(&fresh, folder.join("mark.json"))?;
        File::open(folder)?.sync_all()
    }
}
