//! What was answered before a queue: read by the desk and by the doctor whom the patient is with, in no byte that the house
//! keeps, and gone with the person's key.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiaohao::clients::http::{Door, token_of};
use jiaohao::identity::person_keys::PersonKeys;
use jiaohao_actors::log::journal;
use jiaohao_domain::PatientId;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{SPEED, Town, served};

/// Answers and reasons of this test. The degrees stand in no rule.
const DEGREES: [&str; 5] = ["36.1", "39.7", "38.9", "41.3", "35.4"];
const REASONS: [&str; 2] = ["那边看过七七八八", "听不清九九五五"];

/// Whether the degrees stand there as a text of their own: not the seconds of a time, nor within a longer number.
fn has_degrees(bytes: &[u8], degrees: &str) -> bool {
    let starts_there = |at: &usize| bytes[*at..].starts_with(degrees.as_bytes());
    let mut found = (1..bytes.len()).filter(starts_there);
    found.any(|at| !bytes[at - 1].is_ascii_digit() && !b":.".contains(&bytes[at - 1]))
}

fn says(bytes: &[u8]) -> Vec<&'static str> {
    let has_reason = |reason: &str| bytes.windows(reason.len()).any(|window| window == reason.as_bytes());
    let degrees = DEGREES.into_iter().filter(|degrees| has_degrees(bytes, degrees));
    degrees.chain(REASONS.into_iter().filter(|reason| has_reason(reason))).collect()
}

/// Every file that says something of it, and every record of the log; of how many bytes.
fn traces(data: &Path) -> (Vec<String>, usize) {
    let (mut found, mut looked_at) = (Vec::new(), 0);
    let mut folders = vec![data.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            looked_at += bytes.len();
            found.extend(says(&bytes).into_iter().map(|said| format!("{}: {said}", path.display())));
        }
    }
    let mut exported = Vec::new();
    journal::export(&data.join("log"), &mut exported, &|_| None).unwrap();
    for line in std::str::from_utf8(&exported).unwrap().lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let Some(payload) = record["payload"].as_str() else { continue };
        let payload = BASE64.decode(payload).unwrap();
        looked_at += payload.len();
        found.extend(says(&payload).into_iter().map(|said| format!("kind {}: {said}", record["kind"])));
    }
    (found, looked_at)
}

impl Town {
    /// A site that asks, with a fever clinic and a doctor.
    async fn asks(&self) {
        let put = async |path: &str, body: Value| {
            self.door.ask("PUT", path, Some(&self.operator), Some(&body)).await.unwrap();
        };
        put("/departments", json!({"id": "s.fever", "name": "发热门诊"})).await;
        put("/queues", json!({"id": "s.fever.q", "name": "发热", "prefix": "F"})).await;
        put("/service-points", json!({"id": "s.d.r1", "name": "一诊室"})).await;
        put("/doctors", json!({"id": "s.li", "name": "李明", "title": "主任医师", "departments": ["s.d"]})).await;
        put("/doctors", json!({"id": "s.wu", "name": "吴芳", "title": "主任医师", "departments": ["s.d"]})).await;
        let usual = self.door.ask("GET", "/questions/usual?site=s&department=s.fever", None, None).await.unwrap();
        put("/questions", usual).await;
    }

    async fn script(&self, name: &str, claims: Value) -> String {
        let mut issue = json!({"name": name, "site": "s", "ttl_s": 3600});
        issue.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        token_of(&self.post("/tokens", &self.operator, issue).await.unwrap()).unwrap()
    }

    async fn comes(&self, n: usize, pre_check: Value) -> (String, Result<Value, jiaohao::clients::Refusal>) {
        let who = json!({"document_kind": "passport", "document_number": format!("E7000000{n}"), "name": "张小三",
            "sex": "male", "birth_date": "1980-01-01", "phone": null});
        let who = self.post("/persons", &self.desk, who).await.unwrap()["patient"].as_str().unwrap().to_owned();
        let body = json!({"queue": "s.d.q", "patient": who, "pre_check": pre_check});
        (who, self.post("/tickets", &self.desk, body).await)
    }

    async fn said(&self, token: &str, ticket: &str) -> Result<Value, String> {
        let path = format!("/tickets/{ticket}/pre-check");
        self.door.ask("GET", &path, Some(token), None).await.map_err(|why| why.code)
    }

    pub(super) async fn again(mut self) -> Self {
        self.server.stop().await;
        let (server, phones) = served::start(self._folder.path(), served::MORNING, SPEED).await;
        self.door = Door::plain(server.doors.address.to_string());
        (self.server, self.phones) = (server, phones);
        self
    }
}

fn answers(degrees: &str) -> Value {
    json!({"version": 1, "answers": {"fever": "no", "temperature": degrees, "contact": "no"}})
}

fn but(degrees: &str, what: &str, is: &str) -> Value {
    let mut answered = answers(degrees);
    answered[what] = json!(is);
    answered
}

#[actix_web::test]
async fn what_was_answered_is_read_by_desk_and_doctor_stands_in_no_byte_and_goes_with_the_key() {
    let town = Town::open().await;
    town.asks().await;
    let doctor = town.script("li", json!({"role": "doctor", "doctor": "s.li"})).await;
    let other = town.script("wu2", json!({"role": "doctor", "doctor": "s.wu"})).await;
    let fever = town.script("fever", json!({"role": "desk", "departments": ["s.fever"]})).await;
    let data = town._folder.path().join("data");
    let ticket = |waits: &Value| waits["ticket"].as_str().unwrap().to_owned();

    let (healthy, waits) = town.comes(1, answers(DEGREES[0])).await;
    let first = ticket(&waits.unwrap());
    let (_, sent) = town.comes(2, answers(DEGREES[1])).await;
    assert_eq!(sent.unwrap_err().code, "sent_elsewhere");
    let stays = town.comes(3, but(DEGREES[2], "all_the_same", REASONS[0])).await.1.unwrap();
    let (moved, gone) = town.comes(4, but(DEGREES[3], "to", "s.fever.q")).await;
    let gone = ticket(&gone.unwrap());
    // Told and not asked at once is neither.
    let both = town.comes(5, but(DEGREES[4], "not_asked", REASONS[1])).await.1;
    assert_eq!(both.unwrap_err().code, "invalid_field");
    let spared = town.comes(6, json!({"version": 1, "not_asked": REASONS[1]})).await.1.unwrap();
    let queue = async |id: &str| {
        let stream = format!("/streams/queue:{id}");
        town.door.ask("GET", &stream, Some(&town.desk), None).await.unwrap()["snapshot"].clone()
    };
    let there = loop {
        let tickets = queue("s.fever.q").await["tickets"].clone();
        let taken = tickets.as_object().unwrap().values().find(|ticket| !ticket["pre_check"].is_null()).map(ticket);
        if let Some(taken) = taken {
            break taken;
        }
    };
    let shown = queue("s.d.q").await.to_string();
    assert!(shown.contains("\"fever\"") && says(shown.as_bytes()).is_empty(), "{shown}");

    // The desk; of the doctors the one whom the patient is with.
    let of = |degrees: &str| answers(degrees)["answers"].clone();
    let plain = |degrees: &str| json!({"answers": of(degrees), "not_asked": null, "all_the_same": null});
    assert_eq!(town.said(&town.desk, &first).await.unwrap(), plain(DEGREES[0]));
    let reason = json!({"answers": of(DEGREES[2]), "not_asked": null, "all_the_same": REASONS[0]});
    assert_eq!(town.said(&town.desk, &ticket(&stays)).await.unwrap(), reason);
    let reason = json!({"answers": {}, "not_asked": REASONS[1], "all_the_same": null});
    assert_eq!(town.said(&town.desk, &ticket(&spared)).await.unwrap(), reason);
    assert_eq!(town.said(&fever, &there).await.unwrap(), plain(DEGREES[3]));
    assert_eq!(town.said(&fever, &gone).await.unwrap_err(), "forbidden", "another department's ticket");
    assert_eq!(town.said(&town.desk, "s.d.t999").await.unwrap_err(), "forbidden");
    assert_eq!(town.said(&doctor, &first).await.unwrap_err(), "forbidden", "waits for whoever");
    let work = json!({"department": "s.d", "service_point": "s.d.r1"});
    let work = town.post("/work/start", &doctor, work).await.unwrap();
    let next = json!({"department": "s.d", "assignment": work["assignment"], "in_hand": null, "outcome": null});
    let called = town.post("/calls/next", &doctor, next).await.unwrap();
    assert_eq!(called["called"]["ticket"], json!(first), "{called}");
    assert_eq!(town.said(&doctor, &first).await.unwrap(), plain(DEGREES[0]));
    assert_eq!(town.said(&other, &first).await.unwrap_err(), "forbidden");
    let looks = town.audit("read_pre_check").await;
    let outcomes: Vec<_> = looks.iter().map(|line| line["outcome"].as_str().unwrap()).collect();
    let (done, not) = ("done", "forbidden");
    assert_eq!(outcomes, [done, done, done, done, not, not, not, done, not], "{looks:?}");
    assert_eq!(looks[0]["about"], json!([first, healthy]));

    // Nowhere, whatever is kept: running, and after a start from what was kept.
    let town = town.again().await;
    assert_eq!(town.said(&town.desk, &first).await.unwrap(), plain(DEGREES[0]));
    let (found, looked_at) = traces(&data);
    assert_eq!(found, Vec::<String>::new());
    assert!(looked_at > 20_000, "{looked_at}");

    // With the key it is gone: here, and where the ticket has gone on.
    let keys = PersonKeys::open(&data.join("persons")).unwrap();
    let nothing = json!({"answers": null, "not_asked": null, "all_the_same": null});
    for (who, token, ticket) in [(healthy, &town.desk, &first), (moved, &fever, &there)] {
        assert!(keys.destroy(&PatientId::from(who)).unwrap());
        assert_eq!(town.said(token, ticket).await.unwrap(), nothing);
    }
    town.server.stop().await;
    assert_eq!(traces(&data).0, Vec::<String>::new());
}

#[actix_web::test]
async fn an_arrival_is_repeated_by_its_key_and_other_answers_are_another_body() {
    let town = Town::open().await;
    town.asks().await;
    let who = json!({"document_kind": "passport", "document_number": "E70000010", "name": "张小三", "sex": "male",
        "birth_date": "1980-01-01", "phone": null});
    let who = town.post("/persons", &town.desk, who).await.unwrap()["patient"].clone();
    let key = Uuid::now_v7();
    let come = async |degrees: &str| {
        let body = json!({"queue": "s.d.q", "patient": who, "pre_check": answers(degrees)});
        let come = town.door.ask_keyed("POST", "/tickets", Some(&town.desk), Some(key), Some(&body)).await;
        come.map_err(|why| why.code)
    };
    let waits = come("36.1").await.unwrap();
    assert_eq!(come("36.1").await.unwrap(), waits);
    assert_eq!(come("36.2").await.unwrap_err(), "idempotency_key_reused");
    // Without a key of the person the arrival is taken all the same, and what was answered is not kept. (Of somebody who was
    // erased it would not be.)
    let (keys, away) = (town._folder.path().join("data/persons"), town._folder.path().join("away"));
    let other =
        json!({"document_kind": "none", "document_number": "", "name": "李四", "sex": "male", "birth_date": null});
    let other = town.post("/persons", &town.desk, other).await.unwrap()["patient"].clone();
    std::fs::rename(&keys, &away).unwrap();
    let body = json!({"queue": "s.d.q", "patient": other, "pre_check": answers("36.4")});
    let waits = town.post("/tickets", &town.desk, body).await.unwrap();
    std::fs::remove_dir_all(&keys).ok();
    std::fs::rename(&away, &keys).unwrap();
    assert_eq!(town.said(&town.desk, waits["ticket"].as_str().unwrap()).await.unwrap()["answers"], json!(null));
    town.server.stop().await;
}
