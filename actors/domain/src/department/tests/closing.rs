//! What becomes of those who are left when a day or a session is over.

use super::super::view;
use super::house::*;
use crate::Code;
use crate::clinic::AppointmentState;
use crate::department::to_return;
use crate::floor::left_over::is_here;
use crate::ids::*;
use crate::vocabulary::*;

fn settle(ticket: &TicketId, how: SettlementKind) -> Settlement {
    Settlement { ticket: ticket.clone(), how, to: None }
}

fn settle_tickets(settlements: Vec<Settlement>) -> ToDepartment {
    ToDepartment::SettleTickets(SettleTickets { department: DepartmentId::from(DEPARTMENT), settlements })
}

fn close_session(settlements: Vec<Settlement>) -> ToDepartment {
    ToDepartment::CloseSession(CloseSession { session: SessionId::from("s.d.am"), settlements })
}

fn retire_queue() -> ToDepartment {
    ToDepartment::RetireUnused { kind: RetiredKind::Queue, id: queue("pool").to_string() }
}

/// A house without sessions and, since yesterday afternoon, with one ticket missed, one at tests and one in line.
fn morning_after() -> (House, [TicketId; 3]) {
    let mut house = House::new(0).with_doctors();
    house.now = at("16:00");
    let [missed, away, waits] = ["a", "b", "c"].map(|patient| house.walk_in("pool", patient, None));
    let call = called(house.call_next(1, None, None)).expect("called").call;
    house.after_s(95).tell(doctor(1), ToDepartment::RecallPatient(RecallPatient { call })).expect("recalls");
    house.call_next(1, Some(&missed), Some(Outcome::NotHere)).expect("not here");
    house.tell(doctor(1), ToDepartment::SendForTests(SendForTests { ticket: away.clone() })).expect("goes");
    house.now = at("08:00").plus_min(24 * 60);
    (house, [missed, away, waits])
}

#[test]
fn tickets_of_another_day_and_of_no_session_are_settled_by_themselves() {
    let (mut house, [missed, away, waits]) = morning_after();
    assert_eq!(house.ticket(&missed).opened.session, None);
    assert_eq!(code(house.desk(retire_queue())), Code::InUse);
    let how = [
        settle(&missed, SettlementKind::ReturnDay),
        settle(&away, SettlementKind::Seen),
        settle(&waits, SettlementKind::Refund),
    ];
    let moved = Settlement { ticket: waits.clone(), how: SettlementKind::Move, to: Some(queue("own")) };
    assert_eq!(code(house.desk(settle_tickets(vec![moved]))), Code::InvalidField, "nobody is there to be called");
    assert_eq!(code(house.desk(settle_tickets(vec![how[0].clone(); 2]))), Code::InvalidField);
    house.desk(settle_tickets(how.to_vec())).expect("settles");
    assert!([&missed, &away, &waits].iter().all(|id| house.is(id) == "ended"));
    let again = house.desk(settle_tickets(how.to_vec())).expect_err("they have ended");
    assert_eq!(again.code, Code::WrongTicketState);
    house.desk(retire_queue()).expect("nobody is in it any more");
    house.assert_replays();
}

#[test]
fn who_was_left_waiting_on_an_earlier_day_is_called_by_nobody_and_ahead_of_nobody() {
    let (mut house, [_, _, waits]) = morning_after();
    assert_eq!(code(house.call_next(1, None, None)), Code::QueueEmpty, "nobody of today waits");
    let of_today = house.walk_in("pool", "d", None);
    let place = view::snapshot(&house.state, "ticket", of_today.as_str(), house.now, house.state.config.zone());
    assert_eq!(place.expect("waits")["ahead"], 0);
    let shown = view::snapshot(&house.state, "queue", queue("pool").as_str(), house.now, house.state.config.zone());
    let shown = shown.expect("known");
    assert_eq!(shown["order"], serde_json::json!([of_today]));
    assert_eq!(shown["tickets"][waits.as_str()]["date"], "2026-11-23", "the desk still sees it");
    let chosen = CallTicket {
        department: DepartmentId::from(DEPARTMENT),
        assignment: assignment(1),
        in_hand: None,
        outcome: None,
        ticket: waits.clone(),
        reason: "was here first".to_owned(),
    };
    let refused = house.tell(doctor(1), ToDepartment::CallTicket(chosen)).expect_err("yesterday's number");
    assert_eq!(refused.code, Code::WrongTicketState);
    let visit = house.ticket(&waits).opened.visit.clone();
    assert!(refused.valid_now.contains(&("visit".to_owned(), visit.as_str().into())), "under which to come again");
    let to = TransferTicket { ticket: waits.clone(), to: queue("own"), reason: "other".to_owned() };
    assert_eq!(code(house.desk(ToDepartment::TransferTicket(to))), Code::WrongTicketState);
    assert_eq!(house.called(1), of_today);
    house.assert_replays();
}

#[test]
fn who_was_left_at_a_door_goes_back_to_the_line_and_frees_it() {
    let mut house = House::new(1).with_doctors();
    house.now = at("16:00");
    let left = house.walk_in("own", "a", None);
    assert_eq!(house.is(&left), "summoned");
    house.now = at("08:00").plus_min(24 * 60);
    let of_today = house.walk_in("own", "b", None);
    assert_eq!((house.is(&left), house.is(&of_today)), ("waiting", "summoned"));
    assert_eq!(house.called(1), of_today);
    house.assert_replays();
}

#[test]
fn who_came_before_midnight_is_called_after_it() {
    let mut house = House::new(0).with_doctors();
    house.now = at("23:50");
    let waits = house.walk_in("pool", "a", None);
    house.now = at("23:50").plus_min(40);
    assert_eq!(house.called(1), waits);
}

#[test]
fn who_came_before_midnight_is_here_after_it_and_gets_no_second_number() {
    let mut house = House::new(0).with_doctors();
    house.now = at("23:20");
    let waits = house.walk_in("pool", "a", None);
    let visit = house.ticket(&waits).opened.visit.clone();
    let walk_in = || {
        let (queue, patient) = (queue("pool"), PatientId::from("p-a"));
        let command = RegisterWalkIn { queue, patient, class: None, addition_to: None, slot: None, visit: None };
        ToDepartment::RegisterWalkIn { command, brief: brief("a"), birth_date: None }
    };
    let comes_back = || {
        let command = RegisterReturn { visit: visit.clone(), patient: PatientId::from("p-a"), department: None };
        ToDepartment::RegisterReturn { command, brief: brief("a"), birth_date: None }
    };
    house.now = at("23:20").plus_min(50);
    house.pass();
    assert!(is_here(&house.state, house.ticket(&waits), house.now));
    assert!(to_return(&house.state, house.now).is_empty(), "nobody comes back who has not gone");
    assert_eq!(code(house.desk(walk_in())), Code::AlreadyExists);
    assert_eq!(code(house.desk(comes_back())), Code::AlreadyExists);
    let mut calls = house.clone();
    assert_eq!(calls.called(1), waits);
    assert!(is_here(&calls.state, calls.ticket(&waits), calls.now), "is called");
    assert_eq!(code(calls.desk(walk_in())), Code::AlreadyExists, "from there");
    assert_eq!(look(&house, &waits)["here"], true, "the phone goes on");
    // However long that took: who had waited for hours is not gone while the doctor has them.
    calls.now = at("23:20").plus_min(10 * 60 + 1);
    calls.pass();
    assert!(is_here(&calls.state, calls.ticket(&waits), calls.now), "still in the doctor's hand");
    assert_eq!((code(calls.desk(walk_in())), &look(&calls, &waits)["here"]), (Code::AlreadyExists, &true.into()));
    // Nobody waits for ten hours: the desk settles the number, and the patient is back on another day.
    house.now = at("23:20").plus_min(10 * 60 + 1);
    assert!(!is_here(&house.state, house.ticket(&waits), house.now));
    assert_eq!((to_return(&house.state, house.now).len(), &look(&house, &waits)["here"]), (1, &false.into()));
    house.desk(comes_back()).expect("a new number");
    house.assert_replays();
}

/// A place in line as a phone sees it.
fn look(house: &House, ticket: &TicketId) -> serde_json::Value {
    view::snapshot(&house.state, "ticket", ticket.as_str(), house.now, house.state.config.zone()).expect("known")
}

#[test]
fn nobody_is_here_by_what_the_desk_has_left_unsettled_and_operations_count_it_apart() {
    let (mut house, left) = morning_after();
    let here = |house: &House| left.iter().filter(|id| is_here(&house.state, house.ticket(id), house.now)).count();
    assert_eq!(here(&house), 0);
    let load = |house: &House| {
        let load = view::load(&house.state, house.now).expect("defined");
        (load.waiting, load.missed, load.of_earlier_days)
    };
    assert_eq!(load(&house), (0, 0, 3));
    house.now = at("16:10");
    assert_eq!((here(&house), load(&house)), (3, (1, 1, 0)), "on their own day they are");
}

#[test]
fn a_session_is_closed_in_parts() {
    let mut house = House::new(0).with_session(4).with_doctors();
    house.now = at("10:20");
    let tickets = ["a", "b", "c"].map(|patient| house.walk_in("pool", patient, None));
    house.now = at("10:40");
    let some = tickets[..2].iter().map(|ticket| settle(ticket, SettlementKind::ReturnDay)).collect();
    house.desk(settle_tickets(some)).expect("the first part");
    let left = house.desk(close_session(vec![])).expect_err("one is left");
    assert_eq!(left.valid_now, [("tickets".to_owned(), vec![tickets[2].to_string()].into())]);
    house.desk(close_session(vec![settle(&tickets[2], SettlementKind::Refund)])).expect("closes");
    house.assert_replays();
}

#[test]
fn more_no_shows_than_one_command_makes_come_by_the_deadline() {
    let mut house = House::new(0).with_session(1_200);
    let booked: Vec<AppointmentId> = (0..1_100).map(|n| house.book("0900", &format!("p{n}"))).collect();
    house.now = at("09:40");
    let from = house.events.len();
    house.desk(close_session(vec![])).expect("closes");
    assert!(house.events.len() - from < 2_100, "in parts, each with its news");
    let left = |house: &House| {
        let is_left = |id: &&AppointmentId| house.state.clinic.appointments[*id].state != AppointmentState::NoShow;
        booked.iter().filter(is_left).count()
    };
    assert_eq!(left(&house), 100);
    house.now = at("10:30");
    house.system(ToDepartment::DeadlineReached);
    assert_eq!(left(&house), 0);
    house.state.clinic.check().expect("sound");
}

/// The desk opens what is needed now; what is planned is operations'.
#[test]
fn the_desk_defines_sessions_of_today_only() {
    let mut house = House::new(0).with_session(1);
    let (today, tomorrow) = (day(), day().plus_days(1));
    house.desk(ToDepartment::DefineSession(afternoon("pm", today))).expect("opens");
    let mut wider = afternoon("pm", today);
    wider.slots[0].capacity = 8;
    house.desk(ToDepartment::DefineSession(wider)).expect("changes it");
    let planned = ToDepartment::DefineSession(afternoon("tomorrow", tomorrow));
    assert_eq!(house.desk(planned.clone()).expect_err("not the desk's").code, Code::Forbidden);
    house.system(planned);
    house.desk(ToDepartment::DefineSession(afternoon("tomorrow", tomorrow))).expect_err("nor to change");
    let close = CloseSession { session: SessionId::from(format!("{DEPARTMENT}.pm")), settlements: Vec::new() };
    assert_eq!(house.desk(ToDepartment::CloseSession(close)), Ok(Answer::Done), "closes as any other");
    house.assert_replays();
}
