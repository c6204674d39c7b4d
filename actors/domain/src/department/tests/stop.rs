//! The desk stops a session: who waits is taken along, and everybody hears what became of them.

use super::house::*;
use crate::clinic::AppointmentState;
use crate::ids::*;
use crate::vocabulary::*;
use crate::{Code, Rejection};

impl House {
    pub fn stop(&mut self, from: Option<&str>, to: Option<&str>) -> Result<Answer, Rejection> {
        let (session, reason) = (SessionId::from(format!("{DEPARTMENT}.am")), "ill".to_owned());
        self.desk(ToDepartment::StopSession(StopSession {
            session,
            from: from.map(at),
            reason,
            to: to.map(queue),
            substitute: None,
        }))
    }

    pub fn resume(&mut self) -> Result<Answer, Rejection> {
        let session = SessionId::from(format!("{DEPARTMENT}.am"));
        self.desk(ToDepartment::ResumeSession(ResumeSession { session }))
    }

    fn appointment_state(&self, id: &AppointmentId) -> AppointmentState {
        self.state.clinic.appointments[id].state
    }
}

#[test]
fn who_waits_goes_together_to_another_queue_in_their_order() {
    let mut house = House::new(0).with_session(3);
    let ids: Vec<AppointmentId> = ["a", "b", "c"].iter().map(|who| house.book("0900", who)).collect();
    let home = house.book("1000", "d");
    house.now = at("08:50");
    house.begin(1);
    for id in [&ids[2], &ids[0], &ids[1]] {
        house.after_s(10).check_in(id).expect("comes");
    }
    let called = house.called(1);
    assert_eq!(called, ids[0].ticket());
    assert_eq!(code(house.stop(None, Some("pool"))), Code::InvalidField, "that is its own");
    assert_eq!(code(house.stop(None, Some("nowhere"))), Code::Forbidden);
    house.stop(None, Some("other")).expect("is stopped");
    let order = house.state.floor.lines[&queue("other")].order(&house.state.config.settings.queue);
    assert_eq!(order, [ids[2].ticket(), ids[1].ticket()], "by check-in, as everybody from elsewhere");
    assert_eq!(house.is(&called), "called", "who is called is the doctor's to end");
    assert_eq!(house.appointment_state(&ids[1]), AppointmentState::CheckedIn);
    assert_eq!(house.appointment_state(&home), AppointmentState::Stopped);
    // Each is free to leave.
    let leaves = CancelTicket { ticket: ids[1].ticket(), reason: "must go".to_owned() };
    house.desk(ToDepartment::CancelTicket(leaves)).expect("leaves");
    house.assert_replays();
}

#[test]
fn of_a_stop_to_come_only_who_is_there_for_it_is_taken_along() {
    let mut house = House::new(0).with_session(3);
    let (early, late) = (house.book("0900", "a"), house.book("1000", "b"));
    house.now = at("09:00");
    house.check_in(&early).expect("comes");
    house.check_in(&late).expect("comes");
    house.stop(Some("10:00"), Some("other")).expect("is stopped");
    assert_eq!(house.ticket(&early.ticket()).opened.queue, queue("pool"), "is seen before that");
    assert_eq!(house.ticket(&late.ticket()).opened.queue, queue("other"));
    // Said again, later, it takes along whoever waits by then.
    house.now = at("10:05");
    house.stop(Some("10:00"), Some("other")).expect("is said again");
    assert_eq!(house.ticket(&early.ticket()).opened.queue, queue("other"));
    house.assert_replays();
}

#[test]
fn a_check_in_by_mistake_is_undone_into_the_stop_and_walk_ins_go_by_what_takes_place() {
    let mut house = House::new(0).with_session(3);
    let id = house.book("0900", "a");
    house.now = at("08:50");
    house.check_in(&id).expect("comes");
    house.stop(None, None).expect("is stopped");
    house.undo_last(&id.ticket()).expect("is undone");
    assert_eq!(house.appointment_state(&id), AppointmentState::Stopped);
    assert_eq!(code(house.check_in(&id)), Code::SessionClosed);
    let walk_in = house.walk_in("pool", "w", None);
    assert_eq!(house.ticket(&walk_in).opened.session, None);
    house.resume().expect("takes place");
    assert_eq!(house.appointment_state(&id), AppointmentState::Booked);
    house.check_in(&id).expect("comes");
    house.state.clinic.check().expect("holds");
    house.assert_replays();
}

/// As somebody who is ill is replaced: stopped, taken along, and who sits there instead.
fn stop_for(house: &mut House, to: Option<&str>, substitute: u32) -> Result<Answer, Rejection> {
    let (session, reason) = (SessionId::from(format!("{DEPARTMENT}.am")), "ill".to_owned());
    let (to, substitute) = (to.map(queue), Some(doctor_id(substitute)));
    house.desk(ToDepartment::StopSession(StopSession { session, from: None, reason, to, substitute }))
}

#[test]
fn a_substitute_sits_where_those_who_wait_are_taken_and_has_the_places_that_are_left() {
    let mut house = House::new(0).with_session(3);
    let ids: Vec<AppointmentId> = ["a", "b"].iter().map(|who| house.book("0900", who)).collect();
    let home = house.book("1000", "c");
    house.now = at("08:50");
    for id in &ids {
        house.after_s(10).check_in(id).expect("comes");
    }
    assert_eq!(code(stop_for(&mut house, None, 2)), Code::InvalidField, "where?");
    assert_eq!(code(stop_for(&mut house, Some("own"), 2)), Code::InvalidField, "is another doctor's queue");
    assert_eq!(code(stop_for(&mut house, Some("other"), 77)), Code::Forbidden, "works elsewhere");
    stop_for(&mut house, Some("other"), 2).expect("sits instead");
    let instead = SessionId::from(format!("{DEPARTMENT}.am-sub"));
    let session = &house.state.clinic.sessions[&instead];
    let was = &house.state.clinic.sessions[&SessionId::from(format!("{DEPARTMENT}.am"))];
    assert_eq!((&session.doctor, &session.queue), (&Some(doctor_id(2)), &queue("other")));
    assert_eq!(
        (&session.date, &session.period, &session.registration_class, session.fee_fen),
        (&was.date, &was.period, &was.registration_class, was.fee_fen)
    );
    let places = |of: &crate::clinic::Session| -> Vec<(crate::Timestamp, u32)> {
        of.slots.iter().map(|id| &house.state.clinic.slots[id]).map(|slot| (slot.start, slot.capacity)).collect()
    };
    let mut left = places(was);
    left[0].1 -= 2;
    assert_eq!(places(session), left, "two are there already");
    for id in &ids {
        let opened = &house.ticket(&id.ticket()).opened;
        assert_eq!((&opened.queue, &opened.session), (&queue("other"), &Some(instead.clone())));
    }
    assert_eq!(house.appointment_state(&home), AppointmentState::Stopped);
    let events = house.events.len();
    stop_for(&mut house, Some("other"), 2).expect("said again");
    assert_eq!(house.events.len(), events, "changes nothing");
    house.state.clinic.check().expect("holds");
    house.assert_replays();
}

#[test]
fn of_a_day_that_is_over_nobody_sits_instead_and_nothing_is_done_in_part() {
    let mut house = House::new(0).with_session(3);
    let home = house.book("1000", "a");
    house.now = at("09:00").plus_s(24 * 60 * 60);
    let (session, reason) = (SessionId::from(format!("{DEPARTMENT}.am")), "ill".to_owned());
    let (to, from, substitute) = (Some(queue("other")), Some(at("09:30")), Some(doctor_id(2)));
    let stop = StopSession { session, from, reason, to, substitute };
    assert_eq!(code(house.desk(ToDepartment::StopSession(stop))), Code::InvalidField);
    assert_eq!(house.appointment_state(&home), AppointmentState::Booked);
    house.assert_replays();
}
