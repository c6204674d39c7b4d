//! One of the people: there before the release or not, asks when told to, until there is a place or none.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use super::Storm;
use super::lots::Seen;
use super::ready::Who;
use crate::clients::Refusal;
use crate::clients::live::{Socket, connect_from};

/// How long an answer may take before the connection counts as lost.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// Who is refused for a moment comes again after so long, on average.
const AGAIN: Duration = Duration::from_millis(700);

/// What was not answered is asked again so often after the minute.
const UNSURE_MAX: u32 = 60;
/// Longer than this nobody looks at the phone.
const PUT_AWAY: Duration = Duration::from_secs(15);

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A place.
    Served,
    /// Still in line when the minute was over.
    Queued,
    /// Told that there is none.
    Refused,
}

/// How it went for one person.
pub(super) struct Lived {
    pub(super) outcome: Outcome,
    /// From the release, or from coming after it, to the outcome.
    pub(super) wait_ms: u64,
    pub(super) appointment: Option<String>,
    /// The slot of the appointment.
    pub(super) slot: Option<String>,
    /// What they know of the lot.
    pub(super) seen: Seen,
    /// The code that it was refused with.
    code: Option<String>,
}

/// Refusals by code.
pub(super) fn codes(all: &[Lived]) -> BTreeMap<&str, usize> {
    let mut codes = BTreeMap::new();
    for code in all.iter().filter_map(|one| one.code.as_deref()) {
        *codes.entry(code).or_insert(0) += 1;
    }
    codes
}

/// Whether what was sent may have been done all the same.
fn is_unheard(why: &Refusal) -> bool {
    matches!(why.code.as_str(), "door" | "timed_out")
}

/// One person's part.
pub(super) async fn live(storm: Arc<Storm>, n: usize, who: Who) -> Lived {
    let rng = StdRng::seed_from_u64(storm.seed ^ (n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let seen = Seen::nothing(who.patient.clone());
    let mut person = Person { storm: &storm, n, who, rng, line: None, seen };
    person.come().await
}

/// An open connection, counted.
struct Line<'a> {
    storm: &'a Storm,
    socket: Socket,
    _permit: OwnedSemaphorePermit,
    is_kept: bool,
    last_id: u64,
}

impl Line<'_> {
    async fn give(&mut self, key: Uuid, command: &Value) -> Result<Value, Refusal> {
        self.last_id += 1;
        let id = self.last_id.to_string();
        let frame = json!({ "type": "command", "id": id, "key": key, "command": command });
        self.socket.send(Message::text(frame.to_string())).await.map_err(Refusal::door)?;
        loop {
            let frame = self.socket.next().await.ok_or_else(|| Refusal::door("closed"))?.map_err(Refusal::door)?;
            let Message::Text(text) = frame else { continue };
            let mut frame: Value = serde_json::from_str(text.as_str()).map_err(Refusal::door)?;
            match frame["type"].as_str() {
                Some("done") if frame["reply_to"] == id.as_str() => return Ok(frame["result"].take()),
                // Also the refusal of its hello.
                Some("rejected") => {
                    return Err(serde_json::from_value(frame["error"].take()).unwrap_or_else(Refusal::door));
                }
                Some("beat") => {
                    self.socket.send(Message::text(r#"{"type":"beat"}"#)).await.map_err(Refusal::door)?;
                }
                Some("bye") => return Err(Refusal::door(&frame["code"])),
                _ => {}
            }
        }
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        self.storm.closed();
    }
}

struct Person<'a> {
    storm: &'a Storm,
    n: usize,
    who: Who,
    rng: StdRng,
    line: Option<Line<'a>>,
    seen: Seen,
}

impl<'a> Person<'a> {
    async fn come(&mut self) -> Lived {
        let storm = self.storm;
        let of_department = storm.of(self.n);
        let session = &storm.sessions[of_department];
        let is_there_before = (self.n / storm.sessions.len()).is_multiple_of(2);
        let mut came_ms = storm.released_ms;
        if is_there_before {
            let before_ms = self.rng.random_range(500..storm.before_ms);
            storm.clock.until(storm.released_ms - before_ms).await;
            let enter = json!({ "enter_release": { "department": session.department, "patient": self.who.patient } });
            while storm.clock.now_ms() < storm.released_ms {
                match self.give(crate::clients::command_key(), &enter).await {
                    Ok(told) => {
                        self.seen.entered(&told);
                        let again_ms = told["ask_again_ms"].as_u64().unwrap_or(1_000);
                        self.pause_exactly(Duration::from_millis(again_ms)).await;
                    }
                    // The department prepares its lot in the moment in which the session is defined.
                    Err(why) if why.is_passing() || why.code == "slot_closed" => {
                        if is_unheard(&why) {
                            self.seen.unheard();
                        }
                        self.pause(AGAIN).await;
                    }
                    Err(_) => break,
                }
            }
        } else {
            came_ms += self.rng.random_range(0..storm.minute_ms / 2);
        }
        storm.clock.until(came_ms).await;
        self.wait_for_a_place(of_department, came_ms).await
    }

    async fn wait_for_a_place(&mut self, of_department: usize, came_ms: i64) -> Lived {
        let storm = self.storm;
        let ends_ms = storm.released_ms + storm.minute_ms;
        let session = &storm.sessions[of_department];
        let mut slot = session.slots[self.rng.random_range(0..session.slots.len())].clone();
        let mut key = crate::clients::command_key();
        let lived = |seen: &Seen, outcome, appointment, code: Option<&str>| {
            let wait_ms = u64::try_from(storm.clock.now_ms() - came_ms).unwrap_or(0);
            Lived { outcome, wait_ms, appointment, slot: None, seen: seen.clone(), code: code.map(str::to_owned) }
        };
        let (mut is_unsure, mut after) = (false, 0);
        while storm.clock.now_ms() < ends_ms || (is_unsure && after < UNSURE_MAX) {
            after += u32::from(storm.clock.now_ms() >= ends_ms);
            let book = json!({ "book_slot": { "session": session.id, "slot": slot, "patient": self.who.patient } });
            let answered = self.give(key, &book).await;
            // What was not answered may have been done: it is asked again by the same key, also after the minute.
            is_unsure = matches!(&answered, Err(why) if why.is_passing());
            match &answered {
                Err(why) if why.code == "in_line" => {
                    self.seen.numbered(why.valid_now.get("number").and_then(Value::as_u64).unwrap_or(0));
                }
                Err(why) if why.code == "slot_closed" || why.is_passing() && !is_unheard(why) => {}
                // Whatever else is said is said to who has been let in.
                _ => self.seen.called(),
            }
            match answered {
                Ok(booked) => {
                    let appointment = booked["appointment"].as_str().map(str::to_owned);
                    return Lived { slot: Some(slot), ..lived(&self.seen, Outcome::Served, appointment, None) };
                }
                Err(why) if why.code == "in_line" => {
                    let again_ms = why.valid_now.get("ask_again_ms").and_then(Value::as_u64).unwrap_or(1_000);
                    self.pause_exactly(Duration::from_millis(again_ms)).await;
                }
                Err(why) if why.code == "slot_full" => {
                    let Some(next) = why.valid_now.get("next_free").and_then(Value::as_str) else {
                        return lived(&self.seen, Outcome::Refused, None, Some(why.code.as_str()));
                    };
                    (slot, key) = (next.to_owned(), crate::clients::command_key());
                }
                // Its clock is a moment behind.
                Err(why) if why.code == "slot_closed" && storm.clock.now_ms() < storm.released_ms + 2_000 => {
                    self.pause(AGAIN / 3).await;
                }
                Err(why) if why.is_passing() => tokio::time::sleep(AGAIN).await,
                Err(why) => return lived(&self.seen, Outcome::Refused, None, Some(why.code.as_str())),
            }
        }
        lived(&self.seen, Outcome::Queued, None, None)
    }

    /// Sends a command on the own connection, or on one for this word.
    async fn give(&mut self, key: Uuid, command: &Value) -> Result<Value, Refusal> {
        if self.line.is_none() {
            self.line = Some(self.open().await?);
        }
        let Some(line) = &mut self.line else { return Err(Refusal::door("no connection")) };
        self.storm.asked.fetch_add(1, Ordering::Relaxed);
        let answered = tokio::time::timeout(ANSWER_WITHIN, line.give(key, command)).await;
        let answered = answered.unwrap_or_else(|_| Err(Refusal::door("no answer")));
        if !line.is_kept || matches!(&answered, Err(why) if why.code == "door") {
            if let Err(why) = &answered
                && why.code == "door"
            {
                self.storm.broken.fetch_add(1, Ordering::Relaxed);
            }
            self.line = None;
        }
        answered
    }

    /// One that is kept while there is room for those, else one for a word.
    async fn open(&self) -> Result<Line<'a>, Refusal> {
        let (permit, is_kept) = match self.storm.kept.clone().try_acquire_owned() {
            Ok(permit) => (permit, true),
            Err(_) => (self.storm.passing.clone().acquire_owned().await.map_err(Refusal::door)?, false),
        };
        let from = self.storm.address(self.n);
        let opening = connect_from(&self.storm.door, &self.who.token, from);
        let opened = tokio::time::timeout(ANSWER_WITHIN, opening).await;
        let socket = opened.map_err(Refusal::door)?.map_err(Refusal::door)?;
        self.storm.opened();
        Ok(Line { storm: self.storm, socket, _permit: permit, is_kept, last_id: 0 })
    }

    async fn pause(&mut self, about: Duration) {
        let ms = u64::try_from(about.as_millis()).unwrap_or(700);
        let ms = self.rng.random_range(ms / 2..ms * 3 / 2 + 1);
        self.pause_exactly(Duration::from_millis(ms)).await;
    }

    /// Not beyond the end of the minute. Who waits long puts the phone away.
    async fn pause_exactly(&mut self, so_long: Duration) {
        if so_long > PUT_AWAY {
            self.line = None;
        }
        let left_ms = self.storm.released_ms + self.storm.minute_ms - self.storm.clock.now_ms();
        let left = Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
        tokio::time::sleep(so_long.min(left)).await;
    }
}
