//! Wakes owners at their deadlines. One thread with the earliest deadline of every owner; passivated owners are woken
//! through their mailbox like running ones.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use flume::{Receiver, RecvTimeoutError, Sender};
use jiaohao_domain::{OwnerRef, Timestamp};

use super::clock;
use super::ledger::Origin;
use super::message::{Envelope, ToActor};
use super::registry::Shell;

/// What the waker is told.
pub enum ToWaker {
    /// Deadlines have changed: look.
    Changed,
    /// Begin to wake (after the start's replay).
    Begin(Weak<Shell>),
    /// Is any deadline of that moment or before still standing, of an owner that is not closed and may still settle it?
    AnyDueBy(Timestamp, flume::Sender<bool>),
    /// End.
    Stop,
}

/// How many messages may wait. Only [`ToWaker::Changed`] comes often, and one of it that finds the queue full is dropped:
/// whatever else waits there makes the waker look as well.
pub const QUEUE: usize = 16;
/// How long the waker sleeps at most, so that a moved clock is noticed.
const NAP: Duration = Duration::from_millis(250);
/// A deadline that was announced is announced again after this many milliseconds of machine time if it still stands.
const AGAIN_MS: i64 = 5_000;

/// Makes the message that tells an owner that its deadline has passed.
pub type DeadlineMessage = fn(&OwnerRef) -> Option<jiaohao_domain::Message>;

/// The way to the waker: changed deadlines, one an owner at most (a newer one takes the older one's place), and messages.
pub struct Deadlines {
    changed: Changed,
    still: Still,
    messages: Sender<ToWaker>,
}

type Changed = Arc<Mutex<HashMap<OwnerRef, Option<Timestamp>>>>;

/// Who has answered that a deadline has passed without an event, and has the same deadline still.
type Still = Arc<Mutex<HashSet<OwnerRef>>>;

impl Deadlines {
    /// The owner's earliest deadline is now this.
    pub fn plan(&self, owner: &OwnerRef, at: Option<Timestamp>) {
        let is_first = {
            let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
            changed.insert(owner.clone(), at);
            changed.len() == 1
        };
        if is_first {
            // Full: see `QUEUE`. Closed: without a waker the node is ending.
            let _ = self.messages.try_send(ToWaker::Changed);
        }
    }

    /// The owner was told of its deadline, had nothing to do, and its deadline is past as before: nobody waits for it to
    /// settle that. It is told again like everybody, and waited for again once its deadline is another one.
    pub fn stands_still(&self, owner: &OwnerRef) {
        if self.still.lock().unwrap_or_else(PoisonError::into_inner).insert(owner.clone()) {
            tracing::warn!(%owner, "a deadline stands still: it has passed, and nothing is done about it");
        }
    }

    /// Tells it something else. False when it has ended.
    pub fn tell(&self, message: ToWaker) -> bool {
        self.messages.send(message).is_ok()
    }
}

/// Starts the thread with the deadlines that stand at start.
pub fn start(
    planned: impl IntoIterator<Item = (OwnerRef, Timestamp)>,
    deadline_message: DeadlineMessage,
) -> std::io::Result<(Deadlines, std::thread::JoinHandle<()>)> {
    let (sender, messages) = flume::bounded(QUEUE);
    let deadlines = Deadlines { changed: Changed::default(), still: Still::default(), messages: sender };
    let (changed, still) = (deadlines.changed.clone(), deadlines.still.clone());
    let mut waker = Waker { changed, still, ..Waker::default() };
    for (owner, at) in planned {
        waker.plan(owner, Some(at));
    }
    let run = move || waker.run(&messages, deadline_message);
    let thread = std::thread::Builder::new().name("waker".into()).spawn(run)?;
    Ok((deadlines, thread))
}

#[derive(Default)]
struct Waker {
    changed: Changed,
    still: Still,
    planned: HashMap<OwnerRef, Timestamp>,
    order: BTreeSet<(Timestamp, OwnerRef)>,
    /// Told, and not yet heard of again: (machine time when told).
    told: HashMap<OwnerRef, i64>,
}

impl Waker {
    fn run(&mut self, messages: &Receiver<ToWaker>, deadline_message: DeadlineMessage) {
        let mut shell: Weak<Shell> = Weak::new();
        loop {
            self.take_changed();
            let nap = shell.upgrade().map_or(NAP, |shell| self.wake_due(&shell, deadline_message));
            match messages.recv_timeout(nap) {
                Ok(message) => {
                    for message in std::iter::once(message).chain(messages.drain()) {
                        match message {
                            ToWaker::Changed => {}
                            ToWaker::Begin(begun) => shell = begun,
                            ToWaker::AnyDueBy(at, answer) => {
                                self.take_changed();
                                let mut due = self.order.iter().take_while(|(deadline, _)| *deadline <= at);
                                let closed = shell.upgrade();
                                let is_closed =
                                    |owner| closed.as_ref().is_some_and(|shell| shell.closed.contains_key(owner));
                                let still = self.still.lock().unwrap_or_else(PoisonError::into_inner);
                                let any = due.any(|(_, owner)| !is_closed(owner) && !still.contains(owner));
                                drop(still);
                                // The asker may have gone away.
                                let _ = answer.send(any);
                            }
                            ToWaker::Stop => return,
                        }
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn take_changed(&mut self) {
        let changed = std::mem::take(&mut *self.changed.lock().unwrap_or_else(PoisonError::into_inner));
        for (owner, at) in changed {
            self.plan(owner, at);
        }
    }

    fn plan(&mut self, owner: OwnerRef, at: Option<Timestamp>) {
        if let Some(before) = self.planned.remove(&owner) {
            self.order.remove(&(before, owner.clone()));
        }
        self.told.remove(&owner);
        self.still.lock().unwrap_or_else(PoisonError::into_inner).remove(&owner);
        if let Some(at) = at {
            self.planned.insert(owner.clone(), at);
            self.order.insert((at, owner));
        }
    }

    /// Tells everybody whose deadline has passed; how long until the next.
    fn wake_due(&mut self, shell: &Arc<Shell>, deadline_message: DeadlineMessage) -> Duration {
        if shell.check_writable().is_err() {
            // Deadlines are decisions too: they wait until the disk has room again.
            return NAP;
        }
        let now = shell.clock.clinic();
        let now_ms = clock::process_ms();
        for (at, owner) in &self.order {
            if *at > now {
                return shell.clock.machine_until(*at).min(NAP);
            }
            if self.told.get(owner).is_some_and(|told| now_ms - told < AGAIN_MS) {
                continue;
            }
            self.told.insert(owner.clone(), now_ms);
            if let Some(message) = deadline_message(owner) {
                shell.deliver(owner, ToActor::Envelope(Envelope { message, origin: Origin::Deadline, reply: None }));
            }
        }
        NAP
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiaohao_domain::OwnerKind;

    #[test]
    fn a_deadline_that_changes_often_waits_once() {
        let (messages, waiting) = flume::bounded(QUEUE);
        let deadlines = Deadlines { changed: Changed::default(), still: Still::default(), messages };
        let owner = |n: i64| OwnerRef::new(OwnerKind::Probe, n.to_string());
        for n in 0..10_000 {
            deadlines.plan(&owner(n % 3), Some(Timestamp(n)));
        }
        assert_eq!(waiting.len(), 1);
        let mut waker = Waker { changed: deadlines.changed.clone(), ..Waker::default() };
        waker.take_changed();
        assert_eq!(waker.order.iter().map(|(at, _)| at.0).collect::<Vec<_>>(), [9_997, 9_998, 9_999]);
        deadlines.plan(&owner(0), None);
        waker.take_changed();
        assert_eq!(waker.order.len(), 2);
    }
}
