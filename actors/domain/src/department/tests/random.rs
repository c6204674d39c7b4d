//! Random days: any schedule of commands keeps I1, I2, I3, I4 and the replay (I10); a rejection changes nothing. With
//! visits from outside, sessions that close, queues that change hands, and a second day.
//! `JIAOHAO_ROUNDS` raises the number of days (default 20); the seed of each is printed on failure.

use std::collections::BTreeMap;

use super::house::*;
use crate::department::outside;
use crate::floor::{Standing, undo};
use crate::ids::*;
use crate::vocabulary::*;
use crate::{Principal, Role};

/// SplitMix64.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }
    fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        if of.is_empty() { None } else { of.get(self.roll(of.len() as u64) as usize) }
    }
}

/// The seeds of a test's days: so many as `JIAOHAO_ROUNDS` says, from `JIAOHAO_SEED` on.
pub fn seeds(usual: u64) -> std::ops::Range<u64> {
    let number = |name, usual| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let first: u64 = number("JIAOHAO_SEED", 1);
    first..first + number("JIAOHAO_ROUNDS", usual)
}

/// A random command: mostly sensible, often not.
pub fn command(house: &mut House, dice: &mut Dice) -> Option<(Principal, ToDepartment)> {
    let tickets: Vec<TicketId> = house.state.floor.tickets.keys().cloned().collect();
    let appointments: Vec<AppointmentId> = house.state.clinic.appointments.keys().cloned().collect();
    let reason = "because".to_owned();
    let department = DepartmentId::from(DEPARTMENT);
    let n = 1 + dice.roll(2) as u32;
    let by = if dice.roll(3) == 0 { desk() } else { doctor(n) };
    let any = |dice: &mut Dice| dice.one(&tickets).cloned();
    let hand = house.state.floor.work.get(&doctor_id(n)).and_then(|work| work.in_hand.clone());
    let in_hand = if dice.roll(8) == 0 { any(dice) } else { hand };
    let outcome = in_hand.as_ref().map(|_| if dice.roll(3) == 0 { Outcome::NotHere } else { Outcome::Seen });
    let mine = |dice: &mut Dice| if dice.roll(4) == 0 { any(dice) } else { in_hand.clone() };
    let classes = [None, None, None, Some("military"), Some("emergency"), Some("senior"), Some("unknown")];
    let queues = ["pool", "own", "other", "nowhere"];
    let fresh = house.events.len();
    Some(match dice.roll(30) {
        0..=2 => {
            let patient = format!("w{fresh}");
            let queue = queue(dice.one(&queues)?);
            let class = dice.one(&classes)?.map(str::to_owned);
            let command = RegisterWalkIn {
                queue,
                patient: brief(&patient).patient,
                class,
                addition_to: None,
                slot: None,
                visit: None,
            };
            (desk(), ToDepartment::RegisterWalkIn { command, brief: brief(&patient), birth_date: None })
        }
        3 => {
            let slot = dice.one(&["0900", "0930", "1000", "1030"])?;
            let appointment = AppointmentId::from(format!("{DEPARTMENT}.b20261123-{fresh:016x}"));
            let (slot, confirm) = (SlotId::from(format!("{DEPARTMENT}.am.{slot}")), dice.roll(4) > 0);
            let brief = brief(&format!("b{fresh}"));
            let request = ToDepartment::RequestPlace {
                appointment,
                slot,
                brief,
                confirm,
                channel: Channel::Online,
                replaces: None,
            };
            (Principal::system(), request)
        }
        4..=5 => {
            let command = Arrived { appointment: dice.one(&appointments)?.clone(), code: None };
            (desk(), ToDepartment::CheckIn { command, birth_date: None, presence_proved: dice.roll(9) > 0 })
        }
        6..=10 => (
            doctor(n),
            ToDepartment::CallNextPatient(CallNextPatient { department, assignment: assignment(n), in_hand, outcome }),
        ),
        11 => {
            let ticket = any(dice)?;
            let call = CallTicket { department, assignment: assignment(n), in_hand, outcome, ticket, reason };
            (by, ToDepartment::CallTicket(call))
        }
        12..=13 => {
            let call =
                in_hand.and_then(|ticket| house.ticket_if(&ticket)?.standing.call().map(|call| call.call.clone()))?;
            (by, ToDepartment::RecallPatient(RecallPatient { call }))
        }
        14 => (by, ToDepartment::StartService(StartService { ticket: mine(dice)? })),
        15 => (by, ToDepartment::FinishService(FinishService { ticket: mine(dice)? })),
        16 => (by, ToDepartment::SendForTests(SendForTests { ticket: mine(dice)? })),
        17 => (by, ToDepartment::ReturnToWaiting(ReturnToWaiting { ticket: mine(dice)?, reason })),
        18 => (by, ToDepartment::MarkMissed(MarkMissed { ticket: mine(dice)? })),
        19 => (doctor(n), ToDepartment::TakeBack(TakeBack { ticket: any(dice)? })),
        20 => {
            let patient = Principal::of(Role::Patient, AccountId::from("a-p"));
            let command = ReportBack { ticket: any(dice)?, code: None };
            (patient, ToDepartment::ReportBack { command, presence_proved: true })
        }
        21 => {
            let class = dice.one(&["none", "military", "emergency", "disabled"])?.to_string();
            (desk(), ToDepartment::SetPriority(SetPriority { ticket: any(dice)?, class, proof: reason }))
        }
        22 => {
            let to = dice.one(&["s.d.pool", "s.d.own", "s.d.other", "s.e.pool"])?;
            (by, ToDepartment::TransferTicket(TransferTicket { ticket: any(dice)?, to: QueueId::from(*to), reason }))
        }
        23 => {
            let ticket = any(dice)?;
            let message = match dice.roll(4) {
                0 => ToDepartment::TransferRefused { ticket, reason },
                1 => ToDepartment::TransferTaken {
                    new_ticket: TicketId::from(format!("s.e.t{fresh}")),
                    ticket,
                    new_number: "E1".to_owned(),
                },
                2 => ToDepartment::RecallTransfer(RecallTransfer { ticket }),
                _ => {
                    let transfer = TransferredTicket {
                        ticket: TicketId::from(format!("s.e.t{}", dice.roll(9))),
                        visit: VisitId::from(format!("s.e.v{}", dice.roll(9))),
                        to: queue("pool"),
                        brief: brief("t"),
                        class: None,
                        slot_start: Some(at("09:00")),
                        checked_in_at: house.now,
                        walk_in: false,
                        reason,
                        date: day(),
                    };
                    ToDepartment::TakeTransfer { transfer }
                }
            };
            (Principal::system(), message)
        }
        24 => {
            let ticket = any(dice)?;
            let steps = house.ticket(&ticket).steps.len() as u64;
            let likely = undo::undoable(house.ticket(&ticket)).map_or(1, |at| at as u64 + 1);
            let step = if dice.roll(4) == 0 { dice.roll(steps + 2) } else { likely };
            (desk(), ToDepartment::Undo(Undo { event: format!("{ticket}@{step}"), reason }))
        }
        25..=27 => (Principal::system(), from_outside(house, dice)),
        28 => match dice.roll(5) {
            4 => {
                let session = SessionId::from(format!("{DEPARTMENT}.am"));
                let from = [None, Some(at("09:30")), Some(at("10:00"))][dice.roll(3) as usize];
                let to = [None, Some(queue("own"))][dice.roll(2) as usize].clone();
                let substitute = [None, Some(doctor_id(1))][dice.roll(2) as usize].clone();
                match dice.roll(2) {
                    0 => (desk(), ToDepartment::ResumeSession(ResumeSession { session })),
                    _ => (desk(), ToDepartment::StopSession(StopSession { session, from, reason, to, substitute })),
                }
            }
            0 => (desk(), close_session(house, dice)),
            1 => {
                let settlements = vec![Settlement { ticket: any(dice)?, how: SettlementKind::Refund, to: None }];
                (desk(), ToDepartment::SettleTickets(SettleTickets { department, settlements }))
            }
            _ => (Principal::system(), reconfigure(dice)),
        },
        _ => match dice.roll(6) {
            0 => (by, ToDepartment::CancelTicket(CancelTicket { ticket: any(dice)?, reason })),
            1 => (
                doctor(n),
                ToDepartment::PauseWork(PauseWork { assignment: assignment(n), department, reason, back_at: None }),
            ),
            2 => (doctor(n), ToDepartment::ResumeWork(ResumeWork { assignment: assignment(n), department })),
            3 => (doctor(n), ToDepartment::StopWork(StopWork { assignment: assignment(n), department })),
            4 => {
                let service_point = ServicePointId::from(format!("{DEPARTMENT}.room{}", 1 + dice.roll(2)));
                (
                    Principal::system(),
                    ToDepartment::BeginAssignment { doctor: doctor_id(n), assignment: assignment(n), service_point },
                )
            }
            _ => (Principal::system(), ToDepartment::DeadlineReached),
        },
    })
}

/// What the hospital's own system may send: few visit ids and numbers, so that they meet.
fn from_outside(house: &House, dice: &mut Dice) -> ToDepartment {
    let visit_id = format!("h{}", dice.roll(12));
    let version = 1 + dice.roll(6);
    let today = house.state.config.today(house.now);
    // The site makes the visit's id: a registration with a newer version is a new visit.
    let known = |version: u64| VisitId::from(format!("{DEPARTMENT}.v{}-{visit_id}-{version}", today.compact()));
    let visits: Vec<&VisitId> = house.state.floor.visits.keys().filter(|id| id.as_str().contains(&visit_id)).collect();
    let visit = dice.one(&visits).map_or_else(|| known(1), |visit| (*visit).clone());
    match dice.roll(6) {
        0..=2 => {
            let numbers = [None, None, Some("A002"), Some("B001"), Some("17"), Some("18")];
            let number = numbers[dice.roll(6) as usize];
            let mut command = RegisterVisit { version, date: today, ..register(&visit_id, number, dice.roll(3) > 0) };
            command.queue = dice.one(&["pool", "own", "other"]).map(|name| queue(name));
            command.slot = (dice.roll(2) == 0).then(|| SlotId::from("s.d.am.0930"));
            let visit = known(version);
            ToDepartment::RegisterVisit { command, visit, brief: brief(&visit_id), birth_date: None }
        }
        3 => {
            let command = CancelVisit { visit_id, version, site: SiteId::from("s") };
            ToDepartment::CancelVisit { command, visit }
        }
        4 => {
            let visit = VisitId::from(format!("s.e.v{}", dice.roll(9)));
            ToDepartment::EndVisit { visit, told: vec![DepartmentId::from(DEPARTMENT)] }
        }
        _ => {
            let mut command = change(&visit_id, version);
            command.queue =
                dice.one(&[None, Some("pool"), Some("own"), Some("other")]).and_then(|name| name.map(queue));
            command.class = (dice.roll(4) == 0).then(|| "military".to_owned());
            command.checked_in = (dice.roll(2) == 0).then_some(true);
            let slots = [None, Some("s.d.am.0900"), Some("s.d.am.1000"), Some("none.none.none.none")];
            command.slot = dice.one(&slots).and_then(|slot| slot.map(SlotId::from));
            ToDepartment::ChangeVisit { command, visit }
        }
    }
}

/// Mostly with a settlement for everybody who may have one.
fn close_session(house: &House, dice: &mut Dice) -> ToDepartment {
    let session = SessionId::from(format!("{DEPARTMENT}.am"));
    let of_session = house
        .state
        .floor
        .tickets
        .values()
        .filter(|ticket| ticket.is_live() && ticket.opened.session.as_ref() == Some(&session));
    let settlements = of_session.map(|ticket| {
        let absent = matches!(ticket.standing, Standing::Away { .. } | Standing::Missed { .. });
        let (how, to) = match dice.roll(3) {
            0 if !absent => (SettlementKind::Move, Some(queue("own"))),
            1 => (SettlementKind::Refund, None),
            _ => (SettlementKind::ReturnDay, None),
        };
        Settlement { ticket: ticket.id().clone(), how, to }
    });
    let mut settlements: Vec<Settlement> = settlements.collect();
    if dice.roll(3) == 0 {
        settlements.pop();
    }
    ToDepartment::CloseSession(CloseSession { session, settlements })
}

/// Queues change hands and prefixes, rooms their caps.
fn reconfigure(dice: &mut Dice) -> ToDepartment {
    let whose = [vec![], vec![doctor_id(1)], vec![doctor_id(2)], vec![doctor_id(1), doctor_id(2)]];
    let (name, prefixes) = [("pool", ["A", "D"]), ("own", ["B", "E"]), ("other", ["C", "F"])][dice.roll(3) as usize];
    let prefix = prefixes[dice.roll(2) as usize].to_owned();
    let doctors = whose[dice.roll(4) as usize].clone();
    ToDepartment::ConfigureQueue(DefineQueue { id: queue(name), name: name.to_owned(), prefix, doctors })
}

impl House {
    fn ticket_if(&self, id: &TicketId) -> Option<&crate::floor::Ticket> {
        self.state.floor.tickets.get(id)
    }

    /// By which slot somebody has come, ticket and visit say alike.
    fn assert_slot(&self, ticket: &crate::floor::Ticket) {
        let visit = self.state.floor.visits.get(&ticket.opened.visit);
        let of_day = visit.filter(|visit| ticket.is_live() && visit.date == ticket.opened.date);
        let Some(outside) = of_day.and_then(|visit| visit.outside.as_ref()) else { return };
        let slot = outside.slot.as_ref().map(|slot| self.state.clinic.slots[slot].start);
        assert!(slot.is_none() || slot == ticket.opened.slot_start, "{}: {slot:?}", ticket.id());
        assert_eq!(ticket.opened.walk_in, slot.is_none(), "{}", ticket.id());
    }

    /// I2, I3, I4 in the state as it is.
    fn assert_invariants(&self) {
        let floor = &self.state.floor;
        let mut bearers = BTreeMap::new();
        for (id, ticket) in floor.tickets.iter() {
            let opened = &ticket.opened;
            // What the hospital registers anew is the same visit to it, whatever it is called here.
            let outside = floor.visits.get(&opened.visit).and_then(|visit| visit.outside.as_ref());
            let bearer = outside.map_or(id.as_str(), |outside| &outside.visit_id);
            let first = bearers.insert((&opened.queue, opened.date, &opened.number), bearer);
            assert!(first.is_none_or(|first| first == bearer), "I2: {} of {} twice", opened.number, opened.queue);
            let mut places = 0;
            for (queue, lines) in &floor.lines {
                if let Some(held) = lines.get(id) {
                    places += 1;
                    assert_eq!(*queue, opened.queue, "I3: {id} is in another queue");
                    let door = held.service_point;
                    match &ticket.standing {
                        Standing::Waiting => assert_eq!(door, None, "I3: {id} waits at a door"),
                        Standing::Summoned(summons) => assert_eq!(door, Some(&summons.service_point), "I3: {id}"),
                        other => panic!("I3: {id} is {} and in a line", other.name()),
                    }
                }
            }
            let doors = floor.work.values().flat_map(|work| &work.at_door).filter(|at_door| *at_door == id).count();
            let hands: Vec<_> = floor.work.iter().filter(|(_, work)| work.in_hand.as_ref() == Some(id)).collect();
            let (in_line, at_door, in_hand) = match &ticket.standing {
                Standing::Waiting => (1, 0, 0),
                Standing::Summoned(_) => (1, 1, 0),
                Standing::Called(call) | Standing::Serving { call, .. } => {
                    assert_eq!(hands.first().map(|(doctor, _)| *doctor), Some(&call.doctor), "I4: {id}");
                    (0, 0, 1)
                }
                _ => (0, 0, 0),
            };
            assert_eq!(
                (places, doors, hands.len()),
                (in_line, at_door, in_hand),
                "I3, I4: {id} is {}",
                ticket.standing.name()
            );
        }
        for work in floor.work.values() {
            let cap = work.door_cap.unwrap_or(self.state.config.settings.queue.door_cap) as usize;
            assert!(work.at_door.len() <= cap, "more at the door than may be");
            assert!(work.pause.is_none() || work.at_door.is_empty(), "at the door of a paused room");
            for ticket in work.at_door.iter().chain(&work.in_hand) {
                assert!(floor.tickets.contains_key(ticket));
            }
            for ticket in &work.at_door {
                let queue = &floor.tickets[ticket].opened.queue;
                assert!(work.queues.contains(queue), "{ticket} stands at a door from which nobody calls {queue}");
            }
        }
        for ticket in floor.tickets.values() {
            let waits = matches!(ticket.standing, Standing::Waiting | Standing::Summoned(_));
            let is_off = outside::is_off(&self.state, &ticket.opened.visit);
            assert!(!(waits && is_off), "{} waits in a visit that is off", ticket.id());
            self.assert_slot(ticket);
        }
        self.state.clinic.check().expect("I1");
    }
}

/// So many random days, one after the other: how many commands were accepted, and how many refused.
fn random_days(seeds: std::ops::Range<u64>) -> (u64, u64) {
    let (mut accepted, mut rejected) = (0, 0);
    for seed in seeds {
        println!("seed {seed}");
        let mut dice = Dice(seed);
        let mut house = House::new(dice.roll(3) as u32).with_session(3).with_doctors();
        for step in 0..400 {
            house.after_s(dice.roll(60) as i64);
            if step == 300 {
                house.now = at("08:30").plus_min(24 * 60);
            }
            let Some((principal, command)) = command(&mut house, &mut dice) else { continue };
            match house.tell(principal, command) {
                Ok(_) => accepted += 1,
                Err(_) => rejected += 1,
            }
            house.assert_invariants();
        }
        house.assert_replays();
    }
    (accepted, rejected)
}

#[test]
fn random_days_keep_the_invariants() {
    let seeds = seeds(20);
    let rounds = seeds.end - seeds.start;
    // The longest of all tests: on both cores of the machine.
    let middle = seeds.start + rounds / 2;
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(|| random_days(middle..seeds.end));
        (random_days(seeds.start..middle), other.join().expect("the other half keeps them too"))
    });
    let (accepted, rejected) = (one.0 + other.0, one.1 + other.1);
    assert!(accepted > rounds * 80 && rejected > rounds * 20, "{accepted} accepted, {rejected} rejected");
}
