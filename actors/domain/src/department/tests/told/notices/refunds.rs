//! What a person is told of money that goes back through the provider.

use super::*;
use crate::floor::at_home::{all_not_reached, counts};
use crate::reach::CONFIRM_WITHIN_S;

const TELLING: NoticeStanding = NoticeStanding::Telling;
const OVER: NoticeStanding = NoticeStanding::Over;
const FEE: u32 = 1000;

impl Pair {
    /// Booked at 9:00 by the own phone, which has paid.
    fn paid() -> (Self, AppointmentId) {
        Self::paid_of(House::new(0).with_session(2))
    }

    fn paid_of(mut house: House) -> (Self, AppointmentId) {
        let defined = DefinePayment { when: PaymentWhen::AtCheckIn, ..DefinePayment::of(DEPARTMENT.into()) };
        house.tell(Principal::of(Role::Operator, "a-o".into()), ToDepartment::DefinePayment(defined)).expect("defined");
        let mut pair = Self::new(house).with_phone();
        pair.reserve("0900").expect("reserves");
        pair.settle();
        let appointment = pair.person.live().next().expect("booked").0.clone();
        pair.pay(&appointment, "T1");
        (pair, appointment)
    }

    fn pay(&mut self, appointment: &AppointmentId, transaction: &str) {
        let command = PayAppointment { appointment: appointment.clone() };
        let patient = Principal::of(Role::Patient, "a-a".into());
        let answer = self.house.tell(patient, ToDepartment::PayAppointment(command)).expect("is payable");
        let Answer::Payable { order, amount_fen, .. } = answer else { panic!("{answer:?}") };
        let word = OrderWord::Paid { transaction: transaction.to_owned(), amount_fen };
        self.house.system(ToDepartment::OrderSaid { order, word });
        self.settle();
    }

    fn cancel_on_phone(&mut self, appointment: &AppointmentId) {
        let command = CancelAppointment { appointment: appointment.clone(), reason: None };
        let principal = Principal::of(Role::Patient, AccountId::from("a-a"));
        self.house.tell(principal, ToDepartment::CancelAppointment(command)).expect("cancels");
        self.settle();
    }

    fn provider_says(&mut self, refund: &RefundId, word: RefundWord) {
        self.house.system(ToDepartment::RefundSaid { refund: refund.clone(), word });
        self.settle();
    }

    fn given(&mut self, refund: &RefundId) {
        self.provider_says(refund, RefundWord::Given { reference: "R".to_owned() });
    }

    fn refused(&mut self, refund: &RefundId) {
        self.provider_says(refund, RefundWord::Refused { code: "CLOSED".to_owned() });
    }

    fn missed(&self) -> Vec<(TicketId, About)> {
        let session = SessionId::from("s.d.am");
        let mut all: Vec<_> = all_not_reached(&self.house.state, &session)
            .map(|(ticket, _, missed)| (ticket.clone(), missed.about))
            .collect();
        all.sort_unstable();
        all
    }
}

fn refund(appointment: &AppointmentId) -> RefundId {
    RefundId::from(format!("{appointment}.o1.r1"))
}

#[test]
fn a_refund_stands_under_its_own_key_and_leads_back_from_it() {
    let refund = RefundId::from("s.d.b20261123-x1y2.o1.r2");
    let key = refund.told_as();
    assert_eq!(key.as_str(), "s.d.t20261123-x1y2.o1.r2");
    assert_eq!(
        (key.refund(), key.told_of(), key.appointment()),
        (Some(refund.clone()), Some(refund.appointment()), None)
    );
    let ticket = refund.appointment().ticket();
    assert_eq!((ticket.refund(), ticket.told_of()), (None, Some(refund.appointment())));
    let walk_in = TicketId::from("s.d.t17");
    assert_eq!(walk_in.refund(), None);
}

#[test]
fn whose_money_is_back_is_told_how_much_once_and_not_before() {
    let (mut pair, appointment) = Pair::paid();
    pair.cancel_on_phone(&appointment);
    assert_eq!(pair.told(), [], "owed is not back, and the cancellation was the own");
    let refund = refund(&appointment);
    pair.given(&refund);
    pair.given(&refund);
    assert_eq!(pair.told(), [(About::Refunded, TELLING)]);
    let due = pair.last().due;
    assert_eq!((&due.ticket, due.place.as_str()), (&refund.told_as(), "内科"));
    assert_eq!((due.ticket.refund(), pair.last().amount_fen), (Some(refund), Some(FEE)));
    assert_eq!(due.clinic.expect("of a clinic").expected_at, at("09:00"));
    pair.assert_replays();
}

#[test]
fn what_the_post_has_lost_is_said_again_with_its_amount_and_heard_once() {
    let (mut pair, appointment) = Pair::paid();
    pair.cancel_on_phone(&appointment);
    let refund = refund(&appointment);
    pair.house.system(ToDepartment::RefundSaid {
        refund: refund.clone(),
        word: RefundWord::Given { reference: "R".to_owned() },
    });
    pair.collect();
    pair.post.clear();
    assert_eq!(pair.told(), []);
    for _ in 0..2 {
        pair.ask_again();
        pair.settle();
        assert_eq!((pair.told(), pair.last().amount_fen), (vec![(About::Refunded, TELLING)], Some(FEE)));
    }
    assert_eq!(pair.house.state.floor.notices.unheard.len(), 0);
    pair.assert_replays();
}

#[test]
fn that_it_is_back_ends_no_word_about_the_clinic_and_a_word_about_the_clinic_ends_not_this_one() {
    let (mut pair, appointment) = Pair::paid();
    let stop = StopSession {
        session: SessionId::from("s.d.am"),
        from: None,
        reason: "ill".to_owned(),
        to: None,
        substitute: None,
    };
    pair.house.desk(ToDepartment::StopSession(stop)).expect("is stopped");
    pair.settle();
    pair.given(&refund(&appointment));
    assert_eq!(pair.told(), [(About::Stopped, TELLING), (About::Refunded, TELLING)]);
    let resume = ResumeSession { session: SessionId::from("s.d.am") };
    pair.house.desk(ToDepartment::ResumeSession(resume)).expect("goes on");
    pair.settle();
    let told = [(About::Stopped, OVER), (About::Refunded, TELLING), (About::AsPlanned, TELLING)];
    assert_eq!(pair.told(), told);
    pair.assert_replays();
}

#[test]
fn what_the_provider_never_gives_is_fetched_at_the_desk_and_told_until_it_is() {
    let (mut pair, appointment) = Pair::paid();
    pair.cancel_on_phone(&appointment);
    let refund = refund(&appointment);
    pair.refused(&refund);
    pair.refused(&refund);
    assert_eq!(pair.told(), [(About::RefundAtDesk, TELLING)]);
    assert_eq!(pair.last().amount_fen, Some(FEE));
    let give = GiveRefund { refund: refund.clone(), receipt: None };
    pair.house.desk(ToDepartment::GiveRefund(give)).expect("is given");
    pair.settle();
    assert_eq!(pair.told(), [(About::RefundAtDesk, OVER)], "who has it in the hand is sent no message");
    pair.assert_replays();

    // Days later, when what was told is forgotten here.
    let (mut pair, appointment) = Pair::paid();
    pair.cancel_on_phone(&appointment);
    pair.refused(&self::refund(&appointment));
    pair.house.state.floor.notices.told.clear();
    let give = GiveRefund { refund: self::refund(&appointment), receipt: None };
    pair.house.desk(ToDepartment::GiveRefund(give)).expect("is given");
    pair.settle();
    assert_eq!(pair.told(), [(About::RefundAtDesk, OVER)]);

    // The provider may say otherwise later.
    let (mut pair, appointment) = Pair::paid();
    pair.cancel_on_phone(&appointment);
    pair.refused(&self::refund(&appointment));
    pair.given(&self::refund(&appointment));
    assert_eq!(pair.told(), [(About::RefundAtDesk, OVER), (About::Refunded, TELLING)]);
    pair.assert_replays();
}

#[test]
fn what_was_paid_at_the_desk_goes_back_there_and_is_told_there() {
    let mut house = House::new(0).with_session(2);
    let defined = DefinePayment { when: PaymentWhen::AtCheckIn, ..DefinePayment::of(DEPARTMENT.into()) };
    house.tell(Principal::of(Role::Operator, "a-o".into()), ToDepartment::DefinePayment(defined)).expect("defined");
    let mut pair = Pair::new(house).with_phone();
    pair.reserve("0900").expect("reserves");
    pair.settle();
    let appointment = pair.person.live().next().expect("booked").0.clone();
    let (amount_fen, way, receipt) = (FEE, DeskWay::Cash, None);
    let take = TakePayment { appointment: appointment.clone(), amount_fen, way, receipt };
    pair.house.desk(ToDepartment::TakePayment(take)).expect("is taken");
    pair.cancel_on_phone(&appointment);
    let give = GiveRefund { refund: refund(&appointment), receipt: None };
    pair.house.desk(ToDepartment::GiveRefund(give)).expect("is given");
    pair.settle();
    assert_eq!(pair.told(), []);
}

#[test]
fn money_wakes_nobody_and_whom_nothing_reaches_stands_on_the_desks_list_beside_what_else_they_do_not_know() {
    let mut house = House::new(0).with_session_of(day(), None, 2);
    house.now = evening("22:30");
    let (mut pair, appointment) = Pair::paid_of(house);
    pair.cancel_on_phone(&appointment);
    pair.given(&refund(&appointment));
    assert_eq!((pair.last().standing, pair.sent()), (NoticeStanding::Held, vec![]));
    pair.after_s(17 * 1800);
    assert_eq!(pair.last().standing, TELLING);
    pair.after_s(CONFIRM_WITHIN_S);
    pair.came(Way::Sms, SendOutcome::Failed);
    let key = refund(&appointment).told_as();
    assert_eq!(pair.missed(), [(key.clone(), About::Refunded)]);
    let of_clinic = counts(&pair.house.state, &queue("pool")).remove(&SessionId::from("s.d.am")).expect("missed");
    assert_eq!((of_clinic.told, of_clinic.of_bookings_not_reached), (0, 1));
    pair.mark(&key, ReachedHow::ByPhone);
    assert_eq!((pair.missed(), counts(&pair.house.state, &queue("pool")).len()), (vec![], 0));
    pair.mark(&key, ReachedHow::NotReached);
    assert_eq!(pair.missed(), [(key, About::Refunded)]);
    pair.assert_replays();
}

#[test]
fn money_for_a_place_that_was_never_known_is_nobodys_to_tell_of() {
    let (mut pair, appointment) = Pair::paid();
    let order = OrderId::from(format!("{DEPARTMENT}.b20261123-ffff.o1"));
    let word = OrderWord::Paid { transaction: "T9".to_owned(), amount_fen: FEE };
    pair.house.system(ToDepartment::OrderSaid { order: order.clone(), word });
    pair.given(&RefundId::from(format!("{order}.r1")));
    assert_eq!(pair.told(), []);
    // Paid beside what was due it is theirs, and goes back while the booking stands.
    let order = OrderId::from(format!("{appointment}.o7"));
    let word = OrderWord::Paid { transaction: "T8".to_owned(), amount_fen: 300 };
    pair.house.system(ToDepartment::OrderSaid { order: order.clone(), word });
    pair.given(&RefundId::from(format!("{order}.r1")));
    assert_eq!(pair.told(), [(About::Refunded, TELLING)]);
    assert_eq!(pair.last().amount_fen, Some(300));
    pair.assert_replays();
}

#[test]
fn who_has_paid_at_the_desk_and_whose_clinic_is_stopped_is_told_where_the_money_is() {
    let defined = DefinePayment { when: PaymentWhen::AtCheckIn, ..DefinePayment::of(DEPARTMENT.into()) };
    let mut house = House::new(0).with_session(2);
    house.tell(Principal::of(Role::Operator, "a-o".into()), ToDepartment::DefinePayment(defined)).expect("defined");
    let mut pair = Pair::new(house).with_phone();
    pair.reserve("0900").expect("reserves");
    pair.settle();
    let booked = pair.person.live().next().expect("booked").0.clone();
    let taken = TakePayment { appointment: booked.clone(), amount_fen: FEE, way: DeskWay::Cash, receipt: None };
    pair.house.desk(ToDepartment::TakePayment(taken)).expect("is taken");
    let stop = StopSession {
        session: SessionId::from("s.d.am"),
        from: None,
        reason: "r".to_owned(),
        to: None,
        substitute: None,
    };
    pair.house.desk(ToDepartment::StopSession(stop)).expect("does not take place");
    pair.settle();
    assert_eq!(pair.told(), [(About::Stopped, TELLING), (About::RefundAtDesk, TELLING)]);
    let given = GiveRefund { refund: refund(&booked), receipt: None };
    pair.house.desk(ToDepartment::GiveRefund(given)).expect("is given");
    pair.settle();
    assert_eq!(pair.told()[1..], [(About::RefundAtDesk, OVER)]);
    pair.assert_replays();
}
