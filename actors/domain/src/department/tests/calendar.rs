//! What a calendar shows of an appointment: in every state, and that its number grows with each change of it.

use super::house::*;
use crate::department::calendar::{Entry, Off, entry};
use crate::ids::*;
use crate::time::Zone;
use crate::vocabulary::*;
use crate::{Code, Rejection};

impl House {
    fn in_calendar(&self, id: &AppointmentId, language: Language) -> Result<Entry, Rejection> {
        entry(&self.state, id, language, Zone::named("Asia/Shanghai").expect("a zone"))
    }

    /// In how many-th form a calendar has it, and whether it is to take place.
    fn shows(&self, id: &AppointmentId) -> (u32, Option<Off>) {
        let entry = self.in_calendar(id, Language::Zh).expect("is in a calendar");
        (entry.sequence, entry.off)
    }

    fn announce(&mut self, minutes: u32) {
        let session = SessionId::from(format!("{DEPARTMENT}.am"));
        self.desk(ToDepartment::DelaySession(DelaySession { session, minutes })).expect("delayed");
    }

    fn cancel_and_restore(&mut self, id: &AppointmentId) {
        let command = CancelAppointment { appointment: id.clone(), reason: None };
        self.desk(ToDepartment::CancelAppointment(command)).expect("cancelled");
        assert_eq!(self.shows(id).1, Some(Off::Cancelled));
        let command = RestoreAppointment { appointment: id.clone(), reason: "mistake".to_owned() };
        self.desk(ToDepartment::RestoreAppointment(command)).expect("restored");
    }
}

#[test]
fn the_number_of_a_calendar_entry_grows_with_every_change_and_with_nothing_else() {
    let mut house = House::new(0).with_session(3).with_doctors();
    let (id, other) = (house.book("1000", "a"), house.book("1000", "b"));
    assert_eq!(house.shows(&id), (0, None));
    house.announce(30);
    assert_eq!(house.shows(&id), (1, None));
    house.announce(30);
    assert_eq!(house.shows(&id), (1, None), "the same delay is no change");
    house.announce(0);
    assert_eq!(house.shows(&id), (2, None), "taken back");
    house.cancel_and_restore(&id);
    assert_eq!(house.shows(&id), (4, None));
    assert_eq!(house.shows(&other), (2, None), "nothing has happened to another's");
    house.stop(None, None).expect("stopped");
    assert_eq!(house.shows(&id), (5, Some(Off::Stopped)));
    house.resume().expect("resumed");
    assert_eq!(house.shows(&id), (6, None));
    house.now = at("09:30");
    house.check_in(&id).expect("comes");
    assert_eq!(house.shows(&id), (6, None), "who has come is as planned");
    house.undo_last(&id.ticket()).expect("undone");
    assert_eq!(house.shows(&id), (6, None));
    house.now = at("13:00");
    house.pass();
    assert_eq!(house.shows(&id), (6, None), "a no-show was to take place");
    house.assert_replays();
}

#[test]
fn a_clinic_that_another_doctor_has_elsewhere_is_a_change_and_its_places_are_none() {
    let mut house = House::new(0).with_session(3);
    let id = house.book("0900", "a");
    let define = |doctor: Option<u32>, room: Option<&str>, capacity: u32| {
        ToDepartment::DefineSession(DefineSession {
            id: SessionId::from(format!("{DEPARTMENT}.am")),
            date: day(),
            period: "morning".to_owned(),
            queue: queue("pool"),
            doctor: doctor.map(doctor_id),
            service_point: room.map(|room| ServicePointId::from(format!("{DEPARTMENT}.{room}"))),
            registration_class: "普通".to_owned(),
            fee_fen: 0,
            high_demand: false,
            released_at: None,
            slots: ["09:00", "09:30", "10:00"]
                .map(|start| DefineSlot { start: start.to_owned(), minutes: 30, capacity })
                .into(),
        })
    };
    house.system(define(None, None, 4));
    let before = house.in_calendar(&id, Language::Zh).expect("shown");
    house.system(define(None, None, 5));
    assert_eq!(house.in_calendar(&id, Language::Zh).expect("shown"), before, "one place more");
    assert_eq!((before.room.as_str(), before.sequence), ("", 0));
    house.system(define(Some(1), Some("room1"), 5));
    let after = house.in_calendar(&id, Language::Zh).expect("shown");
    assert_eq!((after.room.as_str(), after.sequence), ("1号诊室", 1));
    assert_ne!(after.whose, before.whose);
    assert_eq!(house.in_calendar(&id, Language::En).expect("shown").room, "Room 1");
    house.assert_replays();
}

#[test]
fn it_says_what_is_known_of_a_time_to_come_and_less_of_one_that_is_not() {
    let mut house = House::new(0).with_session(3);
    let id = house.book("1000", "a");
    house.announce(20);
    let entry = house.in_calendar(&id, Language::En).expect("shown");
    assert_eq!((entry.start, entry.end, entry.delay_min), (at("10:20"), at("10:50"), 20), "as patients are told");
    assert_eq!((entry.department.as_str(), entry.check_in_from), ("Medicine", Some(at("09:00"))));
    assert!(entry.cancel_until.is_some() && entry.number.is_some(), "{entry:?}");
    house.stop(None, None).expect("stopped");
    let entry = house.in_calendar(&id, Language::En).expect("shown");
    assert_eq!((entry.check_in_from, entry.cancel_until), (None, None), "nobody is to come");
    let nobodys = AppointmentId::from(format!("{DEPARTMENT}.b20261123-none"));
    assert_eq!(house.in_calendar(&nobodys, Language::Zh).expect_err("unknown").code, Code::Forbidden);
    let held = AppointmentId::from(format!("{DEPARTMENT}.b20261123-held"));
    house.resume().expect("resumed");
    house.system(ToDepartment::RequestPlace {
        appointment: held.clone(),
        slot: SlotId::from(format!("{DEPARTMENT}.am.0930")),
        brief: brief("h"),
        confirm: false,
        channel: Channel::Online,
        replaces: None,
    });
    for state in ["held", "cancelled"] {
        let refused = house.in_calendar(&held, Language::Zh).expect_err("never was a booking");
        assert_eq!((refused.code, &refused.valid_now[0].1), (Code::WrongAppointmentState, &state.into()));
        let command = CancelAppointment { appointment: held.clone(), reason: None };
        house.desk(ToDepartment::CancelAppointment(command)).expect("let go");
    }
}

#[test]
fn a_department_that_hides_its_name_is_not_given_away_by_doctor_or_room() {
    let mut house = House::new(0).with_session_of(day(), Some(doctor_id(1)), 3);
    let id = house.book("0900", "a");
    let open = house.in_calendar(&id, Language::Zh).expect("shown");
    assert_eq!(open.department, "内科");
    assert!(!open.whose.is_empty());
    let definition = house.state.config.definition.clone().expect("defined");
    for (neutral_name, number_only, shown) in
        [(Some("三区"), false, "三区"), (None, true, ""), (Some("三区"), true, "三区")]
    {
        let neutral_name = neutral_name.map(str::to_owned);
        let definition = DefineDepartment { neutral_name, number_only, ..definition.clone() };
        house.system(ToDepartment::Configure { time_zone: "Asia/Shanghai".to_owned(), definition });
        for language in [Language::Zh, Language::En] {
            let entry = house.in_calendar(&id, language).expect("shown");
            assert_eq!((entry.department.as_str(), entry.whose.as_str(), entry.room.as_str()), (shown, "", ""));
        }
    }
}
