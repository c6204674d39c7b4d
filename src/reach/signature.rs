//! The signature of the SMS service's two directions (docs/channels.md): HMAC-SHA256 over method, path, date and the hash
//! of the body, each on a line of its own.

use chrono::{DateTime, SecondsFormat};
use data_encoding::HEXLOWER;
use hmac::{Hmac, Mac};
use jiaohao_domain::Timestamp;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The header with the date.
pub const DATE: &str = "x-sms-date";
/// The header with key id and signature.
pub const AUTHORIZATION: &str = "authorization";

/// How far the date may be from now, in ms: a signature that was overheard is of no use afterwards.
const DATE_MAX_AWAY_MS: i64 = 300_000;
/// What begins the header.
const SCHEME: &str = "HMAC-SHA256 ";

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// A header is missing or cannot be read.
    #[error("there is no signature")]
    Missing,
    /// Signed more than five minutes ago, or in the future.
    #[error("the date is more than five minutes away")]
    Date,
    /// Not signed by who has the key.
    #[error("the signature is another")]
    Signature,
}

/// The two headers of a request signed `now`.
pub fn headers(
    key_id: &str,
    secret: &str,
    method: &str,
    path: &str,
    body: &[u8],
    now: Timestamp,
) -> [(&'static str, String); 2] {
    let date = DateTime::from_timestamp_millis(now.0).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true);
    let signature = HEXLOWER.encode(&mac(secret, method, path, &date, body));
    [(AUTHORIZATION, format!("{SCHEME}key={key_id}, signature={signature}")), (DATE, date)]
}

/// Checks both headers of a request that came `now`.
///
/// # Errors
/// [`Wrong`].
pub fn check(
    (key_id, secret): (&str, &str),
    (method, path, body): (&str, &str, &[u8]),
    authorization: Option<&str>,
    date: Option<&str>,
    now: Timestamp,
) -> Result<(), Wrong> {
    let (Some(given), Some(date)) = (authorization.and_then(|given| given.strip_prefix(SCHEME)), date) else {
        return Err(Wrong::Missing);
    };
    let at = DateTime::parse_from_rfc3339(date).map_err(|_| Wrong::Missing)?;
    if (at.timestamp_millis() - now.0).abs() > DATE_MAX_AWAY_MS {
        return Err(Wrong::Date);
    }
    let expected = format!("key={key_id}, signature={}", HEXLOWER.encode(&mac(secret, method, path, date, body)));
    if bool::from(expected.as_bytes().ct_eq(given.as_bytes())) { Ok(()) } else { Err(Wrong::Signature) }
}

fn mac(secret: &str, method: &str, path: &str, date: &str, body: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("invariant: HMAC takes a key of any length");
    let hash = HEXLOWER.encode(&Sha256::digest(body));
    mac.update([method, path, date, &hash].join("\n").as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_393_800_000);

    #[test]
    fn the_signature_is_as_documented() {
        let [(_, authorization), (_, date)] = headers("k1", "secret", "POST", "/v1/messages", b"{}", NOW);
        assert_eq!(date, "2026-11-23T00:30:00Z");
        // printf 'POST\n/v1/messages\n2026-11-23T00:30:00Z\n%s' "$(printf '{}' | sha256sum | cut -d' ' -f1)" |
        //   openssl dgst -sha256 -hmac secret
        assert_eq!(
            authorization,
            "HMAC-SHA256 key=k1, signature=64c2e9d3c7979ee96f5a63cc4eeaaac6660ae4f424a88e59591c90a493cc6b04"
        );
    }

    #[test]
    fn only_what_was_signed_just_now_with_the_key_holds() {
        let [(_, authorization), (_, date)] = headers("k1", "secret", "POST", "/p", b"{}", NOW);
        let with = |key: (&str, &str), request: (&str, &str, &[u8]), now: Timestamp| {
            check(key, request, Some(&authorization), Some(&date), now)
        };
        let (key, request) = (("k1", "secret"), ("POST", "/p", b"{}".as_slice()));
        assert_eq!(with(key, request, NOW), Ok(()));
        assert_eq!(with(key, request, NOW.plus_s(299)), Ok(()));
        assert_eq!(with(key, request, NOW.plus_s(301)), Err(Wrong::Date));
        assert_eq!(with(key, request, Timestamp(NOW.0 - 301_000)), Err(Wrong::Date));
        for other in [(("k2", "secret"), request), (("k1", "other"), request)] {
            assert_eq!(with(other.0, other.1, NOW), Err(Wrong::Signature));
        }
        for other in [("GET", "/p", b"{}".as_slice()), ("POST", "/q", b"{}"), ("POST", "/p", b"{ }")] {
            assert_eq!(with(key, other, NOW), Err(Wrong::Signature));
        }
        assert_eq!(check(key, request, None, Some(&date), NOW), Err(Wrong::Missing));
        assert_eq!(check(key, request, Some(&authorization), None, NOW), Err(Wrong::Missing));
    }
}
