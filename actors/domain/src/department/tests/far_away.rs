//! A phone that was far from the site when it said that somebody had come: a mark at the desk, and nothing else.

use serde_json::{Value, json};

use super::house::*;
use crate::codes::Code;
use crate::department::{Event, view};
use crate::floor;
use crate::ids::*;
use crate::time::Zone;
use crate::vocabulary::*;
use crate::{Principal, Rejection, Role};

fn from_afar(house: &mut House, arrival: ToDepartment, km: u32) -> Result<Answer, Rejection> {
    let patient = Principal::of(Role::Patient, AccountId::from("a-p"));
    house.tell(patient, ToDepartment::FromAfar { arrival: Box::new(arrival), km })
}

fn check_in(appointment: &AppointmentId, presence_proved: bool) -> ToDepartment {
    let command = Arrived { appointment: appointment.clone(), code: None };
    ToDepartment::CheckIn { command, birth_date: None, presence_proved }
}

fn report_back(ticket: &TicketId) -> ToDepartment {
    ToDepartment::ReportBack { command: ReportBack { ticket: ticket.clone(), code: None }, presence_proved: true }
}

fn zone() -> Zone {
    Zone::named("Asia/Shanghai").expect("a zone")
}

/// What the desk sees.
fn seen(house: &House, ticket: &TicketId) -> Value {
    view::ticket(&house.state, house.ticket(ticket), house.now, zone())["far_km"].clone()
}

#[test]
fn the_desk_alone_sees_how_far_away_a_phone_was() {
    let mut house = House::new(1).with_session(4).with_doctors();
    let (near, far) = (house.book("0900", "a"), house.book("0900", "b"));
    let near_answer = house.tell(Principal::of(Role::Patient, AccountId::from("a-p")), check_in(&near, true));
    let heard = house.events.len();
    let far_answer = from_afar(&mut house, check_in(&far, true), 3);
    let told = |answer: Result<Answer, Rejection>| match answer {
        Ok(Answer::Waiting { ticket, line, .. }) => (ticket, line),
        other => panic!("{other:?}"),
    };
    let ((near, near_line), (far, far_line)) = (told(near_answer), told(far_answer));
    assert_eq!(near_line, far_line, "the mark decides nothing");
    assert_eq!((seen(&house, &near), seen(&house, &far)), (Value::Null, json!(3)));

    let is_mark = |event: &&Event| matches!(event, Event::Floor(floor::Event::PhoneFarAway { .. }));
    let marks: Vec<&Event> = house.events[heard..].iter().filter(is_mark).collect();
    assert_eq!(marks.len(), 1);
    let emitted = view::emissions(&house.state, marks[0], house.now, zone(), &|_| true);
    assert_eq!(emitted.iter().map(|(stream, _)| stream.as_str()).collect::<Vec<_>>(), ["queue:s.d.pool"]);
    assert_eq!(emitted[0].1["phone_far_away"]["tickets"][far.as_str()]["far_km"], 3);
    for (kind, id) in [("ticket", far.as_str()), ("door", "s.d.room1"), ("site", "s")] {
        let stream = view::snapshot(&house.state, kind, id, house.now, zone()).expect("known");
        assert!(!stream.to_string().contains("far_km"), "{kind}: {stream}");
    }
    house.assert_replays();
}

#[test]
fn the_mark_is_of_the_last_arrival_and_ends_with_the_ticket() {
    let mut house = House::new(0).with_session(4).with_doctors();
    let appointment = house.book("0900", "a");
    let ticket = appointment.ticket();
    assert_eq!(
        code(from_afar(&mut house, check_in(&appointment, false), 3)),
        Code::WrongAreaCode,
        "no code, no arrival"
    );
    from_afar(&mut house, check_in(&appointment, true), 3).expect("let in");
    assert_eq!(seen(&house, &ticket), 3);
    assert_eq!(house.called(1), ticket);
    assert_eq!(seen(&house, &ticket), 3, "as long as it goes on");
    house.tell(doctor(1), ToDepartment::SendForTests(SendForTests { ticket: ticket.clone() })).expect("away");
    house.desk(report_back(&ticket)).expect("back");
    assert_eq!(seen(&house, &ticket), Value::Null, "came back to the desk");

    assert_eq!(house.called(1), ticket);
    house.tell(doctor(1), ToDepartment::SendForTests(SendForTests { ticket: ticket.clone() })).expect("away");
    from_afar(&mut house, report_back(&ticket), 12).expect("back");
    assert_eq!(seen(&house, &ticket), 12);
    let cancel = CancelTicket { ticket: ticket.clone(), reason: "went home".to_owned() };
    house.desk(ToDepartment::CancelTicket(cancel)).expect("ended");
    assert_eq!(seen(&house, &ticket), Value::Null, "over");
    house.assert_replays();
}

#[test]
fn who_is_checked_in_again_by_the_desk_is_there() {
    let mut house = House::new(0).with_session(4);
    let appointment = house.book("0900", "a");
    let ticket = appointment.ticket();
    from_afar(&mut house, check_in(&appointment, true), 3).expect("let in");
    let undo = Undo { event: format!("{ticket}@1"), reason: "nobody there".to_owned() };
    house.desk(ToDepartment::Undo(undo)).expect("undone");
    assert_eq!(seen(&house, &ticket), Value::Null);
    house.check_in(&appointment).expect("at the desk");
    assert_eq!(seen(&house, &ticket), Value::Null);
    house.assert_replays();
}
