//! One connection as the sweeper, the reader and the body see it.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use actix_web::web::Bytes;
use futures_util::Stream;
use jiaohao_actors::fanout::{CoarseClock, Outbox, OutboxLimits, close_frame};

use super::Live;
use super::bye::Bye;
use super::followed::Followed;
use super::socket::Socket;
use crate::engine::Turn;
use crate::identity::limits::{ConnectionPermit, Permit};
use crate::identity::tokens::Claims;

/// How long after a good-bye the socket may still take it, in ms.
pub const BYE_GRACE_MS: u32 = 500;

const OPEN: u8 = 0;
const LEAVING: u8 = 1;

/// A connection. What changes is behind one short lock or atomic; nothing here is held over an await.
pub struct Connection {
    /// What waits to be sent.
    pub outbox: Arc<Outbox>,
    socket: Socket,
    phase: AtomicU8,
    /// When the last byte came, or when it said good-bye (machine ms of the coarse clock).
    heard_ms: AtomicU32,
    /// It is not read while too many of its commands are unanswered, and while what it has said is taken up: that is no
    /// silence of its own.
    is_unread: AtomicBool,
    left_ms: AtomicU32,
    /// Until when hello must have come.
    hello_until_ms: AtomicU32,
    seat: Mutex<Seat>,
}

/// What it takes of its address or, after hello, of its account; given back when it is gone.
enum Seat {
    Stranger { _permit: Permit<IpAddr> },
    In(Session),
    Left,
}

/// What hello has made of it.
pub struct Session {
    /// Who.
    pub claims: Arc<Claims>,
    /// Between two beats, in seconds.
    pub beat_s: u32,
    /// One of the account's connections.
    pub _permit: ConnectionPermit,
    /// When the next is due.
    pub next_beat_ms: u32,
    /// What it follows.
    pub followed: Followed,
}

impl Connection {
    /// A fresh one that has to say hello by `hello_until_ms`.
    pub fn new(
        id: u64,
        permit: Permit<IpAddr>,
        socket: Socket,
        limits: OutboxLimits,
        clock: &Arc<CoarseClock>,
        hello_within_ms: u32,
    ) -> Self {
        let now_ms = clock.now_ms();
        Self {
            outbox: Outbox::new(id, limits, clock.clone()),
            socket,
            phase: AtomicU8::new(OPEN),
            heard_ms: AtomicU32::new(now_ms),
            is_unread: AtomicBool::new(false),
            left_ms: AtomicU32::new(0),
            hello_until_ms: AtomicU32::new(now_ms.wrapping_add(hello_within_ms)),
            seat: Mutex::new(Seat::Stranger { _permit: permit }),
        }
    }

    fn seat(&self) -> MutexGuard<'_, Seat> {
        self.seat.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with its session, if it has said hello. Short: under the connection's lock.
    pub fn with_session<T>(&self, act: impl FnOnce(&mut Session) -> T) -> Option<T> {
        match &mut *self.seat() {
            Seat::In(session) => Some(act(session)),
            Seat::Stranger { .. } | Seat::Left => None,
        }
    }

    /// It has said hello. False when it is gone already.
    pub fn enter(&self, session: Session) -> bool {
        let mut seat = self.seat();
        let is_here = matches!(*seat, Seat::Stranger { .. });
        if is_here {
            *seat = Seat::In(session);
        }
        is_here
    }

    /// It is gone: gives back what it took, and says who it was if it had said hello.
    pub fn leave(&self) -> Option<Arc<Claims>> {
        let left = std::mem::replace(&mut *self.seat(), Seat::Left);
        self.outbox.close();
        match left {
            Seat::In(session) => Some(session.claims),
            Seat::Stranger { .. } | Seat::Left => None,
        }
    }

    /// Who it is, if it has said hello.
    pub fn claims(&self) -> Option<Arc<Claims>> {
        self.with_session(|session| session.claims.clone())
    }

    /// The turn of what is asked about a stream (see [`Followed::turn`]).
    pub fn stream_turn(&self, stream: &Arc<str>, most: usize) -> Option<Turn> {
        self.with_session(|session| session.followed.turn(stream, most)).flatten()
    }

    /// Whether so much is under way about the stream that nothing more is (see [`Followed::is_asked_too_often`]).
    pub fn is_asked_too_often(&self, stream: &str) -> bool {
        self.with_session(|session| session.followed.is_asked_too_often(stream)).unwrap_or(false)
    }

    /// What had the stream's turn has come to its end (see [`Followed::done`]).
    pub fn stream_done(&self, stream: &str, is_followed: Option<bool>) {
        self.with_session(|session| session.followed.done(stream, is_followed));
    }

    /// Something came.
    pub fn heard(&self, now_ms: u32) {
        self.heard_ms.store(now_ms, Ordering::Relaxed);
    }

    /// Whether it is read at the moment.
    pub fn listens(&self, may_read: bool) {
        self.is_unread.store(!may_read, Ordering::Relaxed);
    }

    /// Whether nothing can be heard of it, since it is not read.
    pub fn is_unread(&self) -> bool {
        self.is_unread.load(Ordering::Relaxed)
    }

    /// For how long nothing has come, in ms.
    pub fn silent_ms(&self, now_ms: u32) -> u32 {
        now_ms.wrapping_sub(self.heard_ms.load(Ordering::Relaxed))
    }

    /// Whether the time for hello is over.
    pub fn hello_is_late(&self, now_ms: u32) -> bool {
        now_ms.wrapping_sub(self.hello_until_ms.load(Ordering::Relaxed)) < u32::MAX / 2
    }

    /// There is time for hello until then.
    pub fn expect_hello(&self, until_ms: u32) {
        self.hello_until_ms.store(until_ms, Ordering::Relaxed);
    }

    /// Whether it has said good-bye, and for how long, in ms.
    pub fn leaving_ms(&self, now_ms: u32) -> Option<u32> {
        (self.phase.load(Ordering::Acquire) == LEAVING)
            .then(|| now_ms.wrapping_sub(self.left_ms.load(Ordering::Relaxed)))
    }

    /// Says good-bye, once; the socket follows after [`BYE_GRACE_MS`]. What waits is dropped, only `last` goes before.
    pub fn bye_after(&self, last: Option<Bytes>, why: Bye, now_ms: u32) {
        if self.begins_to_leave(now_ms) {
            metrics::counter!("live_byes_total", "code" => why.code()).increment(1);
            self.outbox.finish(last.into_iter().chain(why.frames()));
        }
    }

    /// Says good-bye, once.
    pub fn bye(&self, why: Bye, now_ms: u32) {
        self.bye_after(None, why, now_ms);
    }

    /// The client closes: answers in kind.
    pub fn closed_by_peer(&self, now_ms: u32) {
        if self.begins_to_leave(now_ms) {
            self.outbox.finish([close_frame(1000)]);
        }
    }

    fn begins_to_leave(&self, now_ms: u32) -> bool {
        // a second caller moves the time by a round at most: the socket still follows soon
        if self.phase.load(Ordering::Acquire) == OPEN {
            self.left_ms.store(now_ms, Ordering::Release);
        }
        self.phase.swap(LEAVING, Ordering::AcqRel) == OPEN
    }

    /// Ends the socket, whatever waits.
    pub fn shut_down(&self) {
        self.outbox.close();
        self.socket.shut_down();
    }
}

/// The response's body: what the outbox has. Dropped when the connection is gone, for whatever reason.
pub struct Body {
    /// Whose.
    pub connection: Arc<Connection>,
    /// Where it is registered.
    pub live: Arc<Live>,
}

impl Stream for Body {
    type Item = Result<Bytes, actix_web::Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.connection.outbox.poll_frame(context);
        #[cfg(feature = "planted-bugs")]
        if let Poll::Ready(Some(frame)) = &polled {
            if crate::planted::loses(frame) {
                return self.poll_next(context);
            }
            if crate::planted::takes_for_slow() {
                self.connection.bye(Bye::TooSlow, self.live.clock.now_ms());
            }
        }
        polled.map(|frame| frame.map(Ok))
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.live.gone(&self.connection);
    }
}
