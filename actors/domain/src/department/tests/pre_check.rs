//! The pre-check: who joins the queue, who is sent elsewhere, who is an alert; who may leave it out; what is on the record.

use std::collections::{BTreeMap, BTreeSet};

use super::house::*;
use crate::clinic::AppointmentState;
use crate::department::{ConfigEvent, Event, view};
use crate::floor;
use crate::ids::*;
use crate::person::PatientBrief;
use crate::pre_check::usual;
use crate::time::{BusinessDate, Zone};
use crate::vocabulary::*;
use crate::{AccountId, Code, Principal, Rejection, Role};

const FEVER_CLINIC: &str = "s.fever";

fn asks(version: u32) -> DefineQuestions {
    usual(SiteId::from("s"), version, Some(DepartmentId::from(FEVER_CLINIC)))
}

/// A house whose site asks, at nine o'clock.
pub fn house() -> House {
    let mut house = House::new(2).with_session(5).with_doctors();
    house.system(ToDepartment::ConfigureQuestions(asks(3)));
    house.now = at("09:00");
    house
}

pub fn answered(fever: &str, temperature: &str) -> PreCheck {
    let all = [("fever", fever), ("temperature", temperature), ("contact", "no")];
    let answers: BTreeMap<_, _> = all.into_iter().map(|(id, is)| (id.to_owned(), is.to_owned())).collect();
    PreCheck { version: 3, answers, not_asked: None, all_the_same: None, to: None }
}

pub fn phone() -> Principal {
    Principal::of(Role::Patient, AccountId::from("a-phone"))
}

pub fn born(year: i32) -> Option<BusinessDate> {
    chrono::NaiveDate::from_ymd_opt(year, 3, 1).map(BusinessDate)
}

/// Checks in with what was answered.
fn check_in(
    house: &mut House,
    who: Principal,
    appointment: &AppointmentId,
    birth_date: Option<BusinessDate>,
    pre_check: Option<PreCheck>,
) -> Result<Answer, Rejection> {
    let command = Arrived { appointment: appointment.clone(), code: None };
    let arrival = ToDepartment::CheckIn { command, birth_date, presence_proved: true };
    house.tell(who, of(arrival, pre_check, birth_date))
}

pub fn of(arrival: ToDepartment, pre_check: Option<PreCheck>, said: Option<BusinessDate>) -> ToDepartment {
    match pre_check {
        Some(pre_check) => {
            let sealed = sealed(&pre_check);
            ToDepartment::Answered { arrival: Box::new(arrival), pre_check, said, sealed }
        }
        None => arrival,
    }
}

/// What was answered, as nobody reads it here.
pub fn sealed(pre_check: &PreCheck) -> Vec<u8> {
    format!("{pre_check:?}").bytes().map(|byte| !byte).collect()
}

/// What a desk is given to open.
pub fn read(house: &House, ticket: &TicketId) -> Vec<u8> {
    floor::pre_check::to_read(&house.state, ticket, None).expect("it stands there").1.sealed.clone()
}

pub fn walk_in(
    house: &mut House,
    patient: &str,
    class: Option<&str>,
    pre_check: Option<PreCheck>,
) -> Result<Answer, Rejection> {
    let (queue, who) = (queue("pool"), PatientId::from(format!("p-{patient}")));
    let class = class.map(str::to_owned);
    let command = RegisterWalkIn { queue, patient: who, class, addition_to: None, slot: None, visit: None };
    let arrival = ToDepartment::RegisterWalkIn { command, brief: brief(patient), birth_date: born(1980) };
    house.desk(of(arrival, pre_check, born(1980)))
}

pub fn ticket(answer: Result<Answer, Rejection>) -> TicketId {
    match answer {
        Ok(Answer::Waiting { ticket, .. } | Answer::Transferred { ticket, .. }) => ticket,
        other => panic!("{other:?}"),
    }
}

pub fn shown(house: &House, ticket: &TicketId) -> serde_json::Value {
    let zone = Zone::named("Asia/Shanghai").expect("a zone");
    let queue = house.ticket(ticket).opened.queue.clone();
    let view = view::snapshot(&house.state, "queue", queue.as_str(), house.now, zone).expect("the queue");
    view["tickets"][ticket.as_str()]["pre_check"].clone()
}

/// As the phone shows it.
fn place(house: &House, ticket: &TicketId) -> serde_json::Value {
    let zone = Zone::named("Asia/Shanghai").expect("a zone");
    view::snapshot(&house.state, "ticket", ticket.as_str(), house.now, zone).expect("the place")
}

#[test]
fn a_child_under_six_with_a_fever_joins_the_queue_and_is_an_alert_until_the_desk_has_heard() {
    let mut house = house();
    let appointment = house.book("0900", "child");
    let done = check_in(&mut house, phone(), &appointment, born(2022), Some(answered("yes", "38.6")));
    let child = ticket(done);
    assert!(matches!(house.is(&child), "waiting" | "summoned"));
    let alert = shown(&house, &child);
    assert_eq!(alert["rule"], "child_fever");
    assert_eq!(alert["alert"]["level"], "urgent");
    assert_eq!(alert["alert"]["acknowledged_by"], serde_json::Value::Null);
    assert_eq!(place(&house, &child)["to_desk"], true, "the phone says where to go");
    house.system(ToDepartment::ConfigureQuestions(DefineQuestions {
        questions: Vec::new(),
        rules: Vec::new(),
        ..asks(4)
    }));
    assert_eq!(shown(&house, &child), alert, "what was found does not change with the questions");
    house.after_s(20);
    let heard = ToDepartment::AcknowledgeAlert(AcknowledgeAlert { ticket: child.clone() });
    let told = house.events.len();
    house.desk(heard.clone()).expect("heard");
    let zone = Zone::named("Asia/Shanghai").expect("a zone");
    let news = view::emissions(&house.state, &house.events[told], house.now, zone, &|_| true);
    assert!(news.iter().any(|(stream, _)| *stream == format!("ticket:{child}")), "the phone hears it: {news:?}");
    assert_eq!(place(&house, &child)["to_desk"], false);
    let events = house.events.len();
    house.after_s(5).desk(heard).expect("heard already");
    assert_eq!(house.events.len(), events);
    let alert = shown(&house, &child);
    assert_eq!(alert["alert"]["acknowledged_by"], "a-desk");
    assert_eq!(alert["alert"]["acknowledged_at"], "2026-11-23T09:00:20.000+08:00");
    house.assert_replays();
}

#[test]
fn an_alert_that_nobody_has_heard_ends_with_the_doctor_who_has_seen_the_patient() {
    let mut house = house();
    let appointment = house.book("0900", "child");
    let child = ticket(check_in(&mut house, phone(), &appointment, born(2022), Some(answered("yes", "38.6"))));
    assert_eq!(house.called(1), child);
    assert_eq!(shown(&house, &child)["alert"]["open"], true, "called: not yet seen");
    house.tell(doctor(1), ToDepartment::FinishService(FinishService { ticket: child.clone() })).expect("seen");
    assert_eq!(shown(&house, &child)["alert"]["open"], false);
    house.undo_last(&child).expect("a slip of the hand");
    assert_eq!(shown(&house, &child)["alert"]["open"], true);
    house.assert_replays();
}

#[test]
fn the_age_of_a_rule_is_the_one_that_was_said_and_that_of_a_class_the_one_that_was_proved() {
    let mut house = house();
    let mut rule_and_class = |n: i32, said: Option<BusinessDate>, birth_year: Option<i32>| {
        let who = PatientBrief { birth_year, ..brief(&format!("y{n}")) };
        let (queue, patient) = (queue("pool"), who.patient.clone());
        let command = RegisterWalkIn { queue, patient, class: None, addition_to: None, slot: None, visit: None };
        let arrival = ToDepartment::RegisterWalkIn { command, brief: who, birth_date: None };
        let pre_check = PreCheck { all_the_same: Some("r".to_owned()), ..answered("yes", "39") };
        let one = ticket(house.desk(of(arrival, Some(pre_check), said)));
        (shown(&house, &one)["rule"].as_str().map(str::to_owned), house.ticket(&one).opened.class.clone())
    };
    let mut rule = |n, said, year| {
        let (rule, class) = rule_and_class(n, said, year);
        assert_eq!(class, None, "nobody has seen proof of an age");
        rule.unwrap()
    };
    let day = |month, day| chrono::NaiveDate::from_ymd_opt(2020, month, day).map(BusinessDate);
    // It is 23 November 2026: the sixth birthday is today, or tomorrow.
    assert_eq!(
        (rule(1, day(11, 23), None), rule(2, day(11, 24), None)),
        ("fever".to_owned(), "child_fever".to_owned())
    );
    // Only the year: the youngest that can be. The day goes before the year.
    assert_eq!((rule(3, None, Some(2019)), rule(4, None, Some(2020))), ("fever".to_owned(), "child_fever".to_owned()));
    assert_eq!((rule(5, None, Some(2026)), rule(6, day(11, 23), Some(2025))), ("child_fever".into(), "fever".into()));
    assert_eq!((rule(7, None, None), rule(8, None, Some(2027))), ("fever".to_owned(), "fever".to_owned()));
    assert_eq!(rule(9, born(1930), Some(1930)), "fever", "and no class of the old either");
    house.assert_replays();
}

#[test]
fn a_fever_goes_to_the_fever_clinic_without_a_ticket_and_is_no_no_show() {
    let mut house = house();
    let (sent, stays_away) = (house.book("0900", "a"), house.book("0900", "b"));
    let answer = check_in(&mut house, phone(), &sent, born(1980), Some(answered("no", "37.3")));
    let Ok(Answer::Refused(why)) = answer else { panic!("{answer:?}") };
    assert_eq!(why.code, Code::SentElsewhere);
    assert_eq!(why.valid_now[0], ("department".to_owned(), FEVER_CLINIC.into()));
    assert!(house.state.floor.tickets.values().next().is_none());
    let record = house.events.iter().find_map(|event| match event {
        Event::Floor(floor::Event::SentElsewhere(sent)) => Some(sent),
        _ => None,
    });
    assert_eq!(record.map(|sent| (sent.found.rule.as_str(), sent.version)), Some(("fever", 3)));
    house.now = at("23:00");
    house.pass();
    let state = |id: &AppointmentId| house.state.clinic.appointments[id].state;
    assert_eq!((state(&sent), state(&stays_away)), (AppointmentState::GivenBack, AppointmentState::NoShow));
    house.assert_replays();
}

#[test]
fn the_desk_registers_there_at_once_or_lets_the_patient_join_with_a_reason() {
    let mut house = house();
    let there = QueueId::from(format!("{FEVER_CLINIC}.q"));
    let to = |to: &QueueId| Some(PreCheck { to: Some(to.clone()), ..answered("yes", "39") });
    let all_the_same = |why: &str| Some(PreCheck { all_the_same: Some(why.to_owned()), ..answered("yes", "39") });
    assert_eq!(code(walk_in(&mut house, "a", None, Some(answered("yes", "39")))), Code::SentElsewhere);
    assert_eq!(code(walk_in(&mut house, "a", None, to(&queue("own")))), Code::InvalidField);
    assert_eq!(code(walk_in(&mut house, "a", None, all_the_same(" "))), Code::InvalidField);
    let healthy = Some(PreCheck { to: Some(there.clone()), ..answered("no", "36.5") });
    assert_eq!(code(walk_in(&mut house, "a", None, healthy.clone())), Code::InvalidField, "nothing sends there");
    let gone = ticket(walk_in(&mut house, "a", None, to(&there)));
    assert_eq!(house.is(&gone), "in_transit");
    let summoned = |event: &Event| matches!(event, Event::Floor(floor::Event::PatientSummoned(_)));
    assert!(!house.events.iter().any(summoned), "nobody is told to wait at a door on the way");
    let stays = ticket(walk_in(&mut house, "b", None, all_the_same("发热门诊已排除")));
    assert!(matches!(house.is(&stays), "waiting" | "summoned"));
    assert_eq!(
        (shown(&house, &stays)["all_the_same"].as_bool(), shown(&house, &stays)["sent_to"].as_str()),
        (Some(true), Some(FEVER_CLINIC))
    );
    let appointment = house.book("0930", "c");
    for pre_check in [to(&there), all_the_same("it is nothing"), healthy] {
        assert_eq!(code(check_in(&mut house, phone(), &appointment, born(1980), pre_check)), Code::Forbidden);
    }
    let done = check_in(&mut house, desk(), &appointment, born(1980), to(&there));
    assert_eq!(house.is(&ticket(done)), "in_transit");
    assert_eq!(house.state.clinic.appointments[&appointment].state, AppointmentState::CheckedIn);
    house.assert_replays();
}

#[test]
fn other_questions_than_are_asked_now_are_asked_again_and_only_the_desk_leaves_them_out() {
    let mut house = house();
    let appointment = house.book("0900", "a");
    let old = PreCheck { version: 2, ..answered("no", "36.5") };
    for pre_check in [None, Some(old)] {
        let refused = check_in(&mut house, phone(), &appointment, None, pre_check).expect_err("not these");
        assert_eq!(
            (refused.code, refused.valid_now),
            (Code::QuestionsChanged, vec![("version".to_owned(), 3_u32.into())])
        );
    }
    assert_eq!(code(walk_in(&mut house, "b", None, None)), Code::QuestionsChanged);
    let not_asked = |why: &str| {
        let answers = Default::default();
        PreCheck { not_asked: Some(why.to_owned()), version: 0, answers, ..answered("no", "36.5") }
    };
    assert_eq!(code(check_in(&mut house, phone(), &appointment, None, Some(not_asked("no time")))), Code::Forbidden);
    let one = ticket(check_in(&mut house, desk(), &appointment, None, Some(not_asked("听不清"))));
    assert_eq!(shown(&house, &one)["not_asked"], true);
    let both = PreCheck { not_asked: Some("听不清".to_owned()), ..answered("yes", "39.0") };
    assert_eq!(code(walk_in(&mut house, "f", None, Some(both))), Code::InvalidField, "what was told is not lost");
    // An emergency is never asked, nor who was written down while the server was away.
    let emergency = ticket(walk_in(&mut house, "e", Some("emergency"), None));
    assert_eq!(shown(&house, &emergency), serde_json::Value::Null);
    let (late, came_at) = (house.book("0930", "l"), house.now);
    house.after_s(600);
    let command = Arrived { appointment: late, code: None };
    let then = ToDepartment::CheckInOfThen { command, birth_date: None, came_at };
    // What was answered all the same counts.
    let hot = PreCheck { version: 3, ..answered("yes", "39") };
    assert_eq!(code(house.desk(of(then.clone(), Some(hot), None))), Code::SentElsewhere);
    ticket(house.desk(then));
    // Who is asked nothing joins as ever, whatever was answered.
    house.system(ToDepartment::ConfigureQuestions(DefineQuestions {
        questions: Vec::new(),
        rules: Vec::new(),
        ..asks(4)
    }));
    ticket(walk_in(&mut house, "f", None, None));
    ticket(walk_in(&mut house, "g", None, Some(answered("yes", "39"))));
    house.assert_replays();
}

#[test]
fn who_answers_otherwise_after_being_sent_elsewhere_joins_and_the_ticket_says_so() {
    let mut house = house();
    let appointment = house.book("0900", "a");
    let hot = check_in(&mut house, phone(), &appointment, born(1980), Some(answered("yes", "38.2")));
    assert_eq!(code(hot), Code::SentElsewhere);
    let one = ticket(check_in(&mut house, phone(), &appointment, born(1980), Some(answered("no", "not_measured"))));
    let said = shown(&house, &one);
    assert_eq!((said["sent_to"].as_str(), said["sent_before"]["to"].as_str()), (None, Some(FEVER_CLINIC)));
    let other = house.book("0930", "b");
    let other = ticket(check_in(&mut house, phone(), &other, born(1980), Some(answered("no", "36.5"))));
    assert_eq!(shown(&house, &other)["sent_before"]["to"].as_str(), None);
    // Undone and asked again, by other questions: what stands at the ticket is the newest.
    house.undo_last(&other).expect("a mistake");
    house.system(ToDepartment::ConfigureQuestions(asks(4)));
    let booked = house.ticket(&other).opened.appointment.clone().expect("it is of a booking");
    let again = PreCheck { version: 4, ..answered("no", "37.1") };
    assert_eq!(ticket(check_in(&mut house, phone(), &booked, born(1980), Some(again.clone()))), other);
    let said = shown(&house, &other);
    assert_eq!((said["version"].as_u64(), read(&house, &other)), (Some(4), sealed(&again)));
    house.assert_replays();
}

#[test]
fn at_the_fever_clinic_itself_a_rule_that_sends_there_sends_nobody_away() {
    let mut house = house();
    house.system(ToDepartment::ConfigureQuestions(usual(SiteId::from("s"), 4, Some(DepartmentId::from(DEPARTMENT)))));
    let here = ticket(walk_in(&mut house, "a", None, Some(PreCheck { version: 4, ..answered("yes", "39") })));
    let said = shown(&house, &here);
    assert_eq!((said["rule"].as_str(), said["sent_to"].as_str()), (Some("fever"), None));
}

#[test]
fn a_visit_of_the_hospitals_is_asked_when_it_checks_in_here() {
    let mut house = house();
    assert!(house.outside("h1", None, true).is_some(), "the hospital has asked by itself");
    house.outside("h2", None, false);
    let (appointment, _, _) = crate::department::expected_visits(&house.state, day()).next().expect("to come");
    assert_eq!(code(check_in(&mut house, desk(), &appointment, None, None)), Code::QuestionsChanged);
    let done = check_in(&mut house, desk(), &appointment, born(1980), Some(answered("no", "37.4")));
    assert_eq!(code(done), Code::SentElsewhere);
    ticket(check_in(&mut house, desk(), &appointment, born(1980), Some(answered("no", "36.4"))));
    house.assert_replays();
}

#[test]
fn what_was_answered_stands_in_no_event_and_no_state_but_sealed() {
    let mut house = house();
    let there = Some(QueueId::from(format!("{FEVER_CLINIC}.q")));
    let said = |degrees: &str| PreCheck { not_asked: None, all_the_same: None, ..answered("no", degrees) };
    let not_asked = PreCheck { not_asked: Some("听不清".to_owned()), answers: Default::default(), ..said("40.9") };
    let all = [
        said("36.1"),
        said("39.7"),
        PreCheck { all_the_same: Some("发热门诊已排除".to_owned()), ..said("38.9") },
        PreCheck { to: there, ..said("41.3") },
        not_asked,
    ];
    for (n, pre_check) in all.iter().enumerate() {
        walk_in(&mut house, &format!("n{n}"), None, Some(pre_check.clone())).expect("answered");
    }
    let record = format!("{:?}{:?}", house.events, house.state);
    for said in ["36.1", "39.7", "38.9", "41.3", "听不清", "发热门诊已排除"] {
        assert!(!record.contains(said), "{said}");
    }
    let kept: BTreeSet<_> = house.state.floor.pre_checks.values().map(|kept| kept.checked.sealed.clone()).collect();
    assert_eq!(kept, [0, 2, 3, 4].map(|n: usize| sealed(&all[n])).into());
    assert_eq!(house.state.floor.sent_elsewhere["p-n1"].sent.sealed, sealed(&all[1]));
}

#[test]
fn a_doctor_may_read_what_was_answered_by_whom_they_have_called_and_as_long_as_they_are_there() {
    let mut house = house();
    let one = ticket(walk_in(&mut house, "a", None, Some(answered("no", "36.5"))));
    let read = |house: &House, doctor: u32| {
        floor::pre_check::to_read(&house.state, &one, Some(&doctor_id(doctor))).map(|(whose, _)| whose.clone())
    };
    assert_eq!(read(&house, 1), Err(Code::Forbidden.into()), "waits for whoever");
    house.call_next(1, None, None).expect("called");
    assert_eq!(read(&house, 1), Ok("p-a".into()));
    assert_eq!(read(&house, 2), Err(Code::Forbidden.into()), "another's");
    house
        .desk(ToDepartment::ReturnToWaiting(ReturnToWaiting { ticket: one.clone(), reason: "r".to_owned() }))
        .expect("back");
    assert_eq!(read(&house, 1), Err(Code::Forbidden.into()));
    let spared = ticket(walk_in(&mut house, "e", Some("emergency"), None));
    let state =
        |ticket: &TicketId| floor::pre_check::to_read(&house.state, ticket, None).map(drop).map_err(|why| why.code);
    assert_eq!((state(&spared), state(&one)), (Err(Code::WrongTicketState), Ok(())));
    assert_eq!(state(&"s.d.t99".into()), Err(Code::Forbidden));
}

#[test]
fn what_was_answered_is_on_no_stream_and_what_follows_on_that_of_desk_and_doctors() {
    let mut house = house();
    let appointment = house.book("0900", "child");
    ticket(check_in(&mut house, phone(), &appointment, born(2022), Some(answered("yes", "38.6"))));
    let zone = Zone::named("Asia/Shanghai").expect("a zone");
    let event = house.events.iter().find(|event| matches!(event, Event::Floor(floor::Event::PreChecked(_)))).unwrap();
    let said = view::emissions(&house.state, event, house.now, zone, &|_| true);
    assert!(said.iter().any(|(stream, said)| stream.starts_with("queue:") && said.to_string().contains("child_fever")));
    for (stream, said) in said {
        let said = said.to_string();
        assert!(!said.contains("38.6") && !said.contains("\"answers\""), "{stream}: {said}");
        let answers = ["fever", "发烧", "38.6", "\"pre_check\""].iter().any(|word| said.contains(word));
        let is_staff = stream.starts_with("queue:") || stream.starts_with("doctor:");
        assert!(is_staff || (stream.starts_with("ticket:") && !answers), "{stream}: {said}");
    }
}

/// Nothing tells them from each other at a glance: who has answered and who was never asked.
#[test]
fn whoever_waits_without_having_been_asked_is_marked_as_long_as_the_site_asks() {
    let mut house = House::new(2).with_session(5).with_doctors();
    house.now = at("09:00");
    let zone = Zone::named("Asia/Shanghai").expect("a zone");
    let marked = |house: &House, ticket: &TicketId| {
        let shown = view::snapshot(&house.state, "queue", queue("pool").as_str(), house.now, zone).expect("the queue");
        shown["tickets"][ticket.as_str()]["unasked"].clone()
    };
    let before = ticket(walk_in(&mut house, "b", None, None));
    assert_eq!(marked(&house, &before), false, "nothing is asked");
    house.system(ToDepartment::ConfigureQuestions(asks(3)));
    assert_eq!(marked(&house, &before), true, "came before the questions");
    let event = Event::Config(ConfigEvent::QuestionsConfigured(asks(3)));
    let said = view::emissions(&house.state, &event, house.now, zone, &|stream| stream.starts_with("queue:"));
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(said[0].1["questions_configured"]["tickets"][before.as_str()]["unasked"], true);
    let asked = ticket(walk_in(&mut house, "a", None, Some(answered("no", "36.5"))));
    let (not_asked, answers) = (Some("no common language".into()), Default::default());
    let left_out = PreCheck { not_asked, version: 0, answers, ..answered("no", "36.5") };
    let left_out = ticket(walk_in(&mut house, "n", None, Some(left_out)));
    let emergency = ticket(walk_in(&mut house, "e", Some("emergency"), None));
    assert_eq!([&asked, &left_out, &emergency].map(|one| marked(&house, one)), [false, false, true]);
    house
        .desk(ToDepartment::CancelTicket(CancelTicket { ticket: before.clone(), reason: "went".into() }))
        .expect("gone");
    assert_eq!(marked(&house, &before), false, "over");
    house.system(ToDepartment::ConfigureQuestions(DefineQuestions {
        questions: Vec::new(),
        rules: Vec::new(),
        ..asks(4)
    }));
    assert_eq!(marked(&house, &emergency), false, "nothing is asked any more");
}
