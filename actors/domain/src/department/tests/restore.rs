//! A cancellation undone: the same place and the same number for the same patient, or a clear no.

use std::collections::BTreeMap;

use super::house::*;
use super::random::{Dice, seeds};
use crate::clinic::{Appointment, AppointmentState};
use crate::ids::*;
use crate::vocabulary::*;
use crate::{Code, Principal, Rejection};

impl House {
    fn cancel_booking(&mut self, id: &AppointmentId, by: Principal) -> Result<Answer, Rejection> {
        let command = CancelAppointment { appointment: id.clone(), reason: None };
        self.tell(by, ToDepartment::CancelAppointment(command))
    }

    fn restore(&mut self, id: &AppointmentId) -> Result<Answer, Rejection> {
        let command = RestoreAppointment { appointment: id.clone(), reason: "mistake".to_owned() };
        self.desk(ToDepartment::RestoreAppointment(command))
    }

    fn number(&self, id: &AppointmentId) -> Option<String> {
        self.state.clinic.appointments[id].number.clone()
    }
}

#[test]
fn an_undone_cancellation_is_the_booking_that_it_was() {
    let mut house = House::new(0).with_session(2).with_doctors();
    let (first, second) = (house.book("0900", "a"), house.book("0900", "b"));
    let before = house.state.clinic.appointments[&first].clone();
    house.cancel_booking(&first, desk()).expect("cancelled");
    let restored = house.restore(&first).expect("restored");
    assert!(matches!(&restored, Answer::Booked { number, .. } if *number == before.number), "{restored:?}");
    let restored = Appointment { changes: before.changes + 2, ..before };
    assert_eq!(house.state.clinic.appointments[&first], restored, "the state before, which calendars have seen twice");
    assert_eq!(code(house.restore(&first)), Code::WrongAppointmentState);
    house.now = at("08:40");
    house.check_in(&second).expect("came first");
    house.check_in(&first).expect("comes");
    let lines = &house.state.floor.lines[&queue("pool")];
    let order = lines.order(&house.state.config.settings.queue);
    assert_eq!(order, [first.ticket(), second.ticket()], "its place in the slot is the first one still");
    house.assert_replays();
}

#[test]
fn what_cannot_be_brought_back_is_refused_by_name() {
    let mut house = House::new(0).with_session(1);
    let first = house.book("0900", "a");
    house.cancel_booking(&first, desk()).expect("cancelled");
    let mut taken = house.clone();
    let second = taken.book("0900", "b");
    let refused = taken.restore(&first).expect_err("taken meanwhile");
    assert_eq!(refused.code, Code::SlotFull);
    assert_eq!(refused.valid_now, [("next_free".to_owned(), "s.d.am.0930".into())]);
    taken.cancel_booking(&second, desk()).expect("cancelled");
    taken.restore(&first).expect("free again");
    let mut again = house.clone();
    let other = again.book("1000", "a");
    let refused = again.restore(&first).expect_err("has booked again for that day");
    assert_eq!((refused.code, &refused.valid_now[0].1), (Code::LimitDepartmentDay, &other.as_str().into()));
    let mut holds = house.clone();
    let held = AppointmentId::from(format!("{DEPARTMENT}.b20261123-held"));
    holds.system(ToDepartment::RequestPlace {
        appointment: held.clone(),
        slot: SlotId::from(format!("{DEPARTMENT}.am.1000")),
        brief: brief("a"),
        confirm: false,
        channel: Channel::Online,
        replaces: None,
    });
    let mut is_there = house.clone().with_doctors();
    let came = is_there.book("0930", "a");
    is_there.now = at("08:40");
    is_there.check_in(&came).expect("comes");
    for (mut house, other, what) in [(holds, held, "holds a place"), (is_there, came, "has checked in")] {
        let refused = house.restore(&first).expect_err(what);
        assert_eq!(
            (refused.code, &refused.valid_now[0].1),
            (Code::LimitDepartmentDay, &other.as_str().into()),
            "{what}"
        );
    }
    house.now = at("09:30");
    assert_eq!(code(house.restore(&first)), Code::SlotClosed);
    assert_eq!(code(house.restore(&AppointmentId::from("s.d.b20261123-none"))), Code::Forbidden);
}

/// Whatever is booked, cancelled, restored and checked in: no place twice (I1), no number for two (I2), and whoever is
/// booked again has the number of the first time.
#[test]
fn no_number_is_anybody_elses_however_often_it_is_brought_back() {
    let (mut restored, mut full) = (0, 0);
    let seeds = seeds(40);
    let rounds = seeds.end - seeds.start;
    for seed in seeds {
        let mut dice = Dice(seed);
        let mut house = House::new(0).with_session(2).with_doctors();
        let mut given: BTreeMap<String, AppointmentId> = BTreeMap::new();
        for _ in 0..200 {
            let ids: Vec<AppointmentId> = house.state.clinic.appointments.keys().cloned().collect();
            let any = |dice: &mut Dice| (!ids.is_empty()).then(|| ids[dice.roll(ids.len() as u64) as usize].clone());
            match (dice.roll(9), any(&mut dice)) {
                (8, _) if dice.roll(3) == 0 => drop(house.stop(Some("09:30"), None)),
                (8, _) => drop(house.resume()),
                (0..=2, _) => {
                    let slot = ["0900", "0930", "1000"][dice.roll(3) as usize];
                    let request = ToDepartment::RequestPlace {
                        appointment: AppointmentId::from(format!("{DEPARTMENT}.b20261123-{:x}", house.events.len())),
                        slot: SlotId::from(format!("{DEPARTMENT}.am.{slot}")),
                        brief: brief(&format!("{}", dice.roll(6))),
                        confirm: dice.roll(5) > 0,
                        channel: Channel::Online,
                        replaces: None,
                    };
                    house.system(request);
                }
                (3 | 4, Some(id)) => {
                    let by = if dice.roll(2) == 0 { desk() } else { Principal::system() };
                    drop(house.cancel_booking(&id, by));
                }
                (5, Some(id)) => match house.restore(&id) {
                    Ok(_) => restored += 1,
                    Err(why) => full += u64::from(why.code == Code::SlotFull),
                },
                (6, Some(id)) => drop(house.check_in(&id)),
                (7, Some(id)) if house.state.floor.tickets.contains_key(&id.ticket()) => {
                    drop(house.undo_last(&id.ticket()));
                }
                _ => {}
            }
            for (id, known) in &house.state.clinic.appointments {
                let Some(number) = &known.number else {
                    assert_ne!(known.state, AppointmentState::Booked, "seed {seed}: {id} is booked without a number");
                    continue;
                };
                let first = given.entry(number.clone()).or_insert_with(|| id.clone());
                assert_eq!(first, id, "seed {seed}: I2: {number} is {first}'s and {id}'s");
            }
            for (number, id) in &given {
                assert_eq!(house.number(id).as_ref(), Some(number), "seed {seed}: {id} has another number now");
            }
            house.state.clinic.check().unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}"));
        }
        house.assert_replays();
    }
    assert!(restored > rounds && full > rounds, "{restored} restored, {full} taken meanwhile");
}
