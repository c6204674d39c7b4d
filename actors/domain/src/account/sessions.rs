//! Decisions about signing in: codes, passwords, refresh tokens. Failures are counted on the record.

use crate::codes::{Code as ErrorCode, Rejection};
use crate::owner::{Context, Draft};
use crate::vocabulary::{Answer, Asker};

use super::event::Event;
use super::failures::back_off;
use super::state::*;
use super::*;

type Outcome = Result<Answer, Rejection>;

const DAY_S: i64 = 24 * 60 * 60;

/// A code is bound to who asks for it, and counted for who asks: a stranger uses up nobody's codes but those of the own
/// network, and of all strangers together.
pub(super) fn issue_code(
    draft: &mut Draft<'_, Account>,
    code_hash: String,
    expires_at: crate::time::Timestamp,
    asker: Asker,
    context: &Context,
) -> Outcome {
    let (state, now) = (draft.state(), context.now);
    if state.staff.is_some() {
        return Err(ErrorCode::Forbidden.into());
    }
    if code_hash.is_empty() || expires_at <= now {
        return Err(Rejection::new(ErrorCode::InvalidField, "a code has a hash and holds for a while"));
    }
    state.failures.check(&asker.device, now)?;
    let is_known = state.devices.contains_key(&asker.device);
    let by = if is_known { &asker.device } else { &asker.network };
    let counted_since = now.plus_s(-DAY_S);
    let today = || state.codes_sent.iter().filter(|sent| counted_since <= sent.at);
    let own = || today().filter(|sent| sent.by == *by);
    if let Some(next) = own().next_back().map(|sent| sent.at.plus_s(CODE_EVERY_S)).filter(|next| now < *next) {
        return Err(back_off(next, now));
    }
    let strangers = || today().filter(|sent| !sent.is_known);
    let full = match is_known {
        _ if own().count() >= CODES_A_DAY => own().next(),
        false if strangers().count() >= STRANGERS_CODES_A_DAY => strangers().next(),
        _ => None,
    };
    if let Some(first) = full {
        return Err(back_off(first.at.plus_s(DAY_S).plus_ms(1), now));
    }
    let code = Code { hash: code_hash, expires_at, tries: 0 };
    let sent = Sent { at: now, by: by.clone(), is_known };
    draft.emit(Event::CodeSent { asker: asker.device.clone(), code, sent, counted_since });
    Ok(Answer::Done)
}

/// A code is good once, until its end, for five tries of who asked for it. Whoever has asked for none tries nothing.
pub(super) fn try_code(
    draft: &mut Draft<'_, Account>,
    code_hash: &str,
    refresh_hash: String,
    asker: &Asker,
    context: &Context,
) -> Outcome {
    let (state, key) = (draft.state(), asker.device.as_str());
    state.failures.check(key, context.now)?;
    let holds = |code: &&Code| context.now < code.expires_at && code.tries < CODE_TRIES;
    let Some(code) = state.codes.get(key).filter(holds) else {
        return Err(ErrorCode::WrongCredentials.into());
    };
    if code.hash != code_hash {
        let tries = code.tries + 1;
        return Ok(failed(draft, Some(tries), key, context));
    }
    let others = state.devices.iter().filter(|(known, _)| *known != key);
    let away = others.clone().min_by_key(|(_, last)| **last).map(|(known, _)| known.clone());
    let forgets = away.filter(|_| others.count() >= DEVICES_MAX);
    open(draft, refresh_hash, context)?;
    draft.emit(Event::CodeUsed { asker: key.to_owned(), at: context.now, forgets });
    Ok(Answer::Done)
}

/// The edge has compared the password. An unknown name leaves nothing behind.
pub(super) fn try_password(
    draft: &mut Draft<'_, Account>,
    matched: bool,
    refresh_hash: String,
    from: &str,
    context: &Context,
) -> Outcome {
    let state = draft.state();
    if state.staff.is_none() || state.retired {
        return Err(ErrorCode::WrongCredentials.into());
    }
    state.failures.check(from, context.now)?;
    if matched { open(draft, refresh_hash, context) } else { Ok(failed(draft, None, from, context)) }
}

fn failed(draft: &mut Draft<'_, Account>, code_tries: Option<u32>, from: &str, context: &Context) -> Answer {
    let tries = draft.state().failures.one_more(from, context.now);
    draft.emit(Event::SignInFailedFrom { from: from.to_owned(), tries, code_tries });
    Answer::Refused(ErrorCode::WrongCredentials.into())
}

fn open(draft: &mut Draft<'_, Account>, refresh_hash: String, context: &Context) -> Outcome {
    let state = draft.state();
    if refresh_hash.is_empty() {
        return Err(Rejection::new(ErrorCode::InvalidField, "a session begins with a refresh token"));
    }
    let ends = state.families.keys().next().copied().filter(|_| state.families.len() >= SESSIONS_MAX);
    let family = state.sessions_opened + 1;
    let expires_at = context.now.plus_s(SESSION_DAYS * DAY_S);
    draft.emit(Event::SessionOpened { family, refresh_hash, at: context.now, expires_at, ends });
    Ok(Answer::Done)
}

/// Trades the newest refresh token of a family for the next. An older one means that somebody has a copy: the family
/// ends. Within the grace the token before is traded once more (its answer was lost, or two tabs traded at once): what the
/// two trades gave are twins, and the first of them to be traded ends the other.
pub(super) fn refresh(
    draft: &mut Draft<'_, Account>,
    refresh_hash: &str,
    next_hash: String,
    context: &Context,
) -> Outcome {
    let state = draft.state();
    if next_hash.is_empty() || next_hash == refresh_hash {
        return Err(Rejection::new(ErrorCode::InvalidField, "the next refresh token is another one"));
    }
    let standing = |family: &Family| context.now < family.expires_at;
    let expires_at = context.now.plus_s(SESSION_DAYS * DAY_S);
    let is_good = |family: &Family| family.current == refresh_hash || family.twin.as_deref() == Some(refresh_hash);
    if let Some((family, known)) = state.families.iter().find(|(_, f)| standing(f) && is_good(f)) {
        let (family, is_twin) = (*family, known.current != refresh_hash);
        if is_twin {
            draft.emit(Event::TwinTaken { family });
        }
        draft.emit(Event::SessionRefreshed { family, next_hash, expires_at });
        return Ok(Answer::Done);
    }
    let Some((family, known)) =
        state.families.iter().find(|(_, f)| standing(f) && f.used.iter().any(|used| used == refresh_hash))
    else {
        return Err(ErrorCode::Unauthenticated.into());
    };
    let is_predecessor = known.used.last().is_some_and(|last| last == refresh_hash);
    if is_predecessor && known.current == next_hash {
        return Ok(Answer::Done);
    }
    let family = *family;
    let traded_at = known.expires_at.plus_s(-SESSION_DAYS * DAY_S);
    if is_predecessor && known.twin.is_none() && context.now < traded_at.plus_s(REFRESH_GRACE_S) {
        draft.emit(Event::SessionForked { family, next_hash, expires_at });
        return Ok(Answer::Done);
    }
    draft.emit(Event::SessionEnded { family, reused: true });
    Ok(Answer::Refused(ErrorCode::Unauthenticated.into()))
}

/// Ends one session, or all. What is not there is over already.
pub(super) fn revoke(draft: &mut Draft<'_, Account>, refresh_hash: Option<&str>) -> Outcome {
    let Some(refresh_hash) = refresh_hash else {
        draft.emit(Event::AllRevoked);
        return Ok(Answer::Done);
    };
    if let Some(family) = view::session_that_knew(draft.state(), refresh_hash) {
        draft.emit(Event::SessionEnded { family, reused: false });
    }
    Ok(Answer::Done)
}

/// Sessions that nobody refreshed end.
pub(super) fn expire(draft: &mut Draft<'_, Account>, context: &Context) {
    let over = draft.state().families.iter().filter(|(_, family)| family.expires_at <= context.now);
    let families: Vec<u64> = over.map(|(family, _)| *family).collect();
    if !families.is_empty() {
        draft.emit(Event::SessionsExpired { families });
    }
}
