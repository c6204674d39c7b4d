//! The rotating code of a waiting area: who types it is there. It changes every minute of machine time; the one before
//! still counts, so that nobody is turned away while typing.

use jiaohao_domain::{DepartmentId, Timestamp};
use subtle::ConstantTimeEq;

use super::keys::Key;

/// How long a code is shown, in milliseconds.
pub const SHOWN_MS: i64 = 60_000;

/// The code that a department's desk shows at `now`: six digits.
pub fn current(area_key: &Key, department: &DepartmentId, now: Timestamp) -> String {
    of_minute(area_key, department, now.0.div_euclid(SHOWN_MS))
}

/// Whether somebody who types this stands in the area: the code of this minute or of the one before.
pub fn accepts(area_key: &Key, department: &DepartmentId, typed: &str, now: Timestamp) -> bool {
    let minute = now.0.div_euclid(SHOWN_MS);
    let fits = |minute| of_minute(area_key, department, minute).as_bytes().ct_eq(typed.trim().as_bytes());
    (fits(minute) | fits(minute - 1)).into()
}

/// When the code shown at `now` is replaced.
pub fn replaced_at(now: Timestamp) -> Timestamp {
    Timestamp((now.0.div_euclid(SHOWN_MS) + 1) * SHOWN_MS)
}

fn of_minute(area_key: &Key, department: &DepartmentId, minute: i64) -> String {
    let mac = area_key.mac(&[b"area", department.as_str().as_bytes(), &minute.to_le_bytes()]);
    let number = u64::from_le_bytes(mac[..8].try_into().expect("invariant: a MAC has 32 bytes"));
    format!("{:06}", number % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_minute_and_the_one_before_count_and_no_other() {
        let (key, here) = (Key::from_bytes([3; 32]), DepartmentId::new("s.d"));
        let shown_at = Timestamp(1_790_000_040_000);
        let code = current(&key, &here, shown_at);
        assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()));
        for (after_ms, counts) in
            [(0, true), (59_999, true), (60_000, true), (119_999, true), (120_000, false), (-1, false)]
        {
            assert_eq!(accepts(&key, &here, &code, shown_at.plus_ms(after_ms)), counts, "{after_ms} ms later");
        }
        assert!(accepts(&key, &here, &format!(" {code} "), shown_at));
        assert!(!accepts(&key, &DepartmentId::new("s.e"), &code, shown_at), "of another area");
        assert!(!accepts(&Key::from_bytes([4; 32]), &here, &code, shown_at), "of another house");
        assert!(!accepts(&key, &here, "", shown_at));
        assert_eq!(replaced_at(shown_at), shown_at.plus_ms(60_000));
        assert_eq!(replaced_at(shown_at.plus_ms(59_999)), shown_at.plus_ms(60_000));
    }
}
