//! What is planned to be called from each queue in the coming days.

use crate::clinic::SessionStanding;
use crate::department::State;
use crate::ids::{DoctorId, QueueId};
use crate::time::Timestamp;

/// So many days are looked ahead.
const DAYS: i64 = 14;

/// A session that is to come or runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedSession {
    /// From which queue its patients are called.
    pub queue: QueueId,
    /// Whose it is; none: of whoever calls from the queue.
    pub doctor: Option<DoctorId>,
    /// Its first slot's start.
    pub from: Timestamp,
    /// Its last slot's end.
    pub to: Timestamp,
    /// Its places.
    pub places: u32,
}

/// The sessions from today on that take people.
pub fn planned(state: &State, now: Timestamp) -> Vec<PlannedSession> {
    let today = state.config.today(now);
    let days = today..=today.plus_days(DAYS);
    let open = state.clinic.sessions.values();
    let open = open.filter(|session| session.standing == SessionStanding::Open && days.contains(&session.date));
    let sessions = open.filter_map(|session| {
        let slots = || session.slots.iter().filter_map(|slot| state.clinic.slots.get(slot));
        let from = slots().map(|slot| slot.start).min()?;
        let to = slots().map(|slot| slot.end).max()?;
        let places = slots().map(|slot| slot.capacity).sum();
        let (queue, doctor) = (session.queue.clone(), session.doctor.clone());
        Some(PlannedSession { queue, doctor, from, to, places })
    });
    sessions.collect()
}
