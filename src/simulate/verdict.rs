//! The ten invariants, each with how often it was checked and what broke it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

/// ARCHITECTURE's numbered invariants.
pub const NAMES: [&str; 10] = ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10"];
/// Examples kept of what broke an invariant.
const EXAMPLES: usize = 5;

#[derive(Default)]
struct Verdict {
    checks: u64,
    broken: u64,
    examples: Vec<String>,
}

/// See the module.
#[derive(Default)]
pub struct Verdicts(Mutex<BTreeMap<&'static str, Verdict>>);

impl Verdicts {
    /// One check of an invariant.
    pub fn check(&self, name: &'static str, kept: bool, what: impl FnOnce() -> String) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let verdict = all.entry(name).or_default();
        verdict.checks += 1;
        if !kept {
            verdict.broken += 1;
            if verdict.examples.len() < EXAMPLES {
                verdict.examples.push(what());
            }
        }
    }

    /// What another judge has found, too.
    pub fn add(&self, other: &Self) {
        let other = std::mem::take(&mut *other.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, found) in other {
            let verdict = all.entry(name).or_default();
            verdict.checks += found.checks;
            verdict.broken += found.broken;
            verdict.examples.extend(found.examples);
            verdict.examples.truncate(EXAMPLES);
        }
    }

    /// Whether one of them is broken.
    pub fn any_broken(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().any(|verdict| verdict.broken > 0)
    }

    /// As the result prints them.
    pub fn json(&self) -> Value {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let one = |name: &'static str| {
            let Some(verdict) = all.get(name).filter(|verdict| verdict.checks > 0) else {
                return json!({ "verdict": "not_checked", "checks": 0, "by": "outside ledger" });
            };
            let mut said = json!({
                "verdict": if verdict.broken > 0 { "broken" } else { "kept" },
                "checks": verdict.checks,
                "by": "outside ledger",
            });
            if verdict.broken > 0 {
                said["broken"] = json!(verdict.broken);
                said["examples"] = json!(verdict.examples);
            }
            said
        };
        Value::Object(NAMES.into_iter().map(|name| (name.to_owned(), one(name))).collect::<Map<_, _>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_checked_is_not_kept() {
        let verdicts = Verdicts::default();
        verdicts.check("I1", true, String::new);
        verdicts.check("I2", false, || "twice".to_owned());
        verdicts.check("I2", true, String::new);
        let said = verdicts.json();
        assert_eq!((&said["I1"]["verdict"], &said["I1"]["checks"]), (&json!("kept"), &json!(1)));
        assert_eq!((&said["I2"]["verdict"], &said["I2"]["examples"]), (&json!("broken"), &json!(["twice"])));
        assert_eq!(said["I3"]["verdict"], "not_checked");
        assert!(verdicts.any_broken());
    }
}
