//! Paid when the hold was over, where places are kept back and people wait: the own place while it is kept back for nobody,
//! never one place under two names, and no moment that stands still.

use super::house::*;
use super::random::{Dice, seeds};
use super::waitlist::{am, define, slot, tomorrow};
use crate::Principal;
use crate::Role;
use crate::clinic::AppointmentState;
use crate::department::{Department, Event};
use crate::ids::*;
use crate::owner::Owner;
use crate::payment::RefundCause;
use crate::vocabulary::*;
use crate::waitlist::{self, OfferEnd};

const FEE: u32 = 1000;
const HOLD_S: i64 = 600;

fn in_demand(capacity: u32) -> House {
    let mut house = tomorrow(capacity, true);
    let when = PaymentWhen::AtBooking;
    house.system(ToDepartment::DefinePayment(DefinePayment { when, ..DefinePayment::of(DEPARTMENT.into()) }));
    house
}

impl House {
    fn order_of(&mut self, id: &AppointmentId) -> Option<OrderId> {
        let by = Principal::of(Role::Patient, AccountId::from("a-phone"));
        match self.tell(by, ToDepartment::PayAppointment(PayAppointment { appointment: id.clone() })) {
            Ok(Answer::Payable { order, .. }) => Some(order),
            _ => None,
        }
    }

    fn is_paid(&mut self, order: &OrderId) {
        let word = OrderWord::Paid { transaction: format!("T-{order}"), amount_fen: FEE };
        self.system(ToDepartment::OrderSaid { order: order.clone(), word });
    }

    fn gives_up(&mut self, id: &AppointmentId) {
        let command = CancelAppointment { appointment: id.clone(), reason: None };
        drop(self.desk(ToDepartment::CancelAppointment(command)));
    }

    fn stands_now(&self, id: &AppointmentId) -> AppointmentState {
        self.state.clinic.appointments[id].state
    }

    /// Everything is in order, and whatever is due is still to come.
    fn goes_on(&mut self, at: &str) {
        self.pass();
        self.state.clinic.check().unwrap_or_else(|why| panic!("{at}: {why}"));
        self.state.waitlist.check(&self.state.clinic).unwrap_or_else(|why| panic!("{at}: {why}"));
        self.state.payments.check().unwrap_or_else(|why| panic!("{at}: {why}"));
        let next = Department::next_deadline(&self.state);
        assert!(next.is_none_or(|due| due > self.now), "{at}: {next:?} stands still at {:?}", self.now);
    }
}

#[test]
fn paid_late_it_is_the_own_place_that_is_kept_back() {
    let mut house = in_demand(1);
    let id = house.take(&slot("0900"), "x", false).expect("held");
    let order = house.order_of(&id).expect("an order");
    house.after_s(HOLD_S).pass();
    assert_eq!((house.stands_now(&id), house.state.waitlist.kept.len()), (AppointmentState::Expired, 1));
    house.after_s(3);
    house.is_paid(&order);
    assert_eq!((house.stands_now(&id), house.state.waitlist.kept.len()), (AppointmentState::Booked, 0));
    house.goes_on("booked");
    house.sound();
}

#[test]
fn a_place_that_waits_for_the_morning_is_no_late_payers() {
    let mut house = in_demand(1);
    house.now = at("21:51");
    let id = house.take(&slot("0900"), "x", false).expect("held");
    house.take(&slot("0930"), "y", false).expect("held");
    let order = house.order_of(&id).expect("an order");
    house.joins("a");
    house.after_s(HOLD_S).pass();
    house.is_paid(&order);
    assert_eq!(house.stands_now(&id), AppointmentState::Expired);
    let refunds = house.state.payments.of(&id).iter().flat_map(|order| &order.refunds);
    assert_eq!(refunds.map(|refund| refund.cause).collect::<Vec<_>>(), [RefundCause::NoPlace]);
    house.goes_on("refunded");
    house.sound();
}

#[test]
fn a_slot_made_smaller_keeps_nothing_for_who_comes_late() {
    for by_desk in [false, true] {
        let mut house = in_demand(2);
        let (first, second) = (
            house.take(&slot("0900"), "x", false).expect("held"),
            house.take(&slot("0900"), "y", false).expect("held"),
        );
        let order = house.order_of(&first).expect("an order");
        let kept = house.order_of(&second).expect("an order");
        house.is_paid(&kept);
        if by_desk {
            house.is_paid(&order);
            house.gives_up(&first);
        }
        house.after_s(HOLD_S).pass();
        assert_eq!(house.state.waitlist.kept.len(), 1);
        define(&mut house, "am", 1, 1, true, None);
        match by_desk {
            true => {
                let reason = "mistake".to_owned();
                let restore =
                    ToDepartment::RestoreAppointment(RestoreAppointment { appointment: first.clone(), reason });
                assert_eq!(code(house.desk(restore)), crate::Code::SlotFull);
            }
            false => house.is_paid(&order),
        }
        assert!(!house.stands_now(&first).takes_place());
        house.goes_on("smaller");
        house.sound();
    }
}

#[test]
fn one_place_is_never_kept_back_twice_and_no_moment_stands_still() {
    // The hold ends by its moment, or nobody has looked at that yet when it is paid.
    for looked in [true, false] {
        let mut house = in_demand(2);
        let id = house.take(&slot("0900"), "x", false).expect("held");
        let order = house.order_of(&id).expect("an order");
        house.after_s(HOLD_S);
        if looked {
            house.pass();
        }
        house.is_paid(&order);
        assert_eq!(house.stands_now(&id), AppointmentState::Booked);
        assert_eq!(house.state.waitlist.kept.len(), 0, "nothing is free");
        house.after_s(600);
        house.gives_up(&id);
        house.goes_on("given up");
        for _ in 0..5 {
            house.after_s(3600).goes_on("later");
        }
        assert_eq!(house.state.clinic.slots[&slot("0900")].free(), 2);
        house.sound();
    }
}

#[test]
fn an_offer_paid_late_was_taken_and_is_handed_to_nobody() {
    let mut house = in_demand(1);
    let first = house.take(&slot("0900"), "x", false).expect("held");
    house.take(&slot("0930"), "y", false).expect("held");
    house.joins("a");
    house.joins("b");
    house.gives_up(&first);
    house.says_yes();
    let id = house.offer_to("a");
    let order = house.order_of(&id).expect("an order");
    house.after_s(waitlist::OFFER_MIN * 60);
    house.is_paid(&order);
    assert_eq!((house.stands_now(&id), house.offered()), (AppointmentState::Booked, Vec::new()));
    assert_eq!(house.ended(), [(1, WishEnd::Taken)]);
    let is_over = |event: &Event| match event {
        Event::Waitlist(waitlist::Event::OfferEnded { how, .. }) => Some(*how),
        _ => None,
    };
    assert_eq!(house.events.iter().filter_map(is_over).collect::<Vec<_>>(), [OfferEnd::Taken]);
    house.goes_on("booked");
    house.sound();
}

/// As it stood in houses of before: one name for two places, and a moment that is of none.
#[test]
fn a_moment_that_was_left_over_passes() {
    let mut house = in_demand(2);
    let id = house.take(&slot("0900"), "x", false).expect("held");
    house.after_s(HOLD_S).pass();
    let kept = |until| waitlist::Event::PlaceKept {
        freed: id.clone(),
        slot: slot("0900"),
        until,
        for_line: false,
        after: 0,
        at: house.now,
    };
    let twice = Event::Waitlist(kept(house.now.plus_min(100)));
    Department::apply(&mut house.state, &twice);
    house.events.push(twice);
    assert_eq!(house.state.clinic.slots[&slot("0900")].kept_back, 2);
    for _ in 0..4 {
        house.after_s(3600).pass();
    }
    house.goes_on("passed");
    assert_eq!(house.state.clinic.slots[&slot("0900")].free(), 2);
    house.sound();
}

/// Payments, a waitlist and high demand at once, with clinics that stop and slots that grow and shrink.
#[test]
fn random_days_with_payments_a_waitlist_and_high_demand() {
    for seed in seeds(60) {
        let (mut dice, mut house) = (Dice(seed), in_demand(2));
        house.now = house.now.plus_min(dice.roll(16) as i64 * 60);
        let (mut ids, mut orders): (Vec<AppointmentId>, Vec<OrderId>) = Default::default();
        for step in 0..150 {
            let who = format!("p{}", dice.roll(10));
            let any =
                |dice: &mut Dice, of: &[AppointmentId]| of.get(dice.roll(of.len().max(1) as u64) as usize).cloned();
            let id = any(&mut dice, &ids);
            ids.extend(house.state.waitlist.offers.keys().filter(|id| !ids.contains(*id)).cloned().collect::<Vec<_>>());
            match (dice.roll(12), id) {
                (0 | 1, _) => {
                    let slot = slot(["0900", "0930"][dice.roll(2) as usize]);
                    ids.extend(house.take(&slot, &who, false));
                }
                (2 | 3, Some(id)) => orders.extend(house.order_of(&id)),
                (4 | 5, _) if !orders.is_empty() => {
                    let order = orders.swap_remove(dice.roll(orders.len() as u64) as usize);
                    house.is_paid(&order);
                }
                (6, Some(id)) => house.gives_up(&id),
                (7, _) => drop(house.wish(&who, am())),
                (8, Some(appointment)) => {
                    let command = RestoreAppointment { appointment, reason: "mistake".to_owned() };
                    drop(house.desk(ToDepartment::RestoreAppointment(command)));
                }
                (9, _) => match dice.roll(6) {
                    0 => drop(house.stop(None, None)),
                    1 | 2 => drop(house.resume()),
                    more => {
                        let capacity = more as u32 - 2;
                        let taken = house.state.clinic.slots.values().map(|slot| slot.taken).max().unwrap_or(0);
                        if capacity >= taken {
                            define(&mut house, "am", 1, capacity, true, None);
                        }
                    }
                },
                _ => drop(house.after_s([30, 700, 4000][dice.roll(3) as usize])),
            }
            house.says_yes();
            if dice.roll(3) > 0 {
                house.goes_on(&format!("seed {seed}, step {step}"));
            }
        }
        house.sound();
    }
}
