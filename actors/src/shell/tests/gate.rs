//! A node for tests: a log in memory whose flush can be held, a store in a folder that stays until the test ends, and an
//! end without warning after which the same log and the same store are started on again.

use std::any::Any;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use jiaohao_domain::{OwnerRef, Rejection, Timestamp, time::Zone};
use serde_json::{Value, json};

use super::probe::{Probe, State, deadline_message, probe};
use crate::fanout::{CoarseClock, Hub, HubLimits, Outbox, OutboxLimits};
use crate::log::{Commit, HistoryId, Log, LogError, LogReader, MemoryLog, Prunable, Record, ShardId};
use crate::shell::keeper::KeeperOptions;
use crate::shell::projector::{Awaited, Subscription, ToProjector};
use crate::shell::streams::{Happened, Replicas, StreamRules};
use crate::shell::{Clock, Kinds, Node, NodeOptions, StartError};

/// Holds every append, or every check of archives, until released; counts what is pruned.
#[derive(Clone, Default)]
pub(super) struct Gate {
    appends: Bar,
    checks: Bar,
    pruned: Arc<Mutex<Vec<u64>>>,
}

/// Holds whoever wants to pass.
#[derive(Clone, Default)]
struct Bar(Arc<(Mutex<Held>, Condvar)>);

#[derive(Default)]
struct Held {
    is_held: bool,
    waiting: u32,
}

impl Bar {
    fn hold(&self, is_held: bool) {
        self.0.0.lock().unwrap().is_held = is_held;
        self.0.1.notify_all();
    }
    fn pass(&self) {
        let mut held = self.0.0.lock().unwrap();
        held.waiting += 1;
        let mut held = self.0.1.wait_while(held, |held| held.is_held).unwrap();
        held.waiting -= 1;
    }
}

impl Gate {
    pub(super) fn open() -> Self {
        Self::default()
    }
    pub(super) fn hold(&self) {
        self.appends.hold(true);
    }
    pub(super) fn release(&self) {
        self.appends.hold(false);
    }
    pub(super) fn hold_checks(&self) {
        self.checks.hold(true);
    }
    pub(super) fn release_checks(&self) {
        self.checks.hold(false);
    }
    /// Comes back when a check is held.
    pub(super) async fn checking(&self) {
        for _ in 0..500 {
            if self.checks.0.0.lock().unwrap().waiting > 0 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("nothing is checked");
    }
    /// Up to which commits the log was pruned.
    pub(super) fn pruned(&self) -> Vec<u64> {
        self.pruned.lock().unwrap().clone()
    }
}

pub(super) struct GatedLog {
    inner: Box<dyn Log>,
    gate: Gate,
}

impl GatedLog {
    pub(super) fn new(inner: Box<dyn Log>, gate: Gate) -> Self {
        Self { inner, gate }
    }
}

struct GatedReader {
    inner: Arc<dyn LogReader>,
    gate: Gate,
}

impl LogReader for GatedReader {
    fn last_commit(&self) -> u64 {
        self.inner.last_commit()
    }
    fn replay(&self, after: u64, visit: &mut dyn FnMut(Record)) -> Result<(), LogError> {
        self.inner.replay(after, visit)
    }
    fn prunable(&self, up_to_commit: u64) -> Result<Prunable, LogError> {
        self.gate.checks.pass();
        self.inner.prunable(up_to_commit)
    }
}

impl Log for GatedLog {
    fn append(&mut self, commits: &mut [Commit]) -> Result<(), LogError> {
        self.gate.appends.pass();
        self.inner.append(commits)
    }
    fn last_commit(&self) -> u64 {
        self.inner.last_commit()
    }
    fn shard_ends(&self) -> BTreeMap<ShardId, u64> {
        self.inner.shard_ends()
    }
    fn history_id(&self) -> HistoryId {
        self.inner.history_id()
    }
    fn reader(&self) -> Arc<dyn LogReader> {
        Arc::new(GatedReader { inner: self.inner.reader(), gate: self.gate.clone() })
    }
    fn prune(&mut self, prunable: Prunable) -> Result<u64, LogError> {
        self.gate.pruned.lock().unwrap().push(prunable.up_to_commit());
        self.inner.prune(prunable)
    }
}

/// What somebody who follows has been sent.
pub(super) struct Seen(Arc<Outbox>, usize);

impl Seen {
    /// Whether anything waits beyond the first `subscribed`.
    pub(super) fn has_more(&self) -> bool {
        self.0.backlog().bytes > self.1
    }

    /// The next frame, when it has come.
    pub(super) async fn soon(&self) -> Value {
        for _ in 0..500 {
            if self.0.backlog().bytes > 0 {
                return self.next();
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("no frame has come");
    }

    /// The next frame.
    pub(super) fn next(&self) -> Value {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match self.0.poll_frame(&mut context) {
            std::task::Poll::Ready(Some(frame)) => crate::fanout::contract::decode(&frame),
            _ => panic!("no frame waits"),
        }
    }
}

pub(super) struct TestNode {
    folder: tempfile::TempDir,
    /// How many events the rules were told of for the outside.
    heard: Arc<AtomicUsize>,
    looked_at: Arc<Mutex<Vec<String>>>,
}

impl TestNode {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), heard: Arc::default(), looked_at: Arc::default() }
    }

    /// How often the rules were asked what that stream is made of.
    pub(super) fn looked_at(&self, stream: &str) -> usize {
        self.looked_at.lock().unwrap().iter().filter(|looked_at| *looked_at == stream).count()
    }

    /// How many events could have made a call to an outside party by now.
    pub(super) fn heard(&self) -> usize {
        self.heard.load(Ordering::SeqCst)
    }

    pub(super) fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    pub(super) fn start(&self, gate: &Gate) -> Node {
        self.start_with(gate, |_| {})
    }

    /// With other settings than the usual ones.
    pub(super) fn start_with(&self, gate: &Gate, change: impl FnOnce(&mut NodeOptions)) -> Node {
        let log = Box::new(MemoryLog::new(HistoryId(1)));
        self.start_on_with(Box::new(GatedLog::new(log, gate.clone())), change)
    }

    pub(super) fn start_on(&self, log: Box<dyn Log>) -> Node {
        self.start_on_with(log, |_| {})
    }

    pub(super) fn start_on_with(&self, log: Box<dyn Log>, change: impl FnOnce(&mut NodeOptions)) -> Node {
        self.try_start_on(log, change).unwrap()
    }

    pub(super) fn try_start_on(
        &self,
        log: Box<dyn Log>,
        change: impl FnOnce(&mut NodeOptions),
    ) -> Result<Node, StartError> {
        let mut options = NodeOptions {
            clock: Box::new(|_| Clock::manual(Timestamp(1_000))),
            kinds: Kinds::default().with::<Probe>(),
            log,
            store: self.store(),
            store_cache_bytes: 1 << 20,
            epoch: "e".into(),
            hub: Box::new(Hub::new("e", HubLimits::default(), Arc::new(CoarseClock::default()))),
            rules: Box::new(ProbeStreams { heard: self.heard.clone(), looked_at: self.looked_at.clone() }),
            deadline_message,
            owner_threads: 2,
            mailbox: 1_024,
            keeper: KeeperOptions { checkpoint_every_s: 3_600, idle_s: 3_600, prune_after_s: 3_600 },
            on_failure: Box::new(|why| panic!("{why}")),
            progress: std::sync::Arc::default(),
        };
        change(&mut options);
        Node::start(options)
    }

    /// Ends the node without a last checkpoint, as a kill would, and starts on the same log and the same store.
    pub(super) fn crash(&self, node: Node) -> Node {
        self.crash_with(node, |_| {})
    }

    /// As [`TestNode::crash`], and starts with other settings.
    pub(super) fn crash_with(&self, node: Node, change: impl FnOnce(&mut NodeOptions)) -> Node {
        let log = node.end().unwrap();
        let node = self.start_on_with(log, change);
        assert_eq!(node.report.store_set_aside, None, "the end damaged the store");
        node
    }

    /// Asks to follow; the outbox is where it will be seen.
    pub(super) fn subscribe(&self, node: &Node, stream: &str) -> Arc<Outbox> {
        self.subscribe_unless(node, stream, Awaited::default(), |outcome| outcome.unwrap())
    }

    /// The same for somebody who may give up waiting.
    pub(super) fn subscribe_unless(
        &self,
        node: &Node,
        stream: &str,
        awaited: Awaited,
        done: impl FnOnce(Result<(), Rejection>) + Send + 'static,
    ) -> Arc<Outbox> {
        let outbox = Outbox::new(1, OutboxLimits::default(), Arc::new(CoarseClock::default()));
        let subscription = Subscription {
            outbox: outbox.clone(),
            reply_to: "1".into(),
            stream: stream.into(),
            since: None,
            awaited,
            done: Box::new(done),
        };
        node.shell.projector().send(ToProjector::Subscribe(subscription)).unwrap();
        outbox
    }

    pub(super) async fn follow(&self, node: &Node, stream: &str) -> Seen {
        let outbox = self.subscribe(node, stream);
        for _ in 0..500 {
            let subscribed_bytes = outbox.backlog().bytes;
            if subscribed_bytes > 0 {
                return Seen(outbox, subscribed_bytes);
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("no subscribed frame");
    }
}

/// `queue:{id}` of a probe: its sum. (The hub knows only the protocol's own stream kinds.)
#[derive(Default)]
pub(in crate::shell) struct ProbeStreams {
    heard: Arc<AtomicUsize>,
    looked_at: Arc<Mutex<Vec<String>>>,
}

impl StreamRules for ProbeStreams {
    fn heard(&self, _: &OwnerRef, _: &dyn Any, _: &dyn Fn(&str) -> bool) {
        self.heard.fetch_add(1, Ordering::SeqCst);
    }
    fn sources(&self, stream: &str, _: &Replicas) -> Vec<OwnerRef> {
        self.looked_at.lock().unwrap().push(stream.into());
        stream.split_once(':').map(|(_, id)| probe(id)).into_iter().collect()
    }
    fn emissions(
        &self,
        happened: &Happened<'_>,
        replicas: &Replicas,
        is_live: &dyn Fn(&str) -> bool,
        out: &mut Vec<(String, Value)>,
    ) {
        let stream = format!("queue:{}", happened.owner.id);
        let sum = replicas.state::<State>(happened.owner).map(|state| state.sum);
        if is_live(&stream) {
            out.push((stream, json!({ "probed": { "sum": sum } })));
        }
    }
    fn snapshot(&self, stream: &str, replicas: &Replicas, _: Timestamp) -> Option<Value> {
        let (_, id) = stream.split_once(':')?;
        replicas.state::<State>(&probe(id)).map(|state| json!({ "sum": state.sum }))
    }
    fn zone(&self, _: &str, _: &Replicas) -> Zone {
        Zone::named("Asia/Shanghai").unwrap()
    }
}
