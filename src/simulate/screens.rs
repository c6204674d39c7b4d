//! Waiting-room screens: paired as real ones are, each on a socket of its own, following its board. They check the chain of
//! frames (I6), what is on the glass (I7), the turns of the voices (I8); one that does not read costs the others nothing (I9).

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::figures::Figures;
use super::ledger::Ledger;
use crate::clients::Refusal;
use crate::clients::clock::ClinicClock;
use crate::clients::http::{Door, token_of};
use crate::clients::live::{Heard, Listener, LiveClient, connect};

/// How often a screen that reads nothing says that it is there.
const BEATS: Duration = Duration::from_secs(1);

/// The voices of the boards: announcement → its turn as it was stated last.
pub type Voices = Arc<Mutex<HashMap<String, HashMap<String, Spoken>>>>;

/// When a voice begins and ends, and when it was asked for, if that was seen; UTC ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spoken {
    starts: i64,
    ends: i64,
    asked: Option<i64>,
}

/// Pairs a screen with a board: it shows a code, the operator approves it, it signs in.
///
/// # Errors
/// What was refused.
pub async fn pair(door: &Door, operator: &str, board: &str) -> Result<String, Refusal> {
    let offered = door.insist("POST", "/screens", None, &json!({ "board": board })).await?;
    let approve = json!({ "code": offered["code"], "board": board });
    door.insist("POST", "/screens/approve", Some(operator), &approve).await?;
    let sign_in = json!({ "screen": offered["screen"], "secret": offered["secret"] });
    token_of(&door.insist("POST", "/session", None, &sign_in).await?)
}

/// One screen. `lead` looks at every field; the others at the chain and the calls.
pub struct Screen {
    /// The judge.
    pub ledger: Arc<Ledger>,
    /// Which board.
    pub board: String,
    /// The first of its board.
    pub lead: bool,
    /// Where voices are collected.
    pub voices: Voices,
    /// Calls that this screen has shown.
    pub shown: HashSet<String>,
}

impl Screen {
    /// Hangs it up.
    pub fn open(mut self, door: Arc<Door>, clock: Arc<ClinicClock>, token: String) -> LiveClient {
        let streams = vec![format!("board:{}", self.board)];
        let listener: Listener = Box::new(move |heard, text, at| self.hear(heard, text, at));
        LiveClient::open(door, clock, token, streams, listener)
    }

    fn hear(&mut self, heard: Heard<'_>, text: &str, at: std::time::Instant) {
        match heard {
            Heard::Snapshot { stream, snapshot } => {
                self.ledger.figures.frames.fetch_add(1, Ordering::Relaxed);
                let own = stream.ends_with(&self.board);
                self.ledger.verdicts.check("I7", own, || format!("{} got {stream}", self.board));
                self.glass(snapshot, text, None);
                self.forget_voices(snapshot);
                self.voices_of(snapshot, None);
            }
            Heard::Events { events, chained, missed, .. } => {
                self.ledger.figures.frames.fetch_add(1, Ordering::Relaxed);
                self.ledger.verdicts.check("I6", chained, || format!("{}: {text:.200}", self.board));
                for event in events {
                    let stem = event["event"].as_object().and_then(|stem| stem.iter().next());
                    let Some((name, parts)) = stem else { continue };
                    self.glass(parts, text, (!missed).then_some(at));
                    if name == "announcement_dropped" {
                        self.drop_voice(parts);
                    } else {
                        self.voices_of(parts, event["at"].as_str());
                    }
                }
            }
            Heard::Ended { stream, code } => {
                self.ledger.verdicts.check("I6", false, || format!("{stream} ended: {code}"));
            }
            Heard::Bye { code } => {
                self.ledger
                    .verdicts
                    .check("I9", code != "too_slow", || format!("a quick screen of {} lost", self.board));
            }
        }
    }

    /// What is on the glass: names masked, calls in time.
    fn glass(&mut self, parts: &Value, text: &str, at: Option<std::time::Instant>) {
        for call in parts["calls"].as_array().into_iter().flatten() {
            if let Some(name) = call["name"].as_str() {
                let masked = name.contains('*');
                self.ledger.verdicts.check("I7", masked, || format!("{} shows an unmasked name", self.board));
            }
            if call["state"] == "summoned" {
                continue;
            }
            let Some(id) = call["call"].as_str() else { continue };
            if self.shown.insert(id.to_owned())
                && let Some(at) = at
            {
                self.ledger.shown(id, at);
            }
        }
        if self.lead {
            let known = self.ledger.known();
            let found = names_in(text).any(|name| known.names.contains(name));
            drop(known);
            self.ledger.verdicts.check("I7", !found, || format!("{} received a full name", self.board));
        }
    }

    fn voices_of(&self, parts: &Value, at: Option<&str>) {
        if !self.lead {
            return;
        }
        let scheduled = parts.get("scheduled").map_or_else(|| parts["announcements"].as_array(), |_| None);
        let all = scheduled.into_iter().flatten().chain(parts.get("scheduled"));
        let mut voices = self.voices.lock().unwrap_or_else(PoisonError::into_inner);
        let of_board = voices.entry(self.board.clone()).or_default();
        for one in all.filter(|one| one["zh"].is_string()) {
            let (starts, ends) = (time_ms(&one["starts_at"]), time_ms(&one["ends_at"]));
            let (Some(id), Some(starts), Some(ends)) = (one["announcement"].as_str(), starts, ends) else { continue };
            // It may get another turn later; it was asked for when it was stated first.
            let known = of_board.get(id).and_then(|known| known.asked);
            let asked = known.or_else(|| at.and_then(|at| time_ms(&json!(at))));
            of_board.insert(id.to_owned(), Spoken { starts, ends, asked });
        }
    }

    /// A snapshot has every voice that has not ended: what it has no more was dropped in the meantime.
    fn forget_voices(&self, snapshot: &Value) {
        let Some(now) = time_ms(&snapshot["now"]).filter(|_| self.lead) else { return };
        let mut voices = self.voices.lock().unwrap_or_else(PoisonError::into_inner);
        voices.entry(self.board.clone()).or_default().retain(|_, spoken| spoken.ends <= now);
    }

    fn drop_voice(&self, parts: &Value) {
        if let (true, Some(id)) = (self.lead, parts["announcement"].as_str()) {
            let mut voices = self.voices.lock().unwrap_or_else(PoisonError::into_inner);
            voices.entry(self.board.clone()).or_default().remove(id);
        }
    }
}

/// Runs of Han characters and stars that may be names, in a frame's text: what stands between two quotes or blanks.
fn names_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(['"', ' ']).filter(|part| !part.is_ascii() && part.len() <= 30)
}

fn time_ms(value: &Value) -> Option<i64> {
    chrono::DateTime::parse_from_rfc3339(value.as_str()?).ok().map(|at| at.timestamp_millis())
}

/// No two voices of one board at once (I8), by the turns that were stated last; by these how late each began, too.
pub fn judge_voices(voices: &Voices, ledger: &Ledger, figures: &Figures) {
    let voices = voices.lock().unwrap_or_else(PoisonError::into_inner);
    for (board, turns) in voices.iter() {
        let mut turns: Vec<_> = turns.values().copied().collect();
        turns.sort_unstable();
        for Spoken { starts, asked, .. } in &turns {
            asked.iter().for_each(|asked| figures.voice(u64::try_from(starts - asked).unwrap_or_default()));
        }
        for pair in turns.windows(2) {
            let apart = pair[0].ends <= pair[1].starts;
            ledger.verdicts.check("I8", apart, || format!("{board}: {pair:?} overlap"));
        }
    }
}

/// A screen that subscribes and then reads nothing, again and again until it is dropped: what is judged is that it costs the
/// quick ones nothing. What becomes of itself is a matter of the outbox's own tests: so little is sent here that a system's
/// buffers hold it all.
pub async fn stalled(door: Arc<Door>, token: String, board: String) {
    let subscribe = json!({ "type": "subscribe", "id": "1", "stream": format!("board:{board}") }).to_string();
    let beat = json!({ "type": "beat" }).to_string();
    loop {
        if let Ok(mut socket) = connect(&door, &token).await {
            let mut said = socket.send(Message::text(subscribe.clone())).await;
            // Alive, as far as it says; gone when the server has closed it.
            while said.is_ok() {
                tokio::time::sleep(BEATS).await;
                said = socket.send(Message::text(beat.clone())).await;
            }
        }
        tokio::time::sleep(BEATS).await;
    }
}
