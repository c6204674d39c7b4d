//! A random day: settings, rooms and steps from a seed, done by the engine and by the reference side by side.

use std::collections::{BTreeMap, BTreeSet};

use jiaohao_domain::ids::{QueueId, ServicePointId, TicketId};
use jiaohao_domain::queue::*;
use jiaohao_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::reference::{At, RefRoom, Reference};

/// What a department would store.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Stored {
    Entered(QueueId, Placement),
    Called(Next),
    Summoned(Summons),
    Returned(QueueId, Returned),
    Left(QueueId, TicketId),
}

/// Chance by seed (SplitMix64).
struct Dice(u64);
impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n
    }
    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
    fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize].clone()
    }
}

pub struct Day {
    dice: Dice,
    settings: QueueSettings,
    queue_ids: Vec<QueueId>,
    room_ids: Vec<ServicePointId>,
    queues: BTreeMap<QueueId, Lines>,
    reference: Reference,
    stored: Vec<Stored>,
    /// Out of the queues, with a way back: queue, old place, index in the reference.
    out: Vec<(usize, Place, usize)>,
    arrivals: BTreeMap<TicketId, (usize, Arrival)>,
    now: i64,
    issued: u64,
    seats: BTreeSet<(usize, i64, u32)>,
    called: Vec<TicketId>,
    /// Of each insertion line, as the stored values say; 0 until one does.
    counters: BTreeMap<(QueueId, Line), u32>,
}

fn random_settings(dice: &mut Dice) -> QueueSettings {
    let mut settings = QueueSettings::default();
    if dice.one_in(3) {
        return settings;
    }
    for class in &mut settings.classes {
        class.treatment = match dice.below(5) {
            0 => Treatment::AlwaysFirst,
            1 | 2 => Treatment::OnePer(1 + dice.below(4) as u32),
            _ => Treatment::MovedUp(1 + dice.below(4) as u32),
        };
    }
    let rule = |dice: &mut Dice| match dice.below(6) {
        0 => InsertionRule::EndOfSlot,
        1 => InsertionRule::EndOfPeriod,
        2 => InsertionRule::AsOrdinary,
        _ => InsertionRule::OnePer(1 + dice.below(4) as u32),
    };
    settings.returning = rule(dice);
    settings.missed = rule(dice);
    settings.late = rule(dice);
    settings.ordinary = match dice.below(4) {
        0 => OrdinaryKey::BySlot,
        1 => OrdinaryKey::ByCheckIn,
        2 => OrdinaryKey::EqualByCheckIn,
        _ => OrdinaryKey::Ratio { appointments: 1 + dice.below(4) as u32, walk_ins: 1 + dice.below(2) as u32 },
    };
    settings.appointments_first = dice.one_in(3);
    settings.limit_factor = 1 + dice.below(3) as u32;
    settings.several_queues = dice.of(&[SeveralQueues::OwnFirst, SeveralQueues::InTurn, SeveralQueues::ByWaitingTime]);
    settings
}

impl Day {
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x2545_F491_4F6C_DD1D));
        let settings = random_settings(&mut dice);
        assert_eq!(settings.problem(), None);
        let queue_count = 1 + dice.below(3) as usize;
        let queue_ids: Vec<QueueId> = (0..queue_count).map(|n| QueueId::from(format!("s.d.q{n}"))).collect();
        let rooms: Vec<RefRoom> = (0..1 + dice.below(4))
            .map(|n| {
                let mut queues: Vec<usize> = (0..queue_count).filter(|_| dice.one_in(2)).collect();
                if queues.is_empty() {
                    queues.push(n as usize % queue_count);
                }
                let shift = dice.below(queues.len() as u64) as usize;
                queues.rotate_left(shift);
                RefRoom { open: true, cap: dice.of(&[0, 0, 1, 2, 2, 3]), queues, last: None }
            })
            .collect();
        let room_ids = (0..rooms.len()).map(|n| ServicePointId::from(format!("s.d.r{n}"))).collect();
        Self {
            queues: queue_ids.iter().map(|queue| (queue.clone(), Lines::new())).collect(),
            reference: Reference::new(settings.clone(), queue_count, rooms),
            dice,
            settings,
            queue_ids,
            room_ids,
            stored: vec![],
            out: vec![],
            arrivals: BTreeMap::new(),
            now: 8 * 3600,
            issued: 0,
            seats: BTreeSet::new(),
            called: vec![],
            counters: BTreeMap::new(),
        }
    }

    pub fn length(&mut self) -> u64 {
        20 + self.dice.below(100)
    }

    fn lines(&self, queue: usize) -> &Lines {
        &self.queues[&self.queue_ids[queue]]
    }

    /// Applies as a department does, from the stored value alone.
    fn apply(queues: &mut BTreeMap<QueueId, Lines>, stored: &Stored) -> Option<Box<Place>> {
        match stored {
            Stored::Entered(queue, placement) => queues.get_mut(queue)?.enter(placement),
            Stored::Called(next) => return queues.get_mut(&next.queue)?.take(&next.picked),
            Stored::Summoned(summons) => queues.get_mut(&summons.queue)?.summon(summons),
            Stored::Returned(queue, returned) => queues.get_mut(queue)?.come_back(returned),
            Stored::Left(queue, ticket) => return queues.get_mut(queue)?.leave(ticket),
        }
        None
    }

    fn emit(&mut self, stored: Stored) -> Option<Box<Place>> {
        let before = self.queues.clone();
        let place = Self::apply(&mut self.queues, &stored);
        self.check_counters(&before, &stored);
        self.stored.push(stored);
        place
    }

    /// One step of the day, then doors.
    pub fn step(&mut self) {
        self.now += self.dice.below(240) as i64;
        match self.dice.below(20) {
            0..=8 => self.arrive(),
            9..=13 => self.call_next(),
            14 => self.call_chosen(),
            15 => self.return_one(),
            16 => self.leave_one(),
            17 => self.open_or_close(),
            18 => self.report_back(),
            _ => self.change_class(),
        }
        self.fill_doors();
    }

    fn arrival(&mut self, ticket: TicketId, queue: usize) -> Arrival {
        let walk_in = self.dice.one_in(4);
        let addition = !walk_in && self.dice.one_in(8);
        let running = self.now - self.now.rem_euclid(1800);
        let slot = if walk_in { running } else { running + 1800 * (self.dice.below(5) as i64 - 2) };
        self.issued += 1;
        let mut sequence = Sequence::without_place(self.issued);
        if !walk_in && !addition {
            let place = self.dice.below(12) as u32;
            if self.seats.insert((queue, slot, place)) {
                sequence = Sequence { place, issue: self.issued };
            }
        }
        let late = is_late(Timestamp(self.now * 1000), Timestamp((slot + 1800) * 1000), 0, walk_in);
        let came = if self.dice.one_in(10) {
            Came::Transferred
        } else if late {
            Came::Late
        } else {
            Came::CheckIn
        };
        Arrival {
            ticket,
            came,
            class: self.random_class(),
            age: self.dice.one_in(3).then(|| 60 + self.dice.below(40) as u32),
            walk_in,
            addition,
            slot_start: (!self.dice.one_in(12)).then_some(Timestamp(slot * 1000)),
            sequence,
            checked_in_at: Timestamp(self.now * 1000),
            at: Timestamp(self.now * 1000),
            running_slot_start: Some(Timestamp(running * 1000)),
        }
    }

    fn random_class(&mut self) -> Option<String> {
        if !self.dice.one_in(4) {
            return None;
        }
        let names = ["military", "disabled", "late_pregnancy", "senior", "none", "emergency", "unheard_of"];
        Some(self.dice.of(&names).to_string())
    }

    fn enter(&mut self, queue: usize, arrival: Arrival) {
        let placement = self.lines(queue).place(&self.settings, &arrival);
        assert_eq!(placement.place.ticket, arrival.ticket);
        self.reference.arrive(queue, &arrival);
        self.emit(Stored::Entered(self.queue_ids[queue].clone(), placement));
        self.arrivals.insert(arrival.ticket.clone(), (queue, arrival));
    }

    fn arrive(&mut self) {
        let queue = self.dice.below(self.queue_ids.len() as u64) as usize;
        let ticket = TicketId::from(format!("s.d.t{}", self.issued + 1));
        let arrival = self.arrival(ticket, queue);
        self.enter(queue, arrival);
    }

    fn room(&self, room: usize) -> (Vec<QueueId>, Option<QueueId>) {
        let room = &self.reference.rooms[room];
        let id = |queue: &usize| self.queue_ids[*queue].clone();
        (room.queues.iter().map(id).collect(), room.last.as_ref().map(id))
    }

    fn call_next(&mut self) {
        let room = self.dice.below(self.room_ids.len() as u64) as usize;
        if self.reference.rooms[room].open {
            self.call_in(room);
        }
    }

    fn call_in(&mut self, room: usize) -> bool {
        let (queues, last) = self.room(room);
        let asks = Room {
            service_point: &self.room_ids[room],
            order: room as u32,
            door_cap: self.reference.rooms[room].cap as u32,
            queues: &queues,
            last_queue: last.as_ref(),
        };
        let next = next_call(&self.queues, &self.settings, &asks);
        let expected = self.reference.call_next(room);
        assert_eq!(
            next.as_ref().map(|next| next.picked.ticket.as_str()),
            expected.as_deref(),
            "call next in room {room}"
        );
        let Some(next) = next else { return false };
        let queue = self.queue_ids.iter().position(|id| *id == next.queue).expect("a queue of the day");
        self.called.push(next.picked.ticket.clone());
        self.take(queue, next);
        true
    }

    fn take(&mut self, queue: usize, next: Next) {
        let ticket = next.picked.ticket.clone();
        let place = self.emit(Stored::Called(next)).expect("it was there");
        assert_eq!(place.ticket, ticket);
        self.out.push((queue, *place, self.reference.find(ticket.as_str())));
    }

    /// Somebody who waits or stands at a door.
    fn somebody(&mut self) -> Option<usize> {
        let here: Vec<usize> =
            (0..self.reference.tickets.len()).filter(|&i| self.reference.tickets[i].at != At::Out).collect();
        (!here.is_empty()).then(|| self.dice.of(&here))
    }

    fn call_chosen(&mut self) {
        let Some(i) = self.somebody() else { return };
        let ticket = TicketId::from(self.reference.tickets[i].id.as_str());
        let queue = self.reference.tickets[i].queue;
        let picked = self.lines(queue).choose(&self.settings, &ticket).expect("it is here");
        assert_eq!((picked.rule, picked.passes_before), (Rule::Chosen, None));
        self.reference.call_chosen(i);
        self.take(queue, Next { queue: self.queue_ids[queue].clone(), picked });
    }

    fn return_one(&mut self) {
        if self.out.is_empty() {
            return;
        }
        let at = self.dice.below(self.out.len() as u64) as usize;
        let (queue, place, i) = self.out.swap_remove(at);
        let returned = self.lines(queue).return_to_old_place(&place);
        assert_eq!((&returned.place.line, returned.place.key), (&place.line, place.key));
        self.reference.return_to_old_place(i);
        self.emit(Stored::Returned(self.queue_ids[queue].clone(), returned));
    }

    fn leave_one(&mut self) {
        let Some(i) = self.somebody() else { return };
        let ticket = TicketId::from(self.reference.tickets[i].id.as_str());
        let queue = self.reference.tickets[i].queue;
        self.reference.tickets[i].at = At::Out;
        let place = self.emit(Stored::Left(self.queue_ids[queue].clone(), ticket)).expect("it was there");
        self.out.push((queue, *place, i));
    }

    fn report_back(&mut self) {
        if self.out.is_empty() {
            return;
        }
        let at = self.dice.below(self.out.len() as u64) as usize;
        let (queue, place, _) = self.out.swap_remove(at);
        let (_, mut arrival) = self.arrivals[&place.ticket].clone();
        arrival.came = self.dice.of(&[Came::Returning, Came::Missed]);
        arrival.at = Timestamp(self.now * 1000);
        arrival.running_slot_start = Some(Timestamp((self.now - self.now.rem_euclid(1800)) * 1000));
        self.enter(queue, arrival);
    }

    fn change_class(&mut self) {
        let Some(i) = self.somebody() else { return };
        if self.reference.tickets[i].at != At::Waiting {
            return;
        }
        let ticket = TicketId::from(self.reference.tickets[i].id.as_str());
        let (queue, mut arrival) = self.arrivals[&ticket].clone();
        arrival.class = self.random_class();
        arrival.at = Timestamp(self.now * 1000);
        self.enter(queue, arrival);
    }

    fn open_or_close(&mut self) {
        let room = self.dice.below(self.room_ids.len() as u64) as usize;
        if !std::mem::replace(&mut self.reference.rooms[room].open, false) {
            self.reference.rooms[room].open = true;
            return;
        }
        let standing = self.reference.at_door(room);
        for i in standing.into_iter().rev() {
            let ticket = TicketId::from(self.reference.tickets[i].id.as_str());
            let queue = self.reference.tickets[i].queue;
            let lines = self.lines(queue);
            let returned = lines.return_to_old_place(lines.get(&ticket).expect("at the door").place);
            self.reference.return_to_old_place(i);
            self.emit(Stored::Returned(self.queue_ids[queue].clone(), returned));
        }
    }

    fn fill_doors(&mut self) {
        loop {
            let open: Vec<usize> = (0..self.room_ids.len()).filter(|&room| self.reference.rooms[room].open).collect();
            let parts: Vec<_> = open.iter().map(|&room| self.room(room)).collect();
            let rooms: Vec<Room<'_>> = open
                .iter()
                .zip(&parts)
                .map(|(&room, (queues, last))| Room {
                    service_point: &self.room_ids[room],
                    order: room as u32,
                    door_cap: self.reference.rooms[room].cap as u32,
                    queues,
                    last_queue: last.as_ref(),
                })
                .collect();
            let summons = next_summons(&self.queues, &self.settings, &rooms);
            let expected = self.reference.summon_one();
            let found = summons.as_ref().map(|summons| {
                let room = self.room_ids.iter().position(|id| *id == summons.service_point).expect("a room of the day");
                (room, summons.picked.ticket.as_str().to_string())
            });
            assert_eq!(found, expected, "summons");
            let Some(summons) = summons else { return };
            self.emit(Stored::Summoned(summons));
        }
    }

    /// Rule 2, from outside: between two states a counter is as before, or 0, or (an ordinary ticket left by call or
    /// summons and the line is not empty) one more.
    fn check_counters(&mut self, before: &BTreeMap<QueueId, Lines>, stored: &Stored) {
        let (queue, taken, stated) = match stored {
            Stored::Entered(queue, placement) => (queue, None, placement.counters.as_slice()),
            Stored::Returned(queue, returned) => (queue, None, returned.counters.as_slice()),
            Stored::Left(queue, _) => (queue, None, [].as_slice()),
            Stored::Called(next) => (&next.queue, Some(&next.picked), next.picked.counters.as_slice()),
            Stored::Summoned(summons) => (&summons.queue, Some(&summons.picked), summons.picked.counters.as_slice()),
        };
        let old = self.counters.clone();
        let counter = |counters: &BTreeMap<_, u32>, id: &QueueId, line: &Line| {
            counters.get(&(id.clone(), line.clone())).copied().unwrap_or(0)
        };
        for LineCounter { line, counter } in stated {
            self.counters.insert((queue.clone(), line.clone()), *counter);
        }
        for id in &self.queue_ids {
            let (was, is) = (&before[id], &self.queues[id]);
            let names = self.settings.classes.iter().map(|class| Line::Class(class.name.as_str().into()));
            for line in names.chain([Line::Returning, Line::Missed, Line::Late]) {
                let count = |lines: &Lines| {
                    let of_line = |ticket: &&TicketId| lines.get(ticket).is_some_and(|held| held.place.line == line);
                    lines.waiting().filter(of_line).count()
                };
                let unsummoned = taken.filter(|picked| {
                    id == queue && was.get(&picked.ticket).is_some_and(|held| held.service_point.is_none())
                });
                let expected = match unsummoned {
                    Some(picked) if picked.line == line => 0,
                    Some(picked) if picked.line == Line::Ordinary && count(was) > 0 => counter(&old, id, &line) + 1,
                    _ if count(was) == 0 && count(is) > 0 => 0,
                    _ => counter(&old, id, &line),
                };
                assert_eq!(counter(&self.counters, id, &line), expected, "counter of {line:?} after {stored:?}");
            }
        }
    }

    /// The engine's queues against the model's, and what must hold of them at any time.
    pub fn compare(&self) {
        let mut seen = BTreeSet::new();
        for (number, id) in self.queue_ids.iter().enumerate() {
            let lines = &self.queues[id];
            let here: Vec<_> = self.reference.tickets.iter().filter(|t| t.queue == number && t.at != At::Out).collect();
            assert_eq!(here.len(), lines.waiting_count() + lines.summoned_count(), "how many are in {id}");
            for ticket in &here {
                let ticket_id = TicketId::from(ticket.id.as_str());
                let held = lines.get(&ticket_id).expect("it is in its queue");
                assert!(seen.insert(ticket_id), "{} is in two places", ticket.id);
                let door = match ticket.at {
                    At::Door(room, _) => Some(&self.room_ids[room]),
                    _ => None,
                };
                assert_eq!(held.service_point, door, "door of {}", ticket.id);
                assert_eq!(held.place.line.name(), ticket.line, "line of {}", ticket.id);
                assert_eq!(held.place.position, ticket.position, "position of {}", ticket.id);
                assert_eq!(held.passed, ticket.passed, "passed of {}", ticket.id);
                if let Some(limit) = held.place.limit {
                    assert_eq!(limit, self.settings.limit_factor * held.place.position);
                    assert!(held.passed <= limit, "{} was passed {} times, limit {limit}", ticket.id, held.passed);
                }
            }
            // The model's order takes long: not after each step.
            if self.now % 4 > 0 {
                continue;
            }
            let order: Vec<String> = lines.order(&self.settings).iter().map(|t| t.as_str().to_string()).collect();
            assert_eq!(order, self.reference.order(number), "order of {id}");
            assert_eq!(order, self.by_calling(id), "order of {id} by calling");
        }
    }

    /// The order in which "call next" takes everybody of one queue: the emergencies, those at doors, the rest.
    fn by_calling(&self, id: &QueueId) -> Vec<String> {
        let mut queues = BTreeMap::from([(id.clone(), self.queues[id].clone())]);
        let mut order = self.taken(&mut queues, &ServicePointId::from("s.d.nobodys"), &[Rule::Emergency]);
        let mut at_doors: Vec<(usize, &ServicePointId, TicketId)> = vec![];
        for room in &self.room_ids {
            let standing = self.taken(&mut queues, room, &[Rule::AtDoor]);
            at_doors.extend(standing.into_iter().enumerate().map(|(nth, ticket)| (nth, room, ticket)));
        }
        at_doors.sort();
        order.extend(at_doors.into_iter().map(|(.., ticket)| ticket));
        let rest = [Rule::AlwaysFirst, Rule::DueInsertion, Rule::OrdinaryHead, Rule::NobodyOrdinary];
        order.extend(self.taken(&mut queues, &ServicePointId::from("s.d.nobodys"), &rest));
        order.into_iter().map(|ticket| ticket.as_str().to_string()).collect()
    }

    /// Who is called at that door, one after the other, as long as it is by one of these rules.
    fn taken(
        &self,
        queues: &mut BTreeMap<QueueId, Lines>,
        service_point: &ServicePointId,
        rules: &[Rule],
    ) -> Vec<TicketId> {
        let ids: Vec<QueueId> = queues.keys().cloned().collect();
        let room = Room { service_point, order: 0, door_cap: 0, queues: &ids, last_queue: None };
        let mut taken = vec![];
        while let Some(next) = next_call(queues, &self.settings, &room).filter(|next| rules.contains(&next.picked.rule))
        {
            queues.get_mut(&next.queue).expect("it was asked").take(&next.picked);
            taken.push(next.picked.ticket);
        }
        taken
    }

    /// Every room closes; one room calls from all queues until nobody is there.
    pub fn drain(&mut self) {
        for room in 0..self.room_ids.len() {
            self.reference.rooms[room].open = true;
        }
        let left: BTreeSet<TicketId> = self
            .reference
            .tickets
            .iter()
            .filter(|ticket| ticket.at != At::Out)
            .map(|ticket| TicketId::from(ticket.id.as_str()))
            .collect();
        self.reference.rooms[0].queues = (0..self.queue_ids.len()).collect();
        self.called.clear();
        for room in (0..self.room_ids.len()).rev() {
            while self.call_in(room) {}
        }
        let called: BTreeSet<TicketId> = self.called.iter().cloned().collect();
        assert_eq!(called, left, "who was there and who was called");
        assert_eq!(called.len(), self.called.len(), "nobody is called twice");
        assert!(self.queues.values().all(Lines::is_empty));
    }

    pub fn replay(&self) {
        let config = bincode::config::standard();
        let mut again: BTreeMap<QueueId, Lines> = self.queue_ids.iter().map(|id| (id.clone(), Lines::new())).collect();
        for stored in &self.stored {
            let bytes = bincode::serde::encode_to_vec(stored, config).expect("can be stored");
            let (read, length) = bincode::serde::decode_from_slice::<Stored, _>(&bytes, config).expect("can be read");
            assert_eq!(length, bytes.len());
            Self::apply(&mut again, &read);
        }
        assert_eq!(again, self.queues);
        let bytes = |queues| bincode::serde::encode_to_vec(queues, config).expect("can be stored");
        assert_eq!(bytes(&again), bytes(&self.queues));
        let (read, _) = bincode::serde::decode_from_slice::<BTreeMap<QueueId, Lines>, _>(&bytes(&again), config)
            .expect("can be read");
        assert_eq!(read, self.queues);
    }
}
