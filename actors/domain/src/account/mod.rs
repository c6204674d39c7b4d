//! The account's owner: who signs in and how, back-off, refresh tokens by family, which patients it acts for (its word
//! is the one that counts; the patient's owner only shows it), and which scripts have tokens. It knows hashes only. A failed
//! attempt is on the record, so that no restart forgets it.

mod decide;
mod event;
mod failures;
mod family;
mod of_before;
mod scripts;
mod sessions;
mod staff;
mod state;
mod tells;
#[cfg(test)]
mod tests;
pub mod view;

pub use event::{Event, Over};
pub use failures::{Failures, Tries};
pub use staff::DefineStaff;
pub use state::{
    Acts, Agreed, Agreement, Code as OneTimeCode, Consent, Family, IssuedToken, Issuer, Script, Sent, Staff, State,
};

use crate::codes::{Code as ErrorCode, Rejection};
use crate::ids::AccountId;
use crate::owner::*;
use crate::person::Relation;
use crate::principal::Role;
use crate::time::Timestamp;
use crate::vocabulary::{Answer, ToAccount};

/// Tries at one code; then it is void.
pub const CODE_TRIES: u32 = 5;
/// Seconds between two codes to one phone for one device that it knows, or for one network.
pub const CODE_EVERY_S: i64 = 60;
/// Codes to one phone in a day for one device that it knows, or for one network.
pub const CODES_A_DAY: usize = 10;
/// Codes to one phone in a day for all devices together that it does not know.
pub const STRANGERS_CODES_A_DAY: usize = 30;
/// Devices that an account knows; the one longest away is forgotten first.
pub const DEVICES_MAX: usize = 20;
/// Places whose failures an account remembers; the longest quiet one is forgotten first.
pub const PLACES_MAX: usize = 64;
/// For so long the refresh token just traded is taken once more: the answer was lost, or two tabs traded at once.
pub const REFRESH_GRACE_S: i64 = 10;
/// Tokens for scripts of one site (or of all sites) that are listed at the same time: those that have not expired.
pub const TOKENS_MAX: usize = 1_000;
/// Failures in a row from one place before the back-off begins.
pub const FREE_FAILURES: u32 = 3;
/// The first back-off in seconds; it doubles with each further failure.
pub const BACK_OFF_S: i64 = 30;
/// The longest back-off in seconds.
pub const BACK_OFF_MAX_S: i64 = 15 * 60;
/// Sessions (refresh token families) of one account; the oldest goes when another is opened.
pub const SESSIONS_MAX: usize = 20;
/// A session that nobody refreshes for so many days ends.
pub const SESSION_DAYS: i64 = 30;
/// Old refresh tokens of a family whose reuse is recognised.
pub const USED_MAX: usize = 64;
/// Family members that one account may act for, beside its own person.
pub const FAMILY_MAX: usize = 5;
/// Grown-up children whom a guardian's account remembers; the first to come of age is forgotten first.
pub const GROWN_MAX: usize = 64;
/// Family members given up within a year whose places may be filled again; after one more, the next comes in when the
/// oldest of them is a year ago.
pub const FAMILY_CHANGES_A_YEAR: usize = 3;

/// Somebody who signs in.
pub struct Account;

impl Owner for Account {
    const KIND: OwnerKind = OwnerKind::Account;
    const STATE_VERSION: u16 = 4;
    type State = State;
    type Command = ToAccount;
    type Event = Event;

    fn new_state(id: &str) -> State {
        State::new(AccountId::from(id))
    }

    fn decide(draft: &mut Draft<'_, Self>, command: ToAccount, context: &Context) -> Result<Answer, Rejection> {
        match command {
            ToAccount::DefineStaff { command, password_phc } => decide::define_staff(draft, command, password_phc),
            ToAccount::MakeStaff { command, password_phc } => decide::make_staff(draft, command, password_phc),
            ToAccount::RetireStaff => decide::retire_staff(draft),
            ToAccount::SendCode { code_hash, expires_at, asker } => {
                sessions::issue_code(draft, code_hash, expires_at, asker, context)
            }
            ToAccount::UseCode { code_hash, refresh_hash, asker } => {
                sessions::try_code(draft, &code_hash, refresh_hash, &asker, context)
            }
            ToAccount::TryPassword { matched, refresh_hash, from } => {
                sessions::try_password(draft, matched, refresh_hash, &from, context)
            }
            ToAccount::Refresh { refresh_hash, next_hash } => {
                sessions::refresh(draft, &refresh_hash, next_hash, context)
            }
            ToAccount::Revoke { refresh_hash } => sessions::revoke(draft, refresh_hash.as_deref()),
            ToAccount::AskConsent { patient, relation, comes_of_age, member, code_hash, expires_at } => {
                let wanted = family::Wanted { patient, relation, claim: None, comes_of_age };
                family::ask_consent(draft, &wanted, member, code_hash, expires_at, context)
            }
            ToAccount::ActFor { patient, relation, comes_of_age, proof } => {
                family::relate(draft, family::Wanted { patient, relation, claim: None, comes_of_age }, proof, context)
            }
            ToAccount::BeBearer { patient, claim, comes_of_age, proof } => {
                let (relation, claim) = (Relation::Own, Some(claim));
                family::relate(draft, family::Wanted { patient, relation, claim, comes_of_age }, proof, context)
            }
            ToAccount::EndRelation { patient } => {
                let why = match context.principal.role {
                    Role::Patient if context.principal.account == draft.state().id => Over::GivenUp,
                    // The door has asked whose person it is.
                    Role::Patient => Over::Withdrawn,
                    _ => Over::ByDesk,
                };
                family::end(draft, patient, why, context.now)
            }
            ToAccount::AnotherPhoneOnFile { patient } => family::end_of_file(draft, patient, context.now),
            ToAccount::BirthDateCorrected { patient, comes_of_age } => {
                family::judge_anew(draft, patient, comes_of_age, context.now)
            }
            ToAccount::NoteAgreement { account, patient, agreement } => {
                family::note_agreement(draft, account, patient, agreement)
            }
            ToAccount::WithdrawAgreement { account, patient } => family::end_agreement(draft, account, patient, true),
            ToAccount::EndAgreement { account, patient } => family::end_agreement(draft, account, patient, false),
            ToAccount::AgreementWithdrawn { patient, member } => family::withdrawn(draft, patient, member, context.now),
            ToAccount::IssueCode { .. } | ToAccount::TryCode { .. } | ToAccount::Relate { .. } => {
                Err(Rejection::new(ErrorCode::UnknownCommand, "told in another way since"))
            }
            ToAccount::NoteIssued { id, token, issued_by } => scripts::note(draft, id, token, issued_by),
            ToAccount::EndScript => Ok(scripts::end_script(draft)),
            ToAccount::EndTokens { name, now } => Ok(scripts::end(draft, name, now)),
            // said by nobody any more; their places in the vocabulary are taken
            ToAccount::NoteScript { .. } | ToAccount::DropScript { .. } | ToAccount::NoteToken { .. } => {
                Err(ErrorCode::Forbidden.into())
            }
            ToAccount::DeadlineReached => {
                sessions::expire(draft, context);
                family::come_of_age(draft, context.now)
            }
        }
    }

    fn apply(state: &mut State, event: &Event) {
        event::apply(state, event)
    }

    fn event_kind(event: &Event) -> (u16, &'static str) {
        event::kind(event)
    }

    fn event_version(kind: u16) -> u16 {
        of_before::version(kind)
    }

    fn upcast<P: Payload>(kind: u16, version: u16, payload: &P) -> Option<Result<Event, String>> {
        of_before::upcast(kind, version, payload)
    }

    fn outgoing(event: &Event, out: &mut Vec<Outgoing>) {
        tells::outgoing(event, out)
    }

    fn ends_rights(event: &Event) -> bool {
        tells::ends_rights(event)
    }

    fn next_deadline(state: &State) -> Option<Timestamp> {
        let sessions = state.families.values().map(|family| family.expires_at);
        sessions.chain(state.relations.values().filter_map(|acts| acts.ends_at)).min()
    }

    fn deadline_command() -> Option<ToAccount> {
        Some(ToAccount::DeadlineReached)
    }

    fn receive(message: Message) -> Option<ToAccount> {
        match message {
            Message::Account(command) => Some(*command),
            _ => None,
        }
    }
}
