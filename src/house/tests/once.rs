//! One person waits once in a queue, by whatever id of theirs.

use super::*;

fn waits_by(refused: Result<Answer, Rejection>) -> (Code, Option<String>) {
    let why = refused.expect_err("waits there already");
    let ticket = why.valid_now.iter().find(|(name, _)| name == "ticket");
    let ticket = ticket.map(|(_, ticket)| json!(ticket)["Text"].as_str().expect("an id").to_owned());
    (why.code, ticket)
}

#[actix_web::test]
async fn who_waits_in_a_queue_by_one_id_checks_in_to_it_by_no_other() {
    let house = open().await;
    let desk = house.desk();
    let [who, other] = [house.person("E00000051", "张小三").await, house.person("E00000052", "张小三").await];
    let book = json!({"book_slot": {"session": "s.d.m", "slot": "s.d.m.0900", "patient": other}});
    let Ok(Answer::Booked { appointment, .. }) = house.give(&desk, book).await else { panic!("a place") };
    let document = json!({"document_kind": "passport", "document_number": "E00000052"});
    let bind = Deed::BindPerson(read(json!({"patient": who, "document": document})));
    house.engine.deed(desk.clone(), bind).await.expect("one person");
    let Ok(Answer::Waiting { ticket: first, .. }) = house.walk_in("s.d.q", &who).await else { panic!("a number") };
    let check_in = json!({"check_in": {"appointment": appointment}});
    let refused = house.give(&desk, check_in.clone()).await;
    assert_eq!(waits_by(refused), (Code::AlreadyExists, Some(first.to_string())));
    // Nor the other way round.
    house.give(&desk, json!({"cancel_ticket": {"ticket": first, "reason": "left"}})).await.expect("left");
    let Ok(Answer::Waiting { ticket: second, .. }) = house.give(&desk, check_in).await else { panic!("is there") };
    assert_eq!(waits_by(house.walk_in("s.d.q", &who).await), (Code::AlreadyExists, Some(second.to_string())));
    house.walk_in("s.e.q", &who).await.expect("another queue");
    let third = house.person("E00000053", "王小五").await;
    house.walk_in("s.d.q", &third).await.expect("somebody else");
}

#[actix_web::test]
async fn nobody_reports_back_to_a_queue_where_they_wait_by_another_id() {
    let house = open().await;
    let desk = house.desk();
    let [who, other] = [house.person("E00000054", "张小三").await, house.person("E00000055", "张小三").await];
    let Ok(Answer::Waiting { ticket: first, .. }) = house.walk_in("s.d.q", &other).await else { panic!("a number") };
    let li = house.doctor_who_has_called().await;
    house.give(&li, json!({"send_for_tests": {"ticket": first}})).await.expect("away");
    let document = json!({"document_kind": "passport", "document_number": "E00000055"});
    let bind = Deed::BindPerson(read(json!({"patient": who, "document": document})));
    house.engine.deed(desk.clone(), bind).await.expect("one person");
    let Ok(Answer::Waiting { ticket: second, .. }) = house.walk_in("s.d.q", &who).await else { panic!("a number") };
    let back = json!({"report_back": {"ticket": first}});
    let refused = house.give(&desk, back.clone()).await;
    assert_eq!(waits_by(refused), (Code::AlreadyExists, Some(second.to_string())));
    house.give(&desk, json!({"cancel_ticket": {"ticket": second, "reason": "left"}})).await.expect("left");
    house.give(&desk, back).await.expect("back");
}

#[actix_web::test]
async fn nobody_is_brought_or_moved_into_a_queue_where_they_wait_by_another_id() {
    let house = open().await;
    let desk = house.desk();
    house
        .give(&house.operator(), json!({"define_queue": {"id": "s.d.r", "name": "r", "prefix": "R"}}))
        .await
        .expect("defined");
    let [who, other] = [house.person("E00000056", "张小三").await, house.person("E00000057", "张小三").await];
    let number = async |queue: &str, who: &str| loop {
        match house.walk_in(queue, who).await {
            Ok(Answer::Waiting { ticket, visit, .. }) => break (ticket, visit),
            // the department hears of its queue from the site
            Err(why) if why.code == Code::Forbidden => tokio::time::sleep(Duration::from_millis(20)).await,
            answered => panic!("{answered:?}"),
        }
    };
    let (gone, visit) = number("s.d.q", &other).await;
    let [(here, _), (elsewhere, _)] = [number("s.d.r", &other).await, number("s.e.q", &other).await];
    let cancel = |ticket: &jiaohao_domain::TicketId| json!({"cancel_ticket": {"ticket": ticket, "reason": "left"}});
    house.give(&desk, cancel(&gone)).await.expect("left");
    let document = json!({"document_kind": "passport", "document_number": "E00000057"});
    let bind = Deed::BindPerson(read(json!({"patient": who, "document": document})));
    house.engine.deed(desk.clone(), bind).await.expect("one person");
    let (waits, _) = number("s.d.q", &who).await;
    let transfer = |ticket: &jiaohao_domain::TicketId| json!({"transfer_ticket": {"ticket": ticket, "to": "s.d.q", "reason": "r"}});
    let ways = [
        json!({"undo": {"event": format!("{gone}@2"), "reason": "a mistake"}}),
        json!({"register_return": {"visit": visit, "patient": other}}),
        transfer(&here),
        transfer(&elsewhere),
    ];
    let mut answered = Vec::new();
    for way in &ways {
        answered.push(house.give(&desk, way.clone()).await.map(drop).map_err(|why| why.code));
    }
    assert_eq!(answered, vec![Err(Code::AlreadyExists); 4]);
    assert_eq!(waits_by(house.give(&desk, ways[0].clone()).await), (Code::AlreadyExists, Some(waits.to_string())));
    // Once they have left, each of them goes.
    house.give(&desk, cancel(&waits)).await.expect("left");
    house.give(&desk, ways[0].clone()).await.expect("undone");
    house.give(&desk, cancel(&gone)).await.expect("left again");
    house.give(&desk, ways[3].clone()).await.expect("sent");
}
