//! What can have happened to an account, and how it changes the state. Stored types: append only.

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, PatientId};
use crate::time::Timestamp;

use super::failures::Tries;
use super::of_before::RELATION_OVER;
use super::state::*;

/// A fact about an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// Somebody of the staff is this. Rights or password changed: sessions and tokens of before end.
    StaffDefined {
        /// Who.
        staff: Staff,
        /// Whether what was signed in before ends.
        ends_sessions: bool,
    },
    /// Signs in no more; everything ends.
    StaffRetired,
    /// A code was sent.
    CodeIssued {
        /// The code.
        code: Code,
        /// When.
        at: Timestamp,
        /// Codes sent before this do not count any more.
        counted_since: Timestamp,
    },
    /// A wrong code or password.
    SignInFailed {
        /// Failures in a row now.
        failures: u32,
        /// No try before this.
        not_before: Option<Timestamp>,
        /// Wrong tries at the code now; none: it was a password.
        code_tries: Option<u32>,
    },
    /// Signed in: a session begins.
    SessionOpened {
        /// Its number.
        family: u64,
        /// Hash of its first refresh token.
        refresh_hash: String,
        /// When.
        at: Timestamp,
        /// When it ends unless refreshed.
        expires_at: Timestamp,
        /// The oldest session, if there were too many.
        ends: Option<u64>,
    },
    /// A refresh token was traded for the next.
    SessionRefreshed {
        /// Of which session.
        family: u64,
        /// Hash of the next token.
        next_hash: String,
        /// When the session ends unless refreshed.
        expires_at: Timestamp,
    },
    /// A session has ended, and with it every access token of the account: of before tokens belonged to a session.
    SessionRevoked {
        /// Which.
        family: u64,
        /// An old refresh token was shown: somebody has a copy.
        reused: bool,
    },
    /// All sessions have ended.
    AllRevoked,
    /// Sessions that nobody refreshed.
    SessionsExpired {
        /// Which.
        families: Vec<u64>,
    },
    /// May act for that patient.
    RelationGranted {
        /// Whom.
        patient: PatientId,
        /// As what.
        relation: String,
    },
    /// May do so no longer.
    RelationEnded {
        /// Whom.
        patient: PatientId,
        /// When.
        at: Timestamp,
        /// Whether it counts as one of the year's changes.
        counts: bool,
        /// Changes before this do not count any more.
        counted_since: Timestamp,
    },
    /// A wrong code or password from somewhere.
    SignInFailedFrom {
        /// From where (a keyed hash of the address).
        from: String,
        /// How it stands with that place now.
        tries: Tries,
        /// Wrong tries at the code now; none: it was a password.
        code_tries: Option<u32>,
    },
    /// The refresh token before was traded once more, within the grace.
    SessionForked {
        /// Of which session.
        family: u64,
        /// Hash of the next token; the one of the first trade stays good beside it.
        next_hash: String,
        /// When the session ends unless refreshed.
        expires_at: Timestamp,
    },
    /// Of two twins the one of the first trade is traded: it is the newest now.
    TwinTaken {
        /// Of which session.
        family: u64,
    },
    /// A script was given a token.
    ScriptNoted {
        /// Its name.
        name: String,
        /// As what, from when, until when.
        script: Script,
        /// Scripts whose tokens have ended.
        forgotten: Vec<String>,
    },
    /// A script's tokens were ended.
    ScriptDropped {
        /// Its name.
        name: String,
    },
    /// A code was sent to somebody's own phone: does the person agree?
    ConsentAsked {
        /// For whom the account wants to act.
        patient: PatientId,
        /// As what, which phone, which code.
        consent: Consent,
        /// When.
        at: Timestamp,
        /// Codes sent before this do not count any more.
        counted_since: Timestamp,
    },
    /// A wrong code of consent.
    ConsentFailed {
        /// Whose.
        patient: PatientId,
        /// Wrong tries at it now.
        tries: u32,
    },
    /// May act for that patient, by somebody's word. Person and phone are told.
    RelationAgreed {
        /// This account.
        account: AccountId,
        /// Whom.
        patient: PatientId,
        /// As what, by whose word, until when.
        acts: Acts,
    },
    /// May do so no longer. Person and phone are told.
    RelationOver {
        /// This account.
        account: AccountId,
        /// Whom.
        patient: PatientId,
        /// Why.
        why: Over,
        /// The account whose phone had agreed.
        member: Option<AccountId>,
        /// When.
        at: Timestamp,
        /// Whether it counts as one of the year's changes.
        counts: bool,
        /// What was before this does not count any more.
        counted_since: Timestamp,
        /// Whether access tokens of before end with it, as they did at first.
        ends_tokens: bool,
    },
    /// This account's phone has agreed that another one acts for its person.
    AgreementNoted {
        /// Which other.
        account: AccountId,
        /// For whom.
        patient: PatientId,
        /// As what, since when.
        agreement: Agreement,
    },
    /// The other one acts by this phone's word no longer.
    AgreementOver {
        /// This account.
        member: AccountId,
        /// Which other.
        account: AccountId,
        /// For whom.
        patient: PatientId,
        /// It was taken back here: the other one is told.
        withdrawn: bool,
    },
    /// A code was sent to sign in with; only who asked for it can use it.
    CodeSent {
        /// Who asked: the device.
        asker: String,
        /// The code.
        code: Code,
        /// When, and whom it counts for.
        sent: Sent,
        /// Codes sent before this do not count any more.
        counted_since: Timestamp,
    },
    /// Somebody has signed in by a code: the account knows that device from now on.
    CodeUsed {
        /// The device that had asked for it.
        asker: String,
        /// When.
        at: Timestamp,
        /// The device that was longest away, if there were too many.
        forgets: Option<String>,
    },
    /// A session has ended, and with it the access tokens that belong to it.
    SessionEnded {
        /// Which.
        family: u64,
        /// An old refresh token was shown: somebody has a copy.
        reused: bool,
    },
    /// A token was made for a script.
    TokenNoted {
        /// Its id.
        id: String,
        /// Whose, for what, until when.
        token: IssuedToken,
        /// Tokens that are over.
        forgotten: Vec<String>,
    },
    /// Every token of a script was ended.
    TokensEnded {
        /// The script's name.
        name: String,
        /// When (machine time).
        at: Timestamp,
    },
    /// May act for that patient, because its phone is on the person's file: the person is told, and says whether it is.
    RelationOnFile {
        /// This account.
        account: AccountId,
        /// Whom.
        patient: PatientId,
        /// As what, until when.
        acts: Acts,
    },
    /// A token was made for a script, by somebody's right.
    TokenIssued {
        /// Its id.
        id: String,
        /// Whose, for what, until when.
        token: IssuedToken,
        /// By whose right.
        issued_by: Issuer,
        /// Tokens that are over.
        forgotten: Vec<String>,
    },
    /// What a script has issued has ended with it.
    IssuedEnded,
}

/// Why an account acts for somebody no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Over {
    /// Whoever acted has given it up.
    GivenUp,
    /// The person has taken it back: the own phone's word, or whatever else it was by.
    Withdrawn,
    /// The desk.
    ByDesk,
    /// Another phone is on the person's file.
    AnotherPhone,
    /// The child has come of age.
    OfAge,
}

pub(super) fn kind(event: &Event) -> (u16, &'static str) {
    match event {
        Event::StaffDefined { .. } => (500, "staff_defined"),
        Event::StaffRetired => (501, "staff_retired"),
        Event::CodeIssued { .. } => (502, "code_issued"),
        Event::SignInFailed { .. } => (503, "sign_in_failed"),
        Event::SessionOpened { .. } => (504, "session_opened"),
        Event::SessionRefreshed { .. } => (505, "session_refreshed"),
        Event::SessionRevoked { .. } => (506, "session_revoked"),
        Event::AllRevoked => (507, "all_revoked"),
        Event::SessionsExpired { .. } => (508, "sessions_expired"),
        Event::RelationGranted { .. } => (509, "account_relation_granted"),
        Event::RelationEnded { .. } => (510, "account_relation_ended"),
        Event::SignInFailedFrom { .. } => (511, "sign_in_failed_from"),
        Event::SessionForked { .. } => (512, "session_forked"),
        Event::TwinTaken { .. } => (513, "twin_taken"),
        Event::ScriptNoted { .. } => (514, "script_noted"),
        Event::ScriptDropped { .. } => (515, "script_dropped"),
        Event::ConsentAsked { .. } => (516, "consent_asked"),
        Event::ConsentFailed { .. } => (517, "consent_failed"),
        Event::RelationAgreed { .. } => (518, "relation_agreed"),
        Event::RelationOver { .. } => (RELATION_OVER, "relation_over"),
        Event::AgreementNoted { .. } => (520, "agreement_noted"),
        Event::AgreementOver { .. } => (521, "agreement_over"),
        Event::CodeSent { .. } => (522, "code_sent"),
        Event::CodeUsed { .. } => (523, "code_used"),
        Event::SessionEnded { .. } => (524, "session_ended"),
        Event::TokenNoted { .. } => (525, "token_noted"),
        Event::TokensEnded { .. } => (526, "tokens_ended"),
        Event::RelationOnFile { .. } => (560, "relation_on_file"),
        Event::TokenIssued { .. } => (563, "token_issued"),
        Event::IssuedEnded => (564, "issued_ended"),
    }
}

pub(super) fn apply(state: &mut State, event: &Event) {
    match event {
        Event::StaffDefined { staff, ends_sessions } => {
            let loses = state.staff.as_ref().is_some_and(|before| before.issues_where_not(staff));
            state.issuing_lost += u64::from(loses);
            state.staff = Some(staff.clone());
            if *ends_sessions {
                end_all(state);
            }
        }
        Event::StaffRetired => {
            state.retired = true;
            state.issuing_lost += 1;
            end_all(state);
        }
        // Of before: whoever asked for that code is not known any more, and it holds no longer.
        Event::CodeIssued { at, counted_since, .. } => {
            count_sent(state, Sent { at: *at, by: String::new(), is_known: false }, *counted_since);
        }
        Event::SignInFailed { .. } => {}
        Event::SignInFailedFrom { from, tries, code_tries } => {
            state.failures.put(from, *tries, super::PLACES_MAX);
            if let (Some(code), Some(tries)) = (state.codes.get_mut(from), code_tries) {
                code.tries = *tries;
            }
        }
        Event::CodeSent { asker, code, sent, counted_since } => {
            state.codes.retain(|_, code| sent.at < code.expires_at);
            state.codes.insert(asker.clone(), code.clone());
            count_sent(state, sent.clone(), *counted_since);
        }
        Event::CodeUsed { asker, at, forgets } => {
            state.codes.remove(asker);
            state.devices.insert(asker.clone(), *at);
            if let Some(forgotten) = forgets {
                state.devices.remove(forgotten);
            }
        }
        Event::SessionOpened { family, refresh_hash, at, expires_at, ends } => {
            state.failures.clear();
            state.sessions_opened = *family;
            if let Some(oldest) = ends {
                state.families.remove(oldest);
            }
            let opened = Family {
                current: refresh_hash.clone(),
                used: Vec::new(),
                twin: None,
                opened_at: *at,
                expires_at: *expires_at,
            };
            state.families.insert(*family, opened);
        }
        Event::SessionRefreshed { family, next_hash, expires_at } => {
            if let Some(family) = state.families.get_mut(family) {
                family.used.extend(family.twin.take());
                let old = std::mem::replace(&mut family.current, next_hash.clone());
                family.used.push(old);
                let over = family.used.len().saturating_sub(super::USED_MAX);
                family.used.drain(..over);
                family.expires_at = *expires_at;
            }
        }
        Event::SessionForked { family, next_hash, expires_at } => {
            if let Some(family) = state.families.get_mut(family) {
                family.twin = Some(std::mem::replace(&mut family.current, next_hash.clone()));
                family.expires_at = *expires_at;
            }
        }
        Event::TwinTaken { family } => {
            if let Some(Family { current, twin: Some(twin), .. }) = state.families.get_mut(family) {
                std::mem::swap(current, twin);
            }
        }
        Event::ScriptNoted { name, script, forgotten } => {
            state.scripts.retain(|name, _| !forgotten.contains(name));
            state.scripts.insert(name.clone(), script.clone());
        }
        Event::ScriptDropped { name } => {
            state.scripts.remove(name);
        }
        Event::SessionRevoked { family, .. } => {
            state.families.remove(family);
            state.generation += 1;
        }
        Event::SessionEnded { family, .. } => {
            state.families.remove(family);
        }
        Event::TokenNoted { id, token, forgotten } => {
            state.tokens.retain(|id, _| !forgotten.contains(id));
            state.tokens.insert(id.clone(), token.clone());
        }
        Event::TokenIssued { id, token, issued_by, forgotten } => {
            state.tokens.retain(|id, _| !forgotten.contains(id));
            state.issuers.retain(|id, _| !forgotten.contains(id));
            state.tokens.insert(id.clone(), token.clone());
            state.issuers.insert(id.clone(), issued_by.clone());
        }
        Event::TokensEnded { name, at } => {
            let of_name = state.tokens.values_mut().filter(|token| token.name == *name);
            of_name.for_each(|token| token.revoked_at = token.revoked_at.or(Some(*at)));
        }
        Event::AllRevoked => end_all(state),
        Event::IssuedEnded => state.issuing_lost += 1,
        Event::SessionsExpired { families } => state.families.retain(|family, _| !families.contains(family)),
        Event::RelationGranted { patient, relation } => {
            let agreed = if patient.is_claim() { Agreed::Own } else { Agreed::OnFile };
            let acts = Acts { relation: relation.clone(), agreed, since: None, ends_at: None };
            state.relations.insert(patient.clone(), acts);
        }
        Event::RelationEnded { patient, at, counts, counted_since } => {
            state.relations.remove(patient);
            state.given_up = state.given_up.split_off(counted_since);
            if *counts {
                state.given_up.insert(*at);
            }
            state.generation += 1;
        }
        Event::ConsentAsked { patient, consent, at, counted_since } => {
            state.consents.retain(|_, asked| *at < asked.code.expires_at);
            state.consents.insert(patient.clone(), consent.clone());
            state.consents_sent = state.consents_sent.split_off(counted_since);
            state.consents_sent.insert(*at);
        }
        Event::ConsentFailed { patient, tries } => {
            if let Some(asked) = state.consents.get_mut(patient) {
                asked.code.tries = *tries;
            }
        }
        Event::RelationAgreed { patient, acts, .. } | Event::RelationOnFile { patient, acts, .. } => {
            state.consents.remove(patient);
            state.grown.remove(patient);
            state.relations.insert(patient.clone(), acts.clone());
        }
        Event::RelationOver { patient, why, at, counts, counted_since, ends_tokens, .. } => {
            state.relations.remove(patient);
            state.given_up = state.given_up.split_off(counted_since);
            if *counts {
                state.given_up.insert(*at);
            }
            if *why == Over::OfAge {
                state.grown.insert(patient.clone(), *at);
                if state.grown.len() > super::GROWN_MAX {
                    let first = state.grown.iter().min_by_key(|(_, since)| **since).map(|(who, _)| who.clone());
                    first.map(|first| state.grown.remove(&first));
                }
            }
            state.generation += u64::from(*ends_tokens);
        }
        Event::AgreementNoted { account, patient, agreement } => {
            state.agreements.entry(account.clone()).or_default().insert(patient.clone(), agreement.clone());
        }
        Event::AgreementOver { account, patient, .. } => {
            if let Some(of_account) = state.agreements.get_mut(account) {
                of_account.remove(patient);
                if of_account.is_empty() {
                    state.agreements.remove(account);
                }
            }
        }
    }
}

fn count_sent(state: &mut State, sent: Sent, counted_since: Timestamp) {
    state.codes_sent.retain(|known| counted_since <= known.at);
    state.codes_sent.push(sent);
}

fn end_all(state: &mut State) {
    state.families.clear();
    state.codes.clear();
    state.devices.clear();
    state.generation += 1;
}
