//! One owner at work: receives, asks the pure part to decide, hands the events to the log with everything that may
//! leave once they are durable. It has no address, socket or client: the only way out is a submission. What it can be
//! made again from is in `keep`, what it sends again in `owed`.

mod keep;
pub(crate) mod owed;

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use actix::{Actor, AsyncContext, Context as ActorContext, Handler, Running, SpawnHandle};
use jiaohao_domain::vocabulary::Answer;
use jiaohao_domain::{Code, Context, Draft, Message, Outgoing, Owner, OwnerRef, Rejection, Timestamp};
use rand::{Rng, SeedableRng, rngs::SmallRng};

use self::owed::{Again, Asking};
use super::ledger::{CommandMeta, Ledger, Origin, Remembered, Seen};
use super::message::{Envelope, ForStore, Outcome, Recall, Release, Replica, Reply, Snapped, Submission, ToActor};
use super::meta;
use super::registry::Shell;
use super::replay::is_owing;
use super::shard::shard_of;
use super::shell_events;
use super::wake::Loaded;
use crate::codec;
use crate::log::{Commit, Record, ShardId};

/// A command makes at most so many records.
pub const RECORDS_PER_COMMAND: usize = 4_096;
/// The actor of one owner.
pub struct OwnerActor<O: Owner> {
    shell: Arc<Shell>,
    owner: OwnerRef,
    shard: ShardId,
    instance: u64,
    state: O::State,
    ledger: Ledger,
    /// What the rebuild after a panic begins with: the last snapshot that was read back, and every record since.
    base: Option<Vec<u8>>,
    tail: Vec<Record>,
    /// The last snapshot made and its last record, until the store has it.
    made: Option<(u64, Vec<u8>)>,
    /// The last record that was handed over: what a rebuild must come to.
    written_seq: u64,
    /// Acknowledgements that no record states yet.
    unsaved_acks: Vec<(OwnerRef, u64)>,
    /// The last record that the store has, as the keeper said.
    stored_seq: u64,
    watched: bool,
    /// Idle, and to go when its snapshot is stored, unless somebody asks before.
    leaving: bool,
    gone: bool,
    resend_planned: Option<SpawnHandle>,
    again: BTreeMap<OwnerRef, Again>,
    asking: BTreeMap<OwnerRef, Asking>,
    deadline: Option<Timestamp>,
    /// When a deadline has last found nothing to do.
    looked: Option<Timestamp>,
    panics: Vec<Instant>,
    /// Decides nothing any more.
    closed: bool,
    /// Closed, and what it knows is not what the log has: not to be read, followed or stored.
    lost: bool,
    chance: SmallRng,
}

/// What a decision made: its events, and what follows from them.
struct Decided<O: Owner> {
    events: Vec<O::Event>,
    outgoing: Vec<Outgoing>,
    deadline: Option<Timestamp>,
    looked: Option<Timestamp>,
}

impl<O: Owner> OwnerActor<O> {
    /// An actor on a state as loaded.
    pub(crate) fn new(shell: Arc<Shell>, owner: OwnerRef, instance: u64, loaded: Loaded<O>) -> Self {
        let Loaded { whole: (ledger, state), base, stored_seq } = loaded;
        let shard = shard_of(&owner);
        let written_seq = ledger.owner_seq;
        #[expect(clippy::disallowed_methods, reason = "the shell's own chance")]
        let chance = SmallRng::from_os_rng();
        Self {
            shell,
            owner,
            shard,
            instance,
            state,
            ledger,
            base,
            tail: Vec::new(),
            made: None,
            written_seq,
            unsaved_acks: Vec::new(),
            stored_seq,
            watched: false,
            leaving: false,
            gone: false,
            resend_planned: None,
            again: BTreeMap::new(),
            asking: BTreeMap::new(),
            deadline: None,
            looked: None,
            panics: Vec::new(),
            closed: false,
            lost: false,
            chance,
        }
    }

    /// An actor whose state could not be had: it answers `owner_failed`.
    pub(crate) fn lost(shell: Arc<Shell>, owner: OwnerRef, instance: u64) -> Self {
        let whole = (Ledger::default(), O::new_state(&owner.id));
        let mut actor = Self::new(shell, owner, instance, Loaded { whole, base: None, stored_seq: 0 });
        actor.lost = true;
        actor.close();
        actor
    }

    fn on_envelope(&mut self, envelope: Envelope, ctx: &mut ActorContext<Self>) {
        let Envelope { message, origin, reply } = envelope;
        self.leaving = false;
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
        if let Some(known) = self.known(&origin) {
            return self.answer_again(known, &origin, reply);
        }
        let Some(command) = O::receive(message) else {
            let why = Rejection::new(Code::UnknownCommand, "not a command of this owner");
            let (deadline, looked) = (self.deadline, self.looked);
            let nothing = Decided { events: Vec::new(), outgoing: Vec::new(), deadline, looked };
            return self.settle(origin, reply, Err(why), nothing, ctx);
        };
        let context = Context {
            now: self.shell.clock.clinic().max(self.ledger.last_at),
            principal: origin.principal(),
            seed: self.chance.random(),
        };
        let state = &mut self.state;
        let (deadline, looked, is_deadline) = (self.deadline, self.looked, matches!(origin, Origin::Deadline));
        // What the events owe and when the owner wants to be woken belong to the decision: a panic there undoes it too.
        let decided = catch_unwind(AssertUnwindSafe(|| {
            let mut draft = Draft::<O>::new(state);
            let outcome = O::decide(&mut draft, command, &context);
            let events = draft.into_events();
            let mut outgoing = Vec::new();
            for event in &events {
                O::outgoing(event, &mut outgoing);
            }
            let looked = if is_deadline && events.is_empty() { Some(context.now) } else { looked };
            let deadline = match looked {
                _ if events.is_empty() && !is_deadline => deadline,
                None => O::next_deadline(state),
                Some(looked) => O::next_deadline_after(state, looked),
            };
            (outcome, Decided { events, outgoing, deadline, looked })
        }));
        if let Ok((Ok(_), Decided { outgoing, .. })) = &decided
            && let Some(to) = self.owes_too_much(&origin, outgoing)
        {
            return self.refuse_owing(&to, reply);
        }
        match decided {
            Ok((Err(_), Decided { events, .. })) if !events.is_empty() => self.failed(reply, "rejected after an event"),
            Ok((_, Decided { events, .. })) if events.len() > RECORDS_PER_COMMAND => {
                self.refuse_too_large(reply);
            }
            Ok((outcome, decided)) => {
                if !decided.events.is_empty() || is_remembered(&origin, &outcome) {
                    self.ledger.last_at = context.now;
                }
                self.settle(origin, reply, outcome, decided, ctx);
            }
            Err(_) => self.failed(reply, "panicked"),
        }
    }

    /// What a repeat is answered by the ledger, or why its key is refused; none: it is to be decided.
    fn known(&self, origin: &Origin) -> Option<Result<Remembered, Rejection>> {
        match self.ledger.look_up(origin, self.shell.clock.earlier()) {
            Err(rejection) => Some(Err(rejection)),
            Ok(Seen::Repeat(Remembered::Forwarded(_, request))) if O::has_let_go(&self.state, &request) => None,
            Ok(Seen::Repeat(remembered)) => Some(Ok(remembered)),
            Ok(Seen::New) => None,
        }
    }

    fn answer_again(&self, known: Result<Remembered, Rejection>, origin: &Origin, reply: Option<Reply>) {
        self.submit_barrier(match known {
            Err(rejection) => Release::outcome(reply, Err(rejection)),
            Ok(Remembered::Answer(answer)) => Release::outcome(reply, Ok(answer)),
            Ok(Remembered::Forwarded(to, request)) => {
                Release { deliveries: vec![self.question(to, request, origin, reply)], ..Release::default() }
            }
        });
    }

    /// The edge refuses it: decided it is not, whatever the key.
    fn on_recall(&mut self, Recall { origin, why, reply }: Recall) {
        self.leaving = false;
        let known = if self.closed { None } else { self.known(&origin) };
        self.answer_again(known.unwrap_or(Err(why)), &origin, Some(reply));
    }

    /// Writes what was decided, and lets everything leave that may.
    fn settle(
        &mut self,
        origin: Origin,
        reply: Option<Reply>,
        outcome: Outcome,
        Decided { events, outgoing, deadline, looked }: Decided<O>,
        ctx: &mut ActorContext<Self>,
    ) {
        self.looked = looked;
        let effect_from = match &origin {
            Origin::Effect { from, number } => Some((from.clone(), *number)),
            _ => None,
        };
        let asked = match &outcome {
            Ok(Answer::AskedOf(to, message)) => Some((to.clone(), message.clone())),
            _ => None,
        };
        if events.is_empty() && effect_from.is_none() && !is_remembered(&origin, &outcome) {
            self.plan_deadline(deadline);
            if matches!(origin, Origin::Deadline) && deadline.zip(looked).is_some_and(|(at, looked)| at <= looked) {
                self.shell.deadlines.stands_still(&self.owner);
            }
            return self.submit_barrier(match asked {
                Some((to, message)) => {
                    Release { deliveries: vec![self.question(to, message, &origin, reply)], ..Release::default() }
                }
                None => Release::outcome(reply, outcome),
            });
        }
        let mut commit = Commit::with_capacity(events.len() + self.unsaved_acks.len() + 1);
        let mut release = Release::default();
        let mut first_request = None;
        for item in outgoing {
            match item {
                Outgoing::Effect(to, message) => {
                    let number = self.ledger.owe(&to, message.clone());
                    let origin = Origin::Effect { from: self.owner.clone(), number };
                    release.deliveries.push((to, ToActor::Envelope(Envelope { message, origin, reply: None })));
                }
                Outgoing::Request(to, message) => {
                    self.asks_anew(&to);
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
            (_, Ok(Answer::AskedOf(to, message))) => Remembered::Forwarded(to.clone(), message.clone()),
            (Some((_, to, message)), Ok(_)) if forwarding => Remembered::Forwarded(to.clone(), message.clone()),
            (_, Ok(answer)) => Remembered::Answer(answer.clone()),
            (_, Err(_)) => Remembered::Answer(Answer::Done),
        };
        match (first_request, reply) {
            // Behind the effects of this decision, into the same mailbox.
            (_, reply) if asked.is_some() => {
                let question = asked.map(|(to, message)| self.question(to, message, &origin, reply));
                release.deliveries.extend(question);
            }
            (Some((at, ..)), Some(reply)) if forwarding => {
                if let (_, ToActor::Envelope(envelope)) = &mut release.deliveries[at] {
                    envelope.reply = Some(reply);
                }
            }
            (_, Some(reply)) => release.reply = Some((reply, outcome)),
            (_, None) => {}
        }
        let command = CommandMeta { origin, remembered };
        for event in &events {
            let (kind, name) = O::event_kind(event);
            metrics::counter!("events_total", "event" => name).increment(1);
            self.record(&mut commit, kind, codec::encode(event).expect("events encode: plain owned data"));
        }
        if events.is_empty() {
            let kind = if effect_from.is_some() { shell_events::RECEIVED } else { shell_events::ANSWERED };
            self.record(&mut commit, kind, Vec::new());
        }
        self.record_acknowledgements(&mut commit);
        self.ledger.note_command(&command, self.ledger.last_at);
        commit[0].meta = Some(meta::write(&command));
        let count = u16::try_from(commit.len()).expect("bounded by RECORDS_PER_COMMAND");
        for record in &mut commit {
            record.count = count;
        }
        if let Some((from, number)) = effect_from {
            let acknowledged = ToActor::Acknowledged { by: self.owner.clone(), up_to: number };
            release.deliveries.push((from, acknowledged));
        }
        if self.watched || events.iter().any(|event| O::ends_rights(event) || O::leaves(event)) {
            release.events = events.into_iter().map(|event| Box::new(event) as Box<dyn Any + Send>).collect();
        }
        self.plan_deadline(deadline);
        self.write(commit, release);
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

    /// A question that another owner answers in this one's place, to a command from there.
    fn question(&self, to: OwnerRef, message: Message, asked: &Origin, reply: Option<Reply>) -> (OwnerRef, ToActor) {
        let origin = if O::is_asked_by_key(&message) { asked.clone() } else { self.as_request() };
        (to, ToActor::Envelope(Envelope { message, origin, reply }))
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

    fn plan_deadline(&mut self, deadline: Option<Timestamp>) {
        if deadline != self.deadline {
            self.deadline = deadline;
            self.shell.deadlines.plan(&self.owner, deadline);
        }
    }

    fn is_busy(&self) -> bool {
        self.watched || self.closed || self.is_owing()
    }

    fn is_owing(&self) -> bool {
        is_owing::<O>(&self.ledger, &self.state)
    }
}

/// An accepted command with a key is on the record also when it changed nothing: decided anew it might, after others.
fn is_remembered(origin: &Origin, outcome: &Outcome) -> bool {
    origin.has_key() && !matches!(outcome, Err(_) | Ok(Answer::Refused(_)))
}

impl<O: Owner> Actor for OwnerActor<O> {
    type Context = ActorContext<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if self.lost {
            return;
        }
        if self.written_seq > 0 {
            self.shell.note_known(&self.owner);
        }
        match catch_unwind(AssertUnwindSafe(|| (O::next_deadline(&self.state), self.is_busy()))) {
            Ok((deadline, is_busy)) => {
                self.plan_deadline(deadline);
                if is_busy {
                    ctx.notify(ToActor::Resend);
                }
            }
            Err(_) => self.failed(None, "panicked when it began"),
        }
    }

    fn stopping(&mut self, _: &mut Self::Context) -> Running {
        Running::Stop
    }
}

impl<O: Owner> Handler<ToActor> for OwnerActor<O> {
    type Result = ();

    fn handle(&mut self, message: ToActor, ctx: &mut Self::Context) {
        if catch_unwind(AssertUnwindSafe(|| self.on(message, ctx))).is_err() {
            self.failed(None, "panicked outside a decision");
        }
    }
}

impl<O: Owner> OwnerActor<O> {
    fn on(&mut self, message: ToActor, ctx: &mut ActorContext<Self>) {
        if self.gone {
            return self.on_when_gone(message, ctx);
        }
        match message {
            ToActor::Envelope(envelope) => self.on_envelope(envelope, ctx),
            ToActor::Recall(recall) => self.on_recall(recall),
            ToActor::Acknowledged { by, up_to } => self.acknowledged(by, up_to),
            ToActor::Watch if self.lost => {}
            ToActor::Watch => {
                self.watched = true;
                let state = Box::new(self.state.clone()) as Box<dyn Any + Send>;
                let replica = Some(Replica { owner: self.owner.clone(), instance: self.instance, state });
                self.submit_barrier(Release { replica, ..Release::default() });
            }
            ToActor::Unwatch => self.watched = false,
            ToActor::Read(read) => {
                let state: &dyn Any = if self.lost { &() } else { &self.state };
                let read = Some(read(state));
                self.submit_barrier(Release { read, ..Release::default() });
            }
            ToActor::Checkpoint(round) => drop(self.snapshot(round, ctx)),
            ToActor::Passivate => {
                if self.unsaved_acks.is_empty() && self.is_busy() || self.watched {
                    return;
                }
                self.leaving = true;
                if !self.snapshot(0, ctx) {
                    self.leave(ctx);
                }
            }
            ToActor::Stored { owner_seq } => {
                self.stored_seq = self.stored_seq.max(owner_seq);
                if let Some((_, bytes)) = self.made.take_if(|(made_seq, _)| *made_seq == owner_seq) {
                    self.rebase(owner_seq, bytes);
                }
                if self.leaving {
                    self.leave(ctx);
                }
            }
            ToActor::Stop => actix::ActorContext::stop(ctx),
            ToActor::Resend => self.resend(ctx),
        }
    }

    /// The snapshot that others load from is stored: who comes now is served by the next instance.
    fn on_when_gone(&mut self, message: ToActor, ctx: &mut ActorContext<Self>) {
        match message {
            ToActor::Stop => actix::ActorContext::stop(ctx),
            ToActor::Checkpoint(round) => {
                let snapshot = Some(ForStore { owner: self.owner.clone(), round, what: Snapped::UpToDate });
                self.submit_barrier(Release { snapshot, ..Release::default() });
            }
            ToActor::Envelope(_)
            | ToActor::Recall(_)
            | ToActor::Acknowledged { .. }
            | ToActor::Watch
            | ToActor::Read(_) => {
                self.shell.deliver(&self.owner, message);
            }
            ToActor::Unwatch | ToActor::Passivate | ToActor::Stored { .. } | ToActor::Resend => {}
        }
    }
}
