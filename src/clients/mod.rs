//! Clients of the public doors, as a page or a hospital's script is one: HTTP for signing in and setting up, the WebSocket
//! for everything that lives. They see nothing of the engine's insides.

pub mod city;
pub mod clock;
pub mod http;
pub mod live;
pub mod people;

use std::collections::BTreeMap;

use serde::Deserialize;
use uuid::Uuid;

/// A new key, by which a command that is sent twice is done once.
#[expect(clippy::disallowed_methods, reason = "a client's own chance")]
pub fn command_key() -> Uuid {
    Uuid::now_v7()
}

/// What the server said instead of doing it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Refusal {
    /// The stable code.
    pub code: String,
    /// In words.
    #[serde(default)]
    pub detail: String,
    /// For conflicts: what would be valid now.
    #[serde(default)]
    pub valid_now: BTreeMap<String, serde_json::Value>,
}

impl Refusal {
    /// The door could not be reached, or did not answer as the protocol has it.
    pub fn door(what: impl std::fmt::Display) -> Self {
        Self { code: "door".to_owned(), detail: what.to_string(), valid_now: BTreeMap::new() }
    }

    /// Whether to ask again, with the same key.
    pub fn is_passing(&self) -> bool {
        matches!(self.code.as_str(), "timed_out" | "overloaded" | "recovering" | "too_many_requests" | "door")
    }
}
