//! Who is who, through the doors of a running house: whose age counts in a line, whose phone acts for a person, what a lost
//! answer leaves behind.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test in machine time; what fails, fails it")]

mod served;

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use jiaohao::clients::Refusal;
use jiaohao::clients::http::{Door, token_of};
use jiaohao::clients::live;
use jiaohao::house::serve::Server;
use jiaohao_actors::shell::clock;
use jiaohao_domain::Timestamp;
use serde_json::{Value, json};
use served::Phones;
use uuid::Uuid;

/// Clinic time runs so many times as fast: a phone may have a code every second.
const SPEED: f64 = 60.0;

/// A house with one site, one department, one queue and its desk.
struct Town {
    _folder: tempfile::TempDir,
    server: Server,
    door: Door,
    phones: Arc<Phones>,
    operator: String,
    desk: String,
}

impl Town {
    async fn open() -> Self {
        let (folder, server, phones) = served::open(SPEED).await;
        let door = Door { authority: server.doors.address.to_string() };
        let operator = server.first_token.clone().unwrap();
        let put = async |path: &str, body: Value| door.ask("PUT", path, Some(&operator), Some(&body)).await.unwrap();
        put("/sites", json!({"id": "s", "name": "医院", "time_zone": "Asia/Shanghai"})).await;
        put("/departments", json!({"id": "s.d", "name": "内科"})).await;
        put("/queues", json!({"id": "s.d.q", "name": "普通", "prefix": "A"})).await;
        let slots =
            json!([{"start": "09:00", "minutes": 30, "capacity": 8}, {"start": "09:30", "minutes": 30, "capacity": 8}]);
        let session = json!({"id": "s.d.m", "date": "2026-11-23", "period": "morning", "queue": "s.d.q",
            "registration_class": "普通", "slots": slots});
        put("/sessions", session).await;
        let issue = json!({"name": "wu", "role": "desk", "site": "s", "ttl_s": 3600});
        let desk = token_of(&door.ask("POST", "/tokens", Some(&operator), Some(&issue)).await.unwrap()).unwrap();
        Self { _folder: folder, server, door, phones, operator, desk }
    }

    async fn post(&self, path: &str, token: &str, body: Value) -> Result<Value, Refusal> {
        self.door.ask("POST", path, Some(token), Some(&body)).await
    }

    /// Signs a phone in: what it is told.
    async fn sign_in(&self, number: &str) -> Value {
        let asked = json!({ "phone": number });
        while self.door.ask("POST", "/session/code", None, Some(&asked)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let code = self.phones.0.lock().unwrap().last().unwrap().1.clone();
        let given = json!({ "phone": number, "code": code });
        self.door.ask("POST", "/session", None, Some(&given)).await.unwrap()
    }

    /// Lines of the audit that say so.
    async fn audit(&self, what: &str) -> Vec<Value> {
        let day = jiaohao_domain::time::Zone::named("UTC").unwrap().date(Timestamp(clock::wall_ms())).0.to_string();
        let path = format!("/audit?day={day}");
        let read = self.door.ask("GET", &path, Some(&self.operator), None).await.unwrap();
        read["lines"].as_array().unwrap().iter().filter(|line| line["what"] == what).cloned().collect()
    }
}

fn person(number: &str, birth_date: &str, phone: &str) -> Value {
    json!({"document_kind": "passport", "document_number": number, "name": "张小三", "sex": "male",
        "birth_date": birth_date, "phone": phone})
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

#[actix_web::test]
async fn an_age_that_nobody_has_seen_proof_of_gives_no_class() {
    let town = Town::open().await;
    let old = |number: &str| person(number, "1930-01-01", "13800000001");
    let phone = token_of(&town.sign_in("13800000001").await).unwrap();
    let claim = town.post("/persons", &phone, with(old("E30000001"), "relation", json!("self"))).await.unwrap();
    let phone = token_of(&town.sign_in("13800000001").await).unwrap();
    let place = |slot: &str, who: &Value| json!({"session": "s.d.m", "slot": slot, "patient": who["patient"]});
    let by_claim = town.post("/appointments", &phone, place("s.d.m.0900", &claim)).await.unwrap();
    let seen = town.post("/persons", &town.desk, old("E30000002")).await.unwrap();
    let by_proof = town.post("/appointments", &town.desk, place("s.d.m.0900", &seen)).await.unwrap();
    let mut classes = Vec::new();
    for booked in [by_claim, by_proof] {
        let come = json!({"appointment": booked["appointment"]});
        let waits = town.post("/appointments/check-in", &town.desk, come).await.unwrap();
        classes.push(waits["ticket"].as_str().unwrap().to_owned());
    }
    for who in [&claim, &seen] {
        let walk_in = json!({"queue": "s.d.q", "patient": who["patient"]});
        // Once more, knowingly: the queue is the same.
        let refused = town.post("/tickets", &town.desk, walk_in.clone()).await.unwrap_err();
        assert_eq!(refused.code, "already_exists");
        let knowingly = with(walk_in, "visit", refused.valid_now["visit"].clone());
        classes
            .push(town.post("/tickets", &town.desk, knowingly).await.unwrap()["ticket"].as_str().unwrap().to_owned());
    }
    let queue = town.door.ask("GET", "/streams/queue:s.d.q", Some(&town.desk), None).await.unwrap();
    let class_of = |ticket: &String| queue["snapshot"]["tickets"][ticket]["class"].clone();
    assert_eq!(
        classes.iter().map(class_of).collect::<Vec<_>>(),
        [json!(null), json!("senior"), json!(null), json!("senior")]
    );
    town.server.stop().await;
}

#[actix_web::test]
async fn another_phone_on_file_is_said_knowingly_and_ends_what_the_old_one_was() {
    let town = Town::open().await;
    let on_file = |phone: &str| person("E10000001", "1990-01-01", phone);
    let made = town.post("/persons", &town.desk, on_file("13800000001")).await.unwrap();
    let old = token_of(&town.sign_in("13800000001").await).unwrap();
    let bearer = town.post("/persons", &old, on_file("13800000001")).await.unwrap();
    assert_eq!(bearer["patient"], made["patient"]);
    let old = token_of(&town.sign_in("13800000001").await).unwrap();
    let read = json!({"ids": [made["patient"]]});
    town.post("/persons/read", &old, read.clone()).await.expect("acts for the bearer");
    let mut socket = live::connect(&town.door, &old).await.unwrap();

    let refused = town.post("/persons", &town.desk, on_file("13800000002")).await.unwrap_err();
    assert_eq!((refused.code.as_str(), &refused.valid_now["differs"]), ("already_exists", &json!(["phone"])));
    town.post("/persons/read", &old, read.clone()).await.expect("nothing has changed");
    assert!(town.audit("change_phone").await.is_empty());

    let replaced = with(on_file("13800000002"), "replace", json!(true));
    assert_eq!(town.post("/persons", &town.desk, replaced).await.unwrap(), made);
    let ended = async { while socket.next().await.is_some_and(|frame| frame.is_ok_and(|frame| !frame.is_close())) {} };
    tokio::time::timeout(Duration::from_secs(3), ended).await.expect("the old phone's connection has ended");
    assert_eq!(town.post("/persons/read", &old, read.clone()).await.unwrap_err().code, "unauthenticated");
    let again = town.sign_in("13800000001").await;
    assert_eq!(again["patients"], json!([]));
    let old = token_of(&again).unwrap();
    assert_eq!(town.post("/persons/read", &old, read.clone()).await.unwrap_err().code, "forbidden");
    let claim = town.post("/persons", &old, on_file("13800000001")).await.unwrap();
    assert!(claim["patient"].as_str().unwrap().starts_with("pc-"), "a number alone: {claim}");

    let new = token_of(&town.sign_in("13800000002").await).unwrap();
    assert_eq!(town.post("/persons", &new, on_file("13800000002")).await.unwrap(), made);
    let new = token_of(&town.sign_in("13800000002").await).unwrap();
    town.post("/persons/read", &new, read).await.expect("acts for the bearer now");
    let shown = format!("/streams/patient:{}", made["patient"].as_str().unwrap());
    let shown = town.door.ask("GET", &shown, Some(&new), None).await.unwrap();
    assert_eq!(shown["snapshot"]["family"].as_array().unwrap().len(), 1, "{shown}");
    let audited = town.audit("change_phone").await;
    assert_eq!(audited.len(), 1);
    assert_eq!((&audited[0]["about"][0], &audited[0]["outcome"]), (&made["patient"], &json!("done")));
    assert!(audited[0]["about"][1].as_str().unwrap().starts_with("a-phone-"), "whose it was: {audited:?}");
    town.server.stop().await;
}

#[actix_web::test]
async fn the_same_key_makes_the_same_person() {
    let town = Town::open().await;
    let unknown = json!({"document_kind": "none", "document_number": "", "name": "无名氏", "sex": "male"});
    let keyed = async |key: Uuid, body: &Value| {
        town.door.ask_keyed("POST", "/persons", Some(&town.desk), Some(key), Some(body)).await
    };
    let key = Uuid::now_v7();
    let first = keyed(key, &unknown).await.unwrap();
    assert_eq!(keyed(key, &unknown).await.unwrap(), first, "the answer was lost, the person is one");
    let other = with(unknown.clone(), "name", json!("无名女"));
    assert_eq!(keyed(key, &other).await.unwrap_err().code, "idempotency_key_reused");
    assert_ne!(keyed(Uuid::now_v7(), &unknown).await.unwrap(), first, "another key, another person");
    let document = person("E20000001", "1990-01-01", "13800000001");
    let key = Uuid::now_v7();
    keyed(key, &document).await.unwrap();
    let other = with(with(document, "name", json!("张四")), "replace", json!(true));
    assert_eq!(keyed(key, &other).await.unwrap_err().code, "idempotency_key_reused");
    let old = Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, 1_795_300_000, 0));
    assert_eq!(keyed(old, &unknown).await.unwrap_err().code, "idempotency_key_expired");
    assert_eq!(keyed(Uuid::nil(), &unknown).await.unwrap_err().code, "invalid_field");
    town.server.stop().await;
}

#[actix_web::test]
async fn a_hospitals_card_has_a_number_that_can_be_seen() {
    let town = Town::open().await;
    let card = |number: &str| {
        let card = json!({"document_kind": "hospital_card", "document_number": number, "name": "张三", "sex": "male"});
        with(card, "site", json!("s"))
    };
    town.post("/persons", &town.desk, card("00012345")).await.unwrap();
    for number in ["", " ", "\u{202e}12", "1\u{200b}2"] {
        assert_eq!(
            town.post("/persons", &town.desk, card(number)).await.unwrap_err().code,
            "invalid_field",
            "{number:?}"
        );
    }
    town.server.stop().await;
}
