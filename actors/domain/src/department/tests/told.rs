//! Between a department and a person: the two owners, and a post that loses, repeats and confuses.

mod notices;
mod replaced;

use super::house::*;
use super::random::{Dice, seeds};
use crate::clinic::AppointmentState;
use crate::ids::*;
use crate::owner::{Context, Draft, Message, Outgoing, Owner};
use crate::patient::{self, Patient, Standing};
use crate::time::Timestamp;
use crate::vocabulary::*;
use crate::{Code, Principal, Rejection, Role};

/// A department and one person (`p-a`).
struct Pair {
    house: House,
    person: patient::State,
    heard: Vec<patient::Event>,
    post: Vec<Outgoing>,
    sent: usize,
    seed: u64,
}

impl Pair {
    fn new(mut house: House) -> Self {
        house.outgoing.clear();
        let person = Patient::new_state("p-a");
        let mut pair = Self { house, person, heard: Vec::new(), post: Vec::new(), sent: 0, seed: 0 };
        let brief = brief("a");
        let identify = ToPatient::Identify { brief, birth_date_sealed: vec![], sealed: vec![], real_name: true };
        pair.person(identify).expect("is identified");
        pair
    }

    fn person(&mut self, command: ToPatient) -> Result<Answer, Rejection> {
        self.seed += 1;
        let principal = Principal::of(Role::Patient, AccountId::from("a-a"));
        let context = Context { now: self.house.now, principal, seed: self.seed };
        let mut draft = Draft::<Patient>::new(&mut self.person);
        let answer = Patient::decide(&mut draft, command, &context);
        let events = draft.into_events();
        for event in &events {
            Patient::outgoing(event, &mut self.post);
        }
        self.heard.extend(events);
        answer
    }

    /// Takes what the department has sent to this person.
    fn collect(&mut self) {
        let to_us = |outgoing: &&Outgoing| matches!(outgoing, Outgoing::Request(to, _) if &*to.id == "p-a");
        self.post.extend(self.house.outgoing[self.sent..].iter().filter(to_us).cloned());
        self.sent = self.house.outgoing.len();
    }

    fn deliver(&mut self, outgoing: Outgoing) {
        match outgoing {
            Outgoing::Request(_, Message::Patient(message)) => drop(self.person(*message)),
            Outgoing::Request(_, Message::Department(message)) => drop(self.house.tell(Principal::system(), *message)),
            other => panic!("only requests go between a person and a department: {other:?}"),
        }
        self.collect();
    }

    /// The post works until nobody has anything to say.
    fn settle(&mut self) {
        self.collect();
        while !self.post.is_empty() {
            let outgoing = self.post.remove(0);
            self.deliver(outgoing);
        }
    }

    fn ask_again(&mut self) {
        Patient::open_requests(&self.person, &mut self.post);
        let mut out = Vec::new();
        crate::department::Department::open_requests(&self.house.state, &mut out);
        self.post.extend(out.into_iter().filter(|item| matches!(item, Outgoing::Request(to, _) if &*to.id == "p-a")));
    }

    fn reserve(&mut self, slot: &str) -> Result<(), Code> {
        self.reserve_by(Channel::Online, slot)
    }

    fn reserve_by(&mut self, channel: Channel, slot: &str) -> Result<(), Code> {
        let slot = SlotId::from(format!("{DEPARTMENT}.am.{slot}"));
        let (start, end) = (self.house.state.clinic.slots[&slot].start, self.house.state.clinic.slots[&slot].end);
        let reserve = ToPatient::Reserve {
            slot,
            date: day(),
            slot_start: start,
            slot_end: end,
            confirm: true,
            channel,
            replaces: None,
            limits: Default::default(),
        };
        self.person(reserve).map(drop).map_err(|rejection| rejection.code)
    }

    /// Books 9:00 and checks in.
    fn arrive(&mut self) -> (AppointmentId, TicketId) {
        self.reserve("0900").expect("reserves");
        self.settle();
        let appointment = self.person.live().next().expect("booked").0.clone();
        self.house.check_in(&appointment).expect("checks in");
        self.settle();
        (appointment.clone(), appointment.ticket())
    }

    fn standing(&self, appointment: &AppointmentId) -> Standing {
        self.person.reservations[appointment].standing
    }

    fn cancel(&mut self, ticket: &TicketId) {
        let reason = "must go".to_owned();
        let command = CancelTicket { ticket: ticket.clone(), reason };
        self.house.desk(ToDepartment::CancelTicket(command)).expect("leaves");
    }

    fn unheard(&self) -> usize {
        self.house.state.floor.told.unheard.len()
    }

    fn assert_replays(&self) {
        self.house.assert_replays();
        let mut state = Patient::new_state("p-a");
        for event in &self.heard {
            Patient::apply(&mut state, event);
        }
        assert!(bytes(&state) == bytes(&self.person), "a replay gives another state");
    }
}

#[test]
fn a_number_given_up_ends_the_appointment_and_frees_the_limit_until_it_is_undone() {
    let mut pair = Pair::new(House::new(0).with_session(2).with_doctors());
    let (appointment, ticket) = pair.arrive();
    assert_eq!(pair.standing(&appointment), Standing::CheckedIn);
    assert_eq!(pair.reserve("1000"), Err(Code::LimitDepartmentDay));
    pair.cancel(&ticket);
    pair.settle();
    assert_eq!(pair.standing(&appointment), Standing::Ended(AppointmentEnd::GivenUp));
    assert_eq!(pair.house.state.clinic.appointments[&appointment].state, AppointmentState::GivenUp);
    assert_eq!(pair.reserve("1000"), Ok(()), "the limit is free again");
    pair.house.undo_last(&ticket).expect("undoes");
    pair.settle();
    assert_eq!(pair.standing(&appointment), Standing::CheckedIn);
    assert_eq!(pair.house.state.clinic.appointments[&appointment].state, AppointmentState::CheckedIn);
    pair.house.state.clinic.check().expect("I1");
    assert_eq!(pair.unheard(), 0);
    pair.assert_replays();
}

#[test]
fn what_the_desk_cancels_is_told_until_it_is_heard() {
    for undone in [false, true] {
        let mut pair = Pair::new(House::new(0).with_session(2).with_doctors());
        pair.reserve("0900").expect("reserves");
        pair.settle();
        let appointment = pair.person.live().next().expect("booked").0.clone();
        if undone {
            pair.house.check_in(&appointment).expect("checks in");
            pair.house.undo_last(&appointment.ticket()).expect("undoes");
            pair.settle();
        }
        let command = CancelAppointment { appointment: appointment.clone(), reason: None };
        pair.house.desk(ToDepartment::CancelAppointment(command)).expect("cancels");
        pair.collect();
        pair.post.clear();
        assert_eq!(pair.standing(&appointment), Standing::Booked, "every word of it is lost");
        assert_eq!(pair.reserve("1000"), Err(Code::LimitDepartmentDay));
        pair.ask_again();
        pair.settle();
        assert!(matches!(pair.standing(&appointment), Standing::Ended(_)), "the phone shows a booking that is none");
        assert_eq!(pair.reserve("1000"), Ok(()), "the limit is free again");
        assert_eq!(pair.unheard(), 0);
        pair.assert_replays();
    }
}

#[test]
fn what_the_person_cancels_is_heard_once() {
    let mut pair = Pair::new(House::new(0).with_session(2).with_doctors());
    pair.reserve("0900").expect("reserves");
    pair.settle();
    let appointment = pair.person.live().next().expect("booked").0.clone();
    pair.person(ToPatient::Cancel(CancelAppointment { appointment: appointment.clone(), reason: None })).expect("asks");
    pair.settle();
    assert!(matches!(pair.standing(&appointment), Standing::Ended(_)));
    let heard = pair.heard.iter().filter(|event| matches!(event, patient::Event::TicketHeard { .. }));
    assert_eq!((heard.count(), pair.unheard()), (1, 0));
    pair.assert_replays();
}

#[test]
fn an_undone_finish_takes_back_that_the_appointment_was_fulfilled() {
    let mut pair = Pair::new(House::new(0).with_session(2).with_doctors());
    let (appointment, ticket) = pair.arrive();
    assert_eq!(pair.house.called(1), ticket);
    pair.house.call_next(1, Some(&ticket), Some(Outcome::Seen)).expect("seen");
    pair.settle();
    assert_eq!(pair.standing(&appointment), Standing::Ended(AppointmentEnd::Fulfilled));
    pair.house.undo_last(&ticket).expect("undoes");
    pair.settle();
    assert_eq!(pair.standing(&appointment), Standing::CheckedIn);
    pair.house.call_next(1, Some(&ticket), Some(Outcome::Seen)).expect("seen now");
    pair.settle();
    assert_eq!(pair.standing(&appointment), Standing::Ended(AppointmentEnd::Fulfilled));
    pair.assert_replays();
}

#[test]
fn an_undone_check_in_is_booked_again_and_may_be_cancelled() {
    let mut pair = Pair::new(House::new(0).with_session(2));
    let (appointment, ticket) = pair.arrive();
    let refused = pair.person(ToPatient::Cancel(CancelAppointment { appointment: appointment.clone(), reason: None }));
    assert_eq!(refused.expect_err("checked in").code, Code::WrongAppointmentState);
    pair.house.undo_last(&ticket).expect("undoes");
    pair.settle();
    assert_eq!(pair.standing(&appointment), Standing::Booked);
    pair.person(ToPatient::Cancel(CancelAppointment { appointment: appointment.clone(), reason: None })).expect("asks");
    pair.settle();
    assert_eq!(pair.standing(&appointment), Standing::Ended(AppointmentEnd::Cancelled), "booked just now");
}

#[test]
fn settled_at_closing_ends_the_appointment_as_settled() {
    for (how, state, end) in [
        (SettlementKind::Refund, AppointmentState::GivenUp, AppointmentEnd::GivenUp),
        (SettlementKind::ReturnDay, AppointmentState::GivenUp, AppointmentEnd::GivenUp),
        (SettlementKind::Seen, AppointmentState::Fulfilled, AppointmentEnd::Fulfilled),
    ] {
        let mut pair = Pair::new(House::new(0).with_session(2));
        let (appointment, ticket) = pair.arrive();
        let settlements = vec![Settlement { ticket, how, to: None }];
        pair.house.now = at("12:00");
        let close = CloseSession { session: SessionId::from("s.d.am"), settlements };
        pair.house.desk(ToDepartment::CloseSession(close)).expect("closes");
        pair.settle();
        assert_eq!(pair.house.state.clinic.appointments[&appointment].state, state, "{how:?}");
        assert_eq!(pair.standing(&appointment), Standing::Ended(end), "{how:?}");
    }
}

#[test]
fn a_walk_in_is_on_the_persons_own_stream_with_its_moves_and_its_end() {
    let mut pair = Pair::new(House::new(0).with_doctors());
    let ticket = pair.house.walk_in("pool", "a", None);
    pair.settle();
    assert_eq!(pair.person.tickets[&ticket].stands, TicketStands::CheckedIn);
    let transfer = TransferTicket { ticket: ticket.clone(), to: queue("other"), reason: "改派".to_owned() };
    pair.house.desk(ToDepartment::TransferTicket(transfer)).expect("moves");
    pair.settle();
    assert_eq!(pair.person.tickets[&ticket].queue, queue("other"));
    pair.house.undo_last(&ticket).expect("undoes the move");
    pair.house.undo_last(&ticket).expect("undoes the registration");
    pair.settle();
    assert_eq!(pair.person.tickets[&ticket].stands, TicketStands::Ended(AppointmentEnd::Cancelled));
    pair.assert_replays();
}

#[test]
fn a_transferred_ticket_is_used_up_here_and_goes_on_there() {
    let mut pair = Pair::new(House::new(0).with_session(2).with_doctors());
    let (appointment, ticket) = pair.arrive();
    let transfer =
        TransferTicket { ticket: ticket.clone(), to: QueueId::from("s.e.pool"), reason: "转科".to_owned() };
    pair.house.desk(ToDepartment::TransferTicket(transfer)).expect("sends");
    pair.settle();
    assert_eq!(pair.standing(&appointment), Standing::CheckedIn, "until it is taken there");
    let (new_ticket, new_number) = (TicketId::from("s.e.t1"), "E001".to_owned());
    pair.house.system(ToDepartment::TransferTaken { ticket, new_ticket, new_number });
    pair.settle();
    assert_eq!(pair.standing(&appointment), Standing::Ended(AppointmentEnd::Fulfilled));
    // At the target the same person's owner is told of the new one.
    let transfer = TransferredTicket {
        ticket: TicketId::from("s.e.t9"),
        visit: VisitId::from("s.e.v1"),
        to: queue("pool"),
        brief: brief("a"),
        class: None,
        slot_start: None,
        checked_in_at: pair.house.now,
        walk_in: false,
        reason: "转科".to_owned(),
        date: day(),
    };
    pair.house.system(ToDepartment::TakeTransfer { transfer });
    pair.settle();
    let known = pair.person.tickets.values().next().expect("told");
    assert_eq!((known.linked_from.as_ref(), known.stands), (Some(&TicketId::from("s.e.t9")), TicketStands::CheckedIn));
}

/// Taken, then given back: the ticket waits here again, and so does its appointment.
#[test]
fn a_transfer_that_comes_back_opens_its_appointment_again() {
    let mut pair = Pair::new(House::new(0).with_session(2).with_doctors());
    let (appointment, ticket) = pair.arrive();
    let to = QueueId::from("s.e.pool");
    let transfer = TransferTicket { ticket: ticket.clone(), to, reason: "转科".to_owned() };
    pair.house.desk(ToDepartment::TransferTicket(transfer)).expect("sends");
    let (new_ticket, new_number) = (TicketId::from("s.e.t1"), "E001".to_owned());
    pair.house.system(ToDepartment::TransferTaken { ticket: ticket.clone(), new_ticket, new_number });
    pair.settle();
    assert_eq!(pair.standing(&appointment), Standing::Ended(AppointmentEnd::Fulfilled));
    pair.house.desk(ToDepartment::RecallTransfer(RecallTransfer { ticket: ticket.clone() })).expect("asked back");
    pair.house.system(ToDepartment::TransferRefused { ticket: ticket.clone(), reason: "recalled".to_owned() });
    pair.settle();
    assert_eq!(pair.standing(&appointment), Standing::CheckedIn);
    assert_eq!(pair.house.state.clinic.appointments[&appointment].state, AppointmentState::CheckedIn);
    pair.house.undo_last(&ticket).expect("the check-in");
    pair.settle();
    assert_eq!(pair.standing(&appointment), Standing::Booked);
    pair.house.check_in(&appointment).expect("may come again");
    pair.house.state.clinic.check().expect("I1");
    pair.assert_replays();
}

#[test]
fn a_ticket_that_is_given_back_ends_as_such_for_its_person() {
    let mut pair = Pair::new(House::new(0));
    let source = TicketId::from("s.e.t9");
    let transfer = TransferredTicket {
        ticket: source.clone(),
        visit: VisitId::from("s.e.v1"),
        to: queue("pool"),
        brief: brief("a"),
        class: None,
        slot_start: None,
        checked_in_at: pair.house.now,
        walk_in: false,
        reason: "转科".to_owned(),
        date: day(),
    };
    pair.house.system(ToDepartment::TakeTransfer { transfer });
    pair.settle();
    let ticket = pair.house.state.floor.received[&source].clone().expect("taken");
    assert_eq!(pair.person.tickets[&ticket].stands, TicketStands::CheckedIn);
    pair.house.system(ToDepartment::RecallOfTransfer { ticket: source });
    pair.settle();
    assert_eq!(pair.person.tickets[&ticket].stands, TicketStands::Ended(AppointmentEnd::GivenBack));
    pair.assert_replays();
}

/// An answer that is late is older than an undo, whatever it was asked by.
#[test]
fn a_late_answer_is_no_newer_than_the_news_that_overtook_it() {
    let mut pair = Pair::new(House::new(0).with_session(2));
    pair.reserve("0900").expect("reserves");
    pair.settle();
    let appointment = pair.person.live().next().expect("booked").0.clone();
    pair.house.check_in(&appointment).expect("checks in");
    pair.cancel(&appointment.ticket());
    pair.collect();
    pair.post.clear();
    // The phone has heard nothing of it and asks to cancel.
    pair.person(ToPatient::Cancel(CancelAppointment { appointment: appointment.clone(), reason: None })).expect("asks");
    let question = pair.post.remove(0);
    pair.deliver(question);
    let late = std::mem::take(&mut pair.post);
    assert!(!late.is_empty(), "answered");
    pair.house.undo_last(&appointment.ticket()).expect("undoes");
    pair.settle();
    late.into_iter().for_each(|word| pair.deliver(word));
    pair.ask_again();
    pair.settle();
    assert_eq!(pair.standing(&appointment), Standing::CheckedIn);
    assert_eq!((pair.unheard(), pair.person.reservations[&appointment].wish), (0, None));
    pair.assert_replays();
}

/// Once the ticket is forgotten there is nothing left to undo, and the appointment itself says what became of it.
#[test]
fn what_became_of_a_forgotten_ticket_is_told_who_asks() {
    let mut pair = Pair::new(House::new(0).with_session(2).with_doctors());
    let (appointment, ticket) = pair.arrive();
    pair.house.called(1);
    pair.house.call_next(1, Some(&ticket), Some(Outcome::Seen)).expect("seen");
    pair.collect();
    pair.post.clear();
    for _ in 0..6 {
        pair.house.after_s(24 * 3600);
    }
    pair.house.walk_in("pool", "b", None);
    assert_eq!((pair.unheard(), pair.house.state.floor.tickets.contains_key(&ticket)), (1, false), "tidied");
    pair.person(ToPatient::DeadlineReached).expect("asks");
    pair.settle();
    assert_eq!(pair.standing(&appointment), Standing::Ended(AppointmentEnd::Fulfilled));
}

#[test]
fn a_visit_from_outside_is_on_the_persons_own_stream_until_it_is_off() {
    let mut pair = Pair::new(House::new(0));
    let patient = OutsidePatient { number: "00012345".to_owned(), name: None, sex: None, birth_date: None };
    let command = RegisterVisit { patient, department: None, ..register("M1", None, true) };
    let visit = VisitId::from("s.d.v-m1");
    let register = ToDepartment::RegisterVisit { command, visit: visit.clone(), brief: brief("a"), birth_date: None };
    let Answer::VisitTaken { ticket: Some(ticket), .. } = pair.house.system(register) else { panic!("it has come") };
    pair.settle();
    assert_eq!(pair.person.tickets[&ticket].stands, TicketStands::CheckedIn);
    let command = CancelVisit { visit_id: "M1".to_owned(), version: 2, site: SiteId::from("s") };
    pair.house.system(ToDepartment::CancelVisit { command, visit });
    pair.settle();
    assert_eq!(pair.person.tickets[&ticket].stands, TicketStands::Ended(AppointmentEnd::GivenUp));
}

/// Row "cancel (desk, patient)": the patient leaves from where the table says, and from nowhere else.
#[test]
fn a_patient_gives_the_own_number_up_until_with_the_doctor() {
    for with_the_doctor in [false, true] {
        let mut pair = Pair::new(House::new(0).with_session(2).with_doctors());
        let (_, ticket) = pair.arrive();
        assert_eq!(pair.house.called(1), ticket);
        if with_the_doctor {
            pair.house
                .tell(doctor(1), ToDepartment::StartService(StartService { ticket: ticket.clone() }))
                .expect("starts");
        }
        let patient = Principal::of(Role::Patient, AccountId::from("a-a"));
        let command = CancelTicket { ticket: ticket.clone(), reason: "must go".to_owned() };
        let answer = pair.house.tell(patient, ToDepartment::CancelTicket(command));
        assert_eq!(answer.is_ok(), !with_the_doctor);
        assert_eq!(pair.house.is(&ticket), if with_the_doctor { "serving" } else { "ended" });
    }
}

#[test]
fn news_are_asked_again_until_heard_and_an_old_one_changes_nothing() {
    let mut pair = Pair::new(House::new(0));
    // So many before, that there is nothing else to be told of the ticket.
    (0..4).for_each(|n| drop(pair.house.walk_in("pool", &format!("before{n}"), None)));
    let ticket = pair.house.walk_in("pool", "a", None);
    pair.collect();
    let first = pair.post.remove(0);
    assert_eq!((pair.post.len(), pair.unheard()), (0, 4 + 1), "lost");
    pair.cancel(&ticket);
    pair.collect();
    pair.post.clear();
    pair.ask_again();
    assert_eq!(pair.post.len(), 1, "one of each ticket, the newest");
    let newest = pair.post.remove(0);
    pair.deliver(newest.clone());
    assert_eq!(pair.unheard(), 4 + 1, "the answer is still on its way");
    let answer = pair.post.remove(0);
    pair.deliver(first);
    assert_eq!(
        pair.person.tickets[&ticket].stands,
        TicketStands::Ended(AppointmentEnd::GivenUp),
        "the newer one stands"
    );
    pair.post.clear();
    pair.deliver(newest);
    assert_eq!(pair.post.len(), 1, "said again it is answered again");
    pair.deliver(answer);
    pair.settle();
    assert_eq!(pair.unheard(), 4);
    pair.ask_again();
    assert!(pair.post.is_empty());
    pair.assert_replays();
}

#[test]
fn what_nobody_has_heard_is_forgotten_with_its_day_and_so_are_the_persons_tickets() {
    let mut pair = Pair::new(House::new(0));
    let first = pair.house.walk_in("pool", "a", None);
    pair.settle();
    let unheard = pair.house.walk_in("pool", "a", None);
    pair.house.undo_last(&unheard).expect("undoes");
    assert_eq!(pair.unheard(), 1);
    pair.sent = pair.house.outgoing.len();
    for _ in 0..5 {
        pair.house.after_s(24 * 3600);
    }
    let next = pair.house.walk_in("pool", "a", None);
    assert_eq!(pair.unheard(), 1, "only today's");
    pair.settle();
    let known: Vec<&TicketId> = pair.person.tickets.keys().collect();
    assert_eq!(known, vec![&next], "{first} was of another day");
    for _ in 0..2 * patient::TICKETS_KEPT {
        let ticket = pair.house.walk_in("pool", "a", None);
        pair.cancel(&ticket);
        pair.settle();
    }
    assert_eq!(pair.person.tickets.len(), patient::TICKETS_KEPT);
    assert!(pair.person.tickets.contains_key(&next), "who waits is forgotten last");
    pair.assert_replays();
}

#[test]
fn a_corrected_no_show_counts_no_more_and_a_block_that_rested_on_it_goes() {
    let mut pair = Pair::new(House::new(0).with_session(4));
    pair.reserve("0900").expect("reserves");
    pair.settle();
    let appointment = pair.person.live().next().expect("booked").0.clone();
    // Two more, of other departments.
    let old = |n: i64| (at("08:00").plus_s(-n * 24 * 3600), AppointmentId::from(format!("s.e.b20261101-{n}")));
    pair.person.no_shows.extend([old(10), old(20)]);
    pair.house.now = at("10:30");
    pair.house.system(ToDepartment::DeadlineReached);
    pair.settle();
    assert_eq!(pair.standing(&appointment), Standing::Ended(AppointmentEnd::NoShow));
    assert!(pair.person.blocked_until.is_some());
    let command = CorrectNoShow { appointment: appointment.clone(), reason: "was here as a walk-in".to_owned() };
    pair.house.desk(ToDepartment::CorrectNoShow(command.clone())).expect("corrects");
    pair.settle();
    assert_eq!(pair.standing(&appointment), Standing::Ended(AppointmentEnd::GivenBack));
    assert_eq!((pair.person.blocked_until, pair.person.no_shows.len(), pair.person.given_back), (None, 2, 0));
    assert_eq!(code(pair.house.desk(ToDepartment::CorrectNoShow(command))), Code::WrongAppointmentState);
    pair.person(ToPatient::PlaceEnded { appointment, how: AppointmentEnd::NoShow }).expect("late");
    assert_eq!(pair.person.no_shows.len(), 2, "the late word of the no-show changes nothing");
}

/// Nobody asks after a booking until a day after its slot; so the department says it until it is heard. Heard twice, it
/// counts once.
#[test]
fn a_lost_no_show_is_said_again_until_it_is_heard() {
    let mut pair = Pair::new(House::new(0).with_session(4));
    pair.reserve("0900").expect("reserves");
    pair.settle();
    let appointment = pair.person.live().next().expect("booked").0.clone();
    pair.house.now = at("10:30");
    pair.house.system(ToDepartment::DeadlineReached);
    pair.collect();
    assert!(!pair.post.is_empty());
    pair.post.clear();
    assert_eq!(pair.standing(&appointment), Standing::Booked, "the word is lost");
    pair.ask_again();
    let said = pair.post[0].clone();
    pair.settle();
    assert_eq!(pair.standing(&appointment), Standing::Ended(AppointmentEnd::NoShow));
    assert_eq!((pair.person.no_shows.len(), pair.unheard()), (1, 0));
    pair.deliver(said);
    pair.settle();
    pair.ask_again();
    assert_eq!((pair.person.no_shows.len(), pair.post.len()), (1, 0));
    // Asked after it, the same.
    pair.deliver(Outgoing::Request(
        crate::owner::OwnerRef::new(crate::owner::OwnerKind::Department, DEPARTMENT),
        ToDepartment::AskPlace { appointment: appointment.clone(), patient: PatientId::from("p-a") }.into(),
    ));
    pair.settle();
    assert_eq!((pair.standing(&appointment), pair.person.no_shows.len()), (Standing::Ended(AppointmentEnd::NoShow), 1));
    pair.assert_replays();
}

#[test]
fn a_restored_booking_stands_for_the_person_too() {
    let mut pair = Pair::new(House::new(0).with_session(1));
    pair.reserve("0900").expect("reserves");
    pair.settle();
    let (appointment, number) =
        pair.person.live().next().map(|(id, live)| (id.clone(), live.number.clone())).expect("booked");
    let restore = |pair: &mut Pair| {
        let command = RestoreAppointment { appointment: appointment.clone(), reason: "mistake".to_owned() };
        pair.house.desk(ToDepartment::RestoreAppointment(command))
    };
    // Beyond the half hour in which a late booking may be undone.
    pair.house.after_s(31 * 60);
    for by_desk in [true, false] {
        let cancel = CancelAppointment { appointment: appointment.clone(), reason: None };
        if by_desk {
            pair.house.desk(ToDepartment::CancelAppointment(cancel)).expect("cancelled");
        } else {
            pair.person(ToPatient::Cancel(cancel)).expect("cancelled");
        }
        pair.settle();
        assert_eq!(pair.standing(&appointment), Standing::Ended(AppointmentEnd::GivenBack), "{by_desk}");
        assert_eq!(pair.person.given_back, 1);
        restore(&mut pair).expect("restored");
        pair.settle();
        let known = &pair.person.reservations[&appointment];
        assert_eq!((known.standing, &known.number), (Standing::Booked, &number), "{by_desk}");
        assert_eq!((pair.person.given_back, pair.unheard()), (0, 0), "as if it had not been");
    }
    pair.assert_replays();
}

/// What each side has in the end.
fn assert_agree(pair: &Pair, seed: u64) {
    let clinic = &pair.house.state.clinic;
    for (id, reservation) in &pair.person.reservations {
        let there = clinic.appointments.get(id).map(|known| known.state);
        let expected = match reservation.standing {
            Standing::Booked => Some(AppointmentState::Booked),
            Standing::CheckedIn => Some(AppointmentState::CheckedIn),
            Standing::Ended(AppointmentEnd::Fulfilled) => Some(AppointmentState::Fulfilled),
            Standing::Ended(AppointmentEnd::GivenUp) => Some(AppointmentState::GivenUp),
            Standing::Ended(AppointmentEnd::Cancelled) => Some(AppointmentState::Cancelled),
            Standing::Ended(AppointmentEnd::GivenBack) => Some(AppointmentState::GivenBack),
            Standing::Ended(AppointmentEnd::NoShow) => Some(AppointmentState::NoShow),
            Standing::Ended(AppointmentEnd::Stopped) => Some(AppointmentState::Stopped),
            Standing::Ended(AppointmentEnd::Refused) => None,
            standing => panic!("seed {seed}: {id} is {standing:?}"),
        };
        assert_eq!(there, expected, "seed {seed}: {id} is {:?} here", reservation.standing);
    }
    let floor = &pair.house.state.floor;
    for ticket in floor.tickets.values().filter(|ticket| ticket.opened.appointment.is_none()) {
        let known = pair.person.tickets.get(ticket.id()).expect("of today");
        assert_eq!(known.stands == TicketStands::CheckedIn, ticket.is_live(), "seed {seed}: {}", ticket.id());
        assert_eq!((&known.queue, known.number.as_ref()), (&ticket.opened.queue, Some(&ticket.opened.number)));
    }
}

/// Whatever is lost, repeated or comes in disorder: once the post works again, both sides know the same.
#[test]
fn news_survive_a_bad_post() {
    for seed in seeds(60) {
        let mut dice = Dice(seed);
        let mut pair = Pair::new(House::new(0).with_session(3).with_doctors());
        for _ in 0..120 {
            step(&mut pair, &mut dice);
            pair.collect();
        }
        for _ in 0..3 {
            pair.ask_again();
            pair.settle();
        }
        assert_eq!((pair.unheard(), pair.post.len()), (0, 0), "seed {seed}");
        // A word before check-in that was lost (that a cancel was done) is asked for a day after the slot.
        pair.house.now = at("10:30").plus_min(2 * 24 * 60);
        pair.house.system(ToDepartment::DeadlineReached);
        pair.person(ToPatient::DeadlineReached).expect("asks");
        pair.settle();
        assert_agree(&pair, seed);
        pair.house.state.clinic.check().unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}"));
        pair.assert_replays();
    }
}

fn step(pair: &mut Pair, dice: &mut Dice) {
    let tickets: Vec<TicketId> = pair.house.state.floor.tickets.keys().cloned().collect();
    let any =
        |dice: &mut Dice| (!tickets.is_empty()).then(|| tickets[dice.roll(tickets.len() as u64) as usize].clone());
    match dice.roll(18) {
        17 => match dice.roll(3) {
            0 => drop(pair.house.stop(Some(["09:00", "09:30"][dice.roll(2) as usize]), None)),
            1 => drop(pair.house.stop(None, Some("own"))),
            _ => drop(pair.house.resume()),
        },
        0 => drop(pair.reserve(["0900", "0930", "1000"][dice.roll(3) as usize])),
        1 if tickets.len() < 12 => drop(pair.house.walk_in("pool", "a", None)),
        2 => {
            let booked: Vec<AppointmentId> = pair.house.state.clinic.appointments.keys().cloned().collect();
            if let Some(appointment) = booked.get(dice.roll(3) as usize) {
                drop(pair.house.check_in(appointment));
            }
        }
        3 => {
            let live = pair.person.live().next().map(|(id, _)| id.clone());
            if let Some(appointment) = live.filter(|_| dice.roll(3) == 0) {
                drop(pair.person(ToPatient::Cancel(CancelAppointment { appointment, reason: None })));
            }
        }
        4 => {
            let in_hand = pair.house.state.floor.work[&doctor_id(1)].in_hand.clone();
            let outcome = in_hand.as_ref().map(|_| Outcome::Seen);
            drop(pair.house.call_next(1, in_hand.as_ref(), outcome));
        }
        5 => {
            if let Some(ticket) = any(dice) {
                let reason = "must go".to_owned();
                drop(pair.house.desk(ToDepartment::CancelTicket(CancelTicket { ticket, reason })));
            }
        }
        6..=7 => {
            if let Some(ticket) = any(dice) {
                drop(pair.house.undo_last(&ticket));
            }
        }
        8 => {
            if let Some(ticket) = any(dice) {
                let to = QueueId::from(["s.d.pool", "s.d.other", "s.e.pool"][dice.roll(3) as usize]);
                let reason = "改派".to_owned();
                drop(pair.house.desk(ToDepartment::TransferTicket(TransferTicket { ticket, to, reason })));
            }
        }
        9 => pair.house.now = Timestamp(pair.house.now.0 + 60_000 * dice.roll(4) as i64),
        10 => {
            pair.house.system(ToDepartment::DeadlineReached);
            pair.ask_again();
        }
        11 => {
            let Some(ticket) = any(dice) else { return };
            let (new_ticket, reason) = (TicketId::from("s.e.t1"), "recalled".to_owned());
            match dice.roll(3) {
                0 => drop(pair.house.desk(ToDepartment::RecallTransfer(RecallTransfer { ticket }))),
                1 => drop(pair.house.system(ToDepartment::TransferRefused { ticket, reason })),
                _ => {
                    let new_number = "E001".to_owned();
                    drop(pair.house.system(ToDepartment::TransferTaken { ticket, new_ticket, new_number }));
                }
            }
        }
        12 => {
            let booked: Vec<AppointmentId> = pair.house.state.clinic.appointments.keys().cloned().collect();
            let Some(appointment) = booked.get(dice.roll(3) as usize).cloned() else { return };
            let reason = "mistake".to_owned();
            drop(match dice.roll(2) {
                0 => pair.house.desk(ToDepartment::RestoreAppointment(RestoreAppointment { appointment, reason })),
                _ => {
                    let cancel = CancelAppointment { appointment, reason: Some(reason) };
                    pair.house.desk(ToDepartment::CancelAppointment(cancel))
                }
            });
        }
        _ if !pair.post.is_empty() => {
            let at = dice.roll(pair.post.len() as u64) as usize;
            match dice.roll(4) {
                0 => drop(pair.post.remove(at)),
                1 => {
                    let again = pair.post[at].clone();
                    pair.deliver(again);
                }
                _ => {
                    let outgoing = pair.post.remove(at);
                    pair.deliver(outgoing);
                }
            }
        }
        _ => {}
    }
}
