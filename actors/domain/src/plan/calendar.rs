//! Which days and which times of the wall clock a template gives.

use chrono::Datelike;

use crate::clinic::wall_slots;
use crate::codes::Rejection;
use crate::ids::DoctorId;
use crate::time::{BusinessDate, Zone, minute_of_day};
use crate::vocabulary::{ByChannel, DefineSlot, DefineTemplate, ExceptDays, ExceptionDoes};

/// What a template comes to on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day<'a> {
    /// It is not one of its days.
    None,
    /// It is, but an exception says otherwise, and why.
    Closed(&'a str),
    /// A session, and who sits (none: a pool).
    Held(Option<&'a DoctorId>),
}

/// 1 (Monday) to 7 (Sunday).
pub fn weekday(date: BusinessDate) -> u8 {
    date.0.weekday().number_from_monday() as u8
}

/// Those of the exceptions that hold on a day, so that of two that say the same kind of thing the last one counts: the
/// one that begins later, of those the one with the later id.
pub fn on<'a>(exceptions: impl Iterator<Item = &'a ExceptDays>, date: BusinessDate) -> Vec<&'a ExceptDays> {
    let mut on: Vec<&ExceptDays> = exceptions.filter(|except| except.from <= date && date <= except.to).collect();
    on.sort_by(|a, b| (a.from, &a.id).cmp(&(b.from, &b.id)));
    on
}

/// First who sits: whom an exception of the template names, else one of its doctor, else its doctor; nobody is
/// substituted twice. Then whether: by the exceptions of the template, else of who sits, else of the department; `open`
/// is stronger than `closed` of the same width. So the leave of a doctor closes no session that somebody else holds, and a
/// holiday closes those too. `on`: see [`on`].
pub fn day<'a>(template: &'a DefineTemplate, on: &[&'a ExceptDays], date: BusinessDate) -> Day<'a> {
    if date < template.from || template.until.is_some_and(|until| until < date) {
        return Day::None;
    }
    let own = template.doctor.as_ref();
    let of_template = |except: &&&ExceptDays| except.template.as_ref() == Some(&template.id);
    let of_doctor =
        |doctor: Option<&DoctorId>, except: &ExceptDays| doctor.is_some() && except.doctor.as_ref() == doctor;
    let substitute = |except: &&'a ExceptDays| match &except.does {
        ExceptionDoes::Substitute { doctor } => Some(doctor),
        _ => None,
    };
    let by_template = on.iter().filter(of_template).rev().find_map(substitute);
    let by_doctor = || on.iter().filter(|except| of_doctor(own, except)).rev().find_map(substitute);
    let sits = by_template.or_else(by_doctor).or(own);
    let of_all = |except: &&&ExceptDays| except.doctor.is_none() && except.template.is_none();
    let said = said(on.iter().filter(of_template).copied())
        .or_else(|| said(on.iter().filter(|except| of_doctor(sits, except)).copied()))
        .or_else(|| said(on.iter().filter(of_all).copied()));
    let has = |weekday: u8| template.weekdays.contains(&weekday);
    match said {
        Some(Said::Closed(reason)) if has(weekday(date)) => Day::Closed(reason),
        Some(Said::Open(as_weekday)) if has(as_weekday.unwrap_or_else(|| weekday(date))) => Day::Held(sits),
        None if has(weekday(date)) => Day::Held(sits),
        _ => Day::None,
    }
}

enum Said<'a> {
    Closed(&'a str),
    Open(Option<u8>),
}

fn said<'a>(on: impl DoubleEndedIterator<Item = &'a ExceptDays> + Clone) -> Option<Said<'a>> {
    let open = on.clone().rev().find_map(|except| match &except.does {
        ExceptionDoes::Open { as_weekday } => Some(Said::Open(*as_weekday)),
        _ => None,
    });
    let closed = |except: &'a ExceptDays| match &except.does {
        ExceptionDoes::Closed { reason } => Some(Said::Closed(reason)),
        _ => None,
    };
    open.or_else(|| on.rev().find_map(closed))
}

/// The slots of a template, whatever the day. Rejects `invalid_field` where they are none.
pub fn slots(template: &DefineTemplate) -> Result<Vec<DefineSlot>, Rejection> {
    let slots = match (&template.start, &template.end, template.capacity) {
        (None, None, None) => template.slots.clone(),
        (Some(start), Some(end), Some(capacity)) if template.slots.is_empty() => {
            let start = minute_of_day(start)
                .filter(|at| *at < 24 * 60)
                .ok_or_else(|| Rejection::field("start", "start is HH:MM"))?;
            let end = minute_of_day(end).ok_or_else(|| Rejection::field("end", "end is HH:MM, at most 24:00"))?;
            let slot_min = template.slot_min;
            if !(1..=720).contains(&slot_min) {
                return Err(Rejection::field("slot_min", "a slot has 1 to 720 minutes"));
            }
            if end <= start || !(end - start).is_multiple_of(slot_min) {
                return Err(Rejection::field("end", "from start to end there are whole slots"));
            }
            let starts = (start..end).step_by(slot_min as usize);
            let slot = |at: u32| DefineSlot { start: clock(at), minutes: slot_min, capacity };
            starts.map(slot).collect()
        }
        _ => return Err(Rejection::field("slots", "either slots, or start, end and capacity")),
    };
    wall_slots(&slots)?;
    Ok(slots)
}

/// The slots of a template on a day, without those whose start the clocks skip there, or all of it.
pub fn slots_on(template: &DefineTemplate, date: BusinessDate, zone: Zone) -> Vec<DefineSlot> {
    let Ok(slots) = slots(template) else { return Vec::new() };
    let Ok(walls) = wall_slots(&slots) else { return Vec::new() };
    let exists = |(slot, (start, end)): &(DefineSlot, (u32, u32))| {
        let from = zone.at_minute(date, *start);
        zone.clock(from) == slot.start && zone.date(from) == date && from < zone.at_minute(date, *end)
    };
    slots.into_iter().zip(walls).filter(exists).map(|(slot, _)| slot).collect()
}

/// What is kept in each slot of a template, whatever the day, in their order.
pub fn quotas(template: &DefineTemplate, quotas: &[ByChannel]) -> Vec<ByChannel> {
    let Ok(slots) = slots(template) else { return Vec::new() };
    let is_alike = template.slots.is_empty();
    let of = |slot: usize| quotas.get(if is_alike { 0 } else { slot }).copied().unwrap_or_default();
    (0..slots.len()).map(of).collect()
}

/// The same of those that it has on a day.
pub fn quotas_on(template: &DefineTemplate, kept: &[ByChannel], date: BusinessDate, zone: Zone) -> Vec<ByChannel> {
    let Ok(whole) = slots(template) else { return Vec::new() };
    let there = slots_on(template, date, zone);
    let of_whole = whole.iter().zip(quotas(template, kept));
    of_whole.filter(|(slot, _)| there.contains(slot)).map(|(_, quotas)| quotas).collect()
}

fn clock(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}
