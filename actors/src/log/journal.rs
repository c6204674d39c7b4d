//! What an operator does with a log as a whole: `verify`, `stats`, `export`, `import`. Everything streams: a log of any
//! length is read with one batch in memory.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use jiaohao_domain::{OwnerRef, Timestamp};
use serde::Serialize;

use super::disk::{OsDisk, ReadFrom};
use super::files::{Folder, about, damaged};
use super::format::{self, owner_kind_name};
use super::read::{check_archive, hash_of, read_archive, read_live};
use super::recover::{Layout, Span, closed_span, inspect};
use super::salvage::{read_before_damage, read_sound};
use super::{HistoryId, LogError, Record, ShardId};

pub use super::transfer::{Exported, Imported, Whole, export, import_archives, import_lines};

/// A place that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// File and byte, or the record.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

/// So many damaged places are named; the rest are counted in a last entry.
const MAX_DAMAGED: usize = 1000;

/// What `verify` found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Segments read, archived ones too.
    pub segments: u64,
    /// Records read.
    pub records: u64,
    /// Owners that have records: those of each are numbered from 1 without a gap.
    pub owners: u64,
    /// Bytes behind the last batch, beyond the mark: the next start will cut them.
    pub torn_tail_bytes: u64,
    /// Everything that is not as it should be.
    pub damaged: Vec<Damage>,
    /// The first commit that is here, live or archived (1 unless archives were taken away).
    pub first_commit: u64,
    /// The last commit that is here.
    pub last_commit: u64,
    /// The last segment is damaged: its records before the damage are counted, and no archive has the rest.
    #[serde(skip)]
    pub ends_in_damage: bool,
}

impl Verified {
    fn note(&mut self, error: LogError) -> Result<(), LogError> {
        match error {
            LogError::Damaged { place, what } => self.damaged.push(Damage { place, what }),
            other => return Err(other),
        }
        Ok(())
    }
}

pub(super) fn os_folder(log: &Path) -> Folder {
    Folder { disk: Arc::new(OsDisk), path: log.to_path_buf() }
}

/// Which history the log tells.
pub fn history(log: &Path) -> Result<HistoryId, LogError> {
    os_folder(log).read_history()
}

/// The last commit that the log holds, without opening it.
pub fn last_commit(log: &Path) -> Result<u64, LogError> {
    inspect(&os_folder(log)).map(|layout| layout.active.last_commit)
}

/// The segments that the folder holds, archived ones first, and what is wrong with the folder as a whole.
struct Held {
    history: HistoryId,
    archived: Vec<Span>,
    live: Vec<Span>,
    /// The last segment, where it cannot be read to its end: nothing says how far it went.
    cut: Option<u64>,
    torn_tail_bytes: u64,
    damage: Vec<LogError>,
}

/// Finds every segment that can be read, also in a damaged folder.
fn held(folder: &Folder) -> Result<Held, LogError> {
    let history = folder.read_history()?;
    let (mut damage, mut cut) = (Vec::new(), None);
    let (live, torn_tail_bytes) = match inspect(folder) {
        Ok(Layout { closed, active, torn, .. }) => {
            (closed.into_iter().chain([active]).collect(), torn.map_or(0, |torn| torn.bytes))
        }
        Err(error @ LogError::Damaged { .. }) => {
            damage.push(error);
            let mut spans = Vec::new();
            let numbers = folder.segments()?;
            for &number in &numbers {
                let by_manifest =
                    folder.read_manifest(&folder.manifest(number)).ok().flatten().map(|manifest| manifest.span());
                match by_manifest.map_or_else(|| closed_span(folder, history, number), Ok) {
                    Ok(span) => spans.push(span),
                    Err(error @ LogError::Damaged { .. }) => {
                        cut = numbers.last().copied().filter(|last| *last == number);
                        // the same place read once more: one damage
                        if !same_place(&error, &damage[0]) {
                            damage.push(error);
                        }
                    }
                    Err(error) => return Err(error),
                }
            }
            (spans, 0)
        }
        Err(error) => return Err(error),
    };
    let mut archived: Vec<Span> = Vec::new();
    let names = match folder.disk.list(&folder.archive()) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        names => names.map_err(|error| about(&folder.archive(), error))?,
    };
    let first_live = live.first().map_or(u64::MAX, |span: &Span| span.segment);
    for number in
        names.iter().filter_map(|name| name.strip_suffix(".manifest")?.parse::<u64>().ok()).filter(|n| *n < first_live)
    {
        match folder.read_manifest(&folder.archived_manifest(number)) {
            Ok(Some(manifest)) => archived.push(manifest.span()),
            Ok(None) => {}
            Err(error @ LogError::Damaged { .. }) => damage.push(error),
            Err(error) => return Err(error),
        }
    }
    let all: Vec<&Span> = archived.iter().chain(&live).collect();
    for pair in all.windows(2) {
        if (pair[0].last_commit, pair[0].checksum, pair[0].segment + 1)
            != (pair[1].before, pair[1].previous, pair[1].segment)
        {
            damage.push(damaged(
                &folder.segment(pair[1].segment),
                0,
                format!("it does not follow segment {}", pair[0].segment),
            ));
        }
    }
    Ok(Held { history, archived, live, cut, torn_tail_bytes, damage })
}

/// What is read of a segment.
#[derive(Clone, Copy)]
enum Part<'a> {
    Whole(&'a Span),
    /// Up to its damage.
    Cut(u64),
}

/// Reads every record, live and archived, and checks every checksum, the chain, the hashes of closed segments and that
/// each owner's records are numbered without a gap. `check` is asked about each record in order (a replay of the
/// owners, for `--full`); what it answers is damage at that record. Damage is collected, not an error; the folder is not
/// changed.
pub fn verify(log: &Path, check: &mut dyn FnMut(&Record) -> Result<(), String>) -> Result<Verified, LogError> {
    let folder = os_folder(log);
    let mut found = Verified::default();
    let held = match held(&folder) {
        Ok(held) => held,
        Err(error) => return found.note(error).map(|()| found),
    };
    found.torn_tail_bytes = held.torn_tail_bytes;
    for error in held.damage {
        found.note(error)?;
    }
    let mut seen = Seen::default();
    let mut unnamed = 0_u64;
    let first_live = held.live.first().map_or(u64::MAX, |span| span.segment);
    let spans = held.archived.iter().chain(&held.live).map(Part::Whole);
    for part in spans.chain(held.cut.map(Part::Cut)) {
        found.segments += 1;
        let before = match part {
            Part::Whole(span) => span.before,
            // What stands before it is here, or something else is damaged too.
            Part::Cut(_) if found.damaged.len() == 1 => found.last_commit,
            Part::Cut(_) => u64::MAX,
        };
        if found.last_commit != 0 && before != found.last_commit {
            seen.lose();
        }
        let mut wrong = Vec::new();
        let named_left = MAX_DAMAGED.saturating_sub(found.damaged.len());
        let reached = Cell::new(before);
        let mut visit = |record: Record| {
            found.records += 1;
            found.first_commit = if found.first_commit == 0 { record.commit } else { found.first_commit };
            found.last_commit = record.commit;
            reached.set(record.commit);
            seen.look(&record, check, &mut |what| {
                let place = format!("commit {} record {} of {}", record.commit, record.index, record.owner.id);
                if wrong.len() < named_left { wrong.push(Damage { place, what }) } else { unnamed += 1 }
            });
        };
        let span = match part {
            Part::Whole(span) => span,
            Part::Cut(number) => {
                // Where it is damaged has been said.
                match read_before_damage(&folder, held.history, number, &mut visit) {
                    Ok(()) | Err(LogError::Damaged { .. }) => {}
                    Err(error) => return Err(error),
                }
                found.damaged.append(&mut wrong);
                found.ends_in_damage = true;
                continue;
            }
        };
        let is_archived = span.segment < first_live;
        let read = if is_archived {
            check_archive(&folder, held.history, span)
                .and_then(|()| read_archive(&folder, held.history, span, 0, &mut visit))
        } else {
            read_live(&folder, held.history, span, 0, &mut visit).and_then(|_| check_hash(&folder, span))
        };
        // What a closed segment does not tell any more its archive may.
        let copied = read.is_err() && !is_archived && check_archive(&folder, held.history, span).is_ok();
        if copied {
            read_archive(&folder, held.history, span, reached.get(), &mut visit)?;
        }
        found.damaged.append(&mut wrong);
        if let Err(error) = read {
            found.note(if copied { with_copy(&folder, span.segment, error) } else { error })?;
            if reached.get() < span.last_commit {
                seen.lose();
            }
        }
    }
    found.owners = seen.owners.len() as u64;
    if unnamed > 0 {
        found.damaged.push(Damage { place: "elsewhere".into(), what: format!("{unnamed} more") });
    }
    let short = seen.owners.values().filter(|owner| owner.has_lost).count();
    if short > 0 {
        let what = format!("{short} owners have records behind it and miss some; they are not replayed any further");
        found.damaged.push(Damage { place: "what cannot be read".into(), what });
    }
    Ok(found)
}

/// What has been seen of owners and shards. What cannot be read is one damage, however many are the poorer by it: the
/// gap that it leaves in each owner is counted and not told owner by owner.
#[derive(Default)]
struct Seen {
    /// How often something was lost until now.
    losses: u32,
    owners: HashMap<OwnerRef, OwnerSeen>,
    ends: HashMap<ShardId, (u64, u32)>,
}

struct OwnerSeen {
    seq: u64,
    instance: u64,
    losses: u32,
    /// Some of its records are among what was lost.
    has_lost: bool,
    /// It is told of no more.
    is_spoilt: bool,
}

impl Seen {
    fn lose(&mut self) {
        self.losses += 1;
    }

    fn look(
        &mut self,
        record: &Record,
        check: &mut dyn FnMut(&Record) -> Result<(), String>,
        note: &mut dyn FnMut(String),
    ) {
        let (end, losses) = self.ends.entry(record.shard.clone()).or_insert((record.offset - 1, self.losses));
        if record.offset != end.saturating_add(1) && *losses == self.losses {
            note(format!("offset {} of its shard follows {end}", record.offset));
        }
        (*end, *losses) = (record.offset, self.losses);
        let losses = self.losses;
        let owner = self.owners.entry(record.owner.clone()).or_insert_with(|| OwnerSeen {
            seq: if losses > 0 { 0 } else { record.owner_seq.saturating_sub(1) },
            instance: 0,
            losses,
            has_lost: losses > 0 && record.owner_seq > 1,
            is_spoilt: losses > 0 && record.owner_seq > 1,
        });
        if record.owner_seq != owner.seq.saturating_add(1) && !owner.is_spoilt {
            if owner.losses == losses {
                note(format!("number {} of its owner follows {}", record.owner_seq, owner.seq));
            } else {
                (owner.has_lost, owner.is_spoilt) = (true, true);
            }
        }
        if record.owner_instance < owner.instance {
            let before = owner.instance;
            note(format!("instance {} of its owner wrote after instance {before}", record.owner_instance));
        }
        (owner.seq, owner.instance, owner.losses) = (record.owner_seq, record.owner_instance, losses);
        if !owner.is_spoilt
            && let Err(what) = check(record)
        {
            owner.is_spoilt = true;
            note(what);
        }
    }
}

/// Says where a sound copy is, and how it takes the segment's place.
pub(super) fn with_copy(folder: &Folder, segment: u64, error: LogError) -> LogError {
    let LogError::Damaged { place, what } = error else { return error };
    let (copy, own) = (folder.archived_segment(segment), folder.segment(segment));
    let what = format!(
        "{what}; its archive is sound and is read instead: `zstd -df {} -o {}` puts it right while the server is stopped",
        copy.display(),
        own.display()
    );
    LogError::Damaged { place, what }
}

/// Compares a closed segment with the hash in its manifest.
fn check_hash(folder: &Folder, span: &Span) -> Result<(), LogError> {
    let Some(manifest) = folder.read_manifest(&folder.manifest(span.segment))? else { return Ok(()) };
    let path = folder.segment(span.segment);
    let file = folder.disk.open(&path).map_err(|error| about(&path, error))?;
    match hash_of(ReadFrom::new(file, 0, manifest.bytes), manifest.bytes) {
        Ok(hash) if hash == manifest.sha256 => Ok(()),
        // Reading it names the byte; that failing, the hash is named.
        Ok(_) => {
            let history = folder.read_history()?;
            read_live(folder, history, span, 0, &mut drop)?;
            Err(damaged(&path, 0, "its bytes do not have the manifest's hash"))
        }
        Err(error) => Err(damaged(&path, 0, error.to_string())),
    }
}

/// Reads every record that the folder holds, archived ones first; the first damage ends it, and what stands before it has
/// been visited.
pub(super) fn read_all(log: &Path, visit: &mut dyn FnMut(Record)) -> Result<(), LogError> {
    let folder = os_folder(log);
    let held = held(&folder)?;
    if let Some(error) = held.damage.into_iter().next() {
        read_sound(&folder, held.history, visit)?;
        return Err(error);
    }
    for span in &held.archived {
        read_archive(&folder, held.history, span, 0, visit)?;
    }
    for span in &held.live {
        let mut reached = 0;
        let read = read_live(&folder, held.history, span, 0, &mut |record| {
            reached = record.commit;
            visit(record);
        });
        match read {
            Ok(_) => {}
            // what a closed segment does not tell any more its archive may
            Err(error @ LogError::Damaged { .. }) => {
                check_archive(&folder, held.history, span).map_err(|_| error)?;
                read_archive(&folder, held.history, span, reached, visit)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn same_place(one: &LogError, other: &LogError) -> bool {
    matches!((one, other), (LogError::Damaged { place: a, .. }, LogError::Damaged { place: b, .. }) if a == b)
}

/// How much of one kind of event there is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KindStats {
    /// Kind of owner.
    pub owner_kind: &'static str,
    /// Number of the event's kind.
    pub kind: u16,
    /// The event's name, where it is known.
    pub event: Option<&'static str>,
    /// Records.
    pub records: u64,
    /// Bytes of their payloads.
    pub payload_bytes: u64,
    /// Bytes of their metas.
    pub meta_bytes: u64,
    /// Bytes of the records as a whole.
    pub bytes: u64,
}

/// How much of what there is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Records.
    pub records: u64,
    /// Commits.
    pub commits: u64,
    /// Bytes of all records, before compression.
    pub bytes: u64,
    /// Time of the first record (UTC, milliseconds).
    pub first_at: Option<Timestamp>,
    /// Time of the last record.
    pub last_at: Option<Timestamp>,
    /// By kind of owner and kind of event, in that order.
    pub kinds: Vec<KindStats>,
}

/// Counts what is in the log, archived segments too. `name` gives an event's name.
pub fn stats(log: &Path, name: &dyn Fn(&Record) -> Option<&'static str>) -> Result<Stats, LogError> {
    let mut stats = Stats::default();
    let mut kinds = BTreeMap::<(u8, u16), KindStats>::new();
    read_all(log, &mut |record| {
        let bytes = format::record_bytes(&record) as u64;
        stats.records += 1;
        stats.commits += u64::from(record.index == 0);
        stats.bytes += bytes;
        stats.first_at.get_or_insert(record.at);
        stats.last_at = Some(record.at);
        let kind = kinds.entry((record.owner.kind as u8, record.kind)).or_insert_with(|| KindStats {
            owner_kind: owner_kind_name(record.owner.kind),
            kind: record.kind,
            event: name(&record),
            ..KindStats::default()
        });
        kind.records += 1;
        kind.payload_bytes += record.payload.len() as u64;
        kind.meta_bytes += record.meta.as_ref().map_or(0, |meta| meta.bytes.len()) as u64;
        kind.bytes += bytes;
    })?;
    stats.kinds = kinds.into_values().collect();
    Ok(stats)
}
