//! A push service with the browsers that subscribe there: takes what is signed for it, and opens it as the browser would.

use actix_web::web::{self, Bytes, Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Behaviour, Received, Shared, misbehave};
use crate::identity::chance;
use crate::reach::sealed::BrowserSecret;
use crate::reach::vapid;

/// Subscriptions that are kept; the oldest goes first.
const BROWSERS_MAX: usize = 1000;
/// The largest message that push services take, in bytes.
const MESSAGE_MAX_BYTES: usize = 4096;

/// Its paths.
pub fn configure(config: &mut web::ServiceConfig) {
    config.route("/push/subscriptions", web::post().to(subscribe)).route("/push/{id}", web::post().to(take));
}

/// A browser that has subscribed.
pub struct Browser {
    id: String,
    secret: BrowserSecret,
    /// The hospital's public key that it subscribed with.
    key: Option<String>,
}

#[derive(Deserialize)]
struct Wish {
    /// How the subscription behaves: what its address ends in.
    #[serde(rename = "as")]
    behaviour: Option<String>,
    /// `applicationServerKey`.
    key: Option<String>,
}

/// `POST /push/subscriptions?as=0001&key=…`: what a page would get of its browser.
async fn subscribe(request: HttpRequest, wish: Query<Wish>, shared: Data<Shared>) -> HttpResponse {
    let end = wish.behaviour.as_deref().unwrap_or("sent");
    let id = format!("{}-{end}", URL_SAFE_NO_PAD.encode(chance::bytes::<12>()));
    let secret = BrowserSecret::draw();
    let (p256dh, auth) = secret.keys();
    let endpoint = format!("{}/push/{id}", origin(&request));
    let mut state = shared.state();
    if state.browsers.len() >= BROWSERS_MAX {
        state.browsers.pop_front();
    }
    state.browsers.push_back(Browser { id, secret, key: wish.key.clone() });
    HttpResponse::Ok().json(json!({ "endpoint": endpoint, "keys": { "p256dh": p256dh, "auth": auth } }))
}

fn origin(request: &HttpRequest) -> String {
    format!("http://{}", request.connection_info().host())
}

async fn take(request: HttpRequest, id: Path<String>, body: Bytes, shared: Data<Shared>) -> HttpResponse {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let behaviour = Behaviour::of(&id);
    let checked = vapid::check(header("authorization"), &origin(&request), (shared.wall)());
    let Ok((said, key)) = checked else { return HttpResponse::Unauthorized().body(checked.err().unwrap_or_default()) };
    let opened = {
        let state = shared.state();
        let Some(browser) = state.browsers.iter().find(|browser| browser.id == *id) else {
            return HttpResponse::NotFound().finish();
        };
        if browser.key.as_ref().is_some_and(|wanted| *wanted != key) {
            return HttpResponse::Forbidden().body("another key than the browser subscribed with");
        }
        browser.secret.open(&body)
    };
    let content: Option<Value> = opened.and_then(|text| serde_json::from_slice(&text).ok());
    let is_topic = |topic: &str| {
        topic.len() <= 32 && topic.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let (status, answered) = match behaviour {
        Behaviour::Nobody => (410, "gone"),
        Behaviour::Limit => (429, "too many"),
        Behaviour::NoText => (413, "too large"),
        Behaviour::NoToken => (403, "another key"),
        Behaviour::Garbage => (500, "garbage"),
        _ if body.len() > MESSAGE_MAX_BYTES => (413, "too large"),
        _ if header("ttl").parse::<u32>().is_err() => (400, "no TTL"),
        _ if header("content-encoding") != "aes128gcm" => (400, "not sealed"),
        _ if !is_topic(header("topic")) => (400, "no topic"),
        _ if !matches!(header("urgency"), "very-low" | "low" | "normal" | "high") => (400, "no urgency"),
        _ => (201, if content.is_some() { "taken" } else { "taken, but the browser cannot open it" }),
    };
    let number = shared.keep(Received {
        channel: "push",
        to: id.clone(),
        id: content.as_ref().and_then(|content| content["id"].as_str()).unwrap_or_default().to_owned(),
        template: String::new(),
        content: json!({
            "opened": content,
            "ttl": header("ttl"),
            "urgency": header("urgency"),
            "topic": header("topic"),
            "contact": said.sub,
        }),
        answered: answered.to_owned(),
        reports: 0,
        acknowledged: false,
    });
    if let Some(answer) = misbehave(behaviour).await.filter(|_| behaviour != Behaviour::Garbage) {
        return answer;
    }
    let status = actix_web::http::StatusCode::from_u16(status).unwrap_or_default();
    HttpResponse::build(status).insert_header(("location", format!("/push/messages/{number}"))).body(answered)
}
