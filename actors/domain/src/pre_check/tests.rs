//! What may be asked, and what follows from the answers.

use super::*;
use crate::Code;
use crate::ids::{DepartmentId, SiteId};
use crate::vocabulary::{AlertLevel, Choice};

fn asked() -> DefineQuestions {
    usual(SiteId::from("s"), 1, Some(DepartmentId::from("s.fever")))
}

fn answers(fever: &str, temperature: &str, contact: &str) -> BTreeMap<String, String> {
    let all = [("fever", fever), ("temperature", temperature), ("contact", contact)];
    all.into_iter().map(|(id, answer)| (id.to_owned(), answer.to_owned())).collect()
}

fn rule(fever: &str, temperature: &str, contact: &str, age: Option<u32>) -> Option<String> {
    decide(&asked(), &answers(fever, temperature, contact), age).map(|found| found.rule)
}

#[test]
fn a_fever_is_said_or_measured_and_a_child_with_one_is_an_alert_at_once() {
    let at = |age| rule("no", "36.8", "no", age);
    assert_eq!((at(Some(40)), at(Some(5)), at(None)), (None, None, None));
    assert_eq!(rule("no", "37.2", "no", Some(40)), None);
    assert_eq!(rule("no", "37.3", "no", Some(40)).as_deref(), Some("fever"));
    assert_eq!(rule("yes", "not_measured", "no", Some(40)).as_deref(), Some("fever"));
    assert_eq!(rule("yes", "36.5", "no", Some(5)).as_deref(), Some("child_fever"));
    assert_eq!(rule("no", "38", "no", Some(5)).as_deref(), Some("child_fever"));
    assert_eq!(rule("no", "38", "no", Some(6)).as_deref(), Some("fever"));
    // Nobody is a child whose birth date is not known; the fever is one all the same.
    assert_eq!(rule("no", "38", "no", None).as_deref(), Some("fever"));
    assert_eq!(rule("no", "not_measured", "yes", Some(5)).as_deref(), Some("contact"));
    let found = decide(&asked(), &answers("yes", "39.1", "yes"), Some(2)).unwrap();
    assert!(matches!(found.does, Does::Alert { level: AlertLevel::Urgent, .. }));
}

#[test]
fn each_question_is_answered_by_what_can_be_answered_and_nothing_else() {
    let refused = |given: &BTreeMap<String, String>| check_answers(&asked(), given).err().map(|why| why.code);
    assert_eq!(refused(&answers("no", "36.5", "no")), None);
    assert_eq!(refused(&answers("no", "not_measured", "no")), None);
    for wrong in ["", "maybe", "36,5", "365", "3.65", "29.9", "45.1", "+7.3", "36.55", "٣٦.٥"] {
        assert_eq!(refused(&answers("no", wrong, "no")), Some(Code::InvalidField), "{wrong:?}");
    }
    assert_eq!(refused(&answers("37.3", "36.5", "no")), Some(Code::InvalidField));
    let mut more = answers("no", "36.5", "no");
    more.insert("name".to_owned(), "no".to_owned());
    assert_eq!(refused(&more), Some(Code::InvalidField));
    more.remove("name");
    more.remove("contact");
    assert_eq!(refused(&more), Some(Code::InvalidField));
}

#[test]
fn questions_and_rules_that_cannot_be_meant_are_refused() {
    let refused = |change: &dyn Fn(&mut DefineQuestions)| {
        let mut defined = asked();
        change(&mut defined);
        check(&defined).err().map(|why| why.code)
    };
    assert_eq!(refused(&|_| {}), None);
    assert_eq!(check(&usual(SiteId::from("s"), 1, None)), Ok(()));
    let wrong: [&dyn Fn(&mut DefineQuestions); 15] = [
        &|d| d.questions[0].id = "Fever".to_owned(),
        &|d| d.questions[1].id = "fever".to_owned(),
        &|d| d.questions[0].text.zh.clear(),
        &|d| d.questions[0].text.en = "x".repeat(WORDS_MAX + 1),
        &|d| d.questions[0].kind = QuestionKind::Choice,
        &|d| d.questions[0].choices = vec![Choice { id: "a".to_owned(), text: d.questions[0].text.clone() }; 2],
        &|d| d.rules[0].when.any[0].question = "cough".to_owned(),
        &|d| d.rules[0].when.any[0].is = vec!["maybe".to_owned()],
        &|d| d.rules[0].when.any[0].at_least = Some("37.3".to_owned()),
        &|d| d.rules[0].when.any[1].at_least = Some("373".to_owned()),
        &|d| d.rules[0].when = When { any: Vec::new(), under_age: None, from_age: None },
        &|d| d.rules[0].when.from_age = Some(6),
        &|d| d.rules[1].id = "child_fever".to_owned(),
        &|d| d.questions = vec![d.questions[0].clone(); QUESTIONS_MAX + 1],
        &|d| {
            d.questions.clear();
            d.rules[0].when = When { any: Vec::new(), under_age: Some(6), from_age: None };
            d.rules.truncate(1);
        },
    ];
    for (n, change) in wrong.iter().enumerate() {
        assert_eq!(refused(change), Some(Code::InvalidField), "{n}");
    }
}

#[test]
fn a_rule_that_an_earlier_one_leaves_nothing_to_is_refused_and_names_it() {
    let refused = |change: &dyn Fn(&mut DefineQuestions)| {
        let mut defined = asked();
        change(&mut defined);
        let why = check(&defined).err()?;
        assert_eq!(why.code, Code::InvalidField);
        let named = |what: &str| why.valid_now.iter().find(|(name, _)| name == what).map(|(_, is)| is.clone());
        Some((named("about"), named("covered_by")))
    };
    let named = |about: &str, by: &str| Some((Some(about.into()), Some(by.into())));
    assert_eq!(refused(&|d| d.rules.swap(0, 1)), named("child_fever", "fever"), "everybody's fever before a child's");
    assert_eq!(refused(&|d| d.rules.swap(0, 2)), named("child_fever", "fever"));
    assert_eq!(refused(&|d| d.rules[0].when.under_age = None), named("fever", "child_fever"));
    // Older children, or from less degrees on: there is something left.
    assert_eq!(refused(&|d| d.rules[1].when.under_age = Some(7)), None);
    assert_eq!(refused(&|d| d.rules[1].when.under_age = Some(6)), named("fever", "child_fever"));
    let from = |d: &mut DefineQuestions, least: &str| {
        d.rules[1].when = d.rules[0].when.clone();
        d.rules[1].when.any[1].at_least = Some(least.to_owned());
    };
    assert_eq!(refused(&|d| from(d, "38")), named("fever", "child_fever"));
    assert_eq!(refused(&|d| from(d, "37.2")), None);
    let ages = |d: &mut DefineQuestions, first: Option<u32>, second: Option<u32>| {
        (d.rules[0].when.under_age, d.rules[0].when.from_age) = (None, first);
        d.rules[1].when.from_age = second;
    };
    assert_eq!(refused(&|d| ages(d, Some(60), Some(65))), named("fever", "child_fever"));
    assert_eq!(refused(&|d| ages(d, Some(65), Some(60))), None);
    // Answers one by one cover them together, and whatever was answered covers all.
    let yes_or_no = |d: &mut DefineQuestions| {
        d.rules[1].when.any =
            vec![AnswerIs { is: vec![YES.to_owned(), NO.to_owned()], ..d.rules[2].when.any[0].clone() }];
        let of = |is: &str| AnswerIs { is: vec![is.to_owned()], ..d.rules[2].when.any[0].clone() };
        d.rules[0].when = When { any: vec![of(YES), of(NO)], under_age: None, from_age: None };
    };
    assert_eq!(refused(&yes_or_no), named("fever", "child_fever"));
    let whatever = |d: &mut DefineQuestions| {
        d.rules[0].when = When { any: Vec::new(), under_age: Some(6), from_age: None };
        d.rules[1].when.under_age = Some(5);
    };
    assert_eq!(refused(&whatever), named("fever", "child_fever"));
}
