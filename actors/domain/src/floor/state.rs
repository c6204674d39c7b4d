//! What the floor knows: tickets, visits, doctors at work, numbers, lines.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::pre_check::{PreCheckKept, SentKept};
use super::visit::{RefusedVisit, Visit};
use super::{notices, told, waits};
use crate::ById;
use crate::ids::*;
use crate::person::PatientBrief;
use crate::queue;
use crate::time::{BusinessDate, Timestamp};
use crate::vocabulary::AnnouncementProblem;
use crate::wait::Paces;

/// The floor of one department.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Floor {
    /// Last serial given to a ticket, call or visit made here.
    pub serial: u64,
    /// The lines of each queue.
    pub lines: BTreeMap<QueueId, queue::Lines>,
    /// Every ticket that is not yet forgotten.
    pub tickets: ById<TicketId, Ticket>,
    /// Every visit that is not yet forgotten.
    pub visits: BTreeMap<VisitId, Visit>,
    /// Visits of other departments that are off, as long as a ticket of theirs is known here, or until the day's end.
    pub off: BTreeSet<VisitId>,
    /// Nobody waits, in line or at a door, with a ticket of an earlier day than this; none: nobody has waited yet.
    pub waiting_from: Option<BusinessDate>,
    /// Doctors at work here.
    pub work: BTreeMap<DoctorId, Work>,
    /// Which doctor has which room.
    pub rooms: BTreeMap<ServicePointId, DoctorId>,
    /// Tickets of other departments that were to come here: taken under that id, or refused.
    pub received: BTreeMap<TicketId, Option<TicketId>>,
    /// Numbers given, by business day and queue.
    pub numbers: BTreeMap<(BusinessDate, QueueId), Numbers>,
    /// Each doctor's pace on the last day of work here.
    pub pace: BTreeMap<DoctorId, Pace>,
    /// What has been learned of the pace, over days.
    pub paces: Paces,
    /// Calls and summonses under way whose announcement failed.
    pub not_announced: BTreeMap<CallId, NotAnnounced>,
    /// Days before this one have been tidied away.
    pub tidied_to: Option<BusinessDate>,
    /// What the persons' owners are told of tickets.
    pub told: told::Told,
    /// What the persons themselves are told.
    pub notices: notices::Notices,
    /// The last refusal of each visit from outside, so that the hospital's system can be told again.
    pub refused: BTreeMap<VisitId, RefusedVisit>,
    /// What has been said of the waits in each queue where somebody has waited.
    pub waits: BTreeMap<QueueId, waits::Said>,
    /// The pre-checks of tickets.
    pub pre_checks: BTreeMap<TicketId, PreCheckKept>,
    /// Whom the pre-check has sent to another department without a ticket, the last time of each.
    pub sent_elsewhere: BTreeMap<PatientId, SentKept>,
    /// How far the phone was from the site, in kilometres, by which somebody's last arrival was said from afar.
    pub far_away: BTreeMap<TicketId, u32>,
}

/// A round of a call that nobody in the area has seen or heard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NotAnnounced {
    /// Which round: 1, and one more for each recall.
    pub round: u32,
    /// What went wrong.
    pub problem: AnnouncementProblem,
}

/// The numbers of one queue on one business day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    /// The highest own number given; 0: none yet.
    pub last: u32,
    /// Every number that has been shown, own or not, as it is heard, and the visit that bears it; none for one given at
    /// booking.
    pub shown: BTreeMap<String, Option<VisitId>>,
}

/// One patient's entry in one queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    /// What it was opened with; queue and class may have changed since.
    pub opened: Opened,
    /// The place that it had last, while it has none in a line or at a door.
    pub place: Option<Box<queue::Place>>,
    /// Whom its class has put it before, the nearest first; none once it is placed otherwise.
    pub put_before: Vec<TicketId>,
    /// In which of the states it is.
    pub standing: Standing,
    /// How often it was missed.
    pub missed_times: u32,
    /// The ticket in another department that goes on from here.
    pub linked_to: Option<TicketId>,
    /// What has happened to it, in order; the n-th is `<ticket>@<n>`.
    pub steps: Vec<Step>,
}

/// What a ticket is opened with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// Its id.
    pub ticket: TicketId,
    /// The visit it belongs to.
    pub visit: VisitId,
    /// The appointment it is of.
    pub appointment: Option<AppointmentId>,
    /// The clinic session it is of.
    pub session: Option<SessionId>,
    /// The queue.
    pub queue: QueueId,
    /// The business day.
    pub date: BusinessDate,
    /// The number as shown.
    pub number: String,
    /// Who.
    pub brief: PatientBrief,
    /// Priority class.
    pub class: Option<String>,
    /// 现场号.
    pub walk_in: bool,
    /// 加号.
    pub addition: bool,
    /// Start of its slot.
    pub slot_start: Option<Timestamp>,
    /// Issue sequence.
    pub sequence: queue::Sequence,
    /// When the patient came.
    pub checked_in_at: Timestamp,
    /// The ticket in another department that it goes on from.
    pub linked_from: Option<TicketId>,
}

/// The states of DOMAIN's table, each with what belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Standing {
    /// In its line.
    Waiting,
    /// Told to wait at a room's door.
    Summoned(Summons),
    /// Called to a room.
    Called(Call),
    /// With the doctor.
    Serving {
        /// The call it came by.
        call: Call,
        /// Since when.
        started_at: Timestamp,
    },
    /// At tests, coming back today.
    Away {
        /// Since when.
        since: Timestamp,
    },
    /// Called and did not come.
    Missed {
        /// Since when.
        since: Timestamp,
    },
    /// On the way to another department.
    InTransit {
        /// The target queue.
        to: QueueId,
        /// Since when.
        since: Timestamp,
        /// The desk here has asked for it back.
        recalled: bool,
    },
    /// Done.
    Ended {
        /// How.
        how: TicketEnd,
        /// When.
        at: Timestamp,
    },
}

/// How a ticket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TicketEnd {
    /// Seen.
    Seen,
    /// Left the queue.
    Cancelled,
    /// Goes on as another department's ticket.
    Transferred,
    /// Settled at closing: comes back on another day.
    ReturnDay,
    /// Settled at closing: gets the money back.
    Refund,
    /// Its check-in or registration was undone.
    Undone,
    /// Given back to the department that it came from.
    GivenBack,
}

/// One summons to a room's door.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summons {
    /// Its id on the boards.
    pub call: CallId,
    /// The door.
    pub service_point: ServicePointId,
    /// Since when.
    pub since: Timestamp,
}

/// One act of calling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Its id.
    pub call: CallId,
    /// By whom.
    pub doctor: DoctorId,
    /// Under which assignment.
    pub assignment: AssignmentId,
    /// Where to.
    pub service_point: ServicePointId,
    /// When first.
    pub first_called_at: Timestamp,
    /// How often announced: 1, and one more for each recall.
    pub rounds: u32,
}

/// One thing that happened to a ticket, with what it takes to undo it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// What.
    pub what: StepKind,
    /// When.
    pub at: Timestamp,
    /// The reason on the record.
    pub reason: Option<String>,
    /// It has been undone.
    pub undone: bool,
    /// What stood before.
    pub before: Option<Box<Before>>,
}

/// What stood before a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Before {
    /// The state.
    pub standing: Standing,
    /// The place that the step gave up for another one.
    pub place: Option<Box<queue::Place>>,
    /// Queue, class and number, where the step changed them.
    pub opened: Option<Box<Opened>>,
    /// Whom its class had put it before.
    pub put_before: Vec<TicketId>,
}

/// Kinds of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepKind {
    /// 签到.
    CheckedIn,
    /// 现场号.
    Registered,
    /// Came from another department.
    Received,
    /// To the room's door.
    Summoned,
    /// Back from the door, because the room paused or closed.
    SummonsWithdrawn,
    /// 叫号.
    Called,
    /// 复呼.
    Recalled,
    /// Service began.
    Started,
    /// Seen.
    Finished,
    /// Off to a test.
    SentForTests,
    /// Back to the old place.
    Returned,
    /// 过号.
    Missed,
    /// 过号报到, 回诊.
    ReportedBack,
    /// A priority class.
    Prioritised,
    /// To another queue of the department.
    Moved,
    /// On the way to another department.
    TransferSent,
    /// Asked back from there.
    TransferRecalled,
    /// Taken there.
    TransferTaken,
    /// Refused there.
    TransferRefused,
    /// Left the queue.
    Cancelled,
    /// Settled at closing.
    Settled,
    /// An earlier step was undone.
    Undid,
    /// Given back to the department that it came from.
    GivenBack,
    /// To another slot of its visit, by the hospital.
    Rescheduled,
}

impl StepKind {
    /// Its word in views.
    pub fn name(self) -> &'static str {
        match self {
            Self::CheckedIn => "checked_in",
            Self::Registered => "registered",
            Self::Received => "received",
            Self::Summoned => "summoned",
            Self::SummonsWithdrawn => "summons_withdrawn",
            Self::Called => "called",
            Self::Recalled => "recalled",
            Self::Started => "started",
            Self::Finished => "finished",
            Self::SentForTests => "sent_for_tests",
            Self::Returned => "returned",
            Self::Missed => "missed",
            Self::ReportedBack => "reported_back",
            Self::Prioritised => "prioritised",
            Self::Moved => "moved",
            Self::TransferSent => "transfer_sent",
            Self::TransferRecalled => "transfer_recalled",
            Self::TransferTaken => "transfer_taken",
            Self::TransferRefused => "transfer_refused",
            Self::Cancelled => "cancelled",
            Self::Settled => "settled",
            Self::Undid => "undid",
            Self::GivenBack => "given_back",
            Self::Rescheduled => "rescheduled",
        }
    }
}

impl TicketEnd {
    /// Its word in views.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Cancelled => "cancelled",
            Self::Transferred => "transferred",
            Self::ReturnDay => "return_day",
            Self::Refund => "refund",
            Self::Undone => "undone",
            Self::GivenBack => "given_back",
        }
    }
}

/// A doctor at work in a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// The assignment's number.
    pub assignment: AssignmentId,
    /// The room.
    pub service_point: ServicePointId,
    /// Since when.
    pub began_at: Timestamp,
    /// The room's order among the rooms.
    pub room_order: u32,
    /// How many may stand at the door; absent: the department's default.
    pub door_cap: Option<u32>,
    /// The queues that the doctor calls from, the own first.
    pub queues: Vec<QueueId>,
    /// From which of them somebody was called or summoned last.
    pub last_queue: Option<QueueId>,
    /// No calls for a while.
    pub pause: Option<Pause>,
    /// Whom the doctor has in hand.
    pub in_hand: Option<TicketId>,
    /// Who stands at the door, in order.
    pub at_door: Vec<TicketId>,
}

/// Why and until when nobody is called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pause {
    /// Why.
    pub reason: String,
    /// When back, if known.
    pub back_at: Option<Timestamp>,
}

/// How a doctor's day goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    /// The business day it is of.
    pub date: BusinessDate,
    /// Patients seen.
    pub seen: u32,
    /// Calls that were missed.
    pub missed: u32,
    /// The last service times in seconds, at most [`PACE_SAMPLES`].
    pub service_s: Vec<u32>,
}

/// How many service times are kept for quantiles.
pub const PACE_SAMPLES: usize = 40;

impl Standing {
    /// Its word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Summoned(_) => "summoned",
            Self::Called(_) => "called",
            Self::Serving { .. } => "serving",
            Self::Away { .. } => "away",
            Self::Missed { .. } => "missed",
            Self::InTransit { .. } => "in_transit",
            Self::Ended { .. } => "ended",
        }
    }

    /// The commands that it takes, for a rejection's `valid_now`.
    pub fn takes(&self) -> Vec<String> {
        let commands = match self {
            Self::Waiting => "call_ticket transfer_ticket set_priority cancel_ticket undo settle_tickets",
            Self::Summoned(_) => {
                "call_ticket transfer_ticket set_priority mark_missed cancel_ticket undo settle_tickets"
            }
            Self::Called(_) => {
                "start_service recall_patient finish_service mark_missed send_for_tests transfer_ticket return_to_waiting cancel_ticket undo"
            }
            Self::Serving { .. } => "finish_service send_for_tests transfer_ticket return_to_waiting undo",
            Self::Away { .. } => "report_back undo settle_tickets",
            Self::Missed { .. } => "report_back take_back call_ticket undo settle_tickets",
            Self::InTransit { .. } => "recall_transfer",
            Self::Ended { how: TicketEnd::Transferred, .. } => "recall_transfer",
            Self::Ended { .. } => "undo",
        };
        commands.split(' ').map(str::to_owned).collect()
    }

    /// How long the patient has been served at `until`, in seconds: from the start, or from the first call where nobody
    /// pressed start.
    pub fn service_s(&self, until: Timestamp) -> u32 {
        let since = match self {
            Self::Serving { started_at, .. } => *started_at,
            Self::Called(call) => call.first_called_at,
            _ => until,
        };
        u32::try_from(until.ms_since(since).max(0) / 1000).unwrap_or(u32::MAX)
    }

    /// The call that it stands by, if it is called or served.
    pub fn call(&self) -> Option<&Call> {
        match self {
            Self::Called(call) | Self::Serving { call, .. } => Some(call),
            _ => None,
        }
    }
}

impl Ticket {
    /// Its id.
    pub fn id(&self) -> &TicketId {
        &self.opened.ticket
    }

    /// Whether it is of the emergency class.
    pub fn is_emergency(&self) -> bool {
        self.opened.class.as_deref() == Some(queue::EMERGENCY)
    }

    /// Whether a doctor has called it since it came (calls that were undone do not count).
    pub fn was_called(&self) -> bool {
        self.steps.iter().any(|step| step.what == StepKind::Called && !step.undone)
    }

    /// Whether it still belongs to somebody who is here or comes back.
    pub fn is_live(&self) -> bool {
        !matches!(self.standing, Standing::Ended { .. })
    }
}
