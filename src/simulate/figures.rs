//! Latencies, counts and refusals, as a client sees them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

use crate::clients::live::Answered;

/// Microseconds up to ten minutes, two figures.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 600_000_000, 2).expect("invariant: the bounds are in order")
}

fn ms(us: u64) -> f64 {
    (us as f64 / 10.0).round() / 100.0
}

struct Command {
    done: u64,
    rejected: BTreeMap<String, u64>,
    latency_us: Histogram<u64>,
}

impl Default for Command {
    fn default() -> Self {
        Self { done: 0, rejected: BTreeMap::new(), latency_us: histogram() }
    }
}

/// See the module.
pub struct Figures {
    commands: Mutex<BTreeMap<String, Command>>,
    fanout_us: Mutex<Histogram<u64>>,
    voice_ms: Mutex<Histogram<u64>>,
    /// Frames that screens have received.
    pub frames: AtomicU64,
    /// Commands that were sent again after a lost connection and answered.
    pub resent: AtomicU64,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            commands: Mutex::default(),
            fanout_us: Mutex::new(histogram()),
            voice_ms: Mutex::new(histogram()),
            frames: AtomicU64::new(0),
            resent: AtomicU64::new(0),
        }
    }
}

fn record(histogram: &Mutex<Histogram<u64>>, value: u64) {
    histogram.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(value.max(1));
}

fn us(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

impl Figures {
    /// A command was answered.
    pub fn answered(&self, name: &str, answered: &Answered) {
        let mut commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        let command = commands.entry(name.to_owned()).or_default();
        match &answered.result {
            Ok(_) => command.done += 1,
            Err(refusal) => *command.rejected.entry(refusal.code.clone()).or_default() += 1,
        }
        if answered.resent {
            self.resent.fetch_add(1, Ordering::Relaxed);
        } else {
            let took = answered.answered_at.saturating_duration_since(answered.sent_at);
            command.latency_us.saturating_record(us(took).max(1));
        }
    }

    /// A screen got a call: from the doctor's key to the screen.
    pub fn shown(&self, pressed: Option<Instant>, at: Instant) {
        if let Some(pressed) = pressed {
            record(&self.fanout_us, us(at.saturating_duration_since(pressed)));
        }
    }

    /// A voice begins so long after its call, in clinic ms.
    pub fn voice(&self, delay_ms: u64) {
        record(&self.voice_ms, delay_ms);
    }

    /// p99 of the way to the screens, in ms, and how often it was measured.
    pub fn fanout_p99(&self) -> (f64, u64) {
        let fanout = self.fanout_us.lock().unwrap_or_else(PoisonError::into_inner);
        (ms(fanout.value_at_quantile(0.99)), fanout.len())
    }

    /// Everything acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner).values().map(|command| command.done).sum()
    }

    /// `commands`, `fanout` and `voice` of the result.
    pub fn json(&self) -> (Value, Value, Value) {
        let commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        let one = |command: &Command| {
            json!({
                "done": command.done,
                "rejected": command.rejected,
                "p50_ms": ms(command.latency_us.value_at_quantile(0.5)),
                "p99_ms": ms(command.latency_us.value_at_quantile(0.99)),
            })
        };
        let commands: Map<String, Value> =
            commands.iter().map(|(name, command)| (name.clone(), one(command))).collect();
        let fanout = self.fanout_us.lock().unwrap_or_else(PoisonError::into_inner);
        let fanout = json!({
            "frames": self.frames.load(Ordering::Relaxed),
            "calls_shown": fanout.len(),
            "p50_ms": ms(fanout.value_at_quantile(0.5)),
            "p99_ms": ms(fanout.value_at_quantile(0.99)),
        });
        let voice = self.voice_ms.lock().unwrap_or_else(PoisonError::into_inner);
        let delay_s = voice.value_at_quantile(0.99) as f64 / 1000.0;
        let voice = json!({ "voices": voice.len(), "p99_delay_s": delay_s });
        (Value::Object(commands), fanout, voice)
    }
}
