//! Fees at the desk: taken once, given back by the rules once, by hand by two persons; money is neither made nor lost.

use std::collections::BTreeMap;

use super::house::*;
use super::random::{Dice, seeds};
use crate::clinic::AppointmentState;
use crate::department::view;
use crate::ids::*;
use crate::payment::{ORDERS_MAX, REFUNDS_MAX, RefundStanding};
use crate::vocabulary::*;
use crate::{Code, Principal, Rejection, Role};

const FEE: u32 = 1000;

fn operator(n: u32) -> Principal {
    Principal::of(Role::Operator, AccountId::from(format!("a-operator{n}")))
}

fn patient() -> Principal {
    Principal::of(Role::Patient, AccountId::from("a-phone"))
}

fn defined(late_cancel: RefundRule, no_show: RefundRule) -> ToDepartment {
    let (department, when) = (DEPARTMENT.into(), PaymentWhen::AtCheckIn);
    ToDepartment::DefinePayment(DefinePayment { department, when, late_cancel, no_show })
}

fn paying() -> House {
    let mut house = House::new(0).with_session(3).with_doctors();
    house.tell(operator(1), defined(RefundRule::Full, RefundRule::Full)).expect("defined");
    house
}

impl House {
    fn pay(&mut self, id: &AppointmentId) -> Result<Answer, Rejection> {
        self.pay_fen(id, FEE)
    }

    fn pay_fen(&mut self, id: &AppointmentId, amount_fen: u32) -> Result<Answer, Rejection> {
        let (appointment, way, receipt) = (id.clone(), DeskWay::Cash, Some("7".to_owned()));
        self.desk(ToDepartment::TakePayment(TakePayment { appointment, amount_fen, way, receipt }))
    }

    fn ask(&mut self, id: &AppointmentId, amount_fen: u32, by: Principal) -> Result<Answer, Rejection> {
        let (appointment, reason) = (id.clone(), "waited too long".to_owned());
        self.tell(by, ToDepartment::AskRefund(AskRefund { appointment, amount_fen, reason }))
    }

    fn grant(&mut self, refund: &RefundId, granted: bool, by: Principal) -> Result<Answer, Rejection> {
        let (refund, reason) = (refund.clone(), "looked at it".to_owned());
        self.tell(by, ToDepartment::DecideRefund(DecideRefund { refund, granted, reason }))
    }

    fn give(&mut self, refund: &RefundId) -> Result<Answer, Rejection> {
        let refund = refund.clone();
        self.desk(ToDepartment::GiveRefund(GiveRefund { refund, receipt: None }))
    }

    fn back(&mut self, id: &AppointmentId, by: Principal) -> Result<Answer, Rejection> {
        let command = CancelAppointment { appointment: id.clone(), reason: None };
        self.tell(by, ToDepartment::CancelAppointment(command))
    }

    fn again(&mut self, id: &AppointmentId) -> Result<Answer, Rejection> {
        let command = RestoreAppointment { appointment: id.clone(), reason: "mistake".to_owned() };
        self.desk(ToDepartment::RestoreAppointment(command))
    }

    fn comes_alone(&mut self, id: &AppointmentId) -> Result<Answer, Rejection> {
        let command = Arrived { appointment: id.clone(), code: None };
        self.tell(patient(), ToDepartment::CheckIn { command, birth_date: None, presence_proved: true })
    }

    /// Paid, kept, owed, given back.
    fn fen(&self, id: &AppointmentId) -> [u32; 4] {
        let orders = self.state.payments.of(id);
        let sum = |of: fn(&crate::payment::Order) -> u32| orders.iter().map(of).sum();
        [sum(|o| o.amount_fen), sum(|o| o.kept_fen()), sum(|o| o.owed_fen()), sum(|o| o.given_fen())]
    }
}

fn refund(id: &AppointmentId, order: u32, n: u32) -> RefundId {
    RefundId::from(format!("{id}.o{order}.r{n}"))
}

#[test]
fn what_is_paid_and_asked_back_too_often_is_refused() {
    let mut house = paying();
    let id = house.book("0900", "p1");
    house.pay(&id).expect("paid");
    for n in 1..REFUNDS_MAX {
        house.ask(&id, 100, operator(1)).unwrap_or_else(|why| panic!("{n}: {why:?}"));
        let order = house.state.payments.last(&id).expect("paid");
        let refund = order.refunds.last().expect("asked").id.clone();
        house.grant(&refund, false, operator(2)).expect("refused by another person");
    }
    assert_eq!(house.ask(&id, 100, operator(1)).expect_err("one too many").code, Code::LimitExceeded);
    house.back(&id, patient()).expect("given back in time");
    assert_eq!(house.fen(&id), [FEE, 0, FEE, 0], "a place is left for what the rule owes");
    let mut again = paying();
    let id = again.book("0900", "p1");
    for n in 1..=ORDERS_MAX {
        again.pay(&id).unwrap_or_else(|why| panic!("{n}: {why:?}"));
        again.back(&id, patient()).expect("cancelled");
        let refund = again.state.payments.last(&id).expect("paid").refunds[0].id.clone();
        again.give(&refund).expect("given back");
        again.again(&id).expect("a mistake");
    }
    assert_eq!(again.pay(&id).expect_err("one too many").code, Code::LimitExceeded);
}

#[test]
fn where_nobody_has_said_so_nothing_is_due() {
    let mut house = House::new(0).with_session(1).with_doctors();
    let id = house.book("0900", "a");
    assert_eq!(code(house.pay(&id)), Code::NothingDue);
    house.comes_alone(&id).expect("as ever");
    house.assert_replays();
}

#[test]
fn who_comes_alone_pays_first_and_the_desk_lets_in_whom_it_wants() {
    let mut house = paying();
    let (first, second) = (house.book("0900", "a"), house.book("0900", "b"));
    let refused = house.comes_alone(&first).expect_err("not paid");
    assert_eq!((refused.code, refused.valid_now), (Code::PaymentDue, vec![("due_fen".to_owned(), FEE.into())]));
    house.check_in(&second).expect("the desk");
    assert_eq!(code(house.pay_fen(&first, FEE - 1)), Code::InvalidField);
    house.pay(&first).expect("paid");
    assert_eq!(code(house.pay(&first)), Code::NothingDue, "once");
    house.comes_alone(&first).expect("paid");
    assert_eq!(house.fen(&first), [FEE, FEE, 0, 0]);
    house.assert_replays();
}

/// What has to be paid, what pays for it, what is owed back, what was given back.
fn standing(house: &House, id: &AppointmentId) -> [u64; 4] {
    let shown = view::fee_standing(&house.state, id);
    ["due_fen", "paid_fen", "owed_fen", "given_fen"].map(|name| shown[name].as_u64().expect("an amount"))
}

#[test]
fn how_it_stands_with_one_appointment_is_said_also_before_anything_is_paid() {
    let mut house = paying();
    let id = house.book("0900", "a");
    let fee = u64::from(FEE);
    let one = |house: &House| {
        let shown = view::payments(&house.state, &view::PaymentsOf::One(id.clone()), house.state.config.zone());
        let [one] = shown["appointments"].as_array().expect("a list").as_slice() else { panic!("{shown}") };
        (one["due_fen"].clone(), one["orders"].as_array().expect("a list").len())
    };
    assert_eq!((standing(&house, &id), one(&house)), ([fee, 0, 0, 0], (FEE.into(), 0)));
    house.pay(&id).expect("paid");
    assert_eq!((standing(&house, &id), one(&house)), ([0, fee, 0, 0], (0.into(), 1)));
    house.back(&id, desk()).expect("cancelled");
    assert_eq!(
        (standing(&house, &id), one(&house)),
        ([0, 0, fee, 0], (0.into(), 1)),
        "nothing has to be paid any more"
    );
    house.give(&refund(&id, 1, 1)).expect("given");
    assert_eq!(standing(&house, &id), [0, 0, 0, fee]);
    let nobody = view::PaymentsOf::One(AppointmentId::from(format!("{DEPARTMENT}.b20261123-none")));
    let shown = view::payments(&house.state, &nobody, house.state.config.zone());
    assert_eq!(shown["appointments"], serde_json::json!([]));
}

#[test]
fn the_patient_follows_the_own_fee() {
    let mut house = paying();
    let id = house.book("0900", "a");
    let told = house.events.len();
    house.pay(&id).expect("paid");
    house.back(&id, desk()).expect("cancelled");
    let said = house.events[told..].iter().flat_map(|event| {
        let stream = format!("ticket:{}", id.ticket());
        view::emissions(&house.state, event, house.now, house.state.config.zone(), &move |one| one == stream)
    });
    let said: Vec<_> = said.map(|(_, said)| said).filter(|said| said.to_string().contains("payment_taken")).collect();
    // In the state after all of it.
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(said[0]["payment_taken"]["fee"]["owed_fen"], FEE);
}

#[test]
fn cancelled_goes_back_and_undone_stays() {
    let mut house = paying();
    let id = house.book("0900", "a");
    house.pay(&id).expect("paid");
    house.back(&id, desk()).expect("cancelled");
    assert_eq!(house.fen(&id), [FEE, 0, FEE, 0]);
    house.again(&id).expect("restored");
    assert_eq!(house.fen(&id), [FEE, FEE, 0, 0]);
    assert_eq!(code(house.give(&refund(&id, 1, 1))), Code::WrongRefundState, "withdrawn");
    house.back(&id, desk()).expect("cancelled");
    house.give(&refund(&id, 1, 1)).expect("the same refund");
    assert_eq!(code(house.give(&refund(&id, 1, 1))), Code::WrongRefundState, "given once");
    assert_eq!(house.fen(&id), [FEE, 0, 0, FEE]);
    house.again(&id).expect("restored");
    assert_eq!(code(house.comes_alone(&id)), Code::PaymentDue, "it has its money");
    house.pay(&id).expect("pays again");
    assert_eq!(house.fen(&id), [2 * FEE, FEE, 0, FEE]);
    house.assert_replays();
}

#[test]
fn late_and_absent_are_as_the_department_says() {
    for (rule, owed) in [(RefundRule::Full, FEE), (RefundRule::None, 0)] {
        let mut house = paying();
        house.tell(operator(1), defined(rule, rule)).expect("defined");
        let (late, absent, left) = (house.book("0900", "a"), house.book("0900", "b"), house.book("0930", "c"));
        for id in [&late, &absent, &left] {
            house.pay(id).expect("paid");
        }
        // A booking made after the cut-off may be undone for half an hour as if in time.
        house.now = at("09:10");
        house.back(&late, patient()).expect("given back");
        assert_eq!(house.state.clinic.appointments[&late].state, AppointmentState::GivenBack);
        house.check_in(&left).expect("came");
        let command = CancelTicket { ticket: left.ticket(), reason: "leaves".to_owned() };
        house.tell(patient(), ToDepartment::CancelTicket(command)).expect("leaves");
        house.now = at("12:30");
        house.pass();
        assert_eq!(house.state.clinic.appointments[&absent].state, AppointmentState::NoShow);
        for id in [&late, &absent, &left] {
            assert_eq!(house.fen(id), [FEE, FEE - owed, owed, 0], "{id} {rule:?}");
        }
        let (appointment, reason) = (absent.clone(), "was here".to_owned());
        house.desk(ToDepartment::CorrectNoShow(CorrectNoShow { appointment, reason })).expect("corrected");
        let state = house.state.clinic.appointments[&absent].state;
        let back = if state == AppointmentState::GivenBack { FEE } else { 0 };
        assert_eq!(house.fen(&absent), [FEE, FEE - back, back, 0], "the hospital's mistake: {state:?}");
        house.assert_replays();
    }
}

#[test]
fn a_stopped_clinic_and_a_settlement_give_all_back_and_seen_gives_nothing() {
    let mut house = paying();
    house.tell(operator(1), defined(RefundRule::None, RefundRule::None)).expect("defined");
    let (seen, settled) = (house.book("0900", "a"), house.book("0900", "b"));
    let stopped = house.book("1000", "c");
    for id in [&seen, &settled, &stopped] {
        house.pay(id).expect("paid");
    }
    for id in [&seen, &settled] {
        house.check_in(id).expect("came");
    }
    for (ticket, how) in [(seen.ticket(), SettlementKind::Seen), (settled.ticket(), SettlementKind::Refund)] {
        let settlements = vec![Settlement { ticket, how, to: None }];
        let command = SettleTickets { department: DEPARTMENT.into(), settlements };
        house.desk(ToDepartment::SettleTickets(command)).expect("settled");
    }
    let (session, reason) = (SessionId::from(format!("{DEPARTMENT}.am")), "ill".to_owned());
    house
        .desk(ToDepartment::StopSession(StopSession {
            session,
            from: Some(at("09:30")),
            reason,
            to: None,
            substitute: None,
        }))
        .expect("stopped");
    house.pass();
    let all = [&seen, &settled, &stopped].map(|id| house.fen(id));
    assert_eq!(all, [[FEE, FEE, 0, 0], [FEE, 0, FEE, 0], [FEE, 0, FEE, 0]]);
    house.assert_replays();
}

#[test]
fn by_hand_it_takes_two_and_never_more_than_is_kept() {
    let mut house = paying();
    let id = house.book("0900", "a");
    assert_eq!(code(house.ask(&id, 1, operator(1))), Code::Forbidden, "nothing was paid");
    house.pay(&id).expect("paid");
    for amount_fen in [0, FEE + 1] {
        assert_eq!(code(house.ask(&id, amount_fen, operator(1))), Code::InvalidField);
    }
    house.ask(&id, 400, operator(1)).expect("asked");
    assert_eq!(code(house.ask(&id, 400, operator(2))), Code::WrongRefundState, "one at a time");
    assert_eq!(code(house.give(&refund(&id, 1, 1))), Code::WrongRefundState, "not granted");
    assert_eq!(code(house.grant(&refund(&id, 1, 1), true, operator(1))), Code::SecondPersonNeeded);
    house.grant(&refund(&id, 1, 1), true, operator(2)).expect("granted");
    assert_eq!(house.fen(&id), [FEE, 600, 400, 0]);
    assert_eq!(code(house.pay(&id)), Code::NothingDue, "it is still paid for");
    house.give(&refund(&id, 1, 1)).expect("given");
    house.ask(&id, 600, desk()).expect("asked");
    house.back(&id, desk()).expect("cancelled");
    assert_eq!(house.fen(&id), [FEE, 0, 600, 400], "the rule gives back the rest");
    assert_eq!(code(house.grant(&refund(&id, 1, 2), true, operator(2))), Code::InvalidField, "nothing is left");
    house.grant(&refund(&id, 1, 2), false, operator(2)).expect("declined");
    let shown = view::payments(&house.state, &view::PaymentsOf::Open, house.state.config.zone());
    assert_eq!((&shown["owed_fen"], &shown["given_fen"]), (&600.into(), &400.into()));
    assert_eq!(shown["appointments"][0]["orders"][0]["refunds"][2]["cause"], "cancelled");
    house.give(&refund(&id, 1, 3)).expect("given");
    let shown = view::payments(&house.state, &view::PaymentsOf::Open, house.state.config.zone());
    assert_eq!(shown["appointments"], serde_json::json!([]), "all is settled");
    house.assert_replays();
}

/// What a cash box beside it has: put in, taken out. It knows nothing of orders.
#[derive(Default)]
struct Box {
    put_in: u32,
    taken_out: u32,
}

#[test]
fn on_random_days_the_cash_box_agrees() {
    for seed in seeds(60) {
        let mut dice = Dice(seed);
        let mut house = paying();
        let rule = |full: bool| if full { RefundRule::Full } else { RefundRule::None };
        let (late, absent) = (dice.roll(2) == 0, dice.roll(2) == 0);
        house.tell(operator(1), defined(rule(late), rule(absent))).expect("defined");
        let mut ids: Vec<AppointmentId> = Vec::new();
        let mut boxes: BTreeMap<AppointmentId, Box> = BTreeMap::new();
        for step in 0..120 {
            if ids.len() < 7 && dice.roll(6) == 0 {
                let slot = ["0900", "0930", "1000"][ids.len() / 3];
                if house.state.clinic.slots[&SlotId::from(format!("{DEPARTMENT}.am.{slot}"))].free() > 0 {
                    ids.push(house.book(slot, &format!("x{}", ids.len())));
                }
                continue;
            }
            if ids.is_empty() {
                continue;
            }
            let id = ids[dice.roll(ids.len() as u64) as usize].clone();
            let open = house.state.payments.of(&id).iter().flat_map(|order| &order.refunds);
            let any = open.map(|refund| (refund.id.clone(), refund.amount_fen)).collect::<Vec<_>>();
            let any = (!any.is_empty()).then(|| any[dice.roll(any.len() as u64) as usize].clone());
            match dice.roll(9) {
                0 => {
                    if house.pay(&id).is_ok() {
                        boxes.entry(id.clone()).or_default().put_in += FEE;
                    }
                }
                1 => drop(house.back(&id, if dice.roll(2) == 0 { desk() } else { patient() })),
                2 => drop(house.again(&id)),
                3 => drop(house.ask(&id, 1 + dice.roll(u64::from(FEE)) as u32, operator(1))),
                4 => {
                    if let Some((refund, _)) = any {
                        let by = operator(1 + dice.roll(2) as u32);
                        drop(house.grant(&refund, dice.roll(3) > 0, by));
                    }
                }
                5 => {
                    if let Some((refund, amount_fen)) = any
                        && house.give(&refund).is_ok()
                    {
                        boxes.entry(id.clone()).or_default().taken_out += amount_fen;
                    }
                }
                6 => drop(house.check_in(&id)),
                7 => {
                    let how = [SettlementKind::Refund, SettlementKind::Seen][dice.roll(2) as usize];
                    let settlements = vec![Settlement { ticket: id.ticket(), how, to: None }];
                    let command = SettleTickets { department: DEPARTMENT.into(), settlements };
                    drop(house.desk(ToDepartment::SettleTickets(command)));
                }
                _ => {
                    house.after_s(180).pass();
                }
            }
            agrees(&house, &boxes, (late, absent), &format!("seed {seed}, step {step}"));
        }
        house.assert_replays();
    }
}

/// The box against the orders, and nobody's money without a place, a refund or a rule that keeps it.
fn agrees(house: &House, boxes: &BTreeMap<AppointmentId, Box>, (late, absent): (bool, bool), at: &str) {
    house.state.payments.check().unwrap_or_else(|what| panic!("{at}: {what}"));
    for (id, of) in boxes {
        let [paid, kept, owed, given] = house.fen(id);
        assert_eq!((paid, given), (of.put_in, of.taken_out), "{at}: {id}");
        assert_eq!(paid, kept + owed + given, "{at}: {id}");
        let state = house.state.clinic.appointments[id].state;
        let keeps = match state {
            AppointmentState::Cancelled | AppointmentState::Stopped => false,
            AppointmentState::GivenBack => !late,
            AppointmentState::NoShow => !absent,
            AppointmentState::GivenUp => false,
            _ => true,
        };
        assert!(keeps || kept == 0, "{at}: {id} is {state:?} and {kept} fen are kept");
        let last = house.state.payments.of(id).last().expect("paid");
        let asked = last.refunds.iter().filter(|refund| refund.standing == RefundStanding::Asked).count();
        assert!(asked <= 1, "{at}: {id}");
    }
}
