//! Offered places and wishes at the person's owner: the limits first, one word however often it is asked.

use super::*;
use crate::reach::About;

const WISH: &str = "s.d.w1";

fn offer(id: &str, start: &str, end: &str) -> OfferedPlace {
    OfferedPlace {
        appointment: AppointmentId::from(id),
        wish: WishId::from(WISH),
        patient: PatientId::from("p-1"),
        slot: SlotId::from("s.d.am.0900"),
        date: zone().date(at(start)),
        slot_start: at(start),
        slot_end: at(end),
        channel: Channel::Online,
        expires_at: at("22 08:15"),
        limits: PatientLimits::default(),
    }
}

impl Person {
    /// What it says to an offer, to the department.
    fn word(&mut self, offer: OfferedPlace, now: &str) -> OfferWord {
        self.tell(ToPatient::Offer(Box::new(offer)), at(now)).unwrap();
        let mut owed = Vec::new();
        self.log.last().iter().for_each(|event| Patient::outgoing(event, &mut owed));
        match owed.as_slice() {
            [Outgoing::Request(to, Message::Department(told))] if to.id.as_ref() == "s.d" => match &**told {
                ToDepartment::OfferAnswered(word) => word.clone(),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_offered_place_is_a_hold_that_is_confirmed_or_let_go_like_any_other() {
    let mut person = Person::new();
    let taken = offer("s.d.b20261123-1", "23 09:00", "23 09:30");
    let id = taken.appointment.clone();
    for _ in 0..2 {
        assert_eq!(person.word(taken.clone(), "22 08:00").refused, None, "asked again, said again");
    }
    let known = &person.state.reservations[&id];
    assert_eq!((known.standing, &known.offered), (Standing::Held { expires_at: at("22 08:15") }, &Some(WISH.into())));
    person.tell(ToPatient::Confirm { appointment: id.clone() }, at("22 08:05")).unwrap();
    assert_eq!(person.state.reservations[&id].wish, Some(Wish::Confirm));
    let other = offer("s.d.b20261124-1", "24 09:00", "24 09:30");
    assert_eq!(person.word(other.clone(), "22 08:00").refused, None);
    person.ended(&other.appointment, AppointmentEnd::Expired, at("22 08:15"));
    assert_eq!(person.word(other, "22 08:16").refused, None, "an old question changes nothing");
}

#[test]
fn the_notice_of_an_offered_place_has_no_number_and_not_an_empty_one() {
    let mut person = Person::new();
    for (ticket, about, number) in [("s.d.b20261123-1", About::Offered, ""), ("s.d.t9", About::Called, "A009")] {
        let due = NoticeDue {
            ticket: ticket.into(),
            n: 1,
            patient: PatientId::from("p-1"),
            about: Some(about),
            call: None,
            date: zone().date(at("22 08:00")),
            number: number.into(),
            place: "内科".into(),
            place_en: "Internal medicine".into(),
            not_before: None,
            at: at("22 08:00"),
            clinic: None,
        };
        person.tell(ToPatient::Notify(due), at("22 08:00")).unwrap();
        let heard = person.log.iter().rfind(|event| matches!(event, Event::NoticeHeard { .. })).unwrap();
        let said = view::emissions(&person.state, heard, at("22 08:00"), &|_| zone());
        let notices = said[0].1["notice_heard"]["notices"].as_object().unwrap();
        let shown = notices.values().find(|notice| notice["ticket"] == ticket).unwrap();
        assert_eq!(shown["number"].as_str(), Some(number).filter(|number| !number.is_empty()));
        assert!(shown["number"].is_string() || shown["number"].is_null());
    }
}

#[test]
fn every_limit_refuses_an_offer_and_leaves_nothing_behind() {
    let mut person = Person::new();
    person.reserve("s.e.am.0900", ("23 09:00", "23 09:30")).unwrap();
    person.reserve("s.d.am.1000", ("24 10:00", "24 10:30")).unwrap();
    let before = person.state.clone();
    let overlap = offer("s.d.b20261123-1", "23 09:00", "23 09:30");
    assert_eq!(person.word(overlap.clone(), "22 08:00").refused, Some(Code::LimitOverlap));
    let same_day = offer("s.d.b20261124-1", "24 09:00", "24 09:30");
    assert_eq!(person.word(same_day, "22 08:00").refused, Some(Code::LimitDepartmentDay));
    let late = offer("s.d.b20261125-1", "25 09:00", "25 09:30");
    assert_eq!(person.word(late.clone(), "22 08:15").refused, Some(Code::HoldExpired));
    assert_eq!(person.state, before);
    person.state.blocked_until = Some(at("30 08:00"));
    assert_eq!(person.word(late.clone(), "22 08:00").refused, Some(Code::OnlineBookingBlocked));
    assert_eq!(may_wait(&person.state, true, at("22 08:00")).map_err(|why| why.code), Err(Code::OnlineBookingBlocked));
    assert_eq!(may_wait(&person.state, false, at("22 08:00")), Ok(()), "not at the desk");
    let desk = OfferedPlace { channel: Channel::Desk, ..late };
    assert_eq!(person.word(desk, "22 08:00").refused, None);
}

#[test]
fn the_end_of_a_wish_stays_known_whatever_comes_late() {
    let mut person = Person::new();
    let news = |n: u64, ended| WishNews {
        wish: WishId::from(format!("s.d.w{n}")),
        patient: PatientId::from("p-1"),
        wanted: Wanted::Session(SessionId::from("s.d.am")),
        dates: vec![date("20261123")],
        until: at("23 10:00"),
        joined_at: at("22 08:00").plus_s(n as i64),
        ended,
    };
    let mut tell = |news: WishNews| {
        person.tell(ToPatient::WishTold(Box::new(news)), at("22 09:00")).unwrap();
        person.state.wishes.values().map(|wish| wish.ended).collect::<Vec<_>>()
    };
    assert_eq!(tell(news(1, None)), [None]);
    assert_eq!(tell(news(1, Some(WishEnd::Left))), [Some(WishEnd::Left)]);
    assert_eq!(tell(news(1, None)), [Some(WishEnd::Left)], "an old word");
    for n in 2..200 {
        tell(news(n, Some(WishEnd::Left)));
    }
    assert!(tell(news(1000, None)).len() <= 51);
    let zones = |_: &str| zone();
    let view = view::snapshot(&person.state, "patient", "p-1", &zones).unwrap();
    assert_eq!(view["wishes"]["s.d.w1000"]["wanted"]["session"], "s.d.am");
    assert_eq!(view["wishes"]["s.d.w1000"]["ended"], serde_json::Value::Null);
}
