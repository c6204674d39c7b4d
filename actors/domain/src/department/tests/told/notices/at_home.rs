//! What people at home are told of their clinic's delay: on virtual time, quiet hours and the post between.

use super::*;
use crate::department::{Event, view};
use crate::floor;
use crate::floor::at_home::{TOLD_AT_ONCE, ToldCount, counts, not_reached};
use crate::time::Zone;

/// The session of the pool, and of a doctor's own queue.
fn session(name: &str) -> SessionId {
    SessionId::from(format!("{DEPARTMENT}.{name}"))
}

impl House {
    fn count(&self) -> ToldCount {
        counts(&self.state, &queue("pool")).remove(&session("am")).unwrap_or_default()
    }
}

impl Pair {
    /// Somebody who is booked at 9:00 and whose phone acts for them.
    fn booked(house: House) -> (Self, AppointmentId) {
        let mut pair = Self::new(house).with_phone();
        pair.reserve("0900").expect("reserves");
        pair.settle();
        let appointment = pair.person.live().next().expect("booked").0.clone();
        (pair, appointment)
    }

    /// Everything that was told: of what, with which delay, and where it stands.
    fn heard_of(&self) -> Vec<(About, u32, NoticeStanding)> {
        let notices = self.person.notices.list.iter();
        notices
            .map(|one| {
                let clinic = one.due.clinic.as_ref().expect("of a clinic");
                (one.due.about.expect("it tells something"), clinic.delay_min, one.standing)
            })
            .collect()
    }
}

const TELLING: NoticeStanding = NoticeStanding::Telling;
const OVER: NoticeStanding = NoticeStanding::Over;

#[test]
fn a_delay_is_told_to_whoever_is_booked_with_their_own_new_time_and_again_when_it_changes() {
    let house = House::new(0).with_session_of(day(), Some(doctor_id(1)), 2);
    let (mut pair, appointment) = Pair::booked(house);
    pair.house.book("1000", "b");
    pair.house.book("0930", "c");
    pair.delay(20);
    assert_eq!(pair.heard_of(), [(About::Delayed, 20, TELLING)]);
    let due = pair.last().due;
    let clinic = due.clinic.clone().expect("of a clinic");
    assert_eq!((clinic.slot_start, clinic.expected_at), (at("09:00"), at("09:20")));
    assert_eq!((clinic.doctor.as_str(), due.place.as_str()), ("医生1", "内科"));
    assert_eq!((due.ticket.clone(), due.id()), (appointment.ticket(), pair.last().id));
    assert_eq!(pair.house.count().told, 3);
    // Announced again it is no news.
    pair.delay(20);
    assert_eq!(pair.heard_of().len(), 1);
    pair.delay(30);
    assert_eq!(pair.heard_of(), [(About::Delayed, 20, OVER), (About::Delayed, 30, TELLING)]);
    assert_eq!(pair.last().due.clinic.expect("of a clinic").expected_at, at("09:30"));
    assert_eq!(pair.house.count().told, 3, "each of them once");
    pair.assert_replays();
}

#[test]
fn a_delay_taken_back_that_was_told_is_news_and_one_that_was_not_is_none() {
    let (mut pair, _) = Pair::booked(House::new(0).with_session(2));
    pair.delay(0);
    assert_eq!(pair.heard_of(), []);
    pair.delay(20);
    pair.confirm();
    pair.delay(0);
    assert_eq!(pair.heard_of()[1..], [(About::AsPlanned, 0, TELLING)]);
    assert_eq!(pair.last().due.clinic.expect("of a clinic").expected_at, at("09:00"));
    pair.delay(10);
    assert_eq!(pair.heard_of()[1..], [(About::AsPlanned, 0, OVER), (About::Delayed, 10, TELLING)]);
    pair.assert_replays();
}

#[test]
fn who_books_into_a_delay_is_not_told_of_it_but_of_every_later_word() {
    for (later, about) in [(0, About::AsPlanned), (30, About::Delayed)] {
        let mut house = House::new(0).with_session(2);
        house.delay(20);
        let (mut pair, _) = Pair::booked(house);
        assert_eq!(pair.heard_of(), [], "it was shown at the booking");
        pair.delay(20);
        assert_eq!(pair.heard_of(), []);
        pair.delay(later);
        assert_eq!(pair.heard_of(), [(about, later, TELLING)]);
    }
}

#[test]
fn whoever_may_have_heard_of_a_later_time_is_told_of_an_earlier_one_though_the_slot_is_over_by_that() {
    let (mut pair, _) = Pair::booked(House::new(0).with_session(2));
    pair.delay(60);
    pair.house.now = at("09:32");
    pair.delay(0);
    assert_eq!(pair.heard_of(), [(About::Delayed, 60, OVER), (About::AsPlanned, 0, TELLING)]);
    pair.assert_replays();
    // Who saw the later time at the booking.
    let mut house = House::new(0).with_session(2);
    house.delay(60);
    let (mut pair, _) = Pair::booked(house);
    pair.house.now = at("09:32");
    pair.delay(0);
    assert_eq!(pair.heard_of(), [(About::AsPlanned, 0, TELLING)]);
    pair.assert_replays();
    // Who is behind the old time too is told nothing more.
    let (mut pair, _) = Pair::booked(House::new(0).with_session(2));
    pair.delay(20);
    pair.house.now = at("09:50");
    pair.delay(10);
    assert_eq!(pair.heard_of(), [(About::Delayed, 20, OVER)]);
}

#[test]
fn who_is_to_come_again_is_told_of_what_was_announced_meanwhile() {
    let told = |house: &House, id: &AppointmentId| {
        let told = house.state.floor.notices.told.get(&id.ticket())?;
        Some((told.about?, told.clinic.as_ref()?.delay_min))
    };
    let booked = |slot: &str| {
        let mut house = House::new(0).with_session(2);
        let id = house.book(slot, "a");
        (house, id)
    };
    let person = || Principal::of(Role::Patient, AccountId::from("a-a"));
    let cancel = |house: &mut House, id: &AppointmentId| {
        let command = CancelAppointment { appointment: id.clone(), reason: None };
        house.tell(person(), ToDepartment::CancelAppointment(command)).expect("cancels");
    };
    let restore = |house: &mut House, id: &AppointmentId| {
        let command = RestoreAppointment { appointment: id.clone(), reason: "mistake".to_owned() };
        house.tell(person(), ToDepartment::RestoreAppointment(command)).expect("restores");
        house.assert_replays();
    };
    let (mut house, id) = booked("0900");
    cancel(&mut house, &id);
    house.delay(20);
    assert_eq!(told(&house, &id), None, "cancelled");
    restore(&mut house, &id);
    assert_eq!(told(&house, &id), Some((About::Delayed, 20)), "restored");
    // Who may have heard of what is taken back meanwhile.
    cancel(&mut house, &id);
    house.delay(0);
    restore(&mut house, &id);
    assert_eq!(told(&house, &id), Some((About::AsPlanned, 0)), "restored");
    // Who saw it at the booking needs no word.
    house.delay(30);
    let later = house.book("0900", "b");
    cancel(&mut house, &later);
    restore(&mut house, &later);
    assert_eq!(told(&house, &later), None, "booked into it");

    let (mut house, id) = booked("0900");
    house.check_in(&id).expect("comes");
    house.delay(20);
    assert_eq!(told(&house, &id), None, "here");
    house.undo_last(&id.ticket()).expect("undoes");
    assert_eq!(told(&house, &id), Some((About::Delayed, 20)), "it was somebody else");
    house.assert_replays();

    let (mut house, id) = booked("1000");
    house.now = at("10:30");
    house.pass();
    house.delay(60);
    assert_eq!(told(&house, &id), None, "a no-show");
    let command = CorrectNoShow { appointment: id.clone(), reason: "late".to_owned() };
    house.desk(ToDepartment::CorrectNoShow(command)).expect("corrects");
    assert_eq!(told(&house, &id), Some((About::Delayed, 60)), "may come");
    house.assert_replays();
}

#[test]
fn who_held_a_place_when_a_delay_was_announced_is_told_of_it_with_the_booking() {
    let mut house = House::new(0).with_session(4);
    let hold = |house: &mut House, patient: &str| {
        let appointment = AppointmentId::from(format!("{DEPARTMENT}.b20261123-{patient}"));
        let slot = SlotId::from("s.d.am.0900");
        let (brief, channel) = (brief(patient), Channel::Online);
        let id = appointment.clone();
        house.system(ToDepartment::RequestPlace { appointment, slot, brief, confirm: false, channel, replaces: None });
        id
    };
    let confirm = |house: &mut House, patient: &str, appointment: &AppointmentId| {
        let (appointment, patient) = (appointment.clone(), brief(patient).patient);
        house.system(ToDepartment::ConfirmPlace { appointment: appointment.clone(), patient });
        let told = house.state.floor.notices.told.get(&appointment.ticket())?;
        Some((told.about?, told.clinic.as_ref()?.delay_min))
    };
    let before = hold(&mut house, "a");
    house.delay(20);
    assert_eq!(house.count().told, 0, "nobody is booked yet");
    let (into, across) = (hold(&mut house, "b"), hold(&mut house, "c"));
    assert_eq!(confirm(&mut house, "a", &before), Some((About::Delayed, 20)));
    assert_eq!(confirm(&mut house, "b", &into), None, "it was shown with the hold");
    house.delay(0);
    assert_eq!(confirm(&mut house, "c", &across), Some((About::AsPlanned, 0)));
    house.assert_replays();
}

#[test]
fn at_night_it_waits_for_the_morning_and_what_is_over_by_then_is_never_told() {
    let house = || {
        let mut house = House::new(0).with_session_of(day(), None, 2);
        house.now = evening("21:00");
        house
    };
    let (mut pair, _) = Pair::booked(house());
    pair.house.now = evening("23:00");
    pair.delay(20);
    assert_eq!((pair.heard_of(), pair.sent()), (vec![(About::Delayed, 20, NoticeStanding::Held)], vec![]));
    assert_eq!(pair.house.count().not_before, Some(at("07:00")));
    // Changed at night: one message in the morning, the last.
    pair.delay(40);
    pair.after_s(8 * 3600 - 1);
    assert_eq!(pair.sent(), []);
    pair.after_s(1);
    assert_eq!(pair.heard_of(), [(About::Delayed, 20, OVER), (About::Delayed, 40, TELLING)]);
    assert_eq!(pair.sent(), [Way::App]);
    pair.assert_replays();
    // Taken back at night: nobody has heard of it.
    let (mut pair, _) = Pair::booked(house());
    pair.house.now = evening("23:00");
    pair.delay(20);
    pair.delay(0);
    pair.after_s(10 * 3600);
    assert_eq!((pair.heard_of(), pair.sent()), (vec![(About::Delayed, 20, OVER)], vec![]));
    // … but of the one before it they have.
    let (mut pair, _) = Pair::booked(house());
    pair.delay(20);
    pair.confirm();
    pair.house.now = evening("23:00");
    pair.delay(30);
    pair.delay(0);
    pair.delay(0);
    pair.after_s(8 * 3600);
    assert_eq!(pair.heard_of()[1..], [(About::Delayed, 30, OVER), (About::AsPlanned, 0, TELLING)]);
    pair.assert_replays();
}

#[test]
fn whoever_has_come_cancelled_moved_or_missed_it_hears_of_the_delay_no_more() {
    let told = || {
        let (mut pair, appointment) = Pair::booked(House::new(0).with_session(2));
        pair.delay(20);
        assert_eq!(pair.heard_of(), [(About::Delayed, 20, TELLING)]);
        (pair, appointment)
    };
    let is_over = |pair: &Pair, why: &str| {
        assert_eq!(pair.person.notices.list[0].standing, OVER, "{why}");
        assert_eq!(pair.house.count().told, 0, "{why}");
        pair.assert_replays();
    };
    let (mut pair, appointment) = told();
    pair.house.check_in(&appointment).expect("comes");
    pair.settle();
    is_over(&pair, "checked in");
    pair.house.undo_last(&appointment.ticket()).expect("undoes");
    pair.delay(30);
    let later = || (About::Delayed, NoticeStanding::Telling);
    assert_eq!(pair.told().last(), Some(&later()), "at home again, as it seems");
    pair.came(Way::App, SendOutcome::Failed);
    pair.came(Way::Sms, SendOutcome::NoAddress);
    assert!(not_reached(&pair.house.state.floor, &appointment).is_some());
    assert_eq!(pair.desk_sees(&appointment.ticket()), None, "no alarm");
    let (mut pair, appointment) = told();
    let cancel = CancelAppointment { appointment, reason: None };
    pair.person(ToPatient::Cancel(cancel)).expect("asks");
    pair.settle();
    is_over(&pair, "cancelled");
    let (mut pair, appointment) = told();
    let patient = PatientId::from("p-a");
    pair.house.system(ToDepartment::ReplacePlace { appointment, patient });
    pair.settle();
    is_over(&pair, "moved");
    let (mut pair, _) = told();
    pair.house.now = at("10:50");
    pair.house.pass();
    pair.settle();
    is_over(&pair, "did not come");
    let (mut pair, _) = told();
    pair.house.now = at("10:50");
    let close = CloseSession { session: session("am"), settlements: vec![] };
    pair.house.desk(ToDepartment::CloseSession(close)).expect("closes");
    pair.settle();
    is_over(&pair, "closed");
}

#[test]
fn the_desk_sees_how_many_were_reached_and_whom_nothing_reached_and_nobody_alarms_it() {
    let (mut pair, appointment) = Pair::booked(House::new(0).with_session(2));
    pair.house.book("1000", "b");
    pair.delay(20);
    pair.confirm();
    let (told, reached) = (pair.house.count().told, pair.house.count().reached);
    assert_eq!((told, reached, pair.house.count().not_reached), (2, 1, 0));
    pair.delay(30);
    assert_eq!(pair.house.count().reached, 0, "of the new word nobody has been reached");
    pair.came(Way::App, SendOutcome::Failed);
    assert_eq!(pair.sent().last(), Some(&Way::Sms));
    // No telephone is known: whoever is at home has nothing else.
    pair.came(Way::Sms, SendOutcome::NoAddress);
    assert_eq!(not_reached(&pair.house.state.floor, &appointment).map(|missed| missed.about), Some(About::Delayed));
    assert_eq!(pair.house.count().not_reached, 1);
    let who = |pair: &Pair| {
        let found = |session: SessionId| {
            let found = floor::at_home::all_not_reached(&pair.house.state, &session);
            found.map(|(_, id, _)| id).collect::<Vec<_>>()
        };
        assert_eq!(found(SessionId::from("s.d.pm")), []);
        found(session("am"))
    };
    assert_eq!(who(&pair), std::slice::from_ref(&appointment));
    // The desk has telephoned: nobody has to do so again, unless that is taken back.
    pair.mark(&appointment.ticket(), ReachedHow::ByPhone);
    assert_eq!((pair.house.count().reached, pair.house.count().not_reached, who(&pair)), (1, 0, vec![]));
    assert_eq!(not_reached(&pair.house.state.floor, &appointment), None);
    assert_eq!(marked(&pair.house.state.floor, &appointment.ticket()), None, "not at the ticket that it will be");
    pair.mark(&appointment.ticket(), ReachedHow::NotReached);
    assert_eq!((pair.house.count().reached, pair.house.count().not_reached), (0, 1));
    assert_eq!(who(&pair), std::slice::from_ref(&appointment));
    assert!(matches!(pair.last().standing, NoticeStanding::NotReached { .. }));
    assert!(pair.person.notices.list.iter().all(|one| one.unheard.is_none()), "the department knows");
    pair.confirm();
    assert_eq!((pair.house.count().reached, pair.house.count().not_reached), (1, 0), "better late");
    pair.assert_replays();
}

#[test]
fn who_has_no_way_at_all_and_is_at_home_is_not_reached() {
    let mut pair = Pair::new(House::new(0).with_session(2));
    pair.reserve("0900").expect("reserves");
    pair.settle();
    pair.delay(20);
    assert_eq!(pair.sent(), [Way::Sms], "a telephone may be on file");
    pair.came(Way::Sms, SendOutcome::NoAddress);
    assert_eq!((pair.house.count().told, pair.house.count().not_reached), (1, 1), "no screen hangs at home");
    pair.assert_replays();
}

#[test]
fn the_desks_stream_says_how_many() {
    let zone = Zone::named("Asia/Shanghai").expect("a zone");
    let (mut pair, appointment) = Pair::booked(House::new(0).with_session(2));
    let said = |house: &House, event: &Event| {
        let all = view::emissions(&house.state, event, house.now, zone, &|stream| stream == "queue:s.d.pool");
        all.into_iter().map(|(_, payload)| payload).collect::<Vec<_>>()
    };
    pair.house.delay(20);
    let is = |told: u32, reached: u32, not_reached: u32| serde_json::json!([{"session": "s.d.am", "told": told, "reached": reached, "not_reached": not_reached, "not_before": null, "of_bookings_not_reached": 0}]);
    let announced = pair.house.events.iter().rev().find(|event| Department::event_kind(event).1 == "session_delayed");
    let payload = said(&pair.house, announced.expect("announced"));
    let late = serde_json::json!([{"session": "s.d.am", "doctor": null, "doctor_name": null, "doctor_name_en": null, "delay_min": 20, "begins_at": "2026-11-23T09:20:00.000+08:00", "ends_at": "2026-11-23T10:50:00.000+08:00"}]);
    assert_eq!(payload, [serde_json::json!({"session_delayed": {"delays": is(1, 0, 0), "late": late}})]);
    pair.settle();
    pair.confirm();
    let answered = pair.house.events.last().expect("answered").clone();
    assert_eq!(said(&pair.house, &answered), [serde_json::json!({"notice_answered": {"delays": is(1, 1, 0)}})]);
    let snapshot = view::snapshot(&pair.house.state, "queue", "s.d.pool", pair.house.now, zone).expect("a queue");
    assert_eq!((&snapshot["delays"], &snapshot["late"]), (&is(1, 1, 0), &late));
    let cancel = CancelAppointment { appointment, reason: None };
    pair.house.desk(ToDepartment::CancelAppointment(cancel)).expect("cancels");
    let over = pair.house.events.last().expect("over").clone();
    assert_eq!(said(&pair.house, &over), [serde_json::json!({"notice_due": {"delays": []}})]);
}

#[test]
fn whoever_follows_the_desks_stream_knows_how_many_count_whatever_they_do() {
    let zone = Zone::named("Asia/Shanghai").expect("a zone");
    let mut house = House::new(0).with_session(3).with_doctors();
    let (first, second) = (house.book("0900", "a"), house.book("0930", "b"));
    let ticket = first.ticket();
    type Act<'a> = (&'static str, &'a dyn Fn(&mut House));
    let acts: [Act<'_>; 6] = [
        ("a delay", &|house| house.delay(20)),
        ("a check-in", &|house| drop(house.check_in(&first).expect("comes"))),
        ("a check-in undone", &|house| drop(house.undo_last(&ticket).expect("undone"))),
        ("a booking", &|house| drop(house.book("1000", "c"))),
        ("a cancellation", &|house| {
            let cancel = CancelAppointment { appointment: second.clone(), reason: None };
            house.desk(ToDepartment::CancelAppointment(cancel)).expect("cancels");
        }),
        ("another day", &|house| {
            house.now = house.now.plus_min(24 * 60);
            house.pass();
        }),
    ];
    let shown = |house: &House| {
        view::snapshot(&house.state, "queue", "s.d.pool", house.now, zone).expect("a queue")["delays"].clone()
    };
    let (mut followed, mut told) = (shown(&house), Vec::new());
    for (what, act) in acts {
        let before = house.events.len();
        act(&mut house);
        for event in &house.events[before..] {
            let said = view::emissions(&house.state, event, house.now, zone, &|stream| stream == "queue:s.d.pool");
            for (_, payload) in said {
                let parts = payload.as_object().and_then(|one| one.values().next()).expect("one name");
                parts.get("delays").into_iter().for_each(|delays| followed.clone_from(delays));
            }
        }
        assert_eq!(followed, shown(&house), "after {what}");
        told.push(house.count().told);
    }
    assert_eq!(told, [2, 1, 2, 2, 1, 0]);
}

#[test]
fn of_more_people_than_one_decision_tells_the_others_follow_at_once() {
    let many = u32::try_from(TOLD_AT_ONCE).expect("fits");
    let mut house = House::new(0).with_session(many);
    for n in 0..TOLD_AT_ONCE + 2 {
        house.book(if n < TOLD_AT_ONCE { "0900" } else { "1000" }, &format!("b{n}"));
    }
    let before = house.events.len();
    house.delay(20);
    assert_eq!((house.count().told, house.events.len() - before), (many, TOLD_AT_ONCE + 2));
    assert_eq!(Department::next_deadline(&house.state), Some(house.now));
    house.pass();
    assert_eq!(house.count().told, many + 2);
    assert!(Department::next_deadline(&house.state).is_none_or(|due| due > house.now));
    let last = house.events.last().expect("an event");
    assert!(matches!(last, Event::Floor(floor::Event::TellingGoesOn { more: false, .. })), "{last:?}");
    house.delay(0);
    house.pass();
    assert!(house.state.floor.notices.told.values().all(|told| told.about == Some(About::AsPlanned)));
    house.assert_replays();
}

#[test]
fn word_of_another_day_does_not_make_todays_old_word_new() {
    let tomorrow = day().plus_days(1);
    let mut pair = Pair::new(House::new(0).with_session_of(tomorrow, None, 2).with_doctors()).with_phone();
    pair.house.system(ToDepartment::RequestPlace {
        appointment: AppointmentId::from(format!("{DEPARTMENT}.b{}-1", tomorrow.compact())),
        slot: SlotId::from("s.d.am.0900"),
        brief: brief("a"),
        confirm: true,
        channel: Channel::Online,
        replaces: None,
    });
    let ticket = pair.house.walk_in("pool", "a", None);
    pair.collect();
    let first = pair.post.clone();
    pair.settle();
    assert_eq!(pair.person.notices.list.len(), 1);
    pair.delay(20);
    assert_eq!(pair.person.notices.list.len(), 2);
    for again in first {
        pair.deliver(again);
    }
    pair.settle();
    assert_eq!(pair.person.notices.list.len(), 2, "{ticket} was told before");
}
