//! What waits to be sent on one connection: shared frames in lanes, bounded in bytes and age, watched from outside.
//!
//! Producers push from any thread; one consumer (the connection's body stream) polls. No lock is held over an await
//! or while a task is woken. When full: a stream with older frames in the queue is asked for a snapshot in their
//! place ([`Pushed::Pressed`]); beyond the hard bound the connection is marked too slow and takes nothing more. A large
//! frame goes out in pieces: who keeps taking them is not too slow, however long the whole takes.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use super::stream::{LANES, Lane};

/// Which stream a queued frame belongs to, as the hub numbers them; 0 is no stream (answers, beats).
pub type StreamTag = u32;

/// A larger frame is handed out in pieces of so many bytes. A peer that takes one within the age that is allowed reads,
/// so the age divides this into the slowest rate at which a large snapshot still arrives.
pub const PIECE_BYTES: usize = 64 * 1024;

/// Bounds of one connection's outbox.
#[derive(Clone, Copy, Debug)]
pub struct OutboxLimits {
    /// Above this many queued bytes a stream's older frames give way to one snapshot.
    pub soft_bytes: usize,
    /// Above this many the connection is too slow. A single frame into an empty outbox always fits.
    pub hard_bytes: usize,
}

impl Default for OutboxLimits {
    fn default() -> Self {
        Self { soft_bytes: 128 * 1024, hard_bytes: 1024 * 1024 }
    }
}

/// Milliseconds of machine time since some start, moved by whoever watches outboxes (ten times a second is enough):
/// a push reads no clock.
#[derive(Debug, Default)]
pub struct CoarseClock(AtomicU32);

impl CoarseClock {
    /// The time as last set, in ms (wraps after 49 days; only differences are used).
    pub fn now_ms(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
    /// Moves the time.
    pub fn set_ms(&self, now_ms: u32) {
        self.0.store(now_ms, Ordering::Relaxed);
    }
}

/// What became of a pushed frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It waits its turn.
    Queued,
    /// Not queued: too much waits, and older frames of the same stream are among it. Push a snapshot with
    /// [`Outbox::replace`].
    Pressed,
    /// Not queued: the connection is too slow and is to be closed.
    TooSlow,
    /// Not queued: the connection is gone or says good-bye.
    Closed,
}

/// How much waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Bytes that have not been taken.
    pub bytes: usize,
    /// Age of the oldest queued frame, or how long nothing has been taken if that is longer, in ms. While a large frame
    /// goes out it is the latter alone: what waits behind it is not late for want of reading.
    pub oldest_ms: u32,
    /// A large frame is half sent: its peer can answer nothing that stands behind it yet.
    pub in_pieces: bool,
    /// A frame was refused for want of room.
    pub too_slow: bool,
    /// Nothing more will come: it was closed, or its good-bye has been taken.
    pub over: bool,
}

struct Queued {
    frame: Bytes,
    tag: StreamTag,
    since_ms: u32,
}

#[derive(Default)]
struct Queue {
    lanes: [VecDeque<Queued>; LANES],
    bytes: usize,
    waker: Option<Waker>,
    /// What is left of a large frame of which a piece has been taken. It is no part of `bytes`: nothing can take its place.
    rest: Bytes,
    /// Since when nothing has been taken although something waits. Snapshots that take the place of older frames do not
    /// make a peer that reads nothing any younger.
    stalled_since_ms: Option<u32>,
    /// Takes nothing more; ends once empty.
    ending: bool,
    too_slow: bool,
}

impl Queue {
    /// Whether something is still to be taken.
    fn waits(&self) -> bool {
        self.bytes > 0 || !self.rest.is_empty()
    }
}

/// See the module.
pub struct Outbox {
    id: u64,
    limits: OutboxLimits,
    clock: Arc<CoarseClock>,
    closed: AtomicBool,
    queue: Mutex<Queue>,
}

impl Outbox {
    /// An empty outbox; `id` is unique in the process.
    pub fn new(id: u64, limits: OutboxLimits, clock: Arc<CoarseClock>) -> Arc<Self> {
        Arc::new(Self { id, limits, clock, closed: AtomicBool::new(false), queue: Mutex::default() })
    }

    /// Unique in the process.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Whether the connection is gone.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a frame of a stream (or of none: tag 0).
    pub fn push(&self, lane: Lane, tag: StreamTag, frame: Bytes) -> Pushed {
        self.put(lane, tag, frame, true)
    }

    /// Queues a snapshot of a stream in place of whatever of that stream waits.
    pub fn replace(&self, lane: Lane, tag: StreamTag, frame: Bytes) -> Pushed {
        self.forget(lane, tag);
        self.put(lane, tag, frame, false)
    }

    /// Drops whatever of a stream waits.
    pub fn forget(&self, lane: Lane, tag: StreamTag) {
        let mut queue = self.lock();
        let mut dropped = 0;
        queue.lanes[lane as usize].retain(|queued| {
            let keep = queued.tag != tag;
            dropped += if keep { 0 } else { queued.frame.len() };
            keep
        });
        queue.bytes -= dropped;
    }

    fn put(&self, lane: Lane, tag: StreamTag, frame: Bytes, may_press: bool) -> Pushed {
        if self.is_closed() {
            return Pushed::Closed;
        }
        let mut queue = self.lock();
        if queue.ending {
            return Pushed::Closed;
        }
        if queue.too_slow {
            return Pushed::TooSlow;
        }
        let after = queue.bytes + frame.len();
        if queue.bytes > 0 && after > self.limits.soft_bytes {
            if may_press && tag != 0 && queue.lanes[lane as usize].iter().any(|queued| queued.tag == tag) {
                return Pushed::Pressed;
            }
            if after > self.limits.hard_bytes {
                queue.too_slow = true;
                return Pushed::TooSlow;
            }
        }
        queue.bytes = after;
        let since_ms = self.clock.now_ms();
        queue.lanes[lane as usize].push_back(Queued { frame, tag, since_ms });
        queue.stalled_since_ms.get_or_insert(since_ms);
        let waker = queue.waker.take();
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
        Pushed::Queued
    }

    /// Says good-bye: whatever waits is dropped, these frames are the last, then the stream ends.
    pub fn finish(&self, last: impl IntoIterator<Item = Bytes>) {
        let mut queue = self.lock();
        if queue.ending || self.is_closed() {
            return;
        }
        // the rest of a frame that is half sent goes first: what followed it otherwise would be read as a part of it
        queue.lanes = Default::default();
        queue.bytes = 0;
        for frame in last {
            queue.bytes += frame.len();
            queue.lanes[Lane::Calls as usize].push_back(Queued { frame, tag: 0, since_ms: self.clock.now_ms() });
        }
        queue.ending = true;
        let waker = queue.waker.take();
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The connection is gone: everything that waits is dropped, nothing more is taken.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        let mut queue = self.lock();
        queue.ending = true;
        queue.bytes = 0;
        queue.rest = Bytes::new();
        let dropped = std::mem::take(&mut queue.lanes);
        let waker = queue.waker.take();
        drop(queue);
        drop(dropped);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The next frame to send, or the next piece of a large one; `None` when there will be no more.
    pub fn poll_frame(&self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut queue = self.lock();
        if !queue.rest.is_empty() {
            let now_ms = self.clock.now_ms();
            let most = queue.rest.len().min(PIECE_BYTES);
            let piece = queue.rest.split_to(most);
            queue.stalled_since_ms = queue.waits().then_some(now_ms);
            if queue.rest.is_empty() {
                queue.rest = Bytes::new();
                // what stood behind it begins to wait now
                queue.lanes.iter_mut().flatten().for_each(|queued| queued.since_ms = now_ms);
            }
            return Poll::Ready(Some(piece));
        }
        if let Some(mut queued) = queue.lanes.iter_mut().find_map(VecDeque::pop_front) {
            queue.bytes -= queued.frame.len();
            if queued.frame.len() > PIECE_BYTES {
                queue.rest = queued.frame.split_off(PIECE_BYTES);
            }
            queue.stalled_since_ms = queue.waits().then(|| self.clock.now_ms());
            if queue.bytes == 0 {
                // an idle connection keeps no buffer of its busiest moment
                for lane in queue.lanes.iter_mut().filter(|lane| lane.capacity() > 8) {
                    *lane = VecDeque::new();
                }
            }
            return Poll::Ready(Some(queued.frame));
        }
        if queue.ending {
            return Poll::Ready(None);
        }
        queue.stalled_since_ms = None;
        match &mut queue.waker {
            Some(waker) if waker.will_wake(context.waker()) => {}
            waker => *waker = Some(context.waker().clone()),
        }
        Poll::Pending
    }

    /// Takes nothing more and is to be closed: a frame that had to reach it could not.
    pub fn mark_too_slow(&self) {
        self.lock().too_slow = true;
    }

    /// Whether it takes nothing more, for whatever reason.
    pub fn is_over(&self) -> bool {
        self.is_closed() || {
            let queue = self.lock();
            queue.too_slow || queue.ending
        }
    }

    /// How much waits, and since when.
    pub fn backlog(&self) -> Backlog {
        let queue = self.lock();
        let now_ms = self.clock.now_ms();
        let in_pieces = !queue.rest.is_empty();
        let oldest_ms = queue
            .lanes
            .iter()
            .filter(|_| !in_pieces)
            .filter_map(|lane| lane.front().map(|queued| queued.since_ms))
            .chain(queue.stalled_since_ms.filter(|_| queue.waits()))
            .map(|since_ms| now_ms.wrapping_sub(since_ms))
            .max()
            .unwrap_or(0);
        let bytes = queue.bytes + queue.rest.len();
        Backlog { bytes, oldest_ms, in_pieces, too_slow: queue.too_slow, over: queue.ending && bytes == 0 }
    }
}
