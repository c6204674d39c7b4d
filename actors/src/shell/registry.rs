//! The shell of one node: which owners run, how they are found, woken and let go; the way in for commands and reads.

use std::any::Any;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering};

use actix::prelude::SendError;
use actix::{ArbiterHandle, Recipient};
use dashmap::DashMap;
use flume::Sender;
use jiaohao_domain::{Code, Message, OwnerKind, OwnerRef, Rejection, Timestamp};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use super::clock::{self, Clock};
use super::keeper::ToKeeper;
use super::kinds::{Dormant, Kinds};
use super::ledger::Origin;
use super::message::{Envelope, Outcome, Reply, SnapshotRow, Submission, ToActor, overloaded};
use super::projector::ToProjector;
use super::waker::ToWaker;
use crate::log::ShardId;
use crate::store::Store;

/// Number of slices for patients and accounts, fixed for ever.
pub const SLICES: u8 = 64;

/// The node's shell.
pub struct Shell {
    /// Both clocks.
    pub clock: Clock,
    pub(crate) kinds: Kinds,
    pub(crate) store: Arc<Store>,
    pub(crate) running: DashMap<OwnerRef, Running>,
    /// Replayed at start and not yet asked for.
    pub(crate) dormant: DashMap<OwnerRef, Dormant>,
    pub(crate) closed: DashMap<OwnerRef, ()>,
    pub(crate) instances: AtomicU64,
    pub(crate) durable: Arc<AtomicU64>,
    pub(crate) writer: Sender<Submission>,
    pub(crate) projector: Sender<ToProjector>,
    pub(crate) keeper: Sender<ToKeeper>,
    pub(crate) waker: Sender<ToWaker>,
    pub(crate) arbiters: Vec<ArbiterHandle>,
    /// How many messages may wait for one owner; beyond, the asker is told `overloaded` and effects are sent again.
    pub(crate) mailbox: usize,
    /// 0 well, 1 below the reserve (bookings refused), 2 nearly full (all writes refused).
    pub(crate) storage: AtomicU8,
}

/// A running owner.
pub(crate) struct Running {
    pub(crate) mailbox: Recipient<ToActor>,
    pub(crate) instance: u64,
    /// Machine time of the last message, in seconds of the monotonic clock's epoch of this process.
    pub(crate) used_ms: AtomicI64,
}

impl Shell {
    /// The shard of an owner: its site, or for patients and accounts one of 64 slices by SHA-256 of the id.
    pub fn shard_of(&self, owner: &OwnerRef) -> ShardId {
        shard_of(owner)
    }

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
        match self.storage_level() {
            2 => return Err(Code::ReadOnly.into()),
            1 if owner.kind == OwnerKind::Patient => return Err(Code::StorageLow.into()),
            _ => {}
        }
        let (reply, answer) = Reply::channel();
        let envelope = ToActor::Envelope(Envelope { message, origin, reply: Some(reply) });
        self.try_deliver(&owner, envelope).map_err(|undelivered| undelivered.1)?;
        Ok(answer)
    }

    /// 0: well; 1: below the reserve; 2: nearly full.
    pub fn storage_level(&self) -> u8 {
        self.storage.load(Ordering::Relaxed)
    }

    /// Says how full the disk is (see [`Shell::storage_level`]).
    pub fn set_storage_level(&self, level: u8) {
        if self.storage.swap(level, Ordering::Relaxed) != level {
            tracing::error!(level, "free disk space changed its level");
        }
    }

    /// Reads an owner's state: `read` runs on the owner's thread; its result leaves when all it could have seen is
    /// durable.
    ///
    /// # Errors
    /// `overloaded`, `timed_out` as for [`Shell::ask`]; `internal` when the owner is of another kind than `S`.
    pub async fn read<S: 'static, R: Send + 'static>(
        self: &Arc<Self>,
        owner: OwnerRef,
        read: impl FnOnce(&S) -> R + Send + 'static,
    ) -> Result<R, Rejection> {
        let (sender, result) = tokio::sync::oneshot::channel();
        let read = ToActor::Read(Box::new(move |state: &dyn Any| {
            let value = state.downcast_ref::<S>().map(read);
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
        if let Err(undelivered) = self.try_deliver(owner, message)
            && let (ToActor::Envelope(Envelope { reply: Some(reply), .. }), rejection) = *undelivered
        {
            reply.send(Err(rejection));
        }
    }

    fn try_deliver(self: &Arc<Self>, owner: &OwnerRef, message: ToActor) -> Result<(), Box<(ToActor, Rejection)>> {
        let mut message = message;
        for _ in 0..3 {
            let (mailbox, instance) = match self.mailbox(owner) {
                Ok(found) => found,
                Err(rejection) => return Err(Box::new((message, rejection))),
            };
            match mailbox.try_send(message) {
                Ok(()) => return Ok(()),
                Err(SendError::Full(back)) => return Err(Box::new((back, overloaded("mailbox")))),
                Err(SendError::Closed(back)) => {
                    // It died without a word (a panic outside a decision): what the log has is the state.
                    self.running.remove_if(owner, |_, running| running.instance == instance);
                    message = back;
                }
            }
        }
        Err(Box::new((message, Code::OwnerFailed.into())))
    }

    /// The mailbox of a running owner, or of one woken now.
    fn mailbox(self: &Arc<Self>, owner: &OwnerRef) -> Result<(Recipient<ToActor>, u64), Rejection> {
        let now_ms = process_ms();
        if let Some(running) = self.running.get(owner) {
            running.used_ms.store(now_ms, Ordering::Relaxed);
            return Ok((running.mailbox.clone(), running.instance));
        }
        let Some(kind) = self.kinds.get(owner.kind) else { return Err(Code::Forbidden.into()) };
        let running = match self.running.entry(owner.clone()) {
            dashmap::Entry::Occupied(there) => return Ok((there.get().mailbox.clone(), there.get().instance)),
            dashmap::Entry::Vacant(vacant) => {
                let (dormant, stored_seq) = match self.dormant.remove(owner) {
                    Some((_, dormant)) => (dormant, 0),
                    None => self.load(owner)?,
                };
                let instance = self.instances.fetch_add(1, Ordering::Relaxed);
                let arbiter = &self.arbiters[hash(owner) % self.arbiters.len()];
                let mailbox = kind.start(self, arbiter, owner.clone(), instance, dormant, stored_seq);
                vacant.insert(Running { mailbox, instance, used_ms: AtomicI64::new(now_ms) })
            }
        };
        Ok((running.mailbox.clone(), running.instance))
    }

    fn load(&self, owner: &OwnerRef) -> Result<(Dormant, u64), Rejection> {
        let kind = self.kinds.get(owner.kind).expect("looked up before");
        match self.store.snapshot(owner) {
            Ok(Some(row)) => kind
                .load(&row.bytes)
                .map(|dormant| (dormant, row.owner_seq))
                .map_err(|why| Rejection::new(Code::OwnerFailed, format!("its snapshot cannot be read: {why}"))),
            Ok(None) => Ok((kind.begin(owner), 0)),
            Err(why) => Err(Rejection::new(Code::OwnerFailed, format!("the store cannot be read: {why}"))),
        }
    }

    /// Sends to a running owner without waking a sleeping one or counting as use. False when it does not run.
    pub(crate) fn nudge(&self, owner: &OwnerRef, message: ToActor) -> bool {
        self.running.get(owner).is_some_and(|running| running.mailbox.try_send(message).is_ok())
    }

    /// Takes an owner that was replayed at start and not asked for since, as a snapshot for the store. It stays
    /// where it is until the row is stored; an owner woken meanwhile makes a newer snapshot itself.
    pub(crate) fn store_dormant(&self, owner: &OwnerRef) -> Option<SnapshotRow> {
        let kind = self.kinds.get(owner.kind)?;
        let dormant = self.dormant.get(owner)?;
        let look = kind.look(&dormant);
        let bytes = kind.store(&dormant).ok()?;
        let version = kind.state_version();
        Some(SnapshotRow {
            owner: owner.clone(),
            owner_seq: look.owner_seq,
            bytes,
            version,
            deadline: look.deadline,
            leaving: false,
        })
    }

    pub(crate) fn submit(&self, submission: Submission) {
        // A closed channel means that the node is ending: nothing more is released, which is what unreleased means.
        let _ = self.writer.send(submission);
    }

    pub(crate) fn plan_deadline(&self, owner: &OwnerRef, at: Option<Timestamp>) {
        // As above: without a waker the node is ending.
        let _ = self.waker.send(ToWaker::Plan(owner.clone(), at));
    }

    pub(crate) fn note_closed(&self, owner: &OwnerRef) {
        self.closed.insert(owner.clone(), ());
    }

    pub(crate) fn left(&self, owner: &OwnerRef, instance: u64) {
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

    /// The last durable commit.
    pub fn durable_commit(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// The way to the projector, for doors that subscribe.
    pub fn projector(&self) -> &Sender<ToProjector> {
        &self.projector
    }
}

/// See [`Shell::shard_of`].
pub fn shard_of(owner: &OwnerRef) -> ShardId {
    match owner.kind {
        OwnerKind::Patient | OwnerKind::Account => {
            let slice = Sha256::digest(owner.id.as_bytes())[0] >> 2;
            debug_assert!(slice < SLICES);
            ShardId(format!("slice:{slice}").into())
        }
        _ => {
            let site = owner.id.split('.').next().unwrap_or(&owner.id);
            ShardId(format!("site:{site}").into())
        }
    }
}

pub(crate) fn process_ms() -> i64 {
    use std::sync::OnceLock;
    static BEGAN: OnceLock<std::time::Instant> = OnceLock::new();
    i64::try_from(BEGAN.get_or_init(clock::monotonic).elapsed().as_millis()).unwrap_or(i64::MAX)
}

fn hash(owner: &OwnerRef) -> usize {
    let mut hasher = DefaultHasher::new();
    owner.hash(&mut hasher);
    hasher.finish() as usize
}
