//! What can be booked online in a department, session by session, for whoever looks for a place and not for a session; and
//! how many places a release still has for those in its line.

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
            let slots = clinic.online_slots(session, now).map(|(id, slot)| (id, slot, slot.free_for(Channel::Online)));
            let mut open = slots.filter(|(_, _, free)| *free > 0);
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

/// Places of the sessions of one release, as its line counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReleasedPlaces {
    /// Places that a phone can have now.
    pub left: u32,
    /// Places that are held, and come back if they are not confirmed.
    pub held: u32,
}

impl Clinic {
    /// The slots of a session in which a phone can have a place, if there is one: those that take place and are not over,
    /// unless the session is frozen. Whether it is released is not looked at.
    fn online_slots<'a>(
        &'a self,
        session: &'a Session,
        now: Timestamp,
    ) -> impl Iterator<Item = (&'a SlotId, &'a Slot)> {
        let slots = session.slots.iter().filter(|_| !session.is_frozen());
        let slots = slots.filter_map(|id| Some((id, self.slots.get(id)?)));
        slots.filter(move |(id, slot)| self.takes_place(session, id, slot, now))
    }

    /// What the sessions that are released at that moment have left for phones. What is frozen or stopped counts for
    /// nothing: nobody of the line could have it.
    pub fn places_released_at(&self, released_at: Timestamp, now: Timestamp) -> ReleasedPlaces {
        let sessions = self.sessions.values().filter(|session| session.released_at == Some(released_at));
        let slots = sessions.flat_map(|session| self.online_slots(session, now));
        slots.fold(ReleasedPlaces::default(), |places, (_, slot)| {
            let not_booked = u32::try_from(slot.expected.len()).unwrap_or(u32::MAX).saturating_sub(slot.booked);
            ReleasedPlaces { left: places.left + slot.free_for(Channel::Online), held: places.held + not_booked }
        })
    }
}
