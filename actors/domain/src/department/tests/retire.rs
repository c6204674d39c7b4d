//! What is in use is not retired, and what is retired takes nothing new.

use super::house::*;
use crate::codes::Valid;
use crate::department::{ConfigEvent, Department, Event};
use crate::ids::*;
use crate::owner::{Message, Outgoing, Owner};
use crate::pre_check::usual;
use crate::time::BusinessDate;
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
fn a_department_that_the_pre_check_sends_to_is_in_use() {
    let mut house = House::new(0);
    let asks = |version, to: &str| usual(SiteId::from("s"), version, Some(DepartmentId::from(to)));
    house.system(ToDepartment::ConfigureQuestions(asks(1, DEPARTMENT)));
    let used = used_by(retire(&mut house, RetiredKind::Department, DEPARTMENT));
    assert_eq!(used, vec![("rules".to_owned(), vec!["fever".to_owned(), "contact".to_owned()].into())]);
    retire(&mut house, RetiredKind::Queue, "s.d.own").expect("rules name no queue");
    house.system(ToDepartment::ConfigureQuestions(asks(2, "s.e")));
    retire(&mut house, RetiredKind::Department, DEPARTMENT).expect("they send elsewhere now");
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

fn transfer(house: &mut House, ticket: &TicketId, to: &str) {
    let transfer = TransferTicket { ticket: ticket.clone(), to: queue(to), reason: "r".to_owned() };
    house.desk(ToDepartment::TransferTicket(transfer)).expect("moves");
}

fn leaves(house: &mut House, ticket: &TicketId) {
    let reason = "left".to_owned();
    house.desk(ToDepartment::CancelTicket(CancelTicket { ticket: ticket.clone(), reason })).expect("leaves");
}

#[test]
fn a_queue_that_somebody_is_registered_for_is_in_use_until_the_visit_is_off_or_over() {
    let mut house = House::new(0).with_doctors();
    house.register_outside(RegisterVisit { queue: Some(queue("own")), ..register("h1", Some("17"), false) });
    let visits = vec![("visits".to_owned(), vec![visit_of("h1").to_string()].into())];
    assert_eq!(used_by(retire(&mut house, RetiredKind::Queue, "s.d.own")), visits);
    let appointment = AppointmentId::from("s.d.b20261123-vh1");
    house.check_in(&appointment).expect("comes");
    let ticket = house.state.floor.visits[&visit_of("h1")].tickets[0].clone();
    house.undo_last(&ticket).expect("a mistake");
    assert_eq!(used_by(retire(&mut house, RetiredKind::Queue, "s.d.own")), visits, "may still come");
    house.cancel_outside("h1", 2);
    retire(&mut house, RetiredKind::Queue, "s.d.own").expect("the visit is off");
    let tomorrow = BusinessDate(day().0.succ_opt().expect("a day"));
    for (visit, date) in [("h2", day()), ("h3", tomorrow)] {
        let command = RegisterVisit { queue: Some(queue("other")), date, ..register(visit, None, false) };
        house.register_outside(command);
    }
    house.after_s(24 * 3600);
    let later = vec![("visits".to_owned(), vec![visit_of("h3").to_string()].into())];
    assert_eq!(used_by(retire(&mut house, RetiredKind::Queue, "s.d.other")), later, "yesterday's does not come");
}

/// One who came to be registered in a queue that was retired then, by an earlier version.
#[test]
fn nobody_checks_in_to_a_retired_queue() {
    let mut house = House::new(0).with_doctors();
    house.register_outside(RegisterVisit { queue: Some(queue("own")), ..register("h1", Some("17"), false) });
    let retired = Event::Config(ConfigEvent::RetirementDecided { kind: RetiredKind::Queue, id: "s.d.own".to_owned() });
    Department::apply(&mut house.state, &retired);
    house.events.push(retired);
    assert_eq!(code(house.check_in(&AppointmentId::from("s.d.b20261123-vh1"))), Code::Retired);
    let comes = |version| ChangeVisit { checked_in: Some(true), ..change("h1", version) };
    assert_eq!(code(Ok(house.change_outside(comes(2)))), Code::Retired, "on the record");
    let moved = house.change_outside(ChangeVisit { queue: Some(queue("pool")), ..comes(3) });
    let Answer::VisitTaken { ticket: Some(ticket), .. } = moved else { panic!("{moved:?}") };
    assert_eq!(house.ticket(&ticket).opened.queue, queue("pool"));
    house.assert_replays();
}

#[test]
fn nothing_is_undone_into_a_retired_queue() {
    let mut house = House::new(0).with_doctors();
    let (left, moved) = (house.walk_in("own", "a", None), house.walk_in("own", "b", None));
    leaves(&mut house, &left);
    transfer(&mut house, &moved, "pool");
    let sent = house.walk_in("own", "c", None);
    let to = QueueId::from("s.e.pool");
    let send = TransferTicket { ticket: sent.clone(), to, reason: "r".to_owned() };
    house.desk(ToDepartment::TransferTicket(send)).expect("goes");
    let (new_ticket, new_number) = (TicketId::from("s.e.t1"), "E001".to_owned());
    house.system(ToDepartment::TransferTaken { ticket: sent.clone(), new_ticket, new_number });
    let seen = house.walk_in("own", "d", None);
    assert_eq!(house.called(1), seen);
    // Seen, and the next one called: one action.
    house.call_next(1, Some(&seen), Some(Outcome::Seen)).expect("seen, next");
    assert_eq!(house.is(&moved), "called");
    retire(&mut house, RetiredKind::Queue, "s.d.own").expect("nobody is left there");
    for ticket in [&left, &seen] {
        assert_eq!(code(house.undo_last(ticket)), Code::Retired);
    }
    let both = house.undo_last(&moved);
    assert_eq!((code(both), house.is(&moved)), (Code::Retired, "called"), "the other half goes back there");
    let back = ToDepartment::RecallTransfer(RecallTransfer { ticket: sent });
    assert_eq!(code(house.desk(back)), Code::Retired);
    house
        .tell(
            doctor(1),
            ToDepartment::ReturnToWaiting(ReturnToWaiting { ticket: moved.clone(), reason: "r".to_owned() }),
        )
        .expect("waits again");
    house.assert_replays();
}

#[test]
fn what_an_earlier_version_left_in_a_retired_queue_is_undone_where_it_is() {
    let mut house = House::new(0);
    let waiting = house.walk_in("own", "a", None);
    let retired = Event::Config(ConfigEvent::RetirementDecided { kind: RetiredKind::Queue, id: "s.d.own".to_owned() });
    Department::apply(&mut house.state, &retired);
    house.events.push(retired);
    let (ticket, class, proof) = (waiting.clone(), "disabled".to_owned(), "card".to_owned());
    house.desk(ToDepartment::SetPriority(SetPriority { ticket, class, proof })).expect("gets a class");
    house.undo_last(&waiting).expect("it stays where it is");
    transfer(&mut house, &waiting, "pool");
    assert_eq!(code(house.undo_last(&waiting)), Code::Retired, "the move would bring it back there");
    house.assert_replays();
}
