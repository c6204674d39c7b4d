//! Reading a log of segment files: live segments and, for what has been pruned, archives.

use std::io::Read;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use sha2::{Digest, Sha256};

use super::disk::{Disk, ReadFrom};
use super::files::{Folder, Manifest, about, damaged};
use super::journal::with_copy;
use super::keeper::hexadecimal;
use super::recover::Span;
use super::scan::{Scan, Step};
use super::{HistoryId, LogError, LogReader, Record};

/// What is durable now.
pub struct Shape {
    /// The closed segments that have not been pruned, in order.
    pub closed: Vec<Span>,
    /// The segment that is being written.
    pub active: Span,
}

/// What a pruning may remove: closed segments whose archives have been read back.
#[derive(Debug, Default)]
pub struct Prunable {
    pub(super) up_to_commit: u64,
    pub(super) checked: Vec<Span>,
    /// The first whose closing has failed or is under way, or whose archive cannot be read back: it ends the row, and is
    /// closed again for another time.
    pub(super) unclosed: Option<Span>,
}

impl Prunable {
    /// The commit above which nothing may go.
    pub fn up_to_commit(&self) -> u64 {
        self.up_to_commit
    }
}

/// Reads beside the writer.
pub struct SegmentReader {
    /// Where.
    pub folder: Folder,
    /// Which history.
    pub history: HistoryId,
    /// What is durable; the writer keeps it up to date.
    pub shape: Arc<RwLock<Shape>>,
}

impl LogReader for SegmentReader {
    fn last_commit(&self) -> u64 {
        self.shape.read().unwrap_or_else(PoisonError::into_inner).active.last_commit
    }

    fn replay(&self, after: u64, visit: &mut dyn FnMut(Record)) -> Result<(), LogError> {
        let spans: Vec<Span> = {
            let shape = self.shape.read().unwrap_or_else(PoisonError::into_inner);
            shape.closed.iter().chain([&shape.active]).filter(|span| span.last_commit > after).cloned().collect()
        };
        let Some(first) = spans.first() else { return Ok(()) };
        for span in archived_spans(&self.folder, self.history, first, after)? {
            read_archive(&self.folder, self.history, &span, after, visit)?;
        }
        let last = spans.last().map_or(0, |span| span.segment);
        for span in spans {
            let mut reached = after;
            let mut visit_on = |record: Record| {
                reached = record.commit;
                visit(record);
            };
            let damage = match read_live(&self.folder, self.history, &span, after, &mut visit_on) {
                Ok(true) => continue,
                // A segment that has been pruned since is in the archive.
                Ok(false) => None,
                Err(error @ LogError::Damaged { .. }) if span.segment != last => Some(error),
                Err(error) => return Err(error),
            };
            match damage {
                None => {
                    let copy = archived_span(&self.folder, self.history, span.segment)?;
                    read_archive(&self.folder, self.history, &copy, after, visit)?;
                }
                // Batches are whole commits: the archive goes on where the segment could not.
                Some(error) => {
                    let checked = check_archive(&self.folder, self.history, &span)
                        .and_then(|()| read_archive(&self.folder, self.history, &span, reached, visit));
                    if checked.is_err() {
                        return Err(error);
                    }
                    let error = with_copy(&self.folder, span.segment, error);
                    tracing::error!(log = %self.folder.path.display(), %error, "a closed segment cannot be read");
                }
            }
        }
        Ok(())
    }

    fn prunable(&self, up_to_commit: u64) -> Result<Prunable, LogError> {
        let spans: Vec<Span> = {
            let shape = self.shape.read().unwrap_or_else(PoisonError::into_inner);
            shape.closed.iter().take_while(|span| span.last_commit <= up_to_commit).cloned().collect()
        };
        let mut prunable = Prunable { up_to_commit, ..Prunable::default() };
        for span in spans {
            match self.is_archived(&span) {
                Ok(true) => prunable.checked.push(span),
                not_yet => {
                    if let Err(error) = not_yet {
                        tracing::error!(segment = span.segment, %error, "a closed segment cannot be pruned; it is closed again");
                    }
                    prunable.unclosed = Some(span);
                    break;
                }
            }
        }
        Ok(prunable)
    }
}

impl SegmentReader {
    /// Whether the segment has been closed and its archive read back.
    fn is_archived(&self, span: &Span) -> Result<bool, LogError> {
        let is_closed = self.folder.read_manifest(&self.folder.manifest(span.segment))?.is_some();
        if is_closed {
            check_archive(&self.folder, self.history, span)?;
        }
        Ok(is_closed)
    }
}

/// The archives that hold commits above `after` and lie before `first`, in order.
pub fn archived_spans(folder: &Folder, history: HistoryId, first: &Span, after: u64) -> Result<Vec<Span>, LogError> {
    let mut spans = Vec::new();
    let (mut number, mut before, mut previous) = (first.segment, first.before, first.previous);
    while before > after {
        number -= 1;
        let span = archived_span(folder, history, number)?;
        if span.last_commit != before || span.checksum != previous {
            let what = "the chain is broken: the segment behind this archive does not follow it";
            return Err(damaged(&folder.archived_manifest(number), 0, what));
        }
        (before, previous) = (span.before, span.previous);
        spans.push(span);
    }
    spans.reverse();
    Ok(spans)
}

fn archived_manifest(folder: &Folder, history: HistoryId, number: u64) -> Result<Manifest, LogError> {
    let path = folder.archived_manifest(number);
    let manifest = folder.read_manifest(&path)?.ok_or_else(|| damaged(&path, 0, "the archive is missing"))?;
    if manifest.history != history.to_string() || manifest.segment != number {
        return Err(damaged(&path, 0, "the manifest is of another segment"));
    }
    Ok(manifest)
}

fn archived_span(folder: &Folder, history: HistoryId, number: u64) -> Result<Span, LogError> {
    Ok(archived_manifest(folder, history, number)?.span())
}

/// Reads a live segment's records; `false` when the file is no longer there.
pub fn read_live(
    folder: &Folder,
    history: HistoryId,
    span: &Span,
    after: u64,
    visit: &mut dyn FnMut(Record),
) -> Result<bool, LogError> {
    let path = folder.segment(span.segment);
    match folder.disk.open(&path) {
        Ok(file) => read_span(ReadFrom::new(file, 0, span.bytes), &path, history, span, after, visit).map(|()| true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(about(&path, error)),
    }
}

/// Reads an archived segment's records.
pub fn read_archive(
    folder: &Folder,
    history: HistoryId,
    span: &Span,
    after: u64,
    visit: &mut dyn FnMut(Record),
) -> Result<(), LogError> {
    let path = folder.archived_segment(span.segment);
    read_span(archive_input(&*folder.disk, &path)?, &path, history, span, after, visit)
}

/// An archive's content.
pub fn archive_input(disk: &dyn Disk, path: &Path) -> Result<impl Read + use<>, LogError> {
    let file = disk.open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => damaged(path, 0, "the archive is missing"),
        _ => about(path, error),
    })?;
    let length = file.len().map_err(|error| about(path, error))?;
    zstd::stream::read::Decoder::new(ReadFrom::new(file, 0, length)).map_err(|error| about(path, error))
}

/// Compares an archive's content with its manifest and its manifest with the segment it stands for.
pub fn check_archive(folder: &Folder, history: HistoryId, span: &Span) -> Result<(), LogError> {
    let manifest = archived_manifest(folder, history, span.segment)?;
    if archived_span(folder, history, span.segment)? != *span {
        return Err(damaged(&folder.archived_manifest(span.segment), 0, "the archive is of another segment"));
    }
    let path = folder.archived_segment(span.segment);
    let hash = hash_of(archive_input(&*folder.disk, &path)?, span.bytes);
    match hash {
        Ok(hash) if hash == manifest.sha256 => Ok(()),
        Ok(_) => Err(damaged(&path, 0, "its content does not have the manifest's hash")),
        Err(error) => Err(damaged(&path, 0, error.to_string())),
    }
}

/// SHA-256 of exactly `bytes` bytes.
pub fn hash_of(mut input: impl Read, bytes: u64) -> std::io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    let mut seen = 0;
    loop {
        match input.read(&mut buffer)? {
            0 if seen == bytes => return Ok(hexadecimal(&hash.finalize())),
            0 => return Err(std::io::Error::other(format!("{seen} bytes where the manifest says {bytes}"))),
            part => {
                seen += part as u64;
                if seen > bytes {
                    return Err(std::io::Error::other(format!("more bytes than the manifest's {bytes}")));
                }
                hash.update(&buffer[..part]);
            }
        }
    }
}

/// Reads one segment that is known to hold `span`.
pub fn read_span(
    input: impl Read,
    path: &Path,
    history: HistoryId,
    span: &Span,
    after: u64,
    visit: &mut dyn FnMut(Record),
) -> Result<(), LogError> {
    // What a decompressor says of damaged bytes is damage too; a disk's own errors keep their kind.
    let io = |error: std::io::Error, at| match error.raw_os_error() {
        Some(_) => about(path, error),
        None => damaged(path, at, error.to_string()),
    };
    let begun = Scan::begin(input, span.bytes, history, span.segment).map_err(|error| io(error, 0))?;
    let (header, mut scan) = begun.map_err(|flaw| damaged(path, 0, flaw))?;
    if header.previous != span.previous || header.last_commit != span.before {
        return Err(damaged(path, 0, "the chain is broken: this segment does not follow the one before"));
    }
    let mut shards = Vec::new();
    while scan.at < span.bytes {
        let at = scan.at;
        match scan.step().map_err(|error| io(error, at))? {
            Step::Batch => scan.visit(after, &mut shards, visit).map_err(|flaw| damaged(path, at, flaw))?,
            Step::End => return Err(damaged(path, at, "zeros where a batch should be")),
            Step::Flaw(flaw) => return Err(damaged(path, at, flaw)),
        }
    }
    if scan.checksum != span.checksum || scan.last_commit != span.last_commit {
        return Err(damaged(path, scan.at, "the segment does not end as its manifest says"));
    }
    Ok(())
}
