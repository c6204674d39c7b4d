//! Who waits for a place and is asked for at the desk: what for, who is before, and what is offered now, to be taken for them.

use jiaohao_domain::department::{State, place_of_wish, view};
use jiaohao_domain::time::Zone;
use jiaohao_domain::waitlist::{Offered, Wish};
use jiaohao_domain::{AppointmentId, Timestamp};
use serde_json::{Value, json};

use super::find::{FOUND_MAX, Typed};

/// By person or id; who has a place offered comes first, the one that ends soonest before all.
pub(super) fn wishes(state: &State, typed: &Typed, now: Timestamp, zone: Zone) -> Vec<Value> {
    let fits = |wish: &&Wish| {
        let offered = wish.offered.as_ref().map_or("", AppointmentId::as_str);
        typed.fits([wish.news.wish.as_str(), offered], None, &wish.brief)
    };
    let open = |wish: &Wish| {
        let id = wish.offered.as_ref()?;
        let offered = state.waitlist.offers.get(id).filter(|offered| offered.is_open())?;
        // The time to answer may be over, and its deadline not yet decided.
        (now < offered.offer.expires_at).then_some((id.clone(), offered))
    };
    let mut found: Vec<_> = state.waitlist.line.values().filter(fits).map(|wish| (wish, open(wish))).collect();
    let ends = |open: &Option<(AppointmentId, &Offered)>| open.as_ref().map(|(_, offered)| offered.offer.expires_at);
    found.sort_by_key(|(wish, open)| (open.is_none(), ends(open), wish.news.wish.number()));
    found.into_iter().take(FOUND_MAX).map(|(wish, open)| shown(state, wish, open, now, zone)).collect()
}

fn shown(state: &State, wish: &Wish, open: Option<(AppointmentId, &Offered)>, now: Timestamp, zone: Zone) -> Value {
    let news = &wish.news;
    json!({
        "wish": news.wish,
        "patient": wish.brief.patient,
        "masked_name": wish.brief.masked_name,
        "wanted": news.wanted,
        "dates": news.dates,
        "until": zone.rfc3339(news.until),
        "joined_at": zone.rfc3339(news.joined_at),
        "place": place_of_wish(state, wish, now),
        "offer": open.map(|(id, offered)| offer(state, &id, offered, zone)),
    })
}

/// The place that is kept for them.
fn offer(state: &State, id: &AppointmentId, offered: &Offered, zone: Zone) -> Value {
    let offer = &offered.offer;
    json!({
        "appointment": id,
        "session": offer.slot.session(),
        "slot": offer.slot,
        "date": offer.date,
        "slot_start": zone.rfc3339(offer.slot_start),
        "slot_end": zone.rfc3339(offer.slot_end),
        "expires_at": zone.rfc3339(offer.expires_at),
        "fee": view::fee_standing(state, id),
    })
}
