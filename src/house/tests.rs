//! The whole house on a folder of its own, asked as its doors ask it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiaohao_actors::shell::clock;
use jiaohao_domain::vocabulary::{Answer, ClientCommand};
use jiaohao_domain::{AccountId, Code, DepartmentId, DoctorId, Rejection, Role, SiteId, Timestamp};
use serde_json::{Value, json};

use super::engine::Shared;
use super::serve::{ServeOptions, Server};
use crate::config::Settings;
use crate::engine::{Deed, Engine, Turn, Turns, Visit};
use crate::identity::codes::LocalOutbox;
use crate::identity::tokens::{Changed, Claims};

/// 08:30 in Shanghai.
const MORNING: Timestamp = Timestamp(1_795_393_800_000);

struct Opened {
    folder: tempfile::TempDir,
    _server: Server,
    engine: Shared,
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("it is of that type")
}

/// A house with one site of two departments, each with a session of today.
async fn open() -> Opened {
    let folder = tempfile::tempdir().expect("a folder");
    let mut settings = Settings::default_values();
    settings.server.listen = ([127, 0, 0, 1], 0).into();
    settings.server.workers = 1;
    settings.data.dir = folder.path().join("data");
    (settings.data.reserve_mib, settings.data.last_reserve_mib) = (1, 1);
    let options = ServeOptions {
        codes: Arc::new(LocalOutbox::default()),
        clinic_start: Some(MORNING),
        speed: 1.0,
        wall: Arc::new(clock::wall_ms),
        confirm_clock: false,
    };
    let server = Server::start(settings, options).await.expect("it comes up");
    let engine = Shared(server.house.clone());
    let opened = Opened { folder, _server: server, engine };
    let operator = opened.operator();
    let define = async |command: Value| drop(opened.give(&operator, command).await.expect("defined"));
    define(json!({"define_site": {"id": "s", "name": "医院", "time_zone": "Asia/Shanghai"}})).await;
    for id in ["s.d", "s.e"] {
        define(json!({"define_department": {"id": id, "name": id}})).await;
        define(json!({"define_queue": {"id": format!("{id}.q"), "name": id, "prefix": id[2..].to_uppercase()}})).await;
    }
    define(doctor(&["s.d"])).await;
    let slot = |start: &str| json!({"start": start, "minutes": 30, "capacity": 9});
    for id in ["s.d", "s.e"] {
        // the department hears of its queue from the site
        let session = json!({"define_session": {"id": format!("{id}.m"), "date": "2026-11-23", "period": "morning",
            "queue": format!("{id}.q"), "registration_class": "普通", "slots": [slot("09:00"), slot("10:00")]}});
        let mut tries = 0;
        while let Err(why) = opened.give(&operator, session.clone()).await {
            tries += 1;
            assert!(tries < 200, "{why:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    opened
}

fn doctor(departments: &[&str]) -> Value {
    json!({"define_doctor": {"id": "s.li", "name": "李明", "title": "主任医师", "departments": departments}})
}

impl Opened {
    fn claims(&self, role: Role, account: &str) -> Claims {
        let claims = Claims::new(role, AccountId::from(account), self.engine.machine_now(), 600);
        self.engine.0.generations.learn(&claims.account, 0);
        claims
    }

    fn operator(&self) -> Arc<Claims> {
        Arc::new(self.claims(Role::Operator, "a-operator"))
    }

    fn desk(&self) -> Arc<Claims> {
        let mut claims = self.claims(Role::Desk, "a-desk");
        claims.site = Some(SiteId::new("s"));
        Arc::new(claims)
    }

    async fn give(&self, claims: &Arc<Claims>, command: Value) -> Result<Answer, Rejection> {
        let command: ClientCommand = read(command);
        match self.engine.command(claims.clone(), None, command, Turn::alone()).await {
            Ok(Answer::Refused(why)) => Err(why),
            answered => answered,
        }
    }

    /// Makes somebody known at the desk; the person's id.
    async fn person(&self, document: &str, name: &str) -> String {
        let asked = json!({"document_kind": "passport", "document_number": document, "name": name, "sex": "male",
            "birth_date": "1950-01-01"});
        let deed = Deed::RegisterPerson { person: Box::new(read(asked)), key: None };
        let person = self.engine.deed(self.desk(), deed).await.expect("made known");
        person["patient"].as_str().expect("an id").to_owned()
    }

    async fn find(&self, text: &str) -> Result<Value, Rejection> {
        let deed = Deed::FindAppointments(DepartmentId::new("s.d"), read(json!({ "text": text })));
        self.engine.deed(self.desk(), deed).await
    }

    async fn walk_in(&self, queue: &str, patient: &str) -> Result<Answer, Rejection> {
        let walk_in = json!({"register_walk_in": {"queue": queue, "patient": patient}});
        self.give(&self.desk(), walk_in).await
    }

    fn persons(&self) -> PathBuf {
        self.folder.path().join("data/persons")
    }
}

/// The one file of keys that is there and was not before.
fn new_file(dir: &Path, before: &[PathBuf]) -> PathBuf {
    let all = std::fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path());
    all.into_iter()
        .find(|path| path.extension().is_some_and(|kind| kind == "keys") && !before.contains(path))
        .expect("a file")
}

#[actix_web::test]
async fn a_refused_command_is_on_the_audit_whichever_way_it_went() {
    let house = open().await;
    let mut nobody = house.claims(Role::Doctor, "a-doctor");
    (nobody.site, nobody.doctor) = (Some(SiteId::new("t")), Some(DoctorId::new("t.wu")));
    let call =
        json!({"call_next_patient": {"department": "s.d", "assignment": "s.li.n1", "in_hand": null, "outcome": null}});
    assert_eq!(house.give(&Arc::new(nobody), call).await.expect_err("another's").code, Code::Forbidden);
    let today = jiaohao_domain::time::Zone::named("UTC").expect("a zone").date(Timestamp(clock::wall_ms()));
    let query = json!({"day": today, "account": "a-doctor"});
    let audit = house.engine.deed(house.operator(), Deed::ReadAudit(read(query))).await.expect("read");
    assert!(audit.to_string().contains("call_next_patient") && audit.to_string().contains("forbidden"), "{audit}");
}

#[actix_web::test]
async fn a_text_is_looked_at_also_when_its_command_has_to_wait_for_its_turn() {
    let house = open().await;
    let mut turns = Turns::default();
    let (before, turn) = (turns.take(), turns.take());
    let long = json!({"cancel_ticket": {"ticket": "s.d.t1", "reason": "长".repeat(300)}});
    let given = house.engine.command(house.desk(), None, read(long), turn);
    drop(before);
    assert_eq!(given.await.expect_err("too long").code, Code::InvalidField);
}

#[actix_web::test]
async fn changed_limits_reach_slots_that_are_known() {
    let house = open().await;
    let limited = |per_day: u32| {
        let settings = json!({"booking": {"limits": {"per_day": per_day}}});
        json!({"define_department": {"id": "s.e", "name": "s.e", "settings": settings}})
    };
    house.give(&house.operator(), limited(1)).await.expect("defined");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let patient = house.person("E00000001", "张小三").await;
    let hold = |at: &str, start: &str| {
        let (session, slot) = (format!("{at}.m"), format!("{at}.m.{start}"));
        json!({"hold_slot": {"session": session, "slot": slot, "patient": patient}})
    };
    house.give(&house.desk(), hold("s.d", "0900")).await.expect("held");
    house.give(&house.desk(), hold("s.e", "1000")).await.expect_err("a second one on that day");
    house.give(&house.operator(), limited(3)).await.expect("defined");
    let began = clock::monotonic();
    while let Err(why) = house.give(&house.desk(), hold("s.e", "1000")).await {
        assert!(began.elapsed() < 2 * super::SlotFacts::BELIEVED_FOR, "{why:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[actix_web::test]
async fn a_doctor_who_works_elsewhere_is_asked_again_what_may_be_followed() {
    let house = open().await;
    let mut li = house.claims(Role::Doctor, "a-li");
    (li.site, li.doctor) = (Some(SiteId::new("s")), Some(DoctorId::new("s.li")));
    let li = Arc::new(li);
    let follow = async || house.engine.may_follow(li.clone(), "queue:s.d.q".into()).await.map_err(|why| why.code);
    let mut changed = house.engine.changed_rights();
    let mut said = async || {
        while let Ok(change) = changed.try_recv() {
            if change == Changed::Doctor(DoctorId::new("s.li")) && change.concerns(&li) {
                return true;
            }
        }
        false
    };
    assert_eq!(follow().await, Ok(()));
    house.give(&house.operator(), doctor(&["s.e"])).await.expect("defined");
    assert!(said().await, "open connections are asked again");
    assert_eq!(follow().await, Err(Code::Forbidden));
    house.give(&house.operator(), doctor(&["s.d"])).await.expect("defined");
    assert!(said().await);
    house.give(&house.operator(), json!({"retire_doctor": {"id": "s.li"}})).await.expect("retired");
    assert!(said().await);
    assert_eq!(follow().await, Err(Code::Forbidden), "the site has heard of it before anybody is asked");
}

#[actix_web::test]
async fn strangers_wake_no_owner_and_their_screens_come_at_a_limited_pace() {
    let house = open().await;
    let here: IpAddr = [10, 0, 0, 1].into();
    let refused = async |visit| house.engine.visit(here, visit).await.err().map(|why| why.code);
    let running = house.engine.0.shell.running_owners();
    assert_eq!(refused(Visit::Refresh("a-invented~secret".to_owned())).await, Some(Code::Unauthenticated));
    for (visit, code) in [
        (json!({"screen": "nowhere.screen-1", "secret": "x"}), Code::WrongCredentials),
        (json!({"name": "nobody", "password": "twelve characters"}), Code::WrongCredentials),
        (json!({"phone": "13800000000", "code": "123456", "device": "x"}), Code::WrongCredentials),
    ] {
        assert_eq!(refused(Visit::SignIn(read(visit))).await, Some(code));
    }
    let offer = |at: &str| Visit::OfferScreen(read(json!({ "site": at })));
    assert_eq!(refused(offer("nowhere")).await, Some(Code::Forbidden));
    assert_eq!(house.engine.0.shell.running_owners(), running, "an owner was woken by a stranger's word");
    let mut paces = 0;
    while refused(offer("s")).await.is_none() {
        paces += 1;
        assert!(paces < 100, "without bound");
    }
    assert_eq!(refused(offer("s")).await, Some(Code::BackOff));
}

#[actix_web::test]
async fn a_damaged_key_hides_nobody_else_and_keeps_nobody_out() {
    let house = open().await;
    let one = house.person("E00000001", "张小三").await;
    let file = new_file(&house.persons(), &[]);
    let other = house.person("E00000002", "李小四").await;
    for patient in [&one, &other] {
        house.walk_in("s.d.q", patient).await.expect("registered");
    }
    let mut bytes = std::fs::read(&file).expect("keys");
    bytes[40] ^= 1;
    std::fs::write(&file, bytes).expect("damaged");
    let found = house.find("小四").await.expect("the others are found");
    assert_eq!(found["tickets"][0]["patient"], json!(other), "{found}");
    assert_eq!(house.find("D001").await.expect("by number")["tickets"][0]["patient"], json!(one));
    assert_eq!(house.person("E00000001", "张小三").await, one, "still let in at the desk");
    house.walk_in("s.e.q", &one).await.expect("registered without a birth date");
}

#[actix_web::test]
async fn a_slow_disk_holds_up_who_asks_and_not_the_door() {
    let house = open().await;
    let one = house.person("E00000001", "张小三").await;
    let file = new_file(&house.persons(), &[]);
    house.walk_in("s.d.q", &one).await.expect("registered");
    // a file that is read when somebody writes to it
    let bytes = std::fs::read(&file).expect("keys");
    std::fs::remove_file(&file).expect("removed");
    assert!(std::process::Command::new("mkfifo").arg(&file).status().expect("it runs").success());
    let disk = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(2));
        std::fs::write(file, bytes).expect("written");
    });
    let engine = house.engine.clone();
    let (desk, at) = (house.desk(), DepartmentId::new("s.d"));
    let finding = actix_web::rt::spawn(async move {
        engine.deed(desk, Deed::FindAppointments(at, read(json!({ "text": "小三" })))).await
    });
    let began = clock::monotonic();
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(began.elapsed() < Duration::from_millis(1_500), "this thread has stood still");
    assert!(!finding.is_finished(), "the file is still being read");
    let found = finding.await.expect("no panic").expect("found");
    assert_eq!(found["tickets"][0]["patient"], json!(one));
    disk.join().expect("no panic");
}
