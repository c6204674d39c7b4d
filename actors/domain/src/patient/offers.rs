//! Places that the person waits for: a department keeps one and asks; the limits are decided here before anybody hears of
//! it. What the person takes or lets go is a hold like any other.

use std::collections::BTreeMap;

use super::Patient;
use super::claims;
use super::decide::{HOLD_WORD_S, may_take};
use super::event::Event;
use super::state::{Reservation, Standing, State};
use crate::codes::{Code, Rejection};
use crate::ids::*;
use crate::owner::{Context, Draft, Outgoing, OwnerKind, OwnerRef};
use crate::time::Timestamp;
use crate::vocabulary::{Answer, OfferWord, OfferedPlace, ToDepartment, WishNews};

/// So many wishes of a person are kept; beyond it the oldest that have ended go.
const WISHES_KEPT: usize = 50;

/// A place is kept for this person: reserved, unless a limit refuses it. Asked again it is answered again.
pub(super) fn offered(draft: &mut Draft<'_, Patient>, offer: OfferedPlace, context: &Context) -> Answer {
    let state = draft.state();
    if offer.patient != state.id {
        return Answer::Done;
    }
    let word = |refused| OfferWord { appointment: offer.appointment.clone(), patient: offer.patient.clone(), refused };
    if state.reservations.contains_key(&offer.appointment) {
        let word = word(None);
        draft.emit(Event::OfferAnswered { word });
        return Answer::Done;
    }
    match may_have(state, &offer, context) {
        Ok(()) => {
            let ask_at = offer.expires_at.plus_s(HOLD_WORD_S);
            draft.emit(Event::PlaceOffered { offer: Box::new(offer), ask_at });
        }
        Err(rejection) => {
            let word = word(Some(rejection.code));
            draft.emit(Event::OfferAnswered { word });
        }
    }
    Answer::Done
}

fn may_have(state: &State, offer: &OfferedPlace, context: &Context) -> Result<(), Rejection> {
    if offer.expires_at <= context.now {
        return Err(Code::HoldExpired.into());
    }
    if let Some(bearer) = claims::bound_to(state) {
        return Err(claims::bound(bearer));
    }
    may_take(state, offer, context)
}

/// Whether a person may wait for a place at all: what would refuse each offer is said at once.
pub fn may_wait(state: &State, is_online: bool, now: Timestamp) -> Result<(), Rejection> {
    if let Some(bearer) = claims::bound_to(state) {
        return Err(claims::bound(bearer));
    }
    if is_online && state.blocked_until.is_some_and(|until| now < until) {
        return Err(Code::OnlineBookingBlocked.into());
    }
    Ok(())
}

/// A department says how a wish stands. An old word is only answered.
pub(super) fn told(draft: &mut Draft<'_, Patient>, news: WishNews) -> Answer {
    if news.patient == draft.state().id {
        draft.emit(Event::WishTold { news: Box::new(news) });
    }
    Answer::Done
}

/// Applies what was told: the end of a wish stays known until its days are over, so that nothing older brings it back.
pub(super) fn keep(wishes: &mut BTreeMap<WishId, WishNews>, news: &WishNews) {
    if wishes.get(&news.wish).is_some_and(|known| known.ended.is_some()) {
        return;
    }
    wishes.insert(news.wish.clone(), news.clone());
    wishes.retain(|_, known| known.ended.is_none() || known.until >= news.joined_at);
    while wishes.len() > WISHES_KEPT {
        let ended = wishes.iter().filter(|(_, known)| known.ended.is_some());
        let oldest = ended.min_by_key(|(_, known)| known.joined_at).map(|(wish, _)| wish.clone());
        let Some(oldest) = oldest else { return };
        wishes.remove(&oldest);
    }
}

/// Applies [`Event::PlaceOffered`].
pub(super) fn reserve(state: &mut State, offer: &OfferedPlace, ask_at: Timestamp) {
    let reservation = Reservation {
        slot: offer.slot.clone(),
        date: offer.date,
        start: offer.slot_start,
        end: offer.slot_end,
        channel: offer.channel,
        replaces: None,
        standing: Standing::Held { expires_at: offer.expires_at },
        number: None,
        wish: None,
        ask_at: Some(ask_at),
        prolonged: false,
        heard: 0,
        limits: offer.limits,
        offered: Some(offer.wish.clone()),
    };
    state.reservations.insert(offer.appointment.clone(), reservation);
}

/// What the events of offers and wishes owe the departments.
pub(super) fn outgoing(event: &Event) -> Option<Outgoing> {
    let (department, message) = match event {
        Event::PlaceOffered { offer, .. } => {
            let (appointment, patient) = (offer.appointment.clone(), offer.patient.clone());
            let word = OfferWord { appointment, patient, refused: None };
            (offer.appointment.department(), ToDepartment::OfferAnswered(word))
        }
        Event::OfferAnswered { word } => (word.appointment.department(), ToDepartment::OfferAnswered(word.clone())),
        Event::WishTold { news } => {
            let (wish, ended) = (news.wish.clone(), news.ended.is_some());
            (news.wish.department(), ToDepartment::WishHeard { wish, ended })
        }
        _ => return None,
    };
    Some(Outgoing::Request(OwnerRef::new(OwnerKind::Department, department.as_str()), message.into()))
}
