//! Expected wait: a range from the pace of the doctors who call from the queue today, rounded to 5 minutes, as clock
//! times. Unknown is unknown: below [`SAMPLES_NEEDED`] service times of today there is no range.

use crate::department::State;
use crate::ids::QueueId;
use crate::time::Timestamp;

/// Service times of today that a range needs.
pub const SAMPLES_NEEDED: usize = 5;

const STEP_MS: i64 = 5 * 60 * 1000;

/// When somebody with `ahead` people before them will be called, from and to. Taken from the lower and the upper quartile
/// of the service times of the doctors who call from the queue, shared between those who are not paused. Rounded outwards,
/// but the lower end is never before now.
pub fn expected(state: &State, queue: &QueueId, ahead: usize, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let rooms = state.floor.work.iter().filter(|(_, work)| work.pause.is_none() && work.queues.contains(queue));
    let mut times: Vec<u32> = Vec::new();
    let mut doctors = 0;
    for (doctor, _) in rooms {
        doctors += 1;
        times.extend(state.floor.pace.get(doctor).into_iter().flat_map(|pace| &pace.service_s));
    }
    if times.len() < SAMPLES_NEEDED {
        return None;
    }
    times.sort_unstable();
    let wait_ms = |service_s: u32, turns: usize| i64::from(service_s) * 1000 * turns as i64 / doctors;
    let from = now.0 + wait_ms(times[times.len() / 4], ahead);
    let to = now.0 + wait_ms(times[times.len() * 3 / 4], ahead + 1);
    let up = |ms: i64| -(-ms).div_euclid(STEP_MS) * STEP_MS;
    let (from, to) = ((from.div_euclid(STEP_MS) * STEP_MS).max(up(now.0)), up(to));
    Some((Timestamp(from), Timestamp(to.max(from + STEP_MS))))
}
