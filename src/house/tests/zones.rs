//! Sites in several zones, and one person who goes to both.

use std::task::{Context, Poll, Waker};

use super::*;

/// What has come to an outbox since it was asked last, as one text.
fn come(outbox: &Outbox) -> String {
    let mut text = String::new();
    while let Poll::Ready(Some(frame)) = outbox.poll_frame(&mut Context::from_waker(Waker::noop())) {
        text.push_str(&String::from_utf8_lossy(&frame));
    }
    text
}

/// A second site, as [`open`] makes the first, in another zone.
async fn open_another(house: &Opened, zone: &str) {
    let operator = house.operator();
    let define = async |command: Value| {
        let began = clock::monotonic();
        // the department hears of its queue from the site
        while let Err(why) = house.give(&operator, command.clone()).await {
            assert!(began.elapsed() < Duration::from_secs(10), "{why:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    define(json!({"define_site": {"id": "u", "name": "医院", "time_zone": zone}})).await;
    define(json!({"define_department": {"id": "u.d", "name": "d"}})).await;
    define(json!({"define_queue": {"id": "u.d.q", "name": "q", "prefix": "U"}})).await;
    let slot = json!({"start": "10:00", "minutes": 30, "capacity": 9});
    define(json!({"define_session": {"id": "u.d.m", "date": "2026-11-23", "period": "morning",
        "queue": "u.d.q", "registration_class": "普通", "slots": [slot]}}))
    .await;
}

#[actix_web::test]
async fn a_person_is_told_the_times_of_each_site_in_its_own_zone() {
    let house = open().await;
    open_another(&house, "Asia/Urumqi").await;
    let phone = Arc::new(house.claims(Role::Patient, "a-phone"));
    let (who, _) = house.booked(&phone, "E00000041").await;
    let stream: Arc<str> = format!("patient:{who}").into();
    let outbox = Outbox::new(1, OutboxLimits::default(), Arc::new(CoarseClock::default()));
    let (since, reply_to, awaited) = (None, "1".to_owned(), Awaited::default());
    let wish = Subscription { stream: stream.clone(), since, reply_to, outbox: outbox.clone(), awaited };
    house.engine.subscribe(phone.clone(), wish).await.expect("followed");
    assert!(come(&outbox).contains("2026-11-23T09:00:00.000+08:00"), "where the person already is");
    let book = json!({"book_slot": {"session": "u.d.m", "slot": "u.d.m.1000", "patient": who}});
    let booked = house.give(&phone, book).await.expect("booked");
    let start = "2026-11-23T10:00:00.000+06:00";
    assert_eq!(crate::wire::answer(&house.engine, &booked)["slot_start"], start);
    let said = come(&outbox);
    assert!(said.contains(start) && !said.contains("12:00:00.000+08:00"), "the first time at that site: {said}");
    let shown = house.engine.snapshot(phone.clone(), stream).await.expect("shown").snapshot;
    let starts = [0, 1].map(|n| shown["appointments"][n]["slot_start"].clone());
    assert_eq!(starts, ["2026-11-23T09:00:00.000+08:00", start]);
}

#[actix_web::test]
async fn a_site_that_is_moved_to_another_zone_is_told_in_it() {
    let house = open().await;
    let zone = || house.engine.zone(Some("s")).name();
    assert_eq!(zone(), "Asia/Shanghai");
    let moved = json!({"define_site": {"id": "s", "name": "医院", "time_zone": "Asia/Urumqi"}});
    house.give(&house.operator(), moved).await.expect("defined");
    assert_eq!((zone(), house.engine.zone(None).name()), ("Asia/Urumqi", "Asia/Shanghai"));
    let shown = house.engine.snapshot(house.desk(), "session:s.d.m".into()).await.expect("shown").snapshot;
    assert!(shown["slots"][0]["start"].as_str().expect("a time").ends_with("+06:00"), "{shown}");
}

/// What the sites say is asked again at a start, before anybody is let in.
#[actix_web::test]
async fn a_house_that_starts_knows_the_zones_of_its_sites() {
    let Opened { folder, _server: server, engine } = open().await;
    drop(engine);
    server.stop().await;
    let server = start(&folder, |settings| settings.clock.house_zone = "Asia/Urumqi".to_owned()).await;
    let engine = Shared(server.house.clone());
    assert_eq!(engine.zone(Some("s")).name(), "Asia/Shanghai");
    assert_eq!((engine.zone(None).name(), engine.zone(Some("x")).name()), ("Asia/Urumqi", "Asia/Urumqi"));
}
