//! Tests of the screen: the projection of a real department through its own commands, masking, and the exact shape.

use jiaohao_domain::department::{self, Department};
use jiaohao_domain::person::{PatientBrief, Sex};
use jiaohao_domain::time::Zone;
use jiaohao_domain::vocabulary::*;
use jiaohao_domain::*;
use serde_json::{Value, json};

use super::rules::*;
use super::stream::*;
use crate::announce::Board;

/// 2026-11-23 09:00 in Shanghai.
pub(super) const T0: Timestamp = Timestamp(1_795_395_600_000);
pub(super) const DEPARTMENT: &str = "renmin.xinnei";

fn zone() -> Zone {
    Zone::named("Asia/Shanghai").unwrap()
}

/// A department and a board that shows it, told things and looked at.
pub(super) struct Area {
    pub(super) department: department::State,
    pub(super) line: crate::announce::State,
    pub(super) now: Timestamp,
    pub(super) emitted: Vec<Value>,
}

impl Area {
    pub(super) fn new(number_only: bool) -> Self {
        let mut area = Self {
            department: Department::new_state(DEPARTMENT),
            line: Board::new_state("renmin.b3f"),
            now: T0,
            emitted: Vec::new(),
        };
        let definition = DefineDepartment {
            id: DEPARTMENT.into(),
            name: "心内科".into(),
            name_en: "Cardiology".into(),
            neutral_name: number_only.then(|| "二楼门诊".to_owned()),
            number_only,
            settings: Default::default(),
        };
        let board = DefineBoard {
            id: "renmin.b3f".into(),
            name: "心内科候诊区".into(),
            name_en: "Cardiology · 3F".into(),
            queues: vec!["renmin.xinnei.a".into()],
            speaks: true,
            english: true,
            yao: false,
        };
        area.tell_board(ToBoard::Configure(board.clone()));
        area.tell(ToDepartment::Configure { time_zone: "Asia/Shanghai".into(), definition });
        for (point, name) in [("r3", "3号诊室"), ("r5", "5号诊室")] {
            area.tell(ToDepartment::ConfigureServicePoint(DefineServicePoint {
                id: format!("{DEPARTMENT}.{point}").into(),
                name: name.into(),
                name_en: format!("Room {}", &point[1..]),
                order: point[1..].parse().unwrap(),
                door_cap: Some(1),
            }));
        }
        for (queue, prefix) in [("a", "A"), ("hidden", "H")] {
            area.tell(ToDepartment::ConfigureQueue(DefineQueue {
                id: format!("{DEPARTMENT}.{queue}").into(),
                name: "心内科普通".into(),
                prefix: prefix.into(),
                doctors: Vec::new(),
            }));
        }
        for (doctor, name, title) in [("li", "李明", "主任医师"), ("zhou", "周静", "副主任医师")] {
            area.tell(ToDepartment::ConfigureDoctor(DefineDoctor {
                id: format!("renmin.{doctor}").into(),
                name: name.into(),
                title: title.into(),
                departments: vec![DEPARTMENT.into()],
            }));
        }
        area.tell(ToDepartment::ConfigureBoard(board));
        area.emitted.clear();
        area
    }

    fn context(&self, principal: Principal) -> Context {
        Context { now: self.now, principal, seed: 7 }
    }

    pub(super) fn tell_board(&mut self, command: ToBoard) {
        let context = self.context(Principal::system());
        let mut draft = Draft::<Board>::new(&mut self.line);
        Board::decide(&mut draft, command, &context).unwrap();
        for event in draft.into_events() {
            self.emitted.extend(board_emission(&self.line, &[&self.department], &event, self.now, zone()));
        }
    }

    /// Tells the department, and the board what the department then owes it.
    pub(super) fn tell(&mut self, command: ToDepartment) -> Answer {
        self.tell_as(command, Principal::of(Role::Desk, "a-desk".into()))
    }

    fn tell_as(&mut self, command: ToDepartment, principal: Principal) -> Answer {
        self.ask_as(command, principal).unwrap()
    }

    fn ask_as(&mut self, command: ToDepartment, principal: Principal) -> Result<Answer, Rejection> {
        let context = self.context(principal);
        let mut draft = Draft::<Department>::new(&mut self.department);
        let answer = Department::decide(&mut draft, command, &context)?;
        let events = draft.into_events();
        let mut owed = Vec::new();
        for event in &events {
            self.emitted.extend(department_emission(&self.line, &[&self.department], event, self.now, zone()));
            Department::outgoing(event, &mut owed);
        }
        for one in owed {
            if let Outgoing::Effect(_, Message::Board(command)) = one {
                self.tell_board(*command);
            }
        }
        Ok(answer)
    }

    fn work(&mut self, doctor: &str, point: &str) {
        self.tell(ToDepartment::BeginAssignment {
            doctor: format!("renmin.{doctor}").into(),
            assignment: format!("renmin.{doctor}.n1").into(),
            service_point: format!("{DEPARTMENT}.{point}").into(),
        });
    }

    /// A clinic of today, with half hours that begin then.
    fn clinic(&mut self, doctor: Option<&str>, starts: &[&str]) -> SessionId {
        self.clinic_named("am", doctor, starts)
    }

    fn clinic_named(&mut self, name: &str, doctor: Option<&str>, starts: &[&str]) -> SessionId {
        let session = SessionId::from(format!("{DEPARTMENT}.{name}"));
        let slot = |start: &&str| DefineSlot { start: (*start).to_owned(), minutes: 30, capacity: 3 };
        self.tell(ToDepartment::DefineSession(DefineSession {
            id: session.clone(),
            date: self.department.config.today(self.now),
            period: if name.starts_with("pm") { "afternoon".into() } else { "morning".into() },
            queue: format!("{DEPARTMENT}.a").into(),
            doctor: doctor.map(DoctorId::from),
            service_point: None,
            registration_class: "普通".into(),
            fee_fen: 1000,
            slots: starts.iter().map(slot).collect(),
            high_demand: false,
            released_at: None,
        }));
        session
    }

    pub(super) fn walk_in(&mut self, queue: &str, masked_name: &str, class: Option<&str>) -> TicketId {
        let patient = PatientId::new(format!("p-{}", self.department.floor.serial));
        let brief = PatientBrief {
            patient: patient.clone(),
            masked_name: masked_name.into(),
            sex: Sex::Male,
            birth_year: Some(1980),
        };
        let command = RegisterWalkIn {
            queue: format!("{DEPARTMENT}.{queue}").into(),
            patient,
            class: class.map(str::to_owned),
            addition_to: None,
            slot: None,
            visit: None,
        };
        match self.tell(ToDepartment::RegisterWalkIn { command, brief, birth_date: None }) {
            Answer::Waiting { ticket, .. } => ticket,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn call_next(&mut self, doctor: &str, in_hand: Option<TicketId>, outcome: Option<Outcome>) -> TicketId {
        self.call_next_of(doctor, 1, in_hand, outcome).unwrap()
    }

    /// In the doctor's so manieth work; none when nobody waits.
    pub(super) fn call_next_of(
        &mut self,
        doctor: &str,
        work: u32,
        in_hand: Option<TicketId>,
        outcome: Option<Outcome>,
    ) -> Option<TicketId> {
        let mut principal = Principal::of(Role::Doctor, format!("a-{doctor}").into());
        principal.doctor = Some(format!("renmin.{doctor}").into());
        let command = CallNextPatient {
            department: DEPARTMENT.into(),
            assignment: format!("renmin.{doctor}.n{work}").into(),
            in_hand,
            outcome,
        };
        match self.ask_as(ToDepartment::CallNextPatient(command), principal) {
            Ok(Answer::Called { called, .. }) => called.map(|called| called.ticket),
            Err(Rejection { code: Code::QueueEmpty, .. }) => None,
            other => panic!("{other:?}"),
        }
    }

    /// What the department says when its deadlines have passed: expected waits.
    pub(super) fn pass(&mut self) {
        let mut due = Department::next_deadline(&self.department);
        while due.is_some_and(|due| due <= self.now) {
            self.tell_as(ToDepartment::DeadlineReached, Principal::system());
            // A look that changes nothing is not looked once more.
            due = Department::next_deadline_after(&self.department, self.now);
        }
    }

    pub(super) fn look(&self) -> Value {
        snapshot(&self.line, &[&self.department], self.now, zone()).unwrap()
    }

    /// The screen as one who puts the emissions into an old snapshot has it, the way the pages do.
    fn followed(&self, mut snapshot: Value) -> Value {
        for event in &self.emitted {
            let (_, payload) = event.as_object().unwrap().iter().next().unwrap();
            for (name, part) in payload.as_object().unwrap() {
                if let Some(old) = snapshot.get_mut(name) {
                    *old = part.clone();
                }
            }
        }
        snapshot["now"] = json!(zone().rfc3339(self.now));
        snapshot
    }
}

#[test]
fn an_empty_board_has_every_part_of_its_shape() {
    let empty = Area::new(false).look();
    assert_eq!(
        empty,
        json!({
            "board": {"id": "renmin.b3f", "name": "心内科候诊区", "name_en": "Cardiology · 3F", "speaks": true, "english": true, "yao": false, "rows_max": super::ROWS_MAX},
            "voice": null, "now": "2026-11-23T09:00:00.000+08:00", "calls": [], "rooms": [], "missed": [], "announcements": [], "notices": []
        })
    );
    let undefined = Board::new_state("renmin.other");
    assert_eq!(snapshot(&undefined, &[], T0, zone()), None);
}

#[test]
fn a_call_is_shown_with_its_room_and_announced() {
    let mut area = Area::new(false);
    area.walk_in("a", "张*三", None);
    area.walk_in("a", "李*", None);
    area.walk_in("a", "欧阳*", None);
    area.work("li", "r3");
    area.call_next("li", None, None);
    let screen = area.look();
    let called = &screen["calls"][0];
    assert_eq!(screen["calls"][1]["state"], "summoned");
    assert_eq!(
        *called,
        json!({"call": called["call"], "number": "A001", "name": "张*三", "place": "3号诊室", "place_en": "Room 3",
               "state": "called", "at": "2026-11-23T09:00:00.000+08:00", "emergency": false})
    );
    assert_eq!(
        screen["rooms"],
        json!([{"place": "3号诊室", "place_en": "Room 3", "doctor": "李明", "doctor_en": "", "title": "主任医师", "waiting": ["A003"],
                "at_door": ["A002"], "paused": false, "expected": null, "opens": null}])
    );
    let spoken: Vec<_> =
        screen["announcements"].as_array().unwrap().iter().map(|one| one["zh"].as_str().unwrap()).collect();
    assert!(spoken.contains(&"请 A 零 零 一 号,到 三 号诊室就诊"), "{spoken:?}");
    assert!(spoken.contains(&"请 A 零 零 二 号,到 三 号诊室门口候诊"), "{spoken:?}");
    assert_eq!(screen["announcements"][0]["repeat"], true);
}

#[test]
fn who_follows_the_stream_has_the_same_screen_as_who_looks() {
    let mut area = Area::new(false);
    let before = area.look();
    (0..6).for_each(|_| drop(area.walk_in("a", "张*三", None)));
    area.work("li", "r3");
    area.work("zhou", "r5");
    let first = area.call_next("li", None, None);
    area.now = T0.plus_min(4);
    area.call_next("zhou", None, None);
    area.tell(ToDepartment::StartService(StartService { ticket: first.clone() }));
    area.now = T0.plus_min(9);
    let second = area.call_next("li", Some(first), Some(Outcome::Seen));
    area.tell(ToDepartment::PauseWork(PauseWork {
        assignment: "renmin.zhou.n1".into(),
        department: DEPARTMENT.into(),
        reason: "急诊会诊".into(),
        back_at: Some(T0.plus_min(30)),
    }));
    area.walk_in("a", "急*", Some("emergency"));
    area.now = T0.plus_min(10);
    let call = area.department.floor.tickets[&second].standing.call().unwrap().call.clone();
    area.tell(ToDepartment::RecallPatient(RecallPatient { call }));
    area.now = T0.plus_min(12);
    let emergency = area.call_next("li", Some(second), Some(Outcome::NotHere));
    area.tell(ToDepartment::CancelTicket(CancelTicket { ticket: emergency, reason: "转院".into() }));
    let screen = area.look();
    assert_eq!(screen["missed"].as_array().unwrap().len(), 1);
    assert_eq!(screen["notices"][0]["zh"], "周静医生暂停叫号,预计09:30恢复");
    assert_eq!(area.followed(before), screen);
}

#[test]
fn a_paused_room_says_so_and_its_line_is_expected_by_the_rooms_that_call() {
    let mut area = Area::new(false);
    (0..14).for_each(|_| drop(area.walk_in("a", "张*三", None)));
    area.work("li", "r3");
    area.work("zhou", "r5");
    let mut in_hand: Option<TicketId> = None;
    for n in 0..6 {
        let outcome = in_hand.as_ref().map(|_| Outcome::Seen);
        in_hand = Some(area.call_next("zhou", in_hand, outcome));
        area.now = T0.plus_min(5 * (n + 1)).plus_s(30);
        area.pass();
    }
    let assignment = AssignmentId::from("renmin.li.n1");
    let (department, reason) = (DepartmentId::from(DEPARTMENT), "查房".to_owned());
    area.tell(ToDepartment::PauseWork(PauseWork { assignment, department, reason, back_at: None }));
    area.now = area.now.plus_min(1);
    area.pass();
    let rooms = area.look()["rooms"].clone();
    assert_eq!((&rooms[0]["paused"], &rooms[1]["paused"]), (&json!(true), &json!(false)));
    assert!(rooms[0]["expected"].is_object(), "{rooms}");
    assert_eq!(rooms[0]["expected"], rooms[1]["expected"], "one line is said once");
    let mut last = in_hand;
    while area.look()["rooms"][1]["waiting"] != json!([]) || area.look()["rooms"][1]["at_door"] != json!([]) {
        last = Some(area.call_next("zhou", last, Some(Outcome::Seen)));
    }
    area.now = area.now.plus_min(1);
    area.pass();
    assert_eq!(area.look()["rooms"][1]["expected"], Value::Null, "nobody waits");
}

#[test]
fn a_delay_says_whose_it_is_by_a_name_that_a_screen_may_bear() {
    for (number_only, zh, en) in [
        (false, "心内科延迟约20分钟", "Cardiology is running about 20 minutes late"),
        (true, "二楼门诊延迟约20分钟", "The clinic is running about 20 minutes late"),
    ] {
        let mut area = Area::new(number_only);
        let session = area.clinic(None, &["09:00"]);
        area.tell(ToDepartment::DelaySession(DelaySession { session, minutes: 20 }));
        assert_eq!(area.look()["notices"], json!([{ "zh": zh, "en": en }]));
    }
}

#[test]
fn while_nobody_works_it_is_said_who_comes_and_when() {
    let mut area = Area::new(false);
    let before = area.look();
    let session = area.clinic(Some("renmin.li"), &["09:00", "09:30"]);
    let coming = |area: &Area| area.look()["rooms"][0].clone();
    let expected = json!({"place": "心内科普通", "place_en": "", "doctor": "李明", "doctor_en": "", "title": "主任医师", "waiting": [],
        "at_door": [], "paused": false, "expected": null, "opens": "2026-11-23T09:00:00.000+08:00"});
    assert_eq!(coming(&area), expected);
    area.tell(ToDepartment::DelaySession(DelaySession { session: session.clone(), minutes: 20 }));
    assert_eq!(coming(&area)["opens"], "2026-11-23T09:20:00.000+08:00", "as it was told");
    area.walk_in("a", "张*三", None);
    assert_eq!(coming(&area)["waiting"], json!(["A001"]));
    assert_eq!(area.followed(before.clone()), area.look());
    area.work("li", "r3");
    area.call_next("li", None, None);
    assert_eq!((&coming(&area)["place"], &coming(&area)["opens"]), (&json!("3号诊室"), &Value::Null));
    assert_eq!(area.followed(before.clone()), area.look());
    // Who has begun does not begin again.
    let ticket = area.department.floor.work.values().find_map(|work| work.in_hand.clone()).unwrap();
    area.tell(ToDepartment::FinishService(FinishService { ticket }));
    let (assignment, department) = ("renmin.li.n1".into(), DEPARTMENT.into());
    area.tell(ToDepartment::StopWork(StopWork { assignment, department }));
    assert_eq!(area.look()["rooms"], json!([]));
    assert_eq!(area.followed(before), area.look());
}

#[test]
fn what_was_announced_for_yesterday_is_gone_by_midnight() {
    let mut area = Area::new(false);
    let session = area.clinic(None, &["09:00"]);
    area.tell(ToDepartment::DelaySession(DelaySession { session, minutes: 20 }));
    let evening = area.look();
    assert_eq!(evening["notices"].as_array().unwrap().len(), 1);
    area.emitted.clear();
    area.now = T0.plus_min(16 * 60);
    area.pass();
    assert_eq!(area.look()["notices"], json!([]));
    assert_eq!(area.followed(evening), area.look());
}

#[test]
fn what_was_announced_for_a_clinic_is_gone_when_it_is_over_by_it() {
    let mut area = Area::new(false);
    let session = area.clinic(None, &["09:00"]);
    area.tell(ToDepartment::DelaySession(DelaySession { session, minutes: 20 }));
    let before = area.look();
    area.emitted.clear();
    area.now = T0.plus_min(49);
    area.pass();
    assert_eq!(area.look()["notices"].as_array().unwrap().len(), 1);
    area.now = T0.plus_min(50);
    area.pass();
    assert_eq!(area.look()["notices"], json!([]));
    assert_eq!(area.followed(before), area.look(), "by itself");
}

/// The morning of a doctor to whom nobody came; everybody has gone to lunch.
#[test]
fn a_clinic_that_is_over_hides_none_that_is_to_come() {
    let mut area = Area::new(false);
    area.clinic(Some("renmin.li"), &["09:00", "09:30"]);
    area.clinic_named("pm", Some("renmin.zhou"), &["14:00"]);
    let opens = |screen: &Value| (screen["rooms"][0]["doctor"].clone(), screen["rooms"][0]["opens"].clone());
    let mut screen = area.look();
    assert_eq!(opens(&screen), (json!("李明"), json!("2026-11-23T09:00:00.000+08:00")));
    area.emitted.clear();
    area.now = T0.plus_min(60);
    area.pass();
    screen = area.followed(screen);
    assert_eq!(opens(&screen), (json!("周静"), json!("2026-11-23T14:00:00.000+08:00")), "by itself");
    assert_eq!(screen, area.look());
}

#[test]
fn a_clinic_that_does_not_take_place_says_from_when_and_no_delay_beside_it() {
    let mut area = Area::new(false);
    let session = area.clinic(Some("renmin.li"), &["09:00", "10:00"]);
    let date = area.department.config.today(area.now);
    let clock = chrono::NaiveTime::from_hms_opt(10, 0, 0).unwrap();
    let from = Some(area.department.config.zone().moment(date, clock));
    let stop = |from| StopSession { session: session.clone(), from, reason: "ill".into(), to: None, substitute: None };
    area.tell(ToDepartment::StopSession(stop(from)));
    let doctor = area.look()["notices"][0].clone();
    assert_eq!(
        doctor,
        json!({ "zh": "李明医生今天10:00起停诊", "en": "Dr 李明 does not see patients today from 10:00" })
    );
    area.tell(ToDepartment::DelaySession(DelaySession { session: session.clone(), minutes: 20 }));
    assert_eq!(area.look()["notices"].as_array().unwrap().len(), 2, "what is left of it is late");
    area.tell(ToDepartment::StopSession(stop(None)));
    assert_eq!(
        area.look()["notices"],
        json!([{ "zh": "李明医生今天停诊", "en": "Dr 李明 does not see patients today" }])
    );
    area.tell(ToDepartment::ResumeSession(ResumeSession { session: session.clone() }));
    assert_eq!(area.look()["notices"].as_array().unwrap().len(), 1, "the delay stands");
}

#[test]
fn who_stops_for_a_part_of_the_day_is_not_said_to_be_away_today() {
    let mut area = Area::new(false);
    let am = area.clinic(Some("renmin.zhou"), &["09:00", "09:30"]);
    let pm = area.clinic_named("pm", Some("renmin.zhou"), &["14:00"]);
    let stop = |session: &SessionId, from_min: Option<i64>| {
        let from = from_min.map(|min| T0.plus_min(min));
        ToDepartment::StopSession(StopSession {
            session: session.clone(),
            from,
            reason: "ill".into(),
            to: None,
            substitute: None,
        })
    };
    let resume = |session: &SessionId| ToDepartment::ResumeSession(ResumeSession { session: session.clone() });
    let says = |area: &Area| {
        let notices = area.look()["notices"].as_array().unwrap().clone();
        notices.iter().map(|one| one["zh"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join("; ")
    };
    area.tell(stop(&am, None));
    let told = area.look();
    let morning = json!({"zh": "周静医生今天上午停诊", "en": "Dr 周静 does not see patients this morning"});
    assert_eq!(told["notices"], json!([morning]));
    assert_eq!(told["rooms"][0]["opens"], "2026-11-23T14:00:00.000+08:00", "the afternoon is announced beside it");
    area.tell(stop(&pm, None));
    assert_eq!(says(&area), "周静医生今天停诊", "once, of both");
    area.tell(resume(&am));
    assert_eq!(says(&area), "周静医生今天下午停诊");
    area.tell(stop(&am, Some(30)));
    assert_eq!(says(&area), "周静医生今天09:30起停诊", "and that is all of the rest");
    area.tell(resume(&pm));
    assert_eq!(says(&area), "周静医生今天09:30–10:00停诊", "the afternoon takes place");
    // A stopped morning beside another clinic of the same morning.
    area.tell(stop(&am, None));
    let other = area.clinic_named("second", Some("renmin.zhou"), &["10:00"]);
    assert_eq!(says(&area), "周静医生今天09:00–10:00停诊");
    area.tell(ToDepartment::RetireSession(RetireSession { id: other }));
    assert_eq!(says(&area), "周静医生今天上午停诊");
    // The morning is over: by then nobody has to know it.
    let before = area.look();
    area.emitted.clear();
    area.now = T0.plus_min(59);
    area.pass();
    assert_eq!(says(&area), "周静医生今天上午停诊");
    area.now = T0.plus_min(60);
    area.pass();
    assert_eq!(says(&area), "");
    assert_eq!(area.followed(before), area.look(), "by itself");
}

#[test]
fn a_board_announces_no_clinic_whose_doctor_works_elsewhere_as_the_door_does() {
    let mut area = Area::new(false);
    let (id, doctors) = (QueueId::from(format!("{DEPARTMENT}.a")), vec![DoctorId::from("renmin.zhou")]);
    let queue = DefineQueue { id, name: "心内科普通".into(), prefix: "A".into(), doctors };
    area.clinic(Some("renmin.li"), &["09:00"]);
    area.walk_in("a", "张*三", None);
    area.tell(ToDepartment::ConfigureQueue(queue));
    let opens = |area: &Area| area.look()["rooms"][0]["opens"].clone();
    let before = area.look();
    area.emitted.clear();
    assert_eq!(opens(&area), "2026-11-23T09:00:00.000+08:00");
    area.work("li", "r5");
    let row = area.look()["rooms"][0].clone();
    assert_eq!((&row["waiting"], &row["opens"], &row["doctor"]), (&json!(["A001"]), &Value::Null, &json!("")));
    assert_eq!(area.followed(before), area.look());
}

#[test]
fn a_recall_stands_out_anew_and_service_begins_on_the_screen() {
    let mut area = Area::new(false);
    let ticket = area.walk_in("a", "张*三", None);
    area.work("li", "r3");
    area.call_next("li", None, None);
    area.now = T0.plus_s(40);
    let call = area.department.floor.tickets[&ticket].standing.call().unwrap().call.clone();
    area.tell(ToDepartment::RecallPatient(RecallPatient { call }));
    assert_eq!(area.look()["calls"][0]["at"], "2026-11-23T09:00:40.000+08:00");
    area.tell(ToDepartment::StartService(StartService { ticket }));
    assert_eq!(area.look()["calls"][0]["state"], "serving");
    assert_eq!(area.look()["announcements"], json!([]), "nothing is spoken when its call is over");
}

#[test]
fn a_number_only_department_shows_no_name_and_bears_its_neutral_name() {
    let mut area = Area::new(true);
    area.walk_in("a", "张*三", None);
    assert_eq!(area.look()["rooms"][0]["place"], "二楼门诊", "nobody works yet: the queue is named neutrally");
    area.work("li", "r3");
    area.call_next("li", None, None);
    let screen = area.look();
    assert_eq!(screen["board"]["name"], "二楼门诊");
    assert_eq!(screen["calls"][0]["name"], Value::Null);
    assert_eq!(screen["announcements"][0]["shown"], "A001 请到 3号诊室就诊");
    for text in [screen.to_string(), Value::from(area.emitted.clone()).to_string()] {
        assert!(!text.contains('张') && !text.contains("心内"), "{text}");
    }
}

#[test]
fn a_name_that_was_never_masked_reaches_no_screen_i7() {
    let mut area = Area::new(false);
    area.walk_in("a", "张小三", None);
    area.work("li", "r3");
    area.call_next("li", None, None);
    for text in [area.look().to_string(), Value::from(area.emitted.clone()).to_string()] {
        assert!(!text.contains("张小三"), "{text}");
    }
    assert_eq!(area.look()["calls"][0]["number"], "A001");
}

#[test]
fn nothing_else_of_a_patient_reaches_a_screen_i7() {
    let mut area = Area::new(false);
    area.walk_in("a", "张*三", None);
    area.work("li", "r3");
    area.call_next("li", None, None);
    for text in [area.look().to_string(), Value::from(area.emitted.clone()).to_string()] {
        assert!(!text.contains("p-") && !text.contains("1980") && !text.contains(".t1"), "{text}");
    }
}

#[test]
fn a_board_shows_its_own_queues_only() {
    let mut area = Area::new(false);
    area.walk_in("hidden", "赵*", None);
    assert_eq!(area.look()["rooms"], json!([]));
    area.work("li", "r3");
    area.call_next("li", None, None);
    let screen = area.look();
    assert_eq!((&screen["calls"], &screen["rooms"][0]["waiting"]), (&json!([]), &json!([])));
}

#[test]
fn rooms_stand_in_their_order_and_missed_numbers_longest_first() {
    let room = |order, place: &str| RoomInput {
        order,
        place: place.into(),
        place_en: String::new(),
        doctor: String::new(),
        doctor_en: String::new(),
        title: String::new(),
        waiting: Vec::new(),
        at_door: Vec::new(),
        paused: false,
        expected: Some((T0, T0.plus_min(20))),
        opens: None,
    };
    let department = |rooms, missed| DepartmentInput { rooms, missed, ..Default::default() };
    let input = BoardInput {
        departments: vec![
            department(vec![room(2, "2号诊室")], vec![(T0.plus_s(9), "A009".into())]),
            department(vec![room(1, "1号诊室")], vec![(T0, "B002".into())]),
        ],
    };
    let places: Vec<_> = rooms(&input, zone()).into_iter().map(|room| room.place).collect();
    assert_eq!(places, ["1号诊室", "2号诊室"]);
    assert_eq!(missed(&input), ["B002", "A009"]);
    let expected = rooms(&input, zone())[0].expected.clone().unwrap();
    assert_eq!(expected.to, "2026-11-23T09:20:00.000+08:00");
}
