//! Numbers (I2): one more than the last of the queue and day, shown with the queue's prefix, never given again.

use crate::BusinessDate;
use crate::department::State;
use crate::ids::QueueId;

/// The next own number: above every one given, and not one that the hospital's system has used.
pub fn next(state: &State, queue: &QueueId, date: BusinessDate) -> u32 {
    let given = state.floor.numbers.get(&(date, queue.clone()));
    let mut n = given.map_or(0, |numbers| numbers.last) + 1;
    while given.is_some_and(|numbers| numbers.outside.contains(&shown(state, queue, n))) {
        n += 1;
    }
    n
}

/// How a number is shown: `A012`.
pub fn shown(state: &State, queue: &QueueId, n: u32) -> String {
    let prefix = state.config.queues.get(queue).map_or("", |queue| queue.is.prefix.as_str());
    format!("{prefix}{n:03}")
}

/// Whether that number has been shown in that queue on that day.
pub fn is_taken(state: &State, queue: &QueueId, date: BusinessDate, number: &str) -> bool {
    let Some(given) = state.floor.numbers.get(&(date, queue.clone())) else { return false };
    let prefix = state.config.queues.get(queue).map_or("", |queue| queue.is.prefix.as_str());
    let own =
        number.strip_prefix(prefix).and_then(|n| n.parse::<u32>().ok()).filter(|n| shown(state, queue, *n) == number);
    given.outside.contains(number) || own.is_some_and(|n| (1..=given.last).contains(&n))
}
