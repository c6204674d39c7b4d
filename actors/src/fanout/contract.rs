//! What every fan-out does: one suite, run by each implementation.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use jiaohao_domain::{Code, Rejection};
use serde_json::{Value, json};

use super::*;

/// An outbox with a reader that decodes what it gets.
pub struct Reader {
    /// The outbox.
    pub outbox: Arc<Outbox>,
}

impl Reader {
    /// With these bounds.
    pub fn new(id: u64, limits: OutboxLimits, clock: &Arc<CoarseClock>) -> Self {
        Self { outbox: Outbox::new(id, limits, clock.clone()) }
    }
    /// The next frame as it goes out.
    pub fn frame(&self) -> Option<Bytes> {
        match self.outbox.poll_frame(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(frame) => frame,
            Poll::Pending => None,
        }
    }
    /// The next frame as JSON.
    pub fn next(&self) -> Option<Value> {
        self.frame().map(|frame| decode(&frame))
    }
    /// Everything that waits.
    pub fn all(&self) -> Vec<Value> {
        std::iter::from_fn(|| self.next()).collect()
    }
}

/// Takes the WebSocket header off and reads the JSON.
pub fn decode(frame: &[u8]) -> Value {
    assert_eq!(frame[0], 0x81, "a final text frame");
    let start = match frame[1] {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    let length = match frame[1] {
        126 => u16::from_be_bytes([frame[2], frame[3]]) as usize,
        127 => u64::from_be_bytes(frame[2..10].try_into().unwrap()) as usize,
        short => short as usize,
    };
    assert_eq!(frame.len(), start + length, "the header tells the length");
    serde_json::from_slice(&frame[start..]).unwrap()
}

/// Events with offsets, all at one moment.
pub fn publish(fanout: &mut dyn Fanout, stream: &str, offsets: &[u64]) {
    let events: Vec<Value> = offsets.iter().map(|o| json!({"patient_called": {"n": o}})).collect();
    let moments: Vec<Moment<'_>> = offsets
        .iter()
        .zip(&events)
        .map(|(offset, event)| Moment { offset: *offset, at: "2026-11-23T09:00:00.000+08:00", event })
        .collect();
    let newest = offsets.last().copied();
    fanout.publish(stream, &moments, &mut || Some(json!(newest)));
}

fn follow(fanout: &mut dyn Fanout, reader: &Reader, stream: &str, since: Option<Position>, offset: u64) -> Value {
    fanout
        .subscribe(&reader.outbox, "r", stream, since.as_ref(), &mut || {
            Some(Current { offset, snapshot: json!({"s": offset}) })
        })
        .unwrap();
    reader.next().unwrap()
}

fn offsets(frame: &Value, field: &str) -> Vec<u64> {
    frame[field].as_array().unwrap().iter().map(|event| event["offset"].as_u64().unwrap()).collect()
}

fn position(frame: &Value) -> Position {
    serde_json::from_value(frame["position"].clone()).unwrap()
}

/// The suite. `make` gives an empty fan-out of epoch `e1` with a ring of at least 8 frames.
pub fn run<F: Fanout>(make: impl Fn(Arc<CoarseClock>) -> F) {
    let clock = Arc::new(CoarseClock::default());
    let generous = OutboxLimits::default();

    // a snapshot, then a chain by `after`; several events of one moment are one frame
    let mut fanout = make(clock.clone());
    let reader = Reader::new(1, generous, &clock);
    let subscribed = follow(&mut fanout, &reader, "queue:s.d.q", None, 5);
    assert_eq!(subscribed["type"], "subscribed");
    assert_eq!(subscribed["reply_to"], "r");
    assert_eq!(subscribed["snapshot"], json!({"s": 5}));
    assert_eq!(subscribed["position"], json!({"epoch": "e1", "offset": 5}));
    publish(&mut fanout, "queue:s.d.q", &[7, 9]);
    publish(&mut fanout, "queue:s.d.q", &[12]);
    let frames = reader.all();
    assert_eq!(frames.len(), 2);
    assert_eq!((frames[0]["after"].as_u64(), offsets(&frames[0], "events")), (Some(5), vec![7, 9]));
    assert_eq!((frames[1]["after"].as_u64(), offsets(&frames[1], "events")), (Some(9), vec![12]));
    assert_eq!(frames[1]["events"][0]["event"], json!({"patient_called": {"n": 12}}));

    // the same events again change nothing
    publish(&mut fanout, "queue:s.d.q", &[9, 12]);
    assert!(reader.all().is_empty());

    // resume: exactly what was missed; nothing missed is an empty list; another epoch or a place in the middle of a
    // frame is a snapshot
    let back = Reader::new(2, generous, &clock);
    let since = |epoch: &str, offset| Some(Position { epoch: epoch.into(), offset });
    assert_eq!(offsets(&follow(&mut fanout, &back, "queue:s.d.q", since("e1", 5), 12), "missed"), [7, 9, 12]);
    assert_eq!(offsets(&follow(&mut fanout, &back, "queue:s.d.q", since("e1", 9), 12), "missed"), [12]);
    assert_eq!(offsets(&follow(&mut fanout, &back, "queue:s.d.q", since("e1", 12), 12), "missed"), [0; 0]);
    assert!(follow(&mut fanout, &back, "queue:s.d.q", since("e0", 12), 12).get("missed").is_none());
    assert!(follow(&mut fanout, &back, "queue:s.d.q", since("e1", 7), 12).get("missed").is_none());
    let fresh = follow(&mut fanout, &back, "queue:s.d.q", since("e1", 99), 12);
    assert_eq!((fresh.get("missed"), position(&fresh).offset), (None, 12));

    // following again on the same connection does not double the frames
    publish(&mut fanout, "queue:s.d.q", &[13]);
    assert_eq!((reader.all().len(), back.all().len()), (1, 1));

    // followers of one stream hear nothing of another
    let other = Reader::new(3, generous, &clock);
    follow(&mut fanout, &other, "board:s.b", None, 1);
    publish(&mut fanout, "queue:s.d.q", &[14]);
    assert!(other.all().is_empty());

    // one encoding of a frame is shared by all who follow
    let [one, another] = [&reader, &back].map(|reader| reader.frame().unwrap());
    assert_eq!((one.as_ptr(), one.len()), (another.as_ptr(), another.len()), "encoded for each");
    publish(&mut fanout, "queue:s.d.q", &[15]);

    // unsubscribe, ended for one
    assert!(fanout.unsubscribe(&back.outbox, "queue:s.d.q"));
    assert!(!fanout.unsubscribe(&back.outbox, "queue:s.d.q"));
    assert!(back.all().is_empty(), "what waited of the stream is dropped");
    reader.all();
    fanout.end_one(&reader.outbox, "queue:s.d.q", &Rejection::from(Code::Forbidden));
    let ended = reader.next().unwrap();
    assert_eq!((&ended["type"], &ended["error"]["code"]), (&json!("ended"), &json!("forbidden")));
    publish(&mut fanout, "queue:s.d.q", &[16]);
    assert!(reader.all().is_empty());

    // a slow one is given a snapshot that replaces all before it; the others lose nothing
    let tight = OutboxLimits { soft_bytes: 600, hard_bytes: 4_000 };
    let slow = Reader::new(4, tight, &clock);
    let quick = Reader::new(5, generous, &clock);
    follow(&mut fanout, &slow, "doctor:s.x", None, 1);
    follow(&mut fanout, &quick, "doctor:s.x", None, 1);
    for offset in 2..=40 {
        publish(&mut fanout, "doctor:s.x", &[offset]);
    }
    let (slow_frames, quick_frames) = (slow.all(), quick.all());
    assert_eq!(quick_frames.len(), 39);
    assert_eq!((&slow_frames[0]["type"], &slow_frames[0]["reason"]), (&json!("snapshot"), &json!("slow")));
    let mut at = position(&slow_frames[0]).offset;
    for frame in &slow_frames[1..] {
        assert_eq!(frame["after"], at, "the chain goes on from the snapshot");
        at = *offsets(frame, "events").last().unwrap();
    }
    assert_eq!(at, 40);

    // an answer in the outbox is never dropped by a snapshot
    let asking = Reader::new(6, tight, &clock);
    fanout
        .subscribe(&asking.outbox, "r", "doctor:s.x", None, &mut || Some(Current { offset: 0, snapshot: json!({}) }))
        .unwrap();
    for offset in 41..=80 {
        publish(&mut fanout, "doctor:s.x", &[offset]);
    }
    assert_eq!(asking.next().unwrap()["type"], "subscribed");
    assert_eq!(asking.next().unwrap()["type"], "snapshot");

    // sessions: one frame a second, what is held back comes as a snapshot at the tick
    let watcher = Reader::new(7, generous, &clock);
    follow(&mut fanout, &watcher, "session:s.d.m", None, 1);
    clock.set_ms(10_000);
    publish(&mut fanout, "session:s.d.m", &[2]);
    publish(&mut fanout, "session:s.d.m", &[3]);
    clock.set_ms(10_900);
    publish(&mut fanout, "session:s.d.m", &[4]);
    fanout.tick(&mut |_| panic!("not due yet"));
    assert_eq!(watcher.all().len(), 1);
    clock.set_ms(11_000);
    fanout.tick(&mut |stream| Some(json!({"of": stream})));
    let frames = watcher.all();
    assert_eq!((frames.len(), &frames[0]["reason"], position(&frames[0]).offset), (1, &json!("coalesced"), 4));
    publish(&mut fanout, "session:s.d.m", &[5]);
    clock.set_ms(12_000);
    fanout.tick(&mut |_| Some(json!({})));
    assert_eq!(watcher.all().len(), 1);

    // interrupted: nothing more, and nobody resumes, until a snapshot for everybody from which it goes on
    let there = Reader::new(9, generous, &clock);
    follow(&mut fanout, &there, "queue:s.d.r", None, 1);
    publish(&mut fanout, "queue:s.d.r", &[2]);
    there.all();
    fanout.interrupt("queue:s.d.r");
    publish(&mut fanout, "queue:s.d.r", &[4]);
    assert!(there.all().is_empty());
    let returns = Reader::new(10, generous, &clock);
    assert!(follow(&mut fanout, &returns, "queue:s.d.r", since("e1", 2), 4).get("missed").is_none());
    fanout.renew("queue:s.d.r", 5, Some(json!({"s": 5})));
    fanout.renew("queue:s.d.r", 5, Some(json!({"s": "once"})));
    publish(&mut fanout, "queue:s.d.r", &[6]);
    for reader in [&there, &returns] {
        let frames = reader.all();
        assert_eq!(
            (frames.len(), &frames[0]["snapshot"], &frames[0]["reason"]),
            (2, &json!({"s": 5}), &json!("trimmed"))
        );
        assert_eq!((position(&frames[0]).offset, &frames[1]["after"]), (5, &json!(5)));
    }
    assert!(follow(&mut fanout, &returns, "queue:s.d.r", since("e1", 2), 6).get("missed").is_none());
    fanout.interrupt("queue:s.d.r");
    fanout.renew("queue:s.d.r", 7, None);
    assert!(there.outbox.is_over(), "without a snapshot there is no way on");

    // a closed connection is forgotten, an idle stream is dropped after a while and not before
    let leaving = Reader::new(8, generous, &clock);
    follow(&mut fanout, &leaving, "ticket:s.d.t1", None, 1);
    leaving.outbox.close();
    clock.set_ms(13_000);
    fanout.tick(&mut |_| None);
    assert!(fanout.is_live("ticket:s.d.t1"), "kept for whoever comes back");
    clock.set_ms(13_000 + 24 * 3_600_000);
    fanout.tick(&mut |_| None);
    assert!(!fanout.is_live("ticket:s.d.t1"));
    assert!(fanout.is_live("doctor:s.x"), "followed streams stay");

    // names that are none, streams without a snapshot
    for name in ["", "board", "board:", "nothing:s", "board:S", "ops:x", "queue:a..b"] {
        let current = &mut || Some(Current { offset: 1, snapshot: json!({}) });
        assert_eq!(fanout.subscribe(&quick.outbox, "r", name, None, current).unwrap_err().code, Code::UnknownStream);
    }
    assert_eq!(
        fanout.subscribe(&quick.outbox, "r", "board:s.none", None, &mut || None).unwrap_err().code,
        Code::UnknownStream
    );

    // interrupted, a paced stream owes its snapshot to the renewal and not to the tick
    publish(&mut fanout, "session:s.d.m", &[6]);
    publish(&mut fanout, "session:s.d.m", &[7]);
    assert_eq!(watcher.all().len(), 1);
    fanout.interrupt("session:s.d.m");
    clock.set_ms(clock.now_ms() + 1_000);
    fanout.tick(&mut |_| panic!("it is interrupted"));
    fanout.renew("session:s.d.m", 8, Some(json!({})));
    assert_eq!(position(&watcher.next().unwrap()).offset, 8);
}
