//! Puts a server together from a data folder and its settings, and takes it down again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dashmap::DashMap;
use jiaohao_actors::fanout::{CoarseClock, Hub, HubLimits};
use jiaohao_actors::log::{FolderLock, Log, SegmentLog, SegmentOptions};
use jiaohao_actors::shell::keeper::KeeperOptions;
use jiaohao_actors::shell::{Clock, Node, NodeOptions, clock};
use jiaohao_domain::time::Zone;
use jiaohao_domain::{Role, Timestamp};
use serde::{Deserialize, Serialize};

use super::engine::{HOME_ZONE, Shared};
use super::streams::HouseStreams;
use super::{House, deadline_message};
use crate::config::Settings;
use crate::http;
use crate::identity::accounts;
use crate::identity::audit::Audit;
use crate::identity::codes::CodeSender;
use crate::identity::keys::{KeyName, Keys, make_dir};
use crate::identity::limits::Limits;
use crate::identity::passwords::Passwords;
use crate::identity::person_keys::PersonKeys;
use crate::identity::strangers::Strangers;
use crate::identity::tokens::{Claims, Generations, Tokens};
use crate::kinds::kinds;

/// Changes when a stream's projection changes, so that clients take a fresh snapshot.
const PROJECTION_VERSION: u32 = 1;
/// Audit lines that may wait for the disk.
const AUDIT_WAITING: usize = 65_536;
/// How long the operator token of an empty folder holds, in seconds.
const FIRST_TOKEN_TTL_S: i64 = 24 * 3600;

/// What a server is started with beside its settings.
pub struct ServeOptions {
    /// Where one-time codes go.
    pub codes: Arc<dyn CodeSender>,
    /// For a folder that is made now: clinic time begins here (demo and tests; absent: the wall clock).
    pub clinic_start: Option<Timestamp>,
    /// Clinic time is so many times as fast as machine time.
    pub speed: f64,
}

/// What a data folder is, decided when it is made and kept in `folder.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Folder {
    /// Made for demo or test: an accelerated clock and made-up load are allowed.
    for_test: bool,
    /// How much faster clinic time runs there.
    speed: f64,
}

/// A running server.
pub struct Server {
    /// Everything behind the doors.
    pub house: Arc<House>,
    /// Both doors.
    pub doors: http::Running,
    /// A one-day operator token, on a folder that was empty.
    pub first_token: Option<String>,
    /// How the start went.
    pub report: jiaohao_actors::shell::start::StartReport,
    node: Node,
    watching: Arc<AtomicBool>,
    _lock: FolderLock,
}

/// Why a server did not come up: words for the operator, what to do next included.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Another process has the folder, the folder cannot be used, a key is missing, the log is damaged …
    #[error("{0}")]
    Data(String),
    /// The doors.
    #[error(transparent)]
    Doors(#[from] http::ServeError),
}

fn data(error: impl std::fmt::Display) -> ServeError {
    ServeError::Data(error.to_string())
}

/// Whether the folder was made for demo or test.
pub fn is_for_test(folder: &Path) -> bool {
    read_folder(folder).ok().flatten().is_some_and(|known| known.for_test)
}

fn read_folder(folder: &Path) -> Result<Option<Folder>, ServeError> {
    match std::fs::read(folder.join("folder.json")) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|e| data(format!("folder.json: {e}"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(data(format!("{}: {error}", folder.display()))),
    }
}

/// Opens (or makes) the data folder: its kind, its lock, its log.
fn open_folder(
    settings: &Settings,
    options: &ServeOptions,
) -> Result<(FolderLock, Folder, SegmentLog, bool), ServeError> {
    let folder = &settings.data.dir;
    // The folder itself may be the operator's own with rights of their choice; what lies in it is nobody else's.
    let own = (!folder.is_dir()).then(|| folder.clone());
    for dir in own.into_iter().chain([folder.join("log"), folder.join("store")]) {
        make_dir(&dir).map_err(|e| data(format!("{}: {e}", dir.display())))?;
    }
    let lock = FolderLock::take(folder, Timestamp(clock::wall_ms())).map_err(data)?;
    let is_test = options.clinic_start.is_some() || options.speed > 1.0;
    let known = read_folder(folder)?;
    let is_new = known.is_none();
    let known = match known {
        Some(known) if is_test && !known.for_test => {
            return Err(data(format!("{} is not a demo folder: its clock is the wall clock", folder.display())));
        }
        Some(known) => known,
        None => {
            let made = Folder { for_test: is_test, speed: options.speed };
            let text = serde_json::to_vec(&made).expect("invariant: two plain fields are JSON");
            std::fs::write(folder.join("folder.json"), text).map_err(data)?;
            made
        }
    };
    let began = clock::monotonic();
    let elapsed_ms = move || u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let mut segment_options = SegmentOptions::new(Arc::new(elapsed_ms));
    segment_options.segment_bytes = settings.data.segment_mib << 20;
    let (log, opened) = SegmentLog::open(&folder.join("log"), segment_options).map_err(data)?;
    if let Some(torn) = opened.torn {
        tracing::warn!(?torn, "the last write before the end was not whole and is cut");
    }
    Ok((lock, known, log, is_new))
}

impl Server {
    /// Recovers, settles overdue deadlines, then opens the doors. To be called inside an actix system.
    ///
    /// # Errors
    /// [`ServeError`], each with what to do.
    pub async fn start(settings: Settings, options: ServeOptions) -> Result<Self, ServeError> {
        let (lock, folder, log, is_new) = open_folder(&settings, &options)?;
        let dir = settings.data.dir.clone();
        let keys = Keys::open(&dir.join("keys"), is_new).map_err(data)?;
        let history = log.history_id();
        let coarse = Arc::new(CoarseClock::default());
        let epoch: Arc<str> = format!("{history}-{PROJECTION_VERSION}").into();
        let home = Zone::named(HOME_ZONE).expect("invariant: it is in the database");
        let (start, speed) = (options.clinic_start, folder.speed);
        let for_test = folder.for_test;
        let make_clock = move |last_seen: Option<Timestamp>| match (for_test, last_seen.or(start)) {
            (true, Some(from)) => Clock::accelerated(from, speed),
            (true, None) => Clock::accelerated(Timestamp(clock::wall_ms()), speed),
            (false, _) => Clock::wall(),
        };
        let node = Node::start(NodeOptions {
            clock: Box::new(make_clock),
            kinds: kinds(),
            log: Box::new(log),
            store: dir.join("store"),
            store_cache_bytes: settings.data.store_cache_mib << 20,
            epoch: epoch.clone(),
            hub: Box::new(Hub::new(epoch, HubLimits::default(), coarse.clone())),
            rules: Box::new(HouseStreams { home }),
            deadline_message,
            owner_threads: std::thread::available_parallelism().map_or(2, usize::from),
            mailbox: settings.limits.mailbox,
            keeper: KeeperOptions {
                checkpoint_every_s: settings.data.checkpoint_every_s,
                idle_s: settings.data.idle_after_s,
                history: history.to_string(),
                prune_after_s: settings.data.prune_window_h * 3_600,
            },
            on_failure: Box::new(|why| {
                tracing::error!(why, "ending: nothing that was pending is released");
                eprintln!("jiaohao: {why}");
                std::process::exit(1);
            }),
        })
        .map_err(data)?;
        node.settle_overdue().await;
        let tokens = Tokens::new(keys.get(KeyName::Token));
        let first_token = is_new.then(|| first_token(&tokens));
        let house = Arc::new(House {
            shell: node.shell.clone(),
            person_keys: PersonKeys::open(&dir.join("persons")).map_err(data)?,
            passwords: Passwords::new(&settings.identity).map_err(data)?,
            tokens,
            generations: Generations::default(),
            limits: Limits::new(&settings.limits),
            audit: Audit::open(&dir.join("audit"), AUDIT_WAITING).map_err(data)?,
            codes: options.codes,
            zones: DashMap::new(),
            slots: DashMap::new(),
            newly_known: DashMap::new(),
            strangers: Strangers::default(),
            for_test,
            stopping: AtomicBool::new(false),
            keys,
            settings: settings.clone(),
        });
        let doors = http::start(Arc::new(Shared(house.clone())), &settings, coarse)?;
        let watching = Arc::new(AtomicBool::new(true));
        watch_disk(dir, &settings, house.clone(), watching.clone()).map_err(data)?;
        let report = node.report.clone();
        Ok(Self { house, doors, first_token, report, node, watching, _lock: lock })
    }

    /// Graceful: no new commands, good-bye to sockets, everything pending durable, a last checkpoint.
    pub async fn stop(self) {
        self.house.begin_stop();
        self.watching.store(false, Ordering::Relaxed);
        self.doors.stop().await;
        drop(self.node.stop().await);
    }
}

fn first_token(tokens: &Tokens) -> String {
    let mut claims =
        Claims::new(Role::Operator, accounts::first_operator(), Timestamp(clock::wall_ms()), FIRST_TOKEN_TTL_S);
    claims.may_issue = true;
    tokens.issue(&claims)
}

/// Once a second: forgets quiet strangers, and looks at the free space: bookings stop below the reserve, everything but reading below the last one.
fn watch_disk(dir: PathBuf, settings: &Settings, house: Arc<House>, watching: Arc<AtomicBool>) -> std::io::Result<()> {
    let (reserve, last) = (settings.data.reserve_mib << 20, settings.data.last_reserve_mib << 20);
    let watch = move || {
        while watching.load(Ordering::Relaxed) {
            if let Ok(disk) = rustix::fs::statvfs(&dir) {
                let free_bytes = disk.f_bavail.saturating_mul(disk.f_frsize);
                metrics::gauge!("disk_free_bytes").set(free_bytes as f64);
                house.shell.set_storage_level(if free_bytes < last { 2 } else { u8::from(free_bytes < reserve) });
            }
            house.limits.tidy();
            std::thread::sleep(std::time::Duration::from_secs(1));
        }
    };
    std::thread::Builder::new().name("disk-watch".into()).spawn(watch).map(drop)
}
