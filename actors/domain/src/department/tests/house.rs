//! A small department to test with: two rooms, a doctor's queue and two pools, one morning session, one board.

use chrono::NaiveDate;

use crate::department::{Department, Event, State};
use crate::floor::{Standing, Ticket};
use crate::ids::*;
use crate::owner::{Context, Draft, Outgoing, Owner};
use crate::person::{PatientBrief, Sex};
use crate::time::{BusinessDate, Timestamp, Zone};
use crate::vocabulary::*;
use crate::{Code, Principal, Rejection, Role};

pub const DEPARTMENT: &str = "s.d";

/// One department, its clock and everything that has happened.
#[derive(Clone)]
pub struct House {
    pub state: State,
    pub events: Vec<Event>,
    pub outgoing: Vec<Outgoing>,
    pub now: Timestamp,
    /// When a deadline has last found nothing to do; in memory, as the shell has it.
    pub looked: Option<Timestamp>,
}

pub fn day() -> BusinessDate {
    BusinessDate(NaiveDate::from_ymd_opt(2026, 11, 23).expect("a date"))
}

pub fn at(clock: &str) -> Timestamp {
    let time = chrono::NaiveTime::parse_from_str(clock, "%H:%M").expect("HH:MM");
    Zone::named("Asia/Shanghai").expect("a zone").moment(day(), time)
}

pub fn bytes<T: serde::Serialize>(value: &T) -> Vec<u8> {
    bincode::serde::encode_to_vec(value, bincode::config::standard()).expect("encodes")
}

pub fn desk() -> Principal {
    Principal::of(Role::Desk, AccountId::from("a-desk"))
}

pub fn doctor(n: u32) -> Principal {
    let account = AccountId::from(format!("a-doctor{n}"));
    Principal { doctor: Some(doctor_id(n)), ..Principal::of(Role::Doctor, account) }
}

pub fn doctor_id(n: u32) -> DoctorId {
    DoctorId::from(format!("s.doctor{n}"))
}

pub fn assignment(n: u32) -> AssignmentId {
    AssignmentId::from(format!("s.doctor{n}.n1"))
}

pub fn queue(name: &str) -> QueueId {
    QueueId::from(format!("{DEPARTMENT}.{name}"))
}

/// A session of the first doctor's for the pool in the afternoon, by the last part of its id.
pub fn afternoon(part: &str, date: BusinessDate) -> DefineSession {
    DefineSession {
        id: SessionId::from(format!("{DEPARTMENT}.{part}")),
        date,
        period: "afternoon".to_owned(),
        queue: queue("pool"),
        doctor: Some(doctor_id(1)),
        service_point: None,
        registration_class: "普通".to_owned(),
        fee_fen: 0,
        slots: vec![DefineSlot { start: "14:00".to_owned(), minutes: 30, capacity: 6 }],
        high_demand: false,
        released_at: None,
    }
}

pub fn brief(patient: &str) -> PatientBrief {
    let patient = PatientId::from(format!("p-{patient}"));
    PatientBrief { patient, masked_name: "张*三".to_owned(), sex: Sex::Female, birth_year: Some(1980) }
}

impl House {
    /// Configured, with nobody at work, at 08:30. `door_cap` is the department's.
    pub fn new(door_cap: u32) -> Self {
        let state = Department::new_state(DEPARTMENT);
        let mut house = Self { state, events: Vec::new(), outgoing: Vec::new(), now: at("08:30"), looked: None };
        let mut settings = crate::settings::DepartmentSettings::default();
        settings.queue.door_cap = door_cap;
        let definition = DefineDepartment {
            id: DepartmentId::from(DEPARTMENT),
            name: "内科".to_owned(),
            name_en: "Medicine".to_owned(),
            neutral_name: None,
            number_only: false,
            settings,
        };
        house.system(ToDepartment::Configure { time_zone: "Asia/Shanghai".to_owned(), definition });
        for n in 1..=2 {
            let id = ServicePointId::from(format!("{DEPARTMENT}.room{n}"));
            let (name, name_en) = (format!("{n}号诊室"), format!("Room {n}"));
            house.system(ToDepartment::ConfigureServicePoint(DefineServicePoint {
                id,
                name,
                name_en,
                order: n,
                door_cap: None,
            }));
            let (name, title) = (format!("医生{n}"), "主治医师".to_owned());
            let departments = vec![DepartmentId::from(DEPARTMENT)];
            house.system(ToDepartment::ConfigureDoctor(DefineDoctor { id: doctor_id(n), name, title, departments }));
        }
        for (name, prefix, doctors) in
            [("pool", "A", vec![]), ("own", "B", vec![doctor_id(1)]), ("other", "C", vec![doctor_id(2)])]
        {
            let (id, name, prefix) = (queue(name), name.to_owned(), prefix.to_owned());
            house.system(ToDepartment::ConfigureQueue(DefineQueue { id, name, prefix, doctors }));
        }
        let board = DefineBoard {
            id: BoardId::from("s.board"),
            name: "候诊区".to_owned(),
            name_en: String::new(),
            queues: vec![queue("pool"), queue("own")],
            speaks: true,
            english: false,
            yao: false,
        };
        house.system(ToDepartment::ConfigureBoard(board));
        house
    }

    /// Defines the morning session of the pool: three slots from 9:00 of so many places.
    pub fn with_session(self, capacity: u32) -> Self {
        self.with_session_of(day(), None, capacity)
    }

    /// The same of another day, or of a doctor.
    pub fn with_session_of(mut self, date: BusinessDate, doctor: Option<DoctorId>, capacity: u32) -> Self {
        let slot = |start: &str| DefineSlot { start: start.to_owned(), minutes: 30, capacity };
        let session = DefineSession {
            id: SessionId::from(format!("{DEPARTMENT}.am")),
            date,
            period: "morning".to_owned(),
            queue: queue("pool"),
            doctor,
            service_point: None,
            registration_class: "普通".to_owned(),
            fee_fen: 1000,
            slots: vec![slot("09:00"), slot("09:30"), slot("10:00")],
            high_demand: false,
            released_at: None,
        };
        self.system(ToDepartment::DefineSession(session));
        self
    }

    /// Both doctors at work, the first in room 1.
    pub fn with_doctors(mut self) -> Self {
        for n in 1..=2 {
            self.begin(n);
        }
        self
    }

    pub fn begin(&mut self, n: u32) {
        let service_point = ServicePointId::from(format!("{DEPARTMENT}.room{n}"));
        self.system(ToDepartment::BeginAssignment { doctor: doctor_id(n), assignment: assignment(n), service_point });
    }

    pub fn context(&self, principal: Principal) -> Context {
        Context { now: self.now, principal, seed: 7 }
    }

    /// Decides, applies, keeps. A rejection leaves the state as it was, byte for byte, and has no events.
    pub fn tell(&mut self, principal: Principal, command: ToDepartment) -> Result<Answer, Rejection> {
        let context = self.context(principal);
        let before = bytes(&self.state);
        let mut draft = Draft::<Department>::new(&mut self.state);
        let answer = Department::decide(&mut draft, command.clone(), &context);
        let events = draft.into_events();
        if answer.is_err() {
            assert!(events.is_empty(), "rejected after an event: {command:?}");
            assert!(bytes(&self.state) == before, "rejected and changed: {command:?}");
        }
        for event in &events {
            Department::outgoing(event, &mut self.outgoing);
        }
        self.events.extend(events);
        answer
    }

    /// As the engine itself; never rejected.
    pub fn system(&mut self, command: ToDepartment) -> Answer {
        self.tell(Principal::system(), command).expect("the engine's own messages are never rejected")
    }

    /// As the desk.
    pub fn desk(&mut self, command: ToDepartment) -> Result<Answer, Rejection> {
        self.tell(desk(), command)
    }

    pub fn after_s(&mut self, s: i64) -> &mut Self {
        self.now = self.now.plus_s(s);
        self
    }

    /// What is due by now is done; each time something, or it was only looked at.
    pub fn pass(&mut self) -> &mut Self {
        let next = |house: &Self| match house.looked {
            Some(looked) => Department::next_deadline_after(&house.state, looked),
            None => Department::next_deadline(&house.state),
        };
        while next(self).is_some_and(|due| due <= self.now) {
            let before = self.events.len();
            self.system(ToDepartment::DeadlineReached);
            if self.events.len() == before {
                self.looked = Some(self.now);
                assert!(next(self).is_none_or(|due| due > self.now), "a deadline that stands still");
            }
        }
        self
    }

    /// Replays everything on a new state and compares, bit for bit (I10).
    pub fn assert_replays(&self) {
        let mut state = Department::new_state(DEPARTMENT);
        for event in &self.events {
            let stored: Event =
                bincode::serde::decode_from_slice(&bytes(event), bincode::config::standard()).expect("decodes").0;
            assert!(stored == *event, "{event:?}");
            Department::apply(&mut state, &stored);
        }
        assert!(bytes(&state) == bytes(&self.state), "a replay gives another state");
    }

    /// A number at the desk; a second one for who waits there already is taken knowingly.
    pub fn walk_in(&mut self, name: &str, patient: &str, class: Option<&str>) -> TicketId {
        let (queue, patient_id) = (queue(name), PatientId::from(format!("p-{patient}")));
        let today = self.state.config.today(self.now);
        let waits = self.state.floor.tickets.values().find(|ticket| {
            let opened = &ticket.opened;
            ticket.is_live() && opened.date == today && opened.queue == queue && opened.brief.patient == patient_id
        });
        let command = RegisterWalkIn {
            visit: waits.map(|ticket| ticket.opened.visit.clone()),
            queue,
            patient: patient_id,
            class: class.map(str::to_owned),
            addition_to: None,
            slot: None,
        };
        match self.desk(ToDepartment::RegisterWalkIn { command, brief: brief(patient), birth_date: None }) {
            Ok(Answer::Waiting { ticket, .. }) => ticket,
            other => panic!("{other:?}"),
        }
    }

    pub fn book(&mut self, slot: &str, patient: &str) -> AppointmentId {
        let n = self.events.len();
        let appointment = AppointmentId::from(format!("{DEPARTMENT}.b20261123-{n:016x}"));
        let slot = SlotId::from(format!("{DEPARTMENT}.am.{slot}"));
        let (brief, channel) = (brief(patient), Channel::Online);
        let request = ToDepartment::RequestPlace {
            appointment: appointment.clone(),
            slot,
            brief,
            confirm: true,
            channel,
            replaces: None,
        };
        match self.system(request) {
            Answer::Booked { .. } => appointment,
            other => panic!("{other:?}"),
        }
    }

    pub fn check_in(&mut self, appointment: &AppointmentId) -> Result<Answer, Rejection> {
        let command = Arrived { appointment: appointment.clone(), code: None };
        self.desk(ToDepartment::CheckIn { command, birth_date: None, presence_proved: true })
    }

    pub fn call_next(
        &mut self,
        n: u32,
        in_hand: Option<&TicketId>,
        outcome: Option<Outcome>,
    ) -> Result<Answer, Rejection> {
        let command = CallNextPatient {
            department: DepartmentId::from(DEPARTMENT),
            assignment: assignment(n),
            in_hand: in_hand.cloned(),
            outcome,
        };
        self.tell(doctor(n), ToDepartment::CallNextPatient(command))
    }

    /// Calls the next one with nobody in hand and says who it is.
    pub fn called(&mut self, n: u32) -> TicketId {
        called(self.call_next(n, None, None)).expect("somebody was called").ticket
    }

    /// The hospital's system registers a visit; says what the department answers.
    pub fn register_outside(&mut self, command: RegisterVisit) -> Answer {
        let (visit, brief) = (visit_of(&command.visit_id), brief(&command.visit_id));
        self.system(ToDepartment::RegisterVisit { command, visit, brief, birth_date: None })
    }

    /// The same for the pool of today; the ticket, if it is checked in.
    pub fn outside(&mut self, visit_id: &str, number: Option<&str>, checked_in: bool) -> Option<TicketId> {
        match self.register_outside(register(visit_id, number, checked_in)) {
            Answer::VisitTaken { ticket, .. } => ticket,
            other => panic!("{other:?}"),
        }
    }

    pub fn change_outside(&mut self, command: ChangeVisit) -> Answer {
        let visit = visit_of(&command.visit_id);
        self.system(ToDepartment::ChangeVisit { command, visit })
    }

    pub fn cancel_outside(&mut self, visit_id: &str, version: u64) {
        let command = CancelVisit { visit_id: visit_id.to_owned(), version, site: SiteId::from("s") };
        self.system(ToDepartment::CancelVisit { command, visit: visit_of(visit_id) });
    }

    pub fn ticket(&self, id: &TicketId) -> &Ticket {
        &self.state.floor.tickets[id]
    }

    pub fn standing(&self, id: &TicketId) -> &Standing {
        &self.ticket(id).standing
    }

    pub fn is(&self, id: &TicketId) -> &'static str {
        self.standing(id).name()
    }

    pub fn undo(&mut self, id: &TicketId, step: usize) -> Result<Answer, Rejection> {
        self.desk(ToDepartment::Undo(Undo { event: format!("{id}@{step}"), reason: "mistake".to_owned() }))
    }

    /// Undoes the last step that can be undone.
    pub fn undo_last(&mut self, id: &TicketId) -> Result<Answer, Rejection> {
        let step = crate::floor::undo::undoable(self.ticket(id)).map_or(self.ticket(id).steps.len(), |at| at + 1);
        self.undo(id, step)
    }
}

/// The visit that the site has made of a hospital's visit id.
pub fn visit_of(visit_id: &str) -> VisitId {
    VisitId::from(format!("{DEPARTMENT}.v{visit_id}"))
}

/// A visit to the pool today, as the site sends it on.
pub fn register(visit_id: &str, number: Option<&str>, checked_in: bool) -> RegisterVisit {
    RegisterVisit {
        visit_id: visit_id.to_owned(),
        version: 1,
        patient: OutsidePatient { number: String::new(), name: None, sex: None, birth_date: None },
        site: SiteId::from("s"),
        department: Some(DepartmentId::from(DEPARTMENT)),
        doctor: None,
        queue: Some(queue("pool")),
        date: day(),
        slot: None,
        class: None,
        fee_state: FeeState::Paid,
        number: number.map(str::to_owned),
        checked_in,
    }
}

/// A change that changes nothing but the version.
pub fn change(visit_id: &str, version: u64) -> ChangeVisit {
    ChangeVisit {
        visit_id: visit_id.to_owned(),
        version,
        site: SiteId::from("s"),
        queue: None,
        slot: None,
        class: None,
        fee_state: None,
        checked_in: None,
    }
}

pub fn called(answer: Result<Answer, Rejection>) -> Option<CalledTicket> {
    match answer {
        Ok(Answer::Called { called, .. }) => called,
        other => panic!("{other:?}"),
    }
}

pub fn code(answer: Result<Answer, Rejection>) -> Code {
    match answer {
        Err(rejection) | Ok(Answer::Refused(rejection)) => rejection.code,
        other => panic!("{other:?}"),
    }
}
