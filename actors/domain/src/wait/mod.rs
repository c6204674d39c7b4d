//! Expected wait: when somebody will be called, as a middle and a range that holds four of five real waits.
//!
//! The pace is the doctor's own of now, blended with what is usual (of the doctor, the department, the period); who will
//! really be called before counts, also who is likely to be put between; a pause counts to its end, if that is known. How
//! wide the range is, and where its middle, comes from how this department's earlier predictions came out. Unknown is
//! unknown: below [`TURNS_NEEDED`] turns of now and without earlier work there is no range.

mod paces;
mod spread;

pub use paces::{Paces, Period};

use self::paces::{ASSUMED, BLENDS, DISTANCES, Running};
use crate::department::State;
use crate::department::config::Config;
use crate::floor::{Called, Event, Floor, Standing, StepKind, Work};
use crate::ids::{DoctorId, QueueId, TicketId};
use crate::queue::Line;
use crate::time::Timestamp;

/// Turns (from call to call) that a range needs where nothing is known of earlier work.
pub const TURNS_NEEDED: u64 = 5;

/// When somebody will be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// One of ten is called before.
    pub p10: Timestamp,
    /// One of two.
    pub p50: Timestamp,
    /// Nine of ten.
    pub p90: Timestamp,
}

/// When somebody with `ahead` waiting people before them will be called: who is in hand does not count.
pub fn forecast(state: &State, queue: &QueueId, ahead: usize, now: Timestamp) -> Option<Forecast> {
    let floor = &state.floor;
    let lines = floor.lines.get(queue);
    // Who is put between and not here yet: as many as usual come with the ordinary ones ahead, less those who are.
    let standing = lines.map_or(0, |lines| lines.inserted_count()).min(ahead) as f64;
    let more = floor.paces.inserted(queue) * (ahead as f64 - standing) - standing;
    let calls = ahead as f64 + 1.0 + more.max(0.0);
    let place = Place::of(calls);
    let rooms = rooms(floor, queue, floor.paces.outcomes[place.nearest()].best(), now)?;
    let is_there = lines.is_some_and(|lines| ahead < lines.waiting_count() + lines.summoned_count());
    let [p10, p50, p90] = place.between(|n| {
        let outcome = &floor.paces.outcomes[n];
        (if is_there { &outcome.there } else { &outcome.later }).quantiles(ASSUMED[n])
    });
    let (held_ms, wait_ms) = wait_ms(rooms, calls);
    let at = |ratio: f64| now.plus_ms((held_ms + (wait_ms - held_ms) * ratio) as i64);
    Some(Forecast { p10: at(p10), p50: at(p50), p90: at(p90) })
}

/// Where a distance lies among [`DISTANCES`].
struct Place {
    below: usize,
    /// How far from that one to the next, 0 to 1.
    beyond: f64,
}

impl Place {
    fn of(calls: f64) -> Self {
        let below = DISTANCES.partition_point(|distance| f64::from(*distance) <= calls).saturating_sub(1);
        let (from, to) = (DISTANCES[below], DISTANCES[(below + 1).min(DISTANCES.len() - 1)]);
        let beyond = if to > from { (calls - f64::from(from)) / f64::from(to - from) } else { 0.0 };
        Self { below, beyond: beyond.clamp(0.0, 1.0) }
    }

    fn nearest(&self) -> usize {
        self.below + usize::from(self.beyond > 0.5)
    }

    fn between(&self, at: impl Fn(usize) -> [f64; 3]) -> [f64; 3] {
        let (lower, upper) = (at(self.below), at((self.below + 1).min(DISTANCES.len() - 1)));
        [0, 1, 2].map(|n| lower[n] + (upper[n] - lower[n]) * self.beyond)
    }
}

/// A room that calls, or will, from the queue.
struct Room {
    /// In how many ms it calls next.
    next_ms: f64,
    turn_ms: f64,
    /// How much of it is a pause.
    held_ms: f64,
}

/// Whether there is anything to foresee for a queue, told without foreseeing it: somebody calls from it, whose pace is
/// known.
pub fn is_known(state: &State, queue: &QueueId) -> bool {
    knows(&callers(&state.floor, queue))
}

type Caller<'a> = (&'a Work, Option<&'a Running>);

/// Who calls from the queue, or will after a pause whose end is known.
fn callers<'a>(floor: &'a Floor, queue: &QueueId) -> Vec<Caller<'a>> {
    let may_call = |work: &Work| match &work.pause {
        None => true,
        Some(pause) => pause.back_at.is_some(),
    };
    let work = floor.work.iter().filter(|(_, work)| work.queues.contains(queue) && may_call(work));
    work.map(|(doctor, work)| (work, floor.paces.running.get(doctor))).collect()
}

fn knows(callers: &[Caller<'_>]) -> bool {
    let known = callers.iter().filter_map(|(_, running)| *running);
    let is_known = known.clone().any(|running| running.usual_ms.is_some());
    is_known || known.map(|running| running.turns).sum::<u64>() >= TURNS_NEEDED
}

/// The rooms that call from the queue, with the turn that the blend expects; none if nobody does or nothing is known.
fn rooms(floor: &Floor, queue: &QueueId, blend: usize, now: Timestamp) -> Option<Vec<Room>> {
    let work = callers(floor, queue);
    if !knows(&work) {
        return None;
    }
    let turn_ms = |running: &Option<&Running>| running.and_then(|running| running.turn_ms(BLENDS[blend]));
    let turns: Vec<u64> = work.iter().filter_map(|(_, running)| turn_ms(running)).collect();
    let mean_ms = turns.iter().sum::<u64>().checked_div(turns.len() as u64)?;
    let room = |(work, running): (&Work, Option<&Running>)| {
        let turn_ms = turn_ms(&running).unwrap_or(mean_ms) as f64;
        let since = running.and_then(|running| running.last_call).filter(|_| work.in_hand.is_some());
        let next_ms = match since {
            // however long it has lasted, it is not over at once
            Some(since) => (turn_ms - now.ms_since(since) as f64).max(turn_ms / 2.0),
            None if work.in_hand.is_some() => turn_ms / 2.0,
            None => turn_ms / 8.0,
        };
        let back_at = work.pause.as_ref().and_then(|pause| pause.back_at);
        let held_ms = back_at.map_or(0.0, |back_at| back_at.ms_since(now).max(0) as f64);
        Room { next_ms: next_ms.max(held_ms), turn_ms, held_ms }
    };
    Some(work.into_iter().map(room).collect())
}

/// After how many ms that many calls will have been made, and how many of them are waiting for the first room to go on.
fn wait_ms(mut rooms: Vec<Room>, calls: f64) -> (f64, f64) {
    let held_ms = rooms.iter().map(|room| room.held_ms).fold(f64::INFINITY, f64::min);
    // Each room makes a call a turn from one turn before its next call on; together they make `calls` by then.
    let from_ms = |room: &Room| room.next_ms - room.turn_ms;
    rooms.sort_by(|a, b| from_ms(a).total_cmp(&from_ms(b)));
    let (mut rate, mut made) = (0.0, 0.0);
    let mut wait_ms = 0.0;
    for (n, room) in rooms.iter().enumerate() {
        rate += 1.0 / room.turn_ms;
        made += from_ms(room) / room.turn_ms;
        wait_ms = (calls + made) / rate;
        if rooms.get(n + 1).is_none_or(|next| from_ms(next) >= wait_ms) {
            break;
        }
    }
    (held_ms, wait_ms.max(held_ms))
}

/// Learns from an event, before it is applied.
pub(crate) fn learn(floor: &mut Floor, config: &Config, event: &Event) {
    match event {
        Event::PatientCalled(called) => learn_call(floor, config, called),
        Event::PatientReturned { ticket, .. } => forget_call(floor, ticket),
        Event::StepUndone(undone) => match (floor.tickets[&undone.ticket].standing.call(), undone.standing.call()) {
            (Some(_), None) => forget_call(floor, &undone.ticket),
            (None, Some(again)) => floor.paces.break_off(&again.doctor),
            // Still in that hand, or in none: another patient's turn may run there.
            _ => {}
        },
        Event::WorkBegan { doctor, at, .. } => {
            floor.paces.end(doctor, *at);
            floor.paces.begin(doctor, period(config, *at));
        }
        Event::WorkPaused { doctor, .. } | Event::WorkResumed { doctor, .. } => {
            floor.paces.break_off(doctor);
            forget_queues(floor, doctor);
        }
        Event::WorkStopped { doctor, at, .. } => {
            floor.paces.end(doctor, *at);
            forget_queues(floor, doctor);
        }
        Event::DaysTidied { at, .. } => floor.paces.tidy(*at),
        _ => {}
    }
}

fn learn_call(floor: &mut Floor, config: &Config, called: &Called) {
    let Called { ticket, doctor, queue, picked, at, .. } = called;
    let lines = floor.lines.get(queue);
    let held = lines.and_then(|lines| lines.get(ticket));
    let waiting_since = held.map_or(Timestamp(0), |held| held.place.waiting_since);
    let waiting = lines.map_or(0, |lines| lines.waiting_count() + lines.summoned_count());
    let behind = waiting.saturating_sub(usize::from(held.is_some()));
    floor.paces.called(doctor, *at, waiting_since, || period(config, *at));
    if let Some(picked) = picked {
        floor.paces.count(queue, picked.line == Line::Ordinary);
    }
    let turn_ms = turn_of_queue_ms(floor, queue);
    floor.paces.compare(queue, *at, u32::try_from(behind).unwrap_or(u32::MAX), turn_ms);
}

/// A call by mistake was none: neither of the doctor's turns nor of the queue's calls.
fn forget_call(floor: &mut Floor, ticket: &TicketId) {
    let Floor { tickets, paces, .. } = floor;
    let ticket = &tickets[ticket];
    let Some(call) = ticket.standing.call() else { return };
    paces.break_off(&call.doctor);
    paces.uncall(&ticket.opened.queue, call.first_called_at);
    let called = ticket.steps.iter().rev().find(|step| step.what == StepKind::Called && !step.undone);
    let before = called.and_then(|step| step.before.as_ref()).map(|before| &before.standing);
    if let (Some(Standing::Waiting | Standing::Summoned(_)), Some(place)) = (before, &ticket.place) {
        paces.uncount(&ticket.opened.queue, place.line == Line::Ordinary);
    }
}

/// From one call to the next out of the queue, by each blend: the rooms that call from it together. None as long as of one
/// of their doctors nothing usual is known: what is foreseen without that comes out far worse, nothing to learn from.
fn turn_of_queue_ms(floor: &Floor, queue: &QueueId) -> Option<[u64; 5]> {
    const PER_MS: u64 = 1_000_000_000_000;
    let mut rates = [0; 5];
    for (doctor, work) in &floor.work {
        if work.pause.is_none() && work.queues.contains(queue) {
            let running = floor.paces.running.get(doctor).filter(|running| running.usual_ms.is_some())?;
            for (rate, blend) in rates.iter_mut().zip(BLENDS) {
                *rate += PER_MS / running.turn_ms(blend)?;
            }
        }
    }
    rates.iter().all(|rate| *rate > 0).then(|| rates.map(|rate| PER_MS / rate))
}

fn forget_queues(floor: &mut Floor, doctor: &DoctorId) {
    for queue in floor.work.get(doctor).into_iter().flat_map(|work| &work.queues) {
        floor.paces.forget(queue);
    }
}

fn period(config: &Config, at: Timestamp) -> Period {
    match config.zone().clock(at).get(..2).and_then(|hour| hour.parse::<u32>().ok()) {
        Some(18..) => Period::Evening,
        Some(13..) => Period::Afternoon,
        _ => Period::Morning,
    }
}
