//! Expected waits as records: right when they are said, at most one a minute a queue, none for nothing.

use std::collections::BTreeMap;

use super::house::*;
use super::random::{Dice, command};
use crate::department::Event;
use crate::floor::Event as Floor;
use crate::floor::waits;
use crate::ids::*;
use crate::time::Timestamp;
use crate::vocabulary::*;
use crate::wait::{forecast, is_known};

/// What was said since, in order: which queue, when, and how many ranges had changed.
fn said(house: &House, from: usize) -> Vec<(QueueId, Timestamp, usize)> {
    let events = house.events[from..].iter();
    let said = events.filter_map(|event| match event {
        Event::Floor(Floor::WaitsExpected { queue, at, changed, .. }) => Some((queue.clone(), *at, changed.len())),
        _ => None,
    });
    said.collect()
}

/// The first doctor has seen six patients of five minutes each; three more wait for that doctor.
fn with_pace() -> House {
    let mut house = House::new(0).with_doctors();
    let mut in_hand: Option<TicketId> = None;
    for n in 0..6 {
        house.walk_in("own", &format!("a{n}"), None);
        let outcome = in_hand.as_ref().map(|_| Outcome::Seen);
        in_hand = called(house.call_next(1, in_hand.as_ref(), outcome)).map(|called| called.ticket);
        house.after_s(300).pass();
    }
    house
}

#[test]
fn nothing_is_said_while_nothing_is_known_or_nobody_waits() {
    let mut house = House::new(0).with_session(4).with_doctors();
    for n in 0..20 {
        house.walk_in("own", &format!("b{n}"), None);
        house.after_s(60).pass();
    }
    assert_eq!(said(&house, 0), [], "people come every minute, and the pace is unknown");
    let mut house = with_pace();
    let from = house.events.len();
    for _ in 0..120 {
        house.after_s(60).pass();
    }
    assert_eq!(said(&house, from), [], "the pace is known, and nobody waits");
    house.assert_replays();
}

#[test]
fn a_range_is_said_when_somebody_comes_and_again_when_it_moves() {
    let mut house = with_pace();
    let (from, came) = (house.events.len(), house.now);
    let ticket = house.walk_in("own", "b", None);
    house.pass();
    let first = house.state.floor.waits[&queue("own")].tickets[&ticket];
    assert_eq!((first.from, first.to), (came, came.plus_min(5)), "nobody ahead, and a visit takes five minutes");
    for _ in 0..60 {
        house.after_s(30).pass();
    }
    let said = said(&house, from);
    assert!(said.iter().all(|(of, ..)| *of == queue("own")), "{said:?}");
    assert!((10..=26).contains(&said.len()), "both ends of hers and a newcomer's move every five minutes: {said:?}");
    let now = house.state.floor.waits[&queue("own")].tickets[&ticket];
    assert!(house.now < now.to && now.from <= house.now, "never a wait that is over, and the call may come now");
    // Called: nothing is said of it any more, and once that nobody waits.
    let in_hand = house.state.floor.work[&doctor_id(1)].in_hand.clone();
    house.call_next(1, in_hand.as_ref(), Some(Outcome::Seen)).expect("calls");
    let from = house.events.len();
    for _ in 0..60 {
        house.after_s(60).pass();
    }
    let last = self::said(&house, from);
    assert_eq!((last.len(), house.state.floor.waits[&queue("own")].newcomer), (1, None), "{last:?}");
    house.assert_replays();
}

/// Called between two five minutes, nobody has been told a time after that; and what is said stands for a minute at least.
#[test]
fn nobody_is_called_before_the_range_begins() {
    for s in (0..300).step_by(20) {
        let mut house = with_pace();
        house.after_s(s).pass();
        let ticket = house.walk_in("own", "b", None);
        house.pass();
        let said = house.state.floor.waits[&queue("own")].tickets[&ticket];
        let foreseen = forecast(&house.state, &queue("own"), 0, house.now).expect("the pace is known");
        assert!(house.now <= said.from && said.from <= foreseen.p10, "{s}: {said:?} {foreseen:?}");
        assert!(said.to >= foreseen.p90 && said.to >= house.now.plus_min(1), "{s}: {said:?} {foreseen:?}");
        let is_whole = |at: Timestamp| at.0 % 300_000 == 0;
        assert!(is_whole(said.to) && (is_whole(said.from) || said.from == house.now), "{s}: {said:?}");
    }
}

/// People come and go behind those who wait: nothing else is shown to anybody, and nothing is written.
#[test]
fn what_is_shown_as_it_was_is_not_written() {
    let mut house = with_pace();
    house.walk_in("own", "b", None);
    house.walk_in("own", "c", None);
    house.pass();
    house.after_s(60).pass();
    let from = house.events.len();
    for n in 0..5 {
        // Touches the queue: somebody comes and leaves again.
        let ticket = house.walk_in("own", &format!("d{n}"), None);
        let reason = "went home".to_owned();
        house.desk(ToDepartment::CancelTicket(CancelTicket { ticket, reason })).expect("leaves");
        house.after_s(10).pass();
    }
    assert_eq!(said(&house, from), []);
    house.assert_replays();
}

/// Whatever happens: two records of one queue are a minute apart, and each says something new; a minute after the last one, what has been said is what a
/// look says now; and the deadline never stands still.
#[test]
fn what_is_said_is_true_a_minute_later_at_the_latest() {
    let mut records = 0;
    for seed in 1..=12 {
        let mut dice = Dice(seed);
        let mut house = House::new(dice.roll(3) as u32).with_session(3).with_doctors();
        let mut last: BTreeMap<QueueId, Timestamp> = BTreeMap::new();
        let mut newcomers: BTreeMap<QueueId, Option<waits::Expected>> = BTreeMap::new();
        for _ in 0..400 {
            house.after_s(dice.roll(60) as i64);
            let from = house.events.len();
            house.pass();
            if let Some((principal, command)) = command(&mut house, &mut dice) {
                drop(house.tell(principal, command));
            }
            house.pass();
            for (queue, at, _) in said(&house, from) {
                let before = last.insert(queue.clone(), at);
                assert!(before.is_none_or(|before| before.plus_s(60) <= at), "seed {seed}: {queue} twice in a minute");
                records += 1;
            }
            for event in &house.events[from..] {
                let Event::Floor(Floor::WaitsExpected { queue, newcomer, changed, .. }) = event else { continue };
                let before = newcomers.insert(queue.clone(), *newcomer).flatten();
                assert!(!changed.is_empty() || before != *newcomer, "seed {seed}: {queue} says nothing new");
            }
            for (queue, told) in &house.state.floor.waits {
                // What came out of a call of another queue is said with the next of its own.
                let learned = || {
                    house.events.iter().rev().find_map(|event| match event {
                        Event::Floor(Floor::PatientCalled(called)) => Some(called.at),
                        _ => None,
                    })
                };
                let looked = told.at.max(house.looked);
                let is_fresh = looked.is_some_and(|at| house.now < at.plus_s(60) || learned() > Some(at));
                if is_fresh || told.at.is_none() && !is_known(&house.state, queue) {
                    continue;
                }
                let more = waits::look(&house.state, queue.clone(), house.now);
                assert_eq!(more, None, "seed {seed}: {queue} at {:?}", house.now);
            }
        }
        house.assert_replays();
    }
    assert!(records > 100, "{records} records");
}
