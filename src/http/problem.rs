//! Errors on the HTTP door: `application/problem+json` with the same codes as on the socket.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use jiaohao_actors::fanout::error_object;
use jiaohao_domain::codes::Valid;
use jiaohao_domain::{Code, Rejection};
use serde_json::Value;

/// The response to a rejection.
pub fn response(rejection: &Rejection) -> HttpResponse {
    response_as(rejection, rejection.code.http_status())
}

/// The same with a status of its own: what is unknown is a path or a method, where the socket knows commands only.
pub fn response_as(rejection: &Rejection, status: u16) -> HttpResponse {
    metrics::counter!("rejected_total", "code" => rejection.code.wire()).increment(1);
    uncounted(rejection, status)
}

/// The same for what is no failure of anybody: a screen that asks whether it has been approved.
pub fn not_yet(rejection: &Rejection) -> HttpResponse {
    uncounted(rejection, rejection.code.http_status())
}

fn uncounted(rejection: &Rejection, status: u16) -> HttpResponse {
    let mut body = error_object(rejection);
    body["type"] = Value::from("about:blank");
    body["status"] = Value::from(status);
    let mut response = HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    response.insert_header((CONTENT_TYPE, "application/problem+json")).insert_header((CACHE_CONTROL, "no-store"));
    if matches!(status, 429 | 503) {
        response.insert_header((RETRY_AFTER, retry_after_s(rejection).to_string()));
    }
    if rejection.code == Code::Unauthenticated {
        response.insert_header((WWW_AUTHENTICATE, "Bearer"));
    }
    response.body(body.to_string())
}

/// Whole seconds, rounded up; 1 when nothing is said.
fn retry_after_s(rejection: &Rejection) -> u64 {
    let said = rejection.valid_now.iter().find_map(|(name, valid)| match (name.as_str(), valid) {
        ("retry_after_s", Valid::Number(s)) => u64::try_from(*s).ok(),
        ("retry_after_ms", Valid::Number(ms)) => u64::try_from(*ms).ok().map(|ms| ms.div_ceil(1000)),
        _ => None,
    });
    said.unwrap_or(1).max(1)
}

/// A rejection as an error of a handler.
#[derive(Debug)]
pub struct Problem(pub Rejection);

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.code.wire())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
    fn error_response(&self) -> HttpResponse {
        response(&self.0)
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        Self(rejection)
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self(code.into())
    }
}
