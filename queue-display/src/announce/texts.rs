//! The words of an announcement: what is shown, what is spoken in Chinese and in English, and how long that takes.
//! Pure. Digits are given apart (a voice reads `A012` as "A 零十二"), and a masked name is never spoken.

use jiaohao_domain::vocabulary::{Announce, AnnouncementKind};

/// Time that a voice needs for one Chinese syllable, milliseconds: with [`ZH_PAUSES_MS`] a call to a room of 13
/// syllables takes the 4.6 s of DOMAIN.
pub const ZH_SYLLABLE_MS: i64 = 300;
/// Beginning, comma and end of a Chinese text, milliseconds.
pub const ZH_PAUSES_MS: i64 = 700;
/// Time that a voice needs for one English word, milliseconds: with [`EN_PAUSES_MS`] a call of ten words takes 3 s.
pub const EN_WORD_MS: i64 = 260;
/// Beginning, comma and end of an English text, milliseconds.
pub const EN_PAUSES_MS: i64 = 400;
/// What is added to every estimate, in percent: voices differ, and an estimate that is too short is two voices at once.
pub const MARGIN_PERCENT: i64 = 15;

pub(crate) const DIGITS_ZH: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
pub(crate) const DIGITS_EN: [&str; 10] =
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/// What stands on the screen: `A012 张*三 请到 3号诊室就诊`, a summons `请 A013 号到 3号诊室门口候诊`. The name is given
/// apart: whoever shows it has made sure that it is masked.
pub fn shown(announce: &Announce, masked_name: Option<&str>) -> String {
    if announce.kind == AnnouncementKind::Summons {
        return format!("请 {} 号到 {}门口候诊", announce.number, announce.place);
    }
    let errand = errand(&announce.place);
    match masked_name {
        Some(name) => format!("{} {name} 请到 {}{errand}", announce.number, announce.place),
        None => format!("{} 请到 {}{errand}", announce.number, announce.place),
    }
}

/// What is spoken in Chinese: `请 A 零 一 二 号,到 三 号诊室就诊`. With `yao` the digit 1 of a number is 幺.
pub fn spoken_zh(announce: &Announce, yao: bool) -> String {
    let end = ending_zh(announce);
    format!("请 {} 号,到 {}{end}", apart(&announce.number, yao), place_zh(&announce.place, yao))
}

/// How a Chinese text ends: what one goes there for.
pub(super) fn ending_zh(announce: &Announce) -> &'static str {
    if announce.kind == AnnouncementKind::Summons { "门口候诊" } else { errand(&announce.place) }
}

/// What is spoken in English: `Number A zero one two, please go to Room three`. Without an English name of the place
/// only the number is said.
pub fn spoken_en(announce: &Announce) -> String {
    let number = words_of(&announce.number, |c| match c.to_digit(10) {
        Some(d) => DIGITS_EN[d as usize].to_owned(),
        None => c.to_string(),
    });
    let place = words_of_place_en(&announce.place_en);
    match (announce.kind, place.is_empty()) {
        (_, true) => format!("Number {number}, please"),
        (AnnouncementKind::Summons, false) => format!("Number {number}, please wait outside {place}"),
        (_, false) => format!("Number {number}, please go to {place}"),
    }
}

/// How long a voice takes for a Chinese text, milliseconds, with the margin. One syllable for each sign that is read.
pub fn spoken_zh_ms(text: &str) -> i64 {
    let syllables = text.chars().filter(|c| c.is_alphanumeric()).count() as i64;
    with_margin(ZH_PAUSES_MS + syllables * ZH_SYLLABLE_MS)
}

/// How long a voice takes for an English text, milliseconds, with the margin.
pub fn spoken_en_ms(text: &str) -> i64 {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).count() as i64;
    with_margin(EN_PAUSES_MS + words * EN_WORD_MS)
}

fn with_margin(ms: i64) -> i64 {
    ms + ms * MARGIN_PERCENT / 100
}

/// What one goes there for: to a consulting room for the consultation; a window or laboratory says it by its name.
fn errand(place: &str) -> &'static str {
    if place.ends_with("诊室") { "就诊" } else { "" }
}

/// A number's signs apart, separators left out: `A012` is `A 零 一 二`.
fn apart(number: &str, yao: bool) -> String {
    words_of(number, |c| sign_zh(c, yao))
}

fn sign_zh(c: char, yao: bool) -> String {
    match c.to_digit(10) {
        Some(1) if yao => "幺".to_owned(),
        Some(d) => DIGITS_ZH[d as usize].to_owned(),
        None => c.to_string(),
    }
}

fn words_of(number: &str, word: impl Fn(char) -> String) -> String {
    number.chars().filter(|c| c.is_alphanumeric()).map(word).collect::<Vec<_>>().join(" ")
}

/// A place's name with its figures as they are read: `3号诊室` is `三 号诊室`, `12号诊室` is `十二 号诊室`, `302室` is
/// `三 零 二 室`.
pub(super) fn place_zh(place: &str, yao: bool) -> String {
    read_figures(place, |figures| match figures.parse::<usize>() {
        Ok(n @ 1..=99) if !figures.starts_with('0') => below_hundred_zh(n),
        _ => apart(figures, yao),
    })
}

fn below_hundred_zh(n: usize) -> String {
    let (tens, ones) = (n / 10, n % 10);
    let mut text = String::new();
    if tens > 1 {
        text.push_str(DIGITS_ZH[tens]);
    }
    if tens > 0 {
        text.push('十');
    }
    if ones > 0 {
        text.push_str(DIGITS_ZH[ones]);
    }
    text
}

pub(super) fn words_of_place_en(place: &str) -> String {
    read_figures(place, |figures| match figures.parse::<usize>() {
        Ok(n @ 1..=9) if figures.len() == 1 => DIGITS_EN[n].to_owned(),
        // Two figures are a number that every English voice reads right; longer ones are read apart.
        _ if figures.len() <= 2 => figures.to_owned(),
        _ => words_of(figures, |c| c.to_digit(10).map_or_else(|| c.to_string(), |d| DIGITS_EN[d as usize].to_owned())),
    })
    .trim()
    .to_owned()
}

/// Replaces each run of figures by what `read` makes of it, with one space between it and its neighbours. The masking
/// star is read aloud by voices and has no business in a place's name: it is left out.
fn read_figures(text: &str, read: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut figures = String::new();
    for c in text.chars().filter(|c| *c != '*').chain(['\n']) {
        if c.is_ascii_digit() {
            figures.push(c);
            continue;
        }
        if !figures.is_empty() {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
            out.push_str(&read(&figures));
            figures.clear();
            if c.is_alphanumeric() {
                out.push(' ');
            }
        }
        out.push(c);
    }
    out.trim_end().to_owned()
}
