//! What becomes of a place that is free: whom it is offered to, or when it is to be had again.

use super::{booked_on, emit, is_open, take_out};
use crate::clinic::{self, Clinic, Session, Slot};
use crate::department::{Department, Event, State};
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::time::{BusinessDate, Timestamp};
use crate::vocabulary::OfferedPlace;
use crate::waitlist::{self, OFFER_MIN, PassedOver, Waitlist, Why};

/// A freed place comes back after so many minutes at least, and as many more at most, …
const BACK_AFTER_MIN: i64 = 60;
/// … and always so many minutes before its slot.
const BACK_BEFORE_MIN: i64 = 120;

/// A place that is free now.
pub(super) struct Place {
    /// Where.
    pub slot: SlotId,
    /// Whose it was, or under which name it was kept.
    pub freed: Option<AppointmentId>,
    /// It has gone past everybody up to this number in line.
    pub after: u64,
}

/// What becomes of a place that nobody in line gets.
#[derive(Clone, Copy)]
pub(super) enum Else {
    /// It comes back at a random moment, where the session is in high demand.
    Random,
    /// It comes back then.
    At(Timestamp),
    /// Everybody can have it.
    ToAll,
}

/// The lots of one part of a decision, one after the other.
pub(super) struct Lots<'a> {
    context: &'a Context,
    purpose: &'static str,
    drawn: u64,
}

impl<'a> Lots<'a> {
    pub fn new(context: &'a Context, purpose: &'static str) -> Self {
        Self { context, purpose, drawn: 0 }
    }

    fn draw(&mut self) -> u64 {
        self.drawn += 1;
        self.context.draw_for(self.purpose, self.drawn - 1)
    }
}

/// To the first in line, in the night to be offered in the morning; else as it is without a waitlist.
pub(super) fn hand_on(draft: &mut Draft<'_, Department>, place: &Place, else_: Else, lots: &mut Lots<'_>) {
    let State { config, clinic, waitlist, .. } = draft.state();
    let (now, zone) = (lots.context.now, config.zone());
    let Some((slot, session)) = known(clinic, &place.slot) else { return };
    if !is_open(clinic, session, now, zone) || clinic.is_stopped(&place.slot) || now >= slot.start || slot.free() == 0 {
        return;
    }
    let (start, is_in_demand, id) = (slot.start, session.high_demand, place.slot.session());
    let waits = |after: u64| waitlist.for_session(after, &id, session).next().is_some();
    let (is_waited_for, others_wait) = (waits(0), waits(place.after));
    let from = Waitlist::offers_from(now, zone);
    let is_in_time = from.plus_min(OFFER_MIN) <= start;
    // One place is kept under one name: one more of the same appointment's under another.
    let is_kept = place.freed.as_ref().is_some_and(|freed| waitlist.kept.contains_key(freed));
    let name = match is_kept {
        true => Some(new_hold(draft.state(), session.date, lots)),
        false => place.freed.clone(),
    };
    if is_in_time && is_waited_for && from == now && offer(draft, place, lots) {
        return;
    }
    if let (true, true, Some(freed)) = (is_in_time && others_wait, from > now, &name) {
        let (freed, slot, after) = (freed.clone(), place.slot.clone(), place.after);
        let kept = waitlist::Event::PlaceKept { freed, slot, until: from, for_line: true, after, at: now };
        return emit(draft, kept);
    }
    let until = match else_ {
        Else::Random if is_in_demand => {
            let more_ms = lots.draw() % (BACK_AFTER_MIN as u64 * 60_000);
            now.plus_min(BACK_AFTER_MIN).plus_ms(more_ms as i64).min(start.plus_min(-BACK_BEFORE_MIN))
        }
        Else::At(until) => until,
        Else::Random | Else::ToAll => return,
    };
    if let Some(freed) = name.filter(|_| until > now) {
        let slot = place.slot.clone();
        emit(draft, waitlist::Event::PlaceKept { freed, slot, until, for_line: false, after: 0, at: now });
    }
}

/// Offers a place to the first in line whom it can be offered to, and says who was before and why it has passed them over.
fn offer(draft: &mut Draft<'_, Department>, place: &Place, lots: &mut Lots<'_>) -> bool {
    let State { config, clinic, waitlist, .. } = draft.state();
    let (now, zone) = (lots.context.now, config.zone());
    let Some((slot, session)) = known(clinic, &place.slot) else { return false };
    let booked = booked_on(clinic, session.date);
    let (mut passed, mut first) = (Vec::new(), None);
    let id = place.slot.session();
    for (number, wish) in waitlist.for_session(0, &id, session) {
        let why = if number <= place.after {
            Why::WasAsked
        } else if wish.offered.is_some() {
            Why::HasOffer
        } else if booked.contains_key(&wish.brief.patient) {
            Why::BookedThatDay
        } else if wish.let_go.contains(&place.slot) {
            Why::LetGo
        } else if clinic.place_free(&place.slot, wish.channel, now, zone).is_err() {
            Why::KeptForOthers
        } else {
            first = Some(wish);
            break;
        };
        passed.push(PassedOver { wish: wish.news.wish.clone(), why });
    }
    // What was kept for the morning under a name of its own was nobody's.
    let freed = place.freed.clone().filter(|freed| clinic.appointments.contains_key(freed));
    let Some(wish) = first else {
        if freed.is_some() && !passed.is_empty() {
            emit(draft, waitlist::Event::PlaceUntaken { slot: place.slot.clone(), freed, passed, at: now });
        }
        return false;
    };
    let appointment = new_hold(draft.state(), session.date, lots);
    let offer = OfferedPlace {
        appointment: appointment.clone(),
        wish: wish.news.wish.clone(),
        patient: wish.brief.patient.clone(),
        slot: place.slot.clone(),
        date: session.date,
        slot_start: slot.start,
        slot_end: slot.end,
        channel: wish.channel,
        expires_at: now.plus_min(OFFER_MIN),
        limits: config.settings.booking.limits,
    };
    let (brief, channel, sequence) = (wish.brief.clone(), wish.channel, slot.issued + 1);
    let (slot, expires_at) = (place.slot.clone(), offer.expires_at);
    emit(draft, waitlist::Event::PlaceOffered { offer, freed, passed, at: now });
    let held = clinic::Event::PlaceHeld { appointment, slot, brief, channel, sequence, expires_at };
    draft.emit(Event::Clinic(held));
    true
}

/// A name that no appointment has had, and under which nothing is kept.
fn new_hold(state: &State, date: BusinessDate, lots: &mut Lots<'_>) -> AppointmentId {
    let State { config, clinic, waitlist, .. } = state;
    let day = date.compact();
    loop {
        let id = AppointmentId::from(format!("{}.b{day}-{:016x}", config.id, lots.draw()));
        let is_kept = waitlist.kept.contains_key(&id);
        if !is_kept && !clinic.appointments.contains_key(&id) && !clinic.refused.contains_key(&id) {
            return id;
        }
    }
}

/// A session has more places than before, or takes people again: what is free in it goes to who waits for it. (What a
/// release opens is everybody's at that minute.)
pub(super) fn widened(draft: &mut Draft<'_, Department>, session: &SessionId, lots: &mut Lots<'_>) {
    let State { config, clinic, waitlist, .. } = draft.state();
    if waitlist.line.is_empty() && waitlist.kept.is_empty() {
        return;
    }
    let slots = clinic.sessions.get(session).map(|session| session.slots.clone()).unwrap_or_default();
    let (now, zone) = (lots.context.now, config.zone());
    let of_gone_slot = waitlist.kept.iter().filter(|(_, kept)| !clinic.slots.contains_key(&kept.slot));
    let gone: Vec<AppointmentId> = of_gone_slot.map(|(freed, _)| freed.clone()).collect();
    let waits = !waitlist.line.is_empty();
    gone.iter().for_each(|freed| take_out(draft, freed, now));
    if !waits {
        return;
    }
    let from = Waitlist::offers_from(now, zone);
    if from > now {
        return keep_for_morning(draft, session, slots, from, lots);
    }
    for slot in slots {
        let place = Place { slot, freed: None, after: 0 };
        while is_to_offer(draft.state(), &place.slot, now, now) && offer(draft, &place, lots) {}
    }
}

/// At night the places that who waits can have are kept for them, one for each, until places are offered: each under a name
/// of its own, which is nobody's appointment.
fn keep_for_morning(
    draft: &mut Draft<'_, Department>,
    id: &SessionId,
    slots: Vec<SlotId>,
    until: Timestamp,
    lots: &mut Lots<'_>,
) {
    let State { clinic, waitlist, .. } = draft.state();
    let (Some(session), now) = (clinic.sessions.get(id), lots.context.now) else { return };
    let (date, booked) = (session.date, booked_on(clinic, session.date));
    let in_line = waitlist.for_session(0, id, session);
    let in_line = in_line.filter(|(_, wish)| !booked.contains_key(&wish.brief.patient)).count();
    let kept = waitlist.kept.values().filter(|kept| kept.for_line && kept.slot.session() == *id).count();
    let mut left = in_line.saturating_sub(kept);
    for slot in slots {
        while left > 0 && is_to_offer(draft.state(), &slot, now, until) && is_wanted(draft.state(), &slot, now) {
            let freed = new_hold(draft.state(), date, lots);
            let slot = slot.clone();
            emit(draft, waitlist::Event::PlaceKept { freed, slot, until, for_line: true, after: 0, at: now });
            left -= 1;
        }
    }
}

/// Whether somebody in line can have a place of it that is free.
fn is_wanted(state: &State, slot: &SlotId, now: Timestamp) -> bool {
    let State { config, clinic, waitlist, .. } = state;
    let Some((_, session)) = known(clinic, slot) else { return false };
    let booked = booked_on(clinic, session.date);
    waitlist.for_session(0, &slot.session(), session).any(|(_, wish)| {
        !booked.contains_key(&wish.brief.patient)
            && !wish.let_go.contains(slot)
            && clinic.place_free(slot, wish.channel, now, config.zone()).is_ok()
    })
}

/// Somebody has begun to wait: what is kept back and wanted is offered at once.
pub(super) fn offer_kept(draft: &mut Draft<'_, Department>, wish: &WishId, lots: &mut Lots<'_>) {
    let State { config, clinic, waitlist, .. } = draft.state();
    let (now, zone) = (lots.context.now, config.zone());
    let Some(wish) = waitlist.get(wish) else { return };
    if Waitlist::offers_from(now, zone) != now {
        return;
    }
    let is_wanted = |slot: &SlotId| clinic.session_of(slot).is_some_and(|of| wish.is_for(&slot.session(), of));
    let kept = waitlist.kept.iter().find(|(_, kept)| is_wanted(&kept.slot) && is_in_time(clinic, &kept.slot, now));
    if let Some((freed, kept)) = kept.map(|(freed, kept)| (freed.clone(), kept.clone())) {
        take_out(draft, &freed, now);
        let place = Place { slot: kept.slot, freed: Some(freed), after: kept.after };
        hand_on(draft, &place, Else::At(kept.until), lots);
    }
}

fn is_in_time(clinic: &Clinic, slot: &SlotId, now: Timestamp) -> bool {
    clinic.slots.get(slot).is_some_and(|slot| now.plus_min(OFFER_MIN) <= slot.start)
}

/// Whether a place of it can be had now, and offered at a time.
fn is_to_offer(state: &State, slot: &SlotId, now: Timestamp, from: Timestamp) -> bool {
    let State { config, clinic, .. } = state;
    let is_open = clinic.session_of(slot).is_some_and(|session| is_open(clinic, session, now, config.zone()));
    let is_free = clinic.slots.get(slot).is_some_and(|slot| slot.free() > 0);
    is_open && is_free && is_in_time(clinic, slot, from) && !clinic.is_stopped(slot)
}

fn known<'a>(clinic: &'a Clinic, slot: &SlotId) -> Option<(&'a Slot, &'a Session)> {
    Some((clinic.slots.get(slot)?, clinic.session_of(slot)?))
}
