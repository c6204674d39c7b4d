//! Finding in the city: by a few letters, with the next free place, in place of a full session; kept as things change.

use super::*;
use crate::http::finding::FindPlaces;

impl Opened {
    async fn look(&self, asked: Value) -> Result<Value, Rejection> {
        self.engine.deed(self.desk(), Deed::FindPlaces(read::<FindPlaces>(asked))).await
    }

    async fn ids(&self, list: &str, id: &str, asked: Value) -> Vec<String> {
        let found = self.look(asked).await.expect("looked for");
        found[list].as_array().unwrap().iter().map(|one| one[id].as_str().unwrap().to_owned()).collect()
    }

    /// A second hospital with a department of the same name and a doctor, and one session there.
    async fn second(&self) {
        let operator = self.operator();
        for command in [
            json!({"define_site": {"id": "t", "name": "重庆医院", "time_zone": "Asia/Shanghai", "latitude": 29.5, "longitude": 106.5}}),
            json!({"define_department": {"id": "t.x", "name": "心内科门诊", "speciality": "冠心病、高血压"}}),
            json!({"define_queue": {"id": "t.x.q", "name": "q", "prefix": "X"}}),
            json!({"define_doctor": {"id": "t.wu", "name": "吴长明", "title": "主任医师", "departments": ["t.x"]}}),
        ] {
            self.give(&operator, command).await.expect("defined");
        }
        let session = json!({"define_session": {"id": "t.x.m", "date": "2026-11-24", "period": "morning", "queue": "t.x.q",
            "doctor": "t.wu", "registration_class": "普通", "slots": [{"start": "08:00", "minutes": 30, "capacity": 1}]}});
        let mut tries = 0;
        while let Err(why) = self.give(&operator, session.clone()).await {
            tries += 1;
            assert!(tries < 200, "{why:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[actix_web::test]
async fn a_doctor_and_a_department_are_found_by_letters_with_their_next_free_places() {
    let house = open().await;
    house.second().await;
    for text in ["吴长明", "wuchangming", "wu zhang ming", "wcm", "重庆 wcm", "xinnei 吴"] {
        assert_eq!(house.ids("doctors", "doctor", json!({"text": text})).await, ["t.wu"], "{text}");
    }
    for text in ["xnk", "心内", "xinnei", "高血压", "gxb", "cq xn"] {
        assert_eq!(house.ids("departments", "department", json!({"text": text})).await, ["t.x"], "{text}");
    }
    let found = house.look(json!({"text": "wcm"})).await.expect("looked for");
    let doctor = &found["doctors"][0];
    assert_eq!((&doctor["next"]["slot"], &doctor["next"]["free"]), (&json!("t.x.m.0800"), &json!(1)), "{found}");
    assert_eq!(doctor["next"]["start"], "2026-11-24T08:00:00.000+08:00");
    assert_eq!(doctor["dates"], json!([{"date": "2026-11-24", "free": 1}]));
    assert_eq!((&found["sites"][0]["latitude"], &found["sites"][0]["fits"]), (&json!(29.5), &json!(false)));
    // By hospital alone, by day, by class.
    let found = house.look(json!({"text": "cqyy"})).await.expect("looked for");
    assert_eq!((&found["sites"][0]["site"], &found["sites"][0]["fits"]), (&json!("t"), &json!(true)));
    assert_eq!(house.ids("departments", "department", json!({"date": "2026-11-24"})).await, ["t.x"]);
    assert_eq!(house.ids("departments", "department", json!({"date": "2026-11-23"})).await, ["s.d", "s.e"]);
    assert_eq!(house.ids("doctors", "doctor", json!({"registration_class": "普通"})).await, ["t.wu"]);
    assert_eq!(
        house.ids("departments", "department", json!({"registration_class": "特需"})).await,
        Vec::<String>::new()
    );
    assert_eq!(house.ids("departments", "department", json!({"speciality": "冠心"})).await, ["t.x"]);
    assert_eq!(house.ids("departments", "department", json!({"site": "s"})).await, ["s.d", "s.e"]);
    assert_eq!(house.ids("doctors", "doctor", json!({"department": "t.x"})).await, ["t.wu"]);
}

#[actix_web::test]
async fn what_is_found_is_as_things_are_now_and_a_taken_place_is_free_no_more() {
    let house = open().await;
    house.second().await;
    let operator = house.operator();
    assert_eq!(house.ids("doctors", "doctor", json!({"text": "liming"})).await, ["s.li"]);
    let mut li = doctor(&["s.d"]);
    li["define_doctor"]["name"] = json!("黎鸣");
    li["define_doctor"]["speciality"] = json!("骨折");
    house.give(&operator, li).await.expect("defined");
    assert_eq!(house.ids("doctors", "doctor", json!({"text": "李明"})).await, Vec::<String>::new());
    assert_eq!(house.ids("doctors", "doctor", json!({"text": "guzhe"})).await, ["s.li"]);
    house.give(&operator, json!({"retire_doctor": {"id": "s.li"}})).await.expect("retired");
    assert_eq!(house.ids("doctors", "doctor", json!({"text": "guzhe"})).await, Vec::<String>::new());

    let who = house.person("E10000001", "张三").await;
    let book = json!({"book_slot": {"session": "t.x.m", "slot": "t.x.m.0800", "patient": who}});
    let mut claims = house.claims(Role::Desk, "a-desk-t");
    claims.site = Some(SiteId::new("t"));
    house.give(&Arc::new(claims), book).await.expect("booked");
    let until = async |wanted: Value| {
        for _ in 0..100 {
            let found = house.look(json!({"text": "wcm"})).await.expect("looked for");
            if found["doctors"][0]["next"] == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("not {wanted}");
    };
    until(Value::Null).await;
    house.give(&operator, json!({"retire_department": {"id": "s.e"}})).await.expect_err("it has a session");
}

#[actix_web::test]
async fn the_whole_index_is_there_after_a_restart() {
    let house = open().await;
    house.second().await;
    let Opened { folder, _server, engine } = house;
    drop(engine);
    _server.stop().await;
    let server = start(&folder, |_| {}).await;
    let engine = Shared(server.house.clone());
    let house = Opened { folder, _server: server, engine };
    assert_eq!(house.ids("doctors", "doctor", json!({"text": "wcm"})).await, ["t.wu"]);
    assert_eq!(house.ids("departments", "department", json!({"text": "gxy"})).await, ["t.x"]);
}

#[actix_web::test]
async fn in_place_of_a_full_session_others_of_its_class_and_kind_are_found_the_nearest_hospital_first() {
    let house = open().await;
    house.second().await;
    let operator = house.operator();
    for command in [
        json!({"define_site": {"id": "s", "name": "医院", "time_zone": "Asia/Shanghai", "latitude": 29.6, "longitude": 106.5}}),
        json!({"define_department": {"id": "s.d", "name": "心内科"}}),
    ] {
        house.give(&operator, command).await.expect("defined");
    }
    let places = async |asked: Value| house.look(asked).await.expect("looked for")["places"].clone();
    let found = places(json!({"instead_of": "s.d.m"})).await;
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!((&found[0]["session"], &found[0]["doctor_name"]), (&json!("t.x.m"), &json!("吴长明")));
    assert!((11_000..11_300).contains(&found[0]["metres"].as_u64().unwrap()), "{found}");
    let back = places(json!({"instead_of": "t.x.m"})).await;
    assert_eq!((&back[0]["session"], &back[0]["doctor"]), (&json!("s.d.m"), &Value::Null), "{back}");
    assert_eq!(places(json!({"instead_of": "t.x.m", "date": "2026-11-24"})).await, json!([]));
    assert_eq!(places(json!({"instead_of": "s.e.m"})).await, json!([]), "of another kind");
    let code = async |asked: Value| house.look(asked).await.unwrap_err().code;
    assert_eq!(code(json!({"instead_of": "s.d.nothing"})).await, Code::Forbidden);
    assert_eq!(code(json!({"instead_of": "s.d.m", "text": "x"})).await, Code::InvalidField);
}

#[actix_web::test]
async fn what_is_looked_for_and_what_is_found_have_bounds() {
    let house = open().await;
    let code = async |asked: Value| house.look(asked).await.unwrap_err().code;
    assert_eq!(code(json!({"text": "心".repeat(51)})).await, Code::InvalidField);
    assert_eq!(code(json!({"text": "·"})).await, Code::InvalidField);
    assert_eq!(code(json!({"speciality": "x".repeat(51)})).await, Code::InvalidField);
    let operator = house.operator();
    for n in 10..35 {
        let one = json!({"define_department": {"id": format!("s.n{n}"), "name": format!("内科{n}")}});
        house.give(&operator, one).await.expect("defined");
    }
    let found = house.look(json!({"text": "内科"})).await.expect("looked for");
    assert_eq!((found["departments"].as_array().map(Vec::len), &found["left_out"]), (Some(20), &json!(5)));
    let first: Vec<_> = found["departments"].as_array().unwrap().iter().take(2).map(|one| &one["department"]).collect();
    assert_eq!(first, [&json!("s.n10"), &json!("s.n11")]);
}

#[actix_web::test]
async fn a_directory_has_the_sessions_of_two_months_and_says_how_many_more_there_are() {
    let house = open().await;
    for date in ["2027-01-23", "2027-01-24"] {
        let session = json!({"define_session": {"id": format!("s.d.{}", &date[5..]), "date": date, "period": "morning", "queue": "s.d.q",
            "registration_class": "普通", "slots": [{"start": "08:00", "minutes": 30, "capacity": 1}]}});
        house.give(&house.operator(), session).await.expect("defined");
    }
    let site = house.engine.deed(house.desk(), Deed::ReadDirectory(SiteId::new("s"))).await.expect("read");
    let ids: Vec<_> = site["sessions"].as_array().unwrap().iter().map(|one| one["session"].as_str().unwrap()).collect();
    assert_eq!(ids, ["s.d.m", "s.d.01-23", "s.e.m"]);
    assert_eq!(site["sessions_left_out"], 1);
}

/// How answers are judged is the staff's to know.
#[actix_web::test]
async fn who_answers_the_questions_is_not_told_the_rules() {
    let house = open().await;
    let words = |text: &str| json!({"zh": text, "en": text});
    let questions = json!({"site": "s", "version": 1,
        "questions": [{"id": "fever", "text": words("发热吗?"), "kind": "yes_no"}],
        "rules": [{"id": "hot", "when": {"any": [{"question": "fever", "is": ["yes"]}]}, "does": {"note": {"text": words("量体温")}}}]});
    house.give(&house.operator(), json!({ "define_questions": questions })).await.expect("defined");
    let mut patient = house.claims(Role::Patient, "a-phone");
    patient.site = None;
    let read_as = async |claims: Arc<Claims>| {
        house.engine.deed(claims, Deed::ReadDirectory(SiteId::new("s"))).await.expect("read")["questions"].clone()
    };
    let desk = read_as(house.desk()).await;
    assert_eq!(desk["rules"][0]["id"], "hot");
    for claims in [Arc::new(patient), house.kiosk()] {
        let told = read_as(claims).await;
        assert_eq!((&told["version"], &told["questions"], told.get("rules")), (&json!(1), &desk["questions"], None));
    }
}
