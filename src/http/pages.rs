//! The pages: files of `src/web` in the binary, each with its hash as an entity tag. Nothing from outside is allowed in.

use std::io::Read;
use std::sync::LazyLock;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT, ACCEPT_ENCODING, AcceptEncoding, CACHE_CONTROL, CONTENT_TYPE, ContentEncoding, ETAG, Encoding, HOST,
    Header, HeaderValue, IF_NONE_MATCH, RETRY_AFTER, VARY,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use dashmap::DashMap;
use flate2::Compression;
use flate2::read::GzEncoder;
use jiaohao_domain::{Code, is_well_formed};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::starting::ASK_AGAIN_S;
use super::{Door, problem};

#[derive(RustEmbed)]
#[folder = "src/web/"]
struct Files;

/// Path of a page and its file; the board's and the door's carry an id.
const PAGES: &[(&str, &str)] = &[
    ("/", "index.html"),
    ("/board/{id}", "board.html"),
    ("/door/{id}", "door.html"),
    ("/doctor", "doctor.html"),
    ("/caller", "caller.html"),
    ("/desk", "desk.html"),
    ("/kiosk", "kiosk.html"),
    ("/patient", "patient.html"),
    ("/ops", "ops.html"),
    ("/setup", "setup.html"),
];

/// The routes of the pages and of what they load.
pub fn configure(config: &mut web::ServiceConfig) {
    for &(path, file) in PAGES {
        config.route(path, web::get().to(move |request: HttpRequest| async move { page(&request, file) }));
    }
    config.route("/push-worker.js", web::get().to(push_worker));
    config.route("/web/{path:.*}", web::get().to(asset));
    config.route("/voice/{site}/{version}/{file}", web::get().to(voice));
}

/// No page has this address: words and a way back for a person, a problem for a program.
pub fn nowhere(request: &HttpRequest) -> HttpResponse {
    let accepts = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !accepts.contains("text/html") {
        return not_found();
    }
    let mut response = html(request, "nowhere.html");
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

/// The house is not up yet: words for a person, on a page that asks again by itself.
pub fn starting(request: &HttpRequest) -> HttpResponse {
    let mut response = html(request, "starting.html");
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let headers = response.headers_mut();
    headers.remove(ETAG);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(RETRY_AFTER, HeaderValue::from(ASK_AGAIN_S));
    response
}

fn page(request: &HttpRequest, file: &'static str) -> HttpResponse {
    if request.match_info().get("id").is_some_and(|id| !is_well_formed(id)) {
        nowhere(request)
    } else {
        html(request, file)
    }
}

fn html(request: &HttpRequest, file: &'static str) -> HttpResponse {
    // Older browsers do not take 'self' for a socket of the same host: it is named.
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).filter(|host| is_host(host));
    let sockets = host.map(|host| format!(" ws://{host} wss://{host}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
         media-src 'self' blob:; connect-src 'self'{sockets}; manifest-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    serve(request, file, Some(&policy))
}

/// The service worker of notifications, beside the pages so that it may open one of them. It loads its words and nothing
/// else.
async fn push_worker(request: HttpRequest) -> HttpResponse {
    serve(&request, "push-worker.js", Some("default-src 'none'; script-src 'self'"))
}

async fn asset(request: HttpRequest, path: web::Path<String>) -> HttpResponse {
    serve(&request, &path, None)
}

/// A file of a site's voice pack: no patient's data is in it, and screens load it before they are let in. Its address names
/// its content.
async fn voice(request: HttpRequest, door: web::Data<Door>, path: web::Path<(String, String, String)>) -> HttpResponse {
    let (site, version, file) = path.into_inner();
    let tag = format!("\"{version}\"");
    match door.engine.voice_file(&site, &version, &file).await {
        Ok(Some(_)) if knows(&request, &tag) => HttpResponse::NotModified().insert_header((ETAG, tag)).finish(),
        Ok(Some(bytes)) => HttpResponse::Ok()
            .insert_header((ETAG, tag))
            .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
            .insert_header((CONTENT_TYPE, content_type(&file)))
            .body(bytes),
        Ok(None) => not_found(),
        Err(why) => problem::response(&why),
    }
}

/// Whether who asks has the file with this tag.
fn knows(request: &HttpRequest, tag: &str) -> bool {
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    known.is_some_and(|known| known.split(',').any(|known| known.trim() == tag))
}

/// Whether it is only a name or address with a port, so that it can stand in a header of ours.
fn is_host(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
}

fn serve(request: &HttpRequest, path: &str, policy: Option<&str>) -> HttpResponse {
    let Some(file) = Files::get(path).filter(|_| !path.ends_with(".md")) else { return not_found() };
    let packed = is_text(path) && takes_gzip(request);
    // What is packed is another answer than what is not: it has a tag of its own.
    let kind = if packed { "-gz" } else { "" };
    let tag = format!("\"{}{kind}\"", data_encoding::HEXLOWER.encode(&file.metadata.sha256_hash()[..12]));
    let is_known = knows(request, &tag);
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, "no-cache"));
    if is_text(path) {
        response.insert_header((VARY, "accept-encoding"));
    }
    if let Some(policy) = policy {
        response.insert_header(("Content-Security-Policy", policy));
    }
    if is_known {
        return response.finish();
    }
    response.insert_header((CONTENT_TYPE, content_type(path)));
    if packed {
        return response.insert_header(ContentEncoding::Gzip).body(gzip(&file));
    }
    match file.data {
        std::borrow::Cow::Borrowed(bytes) => response.body(bytes),
        std::borrow::Cow::Owned(bytes) => response.body(bytes),
    }
}

/// Whether it becomes smaller when it is packed: pictures are packed already.
fn is_text(path: &str) -> bool {
    matches!(path.rsplit('.').next(), Some("html" | "js" | "css" | "svg" | "json" | "webmanifest"))
}

/// Whether who asks takes gzip, as the header of RFC 9110, 12.5.3 says.
fn takes_gzip(request: &HttpRequest) -> bool {
    let Ok(accepted) = AcceptEncoding::parse(request) else { return false };
    let asked = request.headers().contains_key(ACCEPT_ENCODING);
    asked && accepted.negotiate([Encoding::gzip(), Encoding::identity()].iter()) == Some(Encoding::gzip())
}

/// A file of the pages, packed the first time that it is asked for and kept: as many as there are files.
fn gzip(file: &EmbeddedFile) -> Bytes {
    static PACKED: LazyLock<DashMap<[u8; 32], Bytes>> = LazyLock::new(DashMap::new);
    let kept = PACKED.entry(file.metadata.sha256_hash()).or_insert_with(|| {
        let mut packed = Vec::new();
        // from one piece of memory into another: neither end can fail
        let _ = GzEncoder::new(&*file.data, Compression::best()).read_to_end(&mut packed);
        packed.into()
    });
    kept.clone()
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "wav" => "audio/wav",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

fn not_found() -> HttpResponse {
    problem::response_as(&jiaohao_domain::Rejection::new(Code::UnknownCommand, "there is no such page"), 404)
}
