//! One change of a ticket's state: it is taken out of the one place where it is (line, door, hand), stands as the event
//! says, and is put into the one place that belongs to that (I3).

use std::collections::BTreeMap;

use super::state::*;
use super::waits::{self, Said};
use crate::BusinessDate;
use crate::ById;
use crate::ids::*;
use crate::queue::{Lines, Picked, Place, Placement, Returned, Summons as Told, Why};
use crate::time::Timestamp;
use crate::wait::Paces;

/// How a ticket leaves the line or door at which it is.
#[derive(Clone, Copy)]
pub(super) enum Out<'a> {
    /// Called by a rule or chosen.
    Called(&'a Picked),
    /// To a door.
    Summoned(&'a Told),
    /// In any other way; counters do not change.
    Leaves,
}

/// How a ticket comes into a line.
#[derive(Clone, Copy)]
pub(super) enum In<'a> {
    Placed(&'a Placement),
    Back(&'a Returned),
    /// It does not.
    Nowhere,
}

/// A change of one ticket's state.
pub(super) struct Change<'a> {
    pub(super) ticket: &'a TicketId,
    pub(super) what: StepKind,
    pub(super) standing: Standing,
    pub(super) out: Out<'a>,
    pub(super) into: In<'a>,
    pub(super) opened: Option<Opened>,
    pub(super) reason: Option<&'a str>,
    pub(super) at: Timestamp,
}

impl<'a> Change<'a> {
    pub(super) fn of(ticket: &'a TicketId, what: StepKind, standing: Standing, at: Timestamp) -> Self {
        Self { ticket, what, standing, out: Out::Leaves, into: In::Nowhere, opened: None, reason: None, at }
    }
    pub(super) fn placed(self, placement: &'a Placement) -> Self {
        Self { into: In::Placed(placement), ..self }
    }
    pub(super) fn back(self, returned: &'a Returned) -> Self {
        Self { into: In::Back(returned), ..self }
    }
    pub(super) fn because(self, reason: &'a str) -> Self {
        Self { reason: Some(reason), ..self }
    }
    pub(super) fn reopened(self, opened: Opened) -> Self {
        Self { opened: Some(opened), ..self }
    }
    pub(super) fn make(self, floor: &mut Floor) {
        let (tickets, mut places) = Places::of(floor, self.at);
        let ticket = tickets.get_mut(self.ticket).expect("an event names a ticket of its department");
        let old = places.leave(ticket, self.out);
        let passes = put_before(ticket, self.into, self.opened.as_ref());
        let put_before = std::mem::replace(&mut ticket.put_before, passes);
        let standing = std::mem::replace(&mut ticket.standing, self.standing);
        let opened = self.opened.map(|opened| Box::new(std::mem::replace(&mut ticket.opened, opened)));
        let place = match self.into {
            In::Nowhere => {
                ticket.place = old;
                None
            }
            In::Placed(_) | In::Back(_) => old,
        };
        places.stand(ticket, self.into);
        let before = Some(Box::new(Before { standing, place, opened, put_before }));
        let reason = self.reason.map(str::to_owned);
        ticket.steps.push(Step { what: self.what, at: self.at, reason, undone: false, before });
    }
}

/// Whom a ticket's class has put it before, once it stands as it will. One that waits on in its queue keeps those whom it has
/// passed already; a way back to the old place keeps them all.
fn put_before(ticket: &Ticket, into: In<'_>, opened: Option<&Opened>) -> Vec<TicketId> {
    let is_moved_up = |place: &Place| matches!(place.why, Why::MovedUp(..));
    match into {
        In::Nowhere => ticket.put_before.clone(),
        In::Back(returned) if is_moved_up(&returned.place) => ticket.put_before.clone(),
        In::Placed(placement) if is_moved_up(&placement.place) => {
            let queue = opened.map_or(&ticket.opened.queue, |opened| &opened.queue);
            let stays = matches!(ticket.standing, Standing::Waiting) && *queue == ticket.opened.queue;
            let kept = ticket.put_before.iter().filter(|_| stays);
            placement.passes.iter().chain(kept).cloned().collect()
        }
        In::Back(_) | In::Placed(_) => Vec::new(),
    }
}

/// Where tickets can be: in a line or at its doors, in a hand.
pub(super) struct Places<'a> {
    lines: &'a mut BTreeMap<QueueId, Lines>,
    work: &'a mut BTreeMap<DoctorId, Work>,
    rooms: &'a BTreeMap<ServicePointId, DoctorId>,
    waiting_from: &'a mut Option<BusinessDate>,
    waits: &'a mut BTreeMap<QueueId, Said>,
    paces: &'a mut Paces,
    at: Timestamp,
}

impl<'a> Places<'a> {
    /// Those of a floor, beside its tickets; `at` is when the ticket moves.
    pub(super) fn of(floor: &'a mut Floor, at: Timestamp) -> (&'a mut ById<TicketId, Ticket>, Self) {
        let Floor { tickets, lines, work, rooms, waiting_from, waits, paces, .. } = floor;
        (tickets, Self { lines, work, rooms, waiting_from, waits, paces, at })
    }

    /// Takes the ticket out of the place that its state gives it. Hands back the place in line that it gives up.
    pub(super) fn leave(&mut self, ticket: &mut Ticket, out: Out<'_>) -> Option<Box<Place>> {
        match &ticket.standing {
            Standing::Waiting => {}
            Standing::Summoned(summons) => {
                if let Some(work) = self.rooms.get(&summons.service_point).and_then(|doctor| self.work.get_mut(doctor))
                {
                    work.at_door.retain(|at_door| at_door != ticket.id());
                }
            }
            Standing::Called(call) | Standing::Serving { call, .. } => {
                if let Some(work) =
                    self.work.get_mut(&call.doctor).filter(|work| work.in_hand.as_ref() == Some(ticket.id()))
                {
                    work.in_hand = None;
                    self.paces.free(&call.doctor, self.at);
                    waits::touch(self.waits, &work.queues, self.at);
                }
                return ticket.place.take();
            }
            Standing::Away { .. } | Standing::Missed { .. } | Standing::InTransit { .. } | Standing::Ended { .. } => {
                return ticket.place.take();
            }
        }
        if let Some(said) = self.waits.get_mut(&ticket.opened.queue) {
            said.touched.get_or_insert(self.at);
            if !matches!(out, Out::Summoned(_)) {
                said.tickets.remove(ticket.id());
            }
        }
        let lines = self.lines.get_mut(&ticket.opened.queue)?;
        match out {
            Out::Called(picked) => lines.take(picked),
            Out::Leaves => lines.leave(ticket.id()),
            Out::Summoned(summons) => {
                lines.summon(summons);
                None
            }
        }
    }

    /// Puts the ticket into the place that its state gives it.
    pub(super) fn stand(&mut self, ticket: &Ticket, into: In<'_>) {
        match &ticket.standing {
            Standing::Waiting => {
                let date = ticket.opened.date;
                *self.waiting_from = Some(self.waiting_from.map_or(date, |from| from.min(date)));
                if !self.lines.contains_key(&ticket.opened.queue) {
                    self.lines.insert(ticket.opened.queue.clone(), Lines::new());
                }
                if !self.waits.contains_key(&ticket.opened.queue) {
                    self.waits.insert(ticket.opened.queue.clone(), Said::default());
                }
                let said = self.waits.get_mut(&ticket.opened.queue).expect("it was put in just now");
                said.touched.get_or_insert(self.at);
                let lines = self.lines.get_mut(&ticket.opened.queue).expect("it was put in just now");
                match into {
                    In::Placed(placement) => lines.enter(placement),
                    In::Back(returned) => lines.come_back(returned),
                    In::Nowhere => unreachable!("an event that makes a ticket wait states its place"),
                }
            }
            Standing::Summoned(summons) => {
                if let Some(work) = self.rooms.get(&summons.service_point).and_then(|doctor| self.work.get_mut(doctor))
                {
                    work.at_door.push(ticket.id().clone());
                }
            }
            Standing::Called(call) | Standing::Serving { call, .. } => {
                if let Some(work) = self.work.get_mut(&call.doctor) {
                    work.in_hand = Some(ticket.id().clone());
                    self.paces.busy(&call.doctor);
                    waits::touch(self.waits, &work.queues, self.at);
                }
            }
            Standing::Away { .. } | Standing::Missed { .. } | Standing::InTransit { .. } | Standing::Ended { .. } => {}
        }
    }
}
