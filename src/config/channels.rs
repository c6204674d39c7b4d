//! The sections of the outside channels: text messages, WeChat, Web Push. Each is off until its first setting is given.

use std::path::{Path, PathBuf};

use confique::Config;
use jiaohao_domain::redacted::Redacted;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny};

use super::Settings;
use crate::reach::client::{Target, Whom};
use crate::reach::templates::OfKind;
use crate::reach::wechat::Template;

/// A secret is a line; a file that is longer is none.
const SECRET_MAX_BYTES: u64 = 4096;

/// Text messages, and one-time codes by them. Off until `url` is given. docs/channels.md: what the service has to speak, and
/// how another one is plugged in.
#[derive(Clone, Debug, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct SmsSettings {
    /// The address of the service. Allowed: https://, or http:// and an address of this machine or a private network.
    pub url: Option<String>,
    /// Which key the service knows the hospital by.
    pub key_id: Option<String>,
    /// The key. Better in its own file, or in the environment as JIAOHAO_SMS__SECRET.
    pub secret: Option<Secret>,
    /// A file with the key, instead of `secret`.
    pub secret_file: Option<PathBuf>,
    /// The signature that the message begins with, as it is registered with the service.
    pub sign: Option<String>,
    /// To whose numbers one-time codes go, by the countries' codes (ITU-T E.164): mainland China, Hong Kong, Macao and Taiwan.
    /// To others a message may cost many times as much, and anybody may ask for one. Allowed: a list of one to three digits each.
    #[config(default = ["86", "852", "853", "886"])]
    pub countries: Vec<String>,
    /// The service's template for a one-time code to sign in; its parameters: code, minutes.
    pub template_code: Option<String>,
    /// The service's template for a one-time code by which somebody agrees that another person acts for them, which it has to
    /// say; its parameters: code, minutes.
    pub template_consent: Option<String>,
    /// The service's template for "three before you"; its parameters: number, place, site.
    pub template_three_before: Option<String>,
    /// The service's template for "go there now"; its parameters: number, place, site.
    pub template_called: Option<String>,
    /// The service's template for a clinic that begins later; its parameters: number, place, site, who, minutes, time. Absent:
    /// not told by text message.
    pub template_delayed: Option<String>,
    /// The service's template for a delay or a stop that is taken back; its parameters as of template_delayed. Absent: not
    /// told by text message.
    pub template_as_planned: Option<String>,
    /// The service's template for a clinic that does not take place; its parameters as of template_delayed. Absent: not told by
    /// text message.
    pub template_stopped: Option<String>,
    /// The service's template for a place that was waited for and is offered, whose minutes are those to answer in; its
    /// parameters as of template_delayed. Absent: not told by text message.
    pub template_offered: Option<String>,
    /// The service's template for a booking that the desk has made; its parameters as of template_delayed. Absent: not told by
    /// text message.
    pub template_booked: Option<String>,
    /// The service's template for a booking that the hospital has cancelled; its parameters as of template_delayed. Absent: not
    /// told by text message.
    pub template_cancelled: Option<String>,
    /// The service's template for a fee that was paid by phone and has gone back; its parameters as of template_delayed, and
    /// amount, in yuan. Absent: not told by text message.
    pub template_refunded: Option<String>,
    /// The service's template for a fee that does not go back by phone and is given at the desk; its parameters as of
    /// template_refunded. Absent: not told by text message.
    pub template_refund_at_desk: Option<String>,
    /// The service's template for the reminder of the day before; its parameters as of template_delayed. Absent: not told by
    /// text message.
    pub template_reminder: Option<String>,
}

/// Service messages of the hospital's WeChat account. Off until `app_id` is given.
#[derive(Clone, Debug, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct WechatSettings {
    /// The address of WeChat's servers. Allowed: https://, or http:// and an address of this machine or a private network.
    #[config(default = "https://api.weixin.qq.com")]
    pub url: String,
    /// Where WeChat's own browser confirms who holds the phone. Allowed: as url.
    #[config(default = "https://open.weixin.qq.com")]
    pub authorize_url: String,
    /// The account's AppID.
    pub app_id: Option<String>,
    /// The account's AppSecret. Better in its own file, or in the environment as JIAOHAO_WECHAT__SECRET.
    pub secret: Option<Secret>,
    /// A file with the AppSecret, instead of `secret`.
    pub secret_file: Option<PathBuf>,
    /// The Token of the account's server configuration, by which WeChat signs what it sends to
    /// /api/v1/channels/wechat.
    pub callback_token: Option<Secret>,
    /// "Three before you": a template of the account's and its fields.
    /// Allowed: an id and fields, as "TEMPLATE_ID character_string1={number} thing2={place} thing3={site}".
    pub template_three_before: Option<String>,
    /// "Go there now". Allowed: as template_three_before.
    pub template_called: Option<String>,
    /// A clinic that begins later. Absent: not told by WeChat. Allowed: as template_three_before, and {who}, {minutes}, {time}.
    pub template_delayed: Option<String>,
    /// A delay or a stop that is taken back. Absent: not told by WeChat. Allowed: as template_delayed.
    pub template_as_planned: Option<String>,
    /// A clinic that does not take place. Absent: not told by WeChat. Allowed: as template_delayed.
    pub template_stopped: Option<String>,
    /// A place that was waited for and is offered, with the minutes to answer in. Absent: not told by WeChat.
    /// Allowed: as template_delayed.
    pub template_offered: Option<String>,
    /// A booking that the desk has made. Absent: not told by WeChat. Allowed: as template_delayed.
    pub template_booked: Option<String>,
    /// A booking that the hospital has cancelled. Absent: not told by WeChat. Allowed: as template_delayed.
    pub template_cancelled: Option<String>,
    /// A fee that was paid by phone and has gone back. Absent: not told by WeChat. Allowed: as template_delayed, and {amount}, in
    /// yuan.
    pub template_refunded: Option<String>,
    /// A fee that does not go back by phone and is given at the desk. Absent: not told by WeChat. Allowed: as template_refunded.
    pub template_refund_at_desk: Option<String>,
    /// The reminder of the day before. Absent: not told by WeChat. Allowed: as template_delayed.
    pub template_reminder: Option<String>,
}

/// Notifications of browsers (Web Push; few phones in mainland China get them). Off until `contact` is given.
#[derive(Clone, Debug, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct PushSettings {
    /// Whom a push service writes to when something is wrong. Allowed: mailto: and an address, or https:// and a page.
    pub contact: Option<String>,
    /// A push service that is spoken to wherever it stands: jiaohao sandbox, or one in the hospital's own network. Absent:
    /// only those of the open network. Allowed: https://, or http:// to this machine or a private network.
    pub url: Option<String>,
}

/// How the outside channels are configured.
#[derive(Debug)]
pub struct Channels {
    /// Those that are on, by their names in metrics.
    pub on: Vec<&'static str>,
    /// Those that are filled in and off, in words with what to do.
    pub half: Vec<String>,
}

/// A secret of the configuration: prints as `***`, and no message about it repeats it.
#[derive(Clone)]
pub struct Secret(Redacted<String>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Text(String),
            Other(IgnoredAny),
        }
        match Given::deserialize(deserializer)? {
            Given::Text(text) => Ok(Self(text.into())),
            Given::Other(_) => Err(D::Error::custom("this is a text: put it in quotation marks")),
        }
    }
}

impl SmsSettings {
    /// The key, from where it stands.
    ///
    /// # Errors
    /// What is wrong, without the key.
    pub fn key(&self) -> Result<Redacted<String>, String> {
        secret(self.secret.as_ref(), self.secret_file.as_deref())
    }
}

impl WechatSettings {
    /// The AppSecret, from where it stands.
    ///
    /// # Errors
    /// What is wrong, without the secret.
    pub fn app_secret(&self) -> Result<Redacted<String>, String> {
        secret(self.secret.as_ref(), self.secret_file.as_deref())
    }

    /// The Token of the server configuration.
    pub fn token(&self) -> Option<Redacted<String>> {
        self.callback_token.clone().map(|token| token.0)
    }
}

pub(super) fn secret(given: Option<&Secret>, file: Option<&Path>) -> Result<Redacted<String>, String> {
    let secret = match (given, file) {
        (Some(_), Some(_)) => return Err("it is given twice: as secret and as secret_file".to_owned()),
        (Some(secret), None) => secret.0.clone(),
        (None, Some(path)) => {
            let unreadable = |error: std::io::Error| format!("{}: {error}", path.display());
            if path.metadata().map_err(unreadable)?.len() > SECRET_MAX_BYTES {
                return Err(format!("{}: it is longer than a secret", path.display()));
            }
            Redacted::new(std::fs::read_to_string(path).map_err(unreadable)?.trim().to_owned())
        }
        (None, None) => return Err("it is missing: give secret or secret_file".to_owned()),
    };
    let sound = !secret.reveal().is_empty() && !secret.reveal().chars().any(char::is_control);
    if sound { Ok(secret) } else { Err("it is empty, or more than a line".to_owned()) }
}

impl Settings {
    /// The channels that are on, and what is given of one that is off: it may be meant to be on.
    pub fn channels(&self) -> Channels {
        let (sms, wechat) = (&self.sms, &self.wechat);
        let has_sms = sms.url.is_some();
        let has_wechat = wechat.app_id.is_some();
        let has_push = self.push.contact.is_some();
        let has_payment = self.payment.url.is_some();
        let on = [("sms", has_sms), ("wechat", has_wechat), ("push", has_push), ("payment", has_payment)];
        let is_given = |(_, field, given): OfKind<'_>| (field, given.is_some());
        let of_push = [("push.url", self.push.url.is_some())];
        let of_sms = [
            ("sms.key_id", sms.key_id.is_some()),
            ("sms.secret", sms.secret.is_some()),
            ("sms.secret_file", sms.secret_file.is_some()),
            ("sms.sign", sms.sign.is_some()),
            ("sms.template_code", sms.template_code.is_some()),
            ("sms.template_consent", sms.template_consent.is_some()),
        ];
        let of_sms: Vec<_> = of_sms.into_iter().chain(sms.templates().map(is_given)).collect();
        let of_wechat = [
            ("wechat.secret", wechat.secret.is_some()),
            ("wechat.secret_file", wechat.secret_file.is_some()),
            ("wechat.callback_token", wechat.callback_token.is_some()),
        ];
        let of_wechat: Vec<_> = of_wechat.into_iter().chain(wechat.templates().map(is_given)).collect();
        let without = |of: &[(&'static str, bool)], switch: &str, what: &str| {
            let (field, _) = *of.iter().find(|(_, is_given)| *is_given)?;
            Some(format!(
                "{field} is given and {switch} is not: {what} stay off; give {switch}, or take out the section"
            ))
        };
        let half = [
            (!has_sms).then(|| without(&of_sms, "sms.url", "text messages")).flatten(),
            (!has_wechat).then(|| without(&of_wechat, "wechat.app_id", "WeChat messages")).flatten(),
            (!has_push).then(|| without(&of_push, "push.contact", "notifications")).flatten(),
        ];
        Channels {
            on: on.into_iter().filter_map(|(name, is_on)| is_on.then_some(name)).collect(),
            half: half.into_iter().flatten().chain(self.half_payment()).collect(),
        }
    }

    /// What is wrong with the channels that are on: by field.
    pub(super) fn channel_faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        let (sms, wechat) = (&self.sms, &self.wechat);
        if let Some(url) = &sms.url {
            address(&mut faults, "sms.url", url);
            let from = if sms.secret_file.is_some() { "sms.secret_file" } else { "sms.secret" };
            faults.extend(sms.key().err().map(|why| (from, why)));
            let needed = [
                ("sms.key_id", sms.key_id.as_deref()),
                ("sms.sign", sms.sign.as_deref()),
                ("sms.template_code", sms.template_code.as_deref()),
                ("sms.template_consent", sms.template_consent.as_deref()),
            ];
            missing(&mut faults, "sms.url", needed.into_iter().chain(sms.templates().filter_map(needed_of)));
        }
        let is_code = |code: &String| (1..=3).contains(&code.len()) && code.bytes().all(|digit| digit.is_ascii_digit());
        if !sms.countries.iter().all(is_code) {
            faults.push(("sms.countries", "a country's code has one to three digits, as \"86\"".to_owned()));
        }
        if wechat.app_id.is_some() {
            address(&mut faults, "wechat.url", &wechat.url);
            address(&mut faults, "wechat.authorize_url", &wechat.authorize_url);
            let from = if wechat.secret_file.is_some() { "wechat.secret_file" } else { "wechat.secret" };
            faults.extend(wechat.app_secret().err().map(|why| (from, why)));
            if wechat.token().is_none() {
                faults.push(("wechat.callback_token", "it belongs to wechat.app_id: give both or neither".to_owned()));
            }
            missing(&mut faults, "wechat.app_id", wechat.templates().filter_map(needed_of));
        }
        for (about, field, given) in wechat.templates() {
            faults.extend(given.and_then(|text| Template::read(text, about).err()).map(|why| (field, why)));
        }
        if let Some(contact) = &self.push.contact {
            let is_contact = contact.strip_prefix("mailto:").is_some_and(|address| address.contains('@'))
                || Target::read(contact, Whom::Outside).is_ok();
            if !is_contact || contact.contains(char::is_whitespace) {
                faults.push(("push.contact", "nobody can be written to there".to_owned()));
            }
            if let Some(url) = &self.push.url {
                address(&mut faults, "push.url", url);
            }
        }
        faults
    }
}

pub(super) fn address(faults: &mut Vec<(&'static str, String)>, field: &'static str, url: &str) {
    faults.extend(Target::read(url, Whom::Named).err().map(|why| (field, why.to_owned())));
}

/// A notice that is told to who is here has a template in each channel that is on; people at home may be told otherwise.
fn needed_of((about, field, given): OfKind<'_>) -> Option<(&'static str, Option<&str>)> {
    (!about.is_at_home()).then_some((field, given))
}

pub(super) fn missing<'a>(
    faults: &mut Vec<(&'static str, String)>,
    with: &'static str,
    needed: impl IntoIterator<Item = (&'static str, Option<&'a str>)>,
) {
    let gone = needed.into_iter().filter(|(_, given)| given.is_none_or(|text| text.trim().is_empty()));
    faults.extend(gone.map(|(field, _)| (field, format!("it is missing: it belongs to {with}"))));
}
