//! Good-bye: why the server ends a connection, and whether and when to come back.

use actix_web::web::Bytes;
use jiaohao_actors::fanout::{close_frame, text_frame};
use serde_json::json;

use crate::identity::chance;

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bye {
    /// It did not read what it was sent.
    TooSlow,
    /// It was not heard for two beats.
    Silent,
    /// It did not say hello in time, or something else first.
    HelloMissing,
    /// It speaks another version of the protocol.
    Version,
    /// The token is none, has expired or has been ended.
    Unauthenticated,
    /// A message was longer than allowed.
    TooLarge,
    /// What came is not the protocol.
    Malformed,
    /// Too many connections of this person, address or of all.
    LimitExceeded,
    /// It kept sending far more than it may.
    TooManyRequests,
    /// The server stops or restarts.
    ShuttingDown,
}

impl Bye {
    /// Every code, as `PROTOCOL.md` lists them.
    pub const ALL: &'static [Bye] = &[
        Self::TooSlow,
        Self::Silent,
        Self::HelloMissing,
        Self::Version,
        Self::Unauthenticated,
        Self::TooLarge,
        Self::Malformed,
        Self::LimitExceeded,
        Self::TooManyRequests,
        Self::ShuttingDown,
    ];

    /// As it stands on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooSlow => "too_slow",
            Self::Silent => "silent",
            Self::HelloMissing => "hello_missing",
            Self::Version => "version",
            Self::Unauthenticated => "unauthenticated",
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
            Self::LimitExceeded => "limit_exceeded",
            Self::TooManyRequests => "too_many_requests",
            Self::ShuttingDown => "shutting_down",
        }
    }

    /// Whether coming back makes sense (with a fresh token for `unauthenticated`).
    pub fn reconnect(self) -> bool {
        !matches!(self, Self::Version | Self::TooLarge | Self::Malformed)
    }

    /// When to come back: at least, and up to how much later, in ms; spread, so that not everybody comes at once.
    fn after_ms(self) -> (u32, u32) {
        match self {
            Self::TooSlow => (1_000, 2_000),
            Self::Silent | Self::HelloMissing => (500, 1_500),
            Self::Unauthenticated => (0, 500),
            Self::LimitExceeded | Self::TooManyRequests => (5_000, 10_000),
            Self::ShuttingDown => (500, 5_000),
            Self::Version | Self::TooLarge | Self::Malformed => (0, 1),
        }
    }

    /// The status of the close frame (RFC 6455, 7.4).
    pub fn status(self) -> u16 {
        match self {
            Self::ShuttingDown => 1001,
            Self::Malformed | Self::Version => 1002,
            Self::TooLarge => 1009,
            Self::TooSlow | Self::TooManyRequests | Self::LimitExceeded => 1013,
            Self::Silent | Self::HelloMissing | Self::Unauthenticated => 1008,
        }
    }

    /// `{"type":"bye",…}` and the close frame.
    pub fn frames(self) -> [Bytes; 2] {
        let (least_ms, spread_ms) = self.after_ms();
        let after_ms = least_ms + chance::below(spread_ms);
        let bye = json!({"type": "bye", "code": self.code(), "reconnect": self.reconnect(), "after_ms": after_ms});
        [text_frame(&bye), close_frame(self.status())]
    }
}
