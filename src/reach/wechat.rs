//! Service messages of the hospital's WeChat account: template messages of an Official Account (`message/template/send`), its
//! access token (`stable_token`), and the event by which WeChat says whether a message arrived. As whom it knows somebody:
//! [`authorize`].

pub mod authorize;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use data_encoding::HEXLOWER;
use futures_util::future::BoxFuture;
use hyper::body::Bytes;
use jiaohao_domain::Timestamp;
use jiaohao_domain::reach::About;
use jiaohao_domain::redacted::Redacted;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use super::client::{Client, Target, Whom};
use super::port::{Address, Channel, ChannelName, Deliveries, Delivery, Sent, Telling};
use super::{ReachError, Wall, counted};
use crate::config::WechatSettings;

/// Where an access token is given out.
pub const TOKEN: &str = "/cgi-bin/stable_token";
/// Where a template message is taken.
pub const SEND: &str = "/cgi-bin/message/template/send";
/// The largest event that is read, in bytes.
pub const EVENT_MAX_BYTES: usize = 16 << 10;

/// A token is renewed so long before its end, in seconds.
const RENEW_BEFORE_S: i64 = 300;
/// The longest token that is taken, in bytes (WeChat asks for room for 512).
const TOKEN_MAX_BYTES: usize = 1024;
/// Messages on their way whose reports are waited for; the oldest goes first.
const ON_THE_WAY_MAX: usize = 10_000;
/// Reports that came before the answer that they belong to; the oldest goes first.
const EARLY_MAX: usize = 256;
/// Elements and texts of an event at most.
const NODES_MAX: u32 = 64;
/// After an access token that was not given, or was refused at once, the next one is asked for so much later, in seconds.
const ASK_AGAIN_S: i64 = 10;
/// How far the time in a signature may be from now, in seconds.
const SIGNED_MAX_AWAY_S: u64 = 300;

/// The access token is none (any more).
const TOKEN_ENDED: [i64; 3] = [40001, 40014, 42001];
/// No such openid; not a follower; the person takes no messages of the account.
const NEVER: [i64; 3] = [40003, 43004, 43101];

/// A template of the account's and what stands in its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    id: String,
    /// Name of the field, and the text with [`PARTS`] in it, of a clinic with [`PARTS_OF_CLINIC`] too, of money with its part.
    fields: Vec<(String, String)>,
}

/// What stands in a template for what is told.
const PARTS: [&str; 3] = ["{number}", "{place}", "{site}"];
/// Beside them where a clinic is told of: whose, its delay, and when the person is expected.
const PARTS_OF_CLINIC: [&str; 3] = ["{who}", "{minutes}", "{time}"];

/// Beside them where money is told of: how much.
const PART_OF_MONEY: &str = "{amount}";

impl Template {
    /// Reads `TEMPLATE_ID field={number} other={place}`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str, about: About) -> Result<Self, String> {
        let more: &[&str] = if about.is_at_home() { &PARTS_OF_CLINIC } else { &[] };
        let money: &[&str] = if about.is_of_money() { &[PART_OF_MONEY] } else { &[] };
        let parts = || PARTS.iter().chain(more).chain(money);
        let mut words = text.split_whitespace();
        let id = words.next().filter(|id| !id.contains('=')).ok_or("it begins with the template's id")?.to_owned();
        let mut fields = Vec::new();
        for word in words {
            let field = word.split_once('=').filter(|(name, value)| !name.is_empty() && !value.is_empty());
            let (name, value) = field.ok_or_else(|| format!("`{word}` is no field: write name={{number}}"))?;
            let rest = parts().fold(value.to_owned(), |rest, part| rest.replace(part, ""));
            if rest.contains(['{', '}']) {
                return Err(format!("`{word}`: there are {}", parts().copied().collect::<Vec<_>>().join(" ")));
            }
            fields.push((name.to_owned(), value.to_owned()));
        }
        if fields.is_empty() { Err("it has no fields".to_owned()) } else { Ok(Self { id, fields }) }
    }

    fn data(&self, what: &Telling) -> Map<String, Value> {
        let (who, minutes, time) = what.clinic.as_ref().map_or_else(Default::default, |clinic| {
            (clinic.who.as_str(), clinic.minutes.to_string(), clinic.time.as_str())
        });
        let amount = what.amount.as_deref().unwrap_or_default();
        let values = [what.number.as_str(), &what.place, &what.site, who, &minutes, time, amount];
        let filled = |text: &str| {
            let parts = PARTS.iter().chain(&PARTS_OF_CLINIC).chain([&PART_OF_MONEY]).zip(values);
            parts.fold(text.to_owned(), |text, (part, value)| text.replace(part, value))
        };
        let cut = |name: &str, text: String| text.chars().take(chars_max(name)).collect::<String>();
        self.fields.iter().map(|(name, text)| (name.clone(), json!({ "value": cut(name, filled(text)) }))).collect()
    }
}

/// How long a value may be, by the kind that its field's name begins with: a longer one is refused by WeChat as a whole.
fn chars_max(field: &str) -> usize {
    match field.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "thing" => 20,
        "character_string" | "number" | "letter" => 32,
        "phrase" => 5,
        _ => 200,
    }
}

/// What an operator may look at when WeChat has answered like this.
fn look_at(errcode: i64) -> &'static str {
    match errcode {
        40001 | 40013 | 40125 | 41002 | 41004 => "wechat.app_id / wechat.secret",
        40164 => "the account's IP whitelist",
        40037 | 47003 => "the wechat.template_ settings",
        45009 => "the account's quota",
        48001 | 50002 => "the account's rights",
        _ => "the account at WeChat",
    }
}

/// The access token that is known.
#[derive(Default)]
struct AccessToken {
    token: Option<Redacted<String>>,
    /// When it is renewed.
    renew_at: Timestamp,
    /// None is asked for before: WeChat has just given none, and who waits for it goes another way.
    not_before: Timestamp,
}

/// Which message is which telling, and what was reported before that was known.
#[derive(Default)]
struct OnTheWay {
    told: VecDeque<(i64, String)>,
    early: VecDeque<(i64, bool)>,
}

/// Takes out what is kept under this id.
fn take<T>(kept: &mut VecDeque<(i64, T)>, msgid: i64) -> Option<T> {
    let at = kept.iter().position(|(known, _)| *known == msgid)?;
    kept.remove(at).map(|(_, value)| value)
}

/// Keeps it; the oldest gives way.
fn keep<T>(kept: &mut VecDeque<(i64, T)>, most: usize, msgid: i64, value: T) {
    if kept.len() >= most {
        kept.pop_front();
    }
    kept.push_back((msgid, value));
}

/// The channel.
pub struct WeChat {
    client: Client,
    server: Target,
    authorize_url: String,
    asking: Semaphore,
    app_id: String,
    secret: Redacted<String>,
    callback_token: Redacted<String>,
    templates: BTreeMap<About, Template>,
    access_token: tokio::sync::Mutex<AccessToken>,
    on_the_way: Mutex<OnTheWay>,
    reports: Arc<dyn Deliveries>,
    wall: Wall,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Option<String>,
    expires_in: Option<i64>,
    errcode: Option<i64>,
}

#[derive(Deserialize)]
struct SendAnswer {
    errcode: i64,
    msgid: Option<i64>,
}

/// Why an event was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoEvent {
    /// Not signed with the Token, or not just now.
    #[error("the signature is another, or not of now")]
    Unsigned,
    /// No event of WeChat's.
    #[error("this is no event of WeChat's")]
    Malformed,
}

/// How WeChat signs what it sends: in the query.
#[derive(Deserialize)]
pub struct Signed {
    /// SHA-1 of the sorted Token, timestamp and nonce, in hex.
    pub signature: String,
    /// Seconds since 1970.
    pub timestamp: String,
    /// Any text.
    pub nonce: String,
    /// At the verification of the address: what is to be answered.
    #[serde(default)]
    pub echostr: Option<String>,
}

/// The signature of this timestamp and nonce.
pub fn signature(token: &str, timestamp: &str, nonce: &str) -> String {
    use sha1::Digest;
    let mut parts = [token, timestamp, nonce];
    parts.sort_unstable();
    HEXLOWER.encode(&sha1::Sha1::digest(parts.concat()))
}

impl WeChat {
    /// The channel of these settings; none when it is off.
    ///
    /// # Errors
    /// A setting is not in order.
    pub fn new(
        settings: &WechatSettings,
        client: Client,
        reports: Arc<dyn Deliveries>,
        wall: Wall,
    ) -> Result<Option<Self>, ReachError> {
        let Some(app_id) = settings.app_id.clone() else { return Ok(None) };
        let wrong = |field: &'static str| move |why: &str| ReachError::Setting(field, why.to_owned());
        let templates = settings.templates().filter_map(|(about, field, given)| {
            let read = Template::read(given?, about).map_err(|why| ReachError::Setting(field, why));
            Some(read.map(|template| (about, template)))
        });
        Ok(Some(Self {
            client,
            server: Target::read(&settings.url, Whom::Named).map_err(wrong("wechat.url"))?,
            authorize_url: settings.authorize_url.trim_end_matches('/').to_owned(),
            asking: Semaphore::new(authorize::AT_ONCE),
            app_id,
            secret: settings.app_secret().map_err(|why| ReachError::Setting("wechat.secret", why))?,
            callback_token: settings.token().ok_or("it is missing").map_err(wrong("wechat.callback_token"))?,
            templates: templates.collect::<Result<_, _>>()?,
            access_token: tokio::sync::Mutex::default(),
            on_the_way: Mutex::default(),
            reports,
            wall,
        }))
    }

    /// The access token; another one than `ended`, which WeChat has refused. One at a time asks for it.
    async fn access_token(&self, ended: Option<&Redacted<String>>) -> Option<Redacted<String>> {
        let mut kept = self.access_token.lock().await;
        let now = (self.wall)();
        // one that is to be renewed still holds for a while
        let known = kept.token.clone().filter(|token| Some(token) != ended);
        if (known.is_some() && now < kept.renew_at) || now < kept.not_before {
            return known;
        }
        kept.not_before = now.plus_s(ASK_AGAIN_S);
        let asked = json!({
            "grant_type": "client_credential",
            "appid": self.app_id,
            "secret": self.secret.reveal(),
            "force_refresh": ended.is_some(),
        });
        let answered = self.post(TOKEN, &asked).await;
        let Some(body) = answered else { return known };
        let Ok(answer) = serde_json::from_slice::<TokenAnswer>(&body) else {
            self.failed("no access token that can be read", "wechat.url");
            return known;
        };
        let Some(token) = answer.access_token.filter(|token| is_token(token)) else {
            let errcode = answer.errcode.unwrap_or_default();
            self.failed(&format!("no access token, errcode {errcode}"), look_at(errcode));
            return known;
        };
        let holds_s = answer.expires_in.unwrap_or(0).clamp(0, 7200) - RENEW_BEFORE_S;
        *kept = AccessToken {
            token: Some(token.into()),
            renew_at: now.plus_s(holds_s.max(1)),
            // one that is refused at once is not asked for again and again
            not_before: if ended.is_some() { now.plus_s(ASK_AGAIN_S) } else { now },
        };
        kept.token.clone()
    }

    async fn post(&self, path: &str, body: &Value) -> Option<Bytes> {
        match self.client.post_json(&self.server.at(path), body).await {
            Ok(answered) if answered.status == 200 => Some(answered.body),
            Ok(answered) => {
                self.failed(&format!("status {}", answered.status), "wechat.url");
                None
            }
            Err(fault) => {
                self.failed(&fault.to_string(), "wechat.url, and the way to it");
                None
            }
        }
    }

    fn failed(&self, what: &str, look_at: &str) -> Sent {
        let host = self.server.origin();
        self.client.standing.failed(ChannelName::WeChat, &host, what, look_at, (self.wall)())
    }

    fn answered(&self, sent: Sent) -> Sent {
        self.client.standing.answered(ChannelName::WeChat, sent)
    }

    async fn tell(&self, to: &Address, what: &Telling) -> Sent {
        let Address::WeChat(openid) = to else { return Sent::Refused };
        let Some(template) = self.templates.get(&what.about) else { return Sent::NotNow };
        let message = json!({
            "touser": openid.reveal(),
            "template_id": template.id,
            // the same within ten minutes: WeChat drops the repeat
            "client_msg_id": message_id(&what.id),
            "data": template.data(what),
        });
        let mut ended = None;
        // with a fresh token once more
        for _ in 0..2 {
            let Some(token) = self.access_token(ended.as_ref()).await else { return Sent::NotNow };
            let answered = self.post(&format!("{SEND}?access_token={}", token.reveal()), &message).await;
            let Some(body) = answered else { return Sent::NotNow };
            match serde_json::from_slice::<SendAnswer>(&body).ok() {
                Some(SendAnswer { errcode: 0, msgid }) => {
                    self.sent(msgid, &what.id);
                    return self.answered(Sent::Taken);
                }
                Some(SendAnswer { errcode, .. }) if TOKEN_ENDED.contains(&errcode) => ended = Some(token),
                Some(SendAnswer { errcode, .. }) if NEVER.contains(&errcode) => return self.answered(Sent::Refused),
                Some(SendAnswer { errcode, .. }) => {
                    return self.failed(&format!("errcode {errcode}"), look_at(errcode));
                }
                None => return self.failed("no answer that can be read", "wechat.url"),
            }
        }
        self.failed("it refuses its own access tokens", "whether another program asks for them too")
    }

    /// WeChat has taken a telling as this message; its report may have been here first.
    fn sent(&self, msgid: Option<i64>, telling: &str) {
        let Some(msgid) = msgid else { return };
        let mut on_the_way = self.on_the_way.lock().unwrap_or_else(PoisonError::into_inner);
        match take(&mut on_the_way.early, msgid) {
            Some(arrived) => self.report(telling.to_owned(), arrived),
            None => keep(&mut on_the_way.told, ON_THE_WAY_MAX, msgid, telling.to_owned()),
        }
    }

    fn report(&self, telling: String, arrived: bool) {
        self.reports.report(Delivery { telling, channel: ChannelName::WeChat, arrived });
    }

    /// Whether WeChat signed the query just now.
    ///
    /// # Errors
    /// [`NoEvent::Unsigned`].
    pub fn check(&self, signed: &Signed) -> Result<(), NoEvent> {
        let expected = signature(self.callback_token.reveal(), &signed.timestamp, &signed.nonce);
        let is_signed = bool::from(expected.as_bytes().ct_eq(signed.signature.as_bytes()));
        let away_s = signed.timestamp.parse::<i64>().map(|at_s| at_s.abs_diff((self.wall)().0 / 1000));
        if is_signed && away_s.is_ok_and(|away_s| away_s <= SIGNED_MAX_AWAY_S) {
            Ok(())
        } else {
            Err(NoEvent::Unsigned)
        }
    }

    /// Takes an event: whether a message arrived goes on, any other is dropped.
    ///
    /// # Errors
    /// [`NoEvent`].
    pub fn take_event(&self, signed: &Signed, body: &[u8]) -> Result<(), NoEvent> {
        self.check(signed)?;
        let Some((msgid, arrived)) = read_event(body)? else { return Ok(()) };
        let mut on_the_way = self.on_the_way.lock().unwrap_or_else(PoisonError::into_inner);
        match take(&mut on_the_way.told, msgid) {
            Some(telling) => self.report(telling, arrived),
            None => keep(&mut on_the_way.early, EARLY_MAX, msgid, arrived),
        }
        Ok(())
    }
}

impl Channel for WeChat {
    fn send<'a>(&'a self, to: &'a Address, what: &'a Telling) -> BoxFuture<'a, Sent> {
        Box::pin(async move { counted(ChannelName::WeChat, self.tell(to, what).await) })
    }
}

/// Letters, digits, `-` and `_`: it stands in an address.
fn is_token(token: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    !token.is_empty() && token.len() <= TOKEN_MAX_BYTES && token.bytes().all(fits)
}

/// The id under which WeChat drops a repeat: 32 characters, whatever the telling's looks like.
fn message_id(telling: &str) -> String {
    use sha2::Digest;
    HEXLOWER.encode(&Sha256::digest(telling)[..16])
}

/// Message and whether it arrived, of `TEMPLATESENDJOBFINISH`; none of any other event.
fn read_event(body: &[u8]) -> Result<Option<(i64, bool)>, NoEvent> {
    if body.len() > EVENT_MAX_BYTES {
        return Err(NoEvent::Malformed);
    }
    let text = std::str::from_utf8(body).map_err(|_| NoEvent::Malformed)?;
    // without a document type there are no entities but XML's own five
    let options = roxmltree::ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(text, options).map_err(|_| NoEvent::Malformed)?;
    let root = document.root_element();
    let field = |name: &str| root.children().find(|child| child.has_tag_name(name)).and_then(|child| child.text());
    if !root.has_tag_name("xml") || field("MsgType").is_none() {
        return Err(NoEvent::Malformed);
    }
    if field("Event") != Some("TEMPLATESENDJOBFINISH") {
        return Ok(None);
    }
    let msgid = field("MsgID").and_then(|id| id.trim().parse().ok()).ok_or(NoEvent::Malformed)?;
    Ok(Some((msgid, field("Status").is_some_and(|status| status.trim() == "success"))))
}

#[cfg(test)]
mod tests {
    use super::super::Reports;
    use jiaohao_domain::vocabulary::Language;

    use super::super::client::Patience;
    use super::super::port::TellingClinic;
    use super::*;
    use crate::config::Settings;

    fn telling() -> Telling {
        Telling {
            id: "n-1".into(),
            about: About::Called,
            number: "A012".into(),
            place: "东院区门诊楼三层内科第三诊室靠近电梯口的那一间".into(),
            site: "仁民医院".into(),
            language: Language::Zh,
            expires_in_s: 60,
            clinic: None,
            amount: None,
        }
    }

    #[test]
    fn a_template_is_its_id_and_fields_which_are_cut_to_what_wechat_takes() {
        let text = "T-1 character_string1={number} thing2={place} thing3={site}";
        let template = Template::read(text, About::Called).expect("sound");
        let data = Value::Object(template.data(&telling()));
        assert_eq!(data["character_string1"]["value"], "A012");
        assert_eq!(data["thing2"]["value"].as_str().map(|text| text.chars().count()), Some(20));
        assert_eq!(data["thing3"]["value"], "仁民医院");
        for wrong in ["", "thing1={number}", "T-1", "T-1 thing1", "T-1 thing1=", "T-1 ={number}", "T-1 thing1={name}"] {
            assert!(Template::read(wrong, About::Delayed).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_template_for_people_at_home_says_whose_clinic_how_late_and_when_and_no_other_does() {
        let text = "T-2 thing1={who} number2={minutes} thing3={time}";
        for about in [About::ThreeBefore, About::Called] {
            assert!(Template::read(text, about).is_err(), "{about:?}");
        }
        let clinic = TellingClinic { who: "李明医生".into(), minutes: 20, time: "09:20".into() };
        for about in
            [About::Delayed, About::AsPlanned, About::Stopped, About::Booked, About::Cancelled, About::Reminder]
        {
            let what = Telling { about, clinic: Some(clinic.clone()), ..telling() };
            let data = Template::read(text, about).expect("sound").data(&what);
            let told =
                json!({"thing1": {"value": "李明医生"}, "number2": {"value": "20"}, "thing3": {"value": "09:20"}});
            assert_eq!(Value::Object(data), told);
        }
    }

    #[test]
    fn a_template_for_money_says_how_much_and_no_other_does() {
        let text = "T-3 thing1={who} amount2=¥{amount}";
        for about in [About::Called, About::Cancelled] {
            assert!(Template::read(text, about).is_err(), "{about:?}");
        }
        for about in [About::Refunded, About::RefundAtDesk] {
            let clinic = TellingClinic { who: "李明医生".into(), minutes: 0, time: "09:20".into() };
            let what = Telling { about, clinic: Some(clinic), amount: Some("10.50".into()), ..telling() };
            let data = Template::read(text, about).expect("sound").data(&what);
            let told = json!({"thing1": {"value": "李明医生"}, "amount2": {"value": "¥10.50"}});
            assert_eq!(Value::Object(data), told);
        }
    }

    #[test]
    fn the_signature_is_wechats() {
        // printf '1409735669nonce1token' | sha1sum
        assert_eq!(signature("token", "1409735669", "nonce1"), "8904a6478be353e14bbd0ea3b8f1c7b6d1d733c1");
    }

    #[test]
    fn an_event_is_read_and_nothing_else() {
        let event = |status: &str| {
            format!(
                "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o-1]]></FromUserName>\
                 <CreateTime>1395658920</CreateTime><MsgType><![CDATA[event]]></MsgType>\
                 <Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event><MsgID>200163836</MsgID>\
                 <Status><![CDATA[{status}]]></Status></xml>"
            )
        };
        assert_eq!(read_event(event("success").as_bytes()), Ok(Some((200163836, true))));
        assert_eq!(read_event(event("failed:user block").as_bytes()), Ok(Some((200163836, false))));
        assert_eq!(read_event(event("failed: system failed").as_bytes()), Ok(Some((200163836, false))));
        let other = event("success").replace("TEMPLATESENDJOBFINISH", "subscribe");
        assert_eq!(read_event(other.as_bytes()), Ok(None));
        let with_entities = format!("<!DOCTYPE xml [<!ENTITY a \"b\">]>{}", event("&a;"));
        let deep = format!("<xml>{}</xml>", "<a/>".repeat(NODES_MAX as usize));
        let large = format!("<xml>{}</xml>", " ".repeat(EVENT_MAX_BYTES));
        for wrong in [
            "",
            "<xml>",
            "<html/>",
            &with_entities,
            &deep,
            &large,
            "<xml><MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event></xml>",
        ] {
            assert_eq!(read_event(wrong.as_bytes()), Err(NoEvent::Malformed), "{}", &wrong[..wrong.len().min(80)]);
        }
        assert_eq!(read_event(b"<xml>\xff</xml>"), Err(NoEvent::Malformed));
    }

    /// A channel at 1,000 s whose WeChat cannot be reached.
    fn alone() -> (WeChat, Arc<Reports>) {
        let reports = Arc::<Reports>::default();
        let text = "[wechat]\nurl = \"http://127.0.0.1:1\"\napp_id = \"a\"\nsecret = \"s\"\ncallback_token = \"t\"\n\
                    template_three_before = \"T thing1={place}\"\ntemplate_called = \"T thing1={place}\"\n";
        let settings = Settings::from_parts("t", text, []).expect("in order");
        let wall: Wall = Arc::new(|| Timestamp(1_000_000));
        let wechat = WeChat::new(&settings.wechat, Client::new(Patience::default()), reports.clone(), wall);
        (wechat.expect("in order").expect("on"), reports)
    }

    #[tokio::test]
    async fn an_access_token_that_cannot_be_renewed_is_used_until_it_is_refused() {
        let (wechat, _) = alone();
        let token = Redacted::new("known".to_owned());
        let past = Timestamp(999_999);
        *wechat.access_token.lock().await =
            AccessToken { token: Some(token.clone()), renew_at: past, not_before: past };
        assert_eq!(wechat.access_token(None).await, Some(token.clone()));
        // WeChat has just not been reached: nobody waits for it again
        assert_eq!(wechat.access_token.lock().await.not_before, Timestamp(1_000_000).plus_s(ASK_AGAIN_S));
        assert_eq!(wechat.access_token(None).await, Some(token.clone()));
        assert_eq!(wechat.access_token(Some(&token)).await, None);
    }

    #[tokio::test]
    async fn a_report_that_comes_before_the_answer_finds_its_telling() {
        let (wechat, reports) = alone();
        let signed = |at_s: i64| Signed {
            signature: signature("t", &at_s.to_string(), "n"),
            timestamp: at_s.to_string(),
            nonce: "n".into(),
            echostr: None,
        };
        let event = b"<xml><MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event><MsgID>5</MsgID>\
                      <Status>success</Status></xml>";
        for not_now in [1000 - 301, 1000 + 301, i64::MIN, i64::MAX] {
            assert_eq!(wechat.take_event(&signed(not_now), event), Err(NoEvent::Unsigned));
        }
        wechat.take_event(&signed(1000), event).expect("signed");
        wechat.sent(Some(5), "n-1");
        let delivery = Delivery { telling: "n-1".into(), channel: ChannelName::WeChat, arrived: true };
        assert_eq!(reports.next().await, delivery);
    }

    #[test]
    fn what_is_kept_is_bounded_and_taken_once() {
        let mut kept = VecDeque::new();
        for id in 0..4 {
            keep(&mut kept, 3, id, id);
        }
        assert_eq!((take(&mut kept, 0), take(&mut kept, 2), take(&mut kept, 2), kept.len()), (None, Some(2), None, 2));
    }
}
