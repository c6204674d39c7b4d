//! Documents of persons: kinds, normal form, format checks. A format that is right is no proof of identity.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Sex;
use crate::codes::Rejection;
use crate::time::BusinessDate;

/// The kinds of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// 居民身份证 (residence permits for Hong Kong, Macao and Taiwan residents carry such a number too).
    ResidentId,
    /// 户口簿 (children): the resident identity number in it.
    HouseholdRegister,
    /// 出生医学证明 (children).
    BirthCertificate,
    /// 港澳居民来往内地通行证.
    HongKongMacaoPermit,
    /// 台湾居民来往大陆通行证.
    TaiwanPermit,
    /// 外国人永久居留身份证.
    PermanentResidence,
    /// 护照.
    Passport,
}

impl DocumentKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::ResidentId,
        Self::HouseholdRegister,
        Self::BirthCertificate,
        Self::HongKongMacaoPermit,
        Self::TaiwanPermit,
        Self::PermanentResidence,
        Self::Passport,
    ];
}

/// A document in normal form. It prints without its number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// Which kind.
    pub kind: DocumentKind,
    /// Its number: no blanks, upper case, ASCII.
    pub number: String,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}(***)", self.kind)
    }
}

impl Document {
    /// Brings a number into normal form and checks its format, where there is one its checksum and its date.
    /// Errors: `invalid_field`, without the number.
    pub fn checked(kind: DocumentKind, number: &str) -> Result<Self, Rejection> {
        let number = normal(number);
        let fits = match kind {
            DocumentKind::ResidentId | DocumentKind::HouseholdRegister => is_resident_number(&number),
            DocumentKind::BirthCertificate => matches_pattern(&number, 1, 9),
            DocumentKind::HongKongMacaoPermit => {
                number.starts_with(['H', 'M']) && (matches_pattern(&number, 1, 8) || matches_pattern(&number, 1, 10))
            }
            DocumentKind::TaiwanPermit => matches_pattern(&number, 0, 8),
            DocumentKind::PermanentResidence => {
                matches_pattern(&number, 3, 12) || (number.starts_with('9') && is_resident_number(&number))
            }
            DocumentKind::Passport => {
                (5..=15).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_alphanumeric())
            }
        };
        if fits {
            Ok(Self { kind, number })
        } else {
            Err(Rejection::field("document_number", "not such a document's number"))
        }
    }

    /// The birth date that the number carries.
    pub fn birth_date(&self) -> Option<BusinessDate> {
        self.carries_facts().then(|| BusinessDate::from_compact(self.number.get(6..14)?)).flatten()
    }

    /// The sex that the number carries.
    pub fn sex(&self) -> Option<Sex> {
        let digit = self.carries_facts().then(|| self.number.as_bytes().get(16).copied()).flatten()?;
        Some(if (digit - b'0') % 2 == 1 { Sex::Male } else { Sex::Female })
    }

    fn carries_facts(&self) -> bool {
        let kind = matches!(
            self.kind,
            DocumentKind::ResidentId | DocumentKind::HouseholdRegister | DocumentKind::PermanentResidence
        );
        kind && is_resident_number(&self.number)
    }
}

fn normal(number: &str) -> String {
    let ascii = |c: char| match c {
        '！'..='～' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        other => other,
    };
    number.chars().map(ascii).filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect()
}

/// Exactly so many letters, then exactly so many digits.
fn matches_pattern(number: &str, letters: usize, digits: usize) -> bool {
    let bytes = number.as_bytes();
    bytes.len() == letters + digits
        && bytes[..letters].iter().all(u8::is_ascii_uppercase)
        && bytes[letters..].iter().all(u8::is_ascii_digit)
}

/// GB 11643-1999: 17 digits with a real date in places 7–14, and the check character of ISO 7064 MOD 11-2.
fn is_resident_number(number: &str) -> bool {
    let bytes = number.as_bytes();
    if bytes.len() != 18 || !bytes[..17].iter().all(u8::is_ascii_digit) {
        return false;
    }
    if number.get(6..14).and_then(BusinessDate::from_compact).is_none() {
        return false;
    }
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = bytes[..17].iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    bytes[17] == b"10X98765432"[(sum % 11) as usize]
}
