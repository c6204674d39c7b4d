//! Keeps snapshots: takes them from owners at checkpoints and when owners go idle, stores them, moves the floor below
//! which the log is no longer needed to start, and lets segments go.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use flume::{Receiver, RecvTimeoutError};
use jiaohao_domain::OwnerRef;

use super::clock;
use super::message::{SnapshotRow, Submission, ToActor};
use super::registry::{Shell, process_ms};
use crate::store::Snapshot;

/// What the keeper is told.
pub enum ToKeeper {
    /// A snapshot, or the owner that has nothing new.
    Snapshot(Result<SnapshotRow, OwnerRef>),
    /// Begin.
    Begin(Weak<Shell>),
    /// Make a checkpoint now and tell when it is done.
    CheckpointNow(flume::Sender<u64>),
    /// End.
    Stop,
}

/// How the keeper works.
#[derive(Clone, Debug)]
pub struct KeeperOptions {
    /// Between checkpoints, in seconds.
    pub checkpoint_every_s: u64,
    /// An owner without messages for so long goes to sleep, in seconds.
    pub idle_s: u64,
    /// The log's history id.
    pub history: String,
    /// Closed segments below the floor of so long ago are archived and removed, in seconds (the resume window).
    pub prune_after_s: u64,
}

/// Rows are stored in batches of at most so many.
const ROWS: usize = 512;

/// Starts the thread.
pub fn start(messages: Receiver<ToKeeper>, options: KeeperOptions) -> std::io::Result<std::thread::JoinHandle<()>> {
    let keeper = Keeper {
        shell: Weak::new(),
        options,
        rows: Vec::new(),
        round: None,
        rounds_ms: process_ms(),
        swept_ms: process_ms(),
        tell: Vec::new(),
        floors: VecDeque::new(),
    };
    std::thread::Builder::new().name("keeper".into()).spawn(move || keeper.run(&messages))
}

struct Keeper {
    shell: Weak<Shell>,
    options: KeeperOptions,
    rows: Vec<SnapshotRow>,
    round: Option<Round>,
    rounds_ms: i64,
    swept_ms: i64,
    tell: Vec<flume::Sender<u64>>,
    /// Floors and when they were reached (machine time), until the log has been pruned to them.
    floors: VecDeque<(i64, u64)>,
}

/// A checkpoint under way: everything up to `commit` is in snapshots once nobody is awaited.
struct Round {
    commit: u64,
    awaited: BTreeSet<OwnerRef>,
    began_ms: i64,
}

impl Keeper {
    fn run(mut self, messages: &Receiver<ToKeeper>) {
        loop {
            match messages.recv_timeout(Duration::from_millis(100)) {
                Ok(message) => {
                    for message in std::iter::once(message).chain(messages.drain()) {
                        match message {
                            ToKeeper::Snapshot(Ok(row)) => self.rows.push(row),
                            ToKeeper::Snapshot(Err(owner)) => self.heard(&owner),
                            ToKeeper::Begin(shell) => self.shell = shell,
                            ToKeeper::CheckpointNow(tell) => {
                                self.tell.push(tell);
                                self.rounds_ms = i64::MIN / 2;
                            }
                            ToKeeper::Stop => return self.store_rows(),
                        }
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.store_rows();
            self.work();
        }
    }

    fn heard(&mut self, owner: &OwnerRef) {
        if let Some(round) = &mut self.round {
            round.awaited.remove(owner);
        }
    }

    fn store_rows(&mut self) {
        let Some(shell) = self.shell.upgrade() else { return };
        let mut leaving = Vec::new();
        while !self.rows.is_empty() {
            let rows: Vec<SnapshotRow> = self.rows.drain(..self.rows.len().min(ROWS)).collect();
            let batch: Vec<(OwnerRef, Snapshot)> = rows
                .into_iter()
                .map(|row| {
                    if row.leaving {
                        leaving.push((row.owner.clone(), row.owner_seq));
                    }
                    let SnapshotRow { owner, owner_seq, bytes, version, deadline, .. } = row;
                    (owner, Snapshot { owner_seq, version, deadline, bytes })
                })
                .collect();
            if let Err(error) = shell.store.put(&batch) {
                tracing::error!(%error, "snapshots could not be stored; the log keeps everything");
                return;
            }
            for (owner, _) in &batch {
                shell.dormant.remove(owner);
                self.heard(owner);
            }
        }
        for (owner, owner_seq) in leaving {
            shell.deliver(&owner, ToActor::Leave { owner_seq });
        }
    }

    fn work(&mut self) {
        let Some(shell) = self.shell.upgrade() else { return };
        let now_ms = process_ms();
        match &self.round {
            Some(round) if round.awaited.is_empty() => self.finish_round(&shell),
            Some(round) if now_ms - round.began_ms > 10_000 => {
                tracing::warn!(missing = round.awaited.len(), "checkpoint given up; owners too busy");
                self.round = None;
            }
            Some(_) => {}
            None if now_ms.saturating_sub(self.rounds_ms) > self.options.checkpoint_every_s as i64 * 1_000 => {
                self.rounds_ms = now_ms;
                self.begin_round(&shell);
            }
            None => {}
        }
        if now_ms - self.swept_ms > 1_000 {
            self.swept_ms = now_ms;
            let idle_ms = self.options.idle_s as i64 * 1_000;
            let idle: Vec<OwnerRef> = shell
                .running
                .iter()
                .filter(|entry| now_ms - entry.used_ms.load(Ordering::Relaxed) > idle_ms)
                .map(|entry| entry.key().clone())
                .collect();
            for owner in idle {
                shell.nudge(&owner, ToActor::Passivate);
            }
        }
    }

    fn begin_round(&mut self, shell: &Arc<Shell>) {
        let commit = shell.durable_commit();
        let sleeping: Vec<OwnerRef> = shell.dormant.iter().map(|entry| entry.key().clone()).collect();
        for owner in sleeping {
            self.rows.extend(shell.store_dormant(&owner));
            if self.rows.len() >= ROWS {
                self.store_rows();
            }
        }
        self.store_rows();
        let mut awaited: BTreeSet<OwnerRef> = shell.running.iter().map(|entry| entry.key().clone()).collect();
        awaited.retain(|owner| shell.nudge(owner, ToActor::Checkpoint));
        self.round = Some(Round { commit, awaited, began_ms: process_ms() });
    }

    fn prune(&mut self, shell: &Arc<Shell>) {
        let old_ms = process_ms() - self.options.prune_after_s as i64 * 1_000;
        let mut up_to = None;
        while let Some((_, commit)) = self.floors.pop_front_if(|(reached_ms, _)| *reached_ms <= old_ms) {
            up_to = Some(commit);
        }
        if let Some(commit) = up_to {
            shell.submit(Submission::Prune(commit));
        }
    }

    fn finish_round(&mut self, shell: &Arc<Shell>) {
        let Some(round) = self.round.take() else { return };
        crate::crash::at("snapshot");
        match shell.store.sync_with_floor(&self.options.history, round.commit, shell.clock.clinic()) {
            Ok(()) => {
                self.floors.push_back((process_ms(), round.commit));
                metrics::gauge!("checkpoint_timestamp_seconds").set(clock::wall_ms() as f64 / 1_000.0);
                self.prune(shell);
                for tell in self.tell.drain(..) {
                    // Whoever asked may have gone away.
                    let _ = tell.send(round.commit);
                }
            }
            Err(error) => {
                tracing::error!(%error, "the checkpoint could not be synced; the log keeps everything");
                // Whoever asked hears that there is none.
                self.tell.clear();
            }
        }
    }
}
