//! How a name is found by what somebody types of it: in Chinese, by its sounds (every reading of a character counts: 重庆 is
//! `chongqing` and `zhongqing`), by their first letters, or by all of that mixed; in English by how its words begin.

use std::collections::BTreeSet;

use pinyin::ToPinyinMulti;

/// How well it fits, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// It is the name.
    Whole,
    /// The name begins so.
    Begins,
    /// The name begins so where sounds are given by their first letters.
    Initials,
    /// It stands further in.
    Inside,
    /// Its characters stand in the name in this order, the first at its beginning: 神内 in 神经内科.
    Scattered,
}

/// What was typed, without blanks, marks and capitals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Typed {
    text: String,
    letters: u32,
    han: Vec<char>,
}

impl Typed {
    /// None where nothing is left.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text: String = folded(text).collect();
        let letters = mask(text.chars());
        let han = text.chars().filter(|c| !c.is_ascii()).collect();
        (!text.is_empty()).then_some(Self { text, letters, han })
    }
}

/// In small letters, in half width, without what nobody types.
fn folded(text: &str) -> impl Iterator<Item = char> {
    let halved = text.chars().map(|c| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    });
    halved.flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric())
}

/// Which letters occur: what has not all that were typed cannot fit.
fn mask(letters: impl Iterator<Item = char>) -> u32 {
    letters.filter(char::is_ascii_lowercase).fold(0, |mask, letter| mask | 1 << (u32::from(letter) - u32::from('a')))
}

/// One character of a name.
#[derive(Clone, Debug)]
struct Part {
    written: char,
    /// How it sounds; none of what is no Chinese character.
    sounds: Vec<String>,
    /// Whether somebody may begin here.
    begins: bool,
}

/// A name, ready to be looked through.
#[derive(Clone, Debug)]
pub(super) struct Name {
    parts: Vec<Part>,
    letters: u32,
}

impl Name {
    pub(super) fn new(name: &str) -> Self {
        let mut parts: Vec<Part> = Vec::new();
        let mut in_word = false;
        for written in name.chars() {
            let mut kept = folded(written.encode_utf8(&mut [0; 4])).collect::<Vec<char>>();
            if kept.is_empty() {
                in_word = false;
            }
            for written in kept.drain(..) {
                let sounds = sounds(written);
                let begins = !in_word || !sounds.is_empty() || !written.is_ascii();
                in_word = sounds.is_empty() && written.is_ascii();
                parts.push(Part { written, sounds, begins });
            }
        }
        let said =
            parts.iter().flat_map(|part| part.sounds.iter().flat_map(|sound| sound.chars()).chain([part.written]));
        let letters = mask(said);
        Self { parts, letters }
    }

    /// How well what was typed fits; none: not at all.
    pub(super) fn fit(&self, typed: &Typed) -> Option<Fit> {
        let is_written = |han: &char| self.parts.iter().any(|part| part.written == *han);
        if typed.letters & !self.letters != 0 || !typed.han.iter().all(is_written) {
            return None;
        }
        let starts = self.parts.iter().enumerate().filter(|(_, part)| part.begins).map(|(at, _)| at);
        // One letter alone is in most names somewhere.
        let starts = starts.take(if typed.text.len() < 2 { 1 } else { usize::MAX });
        let best = starts.filter_map(|at| self.fit_from(at, &typed.text)).min();
        best.or_else(|| self.is_scattered(typed).then_some(Fit::Scattered))
    }

    fn fit_from(&self, at: usize, typed: &str) -> Option<Fit> {
        // How much is used up, and whether in whole sounds, in every way in which it can be.
        let mut ways = BTreeSet::from([(0, true)]);
        let mut found: Option<Fit> = None;
        let mut note = |fit: Fit| found = Some(found.map_or(fit, |before| before.min(fit)));
        for (n, part) in self.parts[at..].iter().enumerate() {
            let is_last = at + n + 1 == self.parts.len();
            let mut next = BTreeSet::new();
            for &(used, whole) in &ways {
                let rest = &typed[used..];
                let mut go = |length: usize, whole: bool, is_all: bool| {
                    if used + length < typed.len() {
                        next.insert((used + length, whole));
                        return;
                    }
                    note(match (at, whole) {
                        (0, true) if is_last && is_all => Fit::Whole,
                        (0, true) => Fit::Begins,
                        (0, false) => Fit::Initials,
                        _ => Fit::Inside,
                    });
                };
                if rest.starts_with(part.written) {
                    go(part.written.len_utf8(), whole, true);
                }
                for sound in &part.sounds {
                    if rest.starts_with(sound.as_str()) {
                        go(sound.len(), whole, true);
                    } else if sound.starts_with(rest) {
                        // As far as it was typed.
                        go(rest.len(), whole, false);
                    }
                    if rest.starts_with(&sound[..1]) {
                        go(1, whole && sound.len() == 1, false);
                    }
                }
            }
            if next.is_empty() {
                break;
            }
            ways = next;
        }
        found
    }

    fn is_scattered(&self, typed: &Typed) -> bool {
        let mut parts = self.parts.iter().map(|part| part.written);
        let mut han = typed.text.chars();
        typed.han.len() > 1
            && typed.han.len() == typed.text.chars().count()
            && parts.next() == han.next()
            && han.all(|wanted| parts.any(|written| written == wanted))
    }
}

/// How a character sounds, in letters as they are typed: ü is `v` or `u`.
fn sounds(written: char) -> Vec<String> {
    let Some(readings) = written.to_pinyin_multi() else { return Vec::new() };
    let plain = readings.into_iter().map(|reading| reading.plain());
    let typed: BTreeSet<String> = plain.flat_map(|plain| [plain.replace('ü', "v"), plain.replace('ü', "u")]).collect();
    typed.into_iter().filter(|sound| sound.is_ascii()).collect()
}

/// The parts of a speciality, as they are told apart in a text.
pub(super) fn parts_of(speciality: &str) -> impl Iterator<Item = &str> {
    let is_between = |c: char| matches!(c, '、' | '\u{ff0c}' | ',' | '\u{ff1b}' | ';' | '/' | '。');
    speciality.split(is_between).map(str::trim).filter(|part| !part.is_empty())
}

/// A name by which two departments or specialities of different hospitals are known to be of one kind.
pub(super) fn kind_of(name: &str) -> String {
    let name: String = folded(name).collect();
    name.strip_suffix("门诊").map(str::to_owned).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(name: &str, typed: &str) -> Option<Fit> {
        Name::new(name).fit(&Typed::read(typed)?)
    }

    #[test]
    fn a_name_is_found_in_chinese_by_its_sounds_by_first_letters_and_by_all_of_it_mixed() {
        for (typed, how) in [
            ("心内科", Fit::Whole),
            ("xinneike", Fit::Whole),
            ("Xin Nei Ke", Fit::Whole),
            ("心内", Fit::Begins),
            ("xinnei", Fit::Begins),
            ("xinn", Fit::Begins),
            ("x", Fit::Begins),
            ("xi", Fit::Begins),
            ("xnk", Fit::Initials),
            ("xn", Fit::Initials),
            ("xinnk", Fit::Initials),
            ("心nk", Fit::Initials),
            ("心neike", Fit::Whole),
            ("内科", Fit::Inside),
            ("neike", Fit::Inside),
            ("nk", Fit::Inside),
            ("心科", Fit::Scattered),
        ] {
            assert_eq!(fit("心内科", typed), Some(how), "{typed}");
        }
        for typed in ["外科", "xw", "xinnaike", "n", "心内科室", "xnkk", "内心", "1"] {
            assert_eq!(fit("心内科", typed), None, "{typed}");
        }
        assert_eq!((Typed::read(" ·' "), fit("", "x")), (None, None));
    }

    #[test]
    fn every_reading_of_a_character_counts() {
        for typed in ["chongqing", "zhongqing", "cq", "zq", "chongq"] {
            assert!(fit("重庆医院", typed).is_some_and(|fit| fit <= Fit::Initials), "{typed}");
        }
        for typed in ["changning", "zhangning", "cn", "zn"] {
            assert!(fit("长宁", typed).is_some_and(|fit| fit <= Fit::Initials), "{typed}");
        }
        for typed in ["lv", "lu", "lvbu", "lubu"] {
            assert!(fit("吕布", typed).is_some_and(|fit| fit <= Fit::Begins), "{typed}");
        }
        assert_eq!(fit("重庆", "ceqing"), None, "no reading of it");
    }

    #[test]
    fn english_is_found_by_how_its_words_begin() {
        assert_eq!(fit("Internal Medicine", "internal medicine"), Some(Fit::Whole));
        assert_eq!(fit("Internal Medicine", "INT"), Some(Fit::Begins));
        assert_eq!(fit("Internal Medicine", "med"), Some(Fit::Inside));
        assert_eq!(fit("Internal Medicine", "ternal"), None);
        assert_eq!(fit("Li Ming", "liming"), Some(Fit::Whole));
        assert_eq!(fit("3号楼", "3"), Some(Fit::Begins));
        assert_eq!(fit("神经内科", "神内"), Some(Fit::Scattered));
    }

    #[test]
    fn a_speciality_has_parts_and_a_clinic_is_of_its_departments_kind() {
        assert_eq!(parts_of("冠心病、 高血压,心衰 ;").collect::<Vec<_>>(), ["冠心病", "高血压", "心衰"]);
        assert_eq!((kind_of("心内科门诊"), kind_of("心内科 ")), (kind_of("心内科"), "心内科".to_owned()));
    }
}
