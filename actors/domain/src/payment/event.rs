//! What can have happened to fees. Stored types: append only.

use serde::{Deserialize, Serialize};

use super::provider::{Asking, Matter};
use crate::department::versions::Versions;
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
    /// Paid when the place was gone, and there was no other in that slot.
    NoPlace,
    /// Paid beside what was due: twice, another amount, or for no order that is known.
    Surplus,
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
            Self::NoPlace => "no_place",
            Self::Surplus => "surplus",
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
    /// An order that the provider is to be given; it is not before this is on the record.
    OrderCreated {
        /// Which; the appointment is in its id.
        order: OrderId,
        /// How much, in fen.
        amount_fen: u32,
        /// Until when it can be paid.
        expires_at: Timestamp,
        /// When the provider is asked about it, should it say nothing.
        ask_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// The provider has the money.
    OrderPaid {
        /// Under which it is kept: that of the provider, or a new one where that one was paid before.
        order: OrderId,
        /// Which the provider says.
        of: OrderId,
        /// How much, in fen.
        amount_fen: u32,
        /// The provider's number of the payment.
        transaction: String,
        /// When it was heard of.
        at: Timestamp,
    },
    /// It was not paid, and cannot be any more.
    OrderClosed {
        /// Which.
        order: OrderId,
        /// When.
        at: Timestamp,
    },
    /// The provider is asked: by the edge, once this is on the record.
    ProviderAsked {
        /// About what.
        matter: Matter,
        /// An order that nobody wants paid any more: it is to be closed.
        close: bool,
        /// How often by now, and when again.
        asking: Asking,
        /// When.
        at: Timestamp,
    },
    /// What the provider has answered of a refund, or that it is to be asked once more.
    RefundSettled {
        /// Which.
        refund: RefundId,
        /// What.
        how: Settled,
        /// When.
        at: Timestamp,
    },
}

/// What becomes of a refund that the provider is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Settled {
    /// The money is back.
    Given {
        /// The provider's number of it.
        reference: String,
    },
    /// It does not go back by that way: the desk gives it.
    Refused {
        /// The provider's code.
        code: String,
    },
    /// Somebody wants the provider asked again.
    Retried {
        /// Who.
        by: AccountId,
    },
}

/// The stable number (240–249, 278, 279) and the stem name of an event's kind.
pub fn event_kind(event: &Event) -> (u16, &'static str) {
    match event {
        Event::PaymentDefined(_) => (240, "payment_defined"),
        Event::PaymentTaken { .. } => (241, "payment_taken"),
        Event::RefundOwed { .. } => (242, "refund_owed"),
        Event::RefundWithdrawn { .. } => (243, "refund_withdrawn"),
        Event::RefundAsked { .. } => (244, "refund_asked"),
        Event::RefundDecided { .. } => (245, "refund_decided"),
        Event::RefundGiven { .. } => (246, "refund_given"),
        Event::OrderCreated { .. } => (247, "order_created"),
        Event::OrderPaid { .. } => (248, "order_paid"),
        Event::OrderClosed { .. } => (249, "order_closed"),
        Event::ProviderAsked { .. } => (278, "provider_asked"),
        Event::RefundSettled { .. } => (279, "refund_settled"),
    }
}

/// Whose fee it is; none: everybody's.
pub fn appointment(event: &Event) -> Option<AppointmentId> {
    match event {
        Event::PaymentTaken { order, .. }
        | Event::OrderCreated { order, .. }
        | Event::OrderPaid { order, .. }
        | Event::OrderClosed { order, .. } => Some(order.appointment()),
        Event::RefundOwed { refund, .. }
        | Event::RefundWithdrawn { refund, .. }
        | Event::RefundAsked { refund, .. }
        | Event::RefundDecided { refund, .. }
        | Event::RefundGiven { refund, .. }
        | Event::RefundSettled { refund, .. } => Some(refund.appointment()),
        // Asking the provider changes nothing for whoever pays.
        Event::PaymentDefined(_) | Event::ProviderAsked { .. } => None,
    }
}

impl Versions for Event {}
