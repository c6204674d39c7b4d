//! What can be booked, session by session.

use super::*;

#[test]
fn a_session_is_free_from_its_first_slot_with_a_place_that_is_not_over() {
    let mut day = Day::new(&[1, 2, 3]);
    let free = Free::of(&day.clinic, at("20 09:00"));
    let one = &free.sessions[0];
    assert_eq!((&one.slot, one.free, one.free_all), (&slot("0900"), 1, 6));
    day.request(1, &slot("0900"), true, at("20 09:00")).unwrap();
    let free = Free::of(&day.clinic, at("20 09:00"));
    assert_eq!((&free.sessions[0].slot, free.sessions[0].free, free.sessions[0].free_all), (&slot("0930"), 2, 5));
    let late = Free::of(&day.clinic, at("23 10:00"));
    assert_eq!((&late.sessions[0].slot, late.sessions[0].free_all), (&slot("1000"), 3), "the one before is over");
    assert_eq!(Free::of(&day.clinic, at("23 10:30")), Free::default());
}

#[test]
fn what_is_not_released_frozen_or_closed_is_not_free() {
    let mut later = session(&[2]);
    later.released_at = Some(at("21 07:00"));
    let mut day = Day::new(&[2]);
    let defined = decide_define_session(&day.clinic, &later, &context(at("20 08:00")), &day.settings, zone());
    day.take(defined).unwrap();
    let before = Free::of(&day.clinic, at("21 06:59"));
    assert!(before.sessions.is_empty());
    assert_eq!(before.opens, [((None, "普通".to_owned()), at("21 07:00"))].into());
    let after = Free::of(&day.clinic, at("21 07:00"));
    assert_eq!((after.sessions.len(), after.opens.len()), (1, 0));
    day.clinic.sessions.values_mut().for_each(|session| session.frozen = Some("检修".into()));
    assert_eq!(Free::of(&day.clinic, at("21 07:00")), Free::default());
    day.clinic.sessions.values_mut().for_each(|session| {
        (session.frozen, session.standing) = (None, SessionStanding::Closed);
    });
    assert_eq!(Free::of(&day.clinic, at("21 07:00")), Free::default());
}

#[test]
fn a_release_has_the_places_that_its_line_could_have() {
    let (moment, now) = (at("21 07:00"), at("21 07:01"));
    let mut day = Day::new(&[9]);
    for (id, capacities) in [("s.d.one", &[2, 1][..]), ("s.d.two", &[3][..])] {
        let one =
            DefineSession { id: SessionId::from(id.to_owned()), released_at: Some(moment), ..session(capacities) };
        let defined = decide_define_session(&day.clinic, &one, &context(at("20 08:00")), &day.settings, zone());
        day.take(defined).unwrap();
    }
    let places = |day: &Day, now| {
        let ReleasedPlaces { left, held } = day.clinic.places_released_at(moment, now);
        (left, held)
    };
    assert_eq!(places(&day, now), (6, 0), "both sessions, and not the one that could always be booked");
    day.request(1, &SlotId::from("s.d.one.0900".to_owned()), false, now).unwrap();
    day.request(2, &SlotId::from("s.d.two.0900".to_owned()), true, now).unwrap();
    assert_eq!(places(&day, now), (4, 1), "what is booked does not come back");
    assert_eq!(places(&day, at("23 09:30")), (1, 0), "the first slots are over");
    let change = |day: &mut Day, id: &str, change: &dyn Fn(&mut Session)| {
        change(day.clinic.sessions.get_mut(&SessionId::from(id.to_owned())).unwrap());
    };
    change(&mut day, "s.d.one", &|session| session.frozen = Some("检修".into()));
    assert_eq!(places(&day, now), (2, 0), "nobody is let in to be told that it is frozen");
    change(&mut day, "s.d.one", &|session| (session.frozen, session.frozen_by_plan) = (None, true));
    assert_eq!(places(&day, now), (2, 0));
    change(&mut day, "s.d.one", &|session| session.frozen_by_plan = false);
    let two = StopSession {
        session: SessionId::from("s.d.two"),
        from: None,
        reason: "ill".into(),
        to: None,
        substitute: None,
    };
    let stopped = decide_stop(&day.clinic, &two, &desk(now));
    day.take(stopped).unwrap();
    assert_eq!(places(&day, now), (2, 1), "what does not take place is left for nobody");
    change(&mut day, "s.d.one", &|session| session.standing = SessionStanding::Closed);
    assert_eq!(places(&day, now), (0, 0));
}
