//! `jiaohao journal verify|stats|export|import`: the log of a folder as a whole. The folder must not be in use.

use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Subcommand;
use jiaohao_actors::log::journal::{Damage, Exported, Verified, Whole};
use jiaohao_actors::log::{FolderLock, Record, SegmentOptions, journal};
use jiaohao_actors::shell::clock::Clock;
use jiaohao_actors::shell::kinds::Kinds;
use jiaohao_actors::shell::verify::{Compared, Comparison};
use jiaohao_actors::store::{Store, StoreError};
use serde::Serialize;

use super::{Failure, cannot_enter, look_into, named_folder, print_result};
use crate::house::folder;

/// Memory for reading the store.
const STORE_CACHE_BYTES: u64 = 64 << 20;

/// Check, count, write out or read in the log of a data folder that is not in use.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Read every record, check every checksum and the chain; exit code 1 when anything is damaged.
    #[command(
        after_help = "Examples:\n  jiaohao journal verify --data data\n  jiaohao journal verify --full --data data"
    )]
    Verify {
        /// Replay every owner too, from the archives to now, and compare its state with the store's snapshot.
        #[arg(long)]
        full: bool,
        /// JSON, which it is anyway: taken for scripts that ask every command for it.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Count records and bytes by kind of owner and kind of event (with its name).
    #[command(after_help = "Examples:\n  jiaohao journal stats --data data")]
    Stats {
        #[command(flatten)]
        place: Place,
    },
    /// Write every record as a line of JSON to stdout; of a damaged log those before the damage, with exit code 1.
    #[command(after_help = "Examples:\n  jiaohao journal export --data data > journal.jsonl")]
    Export {
        #[command(flatten)]
        place: Place,
    },
    /// Make the log of an empty data folder from an export (stdin when there is no --from) or from a folder of archives.
    /// keys/, persons/ and folder.json of the same house belong there before.
    #[command(
        after_help = "Examples:\n  jiaohao journal import --data fresh --from journal.jsonl\n  jiaohao journal import --data fresh --from data/log/archive"
    )]
    Import {
        #[command(flatten)]
        place: Place,
        /// A file written by export, or a folder of archives.
        #[arg(long)]
        from: Option<PathBuf>,
        /// Take an export too that is cut, changed, or written by a version without the last line that this is checked by.
        #[arg(long)]
        partial: bool,
    },
}

/// Which folder.
#[derive(Debug, clap::Args)]
struct Place {
    /// The data folder; absent: the configuration's.
    #[arg(long)]
    data: Option<PathBuf>,
    /// The configuration.
    #[arg(long)]
    config: Option<PathBuf>,
}

impl Place {
    fn folder(self) -> Result<PathBuf, Failure> {
        named_folder(self.data, self.config.as_deref())
    }
}

/// Runs it. `kinds` are the kinds of owners of this program: `verify --full` replays them, `export` shows their events.
pub fn run(args: Args, kinds: &Kinds) -> Result<(), Failure> {
    match args.action {
        Action::Verify { full, json: _, place } => {
            let data = place.folder()?;
            let _lock = take(&data)?;
            let report = match full {
                true => verify_full(&data, kinds)?,
                false => Report::of(verify(&data, &mut |_| Ok(()))?, None),
            };
            print_json(&report)?;
            match wrong(&report.found) {
                None => Ok(()),
                Some(what) => Err(Failure::Failed(format!("{}: {what}", data.display()))),
            }
        }
        Action::Stats { place } => {
            let data = place.folder()?;
            let _lock = take(&data)?;
            let name = |record: &Record| Some(kinds.get(record.owner.kind)?.describe(record).ok()?.0);
            print_json(&journal::stats(&log_of(&data)?, &name).map_err(Failure::failed)?)
        }
        Action::Export { place } => {
            let data = place.folder()?;
            let _lock = take(&data)?;
            let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
            match journal::export(&log_of(&data)?, &mut out, &|record| render(kinds, record)) {
                Ok(Exported { records, damage: None, .. }) => {
                    eprintln!("{records} records");
                    Ok(())
                }
                Ok(Exported { records, last_commit, damage: Some(error) }) => Err(Failure::Failed(format!(
                    "{records} records, up to commit {last_commit}, stand before the damage and are written; the rest is \
                     not, and `journal import` takes them with --partial only: {error}"
                ))),
                Err(jiaohao_actors::log::LogError::Io(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                    Ok(())
                }
                Err(error) => Err(Failure::failed(error)),
            }
        }
        Action::Import { place, from, partial } => {
            let whole = if partial { Whole::OrPartial } else { Whole::Only };
            import(&place.folder()?, from.as_deref(), whole)
        }
    }
}

/// What is wrong with a log in a line, with what to do; none when nothing is.
fn wrong(found: &Verified) -> Option<String> {
    let places = match found.damaged.len() {
        0 => return None,
        1 => "damaged in one place".to_owned(),
        places => format!("damaged in {places} places"),
    };
    let (records, last) = (found.records, found.last_commit);
    Some(match found.ends_in_damage {
        true => format!(
            "{places}; {records} records, up to commit {last}, stand before the damage of the last segment: restore the \
             backup (docs/operations.md, \"damaged at\", 7)"
        ),
        false => {
            format!("{places}; {records} records are sound: docs/operations.md, \"damaged at\", has the next step")
        }
    })
}

/// What `verify` says.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    found: Verified,
    /// Chains of records that were checked: one of each owner.
    streams: u64,
    /// Only with `--full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshots: Option<Compared>,
}

impl Report {
    fn of(found: Verified, snapshots: Option<Compared>) -> Self {
        Self { streams: found.owners, found, snapshots }
    }
}

fn verify(data: &Path, check: &mut dyn FnMut(&Record) -> Result<(), String>) -> Result<Verified, Failure> {
    journal::verify(&log_of(data)?, check).map_err(Failure::failed)
}

/// With a replay of every owner, compared with the store's snapshots; the folder is read only.
fn verify_full(data: &Path, kinds: &Kinds) -> Result<Report, Failure> {
    let mut damaged = Vec::new();
    let mut damage = |what: String| damaged.push(Damage { place: "store".into(), what });
    let copied = open_store(data)?.transpose().unwrap_or_else(|what| {
        damage(what);
        None
    });
    let store = copied.as_ref().map(|copied| &copied.store);
    let mut comparison = Comparison::new(kinds, store).map_err(Failure::failed)?;
    let mut found = verify(data, &mut |record| comparison.check(record))?;
    let (compared, ahead) = comparison.finish();
    if found.damaged.is_empty() {
        let floor = store.map_or(0, Store::floor_commit);
        if floor > found.last_commit {
            damage(format!("it is ahead of the log: {floor} > {}", found.last_commit));
        }
        for owner in ahead {
            damage(format!("the snapshot of {owner:?} is ahead of the log"));
        }
    }
    found.damaged.append(&mut damaged);
    Ok(Report::of(found, Some(compared)))
}

/// A copy of the folder's store, if it has one, or what is wrong with it. A copy, because sled writes to what it opens:
/// the folder stays as it is, and may lie on a medium that cannot be written.
fn open_store(data: &Path) -> Result<Option<Result<CopiedStore, String>>, Failure> {
    let folder = data.join("store");
    if !folder.is_dir() {
        return Ok(None);
    }
    let history = match journal::history(&log_of(data)?) {
        Ok(history) => history.to_string(),
        // Said by the reading of the log.
        Err(_) => return Ok(None),
    };
    let copy = tempfile::tempdir().map_err(Failure::failed)?;
    let to = copy.path().join("store");
    copy_files(&folder, &to).map_err(|error| {
        Failure::Failed(format!("{} cannot be copied to {}: {error}", folder.display(), to.display()))
    })?;
    match Store::open(&to, &history, u64::MAX, STORE_CACHE_BYTES) {
        Ok(store) => Ok(Some(Ok(CopiedStore { store, _copy: copy }))),
        Err(StoreError::Damaged(what)) => Ok(Some(Err(what))),
        Err(error) => Err(Failure::failed(error)),
    }
}

/// A store in a folder that goes with it.
struct CopiedStore {
    store: Store,
    _copy: tempfile::TempDir,
}

/// Copies a folder of files and folders.
fn copy_files(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy_files(&entry.path(), &target)?,
            false => drop(std::fs::copy(entry.path(), target)?),
        }
    }
    Ok(())
}

fn import(data: &Path, from: Option<&Path>, whole: Whole) -> Result<(), Failure> {
    let _held = folder::take_for_import(data, Clock::wall().clinic()).map_err(Failure::failed)?;
    let log = data.join("log");
    let options = SegmentOptions::new(Arc::new(|| 0));
    let imported = match from {
        Some(from) if from.is_dir() => journal::import_archives(&log, from, options),
        Some(from) => {
            let file = std::fs::File::open(from).map_err(|e| Failure::Failed(format!("{}: {e}", from.display())))?;
            journal::import_lines(&log, BufReader::with_capacity(1 << 20, file), options, whole)
        }
        None => journal::import_lines(&log, std::io::stdin().lock(), options, whole),
    };
    let imported = imported.map_err(Failure::failed)?;
    if let Some(lacks) = &imported.lacks {
        eprintln!("{lacks}; the {} commits that are whole were taken", imported.commits);
    }
    let history = journal::history(&log).map_err(Failure::failed)?.to_string();
    if !folder::tells(data, history).map_err(Failure::failed)? {
        eprintln!(
            "{}: the log stands alone. It can be verified and exported; to serve it, put keys/, persons/ and folder.json \
             of the same house into an empty folder and import there.",
            data.display()
        );
    }
    print_json(&imported)
}

fn render(kinds: &Kinds, record: &Record) -> Option<serde_json::Value> {
    let (name, event) = kinds.get(record.owner.kind)?.describe(record).ok()?;
    Some(serde_json::json!({ name: event }))
}

fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string(value).map_err(Failure::failed)?;
    print_result(&format!("{json}\n"))
}

fn log_of(data: &Path) -> Result<PathBuf, Failure> {
    let log = data.join("log");
    look_into(data)?;
    match std::fs::read_dir(&log) {
        Ok(_) => Ok(log),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Err(cannot_enter(&log, &error)),
        Err(_) => Err(Failure::Failed(format!(
            "{} holds no log: is this the data folder (--data, or data.dir of --config)?",
            data.display()
        ))),
    }
}

/// Holds the folder while it is read, so that nobody writes. Nothing is written for that.
fn take(data: &Path) -> Result<Option<FolderLock>, Failure> {
    log_of(data)?;
    FolderLock::take_to_read(data).map_err(Failure::failed)
}
