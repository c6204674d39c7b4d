//! Visits of the hospital's own system: taken, changed, refused, off.

use super::house::*;
use crate::department::{Event, view};
use crate::floor;
use crate::ids::*;
use crate::vocabulary::*;
use crate::{Code, Principal, Role};

fn tell(house: &mut House, visit_id: &str, version: u64) -> Result<Answer, crate::Rejection> {
    let visit = visit_of(visit_id);
    house.tell(Principal::system(), ToDepartment::TellVisit { visit, version })
}

#[test]
fn always_taken_but_for_a_used_number() {
    let mut house = House::new(0).with_session(1).with_doctors();
    let slot = SlotId::from("s.d.am.0900");
    for n in 1..=3 {
        let mut command = register(&format!("h{n}"), Some(&format!("A00{n}")), false);
        command.slot = Some(slot.clone());
        let answer = house.register_outside(command);
        assert!(matches!(answer, Answer::VisitTaken { ticket: None, .. }), "{answer:?}");
    }
    assert_eq!(house.state.clinic.slots[&slot].outside, 3, "beyond the capacity of 1");
    let answer = house.register_outside(register("h4", Some("A002"), false));
    assert_eq!(code(Ok(answer)), Code::NumberTaken);
    assert!(matches!(house.events.last(), Some(Event::Floor(floor::Event::VisitRefused { .. }))));
    assert_eq!(code(tell(&mut house, "h4", 1)), Code::NumberTaken, "and told again");
    let typed_otherwise = house.register_outside(register("h5", Some("a002"), false));
    assert_eq!(code(Ok(typed_otherwise)), Code::NumberTaken, "two would stand up at one call");
    assert_eq!(code(tell(&mut house, "h4", 2)), Code::TimedOut, "not heard of yet");
    let own = house.walk_in("pool", "w", None);
    assert_eq!(house.ticket(&own).opened.number, "A004", "own numbers go round the hospital's");
    let appointment = AppointmentId::from("s.d.b20261123-vh1");
    house.now = at("07:30");
    assert_eq!(code(house.check_in(&appointment)), Code::CheckInTooEarly, "an hour before the slot");
    house.now = at("08:30");
    let answer = house.check_in(&appointment).expect("by its appointment id");
    assert!(matches!(answer, Answer::Waiting { ref number, .. } if number == "A001"), "{answer:?}");
    house.assert_replays();
}

#[test]
fn a_change_checks_in_and_a_cancel_ends_it() {
    let mut house = House::new(0).with_session(1).with_doctors();
    house.register_outside(register("h2", Some("17"), false));
    let changed = house.change_outside(ChangeVisit { checked_in: Some(true), ..change("h2", 2) });
    let Answer::VisitTaken { ticket: Some(ticket), .. } = changed.clone() else { panic!("{changed:?}") };
    assert_eq!(house.is(&ticket), "waiting");
    assert_eq!(tell(&mut house, "h2", 2), Ok(changed));
    assert_eq!(code(Ok(house.change_outside(change("h2", 1)))), Code::OldVersion);
    house.cancel_outside("h2", 3);
    assert_eq!(house.is(&ticket), "ended");
    assert_eq!(code(Ok(house.change_outside(change("h2", 4)))), Code::WrongAppointmentState);
    assert_eq!(code(tell(&mut house, "h2", 4)), Code::WrongAppointmentState);
    house.cancel_outside("unknown", 1);
    house.assert_replays();
}

#[test]
fn a_visit_said_whole_once_more_is_changed_and_one_that_was_refused_is_taken() {
    let mut house = House::new(0).with_session(1).with_doctors();
    let ticket = house.outside("h1", Some("17"), true).expect("waits");
    let whole = |version| RegisterVisit { version, fee_state: FeeState::Unpaid, ..register("h1", Some("17"), true) };
    let said = house.register_outside(whole(2));
    assert!(matches!(&said, Answer::VisitTaken { ticket: Some(known), .. } if *known == ticket), "{said:?}");
    assert_eq!(house.register_outside(whole(2)), said, "said again");
    assert_eq!((house.is(&ticket), house.state.floor.tickets.keys().count()), ("waiting", 1));
    let outside = house.state.floor.visits[&visit_of("h1")].outside.clone().expect("the hospital's");
    assert_eq!((outside.version, outside.fee_state), (2, FeeState::Unpaid));
    assert_eq!(code(Ok(house.register_outside(register("h2", Some("17"), true)))), Code::NumberTaken);
    let mended = house.register_outside(RegisterVisit { version: 2, ..register("h2", None, true) });
    assert!(matches!(mended, Answer::VisitTaken { ticket: Some(_), .. }), "{mended:?}");
    house.assert_replays();
}

#[test]
fn who_comes_after_a_check_in_that_was_undone_waits_with_a_new_ticket() {
    for whole in [false, true] {
        let mut house = House::new(0).with_session(1).with_doctors();
        let wrong = house.outside("h1", Some("17"), true).expect("waits");
        house.undo_last(&wrong).expect("undoes");
        let absent = tell(&mut house, "h1", 1).expect("is told");
        assert!(matches!(absent, Answer::VisitTaken { ticket: None, .. }), "{absent:?}");
        let came = match whole {
            true => house.register_outside(RegisterVisit { version: 2, ..register("h1", Some("17"), true) }),
            false => house.change_outside(ChangeVisit { checked_in: Some(true), ..change("h1", 2) }),
        };
        let Answer::VisitTaken { ticket: Some(ticket), .. } = came else { panic!("{came:?}") };
        assert_ne!(ticket, wrong);
        assert_eq!((house.is(&ticket), house.is(&wrong)), ("waiting", "ended"));
        house.assert_replays();
    }
}

#[test]
fn a_change_to_a_slot_of_the_hospitals_own_gives_the_old_place_up() {
    let mut house = House::new(0).with_session(1).with_doctors();
    let slot = SlotId::from("s.d.am.0900");
    house.register_outside(RegisterVisit { slot: Some(slot.clone()), ..register("h1", Some("17"), false) });
    assert_eq!(house.state.clinic.slots[&slot].outside, 1);
    let as_before = house.change_outside(change("h1", 2));
    assert!(matches!(as_before, Answer::VisitTaken { .. }), "{as_before:?}");
    assert_eq!(house.state.clinic.slots[&slot].outside, 1, "nothing said of a slot");
    let said = serde_json::json!({"visit_id": "h1", "version": 3, "site": "s", "slot": "PM-17 号"});
    house.change_outside(serde_json::from_value(said).expect("any text is read"));
    assert_eq!(house.state.clinic.slots[&slot].outside, 0);
    house.assert_replays();
}

#[test]
fn a_visit_that_moves_keeps_the_hospitals_number() {
    let mut house = House::new(0).with_doctors();
    let ticket = house.outside("h1", Some("17"), true).expect("waits");
    for (version, to) in [(2, "own"), (3, "pool"), (4, "other")] {
        let answer = house.change_outside(ChangeVisit { queue: Some(queue(to)), ..change("h1", version) });
        assert!(matches!(answer, Answer::VisitTaken { .. }), "{answer:?}");
        let opened = &house.ticket(&ticket).opened;
        assert_eq!((opened.queue.clone(), opened.number.as_str()), (queue(to), "17"));
    }
    let mut second = register("h2", Some("17"), false);
    second.queue = Some(queue("other"));
    assert_eq!(code(Ok(house.register_outside(second))), Code::NumberTaken);
    house.assert_replays();
}

#[test]
fn a_number_is_in_use_where_its_ticket_went() {
    let mut house = House::new(0).with_doctors();
    let ticket = house.outside("h1", Some("17"), true).expect("waits");
    let transfer = TransferTicket { ticket, to: queue("own"), reason: "改派".to_owned() };
    house.desk(ToDepartment::TransferTicket(transfer)).expect("moves");
    let mut second = register("h2", Some("17"), false);
    second.queue = Some(queue("own"));
    assert_eq!(code(Ok(house.register_outside(second))), Code::NumberTaken);
}

#[test]
fn registered_anew_it_keeps_queue_and_number() {
    let mut house = House::new(0).with_doctors();
    let before = house.outside("h1", Some("17"), true).expect("waits");
    house.cancel_outside("h1", 2);
    let anew = RegisterVisit { version: 2, ..register("h1", Some("17"), true) };
    let visit = VisitId::from("s.d.vh1-2");
    let answer =
        house.system(ToDepartment::RegisterVisit { command: anew, visit, brief: brief("x"), birth_date: None });
    let Answer::VisitTaken { ticket: Some(ticket), .. } = answer else { panic!("{answer:?}") };
    assert_eq!((house.is(&before), house.is(&ticket)), ("ended", "waiting"));
    assert_eq!(house.ticket(&ticket).opened.number, "17");
    house.assert_replays();
}

#[test]
fn the_hospitals_stream_has_one_shape_for_each_name() {
    let mut house = House::new(0).with_doctors();
    house.register_outside(register("h1", Some("17"), false));
    house.register_outside(register("h2", Some("17"), false));
    house.change_outside(change("h1", 2));
    house.cancel_outside("h1", 3);
    let zone = house.state.config.zone();
    let said = house
        .events
        .iter()
        .flat_map(|event| view::emissions(&house.state, event, house.now, zone, &|stream| stream == "site:s"));
    let shape = |(_, value): (String, serde_json::Value)| {
        let (name, body) = value.as_object().and_then(|one| one.iter().next()).expect("one key").to_owned();
        let mut fields: Vec<&str> = body.as_object().expect("an object").keys().map(String::as_str).collect();
        fields.sort_unstable();
        format!("{name}: {}", fields.join(" "))
    };
    let shapes: Vec<String> = said.map(shape).filter(|said| said.starts_with("visit_")).collect();
    let fields = "at code date department number queue state version visit visit_id";
    let expected = [
        format!("visit_registered: {fields}"),
        format!("visit_refused: {fields}"),
        format!("visit_changed: {fields}"),
        format!("visit_cancelled: {fields}"),
    ];
    assert_eq!(shapes, expected);
}

/// Like an appointment: once, unless that was undone; who gave the number up is brought back by the desk only.
#[test]
fn whoever_has_been_seen_does_not_check_in_again() {
    let mut house = House::new(0).with_doctors();
    let visit = AppointmentId::from("s.d.b20261123-vh1");
    house.register_outside(register("h1", Some("17"), false));
    house.check_in(&visit).expect("checks in");
    let first = house.called(1);
    assert_eq!(code(house.check_in(&visit)), Code::WrongTicketState, "in hand");
    house.call_next(1, Some(&first), Some(Outcome::Seen)).expect("seen");
    assert_eq!(code(house.check_in(&visit)), Code::WrongTicketState, "seen");
    for _ in 0..3 {
        house.undo_last(&first).expect("the finish, the call, the check-in");
    }
    house.check_in(&visit).expect("undone is nothing");
    let second = house.called(1);
    let reason = "must go".to_owned();
    house.desk(ToDepartment::CancelTicket(CancelTicket { ticket: second, reason })).expect("leaves");
    let kiosk = Principal::of(Role::Kiosk, AccountId::from("a-kiosk"));
    let command = Arrived { appointment: visit.clone(), code: None };
    let again = ToDepartment::CheckIn { command, birth_date: None, presence_proved: true };
    assert_eq!(code(house.tell(kiosk, again)), Code::WrongTicketState, "given up");
    house.check_in(&visit).expect("the desk brings the patient back");
    house.assert_replays();
}

/// The hospital numbers `A001` itself where a session has moved with a booking of that number.
#[test]
fn a_session_that_changes_its_queue_brings_no_number_a_second_time() {
    let mut house = House::new(0).with_session(2).with_doctors();
    let (booked, other) = (house.book("0900", "a"), house.book("0900", "b"));
    let slot = |start: &str| DefineSlot { start: start.to_owned(), minutes: 30, capacity: 2 };
    let session = DefineSession {
        id: SessionId::from("s.d.am"),
        date: day(),
        period: "morning".to_owned(),
        queue: queue("other"),
        doctor: None,
        service_point: None,
        registration_class: "普通".to_owned(),
        fee_fen: 1000,
        slots: vec![slot("09:00"), slot("09:30"), slot("10:00")],
        high_demand: false,
        released_at: None,
    };
    house.system(ToDepartment::DefineSession(session));
    let mut command = register("h1", Some("A001"), true);
    command.queue = Some(queue("other"));
    let Answer::VisitTaken { ticket: Some(hospitals), .. } = house.register_outside(command) else { panic!("taken") };
    house.check_in(&booked).expect("checks in");
    house.check_in(&other).expect("checks in");
    let number = |ticket: &TicketId| house.ticket(ticket).opened.number.clone();
    let numbers = [number(&hospitals), number(&booked.ticket()), number(&other.ticket())];
    assert_eq!(numbers, ["A001", "C001", "A002"].map(str::to_owned), "what is free there is kept");
    house.assert_replays();
}

#[test]
fn how_a_visit_stands_is_what_has_been_told_of_it_last() {
    let mut house = House::new(0).with_session(1).with_doctors();
    let stands = |house: &House, id: &str| {
        let told = view::visit_as_told(&house.state, &visit_of(id), id)?;
        Some(["state", "version", "number", "code"].map(|part| told[part].to_string()).join(" "))
    };
    assert_eq!(stands(&house, "h1"), None, "not heard of yet");
    house.register_outside(register("h1", Some("A001"), false));
    assert_eq!(stands(&house, "h1").as_deref(), Some(r#""registered" 1 "A001" null"#));
    house.register_outside(register("h2", Some("A001"), false));
    assert_eq!(stands(&house, "h2").as_deref(), Some(r#""refused" 1 null "number_taken""#));
    house.cancel_outside("h1", 2);
    assert_eq!(stands(&house, "h1").as_deref(), Some(r#""cancelled" 2 "A001" null"#));
    house.change_outside(change("h1", 3));
    let refused = r#""refused" 3 "A001" "wrong_appointment_state""#;
    assert_eq!(stands(&house, "h1").as_deref(), Some(refused), "the change was; the visit is where it was");
}
