//! Where an arriving ticket is put: line, key, position (rules 0, 3, 5, 6).

use super::line::{Key, Line, Rank, Sequence};
use super::lines::Lines;
use super::placement::{Arrival, Came, LineCounter, Place, Placement, Returned};
use super::settings::{
    EMERGENCY, InsertionRule, NO_CLASS, OrdinaryKey, PriorityClass, QueueSettings, SENIOR, Treatment,
};
use super::why::{Cause, ClassLabel, Why};
use crate::time::Timestamp;

impl Lines {
    /// Decides where an arriving ticket is put (rules 0, 3, 4, 5). Changes nothing: the event carries the result and
    /// [`Lines::enter`] applies it.
    ///
    /// Also for a ticket that waits here already and whose class the desk changes: pass the `came` of its [`Place`]; it
    /// keeps its key where its line remains the same. One that stands at a door would leave it: the floor places such a
    /// ticket anew only when it should.
    pub fn place(&self, settings: &QueueSettings, arrival: &Arrival) -> Placement {
        let class = class_of(settings, arrival);
        let (line, rank, mut why) = line_of(settings, arrival, class);
        let serial = self.serial_in(&line, arrival);
        let mut key = Key::by_event(serial);
        let mut passes = Vec::new();
        if line == Line::Ordinary {
            key = ordinary_key(settings, arrival, rank, serial);
            // An arrival at this queue; who returns or reports back was moved up when arriving.
            let arrives = matches!(arrival.came, Came::CheckIn | Came::Late | Came::Transferred);
            if let (Some(class), Rank::Regular | Rank::Addition, true) = (class, rank, arrives)
                && let Treatment::MovedUp(n) = class.treatment
            {
                let moved = self.moved_up(settings, key, n, &arrival.ticket);
                why = Why::MovedUp(ClassLabel::from(class), moved.by);
                (key, passes) = (moved.key, moved.passes);
            }
        }
        let position = 1 + self.ahead(settings, &line, &key, &arrival.ticket);
        let limit = (line == Line::Ordinary).then(|| position.saturating_mul(settings.limit_factor));
        let counters = self.counters_when_entering(&line);
        let place = Place {
            ticket: arrival.ticket.clone(),
            line,
            key,
            position,
            limit,
            class: class.map(ClassLabel::from),
            why,
            came: arrival.came,
            walk_in: arrival.walk_in,
            checked_in_at: arrival.checked_in_at,
            waiting_since: arrival.at,
            passed: 0,
            due_at_once: false,
            counted: false,
        };
        Placement { place, passes, counters }
    }

    /// Rule 6: back to the old place, after a call by mistake, a wrong person, an undo, a transfer refused or a closed
    /// room. Same line and key; an insertion is due at once; counters are not turned back. [`Lines::come_back`] applies.
    pub fn return_to_old_place(&self, place: &Place) -> Returned {
        let mut place = place.clone();
        place.due_at_once = place.line.is_insertion();
        let counters = self.counters_when_entering(&place.line);
        Returned { place, counters }
    }

    /// Rule 2: 0 when the line becomes non-empty.
    fn counters_when_entering(&self, line: &Line) -> Vec<LineCounter> {
        let was_empty = self.insertion(line).is_none_or(|insertion| insertion.tickets.is_empty());
        if line.is_insertion() && was_empty { vec![LineCounter { line: line.clone(), counter: 0 }] } else { Vec::new() }
    }

    /// A new serial, or the one it has: in a line that it does not leave, a desk command does not put it back.
    fn serial_in(&self, line: &Line, arrival: &Arrival) -> u64 {
        match self.get(&arrival.ticket) {
            Some(held) if held.place.line == *line && *line != Line::Ordinary => held.place.key.serial,
            _ => self.entered + 1,
        }
    }

    /// How many of the line's tickets, without this one, are ahead of `key`.
    fn ahead(&self, settings: &QueueSettings, line: &Line, key: &Key, own: &crate::ids::TicketId) -> u32 {
        let count = match line {
            Line::Emergency => self.emergency.range(..key.serial).count(),
            Line::AlwaysFirst => self.always_first.range(..key.serial).count(),
            Line::Ordinary => return self.ordinary_ahead(settings, key, own),
            _ => self.insertion(line).map_or(0, |insertion| insertion.tickets.range(..key.serial).count()),
        };
        count as u32
    }

    fn ordinary_ahead(&self, settings: &QueueSettings, key: &Key, own: &crate::ids::TicketId) -> u32 {
        let others = |place: &Place| place.ticket != *own;
        let same = self.ordinary.range(..key).filter(|(_, place)| others(place)).count() as u32;
        let OrdinaryKey::Ratio { appointments, walk_ins } = settings.ordinary else { return same };
        // Two lines: those of the other line count as far as the ratio lets them go first.
        let in_first: u32 =
            self.ordinary.range(..Key::first_walk_in()).filter(|(_, place)| others(place)).count() as u32;
        let in_second = self.ordinary.range(Key::first_walk_in()..).filter(|(_, place)| others(place)).count() as u32;
        let (own_ahead, mut other_left) = if key.walk_in { (same - in_first, in_first) } else { (same, in_second) };
        let (mut round, mut own_left, mut before) = (self.round, own_ahead + 1, 0);
        loop {
            let walk_in_turn = super::pick::is_walk_in_turn(round, appointments);
            let own_turn = walk_in_turn == key.walk_in || other_left == 0;
            round = super::pick::round_after(round, own_turn == key.walk_in, appointments, walk_ins);
            if !own_turn {
                other_left -= 1;
            } else {
                own_left -= 1;
                if own_left == 0 {
                    return before;
                }
            }
            before += 1;
        }
    }
}

/// The class that counts: the desk's word, else by age.
fn class_of<'a>(settings: &'a QueueSettings, arrival: &Arrival) -> Option<&'a PriorityClass> {
    match arrival.class.as_deref() {
        Some(EMERGENCY | NO_CLASS) => None,
        Some(name) => settings.class(name),
        None => arrival.age.filter(|age| *age >= settings.senior_age).and_then(|_| settings.class(SENIOR)),
    }
}

/// Rule 0: emergency, then what the class gives (always first, one per k), then what the event gives.
fn line_of(settings: &QueueSettings, arrival: &Arrival, class: Option<&PriorityClass>) -> (Line, Rank, Why) {
    if arrival.class.as_deref() == Some(EMERGENCY) {
        return (Line::Emergency, Rank::Regular, Why::Emergency);
    }
    match class.map(|class| (class, class.treatment)) {
        Some((class, Treatment::AlwaysFirst)) => {
            return (Line::AlwaysFirst, Rank::Regular, Why::AlwaysFirst(class.into()));
        }
        Some((class, Treatment::OnePer(k))) => {
            return (Line::Class(class.name.as_str().into()), Rank::Regular, Why::ClassOnePer(class.into(), k));
        }
        Some((_, Treatment::MovedUp(_))) | None => {}
    }
    let (line, rule, cause) = match arrival.came {
        Came::Returning => (Line::Returning, settings.returning, Cause::Returning),
        Came::Missed => (Line::Missed, settings.missed, Cause::Missed),
        Came::Late => (Line::Late, settings.late, Cause::Late),
        Came::CheckIn | Came::Transferred => return ordinary(settings, arrival),
    };
    match rule {
        InsertionRule::OnePer(k) => (line, Rank::Regular, Why::OnePer(cause, k)),
        InsertionRule::EndOfSlot => (Line::Ordinary, Rank::EndOfSlot, Why::EndOfSlot(cause)),
        InsertionRule::EndOfPeriod => (Line::Ordinary, Rank::EndOfPeriod, Why::EndOfPeriod(cause)),
        InsertionRule::AsOrdinary => ordinary(settings, arrival),
    }
}

fn ordinary(settings: &QueueSettings, arrival: &Arrival) -> (Line, Rank, Why) {
    let rank = if arrival.addition { Rank::Addition } else { Rank::Regular };
    let why = match settings.ordinary {
        OrdinaryKey::Ratio { appointments, walk_ins } => Why::Ratio(appointments, walk_ins),
        _ if settings.appointments_first && arrival.walk_in => Why::AfterAppointments,
        OrdinaryKey::EqualByCheckIn => Why::ByCheckIn,
        _ if arrival.addition => Why::Addition,
        OrdinaryKey::ByCheckIn => Why::BySlotThenCheckIn,
        OrdinaryKey::BySlot if arrival.walk_in => Why::WalkInBySlot,
        OrdinaryKey::BySlot => Why::BySlot,
    };
    (Line::Ordinary, rank, why)
}

/// Rule 3. The key by which the ticket stands in the ordinary line if it is not moved up.
fn ordinary_key(settings: &QueueSettings, arrival: &Arrival, rank: Rank, serial: u64) -> Key {
    let by_event = Key::by_event(serial);
    let is_ratio = matches!(settings.ordinary, OrdinaryKey::Ratio { .. });
    let walk_in = arrival.walk_in && (settings.appointments_first || is_ratio);
    let own_slot = arrival.slot_start.unwrap_or(arrival.checked_in_at);
    let by_slot = match rank {
        Rank::Regular | Rank::Addition => Key {
            walk_in,
            slot_start: own_slot,
            rank,
            checked_in_at: arrival.checked_in_at,
            sequence: arrival.sequence,
            ..by_event
        },
        // Behind the running slot, or its own if that is later still; among such, by the event.
        Rank::EndOfSlot => Key {
            walk_in,
            slot_start: own_slot.max(arrival.running_slot_start.unwrap_or(arrival.at)),
            rank,
            ..by_event
        },
        // Behind the walk-ins too, where they are behind the appointments; a ratio's lines stay two.
        Rank::EndOfPeriod => Key {
            walk_in: walk_in || (settings.appointments_first && !is_ratio),
            slot_start: Timestamp(i64::MAX),
            rank,
            ..by_event
        },
    };
    let no_sequence = Sequence { place: 0, issue: 0 };
    match (settings.ordinary, rank) {
        (_, Rank::EndOfPeriod) => by_slot,
        (OrdinaryKey::BySlot | OrdinaryKey::Ratio { .. }, _) => Key { checked_in_at: Timestamp(0), ..by_slot },
        (OrdinaryKey::ByCheckIn, _) => Key { sequence: no_sequence, ..by_slot },
        // Without slots the end of the slot is behind those who have come until now.
        (OrdinaryKey::EqualByCheckIn, Rank::EndOfSlot) => {
            Key { slot_start: Timestamp(0), rank: Rank::Regular, checked_in_at: arrival.at, ..by_slot }
        }
        (OrdinaryKey::EqualByCheckIn, _) => {
            Key { slot_start: Timestamp(0), rank: Rank::Regular, sequence: no_sequence, ..by_slot }
        }
    }
}
