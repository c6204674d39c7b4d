//! The pre-check of somebody who goes to another department: what is refused there stays out of the line, what was answered
//! goes with the ticket, and who was sent there without one is remembered for the day.

use super::house::*;
use super::pre_check::{answered, born, house, of, phone, read, sealed, shown, ticket, walk_in};
use super::transfers::deliver;
use crate::department::{Event, view};
use crate::floor::{self, SENT_MAX};
use crate::ids::*;
use crate::principal::Principal;
use crate::time::Zone;
use crate::vocabulary::*;
use crate::{Code, Rejection, Role};

const FEVER: &str = "s.fever";

/// The ordinary department and the fever clinic, with its queue `s.fever.q`.
struct Two {
    here: House,
    fever: House,
}

impl Two {
    fn new() -> Self {
        let mut fever = House::new(0).with_doctors();
        fever.state.config.id = DepartmentId::from(FEVER);
        let id = QueueId::from("s.fever.q");
        let queue = DefineQueue { id, name: "f".to_owned(), prefix: "F".to_owned(), doctors: vec![] };
        fever.system(ToDepartment::ConfigureQueue(queue));
        fever.now = at("09:00");
        Self { here: house(), fever }
    }

    /// What each owes the other arrives; twice, as after a fault.
    fn exchange(&mut self) {
        for _ in 0..4 {
            deliver(&mut self.here, &mut self.fever, FEVER);
            deliver(&mut self.fever, &mut self.here, DEPARTMENT);
        }
    }

    /// Registered where the rule sends, in that queue.
    fn registered(&mut self, patient: &str, to: &str) -> TicketId {
        let pre_check = PreCheck { to: Some(QueueId::from(to)), ..answered("yes", "39") };
        let gone = ticket(walk_in(&mut self.here, patient, None, Some(pre_check)));
        assert_eq!(self.here.is(&gone), "in_transit");
        gone
    }

    /// A child with a fever waits here, an urgent alert.
    fn child(&mut self) -> TicketId {
        let appointment = self.here.book("0900", "child");
        let command = Arrived { appointment, code: None };
        let arrival = ToDepartment::CheckIn { command, birth_date: born(2022), presence_proved: true };
        ticket(self.here.tell(phone(), of(arrival, Some(answered("yes", "38.6")), born(2022))))
    }

    fn send(&mut self, ticket: &TicketId, to: &str) -> Result<Answer, Rejection> {
        let (to, reason) = (QueueId::from(to), "转科".to_owned());
        self.here.desk(ToDepartment::TransferTicket(TransferTicket { ticket: ticket.clone(), to, reason }))
    }

    fn linked(&self, ticket: &TicketId) -> TicketId {
        self.here.ticket(ticket).linked_to.clone().expect("linked")
    }
}

fn hear(house: &mut House, ticket: &TicketId) {
    house.after_s(5).desk(ToDepartment::AcknowledgeAlert(AcknowledgeAlert { ticket: ticket.clone() })).expect("heard");
}

fn is_open(house: &House, ticket: &TicketId) -> bool {
    shown(house, ticket)["alert"]["open"] == true
}

fn records(house: &House, is: fn(&floor::Event) -> bool) -> usize {
    house.events.iter().filter(|event| matches!(event, Event::Floor(event) if is(event))).count()
}

#[test]
fn whom_the_fever_clinic_does_not_take_stands_in_no_line_until_the_desk_decides() {
    let mut two = Two::new();
    let ids = ["a", "b", "c", "d"].map(|patient| two.registered(patient, "s.fever.closed"));
    two.exchange();
    for id in &ids {
        assert_eq!(two.here.is(id), "in_transit");
        let alert = shown(&two.here, id)["alert"].clone();
        assert_eq!(
            (&alert["about"], &alert["level"], &alert["open"]),
            (&"not_taken".into(), &"urgent".into(), &true.into())
        );
    }
    assert_eq!(code(two.here.call_next(1, None, None)), Code::QueueEmpty, "nobody is called into the ordinary room");
    // Told once more: nothing new.
    let again = ToDepartment::TransferRefused { ticket: ids[0].clone(), reason: "again".to_owned() };
    let events = two.here.events.len();
    two.here.system(again);
    assert_eq!(two.here.events.len(), events);
    let [a, b, c, d] = ids;
    hear(&mut two.here, &a);
    assert!(!is_open(&two.here, &a));
    assert_eq!(two.here.is(&a), "in_transit", "heard is not decided");
    // To another queue there: taken. Again to one that is none: heard again.
    two.send(&a, "s.fever.gone").expect("sent");
    assert_eq!(shown(&two.here, &a)["alert"], serde_json::Value::Null, "on its way");
    two.exchange();
    assert!(is_open(&two.here, &a));
    two.send(&a, "s.fever.q").expect("sent");
    two.exchange();
    assert_eq!((two.here.is(&a), two.fever.is(&two.linked(&a))), ("ended", "waiting"));
    // Into the line here, by hand; to another queue here; gone.
    let back = two.here.desk(ToDepartment::RecallTransfer(RecallTransfer { ticket: b.clone() }));
    assert_eq!(back, Ok(Answer::Transferred { ticket: b.clone(), state: "waiting".to_owned() }));
    assert!(matches!(two.here.is(&b), "waiting" | "summoned"));
    two.send(&c, "s.d.own").expect("sent");
    assert!(matches!(two.here.is(&c), "waiting" | "summoned"));
    let leaves = CancelTicket { ticket: d.clone(), reason: "went home".to_owned() };
    two.here.desk(ToDepartment::CancelTicket(leaves)).expect("leaves");
    assert_eq!(two.here.is(&d), "ended");
    for decided in [&b, &c, &d] {
        assert_eq!(shown(&two.here, decided)["alert"], serde_json::Value::Null);
    }
    two.exchange();
    two.here.assert_replays();
}

#[test]
fn a_visit_that_is_off_is_left_by_who_was_not_taken() {
    let mut two = Two::new();
    two.here.outside("h1", None, false);
    let (appointment, _, _) = crate::department::expected_visits(&two.here.state, day()).next().expect("to come");
    let command = Arrived { appointment, code: None };
    let arrival = ToDepartment::CheckIn { command, birth_date: None, presence_proved: true };
    let pre_check = PreCheck { to: Some(QueueId::from("s.fever.closed")), ..answered("yes", "39") };
    let gone = ticket(two.here.desk(of(arrival, Some(pre_check), None)));
    two.exchange();
    assert_eq!(two.here.is(&gone), "in_transit");
    two.here.cancel_outside("h1", 2);
    assert_eq!(two.here.is(&gone), "ended");
    two.here.assert_replays();
}

#[test]
fn who_joins_all_the_same_or_is_sent_on_by_hand_comes_back_to_the_line_when_refused() {
    let mut two = Two::new();
    let pre_check = PreCheck { all_the_same: Some("那边已经看过".to_owned()), ..answered("yes", "39") };
    let stays = ticket(walk_in(&mut two.here, "a", None, Some(pre_check)));
    two.send(&stays, "s.fever.closed").expect("sent");
    let child = two.child();
    two.send(&child, "s.fever.closed").expect("sent");
    two.exchange();
    for id in [&stays, &child] {
        assert!(matches!(two.here.is(id), "waiting" | "summoned"));
    }
    assert!(is_open(&two.here, &child), "the alert is where the child is");
}

#[test]
fn what_was_answered_and_an_alert_that_nobody_has_heard_go_with_the_ticket() {
    let mut two = Two::new();
    let gone = two.registered("a", "s.fever.q");
    let child = two.child();
    two.send(&child, "s.fever.q").expect("sent");
    assert!(is_open(&two.here, &child), "on its way it is heard here");
    two.exchange();
    let there = two.linked(&gone);
    let said = PreCheck { to: Some(QueueId::from("s.fever.q")), ..answered("yes", "39") };
    assert_eq!(read(&two.fever, &there), sealed(&said));
    assert_eq!(shown(&two.fever, &there)["rule"], "fever");
    let there = two.linked(&child);
    let alert = shown(&two.fever, &there)["alert"].clone();
    assert_eq!((&alert["about"], &alert["level"]), (&"rule".into(), &"urgent".into()));
    assert!(is_open(&two.fever, &there) && !is_open(&two.here, &child), "one place rings");
    hear(&mut two.fever, &there);
    two.exchange();
    for (house, id) in [(&two.here, &child), (&two.fever, &there)] {
        assert_eq!(shown(house, id)["alert"]["acknowledged_by"], "a-desk");
        assert_eq!(records(house, |event| matches!(event, floor::Event::AlertAcknowledged { .. })), 1);
    }
    // Given back: heard stays heard.
    two.here.desk(ToDepartment::RecallTransfer(RecallTransfer { ticket: child.clone() })).expect("asked back");
    two.exchange();
    assert!(matches!(two.here.is(&child), "waiting" | "summoned") && !is_open(&two.here, &child));
    two.here.assert_replays();
}

#[test]
fn an_alert_is_heard_once_wherever_its_ticket_is_by_then() {
    let mut two = Two::new();
    let child = two.child();
    two.send(&child, "s.fever.q").expect("sent");
    // Heard here while the ticket is on its way.
    hear(&mut two.here, &child);
    two.exchange();
    let there = two.linked(&child);
    assert!(!is_open(&two.fever, &there));
    assert_eq!(shown(&two.fever, &there)["alert"]["acknowledged_by"], "a-desk");
    // Told again, as after a fault: once.
    let kept = two.here.state.floor.pre_checks[&child].clone();
    let events = two.fever.events.len();
    two.fever.system(ToDepartment::TakePreCheck { kept: Box::new(kept) });
    let (by, at) = (AccountId::from("a-desk"), two.here.now);
    two.fever.system(ToDepartment::AlertHeard(AlertHeard { ticket: child.clone(), by, at }));
    assert_eq!(two.fever.events.len(), events);
    // Given back unheard: it rings here again.
    let mut two = Two::new();
    let child = two.child();
    two.send(&child, "s.fever.q").expect("sent");
    two.exchange();
    two.here.desk(ToDepartment::RecallTransfer(RecallTransfer { ticket: child.clone() })).expect("asked back");
    two.exchange();
    assert!(is_open(&two.here, &child));
}

fn kiosk() -> Principal {
    Principal::of(Role::Kiosk, AccountId::from("a-kiosk"))
}

fn arrives(house: &mut House, who: Principal, appointment: &AppointmentId, fever: &str) -> Result<Answer, Rejection> {
    let command = Arrived { appointment: appointment.clone(), code: None };
    let arrival = ToDepartment::CheckIn { command, birth_date: born(1980), presence_proved: true };
    house.after_s(1).tell(who, of(arrival, Some(answered(fever, "not_measured")), None))
}

fn snapshot(house: &House) -> serde_json::Value {
    let zone = Zone::named("Asia/Shanghai").expect("a zone");
    view::snapshot(&house.state, "queue", "s.d.pool", house.now, zone).expect("the queue")["sent_elsewhere"].clone()
}

#[test]
fn who_was_sent_elsewhere_is_remembered_once_a_day_and_let_in_with_a_notice_after_other_answers() {
    let mut house = house();
    let appointment = house.book("0900", "a");
    for _ in 0..3 {
        assert_eq!(code(arrives(&mut house, phone(), &appointment, "yes")), Code::SentElsewhere);
    }
    assert_eq!(records(&house, |event| matches!(event, floor::Event::SentElsewhere(_))), 1);
    let sent = snapshot(&house)["p-a"].clone();
    assert_eq!((&sent["to"], &sent["appointment"]), (&FEVER.into(), &appointment.as_str().into()));
    // A second later, with another answer: in, and the desk has a look.
    let joined = ticket(arrives(&mut house, kiosk(), &appointment, "no"));
    let alert = shown(&house, &joined)["alert"].clone();
    assert_eq!(
        (&alert["about"], &alert["level"], &alert["open"]),
        (&"sent_before".into(), &"notice".into(), &true.into())
    );
    assert_eq!(shown(&house, &joined)["sent_before"]["to"], FEVER);
    assert_eq!(snapshot(&house), serde_json::json!({}), "is here now");
    let told = |house: &House| {
        let zone = Zone::named("Asia/Shanghai").expect("a zone");
        let place = view::snapshot(&house.state, "ticket", joined.as_str(), house.now, zone).expect("the place");
        (place["to_desk"] == true, place["desk_first"] == true)
    };
    assert_eq!(told(&house), (false, true), "the desk first, before anybody sits down");
    hear(&mut house, &joined);
    assert_eq!(told(&house), (false, false));
    assert!(!is_open(&house, &joined));
    // At the desk somebody has looked.
    let appointment = house.book("0930", "b");
    assert_eq!(code(arrives(&mut house, phone(), &appointment, "yes")), Code::SentElsewhere);
    let joined = ticket(arrives(&mut house, desk(), &appointment, "no"));
    assert_eq!(shown(&house, &joined)["alert"], serde_json::Value::Null);
    house.assert_replays();
}

#[test]
fn another_day_is_another_pre_check_and_what_is_remembered_is_bounded() {
    let mut house = house();
    assert_eq!(code(walk_in(&mut house, "a", None, Some(answered("yes", "39")))), Code::SentElsewhere);
    house.now = house.now.plus_min(24 * 60);
    assert_eq!(snapshot(&house), serde_json::json!({}));
    let joined = ticket(walk_in(&mut house, "a", None, Some(answered("no", "36.5"))));
    assert_eq!(shown(&house, &joined)["sent_before"], serde_json::Value::Null);
    for n in 0..SENT_MAX + 2 {
        house.after_s(1);
        let answer = walk_in(&mut house, &format!("n{n}"), None, Some(answered("yes", "39")));
        assert_eq!(code(answer), Code::SentElsewhere);
    }
    let kept = &house.state.floor.sent_elsewhere;
    assert_eq!(kept.len(), SENT_MAX);
    assert!(!kept.contains_key("p-n0") && kept.contains_key(format!("p-n{}", SENT_MAX + 1).as_str()));
    // Nobody comes any more: forgotten all the same.
    for _ in 0..20 {
        house.now = house.now.plus_min(24 * 60);
        house.pass();
    }
    assert!(house.state.floor.sent_elsewhere.is_empty());
    house.assert_replays();
}
