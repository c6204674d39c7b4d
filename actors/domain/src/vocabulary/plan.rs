//! Commands of the operator about the plan of a department: which sessions there ought to be, on which days.

use super::*;

/// A session that comes again every week. Defining again changes the fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineTemplate {
    /// `site.department.template`, at most 80 bytes: a session of it is `site.department.template-d20261123`.
    pub id: TemplateId,
    /// Name shown to operations.
    pub name: String,
    /// Where the tickets of its sessions wait.
    pub queue: QueueId,
    /// The doctor; absent: a pool.
    #[serde(default)]
    pub doctor: Option<DoctorId>,
    /// Where, if known beforehand.
    #[serde(default)]
    pub service_point: Option<ServicePointId>,
    /// 午别 (`morning`).
    pub period: String,
    /// 号别: `普通`, `副主任`, `主任`, `特需`.
    pub registration_class: String,
    /// Fee in fen.
    #[serde(default)]
    pub fee_fen: u32,
    /// High demand: freed places come back at random moments.
    #[serde(default)]
    pub high_demand: bool,
    /// On which days of the week: 1 (Monday) to 7 (Sunday).
    pub weekdays: Vec<u8>,
    /// The first day of its season.
    pub from: BusinessDate,
    /// The last day of its season; absent: it has no end.
    #[serde(default)]
    pub until: Option<BusinessDate>,
    /// Hospital-local start of its first slot `HH:MM`, where its slots are all alike.
    #[serde(default)]
    pub start: Option<String>,
    /// Hospital-local end of its last slot `HH:MM` (`24:00` is midnight).
    #[serde(default)]
    pub end: Option<String>,
    /// Length of each slot in minutes.
    #[serde(default = "usual_slot_min")]
    pub slot_min: u32,
    /// Places of each slot.
    #[serde(default)]
    pub capacity: Option<u32>,
    /// Its slots in order, not overlapping, in place of `start`, `end` and `capacity`.
    #[serde(default)]
    pub slots: Vec<DefineSlot>,
}

/// No more sessions of a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetireTemplate {
    /// Which.
    pub id: TemplateId,
}

/// On these days it is otherwise than the templates say. Defining again changes the fields. With neither `doctor` nor
/// `template` it is for the whole department.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExceptDays {
    /// `site.department.exception`.
    pub id: ExceptionId,
    /// The first day.
    pub from: BusinessDate,
    /// The last day.
    pub to: BusinessDate,
    /// Only where this doctor sits.
    #[serde(default)]
    pub doctor: Option<DoctorId>,
    /// Only sessions of this template.
    #[serde(default)]
    pub template: Option<TemplateId>,
    /// What is otherwise.
    pub does: ExceptionDoes,
}

/// What is otherwise on some days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ExceptionDoes {
    /// No sessions.
    Closed {
        /// Why (`国庆节`).
        reason: String,
    },
    /// 替诊: somebody else sits in place of the doctor.
    Substitute {
        /// Who sits.
        doctor: DoctorId,
    },
    /// There are sessions although another exception says `closed` (调休: a Saturday as a Friday).
    Open {
        /// Sessions as on that day of the week, 1 to 7; absent: as on the day's own.
        #[serde(default)]
        as_weekday: Option<u8>,
    },
}

/// These days are as the templates say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawException {
    /// Which.
    pub id: ExceptionId,
}

/// How far ahead sessions are made, and from when they can be booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefinePlanning {
    /// Of which department.
    pub department: DepartmentId,
    /// Sessions are made for so many days ahead, 1 to 366.
    #[serde(default = "horizon")]
    pub horizon_days: u16,
    /// They can be booked from so many days before theirs on, 0 to 366 …
    #[serde(default = "release")]
    pub release_days: u16,
    /// … at this minute after midnight of the wall clock (07:00 = 420), 0 to 1439.
    #[serde(default = "seven")]
    pub release_min: u16,
}

fn horizon() -> u16 {
    28
}

fn release() -> u16 {
    7
}

fn seven() -> u16 {
    420
}

impl DefinePlanning {
    /// What holds for a department before anybody has said otherwise.
    pub fn of(department: DepartmentId) -> Self {
        Self { department, horizon_days: horizon(), release_days: release(), release_min: seven() }
    }
}

/// A session takes no new patients of their own accord, or does so again. The desk may book there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FreezeSession {
    /// Which.
    pub session: SessionId,
    /// Frozen, or no longer.
    pub frozen: bool,
    /// Why.
    pub reason: String,
}

/// A session that somebody has changed or retired by hand is the plan's again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanSession {
    /// Which.
    pub session: SessionId,
}
