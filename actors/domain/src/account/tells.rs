//! Whom an account's events are told, and which of them end rights.

use crate::ids::{AccountId, PatientId};
use crate::owner::{Outgoing, OwnerKind, OwnerRef};
use crate::vocabulary::{ToAccount, ToPatient};

use super::event::Event;
use super::state::*;

/// Who is told: the person, so that the own page shows who acts; and the phone by whose word it was.
pub(super) fn outgoing(event: &Event, out: &mut Vec<Outgoing>) {
    let to_person = |patient: &PatientId, account: &AccountId, relation: &str, granted: bool| {
        let relation = crate::person::Relation::of_wire(relation);
        let message = ToPatient::Relate { account: account.clone(), relation, granted };
        Outgoing::Effect(OwnerRef::new(OwnerKind::Patient, patient.as_str()), message.into())
    };
    let to_account = |account: &AccountId, message: ToAccount| {
        Outgoing::Effect(OwnerRef::new(OwnerKind::Account, account.as_str()), message.into())
    };
    match event {
        Event::RelationAgreed { account, patient, acts } => {
            out.push(to_person(patient, account, &acts.relation, true));
            if let (Agreed::ByPhone(member), Some(since)) = (&acts.agreed, acts.since) {
                let agreement = Agreement { relation: acts.relation.clone(), since };
                let (account, patient) = (account.clone(), patient.clone());
                out.push(to_account(member, ToAccount::NoteAgreement { account, patient, agreement }));
            }
        }
        Event::RelationOnFile { account, patient, acts } => {
            let relation = crate::person::Relation::of_wire(&acts.relation);
            let message = ToPatient::RelateOnFile { account: account.clone(), relation };
            let person = OwnerRef::new(OwnerKind::Patient, patient.as_str());
            out.push(Outgoing::Effect(person, message.into()));
        }
        Event::RelationOver { account, patient, member, .. } => {
            out.push(to_person(patient, account, "", false));
            if let Some(member) = member {
                let (account, patient) = (account.clone(), patient.clone());
                out.push(to_account(member, ToAccount::EndAgreement { account, patient }));
            }
        }
        Event::AgreementOver { member, account, patient, withdrawn: true } => {
            let message = ToAccount::AgreementWithdrawn { patient: patient.clone(), member: member.clone() };
            out.push(to_account(account, message));
        }
        _ => {}
    }
}

/// Whether rights of before have ended: doors ask again.
pub(super) fn ends_rights(event: &Event) -> bool {
    match event {
        Event::StaffDefined { ends_sessions, .. } => *ends_sessions,
        Event::StaffRetired
        | Event::SessionRevoked { .. }
        | Event::AllRevoked
        | Event::SessionEnded { .. }
        | Event::RelationEnded { .. }
        | Event::RelationOver { .. } => true,
        _ => false,
    }
}
