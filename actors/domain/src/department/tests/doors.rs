//! A room's door: whose clinic is to come there or does not take place, and that it hears of all that changes it.

use serde_json::{Value, json};

use super::house::*;
use super::view::{Followed, look};
use crate::ids::*;
use crate::vocabulary::*;

const DOORS: [&str; 2] = ["door:s.d.room1", "door:s.d.room2"];

fn room(n: u32) -> ServicePointId {
    ServicePointId::from(format!("s.d.room{n}"))
}

/// A session of half an hour for the pool, in a room.
fn in_room(part: &str, n: u32, doctor: Option<DoctorId>, start: &str) -> DefineSession {
    DefineSession {
        service_point: Some(room(n)),
        doctor,
        slots: vec![DefineSlot { start: start.to_owned(), minutes: 30, capacity: 6 }],
        ..afternoon(part, day())
    }
}

fn stop_work(house: &mut House, n: u32) {
    let stop = StopWork { assignment: assignment(n), department: DepartmentId::from(DEPARTMENT) };
    house.tell(doctor(n), ToDepartment::StopWork(stop)).expect("stops");
}

/// What both doors have been sent, which is what a look at them shows: when a clinic begins there.
struct Both(Followed);

impl Both {
    fn new(house: &House) -> Self {
        Self(Followed::new(house, &DOORS))
    }

    fn coming(&mut self, house: &House) -> [String; 2] {
        self.0.hear(house);
        DOORS.map(|door| self.0.seen[door]["coming"]["opens"].as_str().map_or("-", |opens| &opens[11..16]).to_owned())
    }
}

#[test]
fn a_door_says_whose_clinic_is_to_come_until_it_is_over_or_called_or_its_doctor_works_elsewhere() {
    let mut house = House::new(0);
    let mut seen = Followed::new(&house, &DOORS);
    let mut coming = |house: &House| {
        seen.hear(house);
        let door = &seen.seen["door:s.d.room1"];
        assert_eq!(seen.seen["door:s.d.room2"]["coming"], Value::Null);
        assert!(door["coming"].is_null() || (&door["state"], &door["doctor"]) == (&json!("closed"), &json!("")));
        door["coming"]["opens"].as_str().map(|opens| opens[11..16].to_owned())
    };
    assert_eq!(coming(&house), None);
    house.system(ToDepartment::DefineSession(afternoon("elsewhere", day())));
    house.system(ToDepartment::DefineSession(in_room("am", 1, Some(doctor_id(1)), "09:00")));
    assert_eq!(coming(&house).as_deref(), Some("09:00"));
    house.desk(ToDepartment::DelaySession(DelaySession { session: "s.d.am".into(), minutes: 20 })).expect("told");
    assert_eq!(coming(&house).as_deref(), Some("09:20"));
    let told = look(&house, "door:s.d.room1").expect("a room")["coming"].clone();
    let whose = &house.state.config.doctors[&doctor_id(1)].is;
    assert_eq!((&told["doctor"], &told["title"]), (&json!(whose.name), &json!(whose.title)));
    // The doctor sits in another room, and leaves it.
    let begin =
        ToDepartment::BeginAssignment { doctor: doctor_id(1), assignment: assignment(1), service_point: room(2) };
    house.system(begin);
    assert_eq!(coming(&house), None);
    stop_work(&mut house, 1);
    assert_eq!(coming(&house).as_deref(), Some("09:20"));
    // Somebody of it is there, and another doctor calls them: it has begun, wherever that is.
    let appointment = house.book("0900", "a");
    house.check_in(&appointment).expect("checks in");
    house.begin(2);
    assert_eq!(coming(&house).as_deref(), Some("09:20"));
    let ticket = house.called(2);
    assert_eq!(ticket, appointment.ticket());
    assert_eq!(coming(&house), None);
    house.tell(doctor(2), ToDepartment::FinishService(FinishService { ticket })).expect("seen");
    stop_work(&mut house, 2);
    assert_eq!(coming(&house), None);
    // Half past ten: the next is over, and comes no more.
    house.system(ToDepartment::DefineSession(in_room("late", 1, Some(doctor_id(1)), "10:00")));
    assert_eq!(coming(&house).as_deref(), Some("10:00"));
    house.now = at("10:30");
    house.pass();
    assert_eq!(coming(&house), None);
    house.assert_replays();
}

#[test]
fn a_door_hears_that_its_pool_clinic_is_called_from_another_room() {
    let mut house = House::new(0);
    let mut doors = Both::new(&house);
    house.system(ToDepartment::DefineSession(in_room("am", 2, None, "09:00")));
    assert_eq!(doors.coming(&house), ["-", "09:00"]);
    house.begin(1);
    assert_eq!(doors.coming(&house), ["-", "-"], "the first doctor calls from the pool in room 1");
    stop_work(&mut house, 1);
    assert_eq!(doors.coming(&house), ["-", "09:00"]);
}

#[test]
fn both_doors_hear_of_a_clinic_that_moves_and_neither_of_another_day() {
    let mut house = House::new(0);
    let mut doors = Both::new(&house);
    house.system(ToDepartment::DefineSession(in_room("am", 1, Some(doctor_id(1)), "09:00")));
    assert_eq!(doors.coming(&house), ["09:00", "-"]);
    house.system(ToDepartment::DefineSession(in_room("am", 2, Some(doctor_id(1)), "09:00")));
    assert_eq!(doors.coming(&house), ["-", "09:00"]);
    house.system(ToDepartment::DefineSession(in_room("am", 1, Some(doctor_id(2)), "09:00")));
    assert_eq!(doors.coming(&house), ["09:00", "-"]);
    let date = day().plus_days(1);
    house.system(ToDepartment::DefineSession(DefineSession {
        date,
        ..in_room("tomorrow", 1, Some(doctor_id(1)), "08:45")
    }));
    assert_eq!(doors.0.hear(&house), [""; 0], "tomorrow's is nobody's to see");
    assert_eq!(doors.coming(&house), ["09:00", "-"]);
}

#[test]
fn a_door_where_nobody_works_hears_of_what_is_configured() {
    let mut house = House::new(0);
    let mut doors = Both::new(&house);
    house.system(ToDepartment::DefineSession(in_room("own", 1, Some(doctor_id(1)), "09:00")));
    house.system(ToDepartment::DefineSession(in_room("pool", 2, None, "09:00")));
    assert_eq!(doors.coming(&house), ["09:00", "09:00"]);
    let departments = vec![DepartmentId::from(DEPARTMENT)];
    let (name, title) = ("李明".to_owned(), "主任医师".to_owned());
    house.system(ToDepartment::ConfigureDoctor(DefineDoctor { id: doctor_id(1), name, title, departments }));
    let more = More { name_en: "Li Ming".to_owned(), registration_class: String::new() };
    house.system(ToDepartment::ConfigureMore { id: doctor_id(1).to_string(), more });
    doors.coming(&house);
    let coming = &doors.0.seen[DOORS[0]]["coming"];
    assert_eq!((&coming["doctor"], &coming["doctor_en"]), (&json!("李明"), &json!("Li Ming")));
    let point = DefineServicePoint {
        id: room(2),
        name: "抽血处".to_owned(),
        name_en: "Blood".to_owned(),
        order: 2,
        door_cap: None,
    };
    house.system(ToDepartment::ConfigureServicePoint(point));
    doors.coming(&house);
    assert_eq!(doors.0.seen[DOORS[1]]["name"], "抽血处");
}

#[test]
fn a_door_says_whose_clinic_does_not_take_place_and_when() {
    let mut house = House::new(0);
    let period = "morning".to_owned();
    let early = DefineSession { period, ..in_room("am", 1, Some(doctor_id(1)), "09:00") };
    house.system(ToDepartment::DefineSession(early));
    house.system(ToDepartment::DefineSession(in_room("pm", 2, Some(doctor_id(1)), "14:00")));
    let mut doors = Both::new(&house);
    let mut says = |house: &House| {
        doors.0.hear(house);
        DOORS.map(|door| doors.0.seen[door]["stopped"]["when"]["zh"].as_str().unwrap_or("-").to_owned())
    };
    let stop = |part: &str| {
        let session = SessionId::from(format!("s.d.{part}"));
        ToDepartment::StopSession(StopSession {
            session,
            from: None,
            reason: "ill".to_owned(),
            to: None,
            substitute: None,
        })
    };
    assert_eq!(says(&house), ["-", "-"]);
    house.desk(stop("am")).expect("stopped");
    assert_eq!(says(&house), ["今天上午", "-"], "the afternoon comes, and is said there");
    let stopped = look(&house, DOORS[0]).expect("a room")["stopped"].clone();
    let whose = &house.state.config.doctors[&doctor_id(1)].is;
    assert_eq!((&stopped["doctor"], &stopped["title"]), (&json!(whose.name), &json!(whose.title)));
    house.desk(stop("pm")).expect("stopped");
    assert_eq!(says(&house), ["今天", "今天"], "the door of the morning hears of the afternoon");
    house.begin(1);
    assert_eq!(says(&house), ["-", "今天"], "the doctor is there all the same");
    stop_work(&mut house, 1);
    let resume = ResumeSession { session: "s.d.pm".into() };
    house.desk(ToDepartment::ResumeSession(resume)).expect("takes place");
    assert_eq!(says(&house), ["今天上午", "-"]);
    house.now = at("09:30");
    house.pass();
    assert_eq!(says(&house), ["-", "-"], "it would be over");
    house.assert_replays();
}
