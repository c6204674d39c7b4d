//! Commands of the day in the department: desk, doctor, screens.

use super::*;

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
}

impl RegisterReturn {
    /// The department that the patient comes back to.
    pub fn at(&self) -> DepartmentId {
        self.department.clone().unwrap_or_else(|| self.visit.department())
    }
}

/// A priority class with proof seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPriority {
    /// The ticket.
    pub ticket: TicketId,
    /// The class (`emergency`, `military`, `disabled`, `late_pregnancy`, `senior`, … or `none`).
    pub class: String,
    /// What was seen.
    pub proof: String,
}

/// To another queue, of this department or another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferTicket {
    /// The ticket.
    pub ticket: TicketId,
    /// The target queue.
    pub to: QueueId,
    /// Why.
    pub reason: String,
}

/// Ask a transfer back: one that is in transit or, on its day, one that was taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecallTransfer {
    /// The ticket at the source.
    pub ticket: TicketId,
}

/// Undo a step of the same business day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Undo {
    /// The event to undo: `<ticket id>@<its step number>` as shown in the ticket's history.
    pub event: String,
    /// Why.
    pub reason: String,
}

/// Close a session; every ticket that is not ended needs a settlement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseSession {
    /// Which.
    pub session: SessionId,
    /// One for each ticket that is not ended.
    pub settlements: Vec<Settlement>,
}

/// What becomes of tickets that have not ended: of another day, without a session, or of a session that is to be closed
/// in parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettleTickets {
    /// The department.
    pub department: DepartmentId,
    /// One for each ticket.
    pub settlements: Vec<Settlement>,
}

/// What becomes of one ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settlement {
    /// The ticket.
    pub ticket: TicketId,
    /// What.
    pub how: SettlementKind,
    /// For `move`: where.
    #[serde(default)]
    pub to: Option<QueueId>,
}

/// The kinds of settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettlementKind {
    /// To another queue of the department.
    Move,
    /// Comes back on another day of the open visit.
    ReturnDay,
    /// Gets the money back.
    Refund,
    /// Was seen after all.
    Seen,
}

/// Announce a delay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DelaySession {
    /// Which.
    pub session: SessionId,
    /// By how many minutes in all (0 takes it back).
    pub minutes: u32,
}

/// 停诊: from a moment on the clinic does not take place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StopSession {
    /// Which.
    pub session: SessionId,
    /// Slots that begin then or later do not take place; absent: from the slot that runs now on, or all of them.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// Why; the desk's and the hospital's to know.
    pub reason: String,
    /// Another queue of the department, where those go who wait; absent: they keep their places.
    #[serde(default)]
    pub to: Option<QueueId>,
    /// 替诊: the doctor who sits there instead, from then on, in a session of the same class and fee.
    #[serde(default)]
    pub substitute: Option<DoctorId>,
}

/// It takes place after all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResumeSession {
    /// Which.
    pub session: SessionId,
}

/// Begin work at a service point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartWork {
    /// The department.
    pub department: DepartmentId,
    /// The room or window.
    pub service_point: ServicePointId,
}

/// No calls for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseWork {
    /// The current assignment.
    pub assignment: AssignmentId,
    /// The department of the assignment.
    pub department: DepartmentId,
    /// Why.
    pub reason: String,
    /// When back, if known.
    #[serde(default)]
    pub back_at: Option<Timestamp>,
}

/// Go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResumeWork {
    /// The current assignment.
    pub assignment: AssignmentId,
    /// The department of the assignment.
    pub department: DepartmentId,
}

/// Done here; rejected while a patient is in hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StopWork {
    /// The current assignment.
    pub assignment: AssignmentId,
    /// The department of the assignment.
    pub department: DepartmentId,
}

/// What became of the patient in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// 看完.
    Seen,
    /// 没来.
    NotHere,
}

/// 看完,叫下一位 / 没来,叫下一位 / 叫下一位.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallNextPatient {
    /// The department.
    pub department: DepartmentId,
    /// The current assignment.
    pub assignment: AssignmentId,
    /// Whom the console shows in hand.
    pub in_hand: Option<TicketId>,
    /// What became of that one; null exactly when `in_hand` is null.
    pub outcome: Option<Outcome>,
}

/// A chosen waiting or missed ticket, with a reason on the record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallTicket {
    /// The department.
    pub department: DepartmentId,
    /// The assignment that calls.
    pub assignment: AssignmentId,
    /// Whom the console shows in hand.
    pub in_hand: Option<TicketId>,
    /// What became of that one.
    pub outcome: Option<Outcome>,
    /// The chosen ticket.
    pub ticket: TicketId,
    /// Why.
    pub reason: String,
}

/// 复呼: the same call again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecallPatient {
    /// The call.
    pub call: CallId,
}

macro_rules! on_ticket {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// The ticket.
            pub ticket: TicketId,
        }
    )+};
}
on_ticket! {
    /// The patient is here (optional after a call).
    StartService;
    /// Seen.
    FinishService;
    /// Off to a test, comes back today.
    SendForTests;
    /// Did not come (not before two calls and 90 s).
    MarkMissed;
    /// 召回: a missed patient stands at the door.
    TakeBack;
}

/// Called by mistake, or the wrong person: back to the old place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnToWaiting {
    /// The ticket.
    pub ticket: TicketId,
    /// Why.
    pub reason: String,
}

/// A ticket on its way to another department: all that the target needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransferredTicket {
    /// The ticket at the source.
    pub ticket: TicketId,
    /// The visit it belongs to.
    pub visit: VisitId,
    /// The target queue.
    pub to: QueueId,
    /// Who.
    pub brief: PatientBrief,
    /// The priority class, if any.
    pub class: Option<String>,
    /// Kept: the slot's start, if it had one.
    pub slot_start: Option<Timestamp>,
    /// Kept: when the patient checked in.
    pub checked_in_at: Timestamp,
    /// Whether it was a walk-in.
    pub walk_in: bool,
    /// Why.
    pub reason: String,
    /// The business day.
    pub date: BusinessDate,
}

/// What a department asks a board to announce.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Announce {
    /// The board.
    pub board: BoardId,
    /// The call (or, for a summons, its own id).
    pub call: CallId,
    /// 1 for the first, 2 for the first recall, …
    pub round: u32,
    /// What kind, which decides its turn.
    pub kind: AnnouncementKind,
    /// The number (`A012`).
    pub number: String,
    /// The masked name; absent where only numbers are shown.
    pub masked_name: Option<String>,
    /// The service point's name and English name.
    pub place: String,
    /// In English.
    pub place_en: String,
}

/// Kinds of announcements, in the order of their turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnnouncementKind {
    /// An emergency's call.
    Emergency,
    /// A first call.
    FirstCall,
    /// To the room's door.
    Summons,
    /// 复呼.
    Recall,
}

/// What went wrong with an announcement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnnouncementProblem {
    /// No screen of the area has confirmed in time that it is shown.
    NotShown,
    /// No screen of the area has confirmed in time that it was heard.
    NotSpoken,
    /// The voice was dropped: 未播报,请到门口叫一声.
    Dropped,
}

/// This announcement is on the glass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportShown {
    /// Which.
    pub announcement: AnnouncementId,
}

/// This announcement was heard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportSpoken {
    /// Which.
    pub announcement: AnnouncementId,
}
