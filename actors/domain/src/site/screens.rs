//! Decisions about screens: a code is shown, approved within ten minutes, revoked.

use crate::codes::{Code, Rejection};
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::vocabulary::Answer;

use super::event::Event;
use super::state::*;
use super::{OFFER_MIN, OFFERS_MAX, Site};

type Outcome = Result<Answer, Rejection>;

/// A screen shows a code.
pub(super) struct Asked {
    pub(super) code: String,
    pub(super) screen: ScreenId,
    pub(super) secret_hash: String,
    /// The room that it stands at.
    pub(super) door: Option<ServicePointId>,
    /// An older offer that it takes the place of.
    pub(super) instead_of: Option<ScreenId>,
}

/// A screen shows `code`. A code that another screen shows is `already_exists`: the edge draws another.
pub(super) fn offer(draft: &mut Draft<'_, Site>, asked: Asked, context: &Context) -> Outcome {
    let Asked { code, screen, secret_hash, door, instead_of } = asked;
    let state = draft.state();
    if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) || secret_hash.is_empty() {
        return Err(Rejection::new(Code::InvalidField, "a code is six digits"));
    }
    if screen.prefix(1) != state.id.as_str() || screen.as_str().split('.').count() != 2 {
        return Err(Code::IdNotUnderParent.into());
    }
    if state.screens.contains_key(&screen) {
        return Err(Code::AlreadyExists.into());
    }
    match state.offers.get(&code) {
        Some(known) if known.screen != screen && context.now < known.expires_at => {
            return Err(Code::AlreadyExists.into());
        }
        Some(known) if known.screen == screen && known.secret_hash == secret_hash && context.now < known.expires_at => {
            return Ok(Answer::Done);
        }
        _ => {}
    }
    if door.as_ref().is_some_and(|door| state.service_points.get(door).is_none_or(|known| known.retired)) {
        return Err(Code::Forbidden.into());
    }
    let gone = |offer: &Offer| instead_of.as_ref() == Some(&offer.screen);
    let others =
        state.offers.values().filter(|offer| offer.screen != screen && !gone(offer) && context.now < offer.expires_at);
    if others.count() >= OFFERS_MAX {
        return Err(Code::LimitExceeded.into());
    }
    let codes: Vec<String> = state.offers.iter().filter(|(_, o)| gone(o)).map(|(code, _)| code.clone()).collect();
    if !codes.is_empty() {
        draft.emit(Event::ScreenOffersExpired { codes });
    }
    let offer = Offer { screen: screen.clone(), secret_hash, expires_at: context.now.plus_min(OFFER_MIN) };
    draft.emit(Event::ScreenOffered { code, offer });
    if let Some(door) = door {
        draft.emit(Event::ScreenDoorNamed { screen, door });
    }
    Ok(Answer::Done)
}

pub(super) fn approve(draft: &mut Draft<'_, Site>, code: &str, board: BoardId, context: &Context) -> Outcome {
    let state = draft.state();
    let known = state.boards.get(&board).ok_or(Code::Forbidden)?;
    if known.retired {
        return Err(Code::Retired.into());
    }
    let offer = state.offers.get(code).filter(|offer| context.now < offer.expires_at).ok_or_else(|| {
        Rejection::new(Code::WrongCredentials, "no screen shows this code, or it has been shown for too long")
    })?;
    let shown = State::departments_of(&known.definition);
    if state.doors.get(&offer.screen).is_some_and(|door| !shown.contains(&door.department())) {
        return Err(Rejection::field("board", "the board shows nothing of the department of that screen's room"));
    }
    let room = state.doors.get(&offer.screen).and_then(|door| state.service_points.get(door));
    if room.is_some_and(|room| room.retired) {
        return Err(Code::Retired.into());
    }
    let (screen, secret_hash) = (offer.screen.clone(), offer.secret_hash.clone());
    if let Some(own) = board_of_address(state, &screen).filter(|own| **own != board) {
        let wrong = Rejection::field("board", "this screen stands at the address of another board");
        return Err(wrong.with("board", own.as_str()));
    }
    let paired = Screen { board, secret_hash };
    draft.emit(Event::ScreenPaired { code: code.to_owned(), screen: screen.clone(), paired });
    Ok(Answer::ScreenPaired { screen })
}

/// The board at whose address a screen asked for its code: a screen's id is that board's with a part of its own.
fn board_of_address<'a>(state: &'a State, screen: &ScreenId) -> Option<&'a BoardId> {
    let (board, _) = screen.as_str().rsplit_once('-')?;
    state.boards.get_key_value(board).map(|(id, _)| id)
}

pub(super) fn revoke(draft: &mut Draft<'_, Site>, screen: ScreenId) -> Outcome {
    if !draft.state().screens.contains_key(&screen) {
        return Err(Code::Forbidden.into());
    }
    draft.emit(Event::ScreenRevoked { screen });
    Ok(Answer::Done)
}

/// Codes that nobody approved in time go.
pub(super) fn expire(draft: &mut Draft<'_, Site>, context: &Context) -> Outcome {
    let over = draft.state().offers.iter().filter(|(_, offer)| offer.expires_at <= context.now);
    let codes: Vec<String> = over.map(|(code, _)| code.clone()).collect();
    if !codes.is_empty() {
        draft.emit(Event::ScreenOffersExpired { codes });
    }
    Ok(Answer::Done)
}
