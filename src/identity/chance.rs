//! Chance for secrets: the operating system's generator. Chance for decisions comes from the shell instead.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this is where the chance of secrets comes from"
)]

use rand::TryRngCore;
use rand::rngs::OsRng;

/// `N` random bytes fit for a key.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng.try_fill_bytes(&mut bytes).expect("invariant: the operating system has a random generator");
    bytes
}

/// A number below `bound`, every one equally likely.
pub fn below(bound: u32) -> u32 {
    assert!(bound > 0, "nothing is below zero");
    let fair = u32::MAX - u32::MAX % bound;
    loop {
        let drawn = u32::from_le_bytes(bytes());
        if drawn < fair {
            return drawn % bound;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_differ_and_stay_below() {
        assert_ne!(bytes::<32>(), bytes::<32>());
        let drawn: std::collections::BTreeSet<u32> = (0..500).map(|_| below(6)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
    }
}
