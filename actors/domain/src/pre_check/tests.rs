//! What may be asked, and what follows from the answers.

use super::*;
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
    let wrong: [&dyn Fn(&mut DefineQuestions); 14] = [
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
    ];
    for (n, change) in wrong.iter().enumerate() {
        assert_eq!(refused(change), Some(Code::InvalidField), "{n}");
    }
}
