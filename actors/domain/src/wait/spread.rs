//! How real waits spread around predicted ones: a histogram of their ratio that forgets slowly. Whole numbers only, so that
//! a replay gives the same bits.

use serde::{Deserialize, Serialize};

/// Ratios from 1/16 up to 16, in eighths of an octave.
const BUCKETS: usize = 64;
/// 1024 × 2^(n/8).
const STEPS: [u64; 8] = [1024, 1117, 1218, 1328, 1448, 1579, 1722, 1878];
/// So many are kept; then every count is halved.
const KEPT: u32 = 3_000;
/// So many weigh as much as what is assumed beforehand.
const ASSUMED: f64 = 20.0;

/// What is assumed of a distance before it has been seen: the lower, the middle and the upper of the ratios' quantiles.
pub(super) type Assumed = [f64; 3];

/// Ratios of real to predicted waits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Spread {
    /// Empty until the first one.
    counts: Vec<u16>,
    total: u32,
}

impl Spread {
    /// One more wait, real and predicted, both in ms.
    pub fn add(&mut self, real_ms: u64, predicted_ms: u64) {
        self.counts.resize(BUCKETS, 0);
        if self.total == KEPT {
            self.counts.iter_mut().for_each(|count| *count /= 2);
            self.total = self.counts.iter().map(|count| u32::from(*count)).sum();
        }
        let ratio = (real_ms * 16 * 1024 / predicted_ms.max(1)).clamp(1024, (1024 << 8) - 1);
        let octave = 53 - ratio.leading_zeros() as usize;
        let step = STEPS.partition_point(|step| *step <= ratio >> octave) - 1;
        self.counts[octave * 8 + step] += 1;
        self.total += 1;
    }

    /// The ratios at 10, 50 and 90 %, drawn towards what is assumed as long as little has been seen.
    pub fn quantiles(&self, assumed: Assumed) -> Assumed {
        [self.drawn(0.1, assumed[0]), self.drawn(0.5, assumed[1]), self.drawn(0.9, assumed[2])]
    }

    /// The middle ratio × 1024, as [`Self::quantiles`] has it.
    pub fn middle(&self, assumed: Assumed) -> u64 {
        (self.drawn(0.5, assumed[1]) * 1024.0) as u64
    }

    fn drawn(&self, quantile: f64, assumed: f64) -> f64 {
        let seen = f64::from(self.total);
        (self.at(quantile) * seen + assumed * ASSUMED) / (seen + ASSUMED)
    }

    fn at(&self, quantile: f64) -> f64 {
        let mut left = quantile * f64::from(self.total);
        for (bucket, count) in self.counts.iter().enumerate() {
            let count = f64::from(*count);
            if left <= count && count > 0.0 {
                let (from, to) = (edge(bucket), edge(bucket + 1));
                return from + (to - from) * left / count;
            }
            left -= count;
        }
        0.0
    }
}

fn edge(bucket: usize) -> f64 {
    STEPS[bucket % 8] as f64 * (1_u64 << (bucket / 8)) as f64 / (16.0 * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Assumed = [0.5, 1.0, 2.0];

    #[test]
    fn quantiles_of_what_was_seen_within_a_tenth() {
        let mut spread = Spread::default();
        assert_eq!(spread.quantiles(WIDE), WIDE, "nothing seen: what is assumed");
        for n in 1..=2_000 {
            spread.add(500 + n, 1_000);
        }
        for (found, real) in spread.quantiles(WIDE).iter().zip([0.7, 1.5, 2.3]) {
            assert!((found / real - 1.0).abs() < 0.05, "{found} for {real}");
        }
    }

    #[test]
    fn what_is_beyond_any_measure_stays_inside_and_old_ratios_are_forgotten() {
        let mut spread = Spread::default();
        for (real_ms, predicted_ms) in [(0, 1_000), (1, 0), (86_400_000, 1)] {
            spread.add(real_ms, predicted_ms);
        }
        for _ in 0..KEPT {
            spread.add(4_000, 1_000);
        }
        for _ in 0..2 * KEPT {
            spread.add(1_000, 1_000);
        }
        assert!(spread.total <= KEPT);
        assert!((spread.quantiles(WIDE)[1] - 1.0).abs() < 0.1);
    }
}
