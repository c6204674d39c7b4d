//! WeChat: gives out access tokens, takes template messages, and sends the event that says what became of one; sends its
//! browser back with a code, and says for a code who that is.

use std::collections::VecDeque;
use std::sync::Arc;

use actix_web::http::header::{LOCATION, USER_AGENT};
use actix_web::web::{self, Bytes, Data, Json, Query};
use actix_web::{HttpRequest, HttpResponse};
use data_encoding::HEXLOWER;
use hyper::Method;
use jiaohao_domain::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Behaviour, Received, Shared, misbehave};
use crate::http::channels::WECHAT_EVENTS;
use crate::identity::chance;
use crate::reach::client::{Target, Whom};
use crate::reach::wechat::authorize::{AUTHORIZE, EXCHANGE};
use crate::reach::wechat::{SEND, TOKEN, signature};

/// How long an access token holds, in seconds.
const HOLDS_S: i64 = 7200;
/// How long a code holds, in seconds.
const CODE_HOLDS_S: i64 = 300;
/// Codes that are known; the oldest goes first.
const CODES_MAX: usize = 256;

/// Its paths.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .route(TOKEN, web::post().to(token))
        .route(SEND, web::post().to(take))
        .route(AUTHORIZE, web::get().to(authorize))
        .route(EXCHANGE, web::get().to(exchange))
        .route("/wechat/holder", web::post().to(hold));
}

/// Who holds the phone in whose WeChat a page is opened, and whether they refuse.
#[derive(Default, Deserialize)]
struct Holder {
    /// The last four characters of the openid: how it behaves.
    #[serde(default, rename = "as")]
    behaves: String,
    #[serde(default)]
    refuses: bool,
}

/// A code that was given out.
struct Given {
    code: String,
    openid: String,
    ends_at: Timestamp,
    used: bool,
}

/// Who is at the phone, and the codes that they were given.
#[derive(Default)]
pub struct Holders {
    now: Holder,
    codes: VecDeque<Given>,
}

/// From now on somebody else holds the phone.
async fn hold(holder: Query<Holder>, shared: Data<Shared>) -> HttpResponse {
    shared.state().holders.now = holder.into_inner();
    HttpResponse::Ok().finish()
}

#[derive(Deserialize)]
struct Wanted {
    appid: String,
    redirect_uri: String,
    response_type: String,
    scope: String,
    #[serde(default)]
    state: String,
}

fn no_page(why: &'static str) -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(format!("<!doctype html><h1>{why}</h1>"))
}

/// As `snsapi_base` does: back at once, without a question.
async fn authorize(request: HttpRequest, wanted: Query<Wanted>, shared: Data<Shared>) -> HttpResponse {
    let agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let is_in_domain = |callback: &String| {
        let callback = callback.trim_end_matches('/');
        wanted.redirect_uri.strip_prefix(callback).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if !agent.contains("MicroMessenger") {
        return no_page("请在微信客户端打开链接");
    }
    if wanted.appid != shared.options.secrets.app_id {
        return no_page("appid 参数错误 (10003)");
    }
    if !shared.options.callback.as_ref().is_none_or(is_in_domain) {
        return no_page("redirect_uri 域名与后台配置不一致 (10003)");
    }
    if wanted.response_type != "code" || wanted.scope != "snsapi_base" || wanted.state.len() > 128 {
        return no_page("参数错误 (10005)");
    }
    let now = (shared.wall)();
    let holders = &mut shared.state().holders;
    let mut answer = String::new();
    if !holders.now.refuses {
        let code = HEXLOWER.encode(&chance::bytes::<16>());
        answer = format!("code={code}&");
        let behaves = if holders.now.behaves.is_empty() { "8000" } else { &holders.now.behaves };
        let openid = format!("o-follower-{behaves}");
        if holders.codes.len() >= CODES_MAX {
            holders.codes.pop_front();
        }
        holders.codes.push_back(Given { code, openid, ends_at: now.plus_s(CODE_HOLDS_S), used: false });
    }
    let joint = if wanted.redirect_uri.contains('?') { '&' } else { '?' };
    let back = format!("{}{joint}{answer}state={}", wanted.redirect_uri, wanted.state);
    HttpResponse::Found().insert_header((LOCATION, back.clone())).content_type("text/plain").body(back)
}

#[derive(Deserialize)]
struct ToExchange {
    appid: String,
    secret: String,
    code: String,
    grant_type: String,
}

/// Who that is, once.
async fn exchange(asked: Query<ToExchange>, shared: Data<Shared>) -> HttpResponse {
    if let Some(refused) = refused(&shared, asked.grant_type == "authorization_code", &asked.appid, &asked.secret) {
        return refused;
    }
    let now = (shared.wall)();
    let openid = {
        let holders = &mut shared.state().holders;
        let Some(given) = holders.codes.iter_mut().find(|given| given.code == asked.code) else {
            return error(40029, "invalid code");
        };
        if given.used {
            return error(40163, "code been used");
        }
        if given.ends_at <= now {
            return error(42003, "oauth_code expired");
        }
        given.used = true;
        given.openid.clone()
    };
    let token = || HEXLOWER.encode(&chance::bytes::<32>());
    let said = json!({
        "access_token": token(),
        "expires_in": HOLDS_S,
        "refresh_token": token(),
        "openid": openid,
        "scope": "snsapi_base",
    });
    misbehave(Behaviour::of(&openid)).await.unwrap_or_else(|| HttpResponse::Ok().json(said))
}

/// The access token that was given out.
#[derive(Default)]
pub struct Tokens {
    token: String,
    ends_at: Timestamp,
    /// By `force_refresh`.
    forced: bool,
}

#[derive(Deserialize)]
struct Asked {
    grant_type: String,
    appid: String,
    secret: String,
    #[serde(default)]
    force_refresh: bool,
}

fn error(errcode: i64, errmsg: &str) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "errcode": errcode, "errmsg": errmsg }))
}

/// Why whoever asks for a token gets none; none: it is the account, and a kind that there is.
fn refused(shared: &Shared, is_granted: bool, appid: &str, secret: &str) -> Option<HttpResponse> {
    let secrets = &shared.options.secrets;
    if !is_granted {
        return Some(error(40002, "invalid grant_type"));
    }
    if appid != secrets.app_id {
        return Some(error(40013, "invalid appid"));
    }
    (secret != secrets.app_secret).then(|| error(40125, "invalid appsecret"))
}

async fn token(asked: Json<Asked>, shared: Data<Shared>) -> HttpResponse {
    if let Some(refused) = refused(&shared, asked.grant_type == "client_credential", &asked.appid, &asked.secret) {
        return refused;
    }
    let now = (shared.wall)();
    let tokens = &mut shared.state().wechat;
    if asked.force_refresh || tokens.ends_at <= now {
        let token = HEXLOWER.encode(&chance::bytes::<32>());
        *tokens = Tokens { token, ends_at: now.plus_s(HOLDS_S), forced: asked.force_refresh };
    }
    let expires_in = tokens.ends_at.ms_since(now) / 1000;
    HttpResponse::Ok().json(json!({ "access_token": tokens.token, "expires_in": expires_in }))
}

#[derive(Deserialize)]
struct With {
    access_token: String,
}

#[derive(Deserialize)]
struct Message {
    touser: String,
    template_id: String,
    data: Map<String, Value>,
    #[serde(default)]
    client_msg_id: String,
}

/// What a message is refused with, if it is.
fn refusal(message: &Message, behaviour: Behaviour, forced: bool) -> Option<(i64, &'static str)> {
    let fits = |(name, field): (&String, &Value)| {
        let most = if name.starts_with("thing") { 20 } else { 200 };
        field["value"].as_str().is_some_and(|text| (1..=most).contains(&text.chars().count()))
    };
    match behaviour {
        Behaviour::NoToken if !forced => Some((40001, "invalid credential, access_token is invalid or not latest")),
        Behaviour::Nobody => Some((43004, "require subscribe")),
        Behaviour::NoText => Some((40037, "invalid template_id")),
        Behaviour::Limit => Some((45009, "reach max api daily quota limit")),
        _ if message.touser.is_empty() => Some((40003, "invalid openid")),
        _ if message.template_id.is_empty() => Some((40037, "invalid template_id")),
        _ if !message.data.iter().all(fits) => Some((47003, "argument invalid")),
        _ => None,
    }
}

async fn take(with: Query<With>, body: Bytes, shared: Data<Shared>) -> HttpResponse {
    let shared = shared.into_inner();
    let (is_token, is_over, forced) = {
        let tokens = &shared.state().wechat;
        (with.access_token == tokens.token, tokens.ends_at <= (shared.wall)(), tokens.forced)
    };
    if !is_token || is_over {
        return if is_token { error(42001, "access_token expired") } else { error(40001, "invalid credential") };
    }
    let Ok(message) = serde_json::from_slice::<Message>(&body) else { return error(47001, "data format error") };
    let behaviour = Behaviour::of(&message.touser);
    let taken = |number: u64| HttpResponse::Ok().json(json!({ "errcode": 0, "errmsg": "ok", "msgid": number }));
    let is_named = !message.client_msg_id.is_empty();
    if let Some(number) = shared.known("wechat", &message.client_msg_id).filter(|_| is_named) {
        return taken(number);
    }
    let refused = refusal(&message, behaviour, forced);
    let number = shared.keep(Received {
        channel: "wechat",
        to: message.touser.clone(),
        id: message.client_msg_id,
        template: message.template_id,
        content: message.data.into(),
        answered: refused.map_or("taken".to_owned(), |(errcode, _)| errcode.to_string()),
        reports: 0,
        acknowledged: false,
    });
    if let Some((errcode, errmsg)) = refused {
        return error(errcode, errmsg);
    }
    if shared.options.callback.is_some() {
        let times = if behaviour == Behaviour::Twice { 2 } else { 1 };
        let status = if behaviour == Behaviour::Undelivered { "failed:user block" } else { "success" };
        shared.report(number, times, move |shared| report(shared, number, message.touser.clone(), status));
    }
    misbehave(behaviour).await.unwrap_or_else(|| taken(number))
}

/// Sends the event once; whether the hospital has acknowledged it.
async fn report(shared: Arc<Shared>, number: u64, openid: String, status: &'static str) -> bool {
    let now_s = ((shared.wall)().0 / 1000).to_string();
    let nonce = HEXLOWER.encode(&chance::bytes::<8>());
    let signed = signature(&shared.options.secrets.callback_token, &now_s, &nonce);
    let callback = shared.options.callback.clone().unwrap_or_default();
    let path = format!("{WECHAT_EVENTS}?signature={signed}&timestamp={now_s}&nonce={nonce}&openid={openid}");
    let Ok(target) = Target::read(&callback, Whom::Named).map(|target| target.at(&path)) else { return false };
    let event = format!(
        "<xml><ToUserName><![CDATA[gh_sandbox]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>\
         <CreateTime>{now_s}</CreateTime><MsgType><![CDATA[event]]></MsgType>\
         <Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event><MsgID>{number}</MsgID>\
         <Status><![CDATA[{status}]]></Status></xml>"
    );
    let headers = [("content-type", "text/xml".to_owned())];
    let answered = shared.client.ask(Method::POST, &target, &headers, event.into_bytes()).await;
    answered.is_ok_and(|answered| answered.status == 200 && matches!(answered.body.as_ref(), b"success" | b""))
}
