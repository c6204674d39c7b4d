//! The state of one queue and the application of events to it. No rule is here: each method does what its value says.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize};

use super::line::{Key, Line};
use super::placement::{LineCounter, Picked, Place, Placement, Returned, Round, Summons};
use crate::by_id;
use crate::ids::{ServicePointId, TicketId};
use crate::time::Timestamp;

/// An insertion line. Made when its first ticket enters and kept, so that its counter can be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct InsertionLine {
    pub(super) line: Line,
    pub(super) counter: u32,
    /// How many of its tickets were returned to their old place.
    pub(super) returned: u32,
    pub(super) tickets: BTreeMap<u64, Box<Place>>,
}

/// Rule 5's bookkeeping of one waiting ordinary ticket. Apart from the places, in one piece of memory: an insertion
/// that is taken goes through all of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) serial: u64,
    pub(super) passed: u32,
    pub(super) limit: u32,
}

impl Mark {
    pub(super) fn is_at_limit(&self) -> bool {
        self.passed >= self.limit
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct AtDoor {
    place: Box<Place>,
    service_point: ServicePointId,
    turn: u64,
}

/// One ticket as the queue holds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Held<'a> {
    /// Its place. Read `passed` from here beside it, not from the place.
    pub place: &'a Place,
    /// How often it has been passed until now.
    pub passed: u32,
    /// At which door it stands, if it was summoned.
    pub service_point: Option<&'a ServicePointId>,
}

/// The waiting and the summoned tickets of one queue, in their lines. A part of the department's state. Places are
/// boxed: they move between lines, doors and tickets all day, and a tree moves its neighbours along.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lines {
    /// Serial of the last placement.
    pub(super) entered: u64,
    pub(super) emergency: BTreeMap<u64, Box<Place>>,
    pub(super) always_first: BTreeMap<u64, Box<Place>>,
    /// Sorted by line.
    pub(super) insertions: Vec<InsertionLine>,
    pub(super) ordinary: BTreeMap<Key, Box<Place>>,
    /// Of the tickets in `ordinary`, sorted by serial.
    pub(super) marks: Vec<Mark>,
    /// How many of `marks` are at their limit.
    pub(super) at_limit: u32,
    pub(super) round: Round,
    /// Where each ticket waits. Found by hash: a ticket enters and leaves for each call.
    #[serde(serialize_with = "by_id::in_order")]
    index: HashMap<TicketId, (Line, Key), FixedState>,
    summoned: BTreeMap<TicketId, AtDoor>,
    /// Door → turn → ticket.
    doors: BTreeMap<ServicePointId, BTreeMap<u64, TicketId>>,
}

impl Lines {
    /// A queue in which nobody waits.
    pub fn new() -> Self {
        Self::default()
    }

    /// Applies a placement. A ticket that waits here already leaves its former place first.
    pub fn enter(&mut self, placement: &Placement) {
        let place = &placement.place;
        self.remove(&place.ticket);
        for passed in &placement.passes {
            if let Some((_, key)) = self.index.get(passed) {
                self.pass(key.serial);
            }
        }
        self.entered = self.entered.max(place.key.serial);
        self.insert(Box::new(place.clone()));
        self.set_counters(&placement.counters);
    }

    /// Applies a pick: the ticket leaves its line or its door. Hands back its place, for the way back (rule 6).
    /// `None` only if the ticket is not here.
    pub fn take(&mut self, picked: &Picked) -> Option<Box<Place>> {
        let mut place = self.remove(&picked.ticket)?;
        self.set_counters(&picked.counters);
        self.round = picked.round;
        if let Some(serial) = picked.passes_before {
            place.counted = true;
            let until = self.marks.partition_point(|mark| mark.serial < serial);
            for mark in &mut self.marks[..until] {
                mark.passed += 1;
                self.at_limit += u32::from(mark.passed == mark.limit);
            }
        }
        Some(place)
    }

    /// Applies a summons: the ticket leaves its line and stands at the door.
    pub fn summon(&mut self, summons: &Summons) {
        if let Some(place) = self.take(&summons.picked) {
            let (service_point, turn) = (summons.service_point.clone(), summons.turn);
            self.doors.entry(service_point.clone()).or_default().insert(turn, place.ticket.clone());
            self.summoned.insert(place.ticket.clone(), AtDoor { place, service_point, turn });
        }
    }

    /// Takes a ticket out of the queue, waiting or at a door, without any effect on counters: cancelled, transferred,
    /// settled, missed at the door. Hands back its place.
    pub fn leave(&mut self, ticket: &TicketId) -> Option<Box<Place>> {
        self.remove(ticket)
    }

    /// Applies a return to the old place, from a door or from outside the queue.
    pub fn come_back(&mut self, returned: &Returned) {
        self.remove(&returned.place.ticket);
        self.insert(Box::new(returned.place.clone()));
        self.set_counters(&returned.counters);
    }

    /// One ticket, waiting or at a door.
    pub fn get(&self, ticket: &TicketId) -> Option<Held<'_>> {
        if let Some(at) = self.summoned.get(ticket) {
            return Some(Held { place: &at.place, passed: at.place.passed, service_point: Some(&at.service_point) });
        }
        let (line, key) = self.index.get(ticket)?;
        let place = self.line_place(line, key)?;
        let passed = self.mark(key.serial).map_or(place.passed, |mark| mark.passed);
        Some(Held { place, passed, service_point: None })
    }

    /// How many wait, without those at doors.
    pub fn waiting_count(&self) -> usize {
        self.index.len()
    }

    /// How many wait in other lines than the ordinary one.
    pub fn inserted_count(&self) -> usize {
        self.index.len() - self.ordinary.len()
    }

    /// How many stand at doors.
    pub fn summoned_count(&self) -> usize {
        self.summoned.len()
    }

    /// Whether nobody waits and nobody stands at a door.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty() && self.summoned.is_empty()
    }

    /// Who wait, without those at doors; sorted by id, not by turn (see [`Lines::order`]).
    pub fn waiting(&self) -> impl Iterator<Item = &TicketId> {
        self.index.keys().collect::<BTreeSet<_>>().into_iter()
    }

    /// Who have waited here, in line or at a door, since before that moment.
    pub fn waiting_since_before(&self, moment: Timestamp) -> impl Iterator<Item = &TicketId> {
        let insertions = self.insertions.iter().flat_map(|insertion| insertion.tickets.values());
        let in_line = self.emergency.values().chain(self.always_first.values()).chain(self.ordinary.values());
        let at_doors = self.summoned.values().map(|at| &at.place);
        let all = in_line.chain(insertions).chain(at_doors);
        all.filter(move |place| place.waiting_since < moment).map(|place| &place.ticket)
    }

    /// The turn of a ticket at its door.
    pub fn turn(&self, ticket: &TicketId) -> Option<u64> {
        self.summoned.get(ticket).map(|at| at.turn)
    }

    /// Who stand at this door, with their turns.
    pub(super) fn turns(&self, service_point: &ServicePointId) -> Option<&BTreeMap<u64, TicketId>> {
        self.doors.get(service_point)
    }

    /// Those at each door by their turns; the doors by their ids.
    pub(super) fn doors(&self) -> impl Iterator<Item = &BTreeMap<u64, TicketId>> {
        self.doors.values()
    }

    pub(super) fn insertion(&self, line: &Line) -> Option<&InsertionLine> {
        self.insertions.iter().find(|insertion| insertion.line == *line)
    }

    pub(super) fn mark(&self, serial: u64) -> Option<&Mark> {
        self.marks.binary_search_by_key(&serial, |mark| mark.serial).ok().map(|at| &self.marks[at])
    }

    fn line_place(&self, line: &Line, key: &Key) -> Option<&Place> {
        let place = match line {
            Line::Emergency => self.emergency.get(&key.serial),
            Line::AlwaysFirst => self.always_first.get(&key.serial),
            Line::Ordinary => self.ordinary.get(key),
            _ => self.insertion(line)?.tickets.get(&key.serial),
        };
        place.map(|place| &**place)
    }

    fn insert(&mut self, place: Box<Place>) {
        let serial = place.key.serial;
        self.index.insert(place.ticket.clone(), (place.line.clone(), place.key));
        match place.line {
            Line::Emergency => drop(self.emergency.insert(serial, place)),
            Line::AlwaysFirst => drop(self.always_first.insert(serial, place)),
            Line::Ordinary => {
                let mark = Mark { serial, passed: place.passed, limit: place.limit.unwrap_or(u32::MAX) };
                self.at_limit += u32::from(mark.is_at_limit());
                let at = self.marks.partition_point(|other| other.serial < serial);
                self.marks.insert(at, mark);
                self.ordinary.insert(place.key, place);
            }
            _ => {
                let at = match self.insertions.binary_search_by(|insertion| insertion.line.cmp(&place.line)) {
                    Ok(at) => at,
                    Err(at) => {
                        let line = place.line.clone();
                        self.insertions
                            .insert(at, InsertionLine { line, counter: 0, returned: 0, tickets: BTreeMap::new() });
                        at
                    }
                };
                self.insertions[at].returned += u32::from(place.due_at_once);
                self.insertions[at].tickets.insert(serial, place);
            }
        }
    }

    fn remove(&mut self, ticket: &TicketId) -> Option<Box<Place>> {
        let Some((line, key)) = self.index.remove(ticket) else { return self.remove_from_door(ticket) };
        match line {
            Line::Emergency => self.emergency.remove(&key.serial),
            Line::AlwaysFirst => self.always_first.remove(&key.serial),
            Line::Ordinary => {
                let mut place = self.ordinary.remove(&key)?;
                let at = self.marks.binary_search_by_key(&key.serial, |mark| mark.serial).ok()?;
                let mark = self.marks.remove(at);
                self.at_limit -= u32::from(mark.is_at_limit());
                place.passed = mark.passed;
                Some(place)
            }
            _ => {
                let insertion = self.insertions.iter_mut().find(|insertion| insertion.line == line)?;
                let place = insertion.tickets.remove(&key.serial)?;
                insertion.returned -= u32::from(place.due_at_once);
                Some(place)
            }
        }
    }

    fn remove_from_door(&mut self, ticket: &TicketId) -> Option<Box<Place>> {
        let at = self.summoned.remove(ticket)?;
        if let Some(turns) = self.doors.get_mut(&at.service_point) {
            turns.remove(&at.turn);
            if turns.is_empty() {
                self.doors.remove(&at.service_point);
            }
        }
        Some(at.place)
    }

    fn pass(&mut self, serial: u64) {
        if let Ok(at) = self.marks.binary_search_by_key(&serial, |mark| mark.serial) {
            let mark = &mut self.marks[at];
            mark.passed += 1;
            self.at_limit += u32::from(mark.passed == mark.limit);
        }
    }

    fn set_counters(&mut self, counters: &[LineCounter]) {
        for LineCounter { line, counter } in counters {
            if let Some(insertion) = self.insertions.iter_mut().find(|insertion| insertion.line == *line) {
                insertion.counter = *counter;
            }
        }
    }
}
