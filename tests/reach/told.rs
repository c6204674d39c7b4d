//! From a call to the person: the house's own decision, the channels, their parties' reports, and what the desk sees of it.

use jiaohao::clients::http::{Door, token_of};

use super::*;

/// A clinic of one room that has all channels; the clock is the clinic's own.
pub(super) struct Clinic {
    pub(super) hospital: Hospital,
    pub(super) door: Door,
    pub(super) desk: String,
    doctor: String,
}

impl Clinic {
    pub(super) async fn open() -> Self {
        let hospital = Hospital::open().await;
        let door = Door::plain(hospital.server.doors.address.to_string());
        let operator = hospital.server.first_token.clone().unwrap();
        let put = async |path: &str, body: Value| drop(door.insist("PUT", path, Some(&operator), &body).await.unwrap());
        put("/sites", json!({"id": "s", "name": "仁民医院", "time_zone": "Asia/Shanghai"})).await;
        put("/departments", json!({"id": "s.d", "name": "内科"})).await;
        put("/queues", json!({"id": "s.d.q", "name": "普通", "prefix": "A"})).await;
        put("/service-points", json!({"id": "s.d.r", "name": "3号诊室"})).await;
        let slots = json!([{"start": "09:00", "minutes": 30, "capacity": 8}]);
        let session = json!({"id": "s.d.m", "date": "2026-11-23", "period": "morning", "queue": "s.d.q",
            "registration_class": "普通", "slots": slots});
        put("/sessions", session).await;
        put("/doctors", json!({"id": "s.li", "name": "李明", "title": "主任医师", "departments": ["s.d"]})).await;
        let token = async |body: Value| {
            token_of(&door.insist("POST", "/tokens", Some(&operator), &body).await.unwrap()).unwrap()
        };
        let desk = token(json!({"name": "wu", "role": "desk", "site": "s", "ttl_s": 3600})).await;
        let doctor = token(json!({"name": "li", "role": "doctor", "site": "s", "doctor": "s.li", "ttl_s": 3600})).await;
        Self { hospital, door, desk, doctor }
    }

    pub(super) async fn post(&self, token: &str, path: &str, body: Value) -> Value {
        self.door.insist("POST", path, Some(token), &body).await.unwrap()
    }

    /// Somebody with that phone on file, seen at the desk.
    pub(super) async fn person(&self, phone: &str) -> String {
        self.bearer(phone, "E12345678").await
    }

    /// The same of that document.
    pub(super) async fn bearer(&self, phone: &str, document: &str) -> String {
        let mut body = someone(document);
        body["phone"] = json!(phone);
        self.post(&self.desk, "/persons", body).await["patient"].as_str().unwrap().to_owned()
    }

    pub(super) async fn sign_in(&self, phone: &str) -> String {
        let asked = self.door.insist("POST", "/session/code", None, &json!({"phone": phone})).await.unwrap();
        let to = format!("+86{phone}");
        let code = self.sent(|sent| sent.template == "code" && sent.to == to).await.content["code"].clone();
        let given = json!({"phone": phone, "code": code, "device": asked["device"]});
        token_of(&self.door.insist("POST", "/session", None, &given).await.unwrap()).unwrap()
    }

    /// Signs the phone in and says who that is: the bearer of the document, whose file has the phone.
    pub(super) async fn signed_in(&self, phone: &str, patient: &str) -> String {
        let token = self.sign_in(phone).await;
        assert_eq!(self.post(&token, "/persons", someone("E12345678")).await["patient"], patient);
        token
    }

    /// Has a number of that queue, the first.
    async fn is_near(&self, patient: &str, queue: usize) {
        self.post(&self.desk, "/tickets", json!({"queue": format!("s.d.q{queue}"), "patient": patient})).await;
    }

    async fn queues(&self, how_many: usize) {
        let operator = self.hospital.server.first_token.clone().unwrap();
        for number in 0..how_many {
            let prefix = char::from(b'B' + u8::try_from(number).unwrap());
            let queue = json!({"id": format!("s.d.q{number}"), "name": format!("{number}"), "prefix": prefix});
            self.door.insist("PUT", "/queues", Some(&operator), &queue).await.unwrap();
        }
        self.at_work().await;
    }

    /// Somebody calls, so that turns come near.
    async fn at_work(&self) -> Value {
        let at_work = json!({"department": "s.d", "service_point": "s.d.r"});
        self.post(&self.doctor, "/work/start", at_work).await["assignment"].clone()
    }

    /// Takes a number and is called.
    pub(super) async fn called(&self, patient: &str) -> String {
        let waits = self.post(&self.desk, "/tickets", json!({"queue": "s.d.q", "patient": patient})).await;
        let assignment = self.at_work().await;
        let next = json!({"department": "s.d", "assignment": assignment, "in_hand": null, "outcome": null});
        let called = self.post(&self.doctor, "/calls/next", next).await;
        assert_eq!(called["called"]["ticket"], waits["ticket"]);
        waits["ticket"].as_str().unwrap().to_owned()
    }

    /// The first message that came and fits.
    pub(super) async fn sent(&self, fits: impl Fn(&Received) -> bool) -> Received {
        let came = async {
            loop {
                if let Some(sent) = self.hospital.sandbox.sent().into_iter().find(&fits) {
                    return sent;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        self.hospital.within(came).await
    }

    /// What the desk sees of a ticket, once it fits.
    async fn desk_sees(&self, ticket: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let seen = async {
            loop {
                let queue = self.door.insist("GET", "/streams/queue:s.d.q", Some(&self.desk), &Value::Null).await;
                let row = queue.unwrap()["snapshot"]["tickets"][ticket].clone();
                if fits(&row) {
                    return row;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        self.hospital.within(seen).await
    }
}

pub(super) fn someone(document: &str) -> Value {
    json!({"name": "张三", "sex": "male", "birth_date": "1980-01-01", "document_kind": "passport",
        "document_number": document})
}

pub(super) fn is_called(channel: &'static str) -> impl Fn(&Received) -> bool {
    move |sent| sent.channel == channel && sent.template == "called"
}

#[actix_web::test]
async fn wechat_that_does_not_arrive_is_followed_by_a_text_message_that_does() {
    let clinic = Clinic::open().await;
    let patient = clinic.person("13800138000").await;
    let phone = clinic.signed_in("13800138000", &patient).await;
    clinic.bind_wechat(&phone, "0001").await;
    let ticket = clinic.called(&patient).await;
    assert_eq!(clinic.sent(is_called("wechat")).await.to, "o-follower-0001");
    let text = clinic.sent(is_called("sms")).await;
    assert_eq!((text.to.as_str(), &text.content["place"]), ("+8613800138000", &json!("3号诊室")));
    assert!(!text.id.contains("s.d"), "nothing can be read from the id: {}", text.id);
    let reached = async {
        loop {
            let stream = format!("/streams/patient:{patient}");
            let seen = clinic.door.insist("GET", &stream, Some(&phone), &Value::Null).await.unwrap();
            let notices = seen["snapshot"]["notices"].as_object().unwrap().clone();
            let called = notices.values().find(|one| one["about"] == "called").cloned();
            if let Some(called) = called.filter(|called| called["state"] == "reached") {
                return called;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert_eq!(clinic.hospital.within(reached).await["by"], "sms");
    clinic.desk_sees(&ticket, |row| row["not_reached"].is_null()).await;
    clinic.hospital.close().await;
}

#[actix_web::test]
async fn a_text_message_that_does_not_arrive_either_is_the_desks() {
    let clinic = Clinic::open().await;
    let patient = clinic.person("13800130001").await;
    let ticket = clinic.called(&patient).await;
    let row = clinic.desk_sees(&ticket, |row| row["not_reached"]["about"] == "called").await;
    assert_eq!(row["told_by_desk"], Value::Null);
    clinic.post(&clinic.desk, "/tickets/mark-reached", json!({"ticket": ticket, "how": "by_phone"})).await;
    let row = clinic.desk_sees(&ticket, |row| row["told_by_desk"] == "by_phone").await;
    assert_eq!(row["not_reached"], Value::Null);
    clinic.hospital.close().await;
}

#[actix_web::test]
async fn what_no_browser_has_subscribed_to_is_not_bound() {
    let clinic = Clinic::open().await;
    let patient = clinic.person("13800138000").await;
    let phone = clinic.signed_in("13800138000", &patient).await;
    for endpoint in ["https://10.0.0.1:8443/x", "http://push.example/x", "https://169.254.169.254/latest"] {
        let push = json!({"endpoint": endpoint, "p256dh": "BN0", "auth": "c2"});
        let bind = json!({"patient": patient, "channel": {"push": push}});
        let why = clinic.door.ask("POST", "/channels/bind", Some(&phone), Some(&bind)).await.unwrap_err();
        assert!(format!("{why:?}").contains("invalid_field"), "{endpoint}: {why:?}");
    }
    let stream = format!("/streams/patient:{patient}");
    let seen = clinic.door.insist("GET", &stream, Some(&phone), &Value::Null).await.unwrap();
    assert!(!seen["snapshot"]["ways"].as_array().unwrap().contains(&json!("push")));
    clinic.hospital.close().await;
}

#[actix_web::test]
async fn an_address_that_will_never_do_is_given_up() {
    let clinic = Clinic::open().await;
    let patient = clinic.person("13800138000").await;
    let phone = clinic.signed_in("13800138000", &patient).await;
    clinic.bind_wechat(&phone, "0007").await;
    clinic.called(&patient).await;
    clinic.sent(is_called("sms")).await;
    let stream = format!("/streams/patient:{patient}");
    let seen = clinic.door.insist("GET", &stream, Some(&phone), &Value::Null).await.unwrap();
    let ways = seen["snapshot"]["ways"].as_array().unwrap().clone();
    assert!(!ways.contains(&json!("wechat")), "{ways:?}");
    clinic.hospital.close().await;
}

#[actix_web::test]
async fn a_text_message_goes_to_a_phone_that_is_proved() {
    let clinic = Clinic::open().await;
    clinic.at_work().await;
    let token = clinic.sign_in("13800138000").await;
    // Whoever claims a number types any phone beside it.
    let typed = |document: &str, phone: &str| {
        let mut body = someone(document);
        body["phone"] = json!(phone);
        body
    };
    let own = clinic.post(&token, "/persons", typed("E12345678", "13900139000")).await["patient"].clone();
    let mut mother = typed("E12345679", "13700137000");
    mother["relation"] = json!("parent");
    clinic.post(&token, "/persons/consent", mother.clone()).await;
    mother["code"] = clinic.sent(|sent| sent.template == "consent").await.content["code"].clone();
    let mother = clinic.post(&token, "/persons", mother).await["patient"].clone();
    for patient in [&own, &mother] {
        assert!(patient.as_str().unwrap().starts_with("pc-"), "{patient}");
        let place = json!({"session": "s.d.m", "slot": "s.d.m.0900", "patient": patient});
        let booked = clinic.post(&token, "/appointments", place).await;
        let come = json!({"appointment": booked["appointment"]});
        clinic.post(&clinic.desk, "/appointments/check-in", come).await;
    }
    let near = |to: &'static str| move |sent: &Received| sent.template == "three_before" && sent.to == to;
    clinic.sent(near("+8613800138000")).await;
    clinic.sent(near("+8613700137000")).await;
    let all = clinic.hospital.sandbox.sent();
    assert!(!all.iter().any(|sent| sent.to == "+8613900139000"), "nobody has proved that phone");
    clinic.hospital.close().await;
}

#[actix_web::test]
async fn text_messages_that_hang_hold_up_nobody_who_is_told_by_another_way() {
    let clinic = Clinic::open().await;
    clinic.queues(10).await;
    let patient = clinic.person("13800138000").await;
    let phone = clinic.signed_in("13800138000", &patient).await;
    clinic.bind_wechat(&phone, "8000").await;
    let mut others = Vec::new();
    for number in 0..36 {
        let phone = format!("138{number:04}0002");
        others.push(clinic.bearer(&phone, &format!("E2000{number:04}")).await);
    }
    for (number, other) in others.iter().enumerate() {
        clinic.is_near(other, number / 4).await;
    }
    let texts = || clinic.hospital.sandbox.sent().into_iter().filter(|sent| sent.to.ends_with("0002")).count();
    let hang = async {
        while texts() < 32 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    clinic.hospital.within(hang).await;
    clinic.is_near(&patient, 9).await;
    clinic.sent(|sent| sent.channel == "wechat" && sent.template == "three_before").await;
    assert_eq!(texts(), 32, "as many as hang at once: none was given up before");
    clinic.hospital.close().await;
}

#[actix_web::test]
async fn the_addresses_of_one_person_are_told_at_once() {
    let clinic = Clinic::open().await;
    clinic.queues(1).await;
    let patient = clinic.person("13800138000").await;
    clinic
        .post(&clinic.desk, "/family", json!({"patient": patient, "phone": "13900139000", "relation": "parent"}))
        .await;
    let key = clinic.hospital.server.house.reach.push.as_ref().unwrap().public_key();
    let phones = [clinic.signed_in("13800138000", &patient).await, clinic.sign_in("13900139000").await];
    for phone in phones {
        let url = format!("http://{}/push/subscriptions?as=0002&key={key}", clinic.hospital.sandbox.address);
        let push = json_of(&ask(Method::POST, &url, &[], b"").await);
        let push =
            json!({"endpoint": push["endpoint"], "p256dh": push["keys"]["p256dh"], "auth": push["keys"]["auth"]});
        clinic.post(&phone, "/channels/bind", json!({"patient": patient, "channel": {"push": push}})).await;
    }
    clinic.is_near(&patient, 0).await;
    let told = async |how_many: usize| {
        while clinic.hospital.sandbox.sent().iter().filter(|sent| sent.channel == "push").count() < how_many {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    clinic.hospital.within(told(1)).await;
    let first = Instant::now();
    clinic.hospital.within(told(2)).await;
    assert!(first.elapsed() < Duration::from_secs(5), "the first, which hangs for 8 s, is not waited for");
    clinic.hospital.close().await;
}

#[actix_web::test]
async fn a_delay_reaches_whoever_is_at_home_and_that_there_is_none_after_all() {
    let clinic = Clinic::open().await;
    let operator = clinic.hospital.server.first_token.clone().unwrap();
    let slots = json!([{"start": "09:00", "minutes": 30, "capacity": 8}]);
    let session = json!({"id": "s.d.li", "date": "2026-11-23", "period": "morning", "queue": "s.d.q", "doctor": "s.li",
        "registration_class": "专家", "slots": slots});
    clinic.door.insist("PUT", "/sessions", Some(&operator), &session).await.unwrap();
    let book = async |patient: &str| {
        let place = json!({"session": "s.d.li", "slot": "s.d.li.0900", "patient": patient});
        clinic.post(&clinic.desk, "/appointments", place).await["appointment"].as_str().unwrap().to_owned()
    };
    let patient = clinic.person("13800138000").await;
    let phone = clinic.signed_in("13800138000", &patient).await;
    clinic.bind_wechat(&phone, "8000").await;
    let first = book(&patient).await;
    // Nothing arrives at this phone.
    let other = clinic.bearer("13800130001", "E20000001").await;
    let appointment = book(&other).await;
    let delay = async |minutes: u32| {
        clinic.post(&clinic.desk, "/sessions/delay", json!({"session": "s.d.li", "minutes": minutes})).await;
    };
    delay(20).await;
    let is = |channel: &'static str, template: &'static str| {
        move |sent: &Received| sent.channel == channel && sent.template == template
    };
    let says = |value: &str| json!({"value": value});
    let told = clinic.sent(is("wechat", "booked")).await.content;
    assert_eq!((&told["thing1"], &told["thing4"]), (&says("李明医生"), &says("09:00")), "the desk has booked");
    let told = clinic.sent(is("wechat", "delayed")).await.content;
    assert_eq!(
        (&told["thing1"], &told["thing2"], &told["thing3"], &told["thing4"]),
        (&says("李明医生"), &says("内科"), &says("20"), &says("09:20"))
    );
    let text = clinic.sent(is("sms", "delayed")).await;
    assert_eq!(
        text.content,
        json!({"number": text.content["number"], "place": "内科", "site": "仁民医院", "who": "李明医生", "minutes": "20", "time": "09:20"})
    );
    let found = async {
        loop {
            let found =
                clinic.post(&clinic.desk, "/departments/s.d/appointments/find", json!({"text": "E20000001"})).await;
            let row = found["appointments"][0].clone();
            assert_eq!(row["appointment"], appointment);
            if row["not_reached"]["about"] == "delayed" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    clinic.hospital.within(found).await;
    let counted = async {
        loop {
            let queue = clinic.door.insist("GET", "/streams/queue:s.d.q", Some(&clinic.desk), &Value::Null).await;
            let told = queue.unwrap()["snapshot"]["delays"][0].clone();
            if told["reached"] == 1 && told["not_reached"] == 1 {
                return told;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert_eq!(clinic.hospital.within(counted).await["told"], 2);
    // The figure by name, for who telephones; whoever was telephoned is on it no more.
    let missed = async || {
        let path = "/sessions/s.d.li/not-reached";
        let read = clinic.door.insist("GET", path, Some(&clinic.desk), &Value::Null).await.unwrap();
        let seen = read["appointments"].as_array().unwrap().iter().map(|one| one["appointment"].clone());
        (seen.collect::<Vec<_>>(), read["left_out"].clone())
    };
    assert_eq!(missed().await, (vec![json!(appointment)], json!(0)));
    let ticket = appointment.replacen(".b", ".t", 1);
    let mark = async |how: &str| {
        clinic.post(&clinic.desk, "/tickets/mark-reached", json!({"ticket": ticket, "how": how})).await;
    };
    mark("no_answer").await;
    assert_eq!(missed().await.0.len(), 1, "nobody has heard it");
    mark("by_phone").await;
    assert_eq!(missed().await, (vec![], json!(0)));
    mark("not_reached").await;
    assert_eq!(missed().await.0.len(), 1, "taken back");
    for (path, token) in [("s.d.li", &phone), ("s.d.none", &clinic.desk), ("x.d.li", &clinic.desk)] {
        let refused = clinic.door.ask("GET", &format!("/sessions/{path}/not-reached"), Some(token), None).await;
        assert_eq!(refused.expect_err("not theirs, or none").code, "forbidden", "{path}");
    }
    delay(0).await;
    assert_eq!(clinic.sent(is("wechat", "as_planned")).await.content["thing4"], says("09:00"));
    assert_eq!(clinic.sent(is("sms", "as_planned")).await.to, "+8613800130001");
    clinic.post(&clinic.desk, "/appointments/cancel", json!({"appointment": first})).await;
    assert_eq!(clinic.sent(is("wechat", "cancelled")).await.content["thing4"], says("09:00"));
    clinic.hospital.close().await;
}
