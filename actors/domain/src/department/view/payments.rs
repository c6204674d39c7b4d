//! What was paid for appointments, as operations and the desk read it.

use serde_json::{Value, json};

use crate::clinic::{Appointment, AppointmentState};
use crate::department::{State, online, paying};
use crate::ids::AppointmentId;
use crate::payment::{Order, Refund};
use crate::time::{BusinessDate, Zone};
use crate::vocabulary::Channel;

/// So many appointments are shown at once.
pub const PAYMENTS_SHOWN: usize = 500;

/// Of which appointments the payments are read.
#[derive(Clone, Debug)]
pub enum PaymentsOf {
    /// Of all days, those of which something is asked or owed.
    Open,
    /// Those of a day for which a fee was paid.
    Day(BusinessDate),
    /// That one, whether anything was paid or not.
    One(AppointmentId),
}

/// What was paid for these appointments, what is due now, and by which rules.
pub fn payments(state: &State, of: &PaymentsOf, zone: Zone) -> Value {
    let defined = state.payments.defined(&state.config.id);
    let all = state.payments.orders.iter().map(|(id, orders)| (id, orders.as_slice()));
    let meant: Vec<(&AppointmentId, &[Order])> = match of {
        PaymentsOf::Open => all.filter(|(_, orders)| orders.iter().any(Order::is_open)).collect(),
        PaymentsOf::Day(day) => all.filter(|(id, _)| id.date() == Some(*day)).collect(),
        PaymentsOf::One(id) => {
            let is_known = state.clinic.appointments.contains_key(id) || state.payments.orders.contains_key(id);
            is_known.then(|| (id, state.payments.of(id))).into_iter().collect()
        }
    };
    let sum = |of: fn(&Order) -> u32| meant.iter().flat_map(|(_, all)| *all).map(|one| u64::from(of(one))).sum::<u64>();
    let shown = meant.iter().take(PAYMENTS_SHOWN).map(|(id, orders)| {
        let known = state.clinic.appointments.get(*id);
        let slot = known.and_then(|known| state.clinic.slots.get(&known.slot));
        let session = known.and_then(|known| state.clinic.session_of(&known.slot));
        json!({
            "appointment": id,
            "number": known.and_then(|known| known.number.clone()),
            "slot_start": slot.map(|slot| zone.rfc3339(slot.start)),
            "doctor": session.and_then(|session| session.doctor.clone()),
            "state": known.map(|known| known.state.name()),
            "due_fen": due_now(state, id),
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

/// How it stands with the fee of an appointment: what has to be paid now and whether a phone pays it, what was paid and pays
/// for it, what of all that was ever paid is owed back, of this by the provider, and was given back.
pub fn fee_standing(state: &State, id: &AppointmentId) -> Value {
    let orders = state.payments.of(id);
    json!({
        "due_fen": due_now(state, id),
        "by_phone": online::is_at_booking(state),
        "paid_fen": state.payments.paid(id).map_or(0, Order::kept_fen),
        "owed_fen": orders.iter().map(Order::owed_fen).sum::<u32>(),
        "owed_by_provider_fen": orders.iter().map(Order::owed_by_provider_fen).sum::<u32>(),
        "given_fen": orders.iter().map(Order::given_fen).sum::<u32>(),
    })
}

/// What has to be paid by who is expected, here or seen, or holds a place that is paid before it is the booking: whoever comes
/// no more pays no more.
fn due_now(state: &State, id: &AppointmentId) -> u32 {
    let is_to_pay = |known: &&Appointment| match known.state {
        AppointmentState::Booked | AppointmentState::CheckedIn | AppointmentState::Fulfilled => true,
        AppointmentState::Held { .. } => online::is_at_booking(state) && known.channel == Channel::Online,
        _ => false,
    };
    let known = state.clinic.appointments.get(id).filter(is_to_pay);
    known.and_then(|_| paying::due_fen(state, id)).unwrap_or(0)
}

fn order(order: &Order, zone: Zone) -> Value {
    json!({
        "order": order.id,
        "amount_fen": order.amount_fen,
        "way": order.way.name(),
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
        "tries": refund.asking.tries,
        "stuck": refund.is_stuck(),
        "refused": refund.refused,
    })
}
