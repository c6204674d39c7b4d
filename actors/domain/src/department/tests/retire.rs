//! What is in use is not retired, and what is retired takes nothing new.

use super::house::*;
use crate::codes::Valid;
use crate::ids::*;
use crate::owner::{Message, Outgoing};
use crate::vocabulary::*;
use crate::{Code, Rejection};

fn retire(house: &mut House, kind: RetiredKind, id: &str) -> Result<Answer, Rejection> {
    house.desk(ToDepartment::RetireUnused { kind, id: id.to_owned() })
}

fn used_by(answer: Result<Answer, Rejection>) -> Vec<(String, Valid)> {
    let rejected = answer.expect_err("it is in use");
    assert_eq!(rejected.code, Code::InUse);
    rejected.valid_now
}

fn told_to_the_site(house: &House) -> Vec<ToSite> {
    let to_site = |outgoing: &Outgoing| match outgoing {
        Outgoing::Effect(_, Message::Site(message)) => Some((**message).clone()),
        _ => None,
    };
    house.outgoing.iter().filter_map(to_site).collect()
}

#[test]
fn a_queue_in_use_is_not_retired_and_the_rejection_says_by_what() {
    let mut house = House::new(0).with_session(1).with_doctors();
    let waiting = house.walk_in("own", "a", None);
    let used = used_by(retire(&mut house, RetiredKind::Queue, "s.d.own"));
    assert_eq!(used, vec![("tickets".to_owned(), vec![waiting.to_string()].into())]);
    let used = used_by(retire(&mut house, RetiredKind::Queue, "s.d.pool"));
    assert_eq!(used, vec![("sessions".to_owned(), vec!["s.d.am".to_owned()].into())]);
    let reason = "left".to_owned();
    house.desk(ToDepartment::CancelTicket(CancelTicket { ticket: waiting, reason })).expect("leaves");
    assert_eq!(retire(&mut house, RetiredKind::Queue, "s.d.own"), Ok(Answer::Done));
    let events = house.events.len();
    assert_eq!(retire(&mut house, RetiredKind::Queue, "s.d.own"), Ok(Answer::Done), "again changes nothing");
    assert_eq!(house.events.len(), events);
    assert_eq!(told_to_the_site(&house), vec![ToSite::RetireQueue(RetireQueue { id: queue("own") })]);
    assert_eq!(house.state.config.queue(&queue("own")).expect_err("retired").code, Code::Retired);
    house.assert_replays();
}

#[test]
fn a_definition_that_was_on_its_way_does_not_bring_a_retired_queue_back() {
    let mut house = House::new(0);
    retire(&mut house, RetiredKind::Queue, "s.d.own").expect("nobody is there");
    let (id, prefix) = (queue("own"), "B".to_owned());
    house.system(ToDepartment::ConfigureQueue(DefineQueue { id, name: "new".to_owned(), prefix, doctors: vec![] }));
    assert_eq!(house.state.config.queue(&queue("own")).expect_err("retired").code, Code::Retired);
    let events = house.events.len();
    house.system(ToDepartment::Retire { kind: RetiredKind::Queue, id: "s.d.own".to_owned() });
    assert_eq!(house.events.len(), events, "what the site says then is known");
}

#[test]
fn a_doctor_who_is_taken_out_of_the_department_calls_nobody_any_more() {
    let mut house = House::new(1).with_doctors();
    let (inside, at_door) = (house.walk_in("own", "a", None), house.walk_in("own", "b", None));
    assert_eq!(house.called(1), inside);
    assert_eq!(house.is(&at_door), "summoned");
    house.system(ToDepartment::Retire { kind: RetiredKind::Doctor, id: doctor_id(1).to_string() });
    assert_eq!(house.is(&at_door), "waiting", "nobody stands at that door");
    let chosen = CallTicket {
        department: DepartmentId::from("s.d"),
        assignment: assignment(1),
        in_hand: Some(inside.clone()),
        outcome: Some(Outcome::Seen),
        ticket: at_door.clone(),
        reason: "r".to_owned(),
    };
    assert_eq!(code(house.tell(doctor(1), ToDepartment::CallTicket(chosen))), Code::Forbidden);
    let next = house.call_next(1, Some(&inside), Some(Outcome::Seen));
    assert!(called(next).is_none(), "who is in hand may still be brought to an end");
    assert_eq!((house.is(&inside), house.is(&at_door)), ("ended", "waiting"));
    let stop = StopWork { department: DepartmentId::from("s.d"), assignment: assignment(1) };
    house.tell(doctor(1), ToDepartment::StopWork(stop)).expect("goes home");
    house.assert_replays();
}

#[test]
fn a_room_with_a_doctor_and_a_department_with_anybody_are_in_use() {
    let mut house = House::new(0).with_doctors();
    let used = used_by(retire(&mut house, RetiredKind::ServicePoint, "s.d.room1"));
    assert_eq!(used, vec![("doctors".to_owned(), vec![doctor_id(1).to_string()].into())]);
    used_by(retire(&mut house, RetiredKind::Department, DEPARTMENT));
    for n in 1..=2 {
        let (assignment, department) = (assignment(n), DepartmentId::from(DEPARTMENT));
        house.tell(doctor(n), ToDepartment::StopWork(StopWork { assignment, department })).expect("stops");
    }
    retire(&mut house, RetiredKind::ServicePoint, "s.d.room1").expect("free");
    house.begin(1);
    assert!(house.state.floor.work.is_empty(), "nobody begins in a retired room");
    let waiting = house.walk_in("pool", "a", None);
    let used = used_by(retire(&mut house, RetiredKind::Department, DEPARTMENT));
    assert_eq!(used, vec![("tickets".to_owned(), vec![waiting.to_string()].into())]);
    house.undo_last(&waiting).expect("a mistake");
    retire(&mut house, RetiredKind::Department, DEPARTMENT).expect("nobody is left");
    house.assert_replays();
}

#[test]
fn a_session_with_a_walk_in_who_waits_is_not_retired() {
    let mut house = House::new(0).with_session(1);
    let waiting = house.walk_in("pool", "a", None);
    let session = SessionId::from("s.d.am");
    let retire = ToDepartment::RetireSession(RetireSession { id: session.clone() });
    let rejected = house.desk(retire.clone()).expect_err("somebody waits");
    assert_eq!(
        (rejected.code, rejected.valid_now),
        (Code::NotSettled, vec![("tickets".into(), vec![waiting.to_string()].into())])
    );
    house.undo_last(&waiting).expect("a mistake");
    house.desk(retire).expect("nobody is left");
}
