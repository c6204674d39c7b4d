//! Text messages: the protocol of docs/channels.md, as services in China speak it. A hospital whose service speaks another
//! one changes this file.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use hyper::Method;
use jiaohao_domain::Timestamp;
use jiaohao_domain::reach::About;
use jiaohao_domain::redacted::Redacted;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::{Client, Target, Whom};
use super::port::{Address, Channel, ChannelName, Deliveries, Delivery, Sent, Telling};
use super::{ReachError, Wall, counted, known, signature};
use crate::config::SmsSettings;
use crate::identity::codes::{CodeMessage, Purpose};

/// Where messages are taken, under the service's address.
pub const MESSAGES: &str = "/v1/messages";
/// Reports in one delivery at most.
pub const REPORTS_MAX: usize = 500;
/// The longest id of a message, in bytes.
const ID_MAX_BYTES: usize = 128;
/// How long a parameter may be: services refuse a message with a longer one.
const PARAM_MAX_CHARS: usize = 35;
/// What the ids of one-time codes begin with: nobody waits for their reports.
const CODE_ID: &str = "code-";

/// Numbers that will never do.
const NEVER: [&str; 2] = ["INVALID_NUMBER", "UNSUBSCRIBED"];
/// Answers that may stand in the log.
const CODES: [&str; 10] = [
    "INVALID_NUMBER",
    "UNSUBSCRIBED",
    "LIMIT_REACHED",
    "TEMPLATE_REFUSED",
    "SIGN_REFUSED",
    "SIGNATURE_WRONG",
    "DATE_WRONG",
    "BALANCE_LOW",
    "MALFORMED",
    "BUSY",
];

/// Texts under the numbers that the service knows them by.
struct Templates {
    code: String,
    consent: String,
    notices: BTreeMap<About, String>,
}

/// The channel.
pub struct Sms {
    client: Client,
    messages: Target,
    key_id: String,
    key: Redacted<String>,
    sign: String,
    templates: Templates,
    reports: Arc<dyn Deliveries>,
    wall: Wall,
}

/// What the service answers.
#[derive(Deserialize)]
struct Answer {
    code: String,
}

/// What became of a message, as the service reports it.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SmsReport {
    /// The id that the message was given with.
    pub out_id: String,
    /// Whether the phone has it.
    pub success: bool,
    /// Why not, in the service's words.
    #[serde(default)]
    pub err_code: Option<String>,
    /// The last digits of the number.
    #[serde(default)]
    pub phone_tail: Option<String>,
    /// When the network reported it.
    #[serde(default)]
    pub report_time: Option<String>,
}

/// Why reports were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoReports {
    /// Not signed by the service.
    #[error(transparent)]
    Unsigned(#[from] signature::Wrong),
    /// No list of reports, or too long a one.
    #[error("this is no list of reports, or more than 500")]
    Malformed,
}

/// What an operator may look at when the service has answered like this.
fn look_at(code: &str, status: u16) -> &'static str {
    match code {
        "SIGNATURE_WRONG" => "sms.key_id / sms.secret",
        "SIGN_REFUSED" => "sms.sign",
        "TEMPLATE_REFUSED" => "the sms.template_ settings",
        "DATE_WRONG" => "this machine's clock",
        "BALANCE_LOW" | "LIMIT_REACHED" => "the contract with the service",
        _ if matches!(status, 401 | 403) => "sms.key_id / sms.secret",
        _ if status == 404 => "sms.url",
        _ => "the service",
    }
}

/// A new id for a one-time code.
#[expect(clippy::disallowed_methods, reason = "the service's mark of a message: nothing is decided by it")]
pub fn code_id() -> String {
    format!("{CODE_ID}{}", Uuid::now_v7().simple())
}

impl Sms {
    /// The channel of these settings; none when it is off.
    ///
    /// # Errors
    /// A setting is not in order.
    pub fn new(
        settings: &SmsSettings,
        client: Client,
        reports: Arc<dyn Deliveries>,
        wall: Wall,
    ) -> Result<Option<Self>, ReachError> {
        let Some(url) = &settings.url else { return Ok(None) };
        let target = Target::read(url, Whom::Named).map_err(|why| ReachError::Setting("sms.url", why.to_owned()))?;
        let given = |field: &'static str, value: &Option<String>| {
            value.clone().ok_or_else(|| ReachError::Setting(field, "it is missing".to_owned()))
        };
        Ok(Some(Self {
            client,
            messages: target.at(MESSAGES),
            key_id: given("sms.key_id", &settings.key_id)?,
            key: settings.key().map_err(|why| ReachError::Setting("sms.secret", why))?,
            sign: given("sms.sign", &settings.sign)?,
            templates: Templates {
                code: given("sms.template_code", &settings.template_code)?,
                consent: given("sms.template_consent", &settings.template_consent)?,
                notices: settings
                    .templates()
                    .filter_map(|(about, _, given)| Some((about, given?.to_owned())))
                    .collect(),
            },
            reports,
            wall,
        }))
    }

    /// Sends a one-time code under an id of [`code_id`].
    pub async fn send_code(&self, message: &CodeMessage, id: &str, now: Timestamp) -> Sent {
        let template = match message.purpose {
            Purpose::SignIn => &self.templates.code,
            Purpose::Consent => &self.templates.consent,
        };
        let minutes = (message.expires_at.ms_since(now).max(0) as u64).div_ceil(60_000);
        let params = json!({ "code": message.code.reveal(), "minutes": minutes.to_string() });
        counted(ChannelName::Sms, self.hand_over(&message.phone, template, params, id).await)
    }

    async fn tell(&self, to: &Address, what: &Telling) -> Sent {
        let Address::Phone(phone) = to else { return Sent::Refused };
        let Some(template) = self.templates.notices.get(&what.about) else { return Sent::NotNow };
        let cut = |text: &str| text.chars().take(PARAM_MAX_CHARS).collect::<String>();
        let mut params = json!({ "number": cut(&what.number), "place": cut(&what.place), "site": cut(&what.site) });
        if let Some(clinic) = &what.clinic {
            params["who"] = cut(&clinic.who).into();
            params["minutes"] = clinic.minutes.to_string().into();
            params["time"] = cut(&clinic.time).into();
        }
        if let Some(amount) = &what.amount {
            params["amount"] = cut(amount).into();
        }
        self.hand_over(phone, template, params, &what.id).await
    }

    async fn hand_over(&self, phone: &Redacted<String>, template: &str, params: Value, id: &str) -> Sent {
        let body = json!({
            "phone": phone.reveal(),
            "sign": self.sign,
            "template": template,
            "params": params,
            "out_id": id,
        });
        let body = body.to_string().into_bytes();
        let signed =
            signature::headers(&self.key_id, self.key.reveal(), "POST", self.messages.path(), &body, (self.wall)());
        let headers: Vec<_> = [("content-type", "application/json".to_owned())].into_iter().chain(signed).collect();
        let standing = &self.client.standing;
        let failed = |what: &str, look_at: &str| {
            standing.failed(ChannelName::Sms, &self.messages.origin(), what, look_at, (self.wall)())
        };
        let answered = match self.client.ask(Method::POST, &self.messages, &headers, body).await {
            Ok(answered) => answered,
            Err(fault) => return failed(&fault.to_string(), "sms.url, the service, and the way to it"),
        };
        let status = answered.status;
        match serde_json::from_slice::<Answer>(&answered.body) {
            Ok(Answer { code }) if status == 200 && code == "OK" => standing.answered(ChannelName::Sms, Sent::Taken),
            Ok(Answer { code }) if NEVER.contains(&code.as_str()) => standing.answered(ChannelName::Sms, Sent::Refused),
            Ok(Answer { code }) => {
                let code = known(&code, &CODES);
                failed(&format!("{code} ({status})"), look_at(code, status))
            }
            Err(_) => failed(&format!("no answer that can be read ({status})"), look_at("", status)),
        }
    }

    /// Takes what the service pushed to `path`: the reports of tellings go on, those of codes are dropped.
    ///
    /// # Errors
    /// [`NoReports`].
    pub fn take_reports(
        &self,
        path: &str,
        (authorization, date): (Option<&str>, Option<&str>),
        body: &[u8],
    ) -> Result<(), NoReports> {
        let key = (self.key_id.as_str(), self.key.reveal().as_str());
        signature::check(key, ("POST", path, body), authorization, date, (self.wall)())?;
        let reports: Vec<SmsReport> = serde_json::from_slice(body).map_err(|_| NoReports::Malformed)?;
        if reports.len() > REPORTS_MAX || reports.iter().any(|report| report.out_id.len() > ID_MAX_BYTES) {
            return Err(NoReports::Malformed);
        }
        for SmsReport { out_id, success, .. } in reports {
            if !out_id.starts_with(CODE_ID) {
                self.reports.report(Delivery { telling: out_id, channel: ChannelName::Sms, arrived: success });
            }
        }
        Ok(())
    }
}

impl Channel for Sms {
    fn send<'a>(&'a self, to: &'a Address, what: &'a Telling) -> BoxFuture<'a, Sent> {
        Box::pin(async move { counted(ChannelName::Sms, self.tell(to, what).await) })
    }
}
