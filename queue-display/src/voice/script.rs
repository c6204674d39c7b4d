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
    /// Whether it is of the name of one of the site's places: without it a call says the place's figures at most.
    pub place: bool,
}

impl Line {
    /// Whether anything is said with it at this site: what is neither needed nor a place's, nobody misses.
    pub fn is_said(&self) -> bool {
        self.needed || self.place
    }
}

/// 幺, for 一 in numbers: as needed as the digits where a board reads it so.
pub const YAO: &str = "幺";

/// The clips of a site with these places (name, English name) and these prefixes of its queues' numbers, in the order in
/// which they are read: first what is needed, then the words of the places. The letters of the prefixes are needed like the
/// digits: a number is said whole or not at all.
pub fn lines<'a>(
    places: impl IntoIterator<Item = (&'a str, &'a str)>,
    prefixes: impl IntoIterator<Item = &'a str>,
) -> Vec<Line> {
    let (mut zh, mut en, mut of_places) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (name, name_en) in places {
        let (letters, words): (Vec<String>, Vec<String>) = runs(name, "").into_iter().partition(|run| is_letters(run));
        of_places.extend(letters.iter().flat_map(|run| run.chars().map(String::from)));
        zh.extend(words.into_iter().filter(|run| !is_known_zh(run)));
        zh.extend(tens(name).map(|_| TEN_ZH.to_owned()));
        let runs_en: Vec<String> = runs(name_en, " ").into_iter().map(|run| run.to_lowercase()).collect();
        of_places.extend(runs_en.iter().filter(|run| run.len() == 1).map(|run| run.to_ascii_uppercase()));
        en.extend(runs_en.into_iter().filter(|run| !is_known_en(run)));
        en.extend(tens(name_en));
    }
    let of_prefixes: BTreeSet<char> = prefixes.into_iter().flat_map(str::chars).collect();
    let (of_numbers, others): (Vec<char>, Vec<char>) = ('A'..='Z').partition(|letter| of_prefixes.contains(letter));
    let is_of_place = |letter: &char| of_places.contains(&letter.to_string());
    let (of_places, others): (Vec<char>, Vec<char>) = others.into_iter().partition(is_of_place);
    let mut lines: Vec<Line> = Vec::new();
    let mut read = |language, (needed, place), clips: &mut dyn Iterator<Item = String>| {
        lines.extend(clips.map(|clip| Line { language, clip, needed, place }));
    };
    const NEEDED: (bool, bool) = (true, false);
    const PLACE: (bool, bool) = (false, true);
    const MORE: (bool, bool) = (false, false);
    let (big, small) = (|letter: &char| letter.to_string(), |letter: &char| letter.to_ascii_lowercase().to_string());
    let more = [YAO, TEN_ZH].into_iter().filter(|clip| !zh.contains(*clip)).map(str::to_owned).collect::<Vec<_>>();
    read("zh", NEEDED, &mut WORDS_ZH.into_iter().chain(DIGITS_ZH).map(str::to_owned));
    read("zh", NEEDED, &mut of_numbers.iter().map(big));
    read("zh", PLACE, &mut zh.into_iter().chain(of_places.iter().map(big)));
    read("zh", MORE, &mut more.into_iter().chain(others.iter().map(big)));
    read("en", NEEDED, &mut WORDS_EN.into_iter().chain(DIGITS_EN).map(str::to_owned));
    read("en", NEEDED, &mut of_numbers.iter().map(small));
    read("en", PLACE, &mut en.into_iter().chain(of_places.iter().map(small)));
    read("en", MORE, &mut others.iter().map(small));
    lines
}

/// Of a place's number up to 99: 十二号诊室.
const TEN_ZH: &str = "十";

fn is_known_zh(run: &str) -> bool {
    WORDS_ZH.contains(&run) || DIGITS_ZH.contains(&run) || [YAO, TEN_ZH].contains(&run)
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
    use std::collections::BTreeMap;

    use jiaohao_domain::vocabulary::{Announce, AnnouncementKind, VoicePack};

    use super::*;
    use crate::announce::clips::sentence;

    fn of(language: &str, places: &[(&str, &str)]) -> Vec<String> {
        let fixed: Vec<String> = lines([], []).into_iter().map(|line| line.clip).collect();
        let more = lines(places.iter().copied(), []).into_iter().filter(|line| !fixed.contains(&line.clip));
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
    fn the_words_of_its_places_stand_apart_behind_what_is_needed_and_other_letters_are_nobodys() {
        let script = lines([("3号诊室", "Room 3"), ("B2窗口", "B2"), ("12号诊室", "Room 12"), ("抽血处", "")], ["A"]);
        let of = |language, is: &dyn Fn(&Line) -> bool| {
            let found = script.iter().filter(|line| line.language == language && is(line));
            found.map(|line| line.clip.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(of("zh", &|line| line.place), ["十", "号诊室", "抽血处", "窗口", "B"]);
        assert_eq!(of("en", &|line| line.place), ["12", "room", "b"]);
        for language in ["zh", "en"] {
            let rank = |line: &Line| if line.needed { 0 } else { 2 - u8::from(line.place) };
            let ranks = script.iter().filter(|line| line.language == language).map(rank);
            assert!(ranks.is_sorted(), "{language}");
            assert!(!script.iter().any(|line| line.needed && line.place));
        }
        let (zh, en) = (of("zh", &|line| !line.is_said()), of("en", &|line| !line.is_said()));
        assert_eq!((zh.len(), en.len()), (25, 24), "幺, and the letters but A and B");
        assert!(zh[0] == "幺" && !zh.contains(&"B") && !en.contains(&"a"), "{zh:?}");
        assert_eq!(lines([("3号诊室", "")], ["A"]).iter().filter(|line| line.clip == "十").count(), 1);
    }

    #[test]
    fn what_no_call_can_do_without_are_the_fixed_words_the_digits_and_the_letters_of_its_numbers() {
        let needed = |prefixes: &[&'static str]| {
            let lines = lines([("B超2室", "")], prefixes.iter().copied()).into_iter().filter(|line| line.needed);
            lines.map(|line| line.clip).collect::<Vec<_>>()
        };
        let fixed = needed(&[]);
        assert_eq!(fixed.len(), WORDS_ZH.len() + WORDS_EN.len() + 20);
        assert!(fixed.iter().any(|clip| clip == "零") && !fixed.iter().any(|clip| clip == "A"));
        let all = needed(&["B", "AB"]);
        assert_eq!(all[15..17], ["A", "B"], "after the digits");
        assert_eq!(all[all.len() - 2..], ["a", "b"]);
        assert_eq!(all.len(), fixed.len() + 4);
        assert_eq!(lines([], ["B"]).len(), lines([], []).len(), "each letter once");
        assert_eq!(lines([], []).len(), fixed.len() + 2 + 52);
    }

    #[test]
    fn the_clips_that_are_needed_say_every_number_of_the_house() {
        let needed = lines([], ["A", "YK"]).into_iter().filter(|line| line.needed && line.language == "zh");
        let zh: BTreeMap<String, u32> = needed.map(|line| (line.clip, 300)).collect();
        let pack = VoicePack { version: "v".into(), zh, ..Default::default() };
        for number in ["A012", "YK907"] {
            let call = Announce {
                board: "renmin.b3f".into(),
                call: "renmin.xinnei.c1".into(),
                round: 1,
                kind: AnnouncementKind::FirstCall,
                number: number.into(),
                masked_name: None,
                place: "3号诊室".into(),
                place_en: String::new(),
            };
            assert!(sentence(&call, false, true, &pack).is_some(), "{number}");
        }
    }
}
