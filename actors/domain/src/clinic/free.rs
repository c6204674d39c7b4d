//! What can be booked online in a department, session by session, for whoever looks for a place and not for a session.

use std::collections::BTreeMap;

use crate::ids::*;
use crate::time::{BusinessDate, Timestamp};
use crate::vocabulary::Channel;

use super::state::*;

/// So many sessions with free places are told at most, the nearest.
pub const FREE_SESSIONS: usize = 2_000;

/// A session that can be booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreeSession {
    /// Which.
    pub session: SessionId,
    /// The hospital-local date.
    pub date: BusinessDate,
    /// Whose; none: a pool's.
    pub doctor: Option<DoctorId>,
    /// 号别.
    pub registration_class: String,
    /// Fee in fen.
    pub fee_fen: u32,
    /// Its first slot with a free place.
    pub slot: SlotId,
    /// When that begins.
    pub start: Timestamp,
    /// Places free in that slot.
    pub free: u32,
    /// Places free in all of it.
    pub free_all: u32,
}

/// What can be booked in a department at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Free {
    /// In order of time; [`FREE_SESSIONS`] at most.
    pub sessions: Vec<FreeSession>,
    /// When sessions with free places can be booked that cannot be yet: the earliest, by doctor and class.
    pub opens: BTreeMap<(Option<DoctorId>, String), Timestamp>,
}

impl Free {
    /// As it is at `now`.
    pub fn of(clinic: &Clinic, now: Timestamp) -> Self {
        let mut free = Self::default();
        for (id, session) in &clinic.sessions {
            if session.standing != SessionStanding::Open || session.is_frozen() {
                continue;
            }
            let slots = session.slots.iter().filter_map(|slot| Some((slot, clinic.slots.get(slot)?)));
            let slots = slots.map(|(id, slot)| (id, slot, slot.free_for(Channel::Online)));
            let mut open = slots.filter(|(id, slot, free)| *free > 0 && now < slot.end && !clinic.is_stopped(id));
            let Some((slot, first, places)) = open.next() else { continue };
            let (doctor, class) = (session.doctor.clone(), session.registration_class.clone());
            if let Some(at) = session.released_at.filter(|at| now < *at) {
                let opens = free.opens.entry((doctor, class)).or_insert(at);
                *opens = at.min(*opens);
                continue;
            }
            free.sessions.push(FreeSession {
                session: id.clone(),
                date: session.date,
                doctor,
                registration_class: class,
                fee_fen: session.fee_fen,
                slot: slot.clone(),
                start: first.start,
                free: places,
                free_all: places + open.map(|(_, _, places)| places).sum::<u32>(),
            });
        }
        free.sessions.sort_by(|a, b| (a.start, &a.session).cmp(&(b.start, &b.session)));
        free.sessions.truncate(FREE_SESSIONS);
        free
    }
}
