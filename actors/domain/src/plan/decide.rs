//! What commands of the plan are refused with by what they say themselves. (Whether queue, doctor and service point
//! exist is the department's to check.)

use chrono::Datelike;

use super::state::Plan;
use super::{EXCEPTION_DAYS_MAX, EXCEPTIONS_MAX, SESSIONS_AHEAD_MAX, TEMPLATE_ID_MAX, TEMPLATES_MAX, ahead, calendar};
use crate::clinic::check_quotas;
use crate::codes::{Code, Rejection};
use crate::ids::*;
use crate::time::{AHEAD_DAYS, BusinessDate};
use crate::vocabulary::{ByChannel, DefinePlanning, DefineQuotaRules, DefineTemplate, ExceptDays, ExceptionDoes};

fn is_year(date: BusinessDate) -> bool {
    (2000..=2999).contains(&date.0.year())
}

/// The template as it is kept: its weekdays in order. `planning`: as far ahead as sessions are made. `quotas`: what is kept
/// in its slots, in their order, or one for all where they are alike.
///
/// # Errors
/// `id_not_under_parent`, `retired`, `invalid_field`, `limit_exceeded`.
pub fn template(
    plan: &Plan,
    planning: &DefinePlanning,
    mut command: DefineTemplate,
    quotas: &[ByChannel],
    today: BusinessDate,
) -> Result<DefineTemplate, Rejection> {
    let department = &planning.department;
    if !is_directly_under(command.id.as_str(), department.as_str()) || command.queue.department() != *department {
        return Err(Code::IdNotUnderParent.into());
    }
    if command.id.as_str().len() > TEMPLATE_ID_MAX {
        return Err(Rejection::field("id", format!("an id of a template has at most {TEMPLATE_ID_MAX} characters")));
    }
    let texts =
        [("name", &command.name), ("period", &command.period), ("registration_class", &command.registration_class)];
    if let Some((field, _)) = texts.into_iter().find(|(_, text)| text.trim().is_empty()) {
        return Err(Rejection::field(field, format!("{field} is given")));
    }
    command.weekdays.sort_unstable();
    let is_week = command.weekdays.iter().all(|day| (1..=7).contains(day));
    let is_once = command.weekdays.windows(2).all(|pair| pair[0] != pair[1]);
    if command.weekdays.is_empty() || !is_week || !is_once {
        return Err(Rejection::field("weekdays", "weekdays are some of 1 (Monday) to 7 (Sunday), each once"));
    }
    if !is_year(command.from) {
        return Err(Rejection::field("from", "a date is of the years 2000 to 2999"));
    }
    if command.until.is_some_and(|until| !is_year(until) || until < command.from) {
        return Err(Rejection::field("until", "the season ends on its first day or later, in the years 2000 to 2999"));
    }
    let slots = calendar::slots(&command)?;
    match command.slots.is_empty() {
        true => check_quotas(&slots[..1], quotas)?,
        false => check_quotas(&slots, quotas)?,
    }
    match plan.templates.get(&command.id) {
        Some(known) if known.retired => return Err(Code::Retired.into()),
        None if plan.templates.len() >= TEMPLATES_MAX => {
            return Err(Rejection::new(Code::LimitExceeded, format!("at most {TEMPLATES_MAX} templates")));
        }
        _ => {}
    }
    fits_ahead(plan, planning, Some(&command), today)?;
    Ok(command)
}

/// # Errors
/// `id_not_under_parent`, `forbidden` (no such template), `invalid_field`, `limit_exceeded`.
pub fn exception(
    plan: &Plan,
    department: &DepartmentId,
    command: &ExceptDays,
    today: BusinessDate,
) -> Result<(), Rejection> {
    if !is_directly_under(command.id.as_str(), department.as_str()) {
        return Err(Code::IdNotUnderParent.into());
    }
    if !is_year(command.from) {
        return Err(Rejection::field("from", "a date is of the years 2000 to 2999"));
    }
    if !is_year(command.to) || command.to < command.from || command.to >= command.from.plus_days(EXCEPTION_DAYS_MAX) {
        return Err(Rejection::field(
            "to",
            format!("from the first to the last day there are 1 to {EXCEPTION_DAYS_MAX} days"),
        ));
    }
    if command.to < today {
        return Err(Rejection::field("to", "these days are over"));
    }
    if command.doctor.is_some() && command.template.is_some() {
        return Err(Rejection::field("template", "either a doctor or a template, or neither"));
    }
    if command.template.as_ref().is_some_and(|id| plan.living(id).is_none()) {
        return Err(Rejection::new(Code::Forbidden, "no such template"));
    }
    match &command.does {
        ExceptionDoes::Closed { reason } if reason.trim().is_empty() => {
            return Err(Rejection::field("reason", "a reason is given"));
        }
        ExceptionDoes::Open { as_weekday: Some(day) } if !(1..=7).contains(day) => {
            return Err(Rejection::field("as_weekday", "a day of the week is 1 (Monday) to 7 (Sunday)"));
        }
        ExceptionDoes::Substitute { .. } if command.doctor.is_none() && command.template.is_none() => {
            return Err(Rejection::field("doctor", "a substitute is for a doctor or a template"));
        }
        ExceptionDoes::Substitute { doctor } if command.doctor.as_ref() == Some(doctor) => {
            return Err(Rejection::field("does", "nobody is their own substitute"));
        }
        _ => {}
    }
    if !plan.exceptions.contains_key(&command.id) && plan.exceptions.len() >= EXCEPTIONS_MAX {
        return Err(Rejection::new(Code::LimitExceeded, format!("at most {EXCEPTIONS_MAX} exceptions")));
    }
    Ok(())
}

/// `rules`: sessions are made as far ahead as referrals may book.
///
/// # Errors
/// `id_not_under_parent`, `invalid_field`, `limit_exceeded`.
pub fn planning(
    plan: &Plan,
    rules: &DefineQuotaRules,
    command: &DefinePlanning,
    today: BusinessDate,
) -> Result<(), Rejection> {
    if command.department != rules.department {
        return Err(Code::IdNotUnderParent.into());
    }
    let figures = [
        ("horizon_days", command.horizon_days, 1..=AHEAD_DAYS as u16),
        ("release_days", command.release_days, 0..=AHEAD_DAYS as u16),
        ("release_min", command.release_min, 0..=1439),
    ];
    if let Some((field, _, range)) = figures.iter().find(|(_, value, range)| !range.contains(value)) {
        return Err(Rejection::field(field, format!("`{field}` is allowed from {} to {}", range.start(), range.end())));
    }
    fits_ahead(plan, &ahead::reaching(command.clone(), rules), None, today)
}

/// By weekday and season alone: what moved workdays add is refused session by session.
///
/// # Errors
/// `limit_exceeded`.
pub fn fits_ahead(
    plan: &Plan,
    planning: &DefinePlanning,
    instead: Option<&DefineTemplate>,
    today: BusinessDate,
) -> Result<(), Rejection> {
    if ahead::count(plan, planning, instead, today) <= SESSIONS_AHEAD_MAX {
        return Ok(());
    }
    let what = format!("at most {SESSIONS_AHEAD_MAX} sessions ahead: a shorter horizon or fewer templates");
    Err(Rejection::new(Code::LimitExceeded, what))
}
