//! Which clips a site's voice pack needs: the fixed words of [`crate::announce::texts`], digits, letters, and the words of
//! the site's own places. Pure.

use std::collections::BTreeSet;

use crate::announce::clips::LONGEST;
use crate::announce::texts::{DIGITS_EN, DIGITS_ZH};

/// The Chinese words of every announcement.
pub const WORDS_ZH: [&str; 5] = ["请", "号", "到", "就诊", "门口候诊"];
/// The English ones.
pub const WORDS_EN: [&str; 4] = ["number", "please", "please go to", "please wait outside"];

/// One clip to be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// `zh` or `en`.
    pub language: &'static str,
    /// What it says, which is its name.
    pub clip: String,
    /// Whether no call can be said in that language without it; else figures or the glass stand in for it.
    pub needed: bool,
}

/// The clips of a site with these places (name, English name), in the order in which they are read.
pub fn lines<'a>(places: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Line> {
    let (mut zh, mut en) = (BTreeSet::new(), BTreeSet::new());
    for (name, name_en) in places {
        zh.extend(runs(name, "").into_iter().filter(|run| !is_known_zh(run)));
        en.extend(runs(name_en, " ").into_iter().map(|run| run.to_lowercase()).filter(|run| !is_known_en(run)));
        en.extend(tens(name_en));
    }
    let line = |language, needed| move |clip: &str| Line { language, clip: clip.to_owned(), needed };
    let letters: Vec<String> = ('A'..='Z').map(String::from).collect();
    let small: Vec<String> = ('a'..='z').map(String::from).collect();
    let mut lines: Vec<Line> = WORDS_ZH.into_iter().chain(DIGITS_ZH).map(line("zh", true)).collect();
    lines.extend(["幺", "十"].into_iter().map(line("zh", false)));
    lines.extend(zh.iter().map(String::as_str).map(line("zh", false)));
    lines.extend(letters.iter().map(String::as_str).map(line("zh", false)));
    lines.extend(WORDS_EN.into_iter().chain(DIGITS_EN).map(line("en", true)));
    lines.extend(en.iter().map(String::as_str).map(line("en", false)));
    lines.extend(small.iter().map(String::as_str).map(line("en", false)));
    lines
}

fn is_known_zh(run: &str) -> bool {
    WORDS_ZH.contains(&run) || DIGITS_ZH.contains(&run) || ["幺", "十"].contains(&run) || is_letters(run)
}

fn is_known_en(run: &str) -> bool {
    WORDS_EN.contains(&run) || DIGITS_EN.contains(&run) || run.len() == 1
}

/// Letters are read one by one.
fn is_letters(run: &str) -> bool {
    run.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// The words of a place's name between its figures: `B超2室` has `B超` and `室`. Words that are apart are joined by
/// `joint`; a run that no announcement would look for is left out.
fn runs(name: &str, joint: &str) -> Vec<String> {
    let between = name.split(|c: char| c.is_ascii_digit());
    let runs = between.map(|run| {
        let words: Vec<&str> = run.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let signs = if joint.is_empty() { run.chars().filter(|c| c.is_alphanumeric()).count() } else { words.len() };
        (signs, words.join(joint))
    });
    runs.filter(|(signs, _)| (1..=LONGEST).contains(signs)).map(|(_, run)| uppercase_letters(run, joint)).collect()
}

/// Clips are looked for with Latin letters as they are in numbers.
fn uppercase_letters(run: String, joint: &str) -> String {
    if joint.is_empty() { run.to_ascii_uppercase() } else { run }
}

/// Figures of an English name that are read as one number.
fn tens(name: &str) -> impl Iterator<Item = String> {
    let figures = name.split(|c: char| !c.is_ascii_digit());
    figures.filter(|figures| figures.len() == 2).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(language: &str, places: &[(&str, &str)]) -> Vec<String> {
        let fixed = lines([]);
        let more = lines(places.iter().copied()).into_iter().filter(|line| !fixed.contains(line));
        more.filter(|line| line.language == language).map(|line| line.clip).collect()
    }

    #[test]
    fn a_site_reads_the_words_of_its_places_once_and_no_figures_of_them() {
        let places =
            [("3号诊室", "Room 3"), ("12号诊室", "Room 12"), ("眼科1诊室", "Eye room 1"), ("CT室", "CT"), ("号", "")];
        assert_eq!(of("zh", &places), ["CT室", "号诊室", "眼科", "诊室"]);
        assert_eq!(of("en", &places), ["12", "ct", "eye room", "room"]);
    }

    #[test]
    fn what_no_call_can_do_without_are_the_fixed_words_and_the_digits() {
        let needed: Vec<String> = lines([]).into_iter().filter(|line| line.needed).map(|line| line.clip).collect();
        assert_eq!(needed.len(), WORDS_ZH.len() + WORDS_EN.len() + 20);
        assert!(needed.iter().any(|clip| clip == "零") && !needed.iter().any(|clip| clip == "A"));
        assert_eq!(lines([]).len(), needed.len() + 2 + 52);
    }
}
