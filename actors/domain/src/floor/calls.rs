//! Decisions at the doctor's door: call, recall, start, finish, tests, return, missed, taken back.

use super::event::{Called, Event, Over, Say};
use super::state::{Call, Standing, Ticket, Work};
use super::{doors, emit, left_over, ticket_of, wrong_state};
use crate::department::{Department, State, outside};
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::queue::{Next, Picked};
use crate::settings::CallingSettings;
use crate::time::Timestamp;
use crate::vocabulary::*;
use crate::{Code, Rejection, Role};

/// What a settlement of the patient in hand will be, once every check has passed.
#[derive(Clone, Debug)]
enum Settle {
    Seen(TicketId),
    Missed(TicketId),
}

/// 看完,叫下一位 / 没来,叫下一位 / 叫下一位.
///
/// Rejects: `wrong_assignment`, `stale_console` (says what is in hand), `too_early`, `work_paused` and `queue_empty`
/// (both only with nobody in hand: an outcome stands even when nobody is next).
pub fn call_next(
    draft: &mut Draft<'_, Department>,
    command: &CallNextPatient,
    context: &Context,
) -> Result<Answer, Rejection> {
    let now = context.now;
    let state = draft.state();
    let (doctor, work) = at_work(state, &command.assignment, context)?;
    let settle = settlement(state, work, command.in_hand.as_ref(), command.outcome, now)?;
    let paused = work.pause.is_some();
    if paused && settle.is_none() {
        return Err(Rejection::from(Code::WorkPaused));
    }
    let next = if paused { None } else { doors::next_for(state, work, now) };
    if next.is_none() && settle.is_none() {
        return Err(Rejection::from(Code::QueueEmpty));
    }
    let doctor = doctor.clone();
    let settled = settle.map(|settle| emit_settlement(draft, &doctor, settle, now));
    let called = next.map(|Next { queue, picked }| {
        let ticket = picked.ticket.clone();
        let whom = Whom { ticket, queue, picked: Some(picked), chosen: None };
        emit_call(draft, &doctor, &command.assignment, whom, now)
    });
    doors::fill(draft, now);
    Ok(Answer::Called { settled, called })
}

/// A chosen waiting, summoned or missed ticket, with a reason on the record.
pub fn call_ticket(
    draft: &mut Draft<'_, Department>,
    command: &CallTicket,
    context: &Context,
) -> Result<Answer, Rejection> {
    let now = context.now;
    let state = draft.state();
    let (doctor, work) = at_work(state, &command.assignment, context)?;
    let settle = settlement(state, work, command.in_hand.as_ref(), command.outcome, now)?;
    let ticket = ticket_of(state, &command.ticket)?;
    match &ticket.standing {
        Standing::Waiting | Standing::Summoned(_) => left_over::refuse(state, ticket, now)?,
        Standing::Missed { .. } => may_come_back(state, ticket, context)?,
        _ => return Err(wrong_state(ticket)),
    }
    if work.pause.is_some() {
        return Err(Rejection::from(Code::WorkPaused));
    }
    let doctor = doctor.clone();
    let settled = settle.map(|settle| emit_settlement(draft, &doctor, settle, now));
    let state = draft.state();
    let queue = state.floor.tickets[&command.ticket].opened.queue.clone();
    let lines = state.floor.lines.get(&queue);
    let picked = lines.and_then(|lines| lines.choose(&state.config.settings.queue, &command.ticket));
    let whom = Whom { ticket: command.ticket.clone(), queue, picked, chosen: Some(command.reason.clone()) };
    let called = Some(emit_call(draft, &doctor, &command.assignment, whom, now));
    doors::fill(draft, now);
    Ok(Answer::Called { settled, called })
}

/// 召回: a missed patient stands at the door of the doctor who asks.
pub fn take_back(
    draft: &mut Draft<'_, Department>,
    command: &TakeBack,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    let ticket = ticket_of(state, &command.ticket)?;
    let Standing::Missed { .. } = ticket.standing else { return Err(wrong_state(ticket)) };
    let by = context.principal.doctor.as_ref();
    let Some((doctor, work)) = by.and_then(|doctor| state.floor.work.get_key_value(doctor)) else {
        return Err(Rejection::from(Code::WrongAssignment));
    };
    if let Some(in_hand) = &work.in_hand {
        return Err(Rejection::from(Code::PatientInHand).with("in_hand", in_hand.as_str()));
    }
    may_come_back(state, ticket, context)?;
    let (doctor, assignment) = (doctor.clone(), work.assignment.clone());
    let whom = Whom { ticket: command.ticket.clone(), queue: ticket.opened.queue.clone(), picked: None, chosen: None };
    let called = emit_call(draft, &doctor, &assignment, whom, context.now);
    Ok(Answer::Called { settled: None, called: Some(called) })
}

/// 复呼: the same call again. Rejects `wrong_ticket_state` when the call is no longer the one that stands.
pub fn recall(
    draft: &mut Draft<'_, Department>,
    command: &RecallPatient,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    let in_hand = state.floor.work.values().filter_map(|work| state.floor.tickets.get(work.in_hand.as_ref()?));
    let stands = |ticket: &&Ticket| ticket.standing.call().is_some_and(|call| call.call == command.call);
    let Some(ticket) = in_hand.into_iter().find(stands) else {
        return Err(Rejection::new(Code::WrongTicketState, "the call is over"));
    };
    let Standing::Called(call) = &ticket.standing else { return Err(wrong_state(ticket)) };
    own_hand(call, context)?;
    let mut say = say(state, ticket, &call.service_point, AnnouncementKind::Recall);
    if ticket.is_emergency() {
        say.kind = AnnouncementKind::Emergency;
    }
    let event = Event::PatientRecalled {
        ticket: ticket.id().clone(),
        call: call.call.clone(),
        round: call.rounds + 1,
        say,
        at: context.now,
    };
    emit(draft, event);
    Ok(Answer::Done)
}

/// The patient is here.
pub fn start(
    draft: &mut Draft<'_, Department>,
    command: &StartService,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    let ticket = ticket_of(state, &command.ticket)?;
    let Standing::Called(call) = &ticket.standing else { return Err(wrong_state(ticket)) };
    own_hand(call, context)?;
    let over = over(state, ticket, &call.call);
    emit(draft, Event::ServiceStarted { ticket: command.ticket.clone(), over, at: context.now });
    Ok(Answer::Done)
}

/// Seen.
pub fn finish(
    draft: &mut Draft<'_, Department>,
    command: &FinishService,
    context: &Context,
) -> Result<Answer, Rejection> {
    let doctor = in_hand_of(draft.state(), &command.ticket, context)?;
    emit_settlement(draft, &doctor, Settle::Seen(command.ticket.clone()), context.now);
    Ok(Answer::Done)
}

/// Off to a test, comes back today.
pub fn send_for_tests(
    draft: &mut Draft<'_, Department>,
    command: &SendForTests,
    context: &Context,
) -> Result<Answer, Rejection> {
    let doctor = in_hand_of(draft.state(), &command.ticket, context)?;
    let over = over_of(draft.state(), &command.ticket);
    emit(draft, Event::PatientSentForTests { ticket: command.ticket.clone(), doctor, over, at: context.now });
    Ok(Answer::Done)
}

/// Called by mistake, or the wrong person: back to the old place.
pub fn return_to_waiting(
    draft: &mut Draft<'_, Department>,
    command: &ReturnToWaiting,
    context: &Context,
) -> Result<Answer, Rejection> {
    let doctor = in_hand_of(draft.state(), &command.ticket, context)?;
    let state = draft.state();
    let door = doors::door_before(ticket_of(state, &command.ticket)?).cloned();
    let event = Event::PatientReturned {
        ticket: command.ticket.clone(),
        doctor,
        reason: command.reason.clone(),
        returned: doors::returned(state, ticket_of(state, &command.ticket)?),
        over: over_of(state, &command.ticket),
        at: context.now,
    };
    let visit = state.floor.tickets[&command.ticket].opened.visit.clone();
    emit(draft, event);
    outside::end_if_off(draft, &visit, context.now);
    if let Some(door) = door {
        doors::back_to_door(draft, &command.ticket, &door, context.now);
    }
    doors::fill(draft, context.now);
    Ok(Answer::Done)
}

/// From when a ticket that is called or at a door may be marked missed; none in any other state.
pub fn missed_from(ticket: &Ticket, settings: &CallingSettings) -> Option<Timestamp> {
    let since = match &ticket.standing {
        Standing::Called(call) => call.first_called_at,
        Standing::Summoned(summons) => summons.since,
        _ => return None,
    };
    Some(since.plus_s(settings.missed_after_s))
}

/// 过号: called twice, or told to wait at the door, and not there. Never automatic.
pub fn mark_missed(
    draft: &mut Draft<'_, Department>,
    command: &MarkMissed,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    let ticket = ticket_of(state, &command.ticket)?;
    let doctor = match &ticket.standing {
        Standing::Called(call) => {
            own_hand(call, context)?;
            may_be_missed(state, call, context.now)?;
            call.doctor.clone()
        }
        Standing::Summoned(summons) => {
            if let Some(not_before) = missed_from(ticket, &state.config.settings.calling)
                && context.now < not_before
            {
                return Err(too_early(state, not_before));
            }
            let Some(doctor) = state.floor.rooms.get(&summons.service_point) else { return Err(wrong_state(ticket)) };
            if context.principal.role == Role::Doctor && context.principal.doctor.as_ref() != Some(doctor) {
                return Err(Rejection::from(Code::Forbidden));
            }
            doctor.clone()
        }
        _ => return Err(wrong_state(ticket)),
    };
    emit_settlement(draft, &doctor, Settle::Missed(command.ticket.clone()), context.now);
    doors::fill(draft, context.now);
    Ok(Answer::Done)
}

/// The doctor at work under this assignment, if the one who asks may speak for it.
pub(super) fn at_work<'a>(
    state: &'a State,
    assignment: &AssignmentId,
    context: &Context,
) -> Result<(&'a DoctorId, &'a Work), Rejection> {
    let found = state.floor.work.get_key_value(assignment.prefix(2));
    let Some((doctor, work)) = found.filter(|(_, work)| work.assignment == *assignment) else {
        return Err(Rejection::from(Code::WrongAssignment));
    };
    if context.principal.role == Role::Doctor && context.principal.doctor.as_ref() != Some(doctor) {
        return Err(Rejection::from(Code::Forbidden));
    }
    Ok((doctor, work))
}

/// Checks the console's view of the patient in hand and what is to become of that one.
fn settlement(
    state: &State,
    work: &Work,
    in_hand: Option<&TicketId>,
    outcome: Option<Outcome>,
    now: Timestamp,
) -> Result<Option<Settle>, Rejection> {
    if work.in_hand.as_ref() != in_hand {
        let is = work.in_hand.as_ref().map(TicketId::as_str);
        let stale = Rejection::from(Code::StaleConsole).with("in_hand", is);
        return Err(match work.in_hand.as_ref().and_then(|ticket| state.floor.tickets.get(ticket)) {
            Some(ticket) => stale.with("number", ticket.opened.number.as_str()).with("state", ticket.standing.name()),
            None => stale,
        });
    }
    match (in_hand, outcome) {
        (None, None) => Ok(None),
        (Some(ticket), Some(Outcome::Seen)) => Ok(Some(Settle::Seen(ticket.clone()))),
        (Some(id), Some(Outcome::NotHere)) => {
            let ticket = ticket_of(state, id)?;
            let Standing::Called(call) = &ticket.standing else { return Err(wrong_state(ticket)) };
            may_be_missed(state, call, now)?;
            Ok(Some(Settle::Missed(id.clone())))
        }
        _ => Err(Rejection::field("outcome", "outcome is null exactly when in_hand is null")),
    }
}

fn may_be_missed(state: &State, call: &Call, now: Timestamp) -> Result<(), Rejection> {
    let settings = &state.config.settings.calling;
    let not_before = call.first_called_at.plus_s(settings.missed_after_s);
    if now < not_before || call.rounds < settings.missed_after_calls {
        let needed = settings.missed_after_calls;
        return Err(too_early(state, not_before).with("calls", call.rounds).with("calls_needed", needed));
    }
    Ok(())
}

fn too_early(state: &State, not_before: Timestamp) -> Rejection {
    Rejection::from(Code::TooEarly).with("not_before", state.config.zone().rfc3339(not_before))
}

/// Whether a ticket that is away or missed may wait or be called again: on its business day (a later day is a new ticket
/// of the visit), and, missed too often, by the desk only.
pub(super) fn may_come_back(state: &State, ticket: &Ticket, context: &Context) -> Result<(), Rejection> {
    if ticket.opened.date != state.config.today(context.now) {
        return Err(left_over::of_an_earlier_day(ticket));
    }
    if outside::is_off(state, &ticket.opened.visit) {
        return Err(Rejection::new(Code::WrongTicketState, outside::IS_OFF));
    }
    let stands = ticket.missed_times >= state.config.settings.calling.missed_stands;
    if stands && matches!(ticket.standing, Standing::Missed { .. }) && context.principal.role != Role::Desk {
        return Err(Rejection::from(Code::MissedThreeTimes));
    }
    Ok(())
}

/// A doctor acts on the patient in the own hand only.
pub(super) fn own_hand(call: &Call, context: &Context) -> Result<(), Rejection> {
    if context.principal.role == Role::Doctor && context.principal.doctor.as_ref() != Some(&call.doctor) {
        return Err(Rejection::from(Code::Forbidden));
    }
    Ok(())
}

/// The doctor who has this ticket in hand; rejects `wrong_ticket_state` when nobody has.
fn in_hand_of(state: &State, ticket: &TicketId, context: &Context) -> Result<DoctorId, Rejection> {
    let ticket = ticket_of(state, ticket)?;
    let call = ticket.standing.call().ok_or_else(|| wrong_state(ticket))?;
    own_hand(call, context)?;
    Ok(call.doctor.clone())
}

fn emit_settlement(draft: &mut Draft<'_, Department>, doctor: &DoctorId, settle: Settle, at: Timestamp) -> TicketId {
    let (Settle::Seen(id) | Settle::Missed(id)) = &settle;
    let ticket = &draft.state().floor.tickets[id];
    let over = ending(draft.state(), ticket).expect("a ticket in hand or at a door stands by a call");
    let doctor = doctor.clone();
    match settle {
        Settle::Seen(id) => {
            let service_s = ticket.standing.service_s(at);
            emit(draft, Event::ServiceFinished { ticket: id.clone(), doctor, service_s, over, at });
            id
        }
        Settle::Missed(id) => {
            emit(draft, Event::PatientMissed { ticket: id.clone(), doctor, over, at });
            id
        }
    }
}

/// Whom a call calls.
struct Whom {
    ticket: TicketId,
    queue: QueueId,
    picked: Option<Picked>,
    chosen: Option<String>,
}

fn emit_call(
    draft: &mut Draft<'_, Department>,
    doctor: &DoctorId,
    assignment: &AssignmentId,
    whom: Whom,
    at: Timestamp,
) -> CalledTicket {
    let Whom { ticket, queue, picked, chosen } = whom;
    let state = draft.state();
    let work = &state.floor.work[doctor];
    let stands = &state.floor.tickets[&ticket];
    let kind = if stands.is_emergency() { AnnouncementKind::Emergency } else { AnnouncementKind::FirstCall };
    let serial = state.floor.serial + 1;
    let called = Called {
        call: CallId::numbered(&state.config.id, 'c', serial),
        serial,
        doctor: doctor.clone(),
        assignment: assignment.clone(),
        service_point: work.service_point.clone(),
        queue,
        picked,
        chosen,
        over: match &stands.standing {
            Standing::Summoned(summons) => Some(over(state, stands, &summons.call)),
            _ => None,
        },
        say: say(state, stands, &work.service_point, kind),
        ticket,
        at,
    };
    let answer = CalledTicket {
        ticket: called.ticket.clone(),
        call: called.call.clone(),
        service_point: called.service_point.clone(),
    };
    emit(draft, Event::PatientCalled(called));
    answer
}

/// What the boards that show the ticket's queue are to say.
pub(super) fn say(state: &State, ticket: &Ticket, service_point: &ServicePointId, kind: AnnouncementKind) -> Say {
    let point = state.config.service_points.get(service_point).map(|point| &point.is);
    Say {
        boards: state.config.boards_of(&ticket.opened.queue),
        kind,
        number: ticket.opened.number.clone(),
        masked_name: state.config.name_on_screens(&ticket.opened.brief.masked_name).map(str::to_owned),
        place: point.map_or_else(String::new, |point| point.name.clone()),
        place_en: point.map_or_else(String::new, |point| point.name_en.clone()),
    }
}

pub(super) fn over(state: &State, ticket: &Ticket, call: &CallId) -> Over {
    Over { call: call.clone(), boards: state.config.boards_of(&ticket.opened.queue) }
}

/// The end of the call or summons that the ticket stands by; nothing to end names no board.
fn over_of(state: &State, ticket: &TicketId) -> Over {
    ending(state, &state.floor.tickets[ticket]).expect("a ticket in hand or at a door stands by a call")
}

/// The end of the call or summons that the ticket stands by, if it does.
pub(crate) fn ending(state: &State, ticket: &Ticket) -> Option<Over> {
    match &ticket.standing {
        Standing::Summoned(summons) => Some(over(state, ticket, &summons.call)),
        standing => standing.call().map(|call| over(state, ticket, &call.call)),
    }
}
