//! The line of one release: who is there, in which order they go, who is being let in. One position a person, whatever
//! asks for it: all phones that have claimed one document's number share one ([`PatientId::position`]), and its turn is one
//! place. A value: the time, the seed and how many places are left are told to it.
//!
//! Numbers are *called* in their order, so many in a second; who has been called is *let in* at the next word of theirs.
//! Until that word is due a place is kept for them, and no more are called than there are places to keep: the number
//! decides, and not who asks first. After that whoever comes has what is left beyond the kept ones: so nobody who hears late
//! loses the position, and nobody who has gone home holds up the others for longer than that.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::lot;
use crate::ids::PatientId;
use crate::time::Timestamp;

/// So many persons at most are in one line.
pub const PERSONS_MAX: usize = 300_000;
/// The pace is that of so many of the last steps.
const PACE_OF: usize = 30;

/// Where somebody stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There before the release: the lot will say.
    Present,
    /// Behind so many at most, with this number. With nobody ahead it is a matter of a moment.
    Waiting {
        /// The own number, from 1.
        number: u32,
        /// So many are called before.
        ahead: u32,
    },
    /// May book until then.
    LetIn {
        /// The own number.
        number: u32,
        /// When the turn ends.
        until: Timestamp,
    },
    /// Has taken a place.
    Served {
        /// The own number.
        number: u32,
    },
    /// The turn ended without a place being taken, or was given up.
    Gone {
        /// The own number, if there was one.
        number: Option<u32>,
    },
    /// Not in the line.
    Nowhere,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Present,
    Late,
    Waiting(u32),
    LetIn(u32, Timestamp),
    Served(u32),
    Gone(Option<u32>),
}

/// How many are let in.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// So many at most who have not taken a place yet.
    pub at_once: usize,
    /// How long each has, in seconds.
    pub turn_s: i64,
    /// So many places are left: nobody is let in to find nothing.
    pub places_left: u32,
    /// For how long a place is kept for who has been called, in milliseconds: until the next word of theirs is due.
    pub keep_ms: i64,
}

/// How a line stands, in figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// There before the lot.
    pub present: usize,
    /// In line.
    pub waiting: usize,
    /// May book now.
    pub let_in: usize,
    /// Have taken a place.
    pub served: usize,
    /// Turns that came to nothing.
    pub ended: usize,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Line {
    /// When the sessions are released.
    pub released_at: Timestamp,
    /// By position.
    persons: BTreeMap<PatientId, Place>,
    /// Under which id a position was taken that several may share: nobody else gives it up.
    taken_as: BTreeMap<PatientId, PatientId>,
    /// Came between the release and the lot: behind those of the lot, in this order.
    late: Vec<PatientId>,
    /// How many numbers were given.
    given: u32,
    /// So many of them have been called.
    called: u32,
    /// So many more may be called before the next step.
    calls_left: u32,
    /// For which of them a place is kept, until when.
    kept: BTreeMap<u32, Timestamp>,
    turns: BTreeSet<(Timestamp, PatientId)>,
    /// How many had been called at the last steps.
    steps: VecDeque<(Timestamp, u32)>,
    is_drawn: bool,
    is_over: bool,
    figures: Figures,
}

impl Line {
    /// Nobody is there.
    pub fn new(released_at: Timestamp) -> Self {
        Self {
            released_at,
            persons: BTreeMap::new(),
            taken_as: BTreeMap::new(),
            late: Vec::new(),
            given: 0,
            called: 0,
            calls_left: 0,
            kept: BTreeMap::new(),
            turns: BTreeSet::new(),
            steps: VecDeque::new(),
            is_drawn: false,
            is_over: false,
            figures: Figures::default(),
        }
    }

    /// Whether the lot has been drawn.
    pub fn is_drawn(&self) -> bool {
        self.is_drawn
    }

    /// Whether nobody waits any more, because nothing is left or the time is over.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// In figures.
    pub fn figures(&self) -> Figures {
        self.figures
    }

    /// Somebody is here. Who is in line already keeps the position, who has had a turn goes to the end. False: there is no
    /// room for more.
    pub fn enter(&mut self, person: &PatientId, now: Timestamp) -> bool {
        let position = person.position();
        let known = self.persons.get(&position).copied();
        if matches!(known, Some(Place::Present | Place::Late | Place::Waiting(_) | Place::LetIn(..))) || self.is_over {
            return true;
        }
        if known.is_none() && self.persons.len() >= PERSONS_MAX || self.late.len() >= PERSONS_MAX {
            return false;
        }
        let place = match self.is_drawn {
            true => self.line_up(),
            false if now < self.released_at => {
                self.figures.present += 1;
                Place::Present
            }
            false => {
                self.late.push(position.clone());
                self.figures.waiting += 1;
                Place::Late
            }
        };
        if position != *person {
            self.taken_as.insert(position.clone(), person.clone());
        }
        self.persons.insert(position, place);
        true
    }

    fn line_up(&mut self) -> Place {
        self.given = self.given.saturating_add(1);
        self.figures.waiting += 1;
        Place::Waiting(self.given)
    }

    /// The moment has come: who was there, in the order of the lot; behind them who has come since. Answers the order of
    /// the lot.
    pub fn draw(&mut self, seed: &str) -> Vec<PatientId> {
        if self.is_drawn {
            return Vec::new();
        }
        self.is_drawn = true;
        let present = self.persons.iter().filter(|(_, place)| matches!(place, Place::Present));
        let order = lot::order(seed, present.map(|(person, _)| person.clone()));
        let late = std::mem::take(&mut self.late);
        self.figures.waiting = 0;
        for person in order.iter().chain(&late) {
            // Of those who came since some have left, or left and come back.
            if matches!(self.persons.get(person), Some(Place::Present | Place::Late)) {
                let place = self.line_up();
                self.persons.insert(person.clone(), place);
            }
        }
        order
    }

    /// Once in a second: turns that are over end, and so many more numbers may be called as there is room for people.
    pub fn step(&mut self, now: Timestamp, pace: Pace) {
        while let Some((until, person)) = self.turns.first().cloned().filter(|(until, _)| *until <= now) {
            self.turns.remove(&(until, person.clone()));
            if let Some(Place::LetIn(number, _)) = self.persons.get(&person).copied() {
                self.persons.insert(person, Place::Gone(Some(number)));
                self.figures.ended += 1;
            }
        }
        self.figures.let_in = self.turns.len();
        self.kept.retain(|_, until| now < *until);
        if self.is_drawn {
            self.calls_left = u32::try_from(pace.at_once.saturating_sub(self.turns.len())).unwrap_or(u32::MAX);
            self.call(now, pace);
            self.steps.push_back((now, self.called));
            if self.steps.len() > PACE_OF {
                self.steps.pop_front();
            }
        }
    }

    fn call(&mut self, now: Timestamp, pace: Pace) {
        let bespoken = u32::try_from(self.turns.len() + self.kept.len()).unwrap_or(u32::MAX);
        let to_keep = pace.places_left.saturating_sub(bespoken);
        let calls = self.calls_left.min(self.given - self.called).min(to_keep);
        let until = now.plus_ms(pace.keep_ms);
        self.kept.extend((self.called + 1..=self.called + calls).map(|number| (number, until)));
        self.called += calls;
        self.calls_left -= calls;
    }

    /// Whether there is a place for that number beside those that others have or keep: of the kept ones the smaller numbers,
    /// and all of them for who comes later than theirs was kept.
    fn has_place(&self, number: u32, pace: Pace) -> bool {
        let before = match self.kept.contains_key(&number) {
            true => self.kept_before(number),
            false => self.kept.len(),
        };
        let places = usize::try_from(pace.places_left).unwrap_or(usize::MAX);
        self.turns.len() < pace.at_once && self.turns.len() + before < places
    }

    /// For how many smaller numbers a place is kept.
    pub(super) fn kept_before(&self, number: u32) -> usize {
        self.kept.range(..number).count()
    }

    /// Somebody who waits says a word: who has been called is let in while there is room and a place to be had.
    pub fn ask(&mut self, person: &PatientId, now: Timestamp, pace: Pace) -> Standing {
        self.call(now, pace);
        let position = person.position();
        if let Some(Place::Waiting(number)) = self.persons.get(&position).copied()
            && number <= self.called
            && self.has_place(number, pace)
            && !self.is_over
        {
            let until = now.plus_s(pace.turn_s);
            self.kept.remove(&number);
            self.persons.insert(position.clone(), Place::LetIn(number, until));
            self.turns.insert((until, position));
            self.figures.waiting -= 1;
            self.figures.let_in = self.turns.len();
        }
        self.standing(person)
    }

    /// Whether somebody may take a place now.
    pub fn may_book(&self, person: &PatientId, now: Timestamp) -> bool {
        self.is_over || matches!(self.persons.get(&person.position()), Some(Place::LetIn(_, until)) if now < *until)
    }

    /// Somebody has taken a place.
    pub fn served(&mut self, person: &PatientId) {
        let position = person.position();
        if let Some(Place::LetIn(number, until)) = self.persons.get(&position).copied() {
            self.turns.remove(&(until, position.clone()));
            self.persons.insert(position, Place::Served(number));
            self.figures.let_in = self.turns.len();
            self.figures.served += 1;
        }
    }

    /// Somebody wants no place any more. Whoever only shares the position that another phone has taken leaves it to that one.
    pub fn leave(&mut self, person: &PatientId) {
        let position = person.position();
        if self.taken_as.get(&position).is_some_and(|taken| taken != person) {
            return;
        }
        let number = match self.persons.get(&position).copied() {
            Some(Place::Present) => {
                self.figures.present -= 1;
                None
            }
            // Of a line that is over nobody waits any more.
            Some(Place::Late) => {
                self.figures.waiting = self.figures.waiting.saturating_sub(1);
                None
            }
            Some(Place::Waiting(number)) => {
                self.figures.waiting = self.figures.waiting.saturating_sub(1);
                self.kept.remove(&number);
                Some(number)
            }
            Some(Place::LetIn(number, until)) => {
                self.turns.remove(&(until, position.clone()));
                self.figures.let_in = self.turns.len();
                self.figures.ended += 1;
                Some(number)
            }
            Some(Place::Served(_) | Place::Gone(_)) | None => return,
        };
        self.persons.insert(position, Place::Gone(number));
    }

    /// Nothing is left, or the time is over: nobody waits any more.
    pub fn end(&mut self) {
        self.is_over = true;
        self.kept.clear();
        self.figures.waiting = 0;
    }

    /// Where somebody stands.
    pub fn standing(&self, person: &PatientId) -> Standing {
        match self.persons.get(&person.position()).copied() {
            None => Standing::Nowhere,
            Some(Place::Present) => Standing::Present,
            Some(Place::Late | Place::Waiting(_)) if self.is_over => Standing::Gone { number: None },
            // Until the lot is drawn, in a moment, only that it is not more.
            Some(Place::Late) => {
                let number = u32::try_from(self.figures.present + self.late.len()).unwrap_or(u32::MAX);
                Standing::Waiting { number, ahead: number.saturating_sub(1) }
            }
            Some(Place::Waiting(number)) => Standing::Waiting { number, ahead: number.saturating_sub(self.called + 1) },
            Some(Place::LetIn(number, until)) => Standing::LetIn { number, until },
            Some(Place::Served(number)) => Standing::Served { number },
            Some(Place::Gone(number)) => Standing::Gone { number },
        }
    }

    /// How long it takes until so many have been called, in seconds, from and to: by the pace of the last steps. None: it
    /// does not move, or has only begun.
    pub fn wait_s(&self, ahead: u32) -> Option<(i64, i64)> {
        let ((first, before), (last, now)) = (self.steps.front()?, self.steps.back()?);
        let (took_ms, called) = (last.ms_since(*first), now - before);
        if took_ms <= 0 || called == 0 {
            return None;
        }
        let wait_s = (f64::from(ahead) + 1.0) * took_ms as f64 / f64::from(called) / 1000.0;
        Some(((wait_s * 0.7) as i64, (wait_s * 1.5).ceil() as i64))
    }
}
