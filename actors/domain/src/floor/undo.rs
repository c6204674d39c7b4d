//! Undo: the last step of a ticket, on its business day, while nothing is linked after it.
//!
//! "The state before" is exactly that, with one exception: a ticket that was in a doctor's hand goes back there only
//! while that doctor works under the same number and has nobody in hand; otherwise it goes to its old place in line.

use super::event::{Event, Undone};
use super::state::{Call, Standing, Step, StepKind, Ticket, TicketEnd};
use super::{calls, doors, emit, once};
use crate::department::{Department, State, outside};
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::time::Timestamp;
use crate::vocabulary::*;
use crate::{Code, Principal, Rejection, Role};

/// Undoes `<ticket>@<n>`; of a call that also settled the patient before ("seen, next", "not here, next") both halves.
/// Rejects `cannot_undo`, `retired` what would be again in a queue that is, and `forbidden` a doctor who would take back what another one has done.
pub fn undo(draft: &mut Draft<'_, Department>, command: &Undo, context: &Context) -> Result<Answer, Rejection> {
    let (id, n) = parse(&command.event)?;
    let settled = settled_with(draft.state(), super::ticket_of(draft.state(), &id)?, n);
    if let Some((settled, n)) = &settled {
        let ticket = super::ticket_of(draft.state(), settled)?;
        takes_back(draft.state(), ticket, &ticket.steps[n - 1])?;
    }
    once_more(draft.state(), &id, n, context)?;
    undo_step(draft, &id, n, &command.reason, context)?;
    if let Some((settled, n)) = settled {
        // One action of the doctor is one action undone. The hand is free now, so its patient goes back into it.
        undo_step(draft, &settled, n, &command.reason, context)
            .expect("its last step, of today, with the hand free and its queue open");
    }
    doors::fill(draft, context.now);
    Ok(Answer::Done)
}

/// Whom that would put into a line again, and into which queue; none: nobody, or it is refused.
pub fn puts_in_line(state: &State, command: &Undo, now: Timestamp) -> Option<(PatientId, QueueId)> {
    let (id, n) = parse(&command.event).ok()?;
    let context = Context { now, principal: Principal::system(), seed: 0 };
    let (ticket, queue) = line_again(state, &id, n, &context).ok()??;
    Some((ticket.opened.brief.patient.clone(), queue.clone()))
}

/// Rejects `already_exists` where the ticket would wait again in a queue where the person waits by another one.
fn once_more(state: &State, id: &TicketId, n: usize, context: &Context) -> Result<(), Rejection> {
    match line_again(state, id, n, context)? {
        Some((ticket, queue)) => once::waits_once_more(state, ticket, queue, context.now),
        None => Ok(()),
    }
}

/// The ticket, and the queue in which it would wait again that it does not wait in now.
fn line_again<'a>(
    state: &'a State,
    id: &TicketId,
    n: usize,
    context: &Context,
) -> Result<Option<(&'a Ticket, &'a QueueId)>, Rejection> {
    let ticket = super::ticket_of(state, id)?;
    let Some(step) = ticket.steps.get(n.wrapping_sub(1)).filter(|_| undoable(ticket) == n.checked_sub(1)) else {
        return Ok(None);
    };
    if ticket.is_live() && !matches!(ticket.standing, Standing::Missed { .. } | Standing::Away { .. })
        || stands_after(state, ticket, step, context)? != Standing::Waiting
    {
        return Ok(None);
    }
    Ok(Some((ticket, queue_before(ticket, step))))
}

/// The ticket, and its step, that the doctor settled by the very command that called this one, while that is still the
/// last step of both: one command has one moment and one doctor.
fn settled_with(state: &State, ticket: &Ticket, n: usize) -> Option<(TicketId, usize)> {
    let called = ticket.steps.get(n.checked_sub(1)?).filter(|step| step.what == StepKind::Called)?;
    let call = ticket.standing.call()?;
    let settled = |other: &&Ticket| -> Option<usize> {
        let at = undoable(other).filter(|_| other.opened.date == ticket.opened.date)?;
        let step = &other.steps[at];
        let before = step.before.as_ref()?.standing.call()?;
        let is_other_half = matches!(step.what, StepKind::Finished | StepKind::Missed)
            && step.at == called.at
            && (&before.doctor, &before.assignment) == (&call.doctor, &call.assignment)
            && matches!(other.standing, Standing::Missed { .. } | Standing::Ended { .. })
            && !outside::is_off(state, &other.opened.visit);
        is_other_half.then_some(at + 1)
    };
    let others = state.floor.tickets.values().filter(|other| other.id() != ticket.id());
    others.into_iter().find_map(|other| Some((other.id().clone(), settled(&other)?)))
}

fn undo_step(
    draft: &mut Draft<'_, Department>,
    id: &TicketId,
    n: usize,
    reason: &str,
    context: &Context,
) -> Result<(), Rejection> {
    let state = draft.state();
    let ticket = super::ticket_of(state, id)?;
    if ticket.opened.date != state.config.today(context.now) {
        return Err(Rejection::new(Code::CannotUndo, "not of today"));
    }
    if outside::is_off(state, &ticket.opened.visit) {
        return Err(Rejection::new(Code::CannotUndo, outside::IS_OFF));
    }
    match undoable(ticket) {
        Some(at) if at + 1 == n => {}
        Some(at) => {
            return Err(Rejection::new(Code::CannotUndo, "something came after it")
                .with("undoable", format!("{id}@{}", at + 1)));
        }
        None => return Err(Rejection::new(Code::CannotUndo, "nothing of this ticket can be undone")),
    }
    own_step(state, ticket, n - 1, context)?;
    let step = &ticket.steps[n - 1];
    let standing = stands_after(state, ticket, step, context)?;
    if !matches!(standing, Standing::Ended { .. }) {
        takes_back(state, ticket, step)?;
    }
    let opened = step.before.as_ref().and_then(|before| before.opened.clone());
    let old = step.before.as_ref().and_then(|before| before.place.as_deref());
    let place = old.or_else(|| doors::place_of(state, ticket)).cloned();
    let (returned, place) = match (&standing, place) {
        (Standing::Waiting, Some(place)) => (Some(doors::returned_to(state, queue_before(ticket, step), &place)), None),
        (_, place) => (None, place),
    };
    let undone = Undone {
        ticket: id.clone(),
        step: u32::try_from(n).expect("a ticket has few steps"),
        reason: reason.to_owned(),
        returned,
        place,
        opened,
        missed_times: ticket.missed_times - u32::from(step.what == StepKind::Missed),
        doctor: counted_for(state, step),
        over: calls::ending(state, ticket),
        standing,
        at: context.now,
    };
    let door = doors::door_of(step).filter(|_| undone.standing == Standing::Waiting).cloned();
    emit(draft, Event::StepUndone(Box::new(undone)));
    if let Some(door) = door {
        doors::back_to_door(draft, id, &door, context.now);
    }
    Ok(())
}

/// The queue in which it would be again: another one only where the step had changed that.
fn queue_before<'a>(ticket: &'a Ticket, step: &'a Step) -> &'a QueueId {
    let opened = step.before.as_ref().and_then(|before| before.opened.as_ref());
    opened.map_or(&ticket.opened.queue, |opened| &opened.queue)
}

/// Whether the queue takes it in which it would be again. Rejects `retired`, unless it is there now.
fn takes_back(state: &State, ticket: &Ticket, step: &Step) -> Result<(), Rejection> {
    let queue = queue_before(ticket, step);
    if ticket.is_live() && *queue == ticket.opened.queue {
        return Ok(());
    }
    state.config.queue(queue).map(drop)
}

/// A doctor takes back what came of the own call, or was done at the own door, moves of those who wait, and additions to the
/// own sessions; the rest is the desk's.
fn own_step(state: &State, ticket: &Ticket, at: usize, context: &Context) -> Result<(), Rejection> {
    if context.principal.role != Role::Doctor {
        return Ok(());
    }
    let step = &ticket.steps[at];
    let before = step.before.as_ref().map(|before| &before.standing);
    // A call is what its ticket stood by afterwards.
    let after = || ticket.steps[at + 1..].iter().find_map(|step| Some(&step.before.as_ref()?.standing));
    let by_call = match step.what {
        StepKind::Called => Some(after().unwrap_or(&ticket.standing)),
        _ => before,
    };
    let doctor = match by_call {
        Some(Standing::Called(call) | Standing::Serving { call, .. }) => Some(&call.doctor),
        Some(Standing::Summoned(summons)) if step.what == StepKind::Missed => {
            state.floor.rooms.get(&summons.service_point)
        }
        Some(_) if step.what == StepKind::Moved => return Ok(()),
        _ if step.what == StepKind::Registered && ticket.opened.addition => {
            let session = ticket.opened.session.as_ref().and_then(|id| state.clinic.sessions.get(id));
            session.and_then(|session| session.doctor.as_ref())
        }
        _ => None,
    };
    if doctor.is_none() || doctor != context.principal.doctor.as_ref() {
        return Err(Rejection::new(Code::Forbidden, "another doctor's, or the desk's"));
    }
    Ok(())
}

fn parse(event: &str) -> Result<(TicketId, usize), Rejection> {
    let parsed = event.rsplit_once('@').and_then(|(id, n)| Some((id, n.parse::<usize>().ok().filter(|n| *n > 0)?)));
    match parsed {
        Some((id, n)) if crate::ids::is_well_formed(id) => Ok((TicketId::from(id), n)),
        _ => Err(Rejection::field("event", "event is <ticket>@<n>")),
    }
}

/// The index of the one step that can be undone now, if any. Steps of the engine and undone ones are looked through.
pub fn undoable(ticket: &Ticket) -> Option<usize> {
    if ticket.linked_to.is_some() || matches!(ticket.standing, Standing::InTransit { .. }) {
        return None;
    }
    let at = ticket.steps.iter().rposition(|step| !step.undone && !is_transparent(step.what))?;
    is_undoable(ticket.steps[at].what).then_some(at)
}

/// A taking that is over: while the ticket goes on elsewhere nothing of it is undone.
fn is_transparent(what: StepKind) -> bool {
    use StepKind::*;
    matches!(
        what,
        Summoned
            | SummonsWithdrawn
            | Recalled
            | TransferSent
            | TransferRecalled
            | TransferTaken
            | TransferRefused
            | Undid
    )
}

/// What came from elsewhere stays, and so does the slot that the hospital has said.
fn is_undoable(what: StepKind) -> bool {
    !matches!(what, StepKind::Received | StepKind::GivenBack | StepKind::Rescheduled) && !is_transparent(what)
}

/// Whose count of the day the step went into; of who was missed at a door nobody's, if another work began in that room since.
fn counted_for(state: &State, step: &Step) -> Option<DoctorId> {
    let before = &step.before.as_ref()?.standing;
    match (step.what, before) {
        (StepKind::Finished | StepKind::Missed, Standing::Called(call) | Standing::Serving { call, .. }) => {
            Some(call.doctor.clone())
        }
        (StepKind::Missed, Standing::Summoned(summons)) => {
            let doctor = state.floor.rooms.get(&summons.service_point)?;
            let has_stayed = state.floor.work.get(doctor).is_some_and(|work| work.began_at <= step.at);
            has_stayed.then(|| doctor.clone())
        }
        _ => None,
    }
}

fn stands_after(state: &State, ticket: &Ticket, step: &Step, context: &Context) -> Result<Standing, Rejection> {
    let Some(before) = &step.before else {
        return Ok(Standing::Ended { how: TicketEnd::Undone, at: context.now });
    };
    Ok(match &before.standing {
        Standing::Summoned(_) => Standing::Waiting,
        Standing::Called(call) | Standing::Serving { call, .. } => {
            if hand_is_free(state, ticket, call) {
                before.standing.clone()
            } else if matches!(ticket.standing, Standing::Waiting | Standing::Summoned(_)) {
                return Err(Rejection::new(Code::CannotUndo, "the doctor has somebody else in hand"));
            } else {
                Standing::Waiting
            }
        }
        standing => standing.clone(),
    })
}

/// Whether the doctor of that call can have the ticket in hand (again, or still).
fn hand_is_free(state: &State, ticket: &Ticket, call: &Call) -> bool {
    state.floor.work.get(&call.doctor).is_some_and(|work| {
        work.assignment == call.assignment && work.in_hand.as_ref().is_none_or(|in_hand| in_hand == ticket.id())
    })
}
