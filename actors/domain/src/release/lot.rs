//! The lot: who was there is ordered by a hash of the seed and the person. Everything is text, so that anybody can repeat
//! it: `printf %s SEED | sha256sum` is what was published before, `printf %s:%s SEED PERSON | sha256sum` is what somebody
//! has drawn, and the smaller one goes first.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::ids::PatientId;

/// A seed: 64 hexadecimal digits, of four draws.
pub fn seed(draw: impl Fn(u64) -> u64) -> String {
    (0..4).map(|n| format!("{:016x}", draw(n))).collect()
}

/// The hash of a text, in hexadecimal digits.
pub fn sha256(text: &str) -> String {
    hexadecimal(&Sha256::digest(text))
}

/// What somebody has drawn.
pub fn drawn(seed: &str, person: &PatientId) -> [u8; 32] {
    Sha256::new().chain_update(seed).chain_update(":").chain_update(person.as_str()).finalize().into()
}

/// The same in hexadecimal digits.
pub fn drawn_text(seed: &str, person: &PatientId) -> String {
    hexadecimal(&drawn(seed, person))
}

/// In which order they go, however they came.
pub fn order(seed: &str, present: impl IntoIterator<Item = PatientId>) -> Vec<PatientId> {
    let mut drawn: Vec<([u8; 32], PatientId)> =
        present.into_iter().map(|person| (self::drawn(seed, &person), person)).collect();
    drawn.sort_unstable();
    drawn.dedup();
    drawn.into_iter().map(|(_, person)| person).collect()
}

/// The hash of an order: of what each has drawn, one a line. It names nobody, and who reads the list finds the own line.
pub fn order_sha256(seed: &str, order: &[PatientId]) -> String {
    let mut all = Sha256::new();
    for person in order {
        all.update(drawn_text(seed, person));
        all.update("\n");
    }
    hexadecimal(&all.finalize())
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // writing to a text does not fail
        let _ = write!(text, "{byte:02x}");
    }
    text
}
