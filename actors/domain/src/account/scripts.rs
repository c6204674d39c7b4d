//! Decisions about scripts: which have tokens. One account of a site (and one of all sites) keeps the list; a script's
//! own account ends its tokens, by its generation.

use crate::codes::{Code, Rejection};
use crate::owner::Draft;
use crate::time::Timestamp;
use crate::vocabulary::Answer;

use super::event::Event;
use super::state::{IssuedToken, Issuer};
use super::{Account, TOKENS_MAX};

/// A token is about to be made. Its times are machine time, as tokens are.
pub(super) fn note(
    draft: &mut Draft<'_, Account>,
    id: String,
    token: IssuedToken,
    issued_by: Issuer,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    let now = token.issued_at;
    let over = state.tokens.iter().filter(|(_, token)| token.expires_at <= now);
    let forgotten: Vec<String> = over.map(|(id, _)| id.clone()).collect();
    if state.tokens.len() - forgotten.len() >= TOKENS_MAX {
        return Err(Rejection::new(Code::LimitExceeded, format!("at most {TOKENS_MAX} tokens that have not expired")));
    }
    draft.emit(Event::TokenIssued { id, token, issued_by, forgotten });
    Ok(Answer::Done)
}

/// A script's tokens end, and whatever it has issued.
pub(super) fn end_script(draft: &mut Draft<'_, Account>) -> Answer {
    draft.emit(Event::AllRevoked);
    draft.emit(Event::IssuedEnded);
    Answer::Done
}

/// Every token of that name was ended. What is not there is over already.
pub(super) fn end(draft: &mut Draft<'_, Account>, name: String, now: Timestamp) -> Answer {
    let state = draft.state();
    let is_listed = state.tokens.values().any(|token| token.name == name && token.revoked_at.is_none());
    let is_of_before = state.scripts.contains_key(&name);
    if is_listed {
        draft.emit(Event::TokensEnded { name: name.clone(), at: now });
    }
    if is_of_before {
        draft.emit(Event::ScriptDropped { name });
    }
    Answer::Done
}
