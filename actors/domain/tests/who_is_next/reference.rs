//! A slow, obvious model of who is next, written from the rules' text: one list of tickets, looked through from the
//! beginning for every question. It shares with the engine only the settings and the description of an arrival.

use jiaohao_domain::queue::{Arrival, Came, InsertionRule, OrdinaryKey, QueueSettings, SeveralQueues, Treatment};

/// Where a ticket is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum At {
    Waiting,
    /// Room and turn there.
    Door(usize, u64),
    /// Called, missed, cancelled, transferred: not in the queue.
    Out,
}

#[derive(Clone, Debug)]
pub struct Ticket {
    pub id: String,
    pub queue: usize,
    pub line: String,
    /// Sorts the line: lists are compared from the left.
    sort: Vec<i64>,
    pub serial: i64,
    pub position: u32,
    pub passed: u32,
    pub at: At,
    moved_up: bool,
    walk_in: bool,
    since: i64,
    /// Returned to the old place: due at once.
    returned: bool,
    /// Has been counted in the `passed` of others.
    counted: bool,
}

/// A room of the model.
#[derive(Clone, Debug)]
pub struct RefRoom {
    pub open: bool,
    pub cap: usize,
    pub queues: Vec<usize>,
    pub last: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct Reference {
    pub settings: QueueSettings,
    pub tickets: Vec<Ticket>,
    pub rooms: Vec<RefRoom>,
    /// (queue, line) → counter.
    pub counters: Vec<(usize, String, u32)>,
    /// Per queue: appointments and walk-ins of the ratio's round.
    rounds: Vec<(u32, u32)>,
    serials: Vec<i64>,
}

const ORDINARY: &str = "ordinary";

impl Reference {
    pub fn new(settings: QueueSettings, queues: usize, rooms: Vec<RefRoom>) -> Self {
        Self {
            settings,
            tickets: vec![],
            rooms,
            counters: vec![],
            rounds: vec![(0, 0); queues],
            serials: vec![0; queues],
        }
    }

    pub fn find(&self, id: &str) -> usize {
        self.tickets.iter().rposition(|ticket| ticket.id == id).expect("the ticket is known")
    }

    /// The waiting tickets of a line, in its order.
    fn line(&self, queue: usize, line: &str) -> Vec<usize> {
        let mut found: Vec<usize> = (0..self.tickets.len())
            .filter(|&i| {
                let t = &self.tickets[i];
                t.queue == queue && t.at == At::Waiting && t.line == line
            })
            .collect();
        found.sort_by(|&a, &b| self.tickets[a].sort.cmp(&self.tickets[b].sort));
        found
    }

    fn limit(&self, i: usize) -> u32 {
        self.settings.limit_factor * self.tickets[i].position
    }

    fn somebody_at_limit(&self, queue: usize) -> bool {
        self.line(queue, ORDINARY).into_iter().any(|i| self.tickets[i].passed >= self.limit(i))
    }

    pub fn counter(&self, queue: usize, line: &str) -> u32 {
        self.counters.iter().find(|(q, l, _)| *q == queue && l == line).map_or(0, |(_, _, n)| *n)
    }

    fn set_counter(&mut self, queue: usize, line: &str, n: u32) {
        self.counters.retain(|(q, l, _)| !(*q == queue && l == line));
        self.counters.push((queue, line.to_string(), n));
    }

    /// The insertion lines of rule 1e and 2, in their order, with their k.
    fn insertion_lines(&self) -> Vec<(String, u32)> {
        let mut lines = vec![];
        for class in &self.settings.classes {
            if let Treatment::OnePer(k) = class.treatment {
                lines.push((class.name.clone(), k));
            }
        }
        for (name, rule) in
            [("returning", self.settings.returning), ("missed", self.settings.missed), ("late", self.settings.late)]
        {
            if let InsertionRule::OnePer(k) = rule {
                lines.push((name.to_string(), k));
            }
        }
        lines
    }

    fn is_insertion(&self, line: &str) -> bool {
        self.insertion_lines().iter().any(|(name, _)| name == line)
    }

    // ---- coming -------------------------------------------------------------------------------------------------

    pub fn arrive(&mut self, queue: usize, arrival: &Arrival) {
        let settings = self.settings.clone();
        let id = arrival.ticket.as_str().to_string();
        // A desk command on a ticket that waits already: it leaves first, but keeps its turn in an unchanged line.
        let before = self
            .tickets
            .iter()
            .rposition(|t| t.id == id && t.queue == queue && t.at != At::Out)
            .map(|i| (self.tickets[i].line.clone(), self.tickets[i].serial));
        let stood = self.tickets.iter().rposition(|t| t.id == id && t.queue == queue && t.at == At::Waiting);
        let stood = stood.filter(|&i| self.tickets[i].line == ORDINARY).map(|i| self.tickets[i].sort.clone());

        let class = match arrival.class.as_deref() {
            Some("none") | Some("emergency") => None,
            Some(name) => settings.classes.iter().find(|c| c.name == name),
            None if arrival.age.is_some_and(|age| age >= settings.senior_age) => {
                settings.classes.iter().find(|c| c.name == "senior")
            }
            None => None,
        };
        let event_rule = match arrival.came {
            Came::Returning => Some(("returning", settings.returning)),
            Came::Missed => Some(("missed", settings.missed)),
            Came::Late => Some(("late", settings.late)),
            Came::CheckIn | Came::Transferred => None,
        };
        let mut rank = if arrival.addition { 1 } else { 0 };
        let line = if arrival.class.as_deref() == Some("emergency") {
            "emergency".to_string()
        } else if let Some(c) = class.filter(|c| c.treatment == Treatment::AlwaysFirst) {
            let _ = c;
            "always_first".to_string()
        } else if let Some(c) = class.filter(|c| matches!(c.treatment, Treatment::OnePer(_))) {
            c.name.clone()
        } else {
            match event_rule {
                Some((name, InsertionRule::OnePer(_))) => name.to_string(),
                Some((_, InsertionRule::EndOfSlot)) => {
                    rank = 2;
                    ORDINARY.to_string()
                }
                Some((_, InsertionRule::EndOfPeriod)) => {
                    rank = 3;
                    ORDINARY.to_string()
                }
                _ => ORDINARY.to_string(),
            }
        };

        let new_serial = self.serials[queue] + 1;
        let serial = match &before {
            Some((old_line, old_serial)) if *old_line == line && line != ORDINARY => *old_serial,
            _ => new_serial,
        };
        if line != ORDINARY && self.line(queue, &line).is_empty() && self.is_insertion(&line) {
            self.set_counter(queue, &line, 0);
        }
        if let Some(i) = self.tickets.iter().rposition(|t| t.id == id && t.queue == queue && t.at != At::Out) {
            self.tickets[i].at = At::Out;
        }
        self.serials[queue] = self.serials[queue].max(serial);

        let mut sort = vec![serial];
        let mut moved_up = false;
        let mut position =
            1 + self.line(queue, &line).iter().filter(|&&i| self.tickets[i].serial < serial).count() as u32;
        if line == ORDINARY {
            sort = self.natural_sort(arrival, rank, serial);
            let n = match class.map(|c| c.treatment) {
                Some(Treatment::MovedUp(n)) if rank < 2 && !matches!(arrival.came, Came::Returning | Came::Missed) => {
                    moved_up = true;
                    n
                }
                _ => 0,
            };
            let mut ahead: Vec<usize> =
                self.line(queue, ORDINARY).into_iter().filter(|&i| self.tickets[i].sort < sort).collect();
            if let OrdinaryKey::Ratio { .. } = settings.ordinary {
                ahead.retain(|&i| self.tickets[i].walk_in == arrival.walk_in);
            }
            for _ in 0..n {
                let Some(other) = ahead.pop() else { break };
                if self.tickets[other].moved_up || self.tickets[other].passed >= self.limit(other) {
                    break;
                }
                // Who stands behind it already has been passed before.
                if stood.as_ref().is_none_or(|stood| self.tickets[other].sort < *stood) {
                    self.tickets[other].passed += 1;
                }
                sort = self.tickets[other].sort.clone();
                sort.pop();
                sort.extend([0, serial]);
            }
            position = 0; // counted below, when it stands in the line
        }
        self.tickets.push(Ticket {
            id,
            queue,
            line: line.clone(),
            sort,
            serial,
            position,
            passed: 0,
            at: At::Waiting,
            moved_up,
            walk_in: arrival.walk_in,
            since: arrival.at.0,
            returned: false,
            counted: false,
        });
        let own = self.tickets.len() - 1;
        if line == ORDINARY {
            // One more than the ordinary tickets that go before it, were there only ordinary ones.
            let mut alone = self.clone();
            alone.tickets.iter_mut().filter(|t| t.line != ORDINARY).for_each(|t| t.at = At::Out);
            let mut ahead = 0;
            while let Some(next) = alone.ordinary_head(queue) {
                if next == own {
                    break;
                }
                ahead += 1;
                alone.leaves_ordinary(next);
            }
            self.tickets[own].position = ahead + 1;
        }
    }

    /// Rule 3. The last element is 1; a moved-up ticket stands before with a 0.
    fn natural_sort(&self, arrival: &Arrival, rank: i64, serial: i64) -> Vec<i64> {
        let s = &self.settings;
        let slot = arrival.slot_start.unwrap_or(arrival.checked_in_at).0;
        let check_in = arrival.checked_in_at.0;
        let (place, issue) = (i64::from(arrival.sequence.place), arrival.sequence.issue as i64);
        let second = arrival.walk_in && (s.appointments_first || matches!(s.ordinary, OrdinaryKey::Ratio { .. }));
        let second = i64::from(second);
        let mut sort = match (rank, s.ordinary) {
            (3, OrdinaryKey::Ratio { .. }) => vec![second, i64::MAX, 3, 0, 0],
            (3, _) => vec![i64::from(s.appointments_first), i64::MAX, 3, 0, 0],
            (2, OrdinaryKey::EqualByCheckIn) => vec![second, arrival.at.0, 0, 0],
            (2, OrdinaryKey::ByCheckIn) => {
                vec![second, slot.max(arrival.running_slot_start.unwrap_or(arrival.at).0), 2, 0]
            }
            (2, _) => vec![second, slot.max(arrival.running_slot_start.unwrap_or(arrival.at).0), 2, 0, 0],
            (_, OrdinaryKey::BySlot | OrdinaryKey::Ratio { .. }) => vec![second, slot, rank, place, issue],
            (_, OrdinaryKey::ByCheckIn) => vec![second, slot, rank, check_in],
            (_, OrdinaryKey::EqualByCheckIn) => vec![second, check_in, 0, 0],
        };
        sort.extend([serial, 1]);
        sort
    }

    // ---- going --------------------------------------------------------------------------------------------------

    fn ordinary_head(&self, queue: usize) -> Option<usize> {
        let all = self.line(queue, ORDINARY);
        let OrdinaryKey::Ratio { appointments, .. } = self.settings.ordinary else { return all.first().copied() };
        let walk_ins_turn = self.rounds[queue].0 == appointments;
        let of_turn = all.iter().copied().find(|&i| self.tickets[i].walk_in == walk_ins_turn);
        of_turn.or(all.first().copied())
    }

    fn leaves_ordinary(&mut self, i: usize) {
        let queue = self.tickets[i].queue;
        self.tickets[i].at = At::Out;
        if let OrdinaryKey::Ratio { appointments, walk_ins } = self.settings.ordinary {
            let walk_ins_turn = self.rounds[queue].0 == appointments;
            if walk_ins_turn == self.tickets[i].walk_in {
                let round = &mut self.rounds[queue];
                if walk_ins_turn {
                    round.1 += 1;
                } else {
                    round.0 += 1;
                }
                if *round == (appointments, walk_ins) {
                    *round = (0, 0);
                }
            }
        }
        for (name, _) in self.insertion_lines() {
            if !self.line(queue, &name).is_empty() {
                let n = self.counter(queue, &name) + 1;
                self.set_counter(queue, &name, n);
            }
        }
    }

    /// Rule 1 without (a).
    fn pick(&self, queue: usize) -> Option<usize> {
        if let Some(&i) = self.line(queue, "always_first").first() {
            return Some(i);
        }
        if !self.somebody_at_limit(queue) {
            for (name, k) in self.insertion_lines() {
                let line = self.line(queue, &name);
                let returned = line.iter().any(|&i| self.tickets[i].returned);
                if !line.is_empty() && (returned || self.counter(queue, &name) >= k) {
                    return Some(line[0]);
                }
            }
        }
        if let Some(i) = self.ordinary_head(queue) {
            return Some(i);
        }
        self.insertion_lines().iter().find_map(|(name, _)| self.line(queue, name).first().copied())
    }

    /// Takes a waiting ticket by the rules (not by choice).
    fn take(&mut self, i: usize) {
        let line = self.tickets[i].line.clone();
        let (queue, serial) = (self.tickets[i].queue, self.tickets[i].serial);
        if line == ORDINARY {
            self.leaves_ordinary(i);
        } else if self.is_insertion(&line) {
            self.tickets[i].at = At::Out;
            self.set_counter(queue, &line, 0);
            if !self.tickets[i].counted {
                self.tickets[i].counted = true;
                for other in self.line(queue, ORDINARY) {
                    if self.tickets[other].serial < serial {
                        self.tickets[other].passed += 1;
                    }
                }
            }
        } else {
            self.tickets[i].at = At::Out;
        }
    }

    /// Rule 7: which of the room's queues, and who.
    fn pick_for(&self, room: usize) -> Option<usize> {
        let queues = self.rooms[room].queues.clone();
        match self.settings.several_queues {
            SeveralQueues::OwnFirst => queues.into_iter().find_map(|queue| self.pick(queue)),
            SeveralQueues::InTurn => {
                let n = queues.len();
                let from = match self.rooms[room].last.and_then(|last| queues.iter().position(|&queue| queue == last)) {
                    Some(at) => at + 1,
                    None => 0,
                };
                (from..from + n).find_map(|at| self.pick(queues[at % n]))
            }
            SeveralQueues::ByWaitingTime => {
                let picks: Vec<usize> = queues.into_iter().filter_map(|queue| self.pick(queue)).collect();
                let longest = picks.iter().map(|&i| self.tickets[i].since).min()?;
                picks.into_iter().find(|&i| self.tickets[i].since == longest)
            }
        }
    }

    pub fn at_door(&self, room: usize) -> Vec<usize> {
        let mut standing: Vec<(u64, usize)> = (0..self.tickets.len())
            .filter_map(|i| match self.tickets[i].at {
                At::Door(r, turn) if r == room => Some((turn, i)),
                _ => None,
            })
            .collect();
        standing.sort();
        standing.into_iter().map(|(_, i)| i).collect()
    }

    /// Rule 8, one ticket: room and ticket.
    pub fn summon_one(&mut self) -> Option<(usize, String)> {
        let mut rooms: Vec<(usize, usize)> =
            (0..self.rooms.len()).filter(|&r| self.rooms[r].open).map(|r| (self.at_door(r).len(), r)).collect();
        rooms.retain(|&(standing, r)| standing < self.rooms[r].cap);
        rooms.sort();
        for (_, room) in rooms {
            if let Some(i) = self.pick_for(room) {
                let turn = 1 + self.at_door(room).last().map_or(0, |&last| match self.tickets[last].at {
                    At::Door(_, turn) => turn,
                    _ => 0,
                });
                self.take(i);
                self.tickets[i].at = At::Door(room, turn);
                self.rooms[room].last = Some(self.tickets[i].queue);
                return Some((room, self.tickets[i].id.clone()));
            }
        }
        None
    }

    /// "Call next".
    pub fn call_next(&mut self, room: usize) -> Option<String> {
        let mut emergencies: Vec<usize> = self.rooms[room]
            .queues
            .iter()
            .filter_map(|&queue| self.line(queue, "emergency").first().copied())
            .collect();
        emergencies.sort_by_key(|&i| self.tickets[i].since);
        let standing = self.at_door(room).first().copied();
        let i = if let Some(&i) = emergencies.first() {
            self.take(i);
            i
        } else if let Some(i) = standing {
            self.tickets[i].at = At::Out;
            i
        } else {
            let i = self.pick_for(room)?;
            self.take(i);
            i
        };
        self.rooms[room].last = Some(self.tickets[i].queue);
        Some(self.tickets[i].id.clone())
    }

    /// `call_ticket`.
    pub fn call_chosen(&mut self, i: usize) {
        let (queue, line) = (self.tickets[i].queue, self.tickets[i].line.clone());
        if self.tickets[i].at == At::Waiting {
            if line == ORDINARY {
                self.leaves_ordinary(i);
            } else if self.is_insertion(&line) {
                self.set_counter(queue, &line, 0);
            }
        }
        self.tickets[i].at = At::Out;
    }

    /// Rule 6.
    pub fn return_to_old_place(&mut self, i: usize) {
        let (queue, line) = (self.tickets[i].queue, self.tickets[i].line.clone());
        if self.is_insertion(&line) {
            if self.line(queue, &line).is_empty() {
                self.set_counter(queue, &line, 0);
            }
            self.tickets[i].returned = true;
        }
        self.tickets[i].at = At::Waiting;
    }

    /// Everybody of one queue in the order in which they will be called.
    pub fn order(&self, queue: usize) -> Vec<String> {
        let mut copy = self.clone();
        let mut order: Vec<usize> = copy.line(queue, "emergency");
        let mut doors: Vec<(usize, usize, usize)> = vec![];
        for room in 0..self.rooms.len() {
            let standing = self.at_door(room).into_iter().filter(|&i| self.tickets[i].queue == queue);
            doors.extend(standing.enumerate().map(|(nth, i)| (nth, room, i)));
        }
        doors.sort();
        order.extend(doors.into_iter().map(|(_, _, i)| i));
        while let Some(i) = copy.pick(queue) {
            copy.take(i);
            order.push(i);
        }
        order.into_iter().map(|i| self.tickets[i].id.clone()).collect()
    }
}
