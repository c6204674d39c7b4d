//! Signing in, back-off, refresh tokens, relations.

use proptest::prelude::*;

use super::*;
use crate::codes::{Code, Valid};
use crate::ids::*;
use crate::person::Relation;
use crate::principal::{Principal, Role};
use crate::vocabulary::{Asker, Proof};

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
        self.tell(ToAccount::SendCode { code_hash: hash.into(), expires_at, asker: asker(HERE, HERE) })
    }

    fn try_code(&mut self, hash: &str) -> Result<Answer, Code> {
        self.try_code_by(hash, asker(HERE, HERE))
    }

    fn issue_to(&mut self, hash: &str, asker: Asker) -> Result<Answer, Code> {
        let expires_at = self.now.plus_s(10 * MIN);
        self.tell(ToAccount::SendCode { code_hash: hash.into(), expires_at, asker })
    }

    fn try_code_by(&mut self, hash: &str, asker: Asker) -> Result<Answer, Code> {
        let refresh_hash = format!("r-{}", self.log.len());
        self.tell(ToAccount::UseCode { code_hash: hash.into(), refresh_hash, asker })
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

    /// Says that somebody is this to the account: a child of ten, if it is a child.
    fn relate(&mut self, patient: &str, relation: Relation) -> Result<Answer, Code> {
        let comes_of_age = (relation == Relation::Child).then(|| self.now.plus_s(8 * 365 * DAY));
        self.relate_by(patient, relation, comes_of_age, Proof::Said, Role::Patient)
    }

    fn relate_by(
        &mut self,
        patient: &str,
        relation: Relation,
        comes_of_age: Option<Timestamp>,
        proof: Proof,
        role: Role,
    ) -> Result<Answer, Code> {
        self.tell_as(ToAccount::ActFor { patient: PatientId::from(patient), relation, comes_of_age, proof }, role)
    }

    fn ask_consent(&mut self, patient: &str, relation: Relation, hash: &str) -> Result<Answer, Code> {
        let expires_at = self.now.plus_s(5 * MIN);
        let (patient, member) = (PatientId::from(patient), AccountId::from("a-2"));
        let code_hash = hash.to_owned();
        let comes_of_age = None;
        self.tell(ToAccount::AskConsent { patient, relation, comes_of_age, member, code_hash, expires_at })
    }

    fn end(&mut self, patient: &str) -> Result<Answer, Code> {
        self.tell(ToAccount::EndRelation { patient: PatientId::from(patient) })
    }

    /// What the last events owe to others, in words.
    fn owes(&self, of: usize) -> Vec<String> {
        let mut out = Vec::new();
        self.log[self.log.len() - of..].iter().for_each(|event| Account::outgoing(event, &mut out));
        let words = |one| match one {
            Outgoing::Effect(to, message) => format!("{to}: {message:?}"),
            Outgoing::Request(..) => panic!("a request"),
        };
        out.into_iter().map(words).collect()
    }
}

fn asker(device: &str, network: &str) -> Asker {
    Asker { device: device.to_owned(), network: network.to_owned() }
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
fn a_new_account_takes_over_nobody() {
    let mut desk = Desk::phone();
    let make = |role| match define(role) {
        ToAccount::DefineStaff { command, password_phc } => ToAccount::MakeStaff { command, password_phc },
        other => other,
    };
    desk.tell_as(make(Role::Operator), Role::Operator).unwrap();
    let before = desk.state.clone();
    assert_eq!(desk.tell_as(make(Role::Operator), Role::Operator), Err(Code::AlreadyExists));
    assert_eq!(desk.state, before);
    desk.tell_as(define(Role::Operator), Role::Operator).unwrap();
    desk.tell_as(ToAccount::RetireStaff, Role::Operator).unwrap();
    assert_eq!(desk.tell_as(make(Role::Operator), Role::Operator), Err(Code::Retired), "a name is used once");
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
fn a_stranger_uses_up_neither_the_codes_nor_the_tries_of_a_phone() {
    let (mine, another) = (asker("mine", HERE), |n: usize| asker("thief", &format!("there{n}")));
    let mut phone = Desk::phone();
    phone.issue_to("h", mine.clone()).unwrap();
    phone.try_code_by("h", mine.clone()).unwrap();
    phone.issue_to("h1", another(0)).unwrap();
    phone.issue_to("h2", mine.clone()).expect("the own minute");
    for _ in 0..3 {
        assert_eq!(phone.try_code_by("x", another(0)), Err(Code::WrongCredentials));
    }
    assert_eq!(phone.try_code_by("h2", another(0)), Err(Code::BackOff));
    assert_eq!(phone.try_code_by("h2", another(9)), Err(Code::BackOff), "the mark counts, wherever it is");
    assert_eq!(phone.try_code_by("h2", asker("made up", HERE)), Err(Code::WrongCredentials), "a code is its asker's");
    phone.try_code_by("h2", mine.clone()).unwrap();
    // With the one that the phone itself had asked for before it was known.
    let mut sent = 2;
    for network in 1.. {
        let mut outcome = phone.after(MIN).issue_to("h", another(network));
        while outcome.is_ok() {
            sent += 1;
            outcome = phone.after(MIN).issue_to("h", another(network));
        }
        if phone.issue_to("h", another(network + 100)).is_err() {
            break;
        }
        sent += 1;
    }
    assert_eq!(sent, STRANGERS_CODES_A_DAY, "a phone rings no more often for all of them");
    for _ in 1..CODES_A_DAY {
        phone.after(MIN).issue_to("h", mine.clone()).expect("the own device's codes");
    }
    assert_eq!(phone.after(MIN).issue_to("h", mine), Err(Code::BackOff));
}

#[test]
fn devices_are_bounded_and_a_sign_out_everywhere_forgets_them() {
    let mut phone = Desk::phone();
    for n in 0..=DEVICES_MAX {
        let device = asker(&format!("d{n}"), &format!("n{n}"));
        phone.after(DAY).issue_to("h", device.clone()).unwrap();
        phone.try_code_by("h", device).unwrap();
    }
    assert!(phone.state.devices.len() == DEVICES_MAX && !phone.state.devices.contains_key("d0"));
    phone.tell(ToAccount::Revoke { refresh_hash: None }).unwrap();
    assert!(phone.state.devices.is_empty());
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
fn signing_out_with_a_token_that_was_just_traded_ends_that_session() {
    let mut desk = Desk::staff();
    desk.sign_in("r0");
    desk.sign_in("other");
    desk.refresh("r0", "r1").unwrap();
    desk.tell(ToAccount::Revoke { refresh_hash: Some("r0".into()) }).unwrap();
    assert_eq!(desk.refresh("r1", "r2"), Err(Code::Unauthenticated));
    desk.tell(ToAccount::Revoke { refresh_hash: Some("made up".into()) }).unwrap();
    desk.refresh("other", "o1").expect("another device goes on");
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
    desk.relate("pc-0", Relation::Own).unwrap();
    assert_eq!(desk.relate("pc-9", Relation::Own), Err(Code::AlreadyExists));
    for n in 1..=5 {
        desk.relate(&format!("pc-{n}"), Relation::Child).unwrap();
    }
    assert_eq!(desk.relate("pc-6", Relation::Child), Err(Code::LimitExceeded));
    for n in 1..=3 {
        desk.after(1).end(&format!("pc-{n}")).unwrap();
        desk.relate(&format!("pc-{n}1"), Relation::Child).unwrap();
    }
    desk.after(1).end("pc-4").expect("giving up is never refused");
    assert_eq!(desk.relate("pc-41", Relation::Child), Err(Code::LimitExceeded), "the fourth change");
    let granted = desk.relate_by("pc-41", Relation::Child, None, Proof::AtDesk, Role::Desk);
    granted.expect("the desk sees the person");
    desk.after(1).end("pc-0").unwrap();
    assert_eq!(desk.relate("pc-9", Relation::Own), Err(Code::LimitExceeded), "to be somebody else is a change, too");
    desk.after(1).end("pc-5").unwrap();
    let by_desk = ToAccount::EndRelation { patient: PatientId::from("pc-41") };
    desk.tell_as(by_desk, Role::Desk).unwrap();
    assert_eq!(desk.state.given_up.len(), 6, "not what the desk does");
    desk.after(365 * DAY - 5).end("pc-11").unwrap();
    assert_eq!(desk.relate("pc-6", Relation::Child), Err(Code::LimitExceeded));
    desk.after(4).relate("pc-6", Relation::Child).expect("three of the last year are left");
    assert_eq!(desk.state.generation, 0, "a lost right ends what hangs on it, not the sign-in");
    assert_eq!(desk.log.iter().filter(|event| Account::ends_rights(event)).count(), 8);
    assert_eq!(Desk::staff().relate("pc-1", Relation::Child), Err(Code::Forbidden));
}

/// Over at once: nothing is put off, by the first word or by a second one.
#[test]
fn a_right_that_is_ended_twice_has_ended_once_and_at_once() {
    let mut desk = Desk::phone();
    desk.relate("pc-0", Relation::Own).unwrap();
    desk.relate("pc-1", Relation::Child).unwrap();
    assert_eq!(desk.end("pc-1"), Ok(Answer::Done));
    assert!(!desk.state.relations.contains_key("pc-1"), "no day of grace");
    let (before, written) = (desk.state.clone(), desk.log.len());
    for later in [1, DAY / 2, DAY - 2 - DAY / 2] {
        assert_eq!(desk.after(later).end("pc-1"), Ok(Answer::Done), "it is over, and stays over");
        let by_desk = ToAccount::EndRelation { patient: PatientId::from("pc-1") };
        assert_eq!(desk.tell_as(by_desk, Role::Desk), Ok(Answer::Done));
    }
    assert_eq!((&desk.state, desk.log.len()), (&before, written), "and counts as one change of the year");
}

#[test]
fn a_corrected_birth_date_has_every_right_judged_anew() {
    let mut desk = Desk::phone();
    let grows = Some(desk.now.plus_s(100 * DAY));
    let correct = |desk: &mut Desk, who: &str, comes_of_age| {
        let corrected = ToAccount::BirthDateCorrected { patient: PatientId::from(who), comes_of_age };
        desk.tell_as(corrected, Role::System).unwrap();
        desk.state.relations.get(who).map(|acts| acts.ends_at)
    };
    desk.relate("pc-0", Relation::Own).unwrap();
    desk.relate_by("p-1", Relation::Child, None, Proof::AtDesk, Role::Desk).unwrap();
    assert_eq!(correct(&mut desk, "p-1", grows), Some(grows), "a child after all: the guardian's right has its end");
    assert_eq!(correct(&mut desk, "p-1", None), None, "a grown-up after all");
    assert!(desk.state.grown.contains_key("p-1"), "who has to agree");
    assert_eq!(correct(&mut desk, "pc-0", grows), None, "a child is nobody's self");
    assert_eq!(correct(&mut desk, "p-9", grows), None, "nobody of this account's");
}

#[test]
fn a_right_of_before_ends_were_recorded_does_not_outlive_the_childhood() {
    let mut desk = Desk::phone();
    for (who, relation) in [("pc-1", "child"), ("p-2", "other"), ("pc-3", "parent"), ("pc-0", "self")] {
        Account::apply(
            &mut desk.state,
            &Event::RelationGranted { patient: PatientId::from(who), relation: relation.into() },
        );
    }
    let judge = |desk: &mut Desk, who: &str, comes_of_age| {
        let known = ToAccount::BirthDateCorrected { patient: PatientId::from(who), comes_of_age };
        desk.tell_as(known, Role::System).unwrap();
        desk.state.relations.get(who).map(|acts| (acts.ends_at, acts.is_unjudged()))
    };
    let (grows, grown) = (Some(desk.now.plus_s(DAY)), Some(desk.now.plus_s(-DAY)));
    assert_eq!(judge(&mut desk, "pc-1", grows), Some((grows, false)), "a child still");
    assert_eq!(Account::next_deadline(&desk.state), grows);
    assert_eq!(judge(&mut desk, "p-2", grown), None);
    assert_eq!(judge(&mut desk, "pc-3", grown), None, "who has to agree as every grown-up");
    assert_eq!(judge(&mut desk, "pc-0", grown), Some((None, false)), "oneself");
    assert!(desk.state.grown.contains_key("p-2") && Account::ends_rights(desk.log.last().unwrap()));
    desk.relate_by("p-4", Relation::Parent, grown, Proof::AtDesk, Role::Desk).unwrap();
    assert_eq!(judge(&mut desk, "p-4", grown), Some((None, false)), "who has agreed");
}

#[test]
fn a_number_alone_makes_nobody_the_bearer_of_a_document() {
    let mut desk = Desk::phone();
    for relation in [Relation::Own, Relation::Child] {
        assert_eq!(desk.relate("p-1", relation), Err(Code::Forbidden));
    }
    assert_eq!(
        desk.relate_by("p-1", Relation::Own, None, Proof::AtDesk, Role::Patient),
        Err(Code::Forbidden),
        "only a desk speaks for the desk"
    );
    assert!(desk.log.is_empty());
    desk.relate("pc-1", Relation::Own).unwrap();
    let be = |desk: &mut Desk, patient: &str, claim: &str, proof| {
        let (patient, claim) = (PatientId::from(patient), PatientId::from(claim));
        let role = if proof == Proof::AtDesk { Role::Desk } else { Role::Patient };
        desk.tell_as(ToAccount::BeBearer { patient, claim, comes_of_age: None, proof }, role)
    };
    for proof in [Proof::OnFile, Proof::AtDesk] {
        let another = be(&mut desk, "p-2", "pc-2", proof);
        assert_eq!(another, Err(Code::AlreadyExists), "of another document it calls itself the bearer already");
    }
    be(&mut desk, "p-1", "pc-1", Proof::OnFile).unwrap();
    assert_eq!(desk.state.relations.len(), 2, "what was booked under the claim is not lost");
    be(&mut desk, "p-1", "pc-1", Proof::OnFile).expect("once more");
    desk.relate("pc-1", Relation::Own).expect("said again");
    let other = be(&mut desk, "p-2", "pc-2", Proof::OnFile);
    assert_eq!(other, Err(Code::AlreadyExists), "one person's own");
    desk.end("pc-1").unwrap();
    assert_eq!(
        desk.relate("pc-3", Relation::Own),
        Err(Code::AlreadyExists),
        "who is confirmed claims nobody else to be"
    );
}

#[test]
fn nobody_acts_for_a_grown_up_who_has_not_agreed() {
    let mut desk = Desk::phone();
    for relation in [Relation::Parent, Relation::Spouse, Relation::Other] {
        assert_eq!(desk.relate("pc-1", relation), Err(Code::ConsentNeeded), "{relation:?}");
    }
    let over_18 = Some(desk.now);
    let said = desk.relate_by("pc-1", Relation::Child, over_18, Proof::Said, Role::Patient);
    assert_eq!(said, Err(Code::ConsentNeeded), "a grown child too");
    assert!(desk.log.is_empty());
    let member = AccountId::from("a-1");
    let to_oneself = ToAccount::AskConsent {
        patient: PatientId::from("pc-1"),
        relation: Relation::Parent,
        comes_of_age: None,
        member,
        code_hash: "h".into(),
        expires_at: desk.now.plus_s(MIN),
    };
    assert_eq!(desk.tell(to_oneself), Err(Code::InvalidField), "the own phone agrees to nothing");
    assert_eq!(desk.ask_consent("pc-1", Relation::Own, "h"), Err(Code::InvalidField));

    desk.ask_consent("pc-1", Relation::Parent, "h").unwrap();
    let code = |hash: &str| Proof::Code { hash: hash.into() };
    let try_code = |desk: &mut Desk, relation, hash| desk.relate_by("pc-1", relation, None, code(hash), Role::Patient);
    assert_eq!(try_code(&mut desk, Relation::Parent, "x"), Err(Code::WrongCredentials));
    assert_eq!(try_code(&mut desk, Relation::Spouse, "h"), Err(Code::WrongCredentials), "agreed to something else");
    try_code(&mut desk, Relation::Parent, "h").unwrap();
    let acts = &desk.state.relations[&PatientId::from("pc-1")];
    assert_eq!((&acts.agreed, acts.ends_at), (&Agreed::ByPhone(AccountId::from("a-2")), None));
    let owes = desk.owes(1);
    assert!(owes[0].starts_with("patient pc-1: ") && owes[1].starts_with("account a-2: "), "{owes:?}");
    assert_eq!(try_code(&mut desk, Relation::Parent, "h"), Err(Code::WrongCredentials), "once");
    desk.relate("pc-1", Relation::Parent).expect("said again: nothing new");
    desk.end("pc-1").unwrap();
    assert!(desk.owes(1)[1].contains("EndAgreement"));
    assert_eq!(desk.relate("pc-1", Relation::Parent), Err(Code::ConsentNeeded));
}

#[test]
fn a_code_of_consent_has_five_tries_and_the_codes_one_a_minute_and_ten_a_day() {
    let mut desk = Desk::phone();
    desk.ask_consent("pc-1", Relation::Parent, "h").unwrap();
    assert_eq!(desk.ask_consent("pc-2", Relation::Parent, "h"), Err(Code::BackOff));
    let by_code = |desk: &mut Desk, hash: &str| {
        desk.relate_by("pc-1", Relation::Parent, None, Proof::Code { hash: hash.into() }, Role::Patient)
    };
    for _ in 0..CODE_TRIES {
        assert_eq!(by_code(&mut desk, "x"), Err(Code::WrongCredentials));
    }
    assert_eq!(by_code(&mut desk, "h"), Err(Code::WrongCredentials), "void");
    for _ in 1..CODES_A_DAY {
        desk.after(MIN).ask_consent("pc-1", Relation::Parent, "h").unwrap();
    }
    desk.after(5 * MIN);
    assert_eq!(by_code(&mut desk, "h"), Err(Code::WrongCredentials), "over");
    assert_eq!(desk.ask_consent("pc-1", Relation::Parent, "h"), Err(Code::BackOff));
}

#[test]
fn an_end_by_another_account_is_the_persons_own_word() {
    let mut desk = Desk::phone();
    desk.relate_by("p-1", Relation::Parent, None, Proof::AtDesk, Role::Desk).unwrap();
    desk.state.id = AccountId::from("a-2");
    desk.end("p-1").unwrap();
    let Some(Event::RelationOver { why, counts, .. }) = desk.log.last() else { panic!("over") };
    assert_eq!((*why, *counts), (Over::Withdrawn, true));
}

#[test]
fn whose_phone_agreed_takes_its_word_back() {
    let (mut holder, mut member) = (Desk::phone(), Desk::phone());
    member.state = Account::new_state("a-2");
    holder.ask_consent("pc-1", Relation::Parent, "h").unwrap();
    let proof = Proof::Code { hash: "h".into() };
    holder.relate_by("pc-1", Relation::Parent, None, proof, Role::Patient).unwrap();
    let (account, patient) = (AccountId::from("a-1"), PatientId::from("pc-1"));
    let agreement = Agreement { relation: "parent".into(), since: member.now };
    let noted = ToAccount::NoteAgreement { account: account.clone(), patient: patient.clone(), agreement };
    member.tell_as(noted, Role::System).unwrap();
    member.tell(ToAccount::WithdrawAgreement { account: AccountId::from("a-9"), patient: patient.clone() }).unwrap();
    assert_eq!(member.log.len(), 1, "nobody else's");
    member.tell(ToAccount::WithdrawAgreement { account, patient: patient.clone() }).unwrap();
    assert!(member.state.agreements.is_empty());
    assert!(member.owes(1)[0].contains("AgreementWithdrawn"), "{:?}", member.owes(1));
    let wrong = ToAccount::AgreementWithdrawn { patient: patient.clone(), member: AccountId::from("a-3") };
    holder.tell_as(wrong, Role::System).unwrap();
    assert_eq!(holder.state.relations.len(), 1, "not this one's to take back");
    let word = ToAccount::AgreementWithdrawn { patient, member: AccountId::from("a-2") };
    holder.tell_as(word, Role::System).unwrap();
    assert!(holder.state.relations.is_empty());
    assert!(Account::ends_rights(holder.log.last().unwrap()));
}

#[test]
fn a_guardians_right_ends_on_the_eighteenth_birthday() {
    let mut desk = Desk::phone();
    let birthday = desk.now.plus_s(40 * DAY);
    let child =
        |desk: &mut Desk, relation| desk.relate_by("pc-1", relation, Some(birthday), Proof::Said, Role::Patient);
    assert_eq!(child(&mut desk, Relation::Own), Err(Code::GuardianNeeded));
    assert_eq!(child(&mut desk, Relation::Spouse), Err(Code::InvalidField));
    child(&mut desk, Relation::Child).unwrap();
    assert_eq!(Account::next_deadline(&desk.state), Some(birthday));
    desk.after(40 * DAY - 1).tell(ToAccount::DeadlineReached).unwrap();
    assert_eq!(desk.state.relations.len(), 1, "a second before");
    desk.after(1).tell(ToAccount::DeadlineReached).unwrap();
    assert!(desk.state.relations.is_empty() && desk.state.given_up.is_empty());
    assert_eq!(desk.state.grown.keys().collect::<Vec<_>>(), [&PatientId::from("pc-1")]);
    assert!(Account::ends_rights(desk.log.last().unwrap()));
    assert_eq!(child(&mut desk, Relation::Child), Err(Code::ConsentNeeded));
    let younger = Some(birthday.plus_s(365 * DAY));
    let said = desk.relate_by("pc-1", Relation::Child, younger, Proof::Said, Role::Patient);
    assert_eq!(said, Err(Code::ConsentNeeded), "nobody grows younger");
    desk.ask_consent("pc-1", Relation::Child, "h").unwrap();
    let agreed = Proof::Code { hash: "h".into() };
    desk.relate_by("pc-1", Relation::Child, Some(birthday), agreed, Role::Patient).unwrap();
    assert!(desk.state.grown.is_empty());
    assert_eq!(Account::next_deadline(&desk.state), None, "the grown-up's word has no end");
}

#[test]
fn another_birth_date_of_somebody_claimed_is_judged_like_the_first_one() {
    let mut desk = Desk::phone();
    let says = |desk: &mut Desk, relation, comes_of_age| {
        desk.relate_by("pc-1", relation, comes_of_age, Proof::Said, Role::Patient)
    };
    let of_age = |desk: &Desk, years: i64| Some(desk.now.plus_s(years * 365 * DAY));
    for relation in [Relation::Child, Relation::Other] {
        let (child, younger) = (of_age(&desk, 8), of_age(&desk, 12));
        says(&mut desk, relation, child).unwrap();
        // Somebody grown up, who has agreed to nothing, is no child by having been called one.
        let grown = of_age(&desk, -5);
        for grown in [grown, None] {
            assert_eq!(says(&mut desk, relation, grown), Err(Code::ConsentNeeded), "{relation:?}");
        }
        says(&mut desk, relation, younger).unwrap();
        assert_eq!(Account::next_deadline(&desk.state), younger, "{relation:?}");
    }
    desk.ask_consent("pc-2", Relation::Other, "h").unwrap();
    let agreed = Proof::Code { hash: "h".into() };
    desk.relate_by("pc-2", Relation::Other, None, agreed, Role::Patient).unwrap();
    let grown = of_age(&desk, -5);
    desk.relate_by("pc-2", Relation::Other, grown, Proof::Said, Role::Patient).expect("who has agreed stays so");
}

#[test]
fn a_phone_on_file_from_childhood_is_no_word_of_the_grown_up() {
    let mut desk = Desk::phone();
    let birthday = desk.now.plus_s(DAY);
    let on_file =
        |desk: &mut Desk, relation| desk.relate_by("p-1", relation, Some(birthday), Proof::OnFile, Role::Patient);
    on_file(&mut desk, Relation::Child).unwrap();
    desk.after(DAY).tell(ToAccount::DeadlineReached).unwrap();
    for relation in [Relation::Child, Relation::Own] {
        assert_eq!(on_file(&mut desk, relation), Err(Code::ConsentNeeded), "{relation:?}");
    }
    desk.relate_by("p-1", Relation::Child, Some(birthday), Proof::AtDesk, Role::Desk).unwrap();
}

#[test]
fn another_phone_on_file_ends_what_hung_on_the_file_and_nothing_that_was_agreed() {
    let mut desk = Desk::phone();
    desk.relate_by("p-1", Relation::Own, None, Proof::OnFile, Role::Patient).unwrap();
    desk.relate_by("p-2", Relation::Parent, None, Proof::AtDesk, Role::Desk).unwrap();
    for patient in ["p-1", "p-2"] {
        let patient = PatientId::from(patient);
        desk.tell_as(ToAccount::AnotherPhoneOnFile { patient }, Role::System).unwrap();
    }
    assert_eq!(desk.state.relations.keys().collect::<Vec<_>>(), [&PatientId::from("p-2")]);
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
        let issued_by = Issuer { account: "a-staff-wu".into(), issuing_lost: 0 };
        ToAccount::NoteIssued { id: id.into(), token, issued_by }
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
    assert_eq!(list.state.issuers.keys().collect::<Vec<_>>(), ["later"], "who made the others is forgotten with them");
}

#[test]
fn a_right_to_issue_that_is_lost_in_part_is_lost() {
    let mut boss = Desk::phone();
    let mut lost = |role, site: Option<&str>, may_issue| {
        let ToAccount::DefineStaff { mut command, password_phc } = define(role) else { panic!("a definition") };
        (command.site, command.may_issue) = (site.map(SiteId::from), may_issue);
        boss.tell(ToAccount::DefineStaff { command, password_phc }).unwrap();
        boss.state.issuing_lost
    };
    let (operator, desk) = (Role::Operator, Role::Desk);
    assert_eq!([lost(operator, Some("s"), false), lost(operator, Some("s"), true), lost(operator, None, true)], [0; 3]);
    assert_eq!([lost(operator, Some("s"), true), lost(operator, Some("t"), true)], [1, 2], "another place");
    assert_eq!([lost(operator, Some("t"), false), lost(operator, Some("t"), true)], [3, 3], "taken, and given again");
    assert_eq!([lost(desk, Some("t"), true), lost(desk, Some("t"), false)], [4, 4], "another role");
    boss.tell(ToAccount::RetireStaff).unwrap();
    assert_eq!(boss.state.issuing_lost, 5);
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
    desk.relate("pc-0", Relation::Own).unwrap();
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
            prop_assert!(desk.state.codes.values().all(|code| code.tries <= CODE_TRIES));
        }
        let mut replayed = Account::new_state("a-1");
        for event in &desk.log {
            let text = serde_json::to_string(event).unwrap();
            Account::apply(&mut replayed, &serde_json::from_str(&text).unwrap());
        }
        prop_assert_eq!(&replayed, &desk.state);
    }
}
