//! Visits of the hospital's own system: always accepted (capacity is the hospital's), except for a number that is in use
//! and for a department without a queue. A refusal is on the record, so that the hospital's stream says it too.

use std::collections::BTreeSet;

use super::arrival::{self, Arriving, Opening};
use super::pre_check::{self, Checked, Joining};
use super::{Department, State, follow};
use crate::clinic;
use crate::floor::numbers::{self, Bearer};
use crate::floor::{self, Event, Opened, OutsideVisit, Standing, StepKind, Ticket, TicketEnd, Visit, doors};
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::person::PatientBrief;
use crate::queue::Came;
use crate::time::{BusinessDate, Timestamp};
use crate::vocabulary::*;
use crate::{Code, Rejection, Role};

/// What is said of a visit that is off.
pub(crate) const IS_OFF: &str = "the visit is cancelled";

/// Takes a visit. Said again it answers the same.
pub(super) fn register(
    draft: &mut Draft<'_, Department>,
    command: &RegisterVisit,
    visit: VisitId,
    brief: PatientBrief,
    birth_date: Option<BusinessDate>,
    context: &Context,
) -> Answer {
    let state = draft.state();
    if let Some(known) = state.floor.visits.get(&visit) {
        let is_newer = known.outside.as_ref().is_some_and(|known| known.version < command.version);
        // Said whole once more: what is new in it is a change.
        return if is_newer { change(draft, &as_change(command), visit, context) } else { taken_as(state, visit) };
    }
    let refused = Refused { visit: &visit, visit_id: &command.visit_id, version: command.version, date: command.date };
    // The site has found the queue and names it.
    let named = command.queue.as_ref().ok_or(Rejection::from(Code::Forbidden));
    let queue = match named.and_then(|queue| state.config.queue(queue)) {
        Ok(queue) => queue.id.clone(),
        Err(why) => return refuse(draft, refused, why, context),
    };
    let by = Bearer::Hospital(&command.visit_id);
    let taken = |number: &String| numbers::is_taken(state, &queue, command.date, number, by);
    if command.number.as_ref().is_some_and(taken) {
        return refuse(draft, refused, Rejection::from(Code::NumberTaken), context);
    }
    let given = command.number.is_none().then(|| numbers::next(state, &queue, command.date));
    let number = match (&command.number, given) {
        (Some(number), _) => number.clone(),
        (None, n) => numbers::shown(state, &queue, n.unwrap_or(1)),
    };
    let slot = command.slot.clone().filter(|slot| is_of_day(state, slot, command.date));
    let open_until = command.date.plus_days((state.config.settings.booking.visit_days - 1).max(0));
    let outside = OutsideVisit {
        visit_id: command.visit_id.clone(),
        version: command.version,
        queue: queue.clone(),
        number: number.clone(),
        is_own_number: given.is_some(),
        date: command.date,
        slot: slot.clone(),
        class: command.class.clone(),
        fee_state: command.fee_state,
        cancelled: false,
    };
    if let Some(n) = given {
        floor::emit(draft, Event::NumberGiven { queue, date: command.date, n, at: context.now, shown: number });
    }
    if let Some(slot) = slot {
        count(draft, clinic::decide_outside_place, &slot);
    }
    floor::emit(draft, Event::VisitRegistered { visit: visit.clone(), brief, open_until, outside, at: context.now });
    let today = draft.state().config.today(context.now);
    if command.checked_in && command.date == today {
        enter(draft, &visit, birth_date, context.now, context);
        doors::fill(draft, context.now);
    }
    taken_as(draft.state(), visit)
}

fn as_change(command: &RegisterVisit) -> ChangeVisit {
    let RegisterVisit { visit_id, version, site, queue, slot, class, fee_state, checked_in, .. } = command.clone();
    let (fee_state, checked_in) = (Some(fee_state), checked_in.then_some(true));
    ChangeVisit { visit_id, version, site, queue, slot, class, fee_state, checked_in }
}

fn taken_as(state: &State, visit: VisitId) -> Answer {
    let known = state.floor.visits.get(&visit);
    let ticket = known.and_then(|known| known.tickets.iter().rev().find(|ticket| has_come(state, ticket)).cloned());
    Answer::VisitTaken { visit, ticket }
}

/// Whether a ticket says that its patient has come: one that was undone says nothing.
fn has_come(state: &State, ticket: &TicketId) -> bool {
    let ticket = state.floor.tickets.get(ticket);
    ticket.is_some_and(|ticket| !matches!(ticket.standing, Standing::Ended { how: TicketEnd::Undone, .. }))
}

/// What the hospital's system is answered: it asks behind the effect that carries the version, so a version that is not
/// known here has been delayed.
pub(super) fn tell(state: &State, visit: VisitId, version: u64) -> Result<Answer, Rejection> {
    if let Some(refused) = state.floor.refused.get(&visit).filter(|refused| refused.version == version) {
        return Ok(Answer::Refused(refused.code.into()));
    }
    let outside = state.floor.visits.get(&visit).and_then(|visit| visit.outside.as_ref());
    match outside.filter(|outside| outside.version >= version) {
        Some(_) => Ok(taken_as(state, visit)),
        None => Err(Code::TimedOut.into()),
    }
}

/// What is refused.
struct Refused<'a> {
    visit: &'a VisitId,
    visit_id: &'a str,
    version: u64,
    date: BusinessDate,
}

/// On the record, so that the hospital's stream says it, and a repeat gets it again.
fn refuse(draft: &mut Draft<'_, Department>, refused: Refused<'_>, rejection: Rejection, context: &Context) -> Answer {
    let event = Event::VisitRefused {
        visit: refused.visit.clone(),
        visit_id: refused.visit_id.to_owned(),
        version: refused.version,
        code: rejection.code,
        at: context.now,
        date: refused.date,
    };
    floor::emit(draft, event);
    Answer::Refused(rejection)
}

/// It changed. Total: what cannot be is refused on the record; the version that stands is answered as done.
pub(super) fn change(
    draft: &mut Draft<'_, Department>,
    command: &ChangeVisit,
    visit: VisitId,
    context: &Context,
) -> Answer {
    let state = draft.state();
    let outside = match known(state, &visit) {
        Ok((_, outside)) if outside.version == command.version => return taken_as(state, visit),
        Ok((_, outside)) => outside,
        Err(why) => {
            let date = state.config.today(context.now);
            let refused = Refused { visit: &visit, visit_id: &command.visit_id, version: command.version, date };
            return refuse(draft, refused, why, context);
        }
    };
    let changed = match changed(state, command, &visit, outside, context.now) {
        Ok(changed) => changed,
        Err(why) => {
            let date = outside.date;
            let refused = Refused { visit: &visit, visit_id: &command.visit_id, version: command.version, date };
            return refuse(draft, refused, why, context);
        }
    };
    let is_here = state.floor.visits[&visit].tickets.iter().any(|ticket| has_come(state, ticket));
    let comes = command.checked_in == Some(true) && outside.date == state.config.today(context.now);
    let (before, new_slot) = (outside.clone(), changed.slot.clone());

    if before.slot != new_slot {
        before.slot.iter().for_each(|slot| count(draft, clinic::decide_outside_gone, slot));
        new_slot.iter().for_each(|slot| count(draft, clinic::decide_outside_place, slot));
    }
    floor::emit(draft, Event::VisitChanged { visit: visit.clone(), outside: changed, at: context.now });
    if is_here {
        follow::follow(draft, &visit, &before, context);
    } else if comes {
        enter(draft, &visit, None, context.now, context);
        doors::fill(draft, context.now);
    }
    taken_as(draft.state(), visit)
}

/// What the visit is after the change.
fn changed(
    state: &State,
    command: &ChangeVisit,
    visit: &VisitId,
    outside: &OutsideVisit,
    now: Timestamp,
) -> Result<OutsideVisit, Rejection> {
    newer(outside, command.version)?;
    if outside.cancelled {
        return Err(Rejection::new(Code::WrongAppointmentState, IS_OFF));
    }
    let mut changed = OutsideVisit { version: command.version, ..outside.clone() };
    let known = state.floor.visits.get(visit);
    let comes = command.checked_in == Some(true)
        && known.is_some_and(|known| !known.tickets.iter().any(|ticket| has_come(state, ticket)));
    if command.queue.is_some() || comes {
        let queue = command.queue.as_ref().unwrap_or(&outside.queue);
        changed.queue = state.config.queue(queue)?.id.clone();
    }
    if numbers::is_taken(state, &changed.queue, outside.date, &outside.number, Bearer::Visit(visit)) {
        return Err(Rejection::from(Code::NumberTaken));
    }
    if let Some(slot) = command.slot.as_ref().filter(|_| follow::may_take_slot(state, visit, outside.date, now)) {
        // One of the hospital's own, that is none here: no slot any more.
        changed.slot = is_of_day(state, slot, outside.date).then(|| slot.clone());
    }
    changed.class = command.class.clone().or(changed.class);
    changed.fee_state = command.fee_state.unwrap_or(changed.fee_state);
    Ok(changed)
}

/// Whether that is a slot of this department on that day: of another day it is none, as another department's.
fn is_of_day(state: &State, slot: &SlotId, date: BusinessDate) -> bool {
    state.clinic.slots.contains_key(slot) && state.clinic.session_of(slot).is_some_and(|session| session.date == date)
}

/// It is off: nobody is left waiting in a cancelled visit, here or elsewhere. Whoever is with the doctor stays there.
/// One that is not known here (it was refused) is off already.
pub(super) fn cancel(
    draft: &mut Draft<'_, Department>,
    command: &CancelVisit,
    visit: VisitId,
    context: &Context,
) -> Answer {
    let state = draft.state();
    let Ok((_, outside)) = known(state, &visit) else { return Answer::Done };
    if command.version == outside.version && outside.cancelled {
        return Answer::Done;
    }
    if let Err(old) = newer(outside, command.version) {
        return Answer::Refused(old);
    }
    let slot = outside.slot.clone().filter(|_| !outside.cancelled);
    let (version, elsewhere) = (command.version, elsewhere(state, &visit, &[]));
    floor::emit(draft, Event::VisitCancelled { visit: visit.clone(), version, at: context.now, elsewhere });
    if let Some(slot) = slot {
        count(draft, clinic::decide_outside_gone, &slot);
    }
    end_waiting(draft, &visit, context.now);
    doors::fill(draft, context.now);
    Answer::Done
}

/// A visit of another department is off. Remembered also where nothing of it is known yet: a ticket of it may be on its way
/// here from a department that hears of it later.
pub(super) fn end(
    draft: &mut Draft<'_, Department>,
    visit: VisitId,
    told: Vec<DepartmentId>,
    context: &Context,
) -> Answer {
    let state = draft.state();
    let elsewhere = elsewhere(state, &visit, &told);
    let is_new = !is_off(state, &visit);
    if is_new || !elsewhere.is_empty() {
        floor::emit(draft, Event::VisitEnded { visit: visit.clone(), elsewhere, told, at: context.now });
    }
    end_waiting(draft, &visit, context.now);
    doors::fill(draft, context.now);
    Answer::Done
}

/// A ticket has come back to its line: not in a visit that is off.
pub(crate) fn end_if_off(draft: &mut Draft<'_, Department>, visit: &VisitId, at: Timestamp) {
    if is_off(draft.state(), visit) {
        end_waiting(draft, visit, at);
    }
}

/// Visits of that day or later that are not off and whose patients have not come.
pub(super) fn to_come(state: &State, today: BusinessDate) -> impl Iterator<Item = (&VisitId, &OutsideVisit)> {
    let of_hospital = state.floor.visits.iter().filter_map(|(id, visit)| Some((id, visit, visit.outside.as_ref()?)));
    of_hospital
        .filter(move |(_, visit, outside)| {
            let is_to_come = !visit.tickets.iter().any(|ticket| has_come(state, ticket));
            !outside.cancelled && outside.date >= today && is_to_come
        })
        .map(|(id, _, outside)| (id, outside))
}

/// Whether the hospital has called the visit off, as far as it is known here.
pub(crate) fn is_off(state: &State, visit: &VisitId) -> bool {
    let known = state.floor.visits.get(visit).and_then(|visit| visit.outside.as_ref());
    known.is_some_and(|outside| outside.cancelled) || state.floor.off.contains(visit)
}

fn tickets_of<'a>(state: &'a State, visit: &VisitId) -> impl Iterator<Item = &'a Ticket> {
    state.floor.tickets.values().filter(move |ticket| ticket.opened.visit == *visit)
}

/// The departments to which tickets of the visit went from here, also where they came back from: another number may have
/// been taken there meanwhile.
fn elsewhere(state: &State, visit: &VisitId, told: &[DepartmentId]) -> Vec<DepartmentId> {
    let stood = tickets_of(state, visit).flat_map(|ticket| {
        let before = ticket.steps.iter().filter_map(|step| Some(&step.before.as_ref()?.standing));
        before.chain([&ticket.standing])
    });
    let went = stood.filter_map(|standing| match standing {
        Standing::InTransit { to, .. } => Some(to.department()),
        _ => None,
    });
    let others = went.filter(|department| !told.contains(department) && *department != visit.department());
    others.collect::<BTreeSet<_>>().into_iter().collect()
}

fn end_waiting(draft: &mut Draft<'_, Department>, visit: &VisitId, at: Timestamp) {
    let live: Vec<TicketId> =
        tickets_of(draft.state(), visit).filter(|ticket| ticket.is_live()).map(|ticket| ticket.id().clone()).collect();
    for ticket in live {
        let state = draft.state();
        let stands = &state.floor.tickets[&ticket];
        match &stands.standing {
            Standing::Waiting | Standing::Summoned(_) | Standing::Called(_) => {
                let over = floor::calls::ending(state, stands);
                floor::emit(draft, Event::TicketCancelled { ticket, reason: "cancel_visit".to_owned(), over, at });
            }
            Standing::Away { .. } | Standing::Missed { .. } => {
                let how = SettlementKind::Refund;
                floor::emit(draft, Event::TicketSettled { ticket, how, over: None, at });
            }
            Standing::InTransit { .. } if floor::pre_check::is_not_taken(state, stands) => {
                let reason = "cancel_visit".to_owned();
                floor::emit(draft, Event::TicketCancelled { ticket, reason, over: None, at });
            }
            Standing::Serving { .. } | Standing::InTransit { .. } | Standing::Ended { .. } => {}
        }
    }
}

fn known<'a>(state: &'a State, visit: &VisitId) -> Result<(&'a Visit, &'a OutsideVisit), Rejection> {
    let visit = state.floor.visits.get(visit);
    visit
        .and_then(|visit| Some((visit, visit.outside.as_ref()?)))
        .ok_or_else(|| Rejection::new(Code::Forbidden, "no such visit from outside"))
}

fn newer(outside: &OutsideVisit, version: u64) -> Result<(), Rejection> {
    if version <= outside.version {
        return Err(Rejection::from(Code::OldVersion).with("version", outside.version));
    }
    Ok(())
}

fn count(draft: &mut Draft<'_, Department>, decide: fn(&clinic::Clinic, &SlotId) -> clinic::Decision, slot: &SlotId) {
    let decision = decide(&draft.state().clinic, slot);
    super::emit_clinic(draft, decision);
}

/// The visit from outside that an appointment id of the form `<department>.b<day>-<visit's own part>` names: so the desk
/// and a kiosk check in the hospital's own visits like any appointment. (A phone does not: whose the visit is, the door
/// asks of appointments only.)
pub(super) fn visit_of(state: &State, appointment: &AppointmentId) -> Option<VisitId> {
    let own = appointment.as_str().strip_prefix(state.config.id.as_str())?.strip_prefix(".b")?;
    let (_, visit) = own.split_once('-')?;
    let visit = VisitId::from(format!("{}.{visit}", state.config.id));
    state.floor.visits.get(&visit).and_then(|visit| visit.outside.as_ref()).map(|_| visit)
}

/// Visits from outside of that day whose patients are still to come, each with the id by which the desk or a kiosk checks it
/// in (see [`visit_of`]).
pub fn expected_visits(
    state: &State,
    day: BusinessDate,
) -> impl Iterator<Item = (AppointmentId, &Visit, &OutsideVisit)> {
    state.floor.visits.iter().filter_map(move |(id, visit)| {
        let outside = visit.outside.as_ref().filter(|outside| outside.date == day && !outside.cancelled)?;
        let own = id.as_str().strip_prefix(state.config.id.as_str())?.strip_prefix('.')?;
        let appointment = format!("{}.b{}-{own}", state.config.id, day.0.format("%Y%m%d"));
        let is_to_come = !visit.tickets.iter().any(|ticket| has_come(state, ticket));
        is_to_come.then(|| (AppointmentId::from(appointment), visit, outside))
    })
}

/// From when a visit from outside in that slot may check in.
pub fn visit_opens_at(state: &State, slot: &clinic::Slot) -> Timestamp {
    slot.start.plus_min(-state.config.settings.booking.check_in_opens_min)
}

/// Whose visit from outside an appointment's id names, if it names one.
pub fn patient_of_visit<'a>(state: &'a State, appointment: &AppointmentId) -> Option<&'a PatientId> {
    Some(&state.floor.visits.get(&visit_of(state, appointment)?)?.brief.patient)
}

/// 签到 of a visit from outside, who came at `arriving.came_at`: it may be said now of who was written down then.
pub(super) fn check_in(
    draft: &mut Draft<'_, Department>,
    visit: VisitId,
    arriving: &Arriving<'_>,
    context: &Context,
) -> Result<Answer, Rejection> {
    let came_at = arriving.came_at;
    let state = draft.state();
    let (known, outside) = known(state, &visit)?;
    if outside.cancelled {
        return Err(Rejection::new(Code::WrongAppointmentState, IS_OFF));
    }
    let today = state.config.today(context.now);
    if today < outside.date {
        return Err(Rejection::from(Code::CheckInTooEarly));
    }
    if today > outside.date {
        return Err(Rejection::from(Code::CheckInTooLate));
    }
    if let Some(slot) = outside.slot.as_ref().and_then(|slot| state.clinic.slots.get(slot)) {
        let opens_at = visit_opens_at(state, slot);
        if came_at < opens_at {
            let not_before = state.config.zone().rfc3339(opens_at);
            return Err(Rejection::from(Code::CheckInTooEarly).with("not_before", not_before));
        }
    }
    // Like an appointment: once, unless that was undone. Who gave the number up may be brought back by the desk.
    let is_nothing = |ticket: &&Ticket| match ticket.standing {
        Standing::Ended { how: TicketEnd::Undone, .. } => true,
        Standing::Ended { how: TicketEnd::Cancelled, .. } => context.principal.role == Role::Desk,
        _ => false,
    };
    let tickets = known.tickets.iter().filter_map(|ticket| state.floor.tickets.get(ticket));
    if let Some(ticket) = tickets.into_iter().find(|ticket| !is_nothing(ticket)) {
        return Err(floor::wrong_state(ticket));
    }
    state.config.queue(&outside.queue)?;
    let who = Joining {
        brief: &known.brief,
        appointment: None,
        queue: &outside.queue,
        date: outside.date,
        is_spared: came_at < context.now || outside.class.as_deref() == Some(crate::queue::EMERGENCY),
    };
    let checked = match pre_check::check(state, arriving.answered, &who, context)? {
        Checked::Sent(sent) => return Ok(pre_check::send(draft, sent)),
        checked => checked,
    };
    let ticket = enter(draft, &visit, arriving.birth_date, came_at, context).expect("the visit is known");
    Ok(pre_check::joined(draft, &ticket, checked, context))
}

/// Makes the ticket of a visit from outside; the doors are still to be filled. Late, and since when they wait, is by
/// `came_at`; the place in the line is given now. None: there is no such visit.
fn enter(
    draft: &mut Draft<'_, Department>,
    visit: &VisitId,
    birth_date: Option<BusinessDate>,
    came_at: Timestamp,
    context: &Context,
) -> Option<TicketId> {
    let state = draft.state();
    let known = state.floor.visits.get(visit)?;
    let outside = known.outside.clone()?;
    let by = follow::by_slot(state, &outside, &outside.queue, came_at);
    let serial = state.floor.serial + 1;
    let opened = Opened {
        ticket: TicketId::numbered(&state.config.id, 't', serial),
        visit: visit.clone(),
        appointment: None,
        session: by.session,
        queue: outside.queue.clone(),
        date: outside.date,
        number: outside.number.clone(),
        brief: known.brief.clone(),
        class: None,
        walk_in: by.walk_in,
        addition: false,
        slot_start: by.slot_start,
        sequence: doors::new_sequence(serial),
        checked_in_at: came_at,
        linked_from: None,
    };
    let how = Opening {
        came: if by.late { Came::Late } else { Came::CheckIn },
        class: outside.class.as_deref(),
        birth_date,
        number: None,
        serial,
        what: StepKind::CheckedIn,
    };
    Some(arrival::enter(draft, opened, how, context.now))
}
