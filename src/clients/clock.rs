//! Clinic time as a client knows it: what `welcome` and `beat` said, and how fast it runs since.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiaohao_actors::shell::clock::monotonic;

/// Clinic time as the server last told it.
pub struct ClinicClock {
    told: Mutex<(Instant, i64)>,
    /// How much faster than machine time it runs.
    pub speed: f64,
}

impl ClinicClock {
    /// Nothing has been told yet.
    pub fn new(speed: f64) -> Self {
        Self { told: Mutex::new((monotonic(), 0)), speed }
    }

    /// The server said that it is `now` (RFC 3339).
    pub fn told(&self, now: &str) {
        if let Ok(at) = chrono::DateTime::parse_from_rfc3339(now) {
            *self.told.lock().unwrap_or_else(PoisonError::into_inner) = (monotonic(), at.timestamp_millis());
        }
    }

    /// Clinic time now, UTC ms.
    pub fn now_ms(&self) -> i64 {
        let (at, ms) = *self.told.lock().unwrap_or_else(PoisonError::into_inner);
        ms + (at.elapsed().as_secs_f64() * 1000.0 * self.speed) as i64
    }

    /// Waits until clinic time is `at_ms`. A restarted server's clock resumes at its last event: it is looked at again.
    pub async fn until(&self, at_ms: i64) {
        loop {
            let left_ms = at_ms - self.now_ms();
            if left_ms <= 0 {
                return;
            }
            let wait_s = (left_ms as f64 / 1000.0 / self.speed).clamp(0.002, 2.0);
            tokio::time::sleep(Duration::from_secs_f64(wait_s)).await;
        }
    }

    /// Waits for so many seconds of clinic time.
    pub async fn pass_s(&self, s: f64) {
        self.until(self.now_ms() + (s * 1000.0) as i64).await;
    }
}
