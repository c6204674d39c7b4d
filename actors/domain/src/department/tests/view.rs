//! The streams: whoever puts each event's parts into the snapshot sees what a new snapshot shows.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::house::*;
use super::random::{Dice, command};
use crate::codes::{Code, Valid};
use crate::department::{Department, view};
use crate::ids::*;
use crate::owner::Owner;
use crate::queue::SeveralQueues;
use crate::time::Zone;
use crate::vocabulary::*;

fn zone() -> Zone {
    Zone::named("Asia/Shanghai").expect("a zone")
}

pub(super) fn look(house: &House, stream: &str) -> Option<Value> {
    let (kind, id) = stream.split_once(':').expect("kind:id");
    view::snapshot(&house.state, kind, id, house.now, zone())
}

/// What no event repeats: the queues inside the doctor's snapshot.
fn without_queues(mut value: Value) -> Value {
    if let Some(parts) = value.as_object_mut() {
        parts.remove("queues");
    }
    value
}

/// What the pages do with an event: `tickets` and `waits` one by one, everything else replaced by name.
fn put(snapshot: &mut Value, payload: &Value) {
    for (name, part) in payload.as_object().expect("parts") {
        match (name.as_str(), part.as_object()) {
            ("tickets" | "waits", Some(tickets)) => {
                for (id, ticket) in tickets {
                    let known = snapshot[name].as_object_mut().expect("by id");
                    if ticket.is_null() {
                        drop(known.remove(id))
                    } else {
                        drop(known.insert(id.clone(), ticket.clone()))
                    }
                }
            }
            _ => snapshot[name] = part.clone(),
        }
    }
}

/// What the hospital's own system does with an event: a ticket takes the place of the one of the same id.
fn put_ticket(snapshot: &mut Value, payload: &Value) {
    match payload["ticket"].as_str() {
        Some(id) => put(snapshot, &json!({ "tickets": { id: payload } })),
        None if payload["tickets"].is_object() => put(snapshot, payload),
        None => {}
    }
}

#[test]
fn events_put_into_a_snapshot_give_the_next_snapshot() {
    for seed in 1..=6 {
        println!("seed {seed}");
        let mut dice = Dice(seed);
        let mut house = House::new(dice.roll(3) as u32).with_session(3).with_doctors();
        let in_room = |part: &str, room: &str| DefineSession {
            service_point: Some(ServicePointId::from(room)),
            ..afternoon(part, day())
        };
        house.system(ToDepartment::DefineSession(in_room("pm", "s.d.room2")));
        house.system(ToDepartment::DefineSession(DefineSession { doctor: None, ..in_room("late", "s.d.room1") }));
        let mut seen: BTreeMap<String, Value> = [
            "queue:s.d.pool",
            "queue:s.d.own",
            "queue:s.d.other",
            "door:s.d.room1",
            "door:s.d.room2",
            "doctor:s.doctor1",
            "doctor:s.doctor2",
            "site:s",
        ]
        .iter()
        .map(|stream| ((*stream).to_owned(), look(&house, stream).expect("known")))
        .collect();
        for _ in 0..150 {
            house.after_s(dice.roll(60) as i64);
            let Some((principal, command)) = command(&mut house, &mut dice) else { continue };
            let from = house.events.len();
            let told = format!("{command:?}");
            let _ = house.tell(principal, command);
            house.pass();
            for event in &house.events[from..] {
                for (stream, emission) in view::emissions(&house.state, event, house.now, zone(), &|_| true) {
                    let parts = emission.as_object().and_then(|stem| stem.values().next()).expect("one stem");
                    match seen.get_mut(&stream) {
                        Some(snapshot) if stream == "site:s" => put_ticket(snapshot, parts),
                        Some(snapshot) => put(snapshot, parts),
                        None if stream.starts_with("ticket:") => drop(seen.insert(stream, parts.clone())),
                        None => {}
                    }
                }
            }
            for (stream, snapshot) in &seen {
                let now = look(&house, stream).expect("known");
                assert_eq!(without_queues(snapshot.clone()), without_queues(now), "{stream} after {told}");
            }
        }
        assert!(seen.len() > 12, "tickets have their streams");
    }
}

#[test]
fn nothing_is_made_for_a_stream_that_nobody_sees() {
    let mut house = House::new(2).with_doctors();
    house.walk_in("pool", "a", None);
    for event in &house.events {
        assert!(view::emissions(&house.state, event, house.now, zone(), &|_| false).is_empty());
    }
}

#[test]
fn a_console_hears_which_queues_it_calls_from_and_whom_the_next_call_calls_by_every_setting() {
    for (several_queues, order) in [
        (SeveralQueues::OwnFirst, "A002 B001 B002 D001 A001"),
        (SeveralQueues::InTurn, "A002 B001 D001 A001 B002"),
        (SeveralQueues::ByWaitingTime, "A002 A001 B001 D001 B002"),
    ] {
        let mut house = House::new(0);
        // A pool that stands before the doctor's own queue by its id.
        let (id, name, prefix) = (queue("all"), "all".to_owned(), "D".to_owned());
        house.system(ToDepartment::ConfigureQueue(DefineQueue { id, name, prefix, doctors: Vec::new() }));
        let mut definition = house.state.config.definition.clone().expect("defined");
        definition.settings.queue.several_queues = several_queues;
        house.system(ToDepartment::Configure { time_zone: "Asia/Shanghai".to_owned(), definition });
        for (name, patient, class) in [
            ("pool", "a", None),
            ("own", "b", None),
            ("all", "c", None),
            ("own", "d", None),
            ("pool", "e", Some("emergency")),
        ] {
            house.walk_in(name, patient, class);
            house.after_s(1);
        }
        let mut console = Followed::new(&house, &["doctor:s.doctor1"]);
        let of = |console: &Followed, part: &str| console.seen["doctor:s.doctor1"][part].clone();
        assert_eq!((of(&console, "calls_from"), of(&console, "next")), (json!([]), Value::Null));
        house.begin(1);
        console.hear(&house);
        assert_eq!(of(&console, "calls_from"), json!(["s.d.own", "s.d.all", "s.d.pool"]));
        let mut in_hand: Option<TicketId> = None;
        let mut numbers = Vec::new();
        for _ in 0..5 {
            let next = of(&console, "next");
            let outcome = in_hand.as_ref().map(|_| Outcome::Seen);
            let ticket = called(house.call_next(1, in_hand.as_ref(), outcome)).expect("somebody waits").ticket;
            assert_eq!(next, json!(ticket), "{several_queues:?}");
            console.hear(&house);
            numbers.push(house.ticket(&ticket).opened.number.clone());
            in_hand = Some(ticket);
        }
        assert_eq!(numbers.join(" "), order, "{several_queues:?}");
        assert_eq!(of(&console, "next"), Value::Null);
    }
}

#[test]
fn who_was_left_over_is_next_no_more() {
    let mut house = House::new(0).with_doctors();
    let left = house.walk_in("own", "a", None);
    let mut console = Followed::new(&house, &["doctor:s.doctor1"]);
    assert_eq!(console.seen["doctor:s.doctor1"]["next"], json!(left));
    house.after_s(15 * 3600 + 1800).pass();
    console.hear(&house);
    assert_eq!(console.seen["doctor:s.doctor1"]["next"], Value::Null);
}

#[test]
fn a_phone_watches_the_ticket_of_its_appointment_from_the_booking_on() {
    let mut house = House::new(0).with_session(4).with_doctors();
    let appointment = house.book("0900", "a");
    let stream = format!("ticket:{}", appointment.ticket());
    let booked = look(&house, &stream).expect("booked");
    assert_eq!((booked["state"].as_str(), booked["number"].as_str()), (Some("booked"), Some("A001")));
    assert_eq!(booked["slot_start"], "2026-11-23T09:00:00.000+08:00");
    assert_eq!(booked["check_in_from"], "2026-11-23T08:00:00.000+08:00", "an hour before, as is usual");
    house.walk_in("pool", "first", Some("emergency"));
    house.check_in(&appointment).expect("checks in");
    let waiting = look(&house, &stream).expect("waits");
    assert_eq!((waiting["state"].as_str(), waiting["ahead"].as_u64()), (Some("waiting"), Some(1)));
    assert_eq!(waiting["why"]["zh"], "按预约时段排队");
    assert_eq!(waiting["emergencies_ahead"], 1, "why the place fell back");
}

#[test]
fn a_phone_hears_of_an_announced_delay_at_home_and_in_the_line_and_until_when_it_may_cancel() {
    let mut house = House::new(0).with_session(4);
    let (home, here) = (house.book("0900", "a"), house.book("0930", "b"));
    house.check_in(&here).expect("checks in");
    let streams = [home.ticket(), here.ticket()].map(|ticket| format!("ticket:{ticket}"));
    let booked = look(&house, &streams[0]).expect("booked");
    assert_eq!((&booked["delay_min"], &booked["cancel_until"]), (&0.into(), &"2026-11-23T09:00:00.000+08:00".into()));
    let mut seen = Followed::new(&house, &[&streams[0], &streams[1]]);
    let delay = DelaySession { session: SessionId::from("s.d.am"), minutes: 20 };
    house.desk(ToDepartment::DelaySession(delay)).expect("announced");
    assert_eq!(seen.hear(&house).len(), 2);
    for stream in &streams {
        assert_eq!(seen.seen[stream]["delay_min"], 20, "{stream}");
    }
}

#[test]
fn a_range_never_begins_in_the_past_and_a_paused_room_is_told_to_who_waits() {
    let mut house = House::new(0).with_doctors();
    let patients: Vec<TicketId> = (0..8).map(|n| house.walk_in("pool", &format!("a{n}"), None)).collect();
    let mut in_hand: Option<TicketId> = None;
    for _ in 0..6 {
        let outcome = in_hand.as_ref().map(|_| Outcome::Seen);
        in_hand = called(house.call_next(1, in_hand.as_ref(), outcome)).map(|called| called.ticket);
        house.after_s(120).pass();
    }
    house.after_s(60).pass();
    let stream = format!("ticket:{}", patients[6]);
    let next = look(&house, &stream).expect("waits");
    assert_eq!((next["ahead"].as_u64(), house.now), (Some(0), at("08:43")));
    assert_eq!(next["expected"]["from"], "2026-11-23T08:42:00.000+08:00", "not down to 08:40: when it was said");
    assert_eq!((&next["rooms_paused"], &next["emergencies_ahead"]), (&0.into(), &0.into()));
    let (assignment, department) = (assignment(2), DepartmentId::from(DEPARTMENT));
    let pause = PauseWork { assignment, department, reason: "ward".to_owned(), back_at: None };
    house.tell(doctor(2), ToDepartment::PauseWork(pause)).expect("pauses");
    assert_eq!(look(&house, &stream).expect("waits")["rooms_paused"], 1);
}

#[test]
fn expected_is_unknown_before_five_service_times_and_then_rounded_clock_times() {
    let mut house = House::new(0).with_doctors();
    let patients: Vec<TicketId> = (0..9).map(|n| house.walk_in("own", &format!("a{n}"), None)).collect();
    let mut in_hand: Option<TicketId> = None;
    for n in 0..6 {
        let last = look(&house, &format!("ticket:{}", patients[8])).expect("waits");
        assert_eq!(last["expected"].is_null(), n < 6, "{n} calls");
        let outcome = in_hand.as_ref().map(|_| Outcome::Seen);
        in_hand = called(house.call_next(1, in_hand.as_ref(), outcome)).map(|called| called.ticket);
        house.after_s(300).pass();
    }
    let last = look(&house, &format!("ticket:{}", patients[8])).expect("waits");
    assert_eq!((last["ahead"].as_u64(), house.now), (Some(2), at("09:00")));
    // Turns of 300 s, half of one left and two ahead: 750 s, by the ratios that are assumed from 09:06:52 to 09:18:45.
    assert_eq!(last["expected"]["from"], "2026-11-23T09:05:00.000+08:00");
    assert_eq!(last["expected"]["to"], "2026-11-23T09:20:00.000+08:00");
}

#[test]
fn a_phone_hears_within_a_minute_when_the_only_doctor_pauses_goes_on_or_stops() {
    let mut house = House::new(0).with_doctors();
    let patients: Vec<TicketId> = (0..7).map(|n| house.walk_in("own", &format!("a{n}"), None)).collect();
    let mut in_hand: Option<TicketId> = None;
    for _ in 0..6 {
        let outcome = in_hand.as_ref().map(|_| Outcome::Seen);
        in_hand = called(house.call_next(1, in_hand.as_ref(), outcome)).map(|called| called.ticket);
        house.after_s(300).pass();
    }
    let (stream, department) = (format!("ticket:{}", patients[6]), DepartmentId::from(DEPARTMENT));
    let expected = |house: &mut House, command: ToDepartment| -> Option<bool> {
        let from = house.events.len();
        house.tell(doctor(1), command).expect("taken");
        house.after_s(60).pass();
        let said = house.events[from..]
            .iter()
            .flat_map(|event| view::emissions(&house.state, event, house.now, zone(), &|live| live == stream));
        said.map(|(_, said)| said.as_object().is_some_and(|said| said.values().all(|t| !t["expected"].is_null())))
            .next_back()
    };
    let finish = ToDepartment::FinishService(FinishService { ticket: in_hand.expect("the sixth") });
    assert_eq!(expected(&mut house, finish), Some(true));
    let (assignment, reason) = (assignment(1), "lunch".to_owned());
    let pause = PauseWork { assignment: assignment.clone(), department: department.clone(), reason, back_at: None };
    assert_eq!(expected(&mut house, ToDepartment::PauseWork(pause)), Some(false));
    let resume = ResumeWork { assignment: assignment.clone(), department: department.clone() };
    assert_eq!(expected(&mut house, ToDepartment::ResumeWork(resume)), Some(true));
    assert_eq!(expected(&mut house, ToDepartment::StopWork(StopWork { assignment, department })), Some(false));
}

#[test]
fn who_stands_at_a_door_is_shown_with_the_time_from_which_missed_is_taken() {
    let mut house = House::new(1).with_doctors();
    let ticket = house.walk_in("pool", "a", None);
    house.after_s(20);
    assert_eq!(house.is(&ticket), "summoned");
    let shown = look(&house, "queue:s.d.pool").expect("known")["tickets"][ticket.as_str()].clone();
    let missed = ToDepartment::MarkMissed(MarkMissed { ticket: ticket.clone() });
    let early = house.desk(missed.clone()).expect_err("too early");
    let not_before = Valid::Text(shown["missed_from"].as_str().expect("a time").to_owned());
    assert_eq!((early.code, early.valid_now), (Code::TooEarly, vec![("not_before".to_owned(), not_before)]));
    assert_eq!((&shown["missed_from"], &shown["calls_to_go"]), (&json!("2026-11-23T08:31:30.000+08:00"), &json!(0)));
    house.after_s(70);
    house.desk(missed).expect("taken from then on");
}

#[test]
fn where_nobody_is_told_to_wait_at_the_door_it_says_who_is_next_unless_the_queue_is_a_pool() {
    let mut house = House::new(0);
    house.begin(1);
    let next = |house: &House| look(house, "door:s.d.room1").expect("a room")["next"].clone();
    for patient in ["a", "b"] {
        house.walk_in("pool", patient, None);
    }
    assert_eq!(next(&house), json!([{"number": "A001", "name": "张*三", "state": "waiting"}]));
    house.called(1);
    assert_eq!(next(&house)[0]["number"], "A002");
    let mut streams = Followed::new(&house, &["door:s.d.room1"]);
    house.begin(2);
    streams.hear(&house);
    assert_eq!(next(&house), json!([]), "the other room may call the first");
}

#[test]
fn a_paused_room_keeps_who_is_in_hand_on_its_door_with_the_time_of_coming_back_and_an_announced_delay() {
    let mut house = House::new(0).with_session(4).with_doctors();
    house.walk_in("own", "a", None);
    let ticket = called(house.call_next(1, None, None)).expect("called").ticket;
    let number = house.ticket(&ticket).opened.number.clone();
    let mut door = Followed::new(&house, &["door:s.d.room1"]);
    let (assignment, department) = (assignment(1), DepartmentId::from(DEPARTMENT));
    let pause = PauseWork { assignment, department, reason: "ward".to_owned(), back_at: Some(at("09:30")) };
    house.tell(doctor(1), ToDepartment::PauseWork(pause)).expect("pauses");
    door.hear(&house);
    let seen = &door.seen["door:s.d.room1"];
    assert_eq!((&seen["state"], &seen["current"]["number"]), (&"paused".into(), &json!(number)));
    assert_eq!((&seen["back_at"], &seen["delay_min"]), (&"2026-11-23T09:30:00.000+08:00".into(), &0.into()));
    let delay = |minutes| ToDepartment::DelaySession(DelaySession { session: SessionId::from("s.d.am"), minutes });
    for minutes in [20, 0] {
        house.desk(delay(minutes)).expect("announced");
        door.hear(&house);
        assert_eq!(door.seen["door:s.d.room1"]["delay_min"], minutes);
    }
}

#[test]
fn a_door_and_the_desk_say_the_delay_of_the_clinic_that_runs_else_of_the_next_until_it_is_over_by_it() {
    let mut house = House::new(0).with_session_of(day(), Some(doctor_id(1)), 4).with_doctors();
    house.system(ToDepartment::DefineSession(afternoon("pm", day())));
    let mut seen = Followed::new(&house, &["door:s.d.room1", "queue:s.d.pool"]);
    let mut says = |house: &House| {
        let told = seen.hear(house);
        let late = seen.seen["queue:s.d.pool"]["late"].as_array().expect("a list").iter();
        let late: Vec<String> = late.map(|one| one["session"].as_str().expect("an id").to_owned()).collect();
        (seen.seen["door:s.d.room1"]["delay_min"].clone(), late.join(" "), told.join(", "))
    };
    let delay = |session: &str, minutes| {
        ToDepartment::DelaySession(DelaySession { session: SessionId::from(session), minutes })
    };
    house.desk(delay("s.d.pm", 15)).expect("announced");
    let (door, late, _) = says(&house);
    assert_eq!((door, late.as_str()), (json!(0), "s.d.pm"), "the morning is punctual");
    house.desk(delay("s.d.am", 40)).expect("announced");
    let (door, late, _) = says(&house);
    assert_eq!((door, late.as_str()), (json!(40), "s.d.am s.d.pm"));
    // The morning ends at half past ten, and forty minutes later.
    house.now = at("11:09");
    house.pass();
    assert_eq!(says(&house).0, 40);
    house.now = at("11:10");
    house.pass();
    let (door, late, told) = says(&house);
    assert_eq!((door, late.as_str()), (json!(15), "s.d.pm"));
    assert_eq!(told, "queue:s.d.pool session_over, door:s.d.room1 session_over", "by themselves");
    // Late after all, it is over once more.
    house.desk(delay("s.d.am", 60)).expect("announced");
    assert_eq!(says(&house).0, 60);
    house.now = at("14:45");
    house.pass();
    let (door, late, _) = says(&house);
    assert_eq!((door, late.as_str()), (json!(0), ""));
    house.state.clinic.check().expect("in order");
    house.assert_replays();
}

#[test]
fn a_number_only_department_shows_no_name_on_its_doors() {
    let mut house = House::new(2);
    house.begin(1);
    for patient in ["a", "b"] {
        house.walk_in("pool", patient, None);
    }
    house.called(1);
    let open = look(&house, "door:s.d.room1").expect("a room");
    assert_eq!((open["current"]["name"].as_str(), open["next"][0]["name"].as_str()), (Some("张*三"), Some("张*三")));
    let mut definition = house.state.config.definition.clone().expect("defined");
    definition.number_only = true;
    house.system(ToDepartment::Configure { time_zone: "Asia/Shanghai".to_owned(), definition });
    let masked = look(&house, "door:s.d.room1").expect("a room").to_string();
    assert!(!masked.contains("张") && masked.contains("A001"), "{masked}");
}

#[test]
fn the_hospital_hears_who_checked_in_was_called_and_finished_by_its_own_visit_id() {
    let mut house = House::new(0).with_doctors();
    let from = house.events.len();
    house.outside("HIS-1", None, true);
    let ticket = house.state.floor.tickets.keys().next().expect("checked in").clone();
    let (class, proof) = ("military".to_owned(), "card".to_owned());
    house.desk(ToDepartment::SetPriority(SetPriority { ticket: ticket.clone(), class, proof })).expect("has proof");
    assert_eq!(house.called(1), ticket);
    house.call_next(1, Some(&ticket), Some(Outcome::Seen)).expect("seen");
    let mut told = Vec::new();
    for event in &house.events[from..] {
        for (stream, said) in view::emissions(&house.state, event, house.now, zone(), &|stream| stream == "site:s") {
            assert_eq!(stream, "site:s");
            let (stem, payload) = said.as_object().and_then(|said| said.iter().next()).expect("one stem");
            assert_eq!(payload["visit_id"], "HIS-1", "{stem}");
            told.push(stem.clone());
        }
    }
    assert_eq!(told, ["visit_registered", "patient_checked_in", "patient_called", "service_finished"]);
}

#[test]
fn operations_see_numbers_and_nobody() {
    let mut house = House::new(0).with_session(3).with_doctors();
    for patient in ["a", "b", "c"] {
        house.walk_in("pool", patient, None);
    }
    house.after_s(20 * 60);
    let ticket = house.called(1);
    let call = house.standing(&ticket).call().expect("called").call.clone();
    let problem = AnnouncementProblem::NotShown;
    house.system(ToDepartment::CallNotAnnounced { call, round: 1, board: BoardId::from("s.board"), problem });
    let load = view::load(&house.state, house.now).expect("defined");
    assert_eq!((load.sessions, load.sessions_open, load.doctors, load.doctors_paused), (1, 1, 2, 0));
    assert_eq!((load.waiting, load.in_hand, load.missed), (2, 1, 0));
    assert_eq!((load.wait_p50_min, load.wait_p90_min), (Some(20), Some(20)));
    assert_eq!((load.calls_not_announced, load.not_announced[&queue("pool")]), (1, 1));
    let told = serde_json::to_string(&load).expect("JSON");
    assert!(!told.contains("p-") && !told.contains('张') && !told.contains(ticket.as_str()), "{told}");
    let tomorrow = view::load(&house.state, house.now.plus_s(24 * 3600)).expect("defined");
    assert_eq!((tomorrow.sessions, tomorrow.waiting), (0, 0), "a session is of its day, and so is who waits");
    assert_eq!(view::load(&Department::new_state("s.e"), house.now), None);
}

#[test]
fn a_quantile_is_one_of_the_values() {
    assert_eq!(view::quantile(&[], 50), None);
    assert_eq!(view::quantile(&[7], 99), Some(7));
    let values: Vec<i64> = (0..10).collect();
    assert_eq!((view::quantile(&values, 50), view::quantile(&values, 90)), (Some(5), Some(9)));
}

/// Follows these streams and puts every event into its snapshot.
pub(super) struct Followed {
    pub(super) seen: BTreeMap<String, Value>,
    heard: usize,
}

impl Followed {
    pub(super) fn new(house: &House, streams: &[&str]) -> Self {
        let seen = streams.iter().map(|stream| ((*stream).to_owned(), look(house, stream).expect("known"))).collect();
        Self { seen, heard: house.events.len() }
    }

    /// Names of what came on each stream, in order of the streams.
    pub(super) fn hear(&mut self, house: &House) -> Vec<String> {
        let mut told = Vec::new();
        for event in &house.events[self.heard..] {
            for (stream, emission) in view::emissions(&house.state, event, house.now, zone(), &|_| true) {
                let (stem, parts) = emission.as_object().and_then(|stem| stem.iter().next()).expect("one stem");
                if let Some(snapshot) = self.seen.get_mut(&stream) {
                    put(snapshot, parts);
                    told.push(format!("{stream} {stem}"));
                }
            }
        }
        self.heard = house.events.len();
        for (stream, snapshot) in &self.seen {
            let now = look(house, stream).expect("known");
            assert_eq!(without_queues(snapshot.clone()), without_queues(now), "{stream} after {told:?}");
        }
        told
    }
}

#[test]
fn a_new_day_takes_what_has_ended_off_the_streams_before_anybody_comes() {
    let mut house = House::new(0).with_doctors();
    let seen = house.walk_in("own", "a", None);
    let left = house.walk_in("own", "b", None);
    assert_eq!(house.called(1), seen);
    house.call_next(1, Some(&seen), Some(Outcome::Seen)).expect("seen");
    let mut streams = Followed::new(&house, &["queue:s.d.own", "doctor:s.doctor1", "door:s.d.room1", "site:s"]);
    assert_eq!(streams.seen["doctor:s.doctor1"]["today"]["seen"], 1);
    let midnight = Department::next_deadline(&house.state).expect("the day ends");
    assert_eq!(zone().rfc3339(midnight), "2026-11-24T00:00:00.000+08:00");
    house.now = midnight;
    house.system(ToDepartment::DeadlineReached);
    let told = streams.hear(&house);
    let all = ["queue:s.d.own", "doctor:s.doctor1", "door:s.d.room1", "site:s"];
    assert_eq!(told, all.map(|stream| format!("{stream} days_tidied")));
    for stream in ["queue:s.d.own", "site:s"] {
        let tickets = streams.seen[stream]["tickets"].as_object().expect("tickets");
        assert_eq!(tickets.keys().collect::<Vec<_>>(), [left.as_str()], "{stream}");
    }
    assert!(Department::next_deadline(&house.state).is_some_and(|next| next > midnight));
    // Yesterday's that ends today goes at once. The hospital's own system hears of the end.
    streams.seen.remove("site:s");
    house.call_next(1, Some(&left), Some(Outcome::Seen)).expect("seen");
    streams.hear(&house);
    assert_eq!(streams.seen["queue:s.d.own"]["tickets"], serde_json::json!({}));
    house.assert_replays();
}

#[test]
fn who_has_a_queue_open_sees_that_it_is_retired() {
    let mut house = House::new(0).with_doctors();
    let mut streams = Followed::new(&house, &["queue:s.d.own", "door:s.d.room1"]);
    assert_ne!(streams.seen["queue:s.d.own"]["rooms"], serde_json::json!([]));
    let (kind, id) = (RetiredKind::Queue, "s.d.own".to_owned());
    house.desk(ToDepartment::RetireUnused { kind, id }).expect("nobody is there");
    assert_eq!(streams.hear(&house)[0], "queue:s.d.own retired");
    let queue = &streams.seen["queue:s.d.own"];
    assert_eq!((&queue["queue"]["retired"], &queue["rooms"]), (&true.into(), &serde_json::json!([])));
}

#[test]
fn a_ticket_that_has_ended_stands_in_no_line() {
    let mut house = House::new(0).with_doctors();
    let ticket = house.walk_in("own", "a", None);
    let streams = [format!("ticket:{ticket}"), "queue:s.d.own".to_owned()];
    let of = |house: &House, stream: &str| {
        let seen = look(house, stream).expect("known");
        seen.get("tickets").map_or(seen.clone(), |tickets| tickets[ticket.as_str()].clone())
    };
    for stream in &streams {
        assert_eq!(of(&house, stream)["line"], "ordinary");
    }
    let (gone, reason) = (ticket.clone(), "left".to_owned());
    house.desk(ToDepartment::CancelTicket(CancelTicket { ticket: gone, reason })).expect("leaves");
    for stream in &streams {
        let ticket = of(&house, stream);
        assert!(ticket["line"].is_null() && ticket["why"].is_null() && ticket.get("position").is_none(), "{ticket}");
    }
}

#[test]
fn a_snapshot_has_the_newest_of_those_who_have_ended_and_everybody_who_is_here() {
    let mut house = House::new(0).with_doctors();
    let here = house.walk_in("own", "here", None);
    let gone: Vec<TicketId> =
        (0..view::ENDED_SHOWN + 3).map(|n| house.walk_in("own", &format!("g{n}"), None)).collect();
    // The first to come are the last to leave.
    for ticket in gone.iter().rev() {
        let (ticket, reason) = (ticket.clone(), "left".to_owned());
        house.after_s(1).desk(ToDepartment::CancelTicket(CancelTicket { ticket, reason })).expect("leaves");
    }
    let queue = look(&house, "queue:s.d.own").expect("known");
    let tickets = queue["tickets"].as_object().expect("tickets");
    assert_eq!((tickets.len(), &queue["ended_left_out"]), (view::ENDED_SHOWN + 1, &3.into()));
    let (newest, oldest) = gone.split_at(view::ENDED_SHOWN);
    assert!(newest.iter().chain([&here]).all(|ticket| tickets.contains_key(ticket.as_str())));
    assert!(oldest.iter().all(|ticket| !tickets.contains_key(ticket.as_str())), "the desk finds them by its search");
    // What happens to one of them is told whole, as ever.
    let mut streams = Followed::new(&house, &[]);
    house.undo_last(&oldest[2]).expect("undone");
    streams.seen.insert("queue:s.d.own".into(), queue);
    for event in &house.events[streams.heard..] {
        for (stream, said) in view::emissions(&house.state, event, house.now, zone(), &|_| true) {
            let parts = said.as_object().and_then(|said| said.values().next()).expect("one stem");
            streams.seen.get_mut(&stream).into_iter().for_each(|seen| put(seen, parts));
        }
    }
    assert_eq!(streams.seen["queue:s.d.own"]["tickets"][oldest[2].as_str()]["state"], "waiting");
}

#[test]
fn a_ticket_shows_its_newest_steps_and_the_one_that_can_be_undone() {
    let mut house = House::new(0).with_doctors();
    let ticket = house.walk_in("own", "a", None);
    for n in 0..60 {
        let class = if n % 2 == 0 { "senior" } else { "disabled" }.to_owned();
        let (ticket, proof) = (ticket.clone(), "seen".to_owned());
        house.desk(ToDepartment::SetPriority(SetPriority { ticket, class, proof })).expect("has proof");
    }
    let shown = |house: &House| look(house, "queue:s.d.own").expect("known")["tickets"][ticket.as_str()].take();
    let seen = shown(&house);
    let steps = seen["steps"].as_array().expect("steps");
    assert_eq!((steps.len(), &seen["steps_before"]), (50, &11.into()));
    assert_eq!((&steps[49]["event"], &steps[49]["undoable"]), (&format!("{ticket}@61").into(), &true.into()));
    assert_eq!(house.called(1), ticket);
    for _ in 0..60 {
        let call = house.ticket(&ticket).standing.call().expect("is called").call.clone();
        house.after_s(20).desk(ToDepartment::RecallPatient(RecallPatient { call })).expect("called again");
    }
    let seen = shown(&house);
    let steps = seen["steps"].as_array().expect("steps");
    assert_eq!((steps.len(), &steps[0]["what"], &steps[0]["undoable"]), (51, &"called".into(), &true.into()));
    assert_eq!(seen["steps_before"], house.ticket(&ticket).steps.len() - 51);
}

#[test]
fn english_names_stand_beside_the_chinese_ones_where_there_are_any() {
    let mut house = House::new(0).with_doctors();
    let ticket = house.walk_in("pool", "a", None);
    let zone = Zone::named("Asia/Shanghai").expect("a zone");
    let show = |house: &House, kind: &str, id: &str| {
        view::snapshot(&house.state, kind, id, house.now, zone).expect("it is there")
    };
    assert_eq!(show(&house, "queue", "s.d.pool")["queue"]["name_en"], "");
    for (id, name) in [("s.d.pool", "General"), ("s.doctor1", "Li Ming")] {
        let more = More { name_en: name.to_owned(), registration_class: String::new() };
        house.system(ToDepartment::ConfigureMore { id: id.to_owned(), more });
    }
    let queue = show(&house, "queue", "s.d.pool");
    assert_eq!(
        (&queue["queue"]["name_en"], &queue["rooms"][0]["doctor_name_en"]),
        (&json!("General"), &json!("Li Ming"))
    );
    assert_eq!(show(&house, "ticket", ticket.as_str())["queue_name_en"], "General");
    assert_eq!(show(&house, "door", "s.d.room1")["doctor_en"], "Li Ming");
    assert_eq!(show(&house, "doctor", "s.doctor1")["name_en"], "Li Ming");
    house.assert_replays();
}
