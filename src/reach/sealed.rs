//! Message encryption for Web Push: `aes128gcm` in one record (RFC 8188), keys by RFC 8291. The browser's end is here too: the
//! sandbox reads what a browser would.

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes128Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::{PublicKey, SecretKey, ecdh};
use sha2::Sha256;

use super::port::PushSubscription;
use crate::identity::chance;

/// The longest text that is sealed, in bytes: with the header it stays below the 4,096 that push services take.
pub const TEXT_MAX_BYTES: usize = 3000;
/// The record size that is announced (RFC 8188).
const RECORD_BYTES: u32 = 4096;
/// A point of P-256, uncompressed.
const POINT_BYTES: usize = 65;
/// Salt, record size, length of the key, key.
const HEADER_BYTES: usize = 16 + 4 + 1 + POINT_BYTES;
/// After the text of the last record.
const LAST: u8 = 2;

/// A browser's keys, read.
pub struct BrowserKeys {
    public: PublicKey,
    auth: [u8; 16],
}

/// The browser's own end of a subscription.
pub struct BrowserSecret {
    /// Its private key.
    pub secret: SecretKey,
    /// Its secret of 16 bytes.
    pub auth: [u8; 16],
}

impl BrowserKeys {
    /// Reads the keys of a subscription; none when they are none.
    pub fn read(subscription: &PushSubscription) -> Option<Self> {
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
        let public = PublicKey::from_sec1_bytes(&bytes(&subscription.p256dh)?).ok()?;
        Some(Self { public, auth: bytes(&subscription.auth)?.try_into().ok()? })
    }
}

impl BrowserSecret {
    /// A new one.
    pub fn draw() -> Self {
        Self { secret: draw_key(), auth: chance::bytes() }
    }

    /// What a page would be given of it.
    pub fn keys(&self) -> (String, String) {
        (URL_SAFE_NO_PAD.encode(point(&self.secret.public_key())), URL_SAFE_NO_PAD.encode(self.auth))
    }

    /// Opens a message; none when it is not for this browser.
    pub fn open(&self, message: &[u8]) -> Option<Vec<u8>> {
        let (header, sealed) = message.split_at_checked(HEADER_BYTES)?;
        let (salt, key_id) = (header.first_chunk::<16>()?, &header[21..]);
        if header[16..21] != [&RECORD_BYTES.to_be_bytes()[..], &[POINT_BYTES as u8]].concat() {
            return None;
        }
        let sender = PublicKey::from_sec1_bytes(key_id).ok()?;
        let own = point(&self.secret.public_key());
        let shared = ecdh::diffie_hellman(self.secret.to_nonzero_scalar(), sender.as_affine());
        let (key, nonce) = derive(shared.raw_secret_bytes(), &self.auth, &own, key_id, salt);
        let mut text = Aes128Gcm::new(&key.into()).decrypt(Nonce::from_slice(&nonce), sealed).ok()?;
        let end = text.iter().rposition(|byte| *byte != 0).filter(|at| text[*at] == LAST)?;
        text.truncate(end);
        Some(text)
    }
}

/// Seals a text for a browser, with a key and a salt of its own; none when it is too long.
pub fn seal(text: &[u8], to: &BrowserKeys) -> Option<Vec<u8>> {
    (text.len() <= TEXT_MAX_BYTES).then(|| seal_with(text, to, &draw_key(), chance::bytes()))
}

fn seal_with(text: &[u8], to: &BrowserKeys, own: &SecretKey, salt: [u8; 16]) -> Vec<u8> {
    let key_id = point(&own.public_key());
    let shared = ecdh::diffie_hellman(own.to_nonzero_scalar(), to.public.as_affine());
    let (key, nonce) = derive(shared.raw_secret_bytes(), &to.auth, &point(&to.public), &key_id, &salt);
    let padded = [text, &[LAST]].concat();
    let sealed = Aes128Gcm::new(&key.into()).encrypt(Nonce::from_slice(&nonce), padded.as_slice());
    let sealed = sealed.expect("invariant: a text of this length can be sealed");
    [&salt[..], &RECORD_BYTES.to_be_bytes(), &[POINT_BYTES as u8], &key_id, &sealed].concat()
}

/// Key and nonce (RFC 8291, 3.4).
fn derive(shared: &[u8], auth: &[u8; 16], browser: &[u8], sender: &[u8], salt: &[u8; 16]) -> ([u8; 16], [u8; 12]) {
    const FITS: &str = "invariant: less than 255 blocks are asked for";
    let (mut ikm, mut key, mut nonce) = ([0; 32], [0; 16], [0; 12]);
    let info = [b"WebPush: info\0".as_slice(), browser, sender].concat();
    Hkdf::<Sha256>::new(Some(auth), shared).expand(&info, &mut ikm).expect(FITS);
    let content = Hkdf::<Sha256>::new(Some(salt), &ikm);
    content.expand(b"Content-Encoding: aes128gcm\0", &mut key).expect(FITS);
    content.expand(b"Content-Encoding: nonce\0", &mut nonce).expect(FITS);
    (key, nonce)
}

/// A point as it is sent: uncompressed.
pub fn point(key: &PublicKey) -> Vec<u8> {
    key.to_encoded_point(false).as_bytes().to_vec()
}

/// A new private key. Nearly every number of 256 bits is one.
fn draw_key() -> SecretKey {
    loop {
        if let Ok(key) = SecretKey::from_slice(&chance::bytes::<32>()) {
            return key;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).expect("base64url")
    }

    fn browser() -> BrowserSecret {
        BrowserSecret {
            secret: SecretKey::from_slice(&bytes("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")).expect("a key"),
            auth: bytes("BTBZMqHH6r4Tts7J_aSIgg").try_into().expect("16 bytes"),
        }
    }

    fn subscription(browser: &BrowserSecret) -> PushSubscription {
        let (p256dh, auth) = browser.keys();
        PushSubscription { endpoint: String::new(), p256dh, auth }
    }

    const TEXT: &[u8] = b"When I grow up, I want to be a watermelon";
    const MESSAGE: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz\
                           AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";

    #[test]
    fn the_example_of_rfc_8291_is_sealed_and_opened_as_there() {
        let keys = subscription(&browser());
        let public = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
        assert_eq!((keys.p256dh.as_str(), keys.auth.as_str()), (public, "BTBZMqHH6r4Tts7J_aSIgg"));
        let own = SecretKey::from_slice(&bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).expect("a key");
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().expect("16 bytes");
        let sealed = seal_with(TEXT, &BrowserKeys::read(&keys).expect("keys"), &own, salt);
        assert_eq!(URL_SAFE_NO_PAD.encode(sealed), MESSAGE);
        assert_eq!(browser().open(&bytes(MESSAGE)).as_deref(), Some(TEXT));
    }

    #[test]
    fn only_the_browser_opens_it_and_only_whole() {
        let browser = BrowserSecret::draw();
        let keys = BrowserKeys::read(&subscription(&browser)).expect("keys");
        let sealed = seal("请到3号诊室".as_bytes(), &keys).expect("short");
        assert_ne!(sealed, seal("请到3号诊室".as_bytes(), &keys).expect("short"), "a key and a salt each");
        assert_eq!(browser.open(&sealed).as_deref(), Some("请到3号诊室".as_bytes()));
        assert!(BrowserSecret::draw().open(&sealed).is_none());
        assert!(browser.open(&sealed[..sealed.len() - 1]).is_none() && browser.open(&sealed[..40]).is_none());
        assert!(seal(&vec![b'x'; TEXT_MAX_BYTES], &keys).is_some_and(|sealed| sealed.len() < 4096));
        assert!(seal(&vec![b'x'; TEXT_MAX_BYTES + 1], &keys).is_none());
    }

    #[test]
    fn keys_that_are_none_are_not_read() {
        let with = |p256dh: &str, auth: &str| {
            let subscription = PushSubscription { endpoint: String::new(), p256dh: p256dh.into(), auth: auth.into() };
            BrowserKeys::read(&subscription).is_some()
        };
        let (p256dh, auth) = BrowserSecret::draw().keys();
        assert!(with(&p256dh, &auth) && with(&format!("{p256dh}="), &format!("{auth}==")));
        assert!(!with(&p256dh, "AAAA") && !with("", &auth) && !with("***", &auth));
        // not on the curve
        assert!(!with(&URL_SAFE_NO_PAD.encode([[4].as_slice(), &[1; 64]].concat()), &auth));
    }
}
