//! What the other days leave out of the streams: doctors who work while the house is set up anew, what does not go as it was
//! meant, a crowd that is told of a delay, and midnight.

use std::time::Duration;

use futures_util::StreamExt;
use jiaohao::clients::http::token_of;
use jiaohao::clients::people::MadeUp;
use jiaohao::config::Settings;
use jiaohao_domain::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use crate::clinic::{Clinic, Seen, session};
use crate::examples::commands;
use crate::served::MORNING;

/// More than are told at once.
const CROWD: u32 = 501;
/// Turns of a doctor after which a wait can be said, and one more.
const TURNS: u32 = 6;
/// A session's stream has one frame a second, and what comes behind one waits for the next.
const A_FRAME: Duration = Duration::from_millis(2_200);

/// The end of the day.
const MIDNIGHT: Timestamp = Timestamp(MORNING.0 + (15 * 60 + 30) * 60_000);

/// Who is there.
struct Rest {
    clinic: Clinic,
    desk: String,
    li: String,
    zhao: String,
    his: String,
    phone: String,
    patient: String,
}

/// The day.
pub async fn day() -> Seen {
    let rest = Rest::open().await;
    let called = rest.called().await;
    let work = rest.work().await;
    rest.transfers().await;
    rest.anew().await;
    rest.questions(&work).await;
    rest.outside().await;
    rest.bookings().await;
    rest.stopped().await;
    rest.crowd().await;
    rest.persons().await;
    rest.closed().await;
    rest.clinic.until_event("queue:s.e.q", "call_not_announced").await;
    rest.desk_does("/tickets/cancel", json!({"ticket": called, "reason": "went home"})).await;
    rest.clinic.seen().await
}

/// Midnight: who was there the day before is gone.
pub async fn night() -> Seen {
    let clinic = Clinic::open_with(Settings::default_values(), MIDNIGHT.plus_min(-25)).await;
    let desk = clinic.staff("wu").await;
    let wish = json!({"name": "his", "role": "integrator", "site": "s", "ttl_s": 3600});
    let his = token_of(&clinic.post("/tokens", Some(&clinic.operator), wish).await).unwrap();
    clinic.follow(&his, &["site:s"]);
    clinic.until_followed("site:s").await;
    let who = clinic.person(&desk, "E60000000", "欧阳明").await;
    let waits = clinic.post("/tickets", Some(&desk), json!({"queue": "s.d.q", "patient": who})).await;
    let gone = json!({"ticket": waits["ticket"], "reason": "went home"});
    clinic.post("/tickets/cancel", Some(&desk), gone).await;
    assert!(clinic.clock.now_ms() < MIDNIGHT.0, "set up too late");
    clinic.clock.until(MIDNIGHT.0).await;
    clinic.until_event("site:s", "days_tidied").await;
    clinic.seen().await
}

impl Rest {
    async fn open() -> Self {
        let mut settings = Settings::default_values();
        settings.push.contact = Some("mailto:it@renmin.example".to_owned());
        let clinic = Clinic::open_with(settings, MORNING).await;
        let put = async |path: &str, body: Value| {
            clinic.ask("PUT", path, Some(&clinic.operator), Some(&body)).await;
        };
        let settings = json!({"booking": {"hold_ttl_s": 120, "late_booking_undo_min": 0}});
        put("/departments", json!({"id": "s.e", "name": "外科", "settings": settings})).await;
        for (id, department) in [("zhao", "s.e"), ("qian", "s.d")] {
            let doctor = format!("s.{id}");
            put("/doctors", json!({"id": doctor, "name": "赵云", "title": "主治医师", "departments": [department]}))
                .await;
            let password = "twelve characters";
            put("/staff", json!({"id": id, "role": "doctor", "site": "s", "doctor": doctor, "password": password}))
                .await;
        }
        put("/boards", json!({"id": "s.b", "name": "候诊区", "queues": ["s.d.q", "s.d.q2", "s.e.q"]})).await;
        put("/sessions", session("s.e.m", "s.e.q", 6)).await;
        // Late enough to be open still when the rest of the day is done.
        let mut crowd = session("s.d.crowd", "s.d.q2", 300);
        crowd["slots"] = ["14:00", "14:30"].map(|start| json!({"start": start, "minutes": 30, "capacity": 300})).into();
        put("/sessions", crowd).await;
        let [desk, li, zhao, qian] = ["wu", "li", "zhao", "qian"].map(|name| clinic.staff(name));
        let (desk, li, zhao, qian) = (desk.await, li.await, zhao.await, qian.await);
        let wish = json!({"name": "his", "role": "integrator", "site": "s", "ttl_s": 3600});
        let his = token_of(&clinic.post("/tokens", Some(&clinic.operator), wish).await).unwrap();
        let (phone, patient) = clinic.patient().await;
        let followed = [
            (&clinic.operator, vec!["board:s.b", "door:s.d.r1", "door:s.e.r1", "session:s.d.m", "session:s.e.m"]),
            (&desk, vec!["queue:s.d.q", "queue:s.d.q2", "queue:s.e.q"]),
            (&li, vec!["doctor:s.li"]),
            (&zhao, vec!["doctor:s.zhao"]),
            (&qian, vec!["doctor:s.qian"]),
            (&his, vec!["site:s"]),
        ];
        for (who, streams) in followed {
            clinic.follow(who, &streams);
            for stream in streams {
                clinic.until_followed(stream).await;
            }
        }
        let own = format!("patient:{patient}");
        clinic.follow(&phone, &[&own]);
        clinic.until_followed(&own).await;
        *clinic.watches.lock().unwrap() = Some(desk.clone());
        // the room is Dr Li's by then
        let room = json!({"department": "s.d", "service_point": "s.d.r1"});
        clinic.post("/work/start", Some(&li), room.clone()).await;
        clinic.until_event("queue:s.d.q", "work_began").await;
        clinic.post("/work/start", Some(&qian), room).await;
        clinic.until_event("doctor:s.qian", "work_refused").await;
        Self { clinic, desk, li, zhao, his, phone, patient }
    }

    async fn desk_does(&self, path: &str, body: Value) -> Value {
        self.clinic.post(path, Some(&self.desk), body).await
    }

    async fn by_operator(&self, path: &str, body: Value) {
        self.clinic.ask("PUT", path, Some(&self.clinic.operator), Some(&body)).await;
    }

    async fn somebody(&self) -> String {
        let n = self.clinic.seen.lock().unwrap().answers.len();
        self.clinic.person(&self.desk, &format!("E7{n:07}"), "诸葛晴").await
    }

    /// Somebody new waits; the ticket, which is followed.
    async fn waits(&self, queue: &str) -> String {
        let patient = self.somebody().await;
        let waits = self.desk_does("/tickets", json!({"queue": queue, "patient": patient})).await;
        let ticket = waits["ticket"].as_str().unwrap().to_owned();
        self.clinic.until_followed(&format!("ticket:{ticket}")).await;
        ticket
    }

    /// Dr Zhao begins while some wait, and calls the first: no screen is there, and nothing reaches who is called, but the desk.
    async fn called(&self) -> String {
        // a browser that there is not
        let mut push = commands().remove("bind_channel").expect("it has an example");
        push["patient"] = json!(self.patient);
        self.clinic.post("/channels/bind", Some(&self.phone), push).await;
        let wish = json!({"queue": "s.e.q", "patient": self.patient});
        let first = self.desk_does("/tickets", wish).await["ticket"].as_str().unwrap().to_owned();
        let mut last = String::new();
        // some of them at the door
        for _ in 0..3 {
            last = self.waits("s.e.q").await;
        }
        let room = json!({"department": "s.e", "service_point": "s.e.r1"});
        let work = self.clinic.post("/work/start", Some(&self.zhao), room).await;
        self.clinic.until_event(&format!("ticket:{last}"), "work_began").await;
        let next = json!({"department": "s.e", "assignment": work["assignment"], "in_hand": null, "outcome": null});
        self.clinic.post("/calls/next", Some(&self.zhao), next).await;
        let is_not_reached = |(stream, event): &(String, Value)| {
            stream == "queue:s.e.q" && !event["notice_answered"]["tickets"][&first]["not_reached"].is_null()
        };
        self.clinic.until("nothing reaches the person", |seen| seen.events.iter().any(is_not_reached)).await;
        self.desk_does("/tickets/mark-reached", json!({"ticket": first, "how": "in_person"})).await;
        self.clinic.until_event("doctor:s.zhao", "reached_marked").await;
        first
    }

    /// Dr Li sees so many that the others can be told how long it will be. Where the doctor works.
    async fn work(&self) -> Value {
        let console = self.clinic.ask("GET", "/streams/doctor:s.li", Some(&self.li), None).await;
        let work = console["snapshot"]["at_work"]["assignment"].clone();
        for _ in 0..TURNS + 3 {
            self.waits("s.d.q").await;
        }
        let mut in_hand = Value::Null;
        for _ in 0..TURNS {
            let outcome = if in_hand.is_null() { Value::Null } else { json!("seen") };
            let next = json!({"department": "s.d", "assignment": work, "in_hand": in_hand, "outcome": outcome});
            let called = self.clinic.post("/calls/next", Some(&self.li), next).await;
            in_hand = called["called"]["ticket"].clone();
            // a turn takes a minute
            self.clinic.clock.pass_s(60.0).await;
        }
        for stream in ["queue:s.d.q", "board:s.b"] {
            self.clinic.until_event(stream, "waits_expected").await;
        }
        self.clinic.post("/tickets/finish-service", Some(&self.li), json!({"ticket": in_hand})).await;
        work
    }

    /// To another department and back; within the department.
    async fn transfers(&self) {
        let ticket = self.waits("s.d.q").await;
        let to = async |to: &str| {
            let transfer = json!({"ticket": ticket, "to": to, "reason": "wrong queue"});
            self.desk_does("/tickets/transfer", transfer).await;
        };
        to("s.e.q").await;
        self.clinic.until_event("queue:s.e.q", "transfer_received").await;
        self.clinic.until_event("queue:s.d.q", "transfer_completed").await;
        self.desk_does("/tickets/recall-transfer", json!({"ticket": ticket})).await;
        self.clinic.until_event("queue:s.d.q", "transfer_returned").await;
        to("s.d.q2").await;
        self.clinic.until_event("doctor:s.li", "ticket_moved").await;
    }

    /// Everything is defined once more while the doctors are at work.
    async fn anew(&self) {
        let ticket = self.waits("s.d.q").await;
        self.by_operator("/service-points", json!({"id": "s.d.r1", "name": "一号诊室"})).await;
        self.by_operator("/departments", json!({"id": "s.d", "name": "大内科"})).await;
        let queue = json!({"id": "s.d.q", "name": "大内科", "name_en": "Medicine", "prefix": "D"});
        self.by_operator("/queues", queue).await;
        self.by_operator("/queues", json!({"id": "s.d.old", "name": "旧", "prefix": "X"})).await;
        self.clinic.post("/queues/retire", Some(&self.clinic.operator), json!({"id": "s.d.old"})).await;
        let doctor = json!({"id": "s.li", "name": "李明", "title": "副主任医师", "departments": ["s.d"]});
        self.by_operator("/doctors", doctor).await;
        let board = json!({"id": "s.b", "name": "大厅", "queues": ["s.d.q", "s.d.q2", "s.e.q"]});
        self.by_operator("/boards", board).await;
        self.clinic.until_event(&format!("ticket:{ticket}"), "board_configured").await;
        self.clinic.until_event(&format!("ticket:{ticket}"), "retired").await;
    }

    /// Asked while somebody is with the doctor; then somebody with an alert is called before the desk hears of it.
    async fn questions(&self, work: &Value) {
        let wish = json!({"session": "s.d.m", "slot": "s.d.m.0900", "patient": self.somebody().await});
        let booked = self.desk_does("/appointments", wish).await;
        let next = json!({"department": "s.d", "assignment": work, "in_hand": null, "outcome": null});
        let called = self.clinic.post("/calls/next", Some(&self.li), next.clone()).await;
        let words = |zh: &str| json!({"zh": zh, "en": ""});
        let asks = json!({"site": "s", "version": 1, "questions": [
            {"id": "fever", "text": words("发烧吗?"), "kind": "yes_no"}], "rules": [
            {"id": "fever", "when": {"any": [{"question": "fever", "is": ["yes"]}]},
                "does": {"alert": {"level": "notice", "text": words("请看一看")}}}]});
        self.by_operator("/questions", asks).await;
        self.clinic.until_event("doctor:s.li", "questions_configured").await;
        let finished = json!({"ticket": called["called"]["ticket"]});
        self.clinic.post("/tickets/finish-service", Some(&self.li), finished).await;
        let answered = json!({"version": 1, "answers": {"fever": "yes"}});
        let arrival = json!({"appointment": booked["appointment"], "pre_check": answered});
        let waits = self.desk_does("/appointments/check-in", arrival).await;
        let mut chosen = next;
        (chosen["ticket"], chosen["reason"]) = (waits["ticket"].clone(), json!("has a fever"));
        self.clinic.post("/calls", Some(&self.li), chosen).await;
        self.desk_does("/tickets/acknowledge-alert", json!({"ticket": waits["ticket"]})).await;
        self.clinic.until_event("doctor:s.li", "alert_acknowledged").await;
        let finished = json!({"ticket": waits["ticket"]});
        self.clinic.post("/tickets/finish-service", Some(&self.li), finished).await;
        self.by_operator("/questions", json!({"site": "s", "version": 2, "questions": [], "rules": []})).await;
    }

    /// Visits of the hospital's: in a slot, in another one, in none; one under a number that somebody has.
    async fn outside(&self) {
        let queue = self.clinic.ask("GET", "/streams/queue:s.d.q", Some(&self.desk), None).await;
        let tickets = queue["snapshot"]["tickets"].as_object().unwrap();
        let number = tickets.values().next().unwrap()["number"].clone();
        let visit = |id: &str| {
            json!({"visit_id": id, "version": 1, "patient": {"number": id}, "site": "s", "queue": "s.d.q",
            "date": "2026-11-23", "fee_state": "paid"})
        };
        let mut taken = visit("M1");
        taken["number"] = number;
        let refused = self.clinic.door.ask("POST", "/visits", Some(&self.his), Some(&taken)).await.unwrap_err();
        assert_eq!(refused.code, "number_taken");
        self.clinic.until_event("site:s", "visit_refused").await;
        let mut in_slot = visit("M2");
        (in_slot["slot"], in_slot["checked_in"]) = (json!("s.d.m.0900"), json!(true));
        self.clinic.post("/visits", Some(&self.his), in_slot).await;
        tokio::time::sleep(A_FRAME).await;
        let changed = json!({"visit_id": "M2", "version": 2, "site": "s", "slot": "s.d.m.0930"});
        self.clinic.ask("PATCH", "/visits", Some(&self.his), Some(&changed)).await;
        self.clinic.until_event("site:s", "ticket_rescheduled").await;
        tokio::time::sleep(A_FRAME).await;
        let off = json!({"visit_id": "M2", "version": 3, "site": "s"});
        self.clinic.post("/visits/cancel", Some(&self.his), off).await;
        self.clinic.until_event("session:s.d.m", "outside_gone").await;
    }

    /// Held too long, cancelled too late, cancelled by mistake, checked in by mistake; cancelled after a delay was told.
    async fn bookings(&self) {
        let place = |session: &str, clock: &str, patient: &str| json!({"session": session, "slot": format!("{session}.{clock}"), "patient": patient});
        let hers = place("s.e.m", "0930", &self.patient);
        self.clinic.post("/appointments/hold", Some(&self.phone), hers.clone()).await;
        self.clinic.until_event("session:s.e.m", "hold_expired").await;
        let booked = self.clinic.post("/appointments", Some(&self.phone), hers).await;
        tokio::time::sleep(A_FRAME).await;
        let cancel = json!({"appointment": booked["appointment"]});
        self.clinic.post("/appointments/cancel", Some(&self.phone), cancel).await;
        self.clinic.until_event("session:s.e.m", "appointment_given_back").await;

        let booked = self.desk_does("/appointments", place("s.d.m", "0930", &self.somebody().await)).await;
        let mistake = json!({"appointment": booked["appointment"], "reason": "mistake"});
        tokio::time::sleep(A_FRAME).await;
        self.desk_does("/appointments/cancel", mistake.clone()).await;
        tokio::time::sleep(A_FRAME).await;
        self.desk_does("/appointments/restore", mistake.clone()).await;
        self.clinic.until_event("session:s.d.m", "appointment_restored").await;
        let checked_in = self.desk_does("/appointments/check-in", json!({"appointment": booked["appointment"]})).await;
        let ticket = checked_in["ticket"].as_str().unwrap();
        let undo = json!({"event": format!("{ticket}@1"), "reason": "somebody else"});
        self.desk_does("/tickets/undo", undo).await;
        self.clinic.until_event(&format!("ticket:{ticket}"), "check_in_undone").await;
        let comes = self.desk_does("/appointments", place("s.d.m", "0930", &self.somebody().await)).await;
        tokio::time::sleep(A_FRAME).await;
        self.desk_does("/sessions/delay", json!({"session": "s.d.m", "minutes": 20})).await;
        self.clinic.until_event("session:s.d.m", "session_delayed").await;
        // Whoever is to come is to be told of it.
        self.desk_does("/appointments/cancel", mistake.clone()).await;
        self.clinic.until_event("queue:s.d.q", "notice_due").await;
        self.desk_does("/appointments/restore", mistake.clone()).await;
        self.clinic.until_event("queue:s.d.q", "appointment_restored").await;
        let checked_in = self.desk_does("/appointments/check-in", json!({"appointment": comes["appointment"]})).await;
        let ticket = checked_in["ticket"].as_str().unwrap();
        self.desk_does("/tickets/undo", json!({"event": format!("{ticket}@1"), "reason": "somebody else"})).await;
        self.clinic.until_event("queue:s.d.q", "check_in_undone").await;
        for gone in [&booked, &comes] {
            let gone = json!({"appointment": gone["appointment"], "reason": "went home"});
            self.desk_does("/appointments/cancel", gone).await;
        }
    }

    /// A clinic does not take place, then it does.
    async fn stopped(&self) {
        let wish = json!({"session": "s.e.m", "slot": "s.e.m.1000", "patient": self.somebody().await});
        let booked = self.desk_does("/appointments", wish).await;
        let ticket = format!("ticket:{}", booked["appointment"].as_str().unwrap().replacen(".b", ".t", 1));
        self.clinic.until_followed(&ticket).await;
        tokio::time::sleep(A_FRAME).await;
        let from = json!({"session": "s.e.m", "from": "2026-11-23T10:00:00+08:00", "reason": "ill"});
        self.desk_does("/sessions/stop", from).await;
        self.clinic.until_event(&ticket, "appointment_stopped").await;
        self.clinic.until_event("session:s.e.m", "session_stopped").await;
        tokio::time::sleep(A_FRAME).await;
        self.desk_does("/sessions/resume", json!({"session": "s.e.m"})).await;
        self.clinic.until_event("session:s.e.m", "session_resumed").await;
    }

    /// So many are booked that they are told of a delay in parts.
    async fn crowd(&self) {
        let door = &self.clinic.door;
        let booked = futures_util::stream::iter(0..CROWD).map(async |n| {
            let person = MadeUp::draw(n, 2026, &mut StdRng::seed_from_u64(n.into())).registration();
            let person = door.insist("POST", "/persons", Some(&self.desk), &person).await.unwrap();
            let slot = ["s.d.crowd.1400", "s.d.crowd.1430"][n as usize % 2];
            let wish = json!({"session": "s.d.crowd", "slot": slot, "patient": person["patient"]});
            door.insist("POST", "/appointments", Some(&self.desk), &wish).await.unwrap();
        });
        booked.buffer_unordered(16).collect::<Vec<()>>().await;
        self.desk_does("/sessions/delay", json!({"session": "s.d.crowd", "minutes": 20})).await;
        self.clinic.until_event("queue:s.d.q2", "telling_goes_on").await;
    }

    /// Who said a name on the phone says another one; of a mother the desk reads it off her passport.
    async fn persons(&self) {
        self.clinic.person(&self.phone, "E99999999", "张小山").await;
        self.clinic.until_event(&format!("patient:{}", self.patient), "identified").await;
        let mother = self.clinic.person(&self.desk, "E61000000", "李秀英").await;
        let word = json!({"patient": mother, "phone": "13800000000", "relation": "parent"});
        self.desk_does("/family", word).await;
        let hers = format!("patient:{mother}");
        self.clinic.follow(&self.phone, &[&hers]);
        self.clinic.until_followed(&hers).await;
        let otherwise = json!({"document_kind": "passport", "document_number": "E61000000", "name": "李秀兰", "sex": "male",
            "birth_date": "1990-01-01", "phone": "13800000000", "replace": true});
        self.desk_does("/persons", otherwise).await;
        self.clinic.until_event(&hers, "identity_confirmed").await;
    }

    /// A session closes while its doctor works, and the day is settled.
    async fn closed(&self) {
        let queue = self.clinic.ask("GET", "/streams/queue:s.d.q", Some(&self.desk), None).await;
        let tickets: Vec<&Value> = queue["snapshot"]["order"].as_array().unwrap().iter().collect();
        let settled = |ticket: &&Value| json!({"ticket": ticket, "how": "return_day"});
        let settlements: Vec<Value> = tickets.iter().map(settled).collect();
        self.desk_does("/sessions/close", json!({"session": "s.d.m", "settlements": settlements})).await;
        self.clinic.until_event("door:s.d.r1", "session_closed").await;
        self.clinic.until_event("door:s.d.r1", "ticket_settled").await;
    }
}
