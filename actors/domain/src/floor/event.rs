//! What can have happened on the floor (kinds 300–399).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::pre_check::{PreCheckKept, PreChecked, SentElsewhere};
use super::reminders::Round;
use super::state::{Opened, Pause, Standing};
use super::visit::OutsideVisit;
use super::waits::Expected;
use crate::codes::Code;
use crate::department::versions::Versions;
use crate::ids::*;
use crate::person::PatientBrief;
use crate::queue::{self, Picked, Place, Placement, Returned, Sequence};
use crate::time::{BusinessDate, Timestamp};
use crate::vocabulary::{
    AnnouncementKind, AnnouncementProblem, NoticeDue, RatedAbout, ReachedHow, SettlementKind, TicketNews,
    TransferredTicket,
};

/// The reason on the record of a ticket that its source has asked back.
pub(super) const RECALLED: &str = "recalled";

/// A fact of the floor. States results; `at` is when. Append only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A visit was opened.
    VisitOpened { visit: VisitId, brief: PatientBrief, date: BusinessDate, open_until: BusinessDate, at: Timestamp },
    /// 签到: a ticket waits.
    PatientCheckedIn(Entry),
    /// 现场号: a ticket waits.
    WalkInRegistered(Entry),
    /// A ticket from another department waits.
    TransferReceived(Entry),
    /// A ticket from another department is refused.
    TransferDeclined { ticket: TicketId, reason: String, at: Timestamp },
    /// To the room's door.
    PatientSummoned(Summoned),
    /// Back from the door to the old place.
    SummonsWithdrawn { ticket: TicketId, service_point: ServicePointId, returned: Returned, over: Over, at: Timestamp },
    /// 叫号.
    PatientCalled(Called),
    /// 复呼.
    PatientRecalled { ticket: TicketId, call: CallId, round: u32, say: Say, at: Timestamp },
    /// The patient is with the doctor.
    ServiceStarted { ticket: TicketId, over: Over, at: Timestamp },
    /// Seen.
    ServiceFinished { ticket: TicketId, doctor: DoctorId, service_s: u32, over: Over, at: Timestamp },
    /// Off to a test.
    PatientSentForTests { ticket: TicketId, doctor: DoctorId, over: Over, at: Timestamp },
    /// 过号.
    PatientMissed { ticket: TicketId, doctor: DoctorId, over: Over, at: Timestamp },
    /// Back to the old place: called by mistake, or the wrong person.
    PatientReturned {
        ticket: TicketId,
        doctor: DoctorId,
        reason: String,
        returned: Returned,
        over: Over,
        at: Timestamp,
    },
    /// 过号报到, 回诊: waits again.
    PatientReportedBack { ticket: TicketId, placement: Placement, at: Timestamp },
    /// A priority class was given or taken away.
    PrioritySet { ticket: TicketId, class: Option<String>, proof: String, placement: Placement, at: Timestamp },
    /// Left the queue.
    TicketCancelled { ticket: TicketId, reason: String, over: Option<Over>, at: Timestamp },
    /// To another queue of this department, at once.
    TicketMoved {
        ticket: TicketId,
        queue: QueueId,
        session: Option<SessionId>,
        number: Option<Number>,
        serial: u64,
        reason: String,
        sequence: Sequence,
        placement: Placement,
        over: Option<Over>,
        at: Timestamp,
    },
    /// On the way to another department.
    TransferSent { transfer: TransferredTicket, over: Option<Over>, at: Timestamp },
    /// The desk asks the target to give it back.
    TransferRecalled { ticket: TicketId, to: QueueId, at: Timestamp },
    /// The target has taken it: it goes on there.
    TransferCompleted { ticket: TicketId, new_ticket: TicketId, new_number: String, at: Timestamp },
    /// The target has refused or given it back: at its old place.
    TransferReturned { ticket: TicketId, reason: String, returned: Returned, at: Timestamp },
    /// A step was undone: the ticket stands as stated.
    StepUndone(Box<Undone>),
    /// Settled at closing.
    TicketSettled { ticket: TicketId, how: SettlementKind, over: Option<Over>, at: Timestamp },
    /// A doctor began in a room.
    WorkBegan {
        doctor: DoctorId,
        assignment: AssignmentId,
        service_point: ServicePointId,
        date: BusinessDate,
        at: Timestamp,
    },
    /// A doctor cannot begin there.
    AssignmentRefused { doctor: DoctorId, assignment: AssignmentId, reason: String, at: Timestamp },
    /// No calls for a while.
    WorkPaused { doctor: DoctorId, pause: Pause, at: Timestamp },
    /// Calls go on.
    WorkResumed { doctor: DoctorId, at: Timestamp },
    /// Done here.
    WorkStopped { doctor: DoctorId, assignment: AssignmentId, service_point: ServicePointId, at: Timestamp },
    /// The hospital's own system has registered a visit.
    VisitRegistered {
        visit: VisitId,
        brief: PatientBrief,
        open_until: BusinessDate,
        outside: OutsideVisit,
        at: Timestamp,
    },
    /// It changed.
    VisitChanged { visit: VisitId, outside: OutsideVisit, at: Timestamp },
    /// It is off.
    VisitCancelled { visit: VisitId, version: u64, at: Timestamp, elsewhere: Vec<DepartmentId> },
    /// It cannot be taken as sent.
    VisitRefused { visit: VisitId, visit_id: String, version: u64, code: Code, at: Timestamp, date: BusinessDate },
    /// Everything of days before this one that has ended is forgotten.
    DaysTidied { before: BusinessDate, at: Timestamp },
    /// An own number was given before there is a ticket: at booking, or to a visit from outside.
    NumberGiven { queue: QueueId, date: BusinessDate, n: u32, at: Timestamp, shown: String },
    /// A board's screens have not confirmed this round of a call, or its voice was dropped.
    CallNotAnnounced {
        ticket: TicketId,
        call: CallId,
        round: u32,
        board: BoardId,
        problem: AnnouncementProblem,
        at: Timestamp,
    },
    /// The person's owner is told where a ticket stands.
    TicketTold(Box<TicketNews>),
    /// It has heard.
    TicketHeard { ticket: TicketId, n: u64, at: Timestamp },
    /// A ticket that came from another department and that nobody has called is given back there.
    TransferGivenBack { ticket: TicketId, source: TicketId, over: Option<Over>, at: Timestamp },
    /// The source wants a ticket back that stays here: it is told once more under which ticket.
    TransferKept { source: TicketId, ticket: TicketId, number: String, at: Timestamp },
    /// A visit of another department is off; `elsewhere` must hear of it too.
    VisitEnded { visit: VisitId, elsewhere: Vec<DepartmentId>, told: Vec<DepartmentId>, at: Timestamp },
    /// When those who wait in a queue, and whoever comes now, will be called: what of it has changed (none: unknown, or not
    /// in the line any more), and until when it stays so if nothing happens.
    WaitsExpected {
        queue: QueueId,
        newcomer: Option<Expected>,
        changed: Vec<(TicketId, Option<Expected>)>,
        until: Option<Timestamp>,
        at: Timestamp,
    },
    /// The hospital has given a visit another slot, perhaps with another queue: its ticket, which waits, is placed anew.
    TicketRescheduled {
        ticket: TicketId,
        queue: QueueId,
        session: Option<SessionId>,
        slot_start: Option<Timestamp>,
        walk_in: bool,
        number: Option<Number>,
        serial: u64,
        sequence: Sequence,
        placement: Placement,
        over: Option<Over>,
        at: Timestamp,
    },
    /// There is something to tell the person, or what was told is over. `nearing`: "three before you" has been told by then.
    NoticeDue { due: Arc<NoticeDue>, nearing: bool },
    /// The person's owner knows.
    NoticeHeard { ticket: TicketId, n: u64, at: Timestamp },
    /// That notice has reached nobody, or somebody after all.
    NoticeAnswered { ticket: TicketId, n: u64, patient: PatientId, reached: bool, at: Timestamp },
    /// The desk has told the person, or takes that back.
    ReachedMarked { ticket: TicketId, how: ReachedHow, at: Timestamp },
    /// The patient says how the visit was, or says otherwise.
    VisitRated { ticket: TicketId, stars: u8, about: Vec<RatedAbout>, at: Timestamp },
    /// The pre-check of who has just been given a ticket: what was answered, and what follows.
    PreChecked(Box<PreChecked>),
    /// The desk has heard the alert of a ticket's pre-check, here or where the ticket came from or goes on; which other
    /// departments hear of it, and of which ticket.
    AlertAcknowledged { ticket: TicketId, by: AccountId, at: Timestamp, told: Vec<(DepartmentId, TicketId)> },
    /// The pre-check sends to another department: no ticket is made.
    SentElsewhere(Box<SentElsewhere>),
    /// Where the pre-check sends has refused the ticket: it stays out of the line until the desk decides.
    TransferNotTaken { ticket: TicketId, reason: String, at: Timestamp },
    /// What was answered goes to another department with the ticket that has just been sent there.
    PreCheckPassedOn { to: DepartmentId, kept: Box<PreCheckKept> },
    /// Of a session more people at home are to be told than one decision tells, or (not `more`) all have been.
    TellingGoesOn { session: SessionId, more: bool, at: Timestamp },
    /// The phone that has just said that somebody has come, or is back, was so many kilometres from the site.
    PhoneFarAway { ticket: TicketId, km: u32, at: Timestamp },
    /// There is something to tell the person of so much money, in fen.
    RefundTold { due: Arc<NoticeDue>, amount_fen: u32 },
    /// At this minute after midnight whoever is booked for the next day is reminded (none: nobody is), the next time so.
    ReminderDefined { at_min: Option<u16>, next: Option<Round>, at: Timestamp },
    /// Whoever was to be reminded has been, or a part of them: who is next.
    RemindingGoesOn { next: Round, at: Timestamp },
}

/// A ticket begins to wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The ticket.
    pub opened: Opened,
    /// Its place.
    pub placement: Placement,
    /// The own number that was used up for it (outside numbers and numbers given at booking use none).
    pub number: Option<u32>,
    /// The serials used up to here.
    pub serial: u64,
    /// When.
    pub at: Timestamp,
}

/// A number that was given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Number {
    /// As counted.
    pub n: u32,
    /// As shown.
    pub shown: String,
}

/// A ticket was told to wait at a door.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summoned {
    /// Who, from which queue, to which door, and what that changes in the lines.
    pub summons: queue::Summons,
    /// Its id on the boards.
    pub call: CallId,
    /// The serials used up to here.
    pub serial: u64,
    /// What the boards say.
    pub say: Say,
    /// When.
    pub at: Timestamp,
}

/// A ticket was called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Called {
    /// Which.
    pub ticket: TicketId,
    /// The act of calling.
    pub call: CallId,
    /// The serials used up to here.
    pub serial: u64,
    /// By whom.
    pub doctor: DoctorId,
    /// Under which assignment.
    pub assignment: AssignmentId,
    /// Where to.
    pub service_point: ServicePointId,
    /// From which queue.
    pub queue: QueueId,
    /// By which rule, and what that changes in the lines; absent when it was in no line (missed and taken back).
    pub picked: Option<Picked>,
    /// Why this one, if it was chosen.
    pub chosen: Option<String>,
    /// The summons that ends with it.
    pub over: Option<Over>,
    /// What the boards say.
    pub say: Say,
    /// When.
    pub at: Timestamp,
}

/// What boards are to say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Say {
    /// On which boards.
    pub boards: Vec<BoardId>,
    /// What kind, which decides its turn.
    pub kind: AnnouncementKind,
    /// The number.
    pub number: String,
    /// The masked name; absent where only numbers are shown.
    pub masked_name: Option<String>,
    /// Where to.
    pub place: String,
    /// In English.
    pub place_en: String,
}

/// A call or summons that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Over {
    /// Which.
    pub call: CallId,
    /// The boards that may still have it.
    pub boards: Vec<BoardId>,
}

/// A step that was undone, with all that stands after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Undone {
    /// The ticket.
    pub ticket: TicketId,
    /// Its step, from 1.
    pub step: u32,
    /// Why.
    pub reason: String,
    /// Stands now.
    pub standing: Standing,
    /// Its place in line, if it waits.
    pub returned: Option<Returned>,
    /// The place that it would go back to, if it does not.
    pub place: Option<Place>,
    /// Queue, class and number, where the step had changed them.
    pub opened: Option<Box<Opened>>,
    /// How often missed, now.
    pub missed_times: u32,
    /// The doctor whose count of the day goes back.
    pub doctor: Option<DoctorId>,
    /// The call that ends with it.
    pub over: Option<Over>,
    /// When.
    pub at: Timestamp,
}

impl Event {
    /// The event's number (never reused) and stem name.
    pub fn kind(&self) -> (u16, &'static str) {
        match self {
            Self::VisitOpened { .. } => (300, "visit_opened"),
            Self::PatientCheckedIn(_) => (301, "patient_checked_in"),
            Self::WalkInRegistered(_) => (302, "walk_in_registered"),
            Self::TransferReceived(_) => (303, "transfer_received"),
            Self::TransferDeclined { .. } => (304, "transfer_declined"),
            Self::PatientSummoned(_) => (305, "patient_summoned"),
            Self::SummonsWithdrawn { .. } => (306, "summons_withdrawn"),
            Self::PatientCalled(_) => (307, "patient_called"),
            Self::PatientRecalled { .. } => (308, "patient_recalled"),
            Self::ServiceStarted { .. } => (309, "service_started"),
            Self::ServiceFinished { .. } => (310, "service_finished"),
            Self::PatientSentForTests { .. } => (311, "patient_sent_for_tests"),
            Self::PatientMissed { .. } => (312, "patient_missed"),
            Self::PatientReturned { .. } => (313, "patient_returned"),
            Self::PatientReportedBack { .. } => (314, "patient_reported_back"),
            Self::PrioritySet { .. } => (315, "priority_set"),
            Self::TicketCancelled { .. } => (316, "ticket_cancelled"),
            Self::TicketMoved { .. } => (317, "ticket_moved"),
            Self::TransferSent { .. } => (318, "transfer_sent"),
            Self::TransferRecalled { .. } => (319, "transfer_recalled"),
            Self::TransferCompleted { .. } => (320, "transfer_completed"),
            Self::TransferReturned { .. } => (321, "transfer_returned"),
            Self::StepUndone(_) => (322, "step_undone"),
            Self::TicketSettled { .. } => (323, "ticket_settled"),
            Self::WorkBegan { .. } => (324, "work_began"),
            Self::AssignmentRefused { .. } => (325, "assignment_refused"),
            Self::WorkPaused { .. } => (326, "work_paused"),
            Self::WorkResumed { .. } => (327, "work_resumed"),
            Self::WorkStopped { .. } => (328, "work_stopped"),
            Self::VisitRegistered { .. } => (329, "visit_registered"),
            Self::VisitChanged { .. } => (330, "visit_changed"),
            Self::VisitCancelled { .. } => (331, "visit_cancelled"),
            Self::VisitRefused { .. } => (332, "visit_refused"),
            Self::DaysTidied { .. } => (333, "days_tidied"),
            Self::NumberGiven { .. } => (334, "number_given"),
            Self::CallNotAnnounced { .. } => (335, "call_not_announced"),
            Self::TicketTold(_) => (336, "ticket_told"),
            Self::TicketHeard { .. } => (337, "ticket_heard"),
            Self::TransferGivenBack { .. } => (338, "transfer_given_back"),
            Self::TransferKept { .. } => (339, "transfer_kept"),
            Self::VisitEnded { .. } => (340, "visit_ended"),
            Self::WaitsExpected { .. } => (341, "waits_expected"),
            Self::TicketRescheduled { .. } => (342, "ticket_rescheduled"),
            Self::NoticeDue { .. } => (350, "notice_due"),
            Self::NoticeHeard { .. } => (351, "notice_heard"),
            Self::NoticeAnswered { .. } => (352, "notice_answered"),
            Self::ReachedMarked { .. } => (353, "reached_marked"),
            Self::VisitRated { .. } => (355, "visit_rated"),
            Self::PreChecked(_) => (360, "pre_checked"),
            Self::AlertAcknowledged { .. } => (361, "alert_acknowledged"),
            Self::SentElsewhere(_) => (362, "sent_elsewhere"),
            Self::TransferNotTaken { .. } => (363, "transfer_not_taken"),
            Self::PreCheckPassedOn { .. } => (364, "pre_check_passed_on"),
            Self::TellingGoesOn { .. } => (370, "telling_goes_on"),
            Self::PhoneFarAway { .. } => (371, "phone_far_away"),
            Self::RefundTold { .. } => (372, "refund_told"),
            Self::ReminderDefined { .. } => (373, "reminder_defined"),
            Self::RemindingGoesOn { .. } => (374, "reminding_goes_on"),
        }
    }
}

impl Versions for Event {}
