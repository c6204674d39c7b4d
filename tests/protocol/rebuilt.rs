//! Who follows a stream by what PROTOCOL.md says of its events, and by nothing else, has what the server shows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiaohao::clients::http::token_of;
use jiaohao::clients::live::{Heard, Listener, LiveClient};
use serde_json::{Map, Value, json};

use crate::PROTOCOL;
use crate::clinic::Clinic;

/// What the document marks `merged by id` in a stream's shape.
fn merged(kind: &str) -> BTreeSet<String> {
    let lines = PROTOCOL.split("```shapes\n").skip(1).flat_map(str::lines);
    let fields = lines.skip_while(|line| *line != kind).skip(1).take_while(|line| line.starts_with("  "));
    let marked = fields.filter(|line| line.contains("merged by id"));
    marked.map(|line| line.trim().split([':', '?']).next().unwrap().to_owned()).collect()
}

/// Puts a thing into a list in place of the one of its id.
fn into_list(list: &mut Value, id: &str, thing: &Value) {
    let list = list.as_array_mut().unwrap();
    match list.iter_mut().find(|known| known[id] == thing[id]) {
        Some(known) => *known = thing.clone(),
        None => list.push(thing.clone()),
    }
}

fn out_of(list: &mut Value, id: &str, gone: &Value) {
    list.as_array_mut().unwrap().retain(|known| known[id] != gone[id]);
}

fn merge(into: &mut Value, parts: &Value) {
    let (into, parts) = (into.as_object_mut().unwrap(), parts.as_object().unwrap());
    for (id, part) in parts {
        match part {
            Value::Null => drop(into.remove(id)),
            part => drop(into.insert(id.clone(), part.clone())),
        }
    }
}

/// The parts of an event in place of the same parts of the snapshot.
fn apply(kind: &str, shown: &mut Value, parts: &Map<String, Value>) {
    let merged = merged(kind);
    for (name, part) in parts {
        match name.as_str() {
            "appointment" => into_list(&mut shown["appointments"], "appointment", part),
            name if merged.contains(name) => merge(&mut shown[name], part),
            name if shown.get(name).is_some() => shown[name] = part.clone(),
            _ => {}
        }
    }
}

/// The site's feed has a thing behind each name.
fn apply_site(shown: &mut Value, name: &str, thing: &Value) {
    let list = |of: &str| match of {
        "department" => "departments",
        "service_point" => "service_points",
        "queue" => "queues",
        "doctor" => "doctors",
        "board" => "boards",
        _ => panic!("{of}"),
    };
    match name {
        "described" if thing.get("settings").is_some() => into_list(&mut shown["departments"], "id", thing),
        "described" if thing.get("title").is_some() => into_list(&mut shown["doctors"], "id", thing),
        "site_defined" | "described" => {
            for field in ["name", "name_en", "time_zone", "latitude", "longitude"] {
                shown[field] = thing[field].clone();
            }
        }
        "more_defined" if thing.get("prefix").is_some() => into_list(&mut shown["queues"], "id", thing),
        "more_defined" => into_list(&mut shown["doctors"], "id", thing),
        "questions_defined" => {
            let before = std::mem::replace(&mut shown["questions"], thing.clone());
            if !before.is_null() && before["version"] != thing["version"] {
                let kept = shown["questions_before"].as_array_mut().unwrap();
                kept.insert(0, before);
                kept.truncate(8);
            }
        }
        "screen_offered" => into_list(&mut shown["screens_waiting"], "screen", thing),
        "screen_paired" => {
            out_of(&mut shown["screens_waiting"], "screen", thing);
            into_list(&mut shown["screens"], "screen", thing);
        }
        "screen_revoked" => out_of(&mut shown["screens"], "screen", thing),
        "days_tidied" => merge(&mut shown["tickets"], &thing["tickets"]),
        _ if thing.get("visit_id").is_some() && thing.get("version").is_some() => {
            let mut stands = thing.clone();
            stands.as_object_mut().unwrap().remove("at");
            shown["visits"][thing["visit"].as_str().unwrap()] = stands;
        }
        _ if thing.get("ticket").is_some() => shown["tickets"][thing["ticket"].as_str().unwrap()] = thing.clone(),
        name => match name.rsplit_once('_').unwrap() {
            (of, "defined") => into_list(&mut shown[list(of)], "id", thing),
            (of, "retired") => out_of(&mut shown[list(of)], "id", thing),
            _ => panic!("{name}: {thing}"),
        },
    }
}

/// Without what ends by the clock or has no order of its own.
fn comparable(kind: &str, mut shown: Value, now: &str) -> Value {
    let of = |list: &Value, id: &str| -> Value {
        let all = list.as_array().unwrap().iter().map(|one| (one[id].as_str().unwrap().to_owned(), one.clone()));
        Value::Object(all.collect::<BTreeMap<_, _>>().into_iter().collect())
    };
    match kind {
        // What a screen has confirmed leaves the line without a word: see below.
        "board" => drop(shown.as_object_mut().map(|all| (all.remove("now"), all.remove("announcements")))),
        "site" => {
            for list in ["departments", "service_points", "queues", "doctors", "boards"] {
                shown[list] = of(&shown[list], "id");
            }
            let waiting = shown["screens_waiting"].as_array_mut().unwrap();
            waiting.retain(|one| one["expires_at"].as_str() > Some(now));
            for list in ["screens", "screens_waiting"] {
                shown[list] = of(&shown[list], "screen");
            }
        }
        _ => {}
    }
    shown
}

/// Where they differ.
fn differences(place: &str, ours: &Value, theirs: &Value, out: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for name in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
                let (ours, theirs) = (ours.get(name), theirs.get(name));
                differences(&format!("{place}.{name}"), ours.unwrap_or(&NONE), theirs.unwrap_or(&NONE), out);
            }
        }
        _ if ours != theirs => out.push(format!("{place}: rebuilt {ours}, shown {theirs}")),
        _ => {}
    }
}

static NONE: Value = Value::Null;

/// A stream that is followed: what it was after each frame.
struct Followed {
    name: String,
    token: String,
    states: Arc<Mutex<Vec<(u64, Value)>>>,
    _socket: LiveClient,
}

impl Followed {
    fn open(clinic: &Clinic, token: &str, name: &str) -> Self {
        let states: Arc<Mutex<Vec<(u64, Value)>>> = Arc::default();
        let (known, kind) = (states.clone(), kind_of(name).to_owned());
        let listener: Listener = Box::new(move |heard, text, _| {
            let mut states = known.lock().unwrap();
            match heard {
                Heard::Snapshot { snapshot, .. } => {
                    let frame: Value = serde_json::from_str(text).unwrap();
                    states.push((frame["position"]["offset"].as_u64().unwrap(), snapshot.clone()));
                }
                Heard::Events { events, chained, .. } => {
                    assert!(chained, "{text}");
                    let mut shown = states.last().unwrap().1.clone();
                    for event in events {
                        let (name, parts) = event["event"].as_object().unwrap().iter().next().unwrap();
                        match kind.as_str() {
                            "site" => apply_site(&mut shown, name, parts),
                            kind => apply(kind, &mut shown, parts.as_object().unwrap()),
                        }
                    }
                    states.push((events.last().unwrap()["offset"].as_u64().unwrap(), shown));
                }
                Heard::Ended { .. } | Heard::Bye { .. } => panic!("{text}"),
            }
        });
        let (door, clock) = (clinic.door.clone(), clinic.clock.clone());
        let socket = LiveClient::open(door, clock, token.to_owned(), vec![name.to_owned()], listener);
        Self { name: name.to_owned(), token: token.to_owned(), states, _socket: socket }
    }

    fn at(&self, offset: u64) -> Option<Value> {
        let states = self.states.lock().unwrap();
        states.iter().rfind(|(known, _)| *known <= offset).map(|(_, shown)| shown.clone())
    }

    /// What was rebuilt is what the server shows at the same offset, once the frames up to it are here.
    async fn is_as_shown(&self, clinic: &Clinic, after: &str) {
        let now = clinic.clock.now_ms();
        let zone = jiaohao_domain::time::Zone::named("Asia/Shanghai").unwrap();
        let now = zone.rfc3339(jiaohao_domain::Timestamp(now));
        let path = format!("/streams/{}", self.name);
        let looked = clinic.door.ask("GET", &path, Some(&self.token), None).await.unwrap();
        let offset = looked["position"]["offset"].as_u64().unwrap();
        let kind = kind_of(&self.name);
        let shown = comparable(kind, looked["snapshot"].clone(), &now);
        let mut found = vec!["nothing has come".to_owned()];
        for _ in 0..200 {
            if let Some(ours) = self.at(offset) {
                found.clear();
                differences("", &comparable(kind, ours.clone(), &now), &shown, &mut found);
                if kind == "board" {
                    is_still_shown(&ours, &looked["snapshot"], &now, &mut found);
                }
                if found.is_empty() {
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{} after {after}, at {offset}:\n{}", self.name, found.join("\n"));
    }
}

/// What waits for its receipt on the server has not ended for whoever keeps to `ends_at`, and is known.
fn is_still_shown(ours: &Value, shown: &Value, now: &str, found: &mut Vec<String>) {
    let ours = ours["announcements"].as_array().unwrap();
    for one in shown["announcements"].as_array().unwrap().iter().filter(|one| one["zh"].is_null()) {
        let known = ours.iter().find(|known| known["announcement"] == one["announcement"]);
        if known != Some(one) || one["ends_at"].as_str() <= Some(now) {
            found.push(format!(".announcements: rebuilt {known:?}, shown {one} at {now}"));
        }
    }
}

fn kind_of(stream: &str) -> &str {
    stream.split(':').next().unwrap()
}

struct Day {
    clinic: Clinic,
    desk: String,
    followed: Vec<Followed>,
}

impl Day {
    async fn ask(&self, method: &str, path: &str, token: &str, body: Value) -> Value {
        self.clinic.ask(method, path, Some(token), Some(&body)).await
    }

    async fn desk(&self, path: &str, body: Value) -> Value {
        self.ask("POST", path, &self.desk, body).await
    }

    async fn all_as_shown(&self, after: &str) {
        for one in &self.followed {
            one.is_as_shown(&self.clinic, after).await;
        }
    }

    async fn stream(&self, name: &str) -> Value {
        let path = format!("/streams/{name}");
        self.clinic.door.ask("GET", &path, Some(&self.desk), None).await.unwrap()["snapshot"].clone()
    }

    async fn somebody(&self, name: &str) -> String {
        let known = self.desk("/persons", json!({"document_kind": "none", "name": name, "sex": "male"})).await;
        known["patient"].as_str().unwrap().to_owned()
    }

    async fn walk_in(&self, name: &str) -> Value {
        let who = self.somebody(name).await;
        self.desk("/tickets", json!({"queue": "s.d.q", "patient": who})).await["ticket"].clone()
    }

    /// A delay is told; who is told at home comes, is sent back, gives the booking up and has it again.
    async fn delayed(&self, patient: &str) {
        let other = self.somebody("司马迁").await;
        let place = |slot: &str, who: &str| json!({"session": "s.d.m", "slot": slot, "patient": who});
        let own = self.desk("/appointments", place("s.d.m.0900", patient)).await["appointment"].clone();
        let others = self.desk("/appointments", place("s.d.m.0930", &other)).await["appointment"].clone();
        self.desk("/sessions/delay", json!({"session": "s.d.m", "minutes": 20})).await;
        self.all_as_shown("a delay").await;
        let told = async || self.stream("queue:s.d.q").await["delays"][0]["told"].clone();
        assert_eq!(told().await, 2);
        let came = self.desk("/appointments/check-in", json!({"appointment": own})).await;
        assert_eq!(told().await, 1);
        self.all_as_shown("a check-in").await;
        let queue = self.stream("queue:s.d.q").await;
        let step = queue["tickets"][came["ticket"].as_str().unwrap()]["steps"][0]["event"].clone();
        self.desk("/tickets/undo", json!({"event": step, "reason": "not yet"})).await;
        assert_eq!(told().await, 2);
        self.all_as_shown("a check-in undone").await;
        let mistake = json!({"appointment": others, "reason": "mistake"});
        self.desk("/appointments/cancel", mistake.clone()).await;
        self.all_as_shown("a cancellation").await;
        self.desk("/appointments/restore", mistake).await;
        self.all_as_shown("a cancellation undone").await;
        self.desk("/appointments/check-in", json!({"appointment": own})).await;
    }

    async fn called(&self, doctor: &str) {
        for name in ["欧阳修", "上官婉", "诸葛瑾"] {
            self.walk_in(name).await;
        }
        let place = json!({"department": "s.d", "service_point": "s.d.r1"});
        let work = self.ask("POST", "/work/start", doctor, place).await["assignment"].clone();
        let next = |in_hand: &Value, outcome: Value| json!({"department": "s.d", "assignment": work, "in_hand": in_hand, "outcome": outcome});
        let one = self.ask("POST", "/calls/next", doctor, next(&Value::Null, Value::Null)).await["called"].clone();
        self.all_as_shown("a call").await;
        let two = self.ask("POST", "/calls/next", doctor, next(&one["ticket"], json!("seen"))).await["called"].clone();
        self.all_as_shown("the next").await;
        self.ask("POST", "/tickets/start-service", doctor, json!({"ticket": two["ticket"]})).await;
        self.ask("POST", "/tickets/send-for-tests", doctor, json!({"ticket": two["ticket"]})).await;
        self.all_as_shown("sent for tests").await;
        let order = self.stream("queue:s.d.q").await["order"].clone();
        let to = |queue: &str| json!({"ticket": order[0], "to": queue, "reason": "surgery"});
        let refused = self.clinic.door.ask("POST", "/tickets/transfer", Some(&self.desk), Some(&to("s.e.no"))).await;
        assert_eq!(refused.unwrap_err().code, "unknown_id", "where nobody could take it");
        self.desk("/tickets/transfer", to("s.e.q")).await;
        self.all_as_shown("a transfer").await;
        self.desk("/tickets/recall-transfer", json!({"ticket": order[0]})).await;
        self.all_as_shown("a transfer recalled").await;
    }

    async fn family(&self, patient: &str) {
        let phone = "13800000009";
        self.desk("/family", json!({"patient": patient, "phone": phone, "relation": "other"})).await;
        self.all_as_shown("a relation").await;
        let acting = self.clinic.ask("GET", &format!("/family/{patient}"), Some(&self.desk), None).await;
        let of_desk = acting["acting"].as_array().unwrap().iter().find(|one| one["agreed"] == "at_desk").unwrap();
        self.desk("/family/end", json!({"patient": patient, "account": of_desk["account"]})).await;
        self.all_as_shown("a relation ended").await;
    }

    async fn visits(&self, his: &str) {
        let visit = |id: &str, number: &str| {
            json!({"visit_id": id, "version": 1, "patient": {"number": id}, "site": "s", "queue": "s.d.q",
            "date": "2026-11-23", "number": number, "fee_state": "paid"})
        };
        self.ask("POST", "/visits", his, visit("M1", "H1")).await;
        self.ask("POST", "/visits", his, visit("M2", "H2")).await;
        self.all_as_shown("a visit").await;
        let change = |version: u32, what: Value| {
            let mut change = json!({"visit_id": "M1", "version": version, "site": "s"});
            change.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
            change
        };
        self.ask("PATCH", "/visits", his, change(2, json!({"class": "disabled"}))).await;
        let wrong = change(3, json!({"class": "nobody"}));
        self.clinic.door.ask("PATCH", "/visits", Some(his), Some(&wrong)).await.unwrap_err();
        self.all_as_shown("a change refused").await;
        self.ask("PATCH", "/visits", his, change(4, json!({"checked_in": true}))).await;
        self.ask("POST", "/visits/cancel", his, json!({"visit_id": "M2", "version": 2, "site": "s"})).await;
        self.all_as_shown("a visit off").await;
    }

    async fn site(&self, operator: &str) {
        let put = async |path: &str, body: Value| drop(self.ask("PUT", path, operator, body).await);
        put("/sites", json!({"id": "s", "name": "人民医院", "time_zone": "Asia/Shanghai"})).await;
        put("/queues", json!({"id": "s.d.q3", "name": "三", "name_en": "Three", "prefix": "T"})).await;
        put("/service-points", json!({"id": "s.d.r2", "name": "2号诊室"})).await;
        self.desk_screen().await;
        self.ask("POST", "/queues/retire", operator, json!({"id": "s.d.q3"})).await;
        let words = |zh: &str| json!({"zh": zh, "en": ""});
        for version in 1..=3 {
            let rules = json!([{"id": "fever", "when": {"any": [{"question": "fever", "is": ["yes"]}]},
                "does": {"send_to": {"department": "s.e"}}}]);
            let asks = json!({"site": "s", "version": version, "rules": rules,
                "questions": [{"id": "fever", "text": words(&format!("发烧吗{version}?")), "kind": "yes_no"}]});
            put("/questions", asks).await;
        }
        self.all_as_shown("definitions").await;
        let who = self.somebody("公孙胜").await;
        let answered = json!({"version": 3, "answers": {"fever": "yes"}});
        let mut comes = json!({"queue": "s.d.q", "patient": who, "pre_check": answered});
        self.clinic.door.ask("POST", "/tickets", Some(&self.desk), Some(&comes)).await.unwrap_err();
        self.all_as_shown("sent elsewhere").await;
        comes["pre_check"]["all_the_same"] = json!("seen there");
        self.desk("/tickets", comes).await;
        self.all_as_shown("let in all the same").await;
        put("/questions", json!({"site": "s", "version": 4, "questions": [], "rules": []})).await;
    }

    async fn desk_screen(&self) {
        let door = self.clinic.post("/screens", None, json!({"door": "s.d.r1"})).await;
        self.all_as_shown("a screen that waits").await;
        self.desk("/screens/approve", json!({"code": door["code"], "board": "s.b"})).await;
        self.all_as_shown("a screen").await;
        self.desk("/screens/revoke", json!({"screen": door["screen"]})).await;
    }
}

#[actix_web::test]
async fn whoever_follows_a_stream_by_the_document_has_what_it_shows() {
    let clinic = Clinic::open().await;
    let (doctor, desk) = (clinic.staff("li").await, clinic.staff("wu").await);
    let operator = clinic.operator.clone();
    let asked = json!({"name": "his", "role": "integrator", "site": "s", "ttl_s": 3600});
    let his = token_of(&clinic.post("/tokens", Some(&operator), asked).await).unwrap();
    let (phone, patient) = clinic.patient().await;
    let of_patient = format!("patient:{patient}");
    let wanted = [(&desk, "queue:s.d.q"), (&desk, "queue:s.e.q"), (&desk, "board:s.b"), (&his, "site:s")];
    let wanted = wanted.into_iter().chain([(&phone, of_patient.as_str())]);
    let followed = wanted.map(|(token, name)| Followed::open(&clinic, token, name)).collect();
    let day = Day { clinic, desk, followed };
    day.all_as_shown("the beginning").await;
    day.delayed(&patient).await;
    day.family(&patient).await;
    day.called(&doctor).await;
    day.visits(&his).await;
    day.site(&operator).await;
    day.all_as_shown("all").await;
    drop(day.followed);
    day.clinic.close().await;
}
