//! Reads a damaged log for an export: every record in order, up to the first place that neither a segment nor its archive
//! tells. The mark is not asked: what it would add is only whether more was there.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::disk::ReadFrom;
use super::files::{Folder, about, damaged};
use super::read::archive_input;
use super::recover::missing;
use super::scan::{Scan, Step, flaw_or_io};
use super::{HistoryId, LogError, Record};

/// Where a segment ends: its last commit and the checksum of its last batch.
type End = (u64, u32);

/// Visits what can be read; the error is the damage that ended it.
pub(super) fn read_sound(folder: &Folder, history: HistoryId, visit: &mut dyn FnMut(Record)) -> Result<(), LogError> {
    let mut numbers: BTreeSet<u64> = folder.segments()?.into_iter().collect();
    if let Ok(names) = folder.disk.list(&folder.archive()) {
        numbers.extend(names.iter().filter_map(|name| name.strip_suffix(".manifest")?.parse::<u64>().ok()));
    }
    let mut before: Option<(u64, End)> = None;
    for number in numbers {
        if let Some((last, _)) = before.filter(|(last, _)| last + 1 != number) {
            return Err(missing(folder, last + 1));
        }
        let follows = before.map(|(_, end)| end);
        let mut reached = 0;
        let at = (history, number);
        let read = segment(folder, number)
            .and_then(|(input, bytes, path)| scan(input, bytes, &path, at, follows, &mut reached, visit));
        let end = match read {
            // batches are whole commits: the archive goes on where the segment could not
            Err(error @ LogError::Damaged { .. }) => archived(folder, number)
                .and_then(|(input, bytes, path)| scan(input, bytes, &path, at, follows, &mut reached, visit))
                .map_err(|_| error)?,
            read => read?,
        };
        before = Some((number, end));
    }
    Ok(())
}

/// Visits what of one segment stands before its damage, which is the error.
pub(super) fn read_before_damage(
    folder: &Folder,
    history: HistoryId,
    number: u64,
    visit: &mut dyn FnMut(Record),
) -> Result<(), LogError> {
    let (input, bytes, path) = segment(folder, number)?;
    scan(input, bytes, &path, (history, number), None, &mut 0, visit).map(drop)
}

fn segment(folder: &Folder, number: u64) -> Result<(impl Read, u64, PathBuf), LogError> {
    let path = folder.segment(number);
    let file = match folder.disk.open(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(missing(folder, number)),
        file => file.map_err(|error| about(&path, error))?,
    };
    let length = file.len().map_err(|error| about(&path, error))?;
    Ok((ReadFrom::new(file, 0, length), length, path))
}

fn archived(folder: &Folder, number: u64) -> Result<(impl Read, u64, PathBuf), LogError> {
    let manifest = folder.archived_manifest(number);
    let manifest = folder.read_manifest(&manifest)?.ok_or_else(|| damaged(&manifest, 0, "the archive is missing"))?;
    let path = folder.archived_segment(number);
    Ok((archive_input(&*folder.disk, &path)?, manifest.bytes, path))
}

/// Visits the commits above `reached`, which goes with them.
fn scan(
    input: impl Read,
    bytes: u64,
    path: &Path,
    (history, number): (HistoryId, u64),
    follows: Option<End>,
    reached: &mut u64,
    visit: &mut dyn FnMut(Record),
) -> Result<End, LogError> {
    let (header, mut scan) = flaw_or_io(Scan::begin(input, bytes, history, number), path, 0)?;
    if follows.is_some_and(|end| end != (header.last_commit, header.previous)) {
        return Err(damaged(path, 0, "the chain is broken: this segment does not follow the one before"));
    }
    let mut shards = Vec::new();
    while scan.at < bytes {
        let at = scan.at;
        match flaw_or_io(scan.step().map(Ok), path, at)? {
            Step::Batch => {
                scan.visit(*reached, &mut shards, visit).map_err(|flaw| damaged(path, at, flaw))?;
                *reached = scan.last_commit.max(*reached);
            }
            Step::End => break,
            Step::Flaw(flaw) => return Err(damaged(path, at, flaw)),
        }
    }
    Ok((scan.last_commit, scan.checksum))
}
