//! An announcement as clips of a voice pack: which, one after the other, and how long that is. Pure. What is said are the
//! texts of [`texts`], so no masked name is ever among it.

use std::collections::BTreeMap;

use jiaohao_domain::vocabulary::{Announce, AnnouncementKind, VoicePack};

use super::texts;

/// Silence at a comma, milliseconds; within a phrase clips follow each other without any.
pub const COMMA_MS: u32 = 200;
/// Silence after each language, milliseconds: before the other one, before it is said again.
pub const PAUSE_MS: u32 = 500;

/// One clip in its turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clip {
    /// Language and what it says: `zh/请`.
    pub name: String,
    /// When it begins, milliseconds after the announcement.
    pub at_ms: u32,
}

/// An announcement, said once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// In order.
    pub clips: Vec<Clip>,
    /// How long it takes with the pause after it, milliseconds.
    pub ms: u32,
    /// Whether English follows the Chinese.
    pub english: bool,
}

impl Sentence {
    fn new() -> Self {
        Self { clips: Vec::new(), ms: 0, english: false }
    }

    fn say(&mut self, language: &str, phrases: &[Vec<&str>], lengths: &BTreeMap<String, u32>) {
        for (at, phrase) in phrases.iter().enumerate() {
            if at > 0 {
                self.ms += COMMA_MS;
            }
            for clip in phrase {
                self.clips.push(Clip { name: format!("{language}/{clip}"), at_ms: self.ms });
                self.ms += lengths.get(*clip).copied().unwrap_or_default();
            }
        }
        self.ms += PAUSE_MS;
    }
}

/// The announcement in the pack's clips; none when it cannot say the number in Chinese. English that it cannot say is left
/// out. A place that it cannot say is said by its figures and letters, where they are one; any other is left to the glass.
pub fn sentence(announce: &Announce, yao: bool, english: bool, pack: &VoicePack) -> Option<Sentence> {
    let mut said = Sentence::new();
    said.say("zh", &chinese(announce, yao, &pack.zh)?, &pack.zh);
    if let Some(phrases) = english.then(|| english_phrases(announce, &pack.en)).flatten() {
        said.say("en", &phrases, &pack.en);
        said.english = true;
    }
    Some(said)
}

fn chinese<'a>(announce: &Announce, yao: bool, clips: &'a BTreeMap<String, u32>) -> Option<Vec<Vec<&'a str>>> {
    let text = texts::spoken_zh(announce, yao);
    let (number, place) = text.split_once(',')?;
    let mut phrases = vec![cover_zh(number, clips)?];
    let by_figures = || {
        let place = texts::place_zh(&announce.place, yao);
        let runs = place.split(|c: char| !is_figure_zh(c) && !c.is_whitespace());
        let figures = only(runs.filter(|run| !run.trim().is_empty()))?;
        cover_zh(&format!("到{figures}号{}", texts::ending_zh(announce)), clips)
    };
    phrases.extend(cover_zh(place, clips).or_else(by_figures));
    Some(phrases)
}

/// The one that there is; two figures of a place (a floor and a room) would be heard as one number.
fn only<T>(mut runs: impl Iterator<Item = T>) -> Option<T> {
    runs.next().filter(|_| runs.next().is_none())
}

fn is_figure_zh(c: char) -> bool {
    c.is_ascii_alphanumeric() || "零一幺二三四五六七八九十".contains(c)
}

/// The clips that say a text, at each place the longest; none when some of it cannot be said.
fn cover_zh<'a>(text: &str, clips: &'a BTreeMap<String, u32>) -> Option<Vec<&'a str>> {
    let signs: Vec<String> =
        text.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_uppercase().to_string()).collect();
    cover(&signs, "", clips)
}

fn english_phrases<'a>(announce: &Announce, clips: &'a BTreeMap<String, u32>) -> Option<Vec<Vec<&'a str>>> {
    let text = texts::spoken_en(announce);
    let (number, rest) = text.split_once(',')?;
    let number = cover_en(number, clips)?;
    let by_figures = || {
        let words = words_en(&texts::words_of_place_en(&announce.place_en));
        let figures = only(words.split(|word| !is_figure_en(word)).filter(|run| !run.is_empty()))?;
        let where_to = if announce.kind == AnnouncementKind::Summons { "please wait outside" } else { "please go to" };
        cover_en(&format!("{where_to} number {}", figures.join(" ")), clips)
    };
    let rest = cover_en(rest, clips).or_else(by_figures).or_else(|| cover_en("please", clips));
    Some([number].into_iter().chain(rest).collect())
}

fn is_figure_en(word: &str) -> bool {
    texts::DIGITS_EN.contains(&word) || word.len() == 1 || word.bytes().all(|byte| byte.is_ascii_digit())
}

fn words_en(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

fn cover_en<'a>(text: &str, clips: &'a BTreeMap<String, u32>) -> Option<Vec<&'a str>> {
    cover(&words_en(text), " ", clips)
}

/// Covers signs or words with clips whose names are some of them, joined.
fn cover<'a>(signs: &[String], joint: &str, clips: &'a BTreeMap<String, u32>) -> Option<Vec<&'a str>> {
    let mut said = Vec::new();
    let mut at = 0;
    while at < signs.len() {
        let longest = (at + 1..=signs.len().min(at + LONGEST)).rev().find_map(|end| {
            let (name, _) = clips.get_key_value(&signs[at..end].join(joint))?;
            Some((end, name.as_str()))
        });
        let (end, name) = longest?;
        said.push(name);
        at = end;
    }
    Some(said)
}

/// No clip says more signs or words than this.
pub const LONGEST: usize = 16;

#[cfg(test)]
mod tests {
    use jiaohao_domain::vocabulary::AnnouncementKind;

    use super::*;
    use crate::voice::script;

    /// A pack that can say all of a script, each clip as long as it has signs.
    fn pack(places: &[(&str, &str)]) -> VoicePack {
        let mut pack = VoicePack { version: "v".into(), ..VoicePack::default() };
        for line in script::lines(places.iter().copied(), []) {
            let clips = if line.language == "zh" { &mut pack.zh } else { &mut pack.en };
            clips.insert(line.clip.clone(), 100 * line.clip.chars().count() as u32);
        }
        pack
    }

    fn announce(number: &str, place: &str, place_en: &str, kind: AnnouncementKind) -> Announce {
        Announce {
            board: "renmin.b3f".into(),
            call: "renmin.xinnei.c1".into(),
            round: 1,
            kind,
            number: number.into(),
            masked_name: Some("张*三".into()),
            place: place.into(),
            place_en: place_en.into(),
        }
    }

    fn said(announce: &Announce, yao: bool, pack: &VoicePack) -> String {
        let sentence = sentence(announce, yao, true, pack).expect("it can be said");
        sentence.clips.iter().map(|clip| clip.name.split_once('/').unwrap().1).collect::<Vec<_>>().join("|")
    }

    const CALL: AnnouncementKind = AnnouncementKind::FirstCall;

    #[test]
    fn a_call_is_said_sign_by_sign_with_the_places_own_words() {
        let pack = pack(&[
            ("3号诊室", "Room 3"),
            ("12号诊室", "Room 12"),
            ("B超2室", "Ultrasound 2"),
            ("抽血处", "Blood tests"),
        ]);
        for (announce, yao, expected) in [
            (
                announce("A012", "3号诊室", "Room 3", CALL),
                false,
                "请|A|零|一|二|号|到|三|号诊室|就诊|number|a|zero|one|two|please go to|room|three",
            ),
            (
                announce("A-112", "12号诊室", "Room 12", AnnouncementKind::Summons),
                true,
                "请|A|幺|幺|二|号|到|十|二|号诊室|门口候诊|number|a|one|one|two|please wait outside|room|12",
            ),
            (
                announce("C7", "B超2室", "Ultrasound 2", CALL),
                false,
                "请|C|七|号|到|B超|二|室|number|c|seven|please go to|ultrasound|two",
            ),
            (
                announce("C7", "抽血处", "Blood tests", CALL),
                false,
                "请|C|七|号|到|抽血处|number|c|seven|please go to|blood tests",
            ),
            (announce("C7", "抽血处", "", CALL), false, "请|C|七|号|到|抽血处|number|c|seven|please"),
        ] {
            assert_eq!(said(&announce, yao, &pack), expected);
        }
    }

    #[test]
    fn what_has_no_clip_is_said_by_its_figures_or_left_to_the_glass() {
        let pack = pack(&[]);
        let by = |place, place_en| said(&announce("A1", place, place_en, CALL), false, &pack);
        assert_eq!(by("3号诊室", "Room 3"), "请|A|一|号|到|三|号|就诊|number|a|one|please go to|number|three");
        assert_eq!(by("B2窗口", "Window B2"), "请|A|一|号|到|B|二|号|number|a|one|please go to|number|b|two");
        assert_eq!(by("抽血处", "Blood tests"), "请|A|一|号|number|a|one|please");
        let two = by("3楼12号窗口", "Window 12, floor 3");
        assert_eq!(two, "请|A|一|号|number|a|one|please", "the third floor's twelfth is not number 32");
        assert_eq!(
            sentence(&announce("甲1", "3号诊室", "", CALL), false, true, &pack),
            None,
            "a number without a clip"
        );
        let no_english = VoicePack { en: BTreeMap::new(), ..pack.clone() };
        let sentence = sentence(&announce("A1", "3号诊室", "Room 3", CALL), false, true, &no_english).expect("said");
        assert!(!sentence.english && sentence.clips.iter().all(|clip| clip.name.starts_with("zh/")));
    }

    #[test]
    fn clips_follow_each_other_without_a_gap_and_the_length_is_all_of_them_with_their_pauses() {
        let pack = pack(&[("3号诊室", "Room 3")]);
        let call = announce("A012", "3号诊室", "Room 3", CALL);
        let sentence = sentence(&call, false, false, &pack).expect("said");
        let at: Vec<u32> = sentence.clips.iter().map(|clip| clip.at_ms).collect();
        // 请 A 零 一 二 号, 到 三 号诊室 就诊: 100 ms a sign
        assert_eq!(at, [0, 100, 200, 300, 400, 500, 600 + COMMA_MS, 700 + COMMA_MS, 800 + COMMA_MS, 1_100 + COMMA_MS]);
        assert_eq!(sentence.ms, 1_300 + COMMA_MS + PAUSE_MS);
    }

    #[test]
    fn a_masked_name_is_in_no_clip() {
        let mut pack = pack(&[("3号诊室", "Room 3")]);
        pack.zh.extend(["张", "三", "*", "张*三"].map(|clip| (clip.to_owned(), 100)));
        let call = announce("A012", "3号诊室", "Room 3", CALL);
        assert!(!said(&call, false, &pack).contains('张'));
    }
}
