//! The one vocabulary: what clients command (both doors, same names), what owners say to each other, what is answered.
//!
//! Client commands are structs with the wire's field names; [`ClientCommand`] is the wire's `command` object
//! (`{"call_next_patient": {…}}`). `To…` is everything an owner of that kind can be told; client commands in it carry
//! what the edge has added (the patient's brief, the birth date, whether presence was proved).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::*;
use crate::person::{PatientBrief, Relation};
use crate::time::{BusinessDate, Timestamp};

mod clinic;
mod configuration;
mod floor;
mod integrator;
mod texts;
mod told;

pub use clinic::*;
pub use configuration::*;
pub use floor::*;
pub use integrator::*;
pub use texts::{TEXT_MAX, is_birth_date, is_plain};
pub use told::*;

macro_rules! client_commands {
    ($($(#[$doc:meta])* $variant:ident = $wire:literal;)+) => {
        /// A command of a client: the wire's `command` object.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum ClientCommand { $($(#[$doc])* $variant($variant)),+ }

        impl ClientCommand {
            /// Every command name of the vocabulary.
            pub const NAMES: &'static [&'static str] = &[$($wire),+];
            /// Its name on the wire.
            pub fn name(&self) -> &'static str { match self { $(ClientCommand::$variant(_) => $wire),+ } }
        }
        #[cfg(test)]
        mod names_match {
            #[test]
            fn wire_names_are_the_snake_case_of_the_variants() {
                $(assert_eq!($wire, super::snake(stringify!($variant)));)+
            }
        }
    };
}

#[cfg(test)]
fn snake(camel: &str) -> String {
    let mut out = String::new();
    for (i, c) in camel.chars().enumerate() {
        if c.is_uppercase() && i > 0 {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

client_commands! {
    /// Operator: a hospital or campus.
    DefineSite = "define_site";
    /// Operator: a department of a site.
    DefineDepartment = "define_department";
    /// Operator: a room, window or examination room.
    DefineServicePoint = "define_service_point";
    /// Operator: a waiting area's board.
    DefineBoard = "define_board";
    /// Operator: a queue.
    DefineQueue = "define_queue";
    /// Operator: a clinic session with its slots.
    DefineSession = "define_session";
    /// Operator: a doctor.
    DefineDoctor = "define_doctor";
    /// Operator: somebody of the staff who signs in.
    DefineStaff = "define_staff";
    /// Operator: no more of a department.
    RetireDepartment = "retire_department";
    /// Operator: no more of a service point.
    RetireServicePoint = "retire_service_point";
    /// Operator: no more of a board.
    RetireBoard = "retire_board";
    /// Operator: no more of a queue.
    RetireQueue = "retire_queue";
    /// Operator: no more of a session (only while nobody is booked).
    RetireSession = "retire_session";
    /// Operator: no more of a doctor.
    RetireDoctor = "retire_doctor";
    /// Operator: no more of a staff account; its tokens end.
    RetireStaff = "retire_staff";
    /// Operator, desk: pair a screen that shows this code with a board.
    ApproveScreen = "approve_screen";
    /// Operator, desk: a paired screen is no longer one.
    RevokeScreen = "revoke_screen";
    /// Hold a place for ten minutes.
    HoldSlot = "hold_slot";
    /// Make the hold the booking.
    ConfirmAppointment = "confirm_appointment";
    /// Hold and confirm in one.
    BookSlot = "book_slot";
    /// Cancel, or give back after the cut-off.
    CancelAppointment = "cancel_appointment";
    /// Ten more minutes for a hold, once.
    ProlongHold = "prolong_hold";
    /// Desk: it was no no-show.
    CorrectNoShow = "correct_no_show";
    /// Arrived: makes the ticket.
    CheckIn = "check_in";
    /// Back from tests, or back after being missed.
    ReportBack = "report_back";
    /// Leave the queue.
    CancelTicket = "cancel_ticket";
    /// Desk: a patient without an appointment.
    RegisterWalkIn = "register_walk_in";
    /// Desk: a priority class with proof seen.
    SetPriority = "set_priority";
    /// Desk, doctor: to another queue or department.
    TransferTicket = "transfer_ticket";
    /// Desk: take a transfer back that is still in transit.
    RecallTransfer = "recall_transfer";
    /// Desk: undo a step of today.
    Undo = "undo";
    /// Desk: close a session, settling everyone who is not ended.
    CloseSession = "close_session";
    /// Desk: announce a delay.
    DelaySession = "delay_session";
    /// Doctor: begin at a service point.
    StartWork = "start_work";
    /// Doctor: no calls for a while.
    PauseWork = "pause_work";
    /// Doctor: go on.
    ResumeWork = "resume_work";
    /// Doctor: done for today here.
    StopWork = "stop_work";
    /// Doctor: done with this one, next.
    CallNextPatient = "call_next_patient";
    /// Doctor, desk: a chosen ticket.
    CallTicket = "call_ticket";
    /// Doctor, desk: announce the same call again.
    RecallPatient = "recall_patient";
    /// Doctor: the patient is here.
    StartService = "start_service";
    /// Doctor: seen.
    FinishService = "finish_service";
    /// Doctor: off to a test, comes back today.
    SendForTests = "send_for_tests";
    /// Doctor, desk: called by mistake or the wrong person: back to the old place.
    ReturnToWaiting = "return_to_waiting";
    /// Doctor: called twice, did not come.
    MarkMissed = "mark_missed";
    /// Doctor: a missed patient stands at the door.
    TakeBack = "take_back";
    /// Integrator: a visit of the hospital's own system.
    RegisterVisit = "register_visit";
    /// Integrator: it changed.
    ChangeVisit = "change_visit";
    /// Integrator: it is off.
    CancelVisit = "cancel_visit";
    /// Screen: this announcement is on the glass.
    ReportShown = "report_shown";
    /// Screen: this announcement was heard.
    ReportSpoken = "report_spoken";
}

/// What a command answers. On the wire it is the bare object ([`Answer::result`]); in the log the tagged one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// Nothing to say beyond that it is done.
    Done,
    /// A place is held.
    Held { appointment: AppointmentId, expires_at: Timestamp },
    /// A place is booked.
    Booked { appointment: AppointmentId, number: Option<String>, slot_start: Timestamp },
    /// A ticket waits.
    Waiting { ticket: TicketId, visit: VisitId, number: String, line: String, position: u32 },
    /// Work began.
    AtWork { assignment: AssignmentId },
    /// What `call_next_patient` and `call_ticket` did.
    Called { settled: Option<TicketId>, called: Option<CalledTicket> },
    /// A visit from outside is taken.
    VisitTaken { visit: VisitId, ticket: Option<TicketId> },
    /// A screen is paired.
    ScreenPaired { screen: ScreenId },
    /// A ticket goes to another place.
    Transferred { ticket: TicketId, state: String },
    /// An announcement is planned.
    Announced { announcement: AnnouncementId },
    /// A message of a consultation has its place in the order.
    MessageStored { number: u64, stored_at: Timestamp },
    /// For the shell's own tests.
    Number(u64),
    /// Refused, and the refusal is on the record (it owes another owner something). The door answers it exactly like a
    /// rejection.
    Refused(crate::Rejection),
    /// Another owner answers, to this request: idempotent by its own id, behind the effects of the same decision. The
    /// shell sends it there with the asker's reply; no door ever sees this answer.
    AskedOf(crate::OwnerRef, crate::Message),
}

/// The ticket that a call called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CalledTicket {
    /// Which.
    pub ticket: TicketId,
    /// The act of calling.
    pub call: CallId,
    /// Where to.
    pub service_point: ServicePointId,
}

impl Answer {
    /// The bare object that stands in `done.result`. Times are UTC milliseconds here; the edge prints them RFC 3339.
    pub fn result(&self) -> serde_json::Value {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(tagged)) => {
                tagged.into_iter().next().map_or(serde_json::json!({}), |(_, bare)| bare)
            }
            _ => serde_json::json!({}),
        }
    }
}

/// Everything a site can be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToSite {
    /// Configuration commands of an operator, in order of the vocabulary.
    DefineSite(DefineSite),
    /// See [`DefineDepartment`].
    DefineDepartment(DefineDepartment),
    /// See [`DefineServicePoint`].
    DefineServicePoint(DefineServicePoint),
    /// See [`DefineBoard`].
    DefineBoard(DefineBoard),
    /// See [`DefineQueue`].
    DefineQueue(DefineQueue),
    /// See [`DefineDoctor`].
    DefineDoctor(DefineDoctor),
    /// See [`RetireDepartment`].
    RetireDepartment(RetireDepartment),
    /// See [`RetireServicePoint`].
    RetireServicePoint(RetireServicePoint),
    /// See [`RetireBoard`].
    RetireBoard(RetireBoard),
    /// See [`RetireQueue`].
    RetireQueue(RetireQueue),
    /// See [`RetireDoctor`].
    RetireDoctor(RetireDoctor),
    /// A screen shows this code and asks to be paired (unauthenticated, rate-limited at the edge).
    /// A room's screen also says which room, and an offer may take the place of an older one of the same address.
    OfferScreen {
        code: String,
        screen: ScreenId,
        secret_hash: String,
        door: Option<ServicePointId>,
        instead_of: Option<ScreenId>,
    },
    /// See [`ApproveScreen`].
    ApproveScreen(ApproveScreen),
    /// See [`RevokeScreen`].
    RevokeScreen(RevokeScreen),
    /// A visit from outside: remembered (hospital visit id → department), then sent on. The brief is of the patient.
    RegisterVisit { command: RegisterVisit, brief: PatientBrief, birth_date: Option<BusinessDate> },
    /// See [`ChangeVisit`].
    ChangeVisit(ChangeVisit),
    /// See [`CancelVisit`].
    CancelVisit(CancelVisit),
    /// The earliest deadline has passed.
    DeadlineReached,
}

/// Everything a department can be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToDepartment {
    /// From the site: what the department is now.
    Configure { time_zone: String, definition: DefineDepartment },
    /// From the site.
    ConfigureServicePoint(DefineServicePoint),
    /// From the site.
    ConfigureQueue(DefineQueue),
    /// From the site: a doctor who works here.
    ConfigureDoctor(DefineDoctor),
    /// From the site: a board that shows queues of this department.
    ConfigureBoard(DefineBoard),
    /// From the site: this is retired (a queue, service point, board, doctor or the department itself, by id).
    Retire { kind: RetiredKind, id: String },
    /// Operator.
    DefineSession(DefineSession),
    /// Operator.
    RetireSession(RetireSession),
    /// From the patient's owner, idempotent by appointment id: hold, or hold and confirm in one.
    RequestPlace {
        appointment: AppointmentId,
        slot: SlotId,
        brief: PatientBrief,
        confirm: bool,
        channel: Channel,
        replaces: Option<AppointmentId>,
    },
    /// From the patient's owner: what became of that request? Unknown is journaled as refused.
    AskPlace { appointment: AppointmentId, patient: PatientId },
    /// From the patient's owner: confirm a hold.
    ConfirmPlace { appointment: AppointmentId, patient: PatientId },
    /// From the patient's owner or the desk: cancel a booking or let go of a hold.
    CancelAppointment(CancelAppointment),
    /// The patient has come. Presence and birth date are from the edge.
    CheckIn { command: CheckIn, birth_date: Option<BusinessDate>, presence_proved: bool },
    /// Desk.
    RegisterWalkIn { command: RegisterWalkIn, brief: PatientBrief, birth_date: Option<BusinessDate> },
    /// See [`ReportBack`].
    ReportBack { command: ReportBack, presence_proved: bool },
    /// See [`CancelTicket`].
    CancelTicket(CancelTicket),
    /// See [`SetPriority`].
    SetPriority(SetPriority),
    /// See [`TransferTicket`].
    TransferTicket(TransferTicket),
    /// See [`RecallTransfer`].
    RecallTransfer(RecallTransfer),
    /// See [`Undo`].
    Undo(Undo),
    /// See [`CloseSession`].
    CloseSession(CloseSession),
    /// See [`DelaySession`].
    DelaySession(DelaySession),
    /// From the doctor's owner: this doctor works here now, under that number.
    BeginAssignment { doctor: DoctorId, assignment: AssignmentId, service_point: ServicePointId },
    /// See [`PauseWork`].
    PauseWork(PauseWork),
    /// See [`ResumeWork`].
    ResumeWork(ResumeWork),
    /// See [`StopWork`].
    StopWork(StopWork),
    /// See [`CallNextPatient`].
    CallNextPatient(CallNextPatient),
    /// See [`CallTicket`].
    CallTicket(CallTicket),
    /// See [`RecallPatient`].
    RecallPatient(RecallPatient),
    /// See [`StartService`].
    StartService(StartService),
    /// See [`FinishService`].
    FinishService(FinishService),
    /// See [`SendForTests`].
    SendForTests(SendForTests),
    /// See [`ReturnToWaiting`].
    ReturnToWaiting(ReturnToWaiting),
    /// See [`MarkMissed`].
    MarkMissed(MarkMissed),
    /// See [`TakeBack`].
    TakeBack(TakeBack),
    /// From another department: a ticket that wants to move here.
    TakeTransfer { transfer: TransferredTicket },
    /// From the target: taken under this new ticket.
    TransferTaken { ticket: TicketId, new_ticket: TicketId, new_number: String },
    /// From the target: refused (also the answer to a recall that came first).
    TransferRefused { ticket: TicketId, reason: String },
    /// From the source: the desk there wants it back, if it has not been taken.
    RecallOfTransfer { ticket: TicketId },
    /// From the site: a visit of the hospital's own system.
    RegisterVisit { command: RegisterVisit, visit: VisitId, brief: PatientBrief, birth_date: Option<BusinessDate> },
    /// From the site.
    ChangeVisit { command: ChangeVisit, visit: VisitId },
    /// From the site.
    CancelVisit { command: CancelVisit, visit: VisitId },
    /// The earliest deadline has passed.
    DeadlineReached,
    /// From a board: this round of a call was not seen or heard in the area; to be marked at the caller's console and
    /// the desk. A call that is over or unknown: nothing to do.
    CallNotAnnounced { call: CallId, round: u32, board: BoardId, problem: AnnouncementProblem },
    /// From a person's owner: this news of a ticket has been heard.
    TicketHeard { ticket: TicketId, n: u64 },
    /// See [`ProlongHold`].
    ProlongHold(ProlongHold),
    /// See [`CorrectNoShow`].
    CorrectNoShow(CorrectNoShow),
    /// Operator: no more of it, unless it is in use. The site is told.
    RetireUnused { kind: RetiredKind, id: String },
    /// From another department: that visit is off; nobody of it is left waiting here. `told`: who has heard of it.
    EndVisit { visit: VisitId, told: Vec<DepartmentId> },
    /// Asked in the name of the hospital's system: what became of that version of a visit? Behind the effect that
    /// carries it; not known yet is `timed_out`.
    TellVisit { visit: VisitId, version: u64 },
}

/// Everything a doctor's owner can be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToDoctor {
    /// From the site.
    Configure(DefineDoctor),
    /// From the site.
    Retire,
    /// See [`StartWork`].
    StartWork(StartWork),
    /// From the department: nothing is in hand, the assignment has ended there.
    AssignmentEnded { assignment: AssignmentId },
    /// From the department: this assignment is refused (unknown service point, another doctor in the room …).
    AssignmentRefused { assignment: AssignmentId, reason: String },
    /// The earliest deadline has passed.
    DeadlineReached,
    /// Operator: no more of this doctor, unless at work. The site is told.
    RetireUnused,
}

/// Everything a patient's owner can be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToPatient {
    /// The edge has identified the person: sealed fields as made by the edge with the person's key.
    Identify { brief: PatientBrief, birth_date_sealed: Vec<u8>, sealed: Vec<u8>, real_name: bool },
    /// An account acts for this patient (self or family), or no longer.
    Relate { account: AccountId, relation: Relation, granted: bool },
    /// See [`HoldSlot`], [`BookSlot`]: reserve first, then ask the department. `slot_start`, `slot_end`, `date`, `limits` are from
    /// the edge's read of the department; the department checks its own.
    Reserve {
        slot: SlotId,
        date: BusinessDate,
        slot_start: Timestamp,
        slot_end: Timestamp,
        confirm: bool,
        channel: Channel,
        replaces: Option<AppointmentId>,
        limits: crate::settings::PatientLimits,
    },
    /// See [`ConfirmAppointment`].
    Confirm { appointment: AppointmentId },
    /// See [`CancelAppointment`].
    Cancel(CancelAppointment),
    /// From the department: held until then.
    PlaceHeld { appointment: AppointmentId, expires_at: Timestamp },
    /// From the department: booked.
    PlaceBooked { appointment: AppointmentId, number: Option<String>, slot_start: Timestamp },
    /// From the department: refused, or gone (expired, cancelled, fulfilled, no-show, stopped).
    PlaceEnded { appointment: AppointmentId, how: AppointmentEnd },
    /// The earliest deadline has passed.
    DeadlineReached,
    /// From a department: where a ticket of this person stands; told again until it is heard.
    TicketTold(TicketNews),
}

/// Everything an account's owner can be told. Secrets arrive hashed or sealed by the edge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToAccount {
    /// See [`DefineStaff`]; the password as an argon2id PHC string.
    DefineStaff { command: DefineStaff, password_phc: Option<String> },
    /// See [`RetireStaff`].
    RetireStaff,
    /// A one-time code was sent; its keyed hash, and until when it holds.
    IssueCode { code_hash: String, expires_at: Timestamp, from: String },
    /// Somebody tried a code.
    TryCode { code_hash: String, refresh_hash: String, from: String },
    /// Somebody tried a password (the edge has compared it).
    TryPassword { matched: bool, refresh_hash: String, from: String },
    /// Trade a refresh token for the next one.
    Refresh { refresh_hash: String, next_hash: String },
    /// Sign out one session, or all.
    Revoke { refresh_hash: Option<String> },
    /// This account may act for that patient, as that relation.
    Relate { patient: PatientId, relation: Relation, granted: bool },
    /// A token is made for a script of that name (told to the account that lists them; times are machine time).
    NoteScript { name: String, role: crate::principal::Role, expires_at: Timestamp, now: Timestamp },
    /// That script's tokens were ended.
    DropScript { name: String },
    /// The earliest deadline has passed.
    DeadlineReached,
}

/// Everything a board's owner can be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToBoard {
    /// From the site.
    Configure(DefineBoard),
    /// From the site.
    Retire,
    /// From a department: say this in its turn.
    Announce(Announce),
    /// From a department: the call is over; do not speak it any more.
    CallOver { call: CallId },
    /// See [`ReportShown`].
    ReportShown(ReportShown),
    /// See [`ReportSpoken`].
    ReportSpoken(ReportSpoken),
    /// The earliest deadline has passed.
    DeadlineReached,
    /// From the shell: clinic time runs `speed` times as fast as machine time (1: real time). Above 1 a board shows and
    /// does not speak, and its limits, which are machine time, are that much longer in clinic time.
    ClockSpeed { speed: u32 },
}

impl From<ToSite> for crate::Message {
    fn from(m: ToSite) -> Self {
        Self::Site(Box::new(m))
    }
}
impl From<ToDepartment> for crate::Message {
    fn from(m: ToDepartment) -> Self {
        Self::Department(Box::new(m))
    }
}
impl From<ToDoctor> for crate::Message {
    fn from(m: ToDoctor) -> Self {
        Self::Doctor(Box::new(m))
    }
}
impl From<ToPatient> for crate::Message {
    fn from(m: ToPatient) -> Self {
        Self::Patient(Box::new(m))
    }
}
impl From<ToAccount> for crate::Message {
    fn from(m: ToAccount) -> Self {
        Self::Account(Box::new(m))
    }
}
impl From<ToBoard> for crate::Message {
    fn from(m: ToBoard) -> Self {
        Self::Board(Box::new(m))
    }
}
