//! Masking of names, as screens may show them (DOMAIN, "Announcements, boards, doors").

/// Parts of a name of which a first letter is shown.
const PARTS_MAX: usize = 4;
/// Marks that are shown on a letter.
const MARKS_MAX: usize = 3;

/// Surnames of two characters; they are kept whole.
const COMPOUND_SURNAMES: &[&str] = &[
    "欧阳", "歐陽", "太史", "端木", "上官", "司马", "司馬", "东方", "東方", "独孤", "獨孤", "南宫", "南宮", "万俟",
    "闻人", "聞人", "夏侯", "诸葛", "諸葛", "尉迟", "尉遲", "公羊", "赫连", "赫連", "澹台", "皇甫", "宗政", "濮阳",
    "濮陽", "公冶", "太叔", "申屠", "公孙", "公孫", "慕容", "仲孙", "钟离", "鍾離", "长孙", "長孫", "宇文", "司徒",
    "鲜于", "鮮于", "司空", "闾丘", "子车", "亓官", "司寇", "巫马", "公西", "颛孙", "壤驷", "公良", "漆雕", "乐正",
    "宰父", "谷梁", "穀梁", "拓跋", "夹谷", "轩辕", "軒轅", "令狐", "段干", "百里", "呼延", "东郭", "南门", "羊舌",
    "微生", "梁丘", "左丘", "西门", "西門", "第五", "公皙", "南荣", "东里", "仲长", "即墨", "达奚", "褚师", "纳兰",
];

/// The masked name: Han names of two characters keep the first, of three or more the first and the last, compound
/// surnames stay whole; names with `·` and names in other scripts keep the first letter of each of the first four parts, with
/// the marks on it. One star stands for
/// everything hidden, so that its number says nothing. A name of one character is all hidden.
pub fn masked_name(name: &str) -> String {
    let name = name.trim();
    if name.chars().any(is_dot) {
        let masked = first_letters(name.split(is_dot).map(str::trim).filter(|part| !part.is_empty()), "·");
        return if masked.is_empty() { "*".to_owned() } else { masked };
    }
    let letters: Vec<char> = name.chars().filter(|c| !c.is_whitespace()).collect();
    if letters.is_empty() {
        return "*".to_owned();
    }
    if !letters.iter().copied().all(is_han) {
        return first_letters(name.split_whitespace(), " ");
    }
    let first_two: String = letters.iter().take(2).collect();
    let surname = if letters.len() > 2 && COMPOUND_SURNAMES.contains(&first_two.as_str()) { 2 } else { 1 };
    let mut masked: String = if letters.len() == 1 { String::new() } else { letters[..surname].iter().collect() };
    masked.push('*');
    if letters.len() > surname + 1 {
        masked.extend(letters.last());
    }
    masked
}

fn first_letters<'a>(parts: impl Iterator<Item = &'a str>, between: &str) -> String {
    parts.take(PARTS_MAX).map(first_letter).collect::<Vec<_>>().join(between)
}

/// The first letter with the marks that belong to it: a mark alone, or torn from its letter, is no letter, nor is a sign that
/// stands before it.
fn first_letter(part: &str) -> String {
    let part = part.trim_start_matches(|c: char| !c.is_alphanumeric());
    let marks = part.chars().skip(1).take_while(|c| is_mark(*c)).take(MARKS_MAX);
    part.chars().take(1).chain(marks).chain(['*']).collect()
}

/// Signs that stand on the letter before them: combining marks, vowel signs, viramas and joining letters of the scripts
/// of names.
pub(super) fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36F}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5BD}' | '\u{610}'..='\u{61A}'
        | '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{6D6}'..='\u{6DC}' | '\u{93A}'..='\u{93C}' | '\u{93E}'..='\u{94F}'
        | '\u{E31}' | '\u{E34}'..='\u{E3A}' | '\u{E47}'..='\u{E4E}' | '\u{F71}'..='\u{F87}' | '\u{F8D}'..='\u{FBC}'
        | '\u{102B}'..='\u{103E}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}'
        | '\u{3099}'..='\u{309A}' | '\u{FE00}'..='\u{FE0F}' | '\u{FE20}'..='\u{FE2F}')
}

/// The dot between the parts of a name.
pub(super) fn is_dot(c: char) -> bool {
    matches!(c, '·' | '•' | '・' | '‧' | '．')
}

/// A Chinese character.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '〇' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}')
}
