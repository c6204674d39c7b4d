//! Keeps snapshots: takes them from owners at checkpoints and when owners go idle, stores them, raises the floor below
//! which the log is no longer needed to start, and lets segments go.
//!
//! The floor rises only when every owner has said, after it was asked, that its last record is stored, or has given a
//! snapshot that was read back and stored. Whatever else happens (a row refused, a mailbox that stays full, an owner
//! without a state) the round is given up and the floor stays: the log keeps everything.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use flume::{Receiver, RecvTimeoutError, Sender};
use jiaohao_domain::OwnerRef;

use super::clock::{process_ms, wall_ms};
use super::floors::Floors;
use super::message::{ForStore, NewSnapshot, Snapped, Submission, ToActor};
use super::registry::{Nudged, Shell};
use crate::store::Snapshot;

/// How many messages may wait. An owner's snapshot that finds the queue full is dropped, and the owner asked again in
/// the next round; whoever asks for a checkpoint waits.
pub const QUEUE: usize = 1_024;
/// Owners are asked for snapshots so many at a time: that many are in memory at the most.
const ASKED_AT_ONCE: usize = 256;
/// At most so many idle owners a second are told to go.
const PASSIVATED_AT_ONCE: usize = 512;
/// A round in which no owner was heard of for so long is given up.
const SILENCE_MS: i64 = 10_000;
/// Rows are stored in batches of at most so many.
const ROWS: usize = 512;

/// What the keeper is told.
pub enum ToKeeper {
    /// What an owner has for the store.
    Snapshot(ForStore),
    /// Begin.
    Begin(Weak<Shell>),
    /// Make a checkpoint now and tell when it is done; the sender is dropped when it is given up.
    CheckpointNow(Sender<u64>),
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
    /// Closed segments below the floor of so long ago are archived and removed, in seconds (the resume window).
    pub prune_after_s: u64,
}

/// Starts the thread.
pub fn start(messages: Receiver<ToKeeper>, options: KeeperOptions) -> std::io::Result<std::thread::JoinHandle<()>> {
    let keeper = Keeper::new(options);
    std::thread::Builder::new().name("keeper".into()).spawn(move || keeper.run(&messages))
}

struct Keeper {
    shell: Weak<Shell>,
    options: KeeperOptions,
    /// Snapshots to be stored, each with its owner and the round that asked for it.
    rows: Vec<(OwnerRef, u64, NewSnapshot)>,
    round: Option<Round>,
    /// How many rounds there have been: the last one's number.
    rounds: u64,
    rounds_ms: i64,
    swept_ms: i64,
    /// Who waits for the next round.
    tell: Vec<Sender<u64>>,
    floors: Floors,
}

/// A checkpoint under way: everything up to `commit` is in snapshots once nobody is to be asked or awaited.
struct Round {
    commit: u64,
    to_ask: BTreeSet<OwnerRef>,
    awaited: BTreeSet<OwnerRef>,
    heard_ms: i64,
    tell: Vec<Sender<u64>>,
}

impl Keeper {
    fn new(options: KeeperOptions) -> Self {
        Self {
            shell: Weak::new(),
            floors: Floors::new(0, Vec::new()),
            options,
            rows: Vec::new(),
            round: None,
            rounds: 0,
            rounds_ms: process_ms(),
            swept_ms: process_ms(),
            tell: Vec::new(),
        }
    }

    fn run(mut self, messages: &Receiver<ToKeeper>) {
        loop {
            match messages.recv_timeout(Duration::from_millis(100)) {
                Ok(message) => {
                    for message in std::iter::once(message).chain(messages.drain()) {
                        match message {
                            ToKeeper::Snapshot(snapshot) => self.on_snapshot(snapshot),
                            ToKeeper::Begin(shell) => self.begin(shell),
                            ToKeeper::CheckpointNow(tell) => self.tell.push(tell),
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

    fn begin(&mut self, shell: Weak<Shell>) {
        if let Some(shell) = shell.upgrade() {
            let window_ms = i64::try_from(self.options.prune_after_s * 1_000).unwrap_or(i64::MAX);
            self.floors = Floors::new(window_ms, shell.store.reached());
        }
        self.shell = shell;
    }

    fn on_snapshot(&mut self, ForStore { owner, round, what }: ForStore) {
        match what {
            Snapped::New(snapshot) => self.rows.push((owner, round, snapshot)),
            Snapped::UpToDate => self.heard(&owner, round),
            Snapped::Refused => self.give_up(&format!("{owner:?} has no state that can be stored")),
        }
    }

    /// The owner is done with in that round. What it said before it was asked counts for no round: records may have
    /// come between.
    fn heard(&mut self, owner: &OwnerRef, round: u64) {
        if let Some(current) = self.round.as_mut().filter(|_| round == self.rounds) {
            current.awaited.remove(owner);
            current.heard_ms = process_ms();
        }
    }

    /// The floor stays where it is.
    fn give_up(&mut self, why: &str) {
        if let Some(round) = self.round.take() {
            let missing = round.awaited.len() + round.to_ask.len();
            tracing::error!(why, missing, "a checkpoint is given up; the log keeps everything");
        }
    }

    fn store_rows(&mut self) {
        let Some(shell) = self.shell.upgrade() else { return };
        while !self.rows.is_empty() {
            let rows: Vec<_> = self.rows.drain(..self.rows.len().min(ROWS)).collect();
            let mut told = Vec::with_capacity(rows.len());
            let mut batch = Vec::with_capacity(rows.len());
            for (owner, round, snapshot) in rows {
                match readable(&shell, &owner, snapshot) {
                    Ok(row) => {
                        told.push((owner.clone(), round, row.owner_seq));
                        batch.push((owner, row));
                    }
                    Err(why) => {
                        metrics::counter!("snapshots_refused_total").increment(1);
                        self.give_up(&format!("the snapshot of {owner:?} could not be read back: {why}"));
                    }
                }
            }
            if let Err(error) = shell.store.put(&batch) {
                self.rows.clear();
                shell.store_fails.store(true, Ordering::Relaxed);
                return self.give_up(&format!("snapshots could not be stored: {error}"));
            }
            for (owner, round, owner_seq) in told {
                shell.dormant.remove(&owner);
                // An owner that is not told makes the same snapshot once more.
                shell.nudge(&owner, ToActor::Stored { owner_seq });
                self.heard(&owner, round);
            }
        }
    }

    fn work(&mut self) {
        let Some(shell) = self.shell.upgrade() else { return };
        let now_ms = process_ms();
        self.ask(&shell);
        match &self.round {
            Some(round) if round.awaited.is_empty() && round.to_ask.is_empty() => self.finish_round(&shell),
            Some(round) if now_ms - round.heard_ms > SILENCE_MS => self.give_up("owners are too busy"),
            Some(_) => {}
            None if !self.tell.is_empty()
                || now_ms - self.rounds_ms > self.options.checkpoint_every_s as i64 * 1_000 =>
            {
                self.rounds_ms = now_ms;
                self.begin_round(&shell);
            }
            None => {}
        }
        if now_ms - self.swept_ms > 1_000 {
            self.swept_ms = now_ms;
            self.passivate_idle(&shell, now_ms);
        }
    }

    fn passivate_idle(&self, shell: &Arc<Shell>, now_ms: i64) {
        let idle_ms = self.options.idle_s as i64 * 1_000;
        let idle: Vec<OwnerRef> = shell
            .running
            .iter()
            .filter(|entry| entry.is_idle(now_ms, idle_ms))
            .map(|entry| entry.key().clone())
            .take(PASSIVATED_AT_ONCE)
            .collect();
        for owner in idle {
            // One that could not be told is told with the next sweep.
            shell.nudge(&owner, ToActor::Passivate);
        }
    }

    fn begin_round(&mut self, shell: &Arc<Shell>) {
        self.rounds += 1;
        let commit = shell.durable_commit();
        let tell = std::mem::take(&mut self.tell);
        let round = Round { commit, to_ask: BTreeSet::new(), awaited: BTreeSet::new(), heard_ms: process_ms(), tell };
        self.round = Some(round);
        // First who sleeps, then who runs: one that is woken meanwhile is among those who run.
        let sleeping: Vec<OwnerRef> = shell.dormant.iter().map(|entry| entry.key().clone()).collect();
        for owner in sleeping {
            match shell.dormant_snapshot(&owner) {
                Ok(Some(snapshot)) => self.rows.push((owner, self.rounds, snapshot)),
                Ok(None) => {}
                Err(why) => self.give_up(&format!("{owner:?} cannot be stored: {why}")),
            }
            if self.rows.len() >= ROWS {
                self.store_rows();
            }
        }
        self.store_rows();
        if let Some(round) = &mut self.round {
            round.to_ask = shell.running.iter().map(|entry| entry.key().clone()).collect();
        }
        self.ask(shell);
    }

    /// Asks the next owners of the round for their snapshots.
    fn ask(&mut self, shell: &Arc<Shell>) {
        let Some(round) = &mut self.round else { return };
        let mut full = BTreeSet::new();
        while round.awaited.len() < ASKED_AT_ONCE
            && let Some(owner) = round.to_ask.pop_first()
        {
            match shell.nudge(&owner, ToActor::Checkpoint(self.rounds)) {
                Nudged::Told => drop(round.awaited.insert(owner)),
                // It left since, and left only when its snapshot was stored.
                Nudged::Asleep => {}
                Nudged::Full => drop(full.insert(owner)),
                Nudged::Dead => {
                    shell.deliver(&owner, ToActor::Checkpoint(self.rounds));
                    round.awaited.insert(owner);
                }
            }
        }
        round.to_ask.append(&mut full);
    }

    fn finish_round(&mut self, shell: &Arc<Shell>) {
        let Some(round) = self.round.take() else { return };
        crate::crash::at("snapshot");
        let now_ms = wall_ms();
        self.floors.note(now_ms, round.commit);
        let (instance, clinic) = (shell.highest_instance(), shell.clock.clinic());
        if let Err(error) = shell.store.sync_with_floor(round.commit, instance, clinic, self.floors.reached()) {
            tracing::error!(%error, "the checkpoint could not be synced; the log keeps everything");
            shell.store_fails.store(true, Ordering::Relaxed);
            return;
        }
        shell.store_fails.store(false, Ordering::Relaxed);
        shell.floor_commit.store(round.commit, Ordering::Relaxed);
        shell.floor_ms.store(process_ms(), Ordering::Relaxed);
        metrics::gauge!("checkpoint_timestamp_seconds").set(now_ms as f64 / 1_000.0);
        if let Some(commit) = self.floors.due(now_ms) {
            match shell.log.prunable(commit) {
                Ok(prunable) => {
                    shell.submit(Submission::Prune(prunable));
                    self.floors.pruned(commit);
                }
                Err(error) => tracing::error!(%error, "the log could not be pruned"),
            }
        }
        for tell in round.tell {
            // Whoever asked may have gone away.
            let _ = tell.send(round.commit);
        }
    }
}

/// A snapshot as a row, if a start could read it.
fn readable(shell: &Shell, owner: &OwnerRef, snapshot: NewSnapshot) -> Result<Snapshot, String> {
    let kind = shell.kinds.get(owner.kind).ok_or("its kind is not registered")?;
    kind.load(&snapshot.bytes)?;
    let NewSnapshot { owner_seq, bytes, deadline, is_owing } = snapshot;
    Ok(Snapshot::new(owner_seq, kind.snapshot_version(), deadline, bytes).owing(is_owing))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiaohao_domain::OwnerKind;

    #[test]
    fn what_an_owner_said_before_it_was_asked_counts_for_no_round() {
        let mut keeper = Keeper::new(KeeperOptions { checkpoint_every_s: 30, idle_s: 300, prune_after_s: 3_600 });
        let owner = OwnerRef::new(OwnerKind::Probe, "a");
        let awaited = BTreeSet::from([owner.clone()]);
        let (to_ask, tell) = (BTreeSet::new(), Vec::new());
        keeper.round = Some(Round { commit: 7, to_ask, awaited, heard_ms: 0, tell });
        keeper.rounds = 2;
        for (round, is_awaited) in [(0, true), (1, true), (2, false)] {
            keeper.on_snapshot(ForStore { owner: owner.clone(), round, what: Snapped::UpToDate });
            let round = keeper.round.as_ref().expect("under way");
            assert_eq!(round.awaited.contains(&owner), is_awaited);
        }
        keeper.on_snapshot(ForStore { owner, round: 2, what: Snapped::Refused });
        assert!(keeper.round.is_none(), "the floor would rise above what is not stored");
    }
}
