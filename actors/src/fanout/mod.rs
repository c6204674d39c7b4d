//! The fan-out: streams by name, their positions, who follows them. A frame is encoded once and shared by all.
//!
//! The projector (one thread) owns the hub: it publishes what it has projected and subscribes connections with the
//! snapshot at hand, so nobody can fall between a snapshot and the next event. Connections' outboxes are shared with
//! whoever sends and watches them. Every implementation of [`Fanout`] runs the same contract suite.

mod frame;
mod hub;
mod latest;
mod outbox;
mod stream;

#[cfg(test)]
pub(crate) mod contract;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiaohao_domain::Rejection;
use jiaohao_domain::codes::Valid;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use frame::{close_frame, pong_frame, text_frame};
pub use hub::{Hub, HubLimits};
pub use latest::Latest;
pub use outbox::{Backlog, CoarseClock, Outbox, OutboxLimits, PIECE_BYTES, Pushed, StreamTag};
pub use stream::{Lane, StreamClass, StreamKind};

/// Where somebody is in a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// History and projection version: changes on restore, import, repaired loss or a changed projection.
    pub epoch: Arc<str>,
    /// The log's offset of the stream's last event.
    pub offset: u64,
}

/// One event of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The log's offset; several parts of one event share it.
    pub offset: u64,
    /// When, RFC 3339 with the site's offset.
    pub at: &'a str,
    /// `{"patient_called":{…}}`.
    pub event: &'a Value,
}

/// A stream as it is now, for somebody who begins to follow it.
#[derive(Clone, Debug)]
pub struct Current {
    /// Used when the stream is new to the hub: the log's offset up to which `snapshot` has everything.
    pub offset: u64,
    /// What the stream's reader needs to know.
    pub snapshot: Value,
}

/// What a hub holds, for `/metrics` and `/ops`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HubSize {
    /// Streams known.
    pub streams: usize,
    /// Of these, without anybody following.
    pub idle_streams: usize,
    /// Who follows, over all streams.
    pub subscriptions: usize,
    /// Kept frames for resuming, in bytes.
    pub ring_bytes: usize,
}

/// The JSON object that stands for a rejection on both doors.
pub fn error_object(rejection: &Rejection) -> Value {
    let mut error = json!({
        "code": rejection.code.wire(),
        "title": rejection.code.title_en(),
        "title_zh": rejection.code.title_zh(),
        "detail": rejection.detail,
    });
    if !rejection.valid_now.is_empty() {
        let value = |valid: &Valid| match valid {
            Valid::Text(text) => json!(text),
            Valid::Number(number) => json!(number),
            Valid::List(texts) => json!(texts),
            Valid::Nothing => Value::Null,
        };
        let valid_now: serde_json::Map<_, _> =
            rejection.valid_now.iter().map(|(name, valid)| (name.clone(), value(valid))).collect();
        error["valid_now"] = Value::Object(valid_now);
    }
    error
}

/// A fan-out. All methods are called from the projector's thread.
pub trait Fanout {
    /// Whether anybody follows or may still resume the stream: if not, nothing needs to be projected for it.
    fn is_live(&self, stream: &str) -> bool;

    /// Where a live stream is: what `subscribe` would answer.
    fn offset(&self, stream: &str) -> Option<u64>;

    /// Whether somebody follows it now.
    fn is_followed(&self, stream: &str) -> bool;

    /// Events of one moment, in order, as one frame to everybody who follows. Events at or before the stream's
    /// position are ignored. `snapshot` is asked at most once, with these events in it, and only if somebody is too
    /// far behind for them.
    fn publish(&mut self, stream: &str, events: &[Moment<'_>], snapshot: &mut dyn FnMut() -> Option<Value>);

    /// Begins to follow (again): queues `subscribed` with what was missed since `since`, if that is still kept, else
    /// with the snapshot.
    ///
    /// # Errors
    /// `unknown_stream` when `current` has nothing.
    fn subscribe(
        &mut self,
        outbox: &Arc<Outbox>,
        reply_to: &str,
        stream: &str,
        since: Option<&Position>,
        current: &mut dyn FnMut() -> Option<Current>,
    ) -> Result<(), Rejection>;

    /// Something is missing on the stream: nothing more is published on it, and nobody resumes, until it is renewed.
    fn interrupt(&mut self, stream: &str);

    /// An interrupted stream goes on from here: everybody who follows is given this snapshot, or, when there is none, is
    /// let go.
    fn renew(&mut self, stream: &str, offset: u64, snapshot: Option<Value>);

    /// Follows no more; what waits of the stream is dropped. False when it was not followed.
    fn unsubscribe(&mut self, outbox: &Arc<Outbox>, stream: &str) -> bool;

    /// One connection's right to the stream has gone: queues `ended`.
    fn end_one(&mut self, outbox: &Arc<Outbox>, stream: &str, error: &Rejection);

    /// To be called a few times a second: sends what was held back for pace, forgets who is gone and what is idle.
    fn tick(&mut self, snapshot: &mut dyn FnMut(&str) -> Option<Value>);

    /// What it holds.
    fn size(&self) -> HubSize;
}
