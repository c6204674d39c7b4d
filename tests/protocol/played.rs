//! The document's examples, each sent to the real server: a first set-up, a booking, a morning at the doctor's, what the
//! hospital's system and the screens send, the closing, and everything retired again; between them what is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use hyper::Method;
use jiaohao::clients::http::token_of;
use jiaohao::clients::live::exchange;
use jiaohao::config::Settings;
use jiaohao::pay::sandbox as pay;
use jiaohao::reach::sandbox::{Options, Sandbox};
use jiaohao_actors::shell::clock::wall_ms;
use jiaohao_domain::vocabulary::ClientCommand;
use jiaohao_domain::{Code, Timestamp};
use serde_json::{Value, json};
use uuid::{NoContext, Uuid};

use crate::clinic::{Clinic, Seen};
use crate::examples::{Played, problems};
use crate::served::MORNING;
use crate::served::wechat::{ask, go};

const BOOKING: &str = "renmin.internal.b20261123-x1y2";
const EYES: &str = "renmin.eyes.b20261123-x1y2";
const SURGERY: &str = "renmin.surgery.b20261123-x1y2";
const TICKET: &str = "renmin.internal.t12";
const WORK: &str = "renmin.liming.n1";
const CALL: &str = "renmin.internal.c7";

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("{field} of {value}"))
}

/// The day of the examples; what came on the streams.
pub async fn day() -> Seen {
    let plays = Options { sms: false, push: false, ..Options::all(([127, 0, 0, 1], 0).into()) };
    let wechat = Sandbox::start(plays, Arc::new(|| Timestamp(wall_ms()))).unwrap();
    let gateway = pay::Options::at(([127, 0, 0, 1], 0).into());
    let gateway = pay::Sandbox::start(gateway, Arc::new(|| Timestamp(wall_ms()))).unwrap();
    let settings = format!("{}{}", wechat.settings(), gateway.settings());
    let mut settings = Settings::from_parts("test", &settings, []).unwrap();
    settings.push.contact = Some("mailto:it@renmin.example".to_owned());
    (settings.limits.release_at_once, settings.limits.release_turn_s) = (1, 3_600);
    let clinic = Clinic::open_with(settings, MORNING.plus_min(-30)).await;
    // A socket tells the clinic's time.
    let operator = clinic.operator.clone();
    clinic.follow(&operator, &["ops"]);
    clinic.until_followed("ops").await;
    let mut day = Played::new(clinic);
    set_up(&mut day).await;
    let people = people(&mut day).await;
    follow(&day, &people[0]);
    no_show(&day, &people).await;
    released(&day, &people[0]).await;
    before_the_day(&day).await;
    gateway.call_back(format!("http://{}", day.clinic.door.authority));
    online(&day, &people[0], gateway.address).await;
    gateway.stop().await;
    let came = booked(&mut day, &people).await;
    questions(&day, &people).await;
    at_the_doctors(&day, &people, &came).await;
    from_outside(&day).await;
    screens(&mut day).await;
    closed(&day, &people).await;
    retired(&day).await;
    at_wechat(&day, wechat).await;
    too_much(&day).await;
    let tells_limits = |(stream, ops): &(String, Value)| {
        stream == "ops" && ops["limits"].as_array().is_some_and(|list| !list.is_empty())
    };
    day.clinic.until("a frame of ops with a limit", |seen| seen.snapshots.iter().any(tells_limits)).await;
    day.refusals.were_played();
    let done: BTreeSet<String> = day.done.take();
    assert_eq!(done, ClientCommand::NAMES.iter().map(|name| (*name).to_owned()).collect());
    day.clinic.seen().await
}

/// Everybody follows what they may.
fn follow(day: &Played, patient: &str) {
    for (who, streams) in [
        ("operator", &["board:renmin.opd3f", "door:renmin.internal.r3", "session:renmin.internal.s1"][..]),
        ("operator", &["session:renmin.eyes.soon", "session:renmin.internal.s2", "session:renmin.surgery.s1"]),
        ("operator", &["session:renmin.surgery.s2"]),
        ("desk", &["queue:renmin.internal.li", "queue:renmin.internal.zhou", "queue:renmin.surgery.wang"]),
        ("doctor", &["doctor:renmin.liming"]),
        ("integrator", &["site:renmin"]),
        ("patient", &[&format!("patient:{patient}")]),
    ] {
        day.clinic.follow(&day.tokens[who], streams);
    }
    *day.clinic.watches.lock().unwrap() = Some(day.tokens["desk"].clone());
}

#[test]
fn every_code_has_one_example() {
    let sent = ["refusals", "refusals-broken"].map(problems::<3>).into_iter().flat_map(BTreeMap::into_keys);
    let mut codes: Vec<String> = sent.chain(problems::<2>("refusals-rooms").into_keys()).collect();
    codes.sort();
    let mut all: Vec<&str> = Code::ALL.iter().map(|code| code.wire()).collect();
    all.sort_unstable();
    assert_eq!(codes, all);
}

/// The examples of `define_` in their order but the questions, and what else the day needs.
async fn set_up(day: &mut Played) {
    for command in [
        "define_site",
        "define_department",
        "define_service_point",
        "define_doctor",
        "define_queue",
        "define_session",
        "define_board",
        "define_staff",
        "define_planning",
        "define_quota_rules",
        "define_reminder",
        "define_template",
    ] {
        day.play("operator", command, &[]).await;
    }
    let put = async |path: &str, body: Value| drop(day.ask("operator", "PUT", path, body).await);
    let slot =
        |start: &str, minutes: u32, capacity: u32| json!({"start": start, "minutes": minutes, "capacity": capacity});
    let session = |id: &str, queue: &str, slots: Value| json!({"id": id, "date": "2026-11-23", "period": "morning", "queue": queue, "registration_class": "普通", "slots": slots});
    put("/staff", json!({"id": "fenzhen", "role": "desk", "password": "twelve characters", "site": "renmin"})).await;
    put("/queues", json!({"id": "renmin.internal.zhou", "name": "周静", "prefix": "Z"})).await;
    put("/queues", json!({"id": "renmin.internal.old", "name": "旧", "prefix": "X"})).await;
    day.ask("operator", "POST", "/queues/retire", json!({"id": "renmin.internal.old"})).await;
    put("/sessions", session("renmin.internal.s2", "renmin.internal.zhou", json!([slot("09:30", 30, 6)]))).await;
    let mut later = session("renmin.internal.s3", "renmin.internal.zhou", json!([slot("11:00", 30, 6)]));
    later["released_at"] = json!("2026-11-23T20:00:00+08:00");
    put("/sessions", later).await;
    put("/sessions", session("renmin.internal.s4", "renmin.internal.zhou", json!([slot("10:30", 30, 1)]))).await;
    let settings = json!({"booking": {"hold_ttl_s": 10}});
    put("/departments", json!({"id": "renmin.surgery", "name": "外科", "settings": settings})).await;
    put("/queues", json!({"id": "renmin.surgery.wang", "name": "王芳", "prefix": "S"})).await;
    let slots = json!([slot("09:00", 30, 6), slot("12:00", 30, 6)]);
    put("/sessions", session("renmin.surgery.s1", "renmin.surgery.wang", slots)).await;
    let mut one_place = session("renmin.surgery.s2", "renmin.surgery.wang", json!([slot("13:00", 30, 1)]));
    (one_place["registration_class"], one_place["high_demand"]) = (json!("专家"), json!(true));
    put("/sessions", one_place).await;
    // Who has not come by six minutes after a slot's end is a no-show, and one is enough.
    let settings = json!({"booking": {"no_show_grace_min": 6, "late_booking_undo_min": 0, "limits": {"per_day": 1, "no_shows": 1}}});
    put("/departments", json!({"id": "renmin.eyes", "name": "眼科", "settings": settings})).await;
    put("/queues", json!({"id": "renmin.eyes.q", "name": "眼科", "prefix": "Y"})).await;
    let zone = jiaohao_domain::time::Zone::named("Asia/Shanghai").unwrap();
    let soon = zone.clock(Timestamp(day.clinic.clock.now_ms()).plus_min(5));
    put("/sessions", session("renmin.eyes.soon", "renmin.eyes.q", json!([slot(&soon, 5, 6)]))).await;
    put("/sessions", session("renmin.eyes.s1", "renmin.eyes.q", json!([slot("11:30", 30, 6)]))).await;
    day.tokens.insert("desk", day.clinic.staff("fenzhen").await);
    day.tokens.insert("doctor", day.clinic.staff("li-ming").await);
    let wish = json!({"name": "his", "role": "integrator", "site": "renmin", "ttl_s": 86400});
    let his = day.ask("operator", "POST", "/tokens", wish).await;
    day.tokens.insert("integrator", token_of(&his).unwrap());
}

/// The patient with the phone, then five whom the desk has made known.
async fn people(day: &mut Played) -> Vec<String> {
    let (phone, patient) = day.clinic.patient().await;
    day.tokens.insert("patient", phone);
    day.tokens.insert("newcomer", day.clinic.phone("13800000003").await);
    let mut people = vec![patient];
    for n in 0..5 {
        let name = ["欧阳明", "司马亮", "诸葛晴", "上官云", "张小芳"][n];
        people.push(day.clinic.person(&day.tokens["desk"], &format!("E3000000{n}"), name).await);
    }
    people
}

/// What is refused whatever the day.
async fn before_the_day(day: &Played) {
    for code in [
        "unauthenticated",
        "forbidden",
        "malformed",
        "invalid_field",
        "unknown_command",
        "id_not_under_parent",
        "prefix_taken",
        "wrong_credentials",
        "unknown_stream",
        "unknown_id",
        "consent_needed",
        "guardian_needed",
    ] {
        day.refuse(code, &[]).await;
    }
    day.refuse("too_large", &[("…", &"很".repeat(400_000))]).await;
    let keyed = async |key: Uuid, minutes: u32| {
        let delay = json!({"session": "renmin.internal.s2", "minutes": minutes});
        day.clinic.door.ask_keyed("POST", "/sessions/delay", Some(&day.tokens["desk"]), Some(key), Some(&delay)).await
    };
    let key = Uuid::now_v7();
    keyed(key, 0).await.unwrap();
    day.refuse_keyed("idempotency_key_reused", key, &[]).await;
    let seconds = u64::try_from(day.clinic.clock.now_ms() / 1000 - 3 * 86_400).unwrap();
    let old = Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, 0));
    day.refuse_keyed("idempotency_key_expired", old, &[]).await;
}

/// Booked for a slot that is over soon, and not there: given back too late, then a no-show, which the desk corrects.
async fn no_show(day: &Played, people: &[String]) {
    let session = day.stream("operator", "session:renmin.eyes.soon").await;
    let place = json!({"session": "renmin.eyes.soon", "slot": session["slots"][0]["slot"], "patient": people[0]});
    let booked = day.ask("patient", "POST", "/appointments", place).await;
    let appointment = text(&booked, "appointment").to_owned();
    let end = session["slots"][0]["end"].as_str().unwrap();
    let end_ms = chrono::DateTime::parse_from_rfc3339(end).unwrap().timestamp_millis();
    day.clinic.clock.until(end_ms + 30_000).await;
    day.refuse("cancel_cut_off", &[(EYES, &appointment)]).await;
    day.clinic.clock.until(end_ms + 6 * 60_000 + 1_000).await;
    for _ in 0..400 {
        let patient = day.stream("patient", &format!("patient:{}", people[0])).await;
        if patient["appointments"][0]["state"] == "no_show" && !patient["online_booking_blocked_until"].is_null() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    day.refuse("check_in_too_late", &[(EYES, &appointment)]).await;
    day.refuse("online_booking_blocked", &[("p-1", &people[0])]).await;
    day.play("desk", "correct_no_show", &[(BOOKING, &appointment)]).await;
    for _ in 0..400 {
        let patient = day.stream("patient", &format!("patient:{}", people[0])).await;
        if patient["online_booking_blocked_until"].is_null() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("still blocked");
}

/// Two are there for a release, and there is room for one at a time.
async fn released(day: &Played, patient: &str) {
    let clinic = &day.clinic;
    let phone = clinic.phone("13800000004").await;
    let other = json!({"document_kind": "passport", "document_number": "E30000009", "name": "李四", "sex": "male",
        "birth_date": "1990-01-01", "phone": "13800000004"});
    let other = clinic.post("/persons", Some(&phone), other).await["patient"].take();
    clinic.clock.pass_s(61.0).await;
    let phone = clinic.phone("13800000004").await;
    let zone = jiaohao_domain::time::Zone::named("Asia/Shanghai").unwrap();
    let moment = Timestamp(clinic.clock.now_ms()).plus_s(240);
    let session = json!({"id": "renmin.eyes.rush", "date": "2026-11-23", "period": "morning", "queue": "renmin.eyes.q",
        "registration_class": "普通", "slots": [{"start": "12:30", "minutes": 30, "capacity": 6}],
        "released_at": zone.rfc3339(moment)});
    day.ask("operator", "PUT", "/sessions", session).await;
    let path = "/departments/renmin.eyes/releases";
    let until = async |is_there: fn(&Value) -> bool| {
        loop {
            let told = clinic.ask("GET", path, Some(&phone), None).await;
            let told = told["releases"].get(0).cloned().unwrap_or_default();
            if is_there(&told) {
                return told;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let prepared = until(|told| told["seed_sha256"].is_string()).await;
    assert!(prepared["seed"].is_null(), "{prepared}");
    let enter = json!({"department": "renmin.eyes", "patient": other});
    let there = clinic.post("/releases/enter", Some(&phone), enter.clone()).await;
    assert_eq!((&there["standing"], &there["seed_sha256"]), (&json!("present"), &prepared["seed_sha256"]));
    // The line has begun when the places are known, and its order is on record as soon as that can be.
    let drawn = until(|told| told["line"]["places_left"].as_u64() > Some(0) && told["present"].is_number()).await;
    assert_eq!((&drawn["present"], &drawn["seed_sha256"]), (&json!(1), &prepared["seed_sha256"]));
    let let_in = clinic.post("/releases/enter", Some(&phone), enter.clone()).await;
    assert_eq!((&let_in["standing"], &let_in["number"]), (&json!("let_in"), &json!(1)), "{let_in}");
    let waits = day.play("patient", "enter_release", &[("p-1", patient)]).await;
    assert_eq!((&waits["standing"], &waits["number"]), (&json!("waiting"), &json!(2)), "{waits}");
    day.refuse("in_line", &[("p-1", patient)]).await;
    day.play("patient", "leave_release", &[("p-1", patient)]).await;
    clinic.post("/releases/leave", Some(&phone), enter).await;
}

/// Held, prolonged, confirmed, cancelled, brought back, moved; told of a delay; there. The ticket of the phone's patient.
async fn booked(day: &mut Played, people: &[String]) -> String {
    let patient = people[0].as_str();
    let held = day.play("patient", "hold_slot", &[("p-1", patient)]).await;
    let first = text(&held, "appointment").to_owned();
    day.play("patient", "prolong_hold", &[(BOOKING, &first)]).await;
    day.refuse("already_prolonged", &[(BOOKING, &first)]).await;
    day.play("patient", "confirm_appointment", &[(BOOKING, &first)]).await;
    paid(day, &first).await;
    day.play("patient", "cancel_appointment", &[(BOOKING, &first)]).await;
    day.play("desk", "restore_appointment", &[(BOOKING, &first)]).await;
    day.refuse("wrong_appointment_state", &[(BOOKING, &first)]).await;
    let moved = json!({"session": "renmin.internal.s2", "slot": "renmin.internal.s2.0930", "patient": patient, "replaces": first});
    let second = day.ask("patient", "POST", "/appointments", moved).await;
    let second = text(&second, "appointment").to_owned();
    let third =
        day.play("patient", "book_slot", &[("renmin.internal.b20261123-a1b2", &second), ("p-1", patient)]).await;
    let third = text(&third, "appointment").to_owned();
    day.refuse("limit_department_day", &[("p-1", patient)]).await;
    day.refuse("limit_overlap", &[("p-1", patient)]).await;
    day.refuse("limit_day", &[("p-1", patient)]).await;
    // Somebody else has the one place.
    let place = |session: &str, clock: &str, patient: &str| json!({"session": session, "slot": format!("{session}.{clock}"), "patient": patient});
    let cancelled = async |booked: &Value| {
        let cancel = json!({"appointment": booked["appointment"]});
        drop(day.ask("desk", "POST", "/appointments/cancel", cancel).await);
    };
    let taken = day.ask("desk", "POST", "/appointments", place("renmin.internal.s4", "1030", &people[1])).await;
    day.play("patient", "cancel_appointment", &[(BOOKING, &third)]).await;
    day.refuse("slot_full", &[("p-1", patient)]).await;
    day.refuse("place_free", &[("p-1", patient)]).await;
    let wished =
        day.play("patient", "join_waitlist", &[("p-1", patient), ("renmin.internal.s1", "renmin.internal.s4")]).await;
    let wish = text(&wished, "wish").to_owned();
    day.play("patient", "leave_waitlist", &[("p-1", patient), ("renmin.internal.w1", &wish)]).await;
    day.refuse("slot_closed", &[("p-1", patient)]).await;
    day.play("desk", "restore_appointment", &[(BOOKING, &third)]).await;
    cancelled(&taken).await;
    let held = day.ask("desk", "POST", "/appointments/hold", place("renmin.surgery.s1", "1200", &people[2])).await;
    day.clinic.clock.pass_s(20.0).await;
    day.refuse("hold_expired", &[(SURGERY, text(&held, "appointment"))]).await;
    let late = day.ask("desk", "POST", "/appointments", place("renmin.surgery.s1", "1200", &people[2])).await;
    day.refuse("check_in_too_early", &[(SURGERY, text(&late, "appointment"))]).await;
    cancelled(&late).await;
    // Told of a delay, which is seen on the phone.
    day.play("desk", "delay_session", &[]).await;
    let mut notice = String::new();
    for _ in 0..400 {
        let told = day.stream("patient", &format!("patient:{patient}")).await;
        let of_delay = |(_, notice): &(&String, &Value)| notice["about"] == "delayed";
        if let Some((id, _)) = told["notices"].as_object().and_then(|notices| notices.iter().find(of_delay)) {
            notice.clone_from(id);
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    day.play("patient", "confirm_notice", &[("renmin.internal.t17.n41", &notice), ("p-7f3a", patient)]).await;
    day.play("patient", "bind_channel", &[("p-7f3a", patient)]).await;
    day.play("patient", "unbind_channel", &[("p-7f3a", patient)]).await;
    waited_for(day, people).await;
    day.play("desk", "grant_relation", &[("p-1", &people[1])]).await;
    let acting = day.ask("desk", "GET", &format!("/family/{}", people[1]), Value::Null).await;
    let account = text(&acting["acting"][0], "account").to_owned();
    day.play("desk", "end_relation", &[("p-1", &people[1]), ("a-phone-x1y2", &account)]).await;
    day.refuse("wrong_area_code", &[(BOOKING, &third)]).await;
    let code = day.ask("desk", "GET", "/departments/renmin.internal/area-code", Value::Null).await;
    let waits = day.play("patient", "check_in", &[(BOOKING, &third), ("271828", text(&code, "code"))]).await;
    text(&waits, "ticket").to_owned()
}

/// A place that was waited for is offered and declined, comes back to whoever waits for it anew, and is left.
async fn waited_for(day: &Played, people: &[String]) {
    let (patient, stream) = (people[0].as_str(), format!("patient:{}", people[0]));
    let place = json!({"session": "renmin.surgery.s2", "slot": "renmin.surgery.s2.1300", "patient": people[2]});
    let taken = day.ask("desk", "POST", "/appointments", place).await;
    let any = json!({"department": "renmin.surgery", "registration_class": "专家", "dates": ["2026-11-23"]});
    let join = json!({"patient": patient, "wanted": {"any_of": any}});
    let wished = day.ask("patient", "POST", "/waitlist", join.clone()).await;
    day.ask("desk", "POST", "/appointments/cancel", json!({"appointment": taken["appointment"]})).await;
    let offered = async |times: usize| {
        let is_offer = |(known, event): &&(String, Value)| *known == stream && event.get("place_offered").is_some();
        let what = format!("offer {times} on {stream}");
        day.clinic.until(&what, |seen| seen.events.iter().filter(is_offer).count() >= times).await;
    };
    offered(1).await;
    let typed = json!({"text": wished["wish"]});
    let desk = Some(day.tokens["desk"].as_str());
    let found = day.clinic.post("/departments/renmin.surgery/appointments/find", desk, typed).await;
    assert_eq!((&found["wishes"][0]["place"], &found["appointments"]), (&json!(1), &json!([])), "{found}");
    let known = day.stream("patient", &stream).await;
    // Kept, for nobody else waits: what is free in the session has not changed by all this.
    let mut offers = known["appointments"].as_array().unwrap().iter().filter(|one| one["wish"] == wished["wish"]);
    let offer = offers.next().unwrap()["appointment"].clone();
    assert_eq!(found["wishes"][0]["offer"]["appointment"], offer, "{found}");
    day.ask("patient", "POST", "/appointments/cancel", json!({"appointment": offer})).await;
    let leave = |wished: &Value| json!({"patient": patient, "wish": wished["wish"]});
    day.ask("patient", "POST", "/waitlist/leave", leave(&wished)).await;
    let wished = day.ask("patient", "POST", "/waitlist", join).await;
    offered(2).await;
    day.ask("patient", "POST", "/waitlist/leave", leave(&wished)).await;
}

/// Asked for a while: a child with a fever is looked at, and somebody is sent on.
async fn questions(day: &Played, people: &[String]) {
    day.play("operator", "define_questions", &[]).await;
    day.refuse("questions_changed", &[("p-1", &people[1])]).await;
    day.play("desk", "register_walk_in", &[("p-1", &people[1])]).await;
    let spared =
        json!({"queue": "renmin.internal.zhou", "patient": people[2], "pre_check": {"not_asked": "门口已经问过"}});
    let spared = day.ask("desk", "POST", "/tickets", spared).await;
    day.play("desk", "answer_pre_check", &[(TICKET, text(&spared, "ticket"))]).await;
    let gone = json!({"ticket": spared["ticket"], "reason": "去急诊"});
    day.ask("desk", "POST", "/tickets/cancel", gone).await;
    let child = json!({"document_kind": "passport", "document_number": "E40000000", "name": "李小明", "sex": "male", "birth_date": "2024-01-01"});
    let child = day.ask("desk", "POST", "/persons", child).await;
    let answers = json!({"version": 1, "answers": {"fever": "yes", "temperature": "38.9"}});
    let wish = json!({"queue": "renmin.internal.zhou", "patient": child["patient"], "pre_check": answers});
    let waits = day.ask("desk", "POST", "/tickets", wish).await;
    day.play("desk", "acknowledge_alert", &[(TICKET, text(&waits, "ticket"))]).await;
    let gone = json!({"ticket": waits["ticket"], "reason": "去急诊"});
    day.ask("desk", "POST", "/tickets/cancel", gone).await;
    let rule = json!({"id": "fever", "when": {"any": [{"question": "fever", "is": ["yes"]}]}, "does": {"send_to": {"department": "renmin.surgery"}}});
    let asked = json!([{"id": "fever", "text": {"zh": "发烧吗?"}, "kind": "yes_no"}]);
    for (version, questions, rules) in [(2, asked, json!([rule])), (3, json!([]), json!([]))] {
        let questions = json!({"site": "renmin", "version": version, "questions": questions, "rules": rules});
        day.ask("operator", "PUT", "/questions", questions).await;
        if version == 2 {
            day.refuse("sent_elsewhere", &[("p-1", &people[2])]).await;
        }
    }
    day.refuse("already_exists", &[("p-1", &people[1])]).await;
    day.refuse("retired", &[("p-1", &people[2])]).await;
}

/// A morning of Dr Li's.
async fn at_the_doctors(day: &Played, people: &[String], first: &str) {
    let queue = day.stream("desk", "queue:renmin.internal.li").await;
    let order: Vec<String> = serde_json::from_value(queue["order"].clone()).unwrap();
    let second = order.iter().find(|ticket| *ticket != first).expect("two wait").clone();
    day.play("desk", "set_priority", &[(TICKET, &second)]).await;
    day.play("desk", "mark_reached", &[("renmin.internal.t17", first)]).await;
    day.refuse("in_use", &[]).await;
    let at_work = day.play("doctor", "start_work", &[]).await;
    let work = text(&at_work, "assignment").to_owned();
    // The department hears of it a little later.
    while day.stream("doctor", "doctor:renmin.liming").await["at_work"]["service_point_name"].is_null() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let work = work.as_str();
    let chosen = async |ticket: &str| {
        let called = day.play("doctor", "call_ticket", &[(WORK, work), ("renmin.internal.t14", ticket)]).await;
        text(&called["called"], "call").to_owned()
    };
    day.refuse("already_working", &[]).await;
    day.refuse("wrong_assignment", &[]).await;
    day.refuse("stale_console", &[(WORK, work), (TICKET, first)]).await;
    day.refuse("wrong_ticket_state", &[(TICKET, first)]).await;
    chosen(first).await;
    day.refuse("patient_in_hand", &[(WORK, work)]).await;
    day.refuse("too_early", &[(TICKET, first)]).await;
    day.play("doctor", "return_to_waiting", &[(TICKET, first)]).await;
    day.refuse("cannot_undo", &[(TICKET, first)]).await;
    let mut call = chosen(first).await;
    for times in 1..=3 {
        day.play("doctor", "recall_patient", &[(CALL, &call)]).await;
        day.clinic.clock.pass_s(95.0).await;
        day.play("doctor", "mark_missed", &[(TICKET, first)]).await;
        if times < 3 {
            let back = day.play("doctor", "take_back", &[(TICKET, first)]).await;
            text(&back["called"], "call").clone_into(&mut call);
        }
    }
    day.refuse("missed_three_times", &[(TICKET, first)]).await;
    let area = day.ask("desk", "GET", "/departments/renmin.internal/area-code", Value::Null).await;
    let area = text(&area, "code");
    day.play("desk", "report_back", &[(TICKET, first), ("271828", area)]).await;
    chosen(first).await;
    day.play("doctor", "start_service", &[(TICKET, first)]).await;
    day.play("doctor", "send_for_tests", &[(TICKET, first)]).await;
    day.play("patient", "report_back", &[(TICKET, first), ("271828", area)]).await;
    chosen(first).await;
    day.play("doctor", "finish_service", &[(TICKET, first)]).await;
    let queue = day.stream("desk", "queue:renmin.internal.li").await;
    let steps = queue["tickets"][first]["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["undoable"] == true).unwrap();
    day.play("desk", "undo", &[("renmin.internal.t12@4", text(step, "event"))]).await;
    let called = day.play("doctor", "call_next_patient", &[(WORK, work), (TICKET, first)]).await;
    assert_eq!(text(&called["called"], "ticket"), second);
    day.play("patient", "rate_visit", &[(TICKET, first)]).await;
    day.play("doctor", "finish_service", &[(TICKET, &second)]).await;
    day.refuse("queue_empty", &[(WORK, work)]).await;
    day.play("doctor", "pause_work", &[(WORK, work)]).await;
    let wish = json!({"queue": "renmin.internal.li", "patient": people[3]});
    let waits = day.ask("desk", "POST", "/tickets", wish).await;
    day.refuse("work_paused", &[(WORK, work)]).await;
    day.play("doctor", "resume_work", &[(WORK, work)]).await;
    let third = text(&waits, "ticket");
    day.play("desk", "transfer_ticket", &[(TICKET, third)]).await;
    day.play("desk", "recall_transfer", &[(TICKET, third)]).await;
    day.play("doctor", "stop_work", &[(WORK, work)]).await;
    // Who was seen comes again, and goes home.
    let visit = text(&queue["tickets"][&second], "visit");
    let again = day.play("desk", "register_return", &[("renmin.internal.v11", visit), ("p-1", &people[1])]).await;
    day.play("desk", "cancel_ticket", &[(TICKET, text(&again, "ticket"))]).await;
}

/// The hospital's own system.
async fn from_outside(day: &Played) {
    day.play("integrator", "register_visit", &[]).await;
    day.play("integrator", "change_visit", &[]).await;
    day.refuse("old_version", &[]).await;
    day.play("integrator", "cancel_visit", &[]).await;
    let visit = json!({"visit_id": "M20261123002", "version": 1, "patient": {"number": "00012346"}, "site": "renmin", "queue": "renmin.internal.li", "date": "2026-11-23", "number": "H7", "fee_state": "paid"});
    day.ask("integrator", "POST", "/visits", visit).await;
    day.refuse("number_taken", &[]).await;
    let off = json!({"visit_id": "M20261123002", "version": 2, "site": "renmin"});
    day.ask("integrator", "POST", "/visits/cancel", off).await;
}

/// A screen of the board: paired, and what it shows and says.
async fn screens(day: &mut Played) {
    let offer = day.ask("nobody", "POST", "/screens", json!({"board": "renmin.opd3f"})).await;
    let approved = day.play("desk", "approve_screen", &[("314159", text(&offer, "code"))]).await;
    let sign_in = json!({"screen": offer["screen"], "secret": offer["secret"]});
    let screen = token_of(&day.ask("nobody", "POST", "/session", sign_in).await).unwrap();
    day.tokens.insert("screen", screen.clone());
    let board = day.stream("screen", "board:renmin.opd3f").await;
    let announcement = board["announcements"][0]["announcement"].as_str().map(str::to_owned);
    let announcement = announcement.unwrap_or_else(|| "renmin.opd3f.n1".to_owned());
    for command in ["report_shown", "report_spoken"] {
        day.play("screen", command, &[("renmin.opd3f.n5", &announcement)]).await;
    }
    day.play("desk", "revoke_screen", &[("renmin.x7", text(&approved, "screen"))]).await;
}

/// The session closes with somebody still waiting, who is moved; somebody of no session is settled.
async fn closed(day: &Played, people: &[String]) {
    let queue = day.stream("desk", "queue:renmin.internal.li").await;
    let waiting: Vec<String> = serde_json::from_value(queue["order"].clone()).unwrap();
    let [last] = waiting.as_slice() else { panic!("one waits: {waiting:?}") };
    day.refuse("not_settled", &[]).await;
    day.play("desk", "close_session", &[(TICKET, last)]).await;
    day.refuse("session_closed", &[]).await;
    let other = [
        ("renmin.internal.s1", "renmin.internal.s3"),
        ("2026-11-23T10:00:00+08:00", "2026-11-23T11:00:00+08:00"),
        ("renmin.internal.zhou", "renmin.internal.li"),
        ("renmin.zhou", "renmin.liming"),
    ];
    day.play("desk", "stop_session", &other).await;
    day.play("desk", "resume_session", &other[..1]).await;
    for command in ["except_days", "withdraw_exception", "plan_session"] {
        day.play("operator", command, &[]).await;
    }
    day.play("operator", "freeze_session", &[("renmin.internal.s1", "renmin.surgery.s1")]).await;
    let wish = json!({"queue": "renmin.internal.zhou", "patient": people[4]});
    let waits = day.ask("desk", "POST", "/tickets", wish).await;
    for ticket in [last.as_str(), text(&waits, "ticket")] {
        day.play("desk", "settle_tickets", &[(TICKET, ticket)]).await;
    }
}

/// A booking is paid at the desk, and some of it goes back by two persons' word; then nobody wants a fee here.
async fn paid(day: &Played, booking: &str) {
    let booking = [(BOOKING, booking)];
    day.play("operator", "define_payment", &[]).await;
    let area = day.ask("desk", "GET", "/departments/renmin.internal/area-code", Value::Null).await;
    day.refuse("payment_due", &[booking[0], ("204511", text(&area, "code"))]).await;
    day.play("desk", "take_payment", &booking).await;
    day.refuse("nothing_due", &booking).await;
    day.play("desk", "ask_refund", &booking).await;
    day.play("operator", "decide_refund", &booking).await;
    day.play("desk", "give_refund", &booking).await;
    day.refuse("wrong_refund_state", &booking).await;
    let more = json!({"appointment": booking[0].1, "amount_fen": 100, "reason": "waited again"});
    day.ask("operator", "POST", "/refunds", more).await;
    day.refuse("second_person_needed", &booking).await;
    let desk = Some(day.tokens["desk"].as_str());
    let shown = day.clinic.ask("GET", "/departments/renmin.internal/payments", desk, None).await;
    assert_eq!((&shown["kept_fen"], &shown["given_fen"]), (&json!(4500), &json!(500)));
    day.ask("operator", "PUT", "/payment", json!({"department": "renmin.internal"})).await;
}

/// Paid through the provider, which then does not give it back: that is the desk's.
async fn online(day: &Played, patient: &str, gateway: SocketAddr) {
    day.play("operator", "define_payment", &[]).await;
    let place = json!({"session": "renmin.internal.s1", "slot": "renmin.internal.s1.0900", "patient": patient});
    let booked = day.ask("desk", "POST", "/appointments", place).await;
    let booking = [(BOOKING, text(&booked, "appointment"))];
    let asked = day.play("desk", "pay_appointment", &booking).await;
    let at = format!("http://{gateway}/behave?order={}&back=refused", text(&asked, "order"));
    for url in [text(&asked, "pay_url"), &at, text(&asked, "pay_url")] {
        ask(Method::POST, url, &[], b"").await;
    }
    let desk = Some(day.tokens["desk"].as_str());
    let shown = async |field: &str, value: Value| {
        for _ in 0..600 {
            let path = "/departments/renmin.internal/payments?day=2026-11-23";
            let shown = day.clinic.ask("GET", path, desk, None).await;
            if shown["appointments"][0]["orders"][0].pointer(field) == Some(&value) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{field} is not {value}");
    };
    shown("/kept_fen", json!(5000)).await;
    day.ask("desk", "POST", "/appointments/cancel", json!({"appointment": booking[0].1})).await;
    let day_of =
        day.clinic.ask("GET", "/departments/renmin.internal/payments/received?day=2026-11-23", desk, None).await;
    assert_eq!(day_of["lines"][0]["amount_fen"], 5000);
    shown("/refunds/0/refused", json!("ACCOUNT_CLOSED")).await;
    day.clinic.until_event(&format!("patient:{patient}"), "notice_of_money").await;
    // For good; one that is stuck, after half a day without an answer, is asked for again on the pages' test.
    let why = day.play_in_vain("operator", "retry_refund", &booking).await;
    assert_eq!(why.code, "wrong_refund_state", "{why:?}");
    day.ask("operator", "PUT", "/payment", json!({"department": "renmin.internal"})).await;
}

/// Everything goes, in an order in which nothing is in use any more.
async fn retired(day: &Played) {
    day.play("operator", "retire_template", &[]).await;
    // One in which somebody has been stays.
    for session in ["s2", "s3", "s3-sub", "s4"].map(|of| format!("renmin.internal.{of}")) {
        day.play("operator", "retire_session", &[("renmin.internal.s1", &session)]).await;
    }
    for command in ["retire_staff", "retire_doctor", "retire_queue", "retire_board", "retire_service_point"] {
        day.play("operator", command, &[]).await;
    }
    day.play("operator", "retire_department", &[]).await;
}

/// What WeChat says of who holds the phone: taken once; then there is nobody any more who says it.
async fn at_wechat(day: &Played, wechat: Sandbox) {
    let asked = async || {
        let asked = day.ask("patient", "POST", "/channels/wechat/authorize", json!({})).await;
        let (code, state) = go(text(&asked, "url")).await;
        (code.expect("the person agrees"), state)
    };
    let (code, state) = asked().await;
    day.ask("patient", "POST", "/channels/wechat/bind", json!({"code": code, "state": state})).await;
    day.refuse("authorization_over", &[("0a1b2c", &code), ("d4e5f6", &state)]).await;
    let (code, state) = asked().await;
    wechat.stop().await;
    day.refuse("channel_failed", &[("0a1b2c", &code), ("d4e5f6", &state)]).await;
}

/// More than one may.
async fn too_much(day: &Played) {
    // it ends after a second: what is compared is the first that comes
    for _ in 0..20 {
        let why = day.refusals.send(&day.clinic.door, None, "back_off", Uuid::now_v7(), &[]).await.unwrap_err();
        if why.code == "back_off" {
            day.refusals.is_as_told("back_off", &why);
            break;
        }
    }
    let mut followed = Vec::new();
    for n in 0..65 {
        let session = json!({"id": format!("renmin.surgery.l{n}"), "date": "2026-11-24", "period": "morning", "queue": "renmin.surgery.wang",
            "registration_class": "普通", "slots": [{"start": "09:00", "minutes": 30, "capacity": 1}]});
        day.ask("operator", "PUT", "/sessions", session).await;
        followed
            .push(json!({"type": "subscribe", "id": n.to_string(), "stream": format!("session:renmin.surgery.l{n}")}));
    }
    let answers = exchange(&day.clinic.door, &day.tokens["desk"], &followed).await.unwrap();
    let refused: Vec<_> = answers.iter().filter(|answer| answer["type"] == "rejected").collect();
    assert_eq!(refused.len(), 1, "{refused:?}");
    day.refusals.is_as_told("limit_exceeded", &serde_json::from_value(refused[0]["error"].clone()).unwrap());
    let recall = json!({"call": "s.d.c7"});
    let doctor = day.clinic.staff("li").await;
    let asked = (0..60).map(|_| day.clinic.door.ask("POST", "/calls/recall", Some(&doctor), Some(&recall)));
    let answers = join_all(asked).await;
    let refused = answers.into_iter().filter_map(Result::err).find(|why| why.code == "too_many_requests");
    day.refusals.is_as_told("too_many_requests", &refused.expect("sixty at once"));
}
