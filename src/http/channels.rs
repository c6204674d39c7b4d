//! The doors of the outside channels: delivery reports of the text message service and of WeChat, each signed by its own
//! rules, and the key that pages subscribe to notifications with: nobody is signed in there. And the way of somebody signed
//! in to WeChat and back, by which it says as whom it knows them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use jiaohao_domain::{Code, Rejection};
use serde_json::json;

use super::Door;
use super::api::{json_response, read, read_bytes};
use super::problem::Problem;
use super::requests::{Deed, Visit, VisitAnswer};
use crate::pay::port::Called;
use crate::reach::signature;
use crate::reach::sms::NoReports;
use crate::reach::wechat::{EVENT_MAX_BYTES, NoEvent, Signed, WeChat};

/// Where the text message service reports.
pub const SMS_REPORTS: &str = "/api/v1/channels/sms";
/// Where WeChat reports.
pub const WECHAT_EVENTS: &str = "/api/v1/channels/wechat";
/// Where the party through which fees are paid says what became of an order or a refund.
pub const PAYMENT_NEWS: &str = "/api/v1/channels/payment";

/// The largest list of reports, in bytes.
const REPORTS_MAX_BYTES: usize = 64 << 10;
/// The largest news of a payment, in bytes.
const NEWS_MAX_BYTES: usize = 64 << 10;
/// The longest text that WeChat has echoed, in bytes.
const ECHO_MAX_BYTES: usize = 256;

type Outcome = Result<HttpResponse, Problem>;

/// The routes under `/api/v1`.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/channels/sms", web::post().to(take_sms_reports))
        .route("/channels/payment", web::post().to(take_payment_news))
        .route("/channels/wechat", web::get().to(verify_wechat))
        .route("/channels/wechat", web::post().to(take_wechat_event))
        .route("/channels/wechat/authorize", web::post().to(ask_wechat))
        .route("/channels/wechat/bind", web::post().to(bind_wechat))
        .route("/push-key", web::get().to(read_push_key));
}

impl Door {
    /// One more request of an outside party.
    fn reported(&self, request: &HttpRequest) -> Result<(), Rejection> {
        self.limits.report(self.proxies.client(request).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
    }

    fn wechat(&self) -> Result<&Arc<WeChat>, Rejection> {
        self.reach.wechat.as_ref().ok_or_else(off)
    }
}

/// The hospital does not have this channel.
fn off() -> Rejection {
    Rejection::new(Code::UnknownCommand, "this channel is not set up here")
}

/// Said only to the log at `debug`: strangers may write here as often as they like.
fn refused(channel: &'static str, code: Code, why: impl std::fmt::Display) -> Problem {
    tracing::debug!(channel, %why, "a delivery report is refused");
    Rejection::new(code, why.to_string()).into()
}

async fn take_sms_reports(request: HttpRequest, door: web::Data<Door>, payload: web::Payload) -> Outcome {
    door.reported(&request)?;
    let sms = door.reach.sms.as_ref().ok_or_else(off)?;
    let body = read_bytes(payload, REPORTS_MAX_BYTES).await?;
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let signed = (header(signature::AUTHORIZATION), header(signature::DATE));
    match sms.take_reports(request.path(), signed, &body) {
        Ok(()) => Ok(json_response(&json!({ "code": 0 }))),
        Err(why @ NoReports::Unsigned(_)) => Err(refused("sms", Code::Unauthenticated, why)),
        Err(why @ NoReports::Malformed) => Err(refused("sms", Code::Malformed, why)),
    }
}

/// Acknowledged only once it is on the record: until then the party says it again.
async fn take_payment_news(request: HttpRequest, door: web::Data<Door>, payload: web::Payload) -> Outcome {
    door.reported(&request)?;
    let body = read_bytes(payload, NEWS_MAX_BYTES).await?.to_vec();
    let text = |(name, value): (&HeaderName, &HeaderValue)| Some((name.to_string(), value.to_str().ok()?.to_owned()));
    let headers = request.headers().iter().filter_map(text).collect();
    let address = door.proxies.client(&request).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let called = Called { path: request.path().to_owned(), headers, body };
    match door.engine.visit(address, Visit::PaymentNews(called)).await? {
        VisitAnswer::Told(said) => Ok(json_response(&said)),
        _ => Err(Rejection::from(Code::Internal).into()),
    }
}

/// Signature, timestamp and nonce of the query.
fn signed(request: &HttpRequest) -> Result<Signed, Problem> {
    let query = web::Query::<Signed>::from_query(request.query_string());
    let query = query.map_err(|_| refused("wechat", Code::Unauthenticated, NoEvent::Unsigned))?;
    Ok(query.into_inner())
}

fn no_event(why: NoEvent) -> Problem {
    let code = if why == NoEvent::Unsigned { Code::Unauthenticated } else { Code::Malformed };
    refused("wechat", code, why)
}

fn text(text: String) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).content_type("text/plain; charset=utf-8").body(text)
}

/// WeChat asks whether this address is the hospital's: it gets its own word back.
async fn verify_wechat(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    door.reported(&request)?;
    let (wechat, signed) = (door.wechat()?, signed(&request)?);
    wechat.check(&signed).map_err(no_event)?;
    let echo = signed.echostr.filter(|echo| echo.len() <= ECHO_MAX_BYTES);
    echo.map(text).ok_or_else(|| refused("wechat", Code::Malformed, NoEvent::Malformed))
}

async fn take_wechat_event(request: HttpRequest, door: web::Data<Door>, payload: web::Payload) -> Outcome {
    door.reported(&request)?;
    let (wechat, signed) = (door.wechat()?, signed(&request)?);
    wechat.check(&signed).map_err(no_event)?;
    let body = read_bytes(payload, EVENT_MAX_BYTES).await?;
    wechat.take_event(&signed, &body).map_err(no_event)?;
    Ok(text("success".to_owned()))
}

async fn ask_wechat(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    let origin = door.proxies.own(&request).ok_or(Code::Malformed)?;
    door.deed(&request, Deed::AskWechat { origin }).await
}

async fn bind_wechat(request: HttpRequest, door: web::Data<Door>, payload: web::Payload) -> Outcome {
    let back = read(&door, payload).await?;
    door.deed(&request, Deed::BindWechat(back)).await
}

/// What a page subscribes to notifications with, null where the hospital sends none, and by which ways it tells people at
/// all.
async fn read_push_key(door: web::Data<Door>) -> HttpResponse {
    let key = door.reach.push.as_ref().map(|push| push.public_key());
    json_response(&json!({ "key": key, "channels": door.reach.names() }))
}
