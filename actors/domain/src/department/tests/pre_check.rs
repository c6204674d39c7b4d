//! The pre-check: who joins the queue, who is sent elsewhere, who is an alert; who may leave it out; what is on the record.

use std::collections::BTreeMap;

use super::house::*;
use crate::clinic::AppointmentState;
use crate::department::{Event, view};
use crate::floor;
use crate::ids::*;
use crate::pre_check::usual;
use crate::time::{BusinessDate, Zone};
use crate::vocabulary::*;
use crate::{AccountId, Code, Principal, Rejection, Role};

const FEVER_CLINIC: &str = "s.fever";

fn asks(version: u32) -> DefineQuestions {
    usual(SiteId::from("s"), version, Some(DepartmentId::from(FEVER_CLINIC)))
}

/// A house whose site asks, at nine o'clock.
fn house() -> House {
    let mut house = House::new(2).with_session(5).with_doctors();
    house.system(ToDepartment::ConfigureQuestions(asks(3)));
    house.now = at("09:00");
    house
}

fn answered(fever: &str, temperature: &str) -> PreCheck {
    let all = [("fever", fever), ("temperature", temperature), ("contact", "no")];
    let answers: BTreeMap<_, _> = all.into_iter().map(|(id, is)| (id.to_owned(), is.to_owned())).collect();
    PreCheck { version: 3, answers, not_asked: None, all_the_same: None, to: None }
}

fn phone() -> Principal {
    Principal::of(Role::Patient, AccountId::from("a-phone"))
}

fn born(year: i32) -> Option<BusinessDate> {
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
    house.tell(who, of(arrival, pre_check))
}

fn of(arrival: ToDepartment, pre_check: Option<PreCheck>) -> ToDepartment {
    match pre_check {
        Some(pre_check) => ToDepartment::Answered { arrival: Box::new(arrival), pre_check },
        None => arrival,
    }
}

fn walk_in(
    house: &mut House,
    patient: &str,
    class: Option<&str>,
    pre_check: Option<PreCheck>,
) -> Result<Answer, Rejection> {
    let (queue, who) = (queue("pool"), PatientId::from(format!("p-{patient}")));
    let class = class.map(str::to_owned);
    let command = RegisterWalkIn { queue, patient: who, class, addition_to: None, slot: None, visit: None };
    let arrival = ToDepartment::RegisterWalkIn { command, brief: brief(patient), birth_date: born(1980) };
    house.desk(of(arrival, pre_check))
}

fn ticket(answer: Result<Answer, Rejection>) -> TicketId {
    match answer {
        Ok(Answer::Waiting { ticket, .. } | Answer::Transferred { ticket, .. }) => ticket,
        other => panic!("{other:?}"),
    }
}

fn shown(house: &House, ticket: &TicketId) -> serde_json::Value {
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
    let gone = ticket(walk_in(&mut house, "a", None, to(&there)));
    assert_eq!(house.is(&gone), "in_transit");
    let summoned = |event: &Event| matches!(event, Event::Floor(floor::Event::PatientSummoned(_)));
    assert!(!house.events.iter().any(summoned), "nobody is told to wait at a door on the way");
    let stays = ticket(walk_in(&mut house, "b", None, all_the_same("发热门诊已排除")));
    assert!(matches!(house.is(&stays), "waiting" | "summoned"));
    assert_eq!(
        (shown(&house, &stays)["all_the_same"].as_str(), shown(&house, &stays)["sent_to"].as_str()),
        (Some("发热门诊已排除"), Some(FEVER_CLINIC))
    );
    let appointment = house.book("0930", "c");
    for pre_check in [to(&there), all_the_same("it is nothing")] {
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
    let not_asked = |why: &str| PreCheck { not_asked: Some(why.to_owned()), version: 0, ..answered("no", "36.5") };
    assert_eq!(code(check_in(&mut house, phone(), &appointment, None, Some(not_asked("no time")))), Code::Forbidden);
    let one = ticket(check_in(&mut house, desk(), &appointment, None, Some(not_asked("听不清"))));
    assert_eq!(
        (shown(&house, &one)["not_asked"].as_str(), shown(&house, &one)["answers"].clone()),
        (Some("听不清"), serde_json::json!({}))
    );
    // An emergency is never asked, nor who was written down while the server was away.
    let emergency = ticket(walk_in(&mut house, "e", Some("emergency"), None));
    assert_eq!(shown(&house, &emergency), serde_json::Value::Null);
    let (late, came_at) = (house.book("0930", "l"), house.now);
    house.after_s(600);
    let command = Arrived { appointment: late, code: None };
    ticket(house.desk(ToDepartment::CheckInOfThen { command, birth_date: None, came_at }));
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
fn what_was_answered_is_on_no_stream_but_that_of_desk_and_doctors() {
    let mut house = house();
    let appointment = house.book("0900", "child");
    ticket(check_in(&mut house, phone(), &appointment, born(2022), Some(answered("yes", "38.6"))));
    let zone = Zone::named("Asia/Shanghai").expect("a zone");
    let event = house.events.iter().find(|event| matches!(event, Event::Floor(floor::Event::PreChecked(_)))).unwrap();
    let said = view::emissions(&house.state, event, house.now, zone, &|_| true);
    assert!(said.iter().any(|(stream, said)| stream.starts_with("queue:") && said.to_string().contains("child_fever")));
    for (stream, said) in said {
        let said = said.to_string();
        let answers = ["fever", "发烧", "38.6", "\"pre_check\""].iter().any(|word| said.contains(word));
        let is_staff = stream.starts_with("queue:") || stream.starts_with("doctor:");
        assert!(is_staff || (stream.starts_with("ticket:") && !answers), "{stream}: {said}");
    }
}
