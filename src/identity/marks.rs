//! Marks of browsers in which somebody of the staff has signed in: such a one has its own count of failures, and a stranger
//! at the same address (a hospital is one) keeps nobody out there. A mark is the house's word about one account, kept by the
//! browser alone; it signs nobody in and does not say whose it is.

use data_encoding::BASE64URL_NOPAD;

use jiaohao_domain::AccountId;

use super::chance;
use super::keys::Key;

/// So many accounts of one browser; the one longest away is left out first.
const MARKS_MAX: usize = 20;
/// Between them, in the cookie.
const SEPARATOR: char = '.';
/// Bytes of chance in one …
const DRAWN: usize = 12;
/// … and of the house's word.
const WORD: usize = 18;

/// The mark that this browser was given for the account.
pub fn own<'a>(key: &Key, who: &AccountId, marks: &'a str) -> Option<&'a str> {
    marks.split(SEPARATOR).take(MARKS_MAX).find(|mark| {
        let read = BASE64URL_NOPAD.decode(mark.as_bytes()).ok().filter(|read| read.len() == DRAWN + WORD);
        read.is_some_and(|read| read[DRAWN..] == word(key, who, &read[..DRAWN]))
    })
}

/// The browser's marks once the account has signed in there: its own, the one it had if it had one, before the others.
pub fn with(key: &Key, who: &AccountId, marks: &str) -> String {
    let drawn = || {
        let drawn = chance::bytes::<DRAWN>();
        BASE64URL_NOPAD.encode(&[&drawn[..], &word(key, who, &drawn)].concat())
    };
    let own = own(key, who, marks).map_or_else(drawn, str::to_owned);
    let is_one = |mark: &&str| mark.len() == own.len() && BASE64URL_NOPAD.decode(mark.as_bytes()).is_ok();
    let others = marks.split(SEPARATOR).filter(|mark| *mark != own).filter(is_one).take(MARKS_MAX - 1);
    std::iter::once(own.as_str()).chain(others).collect::<Vec<_>>().join(".")
}

fn word(key: &Key, who: &AccountId, drawn: &[u8]) -> [u8; WORD] {
    let mut word = [0; WORD];
    word.copy_from_slice(&key.mac(&[b"mark", who.as_str().as_bytes(), drawn])[..WORD]);
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_of_one_account_and_nobody_makes_one() {
        let key = Key::from_bytes([7; 32]);
        let (wu, li) = (AccountId::from("a-staff-wu"), AccountId::from("a-staff-li"));
        let of_wu = with(&key, &wu, "");
        let both = with(&key, &li, &of_wu);
        assert_eq!(own(&key, &wu, &both), Some(of_wu.as_str()));
        assert!(own(&key, &li, &both).is_some());
        assert_eq!(own(&key, &li, &of_wu), None);
        assert_eq!(own(&Key::from_bytes([8; 32]), &wu, &both), None);
        assert_eq!(own(&key, &wu, &format!("x.{}", &of_wu[1..])), None);
        assert_eq!(with(&key, &wu, &both).split('.').next(), Some(of_wu.as_str()), "it keeps its own");
        // Two letters stand in one of fifty marks by chance.
        assert!(!both.contains("staff-wu"));
    }

    #[test]
    fn a_browser_has_so_many_marks_and_nothing_else_in_them() {
        let key = Key::from_bytes([7; 32]);
        let who = |n: usize| AccountId::from(format!("a-staff-{n}"));
        let marks = (0..MARKS_MAX + 5).fold("none of ours.x".to_owned(), |marks, n| with(&key, &who(n), &marks));
        assert_eq!(marks.split('.').count(), MARKS_MAX);
        assert!(own(&key, &who(MARKS_MAX + 4), &marks).is_some() && own(&key, &who(0), &marks).is_none());
    }
}
