//! What a person is told beside the screens, and what the desk sees of it: on virtual time, with the post between.

mod at_home;
mod bookings;
mod refunds;
mod reminders;
mod stopped;

use super::*;
use crate::department::Department;
use crate::floor::notices::{marked, not_reached};
use crate::patient::{NoticeStanding, WayStanding};
use crate::person::Relation;
use crate::reach::{About, SendOutcome, Way};

impl House {
    fn delay(&mut self, minutes: u32) {
        let command = DelaySession { session: SessionId::from(format!("{DEPARTMENT}.am")), minutes };
        self.desk(ToDepartment::DelaySession(command)).expect("is announced");
    }
}

impl Pair {
    fn delay(&mut self, minutes: u32) {
        self.house.delay(minutes);
        self.settle();
    }

    /// Somebody's phone acts for the person.
    fn with_phone(mut self) -> Self {
        let (account, relation) = (AccountId::from("a-a"), Relation::Own);
        self.person(ToPatient::Relate { account, relation, granted: true }).expect("may act");
        self
    }

    fn after_s(&mut self, s: i64) {
        self.house.after_s(s);
        while Patient::next_deadline(&self.person).is_some_and(|at| at <= self.house.now) {
            self.person(ToPatient::DeadlineReached).expect("is never rejected");
        }
        self.settle();
    }

    /// The person's notices: of what, and where it stands.
    fn told(&self) -> Vec<(About, NoticeStanding)> {
        self.person.notices.list.iter().map(|one| (one.due.about.expect("it tells something"), one.standing)).collect()
    }

    fn last(&self) -> crate::patient::Notice {
        self.person.notices.list.last().cloned().expect("a notice")
    }

    fn came(&mut self, way: Way, outcome: SendOutcome) {
        let notice = self.last().id;
        self.person(ToPatient::NoticeOutcome { notice, way, outcome }).expect("is never rejected");
        self.settle();
    }

    fn confirm(&mut self) {
        let notice = self.last().id;
        self.person(ToPatient::ConfirmNotice { notice }).expect("is theirs");
        self.settle();
    }

    /// How often each way was asked for.
    fn sent(&self) -> Vec<Way> {
        let sent = self.heard.iter().filter_map(|event| match event {
            patient::Event::NoticeSent { ways, .. } => Some(ways.clone()),
            _ => None,
        });
        sent.flatten().collect()
    }

    fn desk_sees(&self, ticket: &TicketId) -> Option<About> {
        not_reached(&self.house.state.floor, ticket).map(|missed| missed.about)
    }

    fn mark(&mut self, ticket: &TicketId, how: ReachedHow) {
        let command = MarkReached { ticket: ticket.clone(), how };
        self.house.desk(ToDepartment::MarkReached(command)).expect("may be marked");
    }
}

/// The evening before the session, at that time.
fn evening(clock: &str) -> Timestamp {
    at(clock).plus_s(-24 * 3600)
}

/// With a doctor at work, and the person in line as the only one.
fn waiting() -> (Pair, TicketId) {
    let mut pair = Pair::new(House::new(0).with_doctors()).with_phone();
    let ticket = pair.house.walk_in("pool", "a", None);
    pair.settle();
    (pair, ticket)
}

/// … and called.
fn called() -> (Pair, TicketId) {
    let (mut pair, ticket) = waiting();
    assert_eq!(pair.house.called(1), ticket);
    pair.settle();
    (pair, ticket)
}

#[test]
fn nobody_is_near_before_a_doctor_has_begun() {
    let mut pair = Pair::new(House::new(0)).with_phone();
    let ticket = pair.house.walk_in("pool", "a", None);
    pair.settle();
    assert_eq!(pair.told(), [], "the first in line, and nobody calls");
    pair.house.begin(1);
    pair.settle();
    assert_eq!(pair.told(), [(About::ThreeBefore, NoticeStanding::Telling)]);
    assert_eq!(pair.last().due.ticket, ticket);
}

#[test]
fn three_before_is_told_once_in_a_waiting_and_a_call_takes_its_place() {
    let mut pair = Pair::new(House::new(0).with_doctors()).with_phone();
    let before: Vec<TicketId> = (0..4).map(|n| pair.house.walk_in("pool", &format!("b{n}"), None)).collect();
    let ticket = pair.house.walk_in("pool", "a", None);
    pair.settle();
    assert_eq!(pair.told(), [], "four are before");
    pair.house.called(1);
    pair.settle();
    assert_eq!(pair.told(), [(About::ThreeBefore, NoticeStanding::Telling)]);
    assert_eq!(pair.last().due.place, "内科");
    // An emergency comes before, and is called: three again, and nothing new.
    pair.house.walk_in("pool", "e", Some("emergency"));
    let seen = Some(Outcome::Seen);
    pair.house.call_next(1, Some(&before[0]), seen).expect("calls");
    pair.settle();
    assert_eq!(pair.told().len(), 1);
    let call = |pair: &mut Pair, reason: &str| {
        let command = CallTicket {
            department: DepartmentId::from(DEPARTMENT),
            assignment: assignment(2),
            in_hand: None,
            outcome: None,
            ticket: ticket.clone(),
            reason: reason.to_owned(),
        };
        pair.house.tell(doctor(2), ToDepartment::CallTicket(command)).expect("calls");
        pair.settle();
    };
    call(&mut pair, "first");
    assert_eq!(pair.told(), [(About::ThreeBefore, NoticeStanding::Over), (About::Called, NoticeStanding::Telling)]);
    assert_eq!((pair.last().due.place.as_str(), pair.last().due.place_en.as_str()), ("2号诊室", "Room 2"));
    // Called by mistake: over, and "three before you" is not told again in the same waiting.
    let back = ReturnToWaiting { ticket: ticket.clone(), reason: "mistake".to_owned() };
    pair.house.desk(ToDepartment::ReturnToWaiting(back)).expect("goes back");
    pair.settle();
    assert_eq!(pair.told().len(), 2);
    assert_eq!(pair.last().standing, NoticeStanding::Over);
    call(&mut pair, "again");
    assert_eq!(pair.last().standing, NoticeStanding::Telling, "another call is told");
    // Missed and back: a new waiting.
    pair.house.after_s(100);
    let again = RecallPatient { call: pair.last().due.call.expect("of a call") };
    pair.house.desk(ToDepartment::RecallPatient(again)).expect("recalls");
    pair.settle();
    assert_eq!(pair.told().len(), 3, "a recall is the same call");
    pair.house.tell(doctor(2), ToDepartment::MarkMissed(MarkMissed { ticket: ticket.clone() })).expect("is missed");
    pair.settle();
    assert_eq!(pair.last().standing, NoticeStanding::Over);
    let back = ReportBack { ticket: ticket.clone(), code: None };
    pair.house.desk(ToDepartment::ReportBack { command: back, presence_proved: true }).expect("is back");
    pair.settle();
    assert_eq!(pair.told()[3..], [(About::ThreeBefore, NoticeStanding::Telling)]);
    pair.cancel(&ticket);
    pair.settle();
    assert_eq!(pair.last().standing, NoticeStanding::Over, "what has ended is told no more");
    assert!(pair.house.state.floor.notices.unheard.values().all(|due| due.ticket != ticket));
    pair.house.assert_replays();
}

#[test]
fn who_is_moved_behind_others_is_told_that_it_is_over_and_told_again_when_near_there() {
    let mut pair = Pair::new(House::new(0).with_doctors()).with_phone();
    let there: Vec<TicketId> = (0..5).map(|n| pair.house.walk_in("other", &format!("o{n}"), None)).collect();
    let ticket = pair.house.walk_in("pool", "a", None);
    pair.settle();
    let near = (About::ThreeBefore, NoticeStanding::Telling);
    assert_eq!(pair.told(), [near], "nobody is before");
    let move_to = |pair: &mut Pair, to: &str| {
        let command = TransferTicket { ticket: ticket.clone(), to: queue(to), reason: "改派".to_owned() };
        pair.house.desk(ToDepartment::TransferTicket(command)).expect("moves");
        pair.settle();
    };
    move_to(&mut pair, "other");
    let over = (About::ThreeBefore, NoticeStanding::Over);
    assert_eq!(pair.told(), [over], "five are before");
    for gone in &there[..2] {
        pair.cancel(gone);
        pair.settle();
    }
    assert_eq!(pair.told(), [over, near], "three are");
    move_to(&mut pair, "pool");
    assert_eq!(pair.told(), [over, over, near], "near at once, at another place");
    pair.house.assert_replays();
}

#[test]
fn back_at_the_old_place_from_the_doctor_or_from_elsewhere_is_the_same_waiting() {
    let (mut pair, ticket) = waiting();
    assert_eq!(pair.told().len(), 1);
    assert_eq!(pair.house.called(1), ticket);
    pair.settle();
    pair.house.tell(doctor(1), ToDepartment::StartService(StartService { ticket: ticket.clone() })).expect("starts");
    pair.settle();
    let wrong = ReturnToWaiting { ticket: ticket.clone(), reason: "wrong_person".to_owned() };
    pair.house.tell(doctor(1), ToDepartment::ReturnToWaiting(wrong)).expect("goes back");
    pair.settle();
    assert_eq!(pair.told().len(), 2, "a wrong person: {:?}", pair.told());
    let elsewhere = TransferTicket { ticket: ticket.clone(), to: "s.other.q".into(), reason: "mistake".to_owned() };
    pair.house.desk(ToDepartment::TransferTicket(elsewhere)).expect("is sent");
    pair.settle();
    let refused = ToDepartment::TransferRefused { ticket: ticket.clone(), reason: "retired".to_owned() };
    pair.house.system(refused);
    pair.settle();
    assert_eq!(pair.house.is(&ticket), "waiting");
    assert_eq!(pair.told().len(), 2, "a transfer that was refused: {:?}", pair.told());
    pair.house.assert_replays();
}

#[test]
fn whoever_confirms_first_ends_it_and_the_desk_hears_nothing() {
    let (mut pair, ticket) = called();
    assert_eq!(pair.last().due.about, Some(About::Called));
    pair.house.after_s(59);
    pair.confirm();
    assert!(matches!(pair.last().standing, NoticeStanding::Reached { by: Way::App, .. }));
    pair.after_s(600);
    assert!(!pair.sent().contains(&Way::Sms));
    assert_eq!(pair.desk_sees(&ticket), None);
    assert_eq!(Patient::next_deadline(&pair.person), None);
    let nobody = pair.person(ToPatient::ConfirmNotice { notice: NoticeId::from("s.d.t9.n1") });
    assert_eq!(code(nobody), Code::Forbidden);
}

#[test]
fn unconfirmed_for_a_minute_it_is_a_text_message_and_after_another_the_desks() {
    let (mut pair, ticket) = called();
    pair.after_s(59);
    assert!(!pair.sent().contains(&Way::Sms));
    pair.after_s(1);
    assert_eq!(pair.sent().last(), Some(&Way::Sms));
    pair.came(Way::Sms, SendOutcome::Taken);
    pair.after_s(59);
    assert_eq!(pair.desk_sees(&ticket), None);
    pair.after_s(1);
    assert_eq!(pair.desk_sees(&ticket), Some(About::Called));
    assert!(matches!(pair.last().standing, NoticeStanding::NotReached { .. }));
    // Too late is better than never.
    pair.confirm();
    assert_eq!(pair.desk_sees(&ticket), None);
    assert!(matches!(pair.last().standing, NoticeStanding::Reached { by: Way::App, .. }));
    let open = |pair: &Pair| pair.person.notices.list.iter().filter(|one| one.unheard.is_some()).count();
    assert_eq!(open(&pair), 0, "the department knows");
    pair.house.assert_replays();
}

#[test]
fn a_text_message_that_arrives_reaches_and_one_that_does_not_is_the_desks_at_once() {
    for (outcome, reached) in [(SendOutcome::Arrived, true), (SendOutcome::Failed, false)] {
        let (mut pair, ticket) = called();
        pair.after_s(60);
        pair.came(Way::Sms, SendOutcome::Taken);
        pair.came(Way::Sms, outcome);
        assert_eq!(pair.desk_sees(&ticket).is_none(), reached, "{outcome:?}");
    }
}

#[test]
fn a_page_that_is_not_open_is_not_waited_for() {
    let (mut pair, ticket) = called();
    pair.came(Way::App, SendOutcome::Failed);
    assert_eq!(pair.sent().last(), Some(&Way::Sms), "at once");
    pair.came(Way::Sms, SendOutcome::NoAddress);
    assert_eq!(pair.desk_sees(&ticket), Some(About::Called), "there is nothing more to try");
}

#[test]
fn who_has_no_way_at_all_is_the_screens_alone() {
    let mut pair = Pair::new(House::new(0).with_doctors());
    let ticket = pair.house.walk_in("pool", "a", None);
    pair.house.called(1);
    pair.settle();
    assert_eq!(pair.sent().last(), Some(&Way::Sms), "a telephone may be on file");
    pair.came(Way::Sms, SendOutcome::NoAddress);
    assert_eq!((pair.desk_sees(&ticket), pair.last().standing), (None, NoticeStanding::Over));
}

#[test]
fn what_no_word_comes_of_is_sent_again_under_the_same_id_and_goes_on_in_time() {
    let (mut pair, ticket) = called();
    pair.came(Way::App, SendOutcome::Failed);
    let id = pair.last().id;
    let texts = |pair: &Pair| pair.sent().iter().filter(|way| **way == Way::Sms).count();
    assert_eq!(texts(&pair), 1);
    pair.after_s(20);
    assert_eq!((texts(&pair), pair.last().id), (2, id));
    pair.came(Way::Sms, SendOutcome::Taken);
    pair.after_s(39);
    assert_eq!((texts(&pair), pair.desk_sees(&ticket)), (2, None));
    pair.after_s(1);
    assert_eq!(pair.desk_sees(&ticket), Some(About::Called), "sending again gives no more time");
    assert_eq!(pair.last().ways[&Way::Sms], WayStanding::Taken);
}

#[test]
fn the_desk_tells_them_itself_takes_that_back_and_the_mark_ends_with_the_call() {
    let (mut pair, ticket) = called();
    pair.mark(&ticket, ReachedHow::ByPhone);
    assert_eq!(marked(&pair.house.state.floor, &ticket), None, "nobody is looking for them yet");
    pair.came(Way::App, SendOutcome::Failed);
    pair.came(Way::Sms, SendOutcome::NoAddress);
    pair.mark(&ticket, ReachedHow::ByPhone);
    assert_eq!((pair.desk_sees(&ticket), marked(&pair.house.state.floor, &ticket)), (None, Some(ReachedHow::ByPhone)));
    pair.mark(&ticket, ReachedHow::NotReached);
    assert_eq!((pair.desk_sees(&ticket), marked(&pair.house.state.floor, &ticket)), (Some(About::Called), None));
    let start = StartService { ticket: ticket.clone() };
    pair.house.tell(doctor(1), ToDepartment::StartService(start)).expect("is here");
    assert_eq!(pair.desk_sees(&ticket), None, "whoever is inside was reached");
    let nobody = MarkReached { ticket: TicketId::from("s.d.t99"), how: ReachedHow::ByPhone };
    assert_eq!(code(pair.house.desk(ToDepartment::MarkReached(nobody))), Code::Forbidden);
    pair.house.assert_replays();
}

#[test]
fn a_call_ends_the_mark_of_the_notice_before_it_and_late_word_of_that_marks_nothing() {
    let (mut pair, ticket) = waiting();
    assert_eq!(pair.last().due.about, Some(About::ThreeBefore));
    pair.came(Way::App, SendOutcome::Failed);
    let notice = pair.last();
    pair.came(Way::Sms, SendOutcome::NoAddress);
    assert_eq!(pair.desk_sees(&ticket), Some(About::ThreeBefore));
    pair.house.called(1);
    assert_eq!(pair.desk_sees(&ticket), None);
    pair.house.system(ToDepartment::NoticeAnswered {
        ticket: ticket.clone(),
        n: notice.due.n,
        patient: PatientId::from("p-a"),
        reached: false,
    });
    assert_eq!(pair.desk_sees(&ticket), None);
}

#[test]
fn what_is_held_back_for_the_night_begins_in_the_morning() {
    let mut pair = Pair::new(House::new(0)).with_phone();
    let morning = pair.house.now.plus_s(3600);
    let due = NoticeDue {
        ticket: TicketId::from("s.d.t1"),
        n: 1,
        patient: PatientId::from("p-a"),
        about: Some(About::Delayed),
        call: None,
        date: day(),
        number: "A001".to_owned(),
        place: "内科".to_owned(),
        place_en: String::new(),
        not_before: Some(morning),
        at: pair.house.now,
        clinic: None,
    };
    pair.person(ToPatient::Notify(due.clone())).expect("is heard");
    pair.after_s(3599);
    assert_eq!((pair.sent(), pair.last().standing), (vec![], NoticeStanding::Held));
    pair.after_s(1);
    assert_eq!((pair.sent(), pair.last().standing), (vec![Way::App], NoticeStanding::Telling));
    // Said again it changes nothing; of fifty-one the oldest goes.
    pair.person(ToPatient::Notify(due.clone())).expect("is heard");
    assert_eq!(pair.told().len(), 1);
    for n in 2..60 {
        pair.person(ToPatient::Notify(NoticeDue { n, not_before: None, ..due.clone() })).expect("is heard");
    }
    assert_eq!((pair.told().len(), pair.last().due.n), (crate::reach::NOTICES_KEPT, 59));
    assert_eq!(pair.person.notices.list.iter().filter(|one| one.is_live()).count(), 1);
}

#[test]
fn a_post_that_loses_and_repeats_leaves_both_of_one_mind() {
    for seed in 0..200 {
        let (mut pair, mut dice) = (Pair::new(House::new(0).with_doctors()).with_phone(), Dice(seed));
        let ticket = pair.house.walk_in("pool", "a", None);
        pair.house.called(1);
        pair.collect();
        for _ in 0..60 {
            pair.ask_again();
            while !pair.post.is_empty() {
                let at = dice.roll(pair.post.len() as u64) as usize;
                let outgoing = pair.post.remove(at);
                match dice.roll(3) {
                    0 => {}
                    1 => pair.deliver(outgoing),
                    _ => {
                        pair.deliver(outgoing.clone());
                        pair.deliver(outgoing);
                    }
                }
            }
            pair.house.after_s(10);
            while Patient::next_deadline(&pair.person).is_some_and(|at| at <= pair.house.now) {
                pair.person(ToPatient::DeadlineReached).expect("is never rejected");
            }
        }
        pair.settle();
        pair.ask_again();
        pair.settle();
        assert_eq!(pair.desk_sees(&ticket), Some(About::Called), "seed {seed}");
        pair.confirm();
        pair.ask_again();
        pair.settle();
        assert_eq!(pair.desk_sees(&ticket), None, "seed {seed}");
        let mut open = Vec::new();
        Department::open_requests(&pair.house.state, &mut open);
        Patient::open_requests(&pair.person, &mut open);
        assert!(open.is_empty(), "seed {seed}: {open:?}");
        pair.house.assert_replays();
    }
}

#[test]
fn what_an_account_has_bound_is_tried_beside_the_page_as_long_as_it_acts_for_the_person() {
    let mut pair = Pair::new(House::new(0).with_doctors()).with_phone();
    let bind = |pair: &mut Pair, account: &str, way| {
        pair.person(ToPatient::BindAddress { account: AccountId::from(account), way, sealed: vec![1] })
    };
    assert_eq!(code(bind(&mut pair, "a-stranger", Way::WeChat)), Code::Forbidden);
    bind(&mut pair, "a-a", Way::WeChat).expect("acts for the person");
    bind(&mut pair, "a-a", Way::Sms).expect("acts for the person");
    pair.house.walk_in("pool", "a", None);
    pair.settle();
    assert_eq!(pair.sent(), [Way::App, Way::WeChat]);
    // The page is shut and WeChat has taken it: the text message waits for word of that, or the minute.
    pair.came(Way::App, SendOutcome::Failed);
    pair.came(Way::WeChat, SendOutcome::Taken);
    pair.after_s(59);
    assert_eq!(pair.sent().last(), Some(&Way::WeChat));
    pair.came(Way::WeChat, SendOutcome::Failed);
    assert_eq!(pair.sent().last(), Some(&Way::Sms));
    let (account, relation) = (AccountId::from("a-a"), Relation::Own);
    pair.person(ToPatient::Relate { account, relation, granted: false }).expect("ends");
    assert!(pair.person.addresses.is_empty());
}
