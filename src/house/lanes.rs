//! What waits for its turn, each kind in a lane of its own: bounded, each thing once, so many at once. What stands still in one
//! lane holds up no other.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, mpsc};

/// What waits or is being done.
type UnderWay<T> = Arc<Mutex<HashSet<T>>>;

fn lock<T>(all: &UnderWay<T>) -> MutexGuard<'_, HashSet<T>> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One of them; under way until it is dropped.
struct Entry<T: Eq + Hash> {
    what: T,
    all: UnderWay<T>,
}

impl<T: Eq + Hash> Drop for Entry<T> {
    fn drop(&mut self) {
        lock(&self.all).remove(&self.what);
    }
}

/// Where things are put.
pub(super) struct Lane<T: Eq + Hash> {
    entrance: mpsc::Sender<Entry<T>>,
    under_way: UnderWay<T>,
}

/// Where they are done.
pub(super) struct LaneEnd<T: Eq + Hash>(mpsc::Receiver<Entry<T>>);

/// A lane in which so many may wait.
pub(super) fn lane<T: Eq + Hash>(waiting: usize) -> (Lane<T>, LaneEnd<T>) {
    let (entrance, end) = mpsc::channel(waiting);
    (Lane { entrance, under_way: UnderWay::default() }, LaneEnd(end))
}

impl<T: Eq + Hash + Clone> Lane<T> {
    /// Never waits. What is under way already is not put there twice. False: there is no room.
    pub(super) fn put(&self, what: T) -> bool {
        if !lock(&self.under_way).insert(what.clone()) {
            return true;
        }
        self.entrance.try_send(Entry { what, all: self.under_way.clone() }).is_ok()
    }
}

impl<T: Eq + Hash + Clone + 'static> LaneEnd<T> {
    /// Does what is there, so many at once, until nothing can come any more or nobody is there to do it (None).
    pub(super) async fn run<F>(mut self, at_once: usize, doing: impl Fn(T) -> Option<F>)
    where
        F: Future<Output = ()> + 'static,
    {
        let turns = Arc::new(Semaphore::new(at_once));
        while let Some(entry) = self.0.recv().await {
            let Ok(turn) = turns.clone().acquire_owned().await else { return };
            let Some(doing) = doing(entry.what.clone()) else { return };
            actix_web::rt::spawn(async move {
                doing.await;
                drop((entry, turn));
            });
        }
    }
}
