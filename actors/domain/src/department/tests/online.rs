//! Fees through a provider: an order before anything is asked of it, a place or the money back for whatever it says, and
//! nothing given back twice.

use std::collections::BTreeMap;

use super::house::*;
use super::random::{Dice, seeds};
use crate::clinic::AppointmentState;
use crate::department::Event;
use crate::department::view;
use crate::ids::*;
use crate::owner::Outgoing;
use crate::payment::provider::{Matter, REFUND_TRIES_MAX};
use crate::payment::{self, RefundCause, RefundStanding, Way};
use crate::vocabulary::*;
use crate::{Code, Message, Principal, Rejection, Role};

const FEE: u32 = 1000;
/// A hold's time, in seconds.
const HOLD_S: i64 = 600;

fn operator(n: u32) -> Principal {
    Principal::of(Role::Operator, AccountId::from(format!("a-operator{n}")))
}

fn patient() -> Principal {
    Principal::of(Role::Patient, AccountId::from("a-phone"))
}

fn defined(when: PaymentWhen) -> ToDepartment {
    ToDepartment::DefinePayment(DefinePayment { when, ..DefinePayment::of(DEPARTMENT.into()) })
}

fn at_booking(capacity: u32) -> House {
    let mut house = House::new(0).with_session(capacity).with_doctors();
    house.tell(operator(1), defined(PaymentWhen::AtBooking)).expect("defined");
    house
}

impl House {
    fn hold(&mut self, slot: &str, patient: &str) -> AppointmentId {
        self.hold_by(slot, patient, Channel::Online).expect("a place")
    }

    fn hold_by(&mut self, slot: &str, patient: &str, channel: Channel) -> Option<AppointmentId> {
        let n = self.events.len();
        let appointment = AppointmentId::from(format!("{DEPARTMENT}.b20261123-{n:016x}"));
        let slot = SlotId::from(format!("{DEPARTMENT}.am.{slot}"));
        let (brief, confirm, replaces) = (brief(patient), false, None);
        let id = appointment.clone();
        let asked = self.system(ToDepartment::RequestPlace { appointment, slot, brief, confirm, channel, replaces });
        matches!(asked, Answer::Held { .. }).then_some(id)
    }

    fn confirm(&mut self, id: &AppointmentId) -> Answer {
        let patient = self.state.clinic.appointments[id].brief.patient.clone();
        self.system(ToDepartment::ConfirmPlace { appointment: id.clone(), patient })
    }

    fn order(&mut self, id: &AppointmentId) -> Result<OrderId, Rejection> {
        match self.tell(patient(), ToDepartment::PayAppointment(PayAppointment { appointment: id.clone() }))? {
            Answer::Payable { order, amount_fen: FEE, .. } => Ok(order),
            other => panic!("{other:?}"),
        }
    }

    fn paid(&mut self, order: &OrderId, transaction: &str) -> Result<Answer, Rejection> {
        self.paid_fen(order, transaction, FEE)
    }

    fn paid_fen(&mut self, order: &OrderId, transaction: &str, amount_fen: u32) -> Result<Answer, Rejection> {
        let word = OrderWord::Paid { transaction: transaction.to_owned(), amount_fen };
        self.tell(Principal::system(), ToDepartment::OrderSaid { order: order.clone(), word })
    }

    fn closed(&mut self, order: &OrderId) {
        self.system(ToDepartment::OrderSaid { order: order.clone(), word: OrderWord::Closed });
    }

    fn refund_said(&mut self, refund: &RefundId, word: RefundWord) {
        self.system(ToDepartment::RefundSaid { refund: refund.clone(), word });
    }

    fn given(&mut self, refund: &RefundId) {
        self.refund_said(refund, RefundWord::Given { reference: "R".to_owned() });
    }

    fn cancel(&mut self, id: &AppointmentId) -> Result<Answer, Rejection> {
        let command = CancelAppointment { appointment: id.clone(), reason: None };
        self.tell(patient(), ToDepartment::CancelAppointment(command))
    }

    fn is_in(&self, id: &AppointmentId) -> &'static str {
        self.state.clinic.appointments[id].state.name()
    }

    /// What the provider was asked from an event on: about what, and whether to close it.
    fn asked_since(&self, since: usize) -> Vec<(Matter, bool)> {
        let asked = self.events[since..].iter().filter_map(|event| match event {
            Event::Payment(payment::Event::ProviderAsked { matter, close, .. }) => Some((matter.clone(), *close)),
            _ => None,
        });
        asked.collect()
    }

    /// Paid, kept, owed, given back.
    fn money(&self, id: &AppointmentId) -> [u32; 4] {
        let sum = |of: fn(&payment::Order) -> u32| self.state.payments.of(id).iter().map(of).sum();
        [sum(|o| o.amount_fen), sum(|o| o.kept_fen()), sum(|o| o.owed_fen()), sum(|o| o.given_fen())]
    }

    /// As its patient sees it: due, whether a phone pays it, owed back, of this by the provider.
    fn seen(&self, id: &AppointmentId) -> (u64, bool, u64, u64) {
        let shown = view::fee_standing(&self.state, id);
        let fen = |name: &str| shown[name].as_u64().expect("an amount");
        (fen("due_fen"), shown["by_phone"] == true, fen("owed_fen"), fen("owed_by_provider_fen"))
    }

    fn cause(&self, id: &AppointmentId) -> Option<RefundCause> {
        self.state.payments.of(id).iter().flat_map(|order| &order.refunds).next_back().map(|refund| refund.cause)
    }
}

fn refund(order: &OrderId) -> RefundId {
    RefundId::from(format!("{order}.r1"))
}

#[test]
fn paid_while_held_is_the_booking_in_one_record() {
    let mut house = at_booking(1);
    let id = house.hold("0900", "a");
    let refused = match house.confirm(&id) {
        Answer::Refused(refused) => refused,
        other => panic!("{other:?}"),
    };
    assert_eq!((refused.code, refused.valid_now), (Code::PaymentDue, vec![("due_fen".to_owned(), FEE.into())]));
    assert_eq!(house.is_in(&id), "held", "it is still theirs");
    assert_eq!(house.seen(&id), (FEE.into(), true, 0, 0));
    let before = house.events.len();
    let order = house.order(&id).expect("an order");
    assert_eq!(house.events.len(), before + 1, "on the record, and nobody was asked");
    assert!(matches!(house.events[before], Event::Payment(payment::Event::OrderCreated { .. })));
    assert_eq!(house.order(&id), Ok(order.clone()), "the same order");
    assert_eq!(house.events.len(), before + 1);
    let expires_at = house.state.clinic.appointments[&id].state;
    let before = house.events.len();
    house.paid(&order, "T1").expect("taken");
    assert_eq!(house.is_in(&id), "booked", "it was {expires_at:?}");
    let names: Vec<_> = house.events[before..].iter().map(view::name).collect();
    assert!(names.contains(&"order_paid") && names.contains(&"appointment_confirmed"), "{names:?}");
    let before = house.events.len();
    house.paid(&order, "T1").expect("the same word");
    assert_eq!(house.events.len(), before, "said twice");
    assert!(matches!(house.confirm(&id), Answer::Booked { .. }));
    assert_eq!((house.money(&id), house.seen(&id)), ([FEE, FEE, 0, 0], (0, true, 0, 0)));
    assert_eq!(house.order(&id), Err(Code::NothingDue.into()));
    assert!(house.state.payments.at_provider.due.is_empty());
    house.assert_replays();
}

#[test]
fn a_phone_books_nothing_unpaid_and_the_desk_whom_it_wants() {
    let mut house = at_booking(3);
    let (slot, replaces) = (SlotId::from(format!("{DEPARTMENT}.am.0900")), None);
    let (appointment, brief) = (AppointmentId::from(format!("{DEPARTMENT}.b20261123-{:016x}", 77)), brief("a"));
    let (confirm, channel) = (true, Channel::Online);
    let request = ToDepartment::RequestPlace { appointment, slot, brief, confirm, channel, replaces };
    for _ in 0..2 {
        assert_eq!(code(Ok(house.system(request.clone()))), Code::PaymentDue);
    }
    let by_desk = house.hold_by("0900", "b", Channel::Desk).expect("held");
    assert_eq!(house.seen(&by_desk).0, 0, "nothing is due before it is booked");
    assert!(matches!(house.confirm(&by_desk), Answer::Booked { .. }));
    let by_phone = house.hold("0900", "c");
    let order = house.order(&by_phone).expect("an order");
    let (receipt, way) = (None, DeskWay::Cash);
    let before = house.events.len();
    let taken = TakePayment { appointment: by_phone.clone(), amount_fen: FEE, way, receipt };
    house.desk(ToDepartment::TakePayment(taken)).expect("cash for a hold");
    assert_eq!(house.is_in(&by_phone), "booked");
    assert_eq!(house.asked_since(before), [(Matter::Order(order.clone()), true)], "nobody pays it any more");
    house.paid(&order, "T1").expect("but somebody has");
    assert_eq!(house.money(&by_phone), [2 * FEE, FEE, FEE, 0]);
    assert_eq!(house.cause(&by_phone), Some(RefundCause::Surplus));
    house.assert_replays();
}

#[test]
fn what_was_paid_beside_the_fee_pays_for_nothing_and_the_rest_can_be_asked_back() {
    let mut house = at_booking(3);
    let id = house.hold("0900", "a");
    let order = house.order(&id).expect("an order");
    for receipt in ["T1", "T2"] {
        house.paid(&order, receipt).expect("paid");
    }
    let pays = |house: &House| {
        let shown = view::payments(&house.state, &view::PaymentsOf::One(id.clone()), house.state.config.zone());
        let orders = shown["appointments"][0]["orders"].as_array().expect("a list").clone();
        orders.iter().map(|order| (order["receipt"].clone(), order["pays"].clone())).collect::<Vec<_>>()
    };
    let expected = [("T1", true), ("T2", false)].map(|(receipt, pays)| (receipt.into(), pays.into()));
    assert_eq!(pays(&house), expected);
    let ask = AskRefund { appointment: id.clone(), amount_fen: 100, reason: "waited".to_owned() };
    house.desk(ToDepartment::AskRefund(ask)).expect("of what pays");
    house.cancel(&id).expect("cancelled");
    assert_eq!(pays(&house), expected, "it did, last");
    house.assert_replays();
}

#[test]
fn paid_too_late_takes_a_free_place_of_the_same_slot_or_goes_back() {
    let mut house = at_booking(1);
    let (first, second) = (house.hold("0900", "a"), house.hold("0930", "b"));
    let orders = [house.order(&first).expect("an order"), house.order(&second).expect("an order")];
    // Nobody has looked at the deadline yet: one moment after its end a hold is none.
    house.after_s(HOLD_S);
    let before = house.outgoing.len();
    house.paid(&orders[0], "T1").expect("late");
    assert_eq!(house.is_in(&first), "booked", "the slot has its place");
    let is_told = |sent: &Outgoing| {
        matches!(sent, Outgoing::Request(_, Message::Patient(told))
            if matches!(&**told, ToPatient::TicketTold(news) if news.stands == TicketStands::Booked))
    };
    assert!(house.outgoing[before..].iter().any(is_told), "its patient's owner had let go of it");
    house.pass();
    assert_eq!(house.is_in(&second), "expired");
    let other = house.hold("0930", "c");
    house.paid(&orders[1], "T2").expect("later");
    assert_eq!((house.is_in(&second), house.is_in(&other)), ("expired", "held"));
    assert_eq!((house.money(&second), house.cause(&second)), ([FEE, 0, FEE, 0], Some(RefundCause::NoPlace)));
    let sent = house.asked_since(0);
    assert!(sent.contains(&(Matter::Refund(refund(&orders[1])), false)), "{sent:?}");
    house.given(&refund(&orders[1]));
    house.given(&refund(&orders[1]));
    assert_eq!(house.money(&second), [FEE, 0, 0, FEE]);
    house.assert_replays();
}

#[test]
fn who_has_another_place_that_day_gets_the_money_back() {
    let mut house = at_booking(2);
    let first = house.hold("0900", "a");
    let order = house.order(&first).expect("an order");
    house.after_s(HOLD_S).pass();
    let other = house.hold("0930", "a");
    house.paid(&order, "T1").expect("late");
    assert_eq!((house.is_in(&first), house.is_in(&other)), ("expired", "held"));
    assert_eq!(house.cause(&first), Some(RefundCause::NoPlace));
    house.assert_replays();
}

#[test]
fn one_payment_pays_one_order() {
    let mut house = at_booking(2);
    let [one, other] = ["p-1", "p-2"].map(|patient| house.hold("0900", patient));
    let orders = [&one, &other].map(|id| house.order(id).expect("an order"));
    house.paid(&orders[0], "T1").expect("paid");
    let refused = house.paid(&orders[1], "T1").expect_err("of another order");
    assert_eq!(refused, Rejection::new(Code::AlreadyExists, &*refused.detail).with("order", orders[0].as_str()));
    assert_eq!((house.is_in(&one), house.is_in(&other)), ("booked", "held"));
    assert_eq!(house.money(&other), [0; 4]);
    house.paid(&orders[0], "T1").expect("said again of its own");
    let word = RefundWord::Given { reference: "R1".to_owned() };
    let none = ToDepartment::RefundSaid { refund: refund(&orders[0]), word };
    assert_eq!(code(house.tell(Principal::system(), none)), Code::UnknownId);
}

#[test]
fn money_that_nobody_asked_for_goes_back_once() {
    let mut house = at_booking(3);
    let id = house.hold("0900", "a");
    let order = house.order(&id).expect("an order");
    house.paid_fen(&order, "T1", FEE - 1).expect("another amount");
    assert_eq!((house.is_in(&id), house.money(&id)), ("held", [FEE - 1, 0, FEE - 1, 0]));
    let again = house.order(&id).expect("a new order");
    assert_ne!(again, order);
    house.paid(&again, "T2").expect("right");
    house.paid(&again, "T3").expect("twice");
    house.paid(&again, "T3").expect("twice, said twice");
    let unknown = OrderId::from(format!("{DEPARTMENT}.b20261123-00000000000000ff.o1"));
    house.paid(&unknown, "T4").expect("of nobody");
    house.paid(&unknown, "T4").expect("of nobody, said twice");
    assert_eq!((house.is_in(&id), house.money(&id)), ("booked", [3 * FEE - 1, FEE, 2 * FEE - 1, 0]));
    assert_eq!(house.money(&unknown.appointment()), [FEE, 0, FEE, 0]);
    let refunds: Vec<_> = house.asked_since(0).into_iter().filter(|(of, _)| matches!(of, Matter::Refund(_))).collect();
    assert_eq!(refunds.len(), 3, "{refunds:?}");
    for strange in [
        "s.d.b20261123-00000000000000ff",
        "s.d.b20261123-00000000000000ff.o",
        "s.d.b20261123-00000000000000ff.o01",
        "s.d.bnever.o1",
        "s.e.b20261123-1.o1",
    ] {
        assert_eq!(code(house.paid(&OrderId::from(strange), "T5")), Code::UnknownId, "{strange}");
    }
    let long_ago = OrderId::from(format!("{DEPARTMENT}.b20260101-00000000000000ff.o1"));
    assert_eq!(code(house.paid(&long_ago, "T6")), Code::UnknownId, "whether it was paid for is forgotten");
    // What was paid beside stays on its way back, whatever becomes of the booking.
    house.cancel(&id).expect("cancelled");
    let restore = RestoreAppointment { appointment: id.clone(), reason: "mistake".to_owned() };
    house.desk(ToDepartment::RestoreAppointment(restore)).expect("restored");
    assert_eq!(house.money(&id), [3 * FEE - 1, 0, 3 * FEE - 1, 0], "the provider may have given it");
    house.assert_replays();
}

#[test]
fn an_appointment_has_so_many_orders_and_payments_and_no_more() {
    let mut house = at_booking(1);
    let id = house.hold("0900", "p1");
    let mut orders = Vec::new();
    for _ in 0..payment::ORDERS_MAX {
        let order = house.order(&id).expect("an order");
        house.closed(&order);
        orders.push(order);
    }
    assert_eq!(house.order(&id).expect_err("one too many").code, Code::LimitExceeded);
    assert_eq!(house.paid_fen(&orders[0], "T0", 0).expect_err("nothing was paid").code, Code::LimitExceeded);
    for n in 1..=100 {
        house.paid(&orders[0], &format!("T{n}")).expect("money that came is known");
    }
    let [paid, kept, owed, given] = house.money(&id);
    assert_eq!(
        (paid, given, kept + owed),
        (100 * FEE, 0, 100 * FEE),
        "all of it is somewhere: {kept} kept, {owed} owed"
    );
    let n = house.events.len();
    assert_eq!(house.paid(&orders[0], "T101").expect_err("one too many").code, Code::LimitExceeded);
    assert_eq!(house.paid(&orders[0], "T100"), Ok(Answer::Done), "what came is still known");
    assert_eq!(house.events.len(), n);
}

#[test]
fn the_provider_is_asked_when_it_says_nothing_and_closes_what_nobody_wants() {
    let mut house = at_booking(1);
    let id = house.hold("0900", "a");
    let order = house.order(&id).expect("an order");
    let about = Matter::Order(order.clone());
    house.after_s(59).pass();
    assert_eq!(house.asked_since(0), []);
    house.after_s(1).pass();
    assert_eq!(house.asked_since(0), [(about.clone(), false)]);
    let before = house.events.len();
    house.now = at("08:30").plus_s(HOLD_S);
    house.pass();
    assert_eq!(house.is_in(&id), "expired");
    assert_eq!(house.asked_since(before).last(), Some(&(about, true)));
    house.closed(&order);
    assert!(house.state.payments.at_provider.due.is_empty());
    house.paid(&order, "T1").expect("it was wrong");
    assert_eq!(house.is_in(&id), "booked");
    house.assert_replays();
}

#[test]
fn of_a_held_order_it_is_asked_once_more_before_the_hold_ends() {
    let mut house = at_booking(1);
    let id = house.hold("0900", "a");
    let order = house.order(&id).expect("an order");
    house.after_s(430).pass();
    house.after_s(149).pass();
    let before = house.events.len();
    house.after_s(1).pass();
    assert_eq!(house.asked_since(before), [(Matter::Order(order.clone()), false)], "20 s before its end");
    house.after_s(8);
    house.paid(&order, "T1").expect("that was the answer");
    assert_eq!(house.is_in(&id), "booked");
    // An order of the last seconds is asked of like any: there is no time before the end.
    let late = house.hold("0930", "b");
    house.after_s(HOLD_S - 10).pass();
    let before = house.events.len();
    house.order(&late).expect("an order");
    house.after_s(9).pass();
    assert_eq!(house.asked_since(before), []);
    house.after_s(1).pass();
    assert!(matches!(house.asked_since(before)[..], [(Matter::Order(_), true)]), "nobody wants it any more");
    house.assert_replays();
}

#[test]
fn an_order_of_which_no_word_comes_is_asked_of_while_its_day_is_remembered() {
    let mut house = at_booking(1);
    let id = house.hold("0900", "a");
    let order = house.order(&id).expect("an order");
    for _ in 0..100 {
        house.after_s(3600).pass();
    }
    assert!(house.asked_since(0).len() >= 100, "once an hour");
    let mut forgotten = house.clone();
    forgotten.after_s(40 * 24 * 3600).pass();
    assert!(forgotten.state.payments.at_provider.due.is_empty(), "whatever is said of it is not taken any more");
    house.paid(&order, "T1").expect("days later");
    assert_eq!((house.money(&id), house.cause(&id)), ([FEE, 0, FEE, 0], Some(RefundCause::NoPlace)));
    house.assert_replays();
}

#[test]
fn a_refund_is_asked_for_until_it_is_given_and_then_it_is_somebodys() {
    let mut house = at_booking(2);
    let id = house.hold("0900", "a");
    let order = house.order(&id).expect("an order");
    house.paid(&order, "T1").expect("paid");
    let before = house.events.len();
    house.cancel(&id).expect("cancelled");
    let back = refund(&order);
    assert_eq!(house.asked_since(before), [(Matter::Refund(back.clone()), false)], "in the same record");
    assert_eq!(house.seen(&id), (0, true, FEE.into(), FEE.into()), "it comes by itself");
    let give = ToDepartment::GiveRefund(GiveRefund { refund: back.clone(), receipt: None });
    assert_eq!(code(house.desk(give.clone())), Code::WrongRefundState, "it goes back as it came");
    let again = ToDepartment::RetryRefund(RetryRefund { refund: back.clone() });
    assert_eq!(code(house.tell(operator(1), again.clone())), Code::WrongRefundState, "it is on its way");
    for _ in 0..20 {
        house.after_s(3600).pass();
    }
    assert_eq!(house.asked_since(before).len(), REFUND_TRIES_MAX as usize);
    let shown = view::payments(&house.state, &view::PaymentsOf::Open, house.state.config.zone());
    assert_eq!(shown["appointments"][0]["orders"][0]["refunds"][0]["stuck"], true);
    house.tell(operator(1), again.clone()).expect("once more");
    assert_eq!(house.asked_since(before).len(), REFUND_TRIES_MAX as usize + 1);
    house.refund_said(&back, RefundWord::Refused { code: "ACCOUNT_CLOSED".to_owned() });
    house.after_s(7200).pass();
    assert_eq!(house.seen(&id), (0, true, FEE.into(), 0), "the desk gives it");
    assert_eq!(house.asked_since(before).len(), REFUND_TRIES_MAX as usize + 1, "it has said no");
    assert_eq!(code(house.tell(operator(1), again.clone())), Code::WrongRefundState, "for good");
    house.desk(give.clone()).expect("in cash");
    assert_eq!(code(house.tell(operator(1), again)), Code::WrongRefundState);
    house.given(&back);
    assert_eq!(house.money(&id), [FEE, 0, 0, FEE]);
    house.assert_replays();
}

#[test]
fn a_part_goes_back_by_two_persons_word_and_by_the_way_it_came() {
    let mut house = at_booking(1);
    let id = house.hold("0900", "a");
    let order = house.order(&id).expect("an order");
    house.paid(&order, "T1").expect("paid");
    let reason = || "waited".to_owned();
    let ask = AskRefund { appointment: id.clone(), amount_fen: 400, reason: reason() };
    house.desk(ToDepartment::AskRefund(ask)).expect("asked");
    let before = house.events.len();
    let granted = DecideRefund { refund: refund(&order), granted: true, reason: reason() };
    house.tell(operator(1), ToDepartment::DecideRefund(granted)).expect("granted");
    assert_eq!(house.asked_since(before), [(Matter::Refund(refund(&order)), false)]);
    house.given(&refund(&order));
    assert_eq!(house.money(&id), [FEE, 600, 0, 400]);
    house.assert_replays();
}

#[test]
fn what_is_due_at_check_in_can_be_paid_from_home() {
    let mut house = at_booking(1);
    house.tell(operator(1), defined(PaymentWhen::AtCheckIn)).expect("defined");
    let held = house.hold("0900", "a");
    assert_eq!(house.order(&held).map_err(|why| why.code), Err(Code::WrongAppointmentState), "confirm it first");
    assert!(matches!(house.confirm(&held), Answer::Booked { .. }));
    let order = house.order(&held).expect("an order");
    house.paid(&order, "T1").expect("paid");
    assert_eq!((house.is_in(&held), house.money(&held)), ("booked", [FEE, FEE, 0, 0]));
    house.assert_replays();
}

#[test]
fn days_that_are_forgotten_take_what_is_settled_along_and_leave_what_is_not() {
    let mut house = at_booking(2);
    let (settled, owed) = (house.hold("0900", "a"), house.hold("0900", "b"));
    for (n, id) in [&settled, &owed].into_iter().enumerate() {
        let order = house.order(id).expect("an order");
        house.paid(&order, &format!("T{n}")).expect("paid");
        house.cancel(id).expect("cancelled");
    }
    house.given(&refund(&OrderId::from(format!("{settled}.o1"))));
    house.after_s(40 * 24 * 3600).pass();
    // A clinic of a later day: what is a month old goes.
    let date = day().plus_days(41);
    let slots = vec![DefineSlot { start: "09:00".to_owned(), minutes: 30, capacity: 1 }];
    let later = DefineSession {
        id: SessionId::from(format!("{DEPARTMENT}.later")),
        date,
        period: "morning".to_owned(),
        queue: queue("pool"),
        doctor: None,
        service_point: None,
        registration_class: "普通".to_owned(),
        fee_fen: FEE,
        slots,
        high_demand: false,
        released_at: None,
    };
    house.system(ToDepartment::DefineSession(later));
    assert_eq!((house.money(&settled), house.money(&owed)), ([0; 4], [FEE, 0, FEE, 0]));
    house.state.payments.check().expect("sound");
    assert!(!house.state.payments.at_provider.orders.contains_key(&settled));
}

/// A provider beside the house: what was paid to it and what it has given back, by its own numbers alone.
#[derive(Default)]
struct Provider {
    /// Fen by transaction.
    paid: BTreeMap<String, u32>,
    /// Transaction and fen by refund.
    given: BTreeMap<RefundId, (String, u32)>,
    /// What it has yet to say, in any order and some of it twice.
    words: Vec<ToDepartment>,
    orders: Vec<OrderId>,
    looked: usize,
    n: u32,
}

impl Provider {
    /// Takes money from somebody: of an order open here or long closed, once or twice.
    fn take(&mut self, dice: &mut Dice) {
        let Some(order) = self.orders.get(dice.roll(self.orders.len().max(1) as u64) as usize).cloned() else { return };
        self.n += 1;
        let transaction = format!("T{}", self.n);
        let amount_fen = if dice.roll(8) == 0 { FEE + 1 } else { FEE };
        self.paid.insert(transaction.clone(), amount_fen);
        let word = OrderWord::Paid { transaction, amount_fen };
        for _ in 0..1 + dice.roll(2) {
            self.words.push(ToDepartment::OrderSaid { order: order.clone(), word: word.clone() });
        }
    }

    /// Does what the house has asked: at once, later, twice, or (lost) not at all.
    fn hear(&mut self, house: &House, dice: &mut Dice) {
        for (matter, _) in house.asked_since(self.looked) {
            if dice.roll(3) == 0 {
                continue;
            }
            match matter {
                Matter::Order(order) if dice.roll(2) == 0 => {
                    self.words.push(ToDepartment::OrderSaid { order, word: OrderWord::Closed });
                }
                Matter::Order(_) => {}
                Matter::Refund(refund) => {
                    let (order, known) = house.state.payments.refund(&refund).expect("asked of what there is");
                    let transaction = order.receipt.clone().expect("the provider's");
                    // The same number is the same refund, as real ones have it.
                    self.given.entry(refund.clone()).or_insert((transaction, known.amount_fen));
                    let word = RefundWord::Given { reference: format!("R-{refund}") };
                    self.words.push(ToDepartment::RefundSaid { refund, word });
                }
            }
        }
        self.looked = house.events.len();
    }

    fn says(&mut self, house: &mut House, dice: &mut Dice) {
        if self.words.is_empty() {
            return;
        }
        let at = dice.roll(self.words.len() as u64) as usize;
        let word = self.words.swap_remove(at);
        if dice.roll(6) == 0 {
            self.words.push(word.clone());
        }
        drop(house.tell(Principal::system(), word));
    }
}

#[test]
fn on_random_days_nothing_is_paid_without_a_place_or_one_refund() {
    for seed in seeds(150) {
        let (mut dice, mut house, mut provider) = (Dice(seed), at_booking(2), Provider::default());
        let mut ids: Vec<AppointmentId> = Vec::new();
        for step in 0..150 {
            let id = ids.get(dice.roll(ids.len().max(1) as u64) as usize).cloned();
            match (dice.roll(11), id) {
                (0 | 1, _) if ids.len() < 12 => {
                    let slot = ["0900", "0930", "1000"][dice.roll(3) as usize];
                    ids.extend(house.hold_by(slot, &format!("x{}", dice.roll(8)), Channel::Online));
                }
                (2, Some(id)) => provider.orders.extend(house.order(&id)),
                (3, _) => provider.take(&mut dice),
                (4 | 5, _) => provider.says(&mut house, &mut dice),
                (6, Some(id)) => drop(house.cancel(&id)),
                (7, Some(id)) => drop(house.confirm(&id)),
                (8, Some(appointment)) => {
                    let (way, receipt) = (DeskWay::Card, None);
                    let taken = TakePayment { appointment, amount_fen: FEE, way, receipt };
                    drop(house.desk(ToDepartment::TakePayment(taken)));
                }
                (9, Some(appointment)) => {
                    let command = RestoreAppointment { appointment, reason: "mistake".to_owned() };
                    drop(house.desk(ToDepartment::RestoreAppointment(command)));
                }
                _ => drop(house.after_s([20, 120, 400][dice.roll(3) as usize]).pass()),
            }
            provider.hear(&house, &mut dice);
            holds(&house, &provider, &format!("seed {seed}, step {step}"));
        }
        // Whatever is still to be said is said, and all that is owed is given in the end.
        for _ in 0..400 {
            provider.says(&mut house, &mut dice);
            house.after_s(300).pass();
            provider.hear(&house, &mut dice);
        }
        settled(&house, &provider, &format!("seed {seed}, at the end"));
        house.assert_replays();
    }
}

/// What holds at every moment.
fn holds(house: &House, provider: &Provider, at: &str) {
    house.state.clinic.check().unwrap_or_else(|what| panic!("{at}: {what}"));
    house.state.payments.check().unwrap_or_else(|what| panic!("{at}: {what}"));
    for (id, orders) in &house.state.payments.orders {
        let state = house.state.clinic.appointments[id].state;
        let has_place = matches!(state, AppointmentState::Booked | AppointmentState::NoShow);
        let kept: u32 = orders.iter().map(|order| order.kept_fen()).sum();
        assert!(has_place || kept == 0, "{at}: {id} is {state:?} and {kept} fen are kept");
    }
    let mut back: BTreeMap<&str, u32> = BTreeMap::new();
    for (transaction, fen) in provider.given.values() {
        *back.entry(transaction).or_default() += fen;
    }
    for (transaction, fen) in back {
        assert!(fen <= provider.paid[transaction], "{at}: {fen} fen of {transaction} went back");
    }
}

/// What holds when the provider has said everything.
fn settled(house: &House, provider: &Provider, at: &str) {
    holds(house, provider, at);
    let orders = || house.state.payments.orders.values().flatten().filter(|order| order.way == Way::Online);
    let known: BTreeMap<_, _> = orders().map(|order| (order.receipt.clone().expect("a number"), order)).collect();
    assert_eq!(orders().count(), known.len(), "{at}: a payment stands twice");
    for (transaction, fen) in &provider.paid {
        let order = known.get(transaction).unwrap_or_else(|| panic!("{at}: {transaction} is not known"));
        assert_eq!(order.amount_fen, *fen, "{at}: {transaction}");
        let given: u32 = provider.given.values().filter(|(of, _)| of == transaction).map(|(_, fen)| fen).sum();
        assert_eq!(given, order.given_fen() + order.owed_fen(), "{at}: {transaction}");
        let is_open = |one: &&payment::Refund| one.standing == RefundStanding::Owed;
        for refund in order.refunds.iter().filter(is_open) {
            assert!(refund.is_stuck(), "{at}: {} is owed and nobody asks for it", refund.id);
        }
    }
}
