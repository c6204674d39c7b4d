//! The in-process hub runs the contract; outboxes keep their bounds and orders.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;

use super::contract::{Reader, decode, publish};
use super::*;

fn hub(clock: Arc<CoarseClock>) -> Hub {
    Hub::new("e1", HubLimits::default(), clock)
}

#[test]
fn the_hub_keeps_the_contract() {
    contract::run(hub);
}

struct Wakes(AtomicUsize);
impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_push_wakes_once_and_lanes_go_before_lists() {
    let outbox = Outbox::new(1, OutboxLimits::default(), Arc::default());
    let wakes = Arc::new(Wakes(AtomicUsize::new(0)));
    let waker = Waker::from(wakes.clone());
    let mut context = Context::from_waker(&waker);
    assert!(outbox.poll_frame(&mut context).is_pending());
    outbox.push(Lane::Lists, 1, Bytes::from_static(b"list"));
    outbox.push(Lane::Calls, 2, Bytes::from_static(b"call"));
    assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
    assert_eq!(outbox.poll_frame(&mut context), Poll::Ready(Some(Bytes::from_static(b"call"))));
    assert_eq!(outbox.poll_frame(&mut context), Poll::Ready(Some(Bytes::from_static(b"list"))));
    outbox.finish([Bytes::from_static(b"bye")]);
    assert_eq!(outbox.push(Lane::Calls, 2, Bytes::new()), Pushed::Closed);
    assert_eq!(outbox.poll_frame(&mut context), Poll::Ready(Some(Bytes::from_static(b"bye"))));
    assert_eq!(outbox.poll_frame(&mut context), Poll::Ready(None));
    assert!(outbox.backlog().over);
}

#[test]
fn a_full_outbox_says_so_and_takes_nothing_more() {
    let clock = Arc::new(CoarseClock::default());
    let outbox = Outbox::new(1, OutboxLimits { soft_bytes: 100, hard_bytes: 200 }, clock.clone());
    let frame = Bytes::from(vec![0; 90]);
    assert_eq!(outbox.push(Lane::Calls, 1, Bytes::from(vec![0; 5_000])), Pushed::Queued, "one frame always fits");
    outbox.forget(Lane::Calls, 1);
    assert_eq!(outbox.push(Lane::Calls, 1, frame.clone()), Pushed::Queued);
    assert_eq!(outbox.push(Lane::Calls, 1, frame.clone()), Pushed::Pressed);
    assert_eq!(outbox.push(Lane::Calls, 2, frame.clone()), Pushed::Queued);
    assert_eq!(outbox.push(Lane::Calls, 3, frame.clone()), Pushed::TooSlow);
    assert_eq!(outbox.push(Lane::Calls, 1, frame), Pushed::TooSlow);
    clock.set_ms(700);
    assert_eq!(outbox.backlog(), Backlog { bytes: 180, oldest_ms: 700, in_pieces: false, too_slow: true, over: false });
    outbox.close();
    assert_eq!(outbox.backlog(), Backlog { bytes: 0, oldest_ms: 0, in_pieces: false, too_slow: true, over: true });
}

#[test]
fn who_reads_nothing_grows_old_however_often_a_snapshot_takes_the_place_of_what_waits() {
    let clock = Arc::new(CoarseClock::default());
    let reader = Reader::new(1, OutboxLimits { soft_bytes: 500, hard_bytes: 5_000 }, &clock);
    let mut hub = hub(clock.clone());
    hub.subscribe(&reader.outbox, "r", "doctor:s.x", None, &mut || Some(Current { offset: 0, snapshot: json!({}) }))
        .unwrap();
    reader.all();
    for offset in 1..=100 {
        clock.set_ms(offset * 100);
        publish(&mut hub, "doctor:s.x", &[u64::from(offset)]);
    }
    assert_eq!(reader.outbox.backlog().oldest_ms, 9_900);
    reader.next();
    assert!(reader.outbox.backlog().oldest_ms < 1_000, "it reads again");
    reader.all();
    clock.set_ms(60_000);
    publish(&mut hub, "doctor:s.x", &[101]);
    assert_eq!(reader.outbox.backlog().oldest_ms, 0, "idle is not slow");
}

#[test]
fn who_takes_a_large_snapshot_piece_by_piece_is_not_slow_and_who_stops_is() {
    let clock = Arc::new(CoarseClock::default());
    let outbox = Outbox::new(1, OutboxLimits { soft_bytes: 1_000, hard_bytes: 10_000 }, clock.clone());
    let mut context = Context::from_waker(Waker::noop());
    let mut take = || match outbox.poll_frame(&mut context) {
        Poll::Ready(frame) => frame.expect("goes on"),
        Poll::Pending => Bytes::new(),
    };
    let snapshot: Bytes = (0..10 * PIECE_BYTES + 5).map(|n| n as u8).collect();
    outbox.push(Lane::Lists, 1, snapshot.clone());
    let mut came = Vec::new();
    for piece in 0..11 {
        clock.set_ms(piece * 5_000);
        came.extend_from_slice(&take());
        assert_eq!(outbox.push(Lane::Calls, 0, Bytes::from_static(b"beat")), Pushed::Queued, "its bounds are free");
        assert!(outbox.backlog().oldest_ms <= 5_000, "it reads");
    }
    assert!(came == snapshot, "whole, and nothing between its pieces");
    assert_eq!(outbox.backlog().oldest_ms, 0, "the beats behind it begin to wait now");
    clock.set_ms(61_000);
    assert_eq!(outbox.backlog().oldest_ms, 11_000, "they do wait");
    (0..11).for_each(|_| assert_eq!(take(), "beat"));
    outbox.push(Lane::Lists, 1, snapshot.clone());
    take();
    clock.set_ms(72_000);
    let bytes = snapshot.len() - PIECE_BYTES;
    let slow = Backlog { bytes, oldest_ms: 11_000, in_pieces: true, too_slow: false, over: false };
    assert_eq!(outbox.backlog(), slow, "in the middle of a frame, too");
    outbox.finish([Bytes::from_static(b"bye")]);
    let rest: Vec<u8> = (0..10).flat_map(|_| take()).collect();
    assert!(rest == snapshot[PIECE_BYTES..], "a good-bye does not stand inside a frame");
    assert_eq!(take(), "bye");
}

#[test]
fn headers_are_right_at_every_length_class() {
    for length in [0, 1, 100, 125, 126, 127, 65_535, 65_536, 70_000] {
        let text = "x".repeat(length);
        assert_eq!(decode(&text_frame(&text)), json!(text));
    }
}

#[test]
fn idle_streams_are_bounded_and_rings_too() {
    let clock = Arc::new(CoarseClock::default());
    let limits = HubLimits { idle_streams: 10, ring_frames: 8, ..HubLimits::default() };
    let mut hub = Hub::new("e1", limits, clock.clone());
    let reader = Reader::new(1, OutboxLimits::default(), &clock);
    for n in 0..50 {
        let stream = format!("ticket:s.d.t{n}");
        hub.subscribe(&reader.outbox, "r", &stream, None, &mut || Some(Current { offset: 0, snapshot: json!({}) }))
            .unwrap();
        for offset in 1..=20 {
            publish(&mut hub, &stream, &[offset]);
        }
        hub.unsubscribe(&reader.outbox, &stream);
    }
    assert_eq!(hub.size().idle_streams, 50);
    clock.set_ms(1_000);
    hub.tick(&mut |_| None);
    let size = hub.size();
    assert_eq!((size.streams, size.subscriptions), (10, 0));
    assert!(size.ring_bytes < 10 * 8 * 200);
}

proptest! {
    /// I6: whatever is published, read, dropped and resumed, every follower sees each stream in order, without gap or
    /// repeat, or is given a snapshot.
    #[test]
    fn every_follower_sees_order_or_a_snapshot(steps in prop::collection::vec((0_u8..5, 0_usize..3, 0_usize..3), 1..400)) {
        let names = ["queue:s.d.q", "board:s.b", "session:s.d.m"];
        let clock = Arc::new(CoarseClock::default());
        let mut hub = Hub::new("e1", HubLimits { ring_frames: 4, ..HubLimits::default() }, clock.clone());
        let limits = OutboxLimits { soft_bytes: 700, hard_bytes: 1 << 20 };
        let readers: Vec<Reader> = (0..3).map(|id| Reader::new(id, limits, &clock)).collect();
        let mut log = [0_u64; 3];
        let mut known: Vec<HashMap<String, u64>> = vec![HashMap::new(); 3];
        for (now, (what, reader, stream)) in steps.into_iter().enumerate() {
            clock.set_ms(now as u32 * 300);
            match what {
                0 | 1 => {
                    log[stream] += 2;
                    publish(&mut hub, names[stream], &[log[stream] - 1, log[stream]]);
                }
                2 => {
                    let since = known[reader].get(names[stream])
                        .map(|offset| Position { epoch: "e1".into(), offset: *offset });
                    let offset = log[stream];
                    let reply_to = since.as_ref().map_or(String::new(), |since| since.offset.to_string());
                    hub.subscribe(&readers[reader].outbox, &reply_to, names[stream], since.as_ref(),
                        &mut || Some(Current { offset, snapshot: json!(offset) })).unwrap();
                }
                3 => {
                    for frame in readers[reader].all() {
                        let name = frame["stream"].as_str().unwrap().to_owned();
                        let events = frame.get("events").or(frame.get("missed"));
                        if let Some(snapshot) = frame.get("snapshot") {
                            prop_assert_eq!(snapshot, &frame["position"]["offset"]);
                            known[reader].insert(name, snapshot.as_u64().unwrap());
                        } else if let Some(events) = events {
                            if let Some(after) = frame.get("after") {
                                prop_assert_eq!(Some(&after.as_u64().unwrap()), known[reader].get(&name));
                            }
                            let since = frame.get("reply_to").map(|since| since.as_str().unwrap().parse().unwrap());
                            let mut at = since.unwrap_or_else(|| known[reader][&name]);
                            for event in events.as_array().unwrap() {
                                let offset = event["offset"].as_u64().unwrap();
                                prop_assert_eq!(offset, at + 1, "dense by construction");
                                at = offset;
                            }
                            known[reader].insert(name, at);
                        }
                    }
                }
                _ => hub.tick(&mut |name| Some(json!(log[names.iter().position(|n| *n == name).unwrap()]))),
            }
        }
    }
}
