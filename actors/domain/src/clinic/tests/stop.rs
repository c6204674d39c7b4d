//! A session that does not take place, and does after all.

use super::*;

fn stop(from: Option<&str>, reason: &str) -> StopSession {
    let (session, from, reason) = (SessionId::from("s.d.am"), from.map(at), reason.to_owned());
    StopSession { session, from, reason, to: None, substitute: None }
}

impl Day {
    pub(super) fn stop(&mut self, from: Option<Timestamp>, now: Timestamp) -> Result<Answer, Rejection> {
        let decision = decide_stop(&self.clinic, &StopSession { from, ..stop(None, "ill") }, &desk(now));
        self.take(decision)
    }

    pub(super) fn resume(&mut self, now: Timestamp) -> Result<Answer, Rejection> {
        let decision = decide_resume(&self.clinic, &SessionId::from("s.d.am"), &desk(now));
        self.take(decision)
    }
}

#[test]
fn from_then_on_nobody_is_taken_and_whoever_was_is_stopped() {
    let mut day = Day::new(&[2, 2, 2]);
    let before = at("22 08:00");
    day.request(1, &slot("0900"), true, before).unwrap();
    day.request(2, &slot("0930"), true, before).unwrap();
    day.request(3, &slot("0930"), false, before).unwrap();
    day.request(4, &slot("1000"), true, before).unwrap();
    day.stop(Some(at("23 09:30")), before).unwrap();
    assert_eq!((day.state(1), day.state(2)), (AppointmentState::Booked, AppointmentState::Stopped));
    assert_eq!((day.state(3), day.state(4)), (AppointmentState::Expired, AppointmentState::Stopped));
    assert_eq!(day.clinic.slots[&slot("0930")].taken, 0);
    for (n, taken) in [(5, "0930"), (6, "1000")] {
        assert_eq!(refused(day.request(n, &slot(taken), true, before)), Code::SlotClosed);
    }
    day.request(7, &slot("0900"), true, before).unwrap();
    let full = day.request(8, &slot("0900"), true, before).unwrap();
    assert_eq!(full, Answer::Refused(Code::SlotFull.into()), "the free ones do not take place");
    assert_eq!(refused(day.confirm(3, before)), Code::HoldExpired);
    assert_eq!(day.check_in(2, at("23 09:20")).unwrap_err().code, Code::SessionClosed);
    assert_eq!(day.check_in(1, at("23 09:00")).map(drop), Ok(()));
    // Whoever lets go of it then has nothing to let go of.
    assert_eq!(day.cancel(2, &context(at("23 08:00"))), Ok(Answer::Done));
    assert_eq!(day.restore(2, before).unwrap_err().code, Code::SlotClosed);
    day.deadline(at("23 23:00"));
    assert_eq!((day.state(2), day.state(7)), (AppointmentState::Stopped, AppointmentState::NoShow));
}

#[test]
fn a_moment_is_one_of_the_session_and_none_means_from_the_slot_that_runs() {
    for (now, from) in [("22 08:00", "23 09:00"), ("23 09:40", "23 09:30"), ("23 10:00", "23 10:00")] {
        let mut day = Day::new(&[2, 2, 2]);
        day.stop(None, at(now)).unwrap();
        let stopped = day.clinic.sessions[&SessionId::from("s.d.am")].stopped.clone().unwrap();
        assert_eq!((stopped.from, stopped.reason.as_str()), (at(from), "ill"), "{now}");
    }
    let mut day = Day::new(&[2, 2, 2]);
    for wrong in [stop(Some("23 08:59"), "ill"), stop(Some("23 10:30"), "ill"), stop(None, " ")] {
        let decision = decide_stop(&day.clinic, &wrong, &desk(at("22 08:00")));
        assert_eq!(decision.unwrap_err().code, Code::InvalidField, "{wrong:?}");
    }
    assert_eq!(day.stop(None, at("23 10:30")).unwrap_err().code, Code::SessionClosed, "it is over");
    day.stop(Some(at("23 09:30")), at("22 08:00")).unwrap();
    let events = day.log.len();
    day.stop(Some(at("23 09:30")), at("22 08:01")).unwrap();
    assert_eq!(day.log.len(), events, "said again");
    assert_eq!(day.stop(Some(at("23 10:00")), at("22 08:01")).unwrap_err().code, Code::InvalidField);
    day.stop(Some(at("23 09:00")), at("22 08:01")).unwrap();
}

#[test]
fn whoever_is_stopped_is_put_back_unless_the_place_or_the_day_is_taken() {
    let mut day = Day::new(&[1, 3]);
    let now = at("22 08:00");
    day.request(1, &slot("0930"), true, now).unwrap();
    day.request(2, &slot("0930"), true, now).unwrap();
    day.request(3, &slot("0930"), true, now).unwrap();
    day.stop(Some(at("23 09:30")), now).unwrap();
    // The second one of them books the slot before; the slot that is stopped loses a place and keeps its people.
    let elsewhere = decide_request_place(
        &day.clinic,
        &appointment(9),
        &slot("0900"),
        &brief(2),
        true,
        Channel::Online,
        &context(now),
        &day.settings,
        zone(),
        |_| "A009".to_owned(),
    );
    day.take(elsewhere).unwrap();
    let gone = decide_define_session(&day.clinic, &session(&[1]), &context(now), &day.settings, zone());
    assert_eq!(gone.unwrap_err().code, Code::NotSettled);
    let smaller = decide_define_session(&day.clinic, &session(&[1, 1]), &context(now), &day.settings, zone());
    day.take(smaller).unwrap();
    day.resume(now).unwrap();
    assert_eq!(
        [1, 2, 3].map(|n| day.state(n)),
        [AppointmentState::Booked, AppointmentState::Stopped, AppointmentState::Stopped]
    );
    assert_eq!(day.clinic.appointments[&appointment(1)].number.as_deref(), Some("A001"), "as it was");
    let events = day.log.len();
    day.resume(now).unwrap();
    assert_eq!(day.log.len(), events);
    // Later the desk gives the place that has come free.
    day.cancel(1, &context(now)).unwrap();
    day.restore(3, now).unwrap();
    assert_eq!(day.state(3), AppointmentState::Booked);
}

#[test]
fn nobody_stopped_is_a_no_show_or_comes_again() {
    let mut day = Day::new(&[3, 3]);
    for n in 1..=3 {
        day.request(n, &slot("0900"), true, at("22 08:00")).unwrap();
    }
    day.check_in(1, at("23 09:00")).unwrap();
    day.deadline(at("23 10:00"));
    assert_eq!([1, 2].map(|n| day.state(n)), [AppointmentState::CheckedIn, AppointmentState::NoShow]);
    // The desk says afterwards that nobody sat there.
    day.stop(Some(at("23 09:00")), at("23 10:05")).unwrap();
    assert_eq!(
        [1, 2, 3].map(|n| day.state(n)),
        [AppointmentState::CheckedIn, AppointmentState::Stopped, AppointmentState::Stopped]
    );
    day.follow(1, TicketFate::Undone { at: at("23 10:06") });
    assert_eq!(day.state(1), AppointmentState::Stopped);
}

#[test]
fn what_is_too_much_for_one_record_follows_part_by_part() {
    let mut day = Day::new(&[1200, 300]);
    let now = at("22 08:00");
    for n in 0..1200 {
        day.request(n, &slot("0900"), true, now).unwrap();
    }
    day.request(2000, &slot("0930"), false, at("22 08:01")).unwrap();
    let count = |day: &Day, state: AppointmentState| {
        day.clinic.appointments.values().filter(|known| known.state == state).count()
    };
    day.stop(None, at("22 08:02")).unwrap();
    assert_eq!(count(&day, AppointmentState::Stopped), 500);
    // Until they are decided about nobody of them comes, is confirmed or is a no-show.
    let first = (0..1200).find(|n| day.state(*n) == AppointmentState::Booked).unwrap();
    assert_eq!(day.check_in(first, at("23 08:50")).unwrap_err().code, Code::SessionClosed);
    assert_eq!(refused(day.confirm(2000, at("22 08:02"))), Code::HoldExpired);
    let mut late = day.clone();
    while late.clinic.next_deadline().is_some_and(|at_| at_ <= at("23 12:00")) {
        late.deadline(at("23 12:00"));
    }
    assert_eq!((count(&late, AppointmentState::Stopped), count(&late, AppointmentState::NoShow)), (1200, 0));
    while day.clinic.next_deadline().is_some_and(|at_| at_ <= at("22 08:02")) {
        day.deadline(at("22 08:02"));
    }
    assert_eq!((count(&day, AppointmentState::Stopped), day.state(2000)), (1200, AppointmentState::Expired));
    day.resume(at("22 09:00")).unwrap();
    assert!(count(&day, AppointmentState::Booked) < 500);
    while day.clinic.next_deadline().is_some_and(|at_| at_ <= at("22 09:00")) {
        day.deadline(at("22 09:00"));
    }
    assert_eq!(count(&day, AppointmentState::Booked), 1200);
}
