//! Names as somebody types them: what may reach a record, a slip or a screen.

use crate::codes::Rejection;

use super::mask::{is_dot, is_mark};

/// Longest name, in characters.
pub const NAME_MAX: usize = 100;
/// Marks in a row that a letter may carry.
const MARKS_MAX: usize = 4;

/// A name without blanks around it. Errors: `invalid_field`, with the reason and without the name.
pub fn checked_name(name: &str) -> Result<String, Rejection> {
    let name = name.trim();
    let wrong = |why: String| Err(Rejection::field("name", why));
    let length = name.chars().count();
    if length == 0 || length > NAME_MAX {
        return wrong(format!("a name has 1 to {NAME_MAX} characters"));
    }
    if name.chars().any(is_invisible) {
        return wrong("a name has no line breaks, control, direction or invisible characters".to_owned());
    }
    if name.chars().any(is_private) {
        return wrong("a name has no characters of private use: each machine shows another sign, or none".to_owned());
    }
    if name.chars().any(is_ornament) {
        return wrong("a name is written in letters, not in signs that stand for some".to_owned());
    }
    if name.chars().any(is_sign) {
        return wrong("a name has no star and no other sign: a star shows that a part is hidden".to_owned());
    }
    let has_letter = |part: &str| part.chars().any(|c| c.is_alphabetic() && !is_mark(c));
    if !has_letter(name) {
        return wrong("a name has at least one letter".to_owned());
    }
    if name.starts_with(is_mark) {
        return wrong("a mark stands on a letter: a name does not begin with one".to_owned());
    }
    if name.chars().any(is_dot) && !name.split(is_dot).all(has_letter) {
        return wrong("there are letters on both sides of the dot in a name".to_owned());
    }
    if name.split(|c| !is_mark(c)).any(|marks| marks.chars().count() > MARKS_MAX) {
        return wrong(format!("a letter of a name carries at most {MARKS_MAX} marks"));
    }
    Ok(name.to_owned())
}

/// Unicode's Cc, Cf, Zl, Zp and Default_Ignorable_Code_Point, and the blank that is no space: what moves, hides or breaks
/// text instead of being text.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}' | '\u{890}'..='\u{891}'
            | '\u{8E2}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{110BD}' | '\u{110CD}'
            | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
}

/// Unicode's Co: what it stands for is a font's own.
fn is_private(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
}

/// Whether the name of a thing (a department, a room, a board, somebody who works there) can be read out: it has a letter or
/// a digit, and does not begin with a mark that would stand on what is before it.
pub fn is_readable(name: &str) -> bool {
    let name = name.trim();
    name.chars().any(|c| c.is_alphanumeric() && !is_mark(c) && !is_invisible(c)) && !name.starts_with(is_mark)
}

/// Signs that Unicode counts as alphabetic, and nobody's name is written with: letters in circles and squares, whole
/// sentences in one sign, cuneiform. Many are as wide as a screen. And what stands for a letter without being one: the stroke
/// that lengthens an Arabic word, the radicals that look like Han letters and are found by none of their readings, and the
/// signs of a letter that was lost.
pub(crate) fn is_ornament(c: char) -> bool {
    matches!(c, '\u{24B6}'..='\u{24E9}' | '\u{FDF0}'..='\u{FDFF}' | '\u{12000}'..='\u{1254F}' | '\u{1F100}'..='\u{1F1FF}')
        || matches!(c, '\u{640}' | '\u{2E80}'..='\u{2FDF}' | '\u{FFFC}'..='\u{FFFD}')
}

/// Signs that are no part of a name: stars of every form (a masked name must not become the name on file), bullets,
/// brackets of markup, pictures. Blanks, dots, hyphens, apostrophes, commas and round brackets are.
pub(crate) fn is_sign(c: char) -> bool {
    if is_dot(c)
        || matches!(c, '\'' | '-' | '.' | ',' | '(' | ')' | '（' | '）' | '，' | '〇' | '々' | '\u{2010}'..='\u{2019}')
    {
        return false;
    }
    c.is_ascii_punctuation()
        || matches!(c, '\u{66A}'..='\u{66D}' | '\u{3200}'..='\u{33FF}')
        || matches!(c, '\u{A1}'..='\u{A9}' | '\u{AB}'..='\u{B4}' | '\u{B6}'..='\u{B9}' | '\u{BB}'..='\u{BF}' | '×' | '÷')
        || matches!(c, '\u{2010}'..='\u{206F}' | '\u{20A0}'..='\u{20CF}' | '\u{2100}'..='\u{2BFF}' | '\u{2E00}'..='\u{2E7F}')
        || matches!(c, '\u{2FF0}'..='\u{2FFF}' | '\u{3001}'..='\u{3030}' | '\u{FE10}'..='\u{FE1F}' | '\u{FE30}'..='\u{FE6F}')
        || matches!(c, '\u{FF01}'..='\u{FF0F}' | '\u{FF1A}'..='\u{FF20}' | '\u{FF3B}'..='\u{FF40}' | '\u{FF5B}'..='\u{FF65}')
        || matches!(c, '\u{1F000}'..='\u{1FAFF}')
}
