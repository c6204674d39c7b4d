//! Who is who, through the doors of a running house: whose age counts in a line, whose phone acts for a person, what a lost
//! answer leaves behind.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test in machine time; what fails, fails it")]

#[path = "persons/further.rs"]
mod further;
#[path = "persons/sealed.rs"]
mod sealed;
#[path = "served/mod.rs"]
mod served;

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use jiaohao::clients::Refusal;
use jiaohao::clients::http::{Door, token_of};
use jiaohao::clients::live;
use jiaohao::house::serve::Server;
use jiaohao_actors::shell::clock;
use jiaohao_domain::Timestamp;
use serde_json::{Value, json};
use served::Phones;
use tokio_tungstenite::tungstenite::Message;
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
        Self::open_at(served::MORNING).await
    }

    async fn open_at(clinic_start: Timestamp) -> Self {
        let (folder, server, phones) = served::open_at(clinic_start, SPEED).await;
        let door = Door::plain(server.doors.address.to_string());
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
        let asked = loop {
            match self.door.ask("POST", "/session/code", None, Some(&asked)).await {
                Ok(asked) => break asked,
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        };
        let code = self.phones.0.lock().unwrap().last().unwrap().1.clone();
        let given = json!({ "phone": number, "code": code, "device": asked["device"] });
        self.door.ask("POST", "/session", None, Some(&given)).await.unwrap()
    }

    /// Makes a person known from a phone, and signs that phone in anew.
    async fn is(&self, phone: &str, body: Value) -> (String, String) {
        let token = token_of(&self.sign_in(phone).await).unwrap();
        let who = self.post("/persons", &token, body).await.unwrap()["patient"].as_str().unwrap().to_owned();
        (token, who)
    }

    /// Asks a grown-up's phone; the code that came there.
    async fn ask_consent(&self, token: &str, body: &Value) -> String {
        let asked = async || self.post("/persons/consent", token, body.clone()).await;
        while asked().await.is_err_and(|why| why.code == "back_off") {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let (phone, code) = self.phones.0.lock().unwrap().last().unwrap().clone();
        assert!(phone.ends_with(body["phone"].as_str().unwrap()), "asked is the person's own phone");
        code
    }

    async fn family(&self, token: &str) -> Value {
        self.door.ask("GET", "/family", Some(token), None).await.unwrap()
    }

    /// Follows a person; resolves when that right has ended. More than a second after `since` is too late.
    async fn followed(&self, token: &str, patient: &str) -> impl Future<Output = ()> + use<> {
        let mut socket = live::connect(&self.door, token).await.unwrap();
        let wish = json!({"type": "subscribe", "id": "1", "stream": format!("patient:{patient}")});
        socket.send(Message::text(wish.to_string())).await.unwrap();
        while !socket.next().await.unwrap().unwrap().to_string().contains("subscribed") {}
        async move {
            loop {
                let frame = socket.next().await.expect("the connection goes on").unwrap().to_string();
                if frame.contains(r#""type":"ended""#) {
                    assert!(frame.contains("forbidden"), "{frame}");
                    return;
                }
            }
        }
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
async fn a_small_child_with_a_fever_is_an_alert_whoever_has_said_the_age_and_proof_is_for_classes() {
    let town = Town::open().await;
    let usual = town.door.ask("GET", "/questions/usual?site=s", None, None).await.unwrap();
    town.door.ask("PUT", "/questions", Some(&town.operator), Some(&usual)).await.unwrap();
    let hot = json!({"version": 1, "answers": {"fever": "yes", "temperature": "39.1", "contact": "no"}});
    let answered = |body: Value| with(body, "pre_check", hot.clone());
    let mut tickets = Vec::new();
    let mut came = |waits: Value| tickets.push(waits["ticket"].as_str().unwrap().to_owned());
    // The claim of a phone, booked and checked in.
    let phone = token_of(&town.sign_in("13800000001").await).unwrap();
    let claim = with(person("E50000001", "2022-05-06", "13800000001"), "relation", json!("child"));
    let claim = town.post("/persons", &phone, claim).await.unwrap();
    let phone = token_of(&town.sign_in("13800000001").await).unwrap();
    let place = json!({"session": "s.d.m", "slot": "s.d.m.0900", "patient": claim["patient"]});
    let booked = town.post("/appointments", &phone, place).await.unwrap();
    let come = json!({"appointment": booked["appointment"]});
    came(town.post("/appointments/check-in", &town.desk, answered(come)).await.unwrap());
    // Nobody's document in hand.
    let unknown = |birth_date: &str| json!({"document_kind": "none", "document_number": "", "name": "张小三", "sex": "male", "birth_date": birth_date});
    // By the year alone the last one could be five.
    for birth_date in ["2022-05-06", "1930-01-01", "2020-01-05"] {
        let who = town.post("/persons", &town.desk, unknown(birth_date)).await.unwrap();
        let walk_in = json!({"queue": "s.d.q", "patient": who["patient"]});
        came(town.post("/tickets", &town.desk, answered(walk_in)).await.unwrap());
    }
    // A visit of the hospital's own system.
    let issue = json!({"name": "his", "role": "integrator", "site": "s", "ttl_s": 3600});
    let his = town.door.ask("POST", "/tokens", Some(&town.operator), Some(&issue)).await.unwrap();
    let visit = json!({"visit_id": "h1", "version": 1, "site": "s", "queue": "s.d.q", "date": "2026-11-23", "fee_state": "paid",
        "patient": {"number": "77", "name": "张小四", "birth_date": "2022-05-06"}});
    town.post("/visits", &token_of(&his).unwrap(), visit).await.unwrap();
    let found = town.post("/departments/s.d/appointments/find", &town.desk, json!({"text": "张小四"})).await.unwrap();
    let come = json!({"appointment": found["appointments"][0]["appointment"]});
    came(town.post("/appointments/check-in", &town.desk, answered(come)).await.unwrap());
    let queue = town.door.ask("GET", "/streams/queue:s.d.q", Some(&town.desk), None).await.unwrap();
    let of = |ticket: &String| {
        let ticket = &queue["snapshot"]["tickets"][ticket];
        (ticket["pre_check"]["rule"].as_str().unwrap().to_owned(), ticket["class"].clone())
    };
    let child = ("child_fever".to_owned(), json!(null));
    let old = ("fever".to_owned(), json!(null));
    assert_eq!(tickets.iter().map(of).collect::<Vec<_>>(), [child.clone(), child.clone(), old.clone(), old, child]);
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
    let ended = town.followed(&old, made["patient"].as_str().unwrap()).await;

    let refused = town.post("/persons", &town.desk, on_file("13800000002")).await.unwrap_err();
    assert_eq!((refused.code.as_str(), &refused.valid_now["differs"]), ("already_exists", &json!(["phone"])));
    town.post("/persons/read", &old, read.clone()).await.expect("nothing has changed");
    assert!(town.audit("change_phone").await.is_empty());

    let replaced = with(on_file("13800000002"), "replace", json!(true));
    assert_eq!(town.post("/persons", &town.desk, replaced).await.unwrap(), made);
    ends_at_once(ended).await;
    assert_eq!(town.post("/persons/read", &old, read.clone()).await.unwrap_err().code, "forbidden");
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
async fn whoever_is_confirmed_takes_no_more_places_by_the_number_alone() {
    let town = Town::open().await;
    let own = with(person("E40000001", "1980-02-29", "13800000001"), "relation", json!("self"));
    let place = |slot: &str, who: &Value| json!({"session": "s.d.m", "slot": slot, "patient": who["patient"]});
    let phone = token_of(&town.sign_in("13800000001").await).unwrap();
    let claim = town.post("/persons", &phone, own.clone()).await.unwrap();
    town.post("/persons", &town.desk, person("E40000001", "1980-02-29", "13800000001")).await.unwrap();
    let bearer = town.post("/persons", &phone, own).await.unwrap();
    assert_ne!(claim["patient"], bearer["patient"]);
    let phone = token_of(&town.sign_in("13800000001").await).unwrap();
    let refused = town.post("/appointments", &phone, place("s.d.m.0900", &claim)).await.unwrap_err();
    assert_eq!((refused.code.as_str(), &refused.valid_now["patient"]), ("already_exists", &bearer["patient"]));
    // Nor a position in a line.
    let enter = json!({"department": "s.d", "patient": claim["patient"]});
    let refused = town.post("/releases/enter", &phone, enter).await.unwrap_err();
    assert_eq!((refused.code.as_str(), &refused.valid_now["patient"]), ("already_exists", &bearer["patient"]));
    town.post("/appointments", &phone, place("s.d.m.0900", &bearer)).await.unwrap();
    // Another number claimed by the same phone is another person.
    let child = with(person("E40000002", "2016-02-29", "13800000001"), "relation", json!("child"));
    let child = town.post("/persons", &phone, child).await.unwrap();
    let phone = token_of(&town.sign_in("13800000001").await).unwrap();
    town.post("/appointments", &phone, place("s.d.m.0900", &child)).await.unwrap();
    town.server.stop().await;
}

#[actix_web::test]
async fn what_was_booked_by_the_number_counts_with_the_bearer_once_confirmed() {
    let town = Town::open().await;
    let own = with(person("E40000007", "1980-02-29", MOTHER), "relation", json!("self"));
    let place = |slot: &str, who: &Value| json!({"session": "s.d.m", "slot": slot, "patient": who["patient"]});
    let phone = token_of(&town.sign_in(MOTHER).await).unwrap();
    let claim = town.post("/persons", &phone, own.clone()).await.unwrap();
    let booked = town.post("/appointments", &phone, place("s.d.m.0900", &claim)).await.unwrap();
    let bearer = town.post("/persons", &town.desk, person("E40000007", "1980-02-29", MOTHER)).await.unwrap();
    assert_eq!(town.post("/persons", &phone, own).await.unwrap(), bearer);
    let refused = town.post("/appointments", &phone, place("s.d.m.0930", &bearer)).await.unwrap_err();
    assert_eq!(
        (refused.code.as_str(), &refused.valid_now["appointment"]),
        ("limit_department_day", &booked["appointment"])
    );
    let at_desk = town.post("/appointments", &town.desk, place("s.d.m.0930", &bearer)).await.unwrap_err();
    assert_eq!(at_desk.code, "limit_department_day");
    let cancel = json!({"appointment": booked["appointment"]});
    town.post("/appointments/cancel", &phone, cancel).await.unwrap();
    // The claim's owner tells the bearer's.
    let mut tries = 0;
    while let Err(why) = town.post("/appointments", &phone, place("s.d.m.0930", &bearer)).await {
        tries += 1;
        assert!(tries < 100 && why.code == "limit_department_day", "{why:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
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

/// Resolves in time, or the right goes on.
async fn ends_at_once(ended: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_secs(1), ended)
        .await
        .expect("what was held by that right ends within a second");
}

const MOTHER: &str = "13800000011";
const DAUGHTER: &str = "13800000012";

fn mother() -> Value {
    with(person("E40000001", "1950-05-05", MOTHER), "relation", json!("parent"))
}

#[actix_web::test]
async fn a_grown_up_agrees_by_a_code_to_the_own_phone_and_takes_it_back() {
    let town = Town::open().await;
    let own = with(person("E40000002", "1985-05-05", DAUGHTER), "relation", json!("self"));
    let (daughter, _) = town.is(DAUGHTER, own).await;
    let refused = async |body: Value| town.post("/persons", &daughter, body).await.unwrap_err().code;
    assert_eq!(refused(mother()).await, "consent_needed");
    let to_oneself = with(mother(), "phone", json!(DAUGHTER));
    assert_eq!(town.post("/persons/consent", &daughter, to_oneself).await.unwrap_err().code, "invalid_field");
    let code = town.ask_consent(&daughter, &mother()).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(refused(with(mother(), "code", json!(wrong))).await, "wrong_credentials");
    let another = with(with(mother(), "document_number", json!("E40000009")), "code", json!(code));
    assert_eq!(refused(another).await, "wrong_credentials", "agreed to be somebody, not anybody");
    let agreed = town.post("/persons", &daughter, with(mother(), "code", json!(code))).await.unwrap();
    let patient = agreed["patient"].as_str().unwrap();
    assert!(patient.starts_with("pc-"));
    let family = town.family(&daughter).await;
    let one = family["family"].as_array().unwrap().iter().find(|one| one["patient"] == patient).unwrap();
    assert_eq!((&one["relation"], &one["agreed"]), (&json!("parent"), &json!("by_phone")));

    let seen = token_of(&town.sign_in(MOTHER).await).unwrap();
    let agreements = town.family(&seen).await["agreements"].clone();
    assert_eq!((&agreements[0]["patient"], &agreements[0]["masked_name"]), (&json!(patient), &json!("张*三")));
    let ended = town.followed(&daughter, patient).await;
    let end = json!({"patient": patient, "account": agreements[0]["account"]});
    assert_eq!(town.post("/family/end", &seen, end.clone()).await.unwrap(), json!({}));
    ends_at_once(ended).await;
    town.family(&daughter).await["family"].as_array().expect("she is signed in still");
    town.post("/family/end", &seen, end).await.expect("over already");
    assert_eq!(town.family(&seen).await["agreements"], json!([]));
    let (again, _) = (token_of(&town.sign_in(DAUGHTER).await).unwrap(), ());
    let read = json!({"ids": [patient]});
    assert_eq!(town.post("/persons/read", &again, read).await.unwrap_err().code, "forbidden");
    town.server.stop().await;
}

#[actix_web::test]
async fn a_stranger_neither_burns_a_phones_code_nor_asks_so_often_that_its_own_device_gets_none() {
    let town = Town::open().await;
    let ask = async |device: Option<&str>| {
        let asked = json!({"phone": MOTHER, "device": device});
        town.door.ask("POST", "/session/code", None, Some(&asked)).await
    };
    let enter = async |code: &str, device: &Value| {
        let given = json!({"phone": MOTHER, "code": code, "device": device});
        town.door.ask("POST", "/session", None, Some(&given)).await.map_err(|why| why.code)
    };
    let code = || town.phones.0.lock().unwrap().last().unwrap().1.clone();
    let mine = ask(None).await.unwrap()["device"].clone();
    let first = code();
    for _ in 0..3 {
        assert_eq!(enter("x", &json!("a-thief")).await.unwrap_err(), "wrong_credentials", "has asked for none");
    }
    assert_eq!(enter(&first, &json!("a-thief")).await.unwrap_err(), "wrong_credentials", "not that device's");
    enter(&first, &mine).await.expect("its own tries are untouched");
    // The network has asked a moment ago; the device that is known has a minute of its own.
    assert_eq!(ask(None).await.unwrap_err().code, "back_off");
    let again = ask(mine.as_str()).await.unwrap();
    assert_eq!(again["device"], mine, "it keeps its mark");
    enter(&code(), &mine).await.unwrap();
    town.server.stop().await;
}

#[actix_web::test]
async fn who_acts_gives_it_up_and_the_phone_that_agreed_hears_of_it() {
    let town = Town::open().await;
    let own = with(person("E40000002", "1985-05-05", DAUGHTER), "relation", json!("self"));
    let (daughter, _) = town.is(DAUGHTER, own).await;
    let code = town.ask_consent(&daughter, &mother()).await;
    let agreed = town.post("/persons", &daughter, with(mother(), "code", json!(code))).await.unwrap();
    let patient = agreed["patient"].as_str().unwrap();
    let ended = town.followed(&daughter, patient).await;
    town.post("/family/end", &daughter, json!({"patient": patient})).await.unwrap();
    ends_at_once(ended).await;
    let mother = token_of(&town.sign_in(MOTHER).await).unwrap();
    assert_eq!(town.family(&mother).await["agreements"], json!([]));
    town.server.stop().await;
}

#[actix_web::test]
async fn the_word_of_the_phone_on_file_gives_the_bearer_and_the_desk_gives_and_ends_the_same() {
    let town = Town::open().await;
    let confirmed = person("E40000001", "1950-05-05", MOTHER);
    let bearer = town.post("/persons", &town.desk, confirmed).await.unwrap()["patient"].clone();
    let own = with(person("E40000002", "1985-05-05", DAUGHTER), "relation", json!("self"));
    let (daughter, _) = town.is(DAUGHTER, own).await;
    let code = town.ask_consent(&daughter, &mother()).await;
    let agreed = town.post("/persons", &daughter, with(mother(), "code", json!(code))).await.unwrap();
    assert_eq!(agreed["patient"], bearer, "the same person is the same owner from either phone");

    let shown = format!("/family/{}", bearer.as_str().unwrap());
    let acting = async || town.door.ask("GET", &shown, Some(&town.desk), None).await.unwrap()["acting"].clone();
    let acts = acting().await;
    assert_eq!((&acts[0]["agreed"], &acts[0]["masked_name"]), (&json!("by_phone"), &json!("张*三")));
    assert_eq!(town.audit("read_acting").await.len(), 1);
    let ended = town.followed(&daughter, bearer.as_str().unwrap()).await;
    let end = json!({"patient": bearer, "account": acts[0]["account"]});
    town.post("/family/end", &town.desk, end).await.unwrap();
    ends_at_once(ended).await;
    assert_eq!(acting().await, json!([]));
    assert_eq!(town.audit("end_relation").await[0]["about"], json!([acts[0]["account"], bearer]));

    let grant = json!({"patient": bearer, "phone": DAUGHTER, "relation": "parent"});
    town.post("/family", &town.desk, grant.clone()).await.unwrap();
    assert_eq!(acting().await[0]["agreed"], "at_desk");
    let daughter = token_of(&town.sign_in(DAUGHTER).await).unwrap();
    town.post("/persons/read", &daughter, json!({"ids": [bearer]})).await.expect("acts for the bearer");
    assert_eq!(town.post("/family", &daughter, grant).await.unwrap_err().code, "forbidden", "the desk's alone");
    let another = with(person("E40000001", "1950-05-05", "13800000019"), "replace", json!(true));
    town.post("/persons", &town.desk, another).await.unwrap();
    town.post("/persons/read", &daughter, json!({"ids": [bearer]}))
        .await
        .expect("agreed to, whatever phone is on file");
    town.server.stop().await;
}

#[actix_web::test]
async fn the_bearer_sees_who_acts_by_the_desks_word_alone_and_ends_it() {
    let town = Town::open().await;
    let bearer = town.post("/persons", &town.desk, person("E40000001", "1950-05-05", MOTHER)).await.unwrap();
    let bearer = bearer["patient"].as_str().unwrap();
    let grant = json!({"patient": bearer, "phone": DAUGHTER, "relation": "parent"});
    town.post("/family", &town.desk, grant).await.unwrap();
    let daughter = token_of(&town.sign_in(DAUGHTER).await).unwrap();
    let read = async |token: &str| town.post("/persons/read", token, json!({"ids": [bearer]})).await;
    let acts = json!({"patient": bearer, "account": "a-phone-x"});
    let own = with(person("E40000001", "1950-05-05", MOTHER), "relation", json!("self"));
    let (mother, _) = town.is(MOTHER, own).await;
    town.post("/family/end", &mother, acts).await.expect("nobody acts so");
    let acting = async |token: &str| town.family(token).await["acting"].clone();
    let seen = acting(&mother).await;
    assert_eq!(seen.as_array().unwrap().len(), 1, "not oneself: {seen}");
    assert_eq!((&seen[0]["agreed"], &seen[0]["relation"]), (&json!("at_desk"), &json!("parent")));
    assert_eq!(acting(&daughter).await, json!([]), "she is not the bearer");

    let end = json!({"patient": bearer, "account": seen[0]["account"]});
    let stranger = token_of(&town.sign_in("13800000013").await).unwrap();
    town.post("/family/end", &stranger, end.clone()).await.expect("a word that was never given");
    read(&daughter).await.expect("acts for her mother still");
    let ended = town.followed(&daughter, bearer).await;
    town.post("/family/end", &mother, end.clone()).await.unwrap();
    ends_at_once(ended).await;
    assert_eq!(acting(&mother).await, json!([]));
    town.post("/family/end", &mother, end).await.expect("over already");
    let daughter = token_of(&town.sign_in(DAUGHTER).await).unwrap();
    assert_eq!(read(&daughter).await.unwrap_err().code, "forbidden");
    read(&mother).await.expect("her own");
    town.server.stop().await;
}

#[actix_web::test]
async fn a_question_that_the_phones_limit_refuses_leaves_the_code_before_it_good_and_one_line_on_the_audit() {
    let town = Town::open().await;
    let own = with(person("E40000002", "1985-05-05", DAUGHTER), "relation", json!("self"));
    let (daughter, _) = town.is(DAUGHTER, own).await;
    let mut codes = Vec::new();
    for _ in 0..5 {
        codes.push(town.ask_consent(&daughter, &mother()).await);
    }
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let asked = town.audit("ask_consent").await.len();
    let refused = town.post("/persons/consent", &daughter, mother()).await.unwrap_err();
    assert_eq!(refused.code, "back_off");
    let lines = town.audit("ask_consent").await;
    assert_eq!(lines.len(), asked + 1, "{lines:?}");
    let last = lines.iter().find(|line| line["outcome"] == "back_off").unwrap();
    assert!(last["about"][0].as_str().unwrap().starts_with("a-phone-"), "which phone: {last}");
    let code = codes.last().unwrap();
    town.post("/persons", &daughter, with(mother(), "code", json!(code))).await.expect("it is good still");
    town.server.stop().await;
}

#[actix_web::test]
async fn a_childs_account_passes_to_them_on_the_eighteenth_birthday() {
    // Two minutes before midnight.
    let town = Town::open_at(served::MORNING.plus_s(15 * 3_600 + 28 * 60)).await;
    let child = |relation: &str| with(person("E40000003", "2008-11-24", ""), "relation", json!(relation));
    let guardian = token_of(&town.sign_in(DAUGHTER).await).unwrap();
    let refused = async |body: Value| town.post("/persons", &guardian, body).await.unwrap_err().code;
    assert_eq!(refused(child("self")).await, "guardian_needed");
    assert_eq!(refused(child("spouse")).await, "invalid_field");
    let patient = town.post("/persons", &guardian, child("child")).await.unwrap()["patient"].clone();
    let one = town.family(&guardian).await["family"][0].clone();
    assert_eq!(one["ends_at"], "2026-11-24T00:00:00.000+08:00");
    let ended = town.followed(&guardian, patient.as_str().unwrap()).await;
    tokio::time::timeout(Duration::from_secs(4), ended).await.expect("midnight has come");
    let guardian = token_of(&town.sign_in(DAUGHTER).await).unwrap();
    let family = town.family(&guardian).await;
    assert_eq!((&family["family"], &family["grown"][0]["patient"]), (&json!([]), &patient));
    assert_eq!(family["grown"][0]["masked_name"], "张*三");
    let again = town.post("/persons", &guardian, child("child")).await.unwrap_err();
    assert_eq!(again.code, "consent_needed");
    town.server.stop().await;
}

#[actix_web::test]
async fn another_birth_date_of_a_claim_is_judged_for_everybody_who_acts_for_it() {
    let town = Town::open().await;
    let child = |born: &str| with(person("E40000009", born, ""), "relation", json!("child"));
    let guardian = token_of(&town.sign_in(DAUGHTER).await).unwrap();
    let claim = town.post("/persons", &guardian, child("2015-03-04")).await.unwrap()["patient"].clone();
    let place = json!({"session": "s.d.m", "slot": "s.d.m.0900", "patient": claim});
    town.post("/appointments", &guardian, place).await.unwrap();
    let grant = json!({"patient": claim, "phone": MOTHER, "relation": "child"});
    town.post("/family", &town.desk, grant).await.unwrap();
    let second = token_of(&town.sign_in(MOTHER).await).unwrap();
    let ends_at = async |token: &str| town.family(token).await["family"][0]["ends_at"].clone();
    assert_eq!(ends_at(&second).await, "2033-03-04T00:00:00.000+08:00");
    town.post("/persons", &guardian, child("2016-03-04")).await.unwrap();
    for token in [&guardian, &second] {
        assert_eq!(ends_at(token).await, "2034-03-04T00:00:00.000+08:00");
    }
    // Grown up by what is said now: nobody has agreed, and nothing has changed.
    let grown = town.post("/persons", &guardian, child("1990-03-04")).await.unwrap_err();
    assert_eq!(grown.code, "consent_needed");
    for token in [&guardian, &second] {
        assert_eq!(ends_at(token).await, "2034-03-04T00:00:00.000+08:00");
        let read = town.post("/persons/read", token, json!({"ids": [claim]})).await.unwrap();
        assert_eq!(read["persons"][0]["birth_date"], "2016-03-04");
    }
    town.server.stop().await;
}

#[actix_web::test]
async fn a_phone_put_on_file_for_a_child_does_not_speak_for_the_grown_up() {
    // Two seconds before midnight; nobody has ever acted for the child.
    let town = Town::open_at(served::MORNING.plus_s(15 * 3_600 + 28 * 60)).await;
    let young = person("E40000004", "2008-11-24", DAUGHTER);
    let bearer = town.post("/persons", &town.desk, young.clone()).await.unwrap()["patient"].clone();
    let guardian = token_of(&town.sign_in(DAUGHTER).await).unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let own = with(young.clone(), "relation", json!("self"));
    let said = town.post("/persons", &guardian, own.clone()).await.unwrap()["patient"].clone();
    assert!(said.as_str().unwrap().starts_with("pc-"), "the guardian's phone is not the grown-up's: {said}");
    // Nor does a code sent there give the grown-up to a third one.
    let third = token_of(&town.sign_in(MOTHER).await).unwrap();
    let other = with(young.clone(), "relation", json!("other"));
    let code = town.ask_consent(&third, &other).await;
    let agreed = town.post("/persons", &third, with(other, "code", json!(code))).await.unwrap()["patient"].clone();
    assert!(agreed.as_str().unwrap().starts_with("pc-"), "{agreed}");
    // The desk sees the document of the grown-up, who gives that number as the own one.
    assert_eq!(town.post("/persons", &town.desk, young).await.unwrap()["patient"], bearer);
    town.post("/family/end", &guardian, json!({ "patient": said })).await.unwrap();
    let guardian = token_of(&town.sign_in(DAUGHTER).await).unwrap();
    assert_eq!(town.post("/persons", &guardian, own).await.unwrap()["patient"], bearer);
    town.server.stop().await;
}

/// Takes the log of a stopped house back to before ends of rights were recorded. What somebody is to oneself becomes what a
/// guardian is to a child: of somebody who is grown up by now.
fn as_before_ends_were_recorded(data: &std::path::Path) {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD as BASE64;
    use jiaohao_actors::log::{SegmentOptions, journal};
    use jiaohao_domain::account::Event;

    let log = data.join("log");
    let (mut exported, mut rewritten) = (Vec::new(), 0);
    journal::export(&log, &mut exported, &|_| None).unwrap();
    let mut lines = String::new();
    for line in std::str::from_utf8(&exported).unwrap().lines() {
        let mut record: Value = serde_json::from_str(line).unwrap();
        if record["kind"] == 518 {
            let payload = BASE64.decode(record["payload"].as_str().unwrap()).unwrap();
            let Event::RelationAgreed { patient, .. } = jiaohao_actors::codec::decode(&payload).unwrap() else {
                panic!("{record}")
            };
            let event = Event::RelationGranted { patient, relation: "child".into() };
            record["kind"] = json!(509);
            record["payload"] = json!(BASE64.encode(jiaohao_actors::codec::encode(&event).unwrap()));
            rewritten += 1;
        }
        lines.push_str(&format!("{record}\n"));
    }
    assert_eq!(rewritten, 2);
    let mut options = SegmentOptions::new(Arc::new(|| 0));
    options.history = Some(journal::history(&log).unwrap());
    std::fs::remove_dir_all(&log).unwrap();
    std::fs::remove_dir_all(data.join("store")).unwrap();
    journal::import_lines(&log, lines.as_bytes(), options, journal::Whole::OrPartial).unwrap();
}

#[actix_web::test]
async fn a_right_of_before_ends_were_recorded_ends_with_the_childhood_all_the_same() {
    let mut town = Town::open().await;
    let own = with(person("E40000005", "1985-05-05", DAUGHTER), "relation", json!("self"));
    let (_, grown) = town.is(DAUGHTER, own).await;
    let child = with(person("E40000006", "2016-02-29", DAUGHTER), "relation", json!("child"));
    let (_, child) = town.is(DAUGHTER, child).await;
    town.server.stop().await;
    as_before_ends_were_recorded(&town._folder.path().join("data"));
    let (server, phones) = served::start(town._folder.path(), served::MORNING, SPEED).await;
    town.door = Door::plain(server.doors.address.to_string());
    (town.server, town.phones) = (server, phones);

    let phone = async || token_of(&town.sign_in(DAUGHTER).await).unwrap();
    let read = async |who: &str| town.post("/persons/read", &phone().await, json!({ "ids": [who] })).await;
    assert_eq!(read(&grown).await.unwrap_err().code, "forbidden", "nobody's child any more");
    read(&child).await.expect("a child still");
    let family = town.family(&phone().await).await;
    assert_eq!((&family["grown"][0]["patient"], &family["family"][0]["patient"]), (&json!(grown), &json!(child)));
    assert_eq!(family["family"][0]["ends_at"], "2034-03-01T00:00:00.000+08:00");
    town.server.stop().await;
}
