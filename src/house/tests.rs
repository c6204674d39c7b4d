//! The whole house on a folder of its own, asked as its doors ask it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiaohao_actors::fanout::{CoarseClock, Outbox, OutboxLimits};
use jiaohao_actors::shell::clock;
use jiaohao_actors::shell::projector::Awaited;
use jiaohao_domain::vocabulary::{Answer, ClientCommand};
use jiaohao_domain::{AccountId, Code, DepartmentId, DoctorId, Rejection, Role, SiteId, Timestamp};
use serde_json::{Value, json};

use super::engine::Shared;
use super::serve::{ServeOptions, Server};
use crate::config::Settings;
use crate::engine::{Deed, Engine, Subscription, Turn, Turns, Visit, VisitAnswer};
use crate::identity::codes::LocalOutbox;
use crate::identity::tokens::{Changed, Claims};

mod repeats;

/// 08:30 in Shanghai.
const MORNING: Timestamp = Timestamp(1_795_393_800_000);

mod calendar;
mod erased;
mod far;
mod finding;
mod letting_go;
mod looking;
mod once;
mod plan;
mod release;
mod rights;
mod staff;
mod unknown;
mod wishes;
mod zones;

struct Opened {
    folder: tempfile::TempDir,
    _server: Server,
    engine: Shared,
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("it is of that type")
}

/// A server on that folder, or on a new one in it.
async fn start(folder: &tempfile::TempDir, change: impl FnOnce(&mut Settings)) -> Server {
    let mut settings = Settings::default_values();
    settings.server.listen = ([127, 0, 0, 1], 0).into();
    settings.server.workers = 1;
    settings.data.dir = folder.path().join("data");
    (settings.data.reserve_mib, settings.data.last_reserve_mib) = (1, 1);
    change(&mut settings);
    let options = ServeOptions {
        codes: Arc::new(LocalOutbox::default()),
        clinic_start: Some(MORNING),
        speed: 1.0,
        wall: Arc::new(clock::wall_ms),
        confirm_clock: false,
    };
    Server::start(settings, options).await.expect("it comes up")
}

/// A house with one site of two departments, each with a session of today.
async fn open() -> Opened {
    open_with(|_| {}).await
}

async fn open_with(change: impl FnOnce(&mut Settings)) -> Opened {
    let folder = tempfile::tempdir().expect("a folder");
    let server = start(&folder, change).await;
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
    /// The doctor of `s.d`, in a room, with the first of those who wait.
    async fn doctor_who_has_called(&self) -> Arc<Claims> {
        let mut li = self.claims(Role::Doctor, "a-li");
        (li.site, li.doctor) = (Some(SiteId::new("s")), Some(DoctorId::new("s.li")));
        let li = Arc::new(li);
        let room = json!({"define_service_point": {"id": "s.d.r1", "name": "1诊室", "order": 1}});
        self.give(&self.operator(), room).await.expect("defined");
        let start = json!({"start_work": {"department": "s.d", "service_point": "s.d.r1"}});
        let Ok(Answer::AtWork { assignment }) = self.give(&li, start).await else { panic!("at work") };
        let call = json!({"call_next_patient": {"department": "s.d", "assignment": assignment, "in_hand": null, "outcome": null}});
        let mut tries = 0;
        while let Err(why) = self.give(&li, call.clone()).await {
            tries += 1;
            assert!(tries < 200, "{why:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        li
    }

    fn claims(&self, role: Role, account: &str) -> Claims {
        let claims = Claims::new(role, AccountId::from(account), self.engine.machine_now(), 600);
        self.engine.0.generations.learn(&claims.account, jiaohao_domain::account::view::Standing::default());
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

    fn kiosk(&self) -> Arc<Claims> {
        let mut claims = self.claims(Role::Kiosk, "a-kiosk");
        claims.site = Some(SiteId::new("s"));
        Arc::new(claims)
    }

    /// What a kiosk of a department finds: how many appointments and tickets.
    async fn arrivals(&self, at: &str, by: Value) -> Result<[usize; 2], Rejection> {
        let places: Vec<&str> = at.split(' ').collect();
        let asked = read(json!({"departments": places, "by": by}));
        let found = self.engine.deed(self.kiosk(), Deed::FindArrivals(asked)).await?;
        Ok(["appointments", "tickets"].map(|kind| found[kind].as_array().expect("a list").len()))
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
    let today = jiaohao_domain::time::Zone::utc().date(Timestamp(clock::wall_ms()));
    let query = json!({"day": today, "account": "a-doctor"});
    let audit = house.engine.deed(house.operator(), Deed::ReadAudit(read(query))).await.expect("read");
    assert!(audit.to_string().contains("call_next_patient") && audit.to_string().contains("forbidden"), "{audit}");
}

#[actix_web::test]
async fn the_audit_says_who_followed_or_read_which_stream_and_what_a_refusal_was_about() {
    let house = open().await;
    let patient = house.person("E00000009", "张三").await;
    house.walk_in("s.d.q", &patient).await.expect("registered");
    let stream = |name: String| house.engine.snapshot(house.desk(), name.into());
    stream("queue:s.d.q".into()).await.expect("its own");
    stream(format!("patient:{patient}")).await.expect_err("not the desk's");
    stream("张三".into()).await.expect_err("no stream");
    let outbox = Outbox::new(1, OutboxLimits::default(), Arc::new(CoarseClock::default()));
    let wanted = |stream: &str| Subscription {
        stream: stream.into(),
        since: None,
        reply_to: "1".into(),
        outbox: outbox.clone(),
        awaited: Awaited::default(),
    };
    house.engine.subscribe(house.desk(), wanted("queue:s.d.q")).await.expect("followed");
    house.engine.subscribe(house.desk(), wanted("queue:x.d.q")).await.expect_err("another site's");
    house.give(&house.desk(), json!({"retire_department": {"id": "s.d"}})).await.expect_err("the operator's");
    house.give(&house.operator(), json!({"define_department": {"id": "s.f", "name": "f"}})).await.expect("defined");
    let call = json!({"report_back": {"ticket": "x.d.t1"}});
    house.give(&house.desk(), call).await.expect_err("another site's");
    let today = jiaohao_domain::time::Zone::utc().date(Timestamp(clock::wall_ms()));
    let lines = async |about: &str| {
        let query = Deed::ReadAudit(read(json!({"day": today, "about": about})));
        let page = house.engine.deed(house.operator(), query).await.expect("read");
        let lines = page["lines"].as_array().expect("lines").clone();
        // this very question is a line too
        let lines = lines.iter().filter(|line| line["what"] != "read_audit");
        lines.map(|line| format!("{} {}", line["what"], line["outcome"]).replace('"', "")).collect::<Vec<_>>()
    };
    assert_eq!(lines("queue:s.d.q").await, ["read_stream done", "subscribe done"]);
    assert_eq!(lines("queue:x.d.q").await, ["subscribe forbidden"]);
    assert_eq!(lines("x.d.q").await, ["subscribe forbidden"]);
    let of_patient = lines(&patient).await;
    for line in ["identify_person done", "register_walk_in done", "read_stream forbidden"] {
        assert!(of_patient.iter().any(|known| known == line), "{line}: {of_patient:?}");
    }
    assert_eq!(lines("s.d").await.last().expect("a line"), "retire_department forbidden");
    assert_eq!(lines("s.f").await, ["define_department done"]);
    assert_eq!(lines("x.d.t1").await, ["report_back forbidden"]);
    assert!(lines("张三").await.is_empty(), "what is no stream's name is not written down");
}

#[actix_web::test]
async fn a_desk_reads_in_full_who_is_or_was_there_and_only_what_it_said_of_whom_it_has_just_registered() {
    let house = open().await;
    let desk_of = |account: &str, department: &str| {
        let mut claims = house.claims(Role::Desk, account);
        (claims.site, claims.departments) = (Some(SiteId::new("s")), vec![DepartmentId::new(department)]);
        Arc::new(claims)
    };
    let (here, there) = (desk_of("a-desk-d", "s.d"), desk_of("a-desk-e", "s.e"));
    let asked = json!({"document_kind": "passport", "document_number": "E00000031", "name": "李四", "sex": "male",
        "birth_date": "1950-01-01", "phone": "13800138000"});
    let register = async |by: &Arc<Claims>, asked: &Value| {
        let deed = Deed::RegisterPerson { person: Box::new(read(asked.clone())), key: None };
        let known = house.engine.deed(by.clone(), deed).await.expect("made known");
        known["patient"].as_str().expect("an id").to_owned()
    };
    let patient = register(&here, &asked).await;
    let look = async |by: &Arc<Claims>| {
        let answer = house.engine.deed(by.clone(), Deed::ReadPersons(read(json!({"ids": [patient]})))).await;
        answer.map(|answer| answer["persons"][0].clone())
    };
    let walk_in = json!({"register_walk_in": {"queue": "s.d.q", "patient": patient}});
    let Ok(Answer::Waiting { ticket, .. }) = house.give(&here, walk_in).await else { panic!("a number") };
    assert_eq!(look(&here).await.expect("has a number here")["phone"], "+8613800138000");
    assert_eq!(look(&there).await.expect_err("was never there").code, Code::Forbidden);
    // A desk that knows a document's number and calls it in hand learns what it has said itself, and nothing else.
    let mut guessed = asked.clone();
    guessed.as_object_mut().expect("an object").remove("phone");
    assert_eq!(register(&there, &guessed).await, patient);
    let seen = look(&there).await.expect("just registered");
    assert_eq!((&seen["name"], &seen["birth_date"]), (&json!("李四"), &json!("1950-01-01")));
    assert!(seen["phone"].is_null() && seen["documents"].is_null(), "{seen}");
    let today = jiaohao_domain::time::Zone::utc().date(Timestamp(clock::wall_ms()));
    let query = Deed::ReadAudit(read(json!({"day": today, "about": patient, "account": "a-desk-e"})));
    let lines = house.engine.deed(house.operator(), query).await.expect("read")["lines"].clone();
    let by: Vec<String> =
        lines.as_array().expect("lines").iter().map(|l| format!("{} {}", l["what"], l["by"])).collect();
    assert_eq!(by[1..], [r#""identify_person" "document""#, r#""read_persons" "just_registered""#]);
    // Nor does it lose that by another one who does the same, and what it does to the family is marked as well.
    let third = desk_of("a-desk-f", "s.e");
    assert_eq!(register(&third, &guessed).await, patient);
    look(&there).await.expect("just registered there, too");
    house.engine.deed(there.clone(), Deed::ReadActing(read(json!(patient)))).await.expect("seen");
    let grant = json!({"grant_relation": {"patient": patient, "phone": "13800138001", "relation": "parent"}});
    house.give(&there, grant.clone()).await.expect("granted");
    house.give(&here, grant).await.expect("granted already");
    let marks = async |account: &str, what: &str| {
        let query = Deed::ReadAudit(read(json!({"day": today, "about": patient, "account": account})));
        let lines = house.engine.deed(house.operator(), query).await.expect("read")["lines"].clone();
        lines.as_array().expect("lines").iter().find(|line| line["what"] == what).map(|line| line["by"].clone())
    };
    for what in ["read_acting", "grant_relation"] {
        assert_eq!(marks("a-desk-e", what).await, Some(json!("just_registered")), "{what}");
    }
    assert_eq!(marks("a-desk-d", "grant_relation").await, Some(Value::Null), "who was there");
    // Who was there stays the desk's, also when it has forgotten who registered the person.
    let end = json!({"cancel_ticket": {"ticket": ticket, "reason": "left"}});
    house.give(&here, end).await.expect("ended");
    house.engine.0.newly_known.clear();
    assert_eq!(look(&here).await.expect("was here")["phone"], "+8613800138000");
    assert_eq!(look(&there).await.expect_err("long ago").code, Code::Forbidden);
}

#[actix_web::test]
async fn a_doctor_who_makes_somebody_known_reads_nothing_of_them() {
    let house = open().await;
    let asked = json!({"document_kind": "passport", "document_number": "E00000031", "name": "李四", "sex": "male",
        "birth_date": "1950-01-01"});
    let mut doctor = house.claims(Role::Doctor, "a-doctor-d");
    (doctor.site, doctor.doctor) = (Some(SiteId::new("s")), Some(DoctorId::new("s.dr")));
    let doctor = Arc::new(doctor);
    let deed = Deed::RegisterPerson { person: Box::new(read(asked)), key: None };
    let patient = house.engine.deed(doctor.clone(), deed).await.expect("made known")["patient"].clone();
    let looked = house.engine.deed(doctor, Deed::ReadPersons(read(json!({"ids": [patient]})))).await;
    assert_eq!(looked.expect_err("no patient of the doctor's").code, Code::Forbidden);
}

#[actix_web::test]
async fn what_is_typed_into_the_audit_s_search_and_is_no_id_is_not_put_down() {
    let house = open().await;
    let today = jiaohao_domain::time::Zone::utc().date(Timestamp(clock::wall_ms()));
    let staff = json!({"define_staff": {"id": "wu", "role": "desk", "password": "twelve characters", "site": "s"}});
    house.give(&house.operator(), staff).await.expect("defined");
    let ask = async |about: Option<&str>| {
        let query = Deed::ReadAudit(read(json!({"day": today, "about": about})));
        house.engine.deed(house.operator(), query).await.expect("read")["lines"].clone()
    };
    assert_eq!(ask(Some("诸葛亮 13800138000")).await, json!([]));
    assert_ne!(ask(Some("s.d")).await, json!([]), "an id that is on a line");
    let lines = ask(None).await;
    let looks: Vec<String> = lines
        .as_array()
        .expect("lines")
        .iter()
        .filter(|line| line["what"] == "read_audit")
        .map(|line| line["about"].as_array().expect("ids")[1..].iter().map(ToString::to_string).collect())
        .collect();
    assert_eq!(looks, ["", "\"s.d\""]);
}

#[actix_web::test]
async fn a_new_account_takes_over_nobody() {
    let house = open().await;
    let define = async |role: &str, new: bool| {
        let staff = json!({"id": "wu", "role": role, "password": "twelve characters", "site": "s", "new": new});
        house.give(&house.operator(), json!({ "define_staff": staff })).await.map_err(|why| why.code)
    };
    define("desk", true).await.expect("there was none");
    assert_eq!(define("kiosk", true).await.map(drop), Err(Code::AlreadyExists));
    define("kiosk", false).await.expect("changed on purpose");
}

#[actix_web::test]
async fn signing_out_on_one_device_leaves_the_other_signed_in() {
    let house = open().await;
    let staff = json!({"define_staff": {"id": "wu", "role": "desk", "password": "twelve characters", "site": "s"}});
    house.give(&house.operator(), staff).await.expect("defined");
    let address = IpAddr::from([10, 0, 0, 1]);
    let visit = async |visit: Visit| match house.engine.visit(address, visit).await.expect("let in") {
        VisitAnswer::SignedIn(signed_in) => {
            (signed_in.access_token.clone(), signed_in.refresh_token.clone().expect("a cookie"))
        }
        _ => (String::new(), String::new()),
    };
    let sign_in = || Visit::SignIn(read(json!({"name": "wu", "password": "twelve characters"})));
    let (phone, desk) = (visit(sign_in()).await, visit(sign_in()).await);
    let mut changes = house.engine.changed_rights();
    visit(Visit::SignOut { refresh_token: phone.1, everywhere: false }).await;
    let ended = house.engine.authenticate(&phone.0).await.expect_err("signed out");
    assert_eq!(ended.code, Code::Unauthenticated);
    assert_eq!(changes.try_recv().expect("its connections are asked about"), Changed::Account("a-staff-wu".into()));
    let claims = house.engine.authenticate(&desk.0).await.expect("the desk's computer is not disturbed");
    house.engine.still_stands(Arc::new(claims)).await.expect("nor are its connections");
    // A restart asks the owner.
    house.engine.0.generations.forget(&"a-staff-wu".into());
    house.engine.authenticate(&phone.0).await.expect_err("signed out");
    let again = visit(Visit::Refresh(desk.1)).await;
    let tablet = visit(sign_in()).await;
    visit(Visit::SignOut { refresh_token: tablet.1, everywhere: true }).await;
    for token in [&desk.0, &again.0, &tablet.0] {
        assert_eq!(house.engine.authenticate(token).await.expect_err("everywhere").code, Code::Unauthenticated);
    }
}

#[actix_web::test]
async fn tokens_are_listed_one_by_one_and_nobody_is_made_of_what_does_not_exist() {
    let house = open().await;
    let mut operator = house.claims(Role::Operator, "a-operator");
    operator.may_issue = true;
    let operator = Arc::new(operator);
    let issue = async |asked: Value| house.engine.deed(operator.clone(), Deed::IssueToken(read(asked))).await;
    let desk = json!({"name": "wu", "role": "desk", "site": "s", "departments": ["s.d"], "ttl_s": 3600});
    let mut tokens = Vec::new();
    for _ in 0..2 {
        tokens.push(issue(desk.clone()).await.expect("made")["access_token"].as_str().expect("a token").to_owned());
    }
    issue(json!({"name": "li", "role": "doctor", "doctor": "s.li", "ttl_s": 60})).await.expect("made");
    let list = async || {
        let listed = house.engine.deed(operator.clone(), Deed::ListTokens(Some(SiteId::new("s")))).await;
        listed.expect("a list")["tokens"].as_array().expect("tokens").clone()
    };
    let listed = list().await;
    let of_wu: Vec<&Value> = listed.iter().filter(|token| token["name"] == "wu").collect();
    assert_eq!((listed.len(), of_wu.len()), (3, 2));
    assert_ne!(of_wu[0]["id"], of_wu[1]["id"]);
    for field in ["role", "site", "issued_at", "expires_at"] {
        assert!(of_wu[0][field].is_string(), "{field}: {}", of_wu[0]);
    }
    assert_eq!((&of_wu[0]["departments"], &of_wu[0]["revoked_at"]), (&json!(["s.d"]), &Value::Null));
    let claims = house.engine.authenticate(&tokens[0]).await.expect("holds");
    assert!(of_wu.iter().any(|token| token["id"] == json!(claims.jti)), "the list knows which token it was");
    let revoke = Deed::RevokeToken(read(json!({"name": "wu", "site": "s"})));
    house.engine.deed(operator.clone(), revoke).await.expect("ended");
    let listed = list().await;
    let revoked = listed.iter().filter(|token| token["revoked_at"].is_string()).count();
    assert_eq!((listed.len(), revoked), (3, 2));
    house.engine.authenticate(&tokens[0]).await.expect_err("ended");
    for (asked, unknown) in [
        (json!({"name": "x", "role": "desk", "site": "t", "ttl_s": 60}), "t"),
        (json!({"name": "x", "role": "desk", "site": "s", "departments": ["s.d", "s.no"], "ttl_s": 60}), "s.no"),
        (json!({"name": "x", "role": "doctor", "doctor": "s.nobody", "ttl_s": 60}), "s.nobody"),
        (json!({"name": "x", "role": "screen", "screen": "s.b-1", "board": "s.b", "ttl_s": 60}), "s.b"),
    ] {
        let why = issue(asked).await.expect_err("of nothing");
        assert_eq!(why.code, Code::UnknownId);
        assert!(format!("{:?}", why.valid_now).contains(&format!("\"{unknown}\"")), "{why:?}");
    }
    let staff = |more: Value| {
        let mut staff = json!({"id": "xu", "password": "twelve characters", "site": "s"});
        staff.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        json!({ "define_staff": staff })
    };
    for (more, unknown) in [
        (json!({"role": "desk", "departments": ["s.no"]}), "s.no"),
        (json!({"role": "doctor", "doctor": "s.nobody"}), "s.nobody"),
        (json!({"role": "desk", "site": "t"}), "t"),
    ] {
        let why = house.give(&operator, staff(more)).await.expect_err("of nothing");
        assert!(why.code == Code::UnknownId && why.detail == unknown, "{why:?}");
    }
    house.give(&operator, staff(json!({"role": "doctor", "doctor": "s.li"}))).await.expect("defined");
}

#[actix_web::test]
async fn the_staff_of_a_site_is_listed_with_its_doctors_and_without_passwords() {
    let house = open().await;
    let define = async |more: Value| {
        let mut staff = json!({"password": "twelve characters"});
        staff.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        house.give(&house.operator(), json!({ "define_staff": staff })).await.expect("defined");
    };
    define(json!({"id": "li", "role": "doctor", "doctor": "s.li"})).await;
    define(json!({"id": "wu", "role": "desk", "site": "s", "departments": ["s.d"]})).await;
    define(json!({"id": "it", "role": "operator"})).await;
    define(json!({"id": "gone", "role": "desk", "site": "s"})).await;
    house.give(&house.operator(), json!({"retire_staff": {"id": "gone"}})).await.expect("retired");
    let list = async |claims: Arc<Claims>, of: Option<SiteId>| {
        house.engine.deed(claims, Deed::ListStaff(of)).await.map(|list| list["staff"].clone())
    };
    let li =
        json!({"id": "li", "role": "doctor", "site": null, "departments": [], "doctor": "s.li", "may_issue": false});
    let wu =
        json!({"id": "wu", "role": "desk", "site": "s", "departments": ["s.d"], "doctor": null, "may_issue": false});
    let of_site = list(house.operator(), Some(SiteId::new("s"))).await;
    assert_eq!(of_site.expect("a list"), json!([li, wu]));
    let all = list(house.operator(), None).await.expect("a list");
    assert_eq!(all.as_array().map(Vec::len), Some(3), "with the operator of all sites: {all}");
    let mut of_another = house.claims(Role::Operator, "a-t");
    of_another.site = Some(SiteId::new("t"));
    let of_another = Arc::new(of_another);
    for of in [Some(SiteId::new("s")), None] {
        assert_eq!(list(of_another.clone(), of).await.map_err(|why| why.code), Err(Code::Forbidden));
    }
}

#[actix_web::test]
async fn the_last_operator_of_all_sites_is_neither_retired_nor_made_another() {
    let house = open().await;
    let define = |id: &str, more: Value| {
        let mut staff = json!({"id": id, "role": "operator", "password": "twelve characters"});
        staff.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        json!({ "define_staff": staff })
    };
    let retire = |id: &str| json!({"retire_staff": {"id": id}});
    let give = async |command: Value| house.give(&house.operator(), command).await.map_err(|why| why.code);
    give(define("it", json!({}))).await.expect("defined");
    give(define("of-one", json!({"site": "s"}))).await.expect("defined");
    for command in
        [retire("it"), define("it", json!({"site": "s"})), define("it", json!({"role": "desk", "site": "s"}))]
    {
        assert_eq!(give(command).await.err(), Some(Code::InUse));
    }
    give(define("it", json!({"may_issue": false}))).await.expect("as it was");
    give(retire("of-one")).await.expect("it runs one site");
    give(define("next", json!({}))).await.expect("defined");
    give(retire("it")).await.expect("there is another");
    assert_eq!(give(retire("next")).await.err(), Some(Code::InUse));
    give(retire("it")).await.expect("it is retired already");
}

#[actix_web::test]
async fn of_the_last_two_operators_who_are_retired_at_once_one_stays() {
    let house = open().await;
    let staff = |id: &str, role: &str, site: Option<&str>| json!({"define_staff": {"id": id, "role": role, "password": "twelve characters", "site": site}});
    let operator = house.operator();
    let give = async |command: Value| house.give(&operator, command).await.map_err(|why| why.code);
    let mut one = "first".to_owned();
    give(staff(&one, "operator", None)).await.expect("defined");
    for round in 0..6 {
        let other = format!("other-{round}");
        give(staff(&other, "operator", None)).await.expect("defined");
        let retire = |id: &str| json!({"retire_staff": {"id": id}});
        let end = |id: &str| if round % 2 == 0 { retire(id) } else { staff(id, "desk", Some("s")) };
        let (first, second) = tokio::join!(give(end(&one)), give(end(&other)));
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
        assert_eq!(first.as_ref().err().or(second.as_ref().err()), Some(&Code::InUse));
        one = if first.is_ok() { other } else { one };
    }
}

#[actix_web::test]
async fn what_is_retired_takes_its_screens_rights_along() {
    let house = open().await;
    let operator = house.operator();
    let give = async |command: Value| house.give(&operator, command).await.expect("done");
    give(json!({"define_service_point": {"id": "s.d.r1", "name": "1号诊室"}})).await;
    for board in ["s.b", "s.c"] {
        give(json!({"define_board": {"id": board, "name": "大屏", "queues": ["s.d.q"]}})).await;
    }
    let here = IpAddr::from([127, 0, 0, 1]);
    for (place, board, retire) in [
        (json!({"board": "s.b"}), "s.b", json!({"retire_board": {"id": "s.b"}})),
        (json!({"door": "s.d.r1"}), "s.c", json!({"retire_service_point": {"id": "s.d.r1"}})),
    ] {
        let Ok(VisitAnswer::Told(offer)) = house.engine.visit(here, Visit::OfferScreen(read(place))).await else {
            panic!("it shows a code")
        };
        let sign_in_with = async |secret: &Value| {
            let given = json!({"screen": offer["screen"], "secret": secret});
            let visit = Visit::SignIn(crate::http::requests::SignIn::Screen(read(given)));
            house.engine.visit(here, visit).await
        };
        let sign_in = async || sign_in_with(&offer["secret"]).await;
        assert!(matches!(sign_in().await, Ok(VisitAnswer::NotYet(_))), "it waits, and nobody has failed");
        let another = sign_in_with(&json!("another")).await;
        assert_eq!(another.err().map(|why| why.code), Some(Code::WrongCredentials));
        give(json!({"approve_screen": {"code": offer["code"], "board": board}})).await;
        let Ok(VisitAnswer::SignedIn(screen)) = sign_in().await else { panic!("it signs in") };
        let claims = Arc::new(screen.claims);
        house.engine.still_stands(claims.clone()).await.expect("it stands");
        let mut changed = house.engine.changed_rights();
        give(retire).await;
        let is_told = async { while !changed.recv().await.expect("it listens").concerns(&claims) {} };
        tokio::time::timeout(Duration::from_secs(1), is_told).await.expect("within a second");
        assert_eq!(house.engine.still_stands(claims).await.map_err(|why| why.code), Err(Code::Unauthenticated));
        assert!(sign_in().await.is_err(), "its secret is good for nothing");
    }
}

#[actix_web::test]
async fn of_two_desks_that_confirm_one_document_at_once_one_is_told_what_differs() {
    let house = open().await;
    let asked = |document: &str, name: &str, more: Value| {
        let mut asked = json!({"document_kind": "passport", "document_number": document, "name": name, "sex": "male",
            "birth_date": "1980-01-01"});
        asked.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        asked
    };
    let confirm = async |asked: Value| {
        let deed = Deed::RegisterPerson { person: Box::new(read(asked)), key: None };
        house.engine.deed(house.desk(), deed).await
    };
    for round in 0..5 {
        let document = format!("E7000000{round}");
        let (li, zhang) = (asked(&document, "李四", json!({})), asked(&document, "张三", json!({})));
        let (first, second) = tokio::join!(confirm(li.clone()), confirm(zhang.clone()));
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
        let (refused, other) = if first.is_ok() { (second, zhang) } else { (first, li) };
        let refused = refused.expect_err("one of them");
        assert_eq!(refused.code, Code::AlreadyExists);
        let said = serde_json::to_value(&refused.valid_now).expect("JSON").to_string();
        assert!(said.contains("differs") && said.contains("name") && said.contains("confirmed"), "{said}");
        let replace = |replaces: u64| {
            let mut other = other.clone();
            (other["replace"], other["replaces"]) = (json!(true), json!(replaces));
            other
        };
        assert_eq!(confirm(replace(7)).await.map_err(|why| why.code), Err(Code::AlreadyExists), "not what it saw");
        confirm(replace(1)).await.expect("knowingly");
        // Named, so that it holds also where one of them is done before the other begins.
        let of_second = json!({"replace": true, "replaces": 2});
        let (one, two) = (asked(&document, "王五", of_second.clone()), asked(&document, "赵六", of_second));
        let (first, second) = tokio::join!(confirm(one), confirm(two));
        assert!(first.is_ok() != second.is_ok(), "both have seen what stood before: {first:?} {second:?}");
        let same = asked(&format!("E8000000{round}"), "李四", json!({}));
        let (first, second) = tokio::join!(confirm(same.clone()), confirm(same));
        assert_eq!(first.expect("the same"), second.expect("the same"));
    }
}

#[actix_web::test]
async fn a_right_by_a_phone_that_is_off_the_file_ends_also_when_its_door_dies_before_it_asks() {
    use jiaohao_actors::shell::Origin;
    use jiaohao_domain::person::Relation;
    use jiaohao_domain::vocabulary::{Proof, ToAccount};
    use jiaohao_domain::{PatientId, account::State as AccountState, patient::State};

    let house = open().await;
    let confirm = async |phone: &str, replace: bool| {
        let asked = json!({"document_kind": "passport", "document_number": "E90000001", "name": "张三", "sex": "male",
            "birth_date": "1980-01-01", "phone": phone, "replace": replace});
        let deed = Deed::RegisterPerson { person: Box::new(read(asked)), key: None };
        let person = house.engine.deed(house.desk(), deed).await.expect("confirmed");
        PatientId::new(person["patient"].as_str().expect("an id"))
    };
    let who = confirm("13800000001", false).await;
    let shell = house.engine.0.shell.clone();
    let on_file = |state: &State| state.on_file.clone();
    let old = shell.read(super::patient(&who), on_file).await.expect("read").expect("a phone is on file");
    confirm("13800000002", true).await;
    // The door had seen the old phone on file; what it tells the account comes only now, and it tells nobody else.
    let (relation, proof) = (Relation::Own, Proof::OnFile);
    let act = ToAccount::ActFor { patient: who.clone(), relation, comes_of_age: None, proof };
    shell.ask(super::account(&old), act.into(), Origin::Shell).await.expect("given");
    for tries in 0.. {
        let acts = |state: &AccountState| !state.relations.is_empty();
        if !shell.read(super::account(&old), acts).await.expect("read") {
            break;
        }
        assert!(tries < 100, "it acts for ever");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
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
    assert_eq!(follow().await, Err(Code::Unauthenticated), "the site has heard of it before anybody is asked");
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

#[actix_web::test]
async fn a_kiosk_finds_by_what_only_the_patient_has() {
    let house = open().await;
    let one = house.person("E00000001", "张小三").await;
    let other = house.person("E00000002", "李大四").await;
    let ticket = house.walk_in("s.d.q", &one).await.expect("registered");
    let ticket = serde_json::to_value(ticket).expect("an answer").to_string();
    let ticket = ticket.split('"').find(|part| part.starts_with("s.d.t")).expect("a ticket").to_owned();
    house.walk_in("s.d.q", &other).await.expect("registered");
    house
        .give(&house.desk(), json!({"book_slot": {"session": "s.d.m", "slot": "s.d.m.0900", "patient": other}}))
        .await
        .expect("booked");
    let document = |number: &str| json!({"document": number});
    assert_eq!(house.arrivals("s.d", document("e0000 0001")).await.expect("found"), [0, 1]);
    assert_eq!(house.arrivals("s.d", document("E00000002")).await.expect("found"), [1, 1]);
    assert_eq!(house.arrivals("s.e", document("E00000001")).await.expect("elsewhere"), [0, 0]);
    assert_eq!(house.arrivals("s.d", document("张小三")).await.expect_err("a name is none").code, Code::InvalidField);
    let number = |number: &str, birthday: &str| json!({"number": {"number": number, "birthday": birthday}});
    assert_eq!(house.arrivals("s.d", number("d1", "0101")).await.expect("found"), [0, 1]);
    assert_eq!(house.arrivals("s.d", number("D001", "0102")).await.expect("not theirs"), [0, 0]);
    assert_eq!(house.arrivals("s.d", number("D099", "0101")).await.expect("nobody's"), [0, 0]);
    assert_eq!(house.arrivals("s.d", number("D001", "1.1.")).await.expect_err("no date").code, Code::InvalidField);
    for _ in 0..5 {
        let found =
            house.arrivals("s.e s.d", number("D001", "0101")).await.expect("a department without it counts nothing");
        assert_eq!(found, [0, 1]);
    }
    for written in ["1", "D1", "D0001"] {
        house.arrivals("s.d", number(written, "0102")).await.expect("not theirs");
    }
    assert_eq!(house.arrivals("s.d", number("001", "0101")).await.expect_err("guessed").code, Code::BackOff);
    assert_eq!(house.arrivals("s.d", number("D001", "1301")).await.expect_err("no month").code, Code::InvalidField);
    let shown = house.engine.deed(house.desk(), Deed::ReadTicketCode(ticket.as_str().into())).await.expect("shown");
    let code = shown["code"].as_str().expect("text");
    let draw = |text: String| house.engine.deed(house.kiosk(), Deed::DrawQrCode(read(json!({ "text": text }))));
    let drawn = draw(code.to_owned()).await.expect("drawn");
    assert!(drawn["svg"].as_str().expect("a picture").contains("<svg"), "{drawn}");
    assert_eq!(draw("x".repeat(301)).await.expect_err("too fine").code, Code::TooLarge);
    let by_code = |code: &str| json!({ "code": code });
    assert_eq!(house.arrivals("s.d", by_code(code)).await.expect("found"), [0, 1]);
    assert_eq!(house.arrivals("s.e", by_code(code)).await.expect("elsewhere"), [0, 0]);
    assert_eq!(house.arrivals("s.d", by_code(&ticket)).await.expect("an id alone"), [0, 0]);
    let found = house.find(code).await.expect("the desk scans it too");
    assert_eq!(found["tickets"].as_array().expect("a list").len(), 1);
    assert_eq!(house.find(&code.replace('~', "~A")).await.expect("nobody's")["tickets"], json!([]), "a made-up slip");
    // One of the ten was looked for above.
    for n in 0..9 {
        assert_eq!(house.arrivals("s.d", document(&format!("E9000000{n}"))).await.expect("nobody's"), [0, 0]);
    }
    let tried = house.arrivals("s.d", document("E00000001")).await.expect_err("not one document after the other");
    assert_eq!(tried.code, Code::BackOff);
    let asked = read(json!({"departments": ["s.d"], "by": by_code(code)}));
    let desk = house.engine.deed(house.desk(), Deed::FindArrivals(asked)).await;
    assert_eq!(desk.expect_err("the desk has its own search").code, Code::Forbidden);
}

/// Who comes by the hospital's own system is found before the check-in, at the desk and at a kiosk, and checked in by what
/// is found; the age counts as for anybody else.
#[actix_web::test]
async fn a_visit_of_the_hospitals_is_found_before_it_has_come() {
    let house = open().await;
    let mut his = house.claims(Role::Integrator, "a-his");
    his.site = Some(SiteId::new("s"));
    let visit = json!({"register_visit": {"site": "s", "visit_id": "H-77", "version": 1, "queue": "s.d.q", "date": "2026-11-23",
        "fee_state": "paid", "number": "H78",
        "patient": {"number": "900", "name": "王大年", "sex": "male", "birth_date": "1940-03-07"}}});
    house.give(&Arc::new(his), visit).await.expect("registered");
    let found = house.find("H78").await.expect("found");
    let one = &found["appointments"][0];
    assert_eq!(
        (&one["state"], &one["outside"], &one["number"]),
        (&json!("booked"), &json!(true), &json!("H78")),
        "{found}"
    );
    for text in ["H-77", "王大"] {
        assert_eq!(
            house.find(text).await.expect("found")["appointments"][0]["appointment"],
            one["appointment"],
            "{text}"
        );
    }
    let by = json!({"number": {"number": "H78", "birthday": "0307"}});
    assert_eq!(house.arrivals("s.d", by.clone()).await.expect("at a kiosk"), [1, 0]);
    for document in ["E00000101", "E00000102", "E00000103"] {
        let other = house.person(document, "张小三").await;
        house.walk_in("s.d.q", &other).await.expect("registered");
    }
    let came =
        house.give(&house.desk(), json!({"check_in": {"appointment": one["appointment"]}})).await.expect("checked in");
    let came = came.result();
    assert_eq!(came["number"], json!("H78"));
    assert_eq!(came["position"], json!(1), "86 years old: moved up three: {came}");
    assert_eq!(house.arrivals("s.d", by).await.expect("at a kiosk"), [0, 1], "has come");
    assert_eq!(house.find("H78").await.expect("found")["appointments"], json!([]));
}

/// Who has lost the stream finds in its snapshot how each visit stands that is still to come.
#[actix_web::test]
async fn the_hospitals_stream_says_in_its_snapshot_what_has_become_of_each_visit() {
    let house = open().await;
    let mut his = house.claims(Role::Integrator, "a-his");
    his.site = Some(SiteId::new("s"));
    let his = Arc::new(his);
    let visit = |id: &str, date: &str, number: &str| {
        json!({"register_visit": {"site": "s", "visit_id": id, "version": 1, "queue": "s.d.q", "date": date,
            "fee_state": "paid", "number": number, "patient": {"number": id, "name": "王大年"}}})
    };
    let patient = house.person("E00000201", "张小三").await;
    let Ok(Answer::Waiting { number, .. }) = house.walk_in("s.d.q", &patient).await else { panic!("a number") };
    house.give(&his, visit("H-1", "2026-11-23", "H1")).await.expect("registered");
    house.give(&his, visit("H-2", "2026-11-24", "H2")).await.expect("registered");
    let taken = house.give(&his, visit("H-3", "2026-11-23", &number)).await.expect_err("a walk-in's");
    assert_eq!(taken.code, Code::NumberTaken);
    house.give(&his, json!({"cancel_visit": {"site": "s", "visit_id": "H-2", "version": 2}})).await.expect("off");
    let mut tries = 0;
    loop {
        let site = house.engine.snapshot(his.clone(), "site:s".into()).await.expect("its own").snapshot;
        let visits = site["visits"].as_object().expect("by id").values();
        let mut stand: Vec<String> = visits
            .map(|v| {
                ["visit_id", "version", "state", "code"].map(|part| v[part].to_string()).join(" ").replace('"', "")
            })
            .collect();
        stand.sort();
        // The department hears of a cancellation from the site.
        if stand == ["H-1 1 registered null", "H-2 2 cancelled null", "H-3 1 refused number_taken"] {
            assert_eq!(site["visits_left_out"], 0);
            break;
        }
        tries += 1;
        assert!(tries < 200, "{stand:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[actix_web::test]
async fn of_several_persons_those_whom_one_may_not_see_are_left_out_like_those_whom_nobody_knows() {
    let house = open().await;
    let mut there = house.claims(Role::Desk, "a-desk-e");
    (there.site, there.departments) = (Some(SiteId::new("s")), vec![DepartmentId::new("s.e")]);
    let there = Arc::new(there);
    let (own, other) = (house.person("E00000301", "张三").await, house.person("E00000302", "李四").await);
    house.walk_in("s.e.q", &own).await.expect("registered");
    house.walk_in("s.d.q", &other).await.expect("registered");
    let look =
        async |ids: &[&str]| house.engine.deed(there.clone(), Deed::ReadPersons(read(json!({ "ids": ids })))).await;
    let seen = look(&["p-nobody", &own, &other]).await.expect("one of them is here");
    let whom: Vec<&Value> = seen["persons"].as_array().expect("persons").iter().map(|one| &one["patient"]).collect();
    assert_eq!(whom, [&json!(own)]);
    assert_eq!(look(&["p-nobody", &other]).await.expect_err("none of them is").code, Code::Forbidden);
    let today = jiaohao_domain::time::Zone::utc().date(Timestamp(clock::wall_ms()));
    let lines = async |about: &str| {
        let query = Deed::ReadAudit(read(json!({"day": today, "about": about, "account": "a-desk-e"})));
        let lines = house.engine.deed(house.operator(), query).await.expect("read")["lines"].clone();
        lines.as_array().expect("lines").iter().map(|line| line["outcome"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(lines(&own).await, ["done"]);
    assert_eq!(lines(&other).await, ["forbidden", "forbidden"]);
}

#[actix_web::test]
async fn the_search_brings_whole_who_has_ended() {
    let house = open().await;
    let patient = house.person("E00000401", "张小三").await;
    let Ok(Answer::Waiting { ticket, number, .. }) = house.walk_in("s.d.q", &patient).await else { panic!("a number") };
    assert_eq!(
        house.find(&number).await.expect("found")["tickets"][0]["whole"],
        Value::Null,
        "it stands on the stream"
    );
    let gone = json!({"cancel_ticket": {"ticket": ticket, "reason": "went home"}});
    house.give(&house.desk(), gone).await.expect("leaves");
    let whole = house.find(&number).await.expect("found")["tickets"][0]["whole"].clone();
    let queue = house.engine.snapshot(house.desk(), "queue:s.d.q".into()).await.expect("its own");
    assert_eq!(whole, queue.snapshot["tickets"][ticket.as_str()]);
    assert_eq!(whole["steps"][1]["undoable"], true);
}

#[actix_web::test]
async fn who_mistypes_the_number_of_somebody_confirmed_is_told_whose_it_is() {
    let house = open().await;
    let bearer = house.person("E00000077", "王丽").await;
    let asked = json!({"document_kind": "passport", "document_number": "E00000077", "name": "李明", "sex": "male",
        "birth_date": "1950-01-01"});
    let deed = Deed::RegisterPerson { person: Box::new(read(asked)), key: None };
    let known = house.engine.deed(house.kiosk(), deed).await.expect("the bearer");
    assert_eq!((&known["patient"], &known["masked_name"]), (&json!(bearer), &json!("王*")));
}
