//! Masks, documents and ages as tables.

use super::*;
use crate::codes::Code;

fn day(text: &str) -> BusinessDate {
    BusinessDate::from_compact(text).unwrap()
}

#[test]
fn names_are_masked_as_the_table_says() {
    for (name, masked) in [
        ("张三", "张*"),
        ("李小明", "李*明"),
        ("张小三丰", "张*丰"),
        ("欧阳修", "欧阳*"),
        ("欧阳娜娜", "欧阳*娜"),
        ("欧阳", "欧*"),
        ("諸葛亮", "諸葛*"),
        ("司马相如", "司马*如"),
        ("张", "*"),
        ("", "*"),
        ("  王 芳 ", "王*"),
        ("阿卜杜拉·买买提", "阿*·买*"),
        ("阿依古丽•艾合买提・江", "阿*·艾*·江*"),
        ("John Smith", "J* S*"),
        ("María José García", "M* J* G*"),
        ("J", "J*"),
        ("김철수", "김*"),
        ("𠮷田花", "𠮷*花"),
        ("大卫 Smith", "大* S*"),
        ("(张三)", "张*"),
    ] {
        assert_eq!(masked_name(name), masked, "{name}");
    }
}

#[test]
fn a_masked_name_never_shows_more_than_it_may() {
    use proptest::prelude::*;
    proptest!(|(name in "\\PC{0,12}")| {
        let masked = masked_name(&name);
        prop_assert!(masked.contains('*'));
        let han: Vec<char> = name.chars().filter(|c| !c.is_whitespace()).collect();
        if han.len() > 3 && han.iter().all(|c| ('\u{4E00}'..='\u{9FFF}').contains(c)) {
            prop_assert!(masked.chars().filter(|c| *c != '*').count() <= 3);
        }
    });
}

#[test]
fn documents_are_checked_by_kind() {
    use DocumentKind::*;
    for (kind, number, fits) in [
        (ResidentId, "11010519491231002X", true),
        (ResidentId, " 11010519491231002x ", true),
        (ResidentId, "１１０１０５１９４９１２３１００２Ｘ", true),
        (ResidentId, "110105194912310021", false),
        (ResidentId, "11010519491331002X", false),
        (ResidentId, "440524188001010014", true),
        (ResidentId, "110105491231002", false),
        (HouseholdRegister, "11010519491231002X", true),
        (HouseholdRegister, "H440123456", false),
        (BirthCertificate, "H440123456", true),
        (BirthCertificate, "4401234567", false),
        (HongKongMacaoPermit, "H12345678", true),
        (HongKongMacaoPermit, "M1234567801", true),
        (HongKongMacaoPermit, "C12345678", false),
        (TaiwanPermit, "12345678", true),
        (TaiwanPermit, "1234567", false),
        (PermanentResidence, "USA110123456789", true),
        (PermanentResidence, "USA11012345678", false),
        (Passport, "e1234-5678", true),
        (Passport, "护照12345", false),
        (Passport, "", false),
    ] {
        let checked = Document::checked(kind, number);
        assert_eq!(checked.is_ok(), fits, "{kind:?} {number}");
        if let Err(rejection) = checked {
            assert_eq!(rejection.code, Code::InvalidField);
            assert!(number.is_empty() || !rejection.detail.contains(number), "a rejection carries no number");
        }
    }
}

#[test]
fn every_wrong_digit_of_a_resident_number_is_found() {
    let number = "11010519491231002X";
    for place in 0..17 {
        for digit in b'0'..=b'9' {
            let mut changed = number.as_bytes().to_vec();
            if changed[place] == digit {
                continue;
            }
            changed[place] = digit;
            let changed = String::from_utf8(changed).unwrap();
            assert!(Document::checked(DocumentKind::ResidentId, &changed).is_err(), "{changed}");
        }
    }
}

#[test]
fn a_resident_number_says_birth_date_and_sex() {
    let document = Document::checked(DocumentKind::ResidentId, "11010519491231002x").unwrap();
    assert_eq!(document.number, "11010519491231002X");
    assert_eq!(document.birth_date(), Some(day("19491231")));
    assert_eq!(document.sex(), Some(Sex::Female));
    let passport = Document::checked(DocumentKind::Passport, "E12345678").unwrap();
    assert_eq!((passport.birth_date(), passport.sex()), (None, None));
}

#[test]
fn ages_count_full_years() {
    for (birth, on, age) in [
        ("19460401", "20260331", Some(79)),
        ("19460401", "20260401", Some(80)),
        ("20080229", "20260228", Some(17)),
        ("20080229", "20260301", Some(18)),
        ("20261123", "20261123", Some(0)),
        ("20261124", "20261123", None),
    ] {
        assert_eq!(age_on(day(birth), day(on)), age, "{birth} {on}");
    }
}

#[test]
fn nothing_of_a_person_prints() {
    let record = PersonRecord {
        name: "张小三".into(),
        phone: Some("13800138000".into()),
        phone_since: None,
        documents: vec![Document { kind: DocumentKind::ResidentId, number: "11010519491231002X".into() }],
        birth_date: Some(day("19491231")),
        sex: Sex::Female,
    };
    let printed = format!("{record:?} {:?}", record.documents);
    for secret in ["张小三", "138", "110105", "1949"] {
        assert!(!printed.contains(secret), "{printed}");
    }
    let brief = record.brief(PatientId::from("p-1"));
    assert_eq!((brief.masked_name.as_str(), brief.birth_year), ("张*三", Some(1949)));
}

#[test]
fn a_phone_put_on_file_for_a_child_is_no_word_of_the_grown_up() {
    let told = |phone: Option<&str>| PersonRecord {
        name: "张小三".into(),
        phone: phone.map(str::to_owned),
        phone_since: None,
        documents: Vec::new(),
        birth_date: Some(day("20081124")),
        sex: Sex::Female,
    };
    let (as_child, birthday, later) = (day("20261123"), day("20261124"), day("20271124"));
    let by_guardian = told(Some("1")).with_phone_on_file(None, as_child);
    assert_eq!(by_guardian.phone_since, Some(as_child));
    assert!(by_guardian.phone_speaks(as_child), "for the child");
    assert!(!by_guardian.phone_speaks(birthday), "not for the grown-up");
    let not_told = told(None).with_phone_on_file(Some(&by_guardian), later);
    assert_eq!((&not_told.phone, not_told.phone_speaks(later)), (&by_guardian.phone, false), "as it was");
    let told_again = told(Some("1")).with_phone_on_file(Some(&by_guardian), birthday);
    assert!(told_again.phone_speaks(later), "with the grown-up's document in hand");
    let twice = told(Some("1")).with_phone_on_file(Some(&told_again), later);
    assert_eq!(twice, told_again, "said again it keeps its day");
    let another = told(Some("2")).with_phone_on_file(Some(&told_again), later);
    assert_eq!((another.phone.as_deref(), another.phone_since), (Some("2"), Some(later)));
    let of_before = told(Some("1"));
    assert_eq!(
        (of_before.phone_speaks(as_child), of_before.phone_speaks(later)),
        (true, false),
        "nobody knows its day"
    );
    assert!(!told(None).with_phone_on_file(None, later).phone_speaks(later), "there is none");
}

#[test]
fn a_record_of_before_days_of_phones_is_read() {
    let stored = r#"{"name":"张三","phone":"1","documents":[],"birth_date":"1990-01-01","sex":"male"}"#;
    let read: PersonRecord = serde_json::from_str(stored).unwrap();
    assert_eq!((read.phone.as_deref(), read.phone_since), (Some("1"), None));
}

#[test]
fn names_are_text_that_people_can_read() {
    for name in [
        "张三",
        " 欧阳娜娜 ",
        "阿卜杜拉·买买提",
        "阿卜杜拉•买买提",
        "张三（大）",
        "无名氏1",
        "O’Brien-Smith, Jr.",
        "María José",
        "O'Brien",
        "J",
        "김철수",
        "محمد",
        "𠮷田花",
        "Lê Thị Hồng",
        "สมชาย",
    ] {
        assert_eq!(checked_name(name).as_deref(), Ok(name.trim()), "{name}");
    }
    for (name, why) in [
        ("", "1 to 100"),
        (&"张".repeat(101), "1 to 100"),
        ("张\n三", "line breaks"),
        ("张\u{2028}三", "line breaks"),
        ("\u{202e}三张", "direction"),
        ("\u{200b}", "invisible"),
        ("\u{200f}\u{200e}", "invisible"),
        ("张\u{feff}三", "invisible"),
        ("\u{3164}", "invisible"),
        ("张\u{3164}三", "invisible"),
        ("张\u{2800}三", "invisible"),
        ("\u{fe0f}张", "invisible"),
        ("张\u{e0100}", "invisible"),
        ("张\u{e000}三", "private"),
        ("张\u{10fffd}", "private"),
        ("🅰🅱", "letters"),
        ("ⒶⒷ", "letters"),
        (&"ﷺ".repeat(50), "letters"),
        ("𒐫", "letters"),
        ("张\u{fffd}", "letters"),
        ("\u{fffc}张", "letters"),
        ("مح\u{640}مد", "letters"),
        ("\u{2f00}\u{2f06}", "letters"),
        ("\u{2ea0}三", "letters"),
        ("\u{2f40}\u{2f73}三", "letters"),
        ("\u{2ff0}木木", "star"),
        ("**三", "star"),
        ("张＊三", "star"),
        ("张﹡三", "star"),
        ("张✱三", "star"),
        ("张●三", "star"),
        ("张○三", "star"),
        ("张<b>三", "star"),
        ("·", "letter"),
        ("张·", "both sides"),
        ("·张", "both sides"),
        ("张··三", "both sides"),
        ("12", "letter"),
        (&"\u{301}".repeat(50), "letter"),
        ("\u{301}e", "begin"),
        (&format!("e{}", "\u{301}".repeat(50)), "marks"),
    ] {
        let refused = checked_name(name).unwrap_err();
        assert_eq!(refused.code, Code::InvalidField);
        assert!(refused.detail.contains(why), "{name:?}: {}", refused.detail);
    }
}

#[test]
fn a_mask_keeps_a_letter_whole_and_has_a_bound() {
    assert_eq!(masked_name("E\u{301}milie Zola"), "E\u{301}* Z*");
    assert_eq!(masked_name("A·B·C·D·E·F"), "A*·B*·C*·D*");
    assert_eq!(masked_name("a b c d e f"), "a* b* c* d*");
    assert_eq!(masked_name("·"), "*", "never nothing");
    let loaded = masked_name(&format!("e{} x", "\u{301}".repeat(90)));
    assert!(loaded.chars().count() < 12, "{loaded}");
}

#[test]
fn birth_dates_are_of_people_who_live() {
    let today = day("20261123");
    for (text, fits) in
        [("20261123", true), ("20261124", false), ("19000101", true), ("18950101", false), ("00010101", false)]
    {
        assert_eq!(checked_birth_date(day(text), today).is_ok(), fits, "{text}");
    }
}

#[test]
fn who_was_born_on_a_29th_of_february_comes_of_age_on_the_1st_of_march() {
    let of = |text: &str| super::comes_of_age(BusinessDate::from_compact(text).unwrap()).compact();
    assert_eq!([of("20081127"), of("20080229"), of("20081231")], ["20261127", "20260301", "20261231"]);
    for text in ["20080229", "20081127"] {
        let (born, day) = (BusinessDate::from_compact(text).unwrap(), BusinessDate::from_compact(&of(text)).unwrap());
        assert_eq!(super::age_on(born, day), Some(super::ADULT_AGE));
        assert_eq!(super::age_on(born, day.plus_days(-1)), Some(super::ADULT_AGE - 1));
    }
}
