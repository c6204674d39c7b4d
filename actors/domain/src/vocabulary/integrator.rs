//! Commands of the hospital's own system (HIS). Idempotent by hospital visit id and version.

use serde::Deserializer;

use super::*;

/// A person as the hospital's system names one: by its own patient number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutsidePatient {
    /// The hospital's patient number.
    pub number: String,
    /// Full name, if the hospital sends it (sealed at the door, never stored in clear).
    #[serde(default)]
    pub name: Option<String>,
    /// Sex.
    #[serde(default)]
    pub sex: Option<crate::person::Sex>,
    /// Birth date.
    #[serde(default)]
    pub birth_date: Option<BusinessDate>,
}

/// Whether the fee is paid, as the hospital says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeeState {
    /// Not paid.
    Unpaid,
    /// Paid.
    Paid,
    /// Nothing to pay.
    Free,
}

/// A hospital has numbers of its own for its slots: what is no id here is a slot that this house does not know.
fn slot_of_theirs<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SlotId>, D::Error> {
    let slot = |text: String| SlotId::from(if is_well_formed(&text) { text } else { SLOT_UNKNOWN.to_owned() });
    Ok(Option::<String>::deserialize(from)?.map(slot))
}

/// Stands for every slot that has no id here: no department has it, and a change to it is one to no slot.
const SLOT_UNKNOWN: &str = "none.none.none.none";

/// A visit of the hospital's own system. Always accepted: capacity is the hospital's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterVisit {
    /// 就诊流水号.
    pub visit_id: String,
    /// Rising with each change.
    pub version: u64,
    /// Who.
    pub patient: OutsidePatient,
    /// The site.
    pub site: SiteId,
    /// The department (its first pool), or …
    #[serde(default)]
    pub department: Option<DepartmentId>,
    /// … the doctor, or …
    #[serde(default)]
    pub doctor: Option<DoctorId>,
    /// … the queue.
    #[serde(default)]
    pub queue: Option<QueueId>,
    /// The hospital-local date.
    pub date: BusinessDate,
    /// The slot, if booked for one; a text that is no id of a slot is none.
    #[serde(default, deserialize_with = "slot_of_theirs")]
    pub slot: Option<SlotId>,
    /// Priority class.
    #[serde(default)]
    pub class: Option<String>,
    /// Paid or not.
    pub fee_state: FeeState,
    /// The hospital's own number, shown as given.
    #[serde(default)]
    pub number: Option<String>,
    /// The patient is there already: wait at once.
    #[serde(default)]
    pub checked_in: bool,
}

/// It changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeVisit {
    /// 就诊流水号.
    pub visit_id: String,
    /// Newer than all before.
    pub version: u64,
    /// The site.
    pub site: SiteId,
    /// Another queue of the same department.
    #[serde(default)]
    pub queue: Option<QueueId>,
    /// Another slot; a text that is no id of a slot is none.
    #[serde(default, deserialize_with = "slot_of_theirs")]
    pub slot: Option<SlotId>,
    /// Another class.
    #[serde(default)]
    pub class: Option<String>,
    /// Another fee state.
    #[serde(default)]
    pub fee_state: Option<FeeState>,
    /// The patient has come.
    #[serde(default)]
    pub checked_in: Option<bool>,
}

/// It is off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelVisit {
    /// 就诊流水号.
    pub visit_id: String,
    /// Newer than all before.
    pub version: u64,
    /// The site.
    pub site: SiteId,
}
