//! Quotas of templates, the horizon of referrals, and the number of a referral.

use super::house::*;
use super::planning::*;
use crate::Code;
use crate::ids::*;
use crate::vocabulary::*;

fn of_desk(desk: u32) -> ByChannel {
    ByChannel { desk, ..ByChannel::default() }
}

fn with(definition: ToDepartment, quotas: Vec<ByChannel>) -> ToDepartment {
    ToDepartment::WithQuotas { definition: Box::new(definition), quotas }
}

fn rules() -> DefineQuotaRules {
    DefineQuotaRules::of(DEPARTMENT.into())
}

impl House {
    fn quotas_of(&self, id: &str) -> Vec<ByChannel> {
        self.session(id).slots.iter().map(|slot| self.state.clinic.slots[slot].quotas).collect()
    }
}

#[test]
fn sessions_of_a_template_keep_what_it_says() {
    let mut house = House::new(0);
    let is = template("pool", None, &[2]);
    let outcome = house.plans(with(ToDepartment::DefineTemplate(is.clone()), vec![of_desk(1)]));
    assert_eq!(outcome.made, 4);
    let id = format!("pool-d{}", day().plus_days(1).compact());
    assert_eq!(house.quotas_of(&id), [of_desk(1), of_desk(1)]);
    house.templates(is.clone());
    assert_eq!(house.quotas_of(&id), [of_desk(0), of_desk(0)], "absent: nothing is kept");
    let outcome = house.plans(with(ToDepartment::DefineTemplate(is.clone()), vec![of_desk(2)]));
    assert_eq!((outcome.made, outcome.changed), (0, 4));
    assert_eq!(house.plans(with(ToDepartment::DefineTemplate(is.clone()), vec![of_desk(2)])), Default::default());
    let events = house.events.len();
    let too_many = with(ToDepartment::DefineTemplate(is.clone()), vec![of_desk(3)]);
    assert_eq!(house.tell(operator(), too_many).unwrap_err().code, Code::InvalidField);
    assert_eq!(house.events.len(), events, "nothing of it is kept");
    let slot = |start: &str, capacity| DefineSlot { start: start.into(), minutes: 30, capacity };
    let (slots, start, end, capacity) = (vec![slot("09:00", 2), slot("09:30", 4)], None, None, None);
    let listed = DefineTemplate { slots, start, end, capacity, ..is };
    house.plans(with(ToDepartment::DefineTemplate(listed), vec![of_desk(0), of_desk(4)]));
    assert_eq!(house.quotas_of(&id), [of_desk(0), of_desk(4)]);
    house.assert_replays();
}

#[test]
fn whoever_keeps_otherwise_by_hand_has_the_session() {
    let mut house = House::new(0);
    house.plans(with(ToDepartment::DefineTemplate(template("pool", None, &[2])), vec![of_desk(1)]));
    let id = format!("pool-d{}", day().plus_days(1).compact());
    let there = house.session(&id).clone();
    house
        .defines_by_hand(&id, |session| {
            (session.doctor, session.released_at, session.fee_fen) = (there.doctor, there.released_at, there.fee_fen);
        })
        .unwrap();
    assert_eq!(house.quotas_of(&id), [of_desk(0), of_desk(0)]);
    assert_eq!(house.stands(&id).1, Some(crate::plan::Standing::ByHand));
    house.gives_back(&id);
    assert_eq!(house.quotas_of(&id), [of_desk(1), of_desk(1)], "as the plan says again");
}

#[test]
fn sessions_are_made_as_far_ahead_as_referrals_may_book() {
    let mut house = House::new(0);
    house.templates(template("pool", None, &[2]));
    let rule = DefineQuotaRules { referral_release_days: Some(60), ..rules() };
    let far = format!("pool-d{}", day().plus_days(57).compact());
    assert_eq!(house.stands(&far), (None, None));
    let outcome = house.plans(ToDepartment::DefineQuotaRules(rule.clone()));
    assert_eq!(outcome.made, 5, "the second month");
    assert_eq!(house.plans(ToDepartment::DefineQuotaRules(rule)), Default::default());
    assert_eq!(house.asks(&far, "0900", "a", Channel::Online).unwrap_err().code, Code::SlotClosed);
    assert_eq!(house.asks(&far, "0900", "b", Channel::Desk).unwrap_err().code, Code::SlotClosed);
    house.asks(&far, "0900", "c", Channel::Referral).expect("before its own release");
    let shorter = house.plans(ToDepartment::DefineQuotaRules(rules()));
    assert_eq!(shorter.gone, 0, "a shorter horizon takes nothing away");
    house.assert_replays();
}

#[test]
fn a_longer_horizon_of_referrals_has_the_same_bound() {
    let mut house = House::new(0);
    for n in 0..14 {
        house.templates(template(&format!("t{n}"), None, &[1, 2, 3, 4, 5, 6, 7]));
    }
    let rule = DefineQuotaRules { referral_release_days: Some(366), ..rules() };
    let refused = house.tell(operator(), ToDepartment::DefineQuotaRules(rule.clone())).unwrap_err();
    assert_eq!(refused.code, Code::LimitExceeded, "14 × 366");
    let fewer = DefineQuotaRules { referral_release_days: Some(350), ..rule };
    house.plans(ToDepartment::DefineQuotaRules(fewer));
    let refused = house.tell(operator(), ToDepartment::DefineTemplate(template("more", None, &[1, 2, 3, 4, 5, 6, 7])));
    assert_eq!(refused.unwrap_err().code, Code::LimitExceeded, "15 × 350");
}

#[test]
fn the_number_of_a_referral_stands_with_its_appointment() {
    let mut house = House::new(0);
    house.plans(with(
        ToDepartment::DefineTemplate(DefineTemplate { capacity: Some(1), ..template("pool", None, &[2]) }),
        vec![ByChannel { referral: 1, ..ByChannel::default() }],
    ));
    let session = session_id(&format!("pool-d{}", day().plus_days(1).compact()));
    let appointment = |n: u32| AppointmentId::from(format!("{DEPARTMENT}.b{}-{n:016x}", day().plus_days(1).compact()));
    let mut request = |n: u32, referral: &str| {
        let answer = house.system(ToDepartment::RequestByReferral {
            appointment: appointment(n),
            slot: format!("{session}.0900").into(),
            brief: brief(&n.to_string()),
            confirm: true,
            replaces: None,
            referral: referral.into(),
        });
        (answer, house.state.clinic.appointments.get(&appointment(n)).cloned())
    };
    let (_, booked) = request(1, "ZZ-7");
    let booked = booked.expect("booked");
    assert_eq!((booked.channel, booked.referral.as_deref()), (Channel::Referral, Some("ZZ-7")));
    let (again, same) = request(1, "ZZ-8");
    assert!(matches!(again, Answer::Booked { .. }), "{again:?}");
    assert_eq!(same.and_then(|known| known.referral).as_deref(), Some("ZZ-7"), "a repeat changes nothing");
    let (full, none) = request(2, "ZZ-9");
    let refused = matches!(&full, Answer::Refused(why) if why.code == Code::SlotFull);
    assert!(refused && none.is_none(), "{full:?}");
}
