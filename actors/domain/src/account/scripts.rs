//! Decisions about scripts: which have tokens. One account of a site (and one of all sites) keeps the list; a script's
//! own account ends its tokens, by its generation.

use crate::codes::{Code, Rejection};
use crate::owner::Draft;
use crate::principal::Role;
use crate::time::Timestamp;
use crate::vocabulary::Answer;

use super::event::Event;
use super::state::Script;
use super::{Account, SCRIPTS_MAX};

type Outcome = Result<Answer, Rejection>;

/// A token is about to be made. `now` and `expires_at` are machine time, as tokens are.
pub(super) fn note(
    draft: &mut Draft<'_, Account>,
    name: String,
    role: Role,
    expires_at: Timestamp,
    now: Timestamp,
) -> Outcome {
    let state = draft.state();
    let ended = state.scripts.iter().filter(|(_, script)| script.expires_at <= now);
    let forgotten: Vec<String> = ended.map(|(name, _)| name.clone()).collect();
    let known = state.scripts.get(&name);
    if known.is_none() && state.scripts.len() - forgotten.len() >= SCRIPTS_MAX {
        return Err(Rejection::new(Code::LimitExceeded, format!("at most {SCRIPTS_MAX} scripts have tokens")));
    }
    // An earlier token of the name may hold longer than this one.
    let expires_at = known.map_or(expires_at, |known| known.expires_at.max(expires_at));
    let script = Script { role, issued_at: now, expires_at };
    draft.emit(Event::ScriptNoted { name, script, forgotten });
    Ok(Answer::Done)
}

/// Its tokens were ended. What is not there is over already.
pub(super) fn drop_script(draft: &mut Draft<'_, Account>, name: String) -> Outcome {
    if draft.state().scripts.contains_key(&name) {
        draft.emit(Event::ScriptDropped { name });
    }
    Ok(Answer::Done)
}
