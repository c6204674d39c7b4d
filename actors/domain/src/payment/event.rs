//! What can have happened to fees. Stored types: append only.

use serde::{Deserialize, Serialize};

use crate::ids::*;
use crate::time::Timestamp;
use crate::vocabulary::{DefinePayment, DeskWay};

/// Why money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefundCause {
    /// Cancelled in time.
    Cancelled,
    /// Given back after the cut-off, or left the queue.
    LateCancel,
    /// Not come.
    NoShow,
    /// The clinic does not take place.
    Stopped,
    /// The hospital's doing: settled as a refund, sent elsewhere, a no-show that was none and too late to come.
    Hospital,
    /// Somebody asked, a second person has decided.
    ByHand,
}

impl RefundCause {
    /// Its name in views.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::LateCancel => "late_cancel",
            Self::NoShow => "no_show",
            Self::Stopped => "stopped",
            Self::Hospital => "hospital",
            Self::ByHand => "by_hand",
        }
    }
}

/// A fact about fees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// When the fee is wanted, and what goes back of it.
    PaymentDefined(DefinePayment),
    /// The desk has taken a fee.
    PaymentTaken {
        /// Which; the appointment is in its id.
        order: OrderId,
        /// How much, in fen.
        amount_fen: u32,
        /// How.
        way: DeskWay,
        /// Number of the receipt.
        receipt: Option<String>,
        /// Who has taken it.
        by: AccountId,
        /// When.
        at: Timestamp,
    },
    /// By a rule money goes back.
    RefundOwed {
        /// Which; the order is in its id.
        refund: RefundId,
        /// How much, in fen.
        amount_fen: u32,
        /// By which rule.
        cause: RefundCause,
        /// When.
        at: Timestamp,
    },
    /// What it was owed for was undone before it was given.
    RefundWithdrawn {
        /// Which.
        refund: RefundId,
        /// When.
        at: Timestamp,
    },
    /// Somebody wants money to go back.
    RefundAsked {
        /// Which; the order is in its id.
        refund: RefundId,
        /// How much, in fen.
        amount_fen: u32,
        /// Why.
        reason: String,
        /// Who.
        by: AccountId,
        /// When.
        at: Timestamp,
    },
    /// A second person has decided it.
    RefundDecided {
        /// Which.
        refund: RefundId,
        /// It goes back.
        granted: bool,
        /// Why.
        reason: String,
        /// Who.
        by: AccountId,
        /// When.
        at: Timestamp,
    },
    /// The desk has given it back.
    RefundGiven {
        /// Which.
        refund: RefundId,
        /// Number of the receipt.
        receipt: Option<String>,
        /// Who.
        by: AccountId,
        /// When.
        at: Timestamp,
    },
}

/// The stable number (240–249) and the stem name of an event's kind.
pub fn event_kind(event: &Event) -> (u16, &'static str) {
    match event {
        Event::PaymentDefined(_) => (240, "payment_defined"),
        Event::PaymentTaken { .. } => (241, "payment_taken"),
        Event::RefundOwed { .. } => (242, "refund_owed"),
        Event::RefundWithdrawn { .. } => (243, "refund_withdrawn"),
        Event::RefundAsked { .. } => (244, "refund_asked"),
        Event::RefundDecided { .. } => (245, "refund_decided"),
        Event::RefundGiven { .. } => (246, "refund_given"),
    }
}

/// Whose fee it is; none: everybody's.
pub fn appointment(event: &Event) -> Option<AppointmentId> {
    match event {
        Event::PaymentTaken { order, .. } => Some(order.appointment()),
        Event::RefundOwed { refund, .. }
        | Event::RefundWithdrawn { refund, .. }
        | Event::RefundAsked { refund, .. }
        | Event::RefundDecided { refund, .. }
        | Event::RefundGiven { refund, .. } => Some(refund.appointment()),
        Event::PaymentDefined(_) => None,
    }
}
