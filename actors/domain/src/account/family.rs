//! Decisions about whom an account acts for. Nobody acts for a grown-up by the own word alone: the person agrees by a code
//! sent to the own phone, or at the desk. A guardian acts for a child until the child's 18th birthday.

use crate::codes::{Code as ErrorCode, Rejection};
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::person::Relation;
use crate::principal::Role;
use crate::time::Timestamp;
use crate::vocabulary::{Answer, Proof};

use super::event::{Event, Over};
use super::failures::back_off;
use super::state::*;
use super::{Account, CODE_EVERY_S, CODE_TRIES, CODES_A_DAY, FAMILY_CHANGES_A_YEAR, FAMILY_MAX};

type Outcome = Result<Answer, Rejection>;

const DAY_S: i64 = 24 * 60 * 60;
const YEAR_S: i64 = 365 * DAY_S;

/// Somebody whom an account wants to act for.
pub(super) struct Wanted {
    /// Whom.
    pub patient: PatientId,
    /// As what.
    pub relation: Relation,
    /// What the account has called the bearer of that document by the number alone.
    pub claim: Option<PatientId>,
    /// The first moment of the 18th birthday; none: nobody knows it.
    pub comes_of_age: Option<Timestamp>,
}

impl Wanted {
    fn is_own(&self) -> bool {
        self.relation == Relation::Own
    }

    /// When a guardian's right ends; none: the person is grown up.
    fn childhood_ends(&self, now: Timestamp) -> Option<Timestamp> {
        self.comes_of_age.filter(|at| now < *at)
    }
}

/// What holds whatever the proof: who may be what to whom, and how many there may be.
fn check(state: &State, wanted: &Wanted, by_desk: bool, now: Timestamp) -> Result<(), Rejection> {
    if state.staff.is_some() {
        return Err(Rejection::new(ErrorCode::Forbidden, "staff act by their role"));
    }
    if wanted.childhood_ends(now).is_some() {
        match wanted.relation {
            Relation::Own => return Err(ErrorCode::GuardianNeeded.into()),
            Relation::Parent | Relation::Spouse => {
                return Err(Rejection::field("relation", "relation: a child is nobody's parent or spouse"));
            }
            Relation::Child | Relation::Other => {}
        }
    }
    let own = Relation::Own.wire();
    if wanted.is_own() {
        let is_new = state.relations.get(&wanted.patient).is_none_or(|acts| acts.relation != own);
        // Somebody may be both what they once claimed to be and the confirmed bearer of that very document.
        let is_another = |(other, acts): &(&PatientId, &Acts)| {
            acts.relation == own && **other != wanted.patient && wanted.claim.as_ref() != Some(*other)
        };
        if let Some((other, _)) = state.relations.iter().find(is_another).filter(|_| is_new) {
            let why = Rejection::new(ErrorCode::AlreadyExists, "an account is one person's own");
            return Err(why.with("patient", other.as_str()));
        }
        return if is_new && !by_desk { may_change(state, now) } else { Ok(()) };
    }
    let family = |(other, acts): &(&PatientId, &Acts)| **other != wanted.patient && acts.relation != own;
    if by_desk || state.relations.get(&wanted.patient).is_some_and(|acts| acts.relation != own) {
        return Ok(());
    }
    if state.relations.iter().filter(family).count() >= FAMILY_MAX {
        return Err(Rejection::new(ErrorCode::LimitExceeded, "five family members at most"));
    }
    may_change(state, now)
}

/// Whoever is given up makes room for another: three times a year. Giving up is never refused.
fn may_change(state: &State, now: Timestamp) -> Result<(), Rejection> {
    if state.given_up.range(now.plus_s(-YEAR_S)..).count() > FAMILY_CHANGES_A_YEAR {
        return Err(Rejection::new(ErrorCode::LimitExceeded, "three changes of family a year"));
    }
    Ok(())
}

/// A grown-up's own phone is asked: a code was sent there.
pub(super) fn ask_consent(
    draft: &mut Draft<'_, Account>,
    wanted: &Wanted,
    member: AccountId,
    code_hash: String,
    expires_at: Timestamp,
    context: &Context,
) -> Outcome {
    let (state, now) = (draft.state(), context.now);
    check(state, wanted, false, now)?;
    if wanted.is_own() || wanted.childhood_ends(now).is_some() {
        return Err(Rejection::new(ErrorCode::InvalidField, "nobody has to be asked for oneself or a child"));
    }
    if member == state.id {
        return Err(Rejection::field("phone", "phone: the person's own, not that of who asks"));
    }
    if code_hash.is_empty() || expires_at <= now {
        return Err(Rejection::new(ErrorCode::InvalidField, "a code has a hash and holds for a while"));
    }
    let counted_since = now.plus_s(-DAY_S);
    if let Some(next) = state.consents_sent.last().map(|at| at.plus_s(CODE_EVERY_S)).filter(|next| now < *next) {
        return Err(back_off(next, now));
    }
    let mut today = state.consents_sent.range(counted_since..);
    if let (Some(first), true) = (today.next(), today.count() + 1 >= CODES_A_DAY) {
        return Err(back_off(first.plus_s(DAY_S).plus_ms(1), now));
    }
    let code = Code { hash: code_hash, expires_at, tries: 0 };
    let consent = Consent { relation: wanted.relation.wire().to_owned(), member, code };
    draft.emit(Event::ConsentAsked { patient: wanted.patient.clone(), consent, at: now, counted_since });
    Ok(Answer::Done)
}

pub(super) fn relate(draft: &mut Draft<'_, Account>, wanted: Wanted, proof: Proof, context: &Context) -> Outcome {
    let (state, now) = (draft.state(), context.now);
    let by_desk = context.principal.role == Role::Desk;
    check(state, &wanted, by_desk, now)?;
    let relation = wanted.relation.wire().to_owned();
    let known = state.relations.get(&wanted.patient);
    let ends_at = if wanted.is_own() { None } else { wanted.childhood_ends(now) };
    let is_grown = state.grown.contains_key(&wanted.patient);
    let agreed = match proof {
        Proof::Code { hash } => match by_code(state, &wanted, &hash, now) {
            Ok(member) => Agreed::ByPhone(member),
            Err(None) => return Err(ErrorCode::WrongCredentials.into()),
            Err(Some(tries)) => {
                draft.emit(Event::ConsentFailed { patient: wanted.patient, tries });
                return Ok(Answer::Refused(ErrorCode::WrongCredentials.into()));
            }
        },
        Proof::AtDesk if by_desk => Agreed::AtDesk,
        Proof::AtDesk => return Err(ErrorCode::Forbidden.into()),
        // What spoke for a child, also a phone put on file then, is no word of the grown-up.
        Proof::Said | Proof::OnFile if is_grown => return Err(ErrorCode::ConsentNeeded.into()),
        Proof::OnFile => Agreed::OnFile,
        Proof::Said if !wanted.patient.is_claim() => {
            return Err(Rejection::new(ErrorCode::Forbidden, "a number alone makes nobody the bearer of a document"));
        }
        Proof::Said if wanted.is_own() || ends_at.is_some() => Agreed::Own,
        // Said again of somebody who has agreed: nothing new. A guardian's word was the child's, and none of a grown-up.
        Proof::Said if known.is_some_and(|acts| acts.relation == relation && acts.ends_at.is_none()) => {
            return Ok(Answer::Done);
        }
        Proof::Said => return Err(ErrorCode::ConsentNeeded.into()),
    };
    // The word of a phone stands until that phone takes it back: no later one takes its place. What a file says takes none of
    // the desk's.
    let is_known = known.is_some_and(|acts| {
        let stands = match (&acts.agreed, &agreed) {
            (Agreed::ByPhone(_), Agreed::ByPhone(_) | Agreed::AtDesk | Agreed::OnFile) => true,
            (Agreed::AtDesk, Agreed::OnFile) => true,
            (before, now) => before == now,
        };
        stands && (&acts.relation, acts.ends_at) == (&relation, ends_at)
    });
    if is_known {
        return Ok(Answer::Done);
    }
    let account = state.id.clone();
    let acts = Acts { relation, agreed, since: Some(now), ends_at };
    draft.emit(acts_for(account, wanted.patient, acts));
    Ok(Answer::Done)
}

/// That an account acts for somebody, by whosever word.
fn acts_for(account: AccountId, patient: PatientId, acts: Acts) -> Event {
    match acts.agreed {
        Agreed::OnFile => Event::RelationOnFile { account, patient, acts },
        Agreed::Own | Agreed::AtDesk | Agreed::ByPhone(_) => Event::RelationAgreed { account, patient, acts },
    }
}

/// The account of the phone that the right code was sent to; else how many wrong tries there are at it now, if any code
/// holds.
fn by_code(state: &State, wanted: &Wanted, hash: &str, now: Timestamp) -> Result<AccountId, Option<u32>> {
    let asked = state.consents.get(&wanted.patient).ok_or(None)?;
    if asked.code.expires_at <= now || asked.code.tries >= CODE_TRIES || asked.relation != wanted.relation.wire() {
        return Err(None);
    }
    if asked.code.hash != hash {
        return Err(Some(asked.code.tries + 1));
    }
    Ok(asked.member.clone())
}

/// The account acts for somebody no longer. What is not there is over already.
pub(super) fn end(draft: &mut Draft<'_, Account>, patient: PatientId, why: Over, now: Timestamp) -> Outcome {
    let Some(acts) = draft.state().relations.get(&patient) else { return Ok(Answer::Done) };
    let member = match &acts.agreed {
        Agreed::ByPhone(member) => Some(member.clone()),
        Agreed::Own | Agreed::OnFile | Agreed::AtDesk => None,
    };
    // What desk and years do is no change of the account's own making.
    let counts = matches!(why, Over::GivenUp | Over::Withdrawn);
    let (account, counted_since) = (draft.state().id.clone(), now.plus_s(-YEAR_S));
    // What hangs on the right ends by itself (`ends_rights`): who has signed in stays so.
    let ends_tokens = false;
    draft.emit(Event::RelationOver { account, patient, why, member, at: now, counts, counted_since, ends_tokens });
    Ok(Answer::Done)
}

/// Another phone is on the person's file: what hung on that ends; what the person has agreed to stands.
pub(super) fn end_of_file(draft: &mut Draft<'_, Account>, patient: PatientId, now: Timestamp) -> Outcome {
    match draft.state().relations.get(&patient).map(|acts| &acts.agreed) {
        Some(Agreed::Own | Agreed::OnFile) => end(draft, patient, Over::AnotherPhone, now),
        Some(Agreed::AtDesk | Agreed::ByPhone(_)) | None => Ok(Answer::Done),
    }
}

/// The other account has heard that this phone's word is taken back, or that it was never its own.
pub(super) fn withdrawn(
    draft: &mut Draft<'_, Account>,
    patient: PatientId,
    member: AccountId,
    now: Timestamp,
) -> Outcome {
    let by_phone = Agreed::ByPhone(member);
    match draft.state().relations.get(&patient).is_some_and(|acts| acts.agreed == by_phone) {
        true => end(draft, patient, Over::Withdrawn, now),
        false => Ok(Answer::Done),
    }
}

/// Guardians' rights end with the childhood.
pub(super) fn come_of_age(draft: &mut Draft<'_, Account>, now: Timestamp) -> Outcome {
    let grown = |(_, acts): &(&PatientId, &Acts)| acts.ends_at.is_some_and(|at| at <= now);
    let grown: Vec<PatientId> = draft.state().relations.iter().filter(grown).map(|(who, _)| who.clone()).collect();
    for patient in grown {
        end(draft, patient, Over::OfAge, now)?;
    }
    Ok(Answer::Done)
}

/// The person's birth date was another one, or is heard of for the first time: a child is nobody's self, parent or spouse, a
/// guardian's right has its end, and what held for a child, or may have, holds for no grown-up.
pub(super) fn judge_anew(
    draft: &mut Draft<'_, Account>,
    patient: PatientId,
    comes_of_age: Option<Timestamp>,
    now: Timestamp,
) -> Outcome {
    let Some(acts) = draft.state().relations.get(&patient) else { return Ok(Answer::Done) };
    let is_for_children = [Relation::Child, Relation::Other].iter().any(|relation| relation.wire() == acts.relation);
    match comes_of_age.filter(|at| now < *at) {
        None if acts.ends_at.is_some() || acts.is_unjudged() => end(draft, patient, Over::OfAge, now),
        Some(_) if !is_for_children => end(draft, patient, Over::ByDesk, now),
        Some(at) if acts.ends_at != Some(at) => {
            let (account, acts) = (draft.state().id.clone(), Acts { ends_at: Some(at), ..acts.clone() });
            draft.emit(acts_for(account, patient, acts));
            Ok(Answer::Done)
        }
        None | Some(_) => Ok(Answer::Done),
    }
}

/// Another account acts by this phone's word from now on.
pub(super) fn note_agreement(
    draft: &mut Draft<'_, Account>,
    account: AccountId,
    patient: PatientId,
    agreement: Agreement,
) -> Outcome {
    draft.emit(Event::AgreementNoted { account, patient, agreement });
    Ok(Answer::Done)
}

/// It acts so no longer: taken back here (`withdrawn`), or ended there.
pub(super) fn end_agreement(
    draft: &mut Draft<'_, Account>,
    account: AccountId,
    patient: PatientId,
    withdrawn: bool,
) -> Outcome {
    if draft.state().has_agreed(&account, &patient) {
        let member = draft.state().id.clone();
        draft.emit(Event::AgreementOver { member, account, patient, withdrawn });
    }
    Ok(Answer::Done)
}
