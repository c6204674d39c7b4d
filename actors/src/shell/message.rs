//! What travels between doors, owners, the writer and the projector.

use std::any::Any;

use jiaohao_domain::vocabulary::Answer;
use jiaohao_domain::{Code, Message, OwnerRef, Rejection};
use tokio::sync::oneshot;

use super::ledger::Origin;
use crate::log::{Commit, Prunable};

/// What a command comes to.
pub type Outcome = Result<Answer, Rejection>;

/// Where an outcome goes. Dropping it unanswered tells the asker to ask again.
#[derive(Debug)]
pub struct Reply(oneshot::Sender<Outcome>);

impl Reply {
    /// A reply and the place where it arrives.
    pub fn channel() -> (Self, oneshot::Receiver<Outcome>) {
        let (sender, receiver) = oneshot::channel();
        (Self(sender), receiver)
    }
    /// Delivers. A refusal on the record is told like a rejection.
    pub(crate) fn send(self, outcome: Outcome) {
        let outcome = match outcome {
            Ok(Answer::Refused(rejection)) => Err(rejection),
            other => other,
        };
        // The asker may have gone away: then nobody is told, and a repeat by key gets the same.
        let _ = self.0.send(outcome);
    }
}

/// A command on its way to its owner.
#[derive(Debug)]
pub struct Envelope {
    /// What.
    pub message: Message,
    /// From where.
    pub origin: Origin,
    /// Who waits for the outcome.
    pub reply: Option<Reply>,
}

/// A command that the edge refuses: only who has answered it before knows whether it is a repeat.
#[derive(Debug)]
pub struct Recall {
    /// From where.
    pub origin: Origin,
    /// What it is told when it is new.
    pub why: Rejection,
    /// Who waits for the outcome.
    pub reply: Reply,
}

/// Reads a state; runs on the owner's thread, its result leaves when everything it could have seen is durable.
pub type ReadFn = Box<dyn FnOnce(&dyn Any) -> Box<dyn FnOnce() + Send> + Send>;

/// What reaches an owner's mailbox.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub enum ToActor {
    /// Decide this.
    Envelope(Envelope),
    /// Answer this, which is not to be decided, if it is the repeat of a command that was accepted.
    Recall(Recall),
    /// Another owner has this owner's effects up to a number.
    Acknowledged {
        /// Who.
        by: OwnerRef,
        /// Up to which.
        up_to: u64,
    },
    /// The projector wants a replica.
    Watch,
    /// Nobody watches any more.
    Unwatch,
    /// Read the state.
    Read(ReadFn),
    /// Make a snapshot if the store has not the last record; always answered to the keeper, with this round's number.
    Checkpoint(u64),
    /// Idle: make a snapshot and go when it is stored.
    Passivate,
    /// The store has the owner's snapshot.
    Stored {
        /// The last record in it.
        owner_seq: u64,
    },
    /// Everything before this in the mailbox has been seen: stop.
    Stop,
    /// Send again what nobody has acknowledged or answered.
    Resend,
}

/// What an owner tells the keeper.
pub struct ForStore {
    /// Who.
    pub owner: OwnerRef,
    /// The round of the checkpoint that asked (0: none did, the owner wants to go).
    pub round: u64,
    /// What.
    pub what: Snapped,
}

/// What an owner has for the store.
pub enum Snapped {
    /// A snapshot.
    New(NewSnapshot),
    /// Nothing: the keeper has said that the last record is stored.
    UpToDate,
    /// Nothing, though its last record is not stored: no floor may rise above it.
    Refused,
}

/// A snapshot on its way to the store.
pub struct NewSnapshot {
    /// The last record in it.
    pub owner_seq: u64,
    /// Ledger and state.
    pub bytes: Vec<u8>,
    /// The next deadline, for the durable index.
    pub deadline: Option<jiaohao_domain::Timestamp>,
    /// Whether it must run to send or ask something again.
    pub is_owing: bool,
}

/// An owner's state for the projector, which follows the events of this instance from here on.
pub struct Replica {
    /// Whose.
    pub owner: OwnerRef,
    /// The instance: another one does not know that it is followed.
    pub instance: u64,
    /// The state.
    pub state: Box<dyn Any + Send>,
}

/// Everything that leaves an owner with one decision. Held until all that the decision could have seen is durable.
#[derive(Default)]
pub struct Release {
    /// The decision's own outcome.
    pub reply: Option<(Reply, Outcome)>,
    /// Effects, requests, acknowledgements.
    pub deliveries: Vec<(OwnerRef, ToActor)>,
    /// The typed events, for the replica (only when watched).
    pub events: Vec<Box<dyn Any + Send>>,
    /// A replica that begins here.
    pub replica: Option<Replica>,
    /// A read's result.
    pub read: Option<Box<dyn FnOnce() + Send>>,
    /// A snapshot, or the word that there is none.
    pub snapshot: Option<ForStore>,
}

impl Release {
    /// Only an outcome.
    pub fn outcome(reply: Option<Reply>, outcome: Outcome) -> Self {
        Self { reply: reply.map(|reply| (reply, outcome)), ..Self::default() }
    }
}

/// What the writer takes.
pub enum Submission {
    /// Append, and release when durable.
    Commit(Commit, Release),
    /// Release when everything before it is durable.
    Barrier(Release),
    /// The owner's instance has ended: of it only its last record is known from here on.
    Forget(OwnerRef),
    /// These segments may go.
    Prune(Prunable),
    /// Finish what is there and end.
    Stop,
}

/// The rejection for somebody whose command met a full mailbox or queue.
pub fn overloaded(what: &str) -> Rejection {
    metrics::counter!("overloaded_total", "what" => what.to_owned()).increment(1);
    Rejection::new(Code::Overloaded, format!("{what} is full"))
}
