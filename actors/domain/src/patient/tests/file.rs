//! Two desks at one document, and a phone that acts while another one comes on file: in every order.

use super::*;
use crate::account::{self, Account};
use crate::codes::Code;
use crate::ids::AccountId;
use crate::person::{PatientBrief, Relation, Sex};
use crate::principal::{Principal, Role};
use crate::vocabulary::{Proof, ToAccount};

const NOW: Timestamp = Timestamp(1_000_000_000);

/// An owner with what it owes to others.
struct Told<O: Owner> {
    state: O::State,
    owes: Vec<Outgoing>,
}

impl<O: Owner> Told<O> {
    fn new(id: &str) -> Self {
        Self { state: O::new_state(id), owes: Vec::new() }
    }

    fn tell(&mut self, command: O::Command) -> Result<Answer, Code> {
        let context = Context { now: NOW, principal: Principal::of(Role::Patient, AccountId::from("a-old")), seed: 1 };
        let mut draft = Draft::<O>::new(&mut self.state);
        let answer = O::decide(&mut draft, command, &context);
        draft.into_events().iter().for_each(|event| O::outgoing(event, &mut self.owes));
        match answer {
            Ok(Answer::Refused(why)) | Err(why) => Err(why.code),
            Ok(answer) => Ok(answer),
        }
    }

    /// Everything that it owes to this owner arrives.
    fn hears<T: Owner>(&mut self, from: &mut Told<T>) {
        for owed in std::mem::take(&mut from.owes) {
            if let Outgoing::Effect(to, message) = owed
                && to.kind == O::KIND
                && let Some(command) = O::receive(message)
            {
                // What it refuses is told in its own words, to whom it concerns.
                let _ = self.tell(command);
            }
        }
    }
}

fn confirm(name: &str, replaces: u64, phone: &str) -> ToPatient {
    let brief = PatientBrief {
        patient: PatientId::from("p-1"),
        masked_name: name.into(),
        sex: Sex::Male,
        birth_year: Some(1980),
    };
    let identity = Identity { brief, birth_date_sealed: vec![1], sealed: vec![2], real_name: true };
    ToPatient::ConfirmIdentity { identity, replaces, on_file: Some(AccountId::from(phone)) }
}

fn by_file() -> ToAccount {
    let (patient, relation, proof) = (PatientId::from("p-1"), Relation::Own, Proof::OnFile);
    ToAccount::ActFor { patient, relation, comes_of_age: None, proof }
}

#[test]
fn of_two_desks_that_confirm_at_once_one_hears_of_the_other() {
    let mut person = Told::<Patient>::new("p-1");
    person.tell(confirm("张*", 0, "a-old")).unwrap();
    assert_eq!(person.tell(confirm("李*", 0, "a-new")), Err(Code::AlreadyExists));
    assert_eq!(person.state.identity.as_ref().unwrap().brief.masked_name, "张*");
    person.tell(confirm("李*", 1, "a-old")).expect("knowingly");
    assert_eq!(person.tell(confirm("王*", 1, "a-old")), Err(Code::AlreadyExists), "another one stands since");
    assert_eq!((person.state.confirmed, person.state.on_file.as_ref().unwrap().as_str()), (2, "a-old"));
}

#[test]
fn a_phone_that_was_taken_off_the_file_acts_no_more_whenever_its_right_is_heard_of() {
    // The right is given when so many of these have happened: the desk replaces the phone; who acts is told.
    for given_after in 0..=2 {
        let (mut person, mut phone) = (Told::<Patient>::new("p-1"), Told::<Account>::new("a-old"));
        person.tell(confirm("张*", 0, "a-old")).unwrap();
        for step in 0..=2 {
            if step == given_after {
                phone.tell(by_file()).expect("the door has seen it on file");
            }
            match step {
                0 => person.tell(confirm("张*", 1, "a-new")).map(drop).unwrap(),
                1 => phone.hears(&mut person),
                _ => {}
            }
        }
        // Nobody asks any more: the two owners alone.
        for _ in 0..3 {
            person.hears(&mut phone);
            phone.hears(&mut person);
        }
        assert!(phone.state.relations.is_empty(), "given after {given_after}");
        assert!(person.state.accounts.is_empty(), "given after {given_after}");
    }
}

#[test]
fn a_phone_on_file_acts_and_who_was_never_asked_on_file_stands() {
    let (mut person, mut phone) = (Told::<Patient>::new("p-1"), Told::<Account>::new("a-old"));
    person.tell(confirm("张*", 0, "a-old")).unwrap();
    phone.tell(by_file()).unwrap();
    person.hears(&mut phone);
    phone.hears(&mut person);
    person.tell(confirm("张*三", 1, "a-old")).expect("the same phone");
    phone.hears(&mut person);
    assert_eq!((phone.state.relations.len(), person.state.accounts.len()), (1, 1));
    let acts = &phone.state.relations[&PatientId::from("p-1")];
    assert_eq!(acts.agreed, account::Agreed::OnFile);
    person.state.on_file = None;
    let (account, relation) = (AccountId::from("a-old"), Relation::Own);
    person.tell(ToPatient::RelateOnFile { account, relation }).expect("of before it was kept");
}
