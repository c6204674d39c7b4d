//! Configuration reaches everyone who needs it; screens are paired; visits from outside are counted once.

mod described;
mod more;
mod questions;
mod screens;

use std::collections::BTreeSet;

use super::*;
use crate::codes::Code;
use crate::ids::*;
use crate::person::{PatientBrief, Sex};
use crate::principal::Principal;
use crate::settings::DepartmentSettings;
use crate::time::BusinessDate;
use crate::vocabulary::*;

struct House {
    state: State,
    log: Vec<Event>,
    now: Timestamp,
}

fn department(id: &str) -> DefineDepartment {
    DefineDepartment {
        id: DepartmentId::from(id),
        name: "内科".into(),
        name_en: String::new(),
        neutral_name: None,
        number_only: false,
        settings: DepartmentSettings::default(),
    }
}

fn queue(id: &str, prefix: &str, doctors: &[&str]) -> DefineQueue {
    DefineQueue {
        id: QueueId::from(id),
        name: "候诊".into(),
        prefix: prefix.into(),
        doctors: doctors.iter().map(|id| DoctorId::from(*id)).collect(),
    }
}

fn doctor(id: &str, departments: &[&str]) -> DefineDoctor {
    DefineDoctor {
        id: DoctorId::from(id),
        name: "王医生".into(),
        title: "主任医师".into(),
        departments: departments.iter().map(|id| DepartmentId::from(*id)).collect(),
    }
}

fn board(id: &str, queues: &[&str]) -> DefineBoard {
    DefineBoard {
        id: BoardId::from(id),
        name: "三楼".into(),
        name_en: String::new(),
        queues: queues.iter().map(|id| QueueId::from(*id)).collect(),
        speaks: true,
        english: false,
        yao: false,
    }
}

fn point(id: &str) -> DefineServicePoint {
    DefineServicePoint {
        id: ServicePointId::from(id),
        name: "3号诊室".into(),
        name_en: "Room 3".into(),
        order: 3,
        door_cap: None,
    }
}

fn site_definition(time_zone: &str) -> DefineSite {
    DefineSite {
        id: SiteId::from("s"), name: "人民医院".into(), name_en: String::new(), time_zone: time_zone.into()
    }
}

impl House {
    fn empty() -> Self {
        Self { state: Site::new_state("s"), log: Vec::new(), now: Timestamp(1_795_392_000_000) }
    }

    /// Two departments, each with a pool, a doctor who works in both, and a doctor's own queue.
    fn new() -> Self {
        let mut house = Self::empty();
        for command in [
            ToSite::DefineSite(site_definition("Asia/Shanghai")),
            ToSite::DefineDepartment(department("s.d")),
            ToSite::DefineDepartment(department("s.e")),
            ToSite::DefineServicePoint(point("s.d.r1")),
            ToSite::DefineDoctor(doctor("s.wang", &["s.d", "s.e"])),
            ToSite::DefineQueue(queue("s.d.pool", "A", &[])),
            ToSite::DefineQueue(queue("s.d.wang", "B", &["s.wang"])),
            ToSite::DefineQueue(queue("s.e.pool", "C", &[])),
            ToSite::DefineBoard(board("s.b", &["s.d.pool", "s.e.pool"])),
        ] {
            house.tell(command).unwrap();
        }
        house
    }

    fn tell(&mut self, command: ToSite) -> Result<Answer, Code> {
        self.ask(command).map_err(|rejection| rejection.code)
    }

    /// As [`Self::tell`], with all that a rejection says.
    fn ask(&mut self, command: ToSite) -> Result<Answer, Rejection> {
        let context = Context { now: self.now, principal: Principal::system(), seed: self.log.len() as u64 };
        let before = self.state.clone();
        let mut draft = Draft::<Site>::new(&mut self.state);
        let answer = Site::decide(&mut draft, command, &context);
        let events = draft.into_events();
        if answer.is_err() {
            assert!(events.is_empty() && self.state == before, "a rejection leaves nothing behind");
        }
        self.log.extend(events);
        answer
    }

    /// Whom the last event was told to, as `kind id`.
    fn told(&self) -> BTreeSet<String> {
        self.told_by(1)
    }

    fn told_by(&self, events: usize) -> BTreeSet<String> {
        let mut out = Vec::new();
        self.log[self.log.len() - events..].iter().for_each(|event| Site::outgoing(event, &mut out));
        let name = |outgoing| match outgoing {
            Outgoing::Effect(to, Message::Department(message)) => {
                let what = if let ToDepartment::Retire { .. } = *message { " retire" } else { "" };
                format!("{:?} {}{what}", to.kind, to.id)
            }
            Outgoing::Effect(to, _) => format!("{:?} {}", to.kind, to.id),
            other => panic!("a site has only effects: {other:?}"),
        };
        out.into_iter().map(name).collect()
    }

    fn offer(&mut self, code: &str, screen: &str) -> Result<Answer, Code> {
        let (code, screen) = (code.to_owned(), ScreenId::from(screen));
        let secret_hash = "hash".into();
        self.tell(ToSite::OfferScreen { code, screen, secret_hash, door: None, instead_of: None })
    }
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_definition_reaches_everyone_who_needs_it() {
    let mut house = House::new();
    assert_eq!(house.told(), set(&["Department s.d", "Department s.e", "Board s.b"]));
    house.tell(ToSite::DefineBoard(board("s.b", &["s.e.pool"]))).unwrap();
    assert_eq!(house.told(), set(&["Department s.d retire", "Department s.e", "Board s.b"]));
    house.tell(ToSite::DefineDoctor(doctor("s.li", &["s.d", "s.e"]))).unwrap();
    assert_eq!(house.told(), set(&["Department s.d", "Department s.e", "Doctor s.li"]));
    house.tell(ToSite::DefineDoctor(doctor("s.li", &["s.e"]))).unwrap();
    assert_eq!(house.told(), set(&["Department s.d retire", "Department s.e", "Doctor s.li"]));
    house.tell(ToSite::DefineQueue(queue("s.d.li", "D", &[]))).unwrap();
    assert_eq!(house.told(), set(&["Department s.d"]));
    house.tell(ToSite::DefineServicePoint(point("s.e.r1"))).unwrap();
    assert_eq!(house.told(), set(&["Department s.e"]));
    house.tell(ToSite::DefineSite(site_definition("Europe/Berlin"))).unwrap();
    assert_eq!(house.told(), set(&["Department s.d", "Department s.e"]), "another zone is told");
    let mut renamed = site_definition("Europe/Berlin");
    renamed.name = "第一人民医院".into();
    house.tell(ToSite::DefineSite(renamed)).unwrap();
    assert_eq!(house.told(), set(&[]), "another name is not");
}

#[test]
fn defining_the_same_again_changes_nothing() {
    let mut house = House::new();
    let events = house.log.len();
    for command in [
        ToSite::DefineSite(site_definition("Asia/Shanghai")),
        ToSite::DefineDepartment(department("s.d")),
        ToSite::DefineServicePoint(point("s.d.r1")),
        ToSite::DefineDoctor(doctor("s.wang", &["s.d", "s.e"])),
        ToSite::DefineQueue(queue("s.d.wang", "B", &["s.wang"])),
        ToSite::DefineBoard(board("s.b", &["s.d.pool", "s.e.pool"])),
    ] {
        house.tell(command).unwrap();
    }
    assert_eq!(house.log.len(), events);
}

#[test]
fn bad_definitions_are_named() {
    let mut named = department("s.d");
    named.name = " ".into();
    let mut held = department("s.d");
    held.settings.booking.hold_ttl_s = 0;
    let mut never_due = department("s.d");
    never_due.settings.queue.returning = crate::queue::InsertionRule::OnePer(0);
    let table = [
        (ToSite::DefineSite(site_definition("Mars/Olympus")), Code::InvalidField),
        (ToSite::DefineSite(DefineSite { id: SiteId::from("t"), ..site_definition("UTC") }), Code::IdNotUnderParent),
        (ToSite::DefineDepartment(department("t.d")), Code::IdNotUnderParent),
        (ToSite::DefineDepartment(department("s.d.x")), Code::IdNotUnderParent),
        (ToSite::DefineDepartment(department("s")), Code::IdNotUnderParent),
        (ToSite::DefineDepartment(named), Code::InvalidField),
        (ToSite::DefineDepartment(held), Code::InvalidField),
        (ToSite::DefineDepartment(never_due), Code::InvalidField),
        (ToSite::DefineServicePoint(point("s.x.r1")), Code::InvalidField),
        (ToSite::DefineServicePoint(point("t.d.r1")), Code::IdNotUnderParent),
        (ToSite::DefineServicePoint(point("s.d")), Code::IdNotUnderParent),
        (ToSite::DefineQueue(queue("s.e.q2", "A", &[])), Code::PrefixTaken),
        (ToSite::DefineQueue(queue("s.e.q2", "a", &[])), Code::InvalidField),
        (ToSite::DefineQueue(queue("s.e.q2", "ABCD", &[])), Code::InvalidField),
        (ToSite::DefineQueue(queue("s.e.q2", "D", &["s.nobody"])), Code::InvalidField),
        (ToSite::DefineQueue(queue("s.e.q2", "D", &["s.wang", "s.wang"])), Code::InvalidField),
        (ToSite::DefineDoctor(doctor("s.zhao", &["s.x"])), Code::InvalidField),
        (ToSite::DefineDoctor(doctor("s.d.zhao", &["s.d"])), Code::IdNotUnderParent),
        (ToSite::DefineBoard(board("s.b2", &["s.d.nothing"])), Code::InvalidField),
        (ToSite::DefineBoard(board("s.b2", &["s.d.pool", "s.d.pool"])), Code::InvalidField),
    ];
    for (command, code) in table {
        let text = format!("{command:?}");
        assert_eq!(House::new().tell(command), Err(code), "{text}");
    }
    let mut elsewhere = House::new();
    elsewhere.tell(ToSite::DefineDoctor(doctor("s.li", &["s.e"]))).unwrap();
    assert_eq!(elsewhere.tell(ToSite::DefineQueue(queue("s.d.li", "D", &["s.li"]))), Err(Code::InvalidField));
    assert_eq!(House::empty().tell(ToSite::DefineDepartment(department("s.d"))), Err(Code::Forbidden), "no site yet");
}

#[test]
fn a_wrong_field_is_named() {
    let mut blank = department("s.d");
    blank.name = " ".into();
    let mut held = department("s.d");
    held.settings.booking.hold_ttl_s = 0;
    let mut never_due = department("s.d");
    never_due.settings.queue.returning = crate::queue::InsertionRule::OnePer(0);
    let table = [
        (ToSite::DefineSite(site_definition("Mars/Olympus")), "time_zone"),
        (ToSite::DefineDepartment(blank), "name"),
        (ToSite::DefineDepartment(held), "settings.booking.hold_ttl_s"),
        (ToSite::DefineDepartment(never_due), "settings.queue.returning"),
        (ToSite::DefineServicePoint(point("s.x.r1")), "id"),
        (ToSite::DefineQueue(queue("s.e.q2", "ABCD", &[])), "prefix"),
        (ToSite::DefineQueue(queue("s.e.q2", "D", &["s.nobody"])), "doctors"),
        (ToSite::DefineDoctor(doctor("s.zhao", &["s.x"])), "departments"),
        (ToSite::DefineBoard(board("s.b2", &["s.d.nothing"])), "queues"),
    ];
    for (command, field) in table {
        let text = format!("{command:?}");
        let refused = House::new().ask(command).expect_err(field);
        assert!(refused.valid_now.contains(&("field".to_owned(), field.into())), "{text}: {refused:?}");
    }
}

#[test]
fn what_is_named_can_be_read_out() {
    let named = |name: &str| {
        let mut room = point("s.d.r9");
        room.name = name.into();
        House::new().tell(ToSite::DefineServicePoint(room)).map(drop)
    };
    for name in ["*", "—", "\u{301}", "\u{301}e", "( )"] {
        assert_eq!(named(name), Err(Code::InvalidField), "{name}");
    }
    for name in ["3", "<b>", "é", "e\u{301}", "内科*", "①"] {
        assert_eq!(named(name), Ok(()), "{name}");
    }
}

#[test]
fn what_is_retired_takes_nothing_new_and_frees_its_prefix() {
    let mut house = House::new();
    house.tell(ToSite::RetireQueue(RetireQueue { id: QueueId::from("s.d.wang") })).unwrap();
    assert_eq!(house.told(), set(&["Department s.d retire"]));
    let events = house.log.len();
    house.tell(ToSite::RetireQueue(RetireQueue { id: QueueId::from("s.d.wang") })).unwrap();
    assert_eq!(house.log.len(), events, "again changes nothing");
    assert_eq!(house.tell(ToSite::DefineQueue(queue("s.d.wang", "B", &[]))), Err(Code::Retired));
    house.tell(ToSite::DefineQueue(queue("s.d.new", "B", &[]))).unwrap();
    assert_eq!(house.tell(ToSite::RetireQueue(RetireQueue { id: QueueId::from("s.d.no") })), Err(Code::Forbidden));
    house.tell(ToSite::RetireDoctor(RetireDoctor { id: DoctorId::from("s.wang") })).unwrap();
    assert_eq!(house.told(), set(&["Department s.d retire", "Department s.e retire", "Doctor s.wang"]));
    house.tell(ToSite::RetireServicePoint(RetireServicePoint { id: ServicePointId::from("s.d.r1") })).unwrap();
    house.offer("123456", "s.screen1").unwrap();
    house.tell(ToSite::ApproveScreen(ApproveScreen { code: "123456".into(), board: BoardId::from("s.b") })).unwrap();
    house.tell(ToSite::RetireBoard(RetireBoard { id: BoardId::from("s.b") })).unwrap();
    assert_eq!(house.told(), set(&["Department s.d retire", "Department s.e retire", "Board s.b"]));
    assert!(house.state.screens.is_empty(), "its screens are paired no more");
    assert_eq!(
        house.log.iter().filter(|event| Site::ends_rights(event)).count(),
        2,
        "and their rights end, and the doctor's"
    );
    house.tell(ToSite::RetireDepartment(RetireDepartment { id: DepartmentId::from("s.d") })).unwrap();
    assert!(house.state.queues.values().filter(|q| q.definition.id.prefix(2) == "s.d").all(|q| q.retired));
    assert_eq!(house.tell(ToSite::DefineQueue(queue("s.d.q9", "Z", &[]))), Err(Code::Retired));
    house.tell(ToSite::DefineQueue(queue("s.e.q9", "A", &[]))).unwrap();
}

#[test]
fn a_prefix_is_one_queues_of_its_site_whatever_is_defined() {
    use proptest::prelude::*;
    proptest!(|(steps in prop::collection::vec((0..6_usize, 0..3_usize, any::<bool>()), 1..60))| {
        let mut house = House::new();
        for (n, prefix, retire) in steps {
            let id = format!("s.{}.q{n}", if n % 2 == 0 { "d" } else { "e" });
            let command = if retire {
                ToSite::RetireQueue(RetireQueue { id: QueueId::from(id) })
            } else {
                ToSite::DefineQueue(queue(&id, ["X", "Y", "Z"][prefix], &[]))
            };
            let _ = house.tell(command);
            let prefixes: Vec<_> = house.state.queues.values().filter(|q| !q.retired).map(|q| &q.definition.prefix).collect();
            prop_assert_eq!(prefixes.iter().collect::<BTreeSet<_>>().len(), prefixes.len());
        }
        let mut replayed = Site::new_state("s");
        for event in &house.log {
            let text = serde_json::to_string(event).unwrap();
            Site::apply(&mut replayed, &serde_json::from_str(&text).unwrap());
        }
        prop_assert_eq!(&replayed, &house.state);
    });
}

#[test]
fn a_screen_is_paired_by_the_code_that_it_shows() {
    let mut house = House::new();
    let approve = |code: &str| ToSite::ApproveScreen(ApproveScreen { code: code.into(), board: BoardId::from("s.b") });
    house.offer("123456", "s.screen1").unwrap();
    assert_eq!(house.offer("123456", "s.screen2"), Err(Code::AlreadyExists), "another screen shows it");
    assert_eq!(house.tell(approve("654321")), Err(Code::WrongCredentials));
    house.offer("654321", "s.screen1").unwrap();
    assert_eq!(house.tell(approve("123456")), Err(Code::WrongCredentials), "the screen shows another one now");
    let screen = ScreenId::from("s.screen1");
    assert_eq!(house.tell(approve("654321")), Ok(Answer::ScreenPaired { screen: screen.clone() }));
    assert_eq!(house.tell(approve("654321")), Err(Code::WrongCredentials), "once");
    assert_eq!(house.offer("111111", "s.screen1"), Err(Code::AlreadyExists));
    house.tell(ToSite::RevokeScreen(RevokeScreen { screen: screen.clone() })).unwrap();
    assert_eq!(house.tell(ToSite::RevokeScreen(RevokeScreen { screen })), Err(Code::Forbidden));
    for (code, screen) in [("12345", "s.x"), ("12345a", "s.x"), ("123456", "t.x"), ("123456", "s.x.y")] {
        assert!(house.offer(code, screen).is_err(), "{code} {screen}");
    }
}

#[test]
fn a_code_stands_for_ten_minutes() {
    let mut house = House::new();
    house.offer("123456", "s.screen1").unwrap();
    let due = Site::next_deadline(&house.state).unwrap();
    assert_eq!(due, house.now.plus_min(10));
    house.now = due;
    let approve = ToSite::ApproveScreen(ApproveScreen { code: "123456".into(), board: BoardId::from("s.b") });
    assert_eq!(house.tell(approve), Err(Code::WrongCredentials), "over, deadline handled or not");
    house.tell(ToSite::DeadlineReached).unwrap();
    assert!(house.state.offers.is_empty());
    assert_eq!(Site::next_deadline(&house.state), None);
}

fn visit(visit_id: &str, version: u64) -> RegisterVisit {
    RegisterVisit {
        visit_id: visit_id.into(),
        version,
        patient: OutsidePatient {
            number: "HIS-77".into(),
            name: Some("张小三".into()),
            sex: Some(Sex::Female),
            birth_date: BusinessDate::from_compact("19400101"),
        },
        site: SiteId::from("s"),
        department: Some(DepartmentId::from("s.d")),
        doctor: None,
        queue: None,
        date: BusinessDate::from_compact("20261123").unwrap(),
        slot: None,
        class: None,
        fee_state: FeeState::Paid,
        number: None,
        checked_in: false,
    }
}

fn register(command: RegisterVisit) -> ToSite {
    let brief = PatientBrief {
        patient: PatientId::from("p-1"),
        masked_name: "张*三".into(),
        sex: Sex::Female,
        birth_year: Some(1940),
    };
    ToSite::RegisterVisit { command, brief, birth_date: BusinessDate::from_compact("19400101") }
}

fn taken(answer: Result<Answer, Code>) -> VisitId {
    match answer {
        Ok(Answer::VisitTaken { visit, .. }) => visit,
        Ok(Answer::AskedOf(department, Message::Department(asked))) => match *asked {
            ToDepartment::TellVisit { visit, .. } if *department.id == *visit.department().as_str() => visit,
            other => panic!("asked something else: {other:?}"),
        },
        other => panic!("not taken: {other:?}"),
    }
}

#[test]
fn a_visit_is_taken_once_and_sent_on_without_the_person() {
    let mut house = House::new();
    let first = taken(house.tell(register(visit("V1", 3))));
    assert!(first.as_str().starts_with("s.d.v20261123-"));
    assert_eq!(house.told(), set(&["Department s.d"]));
    let Some(Event::VisitRegistered { command, queue, .. }) = house.log.last() else { panic!("registered") };
    assert_eq!((queue.as_str(), command.class.as_deref()), ("s.d.pool", Some("senior")));
    let logged = serde_json::to_string(&house.log).unwrap();
    for secret in ["HIS-77", "张小三", "1940-01-01"] {
        assert!(!logged.contains(secret), "{secret} is the person's own");
    }
    let events = house.log.len();
    assert_eq!(taken(house.tell(register(visit("V1", 3)))), first, "the same version again");
    assert_eq!(house.log.len(), events);
    assert_eq!(house.tell(register(visit("V1", 2))), Err(Code::OldVersion));
    let unpaid = RegisterVisit { fee_state: FeeState::Unpaid, ..visit("V1", 3) };
    assert_eq!(house.tell(register(unpaid)), Err(Code::IdempotencyKeyReused), "the same version with another body");
}

#[test]
fn a_visit_finds_its_queue() {
    let by = |change: &dyn Fn(&mut RegisterVisit)| {
        let mut command = visit("V1", 1);
        change(&mut command);
        let mut house = House::new();
        house.tell(register(command)).map(|_| house.state.visits["V1"].queue.as_str().to_owned())
    };
    let wang = Some(DoctorId::from("s.wang"));
    assert_eq!(by(&|_| {}).as_deref(), Ok("s.d.pool"));
    let other = |department: &str, queue: &str| {
        let (department, queue) = (DepartmentId::from(department), QueueId::from(queue));
        by(&|c| (c.department, c.queue) = (Some(department.clone()), Some(queue.clone())))
    };
    assert_eq!(other("s.d", "s.d.wang").as_deref(), Ok("s.d.wang"));
    assert_eq!(other("s.e", "s.d.wang"), Err(Code::InvalidField), "a queue of another department than the one named");
    assert_eq!(by(&|c| c.doctor = wang.clone()).as_deref(), Ok("s.d.wang"));
    assert_eq!(by(&|c| (c.doctor, c.department) = (wang.clone(), None)).as_deref(), Ok("s.d.wang"));
    let in_e = Some(DepartmentId::from("s.e"));
    assert_eq!(by(&|c| (c.doctor, c.department) = (wang.clone(), in_e.clone())).as_deref(), Ok("s.e.pool"));
    let pool_of_e = || Some(QueueId::from("s.e.pool"));
    assert_eq!(by(&|c| (c.queue, c.department) = (pool_of_e(), None)).as_deref(), Ok("s.e.pool"));
    assert_eq!(by(&|c| c.department = None), Err(Code::InvalidField));
    assert_eq!(by(&|c| c.queue = Some(QueueId::from("s.d.no"))), Err(Code::Forbidden));
    assert_eq!(by(&|c| c.doctor = Some(DoctorId::from("s.no"))), Err(Code::Forbidden));
    assert_eq!(by(&|c| c.site = SiteId::from("t")), Err(Code::Forbidden));
    assert_eq!(by(&|c| c.class = Some("zzz".into())), Err(Code::InvalidField));
    assert_eq!(by(&|c| c.date = BusinessDate::from_compact("20261122").unwrap()), Err(Code::InvalidField), "over");
    assert_eq!(by(&|c| c.date = BusinessDate::from_compact("20280101").unwrap()), Err(Code::InvalidField), "far ahead");
}

#[test]
fn a_slot_that_is_none_of_the_departments_keeps_no_visit_out() {
    for slot in ["HIS-12-34", "", "nope", "号源 7", "other.x.s1.0900", "s.no.s1.0900", "s.e.am.0900"] {
        let mut house = House::new();
        let given = |version| {
            let mut given = serde_json::to_value(visit("V1", version)).expect("JSON");
            given["slot"] = slot.into();
            serde_json::from_value::<RegisterVisit>(given).expect("any text is read")
        };
        let first = taken(house.tell(register(given(1))));
        assert_eq!(taken(house.tell(register(given(1)))), first, "{slot}: a repeat");
        let change = serde_json::json!({"visit_id": "V1", "version": 2, "site": "s", "slot": slot});
        let change: ChangeVisit = serde_json::from_value(change).expect("any text is read");
        assert_eq!(taken(house.tell(ToSite::ChangeVisit(change))), first, "{slot}: a change");
        for event in &house.log {
            match event {
                Event::VisitRegistered { command, .. } => assert_eq!(command.slot, None, "{slot}"),
                Event::VisitChanged { command, .. } => assert!(command.slot.is_some(), "{slot}: no slot any more"),
                _ => {}
            }
        }
    }
    let mut house = House::new();
    let known = Some(SlotId::from("s.d.am.0900"));
    house.tell(register(RegisterVisit { slot: known.clone(), ..visit("V1", 1) })).expect("taken");
    let kept =
        house.log.iter().any(|event| matches!(event, Event::VisitRegistered { command, .. } if command.slot == known));
    assert!(kept, "the department's own is its to know");
}

#[test]
fn visits_change_move_and_end_by_version() {
    let mut house = House::new();
    let first = taken(house.tell(register(visit("V1", 1))));
    let change = |version, queue: Option<&str>| {
        ToSite::ChangeVisit(ChangeVisit {
            visit_id: "V1".into(),
            version,
            site: SiteId::from("s"),
            queue: queue.map(QueueId::from),
            slot: None,
            class: None,
            fee_state: None,
            checked_in: Some(true),
        })
    };
    assert_eq!(taken(house.tell(change(2, Some("s.d.wang")))), first);
    assert_eq!(house.told(), set(&["Department s.d"]));
    let events = house.log.len();
    assert_eq!(taken(house.tell(change(2, Some("s.d.wang")))), first);
    assert_eq!(house.log.len(), events);
    assert_eq!(house.tell(change(1, None)), Err(Code::OldVersion));
    assert_eq!(
        house.tell(change(3, Some("s.e.pool"))),
        Err(Code::InvalidField),
        "another department is registered anew"
    );
    let mut moved = visit("V1", 4);
    moved.department = Some(DepartmentId::from("s.e"));
    let second = taken(house.tell(register(moved)));
    assert_eq!(house.told_by(2), set(&["Department s.d", "Department s.e"]), "off there, on here");
    assert!(second.as_str().starts_with("s.e.v"));
    let cancel = |version| ToSite::CancelVisit(CancelVisit { visit_id: "V1".into(), version, site: SiteId::from("s") });
    assert_eq!(taken(house.tell(cancel(5))), second);
    assert_eq!(house.told(), set(&["Department s.e"]));
    assert_eq!(house.tell(change(6, None)), Err(Code::WrongAppointmentState));
    assert_eq!(taken(house.tell(cancel(6))), second, "off already");
    let unknown = ToSite::CancelVisit(CancelVisit { visit_id: "V9".into(), version: 1, site: SiteId::from("s") });
    assert_eq!(house.tell(unknown), Err(Code::Forbidden));
}

#[test]
fn a_visit_that_stands_and_is_said_whole_once_more_is_changed_and_made_no_second_time() {
    let mut house = House::new();
    let first = taken(house.tell(register(visit("V1", 1))));
    let unpaid = |version| RegisterVisit { fee_state: FeeState::Unpaid, ..visit("V1", version) };
    assert_eq!(taken(house.tell(register(unpaid(2)))), first);
    let Some(Event::VisitRegistered { command, .. }) = house.log.last() else { panic!("{:?}", house.log.last()) };
    assert_eq!((command.version, command.fee_state), (2, FeeState::Unpaid));
    let events = house.log.len();
    assert_eq!(taken(house.tell(register(unpaid(2)))), first, "said again");
    assert_eq!(house.tell(register(visit("V1", 2))), Err(Code::IdempotencyKeyReused));
    assert_eq!(house.log.len(), events);
    // Another number, day, department or person is another visit: the one before is off.
    let other = |change: &dyn Fn(&mut RegisterVisit)| {
        let mut house = House::new();
        let first = taken(house.tell(register(visit("V1", 1))));
        let mut again = visit("V1", 2);
        change(&mut again);
        let second = taken(house.tell(register(again)));
        assert_eq!(first != second, house.log.iter().any(|event| matches!(event, Event::VisitCancelled { .. })));
        first != second
    };
    assert!(!other(&|_| {}) && !other(&|v| v.queue = Some(QueueId::from("s.d.wang"))));
    assert!(other(&|v| v.number = Some("H001".into())) && other(&|v| v.department = Some(DepartmentId::from("s.e"))));
    assert!(other(&|v| v.date = BusinessDate::from_compact("20261124").unwrap()));
    for change in
        [(|brief: &mut PatientBrief| brief.patient = PatientId::from("p-other")) as fn(&mut PatientBrief), |brief| {
            brief.masked_name = "王*国".to_owned()
        }]
    {
        let mut house = House::new();
        let first = taken(house.tell(register(visit("V1", 1))));
        let ToSite::RegisterVisit { command, mut brief, birth_date } = register(visit("V1", 2)) else { unreachable!() };
        change(&mut brief);
        let another = taken(house.tell(ToSite::RegisterVisit { command, brief, birth_date }));
        assert_ne!(another, first, "another person, or what is said of the person has changed");
    }
}

#[test]
fn a_visit_said_whole_once_more_waits_on_where_it_does_unless_another_queue_is_named() {
    let mut house = House::new();
    let waits_in = |house: &House| house.state.visits["V1"].queue.as_str().to_owned();
    house.tell(register(visit("V1", 1))).expect("taken");
    assert_eq!(waits_in(&house), "s.d.pool");
    // Another pool, which a visit of the department would be given now.
    house.tell(ToSite::DefineQueue(queue("s.d.extra", "E", &[]))).expect("defined");
    house.tell(register(visit("V2", 1))).expect("taken");
    assert_eq!(house.state.visits["V2"].queue.as_str(), "s.d.extra");
    house.tell(register(visit("V1", 2))).expect("taken");
    assert_eq!(waits_in(&house), "s.d.pool");
    let named = |version, queue: &str| RegisterVisit { queue: Some(QueueId::from(queue)), ..visit("V1", version) };
    house.tell(register(named(3, "s.d.wang"))).expect("taken");
    assert_eq!(waits_in(&house), "s.d.wang");
    let of_wang = RegisterVisit { doctor: Some(DoctorId::from("s.wang")), department: None, ..visit("V1", 4) };
    house.tell(register(of_wang)).expect("taken");
    assert_eq!(waits_in(&house), "s.d.wang");
}

#[test]
fn the_hospitals_number_is_used_once_in_a_queue_and_day() {
    let mut house = House::new();
    let numbered = |visit_id: &str, day: &str| {
        let mut command = visit(visit_id, 1);
        command.number = Some("H001".into());
        command.date = BusinessDate::from_compact(day).unwrap();
        register(command)
    };
    house.tell(numbered("V1", "20261123")).unwrap();
    assert_eq!(house.tell(numbered("V2", "20261123")), Err(Code::NumberTaken));
    let mut typed_otherwise = visit("V4", 1);
    typed_otherwise.number = Some("h001".into());
    assert_eq!(house.tell(register(typed_otherwise)), Err(Code::NumberTaken), "two would stand up at one call");
    house.tell(numbered("V3", "20261124")).unwrap();
    house
        .tell(ToSite::CancelVisit(CancelVisit { visit_id: "V1".into(), version: 2, site: SiteId::from("s") }))
        .unwrap();
    assert_eq!(house.tell(numbered("V2", "20261123")), Err(Code::NumberTaken), "never again, not after a cancel");
}

#[test]
fn visits_are_forgotten_a_month_after_their_day() {
    let mut house = House::new();
    let mut numbered = visit("V1", 1);
    numbered.number = Some("H001".into());
    house.tell(register(numbered)).unwrap();
    house.now = house.now.plus_s(31 * 24 * 60 * 60);
    let mut later = visit("V2", 1);
    later.date = BusinessDate::from_compact("20261224").unwrap();
    house.tell(register(later)).unwrap();
    assert_eq!(house.state.visits.keys().collect::<Vec<_>>(), ["V2"]);
    assert!(house.state.numbers.is_empty());
    assert_eq!(house.state.visits_by_day.len(), 1);
}

#[test]
fn the_view_has_the_house_and_no_secret() {
    let mut house = House::new();
    house.offer("123456", "s.screen1").unwrap();
    house.tell(ToSite::ApproveScreen(ApproveScreen { code: "123456".into(), board: BoardId::from("s.b") })).unwrap();
    house.offer("222222", "s.screen2").unwrap();
    let shown = view::snapshot(&house.state, "site", "s", house.state.zone()).unwrap();
    assert_eq!(shown["queues"].as_array().unwrap().len(), 3);
    assert_eq!(shown["screens"][0]["board"], "s.b");
    let said: Vec<_> =
        house.log.iter().flat_map(|e| view::emissions(&house.state, e, house.now, house.state.zone())).collect();
    assert!(said.iter().all(|(stream, _)| stream == "site:s"));
    for secret in ["hash", "222222", "123456"] {
        assert!(!format!("{shown}{said:?}").contains(secret), "{secret}");
    }
}

#[test]
fn an_offer_may_take_the_place_of_an_older_one() {
    let mut house = House::new();
    house.offer("123456", "s.screen1").unwrap();
    let newer = |instead_of: Option<&str>| ToSite::OfferScreen {
        code: "654321".into(),
        screen: ScreenId::from("s.screen2"),
        secret_hash: "hash".into(),
        door: None,
        instead_of: instead_of.map(ScreenId::from),
    };
    house.tell(newer(Some("s.screen1"))).unwrap();
    assert_eq!(house.state.offers.keys().collect::<Vec<_>>(), ["654321"]);
    house.tell(newer(Some("s.never"))).unwrap();
    assert_eq!(house.state.offers.len(), 1);
}

#[test]
fn a_rooms_screen_is_paired_with_a_board_of_its_department_and_keeps_its_room() {
    let mut house = House::new();
    let at = |door: &str, screen: &str, code: &str| ToSite::OfferScreen {
        code: code.into(),
        screen: ScreenId::from(screen),
        secret_hash: "hash".into(),
        door: Some(ServicePointId::from(door)),
        instead_of: None,
    };
    let approve = |code: &str| ToSite::ApproveScreen(ApproveScreen { code: code.into(), board: BoardId::from("s.b") });
    let shown: Vec<_> = house.state.boards[&BoardId::from("s.b")].definition.queues.clone();
    let room = house.state.service_points.keys().find(|id| shown[0].department() == id.department()).cloned().unwrap();
    assert_eq!(house.tell(at("s.d.nowhere", "s.screen1", "111111")), Err(Code::Forbidden));
    house.tell(at(room.as_str(), "s.screen1", "111111")).unwrap();
    house.tell(approve("111111")).unwrap();
    assert_eq!(house.state.doors[&ScreenId::from("s.screen1")], room);
    house.tell(ToSite::RevokeScreen(RevokeScreen { screen: ScreenId::from("s.screen1") })).unwrap();
    assert!(house.state.doors.is_empty());
    house.tell(at(room.as_str(), "s.screen3", "333333")).unwrap();
    house.tell(approve("333333")).unwrap();
    house.tell(at(room.as_str(), "s.screen4", "444444")).unwrap();
    house.tell(ToSite::RetireServicePoint(RetireServicePoint { id: room.clone() })).unwrap();
    assert!(house.state.screens.is_empty(), "no more of the room, no more of the screen at its door");
    let revoked = |event: &&Event| Site::ends_rights(event);
    assert_eq!(house.log.iter().filter(revoked).count(), 2);
    assert_eq!(house.tell(approve("444444")), Err(Code::Retired), "nor of one that waits");
    let other = DefineDepartment { name: "外科".into(), ..department("s.other") };
    house.tell(ToSite::DefineDepartment(other)).unwrap();
    let foreign = DefineServicePoint {
        id: ServicePointId::from("s.other.r1"),
        name: "1号诊室".into(),
        name_en: String::new(),
        order: 1,
        door_cap: None,
    };
    house.tell(ToSite::DefineServicePoint(foreign)).unwrap();
    house.tell(at("s.other.r1", "s.screen2", "222222")).unwrap();
    assert_eq!(house.tell(approve("222222")), Err(Code::InvalidField));
}
