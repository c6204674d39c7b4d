//! 加号 by the doctor: to the own session, last in its slot, taken back by whoever's session it is.

use super::house::*;
use crate::codes::Code;
use crate::floor::Standing;
use crate::ids::*;
use crate::vocabulary::*;

fn add(house: &mut House, by: u32, patient: &str, change: impl FnOnce(&mut RegisterWalkIn)) -> Result<TicketId, Code> {
    let mut command = RegisterWalkIn {
        queue: queue("pool"),
        patient: PatientId::from(format!("p-{patient}")),
        class: None,
        addition_to: Some(SessionId::from("s.d.am")),
        slot: None,
        visit: None,
    };
    change(&mut command);
    let told = ToDepartment::RegisterWalkIn { command, brief: brief(patient), birth_date: None };
    match house.tell(doctor(by), told) {
        Ok(Answer::Waiting { ticket, .. }) => Ok(ticket),
        Ok(other) => panic!("{other:?}"),
        Err(why) => Err(why.code),
    }
}

#[test]
fn a_doctor_adds_to_the_own_session_and_takes_it_back() {
    let mut house = House::new(0).with_session_of(day(), Some(doctor_id(1)), 1).with_doctors();
    let booked = house.book("1000", "1");
    house.after_s(3600).check_in(&booked).unwrap();
    let added = add(&mut house, 1, "2", |_| {}).unwrap();
    let ticket = &house.state.floor.tickets[&added];
    assert!(ticket.opened.addition && !ticket.opened.walk_in);
    let first = house.state.clinic.slots[&SlotId::from("s.d.am.1000")].start;
    assert_eq!(ticket.opened.slot_start, Some(first), "the session's last slot");
    for (by, change) in [
        (2, (|_| {}) as fn(&mut RegisterWalkIn)),
        (1, |command| command.addition_to = None),
        (1, |command| command.class = Some("emergency".to_owned())),
    ] {
        assert_eq!(add(&mut house, by, "3", change), Err(Code::Forbidden));
    }
    let undo = || Undo { event: format!("{added}@1"), reason: "按错了".to_owned() };
    let refused = house.tell(doctor(2), ToDepartment::Undo(undo())).unwrap_err();
    assert_eq!(refused.code, Code::Forbidden, "another doctor's session");
    house.tell(doctor(1), ToDepartment::Undo(undo())).unwrap();
    assert!(matches!(house.state.floor.tickets[&added].standing, Standing::Ended { .. }));
}

#[test]
fn nobody_is_added_today_to_a_session_of_another_day() {
    for away in [-1, 1] {
        let date = if away < 0 { day() } else { day().plus_days(1) };
        let mut house = House::new(0).with_session_of(date, Some(doctor_id(1)), 1).with_doctors();
        if away < 0 {
            house.after_s(86_400);
        }
        assert_eq!(add(&mut house, 1, "1", |_| {}), Err(Code::InvalidField), "the doctor, {away} days from now");
        let command = RegisterWalkIn {
            queue: queue("pool"),
            patient: PatientId::from("p-1"),
            class: None,
            addition_to: Some(SessionId::from("s.d.am")),
            slot: Some(SlotId::from("s.d.am.0930")),
            visit: None,
        };
        let told = ToDepartment::RegisterWalkIn { command, brief: brief("1"), birth_date: None };
        assert_eq!(code(house.desk(told)), Code::InvalidField, "the desk, {away} days from now");
        assert_eq!(house.state.floor.tickets.values().count(), 0);
    }
}
