//! The patient's limits and its conversation with departments, alone and against a real clinic under loss, repetition and
//! disorder.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::clinic;
use crate::codes::Code;
use crate::department::{self, Department};
use crate::ids::*;
use crate::person::{PatientBrief, Relation, Sex};
use crate::principal::{Principal, Role};
use crate::settings::PatientLimits;
use crate::time::{BusinessDate, Zone};
use crate::vocabulary::*;

mod file;
mod offers;

fn zone() -> Zone {
    Zone::named("Asia/Shanghai").unwrap()
}

fn date(text: &str) -> BusinessDate {
    BusinessDate::from_compact(text).unwrap()
}

fn at(text: &str) -> Timestamp {
    let (day, time) = text.split_once(' ').unwrap();
    zone().moment(date(&format!("202611{day}")), chrono::NaiveTime::parse_from_str(time, "%H:%M").unwrap())
}

const DAY_S: i64 = 24 * 60 * 60;

struct Person {
    state: State,
    log: Vec<Event>,
    seed: u64,
}

impl Person {
    fn new() -> Self {
        Self::of("p-1")
    }

    fn of(id: &str) -> Self {
        let mut person = Self { state: Patient::new_state(id), log: Vec::new(), seed: 0 };
        let brief = PatientBrief {
            patient: PatientId::from(id),
            masked_name: "张*三".into(),
            sex: Sex::Female,
            birth_year: Some(1980),
        };
        let identify = ToPatient::Identify { brief, birth_date_sealed: vec![1], sealed: vec![2], real_name: true };
        person.tell(identify, at("20 08:00")).unwrap();
        person
    }

    fn tell(&mut self, command: ToPatient, now: Timestamp) -> Result<Answer, Rejection> {
        self.tell_as(command, now, Role::Patient)
    }

    fn tell_as(&mut self, command: ToPatient, now: Timestamp, role: Role) -> Result<Answer, Rejection> {
        self.seed += 1;
        let principal = Principal::of(role, AccountId::from("a-1"));
        let context = Context { now, principal, seed: self.seed };
        let before = self.state.clone();
        let mut draft = Draft::<Patient>::new(&mut self.state);
        let answer = Patient::decide(&mut draft, command, &context);
        let events = draft.into_events();
        if answer.is_err() {
            assert!(events.is_empty() && self.state == before, "a rejection leaves nothing behind");
        }
        self.log.extend(events);
        answer
    }

    /// Reserves and gives back the new appointment's id.
    fn reserve(&mut self, slot: &str, times: (&str, &str)) -> Result<AppointmentId, Code> {
        self.reserve_with(slot, times, Channel::Online, None, at("22 08:00"))
    }

    fn reserve_with(
        &mut self,
        slot: &str,
        (start, end): (&str, &str),
        channel: Channel,
        replaces: Option<&AppointmentId>,
        now: Timestamp,
    ) -> Result<AppointmentId, Code> {
        let (slot_start, slot_end) = (at(start), at(end));
        let command = ToPatient::Reserve {
            slot: SlotId::from(slot),
            date: zone().date(slot_start),
            slot_start,
            slot_end,
            confirm: true,
            channel,
            replaces: replaces.cloned(),
            limits: PatientLimits::default(),
        };
        let role = if channel == Channel::Desk { Role::Desk } else { Role::Patient };
        self.tell_as(command, now, role).map_err(|rejection| rejection.code)?;
        match self.log.last() {
            Some(Event::PlaceReserved { appointment, .. }) => Ok(appointment.clone()),
            other => panic!("not reserved: {other:?}"),
        }
    }

    fn booked(&mut self, id: &AppointmentId) {
        let number = Some("A001".to_owned());
        let told = ToPatient::PlaceBooked { appointment: id.clone(), number, slot_start: Timestamp(0) };
        self.tell(told, at("22 08:01")).unwrap();
    }

    fn ended(&mut self, id: &AppointmentId, how: AppointmentEnd, now: Timestamp) {
        self.tell(ToPatient::PlaceEnded { appointment: id.clone(), how }, now).unwrap();
    }

    fn standing(&self, id: &AppointmentId) -> Standing {
        self.state.reservations[id].standing
    }

    fn asked_last(&self) -> Vec<Outgoing> {
        let mut out = Vec::new();
        Patient::outgoing(self.log.last().unwrap(), &mut out);
        out
    }

    fn open(&self) -> Vec<ToDepartment> {
        let mut out = Vec::new();
        Patient::open_requests(&self.state, &mut out);
        out.into_iter().map(to_department).collect()
    }
}

fn to_department(outgoing: Outgoing) -> ToDepartment {
    match outgoing {
        Outgoing::Request(to, Message::Department(message)) => {
            assert_eq!(to.kind, OwnerKind::Department);
            *message
        }
        other => panic!("only requests to departments: {other:?}"),
    }
}

const NINE: (&str, &str) = ("23 09:00", "23 09:30");
const TEN: (&str, &str) = ("23 10:00", "23 10:30");

#[test]
fn a_reservation_asks_the_department_under_an_id_with_the_day() {
    let mut person = Person::new();
    let id = person.reserve("s.d.am.0900", NINE).unwrap();
    assert!(id.as_str().starts_with("s.d.b20261123-"), "{id}");
    assert_eq!(id.as_str().len(), "s.d.b20261123-".len() + 16);
    let asked = to_department(person.asked_last().remove(0));
    assert!(matches!(&asked, ToDepartment::RequestPlace { appointment, confirm: true, .. } if *appointment == id));
    let open = person.open();
    assert_eq!(open, vec![ToDepartment::AskPlace { appointment: id.clone(), patient: PatientId::from("p-1") }]);
    person.booked(&id);
    assert_eq!(person.standing(&id), Standing::Booked);
    assert_eq!(person.open(), vec![]);
}

#[test]
fn nobody_reserves_without_being_identified() {
    let mut person = Person::new();
    person.state.identity = None;
    assert_eq!(person.reserve("s.d.am.0900", NINE), Err(Code::InvalidField));
    let brief =
        PatientBrief { patient: PatientId::from("p-2"), masked_name: "李*".into(), sex: Sex::Male, birth_year: None };
    let other = ToPatient::Identify { brief, birth_date_sealed: vec![], sealed: vec![], real_name: false };
    assert_eq!(person.tell(other, at("22 08:00")).unwrap_err().code, Code::Forbidden);
}

#[test]
fn who_takes_places_of_a_day_and_lets_them_go_for_ever_is_sent_to_the_desk() {
    let mut person = Person::new();
    for n in 0..20 {
        let taken = person.reserve("s.d.am.0900", NINE).unwrap_or_else(|why| panic!("{n}: {why:?}"));
        let ends = [AppointmentEnd::Cancelled, AppointmentEnd::Expired, AppointmentEnd::GivenBack];
        person.ended(&taken, ends[n % 3], at("22 08:01"));
    }
    assert_eq!(person.reserve("s.d.am.0900", NINE), Err(Code::LimitDay));
    assert!(person.reserve("s.d.am.0900", ("24 09:00", "24 09:30")).is_ok(), "another day is another");
    assert!(person.reserve_with("s.d.am.0900", NINE, Channel::Desk, None, at("22 08:00")).is_ok(), "the desk books");
}

#[test]
fn full_slots_that_were_asked_for_are_no_fault_and_do_not_pile_up() {
    let mut person = Person::new();
    for _ in 0..200 {
        let asked = person.reserve("s.d.am.0900", NINE).unwrap();
        person.ended(&asked, AppointmentEnd::Refused, at("22 08:01"));
        assert!(person.state.reservations.len() <= 51, "{}", person.state.reservations.len());
    }
    let late = person.state.reservations.keys().next().unwrap().clone();
    let _ = person.reserve("s.d.am.0900", NINE).unwrap();
    person.tell(ToPatient::PlaceEnded { appointment: late, how: AppointmentEnd::Refused }, at("22 08:02")).unwrap();
}

#[test]
fn limits_are_decided_here() {
    let mut person = Person::new();
    let first = person.reserve("s.d.am.0900", NINE).unwrap();
    let table = [
        ("s.d.am.1000", TEN, Err(Code::LimitDepartmentDay)),
        ("s.e.am.0900", NINE, Err(Code::LimitOverlap)),
        ("t.f.am.0915", ("23 09:15", "23 09:45"), Err(Code::LimitOverlap)),
        ("s.e.am.0930", ("23 09:30", "23 10:00"), Ok(())),
        ("t.f.am.1000", TEN, Ok(())),
        ("t.g.am.1400", ("23 14:00", "23 14:30"), Err(Code::LimitDay)),
        ("s.d.am2.0900", ("24 09:00", "24 09:30"), Ok(())),
    ];
    for (slot, times, expected) in table {
        assert_eq!(person.reserve(slot, times).map(|_| ()), expected, "{slot}");
    }
    person.ended(&first, AppointmentEnd::Refused, at("22 08:01"));
    assert!(person.reserve("s.d.am.0900", NINE).is_ok(), "a refused reservation blocks nothing");
}

#[test]
fn where_else_somebody_is_treated_only_they_hear() {
    let mut person = Person::new();
    person.reserve("s.psychiatry.am.0900", NINE).unwrap();
    let reserve = |slot: &str| ToPatient::Reserve {
        slot: SlotId::from(slot),
        date: zone().date(at(NINE.0)),
        slot_start: at(NINE.0),
        slot_end: at(NINE.1),
        confirm: true,
        channel: Channel::Desk,
        replaces: None,
        limits: PatientLimits::default(),
    };
    for (role, is_told) in [(Role::Desk, false), (Role::Integrator, false), (Role::Patient, true)] {
        let refused = person.tell_as(reserve("t.e.am.0900"), at("22 08:00"), role).unwrap_err();
        assert_eq!((refused.code, refused.valid_now.is_empty()), (Code::LimitOverlap, !is_told), "{role:?}");
    }
}

#[test]
fn the_desk_is_under_the_same_limits_but_not_under_the_block() {
    let mut person = Person::new();
    person.state.blocked_until = Some(at("30 00:00"));
    assert_eq!(person.reserve("s.d.am.0900", NINE), Err(Code::OnlineBookingBlocked));
    let at_desk = person.reserve_with("s.d.am.0900", NINE, Channel::Desk, None, at("22 08:00"));
    assert!(at_desk.is_ok());
    let again = person.reserve_with("s.d.am.1000", TEN, Channel::Desk, None, at("22 08:00"));
    assert_eq!(again, Err(Code::LimitDepartmentDay));
    let later = person.reserve_with("s.e.am.1000", TEN, Channel::Online, None, at("30 00:00"));
    assert!(later.is_ok(), "the block has its end");
}

#[test]
fn the_limits_are_those_of_the_department_that_is_asked() {
    let mut person = Person::new();
    let reserve = |department: &str, hour: &str, per_day| ToPatient::Reserve {
        slot: SlotId::from(format!("{department}.am.{hour}00")),
        date: date("20261123"),
        slot_start: at(&format!("23 {hour}:00")),
        slot_end: at(&format!("23 {hour}:30")),
        confirm: true,
        channel: Channel::Online,
        replaces: None,
        limits: PatientLimits { per_day, ..PatientLimits::default() },
    };
    person.tell(reserve("s.d", "09", 1), at("22 08:00")).unwrap();
    let refused = person.tell(reserve("s.e", "10", 1), at("22 08:00")).unwrap_err();
    assert_eq!(refused.code, Code::LimitDay);
    person.tell(reserve("s.e", "10", 2), at("22 08:00")).unwrap();
}

#[test]
fn three_no_shows_in_ninety_days_block_online_booking_for_ninety() {
    let mut person = Person::new();
    let day = |n: i64| at("01 12:00").plus_s(n * DAY_S);
    let mut no_show = |n: i64| {
        let id = AppointmentId::from(format!("s.d.b20261101-{n:016x}"));
        let reservation = Reservation {
            slot: SlotId::from("s.d.am.0900"),
            date: date("20261101"),
            start: day(n),
            end: day(n),
            channel: Channel::Online,
            replaces: None,
            standing: Standing::Booked,
            number: None,
            wish: None,
            ask_at: None,
            prolonged: false,
            heard: 0,
            limits: PatientLimits::default(),
            offered: None,
        };
        person.state.reservations.insert(id.clone(), reservation);
        person.ended(&id, AppointmentEnd::NoShow, day(n));
        person.ended(&id, AppointmentEnd::NoShow, day(n + 1));
        person.state.blocked_until
    };
    assert_eq!(no_show(0), None);
    assert_eq!(no_show(60), None);
    assert_eq!(no_show(90), None, "the first is ninety days old and counts no more");
    assert_eq!(no_show(91), Some(day(181)));
}

#[test]
fn a_reschedule_takes_the_new_place_first() {
    let mut person = Person::new();
    let old = person.reserve("s.d.am.0900", NINE).unwrap();
    person.booked(&old);
    let desk = Channel::Online;
    let new = person.reserve_with("s.d.am.0915", ("23 09:15", "23 09:45"), desk, Some(&old), at("22 08:02")).unwrap();
    assert_eq!(person.standing(&old), Standing::Booked, "the old one stands until the new one does");
    let third = person.reserve_with("s.d.am.1000", TEN, desk, Some(&old), at("22 08:02"));
    assert_eq!(third, Err(Code::WrongAppointmentState), "one reschedule at a time");
    assert_eq!(person.reserve("s.e.am.0900", NINE), Err(Code::LimitOverlap), "against others both count");
    person.booked(&new);
    let give_up = ToDepartment::ReplacePlace { appointment: old.clone(), patient: PatientId::from("p-1") };
    assert_eq!(person.open(), vec![give_up]);
    person.ended(&old, AppointmentEnd::Cancelled, at("22 08:03"));
    assert_eq!(person.open(), vec![]);
    assert!(
        person.reserve("s.e.am.0900", ("23 08:30", "23 09:00")).is_ok(),
        "a moved booking blocks its old place no more"
    );
    let forbidden = AppointmentId::from("s.d.b20261123-00");
    let unknown = person.reserve_with("s.x.am.1000", TEN, desk, Some(&forbidden), at("22 08:02"));
    assert_eq!(unknown, Err(Code::Forbidden));
}

#[test]
fn a_cancelled_booking_stands_again_within_the_limits_only() {
    let mut person = Person::new();
    let restore = |person: &mut Person, id: &AppointmentId| {
        let command = RestoreAppointment { appointment: id.clone(), reason: "by mistake".to_owned() };
        let restore = ToPatient::Restore { command, limits: PatientLimits::default() };
        person.tell_as(restore, at("22 08:05"), Role::Desk).map_err(|why| why.code)
    };
    let first = person.reserve("s.d.am.0900", NINE).unwrap();
    person.booked(&first);
    assert!(matches!(restore(&mut person, &first), Ok(Answer::AskedOf(..))), "it stands in its own way nowhere");
    person.ended(&first, AppointmentEnd::Cancelled, at("22 08:02"));
    assert!(matches!(restore(&mut person, &first), Ok(Answer::AskedOf(..))), "the department is asked");
    let second = person.reserve("s.e.am.0900", NINE).unwrap();
    assert_eq!(restore(&mut person, &first), Err(Code::LimitOverlap), "somewhere else at the same time since");
    person.booked(&second);
    let moved = person
        .reserve_with("s.e.pm.1400", ("24 14:00", "24 14:30"), Channel::Online, Some(&second), at("22 08:03"))
        .unwrap();
    person.booked(&moved);
    person.ended(&second, AppointmentEnd::Cancelled, at("22 08:04"));
    assert_eq!(restore(&mut person, &second), Err(Code::WrongAppointmentState), "another one has taken its place");
    assert!(restore(&mut person, &first).is_ok(), "nothing stands beside it any more");
}

#[test]
fn what_a_claim_has_booked_counts_with_the_bearer_until_it_is_over() {
    let (mut claim, mut bearer) = (Person::of("pc-1"), Person::new());
    let join = || ToPatient::Join { bearer: PatientId::from("p-1") };
    // What the claim's events owe the bearer, from the one after `from` on.
    let post = |claim: &Person, from: usize, bearer: &mut Person| {
        let mut out = Vec::new();
        claim.log[from..].iter().for_each(|event| Patient::outgoing(event, &mut out));
        for owed in out {
            let Outgoing::Effect(to, message) = owed else { continue };
            assert_eq!(to.to_string(), "patient p-1");
            let told = Patient::receive(message).unwrap();
            bearer.tell_as(told.clone(), at("22 08:02"), Role::System).unwrap();
            let said = bearer.log.len();
            bearer.tell_as(told, at("22 08:02"), Role::System).unwrap();
            assert_eq!(bearer.log.len(), said, "told twice it changes nothing");
        }
    };
    let ten = ("23 10:00", "23 10:30");
    let booked = claim.reserve("s.d.m.1000", ten).unwrap();
    claim.booked(&booked);
    let from = claim.log.len();
    claim.tell_as(join(), at("22 08:02"), Role::System).unwrap();
    post(&claim, from, &mut bearer);
    let refused = bearer.reserve("s.d.m.1100", ("23 11:00", "23 11:30"));
    assert_eq!(refused, Err(Code::LimitDepartmentDay), "one of a department and day");
    assert_eq!(bearer.reserve("s.e.m.1000", ("23 10:15", "23 10:45")), Err(Code::LimitOverlap));
    bearer.reserve("s.e.m.1100", ("23 11:00", "23 11:30")).unwrap();
    bearer.reserve("s.f.m.1200", ("23 12:00", "23 12:30")).unwrap();
    assert_eq!(bearer.reserve("s.g.m.1300", ("23 13:00", "23 13:30")), Err(Code::LimitDay));

    let from = claim.log.len();
    claim.tell_as(join(), at("22 08:03"), Role::System).unwrap();
    assert_eq!(claim.log.len(), from, "joined already");
    let later = claim.reserve("s.g.m.1500", ("23 15:00", "23 15:30")).unwrap();
    post(&claim, from, &mut bearer);
    assert!(!bearer.state.claimed.contains_key(&later), "what is taken after it is the claim's own");
    let from = claim.log.len();
    claim.ended(&booked, AppointmentEnd::Cancelled, at("22 09:00"));
    post(&claim, from, &mut bearer);
    assert!(bearer.state.claimed.is_empty());
    bearer.reserve("s.d.m.1300", ("23 13:00", "23 13:30")).unwrap();

    assert_eq!(bearer.tell(join(), at("22 09:00")).unwrap_err().code, Code::Forbidden, "nobody is bound to themselves");
    let to_claim = ToPatient::Join { bearer: PatientId::from("pc-2") };
    assert_eq!(claim.tell(to_claim, at("22 09:00")).unwrap_err().code, Code::Forbidden, "not a bearer");
}

#[test]
fn a_refused_reschedule_leaves_the_old_booking() {
    let mut person = Person::new();
    let old = person.reserve("s.d.am.0900", NINE).unwrap();
    person.booked(&old);
    let new = person.reserve_with("s.d.am.1000", TEN, Channel::Online, Some(&old), at("22 08:02")).unwrap();
    person.ended(&new, AppointmentEnd::Refused, at("22 08:03"));
    assert_eq!((person.standing(&old), person.open()), (Standing::Booked, vec![]));
}

#[test]
fn three_a_day_count_a_reschedule_once() {
    let mut person = Person::new();
    let old = person.reserve("s.d.am.0900", NINE).unwrap();
    person.booked(&old);
    person.reserve("s.e.am.1000", TEN).unwrap();
    person.reserve_with("s.d.am.1100", ("23 11:00", "23 11:30"), Channel::Online, Some(&old), at("22 08:02")).unwrap();
    person.reserve("s.f.am.1400", ("23 14:00", "23 14:30")).unwrap();
    assert_eq!(person.reserve("s.g.am.1500", ("23 15:00", "23 15:30")), Err(Code::LimitDay));
}

#[test]
fn answers_that_come_twice_or_late_change_nothing() {
    let mut person = Person::new();
    let id = person.reserve("s.d.am.0900", NINE).unwrap();
    let held = ToPatient::PlaceHeld { appointment: id.clone(), expires_at: at("22 08:10") };
    person.tell(held.clone(), at("22 08:00")).unwrap();
    assert_eq!(person.standing(&id), Standing::Held { expires_at: at("22 08:10") });
    let events = person.log.len();
    person.tell(held.clone(), at("22 08:01")).unwrap();
    assert_eq!(person.log.len(), events, "twice");
    person.booked(&id);
    person.tell(held.clone(), at("22 08:02")).unwrap();
    assert_eq!(person.standing(&id), Standing::Booked, "late");
    person.ended(&id, AppointmentEnd::Cancelled, at("22 09:00"));
    let events = person.log.len();
    person.tell(held, at("22 09:01")).unwrap();
    person.booked(&id);
    person.ended(&id, AppointmentEnd::NoShow, at("22 09:02"));
    assert_eq!(person.log.len(), events);
    assert_eq!(person.standing(&id), Standing::Ended(AppointmentEnd::Cancelled));
    let unknown = AppointmentId::from("s.d.b20261123-00");
    person.ended(&unknown, AppointmentEnd::NoShow, at("22 09:02"));
    assert_eq!(person.log.len(), events, "an id that is not its own");
}

#[test]
fn confirm_and_cancel_by_standing() {
    let wrong = Err(Code::WrongAppointmentState);
    for (standing, confirm, cancel) in [
        (Standing::Asked, Ok(true), Ok(true)),
        (Standing::Held { expires_at: at("22 08:10") }, Ok(true), Ok(true)),
        (Standing::Booked, Ok(false), Ok(true)),
        (Standing::CheckedIn, Ok(false), wrong),
        (Standing::Ended(AppointmentEnd::GivenUp), wrong, wrong),
        (Standing::Ended(AppointmentEnd::Refused), wrong, wrong),
        (Standing::Ended(AppointmentEnd::Expired), Err(Code::HoldExpired), Ok(false)),
        (Standing::Ended(AppointmentEnd::Cancelled), wrong, Ok(false)),
        (Standing::Ended(AppointmentEnd::GivenBack), wrong, Ok(false)),
        (Standing::Ended(AppointmentEnd::Fulfilled), wrong, wrong),
        (Standing::Ended(AppointmentEnd::NoShow), wrong, wrong),
    ] {
        for (is_confirm, expected) in [(true, confirm), (false, cancel)] {
            let mut person = Person::new();
            let id = person.reserve("s.d.am.0900", NINE).unwrap();
            person.state.reservations.get_mut(&id).unwrap().standing = standing;
            let command = if is_confirm {
                ToPatient::Confirm { appointment: id.clone() }
            } else {
                ToPatient::Cancel(CancelAppointment { appointment: id.clone(), reason: None })
            };
            let events = person.log.len();
            let answer = person.tell(command, at("22 08:01"));
            let asked = person.log.len() > events;
            assert_eq!(answer.map(|_| asked).map_err(|r| r.code), expected, "{standing:?} confirm {is_confirm}");
            assert_eq!(asked && !person.open().is_empty(), asked, "what was asked is asked again until answered");
        }
    }
}

#[test]
fn a_cancel_that_the_department_could_not_do_is_asked_no_more() {
    let mut person = Person::new();
    let id = person.reserve("s.d.am.0900", NINE).unwrap();
    person.booked(&id);
    person
        .tell(ToPatient::Cancel(CancelAppointment { appointment: id.clone(), reason: None }), at("23 09:31"))
        .unwrap();
    person.booked(&id);
    assert_eq!(person.open().len(), 1, "that it is booked is no answer");
    person.tell(ToPatient::PlaceKept { appointment: id.clone() }, at("23 09:31")).unwrap();
    assert_eq!((person.standing(&id), person.open()), (Standing::Booked, vec![]));
}

#[test]
fn a_refused_request_is_let_go_and_an_accepted_one_is_not() {
    use AppointmentEnd::*;
    for (how, place, confirm) in
        [(Refused, true, true), (Expired, false, true), (Cancelled, false, false), (Fulfilled, false, false)]
    {
        let mut person = Person::new();
        let id = person.reserve("s.d.am.0900", NINE).unwrap();
        let Outgoing::Request(_, request) = person.asked_last().remove(0) else { panic!("a request") };
        assert!(!Patient::has_let_go(&person.state, &request));
        person.tell(ToPatient::Confirm { appointment: id.clone() }, at("22 08:00")).unwrap();
        let Outgoing::Request(_, confirmation) = person.asked_last().remove(0) else { panic!("a request") };
        person.ended(&id, how, at("22 08:01"));
        let let_go = [&request, &confirmation].map(|request| Patient::has_let_go(&person.state, request));
        assert_eq!(let_go, [place, confirm], "{how:?}");
    }
}

#[test]
fn a_word_that_was_lost_is_asked_for() {
    let mut person = Person::new();
    let id = person.reserve("s.d.am.0900", NINE).unwrap();
    let held = ToPatient::PlaceHeld { appointment: id.clone(), expires_at: at("22 08:10") };
    person.tell(held, at("22 08:00")).unwrap();
    let due = Patient::next_deadline(&person.state).unwrap();
    assert_eq!(due, at("22 08:10").plus_s(10));
    person.tell(ToPatient::DeadlineReached, due).unwrap();
    let ask = ToDepartment::AskPlace { appointment: id.clone(), patient: PatientId::from("p-1") };
    assert_eq!(person.open(), vec![ask.clone()]);
    assert_eq!(Patient::next_deadline(&person.state), None, "asking is not a deadline any more");
    person.booked(&id);
    assert_eq!(person.open(), vec![]);
    let due = Patient::next_deadline(&person.state).unwrap();
    assert_eq!(due, at("24 09:30"));
    person.tell(ToPatient::DeadlineReached, due).unwrap();
    assert_eq!(person.open(), vec![ask]);
    person.booked(&id);
    assert!(Patient::next_deadline(&person.state).unwrap() > due, "told the same, it asks again a day later");
}

#[test]
fn reservations_long_over_are_forgotten() {
    let mut person = Person::new();
    let id = person.reserve("s.d.am.0900", NINE).unwrap();
    person.ended(&id, AppointmentEnd::Fulfilled, at("23 10:00"));
    let later = at("23 09:30").plus_s(32 * DAY_S);
    let slot_start = later.plus_s(DAY_S);
    let reserve = ToPatient::Reserve {
        slot: SlotId::from("s.d.x.0900"),
        date: zone().date(slot_start),
        slot_start,
        slot_end: slot_start.plus_min(30),
        confirm: true,
        channel: Channel::Online,
        replaces: None,
        limits: PatientLimits::default(),
    };
    person.tell(reserve, later).unwrap();
    assert!(!person.state.reservations.contains_key(&id));
    assert_eq!(person.state.reservations.len(), 1);
}

#[test]
fn what_proof_was_seen_for_is_not_replaced_by_what_somebody_says() {
    let mut person = Person::new();
    let known = person.state.identity.clone();
    let identify = |name: &str, real_name| ToPatient::Identify {
        brief: PatientBrief {
            patient: PatientId::from("p-1"),
            masked_name: name.into(),
            sex: Sex::Male,
            birth_year: Some(1980),
        },
        birth_date_sealed: vec![9],
        sealed: vec![9],
        real_name,
    };
    person.tell(identify("假*", false), at("22 08:00")).unwrap();
    assert_eq!(person.state.identity, known);
    assert_eq!(person.tell(identify("真*", true), at("22 08:00")).unwrap_err().code, Code::AlreadyExists);
    assert_eq!(person.state.identity, known, "nor by proof that replaces nothing");
    person.state.identity.as_mut().unwrap().real_name = false;
    person.tell(identify("假*", false), at("22 08:00")).unwrap();
    assert_eq!(person.state.identity.as_ref().unwrap().brief.masked_name, "假*", "unproved against unproved");
}

#[test]
fn relations_come_and_go() {
    let mut person = Person::new();
    let relate = |granted| ToPatient::Relate { account: AccountId::from("a-2"), relation: Relation::Parent, granted };
    person.tell(relate(true), at("22 08:00")).unwrap();
    let events = person.log.len();
    person.tell(relate(true), at("22 08:00")).unwrap();
    assert_eq!(person.log.len(), events);
    assert_eq!(person.state.accounts.len(), 1);
    person.tell(relate(false), at("22 08:00")).unwrap();
    assert!(person.state.accounts.is_empty());
}

#[test]
fn the_view_says_what_stands() {
    let mut person = Person::new();
    let id = person.reserve("s.d.am.0900", NINE).unwrap();
    person.booked(&id);
    let shown = view::snapshot(&person.state, "patient", "p-1", &|_| zone()).unwrap();
    let appointment = &shown["appointments"][0];
    assert_eq!((appointment["state"].as_str(), appointment["number"].as_str()), (Some("booked"), Some("A001")));
    assert_eq!(appointment["slot_start"], "2026-11-23T09:00:00.000+08:00");
    assert_eq!(appointment["ticket"], id.ticket().as_str());
    assert_eq!(view::snapshot(&person.state, "patient", "p-2", &|_| zone()), None);
    let said = view::emissions(&person.state, person.log.last().unwrap(), at("22 08:01"), &|_| zone());
    assert_eq!(said[0].0, "patient:p-1");
    assert_eq!(said[0].1["appointment_booked"]["appointment"]["state"], "booked");
}

#[test]
fn what_was_given_back_late_is_counted_where_the_person_sees_it() {
    let mut person = Person::new();
    for (slot, start) in [("s.d.am.0900", NINE), ("s.e.am.1000", TEN)] {
        let id = person.reserve(slot, start).unwrap();
        person.booked(&id);
        let how = AppointmentEnd::GivenBack;
        person.tell(ToPatient::PlaceEnded { appointment: id, how }, at("23 08:00")).unwrap();
    }
    let said = view::emissions(&person.state, person.log.last().unwrap(), at("23 08:00"), &|_| zone());
    assert_eq!(said[0].1["appointment_ended"]["given_back"], 2);
    let shown = view::snapshot(&person.state, "patient", "p-1", &|_| zone()).unwrap();
    assert_eq!((&shown["given_back"], person.state.no_shows.len()), (&2.into(), 0));
}

/// A patient and two departments that talk through a post which loses, repeats and reorders.
struct City {
    person: Person,
    departments: BTreeMap<String, department::State>,
    post: Vec<Outgoing>,
    now: Timestamp,
}

impl City {
    fn new() -> Self {
        let mut city =
            Self { person: Person::new(), departments: BTreeMap::new(), post: Vec::new(), now: at("20 08:00") };
        for id in ["s.d", "s.e"] {
            city.departments.insert(id.to_owned(), Department::new_state(id));
            let definition = DefineDepartment {
                id: DepartmentId::from(id),
                name: id.to_owned(),
                name_en: String::new(),
                neutral_name: None,
                number_only: false,
                settings: Default::default(),
            };
            city.department_does(id, ToDepartment::Configure { time_zone: "Asia/Shanghai".to_owned(), definition });
            let queue = QueueId::from(format!("{id}.q"));
            let define =
                DefineQueue { id: queue.clone(), name: id.to_owned(), prefix: "A".to_owned(), doctors: vec![] };
            city.department_does(id, ToDepartment::ConfigureQueue(define));
            let session = DefineSession {
                id: SessionId::from(format!("{id}.am")),
                date: date("20261123"),
                period: "morning".into(),
                queue,
                doctor: None,
                service_point: None,
                registration_class: "普通".into(),
                fee_fen: 0,
                slots: (9..12).map(|h| DefineSlot { start: format!("{h:02}:00"), minutes: 60, capacity: 2 }).collect(),
                high_demand: false,
                released_at: None,
            };
            city.department_does(id, ToDepartment::DefineSession(session));
            assert!(city.departments[id].clinic.sessions.len() == 1, "the session is defined");
        }
        city.now = at("22 08:00");
        city
    }

    fn department_does(&mut self, id: &str, command: ToDepartment) {
        let state = self.departments.get_mut(id).unwrap();
        let context = Context { now: self.now, principal: Principal::system(), seed: 1 };
        let mut draft = Draft::<Department>::new(state);
        let _ = Department::decide(&mut draft, command, &context);
        for event in draft.into_events() {
            Department::outgoing(&event, &mut self.post);
        }
        self.departments[id].clinic.check().unwrap();
    }

    /// Both sides ask again what is not answered.
    fn ask_again(&mut self) {
        Patient::open_requests(&self.person.state, &mut self.post);
        for state in self.departments.values() {
            Department::open_requests(state, &mut self.post);
        }
    }

    fn person_does(&mut self, command: ToPatient) {
        let before = self.person.log.len();
        let _ = self.person.tell(command, self.now);
        for event in &self.person.log[before..] {
            Patient::outgoing(event, &mut self.post);
        }
    }

    fn deliver(&mut self, outgoing: Outgoing) {
        match outgoing {
            Outgoing::Request(_, Message::Patient(message)) => self.person_does(*message),
            Outgoing::Request(to, Message::Department(message)) => self.department_does(&to.id, *message),
            other => panic!("{other:?}"),
        }
    }

    fn deadlines(&mut self) {
        for id in ["s.d", "s.e"] {
            while Department::next_deadline_after(&self.departments[id], self.now).is_some_and(|due| due <= self.now) {
                self.department_does(id, ToDepartment::DeadlineReached);
            }
        }
        if Patient::next_deadline(&self.person.state).is_some_and(|due| due <= self.now) {
            self.person_does(ToPatient::DeadlineReached);
        }
    }

    /// Limits as DOMAIN states them, over what really stands in the departments. A reschedule's two places are one.
    fn check_limits(&self) {
        let state = &self.person.state;
        let stands = |id: &AppointmentId| {
            let known = self.departments[id.prefix(2)].clinic.appointments.get(id);
            known.is_some_and(|a| {
                matches!(a.state, clinic::AppointmentState::Held { .. } | clinic::AppointmentState::Booked)
            })
        };
        let replaced: Vec<&AppointmentId> = state.live().filter_map(|(_, r)| r.replaces.as_ref()).collect();
        let live: Vec<_> = state.reservations.iter().filter(|(id, _)| stands(id) && !replaced.contains(id)).collect();
        assert!(live.len() <= PatientLimits::default().per_day as usize);
        for (i, (a_id, a)) in live.iter().enumerate() {
            for (b_id, b) in &live[i + 1..] {
                assert_ne!(a_id.prefix(2), b_id.prefix(2), "two in one department and day");
                assert!(a.end <= b.start || b.end <= a.start, "overlap");
            }
        }
        for (id, there) in &self.departments {
            for appointment in there.clinic.appointments.keys().filter(|appointment| stands(appointment)) {
                let reserved = state.reservations.get(appointment).is_some_and(Reservation::is_live);
                assert!(reserved, "{id} keeps {appointment}, which the patient does not know to be live");
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Reserve { department: bool, hour: u32, confirm: bool, replace: bool },
    Confirm(prop::sample::Index),
    Cancel(prop::sample::Index),
    Deliver { which: prop::sample::Index, repeat: bool },
    Lose(prop::sample::Index),
    AskAgain,
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    use prop::sample::Index;
    prop_oneof![
        3 => (any::<bool>(), 9..12_u32, any::<bool>(), any::<bool>())
            .prop_map(|(department, hour, confirm, replace)| Step::Reserve { department, hour, confirm, replace }),
        2 => any::<Index>().prop_map(Step::Confirm),
        2 => any::<Index>().prop_map(Step::Cancel),
        9 => (any::<Index>(), any::<bool>()).prop_map(|(which, repeat)| Step::Deliver { which, repeat }),
        2 => any::<Index>().prop_map(Step::Lose),
        2 => Just(Step::AskAgain),
        2 => (0..30_i64).prop_map(Step::Pass),
    ]
}

fn rounds() -> u32 {
    std::env::var("JIAOHAO_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(48)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(rounds()))]

    /// Whatever is lost, repeated or comes in disorder: limits and capacity hold at every moment, and when the post works
    /// again both sides come to agree.
    #[test]
    fn a_booking_survives_a_bad_post(steps in prop::collection::vec(step(), 1..80)) {
        let mut city = City::new();
        for step in steps {
            let ids: Vec<AppointmentId> = city.person.state.reservations.keys().cloned().collect();
            match step {
                Step::Reserve { department, hour, confirm, replace } => {
                    let department = if department { "s.d" } else { "s.e" };
                    let slot_start = at(&format!("23 {hour:02}:00"));
                    let replaces = city.person.state.live().map(|(id, _)| id.clone()).next().filter(|_| replace);
                    city.person_does(ToPatient::Reserve {
                        slot: SlotId::from(format!("{department}.am.{hour:02}00")),
                        date: date("20261123"),
                        slot_start,
                        slot_end: slot_start.plus_min(60),
                        confirm,
                        channel: Channel::Online,
                        replaces,
                        limits: PatientLimits::default(),
                    });
                }
                Step::Confirm(i) if !ids.is_empty() => {
                    city.person_does(ToPatient::Confirm { appointment: i.get(&ids).clone() });
                }
                Step::Cancel(i) if !ids.is_empty() => {
                    let appointment = i.get(&ids).clone();
                    city.person_does(ToPatient::Cancel(CancelAppointment { appointment, reason: None }));
                }
                Step::Deliver { which, repeat } if !city.post.is_empty() => {
                    let i = which.index(city.post.len());
                    let outgoing = if repeat { city.post[i].clone() } else { city.post.remove(i) };
                    city.deliver(outgoing);
                }
                Step::Lose(which) if !city.post.is_empty() => {
                    let i = which.index(city.post.len());
                    city.post.remove(i);
                }
                Step::AskAgain => city.ask_again(),
                Step::Pass(minutes) => {
                    city.now = city.now.plus_min(minutes);
                    city.deadlines();
                }
                _ => {}
            }
            city.check_limits();
        }
        for _ in 0..200 {
            city.ask_again();
            for outgoing in std::mem::take(&mut city.post) {
                city.deliver(outgoing);
                city.check_limits();
            }
            city.now = city.now.plus_min(30);
            city.deadlines();
        }
        for (id, reservation) in &city.person.state.reservations {
            prop_assert!(!reservation.is_live(), "{} is still live: {:?}", id, reservation);
            let there = city.departments[id.prefix(2)].clinic.appointments.get(id).map(|a| a.state);
            let stands = matches!(there, Some(clinic::AppointmentState::Held { .. } | clinic::AppointmentState::Booked));
            prop_assert!(!stands, "{} still stands there", id);
        }
        let mut replayed = Patient::new_state("p-1");
        for event in &city.person.log {
            let text = serde_json::to_string(event).unwrap();
            Patient::apply(&mut replayed, &serde_json::from_str(&text).unwrap());
        }
        prop_assert_eq!(&replayed, &city.person.state);
    }
}

#[test]
fn a_further_document_is_its_persons_counts_there_and_takes_no_place_until_the_two_are_parted() {
    let (mut card, mut person) = (Person::of("p-2"), Person::new());
    let who = || PatientId::from("p-1");
    let post = |card: &Person, from: usize, person: &mut Person| {
        let mut out = Vec::new();
        card.log[from..].iter().for_each(|event| Patient::outgoing(event, &mut out));
        for owed in out {
            let Outgoing::Effect(to, message) = owed else { continue };
            assert_eq!(to.to_string(), "patient p-1");
            person.tell_as(Patient::receive(message).unwrap(), at("22 08:02"), Role::System).unwrap();
        }
    };
    let booked = card.reserve("s.d.m.1000", ("23 10:00", "23 10:30")).unwrap();
    card.booked(&booked);
    let from = card.log.len();
    card.tell_as(ToPatient::Join { bearer: who() }, at("22 08:02"), Role::System).unwrap();
    post(&card, from, &mut person);
    let asked = ("s.d.m.1100", ("23 11:00", "23 11:30"));
    assert_eq!(person.reserve(asked.0, asked.1), Err(Code::LimitDepartmentDay), "one of a department and day");
    let refused = card.reserve("s.e.m.1500", ("23 15:00", "23 15:30"));
    assert_eq!(refused, Err(Code::AlreadyExists), "places are taken for the person");
    let from = card.log.len();
    card.tell_as(ToPatient::Join { bearer: who() }, at("22 08:03"), Role::System).unwrap();
    assert_eq!(card.log.len(), from, "it is that already");
    for (told, why) in [
        (ToPatient::Join { bearer: PatientId::from("p-3") }, Code::AlreadyExists),
        (ToPatient::Part { bearer: PatientId::from("p-3") }, Code::AlreadyExists),
        (ToPatient::Join { bearer: PatientId::from("p-2") }, Code::Forbidden),
        (ToPatient::Join { bearer: PatientId::from("pc-1") }, Code::Forbidden),
    ] {
        assert_eq!(card.tell_as(told, at("22 08:03"), Role::System).unwrap_err().code, why);
    }

    card.tell_as(ToPatient::Part { bearer: who() }, at("22 08:04"), Role::System).unwrap();
    post(&card, from, &mut person);
    assert!(person.state.claimed.is_empty() && card.state.counted.is_empty() && card.state.bearer.is_none());
    person.reserve(asked.0, asked.1).unwrap();
    card.reserve("s.e.m.1500", ("23 15:00", "23 15:30")).unwrap();
    let from = card.log.len();
    card.tell_as(ToPatient::Part { bearer: who() }, at("22 08:05"), Role::System).unwrap();
    assert_eq!(card.log.len(), from, "they are two already");
}

/// The department's news of an appointment.
fn news_of(id: &AppointmentId, n: u64, stands: TicketStands) -> ToPatient {
    ToPatient::TicketTold(TicketNews {
        ticket: id.ticket(),
        n,
        patient: PatientId::from("p-1"),
        appointment: Some(id.clone()),
        queue: QueueId::from("s.d.pool"),
        date: date("20261123"),
        number: None,
        slot_start: None,
        linked_from: None,
        linked_to: None,
        stands,
    })
}

#[test]
fn who_waits_over_midnight_keeps_that_number_beside_one_of_the_new_day() {
    let mut person = Person::new();
    let mut hear = |ticket: &str, day: &str, stands, now| {
        let news = TicketNews {
            ticket: TicketId::from(ticket),
            n: 1,
            patient: PatientId::from("p-1"),
            appointment: None,
            queue: QueueId::from("s.d.pool"),
            date: date(day),
            number: Some("A001".to_owned()),
            slot_start: None,
            linked_from: None,
            linked_to: None,
            stands,
        };
        person.tell(ToPatient::TicketTold(news), at(now)).expect("heard");
        person.state.tickets.keys().map(|id| id.to_string()).collect::<Vec<_>>().join(" ")
    };
    hear("s.d.t1", "20261123", TicketStands::CheckedIn, "23 23:10");
    hear("s.d.t2", "20261123", TicketStands::Ended(AppointmentEnd::Fulfilled), "23 23:30");
    let both = hear("s.e.t3", "20261124", TicketStands::CheckedIn, "24 00:10");
    assert_eq!(both, "s.d.t1 s.e.t3", "the one that is over goes");
    assert_eq!(hear("s.d.t4", "20261125", TicketStands::CheckedIn, "25 09:00"), "s.d.t4 s.e.t3", "no day longer");
}

#[test]
fn a_hold_that_was_paid_late_counts_again_whichever_word_of_it_comes_first() {
    for news_first in [false, true] {
        let mut person = Person::new();
        let id = person.reserve("s.d.am.0900", NINE).unwrap();
        let held = ToPatient::PlaceHeld { appointment: id.clone(), expires_at: at("22 08:10") };
        person.tell(held, at("22 08:00")).unwrap();
        let expired = ToPatient::PlaceEnded { appointment: id.clone(), how: AppointmentEnd::Expired };
        let news = news_of(&id, 1, TicketStands::Booked);
        for word in if news_first { [news, expired] } else { [expired, news] } {
            person.tell(word, at("22 08:11")).unwrap();
        }
        assert_eq!(person.standing(&id), Standing::Booked, "news first: {news_first}");
        person.tell(news_of(&id, 2, TicketStands::Ended(AppointmentEnd::Cancelled)), at("22 08:12")).unwrap();
        assert_eq!(person.standing(&id), Standing::Ended(AppointmentEnd::Cancelled));
    }
}

#[test]
fn a_confirmation_that_is_answered_by_a_hold_is_not_asked_again() {
    let mut person = Person::new();
    let id = person.reserve("s.d.am.0900", NINE).unwrap();
    let held = ToPatient::PlaceHeld { appointment: id.clone(), expires_at: at("22 08:10") };
    person.tell(held.clone(), at("22 08:00")).unwrap();
    person.tell(ToPatient::Confirm { appointment: id.clone() }, at("22 08:01")).unwrap();
    assert_eq!(person.open().len(), 1);
    person.tell(held, at("22 08:01")).unwrap();
    assert_eq!(person.open(), vec![], "its fee is to be paid first");
    person.booked(&id);
    assert_eq!(person.standing(&id), Standing::Booked);
}

#[test]
fn a_person_holds_three_places_at_once_by_phone_and_books_all_the_same() {
    let mut person = Person::new();
    let hold = |person: &mut Person, day: u32, confirm: bool, role: Role| {
        let (start, end) = (format!("{day} 09:00"), format!("{day} 09:30"));
        let channel = if role == Role::Desk { Channel::Desk } else { Channel::Online };
        let command = ToPatient::Reserve {
            slot: SlotId::from(format!("s.d.m{day}.0900")),
            date: zone().date(at(&start)),
            slot_start: at(&start),
            slot_end: at(&end),
            confirm,
            channel,
            replaces: None,
            limits: PatientLimits::default(),
        };
        person.tell_as(command, at("22 08:00"), role).map_err(|why| why.code)
    };
    for day in 23..=25 {
        hold(&mut person, day, false, Role::Patient).expect("below");
    }
    assert_eq!(hold(&mut person, 26, false, Role::Patient), Err(Code::LimitExceeded));
    hold(&mut person, 26, false, Role::Desk).expect("the desk holds more");
    hold(&mut person, 27, true, Role::Patient).expect("what is booked is kept");
    let held = person.state.reservations.keys().next().expect("one").clone();
    let cancel = CancelAppointment { appointment: held.clone(), reason: None };
    person.tell(ToPatient::Cancel(cancel), at("22 08:01")).expect("let go");
    let end = ToPatient::PlaceEnded { appointment: held, how: AppointmentEnd::Cancelled };
    person.tell(end, at("22 08:01")).expect("heard");
    assert_eq!(hold(&mut person, 28, false, Role::Patient), Err(Code::LimitExceeded), "the desk's count too");
}
