//! The estimate of waits in one queue: how long until somebody is called, from the pace of those who call. The only place
//! that knows the model; [`super`] rounds it, records it and says it.

use crate::department::State;
use crate::floor::Work;
use crate::ids::{DoctorId, QueueId};

/// Service times of today that an estimate needs.
pub const SAMPLES_NEEDED: usize = 5;

/// What is known of a queue's pace: the lower and the upper quartile of the service times of today of the doctors who call
/// from it and are not paused, shared between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    lower_s: u32,
    upper_s: u32,
    doctors: i64,
}

impl Estimate {
    /// Of a queue as it stands. None: unknown, below [`SAMPLES_NEEDED`].
    pub fn of(state: &State, queue: &QueueId) -> Option<Self> {
        if !Self::is_known(state, queue) {
            return None;
        }
        let mut times: Vec<u32> = Vec::new();
        let mut doctors = 0;
        for (doctor, _) in calling(state, queue) {
            doctors += 1;
            times.extend(samples(state, doctor));
        }
        times.sort_unstable();
        Some(Self { lower_s: times[times.len() / 4], upper_s: times[times.len() * 3 / 4], doctors })
    }

    /// Whether there is an estimate, told without making it.
    pub fn is_known(state: &State, queue: &QueueId) -> bool {
        calling(state, queue).map(|(doctor, _)| samples(state, doctor).len()).sum::<usize>() >= SAMPLES_NEEDED
    }

    /// How long it takes until somebody with `ahead` people before them is called: from and to, in milliseconds.
    pub fn wait_ms(&self, ahead: usize) -> (i64, i64) {
        let wait_ms = |service_s: u32, turns: usize| i64::from(service_s) * 1000 * turns as i64 / self.doctors;
        (wait_ms(self.lower_s, ahead), wait_ms(self.upper_s, ahead + 1))
    }
}

fn calling<'a>(state: &'a State, queue: &'a QueueId) -> impl Iterator<Item = (&'a DoctorId, &'a Work)> {
    state.floor.work.iter().filter(move |(_, work)| work.pause.is_none() && work.queues.contains(queue))
}

fn samples<'a>(state: &'a State, doctor: &DoctorId) -> &'a [u32] {
    state.floor.pace.get(doctor).map_or(&[], |pace| &pace.service_s)
}
