//! Wakes owners at their deadlines. One thread with the earliest deadline of every owner; passivated owners are woken
//! through their mailbox like running ones.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Weak};
use std::time::Duration;

use flume::{Receiver, RecvTimeoutError};
use jiaohao_domain::{OwnerRef, Timestamp};

use super::ledger::Origin;
use super::message::{Envelope, ToActor};
use super::registry::Shell;

/// What the waker is told.
pub enum ToWaker {
    /// The owner's earliest deadline is now this.
    Plan(OwnerRef, Option<Timestamp>),
    /// Begin to wake (after the start's replay).
    Begin(Weak<Shell>),
    /// Is any deadline of that moment or before still standing?
    AnyDueBy(Timestamp, flume::Sender<bool>),
    /// End.
    Stop,
}

/// How long the waker sleeps at most, so that a moved clock is noticed.
const NAP: Duration = Duration::from_millis(250);
/// A deadline that was announced is announced again after this many milliseconds of machine time if it still stands.
const AGAIN_MS: i64 = 5_000;

/// Makes the message that tells an owner that its deadline has passed.
pub type DeadlineMessage = fn(&OwnerRef) -> Option<jiaohao_domain::Message>;

/// Starts the thread.
pub fn start(
    messages: Receiver<ToWaker>,
    deadline_message: DeadlineMessage,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    std::thread::Builder::new().name("waker".into()).spawn(move || Waker::default().run(&messages, deadline_message))
}

#[derive(Default)]
struct Waker {
    planned: HashMap<OwnerRef, Timestamp>,
    order: BTreeSet<(Timestamp, OwnerRef)>,
    /// Told, and not yet heard of again: (machine time when told).
    told: HashMap<OwnerRef, i64>,
}

impl Waker {
    fn run(&mut self, messages: &Receiver<ToWaker>, deadline_message: DeadlineMessage) {
        let mut shell: Weak<Shell> = Weak::new();
        loop {
            let nap = shell.upgrade().map_or(NAP, |shell| self.wake_due(&shell, deadline_message));
            match messages.recv_timeout(nap) {
                Ok(message) => {
                    for message in std::iter::once(message).chain(messages.drain()) {
                        match message {
                            ToWaker::Plan(owner, at) => self.plan(owner, at),
                            ToWaker::Begin(begun) => shell = begun,
                            ToWaker::AnyDueBy(at, answer) => {
                                let any = self.order.first().is_some_and(|(earliest, _)| *earliest <= at);
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

    fn plan(&mut self, owner: OwnerRef, at: Option<Timestamp>) {
        if let Some(before) = self.planned.remove(&owner) {
            self.order.remove(&(before, owner.clone()));
        }
        self.told.remove(&owner);
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
        let now_ms = super::registry::process_ms();
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
