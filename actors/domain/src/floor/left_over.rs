//! Who is here, and who was left waiting on an earlier day: called by nobody and ahead of nobody, until the desk settles
//! the ticket.

use std::collections::BTreeMap;

use super::doors;
use super::state::{Standing, Ticket};
use crate::department::State;
use crate::ids::QueueId;
use crate::queue::{Lines, Queues};
use crate::time::Timestamp;
use crate::{Code, Rejection};

/// Who came before midnight is called after it. Who has waited for longer than this, and since another day, has been
/// forgotten.
const FORGOTTEN_AFTER_S: i64 = 10 * 3600;

/// Whether a ticket has been left waiting, in line or at a door, on an earlier day.
pub fn is_left_over(state: &State, ticket: &Ticket, now: Timestamp) -> bool {
    matches!(ticket.standing, Standing::Waiting | Standing::Summoned(_))
        && ticket.opened.date < state.config.today(now)
        && doors::place_of(state, ticket).is_some_and(|place| place.waiting_since < now.plus_s(-FORGOTTEN_AFTER_S))
}

/// Whether somebody is here by a ticket: found by it, told by it, and given no second number. Midnight sends nobody home who
/// waits, nor who is called or with the doctor, however long that took. Who is away or was missed comes back on the ticket's own day only.
pub fn is_here(state: &State, ticket: &Ticket, now: Timestamp) -> bool {
    match &ticket.standing {
        Standing::Ended { .. } => false,
        Standing::Away { .. } | Standing::Missed { .. } => ticket.opened.date >= state.config.today(now),
        Standing::Waiting | Standing::Summoned(_) => !is_left_over(state, ticket, now),
        Standing::Called(_) | Standing::Serving { .. } | Standing::InTransit { .. } => true,
    }
}

/// Whether nobody can have been left over: the usual case, told without a look at the lines.
pub(super) fn is_nobody(state: &State, now: Timestamp) -> bool {
    state.floor.waiting_from.is_none_or(|from| from >= state.config.today(now))
}

/// Rejects `wrong_ticket_state` for one that was left over: it is settled, and the patient is registered anew.
pub(crate) fn refuse(state: &State, ticket: &Ticket, now: Timestamp) -> Result<(), Rejection> {
    if is_left_over(state, ticket, now) { Err(of_an_earlier_day(ticket)) } else { Ok(()) }
}

pub(super) fn of_an_earlier_day(ticket: &Ticket) -> Rejection {
    Rejection::new(Code::WrongTicketState, "of an earlier day: register the patient anew in the same visit")
        .with("state", ticket.standing.name())
        .with("visit", ticket.opened.visit.as_str())
}

/// The queues of a department without those who were left over.
#[derive(Debug)]
pub struct Today<'a> {
    lines: &'a BTreeMap<QueueId, Lines>,
    /// Those in which somebody was left over, without them.
    cleared: BTreeMap<QueueId, Lines>,
}

impl<'a> Today<'a> {
    /// At a moment.
    pub fn of(state: &'a State, now: Timestamp) -> Self {
        let lines = &state.floor.lines;
        if is_nobody(state, now) {
            return Self { lines, cleared: BTreeMap::new() };
        }
        Self { lines, cleared: lines.keys().filter_map(|id| Some((id.clone(), cleared(state, id, now)?))).collect() }
    }

    /// The same for one queue alone.
    pub fn of_queue(state: &'a State, queue: &QueueId, now: Timestamp) -> Self {
        let cleared = if is_nobody(state, now) { None } else { cleared(state, queue, now) };
        Self { lines: &state.floor.lines, cleared: cleared.map(|lines| (queue.clone(), lines)).into_iter().collect() }
    }
}

impl Queues for Today<'_> {
    fn lines(&self, queue: &QueueId) -> Option<&Lines> {
        self.cleared.get(queue).or_else(|| self.lines.get(queue))
    }
}

/// The queue without those who were left over; none when nobody was.
fn cleared(state: &State, queue: &QueueId, now: Timestamp) -> Option<Lines> {
    let lines = state.floor.lines.get(queue)?;
    let longest = lines.waiting_since_before(now.plus_s(-FORGOTTEN_AFTER_S));
    let left_over = longest.filter(|id| state.floor.tickets.get(*id).is_some_and(|t| is_left_over(state, t, now)));
    left_over.fold(None, |cleared, ticket| {
        let mut cleared = cleared.unwrap_or_else(|| lines.clone());
        cleared.leave(ticket);
        Some(cleared)
    })
}
