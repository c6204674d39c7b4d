//! Rooms that call from one queue or several, and their doors (rules 7 and 8).

use std::collections::BTreeMap;

use super::line::Line;
use super::lines::Lines;
use super::placement::{Next, Picked, Summons};
use super::settings::{QueueSettings, SeveralQueues};
use crate::ids::{QueueId, ServicePointId, TicketId};

/// Turn of the first at an empty door: below it there is room for those who come back to the front.
const FIRST_TURN: u64 = 100;

/// The queues of a department, found by their ids.
pub trait Queues {
    /// The lines of a queue.
    fn lines(&self, queue: &QueueId) -> Option<&Lines>;
}

impl Queues for BTreeMap<QueueId, Lines> {
    fn lines(&self, queue: &QueueId) -> Option<&Lines> {
        self.get(queue)
    }
}

/// A room that calls: open and not paused, with a doctor or a window.
#[derive(Clone, Copy, Debug)]
pub struct Room<'a> {
    /// Which.
    pub service_point: &'a ServicePointId,
    /// Order among the rooms of the department.
    pub order: u32,
    /// How many may stand at its door; 0: nobody is summoned to it.
    pub door_cap: u32,
    /// The queues that its doctor is signed in to, the own first.
    pub queues: &'a [QueueId],
    /// From which of them the last ticket was called or summoned to this room (`in_turn` asks).
    pub last_queue: Option<&'a QueueId>,
}

impl Room<'_> {
    fn lines<'q, Q: Queues>(&self, queues: &'q Q) -> impl Iterator<Item = (&QueueId, &'q Lines)> {
        self.queues.iter().filter_map(|queue| Some((queue, queues.lines(queue)?)))
    }

    /// Who stand at its door, of each of its queues, by their turns.
    fn turns<'q, Q: Queues>(&self, queues: &'q Q) -> impl Iterator<Item = &'q BTreeMap<u64, TicketId>> {
        self.lines(queues).filter_map(|(_, lines)| lines.turns(self.service_point))
    }

    /// How many stand at its door, and the turn of the last of them.
    fn standing<Q: Queues>(&self, queues: &Q) -> (usize, Option<u64>) {
        self.turns(queues).fold((0, None), |(standing, last), turns| {
            (standing + turns.len(), last.max(turns.last_key_value().map(|(turn, _)| *turn)))
        })
    }
}

/// "Call next" in a room: an emergency of any of its queues, then who stands at its door, then the pick (rules 1, 7, 8).
/// The floor puts the answer into its event and applies it with [`Lines::take`] of that queue.
pub fn next_call<Q: Queues>(queues: &Q, settings: &QueueSettings, room: &Room<'_>) -> Option<Next> {
    let emergency = room
        .lines(queues)
        .filter_map(|(queue, lines)| Some((queue, lines.emergency.first_key_value()?.1.waiting_since, lines)))
        .min_by_key(|(_, waiting_since, _)| *waiting_since);
    if let Some((queue, _, lines)) = emergency {
        return Some(Next { queue: queue.clone(), picked: lines.pick_emergency()? });
    }
    let at_door = room
        .lines(queues)
        .filter_map(|(queue, lines)| Some((queue, lines, lines.turns(room.service_point)?.first_key_value()?)))
        .min_by_key(|(_, _, (turn, _))| **turn);
    if let Some((queue, lines, (_, ticket))) = at_door {
        return Some(Next { queue: queue.clone(), picked: lines.picked_at_door(ticket)? });
    }
    let (queue, picked) = pick_of_several(queues, settings, room)?;
    Some(Next { queue: queue.clone(), picked })
}

/// The next ticket to be told to wait at a door (rule 8): fewest at the door first, then room order; emergencies are
/// never summoned. `rooms` are all rooms that are open and not paused. The floor asks again after it has applied the
/// answer ([`Lines::summon`]), until there is none: at opening, and after every event that leaves a place or brings a
/// ticket.
pub fn next_summons<Q: Queues>(queues: &Q, settings: &QueueSettings, rooms: &[Room<'_>]) -> Option<Summons> {
    let mut free: Vec<(usize, Option<u64>, &Room<'_>)> = rooms
        .iter()
        .filter(|room| room.door_cap > 0)
        .map(|room| {
            let (standing, last) = room.standing(queues);
            (standing, last, room)
        })
        .filter(|(standing, _, room)| *standing < room.door_cap as usize)
        .collect();
    free.sort_by_key(|(standing, _, room)| (*standing, room.order, room.service_point));
    free.into_iter().find_map(|(_, last, room)| {
        let (queue, picked) = pick_of_several(queues, settings, room)?;
        let turn = last.map_or(FIRST_TURN, |last| last + 1);
        Some(Summons { queue: queue.clone(), service_point: room.service_point.clone(), turn, picked })
    })
}

/// Back to the front of the door from which a ticket was called by mistake (rules 6 and 8), for one that waits in
/// `queue` at its old place: it has left its line once, nothing changes in the lines. The last at a full door goes back
/// first ([`last_at_full_door`]). None for an emergency, and when there is no turn before the first.
pub fn summons_in_front<Q: Queues>(queues: &Q, room: &Room<'_>, queue: &QueueId, ticket: &TicketId) -> Option<Summons> {
    let picked = queues.lines(queue)?.picked_at_door(ticket).filter(|picked| picked.line != Line::Emergency)?;
    let first = room.turns(queues).filter_map(BTreeMap::first_key_value).map(|(turn, _)| *turn).min();
    let turn = first.map_or(Some(FIRST_TURN), |first| first.checked_sub(1))?;
    Some(Summons { queue: queue.clone(), service_point: room.service_point.clone(), turn, picked })
}

/// Who stands last at a room's door when nobody more may stand there.
pub fn last_at_full_door<'q, Q: Queues>(queues: &'q Q, room: &Room<'_>) -> Option<&'q TicketId> {
    let is_full = room.standing(queues).0 >= room.door_cap as usize;
    let last = room.turns(queues).filter_map(BTreeMap::last_key_value).max_by_key(|(turn, _)| **turn);
    last.filter(|_| is_full).map(|(_, ticket)| ticket)
}

/// Rule 7, emergencies apart.
fn pick_of_several<'r, Q: Queues>(
    queues: &Q,
    settings: &QueueSettings,
    room: &Room<'r>,
) -> Option<(&'r QueueId, Picked)> {
    let head = |queue: &'r QueueId| {
        let lines = queues.lines(queue)?;
        Some((queue, lines, lines.head_after_emergency(settings)?))
    };
    let (queue, lines, (place, rule)) = match settings.several_queues {
        SeveralQueues::OwnFirst => room.queues.iter().find_map(head),
        SeveralQueues::InTurn => {
            let last = room.last_queue.and_then(|last| room.queues.iter().position(|queue| queue == last));
            let (before, after) = room.queues.split_at(last.map_or(0, |last| last + 1));
            after.iter().chain(before).find_map(head)
        }
        SeveralQueues::ByWaitingTime => {
            room.queues.iter().filter_map(head).min_by_key(|(_, _, (place, _))| place.waiting_since)
        }
    }?;
    Some((queue, lines.picked_by(settings, place, rule)))
}
