//! Ways through the department, as DOMAIN tells them.

use super::house::*;
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
    let not_before = house.state.config.zone().rfc3339(house.now.plus_s(80));
    assert!(rejected.valid_now.contains(&("not_before".to_owned(), not_before.into())));
}

#[test]
fn a_stale_console_is_told_what_is_and_calls_nobody() {
    let mut house = House::new(0).with_doctors();
    let first = house.walk_in("pool", "a", None);
    let second = house.walk_in("pool", "b", None);
    assert_eq!(house.called(1), first);
    let rejected = house.call_next(1, None, None).expect_err("somebody is in hand");
    assert_eq!(rejected.code, Code::StaleConsole);
    assert!(rejected.valid_now.contains(&("in_hand".to_owned(), first.as_str().into())));
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
    let chosen = CallTicket {
        department: DepartmentId::from(DEPARTMENT),
        assignment: assignment(1),
        in_hand: None,
        outcome: None,
        ticket: a[2].clone(),
        reason: "the relatives are waiting".to_owned(),
    };
    assert_eq!(code(house.tell(doctor(1), ToDepartment::CallTicket(chosen))), Code::WorkPaused);
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

/// What another doctor or the desk did is not a doctor's to take back.
#[test]
fn a_doctor_undoes_what_came_of_the_own_call() {
    let mut house = House::new(0).with_doctors();
    let ticket = house.walk_in("pool", "a", None);
    let undo = |house: &mut House, n: u32, step: usize| {
        let undo = Undo { event: format!("{ticket}@{step}"), reason: "mistake".to_owned() };
        house.tell(doctor(n), ToDepartment::Undo(undo))
    };
    assert_eq!(code(undo(&mut house, 1, 1)), Code::Forbidden, "the desk's registration");
    assert_eq!(house.called(1), ticket);
    assert_eq!(code(undo(&mut house, 2, 2)), Code::Forbidden, "another one's call");
    assert_eq!(house.state.floor.work[&doctor_id(1)].in_hand.as_ref(), Some(&ticket));
    house.call_next(1, Some(&ticket), Some(Outcome::Seen)).expect("seen");
    assert_eq!(code(undo(&mut house, 2, 3)), Code::Forbidden, "another one's finish");
    undo(&mut house, 1, 3).expect("the own finish");
    assert_eq!(code(undo(&mut house, 2, 2)), Code::Forbidden, "the call is still another one's");
    undo(&mut house, 1, 2).expect("the own call");
    assert_eq!(code(undo(&mut house, 1, 1)), Code::Forbidden, "the desk's registration");
    let transfer = TransferTicket { ticket: ticket.clone(), to: queue("other"), reason: "改派".to_owned() };
    house.tell(doctor(1), ToDepartment::TransferTicket(transfer)).expect("moves who waits");
    let last = house.ticket(&ticket).steps.len();
    undo(&mut house, 1, last).expect("and back");
    house.undo(&ticket, 1).expect("the desk undoes any");
    house.assert_replays();
}

#[test]
fn missed_at_a_door_is_undone_by_that_rooms_doctor() {
    let mut house = House::new(1);
    house.begin(1);
    house.begin(2);
    let ticket = house.walk_in("own", "a", None);
    assert_eq!(at_door(&house, 1), std::slice::from_ref(&ticket));
    house.after_s(100);
    house.tell(doctor(1), ToDepartment::MarkMissed(MarkMissed { ticket: ticket.clone() })).expect("not there");
    let event = format!("{ticket}@{}", house.ticket(&ticket).steps.len());
    let undo = ToDepartment::Undo(Undo { event, reason: "mistake".to_owned() });
    assert_eq!(code(house.tell(doctor(2), undo.clone())), Code::Forbidden);
    house.tell(doctor(1), undo).expect("the own door");
    assert_eq!(house.is(&ticket), "summoned");
}

#[test]
fn who_was_missed_at_a_door_is_taken_back_from_nobody_who_came_into_that_room_later() {
    let mut house = House::new(1);
    house.begin(1);
    let (first, second) = (house.walk_in("pool", "a", None), house.walk_in("pool", "b", None));
    house.after_s(100).desk(ToDepartment::MarkMissed(MarkMissed { ticket: first.clone() })).expect("not there");
    let stop = StopWork { assignment: assignment(1), department: DepartmentId::from(DEPARTMENT) };
    house.tell(doctor(1), ToDepartment::StopWork(stop)).expect("stops");
    let service_point = ServicePointId::from(format!("{DEPARTMENT}.room1"));
    let (doctor, assignment) = (doctor_id(2), assignment(2));
    house.after_s(60).system(ToDepartment::BeginAssignment { doctor, assignment, service_point });
    assert_eq!(house.is(&second), "summoned");
    house.after_s(100).desk(ToDepartment::MarkMissed(MarkMissed { ticket: second })).expect("not there");
    house.undo_last(&first).expect("undone");
    assert_eq!(house.state.floor.pace[&doctor_id(2)].missed, 1);
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
    let named: Vec<String> = tickets.iter().map(TicketId::to_string).collect();
    assert_eq!(rejected.valid_now, [("tickets".to_owned(), named.into())]);
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
    let elsewhere = RegisterWalkIn { slot: Some(SlotId::from("s.e.am.0900")), ..command.clone() };
    let refused = house.desk(ToDepartment::RegisterWalkIn { command: elsewhere, brief: brief("a"), birth_date: None });
    assert_eq!(code(refused), Code::InvalidField, "a walk-in names no slot");
    let back =
        house.desk(ToDepartment::RegisterWalkIn { command, brief: brief("a"), birth_date: None }).expect("return day");
    assert!(matches!(back, Answer::Waiting { visit: same, .. } if same == visit));
    house.assert_replays();
}

#[test]
fn closing_names_all_that_stands_against_it() {
    let mut house = House::new(0).with_session(4).with_doctors();
    let to_come = [house.book("0930", "a"), house.book("1000", "b"), house.book("1000", "c")];
    let (called, waits) = (house.walk_in("pool", "d", None), house.walk_in("pool", "e", None));
    assert_eq!(house.called(1), called);
    let close =
        |settlements| ToDepartment::CloseSession(CloseSession { session: SessionId::from("s.d.am"), settlements });
    let settle =
        |ticket: &TicketId, how, to: Option<&str>| Settlement { ticket: ticket.clone(), how, to: to.map(queue) };
    let refusal = |house: &mut House, settlements| {
        let rejected = house.desk(close(settlements)).expect_err("not settled");
        let said = |name: &str| rejected.valid_now.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        (rejected.code, ["to_come", "appointments", "tickets", "not_yet"].map(said))
    };
    let named: Vec<String> = to_come.iter().map(AppointmentId::to_string).collect();
    let not_yet = Some(vec![format!("{called} called")].into());
    let expected = [Some(3_u32.into()), Some(named.into()), Some(vec![waits.to_string()].into()), not_yet.clone()];
    assert_eq!(refusal(&mut house, vec![]), (Code::NotSettled, expected));
    house.now = at("11:00");
    let settled = vec![settle(&waits, SettlementKind::Refund, None), settle(&called, SettlementKind::Seen, None)];
    assert_eq!(refusal(&mut house, settled.clone()), (Code::NotSettled, [None, None, None, not_yet]));
    house.tell(doctor(1), ToDepartment::SendForTests(SendForTests { ticket: called.clone() })).expect("away");
    let moved = vec![settled[0].clone(), settle(&called, SettlementKind::Move, Some("own"))];
    let rejected = house.desk(close(moved)).expect_err("who is at tests cannot be put into a line");
    assert_eq!(rejected.code, Code::InvalidField);
    assert!(
        rejected
            .valid_now
            .contains(&("how".to_owned(), ["return_day", "refund", "seen"].map(str::to_owned).to_vec().into()))
    );
    house.desk(close(settled)).expect("closes");
    assert_eq!((house.is(&called), house.is(&waits)), ("ended", "ended"));
    house.assert_replays();
}

#[test]
fn the_same_person_waits_once_in_a_queue_unless_the_visit_is_named() {
    let mut house = House::new(0).with_doctors();
    let again = |at: &str, visit: Option<&VisitId>| {
        let (queue, patient) = (queue(at), PatientId::from("p-a"));
        let command =
            RegisterWalkIn { queue, patient, class: None, addition_to: None, slot: None, visit: visit.cloned() };
        ToDepartment::RegisterWalkIn { command, brief: brief("a"), birth_date: None }
    };
    let first = house.walk_in("pool", "a", None);
    let visit = house.ticket(&first).opened.visit.clone();
    let refused = house.desk(again("pool", None)).expect_err("waits there");
    assert_eq!(refused.code, Code::AlreadyExists);
    for (name, value) in [("ticket", first.as_str()), ("visit", visit.as_str())] {
        assert!(refused.valid_now.contains(&(name.to_owned(), value.into())), "{:?}", refused.valid_now);
    }
    house.desk(again("own", None)).expect("another queue");
    let knowingly = house.desk(again("pool", Some(&visit))).expect("knowingly");
    assert!(matches!(&knowingly, Answer::Waiting { visit: of, .. } if *of == visit));
    assert_eq!(house.called(2), first);
    assert_eq!(code(house.desk(again("pool", None))), Code::AlreadyExists, "the second one waits");
    house.assert_replays();
}

#[test]
fn nobody_comes_back_into_a_queue_where_they_wait_by_another_ticket() {
    let mut house = House::new(0).with_doctors();
    let first = house.walk_in("pool", "a", None);
    let call = called(house.call_next(1, None, None)).expect("called").call;
    house.tell(doctor(1), ToDepartment::RecallPatient(RecallPatient { call })).expect("recalls");
    let missed = MarkMissed { ticket: first.clone() };
    house.after_s(120).tell(doctor(1), ToDepartment::MarkMissed(missed)).expect("is not there");
    let second = house.walk_in("pool", "a", None);
    let back =
        ToDepartment::ReportBack { command: ReportBack { ticket: first.clone(), code: None }, presence_proved: true };
    let refused = house.desk(back.clone()).expect_err("waits there");
    assert_eq!(refused.code, Code::AlreadyExists);
    assert!(refused.valid_now.contains(&("ticket".to_owned(), second.as_str().into())), "{:?}", refused.valid_now);
    let gone = |ticket: &TicketId| {
        ToDepartment::CancelTicket(CancelTicket { ticket: ticket.clone(), reason: "left".to_owned() })
    };
    house.desk(gone(&second)).expect("leaves");
    house.desk(back).expect("is back");
    assert_eq!(house.undo_last(&second).expect_err("waits by the first").code, Code::AlreadyExists);
    // Nor is anybody moved there.
    let own = house.walk_in("own", "a", None);
    let to =
        |queue| ToDepartment::TransferTicket(TransferTicket { ticket: own.clone(), to: queue, reason: "r".to_owned() });
    assert_eq!(code(house.desk(to(queue("pool")))), Code::AlreadyExists);
    house.desk(gone(&first)).expect("leaves");
    house.desk(to(queue("pool"))).expect("is moved");
    house.assert_replays();
}

#[test]
fn who_waits_in_a_queue_does_not_check_in_to_it_a_second_time() {
    let mut house = House::new(0).with_session(4).with_doctors();
    let appointment = house.book("0900", "a");
    let first = house.walk_in("pool", "a", None);
    let visit = house.ticket(&first).opened.visit.clone();
    let refused = house.check_in(&appointment).expect_err("waits there");
    assert_eq!(refused.code, Code::AlreadyExists);
    for (name, value) in [("ticket", first.as_str()), ("visit", visit.as_str())] {
        assert!(refused.valid_now.contains(&(name.to_owned(), value.into())), "{:?}", refused.valid_now);
    }
    let (ticket, reason) = (first, "booked".to_owned());
    house.desk(ToDepartment::CancelTicket(CancelTicket { ticket, reason })).expect("not needed");
    house.check_in(&appointment).expect("waits once");
    house.assert_replays();
}

#[test]
fn who_stands_at_the_door_or_is_called_waits_there_still() {
    for (door_cap, is) in [(1, "summoned"), (0, "called")] {
        let mut house = House::new(door_cap).with_doctors();
        let first = house.walk_in("pool", "a", None);
        if is == "called" {
            assert_eq!(house.called(2), first);
        }
        assert_eq!(house.is(&first), is);
        let (queue, brief) = (queue("pool"), brief("a"));
        let patient = brief.patient.clone();
        let command = RegisterWalkIn { queue, patient, class: None, addition_to: None, slot: None, visit: None };
        let refused = house.desk(ToDepartment::RegisterWalkIn { command, brief, birth_date: None }).expect_err(is);
        assert_eq!(refused.code, Code::AlreadyExists, "{is}");
        assert!(refused.valid_now.contains(&("ticket".to_owned(), first.as_str().into())), "{is}: {refused:?}");
    }
}

#[test]
fn on_a_later_day_an_open_visit_gets_a_new_number_and_the_old_one_does_not_wait_again() {
    let mut house = House::new(0).with_doctors();
    let away = house.walk_in("pool", "a", None);
    assert_eq!(house.called(1), away);
    house.tell(doctor(1), ToDepartment::SendForTests(SendForTests { ticket: away.clone() })).expect("goes");
    let visit = house.ticket(&away).opened.visit.clone();
    house.after_s(24 * 3600);
    let report = ReportBack { ticket: away.clone(), code: None };
    let rejected = house
        .desk(ToDepartment::ReportBack { command: report, presence_proved: true })
        .expect_err("yesterday's number");
    assert_eq!(rejected.code, Code::WrongTicketState);
    assert!(rejected.valid_now.contains(&("visit".to_owned(), visit.as_str().into())));
    let returning = |visit: &VisitId| RegisterWalkIn {
        queue: queue("own"),
        patient: PatientId::from("p-a"),
        class: None,
        addition_to: None,
        slot: None,
        visit: Some(visit.clone()),
    };
    let command = ToDepartment::RegisterWalkIn { command: returning(&visit), brief: brief("a"), birth_date: None };
    let Ok(Answer::Waiting { ticket, visit: of, .. }) = house.desk(command) else { panic!("the visit is open") };
    assert_eq!((of, &house.state.floor.visits[&visit].tickets), (visit.clone(), &vec![away, ticket]));
    house.after_s(2 * 24 * 3600);
    let command = ToDepartment::RegisterWalkIn { command: returning(&visit), brief: brief("a"), birth_date: None };
    assert_eq!(code(house.desk(command)), Code::Forbidden, "the third day was the last");
}

/// Who comes back on a later day waits for the own doctor if the doctor sits that day, else in the pool; the desk may say
/// another queue.
#[test]
fn on_a_later_day_the_department_finds_the_queue() {
    let returning = |house: &mut House, visit: &VisitId, queue: Option<QueueId>| {
        let (patient, brief, birth_date) = (brief("a").patient, brief("a"), None);
        let command = match queue {
            None => {
                let command = RegisterReturn { visit: visit.clone(), patient, department: None };
                ToDepartment::RegisterReturn { command, brief, birth_date }
            }
            Some(queue) => {
                let visit = Some(visit.clone());
                let command = RegisterWalkIn { queue, patient, class: None, addition_to: None, slot: None, visit };
                ToDepartment::RegisterWalkIn { command, brief, birth_date }
            }
        };
        let answer = house.desk(command);
        answer.map(|answer| match answer {
            Answer::Waiting { ticket, visit: of, .. } if of == *visit => house.ticket(&ticket).opened.queue.clone(),
            other => panic!("{other:?}"),
        })
    };
    // Seen by the first doctor, called from the pool.
    let mut house = House::new(0).with_doctors();
    let seen = house.walk_in("pool", "a", None);
    assert_eq!(house.called(1), seen);
    house.call_next(1, Some(&seen), Some(Outcome::Seen)).expect("seen");
    let visit = house.ticket(&seen).opened.visit.clone();
    house.after_s(24 * 3600);
    let mut at_work = house.clone();
    assert_eq!(returning(&mut at_work, &visit, None), Ok(queue("own")), "the first doctor is at work");
    let again = returning(&mut at_work, &visit, None).expect_err("waits there already");
    assert_eq!(again.code, Code::AlreadyExists);
    assert_eq!(returning(&mut at_work, &visit, Some(queue("own"))), Ok(queue("own")), "knowingly");
    assert_eq!(returning(&mut at_work, &visit, Some(queue("other"))), Ok(queue("other")), "the desk says where");
    at_work.assert_replays();
    // The doctor does not sit.
    let stop = StopWork { assignment: assignment(1), department: DepartmentId::from(DEPARTMENT) };
    house.tell(doctor(1), ToDepartment::StopWork(stop)).expect("stops");
    let mut nobody = house.clone();
    assert_eq!(returning(&mut nobody, &visit, None), Ok(queue("pool")));
    // Not at work yet, and sits by a session of that day, until that is over.
    let tomorrow = house.state.config.today(house.now);
    let session = DefineSession {
        id: SessionId::from("s.d.am2"),
        date: tomorrow,
        period: "morning".to_owned(),
        queue: queue("own"),
        doctor: Some(doctor_id(1)),
        service_point: None,
        registration_class: "普通".to_owned(),
        fee_fen: 0,
        slots: vec![DefineSlot { start: "09:00".to_owned(), minutes: 30, capacity: 1 }],
        high_demand: false,
        released_at: None,
    };
    house.system(ToDepartment::DefineSession(session));
    let mut sits = house.clone();
    assert_eq!(returning(&mut sits, &visit, None), Ok(queue("own")));
    house.after_s(2 * 3600);
    let mut over = house.clone();
    assert_eq!(returning(&mut over, &visit, None), Ok(queue("pool")), "the session is over");
    let twice = returning(&mut over, &visit, None).expect_err("is here already");
    assert_eq!((twice.code, twice.valid_now.iter().any(|(name, _)| name == "ticket")), (Code::AlreadyExists, true));
    let unknown = VisitId::from("s.d.v999");
    assert_eq!(returning(&mut house, &unknown, None).expect_err("no such visit").code, Code::Forbidden);
    house.system(ToDepartment::Retire { kind: RetiredKind::Queue, id: "s.d.pool".to_owned() });
    let nowhere = returning(&mut house, &visit, None).expect_err("neither doctor nor pool");
    assert_eq!(nowhere.code, Code::InvalidField);
}

/// Rule 6 at the doctor's door: one returned ticket called by mistake is due again at once, before any ordinary one.
#[test]
fn an_insertion_called_by_mistake_is_next_again() {
    let mut house = House::new(0).with_doctors();
    let away = house.walk_in("pool", "r", None);
    assert_eq!(house.called(1), away);
    house.tell(doctor(1), ToDepartment::SendForTests(SendForTests { ticket: away.clone() })).expect("goes");
    let ordinary: Vec<TicketId> = ["a", "b", "c", "d"].map(|patient| house.walk_in("pool", patient, None)).into();
    let report = ReportBack { ticket: away.clone(), code: None };
    house.desk(ToDepartment::ReportBack { command: report, presence_proved: true }).expect("is back");
    for expected in &ordinary[..2] {
        assert_eq!(&house.called(1), expected);
        house.tell(doctor(1), ToDepartment::FinishService(FinishService { ticket: expected.clone() })).expect("seen");
    }
    assert_eq!(house.called(1), away, "after two ordinary ones");
    let back = ReturnToWaiting { ticket: away.clone(), reason: "wrong person".to_owned() };
    house.tell(doctor(1), ToDepartment::ReturnToWaiting(back)).expect("returns");
    assert_eq!(house.called(1), away, "due at once, although the counter began anew");
}

#[test]
fn a_queue_taken_from_a_doctor_sends_those_at_the_door_back() {
    let mut house = House::new(2);
    let tickets: Vec<TicketId> = ["a", "b"].iter().map(|patient| house.walk_in("own", patient, None)).collect();
    let pool = house.walk_in("pool", "c", None);
    house.begin(1);
    assert_eq!(house.state.floor.work[&doctor_id(1)].at_door, tickets);
    let own = |doctors| DefineQueue { id: queue("own"), name: "own".to_owned(), prefix: "B".to_owned(), doctors };
    house.system(ToDepartment::ConfigureQueue(own(vec![doctor_id(2)])));
    assert_eq!((house.is(&tickets[0]), house.is(&tickets[1])), ("waiting", "waiting"));
    assert_eq!(house.state.floor.work[&doctor_id(1)].at_door, [pool], "and the door is filled again");
    house.begin(2);
    assert_eq!(house.called(2), tickets[0]);
}

#[test]
fn tickets_of_yesterday_do_not_come_back() {
    let mut house = House::new(0).with_doctors();
    let (away, missed) = (house.walk_in("pool", "a", None), house.walk_in("pool", "b", None));
    assert_eq!(house.called(1), away);
    house.tell(doctor(1), ToDepartment::SendForTests(SendForTests { ticket: away.clone() })).expect("away");
    let call = called(house.call_next(1, None, None)).expect("called").call;
    house.tell(doctor(1), ToDepartment::RecallPatient(RecallPatient { call })).expect("recalls");
    house.after_s(100).call_next(1, Some(&missed), Some(Outcome::NotHere)).expect("missed");
    house.now = house.now.plus_min(24 * 60);
    let report = |ticket: &TicketId| {
        let command = ReportBack { ticket: ticket.clone(), code: None };
        ToDepartment::ReportBack { command, presence_proved: true }
    };
    assert_eq!(code(house.desk(report(&away))), Code::WrongTicketState);
    assert_eq!(code(house.desk(report(&missed))), Code::WrongTicketState);
    let take_back = ToDepartment::TakeBack(TakeBack { ticket: missed.clone() });
    assert_eq!(code(house.tell(doctor(1), take_back)), Code::WrongTicketState);
    let call = ToDepartment::CallTicket(CallTicket {
        department: DepartmentId::from(DEPARTMENT),
        assignment: assignment(1),
        in_hand: None,
        outcome: None,
        ticket: missed,
        reason: "here".to_owned(),
    });
    assert_eq!(code(house.tell(doctor(1), call)), Code::WrongTicketState);
}

#[test]
fn a_number_comes_back_with_its_ticket_and_stays_known_under_a_new_prefix() {
    let mut house = House::new(0);
    let ticket = house.walk_in("pool", "a", None);
    for to in ["own", "pool", "own"] {
        let transfer = TransferTicket { ticket: ticket.clone(), to: queue(to), reason: "mistake".to_owned() };
        house.desk(ToDepartment::TransferTicket(transfer)).expect("moves");
        assert_eq!(house.ticket(&ticket).opened.number, "A001");
    }
    let pool = |prefix: &str| {
        let prefix = prefix.to_owned();
        ToDepartment::ConfigureQueue(DefineQueue {
            id: queue("pool"),
            name: "pool".to_owned(),
            prefix,
            doctors: vec![],
        })
    };
    house.system(pool("D"));
    let second = house.walk_in("pool", "b", None);
    assert_eq!(house.ticket(&second).opened.number, "D002");
    house.system(pool("A"));
    let third = house.walk_in("pool", "c", None);
    assert_eq!(house.ticket(&third).opened.number, "A003");
    house.assert_replays();
}

#[test]
fn the_same_class_again_changes_nothing_and_another_passes_nobody_twice() {
    let mut house = House::new(0);
    let ahead: Vec<TicketId> = ["a", "b", "c"].iter().map(|patient| house.walk_in("pool", patient, None)).collect();
    let last = house.walk_in("pool", "d", None);
    let set = |class: &str| {
        let (ticket, class, proof) = (last.clone(), class.to_owned(), "seen".to_owned());
        ToDepartment::SetPriority(SetPriority { ticket, class, proof })
    };
    let passed = |house: &House| {
        let lines = &house.state.floor.lines[&queue("pool")];
        ahead.iter().map(|ticket| lines.get(ticket).expect("waits").passed).collect::<Vec<_>>()
    };
    house.desk(set("military")).expect("moved up");
    assert_eq!(passed(&house), [1, 1, 1]);
    let events = house.events.len();
    house.desk(set("military")).expect("nothing new");
    assert_eq!(house.events.len(), events);
    house.desk(set("disabled")).expect("another class");
    assert_eq!(passed(&house), [1, 1, 1]);
}

#[test]
fn an_undone_finish_takes_its_own_service_time_back() {
    let mut house = House::new(0).with_doctors();
    let (first, second) = (house.walk_in("pool", "a", None), house.walk_in("pool", "b", None));
    assert_eq!(house.called(1), first);
    assert_eq!(
        called(house.after_s(100).call_next(1, Some(&first), Some(Outcome::Seen))).expect("next").ticket,
        second
    );
    house.after_s(300).call_next(1, Some(&second), Some(Outcome::Seen)).expect("seen");
    assert_eq!(house.state.floor.pace[&doctor_id(1)].service_s, [100, 300]);
    house.undo_last(&first).expect("undone");
    assert_eq!(house.state.floor.pace[&doctor_id(1)].service_s, [300]);
    house.assert_replays();
}

#[test]
fn when_a_patient_is_missed_is_the_departments_to_say() {
    let mut house = House::new(0).with_doctors();
    let mut definition = house.state.config.definition.clone().expect("defined");
    definition.settings.calling =
        crate::settings::CallingSettings { missed_after_calls: 1, missed_after_s: 30, missed_stands: 1 };
    house.system(ToDepartment::Configure { time_zone: "Asia/Shanghai".to_owned(), definition });
    let ticket = house.walk_in("pool", "a", None);
    assert_eq!(house.called(1), ticket);
    assert_eq!(code(house.after_s(29).call_next(1, Some(&ticket), Some(Outcome::NotHere))), Code::TooEarly);
    house.after_s(1).call_next(1, Some(&ticket), Some(Outcome::NotHere)).expect("one call and 30 s");
    let taken = house.tell(doctor(1), ToDepartment::TakeBack(TakeBack { ticket }));
    assert_eq!(code(taken), Code::MissedThreeTimes);
}
