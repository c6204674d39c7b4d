//! The mark beside the database: what was in it at the last sync. Replaced as a whole (write, sync, rename, sync folder).
//! A line of JSON and a line with the CRC-32 of that JSON: a floor that is one bit too high would skip records in silence.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::StoreError;

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
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it is not what was written.
    pub fn read(folder: &Path) -> Result<Option<Self>, StoreError> {
        let bytes = match fs::read(folder.join("mark.json")) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let damaged = |why: &str| StoreError::Damaged(format!("its mark: {why}"));
        let text = std::str::from_utf8(&bytes).map_err(|_| damaged("not UTF-8"))?;
        let (json, checksum) = text.split_once('\n').ok_or_else(|| damaged("no checksum"))?;
        if checksum != checksum_line(json.as_bytes()) {
            return Err(damaged("its checksum is wrong"));
        }
        serde_json::from_str(json).map(Some).map_err(|e| damaged(&e.to_string()))
    }

    /// Replaces the mark, durably.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        let fresh = folder.join("mark.new");
        let mut file = File::create(&fresh)?;
        let json = serde_json::to_string(self)?;
        file.write_all(format!("{json}\n{}", checksum_line(json.as_bytes())).as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, folder.join("mark.json"))?;
        File::open(folder)?.sync_all()
    }
}

fn checksum_line(json: &[u8]) -> String {
    format!("{:08x}\n", crc32fast::hash(json))
}
