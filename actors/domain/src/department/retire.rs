//! Retiring: the department decides it, because it knows who waits and works there, and then tells the site, which keeps
//! what there is. What is in use stays; the rejection names who uses it.

use super::config::is_retired;
use super::{ConfigEvent, Department, Event, State, outside};
use crate::clinic::SessionStanding;
use crate::floor::Ticket;
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::vocabulary::{Answer, Does, RetiredKind};
use crate::{Code, Rejection};

/// So many names stand in a rejection at most.
const NAMED: usize = 20;

/// No more of a queue, a service point or the department, once nothing of it is in use: live tickets, visits from
/// outside and open sessions of today or later, doctors at work, rules of the pre-check that send to the department. Rejects
/// `in_use`. Retiring again changes nothing.
pub(super) fn decide(
    draft: &mut Draft<'_, Department>,
    kind: RetiredKind,
    id: String,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    if is_retired(&state.config, kind, &id) {
        return Ok(Answer::Done);
    }
    let all = kind == RetiredKind::Department;
    let is_queue = |queue: &QueueId| all || (kind == RetiredKind::Queue && queue.as_str() == id);
    let is_point = |point: &ServicePointId| all || (kind == RetiredKind::ServicePoint && point.as_str() == id);
    let today = state.config.today(context.now);
    let tickets = live(state).filter(|ticket| is_queue(&ticket.opened.queue)).map(|ticket| ticket.id().as_str());
    let sessions = state.clinic.sessions.iter().filter(|(_, session)| {
        session.standing == SessionStanding::Open && session.date >= today && is_queue(&session.queue)
    });
    let visits = outside::to_come(state, today).filter(|(_, visit)| is_queue(&visit.queue)).map(|(id, _)| id.as_str());
    let doctors = state.floor.work.iter().filter(|(_, work)| is_point(&work.service_point));
    let rules = state.config.questions.iter().filter(|_| all).flat_map(|asked| &asked.rules);
    let here = Does::SendTo { department: state.config.id.clone() };
    let rules = rules.filter(|rule| rule.does == here).map(|rule| rule.id.as_str());
    let used = [
        ("tickets", named(tickets)),
        ("visits", named(visits)),
        ("sessions", named(sessions.map(|(id, _)| id.as_str()))),
        ("doctors", named(doctors.map(|(id, _)| id.as_str()))),
        ("rules", named(rules)),
    ];
    if used.iter().any(|(_, names)| !names.is_empty()) {
        let named = used.into_iter().filter(|(_, names)| !names.is_empty());
        return Err(named.fold(Rejection::from(Code::InUse), |rejection, (what, names)| rejection.with(what, names)));
    }
    draft.emit(Event::Config(ConfigEvent::RetirementDecided { kind, id }));
    Ok(Answer::Done)
}

/// A session is not retired while tickets of it live (walk-ins and additions too). Rejects `not_settled`.
pub(super) fn nobody_waits(state: &State, session: &SessionId) -> Result<(), Rejection> {
    let of_session = live(state).filter(|ticket| ticket.opened.session.as_ref() == Some(session));
    let tickets = named(of_session.map(|ticket| ticket.id().as_str()));
    if tickets.is_empty() { Ok(()) } else { Err(Rejection::from(Code::NotSettled).with("tickets", tickets)) }
}

fn live(state: &State) -> impl Iterator<Item = &Ticket> {
    state.floor.tickets.values().filter(|ticket| ticket.is_live())
}

fn named<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<String> {
    ids.take(NAMED).map(str::to_owned).collect()
}
