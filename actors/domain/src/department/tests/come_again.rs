//! A check-in that was a mistake, undone about the end of the period: the patient may come again for a while.

use super::house::*;
use crate::clinic::AppointmentState;
use crate::ids::*;
use crate::vocabulary::*;
use crate::{Code, Principal, Role};

/// Somebody who was checked in at 10:25 and not meant, taken back at that time; the session's limit is 10:30.
fn undone(clock: &str) -> (House, AppointmentId) {
    let mut house = House::new(0).with_session(2);
    let appointment = house.book("0900", "a");
    house.now = at("10:25");
    house.check_in(&appointment).expect("comes");
    house.now = at(clock);
    house.undo_last(&appointment.ticket()).expect("somebody else was meant");
    (house, appointment)
}

fn state_at(house: &mut House, appointment: &AppointmentId, clock: &str) -> AppointmentState {
    house.now = at(clock);
    house.system(ToDepartment::DeadlineReached);
    house.state.clinic.check().expect("in order");
    house.assert_replays();
    house.state.clinic.appointments[appointment].state
}

#[test]
fn who_is_taken_back_after_the_limit_may_come_for_a_quarter_of_an_hour() {
    let (mut house, appointment) = undone("10:31");
    // The session is over at half past, which nobody's place hangs by.
    house.system(ToDepartment::DeadlineReached);
    assert_eq!(house.state.clinic.next_deadline(), Some(at("10:46")));
    assert_eq!(state_at(&mut house, &appointment, "10:45"), AppointmentState::Booked, "a no-show who stands there");
    house.check_in(&appointment).expect("comes after all");
    assert_eq!(state_at(&mut house, &appointment, "11:30"), AppointmentState::CheckedIn);
    house.undo_last(&appointment.ticket()).expect("a mistake again");
    assert_eq!(state_at(&mut house, &appointment, "11:44"), AppointmentState::Booked);
    assert_eq!(state_at(&mut house, &appointment, "11:45"), AppointmentState::NoShow);
    assert_eq!(code(house.check_in(&appointment)), Code::CheckInTooLate);
    assert_eq!(house.state.clinic.next_deadline().filter(|due| *due <= at("23:59")), None);
}

#[test]
fn taken_back_shortly_before_the_limit_it_is_as_long() {
    let (mut house, appointment) = undone("10:29");
    let other = house.book("1000", "b");
    assert_eq!(state_at(&mut house, &appointment, "10:43"), AppointmentState::Booked);
    assert_eq!(house.state.clinic.appointments[&other].state, AppointmentState::NoShow, "the others' limit stands");
    assert_eq!(state_at(&mut house, &appointment, "10:44"), AppointmentState::NoShow);
}

#[test]
fn a_delay_that_is_announced_meanwhile_counts_for_everybody() {
    let (mut house, appointment) = undone("10:31");
    let delay = |minutes| ToDepartment::DelaySession(DelaySession { session: SessionId::from("s.d.am"), minutes });
    house.desk(delay(60)).expect("is announced");
    assert_eq!(state_at(&mut house, &appointment, "11:29"), AppointmentState::Booked);
    assert_eq!(state_at(&mut house, &appointment, "11:30"), AppointmentState::NoShow);
    let (mut house, appointment) = undone("10:31");
    house.desk(delay(10)).expect("is announced");
    assert_eq!(
        state_at(&mut house, &appointment, "10:45"),
        AppointmentState::Booked,
        "a shorter one takes nothing away"
    );
    assert_eq!(state_at(&mut house, &appointment, "10:46"), AppointmentState::NoShow);
}

#[test]
fn who_may_still_come_can_be_given_back_and_is_no_no_show_then() {
    let (mut house, appointment) = undone("10:31");
    let cancel = CancelAppointment { appointment: appointment.clone(), reason: None };
    house.desk(ToDepartment::CancelAppointment(cancel)).expect("the desk may");
    assert!(matches!(
        state_at(&mut house, &appointment, "11:30"),
        AppointmentState::GivenBack | AppointmentState::Cancelled
    ));
}

#[test]
fn a_session_is_not_closed_over_who_may_still_come() {
    let (mut house, appointment) = undone("10:31");
    let close = || ToDepartment::CloseSession(CloseSession { session: SessionId::from("s.d.am"), settlements: vec![] });
    assert_eq!(code(house.desk(close())), Code::NotSettled);
    assert_eq!(state_at(&mut house, &appointment, "10:46"), AppointmentState::NoShow);
    house.desk(close()).expect("nobody is to come");
}

/// Who was there in time and was written down while the network was away is not late, and waits since then.
#[test]
fn the_desk_says_when_somebody_came_who_was_written_down() {
    let line = |came_at: Option<&str>| {
        let mut house = House::new(0).with_session(4);
        let appointment = house.book("0900", "a");
        house.now = at("09:50");
        let command = Arrived { appointment: appointment.clone(), code: None };
        let check_in = match came_at.map(at) {
            None => ToDepartment::CheckIn { command, birth_date: None, presence_proved: true },
            Some(came_at) => ToDepartment::CheckInOfThen { command, birth_date: None, came_at },
        };
        let answer = house.desk(check_in).map(|answer| match answer {
            Answer::Waiting { line, .. } => (line, house.ticket(&appointment.ticket()).opened.checked_in_at),
            other => panic!("{other:?}"),
        });
        house.assert_replays();
        answer
    };
    assert_eq!(line(None).expect("late"), ("late".to_owned(), at("09:50")));
    assert_eq!(line(Some("09:10")).expect("in time"), ("ordinary".to_owned(), at("09:10")));
    assert_eq!(line(Some("09:40")).expect("late then too").0, "late");
    let mut house = House::new(0).with_session(4);
    let appointment = house.book("0900", "a");
    house.now = at("10:45");
    house.pass();
    assert_eq!(house.state.clinic.appointments[&appointment].state, AppointmentState::NoShow);
    let of = |came_at: &str| {
        let command = Arrived { appointment: appointment.clone(), code: None };
        ToDepartment::CheckInOfThen { command, birth_date: None, came_at: at(came_at) }
    };
    assert_eq!(code(house.desk(of("10:31"))), Code::CheckInTooLate, "a no-show it is");
    assert!(matches!(house.desk(of("09:10")), Ok(Answer::Waiting { .. })), "was there before the period was over");
    assert_eq!(house.state.clinic.appointments[&appointment].state, AppointmentState::CheckedIn);
    house.assert_replays();
    assert_eq!(line(Some("09:51")).expect_err("still to come").code, Code::InvalidField);
    assert_eq!(line(Some("07:30")).expect_err("before it opened").code, Code::CheckInTooEarly);
    let mut house = House::new(0).with_session(4);
    let command = Arrived { appointment: house.book("0900", "a"), code: None };
    let check_in = ToDepartment::CheckInOfThen { command, birth_date: None, came_at: house.now };
    let kiosk = Principal::of(Role::Kiosk, AccountId::from("a-kiosk"));
    assert_eq!(code(house.tell(kiosk, check_in)), Code::InvalidField, "the desk's to say");
}

/// A visit of the hospital's counts the same way: late by when they came, and in the line since then.
#[test]
fn the_desk_says_when_somebody_of_the_hospitals_came_who_was_written_down() {
    let visit = AppointmentId::from("s.d.b20261123-vh1");
    let came = |came_at: Option<&str>| {
        let mut house = House::new(0).with_session(4).with_doctors();
        let slot = Some(SlotId::from("s.d.am.0900"));
        house.register_outside(RegisterVisit { slot, ..register("h1", None, false) });
        house.now = at("09:50");
        let command = Arrived { appointment: visit.clone(), code: None };
        let check_in = match came_at.map(at) {
            None => ToDepartment::CheckIn { command, birth_date: None, presence_proved: true },
            Some(came_at) => ToDepartment::CheckInOfThen { command, birth_date: None, came_at },
        };
        let answer = house.desk(check_in).map(|answer| match answer {
            Answer::Waiting { line, ticket, .. } => (line, house.ticket(&ticket).opened.checked_in_at),
            other => panic!("{other:?}"),
        });
        house.assert_replays();
        answer
    };
    assert_eq!(came(None).expect("late"), ("late".to_owned(), at("09:50")));
    assert_eq!(came(Some("09:10")).expect("in time"), ("ordinary".to_owned(), at("09:10")));
    assert_eq!(came(Some("09:40")).expect("late then too"), ("late".to_owned(), at("09:40")));
    assert_eq!(came(Some("07:30")).expect_err("before it opened").code, Code::CheckInTooEarly);
    assert_eq!(came(Some("09:51")).expect_err("still to come").code, Code::InvalidField);
}
