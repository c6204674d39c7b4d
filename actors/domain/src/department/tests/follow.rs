//! What becomes of a ticket when the hospital changes its visit: slot, queue, class; and of what the desk has done meanwhile.

use super::house::*;
use crate::Code;
use crate::department::Event;
use crate::floor;
use crate::ids::*;
use crate::queue::Line;
use crate::vocabulary::*;

fn slot(start: &str) -> Option<SlotId> {
    Some(SlotId::from(format!("s.d.am.{start}")))
}

/// Visits of the morning that have checked in, by slot, in this order.
fn with(house: &mut House, visits: &[(&str, &str)]) -> Vec<TicketId> {
    let visits = visits.iter().map(|(id, start)| {
        let command = RegisterVisit { slot: slot(start), ..register(id, None, true) };
        match house.register_outside(command) {
            Answer::VisitTaken { ticket: Some(ticket), .. } => ticket,
            other => panic!("{other:?}"),
        }
    });
    visits.collect()
}

fn to_slot(house: &mut House, visit_id: &str, version: u64, start: &str) {
    let answer = house.change_outside(ChangeVisit { slot: slot(start), ..change(visit_id, version) });
    assert!(matches!(answer, Answer::VisitTaken { .. }), "{answer:?}");
    house.assert_replays();
}

fn order(house: &House, name: &str) -> Vec<TicketId> {
    house.state.floor.lines[&queue(name)].order(&house.state.config.settings.queue)
}

fn slots(house: &House) -> [u32; 3] {
    ["0900", "0930", "1000"].map(|start| house.state.clinic.slots[&slot(start).expect("one")].outside)
}

fn slot_of(house: &House, visit_id: &str) -> Option<SlotId> {
    house.state.floor.visits[&visit_of(visit_id)].outside.clone().expect("from outside").slot
}

fn line(house: &House, ticket: &TicketId) -> Line {
    let queue = &house.ticket(ticket).opened.queue;
    house.state.floor.lines[queue].get(ticket).expect("waits").place.line.clone()
}

fn priority(house: &mut House, ticket: &TicketId, class: &str) {
    let (ticket, class, proof) = (ticket.clone(), class.to_owned(), "seen".to_owned());
    house.desk(ToDepartment::SetPriority(SetPriority { ticket, class, proof })).expect("is given");
}

#[test]
fn who_waits_is_placed_by_the_new_slot() {
    let mut house = House::new(0).with_session(3).with_doctors();
    let tickets = with(&mut house, &[("h1", "0900"), ("h2", "0930"), ("h3", "1000")]);
    let in_order =
        |house: &House| order(house, "pool").iter().map(|t| tickets.iter().position(|o| o == t)).collect::<Vec<_>>();
    to_slot(&mut house, "h1", 2, "1000");
    assert_eq!(in_order(&house), [1, 2, 0].map(Some), "behind whoever had a place in that slot");
    let opened = &house.ticket(&tickets[0]).opened;
    assert_eq!((opened.slot_start, opened.walk_in), (Some(at("10:00")), false));
    assert_eq!((slots(&house), slot_of(&house, "h1")), ([0, 1, 2], slot("1000")));
    let told = house.state.floor.told.unheard.get(&tickets[0]).expect("the person is told");
    assert_eq!(told.slot_start, Some(at("10:00")));
    to_slot(&mut house, "h3", 2, "0900");
    assert_eq!(in_order(&house), [2, 1, 0].map(Some));
    assert_eq!(house.called(1), tickets[2]);
}

#[test]
fn a_later_slot_takes_lateness_away_and_an_earlier_one_gives_none() {
    let mut house = House::new(0).with_session(3).with_doctors();
    house.now = at("09:40");
    let tickets = with(&mut house, &[("h1", "0900"), ("h2", "1000")]);
    assert_eq!(line(&house, &tickets[0]), Line::Late);
    to_slot(&mut house, "h1", 2, "0930");
    assert_eq!(line(&house, &tickets[0]), Line::Ordinary);
    to_slot(&mut house, "h2", 2, "0900");
    assert_eq!(
        (line(&house, &tickets[1]), order(&house, "pool")),
        (Line::Ordinary, vec![tickets[1].clone(), tickets[0].clone()])
    );
}

/// As one without a slot: by the one that ran when the patient came.
#[test]
fn a_slot_of_the_hospitals_own_is_none_for_the_ticket_too() {
    let mut house = House::new(0).with_session(3).with_doctors();
    let tickets = with(&mut house, &[("h1", "1000")]);
    house.now = at("09:40");
    let said = serde_json::json!({"visit_id": "h1", "version": 2, "site": "s", "slot": "PM-17 号"});
    house.change_outside(serde_json::from_value(said).expect("any text is read"));
    let opened = &house.ticket(&tickets[0]).opened;
    assert_eq!((opened.slot_start, opened.walk_in), (Some(at("09:00")), true), "came at half past eight");
    assert_eq!((slots(&house), slot_of(&house, "h1")), ([0; 3], None));
    house.assert_replays();
}

#[test]
fn who_stands_at_a_door_goes_back_to_the_line_and_the_door_is_filled() {
    let mut house = House::new(1).with_session(3);
    let tickets = with(&mut house, &[("h1", "0900"), ("h2", "0930")]);
    house.begin(1);
    assert_eq!(house.state.floor.work[&doctor_id(1)].at_door, [tickets[0].clone()]);
    to_slot(&mut house, "h1", 2, "1000");
    assert_eq!((house.is(&tickets[0]), house.is(&tickets[1])), ("waiting", "summoned"));
    assert_eq!(house.state.floor.work[&doctor_id(1)].at_door, [tickets[1].clone()]);
}

#[test]
fn slot_queue_and_class_change_at_once() {
    let mut house = House::new(0).with_session(3).with_doctors();
    let tickets = with(&mut house, &[("h1", "0900")]);
    let class = Some("emergency".to_owned());
    let command = ChangeVisit { slot: slot("1000"), queue: Some(queue("own")), class, ..change("h1", 2) };
    house.change_outside(command);
    let opened = &house.ticket(&tickets[0]).opened;
    assert_eq!((&opened.queue, opened.slot_start), (&queue("own"), Some(at("10:00"))));
    assert_eq!((line(&house, &tickets[0]), order(&house, "own")), (Line::Emergency, tickets.clone()));
    assert_eq!(opened.number, "A001", "its number is free there");
    // What is somebody else's there is replaced.
    let other = house.walk_in("pool", "a", None);
    house
        .desk(ToDepartment::TransferTicket(TransferTicket {
            ticket: other,
            to: queue("other"),
            reason: "改派".to_owned(),
        }))
        .expect("moves");
    let tickets = with(&mut house, &[("h2", "0900")]);
    house.change_outside(ChangeVisit { slot: slot("1000"), queue: Some(queue("own")), ..change("h2", 2) });
    assert_eq!(house.ticket(&tickets[0]).opened.queue, queue("own"));
    house.assert_replays();
}

/// Its place is used: visit and ticket go on saying the same slot. Before it is (nobody here, or that was undone), it changes.
#[test]
fn who_is_called_or_was_keeps_the_slot() {
    let mut house = House::new(0).with_session(3).with_doctors();
    let ticket = with(&mut house, &[("h1", "0900")]).remove(0);
    assert_eq!(house.called(1), ticket);
    let kept = |house: &mut House, version: u64| {
        to_slot(house, "h1", version, "1000");
        let opened = &house.ticket(&ticket).opened;
        assert_eq!(
            (opened.slot_start, slot_of(house, "h1"), slots(house)),
            (Some(at("09:00")), slot("0900"), [1, 0, 0])
        );
    };
    kept(&mut house, 2);
    house.tell(doctor(1), ToDepartment::SendForTests(SendForTests { ticket: ticket.clone() })).expect("goes");
    kept(&mut house, 3);
    house.undo_last(&ticket).expect("is in hand again");
    house.tell(doctor(1), ToDepartment::FinishService(FinishService { ticket: ticket.clone() })).expect("seen");
    kept(&mut house, 4);
    for _ in 0..3 {
        house.undo_last(&ticket).expect("the finish, the call, the check-in");
    }
    to_slot(&mut house, "h1", 5, "1000");
    assert_eq!((slot_of(&house, "h1"), slots(&house)), (slot("1000"), [0, 0, 1]));
    house.now = at("09:00");
    house.check_in(&AppointmentId::from("s.d.b20261123-vh1")).expect("comes after all");
    let again = house.state.floor.visits[&visit_of("h1")].tickets.last().cloned().expect("a ticket");
    assert_eq!(house.ticket(&again).opened.slot_start, Some(at("10:00")));
}

/// What the hospital has not changed says nothing about what the desk has done since.
#[test]
fn what_the_desk_has_done_stays_when_something_else_changes() {
    let mut house = House::new(0).with_session(3).with_doctors();
    let class = Some("military".to_owned());
    let command = RegisterVisit { slot: slot("0900"), class: class.clone(), ..register("h1", None, true) };
    let Answer::VisitTaken { ticket: Some(ticket), .. } = house.register_outside(command) else { panic!("waits") };
    priority(&mut house, &ticket, "emergency");
    let (to, reason) = (queue("other"), "改派".to_owned());
    house.desk(ToDepartment::TransferTicket(TransferTicket { ticket: ticket.clone(), to, reason })).expect("moves");
    // A system that sends the whole visit each time, and one that sends what is new.
    let fee_state = Some(FeeState::Unpaid);
    let whole = ChangeVisit { slot: slot("0900"), queue: Some(queue("pool")), class, fee_state, ..change("h1", 2) };
    for command in [whole, ChangeVisit { fee_state: Some(FeeState::Paid), ..change("h1", 3) }] {
        house.change_outside(command);
        let opened = &house.ticket(&ticket).opened;
        assert_eq!((&opened.queue, opened.class.as_deref()), (&queue("other"), Some("emergency")));
    }
    to_slot(&mut house, "h1", 4, "1000");
    let opened = &house.ticket(&ticket).opened;
    assert_eq!((&opened.queue, opened.class.as_deref()), (&queue("other"), Some("emergency")), "another slot alone");
    house.change_outside(ChangeVisit {
        queue: Some(queue("own")),
        class: Some("disabled".to_owned()),
        ..change("h1", 5)
    });
    let opened = &house.ticket(&ticket).opened;
    assert_eq!((&opened.queue, opened.class.as_deref()), (&queue("own"), Some("disabled")), "what is new counts");
    house.assert_replays();
}

/// A second number of the visit is the desk's; the ticket of a return day follows to another queue, and has no slot of then.
#[test]
fn the_ticket_that_came_follows_and_no_second_number_does() {
    let mut house = House::new(0).with_session(3).with_doctors();
    let own = with(&mut house, &[("h1", "0900")]).remove(0);
    let in_visit = |house: &mut House, name: &str| {
        let (patient, visit) = (brief("h1").patient, Some(visit_of("h1")));
        let command = RegisterWalkIn { queue: queue(name), patient, class: None, addition_to: None, slot: None, visit };
        match house.desk(ToDepartment::RegisterWalkIn { command, brief: brief("h1"), birth_date: None }) {
            Ok(Answer::Waiting { ticket, .. }) => ticket,
            other => panic!("{other:?}"),
        }
    };
    let second = in_visit(&mut house, "other");
    let command = ChangeVisit { queue: Some(queue("own")), slot: slot("1000"), ..change("h1", 2) };
    house.change_outside(command);
    let opened =
        |house: &House, id: &TicketId| (house.ticket(id).opened.queue.clone(), house.ticket(id).opened.slot_start);
    assert_eq!(opened(&house, &own), (queue("own"), Some(at("10:00"))));
    assert_eq!(opened(&house, &second).0, queue("other"));
    house.now = at("08:30").plus_min(24 * 60);
    let returned = in_visit(&mut house, "pool");
    house.change_outside(ChangeVisit { queue: Some(queue("other")), slot: slot("0930"), ..change("h1", 3) });
    assert_eq!(opened(&house, &returned), (queue("other"), None));
    assert_eq!((opened(&house, &own).1, slot_of(&house, "h1")), (Some(at("10:00")), slot("1000")), "of yesterday");
    house.assert_replays();
}

#[test]
fn the_hospitals_slot_is_not_undone_at_the_desk() {
    let mut house = House::new(0).with_session(3).with_doctors();
    let ticket = with(&mut house, &[("h1", "0900")]).remove(0);
    to_slot(&mut house, "h1", 2, "1000");
    assert_eq!(code(house.undo_last(&ticket)), Code::CannotUndo);
    priority(&mut house, &ticket, "emergency");
    house.undo_last(&ticket).expect("what came after it");
    assert_eq!((house.ticket(&ticket).opened.slot_start, line(&house, &ticket)), (Some(at("10:00")), Line::Ordinary));
    let said =
        house.events.iter().filter(|event| matches!(event, Event::Floor(floor::Event::TicketRescheduled { .. })));
    assert_eq!(said.count(), 1);
    house.assert_replays();
}
