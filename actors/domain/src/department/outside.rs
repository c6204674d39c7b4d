//! Visits of the hospital's own system: always accepted (capacity is the hospital's), except for a number that is in use
//! and for a department without a queue. A refusal is on the record, so that the hospital's stream says it too.

use super::arrival::{self, Opening};
use super::{Department, State};
use crate::clinic;
use crate::floor::{self, Event, Opened, OutsideVisit, Standing, StepKind, Visit, doors, numbers};
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::person::PatientBrief;
use crate::queue::{self, Came, Sequence};
use crate::time::BusinessDate;
use crate::vocabulary::*;
use crate::{Code, Rejection};

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
        return Answer::VisitTaken { ticket: known.tickets.first().cloned(), visit };
    }
    let Some(queue) = queue_for(state, command) else {
        return refuse(draft, command, visit, Rejection::new(Code::Forbidden, "there is no such queue"), context);
    };
    let taken = |number: &String| numbers::is_taken(state, &queue, command.date, number);
    if command.number.as_ref().is_some_and(taken) {
        return refuse(draft, command, visit, Rejection::from(Code::NumberTaken), context);
    }
    let given = command.number.is_none().then(|| numbers::next(state, &queue, command.date));
    let number = match (&command.number, given) {
        (Some(number), _) => number.clone(),
        (None, n) => numbers::shown(state, &queue, n.unwrap_or(1)),
    };
    let slot = command.slot.clone().filter(|slot| state.clinic.slots.contains_key(slot));
    let open_until = command.date.plus_days((state.config.settings.booking.visit_days - 1).max(0));
    let outside = OutsideVisit {
        visit_id: command.visit_id.clone(),
        version: command.version,
        queue: queue.clone(),
        number,
        is_own_number: given.is_some(),
        date: command.date,
        slot: slot.clone(),
        class: command.class.clone(),
        fee_state: command.fee_state,
        cancelled: false,
    };
    if let Some(n) = given {
        floor::emit(draft, Event::NumberGiven { queue, date: command.date, n, at: context.now });
    }
    if let Some(slot) = slot {
        count(draft, clinic::decide_outside_place, &slot);
    }
    floor::emit(draft, Event::VisitRegistered { visit: visit.clone(), brief, open_until, outside, at: context.now });
    let today = draft.state().config.today(context.now);
    if command.checked_in && command.date == today {
        enter(draft, &visit, birth_date, context);
    }
    let ticket = draft.state().floor.visits.get(&visit).and_then(|visit| visit.tickets.first().cloned());
    Answer::VisitTaken { visit, ticket }
}

/// The queue named, else the doctor's, else the slot's, else the department's first pool.
fn queue_for(state: &State, command: &RegisterVisit) -> Option<QueueId> {
    let open = || state.config.queues.values().filter(|queue| !queue.retired).map(|queue| &queue.is);
    let found = match (&command.queue, &command.doctor, &command.slot) {
        (Some(queue), ..) => open().find(|open| open.id == *queue),
        (None, Some(doctor), _) => open().find(|open| open.doctors.contains(doctor)),
        (None, None, Some(slot)) => {
            let session = state.clinic.session_of(slot)?;
            open().find(|open| open.id == session.queue)
        }
        (None, None, None) => open().find(|open| open.doctors.is_empty()).or_else(|| open().next()),
    };
    found.filter(|_| !state.config.retired).map(|queue| queue.id.clone())
}

fn refuse(
    draft: &mut Draft<'_, Department>,
    command: &RegisterVisit,
    visit: VisitId,
    rejection: Rejection,
    context: &Context,
) -> Answer {
    let event = Event::VisitRefused {
        visit,
        visit_id: command.visit_id.clone(),
        version: command.version,
        code: rejection.code,
        at: context.now,
    };
    floor::emit(draft, event);
    Answer::Refused(rejection)
}

/// It changed. Rejects `old_version`; the version that stands is answered as done.
pub(super) fn change(
    draft: &mut Draft<'_, Department>,
    command: &ChangeVisit,
    visit: VisitId,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    let (known, outside) = known(state, &visit)?;
    let first = known.tickets.last().cloned();
    if command.version == outside.version {
        return Ok(Answer::VisitTaken { visit, ticket: first });
    }
    newer(outside, command.version)?;
    if outside.cancelled {
        return Err(Rejection::new(Code::WrongTicketState, "the visit is cancelled"));
    }
    let mut changed = OutsideVisit { version: command.version, ..outside.clone() };
    if let Some(queue) = &command.queue {
        changed.queue = state.config.queue(queue)?.id.clone();
    }
    if changed.queue != outside.queue && numbers::is_taken(state, &changed.queue, outside.date, &outside.number) {
        return Err(Rejection::from(Code::NumberTaken));
    }
    if let Some(slot) = command.slot.clone().filter(|slot| state.clinic.slots.contains_key(slot)) {
        changed.slot = Some(slot);
    }
    changed.class = command.class.clone().or(changed.class);
    changed.fee_state = command.fee_state.unwrap_or(changed.fee_state);
    let (old_slot, new_slot) = (outside.slot.clone(), changed.slot.clone());
    let (queue, class) = (changed.queue.clone(), changed.class.clone());
    let comes = command.checked_in == Some(true) && outside.date == state.config.today(context.now);

    if old_slot != new_slot {
        old_slot.iter().for_each(|slot| count(draft, clinic::decide_outside_gone, slot));
        new_slot.iter().for_each(|slot| count(draft, clinic::decide_outside_place, slot));
    }
    floor::emit(draft, Event::VisitChanged { visit: visit.clone(), outside: changed, at: context.now });
    match first.as_ref() {
        None if comes => enter(draft, &visit, None, context),
        None => {}
        Some(ticket) => adapt(draft, ticket, &queue, class.as_deref(), context),
    }
    let ticket = draft.state().floor.visits.get(&visit).and_then(|visit| visit.tickets.last().cloned());
    Ok(Answer::VisitTaken { visit, ticket })
}

/// A ticket that waits follows its visit to another queue or class; one that is called or later stays where it is.
fn adapt(draft: &mut Draft<'_, Department>, id: &TicketId, queue: &QueueId, class: Option<&str>, context: &Context) {
    let waits = |state: &State| {
        let ticket = state.floor.tickets.get(id)?;
        matches!(ticket.standing, Standing::Waiting | Standing::Summoned(_)).then(|| ticket.opened.clone())
    };
    let Some(opened) = waits(draft.state()) else { return };
    if opened.queue != *queue {
        floor::transfer::move_within(draft, id, queue, "change_visit", context.now);
    }
    let named = class.filter(|class| draft.state().config.settings.queue.knows(class));
    if let Some(class) = named.filter(|class| opened.class.as_deref() != Some(*class)) {
        let command = SetPriority { ticket: id.clone(), class: class.to_owned(), proof: "change_visit".to_owned() };
        floor::tickets::set_priority(draft, &command, context).expect("a waiting ticket takes a known class");
    }
    doors::fill(draft, context.now);
}

/// It is off: nobody is left waiting in a cancelled visit. Whoever is with the doctor stays there.
pub(super) fn cancel(
    draft: &mut Draft<'_, Department>,
    command: &CancelVisit,
    visit: VisitId,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    let (known, outside) = known(state, &visit)?;
    if command.version == outside.version && outside.cancelled {
        return Ok(Answer::Done);
    }
    newer(outside, command.version)?;
    let (tickets, slot) = (known.tickets.clone(), outside.slot.clone());
    let was_cancelled = outside.cancelled;
    floor::emit(draft, Event::VisitCancelled { visit, version: command.version, at: context.now });
    if let Some(slot) = slot.filter(|_| !was_cancelled) {
        count(draft, clinic::decide_outside_gone, &slot);
    }
    for id in tickets {
        let state = draft.state();
        let Some(ticket) = state.floor.tickets.get(&id) else { continue };
        match &ticket.standing {
            Standing::Waiting | Standing::Summoned(_) | Standing::Called(_) => {
                let over = floor::calls::ending(state, ticket);
                let reason = "cancel_visit".to_owned();
                floor::emit(draft, Event::TicketCancelled { ticket: id, reason, over, at: context.now });
            }
            Standing::Away { .. } | Standing::Missed { .. } => {
                let how = SettlementKind::Refund;
                floor::emit(draft, Event::TicketSettled { ticket: id, how, over: None, at: context.now });
            }
            Standing::Serving { .. } | Standing::InTransit { .. } | Standing::Ended { .. } => {}
        }
    }
    doors::fill(draft, context.now);
    Ok(Answer::Done)
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

/// The visit from outside that an appointment id of the form `<department>.b<day>-<visit's own part>` names: so the desk,
/// a kiosk and a phone check in the hospital's own visits like any appointment.
pub(super) fn visit_of(state: &State, appointment: &AppointmentId) -> Option<VisitId> {
    let own = appointment.as_str().strip_prefix(state.config.id.as_str())?.strip_prefix(".b")?;
    let (_, visit) = own.split_once('-')?;
    let visit = VisitId::from(format!("{}.{visit}", state.config.id));
    state.floor.visits.get(&visit).and_then(|visit| visit.outside.as_ref()).map(|_| visit)
}

/// 签到 of a visit from outside.
pub(super) fn check_in(
    draft: &mut Draft<'_, Department>,
    visit: VisitId,
    birth_date: Option<BusinessDate>,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    let (known, outside) = known(state, &visit)?;
    if outside.cancelled {
        return Err(Rejection::new(Code::WrongAppointmentState, "the visit is cancelled"));
    }
    let today = state.config.today(context.now);
    if today < outside.date {
        return Err(Rejection::from(Code::CheckInTooEarly));
    }
    if today > outside.date {
        return Err(Rejection::from(Code::CheckInTooLate));
    }
    let live =
        known.tickets.iter().filter_map(|ticket| state.floor.tickets.get(ticket)).find(|ticket| ticket.is_live());
    if let Some(ticket) = live {
        return Err(floor::wrong_state(ticket));
    }
    enter(draft, &visit, birth_date, context);
    let visits = &draft.state().floor.visits;
    let ticket = visits[&visit].tickets.last().cloned().expect("it has just been given one");
    Ok(floor::tickets::waiting(draft, &ticket))
}

/// Makes the ticket of a visit from outside.
fn enter(draft: &mut Draft<'_, Department>, visit: &VisitId, birth_date: Option<BusinessDate>, context: &Context) {
    let state = draft.state();
    let Some(known) = state.floor.visits.get(visit) else { return };
    let Some(outside) = known.outside.clone() else { return };
    let slot = outside.slot.as_ref().and_then(|slot| Some((slot, state.clinic.slots.get(slot)?)));
    let running = doors::slot_at(state, &outside.queue, outside.date, context.now);
    let late = slot.is_some_and(|(id, slot)| queue::is_late(context.now, slot.end, state.clinic.delay_min(id), false));
    let serial = state.floor.serial + 1;
    let opened = Opened {
        ticket: TicketId::numbered(&state.config.id, 't', serial),
        visit: visit.clone(),
        appointment: None,
        session: slot.map(|(id, _)| id.session()).or_else(|| running.as_ref().map(|slot| slot.session.clone())),
        queue: outside.queue.clone(),
        date: outside.date,
        number: outside.number.clone(),
        brief: known.brief.clone(),
        class: None,
        walk_in: slot.is_none(),
        addition: false,
        slot_start: slot.map(|(_, slot)| slot.start).or_else(|| running.map(|slot| slot.start)),
        sequence: slot.map_or_else(|| doors::new_sequence(serial), |_| Sequence::without_place(serial)),
        checked_in_at: context.now,
        linked_from: None,
    };
    let how = Opening {
        came: if late { Came::Late } else { Came::CheckIn },
        class: outside.class.as_deref(),
        birth_date,
        number: None,
        serial,
        what: StepKind::CheckedIn,
    };
    arrival::open(draft, opened, how, context.now);
}
