//! The fan-out inside one process.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use jiaohao_domain::{Code, Rejection};
use serde_json::Value;

use super::frame::{ended_frame, events_frame, snapshot_frame, subscribed_missed, subscribed_snapshot};
use super::outbox::{CoarseClock, Outbox, Pushed, StreamTag};
use super::stream::{StreamClass, StreamKind};
use super::{Current, Fanout, HubSize, Moment, Position, error_object};

/// Bounds of a hub.
#[derive(Clone, Copy, Debug)]
pub struct HubLimits {
    /// Frames kept per stream for resuming.
    pub ring_frames: usize,
    /// Bytes kept per stream for resuming.
    pub ring_bytes: usize,
    /// How long a stream without followers is kept, in ms.
    pub idle_ms: u32,
    /// How many streams without followers are kept; beyond, the longest idle go first.
    pub idle_streams: usize,
    /// Between two frames of a paced stream, in ms.
    pub pace_ms: u32,
}

impl Default for HubLimits {
    fn default() -> Self {
        Self { ring_frames: 256, ring_bytes: 64 * 1024, idle_ms: 120_000, idle_streams: 20_000, pace_ms: 1_000 }
    }
}

struct Kept {
    after: u64,
    events: Bytes,
}

struct Stream {
    tag: StreamTag,
    kind: StreamKind,
    offset: u64,
    ring: VecDeque<Kept>,
    ring_bytes: usize,
    followers: Vec<Arc<Outbox>>,
    idle_since_ms: Option<u32>,
    sent_ms: Option<u32>,
    held_back: bool,
    interrupted: bool,
}

impl Stream {
    fn keep(&mut self, after: u64, events: Bytes, limits: &HubLimits) {
        self.ring_bytes += events.len();
        self.ring.push_back(Kept { after, events });
        while self.ring.len() > limits.ring_frames || self.ring_bytes > limits.ring_bytes {
            let Some(oldest) = self.ring.pop_front() else { break };
            self.ring_bytes -= oldest.events.len();
        }
    }

    fn forget_ring(&mut self) {
        self.ring = VecDeque::new();
        self.ring_bytes = 0;
    }

    /// From where in the ring somebody at `offset` goes on, if nothing in between is gone.
    fn resume_at(&self, offset: u64) -> Option<usize> {
        if offset == self.offset {
            return Some(self.ring.len());
        }
        self.ring.binary_search_by_key(&offset, |kept| kept.after).ok()
    }

    fn drop_followers(&mut self, now_ms: u32, mut gone: impl FnMut(&Arc<Outbox>) -> bool) {
        self.followers.retain(|outbox| !gone(outbox));
        if self.followers.is_empty() {
            self.followers.shrink_to_fit();
            self.idle_since_ms.get_or_insert(now_ms);
        }
    }
}

/// See [`Fanout`].
pub struct Hub {
    epoch: Arc<str>,
    limits: HubLimits,
    clock: Arc<CoarseClock>,
    streams: HashMap<Box<str>, Stream>,
    last_tag: StreamTag,
    /// Paced streams that owe a snapshot.
    held_back: Vec<Box<str>>,
    swept_ms: u32,
}

/// Between two looks at who is gone and what is idle, in ms: a tick in between costs nothing.
const SWEEP_EVERY_MS: u32 = 500;

impl Hub {
    /// An empty hub. `epoch` is history id, projection version and the folder's place.
    pub fn new(epoch: impl Into<Arc<str>>, limits: HubLimits, clock: Arc<CoarseClock>) -> Self {
        Self {
            epoch: epoch.into(),
            limits,
            clock,
            streams: HashMap::new(),
            last_tag: 0,
            held_back: Vec::new(),
            swept_ms: 0,
        }
    }

    fn send_snapshot(&mut self, stream: &str, snapshot: Option<Value>, reason: &str, only: Option<&[usize]>) {
        let Some(entry) = self.streams.get_mut(stream) else { return };
        let lane = entry.kind.lane();
        let at = Position { epoch: self.epoch.clone(), offset: entry.offset };
        let frame = snapshot.map(|value| snapshot_frame(stream, &at, &value, reason));
        let send = |outbox: &Arc<Outbox>| match &frame {
            Some(frame) => {
                outbox.replace(lane, entry.tag, frame.clone());
            }
            // without a snapshot there is no honest way on for this connection
            None => outbox.mark_too_slow(),
        };
        match only {
            Some(indexes) => indexes.iter().for_each(|&n| send(&entry.followers[n])),
            None => entry.followers.iter().for_each(send),
        }
    }
}

impl Fanout for Hub {
    fn is_live(&self, stream: &str) -> bool {
        self.streams.contains_key(stream)
    }

    fn offset(&self, stream: &str) -> Option<u64> {
        self.streams.get(stream).map(|entry| entry.offset)
    }

    fn is_followed(&self, stream: &str) -> bool {
        self.streams.get(stream).is_some_and(|entry| entry.followers.iter().any(|outbox| !outbox.is_over()))
    }

    fn publish(&mut self, stream: &str, events: &[Moment<'_>], snapshot: &mut dyn FnMut() -> Option<Value>) {
        let now_ms = self.clock.now_ms();
        let Some(entry) = self.streams.get_mut(stream) else { return };
        let after = entry.offset;
        let fresh = &events[events.iter().take_while(|moment| moment.offset <= after).count()..];
        let Some(last) = fresh.last() else { return };
        debug_assert!(fresh.is_sorted_by_key(|moment| moment.offset), "events of a stream come in the log's order");
        entry.offset = last.offset;
        if entry.interrupted {
            return;
        }

        let paced = entry.kind.class() == StreamClass::Paced;
        let too_soon = entry.sent_ms.is_some_and(|sent_ms| now_ms.wrapping_sub(sent_ms) < self.limits.pace_ms);
        if paced && (entry.held_back || too_soon) {
            if !std::mem::replace(&mut entry.held_back, true) {
                self.held_back.push(stream.into());
            }
            entry.forget_ring();
            return;
        }
        entry.sent_ms = Some(now_ms);
        let (frame, inside) = events_frame(stream, after, fresh);
        entry.keep(after, inside, &self.limits);

        let (lane, tag) = (entry.kind.lane(), entry.tag);
        let mut pressed = Vec::new();
        let mut someone_gone = false;
        for (n, outbox) in entry.followers.iter().enumerate() {
            match outbox.push(lane, tag, frame.clone()) {
                Pushed::Queued => {}
                Pushed::Pressed => pressed.push(n),
                Pushed::TooSlow | Pushed::Closed => someone_gone = true,
            }
        }
        if !pressed.is_empty() {
            let reason = if entry.kind.class() == StreamClass::Event { "slow" } else { "coalesced" };
            metrics::counter!("fanout_snapshots_total", "reason" => reason).increment(pressed.len() as u64);
            self.send_snapshot(stream, snapshot(), reason, Some(&pressed));
        }
        if someone_gone && let Some(entry) = self.streams.get_mut(stream) {
            entry.drop_followers(now_ms, |outbox| outbox.is_over());
        }
    }

    fn subscribe(
        &mut self,
        outbox: &Arc<Outbox>,
        reply_to: &str,
        stream: &str,
        since: Option<&Position>,
        current: &mut dyn FnMut() -> Option<Current>,
    ) -> Result<(), Rejection> {
        let (kind, _) = StreamKind::parse(stream).ok_or(Code::UnknownStream)?;
        let resumable = since.filter(|since| since.epoch == self.epoch && kind != StreamKind::Ops).map(|s| s.offset);
        let resumed = self.streams.get(stream).and_then(|entry| {
            let from = entry.resume_at(resumable?).filter(|_| !entry.held_back && !entry.interrupted)?;
            let at = Position { epoch: self.epoch.clone(), offset: entry.offset };
            Some(subscribed_missed(reply_to, stream, &at, entry.ring.range(from..).map(|kept| &kept.events)))
        });
        let frame = match resumed {
            Some(frame) => frame,
            None => {
                let current = current().ok_or(Code::UnknownStream)?;
                let offset = self.streams.get(stream).map_or(current.offset, |entry| entry.offset);
                let at = Position { epoch: self.epoch.clone(), offset };
                let snapshot = serde_json::to_vec(&current.snapshot).map_err(|_| Code::Internal)?;
                if !self.streams.contains_key(stream) {
                    self.last_tag = self.last_tag.wrapping_add(1).max(1);
                    let entry = Stream {
                        tag: self.last_tag,
                        kind,
                        offset,
                        ring: VecDeque::new(),
                        ring_bytes: 0,
                        followers: Vec::new(),
                        idle_since_ms: None,
                        sent_ms: None,
                        held_back: false,
                        interrupted: false,
                    };
                    self.streams.insert(stream.into(), entry);
                }
                subscribed_snapshot(reply_to, stream, &at, &snapshot)
            }
        };
        let entry = self.streams.get_mut(stream).expect("found or just put in");
        entry.idle_since_ms = None;
        // frames queued before this answer are superseded by it; the answer itself (tag 0) is never dropped
        outbox.forget(entry.kind.lane(), entry.tag);
        outbox.push(entry.kind.lane(), 0, frame);
        if !entry.followers.iter().any(|known| known.id() == outbox.id()) {
            entry.followers.push(outbox.clone());
        }
        Ok(())
    }

    fn interrupt(&mut self, stream: &str) {
        let Some(entry) = self.streams.get_mut(stream) else { return };
        entry.interrupted = true;
        entry.forget_ring();
        // The snapshot that it owes comes with the renewal.
        entry.held_back = false;
        self.held_back.retain(|name| **name != *stream);
    }

    fn renew(&mut self, stream: &str, offset: u64, snapshot: Option<Value>) {
        let Some(entry) = self.streams.get_mut(stream).filter(|entry| entry.interrupted) else { return };
        entry.interrupted = false;
        entry.offset = entry.offset.max(offset);
        entry.sent_ms = Some(self.clock.now_ms());
        self.send_snapshot(stream, snapshot, "trimmed", None);
    }

    fn unsubscribe(&mut self, outbox: &Arc<Outbox>, stream: &str) -> bool {
        let now_ms = self.clock.now_ms();
        let Some(entry) = self.streams.get_mut(stream) else { return false };
        let before = entry.followers.len();
        entry.drop_followers(now_ms, |known| known.id() == outbox.id());
        outbox.forget(entry.kind.lane(), entry.tag);
        entry.followers.len() < before
    }

    fn end_one(&mut self, outbox: &Arc<Outbox>, stream: &str, error: &Rejection) {
        if self.unsubscribe(outbox, stream) {
            let lane = self.streams.get(stream).map_or(super::Lane::Calls, |entry| entry.kind.lane());
            outbox.push(lane, 0, ended_frame(stream, &error_object(error)));
        }
    }

    fn tick(&mut self, snapshot: &mut dyn FnMut(&str) -> Option<Value>) {
        let now_ms = self.clock.now_ms();
        let limits = self.limits;
        let streams = &self.streams;
        let is_due = |name: &mut Box<str>| {
            let sent_ms = streams.get(name).and_then(|entry| entry.sent_ms);
            sent_ms.is_none_or(|sent_ms| now_ms.wrapping_sub(sent_ms) >= limits.pace_ms)
        };
        let due: Vec<Box<str>> = self.held_back.extract_if(.., is_due).collect();
        for name in due {
            if !self.streams.contains_key(&name) {
                continue;
            }
            self.send_snapshot(&name, snapshot(&name), "coalesced", None);
            if let Some(entry) = self.streams.get_mut(&name) {
                entry.held_back = false;
                entry.sent_ms = Some(now_ms);
            }
        }
        if now_ms.wrapping_sub(self.swept_ms) < SWEEP_EVERY_MS {
            return;
        }
        self.swept_ms = now_ms;
        let mut idle: Vec<(u32, Box<str>)> = Vec::new();
        self.streams.retain(|name, entry| {
            entry.drop_followers(now_ms, |outbox| outbox.is_over());
            let Some(since_ms) = entry.idle_since_ms else { return true };
            let idle_ms = now_ms.wrapping_sub(since_ms);
            if idle_ms <= limits.idle_ms {
                idle.push((idle_ms, name.clone()));
            }
            idle_ms <= limits.idle_ms
        });
        if idle.len() > limits.idle_streams {
            idle.sort_unstable_by(|a, b| b.cmp(a));
            for (_, name) in &idle[..idle.len() - limits.idle_streams] {
                self.streams.remove(name);
            }
        }
    }

    fn size(&self) -> HubSize {
        let mut size = HubSize { streams: self.streams.len(), ..HubSize::default() };
        for entry in self.streams.values() {
            size.idle_streams += usize::from(entry.followers.is_empty());
            size.subscriptions += entry.followers.len();
            size.ring_bytes += entry.ring_bytes;
        }
        size
    }
}
