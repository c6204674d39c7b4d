//! The outside channels against the parties that the sandbox plays, over real sockets: what each answer comes to, that a report
//! finds its way back, and that nobody else's does.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test in machine time; what fails, fails it")]

#[path = "reach/openid.rs"]
mod openid;
#[path = "served/mod.rs"]
mod served;
#[path = "reach/told.rs"]
mod told;

use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::Method;
use jiaohao::config::Settings;
use jiaohao::house::serve::Server;
use jiaohao::reach::client::Answered;
use jiaohao::reach::port::{Address, ChannelName, Delivery, PushSubscription, Sent, Telling, TellingClinic};
use jiaohao::reach::sandbox::{Options, Received, Sandbox};
use jiaohao::reach::{Reach, Wall, signature, wechat};
use jiaohao_actors::shell::clock::wall_ms;
use jiaohao_domain::Timestamp;
use jiaohao_domain::reach::About;
use jiaohao_domain::vocabulary::Language;
use serde_json::{Value, json};
use served::wechat::{PATIENCE, ask};
use served::{MORNING, Phones, start_with};

fn wall() -> Wall {
    Arc::new(|| Timestamp(wall_ms()))
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The parties without a hospital that they report to, and the channels that lead to them.
struct Parties {
    sandbox: Sandbox,
    settings: Settings,
    reach: Reach,
    _folder: tempfile::TempDir,
}

impl Parties {
    fn start() -> Self {
        Self::with(|text| text)
    }

    /// With other settings than those that fit.
    fn with(change: impl FnOnce(String) -> String) -> Self {
        let sandbox = Sandbox::start(Options::all(([127, 0, 0, 1], 0).into()), wall()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::from_parts("test", &change(sandbox.settings()), []).unwrap();
        settings.data.dir = folder.path().to_owned();
        let reach = Reach::with_patience(&settings, wall(), PATIENCE).unwrap();
        Self { sandbox, settings, reach, _folder: folder }
    }

    async fn send(&self, channel: ChannelName, to: &Address, what: &Telling) -> Sent {
        self.reach.channel(channel).unwrap().send(to, what).await
    }

    /// What a party that behaves by these four digits comes to.
    async fn outcome(&self, channel: ChannelName, digits: &str) -> Sent {
        self.outcome_of(channel, digits, &format!("n-{digits}")).await
    }

    /// What parties that do not behave come to: most alike in all channels, these as this one has it.
    async fn come_to<const OWN: usize>(&self, channel: ChannelName, own: [(&str, Sent); OWN]) {
        let alike = [
            ("0001", Sent::Taken),
            ("0004", Sent::NotNow),
            ("0005", Sent::NotNow),
            ("0006", Sent::NotNow),
            ("0007", Sent::Refused),
            ("0008", Sent::NotNow),
        ];
        for (digits, outcome) in alike.into_iter().chain(own) {
            assert_eq!(self.outcome(channel, digits).await, outcome, "{digits}");
        }
    }

    /// As [`Parties::outcome`], of the telling with this id: a repeat is taken.
    async fn outcome_of(&self, channel: ChannelName, digits: &str, id: &str) -> Sent {
        let to = match channel {
            ChannelName::Sms => phone(digits),
            ChannelName::WeChat => openid(digits),
            ChannelName::Push => self.browser(digits).await,
            ChannelName::Payment => unreachable!("nobody is told anything by it"),
        };
        self.send(channel, &to, &telling(id)).await
    }

    async fn browser(&self, digits: &str) -> Address {
        let key = self.reach.push.as_ref().unwrap().public_key();
        let url = format!("http://{}/push/subscriptions?as={digits}&key={key}", self.sandbox.address);
        let given = json_of(&ask(Method::POST, &url, &[], b"").await);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let keys = &given["keys"];
        let subscription = PushSubscription {
            endpoint: text(&given["endpoint"]),
            p256dh: text(&keys["p256dh"]),
            auth: text(&keys["auth"]),
        };
        Address::Push(subscription.into())
    }

    fn sent(&self, id: &str) -> Vec<Received> {
        self.sandbox.sent().into_iter().filter(|received| received.id == id).collect()
    }
}

fn phone(digits: &str) -> Address {
    Address::Phone(format!("+861380013{digits}").into())
}

fn openid(digits: &str) -> Address {
    Address::WeChat(format!("o-follower-{digits}").into())
}

fn telling(id: &str) -> Telling {
    Telling {
        id: id.into(),
        about: About::Called,
        number: "A012".into(),
        place: "3号诊室".into(),
        site: "仁民医院".into(),
        language: Language::Zh,
        expires_in_s: 120,
        clinic: None,
        amount: None,
    }
}

fn json_of(answered: &Answered) -> Value {
    serde_json::from_slice(&answered.body).unwrap()
}

#[actix_web::test]
async fn text_messages_are_taken_refused_or_left_to_another_channel() {
    let parties = Parties::start();
    assert_eq!(parties.outcome(ChannelName::Sms, "8000").await, Sent::Taken);
    let came = parties.sent("n-8000");
    assert_eq!((came[0].to.as_str(), came[0].template.as_str()), ("+8613800138000", "called"));
    assert_eq!(came[0].content, json!({"number": "A012", "place": "3号诊室", "site": "仁民医院"}));
    // again under the same id: one message
    assert_eq!(parties.outcome(ChannelName::Sms, "8000").await, Sent::Taken);
    assert_eq!(parties.sent("n-8000").len(), 1);
    parties.come_to(ChannelName::Sms, [("0003", Sent::Taken), ("0009", Sent::NotNow)]).await;
    assert_eq!(parties.send(ChannelName::Sms, &openid("8000"), &telling("n-1")).await, Sent::Refused);
    let long = Telling { place: "长".repeat(60), ..telling("n-long") };
    assert_eq!(parties.send(ChannelName::Sms, &phone("8000"), &long).await, Sent::Taken, "cut to what is taken");
}

#[actix_web::test]
async fn wechat_messages_are_taken_refused_or_left_to_another_channel() {
    let parties = Parties::start();
    assert_eq!(parties.outcome(ChannelName::WeChat, "8000").await, Sent::Taken);
    let came = parties.sandbox.sent().remove(0);
    assert_eq!((came.to.as_str(), came.template.as_str()), ("o-follower-8000", "called"));
    assert_eq!(came.content["thing2"], json!({"value": "3号诊室"}));
    assert_eq!(parties.outcome(ChannelName::WeChat, "8000").await, Sent::Taken);
    assert_eq!(parties.sandbox.sent().len(), 1, "again under the same id: one message");
    // 0009: the access token is refused, and with a new one it goes
    parties.come_to(ChannelName::WeChat, [("0003", Sent::Taken), ("0009", Sent::Taken)]).await;
    let without = Parties::with(|text| {
        let kept = text.lines().filter(|line| !line.starts_with("template_stopped"));
        kept.map(|line| format!("{line}\n")).collect()
    });
    let stopped = Telling { about: About::Stopped, ..telling("n-stopped") };
    assert_eq!(without.send(ChannelName::WeChat, &openid("8000"), &stopped).await, Sent::NotNow, "no template");
}

#[actix_web::test]
async fn browsers_open_what_is_pushed_to_them() {
    let parties = Parties::start();
    assert_eq!(parties.outcome(ChannelName::Push, "8000").await, Sent::Taken);
    let came = parties.sent("n-8000").remove(0);
    let opened = json!({"id": "n-8000", "about": "called", "number": "A012", "place": "3号诊室", "site": "仁民医院", "language": "zh"});
    assert_eq!(came.content["opened"], opened);
    assert_eq!(
        (&came.content["ttl"], &came.content["urgency"], &came.content["contact"]),
        (&json!("120"), &json!("high"), &json!("mailto:it@example.org"))
    );
    parties.come_to(ChannelName::Push, [("0009", Sent::NotNow)]).await;
    // where the configuration does not name it, the sandbox is an address inside the house like any other
    let Address::Push(subscription) = parties.browser("8000").await else { unreachable!() };
    let mut settings = parties.settings.clone();
    settings.push.url = Some("http://127.0.0.1:1".to_owned());
    let own = Reach::with_patience(&settings, wall(), PATIENCE).unwrap();
    let push = own.push.clone().unwrap();
    assert!(!push.takes(subscription.reveal()) && parties.reach.push.as_ref().unwrap().takes(subscription.reveal()));
    assert_eq!(
        own.channel(ChannelName::Push).unwrap().send(&Address::Push(subscription), &telling("n-2")).await,
        Sent::Refused
    );
    assert!(parties.sent("n-2").is_empty());
}

#[actix_web::test]
async fn of_money_every_channel_says_how_much() {
    let parties = Parties::start();
    let clinic = TellingClinic { who: "李明医生".into(), minutes: 0, time: "09:20".into() };
    for about in [About::Refunded, About::RefundAtDesk] {
        let what = |id: &str| Telling {
            about,
            clinic: Some(clinic.clone()),
            amount: Some("10.50".into()),
            ..telling(&format!("{id}-{}", about.wire()))
        };
        let (sms, wechat, push) = (what("sms"), what("wechat"), what("push"));
        assert_eq!(parties.send(ChannelName::Sms, &phone("8000"), &sms).await, Sent::Taken);
        let came = parties.sent(&sms.id).remove(0);
        assert_eq!((came.template.as_str(), &came.content["amount"]), (about.wire(), &json!("10.50")));
        assert_eq!(parties.send(ChannelName::WeChat, &openid("8000"), &wechat).await, Sent::Taken);
        let came = parties.sandbox.sent().into_iter().rfind(|one| one.to == "o-follower-8000").unwrap();
        assert_eq!((came.template.as_str(), &came.content["thing3"]["value"]), (about.wire(), &json!("10.50")));
        let browser = parties.browser("8000").await;
        assert_eq!(parties.send(ChannelName::Push, &browser, &push).await, Sent::Taken);
        let opened = &parties.sent(&push.id)[0].content["opened"];
        assert_eq!((&opened["about"], &opened["amount"]), (&json!(about.wire()), &json!("10.50")));
    }
}

#[actix_web::test]
async fn a_party_that_is_slow_or_gone_is_waited_for_no_longer_than_the_patience() {
    let parties = Parties::start();
    let began = Instant::now();
    let slow =
        [ChannelName::Sms, ChannelName::WeChat, ChannelName::Push].map(|channel| parties.outcome(channel, "0002"));
    assert_eq!(futures_util::future::join_all(slow).await, [Sent::NotNow; 3]);
    assert!(began.elapsed() < Duration::from_secs(10), "they were waited for");
    let to = parties.browser("8000").await;
    let Parties { sandbox, reach, .. } = parties;
    sandbox.stop().await;
    for (channel, to) in
        [(ChannelName::Sms, phone("8000")), (ChannelName::WeChat, openid("8000")), (ChannelName::Push, to)]
    {
        assert_eq!(reach.channel(channel).unwrap().send(&to, &telling("n-3")).await, Sent::NotNow);
    }
}

#[actix_web::test]
async fn who_has_other_keys_is_not_let_in() {
    let parties = Parties::with(|text| text.replace("sandbox-sms-secret", "x").replace("sandbox-wechat-secret", "y"));
    assert_eq!(parties.outcome(ChannelName::Sms, "8000").await, Sent::NotNow);
    assert_eq!(parties.outcome(ChannelName::WeChat, "8000").await, Sent::NotNow);
    assert!(parties.sandbox.sent().is_empty());
}

/// A hospital with all channels and the parties that report to it.
struct Hospital {
    server: Server,
    sandbox: Sandbox,
    phones: Arc<Phones>,
    /// What the house hears, too.
    reports: tokio::sync::Mutex<tokio::sync::broadcast::Receiver<Delivery>>,
    folder: tempfile::TempDir,
}

impl Hospital {
    async fn open() -> Self {
        let mut options = Options::all(([127, 0, 0, 1], free_port()).into());
        let settings = Settings::from_parts("test", &options.settings(options.listen), []).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (server, phones) = start_with(settings, folder.path(), MORNING, 1.0).await;
        options.callback = Some(format!("http://{}", server.doors.address));
        options.report_after = Duration::from_millis(20);
        options.report_again_after = Duration::from_millis(50);
        let sandbox = Sandbox::start(options, wall()).unwrap();
        let reports = server.house.reach.reports.follow().into();
        Self { server, sandbox, phones, reports, folder }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/api/v1{path}", self.server.doors.address)
    }

    async fn post(&self, path: &str, headers: &[(&'static str, String)], body: &[u8]) -> Answered {
        ask(Method::POST, &self.url(path), headers, body).await
    }

    async fn send(&self, channel: ChannelName, to: &Address, id: &str) {
        let reach = &self.server.house.reach;
        assert_eq!(reach.channel(channel).unwrap().send(to, &telling(id)).await, Sent::Taken);
    }

    /// The next report.
    async fn report(&self) -> (String, bool) {
        let mut reports = self.reports.lock().await;
        let Delivery { telling, arrived, .. } = self.within(reports.recv()).await.unwrap();
        (telling, arrived)
    }

    async fn within<T>(&self, what: impl Future<Output = T>) -> T {
        tokio::time::timeout(Duration::from_secs(20), what).await.expect("it comes")
    }

    async fn close(self) {
        self.sandbox.stop().await;
        self.server.stop().await;
    }
}

#[actix_web::test]
async fn what_became_of_a_message_is_reported_until_it_is_acknowledged() {
    let hospital = Hospital::open().await;
    hospital.send(ChannelName::Sms, &phone("8000"), "n-1").await;
    assert_eq!(hospital.report().await, ("n-1".to_owned(), true));
    hospital.send(ChannelName::Sms, &phone("0001"), "n-2").await;
    assert_eq!(hospital.report().await, ("n-2".to_owned(), false));
    hospital.send(ChannelName::Sms, &phone("0003"), "n-3").await;
    assert_eq!(
        (hospital.report().await, hospital.report().await),
        (("n-3".to_owned(), true), ("n-3".to_owned(), true))
    );
    hospital.send(ChannelName::WeChat, &openid("8000"), "n-4").await;
    assert_eq!(hospital.report().await, ("n-4".to_owned(), true));
    hospital.send(ChannelName::WeChat, &openid("0001"), "n-5").await;
    assert_eq!(hospital.report().await, ("n-5".to_owned(), false));
    // WeChat's repeat finds nobody who waits for it
    hospital.send(ChannelName::WeChat, &openid("0003"), "n-6").await;
    assert_eq!(hospital.report().await, ("n-6".to_owned(), true));
    let acknowledged = async {
        let done = |received: &Received| received.acknowledged && (received.id != "n-3" || received.reports == 2);
        while !hospital.sandbox.sent().iter().all(done) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    hospital.within(acknowledged).await;
    hospital.close().await;
}

#[actix_web::test]
async fn a_code_to_sign_in_comes_by_text_message() {
    let hospital = Hospital::open().await;
    let json_header = [("content-type", "application/json".to_owned())];
    let asked = json!({"phone": "13800138000"}).to_string();
    let told = json_of(&hospital.post("/session/code", &json_header, asked.as_bytes()).await);
    assert_eq!(told["sent_to"], "phone");
    let came = async {
        while hospital.sandbox.sent().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        hospital.sandbox.sent().remove(0)
    };
    let came = hospital.within(came).await;
    assert_eq!((came.to.as_str(), came.template.as_str()), ("+8613800138000", "code"));
    assert_eq!(came.content["minutes"], "5");
    assert!(hospital.phones.0.lock().unwrap().is_empty(), "the outbox of the house has no copy");
    let sign_in = json!({"phone": "13800138000", "code": came.content["code"], "device": told["device"]}).to_string();
    let signed_in = json_of(&hospital.post("/session", &json_header, sign_in.as_bytes()).await);
    assert_eq!(signed_in["role"], "patient", "{signed_in}");
    hospital.close().await;
}

#[actix_web::test]
async fn a_service_that_takes_nothing_is_an_alarm_and_its_codes_are_at_the_desk() {
    let hospital = Hospital::open().await;
    let json_header = [("content-type", "application/json".to_owned())];
    let url = format!("http://{}/readyz", hospital.server.doors.address);
    let ready = async || String::from_utf8(ask(Method::GET, &url, &[], b"").await.body.to_vec()).unwrap();
    assert!(!ready().await.contains("channel:"));
    // 401: the signature is refused
    for phone in ["13800130009", "13900130009", "13700130009"] {
        let asked = json!({ "phone": phone }).to_string();
        let told = json_of(&hospital.post("/session/code", &json_header, asked.as_bytes()).await);
        assert_eq!(told["sent_to"], "phone");
    }
    let fallen = async {
        while hospital.phones.0.lock().unwrap().len() < 3 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    hospital.within(fallen).await;
    let said = ready().await;
    let is_said = said.contains("\nchannel: sms messages are not taken (since 20");
    assert!(said.starts_with("ready\n") && is_said, "{said}");
    let party = hospital.sandbox.address;
    let what = format!("http://{party}: SIGNATURE_WRONG (401): check sms.key_id / sms.secret");
    assert!(said.contains(&what), "{said}");
    hospital.send(ChannelName::Sms, &phone("8000"), "n-1").await;
    assert!(!ready().await.contains("channel:"), "it takes messages again");
    hospital.close().await;
}

#[actix_web::test]
async fn a_party_that_fails_is_told_of_with_what_to_look_at() {
    let parties = Parties::start();
    let now = || Timestamp(wall_ms());
    for (channel, digits, says) in [
        (ChannelName::Sms, "0005", "no answer that can be read"),
        (ChannelName::Sms, "0008", "TEMPLATE_REFUSED"),
        (ChannelName::WeChat, "0004", "errcode 45009: check the account's quota"),
        (ChannelName::Push, "0009", "127.0.0.1: status 403: check keys/push.key"),
    ] {
        for n in 0..5 {
            assert_eq!(parties.outcome_of(channel, digits, &format!("n-{digits}-{n}")).await, Sent::NotNow);
        }
        let failing = parties.reach.failing(now());
        assert_eq!(failing.len(), 1, "{failing:?}");
        assert!(failing[0].channel == channel && failing[0].last.contains(says), "{failing:?}");
        assert_eq!(parties.outcome(channel, "0007").await, Sent::Refused);
        assert_eq!(parties.outcome(channel, "8000").await, Sent::Taken);
        let once_more = parties.reach.failing(now());
        assert!(once_more.iter().all(|failing| failing.since.is_none()), "{once_more:?}");
        for _ in 0..20 {
            assert_eq!(parties.outcome(channel, "8000").await, Sent::Taken);
        }
    }
}

#[actix_web::test]
async fn only_the_service_itself_reports() {
    let hospital = Hospital::open().await;
    let report = |id: &str| json!([{"out_id": id, "success": true, "phone_tail": "8000"}]).to_string();
    let signed = |secret: &str, body: &str, at_ms: i64| {
        signature::headers("sandbox", secret, "POST", "/api/v1/channels/sms", body.as_bytes(), Timestamp(at_ms))
    };
    let (sound, now) = ("sandbox-sms-secret", wall_ms());
    let body = report("n-forged");
    for headers in
        [signed("other", &body, now), signed(sound, &report("n-x"), now), signed(sound, &body, now - 600_000)]
    {
        let refused = hospital.post("/channels/sms", &headers, body.as_bytes()).await;
        assert_eq!((refused.status, &json_of(&refused)["code"]), (401, &json!("unauthenticated")));
    }
    assert_eq!(hospital.post("/channels/sms", &[], body.as_bytes()).await.status, 401);
    for malformed in [
        "{}",
        "[{}]",
        &format!("[{}]", vec![r#"{"out_id":"n","success":true}"#; 501].join(",")),
        &report(&"n".repeat(200)),
    ] {
        let refused = hospital.post("/channels/sms", &signed(sound, malformed, now), malformed.as_bytes()).await;
        assert_eq!(refused.status, 400, "{}", &malformed[..malformed.len().min(60)]);
    }
    let large = " ".repeat(65 << 10);
    assert_eq!(hospital.post("/channels/sms", &signed(sound, &large, now), large.as_bytes()).await.status, 413);
    // one that nobody knows, and one of a code: acknowledged
    for id in ["n-unknown", "code-1"] {
        let body = report(id);
        let taken = hospital.post("/channels/sms", &signed(sound, &body, now), body.as_bytes()).await;
        assert_eq!((taken.status, json_of(&taken)), (200, json!({"code": 0})));
    }
    assert_eq!(hospital.report().await, ("n-unknown".to_owned(), true), "and nothing before it");
    hospital.close().await;
}

#[actix_web::test]
async fn only_wechat_itself_reports() {
    let hospital = Hospital::open().await;
    let query = |token: &str, at_s: i64| {
        let signature = wechat::signature(token, &at_s.to_string(), "n0");
        format!("/channels/wechat?signature={signature}&timestamp={at_s}&nonce=n0&echostr=7231")
    };
    let (token, now_s) = ("sandbox-token", wall_ms() / 1000);
    let echo = ask(Method::GET, &hospital.url(&query(token, now_s)), &[], b"").await;
    assert_eq!((echo.status, echo.body.as_ref()), (200, b"7231".as_slice()));
    let event = "<xml><MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event><MsgID>77</MsgID>\
                 <Status>success</Status></xml>";
    for forged in [query("other", now_s), query(token, now_s - 600), "/channels/wechat".to_owned()] {
        assert_eq!(ask(Method::GET, &hospital.url(&forged), &[], b"").await.status, 401);
        assert_eq!(hospital.post(&forged, &[], event.as_bytes()).await.status, 401);
    }
    let bomb = format!("<!DOCTYPE xml [<!ENTITY a \"aaaa\">]>{event}");
    assert_eq!(hospital.post(&query(token, now_s), &[], bomb.as_bytes()).await.status, 400);
    assert_eq!(hospital.post(&query(token, now_s), &[], &[b' '; 17 << 10]).await.status, 413);
    let other = "<xml><MsgType>text</MsgType><Content>in need of help</Content></xml>";
    for unknown in [event, other] {
        let taken = hospital.post(&query(token, now_s), &[], unknown.as_bytes()).await;
        assert_eq!((taken.status, taken.body.as_ref()), (200, b"success".as_slice()));
    }
    hospital.close().await;
}

#[actix_web::test]
async fn a_hospital_without_channels_has_none_of_their_doors() {
    let (folder, server, phones) = served::open(1.0).await;
    let hospital = Hospital {
        sandbox: Sandbox::start(Options::all(([127, 0, 0, 1], 0).into()), wall()).unwrap(),
        reports: server.house.reach.reports.follow().into(),
        server,
        phones,
        folder,
    };
    for path in ["/channels/sms", "/channels/wechat?signature=a&timestamp=1&nonce=c"] {
        let refused = hospital.post(path, &[], b"[]").await;
        assert_eq!((refused.status, &json_of(&refused)["code"]), (400, &json!("unknown_command")), "{path}");
    }
    let key = ask(Method::GET, &hospital.url("/push-key"), &[], b"").await;
    assert_eq!(json_of(&key), json!({"key": null, "channels": []}));
    hospital.close().await;
}
