//! Commands of the operator: what the house consists of.

use super::*;

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
}

/// What is in the name of a department whose screens had better show numbers only: psychiatry, venereology, infertility.
/// One that begins with `^` begins the name: 慢性病科 is another one.
pub const NUMBER_ONLY_NAMES: [&str; 14] = [
    "精神",
    "心理",
    "心身",
    "皮肤性病",
    "皮肤与性病",
    "^性病",
    "生殖",
    "不孕",
    "不育",
    "psychiat",
    "psycholog",
    "venere",
    "fertility",
    "reproductive",
];

/// Whether numbers only are proposed for a department of these names. It is a proposal: who makes the department decides.
pub fn is_number_only_by_name(name: &str, name_en: &str) -> bool {
    let names = [name.trim().to_lowercase(), name_en.trim().to_lowercase()];
    NUMBER_ONLY_NAMES.iter().any(|word| match word.strip_prefix('^') {
        Some(first) => names.iter().any(|name| name.starts_with(first)),
        None => names.iter().any(|name| name.contains(word)),
    })
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
    /// Screens show numbers only; `/ops` and `import` propose it by the name ([`is_number_only_by_name`]).
    #[serde(default)]
    pub number_only: bool,
    /// Rules that differ between hospitals; absent fields keep DOMAIN's defaults.
    #[serde(default)]
    pub settings: crate::settings::DepartmentSettings,
}

/// 诊室, 窗口, 检查室.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineServicePoint {
    /// `site.department.point`.
    pub id: ServicePointId,
    /// As on the door (`3号诊室`).
    pub name: String,
    /// In English (`Room 3`).
    #[serde(default)]
    pub name_en: String,
    /// Order among the rooms of the department.
    #[serde(default)]
    pub order: u32,
    /// How many may stand at its door; absent: the department's default.
    #[serde(default)]
    pub door_cap: Option<u32>,
}

/// 候诊区大屏.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineBoard {
    /// `site.board`.
    pub id: BoardId,
    /// Name of the waiting area.
    pub name: String,
    /// In English.
    #[serde(default)]
    pub name_en: String,
    /// The queues it shows.
    pub queues: Vec<QueueId>,
    /// Whether it speaks.
    #[serde(default = "yes")]
    pub speaks: bool,
    /// Whether English follows the Chinese.
    #[serde(default)]
    pub english: bool,
    /// `幺` instead of `一` in numbers.
    #[serde(default)]
    pub yao: bool,
}

fn yes() -> bool {
    true
}

/// 候诊队列.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineQueue {
    /// `site.department.queue`.
    pub id: QueueId,
    /// Name shown to people.
    pub name: String,
    /// Letters before its numbers (`A`); one queue's of its site.
    pub prefix: String,
    /// Doctors who call from it. Empty: any doctor at work in the department (a pool).
    #[serde(default)]
    pub doctors: Vec<DoctorId>,
}

/// 出诊班次.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineSession {
    /// `site.department.session`.
    pub id: SessionId,
    /// The hospital-local date.
    pub date: BusinessDate,
    /// 午别 (`morning`).
    pub period: String,
    /// Where its tickets wait.
    pub queue: QueueId,
    /// The doctor; absent: a pool.
    #[serde(default)]
    pub doctor: Option<DoctorId>,
    /// Where, if known beforehand.
    #[serde(default)]
    pub service_point: Option<ServicePointId>,
    /// 号别: `普通`, `副主任`, `主任`, `特需`.
    pub registration_class: String,
    /// Fee in fen.
    #[serde(default)]
    pub fee_fen: u32,
    /// Its slots, in order, not overlapping.
    pub slots: Vec<DefineSlot>,
    /// High demand: freed places come back at random moments.
    #[serde(default)]
    pub high_demand: bool,
    /// From when it can be booked; absent: at once.
    #[serde(default)]
    pub released_at: Option<Timestamp>,
}

/// 时段 of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineSlot {
    /// Hospital-local start `HH:MM`.
    pub start: String,
    /// Length in minutes.
    #[serde(default = "usual_slot_min")]
    pub minutes: u32,
    /// Places.
    pub capacity: u32,
}

/// The usual length of a slot, in minutes.
pub(super) fn usual_slot_min() -> u32 {
    30
}

/// 医生.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineDoctor {
    /// `site.doctor`.
    pub id: DoctorId,
    /// Name shown to people.
    pub name: String,
    /// 主任医师, 副主任医师, 主治医师, 住院医师.
    pub title: String,
    /// Departments where the doctor works.
    pub departments: Vec<DepartmentId>,
}

/// What a queue or a doctor has beside its definition; see [`super::sent`]. Stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct More {
    /// Name in English; empty: none.
    pub name_en: String,
    /// Of a doctor: 号别 of the sessions that are made for the doctor; empty: none.
    pub registration_class: String,
}

/// What a site, a department or a doctor says to whoever looks for one, beside its definition; see [`super::sent`]. Stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Described {
    /// 擅长: what is treated there; empty: nothing is said. Of a department or a doctor.
    pub speciality: String,
    /// Of a site: where it is, in millionths of a degree (WGS 84), north of the equator …
    pub latitude_e6: Option<i32>,
    /// … and east of Greenwich.
    pub longitude_e6: Option<i32>,
}

/// Somebody of the staff who signs in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineStaff {
    /// The name to sign in with.
    pub id: String,
    /// `doctor`, `desk`, `kiosk`, `operator`, `integrator`.
    pub role: crate::Role,
    /// The first password (12 characters at least); absent: keeps the old one.
    #[serde(default)]
    pub password: Option<String>,
    /// The site (desk, kiosk, integrator, operator of one site).
    #[serde(default)]
    pub site: Option<SiteId>,
    /// Departments (desk, kiosk); empty: all of the site.
    #[serde(default)]
    pub departments: Vec<DepartmentId>,
    /// Which doctor (role `doctor`).
    #[serde(default)]
    pub doctor: Option<DoctorId>,
    /// May issue tokens for scripts (operator).
    #[serde(default)]
    pub may_issue: bool,
    /// Only if nobody signs in with that name: an account that is there stays as it is.
    #[serde(default)]
    pub new: bool,
}

macro_rules! retire {
    ($($(#[$doc:meta])* $name:ident, $id:ty;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// What is retired.
            pub id: $id,
        }
    )+};
}
retire! {
    /// No more of a department.
    RetireDepartment, DepartmentId;
    /// No more of a service point.
    RetireServicePoint, ServicePointId;
    /// No more of a board.
    RetireBoard, BoardId;
    /// No more of a queue.
    RetireQueue, QueueId;
    /// No more of a session.
    RetireSession, SessionId;
    /// No more of a doctor.
    RetireDoctor, DoctorId;
    /// No more of a staff account.
    RetireStaff, String;
}

/// What kind of thing a site retires in a department.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RetiredKind {
    /// The department.
    Department,
    /// A service point.
    ServicePoint,
    /// A board.
    Board,
    /// A queue.
    Queue,
    /// A doctor.
    Doctor,
}

/// Pair the screen that shows `code` with a board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveScreen {
    /// The six digits on the screen.
    pub code: String,
    /// The board it will show.
    pub board: BoardId,
}

/// End a screen's pairing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeScreen {
    /// Which.
    pub screen: ScreenId,
}
