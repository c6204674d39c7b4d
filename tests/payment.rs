//! Fees through a provider that lies, over real sockets: words that never come, come twice or too late, answers that are
//! lost, a house that was down. Whatever it does, somebody has a place or the money, once.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test in machine time; what fails, fails it")]

#[path = "served/mod.rs"]
mod served;

use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::Method;
use jiaohao::clients::http::{Door, token_of};
use jiaohao::config::Settings;
use jiaohao::house::serve::Server;
use jiaohao::pay::sandbox::{Options, Sandbox};
use jiaohao::reach::client::{Client, Patience, Target, Whom};
use jiaohao::reach::signature;
use jiaohao_actors::shell::clock::wall_ms;
use jiaohao_domain::time::Zone;
use jiaohao_domain::{Timestamp, prefix};
use serde_json::{Value, json};
use served::{MORNING, Phones, start_with};
use uuid::Uuid;

const FEE: u32 = 5000;
/// Clinic time is so many times as fast: a hold of ten minutes ends in twenty seconds.
const SPEED: f64 = 30.0;

/// A house with one clinic whose places are paid at booking, the gateway, and a phone.
struct House {
    server: Server,
    folder: tempfile::TempDir,
    gateway: Sandbox,
    door: Door,
    operator: String,
    desk: String,
    phones: Arc<Phones>,
}

fn settings(gateway: &Sandbox) -> Settings {
    Settings::from_parts("test", &gateway.settings(), []).unwrap()
}

impl House {
    async fn open() -> Self {
        let word_after = Duration::from_millis(50);
        let options = Options { word_after, ..Options::at(([127, 0, 0, 1], 0).into()) };
        let gateway = Sandbox::start(options, Arc::new(|| Timestamp(wall_ms()))).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (server, phones) = start_with(settings(&gateway), folder.path(), MORNING, SPEED).await;
        let address = server.doors.address;
        gateway.call_back(format!("http://{address}"));
        let door = Door::plain(address.to_string());
        let operator = server.first_token.clone().unwrap();
        let put = async |path: &str, body: Value| drop(door.insist("PUT", path, Some(&operator), &body).await.unwrap());
        put("/sites", json!({"id": "s", "name": "仁民医院", "time_zone": "Asia/Shanghai"})).await;
        put("/departments", json!({"id": "s.d", "name": "内科"})).await;
        put("/queues", json!({"id": "s.d.q", "name": "普通", "prefix": "A"})).await;
        let slot = |start: &str, capacity: u32| json!({"start": start, "minutes": 60, "capacity": capacity});
        let slots = json!([slot("17:00", 8), slot("18:00", 1)]);
        put(
            "/sessions",
            json!({"id": "s.d.m", "date": "2026-11-23", "period": "evening", "queue": "s.d.q",
                "registration_class": "普通", "fee_fen": FEE, "slots": slots}),
        )
        .await;
        put("/payment", json!({"department": "s.d", "when": "at_booking"})).await;
        put("/sites", json!({"id": "t", "name": "分院", "time_zone": "Asia/Shanghai"})).await;
        put("/departments", json!({"id": "t.e", "name": "外科"})).await;
        put("/queues", json!({"id": "t.e.q", "name": "普通", "prefix": "B"})).await;
        put(
            "/sessions",
            json!({"id": "t.e.m", "date": "2026-11-23", "period": "evening", "queue": "t.e.q",
                "registration_class": "普通", "fee_fen": FEE, "slots": [slot("17:00", 8)]}),
        )
        .await;
        put("/payment", json!({"department": "t.e", "when": "at_booking"})).await;
        let token = json!({"name": "wu", "role": "desk", "site": "s", "ttl_s": 86400});
        let desk = token_of(&door.insist("POST", "/tokens", Some(&operator), &token).await.unwrap()).unwrap();
        Self { server, folder, gateway, door, operator, desk, phones }
    }

    async fn post(&self, token: &str, path: &str, body: Value) -> Value {
        self.door.insist("POST", path, Some(token), &body).await.unwrap()
    }

    /// Somebody with a phone: token and patient.
    async fn person(&self, n: u32) -> (String, String) {
        let phone = format!("1380000000{n}");
        let asked = self.door.insist("POST", "/session/code", None, &json!({"phone": phone})).await.unwrap();
        let code = self.phones.0.lock().unwrap().last().unwrap().1.clone();
        let given = json!({"phone": phone, "code": code, "device": asked["device"]});
        let token = token_of(&self.door.insist("POST", "/session", None, &given).await.unwrap()).unwrap();
        let person = json!({"document_kind": "passport", "document_number": format!("E1234567{n}"), "name": "李明",
            "sex": "male", "birth_date": "1980-01-01"});
        let patient = self.post(&token, "/persons", person).await["patient"].as_str().unwrap().to_owned();
        (token, patient)
    }

    async fn hold(&self, person: &(String, String), slot: &str) -> String {
        self.hold_in("s.d.m", person, slot).await
    }

    async fn hold_in(&self, session: &str, (token, patient): &(String, String), slot: &str) -> String {
        let wish = json!({"session": session, "slot": format!("{session}.{slot}"), "patient": patient});
        self.post(token, "/appointments/hold", wish).await["appointment"].as_str().unwrap().to_owned()
    }

    /// Wants to pay: the order.
    async fn order(&self, (token, _): &(String, String), appointment: &str) -> String {
        let asked = self.post(token, "/appointments/pay", json!({"appointment": appointment})).await;
        assert_eq!(asked["amount_fen"], FEE);
        let order = asked["order"].as_str().unwrap().to_owned();
        assert_eq!(asked["pay_url"], format!("http://{}/pay/{order}", self.gateway.address));
        order
    }

    /// Whatever the gateway is asked by hand.
    async fn gateway(&self, method: Method, path: &str) -> Value {
        serde_json::from_str(&self.text(method, path).await).unwrap()
    }

    async fn text(&self, method: Method, path: &str) -> String {
        let target = Target::read(&format!("http://{}{path}", self.gateway.address), Whom::Named).unwrap();
        let answered = Client::new(Patience::default()).ask(method, &target, &[], Vec::new()).await.unwrap();
        String::from_utf8(answered.body.to_vec()).unwrap()
    }

    /// The gateway's file of today against the clinic's day: whether the two agree, and what differs.
    async fn reconciled(&self, file: String, site: Option<&str>) -> (bool, String) {
        let path = self.folder.path().join("day.csv");
        std::fs::write(&path, file).unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_jiaohao"));
        command.args(["reconcile", "--date", "2026-11-23", "--url", &format!("http://{}", self.door.authority)]);
        command.arg("--file").arg(path).env("JIAOHAO_TOKEN", &self.operator);
        command.args(site.iter().flat_map(|site| ["--site", site]));
        let done = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        (done.status.success(), String::from_utf8(done.stdout).unwrap())
    }

    async fn pays(&self, order: &str, how: &str) {
        let paid = self.gateway(Method::POST, &format!("/pay/{order}?how={how}")).await;
        assert_eq!(paid["code"], "OK", "{order} {how}");
    }

    /// Where it stands on the phone.
    async fn stands(&self, (token, patient): &(String, String), appointment: &str) -> String {
        let stream = format!("/streams/patient:{patient}");
        let seen = self.door.insist("GET", &stream, Some(token), &Value::Null).await.unwrap();
        let all = seen["snapshot"]["appointments"].as_array().cloned().unwrap_or_default();
        let known = all.iter().find(|known| known["appointment"] == appointment);
        known.map_or_else(String::new, |known| known["state"].as_str().unwrap_or_default().to_owned())
    }

    /// What was paid for an appointment, as operations read it.
    async fn money(&self, appointment: &str) -> Value {
        let path = format!("/departments/{}/payments?day=2026-11-23", prefix(appointment, 2));
        let all = self.door.insist("GET", &path, Some(&self.operator), &Value::Null).await.unwrap();
        let list = all["appointments"].as_array().unwrap();
        list.iter().find(|one| one["appointment"] == appointment).cloned().unwrap_or(Value::Null)
    }

    async fn until<T>(&self, what: &str, mut is_so: impl AsyncFnMut() -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(found) = is_so().await {
                return found;
            }
            assert!(began.elapsed() < Duration::from_secs(120), "{what}: it does not come to that");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn until_booked(&self, appointment: &str) {
        let is_so = async || (self.money(appointment).await["state"] == "booked").then_some(());
        self.until(&format!("{appointment} is booked"), is_so).await;
    }

    /// Until nothing is owed of an appointment any more: fen that were paid, and that were given back.
    async fn until_settled(&self, appointment: &str, payments: usize) -> (u64, u64) {
        let is_so = async || {
            let known = self.money(appointment).await;
            let orders = known["orders"].as_array()?.clone();
            let refunds = || orders.iter().flat_map(|order| order["refunds"].as_array().unwrap());
            if orders.len() != payments || refunds().any(|refund| refund["standing"] != "given") {
                return None;
            }
            let sum = |all: &mut dyn Iterator<Item = &Value>| all.map(|one| one["amount_fen"].as_u64().unwrap()).sum();
            Some((sum(&mut orders.iter()), sum(&mut refunds())))
        };
        self.until(&format!("{appointment} is settled"), is_so).await
    }

    /// Fen that the gateway has given back of an appointment.
    async fn given(&self, appointment: &str) -> u64 {
        let seen = self.gateway(Method::GET, "/seen").await;
        let is_its = |refund: &&Value| refund["refund"].as_str().unwrap().starts_with(appointment);
        let refunds = seen["refunds"].as_array().unwrap().iter().filter(is_its);
        refunds.map(|refund| refund["amount_fen"].as_u64().unwrap()).sum()
    }
}

#[actix_web::test]
async fn a_provider_that_lies_costs_nobody_a_place_or_money() {
    let mut house = House::open().await;
    let mut people = Vec::new();
    for n in 0..7 {
        people.push(house.person(n).await);
    }

    // As it should be, said twice: confirmed only once it is paid.
    let usual = house.hold(&people[0], "1700").await;
    let confirm = json!({"appointment": usual});
    let refused =
        house.door.ask("POST", "/appointments/confirm", Some(&people[0].0), Some(&confirm)).await.unwrap_err();
    assert_eq!((refused.code.as_str(), &refused.valid_now["due_fen"]), ("payment_due", &json!(FEE)));
    let order = house.order(&people[0], &usual).await;
    assert_eq!(house.order(&people[0], &usual).await, order, "the same order and page");
    house.pays(&order, "repeated").await;
    house.until_booked(&usual).await;
    assert_eq!(house.post(&people[0].0, "/appointments/confirm", confirm).await["appointment"], usual);

    // Never said: asked for while the place is held.
    let silent = house.hold(&people[1], "1700").await;
    let order = house.order(&people[1], &silent).await;
    house.pays(&order, "silent").await;
    house.until_booked(&silent).await;

    // Paid twice: once too often goes back by itself, and never again.
    let twice = house.hold(&people[2], "1700").await;
    let order = house.order(&people[2], &twice).await;
    house.pays(&order, "twice").await;
    assert_eq!(house.until_settled(&twice, 2).await, (2 * u64::from(FEE), u64::from(FEE)));
    assert_eq!((house.given(&twice).await, house.money(&twice).await["state"].clone()), (FEE.into(), json!("booked")));

    // Another amount: back, and the place is not theirs by it.
    let less = house.hold(&people[3], "1700").await;
    let order = house.order(&people[3], &less).await;
    house.pays(&order, "less").await;
    assert_eq!(house.until_settled(&less, 1).await, (u64::from(FEE) - 1, u64::from(FEE) - 1));

    // Given back, and the answer is lost: asked again under the same number, it is the same refund.
    let order = format!("{usual}.o1");
    house.gateway(Method::POST, &format!("/behave?order={order}&back=lost")).await;
    house.post(&people[0].0, "/appointments/cancel", json!({"appointment": usual})).await;
    assert_eq!(house.until_settled(&usual, 1).await, (FEE.into(), FEE.into()));
    assert_eq!(house.given(&usual).await, u64::from(FEE));

    // Later: it says so by itself. A part of it, by two persons' word.
    let order = format!("{silent}.o1");
    house.gateway(Method::POST, &format!("/behave?order={order}&back=later")).await;
    let ask = json!({"appointment": silent, "amount_fen": 1500, "reason": "waited"});
    house.post(&house.desk, "/refunds", ask).await;
    let decide = json!({"refund": format!("{order}.r1"), "granted": true, "reason": "so it was"});
    house.post(&house.operator, "/refunds/decide", decide).await;
    assert_eq!(house.until_settled(&silent, 1).await, (FEE.into(), 1500));

    // Paid too late: the one place of the slot is free, then somebody else's.
    let late = house.hold(&people[4], "1800").await;
    let order = house.order(&people[4], &late).await;
    house
        .until("the order is closed", async || {
            (house.gateway(Method::GET, "/seen").await["orders"][&order]["standing"] == "closed").then_some(())
        })
        .await;
    house.pays(&order, "late").await;
    house.until_booked(&late).await;
    assert_eq!(house.stands(&people[4], &late).await, "booked", "its patient's owner had let go of it");
    house.post(&people[4].0, "/appointments/cancel", json!({"appointment": late})).await;
    let too_late = house.hold(&people[5], "1800").await;
    let order = house.order(&people[5], &too_late).await;
    let hold_over = async || (house.stands(&people[5], &too_late).await == "expired").then_some(());
    house.until("the hold is over", hold_over).await;
    let instead = house.hold(&people[6], "1800").await;
    house.pays(&order, "late").await;
    assert_eq!(house.until_settled(&too_late, 1).await, (FEE.into(), FEE.into()));

    // The house is down while somebody pays: it asks when it is up again.
    let order = house.order(&people[6], &instead).await;
    let House { server, folder, gateway, desk, operator, .. } = house;
    server.stop().await;
    let (server, phones) = start_with(settings(&gateway), folder.path(), MORNING, SPEED).await;
    gateway.call_back("http://127.0.0.1:1".to_owned());
    let door = Door::plain(server.doors.address.to_string());
    house = House { server, folder, gateway, door, operator, desk, phones };
    house.pays(&order, "usual").await;
    house.until_booked(&instead).await;

    // At another site: booked, and given back by a department that is retired before the day is over.
    let elsewhere = house.hold_in("t.e.m", &people[0], "1700").await;
    let order = house.order(&people[0], &elsewhere).await;
    house.pays(&order, "usual").await;
    house.until_booked(&elsewhere).await;
    house.post(&people[0].0, "/appointments/cancel", json!({"appointment": elsewhere})).await;
    assert_eq!(house.until_settled(&elsewhere, 1).await, (FEE.into(), FEE.into()));
    for (what, id) in [("sessions", "t.e.m"), ("queues", "t.e.q"), ("departments", "t.e")] {
        house.post(&house.operator, &format!("/{what}/retire"), json!({ "id": id })).await;
    }
    house
        .until("the site knows that it is retired", async || {
            let site = house.door.insist("GET", "/site/t", Some(&house.operator), &Value::Null).await.unwrap();
            (site["departments"] == json!([]) && site["departments_retired"] == json!(["t.e"])).then_some(())
        })
        .await;

    let seen = house.gateway(Method::GET, "/seen").await;
    for payment in seen["payments"].as_array().unwrap() {
        let back = seen["refunds"].as_array().unwrap().iter().filter(|r| r["transaction"] == payment["transaction"]);
        let back: u64 = back.map(|refund| refund["amount_fen"].as_u64().unwrap()).sum();
        assert!(back <= payment["amount_fen"].as_u64().unwrap(), "{payment}: {back} fen went back");
    }
    // The gateway's days are the wall's, the clinic's is another.
    let today = Zone::named("Asia/Shanghai").unwrap().date(Timestamp(wall_ms())).0.to_string();
    let file = house.text(Method::GET, &format!("/statement?date={today}")).await.replace(&today, "2026-11-23");
    for site in [None, Some("s"), Some("t")] {
        assert_eq!(house.reconciled(file.clone(), site).await, (true, String::new()), "{site:?} of {file}");
    }
    let of_other = format!(",{elsewhere}");
    let of_first = |line: &&str| line.starts_with("payment,") && !line.contains(&of_other);
    let lost = file.lines().find(of_first).unwrap();
    let number = lost.split(',').nth(1).unwrap();
    let differs = format!("payment_not_there\t{number}\tthere -\there {FEE}\n");
    let without = file.replace(&format!("{lost}\n"), "");
    for site in [None, Some("s")] {
        assert_eq!(house.reconciled(without.clone(), site).await, (false, differs.clone()), "{site:?}");
    }
    assert_eq!(house.reconciled(without, Some("t")).await, (true, String::new()), "it is of the other site");
    house.server.stop().await;
    house.gateway.stop().await;
}

#[actix_web::test]
async fn an_order_that_is_over_has_no_page_any_more() {
    let house = House::open().await;
    let person = house.person(0).await;
    let held = house.hold(&person, "1700").await;
    let (key, wish) = (Some(Uuid::now_v7()), json!({"appointment": held}));
    let pay = async || house.door.ask_keyed("POST", "/appointments/pay", Some(&person.0), key, Some(&wish)).await;
    let page = pay().await.unwrap();
    assert_eq!(pay().await.unwrap(), page, "the same page by the same key");
    let is_over = async || (house.stands(&person, &held).await == "expired").then_some(());
    house.until("the hold is over", is_over).await;
    assert_eq!(pay().await.unwrap_err().code, "hold_expired", "its answer of before makes no page");
    house.server.stop().await;
    house.gateway.stop().await;
}

#[actix_web::test]
async fn only_the_provider_is_believed() {
    let house = House::open().await;
    let person = house.person(0).await;
    let held = house.hold(&person, "1700").await;
    let order = house.order(&person, &held).await;
    let target = format!("http://{}/api/v1/channels/payment", house.server.doors.address);
    let target = Target::read(&target, Whom::Named).unwrap();
    let say = async |secret: &str, order: &str, at_ms: i64| {
        let word = json!({"event": "order_paid", "merchant": "sandbox", "order": order, "transaction": "T1",
            "amount_fen": FEE});
        let body = word.to_string().into_bytes();
        let [(_, signed), (_, date)] =
            signature::headers("sandbox", secret, "POST", target.path(), &body, Timestamp(at_ms));
        let headers = [("authorization", signed), ("x-pay-date", date)];
        let answered = Client::new(Patience::default()).ask(Method::POST, &target, &headers, body).await.unwrap();
        (answered.status, serde_json::from_slice::<Value>(&answered.body).unwrap()["code"].clone())
    };
    let secret = "sandbox-pay-secret";
    assert_eq!(say("another", &order, wall_ms()).await, (401, json!("unauthenticated")));
    assert_eq!(say(secret, &order, wall_ms() - 301_000).await, (401, json!("unauthenticated")));
    assert_eq!(say(secret, "s.d.b20261123-1", wall_ms()).await, (422, json!("unknown_id")));
    assert_eq!(say(secret, "s.nowhere.b20261123-1.o1", wall_ms()).await, (422, json!("unknown_id")));
    assert_eq!(house.money(&held).await, Value::Null, "nothing has come of it");
    assert_eq!(say(secret, &order, wall_ms()).await, (200, json!(0)));
    house.until_booked(&held).await;
    house.server.stop().await;
    house.gateway.stop().await;
}
