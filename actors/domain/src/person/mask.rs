//! Masking of names, as screens may show them (DOMAIN, "Announcements, boards, doors").

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
/// surnames stay whole; names with `·` and names in other scripts keep the first letter of each part. One star stands for
/// everything hidden, so that its number says nothing. A name of one character is all hidden.
pub fn masked_name(name: &str) -> String {
    let name = name.trim();
    let is_dot = |c: char| matches!(c, '·' | '•' | '・' | '‧' | '．');
    if name.chars().any(is_dot) {
        return name
            .split(is_dot)
            .map(str::trim)
            .filter(|p| !p.is_empty())
            .map(first_letter)
            .collect::<Vec<_>>()
            .join("·");
    }
    let letters: Vec<char> = name.chars().filter(|c| !c.is_whitespace()).collect();
    if letters.is_empty() {
        return "*".to_owned();
    }
    if !letters.iter().copied().all(is_han) {
        return name.split_whitespace().map(first_letter).collect::<Vec<_>>().join(" ");
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

fn first_letter(part: &str) -> String {
    part.chars().take(1).chain(['*']).collect()
}

fn is_han(c: char) -> bool {
    matches!(c, '〇' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}')
}
