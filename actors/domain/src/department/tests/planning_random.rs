//! Random weeks of a plan against a model that knows nothing of how it is carried out: whatever is commanded, booked and
//! done by hand, once everybody has left the sessions are those that the templates and exceptions say, what was done by
//! hand is as it was left, nobody booked is lost on the way, and carrying out again does nothing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;

use super::house::*;
use super::planning::*;
use crate::clinic::{AppointmentState, Event as Clinic, SessionStanding};
use crate::department::Event;
use crate::ids::*;
use crate::plan::Standing;
use crate::time::BusinessDate;
use crate::vocabulary::*;

const SEEDS: u64 = 60;
const STEPS: usize = 45;
const NAMES: [&str; 3] = ["li", "wang", "pool"];

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }
    fn name(&mut self) -> &'static str {
        NAMES[self.roll(3) as usize]
    }
    fn doctor(&mut self) -> Option<u32> {
        [None, Some(1), Some(2)][self.roll(3) as usize]
    }
}

/// What somebody has left by hand.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Left {
    Held(u32),
    Retired,
}

#[derive(Default)]
struct Model {
    templates: BTreeMap<String, (DefineTemplate, ByChannel)>,
    exceptions: BTreeMap<String, ExceptDays>,
    horizon: i64,
    made: BTreeSet<SessionId>,
    by_hand: BTreeMap<SessionId, Left>,
}

impl Model {
    /// Doctor, fee and what is kept in each slot, if there ought to be a session. Written apart from the program: by trying each exception in turn.
    fn ought(&self, name: &str, on: BusinessDate) -> Option<(Option<DoctorId>, u32, ByChannel)> {
        let (is, kept) = self.templates.get(name)?;
        let in_season = is.from <= on && is.until.is_none_or(|until| on <= until);
        let mut holding: Vec<&ExceptDays> =
            self.exceptions.values().filter(|one| one.from <= on && on <= one.to).collect();
        holding.sort_by_key(|one| (one.from, one.id.clone()));
        let (mut of_template, mut of_doctor) = (None, None);
        for one in &holding {
            if let ExceptionDoes::Substitute { doctor } = &one.does {
                if one.template.as_ref() == Some(&is.id) {
                    of_template = Some(doctor.clone());
                } else if one.doctor.is_some() && one.doctor == is.doctor {
                    of_doctor = Some(doctor.clone());
                }
            }
        }
        let sits = of_template.or(of_doctor).or(is.doctor.clone());
        let width = |one: &ExceptDays| {
            if one.template.is_some() {
                (one.template.as_ref() == Some(&is.id)).then_some(2)
            } else if one.doctor.is_some() {
                (one.doctor == sits).then_some(1)
            } else {
                Some(0)
            }
        };
        let mut best: Option<(i32, i32, Option<u8>)> = None;
        for one in &holding {
            let (strength, weekday) = match &one.does {
                ExceptionDoes::Closed { .. } => (0, None),
                ExceptionDoes::Open { as_weekday } => (1, Some(as_weekday.unwrap_or(0))),
                ExceptionDoes::Substitute { .. } => continue,
            };
            let Some(width) = width(one) else { continue };
            if best.is_none_or(|(w, s, _)| (w, s) <= (width, strength)) {
                best = Some((width, strength, weekday));
            }
        }
        let own = on.0.weekday().number_from_monday() as u8;
        let weekday = match best {
            Some((_, 0, _)) => return None,
            Some((.., Some(weekday))) if weekday > 0 => weekday,
            _ => own,
        };
        (in_season && is.weekdays.contains(&weekday)).then_some((sits, is.fee_fen, *kept))
    }

    /// What is within the horizon is made with every change and every midnight.
    fn look(&mut self, today: BusinessDate) {
        for days in 1..=self.horizon {
            let on = today.plus_days(days);
            for name in NAMES {
                let id = session_id(&format!("{name}-d{}", on.compact()));
                if self.ought(name, on).is_some() && !self.by_hand.contains_key(&id) {
                    self.made.insert(id);
                }
            }
        }
    }
}

struct Week {
    house: House,
    model: Model,
    dice: Dice,
    booked: BTreeSet<AppointmentId>,
    /// Days gone by.
    gone: i64,
    patients: u32,
}

impl Week {
    fn today(&self) -> BusinessDate {
        self.house.state.config.today(self.house.now)
    }

    fn some_day(&mut self) -> BusinessDate {
        let days = 1 + self.dice.roll(18) as i64;
        self.today().plus_days(days)
    }

    fn template(&mut self) {
        let name = self.dice.name();
        let doctor = self.dice.doctor();
        let weekdays: Vec<u8> = (1..=7).filter(|_| self.dice.roll(2) == 0).collect();
        let weekdays = if weekdays.is_empty() { vec![1] } else { weekdays };
        let until = (self.dice.roll(3) == 0).then(|| self.some_day());
        let is = DefineTemplate {
            fee_fen: self.dice.roll(3) as u32,
            capacity: Some(1 + self.dice.roll(3) as u32),
            until,
            ..template(name, doctor, &weekdays)
        };
        let kept = ByChannel { desk: self.dice.roll(2) as u32, referral: self.dice.roll(3) as u32, online: 0 };
        let (definition, quotas) = (Box::new(ToDepartment::DefineTemplate(is.clone())), vec![kept]);
        let definition = match kept.is_none() {
            true => *definition,
            false => ToDepartment::WithQuotas { definition, quotas },
        };
        if self.house.tell(operator(), definition).is_ok() {
            self.model.templates.insert(name.to_owned(), (is, kept));
        }
    }

    fn retire(&mut self) {
        let name = self.dice.name();
        let id = format!("{DEPARTMENT}.{name}").into();
        if self.house.tell(operator(), ToDepartment::RetireTemplate(RetireTemplate { id })).is_ok() {
            self.model.templates.remove(name);
        }
    }

    fn except(&mut self) {
        let (name, from) = (format!("x{}", self.dice.roll(5)), self.some_day());
        let does = match self.dice.roll(3) {
            0 => closed(),
            1 => ExceptionDoes::Substitute { doctor: doctor_id(1 + self.dice.roll(2) as u32) },
            _ => ExceptionDoes::Open { as_weekday: Some(self.dice.roll(8) as u8).filter(|day| *day > 0) },
        };
        let mut is = except(&name, from, from.plus_days(self.dice.roll(5) as i64), does);
        match self.dice.roll(3) {
            0 => is.doctor = Some(doctor_id(1 + self.dice.roll(2) as u32)),
            1 => is.template = Some(format!("{DEPARTMENT}.{}", self.dice.name()).into()),
            _ => {}
        }
        if self.house.tell(operator(), ToDepartment::ExceptDays(is.clone())).is_ok() {
            self.model.exceptions.insert(name, is);
        }
    }

    fn withdraw(&mut self) {
        let name = format!("x{}", self.dice.roll(5));
        let id = format!("{DEPARTMENT}.{name}").into();
        if self.house.tell(operator(), ToDepartment::WithdrawException(WithdrawException { id })).is_ok() {
            self.model.exceptions.remove(&name);
        }
    }

    fn some_session(&mut self) -> String {
        let (name, day) = (self.dice.name(), self.some_day());
        format!("{name}-d{}", day.compact())
    }

    fn by_hand(&mut self) {
        let id = self.some_session();
        let (key, fee) = (session_id(&id), 100 + self.dice.roll(1000) as u32);
        let before = self.house.state.clinic.sessions.get(&key).cloned();
        let change = |session: &mut DefineSession| {
            session.fee_fen = fee;
            for slot in &mut session.slots {
                slot.capacity = 3;
            }
            if let Some(before) = before {
                (session.doctor, session.released_at) = (before.doctor, before.released_at);
            }
        };
        if self.house.defines_by_hand(&id, change).is_ok() {
            self.model.by_hand.insert(key, Left::Held(fee));
        }
    }

    fn retire_by_hand(&mut self) {
        let id = self.some_session();
        let key = session_id(&id);
        let was = self.house.state.plan.standing(&key);
        let is_there = self.house.state.clinic.sessions.get(&key).map(|session| session.standing);
        if self.house.retires_by_hand(&id).is_ok()
            && (is_there == Some(SessionStanding::Open) || was == Some(Standing::Gone))
        {
            self.model.by_hand.insert(key, Left::Retired);
        }
    }

    fn give_back(&mut self) {
        let session = session_id(&self.some_session());
        let given = ToDepartment::PlanSession(PlanSession { session: session.clone() });
        if self.house.tell(operator(), given).is_ok() && self.model.by_hand.remove(&session).is_some() {
            self.model.made.insert(session);
        }
    }

    fn book(&mut self) {
        let id = self.some_session();
        if !self.house.state.clinic.sessions.contains_key(&session_id(&id)) {
            return;
        }
        self.patients += 1;
        let slot = ["0900", "0930"][self.dice.roll(2) as usize];
        let patient = format!("{}", self.patients);
        let channel = if self.dice.roll(3) == 0 { Channel::Referral } else { Channel::Desk };
        let asked = SlotId::from(format!("{}.{slot}", session_id(&id)));
        let free = self.house.state.clinic.slots.get(&asked);
        let free = free.map(|slot| slot.free_for(channel));
        let booked = self.house.asks(&id, slot, &patient, channel);
        assert!(booked.is_err() || free > Some(0), "{id} {slot}: {channel:?} has none left");
        self.booked.extend(booked);
    }

    fn cancel(&mut self) {
        let at = self.dice.roll(self.booked.len().max(1) as u64) as usize;
        if let Some(appointment) = self.booked.iter().nth(at).cloned() {
            self.leave(&appointment);
        }
    }

    fn leave(&mut self, appointment: &AppointmentId) {
        self.booked.remove(appointment);
        self.house.cancels(appointment);
    }

    /// To the next midnight; carrying out again changes nothing but what that day brings.
    fn midnight(&mut self) {
        let mut again = self.house.clone();
        self.gone += 1;
        let (tomorrow, from) = (day().plus_days(self.gone), self.house.events.len());
        self.house.to(tomorrow, 0);
        self.model.exceptions.retain(|_, one| tomorrow <= one.to);
        let _ = again.to(tomorrow, 0);
        assert_eq!(bytes(&again.state), bytes(&self.house.state));
        let settled = self.house.events[from..].iter().filter_map(|event| match event {
            Event::Clinic(Clinic::SessionDefined { session, .. } | Clinic::SessionRetired { session }) => Some(session),
            _ => None,
        });
        let settled: Vec<&SessionId> = settled.collect();
        let unique: BTreeSet<&SessionId> = settled.iter().copied().collect();
        assert_eq!(settled.len(), unique.len(), "something is made twice");
        self.booked.retain(|appointment| appointment.date() > Some(tomorrow));
    }

    fn step(&mut self) {
        match self.dice.roll(20) {
            0..=3 => self.template(),
            4 => self.retire_if_rarely(),
            5..=7 => self.except(),
            8 => self.withdraw(),
            9 => self.by_hand(),
            10 => self.retire_by_hand(),
            11 => self.give_back(),
            12..=15 => self.book(),
            16 | 17 => self.cancel(),
            18 => self.midnight(),
            _ => {
                let horizon = 5 + self.dice.roll(20) as u16;
                let planning = DefinePlanning {
                    horizon_days: horizon,
                    release_days: 366,
                    ..DefinePlanning::of(DEPARTMENT.into())
                };
                self.house.plans(ToDepartment::DefinePlanning(planning));
                self.model.horizon = i64::from(horizon);
            }
        }
        self.house.pass();
        let today = self.today();
        self.model.look(today);
        self.nobody_is_lost();
    }

    /// A template once retired never comes again: most weeks have their templates to the end.
    fn retire_if_rarely(&mut self) {
        if self.dice.roll(6) == 0 {
            self.retire();
        }
    }

    fn nobody_is_lost(&self) {
        let clinic = &self.house.state.clinic;
        clinic.check().unwrap();
        for id in &self.booked {
            let known = &clinic.appointments[id];
            assert_eq!(known.state, AppointmentState::Booked, "{id}");
            let session = clinic.session_of(&known.slot).unwrap();
            assert_eq!(session.standing, SessionStanding::Open, "{id}");
        }
        let plan = &self.house.state.plan;
        for (id, kept) in &plan.sessions {
            let waits = matches!(kept.standing, Standing::ToGo | Standing::ToSettle);
            assert!(!waits || clinic.sessions[id].frozen_by_plan, "{id} takes people and is not to stay");
        }
        for (id, session) in clinic.sessions.iter().filter(|(_, session)| session.frozen_by_plan) {
            let standing = self.house.state.plan.standing(id);
            let is_open = session.standing == SessionStanding::Open;
            let waits = matches!(standing, Some(Standing::ToGo | Standing::ToSettle) | None);
            assert!(!is_open || waits || session.date <= self.today(), "{id} {standing:?}");
        }
    }

    /// Everybody leaves, and another midnight passes.
    fn settle(&mut self) {
        for appointment in self.booked.clone() {
            self.leave(&appointment);
        }
        self.midnight();
        let today = self.today();
        self.model.look(today);
        let sessions = &self.house.state.clinic.sessions;
        let ids = sessions.keys().chain(self.model.made.iter()).chain(self.model.by_hand.keys());
        let ids: BTreeSet<&SessionId> = ids.filter(|id| id.planned().is_some_and(|(_, on)| today < on)).collect();
        for id in ids {
            let there = sessions.get(id).filter(|session| session.standing == SessionStanding::Open);
            let kept = |session: &crate::clinic::Session| self.house.state.clinic.slots[&session.slots[0]].quotas;
            let there = there.map(|session| (session.doctor.clone(), session.fee_fen, kept(session)));
            let (template, on) = id.planned().unwrap();
            match self.model.by_hand.get(id) {
                Some(Left::Held(fee)) => assert_eq!(there.map(|(_, fee, _)| fee), Some(*fee), "{id} by hand"),
                Some(Left::Retired) => assert_eq!(there, None, "{id} retired by hand"),
                None => {
                    let name = template.as_str().rsplit('.').next().unwrap();
                    let ought = self.model.ought(name, on).filter(|_| self.model.made.contains(id));
                    assert_eq!(there, ought, "{id}: {:?}", self.house.state.plan.standing(id));
                }
            }
        }
        self.house.assert_replays();
    }
}

#[test]
fn whatever_happens_the_sessions_are_what_the_plan_and_the_hands_say() {
    let (mut open, mut by_hand, mut booked) = (0, 0, 0);
    for seed in 0..SEEDS {
        let caught = std::panic::catch_unwind(|| {
            let mut house = House::new(0);
            let planning = DefinePlanning { release_days: 366, ..DefinePlanning::of(DEPARTMENT.into()) };
            house.plans(ToDepartment::DefinePlanning(planning));
            let model = Model { horizon: 28, ..Model::default() };
            let (dice, booked) = (Dice(seed), BTreeSet::new());
            let mut week = Week { house, model, dice, booked, gone: 0, patients: 0 };
            (0..STEPS).for_each(|_| week.step());
            week.settle();
            let is_open = |session: &&crate::clinic::Session| session.standing == SessionStanding::Open;
            (week.house.state.clinic.sessions.values().filter(is_open).count(), week.model.by_hand.len(), week.patients)
        });
        let (sessions, hands, patients) = caught.unwrap_or_else(|_| panic!("seed {seed}"));
        (open, by_hand, booked) = (open + sessions, by_hand + hands, booked + patients);
    }
    assert!(open > 500 && by_hand > 50 && booked > 100, "{open} sessions, {by_hand} by hand, {booked} asked");
}
