//! Lots of a department: prepared five minutes before, drawn at the moment, none for what has passed.

use super::house::*;
use crate::department::Event;
use crate::ids::*;
use crate::release::{self, LOTS_KEPT, lot};
use crate::time::Timestamp;
use crate::vocabulary::*;

impl House {
    fn releases(&mut self, name: &str, released_at: Timestamp) {
        let session = DefineSession {
            id: SessionId::from(format!("{DEPARTMENT}.{name}")),
            date: day().plus_days(7),
            period: "morning".to_owned(),
            queue: queue("pool"),
            doctor: None,
            service_point: None,
            registration_class: "普通".to_owned(),
            fee_fen: 1000,
            slots: vec![DefineSlot { start: "09:00".to_owned(), minutes: 30, capacity: 2 }],
            high_demand: false,
            released_at: Some(released_at),
        };
        self.system(ToDepartment::DefineSession(session));
        self.pass();
    }

    fn lots(&self) -> Vec<&release::Event> {
        let mut lots = Vec::new();
        for event in &self.events {
            if let Event::Release(event) = event {
                lots.push(event);
            }
        }
        lots
    }
}

#[test]
fn the_hash_is_there_five_minutes_before_and_the_seed_at_the_moment() {
    let mut house = House::new(0);
    let moment = at("09:00");
    house.releases("one", moment);
    house.releases("two", moment);
    house.now = at("08:54");
    assert_eq!(house.pass().lots().len(), 0);
    house.now = at("08:55");
    house.pass();
    let prepared = house.state.releases.lots[&moment].clone();
    assert_eq!(prepared.published_seed(), None);
    // Nobody can work it out from ids of the same command: they are other draws.
    let shown = house.context(crate::Principal::system());
    let seed = &prepared.seed;
    assert!((0..16).all(|n| !seed.contains(&format!("{:016x}", shown.draw(n)))), "{seed}");
    assert_eq!(house.lots().len(), 1, "one lot for both sessions: {:?}", house.lots());
    house.now = moment.plus_ms(-1);
    assert_eq!(house.pass().lots().len(), 1);
    house.now = moment;
    house.pass();
    let drawn = house.state.releases.lots[&moment].clone();
    let seed = drawn.published_seed().expect("published");
    assert_eq!(lot::sha256(seed), prepared.seed_sha256(), "the seed is the one that was promised");
    house.assert_replays();
}

#[test]
fn a_session_defined_within_the_five_minutes_has_a_lot_and_one_defined_after_has_none() {
    let mut house = House::new(0);
    house.now = at("08:58");
    house.releases("soon", at("09:00"));
    assert!(matches!(house.lots()[..], [release::Event::ReleasePrepared { .. }]));
    house.now = at("09:10");
    house.pass();
    house.releases("late", at("09:05"));
    assert_eq!(house.state.releases.lots.keys().copied().collect::<Vec<_>>(), [at("09:00")]);
    assert_eq!(house.state.releases.due_at(), None);
    house.assert_replays();
}

#[test]
fn an_order_is_said_once_and_only_of_what_is_drawn() {
    let mut house = House::new(0);
    let moment = at("09:00");
    house.now = at("08:56");
    house.releases("one", moment);
    let order = |present| ToDepartment::OrderRelease { released_at: moment, present, order_sha256: "ab".to_owned() };
    house.system(order(3));
    assert_eq!(house.state.releases.lots[&moment].order, None);
    house.now = moment;
    house.pass();
    house.system(order(3));
    house.system(order(4));
    let ordered = house.state.releases.lots[&moment].order.clone().expect("ordered");
    assert_eq!((ordered.present, ordered.order_sha256.as_str()), (3, "ab"));
    house.assert_replays();
}

#[test]
fn old_lots_are_forgotten() {
    let mut house = House::new(0);
    for n in 0..LOTS_KEPT as i64 + 5 {
        house.releases(&format!("n{n}"), house.now.plus_min(2));
        house.after_s(180).pass();
    }
    let lots = &house.state.releases.lots;
    assert_eq!(lots.len(), LOTS_KEPT);
    assert!(lots.values().all(|lot| lot.drawn_at.is_some()));
    house.assert_replays();
}
