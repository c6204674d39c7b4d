//! Puts a server together from a data folder and its settings, and takes it down again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use jiaohao_actors::fanout::{CoarseClock, Hub, HubLimits};
use jiaohao_actors::log::{FileId, Log, SegmentLog, SegmentOptions};
use jiaohao_actors::shell::clock::WallClock;
use jiaohao_actors::shell::keeper::KeeperOptions;
use jiaohao_actors::shell::registry::Room;
use jiaohao_actors::shell::start::Progress;
use jiaohao_actors::shell::{Clock, Node, NodeOptions, Shell, StartError, clock};
use jiaohao_actors::store::StoreError;
use jiaohao_domain::codes::Valid;
use jiaohao_domain::{OwnerKind, Role, Timestamp};

use super::engine::Shared;
use super::finding::Finder;
use super::folder::{self, Folder, FolderError, Looked};
use super::ops::letting_go::LettingGo;
use super::ops::{self, Ops};
use super::release::{self, Releases};
use super::streams::HouseStreams;
use super::voices::{self, Voices};
use super::zones::Zones;
use super::{House, account, deadline_message, figures, lost_keys, notices, paying, place};
use crate::config::Settings;
use crate::http::{self, Starting};
use crate::identity::accounts;
use crate::identity::audit::Audit;
use crate::identity::codes::CodeSender;
use crate::identity::keys::{KeyName, Keys};
use crate::identity::limits::Limits;
use crate::identity::passwords::Passwords;
use crate::identity::person_keys::PersonKeys;
use crate::identity::strangers::Strangers;
use crate::identity::tokens::{Claims, Generations, Tokens};
use crate::identity::trades::Trades;
use crate::kinds::kinds;
use crate::pay;
use crate::reach::{Reach, SmsCodes, Wall};

/// Changes when a stream's projection changes, so that clients take a fresh snapshot.
const PROJECTION_VERSION: u32 = 5;
/// How long the operator token of a folder that nobody has set up holds, in seconds.
const FIRST_TOKEN_TTL_S: i64 = 24 * 3600;

/// What a server is started with beside its settings.
pub struct ServeOptions {
    /// Where one-time codes go while there is no text message service, or it does not take them.
    pub codes: Arc<dyn CodeSender>,
    /// For a folder made for test: clinic time begins here, or goes on from the log's last moment if that is later (demo and
    /// tests; absent: the wall clock).
    pub clinic_start: Option<Timestamp>,
    /// Clinic time is so many times as fast as machine time.
    pub speed: f64,
    /// Where the wall clock is read.
    pub wall: WallClock,
    /// An operator has said that the wall clock is right, whatever the log says.
    pub confirm_clock: bool,
}

/// A running server.
pub struct Server {
    /// Everything behind the doors.
    pub house: Arc<House>,
    /// Both doors.
    pub doors: http::Running,
    /// A one-day operator token, on a folder that nobody has set up.
    pub first_token: Option<String>,
    /// How the start went.
    pub report: jiaohao_actors::shell::start::StartReport,
    node: Node,
    watching: Arc<AtomicBool>,
    held: folder::Held,
}

/// Why a server did not come up: words for the operator, what to do next included.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The data folder, a part of it that is missing or not its own, the log …
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Something within the folder, or the machine.
    #[error("{0}")]
    Data(String),
    /// The doors.
    #[error(transparent)]
    Doors(#[from] http::ServeError),
}

fn machine(error: impl std::fmt::Display) -> ServeError {
    ServeError::Data(error.to_string())
}

fn not_up(dir: &Path, error: StartError) -> ServeError {
    let log = dir.join("log");
    match error {
        StartError::Log(error) => FolderError::Log { log, error }.into(),
        StartError::Replay(why) => {
            machine(format!("{}: it cannot be replayed: {why}: {}", log.display(), folder::damaged_log(&log)))
        }
        StartError::Store(StoreError::Io(error)) | StartError::Io(error) => {
            folder::io_at(dir, &dir.join("store"))(error).into()
        }
        StartError::Store(error) => machine(format!("{}: {error}", dir.join("store").display())),
    }
}

/// A data folder that is held and fit for what it is started for.
struct Taken {
    held: folder::Held,
    known: Option<Folder>,
    for_test: bool,
    speed: f64,
}

/// Takes the data folder: from here on no other process is at work in it.
fn take_folder(settings: &Settings, options: &ServeOptions) -> Result<Taken, FolderError> {
    let dir = &settings.data.dir;
    let held = folder::take(dir, Timestamp(clock::wall_ms()))?;
    let is_test = options.clinic_start.is_some() || options.speed > 1.0;
    held.looked.fits(is_test, dir)?;
    let known = match &held.looked {
        Looked::Used(known) => Some(known.clone()),
        Looked::New => None,
    };
    let (for_test, speed) = known.as_ref().map_or((is_test, options.speed), |known| (known.for_test, known.speed));
    Ok(Taken { held, known, for_test, speed })
}

/// The parts of a data folder that everything else hangs on.
struct Opened {
    folder: Folder,
    log: SegmentLog,
    keys: Keys,
    is_new: bool,
}

/// Opens the parts of the data folder, or makes them: it is a folder with a past only when [`Folder::write`] has ended.
fn open_folder(settings: &Settings, taken: &Taken) -> Result<Opened, FolderError> {
    let dir = &settings.data.dir;
    let is_new = taken.known.is_none();
    let keys = Keys::open(&settings.data.keys_dir(), is_new)?;
    let began = clock::monotonic();
    let elapsed_ms = move || u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let mut segment_options = SegmentOptions::new(Arc::new(elapsed_ms));
    segment_options.segment_bytes = settings.data.segment_mib << 20;
    let path = dir.join("log");
    let (log, opened) =
        SegmentLog::open(&path, segment_options).map_err(|error| FolderError::Log { log: path, error })?;
    if let Some(torn) = opened.torn {
        tracing::warn!(?torn, "the last write before the end was not whole and is cut");
    }
    let made = || Folder::new(taken.for_test, taken.speed, log.history_id().to_string(), &keys);
    Ok(Opened { folder: taken.known.clone().unwrap_or_else(made), log, keys, is_new })
}

impl Server {
    /// The link to `/setup` with the first token in its fragment, which no browser sends and no log sees.
    pub fn setup_link(&self) -> Option<String> {
        let settings = &self.house.settings.server;
        let origin = settings.public_origin.clone().unwrap_or_else(|| {
            let scheme = if settings.tls_certificate_file.is_some() { "https" } else { "http" };
            let mut address = self.doors.address;
            if address.ip().is_unspecified() {
                address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
            }
            format!("{scheme}://{address}")
        });
        let token = self.first_token.as_ref()?;
        Some(format!("{}/setup#token={token}", origin.trim_end_matches('/')))
    }

    /// Takes the folder, listens, recovers, settles overdue deadlines, then opens the doors. To be called inside an actix
    /// system.
    ///
    /// # Errors
    /// [`ServeError`], each with what to do.
    pub async fn start(settings: Settings, options: ServeOptions) -> Result<Self, ServeError> {
        if folder::look(&settings.data.dir)? == Looked::New {
            // Before half a folder is made.
            http::probe(settings.server.listen)?;
        }
        raise_descriptors(settings.limits.connections);
        let taken = take_folder(&settings, &options)?;
        if taken.for_test {
            tracing::info!(
                speed = taken.speed,
                "a folder for test: its clinic's time is no patient's, and links sign in by themselves"
            );
        }
        let progress = Arc::new(Progress::default());
        let starting = Starting { progress: progress.clone(), test_speed: taken.for_test.then_some(taken.speed) };
        let listening = http::listen(&settings, starting)?;
        match Recovered::recover(&settings, options, &taken, progress).await {
            Ok(recovered) => recovered.open(settings, listening, taken.held),
            Err(error) => {
                listening.close().await;
                Err(error)
            }
        }
    }

    /// Graceful: no new commands, good-bye to sockets, everything pending durable, a last checkpoint.
    pub async fn stop(self) {
        self.house.begin_stop();
        self.watching.store(false, Ordering::Relaxed);
        self.doors.stop().await;
        let grace = Duration::from_secs(self.house.settings.server.stop_grace_s);
        let dir = &self.house.settings.data.dir;
        let is_saved = self.node.stop_within(grace).await.is_some();
        if folder::is_lost(self.held.id, dir) {
            tracing::error!(folder = %dir.display(), "stopped: {LOST}");
        } else if is_saved {
            tracing::info!(folder = %dir.display(), "stopped: everything that was answered is saved");
        }
    }
}

/// What is said of a folder that is not there any more.
const LOST: &str = "the data folder was moved or removed under the running server; what was answered since is in the folder that \
                    was moved. Put it back in its place, then start";

impl Server {
    /// Resolves when the data folder is no longer the one that was taken: it is to be stopped then.
    pub async fn folder_lost(&self) -> &'static str {
        let dir = &self.house.settings.data.dir;
        while !folder::is_lost(self.held.id, dir) {
            actix_web::rt::time::sleep(Duration::from_secs(1)).await;
        }
        LOST
    }
}

/// A house that is up behind doors that are still shut.
struct Recovered {
    node: Node,
    house: Arc<House>,
    coarse: Arc<CoarseClock>,
    first_token: Option<String>,
    /// What leaves for outside.
    notices: notices::Notices,
    /// What the payment's provider is asked.
    asked: paying::Asked,
}

impl Recovered {
    async fn recover(
        settings: &Settings,
        options: ServeOptions,
        taken: &Taken,
        progress: Arc<Progress>,
    ) -> Result<Self, ServeError> {
        let dir = settings.data.dir.clone();
        let Opened { folder, log, keys, is_new } = open_folder(settings, taken)?;
        let coarse = Arc::new(CoarseClock::default());
        let epoch: Arc<str> = format!("{}-{PROJECTION_VERSION}-{}", log.history_id(), place::name(&dir)).into();
        let zones = Arc::new(Zones::new(settings.clock.zone()));
        let finder = Arc::<Finder>::default();
        let (start, speed) = (options.clinic_start, folder.speed);
        let for_test = folder.for_test;
        let (wall, confirmed) = (options.wall, options.confirm_clock);
        let (jump_ms, away_ms) = (settings.clock.jump_ms(), settings.clock.away_ms());
        let make_clock = move |last_seen: Option<Timestamp>| match (for_test, last_seen.max(start)) {
            (true, Some(from)) => Clock::accelerated(from, speed),
            (true, None) => Clock::accelerated(Timestamp(clock::wall_ms()), speed),
            (false, _) if confirmed => Clock::resuming(wall, jump_ms, None, away_ms).not_before(last_seen),
            (false, _) => Clock::resuming(wall, jump_ms, last_seen, away_ms),
        };
        let generations = Arc::<Generations>::default();
        let (outlet, notices) = notices::outlet();
        let (till, asked) = paying::till();
        let releases = Arc::new(Releases::new(&settings.limits));
        let letting_go = Arc::<LettingGo>::default();
        let log: Box<dyn Log> = Box::new(log);
        #[cfg(feature = "planted-bugs")]
        let log = if crate::planted::may_break() { Box::new(crate::planted::HangingLog(log)) } else { log };
        let node_options = NodeOptions {
            clock: Box::new(make_clock),
            kinds: kinds(),
            log,
            store: dir.join("store"),
            store_cache_bytes: settings.data.store_cache_mib << 20,
            epoch: epoch.clone(),
            hub: Box::new(Hub::new(epoch, HubLimits::default(), coarse.clone())),
            rules: Box::new(HouseStreams {
                zones: zones.clone(),
                finder: finder.clone(),
                generations: generations.clone(),
                reach: outlet,
                till,
                releases: releases.clone(),
                letting_go: letting_go.clone(),
            }),
            deadline_message,
            owner_threads: std::thread::available_parallelism().map_or(2, usize::from),
            mailbox: settings.limits.mailbox,
            keeper: KeeperOptions {
                checkpoint_every_s: settings.data.checkpoint_every_s,
                idle_s: settings.data.idle_after_s,
                prune_after_s: settings.data.prune_window_h * 3_600,
            },
            on_failure: Box::new(log_failed(dir.clone())),
            progress,
        };
        // beside this thread, which the listener needs meanwhile
        let system = actix::System::current();
        let started = actix_web::rt::task::spawn_blocking(move || {
            actix::System::set_current(system);
            Node::start(node_options)
        });
        let node = started.await.map_err(machine)?.map_err(|error| not_up(&dir, error))?;
        look_at_disk(&dir, settings, &node.shell);
        node.settle_overdue().await;
        let tokens = Tokens::new(keys.get(KeyName::Token));
        let first_token = (!is_set_up(&node.shell).await?).then(|| first_token(&tokens));
        let audit = settings.data.audit_dir();
        let wall: Wall = Arc::new(|| Timestamp(clock::wall_ms()));
        let reach = Arc::new(Reach::open(settings, wall.clone()).map_err(machine)?);
        let provider = pay::open(settings, reach.standing.clone(), wall.clone()).map_err(machine)?;
        // where text messages are sent, one-time codes are too
        let codes: Arc<dyn CodeSender> = match reach.sms.clone() {
            Some(sms) => Arc::new(SmsCodes::start(sms, wall, options.codes)),
            None => options.codes,
        };
        let house = Arc::new(House {
            shell: node.shell.clone(),
            person_keys: Arc::new(PersonKeys::open(&dir.join("persons")).map_err(machine)?),
            passwords: Passwords::new(&settings.identity).map_err(machine)?,
            tokens,
            generations,
            limits: Limits::new(&settings.limits),
            audit: Audit::open(&audit, settings.audit.waiting).map_err(folder::io_at(&dir, &audit))?,
            codes,
            reach,
            provider,
            ops: Ops::new(run_name().into(), dir.join("log"), letting_go),
            voices: Arc::new(Voices::new(dir.join("voice"))),
            zones,
            finder,
            slots: DashMap::new(),
            full: DashMap::new(),
            newly_known: DashMap::new(),
            operators_leave: tokio::sync::Mutex::default(),
            releases,
            phones: DashMap::new(),
            asked_wechat: super::wechat::Asked::default(),
            tellings: notices::Tellings::default(),
            trades: Trades::default(),
            strangers: Strangers::default(),
            id: folder.id.clone(),
            has_site: AtomicBool::new(false),
            for_test,
            stopping: AtomicBool::new(false),
            keys,
            settings: settings.clone(),
        });
        house.learn_zones().await;
        house.learn_hospitals().await;
        if is_new {
            // The last thing, so that a first start that does not come so far can be made again.
            folder.write(&dir)?;
        }
        Ok(Self { node, house, coarse, first_token, notices, asked })
    }

    /// Opens the doors.
    fn open(self, settings: Settings, listening: http::Listening, held: folder::Held) -> Result<Server, ServeError> {
        let Self { node, house, coarse, first_token, notices, asked } = self;
        let doors = listening.open(Arc::new(Shared(house.clone())), house.reach.clone(), &settings, coarse)?;
        actix_web::rt::spawn(ops::run(Arc::downgrade(&house)));
        actix_web::rt::spawn(release::run(Arc::downgrade(&house)));
        actix_web::rt::spawn(lost_keys::watch(Arc::downgrade(&house)));
        actix_web::rt::spawn(notices::run(Arc::downgrade(&house), notices));
        actix_web::rt::spawn(notices::hear(Arc::downgrade(&house)));
        actix_web::rt::spawn(paying::run(Arc::downgrade(&house), asked));
        let telling = house.clone();
        actix_web::rt::spawn(async move {
            telling.tell_voices().await;
            let house = Arc::downgrade(&telling);
            drop(telling);
            voices::keep(house).await;
        });
        let watching = Arc::new(AtomicBool::new(true));
        watch(settings.data.dir.clone(), settings, house.clone(), watching.clone(), held.id).map_err(machine)?;
        let report = node.report.clone();
        Ok(Server { house, doors, first_token, report, node, watching, held })
    }
}

/// A connection takes two descriptors; what a shell gives by default is for a few hundred.
fn raise_descriptors(connections: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).map_or(current, |()| maximum);
    let (wanted, may) = (3 * connections as u64, raised.unwrap_or(u64::MAX));
    if may < wanted {
        tracing::warn!(
            "{may} files and sockets may be open, limits.connections = {connections} needs {wanted}: raise it (LimitNOFILE= in the \
             unit, ulimit -n in a shell), or nobody comes in when they are used up"
        );
    }
}

/// Names this run of the process, for positions that another run knows nothing of.
fn run_name() -> String {
    format!("run-{:x}", clock::wall_ms())
}

/// Whether there is a hospital, or was an operator who signed in: from then on there is somebody who can go on.
async fn is_set_up(shell: &Arc<Shell>) -> Result<bool, ServeError> {
    let first = account(&accounts::first_operator());
    if !shell.known_owners(OwnerKind::Site).is_empty() {
        return Ok(true);
    }
    if !shell.knows(&first) {
        return Ok(false);
    }
    let generation = shell.read(first, |state: &jiaohao_domain::account::State| state.generation).await;
    Ok(generation.map_err(machine)? > 0)
}

fn first_token(tokens: &Tokens) -> String {
    let mut claims =
        Claims::new(Role::Operator, accounts::first_operator(), Timestamp(clock::wall_ms()), FIRST_TOKEN_TTL_S);
    claims.may_issue = true;
    tokens.issue(&claims)
}

/// What is done when the log cannot be written any more: the process ends, with where, why and what next.
fn log_failed(dir: PathBuf) -> impl FnOnce(String) + Send {
    move |why| {
        let has_room = free_bytes(&dir).is_none_or(|free| free >= 1 << 20);
        let next = if has_room { "look at the disk, and start again" } else { "free some space, and start again" };
        let log = dir.join("log");
        let folder = log.display();
        tracing::error!(why, %folder, next, "ending: nothing that was pending is released");
        eprintln!("jiaohao: {folder}: {why}: {next}");
        std::process::exit(1);
    }
}

/// Looks at the free space: bookings stop below the reserve, everything but reading below the last one.
fn look_at_disk(dir: &Path, settings: &Settings, shell: &Shell) {
    let (reserve, last) = (settings.data.reserve_mib, settings.data.last_reserve_mib);
    if let Some(free_bytes) = free_bytes(dir) {
        metrics::gauge!("disk_free_bytes").set(free_bytes as f64);
        let level = if free_bytes < last << 20 { 2 } else { u8::from(free_bytes < reserve << 20) };
        let (setting, mib) = if level == 2 { ("last_reserve_mib", last) } else { ("reserve_mib", reserve) };
        let (free_mib, folder) = (free_bytes >> 20, dir.display().to_string());
        let says = format!("{free_mib} MiB are free in {folder}, and data.{setting} = {mib}: free some space there");
        let about = [("folder", Valid::from(folder)), ("free_mib", free_mib.into()), ("needed_mib", mib.into())];
        let about = about.map(|(name, value)| (name.to_owned(), value)).into();
        shell.set_storage_level(level, Room { says, about });
    }
}

/// How much room there is, where the system tells.
pub(super) fn free_bytes(dir: &Path) -> Option<u64> {
    rustix::fs::statvfs(dir).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Once a second: looks at the disk and at the clock, and forgets quiet strangers.
fn watch(
    dir: PathBuf,
    settings: Settings,
    house: Arc<House>,
    watching: Arc<AtomicBool>,
    id: Option<FileId>,
) -> std::io::Result<()> {
    let watch = move || {
        while watching.load(Ordering::Relaxed) {
            match folder::is_lost(id, &dir) {
                true => house.shell.set_storage_level(2, LOST.to_owned()),
                false => look_at_disk(&dir, &settings, &house.shell),
            }
            // Read once a second, so that a jump is noticed while nobody does anything.
            house.shell.clock.clinic();
            figures::note(&house.shell);
            metrics::gauge!("not_set_up").set(f64::from(u8::from(house.is_not_set_up())));
            house.limits.tidy();
            std::thread::sleep(Duration::from_secs(1));
        }
    };
    std::thread::Builder::new().name("watch".into()).spawn(watch).map(drop)
}
