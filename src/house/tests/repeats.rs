//! What a repeat by key is answered when the edge would not let the command through any more.

use uuid::Uuid;

use super::*;

impl Opened {
    pub(super) async fn give_keyed(
        &self,
        claims: &Arc<Claims>,
        key: Uuid,
        command: &Value,
    ) -> Result<Answer, Rejection> {
        let command: ClientCommand = read(command.clone());
        match self.engine.command(claims.clone(), Some(key), command, Turn::alone()).await {
            Ok(Answer::Refused(why)) => Err(why),
            answered => answered,
        }
    }

    /// Who acts for somebody that waits in `s.d`; the person, the appointment.
    pub(super) async fn booked(&self, phone: &Arc<Claims>, document: &str) -> (String, String) {
        let asked = json!({"document_kind": "passport", "document_number": document, "name": "张三", "sex": "male",
            "birth_date": "1980-01-01", "relation": "self"});
        let deed = Deed::RegisterPerson { person: Box::new(read(asked)), key: None };
        let person = self.engine.deed(phone.clone(), deed).await.expect("made known");
        let who = person["patient"].as_str().expect("an id").to_owned();
        let book = json!({"book_slot": {"session": "s.d.m", "slot": "s.d.m.0900", "patient": who}});
        match self.give(phone, book).await {
            Ok(Answer::Booked { appointment, .. }) => (who, appointment.to_string()),
            other => panic!("{other:?}"),
        }
    }
}

/// The area's code fitted when the phone checked in, and does not any more.
#[actix_web::test]
async fn a_check_in_is_answered_again_when_the_areas_code_is_another() {
    let house = open().await;
    let phone = Arc::new(house.claims(Role::Patient, "a-phone"));
    let (_, appointment) = house.booked(&phone, "E00000031").await;
    let key = crate::clients::command_key();
    let command = json!({"check_in": {"appointment": appointment, "code": "none of today"}});
    // where the code does not count: as if it had been the right one
    let mut there = house.claims(Role::Desk, "a-phone");
    there.site = Some(SiteId::new("s"));
    let first = house.give_keyed(&Arc::new(there), key, &command).await.expect("checked in");
    for n in 0..12 {
        assert_eq!(house.give_keyed(&phone, key, &command).await.as_ref(), Ok(&first), "repeat {n}");
    }
    let wrong = |code: &'static str| {
        let command = json!({"check_in": {"appointment": appointment, "code": code}});
        let (house, phone) = (&house, &phone);
        async move { house.give_keyed(phone, crate::clients::command_key(), &command).await.expect_err("no repeat").code }
    };
    assert_eq!(wrong("another").await, Code::WrongAreaCode, "no repeat has counted as a guess");
    let mut codes = Vec::new();
    for _ in 0..9 {
        codes.push(wrong("another").await);
    }
    assert_eq!(codes.last(), Some(&Code::BackOff), "guesses count: {codes:?}");
    assert_eq!(house.give_keyed(&phone, key, &command).await.as_ref(), Ok(&first), "and keep no repeat out");
    let other = json!({"check_in": {"appointment": appointment, "code": "something else"}});
    let reused = house.give_keyed(&phone, key, &other).await.expect_err("another body");
    assert_eq!(reused.code, Code::IdempotencyKeyReused);
}

/// What the disk has no room for is not written; a repeat writes nothing.
#[actix_web::test]
async fn a_repeat_is_answered_though_nothing_is_written_any_more() {
    let house = open().await;
    let patient = house.person("E00000032", "张三").await;
    let command = json!({"register_walk_in": {"queue": "s.d.q", "patient": patient}});
    let key = crate::clients::command_key();
    let first = house.give_keyed(&house.desk(), key, &command).await.expect("registered");
    house.engine.0.shell.set_storage_level(2, "less than data.last_reserve_mib".to_owned());
    let why = house.engine.ready().expect_err("full");
    assert!(why.contains(" MiB are free, data.last_reserve_mib = "), "{why}");
    assert_eq!(house.give_keyed(&house.desk(), key, &command).await, Ok(first));
    let new = house.give_keyed(&house.desk(), crate::clients::command_key(), &command).await;
    let refused = new.expect_err("full");
    assert_eq!(refused.code, Code::ReadOnly);
    assert!(refused.detail.contains("data.last_reserve_mib"), "{refused:?}");
}

/// The last operator of all is asked about before an account is retired: a repeat is none of it.
#[actix_web::test]
async fn who_is_the_last_operator_by_now_was_not_when_it_was_asked() {
    let house = open().await;
    let staff = |id: &str, role: &str| {
        json!({"define_staff": {"id": id, "role": role, "site": if role == "desk" { json!("s") } else { Value::Null },
            "password": "twelve characters"}})
    };
    house.give(&house.operator(), staff("one", "operator")).await.expect("defined");
    house.give(&house.operator(), staff("two", "operator")).await.expect("defined");
    let key = crate::clients::command_key();
    let demoted = staff("one", "desk");
    let first = house.give_keyed(&house.operator(), key, &demoted).await.expect("there is another");
    house.give(&house.operator(), staff("one", "operator")).await.expect("again");
    house.give(&house.operator(), json!({"retire_staff": {"id": "two"}})).await.expect("there is another");
    let anew = house.give_keyed(&house.operator(), crate::clients::command_key(), &demoted).await;
    assert_eq!(anew.expect_err("the last").code, Code::InUse);
    assert_eq!(house.give_keyed(&house.operator(), key, &demoted).await, Ok(first), "the first answer again");
}

/// A refusal is remembered by nobody; the wish that its person's owner has taken up keeps its key, whatever has become of it.
#[actix_web::test]
async fn the_key_of_a_refused_booking_is_good_for_the_same_booking_again() {
    let house = open().await;
    let desk = house.desk();
    let full = json!({"define_session": {"id": "s.d.full", "date": "2026-11-24", "period": "morning", "queue": "s.d.q",
        "registration_class": "普通", "slots": [{"start": "09:00", "minutes": 30, "capacity": 1},
            {"start": "10:00", "minutes": 30, "capacity": 1}]}});
    house.give(&house.operator(), full).await.expect("defined");
    let [first, who] = [house.person("E00000033", "张三").await, house.person("E00000034", "李四").await];
    let book = |slot: &str, who: &str| json!({"book_slot": {"session": "s.d.full", "slot": slot, "patient": who}});
    let taken = house.give(&desk, book("s.d.full.0900", &first)).await.expect("the last place");
    let Answer::Booked { appointment, .. } = taken else { panic!("{taken:?}") };
    // Refused by the department, after the person's owner has let it through.
    let key = crate::clients::command_key();
    for n in 0..2 {
        let refused = house.give_keyed(&desk, key, &book("s.d.full.0900", &who)).await;
        assert_eq!(refused.expect_err("full").code, Code::SlotFull, "try {n}");
    }
    let other = house.give_keyed(&desk, key, &book("s.d.full.1000", &who)).await;
    assert_eq!(other.expect_err("another wish").code, Code::IdempotencyKeyReused);
    house.give(&desk, json!({"cancel_appointment": {"appointment": appointment}})).await.expect("free");
    let booked = house.give_keyed(&desk, key, &book("s.d.full.0900", &who)).await.expect("decided anew");
    assert_eq!(house.give_keyed(&desk, key, &book("s.d.full.0900", &who)).await, Ok(booked), "remembered from now on");
    // Refused before anybody has noted anything.
    let key = crate::clients::command_key();
    let refused = house.give_keyed(&desk, key, &book("s.d.full.1000", &who)).await;
    assert_eq!(refused.expect_err("booked that day").code, Code::LimitDepartmentDay);
    house.give_keyed(&desk, key, &book("s.d.full.1000", &first)).await.expect("the key of nothing");
}
