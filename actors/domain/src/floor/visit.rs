//! Visits: what belongs to one registration, and what the hospital's own system has said of it.

use serde::{Deserialize, Serialize};

use crate::codes::Code;
use crate::ids::*;
use crate::person::PatientBrief;
use crate::time::BusinessDate;
use crate::vocabulary::FeeState;

/// All that belongs to one registration, over its days.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    /// Who.
    pub brief: PatientBrief,
    /// Its first day.
    pub date: BusinessDate,
    /// Its last day.
    pub open_until: BusinessDate,
    /// Its tickets here, oldest first.
    pub tickets: Vec<TicketId>,
    /// What the hospital's own system said, if it comes from there.
    pub outside: Option<OutsideVisit>,
}

/// A visit of the hospital's own system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutsideVisit {
    /// 就诊流水号.
    pub visit_id: String,
    /// The last version taken.
    pub version: u64,
    /// The queue.
    pub queue: QueueId,
    /// The number as shown.
    pub number: String,
    /// It was given here, not by the hospital.
    pub is_own_number: bool,
    /// The day.
    pub date: BusinessDate,
    /// The slot.
    pub slot: Option<SlotId>,
    /// Priority class.
    pub class: Option<String>,
    /// Paid or not.
    pub fee_state: FeeState,
    /// Called off.
    pub cancelled: bool,
}

/// A visit of the hospital's own system that could not be taken, or not changed, as sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RefusedVisit {
    /// The version that was refused.
    pub version: u64,
    /// Why.
    pub code: Code,
    /// The day it was for, to forget it by.
    pub date: BusinessDate,
}
