//! Fees at the desk: taken before check-in, given back by the rules of DOMAIN in the same record as what gave cause, or by
//! hand where two persons want it.

use std::collections::BTreeSet;

use super::{Department, Event, State, arrival, online};
use crate::clinic::{self, AppointmentState};
use crate::floor::{Standing, TicketEnd};
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::payment::{self, ORDERS_MAX, Order, REFUNDS_MAX, Refund, RefundCause, RefundStanding, Way};
use crate::principal::Role;
use crate::vocabulary::{Answer, PaymentWhen, RefundRule, ToDepartment};
use crate::{Code, Rejection};

/// A client's command about fees.
pub(super) fn decide(
    draft: &mut Draft<'_, Department>,
    command: ToDepartment,
    context: &Context,
) -> Result<Answer, Rejection> {
    let (by, at) = (context.principal.account.clone(), context.now);
    let mut confirms = None;
    let event = match command {
        ToDepartment::DefinePayment(command) => {
            if draft.state().payments.defined(&draft.state().config.id) == command {
                return Ok(Answer::Done);
            }
            payment::Event::PaymentDefined(command)
        }
        ToDepartment::TakePayment(command) => {
            let state = draft.state();
            let known = state.clinic.appointments.get(&command.appointment).ok_or(Code::Forbidden)?;
            // Paid at the desk a hold is the booking, as if it were paid through the provider.
            let is_held = online::is_at_booking(state) && online::held_until(state, known, at).is_some();
            confirms = is_held.then(|| (command.appointment.clone(), known.brief.patient.clone()));
            if !is_held
                && !matches!(
                    known.state,
                    AppointmentState::Booked | AppointmentState::CheckedIn | AppointmentState::Fulfilled
                )
            {
                return Err(Rejection::from(Code::WrongAppointmentState).with("state", known.state.name()));
            }
            let due_fen = due_fen(state, &command.appointment).ok_or(Code::NothingDue)?;
            if command.amount_fen != due_fen {
                let what = "all that is due is paid at once";
                return Err(Rejection::field("amount_fen", what).with("due_fen", due_fen));
            }
            let before = state.payments.of(&command.appointment).len();
            if before >= ORDERS_MAX {
                return Err(Rejection::new(Code::LimitExceeded, "paid and given back too often"));
            }
            let order = state.payments.next_order(&command.appointment);
            let (way, receipt) = (command.way, command.receipt);
            payment::Event::PaymentTaken { order, amount_fen: due_fen, way, receipt, by, at }
        }
        ToDepartment::AskRefund(command) => {
            let order = draft.state().payments.last(&command.appointment).ok_or(Code::Forbidden)?;
            may_keep_back(order, command.amount_fen)?;
            if let Some(asked) = order.refunds.iter().find(|refund| refund.standing == RefundStanding::Asked) {
                return Err(wrong(asked));
            }
            // One place is left for what a rule may owe.
            if order.refunds.len() + 1 >= REFUNDS_MAX {
                return Err(Rejection::new(Code::LimitExceeded, "asked too often"));
            }
            let (refund, amount_fen, reason) = (order.next_refund(), command.amount_fen, command.reason);
            payment::Event::RefundAsked { refund, amount_fen, reason, by, at }
        }
        ToDepartment::DecideRefund(command) => {
            let (order, refund) = draft.state().payments.refund(&command.refund).ok_or(Code::Forbidden)?;
            if refund.standing != RefundStanding::Asked {
                return Err(wrong(refund));
            }
            if command.granted && refund.asked_by.as_ref() == Some(&by) {
                return Err(Code::SecondPersonNeeded.into());
            }
            if command.granted {
                may_keep_back(order, refund.amount_fen)?;
            }
            let (granted, reason) = (command.granted, command.reason);
            payment::Event::RefundDecided { refund: command.refund, granted, reason, by, at }
        }
        ToDepartment::GiveRefund(command) => {
            let (order, refund) = draft.state().payments.refund(&command.refund).ok_or(Code::Forbidden)?;
            if refund.standing != RefundStanding::Owed {
                return Err(wrong(refund));
            }
            // Only what the provider has said that it never gives: of all else nobody knows whether it has.
            if order.way == Way::Online && refund.refused.is_none() {
                return Err(wrong(refund).with("way", order.way.name()));
            }
            payment::Event::RefundGiven { refund: command.refund, receipt: command.receipt, by, at }
        }
        _ => return Err(Code::UnknownCommand.into()),
    };
    draft.emit(Event::Payment(event));
    if let Some((appointment, patient)) = confirms {
        arrival::place(draft, ToDepartment::ConfirmPlace { appointment, patient }, context)?;
    }
    Ok(Answer::Done)
}

/// What has to be paid for that appointment; none: nothing.
pub(super) fn due_fen(state: &State, id: &AppointmentId) -> Option<u32> {
    let known = state.clinic.appointments.get(id)?;
    let fee_fen = state.clinic.session_of(&known.slot)?.fee_fen;
    let is_wanted = state.payments.defined.as_ref().is_some_and(|defined| defined.when != PaymentWhen::None);
    (is_wanted && fee_fen > 0 && state.payments.paid(id).is_none()).then_some(fee_fen)
}

/// Who comes alone pays at the desk first. The desk itself lets in whom it wants: no care waits for money.
pub(super) fn may_check_in(state: &State, id: &AppointmentId, context: &Context) -> Result<(), Rejection> {
    let comes_alone = matches!(context.principal.role, Role::Patient | Role::Kiosk);
    let is_to_come = |known: &&clinic::Appointment| known.state == AppointmentState::Booked;
    if !comes_alone || state.clinic.appointments.get(id).filter(is_to_come).is_none() {
        return Ok(());
    }
    match due_fen(state, id) {
        Some(due_fen) => Err(Rejection::from(Code::PaymentDue).with("due_fen", due_fen)),
        None => Ok(()),
    }
}

/// What this decision has made of appointments that were paid: their money goes back, or stays after all.
pub(super) fn follow(draft: &mut Draft<'_, Department>, context: &Context) {
    let payments = &draft.state().payments;
    if payments.orders.is_empty() && payments.at_provider.orders.is_empty() {
        return;
    }
    let mut was_none = BTreeSet::new();
    let mut touched = BTreeSet::new();
    for event in draft.events() {
        match event {
            Event::Clinic(event) => {
                let has_order = |id: &&AppointmentId| {
                    payments.orders.contains_key(*id) || payments.at_provider.orders.contains_key(*id)
                };
                let Some(id) = touches(event).filter(has_order) else { continue };
                touched.insert(id.clone());
                if matches!(event, clinic::Event::NoShowCorrected { .. }) {
                    was_none.insert(id.clone());
                }
            }
            Event::Payment(payment::Event::PaymentTaken { order, .. } | payment::Event::OrderPaid { order, .. }) => {
                touched.insert(order.appointment());
            }
            _ => {}
        }
    }
    for id in &touched {
        let is_corrected = was_none.contains(id);
        for event in goes_back(draft.state(), id, is_corrected, context) {
            draft.emit(Event::Payment(event));
        }
    }
    online::close(draft, touched.into_iter(), context.now);
}

/// What becomes of the money by where the appointment stands now.
enum Money {
    Stays,
    Back(RefundCause),
    /// By no rule: what was said of it stands.
    AsItIs,
}

fn goes_back(state: &State, id: &AppointmentId, is_corrected: bool, context: &Context) -> Vec<payment::Event> {
    let at = context.now;
    let Some(order) = state.payments.last(id) else { return Vec::new() };
    match money(state, id, is_corrected) {
        Money::Back(cause) if order.kept_fen() > 0 => {
            let (refund, amount_fen) = (order.refund_by_rule(), order.kept_fen());
            vec![payment::Event::RefundOwed { refund, amount_fen, cause, at }]
        }
        // What the provider was asked for it may have given.
        Money::Stays if order.way != Way::Online => {
            let by_rule =
                |refund: &&Refund| refund.standing == RefundStanding::Owed && refund.cause != RefundCause::ByHand;
            let owed = order.refunds.iter().filter(by_rule);
            owed.map(|refund| payment::Event::RefundWithdrawn { refund: refund.id.clone(), at }).collect()
        }
        Money::Stays | Money::Back(_) | Money::AsItIs => Vec::new(),
    }
}

fn money(state: &State, id: &AppointmentId, is_corrected: bool) -> Money {
    let Some(known) = state.clinic.appointments.get(id) else { return Money::AsItIs };
    let defined = state.payments.defined(&state.config.id);
    let by = |rule: RefundRule, cause| match rule {
        RefundRule::Full => Money::Back(cause),
        RefundRule::None => Money::AsItIs,
    };
    match known.state {
        AppointmentState::Held { .. } | AppointmentState::Booked | AppointmentState::CheckedIn => Money::Stays,
        AppointmentState::Fulfilled => Money::Stays,
        AppointmentState::Cancelled | AppointmentState::Expired => Money::Back(RefundCause::Cancelled),
        AppointmentState::Stopped => Money::Back(RefundCause::Stopped),
        AppointmentState::GivenBack if is_corrected || known.sent_to.is_some() => Money::Back(RefundCause::Hospital),
        AppointmentState::GivenBack => by(defined.late_cancel, RefundCause::LateCancel),
        AppointmentState::NoShow => by(defined.no_show, RefundCause::NoShow),
        AppointmentState::GivenUp => match state.floor.tickets.get(&id.ticket()).map(|ticket| &ticket.standing) {
            Some(Standing::Ended { how: TicketEnd::Refund, .. }) => Money::Back(RefundCause::Hospital),
            Some(Standing::Ended { how: TicketEnd::Cancelled, .. }) => by(defined.late_cancel, RefundCause::LateCancel),
            // Who comes back on another day has paid.
            _ => Money::AsItIs,
        },
    }
}

/// The appointment of which an event says where it stands now.
fn touches(event: &clinic::Event) -> Option<&AppointmentId> {
    match event {
        clinic::Event::HoldExpired { appointment, .. }
        | clinic::Event::AppointmentCancelled { appointment, .. }
        | clinic::Event::AppointmentGivenBack { appointment, .. }
        | clinic::Event::AppointmentFulfilled { appointment, .. }
        | clinic::Event::NoShowRecorded { appointment, .. }
        | clinic::Event::AppointmentGivenUp { appointment }
        | clinic::Event::AppointmentReopened { appointment }
        | clinic::Event::NoShowCorrected { appointment, .. }
        | clinic::Event::AppointmentRestored { appointment, .. }
        | clinic::Event::AppointmentStopped { appointment, .. } => Some(appointment),
        _ => None,
    }
}

fn may_keep_back(order: &Order, amount_fen: u32) -> Result<(), Rejection> {
    let kept_fen = order.kept_fen();
    if amount_fen == 0 || amount_fen > kept_fen {
        return Err(
            Rejection::field("amount_fen", "from 1 fen to what is kept of the payment").with("kept_fen", kept_fen)
        );
    }
    Ok(())
}

pub(super) fn wrong(refund: &Refund) -> Rejection {
    let rejection = Rejection::from(Code::WrongRefundState).with("state", refund.standing.name());
    rejection.with("refund", refund.id.as_str())
}
