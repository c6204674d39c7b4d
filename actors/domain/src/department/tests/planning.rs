//! The plan carried out: each rule of `docs/decisions.md` about it, on a small department whose today is a Monday.

use chrono::NaiveDate;

use super::house::*;
use crate::clinic::{self, Session, SessionStanding};
use crate::department::{Department, Event};
use crate::ids::*;
use crate::owner::{Context, Draft, Owner};
use crate::plan::{self, Outcome, Standing};
use crate::time::{BusinessDate, Timestamp, Zone};
use crate::vocabulary::*;
use crate::{Code, Principal, Rejection, Role};

pub fn operator() -> Principal {
    Principal::of(Role::Operator, AccountId::from("a-operator"))
}

pub fn date(text: &str) -> BusinessDate {
    BusinessDate(NaiveDate::parse_from_str(text, "%Y-%m-%d").expect("a date"))
}

/// Midnight, or any other time, of a day.
pub fn on(day: BusinessDate, hour: u32) -> Timestamp {
    let time = chrono::NaiveTime::from_hms_opt(hour, 0, 0).expect("a time");
    Zone::named("Asia/Shanghai").expect("a zone").moment(day, time)
}

pub fn template(name: &str, doctor: Option<u32>, weekdays: &[u8]) -> DefineTemplate {
    DefineTemplate {
        id: format!("{DEPARTMENT}.{name}").into(),
        name: name.to_owned(),
        queue: queue("pool"),
        doctor: doctor.map(doctor_id),
        service_point: None,
        period: "morning".into(),
        registration_class: "普通".into(),
        fee_fen: 1000,
        high_demand: false,
        weekdays: weekdays.to_vec(),
        from: day(),
        until: None,
        start: Some("09:00".into()),
        end: Some("10:00".into()),
        slot_min: 30,
        capacity: Some(2),
        slots: Vec::new(),
    }
}

pub fn except(name: &str, from: BusinessDate, to: BusinessDate, does: ExceptionDoes) -> ExceptDays {
    ExceptDays { id: format!("{DEPARTMENT}.{name}").into(), from, to, doctor: None, template: None, does }
}

pub fn closed() -> ExceptionDoes {
    ExceptionDoes::Closed { reason: "停电".into() }
}

pub fn planned(answer: Result<Answer, Rejection>) -> Outcome {
    match answer {
        Ok(Answer::Planned(outcome)) => outcome,
        other => panic!("{other:?}"),
    }
}

impl House {
    pub fn plans(&mut self, command: ToDepartment) -> Outcome {
        planned(self.tell(operator(), command))
    }

    pub fn templates(&mut self, is: DefineTemplate) -> Outcome {
        self.plans(ToDepartment::DefineTemplate(is))
    }

    pub fn excepts(&mut self, is: ExceptDays) -> Outcome {
        self.plans(ToDepartment::ExceptDays(is))
    }

    pub fn withdraws(&mut self, name: &str) -> Outcome {
        let id = format!("{DEPARTMENT}.{name}").into();
        self.plans(ToDepartment::WithdrawException(WithdrawException { id }))
    }

    pub fn horizon(&mut self, horizon_days: u16) -> Outcome {
        let planning = DefinePlanning { horizon_days, ..DefinePlanning::of(DEPARTMENT.into()) };
        self.plans(ToDepartment::DefinePlanning(planning))
    }

    pub fn session(&self, id: &str) -> &Session {
        &self.state.clinic.sessions[&session_id(id)]
    }

    /// `open`, `retired`, `closed`, or nothing there; and how it stands to the plan.
    pub fn stands(&self, id: &str) -> (Option<SessionStanding>, Option<Standing>) {
        let id = session_id(id);
        (self.state.clinic.sessions.get(&id).map(|session| session.standing), self.state.plan.standing(&id))
    }

    pub fn asks(&mut self, id: &str, slot: &str, patient: &str, channel: Channel) -> Result<AppointmentId, Rejection> {
        let session = session_id(id);
        let date = session.planned().expect("a planned session").1.compact();
        let appointment = AppointmentId::from(format!("{DEPARTMENT}.b{date}-{:016x}", self.events.len()));
        let request = ToDepartment::RequestPlace {
            appointment: appointment.clone(),
            slot: format!("{session}.{slot}").into(),
            brief: brief(patient),
            confirm: true,
            channel,
            replaces: None,
        };
        match self.system(request) {
            Answer::Booked { .. } => Ok(appointment),
            Answer::Refused(why) => Err(why),
            other => panic!("{other:?}"),
        }
    }

    /// Books at the release at the earliest: the clock goes on to it if it has to.
    pub fn books(&mut self, id: &str, patient: &str) -> AppointmentId {
        let released = self.session(id).released_at;
        self.now = released.map_or(self.now, |at| self.now.max(at));
        self.asks(id, "0900", patient, Channel::Online).expect("a place")
    }

    pub fn cancels(&mut self, appointment: &AppointmentId) {
        let command = CancelAppointment { appointment: appointment.clone(), reason: None };
        self.desk(ToDepartment::CancelAppointment(command)).expect("cancelled");
    }

    pub fn gives_back(&mut self, id: &str) -> Outcome {
        self.plans(ToDepartment::PlanSession(PlanSession { session: session_id(id) }))
    }

    pub fn retires_by_hand(&mut self, id: &str) -> Result<Answer, Rejection> {
        self.tell(operator(), ToDepartment::RetireSession(RetireSession { id: session_id(id) }))
    }

    pub fn defines_by_hand(&mut self, id: &str, change: impl FnOnce(&mut DefineSession)) -> Result<Answer, Rejection> {
        let slot = |start: &str| DefineSlot { start: start.to_owned(), minutes: 30, capacity: 2 };
        let session = session_id(id);
        let mut command = DefineSession {
            date: session.planned().expect("a planned session").1,
            id: session,
            period: "morning".into(),
            queue: queue("pool"),
            doctor: Some(doctor_id(1)),
            service_point: None,
            registration_class: "普通".into(),
            fee_fen: 1000,
            slots: vec![slot("09:00"), slot("09:30")],
            high_demand: false,
            released_at: self.state.clinic.sessions.get(&session_id(id)).and_then(|session| session.released_at),
        };
        change(&mut command);
        self.tell(operator(), ToDepartment::DefineSession(command))
    }

    pub fn to(&mut self, day: BusinessDate, hour: u32) -> &mut Self {
        self.now = on(day, hour);
        self.pass()
    }

    fn defined(&self, from: usize) -> Vec<&str> {
        let of = |event: &'_ Event| matches!(event, Event::Clinic(clinic::Event::SessionDefined { .. }));
        let id = |event| match event {
            &Event::Clinic(clinic::Event::SessionDefined { ref session, .. }) => session.as_str(),
            _ => "",
        };
        self.events[from..].iter().filter(|event| of(event)).map(id).collect()
    }
}

pub fn session_id(id: &str) -> SessionId {
    SessionId::from(format!("{DEPARTMENT}.{id}"))
}

const OPEN: Option<SessionStanding> = Some(SessionStanding::Open);
const RETIRED: Option<SessionStanding> = Some(SessionStanding::Retired);

#[test]
fn a_template_makes_its_sessions_from_tomorrow_to_the_horizon_and_each_midnight_one_day_more() {
    let mut house = House::new(0);
    assert_eq!(Department::next_deadline(&house.state), None, "no plan, no deadline");
    let outcome = house.templates(template("li", Some(1), &[1, 2]));
    assert_eq!((outcome.made, outcome.changed, outcome.gone, outcome.more), (8, 0, 0, false));
    assert_eq!(house.stands("li-d20261123"), (None, None), "today is left alone");
    for id in ["li-d20261124", "li-d20261130", "li-d20261221"] {
        assert_eq!(house.stands(id), (OPEN, Some(Standing::Made)), "{id}");
    }
    let session = house.session("li-d20261207");
    assert_eq!(session.released_at, Some(on(date("2026-11-30"), 7)), "seven days before, at seven");
    assert_eq!((session.slots.len(), session.fee_fen, &session.doctor), (2, 1000, &Some(doctor_id(1))));
    assert_eq!(house.stands("li-d20261222"), (None, None), "beyond 28 days");
    let events = house.events.len();
    assert_eq!(house.templates(template("li", Some(1), &[2, 1])), Outcome::default(), "the same again");
    assert_eq!(house.events.len(), events);
    assert_eq!(Department::next_deadline(&house.state), Some(on(date("2026-11-24"), 0)));
    house.to(date("2026-11-24"), 0);
    assert_eq!(house.defined(events), ["s.d.li-d20261222"], "the 28th day from now on");
    let lot = on(date("2026-11-24"), 7).plus_min(-5);
    assert_eq!(Department::next_deadline(&house.state), Some(lot), "the lot of what is released at seven");
    let events = house.events.len();
    house.to(date("2026-11-25"), 9).to(date("2026-11-27"), 9);
    assert!(house.defined(events).is_empty(), "nothing is made twice");
    house.assert_replays();
}

#[test]
fn a_changed_template_changes_what_it_has_made_and_a_retired_one_takes_it_away() {
    let mut house = House::new(0);
    house.templates(template("li", Some(1), &[1, 2]));
    house.to(date("2026-11-24"), 9);
    let first = house.books("li-d20261130", "1");
    let changed = DefineTemplate { fee_fen: 2000, capacity: Some(3), ..template("li", Some(1), &[1]) };
    let outcome = house.templates(changed.clone());
    assert_eq!((outcome.made, outcome.changed, outcome.gone), (0, 4, 4), "Mondays are changed, Tuesdays go");
    assert_eq!(house.session("li-d20261124").fee_fen, 1000, "today is left alone");
    assert_eq!(house.session("li-d20261130").fee_fen, 2000);
    assert_eq!(house.stands("li-d20261201"), (RETIRED, Some(Standing::Gone)));
    let outcome = house.plans(ToDepartment::RetireTemplate(RetireTemplate { id: changed.id.clone() }));
    assert_eq!((outcome.gone, outcome.to_go), (3, vec![session_id("li-d20261130")]));
    assert_eq!(
        house.plans(ToDepartment::RetireTemplate(RetireTemplate { id: changed.id.clone() })),
        Outcome::default()
    );
    assert_eq!(code(house.tell(operator(), ToDepartment::DefineTemplate(changed.clone()))), Code::Retired);
    house.cancels(&first);
    assert_eq!(house.stands("li-d20261130"), (RETIRED, Some(Standing::Gone)));
    house.to(date("2026-12-23"), 1);
    assert!(!house.state.plan.templates.contains_key(&changed.id), "nothing of it is to come: forgotten");
    assert!(house.state.plan.is_empty());
    assert_eq!(super::super::planning::due_at(&house.state), None);
    house.assert_replays();
}

// Rule 1.
#[test]
fn what_somebody_has_changed_or_retired_by_hand_is_theirs_until_it_is_left_to_the_plan() {
    let mut house = House::new(0);
    house.templates(template("li", Some(1), &[1, 2]));
    house.defines_by_hand("li-d20261124", |_| ()).expect("the same");
    assert_eq!(house.stands("li-d20261124").1, Some(Standing::Made), "nothing was changed by that");
    house.defines_by_hand("li-d20261124", |session| session.fee_fen = 5).expect("changed");
    house.retires_by_hand("li-d20261130").expect("retired");
    house.templates(DefineTemplate { fee_fen: 7, ..template("li", Some(1), &[1, 2]) });
    house.to(date("2026-11-23"), 10);
    assert_eq!(house.stands("li-d20261124"), (OPEN, Some(Standing::ByHand)));
    assert_eq!(house.session("li-d20261124").fee_fen, 5);
    assert_eq!(house.stands("li-d20261130"), (RETIRED, Some(Standing::ByHand)));
    let outcome = house.gives_back("li-d20261124");
    assert_eq!((outcome.changed, house.session("li-d20261124").fee_fen), (1, 7));
    assert_eq!(house.stands("li-d20261124").1, Some(Standing::Made));
    assert_eq!(house.gives_back("li-d20261130").made, 1);
    assert_eq!(house.stands("li-d20261130"), (OPEN, Some(Standing::Made)));
    assert_eq!(house.gives_back("li-d20261130"), Outcome::default(), "it is the plan's already");
    for (id, refused) in
        [("nobody-d20261201", Code::Forbidden), ("li-d20261123", Code::InvalidField), ("am", Code::Forbidden)]
    {
        let answer = house.tell(operator(), ToDepartment::PlanSession(PlanSession { session: session_id(id) }));
        assert_eq!(code(answer), refused, "{id}");
    }
    house.assert_replays();
}

#[test]
fn a_session_that_was_there_before_the_plan_is_somebodys_own() {
    let mut house = House::new(0);
    house.defines_by_hand("li-d20261124", |session| session.fee_fen = 5).expect("defined");
    assert_eq!(house.templates(template("li", Some(1), &[1, 2])).made, 7);
    assert_eq!(house.stands("li-d20261124"), (OPEN, Some(Standing::ByHand)));
    assert_eq!(house.gives_back("li-d20261124").changed, 1);
    assert_eq!(house.session("li-d20261124").fee_fen, 1000);
}

#[test]
fn a_session_that_the_plan_has_taken_away_can_be_held_all_the_same_by_hand() {
    let mut house = House::new(0);
    house.templates(template("li", Some(1), &[1, 2]));
    house.excepts(except("off", date("2026-11-24"), date("2026-11-24"), closed()));
    assert_eq!(house.stands("li-d20261124"), (RETIRED, Some(Standing::Gone)));
    house.defines_by_hand("li-d20261124", |_| ()).expect("defined");
    assert_eq!(house.stands("li-d20261124"), (OPEN, Some(Standing::ByHand)));
    house.withdraws("off");
    assert_eq!(house.stands("li-d20261124"), (OPEN, Some(Standing::ByHand)));
    house.retires_by_hand("li-d20261124").expect("retired");
    assert_eq!(code(house.defines_by_hand("li-d20261124", |_| ())), Code::Retired, "not the plan's doing");
}

// Rule 2.
#[test]
fn who_is_booked_on_a_day_that_is_closed_stays_in_a_frozen_session_until_it_is_empty() {
    let mut house = House::new(0);
    house.templates(template("li", Some(1), &[1, 2]));
    house.to(date("2026-11-24"), 9);
    let booked = house.books("li-d20261130", "1");
    let off = except("off", date("2026-11-30"), date("2026-12-01"), closed());
    let outcome = house.excepts(off.clone());
    assert_eq!((outcome.gone, &outcome.to_go), (1, &vec![session_id("li-d20261130")]));
    assert_eq!(house.stands("li-d20261130"), (OPEN, Some(Standing::ToGo)));
    for channel in [Channel::Online, Channel::Desk] {
        let refused = house.asks("li-d20261130", "0930", "2", channel).unwrap_err();
        assert_eq!((refused.code, &refused.valid_now[0].0[..]), (Code::SlotClosed, "frozen"), "{channel:?}");
    }
    house.withdraws("off");
    assert_eq!(house.stands("li-d20261130"), (OPEN, Some(Standing::Made)));
    assert_eq!(house.stands("li-d20261201"), (OPEN, Some(Standing::Made)), "put back");
    assert!(!house.session("li-d20261130").is_frozen());
    let second = house.asks("li-d20261130", "0930", "2", Channel::Online).expect("a place");
    house.excepts(off);
    house.cancels(&booked);
    assert_eq!(house.stands("li-d20261130"), (OPEN, Some(Standing::ToGo)), "one is still there");
    house.cancels(&second);
    assert_eq!(house.stands("li-d20261130"), (RETIRED, Some(Standing::Gone)), "with the last one");
    house.withdraws("off");
    assert_eq!(house.stands("li-d20261130"), (OPEN, Some(Standing::Made)));
    house.asks("li-d20261130", "0930", "3", Channel::Online).expect("a place");
    house.state.clinic.check().expect("sound");
    house.assert_replays();
}

#[test]
fn a_session_that_is_to_go_is_kept_by_defining_it_by_hand_and_who_was_stopped_there_is_somebody() {
    let mut house = House::new(0);
    house.templates(template("li", Some(1), &[1, 2]));
    house.to(date("2026-11-24"), 9);
    house.books("li-d20261130", "1");
    let stop = StopSession {
        session: session_id("li-d20261130"),
        from: None,
        reason: "停电".into(),
        to: None,
        substitute: None,
    };
    house.desk(ToDepartment::StopSession(stop)).expect("stopped");
    house.excepts(except("off", date("2026-11-30"), date("2026-11-30"), closed()));
    assert_eq!(
        house.stands("li-d20261130"),
        (OPEN, Some(Standing::ToGo)),
        "who was stopped is put back if it is resumed"
    );
    house.defines_by_hand("li-d20261130", |_| ()).expect("the same as it is");
    assert_eq!(house.stands("li-d20261130"), (OPEN, Some(Standing::ByHand)));
    assert!(!house.session("li-d20261130").is_frozen());
    house.assert_replays();
}

#[test]
fn a_hand_freeze_holds_for_patients_and_not_for_the_desk_and_the_plan_does_not_lift_it() {
    let mut house = House::new(0);
    house.templates(template("li", Some(1), &[1, 2]));
    let freeze = |frozen, reason: &str| {
        let (session, reason) = (session_id("li-d20261124"), reason.to_owned());
        ToDepartment::FreezeSession(FreezeSession { session, frozen, reason })
    };
    assert_eq!(code(house.tell(operator(), freeze(true, " "))), Code::InvalidField);
    house.tell(operator(), freeze(true, "设备检修")).expect("frozen");
    let events = house.events.len();
    house.tell(operator(), freeze(true, "设备检修")).expect("the same again");
    assert_eq!(house.events.len(), events);
    let refused = house.asks("li-d20261124", "0900", "1", Channel::Online).unwrap_err();
    assert_eq!(refused.code, Code::SlotClosed);
    house.asks("li-d20261124", "0900", "2", Channel::Desk).expect("at the desk");
    let seen =
        crate::clinic::view::snapshot(&house.state.clinic, "s.d.li-d20261124", house.state.config.zone()).unwrap();
    assert_eq!(
        (&seen["frozen"], &seen["frozen_reason"], &seen["slots"][0]["open"]),
        (&"by_hand".into(), &"设备检修".into(), &false.into())
    );
    house.templates(DefineTemplate { fee_fen: 7, ..template("li", Some(1), &[1, 2]) });
    assert_eq!((house.session("li-d20261124").fee_fen, house.session("li-d20261124").is_frozen()), (7, true));
    house.tell(operator(), freeze(false, "好了")).expect("no longer");
    house.asks("li-d20261124", "0930", "1", Channel::Online).expect("a place");
    house.retires_by_hand("li-d20261130").expect("retired");
    let gone = FreezeSession { session: session_id("li-d20261130"), frozen: true, reason: "x".into() };
    assert_eq!(code(house.tell(operator(), ToDepartment::FreezeSession(gone))), Code::SessionClosed);
    let unknown = FreezeSession { session: session_id("no"), frozen: true, reason: "x".into() };
    assert_eq!(code(house.tell(operator(), ToDepartment::FreezeSession(unknown))), Code::Forbidden);
    house.assert_replays();
}

// Rule 3.
#[test]
fn a_session_with_somebody_in_it_gets_no_other_doctor_or_queue() {
    let mut house = House::new(0);
    house.templates(template("li", Some(1), &[1, 2]));
    house.to(date("2026-11-24"), 9);
    let booked = house.books("li-d20261130", "1");
    for changed in [
        template("li", Some(2), &[1, 2]),
        template("li", None, &[1, 2]),
        DefineTemplate { queue: queue("own"), ..template("li", Some(1), &[1, 2]) },
    ] {
        let refused = house.tell(operator(), ToDepartment::DefineTemplate(changed)).unwrap_err();
        assert_eq!(refused.code, Code::NotSettled);
        let named = vec!["s.d.li-d20261130".to_owned()];
        assert_eq!(refused.valid_now, [("sessions".to_owned(), crate::codes::Valid::List(named))]);
    }
    let substitute = ExceptDays {
        doctor: Some(doctor_id(1)),
        ..except("sub", date("2026-11-30"), date("2026-12-01"), ExceptionDoes::Substitute { doctor: doctor_id(2) })
    };
    let outcome = house.excepts(substitute);
    assert_eq!((outcome.changed, &outcome.to_settle), (1, &vec![session_id("li-d20261130")]));
    assert_eq!(house.session("li-d20261201").doctor, Some(doctor_id(2)), "nobody was in it");
    assert_eq!(house.session("li-d20261130").doctor, Some(doctor_id(1)));
    assert_eq!(house.stands("li-d20261130"), (OPEN, Some(Standing::ToSettle)));
    assert_eq!(house.asks("li-d20261130", "0930", "2", Channel::Online).unwrap_err().code, Code::SlotClosed);
    // What is to be settled already does not stand in the way of another change.
    let dearer = DefineTemplate { fee_fen: 9, ..template("li", Some(1), &[1, 2]) };
    assert_eq!(house.templates(dearer).to_settle, [session_id("li-d20261130")]);
    house.cancels(&booked);
    assert_eq!(house.session("li-d20261130").doctor, Some(doctor_id(2)), "by itself when it is empty");
    assert_eq!(house.stands("li-d20261130"), (OPEN, Some(Standing::Made)));
    assert!(!house.session("li-d20261130").is_frozen());
    house.withdraws("sub");
    assert_eq!(house.session("li-d20261201").doctor, Some(doctor_id(1)));
    house.assert_replays();
}

#[test]
fn a_substitute_is_settled_by_hand() {
    let mut house = House::new(0);
    house.templates(template("li", Some(1), &[1, 2]));
    house.to(date("2026-11-24"), 9);
    house.books("li-d20261130", "1");
    house.excepts(ExceptDays {
        doctor: Some(doctor_id(1)),
        ..except("sub", date("2026-11-30"), date("2026-12-01"), ExceptionDoes::Substitute { doctor: doctor_id(2) })
    });
    house.defines_by_hand("li-d20261130", |session| session.doctor = Some(doctor_id(2))).expect("by a person's word");
    assert_eq!(house.stands("li-d20261130"), (OPEN, Some(Standing::ByHand)));
    assert!(!house.session("li-d20261130").is_frozen());
    assert_eq!(house.gives_back("li-d20261130").changed, 0, "it is as it ought to be");
    assert_eq!(house.stands("li-d20261130"), (OPEN, Some(Standing::Made)));
}

// Rule 4.
#[test]
fn one_decision_makes_a_part_and_the_rest_follows_at_once_in_whole_rounds() {
    let mut house = House::new(0);
    house.horizon(366);
    let all_days = [1, 2, 3, 4, 5, 6, 7];
    let outcome = house.templates(template("li", Some(1), &all_days));
    assert_eq!((outcome.made, outcome.more), (300, true));
    assert_eq!(Department::next_deadline(&house.state), Some(house.now));
    let most = |house: &House, from: usize| house.events.len() - from;
    // Another change while the round is not done: it begins anew, and nothing is left out or made twice.
    let from = house.events.len();
    let outcome = house.templates(template("wang", Some(2), &all_days));
    assert!((outcome.made, outcome.more) == (300, true) && most(&house, from) <= 303, "{outcome:?}");
    while Department::next_deadline(&house.state).is_some_and(|due| due <= house.now) {
        let from = house.events.len();
        house.system(ToDepartment::DeadlineReached);
        assert!(most(&house, from) <= 303, "{}", most(&house, from));
    }
    assert_eq!(house.state.clinic.sessions.len(), 2 * 366);
    let mut once = house.defined(0);
    let all = once.len();
    once.sort_unstable();
    once.dedup();
    assert_eq!((all, once.len()), (2 * 366, 2 * 366));
    assert_eq!(house.state.plan.round, None);
    house.assert_replays();
}

#[test]
fn what_the_clinic_refuses_on_one_day_holds_up_no_other_and_is_tried_again() {
    let mut house = House::new(0);
    house.templates(template("li", Some(1), &[1, 2]));
    house.to(date("2026-11-24"), 9);
    let (first, second) =
        (house.books("li-d20261130", "1"), house.asks("li-d20261130", "0900", "2", Channel::Online).unwrap());
    let smaller = DefineTemplate { capacity: Some(1), ..template("li", Some(1), &[1, 2]) };
    let outcome = house.templates(smaller);
    assert_eq!((outcome.refused, outcome.changed), (1, 7), "two are in a slot that was to be of one");
    assert_eq!(house.stands("li-d20261130"), (OPEN, Some(Standing::Refused(Code::InvalidField))));
    house.cancels(&first);
    assert_eq!(house.stands("li-d20261130").1, Some(Standing::Refused(Code::InvalidField)));
    house.to(date("2026-11-25"), 0);
    assert_eq!(house.stands("li-d20261130").1, Some(Standing::Made), "at midnight");
    house.cancels(&second);
    let id = queue("pool").to_string();
    house.system(ToDepartment::Retire { kind: RetiredKind::Queue, id });
    house.to(date("2026-11-30"), 0);
    assert_eq!(house.stands("li-d20261228"), (None, Some(Standing::Refused(Code::Retired))));
    assert_eq!(house.stands("li-d20261201").0, OPEN, "what is there stays");
    house.assert_replays();
}

// Rule 5.
#[test]
fn a_shorter_horizon_takes_nothing_away_and_what_is_released_stays_so() {
    let mut house = House::new(0);
    house.templates(template("li", Some(1), &[1, 2]));
    let outcome = house.horizon(3);
    assert_eq!(outcome, Outcome::default());
    assert_eq!(house.stands("li-d20261221").0, OPEN);
    // Of what is made further ahead the plan takes care all the same.
    house.excepts(except("off", date("2026-12-21"), date("2026-12-21"), closed()));
    assert_eq!(house.stands("li-d20261221").0, RETIRED);
    house.withdraws("off");
    assert_eq!(house.stands("li-d20261221").0, OPEN);
    let later = DefinePlanning { release_days: 1, release_min: 8 * 60, ..DefinePlanning::of(DEPARTMENT.into()) };
    house.plans(ToDepartment::DefinePlanning(later));
    let released = |house: &House, id: &str| house.session(id).released_at;
    assert_eq!(released(&house, "li-d20261124"), Some(on(date("2026-11-17"), 7)), "it could be booked already");
    assert_eq!(released(&house, "li-d20261130"), Some(on(date("2026-11-23"), 7)));
    assert_eq!(released(&house, "li-d20261201"), Some(on(date("2026-11-30"), 8)));
    house.excepts(except("off", date("2026-11-24"), date("2026-11-24"), closed()));
    house.withdraws("off");
    assert_eq!(released(&house, "li-d20261124"), Some(on(date("2026-11-17"), 7)), "put back as it was");
    house.assert_replays();
}

// Rule 7.
#[test]
fn what_no_session_could_be_defined_with_is_refused_and_a_retired_department_is_idle() {
    let mut house = House::new(0);
    let tell = |house: &mut House, is: DefineTemplate| code(house.tell(operator(), ToDepartment::DefineTemplate(is)));
    let unknown = DefineTemplate { queue: queue("nobody"), ..template("li", Some(1), &[1]) };
    assert_eq!(tell(&mut house, unknown), Code::Forbidden);
    assert_eq!(tell(&mut house, template("li", Some(7), &[1])), Code::Forbidden);
    let no_room = DefineTemplate { service_point: Some("s.d.nowhere".into()), ..template("li", Some(1), &[1]) };
    assert_eq!(tell(&mut house, no_room), Code::Forbidden);
    let nobody = ExceptDays { doctor: Some(doctor_id(7)), ..except("off", day(), day(), closed()) };
    assert_eq!(code(house.tell(operator(), ToDepartment::ExceptDays(nobody))), Code::Forbidden);
    let id = format!("{DEPARTMENT}.no");
    let no_such = WithdrawException { id: id.clone().into() };
    assert_eq!(code(house.tell(operator(), ToDepartment::WithdrawException(no_such))), Code::Forbidden);
    let no_such = RetireTemplate { id: id.into() };
    assert_eq!(code(house.tell(operator(), ToDepartment::RetireTemplate(no_such))), Code::Forbidden);
    house.excepts(except("off", day(), date("2026-11-24"), closed()));
    house.to(date("2026-11-25"), 0);
    assert!(house.state.plan.exceptions.is_empty(), "over, and forgotten");
    house.templates(template("li", Some(1), &[1]));
    house.plans(ToDepartment::RetireTemplate(RetireTemplate { id: "s.d.li".into() }));
    house.templates(template("wang", Some(1), &[1]));
    house.system(ToDepartment::Retire { kind: RetiredKind::Department, id: DEPARTMENT.to_owned() });
    assert_eq!(super::super::planning::due_at(&house.state), None);
    assert_eq!(tell(&mut house, template("sun", Some(1), &[1])), Code::Retired);
    let sessions = house.state.clinic.sessions.len();
    house.to(date("2026-12-25"), 0);
    assert_eq!(house.state.clinic.sessions.len(), sessions);
}

#[test]
fn sessions_that_moved_workdays_add_beyond_the_bound_are_refused_one_by_one() {
    let mut house = House::new(0);
    house.horizon(366);
    let all =
        |n: usize| DefineTemplate { id: format!("s.d.t{n:02}").into(), ..template("t", None, &[1, 2, 3, 4, 5, 6]) };
    for n in 0..15 {
        house.templates(all(n));
    }
    house.pass();
    let (known, days) = (house.state.plan.sessions.len(), plan::SESSIONS_AHEAD_MAX);
    assert_eq!(known, 15 * 314);
    house.excepts(except("moved", date("2026-11-24"), date("2027-11-23"), ExceptionDoes::Open { as_weekday: Some(1) }));
    house.pass();
    assert_eq!(house.state.plan.sessions.len(), days);
    house.assert_replays();
}

#[test]
fn the_view_says_of_each_day_what_ought_to_be_and_how_it_stands() {
    let mut house = House::new(0);
    house.templates(template("li", Some(1), &[1, 2, 3, 4, 5]));
    house.to(date("2026-11-24"), 9);
    let to_go = house.books("li-d20261126", "1");
    house.defines_by_hand("li-d20261127", |session| session.fee_fen = 5).expect("changed");
    house.excepts(except("off", date("2026-11-26"), date("2026-11-27"), closed()));
    house.excepts(except("later", date("2026-12-01"), date("2026-12-01"), closed()));
    house.horizon(7);
    let freeze = FreezeSession { session: session_id("li-d20261130"), frozen: true, reason: "x".into() };
    house.tell(operator(), ToDepartment::FreezeSession(freeze)).expect("frozen");
    house.templates(template("too", Some(1), &[3]));
    let (from, to) = (date("2026-11-23"), date("2027-01-05"));
    let seen = crate::department::view::plan(&house.state, from, to, house.now);
    let of = |day: &str, name: &str| {
        let days = seen["days"].as_array().unwrap();
        let on = days.iter().find(|one| one["date"] == day).unwrap();
        let session = on["sessions"].as_array().unwrap().iter().find(|one| one["template"] == format!("s.d.{name}"));
        session.cloned().unwrap_or_default()
    };
    let standing = |day: &str| of(day, "li")["standing"].as_str().map(str::to_owned);
    let expected = [
        ("2026-11-23", None),
        ("2026-11-24", Some("made")),
        ("2026-11-25", Some("made")),
        ("2026-11-26", Some("to_go")),
        ("2026-11-27", Some("by_hand")),
        ("2026-11-28", None),
        ("2026-11-30", Some("frozen")),
        ("2026-12-01", Some("closed")),
        ("2026-12-22", Some("made")),
        ("2026-12-23", Some("ahead")),
    ];
    for (day, expected) in expected {
        assert_eq!(standing(day).as_deref(), expected, "{day}");
    }
    assert_eq!(of("2026-12-01", "li")["reason"], "停电");
    assert_eq!(seen["days"].as_array().unwrap().len(), 44);
    let both = of("2026-11-25", "li");
    assert_eq!(both["overlaps"], serde_json::json!(["s.d.too-d20261125"]), "one doctor, twice at one time");
    assert_eq!(
        (&both["start"], &both["end"], &both["places"], &both["taken"]),
        (&"09:00".into(), &"10:00".into(), &4.into(), &0.into())
    );
    let ahead = of("2026-12-30", "too");
    assert_eq!((&ahead["standing"], &ahead["released_at"]), (&"ahead".into(), &"2026-12-23T07:00:00.000+08:00".into()));
    assert_eq!(ahead["overlaps"], serde_json::json!(["s.d.li-d20261230"]), "also of what is not made yet");
    assert_eq!(
        seen["unsettled"],
        serde_json::json!([{"session": "s.d.li-d20261126", "date": "2026-11-26", "standing": "to_go", "code": null}])
    );
    assert_eq!(
        (&seen["today"], &seen["made_to"], &seen["more"]),
        (&"2026-11-24".into(), &"2026-12-01".into(), &false.into())
    );
    assert_eq!(seen["templates"][0]["retired"], false);
    assert_eq!(seen["exceptions"].as_array().unwrap().len(), 2);
    house.cancels(&to_go);
    let seen = crate::department::view::plan(&house.state, from, to, house.now);
    assert_eq!(seen["unsettled"], serde_json::json!([]));
}

#[test]
fn a_session_to_midnight_ends_at_the_end_of_its_day() {
    let mut house = House::new(0);
    let (start, end) = (Some("23:00".to_owned()), Some("24:00".to_owned()));
    house.templates(DefineTemplate { start, end, ..template("late", Some(1), &[1, 2, 3]) });
    house.to(date("2026-11-24"), 9);
    let (from, to) = (date("2026-11-24"), date("2026-12-30"));
    let seen = crate::department::view::plan(&house.state, from, to, house.now);
    let sessions = seen["days"].as_array().unwrap().iter().flat_map(|day| day["sessions"].as_array().unwrap());
    let ends: Vec<_> = sessions.map(|session| (&session["standing"], &session["start"], &session["end"])).collect();
    assert!(ends.iter().any(|(standing, ..)| **standing == "made") && ends.iter().any(|(is, ..)| **is == "ahead"));
    assert!(ends.iter().all(|(_, start, end)| **start == "23:00" && **end == "24:00"), "{ends:?}");
}

// Rule 9.
#[test]
fn a_day_that_has_begun_stays_as_it_began() {
    let mut house = House::new(0);
    house.templates(template("li", Some(1), &[1, 2, 3]));
    house.to(date("2026-11-24"), 0);
    house.excepts(except("off", date("2026-11-24"), date("2026-11-25"), closed()));
    house.templates(DefineTemplate { fee_fen: 7, ..template("li", Some(1), &[1, 2, 3]) });
    assert_eq!(house.stands("li-d20261124").0, OPEN);
    assert_eq!(house.session("li-d20261124").fee_fen, 1000);
    assert_eq!(house.stands("li-d20261125").0, RETIRED);
    house.plans(ToDepartment::RetireTemplate(RetireTemplate { id: "s.d.li".into() }));
    assert_eq!(house.stands("li-d20261124").0, OPEN);
    house.assert_replays();
}

#[test]
fn a_template_that_is_only_rehearsed_is_kept_and_makes_no_session() {
    let mut house = House::new(0).with_doctors();
    let context = Context { now: house.now, principal: operator(), seed: 0 };
    let mut rehearse = |command: ToDepartment| {
        let mut draft = Draft::<Department>::new(&mut house.state);
        let done = crate::department::rehearse(&mut draft, command, &context).map_err(|why| why.code);
        (done, draft.into_events().len())
    };
    let every_day = |name: &str| template(name, Some(1), &[1, 2, 3, 4, 5, 6, 7]);
    for name in ["am", "pm"] {
        assert_eq!(rehearse(ToDepartment::DefineTemplate(every_day(name))), (Ok(()), 1));
    }
    assert_eq!(rehearse(ToDepartment::DefineTemplate(every_day("am"))).0, Ok(()), "as it is");
    let wrong = DefineTemplate { weekdays: vec![8], ..every_day("x") };
    assert_eq!(rehearse(ToDepartment::DefineTemplate(wrong)), (Err(Code::InvalidField), 0));
    let elsewhere = template("y", Some(9), &[1]);
    let refused = house.tell(operator(), ToDepartment::DefineTemplate(elsewhere.clone())).map_err(|why| why.code);
    let mut draft = Draft::<Department>::new(&mut house.state);
    let rehearsed = crate::department::rehearse(&mut draft, ToDepartment::DefineTemplate(elsewhere), &context);
    assert_eq!(rehearsed.map_err(|why| why.code).err(), refused.err(), "as the house says");
    assert!(house.state.clinic.sessions.is_empty() && house.state.plan.templates.len() == 2);
}
