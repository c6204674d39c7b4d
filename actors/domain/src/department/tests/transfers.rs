//! From one department to another: taken, refused, asked back.

use super::house::*;
use crate::Code;
use crate::department::view;
use crate::ids::*;
use crate::owner::{Message, Outgoing};
use crate::vocabulary::*;

pub fn deliver(from: &mut House, to: &mut House, department: &str) {
    for outgoing in std::mem::take(&mut from.outgoing) {
        if let Outgoing::Effect(owner, Message::Department(message)) = outgoing
            && &*owner.id == department
        {
            to.system(*message);
        }
    }
}

/// Two departments; the second has the queue `s.e.pool`.
struct Two {
    source: House,
    target: House,
}

impl Two {
    fn new() -> Self {
        let mut target = House::new(0).with_doctors();
        target.state.config.id = DepartmentId::from("s.e");
        let id = QueueId::from("s.e.pool");
        let queue = DefineQueue { id, name: "e".to_owned(), prefix: "E".to_owned(), doctors: vec![] };
        target.system(ToDepartment::ConfigureQueue(queue));
        Self { source: House::new(0).with_doctors(), target }
    }

    fn send(&mut self, ticket: &TicketId, to: &str) {
        let (to, reason) = (QueueId::from(to), "转科".to_owned());
        let transfer = TransferTicket { ticket: ticket.clone(), to, reason };
        self.source.desk(ToDepartment::TransferTicket(transfer)).expect("sent");
        assert_eq!(self.source.is(ticket), "in_transit");
    }

    fn recall(&mut self, ticket: &TicketId) -> Result<Answer, crate::Rejection> {
        self.source.desk(ToDepartment::RecallTransfer(RecallTransfer { ticket: ticket.clone() }))
    }

    /// What each owes the other arrives, until nothing is owed.
    fn exchange(&mut self) {
        for _ in 0..4 {
            deliver(&mut self.source, &mut self.target, "s.e");
            deliver(&mut self.target, &mut self.source, DEPARTMENT);
        }
    }

    fn linked(&self, ticket: &TicketId) -> TicketId {
        self.source.ticket(ticket).linked_to.clone().expect("linked")
    }
}

#[test]
fn who_waits_in_a_queue_is_not_sent_there_a_second_time_from_another_department() {
    let mut two = Two::new();
    let there = RegisterWalkIn {
        queue: QueueId::from("s.e.pool"),
        patient: PatientId::from("p-a"),
        class: None,
        addition_to: None,
        slot: None,
        visit: None,
    };
    let walk_in = ToDepartment::RegisterWalkIn { command: there, brief: brief("a"), birth_date: None };
    let Ok(Answer::Waiting { ticket: waits, .. }) = two.target.desk(walk_in) else { panic!("a number") };
    let ticket = two.source.walk_in("pool", "a", None);
    two.send(&ticket, "s.e.pool");
    two.exchange();
    assert_eq!(two.source.is(&ticket), "waiting", "at its old place");
    assert_eq!(two.target.state.floor.tickets.values().count(), 1);
    // Once they have left, they are taken.
    let gone = CancelTicket { ticket: waits, reason: "left".to_owned() };
    two.target.desk(ToDepartment::CancelTicket(gone)).expect("leaves");
    two.send(&ticket, "s.e.pool");
    two.exchange();
    assert_eq!(two.source.is(&ticket), "ended");
    two.linked(&ticket);
}

#[test]
fn the_target_takes_or_refuses() {
    let mut two = Two::new();
    let (ticket, other) = (two.source.walk_in("pool", "a", None), two.source.walk_in("pool", "b", None));
    two.send(&ticket, "s.e.nowhere");
    assert_eq!(code(two.source.undo_last(&ticket)), Code::CannotUndo);
    two.exchange();
    assert_eq!(two.source.is(&ticket), "waiting");
    assert_eq!(two.source.called(1), ticket, "at its old place, before {other}");
    two.send(&ticket, "s.e.pool");
    two.exchange();
    assert_eq!(two.source.is(&ticket), "ended");
    let linked = two.linked(&ticket);
    assert_eq!((two.target.is(&linked), two.target.ticket(&linked).opened.number.as_str()), ("waiting", "E001"));
    assert_eq!(code(two.source.undo_last(&ticket)), Code::CannotUndo);
    two.source.assert_replays();
}

#[test]
fn a_ticket_does_not_leave_its_site() {
    let mut house = House::new(0).with_doctors();
    let ticket = house.walk_in("pool", "a", None);
    let (to, reason) = (QueueId::from("other.e.pool"), "转科".to_owned());
    let transfer = TransferTicket { ticket: ticket.clone(), to, reason };
    assert_eq!(code(house.desk(ToDepartment::TransferTicket(transfer))), Code::InvalidField);
    assert_eq!(house.is(&ticket), "waiting");
}

#[test]
fn what_nobody_has_called_there_is_given_back() {
    let mut two = Two::new();
    let (ticket, other) = (two.source.walk_in("pool", "a", None), two.source.walk_in("pool", "b", None));
    // Asked back before the target has heard of it: it takes, then gives back.
    two.send(&ticket, "s.e.pool");
    two.recall(&ticket).expect("asked back");
    two.recall(&ticket).expect("once is enough");
    two.exchange();
    assert_eq!((two.source.is(&ticket), two.source.ticket(&ticket).linked_to.is_none()), ("waiting", true));
    // Asked back after it was taken.
    two.send(&ticket, "s.e.pool");
    two.exchange();
    let linked = two.linked(&ticket);
    assert_eq!(two.target.ticket(&linked).opened.number, "E002", "E001 was given and is never given again");
    two.recall(&ticket).expect("asked back");
    assert_eq!(two.source.is(&ticket), "in_transit");
    two.exchange();
    assert_eq!((two.source.is(&ticket), two.target.is(&linked)), ("waiting", "ended"));
    assert_eq!(two.source.called(1), ticket, "at its old place, before {other}");
    assert_eq!(code(two.target.undo_last(&linked)), Code::CannotUndo);
    two.source.undo_last(&ticket).expect("the call");
    two.source.undo_last(&ticket).expect("the registration: the transfer is history");
    assert_eq!(two.source.is(&ticket), "ended");
    two.source.assert_replays();
}

/// The target's desk sees who is on the way from what both departments say, and sees nobody any more once the ticket is
/// taken, asked back or refused; each event says it as the next snapshot does.
#[test]
fn who_is_on_the_way_is_shown_where_the_ticket_goes() {
    let zone = crate::time::Zone::named("Asia/Shanghai").expect("a zone");
    let queue = QueueId::from("s.e.pool");
    let mut two = Two::new();
    let (ticket, seen) = (two.source.walk_in("pool", "a", None), &mut std::collections::BTreeSet::new());
    let (mut of_source, mut of_target) = (two.source.events.len(), two.target.events.len());
    let mut comes = |two: &Two| {
        let (source, target) = (&two.source, &two.target);
        let new = source.events[of_source..].iter().map(|event| (&source.state, event));
        for (state, event) in new.chain(target.events[of_target..].iter().map(|event| (&target.state, event))) {
            let Some((to, ticket)) = view::on_the_way(state, event).filter(|(to, _)| *to == queue) else { continue };
            match view::arriving(&target.state, &to, &source.state, &ticket, zone) {
                Some(_) => seen.insert(ticket.to_string()),
                None => seen.remove(ticket.as_str()),
            };
        }
        (of_source, of_target) = (source.events.len(), target.events.len());
        let all = view::coming(&target.state, &queue, [&source.state], zone);
        assert!(all.keys().eq(seen.iter()), "{all:?} {seen:?}");
        all.get(ticket.as_str()).map(|coming| coming["number"].as_str().expect("a number").to_owned())
    };
    assert_eq!(comes(&two), None);
    two.send(&ticket, "s.e.nowhere");
    assert_eq!(comes(&two), None, "not to that queue");
    two.exchange();
    assert_eq!(comes(&two), None, "refused");
    two.send(&ticket, "s.e.pool");
    assert_eq!(comes(&two).as_deref(), Some("A001"));
    two.recall(&ticket).expect("asked back");
    assert_eq!(comes(&two), None, "asked back");
    two.exchange();
    two.send(&ticket, "s.e.pool");
    assert_eq!(comes(&two).as_deref(), Some("A001"), "sent again");
    deliver(&mut two.source, &mut two.target, "s.e");
    assert_eq!((two.source.is(&ticket), comes(&two)), ("in_transit", None), "taken, and the source has not heard");
    two.exchange();
    assert_eq!(comes(&two), None);
}

#[test]
fn who_has_been_called_there_stays() {
    let mut two = Two::new();
    let ticket = two.source.walk_in("pool", "a", None);
    two.send(&ticket, "s.e.pool");
    two.exchange();
    let linked = two.linked(&ticket);
    assert_eq!(two.target.called(2), linked);
    let back = ReturnToWaiting { ticket: linked.clone(), reason: "wrong person".to_owned() };
    two.target.tell(doctor(2), ToDepartment::ReturnToWaiting(back)).expect("waits again");
    two.recall(&ticket).expect("asked back");
    two.exchange();
    assert_eq!((two.source.is(&ticket), two.target.is(&linked)), ("ended", "waiting"));
    assert_eq!(two.linked(&ticket), linked);
    two.source.now = two.source.now.plus_min(24 * 60);
    assert_eq!(code(two.recall(&ticket)), Code::WrongTicketState, "another day");
    two.source.assert_replays();
}

#[test]
fn a_ticket_that_came_belongs_to_the_session_that_runs() {
    let mut house = House::new(0).with_session(4);
    house.now = at("09:10");
    let source = TicketId::from("s.e.t1");
    let transfer = TransferredTicket {
        ticket: source.clone(),
        visit: VisitId::from("s.e.v1"),
        to: queue("pool"),
        brief: brief("t"),
        class: None,
        slot_start: None,
        checked_in_at: house.now,
        walk_in: true,
        reason: "转科".to_owned(),
        date: day(),
    };
    house.system(ToDepartment::TakeTransfer { transfer });
    let ticket = house.state.floor.received[&source].clone().expect("taken");
    let session = SessionId::from("s.d.am");
    assert_eq!(house.ticket(&ticket).opened.session, Some(session.clone()));
    house.now = at("11:00");
    let rejected = house.desk(ToDepartment::CloseSession(CloseSession { session, settlements: vec![] }));
    assert_eq!(code(rejected), Code::NotSettled);
}

#[test]
fn nobody_waits_elsewhere_in_a_cancelled_visit() {
    let mut two = Two::new();
    let ticket = two.source.outside("h1", None, true).expect("checked in");
    two.send(&ticket, "s.e.pool");
    two.exchange();
    let linked = two.linked(&ticket);
    two.source.cancel_outside("h1", 2);
    two.exchange();
    assert_eq!((two.source.is(&ticket), two.target.is(&linked)), ("ended", "ended"));
    // On the way to a queue that refuses it: it comes back into a visit that is off.
    let ticket = two.source.outside("h2", None, true).expect("checked in");
    two.send(&ticket, "s.e.nowhere");
    two.source.cancel_outside("h2", 2);
    two.exchange();
    assert_eq!(two.source.is(&ticket), "ended");
    two.source.assert_replays();
}

/// What the visit's own department has said is remembered here: nobody comes back into a visit that is off, or is sent on.
#[test]
fn nobody_is_brought_back_elsewhere_into_a_cancelled_visit() {
    let mut two = Two::new();
    let ticket = two.source.outside("h1", None, true).expect("checked in");
    two.send(&ticket, "s.e.pool");
    two.exchange();
    let linked = two.linked(&ticket);
    let leaves = CancelTicket { ticket: linked.clone(), reason: "must go".to_owned() };
    two.target.desk(ToDepartment::CancelTicket(leaves)).expect("leaves");
    two.source.cancel_outside("h1", 2);
    two.exchange();
    assert_eq!(code(two.target.undo_last(&linked)), Code::CannotUndo);
    assert_eq!(code(register_in(&mut two.target, "s.d.vh1", "h1")), Code::Forbidden);
    // With the doctor there: stays, and goes nowhere from there.
    let ticket = two.source.outside("h2", None, true).expect("checked in");
    two.send(&ticket, "s.e.pool");
    two.exchange();
    let linked = two.linked(&ticket);
    assert_eq!(two.target.called(2), linked);
    two.target.tell(doctor(2), ToDepartment::StartService(StartService { ticket: linked.clone() })).expect("starts");
    two.source.cancel_outside("h2", 2);
    two.exchange();
    assert_eq!(two.target.is(&linked), "serving");
    for to in ["s.d.pool", "s.f.pool"] {
        let transfer = TransferTicket { ticket: linked.clone(), to: QueueId::from(to), reason: "转科".to_owned() };
        let sent = two.target.desk(ToDepartment::TransferTicket(transfer));
        assert_eq!(code(sent), Code::WrongTicketState, "{to}");
    }
    let tests = SendForTests { ticket: linked.clone() };
    two.target.tell(doctor(2), ToDepartment::SendForTests(tests)).expect("the doctor goes on");
    let back = ReportBack { ticket: linked.clone(), code: None };
    let back = two.target.desk(ToDepartment::ReportBack { command: back, presence_proved: true });
    assert_eq!(code(back), Code::WrongTicketState);
    two.source.assert_replays();
}

/// On its way home when the hospital calls it off.
#[test]
fn nobody_is_taken_into_a_cancelled_visit() {
    let mut two = Two::new();
    let ticket = two.source.outside("h1", None, true).expect("checked in");
    two.send(&ticket, "s.e.pool");
    two.exchange();
    let linked = two.linked(&ticket);
    let (to, reason) = (queue("pool"), "转科".to_owned());
    two.target.desk(ToDepartment::TransferTicket(TransferTicket { ticket: linked.clone(), to, reason })).expect("sent");
    two.source.cancel_outside("h1", 2);
    two.exchange();
    assert_eq!(two.target.is(&linked), "ended");
    assert!(two.source.state.floor.tickets.values().all(|ticket| !ticket.is_live()));
    two.source.assert_replays();
}

fn register_in(house: &mut House, visit: &str, patient: &str) -> Result<Answer, crate::Rejection> {
    let command = RegisterWalkIn {
        queue: QueueId::from(format!("{}.pool", house.state.config.id)),
        patient: brief(patient).patient,
        class: None,
        addition_to: None,
        slot: None,
        visit: Some(VisitId::from(visit)),
    };
    house.desk(ToDepartment::RegisterWalkIn { command, brief: brief(patient), birth_date: None })
}

/// A visit of another department is known by the tickets that came from there, and by nothing else.
#[test]
fn a_visit_of_another_department_is_not_believed() {
    let mut two = Two::new();
    let ticket = two.source.outside("h1", None, true).expect("checked in");
    assert_eq!(code(register_in(&mut two.target, "s.d.vh1", "h1")), Code::Forbidden, "nothing of it is here");
    two.send(&ticket, "s.e.pool");
    two.exchange();
    assert_eq!(code(register_in(&mut two.target, "s.d.vh1", "b")), Code::Forbidden, "another patient's");
    let linked = two.linked(&ticket);
    assert!(matches!(register_in(&mut two.target, "s.d.vh1", "h1"), Ok(Answer::Waiting { .. })));
    two.source.cancel_outside("h1", 2);
    two.exchange();
    let live = |house: &House| house.state.floor.tickets.values().filter(|ticket| ticket.is_live()).count();
    assert_eq!((two.target.is(&linked), live(&two.target)), ("ended", 0), "the new one too");
    // Given back: the visit has nothing here any more, and nobody would tell.
    let ticket = two.source.outside("h2", None, true).expect("checked in");
    two.send(&ticket, "s.e.pool");
    two.exchange();
    two.recall(&ticket).expect("asked back");
    two.exchange();
    assert_eq!(code(register_in(&mut two.target, "s.d.vh2", "h2")), Code::Forbidden, "given back");
}

fn come_back(house: &mut House, visit: &str, patient: &str) -> Result<QueueId, crate::Rejection> {
    let department = Some(house.state.config.id.clone());
    let command = RegisterReturn { visit: VisitId::from(visit), patient: brief(patient).patient, department };
    let answer = house.desk(ToDepartment::RegisterReturn { command, brief: brief(patient), birth_date: None });
    answer.map(|answer| match answer {
        Answer::Waiting { ticket, visit: of, .. } if of.as_str() == visit => house.ticket(&ticket).opened.queue.clone(),
        other => panic!("{other:?}"),
    })
}

/// Seen in another department than the visit's: on a later day that department finds the own doctor's queue or the pool, as
/// long as the visit is open by the ticket that came; numbers of return days do not keep it open.
#[test]
fn who_was_transferred_comes_back_to_where_the_patient_was_seen() {
    let mut two = Two::new();
    let own = DefineQueue {
        id: QueueId::from("s.e.own"),
        name: "own".to_owned(),
        prefix: "F".to_owned(),
        doctors: vec![doctor_id(2)],
    };
    two.target.system(ToDepartment::ConfigureQueue(own));
    two.target.system(ToDepartment::Retire { kind: RetiredKind::Queue, id: "s.d.other".to_owned() });
    let sent = two.source.walk_in("pool", "a", None);
    let visit = two.source.ticket(&sent).opened.visit.to_string();
    two.send(&sent, "s.e.pool");
    two.exchange();
    let linked = two.linked(&sent);
    assert_eq!(two.target.called(2), linked);
    two.target.tell(doctor(2), ToDepartment::FinishService(FinishService { ticket: linked })).expect("seen");
    let open = |house: &House| crate::department::to_return(&house.state, house.now).len();
    assert_eq!(open(&two.target), 0, "not on the same day");
    two.target.after_s(24 * 3600);
    assert_eq!(open(&two.target), 1, "the desk finds it");
    assert_eq!(code_of(come_back(&mut two.target, &visit, "b")), Code::Forbidden, "another patient's");
    let (mut pool, mut later) = (two.target.clone(), two.target.clone());
    assert_eq!(come_back(&mut two.target, &visit, "a"), Ok(QueueId::from("s.e.own")), "the own doctor is at work");
    assert_eq!(open(&two.target), 0, "is back");
    assert_eq!(code_of(come_back(&mut two.target, &visit, "a")), Code::AlreadyExists);
    let stop = StopWork { assignment: assignment(2), department: DepartmentId::from("s.e") };
    pool.tell(doctor(2), ToDepartment::StopWork(stop)).expect("stops");
    assert_eq!(come_back(&mut pool, &visit, "a"), Ok(QueueId::from("s.e.pool")), "where the patient was before");
    later.after_s(24 * 3600).pass();
    assert!(come_back(&mut later, &visit, "a").is_ok(), "on the third day too");
    later.after_s(24 * 3600).pass();
    assert_eq!((open(&later), code_of(come_back(&mut later, &visit, "a"))), (0, Code::Forbidden), "that was the last");
    later.after_s(24 * 3600).pass();
    assert!(!later.state.floor.tickets.contains_key(&two.linked(&sent)), "what came is forgotten");
    assert_eq!(code_of(come_back(&mut later, &visit, "a")), Code::Forbidden, "a return day keeps no visit open");
}

fn code_of(answer: Result<QueueId, crate::Rejection>) -> Code {
    answer.expect_err("refused").code
}

/// Called in vain, the patient has not been seen by that doctor: on a later day the pool, not that doctor's queue.
#[test]
fn who_was_called_in_vain_has_no_own_doctor_by_that() {
    let mut house = House::new(0).with_doctors();
    let ticket = house.walk_in("pool", "a", None);
    let call = called(house.call_next(2, None, None)).expect("called").call;
    house.after_s(90);
    house.tell(doctor(2), ToDepartment::RecallPatient(RecallPatient { call })).expect("recalls");
    house.call_next(2, Some(&ticket), Some(Outcome::NotHere)).expect("missed");
    let visit = house.ticket(&ticket).opened.visit.to_string();
    house.after_s(24 * 3600);
    assert_eq!(come_back(&mut house, &visit, "a"), Ok(queue("pool")));
}
