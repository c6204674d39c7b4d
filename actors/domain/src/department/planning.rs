//! The plan carried out: what ought to be there is compared with what is, and the clinic decides the difference. Only of
//! tomorrow and later: what a day has begun with stays as it is. Nobody who is booked is dropped by it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveTime;

use super::{Department, Event, State, emit_clinic};
use crate::clinic::{self, SessionStanding};
use crate::codes::{Code, Rejection};
use crate::ids::*;
use crate::owner::{Context, Draft, Owner};
use crate::plan::{self, Ahead, Became, Ought, Outcome, SESSIONS_AHEAD_MAX, Standing};
use crate::time::{BusinessDate, Timestamp};
use crate::vocabulary::{
    Answer, ByChannel, DefinePlanning, DefineSession, DefineTemplate, ExceptDays, ExceptionDoes, ToDepartment,
};

/// So many sessions are changed by one decision at most; the rest follows at once.
const CHANGED_AT_ONCE: usize = 300;
/// So many are compared by one decision at most.
const COMPARED_AT_ONCE: usize = 2_000;
/// So many names stand in an answer at most.
const NAMED: usize = 20;

/// A command about the plan: it is kept, and carried out at once.
pub(super) fn decide(
    draft: &mut Draft<'_, Department>,
    command: ToDepartment,
    quotas: Vec<ByChannel>,
    context: &Context,
) -> Result<Answer, Rejection> {
    match keep(draft, command, quotas, context)? {
        Some(answer) => Ok(answer),
        None => Ok(Answer::Planned(carry_out(draft, context))),
    }
}

/// What would be refused of a command, found by whoever asks about hundreds of them: a plan is kept and not carried out. That
/// refuses nothing, and takes its time for all templates with each of them.
///
/// # Errors
/// As the decision would.
pub fn rehearse(draft: &mut Draft<'_, Department>, command: ToDepartment, context: &Context) -> Result<(), Rejection> {
    use ToDepartment as To;
    let of_plan = |command: &To| {
        matches!(command, To::DefineTemplate(_) | To::RetireTemplate(_) | To::ExceptDays(_) | To::WithdrawException(_))
    };
    match command {
        To::WithQuotas { definition, quotas } if of_plan(&definition) => {
            keep(draft, *definition, quotas, context).map(drop)
        }
        command if of_plan(&command) => keep(draft, command, Vec::new(), context).map(drop),
        command => Department::decide(draft, command, context).map(drop),
    }
}

/// Keeps it. None: it is to be carried out; else all is done.
fn keep(
    draft: &mut Draft<'_, Department>,
    command: ToDepartment,
    quotas: Vec<ByChannel>,
    context: &Context,
) -> Result<Option<Answer>, Rejection> {
    use ToDepartment as To;
    let state = draft.state();
    let (plan, department) = (&state.plan, &state.config.id);
    let today = state.config.today(context.now);
    if state.config.retired {
        return Err(Code::Retired.into());
    }
    let event = match command {
        To::DefineTemplate(command) => {
            let is = plan::decide::template(plan, &planning(state), command, &quotas, today)?;
            let known = plan.templates.get(&is.id);
            let is_new = known.is_none_or(|known| known.is != is);
            let is_kept_as = known.map_or(&[][..], |known| &known.quotas) == quotas;
            if !is_new && is_kept_as {
                return Ok(Some(Answer::Planned(Outcome::default())));
            }
            state.config.may_sit(&is.queue, is.doctor.as_ref(), is.service_point.as_ref())?;
            settled_first(state, &is, today)?;
            let (template, defined) = (is.id.clone(), is_new.then_some(plan::Event::TemplateDefined(is)));
            let kept = (!is_kept_as).then_some(plan::Event::TemplateQuotasDefined { template, quotas });
            defined.into_iter().chain(kept).for_each(|event| draft.emit(Event::Plan(event)));
            return Ok(None);
        }
        To::RetireTemplate(command) => match plan.templates.get(&command.id) {
            None => return Err(Rejection::new(Code::Forbidden, "no such template")),
            Some(known) if known.retired => return Ok(Some(Answer::Planned(Outcome::default()))),
            Some(_) => plan::Event::TemplateRetired { template: command.id },
        },
        To::ExceptDays(command) => {
            plan::decide::exception(plan, department, &command, today)?;
            if plan.exceptions.get(&command.id) == Some(&command) {
                return Ok(Some(Answer::Planned(Outcome::default())));
            }
            doctors_work_here(state, &command)?;
            plan::Event::DaysExcepted(command)
        }
        To::WithdrawException(command) if plan.exceptions.contains_key(&command.id) => {
            plan::Event::ExceptionWithdrawn { exception: command.id }
        }
        To::DefinePlanning(command) => {
            plan::decide::planning(plan, &state.clinic.quota_rules(), &command, today)?;
            if plan.planning(department) == command {
                return Ok(Some(Answer::Planned(Outcome::default())));
            }
            plan::Event::PlanningDefined(command)
        }
        To::PlanSession(command) => return leave_to_plan(draft, &command.session, context).map(Some),
        _ => return Err(Rejection::new(Code::Forbidden, "no such exception")),
    };
    draft.emit(Event::Plan(event));
    Ok(None)
}

/// As far ahead as sessions are made: as far as referrals may book.
pub(super) fn planning(state: &State) -> DefinePlanning {
    plan::reaching(state.plan.planning(&state.config.id), &state.clinic.quota_rules())
}

/// A session with somebody in it does not get another doctor or queue by a change of its template. Rejects `not_settled`.
fn settled_first(state: &State, is: &DefineTemplate, today: BusinessDate) -> Result<(), Rejection> {
    let Some(before) = state.plan.living(&is.id) else { return Ok(()) };
    let whose = |of: &DefineSession| (of.doctor.clone(), of.queue.clone());
    let would_change = |(id, kept): &(&SessionId, &plan::Kept)| {
        if kept.template != is.id || kept.date <= today || matches!(kept.standing, Standing::ByHand | Standing::Gone) {
            return false;
        }
        let ahead = Ahead::on(&state.plan, &state.config.id, kept.date, state.config.zone());
        let (Ought::Session(then), Some(there)) = (ahead.of(is), state.clinic.sessions.get(*id)) else { return false };
        let there = (there.doctor.clone(), there.queue.clone());
        let is_settled_else = matches!(ahead.of(before), Ought::Session(now) if whose(&now) != there);
        there != whose(&then) && !is_settled_else && clinic::is_somebody_in(&state.clinic, id)
    };
    let named: Vec<String> =
        state.plan.sessions.iter().filter(would_change).take(NAMED).map(|(id, _)| id.to_string()).collect();
    if named.is_empty() {
        return Ok(());
    }
    let what = "somebody is in a session that would get another doctor or queue";
    Err(Rejection::new(Code::NotSettled, what).with("sessions", named))
}

fn doctors_work_here(state: &State, command: &ExceptDays) -> Result<(), Rejection> {
    let substitute = match &command.does {
        ExceptionDoes::Substitute { doctor } => Some(doctor),
        _ => None,
    };
    match command.doctor.iter().chain(substitute).all(|doctor| state.config.works_here(doctor)) {
        true => Ok(()),
        false => {
            let rejection = Rejection::new(Code::Forbidden, "no such doctor in this department");
            Err(rejection.with("field", "doctor"))
        }
    }
}

/// When the plan is to be carried out next: at once while a comparison is not done, else at midnight. A department that
/// is retired, or has no plan, waits for nothing.
pub(super) fn due_at(state: &State) -> Option<Timestamp> {
    let plan = &state.plan;
    if state.config.retired || plan.is_empty() && plan.round.is_none() {
        return None;
    }
    let midnight = plan.looked_on.map(|day| state.config.zone().moment(day.plus_days(1), NaiveTime::MIN));
    plan.round.as_ref().map(|round| round.at).into_iter().chain(midnight).min()
}

/// At its deadline.
pub(super) fn go_on(draft: &mut Draft<'_, Department>, context: &Context) {
    if due_at(draft.state()).is_some_and(|at| at <= context.now) {
        carry_out(draft, context);
    }
}

/// Compares as many sessions as one decision may.
pub(super) fn carry_out(draft: &mut Draft<'_, Department>, context: &Context) -> Outcome {
    let state = draft.state();
    let today = state.config.today(context.now);
    let planning = planning(state);
    let last = today.plus_days(i64::from(planning.horizon_days));
    // On another day everything is compared anew.
    let begun = state.plan.round.as_ref().filter(|_| state.plan.looked_on == Some(today));
    let from = begun.and_then(|round| round.next.clone());
    let mut known: BTreeMap<BusinessDate, BTreeSet<SessionId>> = BTreeMap::new();
    for (id, kept) in state.plan.sessions.iter().filter(|(_, kept)| today < kept.date) {
        known.entry(kept.date).or_default().insert(id.clone());
    }
    let mut room = SESSIONS_AHEAD_MAX.saturating_sub(known.values().map(BTreeSet::len).sum());
    let ahead = (1..=i64::from(planning.horizon_days)).map(|days| today.plus_days(days));
    let dates: BTreeSet<BusinessDate> = ahead.chain(known.keys().copied()).collect();
    let mut part = Part::of(state);
    let mut next = None;
    'days: for date in dates {
        if from.as_ref().is_some_and(|(first, _)| date < *first) {
            continue;
        }
        for (id, ought) in ought_on(draft.state(), date, date <= last, known.get(&date)) {
            if from.as_ref().is_some_and(|(first, session)| date == *first && id < *session) {
                continue;
            }
            if part.is_full() {
                next = Some((date, id));
                break 'days;
            }
            if !known.get(&date).is_some_and(|known| known.contains(&id)) {
                match room.checked_sub(1) {
                    Some(left) => room = left,
                    None => {
                        part.outcome.refused += 1;
                        continue;
                    }
                }
            }
            part.compare(draft, &id, ought, context);
        }
    }
    part.outcome.more = next.is_some();
    let Part { became, outcome, .. } = part;
    if !became.is_empty() {
        draft.emit(Event::Plan(plan::Event::SessionsPlanned { became }));
    }
    draft.emit(Event::Plan(plan::Event::PlanCarriedOut { today, next, at: context.now }));
    outcome
}

/// What ought to be of every session of a day that the templates give (while that far ahead) or the plan knows.
fn ought_on(
    state: &State,
    date: BusinessDate,
    is_ahead: bool,
    known: Option<&BTreeSet<SessionId>>,
) -> BTreeMap<SessionId, Option<Box<DefineSession>>> {
    let day = Ahead::on(&state.plan, &state.config.id, date, state.config.zone());
    let living = state.plan.templates.values().filter(|template| !template.retired);
    let is_known = |id: &SessionId| known.is_some_and(|known| known.contains(id));
    let given = living.filter_map(|template| match day.of(&template.is) {
        Ought::Session(ought) => Some((ought.id.clone(), Some(ought))),
        Ought::Closed(_) | Ought::Nothing => None,
    });
    let mut ought: BTreeMap<_, _> = given.filter(|(id, _)| is_ahead || is_known(id)).collect();
    for id in known.into_iter().flatten() {
        ought.entry(id.clone()).or_insert(None);
    }
    ought
}

/// A session that the plan knows, alone.
fn compare_one(draft: &mut Draft<'_, Department>, id: &SessionId, context: &Context) -> Outcome {
    let state = draft.state();
    let Some((template, date)) = id.planned() else { return Outcome::default() };
    let ahead = Ahead::on(&state.plan, &state.config.id, date, state.config.zone());
    let ought = match state.plan.living(&template).map(|template| ahead.of(template)) {
        Some(Ought::Session(ought)) => Some(ought),
        _ => None,
    };
    let mut part = Part::of(state);
    part.compare(draft, id, ought, context);
    if !part.became.is_empty() {
        draft.emit(Event::Plan(plan::Event::SessionsPlanned { became: part.became }));
    }
    part.outcome
}

/// One decision's part of a comparison.
struct Part {
    /// Sessions of which somebody has a ticket.
    ticketed: BTreeSet<SessionId>,
    became: Vec<Became>,
    outcome: Outcome,
    compared: usize,
    changed: usize,
}

impl Part {
    fn of(state: &State) -> Self {
        let live = state.floor.tickets.values().filter(|ticket| ticket.is_live());
        let ticketed = live.filter_map(|ticket| ticket.opened.session.clone()).collect();
        Self { ticketed, became: Vec::new(), outcome: Outcome::default(), compared: 0, changed: 0 }
    }

    fn is_full(&self) -> bool {
        self.compared >= COMPARED_AT_ONCE || self.changed >= CHANGED_AT_ONCE
    }

    /// What ought to be with what is there. What the plan has never heard of and is there is somebody's own.
    fn compare(
        &mut self,
        draft: &mut Draft<'_, Department>,
        id: &SessionId,
        ought: Option<Box<DefineSession>>,
        context: &Context,
    ) {
        self.compared += 1;
        let before = draft.events().len();
        let was = draft.state().plan.standing(id);
        let standing = match (was, draft.state().clinic.sessions.get(id)) {
            (Some(Standing::ByHand), _) | (None, Some(_)) => Standing::ByHand,
            _ => match ought {
                Some(ought) => self.make(draft, *ought, context),
                None => self.take_away(draft, id),
            },
        };
        if was != Some(standing) {
            self.became.push(Became { session: id.clone(), standing });
        }
        if draft.events().len() > before || was != Some(standing) {
            self.changed += 1;
        }
        let named = match standing {
            Standing::ToGo => &mut self.outcome.to_go,
            Standing::ToSettle => &mut self.outcome.to_settle,
            Standing::Refused(_) => {
                self.outcome.refused += 1;
                return;
            }
            Standing::Made | Standing::Gone | Standing::ByHand => return,
        };
        if named.len() < NAMED {
            named.push(id.clone());
        }
    }

    fn make(&mut self, draft: &mut Draft<'_, Department>, mut ought: DefineSession, context: &Context) -> Standing {
        let State { config, clinic, .. } = draft.state();
        let there = clinic.sessions.get(&ought.id);
        let is_there = there.is_some_and(|there| there.standing == SessionStanding::Open);
        // What can be booked already is not taken back.
        if let Some(there) = there.filter(|there| there.released_at.is_none_or(|at| at <= context.now)) {
            ought.released_at = there.released_at;
        }
        let is_another = there.is_some_and(|there| (&there.doctor, &there.queue) != (&ought.doctor, &ought.queue));
        if is_there && is_another && self.is_somebody_in(draft.state(), &ought.id) {
            freeze(draft, &ought.id, true);
            return Standing::ToSettle;
        }
        let settings = &config.settings.booking;
        let of_template = ought.id.planned().map(|(template, _)| template);
        let quotas = of_template.map(|id| plan::quotas_on(&draft.state().plan, &id, ought.date, config.zone()));
        let quotas = quotas.unwrap_or_default();
        let is_as = clinic::is_session_as(clinic, &ought, settings, config.zone());
        if is_as && clinic::is_kept_as(clinic, &ought.id, &quotas) {
            freeze(draft, &ought.id, false);
            return Standing::Made;
        }
        let may_sit = config.may_sit(&ought.queue, ought.doctor.as_ref(), ought.service_point.as_ref());
        let decision = may_sit.and_then(|()| clinic::decide_put_back(clinic, &ought, context, settings, config.zone()));
        let standing = match decision {
            Ok(decision) => {
                emit_clinic(draft, decision);
                let kept = clinic::decide_quotas(&draft.state().clinic, &ought.id, &quotas);
                emit_clinic(draft, kept);
                match is_there {
                    true => self.outcome.changed += 1,
                    false => self.outcome.made += 1,
                }
                Standing::Made
            }
            Err(rejection) => Standing::Refused(rejection.code),
        };
        freeze(draft, &ought.id, false);
        standing
    }

    fn take_away(&mut self, draft: &mut Draft<'_, Department>, id: &SessionId) -> Standing {
        let there = draft.state().clinic.sessions.get(id).map(|there| there.standing);
        if there != Some(SessionStanding::Open) {
            return Standing::Gone;
        }
        if self.is_somebody_in(draft.state(), id) {
            freeze(draft, id, true);
            return Standing::ToGo;
        }
        match clinic::decide_retire_session(&draft.state().clinic, id) {
            Ok(decision) => {
                emit_clinic(draft, decision);
                self.outcome.gone += 1;
                Standing::Gone
            }
            Err(rejection) => Standing::Refused(rejection.code),
        }
    }

    fn is_somebody_in(&self, state: &State, id: &SessionId) -> bool {
        clinic::is_somebody_in(&state.clinic, id) || self.ticketed.contains(id)
    }
}

/// By the plan, or no longer; what somebody has frozen stays so.
fn freeze(draft: &mut Draft<'_, Department>, id: &SessionId, frozen: bool) {
    if draft.state().clinic.sessions.get(id).is_some_and(|session| session.frozen_by_plan != frozen) {
        let (session, reason) = (id.clone(), String::new());
        draft.emit(Event::Clinic(clinic::Event::SessionFrozen { session, frozen, by_plan: true, reason }));
    }
}

/// Whether the plan has taken that session away: somebody may have it all the same.
pub(super) fn has_gone(state: &State, id: &SessionId) -> bool {
    state.plan.standing(id) == Some(Standing::Gone)
}

/// Somebody has defined or retired a session. If it was the plan's, and has changed by that or was not to stay as it was,
/// it is theirs from now on.
pub(super) fn take_over(draft: &mut Draft<'_, Department>, id: &SessionId, has_changed: bool) {
    let is_theirs = match draft.state().plan.standing(id) {
        None | Some(Standing::ByHand) => false,
        Some(Standing::Gone | Standing::ToGo | Standing::ToSettle) => true,
        Some(Standing::Made | Standing::Refused(_)) => has_changed,
    };
    if is_theirs {
        draft.emit(Event::Plan(plan::Event::SessionTakenOver { session: id.clone() }));
        freeze(draft, id, false);
    }
}

/// The plan's again, and as the plan says at once. Of tomorrow or later. Nothing changes for one that is the plan's.
fn leave_to_plan(draft: &mut Draft<'_, Department>, id: &SessionId, context: &Context) -> Result<Answer, Rejection> {
    let state = draft.state();
    let of_template = id.planned().filter(|(template, _)| state.plan.templates.contains_key(template));
    let (_, date) = of_template.ok_or_else(|| Rejection::new(Code::Forbidden, "no such session of a template"))?;
    if date <= state.config.today(context.now) {
        return Err(Rejection::field("session", "a session of tomorrow or later"));
    }
    match state.plan.standing(id) {
        Some(Standing::ByHand) => {}
        None if state.clinic.sessions.contains_key(id) => {}
        Some(_) => return Ok(Answer::Planned(Outcome::default())),
        None => return Err(Rejection::new(Code::Forbidden, "no such session of a template")),
    }
    draft.emit(Event::Plan(plan::Event::SessionLeftToPlan { session: id.clone() }));
    Ok(Answer::Planned(compare_one(draft, id, context)))
}

/// Who was in a session that ought to go, or to be another's, has left it with this decision.
pub(super) fn follow(draft: &mut Draft<'_, Department>, context: &Context) {
    use clinic::Event as Happened;
    if draft.state().plan.sessions.is_empty() || draft.state().config.retired {
        return;
    }
    let State { clinic, plan, config, .. } = draft.state();
    let slot = |event: &Event| match event {
        Event::Clinic(Happened::OutsideGone { slot }) => Some(slot.clone()),
        Event::Clinic(
            Happened::HoldExpired { appointment, .. }
            | Happened::AppointmentCancelled { appointment, .. }
            | Happened::AppointmentGivenBack { appointment, .. },
        ) => clinic.appointments.get(appointment).map(|known| known.slot.clone()),
        _ => None,
    };
    let today = config.today(context.now);
    let waits = |id: &SessionId| {
        let kept = plan.sessions.get(id).filter(|kept| today < kept.date);
        kept.is_some_and(|kept| {
            matches!(kept.standing, Standing::ToGo | Standing::ToSettle | Standing::Refused(_))
                && !clinic::is_somebody_in(clinic, id)
        })
    };
    let left: BTreeSet<SessionId> =
        draft.events().iter().filter_map(slot).map(|slot| slot.session()).filter(waits).collect();
    for id in left {
        compare_one(draft, &id, context);
    }
}
