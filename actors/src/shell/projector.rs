//! From durable to everybody: one thread takes what the writer has released, in log order, brings replicas up to date,
//! publishes on the streams, and only then lets answers and effects go: whoever hears "done" has its events queued. Who
//! wishes to follow what is not there yet waits in `wishes`.

mod wishes;

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use flume::{Receiver, RecvTimeoutError, Sender};
use jiaohao_domain::{Code, OwnerRef, Rejection, Timestamp};
use serde_json::Value;

use self::wishes::{BESIDE_WITHIN_MS, MadeOf, Place, SUBSCRIBE_WITHIN_MS, Wish, Wishes};
use super::clock::process_ms;
use super::keeper::ToKeeper;
use super::message::{Release, Replica, ToActor, overloaded};
use super::registry::{Nudged, Shell};
use super::shard::shard_of;
use super::shell_events;
use super::streams::{Happened, Replicas, StreamRules};
use crate::fanout::{Current, Fanout, Moment, Outbox, Position};
use crate::log::{Commit, ShardId};

/// How many messages may wait; a full queue makes the writer and the doors wait.
pub const QUEUE: usize = 4_096;
/// Between two ticks of the fan-out.
const TICK: Duration = Duration::from_millis(100);
/// Replicas that no live stream needs are dropped at this pace.
const TIDY_EVERY_MS: i64 = if cfg!(test) { 100 } else { 10_000 };
/// Whoever waits for an owner is looked after at this pace, and when the owner comes.
const LOOK_AFTER_EVERY_MS: i64 = 1_000;

/// What the projector is told.
pub enum ToProjector {
    /// Durable: in log order.
    Released(Vec<(Commit, Release)>),
    /// Somebody wants to follow a stream.
    Subscribe(Subscription),
    /// Somebody follows no more.
    Unsubscribe {
        /// Who.
        outbox: Arc<Outbox>,
        /// What.
        stream: String,
    },
    /// Somebody's right to a stream has gone.
    End {
        /// Who.
        outbox: Arc<Outbox>,
        /// What.
        stream: String,
        /// Why.
        error: Rejection,
    },
    /// The stream as it is now, once (for HTTP).
    Look {
        /// What.
        stream: String,
        /// Where the answer goes.
        answer: tokio::sync::oneshot::Sender<Result<(Position, Value), Rejection>>,
    },
    /// What the fan-out holds.
    Size(tokio::sync::oneshot::Sender<crate::fanout::HubSize>),
    /// Begin to deliver.
    Begin(Weak<Shell>),
    /// End.
    Stop,
}

/// A wish to follow a stream.
pub struct Subscription {
    /// Who.
    pub outbox: Arc<Outbox>,
    /// The id of the request.
    pub reply_to: String,
    /// What.
    pub stream: String,
    /// From where.
    pub since: Option<Position>,
    /// Whether somebody still waits for it.
    pub awaited: Awaited,
    /// Told when `subscribed` has been queued, or why it cannot be.
    pub done: Box<dyn FnOnce(Result<(), Rejection>) + Send>,
}

/// Of a wish and its answer: whoever comes first, who gives up waiting or who fulfils it, decides what becomes of it, so
/// that nothing is opened for somebody who was told that it is not.
#[derive(Clone, Default)]
pub struct Awaited(Arc<AtomicBool>);

impl Awaited {
    /// Decides it, once. False: the other side has.
    pub fn decide(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }
}

/// Starts the thread. `shard_ends` are the log's, from which every stream goes on; `epoch` is the streams'
/// history id with the projection's version and the folder's place.
pub fn start(
    messages: Receiver<ToProjector>,
    hub: Box<dyn Fanout + Send>,
    rules: Box<dyn StreamRules>,
    keeper: Sender<ToKeeper>,
    shard_ends: BTreeMap<ShardId, u64>,
    epoch: Arc<str>,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    let projector = Projector {
        shell: Weak::new(),
        hub,
        rules,
        keeper,
        epoch,
        replicas: Replicas::default(),
        following: HashMap::new(),
        interrupted: BTreeMap::new(),
        unwatched: BTreeSet::new(),
        asked: HashMap::new(),
        shard_ends,
        followed: BTreeSet::new(),
        wishes: Wishes::default(),
        looked_after_ms: 0,
        tidied_ms: 0,
    };
    std::thread::Builder::new().name("projector".into()).spawn(move || projector.run(&messages))
}

struct Projector {
    shell: Weak<Shell>,
    hub: Box<dyn Fanout + Send>,
    rules: Box<dyn StreamRules>,
    keeper: Sender<ToKeeper>,
    epoch: Arc<str>,
    replicas: Replicas,
    /// The instance whose events a replica follows; none: its owner has come back as another one, and is asked anew.
    following: HashMap<OwnerRef, u64>,
    /// Streams of such owners, and since when (machine time): they owe everybody a snapshot.
    interrupted: BTreeMap<String, i64>,
    /// Owners that nobody follows any more and that have not taken the word of it.
    unwatched: BTreeSet<OwnerRef>,
    /// Owners asked for a replica, and when (machine time).
    asked: HashMap<OwnerRef, i64>,
    shard_ends: BTreeMap<ShardId, u64>,
    /// Streams somebody has followed since the last tidying.
    followed: BTreeSet<String>,
    wishes: Wishes,
    looked_after_ms: i64,
    tidied_ms: i64,
}

/// What one batch puts on a stream.
type Batch = BTreeMap<String, Vec<(u64, Timestamp, Value)>>;

impl Projector {
    fn run(mut self, messages: &Receiver<ToProjector>) {
        loop {
            match messages.recv_timeout(TICK) {
                Ok(ToProjector::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(message) => self.on(message),
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.tick();
        }
    }

    fn on(&mut self, message: ToProjector) {
        match message {
            ToProjector::Released(batch) => self.released(batch),
            ToProjector::Subscribe(subscription) => self.on_wish(Wish::Follow(subscription)),
            ToProjector::Look { stream, answer } => self.on_wish(Wish::Look(stream, answer)),
            ToProjector::Unsubscribe { outbox, stream } => {
                self.hub.unsubscribe(&outbox, &stream);
            }
            ToProjector::End { outbox, stream, error } => self.hub.end_one(&outbox, &stream, &error),
            ToProjector::Size(answer) => {
                // The asker may have gone away.
                let _ = answer.send(self.hub.size());
            }
            ToProjector::Begin(shell) => self.shell = shell,
            ToProjector::Stop => {}
        }
    }

    fn released(&mut self, batch: Vec<(Commit, Release)>) {
        let mut out = Batch::new();
        let mut leaving = Vec::with_capacity(batch.len());
        let mut come = Vec::new();
        for (commit, mut release) in batch {
            self.project(&commit, std::mem::take(&mut release.events), &mut out);
            if let Some(replica) = release.replica.take() {
                come.extend(self.begin(replica));
            }
            leaving.push(release);
        }
        self.publish(out);
        self.renew();
        for release in leaving {
            self.let_go(release);
        }
        for (place, wish) in self.wishes.take_lacking(&come) {
            self.wish(place, wish);
        }
    }

    /// Applies a commit's events to the replica and collects what they put on which streams.
    fn project(&mut self, commit: &Commit, events: Vec<Box<dyn Any + Send>>, out: &mut Batch) {
        let Some(last) = commit.last() else { return };
        self.shard_ends.insert(last.shard.clone(), last.offset);
        let owner = &last.owner;
        let Some(shell) = self.shell.upgrade() else { return };
        for event in &events {
            let hub = &self.hub;
            self.rules.heard(owner, event.as_ref(), &|stream| hub.is_followed(stream));
        }
        if !self.replicas.has(owner) {
            return;
        }
        if self.following.get(owner) != Some(&last.owner_instance) {
            // The one that was told to be watched has ended without a word.
            if self.following.remove(owner).is_some() {
                self.interrupt(owner);
            }
            return;
        }
        let (Some(kind), Some(replica)) = (shell.kinds.get(owner.kind), self.replicas.0.get_mut(owner)) else { return };
        for event in &events {
            kind.follow(replica.as_mut(), event.as_ref());
        }
        let records = commit.iter().filter(|record| record.kind >= shell_events::OWNER_KINDS_FROM);
        let mut emitted = Vec::new();
        for (record, event) in records.zip(&events) {
            let happened = Happened { owner, event: event.as_ref(), at: record.at };
            let hub = &self.hub;
            self.rules.emissions(&happened, &self.replicas, &|stream| hub.is_live(stream), &mut emitted);
            for (stream, value) in emitted.drain(..) {
                out.entry(stream).or_default().push((record.offset, record.at, value));
            }
        }
    }

    fn publish(&mut self, out: Batch) {
        for (stream, events) in out {
            if !self.hub.is_live(&stream) {
                continue;
            }
            let zone = self.rules.zone(&stream, &self.replicas);
            let times: Vec<String> = events.iter().map(|(_, at, _)| zone.rfc3339(*at)).collect();
            let moments: Vec<Moment<'_>> = events
                .iter()
                .zip(&times)
                .map(|((offset, _, event), at)| Moment { offset: *offset, at, event })
                .collect();
            let (rules, replicas, now) = (&self.rules, &self.replicas, events.last().map_or(Timestamp(0), |e| e.1));
            self.hub.publish(&stream, &moments, &mut || rules.snapshot(&stream, replicas, now));
        }
    }

    fn let_go(&mut self, release: Release) {
        // First what others are told: whoever hears the answer and goes to one of them comes after it.
        if let Some(shell) = self.shell.upgrade() {
            for (to, message) in release.deliveries {
                crash_between_owners(&message);
                shell.deliver(&to, message);
            }
        }
        if let Some((reply, outcome)) = release.reply {
            reply.send(outcome);
        }
        if let Some(read) = release.read {
            read();
        }
        if let Some(snapshot) = release.snapshot {
            // A snapshot that finds the keeper's queue full is dropped: its round is given up, and the owner asked again
            // in the next. Without a keeper the node is ending.
            if self.keeper.try_send(ToKeeper::Snapshot(snapshot)).is_err() {
                metrics::counter!("overloaded_total", "what" => "keeper").increment(1);
            }
        }
    }

    fn on_wish(&mut self, wish: Wish) {
        let place = self.wishes.place(process_ms());
        self.wish(place, wish);
    }

    /// Fulfils a wish when every source has a replica; else asks for those and keeps it. One that is lost never has.
    fn wish(&mut self, place: Place, wish: Wish) {
        let stream = wish.stream().to_owned();
        let sources = self.rules.sources(&stream, &self.replicas);
        if sources.is_empty() {
            return wish.refuse(Code::UnknownStream.into());
        }
        let waits_ms = process_ms() - place.since_ms;
        let mut missing = self.missing(&sources);
        let lacks_source = !missing.is_empty();
        let is_lost = missing.iter().any(|owner| self.is_lost(owner));
        let beside = self.rules.beside(&stream, &self.replicas);
        if waits_ms <= BESIDE_WITHIN_MS {
            missing.extend(self.missing(&beside).into_iter().filter(|owner| !self.is_lost(owner)));
        }
        if missing.is_empty() {
            return self.fulfil(&stream, &sources[0], wish);
        }
        if self.wishes.is_full() {
            return wish.refuse(overloaded("waiting for streams"));
        }
        if is_lost || waits_ms > SUBSCRIBE_WITHIN_MS {
            return wish.refuse(Code::TimedOut.into());
        }
        let Some(shell) = self.shell.upgrade() else { return wish.refuse(Code::Overloaded.into()) };
        self.watch(&shell, missing.clone());
        let owners = sources.into_iter().chain(beside).collect();
        self.wishes.keep(place, wish, MadeOf { owners, missing, lacks_source });
    }

    fn is_lost(&self, owner: &OwnerRef) -> bool {
        self.shell.upgrade().is_some_and(|shell| shell.is_lost(owner))
    }

    /// Those without a replica that is up to date.
    fn missing(&self, owners: &[OwnerRef]) -> Vec<OwnerRef> {
        owners.iter().filter(|owner| !self.following.contains_key(owner)).cloned().collect()
    }

    /// Asks for replicas; who does not answer is asked again after a second.
    fn watch(&mut self, shell: &Arc<Shell>, owners: Vec<OwnerRef>) {
        let now_ms = process_ms();
        for owner in owners {
            let asked_ms = self.asked.entry(owner.clone()).or_insert(i64::MIN);
            if now_ms.saturating_sub(*asked_ms) > 1_000 {
                *asked_ms = now_ms;
                self.unwatched.remove(&owner);
                shell.deliver(&owner, ToActor::Watch);
            }
        }
    }

    /// A replica that follows its owner from here on: whose it is, if anybody needs it.
    fn begin(&mut self, Replica { owner, instance, state }: Replica) -> Option<OwnerRef> {
        // The second answer to a question that was asked twice may come behind an `Unwatch`, and follow nothing.
        let is_awaited = self.asked.remove(&owner).is_some();
        let was_behind = !is_awaited || !self.following.contains_key(&owner);
        if !is_awaited && !self.replicas.has(&owner) {
            return None;
        }
        if self.replicas.0.insert(owner.clone(), state).is_some() && was_behind {
            self.interrupt(&owner);
        }
        self.following.insert(owner.clone(), instance);
        Some(owner)
    }

    /// What an owner has done since is not known: all streams of it wait for its new replica.
    fn interrupt(&mut self, owner: &OwnerRef) {
        let now_ms = process_ms();
        for stream in &self.followed {
            let (rules, replicas) = (&self.rules, &self.replicas);
            if rules.sources(stream, replicas).contains(owner) || rules.beside(stream, replicas).contains(owner) {
                self.hub.interrupt(stream);
                self.interrupted.entry(stream.clone()).or_insert(now_ms);
            }
        }
    }

    /// Gives everybody on an interrupted stream a snapshot, as soon as its owners are followed again; those whose owner
    /// has no state any more are let go.
    fn renew(&mut self) {
        if self.interrupted.is_empty() {
            return;
        }
        let Some(shell) = self.shell.upgrade() else { return };
        let (now_ms, now) = (process_ms(), shell.clock.clinic());
        for (stream, since_ms) in std::mem::take(&mut self.interrupted) {
            let waits_ms = now_ms - since_ms;
            let sources = self.rules.sources(&stream, &self.replicas);
            let behind = self.missing(&sources);
            let beside = self.missing(&self.rules.beside(&stream, &self.replicas));
            let is_there = behind.is_empty() && (beside.is_empty() || waits_ms > BESIDE_WITHIN_MS);
            if is_there || waits_ms > SUBSCRIBE_WITHIN_MS {
                let offset = sources.first().and_then(|source| self.shard_ends.get(&shard_of(source)));
                let snapshot = is_there.then(|| self.rules.snapshot(&stream, &self.replicas, now)).flatten();
                self.hub.renew(&stream, offset.copied().unwrap_or(0), snapshot);
            } else {
                self.interrupted.insert(stream, since_ms);
            }
            self.watch(&shell, behind.into_iter().chain(beside).collect());
        }
    }

    /// Tells owners that nobody follows them, until they have taken it.
    fn unwatch(&mut self) {
        let Some(shell) = self.shell.upgrade() else { return };
        self.unwatched.retain(|owner| shell.nudge(owner, ToActor::Unwatch) == Nudged::Full);
    }

    fn fulfil(&mut self, stream: &str, source: &OwnerRef, wish: Wish) {
        let now = self.shell.upgrade().map_or(Timestamp(0), |shell| shell.clock.clinic());
        let offset = self.shard_ends.get(&shard_of(source)).copied().unwrap_or(0);
        let (rules, replicas) = (&self.rules, &self.replicas);
        let mut current = || rules.snapshot(stream, replicas, now).map(|snapshot| Current { offset, snapshot });
        match wish {
            Wish::Follow(Subscription { outbox, reply_to, since, awaited, done, .. }) => {
                if !awaited.decide() {
                    return done(Err(Code::TimedOut.into()));
                }
                let outcome = self.hub.subscribe(&outbox, &reply_to, stream, since.as_ref(), &mut current);
                if outcome.is_ok() {
                    self.followed.insert(stream.to_owned());
                }
                done(outcome);
            }
            Wish::Look(_, answer) => {
                // As `subscribe` has it: the shard is further on than a stream of which its last commits were not.
                let offset = self.hub.offset(stream).unwrap_or(offset);
                let seen = current().map(|c| (Position { epoch: self.epoch.clone(), offset }, c.snapshot));
                // The asker may have gone away.
                let _ = answer.send(seen.ok_or_else(|| Code::UnknownStream.into()));
            }
        }
    }

    fn tick(&mut self) {
        let now_ms = process_ms();
        let now = self.shell.upgrade().map_or(Timestamp(0), |shell| shell.clock.clinic());
        let (rules, replicas) = (&self.rules, &self.replicas);
        self.hub.tick(&mut |stream| rules.snapshot(stream, replicas, now));
        if now_ms - self.looked_after_ms > LOOK_AFTER_EVERY_MS {
            self.looked_after_ms = now_ms;
            self.look_after(now_ms);
        }
        self.renew();
        if now_ms - self.tidied_ms > TIDY_EVERY_MS {
            self.tidied_ms = now_ms;
            self.tidy(now_ms);
        }
        self.unwatch();
    }

    /// Asks those again who are waited for; whoever waits for a lost one, or has waited long enough, waits no more.
    fn look_after(&mut self, now_ms: i64) {
        let (lost, silent): (Vec<_>, Vec<_>) = self.wishes.lacked().cloned().partition(|owner| self.is_lost(owner));
        if let Some(shell) = self.shell.upgrade() {
            self.watch(&shell, silent);
        }
        let mut over = self.wishes.take_lacking(&lost);
        over.extend(self.wishes.take_late(now_ms));
        for (place, wish) in over {
            self.wish(place, wish);
        }
    }

    /// Drops the replicas that no live stream and no wish needs, and what is known of those who were asked for one.
    fn tidy(&mut self, now_ms: i64) {
        let hub = &self.hub;
        self.followed.retain(|stream| hub.is_live(stream));
        let (rules, replicas) = (&self.rules, &self.replicas);
        let followed = self.followed.iter().flat_map(|s| [rules.sources(s, replicas), rules.beside(s, replicas)]);
        let needed: BTreeSet<OwnerRef> = followed.flatten().chain(self.wishes.owners().cloned()).collect();
        self.replicas.0.retain(|owner, _| {
            let keep = needed.contains(owner);
            // Who is behind is not watched, or has been asked and answers yet.
            if !keep && self.following.remove(owner).is_some() {
                self.unwatched.insert(owner.clone());
            }
            keep
        });
        // Whoever still answers then is not awaited any more, and told so.
        let is_silent = |asked_ms: &i64| now_ms.saturating_sub(*asked_ms) > SUBSCRIBE_WITHIN_MS;
        let given_up = self.asked.extract_if(|owner, asked_ms| !needed.contains(owner) && is_silent(asked_ms));
        self.unwatched.extend(given_up.map(|(owner, _)| owner));
    }
}

/// Where tests end the process between the two owners of a booking and of a transfer.
fn crash_between_owners(message: &ToActor) {
    use jiaohao_domain::vocabulary::ToDepartment;
    if let ToActor::Envelope(envelope) = message
        && let jiaohao_domain::Message::Department(to) = &envelope.message
    {
        match **to {
            ToDepartment::RequestPlace { .. } | ToDepartment::RequestByReferral { .. } => {
                crate::crash::at("between_booking")
            }
            ToDepartment::TakeTransfer { .. } => crate::crash::at("between_transfer"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use jiaohao_domain::OwnerKind;

    use super::*;
    use crate::fanout::{CoarseClock, Hub, HubLimits};
    use crate::shell::tests::gate::ProbeStreams;

    #[test]
    fn who_was_asked_for_a_replica_that_nobody_needs_any_more_is_forgotten_and_told_so() {
        let mut projector = Projector {
            shell: Weak::new(),
            hub: Box::new(Hub::new("e", HubLimits::default(), Arc::new(CoarseClock::default()))),
            rules: Box::new(ProbeStreams::default()),
            keeper: flume::bounded(1).0,
            epoch: "e".into(),
            replicas: Replicas::default(),
            following: HashMap::new(),
            interrupted: BTreeMap::new(),
            unwatched: BTreeSet::new(),
            asked: HashMap::new(),
            shard_ends: BTreeMap::new(),
            followed: BTreeSet::new(),
            wishes: Wishes::default(),
            looked_after_ms: 0,
            tidied_ms: 0,
        };
        let [silent, wished, young] = ["silent", "wished", "young"].map(|id| OwnerRef::new(OwnerKind::Probe, id));
        let wish = Wish::Look("queue:wished".into(), tokio::sync::oneshot::channel().0);
        let place = projector.wishes.place(0);
        projector.wishes.keep(place, wish, MadeOf { owners: vec![wished.clone()], ..MadeOf::default() });
        projector.asked = HashMap::from([(silent.clone(), 0), (wished.clone(), 0), (young.clone(), 5_000)]);
        projector.tidy(6_000);
        assert_eq!(projector.asked.into_keys().collect::<BTreeSet<_>>(), BTreeSet::from([wished, young]));
        assert_eq!(projector.unwatched, BTreeSet::from([silent]));
    }
}
