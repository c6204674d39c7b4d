//! Which of today's clinics do not take place, and how that is said: a board and a door say the same of them. "Today" is
//! only said of who does not sit at all: who is told so goes home, also from the afternoon's clinic.

use std::collections::BTreeSet;

use super::State;
use crate::clinic::{Session, SessionStanding};
use crate::ids::DoctorId;
use crate::time::{BusinessDate, Timestamp};

/// A clinic that does not take place, or from some time on.
#[derive(Clone, Debug)]
pub struct NotSitting<'a> {
    /// Whose.
    pub doctor: Option<&'a DoctorId>,
    /// 今天, 今天上午, 今天10:00起.
    pub when_zh: String,
    /// The same in English.
    pub when_en: String,
}

/// A session of today.
struct Part<'a> {
    session: &'a Session,
    begins: Timestamp,
    ends: Timestamp,
    is_whole: bool,
    /// Until when it takes place; its begin: it does not.
    sits_until: Timestamp,
}

impl Part<'_> {
    fn sits(&self) -> bool {
        self.begins < self.sits_until
    }
}

/// Today's stops of what is `meant`, as long as the session is not over, in order of time. `beside` are all departments in
/// which those doctors may sit, this one among them.
pub fn today<'a>(
    state: &'a State,
    beside: &[&State],
    meant: impl Fn(&Session) -> bool,
    now: Timestamp,
) -> Vec<NotSitting<'a>> {
    let today = state.config.today(now);
    let is_said = |part: &Part<'_>| {
        let session = part.session;
        let is_open = session.standing == SessionStanding::Open && !state.clinic.is_over(session, now);
        is_open && session.stopped.is_some() && meant(session)
    };
    let mut stopped: Vec<Part<'a>> = parts(state, today).filter(is_said).collect();
    stopped.sort_by_key(|part| part.begins);
    let mut said = Vec::new();
    // Whose day is said to its end.
    let mut done: BTreeSet<Option<&DoctorId>> = BTreeSet::new();
    for part in stopped {
        let doctor = part.session.doctor.as_ref();
        if done.contains(&doctor) {
            continue;
        }
        let is_own = |other: &Part<'_>| other.session.doctor.as_ref() == doctor;
        let own: Vec<Part<'_>> = match doctor {
            Some(_) => beside.iter().flat_map(|state| parts(state, today)).filter(is_own).collect(),
            None => parts(state, today).filter(is_own).collect(),
        };
        let (when_zh, when_en, is_to_the_end) = when(state, &part, &own);
        if is_to_the_end {
            done.insert(doctor);
        }
        said.push(NotSitting { doctor, when_zh, when_en });
    }
    said
}

fn parts(state: &State, today: BusinessDate) -> impl Iterator<Item = Part<'_>> {
    let of_today = state.clinic.sessions.values();
    let of_today = of_today.filter(move |one| one.date == today && one.standing != SessionStanding::Retired);
    of_today.filter_map(|session| {
        let slots = || session.slots.iter().filter_map(|slot| state.clinic.slots.get(slot));
        let begins = slots().map(|slot| slot.start).min()?;
        let ends = slots().map(|slot| slot.end).max()?;
        let is_whole = state.clinic.is_stopped_whole(session);
        let sits_until = match &session.stopped {
            _ if is_whole => begins,
            Some(stop) => stop.from,
            None => ends,
        };
        Some(Part { session, begins, ends, is_whole, sits_until })
    })
}

/// Of which time a stop is, in Chinese and in English, and whether that is the rest of the day.
fn when(state: &State, part: &Part<'_>, own: &[Part<'_>]) -> (String, String, bool) {
    if !own.iter().any(Part::sits) {
        return ("今天".to_owned(), "today".to_owned(), true);
    }
    let is_alone = !own.iter().any(|other| other.sits() && other.session.period == part.session.period);
    if let Some((zh, en)) = part_of_day(&part.session.period).filter(|_| part.is_whole && is_alone) {
        return (format!("今天{zh}"), en.to_owned(), false);
    }
    let from = if part.is_whole { part.begins } else { part.sits_until };
    let clock = |at| state.config.zone().clock(at);
    if own.iter().any(|other| other.sits() && from < other.sits_until) {
        let (from, to) = (clock(from), clock(part.ends));
        return (format!("今天{from}–{to}"), format!("today from {from} to {to}"), false);
    }
    (format!("今天{}起", clock(from)), format!("today from {}", clock(from)), true)
}

/// A session's period is any text; these are said.
fn part_of_day(period: &str) -> Option<(&'static str, &'static str)> {
    match period {
        "morning" | "上午" => Some(("上午", "this morning")),
        "afternoon" | "下午" => Some(("下午", "this afternoon")),
        "evening" | "晚上" | "晚间" => Some(("晚间", "this evening")),
        _ => None,
    }
}
