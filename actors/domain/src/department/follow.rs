//! A ticket follows its visit: who waits is taken along by what the hospital changes. What it has not changed stays as the
//! desk has it, and who is called, with the doctor, at tests or missed stays where the patient is.

use super::{Department, State};
use crate::floor::transfer::{move_within, new_number};
use crate::floor::{self, Event, Opened, OutsideVisit, Standing, StepKind, Ticket, TicketEnd, doors, left_over};
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::queue::{self, Came};
use crate::time::{BusinessDate, Timestamp};
use crate::vocabulary::SetPriority;

/// What a ticket of a visit from outside has of its slot.
pub(super) struct BySlot {
    pub session: Option<SessionId>,
    pub slot_start: Option<Timestamp>,
    /// It has no slot of this house.
    pub walk_in: bool,
    pub late: bool,
}

/// By the visit's slot, else by the one that runs in that queue when the patient comes.
pub(super) fn by_slot(state: &State, outside: &OutsideVisit, queue: &QueueId, came_at: Timestamp) -> BySlot {
    match outside.slot.as_ref().and_then(|slot| Some((slot, state.clinic.slots.get(slot)?))) {
        Some((id, slot)) => BySlot {
            session: Some(id.session()),
            slot_start: Some(slot.start),
            walk_in: false,
            late: queue::is_late(came_at, slot.end, state.clinic.delay_min(id), false),
        },
        None => {
            let running = doors::slot_at(state, queue, outside.date, came_at);
            BySlot {
                session: running.as_ref().map(|slot| slot.session.clone()),
                slot_start: running.map(|slot| slot.start),
                walk_in: true,
                late: false,
            }
        }
    }
}

/// Whether the visit can have another slot: nobody has come by it, or who has come on its day waits and follows. Else the
/// ticket has used the one that it has, and both keep it.
pub(super) fn may_take_slot(state: &State, visit: &VisitId, date: BusinessDate, now: Timestamp) -> bool {
    ticket_of(state, visit).is_none_or(|ticket| match ticket.standing {
        Standing::Ended { how: TicketEnd::Undone, .. } => true,
        _ => ticket.opened.date == date && waits(state, ticket, now),
    })
}

/// The visit has changed, from `before`: its ticket follows, if it waits.
pub(super) fn follow(draft: &mut Draft<'_, Department>, visit: &VisitId, before: &OutsideVisit, context: &Context) {
    let state = draft.state();
    let after = state.floor.visits.get(visit).and_then(|visit| visit.outside.clone());
    let waiting = ticket_of(state, visit).filter(|ticket| waits(state, ticket, context.now));
    let (Some(after), Some(ticket)) = (after, waiting) else { return };
    let (id, stands_in) = (ticket.id().clone(), ticket.opened.queue.clone());
    let to = if after.queue == before.queue { &stands_in } else { &after.queue };
    if after.slot != before.slot {
        reschedule(draft, &id, &after, to, context.now);
    } else if *to != stands_in {
        move_within(draft, &id, to, "change_visit", context.now);
    }
    let class = after.class.filter(|class| before.class.as_ref() != Some(class));
    if let Some(class) = class.filter(|class| draft.state().config.settings.queue.knows(class)) {
        let command = SetPriority { ticket: id, class, proof: "change_visit".to_owned() };
        floor::tickets::set_priority(draft, &command, context).expect("a waiting ticket takes a known class");
    }
    doors::fill(draft, context.now);
}

/// The ticket by which the patient has come in the visit, last: no second number of its day.
fn ticket_of<'a>(state: &'a State, visit: &VisitId) -> Option<&'a Ticket> {
    let visit = state.floor.visits.get(visit)?;
    let tickets = visit.tickets.iter().rev().filter_map(|ticket| state.floor.tickets.get(ticket));
    let is_second = |ticket: &Ticket| ticket.steps.first().is_some_and(|step| step.what == StepKind::Registered);
    tickets.into_iter().find(|ticket| ticket.opened.date > visit.date || !is_second(ticket))
}

fn waits(state: &State, ticket: &Ticket, now: Timestamp) -> bool {
    let is_in_line = matches!(ticket.standing, Standing::Waiting | Standing::Summoned(_));
    is_in_line && !left_over::is_left_over(state, ticket, now)
}

/// Placed as if it had come by that slot: late no longer, where it is not by the new one; never late by it alone.
fn reschedule(draft: &mut Draft<'_, Department>, id: &TicketId, visit: &OutsideVisit, to: &QueueId, at: Timestamp) {
    let state = draft.state();
    let ticket = &state.floor.tickets[id];
    let by = by_slot(state, visit, to, ticket.opened.checked_in_at);
    let serial = state.floor.serial + 1;
    let opened = Opened {
        session: by.session,
        slot_start: by.slot_start,
        walk_in: by.walk_in,
        sequence: doors::new_sequence(serial),
        ..ticket.opened.clone()
    };
    let came = match doors::place_of(state, ticket).map_or(Came::CheckIn, |place| place.came) {
        _ if *to != ticket.opened.queue => Came::Transferred,
        Came::Late if !by.late => Came::CheckIn,
        came => came,
    };
    let event = Event::TicketRescheduled {
        ticket: id.clone(),
        queue: to.clone(),
        number: new_number(state, ticket, to),
        serial,
        sequence: opened.sequence,
        placement: doors::place(state, to, &opened, came, opened.class.as_deref(), None, at),
        over: floor::calls::ending(state, ticket),
        session: opened.session,
        slot_start: opened.slot_start,
        walk_in: opened.walk_in,
        at,
    };
    floor::emit(draft, event);
}
