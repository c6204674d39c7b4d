//! Who waits for a place, as the desk finds them: by name, with what they wait for and what is kept for them just now.

use super::*;

impl Opened {
    /// What a desk finds of those who wait, once it is as meant.
    async fn wishes_until(&self, text: &str, is_meant: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..200 {
            let found = self.find(text).await.expect("looked for");
            if is_meant(&found["wishes"]) {
                return found["wishes"].clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{text}: {}", self.find(text).await.expect("looked for")["wishes"]);
    }
}

fn session(id: &str) -> Value {
    json!({"define_session": {"id": id, "date": "2026-11-24", "period": "morning", "queue": "s.d.q",
        "registration_class": "普通", "slots": [{"start": "09:00", "minutes": 30, "capacity": 1}]}})
}

#[actix_web::test]
async fn the_desk_finds_who_waits_by_name_and_takes_what_is_offered_for_them() {
    let house = open().await;
    let desk = house.desk();
    house.give(&house.operator(), session("s.d.full")).await.expect("defined");
    let [first, one, other] = [
        house.person("E00000001", "王先到").await,
        house.person("E00000002", "张小三").await,
        house.person("E00000003", "李小四").await,
    ];
    let book = json!({"book_slot": {"session": "s.d.full", "slot": "s.d.full.0900", "patient": first}});
    let Answer::Booked { appointment, .. } = house.give(&desk, book).await.expect("booked") else { panic!("booked") };
    for who in [&one, &other] {
        let join = json!({"join_waitlist": {"patient": who, "wanted": {"session": "s.d.full"}}});
        house.give(&desk, join).await.expect("waits");
    }
    let waits = house.wishes_until("小四", |wishes| wishes.as_array().is_some_and(|all| all.len() == 1)).await;
    assert_eq!((&waits[0]["patient"], &waits[0]["place"]), (&json!(other), &json!(2)), "{waits}");
    assert_eq!((&waits[0]["wanted"], &waits[0]["offer"]), (&json!({"session": "s.d.full"}), &Value::Null));
    // Who only waits is rung by this desk: it sees a name and a phone, no document, and gives nobody a right to them.
    let stranger = Arc::new(Claims { account: AccountId::from("a-desk-2"), ..(*desk).clone() });
    house.engine.0.generations.learn(&stranger.account, jiaohao_domain::account::view::Standing::default());
    let names = |claims: Arc<Claims>| {
        let read = Deed::ReadPersons(read(json!({"ids": [other]})));
        house.engine.deed(claims, read)
    };
    let seen = names(stranger.clone()).await.expect("read");
    let person = &seen["persons"][0];
    assert_eq!(person["name"], "李小四", "{seen}");
    assert!(person.get("phone").is_some() && person.get("documents").is_none(), "{seen}");
    let grant = json!({"grant_relation": {"patient": other, "phone": "13900000001", "relation": "child"}});
    assert_eq!(house.give(&stranger, grant).await.map_err(|why| why.code).err(), Some(Code::Forbidden));
    // Who waits is not erased: a place would be kept for nobody.
    let erase = Deed::ErasePerson(read(json!({"patient": other})));
    let refused = house.engine.deed(house.operator(), erase).await.expect_err("waits");
    assert_eq!((refused.code, refused.valid_now.len()), (Code::NotSettled, 1));

    house.give(&desk, json!({"cancel_appointment": {"appointment": appointment}})).await.expect("cancelled");
    let offered = house.wishes_until("张小三", |wishes| !wishes[0]["offer"].is_null()).await;
    let offer = &offered[0]["offer"];
    assert_eq!((&offer["slot"], &offer["date"]), (&json!("s.d.full.0900"), &json!("2026-11-24")), "{offered}");
    assert_eq!(offer["slot_start"], "2026-11-24T09:00:00.000+08:00");
    let take = json!({"confirm_appointment": {"appointment": offer["appointment"], "patient": one}});
    let Answer::Booked { number, .. } = house.give(&desk, take).await.expect("taken") else { panic!("booked") };
    assert!(number.is_some());
    house.wishes_until("张小三", |wishes| *wishes == json!([])).await;
    // Off the line; then nothing of theirs is here, and nobody sees a name.
    let leave = json!({"leave_waitlist": {"patient": other, "wish": waits[0]["wish"]}});
    house.give(&desk, leave).await.expect("left");
    house.wishes_until("小四", |wishes| *wishes == json!([])).await;
    assert_eq!(names(stranger).await.map_err(|why| why.code), Err(Code::Forbidden));
}

#[actix_web::test]
async fn an_offer_of_today_stands_with_its_wish_and_not_among_the_appointments() {
    let house = open().await;
    let desk = house.desk();
    let mut today = session("s.d.full");
    today["define_session"]["date"] = json!("2026-11-23");
    today["define_session"]["slots"][0]["start"] = json!("11:00");
    house.give(&house.operator(), today).await.expect("defined");
    let (first, one) = (house.person("E00000001", "王先到").await, house.person("E00000002", "张小三").await);
    let book = json!({"book_slot": {"session": "s.d.full", "slot": "s.d.full.1100", "patient": first}});
    let Answer::Booked { appointment, .. } = house.give(&desk, book).await.expect("booked") else { panic!("booked") };
    let join = json!({"join_waitlist": {"patient": one, "wanted": {"session": "s.d.full"}}});
    house.give(&desk, join).await.expect("waits");
    house.give(&desk, json!({"cancel_appointment": {"appointment": appointment}})).await.expect("cancelled");
    house.wishes_until("张小三", |wishes| !wishes[0]["offer"].is_null()).await;
    assert_eq!(house.find("张小三").await.expect("found")["appointments"], json!([]));
    let offered = house.find("张小三").await.expect("found");
    let decline = json!({"cancel_appointment": {"appointment": offered["wishes"][0]["offer"]["appointment"]}});
    house.give(&desk, decline).await.expect("declined");
    let waits = house.wishes_until("张小三", |wishes| wishes[0]["offer"].is_null()).await;
    assert_eq!(waits[0]["place"], 1, "waits on: {waits}");
}
