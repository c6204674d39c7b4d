//! Whose data were erased comes into no line, no list and no place again, by whatever command.

use super::*;

impl Opened {
    /// Erases somebody of whom everything is over, as soon as their owner has heard of it.
    async fn erase(&self, who: &str) {
        for _ in 0..200 {
            let erase = Deed::ErasePerson(read(json!({ "patient": who })));
            match self.engine.deed(self.operator(), erase).await {
                Ok(erased) => return assert_eq!(erased, json!({"erased": true})),
                Err(why) if why.code == Code::NotSettled => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(why) => panic!("{why:?}"),
            }
        }
        panic!("not erased");
    }
}

#[actix_web::test]
async fn whose_data_were_erased_is_put_into_no_line_and_takes_no_place() {
    let house = open().await;
    let desk = house.desk();
    let [who, other] = [house.person("E00000041", "张小三").await, house.person("E00000042", "李小四").await];
    let full = json!({"define_session": {"id": "s.d.full", "date": "2026-11-24", "period": "morning", "queue": "s.d.q",
        "registration_class": "普通", "slots": [{"start": "09:00", "minutes": 30, "capacity": 1}]}});
    house.give(&house.operator(), full).await.expect("defined");
    let book = |slot: &str, who: &str| {
        let session = slot.rsplit_once('.').expect("of a session").0.to_owned();
        json!({"book_slot": {"session": session, "slot": slot, "patient": who}})
    };
    house.give(&desk, book("s.d.full.0900", &other)).await.expect("the last place");
    let Ok(Answer::Waiting { ticket, visit, .. }) = house.walk_in("s.d.q", &who).await else { panic!("a number") };
    house.give(&desk, json!({"cancel_ticket": {"ticket": ticket, "reason": "left"}})).await.expect("over");
    let Ok(Answer::Booked { appointment, .. }) = house.give(&desk, book("s.d.m.1000", &who)).await else {
        panic!("a place")
    };
    house.give(&desk, json!({"cancel_appointment": {"appointment": appointment}})).await.expect("over");
    house.erase(&who).await;
    let ways = [
        json!({"undo": {"event": format!("{ticket}@2"), "reason": "a mistake"}}),
        json!({"restore_appointment": {"appointment": appointment, "reason": "a mistake"}}),
        json!({"join_waitlist": {"patient": who, "wanted": {"session": "s.d.full"}}}),
        json!({"register_walk_in": {"queue": "s.d.q", "patient": who}}),
        json!({"register_return": {"visit": visit, "patient": who}}),
        book("s.d.m.0900", &who),
        json!({"hold_slot": {"session": "s.d.m", "slot": "s.d.m.0900", "patient": who}}),
    ];
    let mut answered = Vec::new();
    for way in &ways {
        let name = way.as_object().and_then(|way| way.keys().next()).expect("a command").clone();
        answered.push((name, house.give(&desk, way.clone()).await.map(drop).map_err(|why| why.code)));
    }
    let taken: Vec<_> = answered.iter().filter(|(_, answer)| *answer != Err(Code::Forbidden)).collect();
    assert!(taken.is_empty(), "{taken:?}");
    // By the document they are a person again, under the same id.
    assert_eq!(house.person("E00000041", "张小三").await, who);
    house.give(&desk, ways[1].clone()).await.expect("restored");
    house.give(&desk, ways[0].clone()).await.expect("undone");
}

/// What is another id of somebody's stands and falls with them.
#[actix_web::test]
async fn a_ticket_under_another_id_of_an_erased_person_stays_ended() {
    let house = open().await;
    let desk = house.desk();
    let [who, other] = [house.person("E00000043", "张小三").await, house.person("E00000044", "张小三").await];
    let Ok(Answer::Waiting { ticket, .. }) = house.walk_in("s.d.q", &other).await else { panic!("a number") };
    house.give(&desk, json!({"cancel_ticket": {"ticket": ticket, "reason": "left"}})).await.expect("over");
    let document = json!({"document_kind": "passport", "document_number": "E00000044"});
    let bind = Deed::BindPerson(read(json!({"patient": who, "document": document})));
    house.engine.deed(desk.clone(), bind).await.expect("one person");
    house.erase(&who).await;
    let undo = json!({"undo": {"event": format!("{ticket}@2"), "reason": "a mistake"}});
    assert_eq!(house.give(&desk, undo).await.expect_err("nobody's").code, Code::Forbidden);
}
