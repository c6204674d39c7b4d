//! Refresh tokens that were just traded: whoever shows one again within the grace is given what it was traded for. Tabs that
//! open together show the same one, as many as there are, and an answer may have been lost. In memory and bounded: after a
//! restart the account's own rule holds.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiaohao_domain::account::REFRESH_GRACE_S;
use jiaohao_domain::redacted::Redacted;

/// For so long (machine time: browsers do not live faster with the clinic's clock).
const GRACE: Duration = Duration::from_secs(REFRESH_GRACE_S.unsigned_abs());
/// So many trades are remembered at once; beyond it a token is traded and not remembered.
const TRADES_MAX: usize = 50_000;

/// The next token, by its hash and as it stands in the cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// Its hash.
    pub hash: String,
    /// The cookie's.
    pub token: Redacted<String>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Trades(Mutex<HashMap<String, (Next, Instant)>>);

impl Trades {
    /// What the token of that hash is traded for from now on: what it was traded for before, if that was within the grace,
    /// else this.
    pub fn trade(&self, hash: &str, drawn: Next, now: Instant) -> Next {
        let mut trades = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if trades.len() >= TRADES_MAX {
            trades.retain(|_, (_, since)| now.duration_since(*since) < GRACE);
        }
        match trades.get(hash).filter(|(_, since)| now.duration_since(*since) < GRACE) {
            Some((next, _)) => next.clone(),
            None => {
                if trades.len() < TRADES_MAX {
                    trades.insert(hash.to_owned(), (drawn.clone(), now));
                }
                drawn
            }
        }
    }

    /// What a token was traded for within the grace: the last of those that followed each other, and the hash of the one
    /// before it.
    pub fn last_of(&self, hash: &str, now: Instant) -> Option<(String, Next)> {
        let trades = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = |hash: &str| trades.get(hash).filter(|(_, since)| now.duration_since(*since) < GRACE);
        let (mut before, mut last) = (hash, &next(hash)?.0);
        while let Some((further, _)) = next(&last.hash) {
            (before, last) = (last.hash.as_str(), further);
        }
        Some((before.to_owned(), last.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(hash: &str) -> Next {
        Next { hash: hash.to_owned(), token: Redacted::new(format!("a~{hash}")) }
    }

    #[test]
    fn as_many_as_come_within_the_grace_are_given_the_same() {
        let (trades, now) = (Trades::default(), jiaohao_actors::shell::clock::monotonic());
        assert_eq!(trades.last_of("0", now), None);
        for drawn in ["1", "2", "3"] {
            assert_eq!(trades.trade("0", next(drawn), now), next("1"));
        }
        assert_eq!(trades.last_of("0", now), Some(("0".to_owned(), next("1"))));
        trades.trade("1", next("4"), now + GRACE / 2);
        assert_eq!(trades.last_of("0", now + GRACE / 2), Some(("1".to_owned(), next("4"))), "a tab that was slower");
        assert_eq!(trades.last_of("0", now + GRACE), None, "a copy by now");
        assert_eq!(trades.trade("0", next("5"), now + GRACE), next("5"));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_passes() {
        let (trades, now) = (Trades::default(), jiaohao_actors::shell::clock::monotonic());
        for n in 0..=TRADES_MAX {
            trades.trade(&n.to_string(), next("next"), now);
        }
        assert_eq!(trades.0.lock().expect("nobody panics").len(), TRADES_MAX);
        trades.trade("later", next("next"), now + GRACE);
        assert_eq!(trades.0.lock().expect("nobody panics").len(), 1);
    }
}
