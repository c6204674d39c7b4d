//! 预检: the questions that a site asks before somebody joins a queue (data of the site, with a version), what comes of the
//! answers, and the answers as they come with an arrival. The rule is in [`crate::pre_check`].

use std::collections::BTreeMap;

use super::*;

/// A text in both languages; where there is no English, pages show the Chinese.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Chinese.
    pub zh: String,
    /// English.
    #[serde(default)]
    pub en: String,
}

/// The site's questions from now on; none: nothing is asked. Answers keep the version that they were given to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineQuestions {
    /// The site.
    pub site: SiteId,
    /// Above that of the questions before.
    pub version: u32,
    /// In the order in which they are asked.
    pub questions: Vec<Question>,
    /// The first that holds decides.
    pub rules: Vec<QuestionRule>,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// `fever`: small letters, digits and `_`.
    pub id: String,
    /// What is asked.
    pub text: Words,
    /// How it is answered.
    pub kind: QuestionKind,
    /// Of a choice: what can be chosen.
    #[serde(default)]
    pub choices: Vec<Choice>,
}

/// How a question is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuestionKind {
    /// `yes` or `no`.
    YesNo,
    /// The id of one of its choices.
    Choice,
    /// Degrees Celsius (`37.3`), or `not_measured`.
    Temperature,
}

/// Something that can be chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What is stored.
    pub id: String,
    /// What is read.
    pub text: Words,
}

/// What follows from which answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionRule {
    /// As it stands on the record.
    pub id: String,
    /// When it holds.
    pub when: When,
    /// What follows.
    pub does: Does,
}

/// A condition: one of the answers at least, and the age. What is not said does not matter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// One of these at least; none: whatever was answered.
    #[serde(default)]
    pub any: Vec<AnswerIs>,
    /// Younger than so many full years. As it was said, with or without proof; of whom nothing is known it does not hold.
    #[serde(default)]
    pub under_age: Option<u32>,
    /// So many full years at least. As it was said, with or without proof; of whom nothing is known it does not hold.
    #[serde(default)]
    pub from_age: Option<u32>,
}

/// A condition on one answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerIs {
    /// Which question.
    pub question: String,
    /// One of these answers.
    #[serde(default)]
    pub is: Vec<String>,
    /// Of a temperature: so many degrees at least (`37.3`).
    #[serde(default)]
    pub at_least: Option<String>,
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Does {
    /// To another department, before joining the queue.
    SendTo {
        /// Which.
        department: DepartmentId,
    },
    /// Joins the queue, and the desk is told at once.
    Alert {
        /// How loud.
        level: AlertLevel,
        /// What the desk reads.
        text: Words,
    },
    /// Joins the queue; desk and doctor read it at the ticket.
    Note {
        /// What they read.
        text: Words,
    },
}

/// How loud an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertLevel {
    /// Somebody is to have a look.
    Notice,
    /// At once.
    Urgent,
}

/// What comes with an arrival of who was asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreCheck {
    /// The version of the questions that were asked; 0: none were.
    #[serde(default)]
    pub version: u32,
    /// By question: `yes`, `no`, a choice's id, degrees, `not_measured`.
    #[serde(default)]
    pub answers: BTreeMap<String, String>,
    /// Desk: nothing was asked, and why.
    #[serde(default)]
    pub not_asked: Option<String>,
    /// Desk: joins this queue although a rule sends elsewhere, and why.
    #[serde(default)]
    pub all_the_same: Option<String>,
    /// Desk: registered at once where the rule sends, in that queue.
    #[serde(default)]
    pub to: Option<QueueId>,
}

/// Desk: who waits and was not asked at the arrival answers now; what follows is what would have followed then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerPreCheck {
    /// Whose.
    pub ticket: TicketId,
    /// As with an arrival; none: `questions_changed` says what is asked.
    #[serde(default)]
    pub pre_check: Option<PreCheck>,
}

/// Desk: an alert has been heard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgeAlert {
    /// Whose.
    pub ticket: TicketId,
}

/// An alert has been heard in another department.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertHeard {
    /// The ticket: of the department that is told, or of the one that tells it and has sent it there.
    pub ticket: TicketId,
    /// Who has heard.
    pub by: AccountId,
    /// When.
    pub at: Timestamp,
}
