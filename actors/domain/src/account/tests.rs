//! Signing in, back-off, refresh tokens, relations.

use proptest::prelude::*;

use super::*;
use crate::codes::{Code, Valid};
use crate::ids::*;
use crate::person::Relation;
use crate::principal::{Principal, Role};
use crate::vocabulary::DefineStaff;

const PHC: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
const HERE: &str = "here";
const MIN: i64 = 60;
const DAY: i64 = 24 * 60 * MIN;

struct Desk {
    state: State,
    log: Vec<Event>,
    now: Timestamp,
}

impl Desk {
    fn phone() -> Self {
        Self { state: Account::new_state("a-1"), log: Vec::new(), now: Timestamp(1_000_000_000) }
    }

    fn staff() -> Self {
        let mut desk = Self::phone();
        desk.tell(define(Role::Operator)).unwrap();
        desk
    }

    fn tell(&mut self, command: ToAccount) -> Result<Answer, Code> {
        self.tell_as(command, Role::Patient)
    }

    fn tell_as(&mut self, command: ToAccount, role: Role) -> Result<Answer, Code> {
        let context = Context { now: self.now, principal: Principal::of(role, AccountId::from("a-1")), seed: 1 };
        let before = self.state.clone();
        let mut draft = Draft::<Account>::new(&mut self.state);
        let answer = Account::decide(&mut draft, command, &context);
        let events = draft.into_events();
        if answer.is_err() {
            assert!(events.is_empty() && self.state == before, "a rejection leaves nothing behind");
        }
        self.log.extend(events);
        match answer {
            Ok(Answer::Refused(rejection)) | Err(rejection) => Err(rejection.code),
            Ok(answer) => Ok(answer),
        }
    }

    fn after(&mut self, seconds: i64) -> &mut Self {
        self.now = self.now.plus_s(seconds);
        self
    }

    fn issue(&mut self, hash: &str) -> Result<Answer, Code> {
        let expires_at = self.now.plus_s(10 * MIN);
        self.tell(ToAccount::IssueCode { code_hash: hash.into(), expires_at, from: HERE.into() })
    }

    fn try_code(&mut self, hash: &str) -> Result<Answer, Code> {
        let refresh_hash = format!("r-{}", self.log.len());
        self.tell(ToAccount::TryCode { code_hash: hash.into(), refresh_hash, from: HERE.into() })
    }

    fn try_password(&mut self, matched: bool) -> Result<Answer, Code> {
        self.try_password_from(HERE, matched)
    }

    fn try_password_from(&mut self, from: &str, matched: bool) -> Result<Answer, Code> {
        let refresh_hash = format!("r-{}", self.log.len());
        self.tell(ToAccount::TryPassword { matched, refresh_hash, from: from.into() })
    }

    fn sign_in(&mut self, refresh_hash: &str) {
        let refresh_hash = refresh_hash.to_owned();
        self.tell(ToAccount::TryPassword { matched: true, refresh_hash, from: HERE.into() }).unwrap();
    }

    /// How long somebody from here has to wait, in seconds.
    fn wait_s(&self) -> i64 {
        let tries = self.state.failures.check(HERE, self.now);
        match tries.err().map(|refused| refused.valid_now[0].1.clone()) {
            None => 0,
            Some(Valid::Number(wait_s)) => wait_s,
            other => panic!("{other:?}"),
        }
    }

    fn refresh(&mut self, from: &str, to: &str) -> Result<Answer, Code> {
        self.tell(ToAccount::Refresh { refresh_hash: from.into(), next_hash: to.into() })
    }

    fn relate(&mut self, patient: &str, relation: Relation, granted: bool) -> Result<Answer, Code> {
        self.tell(ToAccount::Relate { patient: PatientId::from(patient), relation, granted })
    }
}

fn define(role: Role) -> ToAccount {
    define_with(role, Some(PHC))
}

fn define_with(role: Role, phc: Option<&str>) -> ToAccount {
    let command = DefineStaff {
        id: "wang".into(),
        role,
        password: None,
        site: None,
        departments: vec![],
        doctor: None,
        may_issue: false,
    };
    ToAccount::DefineStaff { command, password_phc: phc.map(str::to_owned) }
}

#[test]
fn a_code_is_good_once_and_until_its_end() {
    let mut desk = Desk::phone();
    desk.issue("h1").unwrap();
    desk.after(10 * MIN);
    assert_eq!(desk.try_code("h1"), Err(Code::WrongCredentials), "over");
    desk.issue("h2").unwrap();
    assert_eq!(desk.try_code("h1"), Err(Code::WrongCredentials), "the newest only");
    desk.try_code("h2").unwrap();
    assert_eq!(desk.state.families.len(), 1);
    assert_eq!(desk.try_code("h2"), Err(Code::WrongCredentials), "once");
    assert!(desk.state.failures.is_empty());
}

#[test]
fn five_wrong_tries_make_a_code_void() {
    let mut desk = Desk::phone();
    desk.issue("right").unwrap();
    for _ in 0..CODE_TRIES {
        let code = desk.try_code("wrong").unwrap_err();
        assert_eq!(code, Code::WrongCredentials);
        let wait_s = desk.wait_s();
        desk.after(wait_s);
    }
    assert_eq!(desk.try_code("right"), Err(Code::WrongCredentials));
    assert_eq!(desk.state.families.len(), 0);
}

#[test]
fn codes_are_one_a_minute_and_ten_a_day() {
    let mut desk = Desk::phone();
    desk.issue("h").unwrap();
    assert_eq!(desk.after(MIN - 1).issue("h"), Err(Code::BackOff));
    desk.after(1);
    for _ in 1..CODES_A_DAY {
        desk.issue("h").unwrap();
        desk.after(MIN);
    }
    assert_eq!(desk.issue("h"), Err(Code::BackOff));
    desk.after(DAY - CODES_A_DAY as i64 * MIN);
    assert_eq!(desk.issue("h"), Err(Code::BackOff));
    assert!(desk.after(1).issue("h").is_ok());
    assert!(desk.state.codes_sent.len() <= CODES_A_DAY);
}

#[test]
fn failures_back_off_and_double_up_to_a_quarter_of_an_hour() {
    let mut desk = Desk::staff();
    let mut waits = Vec::new();
    for _ in 0..10 {
        assert_eq!(desk.try_password(false), Err(Code::WrongCredentials));
        let wait_s = desk.wait_s();
        if wait_s > 0 {
            desk.after(wait_s - 1);
            assert_eq!(desk.try_password(true), Err(Code::BackOff), "even the right one waits");
            desk.after(1);
        }
        waits.push(wait_s);
    }
    assert_eq!(waits, [0, 0, 30, 60, 120, 240, 480, 900, 900, 900]);
    desk.try_password(true).unwrap();
    assert!(desk.state.failures.is_empty());
}

#[test]
fn an_unknown_name_leaves_nothing_behind() {
    let mut desk = Desk::phone();
    assert_eq!(desk.try_password(false), Err(Code::WrongCredentials));
    assert_eq!(desk.try_password(true), Err(Code::WrongCredentials));
    assert!(desk.log.is_empty());
}

#[test]
fn staff_are_checked_and_a_change_ends_what_was_signed_in() {
    let mut desk = Desk::phone();
    assert_eq!(desk.tell(define_with(Role::Operator, None)), Err(Code::InvalidField), "the first needs a password");
    assert_eq!(desk.tell(define_with(Role::Operator, Some("secret"))), Err(Code::InvalidField), "never in clear");
    for role in [Role::Patient, Role::Screen, Role::System, Role::Doctor, Role::Desk, Role::Integrator, Role::Kiosk] {
        assert_eq!(desk.tell(define(role)), Err(Code::InvalidField), "{role:?}");
    }
    desk.tell(define(Role::Operator)).unwrap();
    desk.try_password(true).unwrap();
    let generation = desk.state.generation;
    desk.tell(define_with(Role::Operator, None)).unwrap();
    assert_eq!((desk.state.families.len(), desk.state.generation), (1, generation), "the same again changes nothing");
    desk.tell(define_with(Role::Operator, Some("$argon2id$other"))).unwrap();
    assert_eq!((desk.state.families.len(), desk.state.generation), (0, generation + 1));
    desk.try_password(true).unwrap();
    desk.tell(ToAccount::RetireStaff).unwrap();
    assert_eq!((desk.state.families.len(), desk.state.generation), (0, generation + 2));
    assert_eq!(desk.try_password(true), Err(Code::WrongCredentials));
    assert_eq!(desk.tell(define(Role::Operator)), Err(Code::Retired));
    assert_eq!(view::signed_in(&desk.state), None);
}

#[test]
fn refresh_tokens_rotate_and_a_reused_one_ends_its_family() {
    let mut desk = Desk::staff();
    desk.sign_in("r0");
    desk.sign_in("s0");
    desk.refresh("r0", "r1").unwrap();
    let events = desk.log.len();
    desk.refresh("r0", "r1").unwrap();
    assert_eq!(desk.log.len(), events, "the answer was lost: the same trade again");
    desk.refresh("r1", "r2").unwrap();
    let before = view::standing(&desk.state);
    assert_eq!(desk.refresh("r0", "r9"), Err(Code::Unauthenticated));
    assert_eq!(desk.refresh("r2", "r3"), Err(Code::Unauthenticated), "the family is over");
    let after = view::standing(&desk.state);
    assert_eq!((before.sessions.len(), after.sessions.len()), (2, 1), "its access tokens too");
    assert_eq!(before.generation, after.generation, "and no others");
    desk.refresh("s0", "s1").unwrap();
    assert_eq!(desk.refresh("never", "x"), Err(Code::Unauthenticated));
}

#[test]
fn sessions_end_unrefreshed_revoked_or_too_many() {
    let mut desk = Desk::staff();
    for n in 0..SESSIONS_MAX + 3 {
        desk.sign_in(&format!("r{n}"));
    }
    assert_eq!(desk.state.families.len(), SESSIONS_MAX);
    assert_eq!(desk.refresh("r0", "x"), Err(Code::Unauthenticated), "the oldest went");
    desk.tell(ToAccount::Revoke { refresh_hash: Some("r5".into()) }).unwrap();
    assert_eq!(desk.state.families.len(), SESSIONS_MAX - 1);
    assert_eq!(view::standing(&desk.state).generation, 0, "the other devices' tokens hold");
    let due = Account::next_deadline(&desk.state).unwrap();
    assert_eq!(due, desk.now.plus_s(SESSION_DAYS * DAY));
    desk.after(DAY).refresh("r6", "q6").unwrap();
    desk.now = due;
    assert_eq!(desk.refresh("r7", "q7"), Err(Code::Unauthenticated), "over, deadline handled or not");
    desk.tell(ToAccount::DeadlineReached).unwrap();
    assert_eq!(desk.state.families.len(), 1);
    desk.tell(ToAccount::Revoke { refresh_hash: None }).unwrap();
    assert!(desk.state.families.is_empty() && desk.state.generation == 1);
}

#[test]
fn family_is_five_and_three_changes_a_year() {
    let mut desk = Desk::phone();
    desk.relate("pc-0", Relation::Own, true).unwrap();
    assert_eq!(desk.relate("pc-9", Relation::Own, true), Err(Code::AlreadyExists));
    for n in 1..=5 {
        desk.relate(&format!("pc-{n}"), Relation::Child, true).unwrap();
    }
    assert_eq!(desk.relate("pc-6", Relation::Child, true), Err(Code::LimitExceeded));
    desk.relate("pc-1", Relation::Parent, true).unwrap();
    for n in 1..=3 {
        desk.after(1).relate(&format!("pc-{n}"), Relation::Other, false).unwrap();
    }
    assert_eq!(desk.relate("pc-4", Relation::Other, false), Err(Code::LimitExceeded));
    let by_desk = ToAccount::Relate { patient: PatientId::from("pc-4"), relation: Relation::Other, granted: false };
    desk.tell_as(by_desk, Role::Desk).unwrap();
    desk.relate("pc-0", Relation::Own, false).unwrap();
    assert!(desk.after(365 * DAY + 1).relate("pc-5", Relation::Other, false).is_ok());
    assert_eq!(desk.state.generation, 6, "each lost right ends the tokens of before");
    assert!(desk.state.relations.is_empty());
    assert_eq!(Desk::staff().relate("pc-1", Relation::Child, true), Err(Code::Forbidden));
}

#[test]
fn a_number_alone_makes_nobody_the_bearer_of_a_document() {
    let mut desk = Desk::phone();
    for relation in [Relation::Own, Relation::Child, Relation::Other] {
        assert_eq!(desk.relate("p-1", relation, true), Err(Code::Forbidden));
    }
    assert!(desk.log.is_empty());
    desk.relate("pc-1", Relation::Own, true).unwrap();
    let proved = ToAccount::Relate { patient: PatientId::from("p-1"), relation: Relation::Own, granted: true };
    desk.tell_as(proved.clone(), Role::System).unwrap();
    assert_eq!(desk.state.relations.len(), 2, "what was booked under the claim is not lost");
    let other = ToAccount::Relate { patient: PatientId::from("p-2"), relation: Relation::Own, granted: true };
    assert_eq!(desk.tell_as(other, Role::System), Err(Code::AlreadyExists), "one person's own");
}

#[test]
fn who_guesses_elsewhere_does_not_keep_us_out_of_our_own_place() {
    let mut desk = Desk::staff();
    for _ in 0..10 {
        let _ = desk.try_password_from("elsewhere", false);
    }
    assert_eq!(desk.try_password_from("elsewhere", true), Err(Code::BackOff));
    desk.try_password(true).unwrap();
}

#[test]
fn places_are_bounded_and_the_longest_quiet_one_is_forgotten() {
    let mut failures = Failures::default();
    for n in 0..5 {
        let (from, now) = (format!("place{n}"), Timestamp(n));
        for _ in 0..4 {
            let tries = failures.one_more(&from, now);
            failures.put(&from, tries, 3);
        }
    }
    assert_eq!(failures.len(), 3);
    assert!(failures.check("place0", Timestamp(9)).is_ok());
    assert_eq!(failures.check("place4", Timestamp(9)).unwrap_err().code, Code::BackOff);
    failures.forget("place4");
    assert!(failures.check("place4", Timestamp(9)).is_ok());
}

#[test]
fn two_tabs_may_trade_one_refresh_token_within_seconds_and_a_thief_is_found_out_later() {
    let mut desk = Desk::staff();
    desk.sign_in("r0");
    desk.refresh("r0", "a1").unwrap();
    desk.after(REFRESH_GRACE_S - 1).refresh("r0", "b1").unwrap();
    let before = desk.state.clone();
    desk.refresh("a1", "a2").unwrap();
    assert_eq!(desk.refresh("b1", "b2"), Err(Code::Unauthenticated), "of two twins one goes on");
    desk.state = before;
    desk.refresh("b1", "b2").unwrap();
    assert!(desk.refresh("b2", "b3").is_ok());
    assert_eq!(desk.refresh("a1", "a2"), Err(Code::Unauthenticated));

    let mut desk = Desk::staff();
    desk.sign_in("r0");
    desk.refresh("r0", "r1").unwrap();
    desk.after(REFRESH_GRACE_S);
    assert_eq!(desk.refresh("r0", "x"), Err(Code::Unauthenticated), "after the grace it is a copy");
    let mut desk = Desk::staff();
    desk.sign_in("r0");
    desk.refresh("r0", "a1").unwrap();
    desk.refresh("r0", "b1").unwrap();
    assert_eq!(desk.refresh("r0", "c1"), Err(Code::Unauthenticated), "once more, not for ever");
}

#[test]
fn tokens_are_listed_one_by_one_until_they_expire_and_bounded() {
    let mut list = Desk::phone();
    let note = |id: &str, name: &str, until: i64, now: i64| {
        let token = IssuedToken {
            name: name.into(),
            role: Role::Integrator,
            site: Some("s".into()),
            departments: Vec::new(),
            doctor: None,
            screen: None,
            board: None,
            issued_at: Timestamp(now),
            expires_at: Timestamp(until),
            revoked_at: None,
        };
        ToAccount::NoteToken { id: id.into(), token }
    };
    for n in 0..TOKENS_MAX {
        list.tell(note(&format!("t{n}"), "his", 100, 0)).unwrap();
    }
    assert_eq!(list.tell(note("one-more", "his", 100, 0)), Err(Code::LimitExceeded));
    let end = |name: &str, now: i64| ToAccount::EndTokens { name: name.into(), now: Timestamp(now) };
    list.tell(end("his", 7)).unwrap();
    list.tell(end("his", 9)).unwrap();
    list.tell(end("nobody", 9)).unwrap();
    assert!(list.state.tokens.values().all(|token| token.revoked_at == Some(Timestamp(7))), "listed, and ended once");
    list.tell(note("later", "his", 500, 100)).unwrap();
    assert_eq!(list.state.tokens.keys().map(String::as_str).collect::<Vec<_>>(), ["later"]);
    assert_eq!(list.state.tokens["later"].revoked_at, None);
}

#[test]
fn a_list_of_before_is_read_and_ended_by_name() {
    let mut list = Desk::phone();
    let script = Script { role: Role::Desk, issued_at: Timestamp(0), expires_at: Timestamp(100) };
    let noted = Event::ScriptNoted { name: "old".into(), script, forgotten: Vec::new() };
    Account::apply(&mut list.state, &noted);
    list.log.push(noted);
    list.tell(ToAccount::EndTokens { name: "old".into(), now: Timestamp(5) }).unwrap();
    assert!(list.state.scripts.is_empty());
}

#[test]
fn what_is_signed_in_is_read_from_the_state() {
    let mut desk = Desk::phone();
    desk.relate("pc-0", Relation::Own, true).unwrap();
    let signed_in = view::signed_in(&desk.state).unwrap();
    assert_eq!((signed_in.role, signed_in.patients.len()), (Role::Patient, 1));
    assert_eq!(view::signed_in(&Desk::staff().state).unwrap().role, Role::Operator);
}

#[test]
fn a_staff_account_prints_without_its_hash() {
    assert!(!format!("{:?}", Desk::staff().state).contains("argon2"));
}

proptest! {
    /// Whoever guesses, however the clock goes on, gets no session, and no family is ever refreshed twice with one token.
    #[test]
    fn guessing_gets_nobody_in(tries in prop::collection::vec((0..4_u8, 0..2_000_i64), 1..60)) {
        let mut desk = Desk::phone();
        for (what, wait_s) in tries {
            desk.after(wait_s);
            let _ = match what {
                0 => desk.issue("right"),
                1 | 2 => desk.try_code("guess"),
                _ => desk.refresh("guess", "next"),
            };
            prop_assert!(desk.state.families.is_empty());
            prop_assert!(desk.state.code.as_ref().is_none_or(|code| code.tries <= CODE_TRIES));
        }
        let mut replayed = Account::new_state("a-1");
        for event in &desk.log {
            let text = serde_json::to_string(event).unwrap();
            Account::apply(&mut replayed, &serde_json::from_str(&text).unwrap());
        }
        prop_assert_eq!(&replayed, &desk.state);
    }
}
