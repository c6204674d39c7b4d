//! What stays so for a while is named at once and then once a minute, with how often it was: a disk that is full, descriptors
//! that are used up. A log of one line each would be the next thing to fill the disk.

use std::time::{Duration, Instant};

/// Between two lines of the same.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// Says something at once and then at most once a minute, with how much it stands for.
#[derive(Debug)]
pub(crate) struct Seldom {
    said: Option<Instant>,
    unsaid: u64,
}

impl Default for Seldom {
    fn default() -> Self {
        Self::new()
    }
}

impl Seldom {
    /// Nothing has been said yet.
    pub(crate) const fn new() -> Self {
        Self { said: None, unsaid: 0 }
    }

    /// Adds so much; what is to be said now, if it is time.
    pub(crate) fn add(&mut self, much: u64, now: Instant) -> Option<u64> {
        self.unsaid += much;
        if self.said.is_some_and(|said| now.saturating_duration_since(said) < SAY_EVERY) {
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiaohao_actors::shell::clock;

    #[test]
    fn what_stays_so_is_named_once_a_minute_with_a_count() {
        let (mut complaints, begin) = (Seldom::default(), clock::monotonic());
        let after = |ms| begin + Duration::from_millis(ms);
        assert_eq!(complaints.add(1, begin), Some(1));
        assert!((1..3_000).all(|ms| complaints.add(1, after(ms)).is_none()));
        assert_eq!(complaints.add(1, after(60_000)), Some(3_000));
    }
}
