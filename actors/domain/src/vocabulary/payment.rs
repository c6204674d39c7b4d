//! Fees: what a department asks for, what the desk takes and gives back, what the provider says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::*;

/// When a department wants its fee.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentWhen {
    /// Not here: the hospital's own system has it.
    #[default]
    None,
    /// Before the patient checks in.
    AtCheckIn,
    /// Before a place that a phone holds is the booking.
    AtBooking,
}

/// What of a fee goes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundRule {
    /// All of it.
    #[default]
    Full,
    /// Nothing, unless somebody decides it.
    None,
}

/// How a fee is paid at the desk. It goes back by the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeskWay {
    /// Cash.
    Cash,
    /// By card, at the desk's own terminal.
    Card,
}

/// When a department wants the fee of an appointment, and what goes back of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefinePayment {
    /// Of which department.
    pub department: DepartmentId,
    /// When.
    #[serde(default)]
    pub when: PaymentWhen,
    /// Of who gives a booking back after the cut-off, or leaves the queue.
    #[serde(default)]
    pub late_cancel: RefundRule,
    /// Of who has not come.
    #[serde(default)]
    pub no_show: RefundRule,
}

impl DefinePayment {
    /// What holds for a department before anybody has said otherwise.
    pub fn of(department: DepartmentId) -> Self {
        let (late_cancel, no_show) = (RefundRule::default(), RefundRule::default());
        Self { department, when: PaymentWhen::default(), late_cancel, no_show }
    }
}

/// The desk has taken the fee of an appointment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TakePayment {
    /// Of which.
    pub appointment: AppointmentId,
    /// How much was taken, in fen: all that is due.
    pub amount_fen: u32,
    /// How.
    pub way: DeskWay,
    /// Number of the receipt or of the terminal's slip.
    #[serde(default)]
    pub receipt: Option<String>,
}

/// Somebody wants a fee given back that no rule gives back. A second person decides it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskRefund {
    /// Of which.
    pub appointment: AppointmentId,
    /// How much, in fen.
    pub amount_fen: u32,
    /// Why.
    pub reason: String,
}

/// A second person has decided whether that goes back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideRefund {
    /// Which.
    pub refund: RefundId,
    /// It goes back.
    pub granted: bool,
    /// Why.
    pub reason: String,
}

/// The desk has given it back, as it was paid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveRefund {
    /// Which.
    pub refund: RefundId,
    /// Number of the receipt or of the terminal's slip.
    #[serde(default)]
    pub receipt: Option<String>,
}

/// The fee of an appointment is to be paid through the provider: makes its order, and the order of before again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PayAppointment {
    /// Of which.
    pub appointment: AppointmentId,
}

/// The provider is to be asked once more to give money back that it has not given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryRefund {
    /// Which.
    pub refund: RefundId,
}

/// What the provider says of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderWord {
    /// Paid. The same transaction is the same payment.
    Paid {
        /// The provider's number of the payment.
        transaction: String,
        /// How much, in fen.
        amount_fen: u32,
    },
    /// Not paid, and nobody can pay it any more.
    Closed,
}

/// What the provider says of a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefundWord {
    /// The money is back.
    Given {
        /// The provider's number of it.
        reference: String,
    },
    /// It does not go back by this way, however often it is asked.
    Refused {
        /// The provider's code.
        code: String,
    },
}
