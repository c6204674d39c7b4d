//! The lot and the line: one position a person, an order that anybody can repeat, later ones behind earlier ones, and
//! nobody let in to find nothing.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::line::{Line, Pace, Standing};
use super::*;
use crate::ids::PatientId;

const AT: Timestamp = Timestamp(1_795_388_400_000);
const SEED: &str = "5f0c1a7e9d3b2846aa10c0ffee00beef0123456789abcdef0f1e2d3c4b5a6978";

fn who(n: u32) -> PatientId {
    PatientId::from(format!("p-{n:04x}"))
}

fn pace(at_once: usize, places_left: u32) -> Pace {
    Pace { at_once, turn_s: 120, places_left, keep_ms: 3_000 }
}

fn number(line: &Line, person: &PatientId) -> Option<u32> {
    match line.standing(person) {
        Standing::Waiting { number, .. } | Standing::LetIn { number, .. } | Standing::Served { number } => Some(number),
        Standing::Gone { number } => number,
        Standing::Present | Standing::Nowhere => None,
    }
}

#[test]
fn anybody_can_repeat_the_lot_with_a_common_tool() {
    // printf %s SEED | sha256sum; printf %s:%s SEED p-0001 | sha256sum
    assert_eq!(lot::sha256(SEED), "05caee9ee7b49bdc72232182177563b8a285372113cb7114f9754409cb56c520");
    assert_eq!(lot::drawn_text(SEED, &who(1)), "a97692b95a184237be6c60dfafa0874e0a33929b4a96161809c951129dd3aae8");
}

#[test]
fn all_phones_that_claim_one_document_are_one_position_and_its_turn_is_one_place() {
    let mut line = Line::new(AT);
    let [one, other] = ["pc-wpargekhghbv5wf3-x4yk", "pc-wpargekhghbv5wf3-s3fz"].map(PatientId::from);
    for person in [&one, &other, &who(1)] {
        assert!(line.enter(person, AT.plus_s(-60)));
    }
    assert_eq!(line.figures().present, 2);
    // Who only shares it gives up nothing of the phone that was there first.
    line.leave(&other);
    assert_eq!(line.standing(&one), Standing::Present);
    let order = line.draw(SEED);
    assert_eq!(order.len(), 2);
    assert!(order.contains(&PatientId::from("pc-wpargekhghbv5wf3")));
    line.step(AT, pace(10, 10));
    let until = AT.plus_s(120);
    assert!(matches!(line.ask(&other, AT, pace(10, 10)), Standing::LetIn { until: ends, .. } if ends == until));
    assert!(line.may_book(&one, AT) && line.may_book(&other, AT));
    assert_eq!(line.figures().let_in, 1);
    line.served(&other);
    assert!(!line.may_book(&one, AT), "the turn was one place");
    // Again, at the end; and now it is the other's to give up.
    assert!(line.enter(&other, AT.plus_s(5)));
    assert_eq!(number(&line, &one), Some(3));
    line.leave(&one);
    assert_eq!(number(&line, &other), Some(3));
    line.leave(&other);
    assert!(matches!(line.standing(&one), Standing::Gone { .. }));
}

#[test]
fn a_seed_is_256_bits_of_four_draws() {
    let seed = lot::seed(|n| n + 0xA0);
    assert_eq!(seed.len(), 64);
    assert!(seed.ends_with("00000000000000a3"), "{seed}");
}

#[test]
fn who_comes_after_the_release_is_behind_everybody_of_the_lot() {
    let mut line = Line::new(AT);
    for n in 0..50 {
        assert!(line.enter(&who(n), AT.plus_s(-60)));
    }
    // the moment has come, the lot has not been drawn yet
    assert!(line.enter(&who(900), AT));
    assert!(line.enter(&who(901), AT.plus_s(1)));
    let order = line.draw(SEED);
    assert_eq!(order.len(), 50);
    assert!(line.enter(&who(902), AT.plus_s(2)));
    assert_eq!([900, 901, 902].map(|n| number(&line, &who(n))), [Some(51), Some(52), Some(53)]);
    // once more, from another phone: the same position
    assert!(line.enter(&who(900), AT.plus_s(3)));
    assert_eq!(number(&line, &who(900)), Some(51));
    assert_eq!(line.figures().waiting, 53);
}

#[test]
fn nobody_is_let_in_to_find_nothing_and_a_turn_ends() {
    let mut line = Line::new(AT);
    (0..10).for_each(|n| assert!(line.enter(&who(n), AT.plus_s(-1))));
    line.step(AT, pace(5, 5));
    assert_eq!(line.ask(&who(0), AT, pace(5, 5)), Standing::Present, "not before the lot");
    let order = line.draw(SEED);
    line.step(AT, pace(4, 2));
    let until = AT.plus_s(120);
    assert_eq!(line.ask(&order[1], AT, pace(4, 2)), Standing::LetIn { number: 2, until }, "called, and says a word");
    assert_eq!(line.ask(&order[0], AT, pace(4, 2)), Standing::LetIn { number: 1, until });
    let waits = Standing::Waiting { number: 3, ahead: 0 };
    assert_eq!(line.ask(&order[2], AT, pace(4, 2)), waits, "called, and two places are left for the two who are in");
    assert_eq!(line.ask(&order[4], AT, pace(4, 2)), Standing::Waiting { number: 5, ahead: 2 }, "not called");
    assert!(line.may_book(&order[0], AT) && !line.may_book(&order[2], AT));
    line.served(&order[0]);
    assert_eq!(line.ask(&order[2], AT, pace(4, 1)), waits, "the last place is for who is in");
    assert!(!line.may_book(&order[1], until), "the turn is over");
    line.step(until, pace(4, 1));
    assert_eq!(line.standing(&order[1]), Standing::Gone { number: Some(2) });
    assert!(matches!(line.ask(&order[2], until, pace(4, 1)), Standing::LetIn { number: 3, .. }));
    // who has had a turn goes to the end
    assert!(line.enter(&order[1], until));
    assert_eq!(number(&line, &order[1]), Some(11));
    line.end();
    assert!(line.may_book(&order[5], until), "then who comes books");
    assert_eq!(line.standing(&order[5]), Standing::Gone { number: None });
}

#[test]
fn who_hears_late_keeps_the_position_and_who_has_gone_home_holds_up_nobody() {
    let mut line = Line::new(AT);
    (0..9).for_each(|n| assert!(line.enter(&who(n), AT.plus_s(-1))));
    let order = line.draw(SEED);
    for second in 0..3 {
        line.step(AT.plus_s(second), pace(3, 9));
    }
    // three a second: all have been called, and nobody has said a word yet
    let late = AT.plus_s(60);
    for person in [&order[8], &order[0], &order[4]] {
        assert!(matches!(line.ask(person, late, pace(3, 9)), Standing::LetIn { .. }));
    }
    assert!(matches!(line.ask(&order[1], late, pace(3, 9)), Standing::Waiting { ahead: 0, .. }), "three are in");
}

#[test]
fn the_number_decides_and_not_who_asks_first_or_most_often() {
    let pace = pace(300, 1);
    let mut line = Line::new(AT);
    (0..4).for_each(|n| assert!(line.enter(&who(n), AT.plus_s(-1))));
    let order = line.draw(SEED);
    line.step(AT, pace);
    let mut others = line.clone();
    for ms in (0..900).step_by(60) {
        assert!(matches!(line.ask(&order[3], AT.plus_ms(ms), pace), Standing::Waiting { number: 4, ahead: 2 }), "{ms}");
    }
    assert!(matches!(line.ask(&order[0], AT.plus_ms(950), pace), Standing::LetIn { number: 1, .. }));

    // Who does not come loses what was kept to the next, one after the other, and nobody has gone who comes after all.
    for second in 0..9 {
        others.step(AT.plus_s(second), pace);
        assert!(matches!(others.ask(&order[3], AT.plus_s(second), pace), Standing::Waiting { .. }), "{second}");
    }
    others.step(AT.plus_s(9), pace);
    assert!(
        matches!(others.ask(&order[1], AT.plus_s(9), pace), Standing::Waiting { number: 2, .. }),
        "kept for the last"
    );
    let mut late = others.clone();
    assert!(matches!(others.ask(&order[3], AT.plus_s(9), pace), Standing::LetIn { number: 4, .. }));
    late.step(AT.plus_s(12), pace);
    assert!(matches!(late.ask(&order[1], AT.plus_s(12), pace), Standing::LetIn { number: 2, .. }), "kept for nobody");
    assert!(matches!(late.ask(&order[3], AT.plus_s(12), pace), Standing::Waiting { number: 4, .. }));

    // Places that go meanwhile are the larger numbers'.
    let mut fewer = Line::new(AT);
    (0..4).for_each(|n| assert!(fewer.enter(&who(n), AT.plus_s(-1))));
    let order = fewer.draw(SEED);
    let of = |places_left: u32| Pace { places_left, ..pace };
    fewer.step(AT, of(3));
    assert!(matches!(fewer.ask(&order[2], AT, of(2)), Standing::Waiting { number: 3, ahead: 0 }));
    assert!(matches!(fewer.ask(&order[1], AT, of(2)), Standing::LetIn { number: 2, .. }));
    assert!(matches!(fewer.ask(&order[0], AT, of(2)), Standing::LetIn { number: 1, .. }));
}

#[test]
fn where_few_come_nobody_waits() {
    let mut line = Line::new(AT);
    line.draw(SEED);
    line.step(AT, pace(3, 9));
    for n in 0..3 {
        assert!(line.enter(&who(n), AT.plus_ms(300)));
        assert!(matches!(line.ask(&who(n), AT.plus_ms(300), pace(3, 9)), Standing::LetIn { .. }), "{n}");
    }
    assert!(line.enter(&who(3), AT.plus_ms(400)));
    assert_eq!(line.ask(&who(3), AT.plus_ms(400), pace(3, 9)), Standing::Waiting { number: 4, ahead: 0 });
}

#[test]
fn who_leaves_and_comes_back_has_one_position_at_the_end() {
    let mut line = Line::new(AT);
    (0..4).for_each(|n| assert!(line.enter(&who(n), AT.plus_s(-1))));
    line.leave(&who(3));
    let order = line.draw(SEED);
    assert_eq!(order.len(), 3, "who left before is not in the lot");
    line.leave(&order[0]);
    assert!(line.enter(&order[0], AT.plus_s(1)));
    assert_eq!(number(&line, &order[0]), Some(4));
    line.step(AT.plus_s(1), pace(3, 9));
    assert!(matches!(line.ask(&order[0], AT.plus_s(1), pace(3, 9)), Standing::Waiting { number: 4, .. }));
    assert!(matches!(line.ask(&order[2], AT.plus_s(1), pace(3, 9)), Standing::LetIn { number: 3, .. }));
    assert_eq!((line.figures().waiting, line.figures().let_in), (2, 1));
}

#[test]
fn the_wait_is_told_by_the_pace_and_not_before_there_is_one() {
    let mut line = Line::new(AT);
    (0..100).for_each(|n| assert!(line.enter(&who(n), AT.plus_s(-1))));
    line.draw(SEED);
    assert_eq!(line.wait_s(10), None);
    for second in 0..10 {
        line.step(AT.plus_s(second), pace(4, 50));
    }
    let (from, to) = line.wait_s(39).expect("a pace of four in a second");
    assert!((6..=10).contains(&from) && (10..=17).contains(&to), "{from} to {to}");
}

#[test]
fn a_moment_is_prepared_drawn_and_forgotten_as_the_events_say() {
    let mut releases = Releases::default();
    releases.foresee(AT);
    assert_eq!(releases.due_at(), Some(AT.plus_min(-5)));
    let prepared = Event::ReleasePrepared { released_at: AT, seed: SEED.into(), forgotten: vec![] };
    apply(&mut releases, &prepared);
    assert_eq!(releases.due_at(), Some(AT));
    releases.foresee(AT);
    assert_eq!(releases.due_at(), Some(AT), "another session of the same moment");
    let lot = releases.lots[&AT].clone();
    assert_eq!((lot.published_seed(), lot.seed_sha256()), (None, lot::sha256(SEED)));
    assert_eq!(of_now(&releases, AT.plus_min(-3)), Some(AT));
    apply(&mut releases, &Event::ReleaseDrawn { released_at: AT, at: AT });
    assert_eq!(releases.due_at(), None);
    assert_eq!(releases.lots[&AT].published_seed(), Some(SEED));
    assert_eq!(of_now(&releases, AT.plus_min(29)), Some(AT));
    assert_eq!(of_now(&releases, AT.plus_min(30)), None);
    releases.foresee(AT.plus_min(-60));
    apply(&mut releases, &Event::ReleasesPassed { until: AT });
    assert_eq!(releases.due_at(), None, "of what has passed there is no lot");
}

/// What may happen to a line.
#[derive(Clone, Copy, Debug)]
enum Act {
    Enter(u32),
    Leave(u32),
    Serve(u32),
    Ask(u32, u32),
    Step(usize),
    Draw,
    Wait(i64),
}

fn act() -> impl Strategy<Value = Act> {
    let person = || 0..40_u32;
    prop_oneof![
        6 => person().prop_map(Act::Enter),
        1 => person().prop_map(Act::Leave),
        2 => person().prop_map(Act::Serve),
        5 => (person(), 0..6_u32).prop_map(|(who, left)| Act::Ask(who, left)),
        3 => (0..6_usize).prop_map(Act::Step),
        1 => Just(Act::Draw),
        2 => (1..90_i64).prop_map(Act::Wait),
    ]
}

proptest! {
    /// The order is that of the hashes, whoever came first and however often.
    #[test]
    fn the_order_is_the_seeds_and_not_the_arrivals(mut people in prop::collection::vec(0..60_u32, 1..120)) {
        let arrive = |people: &[u32]| {
            let mut line = Line::new(AT);
            people.iter().for_each(|n| assert!(line.enter(&who(*n), AT.plus_s(-1))));
            line.draw(SEED)
        };
        let one = arrive(&people);
        people.reverse();
        let other = arrive(&people);
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(one.iter().collect::<BTreeSet<_>>().len(), one.len(), "somebody has two positions");
        prop_assert!(one.windows(2).all(|pair| lot::drawn(SEED, &pair[0]) < lot::drawn(SEED, &pair[1])));
        prop_assert_eq!(lot::order_sha256(SEED, &one), lot::order_sha256(SEED, &other));
    }

    /// Whatever happens: numbers are nobody else's, are taken in order and never given twice; the figures are those of the
    /// people; no more are in than may be.
    #[test]
    fn a_line_keeps_its_word(acts in prop::collection::vec(act(), 1..200)) {
        let (mut line, mut now, mut at_once) = (Line::new(AT), AT.plus_min(-5), 3);
        let mut entered: BTreeMap<PatientId, u32> = BTreeMap::new();
        for act in acts {
            match act {
                Act::Enter(n) => {
                    let before = number(&line, &who(n));
                    let stands = line.standing(&who(n));
                    prop_assert!(line.enter(&who(n), now));
                    if let Standing::Waiting { .. } | Standing::LetIn { .. } = stands && line.is_drawn() {
                        prop_assert_eq!(number(&line, &who(n)), before, "a second socket moved it");
                    }
                    if let (Some(is), true) = (number(&line, &who(n)), line.is_drawn()) {
                        if before != Some(is) {
                            prop_assert!(entered.values().all(|other| *other < is), "not behind all others");
                        }
                        entered.insert(who(n), is);
                    }
                }
                Act::Leave(n) => line.leave(&who(n)),
                Act::Serve(n) => {
                    let may = line.may_book(&who(n), now);
                    let before = line.figures().served;
                    if may {
                        line.served(&who(n));
                    }
                    prop_assert_eq!(line.figures().served, before + usize::from(may));
                }
                Act::Ask(n, left) => {
                    let is_in = matches!(line.standing(&who(n)), Standing::LetIn { .. });
                    let stands = line.ask(&who(n), now, pace(at_once, left));
                    if let (Standing::LetIn { number, .. }, false) = (stands, is_in) {
                        prop_assert!(line.figures().let_in <= at_once.min(left as usize), "too many are in");
                        let bespoken = line.figures().let_in + line.kept_before(number);
                        prop_assert!(bespoken <= left as usize, "a place was taken that is kept for a smaller number");
                        // Whoever has a smaller number has been called too: a word and they are in as well.
                        let behind = (0..40).map(|n| line.standing(&who(n)));
                        for other in behind {
                            if let Standing::Waiting { number: other, ahead } = other {
                                prop_assert!(number < other || ahead == 0, "{} went before {}", number, other);
                            }
                        }
                    }
                }
                Act::Step(many) => {
                    at_once = many;
                    line.step(now, pace(many, 0));
                }
                Act::Draw if now >= AT => {
                    for (at, person) in line.draw(SEED).iter().enumerate() {
                        prop_assert_eq!(number(&line, person), Some(at as u32 + 1));
                        entered.insert(person.clone(), at as u32 + 1);
                    }
                    for n in 0..40 {
                        entered.extend(number(&line, &who(n)).map(|is| (who(n), is)));
                    }
                }
                Act::Draw => {}
                Act::Wait(s) => now = now.plus_s(s),
            }
            let standings = (0..40).map(|n| line.standing(&who(n)));
            let (mut numbers, mut waiting, mut let_in, mut served) = (Vec::new(), 0, 0, 0);
            for standing in standings {
                match standing {
                    Standing::Waiting { number, .. } => { waiting += 1; numbers.push(number); }
                    Standing::LetIn { number, .. } => { let_in += 1; numbers.push(number); }
                    Standing::Served { number } => { served += 1; numbers.push(number); }
                    _ => {}
                }
            }
            let figures = line.figures();
            prop_assert_eq!((figures.waiting, figures.let_in), (waiting, let_in));
            prop_assert!(served <= figures.served);
            if line.is_drawn() {
                prop_assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len(), "a number is two people's");
            }
        }
    }
}

fn of_now(releases: &Releases, now: Timestamp) -> Option<Timestamp> {
    let of_now = current(releases.lots.keys().copied(), now);
    assert_eq!(of_now, current(releases.lasting(now).map(|(at, _)| at), now));
    of_now
}

#[test]
fn of_several_releases_the_last_that_has_begun_is_the_one_of_now_and_each_has_its_line() {
    let mut releases = Releases::default();
    for min in [0, 15, 40] {
        let released_at = AT.plus_min(min);
        apply(&mut releases, &Event::ReleasePrepared { released_at, seed: SEED.into(), forgotten: vec![] });
    }
    let lasting = |now| releases.lasting(now).map(|(at, _)| at.ms_since(AT) / 60_000).collect::<Vec<_>>();
    for (now, of, has, lasts) in [
        (-1, 0, [false, false, false], vec![0, 15, 40]),
        (0, 0, [true, false, false], vec![0, 15, 40]),
        (15, 15, [true, true, false], vec![0, 15, 40]),
        (30, 15, [false, true, false], vec![15, 40]),
        (45, 40, [false, false, true], vec![40]),
    ] {
        let now = AT.plus_min(now);
        assert_eq!(of_now(&releases, now), Some(AT.plus_min(of)));
        assert_eq!([0, 15, 40].map(|min| has_line(AT.plus_min(min), now)), has);
        assert_eq!(lasting(now), lasts);
    }
}
