//! The pre-check of an arrival: what the site asks, who may leave it out, and whether the patient joins the queue, is sent
//! to another department, or is registered there at once.

use super::{Department, State, emit_clinic};
use crate::clinic;
use crate::floor::{self, PreChecked, SentBefore, SentElsewhere, Standing, doors, left_over, transfer};
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::person::{PatientBrief, age_on};
use crate::pre_check::{self, Found};
use crate::time::BusinessDate;
use crate::vocabulary::{Answer, DefineQuestions, Does, PreCheck};
use crate::{Code, Rejection};

/// The reason on the record of a ticket that goes where the pre-check sends.
const REASON: &str = "预检分诊";

/// What was answered before an arrival.
pub(super) struct Answered {
    pub pre_check: PreCheck,
    /// The birth date as it was said, whether proof of it was seen or not: a small child is looked at before that.
    pub said: Option<BusinessDate>,
    /// The same, as it is kept.
    pub sealed: Vec<u8>,
}

/// Who is to join which queue.
pub(super) struct Joining<'a> {
    pub brief: &'a PatientBrief,
    pub appointment: Option<&'a AppointmentId>,
    pub queue: &'a QueueId,
    pub date: BusinessDate,
    /// An emergency, or somebody who came while the server was away.
    pub is_spared: bool,
}

/// What the pre-check comes to.
pub(super) enum Checked {
    /// Nothing is asked.
    Nothing,
    /// Joins the queue.
    Joins(Box<Joins>),
    /// Is sent elsewhere, without a ticket.
    Sent(Box<SentElsewhere>),
}

/// What stands on the record of who joins.
pub(super) struct Joins {
    version: u32,
    sealed: Vec<u8>,
    not_asked: bool,
    found: Option<Found>,
    all_the_same: bool,
    /// Another department's queue, in which the ticket is registered at once.
    to: Option<QueueId>,
}

/// Looks at what was answered. Rejects `questions_changed` with the `version` that is asked now, `invalid_field` for an
/// answer that is none, `forbidden` for what only the desk may do.
pub(super) fn check(
    state: &State,
    answered: Option<&Answered>,
    who: &Joining<'_>,
    context: &Context,
) -> Result<Checked, Rejection> {
    let Some(asked) = state.config.questions.as_ref().filter(|asked| !asked.questions.is_empty()) else {
        return Ok(Checked::Nothing);
    };
    let changed = || Rejection::from(Code::QuestionsChanged).with("version", asked.version);
    let Some(Answered { pre_check: answered, said, sealed }) = answered else {
        return if who.is_spared { Ok(Checked::Nothing) } else { Err(changed()) };
    };
    let is_staff = context.principal.role.has_the_patient_before_them();
    let by_staff = |reason: &Option<String>| match reason.as_deref().map(str::trim) {
        Some("") => Err(Rejection::field("pre_check", "a reason is given")),
        Some(_) if !is_staff => Err(Rejection::new(Code::Forbidden, "the desk's to say")),
        given => Ok(given.is_some()),
    };
    let (not_asked, all_the_same) = (by_staff(&answered.not_asked)?, by_staff(&answered.all_the_same)?);
    let PreCheck { version, answers, to, .. } = answered;
    let version_now = asked.version;
    let joins = |found, all_the_same, to| {
        let sealed = sealed.clone();
        Checked::Joins(Box::new(Joins { version: version_now, sealed, not_asked, found, all_the_same, to }))
    };
    if not_asked {
        return match answers.is_empty() {
            true => Ok(joins(None, false, None)),
            false => Err(Rejection::field("pre_check", "not_asked: and yet there are answers")),
        };
    }
    if *version != asked.version {
        return Err(changed());
    }
    pre_check::check_answers(asked, answers)?;
    let found = pre_check::decide(asked, answers, age_as_said(*said, who));
    if to.is_some() && !is_staff {
        return Err(Rejection::new(Code::Forbidden, "the desk's to do"));
    }
    let Some((found, department)) = sent_to(state, found.as_ref()) else {
        return match to {
            Some(_) => Err(Rejection::field("pre_check", "to: no rule sends elsewhere")),
            None => Ok(joins(found, false, None)),
        };
    };
    match to {
        Some(to) if to.department() == *department => Ok(joins(Some(found.clone()), false, Some(to.clone()))),
        Some(_) => Err(Rejection::field("pre_check", "to: a queue of the department where the rule sends")
            .with("department", department.as_str())),
        None if all_the_same => Ok(joins(Some(found.clone()), true, None)),
        None => Ok(Checked::Sent(Box::new(sent(who, asked, sealed, found, context)))),
    }
}

/// Who waits and was not asked at the arrival is asked now, once: what follows is what would have followed then, except that
/// nobody is sent away, who has a ticket. Rejects `wrong_ticket_state` where somebody was asked, or does not wait; else as
/// [`check`], and `sent_elsewhere`, of which nothing is on the record.
pub(super) fn answer(
    draft: &mut Draft<'_, Department>,
    ticket: &TicketId,
    answered: Option<&Answered>,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    let known = floor::ticket_of(state, ticket)?;
    if !matches!(known.standing, Standing::Waiting | Standing::Summoned(_)) {
        return Err(floor::wrong_state(known));
    }
    left_over::refuse(state, known, context.now)?;
    if state.floor.pre_checks.get(ticket).is_some_and(|kept| !kept.checked.not_asked) {
        return Err(Rejection::new(Code::WrongTicketState, "asked already"));
    }
    let opened = &known.opened;
    let who = Joining {
        brief: &opened.brief,
        appointment: opened.appointment.as_ref(),
        queue: &opened.queue,
        date: opened.date,
        is_spared: false,
    };
    match check(state, answered, &who, context)? {
        Checked::Sent(sent) => Err(refusal(&sent)),
        checked => Ok(joined(draft, ticket, checked, context)),
    }
}

/// The age in full years. Of whom only the year is known it is the youngest that can be: a small child is looked at rather
/// than missed.
fn age_as_said(said: Option<BusinessDate>, who: &Joining<'_>) -> Option<u32> {
    let by_year = |year: i32| {
        let last_day = chrono::NaiveDate::from_ymd_opt(year, 12, 31).map(BusinessDate)?;
        let is_this_year = chrono::Datelike::year(&who.date.0) == year;
        age_on(last_day, who.date).or(is_this_year.then_some(0))
    };
    match said {
        Some(birth) => age_on(birth, who.date),
        None => who.brief.birth_year.and_then(by_year),
    }
}

/// Where a rule sends, if that is another department than this.
fn sent_to<'a>(state: &State, found: Option<&'a Found>) -> Option<(&'a Found, &'a DepartmentId)> {
    let found = found?;
    match &found.does {
        Does::SendTo { department } if *department != state.config.id => Some((found, department)),
        _ => None,
    }
}

fn sent(who: &Joining<'_>, asked: &DefineQuestions, sealed: &[u8], found: &Found, context: &Context) -> SentElsewhere {
    SentElsewhere {
        brief: who.brief.clone(),
        appointment: who.appointment.cloned(),
        queue: who.queue.clone(),
        version: asked.version,
        sealed: sealed.to_vec(),
        found: found.clone(),
        date: who.date,
        at: context.now,
    }
}

/// Who is sent elsewhere: on the record, once a day for each department where they are sent, and the booking stands.
/// `sent_elsewhere` with `department`, `rule`, `version`.
pub(super) fn send(draft: &mut Draft<'_, Department>, sent: Box<SentElsewhere>) -> Answer {
    let (to, state) = (sent.to(), draft.state());
    let (why, appointment) = (refusal(&sent), sent.appointment.clone());
    let is_known = state.floor.sent_elsewhere.get(&sent.brief.patient).is_some_and(|known| {
        let before = &known.sent;
        !known.joined && before.date == sent.date && before.to() == to
    });
    if !is_known {
        floor::emit(draft, floor::Event::SentElsewhere(sent));
    }
    let appointments = &draft.state().clinic.appointments;
    let is_news = |id: &AppointmentId| appointments.get(id).is_some_and(|known| known.sent_to.as_ref() != Some(&to));
    if let Some(appointment) = appointment.filter(is_news) {
        let event = clinic::Event::AppointmentSentElsewhere { appointment, to: to.clone() };
        emit_clinic(draft, clinic::Decision { events: vec![event], answer: Answer::Done });
    }
    Answer::Refused(why)
}

fn refusal(sent: &SentElsewhere) -> Rejection {
    let why = Rejection::from(Code::SentElsewhere).with("department", sent.to().as_str());
    why.with("rule", sent.found.rule.clone()).with("version", sent.version)
}

/// With the ticket that was made, or that waits: what was answered, then its way. Fills the doors.
pub(super) fn joined(
    draft: &mut Draft<'_, Department>,
    ticket: &TicketId,
    checked: Checked,
    context: &Context,
) -> Answer {
    if let Checked::Joins(joins) = checked {
        let Joins { version, sealed, not_asked, found, all_the_same, to } = *joins;
        let (ticket, at) = (ticket.clone(), context.now);
        let sent_before = sent_before(draft.state(), &ticket, context);
        let checked =
            PreChecked { ticket: ticket.clone(), version, sealed, not_asked, found, all_the_same, sent_before, at };
        floor::emit(draft, floor::Event::PreChecked(Box::new(checked)));
        if let Some(to) = to {
            return transfer::send(draft, &ticket, &to, REASON, at);
        }
    }
    doors::fill(draft, context.now);
    floor::tickets::waiting(draft, ticket)
}

/// That the same person was sent elsewhere earlier that day and has given other answers since, on a phone or at a kiosk: let
/// in, because nobody is kept from care, and the desk has a look. (Whom the desk or a doctor lets in has been looked at.)
fn sent_before(state: &State, ticket: &TicketId, context: &Context) -> Option<SentBefore> {
    if context.principal.role.has_the_patient_before_them() {
        return None;
    }
    let opened = &state.floor.tickets.get(ticket)?.opened;
    let sent = &state.floor.sent_elsewhere.get(&opened.brief.patient)?.sent;
    (sent.date == opened.date).then(|| SentBefore { to: sent.to(), rule: sent.found.rule.clone(), at: sent.at })
}
