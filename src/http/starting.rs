//! The door while the house still reads its log: it is alive, it says how far it has come, and it lets nobody in.

use std::sync::Arc;

use actix_web::http::header::ACCEPT;
use actix_web::{HttpRequest, HttpResponse};
use jiaohao_actors::shell::start::Progress;
use jiaohao_domain::{Code, Rejection};

use super::{pages, problem};

/// When to ask again, in seconds.
pub(super) const ASK_AGAIN_S: u32 = 2;

/// What is known before the house is up.
#[derive(Default)]
pub struct Starting {
    /// How far the start has come.
    pub progress: Arc<Progress>,
    /// On a folder made for test: how fast its clock runs.
    pub test_speed: Option<f64>,
}

impl Starting {
    /// The answer to whoever comes too early; none for what needs no house (figures, files of the pages).
    pub(super) fn answer(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let path = request.path();
        let accepts = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match path {
            "/healthz" => Some(alive(self.test_speed)),
            "/metrics" | "/openapi.json" => None,
            _ if path.starts_with("/web/") => None,
            "/readyz" | "/ws" => Some(self.refusal()),
            _ if path.starts_with("/api/") || !accepts.contains("text/html") => Some(self.refusal()),
            _ => Some(pages::starting(request)),
        }
    }

    fn refusal(&self) -> HttpResponse {
        let replayed = self.progress.look();
        let mut rejection = Rejection::new(Code::Recovering, "the server has started and is reading its log");
        if replayed.commits_in_all > 0 {
            rejection.detail = format!(
                "the server has started and is reading its log: {} of {} commits, {} records",
                replayed.commits, replayed.commits_in_all, replayed.records
            );
            rejection = rejection
                .with("replayed_commits", replayed.commits)
                .with("commits", replayed.commits_in_all)
                .with("replayed_records", replayed.records);
        }
        problem::response(&rejection.with("retry_after_s", ASK_AGAIN_S))
    }
}

/// Alive. A folder made for test says so, and how fast its clock runs: load is allowed there.
pub(super) fn alive(test_speed: Option<f64>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    if let Some(speed) = test_speed {
        response.insert_header(("x-jiaohao-test-speed", speed.to_string()));
    }
    response.content_type("text/plain; charset=utf-8").body("alive\n")
}
