//! What was paid for appointments, as operations and the desk read it.

use serde_json::{Value, json};

use crate::clinic::AppointmentState;
use crate::department::{State, paying};
use crate::ids::AppointmentId;
use crate::payment::{Order, Refund};
use crate::time::{BusinessDate, Zone};

/// So many appointments are shown at once.
pub const PAYMENTS_SHOWN: usize = 500;

/// The appointments of a day for which a fee was paid; without a day those of all days of which something is asked or owed.
pub fn payments(state: &State, day: Option<BusinessDate>, zone: Zone) -> Value {
    let defined = state.payments.defined(&state.config.id);
    let is_meant = |(id, orders): &(&AppointmentId, &Vec<Order>)| match day {
        Some(day) => id.date() == Some(day),
        None => orders.iter().any(Order::is_open),
    };
    let meant: Vec<_> = state.payments.orders.iter().filter(is_meant).collect();
    let sum = |of: fn(&Order) -> u32| meant.iter().flat_map(|(_, all)| *all).map(|one| u64::from(of(one))).sum::<u64>();
    let shown = meant.iter().take(PAYMENTS_SHOWN).map(|(id, orders)| {
        let known = state.clinic.appointments.get(*id);
        json!({
            "appointment": id,
            "number": known.and_then(|known| known.number.clone()),
            "state": known.map(|known| known.state.name()),
            // What has been given up is not paid any more.
            "due_fen": known.filter(|one| is_paid_in(one.state)).and_then(|_| paying::due_fen(state, id)).unwrap_or(0),
            "orders": orders.iter().map(|one| order(one, zone)).collect::<Vec<_>>(),
        })
    });
    json!({
        "department": state.config.id,
        "when": defined.when,
        "late_cancel": defined.late_cancel,
        "no_show": defined.no_show,
        "paid_fen": sum(|order| order.amount_fen),
        "kept_fen": sum(Order::kept_fen),
        "owed_fen": sum(Order::owed_fen),
        "given_fen": sum(Order::given_fen),
        "appointments": shown.collect::<Vec<_>>(),
        "left_out": meant.len().saturating_sub(PAYMENTS_SHOWN),
    })
}

/// As `take_payment` has it.
fn is_paid_in(state: AppointmentState) -> bool {
    matches!(state, AppointmentState::Booked | AppointmentState::CheckedIn | AppointmentState::Fulfilled)
}

fn order(order: &Order, zone: Zone) -> Value {
    json!({
        "order": order.id,
        "amount_fen": order.amount_fen,
        "way": order.way,
        "receipt": order.receipt,
        "by": order.by,
        "at": zone.rfc3339(order.at),
        "kept_fen": order.kept_fen(),
        "refunds": order.refunds.iter().map(|one| refund(one, zone)).collect::<Vec<_>>(),
    })
}

fn refund(refund: &Refund, zone: Zone) -> Value {
    json!({
        "refund": refund.id,
        "amount_fen": refund.amount_fen,
        "cause": refund.cause.name(),
        "reason": refund.reason,
        "asked_by": refund.asked_by,
        "standing": refund.standing.name(),
        "since": zone.rfc3339(refund.since),
        "receipt": refund.receipt,
    })
}
