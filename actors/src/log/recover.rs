//! Finds out what a log's folder holds, without changing it: which segments, whether they hang together, where the last
//! one ends, and whether what lies behind that end is a torn tail (reported, may be cut) or damage (refused).

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::disk::{DiskFile, ReadFrom};
use super::files::{Folder, MarkFile, about, damaged};
use super::format::{BATCH_MAGIC, Mark, SegmentHeader};
use super::scan::{Scan, Step, flaw_or_io, later_batch};
use super::{HistoryId, LogError, ShardId};

/// What one segment holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its number.
    pub segment: u64,
    /// The last commit before it.
    pub before: u64,
    /// Its last commit.
    pub last_commit: u64,
    /// The checksum of the last batch before it.
    pub previous: u32,
    /// The checksum of its last batch.
    pub checksum: u32,
    /// Where its last batch ends.
    pub bytes: u64,
    /// How many records.
    pub records: u64,
}

/// What stood behind the last whole batch, beyond the mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// In which segment.
    pub segment: u64,
    /// From which byte.
    pub at: u64,
    /// How many bytes, up to the last that is not zero.
    pub bytes: u64,
    /// Why it is no batch.
    pub what: String,
}

/// What a log's folder holds.
pub struct Layout {
    /// Which history.
    pub history: HistoryId,
    /// How far it was known to be durable.
    pub mark: Mark,
    /// The closed segments, in order.
    pub closed: Vec<Span>,
    /// Those of them that have no manifest yet.
    pub without_manifest: Vec<u64>,
    /// The segment that is being written.
    pub active: Span,
    /// Where the first batch of the active segment begins.
    pub active_begin: u64,
    /// The last offset of every shard.
    pub ends: BTreeMap<ShardId, u64>,
    /// What stood behind the last batch.
    pub torn: Option<TornTail>,
    /// Segments that a pruning left behind: no longer part of the log.
    pub left_behind: Vec<u64>,
}

/// Looks at the folder.
pub fn inspect(folder: &Folder) -> Result<Layout, LogError> {
    let history = folder.read_history()?;
    let mark = MarkFile::read(folder, history)?;
    let (left_behind, numbers): (Vec<u64>, Vec<u64>) =
        folder.segments()?.into_iter().partition(|number| *number < mark.first_segment);
    for (expected, number) in (mark.first_segment..).zip(&numbers) {
        if expected != *number {
            return Err(missing(folder, expected));
        }
    }
    let last = match numbers.last() {
        Some(last) if *last >= mark.segment => *last,
        Some(last) => {
            return Err(damaged(
                &folder.segment(last + 1),
                0,
                "the segment is missing: the log ends short of the mark",
            ));
        }
        None => return Err(damaged(&folder.segment(mark.first_segment), 0, "the segment is missing")),
    };
    let mut closed: Vec<Span> = Vec::new();
    let mut without_manifest = Vec::new();
    for number in mark.first_segment..last {
        let by_manifest = match folder.read_manifest(&folder.manifest(number)) {
            // It says nothing that the segment does not say itself: made again, like a missing one.
            Err(error @ LogError::Damaged { .. }) => {
                tracing::warn!(log = %folder.path.display(), %error, "a manifest is made again from its segment");
                None
            }
            _ => manifest_span(folder, history, number)?,
        };
        let span = match by_manifest {
            Some(span) => span,
            None => {
                without_manifest.push(number);
                closed_span(folder, history, number)?
            }
        };
        follows(folder, closed.last(), &span)?;
        closed.push(span);
    }
    let path = folder.segment(last);
    let file = folder.disk.open(&path).map_err(|error| about(&path, error))?;
    let tail = read_last(&path, &file, history, last, &mark)?;
    follows(folder, closed.last(), &tail.span)?;
    if tail.span.last_commit < mark.commit {
        let what = format!("the log ends with commit {}, short of the mark at {}", tail.span.last_commit, mark.commit);
        return Err(damaged(&path, tail.span.bytes, what));
    }
    Ok(Layout {
        history,
        mark,
        closed,
        without_manifest,
        active: tail.span,
        active_begin: tail.begin,
        ends: tail.ends,
        torn: tail.torn,
        left_behind,
    })
}

/// A closed segment that is not there; where its archive is, that is named.
pub(super) fn missing(folder: &Folder, number: u64) -> LogError {
    let (own, copy) = (folder.segment(number), folder.archived_segment(number));
    let what = match folder.disk.open(&copy) {
        Ok(_) => format!("the segment is missing; `zstd -d {} -o {}` puts it back", copy.display(), own.display()),
        Err(_) => "the segment is missing".to_owned(),
    };
    damaged(&own, 0, what)
}

fn follows(folder: &Folder, before: Option<&Span>, span: &Span) -> Result<(), LogError> {
    match before {
        Some(before) if before.checksum != span.previous || before.last_commit != span.before => Err(damaged(
            &folder.segment(span.segment),
            0,
            "the chain is broken: this segment does not follow the one before",
        )),
        _ => Ok(()),
    }
}

/// A closed segment by its manifest.
fn manifest_span(folder: &Folder, history: HistoryId, number: u64) -> Result<Option<Span>, LogError> {
    let path = folder.manifest(number);
    let Some(manifest) = folder.read_manifest(&path)? else { return Ok(None) };
    if manifest.history != history.to_string() || manifest.segment != number {
        return Err(damaged(&path, 0, "the manifest is of another segment"));
    }
    let segment = folder.segment(number);
    let length = folder.disk.open(&segment).and_then(|file| file.len()).map_err(|error| about(&segment, error))?;
    if length != manifest.bytes {
        let what = format!("{length} bytes where the manifest says {}", manifest.bytes);
        return Err(damaged(&segment, length.min(manifest.bytes), what));
    }
    Ok(Some(manifest.span()))
}

/// A closed segment without a manifest, by reading it: everything up to its zeros must be sound.
pub fn closed_span(folder: &Folder, history: HistoryId, number: u64) -> Result<Span, LogError> {
    let path = folder.segment(number);
    let file = folder.disk.open(&path).map_err(|error| about(&path, error))?;
    let length = file.len().map_err(|error| about(&path, error))?;
    let begun = Scan::begin(ReadFrom::new(file.clone(), 0, length), length, history, number);
    let (header, mut scan) = flaw_or_io(begun, &path, 0)?;
    loop {
        match scan.step().map_err(|error| about(&path, error))? {
            Step::Batch => {}
            Step::End => break,
            Step::Flaw(flaw) => return Err(damaged(&path, scan.at, flaw)),
        }
    }
    if let Some(last) = last_nonzero(&file, scan.at, length).map_err(|error| about(&path, error))? {
        return Err(damaged(&path, last, "bytes behind the end of a closed segment"));
    }
    Ok(span_of(&header, &scan))
}

fn span_of<R: Read>(header: &SegmentHeader, scan: &Scan<R>) -> Span {
    Span {
        segment: header.segment,
        before: header.last_commit,
        last_commit: scan.last_commit,
        previous: header.previous,
        checksum: scan.checksum,
        bytes: scan.at,
        records: scan.records,
    }
}

struct Tail {
    span: Span,
    begin: u64,
    ends: BTreeMap<ShardId, u64>,
    torn: Option<TornTail>,
}

fn read_last(
    path: &Path,
    file: &Arc<dyn DiskFile>,
    history: HistoryId,
    number: u64,
    mark: &Mark,
) -> Result<Tail, LogError> {
    let length = file.len().map_err(|error| about(path, error))?;
    let begun = Scan::begin(ReadFrom::new(file.clone(), 0, length), length, history, number);
    let (mut header, mut scan) = flaw_or_io(begun, path, 0)?;
    let mut ends = std::mem::take(&mut header.ends);
    let begin = scan.at;
    let marked = if mark.segment == number { mark.end } else { begin };
    let mut shards: Vec<ShardId> = ends.keys().cloned().collect();
    let flaw = loop {
        if mark.segment == number && scan.at == marked && scan.checksum != mark.checksum {
            return Err(damaged(path, scan.at, "what is written here is not what the mark knows"));
        }
        let at = scan.at;
        match scan.step().map_err(|error| about(path, error))? {
            Step::Batch if at < marked && scan.at > marked => {
                return Err(damaged(path, at, "the mark points into the middle of a batch"));
            }
            Step::Batch => {
                let mut gap = false;
                scan.visit(0, &mut shards, &mut |record| {
                    let end = ends.entry(record.shard).or_default();
                    gap |= Some(record.offset) != end.checked_add(1);
                    *end = record.offset;
                })
                .map_err(|flaw| damaged(path, at, flaw))?;
                if gap {
                    return Err(damaged(path, at, "an offset that does not follow the one before in its shard"));
                }
            }
            Step::End => break "zeros where a batch should be".to_string(),
            Step::Flaw(flaw) => break flaw,
        }
    };
    if scan.at < marked {
        return Err(damaged(path, scan.at, format!("{flaw}; the log is known to be durable up to byte {marked}")));
    }
    let torn = torn_tail(path, file, history, &scan_end(&scan), length, flaw)?
        .map(|torn| TornTail { segment: number, ..torn });
    Ok(Tail { span: span_of(&header, &scan), begin, ends, torn })
}

fn scan_end<R: Read>(scan: &Scan<R>) -> (u64, u64) {
    (scan.at, scan.last_commit)
}

/// Whether anything stands between `at` and the file's end, and whether it may be cut: not when a whole later batch
/// follows.
fn torn_tail(
    path: &Path,
    file: &Arc<dyn DiskFile>,
    history: HistoryId,
    &(at, last_commit): &(u64, u64),
    length: u64,
    what: String,
) -> Result<Option<TornTail>, LogError> {
    let io = |error| about(path, error);
    let Some(last) = last_nonzero(file, at, length).map_err(io)? else { return Ok(None) };
    let end = last + 1;
    let mut window = vec![0; 256 << 10];
    // Windows overlap by three bytes, so that no beginning of a batch is missed.
    let mut from = at + 1;
    while from + (BATCH_MAGIC.len() as u64) <= end {
        let read = fill(file, &mut window, from, end).map_err(io)?;
        for place in window[..read].windows(BATCH_MAGIC.len()).enumerate().filter(|(_, bytes)| **bytes == BATCH_MAGIC) {
            let begin = from + place.0 as u64;
            let input = ReadFrom::new(file.clone(), begin, length);
            if later_batch(input, length - begin, history, last_commit).map_err(io)? {
                return Err(damaged(path, at, format!("{what}; a later batch stands whole at byte {begin}: a hole")));
            }
        }
        from += (read.max(BATCH_MAGIC.len()) - (BATCH_MAGIC.len() - 1)) as u64;
    }
    Ok(Some(TornTail { segment: 0, at, bytes: end - at, what }))
}

/// The place of the last byte from `at` on that is not zero.
fn last_nonzero(file: &Arc<dyn DiskFile>, at: u64, length: u64) -> std::io::Result<Option<u64>> {
    let mut window = vec![0; 256 << 10];
    let mut end = length;
    while end > at {
        let from = end.saturating_sub(window.len() as u64).max(at);
        let read = fill(file, &mut window, from, end)?;
        if let Some(last) = window[..read].iter().rposition(|byte| *byte != 0) {
            return Ok(Some(from + last as u64));
        }
        end = from;
    }
    Ok(None)
}

/// Reads from `from` to `end` or as much as fits.
fn fill(file: &Arc<dyn DiskFile>, window: &mut [u8], from: u64, end: u64) -> std::io::Result<usize> {
    let most = (window.len() as u64).min(end.saturating_sub(from)) as usize;
    let mut read = 0;
    while read < most {
        match file.read_at(&mut window[read..most], from + read as u64)? {
            0 => break,
            more => read += more,
        }
    }
    Ok(read)
}
