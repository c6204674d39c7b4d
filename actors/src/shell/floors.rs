//! Floors that wait until the resume window has passed: then the log may be pruned to them. Few are kept, so that they
//! fit into the store's mark; pruning lags a sixteenth of the window behind for it.

use std::collections::VecDeque;

use crate::store::Reached;

/// At most about so many wait.
const WAITING: i64 = 16;

/// See the module.
pub(crate) struct Floors {
    window_ms: i64,
    reached: VecDeque<Reached>,
}

impl Floors {
    /// As the store's mark has them.
    pub(crate) fn new(window_ms: i64, reached: Vec<Reached>) -> Self {
        Self { window_ms, reached: reached.into() }
    }

    /// A floor has been reached.
    pub(crate) fn note(&mut self, now_ms: i64, commit: u64) {
        for reached in &mut self.reached {
            // The machine's clock was set back: the window begins anew.
            reached.at_ms = reached.at_ms.min(now_ms);
        }
        let is_new = self
            .reached
            .back()
            .is_none_or(|last| commit > last.commit && now_ms - last.at_ms >= self.window_ms / WAITING);
        if is_new {
            self.reached.push_back(Reached { at_ms: now_ms, commit });
        }
        if let Some(due) = self.due(now_ms) {
            self.reached.retain(|reached| reached.commit >= due);
        }
    }

    /// The highest floor that is older than the window.
    pub(crate) fn due(&self, now_ms: i64) -> Option<u64> {
        self.reached.iter().rev().find(|reached| now_ms - reached.at_ms >= self.window_ms).map(|reached| reached.commit)
    }

    /// The log has been pruned to that floor.
    pub(crate) fn pruned(&mut self, commit: u64) {
        self.reached.retain(|reached| reached.commit > commit);
    }

    /// For the store's mark.
    pub(crate) fn reached(&self) -> Vec<Reached> {
        self.reached.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_is_due_when_the_window_has_passed_also_after_many_restarts() {
        let mut floors = Floors::new(1_600, Vec::new());
        for n in 0..200 {
            let now_ms = n * 10;
            floors.note(now_ms, n as u64 + 1);
            // A restart every time.
            floors = Floors::new(1_600, floors.reached());
            assert!(floors.reached().len() <= 17);
            let due = floors.due(now_ms);
            assert_eq!(due.is_some(), now_ms >= 1_600, "at {now_ms}: {due:?}");
        }
        let due = floors.due(1_990).unwrap();
        assert_eq!(due, 31, "within a sixteenth of the window");
        floors.pruned(due);
        assert_eq!(floors.due(1_990), None);
    }

    #[test]
    fn a_clock_set_back_delays_and_forgets_nothing() {
        let mut floors = Floors::new(1_000, Vec::new());
        floors.note(1_000_000, 5);
        floors.note(2_000, 6);
        assert_eq!(floors.due(2_999), None);
        assert_eq!(floors.due(3_000), Some(5));
    }

    #[test]
    fn without_a_window_each_floor_is_due_at_once() {
        let mut floors = Floors::new(0, Vec::new());
        floors.note(5, 1);
        assert_eq!(floors.due(5), Some(1));
    }
}
