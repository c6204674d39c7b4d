//! What days come to: counted from what stands, kept when it is forgotten, and never guessed back to one patient.

use super::figures::{Ratings, WAIT_MAX_MIN, Waits};
use super::*;
use crate::Code;
use crate::department::tests::house::*;
use crate::ids::*;
use crate::principal::{Principal, Role};
use crate::time::Timestamp;
use crate::vocabulary::*;

fn patient() -> Principal {
    Principal::of(Role::Patient, AccountId::from("a-phone"))
}

/// Everything of these days, put together.
fn all(house: &House, from: BusinessDate, to: BusinessDate) -> Figures {
    let days = days(&house.state, from, to, house.now);
    days.iter().fold(Figures::default(), |mut all, day| {
        all.add(&day.figures);
        all
    })
}

fn of_day(house: &House) -> Figures {
    all(house, day(), day())
}

fn of_doctor(house: &House, n: u32) -> Figures {
    let days = days(&house.state, day(), day(), house.now);
    let own = days.into_iter().find(|day| day.doctor == Some(doctor_id(n)));
    own.map(|day| day.figures).unwrap_or_default()
}

fn rate_it(house: &mut House, ticket: &TicketId, stars: u8) -> Result<Answer, crate::Rejection> {
    let about = vec![RatedAbout::Place, RatedAbout::Waiting, RatedAbout::Place];
    house.tell(patient(), ToDepartment::RateVisit(RateVisit { ticket: ticket.clone(), stars, about }))
}

/// A walk-in who is called at once and seen.
fn seen(house: &mut House, patient: &str) -> TicketId {
    let ticket = house.walk_in("own", patient, None);
    assert_eq!(house.called(1), ticket);
    house
        .after_s(120)
        .tell(doctor(1), ToDepartment::FinishService(FinishService { ticket: ticket.clone() }))
        .expect("seen");
    ticket
}

/// Later days begin with somebody, until everything of the first one has been forgotten.
fn forget(house: &mut House) {
    for n in 1..=8 {
        house.now = at("08:30").plus_min(n * 24 * 60);
        house.pass();
        let ticket = house.walk_in("other", &format!("later{n}"), None);
        house.desk(ToDepartment::CancelTicket(CancelTicket { ticket, reason: "went".to_owned() })).expect("leaves");
    }
}

#[test]
fn a_morning_is_counted_by_who_called_and_every_undo_counts_back() {
    let mut house = House::new(0).with_session(2).with_doctors();
    let (early, absent) = (house.book("0900", "a"), house.book("0900", "b"));
    let kept = house.book("0930", "c");
    house.desk(ToDepartment::CancelAppointment(CancelAppointment { appointment: kept, reason: None })).expect("off");
    house.now = at("08:50");
    house.check_in(&early).expect("comes");
    let walk_in = house.walk_in("pool", "w", None);
    assert_eq!((of_day(&house).came, of_day(&house).walk_ins, of_day(&house).booked), (2, 1, 3));
    assert_eq!(of_day(&house).cancelled + of_day(&house).given_back, 1);
    house.now = at("09:10");
    let first = house.called(1);
    assert_eq!(first, early.ticket(), "the walk-in comes after the appointment of nine");
    assert_eq!((of_doctor(&house, 1).came, of_doctor(&house, 1).waits.quantile_min(50)), (1, Some(10)), "from nine on");
    house
        .after_s(60)
        .tell(doctor(1), ToDepartment::FinishService(FinishService { ticket: first.clone() }))
        .expect("seen");
    assert_eq!((of_doctor(&house, 1).seen, of_day(&house).open), (1, 1));
    house.undo_last(&first).expect("was not");
    assert_eq!((of_doctor(&house, 1).seen, of_day(&house).open), (0, 2), "a figure follows the undo");
    house.tell(doctor(1), ToDepartment::FinishService(FinishService { ticket: first.clone() })).expect("now");
    let called = called(house.call_next(2, None, None)).expect("the walk-in");
    assert_eq!(called.ticket, walk_in);
    house.after_s(95).tell(doctor(2), ToDepartment::RecallPatient(RecallPatient { call: called.call })).expect("again");
    house.tell(doctor(2), ToDepartment::MarkMissed(MarkMissed { ticket: walk_in.clone() })).expect("not here");
    assert_eq!((of_doctor(&house, 2).missed, of_doctor(&house, 2).waits.quantile_min(50)), (1, Some(21)));
    house.undo_last(&walk_in).expect("was");
    assert_eq!((of_doctor(&house, 2).missed, of_doctor(&house, 2).open), (0, 1));
    house.tell(doctor(2), ToDepartment::FinishService(FinishService { ticket: walk_in })).expect("seen");
    house.now = at("13:00");
    house.pass();
    assert_eq!((of_day(&house).no_shows, of_day(&house).seen), (1, 2));
    let reason = "had been here".to_owned();
    let corrected = CorrectNoShow { appointment: absent, reason };
    house.desk(ToDepartment::CorrectNoShow(corrected)).expect("was there");
    assert_eq!((of_day(&house).no_shows, of_day(&house).given_back + of_day(&house).cancelled), (0, 2));
    house.assert_replays();
}

#[test]
fn a_call_by_mistake_ends_no_wait_and_an_undone_check_in_has_not_come() {
    let mut house = House::new(0).with_doctors();
    house.now = at("10:00");
    let ticket = house.walk_in("pool", "a", None);
    let gone = house.walk_in("other", "b", None);
    house.undo_last(&gone).expect("the wrong person");
    assert_eq!(of_day(&house).came, 1);
    assert_eq!(house.after_s(600).called(1), ticket);
    assert_eq!(of_doctor(&house, 1).waits.quantile_min(50), Some(10));
    let command = ReturnToWaiting { ticket: ticket.clone(), reason: "by mistake".to_owned() };
    house.tell(doctor(1), ToDepartment::ReturnToWaiting(command)).expect("back");
    assert_eq!((of_day(&house).waits.count(), of_day(&house).open), (0, 1));
    assert_eq!(house.after_s(600).called(2), ticket);
    assert_eq!(of_doctor(&house, 2).waits.quantile_min(50), Some(20));
    house.assert_replays();
}

#[test]
fn what_is_forgotten_stays_in_the_book_as_it_was_counted() {
    let mut house = House::new(0).with_session(1).with_doctors();
    house.book("0900", "absent");
    let tickets: Vec<TicketId> = (0..3).map(|n| seen(&mut house, &format!("a{n}"))).collect();
    house.walk_in("pool", "stays", None);
    house.after_s(60);
    house.now = at("13:00");
    house.pass();
    let before = of_day(&house);
    assert_eq!((before.seen, before.no_shows, before.open, before.came), (3, 1, 1, 4));
    forget(&mut house);
    assert!(house.state.floor.tickets.get(&tickets[0]).is_none(), "it is forgotten");
    assert_eq!(of_day(&house), before, "who still waits is still known, the others stand in the book");
    // the clinic forgets when a new session comes
    house.now = at("08:30").plus_min(40 * 24 * 60);
    let date = house.state.config.today(house.now);
    let slots = vec![DefineSlot { start: "09:00".to_owned(), minutes: 30, capacity: 1 }];
    let session = DefineSession {
        id: SessionId::from("s.d.later"),
        date,
        period: "morning".to_owned(),
        queue: queue("pool"),
        doctor: None,
        service_point: None,
        registration_class: "普通".to_owned(),
        fee_fen: 0,
        slots,
        high_demand: false,
        released_at: None,
    };
    house.system(ToDepartment::DefineSession(session));
    assert!(house.state.clinic.appointments.is_empty(), "forgotten too");
    assert_eq!(of_day(&house), before);
    house.assert_replays();
    assert_eq!(all(&house, day(), date).came, 4 + 8, "and the days after it");
    house.now = at("08:30").plus_min((KEPT_DAYS + 30) * 24 * 60);
    house.pass();
    house.walk_in("other", "new", None);
    house.now = house.now.plus_min(24 * 60);
    house.pass();
    assert_eq!(of_day(&house).seen, 0, "for {KEPT_DAYS} days and no longer");
    house.assert_replays();
}

#[test]
fn late_starts_and_pauses_are_noted_and_are_causes_of_long_waits() {
    let mut house = House::new(0).with_session(1);
    let own = |id: &str, start: &str| DefineSession {
        id: SessionId::from(format!("{DEPARTMENT}.{id}")),
        date: day(),
        period: "morning".to_owned(),
        queue: queue("own"),
        doctor: Some(doctor_id(1)),
        service_point: None,
        registration_class: "普通".to_owned(),
        fee_fen: 0,
        slots: vec![DefineSlot { start: start.to_owned(), minutes: 120, capacity: 2 }],
        high_demand: false,
        released_at: None,
    };
    house.system(ToDepartment::DefineSession(own("early", "09:00")));
    house.now = at("08:55");
    house.walk_in("own", "a", None);
    house.walk_in("own", "b", None);
    house.now = at("09:40");
    house.begin(1);
    let first = house.called(1);
    assert_eq!((of_doctor(&house, 1).late_starts, of_doctor(&house, 1).late_s), (1, 2400));
    let long = of_doctor(&house, 1).long;
    assert_eq!((long.count, long.late_start, long.paused, long.other), (1, 1, 0, 0), "{long:?}");
    house.tell(doctor(1), ToDepartment::FinishService(FinishService { ticket: first })).expect("seen");
    let pause = PauseWork {
        department: DepartmentId::from(DEPARTMENT),
        assignment: assignment(1),
        reason: "查房".to_owned(),
        back_at: None,
    };
    house.tell(doctor(1), ToDepartment::PauseWork(pause)).expect("pauses");
    house.now = at("10:00");
    assert_eq!((of_doctor(&house, 1).pauses, of_doctor(&house, 1).paused_s), (1, 1200), "the one that runs with it");
    let resume = ResumeWork { department: DepartmentId::from(DEPARTMENT), assignment: assignment(1) };
    house.tell(doctor(1), ToDepartment::ResumeWork(resume)).expect("goes on");
    let second = house.called(1);
    let long = of_doctor(&house, 1).long;
    assert_eq!((long.count, long.late_start, long.paused, long.over_planned), (2, 2, 1, 0), "{long:?}");
    house.tell(doctor(1), ToDepartment::FinishService(FinishService { ticket: second })).expect("seen");
    let stop = StopWork { department: DepartmentId::from(DEPARTMENT), assignment: assignment(1) };
    house.tell(doctor(1), ToDepartment::StopWork(stop)).expect("to another room");
    house.now = at("10:20");
    house.begin(1);
    assert_eq!(of_doctor(&house, 1).late_starts, 1, "who has been at work in the session is not late again");
    house.assert_replays();
}

#[test]
fn a_pause_is_of_the_day_on_which_it_began_and_ends_with_it() {
    let mut house = House::new(0).with_doctors();
    let department = DepartmentId::from(DEPARTMENT);
    let pause = |house: &mut House, n: u32| {
        let (department, reason) = (department.clone(), "夜班".to_owned());
        let pause = PauseWork { department, assignment: assignment(n), reason, back_at: None };
        house.tell(doctor(n), ToDepartment::PauseWork(pause)).expect("pauses");
    };
    house.now = at("23:50");
    pause(&mut house, 1);
    pause(&mut house, 2);
    house.now = at("23:50").plus_min(20);
    assert_eq!((of_doctor(&house, 1).pauses, of_doctor(&house, 1).paused_s), (1, 600), "it runs after midnight");
    let resume = ResumeWork { department: department.clone(), assignment: assignment(1) };
    house.tell(doctor(1), ToDepartment::ResumeWork(resume)).expect("goes on");
    assert_eq!((of_doctor(&house, 1).pauses, of_doctor(&house, 1).paused_s), (1, 600));
    assert_eq!(all(&house, day().plus_days(1), day().plus_days(1)).paused_s, 0);
    house.now = at("08:30").plus_min(3 * 24 * 60);
    let stop = StopWork { department, assignment: assignment(2) };
    house.tell(doctor(2), ToDepartment::StopWork(stop)).expect("had forgotten it");
    assert_eq!((of_doctor(&house, 2).pauses, of_doctor(&house, 2).paused_s), (1, 600), "not three days");
    house.assert_replays();
}

#[test]
fn insertions_crowds_and_long_consultations_are_causes_too() {
    let mut house = House::new(0).with_session(1).with_doctors();
    let finish = |house: &mut House, ticket: TicketId| {
        house.tell(doctor(1), ToDepartment::FinishService(FinishService { ticket })).expect("seen");
    };
    house.now = at("09:00");
    let away = house.walk_in("pool", "r", None);
    assert_eq!(house.called(1), away);
    house.tell(doctor(1), ToDepartment::SendForTests(SendForTests { ticket: away.clone() })).expect("goes");
    let ordinary: Vec<TicketId> = ["a", "b", "c"].map(|patient| house.walk_in("pool", patient, None)).into();
    house.now = at("09:10");
    let back = ReportBack { ticket: away.clone(), code: None };
    house.desk(ToDepartment::ReportBack { command: back, presence_proved: true }).expect("back from tests");
    house.now = at("09:45");
    for (n, next) in [&ordinary[0], &ordinary[1], &away].into_iter().enumerate() {
        assert_eq!(house.called(1), *next);
        finish(&mut house, next.clone());
        if n == 0 {
            // three of today wait in a session of three places, and the one back from tests
            let expected = LongWaits { count: 1, over_planned: 1, ..LongWaits::default() };
            assert_eq!(of_doctor(&house, 1).long, expected);
        }
    }
    assert_eq!(house.called(1), ordinary[2]);
    let long = of_doctor(&house, 1).long;
    assert_eq!((long.count, long.inserted, long.over_planned, long.other), (3, 1, 3, 0), "{long:?}");
    let alone = house.walk_in("other", "d", None);
    house.after_s(31 * 60);
    assert_eq!(house.called(2), alone);
    assert_eq!(of_doctor(&house, 2).long, LongWaits { count: 1, other: 1, ..LongWaits::default() });
}

#[test]
fn a_visit_is_rated_once_seen_changed_until_its_time_is_over_and_follows_the_undo() {
    let mut house = House::new(0).with_doctors();
    let waits = house.walk_in("pool", "w", None);
    assert_eq!(code(rate_it(&mut house, &waits, 5)), Code::WrongTicketState);
    let ticket = seen(&mut house, "a");
    for stars in [0, 6] {
        assert_eq!(code(rate_it(&mut house, &ticket, stars)), Code::InvalidField);
    }
    rate_it(&mut house, &ticket, 2).expect("rates");
    let events = house.events.len();
    rate_it(&mut house, &ticket, 2).expect("the same");
    assert_eq!(house.events.len(), events, "the same again is no news");
    rate_it(&mut house, &ticket, 4).expect("thinks again");
    let expected = Ratings { stars: [0, 0, 0, 1, 0], about: [1, 0, 0, 1] };
    assert_eq!(of_doctor(&house, 1).ratings, expected);
    house.undo_last(&ticket).expect("was not seen");
    assert_eq!(of_doctor(&house, 1).ratings, Ratings::default());
    assert_eq!(code(rate_it(&mut house, &ticket, 4)), Code::WrongTicketState);
    house.tell(doctor(1), ToDepartment::FinishService(FinishService { ticket: ticket.clone() })).expect("now");
    assert_eq!(of_doctor(&house, 1).ratings, expected);
    let (other, unrated) = (seen(&mut house, "b"), seen(&mut house, "c"));
    forget(&mut house);
    assert!(house.state.floor.tickets.get(&ticket).is_none(), "forgotten, and still rated:");
    assert_eq!(house.state.reports.patient_of(&ticket), Some(&PatientId::from("p-a")));
    rate_it(&mut house, &ticket, 5).expect("within the visit's days and a week");
    rate_it(&mut house, &other, 1).expect("for the first time");
    let expected = Ratings { stars: [1, 0, 0, 0, 1], about: [2, 0, 0, 2] };
    assert_eq!(of_doctor(&house, 1).ratings, expected);
    house.assert_replays();
    house.now = house.now.plus_min(4 * 24 * 60);
    assert_eq!(code(rate_it(&mut house, &ticket, 1)), Code::WrongTicketState);
    house.pass();
    assert_eq!(code(rate_it(&mut house, &unrated, 1)), Code::Forbidden, "put away");
    assert_eq!(of_doctor(&house, 1).ratings, expected, "and still in the book");
    house.assert_replays();
}

fn rated(doctor: &str, department: &str, date: BusinessDate, count: u32) -> Day {
    let mut figures = Figures { seen: count, ..Figures::default() };
    let rating = Rating { stars: 4, about: vec![], at: Timestamp(0) };
    (0..count).for_each(|_| figures.ratings.take(&rating));
    Day { department: department.into(), date, doctor: Some(doctor.into()), figures, rated_until: None }
}

/// When all ratings of the first weeks are in.
fn later() -> BusinessDate {
    day().plus_days(60)
}

#[test]
fn no_two_reports_differ_by_the_rating_of_one_patient() {
    let monday = day();
    let sunday = monday.plus_days(6);
    let days = || {
        vec![
            rated("s.a", "s.d", monday, 3),
            rated("s.a", "s.d", monday.plus_days(4), 2),
            rated("s.b", "s.d", monday, 4),
            rated("s.b", "s.d", monday.plus_days(8), 9),
        ]
    };
    let count = |by, from, to| report(by, days(), from, to, later()).total.ratings.count();
    for by in [By::Doctor, By::Week, By::Department, By::Cause] {
        assert_eq!(count(by, monday, sunday), 5, "{by:?}: of the second there are four");
        assert_eq!(count(by, monday, sunday.plus_days(-1)), 0, "{by:?}: not without a day of the week");
        assert_eq!(count(by, monday.plus_days(1), sunday), 0, "{by:?}");
        assert_eq!(count(by, monday, sunday.plus_days(7)), 14, "{by:?}");
    }
    let by_doctor = report(By::Doctor, days(), monday, sunday.plus_days(7), later());
    let of_rows: Vec<(u32, u32)> =
        by_doctor.rows.iter().map(|row| (row.figures.seen, row.figures.ratings.count())).collect();
    assert_eq!(of_rows, [(5, 5), (13, 9)]);
    assert_eq!(by_doctor.rows[0].figures.ratings.mean_tenths(), Some(40));
}

#[test]
fn no_rating_is_known_by_when_it_comes() {
    let mut house = House::new(0).with_doctors();
    house.state.config.settings.booking.visit_days = 12;
    let tickets: Vec<TicketId> = (0..7).map(|n| seen(&mut house, &format!("a{n}"))).collect();
    // Then visits are open for a shorter time, so that tickets are forgotten that may still be rated.
    house.state.config.settings.booking.visit_days = 3;
    let sunday = day().plus_days(6);
    let report_now = |house: &House| {
        let today = house.state.config.today(house.now);
        report(By::Doctor, days(&house.state, day(), sunday, house.now), day(), sunday, today)
    };
    // Six rate at once, one changes it on the last day on which it is taken.
    tickets[..6].iter().for_each(|ticket| drop(rate_it(&mut house, ticket, 4).expect("rates")));
    let last = 11 + RATE_DAYS;
    let mut shown: Vec<(u32, Option<u32>, bool)> = Vec::new();
    for n in 0..=40 {
        house.now = at("09:30").plus_min(n * 24 * 60);
        house.pass();
        let mut look = |house: &House| {
            let report = report_now(house);
            assert!(report.ratings_open_from.is_none_or(|monday| monday == day()));
            let ratings = &report.total.ratings;
            let is_open = report.ratings_open_from.is_some();
            shown.push((ratings.count(), ratings.mean_tenths(), is_open));
        };
        look(&house);
        if n == 5 || n == last {
            rate_it(&mut house, &tickets[6], if n == 5 { 5 } else { 1 }).expect("rates in time");
            look(&house);
        }
    }
    assert_eq!(code(rate_it(&mut house, &tickets[6], 2)), Code::WrongTicketState, "nobody may any more");
    shown.dedup();
    assert_eq!(shown, [(0, None, true), (7, Some(36), false)], "all of them at once, when none may come any more");
}

#[test]
fn a_week_waits_for_the_last_day_on_which_it_may_be_rated() {
    let (monday, sunday) = (day(), day().plus_days(6));
    let until = |rated_until| {
        let mut days = vec![rated("s.a", "s.d", monday, 5), rated("s.b", "s.d", monday, 6)];
        days[0].rated_until = rated_until;
        days
    };
    let count = |rated_until, today| {
        let report = report(By::Week, until(rated_until), monday, sunday, today);
        (report.total.ratings.count(), report.ratings_open_from)
    };
    assert_eq!(count(None, monday), (0, Some(monday)), "the week that runs, though the range ends on its Sunday");
    assert_eq!(count(None, sunday.plus_days(RATE_DAYS)), (0, Some(monday)));
    assert_eq!(count(None, sunday.plus_days(RATE_DAYS + 1)), (11, None));
    let long = sunday.plus_days(30);
    assert_eq!(count(Some(long), long), (6, Some(monday)), "whose visits stay open longer waits alone");
    assert_eq!(count(Some(long), long.plus_days(1)), (11, None));
    let kept = monday.plus_days(KEPT_DAYS);
    assert_eq!((count(None, kept).0, count(None, kept.plus_days(1)).0), (11, 0), "a week is not forgotten day by day");
}

#[test]
fn minutes_of_rows_add_up_to_the_total() {
    let paused = |doctor: &str, department: &str| {
        let mut day = rated(doctor, department, day(), 1);
        (day.figures.late_s, day.figures.paused_s) = (119, 90);
        day
    };
    let days = vec![paused("s.a", "s.d"), paused("s.b", "s.d"), paused("s.b", "s.e")];
    for by in [By::Doctor, By::Week, By::Department] {
        let report = report(by, days.clone(), day(), day(), later());
        let minutes = |figures: &Figures| (figures.late_s / 60, figures.paused_s / 60);
        let sum = report.rows.iter().map(|row| minutes(&row.figures)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        assert_eq!((sum, minutes(&report.total)), ((3, 3), (3, 3)), "{by:?}");
    }
}

#[test]
fn rows_are_by_what_was_asked_for_and_add_up_to_the_total() {
    let mut days = vec![rated("s.a", "s.d", day(), 2), rated("s.a", "s.e", day().plus_days(7), 3)];
    days.push(Day { doctor: None, ..rated("s.x", "s.e", day(), 1) });
    for (by, rows) in [(By::Doctor, 2), (By::Week, 2), (By::Department, 2), (By::Cause, 0)] {
        let report = report(by, days.clone(), day(), day().plus_days(13), later());
        assert_eq!(report.rows.len(), rows, "{by:?}");
        assert_eq!(report.total.seen, 6);
        let sum: u32 = report.rows.iter().map(|row| row.figures.seen).sum();
        assert_eq!(sum, if by == By::Cause { 0 } else { 6 });
    }
    let causes = report(By::Cause, days, day(), day(), later()).causes;
    assert_eq!(causes[0], Cause { of: "end", cause: "seen", count: 6 });
    assert_eq!((causes.len(), causes.iter().filter(|cause| cause.of == "wait").count()), (14, 5));
}

#[test]
fn quantiles_are_whole_minutes_and_bounded() {
    let mut waits = Waits::default();
    assert_eq!(waits.quantile_min(50), None);
    (1..=100).for_each(|min| waits.take(min * 60_000 + 59_999));
    assert_eq!(
        (waits.quantile_min(50), waits.quantile_min(90), waits.quantile_min(100)),
        (Some(50), Some(90), Some(100))
    );
    (0..10_000).for_each(|min| waits.take(min * 60_000));
    waits.take(i64::MAX);
    waits.take(-5);
    assert_eq!(waits.count(), 10_102);
    assert!(
        bytes(&waits).len() < 4 * (usize::from(WAIT_MAX_MIN) + 2),
        "as many as there are minutes, however many waits"
    );
    assert_eq!(waits.quantile_min(100), Some(WAIT_MAX_MIN));
}
