//! Whether the lots were as promised: what the house tells of them afterwards against what the people were told before the
//! moment and in line, by the lot's own arithmetic.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiaohao_domain::PatientId;
use jiaohao_domain::release::lot;
use serde_json::Value;

/// What one of the people knows of the lot.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    patient: Arc<str>,
    /// Whether they were there before; none: they said so, and heard no answer.
    was_there: Option<bool>,
    /// The hash of the seed that they were told before the moment.
    promised: Option<String>,
    /// The first number that they were told in line.
    number: Option<u64>,
    /// They may have had their turn: a number after it is another one.
    is_called: bool,
}

impl Seen {
    /// Nothing yet.
    pub(super) fn nothing(patient: Arc<str>) -> Self {
        Self { patient, was_there: Some(false), promised: None, number: None, is_called: false }
    }

    /// What they were told when they said that they are there.
    pub(super) fn entered(&mut self, told: &Value) {
        if told["standing"] == "present" {
            self.was_there = Some(true);
        }
        self.numbered(told["number"].as_u64().unwrap_or(0));
        // Who hears the seed with its hash was promised nothing.
        if told["seed"].is_null() && self.promised.is_none() {
            self.promised = told["seed_sha256"].as_str().map(str::to_owned);
        }
    }

    /// They said that they are there, and heard no answer.
    pub(super) fn unheard(&mut self) {
        if self.was_there == Some(false) {
            self.was_there = None;
        }
    }

    /// They were told a number in line; 0: the lot is being drawn.
    pub(super) fn numbered(&mut self, number: u64) {
        if number > 0 && !self.is_called {
            self.number.get_or_insert(number);
        }
    }

    /// They were let in, or may have been.
    pub(super) fn called(&mut self) {
        self.is_called = true;
    }
}

/// Compares a lot, as `GET /departments/{id}/releases` tells it, with what those who came to it have seen. False: of somebody
/// nobody knows whether they were there, so that the order cannot be made again.
///
/// # Errors
/// What is not as it was promised.
pub(super) fn check(told: &Value, seen: &[&Seen]) -> Result<bool, String> {
    let text = |name: &str| told[name].as_str().ok_or_else(|| format!("it has no {name}"));
    let (seed, hash, order_sha256) = (text("seed")?, text("seed_sha256")?, text("order_sha256")?);
    let present = told["present"].as_u64().ok_or("nothing says how many were there")?;
    if lot::sha256(seed) != hash {
        return Err("the hash is not the seed's".to_owned());
    }
    let promised = |one: &&&Seen| one.promised.as_deref().is_some_and(|promised| promised != hash);
    if let Some(other) = seen.iter().find(promised) {
        return Err(format!("{} was promised another seed", other.patient));
    }
    // Who heard no answer, and later a number of the lot, was there.
    let was_there = |one: &Seen| one.was_there.or_else(|| one.number.map(|number| number <= present));
    let there = seen.iter().filter(|one| was_there(one) == Some(true));
    let position = |one: &Seen| PatientId::from(&*one.patient).position();
    let order = lot::order(seed, there.map(|one| position(one)));
    let is_sure = seen.iter().all(|one| was_there(one).is_some());
    let mut late = seen.iter().filter(|one| was_there(one) == Some(false));
    if let Some(one) = late.find(|one| one.number.is_some_and(|number| number <= present)) {
        return Err(format!("{} came after the lot and has a number of it", one.patient));
    }
    if !is_sure {
        return Ok(false);
    }
    if order.len() as u64 != present || lot::order_sha256(seed, &order) != order_sha256 {
        return Err(format!("the order on record, of {present}, is not that of the {} who were there", order.len()));
    }
    let numbers: BTreeMap<&PatientId, u64> = order.iter().zip(1..).collect();
    for one in seen {
        if let (Some(own), Some(number)) = (numbers.get(&position(one)), one.number)
            && *own != number
        {
            return Err(format!("{} has drawn number {own} and was told {number}", one.patient));
        }
    }
    Ok(seen.iter().any(|one| one.promised.is_some()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SEED: &str = "05caee9ee7b49bdc72232182177563b8a285372113cb7114f9754409cb56c520";

    fn there(patient: &str) -> Seen {
        let mut seen = Seen::nothing(patient.into());
        seen.entered(&json!({ "standing": "present", "seed_sha256": lot::sha256(SEED), "seed": null }));
        seen
    }

    /// Four who were there, with the numbers that they have drawn, and one who came later.
    fn people() -> (Vec<Seen>, Value) {
        let order = lot::order(SEED, ["p-1", "p-2", "p-3", "p-4"].map(PatientId::from));
        let mut seen: Vec<Seen> = order.iter().map(|patient| there(patient.as_str())).collect();
        seen.iter_mut().zip(1..).for_each(|(one, number)| one.numbered(number));
        let mut late = Seen::nothing("p-9".into());
        late.numbered(0);
        late.numbered(5);
        seen.push(late);
        let told = json!({ "seed": SEED, "seed_sha256": lot::sha256(SEED), "present": 4,
            "order_sha256": lot::order_sha256(SEED, &order) });
        (seen, told)
    }

    fn checked(seen: &[Seen], told: &Value) -> Result<bool, String> {
        check(told, &seen.iter().collect::<Vec<_>>())
    }

    #[test]
    fn a_lot_is_as_promised_only_if_seed_order_and_every_number_are() {
        let (seen, told) = people();
        assert_eq!(checked(&seen, &told), Ok(true));
        // Another seed, with its own hash: only who was told before notices.
        let (mut other, seed) = (told.clone(), "another seed");
        (other["seed"], other["seed_sha256"]) = (json!(seed), json!(lot::sha256(seed)));
        assert!(checked(&seen, &other).unwrap_err().contains("another seed"));
        // Somebody was slipped in who was not there.
        let order = lot::order(SEED, ["p-0", "p-1", "p-2", "p-3", "p-4"].map(PatientId::from));
        let mut slipped = told.clone();
        (slipped["present"], slipped["order_sha256"]) = (json!(5), json!(lot::order_sha256(SEED, &order)));
        assert!(checked(&seen, &slipped).is_err());
        // Two were served in each other's place.
        let (mut turned, told) = people();
        (turned[0].number, turned[1].number) = (Some(2), Some(1));
        assert!(checked(&turned, &told).unwrap_err().contains("has drawn number"));
        // The one who came later was put before the others.
        let (mut before, told) = people();
        before[4].number = Some(1);
        assert!(checked(&before, &told).unwrap_err().contains("came after the lot"));
        for name in ["seed", "order_sha256", "present"] {
            let mut told = told.clone();
            told[name] = Value::Null;
            assert!(checked(&people().0, &told).is_err(), "{name}");
        }
    }

    #[test]
    fn who_heard_no_answer_is_told_by_the_number_or_the_order_is_not_known() {
        let (mut seen, told) = people();
        let mut unheard = Seen::nothing(seen[2].patient.clone());
        unheard.unheard();
        unheard.called();
        unheard.numbered(7);
        seen[2] = unheard.clone();
        assert_eq!(checked(&seen, &told), Ok(false), "a number after the turn says nothing");
        unheard.is_called = false;
        unheard.numbered(3);
        seen[2] = unheard.clone();
        assert_eq!(checked(&seen, &told), Ok(true));
        unheard.entered(&json!({ "standing": "present", "seed_sha256": lot::sha256(SEED), "seed": null }));
        unheard.unheard();
        assert_eq!(unheard.was_there, Some(true), "what was answered once stays");
    }
}
