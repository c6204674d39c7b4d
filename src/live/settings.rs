//! The door's settings, as it uses them. (Persons, tokens and addresses are limited by `identity::limits`.)

use std::time::Duration;

use jiaohao_actors::fanout::OutboxLimits;

use crate::config::Settings;

/// The door's settings, as it uses them.
#[derive(Clone, Debug)]
pub struct LiveSettings {
    /// Longest message, in bytes.
    pub frame_bytes: usize,
    /// Longest message before hello, in bytes.
    pub hello_bytes: usize,
    /// Time for hello, in ms.
    pub hello_within_ms: u32,
    /// Time for the answer to hello.
    pub welcome_within: Duration,
    /// Streams that one connection follows.
    pub subscriptions: usize,
    /// Commands of one connection without an answer.
    pub unanswered_commands: usize,
    /// Time for an answer.
    pub answer_within: Duration,
    /// Between two beats to a screen, in seconds.
    pub screen_beat_s: u32,
    /// Between two beats to the staff's consoles, in seconds.
    pub staff_beat_s: u32,
    /// Between two beats to everybody else, in seconds.
    pub other_beat_s: u32,
    /// Age of the oldest unread frame, in ms.
    pub outbox_age_ms: u32,
    /// Bounds of an outbox.
    pub outbox: OutboxLimits,
}

fn ms(seconds: u64) -> u32 {
    u32::try_from(seconds.saturating_mul(1000)).unwrap_or(u32::MAX / 4)
}

impl From<&Settings> for LiveSettings {
    fn from(settings: &Settings) -> Self {
        let limits = &settings.limits;
        Self {
            frame_bytes: limits.frame_bytes,
            hello_bytes: limits.hello_bytes,
            hello_within_ms: ms(limits.hello_within_s),
            welcome_within: Duration::from_secs(limits.answer_within_s.min(limits.hello_within_s)),
            subscriptions: limits.subscriptions,
            unanswered_commands: limits.unanswered_commands,
            answer_within: Duration::from_secs(limits.answer_within_s),
            screen_beat_s: ms(settings.screens.beat_s) / 1000,
            staff_beat_s: ms(settings.screens.staff_beat_s) / 1000,
            other_beat_s: ms(settings.screens.other_beat_s) / 1000,
            outbox_age_ms: ms(limits.outbox_age_s),
            outbox: OutboxLimits { soft_bytes: limits.outbox_bytes / 8, hard_bytes: limits.outbox_bytes },
        }
    }
}
