//! The HTTP door: `/api/v1`, pages, health, metrics, TLS; and the server that both doors stand in.

mod api;
pub mod channels;
mod departments;
pub mod finding;
mod guests;
pub mod measures;
mod openapi;
mod origin;
mod pages;
pub mod problem;
pub mod queries;
mod reports;
pub mod requests;
pub mod resources;
mod server;
mod shapes;
mod sign_in;
mod starting;
#[cfg(test)]
mod tests;
pub mod tls;

use std::sync::Arc;

pub use api::COOKIE;
pub use guests::Guest;
pub use openapi::document as openapi_document;
pub use origin::Proxies;
pub use resources::RESOURCES;
pub use server::{Listening, Running, ServeError, listen, probe, start};
pub use starting::Starting;

use crate::engine::Engine;
use crate::identity::limits::Limits;
use crate::reach::Reach;

/// What the handlers of the HTTP door share.
pub struct Door {
    /// Behind it.
    pub engine: Arc<dyn Engine>,
    /// The same as the socket's.
    pub limits: Arc<Limits>,
    /// Who may stand in front.
    pub proxies: Proxies,
    /// The outside channels, whose parties report here.
    pub reach: Arc<Reach>,
    /// Longest body, in bytes.
    pub body_bytes: usize,
    /// Time for an answer.
    pub answer_within: std::time::Duration,
}
