//! A ticket as desk and doctors see it, and how much of it and of a day is shown.

use serde_json::{Value, json};

use super::parts::{View, line_of, missed, why};
use crate::floor::calls::missed_from;
use crate::floor::pre_check::is_unasked;
use crate::floor::{Standing, Step, Ticket, doors, far_away, notices, receipts, undo};
use crate::time::Timestamp;

/// So many of a ticket's steps are shown, the newest; and the one that can be undone, however many came after it.
const STEPS_SHOWN: usize = 50;

/// So many of the tickets of a queue that have ended today stand in its snapshot: a day has no bound, a snapshot has one.
pub const ENDED_SHOWN: usize = 200;

/// Of these tickets all that live and the newest that have ended; and how many that have ended are left out.
pub(super) fn newest_ended<'a>(tickets: impl Iterator<Item = &'a Ticket>) -> (Vec<&'a Ticket>, usize) {
    let (mut shown, mut ended): (Vec<&Ticket>, Vec<&Ticket>) = tickets.partition(|ticket| ticket.is_live());
    let left_out = ended.len().saturating_sub(ENDED_SHOWN);
    if left_out > 0 {
        let last =
            |ticket: &Ticket| -> Timestamp { ticket.steps.last().map_or(ticket.opened.checked_in_at, |step| step.at) };
        ended.sort_by_key(|ticket| (last(ticket), ticket.id()));
    }
    shown.extend(&ended[left_out..]);
    (shown, left_out)
}

impl View<'_> {
    /// A ticket as desk and doctors see it.
    pub fn ticket(&self, ticket: &Ticket) -> Value {
        let opened = &ticket.opened;
        let place = doors::place_of(self.state, ticket);
        let call = ticket.standing.call();
        let (service_point, summons) = match &ticket.standing {
            Standing::Summoned(summons) => (Some(&summons.service_point), Some(&summons.call)),
            _ => (call.map(|call| &call.service_point), None),
        };
        let undoable = undo::undoable(ticket);
        let first_shown = ticket.steps.len().saturating_sub(STEPS_SHOWN);
        let shown = |(at, _): &(usize, &Step)| *at >= first_shown || undoable == Some(*at);
        let steps = ticket.steps.iter().enumerate().filter(shown).map(|(at, step)| {
            json!({
                "event": format!("{}@{}", ticket.id(), at + 1),
                "what": step.what.name(),
                "at": self.at(step.at),
                "reason": step.reason,
                "undone": step.undone,
                "undoable": undoable == Some(at),
            })
        });
        let steps: Vec<Value> = steps.collect();
        json!({
            "ticket": ticket.id(),
            "visit": opened.visit,
            "appointment": opened.appointment,
            "session": opened.session,
            "queue": opened.queue,
            "number": opened.number,
            "date": opened.date,
            "patient": opened.brief.patient,
            "masked_name": opened.brief.masked_name,
            "sex": opened.brief.sex,
            "birth_year": opened.brief.birth_year,
            "state": ticket.standing.name(),
            "line": line_of(ticket, place),
            "class": opened.class,
            "walk_in": opened.walk_in,
            "addition": opened.addition,
            "slot_start": opened.slot_start.map(|at| self.at(at)),
            "checked_in_at": self.at(opened.checked_in_at),
            "why": why(ticket, place),
            "put_before": if matches!(ticket.standing, Standing::Waiting) { ticket.put_before.as_slice() } else { &[] },
            "service_point": service_point,
            "call": call.map(|call| &call.call).or(summons),
            "rounds": call.map(|call| call.rounds),
            "first_called_at": call.map(|call| self.at(call.first_called_at)),
            "missed_from": missed_from(ticket, &self.state.config.settings.calling).map(|at| self.at(at)),
            "calls_to_go": match &ticket.standing {
                Standing::Called(call) => self.state.config.settings.calling.missed_after_calls.saturating_sub(call.rounds),
                _ => 0,
            },
            "started_at": match &ticket.standing {
                Standing::Serving { started_at, .. } => Some(self.at(*started_at)),
                _ => None,
            },
            "not_announced": receipts::problem(&self.state.floor, ticket),
            "not_reached": notices::not_reached(&self.state.floor, ticket.id()).map(|of| missed(&of, None, self.zone)),
            "told_by_desk": notices::marked(&self.state.floor, ticket.id()),
            "far_km": far_away::km(&self.state.floor, ticket),
            "missed_times": ticket.missed_times,
            "transfer_to": match &ticket.standing {
                Standing::InTransit { to, .. } => Some(to),
                _ => None,
            },
            "transfer_since": match &ticket.standing {
                Standing::InTransit { since, .. } => Some(self.at(*since)),
                _ => None,
            },
            "linked_from": opened.linked_from,
            "linked_to": ticket.linked_to,
            "ended": match &ticket.standing {
                Standing::Ended { how, .. } => Some(how.name()),
                _ => None,
            },
            "pre_check": self.pre_check(ticket),
            "unasked": is_unasked(self.state, ticket),
            "steps_before": ticket.steps.len() - steps.len(),
            "steps": steps,
        })
    }
}
