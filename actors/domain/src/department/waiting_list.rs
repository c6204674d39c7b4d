//! 候补: who joins and leaves the line, and what becomes of a freed place: it is offered to the first in line whom it can be
//! offered to, then to the next; each record says who was before and why they were passed over. Where nobody waits, a place
//! of a session in high demand comes back at a random moment.

mod hand_on;

use std::collections::{BTreeMap, BTreeSet};

use self::hand_on::{Else, Lots, Place, hand_on, offer_kept, widened};
use super::{Department, Event, State};
use crate::clinic::{self, AppointmentState, Clinic, Session, SessionStanding};
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::person::PatientBrief;
use crate::time::{BusinessDate, Timestamp, Zone};
use crate::vocabulary::{Answer, Channel, JoinWaitlist, LeaveWaitlist, OfferWord, Wanted, WishEnd, WishNews};
use crate::waitlist::{self, DATES_MAX, Due, LINE_MAX, OFFERS_MAX, OfferEnd, WISHES_OF_PATIENT, Waitlist};
use crate::{Code, Rejection};

/// So many deadlines pass in one decision; the others follow at once.
const DUE_AT_ONCE: usize = 100;

/// Somebody waits for a place. Rejects `place_free` while one can be booked, `slot_closed` where nothing is to be waited
/// for, `limit_department_day`, `already_exists` (another wish of theirs is for one of these days), `limit_exceeded`.
pub(super) fn join(
    draft: &mut Draft<'_, Department>,
    command: JoinWaitlist,
    brief: PatientBrief,
    channel: Channel,
    context: &Context,
) -> Result<Answer, Rejection> {
    let State { config, clinic, waitlist, .. } = draft.state();
    let (now, zone, patient) = (context.now, config.zone(), &brief.patient);
    if config.retired {
        return Err(Code::Retired.into());
    }
    // Of one that nobody has defined there is nothing to wait for: as of a session that there is not.
    if config.definition.is_none() {
        return Err(Code::Forbidden.into());
    }
    let wanted = checked(command.wanted, &config.id)?;
    if let Wanted::Session(id) = &wanted
        && !clinic.sessions.contains_key(id)
    {
        return Err(Code::Forbidden.into());
    }
    let ahead = ahead(clinic, &wanted, now, zone);
    let Some(until) = ahead.iter().filter_map(|(_, session)| last_start(clinic, session)).max() else {
        return Err(Rejection::new(Code::SlotClosed, "nothing is there that a place could be waited for in"));
    };
    let mut slots = ahead.iter().flat_map(|(_, session)| &session.slots);
    if let Some(free) = slots.find(|slot| clinic.place_free(slot, channel, now, zone).is_ok()) {
        return Err(Rejection::from(Code::PlaceFree).with("slot", free.as_str()));
    }
    let mut dates: Vec<BusinessDate> = match &wanted {
        Wanted::Session(_) => ahead.iter().map(|(_, session)| session.date).collect(),
        Wanted::AnyOf(any) => any.dates.clone(),
    };
    dates.dedup();
    let booked = ahead.iter().map(|(_, session)| booked_on(clinic, session.date).get(patient).copied());
    if let Some(&other) = booked.collect::<Option<Vec<_>>>().as_deref().and_then(<[_]>::first) {
        return Err(Rejection::from(Code::LimitDepartmentDay).with("appointment", other.as_str()));
    }
    let own = || waitlist.of_patient(patient);
    if let Some(other) = own().find(|wish| wish.news.dates.iter().any(|date| dates.contains(date))) {
        let rejection = Rejection::new(Code::AlreadyExists, "one wish of a patient is for a day in a department");
        return Err(rejection.with("wish", other.news.wish.as_str()));
    }
    if own().count() >= WISHES_OF_PATIENT || waitlist.line.len() >= LINE_MAX {
        return Err(Rejection::new(Code::LimitExceeded, "no more wishes stand here"));
    }
    let place = place_before(waitlist, &ahead, waitlist.last + 1);
    let wish = WishId::numbered(&config.id, 'w', waitlist.last + 1);
    let patient = patient.clone();
    let news = WishNews { wish: wish.clone(), patient, wanted, dates, until, joined_at: now, ended: None };
    emit(draft, waitlist::Event::WishJoined { news, brief, channel });
    Ok(Answer::Wished { wish, place })
}

/// The sessions of what is waited for in which a place can still come free.
fn ahead<'a>(clinic: &'a Clinic, wanted: &Wanted, now: Timestamp, zone: Zone) -> Vec<(&'a SessionId, &'a Session)> {
    let wants = |(id, session): &(&SessionId, &Session)| waitlist::is_for(wanted, id, session);
    let comes = |session: &Session| is_open(clinic, session, now, zone) && last_start(clinic, session) > Some(now);
    clinic.sessions.iter().filter(wants).filter(|(_, session)| comes(session)).collect()
}

/// From 1 on: behind whoever waits for one of these sessions too, and joined before that number.
fn place_before(waitlist: &Waitlist, ahead: &[(&SessionId, &Session)], number: u64) -> u32 {
    let competes = |wish: &&waitlist::Wish| ahead.iter().any(|(id, session)| wish.is_for(id, session));
    let before = waitlist.line.range(..number).map(|(_, wish)| wish).filter(competes).count();
    u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
}

/// The place in line of a wish that stands.
pub fn place_of(state: &State, wish: &waitlist::Wish, now: Timestamp) -> u32 {
    let ahead = ahead(&state.clinic, &wish.news.wanted, now, state.config.zone());
    place_before(&state.waitlist, &ahead, wish.news.wish.number())
}

/// A wish as it can be kept: of this department, its days in order.
fn checked(wanted: Wanted, department: &DepartmentId) -> Result<Wanted, Rejection> {
    if wanted.department() != *department {
        return Err(Code::IdNotUnderParent.into());
    }
    let Wanted::AnyOf(mut any) = wanted else { return Ok(wanted) };
    any.dates.sort_unstable();
    any.dates.dedup();
    if any.dates.is_empty() || any.dates.len() > DATES_MAX {
        let what = format!("1 to {DATES_MAX} days");
        return Err(Rejection::field("dates", what));
    }
    Ok(Wanted::AnyOf(any))
}

/// No longer. What is offered just now goes to the next.
pub(super) fn leave(
    draft: &mut Draft<'_, Department>,
    command: &LeaveWaitlist,
    context: &Context,
) -> Result<Answer, Rejection> {
    let waitlist = &draft.state().waitlist;
    let Some(wish) = waitlist.get(&command.wish).filter(|wish| wish.brief.patient == command.patient) else {
        // One that has ended need not be left.
        let was_one = waitlist.get(&command.wish).is_none() && (1..=waitlist.last).contains(&command.wish.number());
        return if was_one { Ok(Answer::Done) } else { Err(Code::Forbidden.into()) };
    };
    let (offered, patient) = (wish.offered.clone(), command.patient.clone());
    end(draft, command.wish.number(), WishEnd::Left, context.now);
    if let Some(appointment) = offered {
        let reason = Some("left the waitlist".to_owned());
        draft.emit(Event::Clinic(clinic::Event::AppointmentCancelled { appointment, patient, reason }));
    }
    Ok(Answer::Done)
}

/// The patient's owner has reserved the offered place, or a limit refuses it: then it goes on.
pub(super) fn answered(draft: &mut Draft<'_, Department>, word: OfferWord, context: &Context) -> Answer {
    let OfferWord { appointment, patient, refused } = word;
    let known = draft.state().waitlist.offers.get(&appointment);
    if known.is_none_or(|offered| offered.heard || offered.offer.patient != patient) {
        return Answer::Done;
    }
    emit(draft, waitlist::Event::OfferAnswered { appointment: appointment.clone(), refused, at: context.now });
    if let Some(code) = refused {
        let reason = Some(code.wire().to_owned());
        draft.emit(Event::Clinic(clinic::Event::AppointmentCancelled { appointment, patient, reason }));
    }
    Answer::Done
}

/// The patient's owner knows how the wish stands.
pub(super) fn heard(draft: &mut Draft<'_, Department>, wish: WishId, ended: bool) -> Answer {
    if draft.state().waitlist.unheard.get(&wish).is_some_and(|news| ended || news.ended.is_none()) {
        emit(draft, waitlist::Event::WishHeard { wish, ended });
    }
    Answer::Done
}

/// Who has given up a place that is kept back takes it again, by the desk's undo or a late payment: it is taken out for that.
pub(super) fn take_out(draft: &mut Draft<'_, Department>, freed: &AppointmentId, now: Timestamp) {
    if let Some(slot) = draft.state().waitlist.kept.get(freed).map(|kept| kept.slot.clone()) {
        emit(draft, waitlist::Event::PlaceBack { freed: freed.clone(), slot, at: now });
    }
}

/// What of the waitlist is due: places come back, wishes are over.
pub(super) fn go_on(draft: &mut Draft<'_, Department>, context: &Context) {
    let due: Vec<Due> = draft.state().waitlist.overdue(context.now).take(DUE_AT_ONCE).cloned().collect();
    let mut lots = Lots::new(context, "waitlist due");
    for due in due {
        match due {
            Due::Over(number) => end(draft, number, WishEnd::Over, context.now),
            Due::Back(freed) => {
                let Some(kept) = draft.state().waitlist.kept.get(&freed).cloned() else {
                    strike(draft, freed, context.now);
                    continue;
                };
                take_out(draft, &freed, context.now);
                let place = Place { slot: kept.slot, freed: Some(freed), after: kept.after };
                let else_ = if kept.for_line { Else::Random } else { Else::ToAll };
                hand_on(draft, &place, else_, &mut lots);
            }
        }
    }
}

/// A moment has come whose place is not kept under that name any more: it passes, and the place that it stood for is
/// counted no longer. (One appointment's place was once kept twice, under one name.)
fn strike(draft: &mut Draft<'_, Department>, freed: AppointmentId, at: Timestamp) {
    let known = draft.state().clinic.appointments.get(&freed);
    // Of a day that is forgotten the slot is gone with it: no name of one is counted.
    let slot = known.map_or_else(|| SlotId::from(freed.as_str()), |known| known.slot.clone());
    emit(draft, waitlist::Event::PlaceBack { freed, slot, at });
}

/// After a decision: what it has freed goes to who waits.
pub(super) fn follow(draft: &mut Draft<'_, Department>, context: &Context) {
    let found = Found::of(draft);
    let (now, mut lots) = (context.now, Lots::new(context, "waitlist"));
    let mut after = BTreeMap::new();
    for (appointment, how) in found.ended {
        let Some(known) = draft.state().waitlist.offers.get(&appointment) else { continue };
        let (wish, number) = (known.offer.wish.clone(), known.offer.wish.number());
        emit(draft, waitlist::Event::OfferEnded { appointment: appointment.clone(), wish, how, at: now });
        after.insert(appointment, number);
        let untaken = draft.state().waitlist.line.get(&number).map_or(0, |wish| wish.untaken);
        match how {
            OfferEnd::Taken => end(draft, number, WishEnd::Taken, now),
            _ if untaken >= OFFERS_MAX => end(draft, number, WishEnd::NotTaken, now),
            _ => {}
        }
    }
    for appointment in &found.booked {
        has_place(draft, appointment, now);
    }
    for session in &found.closed {
        let wanted = Wanted::Session(session.clone());
        let line = draft.state().waitlist.line.iter();
        let gone: Vec<u64> = line.filter(|(_, wish)| wish.news.wanted == wanted).map(|(number, _)| *number).collect();
        gone.into_iter().for_each(|number| end(draft, number, WishEnd::Closed, now));
    }
    for freed in found.freed {
        // What the same decision has given back to it is not free.
        let known = draft.state().clinic.appointments.get(&freed).filter(|known| !known.state.takes_place());
        let Some(known) = known else { continue };
        let after = after.get(&freed).copied().unwrap_or(0);
        hand_on(draft, &Place { slot: known.slot.clone(), freed: Some(freed), after }, Else::Random, &mut lots);
    }
    for session in found.wider {
        widened(draft, &session, &mut lots);
    }
    for wish in found.joined {
        offer_kept(draft, &wish, &mut lots);
    }
}

/// What of a decision touches the waitlist.
#[derive(Default)]
struct Found {
    ended: Vec<(AppointmentId, OfferEnd)>,
    freed: Vec<AppointmentId>,
    booked: Vec<AppointmentId>,
    wider: BTreeSet<SessionId>,
    closed: Vec<SessionId>,
    joined: Vec<WishId>,
}

impl Found {
    fn of(draft: &Draft<'_, Department>) -> Self {
        use clinic::Event as Clinic;
        let mut found = Self::default();
        let waitlist = &draft.state().waitlist;
        let waits = !waitlist.line.is_empty();
        let has_place_now = |id: &AppointmentId| {
            draft.state().clinic.appointments.get(id).is_some_and(|known| known.state.takes_place())
        };
        for event in draft.events() {
            let event = match event {
                Event::Clinic(event) => event,
                Event::Waitlist(waitlist::Event::WishJoined { news, .. }) => {
                    found.joined.push(news.wish.clone());
                    continue;
                }
                _ => continue,
            };
            let how = match event {
                // Paid in the same decision.
                Clinic::HoldExpired { appointment, .. } if has_place_now(appointment) => OfferEnd::Taken,
                Clinic::HoldExpired { appointment, .. } => expired(draft.state(), appointment),
                Clinic::AppointmentConfirmed { .. } => OfferEnd::Taken,
                _ => OfferEnd::Declined,
            };
            match event {
                Clinic::HoldExpired { appointment, .. }
                | Clinic::AppointmentCancelled { appointment, .. }
                | Clinic::AppointmentGivenBack { appointment, .. }
                | Clinic::NoShowCorrected { appointment, booked: false, .. }
                | Clinic::AppointmentStopped { appointment, .. } => {
                    if let Some(offered) = waitlist.offers.get(appointment) {
                        found.ended.push((appointment.clone(), offered.refused.map_or(how, OfferEnd::Refused)));
                    }
                    found.freed.push(appointment.clone());
                }
                Clinic::AppointmentConfirmed { appointment, .. } if waits || !waitlist.offers.is_empty() => {
                    if waitlist.offers.contains_key(appointment) {
                        found.ended.push((appointment.clone(), how));
                    }
                    found.booked.push(appointment.clone());
                }
                Clinic::PlaceBooked { appointment, .. } | Clinic::AppointmentRestored { appointment, .. } if waits => {
                    found.booked.push(appointment.clone());
                }
                Clinic::SessionDefined { session, .. }
                | Clinic::SessionResumed { session, .. }
                | Clinic::SessionFrozen { session, frozen: false, .. }
                | Clinic::QuotasDefined { session, .. } => drop(found.wider.insert(session.clone())),
                Clinic::QuotaGivenBack { slot, .. } | Clinic::OutsideGone { slot } => {
                    found.wider.insert(slot.session());
                }
                Clinic::SessionClosed { session } | Clinic::SessionRetired { session } if waits => {
                    found.closed.push(session.clone());
                }
                _ => {}
            }
        }
        found
    }
}

/// How an offer has ended whose hold is over. Nobody has let go of a place that a stopped clinic has taken away, or of which
/// nobody was told.
fn expired(state: &State, appointment: &AppointmentId) -> OfferEnd {
    match state.waitlist.offers.get(appointment) {
        Some(offered) if state.clinic.is_stopped(&offered.offer.slot) => OfferEnd::Stopped,
        Some(offered) if !offered.heard => OfferEnd::Unheard,
        _ => OfferEnd::Expired,
    }
}

/// Whose wish is only for days on which they have a place here now waits no longer.
fn has_place(draft: &mut Draft<'_, Department>, appointment: &AppointmentId, now: Timestamp) {
    let State { clinic, waitlist, .. } = draft.state();
    let Some(known) = clinic.appointments.get(appointment) else { return };
    let is_booked = |date: &BusinessDate| booked_on(clinic, *date).contains_key(&known.brief.patient);
    let own = waitlist.of_patient(&known.brief.patient);
    let done: Vec<u64> =
        own.filter(|wish| wish.news.dates.iter().all(is_booked)).map(|wish| wish.news.wish.number()).collect();
    done.into_iter().for_each(|number| end(draft, number, WishEnd::Booked, now));
}

fn end(draft: &mut Draft<'_, Department>, number: u64, how: WishEnd, at: Timestamp) {
    if let Some(wish) = draft.state().waitlist.line.get(&number) {
        let news = WishNews { ended: Some(how), ..wish.news.clone() };
        emit(draft, waitlist::Event::WishEnded { news, at });
    }
}

/// Whether patients can book in it of their own accord.
fn is_open(clinic: &Clinic, session: &Session, now: Timestamp, zone: Zone) -> bool {
    let is_released = clinic.released_at(session, Channel::Online, zone).is_none_or(|at| at <= now);
    session.standing == SessionStanding::Open && !session.is_frozen() && is_released
}

/// When the last slot of it begins that takes place.
fn last_start(clinic: &Clinic, session: &Session) -> Option<Timestamp> {
    let slots = session.slots.iter().filter(|slot| !clinic.is_stopped(slot));
    slots.filter_map(|slot| Some(clinic.slots.get(slot)?.start)).max()
}

/// Who has a place in this department that day, and has not come yet.
fn booked_on(clinic: &Clinic, date: BusinessDate) -> BTreeMap<&PatientId, &AppointmentId> {
    let sessions = clinic.sessions.values().filter(|session| session.date == date);
    let slots = sessions.flat_map(|session| &session.slots).filter_map(|slot| clinic.slots.get(slot));
    let expected = slots.flat_map(|slot| &slot.expected).filter_map(|id| Some((id, clinic.appointments.get(id)?)));
    let is_live =
        |known: &clinic::Appointment| matches!(known.state, AppointmentState::Held { .. } | AppointmentState::Booked);
    expected.filter(|(_, known)| is_live(known)).map(|(id, known)| (&known.brief.patient, id)).collect()
}

fn emit(draft: &mut Draft<'_, Department>, event: waitlist::Event) {
    draft.emit(Event::Waitlist(event));
}
