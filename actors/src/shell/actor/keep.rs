//! What an owner can be made again from: the records handed over since the last snapshot that was read back, in memory,
//! and snapshots for the store.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use actix::{AsyncContext, Context as ActorContext};
use jiaohao_domain::vocabulary::Answer;
use jiaohao_domain::{Code, Owner, Rejection, Timestamp};

use super::OwnerActor;
use crate::codec;
use crate::log::Commit;
use crate::shell::clock;
use crate::shell::ledger::{CommandMeta, Origin, Remembered};
use crate::shell::message::{ForStore, NewSnapshot, Release, Reply, Snapped, Submission, ToActor};
use crate::shell::meta;
use crate::shell::replay::{Whole, rebuild};

/// After so many panics within [`PANIC_WINDOW`] the owner stays closed.
const PANICS: usize = 3;
const PANIC_WINDOW: Duration = Duration::from_secs(60);
/// After so many records without a snapshot the owner makes one for itself.
const TAIL_RECORDS: usize = 16_384;
/// A refused decision replays at most so many records a second time.
const UNDO_RECORDS: usize = 256;

impl<O: Owner> OwnerActor<O> {
    /// Hands a commit over: from here on it is what a rebuild must come to.
    pub(super) fn write(&mut self, commit: Commit, release: Release) {
        if self.written_seq == 0 {
            self.shell.note_known(&self.owner);
        }
        self.written_seq = self.ledger.owner_seq;
        let before = self.tail.len();
        self.tail.extend(commit.iter().cloned());
        self.shell.submit(Submission::Commit(commit, release));
        // While the store refuses snapshots, the records since the last one must not pile up.
        if self.tail.len() / TAIL_RECORDS > before / TAIL_RECORDS {
            self.rebase_here();
        }
    }

    /// From here on a rebuild begins with the state as the records handed over have it, if it can be read back.
    fn rebase_here(&mut self) {
        if let Ok(bytes) = codec::encode(&(&self.ledger, &self.state))
            && codec::decode::<Whole<O>>(&bytes).is_ok()
        {
            self.rebase(self.written_seq, bytes);
        }
    }

    /// From here on a rebuild begins with this state.
    pub(super) fn rebase(&mut self, owner_seq: u64, bytes: Vec<u8>) {
        self.base = Some(bytes);
        // One from before has no records to go on with any more.
        self.made = None;
        self.tail.retain(|record| record.owner_seq > owner_seq);
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
        self.shell.note_closed(&self.owner);
        if self.lost {
            self.shell.note_lost(&self.owner);
        }
    }

    /// Something broke an invariant or panicked: nothing of it is kept; the state is made again from the records.
    pub(super) fn failed(&mut self, reply: Option<Reply>, why: &'static str) {
        metrics::counter!("owner_failures_total").increment(1);
        tracing::error!(kind = ?self.owner.kind, why, "an owner failed and is rebuilt");
        let now = clock::monotonic();
        self.panics.retain(|at| now.duration_since(*at) < PANIC_WINDOW);
        self.panics.push(now);
        self.make_again();
        if self.panics.len() >= PANICS && !self.closed {
            self.close();
        }
        let rejection = Rejection::new(Code::Internal, "nothing was done");
        self.submit_barrier(Release::outcome(reply, Err(rejection)));
    }

    /// A decision made more records than one command may: nothing of it is kept. The owner is sound, whoever asked wants
    /// too much at once.
    pub(super) fn refuse_too_large(&mut self, reply: Option<Reply>) {
        self.undo();
        let why = Rejection::new(Code::TooLarge, "one command makes too many records; do it in parts");
        self.submit_barrier(Release::outcome(reply, Err(why)));
    }

    /// Takes a refused decision back. Whoever is refused may ask again at once: the next time little is to be replayed.
    pub(super) fn undo(&mut self) {
        self.make_again();
        if !self.lost && self.tail.len() > UNDO_RECORDS {
            self.rebase_here();
        }
    }

    /// Makes the state again from the records, without the decision under way. An owner that cannot be is closed.
    pub(super) fn make_again(&mut self) {
        match self.rebuilt() {
            Ok(((ledger, state), deadline)) => {
                (self.ledger, self.state) = (ledger, state);
                self.plan_deadline(deadline);
            }
            Err(why) => {
                tracing::error!(owner = ?self.owner, why, "an owner could not be rebuilt");
                self.lost = true;
                self.close();
            }
        }
    }

    /// The state as the records handed over have it, and when it wants to be woken.
    fn rebuilt(&self) -> Result<(Whole<O>, Option<Timestamp>), String> {
        let rebuilt = catch_unwind(AssertUnwindSafe(|| {
            let whole = rebuild::<O>(&self.owner, self.base.as_deref(), &self.tail)?;
            let deadline = O::next_deadline(&whole.1);
            Ok::<_, String>((whole, deadline))
        }));
        let (whole, deadline) = rebuilt.map_err(|_| "it panicked again")??;
        match whole.0.owner_seq {
            seq if seq == self.written_seq => Ok((whole, deadline)),
            seq => Err(format!("it comes to record {seq}, {} were written", self.written_seq)),
        }
    }

    /// Makes a snapshot for the store, if the store has not the last record. False when there is nothing to wait for.
    pub(super) fn snapshot(&mut self, round: u64, ctx: &mut ActorContext<Self>) -> bool {
        if !self.unsaved_acks.is_empty() && !self.closed {
            self.settle_acks(Origin::Shell, ctx);
        }
        let owner_seq = self.ledger.owner_seq;
        let what = if self.lost {
            Snapped::Refused
        } else if owner_seq == self.stored_seq {
            Snapped::UpToDate
        } else {
            match codec::encode(&(&self.ledger, &self.state)) {
                Ok(bytes) => {
                    self.made = Some((owner_seq, bytes.clone()));
                    let (deadline, is_owing) = (O::next_deadline(&self.state), self.is_owing());
                    Snapped::New(NewSnapshot { owner_seq, bytes, deadline, is_owing })
                }
                Err(error) => {
                    tracing::error!(owner = ?self.owner, %error, "an owner's state cannot be encoded");
                    Snapped::Refused
                }
            }
        };
        let is_new = matches!(what, Snapped::New(_));
        let snapshot = Some(ForStore { owner: self.owner.clone(), round, what });
        self.submit_barrier(Release { snapshot, ..Release::default() });
        is_new
    }

    /// Goes if the store has everything and nobody needs it.
    pub(super) fn leave(&mut self, ctx: &mut ActorContext<Self>) {
        if self.stored_seq == self.ledger.owner_seq && self.unsaved_acks.is_empty() && !self.is_busy() {
            self.gone = true;
            self.shell.left(&self.owner, self.instance, self.ledger.owner_seq);
            ctx.notify(ToActor::Stop);
        }
    }

    fn settle_acks(&mut self, origin: Origin, ctx: &mut ActorContext<Self>) {
        let mut commit = Commit::new();
        self.record_acknowledgements(&mut commit);
        let command = CommandMeta { origin, remembered: Remembered::Answer(Answer::Done) };
        let count = u16::try_from(commit.len()).expect("one per receiver");
        commit[0].meta = Some(meta::write(&command));
        commit.iter_mut().for_each(|record| record.count = count);
        self.plan_resend(ctx);
        self.write(commit, Release::default());
    }
}
