//! Expected waits: the pace of now and of earlier days, pauses, rooms, who is put between, how ranges learn.

use super::house::*;
use crate::ids::*;
use crate::time::Timestamp;
use crate::vocabulary::*;
use crate::wait::{Forecast, forecast};

/// Nobody has come yet.
fn open() -> House {
    let mut house = House::new(0);
    house.begin(1);
    house
}

/// The doctor calls so many, each of whom takes as long as `turn_s` says.
fn calls(house: &mut House, patients: usize, turn_s: impl Fn(usize) -> i64) {
    let mut in_hand = house.state.floor.work[&doctor_id(1)].in_hand.clone();
    for n in 0..patients {
        let outcome = in_hand.as_ref().map(|_| Outcome::Seen);
        in_hand = called(house.call_next(1, in_hand.as_ref(), outcome)).map(|called| called.ticket);
        house.after_s(turn_s(n));
    }
}

/// So many take a number at once.
fn come(house: &mut House, name: &str, patients: usize) {
    for n in 0..patients {
        house.walk_in("own", &format!("{name}{n}"), None);
    }
}

fn stop(house: &mut House) {
    let in_hand = house.state.floor.work[&doctor_id(1)].in_hand.clone();
    if let Some(ticket) = in_hand {
        house.tell(doctor(1), ToDepartment::FinishService(FinishService { ticket })).expect("seen");
    }
    let stop = StopWork { assignment: assignment(1), department: DepartmentId::from(DEPARTMENT) };
    house.tell(doctor(1), ToDepartment::StopWork(stop)).expect("stops");
}

/// After a day of twelve turns of 300 s the doctor has begun another, and twenty have come.
fn second_day() -> House {
    let mut house = open();
    come(&mut house, "a", 12);
    calls(&mut house, 12, |_| 300);
    stop(&mut house);
    house.after_s(86_400);
    house.system(ToDepartment::DeadlineReached);
    house.begin(1);
    come(&mut house, "b", 20);
    house
}

fn foreseen(house: &House, ahead: usize) -> Option<Forecast> {
    forecast(&house.state, &queue("own"), ahead, house.now)
}

fn in_s(house: &House, at: Timestamp) -> i64 {
    at.ms_since(house.now) / 1000
}

/// The middle in seconds, with `ahead` people before.
fn middle_s(house: &House, ahead: usize) -> i64 {
    in_s(house, foreseen(house, ahead).expect("known").p50)
}

#[test]
fn earlier_work_counts_as_long_as_the_doctor_has_just_begun_and_less_with_every_turn() {
    assert_eq!(foreseen(&open(), 3), None, "nothing is known");
    let mut house = second_day();
    let of_yesterday = middle_s(&house, 4);
    assert!((1_000..1_500).contains(&of_yesterday), "four turns of about 300 s: {of_yesterday}");
    calls(&mut house, 9, |_| 600);
    house.after_s(-600);
    let of_now = middle_s(&house, 4);
    assert!(of_now > of_yesterday * 5 / 4, "the doctor is slower today: {of_now} after {of_yesterday}");
    house.assert_replays();
}

#[test]
fn whom_nobody_was_waiting_for_makes_no_doctor_slow() {
    let mut house = open();
    for n in 0..6 {
        come(&mut house, &format!("a{n}"), 1);
        calls(&mut house, 1, |_| 200);
        let in_hand = house.state.floor.work[&doctor_id(1)].in_hand.clone().expect("somebody");
        house.tell(doctor(1), ToDepartment::FinishService(FinishService { ticket: in_hand })).expect("seen");
        house.after_s(1_000);
    }
    come(&mut house, "b", 6);
    calls(&mut house, 1, |_| 0);
    let middle = middle_s(&house, 4);
    assert!((800..1_100).contains(&middle), "five turns of 200 s, not of 1,200: {middle}");
}

/// The hand is emptied of its patient, in whatever way.
type Emptied = fn(TicketId) -> ToDepartment;

#[test]
fn whom_nobody_was_waiting_for_makes_no_doctor_slow_however_the_last_one_left() {
    let ways: [(&str, Emptied); 3] = [
        ("moved", |ticket| {
            let (to, reason) = (queue("other"), "改派".to_owned());
            ToDepartment::TransferTicket(TransferTicket { ticket, to, reason })
        }),
        ("sent", |ticket| {
            let (to, reason) = (QueueId::from("s.e.pool"), "转科".to_owned());
            ToDepartment::TransferTicket(TransferTicket { ticket, to, reason })
        }),
        ("cancelled", |ticket| ToDepartment::CancelTicket(CancelTicket { ticket, reason: "走了".to_owned() })),
    ];
    for (way, emptied) in ways {
        let mut house = open();
        for n in 0..6 {
            come(&mut house, &format!("a{n}"), 1);
            calls(&mut house, 1, |_| 200);
            let in_hand = house.state.floor.work[&doctor_id(1)].in_hand.clone().expect("somebody");
            house.tell(doctor(1), emptied(in_hand)).expect("leaves");
            house.after_s(1_000);
        }
        come(&mut house, "b", 6);
        calls(&mut house, 1, |_| 0);
        let middle = middle_s(&house, 4);
        assert!((800..1_100).contains(&middle), "{way}: five turns of 200 s, not of 1,200: {middle}");
        house.assert_replays();
    }
}

/// The doctor, with nobody in hand, calls and takes that back, in either way.
fn by_mistake(house: &mut House, undone: bool) {
    let ticket = called(house.call_next(1, None, None)).expect("somebody").ticket;
    house.after_s(10);
    if undone {
        house.undo_last(&ticket).expect("undone");
    } else {
        let back = ReturnToWaiting { ticket, reason: "按错了".to_owned() };
        house.tell(doctor(1), ToDepartment::ReturnToWaiting(back)).expect("back");
    }
}

#[test]
fn a_call_by_mistake_ends_and_begins_no_turn() {
    for undone in [true, false] {
        let mut house = open();
        come(&mut house, "a", 20);
        calls(&mut house, 6, |_| 360);
        let in_hand = house.state.floor.work[&doctor_id(1)].in_hand.clone().expect("somebody");
        house.tell(doctor(1), ToDepartment::FinishService(FinishService { ticket: in_hand })).expect("seen");
        // Another moment: undone is the call alone, not the finish with it.
        house.after_s(1);
        let mut without = house.clone();
        by_mistake(&mut house, undone);
        without.after_s(10);
        calls(&mut house, 1, |_| 0);
        calls(&mut without, 1, |_| 0);
        let (with, without) = (middle_s(&house, 4), middle_s(&without, 4));
        assert!(with.abs_diff(without) * 50 < without as u64, "{with} s with a call of 10 s, {without} s without");
        house.assert_replays();
    }
}

#[test]
fn a_call_by_mistake_is_none_of_the_queues_calls() {
    for undone in [true, false] {
        let mut house = second_day();
        let mut without = house.clone();
        by_mistake(&mut house, undone);
        without.after_s(10);
        calls(&mut house, 1, |_| 0);
        calls(&mut without, 1, |_| 0);
        assert_eq!(house.state.floor.paces, without.state.floor.paces);
    }
}

#[test]
fn another_patients_turn_goes_on_though_a_finish_before_it_is_undone() {
    let mut house = open();
    come(&mut house, "a", 20);
    calls(&mut house, 7, |_| 300);
    let first = house.state.floor.work[&doctor_id(1)].in_hand.clone().expect("somebody");
    let second = called(house.call_next(1, Some(&first), Some(Outcome::Seen))).expect("somebody").ticket;
    let mut without = house.clone();
    house.undo_last(&first).expect("to the old place");
    assert_eq!((house.is(&first), house.is(&second)), ("waiting", "called"));
    for house in [&mut house, &mut without] {
        house.after_s(900);
        calls(house, 1, |_| 0);
    }
    assert_eq!(middle_s(&house, 4), middle_s(&without, 4), "the long turn counts in both");
}

#[test]
fn a_break_that_nobody_announced_is_no_pace() {
    let mut house = open();
    come(&mut house, "a", 20);
    calls(&mut house, 6, |_| 200);
    let before = middle_s(&house, 4);
    let in_hand = house.state.floor.work[&doctor_id(1)].in_hand.clone().expect("somebody");
    house.tell(doctor(1), ToDepartment::FinishService(FinishService { ticket: in_hand })).expect("seen");
    house.after_s(1_800);
    calls(&mut house, 1, |_| 200);
    let after = middle_s(&house, 4);
    assert!(after < before * 5 / 4, "{after} after half an hour of nobody in hand, {before} before");
}

#[test]
fn a_consultation_that_runs_is_counted_down_but_never_over_at_once() {
    let mut house = open();
    come(&mut house, "a", 20);
    calls(&mut house, 8, |_| 400);
    house.after_s(-400);
    let just_called = middle_s(&house, 2);
    house.after_s(150);
    let after_150 = middle_s(&house, 2);
    assert!((120..=160).contains(&(just_called - after_150)), "{just_called}, then {after_150}");
    house.after_s(3_000);
    let Forecast { p10, p50, .. } = foreseen(&house, 0).expect("known");
    assert!(in_s(&house, p10) > 0 && in_s(&house, p50) > 120, "{p10:?} {p50:?}");
}

#[test]
fn a_pause_counts_to_its_end_and_one_of_unknown_end_is_unknown() {
    let mut house = open();
    come(&mut house, "a", 20);
    calls(&mut house, 8, |_| 300);
    let before = middle_s(&house, 2);
    let pause = |back_at| PauseWork {
        assignment: assignment(1),
        department: DepartmentId::from(DEPARTMENT),
        reason: "lunch".to_owned(),
        back_at,
    };
    house.tell(doctor(1), ToDepartment::PauseWork(pause(None))).expect("pauses");
    assert_eq!(foreseen(&house, 2), None);
    for never in [house.now, house.now.plus_min(-60), house.now.plus_min(24 * 60)] {
        let refused = house.tell(doctor(1), ToDepartment::PauseWork(pause(Some(never)))).expect_err("not later today");
        assert_eq!(refused.code, crate::Code::InvalidField);
    }
    let back_at = house.now.plus_min(60);
    house.desk(ToDepartment::PauseWork(pause(Some(back_at)))).expect("the desk says when");
    let Forecast { p10, p50, .. } = foreseen(&house, 2).expect("known");
    assert!(p10 > back_at, "nobody is called before");
    let wait = in_s(&house, p50);
    assert!((3_600 + before / 2..3_600 + before + 300).contains(&wait), "{wait}, {before} without the pause");
}

#[test]
fn two_rooms_call_twice_as_quickly_from_one_queue() {
    let mut house = House::new(0).with_doctors();
    let mut in_hand = [None, None];
    for n in 0..24 {
        house.walk_in("pool", &format!("a{n}"), None);
    }
    let ahead = |house: &House| {
        let at = forecast(&house.state, &queue("pool"), 5, house.now).expect("known").p50;
        in_s(house, at)
    };
    for _ in 0..7 {
        for n in 1..=2 {
            let slot: &mut Option<TicketId> = &mut in_hand[n as usize - 1];
            let outcome = slot.as_ref().map(|_| Outcome::Seen);
            *slot = called(house.call_next(n, slot.as_ref(), outcome)).map(|called| called.ticket);
            house.after_s(150);
        }
    }
    let of_two = ahead(&house);
    assert!((700..1_000).contains(&of_two), "six calls, one each 150 s: {of_two}");
    let pause = PauseWork {
        assignment: assignment(2),
        department: DepartmentId::from(DEPARTMENT),
        reason: "ward".to_owned(),
        back_at: None,
    };
    house.tell(doctor(2), ToDepartment::PauseWork(pause)).expect("pauses");
    let of_one = ahead(&house);
    assert!(of_one > of_two * 3 / 2, "{of_one} of one room, {of_two} of two");
}

#[test]
fn who_will_be_put_between_is_expected_where_that_is_usual() {
    let run = |urgent: bool| {
        let mut house = open();
        come(&mut house, "a", 60);
        for n in 0..40 {
            if urgent && n % 3 == 0 {
                house.walk_in("own", &format!("e{n}"), Some("emergency"));
            }
            calls(&mut house, 1, |_| 300);
        }
        house
    };
    let (usual, without) = (run(true), run(false));
    let (usual, without) = (middle_s(&usual, 10), middle_s(&without, 10));
    assert!(usual > without * 6 / 5, "{usual} with one of three put between, {without} without");
}

#[test]
fn ranges_learn_from_what_came() {
    let width = |turn_s: &dyn Fn(usize) -> i64| {
        let mut house = open();
        for day in 0..5 {
            come(&mut house, &format!("{day}a"), 30);
            calls(&mut house, 24, turn_s);
            house.after_s(20_000);
        }
        come(&mut house, "z", 10);
        calls(&mut house, 1, |_| 0);
        let Forecast { p10, p50, p90 } = foreseen(&house, 4).expect("known");
        assert!(p10 <= p50 && p50 <= p90);
        house.assert_replays();
        p90.ms_since(p10) / 1000
    };
    let steady = width(&|_| 300);
    let unsteady = width(&|n| [60, 120, 300, 900, 200][n * 7 % 5]);
    assert!(steady < 500, "as steady as a clock: {steady} s");
    assert!(unsteady > steady, "{unsteady} s of one who is not, {steady} s of one who is");
}
