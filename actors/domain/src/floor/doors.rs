//! Between tickets and lines: what an arrival tells the rules of who is next, the way back to an old place, doors.

use super::emit;
use super::event::{Event, Over};
use super::left_over::{self, Today, is_left_over};
use super::state::{Opened, Standing, Step, StepKind, Ticket, Work};
use super::{calls, event::Summoned};
use crate::clinic::SessionStanding;
use crate::department::{Department, State};
use crate::ids::*;
use crate::owner::Draft;
use crate::queue::{self, Arrival, Came, Lines, Next, Place, Placement, Queues, Returned, Room, Sequence, Summons};
use crate::time::{BusinessDate, Timestamp};
use crate::vocabulary::AnnouncementKind;

/// Where a ticket is put that comes to `queue` by `came`. `class` is what counts now (a name, `none`, or not asked).
pub(crate) fn place(
    state: &State,
    queue: &QueueId,
    opened: &Opened,
    came: Came,
    class: Option<&str>,
    age: Option<u32>,
    at: Timestamp,
) -> Placement {
    let settings = &state.config.settings.queue;
    let asks_slot = [settings.returning, settings.missed, settings.late].contains(&queue::InsertionRule::EndOfSlot);
    let arrival = Arrival {
        ticket: opened.ticket.clone(),
        came,
        class: class.map(str::to_owned),
        age,
        walk_in: opened.walk_in,
        addition: opened.addition,
        slot_start: opened.slot_start,
        sequence: opened.sequence,
        checked_in_at: opened.checked_in_at,
        at,
        running_slot_start: asks_slot.then(|| slot_at(state, queue, opened.date, at)).flatten().map(|slot| slot.start),
    };
    match Today::of_queue(state, queue, at).lines(queue) {
        Some(lines) => lines.place(settings, &arrival),
        None => Lines::new().place(settings, &arrival),
    }
}

/// A slot of a queue's day.
#[derive(Clone, Debug)]
pub(crate) struct DaySlot<'a> {
    pub id: &'a SlotId,
    pub session: &'a SessionId,
    pub start: Timestamp,
    pub end: Timestamp,
}

/// The slot running in a queue at `at`, else the next, else the last one of the day.
pub(crate) fn slot_at<'a>(state: &'a State, queue: &QueueId, date: BusinessDate, at: Timestamp) -> Option<DaySlot<'a>> {
    let mut slots: Vec<DaySlot<'a>> = state
        .clinic
        .sessions
        .iter()
        .filter(|(_, session)| {
            session.queue == *queue && session.date == date && session.standing == SessionStanding::Open
        })
        .flat_map(|(session, is)| is.slots.iter().map(move |id| (session, id)))
        .filter(|(_, id)| !state.clinic.is_stopped(id))
        .filter_map(|(session, id)| {
            let slot = state.clinic.slots.get(id)?;
            Some(DaySlot { id, session, start: slot.start, end: slot.end })
        })
        .collect();
    slots.sort_by_key(|slot| (slot.start, slot.end, slot.id));
    let times: Vec<(usize, Timestamp, Timestamp)> =
        slots.iter().enumerate().map(|(n, slot)| (n, slot.start, slot.end)).collect();
    queue::walk_in_slot(&times, at).map(|n| slots.swap_remove(n))
}

/// The place of a ticket: the one it has in line or at a door, else the one it had last.
pub(crate) fn place_of<'a>(state: &'a State, ticket: &'a Ticket) -> Option<&'a Place> {
    match &ticket.standing {
        Standing::Waiting | Standing::Summoned(_) => {
            state.floor.lines.get(&ticket.opened.queue)?.get(ticket.id()).map(|held| held.place)
        }
        _ => ticket.place.as_deref(),
    }
}

/// Back to the old place in the ticket's queue (rule 6).
pub(super) fn returned(state: &State, ticket: &Ticket) -> Returned {
    let place = place_of(state, ticket).expect("a ticket that has waited keeps its place");
    returned_to(state, &ticket.opened.queue, place)
}

/// Back to that place in that queue.
pub(super) fn returned_to(state: &State, queue: &QueueId, place: &Place) -> Returned {
    match state.floor.lines.get(queue) {
        Some(lines) => lines.return_to_old_place(place),
        None => Lines::new().return_to_old_place(place),
    }
}

/// Who is next for this doctor (rules 1, 7, 8).
pub(crate) fn next_for(state: &State, work: &Work, at: Timestamp) -> Option<Next> {
    queue::next_call(&Today::of(state, at), &state.config.settings.queue, &room(state, work))
}

/// Who is next for a room at whose door nobody is told to wait (a cap of 0), where no other room calls from its queues:
/// of a pool any room may take the first.
pub(crate) fn next_of_own(state: &State, work: &Work, at: Timestamp) -> Option<TicketId> {
    let rooms_of = |queue: &QueueId| state.floor.work.values().filter(|work| work.queues.contains(queue)).count();
    let is_own = room(state, work).door_cap == 0 && work.queues.iter().all(|queue| rooms_of(queue) == 1);
    if work.pause.is_some() || !is_own {
        return None;
    }
    next_for(state, work, at).map(|next| next.picked.ticket)
}

fn room<'a>(state: &'a State, work: &'a Work) -> Room<'a> {
    Room {
        service_point: &work.service_point,
        order: work.room_order,
        door_cap: work.door_cap.unwrap_or(state.config.settings.queue.door_cap),
        queues: &work.queues,
        last_queue: work.last_queue.as_ref(),
    }
}

/// Fills the doors of all rooms that are open and not paused (rule 8): after every event that leaves a place at a door
/// or brings a ticket. Who was left standing there on an earlier day goes back to the line first.
pub(crate) fn fill(draft: &mut Draft<'_, Department>, at: Timestamp) {
    let state = draft.state();
    if !left_over::is_nobody(state, at) {
        let at_doors = state.floor.work.values().flat_map(|work| &work.at_door);
        let left_over = at_doors.filter(|id| is_left_over(state, &state.floor.tickets[*id], at)).cloned();
        for ticket in left_over.collect::<Vec<_>>() {
            withdraw(draft, &ticket, at);
        }
    }
    loop {
        let state = draft.state();
        let settings = &state.config.settings.queue;
        let rooms: Vec<Room<'_>> = state
            .floor
            .work
            .values()
            .filter(|work| work.pause.is_none())
            .map(|work| (work.at_door.len(), room(state, work)))
            .filter(|(standing, room)| *standing < room.door_cap as usize)
            .map(|(_, room)| room)
            .collect();
        if rooms.is_empty() {
            return;
        }
        let Some(summons) = queue::next_summons(&Today::of(state, at), settings, &rooms) else { return };
        emit_summons(draft, summons, at);
    }
}

fn emit_summons(draft: &mut Draft<'_, Department>, summons: Summons, at: Timestamp) {
    let state = draft.state();
    let ticket = &state.floor.tickets[&summons.picked.ticket];
    let serial = state.floor.serial + 1;
    let call = CallId::numbered(&state.config.id, 'c', serial);
    let say = calls::say(state, ticket, &summons.service_point, AnnouncementKind::Summons);
    emit(draft, Event::PatientSummoned(Summoned { summons, call, serial, say, at }));
}

/// The door at which a ticket in hand stood before it was called, if that is where its call comes from.
pub(super) fn door_before(ticket: &Ticket) -> Option<&ServicePointId> {
    door_of(ticket.steps.iter().rev().find(|step| step.what == StepKind::Called && !step.undone)?)
}

/// The door at which the ticket stood before the step.
pub(super) fn door_of(step: &Step) -> Option<&ServicePointId> {
    match &step.before.as_ref()?.standing {
        Standing::Summoned(summons) => Some(&summons.service_point),
        _ => None,
    }
}

/// Whoever was called by mistake from a door stands in front there again (rules 6 and 8), and the last whom the freed
/// place had brought goes back to the line: for a ticket that has just been returned to its old place.
pub(super) fn back_to_door(draft: &mut Draft<'_, Department>, id: &TicketId, door: &ServicePointId, at: Timestamp) {
    let work = |state: &State| Some(state.floor.work[state.floor.rooms.get(door)?].clone());
    let Some(at_work) = work(draft.state()).filter(|work| work.pause.is_none()) else { return };
    let state = draft.state();
    let room_now = room(state, &at_work);
    let queue = &state.floor.tickets[id].opened.queue;
    if room_now.door_cap == 0 || !at_work.queues.contains(queue) {
        return;
    }
    let Some(summons) = queue::summons_in_front(&state.floor.lines, &room_now, queue, id) else { return };
    if let Some(last) = queue::last_at_full_door(&state.floor.lines, &room_now).cloned() {
        withdraw(draft, &last, at);
    }
    emit_summons(draft, summons, at);
}

/// Takes a summoned ticket back from the door to its old place.
pub(crate) fn withdraw(draft: &mut Draft<'_, Department>, id: &TicketId, at: Timestamp) {
    let state = draft.state();
    let ticket = &state.floor.tickets[id];
    let Standing::Summoned(summons) = &ticket.standing else { return };
    let over: Over = calls::over(state, ticket, &summons.call);
    let service_point = summons.service_point.clone();
    let event =
        Event::SummonsWithdrawn { ticket: id.clone(), service_point, returned: returned(state, ticket), over, at };
    emit(draft, event);
}

/// A sequence behind every place of the slot.
pub(crate) fn new_sequence(serial: u64) -> Sequence {
    Sequence::without_place(serial)
}
