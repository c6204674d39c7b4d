//! Somebody under several ids: a further document, a card, a visit of the hospital's system, an unconscious emergency; and the
//! end of a person.

use jiaohao::identity::person_keys::PersonKeys;
use jiaohao_domain::PatientId;
use serde_json::{Value, json};

use super::{Town, person, with};

const BORN: &str = "1980-01-01";

impl Town {
    async fn known(&self, body: Value) -> String {
        let known = self.post("/persons", &self.desk, body).await.unwrap();
        known["patient"].as_str().unwrap().to_owned()
    }

    async fn bind(&self, body: Value) -> Result<Value, String> {
        self.post("/persons/bind", &self.desk, body).await.map_err(|why| why.code)
    }

    async fn read(&self, who: &str) -> Value {
        let read = self.post("/persons/read", &self.desk, json!({ "ids": [who] })).await;
        read.map_or(Value::Null, |read| read["persons"][0].clone())
    }

    async fn books(&self, who: &str, slot: &str) -> Result<String, (String, Value)> {
        let wish = json!({"session": "s.d.m", "slot": format!("s.d.m.{slot}"), "patient": who});
        match self.post("/appointments", &self.desk, wish).await {
            Ok(booked) => Ok(booked["appointment"].as_str().unwrap().to_owned()),
            Err(why) => Err((why.code, json!(why.valid_now))),
        }
    }

    async fn found(&self, text: &str) -> Vec<String> {
        let found = self.post("/departments/s.d/appointments/find", &self.desk, json!({ "text": text })).await.unwrap();
        let both = ["appointments", "tickets"].into_iter().flat_map(|what| found[what].as_array().unwrap().clone());
        both.map(|one| one["patient"].as_str().unwrap().to_owned()).collect()
    }
}

fn card(number: &str) -> Value {
    json!({"document_kind": "hospital_card", "document_number": number, "site": "s"})
}

#[actix_web::test]
async fn a_further_document_and_a_card_give_the_same_person_until_that_was_a_mistake() {
    let town = Town::open().await;
    let who = town.known(person("E70000001", BORN, "13800000001")).await;
    let other = town.known(person("E70000002", BORN, "13800000001")).await;
    assert_ne!(who, other, "two passports are two persons as long as nobody has seen otherwise");
    town.post("/tickets", &town.desk, json!({"queue": "s.d.q", "patient": who})).await.unwrap();
    let booked = town.books(&other, "0900").await.unwrap();

    let passport = json!({"document_kind": "passport", "document_number": "E70000002"});
    let bind = json!({"patient": who, "document": passport});
    let bound = town.bind(bind.clone()).await.unwrap();
    assert_eq!((&bound["patient"], &bound["bound"]), (&json!(who), &json!(other)));
    assert_eq!(town.bind(bind.clone()).await.unwrap(), bound, "said twice");
    assert_eq!(town.known(person("E70000002", BORN, "13800000001")).await, who);
    let (code, valid_now) = town.books(&who, "0930").await.unwrap_err();
    assert_eq!((code.as_str(), &valid_now["appointment"]), ("limit_department_day", &json!(booked)), "it counts");
    let (code, valid_now) = town.books(&other, "0930").await.unwrap_err();
    assert_eq!((code.as_str(), &valid_now["patient"]), ("already_exists", &json!(who)), "and takes nothing");
    let walk_in = town.post("/tickets", &town.desk, json!({"queue": "s.d.q", "patient": other})).await.unwrap_err();
    assert_eq!((walk_in.code.as_str(), &walk_in.valid_now["patient"]), ("already_exists", &json!(who)));
    let documents = town.read(&who).await["documents"].clone();
    let numbers: Vec<_> = documents.as_array().unwrap().iter().map(|one| one["number"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["E70000001", "E70000002"]);
    town.known(person("E70000001", BORN, "13800000001")).await;
    assert_eq!(
        town.read(&who).await["documents"],
        documents,
        "the other one is not forgotten by the next confirmation"
    );

    let with_card = town.bind(json!({"patient": who, "document": card("77")})).await.unwrap();
    assert_ne!(with_card["bound"], json!(other));
    let of_card = json!({"document_kind": "hospital_card", "document_number": "77", "site": "s", "name": "张小三", "sex": "male"});
    assert_eq!(town.known(of_card).await, who, "the card alone is enough");

    let undone = town.bind(with(bind, "undo", json!(true))).await.unwrap();
    assert_eq!(undone, bound);
    town.books(&who, "0930").await.unwrap();
    assert_eq!(town.known(person("E70000002", BORN, "13800000001")).await, other, "two again");
    assert_eq!(town.read(&who).await["documents"].as_array().unwrap().len(), 1);
    let lines = town.audit("bind_person").await;
    let about = json!([who, other]);
    assert!(lines.iter().any(|line| line["about"] == about && line["by"].is_null()));
    assert!(lines.iter().any(|line| line["about"] == about && line["by"] == "undo"));
}

#[actix_web::test]
async fn who_came_without_a_document_is_found_and_named_by_the_one_that_is_seen_later() {
    let town = Town::open().await;
    let nobody = json!({"document_kind": "none", "document_number": "", "name": "无名氏", "sex": "male"});
    let came = town.known(nobody).await;
    let ticket = town.post("/tickets", &town.desk, json!({"queue": "s.d.q", "patient": came})).await.unwrap();
    let who = town.known(with(person("E70000001", BORN, "13800000001"), "name", json!("欧阳小三"))).await;
    assert_eq!(town.bind(json!({"patient": who, "provisional": came})).await.unwrap()["bound"], json!(came));
    assert_eq!(town.read(&came).await["name"], "欧阳小三", "the ticket keeps its id and bears the name");
    for text in ["欧阳小三", "E70000001", "13800000001"] {
        assert!(town.found(text).await.contains(&came), "{text}");
    }
    let again = town.post("/tickets/cancel", &town.desk, json!({"ticket": ticket["ticket"], "reason": "走了"})).await;
    again.unwrap();
    let other = town.known(person("E70000003", "1981-01-01", "13800000003")).await;
    assert_eq!(town.bind(json!({"patient": other, "provisional": came})).await.unwrap_err(), "already_exists");
    assert_eq!(
        town.bind(json!({"patient": other, "provisional": who})).await.unwrap_err(),
        "invalid_field",
        "has a document"
    );
    let passport = json!({"document_kind": "passport", "document_number": "E70000001"});
    assert_eq!(
        town.bind(json!({"patient": other, "document": passport})).await.unwrap_err(),
        "already_exists",
        "born otherwise"
    );
    for wrong in [json!({"patient": who}), json!({"patient": who, "provisional": came, "document": card("1")})] {
        assert_eq!(town.bind(wrong).await.unwrap_err(), "invalid_field");
    }
}

#[actix_web::test]
async fn a_visit_of_the_hospitals_system_is_the_persons_whom_its_number_was_bound_to() {
    let town = Town::open().await;
    let who = town.known(person("E70000001", BORN, "13800000001")).await;
    town.bind(json!({"patient": who, "document": card("4711")})).await.unwrap();
    let issue = json!({"name": "his", "role": "integrator", "site": "s", "ttl_s": 3600});
    let his = jiaohao::clients::http::token_of(&town.post("/tokens", &town.operator, issue).await.unwrap()).unwrap();
    let visit = json!({"site": "s", "visit_id": "v1", "version": 1, "department": "s.d", "date": "2026-11-23", "queue": "s.d.q", "fee_state": "paid",
        "patient": {"number": "4711", "name": "张老三", "sex": "male"}});
    town.post("/visits", &his, visit).await.unwrap();
    assert_eq!(town.found("E70000001").await, std::slice::from_ref(&who));
    assert_eq!(town.read(&who).await["name"], "张小三", "that system does not rename who was confirmed");
}

#[actix_web::test]
async fn an_erased_person_is_named_by_nothing_not_after_a_restart_and_may_come_anew() {
    let town = Town::open().await;
    let who = town.known(person("E70000001", BORN, "13800000001")).await;
    let (token, mine) = town.is("13800000001", person("E70000001", BORN, "13800000001")).await;
    assert_eq!(mine, who, "the phone on file acts for the person");
    let booked = town.books(&who, "0900").await.unwrap();
    let erase =
        async |by: &str| town.post("/persons/erase", by, json!({ "patient": who })).await.map_err(|why| why.code);
    assert_eq!(erase(&town.desk).await.unwrap_err(), "forbidden");
    let booked_there = town.post("/persons/erase", &town.operator, json!({ "patient": who })).await.unwrap_err();
    assert_eq!(booked_there.code, "not_settled");
    assert_eq!(json!(booked_there.valid_now), json!({"departments": ["s.d"]}));
    town.post("/appointments/cancel", &town.desk, json!({ "appointment": booked })).await.unwrap();
    assert_eq!(town.read(&who).await["name"], "张小三");
    assert_eq!(erase(&town.operator).await.unwrap(), json!({"erased": true}));
    assert_eq!(erase(&town.operator).await.unwrap(), json!({"erased": false}));
    assert_eq!(town.read(&who).await, Value::Null);
    assert_eq!(town.family(&token).await["family"], json!([]), "nobody acts for the person any more");
    for text in ["张小三", "13800000001"] {
        assert!(!town.found(text).await.contains(&who), "{text}");
    }
    let town = town.again().await;
    assert_eq!(town.read(&who).await, Value::Null);
    let keys = PersonKeys::open(&town._folder.path().join("data/persons")).unwrap();
    assert!(matches!(keys.of_known(&PatientId::from(who.as_str())), Ok(None)));
    assert!(
        town.audit("erase_person").await.iter().any(|line| line["about"] == json!([who]) && line["outcome"] == "done")
    );
    let unknown = town.post("/persons/erase", &town.operator, json!({"patient": "p-nobody"})).await.unwrap_err();
    assert_eq!(unknown.code, "unknown_id");
    assert_eq!(town.known(person("E70000001", BORN, "13800000001")).await, who, "a new file under the same id");
    assert_eq!(town.read(&who).await["name"], "张小三");
}
