//! Expected waits: ranges rounded to 5 minutes, as clock times. They are a record of the department, made by its deadline:
//! at most one a minute a queue, and only where somebody waits and is to be shown another range, because somebody has come,
//! gone or changed the pace, or with time. Unknown is unknown. What there is to expect, [`crate::wait`] foresees.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::left_over::Today;
use super::state::{Floor, Standing};
use crate::department::{Department, State};
use crate::ids::{DoctorId, QueueId, TicketId};
use crate::owner::Draft;
use crate::queue::Queues;
use crate::time::Timestamp;
use crate::wait::{Forecast, forecast, is_known};

const STEP_MS: i64 = 5 * 60 * 1000;
/// How far ahead it is looked for the moment at which a range is another one though nothing happens, and in what strides.
const AHEAD_MS: i64 = 10 * 60 * 1000;
const STRIDE_MS: i64 = 30 * 1000;
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
    /// What is foreseen now, rounded outwards, so that nobody is called before it begins, but from no time before now. It
    /// ends no sooner than something else can be said.
    fn rounded(now: Timestamp, Forecast { p10, p90, .. }: Forecast) -> Self {
        let down = |ms: i64| ms.div_euclid(STEP_MS) * STEP_MS;
        let from = down(p10.0);
        let to = -down(-p90.max(now.plus_s(APART_S)).0);
        Self { from: Timestamp(from.max(now.0)), to: Timestamp(to.max(from + STEP_MS)) }
    }

    /// What is shown of it at a moment: nothing once it has passed, and no beginning that has.
    fn shown(self, at: Timestamp) -> Option<(Option<Timestamp>, Timestamp)> {
        (self.to > at).then(|| (Some(self.from).filter(|from| *from > at), self.to))
    }

    /// Whether `said` is shown as this is.
    fn is_shown_as(self, said: Option<Self>, at: Timestamp) -> bool {
        said.and_then(|said| said.shown(at)) == self.shown(at)
    }
}

/// What is to be said of one queue as it stands, and when that is another thing though nothing happens.
struct Outlook<'a> {
    state: &'a State,
    queue: &'a QueueId,
    now: Timestamp,
    until: Timestamp,
}

impl Outlook<'_> {
    fn at(&self, ahead: usize, at: Timestamp) -> Option<Expected> {
        forecast(self.state, self.queue, ahead, at).map(|foreseen| Expected::rounded(at, foreseen))
    }

    fn expected(&mut self, ahead: usize) -> Option<Expected> {
        let expected = self.at(ahead, self.now)?;
        let is_same = |at| self.at(ahead, at).is_some_and(|now| now.is_shown_as(Some(expected), at));
        let (mut same, mut step) = (self.now, stride(self.now));
        while step < self.until && is_same(step) {
            (same, step) = (step, stride(step));
        }
        let mut other = step.min(self.until);
        if !is_same(other) {
            while other.ms_since(same) > 1 {
                let middle = same.plus_ms(other.ms_since(same) / 2);
                *(if is_same(middle) { &mut same } else { &mut other }) = middle;
            }
            self.until = other;
        }
        Some(expected)
    }
}

/// The next moment to look at. The last one before a whole five minutes is one: a beginning that has just come to these five
/// minutes is to be said until then only.
fn stride(at: Timestamp) -> Timestamp {
    let last = Timestamp(at.0 - at.0.rem_euclid(STEP_MS) + STEP_MS - 1);
    let next = at.plus_ms(STRIDE_MS);
    if at < last { next.min(last) } else { next }
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

/// When the department has to look at its waits again: the earliest of its queues. `looked`: when a look at all of them has
/// last found nothing to say.
pub fn look_at(state: &State, looked: Option<Timestamp>) -> Option<Timestamp> {
    let again = |due: Timestamp| looked.filter(|looked| due <= *looked).map_or(due, |looked| looked.plus_s(APART_S));
    state.floor.waits.iter().filter_map(|(queue, said)| due(state, queue, said).map(again)).min()
}

fn due(state: &State, queue: &QueueId, said: &Said) -> Option<Timestamp> {
    let next = match said.touched {
        Some(touched) => {
            let says = said.newcomer.is_some() || !said.tickets.is_empty();
            let waits = || state.floor.lines.get(queue).is_some_and(|lines| !lines.is_empty());
            (says || waits() && is_known(state, queue)).then_some(touched)
        }
        None => said.until,
    };
    let apart = said.at.map(|at| at.plus_s(APART_S));
    next.map(|next| apart.map_or(next, |apart| next.max(apart)))
}

/// The deadline has passed: says the waits of each queue that is due, where they are shown otherwise now.
pub(crate) fn say(draft: &mut Draft<'_, Department>, now: Timestamp) {
    let state = draft.state();
    let is_due = |(queue, said): &(&QueueId, &Said)| due(state, queue, said).is_some_and(|at| at <= now);
    let queues: Vec<QueueId> = state.floor.waits.iter().filter(is_due).map(|(queue, _)| queue.clone()).collect();
    for queue in queues {
        if let Some(event) = look(draft.state(), queue, now) {
            super::emit(draft, event);
        }
    }
}

/// What there is to say of a queue now, beside what has been said, if anything is.
pub(crate) fn look(state: &State, queue: QueueId, now: Timestamp) -> Option<Event> {
    let in_line = Today::of_queue(state, &queue, now);
    let order = in_line.lines(&queue).map(|lines| lines.order(&state.config.settings.queue)).unwrap_or_default();
    let mut outlook = Outlook { state, queue: &queue, now, until: now.plus_ms(AHEAD_MS) };
    let is_at_door = |ticket: &TicketId| {
        state.floor.tickets.get(ticket).is_some_and(|ticket| matches!(ticket.standing, Standing::Summoned(_)))
    };
    let newcomer = if order.is_empty() { None } else { outlook.expected(order.len()) };
    let tickets: BTreeMap<&TicketId, Expected> = order
        .iter()
        .enumerate()
        .filter_map(|(n, ticket)| Some((ticket, outlook.expected(if is_at_door(ticket) { 0 } else { n })?)))
        .collect();
    let until = (newcomer.is_some() || !tickets.is_empty()).then_some(outlook.until);
    let told = state.floor.waits.get(&queue);
    let said = told.map(|told| &told.tickets);
    let before = |ticket: &TicketId| said?.get(ticket).copied();
    let gone = said.into_iter().flatten().filter(|(ticket, _)| !tickets.contains_key(ticket));
    let mut changed: Vec<(TicketId, Option<Expected>)> = gone.map(|(ticket, _)| (ticket.clone(), None)).collect();
    let now_another = tickets.iter().filter(|(ticket, expected)| !expected.is_shown_as(before(ticket), now));
    changed.extend(now_another.map(|(ticket, expected)| ((*ticket).clone(), Some(*expected))));
    let newcomer_before = told.and_then(|told| told.newcomer);
    let is_same = changed.is_empty()
        && match newcomer {
            Some(newcomer) => newcomer.is_shown_as(newcomer_before, now),
            None => newcomer_before.is_none(),
        };
    (!is_same).then_some(Event::WaitsExpected { queue, newcomer, changed, until, at: now })
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

/// Of these queues a doctor has called, or has nobody in hand any more, or calls no more, or again.
pub(crate) fn touch<'a>(
    waits: &mut BTreeMap<QueueId, Said>,
    queues: impl IntoIterator<Item = &'a QueueId>,
    at: Timestamp,
) {
    for queue in queues {
        if let Some(said) = waits.get_mut(queue) {
            said.touched.get_or_insert(at);
        }
    }
}

/// As [`touch`], of a doctor's queues.
pub(crate) fn touch_of(floor: &mut Floor, doctor: &DoctorId, at: Timestamp) {
    let queues = floor.work.get(doctor).into_iter().flat_map(|work| &work.queues);
    touch(&mut floor.waits, queues, at);
}

/// Who calls from what may be another thing now. A definition states no time: at the next moment.
pub(crate) fn touch_all(floor: &mut Floor) {
    for said in floor.waits.values_mut() {
        said.touched.get_or_insert(Timestamp(0));
    }
}
