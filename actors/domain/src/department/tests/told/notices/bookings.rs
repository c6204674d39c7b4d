//! What a person is told of the own booking, where somebody of the hospital has made or cancelled it.

use super::*;
use crate::floor::at_home::{counts, not_reached};
use crate::reach::CONFIRM_WITHIN_S;

const TELLING: NoticeStanding = NoticeStanding::Telling;
const OVER: NoticeStanding = NoticeStanding::Over;

impl Pair {
    /// Booked at 9:00 through that channel.
    fn booked_by(channel: Channel) -> (Self, AppointmentId) {
        let mut pair = Self::new(House::new(0).with_session(2)).with_phone();
        pair.reserve_by(channel, "0900").expect("reserves");
        pair.settle();
        let appointment = pair.person.live().next().expect("booked").0.clone();
        (pair, appointment)
    }

    fn cancel_by(&mut self, role: Role, appointment: &AppointmentId) {
        let command = CancelAppointment { appointment: appointment.clone(), reason: None };
        let principal = Principal::of(role, AccountId::from("a-x"));
        self.house.tell(principal, ToDepartment::CancelAppointment(command)).expect("cancels");
        self.settle();
    }

    fn restore(&mut self, appointment: &AppointmentId) {
        let command = RestoreAppointment { appointment: appointment.clone(), reason: "mistake".to_owned() };
        self.house.desk(ToDepartment::RestoreAppointment(command)).expect("is undone");
        self.settle();
    }

    fn tried(&self, appointment: &AppointmentId) -> Option<(About, Option<ReachedHow>)> {
        not_reached(&self.house.state.floor, appointment).map(|missed| (missed.about, missed.tried))
    }
}

#[test]
fn whom_the_desk_books_is_told_and_whoever_has_booked_on_the_own_phone_has_read_it_there() {
    for (channel, told) in [
        (Channel::Online, vec![]),
        (Channel::Desk, vec![(About::Booked, TELLING)]),
        (Channel::Referral, vec![(About::Booked, TELLING)]),
    ] {
        let (pair, _) = Pair::booked_by(channel);
        assert_eq!(pair.told(), told, "{channel:?}");
        pair.assert_replays();
    }
    let (pair, appointment) = Pair::booked_by(Channel::Desk);
    let due = pair.last().due;
    assert_eq!((due.ticket, due.place.as_str()), (appointment.ticket(), "内科"));
    assert_eq!(due.clinic.expect("of a clinic").expected_at, at("09:00"));
}

#[test]
fn a_cancellation_by_the_hospital_is_told_and_the_own_one_only_ends_what_was_told() {
    let (mut pair, appointment) = Pair::booked_by(Channel::Desk);
    pair.cancel_by(Role::Patient, &appointment);
    assert_eq!(pair.told(), [(About::Booked, OVER)]);
    pair.restore(&appointment);
    assert_eq!(pair.told()[1..], [(About::Booked, TELLING)], "brought back by somebody else");
    pair.assert_replays();

    let (mut pair, appointment) = Pair::booked_by(Channel::Online);
    pair.cancel_by(Role::Desk, &appointment);
    assert_eq!(pair.told(), [(About::Cancelled, TELLING)]);
    pair.restore(&appointment);
    assert_eq!(pair.told(), [(About::Cancelled, OVER), (About::Booked, TELLING)], "undone it is a booking again");
    pair.assert_replays();
}

#[test]
fn what_was_booked_is_no_news_again_and_a_delay_of_it_is() {
    let (mut pair, appointment) = Pair::booked_by(Channel::Desk);
    pair.confirm();
    pair.house.check_in(&appointment).expect("checks in");
    pair.house.undo_last(&appointment.ticket()).expect("undoes");
    pair.settle();
    assert_eq!(pair.told().len(), 1, "it was read");
    pair.delay(20);
    assert_eq!(pair.told()[1..], [(About::Delayed, TELLING)]);
    pair.delay(0);
    assert_eq!(pair.told()[2..], [(About::AsPlanned, TELLING)]);
    let of_clinic = counts(&pair.house.state, &queue("pool")).remove(&SessionId::from("s.d.am")).expect("told");
    assert_eq!((of_clinic.told, of_clinic.of_bookings_not_reached), (1, 0));
    pair.assert_replays();
}

#[test]
fn a_booking_of_the_night_is_told_in_the_morning_with_the_time_that_it_has_then() {
    for (before, since, then) in
        [(0, vec![], 0), (0, vec![20], 20), (0, vec![20, 0], 0), (20, vec![0], 0), (20, vec![30], 30)]
    {
        let mut house = House::new(0).with_session_of(day(), None, 2);
        house.now = evening("21:00");
        if before > 0 {
            house.delay(before);
        }
        house.now = evening("22:30");
        let mut pair = Pair::new(house).with_phone();
        pair.reserve_by(Channel::Desk, "0900").expect("reserves");
        pair.settle();
        since.iter().for_each(|minutes| pair.delay(*minutes));
        assert_eq!(pair.sent(), [], "at night");
        pair.after_s(17 * 1800);
        let due = pair.last().due;
        assert_eq!((due.about, pair.last().standing), (Some(About::Booked), TELLING), "{before} {since:?}");
        let clinic = due.clinic.expect("of a clinic");
        assert_eq!((clinic.delay_min, clinic.expected_at), (then, at("09:00").plus_min(i64::from(then))));
        assert_eq!(pair.sent(), [Way::App], "{before} {since:?}");
        // Told once, it is the clinic's delay that is news.
        pair.confirm();
        pair.delay(then + 20);
        assert_eq!(pair.last().due.about, Some(About::Delayed));
        pair.assert_replays();
    }
}

#[test]
fn what_was_booked_and_is_off_again_in_the_same_night_is_told_to_nobody() {
    let mut house = House::new(0).with_session_of(day(), None, 2);
    house.now = evening("22:30").plus_s(-24 * 3600);
    let mut pair = Pair::new(house).with_phone();
    pair.reserve_by(Channel::Desk, "0900").expect("reserves");
    pair.settle();
    let appointment = pair.person.live().next().expect("booked").0.clone();
    pair.cancel_by(Role::Desk, &appointment);
    pair.after_s(9 * 3600);
    assert_eq!((pair.told(), pair.sent()), (vec![(About::Booked, OVER)], vec![]));
    pair.assert_replays();
}

#[test]
fn where_it_is_nobodys_business_who_is_seen_no_message_names_the_doctor() {
    for is_neutral in [false, true] {
        let mut house = House::new(0).with_session_of(day(), Some(doctor_id(1)), 2);
        let definition = house.state.config.definition.as_mut().expect("defined");
        definition.neutral_name = is_neutral.then(|| "三号区".to_owned());
        let mut pair = Pair::new(house).with_phone();
        pair.reserve_by(Channel::Desk, "0900").expect("reserves");
        pair.settle();
        let due = pair.last().due;
        let clinic = due.clinic.expect("of a clinic");
        assert_eq!(clinic.doctor.is_empty(), is_neutral, "{}", clinic.doctor);
        assert_eq!(due.place == "三号区", is_neutral);
    }
}

#[test]
fn whom_the_desk_has_booked_face_to_face_stands_on_no_list_and_who_was_told_that_it_is_off_does() {
    let missed = |pair: &mut Pair| {
        pair.after_s(CONFIRM_WITHIN_S);
        pair.came(Way::Sms, SendOutcome::Failed);
    };
    let (mut pair, appointment) = Pair::booked_by(Channel::Desk);
    missed(&mut pair);
    assert_eq!((pair.told(), pair.tried(&appointment)), (vec![(About::Booked, OVER)], None));
    assert!(counts(&pair.house.state, &queue("pool")).is_empty());
    pair.assert_replays();

    pair.cancel_by(Role::Desk, &appointment);
    pair.confirm();
    pair.restore(&appointment);
    missed(&mut pair);
    assert_eq!(pair.tried(&appointment), Some((About::Booked, None)), "they go by the cancellation");
    pair.assert_replays();
}

#[test]
fn who_has_no_way_is_rung_of_a_cancellation_and_not_of_a_booking_and_a_try_stays_on_the_list() {
    let (mut pair, appointment) = Pair::booked_by(Channel::Desk);
    pair.person(ToPatient::Relate { account: AccountId::from("a-a"), relation: Relation::Own, granted: false })
        .expect("acts no more");
    pair.after_s(CONFIRM_WITHIN_S);
    pair.came(Way::Sms, SendOutcome::NoAddress);
    pair.cancel_by(Role::Desk, &appointment);
    pair.came(Way::Sms, SendOutcome::NoAddress);
    assert_eq!(pair.tried(&appointment), Some((About::Cancelled, None)));
    let missed = |pair: &Pair| {
        let all = counts(&pair.house.state, &queue("pool"));
        all.get(&SessionId::from("s.d.am")).map_or((0, 0), |one| (one.told, one.of_bookings_not_reached))
    };
    assert_eq!(missed(&pair), (0, 1), "and no figure of the clinic's");
    let ticket = appointment.ticket();
    for how in [ReachedHow::NoAnswer, ReachedHow::WrongNumber] {
        pair.mark(&ticket, how);
        assert_eq!(pair.tried(&appointment), Some((About::Cancelled, Some(how))));
    }
    pair.mark(&ticket, ReachedHow::ByPhone);
    assert_eq!((pair.tried(&appointment), missed(&pair)), (None, (0, 0)));
    pair.mark(&ticket, ReachedHow::NotReached);
    assert_eq!(pair.tried(&appointment), Some((About::Cancelled, None)));
    pair.house.assert_replays();

    // Nobody's phone acts for the person from the beginning.
    let mut pair = Pair::new(House::new(0).with_session(2));
    pair.reserve_by(Channel::Desk, "0900").expect("reserves");
    pair.settle();
    let appointment = pair.person.live().next().expect("booked").0.clone();
    pair.came(Way::Sms, SendOutcome::NoAddress);
    assert_eq!((pair.told(), pair.tried(&appointment)), (vec![(About::Booked, OVER)], None));
    pair.house.assert_replays();
}
