//! Commands as clients send them, where that is more than what their owners are told under the same name: what is told is
//! stored and keeps its shape.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Described, More, PhonePosition, PreCheck, ToSite};
use crate::ids::*;
use crate::redacted::Redacted;

/// A patient without an appointment. The desk has registered the person before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterWalkIn {
    /// The queue.
    pub queue: QueueId,
    /// Who.
    pub patient: PatientId,
    /// `emergency`, or `none`: no class, also for somebody of senior age. Another one is given by [`super::SetPriority`], with its
    /// proof.
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

/// Back from tests, or after being missed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportBack {
    /// The ticket.
    pub ticket: TicketId,
    /// The area's 60-second code (phones).
    #[serde(default)]
    pub code: Option<String>,
    /// Where the phone is, as with a check-in.
    #[serde(default, skip_serializing)]
    #[schemars(with = "Option<PhonePosition>")]
    pub position: Option<Redacted<PhonePosition>>,
}

impl ReportBack {
    /// What the department is told, and where the phone is.
    pub fn parts(self) -> (super::ReportBack, Option<Redacted<PhonePosition>>) {
        let Self { ticket, code, position } = self;
        (super::ReportBack { ticket, code }, position)
    }
}

/// 医院/院区. Defining again changes the fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineSite {
    /// The site's id: one part (`renmin`).
    pub id: SiteId,
    /// Name shown to people.
    pub name: String,
    /// Name in English.
    #[serde(default)]
    pub name_en: String,
    /// IANA time zone (`Asia/Shanghai`).
    pub time_zone: String,
    /// Where it is: degrees north of the equator, WGS 84, as a phone says where it is itself (not those of the country's maps,
    /// GCJ-02). Both or none.
    #[serde(default)]
    pub latitude: Option<f64>,
    /// Degrees east of Greenwich.
    #[serde(default)]
    pub longitude: Option<f64>,
}

/// In millionths of a degree, a tenth of a metre. What is no place stays none.
fn e6(degrees: f64) -> i32 {
    // A cast that does not fit is the largest there is, which is refused.
    (degrees * 1e6).round() as i32
}

impl From<DefineSite> for ToSite {
    fn from(command: DefineSite) -> Self {
        let DefineSite { id, name, name_en, time_zone, latitude, longitude } = command;
        let described =
            Described { latitude_e6: latitude.map(e6), longitude_e6: longitude.map(e6), ..Described::default() };
        let definition = Box::new(Self::DefineSite(super::DefineSite { id, name, name_en, time_zone }));
        Self::DefineDescribed { definition, described }
    }
}

/// 科室.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineDepartment {
    /// `site.department`.
    pub id: DepartmentId,
    /// Name shown to people.
    pub name: String,
    /// Name in English.
    #[serde(default)]
    pub name_en: String,
    /// Neutral name for its screens, if it bears one.
    #[serde(default)]
    pub neutral_name: Option<String>,
    /// Screens show numbers only; `/ops` and `import` propose it by the name ([`super::is_number_only_by_name`]).
    #[serde(default)]
    pub number_only: bool,
    /// 擅长: what is treated there, by which it is found: parts of it with 、 or a comma between (`冠心病、高血压`).
    #[serde(default)]
    pub speciality: String,
    /// Rules that differ between hospitals; absent fields keep DOMAIN's defaults.
    #[serde(default)]
    pub settings: crate::settings::DepartmentSettings,
}

impl From<DefineDepartment> for ToSite {
    fn from(command: DefineDepartment) -> Self {
        let DefineDepartment { id, name, name_en, neutral_name, number_only, speciality, settings } = command;
        let definition = super::DefineDepartment { id, name, name_en, neutral_name, number_only, settings };
        let described = Described { speciality, ..Described::default() };
        Self::DefineDescribed { definition: Box::new(Self::DefineDepartment(definition)), described }
    }
}

/// 候诊队列.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineQueue {
    /// `site.department.queue`.
    pub id: QueueId,
    /// Name shown to people.
    pub name: String,
    /// In English.
    #[serde(default)]
    pub name_en: String,
    /// Letters before its numbers (`A`); one queue's of its site.
    pub prefix: String,
    /// Doctors who call from it. Empty: any doctor at work in the department (a pool).
    #[serde(default)]
    pub doctors: Vec<DoctorId>,
}

impl From<DefineQueue> for ToSite {
    fn from(command: DefineQueue) -> Self {
        let DefineQueue { id, name, name_en, prefix, doctors } = command;
        let definition = Box::new(Self::DefineQueue(super::DefineQueue { id, name, prefix, doctors }));
        Self::DefineMore { definition, more: More { name_en, registration_class: String::new() } }
    }
}

/// 医生.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineDoctor {
    /// `site.doctor`.
    pub id: DoctorId,
    /// Name shown to people.
    pub name: String,
    /// In English (`Li Ming`).
    #[serde(default)]
    pub name_en: String,
    /// 主任医师, 副主任医师, 主治医师, 住院医师.
    pub title: String,
    /// 号别 of the sessions that are made for the doctor, unless one says another.
    #[serde(default)]
    pub registration_class: String,
    /// 擅长: what the doctor treats, as of a department.
    #[serde(default)]
    pub speciality: String,
    /// Departments where the doctor works.
    pub departments: Vec<DepartmentId>,
}

impl From<DefineDoctor> for ToSite {
    fn from(command: DefineDoctor) -> Self {
        let DefineDoctor { id, name, name_en, title, registration_class, speciality, departments } = command;
        let definition = Box::new(Self::DefineDoctor(super::DefineDoctor { id, name, title, departments }));
        let definition = Box::new(Self::DefineMore { definition, more: More { name_en, registration_class } });
        Self::DefineDescribed { definition, described: Described { speciality, ..Described::default() } }
    }
}
