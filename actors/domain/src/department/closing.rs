//! Closing a session: the desk sees every ticket that is not ended and settles each; nobody is settled by a timer. What
//! belongs to no open session is settled by itself.

use std::collections::BTreeSet;

use super::{Department, State, emit_clinic};
use crate::clinic;
use crate::floor::{self, Standing, Ticket, doors, left_over, tickets};
use crate::ids::TicketId;
use crate::owner::{Context, Draft};
use crate::vocabulary::{Answer, CloseSession, SettleTickets, Settlement, SettlementKind};
use crate::{Code, Rejection};

/// Rejects `not_settled` with all that stands against it: `to_come` (how many) and `appointments` (which), `tickets` that
/// need a settlement, and in `not_yet` those that take none as they stand (called, with the doctor, in transit).
pub(super) fn close_session(
    draft: &mut Draft<'_, Department>,
    command: &CloseSession,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    let decision = clinic::decide_close_session(&state.clinic, &command.session, context);
    let of_session = |ticket: &&Ticket| ticket.is_live() && ticket.opened.session.as_ref() == Some(&command.session);
    let settled: BTreeSet<&TicketId> = command.settlements.iter().map(|settlement| &settlement.ticket).collect();
    let (ready, not_yet): (Vec<&Ticket>, Vec<&Ticket>) =
        state.floor.tickets.values().filter(of_session).partition(|ticket| tickets::may_settle(&ticket.standing));
    let open: Vec<String> =
        ready.iter().filter(|ticket| !settled.contains(ticket.id())).map(|ticket| ticket.id().to_string()).collect();
    let not_yet: Vec<String> =
        not_yet.iter().map(|ticket| format!("{} {}", ticket.id(), ticket.standing.name())).collect();
    let decision = match decision {
        Err(why) if why.code == Code::NotSettled => Err(why),
        Err(why) => return Err(why),
        Ok(_) if !open.is_empty() => Err(Rejection::new(Code::NotSettled, "each of these tickets needs a settlement")),
        Ok(_) if !not_yet.is_empty() => {
            Err(Rejection::new(Code::NotSettled, "who is called, with the doctor or in transit cannot be settled"))
        }
        decision => decision,
    };
    let decision = decision.map_err(|mut why| {
        if !open.is_empty() {
            why = why.with("tickets", open);
        }
        if !not_yet.is_empty() {
            why = why.with("not_yet", not_yet);
        }
        why
    })?;
    for settlement in &command.settlements {
        let ticket = floor::ticket_of(state, &settlement.ticket)?;
        if !of_session(&ticket) {
            return Err(Rejection::field("settlements", "a settlement is for one live ticket of the session"));
        }
    }
    check(state, &command.settlements, context)?;
    settle(draft, &command.settlements, "close_session", context);
    let answer = emit_clinic(draft, decision);
    doors::fill(draft, context.now);
    Ok(answer)
}

/// The desk settles tickets that have not ended, without closing anything: of an earlier day, of no session, of one that
/// is closed, or of one with more tickets than one command can settle. Rejects `wrong_ticket_state`.
pub(super) fn settle_tickets(
    draft: &mut Draft<'_, Department>,
    command: &SettleTickets,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    for settlement in &command.settlements {
        let ticket = floor::ticket_of(state, &settlement.ticket)?;
        if !tickets::may_settle(&ticket.standing) {
            return Err(floor::wrong_state(ticket).with("ticket", ticket.id().as_str()));
        }
    }
    check(state, &command.settlements, context)?;
    settle(draft, &command.settlements, "settle_tickets", context);
    doors::fill(draft, context.now);
    Ok(Answer::Done)
}

/// Checks what is to become of each ticket: one settlement a ticket, and only who can be called is moved to a line.
fn check(state: &State, settlements: &[Settlement], context: &Context) -> Result<(), Rejection> {
    let mut seen = BTreeSet::new();
    for settlement in settlements {
        let ticket = floor::ticket_of(state, &settlement.ticket)?;
        if !seen.insert(ticket.id()) {
            return Err(Rejection::field("settlements", "one settlement a ticket"));
        }
        let is_absent = matches!(ticket.standing, Standing::Away { .. } | Standing::Missed { .. })
            || left_over::is_left_over(state, ticket, context.now);
        match (settlement.how, &settlement.to) {
            (SettlementKind::Move, _) if is_absent => {
                return Err(Rejection::field("settlements", "who is not there cannot be moved to another line")
                    .with("ticket", ticket.id().as_str())
                    .with("state", ticket.standing.name())
                    .with("how", ["return_day", "refund", "seen"].map(str::to_owned).to_vec()));
            }
            (SettlementKind::Move, Some(to)) if *to != ticket.opened.queue => drop(state.config.queue(to)?),
            (SettlementKind::Move, _) => {
                return Err(Rejection::field("settlements", "move names another queue of the department"));
            }
            (_, None) => {}
            (_, Some(_)) => return Err(Rejection::field("settlements", "only move names a queue")),
        }
    }
    Ok(())
}

/// Settles in the order in which the patients came.
fn settle(draft: &mut Draft<'_, Department>, settlements: &[Settlement], reason: &str, context: &Context) {
    let mut settlements: Vec<_> = settlements.iter().collect();
    let checked_in_at = |ticket| draft.state().floor.tickets[ticket].opened.checked_in_at;
    settlements.sort_by_key(|settlement| (checked_in_at(&settlement.ticket), settlement.ticket.clone()));
    for settlement in settlements {
        tickets::settle(draft, settlement, reason, context.now);
    }
}
