//! The lines of a queue and the keys by which they are sorted.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The line that a ticket waits in. Stored: append only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Line {
    /// 急诊.
    Emergency,
    /// Classes that are treated `always_first`, together.
    AlwaysFirst,
    /// One line for each class that is treated `one_per`.
    Class(Arc<str>),
    /// 回诊.
    Returning,
    /// 过号报到.
    Missed,
    /// 迟到.
    Late,
    /// Everybody else, moved-up tickets among them.
    Ordinary,
}

impl Line {
    /// The name that views show: `emergency`, `always_first`, the class's name, `returning`, `missed`, `late`, `ordinary`.
    pub fn name(&self) -> &str {
        match self {
            Self::Emergency => "emergency",
            Self::AlwaysFirst => "always_first",
            Self::Class(name) => name,
            Self::Returning => "returning",
            Self::Missed => "missed",
            Self::Late => "late",
            Self::Ordinary => "ordinary",
        }
    }

    /// Whether its tickets are inserted among the ordinary ones (rule 2): a class's, returning, missed, late.
    pub fn is_insertion(&self) -> bool {
        !matches!(self, Self::Emergency | Self::AlwaysFirst | Self::Ordinary)
    }
}

/// Issue sequence: the order of places within the slot, then of issue. The shown number never sorts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sequence {
    /// Which place of the slot, from 0; [`Sequence::NO_PLACE`] for walk-ins, additions and transferred tickets.
    pub place: u32,
    /// Order of issue: any number that grows within the department.
    pub issue: u64,
}

impl Sequence {
    /// Behind every place of the slot.
    pub const NO_PLACE: u32 = u32::MAX;
    /// Of a ticket without a place of its own.
    pub fn without_place(issue: u64) -> Self {
        Self { place: Self::NO_PLACE, issue }
    }
}

/// Where in its slot an ordinary ticket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Rank {
    /// Among the places of the slot.
    Regular,
    /// 加号: behind them.
    Addition,
    /// Behind these too (`end_of_slot`).
    EndOfSlot,
    /// Behind everybody of the period (`end_of_period`).
    EndOfPeriod,
}

/// The fixed sort key of a ticket in its line. In all lines but the ordinary one only `serial` differs.
/// Compared field by field, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// A walk-in behind appointments (`appointments_first`), or of the second line of a ratio.
    pub walk_in: bool,
    /// The slot's start where the setting sorts by it, else 0.
    pub slot_start: Timestamp,
    /// Where in the slot.
    pub rank: Rank,
    /// Check-in where the setting sorts by it, else 0.
    pub checked_in_at: Timestamp,
    /// Issue sequence where the setting sorts by it, else 0.
    pub sequence: Sequence,
    /// The serial of the ticket whose place this is: its own, or of the ticket that a moved-up one stands before.
    pub anchor: u64,
    /// False for a moved-up ticket: it stands before its anchor.
    pub own_place: bool,
    /// Offset of the event that placed it, counted within the queue from 1. Unique in the queue.
    pub serial: u64,
}

impl Key {
    /// The key of a line that is sorted by the event that placed the ticket.
    pub(super) fn by_event(serial: u64) -> Self {
        Self {
            walk_in: false,
            slot_start: Timestamp(0),
            rank: Rank::Regular,
            checked_in_at: Timestamp(0),
            sequence: Sequence { place: 0, issue: 0 },
            anchor: serial,
            own_place: true,
            serial,
        }
    }

    /// The smallest key that a walk-in behind appointments can have.
    pub(super) fn first_walk_in() -> Self {
        Self { walk_in: true, slot_start: Timestamp(i64::MIN), own_place: false, ..Self::by_event(0) }
    }

    /// Smaller than any key of a ticket.
    pub(super) fn before_all() -> Self {
        Self { walk_in: false, ..Self::first_walk_in() }
    }

    /// Whether the ticket was moved up.
    pub fn is_moved_up(&self) -> bool {
        !self.own_place
    }
}
