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
