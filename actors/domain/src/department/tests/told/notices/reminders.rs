//! The day before: who is reminded, when, and of whom nobody hears more than that.

use super::*;
use crate::floor::at_home::{TOLD_AT_ONCE, counts};
use crate::floor::reminders::Round;
use crate::reach::CONFIRM_WITHIN_S;

const TELLING: NoticeStanding = NoticeStanding::Telling;
const OVER: NoticeStanding = NoticeStanding::Over;

/// The day before the evening before.
fn earlier(clock: &str) -> Timestamp {
    evening(clock).plus_s(-24 * 3600)
}

fn operator() -> Principal {
    Principal::of(Role::Operator, AccountId::from("a-o"))
}

impl House {
    fn reminds(&mut self, at_min: Option<u16>) -> Result<Answer, Rejection> {
        self.tell(operator(), ToDepartment::DefineReminder(DefineReminder { department: DEPARTMENT.into(), at_min }))
    }

    fn next_round(&self) -> Option<Round> {
        self.state.floor.notices.reminders.next
    }

    fn reminded(&self) -> usize {
        self.state.floor.notices.told.values().filter(|told| told.about == Some(About::Reminder)).count()
    }
}

impl Pair {
    /// Booked at 9:00 through that channel two days before, in a department that reminds at 18:00.
    fn booked_before(channel: Channel) -> (Self, AppointmentId) {
        let mut house = House::new(0).with_session(2);
        house.now = earlier("12:00");
        house.reminds(Some(18 * 60)).expect("is kept");
        let mut pair = Self::new(house).with_phone();
        pair.reserve_by(channel, "0900").expect("reserves");
        pair.settle();
        let appointment = pair.person.live().next().expect("booked").0.clone();
        (pair, appointment)
    }

    fn pass_at(&mut self, now: Timestamp) {
        self.house.now = now;
        self.house.pass();
        self.settle();
    }
}

#[test]
fn whoever_is_booked_is_reminded_the_evening_before_and_once() {
    let (mut pair, appointment) = Pair::booked_before(Channel::Online);
    pair.pass_at(earlier("23:00"));
    assert_eq!(pair.told(), [], "that round is for the day before theirs");
    pair.pass_at(evening("17:59"));
    assert_eq!(pair.told(), []);
    pair.pass_at(evening("18:00"));
    assert_eq!(pair.told(), [(About::Reminder, TELLING)]);
    let due = pair.last().due;
    assert_eq!((due.ticket, due.place.as_str()), (appointment.ticket(), "内科"));
    assert_eq!(due.clinic.expect("of a clinic").expected_at, at("09:00"));
    assert_eq!(pair.house.next_round(), Some(Round { date: day().plus_days(1), at: at("18:00") }));
    pair.confirm();
    pair.pass_at(evening("21:00"));
    assert_eq!(pair.told().len(), 1);
    // On the day itself it is the queue that tells.
    pair.house.now = at("08:30");
    pair.house.check_in(&appointment).expect("checks in");
    pair.settle();
    assert!(pair.house.state.floor.notices.told.values().all(|told| told.about != Some(About::Reminder)));
    pair.pass_at(at("18:00"));
    assert_eq!(pair.told().len(), 1);
    pair.assert_replays();
}

#[test]
fn who_has_booked_today_who_is_off_and_who_knows_of_a_delay_is_not_reminded() {
    let (mut pair, appointment) = Pair::booked_before(Channel::Online);
    pair.house.now = evening("09:00");
    let command = CancelAppointment { appointment, reason: None };
    pair.house.desk(ToDepartment::CancelAppointment(command)).expect("cancels");
    pair.settle();
    pair.house.book("0930", "b");
    pair.pass_at(evening("18:00"));
    assert_eq!(pair.told(), [(About::Cancelled, TELLING)]);
    assert_eq!(pair.house.reminded(), 0, "what was booked today is fresh in mind");

    let (mut pair, _) = Pair::booked_before(Channel::Online);
    pair.house.now = evening("17:00");
    pair.delay(20);
    pair.pass_at(evening("18:00"));
    assert_eq!(pair.told(), [(About::Delayed, TELLING)]);
    pair.assert_replays();
}

#[test]
fn a_reminder_takes_the_place_of_the_booking_and_what_changes_the_time_takes_its_place() {
    let (mut pair, appointment) = Pair::booked_before(Channel::Desk);
    pair.confirm();
    pair.pass_at(evening("18:00"));
    assert_eq!(pair.told()[1..], [(About::Reminder, TELLING)]);
    pair.delay(0);
    assert_eq!(pair.told()[1..], [(About::Reminder, TELLING)], "no news");
    pair.delay(20);
    assert_eq!(pair.told()[1..], [(About::Reminder, OVER), (About::Delayed, TELLING)]);
    pair.delay(0);
    assert_eq!(pair.told()[3..], [(About::AsPlanned, TELLING)]);
    let command = CancelAppointment { appointment, reason: None };
    pair.house.desk(ToDepartment::CancelAppointment(command)).expect("cancels");
    pair.settle();
    assert_eq!(pair.told()[4..], [(About::Cancelled, TELLING)]);
    pair.assert_replays();
}

#[test]
fn whom_no_reminder_reaches_nobody_telephones() {
    let (mut pair, _) = Pair::booked_before(Channel::Online);
    pair.pass_at(evening("18:00"));
    pair.after_s(CONFIRM_WITHIN_S);
    pair.came(Way::Sms, SendOutcome::Failed);
    assert_eq!(pair.told(), [(About::Reminder, OVER)]);
    assert!(counts(&pair.house.state, &queue("pool")).is_empty());
    // Whom the desk still has to tell of what matters keeps that.
    let (mut pair, appointment) = Pair::booked_before(Channel::Online);
    let command = CancelAppointment { appointment: appointment.clone(), reason: None };
    pair.house.desk(ToDepartment::CancelAppointment(command)).expect("cancels");
    pair.settle();
    let command = RestoreAppointment { appointment, reason: "mistake".to_owned() };
    pair.house.desk(ToDepartment::RestoreAppointment(command)).expect("is undone");
    pair.settle();
    pair.after_s(CONFIRM_WITHIN_S);
    pair.came(Way::Sms, SendOutcome::Failed);
    let missed =
        || counts(&pair.house.state, &queue("pool")).values().next().map(|count| count.of_bookings_not_reached);
    assert_eq!(missed(), Some(1));
    pair.pass_at(evening("18:00"));
    assert_eq!(
        counts(&pair.house.state, &queue("pool")).values().next().map(|one| one.of_bookings_not_reached),
        Some(1)
    );
    pair.assert_replays();
}

#[test]
fn of_more_people_than_one_decision_tells_the_others_are_reminded_at_once() {
    let many = TOLD_AT_ONCE + 2;
    let mut house = House::new(0).with_session(u32::try_from(many).expect("fits"));
    house.now = earlier("12:00");
    house.reminds(Some(18 * 60)).expect("is kept");
    (0..many).for_each(|n| drop(house.book("0900", &format!("b{n}"))));
    house.now = evening("18:00");
    house.system(ToDepartment::DeadlineReached);
    assert_eq!(house.next_round(), Some(Round { date: day(), at: house.now }), "that of the evening before is over");
    house.system(ToDepartment::DeadlineReached);
    assert_eq!((house.reminded(), house.next_round()), (TOLD_AT_ONCE, Some(Round { date: day(), at: house.now })));
    house.pass();
    assert_eq!(house.reminded(), many);
    house.assert_replays();
}

#[test]
fn a_house_that_was_closed_at_the_time_reminds_later_but_not_at_night_nor_on_the_day() {
    for (opens, reminded) in [(evening("21:59"), 1), (evening("22:00"), 0), (at("07:30"), 0)] {
        let (mut pair, _) = Pair::booked_before(Channel::Online);
        pair.pass_at(opens);
        assert_eq!(pair.told().len(), reminded, "{opens:?}");
        assert_eq!(pair.house.next_round().map(|round| round.date), Some(day().plus_days(1)));
        pair.assert_replays();
    }
}

#[test]
fn a_department_says_when_and_that_no_more() {
    let mut house = House::new(0).with_session(2);
    house.now = earlier("19:00");
    assert_eq!(house.next_round(), None, "nobody is reminded unasked");
    for quiet in [0, 419, 1320, 1439, 1440, u16::MAX] {
        assert_eq!(house.reminds(Some(quiet)).expect_err("quiet").code, Code::InvalidField, "{quiet}");
    }
    house.reminds(Some(20 * 60)).expect("is kept");
    assert_eq!(house.next_round(), Some(Round { date: day().plus_days(-1), at: earlier("20:00") }));
    let events = house.events.len();
    house.reminds(Some(20 * 60)).expect("said again");
    assert_eq!(house.events.len(), events);
    house.reminds(Some(18 * 60)).expect("is changed");
    assert_eq!(house.next_round(), Some(Round { date: day(), at: evening("18:00") }), "today it is too late");
    house.book("0900", "b");
    house.reminds(None).expect("no more");
    house.now = evening("18:00");
    house.pass();
    assert_eq!(house.reminded(), 0);
    house.assert_replays();
}
