//! Closing a session: the desk sees every ticket that is not ended and settles each; nobody is settled by a timer.

use super::{Department, emit_clinic};
use crate::clinic;
use crate::floor::{self, Ticket, doors, tickets};
use crate::owner::{Context, Draft};
use crate::vocabulary::{Answer, CloseSession, SettlementKind};
use crate::{Code, Rejection};

/// Rejects `not_settled` with the tickets that still need a settlement, or cannot have one yet (called, with the doctor,
/// in transit).
pub(super) fn close_session(
    draft: &mut Draft<'_, Department>,
    command: &CloseSession,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    let decision = clinic::decide_close_session(&state.clinic, &command.session, context)?;
    let of_session = |ticket: &&Ticket| ticket.is_live() && ticket.opened.session.as_ref() == Some(&command.session);
    let settled = |ticket: &Ticket| command.settlements.iter().any(|settlement| settlement.ticket == *ticket.id());
    let open: Vec<String> = state
        .floor
        .tickets
        .values()
        .filter(of_session)
        .filter(|ticket| !tickets::may_settle(&ticket.standing) || !settled(ticket))
        .map(|ticket| ticket.id().to_string())
        .collect();
    if !open.is_empty() {
        return Err(Rejection::from(Code::NotSettled).with("tickets", open));
    }
    for (at, settlement) in command.settlements.iter().enumerate() {
        let ticket = floor::ticket_of(state, &settlement.ticket)?;
        if !of_session(&ticket) || command.settlements[..at].iter().any(|other| other.ticket == settlement.ticket) {
            return Err(Rejection::new(Code::InvalidField, "a settlement is for one live ticket of the session"));
        }
        match (settlement.how, &settlement.to) {
            (SettlementKind::Move, Some(to)) if *to != ticket.opened.queue => drop(state.config.queue(to)?),
            (SettlementKind::Move, _) => {
                return Err(Rejection::new(Code::InvalidField, "move names another queue of the department"));
            }
            (_, None) => {}
            (_, Some(_)) => return Err(Rejection::new(Code::InvalidField, "only move names a queue")),
        }
    }
    let mut settlements: Vec<_> = command.settlements.iter().collect();
    let checked_in_at = |ticket| draft.state().floor.tickets[ticket].opened.checked_in_at;
    settlements.sort_by_key(|settlement| (checked_in_at(&settlement.ticket), settlement.ticket.clone()));
    for settlement in settlements {
        tickets::settle(draft, settlement, context.now);
    }
    let answer = emit_clinic(draft, decision);
    doors::fill(draft, context.now);
    Ok(answer)
}
