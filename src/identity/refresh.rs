//! Refresh tokens and other long random secrets (a screen's, a one-time link's): 256 bits of chance; only a keyed hash
//! is kept.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use jiaohao_domain::redacted::Redacted;

use super::chance;
use super::keys::Key;

/// Draws a secret.
pub fn draw() -> Redacted<String> {
    Redacted::new(BASE64URL_NOPAD.encode(&chance::bytes::<32>()))
}

/// Whether it has the form of a drawn one.
pub fn is_drawn(secret: &str) -> bool {
    BASE64URL_NOPAD.decode(secret.as_bytes()).is_ok_and(|bytes| bytes.len() == 32)
}

/// What is kept of it.
pub fn hash(hash_key: &Key, secret: &str) -> String {
    HEXLOWER.encode(&hash_key.mac(&[b"refresh", secret.as_bytes()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_hashes_are_keyed() {
        let (one, other) = (draw(), draw());
        assert_eq!(one.reveal().len(), 43);
        assert_ne!(one, other);
        let key = Key::from_bytes([1; 32]);
        assert_eq!(hash(&key, one.reveal()), hash(&key, one.reveal()));
        assert_ne!(hash(&key, one.reveal()), hash(&key, other.reveal()));
        assert_ne!(hash(&key, one.reveal()), hash(&Key::from_bytes([2; 32]), one.reveal()));
    }
}
