//! 预检: what a site may ask, how it is answered, and what follows from the answers. Pure: an event states the result, so
//! that nothing is decided anew at a replay.

#[cfg(test)]
mod tests;
mod usual;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::Rejection;
use crate::vocabulary::{AnswerIs, DefineQuestions, Does, Question, QuestionKind, QuestionRule, When, Words, is_plain};

pub use usual::usual;

/// Most questions of a site: nobody answers more at a desk.
pub const QUESTIONS_MAX: usize = 12;
/// Most rules of a site, conditions of a rule and choices of a question.
pub const RULES_MAX: usize = 30;
/// Longest question or text of a rule, in characters.
pub const WORDS_MAX: usize = 120;
/// An age in a rule, in years.
const AGE_MAX: u32 = 130;
/// Longest id, in bytes.
const ID_MAX: usize = 24;
/// What can be measured of somebody alive, in tenths of a degree Celsius.
const TEMPERATURES: std::ops::RangeInclusive<u16> = 300..=450;

/// Said of a temperature that nobody has taken.
pub const NOT_MEASURED: &str = "not_measured";
const YES: &str = "yes";
const NO: &str = "no";

/// The rule that held, and what it does. Stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Its id.
    pub rule: String,
    /// What follows.
    pub does: Does,
}

fn invalid(field: &str, about: &str, what: impl Into<String>) -> Rejection {
    Rejection::field(field, what).with("about", about)
}

/// Degrees as people write them (`37`, `37.3`), in tenths.
fn tenths(text: &str) -> Option<u16> {
    let (whole, tenth) = text.split_once('.').unwrap_or((text, "0"));
    let fits = whole.len() == 2 && tenth.len() == 1 && whole.bytes().chain(tenth.bytes()).all(|b| b.is_ascii_digit());
    let tenths = fits.then(|| format!("{whole}{tenth}"))?.parse().ok()?;
    TEMPERATURES.contains(&tenths).then_some(tenths)
}

/// The free texts of a site's questions, by field.
pub(crate) fn texts(defined: &DefineQuestions) -> Vec<(&'static str, &str)> {
    let mut texts = Vec::new();
    let mut both = |field, words| {
        let Words { zh, en }: &Words = words;
        texts.extend([(field, zh.as_str()), (field, en.as_str())]);
    };
    for question in &defined.questions {
        both("questions", &question.text);
        question.choices.iter().for_each(|choice| both("questions", &choice.text));
    }
    for rule in &defined.rules {
        if let Does::Alert { text, .. } | Does::Note { text } = &rule.does {
            both("rules", text);
        }
    }
    texts
}

/// Whether that can be asked. Rejects `invalid_field` with `field` (`questions`, `rules`) and `about` (which), of a rule
/// that never decides also `covered_by`. (Whether the
/// departments exist is the site's to check.)
pub fn check(defined: &DefineQuestions) -> Result<(), Rejection> {
    if defined.version == 0 {
        return Err(invalid("version", "", "versions are counted from 1"));
    }
    if defined.questions.len() > QUESTIONS_MAX {
        return Err(invalid("questions", "", format!("{QUESTIONS_MAX} questions at most")));
    }
    if defined.rules.len() > RULES_MAX {
        return Err(invalid("rules", "", format!("{RULES_MAX} rules at most")));
    }
    check_ids("questions", defined.questions.iter().map(|question| question.id.as_str()))?;
    check_ids("rules", defined.rules.iter().map(|rule| rule.id.as_str()))?;
    defined.questions.iter().try_for_each(check_question)?;
    if defined.questions.is_empty() && !defined.rules.is_empty() {
        return Err(invalid("rules", "", "without a question no rule ever holds"));
    }
    defined.rules.iter().try_for_each(|rule| check_rule(rule, &defined.questions))?;
    defined.rules.iter().enumerate().try_for_each(|(n, rule)| check_reached(rule, &defined.rules[..n]))
}

/// A rule that never decides, because an earlier one holds whenever it does, is a mistake: a child's fever behind
/// everybody's would be no alert. `covered_by`: the earlier one.
fn check_reached(rule: &QuestionRule, earlier: &[QuestionRule]) -> Result<(), Rejection> {
    let Some(covers) = earlier.iter().find(|earlier| covers(&earlier.when, &rule.when)) else { return Ok(()) };
    let why = "a rule before it holds whenever this one does";
    Err(invalid("rules", &rule.id, why).with("covered_by", covers.id.as_str()))
}

/// Whether `one` holds whenever `other` does.
fn covers(one: &When, other: &When) -> bool {
    let has = |question: &str, fits: &dyn Fn(&AnswerIs) -> bool| {
        one.any.iter().any(|one| one.question == question && fits(one))
    };
    let is_in = |other: &AnswerIs| match other.at_least.as_deref().map(tenths) {
        Some(least) => has(&other.question, &|one| one.at_least.as_deref().is_some_and(|from| tenths(from) <= least)),
        None => other.is.iter().all(|is| has(&other.question, &|one| one.is.contains(is))),
    };
    (one.any.is_empty() || (!other.any.is_empty() && other.any.iter().all(is_in)))
        && one.under_age.is_none_or(|under| other.under_age.is_some_and(|other| other <= under))
        && one.from_age.is_none_or(|from| other.from_age.is_some_and(|other| other >= from))
}

fn check_ids<'a>(field: &str, ids: impl Iterator<Item = &'a str>) -> Result<(), Rejection> {
    let mut seen = BTreeSet::new();
    for id in ids {
        let is_sign = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if id.is_empty() || id.len() > ID_MAX || !id.bytes().all(is_sign) {
            return Err(invalid(field, id, format!("an id is 1 to {ID_MAX} of a-z, 0-9 and _")));
        }
        if !seen.insert(id) {
            return Err(invalid(field, id, "an id stands twice"));
        }
    }
    Ok(())
}

fn check_words(field: &str, about: &str, words: &Words) -> Result<(), Rejection> {
    let fits = !words.zh.trim().is_empty() && is_plain(&words.zh, WORDS_MAX) && is_plain(&words.en, WORDS_MAX);
    if fits { Ok(()) } else { Err(invalid(field, about, format!("a text has 1 to {WORDS_MAX} characters"))) }
}

fn check_question(question: &Question) -> Result<(), Rejection> {
    let Question { id, text, kind, choices } = question;
    check_words("questions", id, text)?;
    let is_choice = *kind == QuestionKind::Choice;
    if is_choice == choices.is_empty() || choices.len() == 1 || choices.len() > RULES_MAX {
        return Err(invalid("questions", id, "a choice has two choices at least, and nothing else has any"));
    }
    check_ids("questions", choices.iter().map(|choice| choice.id.as_str()))?;
    choices.iter().try_for_each(|choice| check_words("questions", id, &choice.text))
}

fn check_rule(rule: &QuestionRule, questions: &[Question]) -> Result<(), Rejection> {
    let QuestionRule { id, when: When { any, under_age, from_age }, does } = rule;
    let ages = [*under_age, *from_age].into_iter().flatten();
    if any.is_empty() && ages.clone().count() == 0 {
        return Err(invalid("rules", id, "a rule says when it holds"));
    }
    let is_empty = under_age.zip(*from_age).is_some_and(|(under, from)| under <= from);
    if any.len() > RULES_MAX || ages.clone().any(|age| age > AGE_MAX) || *under_age == Some(0) || is_empty {
        return Err(invalid("rules", id, format!("{RULES_MAX} conditions at most, of an age from 0 to {AGE_MAX}")));
    }
    for one in any {
        let question = questions.iter().find(|question| question.id == one.question);
        let question = question.ok_or_else(|| invalid("rules", id, "a condition is on a question that is asked"))?;
        let fits = match question.kind {
            QuestionKind::Temperature => {
                one.is.is_empty() && one.at_least.as_deref().is_some_and(|least| tenths(least).is_some())
            }
            _ => one.at_least.is_none() && !one.is.is_empty() && one.is.iter().all(|is| can_be(question, is)),
        };
        if !fits {
            return Err(invalid("rules", id, "a condition names answers that can be given, or degrees (`37.3`)"));
        }
    }
    match does {
        Does::SendTo { .. } => Ok(()),
        Does::Alert { text, .. } | Does::Note { text } => check_words("rules", id, text),
    }
}

/// Whether a question can be answered so.
fn can_be(question: &Question, answer: &str) -> bool {
    match question.kind {
        QuestionKind::YesNo => matches!(answer, YES | NO),
        QuestionKind::Choice => question.choices.iter().any(|choice| choice.id == answer),
        QuestionKind::Temperature => answer == NOT_MEASURED || tenths(answer).is_some(),
    }
}

/// Whether each question has been answered, and nothing else. Rejects `invalid_field` with `about`, the question.
pub fn check_answers(asked: &DefineQuestions, answers: &BTreeMap<String, String>) -> Result<(), Rejection> {
    for question in &asked.questions {
        if !answers.get(&question.id).is_some_and(|answer| can_be(question, answer)) {
            return Err(invalid("pre_check", &question.id, "each question is answered, by what can be answered"));
        }
    }
    let is_asked = |id: &&String| asked.questions.iter().any(|question| question.id == **id);
    match answers.keys().find(|id| !is_asked(id)) {
        Some(_) => Err(invalid("pre_check", "", "an answer to what is not asked")),
        None => Ok(()),
    }
}

/// What follows for somebody of that age, in full years: the first rule that holds decides. Nothing: none holds.
pub fn decide(asked: &DefineQuestions, answers: &BTreeMap<String, String>, age: Option<u32>) -> Option<Found> {
    let rule = asked.rules.iter().find(|rule| holds(&rule.when, answers, age))?;
    Some(Found { rule: rule.id.clone(), does: rule.does.clone() })
}

fn holds(when: &When, answers: &BTreeMap<String, String>, age: Option<u32>) -> bool {
    let is = |one: &AnswerIs| {
        answers.get(&one.question).is_some_and(|answer| match &one.at_least {
            Some(least) => tenths(answer).zip(tenths(least)).is_some_and(|(is, least)| is >= least),
            None => one.is.contains(answer),
        })
    };
    (when.any.is_empty() || when.any.iter().any(is))
        && when.under_age.is_none_or(|under| age.is_some_and(|age| age < under))
        && when.from_age.is_none_or(|from| age.is_some_and(|age| age >= from))
}
