//! What the engine may know of a person outside the person's own sealed record, and the masking of names.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::PatientId;

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
