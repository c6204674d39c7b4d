//! How an owner gets its state when it is woken: from the start's replay, from its snapshot, or, when there is none that
//! can be used, from the log. The caller only makes the mailbox; reading and decoding happen on the owner's thread, a
//! replay of the log on a thread of its own.

use std::sync::{Arc, Mutex, PoisonError, mpsc};

use actix::dev::channel;
use actix::{Addr, ArbiterHandle, Context, Recipient};
use jiaohao_domain::{Owner, OwnerRef};

use super::actor::OwnerActor;
use super::kinds::Dormant;
use super::ledger::Ledger;
use super::message::{Release, Submission, ToActor};
use super::registry::Shell;
use super::replay::{Whole, replay_record};
use crate::codec;

/// Where a woken owner's state comes from.
pub enum Source {
    /// It was replayed at start.
    Replayed(Dormant),
    /// The store: its snapshot, or none if it is new.
    Store,
    /// The log alone: its actor ended without a word, so the store may be behind it.
    Log,
}

/// An owner's state with what a rebuild begins from.
pub(crate) struct Loaded<O: Owner> {
    pub(crate) whole: Whole<O>,
    /// The state as bytes (none: before the first record).
    pub(crate) base: Option<Vec<u8>>,
    /// The last record that the store has.
    pub(crate) stored_seq: u64,
}

/// Starts the actor of an owner; what is sent to it meanwhile waits in its mailbox.
pub(crate) fn wake<O: Owner>(shell: &Arc<Shell>, owner: OwnerRef, instance: u64, source: Source) -> Recipient<ToActor> {
    let (sender, mailbox) = channel::channel(shell.mailbox);
    let on = shell.arbiter_of(&owner).clone();
    let waking = Waking::<O> { shell: shell.clone(), owner, instance, on, mailbox };
    waking.on.clone().spawn_fn(move || match source {
        Source::Replayed(dormant) => {
            let whole: Whole<O> = *dormant.downcast().expect("dormant states are made by their own kind");
            waking.run(Loaded::of(whole));
        }
        Source::Store => match waking.snapshot() {
            Ok(loaded) => waking.run(loaded),
            Err(why) => waking.replay(why),
        },
        Source::Log => waking.replay("its actor ended without a word".into()),
    });
    Addr::new(sender).recipient()
}

impl<O: Owner> Loaded<O> {
    /// Of a state that no snapshot has.
    fn of(whole: Whole<O>) -> Self {
        // A state that cannot be encoded is noticed at its first checkpoint; a rebuild without it is seen to be short.
        let base = codec::encode(&whole).ok();
        Self { whole, base, stored_seq: 0 }
    }
}

/// On the owner's thread.
fn begin<O: Owner>(actor: OwnerActor<O>, mailbox: channel::AddressReceiver<OwnerActor<O>>) {
    Context::with_receiver(mailbox).run(actor);
}

struct Waking<O: Owner> {
    shell: Arc<Shell>,
    owner: OwnerRef,
    instance: u64,
    on: ArbiterHandle,
    mailbox: channel::AddressReceiver<OwnerActor<O>>,
}

impl<O: Owner> Waking<O> {
    fn run(self, loaded: Loaded<O>) {
        let actor = OwnerActor::new(self.shell, self.owner, self.instance, loaded);
        begin(actor, self.mailbox);
    }

    /// The owner's snapshot, or the reason why the log must be asked.
    fn snapshot(&self) -> Result<Loaded<O>, String> {
        let kind = self.shell.kinds.get(O::KIND).ok_or("its kind is not registered")?;
        let row = self.shell.store.snapshot(&self.owner).map_err(|why| why.to_string())?;
        match (row.as_ref().map_or(0, |row| row.owner_seq), self.shell.ends.of(&self.owner)) {
            (stored, end) if stored != end => {
                return Err(format!("its snapshot is of record {stored}, its last is {end}"));
            }
            _ => {}
        }
        match row {
            Some(row) if row.version != kind.snapshot_version() => Err("its snapshot is of another version".into()),
            Some(row) => {
                let whole = codec::decode(&row.bytes).map_err(|why| format!("its snapshot cannot be read: {why}"))?;
                Ok(Loaded { whole, base: Some(row.bytes), stored_seq: row.owner_seq })
            }
            None => {
                let whole = (Ledger::default(), O::new_state(&self.owner.id));
                Ok(Loaded { whole, base: None, stored_seq: 0 })
            }
        }
    }

    /// Reads the whole log for this one owner: slow, and right whatever the store says.
    fn replay(self, why: String) {
        tracing::error!(owner = ?self.owner, why, "an owner is made again from the log");
        let begun = std::thread::Builder::new().name("owner-replay".into()).spawn(move || {
            let replayed = self.replayed();
            let on = self.on.clone();
            on.spawn_fn(move || match replayed {
                Ok(whole) => self.run(Loaded::of(whole)),
                Err(why) => {
                    tracing::error!(owner = ?self.owner, why, "an owner has no state and stays closed");
                    begin(OwnerActor::<O>::lost(self.shell, self.owner, self.instance), self.mailbox);
                }
            });
        });
        if let Err(error) = begun {
            // Its mailbox is closed with the thread that did not begin: whoever asks is answered, and wakes it again.
            tracing::error!(%error, "no thread for a replay");
        }
    }

    fn replayed(&self) -> Result<Whole<O>, String> {
        // One after the other: each reads the whole log, and a store may hide many rows at once.
        static TURN: Mutex<()> = Mutex::new(());
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        // Whatever an earlier instance had submitted is durable when this comes back.
        let (sender, written) = mpsc::channel::<()>();
        let read = Some(Box::new(move || drop(sender)) as Box<dyn FnOnce() + Send>);
        self.shell.submit(Submission::Barrier(Release { read, ..Release::default() }));
        // An error is what is waited for: the sender is dropped when the barrier is let go, or with the ending node.
        let _ = written.recv();
        let mut whole: Whole<O> = (Ledger::default(), O::new_state(&self.owner.id));
        let mut failed = Ok(());
        let mut visit = |record: crate::log::Record| {
            if failed.is_ok() && record.owner == self.owner {
                failed = replay_record::<O>(&mut whole, &record);
            }
        };
        self.shell.log.replay(0, &mut visit).map_err(|why| why.to_string())?;
        failed?;
        match (whole.0.owner_seq, self.shell.ends.of(&self.owner)) {
            (seq, end) if seq < end => Err(format!("the log has it up to record {seq}, its last is {end}")),
            _ => Ok(whole),
        }
    }
}
