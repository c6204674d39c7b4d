//! By what a push service knows the hospital (VAPID, RFC 8292): a token signed with ES256, and the public key that browsers
//! subscribe with.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiaohao_domain::Timestamp;
use p256::PublicKey;
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use serde::Deserialize;
use serde_json::json;

use super::sealed::point;
use crate::identity::keys::Key;

/// The key's file, beside the house's other keys. One that is lost is made anew: browsers have to allow it again.
pub const KEY_FILE: &str = "push.key";

/// How long a token holds, in seconds (a day at most).
const HOLDS_S: i64 = 12 * 3600;
/// The longest that a push service lets a token hold, in seconds.
const HOLDS_MAX_S: i64 = 24 * 3600;

/// The hospital's end.
pub struct Vapid {
    key: SigningKey,
}

/// What a token says.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub struct Said {
    /// For which push service.
    pub aud: String,
    /// Until when, in seconds since 1970.
    pub exp: i64,
    /// Whom to write to.
    pub sub: String,
}

impl Vapid {
    /// From the key's bytes; none when they are no private key, which happens to one number in 2³².
    pub fn from_key(key: &Key) -> Option<Self> {
        SigningKey::from_slice(key.reveal()).ok().map(|key| Self { key })
    }

    /// What a page subscribes with (`applicationServerKey`): the public key, base64url.
    pub fn public_key(&self) -> String {
        URL_SAFE_NO_PAD.encode(point(&PublicKey::from(self.key.verifying_key())))
    }

    /// The `Authorization` for a push service of this origin.
    pub fn authorization(&self, origin: &str, contact: &str, now: Timestamp) -> String {
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({ "aud": origin, "exp": now.0 / 1000 + HOLDS_S, "sub": contact });
        let signed = format!("{}.{}", part(json!({ "typ": "JWT", "alg": "ES256" })), part(claims));
        let signature: Signature = self.key.sign(signed.as_bytes());
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()));
        format!("vapid t={token}, k={}", self.public_key())
    }
}

/// Checks an `Authorization` as push services do: what it says, and by which key.
///
/// # Errors
/// What is wrong, in words.
pub fn check(authorization: &str, origin: &str, now: Timestamp) -> Result<(Said, String), &'static str> {
    let fields = authorization.strip_prefix("vapid ").ok_or("not vapid")?;
    let field = |name: &str| fields.split(',').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
    let (token, key) = (field("t").ok_or("no token")?, field("k").ok_or("no key")?);
    let (signed, signature) = token.rsplit_once('.').ok_or("no token")?;
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text);
    let signature = bytes(signature).ok().and_then(|bytes| Signature::from_slice(&bytes).ok());
    let verifier = bytes(key).ok().and_then(|bytes| VerifyingKey::from_sec1_bytes(&bytes).ok());
    let (signature, verifier) = (signature.ok_or("no signature")?, verifier.ok_or("no key")?);
    verifier.verify(signed.as_bytes(), &signature).map_err(|_| "another signature")?;
    let claims = signed.split_once('.').and_then(|(_, claims)| bytes(claims).ok()).ok_or("no claims")?;
    let said: Said = serde_json::from_slice(&claims).map_err(|_| "no claims")?;
    let left_s = said.exp - now.0 / 1000;
    if said.aud != origin {
        return Err("for another push service");
    }
    if !(0..=HOLDS_MAX_S).contains(&left_s) {
        return Err("expired, or for more than a day");
    }
    Ok((said, key.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_393_800_000);

    #[test]
    fn the_example_of_rfc_8292_holds() {
        let example = "vapid t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1\
                       MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrEr\
                       tmysazNjjvW2L9OkSSHzvoD1oA, k=BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2Em\
                       ClBPs";
        let (said, _) = check(example, "https://push.example.net", Timestamp(1_453_500_000_000)).expect("it holds");
        assert_eq!((said.exp, said.sub.as_str()), (1_453_523_768, "mailto:push@example.com"));
    }

    #[test]
    fn a_token_holds_for_its_push_service_and_half_a_day() {
        let vapid = Vapid::from_key(&Key::from_bytes([7; 32])).expect("a key");
        let (origin, contact) = ("https://push.example.net", "mailto:it@example.org");
        let authorization = vapid.authorization(origin, contact, NOW);
        let (said, key) = check(&authorization, origin, NOW).expect("it holds");
        assert_eq!((said.sub.as_str(), key), (contact, vapid.public_key()));
        assert!(check(&authorization, origin, NOW.plus_s(HOLDS_S)).is_ok());
        assert!(check(&authorization, origin, NOW.plus_s(HOLDS_S + 1)).is_err());
        assert!(check(&authorization, origin, Timestamp(NOW.0 - 86_400_000)).is_err(), "for more than a day");
        assert!(check(&authorization, "https://other.example.net", NOW).is_err());
        let other = Vapid::from_key(&Key::from_bytes([8; 32])).expect("a key");
        assert!(check(&authorization.replace(&vapid.public_key(), &other.public_key()), origin, NOW).is_err());
        assert!(Vapid::from_key(&Key::from_bytes([0; 32])).is_none());
    }
}
