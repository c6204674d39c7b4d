//! The values between the rules and the events: what arrives, where it is put, who is picked, what is summoned.

use serde::{Deserialize, Serialize};

use super::line::{Key, Line, Sequence};
use super::why::{ClassLabel, Why};
use crate::ids::{QueueId, ServicePointId, TicketId};
use crate::time::Timestamp;

/// By what event a ticket comes to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Came {
    /// Check-in in time (see [`super::is_late`]); every walk-in.
    CheckIn,
    /// Check-in too late.
    Late,
    /// 回诊: reported back from tests.
    Returning,
    /// 过号报到: reported back after being missed.
    Missed,
    /// From another queue; keeps slot start and check-in time, takes a new sequence.
    Transferred,
}

/// Everything that the rules ask about a ticket that comes to wait. Not stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// The ticket.
    pub ticket: TicketId,
    /// By what event.
    pub came: Came,
    /// The class given at the desk: a configured name, `emergency`, `none`, or not asked. An unknown name gives nothing.
    pub class: Option<String>,
    /// Age in whole years today, if known.
    pub age: Option<u32>,
    /// Without an appointment.
    pub walk_in: bool,
    /// 加号.
    pub addition: bool,
    /// Start of its slot (a walk-in's: see [`super::walk_in_slot`]). Absent where a queue has no slots: then the
    /// check-in time stands for it.
    pub slot_start: Option<Timestamp>,
    /// Issue sequence.
    pub sequence: Sequence,
    /// When the patient checked in, first; kept by transfers.
    pub checked_in_at: Timestamp,
    /// The time of the event that makes it wait.
    pub at: Timestamp,
    /// Start of the slot running at `at` (see [`super::walk_in_slot`]); only `end_of_slot` asks.
    pub running_slot_start: Option<Timestamp>,
}

/// The counter of an insertion line after an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineCounter {
    /// Whose.
    pub line: Line,
    /// Ordinary tickets that left since the last of its own was taken, or since it became non-empty.
    pub counter: u32,
}

/// How far a ratio's round is: both 0 at its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// Appointments of this round that left.
    pub appointments: u32,
    /// Walk-ins of this round that left.
    pub walk_ins: u32,
}

/// A ticket's place: fixed when it is placed, except for the last three fields. The floor keeps the `Place` that
/// [`super::Lines::take`] and [`super::Lines::leave`] hand back as long as a way to the old place is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The ticket.
    pub ticket: TicketId,
    /// Its line.
    pub line: Line,
    /// Its key in the line.
    pub key: Key,
    /// 1 + the tickets of its line ahead of it when it was placed.
    pub position: u32,
    /// How often it may be passed; absent outside the ordinary line.
    pub limit: Option<u32>,
    /// Its class, if it has one (emergency is a line, not a class).
    pub class: Option<ClassLabel>,
    /// Why it stands here.
    pub why: Why,
    /// By what event it came.
    pub came: Came,
    /// Without an appointment.
    pub walk_in: bool,
    /// When the patient checked in.
    pub checked_in_at: Timestamp,
    /// Since when it waits in this queue.
    pub waiting_since: Timestamp,
    /// How often it has been passed (rule 5). While it waits, read it with [`super::Lines::get`].
    pub passed: u32,
    /// An insertion that was returned to its old place: its line is due (rule 6).
    pub due_at_once: bool,
    /// An insertion that has been counted in the `passed` of those before whom it was taken.
    pub counted: bool,
}

/// Where an arriving ticket is put: results only. Goes into the event; [`super::Lines::enter`] applies it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placement {
    /// The place.
    pub place: Place,
    /// Tickets that a moved-up one passes (at most n), the nearest first: each is passed once more.
    pub passes: Vec<TicketId>,
    /// Counters that this changes: its line's, when the line becomes non-empty.
    pub counters: Vec<LineCounter>,
}

/// Which part of the rules picked a ticket. Stored: append only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rule {
    /// 1a.
    Emergency,
    /// 1b.
    AlwaysFirst,
    /// 1c: a due insertion.
    DueInsertion,
    /// 1d: the head of ordinary.
    OrdinaryHead,
    /// 1e: an insertion, nobody ordinary waiting.
    NobodyOrdinary,
    /// 8: first of those who stand at the room's door.
    AtDoor,
    /// Chosen by a person (`call_ticket`).
    Chosen,
}

/// Who is taken from a queue, and what that changes: results only. Goes into the event; [`super::Lines::take`] (a
/// call) or [`super::Lines::summon`] (as a part of [`Summons`]) applies it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Picked {
    /// Who.
    pub ticket: TicketId,
    /// From which line; of a ticket at a door, the line that it was summoned from.
    pub line: Line,
    /// Its key.
    pub key: Key,
    /// By which rule.
    pub rule: Rule,
    /// Counters that this changes, as they are afterwards.
    pub counters: Vec<LineCounter>,
    /// The ratio's round afterwards.
    pub round: Round,
    /// Each waiting ordinary ticket that was placed before this serial is passed once more.
    pub passes_before: Option<u64>,
}

/// Who is next for a doctor, and from which queue. See [`super::next_call`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Next {
    /// The queue.
    pub queue: QueueId,
    /// Who, and what it changes there.
    pub picked: Picked,
}

/// A ticket told to wait at a room's door. Goes into the event; [`super::Lines::summon`] of the queue applies it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summons {
    /// The queue.
    pub queue: QueueId,
    /// The room.
    pub service_point: ServicePointId,
    /// Its turn at this door: less is earlier.
    pub turn: u64,
    /// Who, and what it changes in the queue.
    pub picked: Picked,
}

/// A ticket goes back to its old place (rule 6). Goes into the event; [`super::Lines::come_back`] applies it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Returned {
    /// The old place, due at once if it is in an insertion line.
    pub place: Place,
    /// Counters that this changes: its line's, when the line becomes non-empty.
    pub counters: Vec<LineCounter>,
}
