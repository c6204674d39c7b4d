//! Chinese names by their letters, as whoever is in a hurry types them: 张三丰 by `zsf`, `zhangsf` or `zhangsanf`. Every reading
//! of a character counts: surnames have their own (单 is `shan` and `dan`).

use std::collections::BTreeSet;

use pinyin::ToPinyinMulti;

/// Fewer letters mean everybody.
const LETTERS_MIN: usize = 2;

/// Whether `typed` is how a name begins when it is spelt: each character whole or by its first letter, the last one as far as it
/// was typed. Blanks and apostrophes between syllables do not count.
pub(super) fn is_spelt_as(name: &str, typed: &str) -> bool {
    let letters: String =
        typed.chars().filter(|c| !c.is_whitespace() && *c != '\'').flat_map(char::to_lowercase).collect();
    if letters.len() < LETTERS_MIN || !letters.bytes().all(|letter| letter.is_ascii_lowercase()) {
        return false;
    }
    // How much of the letters is used up, in every way in which it can be.
    let mut used = BTreeSet::from([0]);
    for sounds in name.trim().to_pinyin_multi() {
        let Some(sounds) = sounds else { return false };
        let mut next = BTreeSet::new();
        for sound in sounds.into_iter().map(|sound| sound.plain().replace('ü', "v")) {
            for &from in &used {
                let rest = &letters[from..];
                if sound.starts_with(rest) {
                    return true;
                }
                next.extend(rest.starts_with(&sound).then_some(from + sound.len()));
                next.extend(rest.starts_with(&sound[..1]).then_some(from + 1));
            }
        }
        used = next;
        if used.contains(&letters.len()) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_how_it_is_spelt() {
        for typed in ["zsf", "zhangsf", "zhangsanfeng", "ZSF", "zhang san", "zsfe", "zsanf", "zs"] {
            assert!(is_spelt_as("张三丰", typed), "{typed}");
        }
        for typed in ["z", "sf", "zhangsi", "zsfx", "", "张", "zs1", "zsffeng"] {
            assert!(!is_spelt_as("张三丰", typed), "{typed}");
        }
        assert!(is_spelt_as("单雄信", "shanxx") && is_spelt_as("单雄信", "dxx"), "every reading");
        assert!(is_spelt_as("吕布", "lvbu") && is_spelt_as("西安", "xi'an"));
        assert!(!is_spelt_as("Ann Lee", "al"), "what has letters of its own is found by them");
    }
}
