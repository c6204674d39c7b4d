//! Ways through the department, as DOMAIN tells them.

use super::house::*;
use crate::department::Event;
use crate::floor;
use crate::ids::*;
use crate::owner::{Message, Outgoing};
use crate::vocabulary::*;
use crate::{Code, Principal};

fn effects_to_boards(house: &House) -> Vec<ToBoard> {
    let to_board = |outgoing: &Outgoing| match outgoing {
        Outgoing::Effect(_, Message::Board(message)) => Some((**message).clone()),
        _ => None,
    };
    house.outgoing.iter().filter_map(to_board).collect()
}

#[test]
fn booked_checked_in_called_started_finished() {
    let mut house = House::new(0).with_session(4).with_doctors();
    let appointment = house.book("0900", "a");
    let answer = house.check_in(&appointment).expect("checks in");
    let Answer::Waiting { ticket, number, line, position, .. } = answer else { panic!("{answer:?}") };
    assert_eq!((number.as_str(), line.as_str(), position), ("A001", "ordinary", 1));
    assert_eq!(ticket, appointment.ticket());
    assert_eq!(house.called(1), ticket);
    house
        .after_s(20)
        .tell(doctor(1), ToDepartment::StartService(StartService { ticket: ticket.clone() }))
        .expect("starts");
    assert_eq!(house.is(&ticket), "serving");
    house
        .after_s(200)
        .tell(doctor(1), ToDepartment::FinishService(FinishService { ticket: ticket.clone() }))
        .expect("finishes");
    assert_eq!(house.is(&ticket), "ended");
    assert_eq!(house.state.clinic.appointments[&appointment].state.name(), "fulfilled");
    assert_eq!(house.state.floor.pace[&doctor_id(1)].service_s, vec![200]);
    house.assert_replays();
}

#[test]
fn a_call_is_announced_once_on_each_board_and_over_when_it_is_over() {
    let mut house = House::new(0).with_doctors();
    let ticket = house.walk_in("pool", "a", None);
    let elsewhere = house.walk_in("other", "b", None);
    assert_eq!(house.called(1), ticket);
    assert_eq!(house.called(2), elsewhere);
    let said = effects_to_boards(&house);
    let [ToBoard::Announce(announce)] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!((announce.round, announce.kind), (1, AnnouncementKind::FirstCall));
    assert_eq!((announce.number.as_str(), announce.place.as_str()), ("A001", "1号诊室"));
    assert_eq!(announce.masked_name.as_deref(), Some("张*三"));
    let call = announce.call.clone();
    house.tell(doctor(1), ToDepartment::RecallPatient(RecallPatient { call: call.clone() })).expect("recalls");
    house.after_s(100).call_next(1, Some(&ticket), Some(Outcome::NotHere)).expect("stands");
    assert_eq!(house.is(&ticket), "missed");
    let said = effects_to_boards(&house);
    assert!(matches!(&said[1], ToBoard::Announce(again) if again.round == 2 && again.kind == AnnouncementKind::Recall));
    assert_eq!(said[2], ToBoard::CallOver { call: call.clone() });
    let again = house.tell(doctor(1), ToDepartment::RecallPatient(RecallPatient { call }));
    assert_eq!(code(again), Code::WrongTicketState);
    house.assert_replays();
}

#[test]
fn not_here_is_too_early_before_two_calls_and_ninety_seconds() {
    let mut house = House::new(0).with_doctors();
    let ticket = house.walk_in("pool", "a", None);
    let call = called(house.call_next(1, None, None)).expect("called").call;
    assert_eq!(code(house.after_s(95).call_next(1, Some(&ticket), Some(Outcome::NotHere))), Code::TooEarly);
    house.tell(doctor(1), ToDepartment::RecallPatient(RecallPatient { call })).expect("recalls");
    house.call_next(1, Some(&ticket), Some(Outcome::NotHere)).expect("two calls and 95 s");
    let mut house = House::new(0).with_doctors();
    let ticket = house.walk_in("pool", "a", None);
    let call = called(house.call_next(1, None, None)).expect("called").call;
    house.after_s(10).tell(doctor(1), ToDepartment::RecallPatient(RecallPatient { call })).expect("recalls");
    let rejected = house.call_next(1, Some(&ticket), Some(Outcome::NotHere)).expect_err("20 s");
    assert_eq!(rejected.code, Code::TooEarly);
    let not_before = house.now.plus_s(80).0.to_string();
    assert!(rejected.valid_now.contains(&("not_before".to_owned(), not_before)));
}

#[test]
fn a_stale_console_is_told_what_is_and_calls_nobody() {
    let mut house = House::new(0).with_doctors();
    let first = house.walk_in("pool", "a", None);
    let second = house.walk_in("pool", "b", None);
    assert_eq!(house.called(1), first);
    let rejected = house.call_next(1, None, None).expect_err("somebody is in hand");
    assert_eq!(rejected.code, Code::StaleConsole);
    assert!(rejected.valid_now.contains(&("in_hand".to_owned(), first.to_string())));
    assert_eq!(house.is(&second), "waiting");
    house.call_next(1, Some(&first), Some(Outcome::Seen)).expect("next");
    assert_eq!(code(house.call_next(1, Some(&first), Some(Outcome::Seen))), Code::StaleConsole);
    assert_eq!(house.is(&second), "called");
    assert_eq!(code(house.call_next(1, Some(&second), None)), Code::InvalidField);
}

#[test]
fn an_outcome_stands_when_nobody_is_next_and_queue_empty_is_only_for_free_hands() {
    let mut house = House::new(0).with_doctors();
    let only = house.walk_in("pool", "a", None);
    assert_eq!(house.called(1), only);
    assert_eq!(code(house.call_next(2, None, None)), Code::QueueEmpty);
    let answer = house.call_next(1, Some(&only), Some(Outcome::Seen)).expect("stands");
    assert_eq!(answer, Answer::Called { settled: Some(only.clone()), called: None });
    assert_eq!(code(house.call_next(1, None, None)), Code::QueueEmpty);
}

#[test]
fn two_doctors_of_one_pool_get_two_patients() {
    let mut house = House::new(2).with_doctors();
    let patients: Vec<TicketId> = ["a", "b", "c"].iter().map(|patient| house.walk_in("pool", patient, None)).collect();
    let (one, two) = (house.called(1), house.called(2));
    assert_ne!(one, two);
    assert!(patients.contains(&one) && patients.contains(&two));
}

#[test]
fn doors_are_filled_and_a_closing_room_gives_its_tickets_back() {
    // DOMAIN's example 5: two rooms on one pool, cap 1.
    let mut house = House::new(1);
    let a: Vec<TicketId> = (1..=5).map(|n| house.walk_in("pool", &format!("a{n}"), None)).collect();
    house.begin(1);
    house.begin(2);
    assert_eq!(house.state.floor.work[&doctor_id(1)].at_door, vec![a[0].clone()]);
    assert_eq!(house.state.floor.work[&doctor_id(2)].at_door, vec![a[1].clone()]);
    assert_eq!((house.called(1), house.called(2)), (a[0].clone(), a[1].clone()));
    assert_eq!(house.state.floor.work[&doctor_id(1)].at_door, vec![a[2].clone()]);
    assert_eq!(house.state.floor.work[&doctor_id(2)].at_door, vec![a[3].clone()]);
    let pause = PauseWork {
        assignment: assignment(1),
        department: DepartmentId::from(DEPARTMENT),
        reason: "会诊".to_owned(),
        back_at: None,
    };
    house.tell(doctor(1), ToDepartment::PauseWork(pause)).expect("pauses");
    assert_eq!(house.is(&a[2]), "waiting");
    assert_eq!(called(house.call_next(2, Some(&a[1]), Some(Outcome::Seen))).expect("called").ticket, a[3]);
    assert_eq!(house.state.floor.work[&doctor_id(2)].at_door, vec![a[2].clone()]);
    assert_eq!(called(house.call_next(1, Some(&a[0]), Some(Outcome::Seen))), None, "paused: settles, calls nobody");
    assert_eq!(code(house.call_next(1, None, None)), Code::WorkPaused);
    house.assert_replays();
}

#[test]
fn tests_and_back_wait_in_the_returning_line_and_the_third_missed_stands() {
    let mut house = House::new(0).with_doctors();
    let ticket = house.walk_in("pool", "a", None);
    assert_eq!(house.called(1), ticket);
    house.tell(doctor(1), ToDepartment::SendForTests(SendForTests { ticket: ticket.clone() })).expect("away");
    let report = ReportBack { ticket: ticket.clone(), code: None };
    let unproved = house.desk(ToDepartment::ReportBack { command: report.clone(), presence_proved: false });
    assert_eq!(code(unproved), Code::WrongAreaCode);
    let answer = house.desk(ToDepartment::ReportBack { command: report.clone(), presence_proved: true }).expect("back");
    assert!(matches!(&answer, Answer::Waiting { line, .. } if line == "returning"), "{answer:?}");
    for times in 1..=3 {
        let call = called(house.call_next(1, None, None)).expect("called").call;
        house.tell(doctor(1), ToDepartment::RecallPatient(RecallPatient { call })).expect("recalls");
        house
            .after_s(100)
            .tell(doctor(1), ToDepartment::MarkMissed(MarkMissed { ticket: ticket.clone() }))
            .expect("missed");
        assert_eq!(house.ticket(&ticket).missed_times, times);
        let back = ToDepartment::ReportBack { command: report.clone(), presence_proved: true };
        let patient = Principal::of(crate::Role::Patient, AccountId::from("a-p"));
        if times == 3 {
            assert_eq!(code(house.tell(patient, back.clone())), Code::MissedThreeTimes);
            let taken = house.tell(doctor(1), ToDepartment::TakeBack(TakeBack { ticket: ticket.clone() }));
            assert_eq!(code(taken), Code::MissedThreeTimes);
            house.desk(back).expect("the desk can");
        } else {
            let answer = house.tell(patient, back).expect("reports");
            assert!(matches!(&answer, Answer::Waiting { line, .. } if line == "missed"), "{answer:?}");
        }
    }
    house.assert_replays();
}

#[test]
fn undo_goes_back_step_by_step() {
    let mut house = House::new(0).with_session(4).with_doctors();
    let appointment = house.book("0900", "a");
    house.check_in(&appointment).expect("checks in");
    let ticket = appointment.ticket();
    assert_eq!(house.called(1), ticket);
    house.after_s(100).call_next(1, Some(&ticket), Some(Outcome::Seen)).expect("seen");
    assert_eq!(code(house.undo(&ticket, 1)), Code::CannotUndo);
    house.undo(&ticket, 3).expect("finish");
    assert_eq!(house.is(&ticket), "called");
    assert_eq!(house.state.floor.pace[&doctor_id(1)].seen, 0);
    house.undo(&ticket, 2).expect("call");
    assert_eq!(house.is(&ticket), "waiting");
    assert_eq!(house.state.floor.work[&doctor_id(1)].in_hand, None);
    house.undo(&ticket, 1).expect("check-in");
    assert_eq!(house.is(&ticket), "ended");
    assert_eq!(code(house.undo_last(&ticket)), Code::CannotUndo);
    let again = house.check_in(&appointment);
    if house.state.clinic.appointments[&appointment].state.name() == "checked_in" {
        assert!(matches!(again, Ok(Answer::Waiting { number, .. }) if number == "A001"));
    }
    house.now = house.now.plus_min(24 * 60);
    assert_eq!(code(house.undo_last(&ticket)), Code::CannotUndo, "another day");
    house.assert_replays();
}

#[test]
fn undo_of_a_finish_with_the_next_one_in_hand_goes_to_the_old_place() {
    let mut house = House::new(0).with_doctors();
    let (first, second) = (house.walk_in("pool", "a", None), house.walk_in("pool", "b", None));
    let third = house.walk_in("pool", "c", None);
    assert_eq!(house.called(1), first);
    house.call_next(1, Some(&first), Some(Outcome::Seen)).expect("seen");
    house.undo_last(&first).expect("undone");
    assert_eq!((house.is(&first), house.is(&second), house.is(&third)), ("waiting", "called", "waiting"));
    assert_eq!(called(house.call_next(1, Some(&second), Some(Outcome::Seen))).expect("called").ticket, first);
}

fn at_door(house: &House, n: u32) -> &[TicketId] {
    &house.state.floor.work[&doctor_id(n)].at_door
}

#[test]
fn whoever_was_called_by_mistake_stands_in_front_at_the_door_again() {
    let mut house = House::new(2);
    house.begin(1);
    let tickets: Vec<_> = ["a", "b", "c", "d"].map(|who| house.walk_in("pool", who, None)).into();
    let back = |house: &mut House, ticket: &TicketId| {
        let mistake = ReturnToWaiting { ticket: ticket.clone(), reason: "mistake".to_owned() };
        house.tell(doctor(1), ToDepartment::ReturnToWaiting(mistake)).expect("back");
    };
    for _ in 0..2 {
        // the second time too: there is always a turn before the first
        assert_eq!(house.called(1), tickets[0]);
        assert_eq!(at_door(&house, 1), &tickets[1..3]);
        back(&mut house, &tickets[0]);
        assert_eq!(at_door(&house, 1), &tickets[0..2], "the door's later patient went back");
    }
    assert_eq!(house.called(1), tickets[0]);
    house.undo_last(&tickets[0]).expect("undone");
    assert_eq!(at_door(&house, 1), &tickets[0..2], "an undone call is no other");
    for ticket in &tickets {
        assert_eq!(house.called(1), *ticket);
        let finish = FinishService { ticket: ticket.clone() };
        house.tell(doctor(1), ToDepartment::FinishService(finish)).expect("seen");
    }
    house.assert_replays();
}

#[test]
fn the_place_at_a_door_is_not_given_back_where_the_room_no_longer_calls() {
    let mut house = House::new(1);
    house.begin(1);
    let ticket = house.walk_in("pool", "a", None);
    assert_eq!(house.called(1), ticket);
    let pause = PauseWork {
        assignment: assignment(1),
        department: DepartmentId::from(DEPARTMENT),
        reason: "ward".to_owned(),
        back_at: None,
    };
    house.tell(doctor(1), ToDepartment::PauseWork(pause)).expect("paused");
    house.undo_last(&ticket).expect("undone");
    assert_eq!((house.is(&ticket), at_door(&house, 1).len()), ("waiting", 0));
    house.assert_replays();
}

#[test]
fn an_undone_next_takes_back_both_halves() {
    for (outcome, state) in [(Outcome::NotHere, "missed"), (Outcome::Seen, "ended")] {
        let mut house = House::new(2);
        house.begin(1);
        let (first, second) = (house.walk_in("pool", "a", None), house.walk_in("pool", "b", None));
        let call = called(house.call_next(1, None, None)).expect("called").call;
        house.tell(doctor(1), ToDepartment::RecallPatient(RecallPatient { call })).expect("recalled");
        house.after_s(100).call_next(1, Some(&first), Some(outcome)).expect("next");
        assert_eq!((house.is(&first), house.is(&second)), (state, "called"));
        house.after_s(2).undo_last(&second).expect("undone");
        assert_eq!((house.is(&first), house.is(&second)), ("called", "summoned"));
        assert_eq!(house.state.floor.work[&doctor_id(1)].in_hand, Some(first.clone()));
        assert_eq!(house.ticket(&first).missed_times, 0);
        let pace = &house.state.floor.pace[&doctor_id(1)];
        assert_eq!((pace.seen, pace.missed), (0, 0));
        house.assert_replays();
    }
}

#[test]
fn an_undone_call_leaves_alone_whom_somebody_settled_at_another_moment() {
    let mut house = House::new(0).with_doctors();
    let (first, second) = (house.walk_in("pool", "a", None), house.walk_in("pool", "b", None));
    assert_eq!(house.called(1), first);
    house.tell(doctor(1), ToDepartment::FinishService(FinishService { ticket: first.clone() })).expect("seen");
    assert_eq!(house.after_s(1).called(1), second);
    house.undo_last(&second).expect("undone");
    assert_eq!((house.is(&first), house.is(&second)), ("ended", "waiting"));
}

#[test]
fn numbers_are_never_given_again() {
    let mut house = House::new(0).with_session(4);
    let booked = house.book("0900", "a");
    let walk_in = house.walk_in("pool", "b", None);
    assert_eq!(house.state.clinic.appointments[&booked].number.as_deref(), Some("A001"));
    assert_eq!(house.ticket(&walk_in).opened.number, "A002");
    house
        .desk(ToDepartment::CancelTicket(CancelTicket { ticket: walk_in, reason: "left".to_owned() }))
        .expect("cancels");
    let next = house.walk_in("pool", "c", None);
    assert_eq!(house.ticket(&next).opened.number, "A003");
    house.undo_last(&next).expect("undone");
    let next = house.walk_in("pool", "d", None);
    assert_eq!(house.ticket(&next).opened.number, "A004");
}

#[test]
fn within_the_department_a_ticket_moves_at_once_and_keeps_its_number() {
    let mut house = House::new(0).with_doctors();
    let ticket = house.walk_in("pool", "a", None);
    let transfer = TransferTicket { ticket: ticket.clone(), to: queue("other"), reason: "改派".to_owned() };
    let answer = house.desk(ToDepartment::TransferTicket(transfer)).expect("moves");
    assert_eq!(answer, Answer::Transferred { ticket: ticket.clone(), state: "waiting".to_owned() });
    assert_eq!(house.ticket(&ticket).opened.number, "A001");
    assert_eq!(code(house.call_next(1, None, None)), Code::QueueEmpty);
    assert_eq!(house.called(2), ticket);
    house.undo_last(&ticket).expect("call");
    house.undo_last(&ticket).expect("transfer");
    assert_eq!(house.called(1), ticket);
    house.assert_replays();
}

fn deliver(from: &mut House, to: &mut House, department: &str) {
    for outgoing in std::mem::take(&mut from.outgoing) {
        if let Outgoing::Effect(owner, Message::Department(message)) = outgoing
            && &*owner.id == department
        {
            to.system(*message);
        }
    }
}

#[test]
fn between_departments_the_target_takes_or_refuses() {
    let mut source = House::new(0).with_doctors();
    let ticket = source.walk_in("pool", "a", None);
    let other = source.walk_in("pool", "b", None);
    // The target is a department of the same kind under another id.
    let mut target = House::new(0).with_doctors();
    target.state.config.id = DepartmentId::from("s.e");
    let accepts = QueueId::from("s.e.pool");
    target.system(ToDepartment::ConfigureQueue(DefineQueue {
        id: accepts.clone(),
        name: "e".to_owned(),
        prefix: "E".to_owned(),
        doctors: vec![],
    }));
    let send = |to: &str| {
        let (to, reason) = (QueueId::from(to), "转科".to_owned());
        ToDepartment::TransferTicket(TransferTicket { ticket: ticket.clone(), to, reason })
    };
    source.desk(send("s.e.nowhere")).expect("sent");
    assert_eq!(source.is(&ticket), "in_transit");
    assert_eq!(code(source.undo_last(&ticket)), Code::CannotUndo);
    deliver(&mut source, &mut target, "s.e");
    deliver(&mut target, &mut source, DEPARTMENT);
    assert_eq!(source.is(&ticket), "waiting");
    assert_eq!(source.called(1), ticket, "at its old place, before {other}");
    source.desk(send("s.e.pool")).expect("sent from the hand");
    source.desk(ToDepartment::RecallTransfer(RecallTransfer { ticket: ticket.clone() })).expect("asked back");
    deliver(&mut source, &mut target, "s.e");
    deliver(&mut target, &mut source, DEPARTMENT);
    assert_eq!(source.is(&ticket), "ended", "the taking came first");
    let linked = source.ticket(&ticket).linked_to.clone().expect("linked");
    assert_eq!((target.is(&linked), target.ticket(&linked).opened.number.as_str()), ("waiting", "E001"));
    assert_eq!(code(source.undo_last(&ticket)), Code::CannotUndo);
    source.assert_replays();
}

#[test]
fn work_is_refused_and_ended_by_effects() {
    let mut house = House::new(0).with_doctors();
    let service_point = ServicePointId::from("s.d.room1");
    house.outgoing.clear();
    let begin = ToDepartment::BeginAssignment {
        doctor: DoctorId::from("s.stranger"),
        assignment: AssignmentId::from("s.stranger.n1"),
        service_point,
    };
    house.system(begin);
    let refused = |outgoing: &Outgoing| matches!(outgoing, Outgoing::Effect(_, Message::Doctor(message)) if matches!(**message, ToDoctor::AssignmentRefused { .. }));
    assert!(house.outgoing.iter().any(refused));
    let ticket = house.walk_in("pool", "a", None);
    assert_eq!(house.called(1), ticket);
    let stop =
        ToDepartment::StopWork(StopWork { assignment: assignment(1), department: DepartmentId::from(DEPARTMENT) });
    assert_eq!(code(house.tell(doctor(1), stop.clone())), Code::PatientInHand);
    assert_eq!(code(house.tell(doctor(2), stop.clone())), Code::Forbidden);
    house.call_next(1, Some(&ticket), Some(Outcome::Seen)).expect("seen");
    house.tell(doctor(1), stop.clone()).expect("stops");
    let ended = |outgoing: &Outgoing| matches!(outgoing, Outgoing::Effect(_, Message::Doctor(message)) if matches!(**message, ToDoctor::AssignmentEnded { .. }));
    assert!(house.outgoing.iter().any(ended));
    assert_eq!(code(house.tell(doctor(1), stop)), Code::WrongAssignment);
}

#[test]
fn closing_settles_everyone_who_is_not_ended() {
    let mut house = House::new(0).with_session(4).with_doctors();
    house.now = at("10:20");
    let tickets: Vec<TicketId> = ["a", "b", "c"].iter().map(|patient| house.walk_in("pool", patient, None)).collect();
    let session = SessionId::from("s.d.am");
    house.now = at("10:40");
    let close = |settlements| ToDepartment::CloseSession(CloseSession { session: session.clone(), settlements });
    let rejected = house.desk(close(vec![])).expect_err("three are not settled");
    assert_eq!(rejected.code, Code::NotSettled);
    assert_eq!(rejected.valid_now[0].1, tickets.iter().map(TicketId::as_str).collect::<Vec<_>>().join(" "));
    let settle =
        |ticket: &TicketId, how, to: Option<&str>| Settlement { ticket: ticket.clone(), how, to: to.map(queue) };
    let settlements = vec![
        settle(&tickets[0], SettlementKind::ReturnDay, None),
        settle(&tickets[2], SettlementKind::Move, Some("own")),
        settle(&tickets[1], SettlementKind::Move, Some("own")),
    ];
    house.desk(close(settlements)).expect("closes");
    assert_eq!((house.is(&tickets[0]), house.is(&tickets[1])), ("ended", "waiting"));
    assert_eq!(house.called(1), tickets[1], "moved together, in their order");
    let visit = house.ticket(&tickets[0]).opened.visit.clone();
    house.now = at("09:00").plus_min(24 * 60);
    let command = RegisterWalkIn {
        queue: queue("pool"),
        patient: PatientId::from("p-a"),
        class: None,
        addition_to: None,
        slot: None,
        visit: Some(visit.clone()),
    };
    let back =
        house.desk(ToDepartment::RegisterWalkIn { command, brief: brief("a"), birth_date: None }).expect("return day");
    assert!(matches!(back, Answer::Waiting { visit: same, .. } if same == visit));
    house.assert_replays();
}

#[test]
fn visits_from_outside_are_always_taken_but_for_a_used_number() {
    let mut house = House::new(0).with_session(1).with_doctors();
    let register = |visit_id: &str, number: Option<&str>, checked_in| RegisterVisit {
        visit_id: visit_id.to_owned(),
        version: 1,
        patient: OutsidePatient { number: "77".to_owned(), name: None, sex: None, birth_date: None },
        site: SiteId::from("s"),
        department: Some(DepartmentId::from(DEPARTMENT)),
        doctor: None,
        queue: None,
        date: day(),
        slot: Some(SlotId::from("s.d.am.0900")),
        class: None,
        fee_state: FeeState::Paid,
        number: number.map(str::to_owned),
        checked_in,
    };
    let take = |house: &mut House, n: u32, command| {
        let visit = VisitId::from(format!("s.d.vh{n}"));
        house.system(ToDepartment::RegisterVisit { command, visit, brief: brief("x"), birth_date: None })
    };
    for n in 1..=3 {
        let answer = take(&mut house, n, register(&format!("h{n}"), Some(&format!("A00{n}")), false));
        assert!(matches!(answer, Answer::VisitTaken { ticket: None, .. }), "{answer:?}");
    }
    assert_eq!(house.state.clinic.slots["s.d.am.0900"].outside, 3, "beyond the capacity of 1");
    let answer = take(&mut house, 4, register("h4", Some("A002"), false));
    assert_eq!(code(Ok(answer)), Code::NumberTaken);
    assert!(matches!(house.events.last(), Some(Event::Floor(floor::Event::VisitRefused { .. }))));
    let own = house.walk_in("pool", "w", None);
    assert_eq!(house.ticket(&own).opened.number, "A004", "own numbers go round the hospital's");
    let answer = house.check_in(&AppointmentId::from("s.d.b20261123-vh1")).expect("by its appointment id");
    assert!(matches!(answer, Answer::Waiting { ref number, .. } if number == "A001"), "{answer:?}");
    let change = |version, checked_in| ChangeVisit {
        visit_id: "h2".to_owned(),
        version,
        site: SiteId::from("s"),
        queue: None,
        slot: None,
        class: None,
        fee_state: None,
        checked_in,
    };
    let visit = VisitId::from("s.d.vh2");
    let changed = house.system(ToDepartment::ChangeVisit { command: change(2, Some(true)), visit: visit.clone() });
    let Answer::VisitTaken { ticket: Some(ticket), .. } = changed else { panic!("{changed:?}") };
    assert_eq!(house.is(&ticket), "waiting");
    let old =
        house.tell(Principal::system(), ToDepartment::ChangeVisit { command: change(1, None), visit: visit.clone() });
    assert_eq!(code(old), Code::OldVersion);
    let cancel = CancelVisit { visit_id: "h2".to_owned(), version: 3, site: SiteId::from("s") };
    house.system(ToDepartment::CancelVisit { command: cancel, visit });
    assert_eq!(house.is(&ticket), "ended");
    house.assert_replays();
}
