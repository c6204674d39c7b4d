//! The one vocabulary: what clients command (both doors, same names), what owners say to each other, what is answered.
//!
//! Client commands are structs with the wire's field names; [`ClientCommand`] is the wire's `command` object
//! (`{"call_next_patient": {…}}`). `To…` is everything an owner of that kind can be told; client commands in it carry
//! what the edge has added (the patient's brief, the birth date, whether presence was proved).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::*;
use crate::person::{PatientBrief, Relation};
use crate::redacted::Redacted;
use crate::time::{BusinessDate, Timestamp};

mod clinic;
mod configuration;
mod floor;
mod integrator;
mod owners;
mod payment;
mod plan;
mod pre_check;
mod quota;
mod said;
pub mod sent;
mod texts;
mod told;
mod waitlist;

pub use clinic::*;
pub use configuration::*;
pub use floor::*;
pub use integrator::*;
pub use owners::*;
pub use payment::*;
pub use plan::*;
pub use pre_check::*;
pub use quota::*;
pub use said::*;
pub use texts::{TEXT_MAX, as_heard, is_birth_date, is_outside_number, is_plain};
pub use told::*;
pub use waitlist::*;

/// The type of a command: as it is told its owner, or another that says more.
macro_rules! sent_as {
    ($variant:ident) => {
        $variant
    };
    ($variant:ident, $sent:ty) => {
        $sent
    };
}

macro_rules! client_commands {
    ($($(#[$doc:meta])* $variant:ident $(as $sent:ty)? = $wire:literal;)+) => {
        /// A command of a client: the wire's `command` object.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum ClientCommand { $($(#[$doc])* $variant(sent_as!($variant $(, $sent)?))),+ }

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
    DefineSite as sent::DefineSite = "define_site";
    /// Operator: a department of a site.
    DefineDepartment as sent::DefineDepartment = "define_department";
    /// Operator: a room, window or examination room.
    DefineServicePoint = "define_service_point";
    /// Operator: a waiting area's board.
    DefineBoard = "define_board";
    /// Operator: a queue.
    DefineQueue as sent::DefineQueue = "define_queue";
    /// Operator: a clinic session with its slots.
    DefineSession as kept::DefineSession = "define_session";
    /// Operator: a doctor.
    DefineDoctor as sent::DefineDoctor = "define_doctor";
    /// Operator: somebody of the staff who signs in.
    DefineStaff = "define_staff";
    /// Operator: what a site asks before somebody joins a queue.
    DefineQuestions = "define_questions";
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
    /// Desk: undo a cancellation.
    RestoreAppointment = "restore_appointment";
    /// Arrived: makes the ticket.
    CheckIn = "check_in";
    /// Back from tests, or back after being missed.
    ReportBack as sent::ReportBack = "report_back";
    /// Leave the queue.
    CancelTicket = "cancel_ticket";
    /// Patient: how the visit was.
    RateVisit = "rate_visit";
    /// Desk: a patient without an appointment.
    RegisterWalkIn as sent::RegisterWalkIn = "register_walk_in";
    /// Desk: a patient who comes back on a later day of an open visit.
    RegisterReturn as sent::RegisterReturn = "register_return";
    /// Desk: a priority class with proof seen.
    SetPriority = "set_priority";
    /// Desk: the pre-check of who was not asked at the arrival.
    AnswerPreCheck = "answer_pre_check";
    /// Desk: an alert of the pre-check has been heard.
    AcknowledgeAlert = "acknowledge_alert";
    /// Desk, doctor: to another queue or department.
    TransferTicket = "transfer_ticket";
    /// Desk: take a transfer back that is still in transit.
    RecallTransfer = "recall_transfer";
    /// Desk: undo a step of today.
    Undo = "undo";
    /// Desk: close a session, settling everyone who is not ended.
    CloseSession = "close_session";
    /// Desk: what becomes of tickets that have not ended, with or without a session, of whatever day.
    SettleTickets = "settle_tickets";
    /// Desk: announce a delay.
    DelaySession = "delay_session";
    /// Desk, operator: from a moment on the clinic does not take place.
    StopSession = "stop_session";
    /// Desk, operator: it takes place after all.
    ResumeSession = "resume_session";
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
    /// Desk: the person is here and agrees that the account of a phone acts for them.
    GrantRelation = "grant_relation";
    /// Somebody acts for a person no longer: who acts, whose phone agreed, desk.
    EndRelation = "end_relation";
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
    /// Phone: this notice has been seen.
    ConfirmNotice = "confirm_notice";
    /// Desk: somebody who was not reached has been told.
    MarkReached = "mark_reached";
    /// Phone: by this way the person is told too.
    BindChannel = "bind_channel";
    /// Phone: by that way no longer.
    UnbindChannel = "unbind_channel";
    /// Operator: a session that comes again every week.
    DefineTemplate as kept::DefineTemplate = "define_template";
    /// Operator: no more sessions of a template.
    RetireTemplate = "retire_template";
    /// Operator: days on which it is otherwise: holidays, substitutes, moved workdays.
    ExceptDays = "except_days";
    /// Operator: those days are as the templates say.
    WithdrawException = "withdraw_exception";
    /// Operator: how far ahead sessions are made, and from when they can be booked.
    DefinePlanning = "define_planning";
    /// Operator: a session takes no new patients of their own accord, or does so again.
    FreezeSession = "freeze_session";
    /// Operator: a session that was changed or retired by hand is the plan's again.
    PlanSession = "plan_session";
    /// Operator: when places kept for a channel are given back, and from when referrals may book.
    DefineQuotaRules = "define_quota_rules";
    /// Operator: at what time whoever is booked for the next day is reminded.
    DefineReminder = "define_reminder";
    /// Operator: when a department wants the fee of an appointment, and what goes back of it.
    DefinePayment = "define_payment";
    /// Desk: the fee of an appointment was paid here, in cash or by card.
    TakePayment = "take_payment";
    /// Desk, operator: a fee is to go back that no rule gives back.
    AskRefund = "ask_refund";
    /// Operator: the second person's word on it.
    DecideRefund = "decide_refund";
    /// Desk: it was given back.
    GiveRefund = "give_refund";
    /// Patient, desk: to be told when a place is free.
    JoinWaitlist = "join_waitlist";
    /// Patient, desk: no longer.
    LeaveWaitlist = "leave_waitlist";
    /// Phone, desk: the fee of an appointment is to be paid through the provider.
    PayAppointment = "pay_appointment";
    /// Operator: the provider is to be asked once more to give money back.
    RetryRefund = "retry_refund";
    /// Phone: there for a release.
    EnterRelease = "enter_release";
    /// Phone: there no more.
    LeaveRelease = "leave_release";
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
    /// What a change of the plan has come to so far.
    Planned(crate::plan::Outcome),
    /// Somebody waits for a place, as the how manieth.
    Wished { wish: WishId, place: u32 },
    /// What is to be paid, and until when; where, the edge adds ([`Answer::PayAt`]).
    Payable { order: OrderId, amount_fen: u32, expires_at: Timestamp },
    /// Made at the edge alone: the same, with the page on which it is paid.
    PayAt { order: OrderId, amount_fen: u32, expires_at: Timestamp, pay_url: String },
    /// Where somebody stands in the line of a release. Of the edge: it is in no log.
    InLine(Box<InLine>),
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
