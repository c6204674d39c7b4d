//! As whom WeChat knows somebody: from the phone's page to WeChat and back, and everybody whom the house does not believe.

use jiaohao::reach::wechat::authorize::{AUTHORIZE, NoOpenid};

use jiaohao::clients::http::token_of;

use super::served::wechat::{go, hold};
use super::told::{Clinic, is_called, someone};
use super::*;

impl Clinic {
    async fn authorize_url(&self, phone: &str) -> String {
        self.post(phone, "/channels/wechat/authorize", json!({})).await["url"].as_str().unwrap().to_owned()
    }

    /// The account's phone is held by whom the sandbox knows by these four digits.
    pub(super) async fn bind_wechat(&self, phone: &str, digits: &str) -> Value {
        hold(self.hospital.sandbox.address, &format!("as={digits}")).await;
        let (code, state) = go(&self.authorize_url(phone).await).await;
        self.post(phone, "/channels/wechat/bind", json!({"code": code, "state": state})).await
    }

    /// A whole answer, with its head.
    fn raw(&self, method: &str, path: &str, cookie: &str, body: &str) -> String {
        use std::io::{Read, Write};
        let at = self.hospital.server.doors.address;
        let mut stream = std::net::TcpStream::connect(at).unwrap();
        let head =
            format!("{method} /api/v1{path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\ncookie: {cookie}\r\n");
        write!(stream, "{head}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Signs the phone in; its token, its cookie and the mark of its device.
    async fn sign_in_kept(&self, device: Option<&Value>) -> (String, String, Value) {
        let codes = || self.hospital.sandbox.sent().into_iter().filter(|sent| sent.template == "code");
        let before = codes().count();
        let wanted = json!({"phone": "13800138000", "device": device});
        let device = self.door.insist("POST", "/session/code", None, &wanted).await.unwrap()["device"].clone();
        let came = async {
            while codes().count() == before {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            codes().map(|sent| sent.content["code"].clone()).collect::<Vec<_>>()
        };
        let codes = self.hospital.within(came).await;
        let given = json!({"phone": "13800138000", "code": codes.last(), "device": device});
        let answer = self.raw("POST", "/session", "", &given.to_string());
        let cookie = answer.split("jiaohao_refresh=").nth(1).unwrap().split(';').next().unwrap();
        let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        (token_of(&body).unwrap(), format!("jiaohao_refresh={cookie}"), device)
    }

    async fn refused(&self, phone: &str, path: &str, body: &Value) -> String {
        self.door.ask("POST", path, Some(phone), Some(body)).await.expect_err(path).code
    }

    async fn audited(&self, what: &str) -> Vec<Value> {
        let day = jiaohao_domain::time::Zone::named("UTC").unwrap().date(Timestamp(wall_ms())).0.to_string();
        let operator = self.hospital.server.first_token.as_deref();
        let read = self.door.insist("GET", &format!("/audit?day={day}"), operator, &Value::Null).await.unwrap();
        read["lines"].as_array().unwrap().iter().filter(|line| line["what"] == what).cloned().collect()
    }

    /// Whether the account is told of these by WeChat.
    async fn by_wechat(&self, phone: &str) -> Vec<(String, bool)> {
        let family = self.door.insist("GET", "/family", Some(phone), &Value::Null).await.unwrap();
        let told = |one: &Value| (one["patient"].as_str().unwrap().to_owned(), one["wechat"] == true);
        family["family"].as_array().unwrap().iter().map(told).collect()
    }
}

#[actix_web::test]
async fn wechat_says_who_holds_the_phone_and_everybody_on_the_account_is_told_by_it() {
    let clinic = Clinic::open().await;
    let patient = clinic.person("13800138000").await;
    let phone = clinic.signed_in("13800138000", &patient).await;
    assert_eq!(clinic.by_wechat(&phone).await, [(patient.clone(), false)]);
    assert_eq!(clinic.bind_wechat(&phone, "8000").await["patients"], json!([patient]));
    // Who comes to the account later is told of too: who reads everything on it holds that phone.
    let mut child = someone("E99999999");
    (child["birth_date"], child["relation"]) = (json!("2020-05-01"), json!("child"));
    let child = clinic.post(&phone, "/persons", child).await["patient"].as_str().unwrap().to_owned();
    let sorted = |mut told: Vec<(String, bool)>| {
        told.sort();
        told
    };
    let both = |of_child| sorted(vec![(patient.clone(), true), (child.clone(), of_child)]);
    assert_eq!(sorted(clinic.by_wechat(&phone).await), both(true));
    clinic.called(&patient).await;
    assert_eq!(clinic.sent(is_called("wechat")).await.to, "o-follower-8000");
    // It is ended person by person, and stays so.
    let end = async |patient: &str| {
        clinic.post(&phone, "/channels/unbind", json!({"patient": patient, "channel": "wechat"})).await;
    };
    end(&child).await;
    assert_eq!(sorted(clinic.by_wechat(&phone).await), both(false));
    end(&patient).await;
    assert!(clinic.by_wechat(&phone).await.iter().all(|(_, told)| !told));
    let lines = clinic.audited("bind_wechat").await;
    assert!(lines.iter().any(|line| line["about"] == json!([patient]) && line["outcome"] == "done"), "{lines:?}");
    let metrics = ask(Method::GET, &format!("http://{}/metrics", clinic.hospital.server.doors.address), &[], b"").await;
    assert!(!String::from_utf8_lossy(&metrics.body).contains("o-follower"));
    let Hospital { server, sandbox, folder, .. } = clinic.hospital;
    server.stop().await;
    sandbox.stop().await;
    assert_ne!(files_with(folder.path(), child.as_bytes()), Vec::<String>::new(), "ids stand there in clear");
    assert_eq!(files_with(folder.path(), b"o-follower-8000"), Vec::<String>::new(), "sealed wherever it lies");
}

/// A phone number is given out again: who has signed out, or was signed out, reads nothing on the account any more, and
/// hears nothing of whom its next holder brings along.
#[actix_web::test]
async fn whom_the_numbers_next_holder_acts_for_is_told_to_no_openid_of_before() {
    let clinic = Clinic::open().await;
    let patient = clinic.person("13800138000").await;
    let grant = async |document: &str| {
        let mut body = someone(document);
        body["birth_date"] = json!("1970-05-01");
        let other = clinic.post(&clinic.desk, "/persons", body).await["patient"].as_str().unwrap().to_owned();
        let word = json!({"patient": other, "phone": "13800138000", "relation": "parent"});
        clinic.post(&clinic.desk, "/family", word).await;
        other
    };
    let is_told = async |phone: &str, who: &str| {
        clinic.by_wechat(phone).await.into_iter().find(|(known, _)| known == who).map(|(_, told)| told)
    };
    let (first, cookie, device) = clinic.sign_in_kept(None).await;
    clinic.post(&first, "/persons", someone("E12345678")).await;
    assert_eq!(clinic.bind_wechat(&first, "8000").await["patients"], json!([patient]));
    assert_eq!(is_told(&first, &grant("E10000001").await).await, Some(true), "by the desk's word too");
    clinic.raw("DELETE", "/session", &cookie, "{}");
    let (next, ..) = clinic.sign_in_kept(Some(&device)).await;
    assert_eq!(is_told(&next, &patient).await, Some(true));
    assert_eq!(is_told(&next, &grant("E10000002").await).await, Some(false));
    clinic.hospital.close().await;
}

#[actix_web::test]
async fn nobody_says_an_openid_but_wechat_and_nobody_brings_back_what_another_has_asked_for() {
    let clinic = Clinic::open().await;
    let patient = clinic.person("13800138000").await;
    let phone = clinic.signed_in("13800138000", &patient).await;
    let other = clinic.sign_in("13900139000").await;
    let said = json!({"patient": patient, "channel": {"wechat": {"openid": "o-follower-8000"}}});
    assert_eq!(clinic.refused(&phone, "/channels/bind", &said).await, "malformed");
    let bind = "/channels/wechat/bind";
    let none = json!({"code": "c", "state": "s"});
    assert_eq!(clinic.refused(&phone, bind, &none).await, "authorization_over", "asked for nothing");
    let (code, state) = go(&clinic.authorize_url(&phone).await).await;
    let back = json!({"code": code, "state": state});
    assert_eq!(clinic.refused(&other, bind, &back).await, "authorization_over", "another account's state");
    assert_eq!(clinic.refused(&clinic.desk, bind, &back).await, "forbidden");
    assert_eq!(clinic.post(&phone, bind, back.clone()).await["patients"], json!([patient]));
    assert_eq!(clinic.refused(&phone, bind, &back).await, "authorization_over", "a second time");
    // A code that was used, with a state of now; one that WeChat has not given out; one that is none.
    for code in [code.as_deref().unwrap(), "0123456789abcdef", "a b&secret=x", ""] {
        let (_, state) = go(&clinic.authorize_url(&phone).await).await;
        let back = json!({"code": code, "state": state});
        assert_eq!(clinic.refused(&phone, bind, &back).await, "authorization_over", "{code}");
    }
    clinic.hospital.close().await;
}

#[actix_web::test]
async fn a_wechat_that_gives_no_answer_of_use_binds_nobody() {
    let clinic = Clinic::open().await;
    let patient = clinic.person("13800138000").await;
    let phone = clinic.signed_in("13800138000", &patient).await;
    for digits in ["0005", "0006"] {
        hold(clinic.hospital.sandbox.address, &format!("as={digits}")).await;
        let (code, state) = go(&clinic.authorize_url(&phone).await).await;
        let back = json!({"code": code, "state": state});
        assert_eq!(clinic.refused(&phone, "/channels/wechat/bind", &back).await, "channel_failed", "{digits}");
    }
    hold(clinic.hospital.sandbox.address, "refuses=true").await;
    assert_eq!(go(&clinic.authorize_url(&phone).await).await.0, None, "back without a code");
    assert_eq!(clinic.by_wechat(&phone).await, [(patient, false)]);
    clinic.hospital.close().await;
}

#[actix_web::test]
async fn wechats_page_is_asked_as_it_wants_to_be() {
    let parties = Parties::start();
    let wechat = parties.reach.wechat.as_ref().unwrap();
    let url = wechat.authorize_url("https://jiaohao.example.org/patient", "5f3a");
    let query = "appid=wxsandbox&redirect_uri=https%3A%2F%2Fjiaohao.example.org%2Fpatient&response_type=code\
                 &scope=snsapi_base&state=5f3a#wechat_redirect";
    assert_eq!(url, format!("http://{}{AUTHORIZE}?{query}", parties.sandbox.address));
    // Another browser than WeChat's is not sent back.
    assert_eq!(ask(Method::GET, url.split('#').next().unwrap(), &[], b"").await.status, 200);
    let code = async |digits: &str| {
        hold(parties.sandbox.address, &format!("as={digits}")).await;
        go(&url).await.0.unwrap().into()
    };
    let given = code("8000").await;
    assert_eq!(wechat.openid(&given).await.unwrap().reveal(), "o-follower-8000");
    assert_eq!(wechat.openid(&given).await, Err(NoOpenid::Over), "used");
    assert_eq!(wechat.openid(&"nobody-gave-it".to_owned().into()).await, Err(NoOpenid::Over));
    let began = Instant::now();
    assert_eq!(wechat.openid(&code("0002").await).await, Err(NoOpenid::Failed));
    assert!(began.elapsed() < Duration::from_secs(15), "nobody waits for WeChat as long as it takes");
    let wrong = Parties::with(|text| text.replace("sandbox-wechat-secret", "x"));
    let url = wrong.reach.wechat.as_ref().unwrap().authorize_url("http://h/patient", "s");
    let given = go(&url).await.0.unwrap().into();
    assert_eq!(wrong.reach.wechat.as_ref().unwrap().openid(&given).await, Err(NoOpenid::Failed), "another secret");
}

/// A code holds for five minutes: the sandbox's clock goes on by hand.
#[actix_web::test]
async fn a_code_is_over_after_five_minutes() {
    let now = Arc::new(std::sync::atomic::AtomicI64::new(1_000_000));
    let clock = now.clone();
    let wall: Wall = Arc::new(move || Timestamp(clock.load(std::sync::atomic::Ordering::Relaxed)));
    let sandbox = Sandbox::start(Options::all(([127, 0, 0, 1], 0).into()), wall.clone()).unwrap();
    let mut settings = Settings::from_parts("test", &sandbox.settings(), []).unwrap();
    let folder = tempfile::tempdir().unwrap();
    settings.data.dir = folder.path().to_owned();
    let reach = Reach::with_patience(&settings, wall, PATIENCE).unwrap();
    let wechat = reach.wechat.as_ref().unwrap();
    let url = wechat.authorize_url("http://h/patient", "s");
    let (early, late) = (go(&url).await.0.unwrap().into(), go(&url).await.0.unwrap().into());
    now.fetch_add(299_999, std::sync::atomic::Ordering::Relaxed);
    assert!(wechat.openid(&early).await.is_ok());
    now.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(wechat.openid(&late).await, Err(NoOpenid::Over));
    sandbox.stop().await;
}

/// Files below a folder in which these bytes stand.
fn files_with(folder: &std::path::Path, bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, bytes));
        } else if std::fs::read(&path).unwrap().windows(bytes.len()).any(|part| part == bytes) {
            found.push(path.display().to_string());
        }
    }
    found
}
