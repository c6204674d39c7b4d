//! Who is on the way to a queue from another department: shown at the target's desk too, until the ticket is taken, refused
//! or asked back. What lies between two departments, neither can say alone: it is read from both.

use serde_json::{Map, Value, json};

use crate::department::{Event, State};
use crate::floor::{Event as Floor, Standing, Ticket, pre_check};
use crate::ids::*;
use crate::time::Zone;

/// Everybody on the way to a queue of `here` from these departments.
pub fn coming<'a>(
    here: &State,
    queue: &QueueId,
    others: impl IntoIterator<Item = &'a State>,
    zone: Zone,
) -> Map<String, Value> {
    let tickets = others.into_iter().flat_map(|from| from.floor.tickets.values().map(move |ticket| (from, ticket)));
    let arriving = |(from, ticket): (&State, &Ticket)| {
        Some((ticket.id().to_string(), arriving(here, queue, from, ticket.id(), zone)?))
    };
    tickets.filter_map(arriving).collect()
}

/// One ticket of another department, as the desk of the queue sees it; none when it is not on the way there.
pub fn arriving(here: &State, queue: &QueueId, from: &State, ticket: &TicketId, zone: Zone) -> Option<Value> {
    let ticket = from.floor.tickets.get(ticket)?;
    let Standing::InTransit { to, since, recalled: false } = &ticket.standing else { return None };
    let is_taken = here.floor.received.get(ticket.id()).is_some_and(Option::is_some);
    let is_refused = pre_check::is_not_taken(from, ticket);
    (to == queue && !is_taken && !is_refused).then(|| {
        json!({
            "ticket": ticket.id(),
            "department": from.config.id,
            "queue": ticket.opened.queue,
            "number": ticket.opened.number,
            "masked_name": ticket.opened.brief.masked_name,
            "since": zone.rfc3339(*since),
        })
    })
}

/// The ticket whose way to a queue an event begins or ends, and that queue; in the state after the event.
pub fn on_the_way(state: &State, event: &Event) -> Option<(QueueId, TicketId)> {
    let Event::Floor(event) = event else { return None };
    match event {
        Floor::TransferSent { transfer, .. } => Some((transfer.to.clone(), transfer.ticket.clone())),
        Floor::TransferRecalled { ticket, to, .. } => Some((to.clone(), ticket.clone())),
        Floor::TransferCompleted { ticket, .. } | Floor::TransferReturned { ticket, .. } => {
            let steps = &state.floor.tickets.get(ticket)?.steps;
            let to = steps.iter().rev().find_map(|step| match &step.before.as_ref()?.standing {
                Standing::InTransit { to, .. } => Some(to.clone()),
                _ => None,
            });
            Some((to?, ticket.clone()))
        }
        Floor::TransferNotTaken { ticket, .. } => match &state.floor.tickets.get(ticket)?.standing {
            Standing::InTransit { to, .. } => Some((to.clone(), ticket.clone())),
            _ => None,
        },
        Floor::TransferReceived(entry) => Some((entry.opened.queue.clone(), entry.opened.linked_from.clone()?)),
        _ => None,
    }
}
