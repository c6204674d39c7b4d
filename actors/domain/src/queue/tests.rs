//! DOMAIN's examples of who is next, each as a test vector, and what each settings alternative does.

use std::collections::BTreeMap;

use super::*;
use crate::ids::{QueueId, ServicePointId, TicketId};
use crate::time::Timestamp;

/// Hospital-local clock of the examples.
fn at(hour: i64, minute: i64) -> Timestamp {
    Timestamp((hour * 60 + minute) * 60_000)
}

/// One queue, by whatever id it is asked for.
struct Only<'a>(&'a Lines);

impl Queues for Only<'_> {
    fn lines(&self, _: &QueueId) -> Option<&Lines> {
        Some(self.0)
    }
}

/// "Call next" at that door of a room that calls from one queue.
fn next_at(door: &str, lines: &Lines, settings: &QueueSettings) -> Option<Picked> {
    let (service_point, queues) = (ServicePointId::from(door), [QueueId::from("q")]);
    let room = Room { service_point: &service_point, order: 1, door_cap: 0, queues: &queues, last_queue: None };
    next_call(&Only(lines), settings, &room).map(|next| next.picked)
}

/// The counter of an insertion line; 0 for one that never had a ticket.
fn counter(lines: &Lines, line: &Line) -> u32 {
    lines.insertion(line).map_or(0, |insertion| insertion.counter)
}

/// One queue in which the tests speak in short names.
struct Queue {
    settings: QueueSettings,
    lines: Lines,
    issued: u64,
}

impl Queue {
    fn new(settings: QueueSettings) -> Self {
        Self { settings, lines: Lines::new(), issued: 0 }
    }

    fn standard() -> Self {
        Self::new(QueueSettings::default())
    }

    /// Checked in in time, slot 9:00, in the order of the calls.
    fn arrival(&mut self, name: &str) -> Arrival {
        self.issued += 1;
        Arrival {
            ticket: TicketId::from(name),
            came: Came::CheckIn,
            class: None,
            age: None,
            walk_in: false,
            addition: false,
            slot_start: Some(at(9, 0)),
            sequence: Sequence { place: self.issued as u32, issue: self.issued },
            checked_in_at: at(8, 50),
            at: at(8, 50),
            running_slot_start: Some(at(9, 0)),
        }
    }

    fn enter(&mut self, arrival: Arrival) -> Placement {
        let placement = self.lines.place(&self.settings, &arrival);
        self.lines.enter(&placement);
        placement
    }

    fn with(&mut self, name: &str, change: impl FnOnce(&mut Arrival)) -> Placement {
        let mut arrival = self.arrival(name);
        change(&mut arrival);
        self.enter(arrival)
    }

    fn ordinary(&mut self, names: &str) {
        for name in names.split(' ') {
            self.with(name, |_| {});
        }
    }

    fn came(&mut self, name: &str, came: Came) -> Placement {
        self.with(name, |arrival| arrival.came = came)
    }

    fn aged(&mut self, name: &str, age: u32) -> Placement {
        self.with(name, |arrival| arrival.age = Some(age))
    }

    fn class(&mut self, name: &str, class: &str) -> Placement {
        self.with(name, |arrival| arrival.class = Some(class.into()))
    }

    fn order(&self) -> String {
        self.lines.order(&self.settings).iter().map(|ticket| ticket.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// Who is next in a room that calls from this queue alone, with nobody at its door.
    fn next(&self) -> Option<Picked> {
        next_at("nobody's door", &self.lines, &self.settings)
    }

    fn counter(&self, line: &Line) -> u32 {
        counter(&self.lines, line)
    }

    fn is_at_limit(&self) -> bool {
        self.lines.at_limit > 0
    }

    fn call(&mut self) -> String {
        let Some(picked) = self.next() else { return "nobody".into() };
        self.lines.take(&picked);
        picked.ticket.as_str().into()
    }

    fn calls(&mut self, n: usize) -> String {
        (0..n).map(|_| self.call()).collect::<Vec<_>>().join(" ")
    }

    fn choose(&mut self, name: &str) -> Place {
        let picked = self.lines.choose(&self.settings, &TicketId::from(name)).expect("it is here");
        *self.lines.take(&picked).expect("it is here")
    }

    fn come_back(&mut self, place: &Place) {
        let returned = self.lines.return_to_old_place(place);
        self.lines.come_back(&returned);
    }

    fn passed(&self, name: &str) -> u32 {
        self.lines.get(&TicketId::from(name)).expect("it is here").passed
    }
}

/// The calls to the end are what `order` said at the beginning.
fn assert_calls(mut queue: Queue, expected: &str) {
    assert_eq!(queue.order(), expected);
    assert_eq!(queue.calls(expected.split(' ').count()), expected);
    assert_eq!(queue.call(), "nobody");
}

#[test]
fn example_1_one_returning_ticket_after_two_ordinary_ones() {
    let mut queue = Queue::standard();
    queue.ordinary("a1 a2 a3");
    queue.came("r1", Came::Returning);
    assert_calls(queue, "a1 a2 r1 a3");
}

fn example_2() -> Queue {
    let mut queue = Queue::standard();
    queue.ordinary("a1 a2 a3 a4 a5 a6");
    queue.came("r1", Came::Returning);
    queue.came("m1", Came::Missed);
    queue
}

#[test]
fn example_2_returning_and_missed_have_a_counter_each() {
    assert_calls(example_2(), "a1 a2 r1 a3 m1 a4 a5 a6")
}

#[test]
fn example_3_an_emergency_is_next_and_changes_no_counter() {
    let mut queue = example_2();
    assert_eq!(queue.call(), "a1");
    queue.class("e1", EMERGENCY);
    let counters = |queue: &Queue| (queue.counter(&Line::Returning), queue.counter(&Line::Missed));
    let before = counters(&queue);
    assert_eq!(before, (1, 1));
    assert_eq!(queue.call(), "e1");
    assert_eq!(counters(&queue), before);
    assert_calls(queue, "a2 r1 a3 m1 a4 a5 a6");
}

#[test]
fn example_4_early_never_passes_earlier_slots() {
    let mut queue = Queue::standard();
    queue.ordinary("a1 a2");
    queue.with("a4", |arrival| arrival.slot_start = Some(at(9, 30)));
    assert_eq!(queue.order(), "a1 a2 a4");
    queue.with("a3", |arrival| arrival.checked_in_at = at(9, 10));
    assert_calls(queue, "a1 a2 a3 a4");
}

#[test]
fn example_4_late_is_put_after_three() {
    let mut queue = Queue::standard();
    queue.ordinary("a1 a2");
    assert_eq!(queue.calls(2), "a1 a2");
    for name in ["a4", "a5", "a6", "a7", "a8"] {
        queue.with(name, |arrival| arrival.slot_start = Some(at(9, 30)));
    }
    assert!(is_late(at(9, 40), at(9, 30), 0, false));
    queue.with("a3", |arrival| (arrival.came, arrival.checked_in_at) = (Came::Late, at(9, 40)));
    assert_calls(queue, "a4 a5 a6 a3 a7 a8");
}

/// Rooms on one pool, in room order.
struct Pool {
    settings: QueueSettings,
    queues: BTreeMap<QueueId, Lines>,
    own: Vec<QueueId>,
    rooms: Vec<ServicePointId>,
    open: Vec<bool>,
    cap: u32,
}

impl Pool {
    fn new(queue: Queue, rooms: usize, cap: u32) -> Self {
        let own = QueueId::from("q");
        let rooms: Vec<_> = (1..=rooms).map(|n| ServicePointId::from(format!("room{n}"))).collect();
        let queues = BTreeMap::from([(own.clone(), queue.lines)]);
        Self { settings: queue.settings, queues, own: vec![own], open: vec![true; rooms.len()], rooms, cap }
    }

    fn room(&self, n: usize) -> Room<'_> {
        Room {
            service_point: &self.rooms[n - 1],
            order: n as u32,
            door_cap: self.cap,
            queues: &self.own,
            last_queue: None,
        }
    }

    fn lines(&mut self) -> &mut Lines {
        self.queues.values_mut().next().expect("one queue")
    }

    /// `a1>room1 a2>room2`: who was told to stand where.
    fn fill(&mut self) -> String {
        let mut told = vec![];
        loop {
            let rooms: Vec<_> = (1..=self.rooms.len()).filter(|n| self.open[n - 1]).map(|n| self.room(n)).collect();
            let Some(summons) = next_summons(&self.queues, &self.settings, &rooms) else { return told.join(" ") };
            told.push(format!("{}>{}", summons.picked.ticket, summons.service_point));
            self.lines().summon(&summons);
        }
    }

    fn call(&mut self, n: usize) -> String {
        let Some(next) = next_call(&self.queues, &self.settings, &self.room(n)) else { return "nobody".into() };
        self.lines().take(&next.picked);
        next.picked.ticket.as_str().into()
    }

    fn close(&mut self, n: usize) {
        self.open[n - 1] = false;
        let room = self.rooms[n - 1].clone();
        let standing: Vec<TicketId> =
            self.lines().turns(&room).into_iter().flat_map(BTreeMap::values).cloned().collect();
        for ticket in standing.iter().rev() {
            let lines = self.lines();
            let returned = lines.return_to_old_place(lines.get(ticket).expect("at the door").place);
            lines.come_back(&returned);
        }
    }
}

#[test]
fn example_5_two_rooms_on_one_pool() {
    let mut queue = Queue::standard();
    queue.ordinary("a1 a2 a3 a4 a5");
    let mut pool = Pool::new(queue, 2, 1);
    assert_eq!(pool.fill(), "a1>room1 a2>room2");
    assert_eq!((pool.call(1), pool.fill()), ("a1".into(), "a3>room1".into()));
    assert_eq!((pool.call(2), pool.fill()), ("a2".into(), "a4>room2".into()));
    pool.close(1);
    assert_eq!(pool.lines().waiting_count(), 2);
    let settings = pool.settings.clone();
    let next = next_at("nobody's door", pool.lines(), &settings);
    assert_eq!(next.map(|picked| picked.ticket), Some(TicketId::from("a3")));
    assert_eq!((pool.call(2), pool.fill()), ("a4".into(), "a3>room2".into()));
    assert_eq!(pool.call(2), "a3");
}

#[test]
fn example_6_a_patient_of_82_is_moved_up_three() {
    let mut queue = Queue::standard();
    queue.ordinary("a1 a2 a3 a4 a5 a6");
    let placement = queue.aged("a7", 82);
    assert_eq!(placement.place.position, 4);
    assert_eq!(placement.place.why.zh(), "老年优先,提前3位");
    assert_calls(queue, "a1 a2 a3 a7 a4 a5 a6");
}

#[test]
fn example_7_nobody_ordinary_waits() {
    let mut queue = Queue::standard();
    queue.came("l1", Came::Late);
    queue.came("r1", Came::Returning);
    assert_calls(queue, "r1 l1");
}

#[test]
fn example_8_a_second_moved_up_ticket_stops_behind_the_first() {
    let mut queue = Queue::standard();
    queue.ordinary("a1 a2 a3 a4 a5 a6");
    queue.aged("a7", 82);
    queue.aged("a8", 85);
    assert_calls(queue, "a1 a2 a3 a7 a8 a4 a5 a6");
}

#[test]
fn of_two_of_a_moved_up_class_the_first_stays_the_first_though_it_needed_no_move() {
    let mut queue = Queue::standard();
    let first = queue.aged("a2", 88);
    assert_eq!(first.place.why.zh(), "老年优先,已经排到最靠前");
    let second = queue.aged("a3", 88);
    assert_eq!(second.place.why.en(), "Seniors: already as far forward as it may be");
    queue.ordinary("a4");
    assert_calls(queue, "a2 a3 a4");
}

#[test]
fn always_first_is_before_due_insertions_and_after_emergencies() {
    let mut queue = Queue::standard();
    queue.settings.classes[0].treatment = Treatment::AlwaysFirst;
    queue.ordinary("a1 a2 a3");
    queue.came("r1", Came::Returning);
    assert_eq!(queue.calls(2), "a1 a2");
    queue.class("v1", "military");
    queue.class("e1", EMERGENCY);
    assert_calls(queue, "e1 v1 r1 a3");
}

#[test]
fn one_per_classes_are_due_in_configured_order_before_returning() {
    let mut queue = Queue::standard();
    queue.settings.classes[0].treatment = Treatment::OnePer(2);
    queue.settings.classes[1].treatment = Treatment::OnePer(2);
    queue.ordinary("a1 a2 a3 a4");
    queue.came("r1", Came::Returning);
    queue.class("d1", "disabled");
    queue.class("v1", "military");
    assert_calls(queue, "a1 a2 v1 d1 r1 a3 a4");
}

#[test]
fn the_desk_can_say_no_class_to_somebody_of_senior_age() {
    let mut queue = Queue::standard();
    queue.ordinary("a1 a2");
    queue.with("a3", |arrival| (arrival.age, arrival.class) = (Some(90), Some(NO_CLASS.into())));
    assert_calls(queue, "a1 a2 a3");
}

#[test]
fn a_moved_up_ticket_stops_behind_one_at_its_limit() {
    let mut queue = Queue::standard();
    queue.ordinary("a1 a2 a3");
    for name in ["s1", "s2", "s3", "s4"] {
        queue.aged(name, 81);
    }
    assert_eq!((queue.passed("a1"), queue.passed("a2")), (3, 4));
    assert_calls(queue, "s1 s2 s3 a1 s4 a2 a3");
}

#[test]
fn insertions_wait_while_a_ticket_is_at_its_limit_and_chosen_calls_do_not_pass_it() {
    let mut queue = Queue::standard();
    queue.settings.returning = InsertionRule::OnePer(1);
    queue.ordinary("a1");
    for name in ["r1", "r2", "r3", "r4"] {
        queue.came(name, Came::Returning);
    }
    for name in ["r1", "r2", "r3"] {
        // a1 is called and comes back: it counts for the counter each time.
        let place = queue.choose("a1");
        queue.come_back(&place);
        assert!(!queue.is_at_limit());
        assert_eq!(queue.call(), name);
    }
    assert!(queue.is_at_limit());
    assert_eq!(queue.passed("a1"), 3);
    let place = queue.choose("a1");
    queue.come_back(&place);
    queue.choose("r4");
    assert_eq!(queue.passed("a1"), 3);
    queue.came("r5", Came::Returning);
    assert_calls(queue, "a1 r5");
}

#[test]
fn an_insertion_returned_to_its_old_place_is_due_at_once_and_counters_stay() {
    let mut queue = Queue::standard();
    queue.ordinary("a1 a2 a3 a4");
    queue.came("r1", Came::Returning);
    queue.came("r2", Came::Returning);
    assert_eq!(queue.calls(2), "a1 a2");
    let picked = queue.next().expect("r1 is due");
    assert_eq!(picked.rule, Rule::DueInsertion);
    let place = queue.lines.take(&picked).expect("it is here");
    assert_eq!(queue.counter(&Line::Returning), 0);
    queue.come_back(&place);
    assert_eq!(queue.counter(&Line::Returning), 0);
    assert_calls(queue, "r1 a3 a4 r2");
}

#[test]
fn a_returned_ordinary_ticket_stands_where_it_stood() {
    let mut queue = Queue::standard();
    queue.ordinary("a1 a2 a3");
    let place = queue.choose("a2");
    assert_eq!(queue.order(), "a1 a3");
    queue.come_back(&place);
    assert_calls(queue, "a1 a2 a3");
}

#[test]
fn leaving_without_a_call_changes_no_counter() {
    let mut queue = Queue::standard();
    queue.ordinary("a1 a2 a3");
    queue.came("r1", Came::Returning);
    assert!(queue.lines.leave(&TicketId::from("a1")).is_some());
    assert_eq!(queue.counter(&Line::Returning), 0);
    assert_eq!(queue.order(), "a2 a3 r1");
    queue.choose("a3");
    assert_eq!(queue.counter(&Line::Returning), 1);
    assert_eq!(queue.passed("a2"), 0);
    assert!(queue.lines.leave(&TicketId::from("a3")).is_none());
}

#[test]
fn the_alternatives_of_a_line_end_of_slot_end_of_period_as_ordinary() {
    let mut queue = Queue::standard();
    queue.settings.returning = InsertionRule::EndOfSlot;
    queue.settings.missed = InsertionRule::EndOfPeriod;
    queue.settings.late = InsertionRule::AsOrdinary;
    queue.ordinary("a1 a2");
    queue.with("b1", |arrival| arrival.slot_start = Some(at(9, 30)));
    queue.with("m1", |arrival| (arrival.came, arrival.slot_start) = (Came::Missed, Some(at(8, 0))));
    queue.with("r1", |arrival| (arrival.came, arrival.slot_start) = (Came::Returning, Some(at(8, 0))));
    queue.with("l1", |arrival| (arrival.came, arrival.slot_start) = (Came::Late, Some(at(8, 30))));
    queue.with("x1", |arrival| arrival.addition = true);
    assert_calls(queue, "l1 a1 a2 x1 r1 b1 m1");
}

#[test]
fn the_keys_of_the_ordinary_line() {
    let fill = |ordinary: OrdinaryKey, appointments_first: bool| {
        let mut queue = Queue::new(QueueSettings { ordinary, appointments_first, ..QueueSettings::default() });
        let mut enter = |name: &str, slot: Timestamp, place: u32, walk_in: bool, minute: i64| {
            queue.with(name, |arrival| {
                arrival.slot_start = Some(slot);
                arrival.sequence.place = if walk_in { Sequence::NO_PLACE } else { place };
                arrival.walk_in = walk_in;
                arrival.checked_in_at = at(8, minute);
            });
        };
        enter("b1", at(9, 30), 1, false, 1);
        enter("w1", at(9, 0), 0, true, 2);
        enter("a2", at(9, 0), 2, false, 3);
        enter("a1", at(9, 0), 1, false, 4);
        enter("w2", at(9, 0), 0, true, 5);
        queue
    };
    assert_calls(fill(OrdinaryKey::BySlot, false), "a1 a2 w1 w2 b1");
    assert_calls(fill(OrdinaryKey::BySlot, true), "a1 a2 b1 w1 w2");
    assert_calls(fill(OrdinaryKey::ByCheckIn, false), "w1 a2 a1 w2 b1");
    assert_calls(fill(OrdinaryKey::ByCheckIn, true), "a2 a1 b1 w1 w2");
    assert_calls(fill(OrdinaryKey::EqualByCheckIn, false), "b1 w1 a2 a1 w2");
    assert_calls(fill(OrdinaryKey::Ratio { appointments: 1, walk_ins: 1 }, false), "a1 w1 a2 w2 b1");
    assert_calls(fill(OrdinaryKey::Ratio { appointments: 2, walk_ins: 1 }, false), "a1 a2 w1 b1 w2");
}

#[test]
fn in_a_ratio_the_position_counts_the_other_line_as_far_as_it_goes_first() {
    let settings =
        QueueSettings { ordinary: OrdinaryKey::Ratio { appointments: 3, walk_ins: 1 }, ..QueueSettings::default() };
    let mut queue = Queue::new(settings);
    let position = |placement: Placement| placement.place.position;
    let walk_in = |arrival: &mut Arrival| arrival.walk_in = true;
    assert_eq!(position(queue.with("w1", walk_in)), 1);
    queue.ordinary("a1 a2 a3");
    assert_eq!(position(queue.with("a4", |_| {})), 5);
    assert_eq!(position(queue.with("w2", walk_in)), 6);
    assert_calls(queue, "a1 a2 a3 w1 a4 w2");
}

#[test]
fn a_doctor_with_several_queues() {
    let own = QueueId::from("own");
    let pool = QueueId::from("pool");
    let ids = [own.clone(), pool.clone()];
    let room_id = ServicePointId::from("room1");
    let day = |policy: SeveralQueues, n: usize| {
        let settings = QueueSettings { several_queues: policy, ..QueueSettings::default() };
        let (mut first, mut second) = (Queue::new(settings.clone()), Queue::new(settings.clone()));
        for (name, minute) in [("o1", 10), ("o2", 40)] {
            first.with(name, |arrival| arrival.at = at(8, minute));
        }
        for (name, minute) in [("p1", 20), ("p2", 30)] {
            second.with(name, |arrival| arrival.at = at(8, minute));
        }
        second.with("e1", |arrival| arrival.class = Some(EMERGENCY.into()));
        let mut queues = BTreeMap::from([(own.clone(), first.lines), (pool.clone(), second.lines)]);
        let (mut last, mut called) = (None, vec![]);
        for _ in 0..n {
            let room = Room { service_point: &room_id, order: 1, door_cap: 0, queues: &ids, last_queue: last.as_ref() };
            let next = next_call(&queues, &settings, &room).expect("somebody waits");
            queues.get_mut(&next.queue).expect("it is there").take(&next.picked);
            called.push(next.picked.ticket.as_str().to_string());
            last = Some(next.queue);
        }
        called.join(" ")
    };
    assert_eq!(day(SeveralQueues::OwnFirst, 5), "e1 o1 o2 p1 p2");
    assert_eq!(day(SeveralQueues::InTurn, 5), "e1 o1 p1 o2 p2");
    assert_eq!(day(SeveralQueues::ByWaitingTime, 5), "e1 o1 p1 p2 o2");
}

#[test]
fn emergencies_are_never_summoned_and_come_before_those_at_the_door() {
    let mut queue = Queue::standard();
    queue.ordinary("a1 a2");
    queue.class("e1", EMERGENCY);
    let mut pool = Pool::new(queue, 1, 1);
    assert_eq!(pool.fill(), "a1>room1");
    assert_eq!(pool.call(1), "e1");
    assert_eq!(pool.fill(), "");
    assert_eq!(pool.call(1), "a1");
}

#[test]
fn the_emptiest_door_is_filled_first_then_room_order_and_no_door_beyond_its_cap() {
    let mut queue = Queue::standard();
    queue.ordinary("a1 a2 a3 a4 a5");
    let mut pool = Pool::new(queue, 2, 2);
    assert_eq!(pool.fill(), "a1>room1 a2>room2 a3>room1 a4>room2");
    assert_eq!(pool.call(2), "a2");
    assert_eq!(pool.call(2), "a4");
    assert_eq!(pool.fill(), "a5>room2");
}

#[test]
fn a_summons_counts_and_the_call_from_the_door_does_not() {
    let mut queue = Queue::standard();
    queue.ordinary("a1 a2 a3");
    queue.came("r1", Came::Returning);
    let mut pool = Pool::new(queue, 1, 1);
    pool.fill();
    assert_eq!(counter(pool.lines(), &Line::Returning), 1);
    pool.call(1);
    assert_eq!(counter(pool.lines(), &Line::Returning), 1);
}

#[test]
fn a_class_given_at_the_desk_later_moves_up_from_where_it_stands() {
    let mut queue = Queue::standard();
    queue.ordinary("a1 a2 a3 a4");
    let mut arrival = queue.arrival("a5");
    queue.enter(arrival.clone());
    arrival.class = Some("disabled".into());
    let placement = queue.enter(arrival);
    assert_eq!((placement.place.position, queue.lines.waiting_count()), (2, 5));
    assert_calls(queue, "a1 a5 a2 a3 a4");
}

#[test]
fn a_class_without_effect_does_not_put_a_returning_ticket_back() {
    let mut queue = Queue::standard();
    let mut arrival = queue.arrival("r1");
    arrival.came = Came::Returning;
    queue.enter(arrival.clone());
    queue.came("r2", Came::Returning);
    arrival.class = Some("disabled".into());
    queue.enter(arrival);
    assert_calls(queue, "r1 r2");
}

#[test]
fn a_line_whose_rule_was_changed_is_still_emptied() {
    let mut queue = Queue::standard();
    queue.settings.classes[0].treatment = Treatment::OnePer(4);
    queue.class("v1", "military");
    queue.ordinary("a1 a2");
    queue.settings.classes.clear();
    assert_calls(queue, "a1 v1 a2");
}

#[test]
fn late_walk_ins_and_slots() {
    assert!(!is_late(at(9, 30), at(9, 30), 0, false));
    assert!(is_late(at(9, 31), at(9, 30), 0, false));
    assert!(!is_late(at(9, 50), at(9, 30), 20, false));
    assert!(!is_late(at(12, 0), at(9, 30), 0, true));
    let slots = [("nine", at(9, 0), at(9, 30)), ("ten", at(10, 0), at(10, 30))];
    assert_eq!(walk_in_slot(&slots, at(8, 0)), Some("nine"));
    assert_eq!(walk_in_slot(&slots, at(9, 29)), Some("nine"));
    assert_eq!(walk_in_slot(&slots, at(9, 30)), Some("ten"));
    assert_eq!(walk_in_slot(&slots, at(11, 0)), Some("ten"));
    assert_eq!(walk_in_slot::<&str>(&[], at(9, 0)), None);
    assert_eq!(addition_slot(&["nine", "ten"], Some("nine")), Some("nine"));
    assert_eq!(addition_slot(&["nine", "ten"], Some("noon")), Some("ten"));
    assert_eq!(addition_slot(&["nine", "ten"], None), Some("ten"));
}

#[test]
fn the_patient_is_told_what_has_happened_and_not_how_the_desk_calls_it() {
    let late = Why::OnePer(Cause::Late, 3);
    assert_eq!(late.zh(), "迟到,每3位插1位");
    assert_eq!(late.told_zh(), "您来晚了:每看3位按时的,就叫1位来晚的");
    assert_eq!(late.told_en(), "You came late: after every 3 people on time, one who came late is called");
    assert_eq!(Why::EndOfSlot(Cause::Missed).told_zh(), "刚才叫您时您不在:排在这个时段的最后");
    assert_eq!(Why::BySlot.told_zh(), Why::BySlot.zh());
}

#[test]
fn settings_that_cannot_be_used_are_named() {
    let broken = |change: fn(&mut QueueSettings)| {
        let mut settings = QueueSettings::default();
        change(&mut settings);
        settings.problem().is_some()
    };
    assert_eq!(QueueSettings::default().problem(), None);
    assert!(broken(|s| s.classes[0].name = EMERGENCY.into()));
    assert!(broken(|s| s.classes[0].name = "senior".into()));
    assert!(broken(|s| s.classes[0].treatment = Treatment::OnePer(0)));
    assert!(broken(|s| s.returning = InsertionRule::OnePer(0)));
    assert!(broken(|s| s.ordinary = OrdinaryKey::Ratio { appointments: 3, walk_ins: 0 }));
    assert!(broken(|s| s.limit_factor = 0));
}

#[test]
fn settings_read_as_the_configuration_writes_them() {
    let text = r#"{"returning":"end_of_slot","missed":{"one_per":4},"ordinary":{"ratio":{"appointments":3,"walk_ins":1}},
        "classes":[{"name":"military","zh":"军人","en":"Military","treatment":"always_first"}]}"#;
    let settings: QueueSettings = serde_json::from_str(text).expect("it is a configuration");
    assert_eq!(settings.missed, InsertionRule::OnePer(4));
    assert_eq!(settings.classes[0].treatment, Treatment::AlwaysFirst);
    assert_eq!((settings.late, settings.door_cap), (InsertionRule::OnePer(3), 2));
    assert!(serde_json::from_str::<QueueSettings>(r#"{"returned":"end_of_slot"}"#).is_err());
}
