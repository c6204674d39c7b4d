//! One owner at work: receives, asks the pure part to decide, hands the events to the log with everything that may
//! leave once they are durable. It has no address, socket or client: the only way out is a submission.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{Actor, AsyncContext, Context as ActorContext, Handler, Running};
use jiaohao_domain::vocabulary::Answer;
use jiaohao_domain::{Code, Context, Draft, Outgoing, Owner, OwnerRef, Rejection, Timestamp};
use rand::{Rng, SeedableRng, rngs::SmallRng};

use super::clock;
use super::ledger::{CommandMeta, Ledger, Origin, Remembered, Seen};
use super::message::{Envelope, Outcome, Release, Reply, SnapshotRow, Submission, ToActor};
use super::registry::Shell;
use super::{shell_events, stored};
use crate::codec;
use crate::log::{Commit, Record, ShardId};

/// A command makes at most so many records.
pub const RECORDS_PER_COMMAND: usize = 4_096;
/// Effects and requests without an answer are sent again after this time.
const RESEND_AFTER: Duration = Duration::from_secs(2);
/// After so many panics within [`PANIC_WINDOW`] the owner stays closed.
const PANICS: usize = 3;
const PANIC_WINDOW: Duration = Duration::from_secs(60);

/// State and ledger together: what a snapshot holds.
pub type Whole<O> = (Ledger, <O as Owner>::State);

/// The actor of one owner.
pub struct OwnerActor<O: Owner> {
    shell: Arc<Shell>,
    owner: OwnerRef,
    shard: ShardId,
    instance: u64,
    state: O::State,
    ledger: Ledger,
    /// What the rebuild after a panic begins with: the last snapshot, and every record since.
    base: Option<Vec<u8>>,
    tail: Vec<Record>,
    /// Acknowledgements that no record states yet.
    unsaved_acks: Vec<(OwnerRef, u64)>,
    stored_seq: u64,
    watched: bool,
    leaving: Option<u64>,
    gone: bool,
    resend_planned: bool,
    deadline: Option<Timestamp>,
    panics: Vec<Instant>,
    closed: bool,
    chance: SmallRng,
}

impl<O: Owner> OwnerActor<O> {
    /// An actor on a state as loaded. `stored_seq` is the last record that the store's snapshot has.
    pub fn new(shell: Arc<Shell>, owner: OwnerRef, instance: u64, whole: Whole<O>, stored_seq: u64) -> Self {
        let (ledger, state) = whole;
        let shard = shell.shard_of(&owner);
        let base = codec::encode(&(&ledger, &state)).ok();
        Self {
            shell,
            owner,
            shard,
            instance,
            state,
            ledger,
            base,
            tail: Vec::new(),
            unsaved_acks: Vec::new(),
            stored_seq,
            watched: false,
            leaving: None,
            gone: false,
            resend_planned: false,
            deadline: None,
            panics: Vec::new(),
            closed: false,
            chance: SmallRng::from_os_rng(),
        }
    }

    fn on_envelope(&mut self, envelope: Envelope, ctx: &mut ActorContext<Self>) {
        let Envelope { message, origin, reply } = envelope;
        self.leaving = None;
        if self.closed {
            let why = Rejection::new(Code::OwnerFailed, "this part has stopped after repeated failures");
            return self.submit_barrier(Release::outcome(reply, Err(why)));
        }
        if let Origin::Effect { from, number } = &origin {
            let expected = self.ledger.expected_from(from);
            if *number != expected {
                // A repeat is acknowledged again; one that came too early is left to the sender's order.
                if *number < expected {
                    self.acknowledge(from.clone(), expected - 1);
                }
                return;
            }
        }
        match self.ledger.look_up(&origin) {
            Err(rejection) => return self.submit_barrier(Release::outcome(reply, Err(rejection))),
            Ok(Seen::Repeat(Remembered::Answer(answer))) => {
                return self.submit_barrier(Release::outcome(reply, Ok(answer)));
            }
            Ok(Seen::Repeat(Remembered::Forwarded(to, request))) if !O::has_let_go(&self.state, &request) => {
                let envelope = Envelope { message: request, origin: self.as_request(), reply };
                let deliveries = vec![(to, ToActor::Envelope(envelope))];
                return self.submit_barrier(Release { deliveries, ..Release::default() });
            }
            Ok(_) => {}
        }
        let Some(command) = O::receive(message) else {
            let why = Rejection::new(Code::UnknownCommand, "not a command of this owner");
            return self.settle(origin, reply, Err(why), Vec::new(), ctx);
        };
        let context = Context {
            now: self.shell.clock.clinic().max(self.ledger.last_at),
            principal: origin.principal(),
            seed: self.chance.random(),
        };
        let state = &mut self.state;
        let decided = catch_unwind(AssertUnwindSafe(|| {
            let mut draft = Draft::<O>::new(state);
            let outcome = O::decide(&mut draft, command, &context);
            (outcome, draft.into_events())
        }));
        match decided {
            Ok((Err(_), events)) if !events.is_empty() => self.failed(reply, "rejected after an event"),
            Ok((_, events)) if events.len() > RECORDS_PER_COMMAND => {
                self.failed(None, "too many records");
                let why = Rejection::new(Code::TooLarge, "one command makes too many records; do it in parts");
                self.submit_barrier(Release::outcome(reply, Err(why)));
            }
            Ok((outcome, events)) => {
                self.ledger.last_at = if events.is_empty() { self.ledger.last_at } else { context.now };
                self.settle(origin, reply, outcome, events, ctx);
            }
            Err(_) => self.failed(reply, "panicked"),
        }
    }

    /// Writes what was decided, and lets everything leave that may.
    fn settle(
        &mut self,
        origin: Origin,
        reply: Option<Reply>,
        outcome: Outcome,
        events: Vec<O::Event>,
        ctx: &mut ActorContext<Self>,
    ) {
        let effect_from = match &origin {
            Origin::Effect { from, number } => Some((from.clone(), *number)),
            _ => None,
        };
        if events.is_empty() && effect_from.is_none() {
            return self.submit_barrier(Release::outcome(reply, outcome));
        }
        let mut commit = Commit::with_capacity(events.len() + self.unsaved_acks.len() + 1);
        let mut release = Release::default();
        let mut outgoing = Vec::new();
        for event in &events {
            O::outgoing(event, &mut outgoing);
        }
        let mut first_request = None;
        for item in outgoing {
            match item {
                Outgoing::Effect(to, message) => {
                    let number = self.ledger.owe(&to, message.clone());
                    let origin = Origin::Effect { from: self.owner.clone(), number };
                    release.deliveries.push((to, ToActor::Envelope(Envelope { message, origin, reply: None })));
                }
                Outgoing::Request(to, message) => {
                    if first_request.is_none() {
                        first_request = Some((release.deliveries.len(), to.clone(), message.clone()));
                    }
                    let envelope = Envelope { message, origin: self.as_request(), reply: None };
                    release.deliveries.push((to, ToActor::Envelope(envelope)));
                }
            }
            self.plan_resend(ctx);
        }
        let forwarding = O::ANSWERED_BY_REQUEST && matches!(origin, Origin::Client { .. }) && outcome.is_ok();
        let remembered = match (&first_request, &outcome) {
            (Some((_, to, message)), Ok(_)) if forwarding => Remembered::Forwarded(to.clone(), message.clone()),
            (_, Ok(answer)) => Remembered::Answer(answer.clone()),
            (_, Err(_)) => Remembered::Answer(Answer::Done),
        };
        match (first_request, reply) {
            (Some((at, ..)), Some(reply)) if forwarding => {
                if let (_, ToActor::Envelope(envelope)) = &mut release.deliveries[at] {
                    envelope.reply = Some(reply);
                }
            }
            (_, Some(reply)) => release.reply = Some((reply, outcome)),
            (_, None) => {}
        }
        let meta = CommandMeta { origin, remembered };
        for event in &events {
            let (kind, name) = O::event_kind(event);
            metrics::counter!("events_total", "event" => name).increment(1);
            self.record(&mut commit, kind, codec::encode(event).expect("events encode: plain owned data"));
        }
        if events.is_empty() {
            self.record(&mut commit, shell_events::RECEIVED, Vec::new());
        }
        self.record_acknowledgements(&mut commit);
        self.ledger.note_command(&meta, self.ledger.last_at);
        commit[0].meta = Some(codec::encode(&meta).expect("meta encodes: plain owned data"));
        let count = u16::try_from(commit.len()).expect("bounded by RECORDS_PER_COMMAND");
        for record in &mut commit {
            record.count = count;
        }
        if let Some((from, number)) = effect_from {
            let acknowledged = ToActor::Acknowledged { by: self.owner.clone(), up_to: number };
            release.deliveries.push((from, acknowledged));
        }
        self.tail.extend(commit.iter().cloned());
        if self.watched {
            release.events = events.into_iter().map(|event| Box::new(event) as Box<dyn Any + Send>).collect();
        }
        self.report_deadline();
        self.shell.submit(Submission::Commit(commit, release));
    }

    fn record_acknowledgements(&mut self, commit: &mut Commit) {
        for (to, up_to) in std::mem::take(&mut self.unsaved_acks) {
            self.ledger.acknowledged(&to, up_to);
            self.record(commit, shell_events::ACKNOWLEDGED, shell_events::acknowledged_payload(&to, up_to));
        }
    }

    fn record(&mut self, commit: &mut Commit, kind: u16, payload: Vec<u8>) {
        self.ledger.owner_seq += 1;
        commit.push(Record {
            shard: self.shard.clone(),
            owner: self.owner.clone(),
            owner_seq: self.ledger.owner_seq,
            owner_instance: self.instance,
            kind,
            version: if kind < shell_events::OWNER_KINDS_FROM { shell_events::VERSION } else { O::event_version(kind) },
            offset: 0,
            commit: 0,
            index: u16::try_from(commit.len()).expect("bounded by RECORDS_PER_COMMAND"),
            count: 0,
            at: self.ledger.last_at,
            meta: None,
            payload,
        });
    }

    fn as_request(&self) -> Origin {
        Origin::Request { from: self.owner.clone() }
    }

    fn submit_barrier(&self, release: Release) {
        self.shell.submit(Submission::Barrier(release));
    }

    fn acknowledge(&self, to: OwnerRef, up_to: u64) {
        let deliveries = vec![(to, ToActor::Acknowledged { by: self.owner.clone(), up_to })];
        self.submit_barrier(Release { deliveries, ..Release::default() });
    }

    fn report_deadline(&mut self) {
        let deadline = O::next_deadline(&self.state);
        if deadline != self.deadline {
            self.deadline = deadline;
            self.shell.plan_deadline(&self.owner, deadline);
        }
    }

    fn plan_resend(&mut self, ctx: &mut ActorContext<Self>) {
        if !self.resend_planned {
            self.resend_planned = true;
            ctx.notify_later(ToActor::Resend, RESEND_AFTER);
        }
    }

    /// Sends again, in order, what is owed and what is asked.
    fn resend(&mut self, ctx: &mut ActorContext<Self>) {
        self.resend_planned = false;
        if self.closed || self.gone {
            return;
        }
        let from = self.owner.clone();
        let mut deliveries: Vec<(OwnerRef, ToActor)> = self
            .ledger
            .pending()
            .filter(|(to, number, _)| !self.unsaved_acks.iter().any(|(by, up_to)| by == *to && number <= up_to))
            .map(|(to, number, message)| {
                let origin = Origin::Effect { from: from.clone(), number };
                (to.clone(), ToActor::Envelope(Envelope { message: message.clone(), origin, reply: None }))
            })
            .collect();
        let mut requests = Vec::new();
        O::open_requests(&self.state, &mut requests);
        for item in requests {
            if let Outgoing::Request(to, message) = item {
                let envelope = Envelope { message, origin: self.as_request(), reply: None };
                deliveries.push((to, ToActor::Envelope(envelope)));
            }
        }
        if !deliveries.is_empty() {
            metrics::counter!("resent_total").increment(deliveries.len() as u64);
            self.submit_barrier(Release { deliveries, ..Release::default() });
            self.plan_resend(ctx);
        }
    }

    /// A decision broke an invariant or panicked: nothing of it is kept; the state is made again from the records.
    fn failed(&mut self, reply: Option<Reply>, why: &'static str) {
        metrics::counter!("owner_failures_total").increment(1);
        tracing::error!(kind = ?self.owner.kind, why, "an owner failed and is rebuilt");
        let now = clock::monotonic();
        self.panics.retain(|at| now.duration_since(*at) < PANIC_WINDOW);
        self.panics.push(now);
        let rebuilt = rebuild::<O>(&self.owner, self.base.as_deref(), &self.tail);
        match rebuilt {
            Ok((ledger, state)) if self.panics.len() < PANICS => {
                self.ledger = ledger;
                self.state = state;
                self.report_deadline();
            }
            _ => {
                self.closed = true;
                self.shell.note_closed(&self.owner);
            }
        }
        let rejection = Rejection::new(Code::Internal, "nothing was done");
        self.submit_barrier(Release::outcome(reply, Err(rejection)));
    }

    fn snapshot(&mut self, leaving: bool, ctx: &mut ActorContext<Self>) {
        if !self.unsaved_acks.is_empty() && !self.closed {
            let meta_origin = Origin::Shell;
            self.settle_acks(meta_origin, ctx);
        }
        let owner_seq = self.ledger.owner_seq;
        if self.closed || (owner_seq == self.stored_seq && !leaving) {
            return self.submit_barrier(Release { snapshot: Some(Err(self.owner.clone())), ..Release::default() });
        }
        let bytes = codec::encode(&(&self.ledger, &self.state)).expect("states encode: plain owned data");
        self.stored_seq = owner_seq;
        self.base = Some(bytes.clone());
        self.tail.clear();
        let row = SnapshotRow {
            owner: self.owner.clone(),
            owner_seq,
            bytes,
            version: O::STATE_VERSION,
            deadline: O::next_deadline(&self.state),
            leaving,
        };
        self.submit_barrier(Release { snapshot: Some(Ok(row)), ..Release::default() });
    }

    fn settle_acks(&mut self, origin: Origin, ctx: &mut ActorContext<Self>) {
        let mut commit = Commit::new();
        self.record_acknowledgements(&mut commit);
        let meta = CommandMeta { origin, remembered: Remembered::Answer(Answer::Done) };
        let count = u16::try_from(commit.len()).expect("one per receiver");
        commit[0].meta = Some(codec::encode(&meta).expect("meta encodes: plain owned data"));
        commit.iter_mut().for_each(|record| record.count = count);
        self.tail.extend(commit.iter().cloned());
        self.plan_resend(ctx);
        self.shell.submit(Submission::Commit(commit, Release::default()));
    }

    fn is_busy(&self) -> bool {
        let mut requests = Vec::new();
        O::open_requests(&self.state, &mut requests);
        self.watched || self.closed || self.ledger.is_owing() || !requests.is_empty()
    }
}

/// Makes a state again from a snapshot's bytes and the records after it.
pub fn rebuild<O: Owner>(owner: &OwnerRef, base: Option<&[u8]>, tail: &[Record]) -> Result<Whole<O>, String> {
    let mut whole: Whole<O> = match base {
        Some(bytes) => codec::decode(bytes).map_err(|e| e.to_string())?,
        None => (Ledger::default(), O::new_state(&owner.id)),
    };
    for record in tail {
        replay_record::<O>(&mut whole, record)?;
    }
    Ok(whole)
}

/// Applies one record to a state and its ledger, as the live owner did.
pub fn replay_record<O: Owner>(whole: &mut Whole<O>, record: &Record) -> Result<(), String> {
    let (ledger, state) = whole;
    if record.owner_seq != ledger.owner_seq + 1 {
        return Err(format!("{}: record {} after {}", record.owner, record.owner_seq, ledger.owner_seq));
    }
    ledger.owner_seq = record.owner_seq;
    ledger.last_at = record.at;
    if let Some(meta) = &record.meta {
        let meta: CommandMeta = codec::decode(meta).map_err(|e| e.to_string())?;
        ledger.note_command(&meta, record.at);
    }
    if record.kind < shell_events::OWNER_KINDS_FROM {
        return shell_events::replay(ledger, record);
    }
    let event = stored::event::<O>(record)?;
    let mut outgoing = Vec::new();
    O::outgoing(&event, &mut outgoing);
    for item in outgoing {
        if let Outgoing::Effect(to, message) = item {
            ledger.owe(&to, message);
        }
    }
    catch_unwind(AssertUnwindSafe(|| O::apply(state, &event))).map_err(|_| format!("{}: apply panicked", record.owner))
}

impl<O: Owner> Actor for OwnerActor<O> {
    type Context = ActorContext<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(self.shell.mailbox);
        self.report_deadline();
        if self.is_busy() {
            ctx.notify(ToActor::Resend);
        }
    }

    fn stopping(&mut self, _: &mut Self::Context) -> Running {
        Running::Stop
    }
}

impl<O: Owner> Handler<ToActor> for OwnerActor<O> {
    type Result = ();

    fn handle(&mut self, message: ToActor, ctx: &mut Self::Context) {
        if self.gone && !matches!(message, ToActor::Stop) {
            // The snapshot that others load from is made: whoever comes now is served by the next instance.
            return self.shell.deliver(&self.owner, message);
        }
        match message {
            ToActor::Envelope(envelope) => self.on_envelope(envelope, ctx),
            ToActor::Acknowledged { by, up_to } => {
                if self.ledger.awaits(&by, up_to) {
                    self.unsaved_acks.retain(|(to, _)| *to != by);
                    self.unsaved_acks.push((by, up_to));
                }
            }
            ToActor::Watch => {
                self.watched = true;
                let replica = Some((self.owner.clone(), Box::new(self.state.clone()) as Box<dyn Any + Send>));
                self.submit_barrier(Release { replica, ..Release::default() });
            }
            ToActor::Unwatch => self.watched = false,
            ToActor::Read(read) => {
                let read = Some(read(&self.state));
                self.submit_barrier(Release { read, ..Release::default() });
            }
            ToActor::Checkpoint => self.snapshot(false, ctx),
            ToActor::Passivate => {
                if self.unsaved_acks.is_empty() && self.is_busy() || self.watched {
                    return;
                }
                self.snapshot(true, ctx);
                self.leaving = Some(self.ledger.owner_seq);
            }
            ToActor::Leave { owner_seq } => {
                if self.leaving == Some(owner_seq) && self.ledger.owner_seq == owner_seq && !self.is_busy() {
                    self.gone = true;
                    self.shell.left(&self.owner, self.instance);
                    ctx.notify(ToActor::Stop);
                }
            }
            ToActor::Stop => actix::ActorContext::stop(ctx),
            ToActor::Resend => self.resend(ctx),
        }
    }
}
