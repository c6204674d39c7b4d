//! What people are told of money that goes back: that the provider has given it, or that the desk gives it, where the provider
//! never does or where who has paid there is at home and the clinic does not take place. It comes later than whatever gave
//! cause, often by itself, and so stands in no page's answer. What else the desk gives by hand is told there.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::at_home::due_of;
use super::emit;
use super::event::Event;
use super::notices::{leave, request};
use crate::department::{self, Department, State};
use crate::ids::*;
use crate::owner::{Draft, Outgoing, OwnerKind, OwnerRef};
use crate::payment::{Event as Payment, RefundCause, Settled, Way};
use crate::reach::About;
use crate::time::Timestamp;
use crate::vocabulary::{NoticeDue, ToPatient};

/// After a decision: what has become of money that was on its way back.
pub(crate) fn tell(draft: &mut Draft<'_, Department>, now: Timestamp) {
    let mut came_to: BTreeMap<RefundId, Option<About>> = BTreeMap::new();
    for event in draft.events() {
        let department::Event::Payment(event) = event else { continue };
        let (refund, about) = match event {
            Payment::RefundSettled { refund, how: Settled::Given { .. }, .. } => (refund, Some(About::Refunded)),
            Payment::RefundSettled { refund, how: Settled::Refused { .. }, .. } => (refund, Some(About::RefundAtDesk)),
            Payment::RefundOwed { refund, .. } if is_for_who_paid_at_desk(draft.state(), refund) => {
                (refund, Some(About::RefundAtDesk))
            }
            Payment::RefundGiven { refund, .. } | Payment::RefundWithdrawn { refund, .. } => (refund, None),
            _ => continue,
        };
        came_to.insert(refund.clone(), about);
    }
    let dues: Vec<_> = came_to.iter().filter_map(|(refund, about)| due(draft.state(), refund, *about, now)).collect();
    for (due, amount_fen) in dues {
        if due.about.is_none() {
            leave(draft, due, false);
            continue;
        }
        let due = Arc::new(NoticeDue { n: draft.state().floor.notices.n + 1, ..due });
        emit(draft, Event::RefundTold { due, amount_fen });
    }
}

/// Whether somebody who has paid at the desk is to fetch it there again, and need not know: the clinic does not take place.
fn is_for_who_paid_at_desk(state: &State, refund: &RefundId) -> bool {
    let known = state.payments.refund(refund);
    known.is_some_and(|(order, refund)| refund.cause == RefundCause::Stopped && order.way != Way::Online)
}

/// The request that a notice is, again: of money with how much it is.
pub(crate) fn open_request(state: &State, due: &NoticeDue) -> Option<Outgoing> {
    match due.ticket.refund().filter(|_| due.about.is_some()) {
        Some(refund) => Some(request_of_money(due, state.payments.refund(&refund)?.1.amount_fen)),
        None => Some(request(due)),
    }
}

/// The request that a notice of money is.
pub(super) fn request_of_money(due: &NoticeDue, amount_fen: u32) -> Outgoing {
    let to = OwnerRef::new(OwnerKind::Patient, due.patient.as_str());
    Outgoing::Request(to, ToPatient::NotifyOfMoney { due: Box::new(due.clone()), amount_fen }.into())
}

/// Whose it is tells the appointment: money for a place that this house never knew is nobody's to tell of.
fn due(state: &State, id: &RefundId, about: Option<About>, now: Timestamp) -> Option<(NoticeDue, u32)> {
    let ticket = id.told_as();
    let (_, refund) = state.payments.refund(id)?;
    // What was told days ago is forgotten here and stands with the person: whoever has been sent to the desk is sent no more.
    let was_sent = refund.refused.is_some() || is_for_who_paid_at_desk(state, id);
    let is_over_there = about.is_none() && was_sent;
    if state.floor.notices.told.get(&ticket).and_then(|told| told.about) == about && !is_over_there {
        return None;
    }
    let known = state.clinic.appointments.get(&id.appointment())?;
    let due = due_of(state, known, ticket, about, false, now)?;
    Some((due, refund.amount_fen))
}
