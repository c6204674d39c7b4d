//! A stream that has no history: whoever follows gets its newest snapshot, now and then the next one, each in place of
//! the one before. Node-local, beside the hub: nothing of it is in the log. Followers may see different parts of it
//! (their *scope*); a snapshot is encoded once for each scope.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiaohao_domain::Rejection;
use serde_json::Value;

use super::frame::{ended_frame, snapshot_frame, subscribed_snapshot};
use super::outbox::{Outbox, StreamTag};
use super::stream::Lane;
use super::{Position, error_object};

/// The tag of such a stream's frames in an outbox. The hub counts its own up from 1.
const TAG: StreamTag = StreamTag::MAX;

/// See the module.
pub struct Latest<S> {
    stream: &'static str,
    lane: Lane,
    followers: Mutex<Vec<(Arc<Outbox>, S)>>,
}

impl<S: Ord + Clone> Latest<S> {
    /// Followed by nobody.
    pub fn new(stream: &'static str, lane: Lane) -> Self {
        Self { stream, lane, followers: Mutex::default() }
    }

    fn followers(&self) -> MutexGuard<'_, Vec<(Arc<Outbox>, S)>> {
        self.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anybody follows. Forgets who is gone.
    pub fn is_followed(&self) -> bool {
        let mut followers = self.followers();
        followers.retain(|(outbox, _)| !outbox.is_over());
        !followers.is_empty()
    }

    /// Begins to follow (again): queues `subscribed` with this snapshot.
    pub fn subscribe(&self, outbox: &Arc<Outbox>, reply_to: &str, scope: S, at: &Position, snapshot: &Value) {
        let bytes = serde_json::to_vec(snapshot).expect("a value of strings and numbers is always JSON");
        let mut followers = self.followers();
        followers.retain(|(known, _)| known.id() != outbox.id());
        outbox.forget(self.lane, TAG);
        outbox.push(self.lane, 0, subscribed_snapshot(reply_to, self.stream, at, &bytes));
        followers.push((outbox.clone(), scope));
    }

    /// Follows no more; what waits is dropped. False when it was not followed.
    pub fn unsubscribe(&self, outbox: &Arc<Outbox>) -> bool {
        let mut followers = self.followers();
        let before = followers.len();
        followers.retain(|(known, _)| known.id() != outbox.id());
        outbox.forget(self.lane, TAG);
        followers.len() < before
    }

    /// The right to it has gone: queues `ended`.
    pub fn end(&self, outbox: &Arc<Outbox>, error: &Rejection) {
        if self.unsubscribe(outbox) {
            outbox.push(self.lane, 0, ended_frame(self.stream, &error_object(error)));
        }
    }

    /// Sends the next snapshot, in place of any that still waits.
    pub fn publish(&self, at: &Position, snapshot: impl Fn(&S) -> Value) {
        let mut frames: BTreeMap<S, Bytes> = BTreeMap::new();
        for (outbox, scope) in self.followers().iter() {
            let frame = frames
                .entry(scope.clone())
                .or_insert_with(|| snapshot_frame(self.stream, at, &snapshot(scope), "coalesced"));
            outbox.replace(self.lane, TAG, frame.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use jiaohao_domain::Code;
    use serde_json::json;

    use super::super::{CoarseClock, OutboxLimits};
    use super::*;

    fn outbox(id: u64) -> Arc<Outbox> {
        Outbox::new(id, OutboxLimits::default(), Arc::new(CoarseClock::default()))
    }

    fn taken(outbox: &Outbox) -> Vec<String> {
        let mut context = Context::from_waker(Waker::noop());
        let mut texts = Vec::new();
        while let Poll::Ready(Some(frame)) = outbox.poll_frame(&mut context) {
            let text = String::from_utf8_lossy(&frame).into_owned();
            texts.push(text[text.find('{').expect("an object")..].to_owned());
        }
        texts
    }

    fn at(offset: u64) -> Position {
        Position { epoch: "e".into(), offset }
    }

    #[test]
    fn a_follower_sees_its_scope_and_only_the_newest() {
        let latest: Latest<Option<u8>> = Latest::new("ops", Lane::Lists);
        let (all, one) = (outbox(1), outbox(2));
        assert!(!latest.is_followed());
        latest.subscribe(&all, "7", None, &at(1), &json!({"n": 1}));
        latest.subscribe(&one, "8", Some(4), &at(1), &json!({"n": 1}));
        for n in 2..=5 {
            latest.publish(&at(n), |scope| json!({"n": n, "scope": scope}));
        }
        let seen = taken(&all);
        assert_eq!(seen.len(), 2, "an answer is never dropped, a snapshot gives way to the next: {seen:?}");
        assert!(seen[0].contains(r#""reply_to":"7""#) && seen[1].contains(r#"{"n":5,"scope":null}"#), "{seen:?}");
        assert!(taken(&one)[1].contains(r#"{"n":5,"scope":4}"#));
    }

    #[test]
    fn who_ends_closes_or_unsubscribes_gets_nothing_more() {
        let latest: Latest<u8> = Latest::new("ops", Lane::Lists);
        let boxes = [outbox(1), outbox(2), outbox(3)];
        for outbox in &boxes {
            latest.subscribe(outbox, "1", 0, &at(1), &json!({}));
            drop(taken(outbox));
        }
        latest.publish(&at(2), |_| json!({}));
        assert!(latest.unsubscribe(&boxes[0]) && !latest.unsubscribe(&boxes[0]));
        latest.end(&boxes[1], &Code::Forbidden.into());
        boxes[2].close();
        assert!(!latest.is_followed());
        latest.publish(&at(3), |_| json!({}));
        assert!(taken(&boxes[0]).is_empty());
        let ended = taken(&boxes[1]);
        assert!(ended.len() == 1 && ended[0].contains(r#""type":"ended""#), "{ended:?}");
    }
}
