//! Expected waits: ranges rounded to 5 minutes, as clock times. They are a record of the department, made by its deadline:
//! at most one a minute a queue, and only where somebody waits and a range is another one now or may be, because somebody
//! has come, gone or changed the pace. Unknown is unknown.

mod estimate;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use estimate::{Estimate, SAMPLES_NEEDED};

use super::event::Event;
use super::left_over::Today;
use super::state::{Floor, Standing};
use crate::department::{Department, State};
use crate::ids::{DoctorId, QueueId, TicketId};
use crate::owner::Draft;
use crate::queue::Queues;
use crate::time::Timestamp;

const STEP_MS: i64 = 5 * 60 * 1000;
/// Between two records of one queue, in seconds.
const APART_S: i64 = 60;

/// When somebody will be called: from and to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// At the earliest.
    pub from: Timestamp,
    /// At the latest.
    pub to: Timestamp,
}

impl Expected {
    /// A wait that begins now, rounded outwards, but from no time before now; never empty.
    fn rounded(now: Timestamp, (from_ms, to_ms): (i64, i64)) -> Self {
        let up = |ms: i64| -(-ms).div_euclid(STEP_MS) * STEP_MS;
        let from = ((now.0 + from_ms).div_euclid(STEP_MS) * STEP_MS).max(up(now.0));
        let to = up(now.0 + to_ms);
        Self { from: Timestamp(from), to: Timestamp(to.max(from + STEP_MS)) }
    }

    /// When the same wait, begun later, would be rounded to another range.
    fn holds_until(&self, (from_ms, to_ms): (i64, i64)) -> Timestamp {
        Timestamp((self.from.0 + STEP_MS - from_ms).min(self.to.0 - to_ms + 1).min(self.from.0 + 1))
    }
}

/// What has been said of the waits in one queue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// When last.
    pub at: Option<Timestamp>,
    /// To those who wait, by ticket.
    pub tickets: BTreeMap<TicketId, Expected>,
    /// To whoever comes now.
    pub newcomer: Option<Expected>,
    /// When one of the ranges is another one though nothing happens.
    pub until: Option<Timestamp>,
    /// Since when something has happened that may change them.
    pub touched: Option<Timestamp>,
}

/// When the department has to look at its waits again: the earliest of its queues.
pub fn look_at(state: &State) -> Option<Timestamp> {
    state.floor.waits.iter().filter_map(|(queue, said)| due(state, queue, said)).min()
}

fn due(state: &State, queue: &QueueId, said: &Said) -> Option<Timestamp> {
    let next = match said.touched {
        Some(touched) => {
            let says = said.newcomer.is_some() || !said.tickets.is_empty();
            let waits = || state.floor.lines.get(queue).is_some_and(|lines| !lines.is_empty());
            (says || waits() && Estimate::is_known(state, queue)).then_some(touched)
        }
        None => said.until,
    };
    let apart = said.at.map(|at| at.plus_s(APART_S));
    next.map(|next| apart.map_or(next, |apart| next.max(apart)))
}

/// The deadline has passed: says the waits of each queue that is due.
pub(crate) fn say(draft: &mut Draft<'_, Department>, now: Timestamp) {
    let state = draft.state();
    let is_due = |(queue, said): &(&QueueId, &Said)| due(state, queue, said).is_some_and(|at| at <= now);
    let queues: Vec<QueueId> = state.floor.waits.iter().filter(is_due).map(|(queue, _)| queue.clone()).collect();
    for queue in queues {
        let event = look(draft.state(), queue, now);
        super::emit(draft, event);
    }
}

/// What there is to say of a queue now, beside what has been said.
pub(crate) fn look(state: &State, queue: QueueId, now: Timestamp) -> Event {
    let in_line = Today::of_queue(state, &queue, now);
    let order = in_line.lines(&queue).map(|lines| lines.order(&state.config.settings.queue)).unwrap_or_default();
    let estimate = Estimate::of(state, &queue);
    let mut until: Option<Timestamp> = None;
    let mut expected = |ahead: usize| {
        let wait_ms = estimate?.wait_ms(ahead);
        let expected = Expected::rounded(now, wait_ms);
        let holds_until = expected.holds_until(wait_ms);
        until = Some(until.map_or(holds_until, |until| until.min(holds_until)));
        Some(expected)
    };
    let is_at_door = |ticket: &TicketId| {
        state.floor.tickets.get(ticket).is_some_and(|ticket| matches!(ticket.standing, Standing::Summoned(_)))
    };
    let newcomer = if order.is_empty() { None } else { expected(order.len()) };
    let tickets: BTreeMap<&TicketId, Expected> = order
        .iter()
        .enumerate()
        .filter_map(|(n, ticket)| Some((ticket, expected(if is_at_door(ticket) { 0 } else { n })?)))
        .collect();
    let said = state.floor.waits.get(&queue).map(|said| &said.tickets);
    let before = |ticket: &TicketId| said?.get(ticket).copied();
    let gone = said.into_iter().flatten().filter(|(ticket, _)| !tickets.contains_key(ticket));
    let mut changed: Vec<(TicketId, Option<Expected>)> = gone.map(|(ticket, _)| (ticket.clone(), None)).collect();
    let now_another = tickets.iter().filter(|(ticket, expected)| before(ticket) != Some(**expected));
    changed.extend(now_another.map(|(ticket, expected)| ((*ticket).clone(), Some(*expected))));
    Event::WaitsExpected { queue, newcomer, changed, until, at: now }
}

/// Applies what was said.
pub(super) fn said(
    floor: &mut Floor,
    queue: &QueueId,
    newcomer: Option<Expected>,
    changed: &[(TicketId, Option<Expected>)],
    until: Option<Timestamp>,
    at: Timestamp,
) {
    let said = floor.waits.entry(queue.clone()).or_default();
    for (ticket, expected) in changed {
        match expected {
            Some(expected) => drop(said.tickets.insert(ticket.clone(), *expected)),
            None => drop(said.tickets.remove(ticket)),
        }
    }
    (said.at, said.newcomer, said.until, said.touched) = (Some(at), newcomer, until, None);
}

/// The pace of a doctor, or that the doctor calls, has changed.
pub(crate) fn touch_of(floor: &mut Floor, doctor: &DoctorId, at: Timestamp) {
    let queues = floor.work.get(doctor).into_iter().flat_map(|work| &work.queues);
    for queue in queues {
        if let Some(said) = floor.waits.get_mut(queue) {
            said.touched.get_or_insert(at);
        }
    }
}
