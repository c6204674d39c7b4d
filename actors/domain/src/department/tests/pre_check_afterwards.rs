//! Who waits and was not asked at the arrival is asked at the desk: what follows is what would have followed then.

use super::house::*;
use super::pre_check::{answered, born, house, of, phone, read, sealed, shown, ticket, walk_in};
use crate::department::{Event, view};
use crate::floor;
use crate::ids::*;
use crate::time::Zone;
use crate::vocabulary::*;
use crate::{Code, Rejection};

/// Answers at a ticket, born in 1980.
fn answer(house: &mut House, ticket: &TicketId, pre_check: Option<PreCheck>) -> Result<Answer, Rejection> {
    house.desk(of(ToDepartment::AnswerPreCheck { ticket: ticket.clone() }, pre_check, born(1980)))
}

/// Written down while the server was away, an emergency, and left out with a reason.
fn unasked(house: &mut House) -> [TicketId; 3] {
    let appointment = house.book("0900", "a");
    let (command, came_at) = (Arrived { appointment, code: None }, house.now);
    let came = house.after_s(60).desk(ToDepartment::CheckInOfThen { command, birth_date: born(1980), came_at });
    let emergency = walk_in(house, "b", Some("emergency"), None);
    let spared = walk_in(house, "c", None, Some(left_out("门口已经问过")));
    [came, emergency, spared].map(ticket)
}

fn left_out(why: &str) -> PreCheck {
    PreCheck { not_asked: Some(why.to_owned()), answers: Default::default(), ..answered("no", "36.5") }
}

fn is_unasked(house: &House, ticket: &TicketId) -> bool {
    floor::pre_check::is_unasked(&house.state, house.ticket(ticket))
}

#[test]
fn whoever_was_not_asked_is_asked_once_whatever_the_reason_was() {
    let mut house = house();
    for (n, ticket) in unasked(&mut house).iter().enumerate() {
        assert_eq!(is_unasked(&house, ticket), n < 2);
        assert_eq!(code(answer(&mut house, ticket, None)), Code::QuestionsChanged, "it says what is asked");
        let old = PreCheck { version: 2, ..answered("no", "36.5") };
        assert_eq!(code(answer(&mut house, ticket, Some(old))), Code::QuestionsChanged);
        let is = house.is(ticket).to_owned();
        let events = house.events.len();
        let said = answered("no", "36.4");
        answer(&mut house, ticket, Some(said.clone())).expect("asked");
        assert_eq!(house.is(ticket), is, "the place stays");
        assert_eq!(read(&house, ticket), sealed(&said));
        assert!(!is_unasked(&house, ticket) && shown(&house, ticket)["not_asked"] == false);
        let zone = Zone::named("Asia/Shanghai").expect("a zone");
        let told: Vec<_> = house.events[events..]
            .iter()
            .flat_map(|event| view::emissions(&house.state, event, house.now, zone, &|_| true))
            .collect();
        assert!(told.iter().any(|(stream, _)| stream.starts_with("queue:")), "the desk sees it: {told:?}");
        assert_eq!(code(answer(&mut house, ticket, Some(answered("no", "36.5")))), Code::WrongTicketState);
    }
    house.assert_replays();
}

#[test]
fn an_alert_that_is_found_afterwards_stands_at_the_desk_and_the_phone_says_where_to_go() {
    let mut house = house();
    let [child, ..] = unasked(&mut house);
    let told = ToDepartment::AnswerPreCheck { ticket: child.clone() };
    house.desk(of(told, Some(answered("yes", "38.6")), born(2022))).expect("asked");
    let alert = shown(&house, &child)["alert"].clone();
    assert_eq!((&alert["level"], &alert["open"]), (&"urgent".into(), &true.into()));
    house.after_s(5).desk(ToDepartment::AcknowledgeAlert(AcknowledgeAlert { ticket: child.clone() })).expect("heard");
    assert_eq!(shown(&house, &child)["alert"]["open"], false);
    house.assert_replays();
}

#[test]
fn nobody_who_has_a_ticket_is_sent_away_until_the_desk_says_where_to() {
    let mut house = house();
    let [gone, stays, spared] = unasked(&mut house);
    let events = house.events.len();
    let refused = answer(&mut house, &gone, Some(answered("yes", "39"))).expect_err("the desk decides");
    assert_eq!(refused.code, Code::SentElsewhere);
    assert_eq!(refused.valid_now[0], ("department".to_owned(), "s.fever".into()));
    assert_eq!(house.events.len(), events, "nothing of it is on the record");
    let to = PreCheck { to: Some(QueueId::from("s.fever.q")), ..answered("yes", "39") };
    assert_eq!(ticket(answer(&mut house, &gone, Some(to))), gone);
    assert_eq!(house.is(&gone), "in_transit");
    let passed_on = |event: &Event| matches!(event, Event::Floor(floor::Event::PreCheckPassedOn { .. }));
    assert!(house.events[events..].iter().any(passed_on), "what was answered goes with it");
    let all_the_same = PreCheck { all_the_same: Some("那边已经看过".to_owned()), ..answered("yes", "39") };
    let is = house.is(&stays).to_owned();
    answer(&mut house, &stays, Some(all_the_same)).expect("stays");
    assert_eq!((house.is(&stays), shown(&house, &stays)["all_the_same"].as_bool()), (is.as_str(), Some(true)));
    // Another reason in place of the first one.
    answer(&mut house, &spared, Some(left_out("语言不通"))).expect("still not asked");
    assert_eq!(read(&house, &spared), sealed(&left_out("语言不通")));
    house.assert_replays();
}

#[test]
fn a_phone_answers_for_no_ticket_that_is_there() {
    let mut house = house();
    let [ticket, ..] = unasked(&mut house);
    let told = ToDepartment::AnswerPreCheck { ticket };
    let away = PreCheck { to: Some(QueueId::from("s.fever.q")), ..answered("yes", "39") };
    assert_eq!(code(house.tell(phone(), of(told, Some(away), born(1980)))), Code::Forbidden);
}
