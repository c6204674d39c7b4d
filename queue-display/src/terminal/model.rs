//! What a terminal display knows: the board's value, its place in the stream, whether it is current. Frames in, what is
//! to be done out; no socket, no clock.

use chrono::{DateTime, FixedOffset};
use serde_json::Value;

/// A place in a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Which history.
    pub epoch: String,
    /// The last event that is in.
    pub offset: u64,
}

/// What a frame asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Nothing.
    None,
    /// Something on the screen has changed.
    Redraw,
    /// The stream is to be subscribed to again, from the place that is known.
    Subscribe,
    /// The server says good-bye; come back after so many milliseconds.
    Reconnect {
        /// At least.
        after_ms: u64,
    },
    /// It makes no sense to come back: this code says why.
    GiveUp {
        /// The stable wire code.
        code: String,
    },
}

/// The display's knowledge.
#[derive(Clone, Debug, Default)]
pub struct Display {
    /// The board as the stream says, snapshot with all events put in.
    pub value: Option<Value>,
    /// The place in the stream.
    pub position: Option<Position>,
    /// Server time of the last frame, with the site's offset.
    pub last_data_at: Option<DateTime<FixedOffset>>,
    /// Whether the connection is up.
    pub is_live: bool,
    /// The server's beat, milliseconds.
    pub beat_ms: u64,
}

/// Refusals that pass by themselves, and how long to leave the server alone then, milliseconds.
const PASSING: [&str; 3] = ["overloaded", "timed_out", "too_many_requests"];
const PASSES_AFTER_MS: u64 = 2_000;

/// The beat until the server has said one, milliseconds: a screen's.
const FIRST_BEAT_MS: u64 = 2_000;

impl Display {
    /// Before the first frame.
    pub fn new() -> Self {
        Self { beat_ms: FIRST_BEAT_MS, ..Self::default() }
    }

    /// The connection is gone, or nothing has come for two beats. Returns whether that is news.
    pub fn lost(&mut self) -> bool {
        std::mem::replace(&mut self.is_live, false)
    }

    /// A frame from the server.
    pub fn take(&mut self, frame: &Value) -> Action {
        self.heard(&frame["now"]);
        match frame["type"].as_str() {
            Some("welcome") => {
                let beat_ms = frame["beat_s"].as_f64().map(|beat_s| (beat_s * 1000.0) as u64);
                self.beat_ms = beat_ms.filter(|ms| *ms > 0).unwrap_or(FIRST_BEAT_MS);
                Action::Subscribe
            }
            Some("beat") => Action::Redraw,
            Some("subscribed" | "snapshot") => self.replace(frame),
            Some("events") => {
                if frame["after"].as_u64() != self.position.as_ref().map(|position| position.offset) {
                    return Action::Subscribe;
                }
                self.put_all(&frame["events"])
            }
            Some("rejected") if PASSING.contains(&frame["error"]["code"].as_str().unwrap_or_default()) => {
                Action::Reconnect { after_ms: PASSES_AFTER_MS }
            }
            Some("ended" | "rejected") => Action::GiveUp { code: text(&frame["error"]["code"]) },
            Some("bye") if frame["reconnect"] == true => {
                Action::Reconnect { after_ms: frame["after_ms"].as_u64().unwrap_or_default() }
            }
            Some("bye") => Action::GiveUp { code: text(&frame["code"]) },
            _ => Action::None,
        }
    }

    /// `subscribed` with a snapshot or what was missed, or a snapshot in between.
    fn replace(&mut self, frame: &Value) -> Action {
        let position = &frame["position"];
        if let Some(snapshot) = frame.get("snapshot").filter(|snapshot| snapshot.is_object()) {
            self.heard(&snapshot["now"]);
            self.value = Some(snapshot.clone());
        }
        self.is_live = true;
        let action = match frame.get("missed") {
            Some(missed) => self.put_all(missed),
            None => Action::Redraw,
        };
        if let (Some(epoch), Some(offset)) = (position["epoch"].as_str(), position["offset"].as_u64()) {
            self.position = Some(Position { epoch: epoch.to_owned(), offset });
        }
        action
    }

    /// Puts the parts of each event into the value: a part replaces the part of the same name.
    fn put_all(&mut self, events: &Value) -> Action {
        for event in events.as_array().into_iter().flatten() {
            self.heard(&event["at"]);
            for (_, payload) in event["event"].as_object().into_iter().flatten() {
                for (name, part) in payload.as_object().into_iter().flatten() {
                    if let Some(known) = self.value.as_mut().and_then(|value| value.get_mut(name)) {
                        *known = part.clone();
                    }
                }
            }
            if let (Some(position), Some(offset)) = (&mut self.position, event["offset"].as_u64()) {
                position.offset = offset;
            }
        }
        Action::Redraw
    }

    /// Server time. It never goes back: a snapshot may be older than the frame before it.
    fn heard(&mut self, at: &Value) {
        let Some(at) = at.as_str().and_then(|at| DateTime::parse_from_rfc3339(at).ok()) else { return };
        // The site's offset is that of the board's own times; a beat may come in another one.
        let offset = self.value.as_ref().and_then(|value| DateTime::parse_from_rfc3339(value["now"].as_str()?).ok());
        let at = offset.map_or(at, |offset| at.with_timezone(offset.offset()));
        self.last_data_at = Some(self.last_data_at.map_or(at, |known| known.max(at)));
    }

    /// The announcements on the board now.
    pub fn announcements(&self) -> impl Iterator<Item = &Value> {
        let all = self.value.as_ref().and_then(|value| value["announcements"].as_array());
        all.into_iter().flatten()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("internal").to_owned()
}

/// First wait before coming back, milliseconds.
pub const FIRST_BACKOFF_MS: u64 = 250;
/// Longest wait before coming back, milliseconds.
pub const MAX_BACKOFF_MS: u64 = 15_000;

/// How long to wait before the `attempt`-th return (from 0): doubling, and each time between half and all of it by
/// `chance`, so that the screens of a house do not all come back at once. Never before the server's `after_ms`.
pub fn backoff_ms(attempt: u32, after_ms: u64, chance: u64) -> u64 {
    let most_ms = FIRST_BACKOFF_MS.saturating_mul(1 << attempt.min(16)).min(MAX_BACKOFF_MS);
    after_ms.min(10 * MAX_BACKOFF_MS) + most_ms / 2 + chance % (most_ms / 2 + 1)
}
