//! The text message service: takes what is signed, and tells what became of it until that is acknowledged.

use std::sync::Arc;

use actix_web::web::{self, Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use hyper::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Behaviour, Received, Shared, misbehave};
use crate::http::channels::SMS_REPORTS;
use crate::reach::client::{Target, Whom};
use crate::reach::{signature, sms::MESSAGES};

/// Its paths.
pub fn configure(config: &mut web::ServiceConfig) {
    config.route(MESSAGES, web::post().to(take));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    phone: String,
    sign: String,
    template: String,
    params: Map<String, Value>,
    out_id: String,
}

fn answer(status: u16, code: &str, biz_id: Option<u64>) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(status).unwrap_or_default();
    let biz_id = biz_id.map(|number| format!("sandbox-{number}"));
    HttpResponse::build(status).json(json!({ "code": code, "biz_id": biz_id }))
}

/// What a message is refused with, if it is.
fn refusal(message: &Message, behaviour: Behaviour) -> Option<&'static str> {
    let digits = message.phone.strip_prefix('+').unwrap_or_default();
    let is_number = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_text = |value: &Value| value.as_str().is_some_and(|text| text.chars().count() <= 35);
    if !is_number || behaviour == Behaviour::Nobody {
        Some("INVALID_NUMBER")
    } else if message.sign.is_empty() {
        Some("SIGN_REFUSED")
    } else if message.template.is_empty() || behaviour == Behaviour::NoText || !message.params.values().all(is_text) {
        Some("TEMPLATE_REFUSED")
    } else if behaviour == Behaviour::Limit {
        Some("LIMIT_REACHED")
    } else {
        None
    }
}

async fn take(request: HttpRequest, body: Bytes, shared: Data<Shared>) -> HttpResponse {
    let shared = shared.into_inner();
    let secrets = &shared.options.secrets;
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let signed = signature::check(
        (&secrets.sms_key_id, &secrets.sms_secret),
        ("POST", request.path(), &body),
        header(signature::AUTHORIZATION),
        header(signature::DATE),
        (shared.wall)(),
    );
    match signed {
        Err(signature::Wrong::Date) => return answer(401, "DATE_WRONG", None),
        Err(_) => return answer(401, "SIGNATURE_WRONG", None),
        Ok(()) => {}
    }
    let Ok(message) = serde_json::from_slice::<Message>(&body) else { return answer(400, "MALFORMED", None) };
    let behaviour = Behaviour::of(&message.phone);
    if behaviour == Behaviour::NoToken {
        return answer(401, "SIGNATURE_WRONG", None);
    }
    if let Some(number) = shared.known("sms", &message.out_id) {
        return answer(200, "OK", Some(number));
    }
    let refused = refusal(&message, behaviour);
    let received = Received {
        channel: "sms",
        to: message.phone.clone(),
        id: message.out_id.clone(),
        template: message.template,
        content: message.params.into(),
        answered: refused.unwrap_or("taken").to_owned(),
        reports: 0,
        acknowledged: false,
    };
    let number = shared.keep(received);
    if let Some(code) = refused {
        return answer(200, code, None);
    }
    let times = if behaviour == Behaviour::Twice { 2 } else { 1 };
    let arrived = behaviour != Behaviour::Undelivered;
    let (id, phone) = (message.out_id, message.phone);
    if shared.options.callback.is_some() {
        shared.report(number, times, move |shared| report(shared, id.clone(), phone.clone(), arrived));
    }
    misbehave(behaviour).await.unwrap_or_else(|| answer(200, "OK", Some(number)))
}

/// Sends a report once; whether the hospital has acknowledged it.
async fn report(shared: Arc<Shared>, out_id: String, phone: String, arrived: bool) -> bool {
    let callback = shared.options.callback.clone().unwrap_or_default();
    let Ok(target) = Target::read(&callback, Whom::Named).map(|target| target.at(SMS_REPORTS)) else { return false };
    let now = (shared.wall)();
    let report = json!([{
        "out_id": out_id,
        "phone_tail": &phone[phone.len().saturating_sub(4)..],
        "success": arrived,
        "err_code": if arrived { "DELIVERED" } else { "PHONE_OFF" },
        "report_time": chrono::DateTime::from_timestamp_millis(now.0).unwrap_or_default().to_rfc3339(),
    }]);
    let body = report.to_string().into_bytes();
    let secrets = &shared.options.secrets;
    let signed = signature::headers(&secrets.sms_key_id, &secrets.sms_secret, "POST", target.path(), &body, now);
    let headers: Vec<_> = [("content-type", "application/json".to_owned())].into_iter().chain(signed).collect();
    let answered = shared.client.ask(Method::POST, &target, &headers, body).await;
    let said = answered.ok().and_then(|answered| serde_json::from_slice::<Value>(&answered.body).ok());
    said.is_some_and(|said| said["code"] == 0)
}
