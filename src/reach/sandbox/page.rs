//! What came, to be looked at: a page and as JSON.

use actix_web::web::Data;
use actix_web::{HttpResponse, Responder};
use serde_json::json;

use super::Shared;

/// `GET /sent`.
pub async fn sent(shared: Data<Shared>) -> impl Responder {
    HttpResponse::Ok().json(json!({ "sent": shared.sent() }))
}

/// `GET /`: the last hundred, the newest first.
pub async fn page(shared: Data<Shared>) -> impl Responder {
    let rows: String = shared
        .sent()
        .iter()
        .rev()
        .take(100)
        .map(|received| {
            let report = match (received.reports, received.acknowledged) {
                (0, _) => "–".to_owned(),
                (times, true) => format!("{times} ✓"),
                (times, false) => format!("{times} …"),
            };
            let content = received.content.to_string();
            let cells = [received.channel, &received.to, &received.template, &content, &received.answered, &report];
            format!("<tr>{}</tr>", cells.map(|cell| format!("<td>{}</td>", escaped(cell))).concat())
        })
        .collect();
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"2\">\
         <title>Sandbox</title><style>body{{font:16px/1.5 system-ui,sans-serif;margin:2rem}}table{{border-collapse:collapse}}\
         td,th{{border-bottom:1px solid #ccc;padding:.4rem .8rem;text-align:left;vertical-align:top}}</style>\
         <h1>What came</h1><p>Made up, for trying out; nothing leaves this machine. As JSON: <a href=\"/sent\">/sent</a></p>\
         <table><tr><th>channel<th>to<th>template<th>content<th>answered<th>reports</tr>{rows}</table></html>"
    );
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'"))
        .body(body)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
