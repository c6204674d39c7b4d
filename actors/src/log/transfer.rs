//! A log as lines of JSON and back: `export` and `import`; import reads folders of archives too.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiaohao_domain::{OwnerRef, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::disk::{Disk, OsDisk};
use super::files::{self, Manifest, about, damaged};
use super::format::{self, owner_kind_name, owner_kind_named};
use super::journal::{os_folder, read_all};
use super::keeper::hexadecimal;
use super::read::{archive_input, read_span};
use super::{Commit, HistoryId, Log, LogError, MAX_BATCH_BYTES, Meta, Record, SegmentLog, SegmentOptions, ShardId};

/// No line of an export is longer (bytes).
const MAX_LINE_BYTES: u64 = 128 << 20;
const IMPORT_BATCH_RECORDS: usize = 256;
const IMPORT_BATCH_BYTES: usize = 1 << 20;

/// The first line of an export.
#[derive(Serialize, Deserialize)]
struct Heading {
    jiaohao_journal: u8,
    history: String,
}

/// The last line of an export that is whole.
#[derive(Serialize, Deserialize)]
struct Ending {
    end: End,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct End {
    records: u64,
    last_commit: u64,
    /// Of all lines before this one, with their line breaks.
    sha256: String,
}

/// How the last line begins, and no other.
const ENDING: &[u8] = b"{\"end\":";

/// Every other line: one record.
#[derive(Serialize, Deserialize)]
struct Line {
    shard: String,
    owner_kind: String,
    owner: String,
    owner_seq: u64,
    owner_instance: u64,
    kind: u16,
    version: u16,
    offset: u64,
    commit: u64,
    index: u16,
    count: u16,
    at: Timestamp,
    meta: Option<String>,
    /// Left out of the first one, as of lines from before there was another.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    meta_version: u8,
    payload: String,
    /// The event in readable form, where its owner has one; not read back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<serde_json::Value>,
}

fn first() -> u8 {
    1
}

fn is_first(version: &u8) -> bool {
    *version == first()
}

impl Line {
    fn of(record: &Record, event: Option<serde_json::Value>) -> Self {
        Self {
            shard: record.shard.0.to_string(),
            owner_kind: owner_kind_name(record.owner.kind).into(),
            owner: record.owner.id.to_string(),
            owner_seq: record.owner_seq,
            owner_instance: record.owner_instance,
            kind: record.kind,
            version: record.version,
            offset: record.offset,
            commit: record.commit,
            index: record.index,
            count: record.count,
            at: record.at,
            meta: record.meta.as_ref().map(|meta| BASE64.encode(&meta.bytes)),
            meta_version: record.meta.as_ref().map_or(first(), |meta| meta.version),
            payload: BASE64.encode(&record.payload),
            event,
        }
    }

    fn record(self) -> Result<Record, String> {
        let decode = |text: &str| BASE64.decode(text).map_err(|error| error.to_string());
        let kind = owner_kind_named(&self.owner_kind)
            .ok_or_else(|| format!("no kind of owner is called {}", self.owner_kind))?;
        let meta = self.meta.as_deref().map(decode).transpose()?;
        Ok(Record {
            shard: ShardId(self.shard.into()),
            owner: OwnerRef::new(kind, self.owner),
            owner_seq: self.owner_seq,
            owner_instance: self.owner_instance,
            kind: self.kind,
            version: self.version,
            offset: self.offset,
            commit: self.commit,
            index: self.index,
            count: self.count,
            at: self.at,
            meta: meta.map(|bytes| Meta { version: self.meta_version, bytes }),
            payload: decode(&self.payload)?,
        })
    }
}

/// What an export has written.
#[derive(Debug)]
pub struct Exported {
    /// Records.
    pub records: u64,
    /// Up to this commit.
    pub last_commit: u64,
    /// What ended it before its end: the lines stand, the last one (with count and hash) does not.
    pub damage: Option<LogError>,
}

/// Writes every record as a line of JSON between a heading and a last line with count and hash; `render` may add the event
/// in readable form. Of a damaged log what stands before the damage is written.
pub fn export(
    log: &Path,
    out: &mut dyn Write,
    render: &dyn Fn(&Record) -> Option<serde_json::Value>,
) -> Result<Exported, LogError> {
    let heading = Heading { jiaohao_journal: format::FORMAT, history: os_folder(log).read_history()?.to_string() };
    let mut lines = Lines { out, hash: Sha256::new(), text: Vec::new() };
    let mut result = lines.write(&heading);
    let (mut records, mut last_commit) = (0, 0);
    let read = read_all(log, &mut |record| {
        if result.is_ok() {
            result = lines.write(&Line::of(&record, render(&record)));
            records += 1;
            last_commit = record.commit;
        }
    });
    result?;
    let damage = match read {
        Ok(()) => {
            let sha256 = hexadecimal(&lines.hash.clone().finalize());
            lines.write(&Ending { end: End { records, last_commit, sha256 } })?;
            None
        }
        Err(error) => Some(error),
    };
    lines.out.flush()?;
    Ok(Exported { records, last_commit, damage })
}

/// Lines on their way out, hashed.
struct Lines<'a> {
    out: &'a mut dyn Write,
    hash: Sha256,
    text: Vec<u8>,
}

impl Lines<'_> {
    fn write(&mut self, line: &impl Serialize) -> std::io::Result<()> {
        self.text.clear();
        serde_json::to_writer(&mut self.text, line)?;
        self.text.push(b'\n');
        self.hash.update(&self.text);
        self.out.write_all(&self.text)
    }
}

/// What an import brought in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Records.
    pub records: u64,
    /// Commits.
    pub commits: u64,
    /// What an export that is not whole lacks; taken all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacks: Option<String>,
}

/// Which exports are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// Only one whose last line stands and fits.
    Only,
    /// Also one that is cut or changed: its whole commits.
    OrPartial,
}

/// Makes the log in that folder (not there yet, or empty) from the lines of an export. Every number must come out as it
/// stands in the export, so an export that does not begin at the beginning is refused, and so is one whose last line is
/// missing or does not fit. The history is a new one. The folder is there whole or not at all.
pub fn import_lines(
    log: &Path,
    mut input: impl BufRead,
    options: SegmentOptions,
    whole: Whole,
) -> Result<Imported, LogError> {
    let mut number = 0_u64;
    let mut line = Vec::new();
    // The number of the line that was read; none at the end.
    let mut next = |line: &mut Vec<u8>| -> Result<Option<u64>, LogError> {
        line.clear();
        let read = std::io::Read::take(&mut input, MAX_LINE_BYTES).read_until(b'\n', line)?;
        number += 1;
        if read as u64 == MAX_LINE_BYTES {
            return Err(LogError::Format(format!("line {number} is longer than {MAX_LINE_BYTES} bytes")));
        }
        Ok((read > 0).then_some(number))
    };
    let heading = next(&mut line)?.is_some().then(|| serde_json::from_slice::<Heading>(&line).ok()).flatten();
    match heading {
        Some(heading) if heading.jiaohao_journal == format::FORMAT => {}
        Some(heading) => return Err(LogError::Format(format!("an export of format {}", heading.jiaohao_journal))),
        None => return Err(LogError::Format("line 1: this is not an export of a journal".into())),
    }
    let mut hash = Sha256::new_with_prefix(&line);
    import(log, options, |feed| {
        let (mut records, mut last_commit, mut ending) = (0, 0, None);
        while let Some(number) = next(&mut line)? {
            let no_record = |what: String| LogError::Format(format!("line {number} is no record: {what}"));
            if ending.is_some() {
                return Err(LogError::Format(format!("line {number} stands behind the end of the export")));
            }
            if line.starts_with(ENDING) && line.ends_with(b"\n") {
                let read = serde_json::from_slice::<Ending>(&line).map_err(|error| no_record(within_line(&error)))?;
                ending = Some(read.end);
                continue;
            }
            let record = match serde_json::from_slice::<Line>(&line) {
                Ok(line) => line.record().map_err(no_record)?,
                // the line at which it was cut
                Err(_) if !line.ends_with(b"\n") => break,
                Err(error) => return Err(no_record(within_line(&error))),
            };
            hash.update(&line);
            (records, last_commit) = (records + 1, record.commit);
            feed(record)?;
        }
        let read = End { records, last_commit, sha256: hexadecimal(&hash.finalize()) };
        let lacks = ending.map_or_else(|| Some(cut(&read)), |end| (end != read).then(|| misfit(&end, &read)));
        match lacks {
            Some(lacks) if whole == Whole::Only => {
                Err(LogError::Format(format!("{lacks}. Take a whole export, or what there is with --partial")))
            }
            lacks => Ok(lacks),
        }
    })
}

/// What is wrong with an export without its last line.
fn cut(read: &End) -> String {
    let End { records, last_commit, .. } = read;
    format!(
        "the export is cut after commit {last_commit}, with {records} records, or older than this check: its last line is missing"
    )
}

/// What is wrong with an export whose last line says something else.
fn misfit(end: &End, read: &End) -> String {
    if (end.records, end.last_commit) == (read.records, read.last_commit) {
        return "the export was changed: its lines do not have the hash of its last line".to_owned();
    }
    format!(
        "the export is not as it was written: {} records up to commit {} where its last line says {} up to commit {}",
        read.records, read.last_commit, end.records, end.last_commit
    )
}

/// What is wrong within one line: of its place only the column means anything.
fn within_line(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column ", " at column ")
}

/// Makes the log in that folder from a folder of archives (`log/archive`, or a copy of it), like [`import_lines`].
pub fn import_archives(log: &Path, archives: &Path, options: SegmentOptions) -> Result<Imported, LogError> {
    let disk = OsDisk;
    let names = disk.list(archives).map_err(|error| about(archives, error))?;
    let mut manifests: Vec<(PathBuf, Manifest)> = Vec::new();
    for name in names.iter().filter(|name| name.ends_with(".manifest")) {
        let path = archives.join(name);
        let manifest = os_folder(archives).read_manifest(&path)?.ok_or_else(|| damaged(&path, 0, "it has gone"))?;
        manifests.push((path, manifest));
    }
    if manifests.is_empty() {
        return Err(LogError::Format(format!("{} holds no archives", archives.display())));
    }
    import(log, options, |feed| {
        let mut before: Option<&Manifest> = None;
        for (path, manifest) in &manifests {
            let follows = match before {
                Some(before) => {
                    (&before.history, before.segment + 1, before.last_commit + 1, before.checksum)
                        == (&manifest.history, manifest.segment, manifest.first_commit, manifest.previous)
                }
                None => manifest.segment == 1,
            };
            if !follows {
                return Err(damaged(path, 0, "this archive does not follow the one before"));
            }
            before = Some(manifest);
            let history =
                u128::from_str_radix(&manifest.history, 16).map_err(|_| damaged(path, 0, "it names no history"))?;
            let segment = files::archived_segment(archives, manifest.segment);
            let mut result = Ok(());
            read_span(
                archive_input(&disk, &segment)?,
                &segment,
                HistoryId(history),
                &manifest.span(),
                0,
                &mut |record| {
                    if result.is_ok() {
                        result = feed(record);
                    }
                },
            )?;
            result?;
        }
        Ok(None)
    })
}

/// Gathers records into commits and commits into batches, in a folder beside `log` that takes its place at the end. `read`
/// says what the whole lacks: then a commit that is not whole is left out.
fn import(
    log: &Path,
    options: SegmentOptions,
    read: impl FnOnce(&mut dyn FnMut(Record) -> Result<(), LogError>) -> Result<Option<String>, LogError>,
) -> Result<Imported, LogError> {
    if std::fs::read_dir(log).is_ok_and(|mut names| names.next().is_some()) {
        return Err(LogError::Format(format!("{} is not empty: import makes a new log", log.display())));
    }
    let mut name = log.as_os_str().to_os_string();
    name.push(".import");
    let beside = PathBuf::from(name);
    match std::fs::remove_dir_all(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(about(&beside, error)),
        _ => {}
    }
    let make = || -> Result<Imported, LogError> {
        let (target, _) = SegmentLog::open(&beside, options)?;
        let mut importer = Importer {
            log: target,
            batch: Vec::new(),
            open: Vec::new(),
            bytes: 0,
            done: Imported { records: 0, commits: 0, lacks: None },
        };
        importer.done.lacks = read(&mut |record| importer.take(record))?;
        if importer.done.lacks.is_some() {
            importer.done.records -= importer.open.len() as u64;
            importer.open.clear();
        }
        importer.end()?;
        Ok(importer.done)
    };
    let done = make().inspect_err(|_| {
        // Half a log is of no use; what cannot be removed now goes at the next import.
        let _ = std::fs::remove_dir_all(&beside);
    })?;
    let disk = OsDisk;
    disk.rename(&beside, log).map_err(|error| about(log, error))?;
    if let Some(parent) = log.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        disk.sync_dir(parent).map_err(|error| about(parent, error))?;
    }
    Ok(done)
}

struct Importer {
    log: SegmentLog,
    batch: Vec<Commit>,
    open: Commit,
    bytes: usize,
    done: Imported,
}

impl Importer {
    fn take(&mut self, record: Record) -> Result<(), LogError> {
        let place = format!("commit {} record {}", record.commit, record.index);
        let expected = self.open.last().map_or((self.done.commits + 1, 0), |last| (last.commit, last.index + 1));
        if (record.commit, record.index) != expected || record.index >= record.count {
            return Err(LogError::Format(format!(
                "{place} does not follow: commit {} record {} is missing",
                expected.0, expected.1
            )));
        }
        let whole = record.index + 1 == record.count;
        self.bytes += format::record_bytes(&record);
        self.done.records += 1;
        self.open.push(record);
        if whole {
            self.done.commits += 1;
            self.batch.push(std::mem::take(&mut self.open));
            let records: usize = self.batch.iter().map(Vec::len).sum();
            if records >= IMPORT_BATCH_RECORDS || self.bytes >= IMPORT_BATCH_BYTES {
                self.write()?;
            }
        } else if self.bytes > MAX_BATCH_BYTES {
            return Err(LogError::Format(format!("{place}: a commit longer than {MAX_BATCH_BYTES} bytes")));
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), LogError> {
        let mut commits = std::mem::take(&mut self.batch);
        let numbers =
            |commits: &[Commit]| -> Vec<_> { commits.iter().flatten().map(|r| (r.offset, r.commit)).collect() };
        let stated = numbers(&commits);
        self.log.append(&mut commits)?;
        self.bytes = 0;
        match stated.iter().zip(numbers(&commits)).find(|(stated, given)| *stated != given) {
            None => Ok(()),
            Some((stated, given)) => {
                let what = format!("offset {} of commit {} came out as {}", stated.0, stated.1, given.0);
                Err(LogError::Format(format!("{what}: the export does not begin at the beginning")))
            }
        }
    }

    fn end(&mut self) -> Result<(), LogError> {
        if let Some(last) = self.open.last() {
            return Err(LogError::Format(format!(
                "it ends within commit {}: record {} is missing",
                last.commit,
                last.index + 1
            )));
        }
        self.write()
    }
}
