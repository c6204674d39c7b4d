//! The waitlist: what is freed is offered in line, one place to one at a time, and nobody is passed over without a reason
//! on the record; where nobody waits, a place in demand comes back at a random moment.

use std::collections::{BTreeMap, BTreeSet};

use super::house::*;
use super::random::{Dice, seeds};
use crate::clinic::AppointmentState;
use crate::department::{Department, Event};
use crate::floor::notices::Told;
use crate::ids::*;
use crate::owner::{Message, Outgoing, Owner};
use crate::reach::About;
use crate::time::Timestamp;
use crate::vocabulary::*;
use crate::waitlist::{self, OfferEnd, PassedOver, Why};
use crate::{Code, Principal, Role};

pub(super) fn slot(name: &str) -> SlotId {
    SlotId::from(format!("{DEPARTMENT}.am.{name}"))
}

/// The morning of tomorrow, so that much is still to come.
pub(super) fn tomorrow(capacity: u32, high_demand: bool) -> House {
    let mut house = House::new(0);
    define(&mut house, "am", 1, capacity, high_demand, None);
    house
}

pub(super) fn define(
    house: &mut House,
    name: &str,
    days: i64,
    capacity: u32,
    high_demand: bool,
    doctor: Option<DoctorId>,
) {
    let definition = session(name, days, capacity, high_demand, doctor);
    house.system(ToDepartment::DefineSession(definition));
}

fn session(name: &str, days: i64, capacity: u32, high_demand: bool, doctor: Option<DoctorId>) -> DefineSession {
    let slot = |start: &str| DefineSlot { start: start.to_owned(), minutes: 30, capacity };
    DefineSession {
        id: SessionId::from(format!("{DEPARTMENT}.{name}")),
        date: day().plus_days(days),
        period: "morning".to_owned(),
        queue: queue("pool"),
        doctor,
        service_point: None,
        registration_class: "专家".to_owned(),
        fee_fen: 1000,
        slots: vec![slot("09:00"), slot("09:30")],
        high_demand,
        released_at: None,
    }
}

impl House {
    pub(super) fn take(&mut self, slot: &SlotId, patient: &str, confirm: bool) -> Result<AppointmentId, Code> {
        let date = self.state.clinic.session_of(slot).expect("a session").date.compact();
        let appointment = AppointmentId::from(format!("{DEPARTMENT}.b{date}-{:016x}", self.events.len()));
        let (brief, channel, slot) = (brief(patient), Channel::Online, slot.clone());
        let (id, replaces) = (appointment.clone(), None);
        let asked = ToDepartment::RequestPlace { appointment: id, slot, brief, confirm, channel, replaces };
        match self.system(asked) {
            Answer::Booked { .. } | Answer::Held { .. } => Ok(appointment),
            Answer::Refused(why) => Err(why.code),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn give_back(&mut self, id: &AppointmentId) {
        let command = CancelAppointment { appointment: id.clone(), reason: None };
        self.desk(ToDepartment::CancelAppointment(command)).expect("cancelled");
    }

    pub(super) fn wish(&mut self, patient: &str, wanted: Wanted) -> Result<Answer, crate::Rejection> {
        self.wish_by(Channel::Online, patient, wanted)
    }

    fn wish_by(&mut self, channel: Channel, patient: &str, wanted: Wanted) -> Result<Answer, crate::Rejection> {
        let command = JoinWaitlist { patient: brief(patient).patient, wanted };
        self.desk(ToDepartment::JoinWaitlist { command, brief: brief(patient), channel })
    }

    pub(super) fn joins(&mut self, patient: &str) -> WishId {
        match self.wish(patient, am()) {
            Ok(Answer::Wished { wish, .. }) => wish,
            other => panic!("{other:?}"),
        }
    }

    /// The patients' owners answer what they have been asked: by a limit, or that it is reserved.
    pub(super) fn word(&mut self, refused: impl Fn(&OfferedPlace) -> Option<Code>) {
        while let Some(asked) = self.outgoing.iter().position(|out| offer_of(out).is_some()) {
            let offer = offer_of(&self.outgoing.remove(asked)).expect("an offer").clone();
            let word =
                OfferWord { appointment: offer.appointment.clone(), refused: refused(&offer), patient: offer.patient };
            self.system(ToDepartment::OfferAnswered(word.clone()));
            let before = self.events.len();
            self.system(ToDepartment::OfferAnswered(word));
            assert_eq!(self.events.len(), before, "said again");
        }
    }

    pub(super) fn says_yes(&mut self) {
        self.word(|_| None);
    }

    /// Who has an offer now.
    pub(super) fn offered(&self) -> Vec<(String, SlotId)> {
        let offers = self.state.waitlist.offers.values();
        offers.map(|one| (one.offer.patient.as_str()[2..].to_owned(), one.offer.slot.clone())).collect()
    }

    pub(super) fn offer_to(&self, patient: &str) -> AppointmentId {
        let is_theirs = |one: &&waitlist::Offered| one.offer.patient == brief(patient).patient;
        self.state.waitlist.offers.values().find(is_theirs).expect("an offer").offer.appointment.clone()
    }

    fn accept(&mut self, patient: &str) -> Answer {
        let (appointment, patient) = (self.offer_to(patient), brief(patient).patient);
        self.system(ToDepartment::ConfirmPlace { appointment, patient })
    }

    pub(super) fn decline(&mut self, patient: &str) {
        let appointment = self.offer_to(patient);
        let command = CancelAppointment { appointment, reason: None };
        self.system(ToDepartment::CancelAppointment(command));
    }

    fn waitlist_events(&self) -> impl Iterator<Item = &waitlist::Event> {
        self.events.iter().filter_map(|event| match event {
            Event::Waitlist(event) => Some(event),
            _ => None,
        })
    }

    fn passed(&self) -> Vec<PassedOver> {
        let last = self.waitlist_events().filter_map(|event| match event {
            waitlist::Event::PlaceOffered { passed, .. } | waitlist::Event::PlaceUntaken { passed, .. } => Some(passed),
            _ => None,
        });
        last.last().cloned().unwrap_or_default()
    }

    pub(super) fn ended(&self) -> Vec<(u64, WishEnd)> {
        let ends = self.waitlist_events().filter_map(|event| match event {
            waitlist::Event::WishEnded { news, .. } => Some((news.wish.number(), news.ended.expect("an end"))),
            _ => None,
        });
        ends.collect()
    }

    pub(super) fn sound(&self) {
        self.state.clinic.check().expect("I1");
        self.state.waitlist.check(&self.state.clinic).expect("the waitlist");
        self.assert_replays();
    }

    fn told(&self, id: &AppointmentId) -> Option<About> {
        let told: Option<&Told> = self.state.floor.notices.told.get(&id.ticket());
        told.and_then(|told| told.about)
    }
}

pub(super) fn am() -> Wanted {
    Wanted::Session(SessionId::from(format!("{DEPARTMENT}.am")))
}

fn any_of(days: &[i64], doctor: Option<DoctorId>) -> Wanted {
    let (department, registration_class) = (DepartmentId::from(DEPARTMENT), "专家".to_owned());
    let dates = days.iter().map(|days| day().plus_days(*days)).collect();
    Wanted::AnyOf(AnyOf { department, registration_class, doctor, dates })
}

fn offer_of(out: &Outgoing) -> Option<&OfferedPlace> {
    match out {
        Outgoing::Request(_, Message::Patient(told)) => match &**told {
            ToPatient::Offer(offer) => Some(offer),
            _ => None,
        },
        _ => None,
    }
}

#[test]
fn a_freed_place_is_offered_in_line_and_nobody_else_can_have_it() {
    let mut house = tomorrow(1, false);
    let first = house.take(&slot("0900"), "x", true).expect("booked");
    assert_eq!(code(house.wish("a", am())), Code::PlaceFree, "half past nine is free");
    house.take(&slot("0930"), "y", true).expect("booked");
    assert!(matches!(house.wish("a", am()), Ok(Answer::Wished { place: 1, .. })));
    assert!(matches!(house.wish("b", am()), Ok(Answer::Wished { place: 2, .. })));
    assert_eq!(code(house.wish("a", am())), Code::AlreadyExists);
    assert_eq!(code(house.wish("y", am())), Code::LimitDepartmentDay);
    house.give_back(&first);
    assert_eq!(house.offered(), [("a".to_owned(), slot("0900"))]);
    assert_eq!(house.take(&slot("0900"), "z", true), Err(Code::SlotFull), "it counts as taken");
    assert_eq!(house.told(&house.offer_to("a")), None, "the limits first");
    house.says_yes();
    assert_eq!(house.told(&house.offer_to("a")), Some(About::Offered));
    house.after_s(15 * 60 - 1).pass();
    let id = house.offer_to("a");
    let prolong = ToDepartment::ProlongHold(ProlongHold { appointment: id.clone() });
    assert_eq!(code(house.desk(prolong)), Code::AlreadyProlonged);
    house.after_s(1).pass();
    assert_eq!(house.offered(), [("b".to_owned(), slot("0900"))], "the next");
    assert_eq!(house.told(&id), None, "what was told is over");
    assert_eq!(house.passed(), [PassedOver { wish: WishId::from("s.d.w1"), why: Why::WasAsked }]);
    house.says_yes();
    assert!(matches!(house.accept("b"), Answer::Booked { .. }));
    assert_eq!(house.told(&house.state.clinic.slots[&slot("0900")].expected.first().expect("b").clone()), None);
    assert_eq!(house.ended(), [(2, WishEnd::Taken)]);
    house.sound();
}

#[test]
fn who_takes_an_offered_place_is_told_of_no_booking_whoever_has_put_them_on_the_list() {
    for channel in [Channel::Online, Channel::Desk] {
        let mut house = tomorrow(1, false);
        let first = house.take(&slot("0900"), "x", true).expect("booked");
        house.take(&slot("0930"), "y", true).expect("booked");
        house.wish_by(channel, "a", am()).expect("waits");
        house.give_back(&first);
        house.says_yes();
        let id = house.offer_to("a");
        assert_eq!(house.told(&id), Some(About::Offered));
        assert!(matches!(house.accept("a"), Answer::Booked { .. }));
        assert_eq!(house.told(&id), None, "{channel:?}");
        house.sound();
    }
}

#[test]
fn a_limit_a_booking_and_a_refused_slot_pass_on_with_their_reasons() {
    let mut house = tomorrow(1, false);
    define(&mut house, "other", 1, 1, false, Some(doctor_id(1)));
    let first = house.take(&slot("0900"), "x", true).expect("booked");
    let second = house.take(&slot("0930"), "y", true).expect("booked");
    let [a, b, _] = ["a", "b", "c"].map(|patient| house.joins(patient));
    house.give_back(&first);
    house.word(|offer| (offer.patient == brief("a").patient).then_some(Code::LimitOverlap));
    assert_eq!(house.offered(), [("b".to_owned(), slot("0900"))]);
    let refused = house.waitlist_events().any(|event| {
        matches!(event, waitlist::Event::OfferEnded { how: OfferEnd::Refused(Code::LimitOverlap), wish, .. } if *wish == a)
    });
    assert!(refused, "the limit is on the record");
    // A second place goes to the first in line again, whom the limit has cost nothing.
    house.decline("b");
    house.give_back(&second);
    house.says_yes();
    let mut offered = house.offered();
    offered.sort();
    assert_eq!(offered, [("a".to_owned(), slot("0930")), ("c".to_owned(), slot("0900"))]);
    house.decline("c");
    let why = |wish: &WishId, why| PassedOver { wish: wish.clone(), why };
    let c = WishId::from("s.d.w3");
    assert_eq!(house.passed(), [why(&a, Why::WasAsked), why(&b, Why::WasAsked), why(&c, Why::WasAsked)]);
    assert_eq!(house.state.clinic.slots[&slot("0900")].free(), 1, "nobody takes it: everybody can");
    // Who has booked elsewhere that day waits for nothing more there.
    house.take(&SlotId::from(format!("{DEPARTMENT}.other.0900")), "b", true).expect("booked");
    assert_eq!(house.ended(), [(2, WishEnd::Booked)]);
    house.sound();
}

#[test]
fn a_slot_that_was_let_go_is_not_offered_again_and_leaving_hands_on() {
    let mut house = tomorrow(3, false);
    let places: Vec<_> = (0..6)
        .map(|n| house.take(&slot(if n < 3 { "0900" } else { "0930" }), &format!("x{n}"), true).expect("booked"))
        .collect();
    let wish = house.joins("a");
    house.joins("b");
    house.give_back(&places[0]);
    house.says_yes();
    house.decline("a");
    house.says_yes();
    assert!(matches!(house.accept("b"), Answer::Booked { .. }));
    house.give_back(&places[1]);
    assert_eq!(house.offered(), [], "of that slot no other one");
    assert_eq!(house.passed(), [PassedOver { wish: wish.clone(), why: Why::LetGo }]);
    house.give_back(&places[3]);
    house.says_yes();
    let leave = LeaveWaitlist { patient: brief("z").patient, wish: wish.clone() };
    assert_eq!(code(house.desk(ToDepartment::LeaveWaitlist(leave))), Code::Forbidden, "another's");
    let leave = ToDepartment::LeaveWaitlist(LeaveWaitlist { patient: brief("a").patient, wish });
    house.desk(leave.clone()).expect("left");
    assert_eq!(house.offered(), []);
    house.desk(leave).expect("again");
    assert_eq!(house.ended(), [(2, WishEnd::Taken), (1, WishEnd::Left)]);
    house.sound();
}

#[test]
fn three_offers_that_are_not_taken_end_a_wish() {
    let mut house = tomorrow(1, false);
    define(&mut house, "other", 2, 1, false, None);
    let other = |start: &str| SlotId::from(format!("{DEPARTMENT}.other.{start}"));
    let slots = [slot("0900"), slot("0930"), other("0900"), other("0930")];
    let places = slots.map(|slot| house.take(&slot, slot.as_str().rsplit('.').next().unwrap_or(""), true).expect("ok"));
    house.wish("a", any_of(&[1, 2], None)).expect("joined");
    for (n, place) in places.iter().take(3).enumerate() {
        assert_eq!(house.ended(), []);
        house.give_back(place);
        house.says_yes();
        match n {
            1 => {
                house.after_s(900).pass();
            }
            _ => house.decline("a"),
        }
    }
    assert_eq!(house.ended(), [(1, WishEnd::NotTaken)]);
    house.sound();
}

#[test]
fn an_offer_that_a_stop_ends_or_that_nobody_was_told_of_costs_nothing() {
    let mut house = tomorrow(1, false);
    let first = house.take(&slot("0900"), "x", true).expect("booked");
    house.take(&slot("0930"), "y", true).expect("booked");
    house.joins("a");
    house.give_back(&first);
    house.says_yes();
    let how = |house: &House| {
        let ends = house.waitlist_events().filter_map(|event| match event {
            waitlist::Event::OfferEnded { how, .. } => Some(*how),
            _ => None,
        });
        ends.last()
    };
    house.stop(None, None).expect("stopped");
    assert_eq!((how(&house), house.offered()), (Some(OfferEnd::Stopped), Vec::new()));
    house.resume().expect("it takes place after all");
    assert_eq!(house.offered(), [("a".to_owned(), slot("0900"))], "nobody has let it go");
    // The patient's owner is silent.
    house.after_s(15 * 60).pass();
    assert_eq!((how(&house), house.offered()), (Some(OfferEnd::Unheard), Vec::new()));
    let wish = &house.state.waitlist.line[&1];
    assert_eq!((wish.untaken, wish.let_go.len(), &wish.offered), (0, 0, &None));
    house.sound();
}

#[test]
fn nothing_is_offered_at_night_and_the_first_in_line_has_it_at_seven() {
    let mut house = tomorrow(1, true);
    let first = house.take(&slot("0930"), "x", true).expect("booked");
    house.take(&slot("0900"), "y", true).expect("booked");
    house.now = at("21:59");
    house.joins("a");
    house.now = at("22:00");
    house.give_back(&first);
    assert_eq!(house.offered(), []);
    assert_eq!(house.take(&slot("0930"), "z", true), Err(Code::SlotFull), "it waits for who waits");
    house.now = at("07:00").plus_s(24 * 3600 - 1);
    house.pass();
    assert_eq!(house.offered(), []);
    house.after_s(1).pass();
    assert_eq!(house.offered(), [("a".to_owned(), slot("0930"))]);
    house.says_yes();
    // Nobody takes it, and the slot is within two hours by then: everybody can have it at once.
    house.now = at("07:31").plus_s(24 * 3600);
    house.pass();
    assert_eq!(house.offered(), []);
    house.take(&slot("0930"), "z", true).expect("free");
    house.now = at("09:30").plus_s(24 * 3600);
    house.pass();
    assert_eq!(house.ended(), [(1, WishEnd::Over)]);
    house.sound();
}

#[test]
fn whatever_is_free_at_night_waits_for_the_first_in_line() {
    for how in ["more places", "resumed", "unfrozen", "given back"] {
        let mut house = tomorrow(1, false);
        house.now = at("20:55");
        if how == "given back" {
            let rules = DefineQuotaRules::of(DepartmentId::from(DEPARTMENT));
            let rules = DefineQuotaRules { desk_back_min: Some(10 * 60 + 30), ..rules };
            house.system(ToDepartment::DefineQuotaRules(rules));
            let definition = Box::new(ToDepartment::DefineSession(session("am", 1, 1, false, None)));
            let quotas = vec![ByChannel { desk: 1, ..ByChannel::default() }];
            house.system(ToDepartment::WithQuotas { definition, quotas });
        } else {
            house.take(&slot("0900"), "x", how == "more places").expect("a place");
        }
        house.take(&slot("0930"), "y", true).expect("booked");
        house.joins("a");
        house.now = at("21:00");
        let freeze = |house: &mut House, frozen| {
            let session = SessionId::from(format!("{DEPARTMENT}.am"));
            let command = FreezeSession { session, frozen, reason: "ill".to_owned() };
            house.tell(Principal::of(Role::Operator, AccountId::from("a-o")), ToDepartment::FreezeSession(command))
        };
        match how {
            "resumed" => drop(house.stop(None, None).expect("stopped")),
            "unfrozen" => drop(freeze(&mut house, true).expect("frozen")),
            _ => {}
        }
        house.pass();
        house.now = at("22:30");
        house.pass();
        match how {
            "more places" => define(&mut house, "am", 1, 2, false, None),
            "resumed" => drop(house.resume().expect("resumed")),
            "unfrozen" => drop(freeze(&mut house, false).expect("unfrozen")),
            _ => {}
        }
        assert_eq!((house.offered(), house.state.waitlist.kept.len()), (Vec::new(), 1), "{how}");
        assert_eq!(house.take(&slot("0900"), "z", true), Err(Code::SlotFull), "{how}: it waits for who waits");
        house.sound();
        house.now = at("07:00").plus_s(24 * 3600);
        house.pass();
        assert_eq!(house.offered(), [("a".to_owned(), slot("0900"))], "{how}");
        let names_nobody = house.waitlist_events().all(|event| match event {
            waitlist::Event::PlaceOffered { freed, .. } => freed.is_none(),
            _ => true,
        });
        assert!(names_nobody, "{how}: it was nobody's");
        house.says_yes();
        house.decline("a");
        house.take(&slot("0900"), "z", true).expect("nobody waits for it any more");
        house.sound();
    }
}

#[test]
fn where_nobody_waits_a_place_in_demand_comes_back_within_two_hours_and_an_undo_finds_it() {
    for (high_demand, capacity) in [(true, 1), (false, 1), (true, 5)] {
        let mut house = tomorrow(capacity, high_demand);
        let id = house.take(&slot("0900"), "x", true).expect("booked");
        house.give_back(&id);
        let free = |house: &House| house.state.clinic.slots[&slot("0900")].free();
        assert_eq!(free(&house), if high_demand { capacity - 1 } else { 1 });
        let restore = RestoreAppointment { appointment: id.clone(), reason: "mistake".to_owned() };
        house.desk(ToDepartment::RestoreAppointment(restore)).expect("restored");
        assert_eq!((free(&house), house.state.waitlist.kept.len()), (capacity - 1, 0));
        let held = house.take(&slot("0930"), "y", false).expect("held");
        house.after_s(600).pass();
        assert_eq!(house.state.clinic.appointments[&held].state, AppointmentState::Expired);
        let until = house.state.waitlist.kept.values().map(|kept| kept.until).next();
        assert_eq!(until.is_some(), high_demand);
        if let Some(until) = until {
            let delay_min = until.ms_since(house.now) / 60_000;
            assert!((60..120).contains(&delay_min), "{delay_min}");
            house.now = until;
            house.pass();
            assert_eq!(house.state.waitlist.kept.len(), 0);
        }
        house.sound();
    }
    // Within two hours of its slot it is everybody's at once, always by two hours before.
    let mut house = House::new(0);
    define(&mut house, "am", 0, 1, true, None);
    let id = house.take(&slot("0930"), "x", true).expect("booked");
    house.give_back(&id);
    house.take(&slot("0930"), "y", true).expect("at once");
    house.sound();
}

#[test]
fn whoever_joins_is_offered_what_is_kept_back_and_any_doctor_of_a_class_is_one_wish() {
    let mut house = tomorrow(1, true);
    define(&mut house, "other", 2, 1, true, Some(doctor_id(1)));
    let other = |start: &str| SlotId::from(format!("{DEPARTMENT}.other.{start}"));
    let first = house.take(&slot("0900"), "x", true).expect("booked");
    house.take(&slot("0930"), "y", true).expect("booked");
    house.give_back(&first);
    let ids: Vec<_> = ["0900", "0930"].map(|start| house.take(&other(start), start, true).expect("booked")).into();
    assert_eq!(code(house.wish("a", any_of(&[], None))), Code::InvalidField);
    assert_eq!(code(house.wish("a", any_of(&[5], None))), Code::SlotClosed, "nothing there");
    assert_eq!(code(house.wish("a", any_of(&[1], Some(doctor_id(2))))), Code::SlotClosed, "not that doctor's");
    house.wish("a", any_of(&[1, 2], None)).expect("joined");
    assert_eq!(house.offered(), [("a".to_owned(), slot("0900"))], "at once");
    house.says_yes();
    house.decline("a");
    assert_eq!(house.state.waitlist.kept.len(), 1, "nobody takes it: as before");
    assert_eq!(code(house.wish("a", any_of(&[2, 3], None))), Code::AlreadyExists);
    house.give_back(&ids[1]);
    assert_eq!(house.offered(), [("a".to_owned(), other("0930"))]);
    house.says_yes();
    assert!(matches!(house.accept("a"), Answer::Booked { .. }));
    assert_eq!(house.ended(), [(1, WishEnd::Taken)]);
    // More places, too.
    house.joins("b");
    define(&mut house, "am", 1, 2, true, None);
    assert_eq!(house.offered().len(), 1, "one place to one");
    house.sound();
    // Of a department that nobody has defined the same is said as of a session that there is not.
    house.state.config.definition = None;
    assert_eq!(code(house.wish("z", any_of(&[5], None))), Code::Forbidden);
}

/// What must hold of every record, whatever happened: read from the record alone, as somebody would who does not trust the
/// program.
#[derive(Default)]
struct Auditor {
    line: BTreeMap<u64, (Wanted, String)>,
    open: BTreeMap<AppointmentId, u64>,
}

impl Auditor {
    fn read(&mut self, event: &Event, sessions: &BTreeMap<SlotId, (crate::BusinessDate, Option<DoctorId>)>) {
        let Event::Waitlist(event) = event else { return };
        match event {
            waitlist::Event::WishJoined { news, brief, .. } => {
                assert!(self.line.keys().all(|before| *before < news.wish.number()), "at the end of the line");
                self.line.insert(news.wish.number(), (news.wanted.clone(), brief.patient.to_string()));
            }
            waitlist::Event::WishEnded { news, .. } => drop(self.line.remove(&news.wish.number())),
            waitlist::Event::PlaceOffered { offer, passed, at, .. } => {
                let number = offer.wish.number();
                assert!(!self.open.values().any(|other| *other == number), "one offer to one wish");
                let clock = crate::time::Zone::named("Asia/Shanghai").expect("a zone").clock(*at);
                assert!(("07:00".."22:00").contains(&clock.as_str()), "{clock}");
                assert!(offer.expires_at <= offer.slot_start);
                let (date, doctor) = &sessions[&offer.slot];
                let is_for = |wanted: &Wanted| match wanted {
                    Wanted::Session(session) => *session == offer.slot.session(),
                    Wanted::AnyOf(any) => {
                        any.dates.contains(date) && any.doctor.as_ref().is_none_or(|one| doctor.as_ref() == Some(one))
                    }
                };
                let before = self.line.range(..number).filter(|(_, (wanted, _))| is_for(wanted));
                let before: Vec<u64> = before.map(|(number, _)| *number).collect();
                let named: Vec<u64> = passed.iter().map(|one| one.wish.number()).collect();
                assert_eq!(before, named, "nobody is passed over without a word");
                assert!(is_for(&self.line[&number].0));
                self.open.insert(offer.appointment.clone(), number);
            }
            waitlist::Event::OfferEnded { appointment, .. } => {
                assert!(self.open.remove(appointment).is_some(), "an offer ends once");
            }
            _ => {}
        }
    }
}

#[test]
fn random_days_pass_nobody_over_without_a_reason() {
    for seed in seeds(20) {
        let mut dice = Dice(seed);
        let mut house = tomorrow(2, dice.roll(2) == 0);
        define(&mut house, "other", 2, 1, dice.roll(2) == 0, Some(doctor_id(1)));
        let sessions: BTreeMap<_, _> = house
            .state
            .clinic
            .slots
            .keys()
            .map(|id| (id.clone(), house.state.clinic.session_of(id).map(|s| (s.date, s.doctor.clone())).expect("one")))
            .collect();
        let slots: Vec<SlotId> = sessions.keys().cloned().collect();
        let (mut auditor, mut read) = (Auditor::default(), 0);
        for _ in 0..120 {
            let who = format!("p{}", dice.roll(12));
            let mine: Vec<AppointmentId> = house
                .state
                .clinic
                .appointments
                .iter()
                .filter(|(_, known)| known.brief.patient == brief(&who).patient)
                .filter(|(_, known)| matches!(known.state, AppointmentState::Held { .. } | AppointmentState::Booked))
                .map(|(id, _)| id.clone())
                .collect();
            let days: BTreeSet<_> = mine.iter().filter_map(AppointmentId::date).collect();
            match dice.roll(9) {
                0..=2 => {
                    let slot = &slots[dice.roll(slots.len() as u64) as usize];
                    if !days.contains(&sessions[slot].0) {
                        let _ = house.take(slot, &who, dice.roll(3) > 0);
                    }
                }
                3 => {
                    if let Some(id) = mine.first() {
                        house.give_back(id);
                    }
                }
                4 => {
                    let wanted = match dice.roll(3) {
                        0 => am(),
                        1 => any_of(&[1, 2], None),
                        _ => any_of(&[2], Some(doctor_id(1))),
                    };
                    let _ = house.wish(&who, wanted);
                }
                5 => {
                    let patient = brief(&who).patient;
                    let first = house.state.waitlist.of_patient(&patient).next().map(|wish| wish.news.wish.clone());
                    if let Some(wish) = first {
                        house.desk(ToDepartment::LeaveWaitlist(LeaveWaitlist { patient, wish })).expect("left");
                    }
                }
                6 => {
                    let patient = brief(&who).patient;
                    if house.state.waitlist.offers.values().any(|one| one.offer.patient == patient) {
                        house.accept(&who);
                    }
                }
                7 => {
                    house.after_s(dice.roll(5400) as i64).pass();
                }
                _ => {
                    house.after_s(dice.roll(600) as i64).pass();
                }
            }
            let limit = dice.roll(4) == 0;
            house.word(|_| limit.then_some(Code::LimitOverlap));
            for event in &house.events[read..] {
                auditor.read(event, &sessions);
            }
            read = house.events.len();
            assert_eq!(
                auditor.open.keys().collect::<Vec<_>>(),
                house.state.waitlist.offers.keys().collect::<Vec<_>>(),
                "seed {seed}"
            );
            house.state.clinic.check().unwrap_or_else(|why| panic!("seed {seed}: {why}"));
            house.state.waitlist.check(&house.state.clinic).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
            let next = Department::next_deadline(&house.state);
            assert!(next.is_none_or(|at: Timestamp| at > house.now), "seed {seed}: {next:?} stands still");
        }
        house.sound();
    }
}
