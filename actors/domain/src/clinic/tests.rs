//! The clinic's rules: every command in every state of an appointment, and I1 under random racing requests.

mod channel;
mod free;
mod stop;

use proptest::prelude::*;

use super::*;
use crate::codes::{Code, Rejection};
use crate::ids::*;
use crate::owner::{Context, Message, Outgoing};
use crate::person::{PatientBrief, Sex};
use crate::principal::{Principal, Role};
use crate::settings::BookingSettings;
use crate::time::{BusinessDate, Timestamp, Zone};
use crate::vocabulary::*;

fn zone() -> Zone {
    Zone::named("Asia/Shanghai").unwrap()
}

fn date(text: &str) -> BusinessDate {
    BusinessDate::from_compact(text).unwrap()
}

/// `23 09:00`: a moment of November 2026 on the clinic's wall clock.
fn at(text: &str) -> Timestamp {
    let (day, time) = text.split_once(' ').unwrap();
    zone().moment(date(&format!("202611{day}")), chrono::NaiveTime::parse_from_str(time, "%H:%M").unwrap())
}

fn context(now: Timestamp) -> Context {
    Context { now, principal: Principal::system(), seed: 7 }
}

fn desk(now: Timestamp) -> Context {
    Context { now, principal: Principal::of(Role::Desk, AccountId::from("a-desk")), seed: 7 }
}

fn brief(n: u32) -> PatientBrief {
    PatientBrief {
        patient: PatientId::from(format!("p-{n}")),
        masked_name: "张*三".into(),
        sex: Sex::Female,
        birth_year: Some(1980),
    }
}

fn appointment(n: u32) -> AppointmentId {
    AppointmentId::from(format!("s.d.b20261123-{n:016x}"))
}

fn slot(hhmm: &str) -> SlotId {
    SlotId::from(format!("s.d.am.{hhmm}"))
}

fn session(capacities: &[u32]) -> DefineSession {
    let slots = capacities.iter().enumerate().map(|(i, capacity)| DefineSlot {
        start: format!("{:02}:{:02}", 9 + i / 2, (i % 2) * 30),
        minutes: 30,
        capacity: *capacity,
    });
    DefineSession {
        id: SessionId::from("s.d.am"),
        date: date("20261123"),
        period: "morning".into(),
        queue: QueueId::from("s.d.q"),
        doctor: None,
        service_point: None,
        registration_class: "普通".into(),
        fee_fen: 500,
        slots: slots.collect(),
        high_demand: false,
        released_at: None,
    }
}

/// A clinic with everything that a department would add: the number counter and the log of events.
#[derive(Clone)]
struct Day {
    clinic: Clinic,
    settings: BookingSettings,
    numbers: u32,
    log: Vec<Event>,
}

impl Day {
    fn new(capacities: &[u32]) -> Self {
        let clinic = Clinic::new(DepartmentId::from("s.d"));
        let mut day = Self { clinic, settings: BookingSettings::default(), numbers: 0, log: Vec::new() };
        let defined =
            decide_define_session(&day.clinic, &session(capacities), &context(at("20 08:00")), &day.settings, zone());
        day.take(defined).unwrap();
        day
    }

    fn take(&mut self, decision: Result<Decision, Rejection>) -> Result<Answer, Rejection> {
        let decision = decision?;
        for event in &decision.events {
            apply(&mut self.clinic, event);
            if matches!(
                event,
                Event::PlaceBooked { number: Some(_), .. } | Event::AppointmentConfirmed { number: Some(_), .. }
            ) {
                self.numbers += 1;
            }
        }
        self.log.extend(decision.events);
        self.clinic.check().unwrap();
        Ok(decision.answer)
    }

    fn request(&mut self, n: u32, slot_id: &SlotId, confirm: bool, now: Timestamp) -> Result<Answer, Rejection> {
        self.request_by(n, slot_id, confirm, Channel::Online, now)
    }

    fn request_by(
        &mut self,
        n: u32,
        slot_id: &SlotId,
        confirm: bool,
        channel: Channel,
        now: Timestamp,
    ) -> Result<Answer, Rejection> {
        let next = format!("A{:03}", self.numbers + 1);
        let decision = decide_request_place(
            &self.clinic,
            &appointment(n),
            slot_id,
            &brief(n),
            confirm,
            channel,
            &context(now),
            &self.settings,
            zone(),
            |_| next,
        );
        self.take(decision)
    }

    fn confirm(&mut self, n: u32, now: Timestamp) -> Result<Answer, Rejection> {
        let next = format!("A{:03}", self.numbers + 1);
        let patient = brief(n).patient;
        let decision =
            decide_confirm(&self.clinic, &appointment(n), &patient, &context(now), &self.settings, zone(), |_| next);
        self.take(decision)
    }

    fn ask(&mut self, n: u32, now: Timestamp) -> Result<Answer, Rejection> {
        let decision = decide_ask_place(&self.clinic, &appointment(n), &brief(n).patient, &context(now), zone());
        self.take(decision)
    }

    fn cancel(&mut self, n: u32, context: &Context) -> Result<Answer, Rejection> {
        let decision = decide_cancel(&self.clinic, &appointment(n), None, context, &self.settings, zone());
        self.take(decision)
    }

    fn check_in(&mut self, n: u32, now: Timestamp) -> Result<Arrival, Rejection> {
        let (arrival, decision) = decide_check_in(&self.clinic, &appointment(n), now, &self.settings, zone())?;
        self.take(Ok(decision))?;
        Ok(arrival)
    }

    fn follow(&mut self, n: u32, ticket: TicketFate) {
        let decision = decide_follow_ticket(&self.clinic, &appointment(n), ticket);
        self.take(Ok(decision)).expect("following is never refused");
    }

    fn correct(&mut self, n: u32, now: Timestamp) -> Result<Answer, Rejection> {
        let decision = decide_correct_no_show(&self.clinic, &appointment(n), "was in another queue", now);
        self.take(decision)
    }

    fn restore(&mut self, n: u32, now: Timestamp) -> Result<Answer, Rejection> {
        let decision =
            decide_restore(&self.clinic, &appointment(n), "cancelled by mistake", &context(now), zone(), false);
        self.take(decision)
    }

    fn prolong(&mut self, n: u32, now: Timestamp) -> Result<Answer, Rejection> {
        let decision = decide_prolong(&self.clinic, &appointment(n), now, &self.settings);
        self.take(decision)
    }

    fn deadline(&mut self, now: Timestamp) {
        while self.clinic.next_deadline().is_some_and(|due| due <= now) {
            let decision = decide_deadline(&self.clinic, &context(now));
            assert!(!decision.events.is_empty(), "a deadline that has passed has something to do");
            self.take(Ok(decision)).unwrap();
        }
    }

    /// The next deadline that anybody's place hangs by.
    fn due(&self) -> Option<Timestamp> {
        let mut deadlines = self.clinic.deadlines.iter();
        deadlines.find(|(_, due)| !matches!(due, Deadline::Over(_))).map(|(at, _)| *at)
    }

    fn state(&self, n: u32) -> AppointmentState {
        self.clinic.appointments[&appointment(n)].state
    }

    fn free(&self, hhmm: &str) -> u32 {
        self.clinic.slots[&slot(hhmm)].free()
    }

    /// What the patients' owners have been told, in order.
    fn told(&self) -> Vec<ToPatient> {
        let mut out = Vec::new();
        self.log.iter().for_each(|event| outgoing(event, &mut out));
        let to_patient = |outgoing| match outgoing {
            Outgoing::Request(_, Message::Patient(message)) => *message,
            other => panic!("only requests to patients: {other:?}"),
        };
        out.into_iter().map(to_patient).collect()
    }
}

fn refused(answer: Result<Answer, Rejection>) -> Code {
    match answer {
        Ok(Answer::Refused(rejection)) => rejection.code,
        Err(rejection) => rejection.code,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_hold_becomes_the_booking_with_the_next_number() {
    let mut day = Day::new(&[2]);
    let held = day.request(1, &slot("0900"), false, at("22 08:00")).unwrap();
    assert_eq!(held, Answer::Held { appointment: appointment(1), expires_at: at("22 08:10") });
    assert_eq!(day.free("0900"), 1);
    assert_eq!(day.due(), Some(at("22 08:10")));
    let booked = day.confirm(1, at("22 08:09")).unwrap();
    let expected =
        Answer::Booked { appointment: appointment(1), number: Some("A001".into()), slot_start: at("23 09:00") };
    assert_eq!(booked, expected);
    assert_eq!(day.confirm(1, at("22 08:30")).unwrap(), expected, "said again it is answered alike");
    assert_eq!(day.free("0900"), 1);
    assert_eq!(day.due(), Some(at("23 09:30")), "the no-show limit: the end of the period");
}

#[test]
fn number_at_check_in_gives_none_at_booking() {
    let mut day = Day::new(&[2]);
    day.settings.number_at_booking = false;
    let booked = day.request(1, &slot("0900"), true, at("22 08:00")).unwrap();
    assert!(matches!(booked, Answer::Booked { number: None, .. }));
    assert_eq!(day.numbers, 0);
}

#[test]
fn a_confirm_one_millisecond_late_loses_and_the_place_is_back() {
    let mut day = Day::new(&[1]);
    day.request(1, &slot("0900"), false, at("22 08:00")).unwrap();
    let mut late = day.clone();
    assert_eq!(refused(late.confirm(1, at("22 08:10"))), Code::HoldExpired);
    assert_eq!(late.state(1), AppointmentState::Expired);
    assert_eq!(late.free("0900"), 1);
    day.confirm(1, at("22 08:10").plus_ms(-1)).unwrap();
    assert_eq!(day.state(1), AppointmentState::Booked);
}

#[test]
fn a_hold_expires_by_its_deadline_and_the_patient_is_told() {
    let mut day = Day::new(&[1]);
    day.request(1, &slot("0900"), false, at("22 08:00")).unwrap();
    day.deadline(at("22 08:09"));
    assert_eq!(day.free("0900"), 0);
    day.deadline(at("22 08:10"));
    assert_eq!(day.free("0900"), 1);
    let ended = ToPatient::PlaceEnded { appointment: appointment(1), how: AppointmentEnd::Expired };
    assert_eq!(day.told().last(), Some(&ended));
    assert_eq!(day.due(), None);
    day.request(2, &slot("0900"), true, at("22 08:11")).unwrap();
}

#[test]
fn a_full_slot_refuses_on_the_record_and_names_the_next_free_one() {
    let mut day = Day::new(&[1, 1]);
    day.request(1, &slot("0900"), true, at("22 08:00")).unwrap();
    let before = day.clinic.clone();
    let read = day.clinic.place_free(&slot("0900"), Channel::Online, at("22 08:00"), zone()).unwrap_err();
    assert_eq!((read.code, day.clinic == before), (Code::SlotFull, true), "step 0 leaves nothing behind");
    assert_eq!(read.valid_now, vec![("next_free".to_owned(), "s.d.am.0930".into())]);
    assert_eq!(refused(day.request(2, &slot("0900"), true, at("22 08:00"))), Code::SlotFull);
    let ended = ToPatient::PlaceEnded { appointment: appointment(2), how: AppointmentEnd::Refused };
    assert_eq!(day.told().last(), Some(&ended), "a refusal owes the patient a release");
    day.cancel(1, &context(at("22 08:01"))).unwrap();
    assert_eq!(refused(day.request(2, &slot("0900"), true, at("22 08:02"))), Code::SlotFull, "a refused id stays so");
    day.request(3, &slot("0900"), true, at("22 08:02")).unwrap();
}

#[test]
fn a_repeated_request_takes_one_place_and_is_answered_alike() {
    let mut day = Day::new(&[5]);
    let first = day.request(1, &slot("0900"), true, at("22 08:00")).unwrap();
    for _ in 0..3 {
        assert_eq!(day.request(1, &slot("0900"), true, at("22 09:00")).unwrap(), first);
    }
    assert_eq!((day.free("0900"), day.numbers), (4, 1));
    assert_eq!(day.told().len(), 4, "each time the patient is told again");
    day.cancel(1, &context(at("22 10:00"))).unwrap();
    assert_eq!(day.request(1, &slot("0900"), true, at("22 11:00")).unwrap(), first, "whatever became of it");
    let cancelled = Event::StandingRepeated {
        appointment: appointment(1),
        patient: brief(1).patient,
        standing: Standing::Ended { how: AppointmentEnd::Cancelled },
    };
    assert_eq!(day.log.last(), Some(&cancelled), "what stands is told all the same, as news");
    let held = day.request(2, &slot("0900"), false, at("22 11:00")).unwrap();
    day.confirm(2, at("22 11:01")).unwrap();
    assert_eq!(day.request(2, &slot("0900"), false, at("22 11:02")).unwrap(), held);
}

#[test]
fn an_unknown_id_that_is_asked_about_is_refused_for_good() {
    let mut day = Day::new(&[5]);
    assert_eq!(day.ask(1, at("22 08:00")), Ok(Answer::Done));
    assert_eq!(
        refused(day.request(1, &slot("0900"), true, at("22 08:00"))),
        Code::TimedOut,
        "asked anew it may be had"
    );
    assert_eq!(day.free("0900"), 5);
    let ended = ToPatient::PlaceEnded { appointment: appointment(1), how: AppointmentEnd::Refused };
    assert_eq!(day.told(), vec![ended.clone(), ended]);
    assert_eq!(refused(day.confirm(2, at("22 08:00"))), Code::HoldExpired);
    assert_eq!(refused(day.request(2, &slot("0900"), false, at("22 08:00"))), Code::HoldExpired);
}

#[test]
fn ids_of_days_long_gone_are_refused_and_days_are_forgotten() {
    let mut day = Day::new(&[5]);
    day.request(1, &slot("0900"), true, at("22 08:00")).unwrap();
    day.check_in(1, at("23 09:00")).unwrap();
    let month_later = zone().moment(date("20261224"), chrono::NaiveTime::MIN);
    day.ask(1, month_later).unwrap();
    assert!(matches!(day.told().last(), Some(ToPatient::PlaceBooked { .. })), "still known until something is defined");
    let mut next = session(&[5]);
    next.id = SessionId::from("s.d.dec");
    next.date = date("20261224");
    let defined = decide_define_session(&day.clinic, &next, &context(month_later), &day.settings, zone());
    day.take(defined).unwrap();
    assert_eq!(day.clinic.appointments.len(), 0);
    assert_eq!(day.clinic.sessions.len(), 1);
    let refusals = day.clinic.refused.len();
    assert_eq!(refused(day.request(1, &slot("0900"), true, month_later)), Code::SlotClosed);
    assert_eq!(day.clinic.refused.len(), refusals, "an id of a forgotten day leaves nothing behind");
}

#[test]
fn an_appointment_is_only_its_patients_own() {
    let mut day = Day::new(&[5]);
    day.request(1, &slot("0900"), false, at("22 08:00")).unwrap();
    let (other, now) = (PatientId::from("p-2"), context(at("22 08:01")));
    let answer = decide_confirm(&day.clinic, &appointment(1), &other, &now, &day.settings, zone(), |_| "A1".into());
    assert_eq!(answer.unwrap_err().code, Code::Forbidden);
    assert_eq!(decide_ask_place(&day.clinic, &appointment(1), &other, &now, zone()).unwrap_err().code, Code::Forbidden);
}

#[test]
fn closed_slots_take_nobody() {
    let mut released_later = session(&[1]);
    released_later.released_at = Some(at("21 07:00"));
    let mut day = Day::new(&[1]);
    let defined = decide_define_session(&day.clinic, &released_later, &context(at("20 08:00")), &day.settings, zone());
    day.take(defined).unwrap();
    let early = at("21 07:00").plus_ms(-1);
    assert_eq!(refused(day.request(1, &slot("0900"), true, early)), Code::SlotClosed);
    assert_eq!(refused(day.request(2, &slot("0900"), true, at("23 09:30"))), Code::SlotClosed, "over");
    let delayed = decide_delay(&day.clinic, &SessionId::from("s.d.am"), 20, &day.settings);
    day.take(delayed).unwrap();
    assert_eq!(refused(day.request(2, &slot("0900"), true, at("23 09:30"))), Code::SlotClosed, "over, delay or not");
    day.request(2, &slot("0900"), true, at("23 09:29")).unwrap();
    assert_eq!(refused(day.request(3, &slot("0930"), true, at("22 08:00"))), Code::Forbidden, "no such slot");
    let other_day = AppointmentId::from("s.d.b20261124-0000000000000001");
    let decision = decide_request_place(
        &day.clinic,
        &other_day,
        &slot("0900"),
        &brief(4),
        true,
        Channel::Online,
        &context(at("22 08:00")),
        &day.settings,
        zone(),
        |_| "A1".into(),
    );
    assert_eq!(refused(day.take(decision)), Code::Forbidden, "the id carries the session's day");
    day.request(5, &slot("0900"), true, at("21 07:00")).unwrap();
}

#[test]
fn a_confirmed_hold_is_answered_so_again_wherever_it_stands() {
    let mut day = Day::new(&[2]);
    day.request(1, &slot("0900"), false, at("22 08:00")).unwrap();
    let first = day.confirm(1, at("22 08:05")).unwrap();
    day.check_in(1, at("23 08:30")).unwrap();
    assert_eq!(day.confirm(1, at("23 08:31")).unwrap(), first);
    day.follow(1, TicketFate::Seen);
    assert_eq!(day.confirm(1, at("23 09:10")).unwrap(), first, "seen since");
    let mut day = Day::new(&[2]);
    day.request(1, &slot("0900"), false, at("22 08:00")).unwrap();
    let first = day.confirm(1, at("22 08:05")).unwrap();
    day.cancel(1, &context(at("22 09:00"))).unwrap();
    assert_eq!(day.confirm(1, at("22 09:01")).unwrap(), first, "cancelled since");
    assert_eq!(day.state(1).name(), "cancelled", "and stays so");
}

/// The state table: what each command comes to in each state of an appointment for 23 November, 9:00.
#[test]
fn every_command_in_every_state() {
    let held = |day: &mut Day| drop(day.request(1, &slot("0900"), false, at("22 08:00")));
    let booked = |day: &mut Day| drop(day.request(1, &slot("0900"), true, at("22 08:00")));
    let checked_in = |day: &mut Day| {
        booked(day);
        day.check_in(1, at("23 08:30")).unwrap();
    };
    let fulfilled = |day: &mut Day| {
        checked_in(day);
        day.follow(1, TicketFate::Seen);
    };
    let given_up = |day: &mut Day| {
        checked_in(day);
        day.follow(1, TicketFate::GivenUp);
    };
    let cancelled = |day: &mut Day| {
        booked(day);
        day.cancel(1, &context(at("22 16:59"))).unwrap();
    };
    let given_back = |day: &mut Day| {
        booked(day);
        day.cancel(1, &context(at("22 17:00"))).unwrap();
    };
    let no_show = |day: &mut Day| {
        booked(day);
        day.deadline(at("23 09:30"));
    };
    let expired = |day: &mut Day| {
        held(day);
        day.deadline(at("22 08:10"));
    };
    let stopped = |day: &mut Day| {
        booked(day);
        day.stop(None, at("22 09:00")).unwrap();
    };
    let wrong = Some(Code::WrongAppointmentState);
    #[allow(clippy::type_complexity)]
    let table: [(&str, &dyn Fn(&mut Day), [Option<Code>; 6]); 10] = [
        // state, confirm, cancel, check in, correct, prolong, restore
        ("held", &held, [None, None, wrong, wrong, None, wrong]),
        ("booked", &booked, [None, None, None, wrong, wrong, wrong]),
        ("checked_in", &checked_in, [None, wrong, wrong, wrong, wrong, wrong]),
        ("fulfilled", &fulfilled, [wrong, wrong, wrong, wrong, wrong, wrong]),
        ("given_up", &given_up, [wrong, wrong, wrong, wrong, wrong, wrong]),
        ("cancelled", &cancelled, [wrong, None, wrong, wrong, wrong, None]),
        ("given_back", &given_back, [wrong, None, wrong, wrong, wrong, None]),
        ("no_show", &no_show, [wrong, wrong, Some(Code::CheckInTooLate), None, wrong, wrong]),
        ("expired", &expired, [Some(Code::HoldExpired), None, wrong, wrong, Some(Code::HoldExpired), wrong]),
        ("stopped", &stopped, [wrong, None, Some(Code::SessionClosed), wrong, wrong, Some(Code::SlotClosed)]),
    ];
    for (name, reach, expected) in table {
        for (command, expected) in expected.into_iter().enumerate() {
            let mut day = Day::new(&[2]);
            reach(&mut day);
            assert_eq!(day.state(1).name(), name);
            let now = if name == "held" { at("22 08:05") } else { at("23 09:00") };
            let (before, events) = (day.clinic.clone(), day.log.len());
            let answer = match command {
                0 => day.confirm(1, now),
                1 => day.cancel(1, &context(now)),
                2 => day.check_in(1, now).map(|_| Answer::Done),
                3 => day.correct(1, now),
                4 => day.prolong(1, now),
                _ => day.restore(1, now),
            };
            let code = match &answer {
                Ok(Answer::Refused(rejection)) | Err(rejection) => Some(rejection.code),
                Ok(_) => None,
            };
            assert_eq!(code, expected, "{name}, command {command}");
            if code.is_some() {
                assert_eq!(day.clinic, before, "{name}, command {command}: a refusal changes nothing");
                let repeats = day.log[events..].iter().all(|event| matches!(event, Event::StandingRepeated { .. }));
                assert!(repeats, "{name}, command {command}");
            }
        }
    }
}

#[test]
fn cancel_in_time_give_back_late_undo_and_the_end() {
    // (booked at, cancelled at, by the desk) → the end of the appointment, or the refusal
    let table = [
        ("20 08:00", "22 16:59", false, Ok(AppointmentState::Cancelled)),
        ("20 08:00", "22 17:00", false, Ok(AppointmentState::GivenBack)),
        ("20 08:00", "23 09:29", false, Ok(AppointmentState::GivenBack)),
        ("20 08:00", "23 09:30", false, Err(Code::CancelCutOff)),
        ("20 08:00", "23 09:30", true, Ok(AppointmentState::GivenBack)),
        ("22 17:00", "22 17:29", false, Ok(AppointmentState::Cancelled)),
        ("22 17:00", "22 17:30", false, Ok(AppointmentState::GivenBack)),
        ("23 08:50", "23 09:19", false, Ok(AppointmentState::Cancelled)),
        // The undo of a late booking ends with the slot: who did not come has nothing to undo.
        ("23 09:05", "23 09:29", false, Ok(AppointmentState::Cancelled)),
        ("23 09:05", "23 09:30", false, Err(Code::CancelCutOff)),
        ("23 09:05", "23 09:34", true, Ok(AppointmentState::GivenBack)),
    ];
    for (booked_at, cancelled_at, by_desk, expected) in table {
        let mut day = Day::new(&[1, 1]);
        day.request(1, &slot("0900"), true, at(booked_at)).unwrap();
        let context = if by_desk { desk(at(cancelled_at)) } else { context(at(cancelled_at)) };
        let answer = day.cancel(1, &context);
        match expected {
            Ok(state) => {
                assert_eq!(answer, Ok(Answer::Done));
                assert_eq!(day.state(1), state, "{booked_at} {cancelled_at}");
                assert_eq!(day.free("0900"), 1, "the place is back at once");
            }
            Err(code) => {
                assert_eq!(refused(answer), code);
                assert!(
                    matches!(day.told().last(), Some(ToPatient::PlaceKept { .. })),
                    "the patient learns that it stays"
                );
            }
        }
    }
}

#[test]
fn check_in_opens_an_hour_before_and_ends_with_the_period() {
    // (now, delay) → late or not, or the refusal
    let table = [
        ("22 09:00", 0, Err(Code::CheckInTooEarly)),
        ("23 07:59", 0, Err(Code::CheckInTooEarly)),
        ("23 08:00", 0, Ok(false)),
        ("23 09:30", 0, Ok(false)),
        ("23 09:31", 0, Ok(true)),
        ("23 09:31", 30, Ok(false)),
        ("23 09:59", 0, Ok(true)),
        ("23 10:00", 0, Err(Code::CheckInTooLate)),
        ("23 10:00", 30, Ok(false)),
        ("24 09:00", 0, Err(Code::CheckInTooLate)),
    ];
    for (now, delay, expected) in table {
        let mut day = Day::new(&[1, 1]);
        day.request(1, &slot("0900"), true, at("22 08:00")).unwrap();
        let delayed = decide_delay(&day.clinic, &SessionId::from("s.d.am"), delay, &day.settings);
        day.take(delayed).unwrap();
        let arrival = day.check_in(1, at(now)).map(|arrival| arrival.late).map_err(|rejection| rejection.code);
        assert_eq!(arrival, expected, "{now} {delay}");
    }
    let mut day = Day::new(&[1]);
    day.request(1, &slot("0900"), true, at("22 08:00")).unwrap();
    let early = day.check_in(1, at("23 07:00")).unwrap_err();
    assert_eq!(early.valid_now[0], ("not_before".to_owned(), "2026-11-23T08:00:00.000+08:00".into()));
    let arrival = day.check_in(1, at("23 08:30")).unwrap();
    assert_eq!((arrival.number.as_deref(), arrival.sequence, arrival.queue.as_str()), (Some("A001"), 1, "s.d.q"));
}

#[test]
fn a_no_show_is_recorded_at_the_end_and_a_delay_moves_it() {
    for (grace, delay, limit) in
        [(None, 0, "23 10:00"), (None, 25, "23 10:25"), (Some(15), 0, "23 09:45"), (Some(15), 30, "23 10:15")]
    {
        let mut day = Day::new(&[3, 1]);
        day.settings.no_show_grace_min = grace;
        let mut defined = session(&[4, 1]);
        defined.fee_fen = 100;
        let decision = decide_define_session(&day.clinic, &defined, &context(at("20 09:00")), &day.settings, zone());
        day.take(decision).unwrap();
        day.request(1, &slot("0900"), true, at("22 08:00")).unwrap();
        day.request(2, &slot("0900"), true, at("22 08:00")).unwrap();
        day.check_in(2, at("23 08:30")).unwrap();
        let delayed = decide_delay(&day.clinic, &SessionId::from("s.d.am"), delay, &day.settings);
        day.take(delayed).unwrap();
        assert_eq!(day.due(), Some(at(limit)), "{grace:?} {delay}");
        day.deadline(at(limit).plus_ms(-1));
        assert_eq!(day.state(1), AppointmentState::Booked);
        day.deadline(at(limit));
        assert_eq!(day.state(1), AppointmentState::NoShow);
        assert_eq!(day.state(2), AppointmentState::CheckedIn, "who has checked in is never turned into a no-show");
        assert_eq!(day.due(), None);
    }
}

#[test]
fn an_undone_check_in_stands_under_the_limit_again() {
    let mut day = Day::new(&[1]);
    day.request(1, &slot("0900"), true, at("22 08:00")).unwrap();
    day.check_in(1, at("23 09:00")).unwrap();
    assert_eq!(day.due(), None);
    day.follow(1, TicketFate::Undone { at: at("23 09:05") });
    assert_eq!(day.due(), Some(at("23 09:30")));
}

/// From check-in on an appointment is what its ticket is; before it, and once it is over without one, no ticket moves it.
#[test]
fn an_appointment_follows_its_ticket_back_and_forth() {
    use AppointmentState::*;
    let fates = [TicketFate::Here, TicketFate::Seen, TicketFate::GivenUp, TicketFate::Undone { at: at("23 09:05") }];
    let table = [
        (CheckedIn, [CheckedIn, Fulfilled, GivenUp, Booked]),
        (Fulfilled, [CheckedIn, Fulfilled, GivenUp, Booked]),
        (GivenUp, [CheckedIn, Fulfilled, GivenUp, Booked]),
        (Booked, [Booked; 4]),
        (NoShow, [NoShow; 4]),
    ];
    for (state, expected) in table {
        for (fate, expected) in fates.into_iter().zip(expected) {
            let mut day = Day::new(&[1]);
            day.request(1, &slot("0900"), true, at("22 08:00")).unwrap();
            match state {
                NoShow => day.deadline(at("23 09:30")),
                Booked => {}
                _ => drop(day.check_in(1, at("23 09:00")).unwrap()),
            }
            match state {
                Fulfilled => day.follow(1, TicketFate::Seen),
                GivenUp => day.follow(1, TicketFate::GivenUp),
                _ => {}
            }
            assert_eq!(day.state(1), state);
            day.follow(1, fate);
            assert_eq!(day.state(1), expected, "{state:?} {fate:?}");
            assert_eq!(day.free("0900"), 0, "the place stays used: an undo must find it");
        }
    }
}

#[test]
fn a_hold_is_prolonged_once_and_not_beyond_its_slot() {
    let mut day = Day::new(&[1]);
    day.request(1, &slot("0900"), false, at("22 08:00")).unwrap();
    let prolonged = day.prolong(1, at("22 08:09")).unwrap();
    let expires_at = at("22 08:20");
    assert_eq!(prolonged, Answer::Held { appointment: appointment(1), expires_at });
    assert_eq!(day.told().last(), Some(&ToPatient::PlaceHeld { appointment: appointment(1), expires_at }));
    assert_eq!(day.prolong(1, at("22 08:10")).unwrap_err().code, Code::AlreadyProlonged);
    day.deadline(at("22 08:19"));
    assert_eq!(day.due(), Some(expires_at));
    day.confirm(1, at("22 08:19")).unwrap();

    let mut day = Day::new(&[1]);
    day.request(1, &slot("0900"), false, at("23 09:15")).unwrap();
    let prolonged = day.prolong(1, at("23 09:16")).unwrap();
    assert_eq!(prolonged, Answer::Held { appointment: appointment(1), expires_at: at("23 09:30") });

    let mut day = Day::new(&[1]);
    day.request(1, &slot("0900"), false, at("23 09:25")).unwrap();
    assert_eq!(day.prolong(1, at("23 09:26")).unwrap_err().code, Code::SlotClosed, "it ends with its slot already");
}

/// The deadline and the command race: at the hold's end, handled or not, it is over; a moment before, it has more time and
/// the deadline that was under way finds nothing to do.
#[test]
fn prolonging_races_with_the_end_of_the_hold() {
    let mut day = Day::new(&[1]);
    day.request(1, &slot("0900"), false, at("22 08:00")).unwrap();
    assert_eq!(day.prolong(1, at("22 08:10")).unwrap_err().code, Code::HoldExpired, "not yet handled, and over");
    day.deadline(at("22 08:10"));
    assert_eq!(day.state(1), AppointmentState::Expired);
    assert_eq!(day.prolong(1, at("22 08:10")).unwrap_err().code, Code::HoldExpired);
    assert_eq!(day.free("0900"), 1);

    let mut day = Day::new(&[1]);
    day.request(1, &slot("0900"), false, at("22 08:00")).unwrap();
    day.prolong(1, at("22 08:10").plus_s(-1)).unwrap();
    day.deadline(at("22 08:10"));
    assert_eq!(day.state(1), AppointmentState::Held { expires_at: at("22 08:20") });
    day.deadline(at("22 08:20"));
    assert_eq!((day.state(1), day.free("0900")), (AppointmentState::Expired, 1));
}

#[test]
fn a_corrected_no_show_is_booked_while_the_patient_may_come_and_given_back_after() {
    let mut day = Day::new(&[1]);
    day.request(1, &slot("0900"), true, at("22 08:00")).unwrap();
    day.deadline(at("23 09:30"));
    day.correct(1, at("23 09:40")).unwrap();
    assert_eq!((day.state(1), day.due()), (AppointmentState::GivenBack, None));
    assert_eq!(day.correct(1, at("23 09:41")).unwrap_err().code, Code::WrongAppointmentState);

    let mut day = Day::new(&[1]);
    day.request(1, &slot("0900"), true, at("22 08:00")).unwrap();
    day.deadline(at("23 09:30"));
    let delay = decide_delay(&day.clinic, &SessionId::from("s.d.am"), 30, &day.settings);
    day.take(delay).unwrap();
    day.correct(1, at("23 09:40")).unwrap();
    assert_eq!((day.state(1), day.due()), (AppointmentState::Booked, Some(at("23 10:00"))));
    day.check_in(1, at("23 09:45")).unwrap();
}

#[test]
fn a_session_grows_and_shrinks_but_not_below_what_is_taken() {
    let mut day = Day::new(&[2, 2]);
    day.request(1, &slot("0900"), true, at("22 08:00")).unwrap();
    day.request(2, &slot("0900"), false, at("22 08:00")).unwrap();
    let define = |day: &Day, capacities: &[u32]| {
        decide_define_session(&day.clinic, &session(capacities), &context(at("22 08:01")), &day.settings, zone())
    };
    assert_eq!(define(&day, &[2, 2]).unwrap().events, vec![], "the same again is no event");
    assert_eq!(define(&day, &[1, 2]).unwrap_err().code, Code::InvalidField);
    let decision = define(&day, &[2]);
    day.take(decision).unwrap();
    assert_eq!(day.clinic.slots.len(), 1, "a slot that nobody is in may go");
    let decision = define(&day, &[3, 7]);
    day.take(decision).unwrap();
    assert_eq!((day.free("0900"), day.free("0930")), (1, 7));
    let mut gone = session(&[3, 7]);
    gone.slots.remove(0);
    let answer = decide_define_session(&day.clinic, &gone, &context(at("22 08:01")), &day.settings, zone());
    assert_eq!(answer.unwrap_err().code, Code::NotSettled);
    let mut moved = session(&[3, 7]);
    moved.date = date("20261124");
    let answer = decide_define_session(&day.clinic, &moved, &context(at("22 08:01")), &day.settings, zone());
    assert_eq!(answer.unwrap_err().code, Code::AlreadyExists);
    assert_eq!(decide_retire_session(&day.clinic, &SessionId::from("s.d.am")).unwrap_err().code, Code::NotSettled);
}

#[test]
fn bad_sessions_are_named() {
    let day = Day::new(&[2]);
    let slot_of = |start: &str, minutes| DefineSlot { start: start.into(), minutes, capacity: 1 };
    #[allow(clippy::type_complexity)]
    let table: [(&dyn Fn(&mut DefineSession), Code); 14] = [
        (&|s| s.id = SessionId::from("s.e.x"), Code::IdNotUnderParent),
        (&|s| s.id = SessionId::from("s.d.x.y"), Code::IdNotUnderParent),
        (&|s| s.id = SessionId::from("s.dx.y"), Code::IdNotUnderParent),
        (&|s| s.queue = QueueId::from("s.e.q"), Code::IdNotUnderParent),
        (&|s| s.slots.clear(), Code::InvalidField),
        (&|s| s.date = date("20261119"), Code::InvalidField),
        (&|s| s.date = date("99991231"), Code::InvalidField),
        (&|s| s.period.clear(), Code::InvalidField),
        (&|s| s.slots = vec![slot_of("9:00", 30)], Code::InvalidField),
        (&|s| s.slots = vec![slot_of("23:45", 30)], Code::InvalidField),
        (&|s| s.slots = vec![slot_of("09:00", 30), slot_of("09:15", 30)], Code::InvalidField),
        (&|s| s.slots = vec![slot_of("09:00", 0)], Code::InvalidField),
        (&|s| s.slots = vec![slot_of("09:00", u32::MAX)], Code::InvalidField),
        (&|s| s.slots = vec![slot_of("+9:00", 30)], Code::InvalidField),
    ];
    for (i, (spoil, code)) in table.into_iter().enumerate() {
        let mut command = session(&[1]);
        command.id = SessionId::from("s.d.pm");
        spoil(&mut command);
        let answer = decide_define_session(&day.clinic, &command, &context(at("20 08:00")), &day.settings, zone());
        assert_eq!(answer.unwrap_err().code, code, "case {i}");
    }
    let mut night = session(&[1]);
    night.id = SessionId::from("s.d.night");
    night.slots = vec![slot_of("23:30", 30)];
    assert!(decide_define_session(&day.clinic, &night, &context(at("20 08:00")), &day.settings, zone()).is_ok());
    let mut spring = session(&[1]);
    spring.id = SessionId::from("s.d.spring");
    spring.date = date("20270314");
    spring.slots = vec![slot_of("02:30", 30)];
    let new_york = Zone::named("America/New_York").unwrap();
    let answer = decide_define_session(&day.clinic, &spring, &context(at("20 08:00")), &day.settings, new_york);
    assert_eq!(answer.unwrap_err().code, Code::InvalidField, "the clocks go from 02:00 to 03:00");
}

#[test]
fn closing_waits_for_those_still_to_come_and_ends_those_who_did_not() {
    let mut day = Day::new(&[1, 1]);
    let id = SessionId::from("s.d.am");
    day.request(1, &slot("0900"), true, at("22 08:00")).unwrap();
    assert_eq!(decide_close_session(&day.clinic, &id, &context(at("23 09:29"))).unwrap_err().code, Code::NotSettled);
    let closed = decide_close_session(&day.clinic, &id, &context(at("23 09:30")));
    day.take(closed).unwrap();
    assert_eq!(day.state(1), AppointmentState::NoShow);
    assert_eq!(refused(day.request(2, &slot("0930"), true, at("23 09:31"))), Code::SlotClosed);
    assert_eq!(decide_delay(&day.clinic, &id, 10, &day.settings).unwrap_err().code, Code::SessionClosed);
}

#[test]
fn visits_from_outside_count_and_are_never_refused() {
    let mut day = Day::new(&[2]);
    day.request(1, &slot("0900"), true, at("22 08:00")).unwrap();
    for _ in 0..3 {
        let decision = decide_outside_place(&day.clinic, &slot("0900"));
        assert_eq!(decision.events.len(), 1);
        day.take(Ok(decision)).unwrap();
    }
    assert_eq!(day.free("0900"), 0);
    assert_eq!(refused(day.request(2, &slot("0900"), true, at("22 08:00"))), Code::SlotFull);
    for _ in 0..3 {
        let decision = decide_outside_gone(&day.clinic, &slot("0900"));
        day.take(Ok(decision)).unwrap();
    }
    assert_eq!(decide_outside_gone(&day.clinic, &slot("0900")).events, vec![]);
    assert_eq!(
        day.request(3, &slot("0900"), true, at("22 08:00")).unwrap(),
        Answer::Booked { appointment: appointment(3), number: Some("A002".into()), slot_start: at("23 09:00") }
    );
    assert_eq!(day.clinic.appointments[&appointment(3)].sequence, 5, "the issue sequence counts every place given");
}

#[test]
fn the_view_shows_places_and_nobody() {
    let mut day = Day::new(&[2]);
    day.request(1, &slot("0900"), false, at("22 08:00")).unwrap();
    let shown = view::snapshot(&day.clinic, "s.d.am", zone()).unwrap();
    assert_eq!(shown["slots"][0]["free"], 1);
    assert_eq!(shown["slots"][0]["start"], "2026-11-23T09:00:00.000+08:00");
    let said = view::emissions(&day.clinic, day.log.last().unwrap(), at("22 08:00"), zone());
    assert_eq!(said[0].0, "session:s.d.am");
    assert_eq!(said[0].1["place_held"]["free"], 1);
    assert!(!format!("{shown}{said:?}").contains("p-1"), "a shared frame names no patient");
}

/// One step of a random day.
#[derive(Clone, Debug)]
enum Step {
    Request { n: u32, slot: usize, confirm: bool },
    Confirm(u32),
    Cancel(u32),
    Ask(u32),
    CheckIn(u32),
    Follow(u32, TicketFate),
    Correct(u32),
    Prolong(u32),
    Outside(usize),
    OutsideGone(usize),
    Capacity { slot: usize, capacity: u32 },
    Delay(u32),
    Stop(Option<i64>),
    Resume,
    Restore(u32),
    Pass { minutes: i64, handled: bool },
}

fn fate() -> impl Strategy<Value = TicketFate> {
    use TicketFate::*;
    // When it was undone is now: `Step::Follow`.
    prop::sample::select(vec![Here, Seen, GivenUp, Undone { at: Timestamp(0) }])
}

fn step() -> impl Strategy<Value = Step> {
    let n = || 0..40_u32;
    prop_oneof![
        8 => (n(), 0..3_usize, any::<bool>()).prop_map(|(n, slot, confirm)| Step::Request { n, slot, confirm }),
        4 => n().prop_map(Step::Confirm),
        2 => n().prop_map(Step::Cancel),
        2 => n().prop_map(Step::Ask),
        3 => n().prop_map(Step::CheckIn),
        3 => (n(), fate()).prop_map(|(n, fate)| Step::Follow(n, fate)),
        1 => n().prop_map(Step::Correct),
        1 => n().prop_map(Step::Prolong),
        1 => (0..3_usize).prop_map(Step::Outside),
        1 => (0..3_usize).prop_map(Step::OutsideGone),
        1 => (0..3_usize, 0..6_u32).prop_map(|(slot, capacity)| Step::Capacity { slot, capacity }),
        1 => (0..60_u32).prop_map(Step::Delay),
        1 => prop::option::of(-1..4_i64).prop_map(Step::Stop),
        1 => Just(Step::Resume),
        1 => n().prop_map(Step::Restore),
        4 => (0..60_i64, any::<bool>()).prop_map(|(minutes, handled)| Step::Pass { minutes, handled }),
    ]
}

fn rounds() -> u32 {
    std::env::var("JIAOHAO_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(48)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(rounds()))]

    /// I1 and the counts hold after every event (see `Day::take`), a refusal leaves the state as it was, an ended
    /// appointment stays ended unless that is undone, nobody whose clinic was stopped is a no-show, and the replay of the log is the state.
    #[test]
    fn i1_holds_whatever_races(steps in prop::collection::vec(step(), 1..120)) {
        let slots = [slot("0900"), slot("0930"), slot("1000")];
        let mut capacities = [2, 3, 1];
        let mut day = Day::new(&capacities);
        let mut now = at("22 16:00");
        for step in steps {
            let before = day.clinic.clone();
            let answer = match step {
                Step::Request { n, slot, confirm } => day.request(n, &slots[slot], confirm, now),
                Step::Confirm(n) => day.confirm(n, now),
                Step::Cancel(n) => day.cancel(n, &context(now)),
                Step::Ask(n) => day.ask(n, now),
                Step::CheckIn(n) => day.check_in(n, now).map(|_| Answer::Done),
                Step::Follow(n, TicketFate::Undone { .. }) => {
                    day.follow(n, TicketFate::Undone { at: now });
                    Ok(Answer::Done)
                }
                Step::Follow(n, fate) => { day.follow(n, fate); Ok(Answer::Done) }
                Step::Correct(n) => day.correct(n, now),
                Step::Prolong(n) => day.prolong(n, now),
                Step::Outside(i) => { let d = decide_outside_place(&day.clinic, &slots[i]); day.take(Ok(d)) }
                Step::OutsideGone(i) => { let d = decide_outside_gone(&day.clinic, &slots[i]); day.take(Ok(d)) }
                Step::Capacity { slot, capacity } => {
                    let mut changed = capacities;
                    changed[slot] = capacity;
                    let d = decide_define_session(&day.clinic, &session(&changed), &context(now), &day.settings, zone());
                    if d.is_ok() { capacities = changed; }
                    day.take(d)
                }
                Step::Delay(minutes) => {
                    let d = decide_delay(&day.clinic, &SessionId::from("s.d.am"), minutes, &day.settings);
                    day.take(d)
                }
                Step::Stop(from) => day.stop(from.map(|n| at("23 09:00").plus_min(30 * n)), now),
                Step::Resume => day.resume(now),
                Step::Restore(n) => day.restore(n, now),
                Step::Pass { minutes, handled } => {
                    now = now.plus_min(minutes);
                    if handled { day.deadline(now); }
                    Ok(Answer::Done)
                }
            };
            if answer.is_err() {
                prop_assert_eq!(&day.clinic, &before);
            }
            for (id, appointment) in &before.appointments {
                let after = day.clinic.appointments[id].state;
                let was = appointment.state;
                // What is undone is booked again.
                if !was.takes_place() && after != AppointmentState::Booked {
                    prop_assert_eq!(after, was);
                }
                // A no-show that the hospital has not seen is none; nobody stopped becomes one.
                prop_assert!(was != AppointmentState::Stopped || after != AppointmentState::NoShow);
            }
        }
        let mut replayed = Clinic::new(DepartmentId::from("s.d"));
        for event in &day.log {
            let text = serde_json::to_string(event).unwrap();
            apply(&mut replayed, &serde_json::from_str(&text).unwrap());
        }
        prop_assert_eq!(serde_json::to_value(&replayed).unwrap().to_string(), serde_json::to_value(&day.clinic).unwrap().to_string());
    }
}

#[test]
fn the_kinds_of_events_are_distinct_and_in_range() {
    let mut day = Day::new(&[2]);
    day.request(1, &slot("0900"), false, at("22 08:00")).unwrap();
    day.confirm(1, at("22 08:01")).unwrap();
    let kinds: Vec<u16> = day.log.iter().map(|event| event_kind(event).0).collect();
    assert_eq!(kinds, vec![250, 254, 256]);
}
