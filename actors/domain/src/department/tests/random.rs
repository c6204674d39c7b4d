//! Random days: any schedule of commands keeps I2, I3, I4 and the replay (I10); a rejection changes nothing.
//! `JIAOHAO_ROUNDS` raises the number of days (default 20); the seed of each is printed on failure.

use std::collections::BTreeSet;

use super::house::*;
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
    Some(match dice.roll(26) {
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
            let command = CheckIn { appointment: dice.one(&appointments)?.clone(), code: None };
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
                        visit: VisitId::from("s.e.v1"),
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

impl House {
    fn ticket_if(&self, id: &TicketId) -> Option<&crate::floor::Ticket> {
        self.state.floor.tickets.get(id)
    }

    /// I2, I3, I4 in the state as it is.
    fn assert_invariants(&self) {
        let floor = &self.state.floor;
        let mut numbers = BTreeSet::new();
        for (id, ticket) in &floor.tickets {
            let opened = &ticket.opened;
            assert!(numbers.insert((&opened.number, opened.date)), "I2: {} twice", opened.number);
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
        }
        self.state.clinic.check().expect("I1");
    }
}

#[test]
fn random_days_keep_the_invariants() {
    let rounds = std::env::var("JIAOHAO_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(20);
    let first = std::env::var("JIAOHAO_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1u64);
    let (mut accepted, mut rejected) = (0, 0);
    for seed in first..first + rounds {
        println!("seed {seed}");
        let mut dice = Dice(seed);
        let mut house = House::new(dice.roll(3) as u32).with_session(3).with_doctors();
        for _ in 0..250 {
            house.after_s(dice.roll(60) as i64);
            let Some((principal, command)) = command(&mut house, &mut dice) else { continue };
            match house.tell(principal, command) {
                Ok(_) => accepted += 1,
                Err(_) => rejected += 1,
            }
            house.assert_invariants();
        }
        house.assert_replays();
    }
    assert!(accepted > rounds * 80 && rejected > rounds * 20, "{accepted} accepted, {rejected} rejected");
}
