//! Along a chain of three departments: nobody is left waiting in a visit that is off, whatever is on its way meanwhile.

use std::collections::{BTreeMap, VecDeque};

use super::house::*;
use super::random::{Dice, seeds};
use crate::floor::Standing;
use crate::ids::*;
use crate::owner::{Message, Outgoing};
use crate::vocabulary::*;

const IDS: [&str; 3] = ["s.d", "s.e", "s.f"];

/// Three departments of a site, and what they owe each other: in order from each to each.
struct Chain {
    houses: Vec<House>,
    post: BTreeMap<(usize, usize), VecDeque<ToDepartment>>,
}

impl Chain {
    fn new() -> Self {
        let house = |id: &str| {
            let mut house = House::new(0).with_doctors();
            house.state.config.id = DepartmentId::from(id);
            let id = QueueId::from(format!("{id}.pool"));
            let prefix = id.as_str()[2..3].to_uppercase();
            let queue = DefineQueue { id, name: "pool".to_owned(), prefix, doctors: vec![] };
            house.system(ToDepartment::ConfigureQueue(queue));
            house.outgoing.clear();
            house
        };
        Self { houses: IDS.map(house).into(), post: BTreeMap::new() }
    }

    fn collect(&mut self) {
        for from in 0..IDS.len() {
            for outgoing in std::mem::take(&mut self.houses[from].outgoing) {
                let Outgoing::Effect(owner, Message::Department(message)) = outgoing else { continue };
                let to = IDS.iter().position(|id| **id == *owner.id).expect("one of the three");
                self.post.entry((from, to)).or_default().push_back(*message);
            }
        }
    }

    /// The next message from one department to another arrives.
    fn deliver(&mut self, from: usize, to: usize) -> bool {
        let Some(message) = self.post.get_mut(&(from, to)).and_then(VecDeque::pop_front) else { return false };
        self.houses[to].system(message);
        self.collect();
        true
    }

    fn deliver_any(&mut self, dice: &mut Dice) -> bool {
        let waiting: Vec<_> = self.post.iter().filter(|(_, post)| !post.is_empty()).map(|(way, _)| *way).collect();
        let Some((from, to)) = waiting.get(dice.roll(waiting.len().max(1) as u64) as usize) else { return false };
        self.deliver(*from, *to)
    }

    fn settle(&mut self) {
        self.collect();
        while IDS.iter().enumerate().any(|(from, _)| (0..IDS.len()).any(|to| self.deliver(from, to))) {}
    }

    fn send(&mut self, at: usize, ticket: &TicketId, to: &str) {
        let transfer = TransferTicket { ticket: ticket.clone(), to: QueueId::from(to), reason: "转科".to_owned() };
        drop(self.houses[at].desk(ToDepartment::TransferTicket(transfer)));
        self.collect();
    }

    fn linked(&self, at: usize, ticket: &TicketId) -> TicketId {
        self.houses[at].ticket(ticket).linked_to.clone().expect("goes on elsewhere")
    }

    fn cancel(&mut self, visit_id: &str) {
        self.houses[0].cancel_outside(visit_id, 2);
        self.collect();
    }

    fn assert_nobody_waits(&self, told: &str) {
        for house in &self.houses {
            for ticket in house.state.floor.tickets.values().filter(|ticket| ticket.is_live()) {
                let stands = &ticket.standing;
                assert!(matches!(stands, Standing::Serving { .. }), "{told}: {} is {}", ticket.id(), stands.name());
            }
        }
    }
}

/// d → e → f, and off: in the third department, on the way there, or on the way back to the first.
#[test]
fn nobody_waits_at_the_end_of_a_chain_in_a_cancelled_visit() {
    for on_the_way in [true, false] {
        for last in ["s.f.pool", "s.d.pool", "s.f.nowhere"] {
            let mut chain = Chain::new();
            let first = chain.houses[0].outside("h1", None, true).expect("checked in");
            chain.send(0, &first, "s.e.pool");
            chain.settle();
            let second = chain.linked(0, &first);
            chain.send(1, &second, last);
            if on_the_way {
                assert_eq!(chain.houses[1].is(&second), "in_transit");
            } else {
                chain.settle();
            }
            chain.cancel("h1");
            chain.settle();
            chain.assert_nobody_waits(&format!("to {last}, on the way {on_the_way}"));
        }
    }
}

/// A department that hears of the end before anybody of the visit has come: it is told directly, and the ticket comes by
/// way of another one that is told later.
#[test]
fn a_ticket_that_comes_after_the_word_that_its_visit_is_off_does_not_wait() {
    let mut chain = Chain::new();
    let first = chain.houses[0].outside("h1", None, true).expect("checked in");
    let visit = chain.houses[0].ticket(&first).opened.visit.clone();
    chain.send(0, &first, "s.e.pool");
    chain.settle();
    let second = chain.linked(0, &first);
    let patient = chain.houses[0].ticket(&first).opened.brief.clone();
    let command = RegisterWalkIn {
        queue: queue("pool"),
        patient: patient.patient.clone(),
        class: None,
        addition_to: None,
        slot: None,
        visit: Some(visit),
    };
    let other = match chain.houses[0].desk(ToDepartment::RegisterWalkIn { command, brief: patient, birth_date: None }) {
        Ok(Answer::Waiting { ticket, .. }) => ticket,
        other => panic!("{other:?}"),
    };
    // To f, which refuses it: nothing of the visit is known there.
    chain.send(0, &other, "s.f.nowhere");
    chain.cancel("h1");
    chain.send(1, &second, "s.f.pool");
    while chain.deliver(0, 2) {}
    while chain.deliver(1, 2) {}
    chain.settle();
    chain.assert_nobody_waits("told first");
}

/// Any way that tickets of a visit go round, and any order in which the departments hear of each other.
#[test]
fn nobody_waits_in_a_cancelled_visit_however_the_tickets_went() {
    for seed in seeds(300) {
        let mut dice = Dice(seed);
        let mut chain = Chain::new();
        for visit in ["h0", "h1"] {
            chain.houses[0].outside(visit, None, true).expect("checked in");
        }
        let off_at = 10 + dice.roll(60);
        for step in 0..80 {
            if step == off_at {
                chain.cancel("h0");
                chain.cancel("h1");
            }
            let at = dice.roll(3) as usize;
            let tickets: Vec<TicketId> = chain.houses[at].state.floor.tickets.keys().cloned().collect();
            let any = |dice: &mut Dice| {
                (!tickets.is_empty()).then(|| tickets[dice.roll(tickets.len() as u64) as usize].clone())
            };
            match (dice.roll(12), any(&mut dice)) {
                (0..=3, Some(ticket)) => {
                    let queue = if dice.roll(6) == 0 { "nowhere" } else { "pool" };
                    let to = format!("{}.{queue}", IDS[dice.roll(3) as usize]);
                    chain.send(at, &ticket, &to);
                }
                (4, Some(ticket)) => {
                    drop(chain.houses[at].desk(ToDepartment::RecallTransfer(RecallTransfer { ticket })));
                }
                (5, Some(ticket)) => {
                    let opened = chain.houses[at].ticket(&ticket).opened.clone();
                    let command = RegisterWalkIn {
                        queue: QueueId::from(format!("{}.pool", IDS[at])),
                        patient: opened.brief.patient.clone(),
                        class: None,
                        addition_to: None,
                        slot: None,
                        visit: Some(opened.visit),
                    };
                    let command = ToDepartment::RegisterWalkIn { command, brief: opened.brief, birth_date: None };
                    drop(chain.houses[at].desk(command));
                }
                (6, _) => {
                    let in_hand = chain.houses[at].state.floor.work[&doctor_id(1)].in_hand.clone();
                    let outcome = in_hand.as_ref().map(|_| Outcome::Seen);
                    drop(chain.houses[at].call_next(1, in_hand.as_ref(), outcome));
                }
                (7, Some(ticket)) => drop(chain.houses[at].undo_last(&ticket)),
                (8.., _) => drop(chain.deliver_any(&mut dice)),
                _ => {}
            }
            chain.collect();
        }
        while chain.deliver_any(&mut dice) {}
        chain.assert_nobody_waits(&format!("seed {seed}"));
    }
}
