//! Persons: ids derived from documents, so that the same person is the same owner from any phone or node; and the
//! sealed fields, which only the person's own key opens.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use data_encoding::BASE32_NOPAD;
use jiaohao_domain::redacted::Redacted;
use jiaohao_domain::{AccountId, PatientId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::accounts::hashed;
use super::chance;
use super::keys::Key;

/// Version of the sealed form; the first byte.
const SEALED_VERSION: u8 = 1;
const NONCE: usize = 24;

/// The id of who bears this document. `kind` is the document's kind as it stands on the wire (`resident_id`,
/// `passport`, …); spaces and the number's letters' case do not matter.
pub fn patient_id(site_group_key: &Key, kind: &str, number: &Redacted<String>) -> PatientId {
    PatientId::new(format!(
        "p-{}",
        hashed(site_group_key, &[b"document", kind.as_bytes(), normal(number.reveal()).as_bytes()])
    ))
}

/// Who an account says it is by a document's number alone. The bearer of the document is somebody else: what the two have
/// never meets. All claims of one number begin with [`claims_of`], by which the desk finds them.
pub fn claim_of(site_group_key: &Key, account: &AccountId, kind: &str, number: &Redacted<String>) -> PatientId {
    let normal = normal(number.reveal());
    let own = [b"claim".as_slice(), account.as_str().as_bytes(), kind.as_bytes(), normal.as_bytes()];
    PatientId::new(format!("{}{}", claims_of(site_group_key, kind, number), hashed(site_group_key, &own)))
}

/// What the claims of that document's number begin with.
pub fn claims_of(site_group_key: &Key, kind: &str, number: &Redacted<String>) -> String {
    let all = hashed(site_group_key, &[b"claims", kind.as_bytes(), normal(number.reveal()).as_bytes()]);
    format!("{}{}-", PatientId::CLAIM, &all[..16])
}

/// The provisional id of somebody whom a hospital's system knows only by its own number.
pub fn provisional_of(site_group_key: &Key, issuer: &str, number: &str) -> PatientId {
    PatientId::new(format!("p-{}", hashed(site_group_key, &[b"issuer", issuer.as_bytes(), number.trim().as_bytes()])))
}

/// The provisional id of somebody without any document: chance.
pub fn provisional() -> PatientId {
    PatientId::new(format!("p-{}", BASE32_NOPAD.encode(&chance::bytes::<20>()).to_ascii_lowercase()))
}

/// The provisional id of somebody without any document whom an account makes known under an idempotency key: the same
/// key is the same person.
pub fn provisional_by(site_group_key: &Key, account: &AccountId, key: Uuid) -> PatientId {
    PatientId::new(format!("p-{}", hashed(site_group_key, &[b"key", account.as_str().as_bytes(), key.as_bytes()])))
}

/// A document's number without spaces and hyphens, in capitals.
pub fn normal(number: &str) -> String {
    number.chars().filter(|c| !c.is_whitespace() && *c != '-').flat_map(char::to_uppercase).collect()
}

/// Seals a field of a person with the person's key. What it is (`record`, `birth_date`) and whose are bound to it: it
/// opens nowhere else.
pub fn seal<T: Serialize>(key: &Key, patient: &PatientId, field: &str, value: &T) -> Vec<u8> {
    let clear = serde_json::to_vec(value).expect("invariant: a person's fields are plain values");
    let nonce: [u8; NONCE] = chance::bytes();
    let bound = binding(patient, field);
    let sealed = XChaCha20Poly1305::new(key.reveal().into())
        .encrypt(XNonce::from_slice(&nonce), Payload { msg: &clear, aad: &bound })
        .expect("invariant: a person's fields are far below the cipher's limit");
    [&[SEALED_VERSION], nonce.as_slice(), &sealed].concat()
}

/// Opens a sealed field; none when it is not that person's, not that field, damaged, or of another key.
pub fn open<T: DeserializeOwned>(key: &Key, patient: &PatientId, field: &str, sealed: &[u8]) -> Option<T> {
    let (version, rest) = sealed.split_first()?;
    if *version != SEALED_VERSION || rest.len() < NONCE {
        return None;
    }
    let (nonce, sealed) = rest.split_at(NONCE);
    let bound = binding(patient, field);
    let clear = XChaCha20Poly1305::new(key.reveal().into())
        .decrypt(XNonce::from_slice(nonce), Payload { msg: sealed, aad: &bound })
        .ok()?;
    serde_json::from_slice(&clear).ok()
}

fn binding(patient: &PatientId, field: &str) -> Vec<u8> {
    // An id has no line break, so that no pair looks like another.
    format!("{patient}\n{field}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Redacted<String> {
        text.to_owned().into()
    }

    #[test]
    fn one_document_is_one_person_however_it_is_typed() {
        let key = Key::from_bytes([1; 32]);
        let id = patient_id(&key, "resident_id", &number("11010519491231002X"));
        assert_eq!(id, patient_id(&key, "resident_id", &number(" 110105 19491231 002x ")));
        assert_ne!(id, patient_id(&key, "passport", &number("11010519491231002X")));
        assert_ne!(id, patient_id(&key, "resident_id", &number("110105194912310021")));
        assert_ne!(id, patient_id(&Key::from_bytes([2; 32]), "resident_id", &number("11010519491231002X")));
        assert!(jiaohao_domain::is_well_formed(id.as_str()) && id.as_str().starts_with("p-"));
        assert_eq!(id.as_str().len(), 34);
    }

    #[test]
    fn a_claim_is_of_one_account_and_is_found_by_its_number_and_never_the_bearer() {
        let (key, number) = (Key::from_bytes([1; 32]), number("11010519491231002X"));
        let claim = |account| claim_of(&key, &AccountId::new(account), "resident_id", &number);
        let (mine, yours) = (claim("a-1"), claim("a-2"));
        assert!(mine.is_claim() && jiaohao_domain::is_well_formed(mine.as_str()));
        assert_eq!(mine, claim("a-1"));
        assert_ne!(mine, yours);
        let all = claims_of(&key, "resident_id", &number);
        assert!(mine.as_str().starts_with(&all) && yours.as_str().starts_with(&all));
        let bearer = patient_id(&key, "resident_id", &number);
        assert!(!bearer.is_claim() && !mine.as_str().contains(&bearer.as_str()[2..12]));
    }

    #[test]
    fn provisional_ids_are_chance_or_the_issuers() {
        let key = Key::from_bytes([1; 32]);
        assert_ne!(provisional(), provisional());
        assert_eq!(provisional_of(&key, "renmin", "77"), provisional_of(&key, "renmin", " 77"));
        assert_ne!(provisional_of(&key, "renmin", "77"), provisional_of(&key, "other", "77"));
        assert_ne!(provisional_of(&key, "resident_id", "77"), patient_id(&key, "resident_id", &number("77")));
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_person_and_field_only() {
        let (key, patient) = (Key::random(), PatientId::new("p-1"));
        let sealed = seal(&key, &patient, "record", &"张三丰".to_owned());
        assert_eq!(open::<String>(&key, &patient, "record", &sealed).as_deref(), Some("张三丰"));
        assert_eq!(open::<String>(&Key::random(), &patient, "record", &sealed), None);
        assert_eq!(open::<String>(&key, &PatientId::new("p-2"), "record", &sealed), None);
        assert_eq!(open::<String>(&key, &patient, "birth_date", &sealed), None);
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert_eq!(open::<String>(&key, &patient, "record", &damaged), None, "byte {at}");
            assert_eq!(open::<String>(&key, &patient, "record", &sealed[..at]), None, "cut at {at}");
        }
        assert_ne!(sealed, seal(&key, &patient, "record", &"张三丰".to_owned()), "a nonce of its own");
        assert!(!sealed.windows(3).any(|window| window == "张".as_bytes()));
    }
}
