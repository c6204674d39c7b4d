//! The files of a log's folder: their names, the manifest of a closed segment, the mark file.
//!
//! `history` · `mark` · `0000000001.seg` · `0000000001.manifest` · `archive/0000000001.seg.zst` ·
//! `archive/0000000001.manifest`; `….new` is unfinished and of no account.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::disk::{Disk, DiskFile, read_small, write_whole};
use super::format::{self, MARK_SLOT_BYTES, MARK_SLOT_DISTANCE, Mark};
use super::recover::Span;
use super::{HistoryId, LogError};
use crate::sealed;

/// A log's folder.
#[derive(Clone)]
pub struct Folder {
    /// Through what it is reached.
    pub disk: Arc<dyn Disk>,
    /// Where it is.
    pub path: PathBuf,
}

/// Says which place is damaged.
pub fn damaged(file: &Path, byte: u64, what: impl Into<String>) -> LogError {
    let name = file.file_name().map_or_else(|| file.to_string_lossy(), |name| name.to_string_lossy());
    let within =
        file.parent().and_then(Path::file_name).filter(|folder| *folder == "archive").map_or("", |_| "archive/");
    LogError::Damaged { place: format!("{within}{name} byte {byte}"), what: what.into() }
}

/// An error that says which file it is about.
pub fn about(file: &Path, error: std::io::Error) -> LogError {
    LogError::Io(std::io::Error::new(error.kind(), format!("{}: {error}", file.display())))
}

impl Folder {
    /// The file that names the history.
    pub fn history(&self) -> PathBuf {
        self.path.join("history")
    }
    /// The mark file.
    pub fn mark(&self) -> PathBuf {
        self.path.join("mark")
    }
    /// A segment.
    pub fn segment(&self, number: u64) -> PathBuf {
        self.path.join(format!("{number:010}.seg"))
    }
    /// A closed segment's manifest.
    pub fn manifest(&self, number: u64) -> PathBuf {
        self.path.join(format!("{number:010}.manifest"))
    }
    /// The next segment while it is being made ready.
    pub fn next(&self) -> PathBuf {
        self.path.join("next.new")
    }
    /// The folder of archives.
    pub fn archive(&self) -> PathBuf {
        self.path.join("archive")
    }
    /// A segment's archive.
    pub fn archived_segment(&self, number: u64) -> PathBuf {
        self.archive().join(format!("{number:010}.seg.zst"))
    }
    /// The manifest beside a segment's archive.
    pub fn archived_manifest(&self, number: u64) -> PathBuf {
        self.archive().join(format!("{number:010}.manifest"))
    }

    /// The numbers of the segments that are there, in order.
    pub fn segments(&self) -> Result<Vec<u64>, LogError> {
        let names = self.disk.list(&self.path).map_err(|error| about(&self.path, error))?;
        let mut numbers: Vec<u64> = names
            .iter()
            .filter_map(|name| name.strip_suffix(".seg"))
            .filter_map(|number| number.parse().ok())
            .collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Reads which history this is.
    pub fn read_history(&self) -> Result<HistoryId, LogError> {
        let path = self.history();
        let bytes = read_small(&*self.disk, &path, 4096).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::InvalidData => damaged(&path, 0, error.to_string()),
            _ => about(&path, error),
        })?;
        match format::identity_version(&bytes) {
            Some(version) if version != u16::from(format::FORMAT) => Err(LogError::Format(format!(
                "a log of format {version}; this version of jiaohao reads format {}",
                format::FORMAT
            ))),
            _ => format::identity_from_bytes(&bytes).map_err(|flaw| damaged(&path, 0, flaw)),
        }
    }

    /// Reads the manifest at `path`, if it is there.
    pub fn read_manifest(&self, path: &Path) -> Result<Option<Manifest>, LogError> {
        match read_small(&*self.disk, path, 4096) {
            Ok(bytes) => Manifest::from_bytes(&bytes).map(Some).map_err(|flaw| damaged(path, 0, flaw)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                Err(damaged(path, 4096, error.to_string()))
            }
            Err(error) => Err(about(path, error)),
        }
    }

    /// Writes a manifest, whole and durable but for its name.
    pub fn write_manifest(&self, path: &Path, manifest: &Manifest) -> Result<(), LogError> {
        write_whole(&*self.disk, path, &manifest.to_bytes()).map_err(|error| about(path, error))
    }
}

/// A segment's archive in a folder of archives.
pub fn archived_segment(archive: &Path, number: u64) -> PathBuf {
    archive.join(format!("{number:010}.seg.zst"))
}

/// What a closed segment holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Format of the segment.
    pub format: u8,
    /// Which history, as 32 hexadecimal digits.
    pub history: String,
    /// Its number.
    pub segment: u64,
    /// Its first commit.
    pub first_commit: u64,
    /// Its last commit.
    pub last_commit: u64,
    /// How many records.
    pub records: u64,
    /// How long it is.
    pub bytes: u64,
    /// The checksum of the last batch before it.
    pub previous: u32,
    /// The checksum of its last batch.
    pub checksum: u32,
    /// SHA-256 of its bytes, as 64 hexadecimal digits.
    pub sha256: String,
}

impl Manifest {
    /// As a span.
    pub fn span(&self) -> Span {
        Span {
            segment: self.segment,
            before: self.first_commit - 1,
            last_commit: self.last_commit,
            previous: self.previous,
            checksum: self.checksum,
            bytes: self.bytes,
            records: self.records,
        }
    }

    /// One line of JSON and one line with its CRC-32.
    pub fn to_bytes(&self) -> Vec<u8> {
        let json = serde_json::to_string(self).expect("invariant: a struct of numbers and strings is JSON");
        sealed::seal(&json)
    }

    /// Reads [`Self::to_bytes`] back.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, format::Flaw> {
        let json = sealed::open(bytes).map_err(|what| format!("a manifest {what}"))?;
        let manifest: Self = serde_json::from_str(json).map_err(|error| format!("not a manifest: {error}"))?;
        if manifest.format != format::FORMAT {
            return Err(format!("a manifest of format {}, not {}", manifest.format, format::FORMAT));
        }
        if manifest.first_commit == 0 || manifest.last_commit < manifest.first_commit {
            return Err("a manifest without commits".into());
        }
        Ok(manifest)
    }
}

/// The mark file, open for writing: two slots, written in turn.
pub struct MarkFile {
    file: Arc<dyn DiskFile>,
    history: HistoryId,
    /// What was written last.
    pub last: Mark,
}

impl MarkFile {
    /// Reads the newest valid slot.
    pub fn read(folder: &Folder, history: HistoryId) -> Result<Mark, LogError> {
        let path = folder.mark();
        let bytes = read_small(&*folder.disk, &path, 64 << 10).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::InvalidData => damaged(&path, 0, error.to_string()),
            _ => about(&path, error),
        })?;
        [0, MARK_SLOT_DISTANCE]
            .into_iter()
            .filter_map(|at| Mark::from_bytes(bytes.get(at..at + MARK_SLOT_BYTES)?, history))
            .max_by_key(|mark| mark.generation)
            .ok_or_else(|| damaged(&path, 0, "neither slot is valid"))
    }

    /// Makes a mark file with its first slot.
    pub fn create(folder: &Folder, history: HistoryId, first: Mark) -> Result<(), LogError> {
        let path = folder.mark();
        let create = || {
            let file = folder.disk.create(&path)?;
            file.write_at(&vec![0; MARK_SLOT_DISTANCE + MARK_SLOT_BYTES], 0)?;
            file.write_at(&first.to_bytes(history), slot(&first))?;
            file.sync()
        };
        create().map_err(|error| about(&path, error))
    }

    /// Opens the file for writing behind the mark that was read.
    pub fn open(folder: &Folder, history: HistoryId, last: Mark) -> Result<Self, LogError> {
        let path = folder.mark();
        let file = folder.disk.open_to_write(&path).map_err(|error| about(&path, error))?;
        Ok(Self { file, history, last })
    }

    /// Writes the next slot; durable on return. Its generation is given here.
    pub fn write(&mut self, mut mark: Mark) -> Result<(), LogError> {
        mark.generation = self.last.generation + 1;
        self.file.write_at(&mark.to_bytes(self.history), slot(&mark))?;
        self.file.sync()?;
        self.last = mark;
        Ok(())
    }
}

fn slot(mark: &Mark) -> u64 {
    (mark.generation % 2) * MARK_SLOT_DISTANCE as u64
}
