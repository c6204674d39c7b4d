//! Brings a node up from its log and store, and down again.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use actix::Arbiter;
use dashmap::DashMap;
use jiaohao_domain::{OwnerRef, Timestamp};

use super::clock::{self, Clock};
use super::ends::OwnerEnds;
use super::keeper::{self, KeeperOptions, ToKeeper};
use super::kinds::{Dormant, Kinds};
use super::message::Submission;
use super::projector::{self, ToProjector};
use super::registry::Shell;
use super::streams::StreamRules;
use super::waker::{self, DeadlineMessage, ToWaker};
use super::writer::{self, OnFailure, Written};
use crate::fanout::Fanout;
use crate::log::{Log, Record};
use crate::store::{Store, StoreError, Temporary};

/// While overdue deadlines are settled it is said so often that nobody is let in yet.
const SAID_EVERY: Duration = Duration::from_secs(10);
/// How long a checkpoint is waited for.
const CHECKPOINT_WITHIN: Duration = Duration::from_secs(15);
/// How long the threads' end is waited for: a store whose disk hangs may never close.
const END_WITHIN: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 10 });

/// What a node is made of.
pub struct NodeOptions {
    /// Clinic time, given what the log and store say of the last time seen.
    pub clock: Box<dyn FnOnce(Option<Timestamp>) -> Clock + Send>,
    /// Every kind of owner.
    pub kinds: Kinds,
    /// The log.
    pub log: Box<dyn Log>,
    /// Where the store is.
    pub store: PathBuf,
    /// sled's cache, in bytes.
    pub store_cache_bytes: u64,
    /// The log's history id with the projection's version and the folder's place: the epoch of every stream.
    pub epoch: Arc<str>,
    /// The fan-out.
    pub hub: Box<dyn Fanout + Send>,
    /// All stream kinds.
    pub rules: Box<dyn StreamRules>,
    /// How an owner is told of its deadline.
    pub deadline_message: DeadlineMessage,
    /// Threads for owners.
    pub owner_threads: usize,
    /// How many messages may wait for one owner.
    pub mailbox: usize,
    /// Checkpoints and idle owners.
    pub keeper: KeeperOptions,
    /// The log can no longer be written: the process must end.
    pub on_failure: OnFailure,
    /// How far the start has come, for whoever waits for it.
    pub progress: Arc<Progress>,
}

/// How far the replay of the log has come.
#[derive(Debug, Default)]
pub struct Progress {
    records: AtomicU64,
    commits: AtomicU64,
    commits_in_all: AtomicU64,
}

/// A look at a [`Progress`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Records read so far.
    pub records: u64,
    /// Commits read so far.
    pub commits: u64,
    /// Commits there are to read; 0 until that is known.
    pub commits_in_all: u64,
}

impl Progress {
    /// As it is now.
    pub fn look(&self) -> Replayed {
        Replayed {
            records: self.records.load(Ordering::Relaxed),
            commits: self.commits.load(Ordering::Relaxed),
            commits_in_all: self.commits_in_all.load(Ordering::Relaxed),
        }
    }

    /// A replay of so many commits begins.
    pub fn begin(&self, commits: u64) {
        self.records.store(0, Ordering::Relaxed);
        self.commits.store(0, Ordering::Relaxed);
        self.commits_in_all.store(commits, Ordering::Relaxed);
    }

    /// One more record was read, of that commit counted from the first to be read.
    pub fn read(&self, commit: u64) {
        self.records.fetch_add(1, Ordering::Relaxed);
        self.commits.store(commit, Ordering::Relaxed);
    }
}

/// Why a node did not come up.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log.
    #[error(transparent)]
    Log(#[from] crate::log::LogError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The disk, or the machine.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The log cannot be replayed.
    #[error("the log cannot be replayed: {0}")]
    Replay(String),
}

/// A running node.
pub struct Node {
    /// The way in.
    pub shell: Arc<Shell>,
    /// How the start went.
    pub report: StartReport,
    threads: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<Box<dyn Log>>>,
    arbiters: Vec<Arbiter>,
    _temporary_store: Option<Temporary>,
}

/// How a start went.
#[derive(Clone, Debug, Default)]
pub struct StartReport {
    /// Records replayed: those behind the last checkpoint.
    pub records: u64,
    /// Commits in the log, all of them.
    pub commits: u64,
    /// Owners that had records beyond their snapshot.
    pub owners: usize,
    /// Where a damaged store was moved.
    pub store_set_aside: Option<PathBuf>,
    /// How long, in ms of machine time.
    pub took_ms: u64,
}

impl Node {
    /// Replays, then starts the threads; deadlines that passed meanwhile run before the first command (see
    /// [`Node::settle_overdue`]).
    ///
    /// # Errors
    /// [`StartError`]; nothing has been changed then but a store that does not fit the log set aside.
    pub fn start(options: NodeOptions) -> Result<Self, StartError> {
        let began = clock::monotonic();
        let mut report = StartReport::default();
        let last_commit = options.log.last_commit();
        let history = options.log.history_id().to_string();
        let mut temporary = None;
        let mut open = || match Store::open(&options.store, &history, last_commit, options.store_cache_bytes) {
            Err(error) if error.is_full_disk() => {
                tracing::error!(%error, "the store cannot be opened on a full disk; everything is replayed from the log");
                let (store, folder) = Store::temporary(&history, options.store_cache_bytes)?;
                temporary = Some(folder);
                Ok(store)
            }
            opened => opened,
        };
        let mut set_aside = |why: &str| -> Result<(), StartError> {
            let aside = Store::set_aside(&options.store)?;
            tracing::warn!(
                why,
                moved_to = %aside.display(),
                "the store does not fit the log and is made again from it; nothing is lost. After the copying of a running \
                 folder this is normal; the old store may be removed"
            );
            report.store_set_aside = Some(aside);
            Ok(())
        };
        let store = match open() {
            Err(StoreError::Damaged(why)) => {
                set_aside(&why)?;
                open()?
            }
            other => other?,
        };
        let (store, mut replayed) = match replay(options.log.as_ref(), &options.kinds, &store, &options.progress) {
            Ok(replayed) => (store, replayed),
            Err(StartError::Replay(why)) if !store.is_empty() => {
                drop(store);
                set_aside(&why)?;
                let store = open()?;
                let replayed = replay(options.log.as_ref(), &options.kinds, &store, &options.progress)?;
                (store, replayed)
            }
            Err(why) => return Err(why),
        };
        report.records = replayed.records;
        report.commits = last_commit;
        report.owners = replayed.owners.len();
        let last_seen = replayed.last_at.max(store.clinic());
        let floor_commit = store.floor_commit();

        let (to_writer, writer_queue) = flume::bounded(writer::QUEUE);
        let (to_projector, projector_queue) = flume::bounded(projector::QUEUE);
        let (to_keeper, keeper_queue) = flume::bounded(keeper::QUEUE);
        let arbiters: Vec<Arbiter> = (0..options.owner_threads.max(1)).map(|_| Arbiter::new()).collect();
        let durable = Arc::new(AtomicU64::new(last_commit));
        let in_progress = Arc::new(writer::InProgress::default());
        let mut owners = HashMap::with_capacity(replayed.owners.len());
        for (owner, at) in &replayed.owners {
            let look = options.kinds.get(owner.kind).expect("replayed by its kind").look(&at.dormant);
            replayed.deadlines.remove(owner);
            replayed.deadlines.extend(look.deadline.map(|deadline| (owner.clone(), deadline)));
            replayed.owing.remove(owner);
            if look.is_owing {
                replayed.owing.insert(owner.clone());
            }
            owners.insert(owner.clone(), (at.instance, at.seq));
        }
        let ends = Arc::new(replayed.ends);
        let written = Written { owners, ends: ends.clone() };
        let (deadlines, waker) = waker::start(replayed.deadlines, options.deadline_message)?;
        // Not below the wall clock, by which instances were given before the mark kept them.
        let known = replayed.highest_instance.max(store.highest_instance());
        let highest_instance = known.max(u64::try_from(clock::wall_ms()).unwrap_or(0));
        let shell = Arc::new(Shell {
            clock: (options.clock)(last_seen),
            kinds: options.kinds,
            store,
            log: options.log.reader(),
            running: DashMap::new(),
            dormant: replayed.owners.into_iter().map(|(owner, at)| (owner, at.dormant)).collect(),
            dead: DashMap::new(),
            closed: DashMap::new(),
            ends,
            unheard: DashMap::new(),
            store_fails: AtomicBool::new(false),
            instances: AtomicU64::new(highest_instance),
            durable: durable.clone(),
            in_progress: in_progress.clone(),
            writer: to_writer,
            projector: to_projector.clone(),
            keeper: to_keeper.clone(),
            deadlines,
            arbiters: arbiters.iter().map(Arbiter::handle).collect(),
            mailbox: options.mailbox,
            storage: AtomicU8::new(0),
            room: Mutex::default(),
            floor_commit: AtomicU64::new(floor_commit),
            floor_ms: AtomicI64::new(clock::process_ms()),
        });
        let shard_ends = options.log.shard_ends();
        let (log, failed) = (options.log, options.on_failure);
        let writer = writer::start(log, writer_queue, to_projector, durable, in_progress, written, failed)?;
        let threads = vec![
            projector::start(projector_queue, options.hub, options.rules, to_keeper, shard_ends, options.epoch)?,
            keeper::start(keeper_queue, options.keeper)?,
            waker,
        ];
        // Fresh queues with running readers: these cannot fail.
        let _ = shell.projector.send(ToProjector::Begin(Arc::downgrade(&shell)));
        let _ = shell.keeper.send(ToKeeper::Begin(Arc::downgrade(&shell)));
        shell.deadlines.tell(ToWaker::Begin(Arc::downgrade(&shell)));
        crate::crash::at("recovered");
        for owner in replayed.owing {
            crate::crash::at("recovered");
            shell.deliver(&owner, super::message::ToActor::Resend);
        }
        report.took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        metrics::gauge!("start_replay_seconds").set(report.took_ms as f64 / 1_000.0);
        metrics::gauge!("checkpoint_timestamp_seconds").set(clock::wall_ms() as f64 / 1_000.0);
        metrics::gauge!("store_set_aside").set(f64::from(u8::from(report.store_set_aside.is_some())));
        Ok(Self { shell, report, threads, writer: Some(writer), arbiters, _temporary_store: temporary })
    }

    /// Waits until no deadline of before this moment is left, however long that takes: call before the doors open. What
    /// an owner that stays closed has left is not waited for, nor one that was told of its deadline and did nothing; on a
    /// full disk all deadlines wait, and nobody for them.
    pub async fn settle_overdue(&self) {
        let until = self.shell.clock.clinic();
        let mut said = clock::monotonic();
        while self.shell.check_writable().is_ok() {
            let (sender, answer) = flume::bounded(1);
            if !self.shell.deadlines.tell(ToWaker::AnyDueBy(until, sender)) {
                return;
            }
            crate::crash::at("recovered");
            if !answer.recv_async().await.unwrap_or(false) {
                crate::crash::at("recovered");
                return;
            }
            if said.elapsed() >= SAID_EVERY {
                said = clock::monotonic();
                tracing::warn!("overdue deadlines are still being settled; nobody is let in before");
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Makes a checkpoint; the commit up to which everything is in synced snapshots.
    pub async fn checkpoint(&self) -> Option<u64> {
        self.checkpoint_within(CHECKPOINT_WITHIN).await
    }

    async fn checkpoint_within(&self, within: Duration) -> Option<u64> {
        let made = async {
            let (sender, answer) = flume::bounded(1);
            self.shell.keeper.send_async(ToKeeper::CheckpointNow(sender)).await.ok()?;
            answer.recv_async().await.ok()
        };
        tokio::time::timeout(within, made).await.ok()?
    }

    /// Ends: a last checkpoint, everything pending written and released, threads joined. Gives the log back.
    pub async fn stop(self) -> Option<Box<dyn Log>> {
        self.stop_within(CHECKPOINT_WITHIN).await
    }

    /// As [`Node::stop`]; the last checkpoint may take so long. Threads that do not end soon after it are left to the end
    /// of the process: what was answered is in the log.
    pub async fn stop_within(self, within: Duration) -> Option<Box<dyn Log>> {
        if self.checkpoint_within(within).await.is_none() {
            tracing::warn!("no last checkpoint; the next start replays more");
        }
        let (ended, log) = flume::bounded(1);
        let end = move || {
            // Whoever waited may have gone on.
            let _ = ended.send(self.end());
        };
        if let Err(error) = std::thread::Builder::new().name("ending".into()).spawn(end) {
            tracing::error!(%error, "no thread for the end");
        }
        match tokio::time::timeout(END_WITHIN, log.recv_async()).await {
            Ok(log) => log.ok().flatten(),
            Err(_) => {
                tracing::error!("the store or a thread does not end; the process ends without it, nothing is lost");
                None
            }
        }
    }

    /// Ends without a last checkpoint: what was submitted is written and released, the store stays as it is.
    pub(super) fn end(mut self) -> Option<Box<dyn Log>> {
        // Each send fails only when that thread has ended already.
        self.shell.deadlines.tell(ToWaker::Stop);
        let _ = self.shell.writer.send(Submission::Stop);
        let log = self.writer.take().and_then(|writer| writer.join().ok());
        let _ = self.shell.projector.send(ToProjector::Stop);
        let _ = self.shell.keeper.send(ToKeeper::Stop);
        for arbiter in self.arbiters {
            arbiter.stop();
            // With its thread its owners are gone, and with the last of them the store is closed.
            if arbiter.join().is_err() {
                tracing::error!("a thread of owners had panicked");
            }
        }
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the shell had panicked");
            }
        }
        log
    }
}

/// What the log and the store say of all owners.
#[derive(Default)]
struct Found {
    /// Those with records that no usable snapshot has.
    owners: HashMap<OwnerRef, ReplayedOwner>,
    /// The deadlines in the snapshots of all others.
    deadlines: HashMap<OwnerRef, Timestamp>,
    /// Who must run to send something again.
    owing: HashSet<OwnerRef>,
    /// Every owner's last record.
    ends: OwnerEnds,
    records: u64,
    highest_instance: u64,
    last_at: Option<Timestamp>,
}

struct ReplayedOwner {
    dormant: Dormant,
    seq: u64,
    instance: u64,
}

/// Replays what lies above the store's floor. Owners whose snapshot is of another format are replayed from their first
/// record on, all in one reading of the log: after a change of a format a start takes longer, once. One whose row does
/// not say whether it owes anything is loaded, and written anew by the next checkpoint.
fn replay(log: &dyn Log, kinds: &Kinds, store: &Store, progress: &Progress) -> Result<Found, StartError> {
    let mut replayed = Found::default();
    let mut stale = HashSet::new();
    for row in store.rows() {
        let (owner, snapshot) = row.map_err(|why| StartError::Replay(why.to_string()))?;
        replayed.ends.set(&owner, snapshot.owner_seq);
        let Some(kind) = kinds.get(owner.kind) else { continue };
        match snapshot.is_owing {
            _ if kind.snapshot_version() != snapshot.version => drop(stale.insert(owner)),
            None => {
                let dormant = kind.load(&snapshot.bytes).map_err(StartError::Replay)?;
                replayed.owners.insert(owner, ReplayedOwner { dormant, seq: snapshot.owner_seq, instance: 0 });
            }
            Some(is_owing) => {
                replayed.owing.extend(is_owing.then(|| owner.clone()));
                replayed.deadlines.extend(snapshot.deadline.map(|deadline| (owner, deadline)));
            }
        }
    }
    if !stale.is_empty() {
        tracing::warn!(owners = stale.len(), "snapshots of another format are discarded; the whole log is replayed");
    }
    let floor = store.floor_commit();
    let mut failed = Ok(());
    let after = if stale.is_empty() { floor } else { 0 };
    let last = log.last_commit();
    progress.begin(last.saturating_sub(after));
    log.replay(after, &mut |record| {
        progress.read(record.commit.saturating_sub(after));
        crate::crash::on_the_way("recovery", record.commit.saturating_sub(after), last.saturating_sub(after));
        if failed.is_ok() && (record.commit > floor || stale.contains(&record.owner)) {
            let snapshots = (!stale.contains(&record.owner)).then_some(store);
            failed = replay_one(&mut replayed, kinds, snapshots, &record);
        }
    })?;
    failed.map_err(StartError::Replay)?;
    for (owner, at) in &replayed.owners {
        replayed.ends.set(owner, at.seq);
    }
    // Dense from 1 in each owner and in each shard: as many by the ones as by the others, or a row is missing, or older or
    // newer than the log has it, though nothing above the floor says so.
    let (known, written) = (replayed.ends.records(), log.shard_ends().values().sum::<u64>());
    if known != written && !store.is_empty() {
        return Err(StartError::Replay(format!("the owners have {known} records, the log has {written}")));
    }
    Ok(replayed)
}

fn replay_one(replayed: &mut Found, kinds: &Kinds, snapshots: Option<&Store>, record: &Record) -> Result<(), String> {
    let kind = kinds.get(record.owner.kind).ok_or_else(|| format!("no such kind of owner: {:?}", record.owner.kind))?;
    replayed.highest_instance = replayed.highest_instance.max(record.owner_instance);
    replayed.last_at = replayed.last_at.max(Some(record.at));
    replayed.records += 1;
    let at = match replayed.owners.entry(record.owner.clone()) {
        std::collections::hash_map::Entry::Occupied(there) => there.into_mut(),
        std::collections::hash_map::Entry::Vacant(vacant) => {
            let snapshot = match snapshots {
                Some(store) => store.snapshot(&record.owner).map_err(|e| e.to_string())?,
                None => None,
            };
            let (dormant, seq) = match snapshot {
                Some(row) => (kind.load(&row.bytes)?, row.owner_seq),
                None => (kind.begin(&record.owner), 0),
            };
            vacant.insert(ReplayedOwner { dormant, seq, instance: 0 })
        }
    };
    at.instance = at.instance.max(record.owner_instance);
    if record.owner_seq > at.seq {
        kind.replay(&mut at.dormant, record)?;
        at.seq = record.owner_seq;
    }
    Ok(())
}
