//! A data folder as a whole: which parts belong to it, whether all of them are there and its own, and what to do next when
//! one is not. Nothing is written before that is known.
//!
//! `folder.json` says what the folder is and binds its parts: the log by its history, the keys of the house by check
//! values, the keys of persons by the copy of `folder.json` that lies with them. A first start writes it last, by rename;
//! until then `folder.new` says that the folder is being made, and the next start goes on with that.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use jiaohao_actors::log::{FileId, FolderLock, FolderLockError, LogError, journal, user};
use jiaohao_actors::sealed;
use jiaohao_domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::place;
use crate::identity::chance;
use crate::identity::keys::{KeyError, Keys};

const MARK: &str = "folder.json";
/// Stands while a folder is being made.
const UNFINISHED: &str = "folder.new";
/// What a data folder consists of.
const PARTS: &[&str] =
    &["LOCK", MARK, UNFINISHED, place::FILE, "log", "keys", "persons", "audit", "store", "outbox", "voice"];
/// What an interrupted start, an import or a rebuilt store may have left.
const LEFTOVERS: &[&str] = &[place::UNFINISHED, "log.new", "log.import", "store.damaged-"];
/// What a file system itself puts into its top folder.
const OF_THE_SYSTEM: &str = "lost+found";

/// Why a folder is not used: words for the operator, what to do next included.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The disk said no.
    #[error("{}: {error}: {}", .path.display(), remedy(.path, .error, .dir))]
    Io {
        /// The data folder.
        dir: PathBuf,
        /// Which file or folder.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// A folder is made only within one that is there: where more is missing, a disk is not mounted or a name is wrong.
    #[error(
        "{} cannot be made, because {} does not exist. Is the disk mounted? Is data.dir right? A new house is begun only in a \
         folder that is there or whose parent is",
        .folder.display(),
        .parent.display()
    )]
    Nowhere {
        /// Which folder.
        folder: PathBuf,
        /// What would hold it.
        parent: PathBuf,
    },
    /// Another process has it, or nobody can.
    #[error(transparent)]
    Lock(FolderLockError),
    /// Other people's files.
    #[error(
        "{} holds what is not Jiaohao's ({names}): choose an empty folder (data.dir), or take these files away",
        .folder.display()
    )]
    NotOurs {
        /// Which folder.
        folder: PathBuf,
        /// Some of them.
        names: String,
    },
    /// A part is gone.
    #[error("{} is missing although the folder has been used: {next}", .part.display())]
    Missing {
        /// Which.
        part: PathBuf,
        /// What to do.
        next: String,
    },
    /// A part of another folder, or of another time.
    #[error("{} is not of this folder ({why}): put this folder's own back, or restore all parts from one backup", .part.display())]
    Foreign {
        /// Which.
        part: PathBuf,
        /// How that is known.
        why: String,
    },
    /// `folder.json` is not as it was written.
    #[error("{} is damaged ({why}): {next}", .file.display())]
    Damaged {
        /// Which file.
        file: PathBuf,
        /// What is wrong.
        why: String,
        /// What to do.
        next: String,
    },
    /// A key of the house.
    #[error(transparent)]
    Key(KeyError),
    /// The log cannot be opened.
    #[error("{}: {error}: {}", .log.display(), next_of(.log, .error))]
    Log {
        /// The log's folder.
        log: PathBuf,
        /// Why.
        error: LogError,
    },
    /// The folder is for something else.
    #[error("{}", .0)]
    Purpose(String),
}

impl From<KeyError> for FolderError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Io { path, error } => {
                // data.dir/keys/….key
                let dir = path.ancestors().nth(2).unwrap_or(&path).to_owned();
                Self::Io { dir, path, error }
            }
            key => Self::Key(key),
        }
    }
}

/// What to do about a log that cannot be opened.
fn next_of(log: &Path, error: &LogError) -> String {
    match error {
        LogError::Damaged { .. } => damaged_log(log),
        LogError::Format(_) => "use the version of jiaohao that wrote it".to_owned(),
        LogError::Io(error) => remedy(log, error, log.parent().unwrap_or(log)),
        LogError::Refused(_) => "look at the disk".to_owned(),
    }
}

/// What to do about a damaged log.
pub fn damaged_log(log: &Path) -> String {
    let dir = log.parent().unwrap_or(log).display();
    format!(
        "copy the folder before anything else, see what is sound with `jiaohao journal verify --data {dir}`, and go on as \
         docs/operations.md says under \"damaged at\""
    )
}

/// What to do about an error of the disk at that file or folder of a data folder.
fn remedy(path: &Path, error: &io::Error, dir: &Path) -> String {
    let next = match error.kind() {
        io::ErrorKind::PermissionDenied => return user::closed(path, dir),
        io::ErrorKind::ReadOnlyFilesystem => {
            "mount it for writing (`jiaohao journal verify` reads it as it is), or the unit's ReadWritePaths= lacks it"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space and start again",
        // A link to a folder that is not there is in the way of one that is to be made.
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => match std::fs::read_link(path) {
            Ok(to) if !path.exists() => return dangling(path, &to),
            _ => "a folder is expected there",
        },
        _ => "look at the disk",
    };
    next.to_owned()
}

fn dangling(path: &Path, to: &Path) -> String {
    format!("{} is a link to {}, which is not there: is the disk mounted?", path.display(), to.display())
}

/// An error of the disk at that file or folder of the data folder `dir`.
pub(super) fn io_at<'a>(dir: &'a Path, path: &'a Path) -> impl FnOnce(io::Error) -> FolderError + 'a {
    |error| FolderError::Io { dir: dir.to_owned(), path: path.to_owned(), error }
}

/// What a data folder is, decided when it is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Folder {
    /// Names the folder; drawn when it is made.
    pub id: String,
    /// Made for demo or test: an accelerated clock and made-up load are allowed.
    pub for_test: bool,
    /// How much faster clinic time runs there.
    pub speed: f64,
    /// The history that its log tells.
    pub history: String,
    /// A check value for each key of the house, by file.
    pub keys: BTreeMap<String, String>,
}

impl Folder {
    /// The folder that is made now of a log and keys.
    pub fn new(for_test: bool, speed: f64, history: String, keys: &Keys) -> Self {
        let id = data_encoding::HEXLOWER.encode(&chance::bytes::<16>());
        Self { id, for_test, speed, history, keys: keys.check_values() }
    }

    /// What `dir` is; none when it is no data folder (yet).
    ///
    /// # Errors
    /// [`FolderError::Damaged`], or the disk's.
    pub fn read(dir: &Path) -> Result<Option<Self>, FolderError> {
        read_mark(dir, &dir.join(MARK)).map_err(|error| match error {
            FolderError::Damaged { file, why, .. } => FolderError::Damaged { file, why, next: from_copy(dir) },
            other => other,
        })
    }

    /// Makes this the folder's mark, durably: first the copy beside the keys of persons, then, by rename, `folder.json`.
    ///
    /// # Errors
    /// The disk's; the folder is as it was before.
    pub fn write(&self, dir: &Path) -> Result<(), FolderError> {
        let text = serde_json::to_string(self).expect("invariant: plain fields are JSON");
        let sealed = sealed::seal(&text);
        for (within, unfinished) in [(dir.join("persons"), MARK_COPY_UNFINISHED), (dir.to_owned(), UNFINISHED)] {
            let unfinished = within.join(unfinished);
            let write = || -> io::Result<()> {
                let mut file =
                    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
                file.write_all(&sealed)?;
                file.sync_all()?;
                fs::rename(&unfinished, within.join(MARK))?;
                File::open(&within)?.sync_all()
            };
            write().map_err(io_at(dir, &within.join(MARK)))?;
        }
        Ok(())
    }
}

const MARK_COPY_UNFINISHED: &str = "folder.json.new";

fn read_mark(dir: &Path, file: &Path) -> Result<Option<Folder>, FolderError> {
    let damaged = |why: String| FolderError::Damaged {
        file: file.to_owned(),
        why,
        next: "restore it from the backup".to_owned(),
    };
    match fs::read(file) {
        Ok(bytes) => {
            let text = sealed::open(&bytes).map_err(|what| damaged(format!("a file {what}")))?;
            serde_json::from_str(text).map(Some).map_err(|error| damaged(error.to_string()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_at(dir, file)(error)),
    }
}

/// How `folder.json` comes back.
fn from_copy(dir: &Path) -> String {
    let copy = dir.join("persons").join(MARK);
    match read_mark(dir, &copy) {
        Ok(Some(_)) => format!("copy {} there: it is the same", copy.display()),
        _ => "restore it from the backup".to_owned(),
    }
}

/// What a look at a folder found.
#[derive(Debug, PartialEq)]
pub enum Looked {
    /// Nothing yet, or what a first start left that did not come to its end.
    New,
    /// A folder with a past: every part that must be there is there.
    Used(Folder),
}

impl Looked {
    /// Rejects a hospital's folder for what is a test: it is never one.
    pub fn fits(&self, is_test: bool, dir: &Path) -> Result<(), FolderError> {
        match self {
            Self::Used(known) if is_test && !known.for_test => Err(FolderError::Purpose(format!(
                "{} is not a folder for test: its clock is the wall clock (clock.speed must be 1)",
                dir.display()
            ))),
            _ => Ok(()),
        }
    }
}

/// Looks at the folder that a server is to work in, which need not exist. Changes nothing.
///
/// # Errors
/// See [`FolderError`].
pub fn look(dir: &Path) -> Result<Looked, FolderError> {
    let names = names_in(dir)?;
    match Folder::read(dir)? {
        Some(folder) => {
            check_parts(dir, &folder)?;
            Ok(Looked::Used(folder))
        }
        None => {
            check_ours(dir, &names)?;
            if has_past(dir, &names)? {
                return Err(missing(dir, MARK, &from_copy(dir)));
            }
            Ok(Looked::New)
        }
    }
}

/// Whether there is nothing in it that is not Jiaohao's.
fn check_ours(dir: &Path, names: &[String]) -> Result<(), FolderError> {
    let foreign: Vec<&str> = names.iter().map(String::as_str).filter(|name| !is_ours(name)).take(3).collect();
    if foreign.is_empty() {
        return Ok(());
    }
    Err(FolderError::NotOurs { folder: dir.to_owned(), names: foreign.join(", ") })
}

/// The names in the folder, in order; none when it is not there.
fn names_in(dir: &Path) -> Result<Vec<String>, FolderError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io_at(dir, dir)(error)),
    };
    let name = |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
    let mut names = entries.map(name).collect::<io::Result<Vec<_>>>().map_err(io_at(dir, dir))?;
    names.sort_unstable();
    Ok(names)
}

fn is_ours(name: &str) -> bool {
    PARTS.contains(&name) || name == OF_THE_SYSTEM || LEFTOVERS.iter().any(|left| name.starts_with(left))
}

/// Whether a folder without `folder.json` has been used. What a first start makes before its end is no past.
fn has_past(dir: &Path, names: &[String]) -> Result<bool, FolderError> {
    let is_there = |name: &str| names.iter().any(|there| there == name);
    if is_there(UNFINISHED) {
        let log = dir.join("log");
        let records = if is_there("log") {
            journal::last_commit(&log).map_err(|error| FolderError::Log { log, error })?
        } else {
            0
        };
        return Ok(records > 0);
    }
    Ok(names.iter().any(|name| PARTS.contains(&name.as_str()) && name != "LOCK"))
}

/// A part is gone; what else is gone is named with it, so that one restore is enough.
fn missing(dir: &Path, part: &str, next: &str) -> FolderError {
    let is_gone = |other: &&str| !part.starts_with(*other) && !dir.join(other).exists();
    let others: Vec<&str> = ["log", "keys", "persons", MARK].into_iter().filter(is_gone).collect();
    let also = if others.is_empty() { String::new() } else { format!("; missing too: {}", others.join(", ")) };
    FolderError::Missing { part: dir.join(part), next: format!("{next}{also}") }
}

fn check_parts(dir: &Path, folder: &Folder) -> Result<(), FolderError> {
    let log = dir.join("log");
    // A log that is there and closed to this user is not gone: nobody restores an older one over it.
    let is_gone = match fs::read_dir(&log) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(io_at(dir, &log)(error)),
    };
    if is_gone {
        return Err(missing(dir, "log", "mount it, or restore it from the backup"));
    }
    let history = journal::history(&log).map_err(|error| FolderError::Log { log: log.clone(), error })?.to_string();
    if history != folder.history {
        let why = format!("its history is {history}, the folder's {}", folder.history);
        return Err(FolderError::Foreign { part: log, why });
    }
    let keys_dir = dir.join("keys");
    if !keys_dir.exists() && !dir.join("persons").exists() {
        return Err(missing(dir, "keys", "restore it from the backup"));
    }
    let keys = Keys::open(&keys_dir, false)?;
    for (file, check) in keys.check_values() {
        if folder.keys.get(&file) != Some(&check) {
            return Err(FolderError::Foreign { part: keys_dir.join(file), why: "it is another key".to_owned() });
        }
    }
    let persons = dir.join("persons");
    match read_mark(dir, &persons.join(MARK)) {
        Ok(Some(copy)) if copy.id == folder.id => Ok(()),
        Ok(Some(copy)) => {
            let why = format!("they are of folder {}, not {}", copy.id, folder.id);
            Err(FolderError::Foreign { part: persons, why })
        }
        Ok(None) => Err(missing(
            dir,
            "persons/folder.json",
            "mount persons/ or restore it from the backup; without it no person can be named",
        )),
        Err(FolderError::Damaged { file, why, .. }) => {
            let next = format!("copy {} there: it is the same", dir.join(MARK).display());
            Err(FolderError::Damaged { file, why, next })
        }
        Err(error) => Err(error),
    }
}

/// A folder that this process holds.
#[derive(Debug)]
pub struct Held {
    /// What it was found to be.
    pub looked: Looked,
    /// By what it is known; not where the disk does not tell.
    pub id: Option<FileId>,
    _lock: FolderLock,
}

/// Whether the folder was moved or removed under the process that holds it: what is written since is in no folder of that
/// name. What the disk does not tell is not taken for that.
pub fn is_lost(id: Option<FileId>, dir: &Path) -> bool {
    id.is_some_and(|id| id.is_of(dir).is_ok_and(|is_it| !is_it))
}

/// Looks at the folder, takes it, and marks a new one as being made.
///
/// # Errors
/// See [`FolderError`]; nothing has been changed then but, on a folder that is ours, `LOCK`. A folder that is not there is
/// made, its parent is not.
pub fn take(dir: &Path, now: Timestamp) -> Result<Held, FolderError> {
    look(dir)?;
    let held = lock(dir, now)?;
    // Once more: until now another process may have been at work here.
    let looked = look(dir)?;
    if looked == Looked::New {
        let unfinished = dir.join(UNFINISHED);
        let begin = || File::create(&unfinished)?.sync_all().and_then(|()| File::open(dir)?.sync_all());
        begin().map_err(io_at(dir, &unfinished))?;
    }
    if let Some(fallen) = held.fallen() {
        tracing::info!(
            "the folder was last held{fallen}, which was killed or fell with its machine (or this is a copy of then); what it \
             had answered is in the log"
        );
    }
    warn(dir)?;
    Ok(Held { looked, id: held.file_id().ok(), _lock: held })
}

/// Why this folder would not be made, if it would not.
pub fn nowhere(dir: &Path) -> Option<FolderError> {
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty())?;
    let is_nowhere = !dir.exists() && !parent.exists();
    is_nowhere.then(|| FolderError::Nowhere { folder: dir.to_owned(), parent: parent.to_owned() })
}

fn lock(dir: &Path, now: Timestamp) -> Result<FolderLock, FolderError> {
    match fs::create_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let parent = dir.parent().unwrap_or(dir).to_owned();
            return Err(FolderError::Nowhere { folder: dir.to_owned(), parent });
        }
        made => made.map_err(io_at(dir, dir))?,
    }
    FolderLock::take(dir, now).map_err(|error| match error {
        FolderLockError::Io { file, error } => FolderError::Io { dir: dir.to_owned(), path: file, error },
        held => FolderError::Lock(held),
    })
}

/// Names what is odd about a folder and no reason to stay down.
fn warn(dir: &Path) -> Result<(), FolderError> {
    let names = names_in(dir)?;
    if fs::metadata(dir).map_err(io_at(dir, dir))?.permissions().mode() & 0o077 != 0 {
        tracing::warn!(folder = %dir.display(), "others on this machine may read the data folder: chmod -R go= it");
    }
    if let Err(error) = check_ours(dir, &names) {
        tracing::warn!(%error, "the data folder is used all the same");
    }
    if names.iter().any(|name| name == MARK) && !names.iter().any(|name| name == "audit") {
        tracing::warn!(folder = %dir.display(), "audit/ is missing and is begun anew: restore its files from the backup");
    }
    if names.iter().any(|name| name == MARK) && !dir.join("store").join("mark").exists() {
        tracing::warn!(folder = %dir.display(), "store/ holds no checkpoint: everything is replayed, which takes longer, once");
    }
    Ok(())
}

/// Takes a folder for the import of a log: one that holds nothing but parts of a data folder.
///
/// # Errors
/// See [`FolderError`].
pub fn take_for_import(dir: &Path, now: Timestamp) -> Result<FolderLock, FolderError> {
    check_ours(dir, &names_in(dir)?)?;
    lock(dir, now)
}

/// After an import: the folder's log tells another history now. False when the folder has no `folder.json`.
///
/// # Errors
/// `folder.json` is damaged, or the disk's.
pub fn tells(dir: &Path, history: String) -> Result<bool, FolderError> {
    match Folder::read(dir)? {
        Some(folder) => Folder { history, ..folder }.write(dir).map(|()| true),
        None => Ok(false),
    }
}
