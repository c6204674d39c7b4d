//! Commands as clients send them, where that is more than what their owners are told under the same name: what is told is
//! stored and keeps its shape.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PreCheck;
use crate::ids::*;

/// A patient without an appointment. The desk has registered the person before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterWalkIn {
    /// The queue.
    pub queue: QueueId,
    /// Who.
    pub patient: PatientId,
    /// A priority class with proof seen (`emergency`, `military`, …).
    #[serde(default)]
    pub class: Option<String>,
    /// 加号: an addition to this session.
    #[serde(default)]
    pub addition_to: Option<SessionId>,
    /// An addition to this slot of the session; absent: its last.
    #[serde(default)]
    pub slot: Option<SlotId>,
    /// Return day: an open visit that this belongs to. Of somebody who waits in that queue already it says that a second
    /// number is meant.
    #[serde(default)]
    pub visit: Option<VisitId>,
    /// What was answered, where the site asks; an emergency is not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_check: Option<PreCheck>,
}

impl RegisterWalkIn {
    /// What the department is told, and what was answered.
    pub fn parts(self) -> (super::RegisterWalkIn, Option<PreCheck>) {
        let Self { queue, patient, class, addition_to, slot, visit, pre_check } = self;
        (super::RegisterWalkIn { queue, patient, class, addition_to, slot, visit }, pre_check)
    }
}

/// On a later day of an open visit: a new number, in the own doctor's queue if the doctor sits, else in the department's
/// pool. (Another queue is named by [`RegisterWalkIn`] with the visit.)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterReturn {
    /// The open visit.
    pub visit: VisitId,
    /// Whose.
    pub patient: PatientId,
    /// Where the patient comes back to, if a transfer has taken the visit to another department than its own.
    #[serde(default)]
    pub department: Option<DepartmentId>,
    /// What was answered, where the site asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_check: Option<PreCheck>,
}

impl RegisterReturn {
    /// The department that the patient comes back to.
    pub fn at(&self) -> DepartmentId {
        self.department.clone().unwrap_or_else(|| self.visit.department())
    }

    /// What the department is told, and what was answered.
    pub fn parts(self) -> (super::RegisterReturn, Option<PreCheck>) {
        let Self { visit, patient, department, pre_check } = self;
        (super::RegisterReturn { visit, patient, department }, pre_check)
    }
}
