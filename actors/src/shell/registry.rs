//! The shell of one node: which owners run and how they are reached; the way in for commands and reads. How an owner
//! gets its state is in `wake`, which shard it belongs to in `shard`.

use std::any::Any;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use actix::prelude::SendError;
use actix::{ArbiterHandle, Recipient};
use dashmap::DashMap;
use flume::Sender;
use jiaohao_domain::codes::Valid;
use jiaohao_domain::{Code, Message, OwnerKind, OwnerRef, Rejection};
use tokio::sync::oneshot;

use super::clock::{Clock, process_ms};
use super::ends::OwnerEnds;
use super::keeper::ToKeeper;
use super::kinds::{Dormant, Kinds};
use super::ledger::Origin;
use super::message::{Envelope, NewSnapshot, Outcome, Recall, Reply, Submission, ToActor, overloaded};
use super::projector::ToProjector;
use super::wake::Source;
use super::waker::Deadlines;
use super::writer::InProgress;
use crate::log::LogReader;
use crate::store::Store;

/// The storage level at which nothing more is written.
pub const READ_ONLY: u8 = 2;

/// An owner without a record goes after this, milliseconds of machine time: whoever asks for ids that nobody has fills no
/// memory with them.
const UNKNOWN_MS: i64 = 5_000;

/// How much room there is and should be, where.
#[derive(Clone, Debug, Default)]
pub struct Room {
    /// In words.
    pub says: String,
    /// The same as a refusal names it.
    pub about: Vec<(String, Valid)>,
}

impl From<String> for Room {
    fn from(says: String) -> Self {
        Self { says, about: Vec::new() }
    }
}

/// The node's shell.
pub struct Shell {
    /// Both clocks.
    pub clock: Clock,
    pub(crate) kinds: Kinds,
    pub(crate) store: Store,
    pub(crate) log: Arc<dyn LogReader>,
    pub(crate) running: DashMap<OwnerRef, Running>,
    /// Replayed at start and not yet asked for.
    pub(crate) dormant: DashMap<OwnerRef, Dormant>,
    /// Ended without a word: the store may be behind them.
    pub(crate) dead: DashMap<OwnerRef, ()>,
    pub(crate) closed: DashMap<OwnerRef, ()>,
    /// How far those have come that do not run.
    pub(crate) ends: Arc<OwnerEnds>,
    /// Who owes how many effects to whom, where none has been taken for a minute.
    pub(crate) unheard: DashMap<(OwnerRef, OwnerRef), usize>,
    /// Snapshots could not be stored at the last try.
    pub(crate) store_fails: AtomicBool,
    /// The last instance that an owner was given, and the highest: it never falls, whatever the machine's clock says.
    pub(crate) instances: AtomicU64,
    pub(crate) durable: Arc<AtomicU64>,
    pub(crate) in_progress: Arc<InProgress>,
    pub(crate) writer: Sender<Submission>,
    pub(crate) projector: Sender<ToProjector>,
    pub(crate) keeper: Sender<ToKeeper>,
    pub(crate) deadlines: Deadlines,
    pub(crate) arbiters: Vec<ArbiterHandle>,
    /// How many messages may wait for one owner; beyond, the asker is told `overloaded` and effects are sent again.
    pub(crate) mailbox: usize,
    /// 0 well, 1 below the reserve (bookings refused), 2 nearly full (all writes refused).
    pub(crate) storage: AtomicU8,
    pub(crate) room: Mutex<Room>,
    /// Up to which commit everything is in snapshots, and when that was reached (process time; the start counts as a
    /// checkpoint).
    pub(crate) floor_commit: AtomicU64,
    pub(crate) floor_ms: AtomicI64,
}

/// How far the store is behind the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreLag {
    /// Durable commits that are in no checkpoint yet.
    pub commits: u64,
    /// Seconds of machine time since the last checkpoint, or since the start before the first.
    pub checkpoint_age_s: i64,
}

/// What became of a message that wakes nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nudged {
    /// It is in the owner's mailbox.
    Told,
    /// The owner does not run.
    Asleep,
    /// The owner runs, and its mailbox is full.
    Full,
    /// The owner's actor has ended without a word.
    Dead,
}

/// A running owner.
pub(crate) struct Running {
    pub(crate) mailbox: Recipient<ToActor>,
    pub(crate) instance: u64,
    /// Machine time of the last message, in seconds of the monotonic clock's epoch of this process.
    pub(crate) used_ms: AtomicI64,
    /// Whether it has a record. One that has none was asked for by an id that nobody has, and leaves soon.
    pub(crate) is_known: AtomicBool,
    /// Whether what it knows is not what the log has: it is not to be followed.
    pub(crate) is_lost: AtomicBool,
}

impl Running {
    /// Whether it may go, when nobody has asked for so long.
    pub(crate) fn is_idle(&self, now_ms: i64, idle_ms: i64) -> bool {
        let idle_ms = if self.is_known.load(Ordering::Relaxed) { idle_ms } else { idle_ms.min(UNKNOWN_MS) };
        now_ms - self.used_ms.load(Ordering::Relaxed) > idle_ms
    }
}

impl Shell {
    /// Sends a command and waits for its outcome, which comes only when it is durable.
    ///
    /// # Errors
    /// The owner's rejection; `overloaded` when its mailbox is full; `timed_out` when it died with the question.
    pub async fn ask(self: &Arc<Self>, owner: OwnerRef, message: Message, origin: Origin) -> Outcome {
        self.begin(owner, message, origin)?.await.unwrap_or_else(|_| Err(Code::TimedOut.into()))
    }

    /// As [`Shell::ask`], but the command is in its owner's mailbox when this returns.
    ///
    /// # Errors
    /// `overloaded`; `storage_low` for bookings and `read_only` for everything when the disk is nearly full.
    pub fn begin(
        self: &Arc<Self>,
        owner: OwnerRef,
        message: Message,
        origin: Origin,
    ) -> Result<oneshot::Receiver<Outcome>, Rejection> {
        let has_room = match self.storage_level() {
            1 if message.is_booking() => Err(self.no_room(Code::StorageLow)),
            _ => self.check_writable(),
        };
        let (reply, answer) = Reply::channel();
        if let Err(why) = has_room {
            // A repeat writes nothing.
            self.send_recall(&owner, Recall { origin, why, reply })?;
            return Ok(answer);
        }
        let envelope = ToActor::Envelope(Envelope { message, origin, reply: Some(reply) });
        self.try_deliver(&owner, envelope).map_err(|undelivered| undelivered.1)?;
        Ok(answer)
    }

    /// What a command comes to that the edge refuses: the repeat of one that was accepted gets its answer again, whatever
    /// has changed since; anything else `why`.
    ///
    /// # Errors
    /// `why`; what the owner says of the key; `overloaded`, `timed_out` as for [`Shell::ask`].
    pub async fn recall(self: &Arc<Self>, owner: OwnerRef, origin: Origin, why: Rejection) -> Outcome {
        let (reply, answer) = Reply::channel();
        self.send_recall(&owner, Recall { origin, why, reply })?;
        answer.await.unwrap_or_else(|_| Err(Code::TimedOut.into()))
    }

    fn send_recall(self: &Arc<Self>, owner: &OwnerRef, recall: Recall) -> Result<(), Rejection> {
        if !recall.origin.has_key() {
            return Err(recall.why);
        }
        self.try_deliver(owner, ToActor::Recall(recall)).map_err(|undelivered| undelivered.1)
    }

    /// For what is written beside the log.
    ///
    /// # Errors
    /// `read_only` when the disk is nearly full.
    pub fn check_writable(&self) -> Result<(), Rejection> {
        if self.is_read_only() { Err(self.no_room(Code::ReadOnly)) } else { Ok(()) }
    }

    /// Whether nothing is written because the disk is nearly full.
    pub fn is_read_only(&self) -> bool {
        self.storage_level() == READ_ONLY
    }

    /// The refusal of what finds no room, for who can make some.
    pub fn no_room(&self, code: Code) -> Rejection {
        let Room { says, about } = self.room.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Rejection { code, detail: says, valid_now: about }
    }

    /// 0: well; 1: below the reserve; 2: nearly full.
    pub fn storage_level(&self) -> u8 {
        self.storage.load(Ordering::Relaxed)
    }

    /// Says how full the disk is (see [`Shell::storage_level`]), and how much room there is and should be, where.
    pub fn set_storage_level(&self, level: u8, room: impl Into<Room>) {
        let room = room.into();
        self.room.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&room);
        let room = room.says;
        match self.storage.swap(level, Ordering::Relaxed) {
            before if before < level => {
                let refused = if level == READ_ONLY { "everything but reading is" } else { "bookings are" };
                tracing::error!(level, "the disk fills up, {refused} refused: {room}")
            }
            before if before > level && level > 0 => {
                tracing::warn!(level, "writes go on; bookings are still refused, free some more: {room}")
            }
            before if before > level => tracing::info!(level, "the disk has room again"),
            _ => {}
        }
    }

    /// Reads an owner's state: `read` runs on the owner's thread; its result leaves when all it could have seen is
    /// durable. A read that panics has changed nothing: it harms only who asked.
    ///
    /// # Errors
    /// `overloaded`, `timed_out` as for [`Shell::ask`]; `internal` when the owner is of another kind than `S`, has no
    /// state, or the read panics.
    pub async fn read<S: 'static, R: Send + 'static>(
        self: &Arc<Self>,
        owner: OwnerRef,
        read: impl FnOnce(&S) -> R + Send + 'static,
    ) -> Result<R, Rejection> {
        let (sender, result) = tokio::sync::oneshot::channel();
        let read = ToActor::Read(Box::new(move |state: &dyn Any| {
            let state = state.downcast_ref::<S>();
            let value = state.and_then(|state| catch_unwind(AssertUnwindSafe(|| read(state))).ok());
            Box::new(move || {
                // The asker may have gone away; a read owes nothing.
                let _ = sender.send(value);
            })
        }));
        self.try_deliver(&owner, read).map_err(|undelivered| undelivered.1)?;
        match result.await {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(Code::Internal.into()),
            Err(_) => Err(Code::TimedOut.into()),
        }
    }

    /// Delivers between owners: a full mailbox delays (whatever is owed is sent again), never drops for good.
    pub(crate) fn deliver(self: &Arc<Self>, owner: &OwnerRef, message: ToActor) {
        let Err(undelivered) = self.try_deliver(owner, message) else { return };
        if let (
            ToActor::Envelope(Envelope { reply: Some(reply), .. }) | ToActor::Recall(Recall { reply, .. }),
            rejection,
        ) = *undelivered
        {
            reply.send(Err(rejection));
        }
    }

    fn try_deliver(self: &Arc<Self>, owner: &OwnerRef, message: ToActor) -> Result<(), Box<(ToActor, Rejection)>> {
        let mut message = message;
        for _ in 0..6 {
            let Some(running) = self.running.get(owner) else {
                match self.wake(owner) {
                    Ok(()) => continue,
                    Err(rejection) => return Err(Box::new((message, rejection))),
                }
            };
            running.used_ms.store(process_ms(), Ordering::Relaxed);
            let instance = running.instance;
            // Through the one sender that is kept: a clone of it would always have room for one message more.
            match running.mailbox.try_send(message) {
                Ok(()) => return Ok(()),
                Err(SendError::Full(back)) => return Err(Box::new((back, overloaded("mailbox")))),
                Err(SendError::Closed(back)) => {
                    drop(running);
                    // Known before it can be woken again.
                    self.dead.insert(owner.clone(), ());
                    self.running.remove_if(owner, |_, running| running.instance == instance);
                    message = back;
                }
            }
        }
        Err(Box::new((message, Code::OwnerFailed.into())))
    }

    /// Makes a mailbox for an owner that does not run and begins to give it its state.
    fn wake(self: &Arc<Self>, owner: &OwnerRef) -> Result<(), Rejection> {
        let kind = self.kinds.get(owner.kind).ok_or(Code::Forbidden)?;
        // Whoever else wakes it waits here, and finds it.
        if let dashmap::Entry::Vacant(vacant) = self.running.entry(owner.clone()) {
            let source = match self.dormant.remove(owner) {
                _ if self.dead.remove(owner).is_some() => Source::Log,
                Some((_, dormant)) => Source::Replayed(dormant),
                None => Source::Store,
            };
            let instance = self.instances.fetch_add(1, Ordering::Relaxed) + 1;
            let mailbox = kind.start(self, owner.clone(), instance, source);
            let used_ms = AtomicI64::new(process_ms());
            let (is_known, is_lost) = (AtomicBool::new(false), AtomicBool::new(false));
            vacant.insert(Running { mailbox, instance, used_ms, is_known, is_lost });
        }
        Ok(())
    }

    /// The owner has a record.
    pub(crate) fn note_known(&self, owner: &OwnerRef) {
        if let Some(running) = self.running.get(owner) {
            running.is_known.store(true, Ordering::Relaxed);
        }
    }

    /// No owner has had a higher instance.
    pub(crate) fn highest_instance(&self) -> u64 {
        self.instances.load(Ordering::Relaxed)
    }

    /// The thread on which an owner runs.
    pub(crate) fn arbiter_of(&self, owner: &OwnerRef) -> &ArbiterHandle {
        let mut hasher = DefaultHasher::new();
        owner.hash(&mut hasher);
        &self.arbiters[hasher.finish() as usize % self.arbiters.len()]
    }

    /// Sends to a running owner without waking a sleeping one or counting as use.
    pub(crate) fn nudge(&self, owner: &OwnerRef, message: ToActor) -> Nudged {
        let Some(running) = self.running.get(owner) else { return Nudged::Asleep };
        match running.mailbox.try_send(message) {
            Ok(()) => Nudged::Told,
            Err(SendError::Full(_)) => Nudged::Full,
            Err(SendError::Closed(_)) => Nudged::Dead,
        }
    }

    /// A snapshot of an owner that was replayed at start and not asked for since; none when it has been woken. It stays
    /// where it is until the row is stored.
    pub(crate) fn dormant_snapshot(&self, owner: &OwnerRef) -> Result<Option<NewSnapshot>, String> {
        let (Some(kind), Some(dormant)) = (self.kinds.get(owner.kind), self.dormant.get(owner)) else {
            return Ok(None);
        };
        let look = kind.look(&dormant);
        let bytes = kind.store(&dormant)?;
        Ok(Some(NewSnapshot { owner_seq: look.owner_seq, bytes, deadline: look.deadline, is_owing: look.is_owing }))
    }

    pub(crate) fn submit(&self, submission: Submission) {
        // A closed channel means that the node is ending: nothing more is released, which is what unreleased means.
        let _ = self.writer.send(submission);
    }

    pub(crate) fn note_closed(&self, owner: &OwnerRef) {
        self.closed.insert(owner.clone(), ());
    }

    /// The owner's instance has lost its state.
    pub(crate) fn note_lost(&self, owner: &OwnerRef) {
        if let Some(running) = self.running.get(owner) {
            running.is_lost.store(true, Ordering::Relaxed);
        }
    }

    /// Whether the owner runs and has lost its state: it gives nobody a replica.
    pub(crate) fn is_lost(&self, owner: &OwnerRef) -> bool {
        self.running.get(owner).is_some_and(|running| running.is_lost.load(Ordering::Relaxed))
    }

    pub(crate) fn left(&self, owner: &OwnerRef, instance: u64, owner_seq: u64) {
        // Before it can be woken again.
        self.ends.set(owner, owner_seq);
        self.running.remove_if(owner, |_, running| running.instance == instance);
        self.submit(Submission::Forget(owner.clone()));
    }

    /// How many owners run now.
    pub fn running_owners(&self) -> usize {
        self.running.len()
    }

    /// Owners that stay closed after repeated failures.
    pub fn closed_owners(&self) -> Vec<OwnerRef> {
        self.closed.iter().map(|entry| entry.key().clone()).collect()
    }

    /// Every owner of a kind that this node knows: running, replayed and not asked for since, or stored.
    pub fn known_owners(&self, kind: OwnerKind) -> BTreeSet<OwnerRef> {
        let running = self.running.iter().map(|entry| entry.key().clone());
        let dormant = self.dormant.iter().map(|entry| entry.key().clone());
        let awake = running.chain(dormant).filter(|owner| owner.kind == kind);
        awake.chain(self.store.owners(kind)).collect()
    }

    /// Those of [`Shell::known_owners`] whose ids begin so, without looking at the others.
    pub fn known_named(&self, kind: OwnerKind, beginning: &str) -> BTreeSet<OwnerRef> {
        let running = self.running.iter().map(|entry| entry.key().clone());
        let dormant = self.dormant.iter().map(|entry| entry.key().clone());
        let awake = running.chain(dormant).filter(|owner| owner.kind == kind && owner.id.starts_with(beginning));
        awake.chain(self.store.owners_named(kind, beginning)).collect()
    }

    /// Visits every owner of [`Shell::known_owners`], some twice, without holding them all.
    pub fn each_known(&self, kind: OwnerKind, visit: &mut dyn FnMut(OwnerRef)) {
        let running = self.running.iter().map(|entry| entry.key().clone());
        running
            .chain(self.dormant.iter().map(|entry| entry.key().clone()))
            .filter(|o| o.kind == kind)
            .for_each(&mut *visit);
        self.store.owners(kind).for_each(visit);
    }

    /// Whether this node knows that owner, as [`Shell::known_owners`] would say. Wakes nobody; reads the store.
    pub fn knows(&self, owner: &OwnerRef) -> bool {
        // What cannot be read is there, and its waking says why.
        let is_stored = || !matches!(self.store.snapshot(owner), Ok(None));
        let is_here = self.running.contains_key(owner) || self.dormant.contains_key(owner);
        is_here || self.closed.contains_key(owner) || self.ends.of(owner) > 0 || is_stored()
    }

    /// How many effects are owed to owners that have taken none for a minute.
    pub fn unheard(&self) -> usize {
        self.unheard.iter().map(|entry| *entry.value()).sum()
    }

    /// Whether snapshots could not be stored at the last try. It is tried again with each checkpoint.
    pub fn store_fails(&self) -> bool {
        self.store_fails.load(Ordering::Relaxed)
    }

    /// How far the store is behind the log.
    pub fn store_lag(&self) -> StoreLag {
        let floor_ms = self.floor_ms.load(Ordering::Relaxed);
        StoreLag {
            commits: self.durable_commit().saturating_sub(self.floor_commit.load(Ordering::Relaxed)),
            checkpoint_age_s: (process_ms() - floor_ms) / 1_000,
        }
    }

    /// How long the log has been at what it is writing, in milliseconds; 0 when it writes nothing. Nothing that was decided
    /// since leaves before.
    pub fn writing_ms(&self) -> i64 {
        self.in_progress.ms()
    }

    /// The last durable commit.
    pub fn durable_commit(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// The way to the projector, for doors that subscribe.
    pub fn projector(&self) -> &Sender<ToProjector> {
        &self.projector
    }
}
