//! Failures to sign in, each by where the try came from, so that a stranger who guesses makes only himself wait. The
//! account's owner keeps its own on the record; the edge keeps one in memory for names that nobody has.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::codes::{Code, Rejection};
use crate::time::Timestamp;

use super::{BACK_OFF_MAX_S, BACK_OFF_S, FREE_FAILURES};

/// Failures in a row from one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// How many.
    pub failures: u32,
    /// When the last one was.
    pub at: Timestamp,
    /// No try before this.
    pub not_before: Option<Timestamp>,
}

/// Tries by where they came from. Bounded by whoever keeps it: the longest quiet place is forgotten first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures(BTreeMap<String, Tries>);

impl Failures {
    /// Whether somebody from there may try now; `back_off` says in `retry_after_s` when.
    pub fn check(&self, from: &str, now: Timestamp) -> Result<(), Rejection> {
        match self.0.get(from).and_then(|tries| tries.not_before) {
            Some(not_before) if now < not_before => Err(back_off(not_before, now)),
            _ => Ok(()),
        }
    }

    /// What one more failure makes of it.
    pub fn one_more(&self, from: &str, now: Timestamp) -> Tries {
        let failures = self.0.get(from).map_or(0, |tries| tries.failures).saturating_add(1);
        let not_before = failures.checked_sub(FREE_FAILURES).map(|further| {
            let wait_s = BACK_OFF_S.saturating_mul(1 << further.min(16)).min(BACK_OFF_MAX_S);
            now.plus_s(wait_s)
        });
        Tries { failures, at: now, not_before }
    }

    /// It is so now. Beyond `most` places the longest quiet one is forgotten.
    pub fn put(&mut self, from: &str, tries: Tries, most: usize) {
        self.0.insert(from.to_owned(), tries);
        if self.0.len() > most {
            let quiet = self.0.iter().filter(|(other, _)| *other != from).min_by_key(|(_, tries)| tries.at);
            if let Some(quiet) = quiet.map(|(quiet, _)| quiet.clone()) {
                self.0.remove(&quiet);
            }
        }
    }

    /// Somebody from there got in.
    pub fn forget(&mut self, from: &str) {
        self.0.remove(from);
    }

    /// Somebody got in: everybody begins anew.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// How many places are known.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody has failed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Refused until then, in whole seconds.
pub(super) fn back_off(not_before: Timestamp, now: Timestamp) -> Rejection {
    let wait_s = (not_before.ms_since(now) + 999) / 1000;
    Rejection::from(Code::BackOff).with("retry_after_s", wait_s)
}
