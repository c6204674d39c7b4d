//! A node for tests: a log in memory whose flush can be held, a store in a folder that goes away.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};

use jiaohao_domain::{OwnerRef, Timestamp, time::Zone};
use serde_json::{Value, json};

use super::probe::{Probe, State, deadline_message, probe};
use crate::fanout::{CoarseClock, Hub, HubLimits, Outbox, OutboxLimits};
use crate::log::{Commit, HistoryId, Log, LogError, LogReader, MemoryLog, Record, ShardId};
use crate::shell::keeper::KeeperOptions;
use crate::shell::projector::{Subscription, ToProjector};
use crate::shell::streams::{Happened, Replicas, StreamRules};
use crate::shell::{Clock, Kinds, Node, NodeOptions, StartError};

/// Holds every append until released.
#[derive(Clone)]
pub(super) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub(super) fn open() -> Self {
        Self(Arc::new((Mutex::new(false), Condvar::new())))
    }
    pub(super) fn hold(&self) {
        *self.0.0.lock().unwrap() = true;
    }
    pub(super) fn release(&self) {
        *self.0.0.lock().unwrap() = false;
        self.0.1.notify_all();
    }
    fn pass(&self) {
        let held = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(held, |held| *held).unwrap());
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

impl Log for GatedLog {
    fn append(&mut self, commits: &mut [Commit]) -> Result<(), LogError> {
        self.gate.pass();
        self.inner.append(commits)
    }
    fn last_commit(&self) -> u64 {
        self.inner.last_commit()
    }
    fn shard_end(&self, shard: &ShardId) -> u64 {
        self.inner.shard_end(shard)
    }
    fn history_id(&self) -> HistoryId {
        self.inner.history_id()
    }
    fn reader(&self) -> Arc<dyn LogReader> {
        self.inner.reader()
    }
    fn prune(&mut self, up_to_commit: u64) -> Result<u64, LogError> {
        self.inner.prune(up_to_commit)
    }
}

/// What somebody who follows has been sent.
pub(super) struct Seen(Arc<Outbox>, usize);

impl Seen {
    /// Whether anything waits beyond the first `subscribed`.
    pub(super) fn has_more(&self) -> bool {
        self.0.backlog().bytes > self.1
    }
}

pub(super) struct TestNode {
    folder: tempfile::TempDir,
    idle_s: u64,
    crashes: std::cell::Cell<u32>,
}

impl TestNode {
    pub(super) fn new() -> Self {
        Self::with_idle_s(3_600)
    }

    pub(super) fn with_idle_s(idle_s: u64) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), idle_s, crashes: std::cell::Cell::new(0) }
    }

    pub(super) fn store(&self) -> PathBuf {
        self.folder.path().join(format!("store-{}", self.crashes.get()))
    }

    pub(super) fn start(&self, gate: &Gate) -> Node {
        let log = Box::new(MemoryLog::new(HistoryId(1)));
        self.start_on(Box::new(GatedLog::new(log, gate.clone())))
    }

    pub(super) fn start_on(&self, log: Box<dyn Log>) -> Node {
        self.try_start_on(log).unwrap()
    }

    pub(super) fn try_start_on(&self, log: Box<dyn Log>) -> Result<Node, StartError> {
        Node::start(NodeOptions {
            clock: Box::new(|_| Clock::manual(Timestamp(1_000))),
            kinds: Kinds::default().with::<Probe>(),
            log,
            store: self.store(),
            store_cache_bytes: 1 << 20,
            epoch: "e".into(),
            hub: Box::new(Hub::new("e", HubLimits::default(), Arc::new(CoarseClock::default()))),
            rules: Box::new(ProbeStreams),
            deadline_message,
            owner_threads: 2,
            mailbox: 1_024,
            keeper: KeeperOptions {
                checkpoint_every_s: 3_600,
                idle_s: self.idle_s,
                history: "1".into(),
                prune_after_s: 3_600,
            },
            on_failure: Box::new(|why| panic!("{why}")),
        })
    }

    /// Kills the node as a crash would and starts on a copy of what the log held: no checkpoint, no snapshot.
    pub(super) async fn crash(&self, node: Node) -> Node {
        let (sender, read) = std::sync::mpsc::channel();
        let log = node.stop().await.unwrap();
        let mut commits: Vec<Commit> = Vec::new();
        log.replay(0, &mut |record: Record| {
            if record.index == 0 {
                commits.push(Vec::new());
            }
            commits.last_mut().unwrap().push(record);
        })
        .unwrap();
        // Acknowledgements that only the stop's checkpoint put on record are not there after a crash.
        commits.retain(|commit| commit.iter().any(|record| record.kind != crate::shell::shell_events::ACKNOWLEDGED));
        sender.send(commits).unwrap();
        self.crashes.set(self.crashes.get() + 1);
        let mut log = MemoryLog::new(HistoryId(1));
        let mut commits = read.recv().unwrap();
        log.append(&mut commits).unwrap();
        self.start_on(Box::new(log))
    }

    pub(super) async fn follow(&self, node: &Node, stream: &str) -> Seen {
        let outbox = Outbox::new(1, OutboxLimits::default(), Arc::new(CoarseClock::default()));
        let subscription = Subscription {
            outbox: outbox.clone(),
            reply_to: "1".into(),
            stream: stream.into(),
            since: None,
            done: Box::new(|outcome| outcome.unwrap()),
        };
        node.shell.projector().send(ToProjector::Subscribe(subscription)).unwrap();
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
struct ProbeStreams;

impl StreamRules for ProbeStreams {
    fn sources(&self, stream: &str, _: &Replicas) -> Vec<OwnerRef> {
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
