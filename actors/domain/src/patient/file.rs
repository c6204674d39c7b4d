//! Who the person is with proof seen, and whose phone is on the file with it. What an account is to the person by that phone
//! stands while the phone is on file, in whatever order the two owners hear of it.

use crate::codes::{Code, Rejection};
use crate::ids::AccountId;
use crate::owner::Draft;
use crate::person::Relation;
use crate::vocabulary::Answer;

use super::Patient;
use super::decide::relate;
use super::event::Event;
use super::state::*;

type Outcome = Result<Answer, Rejection>;

/// What somebody says, no proof seen: it never replaces what proof was seen for.
pub(super) fn identify(draft: &mut Draft<'_, Patient>, identity: Identity) -> Outcome {
    let known = draft.state().identity.as_ref();
    let is_confirmed = known.is_some_and(|known| known.real_name);
    if known == Some(&identity) || (is_confirmed && !identity.real_name) {
        return Ok(Answer::Done);
    }
    if is_confirmed {
        return Err(overtaken(draft.state()));
    }
    draft.emit(Event::Identified { identity });
    Ok(Answer::Done)
}

/// Proof was seen. It replaces what the desk has seen to stand, nothing that another desk has confirmed meanwhile.
pub(super) fn confirm(
    draft: &mut Draft<'_, Patient>,
    identity: Identity,
    replaces: u64,
    on_file: Option<AccountId>,
) -> Outcome {
    let state = draft.state();
    if state.confirmed != replaces {
        return Err(overtaken(state));
    }
    if state.identity.as_ref() == Some(&identity) && state.on_file == on_file {
        return Ok(Answer::Done);
    }
    let others = match &on_file {
        Some(phone) if state.on_file != on_file => {
            state.accounts.keys().filter(|other| *other != phone).cloned().collect()
        }
        _ => Vec::new(),
    };
    draft.emit(Event::IdentityConfirmed { identity, on_file, others });
    Ok(Answer::Done)
}

fn overtaken(state: &State) -> Rejection {
    let number = i64::try_from(state.confirmed).unwrap_or(i64::MAX);
    Rejection::new(Code::AlreadyExists, "the person is confirmed otherwise by now").with("confirmed", number)
}

/// An account acts by its phone on file. Where another phone is on file by now, it was told so by what was on file before:
/// it hears that this is over.
pub(super) fn relate_on_file(draft: &mut Draft<'_, Patient>, account: AccountId, relation: Relation) -> Outcome {
    if draft.state().on_file.as_ref().is_some_and(|phone| *phone != account) {
        let patient = draft.state().id.clone();
        draft.emit(Event::PhoneOffFile { patient, account });
        return Ok(Answer::Refused(Rejection::new(Code::Forbidden, "another phone is on the person's file")));
    }
    relate(draft, account, relation, true)
}
