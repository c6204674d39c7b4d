//! A small clinic behind real doors: everybody with the right to a stream follows it, and a day's acts are done.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiaohao::clients::clock::ClinicClock;
use jiaohao::clients::http::{Door, token_of};
use jiaohao::clients::live::{Heard, Listener, LiveClient};
use jiaohao::config::Settings;
use jiaohao::house::serve::Server;
use jiaohao::http::RESOURCES;
use jiaohao_domain::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::served::{self, Phones};

/// Clinic time runs so many times as fast: two calls are far enough apart within two seconds.
const SPEED: f64 = 60.0;

/// Everything that came.
#[derive(Default)]
pub struct Seen {
    /// Stream and snapshot.
    pub snapshots: Vec<(String, Value)>,
    /// Stream and `{"name":{…}}`.
    pub events: Vec<(String, Value)>,
    /// `METHOD /path`, and what was answered.
    pub answers: Vec<(String, Value)>,
    /// Streams that somebody who followed them may not follow any more.
    pub ended: Vec<String>,
    /// The accepted commands.
    accepted: Vec<Accepted>,
}

/// A command as it was sent, and its answer.
#[derive(Clone)]
struct Accepted {
    method: String,
    path: String,
    token: Option<String>,
    key: Uuid,
    body: Value,
    answer: Value,
}

/// See the module.
pub struct Clinic {
    _folder: tempfile::TempDir,
    server: Server,
    pub door: Arc<Door>,
    pub clock: Arc<ClinicClock>,
    phones: Arc<Phones>,
    pub operator: String,
    pub seen: Arc<Mutex<Seen>>,
    sockets: Mutex<Vec<LiveClient>>,
    /// Whose token follows every ticket that somebody gets, and which are followed.
    pub watches: Mutex<Option<String>>,
    watched: Mutex<BTreeSet<String>>,
}

impl Clinic {
    /// Opens the doors of a house with one site of two departments.
    pub async fn open() -> Self {
        Self::open_with(Settings::default_values(), served::MORNING).await
    }

    /// As [`Clinic::open`], with settings of the test's and at another moment of the morning.
    pub async fn open_with(settings: Settings, clinic_start: Timestamp) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (server, phones) = served::start_with(settings, folder.path(), clinic_start, SPEED).await;
        let door = Arc::new(Door::plain(server.doors.address.to_string()));
        let operator = server.first_token.clone().unwrap();
        let clock = Arc::new(ClinicClock::new(SPEED));
        let seen = Arc::default();
        let (sockets, watches, watched) = Default::default();
        let clinic = Self { _folder: folder, server, door, clock, phones, operator, seen, sockets, watches, watched };
        clinic.set_up().await;
        clinic
    }

    async fn set_up(&self) {
        let put = async |path: &str, body: Value| {
            self.ask("PUT", path, Some(&self.operator), Some(&body)).await;
        };
        put("/sites", json!({"id": "s", "name": "医院", "name_en": "Hospital", "time_zone": "Asia/Shanghai"})).await;
        for (id, name) in [("s.d", "内科"), ("s.e", "外科")] {
            put("/departments", json!({"id": id, "name": name, "name_en": "Ward"})).await;
            put("/service-points", json!({"id": format!("{id}.r1"), "name": "1号诊室", "name_en": "Room 1"})).await;
            let queue =
                json!({"id": format!("{id}.q"), "name": name, "name_en": "Ward", "prefix": &id[2..].to_uppercase()});
            put("/queues", queue).await;
        }
        put("/queues", json!({"id": "s.d.q2", "name": "复诊", "prefix": "F"})).await;
        put("/doctors", json!({"id": "s.li", "name": "李明", "title": "主任医师", "departments": ["s.d"]})).await;
        put("/boards", json!({"id": "s.b", "name": "候诊区", "name_en": "Area", "queues": ["s.d.q", "s.d.q2"]})).await;
        let mut in_room = session("s.d.m", "s.d.q", 6);
        in_room["service_point"] = json!("s.d.r1");
        put("/sessions", in_room).await;
        let staff = [
            json!({"id": "li", "role": "doctor", "site": "s", "doctor": "s.li"}),
            json!({"id": "wu", "role": "desk", "site": "s"}),
        ];
        for mut one in staff {
            one["password"] = json!("twelve characters");
            put("/staff", one).await;
        }
    }

    /// As the operator, a command that defines something.
    pub async fn define(&self, command: &str, body: &Value) {
        let (method, path, _) = RESOURCES.iter().find(|(_, _, name)| *name == command).unwrap();
        self.ask(method, path, Some(&self.operator), Some(body)).await;
    }

    /// Closes the doors.
    pub async fn close(self) {
        self.server.stop().await;
    }

    /// As [`Clinic::close`]; everything that came.
    pub async fn seen(self) -> Seen {
        drop(std::mem::take(&mut *self.sockets.lock().unwrap()));
        self.server.stop().await;
        std::mem::take(&mut *self.seen.lock().unwrap())
    }

    pub async fn ask(&self, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Value {
        let key = (method != "GET").then(Uuid::now_v7);
        let answer = self.door.ask_keyed(method, path, token, key, body).await;
        let answer = answer.unwrap_or_else(|why| panic!("{path}: {why:?}"));
        self.watch(&answer);
        let mut seen = self.seen.lock().unwrap();
        seen.answers.push((format!("{method} {path}"), answer.clone()));
        let is_command = RESOURCES.iter().any(|(m, p, _)| (*m, *p) == (method, path));
        if let (true, Some(key), Some(body)) = (is_command, key, body) {
            let (token, body, answer) = (token.map(str::to_owned), body.clone(), answer.clone());
            let (method, path) = (method.to_owned(), path.to_owned());
            seen.accepted.push(Accepted { method, path, token, key, body, answer });
        }
        answer
    }

    /// Every accepted command of those who still have the right, again by its key: whatever has changed since, it is
    /// answered as it was.
    async fn again(&self, gone: &[&str]) {
        let accepted = self.seen.lock().unwrap().accepted.clone();
        let mut faults = Vec::new();
        for Accepted { method, path, token, key, body, answer } in accepted {
            if token.as_deref().is_some_and(|token| gone.contains(&token)) {
                continue;
            }
            let again = self.door.ask_keyed(&method, &path, token.as_deref(), Some(key), Some(&body)).await;
            if again.as_ref().ok() != Some(&answer) {
                faults.push(format!("{path} {body}: {again:?} after {answer}"));
            }
            // not more in a second than one person may send
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    pub async fn post(&self, path: &str, token: Option<&str>, body: Value) -> Value {
        self.ask("POST", path, token, Some(&body)).await
    }

    /// Follows these streams on a socket of its own.
    pub fn follow(&self, token: &str, streams: &[&str]) {
        let seen = self.seen.clone();
        let listener: Listener = Box::new(move |heard, _, _| {
            let mut seen = seen.lock().unwrap();
            match heard {
                Heard::Snapshot { stream, snapshot } => seen.snapshots.push((stream.to_owned(), snapshot.clone())),
                Heard::Events { stream, events, .. } => {
                    seen.events.extend(events.iter().map(|event| (stream.to_owned(), event["event"].clone())));
                }
                Heard::Ended { stream, .. } => seen.ended.push(stream.to_owned()),
                Heard::Bye { .. } => {}
            }
        });
        let streams = streams.iter().map(|stream| (*stream).to_owned()).collect();
        let socket = LiveClient::open(self.door.clone(), self.clock.clone(), token.to_owned(), streams, listener);
        self.sockets.lock().unwrap().push(socket);
    }

    /// Follows the ticket that an answer is about from now on.
    pub fn watch(&self, answer: &Value) {
        let watches = self.watches.lock().unwrap();
        let Some(token) = watches.as_deref() else { return };
        let booked = answer["appointment"].as_str().map(|id| id.replacen(".b", ".t", 1));
        let Some(ticket) = answer["ticket"].as_str().map(str::to_owned).or(booked) else { return };
        if self.watched.lock().unwrap().insert(ticket.clone()) {
            self.follow(token, &[&format!("ticket:{ticket}")]);
        }
    }

    /// Waits until a stream has said this.
    pub async fn until(&self, what: &str, is_there: impl Fn(&Seen) -> bool) {
        for _ in 0..400 {
            if is_there(&self.seen.lock().unwrap()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        let seen = self.seen.lock().unwrap();
        let names = |(stream, event): &(String, Value)| {
            event.as_object().map(|stem| format!("{stream} {}", stem.keys().cloned().collect::<Vec<_>>().join(" ")))
        };
        let newest: Vec<String> = seen.events.iter().rev().take(60).filter_map(names).collect();
        panic!("{what} has not come; the newest: {newest:#?}");
    }

    pub async fn until_followed(&self, stream: &str) {
        self.until(stream, |seen| seen.snapshots.iter().any(|(known, _)| known == stream)).await;
    }

    pub async fn until_event(&self, stream: &str, name: &str) {
        let is_it = |(known, event): &(String, Value)| known == stream && event.get(name).is_some();
        self.until(&format!("{name} on {stream}"), |seen| seen.events.iter().any(is_it)).await;
    }

    /// One day: booked, checked in, called, missed, sent for tests, moved, closed.
    pub async fn day(self) -> Seen {
        let doctor = self.staff("li").await;
        let desk = self.staff("wu").await;
        let operator = self.operator.clone();
        let asked = json!({"name": "his", "role": "integrator", "site": "s", "ttl_s": 3600});
        let his = token_of(&self.post("/tokens", Some(&operator), asked).await).unwrap();
        let screen = self.screen(&desk, json!({"board": "s.b"})).await;
        let door = self.screen(&desk, json!({"door": "s.d.r1"})).await;
        let (phone, patient) = self.patient().await;
        *self.watches.lock().unwrap() = Some(desk.clone());

        self.follow(&screen, &["board:s.b"]);
        self.follow(&door, &["door:s.d.r1"]);
        self.follow(&doctor, &["doctor:s.li", "queue:s.d.q"]);
        self.follow(&desk, &["queue:s.e.q"]);
        self.follow(&his, &["site:s"]);
        self.follow(&operator, &["session:s.d.m", "ops"]);
        self.follow(&phone, &[&format!("patient:{patient}")]);
        for stream in ["board:s.b", "door:s.d.r1", "doctor:s.li", "queue:s.d.q", "site:s", "session:s.d.m", "ops"] {
            self.until_followed(stream).await;
        }
        self.until_followed(&format!("patient:{patient}")).await;
        let late = self.book_and_stay_away(&operator, &desk).await;
        self.configure_again(&operator).await;
        let ticket = self.book(&phone, &desk, &patient).await;
        self.work(&doctor, &desk, &ticket).await;
        let visit = self.visits(&his).await;
        self.questions(&operator, &desk).await;
        self.leave(&doctor, &desk, &visit).await;
        self.again(&[]).await;
        self.look_around(&operator, &desk, &patient).await;
        self.voice(&operator).await;
        self.family(&desk, &patient).await;
        let tells_refusals = |(stream, ops): &(String, Value)| {
            stream == "ops" && ops["refusals"].as_array().is_some_and(|list| !list.is_empty())
        };
        self.until("a frame of ops with a refusal", |seen| seen.snapshots.iter().any(tells_refusals)).await;
        self.correct(&desk, &late).await;
        self.post("/doctors/retire", Some(&operator), json!({"id": "s.li"})).await;
        self.until_event("doctor:s.li", "doctor_retired").await;
        drop(std::mem::take(&mut *self.sockets.lock().unwrap()));
        assert_eq!(self.seen.lock().unwrap().ended, Vec::<String>::new());
        self.retire(&operator, &desk).await;
        self.again(&[&doctor, &his]).await;
        let seen = std::mem::take(&mut *self.seen.lock().unwrap());
        self.server.stop().await;
        seen
    }

    pub async fn staff(&self, name: &str) -> String {
        let body = json!({"name": name, "password": "twelve characters"});
        token_of(&self.post("/session", None, body).await).unwrap()
    }

    /// A screen of that board or door, paired at the desk.
    pub async fn screen(&self, desk: &str, shows: Value) -> String {
        let offer = self.post("/screens", None, shows).await;
        let approve = json!({"code": offer["code"], "board": "s.b"});
        self.post("/screens/approve", Some(desk), approve).await;
        let sign_in = json!({"screen": offer["screen"], "secret": offer["secret"]});
        token_of(&self.post("/session", None, sign_in).await).unwrap()
    }

    /// A phone and whose it is. Signs in again once the account acts for somebody: one code a minute of clinic time.
    pub async fn patient(&self) -> (String, String) {
        let first = self.phone("13800000000").await;
        let person = self.person(&first, "E99999999", "张小三").await;
        self.clock.pass_s(61.0).await;
        (self.phone("13800000000").await, person)
    }

    pub async fn phone(&self, number: &str) -> String {
        let asked = self.post("/session/code", None, json!({"phone": number})).await;
        let code = self.phones.0.lock().unwrap().last().unwrap().1.clone();
        token_of(&self.post("/session", None, json!({"phone": number, "code": code, "device": asked["device"]})).await)
            .unwrap()
    }

    pub async fn person(&self, token: &str, document: &str, name: &str) -> String {
        let body = json!({"document_kind": "passport", "document_number": document, "name": name, "sex": "male",
            "birth_date": "1990-01-01", "phone": "13800000000"});
        let person = self.post("/persons", Some(token), body).await;
        person["patient"].as_str().unwrap().to_owned()
    }

    /// What a site is told while somebody listens.
    async fn configure_again(&self, operator: &str) {
        let put = async |path: &str, body: Value| drop(self.ask("PUT", path, Some(operator), Some(&body)).await);
        put("/sites", json!({"id": "s", "name": "人民医院", "time_zone": "Asia/Shanghai"})).await;
        self.post("/screens", None, json!({"board": "s.b"})).await;
        put("/service-points", json!({"id": "s.d.r2", "name": "2号诊室"})).await;
        let mut crowd = session("s.d.crowd", "s.d.q2", 300);
        crowd["date"] = json!("2026-11-24");
        put("/sessions", crowd).await;
        put("/queues", json!({"id": "s.d.gone", "name": "旧", "prefix": "X"})).await;
        put("/departments", json!({"id": "s.d", "name": "内科", "name_en": "Medicine"})).await;
        put("/sessions", session("s.d.m", "s.d.q", 8)).await;
        let li =
            json!({"id": "s.li", "name": "李明", "name_en": "Li Ming", "title": "副主任医师", "departments": ["s.d"]});
        put("/doctors", li).await;
        self.until_event("doctor:s.li", "doctor_configured").await;
        self.until_event("site:s", "more_defined").await;
        self.post("/queues/retire", Some(operator), json!({"id": "s.d.gone"})).await;
        self.until_event("site:s", "queue_retired").await;
        self.until_event("queue:s.d.q", "retired").await;
        self.until_event("board:s.b", "retired").await;
        self.until_event("session:s.d.m", "session_defined").await;
        // What is kept for the desk is given back at once: the rule's moment is over. (A session has one frame a second: what
        // comes within it is one snapshot.)
        let next_frame = async || tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
        next_frame().await;
        let mut kept = session("s.d.m", "s.d.q", 8);
        kept["slots"][0]["quotas"] = json!({"desk": 1});
        put("/sessions", kept).await;
        self.until_event("session:s.d.m", "quotas_defined").await;
        next_frame().await;
        put("/quota-rules", json!({"department": "s.d", "desk_back_min": 43200})).await;
        self.until_event("session:s.d.m", "quota_given_back").await;
    }

    /// Somebody is booked for a slot of five minutes, soon, and does not come.
    async fn book_and_stay_away(&self, operator: &str, desk: &str) -> Value {
        let zone = jiaohao_domain::time::Zone::named("Asia/Shanghai").unwrap();
        let start = zone.clock(Timestamp(self.clock.now_ms()).plus_min(8));
        let mut soon = session("s.e.soon", "s.e.q", 1);
        soon["slots"] = json!([{"start": start, "minutes": 5, "capacity": 1}]);
        self.ask("PUT", "/sessions", Some(operator), Some(&soon)).await;
        let who = self.person(desk, "E55555555", "诸葛晴").await;
        let slot = format!("s.e.soon.{}", start.replace(':', ""));
        let place = json!({"session": "s.e.soon", "slot": slot, "patient": who});
        let booked = self.post("/appointments", Some(desk), place).await;
        let ticket = booked["appointment"].as_str().unwrap().replacen(".b", ".t", 1);
        self.follow(desk, &["session:s.e.soon", &format!("ticket:{ticket}")]);
        self.until_followed(&format!("ticket:{ticket}")).await;
        let mistake = json!({"appointment": booked["appointment"], "reason": "mistake"});
        self.post("/appointments/cancel", Some(desk), mistake.clone()).await;
        self.post("/appointments/restore", Some(desk), mistake).await;
        self.until_event(&format!("ticket:{ticket}"), "appointment_restored").await;
        booked["appointment"].clone()
    }

    /// It was no no-show: the place is free again.
    async fn correct(&self, desk: &str, appointment: &Value) {
        let ticket = appointment.as_str().unwrap().replacen(".b", ".t", 1);
        self.until_event(&format!("ticket:{ticket}"), "no_show_recorded").await;
        let correct = json!({"appointment": appointment, "reason": "was at another desk"});
        self.post("/appointments/correct-no-show", Some(desk), correct).await;
        self.until_event(&format!("ticket:{ticket}"), "no_show_corrected").await;
        self.until_event("session:s.e.soon", "no_show_corrected").await;
    }

    /// Books twice from the phone, gives one back, and comes.
    async fn book(&self, phone: &str, desk: &str, patient: &str) -> String {
        let place = |slot: &str| json!({"session": "s.d.m", "slot": slot, "patient": patient});
        let stop = json!({"session": "s.d.m", "reason": "ill"});
        self.post("/sessions/stop", Some(desk), stop).await;
        self.post("/sessions/resume", Some(desk), json!({"session": "s.d.m"})).await;
        let held = self.post("/appointments/hold", Some(phone), place("s.d.m.0930")).await;
        self.post("/appointments/cancel", Some(phone), json!({"appointment": held["appointment"]})).await;
        let held = self.post("/appointments/hold", Some(phone), place("s.d.m.0900")).await;
        self.post("/appointments/prolong", Some(phone), json!({"appointment": held["appointment"]})).await;
        let ticket = held["appointment"].as_str().unwrap().replacen(".b", ".t", 1);
        self.follow(phone, &[&format!("ticket:{ticket}")]);
        self.until_followed(&format!("ticket:{ticket}")).await;
        let confirm = json!({"appointment": held["appointment"]});
        self.post("/appointments/confirm", Some(phone), confirm.clone()).await;
        self.until_event(&format!("patient:{patient}"), "appointment_booked").await;
        for minutes in [20, 0] {
            self.post("/sessions/delay", Some(desk), json!({"session": "s.d.m", "minutes": minutes})).await;
        }
        self.until_event("queue:s.d.q", "session_delayed").await;
        self.until_event(&format!("patient:{patient}"), "notice_heard").await;
        self.post("/appointments/check-in", Some(desk), confirm).await;
        self.until_event(&format!("ticket:{ticket}"), "patient_checked_in").await;
        ticket
    }

    /// A morning's work at the doctor's.
    async fn work(&self, doctor: &str, desk: &str, first: &str) {
        let at_work =
            self.post("/work/start", Some(doctor), json!({"department": "s.d", "service_point": "s.d.r1"})).await;
        let assignment = &at_work["assignment"];
        let mut tickets = vec![first.to_owned()];
        let mut visits = Vec::new();
        for n in 0..4 {
            let who = self.person(desk, &format!("E1234567{n}"), "欧阳明").await;
            let walk_in = self.post("/tickets", Some(desk), json!({"queue": "s.d.q", "patient": who})).await;
            tickets.push(walk_in["ticket"].as_str().unwrap().to_owned());
            visits.push((walk_in["ticket"].clone(), json!({"visit": walk_in["visit"], "patient": who})));
        }
        self.post("/sessions/delay", Some(desk), json!({"session": "s.d.m", "minutes": 20})).await;
        let proof = json!({"ticket": tickets[4], "class": "disabled", "proof": "card"});
        self.post("/tickets/priority", Some(desk), proof).await;
        let next = |in_hand: &Value, outcome: Value| json!({"department": "s.d", "assignment": assignment, "in_hand": in_hand, "outcome": outcome});
        let called = self.post("/calls/next", Some(doctor), next(&Value::Null, Value::Null)).await;
        let (one, call) = (called["called"]["ticket"].clone(), called["called"]["call"].clone());
        self.post("/calls/recall", Some(doctor), json!({"call": call})).await;
        // two calls and 90 s of clinic time
        self.clock.pass_s(95.0).await;
        self.post("/tickets/mark-missed", Some(doctor), json!({"ticket": one})).await;
        let called = self.post("/calls/next", Some(doctor), next(&Value::Null, Value::Null)).await;
        self.post("/tickets/report-back", Some(desk), json!({"ticket": one})).await;
        let two = called["called"]["ticket"].clone();
        self.post("/tickets/start-service", Some(doctor), json!({"ticket": two})).await;
        self.post("/tickets/send-for-tests", Some(doctor), json!({"ticket": two})).await;
        self.post("/tickets/report-back", Some(desk), json!({"ticket": two})).await;
        let called = self.post("/calls/next", Some(doctor), next(&Value::Null, Value::Null)).await;
        let three = called["called"]["ticket"].clone();
        let called = self.post("/calls/next", Some(doctor), next(&three, json!("seen"))).await;
        let four = called["called"]["ticket"].clone();
        let back = json!({"ticket": four, "reason": "wrong person"});
        self.post("/tickets/return-to-waiting", Some(doctor), back).await;
        let pause = json!({"department": "s.d", "assignment": assignment, "reason": "ward"});
        self.post("/work/pause", Some(doctor), pause.clone()).await;
        let on = json!({"department": "s.d", "assignment": assignment});
        self.post("/work/resume", Some(doctor), on).await;
        let elsewhere = json!({"ticket": four, "to": "s.e.q", "reason": "surgery"});
        self.post("/tickets/transfer", Some(desk), elsewhere).await;
        self.until_event("queue:s.d.q", "transfer_completed").await;
        self.post("/tickets/recall-transfer", Some(desk), json!({"ticket": four})).await;
        self.until_event("queue:s.e.q", "transfer_given_back").await;
        self.until_event("queue:s.d.q", "transfer_returned").await;
        self.until_event("board:s.b", "patient_missed").await;
        self.until_event("door:s.d.r1", "work_paused").await;
        let (_, seen) = visits.into_iter().find(|(ticket, _)| *ticket == three).expect("a walk-in");
        self.post("/tickets/return", Some(desk), seen).await;
    }

    /// What the hospital's own system does.
    ///
    /// The ticket of a visit that stands.
    async fn visits(&self, his: &str) -> String {
        let visit = json!({"visit_id": "M1", "version": 1, "patient": {"number": "7"}, "site": "s", "queue": "s.d.q",
            "date": "2026-11-23", "fee_state": "paid", "checked_in": true});
        self.post("/visits", Some(his), visit).await;
        self.until_event("site:s", "visit_registered").await;
        let mut site = self.ask("GET", "/streams/site:s", Some(his), None).await;
        self.seen.lock().unwrap().snapshots.push(("site:s".to_owned(), site["snapshot"].take()));
        let changed = json!({"visit_id": "M1", "version": 2, "site": "s", "class": "disabled"});
        self.ask("PATCH", "/visits", Some(his), Some(&changed)).await;
        let off = json!({"visit_id": "M1", "version": 3, "site": "s"});
        self.post("/visits/cancel", Some(his), off).await;
        self.until_event("site:s", "visit_cancelled").await;
        let another = json!({"visit_id": "M2", "version": 1, "patient": {"number": "8"}, "site": "s", "queue": "s.d.q",
            "date": "2026-11-23", "fee_state": "paid", "checked_in": true});
        self.post("/visits", Some(his), another).await;
        let of_another = |event: &Value| event["patient_checked_in"]["visit_id"] == "M2";
        let is_it = |(stream, event): &(String, Value)| stream == "site:s" && of_another(event);
        self.until("the other visit's ticket", |seen| seen.events.iter().any(is_it)).await;
        let seen = self.seen.lock().unwrap();
        let (_, came) = seen.events.iter().find(|event| is_it(event)).expect("it has come");
        came["patient_checked_in"]["ticket"].as_str().unwrap().to_owned()
    }

    /// This ticket chosen, a step undone, somebody leaves, the doctor goes.
    async fn leave(&self, doctor: &str, desk: &str, ticket: &str) {
        let console = self.ask("GET", "/streams/doctor:s.li", Some(doctor), None).await;
        let assignment = &console["snapshot"]["at_work"]["assignment"];
        let queue = self.ask("GET", "/streams/queue:s.d.q", Some(desk), None).await;
        let order = queue["snapshot"]["order"].as_array().unwrap().clone();
        let chosen = json!({"department": "s.d", "assignment": assignment, "in_hand": null, "outcome": null,
            "ticket": ticket, "reason": "result is here"});
        self.post("/calls", Some(doctor), chosen).await;
        self.post("/tickets/finish-service", Some(doctor), json!({"ticket": ticket})).await;
        let queue = self.ask("GET", "/streams/queue:s.d.q", Some(desk), None).await;
        let steps = queue["snapshot"]["tickets"][ticket]["steps"].as_array().unwrap().clone();
        let step = steps.iter().find(|step| step["undoable"] == true).unwrap();
        self.post("/tickets/undo", Some(desk), json!({"event": step["event"], "reason": "not yet"})).await;
        self.post("/tickets/finish-service", Some(doctor), json!({"ticket": ticket})).await;
        self.post("/tickets/cancel", Some(desk), json!({"ticket": order[0], "reason": "went home"})).await;
        let again = json!({"department": "s.d", "assignment": assignment, "in_hand": "s.d.t0", "outcome": "seen"});
        let stale = self.door.ask("POST", "/calls/next", Some(doctor), Some(&again)).await.unwrap_err();
        assert_eq!(stale.code, "stale_console");
        let on = json!({"department": "s.d", "assignment": assignment});
        self.post("/work/stop", Some(doctor), on).await;
        self.until_event("doctor:s.li", "work_ended").await;
    }

    /// Everything goes.
    async fn retire(&self, operator: &str, desk: &str) {
        // What is in use stays: the one who was moved there goes home first.
        let waits = self.ask("GET", "/streams/queue:s.e.q", Some(desk), None).await;
        for ticket in waits["snapshot"]["order"].as_array().unwrap() {
            self.post("/tickets/cancel", Some(desk), json!({"ticket": ticket, "reason": "went home"})).await;
        }
        let site = self.ask("GET", "/site/s", Some(operator), None).await;
        self.post("/screens/revoke", Some(operator), json!({"screen": site["screens"][0]["screen"]})).await;
        let gone = [
            ("boards", "s.b"),
            ("service-points", "s.d.r2"),
            ("staff", "li"),
            ("sessions", "s.e.m"),
            ("sessions", "s.e.soon"),
            ("departments", "s.e"),
        ];
        self.ask("PUT", "/sessions", Some(operator), Some(&session("s.e.m", "s.e.q", 1))).await;
        for (path, id) in gone {
            self.post(&format!("/{path}/retire"), Some(operator), json!({"id": id})).await;
        }
    }

    /// Somebody acts for a mother who agrees by her own phone, and for a patient who agrees at the desk.
    async fn family(&self, desk: &str, patient: &str) {
        let (mine, hers) = ("13800000001", "13800000002");
        let phone = self.phone(mine).await;
        self.person(&phone, "E99999998", "张小芳").await;
        let mother = json!({"document_kind": "passport", "document_number": "E99999997", "name": "李秀英", "sex": "female",
            "birth_date": "1950-01-01", "phone": hers, "relation": "parent"});
        self.post("/persons/consent", Some(&phone), mother.clone()).await;
        let mut agreed = mother;
        agreed["code"] = json!(self.phones.0.lock().unwrap().last().unwrap().1);
        self.post("/persons", Some(&phone), agreed).await;
        self.post("/family", Some(desk), json!({"patient": patient, "phone": mine, "relation": "other"})).await;
        self.ask("GET", "/family", Some(&phone), None).await;
        let acting = self.ask("GET", &format!("/family/{patient}"), Some(desk), None).await;
        let by_desk = acting["acting"].as_array().unwrap().iter().find(|one| one["agreed"] == "at_desk").unwrap();
        let end = json!({"patient": patient, "account": by_desk["account"]});
        self.post("/family/end", Some(desk), end).await;
        let hers = self.phone(hers).await;
        self.ask("GET", "/family", Some(&hers), None).await;
    }

    /// A card of somebody's is bound, and somebody else is erased.
    async fn other_ids(&self, operator: &str, desk: &str, patient: &str) {
        let card = json!({"document_kind": "hospital_card", "document_number": "C-7001", "site": "s"});
        self.post("/persons/bind", Some(desk), json!({"patient": patient, "document": card})).await;
        let gone = self.person(desk, "E76543219", "司马空").await;
        self.post("/persons/erase", Some(operator), json!({"patient": gone})).await;
    }

    /// Sessions by templates: made, one of them held by somebody when its day is closed, and what is left in the end.
    async fn plan(&self, operator: &str, desk: &str, who: &str) {
        let put = async |path: &str, body: Value| drop(self.ask("PUT", path, Some(operator), Some(&body)).await);
        put("/planning", json!({"department": "s.d", "release_days": 366})).await;
        let template = |id: &str| {
            json!({"id": id, "name": "每天", "queue": "s.d.q", "doctor": "s.li", "period": "morning",
                "registration_class": "普通", "weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "2026-11-23"})
        };
        let mut alike = template("s.d.alike");
        (alike["start"], alike["end"], alike["capacity"]) = (json!("08:00"), json!("09:00"), json!(3));
        let mut one_by_one = template("s.d.each");
        one_by_one["slots"] = json!([{"start": "08:30", "capacity": 1}]);
        put("/templates", alike).await;
        put("/templates", one_by_one).await;
        let tomorrow = "s.d.alike-d20261124";
        let place = json!({"session": tomorrow, "slot": format!("{tomorrow}.0800"), "patient": who});
        self.post("/appointments", Some(desk), place).await;
        let except = |id: &str, day: &str, does: Value| json!({"id": id, "from": day, "to": day, "does": does});
        put("/exceptions", except("s.d.off", "2026-11-24", json!({"closed": {"reason": "停电"}}))).await;
        put("/exceptions", except("s.d.on", "2026-11-28", json!({"open": {"as_weekday": 5}}))).await;
        let mut instead = except("s.d.instead", "2026-11-25", json!({"substitute": {"doctor": "s.li"}}));
        instead["template"] = json!("s.d.each");
        put("/exceptions", instead).await;
        let days = "/departments/s.d/plan?from=2026-11-23&to=2026-12-31";
        let plan = self.door.ask("GET", days, Some(desk), None).await.unwrap();
        assert_eq!(plan["days"][1]["sessions"][0]["standing"], "to_go", "{plan}");
        let plan = self.ask("GET", "/departments/s.d/plan", Some(operator), None).await;
        assert_eq!(plan["unsettled"][0]["session"], tomorrow);
        self.post("/exceptions/withdraw", Some(operator), json!({"id": "s.d.off"})).await;
        let frozen = json!({"session": tomorrow, "frozen": true, "reason": "设备检修"});
        self.post("/sessions/freeze", Some(operator), frozen).await;
        self.post("/sessions/plan", Some(operator), json!({"session": tomorrow})).await;
        self.post("/templates/retire", Some(operator), json!({"id": "s.d.each"})).await;
    }

    /// A department is found by what it treats, and others in place of a session.
    async fn find(&self, operator: &str, desk: &str) {
        let site =
            json!({"id": "s", "name": "人民医院", "time_zone": "Asia/Shanghai", "latitude": 31.2, "longitude": 121.4});
        self.ask("PUT", "/sites", Some(operator), Some(&site)).await;
        self.until_event("site:s", "described").await;
        let found = self.post("/places/find", Some(desk), json!({"text": "lm"})).await;
        assert_eq!(found["doctors"][0]["doctor"], "s.li", "{found}");
        let all = self.post("/places/find", Some(desk), json!({})).await;
        assert!(all["departments"].as_array().unwrap().iter().any(|one| !one["next"].is_null()), "{all}");
        let instead = self.post("/places/find", Some(desk), json!({"instead_of": "s.d.m"})).await;
        assert_eq!(instead["doctors"], json!([]), "{instead}");
    }

    /// The other answers of the HTTP door.
    async fn look_around(&self, operator: &str, desk: &str, patient: &str) {
        self.post("/persons/read", Some(desk), json!({"ids": [patient]})).await;
        self.ask("GET", "/departments/s.d/area-code", Some(desk), None).await;
        self.ask("GET", "/site/s", Some(desk), None).await;
        self.find(operator, desk).await;
        let hall = json!({"name": "hall", "role": "kiosk", "ttl_s": 600, "site": "s"});
        let hall = self.post("/tokens", Some(operator), hall).await;
        let hall = hall["access_token"].as_str().unwrap();
        self.post("/qr-codes", Some(hall), json!({"text": "签到"})).await;
        let who = self.person(desk, "E76543210", "司马亮").await;
        let place = json!({"session": "s.d.m", "slot": "s.d.m.1000", "patient": who});
        let booked = self.post("/appointments", Some(desk), place).await;
        self.other_ids(operator, desk, &who).await;
        let found = json!({"text": booked["appointment"]});
        let found = self.post("/departments/s.d/appointments/find", Some(desk), found).await;
        self.ask("GET", "/sessions/s.d.m/not-reached", Some(desk), None).await;
        self.plan(operator, desk, &who).await;
        let ticket = found["appointments"][0]["ticket"].as_str().unwrap();
        let calendar = format!("/appointments/{}/calendar?language=en", booked["appointment"].as_str().unwrap());
        self.ask("GET", &calendar, Some(desk), None).await;
        let scanned = self.ask("GET", &format!("/tickets/{ticket}/code"), Some(hall), None).await;
        let scanned = json!({"departments": ["s.d"], "by": {"code": scanned["code"]}});
        self.post("/arrivals/find", Some(hall), scanned).await;
        self.post("/clock/confirm", Some(operator), json!({})).await;
        // Without an appointment the phone hears of the ticket all the same, and the desk finds it.
        let walk_in = json!({"queue": "s.e.q", "patient": patient});
        let walk_in = self.post("/tickets", Some(desk), walk_in).await;
        self.until_event(&format!("patient:{patient}"), "ticket_heard").await;
        let found = json!({"text": walk_in["number"]});
        self.post("/departments/s.e/appointments/find", Some(desk), found).await;
        self.ask("GET", "/time-zones", None, None).await;
        self.ask("GET", "/push-key", None, None).await;
        self.ask("GET", "/sites", Some(operator), None).await;
        self.ask("GET", "/staff?site=s", Some(operator), None).await;
        for by in ["doctor", "cause"] {
            let report = format!("/reports?site=s&from=2026-11-17&to=2026-11-23&by={by}");
            self.ask("GET", &report, Some(operator), None).await;
        }
        self.ask("GET", "/tokens?site=s", Some(operator), None).await;
        self.post("/tokens/revoke", Some(operator), json!({"name": "his", "site": "s"})).await;
        self.ask("GET", &format!("/audit?day={}", today()), Some(operator), None).await;
        self.post("/audit/read", Some(operator), json!({"day": today(), "account": "a-staff-li"})).await;
    }
}

/// A morning's session with three slots of so many places.
pub fn session(id: &str, queue: &str, capacity: u32) -> Value {
    let slot = |start: &str| json!({"start": start, "minutes": 30, "capacity": capacity});
    json!({"id": id, "date": "2026-11-23", "period": "morning", "queue": queue, "registration_class": "普通",
        "fee_fen": 1000, "slots": [slot("09:00"), slot("09:30"), slot("10:00")]})
}

/// The machine's day: the audit is kept by it.
pub(crate) fn today() -> String {
    let zone = jiaohao_domain::time::Zone::named("UTC").unwrap();
    zone.date(Timestamp(jiaohao_actors::shell::clock::wall_ms())).0.to_string()
}
