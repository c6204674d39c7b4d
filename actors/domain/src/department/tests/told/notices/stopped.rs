//! What people at home are told of a clinic that does not take place: read, or telephoned.

use super::*;
use crate::floor::at_home;
use crate::reach::READ_WITHIN_S;

const TELLING: NoticeStanding = NoticeStanding::Telling;
const OVER: NoticeStanding = NoticeStanding::Over;

/// Somebody who is booked for tomorrow's 9:00 and whose phone acts for them, at 22:30.
fn booked(at_clock: &str) -> (Pair, AppointmentId) {
    let mut pair = Pair::new(House::new(0).with_session(2)).with_phone();
    pair.house.now = at(at_clock);
    pair.reserve("0900").expect("reserves");
    pair.settle();
    let appointment = pair.person.live().next().expect("booked").0.clone();
    (pair, appointment)
}

impl Pair {
    fn stop(&mut self) {
        self.house.stop(None, None).expect("is stopped");
        self.settle();
    }

    fn on_list(&self, appointment: &AppointmentId) -> Option<About> {
        at_home::not_reached(&self.house.state.floor, appointment).map(|missed| missed.about)
    }
}

#[test]
fn a_stop_is_told_at_once_and_who_has_not_read_it_within_half_an_hour_is_on_the_list() {
    let (mut pair, appointment) = booked("06:10");
    pair.stop();
    assert_eq!(pair.standing(&appointment), Standing::Ended(AppointmentEnd::Stopped));
    assert_eq!(pair.told(), [(About::Stopped, TELLING)], "before the morning too");
    assert_eq!(pair.last().due.clinic.expect("of a clinic").slot_start, at("09:00"));
    pair.after_s(60);
    assert_eq!(pair.sent(), [Way::App, Way::Sms]);
    // It has arrived on the phone, and nobody has read it.
    pair.came(Way::Sms, SendOutcome::Arrived);
    assert_eq!(pair.told(), [(About::Stopped, TELLING)]);
    pair.after_s(READ_WITHIN_S - 61);
    assert_eq!(pair.on_list(&appointment), None);
    pair.after_s(1);
    assert_eq!(pair.on_list(&appointment), Some(About::Stopped));
    // Read after all.
    pair.confirm();
    assert_eq!(pair.on_list(&appointment), None);
    pair.house.assert_replays();
}

#[test]
fn who_has_no_way_is_on_the_list_at_once_and_off_it_once_telephoned() {
    let (mut pair, appointment) = booked("08:00");
    pair.person(ToPatient::Relate { account: AccountId::from("a-a"), relation: Relation::Own, granted: false })
        .expect("acts no more");
    pair.stop();
    assert_eq!(pair.sent(), [Way::Sms]);
    pair.came(Way::Sms, SendOutcome::NoAddress);
    assert_eq!(pair.on_list(&appointment), Some(About::Stopped));
    let list: Vec<_> =
        at_home::all_not_reached(&pair.house.state, &SessionId::from("s.d.am")).map(|(_, id, _)| id).collect();
    assert_eq!(list, std::slice::from_ref(&appointment));
    pair.mark(&appointment.ticket(), ReachedHow::ByPhone);
    assert_eq!(pair.on_list(&appointment), None);
}

#[test]
fn whoever_heard_of_a_stop_hears_that_it_takes_place_and_whoever_has_left_hears_nothing() {
    let (mut pair, appointment) = booked("08:00");
    pair.stop();
    pair.confirm();
    pair.house.resume().expect("takes place");
    pair.settle();
    assert_eq!(pair.standing(&appointment), Standing::Booked);
    assert_eq!(pair.told()[1..], [(About::AsPlanned, TELLING)]);
    pair.stop();
    assert_eq!(pair.told()[1..], [(About::AsPlanned, OVER), (About::Stopped, TELLING)]);
    assert_eq!(pair.person.no_shows.len(), 0);
    // A place is free to be booked again that day.
    pair.house.resume().expect("takes place");
    pair.settle();
    let cancel = CancelAppointment { appointment: appointment.clone(), reason: None };
    pair.house.desk(ToDepartment::CancelAppointment(cancel)).expect("cancels");
    pair.settle();
    let heard = pair.told().len();
    pair.stop();
    assert_eq!(pair.told().len(), heard);
    pair.house.assert_replays();
}

#[test]
fn a_stop_in_the_days_ahead_waits_for_the_morning_and_one_taken_back_before_it_is_never_told() {
    let mut house = House::new(0).with_session_of(day().plus_days(3), None, 2);
    house.now = at("22:30");
    let mut pair = Pair::new(house).with_phone();
    let reserve = ToPatient::Reserve {
        slot: SlotId::from("s.d.am.0900"),
        date: day().plus_days(3),
        slot_start: at("09:00").plus_min(3 * 24 * 60),
        slot_end: at("09:30").plus_min(3 * 24 * 60),
        confirm: true,
        channel: Channel::Online,
        replaces: None,
        limits: Default::default(),
    };
    pair.person(reserve).expect("reserves");
    pair.settle();
    pair.stop();
    assert_eq!(pair.told(), [(About::Stopped, NoticeStanding::Held)]);
    pair.house.resume().expect("takes place");
    pair.settle();
    assert_eq!(pair.told(), [(About::Stopped, OVER)]);
    assert_eq!(pair.sent(), []);
}
