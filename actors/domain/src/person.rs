//! What the engine may know of a person outside the person's own sealed record, the record itself as the edge seals it,
//! the masking of names and the checks of documents.

mod document;
mod mask;
mod name;
#[cfg(test)]
mod tests;

pub use document::{Document, DocumentKind};
pub(crate) use mask::is_han;
pub use mask::masked_name;
pub use name::{NAME_MAX, checked_name, is_readable};
pub(crate) use name::{is_invisible, is_ornament, is_sign};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::codes::Rejection;
use crate::ids::PatientId;
use crate::time::BusinessDate;

/// Administrative sex as on the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// 女
    Female,
    /// 男
    Male,
    /// 未知
    Unknown,
}

/// What an account is to a person for whom it acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// 本人
    #[serde(rename = "self")]
    Own,
    /// 子女
    Child,
    /// 父母
    Parent,
    /// 配偶
    Spouse,
    /// 其他
    Other,
}

impl Relation {
    /// As it is stored and stands on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Own => "self",
            Self::Child => "child",
            Self::Parent => "parent",
            Self::Spouse => "spouse",
            Self::Other => "other",
        }
    }

    /// Reads [`Self::wire`] back; what is none of these is `other`.
    pub fn of_wire(text: &str) -> Self {
        let all = [Self::Own, Self::Child, Self::Parent, Self::Spouse];
        all.into_iter().find(|relation| relation.wire() == text).unwrap_or(Self::Other)
    }
}

/// All that departments, queues and rooms carry of a person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct PatientBrief {
    /// Who.
    pub patient: PatientId,
    /// The masked name (`张*三`); never the name.
    pub masked_name: String,
    /// Sex.
    pub sex: Sex,
    /// Year of birth, when known.
    pub birth_year: Option<i32>,
}

/// The clear record of a person. It exists at the edge only, which seals it with the person's key; the patient's owner
/// keeps the sealed bytes. It prints as `***`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRecord {
    /// The full name.
    pub name: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// The day on which the desk last put that number on file with the document in hand, hospital-local; none: nobody has, or
    /// it was before days were kept.
    #[serde(default)]
    pub phone_since: Option<BusinessDate>,
    /// Documents, the one that the patient id is derived from first.
    pub documents: Vec<Document>,
    /// Birth date.
    pub birth_date: Option<BusinessDate>,
    /// Administrative sex.
    pub sex: Sex,
}

impl std::fmt::Debug for PersonRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonRecord(***)")
    }
}

impl PersonRecord {
    /// Whether the phone on file is the person's own word on that day. Who gave one for a child gave none for the grown-up
    /// that the child becomes: then the desk has to put it on file anew.
    pub fn phone_speaks(&self, today: BusinessDate) -> bool {
        let Some(grown_on) = self.birth_date.map(comes_of_age).filter(|_| self.phone.is_some()) else { return false };
        today < grown_on || self.phone_since.is_some_and(|since| grown_on <= since)
    }

    /// The phone as the desk puts it on file today, the document in hand: the one that it was told now, else what is known.
    /// A number told again keeps its day as long as it speaks.
    #[must_use]
    pub fn with_phone_on_file(mut self, known: Option<&Self>, today: BusinessDate) -> Self {
        let is_told = self.phone.is_some();
        let known = known.filter(|known| !is_told || known.phone == self.phone);
        self.phone = self.phone.or_else(|| known?.phone.clone());
        self.phone_since = known.and_then(|known| known.phone_since);
        if is_told && (known.is_none() || !self.phone_speaks(today)) {
            self.phone_since = Some(today);
        }
        self
    }

    /// With the documents that the person is known to have beside the one that is said now.
    #[must_use]
    pub fn with_documents_of(mut self, known: Option<&Self>) -> Self {
        let said = std::mem::take(&mut self.documents);
        self.documents = known.map(|known| known.documents.clone()).unwrap_or_default();
        for document in said {
            if !self.documents.contains(&document) {
                self.documents.push(document);
            }
        }
        self
    }

    /// What departments may carry of this person.
    pub fn brief(&self, patient: PatientId) -> PatientBrief {
        use chrono::Datelike;
        PatientBrief {
            patient,
            masked_name: masked_name(&self.name),
            sex: self.sex,
            birth_year: self.birth_date.map(|date| date.0.year()),
        }
    }
}

/// Nobody was born longer ago, in years.
const AGE_MAX: u32 = 130;

/// A birth date as somebody gives it on `today`. Errors: `invalid_field` for one to come, or of somebody too old.
pub fn checked_birth_date(birth_date: BusinessDate, today: BusinessDate) -> Result<BusinessDate, Rejection> {
    match age_on(birth_date, today) {
        None => Err(Rejection::field("birth_date", "the birth date is still to come")),
        Some(age) if age > AGE_MAX => {
            Err(Rejection::field("birth_date", format!("the birth date is more than {AGE_MAX} years ago")))
        }
        Some(_) => Ok(birth_date),
    }
}

/// Full years of age on a day; none before birth. Who was born on 29 February has the birthday on 1 March of other years.
pub fn age_on(birth_date: BusinessDate, day: BusinessDate) -> Option<u32> {
    day.0.years_since(birth_date.0)
}

/// From this age on nobody needs a guardian, in full years.
pub const ADULT_AGE: u32 = 18;

/// The 18th birthday: of who was born on 29 February on 1 March, where the year has none.
pub fn comes_of_age(birth_date: BusinessDate) -> BusinessDate {
    let birthday = birth_date.0.checked_add_months(chrono::Months::new(ADULT_AGE * 12)).unwrap_or(birth_date.0);
    // The calendar gives the last day of a shorter month.
    let is_short = chrono::Datelike::day(&birthday) != chrono::Datelike::day(&birth_date.0);
    BusinessDate(if is_short { birthday + chrono::Duration::days(1) } else { birthday })
}
