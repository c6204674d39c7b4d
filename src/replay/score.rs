//! How good the predictions were, beside the naive rule.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// For whom a wait is predicted: so many places behind the one who is called.
pub const DISTANCES: [usize; 4] = [1, 3, 5, 10];

/// One wait, foreseen and real, in ms from the call at which it was foreseen.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    /// For whom.
    pub ahead: usize,
    /// What came.
    pub real_ms: i64,
    /// By people before × session mean so far.
    pub naive_ms: i64,
    /// By the engine: 10, 50 and 90 %.
    pub foreseen_ms: [i64; 3],
}

/// The figures of all waits, by distance.
pub fn figures(waits: &[Wait]) -> Value {
    let mut by_distance: BTreeMap<usize, Vec<&Wait>> = DISTANCES.iter().map(|ahead| (*ahead, Vec::new())).collect();
    for wait in waits {
        by_distance.entry(wait.ahead).or_default().push(wait);
    }
    let ahead: Vec<(String, Value)> =
        by_distance.iter().map(|(ahead, waits)| (ahead.to_string(), distance(waits))).collect();
    Value::Object(ahead.into_iter().collect())
}

fn distance(waits: &[&Wait]) -> Value {
    let n = waits.len() as f64;
    let mean = |of: &dyn Fn(&Wait) -> f64| waits.iter().map(|wait| of(wait)).sum::<f64>() / n;
    let mae_s = mean(&|wait| (wait.real_ms - wait.foreseen_ms[1]).abs() as f64 / 1000.0);
    let naive_mae_s = mean(&|wait| (wait.real_ms - wait.naive_ms).abs() as f64 / 1000.0);
    let inside = mean(&|wait| {
        let [p10_ms, _, p90_ms] = wait.foreseen_ms;
        f64::from(u8::from((p10_ms..=p90_ms).contains(&wait.real_ms)))
    });
    let widths = waits.iter().map(|wait| (wait.foreseen_ms[2] - wait.foreseen_ms[0]) as f64 / 1000.0);
    let width = quantile(widths.collect(), 0.5);
    json!({
        "waits": waits.len(),
        "mae_s": rounded(mae_s, 1.0),
        "naive_mae_s": rounded(naive_mae_s, 1.0),
        "ratio": rounded(mae_s / naive_mae_s, 100.0),
        "inside_p10_p90": rounded(inside, 100.0),
        "median_width_s": width.and_then(|width| rounded(width, 1.0)),
        "plain_median_width_s": plain_width_s(waits, inside).and_then(|width| rounded(width, 1.0)),
    })
}

/// The median width of a plain range that holds as many of these very waits: the naive rule times two factors, the same for
/// all, found afterwards.
fn plain_width_s(waits: &[&Wait], inside: f64) -> Option<f64> {
    let ratios = || waits.iter().map(|wait| wait.real_ms as f64 / wait.naive_ms.max(1) as f64).collect();
    let factor = quantile(ratios(), 0.5 + inside / 2.0)? - quantile(ratios(), 0.5 - inside / 2.0)?;
    quantile(waits.iter().map(|wait| wait.naive_ms as f64 / 1000.0 * factor).collect(), 0.5)
}

fn quantile(mut values: Vec<f64>, quantile: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let at = (quantile.clamp(0.0, 1.0) * values.len().saturating_sub(1) as f64).round() as usize;
    values.get(at).copied()
}

/// None for what there is none of.
fn rounded(value: f64, by: f64) -> Option<f64> {
    value.is_finite().then(|| (value * by * 10.0).round() / (by * 10.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_three_waits_by_hand() {
        let wait = |real_s: i64, naive_s: i64, foreseen_s: [i64; 3]| Wait {
            ahead: 3,
            real_ms: real_s * 1000,
            naive_ms: naive_s * 1000,
            foreseen_ms: foreseen_s.map(|s| s * 1000),
        };
        let waits = [wait(100, 80, [50, 90, 100]), wait(100, 140, [101, 120, 200]), wait(60, 60, [30, 60, 70])];
        let figures = figures(&waits);
        let three = &figures["3"];
        assert_eq!((three["waits"].as_u64(), three["mae_s"].as_f64()), (Some(3), Some(10.0)));
        assert_eq!((three["naive_mae_s"].as_f64(), three["ratio"].as_f64()), (Some(20.0), Some(0.5)));
        assert_eq!((three["inside_p10_p90"].as_f64(), three["median_width_s"].as_f64()), (Some(0.667), Some(50.0)));
        assert_eq!((figures["1"]["waits"].as_u64(), figures["1"]["ratio"].is_null()), (Some(0), true));
    }
}
