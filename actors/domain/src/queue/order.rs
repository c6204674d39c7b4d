//! The order in which everybody will be called if nothing else happens: the picks of `pick.rs`, played forward over the
//! lines without changing or copying them.

use std::borrow::Cow;
use std::collections::btree_map::{Range, Values};
use std::iter::Peekable;

use super::line::Key;
use super::lines::{Lines, Mark};
use super::pick::{is_walk_in_turn, one_per, rank, round_after};
use super::placement::{Place, Round};
use super::settings::{OrdinaryKey, QueueSettings};
use crate::ids::TicketId;

impl Lines {
    /// Everybody in the order in which they will be called if nothing else happens: emergencies, the first at each
    /// door, the second at each door, …, then pick after pick.
    pub fn order(&self, settings: &QueueSettings) -> Vec<TicketId> {
        self.first(settings, usize::MAX).into_iter().cloned().collect()
    }

    /// The first so many of them.
    pub fn first(&self, settings: &QueueSettings, most: usize) -> Vec<&TicketId> {
        let mut order = Vec::with_capacity(most.min(self.waiting_count() + self.summoned_count()));
        order.extend(self.emergency.values().take(most).map(|place| &place.ticket));
        let mut at_doors: Vec<(usize, &TicketId)> = self.doors().flat_map(|turns| turns.values().enumerate()).collect();
        at_doors.sort_by_key(|(nth, _)| *nth);
        order.extend(at_doors.into_iter().map(|(_, ticket)| ticket));
        order.extend(self.always_first.values().take(most).map(|place| &place.ticket));
        if order.len() < most {
            let rest = most - order.len();
            order.extend(Forward::new(self, settings).take(rest).map(|place| &place.ticket));
        }
        order.truncate(most);
        order
    }
}

/// An insertion line that is being played forward.
struct Insertion<'a> {
    rank: usize,
    k: u32,
    counter: u32,
    returned: u32,
    tickets: Peekable<Values<'a, u64, Box<Place>>>,
}

/// The insertion lines and the ordinary line, played forward: each `next` is one pick.
struct Forward<'a> {
    insertions: Vec<Insertion<'a>>,
    /// The ordinary line; in a ratio, its appointments.
    first: Peekable<Range<'a, Key, Box<Place>>>,
    /// The walk-ins of a ratio.
    second: Peekable<Range<'a, Key, Box<Place>>>,
    ratio: Option<(u32, u32)>,
    round: Round,
    /// Rule 5 of those who still wait; who has been called has no limit. Copied when the second pick looks at them.
    marks: Cow<'a, [Mark]>,
    at_limit: u32,
    /// What the last pick has changed in them.
    change: Option<MarkChange>,
}

/// What a pick changes in the marks, until the next one looks at them.
enum MarkChange {
    /// An insertion has passed whoever was placed before this serial.
    Passed(u64),
    /// The ticket of this serial has left the line.
    Left(u64),
}

impl<'a> Forward<'a> {
    fn new(lines: &'a Lines, settings: &QueueSettings) -> Self {
        let mut insertions: Vec<_> = lines
            .insertions
            .iter()
            .map(|insertion| Insertion {
                rank: rank(settings, &insertion.line),
                k: one_per(settings, &insertion.line),
                counter: insertion.counter,
                returned: insertion.returned,
                tickets: insertion.tickets.values().peekable(),
            })
            .collect();
        insertions.sort_by_key(|insertion| insertion.rank);
        let walk_ins = Key::first_walk_in();
        let (ratio, first, second) = match settings.ordinary {
            OrdinaryKey::Ratio { appointments, walk_ins: of_round } => {
                (Some((appointments, of_round)), lines.ordinary.range(..walk_ins), lines.ordinary.range(walk_ins..))
            }
            _ => (None, lines.ordinary.range(..), lines.ordinary.range(..Key::before_all())),
        };
        Self {
            insertions,
            first: first.peekable(),
            second: second.peekable(),
            ratio,
            round: lines.round,
            marks: Cow::Borrowed(&lines.marks),
            at_limit: lines.at_limit,
            change: None,
        }
    }

    fn change_marks(&mut self) {
        let Some(change) = self.change.take() else { return };
        let marks = self.marks.to_mut();
        match change {
            MarkChange::Passed(serial) => {
                let until = marks.partition_point(|mark| mark.serial < serial);
                for mark in &mut marks[..until] {
                    mark.passed += 1;
                    self.at_limit += u32::from(mark.passed == mark.limit);
                }
            }
            MarkChange::Left(serial) => {
                if let Ok(at) = marks.binary_search_by_key(&serial, |mark| mark.serial) {
                    self.at_limit -= u32::from(marks[at].is_at_limit());
                    (marks[at].passed, marks[at].limit) = (0, u32::MAX);
                }
            }
        }
    }

    fn next_insertion(&mut self, only_due: bool) -> Option<&'a Place> {
        let insertion = self.insertions.iter_mut().find_map(|insertion| {
            let is_due = insertion.returned > 0 || insertion.counter >= insertion.k;
            ((is_due || !only_due) && insertion.tickets.peek().is_some()).then_some(insertion)
        })?;
        let place = insertion.tickets.next()?;
        insertion.counter = 0;
        insertion.returned -= u32::from(place.due_at_once);
        self.change = (!place.counted).then_some(MarkChange::Passed(place.key.serial));
        Some(place)
    }

    fn next_ordinary(&mut self) -> Option<&'a Place> {
        let walk_ins_turn = self.ratio.is_some_and(|(appointments, _)| is_walk_in_turn(self.round, appointments));
        let from_second = self.second.peek().is_some() && (walk_ins_turn || self.first.peek().is_none());
        let (key, place) = if from_second { self.second.next()? } else { self.first.next()? };
        if let Some((appointments, walk_ins)) = self.ratio {
            self.round = round_after(self.round, key.walk_in, appointments, walk_ins);
        }
        for insertion in &mut self.insertions {
            insertion.counter = insertion.counter.saturating_add(1);
        }
        self.change = Some(MarkChange::Left(key.serial));
        Some(place)
    }
}

impl<'a> Iterator for Forward<'a> {
    type Item = &'a Place;

    fn next(&mut self) -> Option<&'a Place> {
        self.change_marks();
        let due = if self.at_limit == 0 { self.next_insertion(true) } else { None };
        due.or_else(|| self.next_ordinary()).or_else(|| self.next_insertion(false))
    }
}
