//! The HTTP door over real sockets, with an engine in memory behind it.

use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiaohao_actors::shell::start::Progress;
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{RESOURCES, Running, Starting, listen, start};
use crate::config::Settings;
use crate::memory_engine::MemoryEngine;

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }
    fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
    fn header(&self, name: &str) -> Option<String> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }
}

fn house(change: impl FnOnce(&mut Settings)) -> Running {
    open(&MemoryEngine::start(), change)
}

fn open(engine: &Arc<MemoryEngine>, change: impl FnOnce(&mut Settings)) -> Running {
    let mut settings = Settings::default_values();
    settings.server.listen = "127.0.0.1:0".parse().unwrap();
    settings.server.workers = 1;
    change(&mut settings);
    start(engine.clone(), &settings, engine.clock.clone()).unwrap()
}

async fn over<S: AsyncRead + AsyncWrite + Unpin>(socket: S, head: &str, body: &str) -> Answer {
    let (head, body) = raw(socket, head, body).await;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head, body: String::from_utf8_lossy(&body).into_owned() }
}

/// The head and the bytes of an answer.
async fn raw<S: AsyncRead + AsyncWrite + Unpin>(mut socket: S, head: &str, body: &str) -> (String, Vec<u8>) {
    let request = format!("{head}connection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    // a server that refuses a long body may close before it has taken it all
    let _ = timeout(Duration::from_secs(10), socket.read_to_end(&mut bytes)).await.expect("an answer");
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    (String::from_utf8_lossy(&bytes[..end]).into_owned(), bytes.split_off(end + 4))
}

async fn ask(to: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {to}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    over(TcpStream::connect(to).await.unwrap(), &head, body).await
}

const DOCTOR: (&str, &str) = ("authorization", "Bearer doctor:a-1");

#[actix_web::test]
async fn every_command_has_a_path_and_asks_who_is_there() {
    let to = house(|settings| settings.limits.commands_per_s = 1000).address;
    for (method, path, _) in RESOURCES {
        let path = format!("/api/v1{path}");
        let nobody = ask(to, method, &path, &[], "{}").await;
        assert_eq!((nobody.status, nobody.code().as_str()), (401, "unauthenticated"), "{path}");
        assert_eq!(nobody.header("content-type").as_deref(), Some("application/problem+json"));
        assert_eq!(nobody.header("www-authenticate").as_deref(), Some("Bearer"));
        let empty = ask(to, method, &path, &[DOCTOR], r#"{"no_such_field":1}"#).await;
        assert_eq!((empty.status, empty.code().as_str()), (400, "malformed"), "{path}");
    }
    let unread = ask(to, "GET", "/api/v1/audit", &[], "").await;
    assert_eq!((unread.status, unread.code().as_str()), (401, "unauthenticated"), "before what it asks wrongly");
    let unread = ask(to, "GET", "/api/v1/audit", &[DOCTOR], "").await;
    assert_eq!((unread.status, unread.code().as_str()), (400, "malformed"));
    let nothing = ask(to, "POST", "/api/v1/no-such", &[DOCTOR], "{}").await;
    assert_eq!((nothing.status, nothing.code().as_str()), (404, "unknown_command"));
    for (method, path, known) in
        [("GET", "/tickets", "POST"), ("PUT", "/tokens", "POST, GET"), ("PUT", "/site/s", "GET")]
    {
        let other = ask(to, method, &format!("/api/v1{path}"), &[DOCTOR], "").await;
        assert_eq!((other.status, other.header("allow").as_deref()), (405, Some(known)), "{method} {path}");
        assert_eq!((other.code().as_str(), other.json()["status"].as_u64()), ("unknown_command", Some(405)));
        assert_eq!(other.json()["valid_now"]["methods"].as_array().unwrap().len(), known.split(", ").count());
    }
}

#[actix_web::test]
async fn a_command_is_done_or_refused_as_on_the_socket() {
    let to = house(|settings| settings.limits.commands_per_s = 5).address;
    let hold = json!({"session": "s.d.m", "slot": "s.d.m.0900", "patient": "p-1"}).to_string();
    let key = ("idempotency-key", "01939f3e-7e5a-7cc1-8d0e-0123456789ab");
    let held = ask(to, "POST", "/api/v1/appointments/hold", &[DOCTOR, key], &hold).await;
    assert_eq!((held.status, held.header("cache-control").as_deref()), (200, Some("no-store")));
    assert_eq!(held.json()["expires_at"], "2026-11-23T09:10:00.000+08:00");
    let call = r#"{"department":"s.d","assignment":"s.x.n1","in_hand":null,"outcome":null}"#;
    let stale = ask(to, "POST", "/api/v1/calls/next", &[DOCTOR], call).await;
    assert_eq!((stale.status, stale.code().as_str()), (409, "stale_console"));
    assert_eq!(stale.json()["valid_now"], json!({"in_hand": "s.d.t9"}));
    let early = ask(to, "POST", "/api/v1/appointments/check-in", &[DOCTOR], r#"{"appointment":"s.d.b1"}"#).await;
    assert_eq!((early.status, early.code().as_str()), (409, "check_in_too_early"), "a refusal on the record");
    let wrong_key = ask(to, "POST", "/api/v1/appointments/hold", &[DOCTOR, ("idempotency-key", "1")], &hold).await;
    assert_eq!((wrong_key.status, wrong_key.code().as_str()), (400, "malformed"));
    let screen = ("authorization", "Bearer screen:a-2");
    assert_eq!(ask(to, "POST", "/api/v1/appointments/hold", &[screen], &hold).await.status, 403);
    ask(to, "POST", "/api/v1/appointments/hold", &[DOCTOR], &hold).await;
    let hasty = ask(to, "POST", "/api/v1/appointments/hold", &[DOCTOR], &hold).await;
    assert_eq!((hasty.status, hasty.header("retry-after").as_deref()), (429, Some("1")));
}

#[actix_web::test]
async fn bodies_are_bounded_and_bad_ones_are_not_repeated() {
    let to = house(|settings| settings.limits.body_bytes = 4096).address;
    let long = format!(r#"{{"ticket":"{}"}}"#, "x".repeat(5000));
    let refused = ask(to, "POST", "/api/v1/tickets/finish-service", &[DOCTOR], &long).await;
    assert_eq!((refused.status, refused.code().as_str()), (413, "too_large"));
    for body in ["", "{", "[]", "null", "\u{0}", r#"{"ticket":"张三"}"#] {
        let refused = ask(to, "POST", "/api/v1/tickets/finish-service", &[DOCTOR], body).await;
        assert_eq!((refused.status, refused.code().as_str()), (400, "malformed"), "{body}");
        assert!(!refused.body.contains("张三"));
    }
}

#[actix_web::test]
async fn signing_in_gives_a_token_and_a_cookie_that_only_the_session_sees() {
    let to = house(|_| {}).address;
    let right = r#"{"name":"li","password":"right horse battery"}"#;
    let signed_in = ask(to, "POST", "/api/v1/session", &[], right).await;
    assert_eq!(signed_in.status, 200, "{}", signed_in.body);
    let body = signed_in.json();
    assert_eq!(
        (&body["role"], &body["display_name"], &body["expires_in_s"]),
        (&json!("desk"), &json!("李"), &json!(600))
    );
    for [own, max_age] in
        [["jiaohao_refresh=secret-refresh", "Max-Age=86400"], ["jiaohao_marks=marks", "Max-Age=31536000"]]
    {
        let cookie = signed_in.head.lines().find(|line| line.contains(own)).unwrap();
        for part in ["HttpOnly", "SameSite=Strict", "Path=/api/v1/session", max_age] {
            assert!(cookie.contains(part), "{part} in {cookie}");
        }
    }
    let wrong = ask(to, "POST", "/api/v1/session", &[], r#"{"name":"li","password":"wrong"}"#).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (401, "wrong_credentials"));
    for malformed in [r#"{"name":"li"}"#, r#"["li","right horse battery"]"#] {
        assert_eq!(ask(to, "POST", "/api/v1/session", &[], malformed).await.code(), "malformed");
    }

    for (given, lacks) in [
        (r#"{"name":"li"}"#, "missing field `password`"),
        (r#"{"phone":"13800000001","code":"271828"}"#, "missing field `device`"),
        (r#"{"screen":"scr-1"}"#, "missing field `secret`"),
        ("{}", "missing field `name`"),
    ] {
        let refused = ask(to, "POST", "/api/v1/session", &[], given).await;
        assert_eq!((refused.code().as_str(), &refused.json()["detail"]), ("malformed", &json!(lacks)), "{given}");
    }

    let cookie = ("cookie", "jiaohao_refresh=secret-refresh");
    assert_eq!(ask(to, "POST", "/api/v1/session/refresh", &[cookie], "{}").await.status, 200);
    assert_eq!(ask(to, "POST", "/api/v1/session/refresh", &[], "{}").await.status, 401);
    let evil = ("origin", "http://evil.example");
    for (method, path) in
        [("POST", "/session"), ("POST", "/session/refresh"), ("DELETE", "/session"), ("POST", "/screens")]
    {
        let refused = ask(to, method, &format!("/api/v1{path}"), &[cookie, evil], right).await;
        assert_eq!(refused.status, 403, "{method} {path}");
    }
    let out = ask(to, "DELETE", "/api/v1/session", &[cookie], "").await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    let waits = ask(to, "POST", "/api/v1/session/code", &[], r#"{"phone":"13800000000"}"#).await;
    assert_eq!(
        (waits.status, waits.code().as_str(), waits.header("retry-after").as_deref()),
        (429, "back_off", Some("61"))
    );
}

#[actix_web::test]
async fn what_else_the_door_does() {
    let to = house(|_| {}).address;
    let snapshot = ask(to, "GET", "/api/v1/streams/board:s.b", &[DOCTOR], "").await;
    assert_eq!(snapshot.json()["position"], json!({"epoch": "e1", "offset": 0}));
    assert_eq!(ask(to, "GET", "/api/v1/streams/board:s.other", &[DOCTOR], "").await.status, 403);
    assert_eq!(ask(to, "GET", "/api/v1/streams/board:s.b", &[], "").await.status, 401);
    let ids = vec!["p-1"; 51];
    let many = ask(to, "POST", "/api/v1/persons/read", &[DOCTOR], &json!({"ids": ids}).to_string()).await;
    assert_eq!((many.status, many.code().as_str()), (413, "too_large"));
    let some = ask(to, "POST", "/api/v1/persons/read", &[DOCTOR], r#"{"ids":["p-1","p-2"]}"#).await;
    assert_eq!(some.json()["persons"], 2);
    assert_eq!(ask(to, "GET", "/api/v1/site/s", &[DOCTOR], "").await.json()["site"], "s");
    assert_eq!(ask(to, "GET", "/api/v1/site/S!", &[DOCTOR], "").await.status, 403);
    assert_eq!(ask(to, "GET", "/api/v1/departments/s.d/area-code", &[DOCTOR], "").await.json()["code"], "123456");
    assert_eq!(ask(to, "POST", "/api/v1/screens", &[], r#"{"board":"s.b"}"#).await.json()["code"], "314159");
    assert_eq!(ask(to, "GET", "/healthz", &[], "").await.status, 200);
    assert_eq!(ask(to, "GET", "/readyz", &[], "").await.status, 200);
    let metrics = ask(to, "GET", "/metrics", &[], "").await;
    assert!(metrics.body.contains("http_responses_total"), "{}", metrics.body);
    let document = ask(to, "GET", "/openapi.json", &[], "").await.json();
    assert_eq!(document["paths"]["/calls/next"]["post"]["operationId"], "call_next_patient");
}

#[actix_web::test]
async fn who_is_not_ready_says_why_and_is_alive_all_the_same() {
    let engine = MemoryEngine::start();
    let to = open(&engine, |_| {}).address;
    for why in ["stopping", "the disk is full: read-only"] {
        *engine.not_ready.lock().unwrap() = Some(why.to_owned());
        let ready = ask(to, "GET", "/readyz", &[], "").await;
        assert_eq!((ready.status, ready.body.trim()), (503, why));
        assert_eq!(ask(to, "GET", "/healthz", &[], "").await.status, 200);
    }
}

#[actix_web::test]
async fn a_house_that_starts_says_how_far_it_is_and_lets_nobody_in_until_it_is_up() {
    let mut settings = Settings::default_values();
    settings.server.listen = "127.0.0.1:0".parse().unwrap();
    settings.server.workers = 1;
    let progress = Arc::new(Progress::default());
    let starting = Starting { progress: progress.clone(), test_speed: Some(60.0) };
    let listening = listen(&settings, starting).unwrap();
    let to = listening.address;
    let alive = ask(to, "GET", "/healthz", &[], "").await;
    assert_eq!((alive.status, alive.header("x-jiaohao-test-speed").as_deref()), (200, Some("60")));
    let unknown = ask(to, "GET", "/readyz", &[], "").await;
    assert_eq!((unknown.status, unknown.json()["valid_now"]["commits"].is_null()), (503, true));
    progress.begin(9);
    (1..=4).for_each(|commit| progress.read(commit));
    let ready = ask(to, "GET", "/readyz", &[], "").await;
    assert_eq!((ready.status, ready.code().as_str()), (503, "recovering"));
    assert_eq!(ready.header("content-type").as_deref(), Some("application/problem+json"));
    assert_eq!(ready.header("retry-after").as_deref(), Some("2"));
    let far = &ready.json()["valid_now"];
    assert_eq!(
        (&far["replayed_commits"], &far["commits"], &far["replayed_records"]),
        (&json!(4), &json!(9), &json!(4))
    );
    let upgrade = [
        ("upgrade", "websocket"),
        ("connection", "upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    for (method, path, headers) in [
        ("GET", "/ws", &upgrade[..]),
        ("POST", "/api/v1/session", &[]),
        ("GET", "/api/v1/sites", &[("accept", "text/html"), DOCTOR]),
        ("POST", "/api/v1/calls/next", &[DOCTOR]),
        ("GET", "/board/s.b", &[]),
    ] {
        let refused = ask(to, method, path, headers, "{}").await;
        assert_eq!((refused.status, refused.code().as_str()), (503, "recovering"), "{path}");
    }
    for path in ["/", "/board/s.b", "/nowhere"] {
        let page = ask(to, "GET", path, &[("accept", "text/html,*/*")], "").await;
        assert_eq!((page.status, page.header("cache-control").as_deref()), (503, Some("no-store")), "{path}");
        assert!(page.body.contains("正在启动") && page.body.contains("http-equiv=\"refresh\""), "{}", page.body);
        assert!(page.header("retry-after").is_some() && page.header("etag").is_none());
        assert!(page.header("x-content-type-options").is_some());
    }
    assert_eq!(ask(to, "GET", "/metrics", &[], "").await.status, 200);
    assert_eq!(ask(to, "GET", "/web/base.css", &[], "").await.status, 200);
    let engine = MemoryEngine::start();
    let _running = listening.open(engine.clone(), Arc::default(), &settings, engine.clock.clone()).unwrap();
    assert_eq!(ask(to, "GET", "/readyz", &[], "").await.status, 200);
    assert_eq!(ask(to, "GET", "/board/s.b", &[("accept", "text/html")], "").await.status, 200);
}

#[actix_web::test]
async fn the_audit_is_asked_by_day_and_nothing_else() {
    let to = house(|_| {}).address;
    let page = ask(to, "GET", "/api/v1/audit?day=2026-11-23&after=7", &[DOCTOR], "").await;
    assert_eq!((page.status, page.json()["after"].as_u64()), (200, Some(7)), "{}", page.body);
    let by = r#"{"day":"2026-11-23","about":"p-1","after":7}"#;
    let page = ask(to, "POST", "/api/v1/audit/read", &[DOCTOR], by).await;
    assert_eq!((page.status, page.json()["after"].as_u64()), (200, Some(7)), "{}", page.body);
    for wrong in [
        "",
        "?day=today",
        "?day=..%2f..%2fkeys",
        "?day=2026-11-23&limit=9",
        "?day=2026-11-23&after=-1",
        // what somebody types stands in no address
        "?day=2026-11-23&about=p-1",
        "?day=2026-11-23&account=a-1",
    ] {
        let refused = ask(to, "GET", &format!("/api/v1/audit{wrong}"), &[DOCTOR], "").await;
        assert_eq!((refused.status, refused.code().as_str()), (400, "malformed"), "{wrong}");
    }
    assert_eq!(ask(to, "GET", "/api/v1/audit?day=2026-11-23", &[], "").await.status, 401);
}

#[actix_web::test]
async fn a_calendar_is_in_the_language_asked_for_and_in_chinese_where_none_is() {
    let to = house(|_| {}).address;
    let path = "/api/v1/appointments/s.d.b20261123-1/calendar";
    for (query, language) in [("", "zh"), ("?language=zh", "zh"), ("?language=en", "en")] {
        let read = ask(to, "GET", &format!("{path}{query}"), &[DOCTOR], "").await;
        assert_eq!((read.status, read.json()["calendar"].as_str()), (200, Some(language)), "{query}");
    }
    for wrong in ["?language=de", "?lang=en"] {
        let refused = ask(to, "GET", &format!("{path}{wrong}"), &[DOCTOR], "").await;
        assert_eq!((refused.status, refused.code().as_str()), (400, "malformed"), "{wrong}");
    }
    let elsewhere = ask(to, "GET", "/api/v1/appointments/b/c/calendar", &[DOCTOR], "").await;
    assert_eq!((elsewhere.status, elsewhere.code().as_str()), (404, "unknown_command"));
}

#[actix_web::test]
async fn pages_allow_nothing_from_outside() {
    let to = house(|_| {}).address;
    let page = ask(to, "GET", "/board/s.b", &[], "").await;
    assert_eq!((page.status, page.header("content-type").as_deref()), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && policy.contains(&format!("ws://{to}")), "{policy}");
    assert!(!policy.contains("unsafe"));
    for (name, value) in [("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer")] {
        assert_eq!(page.header(name).as_deref(), Some(value));
    }
    let tag = page.header("etag").unwrap();
    assert_eq!(ask(to, "GET", "/board/s.b", &[("if-none-match", &tag)], "").await.status, 304);
    let script = ask(to, "GET", "/web/board/board.js", &[], "").await;
    assert_eq!(script.header("content-type").as_deref(), Some("text/javascript; charset=utf-8"));
    for path in ["/web/", "/web/../lib.rs", "/web/%2e%2e/lib.rs", "/web/..%2flib.rs", "/board/A%20b", "/no-such"] {
        assert_eq!(ask(to, "GET", path, &[], "").await.status, 404, "{path}");
    }
    // a host that is no host does not get into the policy
    let head = "GET /doctor HTTP/1.1\r\nhost: x; script-src *\r\n";
    let odd = over(TcpStream::connect(to).await.unwrap(), head, "").await;
    assert!(!odd.header("content-security-policy").is_some_and(|policy| policy.contains("script-src *")));
}

#[actix_web::test]
async fn pages_are_packed_for_whom_it_helps() {
    let to = house(|_| {}).address;
    for path in ["/patient", "/web/base.css", "/web/patient/patient.js"] {
        let plain = ask(to, "GET", path, &[], "").await;
        assert_eq!(
            (plain.header("content-encoding"), plain.header("vary").as_deref()),
            (None, Some("accept-encoding"))
        );
        let head = format!("GET {path} HTTP/1.1\r\nhost: {to}\r\naccept-encoding: gzip, deflate, br, zstd\r\n");
        let (head, bytes) = raw(TcpStream::connect(to).await.unwrap(), &head, "").await;
        let packed = Answer { status: 200, head, body: String::new() };
        assert_eq!(packed.header("content-encoding").as_deref(), Some("gzip"), "{path}");
        assert_eq!(packed.header("content-length").unwrap(), bytes.len().to_string());
        assert!(bytes.len() < plain.body.len(), "{path}: {} of {}", bytes.len(), plain.body.len());
        let mut unpacked = String::new();
        flate2::read::GzDecoder::new(&*bytes).read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain.body, "{path}");
        for name in ["content-type", "cache-control", "content-security-policy"] {
            assert_eq!(packed.header(name), plain.header(name), "{path}: {name}");
        }
        // what is kept is asked for by the tag of what was sent
        let (gzip, tags) =
            (("accept-encoding", "gzip"), [packed.header("etag").unwrap(), plain.header("etag").unwrap()]);
        assert_ne!(tags[0], tags[1]);
        assert_eq!(ask(to, "GET", path, &[gzip, ("if-none-match", &tags[0])], "").await.status, 304);
        assert_eq!(ask(to, "GET", path, &[gzip, ("if-none-match", &tags[1])], "").await.status, 200);
        assert_eq!(ask(to, "GET", path, &[("if-none-match", &tags[1])], "").await.status, 304);
    }
    for refused in ["identity", "gzip;q=0", "br", ""] {
        let plain = ask(to, "GET", "/web/base.css", &[("accept-encoding", refused)], "").await;
        assert_eq!((plain.status, plain.header("content-encoding")), (200, None), "{refused:?}");
    }
    let picture = ask(to, "GET", "/web/icon-192.png", &[("accept-encoding", "gzip")], "").await;
    assert_eq!((picture.status, picture.header("content-encoding")), (200, None), "a picture is packed already");
}

fn certificate(dir: &Path, name: &str) {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-keyout", "key.pem", "-out", "certificate.pem", "-subj", &format!("/CN={name}")])
        .args(["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"])
        .current_dir(dir)
        .output()
        .expect("openssl is there");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[actix_web::test]
async fn tls_with_files_that_are_read_again_when_they_change() {
    let dir = tempfile::tempdir().unwrap();
    certificate(dir.path(), "first");
    let (certificate_file, key_file) = (dir.path().join("certificate.pem"), dir.path().join("key.pem"));
    let to = house(|settings| {
        settings.server.tls_certificate_file = Some(certificate_file.clone());
        settings.server.tls_key_file = Some(key_file.clone());
    })
    .address;
    let trusted = || {
        let mut roots = rustls::RootCertStore::empty();
        let pem = std::fs::read(&certificate_file).unwrap();
        for certificate in rustls_pemfile::certs(&mut pem.as_slice()) {
            roots.add(certificate.unwrap()).unwrap();
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        Arc::new(config.unwrap().with_root_certificates(roots).with_no_client_auth())
    };
    let ask = |config: Arc<rustls::ClientConfig>, request: &'static str| {
        // rustls' own blocking client: the test needs no other TLS library
        tokio::task::spawn_blocking(move || {
            use std::io::{Read, Write};
            let name = ServerName::try_from("localhost").unwrap();
            let connection = rustls::ClientConnection::new(config, name).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, std::net::TcpStream::connect(to).unwrap());
            stream.write_all(request.as_bytes())?;
            let (mut answer, mut part) = (String::new(), [0; 1024]);
            loop {
                let read = match stream.read(&mut part) {
                    Err(error) if answer.is_empty() => return Err(error),
                    read => read.unwrap_or(0),
                };
                answer += &String::from_utf8_lossy(&part[..read]);
                let has_body = answer.split_once("\r\n\r\n").is_some_and(|(_, body)| !body.is_empty());
                if read == 0 || has_body || answer.starts_with("HTTP/1.1 101") {
                    return std::io::Result::Ok(answer);
                }
            }
        })
    };
    let get = |config| ask(config, "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    // two of them: a client that has been here resumes its session and does not look at the certificate again
    let (first, first_anew) = (trusted(), trusted());
    let answer = get(first.clone()).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("strict-transport-security"), "{answer}");
    let ready = "GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let answer = ask(first.clone(), ready).await.unwrap().unwrap();
    assert!(answer.contains("\ncertificate: the certificate ends in "), "it is good for two: {answer}");
    // the socket's descriptor is found under TLS too: without it `/ws` refuses
    let upgrade = "GET /ws HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
                   sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let answer = ask(first.clone(), upgrade).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    certificate(dir.path(), "second");
    let second = trusted();
    timeout(Duration::from_secs(20), async {
        while get(second.clone()).await.unwrap().is_err() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    })
    .await
    .expect("read again");
    assert!(get(first_anew).await.unwrap().is_err());
    assert!(super::tls::server_config(&key_file, &key_file).is_err(), "a key is no certificate");
    assert!(super::tls::server_config(&certificate_file, Path::new("/no/such")).is_err());
}

#[actix_web::test]
async fn a_screen_that_waits_to_be_approved_is_no_failure_to_sign_in() {
    let to = house(|_| {}).address;
    let sign_in = async |body: &str| ask(to, "POST", "/api/v1/session", &[], body).await;
    let counted = async || {
        let metrics = ask(to, "GET", "/metrics", &[], "").await.body;
        let of = |line: &&str| line.starts_with("rejected_total{code=\"wrong_credentials\"}");
        metrics.lines().find(of).map_or(0, |line| line.rsplit(' ').next().unwrap().parse::<u32>().unwrap())
    };
    for _ in 0..3 {
        let waits = sign_in(r#"{"screen":"s.b-1","secret":"shown"}"#).await;
        assert_eq!((waits.status, waits.code().as_str()), (401, "wrong_credentials"));
    }
    assert_eq!(counted().await, 0);
    sign_in(r#"{"screen":"s.b-1","secret":"another"}"#).await;
    sign_in(r#"{"name":"li","password":"wrong"}"#).await;
    assert_eq!(counted().await, 2);
}

#[actix_web::test]
async fn a_try_to_sign_in_is_brought_to_its_end_when_who_tried_hangs_up() {
    let engine = MemoryEngine::start();
    let to = open(&engine, |settings| settings.limits.connections_per_address = 1).address;
    let until = async |count: &AtomicU64| {
        timeout(Duration::from_secs(10), async {
            while count.load(Ordering::Relaxed) == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
    };
    let mut socket = TcpStream::connect(to).await.unwrap();
    let body = r#"{"name":"li","password":"slow horse"}"#;
    let head = format!("POST /api/v1/session HTTP/1.1\r\nhost: {to}\r\ncontent-length: {}\r\n\r\n", body.len());
    socket.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    until(&engine.begun_late).await.expect("it is tried");
    // hangs up at once, with a reset
    socket.set_zero_linger().unwrap();
    drop(socket);
    let meanwhile = ask(to, "GET", "/healthz", &[], "").await;
    assert_eq!(meanwhile.status, 429, "what was tried counts for its address until it is over");
    until(&engine.ended_late).await.expect("it comes to its end");
}

#[actix_web::test]
async fn a_command_that_is_never_answered_is_timed_out() {
    let to = house(|settings| settings.limits.answer_within_s = 1).address;
    let late = ask(to, "POST", "/api/v1/calls/recall", &[DOCTOR], r#"{"call":"s.d.c1"}"#).await;
    assert_eq!((late.status, late.code().as_str()), (504, "timed_out"));
    assert!(late.json()["detail"].as_str().unwrap_or_default().contains("by its key"), "{}", late.body);
}

#[actix_web::test]
async fn an_address_has_so_many_connections_on_which_nobody_has_signed_in() {
    let to = house(|settings| settings.limits.connections_per_address = 2).address;
    let mut first = TcpStream::connect(to).await.unwrap();
    let second = TcpStream::connect(to).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let refused = ask(to, "GET", "/healthz", &[], "").await;
    assert_eq!((refused.status, refused.code().as_str()), (429, "limit_exceeded"));
    assert_eq!(refused.header("connection").as_deref(), Some("close"));
    // it has a token: it counts no more
    let body = r#"{"session":"s.d.m","slot":"s.d.m.0900","patient":"p-1"}"#;
    let head = format!(
        "POST /api/v1/appointments/hold HTTP/1.1\r\nhost: {to}\r\n{}: {}\r\ncontent-length: {}\r\n\r\n{body}",
        DOCTOR.0,
        DOCTOR.1,
        body.len()
    );
    first.write_all(head.as_bytes()).await.unwrap();
    assert!(first.read(&mut [0; 4096]).await.unwrap() > 0);
    assert_eq!(ask(to, "GET", "/healthz", &[], "").await.status, 200);
    drop((first, second));
}

#[actix_web::test]
async fn a_connection_whose_peer_takes_nothing_is_ended() {
    const ANSWERS: usize = 60;
    let to = house(|settings| settings.limits.unread_s = 1).address;
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut unread = socket.connect(to).await.unwrap();
    let request = format!("GET /openapi.json HTTP/1.1\r\nhost: {to}\r\n\r\n");
    unread.write_all(request.repeat(ANSWERS).as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(4)).await;
    let mut bytes = Vec::new();
    // reset, or the end of what was on its way
    let _ = timeout(Duration::from_secs(10), unread.read_to_end(&mut bytes)).await.expect("it has ended");
    let whole = super::openapi_document().to_string().len() * ANSWERS;
    assert!(bytes.len() < whole / 2, "{} of {whole} bytes waited for who does not read", bytes.len());
}
