//! Names of accounts: of the staff by the name they sign in with, of patients by a keyed hash of the phone number, of
//! scripts by the name they were issued under.

use data_encoding::BASE32_NOPAD;
use jiaohao_domain::{AccountId, Rejection, SiteId};

use super::keys::Key;
use super::limits::network;

/// Digits of a mobile number of mainland China.
const MOBILE_DIGITS: usize = 11;

/// Longest staff or script name, in bytes.
pub const NAME_MAX_BYTES: usize = 48;

/// How the ids of accounts of the staff begin.
pub const STAFF: &str = "a-staff-";

/// The account of somebody of the staff. Names are 1 to [`NAME_MAX_BYTES`] of `a-z 0-9 - _`.
pub fn staff(name: &str) -> Result<AccountId, Rejection> {
    check_name(name, "id")?;
    Ok(AccountId::new(format!("{STAFF}{name}")))
}

/// As the audit names who tried a name that nobody of the staff has: it may be a password, or a phone, typed into the wrong
/// box. The same name is the same account; it cannot be read back.
pub fn nobody(hash_key: &Key, name: &str) -> AccountId {
    AccountId::new(format!("a-nobody-{}", hashed(hash_key, &[b"nobody", name.as_bytes()])))
}

/// The account under which tokens for a script of a site (none: of all sites) are issued: `a-script.renmin.his`.
pub fn script(site: Option<&SiteId>, name: &str) -> Result<AccountId, Rejection> {
    check_name(name, "name")?;
    let of = scripts(site);
    Ok(AccountId::new(format!("{}.{name}", of.as_str().replacen("a-scripts", "a-script", 1))))
}

/// The account of the token that an empty folder is given.
pub fn first_operator() -> AccountId {
    AccountId::new("a-script.first-operator")
}

/// The account that lists the scripts of a site (none: of all sites).
pub fn scripts(site: Option<&SiteId>) -> AccountId {
    site.map_or_else(|| AccountId::new("a-scripts"), |site| AccountId::new(format!("a-scripts.{site}")))
}

/// The account of a paired screen.
pub fn screen(screen: &jiaohao_domain::ScreenId) -> AccountId {
    AccountId::new(format!("a-screen.{screen}"))
}

/// The account behind a phone number; the number cannot be read back from it. `hash_key` is the house's hash key.
pub fn phone(hash_key: &Key, number: &str) -> Result<AccountId, Rejection> {
    let digits = normal_phone(number).ok_or_else(|| Rejection::field("phone", "not a phone number"))?;
    Ok(AccountId::new(format!("a-phone-{}", hashed(hash_key, &[b"phone", digits.as_bytes()]))))
}

/// A phone number with country code and digits only (`+8613800138000`): without one it is of mainland China. There a
/// mobile number has 1 and ten digits, also where a zero is dialled before it; any other begins with the zero of its area.
pub fn normal_phone(number: &str) -> Option<String> {
    let digits: String = number.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')')).collect();
    let (digits, country) = match digits.strip_prefix('+').or_else(|| digits.strip_prefix("00")) {
        Some(international) => (international.to_owned(), ""),
        None => (digits, "86"),
    };
    let whole = format!("{country}{digits}");
    // No country's code begins with a zero (ITU-T E.164).
    if whole.starts_with('0') {
        return None;
    }
    if !(7..=15).contains(&whole.len()) || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let Some(own) = whole.strip_prefix("86") else { return Some(format!("+{whole}")) };
    let mobile = own.strip_prefix('0').unwrap_or(own);
    match mobile.len() == MOBILE_DIGITS && mobile.starts_with('1') {
        true => Some(format!("+86{mobile}")),
        false => own.starts_with('0').then(|| format!("+86{own}")),
    }
}

/// The network that somebody tries to sign in from, as accounts remember it; it cannot be read back from that.
pub fn place(hash_key: &Key, address: std::net::IpAddr) -> String {
    hashed(hash_key, &[b"address", network(address).to_string().as_bytes()])
}

/// What an account remembers of the mark that a device shows.
pub fn device(hash_key: &Key, mark: &str) -> String {
    hashed(hash_key, &[b"device", mark.as_bytes()])
}

/// 160 bits of a keyed hash as an id may carry them.
pub(crate) fn hashed(key: &Key, parts: &[&[u8]]) -> String {
    BASE32_NOPAD.encode(&key.mac(parts)[..20]).to_ascii_lowercase()
}

fn check_name(name: &str, field: &str) -> Result<(), Rejection> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    if name.is_empty() || name.len() > NAME_MAX_BYTES || !name.bytes().all(allowed) {
        return Err(Rejection::field(field, format!("a name is 1 to {NAME_MAX_BYTES} of a-z, 0-9, - and _")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_number_has_one_account_however_it_is_written() {
        let key = Key::from_bytes([7; 32]);
        let account = phone(&key, "13800138000").expect("a number");
        for same in ["138 0013 8000", "+86 138-0013-8000", "008613800138000", "+86013800138000", "013800138000"] {
            assert_eq!(phone(&key, same).expect("a number"), account, "{same}");
        }
        assert_ne!(phone(&key, "13800138001").expect("a number"), account);
        assert_ne!(phone(&Key::from_bytes([8; 32]), "13800138000").expect("a number"), account);
        assert!(!account.as_str().contains("138001"));
        assert!(jiaohao_domain::is_well_formed(account.as_str()));
        for other in ["010-6255 1234", "+852 2345 6789", "+8613800138001"] {
            assert_ne!(phone(&key, other).expect("a number"), account, "{other}");
        }
        for not_one in [
            "",
            "12",
            "abc",
            "1380013800a",
            "+",
            "1234567890123456",
            "1380013800",
            "+86138001380001",
            "+0000000",
            "0000000000",
        ] {
            assert!(phone(&key, not_one).is_err(), "{not_one}");
        }
    }

    #[test]
    fn names_of_different_kinds_never_meet() {
        assert_eq!(staff("li_na").expect("a name").as_str(), "a-staff-li_na");
        let site = SiteId::new("renmin");
        assert_eq!(script(Some(&site), "his").expect("a name").as_str(), "a-script.renmin.his");
        assert_ne!(script(Some(&site), "his").expect("a name"), script(None, "his").expect("a name"));
        assert_ne!(staff("x").expect("a name"), script(None, "x").expect("a name"));
        for not_one in ["", "a.b", "A", "李", &"a".repeat(49)] {
            assert!(staff(not_one).is_err(), "{not_one}");
        }
    }
}
