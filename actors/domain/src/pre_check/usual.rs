//! What most hospitals ask, for an operator to take over and change.

use crate::ids::{DepartmentId, SiteId};
use crate::vocabulary::{
    AlertLevel, AnswerIs, DefineQuestions, Does, Question, QuestionKind, QuestionRule, When, Words,
};

/// From so many degrees on it is a fever (发热门诊: axillary, Celsius).
const FEVER: &str = "37.3";
/// Younger than this a fever is looked at at once, in full years.
const CHILD_AGE: u32 = 6;

fn words(zh: &str, en: &str) -> Words {
    Words { zh: zh.to_owned(), en: en.to_owned() }
}

/// Fever and contact. Who has a fever or had contact goes to the fever clinic, if the site has one; a child under six with a
/// fever is an alert at once.
pub fn usual(site: SiteId, version: u32, fever_clinic: Option<DepartmentId>) -> DefineQuestions {
    let question = |id: &str, kind, text| Question { id: id.to_owned(), text, kind, choices: Vec::new() };
    let questions = vec![
        question(
            "fever",
            QuestionKind::YesNo,
            words("今天或最近三天发过烧吗?", "A fever today or in the last three days?"),
        ),
        question("temperature", QuestionKind::Temperature, words("现在的体温", "Temperature now")),
        question(
            "contact",
            QuestionKind::YesNo,
            words("最近七天接触过传染病的病人吗?", "Contact with an infectious disease in the last seven days?"),
        ),
    ];
    let yes = |question: &str| AnswerIs { question: question.to_owned(), is: vec!["yes".to_owned()], at_least: None };
    let hot = AnswerIs { question: "temperature".to_owned(), is: Vec::new(), at_least: Some(FEVER.to_owned()) };
    let fever = When { any: vec![yes("fever"), hot], under_age: None, from_age: None };
    let child = When { under_age: Some(CHILD_AGE), ..fever.clone() };
    let contact = When { any: vec![yes("contact")], under_age: None, from_age: None };
    let sent = |text: Words| match &fever_clinic {
        Some(department) => Does::SendTo { department: department.clone() },
        None => Does::Alert { level: AlertLevel::Notice, text },
    };
    let rule = |id: &str, when, does| QuestionRule { id: id.to_owned(), when, does };
    let at_once = words("不满6岁的孩子发烧,请马上去看", "A child under 6 with a fever: look at once");
    let rules = vec![
        rule("child_fever", child, Does::Alert { level: AlertLevel::Urgent, text: at_once }),
        rule("fever", fever, sent(words("发烧,请去看一看", "A fever: please have a look"))),
        rule("contact", contact, sent(words("接触过传染病的病人,请去看一看", "Had contact: please have a look"))),
    ];
    DefineQuestions { site, version, questions, rules }
}
