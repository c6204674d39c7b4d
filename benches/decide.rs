//! The rules alone, in this process: decide and apply of a call with 300 waiting tickets of all classes and every rule
//! on, and of a booking at both of its owners. Aim: under 2 µs.
//!
//! `cargo bench --bench decide [-- call | booking]`

use std::collections::VecDeque;
use std::hint::black_box;

use chrono::{NaiveDate, NaiveTime};
use hdrhistogram::Histogram;
// the program's allocator
use jiaohao as _;
use jiaohao_actors::shell::clock;
use jiaohao_domain::department::{Department, State};
use jiaohao_domain::patient::Patient;
use jiaohao_domain::person::{PatientBrief, Sex};
use jiaohao_domain::queue::{InsertionRule, OrdinaryKey, PriorityClass, SeveralQueues, Treatment};
use jiaohao_domain::time::Zone;
use jiaohao_domain::vocabulary::*;
use jiaohao_domain::*;

const WAITING: usize = 300;
const DAYS: usize = 12;
const CALLS: usize = 2_000;
const BOOKINGS: usize = 90_000;
const DEPARTMENT: &str = "s.d";
/// What two readings of the clock cost is measured and told, not taken off.
const EMPTY: usize = 100_000;

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|asked| asked == name);
    let mut empty = histogram();
    for _ in 0..EMPTY {
        timed(&mut empty, || ());
    }
    row("the clock itself", &empty);
    if wanted("call") {
        let (mut call, mut events) = (histogram(), 0);
        for day in 0..DAYS {
            events += calls_of_a_day(day as u64, &mut call);
        }
        row("call_next_patient", &call);
        println!("  events a call: {:.2}", events as f64 / call.len() as f64);
    }
    if wanted("booking") {
        let (mut reserve, mut place, mut told) = (histogram(), histogram(), histogram());
        bookings(&mut reserve, &mut place, &mut told);
        row("booking: the patient reserves", &reserve);
        row("booking: the department decides", &place);
        row("booking: the patient is told", &told);
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 1_000_000_000, 3).expect("invariant: the bounds are in order")
}

fn timed<T>(times: &mut Histogram<u64>, work: impl FnOnce() -> T) -> T {
    let began = clock::monotonic();
    let made = black_box(work());
    let took = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
    times.saturating_record(took.max(1));
    made
}

fn row(what: &str, times: &Histogram<u64>) {
    let us = |quantile| times.value_at_quantile(quantile) as f64 / 1e3;
    let (n, mean) = (times.len(), times.mean() / 1e3);
    println!("{what}: p50 {:.2} µs, p99 {:.2} µs, mean {mean:.2} µs, n {n}", us(0.5), us(0.99));
}

/// A department with its clock.
struct House {
    state: State,
    now: Timestamp,
    serial: u64,
    /// Booked, and coming only after the end of their slot.
    late: VecDeque<(Timestamp, AppointmentId)>,
}

fn day() -> BusinessDate {
    BusinessDate(NaiveDate::from_ymd_opt(2026, 11, 23).expect("invariant: a date"))
}

fn at(hour: u32, minute: u32) -> Timestamp {
    let time = NaiveTime::from_hms_opt(hour, minute, 0).expect("invariant: a time");
    Zone::named("Asia/Shanghai").expect("invariant: a zone").moment(day(), time)
}

fn brief(n: u64) -> PatientBrief {
    let patient = PatientId::from(format!("p-{n:016x}"));
    PatientBrief { patient, masked_name: "张*三".to_owned(), sex: Sex::Female, birth_year: Some(1980) }
}

fn doctor_id() -> DoctorId {
    DoctorId::from("s.doctor")
}

fn assignment() -> AssignmentId {
    AssignmentId::from("s.doctor.n1")
}

fn principal(role: Role) -> Principal {
    let doctor = (role == Role::Doctor).then(doctor_id);
    Principal { doctor, ..Principal::of(role, AccountId::from("a-bench")) }
}

/// Every rule on: classes of each treatment, insertion lines for those who return, were missed or are late, appointments
/// and walk-ins in a ratio, three queues in turn of waiting time, a door with two places.
fn settings() -> settings::DepartmentSettings {
    let mut settings = settings::DepartmentSettings::default();
    let class =
        |name: &str, treatment| PriorityClass { name: name.into(), zh: name.into(), en: name.into(), treatment };
    settings.queue.classes = vec![
        class("first", Treatment::AlwaysFirst),
        class("military", Treatment::OnePer(3)),
        class("disabled", Treatment::OnePer(4)),
        class("late_pregnancy", Treatment::MovedUp(3)),
        class("senior", Treatment::MovedUp(3)),
    ];
    settings.queue.returning = InsertionRule::OnePer(2);
    settings.queue.missed = InsertionRule::OnePer(3);
    settings.queue.late = InsertionRule::OnePer(3);
    settings.queue.ordinary = OrdinaryKey::Ratio { appointments: 3, walk_ins: 1 };
    settings.queue.several_queues = SeveralQueues::ByWaitingTime;
    settings.queue.door_cap = 2;
    settings
}

impl House {
    fn new(serial: u64) -> Self {
        let mut house = Self { state: Department::new_state(DEPARTMENT), now: at(8, 0), serial, late: VecDeque::new() };
        let definition = DefineDepartment {
            id: DepartmentId::from(DEPARTMENT),
            name: "内科".to_owned(),
            name_en: "Medicine".to_owned(),
            neutral_name: None,
            number_only: false,
            settings: settings(),
        };
        house.system(ToDepartment::Configure { time_zone: "Asia/Shanghai".to_owned(), definition });
        let service_point = ServicePointId::from(format!("{DEPARTMENT}.r"));
        let (name, name_en) = ("1号诊室".to_owned(), "Room 1".to_owned());
        let room = DefineServicePoint { id: service_point.clone(), name, name_en, order: 1, door_cap: None };
        house.system(ToDepartment::ConfigureServicePoint(room));
        let (name, title) = ("李明".to_owned(), "主任医师".to_owned());
        let departments = vec![DepartmentId::from(DEPARTMENT)];
        house.system(ToDepartment::ConfigureDoctor(DefineDoctor { id: doctor_id(), name, title, departments }));
        for (n, doctors) in [vec![doctor_id()], vec![], vec![]].into_iter().enumerate() {
            let (id, name, prefix) = (queue(n), format!("q{n}"), ["A", "B", "C"][n].to_owned());
            house.system(ToDepartment::ConfigureQueue(DefineQueue { id, name, prefix, doctors }));
        }
        let board = DefineBoard {
            id: BoardId::from("s.board"),
            name: "候诊区".to_owned(),
            name_en: String::new(),
            queues: (0..3).map(queue).collect(),
            speaks: true,
            english: true,
            yao: false,
        };
        house.system(ToDepartment::ConfigureBoard(board));
        let slot = |minute: u32| {
            let start = format!("{:02}:{:02}", 8 + minute / 60, minute % 60);
            DefineSlot { start, minutes: 30, capacity: 100_000 }
        };
        let session = DefineSession {
            id: SessionId::from(format!("{DEPARTMENT}.s")),
            date: day(),
            period: "day".to_owned(),
            queue: queue(1),
            doctor: None,
            service_point: None,
            registration_class: "普通".to_owned(),
            fee_fen: 1000,
            slots: (0..20).map(|n| slot(n * 30)).collect(),
            high_demand: false,
            released_at: None,
        };
        house.system(ToDepartment::DefineSession(session));
        let (doctor, assignment) = (doctor_id(), assignment());
        house.system(ToDepartment::BeginAssignment { doctor, assignment, service_point });
        house
    }

    fn tell(&mut self, role: Role, command: ToDepartment) -> Result<Answer, Rejection> {
        let context = Context { now: self.now, principal: principal(role), seed: self.serial };
        let mut draft = Draft::<Department>::new(&mut self.state);
        let answer = Department::decide(&mut draft, command, &context);
        let events = draft.into_events();
        self.heard(&events);
        answer
    }

    /// The persons' owners hear their news, as in the running house within milliseconds.
    fn heard(&mut self, events: &[department::Event]) {
        for event in events {
            match event {
                department::Event::Floor(floor::Event::TicketTold(news)) => {
                    self.system(ToDepartment::TicketHeard { ticket: news.ticket.clone(), n: news.n });
                }
                department::Event::Floor(floor::Event::NoticeDue { due, .. }) => {
                    self.system(ToDepartment::NoticeHeard { ticket: due.ticket.clone(), n: due.n });
                }
                _ => {}
            }
        }
    }

    fn system(&mut self, command: ToDepartment) -> Answer {
        self.tell(Role::System, command).expect("the engine's own messages are taken")
    }

    fn desk(&mut self, command: ToDepartment) -> Answer {
        self.tell(Role::Desk, command).expect("the desk may")
    }

    /// Somebody comes: a walk-in of some class, somebody booked, or somebody booked and late.
    fn arrive(&mut self) {
        self.serial += 1;
        let n = self.serial;
        if n.is_multiple_of(3) {
            // Some are late: their slot has ended.
            let minute = (self.now.ms_since(at(8, 0)) / 60_000) as u32 + if n.is_multiple_of(5) { 0 } else { 30 };
            let minute = minute / 30 * 30;
            let appointment = self.book(&format!("{:02}{:02}", 8 + minute / 60, minute % 60));
            if n.is_multiple_of(5) {
                self.late.push_back((at(8, 0).plus_min(i64::from(minute) + 30), appointment));
            } else {
                self.check_in(appointment);
            }
        }
        if let Some((_, appointment)) = self.late.pop_front_if(|(end, _)| *end <= self.now) {
            self.check_in(appointment);
        }
        let class =
            [None, Some("senior"), None, Some("military"), None, Some("disabled"), None, Some("late_pregnancy")];
        let class = if n.is_multiple_of(53) {
            Some("emergency")
        } else if n.is_multiple_of(41) {
            Some("first")
        } else {
            class[(n % 8) as usize]
        };
        let brief = brief(n);
        let command = RegisterWalkIn {
            queue: queue((n % 3) as usize),
            patient: brief.patient.clone(),
            class: class.map(str::to_owned),
            addition_to: None,
            slot: None,
            visit: None,
        };
        self.desk(ToDepartment::RegisterWalkIn { command, brief, birth_date: None });
    }

    fn check_in(&mut self, appointment: AppointmentId) {
        let command = Arrived { appointment, code: None };
        self.desk(ToDepartment::CheckIn { command, birth_date: None, presence_proved: true });
    }

    fn book(&mut self, slot: &str) -> AppointmentId {
        let appointment = AppointmentId::from(format!("{DEPARTMENT}.b20261123-{:016x}", self.serial));
        let request = ToDepartment::RequestPlace {
            appointment: appointment.clone(),
            slot: SlotId::from(format!("{DEPARTMENT}.s.{slot}")),
            brief: brief(self.serial),
            confirm: true,
            channel: Channel::Online,
            replaces: None,
        };
        self.system(request);
        appointment
    }

    fn waiting(&self) -> usize {
        self.state.floor.lines.values().map(|lines| lines.waiting_count()).sum()
    }
}

fn queue(n: usize) -> QueueId {
    QueueId::from(format!("{DEPARTMENT}.q{n}"))
}

/// So many calls, each with the ticket before in hand and seen, in a department in which 300 wait. Every seventh is sent
/// for tests and comes back, every eleventh does not come and reports later: their lines are never empty.
fn calls_of_a_day(seed: u64, times: &mut Histogram<u64>) -> usize {
    let mut house = House::new(seed * 1_000_000);
    let mut events = 0;
    let mut in_hand: Option<CalledTicket> = None;
    for n in 0..CALLS {
        house.now = house.now.plus_ms(1_500);
        if let Some(called) = in_hand.take_if(|_| n % 7 == 0 || n % 11 == 0) {
            let ticket = called.ticket.clone();
            if n % 7 == 0 {
                doctor(&mut house, ToDepartment::StartService(StartService { ticket: ticket.clone() }));
                doctor(&mut house, ToDepartment::SendForTests(SendForTests { ticket: ticket.clone() }));
            } else {
                doctor(&mut house, ToDepartment::RecallPatient(RecallPatient { call: called.call }));
                house.now = house.now.plus_s(91);
                doctor(&mut house, ToDepartment::MarkMissed(MarkMissed { ticket: ticket.clone() }));
            }
            house.desk(ToDepartment::ReportBack { command: ReportBack { ticket, code: None }, presence_proved: true });
        }
        while house.waiting() < WAITING {
            house.arrive();
        }
        let outcome = in_hand.is_some().then_some(Outcome::Seen);
        let command = ToDepartment::CallNextPatient(CallNextPatient {
            department: DepartmentId::from(DEPARTMENT),
            assignment: assignment(),
            in_hand: in_hand.map(|called| called.ticket),
            outcome,
        });
        let context = Context { now: house.now, principal: principal(Role::Doctor), seed: n as u64 };
        let mut draft = Draft::<Department>::new(&mut house.state);
        let answer = timed(times, || Department::decide(&mut draft, command, &context));
        let made = draft.into_events();
        events += made.len();
        house.heard(&made);
        in_hand = match answer {
            Ok(Answer::Called { called, .. }) => called,
            other => panic!("{other:?}"),
        };
    }
    events
}

fn doctor(house: &mut House, command: ToDepartment) {
    house.tell(Role::Doctor, command).expect("the doctor may");
}

/// Bookings of one hot slot, each for a patient without any other.
fn bookings(reserve: &mut Histogram<u64>, place: &mut Histogram<u64>, told: &mut Histogram<u64>) {
    let mut house = House::new(0);
    for n in 0..BOOKINGS {
        let who = brief(n as u64);
        let mut patient = Patient::new_state(who.patient.as_str());
        let context = Context { now: house.now, principal: principal(Role::Desk), seed: n as u64 };
        let identify =
            ToPatient::Identify { brief: who, birth_date_sealed: vec![7; 48], sealed: vec![7; 160], real_name: true };
        Patient::decide(&mut Draft::new(&mut patient), identify, &context).expect("the edge may");
        let command = ToPatient::Reserve {
            slot: SlotId::from(format!("{DEPARTMENT}.s.1000")),
            date: day(),
            slot_start: at(10, 0),
            slot_end: at(10, 30),
            confirm: true,
            channel: Channel::Desk,
            replaces: None,
            limits: jiaohao_domain::settings::PatientLimits::default(),
        };
        let mut draft = Draft::<Patient>::new(&mut patient);
        timed(reserve, || Patient::decide(&mut draft, command, &context)).expect("the patient may");
        let request = asked::<Patient>(&draft.into_events());
        let Some(Message::Department(request)) = request else { panic!("{request:?}") };
        let context = Context { now: house.now, principal: principal(Role::System), seed: n as u64 };
        let mut draft = Draft::<Department>::new(&mut house.state);
        timed(place, || Department::decide(&mut draft, *request, &context)).expect("there is room");
        let answer = asked::<Department>(&draft.into_events());
        let Some(Message::Patient(answer)) = answer else { panic!("{answer:?}") };
        let mut draft = Draft::<Patient>::new(&mut patient);
        timed(told, || Patient::decide(&mut draft, *answer, &context)).expect("the patient hears");
    }
}

fn asked<O: Owner>(events: &[O::Event]) -> Option<Message> {
    let mut out = Vec::new();
    events.iter().for_each(|event| O::outgoing(event, &mut out));
    out.into_iter().find_map(|outgoing| match outgoing {
        Outgoing::Request(_, message) => Some(message),
        Outgoing::Effect(..) => None,
    })
}
